/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which files there are, who may read them, and what all of them hold. */
#include "certs/material.h"

#include <string.h>

#include "certs/file.h"
#include "certs/material_source.h"
#include "certs/secret.h"

enum {
    GROUP_READ = 0040,
    OTHERS_READ = 0004,
};

/* What all files of one [certificate] share. */
struct load {
    struct material *material;
    const struct config_certificate *certificate;
    struct password password;
    struct report *report;
};

/* Who can read the key (path_resolution(7) apart: folders may keep them out).
 * A group is often meant: Kubernetes' fsGroup. */
static int
judge_mode(const struct source *source,
    const struct config_certificate *certificate, mode_t mode)
{
    char quoted[FORM_TEXT_BYTES];

    if (!source->holds_key || (mode & (GROUP_READ | OTHERS_READ)) == 0)
        return 0;
    form_quote(source->path, quoted, sizeof(quoted));
    if ((mode & OTHERS_READ) == 0) {
        report_warning(source->report, SL_KEY_GROUP,
            "%s %s: its group can read the private key (mode %04o); if that "
            "is not meant: chmod 600 %s",
            source->role, source->path, mode, quoted);
        return 0;
    }
    if (certificate->allow_exposed_key) {
        report_warning(source->report, SL_KEY_EXPOSED,
            "%s %s: everybody on this machine can read the private key (mode "
            "%04o), as allow_exposed_key = yes allows; chmod 600 %s",
            source->role, source->path, mode, quoted);
        return 0;
    }
    report_error(source->report, SL_KEY_EXPOSED,
        "%s %s: everybody on this machine can read the private key (mode "
        "%04o); chmod 600 %s, or write allow_exposed_key = yes",
        source->role, source->path, mode, quoted);
    return -1;
}

/* Only what differs from two plain files of PEM is worth a line. */
static void
note_form(const struct source *source)
{
    if (source->wants_certs && source->wants_keys)
        report_note(source->report, "%s %s: chain and key are in one file (%s)",
            source->role, source->path, form_name(source->form));
    else if (source->form != FORM_PEM)
        report_note(source->report, "%s %s: is %s", source->role, source->path,
            form_name(source->form));
}

static int
read_source(struct load *load, struct source *source)
{
    mode_t mode;
    int failed;

    source->section = "certificate ";
    source->section_name = load->certificate->name;
    source->key_prefix = "";
    source->material = load->material;
    source->password = &load->password;
    source->report = load->report;
    if (file_read(
            &source->content, source->path, source->role, &mode, load->report)
        != 0)
        return -1;
    source->form = form_of(&source->content);
    failed = source_read(source);
    blob_wipe(&source->content);
    if (failed != 0 || judge_mode(source, load->certificate, mode) != 0)
        return -1;
    note_form(source);
    return 0;
}

static int
read_files(struct load *load)
{
    struct material *material = load->material;
    bool is_one = strcmp(material->cert_path, material->key_path) == 0;
    struct source certs = {.role = material->cert_role,
        .path = material->cert_path,
        .wants_certs = true,
        .wants_keys = is_one};
    struct source keys = {.role = material->key_role,
        .path = material->key_path,
        .wants_keys = true};

    if (read_source(load, &certs) != 0)
        return -1;
    material->is_unordered = certs.form == FORM_PKCS12;
    return is_one ? 0 : read_source(load, &keys);
}

static void
judge_password(const struct material *material, const struct password *password,
    struct report *report)
{
    if (password->is_given && !password->was_used)
        report_warning(report, SL_PASSWORD_UNUSED,
            "%s: a password is given, and nothing is encrypted; remove it, or "
            "encrypt the key",
            password->origin);
    else if (password->was_used && password_is_weak(password))
        report_warning(report, SL_PASSWORD_WEAK,
            "%s %s: its password protects nothing: it is empty or the "
            "well-known \"changeit\"; choose another",
            material->key_role, material->key_path);
}

static void
name_files(
    struct material *material, const struct config_certificate *certificate)
{
    bool is_keystore =
        certificate->keystore != NULL && certificate->keystore[0] != '\0';

    if (is_keystore) {
        material->cert_role = material->key_role = "certificate.keystore";
        material->cert_path = material->key_path = certificate->keystore;
        return;
    }
    material->cert_role = "certificate.cert";
    material->cert_path = certificate->cert;
    material->key_role = "certificate.key";
    material->key_path =
        certificate->key[0] != '\0' ? certificate->key : certificate->cert;
}

int
material_load(struct material *material,
    const struct config_certificate *certificate, struct report *report)
{
    struct load load = {
        .material = material, .certificate = certificate, .report = report};
    const struct password_keys keys = {.prefix = "certificate.",
        .file = certificate->password_file,
        .env = certificate->password_env,
        .credential = certificate->password_credential};
    int failed;

    *material = (struct material){0};
    name_files(material, certificate);
    if (chain_init(&material->chain, material->cert_role) != 0) {
        report_error(report, SL_MEMORY, "%s %s: out of memory",
            material->cert_role, material->cert_path);
        return -1;
    }
    failed = password_read(&load.password, &keys, report);
    if (failed == 0)
        failed = read_files(&load);
    if (failed == 0)
        judge_password(material, &load.password, report);
    password_deinit(&load.password);
    if (failed != 0)
        material_deinit(material);
    return failed;
}

void
material_deinit(struct material *material)
{
    for (size_t i = 0; i < material->key_count; i++)
        secret_free(&material->keys[i]);
    material->key_count = 0;
    chain_deinit(&material->chain);
}
