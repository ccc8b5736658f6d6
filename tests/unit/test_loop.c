/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The loop's turns: each ready task once, then one handshake, then a look at
 * the sockets. What ran is noted as letters in the order in which it ran.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/loop.h"

enum {
    FILL_BYTES = 16 * 1024,
    NOTES_MAX = 1000,
};

static struct loop loop;
static char notes[NOTES_MAX + 1];
static size_t note_count;

struct job {
    struct task task;
    char letter;
    enum loop_queue queue;
    unsigned again;      /* so often it queues itself again */
    struct job *starts;  /* another that it queues, */
    struct job *removes; /* or takes out */
    bool frees_itself;
};

static void
note(char letter)
{
    assert_true(note_count < NOTES_MAX);
    notes[note_count++] = letter;
    notes[note_count] = '\0';
}

static void
on_task(struct task *task)
{
    struct job *job = (struct job *)(void *)task;

    assert_false(task->is_queued);
    note(job->letter);
    if (job->starts != NULL)
        loop_queue(&loop, &job->starts->task, job->starts->queue);
    if (job->removes != NULL)
        loop_unqueue(&loop, &job->removes->task);
    if (job->again > 0) {
        job->again--;
        loop_queue(&loop, &job->task, job->queue);
    }
    if (job->frees_itself)
        free(job);
}

static void
init_job(struct job *job, char letter, enum loop_queue queue)
{
    *job = (struct job){.letter = letter, .queue = queue};
    task_init(&job->task, on_task);
}

static void
queue(struct job *job)
{
    loop_queue(&loop, &job->task, job->queue);
}

static void
run_turns(int count)
{
    while (count-- > 0)
        assert_true(
            event_base_loop(loop.base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
}

static int
set_up(void **state)
{
    (void)state;
    note_count = 0;
    notes[0] = '\0';
    return loop_init(&loop, FILL_BYTES);
}

static int
tear_down(void **state)
{
    (void)state;
    loop_deinit(&loop);
    loop_deinit(&loop); /* a second time does nothing */
    return 0;
}

/* --- turns --------------------------------------------------------------- */

static void
nothing_runs_before_the_loop_turns(void **state)
{
    struct job a;

    (void)state;
    init_job(&a, 'a', QUEUE_READY);
    queue(&a);
    assert_true(a.task.is_queued);
    assert_string_equal(notes, "");
    run_turns(1);
    assert_string_equal(notes, "a");
    assert_false(a.task.is_queued);
}

static void
ready_tasks_run_in_order_and_once_each(void **state)
{
    struct job jobs[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        init_job(&jobs[i], (char)('a' + (int)i), QUEUE_READY);
        jobs[i].again = 2;
        queue(&jobs[i]);
    }
    run_turns(1);
    assert_string_equal(notes, "abc");
    run_turns(1);
    assert_string_equal(notes, "abcabc");
    run_turns(5);
    assert_string_equal(notes, "abcabcabc");
}

static void
one_handshake_step_is_made_per_turn(void **state)
{
    struct job handshakes[3];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        init_job(&handshakes[i], (char)('1' + (int)i), QUEUE_HANDSHAKES);
        queue(&handshakes[i]);
    }
    run_turns(1);
    assert_string_equal(notes, "1");
    run_turns(1);
    assert_string_equal(notes, "12");
    run_turns(5);
    assert_string_equal(notes, "123");
}

static void
streams_do_not_wait_for_many_handshakes(void **state)
{
    struct job handshakes[3];
    struct job stream;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        init_job(&handshakes[i], (char)('1' + (int)i), QUEUE_HANDSHAKES);
        queue(&handshakes[i]);
    }
    init_job(&stream, 's', QUEUE_READY);
    stream.again = 3;
    queue(&stream);
    run_turns(4);
    assert_string_equal(notes, "s1s2s3s");
}

static void
on_readable(evutil_socket_t fd, short events, void *arg)
{
    (void)fd;
    (void)events;
    (void)arg;
    note('.');
}

/* A bulk stream and a storm of handshakes leave the sockets their turn. */
static void
sockets_are_looked_at_between_two_turns(void **state)
{
    struct event readable;
    struct job stream;
    struct job handshake;
    int fds[2];

    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    event_assign(
        &readable, loop.base, fds[0], EV_READ | EV_PERSIST, on_readable, NULL);
    assert_int_equal(event_add(&readable, NULL), 0);
    init_job(&stream, 's', QUEUE_READY);
    stream.again = 2;
    init_job(&handshake, 'h', QUEUE_HANDSHAKES);
    handshake.again = 2;
    queue(&stream);
    queue(&handshake);
    run_turns(3);
    assert_string_equal(notes, ".sh.sh.sh");
    event_del(&readable);
    close(fds[0]);
    close(fds[1]);
}

