/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The relay's two halves are the same code; only two questions look across:
 * whether an end without a word may count as an end, and when all is over.
 */
#include "proxy/relay.h"

#include <string.h>

/* What a step of a half asks its caller to do. */
enum step {
    STEP_GO,
    STEP_BLOCKED,
    STEP_NO_MEMORY
};

void
relay_init(struct relay *relay, struct pool *pool, struct stream *client,
    struct stream *backend, bool passes_truncation)
{
    *relay = (struct relay){
        .pool = pool,
        .to_backend = {.from = client, .to = backend},
        .to_client = {.from = backend, .to = client},
        .passes_truncation = passes_truncation,
    };
}

int
relay_begin_with(struct relay *relay, const uint8_t *data, size_t len)
{
    struct chunk *chunk = pool_take(relay->pool);

    if (chunk == NULL)
        return -1;
    memcpy(chunk_tail(chunk), data, len);
    chunk_fill(chunk, len);
    relay->to_backend.chunk = chunk;
    return 0;
}

static void
half_release(struct relay *relay, struct relay_half *half)
{
    pool_give(relay->pool, half->chunk);
    half->chunk = NULL;
}

void
relay_deinit(struct relay *relay)
{
    half_release(relay, &relay->to_backend);
    half_release(relay, &relay->to_client);
}

/* The target broke: what waits for it can go nowhere. */
static void
half_go_deaf(struct relay *relay, struct relay_half *half)
{
    half_release(relay, half);
    half->state = half->saw_eof || half->saw_cut ? HALF_DEAF_DONE : HALF_DEAF;
}

/* Writes the chunk out. STEP_GO: nothing waits any more. */
static enum step
half_write_out(struct relay *relay, struct relay_half *half)
{
    while (chunk_waiting(half->chunk) > 0) {
        size_t count = 0;
        enum io_result result = half->to->ops->write(half->to,
            chunk_head(half->chunk), chunk_waiting(half->chunk), &count);

        if (result == IO_AGAIN)
            return STEP_BLOCKED;
        if (result != IO_OK) {
            half_go_deaf(relay, half);
            return STEP_BLOCKED;
        }
        chunk_drain(half->chunk, count);
        half->bytes += count;
        half->moved = true;
    }
    return STEP_GO;
}

/*
 * Everything was written and the source is finished. An orderly end is passed
 * on; a cut is not, but the target must have all that came before. A target
 * that fails with bytes still kept has not had everything.
 */
static void
half_finish(struct relay *relay, struct relay_half *half)
{
    enum io_result result;

    half_release(relay, half);
    result = half->saw_eof ? half->to->ops->end(half->to)
                           : half->to->ops->flush(half->to);
    if (result == IO_AGAIN)
        return;
    if (half->saw_cut)
        half->state = HALF_CUT;
    else if (result == IO_OK)
        half->state = HALF_ENDED;
    else
        half_go_deaf(relay, half);
}

/*
 * Whether a client's FIN without close_notify counts as an orderly end: by
 * configuration, or when it cuts nothing off, because the backend has had its
 * last word and the client has sent nothing since.
 */
static bool
may_pass_truncation(const struct relay *relay, const struct relay_half *half)
{
    if (relay->passes_truncation)
        return true;
    return half == &relay->to_backend && relay->to_client.state == HALF_ENDED
           && half->bytes == relay->to_backend_at_end;
}

static void
half_take_end(
    struct relay *relay, struct relay_half *half, enum io_result result)
{
    if (result == IO_EOF) {
        half->saw_eof = true;
        return;
    }
    if (result == IO_TRUNCATED && may_pass_truncation(relay, half)) {
        half->saw_eof = true;
        half->was_truncated = true;
        return;
    }
    half->saw_cut = true;
}

/* Reads into the empty chunk. STEP_GO: there is something new to act on. */
static enum step
half_read_in(struct relay *relay, struct relay_half *half, size_t *budget)
{
    size_t count = 0;
    enum io_result result;

    if (half->chunk == NULL)
        half->chunk = pool_take(relay->pool);
    if (half->chunk == NULL)
        return STEP_NO_MEMORY;
    result = half->from->ops->read(half->from, chunk_tail(half->chunk),
        chunk_fill_room(relay->pool, half->chunk), &count);
    if (result == IO_AGAIN)
        return STEP_BLOCKED;
    if (result != IO_OK) {
        half_take_end(relay, half, result);
        return STEP_GO;
    }
    chunk_fill(half->chunk, count);
    if (count == 0)
        *budget = 0;
    else
        *budget -= count < *budget ? count : *budget;
    return STEP_GO;
}

