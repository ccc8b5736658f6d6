/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of codes as a table, and its printed forms. */
#include "config/guide.h"

#include <string.h>
#include <strings.h>

static const char prefix[] = "SL-";

static const struct guide_entry entries[GUIDE_CODE_COUNT] = {
#define GUIDE_GROUP(title)
#define GUIDE_ENTRY(code, text, what, cause, remedy)                           \
    [code] = {text, what, cause, remedy},
    GUIDE_LIST(GUIDE_GROUP, GUIDE_ENTRY)
#undef GUIDE_ENTRY
#undef GUIDE_GROUP
};

const struct guide_entry *
guide_entry(enum guide_code code)
{
    return code == SL_NONE ? NULL : &entries[code];
}

const char *
guide_text(enum guide_code code)
{
    return entries[code].text;
}

enum guide_code
guide_find(const char *text)
{
    size_t skip =
        strncasecmp(text, prefix, strlen(prefix)) == 0 ? 0 : strlen(prefix);

    for (int i = SL_NONE + 1; i < GUIDE_CODE_COUNT; i++)
        if (strcasecmp(entries[i].text + skip, text) == 0)
            return (enum guide_code)i;
    return SL_NONE;
}

void
guide_print(FILE *out, enum guide_code code)
{
    const struct guide_entry *entry = &entries[code];

    (void)fprintf(out, "%s: %s\n  cause:  %s\n  remedy: %s\n", entry->text,
        entry->what, entry->cause, entry->remedy);
}

void
guide_print_list(FILE *out)
{
#define GUIDE_GROUP(title) (void)fprintf(out, "\n%s\n", title);
#define GUIDE_LINE(code, text, what, cause, remedy)                            \
    (void)fprintf(out, "  %-22s %s\n", text, what);
    GUIDE_LIST(GUIDE_GROUP, GUIDE_LINE)
#undef GUIDE_LINE
#undef GUIDE_GROUP
}

void
guide_print_markdown(FILE *out)
{
#define GUIDE_GROUP(title) (void)fprintf(out, "\n## %s\n", title);
#define GUIDE_TEXT(code, text, what, cause, remedy)                            \
    (void)fprintf(out, "\n### %s\n\n%s.\n\n- Cause: %s.\n- Remedy: %s.\n",     \
        text, what, cause, remedy);
    GUIDE_LIST(GUIDE_GROUP, GUIDE_TEXT)
#undef GUIDE_TEXT
#undef GUIDE_GROUP
}
