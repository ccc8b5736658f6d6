/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was found, for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "certs/dates.h"
#include "certs/status.h"
#include "proxy/check_state.h"

enum {
    /* With more certificates than these, only rows that are not ok. */
    CERTIFICATES_SHOWN = 20,
    WORD_WIDTH = 10,
};

/* --- the table ----------------------------------------------------------- */

/* Whoever fills a folder of certificates chooses names, too. */
static void
print_text(const char *text)
{
    char *line = text_one_line(text);

    (void)fputs(line != NULL ? line : "?", stdout);
    free(line);
}

static void
print_row(const struct check_row *row)
{
    const char *code = guide_text(row->code);

    (void)printf("  %-8s %s", check_outcome_name(row->outcome), row->name);
    if (row->text[0] != '\0') {
        (void)printf("%*s ", WORD_WIDTH - (int)strlen(row->name), "");
        print_text(row->text);
    }
    if (code != NULL)
        (void)printf(" [%s]", code);
    (void)printf("\n");
}

static void
print_rows(
    const struct check *check, enum check_about about, const char *subject)
{
    for (size_t i = 0; i < check->row_count; i++)
        if (check->rows[i].about == about
            && strcmp(check->rows[i].subject, subject) == 0)
            print_row(&check->rows[i]);
}

/* The rows of a certificate stand together. */
static void
print_certificates(const struct check *check)
{
    bool only_bad = check->certificate_count > CERTIFICATES_SHOWN;
    const char *last = NULL;

    for (size_t i = 0; i < check->row_count; i++) {
        const struct check_row *row = &check->rows[i];

        if (row->about != CHECK_CERTIFICATE
            || (only_bad && row->outcome < CHECK_WARNING))
            continue;
        if (row->subject != last) {
            (void)printf("certificate ");
            print_text(row->subject);
            (void)printf("\n");
        }
        last = row->subject;
        print_row(row);
    }
    if (only_bad)
        (void)printf("%zu certificates; what is not shown is ok\n",
            check->certificate_count);
}

static void
print_tables(const struct check *check)
{
    (void)printf("process\n");
    print_rows(check, CHECK_PROCESS, "");
    print_certificates(check);
    for (size_t i = 0;
         check->config != NULL && i < check->config->service_count; i++) {
        const char *name = check->config->services[i].name;

        (void)printf("service %s\n", name);
        print_rows(check, CHECK_SERVICE, name);
    }
}

/* --- findings ------------------------------------------------------------ */

static void
print_findings(const struct report *report)
{
    if (report->count > 0)
        (void)printf("\n");
    for (size_t i = 0; i < report->count; i++) {
        const struct guide_entry *entry = guide_entry(report->items[i].code);

        report_print_finding(stdout, "", &report->items[i]);
        if (entry != NULL)
            (void)printf("  remedy: %s\n", entry->remedy);
    }
    if (report->lost_count > 0)
        (void)printf("note: %zu more findings\n", report->lost_count);
}

/* --- what would be served ------------------------------------------------ */

static void
print_addresses(const char *word, const struct address_list *list)
{
    char address[ADDRESS_TEXT_BYTES];

    (void)printf("  %-12s", word);
    for (size_t i = 0; i < list->count; i++) {
        address_format(&list->items[i], address, sizeof(address));
        (void)printf("%s%s", i > 0 ? "; " : "", address);
    }
    (void)printf("\n");
}

static void
print_identity(
    const struct check *check, size_t index, const struct identity *identity)
{
    const struct certificate_info *leaf = &identity->info[0];
    char date[DATE_TEXT_BYTES];
    char command[CHECK_COMMAND_BYTES];

    date_format(identity_not_after(identity), date);
    (void)printf("  %-12s%s\n", "subject", leaf->subject);
    (void)printf("  %-12s%s\n", "issuer", leaf->issuer);
    (void)printf("  %-12s%s\n", "serial", leaf->serial);
    (void)printf("  %-12s%s\n", "valid until", date);
    check_command(check, index, identity, command);
    if (command[0] != '\0')
        (void)printf("  %-12s%s\n", "verify with", command);
}

static void
print_service(const struct check *check, size_t index)
{
    const struct config_service *service = &check->config->services[index];
    const struct identity *identity = snapshot_identity(check->snapshot, index);
    char words[STATUS_BYTES];

    status_words(identity, check->now, check->config->reload.warn_days, words);
    (void)printf("\nservice %s: %s\n", service->name, words);
    print_addresses("listens on", &service->listen);
    print_addresses("backend", &service->backend);
    if (identity != NULL)
        print_identity(check, index, identity);
    else
        (void)printf(
            "  %-12s%s\n", "missing", check->snapshot->services[index].reason);
}

void
check_print_table(const struct check *check)
{
    char verdict[CHECK_VERDICT_BYTES];

    print_tables(check);
    print_findings(&check->report);
    for (size_t i = 0;
         check->snapshot != NULL && i < check->config->service_count; i++)
        print_service(check, i);
    check_verdict(check, verdict);
    (void)printf("\n%s\n", verdict);
}
