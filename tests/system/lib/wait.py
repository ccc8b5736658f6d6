# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, never for a time."""

import time

from lib.settings import DEADLINE_S

POLL_S = 0.005


def until(condition, what, deadline_s=DEADLINE_S):
    """Returns the condition's first true value; fails naming `what`."""
    for _ in rounds(what, deadline_s):
        value = condition()
        if value:
            return value
        time.sleep(POLL_S)


def rounds(what, deadline_s=DEADLINE_S):
    """For loops that only something from outside ends: counts the rounds,
    and fails naming `what` when nothing does."""
    end = time.monotonic() + deadline_s
    number = 0
    while time.monotonic() < end:
        yield number
        number += 1
    raise AssertionError(f"not within {deadline_s} s: {what}")
