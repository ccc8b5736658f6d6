# SPDX-License-Identifier: GPL-3.0-or-later
"""The program's log as a list of events.

A line that is neither an event nor a start-up message is an error of the
program: reading such a log fails.
"""

import json
import re
import threading

from lib.wait import until

NUMBERS = {
    "bytes_to_backend", "bytes_to_client", "certificates", "conn",
    "connections", "duration_ms", "gen", "generation", "max_connections",
    "pid", "repeated", "shared", "workers",
}  # fmt: skip
LEVELS = ("debug", "info", "warn", "error")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"

_HEAD = re.compile(rf"({TIME}) ({'|'.join(LEVELS)}) (event=[a-z_]+.*)")
_PAIR = re.compile(
    r'([a-z][a-z0-9_]*)=(?:"((?:[ !#-\[\]-~]|\\["\\]|\\x[0-9a-f]{2})*)"'
    r'|([!#-<>-\[\]-~]+))(?: |$)'
)
_ESCAPE = re.compile(r'\\(?:(["\\])|x([0-9a-f]{2}))')
_STARTUP = re.compile(r"sidelock: (error|warning|note): ")


class Event(dict):
    """One line of the log: the keys and values that it carries."""

    @property
    def name(self):
        return self["event"]

    def matches(self, name, **wanted):
        return self.name == name and all(
            self.get(key) == value for key, value in wanted.items()
        )


def parse_text(line):
    """An Event from a logfmt line; ValueError when it is malformed."""
    head = _HEAD.fullmatch(line)
    if not head:
        raise ValueError(f"no log line: {line!r}")
    event = Event(ts=head[1], level=head[2])
    rest, position = head[3], 0
    while position < len(rest):
        pair = _PAIR.match(rest, position)
        if not pair or pair[1] in event:
            raise ValueError(f"at {rest[position:]!r} of log line {line!r}")
        event[pair[1]] = _text_value(pair)
        position = pair.end()
    return event


def _text_value(pair):
    if pair[2] is not None:
        return unescape(pair[2])
    if pair[1] in NUMBERS:
        return int(pair[3])
    return pair[3]


def unescape(text):
    """The text that was escaped; \\xNN as a Latin-1 character."""

    def character(match):
        return match[1] or chr(int(match[2], 16))

    return _ESCAPE.sub(character, text)


def parse_json(line):
    """An Event from a JSON line; ValueError when it is malformed."""
    event = Event(json.loads(line, object_pairs_hook=_unique))
    for key in ("ts", "level", "event"):
        if not isinstance(event.get(key), str):
            raise ValueError(f"no {key} in log line {line!r}")
    if not re.fullmatch(TIME, event["ts"]) or event["level"] not in LEVELS:
        raise ValueError(f"bad ts or level in log line {line!r}")
    for key in NUMBERS & event.keys():
        if type(event[key]) is not int:
            raise ValueError(f"{key} is no number in log line {line!r}")
    return event


def _unique(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError(f"repeated key in {pairs!r}")
    return result


class Log:
    """A log file that is being written; reads on from where it was. Threads
    of a test may share it."""

    def __init__(self, path):
        self.path = path
        self.startup = []
        self._events = []
        self._offset = 0
        self._partial = b""
        self._reading = threading.Lock()

    @property
    def events(self):
        """All events until now."""
        with self._reading:
            self._read_on()
        return self._events

    def text(self):
        return self.path.read_text("utf-8", "backslashreplace")

    def mark(self):
        """A position: events from here on are later than this call."""
        return len(self.events)

    def find(self, name, since=0, **wanted):
        """All events of this name with these values."""
        return [
            event
            for event in self.events[since:]
            if event.matches(name, **wanted)
        ]

    def wait(self, name, since=0, **wanted):
        """The first event of this name with these values, once it is there."""
        return self.wait_count(1, name, since, **wanted)[0]

    def wait_count(self, count, name, since=0, **wanted):
        """At least `count` such events, once they are there."""

        def enough():
            found = self.find(name, since, **wanted)
            return found if len(found) >= count else None

        what = f"{count} x event={name} {wanted} in {self.path}"
        try:
            return until(enough, what)
        except AssertionError as failure:
            got = len(self.find(name, since, **wanted))
            raise AssertionError(f"{failure} (there are {got})") from None

    def _read_on(self):
        if not self.path.exists():
            return
        with open(self.path, "rb") as file:
            file.seek(self._offset)
            data = self._partial + file.read()
            self._offset = file.tell()
        *lines, self._partial = data.split(b"\n")
        for line in lines:
            self._take(line.decode("utf-8"))

    def _take(self, line):
        if _STARTUP.match(line):
            self.startup.append(line)
        elif line.startswith("{"):
            self._events.append(parse_json(line))
        else:
            self._events.append(parse_text(line))
