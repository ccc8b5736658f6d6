/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many CPUs this process may really use: its affinity mask, and the quota
 * of its cgroup (v2 or v1), rounded up. At least 1. */
#ifndef SIDELOCK_PROXY_CPUS_H
#define SIDELOCK_PROXY_CPUS_H

#include <stddef.h>

size_t cpus_usable(void);

#endif
