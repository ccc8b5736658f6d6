/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pins out of files and settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <wolfssl/options.h>

#include <wolfssl/wolfcrypt/coding.h>
#include <wolfssl/wolfcrypt/types.h>

#include "certs/chain.h"
#include "certs/client.h"
#include "certs/file.h"
#include "certs/material.h"
#include "certs/material_source.h"
#include "certs/pins_internal.h"
#include "certs/secret.h"

enum {
    BASE64_DIGITS = 43, /* of 32 bytes, without padding */
    NAMED_BYTES = 600,  /* of subjects in one line */
    SHOWN_BYTES = 128,  /* of a wrong value in a message */
};

static const char certs_role[] = "clients.trusted_certs";
static const char keys_role[] = "clients.trusted_keys";

/* --- hashes as text ------------------------------------------------------ */

static bool
from_base64(uint8_t hash[PINS_HASH_BYTES], const char *text)
{
    char padded[BASE64_DIGITS + 2];
    uint8_t bytes[BASE64_DIGITS + 2];
    word32 len = sizeof(bytes);
    size_t digits = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/");

    if (digits != BASE64_DIGITS
        || (text[digits] != '\0' && strcmp(text + digits, "=") != 0))
        return false;
    (void)snprintf(padded, sizeof(padded), "%.*s=", BASE64_DIGITS, text);
    if (Base64_Decode((const byte *)padded, BASE64_DIGITS + 1, bytes, &len) != 0
        || len != PINS_HASH_BYTES)
        return false;
    memcpy(hash, bytes, PINS_HASH_BYTES);
    return true;
}

/* As openssl prints a fingerprint. */
static bool
from_hex_with_colons(uint8_t hash[PINS_HASH_BYTES], const char *text)
{
    char digits[2 * PINS_HASH_BYTES];

    if (strlen(text) != 3 * PINS_HASH_BYTES - 1)
        return false;
    for (size_t i = 0; i < PINS_HASH_BYTES; i++) {
        if (i > 0 && text[3 * i - 1] != ':')
            return false;
        memcpy(digits + 2 * i, text + 3 * i, 2);
    }
    return pin_hash_from_hex(hash, digits, sizeof(digits));
}

bool
pin_hash_from_text(uint8_t hash[PINS_HASH_BYTES], const char *text)
{
    static const char plain[] = "sha256:";
    static const char curl[] = "sha256//";

    if (strncmp(text, curl, strlen(curl)) == 0)
        return from_base64(hash, text + strlen(curl));
    if (strncmp(text, plain, strlen(plain)) != 0)
        return false;
    text += strlen(plain);
    return pin_hash_from_hex(hash, text, strlen(text))
           || from_hex_with_colons(hash, text) || from_base64(hash, text);
}

/* --- adding -------------------------------------------------------------- */

/* Adds it unless it is there. `role` and `name` say where it is from. */
static int
add(struct pins *pins, const struct pin_record *record, const char *role,
    const char *name, struct report *report)
{
    if (pins_look_up(pins, record) != NULL)
        return 0;
    if (pins->count == PINS_MAX) {
        report_error(report, SL_CHAIN_LONG, "%s %s: there are more than %d",
            role, name, PINS_MAX);
        return -1;
    }
    if (pins_add(pins, record, name) == 0)
        return 0;
    report_error(report, SL_MEMORY, "%s %s: out of memory", role, name);
    return -1;
}

static int
add_key(struct pins *pins, const char *text, struct report *report)
{
    struct pin_record record = {.pin = {.is_key = true}};
    char shown[SHOWN_BYTES];

    text_escape(shown, sizeof(shown), text, strlen(text));
    if (!pin_hash_from_text(record.hash, text)) {
        report_error(report, SL_PIN_VALUE,
            "%s %s: is no SHA-256 of a public key; write sha256: and its "
            "base64: openssl x509 -in CERT -noout -pubkey | openssl pkey "
            "-pubin -outform DER | openssl dgst -sha256 -binary | base64",
            keys_role, shown);
        return -1;
    }
    for (size_t i = 0; i < PINS_HASH_BYTES; i++)
        (void)snprintf(
            record.pin.info.fingerprint + 2 * i, 3, "%02X", record.hash[i]);
    return add(pins, &record, keys_role, shown, report);
}

/* --- files of certificates ----------------------------------------------- */

/* The client's key has no business here, and whoever put it here may not have
 * meant to. */
static bool
holds_key(const struct blob *content, enum form form)
{
    static const char mark[] = "PRIVATE KEY-----";

    if (form == FORM_PEM)
        return memmem(content->data, content->len, mark, strlen(mark)) != NULL;
    return form == FORM_KEY || form == FORM_ENCRYPTED_KEY;
}

