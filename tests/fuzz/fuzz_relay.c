/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes relay_run() and relay_deinit() (proxy/relay.c, proxy/pool.c).
 *
 * The input scripts what two streams answer to each call; when it is used up,
 * both end in order and take everything. Whatever they answer: the bytes that
 * come out are the beginning of those that went in; an orderly end means that
 * all of them did; a cut is never passed on as an orderly end; a target that
 * is full is not read for; at most one chunk waits in each direction; the
 * relay comes to an end, and no chunk is lost on the way.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/relay.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    FILL_BYTES = 4 * 1024,
    KEEP_BYTES = 3000,
    PATTERN_BYTES = 8191,     /* a prime: no chunk looks like another */
    RUNS_AFTER_SCRIPT = 4096, /* no run without a byte of the script or an
                                 end that comes nearer */
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
    uint64_t taken;          /* by writes that said so */
    uint64_t kept;           /* of them, until flushed */
    enum io_result finished; /* how it ended; IO_OK while it still gives */
    bool keeps;              /* as a TLS stream does */
    bool is_full;            /* until an event */
    bool is_broken;          /* takes nothing any more */
    bool was_ended;
};

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static uint8_t
next(struct script *script, uint8_t otherwise)
{
    if (script->left == 0)
        return otherwise;
    script->left--;
    return *script->at++;
}

/* What every stream gives from this position on, good for FILL_BYTES. */
static const uint8_t *
pattern_at(uint64_t position)
{
    static uint8_t pattern[PATTERN_BYTES + FILL_BYTES];

    if (pattern[1] == 0)
        for (size_t i = 0; i < sizeof(pattern); i++)
            pattern[i] =
                (uint8_t)(i % PATTERN_BYTES * 131 + i % PATTERN_BYTES / 251);
    return pattern + position % PATTERN_BYTES;
}

static struct side *
side_of(struct stream *stream)
{
    return (struct side *)(void *)stream;
}

static bool
can_write(const struct side *side)
{
    if (side->is_broken)
        return true;
    return side->keeps ? side->kept < KEEP_BYTES : !side->is_full;
}

/* Below 192: bytes; below 224: nothing now; from there: an end. */
static enum io_result
on_read(struct stream *stream, uint8_t *buf, size_t cap, size_t *count)
{
    static const enum io_result ends[] = {IO_EOF, IO_TRUNCATED, IO_ERROR};
    struct side *side = side_of(stream);
    uint8_t word = next(side->script, 0xff);
    size_t len;

    require(cap > 0);
    require(side->finished == IO_OK);
    require(can_write(side->other));
    *count = 0;
    if (word >= 224) {
        side->finished = ends[word % 3];
        return side->finished;
    }
    if (word >= 192)
        return IO_AGAIN;
    len = word % 4 == 0 ? cap : (size_t)word * 8 + 1;
    if (len > cap)
        len = cap;
    memcpy(buf, pattern_at(side->given), len);
    side->given += len;
    *count = len;
    require(side->other->is_broken
            || side->given - side->other->taken <= FILL_BYTES);
    return IO_OK;
}

static bool
on_can_write(const struct stream *stream)
{
    return can_write((const struct side *)(const void *)stream);
}

/* How much of len a write takes. */
static size_t
room_for(struct side *side, size_t len)
{
    uint8_t word = next(side->script, 0);
    size_t room = SIZE_MAX;

    side->is_broken = word >= 250;
    if (side->is_broken)
        return 0;
    if (word % 4 != 0)
        room = word >= 200 ? 0 : (size_t)word * 8 + 1;
    if (side->keeps && room > KEEP_BYTES - side->kept)
        room = KEEP_BYTES - side->kept;
    return room < len ? room : len;
}

