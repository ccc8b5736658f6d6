/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets: readiness is believed until a call proves it spent, an end and a
 * reset are told apart, and neither hides the bytes before it.
 */
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include <cmocka.h>

#include "proxy/clock.h"
#include "tests/unit/socket_fixture.h"

struct pair {
    struct socket sock;
    int peer; /* -1: closed */
};

static int
set_up(void **state)
{
    struct pair *pair = calloc(1, sizeof(*pair));
    int fds[2];

    if (pair == NULL)
        return -1;
    tcp_pair(fds);
    socket_init(&pair->sock, fds[0]);
    pair->peer = fds[1];
    *state = pair;
    return 0;
}

static int
tear_down(void **state)
{
    struct pair *pair = *state;

    socket_close(&pair->sock);
    if (pair->peer >= 0)
        close(pair->peer);
    free(pair);
    return 0;
}

static void
reset_peer(struct pair *pair)
{
    peer_reset(pair->peer);
    pair->peer = -1;
}

static void
peeking_takes_nothing_away(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count;
    uint8_t byte = 0;

    assert_int_equal(socket_peek(&pair->sock, &byte), IO_AGAIN);
    pair->sock.is_readable = true;
    assert_int_equal(socket_peek(&pair->sock, &byte), IO_AGAIN);
    assert_false(pair->sock.is_readable);
    peer_send(pair->peer, "abc", 3);
    notice_until(&pair->sock, EV_READ);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(socket_peek(&pair->sock, &byte), IO_OK);
        assert_int_equal(byte, 'a');
    }
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 3);
}

static void
a_peeked_end_is_told_again(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    uint8_t byte;
    size_t count;

    shutdown(pair->peer, SHUT_WR);
    notice_until(&pair->sock, EV_CLOSED);
    assert_int_equal(socket_peek(&pair->sock, &byte), IO_EOF);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_EOF);
}

static void
a_peeked_reset_is_not_forgotten(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    uint8_t byte;
    size_t count;

    reset_peer(pair);
    notice_until(&pair->sock, EV_READ);
    assert_int_equal(socket_peek(&pair->sock, &byte), IO_ERROR);
    assert_int_equal(pair->sock.error, ECONNRESET);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_ERROR);
}

/* --- readiness ----------------------------------------------------------- */

static void
without_an_event_nothing_is_tried(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count = 99;

    peer_send(pair->peer, "x", 1);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_AGAIN);
    assert_int_equal(count, 0);
    assert_int_equal(
        socket_send(&pair->sock, (const uint8_t *)"x", 1, &count), IO_AGAIN);
    assert_int_equal(count, 0);
}

static void
short_read_has_emptied_the_socket(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count;

    peer_send(pair->peer, "abc", 3);
    notice_until(&pair->sock, EV_READ);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 3);
    assert_memory_equal(buf, "abc", 3);
    assert_false(pair->sock.is_readable);
}

static void
full_read_leaves_it_readable(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[2];
    size_t count;

    peer_send(pair->peer, "abc", 3);
    notice_until(&pair->sock, EV_READ);
    assert_int_equal(socket_receive(&pair->sock, buf, 2, &count), IO_OK);
    assert_true(pair->sock.is_readable);
    assert_int_equal(socket_receive(&pair->sock, buf, 2, &count), IO_OK);
    assert_int_equal(count, 1);
    assert_false(pair->sock.is_readable);
}

static void
readiness_that_was_wrong_is_forgotten(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[2];
    size_t count;

    pair->sock.is_readable = true;
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_AGAIN);
    assert_false(pair->sock.is_readable);
}

static void
full_socket_is_no_longer_writable(void **state)
{
    struct pair *pair = *state;
    static uint8_t data[64 * 1024];
    enum io_result result = IO_OK;
    size_t total = 0;
    size_t count;

    notice_until(&pair->sock, EV_WRITE);
    while (result == IO_OK && pair->sock.is_writable) {
        result = socket_send(&pair->sock, data, sizeof(data), &count);
        total += count;
    }
    assert_false(pair->sock.is_writable);
    assert_int_equal(
        socket_send(&pair->sock, data, sizeof(data), &count), IO_AGAIN);
    assert_true(socket_unsent_bytes(&pair->sock) > 0);
    while (total > 0) {
        size_t part = total < sizeof(data) ? total : sizeof(data);

        peer_receive(pair->peer, data, part);
        total -= part;
    }
    notice_until(&pair->sock, EV_WRITE);
    assert_true(pair->sock.is_writable);
}

