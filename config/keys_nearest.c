/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a mistyped section or key may have meant: the table's names, offered
 * to the search for the nearest one. */
#include "config/keys.h"

void
keys_consider_sections(struct nearest *nearest)
{
    for (size_t i = 0; i < SECTION_KIND_COUNT; i++)
        nearest_consider(
            nearest, keys_section_info((enum section_kind)i)->name);
}

void
keys_consider_keys(struct nearest *nearest, enum section_kind section)
{
    for (size_t i = 0; i < config_key_count; i++) {
        if (config_keys[i].section == section)
            nearest_consider(nearest, config_keys[i].name);
    }
}
