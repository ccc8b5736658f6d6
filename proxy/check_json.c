/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found, for machines: one JSON object. */
#include <stdio.h>
#include <unistd.h>

#include "certs/dates.h"
#include "certs/status.h"
#include "certs/x509.h"
#include "proxy/check_state.h"
#include "proxy/json.h"

enum {
    TEXT_BYTES_MAX = 64 * 1024 * 1024,
    ISO_BYTES = 32,
};

/* --- certificates -------------------------------------------------------- */

static void
put_date(struct json *json, const char *key, time_t at)
{
    char text[ISO_BYTES];
    struct tm utc;

    gmtime_r(&at, &utc);
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    json_put_string(json, key, text);
}

static void
put_info(struct json *json, const struct certificate_info *info, time_t now)
{
    json_put_string(json, "subject", info->subject);
    json_put_string(json, "issuer", info->issuer);
    json_put_string(json, "serial", info->serial);
    json_put_string(json, "fingerprint", info->fingerprint);
    put_date(json, "not_before", info->not_before);
    put_date(json, "not_after", info->not_after);
    json_put_int(json, "days_left", days_until(info->not_after, now));
}

static void
put_name(const char *name, void *json)
{
    json_put_string(json, NULL, name);
}

static void
put_names(struct json *json, const struct identity *identity)
{
    int error;
    struct x509 *leaf = x509_new(&identity->chain[0], &error);

    json_begin_array(json, "names");
    if (leaf != NULL)
        x509_each_name(leaf, put_name, json);
    json_end_array(json);
    x509_free(leaf);
}

static void
put_chain(struct json *json, const struct identity *identity, time_t now)
{
    json_begin_array(json, "chain");
    for (size_t i = 0; i < identity->chain_count; i++) {
        json_begin_object(json, NULL);
        put_info(json, &identity->info[i], now);
        json_end_object(json);
    }
    json_end_array(json);
}

static void
put_certificate(struct json *json, const struct check *check,
    const struct check_certificate *certificate)
{
    const struct identity *identity = certificate->identity;
    char words[STATUS_BYTES];

    json_begin_object(json, NULL);
    json_put_string(json, "name", certificate->settings->name);
    status_words(identity, check->now, check->config->reload.warn_days, words);
    json_put_string(json, "status", words);
    if (identity != NULL) {
        put_info(json, &identity->info[0], check->now);
        json_put_string(json, "key_type", check_key_type(identity->key_type));
        put_names(json, identity);
        put_chain(json, identity, check->now);
    }
    json_end_object(json);
}

/* --- services ------------------------------------------------------------ */

static void
put_addresses(
    struct json *json, const char *key, const struct address_list *list)
{
    char address[ADDRESS_TEXT_BYTES];

    json_begin_array(json, key);
    for (size_t i = 0; i < list->count; i++) {
        address_format(&list->items[i], address, sizeof(address));
        json_put_string(json, NULL, address);
    }
    json_end_array(json);
}

static void
put_certificate_name(
    const struct snapshot_identity *entry, uint32_t index, void *json)
{
    (void)index;
    json_put_string(json, NULL, entry->settings->name);
}

/* As configured; with those of a folder once they are known. */
static void
put_certificate_names(
    struct json *json, const struct check *check, size_t index)
{
    const struct string_list *names =
        &check->config->services[index].certificates;

    json_begin_array(json, "certificates");
    if (check->snapshot != NULL)
        snapshot_each_identity(
            check->snapshot, index, put_certificate_name, json);
    for (size_t i = 0; check->snapshot == NULL && i < names->count; i++)
        json_put_string(json, NULL, names->items[i]);
    json_end_array(json);
}

static void
put_command(struct json *json, const struct check *check, size_t index,
    const struct identity *identity)
{
    char command[CHECK_COMMAND_BYTES] = "";

    if (identity != NULL)
        check_command(check, index, identity, command);
    json_put_string(
        json, "verify_command", command[0] != '\0' ? command : NULL);
}

static void
put_service(struct json *json, const struct check *check, size_t index)
{
    const struct config_service *service = &check->config->services[index];
    const struct identity *identity =
        check->snapshot != NULL ? snapshot_identity(check->snapshot, index)
                                : NULL;
    char words[STATUS_BYTES];

    status_words(identity, check->now, check->config->reload.warn_days, words);
    json_begin_object(json, NULL);
    json_put_string(json, "name", service->name);
    json_put_string(json, "status", words);
    put_addresses(json, "listen", &service->listen);
    put_addresses(json, "backend", &service->backend);
    put_certificate_names(json, check, index);
    put_command(json, check, index, identity);
    json_end_object(json);
}

/* --- findings and rows --------------------------------------------------- */

static void
put_findings(struct json *json, const struct report *report)
{
    json_begin_array(json, "findings");
    for (size_t i = 0; i < report->count; i++) {
        const struct finding *finding = &report->items[i];
        const struct guide_entry *entry = guide_entry(finding->code);

        json_begin_object(json, NULL);
        json_put_string(json, "severity", severity_name(finding->severity));
        json_put_string(json, "code", guide_text(finding->code));
        json_put_string(json, "text", finding->text);
        json_put_string(json, "remedy", entry != NULL ? entry->remedy : NULL);
        json_end_object(json);
    }
    json_end_array(json);
}

static void
put_rows(struct json *json, const struct check *check)
{
    json_begin_array(json, "checks");
    for (size_t i = 0; i < check->row_count; i++) {
        const struct check_row *row = &check->rows[i];

        json_begin_object(json, NULL);
        json_put_string(json, "about", check_about_name(row->about));
        json_put_string(
            json, "name", row->subject[0] != '\0' ? row->subject : NULL);
        json_put_string(json, "check", row->name);
        json_put_string(json, "outcome",
            row->outcome == CHECK_SKIPPED ? "skipped"
                                          : check_outcome_name(row->outcome));
        json_put_string(json, "code", guide_text(row->code));
        json_put_string(json, "text", row->text);
        json_end_object(json);
    }
    json_end_array(json);
}

/* --- the whole ----------------------------------------------------------- */

static void
put_all(struct json *json, const struct check *check)
{
    const struct config *config = check->config;
    char verdict[CHECK_VERDICT_BYTES];

    check_verdict(check, verdict);
    json_begin_object(json, NULL);
    json_put_string(json, "verdict", verdict);
    json_put_int(json, "exit_code", check_exit_code(check));
    json_put_int(json, "uid", (int64_t)geteuid());
    json_put_int(json, "gid", (int64_t)getegid());
    json_begin_array(json, "services");
    for (size_t i = 0; config != NULL && i < config->service_count; i++)
        put_service(json, check, i);
    json_end_array(json);
    json_begin_array(json, "certificates");
    for (size_t i = 0; config != NULL && i < check->certificate_count; i++)
        put_certificate(json, check, &check->certificates[i]);
    json_end_array(json);
    put_findings(json, &check->report);
    put_rows(json, check);
    json_end_object(json);
}

int
check_print_json(const struct check *check)
{
    struct json json;
    bool is_written;

    json_init(&json, TEXT_BYTES_MAX);
    put_all(&json, check);
    is_written = !json.is_broken
                 && fwrite(json.text, 1, json.len, stdout) == json.len
                 && fputc('\n', stdout) != EOF && fflush(stdout) == 0;
    json_deinit(&json);
    if (is_written)
        return 0;
    (void)fprintf(stderr, "sidelock: error: the result cannot be written\n");
    return -1;
}
