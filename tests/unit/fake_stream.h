/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stream without a socket: what it gives and takes is scripted, and what
 * happened to it is recorded. Reading while the other side said it cannot
 * take bytes is counted, for that must never happen.
 */
#ifndef SIDELOCK_TESTS_FAKE_STREAM_H
#define SIDELOCK_TESTS_FAKE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proxy/stream.h"

enum {
    FAKE_BYTES_MAX = 4 * 1024 * 1024
};

struct fake_stream {
    struct stream stream;      /* first: the relay's view */
    size_t give_bytes;         /* still to be read from it */
    size_t give_step;          /* at most this many per read; 0: any number */
    enum io_result give_end;   /* after that: IO_AGAIN, IO_EOF, ... */
    size_t take_bytes;         /* how many more it takes */
    size_t take_step;          /* at most this many per write; 0: any */
    enum io_result take_end;   /* what a write says then: AGAIN or ERROR */
    unsigned end_again_count;  /* how often `end` says IO_AGAIN first */
    enum io_result end_result; /* and then */

    uint8_t *taken; /* what was written to it */
    size_t taken_count;
    uint64_t given_count;
    unsigned end_calls;
    unsigned flush_calls;
    bool was_ended; /* `end` has succeeded */
    bool wrote_after_end;
};

void fake_stream_init(struct fake_stream *fake);
void fake_stream_deinit(struct fake_stream *fake);

/* The byte at a position of what every fake gives. */
uint8_t fake_byte(uint64_t position);

/* Is what it took the beginning of what another gave? */
bool fake_took_prefix(const struct fake_stream *fake);

#endif