static int
refuse_key(const char *path, struct report *report)
{
    char file[FORM_TEXT_BYTES];

    form_quote(path, file, sizeof(file));
    report_error(report, SL_PIN_KEY,
        "%s %s: there is a private key in it, which belongs to the client "
        "alone; name a file with the certificate only: openssl x509 -in %s "
        "-out %s.crt",
        certs_role, path, file, file);
    return -1;
}

static int
read_chain(struct material *material, const char *path,
    const struct blob *content, struct report *report)
{
    struct source source = {.role = certs_role,
        .path = path,
        .wants_certs = true,
        .content = *content,
        .form = form_of(content),
        .material = material,
        .report = report};

    if (holds_key(content, source.form))
        return refuse_key(path, report);
    /* Its password would open what nobody has to keep secret. */
    if (source.form == FORM_PKCS12)
        return chain_refuse_form(source.form, certs_role, path, report);
    return source_read(&source);
}

/* Whom it belongs to would be refused, whatever it is trusted as. CAs behind
 * the first certificate are nobody's who connects. */
static void
warn_of_usage(const struct chain *chain, size_t i, enum eku_mode eku,
    const char *path, struct report *report)
{
    struct client *client;

    if (i > 0 && x509_is_ca(chain->certs[i].x509))
        return;
    client = client_new(&chain->certs[i].der);
    if (client == NULL)
        return;
    if (!client_is_for_clients(client)
        && (client_has_usages(client) || eku != EKU_IF_PRESENT))
        report_warning(report, SL_CLIENT_PURPOSE,
            "%s %s: \"%s\" will be refused: its extended key usage is %s, "
            "clientAuth is missing; %s",
            certs_role, path, client_subject(client), client_usages(client),
            client_has_usages(client)
                ? "have it issued with clientAuth"
                : "have it issued with clientAuth, or write eku = if-present");
    client_free(client);
}

static int
add_chain(struct pins *pins, const struct chain *chain, const char *path,
    enum eku_mode eku, struct report *report)
{
    char names[NAMED_BYTES] = "";
    size_t len = 0;

    for (size_t i = 0; i < chain->count; i++) {
        struct pin_record record = {.pin = {.is_key = false}};
        const char *subject = record.pin.info.subject;

        x509_fill_info(chain->certs[i].x509, &record.pin.info);
        if (!pin_hash_from_hex(record.hash, record.pin.info.fingerprint,
                strlen(record.pin.info.fingerprint))
            || add(pins, &record, certs_role, path, report) != 0)
            return -1;
        warn_of_usage(chain, i, eku, path, report);
        if (len + strlen(subject) + sizeof(", \"\"") <= sizeof(names))
            len += (size_t)snprintf(names + len, sizeof(names) - len,
                "%s\"%s\"", len > 0 ? ", " : "", subject);
    }
    report_note(report, "%s %s: %zu certificate%s: %s", certs_role, path,
        chain->count, chain->count == 1 ? "" : "s", names);
    return 0;
}

static int
add_file(struct pins *pins, const char *path, enum eku_mode eku,
    struct report *report)
{
    struct material material = {.key_count = 0};
    struct blob content;
    int failed = -1;

    if (file_read(&content, path, certs_role, NULL, report) != 0)
        return -1;
    if (chain_init(&material.chain, certs_role) != 0)
        report_error(
            report, SL_MEMORY, "%s %s: out of memory", certs_role, path);
    else
        failed = read_chain(&material, path, &content, report);
    if (failed == 0)
        failed = add_chain(pins, &material.chain, path, eku, report);
    material_deinit(&material);
    blob_wipe(&content);
    return failed;
}

/* --- all of them --------------------------------------------------------- */

struct pins *
pins_load(const struct config_clients *clients, const struct pins *previous,
    struct report *report)
{
    struct pins *pins = calloc(1, sizeof(*pins));
    int failed = 0;

    if (pins == NULL)
        goto no_memory;
    for (size_t i = 0; i < clients->trusted_certs.count && failed == 0; i++)
        failed = add_file(
            pins, clients->trusted_certs.items[i], clients->eku, report);
    for (size_t i = 0; i < clients->trusted_keys.count && failed == 0; i++)
        failed = add_key(pins, clients->trusted_keys.items[i], report);
    if (failed != 0)
        goto free_pins;
    if (pins_arrange(pins, previous) == 0)
        return pins;

no_memory:
    report_error(report, SL_MEMORY, "%s: out of memory", certs_role);
free_pins:
    pins_free(pins);
    return NULL;
}
