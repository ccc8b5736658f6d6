/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first half of a session's life: the ClientHello is gathered, the TLS
 * object is made and fed, the handshake takes its turns, and only a client
 * that has come through all of it costs a backend connection.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/clock.h"
#include "proxy/hello.h"
#include "proxy/session_state.h"

static void
fail_by_hello(struct session *session, enum hello_result result,
    const struct chunk *chunk)
{
    if (result == HELLO_NOT_TLS)
        session_fail(session, CLOSE_NOT_TLS, "%s",
            hello_guess(chunk->data + chunk->start, chunk_waiting(chunk)));
    else if (result == HELLO_MALFORMED)
        session_fail(session, CLOSE_HELLO_MALFORMED,
            "a TLS record came, but no readable ClientHello in it");
    else
        session_fail(session, CLOSE_HELLO_TOO_LARGE,
            "the ClientHello is longer than %d bytes", HELLO_BYTES_MAX);
}

/* Keeps the bytes in a block of their own size: neither a slow client nor one
 * that waits for its turn is to hold a whole chunk. */
static void
keep_hello(struct session *session, const struct chunk *chunk)
{
    size_t len = chunk_waiting(chunk);
    uint8_t *copy = realloc(session->hello, len > 0 ? len : 1);

    if (copy == NULL) {
        session_fail(session, CLOSE_NO_MEMORY, NULL);
        return;
    }
    memcpy(copy, chunk->data + chunk->start, len);
    session->hello = copy;
    session->hello_len = len;
}

static void
drop_hello(struct session *session)
{
    free(session->hello);
    session->hello = NULL;
    session->hello_len = 0;
}

/* The hello is whole: the handshake waits for its turn. */
static void
queue_handshake(struct session *session, const struct hello *hello)
{
    session->hello_max_version = hello->max_version;
    if (hello->server_name[0] != '\0')
        session->server_name = strdup(hello->server_name);
    if (!session_choose(session, hello))
        return;
    if (hello->is_fragmented)
        session->hello_len = hello_join(session->hello, session->hello_len);
    session->state = SESSION_HANDSHAKE;
    loop_queue(&session->host->loop, &session->task, QUEUE_HANDSHAKES);
}

/* The client ended or broke before its hello was whole. */
static void
fail_early_end(struct session *session, bool has_bytes)
{
    if (!has_bytes)
        session_fail(session, CLOSE_PROBE, NULL);
    else
        session_fail(session, CLOSE_HANDSHAKE_ABORTED,
            "the client left in the middle of its ClientHello");
}

/* Reads what is there behind what was kept; true when there is more to look
 * at than before. */
static bool
read_hello(struct session *session, struct chunk *chunk)
{
    struct socket *sock = &session->client.sock;
    size_t count = 0;
    enum io_result result;

    if (session->hello_len > 0)
        memcpy(chunk->data, session->hello, session->hello_len);
    chunk_fill(chunk, session->hello_len);
    result = socket_receive(
        sock, chunk_tail(chunk), HELLO_BYTES_MAX - session->hello_len, &count);
    chunk_fill(chunk, count);
    if (result == IO_EOF || result == IO_ERROR)
        fail_early_end(session, session->hello_len > 0);
    return result == IO_OK;
}

static void
look_at_hello(struct session *session, struct chunk *chunk)
{
    struct hello hello;
    enum hello_result result;

    if (!read_hello(session, chunk))
        return;
    result = hello_parse(&hello, chunk_head(chunk), chunk_waiting(chunk));
    if (result == HELLO_COMPLETE || result == HELLO_MORE)
        keep_hello(session, chunk);
    else
        fail_by_hello(session, result, chunk);
    if (result == HELLO_COMPLETE && session->reason == CLOSE_NONE)
        queue_handshake(session, &hello);
}

