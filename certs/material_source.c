/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of one file: PEM, DER, and what it is when it is neither. */
#include "certs/material_source.h"

#include <string.h>

#include "certs/keystore.h"
#include "certs/pem.h"
#include "certs/secret.h"

/* --- what cannot be read ------------------------------------------------- */

int
source_no_memory(struct source *source)
{
    report_error(source->report, SL_MEMORY, "%s %s: out of memory",
        source->role, source->path);
    return -1;
}

static int
refuse_legacy(struct source *source)
{
    char file[FORM_TEXT_BYTES];

    form_quote(source->path, file, sizeof(file));
    if (!source->wants_keys)
        report_error(source->report, SL_KEYSTORE_LEGACY,
            "%s %s: is encrypted in a way that is not read (RC2, 3DES, PBMAC1 "
            "or the like); "
            "convert it, and name what becomes of it: openssl pkcs12 -legacy "
            "-in %s -nokeys -out %s.pem",
            source->role, source->path, file, file);
    else if (source->form == FORM_PKCS12)
        report_error(source->report, SL_KEYSTORE_LEGACY,
            "%s %s: is encrypted in a way that is not read (RC2, 3DES, PBMAC1 "
            "or the like); "
            "convert it: umask 077; openssl pkcs12 -legacy -in %s -nodes -out "
            "%s.pem; openssl pkcs12 -export -in %s.pem -out %s.new; rm %s.pem",
            source->role, source->path, file, file, file, file, file);
    else
        report_error(source->report, SL_KEY_LEGACY,
            "%s %s: the private key is encrypted in a way that is not read "
            "(PBES2 with AES-128 or AES-256 is); encrypt it anew: openssl "
            "pkcs8 -topk8 -v2 aes-256-cbc %s-in %s -out %s.new",
            source->role, source->path,
            source->form == FORM_PEM ? "" : "-inform DER ", file, file);
    return -1;
}

static int
refuse_without_password(struct source *source)
{
    report_error(source->report, SL_PASSWORD_MISSING,
        "%s %s: the %s is encrypted, and no password is given; write "
        "%spassword_file = FILE (or %spassword_env, or %spassword_credential) "
        "in [%s%s]",
        source->role, source->path,
        source->form == FORM_PKCS12 ? "keystore" : "private key",
        source->key_prefix, source->key_prefix, source->key_prefix,
        source->section, source->section_name);
    return -1;
}

static int
refuse_password(struct source *source)
{
    char file[FORM_TEXT_BYTES];

    if (!source->password->is_given)
        return refuse_without_password(source);
    form_quote(source->path, file, sizeof(file));
    report_error(source->report, SL_PASSWORD_WRONG,
        "%s %s: is not opened by the password of %s, or is damaged; try it: "
        "openssl %s -noout -in %s",
        source->role, source->path, source->password->origin,
        source->form == FORM_PKCS12 ? "pkcs12" : "pkey", file);
    return -1;
}

int
source_refuse(struct source *source, enum unlock_result result)
{
    bool is_keystore = source->form == FORM_PKCS12;

    if (result == UNLOCK_WRONG)
        return refuse_password(source);
    if (result == UNLOCK_LEGACY)
        return refuse_legacy(source);
    if (result == UNLOCK_NO_MEMORY)
        return source_no_memory(source);
    report_error(source->report,
        is_keystore ? SL_KEYSTORE_BROKEN : SL_KEY_UNREADABLE,
        result == UNLOCK_COSTLY
            ? "%s %s: its password is hashed so often that opening it would "
              "take minutes; export it again with fewer iterations"
            : "%s %s: its structure is broken; was it cut off?",
        source->role, source->path);
    return -1;
}

/* --- adding -------------------------------------------------------------- */

int
source_add_key(struct source *source, struct blob *key)
{
    struct material *material = source->material;

    source->holds_key = true;
    if (!source->wants_keys) {
        secret_free(key);
        return 0;
    }
    if (material->key_count == MATERIAL_KEYS_MAX) {
        secret_free(key);
        report_error(source->report, SL_SELECT_SEVERAL,
            "%s %s: holds more than %d private keys", source->role,
            source->path, MATERIAL_KEYS_MAX);
        return -1;
    }
    material->keys[material->key_count++] = *key;
    *key = (struct blob){0};
    return 0;
}

