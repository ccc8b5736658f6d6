/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Settings that contradict each other, or that would open what their author
 * did not mean to open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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

/* A service "web" with these addresses, and a certificate. */
static void
load_service(const char *listen, const char *backend, const char *lines)
{
    char text[2048];

    teardown(NULL);
    snprintf(text, sizeof(text),
        "[certificate]\ncert = a.pem\n"
        "[service web]\nlisten = %s\nbackend = %s\n%s",
        listen, backend, lines);
    load_text(&loaded, text);
}

static void
an_address_is_listened_on_once(void **state)
{
    (void)state;
    load_service("127.0.0.1:1;127.0.0.1:2 ; 127.0.0.1:1", "unix:/a", "");
    assert_refused(&loaded, "test.ini:4: listen = 127.0.0.1:1 is already an"
                            " address of service 'web'");
    load_service("127.0.0.1:1", "unix:/a",
        "[service b]\nlisten = localhost:01\nbackend = unix:/a\n");
    assert_refused(&loaded, "test.ini:7: listen = 127.0.0.1:1 is already an"
                            " address of service 'web'");
    load_service("[0::1]:1;[::0:1]:1", "unix:/a", "");
    assert_refused(&loaded, "listen = [::1]:1 is already");
    load_service("*:1;:1", "unix:/a", "");
    assert_refused(&loaded, "listen = 0.0.0.0:1 is already");
}

static void
addresses_that_differ_are_listened_on(void **state)
{
    (void)state;
    load_service("0.0.0.0:1;[::]:1;127.0.0.1:2;[::1]:2", "unix:/a", "");
    assert_loaded(&loaded);
}

static void
port_zero_may_be_listened_on_and_again(void **state)
{
    (void)state;
    load_service("127.0.0.1:0;127.0.0.1:0", "127.0.0.1:1", "");
    assert_loaded(&loaded);
}

static void
unix_sockets_are_not_listened_on(void **state)
{
    (void)state;
    load_service("unix:/run/tls.sock", "unix:/a", "");
    assert_refused(&loaded, "test.ini:4: listen = unix:/run/tls.sock: this"
                            " version accepts TLS on TCP only");
}

static void
a_backend_has_a_port(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "127.0.0.1:0", "");
    assert_refused(&loaded, "test.ini:5: backend = 127.0.0.1:0: port 0 cannot");
    load_service("127.0.0.1:1", "[::1]:0", "");
    assert_refused(&loaded, "backend = [::1]:0: port 0 cannot");
}

static void
a_backend_has_a_host(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", ":8080", "");
    assert_refused(&loaded, "backend = 0.0.0.0:8080: names no host");
    load_service("127.0.0.1:1", "[::]:8080", "unsafe_backend = yes\n");
    assert_refused(&loaded, "backend = [::]:8080: names no host");
}

static void
a_backend_on_another_machine_must_be_meant(void **state)
{
    static const char *const backends[] = {
        "10.0.0.1:80", "[2001:db8::1]:80", "127.0.0.1:80;10.0.0.1:80"};

    (void)state;
    for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
        load_service("127.0.0.1:1", backends[i], "");
        assert_refused(&loaded, ":80 is not on this machine, and plaintext"
                                " would cross the network: use a loopback"
                                " address or a UNIX socket, or write"
                                " unsafe_backend = yes");
        assert_finding_count(&loaded, 1);
        load_service("127.0.0.1:1", backends[i], "unsafe_backend = yes\n");
        assert_loaded(&loaded);
    }
}

static void
a_backend_that_is_a_listen_address_is_a_loop(void **state)
{
    static const char *const rows[][2] = {
        {"127.0.0.1:8443", "127.0.0.1:8443"},
        {"127.0.0.1:8443", "localhost:8443"},
        {"0.0.0.0:8443", "127.0.0.1:8443"},
        {":8443", "127.0.0.2:8443"},
        {"[::]:8443", "[::1]:8443"},
        {"127.0.0.1:8443", "[::ffff:127.0.0.1]:8443"},
        {"10.0.0.1:8443", "10.0.0.1:8443"},
        {"127.0.0.1:1;127.0.0.1:8443", "unix:/a;127.0.0.1:8443"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        load_service(rows[i][0], rows[i][1], "unsafe_backend = yes\n");
        assert_refused(&loaded, ":8443 is where service 'web' listens: it"
                                " would connect to itself without end");
        assert_finding_count(&loaded, 1);
    }
}

static void
a_loop_through_another_service_is_seen(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "127.0.0.1:2",
        "[service b]\nlisten = 127.0.0.1:2\nbackend = unix:/a\n");
    assert_refused(&loaded, "test.ini:5: backend = 127.0.0.1:2 is where service"
                            " 'b' listens");
}

