/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A code, or what was meant by it. */
#include "proxy/explain.h"

#include <stdio.h>
#include <string.h>

#include "config/guide.h"
#include "config/nearest.h"
#include "config/report.h"
#include "proxy/options.h"

static int
complain(const char *code)
{
    struct nearest nearest;
    char hint[NEAREST_HINT_BYTES];
    char shown[80];

    nearest_init(&nearest, code);
    guide_consider(&nearest);
    nearest_format_hint(&nearest, hint, sizeof(hint));
    text_escape(shown, sizeof(shown), code, strlen(code));
    (void)fprintf(stderr,
        "sidelock: error: unknown code: %s%s; `sidelock explain` lists all\n",
        shown, hint);
    return EXIT_USAGE;
}

int
explain_run(const char *code)
{
    enum guide_code found;

    if (code == NULL) {
        guide_print_list(stdout);
        (void)printf("\nsidelock explain CODE tells cause and remedy.\n");
        return EXIT_GOOD;
    }
    found = guide_find(code);
    if (found == SL_NONE)
        return complain(code);
    guide_print(stdout, found);
    return EXIT_GOOD;
}