/* --- ends ---------------------------------------------------------------- */

static void
end_comes_after_the_bytes(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count;

    peer_send(pair->peer, "abc", 3);
    assert_int_equal(shutdown(pair->peer, SHUT_WR), 0);
    notice_until(&pair->sock, EV_CLOSED);
    assert_true(pair->sock.saw_hangup);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 3);
    /* No further edge will come: the end must be read now. */
    assert_true(pair->sock.is_readable);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_EOF);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_EOF);
    assert_int_equal(pair->sock.error, 0);
}

static void
our_end_leaves_reading_open(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count;

    assert_int_equal(socket_end(&pair->sock), IO_OK);
    assert_int_equal(peer_receive_end(pair->peer), 0);
    peer_send(pair->peer, "late", 4);
    notice_until(&pair->sock, EV_READ);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 4);
}

static void
reset_is_an_error(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count;

    reset_peer(pair);
    notice_until(&pair->sock, EV_READ);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_ERROR);
    assert_int_equal(pair->sock.error, ECONNRESET);
}

/* The kernel tells of a reset once and afterwards reads like an end. */
static void
reset_that_a_send_was_told_of_is_no_end_for_the_reader(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count;

    reset_peer(pair);
    notice_until(&pair->sock, EV_READ);
    assert_int_equal(
        socket_send(&pair->sock, (const uint8_t *)"x", 1, &count), IO_ERROR);
    assert_int_equal(pair->sock.error, ECONNRESET);
    assert_true(pair->sock.is_readable);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_ERROR);
}

static void
reset_behind_the_last_bytes_is_seen_with_them(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count;

    peer_send(pair->peer, "abc", 3);
    reset_peer(pair);
    /* One wake-up for both: no other would come. */
    peer_wait(pair->sock.fd, POLLERR | POLLHUP);
    socket_note_events(&pair->sock, EV_READ | EV_WRITE);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 3);
    assert_true(pair->sock.is_readable);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_ERROR);
    assert_int_equal(pair->sock.error, ECONNRESET);
}

/* A peer that has closed answers our bytes with a reset, but it had ended in
 * order, and what it said before is still to be read. */
static void
sending_to_one_that_has_closed_does_not_spoil_its_end(void **state)
{
    struct pair *pair = *state;
    uint8_t buf[8];
    size_t count;

    peer_send(pair->peer, "bye", 3);
    close(pair->peer);
    pair->peer = -1;
    notice_until(&pair->sock, EV_CLOSED);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_EOF);
    assert_int_equal(
        socket_send(&pair->sock, (const uint8_t *)"x", 1, &count), IO_OK);
    peer_wait(pair->sock.fd, POLLERR | POLLHUP); /* its answer has arrived */
    assert_int_equal(
        socket_send(&pair->sock, (const uint8_t *)"x", 1, &count), IO_ERROR);
    assert_int_equal(pair->sock.error, EPIPE);
    assert_int_equal(
        socket_receive(&pair->sock, buf, sizeof(buf), &count), IO_EOF);
}

static void
broken_is_seen_without_reading(void **state)
{
    struct pair *pair = *state;

    assert_false(socket_is_broken(&pair->sock));
    reset_peer(pair);
    peer_wait(pair->sock.fd, POLLIN);
    assert_true(socket_is_broken(&pair->sock));
    assert_int_equal(pair->sock.error, ECONNRESET);
    assert_true(socket_is_broken(&pair->sock));
}

