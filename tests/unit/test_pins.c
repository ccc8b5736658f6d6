/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates and keys that are believed as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "certs/pins.h"
#include "certs/secret.h"
#include "certs/x509.h"
#include "tests/unit/certs_fixture.h"
#include "tests/unit/config_fixture.h"

enum {
    ITEMS_MAX = 8
};

/* SHA-256 of nothing, in each of the forms. */
#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define COLONS                                                                 \
    "E3:B0:C4:42:98:FC:1C:14:9A:FB:F4:C8:99:6F:B9:24:27:AE:41:E4:64:9B:93:4C:" \
    "A4:95:99:1B:78:52:B8:55"
#define BASE64 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define NO_PAD "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING   ((const char *const[]){NULL})

static void
fill(struct string_list *list, char **items, const char *const *texts)
{
    list->items = items;
    for (list->count = 0; texts[list->count] != NULL; list->count++) {
        assert_true(list->count < ITEMS_MAX);
        items[list->count] = strdup(texts[list->count]);
    }
}

static void
clear(struct string_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
}

static struct pins *
load_after(const struct pins *previous, const char *const *certs,
    const char *const *keys, struct report *report)
{
    char *cert_items[ITEMS_MAX];
    char *key_items[ITEMS_MAX];
    struct config_clients clients = {.allow_all = false};
    struct pins *pins;

    fill(&clients.trusted_certs, cert_items, certs);
    fill(&clients.trusted_keys, key_items, keys);
    pins = pins_load(&clients, previous, report);
    clear(&clients.trusted_certs);
    clear(&clients.trusted_keys);
    return pins;
}

static struct pins *
load_pins_after(const struct pins *previous, const char *const *certs,
    const char *const *keys)
{
    struct report report;
    struct pins *pins;

    report_init(&report);
    pins = load_after(previous, certs, keys, &report);
    assert_no_complaint(&report);
    assert_non_null(pins);
    report_deinit(&report);
    return pins;
}

static struct pins *
load_pins(const char *const *certs, const char *const *keys)
{
    return load_pins_after(NULL, certs, keys);
}

static void
refused(const char *const *certs, const char *const *keys, enum guide_code code,
    const char *text_part)
{
    struct report report;

    report_init(&report);
    assert_null(load_after(NULL, certs, keys, &report));
    assert_reported(&report, SEVERITY_ERROR, text_part);
    assert_true(has_code(&report, code));
    assert_int_equal(report.error_count, 1);
    report_deinit(&report);
}

/* What certificate_info says of the file's first certificate. */
static struct certificate_info
info_of(const char *path)
{
    struct certificate_info info;
    struct blob der = read_der(path);
    struct x509 *x509;
    int error;

    x509 = x509_new(&der, &error);
    assert_non_null(x509);
    x509_fill_info(x509, &info);
    x509_free(x509);
    blob_free(&der);
    return info;
}

/* Is the file's certificate, and nothing of its key, pinned? */
static struct pin *
find_cert(const struct pins *pins, const char *path)
{
    struct certificate_info info = info_of(path);

    return pins_find(pins, info.fingerprint, NULL);
}

/* --- certificates -------------------------------------------------------- */

static void
exact_certificate_is_found(void **state)
{
    struct pins *pins = load_pins(LIST("client-selfsigned.pem"), NOTHING);
    const struct pin *pin = find_cert(pins, "client-selfsigned.pem");

    (void)state;
    assert_non_null(pin);
    assert_false(pin->is_key);
    assert_string_equal(pin->name, "client-selfsigned.pem");
    assert_string_equal(
        pin->info.subject, info_of("client-selfsigned.pem").subject);
    assert_null(find_cert(pins, "client.pem"));
    assert_null(find_cert(pins, "ca.pem"));
    assert_null(pins_find(pins, NULL, pin->info.fingerprint));
    assert_int_equal(pins_count(pins), 1);
    assert_ptr_equal(pins_at(pins, 0), pin);
    pins_free(pins);
}

