/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The scaffolding of the tests of config/: a directory, a file, a load and
 * its findings.
 */
#include "tests/unit/config_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

const char good_ini[] = "[service]\n"
                        "listen = 127.0.0.1:8443\n"
                        "backend = 127.0.0.1:8080\n"
                        "\n"
                        "[certificate]\n"
                        "cert = server.pem\n";

static char directory[] = "/tmp/sidelock-unit-XXXXXX";

int
fixture_start(void **state)
{
    (void)state;
    if (mkdtemp(directory) == NULL)
        return -1;
    return chdir(directory);
}

int
fixture_stop(void **state)
{
    (void)state;
    unlink("test.ini");
    if (chdir("/") < 0)
        return -1;
    return rmdir(directory);
}

void
write_file(const char *path, const char *text, size_t len)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

void
load_source(struct loaded *loaded, const struct config_source *source)
{
    report_init(&loaded->report);
    loaded->config = config_load(source, &loaded->report);
}

void
load_text(struct loaded *loaded, const char *text)
{
    const struct config_source source = {.path = "test.ini"};

    write_file("test.ini", text, strlen(text));
    load_source(loaded, &source);
}

void
load_good_with(struct loaded *loaded, const char *lines)
{
    size_t cap = strlen(good_ini) + strlen(lines) + 1;
    char *text = malloc(cap);

    assert_non_null(text);
    snprintf(text, cap, "%s%s", good_ini, lines);
    load_text(loaded, text);
    free(text);
}

static size_t
count_texts(const char *const *texts)
{
    size_t count = 0;

    while (texts != NULL && texts[count] != NULL)
        count++;
    return count;
}

/* The environment's strings are not const: copies are made. */
void
load_overridden(struct loaded *loaded, const char *path,
    const char *const *sets, const char *const *variables)
{
    size_t count = count_texts(variables);
    char **environment = calloc(count + 1, sizeof(*environment));
    const struct config_source source = {
        .path = path,
        .sets = sets,
        .set_count = count_texts(sets),
        .environ = environment,
    };

    assert_non_null(environment);
    for (size_t i = 0; i < count; i++)
        environment[i] = strdup(variables[i]);
    load_source(loaded, &source);
    for (size_t i = 0; i < count; i++)
        free(environment[i]);
    free(environment);
}

void
unload(struct loaded *loaded)
{
    config_free(loaded->config);
    report_deinit(&loaded->report);
}

static void
print_findings(const struct loaded *loaded)
{
    for (size_t i = 0; i < loaded->report.count; i++)
        print_message("  %s: %s\n",
            severity_name(loaded->report.items[i].severity),
            loaded->report.items[i].text);
}

void
assert_loaded(const struct loaded *loaded)
{
    if (loaded->config == NULL || loaded->report.error_count > 0) {
        print_findings(loaded);
        fail_msg("the configuration was refused");
    }
}

void
assert_finding(
    const struct loaded *loaded, enum severity severity, const char *text_part)
{
    for (size_t i = 0; i < loaded->report.count; i++) {
        const struct finding *finding = &loaded->report.items[i];

        if (finding->severity == severity
            && strstr(finding->text, text_part) != NULL)
            return;
    }
    print_findings(loaded);
    fail_msg("no %s has the text: %s", severity_name(severity), text_part);
}

void
assert_refused(const struct loaded *loaded, const char *text_part)
{
    assert_finding(loaded, SEVERITY_ERROR, text_part);
    assert_null(loaded->config);
}

void
assert_finding_count(const struct loaded *loaded, size_t count)
{
    if (loaded->report.count != count) {
        print_findings(loaded);
        fail_msg("%zu findings where %zu belong", loaded->report.count, count);
    }
}