/* With nothing queued no timer is left that would wake the worker. */
static void
idle_loop_sleeps(void **state)
{
    struct job a;

    (void)state;
    init_job(&a, 'a', QUEUE_READY);
    queue(&a);
    run_turns(1);
    assert_false(evtimer_pending(&loop.turn, NULL));
    assert_int_equal(
        event_base_get_num_events(loop.base, EVENT_BASE_COUNT_ADDED), 0);
    init_job(&a, 'b', QUEUE_HANDSHAKES);
    queue(&a);
    assert_true(evtimer_pending(&loop.turn, NULL));
    run_turns(1);
    assert_string_equal(notes, "ab");
    assert_false(evtimer_pending(&loop.turn, NULL));
}

/* --- queueing ------------------------------------------------------------ */

static void
queued_task_is_not_queued_again(void **state)
{
    struct job a;
    struct job b;

    (void)state;
    init_job(&a, 'a', QUEUE_READY);
    init_job(&b, 'b', QUEUE_READY);
    queue(&a);
    queue(&b);
    queue(&a);
    loop_queue(&loop, &a.task, QUEUE_HANDSHAKES);
    assert_int_equal(loop.queued_count[QUEUE_READY], 2);
    assert_int_equal(loop.queued_count[QUEUE_HANDSHAKES], 0);
    run_turns(3);
    assert_string_equal(notes, "ab");
}

static void
task_that_was_taken_out_does_not_run(void **state)
{
    struct job a;
    struct job b;

    (void)state;
    init_job(&a, 'a', QUEUE_READY);
    init_job(&b, 'b', QUEUE_HANDSHAKES);
    queue(&a);
    queue(&b);
    loop_unqueue(&loop, &a.task);
    loop_unqueue(&loop, &b.task);
    loop_unqueue(&loop, &b.task);
    assert_int_equal(loop.queued_count[QUEUE_READY], 0);
    assert_int_equal(loop.queued_count[QUEUE_HANDSHAKES], 0);
    run_turns(2);
    assert_string_equal(notes, "");
    queue(&b);
    run_turns(1);
    assert_string_equal(notes, "b");
}

static void
task_may_take_out_one_that_waits_in_the_same_turn(void **state)
{
    struct job a;
    struct job b;
    struct job c;

    (void)state;
    init_job(&a, 'a', QUEUE_READY);
    init_job(&b, 'b', QUEUE_READY);
    init_job(&c, 'c', QUEUE_READY);
    a.removes = &b;
    queue(&a);
    queue(&b);
    queue(&c);
    run_turns(2);
    assert_string_equal(notes, "ac");
}

static void
what_a_task_queues_comes_with_the_next_turn(void **state)
{
    struct job a;
    struct job b;

    (void)state;
    init_job(&a, 'a', QUEUE_READY);
    init_job(&b, 'b', QUEUE_READY);
    a.starts = &b;
    queue(&a);
    run_turns(1);
    assert_string_equal(notes, "a");
    run_turns(1);
    assert_string_equal(notes, "ab");
}

static void
task_may_free_itself(void **state)
{
    (void)state;
    for (int i = 0; i < QUEUE_COUNT; i++) {
        struct job *job = malloc(sizeof(*job));

        assert_non_null(job);
        init_job(job, 'x', (enum loop_queue)i);
        job->frees_itself = true;
        queue(job);
    }
    run_turns(2);
    assert_string_equal(notes, "xx");
}

static void
loop_has_a_pool(void **state)
{
    struct chunk *chunk;

    (void)state;
    chunk = pool_take(&loop.pool);
    assert_non_null(chunk);
    assert_int_equal(chunk_fill_room(&loop.pool, chunk), FILL_BYTES);
    pool_give(&loop.pool, chunk);
}

int
main(void)
{
#define IN_LOOP(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_LOOP(nothing_runs_before_the_loop_turns),
        IN_LOOP(ready_tasks_run_in_order_and_once_each),
        IN_LOOP(one_handshake_step_is_made_per_turn),
        IN_LOOP(streams_do_not_wait_for_many_handshakes),
        IN_LOOP(sockets_are_looked_at_between_two_turns),
        IN_LOOP(idle_loop_sleeps),
        IN_LOOP(queued_task_is_not_queued_again),
        IN_LOOP(task_that_was_taken_out_does_not_run),
        IN_LOOP(task_may_take_out_one_that_waits_in_the_same_turn),
        IN_LOOP(what_a_task_queues_comes_with_the_next_turn),
        IN_LOOP(task_may_free_itself),
        IN_LOOP(loop_has_a_pool),
    };
#undef IN_LOOP

    return cmocka_run_group_tests(tests, NULL, NULL);
}
