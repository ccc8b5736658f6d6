/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of codes as a table, and its printed forms. */
#include "config/guide.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static const char prefix[] = "SL-";

static const char intro[] =
    "# Errors and warnings\n"
    "\n"
    "Each message about something that went wrong ends in a code, and log\n"
    "lines carry it as `code`. A code keeps its meaning from version to\n"
    "version. `sidelock explain CODE` shows one of them where no browser is;\n"
    "this page is what `sidelock explain --markdown` prints.\n";

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

/* How much of a code's text to leave out when it is compared with a word. */
static size_t
skip_for(const char *word)
{
    return strncasecmp(word, prefix, strlen(prefix)) == 0 ? 0 : strlen(prefix);
}

enum guide_code
guide_find(const char *text)
{
    size_t skip = skip_for(text);

    for (int i = SL_NONE + 1; i < GUIDE_CODE_COUNT; i++)
        if (strcasecmp(entries[i].text + skip, text) == 0)
            return (enum guide_code)i;
    return SL_NONE;
}

void
guide_consider(struct nearest *nearest)
{
    size_t skip = skip_for(nearest->word);

    for (int i = SL_NONE + 1; i < GUIDE_CODE_COUNT; i++)
        nearest_consider(nearest, entries[i].text + skip);
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
    (void)fputs(intro, out);
#define GUIDE_GROUP(title) (void)fprintf(out, "\n## %s\n", title);
#define GUIDE_TEXT(code, text, what, cause, remedy)                            \
    (void)fprintf(out, "\n### %s\n\n%c%s.\n\n- Cause: %s.\n- Remedy: %s.\n",   \
        text, toupper((unsigned char)(what)[0]), (what) + 1, cause, remedy);
    GUIDE_LIST(GUIDE_GROUP, GUIDE_TEXT)
#undef GUIDE_TEXT
#undef GUIDE_GROUP
}