static void
a_backend_beside_a_listen_address_is_no_loop(void **state)
{
    static const char *const rows[][2] = {
        {"127.0.0.1:1", "127.0.0.1:2"},
        {"127.0.0.1:1", "127.0.0.2:1"},
        {"127.0.0.1:1", "[::1]:1"},
        {"[::]:1", "127.0.0.1:1"},
        {"0.0.0.0:1", "[::1]:1"},
        {"0.0.0.0:0", "127.0.0.1:1"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        load_service(rows[i][0], rows[i][1], "");
        assert_loaded(&loaded);
    }
}

static void
at_level_peer_cas_and_rules_must_be_written(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "unix:/a", "required_level = peer\n");
    assert_refused(&loaded, "test.ini:6: service 'web' has required_level ="
                            " peer, but no CA says which client certificates"
                            " to believe: write ca = FILE in [clients]");
    assert_refused(&loaded, "but nothing says which clients may come in: write"
                            " allow_cn,");
    assert_finding_count(&loaded, 2);
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = peer\n[clients]\nca = a.pem\n");
    assert_refused(&loaded, "nothing says which clients may come in");
    assert_finding_count(&loaded, 1);
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = peer\n[clients]\nallow_all = yes\n");
    assert_refused(&loaded, "no CA says which client certificates");
    assert_finding_count(&loaded, 1);
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = peer\n[clients]\nca = a.pem\nallow_all = yes\n");
    assert_loaded(&loaded);
}

static void
each_service_may_have_its_own_clients(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = peer\n[clients web]\nca = a.pem\nallow_all = yes\n");
    assert_loaded(&loaded);
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = peer\n[clients web]\nca = a.pem\nallow_all = yes\n"
        "[service b]\nlisten = :2\nbackend = unix:/a\nrequired_level = peer\n");
    assert_refused(&loaded, "service 'b' has required_level = peer");
    assert_finding_count(&loaded, 2);
}

static void
a_refused_rule_is_not_missed_on_top(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = peer\n[clients]\nca = a;;b\nallow_all = yess\n");
    assert_refused(&loaded, "[clients] ca = a;;b: an item");
    assert_refused(&loaded, "[clients] allow_all = yess: write yes or no");
    assert_finding_count(&loaded, 2);
}

static void
load_clients(const char *line)
{
    char lines[256];

    (void)snprintf(lines, sizeof(lines),
        "required_level = peer\n[clients]\nca = a.pem\nallow_all = yes\n%s\n",
        line);
    load_service("127.0.0.1:1", "unix:/a", lines);
}

/* Not only when the first client is to be asked about. */
static void
an_ocsp_responder_can_be_asked(void **state)
{
    (void)state;
    load_clients("ocsp_url = http://ocsp.example:8080/ocsp?a=b");
    assert_loaded(&loaded);
    load_clients("ocsp_url = HTTP://[::1]:1/");
    assert_loaded(&loaded);
    load_clients("ocsp_url = https://ocsp.example/");
    assert_refused(&loaded, "test.ini:10: [clients] ocsp_url ="
                            " https://ocsp.example/: it begins with https://");
    load_clients("ocsp_url = http://ocsp.example:99999/");
    assert_refused(&loaded, "its port is not between 1 and 65535");
    load_clients("ocsp_url = http://");
    assert_refused(&loaded, "it has no host behind http://");
    load_clients("ocsp_url = http://ocsp.example:80x/");
    assert_refused(&loaded, "write http://ADDRESS:PORT/PATH");
    assert_finding_count(&loaded, 1);
}

static void
a_ca_that_no_service_uses_is_warned_about(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "unix:/a", "[clients]\nca = a.pem\n");
    assert_loaded(&loaded);
    assert_finding(&loaded, SEVERITY_WARNING,
        "test.ini:7: [clients] ca is not used by service 'web', which asks"
        " clients for no certificate: write required_level = peer");
    assert_finding_count(&loaded, 1);
}

