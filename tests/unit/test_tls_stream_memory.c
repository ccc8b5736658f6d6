/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TLS stream with memory refused, to the pool and to the library: the
 * connection ends with an error that says so, and never looks ended in order.
 */
#include <sys/socket.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include <cmocka.h>

#include "tests/unit/certs_fixture.h"
#include "tests/unit/socket_fixture.h"
#include "tests/unit/tls_pair.h"

/* How many allocations still succeed; SIZE_MAX: all. */
static size_t left = SIZE_MAX;
static bool is_refused;

/* NOLINTBEGIN(readability-identifier-naming): the linker names them */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
/* NOLINTEND(readability-identifier-naming) */

void *
__wrap_malloc(size_t size)
{
    if (left == SIZE_MAX)
        return __real_malloc(size);
    if (left == 0) {
        is_refused = true;
        return NULL;
    }
    left--;
    return __real_malloc(size);
}

static void
refuse_after(size_t count)
{
    left = count;
    is_refused = false;
}

static void
refuse_no_more(void)
{
    left = SIZE_MAX;
}

/* The pool's spare chunks would hide that there is no memory. */
static void
empty_pool(struct tls_pair *pair)
{
    assert_int_equal(pair->pool.taken_count, 0);
    pool_deinit(&pair->pool);
}

static void
assert_no_memory(struct tls_pair *pair)
{
    struct tls_fault fault;

    tls_stream_fault(&pair->side, &fault);
    assert_int_equal(fault.reason, CLOSE_NO_MEMORY);
}

static void
start_without_memory_fails(void **state)
{
    struct tls_pair pair;
    struct WOLFSSL *ssl;

    (void)state;
    tls_pair_connect(&pair, TLS_VERSION_1_3, GOOD_CERTIFICATE);
    ssl = context_connection_new(pair.service.context, &pair.peer, &no_wishes);
    assert_non_null(ssl);
    refuse_after(0);
    assert_int_equal(
        tls_stream_start(&pair.side, ssl, (const uint8_t *)"x", 1), -1);
    refuse_no_more();
    tls_pair_stop(&pair); /* frees ssl */
}

static void
read_without_memory_is_an_error(void **state)
{
    struct tls_pair pair;
    uint8_t buf[100];
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    empty_pool(&pair);
    client_say(&pair, "hello", 5);
    notice_until(&pair.side.sock, EV_READ);
    refuse_after(0);
    assert_int_equal(
        pair.stream->ops->read(pair.stream, buf, sizeof(buf), &count),
        IO_ERROR);
    refuse_no_more();
    assert_no_memory(&pair);
    tls_pair_stop(&pair);
}

static void
write_without_memory_is_an_error(void **state)
{
    struct tls_pair pair;
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    empty_pool(&pair);
    refuse_after(0);
    assert_int_equal(pair.stream->ops->write(
                         pair.stream, (const uint8_t *)"hello", 5, &count),
        IO_ERROR);
    refuse_no_more();
    assert_int_equal(count, 0);
    assert_no_memory(&pair);
    tls_pair_stop(&pair);
}

/* Without room for close_notify a FIN would go out alone, and that is what a
 * cut connection looks like; nobody must take it for an orderly end here. */
static void
end_without_memory_is_an_error(void **state)
{
    struct tls_pair pair;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    empty_pool(&pair);
    refuse_after(0);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_ERROR);
    refuse_no_more();
    assert_no_memory(&pair);
    tls_pair_stop(&pair);
}

/* The same while the client has not yet taken what was written before. */
static void
end_without_memory_behind_what_waits_is_an_error(void **state)
{
    static uint8_t block[PAIR_FILL_BYTES];
    struct tls_pair pair;
    size_t count;

    (void)state;
    tls_pair_start(&pair, TLS_VERSION_1_3);
    notice_until(&pair.side.sock, EV_WRITE);
    while (pair.stream->ops->can_write(pair.stream)) {
        assert_int_equal(
            pair.stream->ops->write(pair.stream, block, sizeof(block), &count),
            IO_OK);
        notice(&pair.side.sock);
    }
    refuse_after(0);
    assert_int_equal(pair.stream->ops->end(pair.stream), IO_ERROR);
    refuse_no_more();
    assert_no_memory(&pair);
    tls_pair_stop(&pair);
}

