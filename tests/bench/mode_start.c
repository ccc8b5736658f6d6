/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From fork() of the proxy's command to the end of the first TLS handshake
 * with it. The command must stay in the foreground; it is ended afterwards.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/run.h"

#define RETRY_NS      (50 * NS_PER_US)
#define STOP_LIMIT_NS (5 * NS_PER_S)

/* The generator is pinned to the other processor; the proxy is not. */
static void
become_command(const struct options *options)
{
    cpu_set_t cpus;

    if (options->start_cpu >= 0) {
        CPU_ZERO(&cpus);
        CPU_SET((size_t)options->start_cpu, &cpus);
        sched_setaffinity(0, sizeof(cpus), &cpus);
    }
    /* The result goes to stdout: the proxy must not write there. */
    dup2(STDERR_FILENO, STDOUT_FILENO);
    execvp(options->command[0], options->command);
    fprintf(stderr, "bench: %s: %s\n", options->command[0], strerror(errno));
    _exit(127);
}

/* A blocking, connected socket, or -1 while nobody listens. */
static int
try_connect(const struct sockaddr_in *target)
{
    struct timeval limit = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0) {
        die("socket: %s", strerror(errno));
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (connect(fd, (const struct sockaddr *)target, sizeof(*target)) == 0) {
        return fd;
    }
    close(fd);
    return -1;
}

/* Ends the connection as a good client does; the socket's limit bounds it. */
static void
close_politely(struct tls *tls, int fd)
{
    unsigned char unread[4096];
    size_t moved;

    tls_send_close(tls);
    shutdown(fd, SHUT_WR);
    while (tls_read(tls, unread, sizeof(unread), &moved) == TLS_OK) {
        /* tickets and the like */
    }
}

static void
stop_command(pid_t pid)
{
    uint64_t limit_ns = clock_now_ns() + STOP_LIMIT_NS;

    kill(pid, SIGTERM);
    while (waitpid(pid, NULL, WNOHANG) == 0) {
        if (clock_now_ns() > limit_ns) {
            kill(pid, SIGKILL);
        }
        clock_pause_ns(NS_PER_MS);
    }
}

/* Ends the program when the command is gone or takes longer than the limit. */
static int
await_listener(struct run *run, pid_t pid)
{
    int fd;

    while ((fd = try_connect(&run->options.target)) < 0) {
        if (waitpid(pid, NULL, WNOHANG) != 0) {
            die("%s ended before it listened", run->options.command[0]);
        }
        if (clock_now_ns() > run->loop.deadline_ns) {
            stop_command(pid);
            die("%s does not listen", run->options.command[0]);
        }
        clock_pause_ns(RETRY_NS);
    }
    return fd;
}

void
mode_start(struct run *run)
{
    uint64_t started_ns;
    enum tls_result result;
    struct tls *tls;
    pid_t pid;
    int fd;

    fflush(stdout); /* or the child could print it again */
    started_ns = clock_now_ns();
    pid = fork();
    if (pid < 0) {
        die("fork: %s", strerror(errno));
    }
    if (pid == 0) {
        become_command(&run->options);
    }
    fd = await_listener(run, pid);
    tls = tls_new(run->pool.tls_context, fd, NULL);
    result = tls != NULL ? tls_handshake(tls) : TLS_FAILED;
    run->wall_ns = clock_now_ns() - started_ns;
    if (result == TLS_OK) {
        close_politely(tls, fd);
    }
    tls_free(tls);
    close(fd);
    stop_command(pid);
    if (result != TLS_OK) {
        die("handshake: %s", tls_last_error());
    }
    report_number("start_ms", (double)run->wall_ns / (double)NS_PER_MS);
}
