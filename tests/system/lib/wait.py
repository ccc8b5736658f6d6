# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, never for a time."""

import time

from lib.settings import DEADLINE_S

POLL_S = 0.005


def until(condition, what, deadline_s=DEADLINE_S):
    """Returns the condition's first true value; fails naming `what`."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline_s} s: {what}")
        time.sleep(POLL_S)