static enum io_result
on_write(struct stream *stream, const uint8_t *buf, size_t len, size_t *count)
{
    struct side *side = side_of(stream);

    require(len > 0 && !side->was_ended);
    *count = 0;
    if (!side->is_broken)
        len = room_for(side, len);
    if (side->is_broken)
        return IO_ERROR;
    side->is_full = len == 0;
    if (len == 0)
        return IO_AGAIN;
    require(memcmp(buf, pattern_at(side->taken), len) == 0);
    side->taken += len;
    if (side->keeps)
        side->kept += len;
    *count = len;
    return IO_OK;
}

/* Sends all, some or nothing of what is kept, or breaks. */
static enum io_result
on_flush(struct stream *stream)
{
    struct side *side = side_of(stream);
    uint8_t word;
    size_t sent;

    if (side->kept == 0)
        return IO_OK;
    if (side->is_broken)
        return IO_ERROR;
    word = next(side->script, 0);
    side->is_broken = word >= 250;
    if (side->is_broken)
        return IO_ERROR;
    sent = word % 4 == 0 || word > side->kept ? side->kept : word;
    side->kept -= sent;
    return side->kept == 0 ? IO_OK : IO_AGAIN;
}

static enum io_result
on_end(struct stream *stream)
{
    struct side *side = side_of(stream);
    enum io_result result = on_flush(stream);

    require(!side->was_ended);
    require(side->other->finished == IO_EOF
            || side->other->finished == IO_TRUNCATED);
    require(side->taken == side->other->given);
    if (result != IO_OK)
        return result;
    if (next(side->script, 0) % 4 == 3)
        return IO_AGAIN;
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

/* What holds between two runs. */
static void
check_half(const struct relay_half *half, const struct side *from,
    const struct side *to)
{
    require(half->bytes == to->taken);
    require(to->taken <= from->given);
    require(half->discarded_bytes < RELAY_DISCARD_BYTES + FILL_BYTES);
    if (half->state == HALF_OPEN && to->taken == from->given)
        require(half->chunk == NULL);
    if (half->state != HALF_ENDED)
        require(!to->was_ended);
    if (half->state == HALF_ENDED)
        require(to->was_ended && to->kept == 0 && to->taken == from->given);
    if (half->state == HALF_CUT && !to->is_broken)
        require(to->kept == 0 && to->taken == from->given);
}

/* A client's end without a word is passed on only where that is allowed. */
static void
check_truncation(const struct relay *relay, const struct side *client,
    const struct side *backend, uint64_t taken_at_answer)
{
    if (relay->passes_truncation)
        return;
    require(backend->finished != IO_TRUNCATED || !client->was_ended);
    if (client->finished == IO_TRUNCATED && backend->was_ended)
        require(client->was_ended && backend->taken == taken_at_answer);
}

static void
run(struct relay *relay, struct side *client, struct side *backend)
{
    enum relay_result result = RELAY_WAIT;
    size_t runs = client->script->left + RUNS_AFTER_SCRIPT;
    uint64_t taken_at_answer = 0;

    for (; result != RELAY_DONE; runs--) {
        bool was_answered = client->was_ended;

        require(runs > 0);
        client->is_full = backend->is_full = false; /* events came */
        result = relay_run(relay);
        require(result != RELAY_NO_MEMORY);
        check_half(&relay->to_backend, client, backend);
        check_half(&relay->to_client, backend, client);
        if (!was_answered)
            taken_at_answer = backend->taken;
    }
    check_truncation(relay, client, backend, taken_at_answer);
    require(relay->to_backend.state != HALF_OPEN
            || relay->to_client.state == HALF_CUT);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {.at = data, .left = size};
    uint8_t mode = next(&script, 0);
    struct side client;
    struct side backend;
    struct pool pool;
    struct relay relay;

    init_side(&client, &script, &backend);
    init_side(&backend, &script, &client);
    client.keeps = (mode & 1) != 0;
    backend.keeps = (mode & 2) != 0;
    pool_init(&pool, FILL_BYTES);
    relay_init(&relay, &pool, &client.stream, &backend.stream, (mode & 4) != 0);
    run(&relay, &client, &backend);
    relay_deinit(&relay);
    require(pool.taken_count == 0);
    pool_deinit(&pool);
    return 0;
}