static void
fingerprint_may_be_of_either_case(void **state)
{
    struct pins *pins = load_pins(LIST("client-leafonly.pem"), NOTHING);
    struct certificate_info info = info_of("client-leafonly.pem");

    (void)state;
    for (char *at = info.fingerprint; *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'F')
            *at = (char)(*at - 'A' + 'a');
    assert_non_null(pins_find(pins, info.fingerprint, NULL));
    info.fingerprint[63] = '\0';
    assert_null(pins_find(pins, info.fingerprint, NULL));
    assert_null(pins_find(pins, "", ""));
    assert_null(pins_find(pins, NULL, NULL));
    assert_null(pins_find(NULL, info.fingerprint, NULL));
    pins_free(pins);
}

static void
all_certificates_of_a_file_are_pinned(void **state)
{
    static const char *const files[] = {"client-leafonly.pem",
        "client-otherca.pem", "client-selfsigned.pem", "client-revoked.pem"};
    const char *const to_der[] = {"x509", "-in", "client-revoked.pem",
        "-outform", "DER", "-out", "pin.der", NULL};
    struct report report;
    struct pins *pins;

    (void)state;
    join_files("several.pem", LIST(files[0], files[2]));
    run_openssl(to_der);
    report_init(&report);
    pins = load_after(NULL,
        LIST("several.pem", "client-otherca.pem", "pin.der"), NOTHING, &report);
    assert_non_null(pins);
    assert_no_complaint(&report);
    assert_reported(&report, SEVERITY_NOTE,
        "clients.trusted_certs several.pem: 2 certificates: \"CN=test "
        "client,O=sidelock development\", ");
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        assert_non_null(find_cert(pins, files[i]));
    assert_string_equal(find_cert(pins, "client-revoked.pem")->name, "pin.der");
    pins_free(pins);
    report_deinit(&report);
}

static void
certificate_that_is_there_twice_counts_once(void **state)
{
    struct pins *pins;

    (void)state;
    copy_file("again.pem", "client-leafonly.pem");
    pins = load_pins(LIST("client-leafonly.pem", "again.pem"), NOTHING);
    assert_int_equal(pins_count(pins), 1);
    assert_string_equal(pins_at(pins, 0)->name, "client-leafonly.pem");
    pins_free(pins);
}

static void
bad_files_are_refused(void **state)
{
    (void)state;
    refused(LIST("nowhere.pem"), NOTHING, SL_FILE_MISSING,
        "clients.trusted_certs nowhere.pem: no such file");
    refused(LIST("empty.pem"), NOTHING, SL_FILE_KIND,
        "clients.trusted_certs empty.pem: is empty");
    refused(LIST("broken.pem"), NOTHING, SL_PEM_BROKEN,
        "clients.trusted_certs broken.pem: PEM block 1 is broken");
    refused(LIST("garbage.pem"), NOTHING, SL_CERT_NONE,
        "clients.trusted_certs garbage.pem: no certificate in it");
    refused(LIST("crl.pem"), NOTHING, SL_CERT_NONE,
        "clients.trusted_certs crl.pem: no certificate in it");
    refused(LIST("client.p12"), NOTHING, SL_FORMAT_UNKNOWN,
        "clients.trusted_certs client.p12: cannot be read: it is PKCS#12; "
        "convert it: openssl pkcs12 -in client.p12 -nokeys");
    /* One bad file among good ones refuses them all. */
    refused(LIST("client-leafonly.pem", "garbage.pem"), NOTHING, SL_CERT_NONE,
        "garbage.pem");
}

static void
second_block_is_not_passed_over(void **state)
{
    (void)state;
    join_files("half.pem", LIST("client-leafonly.pem", "broken.pem"));
    refused(LIST("half.pem"), NOTHING, SL_PEM_BROKEN,
        "clients.trusted_certs half.pem: PEM block 2 is broken");
}

