/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * File, environment and --set: how each names a key, which of them wins, and
 * which service a section holds for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/config_fixture.h"

static struct loaded loaded;

static int
teardown(void **state)
{
    (void)state;
    unload(&loaded);
    memset(&loaded, 0, sizeof(loaded));
    return 0;
}

#define SETS(...)      ((const char *const[]){__VA_ARGS__, NULL})
#define VARIABLES(...) SETS(__VA_ARGS__)

static void
override(const char *const *sets, const char *const *variables)
{
    write_file("test.ini", good_ini, strlen(good_ini));
    load_overridden(&loaded, "test.ini", sets, variables);
}

static const struct config_service *
service(void)
{
    assert_loaded(&loaded);
    return &loaded.config->services[0];
}

static void
sets_alone_make_a_configuration(void **state)
{
    (void)state;
    load_overridden(&loaded, NULL,
        SETS("service.listen=127.0.0.1:8443", "service.backend=127.0.0.1:8080",
            "certificate.cert=a.pem"),
        NULL);
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->services[0].name, "default");
    assert_string_equal(
        loaded.config->services[0].certificates.items[0], "default");
}

static void
variables_alone_make_a_configuration(void **state)
{
    (void)state;
    load_overridden(&loaded, NULL, NULL,
        VARIABLES("PATH=/bin", "SIDELOCK_SERVICE_LISTEN=127.0.0.1:8443",
            "SIDELOCK_SERVICE_BACKEND=127.0.0.1:8080",
            "SIDELOCK_CERTIFICATE_CERT=a.pem"));
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].cert, "a.pem");
}

static void
a_variable_beats_the_file_and_set_beats_both(void **state)
{
    (void)state;
    override(NULL, VARIABLES("SIDELOCK_CERTIFICATE_CERT=env.pem"));
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].cert, "env.pem");
    teardown(state);
    override(SETS("certificate.cert=set.pem"),
        VARIABLES("SIDELOCK_CERTIFICATE_CERT=env.pem"));
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].cert, "set.pem");
}

static void
a_wrong_override_is_named_with_its_origin(void **state)
{
    (void)state;
    override(SETS("timeouts.idle=5"), NULL);
    assert_refused(&loaded, "--set timeouts.idle: [timeouts] idle = 5: write");
    teardown(state);
    override(NULL, VARIABLES("SIDELOCK_TIMEOUTS_IDLE=5"));
    assert_refused(&loaded,
        "environment SIDELOCK_TIMEOUTS_IDLE: [timeouts] idle = 5: write");
}

static void
a_wrong_value_can_be_overridden(void **state)
{
    static const char text[] = "[timeouts]\nidle = 5\n[service]\nlisten = :1\n"
                               "backend = unix:/a\n[certificate]\ncert = a\n";

    (void)state;
    write_file("test.ini", text, strlen(text));
    load_overridden(&loaded, "test.ini", SETS("timeouts.idle=5s"), NULL);
    assert_int_equal(service()->timeouts.idle_ms, 5000);
}

static void
a_set_trims_blanks_and_keeps_equals_signs(void **state)
{
    (void)state;
    override(SETS(" certificate.key =  a=b.pem \n"), NULL);
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[0].key, "a=b.pem");
}

static void
a_set_may_name_its_section_and_the_name_may_hold_dots(void **state)
{
    (void)state;
    override(SETS("service.web.v1.0.listen=127.0.0.1:1",
                 "service.web.v1.0.backend=127.0.0.1:2"),
        NULL);
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->services[1].name, "web.v1.0");
}

static void
what_is_no_set_is_refused_with_the_form(void **state)
{
    static const char *const texts[] = {"", "service", "service.listen",
        "service=1", ".listen=1", "service.=1", "service..listen=1", "=1"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        override(SETS(texts[i]), NULL);
        assert_refused(
            &loaded, ": write section.key=value or section.NAME.key=value");
        assert_finding_count(&loaded, 1);
        teardown(state);
    }
}

static void
a_mistyped_set_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    override(SETS("servce.listen=127.0.0.1:1"), NULL);
    assert_refused(&loaded, "--set servce.listen: unknown section [servce]:"
                            " did you mean 'service'?");
    teardown(state);
    override(SETS("service.web.listn=127.0.0.1:1"), NULL);
    assert_refused(&loaded, "--set service.web.listn: unknown key 'listn' in"
                            " [service]: did you mean 'listen'?");
    /* No service "web" came to be, which would lack a listen address. */
    assert_finding_count(&loaded, 1);
}

static void
one_key_set_twice_is_refused(void **state)
{
    (void)state;
    override(SETS("service.backend=127.0.0.1:1", "service.backend=127.0.0.1:2"),
        NULL);
    assert_refused(&loaded,
        "--set service.backend: backend was already set at --set"
        " service.backend: separate the items of a list by ';'");
    teardown(state);
    override(NULL, VARIABLES("SIDELOCK_CERTIFICATE_KEY=a",
                       "SIDELOCK_CERTIFICATE__DEFAULT__KEY=b"));
    assert_refused(&loaded, "environment SIDELOCK_CERTIFICATE__DEFAULT__KEY:"
                            " key was already set at environment"
                            " SIDELOCK_CERTIFICATE_KEY");
}

