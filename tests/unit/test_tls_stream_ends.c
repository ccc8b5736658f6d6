/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How a TLS stream ends and breaks: only close_notify is an end, and nothing
 * that goes wrong looks like one, to us or to the client.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <event2/event.h>
#include <wolfssl/error-ssl.h>

#include <cmocka.h>

#include "tests/unit/certs_fixture.h"
#include "tests/unit/socket_fixture.h"
#include "tests/unit/tls_pair.h"

/* A record that cannot be opened. */
static const uint8_t garbage[] = {23, 3, 3, 0, 24, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};

static void
assert_reads(struct tls_pair *pair, enum io_result expected)
{
    uint8_t buf[100];
    size_t count;

    assert_int_equal(side_read(pair, buf, sizeof(buf), &count), expected);
    assert_int_equal(count, 0);
}

static void
assert_fault(
    struct tls_pair *pair, enum close_reason reason, const char *text_part)
{
    struct tls_fault fault;

    tls_stream_fault(&pair->side, &fault);
    assert_string_equal(
        close_reason_word(fault.reason), close_reason_word(reason));
    if (strstr(fault.detail, text_part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", text_part, fault.detail);
}

/* Fills the sockets, and the stream until it takes no more. The number of
 * bytes. */
static size_t
fill_up(struct tls_pair *pair)
{
    static uint8_t block[PAIR_FILL_BYTES];
    size_t total = 0;

    notice_until(&pair->side.sock, EV_WRITE);
    while (pair->stream->ops->can_write(pair->stream)) {
        size_t count = 0;

        assert_int_equal(pair->stream->ops->write(
                             pair->stream, block, sizeof(block), &count),
            IO_OK);
        total += count;
        notice(&pair->side.sock);
    }
    return total;
}

static void
client_hear_all(struct tls_pair *pair, size_t total)
{
    static uint8_t block[PAIR_FILL_BYTES];

    while (total > 0) {
        size_t part = total < sizeof(block) ? total : sizeof(block);

        client_hear(pair, block, part);
        total -= part;
    }
}

/* --- the client ends ----------------------------------------------------- */

static void
close_notify_is_the_end(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    (void)wolfSSL_shutdown(pair.client);
    assert_reads(&pair, IO_EOF);
    client_close(&pair);
    assert_reads(&pair, IO_EOF);
    assert_int_equal(pair.pool.taken_count, 0);
    tls_pair_stop(&pair);
}

static void
bytes_before_close_notify_are_read_first(void **state)
{
    struct tls_pair pair;
    uint8_t got[5];

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    client_say(&pair, "hello", 5);
    (void)wolfSSL_shutdown(pair.client);
    client_close(&pair);
    notice_until(&pair.side.sock, EV_CLOSED);
    side_hear(&pair, got, sizeof(got));
    assert_memory_equal(got, "hello", 5);
    assert_reads(&pair, IO_EOF);
    tls_pair_stop(&pair);
}

static void
client_that_has_ended_can_be_answered(void **state)
{
    struct tls_pair pair;
    char got[6];

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    (void)wolfSSL_shutdown(pair.client);
    assert_reads(&pair, IO_EOF);
    side_say(&pair, "answer", 6);
    client_hear(&pair, got, sizeof(got));
    assert_memory_equal(got, "answer", 6);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_OK);
    assert_int_equal(client_hear_end(&pair), WOLFSSL_ERROR_ZERO_RETURN);
    tls_pair_stop(&pair);
}

static void
fin_alone_is_no_end(void **state)
{
    struct tls_pair pair;
    uint8_t got[5];

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    client_say(&pair, "hello", 5);
    assert_int_equal(shutdown(pair.client_fd, SHUT_WR), 0);
    side_hear(&pair, got, sizeof(got));
    assert_reads(&pair, IO_TRUNCATED);
    assert_fault(&pair, CLOSE_CLIENT_TRUNCATED, "");
    tls_pair_stop(&pair);
}

/* It may have ended only its own side. */
static void
client_that_sent_a_fin_alone_can_be_answered(void **state)
{
    struct tls_pair pair;
    char got[6];

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    assert_int_equal(shutdown(pair.client_fd, SHUT_WR), 0);
    assert_reads(&pair, IO_TRUNCATED);
    side_say(&pair, "answer", 6);
    client_hear(&pair, got, sizeof(got));
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_OK);
    assert_int_equal(client_hear_end(&pair), WOLFSSL_ERROR_ZERO_RETURN);
    tls_pair_stop(&pair);
}

