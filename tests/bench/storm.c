/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The child that makes waves of handshakes, and the two pipes by which its
 * parent starts and ends it.
 */
#include "tests/bench/storm.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/common.h"
#include "tests/bench/run.h"

#define NICENESS 10

struct wave {
    struct run run;
    struct conn **conns; /* NULL where a connection is over */
};

static enum conn_next
step_handshaken(struct conn *conn)
{
    (void)conn;
    return CONN_HANGS_UP;
}

static void
connection_over(struct conn *conn, bool is_good)
{
    struct wave *wave = conn->pool->user;

    (void)is_good; /* the pool counts failures */
    wave->conns[conn->index] = NULL;
}

/* Once connected, a client has made its first message and keeps it back. */
static bool
is_connecting(const struct wave *wave)
{
    for (uint64_t i = 0; i < wave->run.options.connection_count; i++) {
        const struct conn *conn = wave->conns[i];

        if (conn != NULL && conn->state == CONN_CONNECTING) {
            return true;
        }
    }
    return false;
}

/* Corked, so that the messages come at once, however slow this process is. */
static void
make_wave(struct wave *wave)
{
    struct run *run = &wave->run;
    uint64_t count = run->options.connection_count;

    for (uint64_t i = 0; i < count; i++) {
        wave->conns[i] = conn_start(&run->pool);
        wave->conns[i]->index = i;
    }
    while (is_connecting(wave)) {
        loop_turn(&run->loop, RUN_TURN_NS);
    }
    for (uint64_t i = 0; i < count; i++) {
        if (wave->conns[i] != NULL) {
            conn_uncork(wave->conns[i]);
        }
    }
    while (run->pool.live_count > 0) {
        loop_turn(&run->loop, RUN_TURN_NS);
    }
}

/* The parent has closed its end of the pipe (or is gone). */
static bool
is_closed(int control_fd)
{
    struct pollfd poll_fd = {.fd = control_fd, .events = POLLIN};

    return poll(&poll_fd, 1, 0) > 0;
}

static void
write_all(int fd, const void *data, size_t size)
{
    if (write(fd, data, size) != (ssize_t)size) {
        die("pipe: %s", strerror(errno));
    }
}

__attribute__((noreturn)) static void
run_child(const struct options *options, int control_fd, int result_fd)
{
    static const struct conn_user callbacks = {
        .step = step_handshaken,
        .over = connection_over,
    };
    struct wave wave = {.run.options = *options};
    struct storm_result result = {0};
    char byte = 0;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpriority(PRIO_PROCESS, 0, NICENESS);
    run_init(&wave.run, false);
    wave.run.pool.callbacks = &callbacks;
    wave.run.pool.user = &wave;
    wave.run.pool.is_corked = true;
    wave.conns = allocate(options->connection_count * sizeof(struct conn *));
    if (read(control_fd, &byte, 1) != 1) {
        _exit(1); /* the parent is gone */
    }
    do {
        make_wave(&wave);
        if (result.wave_count++ == 0) {
            write_all(result_fd, &byte, 1);
        }
    } while (!is_closed(control_fd));
    result.handshake_count = wave.run.pool.opened_count;
    result.failed_count = wave.run.pool.failed_count;
    write_all(result_fd, &result, sizeof(result));
    _exit(0);
}

void
storm_new(struct storm *storm, const struct options *options)
{
    int control[2];
    int result[2];

    if (pipe(control) != 0 || pipe(result) != 0) {
        die("pipe: %s", strerror(errno));
    }
    fflush(stdout); /* or the child would print it again */
    storm->pid = fork();
    if (storm->pid < 0) {
        die("fork: %s", strerror(errno));
    }
    if (storm->pid == 0) {
        close(control[1]);
        close(result[0]);
        run_child(options, control[0], result[1]);
    }
    close(control[0]);
    close(result[1]);
    storm->control_fd = control[1];
    storm->result_fd = result[0];
}

void
storm_start(struct storm *storm)
{
    char byte = 1;

    write_all(storm->control_fd, &byte, 1);
    if (read(storm->result_fd, &byte, 1) != 1) {
        die("the first wave of handshakes failed");
    }
}

struct storm_result
storm_stop(struct storm *storm)
{
    struct storm_result result;

    close(storm->control_fd);
    if (read(storm->result_fd, &result, sizeof(result))
        != (ssize_t)sizeof(result)) {
        die("the waves of handshakes failed");
    }
    close(storm->result_fd);
    waitpid(storm->pid, NULL, 0);
    return result;
}