/* Sends what the target keeps. True when the target failed here and the half
 * is deaf from now on. */
static bool
half_flush(struct relay *relay, struct relay_half *half)
{
    enum io_result result = half->to->ops->flush(half->to);

    if (result == IO_OK || result == IO_AGAIN || half->state != HALF_OPEN)
        return false;
    half_go_deaf(relay, half);
    return true;
}

/* A target that is full may only be waiting for its turn to send. */
static bool
can_take(struct relay *relay, struct relay_half *half)
{
    if (half->to->ops->can_write(half->to))
        return true;
    return !half_flush(relay, half) && half->to->ops->can_write(half->to);
}

/* One round of an open half: deliver, then finish or read more. */
static enum step
half_step(struct relay *relay, struct relay_half *half, size_t *budget)
{
    if (half_write_out(relay, half) != STEP_GO)
        return half->state == HALF_OPEN ? STEP_BLOCKED : STEP_GO;
    if (half->saw_eof || half->saw_cut) {
        half_finish(relay, half);
        return STEP_BLOCKED;
    }
    if (!can_take(relay, half))
        return half->state == HALF_OPEN ? STEP_BLOCKED : STEP_GO;
    return half_read_in(relay, half, budget);
}

/* One round of a deaf half: read and throw away. */
static enum step
half_discard(struct relay *relay, struct relay_half *half, size_t *budget)
{
    enum step step = half_read_in(relay, half, budget);

    if (step == STEP_GO && half->chunk != NULL) {
        half->discarded_bytes += chunk_waiting(half->chunk);
        chunk_drain(half->chunk, chunk_waiting(half->chunk));
    }
    if (half->saw_eof || half->saw_cut
        || half->discarded_bytes >= RELAY_DISCARD_BYTES)
        half->state = HALF_DEAF_DONE;
    return step;
}

/* Runs one half until it blocks, ends, or its budget is spent. */
static enum relay_result
half_run(struct relay *relay, struct relay_half *half)
{
    size_t budget = RELAY_BUDGET_BYTES;
    enum step step = STEP_GO;

    half->moved = false;
    while (step == STEP_GO && budget > 0) {
        if (half->state == HALF_OPEN)
            step = half_step(relay, half, &budget);
        else if (half->state == HALF_DEAF)
            step = half_discard(relay, half, &budget);
        else
            step = STEP_BLOCKED;
    }
    if (chunk_waiting(half->chunk) == 0)
        half_release(relay, half);
    if (step == STEP_NO_MEMORY)
        return RELAY_NO_MEMORY;
    return step == STEP_GO ? RELAY_MORE : RELAY_WAIT;
}

/*
 * A cut source ends the whole relay: its other half has nobody to talk to. A
 * deaf backend does not: the client may still have an answer to read, and may
 * first have to get rid of what it wants to say. A deaf client is gone; only
 * what it had said before still has to reach the backend.
 */
static bool
is_over(const struct relay *relay)
{
    const struct relay_half *up = &relay->to_backend;
    const struct relay_half *down = &relay->to_client;

    if (up->state == HALF_CUT || down->state == HALF_CUT)
        return true;
    if (up->state == HALF_OPEN || down->state == HALF_OPEN)
        return false;
    return up->state != HALF_DEAF;
}

enum relay_result
relay_run(struct relay *relay)
{
    bool was_open = relay->to_client.state == HALF_OPEN;
    enum relay_result up = half_run(relay, &relay->to_backend);
    enum relay_result down = half_run(relay, &relay->to_client);
    bool fell_deaf = half_flush(relay, &relay->to_backend);

    fell_deaf |= half_flush(relay, &relay->to_client);
    if (was_open && relay->to_client.state == HALF_ENDED)
        relay->to_backend_at_end = relay->to_backend.bytes;
    if (is_over(relay))
        return RELAY_DONE;
    if (up == RELAY_NO_MEMORY || down == RELAY_NO_MEMORY)
        return RELAY_NO_MEMORY;
    if (up == RELAY_MORE || down == RELAY_MORE || fell_deaf)
        return RELAY_MORE;
    return RELAY_WAIT;
}

bool
relay_is_half_closed(const struct relay *relay)
{
    return relay->to_backend.state != HALF_OPEN
           || relay->to_client.state != HALF_OPEN;
}

bool
relay_moved(const struct relay *relay)
{
    return relay->to_backend.moved || relay->to_client.moved;
}