void
session_gather_hello(struct session *session)
{
    struct pool *pool = &session->host->loop.pool;
    struct chunk *chunk;

    if (session_take_plain(session) || !session->client.sock.is_readable)
        return;
    chunk = pool_take(pool);
    if (chunk == NULL) {
        session_fail(session, CLOSE_NO_MEMORY, NULL);
        return;
    }
    /* An end that came together with bytes makes no event of its own. */
    do {
        look_at_hello(session, chunk);
    } while (session->state == SESSION_HELLO && session->reason == CLOSE_NONE
             && session->client.sock.is_readable);
    pool_give(pool, chunk);
}

static const char *
version_name(uint16_t version)
{
    switch (version) {
    case 0x0300:
        return "SSL 3.0";
    case 0x0301:
        return "TLS 1.0";
    case 0x0302:
        return "TLS 1.1";
    case TLS_VERSION_1_2:
        return "TLS 1.2";
    case TLS_VERSION_1_3:
        return "TLS 1.3";
    default:
        return "an unknown version";
    }
}

/* A version the service does not speak is told from both sides. */
static bool
fail_by_version(struct session *session)
{
    const struct config_tls *tls = &session->service->config->tls;

    if (session->hello_max_version >= (uint16_t)tls->min_version)
        return false;
    session->code = SL_CLIENT_VERSION;
    session_fail(session, CLOSE_HANDSHAKE_FAILED,
        "client offers at most %s; this service takes %s and newer",
        version_name(session->hello_max_version),
        version_name((uint16_t)tls->min_version));
    return true;
}

static void
fail_by_refusal(struct session *session)
{
    const char *words = session->peer.rejected;

    session->code = session->peer.code;
    session_note_pending(session);
    session_fail(session, CLOSE_CLIENT_REFUSED, "%s",
        words != NULL ? words : "certificate refused");
}

void
session_refuse(struct session *session, const struct ruling *ruling)
{
    struct stream *client = &session->client.stream;

    peer_refuse(&session->peer, ruling);
    if (session->client.ssl != NULL)
        (void)client->ops->flush(client); /* the alert */
    fail_by_refusal(session);
}

static void
fail_handshake(struct session *session, enum io_result result)
{
    struct tls_fault fault;

    tls_stream_fault(&session->client, &fault);
    if (session->peer.code != SL_NONE) {
        fail_by_refusal(session);
        return;
    }
    if (fault.reason == CLOSE_CLIENT_REFUSED) {
        session->code = fault.code;
        session_fail(session, fault.reason, "%s", fault.detail);
        return;
    }
    if (result == IO_TRUNCATED || result == IO_EOF
        || fault.reason == CLOSE_CLIENT_RESET) {
        session_fail(session, CLOSE_HANDSHAKE_ABORTED,
            "the client left in the middle of the handshake");
        return;
    }
    if (fault.reason == CLOSE_NO_MEMORY) {
        session_fail(session, CLOSE_NO_MEMORY, NULL);
        return;
    }
    if (fail_by_version(session))
        return;
    session->code = fault.code;
    session_fail(session, CLOSE_HANDSHAKE_FAILED, "%s", fault.detail);
}

/* Makes the TLS object and feeds it the hello; false: no memory. */
static bool
begin_handshake(struct session *session)
{
    struct WOLFSSL *ssl = context_connection_new(
        session->context, &session->peer, &session->wishes);
    bool has_begun;

    session->peer.keeps_chain =
        session->service->config->clients.ocsp != OCSP_OFF;
    has_begun = ssl != NULL
                && tls_stream_start(&session->client, ssl, session->hello,
                       session->hello_len)
                       == 0;

    drop_hello(session);
    if (!has_begun)
        session_fail(session, CLOSE_NO_MEMORY, NULL);
    return has_begun;
}

void
session_step_handshake(struct session *session)
{
    struct ruling ruling;
    enum io_result result;

    if (session->client.ssl == NULL && !begin_handshake(session))
        return;
    context_step_begin(session->context, &session->peer);
    result = tls_stream_handshake(&session->client);
    context_step_end(session->context);
    if (result == IO_AGAIN)
        return;
    if (result != IO_OK) {
        fail_handshake(session, result);
        return;
    }
    session->version = tls_stream_version(&session->client);
    session->cipher = tls_stream_cipher(&session->client);
    session->group = tls_stream_group(&session->client);
    session->is_resumed = tls_stream_is_resumed(&session->client);
    if (!peer_settle(&session->peer, session->is_resumed)) {
        session_fail(session, CLOSE_CLIENT_REFUSED,
            "its session was resumed, but not its identity");
        return;
    }
    session_note_tls(session);
    if (!session_is_still_welcome(session, &ruling)) {
        session_refuse(session, &ruling);
        return;
    }
    session_forget_pending(session);
    session_start_asking(session);
}

