/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of every key: one row says all there is to know about a key, and
 * parser, defaults, help and the checks of the documentation read it.
 */
#ifndef SIDELOCK_CONFIG_KEYS_H
#define SIDELOCK_CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/nearest.h"

enum section_kind {
    SECTION_SERVICE,
    SECTION_CERTIFICATE,
    SECTION_CLIENTS,
    SECTION_TLS,
    SECTION_TIMEOUTS,
    SECTION_LIMITS,
    SECTION_RELOAD,
    SECTION_ADMIN,
    SECTION_LOG,
    SECTION_PROCESS,
};

enum {
    SECTION_KIND_COUNT = SECTION_PROCESS + 1
};

/* What a name in the brackets means. */
enum section_naming {
    NAMING_OWN,     /* its own name; without one it is "default" */
    NAMING_SERVICE, /* the name of the service that it holds for */
    NAMING_NONE,    /* no name */
};

struct section_info {
    const char *name;
    enum section_naming naming;
};

/* What a value is, and so the C type of its field. */
enum value_type {
    VALUE_BOOL,      /* bool */
    VALUE_NUMBER,    /* int64_t */
    VALUE_DURATION,  /* int64_t, milliseconds */
    VALUE_SIZE,      /* int64_t, bytes */
    VALUE_WORD,      /* an enum: one of words */
    VALUE_STRING,    /* char * */
    VALUE_STRINGS,   /* struct string_list */
    VALUE_ADDRESSES, /* struct address_list */
};

/* The struct that holds the field. */
enum key_home {
    HOME_CONFIG,      /* struct config: one value for the whole process */
    HOME_SERVICE,     /* struct config_service */
    HOME_CERTIFICATE, /* struct config_certificate */
};

struct word {
    const char *text; /* NULL ends the list */
    int value;
    bool is_alias; /* accepted, but not offered in messages */
};

struct key {
    const char *name;
    enum section_kind section;
    enum value_type type;
    enum key_home home;
    bool is_zero_allowed; /* 0 is "none", whatever min says */
    bool needs_restart;
    size_t offset;
    const char *fallback; /* the default as text; NULL: must be written */
    const char *example;  /* for messages about a key that must be written */
    int64_t min;          /* of a quantity, or of the length of a list or */
    int64_t max;          /* (min alone) of a string */
    const struct word *words;
    const char *help;
};

extern const struct key config_keys[];
extern const size_t config_key_count;

const struct section_info *keys_section_info(enum section_kind kind);

/* 0 with *kind set, or -1. */
int keys_find_section(enum section_kind *kind, const char *name);
/* NULL when the section has no such key. */
const struct key *keys_find(enum section_kind section, const char *name);

/* The section that has such a key, whichever it is, or NULL. */
const struct section_info *keys_find_home(const char *name);

/* Feeds every name of a section, or of a section's keys. */
void keys_consider_sections(struct nearest *nearest);
void keys_consider_keys(struct nearest *nearest, enum section_kind section);

#endif
