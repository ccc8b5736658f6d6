/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ticket keys: what opens which ticket, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "certs/snapshot.h"
#include "certs/tickets.h"

enum {
    CONTENT_BYTES = 100
};

static const uint8_t binding[TICKET_BINDING_BYTES] = "service web";
static const uint8_t other_binding[TICKET_BINDING_BYTES] = "service mail";

/* A sealed ticket, with what it takes to open it. */
struct sealed {
    struct ticket_ring *ring;
    struct ticket_keys *keys;
    struct ticket_envelope envelope;
    uint8_t content[CONTENT_BYTES];
};

static void
fill(uint8_t content[CONTENT_BYTES])
{
    for (size_t i = 0; i < CONTENT_BYTES; i++)
        content[i] = (uint8_t)i;
}

static void
seal(struct sealed *sealed)
{
    sealed->ring = ticket_ring_rotate(NULL);
    assert_non_null(sealed->ring);
    sealed->keys = ticket_keys_new(binding);
    assert_non_null(sealed->keys);
    fill(sealed->content);
    assert_int_equal(ticket_seal(sealed->keys, sealed->ring, &sealed->envelope,
                         sealed->content, CONTENT_BYTES),
        TICKET_OK);
}

static void
discard(struct sealed *sealed)
{
    ticket_keys_free(sealed->keys);
    ticket_ring_unref(sealed->ring);
}

static void
rotate(struct sealed *sealed)
{
    struct ticket_ring *next = ticket_ring_rotate(sealed->ring);

    assert_non_null(next);
    ticket_ring_unref(sealed->ring);
    sealed->ring = next;
}

/* Opens a copy, so that it can be opened again. */
static enum ticket_result
open_with(
    const struct sealed *sealed, struct ticket_keys *keys, uint8_t *content)
{
    memcpy(content, sealed->content, CONTENT_BYTES);
    return ticket_open(
        keys, sealed->ring, &sealed->envelope, content, CONTENT_BYTES);
}

static void
opens_as(const struct sealed *sealed, enum ticket_result result)
{
    uint8_t content[CONTENT_BYTES];
    uint8_t expected[CONTENT_BYTES];

    assert_int_equal(open_with(sealed, sealed->keys, content), result);
    fill(expected);
    if (result != TICKET_REJECT)
        assert_memory_equal(content, expected, CONTENT_BYTES);
}

static void
what_was_sealed_opens(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    opens_as(&sealed, TICKET_OK);
    discard(&sealed);
}

static void
content_is_not_readable_in_a_ticket(void **state)
{
    struct sealed sealed;
    uint8_t plain[CONTENT_BYTES];

    (void)state;
    seal(&sealed);
    fill(plain);
    assert_memory_not_equal(sealed.content, plain, 16);
    discard(&sealed);
}

static void
equal_contents_make_different_tickets(void **state)
{
    struct sealed sealed;
    struct ticket_envelope again;
    uint8_t content[CONTENT_BYTES];

    (void)state;
    seal(&sealed);
    fill(content);
    assert_int_equal(
        ticket_seal(sealed.keys, sealed.ring, &again, content, CONTENT_BYTES),
        TICKET_OK);
    assert_memory_not_equal(again.iv, sealed.envelope.iv, 12);
    assert_memory_not_equal(content, sealed.content, CONTENT_BYTES);
    discard(&sealed);
}

static void
another_worker_of_the_same_binding_opens_it(void **state)
{
    struct sealed sealed;
    struct ticket_keys *keys = ticket_keys_new(binding);
    uint8_t content[CONTENT_BYTES];

    (void)state;
    seal(&sealed);
    assert_int_equal(open_with(&sealed, keys, content), TICKET_OK);
    ticket_keys_free(keys);
    discard(&sealed);
}

static void
another_binding_does_not_open_it(void **state)
{
    struct sealed sealed;
    struct ticket_keys *keys = ticket_keys_new(other_binding);
    uint8_t content[CONTENT_BYTES];

    (void)state;
    seal(&sealed);
    assert_int_equal(open_with(&sealed, keys, content), TICKET_REJECT);
    ticket_keys_free(keys);
    discard(&sealed);
}

static void
another_ring_does_not_open_it(void **state)
{
    struct sealed sealed;
    struct ticket_ring *other = ticket_ring_rotate(NULL);
    struct ticket_ring *own;

    (void)state;
    seal(&sealed);
    own = sealed.ring;
    sealed.ring = other;
    opens_as(&sealed, TICKET_REJECT);
    sealed.ring = own;
    ticket_ring_unref(other);
    discard(&sealed);
}

/* --- tampering ----------------------------------------------------------- */

