/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes relay_run and relay_deinit (proxy/relay.c, proxy/pool.c): the input
 * scripts what two streams answer to each call. Whatever they answer, the
 * bytes that come out are the beginning of those that went in, an orderly end
 * means all of them, a cut is never passed on as an orderly end, a target that
 * is full is not read for, and no chunk is lost.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/relay.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    FILL_BYTES = 512,
    RUNS_MAX = 2000,
};

struct script {
    const uint8_t *at;
    size_t left;
};

struct side {
    struct stream stream;
    struct script *script;
    struct side *other;
    uint64_t given;
    uint64_t taken;
    enum io_result finished; /* IO_OK while it still gives */
    bool is_deaf;
    bool is_full;
    bool was_ended;
};

static void
expect(bool holds)
{
    if (!holds)
        abort();
}

static uint8_t
next(struct script *script)
{
    if (script->left == 0)
        return 0xff; /* the end of the script ends every stream */
    script->left--;
    return *script->at++;
}

static uint8_t
byte_at(uint64_t position)
{
    return (uint8_t)(position * 167 + 13);
}

static struct side *
side_of(struct stream *stream)
{
    return (struct side *)(void *)stream;
}

/* 0-191: so many bytes; 192-223: nothing now; above: an end of some kind. */
static enum io_result
on_read(struct stream *stream, uint8_t *buf, size_t cap, size_t *count)
{
    static const enum io_result ends[] = {IO_EOF, IO_TRUNCATED, IO_ERROR};
    struct side *side = side_of(stream);
    uint8_t word;
    size_t len;

    *count = 0;
    if (side->finished != IO_OK)
        return side->finished;
    word = next(side->script);
    if (word >= 224) {
        side->finished = ends[word % 3];
        return side->finished;
    }
    if (word >= 192)
        return IO_AGAIN;
    len = word % 8 == 0 ? cap : (size_t)word + 1;
    if (len > cap)
        len = cap;
    expect(len > 0);
    for (size_t i = 0; i < len; i++)
        buf[i] = byte_at(side->given + i);
    side->given += len;
    *count = len;
    return IO_OK;
}

static bool
on_can_write(const struct stream *stream)
{
    const struct side *side = (const struct side *)(const void *)stream;

    return !side->is_full || side->is_deaf;
}

static enum io_result
on_write(struct stream *stream, const uint8_t *buf, size_t len, size_t *count)
{
    struct side *side = side_of(stream);
    uint8_t word = next(side->script);

    *count = 0;
    expect(!side->was_ended);
    expect(len > 0);
    side->is_full = word % 4 == 3;
    if (side->is_deaf || word >= 250) {
        side->is_deaf = true;
        return IO_ERROR;
    }
    if (word >= 200)
        return IO_AGAIN;
    if ((size_t)word + 1 < len)
        len = (size_t)word + 1;
    for (size_t i = 0; i < len; i++)
        expect(buf[i] == byte_at(side->taken + i));
    side->taken += len;
    *count = len;
    return IO_OK;
}

static enum io_result
on_flush(struct stream *stream)
{
    struct side *side = side_of(stream);

    side->is_full = false;
    return side->is_deaf ? IO_ERROR : IO_OK;
}

static enum io_result
on_end(struct stream *stream)
{
    struct side *side = side_of(stream);

    if (side->is_deaf)
        return IO_ERROR;
    if (next(side->script) % 3 == 0)
        return IO_AGAIN;
    expect(side->other->finished == IO_EOF
           || side->other->finished == IO_TRUNCATED);
    expect(side->taken == side->other->given);
    side->was_ended = true;
    return IO_OK;
}

static void
init_side(struct side *side, struct script *script, struct side *other)
{
    static const struct stream_ops ops = {
        .read = on_read,
        .can_write = on_can_write,
        .write = on_write,
        .flush = on_flush,
        .end = on_end,
    };

    *side = (struct side){
        .stream = {.ops = &ops},
        .script = script,
        .other = other,
        .finished = IO_OK,
    };
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {.at = data, .left = size};
    enum relay_result result = RELAY_WAIT;
    struct side client;
    struct side backend;
    struct pool pool;
    struct relay relay;

    init_side(&client, &script, &backend);
    init_side(&backend, &script, &client);
    pool_init(&pool, FILL_BYTES);
    relay_init(
        &relay, &pool, &client.stream, &backend.stream, next(&script) % 2 == 0);
    for (int i = 0; i < RUNS_MAX && result != RELAY_DONE; i++) {
        client.is_full = backend.is_full = false; /* the peers have read */
        result = relay_run(&relay);
        expect(pool.taken_count <= 2);
        expect(client.taken <= backend.given);
        expect(backend.taken <= client.given);
    }
    if (relay.to_backend.state == HALF_ENDED && !backend.is_deaf)
        expect(backend.taken == client.given && backend.was_ended);
    if (relay.to_backend.state == HALF_CUT)
        expect(!backend.was_ended);
    relay_deinit(&relay);
    expect(pool.taken_count == 0);
    pool_deinit(&pool);
    return 0;
}