static void
private_key_is_refused(void **state)
{
    static const char *const keys[] = {"client.key", "server-encrypted.key",
        "server-sec1.key", "server-pkcs1.key", "server-key.der",
        "server-encrypted-key.der"};

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        refused(LIST(keys[i]), NOTHING, SL_PIN_KEY,
            ": there is a private key in it, which belongs to the client");
    join_files("with-key.pem", LIST("client-leafonly.pem", "client.key"));
    refused(LIST("with-key.pem"), NOTHING, SL_PIN_KEY,
        "name a file with the certificate only: openssl x509 -in with-key.pem "
        "-out with-key.pem.crt");
}

/* --- keys ---------------------------------------------------------------- */

static void
key_is_found_in_each_form(void **state)
{
    static const char *const forms[] = {"sha256:" HEX, "sha256:" COLONS,
        "sha256:" BASE64, "sha256:" NO_PAD, "sha256//" BASE64,
        "sha256//" NO_PAD};

    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct pins *pins = load_pins(NOTHING, LIST(forms[i]));
        const struct pin *pin = pins_find(pins, NULL, HEX);

        assert_non_null(pin);
        assert_true(pin->is_key);
        assert_string_equal(pin->name, forms[i]);
        assert_string_equal(pin->info.subject, "");
        /* A key's hash is no certificate's. */
        assert_null(pins_find(pins, HEX, NULL));
        pins_free(pins);
    }
}

static void
same_key_in_several_forms_counts_once(void **state)
{
    struct pins *pins = load_pins(
        NOTHING, LIST("sha256:" HEX, "sha256:" BASE64, "sha256//" BASE64));

    (void)state;
    assert_int_equal(pins_count(pins), 1);
    pins_free(pins);
}

static void
other_texts_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "sha256:",
        "sha256//",
        HEX,
        BASE64,
        "sha1:" HEX,
        "sha256:" HEX "0",
        "sha256//" HEX,
        "sha256:" BASE64 "=",
        "sha256:g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8"
        "55",
        "sha256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF",
        "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF==",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        refused(NOTHING, LIST(texts[i]), SL_PIN_VALUE,
            ": is no SHA-256 of a public key; write sha256: and its base64: "
            "openssl x509");
    refused(NOTHING, LIST("sha256:\n"), SL_PIN_VALUE,
        "clients.trusted_keys sha256:\\x0a: is no SHA-256");
}

static void
certificate_goes_before_key(void **state)
{
    struct pins *pins =
        load_pins(LIST("client-leafonly.pem"), LIST("sha256:" HEX));
    struct certificate_info info = info_of("client-leafonly.pem");

    (void)state;
    assert_false(pins_find(pins, info.fingerprint, HEX)->is_key);
    assert_true(pins_find(pins, HEX, HEX)->is_key);
    pins_free(pins);
}

static void
nothing_is_pinned(void **state)
{
    struct pins *pins = load_pins(NOTHING, NOTHING);

    (void)state;
    assert_int_equal(pins_count(pins), 0);
    assert_null(pins_find(pins, HEX, HEX));
    pins_free(pins);
    pins_free(NULL);
}

/* --- use ----------------------------------------------------------------- */

static void
use_is_counted(void **state)
{
    struct pins *pins = load_pins(NOTHING, LIST("sha256:" HEX));
    struct pin *pin = pins_at(pins, 0);

    (void)state;
    assert_int_equal(pin_hits(pin), 0);
    assert_int_equal(pin_last_used(pin), 0);
    pin_note_use(pin, 1000);
    pin_note_use(pin, 2000);
    assert_int_equal(pin_hits(pin), 2);
    assert_int_equal(pin_last_used(pin), 2000);
    pins_free(pins);
}

/* Also of what is used between the load and its end, and under another name:
 * it is the same certificate. */
static void
counts_outlive_a_reload(void **state)
{
    struct pins *old =
        load_pins(LIST("client-leafonly.pem"), LIST("sha256:" HEX));
    struct pins *new;

    (void)state;
    pin_note_use(pins_at(old, 0), 1000);
    copy_file("renamed.pem", "client-leafonly.pem");
    new = load_pins_after(
        old, LIST("client-otherca.pem", "renamed.pem"), NOTHING);
    pin_note_use(pins_at(old, 0), 2000);
    assert_int_equal(pin_hits(find_cert(new, "client-leafonly.pem")), 2);
    assert_int_equal(
        pin_last_used(find_cert(new, "client-leafonly.pem")), 2000);
    assert_int_equal(pin_hits(find_cert(new, "client-otherca.pem")), 0);
    pins_free(old);
    pin_note_use(find_cert(new, "client-leafonly.pem"), 3000);
    assert_int_equal(pin_hits(find_cert(new, "client-leafonly.pem")), 3);
    pins_free(new);
}