int
source_add_cert(struct source *source, struct der der)
{
    struct blob copy;

    if (!source->wants_certs)
        return 0;
    if (blob_copy(&copy, der.data, der.len) != 0)
        return source_no_memory(source);
    return chain_add(
        &source->material->chain, &copy, source->path, source->report);
}

int
source_add_encrypted(struct source *source, struct der content)
{
    struct der rest = content;
    struct der_element algorithm;
    enum unlock_result result;
    struct blob key;

    source->holds_key = true;
    if (!source->wants_keys)
        return 0;
    if (!der_take_tag(&rest, DER_SEQUENCE, &algorithm))
        return source_refuse(source, UNLOCK_BROKEN);
    result = unlock_judge(algorithm.content);
    if (result != UNLOCK_OK)
        return source_refuse(source, result);
    if (!source->password->is_given && source->form != FORM_PKCS12)
        return refuse_without_password(source);
    result = unlock_key(content, source->password, &key);
    if (result != UNLOCK_OK)
        return source_refuse(source, result);
    return source_add_key(source, &key);
}

/* --- PEM ----------------------------------------------------------------- */

static bool
is_plain_key(const char *label)
{
    return strcmp(label, "PRIVATE KEY") == 0
           || strcmp(label, "EC PRIVATE KEY") == 0
           || strcmp(label, "RSA PRIVATE KEY") == 0;
}

static int
add_key_block(struct source *source, const struct pem_block *block)
{
    struct blob key;

    source->holds_key = true;
    if (!source->wants_keys)
        return 0;
    if (block->is_encrypted)
        return refuse_legacy(source);
    if (secret_copy(&key, block->der.data, block->der.len) != 0)
        return source_no_memory(source);
    return source_add_key(source, &key);
}

static int
add_encrypted_block(struct source *source, const struct pem_block *block)
{
    struct der in = {.data = block->der.data, .len = block->der.len};
    struct der_element whole;

    source->holds_key = true;
    if (source->wants_keys && !der_take_tag(&in, DER_SEQUENCE, &whole))
        return source_refuse(source, UNLOCK_BROKEN);
    return source->wants_keys ? source_add_encrypted(source, whole.content) : 0;
}

static int
add_block(struct source *source, const struct pem_block *block)
{
    const struct der der = {.data = block->der.data, .len = block->der.len};

    if (pem_is_certificate(block->label))
        return source_add_cert(source, der);
    if (is_plain_key(block->label))
        return add_key_block(source, block);
    if (strcmp(block->label, "ENCRYPTED PRIVATE KEY") == 0)
        return add_encrypted_block(source, block);
    if (source->other_label[0] == '\0'
        && strcmp(block->label, "EC PARAMETERS") != 0)
        memcpy(source->other_label, block->label, sizeof(source->other_label));
    return 0;
}

static int
read_pem(struct source *source)
{
    struct pem_reader reader;
    struct pem_block block;
    enum pem_result result;
    size_t number = 0;

    pem_reader_init(&reader, &source->content);
    while ((result = pem_next(&reader, &block)) != PEM_END) {
        int failed;

        number++;
        if (result != PEM_BLOCK)
            return chain_refuse_block(
                result, number, source->role, source->path, source->report);
        failed = add_block(source, &block);
        blob_wipe(&block.der);
        if (failed != 0)
            return -1;
    }
    return 0;
}

/* --- DER ----------------------------------------------------------------- */

static int
read_der_certificates(struct source *source)
{
    struct der in = {.data = source->content.data, .len = source->content.len};
    struct der_element whole;

    while (der_take_tag(&in, DER_SEQUENCE, &whole))
        if (source_add_cert(source, whole.whole) != 0)
            return -1;
    return 0;
}

