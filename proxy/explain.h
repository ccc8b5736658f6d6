/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `sidelock explain`: the field guide (config/guide.h), without any file or
 * network. */
#ifndef SIDELOCK_PROXY_EXPLAIN_H
#define SIDELOCK_PROXY_EXPLAIN_H

/* Prints the row of a code, or the list when code is NULL; the exit code. */
int explain_run(const char *code);

#endif
