/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The event loop of the load generator. epoll_pwait2 is used because pacing
 * needs waits of less than a millisecond.
 */
#include "tests/bench/loop.h"

#include <sys/epoll.h>

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/common.h"

#define BATCH_SIZE 128

void
loop_init(struct loop *loop, uint64_t limit_ns)
{
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        die("epoll_create1: %s", strerror(errno));
    }
    loop->deadline_ns = clock_now_ns() + limit_ns;
}

void
loop_deinit(struct loop *loop)
{
    close(loop->epoll_fd);
    loop->epoll_fd = -1;
}

void
loop_add(struct loop *loop, int fd, struct loop_source *source)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
        .data.ptr = source,
    };

    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        die("epoll_ctl: %s", strerror(errno));
    }
}

void
loop_turn(struct loop *loop, uint64_t wait_ns)
{
    struct epoll_event events[BATCH_SIZE];
    struct timespec wait = {
        .tv_sec = (time_t)(wait_ns / NS_PER_S),
        .tv_nsec = (long)(wait_ns % NS_PER_S),
    };
    int count;

    if (clock_now_ns() > loop->deadline_ns) {
        die("the run did not end within its time limit");
    }
    count = epoll_pwait2(loop->epoll_fd, events, BATCH_SIZE, &wait, NULL);
    if (count < 0 && errno != EINTR) {
        die("epoll_pwait2: %s", strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        struct loop_source *source = events[i].data.ptr;

        source->on_event(source);
    }
}
