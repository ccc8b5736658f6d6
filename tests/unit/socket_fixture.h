/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connected sockets in one thread: the first of a pair is under test, the
 * second is the peer. What the event loop would report is asked for here.
 */
#ifndef SIDELOCK_TESTS_SOCKET_FIXTURE_H
#define SIDELOCK_TESTS_SOCKET_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "proxy/socket.h"

/* Both ends non-blocking. */
void tcp_pair(int fds[2]);
void unix_pair(int fds[2]);

/* Notes what libevent would report of the socket now. */
void notice(struct socket *sock);
/* The same, once one of these (EV_READ, ...) is reported; fails after a long
 * while. */
void notice_until(struct socket *sock, short events);
/* Waits until at least len bytes can be read. */
void wait_for_bytes(int fd, size_t len);

/* --- the peer ------------------------------------------------------------ */

void peer_send(int fd, const void *data, size_t len);
/* Waits for exactly len bytes. */
void peer_receive(int fd, void *data, size_t len);
/* Waits for the end: 0 for a FIN, or the errno. What comes before it is
 * dropped. */
int peer_receive_end(int fd);
void peer_reset(int fd);
/* Waits until poll() reports one of these (POLLIN, ...). */
void peer_wait(int fd, short events);

/* Fills data with bytes that differ from place to place. */
void fill_pattern(uint8_t *data, size_t len);

#endif