static void
broken_socket_has_nothing_left_to_send(void **state)
{
    struct pair *pair = *state;
    static uint8_t data[64 * 1024];
    size_t count;

    notice_until(&pair->sock, EV_WRITE);
    while (pair->sock.is_writable)
        assert_int_not_equal(
            socket_send(&pair->sock, data, sizeof(data), &count), IO_ERROR);
    assert_true(socket_unsent_bytes(&pair->sock) > 0);
    reset_peer(pair);
    peer_wait(pair->sock.fd, POLLERR | POLLHUP);
    assert_int_equal(socket_unsent_bytes(&pair->sock), 0);
}

/* --- closing ------------------------------------------------------------- */

static void
closing_ends_in_order(void **state)
{
    struct pair *pair = *state;

    socket_close(&pair->sock);
    assert_int_equal(pair->sock.fd, -1);
    assert_int_equal(peer_receive_end(pair->peer), 0);
    socket_close(&pair->sock);
    assert_int_equal(socket_unsent_bytes(&pair->sock), 0);
}

static void
aborting_resets(void **state)
{
    struct pair *pair = *state;

    socket_abort(&pair->sock);
    assert_int_equal(pair->sock.fd, -1);
    assert_int_equal(peer_receive_end(pair->peer), ECONNRESET);
    socket_abort(&pair->sock);
}

/* Closing over unread bytes would reset, and the reset overtake what was sent
 * last. */
static void
discarded_input_does_not_reset(void **state)
{
    struct pair *pair = *state;
    static uint8_t data[20 * 1000];
    uint8_t last[4];
    size_t count;

    peer_send(pair->peer, data, sizeof(data));
    wait_for_bytes(pair->sock.fd, sizeof(data));
    notice(&pair->sock);
    assert_int_equal(
        socket_send(&pair->sock, (const uint8_t *)"last", 4, &count), IO_OK);
    assert_false(socket_discard_input(&pair->sock));
    peer_send(pair->peer, data, sizeof(data));
    wait_for_bytes(pair->sock.fd, sizeof(data));
    assert_false(socket_discard_input(&pair->sock));
    socket_close(&pair->sock);
    peer_receive(pair->peer, last, 4);
    assert_memory_equal(last, "last", 4);
    assert_int_equal(peer_receive_end(pair->peer), 0);
}

static void
discarding_tells_when_nothing_more_will_come(void **state)
{
    struct pair *pair = *state;

    peer_send(pair->peer, "rest", 4);
    assert_int_equal(shutdown(pair->peer, SHUT_WR), 0);
    notice_until(&pair->sock, EV_CLOSED);
    assert_true(socket_discard_input(&pair->sock));
}

/* --- options ------------------------------------------------------------- */

static int
option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t len = sizeof(value);

    assert_int_equal(getsockopt(fd, level, option, &value, &len), 0);
    return value;
}

static void
tuned_socket_sends_at_once_and_finds_the_vanished(void **state)
{
    struct pair *pair = *state;

    assert_int_equal(option_of(pair->sock.fd, IPPROTO_TCP, TCP_NODELAY), 0);
    socket_tune(pair->sock.fd);
    assert_int_not_equal(option_of(pair->sock.fd, IPPROTO_TCP, TCP_NODELAY), 0);
    assert_int_not_equal(option_of(pair->sock.fd, SOL_SOCKET, SO_KEEPALIVE), 0);
    assert_in_range(
        option_of(pair->sock.fd, IPPROTO_TCP, TCP_KEEPIDLE)
            + option_of(pair->sock.fd, IPPROTO_TCP, TCP_KEEPINTVL)
                  * option_of(pair->sock.fd, IPPROTO_TCP, TCP_KEEPCNT),
        1, 100);
}

/* --- the stream over it -------------------------------------------------- */

static void
stream_moves_bytes_and_ends(void **state)
{
    struct socket_stream side;
    struct stream *stream = &side.stream;
    uint8_t buf[8];
    size_t count;
    int fds[2];

    (void)state;
    unix_pair(fds);
    socket_stream_init(&side, fds[0]);
    assert_false(stream->ops->can_write(stream));
    notice_until(&side.sock, EV_WRITE);
    assert_true(stream->ops->can_write(stream));
    assert_int_equal(
        stream->ops->write(stream, (const uint8_t *)"abc", 3, &count), IO_OK);
    assert_int_equal(stream->ops->flush(stream), IO_OK);
    assert_int_equal(stream->ops->end(stream), IO_OK);
    peer_receive(fds[1], buf, 3);
    assert_memory_equal(buf, "abc", 3);
    assert_int_equal(peer_receive_end(fds[1]), 0);
    peer_send(fds[1], "de", 2);
    notice_until(&side.sock, EV_READ);
    assert_int_equal(
        stream->ops->read(stream, buf, sizeof(buf), &count), IO_OK);
    assert_int_equal(count, 2);
    socket_close(&side.sock);
    close(fds[1]);
}

