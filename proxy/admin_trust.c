/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who vouches for the clients of a service, and until when: its CAs, and their
 * revocation lists. */
#include <stdio.h>

#include "certs/dates.h"
#include "proxy/admin_status.h"

/* NULL: clients are not asked for a certificate. */
static const struct admission *
admission_of(const struct server *server, size_t service_index)
{
    return server->snapshot->services[service_index].admission;
}

/* --- for programs -------------------------------------------------------- */

static void
put_cas(struct json *json, const struct trust *trust)
{
    size_t count = 0;

    json_begin_array(json, "cas");
    for (; count < trust->ca_count; count++) {
        const struct certificate_info *info = &trust->info[count];

        if (json_room(json) < ADMIN_ROOM_FOR_THE_REST)
            break;
        json_begin_object(json, NULL);
        json_put_string(json, "subject", info->subject);
        json_put_string(json, "fingerprint", info->fingerprint);
        admin_put_time(json, "not_before", info->not_before);
        admin_put_time(json, "not_after", info->not_after);
        json_end_object(json);
    }
    json_end_array(json);
    json_put_int(json, "cas_left_out", (int64_t)(trust->ca_count - count));
}

static void
put_list(struct json *json, const struct crl_facts *facts)
{
    json_begin_object(json, NULL);
    json_put_string(json, "issuer", facts->issuer);
    json_put_string(json, "file", facts->path);
    json_put_int(json, "revoked", (int64_t)facts->revoked_count);
    admin_put_time(json, "this_update", facts->this_update);
    if (facts->next_update != 0)
        admin_put_time(json, "next_update", facts->next_update);
    else
        json_put_null(json, "next_update");
    json_end_object(json);
}

static void
put_lists(struct json *json, const struct crls *crls)
{
    size_t total = crls != NULL ? crls_count(crls) : 0;
    size_t count = 0;

    json_begin_array(json, "revocation_lists");
    for (; count < total; count++) {
        struct crl_facts facts = crls_at(crls, count);

        if (json_room(json) < ADMIN_ROOM_FOR_THE_REST)
            break;
        put_list(json, &facts);
    }
    json_end_array(json);
    json_put_int(json, "revocation_lists_left_out", (int64_t)(total - count));
}

void
admin_put_trust(
    struct json *json, const struct server *server, size_t service_index)
{
    const struct admission *admission = admission_of(server, service_index);

    if (admission == NULL) {
        json_put_null(json, "clients");
        return;
    }
    json_begin_object(json, "clients");
    json_put_bool(json, "required", admission->is_required);
    put_cas(json, admission->trust);
    put_lists(json, admission->crls);
    json_end_object(json);
}

/* --- for people ---------------------------------------------------------- */

static void
print_cas(FILE *out, const struct trust *trust, time_t now)
{
    const struct certificate_info *first = &trust->info[0];
    char until[DATE_TEXT_BYTES];

    for (size_t i = 1; i < trust->ca_count; i++)
        if (trust->info[i].not_after < first->not_after)
            first = &trust->info[i];
    date_format(first->not_after, until);
    (void)fprintf(out, "  %-12s", "client CAs");
    if (trust->ca_count > 1)
        (void)fprintf(out, "%zu; the first to end: ", trust->ca_count);
    (void)fprintf(out, "\"%s\", %s %s\n", first->subject,
        now > first->not_after ? "expired on" : "valid until", until);
}

static void
print_lists(FILE *out, const struct crls *crls, time_t now)
{
    size_t count = crls_count(crls);
    time_t next = crls_next_update(crls);
    char due[DATE_TEXT_BYTES];
    size_t revoked = 0;

    for (size_t i = 0; i < count; i++)
        revoked += crls_at(crls, i).revoked_count;
    (void)fprintf(out, "  %-12s%zu list%s, %zu serial number%s; ", "revocation",
        count, count == 1 ? "" : "s", revoked, revoked == 1 ? "" : "s");
    if (next == 0) {
        (void)fprintf(out, "none says when the next one is due\n");
        return;
    }
    date_format(next, due);
    (void)fprintf(
        out, "the next %s due on %s\n", now > next ? "was" : "is", due);
}

void
admin_print_trust(FILE *out, const struct server *server, size_t service_index)
{
    const struct admission *admission = admission_of(server, service_index);
    time_t now = time(NULL);

    if (admission == NULL)
        return;
    if (admission->trust->ca_count > 0)
        print_cas(out, admission->trust, now);
    if (admission->crls != NULL && crls_count(admission->crls) > 0)
        print_lists(out, admission->crls, now);
}