static void
fin_in_the_middle_of_a_record_is_no_end(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    peer_send(pair.client_fd, garbage, 10);
    client_close(&pair);
    assert_reads(&pair, IO_TRUNCATED);
    tls_pair_stop(&pair);
}

static void
reset_is_an_error(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    client_reset(&pair);
    assert_reads(&pair, IO_ERROR);
    assert_fault(&pair, CLOSE_CLIENT_RESET, "reset");
    assert_true(pair.stream->ops->can_write(pair.stream));
    tls_pair_stop(&pair);
}

/* --- what cannot be opened ----------------------------------------------- */

static void
bad_record_is_told(
    enum tls_version version, const char *settings, const char *cipher_part)
{
    struct tls_pair pair;
    uint8_t got[5];

    tls_pair_connect(&pair, version, settings);
    assert_int_equal(tls_pair_attach(&pair), 0);
    assert_int_equal(tls_pair_shake(&pair), IO_OK);
    assert_int_equal(tls_pair_step_client(&pair), 0);
    assert_non_null(strstr(tls_stream_cipher(&pair.side), cipher_part));
    client_say(&pair, "hello", 5);
    peer_send(pair.client_fd, garbage, sizeof(garbage));
    side_hear(&pair, got, sizeof(got));
    assert_reads(&pair, IO_ERROR);
    assert_reads(&pair, IO_ERROR);
    assert_fault(&pair, CLOSE_CLIENT_TLS_ERROR, "failed authentication");
    assert_int_equal(client_hear_end(&pair), FATAL_ERROR);
    tls_pair_stop(&pair);
}

static void
bad_record_is_an_error_and_the_client_is_told(void **state)
{
    static const char chacha[] =
        GOOD_CERTIFICATE "[tls]\n"
                         "ciphers = TLS13-CHACHA20-POLY1305-SHA256; "
                         "ECDHE-ECDSA-CHACHA20-POLY1305\n";

    (void)state;
    bad_record_is_told(TLS_VERSION_1_2, GOOD_CERTIFICATE, "AES");
    bad_record_is_told(TLS_VERSION_1_3, GOOD_CERTIFICATE, "AES");
    bad_record_is_told(TLS_VERSION_1_2, chacha, "CHACHA");
    bad_record_is_told(TLS_VERSION_1_3, chacha, "CHACHA");
}

/* RFC 8446, section 5: once keys are in use, an alert in plaintext is none. */
static void
close_notify_in_plaintext_is_no_end(void **state)
{
    static const uint8_t alert[] = {21, 3, 3, 0, 2, 1, 0};
    static const enum tls_version versions[] = {
        TLS_VERSION_1_2, TLS_VERSION_1_3};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair pair;

        tls_pair_start(&pair, versions[i]);
        peer_send(pair.client_fd, alert, sizeof(alert));
        assert_reads(&pair, IO_ERROR);
        assert_fault(&pair, CLOSE_CLIENT_TLS_ERROR, "");
        tls_pair_stop(&pair);
    }
}

static void
alert_of_the_client_is_told(void **state)
{
    struct tls_pair pair;
    uint8_t byte;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    /* What it cannot open makes the client send one. */
    peer_send(pair.side.sock.fd, garbage, sizeof(garbage));
    wait_for_bytes(pair.client_fd, sizeof(garbage));
    assert_true(wolfSSL_read(pair.client, &byte, 1) < 0);
    assert_reads(&pair, IO_ERROR);
    assert_fault(
        &pair, CLOSE_CLIENT_TLS_ERROR, "client sent alert bad_record_mac");
    tls_pair_stop(&pair);
}

/* --- we end -------------------------------------------------------------- */

static void
our_end_is_close_notify_and_a_fin(void **state)
{
    static const enum tls_version versions[] = {
        TLS_VERSION_1_2, TLS_VERSION_1_3};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tls_pair pair;
        char got[4];

        tls_pair_start(&pair, versions[i]);
        side_say(&pair, "last", 4);
        assert_int_equal(pair.stream->ops->end(pair.stream), IO_OK);
        assert_int_equal(pair.pool.taken_count, 0);
        client_hear(&pair, got, sizeof(got));
        assert_int_equal(client_hear_end(&pair), WOLFSSL_ERROR_ZERO_RETURN);
        assert_int_equal(peer_receive_end(pair.client_fd), 0);
        tls_pair_stop(&pair);
    }
}

