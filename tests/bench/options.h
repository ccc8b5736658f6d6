/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The command line of the load generator as plain data.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <netinet/in.h>
#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
    struct sockaddr_in target; /* the proxy's TLS port */
    pid_t watched;             /* root of the proxy's processes, 0: none */
    const char *group;         /* key exchange group */
    const char *cert;          /* PEM file to show as a client; or NULL */
    const char *key;           /* its key, PEM; set when cert is */
    uint64_t count;            /* units measured: see the mode */
    uint64_t warmup_count;     /* units moved before measuring */
    uint64_t connection_count; /* open at the same time */
    uint64_t name_count;       /* server names to ask for; 0: none */
    uint64_t message_bytes;    /* size of one message, up to 64 KiB */
    uint64_t hold_ms;          /* length of a phase that is a time */
    uint64_t limit_s;          /* the run fails when it takes longer */
    int start_cpu;             /* processor of the command; -1: any */
    char **command;            /* the proxy's command, NULL-ended; or NULL */
};

struct run;

struct mode {
    const char *name;
    const char *help;
    void (*run)(struct run *run);
    bool resumes;       /* connections offer tickets */
    bool takes_command; /* starts the proxy itself */
    struct options defaults;
};

/*
 * Finds the mode named on the command line and fills in `options` from its
 * defaults and the options. Ends the program with code 2 on any mistake, with
 * code 0 after --help.
 */
const struct mode *options_parse(
    struct options *options, const struct mode *modes, int argc, char **argv);

#endif