/* What we lack, not the backend: descriptors, memory, ports to connect from. */
static bool
is_our_own_lack(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS
           || error == ENOMEM || error == EADDRNOTAVAIL;
}

/* Adds one backend's failure to the words that the log will have. */
static void
note_backend_failure(struct session *session, int error)
{
    struct backend_set *set = &session->service->backends;
    size_t index = (size_t)session->backend_index;
    char address[ADDRESS_TEXT_BYTES];
    char *before = session->detail;
    char *detail = NULL;

    address_format(set->backends[index].address, address, sizeof(address));
    if (!is_our_own_lack(error))
        backend_set_note_failure(set, index, strerror(error), clock_now_ms());
    if (asprintf(&detail, "%s%s%s: %s", before != NULL ? before : "",
            before != NULL ? "; " : "", address, strerror(error))
        < 0)
        return;
    free(before);
    session->detail = detail;
}

/*
 * Connects to the present backend; false when that failed at once. A UNIX
 * socket whose queue is full says so instead of waiting, as TCP does: it is
 * tried again, less and less often, while timeouts.connect lasts.
 */
static bool
connect_backend(struct session *session)
{
    const struct backend_set *set = &session->service->backends;
    int fd = backend_connect(set->backends[session->backend_index].address);
    int64_t now_ms = clock_now_ms();
    int64_t wait_ms = (now_ms - session->connect_ms) / 4;

    session->retry_ms = 0;
    if (fd < 0 && errno == EAGAIN) {
        if (wait_ms < BACKEND_RETRY_MIN_MS)
            wait_ms = BACKEND_RETRY_MIN_MS;
        if (wait_ms > BACKEND_RETRY_MAX_MS)
            wait_ms = BACKEND_RETRY_MAX_MS;
        session->retry_ms = now_ms + wait_ms;
        return true;
    }
    if (fd < 0) {
        note_backend_failure(session, errno);
        return false;
    }
    socket_stream_init(&session->backend, fd);
    if (session_watch_backend(session) != 0)
        session_fail(session, CLOSE_NO_MEMORY, NULL);
    return true;
}

/* Starts one attempt; false when it failed at once. */
static bool
try_backend(struct session *session, int index)
{
    session->backend_index = index;
    session->tried |= 1U << index;
    session->connect_ms = clock_now_ms();
    return connect_backend(session);
}

void
session_retry_backend(struct session *session)
{
    if (!connect_backend(session))
        session_next_backend(session, 0);
}

void
session_next_backend(struct session *session, int error)
{
    struct backend_set *set = &session->service->backends;
    int index;

    if (error != 0)
        note_backend_failure(session, error);
    do {
        index = backend_set_next(set, session->tried, clock_now_ms());
    } while (index >= 0 && !try_backend(session, index));
    if (index < 0)
        session_fail(session,
            error == ETIMEDOUT ? CLOSE_BACKEND_TIMEOUT
                               : CLOSE_BACKEND_UNREACHABLE,
            NULL);
}

void
session_step_connect(struct session *session)
{
    int error;

    if (session->backend.sock.fd < 0
        || (!session->backend.sock.is_writable
            && !session->backend.sock.is_readable))
        return;
    error = backend_connect_error(session->backend.sock.fd);
    if (error != 0) {
        event_del(&session->backend_event);
        socket_close(&session->backend.sock);
        session_next_backend(session, error);
        return;
    }
    backend_set_note_success(
        &session->service->backends, (size_t)session->backend_index);
    free(session->detail); /* an earlier backend's failure is history */
    session->detail = NULL;
    session_start_relay(session);
}