static void
variables_reach_keys_with_underscores(void **state)
{
    (void)state;
    override(NULL, VARIABLES("SIDELOCK_TLS_MIN_VERSION=1.3",
                       "SIDELOCK_TIMEOUTS_HALF_CLOSED=5s"));
    assert_int_equal(service()->tls.min_version, TLS_VERSION_1_3);
    assert_int_equal(service()->timeouts.half_closed_ms, 5000);
}

static void
a_variable_finds_a_section_whose_name_it_cannot_write(void **state)
{
    (void)state;
    override(SETS("certificate.Web-1.example.cert=a.pem",
                 "service.default.certificate=default"),
        VARIABLES("SIDELOCK_CERTIFICATE__WEB_1_EXAMPLE__KEY=b.pem"));
    assert_loaded(&loaded);
    assert_int_equal(loaded.config->certificate_count, 2);
    assert_string_equal(loaded.config->certificates[1].name, "Web-1.example");
    assert_string_equal(loaded.config->certificates[1].key, "b.pem");
}

static void
a_variable_makes_a_section_in_lower_case(void **state)
{
    (void)state;
    override(NULL, VARIABLES("SIDELOCK_CERTIFICATE__My_Web__CERT=b.pem",
                       "SIDELOCK_SERVICE_CERTIFICATE=my_web"));
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->certificates[1].name, "my_web");
}

static void
a_variable_may_mean_one_section_only(void **state)
{
    (void)state;
    override(SETS("certificate.web-1.cert=a.pem", "certificate.web.1.cert=b",
                 "service.certificate=default"),
        VARIABLES("SIDELOCK_CERTIFICATE__WEB_1__KEY=b.pem"));
    assert_refused(&loaded,
        "environment SIDELOCK_CERTIFICATE__WEB_1__KEY: more than one"
        " [certificate] may be meant: use --set for it");
}

static void
variables_for_a_service_find_it_whatever_their_order(void **state)
{
    (void)state;
    override(NULL, VARIABLES("SIDELOCK_TLS__APP__MIN_VERSION=1.3",
                       "SIDELOCK_SERVICE__APP__BACKEND=127.0.0.1:2",
                       "SIDELOCK_SERVICE__APP__LISTEN=127.0.0.1:1"));
    assert_loaded(&loaded);
    assert_int_equal(
        loaded.config->services[1].tls.min_version, TLS_VERSION_1_3);
    assert_int_equal(
        loaded.config->services[0].tls.min_version, TLS_VERSION_1_2);
    teardown(state);
    override(SETS("service.App-1.listen=127.0.0.1:1",
                 "service.App-1.backend=127.0.0.1:2"),
        VARIABLES("SIDELOCK_TLS__APP_1__MIN_VERSION=1.3"));
    assert_loaded(&loaded);
    assert_int_equal(
        loaded.config->services[1].tls.min_version, TLS_VERSION_1_3);
}

static void
an_unknown_variable_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    override(NULL, VARIABLES("SIDELOCK_SERVICE_LISTN=127.0.0.1:1"));
    assert_refused(&loaded,
        "environment: unknown variable SIDELOCK_SERVICE_LISTN: did you mean"
        " 'SIDELOCK_SERVICE_LISTEN'?");
    assert_finding_count(&loaded, 1);
}

static void
what_is_no_variable_of_ours_is_refused(void **state)
{
    static const char *const names[] = {"SIDELOCK_=1", "SIDELOCK_SERVICE=1",
        "SIDELOCK_SERVICE_=1", "SIDELOCK_SERVICE__=1",
        "SIDELOCK_SERVICE__WEB=1", "SIDELOCK_SERVICE____LISTEN=1",
        "SIDELOCK_SERVICE__WEB__=1", "SIDELOCK__SERVICE_LISTEN=1"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        override(NULL, VARIABLES(names[i]));
        assert_refused(&loaded, "environment: unknown variable SIDELOCK_");
        assert_finding_count(&loaded, 1);
        teardown(state);
    }
}

static void
variables_of_other_purpose_are_left_alone(void **state)
{
    (void)state;
    override(NULL, VARIABLES("SIDELOCK_CACHE=/x", "SIDELOCK_CONFIG=/y",
                       "SIDELOCK_WOLFSSL_ROOT=/z", "SIDELOCKED=1", "SIDELOCK=1",
                       "SIDELOCK_NOEQUALS"));
    assert_loaded(&loaded);
    assert_finding_count(&loaded, 0);
}