/* Each bit of field[len], which belongs to sealed, is proven. */
static void
each_bit_counts(struct sealed *sealed, uint8_t *field, size_t len)
{
    for (size_t bit = 0; bit < len * 8; bit++) {
        field[bit / 8] ^= (uint8_t)(1 << bit % 8);
        opens_as(sealed, TICKET_REJECT);
        field[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    opens_as(sealed, TICKET_OK);
}

static void
changed_name_is_rejected(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    each_bit_counts(&sealed, sealed.envelope.name, TICKET_NAME_BYTES);
    discard(&sealed);
}

static void
changed_iv_is_rejected(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    each_bit_counts(&sealed, sealed.envelope.iv, TICKET_IV_BYTES);
    discard(&sealed);
}

static void
changed_mac_is_rejected(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    each_bit_counts(&sealed, sealed.envelope.mac, TICKET_MAC_BYTES);
    discard(&sealed);
}

static void
changed_content_is_rejected(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    each_bit_counts(&sealed, sealed.content, CONTENT_BYTES);
    discard(&sealed);
}

static void
cut_content_is_rejected(void **state)
{
    struct sealed sealed;
    uint8_t content[CONTENT_BYTES];

    (void)state;
    seal(&sealed);
    for (size_t len = 0; len < CONTENT_BYTES; len++) {
        memcpy(content, sealed.content, CONTENT_BYTES);
        assert_int_equal(ticket_open(sealed.keys, sealed.ring, &sealed.envelope,
                             content, len),
            TICKET_REJECT);
    }
    discard(&sealed);
}

/* --- rotation ------------------------------------------------------------ */

static void
after_one_rotation_it_is_renewed(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    rotate(&sealed);
    opens_as(&sealed, TICKET_RENEW);
    discard(&sealed);
}

static void
after_two_rotations_it_is_rejected(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    rotate(&sealed);
    rotate(&sealed);
    opens_as(&sealed, TICKET_REJECT);
    discard(&sealed);
}

/* The keys that a context has derived follow the ring, however often. */
static void
derived_keys_follow_each_rotation(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    for (int i = 0; i < 20; i++) {
        rotate(&sealed);
        opens_as(&sealed, TICKET_RENEW);
        fill(sealed.content);
        assert_int_equal(ticket_seal(sealed.keys, sealed.ring, &sealed.envelope,
                             sealed.content, CONTENT_BYTES),
            TICKET_OK);
        opens_as(&sealed, TICKET_OK);
    }
    discard(&sealed);
}

/* A worker that has not used its keys for some rotations still can. */
static void
keys_that_slept_over_rotations_work(void **state)
{
    struct sealed sealed;
    struct ticket_keys *sleeper = ticket_keys_new(binding);
    uint8_t content[CONTENT_BYTES];

    (void)state;
    seal(&sealed);
    assert_int_equal(open_with(&sealed, sleeper, content), TICKET_OK);
    for (int i = 0; i < 3; i++)
        rotate(&sealed);
    fill(sealed.content);
    assert_int_equal(ticket_seal(sealed.keys, sealed.ring, &sealed.envelope,
                         sealed.content, CONTENT_BYTES),
        TICKET_OK);
    assert_int_equal(open_with(&sealed, sleeper, content), TICKET_OK);
    rotate(&sealed);
    assert_int_equal(open_with(&sealed, sleeper, content), TICKET_RENEW);
    ticket_keys_free(sleeper);
    discard(&sealed);
}

/* A worker may hold the old ring for a while yet. */
static void
old_ring_opens_until_it_is_given_up(void **state)
{
    struct sealed sealed;
    struct ticket_ring *next;

    (void)state;
    seal(&sealed);
    next = ticket_ring_rotate(sealed.ring);
    ticket_ring_unref(next);
    opens_as(&sealed, TICKET_OK);
    discard(&sealed);
}

static void
each_reference_keeps_a_ring(void **state)
{
    struct sealed sealed;

    (void)state;
    seal(&sealed);
    assert_ptr_equal(ticket_ring_ref(sealed.ring), sealed.ring);
    ticket_ring_unref(sealed.ring);
    opens_as(&sealed, TICKET_OK);
    discard(&sealed);
}

static void
nothing_is_freed_of_null(void **state)
{
    (void)state;
    ticket_ring_unref(NULL);
    ticket_keys_free(NULL);
}

static int
start(void **state)
{
    (void)state;
    return certs_init();
}

static int
stop(void **state)
{
    (void)state;
    certs_deinit();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_sealed_opens),
        cmocka_unit_test(content_is_not_readable_in_a_ticket),
        cmocka_unit_test(equal_contents_make_different_tickets),
        cmocka_unit_test(another_worker_of_the_same_binding_opens_it),
        cmocka_unit_test(another_binding_does_not_open_it),
        cmocka_unit_test(another_ring_does_not_open_it),
        cmocka_unit_test(changed_name_is_rejected),
        cmocka_unit_test(changed_iv_is_rejected),
        cmocka_unit_test(changed_mac_is_rejected),
        cmocka_unit_test(changed_content_is_rejected),
        cmocka_unit_test(cut_content_is_rejected),
        cmocka_unit_test(after_one_rotation_it_is_renewed),
        cmocka_unit_test(after_two_rotations_it_is_rejected),
        cmocka_unit_test(derived_keys_follow_each_rotation),
        cmocka_unit_test(keys_that_slept_over_rotations_work),
        cmocka_unit_test(old_ring_opens_until_it_is_given_up),
        cmocka_unit_test(each_reference_keeps_a_ring),
        cmocka_unit_test(nothing_is_freed_of_null),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