/* --- hash and dates ------------------------------------------------------ */

static bool
is_same_hash(const struct pins *a, const struct pins *b)
{
    uint8_t hash_a[PINS_HASH_BYTES];
    uint8_t hash_b[PINS_HASH_BYTES];

    assert_int_equal(pins_hash(a, hash_a), 0);
    assert_int_equal(pins_hash(b, hash_b), 0);
    return memcmp(hash_a, hash_b, PINS_HASH_BYTES) == 0;
}

static void
hash_is_of_the_set(void **state)
{
    struct pins *pins = load_pins(
        LIST("client-leafonly.pem", "client-revoked.pem"), LIST("sha256:" HEX));
    struct pins *turned =
        load_pins(LIST("client-revoked.pem", "client-leafonly.pem"),
            LIST("sha256//" BASE64));
    struct pins *fewer =
        load_pins(LIST("client-revoked.pem"), LIST("sha256:" HEX));
    struct pins *none = load_pins(NOTHING, NOTHING);

    (void)state;
    assert_true(is_same_hash(pins, turned));
    assert_false(is_same_hash(pins, fewer));
    assert_false(is_same_hash(none, fewer));
    pins_free(pins);
    pins_free(turned);
    pins_free(fewer);
    pins_free(none);
}

/* The same bytes as a certificate's fingerprint are another pin. */
static void
hash_tells_keys_from_certificates(void **state)
{
    struct certificate_info info = info_of("client-leafonly.pem");
    struct pins *cert = load_pins(LIST("client-leafonly.pem"), NOTHING);
    struct pins *key;
    char text[128];

    (void)state;
    (void)snprintf(text, sizeof(text), "sha256:%s", info.fingerprint);
    key = load_pins(NOTHING, LIST(text));
    assert_false(is_same_hash(cert, key));
    assert_null(pins_find(key, info.fingerprint, NULL));
    pins_free(cert);
    pins_free(key);
}

static void
dates_are_judged(void **state)
{
    struct report report;
    struct pins *pins =
        load_pins(LIST("client-expired.pem"), LIST("sha256:" HEX));

    (void)state;
    report_init(&report);
    pins_judge(pins, time(NULL), 30, &report);
    assert_reported(&report, SEVERITY_WARNING,
        "clients.trusted_certs client-expired.pem: a trusted certificate "
        "(CN=test client,O=sidelock development) has expired on ");
    assert_reported(&report, SEVERITY_WARNING,
        "; clients that need it are refused; renew it now");
    assert_true(has_code(&report, SL_EXPIRED));
    assert_int_equal(report.warning_count, 1);
    report_deinit(&report);
    pins_free(pins);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_certificate_is_found),
        cmocka_unit_test(fingerprint_may_be_of_either_case),
        cmocka_unit_test(all_certificates_of_a_file_are_pinned),
        cmocka_unit_test(certificate_that_is_there_twice_counts_once),
        cmocka_unit_test(bad_files_are_refused),
        cmocka_unit_test(second_block_is_not_passed_over),
        cmocka_unit_test(private_key_is_refused),
        cmocka_unit_test(key_is_found_in_each_form),
        cmocka_unit_test(same_key_in_several_forms_counts_once),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(certificate_goes_before_key),
        cmocka_unit_test(nothing_is_pinned),
        cmocka_unit_test(use_is_counted),
        cmocka_unit_test(counts_outlive_a_reload),
        cmocka_unit_test(hash_is_of_the_set),
        cmocka_unit_test(hash_tells_keys_from_certificates),
        cmocka_unit_test(dates_are_judged),
    };

    return cmocka_run_group_tests(tests, certs_start, certs_stop);
}
