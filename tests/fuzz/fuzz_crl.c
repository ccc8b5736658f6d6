/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzzes what is read of a revocation list, and its index: whatever is handed
 * out lies inside the input, and a serial number is found exactly when an
 * entry has it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certs/crl_internal.h"
#include "certs/secret.h"

/* NOLINTNEXTLINE(readability-identifier-naming): libFuzzer names it */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const time_t time_max = (time_t)1 << 38; /* beyond the year 9999 */

static void
require(bool is_true)
{
    if (!is_true)
        abort();
}

static void
check_inside(struct der part, const struct blob *whole)
{
    if (part.len == 0)
        return;
    require(part.data >= whole->data && part.len <= whole->len
            && (size_t)(part.data - whole->data) <= whole->len - part.len);
}

static void
check_time(time_t at)
{
    require(at > -time_max && at < time_max);
}

static void
check_parts(const struct crl_parts *parts, const struct blob *whole)
{
    check_inside(parts->signed_part, whole);
    check_inside(parts->algorithm, whole);
    check_inside(parts->signature, whole);
    check_inside(parts->issuer, whole);
    check_inside(parts->number, whole);
    check_inside(parts->entries, whole);
    check_time(parts->this_update);
    check_time(parts->next_update);
}

/* Between the dates, if there is such a moment. */
static time_t
current_moment(const struct crl_parts *parts)
{
    return parts->next_update != 0 && parts->next_update < parts->this_update
               ? parts->next_update
               : parts->this_update;
}

static void
check_answers(const struct crls *crls, const struct crl_parts *parts)
{
    static const uint8_t absent[] = {0x5a, 0x5a, 0x5a, 0x5a, 0x5a, 0x5a};
    const struct der nobody = {.data = absent, .len = sizeof(absent)};
    time_t now = current_moment(parts);
    struct der entries = parts->entries;
    struct crl_revoked revoked;
    struct crl_answer answer;
    const char *why = NULL;

    while (entries.len > 0) {
        require(crl_take_revoked(&entries, &revoked, &why) == CRL_READ);
        answer = crls_ask(crls, parts->issuer, revoked.serial, now);
        require(answer.verdict == CRL_REVOKED && answer.reason[0] != '\0');
        check_time(answer.when);
    }
    require(crls_ask(crls, nobody, nobody, now).verdict == CRL_ABSENT);
    answer = crls_ask(crls, parts->issuer, nobody, now);
    require(answer.verdict != CRL_ABSENT);
}

static void
check_index(const struct crl_parts *parts)
{
    struct crls crls = {.count = 1};
    enum crl_reading reading;
    struct report report;
    struct crl *crl;
    const char *why = NULL;

    crl = crl_new(parts, &reading, &why);
    require((crl != NULL) == (reading == CRL_READ));
    if (crl == NULL) {
        require(why != NULL && why[0] != '\0');
        return;
    }
    for (size_t i = 1; i < crl->count; i++)
        require(memcmp(&crl->entries[i - 1].serial, &crl->entries[i].serial,
                    sizeof(crl->entries[i].serial))
                <= 0);
    crl->path = strdup("fuzz");
    require(crl->path != NULL);
    crls.items = &crl;
    crls_arrange(&crls);
    check_answers(&crls, parts);
    report_init(&report);
    crls_judge(&crls, current_moment(parts), 30, &report);
    require(crls_next_update(&crls) == parts->next_update);
    report_deinit(&report);
    crl_free(crl);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum crl_reading reading;
    struct crl_parts parts;
    struct blob exact;
    const char *why = NULL;

    require(blob_copy(&exact, data, size) == 0);
    reading = crl_read(&parts, &exact, &why);
    require(why != NULL);
    require((reading == CRL_READ || reading == CRL_NONE) == (why[0] == '\0'));
    if (reading == CRL_READ || reading == CRL_FOREIGN) {
        check_parts(&parts, &exact);
        check_index(&parts);
    }
    blob_free(&exact);
    return 0;
}
