/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates and keys that are trusted as they are: how often each let
 * somebody in, so that one that is no longer used can be told. */
#include <inttypes.h>
#include <stdio.h>

#include "certs/dates.h"
#include "proxy/admin_status.h"

enum {
    NAME_COLUMNS = 51 /* "sha256:" and the base64 of a hash */
};

void
admin_put_pins(struct json *json, const struct pins *pins)
{
    json_begin_array(json, "trusted");
    for (size_t i = 0; i < pins_count(pins); i++) {
        const struct pin *pin = pins_at(pins, i);

        json_begin_object(json, NULL);
        json_put_string(json, "kind", pin->is_key ? "key" : "certificate");
        json_put_string(json, "entry", pin->name);
        json_put_string(
            json, "subject", pin->is_key ? NULL : pin->info.subject);
        json_put_string(json, "fingerprint", pin->info.fingerprint);
        json_put_int(json, "hits", (int64_t)pin_hits(pin));
        if (pin_last_used(pin) != 0)
            admin_put_time(json, "last_use", pin_last_used(pin));
        else
            json_put_null(json, "last_use");
        json_end_object(json);
    }
    json_end_array(json);
}

void
admin_print_pins(FILE *out, const struct pins *pins)
{
    if (pins_count(pins) == 0)
        return;
    (void)fprintf(out, "  %-*s  %-20s  %8s  %s\n", NAME_COLUMNS, "TRUSTED",
        "LAST USE", "TIMES", "SUBJECT");
    for (size_t i = 0; i < pins_count(pins); i++) {
        const struct pin *pin = pins_at(pins, i);
        char last[DATE_TEXT_BYTES] = "never";

        if (pin_last_used(pin) != 0)
            date_format(pin_last_used(pin), last);
        (void)fprintf(out, "  %-*s  %-20s  %8llu  %s\n", NAME_COLUMNS,
            pin->name, last, pin_hits(pin),
            pin->is_key ? "(key)" : pin->info.subject);
    }
}
