/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scripted stream. */
#include "fake_stream.h"

#include <stdlib.h>
#include <string.h>

uint8_t
fake_byte(uint64_t position)
{
    return (uint8_t)(position * 131 + position / 251);
}

static struct fake_stream *
fake_of(struct stream *stream)
{
    return (struct fake_stream *)(void *)stream;
}

static size_t
least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum io_result
fake_read(struct stream *stream, uint8_t *buf, size_t cap, size_t *count)
{
    struct fake_stream *fake = fake_of(stream);
    size_t len = least(cap, fake->give_bytes);

    *count = 0;
    if (fake->give_step != 0)
        len = least(len, fake->give_step);
    if (len == 0)
        return fake->give_end;
    for (size_t i = 0; i < len; i++)
        buf[i] = fake_byte(fake->given_count + i);
    fake->given_count += len;
    fake->give_bytes -= len;
    *count = len;
    return IO_OK;
}

static bool
fake_can_write(const struct stream *stream)
{
    const struct fake_stream *fake =
        (const struct fake_stream *)(const void *)stream;

    return fake->take_bytes > 0 || fake->take_end != IO_AGAIN;
}

static enum io_result
fake_write(struct stream *stream, const uint8_t *buf, size_t len, size_t *count)
{
    struct fake_stream *fake = fake_of(stream);

    *count = 0;
    if (fake->was_ended)
        fake->wrote_after_end = true;
    len = least(len, fake->take_bytes);
    len = least(len, FAKE_BYTES_MAX - fake->taken_count);
    if (fake->take_step != 0)
        len = least(len, fake->take_step);
    if (len == 0)
        return fake->take_end;
    memcpy(fake->taken + fake->taken_count, buf, len);
    fake->taken_count += len;
    fake->take_bytes -= len;
    *count = len;
    return IO_OK;
}

static enum io_result
fake_flush(struct stream *stream)
{
    fake_of(stream)->flush_calls++;
    return IO_OK;
}

static enum io_result
fake_end(struct stream *stream)
{
    struct fake_stream *fake = fake_of(stream);

    fake->end_calls++;
    if (fake->end_again_count > 0) {
        fake->end_again_count--;
        return IO_AGAIN;
    }
    fake->was_ended = fake->end_result == IO_OK;
    return fake->end_result;
}

void
fake_stream_init(struct fake_stream *fake)
{
    static const struct stream_ops ops = {
        .read = fake_read,
        .can_write = fake_can_write,
        .write = fake_write,
        .flush = fake_flush,
        .end = fake_end,
    };

    *fake = (struct fake_stream){
        .stream = {.ops = &ops},
        .give_end = IO_AGAIN,
        .take_bytes = SIZE_MAX,
        .take_end = IO_AGAIN,
        .end_result = IO_OK,
        .taken = malloc(FAKE_BYTES_MAX),
    };
    if (fake->taken == NULL)
        abort();
}

void
fake_stream_deinit(struct fake_stream *fake)
{
    free(fake->taken);
}

bool
fake_took_prefix(const struct fake_stream *fake)
{
    for (size_t i = 0; i < fake->taken_count; i++)
        if (fake->taken[i] != fake_byte(i))
            return false;
    return true;
}