/* A Service named "sidelock" makes Kubernetes set these in every pod. */
static void
variables_of_kubernetes_do_not_stop_the_start(void **state)
{
    (void)state;
    override(NULL,
        VARIABLES("SIDELOCK_SERVICE_HOST=10.0.0.1", "SIDELOCK_SERVICE_PORT=443",
            "SIDELOCK_SERVICE_PORT_HTTPS=443",
            "SIDELOCK_PORT=tcp://10.0.0.1:443",
            "SIDELOCK_PORT_443_TCP=tcp://10.0.0.1:443",
            "SIDELOCK_PORT_443_TCP_PROTO=tcp", "SIDELOCK_PORT_443_TCP_PORT=443",
            "SIDELOCK_PORT_443_TCP_ADDR=10.0.0.1"));
    assert_loaded(&loaded);
    assert_finding(&loaded, SEVERITY_NOTE,
        "environment: 8 variables such as SIDELOCK_SERVICE_HOST are taken for"
        " those by which Kubernetes describes a Service");
    assert_finding_count(&loaded, 1);
}

static void
a_service_may_be_named_like_a_variable_of_kubernetes(void **state)
{
    (void)state;
    override(NULL, VARIABLES("SIDELOCK_SERVICE__PORT_8443__LISTEN=127.0.0.1:1",
                       "SIDELOCK_SERVICE__PORT_8443__BACKEND=127.0.0.1:2"));
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->services[1].name, "port_8443");
    assert_finding_count(&loaded, 0);
}

static void
a_named_section_overrides_single_keys_for_its_service(void **state)
{
    const struct config_service *web;
    const struct config_service *other;

    (void)state;
    load_text(&loaded, "[service web]\nlisten = :1\nbackend = unix:/a\n"
                       "[service other]\nlisten = :2\nbackend = unix:/b\n"
                       "[certificate]\ncert = a.pem\n"
                       "[timeouts]\nidle = 5m\nhandshake = 3s\n"
                       "[timeouts web]\nidle = 7m\n"
                       "[limits other]\nbuffer = 1MiB\n");
    assert_loaded(&loaded);
    web = config_find_service(loaded.config, "web");
    other = config_find_service(loaded.config, "other");
    assert_int_equal(web->timeouts.idle_ms, 7 * 60 * 1000);
    assert_int_equal(web->timeouts.handshake_ms, 3000);
    assert_int_equal(web->limits.buffer_bytes, 64 * 1024);
    assert_int_equal(other->timeouts.idle_ms, 5 * 60 * 1000);
    assert_int_equal(other->limits.buffer_bytes, 1024 * 1024);
}

static void
the_name_default_overrides_for_the_bare_service(void **state)
{
    (void)state;
    override(SETS("timeouts.default.idle=7m", "timeouts.idle=5m"), NULL);
    assert_int_equal(service()->timeouts.idle_ms, 7 * 60 * 1000);
}

static void
a_refused_value_for_all_services_is_reported_once(void **state)
{
    (void)state;
    load_text(&loaded, "[service web]\nlisten = :1\nbackend = unix:/a\n"
                       "[service other]\nlisten = :2\nbackend = unix:/b\n"
                       "[certificate]\ncert = a.pem\n"
                       "[timeouts]\nidle = 5\n");
    assert_refused(&loaded, "test.ini:10: [timeouts] idle = 5");
    assert_finding_count(&loaded, 1);
}

static void
keys_of_the_process_take_no_service(void **state)
{
    (void)state;
    override(
        SETS("timeouts.default.drain=5s", "limits.default.max_connections=5"),
        NULL);
    assert_refused(&loaded, "--set timeouts.default.drain: drain holds for the"
                            " whole process: write it in [timeouts]");
    assert_refused(&loaded, "max_connections holds for the whole process");
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sets_alone_make_a_configuration),
        TEST(variables_alone_make_a_configuration),
        TEST(a_variable_beats_the_file_and_set_beats_both),
        TEST(a_wrong_override_is_named_with_its_origin),
        TEST(a_wrong_value_can_be_overridden),
        TEST(a_set_trims_blanks_and_keeps_equals_signs),
        TEST(a_set_may_name_its_section_and_the_name_may_hold_dots),
        TEST(what_is_no_set_is_refused_with_the_form),
        TEST(a_mistyped_set_is_refused_with_the_nearest_name),
        TEST(one_key_set_twice_is_refused),
        TEST(variables_reach_keys_with_underscores),
        TEST(a_variable_finds_a_section_whose_name_it_cannot_write),
        TEST(a_variable_makes_a_section_in_lower_case),
        TEST(a_variable_may_mean_one_section_only),
        TEST(variables_for_a_service_find_it_whatever_their_order),
        TEST(an_unknown_variable_is_refused_with_the_nearest_name),
        TEST(what_is_no_variable_of_ours_is_refused),
        TEST(variables_of_other_purpose_are_left_alone),
        TEST(variables_of_kubernetes_do_not_stop_the_start),
        TEST(a_service_may_be_named_like_a_variable_of_kubernetes),
        TEST(a_named_section_overrides_single_keys_for_its_service),
        TEST(the_name_default_overrides_for_the_bare_service),
        TEST(a_refused_value_for_all_services_is_reported_once),
        TEST(keys_of_the_process_take_no_service),
    };

    return cmocka_run_group_tests_name(
        "config sources", tests, fixture_start, fixture_stop);
}
