# SPDX-License-Identifier: GPL-3.0-or-later
"""Another time of day for the program, by libfaketime. Its timers go on by the
true clock, unless a test asks for another. Tests that use it are marked
shifted_clock."""

import glob

from lib import settings, sidelock

_TRUE_TIMERS = {
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    "DONT_FAKE_MONOTONIC": "1",
}


def shifted(days):
    """The environment of a program for which it is `days` days later."""
    return {**_preloaded(), "FAKETIME": _offset(days)}


class Clock:
    """A clock that goes on while the program runs."""

    def __init__(self, folder):
        self._path = folder / "clock"
        self.set(0)

    def set(self, days):
        fresh = self._path.with_suffix(".new")
        fresh.write_text(_offset(days) + "\n")
        fresh.replace(self._path)

    def environ(self, shifts_timers=False):
        """shifts_timers: the clock that nobody can set follows, too."""
        preloaded = _preloaded()
        if shifts_timers:
            for name in _TRUE_TIMERS:
                del preloaded[name]
        return {
            **preloaded,
            "FAKETIME_TIMESTAMP_FILE": str(self._path),
            "FAKETIME_NO_CACHE": "1",
        }


def _offset(days):
    return f"{round(days * 86400):+d}"


def _preloaded():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        settings.give_up("faketime is not installed")
    options = sidelock.environment().get("ASAN_OPTIONS", "")
    return {
        "LD_PRELOAD": found[0],
        **_TRUE_TIMERS,
        # ASan wants to come first, and works second; LSan does not.
        "ASAN_OPTIONS": f"{options}:verify_asan_link_order=0:detect_leaks=0",
    }