static void
broken_stream_says_that_it_can_write(void **state)
{
    struct pair *pair = *state;
    struct socket_stream side;
    struct stream *stream = &side.stream;
    size_t count;

    socket_stream_init(&side, pair->sock.fd);
    side.sock.error = ECONNRESET;
    assert_true(stream->ops->can_write(stream));
    assert_int_equal(
        stream->ops->write(stream, (const uint8_t *)"x", 1, &count), IO_ERROR);
}

/* --- what the kernel still sends ------------------------------------------ */

/* From here on nothing reaches the peer, and so nothing comes back. */
static void
cut_off(int fd)
{
    struct sock_filter drop_all = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = {.len = 1, .filter = &drop_all};

    assert_int_equal(
        setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)),
        0);
}

static unsigned
resent_count(const struct socket *sock)
{
    struct tcp_info info;
    socklen_t len = sizeof(info);

    assert_int_equal(
        getsockopt(sock->fd, IPPROTO_TCP, TCP_INFO, &info, &len), 0);
    return info.tcpi_retransmits;
}

static void
sending_again_to_who_is_gone_is_no_traffic(void **state)
{
    struct pair *pair = *state;
    int64_t gone_ms;

    assert_int_equal(socket_last_sent_ms(&pair->sock), 0);
    cut_off(pair->peer);
    gone_ms = clock_now_ms();
    assert_int_equal(send(pair->sock.fd, "answer", 6, 0), 6);
    for (int i = 0; i < 10000 && resent_count(&pair->sock) < 2; i++)
        (void)poll(NULL, 0, 10);
    assert_true(resent_count(&pair->sock) >= 2);
    /* The two clocks tick apart. */
    assert_true(socket_last_sent_ms(&pair->sock) <= gone_ms + 20);
    assert_true(socket_last_sent_ms(&pair->sock) > 0);
}

int
main(void)
{
#define ON_PAIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_PAIR(without_an_event_nothing_is_tried),
        ON_PAIR(peeking_takes_nothing_away),
        ON_PAIR(a_peeked_end_is_told_again),
        ON_PAIR(a_peeked_reset_is_not_forgotten),
        ON_PAIR(short_read_has_emptied_the_socket),
        ON_PAIR(full_read_leaves_it_readable),
        ON_PAIR(readiness_that_was_wrong_is_forgotten),
        ON_PAIR(full_socket_is_no_longer_writable),
        ON_PAIR(end_comes_after_the_bytes),
        ON_PAIR(our_end_leaves_reading_open),
        ON_PAIR(reset_is_an_error),
        ON_PAIR(reset_that_a_send_was_told_of_is_no_end_for_the_reader),
        ON_PAIR(reset_behind_the_last_bytes_is_seen_with_them),
        ON_PAIR(sending_to_one_that_has_closed_does_not_spoil_its_end),
        ON_PAIR(broken_is_seen_without_reading),
        ON_PAIR(broken_socket_has_nothing_left_to_send),
        ON_PAIR(closing_ends_in_order),
        ON_PAIR(aborting_resets),
        ON_PAIR(discarded_input_does_not_reset),
        ON_PAIR(discarding_tells_when_nothing_more_will_come),
        ON_PAIR(tuned_socket_sends_at_once_and_finds_the_vanished),
        ON_PAIR(stream_moves_bytes_and_ends),
        ON_PAIR(broken_stream_says_that_it_can_write),
        ON_PAIR(sending_again_to_who_is_gone_is_no_traffic),
    };
#undef ON_PAIR

    return cmocka_run_group_tests(tests, NULL, NULL);
}
