/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stream that a test sets up and asks afterwards. */
#include "tests/unit/fake_stream.h"

#include <stdlib.h>
#include <string.h>

/* The byte at a position of what every fake gives. */
static uint8_t
byte_at(uint64_t position)
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

static bool
is_broken(const struct fake_stream *fake)
{
    return fake->take_bytes == 0 && fake->take_end == IO_ERROR;
}

static bool
has_room(const struct fake_stream *fake)
{
    if (is_broken(fake))
        return true; /* so that the write happens and reports it */
    if (fake->keep_bytes > 0)
        return fake->kept_count < fake->keep_bytes;
    return fake->take_bytes > 0;
}

static void
note_read(struct fake_stream *fake)
{
    if (fake->has_told_end)
        fake->late_reads++;
    if (!has_room(fake->other))
        fake->vain_reads++;
}

static void
note_given(struct fake_stream *fake, size_t len)
{
    uint64_t held;

    fake->given_count += len;
    fake->give_bytes -= len;
    held = fake->given_count - fake->other->taken_count;
    if (held > fake->held_max)
        fake->held_max = held;
}

static enum io_result
fake_read(struct stream *stream, uint8_t *buf, size_t cap, size_t *count)
{
    struct fake_stream *fake = fake_of(stream);
    size_t len = least(cap, fake->give_bytes);

    note_read(fake);
    *count = 0;
    if (fake->give_step != 0)
        len = least(len, fake->give_step);
    if (len == 0) {
        fake->has_told_end =
            fake->give_end != IO_AGAIN && fake->give_end != IO_OK;
        return fake->give_end;
    }
    for (size_t i = 0; i < len; i++)
        buf[i] = byte_at(fake->given_count + i);
    note_given(fake, len);
    *count = len;
    return IO_OK;
}

static bool
fake_can_write(const struct stream *stream)
{
    return has_room((const struct fake_stream *)(const void *)stream);
}

static enum io_result
send_kept(struct fake_stream *fake)
{
    size_t len = least(fake->kept_count, fake->take_bytes);

    fake->kept_count -= len;
    fake->take_bytes -= len;
    return fake->kept_count > 0 ? fake->take_end : IO_OK;
}

static size_t
room_of(const struct fake_stream *fake)
{
    size_t room = fake->take_bytes;

    if (fake->keep_bytes > 0)
        room = fake->keep_bytes - fake->kept_count;
    if (fake->take_step != 0)
        room = least(room, fake->take_step);
    return least(room, FAKE_BYTES_MAX - fake->taken_count);
}

static enum io_result
fake_write(struct stream *stream, const uint8_t *buf, size_t len, size_t *count)
{
    struct fake_stream *fake = fake_of(stream);

    *count = 0;
    if (fake->was_ended)
        fake->late_writes++;
    if (is_broken(fake))
        return IO_ERROR;
    if (!has_room(fake))
        (void)send_kept(fake); /* not full while it could send */
    len = least(len, room_of(fake));
    if (len == 0)
        return fake->take_end;
    memcpy(fake->taken + fake->taken_count, buf, len);
    fake->taken_count += len;
    if (fake->keep_bytes > 0)
        fake->kept_count += len;
    else
        fake->take_bytes -= len;
    *count = len;
    return IO_OK;
}

static enum io_result
fake_flush(struct stream *stream)
{
    struct fake_stream *fake = fake_of(stream);

    fake->flush_calls++;
    return send_kept(fake);
}

static enum io_result
fake_end(struct stream *stream)
{
    struct fake_stream *fake = fake_of(stream);
    enum io_result result = send_kept(fake);

    fake->end_calls++;
    if (result != IO_OK)
        return result;
    if (fake->end_again_count > 0) {
        fake->end_again_count--;
        return IO_AGAIN;
    }
    fake->was_ended = fake->end_result == IO_OK;
    return fake->end_result;
}

void
fake_stream_init(struct fake_stream *fake, const struct fake_stream *other)
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
        .other = other,
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
        if (fake->taken[i] != byte_at(i))
            return false;
    return true;
}
