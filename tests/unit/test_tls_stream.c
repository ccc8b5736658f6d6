/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TLS stream while all is well: handshake, bytes, back-pressure, and how
 * few calls it takes. Ends and failures are in test_tls_stream_ends.c.
 */
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include <cmocka.h>

#include "tests/unit/certs_fixture.h"
#include "tests/unit/socket_fixture.h"
#include "tests/unit/tls_pair.h"

enum {
    RECORDS_MAX = 64
};

/* --- counting calls, moving the clock ------------------------------------ */

static int watched_fd = -1;
static unsigned send_calls;
static unsigned receive_calls;
static time_t set_seconds; /* 0: the clock goes as it does */

/* NOLINTBEGIN(readability-identifier-naming): the linker names them */
ssize_t __real_send(int fd, const void *data, size_t len, int flags);
ssize_t __real_recv(int fd, void *data, size_t len, int flags);
int __real_clock_gettime(clockid_t clock, struct timespec *now);

ssize_t __wrap_send(int fd, const void *data, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *data, size_t len, int flags);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
/* NOLINTEND(readability-identifier-naming) */

ssize_t
__wrap_send(int fd, const void *data, size_t len, int flags)
{
    if (fd == watched_fd)
        send_calls++;
    return __real_send(fd, data, len, flags);
}

ssize_t
__wrap_recv(int fd, void *data, size_t len, int flags)
{
    if (fd == watched_fd)
        receive_calls++;
    return __real_recv(fd, data, len, flags);
}

int
__wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = __real_clock_gettime(clock, now);

    if (clock == CLOCK_MONOTONIC_COARSE && set_seconds > 0)
        *now = (struct timespec){.tv_sec = set_seconds};
    return result;
}

static void
watch(const struct tls_pair *pair)
{
    watched_fd = pair->side.sock.fd;
    send_calls = 0;
    receive_calls = 0;
}

/* --- the handshake ------------------------------------------------------- */

static void
handshake_tells_what_was_agreed(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    assert_string_equal(tls_stream_version(&pair.side), "TLSv1.3");
    assert_string_equal(
        tls_stream_cipher(&pair.side), "TLS_AES_128_GCM_SHA256");
    assert_non_null(tls_stream_group(&pair.side));
    assert_false(tls_stream_is_resumed(&pair.side));
    assert_int_equal(pair.pool.taken_count, 0);
    tls_pair_stop(&pair);
    tls_pair_start(&pair, TLS_VERSION_1_2);
    assert_string_equal(tls_stream_version(&pair.side), "TLSv1.2");
    assert_non_null(strstr(tls_stream_cipher(&pair.side), "_AES_128_GCM_"));
    assert_int_equal(pair.pool.taken_count, 0);
    tls_pair_stop(&pair);
}

/* What was received before the TLS object existed is its first input. */
static void
handshake_begins_with_what_was_received_before(void **state)
{
    struct tls_pair pair;
    uint8_t hello[4096];
    size_t count;

    (void)state;
    tls_pair_connect(&pair, TLS_VERSION_1_3, GOOD_CERTIFICATE);
    assert_int_equal(tls_pair_step_client(&pair), 0);
    notice_until(&pair.side.sock, EV_READ);
    assert_int_equal(
        socket_receive(&pair.side.sock, hello, sizeof(hello), &count), IO_OK);
    assert_int_equal(tls_stream_start(&pair.side,
                         context_connection_new(
                             pair.service.context, &pair.peer, &no_wishes),
                         hello, count),
        0);
    assert_int_equal(tls_pair_shake(&pair), IO_OK);
    tls_pair_stop(&pair);
}

static void
flight_of_the_server_leaves_in_one_call(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_connect(&pair, TLS_VERSION_1_3, GOOD_CERTIFICATE);
    assert_int_equal(tls_pair_attach(&pair), 0);
    assert_int_equal(tls_pair_step_client(&pair), 0);
    notice_until(&pair.side.sock, EV_READ);
    watch(&pair);
    assert_int_equal(tls_stream_handshake(&pair.side), IO_AGAIN);
    assert_int_equal(send_calls, 1);
    assert_int_equal(receive_calls, 1);
    assert_int_equal(tls_pair_shake(&pair), IO_OK);
    tls_pair_stop(&pair);
}

/* --- bytes --------------------------------------------------------------- */

static void
moves(struct tls_pair *pair, size_t len)
{
    uint8_t *sent = malloc(len);
    uint8_t *got = malloc(len);

    if (sent == NULL || got == NULL)
        abort();
    fill_pattern(sent, len);
    client_say(pair, sent, len);
    side_hear(pair, got, len);
    assert_memory_equal(got, sent, len);
    memset(got, 0, len);
    side_say(pair, sent, len);
    client_hear(pair, got, len);
    assert_memory_equal(got, sent, len);
    assert_int_equal(pair->pool.taken_count, 0);
    free(sent);
    free(got);
}

