# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that measures: its processors, and who else uses them."""

import os
import platform
import resource
import time
from pathlib import Path

# More than this share of the processors for other programs spoils a run.
QUIET_SHARE = 0.03


def choose_cpus():
    """One processor for the proxy, one for the load; None: no pinning."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        return None, None
    return usable[0], usable[1]


def describe():
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "date": time.strftime("%Y-%m-%d"),
        "processor": model,
        "processors": os.cpu_count(),
        "kernel": platform.release(),
    }


class Neighbours:
    """Measures what other programs took from the processors meanwhile."""

    def __init__(self):
        self.started_s = time.monotonic()
        self.others_s = self.others_so_far_s()

    @staticmethod
    def others_so_far_s():
        line = Path("/proc/stat").read_text().splitlines()[0]
        # user, nice, system, idle, iowait, irq, softirq, steal
        ticks = [int(word) for word in line.split()[1:9]]
        busy = sum(ticks) - ticks[3] - ticks[4]
        own = 0.0
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            usage = resource.getrusage(who)
            own += usage.ru_utime + usage.ru_stime
        return busy / os.sysconf("SC_CLK_TCK") - own

    def share(self):
        """0..1, over all processors; call it when all children have ended."""
        took_s = time.monotonic() - self.started_s
        others_s = self.others_so_far_s() - self.others_s
        return max(0.0, others_s / (took_s * os.cpu_count()))