static int
read_der_key(struct source *source)
{
    struct der in = {.data = source->content.data, .len = source->content.len};
    struct der_element whole;
    struct blob key;

    if (!der_take_tag(&in, DER_SEQUENCE, &whole))
        return source_refuse(source, UNLOCK_BROKEN);
    if (source->form == FORM_ENCRYPTED_KEY)
        return source_add_encrypted(source, whole.content);
    if (secret_copy(&key, whole.whole.data, whole.whole.len) != 0)
        return source_no_memory(source);
    return source_add_key(source, &key);
}

/* --- all ----------------------------------------------------------------- */

/* Of other forms nothing is read; what they are is told then. */
static int
read_content(struct source *source)
{
    if (source->form == FORM_PEM)
        return read_pem(source);
    if (source->form == FORM_CERTIFICATE)
        return read_der_certificates(source);
    if (source->form == FORM_KEY || source->form == FORM_ENCRYPTED_KEY)
        return read_der_key(source);
    if (source->form == FORM_PKCS12)
        return keystore_read(source);
    return 0;
}

static int
refuse_keyless(struct source *source)
{
    const struct material *material = source->material;
    bool has_other = source->other_label[0] != '\0';
    char file[FORM_TEXT_BYTES];

    form_quote(source->path, file, sizeof(file));
    if (source->form == FORM_PKCS12)
        report_error(source->report, SL_KEYSTORE_KEYLESS,
            "%s %s: the keystore holds no private key; is it a truststore?",
            source->role, source->path);
    else if (strcmp(source->other_label, "OPENSSH PRIVATE KEY") == 0)
        report_error(source->report, SL_FORMAT_UNKNOWN,
            "%s %s: the private key is in OpenSSH's own format; convert it in "
            "place: ssh-keygen -p -m PKCS8 -f %s",
            material->key_role, material->key_path, file);
    else
        report_error(source->report, SL_KEY_NONE,
            "%s %s: no private key in it (%s%s%s); is this the right file?",
            material->key_role, material->key_path,
            has_other ? "but a block " : "a line -----BEGIN ",
            has_other ? source->other_label : "PRIVATE KEY",
            has_other ? "" : "-----");
    return -1;
}

static int
refuse_certless(struct source *source)
{
    char file[FORM_TEXT_BYTES];

    if (strcmp(source->other_label, "PKCS7") != 0)
        return chain_refuse_empty(source->role, source->path, source->report);
    form_quote(source->path, file, sizeof(file));
    report_error(source->report, SL_FORMAT_UNKNOWN,
        "%s %s: cannot be read: it is PKCS#7, certificates without a key; "
        "convert it: openssl pkcs7 -in %s -print_certs -out %s.pem",
        source->role, source->path, file, file);
    return -1;
}

/* DER, and PKCS#12 with it, begins with its length. */
static bool
is_cut_off(const struct source *source)
{
    const struct blob *content = &source->content;
    struct der rest = {.data = content->data, .len = content->len};
    struct der_element whole;

    return source->form == FORM_UNKNOWN && content->len > 1
           && content->data[0] == DER_SEQUENCE && (content->data[1] & 0x80) != 0
           && !der_take_tag(&rest, DER_SEQUENCE, &whole);
}

static int
refuse_cut_off(struct source *source)
{
    report_error(source->report, SL_FORMAT_UNKNOWN,
        "%s %s: cannot be read: it is shorter than it says itself; was it cut "
        "off while being written or copied?",
        source->role, source->path);
    return -1;
}

int
source_read(struct source *source)
{
    const struct material *material = source->material;
    bool lacks_certs;

    if (read_content(source) != 0)
        return -1;
    lacks_certs = source->wants_certs && material->chain.count == 0;
    if (!lacks_certs && (!source->wants_keys || material->key_count > 0))
        return 0;
    if (is_cut_off(source))
        return refuse_cut_off(source);
    /* A keystore was read: it is not its form that is wrong. */
    if (source->form != FORM_PKCS12
        && chain_refuse_form(
               source->form, source->role, source->path, source->report)
               != 0)
        return -1;
    if (!lacks_certs)
        return refuse_keyless(source);
    return refuse_certless(source);
}