static void
our_end_leaves_reading_open(void **state)
{
    struct tls_pair pair;
    char got[4];

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_OK);
    assert_int_equal(client_hear_end(&pair), WOLFSSL_ERROR_ZERO_RETURN);
    client_say(&pair, "late", 4);
    side_hear(&pair, got, sizeof(got));
    assert_memory_equal(got, "late", 4);
    (void)wolfSSL_shutdown(pair.client);
    assert_reads(&pair, IO_EOF);
    tls_pair_stop(&pair);
}

static void
end_waits_behind_what_was_written(void **state)
{
    struct tls_pair pair;
    size_t total;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    total = fill_up(&pair);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_AGAIN);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_AGAIN);
    client_hear_all(&pair, total);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_OK);
    assert_int_equal(client_hear_end(&pair), WOLFSSL_ERROR_ZERO_RETURN);
    assert_int_equal(peer_receive_end(pair.client_fd), 0);
    tls_pair_stop(&pair);
}

/* The relay once took this for an end: the log said "done" of a client that
 * had not had everything. */
static void
end_over_bytes_that_did_not_leave_is_an_error(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    (void)fill_up(&pair);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_AGAIN);
    client_reset(&pair);
    peer_wait(pair.side.sock.fd, POLLIN);
    notice(&pair.side.sock);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_ERROR);
    tls_pair_stop(&pair);
}

static void
goodbye_that_nobody_hears_is_no_error(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    side_say(&pair, "all of it", 9);
    client_reset(&pair);
    peer_wait(pair.side.sock.fd, POLLIN);
    notice(&pair.side.sock);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_OK);
    tls_pair_stop(&pair);
}

static void
aborting_resets(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    tls_stream_abort(&pair.side);
    assert_int_equal(peer_receive_end(pair.client_fd), ECONNRESET);
    tls_pair_stop(&pair);
}

/* --- new keys ------------------------------------------------------------ */

static void
client_may_change_its_keys(void **state)
{
    struct tls_pair pair;
    char got[6];

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(wolfSSL_update_keys(pair.client), WOLFSSL_SUCCESS);
        client_say(&pair, "before", 6);
        side_hear(&pair, got, sizeof(got));
        assert_memory_equal(got, "before", 6);
        side_say(&pair, "answer", 6);
        client_hear(&pair, got, sizeof(got));
        assert_memory_equal(got, "answer", 6);
    }
    assert_int_equal(pair.pool.taken_count, 0);
    tls_pair_stop(&pair);
}

/* Each of them wants an answer, which the client never reads. */
static void
flood_of_new_keys_is_bounded(void **state)
{
    struct tls_pair pair;
    enum io_result result = IO_AGAIN;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    (void)fill_up(&pair);
    for (int i = 0; result == IO_AGAIN; i++) {
        uint8_t buf[100];
        size_t count;

        assert_true(i < 20000);
        assert_int_equal(wolfSSL_update_keys(pair.client), WOLFSSL_SUCCESS);
        notice_until(&pair.side.sock, EV_READ);
        result = pair.stream->ops->read(pair.stream, buf, sizeof(buf), &count);
        assert_true(pair.pool.taken_count <= 2);
    }
    assert_int_equal(result, IO_ERROR);
    tls_pair_stop(&pair);
}

/* After our end nothing may follow, an answer to new keys neither. */
static void
new_keys_after_our_end_are_taken_without_an_answer(void **state)
{
    struct tls_pair pair;
    char got[4];

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_OK);
    assert_int_equal(wolfSSL_update_keys(pair.client), WOLFSSL_SUCCESS);
    client_say(&pair, "late", 4);
    side_hear(&pair, got, sizeof(got));
    assert_memory_equal(got, "late", 4);
    assert_int_equal(pair.side.sock.error, 0);
    assert_int_equal(pair.pool.taken_count, 0);
    tls_pair_stop(&pair);
}

/* --- handshakes ---------------------------------------------------------- */

static void
handshake_of_a_client_that_leaves_is_truncated(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_connect(&pair, TLS_VERSION_1_3, GOOD_CERTIFICATE);
    assert_int_equal(tls_pair_attach(&pair), 0);
    assert_int_equal(tls_pair_step_client(&pair), 0);
    assert_int_equal(shutdown(pair.client_fd, SHUT_WR), 0);
    notice_until(&pair.side.sock, EV_CLOSED);
    assert_int_equal(tls_stream_handshake(&pair.side), IO_TRUNCATED);
    assert_fault(&pair, CLOSE_CLIENT_TRUNCATED, "");
    tls_pair_stop(&pair);
}

