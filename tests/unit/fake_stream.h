/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stream without a socket: what it gives and takes is set by the test, and
 * what happened to it is recorded. What the relay must never do to a stream
 * is counted as it happens.
 */
#ifndef SIDELOCK_TESTS_FAKE_STREAM_H
#define SIDELOCK_TESTS_FAKE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/stream.h"

enum {
    FAKE_BYTES_MAX = 4 * 1024 * 1024 /* taken by one stream */
};

struct fake_stream {
    struct stream stream; /* first: the relay's view */

    /* What it gives. */
    size_t give_bytes;       /* still to be read */
    size_t give_step;        /* at most this many per read; 0: any number */
    enum io_result give_end; /* after that: IO_AGAIN, IO_EOF, ... */

    /* What it takes. */
    size_t take_bytes;       /* how many more it takes */
    size_t take_step;        /* at most this many per write; 0: any number */
    enum io_result take_end; /* after that: IO_AGAIN or IO_ERROR */
    size_t keep_bytes;       /* a write keeps this many for the flush, as a
                                TLS stream does; 0: none, as a socket */

    /* How it is ended. */
    unsigned end_again_count;  /* so often it says IO_AGAIN first, */
    enum io_result end_result; /* and then this */

    const struct fake_stream *other; /* where goes what is read here */

    /* The record. */
    uint8_t *taken;
    size_t taken_count;   /* bytes taken, */
    size_t kept_count;    /* of which these still wait for a flush */
    uint64_t given_count; /* bytes read */
    uint64_t held_max;    /* the most that was read here and not yet taken
                             there */
    unsigned flush_calls;
    unsigned end_calls;
    bool was_ended; /* in order */

    /* Never to be seen. */
    unsigned vain_reads;  /* while the other could not take bytes */
    unsigned late_reads;  /* after the end or failure was told */
    unsigned late_writes; /* after it was ended */
    bool has_told_end;
};

void fake_stream_init(
    struct fake_stream *fake, const struct fake_stream *other);
void fake_stream_deinit(struct fake_stream *fake);

/* Is what it took the beginning of what the other gave? */
bool fake_took_prefix(const struct fake_stream *fake);

#endif
