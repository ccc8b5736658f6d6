/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stream is one side of a connection as the relay sees it: bytes come,
 * bytes go, the writing half can be ended. The TLS stream and the socket
 * stream implement it; tests implement it without any socket.
 *
 * No call blocks and no call frees the stream. After IO_AGAIN the stream's
 * owner learns by an event when to try again.
 */
#ifndef SIDELOCK_PROXY_STREAM_H
#define SIDELOCK_PROXY_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum io_result {
    IO_OK,        /* some bytes moved, or it is done */
    IO_AGAIN,     /* nothing now */
    IO_EOF,       /* the peer ended its side in order; for reads only */
    IO_TRUNCATED, /* the transport ended, but the peer never said so */
    IO_ERROR,     /* broken: reset, bad record, out of memory */
};

struct stream;

struct stream_ops {
    /* Up to cap bytes into buf. IO_OK and a count of 0: much came that was no
     * bytes; there may be more, but the others come first. */
    enum io_result (*read)(
        struct stream *stream, uint8_t *buf, size_t cap, size_t *count);
    /* True when write would take bytes. Back-pressure: while it is false, the
     * other side is not read. A broken stream says true, so that the write
     * happens and reports it. */
    bool (*can_write)(const struct stream *stream);
    /* Takes some of the bytes; may keep them until flush. */
    enum io_result (*write)(
        struct stream *stream, const uint8_t *buf, size_t len, size_t *count);
    /* Sends what write kept. IO_OK: nothing is kept any more. */
    enum io_result (*flush)(struct stream *stream);
    /* Ends our side in order, after everything written before. To be called
     * until it no longer says IO_AGAIN. IO_ERROR: some of what was written
     * could not be sent. A goodbye that alone does not get through is no
     * error: who no longer hears it has left already. */
    enum io_result (*end)(struct stream *stream);
};

struct stream {
    const struct stream_ops *ops;
};

#endif