/* --- each allocation in turn --------------------------------------------- */

/* A handshake whose server end is refused all memory after a number of
 * allocations. True when it came through all the same. */
static bool
shakes_hands_with(
    enum tls_version version, size_t allocations, size_t *said_count)
{
    struct tls_fault fault;
    struct tls_pair pair;
    enum io_result result = IO_AGAIN;

    tls_pair_connect(&pair, version, GOOD_CERTIFICATE);
    assert_int_equal(tls_pair_attach(&pair), 0);
    while (result == IO_AGAIN) {
        (void)tls_pair_step_client(&pair);
        notice_until(&pair.side.sock, EV_READ);
        refuse_after(allocations);
        result = tls_stream_handshake(&pair.side);
        allocations = left;
        refuse_no_more();
    }
    assert_true(is_refused ? result == IO_ERROR : result == IO_OK);
    tls_stream_fault(&pair.side, &fault);
    if (is_refused && fault.reason == CLOSE_NO_MEMORY)
        (*said_count)++;
    tls_pair_stop(&pair);
    return !is_refused;
}

/* Here and there the library gives the lack of memory another name; where it
 * does not, we pass it on. */
static void
handshake_without_memory_fails_and_mostly_says_so(void **state)
{
    static const enum tls_version versions[] = {
        TLS_VERSION_1_2, TLS_VERSION_1_3};

    (void)state;
    for (size_t v = 0; v < 2; v++) {
        size_t allocations = 0;
        size_t said_count = 0;

        while (!shakes_hands_with(versions[v], allocations, &said_count))
            allocations++;
        assert_in_range(allocations, 10, 1000);
        assert_in_range(said_count, allocations * 2 / 3, allocations);
    }
}

/* Bytes both ways with memory refused after a number of allocations. True
 * when all arrived all the same. */
static bool
talks_with(size_t allocations)
{
    struct tls_pair pair;
    uint8_t got[3000];
    static uint8_t sent[3000];
    size_t count = 0;
    enum io_result result;

    tls_pair_start(&pair, TLS_VERSION_1_3);
    empty_pool(&pair);
    client_say(&pair, sent, sizeof(sent));
    wait_for_bytes(pair.side.sock.fd, sizeof(sent) + 22);
    notice(&pair.side.sock);
    refuse_after(allocations);
    result = pair.stream->ops->read(pair.stream, got, sizeof(got), &count);
    if (result == IO_OK) {
        assert_int_equal(count, sizeof(got));
        result =
            pair.stream->ops->write(pair.stream, sent, sizeof(sent), &count);
    }
    if (result == IO_OK)
        result = pair.stream->ops->end(pair.stream);
    refuse_no_more();
    /* The library can do without some of its allocations. */
    assert_true(result == IO_OK || (is_refused && result == IO_ERROR));
    if (result == IO_ERROR)
        assert_no_memory(&pair);
    tls_pair_stop(&pair);
    return !is_refused;
}

static void
bytes_without_memory_fail_and_say_so(void **state)
{
    size_t allocations = 0;

    (void)state;
    while (!talks_with(allocations))
        allocations++;
    assert_in_range(allocations, 3, 100);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_without_memory_fails),
        cmocka_unit_test(read_without_memory_is_an_error),
        cmocka_unit_test(write_without_memory_is_an_error),
        cmocka_unit_test(end_without_memory_is_an_error),
        cmocka_unit_test(end_without_memory_behind_what_waits_is_an_error),
        cmocka_unit_test(handshake_without_memory_fails_and_mostly_says_so),
        cmocka_unit_test(bytes_without_memory_fail_and_say_so),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