static void
a_ca_that_another_service_uses_is_no_warning(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "unix:/a",
        "[clients]\nca = a.pem\nallow_all = yes\n"
        "[service b]\nlisten = :2\nbackend = unix:/a\nrequired_level = peer\n");
    assert_loaded(&loaded);
    assert_finding_count(&loaded, 0);
    load_service("127.0.0.1:1", "unix:/a",
        "[clients]\nca = a.pem\nallow_all = yes\n[clients web]\nca = b.pem\n"
        "[service b]\nlisten = :2\nbackend = unix:/a\nrequired_level = peer\n");
    assert_finding(&loaded, SEVERITY_WARNING, "not used by service 'web'");
}

/* Any of them looks like protection. */
static void
rules_that_no_service_uses_are_warned_about(void **state)
{
    static const char *const lines[] = {"allow_cn = a", "deny_dns = b.example",
        "trusted_certs = c.pem", "enroll = d", "crl = e.pem", "ocsp = hard",
        "peer_name = reverse-dns"};
    char text[128];

    (void)state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        (void)snprintf(text, sizeof(text), "[clients]\n%s\n", lines[i]);
        load_service("127.0.0.1:1", "unix:/a", text);
        assert_loaded(&loaded);
        assert_finding(
            &loaded, SEVERITY_WARNING, "is not used by service 'web'");
        assert_finding_count(&loaded, 1);
    }
    load_service("127.0.0.1:1", "unix:/a",
        "[clients]\nca =\nocsp = off\npeer_name = OFF\n");
    assert_finding_count(&loaded, 0);
}

static void
silent_clients_are_served_before_they_are_ended(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = none\n[timeouts]\nfirst_byte = 10s\n");
    assert_loaded(&loaded);
    assert_finding(&loaded, SEVERITY_WARNING,
        "test.ini:8: service 'web': first_byte is not shorter than handshake");
    assert_finding_count(&loaded, 1);
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = none\n[timeouts]\nfirst_byte = 0\n");
    assert_finding_count(&loaded, 0);
    load_service("127.0.0.1:1", "unix:/a",
        "required_level = tls\n[timeouts]\nfirst_byte = 20s\n");
    assert_finding_count(&loaded, 0);
}

static void
a_name_server_can_be_asked(void **state)
{
    static const char *const bad[] = {
        "unix:/run/dns", "127.0.0.1:0", "[::1]:0"};
    char line[64];

    (void)state;
    load_clients("name_server = [::1]:5353");
    assert_loaded(&loaded);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        (void)snprintf(line, sizeof(line), "name_server = %s", bad[i]);
        load_clients(line);
        assert_refused(&loaded, "test.ini:10: [clients] name_server =");
        assert_refused(&loaded, "asked over the network: write ADDRESS:PORT");
        assert_finding_count(&loaded, 1);
    }
}

static void
the_oldest_version_is_not_above_the_newest(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "unix:/a",
        "[tls]\nmin_version = 1.3\n[tls web]\nmax_version = 1.2\n");
    assert_refused(&loaded, "test.ini:7: service 'web': min_version = 1.3 is"
                            " above max_version = 1.2");
    load_service("127.0.0.1:1", "unix:/a", "[tls]\nmin_version = 1.3\n");
    assert_loaded(&loaded);
}

static void
an_override_names_a_service_that_exists(void **state)
{
    (void)state;
    load_service("127.0.0.1:1", "unix:/a",
        "[tls wbe]\nmin_version = 1.3\n[limits xyz]\n[clients other]\n"
        "[timeouts web]\nidle = 5s\n");
    assert_refused(&loaded, "test.ini:6: [tls wbe] holds for no service: there"
                            " is no [service wbe]: did you mean 'web'?");
    assert_refused(&loaded, "test.ini:8: [limits xyz] holds for no service");
    assert_refused(&loaded, "test.ini:9: [clients other] holds for no service");
    assert_finding_count(&loaded, 3);
}

#define TWO_CERTIFICATES                                                       \
    "[certificate one]\ncert = 1.pem\n[certificate two]\ncert = 2.pem\n"
#define SERVICE(name, lines)                                                   \
    "[service " name "]\nlisten = :0\nbackend = unix:/a\n" lines