static void
bytes_of_all_sizes_arrive(void **state)
{
    static const size_t sizes[] = {1, 2, 3, 100, 1399, 4095, 4096, 4097, 16383,
        16384, 16385, 65535, 65536, 65537, 100003};
    static const enum tls_version versions[] = {
        TLS_VERSION_1_2, TLS_VERSION_1_3};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        struct tls_pair pair;

        tls_pair_start(&pair, versions[v]);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
            moves(&pair, sizes[i]);
        tls_pair_stop(&pair);
    }
}

static void
bytes_are_read_in_any_portion(void **state)
{
    struct tls_pair pair;
    uint8_t sent[5000];
    uint8_t got[5000];
    size_t total = 0;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    fill_pattern(sent, sizeof(sent));
    client_say(&pair, sent, sizeof(sent));
    for (size_t portion = 1; total < sizeof(got); portion++) {
        size_t left = sizeof(got) - total;
        size_t count;

        assert_int_equal(side_read(&pair, got + total,
                             portion < left ? portion : left, &count),
            IO_OK);
        assert_in_range(count, 1, portion);
        total += count;
    }
    assert_memory_equal(got, sent, sizeof(got));
    tls_pair_stop(&pair);
}

static void
many_records_are_received_in_one_call(void **state)
{
    struct tls_pair pair;
    uint8_t buf[4096];
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    for (int i = 0; i < 100; i++)
        client_say(&pair, "0123456789", 10);
    wait_for_bytes(pair.side.sock.fd, (size_t)100 * (10 + 22));
    notice(&pair.side.sock);
    watch(&pair);
    assert_int_equal(
        pair.stream->ops->read(pair.stream, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 1000);
    assert_int_equal(receive_calls, 1);
    tls_pair_stop(&pair);
}

/* Bytes that the library holds are asked for, whatever the socket says. */
static void
bytes_inside_the_library_are_readable(void **state)
{
    struct tls_pair pair;
    uint8_t buf[100];
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    client_say(&pair, "0123456789", 10);
    notice_until(&pair.side.sock, EV_READ);
    assert_int_equal(
        pair.stream->ops->read(pair.stream, buf, 4, &count), IO_OK);
    assert_int_equal(count, 4);
    assert_false(pair.side.sock.is_readable);
    assert_int_equal(
        pair.stream->ops->read(pair.stream, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 6);
    assert_memory_equal(buf, "456789", 6);
    assert_int_equal(
        pair.stream->ops->read(pair.stream, buf, sizeof(buf), &count),
        IO_AGAIN);
    tls_pair_stop(&pair);
}

/* A record that has come only in part keeps nothing of the pool. */
static void
half_a_record_holds_no_chunk(void **state)
{
    struct tls_pair pair;
    uint8_t start[] = {23, 3, 3, 0, 100, 1, 2, 3};
    uint8_t buf[100];
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    peer_send(pair.client_fd, start, sizeof(start));
    notice_until(&pair.side.sock, EV_READ);
    assert_int_equal(
        pair.stream->ops->read(pair.stream, buf, sizeof(buf), &count),
        IO_AGAIN);
    assert_int_equal(pair.pool.taken_count, 0);
    tls_pair_stop(&pair);
}

/* --- writing ------------------------------------------------------------- */

static void
short_writes_leave_with_the_flush_in_one_call(void **state)
{
    struct tls_pair pair;
    uint8_t got[1000];
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    notice_until(&pair.side.sock, EV_WRITE);
    watch(&pair);
    for (int i = 0; i < 100; i++)
        assert_int_equal(pair.stream->ops->write(pair.stream,
                             (const uint8_t *)"0123456789", 10, &count),
            IO_OK);
    assert_int_equal(send_calls, 0);
    assert_int_equal(pair.stream->ops->flush(pair.stream), IO_OK);
    assert_int_equal(send_calls, 1);
    client_hear(&pair, got, sizeof(got));
    assert_memory_equal(got + 990, "0123456789", 10);
    tls_pair_stop(&pair);
}

/* A peer that does not read: the stream fills up within its bound and takes
 * no more, and when the peer reads again, nothing is missing. */
static void
client_that_does_not_read_stops_the_writing(void **state)
{
    struct tls_pair pair;
    static uint8_t block[PAIR_FILL_BYTES];
    uint8_t expected = 0;
    size_t total = 0;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    notice_until(&pair.side.sock, EV_WRITE);
    while (pair.stream->ops->can_write(pair.stream)) {
        size_t count = 0;

        for (size_t i = 0; i < sizeof(block); i++)
            block[i] = (uint8_t)((total + i) % 251);
        assert_int_equal(
            pair.stream->ops->write(pair.stream, block, sizeof(block), &count),
            IO_OK);
        total += count;
        assert_true(pair.pool.taken_count <= 1);
        notice(&pair.side.sock);
    }
    assert_int_equal(pair.stream->ops->flush(pair.stream), IO_AGAIN);
    assert_true(pair.side.out->end <= pair.side.out->capacity);
    while (total > 0) {
        size_t part = total < sizeof(block) ? total : sizeof(block);

        client_hear(&pair, block, part);
        for (size_t i = 0; i < part; i++) {
            assert_int_equal(block[i], expected);
            expected = (uint8_t)((expected + 1) % 251);
        }
        total -= part;
    }
    assert_true(pair.stream->ops->can_write(pair.stream));
    assert_int_equal(pair.stream->ops->flush(pair.stream), IO_OK);
    assert_int_equal(pair.pool.taken_count, 0);
    tls_pair_stop(&pair);
}

/* The lengths of the records that bring the client len bytes. */
static size_t
read_record_lens(struct tls_pair *pair, size_t len, size_t *lens)
{
    size_t count = 0;

    while (len > 0) {
        uint8_t header[5];
        uint8_t body[17 * 1024];
        size_t plain;

        assert_true(count < RECORDS_MAX);
        peer_receive(pair->client_fd, header, sizeof(header));
        lens[count] = (size_t)header[3] << 8 | header[4];
        peer_receive(pair->client_fd, body, lens[count]);
        plain = lens[count] - 17; /* a content type and a tag */
        assert_true(plain <= len);
        len -= plain;
        count++;
    }
    return count;
}

static void
records_are_small_until_a_burst_has_proven_long(void **state)
{
    static uint8_t data[100 * 1000];
    struct tls_pair pair;
    size_t lens[RECORDS_MAX];
    size_t count;
    size_t early = 0;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    set_seconds = 1000; /* a slow machine makes no pause of its own */
    side_say(&pair, data, sizeof(data));
    count = read_record_lens(&pair, sizeof(data), lens);
    while (early < count && lens[early] == 4096 + 17)
        early++;
    assert_int_equal(early, 16); /* 64 KiB of them */
    assert_int_equal(lens[early], 16 * 1024 + 17);
    side_say(&pair, data, 20000);
    assert_int_equal(read_record_lens(&pair, 20000, lens), 2);
    set_seconds += 2; /* a pause begins a new burst */
    side_say(&pair, data, 20000);
    assert_int_equal(read_record_lens(&pair, 20000, lens), 5);
    set_seconds = 0;
    tls_pair_stop(&pair);
}

/* One read when len bytes have come. How many it gave. */
static size_t
read_behind(struct tls_pair *pair, size_t len, uint8_t *buf, size_t cap)
{
    size_t count;

    wait_for_bytes(pair->side.sock.fd, len);
    notice(&pair->side.sock);
    assert_int_equal(
        pair->stream->ops->read(pair->stream, buf, cap, &count), IO_OK);
    return count;
}

/* Records that cost work and bring no bytes do not hold up the others. */
static void
many_new_keys_take_several_turns(void **state)
{
    struct tls_pair pair;
    uint8_t buf[100];
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    for (int i = 0; i < 1500; i++)
        assert_int_equal(wolfSSL_update_keys(pair.client), WOLFSSL_SUCCESS);
    client_say(&pair, "end", 3);
    assert_int_equal(read_behind(&pair, 30000, buf, sizeof(buf)), 0);
    assert_int_equal(side_read(&pair, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 3);
    assert_memory_equal(buf, "end", 3);
    tls_pair_stop(&pair);
}

/* Nor do those that bring one byte each. */
static void
many_tiny_records_take_several_turns(void **state)
{
    static uint8_t buf[PAIR_FILL_BYTES];
    struct tls_pair pair;
    size_t first;
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    for (int i = 0; i < 1500; i++)
        client_say(&pair, "x", 1);
    first = read_behind(&pair, 30000, buf, sizeof(buf));
    assert_in_range(first, 1, 1499);
    assert_int_equal(
        pair.stream->ops->read(pair.stream, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 0);
    side_hear(&pair, buf, 1500 - first);
    tls_pair_stop(&pair);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshake_tells_what_was_agreed),
        cmocka_unit_test(handshake_begins_with_what_was_received_before),
        cmocka_unit_test(flight_of_the_server_leaves_in_one_call),
        cmocka_unit_test(bytes_of_all_sizes_arrive),
        cmocka_unit_test(bytes_are_read_in_any_portion),
        cmocka_unit_test(many_records_are_received_in_one_call),
        cmocka_unit_test(bytes_inside_the_library_are_readable),
        cmocka_unit_test(half_a_record_holds_no_chunk),
        cmocka_unit_test(short_writes_leave_with_the_flush_in_one_call),
        cmocka_unit_test(client_that_does_not_read_stops_the_writing),
        cmocka_unit_test(records_are_small_until_a_burst_has_proven_long),
        cmocka_unit_test(many_new_keys_take_several_turns),
        cmocka_unit_test(many_tiny_records_take_several_turns),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