static void
handshake_without_a_version_in_common_fails_with_words(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_connect(
        &pair, TLS_VERSION_1_2, GOOD_CERTIFICATE "[tls]\nmin_version = 1.3\n");
    assert_int_equal(tls_pair_attach(&pair), 0);
    assert_int_equal(tls_pair_shake(&pair), IO_ERROR);
    assert_fault(&pair, CLOSE_CLIENT_TLS_ERROR, "version");
    peer_wait(pair.client_fd, POLLIN);
    assert_int_equal(tls_pair_step_client(&pair), FATAL_ERROR);
    tls_pair_stop(&pair);
}

/* Writes records of the size that fits until not even one byte does. What was
 * taken. */
static size_t
fill_to_the_brim(struct tls_pair *pair)
{
    static uint8_t block[8 * 1024];
    size_t total = fill_up(pair);
    size_t len = sizeof(block);

    while (len > 0) {
        size_t count = 0;

        if (pair->stream->ops->write(pair->stream, block, len, &count) != IO_OK)
            len--;
        total += count;
    }
    return total;
}

/* The client reads slowly, and the last bytes fill the buffer: the goodbye
 * still fits behind them. */
static void
end_fits_behind_a_full_buffer(void **state)
{
    static const enum tls_version versions[] = {
        TLS_VERSION_1_2, TLS_VERSION_1_3};

    (void)state;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct tls_pair pair;
        size_t total;

        tls_pair_start(&pair, versions[i]);
        total = fill_to_the_brim(&pair);
        assert_int_equal(pair.stream->ops->end(pair.stream), IO_AGAIN);
        client_hear_all(&pair, total);
        assert_int_equal(pair.stream->ops->end(pair.stream), IO_OK);
        assert_int_equal(client_hear_end(&pair), WOLFSSL_ERROR_ZERO_RETURN);
        tls_pair_stop(&pair);
    }
}

/* The same with a client that changes its keys and wants ours changed. */
static void
new_keys_fit_behind_a_full_buffer(void **state)
{
    struct tls_pair pair;
    uint8_t buf[100];
    size_t total;
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    total = fill_to_the_brim(&pair);
    for (int i = 0; i < 10; i++)
        assert_int_equal(wolfSSL_update_keys(pair.client), WOLFSSL_SUCCESS);
    notice_until(&pair.side.sock, EV_READ);
    assert_int_equal(
        pair.stream->ops->read(pair.stream, buf, sizeof(buf), &count),
        IO_AGAIN);
    client_hear_all(&pair, total);
    tls_pair_stop(&pair);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(close_notify_is_the_end),
        cmocka_unit_test(bytes_before_close_notify_are_read_first),
        cmocka_unit_test(client_that_has_ended_can_be_answered),
        cmocka_unit_test(fin_alone_is_no_end),
        cmocka_unit_test(client_that_sent_a_fin_alone_can_be_answered),
        cmocka_unit_test(fin_in_the_middle_of_a_record_is_no_end),
        cmocka_unit_test(reset_is_an_error),
        cmocka_unit_test(bad_record_is_an_error_and_the_client_is_told),
        cmocka_unit_test(close_notify_in_plaintext_is_no_end),
        cmocka_unit_test(alert_of_the_client_is_told),
        cmocka_unit_test(our_end_is_close_notify_and_a_fin),
        cmocka_unit_test(our_end_leaves_reading_open),
        cmocka_unit_test(end_waits_behind_what_was_written),
        cmocka_unit_test(end_over_bytes_that_did_not_leave_is_an_error),
        cmocka_unit_test(goodbye_that_nobody_hears_is_no_error),
        cmocka_unit_test(aborting_resets),
        cmocka_unit_test(client_may_change_its_keys),
        cmocka_unit_test(flood_of_new_keys_is_bounded),
        cmocka_unit_test(new_keys_after_our_end_are_taken_without_an_answer),
        cmocka_unit_test(handshake_of_a_client_that_leaves_is_truncated),
        cmocka_unit_test(
            handshake_without_a_version_in_common_fails_with_words),
        cmocka_unit_test(end_fits_behind_a_full_buffer),
        cmocka_unit_test(new_keys_fit_behind_a_full_buffer),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