static void
a_server_name_is_written_as_certificates_have_it(void **state)
{
    (void)state;
    load_text(&loaded,
        "[certificate x]\ncert = a\nserver_name = b\u00fc.de\n" SERVICE(
            "web", ""));
    assert_refused(&loaded, "test.ini:3: certificate 'x': server_name ="
                            " b\u00fc.de is not in its A-form, as certificates"
                            " have it (xn--...): write what `idn2 b\u00fc.de`"
                            " prints");
    teardown(NULL);
    load_text(&loaded,
        "[certificate x]\ncert = a\nserver_name = xn--b-xka.de\n" SERVICE(
            "web", ""));
    assert_loaded(&loaded);
}

static void
a_service_shows_the_only_certificate(void **state)
{
    (void)state;
    load_text(&loaded, "[certificate x]\ncert = a\n" SERVICE("web", ""));
    assert_loaded(&loaded);
    assert_string_equal(loaded.config->services[0].certificates.items[0], "x");
}

static void
a_service_shows_the_certificate_of_its_name(void **state)
{
    (void)state;
    load_text(&loaded, TWO_CERTIFICATES SERVICE("two", "") SERVICE("one", ""));
    assert_loaded(&loaded);
    assert_string_equal(
        loaded.config->services[0].certificates.items[0], "two");
    assert_string_equal(
        loaded.config->services[1].certificates.items[0], "one");
}

static void
a_service_shows_the_certificate_it_names(void **state)
{
    (void)state;
    load_text(&loaded, TWO_CERTIFICATES SERVICE("one", "certificate = two\n"));
    assert_loaded(&loaded);
    assert_string_equal(
        loaded.config->services[0].certificates.items[0], "two");
    assert_string_equal(
        config_find_certificate(loaded.config, "two")->cert, "2.pem");
}

static void
without_a_choice_a_service_shows_all(void **state)
{
    const struct string_list *names;

    (void)state;
    load_text(&loaded, TWO_CERTIFICATES SERVICE("web", ""));
    assert_loaded(&loaded);
    names = &loaded.config->services[0].certificates;
    assert_int_equal(names->count, 2);
    assert_string_equal(names->items[0], "one");
    assert_string_equal(names->items[1], "two");
}

static void
a_certificate_that_is_not_there_is_refused_with_those_that_are(void **state)
{
    (void)state;
    load_text(
        &loaded, TWO_CERTIFICATES SERVICE("web", "certificate = three\n"));
    assert_refused(&loaded,
        "test.ini:8: service 'web': there is no certificate named"
        " 'three' (there is: one, two)");
}

static void
what_is_not_there_is_not_found(void **state)
{
    (void)state;
    load_text(&loaded, good_ini);
    assert_null(config_find_certificate(loaded.config, "nosuch"));
    assert_null(config_find_service(loaded.config, "nosuch"));
    assert_ptr_equal(config_find_service(loaded.config, "default"),
        &loaded.config->services[0]);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_address_is_listened_on_once),
        TEST(addresses_that_differ_are_listened_on),
        TEST(port_zero_may_be_listened_on_and_again),
        TEST(unix_sockets_are_not_listened_on),
        TEST(a_backend_has_a_port),
        TEST(a_backend_has_a_host),
        TEST(a_backend_on_another_machine_must_be_meant),
        TEST(a_backend_that_is_a_listen_address_is_a_loop),
        TEST(a_loop_through_another_service_is_seen),
        TEST(a_backend_beside_a_listen_address_is_no_loop),
        TEST(at_level_peer_cas_and_rules_must_be_written),
        TEST(each_service_may_have_its_own_clients),
        TEST(a_refused_rule_is_not_missed_on_top),
        TEST(an_ocsp_responder_can_be_asked),
        TEST(a_ca_that_no_service_uses_is_warned_about),
        TEST(a_ca_that_another_service_uses_is_no_warning),
        TEST(rules_that_no_service_uses_are_warned_about),
        TEST(a_name_server_can_be_asked),
        TEST(silent_clients_are_served_before_they_are_ended),
        TEST(the_oldest_version_is_not_above_the_newest),
        TEST(an_override_names_a_service_that_exists),
        TEST(a_server_name_is_written_as_certificates_have_it),
        TEST(a_service_shows_the_only_certificate),
        TEST(a_service_shows_the_certificate_of_its_name),
        TEST(a_service_shows_the_certificate_it_names),
        TEST(without_a_choice_a_service_shows_all),
        TEST(a_certificate_that_is_not_there_is_refused_with_those_that_are),
        TEST(what_is_not_there_is_not_found),
    };

    return cmocka_run_group_tests_name(
        "config checks", tests, fixture_start, fixture_stop);
}
