# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests' own reading of the log refuses what is malformed."""

import pytest

from lib import log

TS = "2026-11-21T05:04:36.123Z"


def test_a_logfmt_line_is_read_key_by_key():
    """Words, numbers, quoted and escaped values all come out as they were."""
    line = (
        rf'{TS} info event=connection conn=7 tls="[TLSv1.3 VERIFIED]"'
        r' sni="a\x0ab" detail="say \"hi\" \\x" serial=00123 empty=""'
    )
    assert log.parse_text(line) == {
        "ts": TS, "level": "info", "event": "connection", "conn": 7,
        "tls": "[TLSv1.3 VERIFIED]", "sni": "a\nb",
        "detail": 'say "hi" \\x', "serial": "00123", "empty": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    "line",
    [
        "something printed by a library",
        f"{TS} info",
        f"{TS} loud event=ready",
        f"{TS} info conn=7 event=ready",
        f"{TS} info event=ready conn=seven",
        f"{TS} info event=ready pid=1 pid=2",
        f"{TS} info event=ready text=two words",
        f'{TS} info event=ready text="open',
        f'{TS} info event=ready text="tab\there"',
        f'{TS} info event=ready text="\\q"',
        f"{TS} info event=ready text=",
    ],
)
def test_a_malformed_logfmt_line_is_an_error(line):
    """No line is skipped, none is read halfway."""
    with pytest.raises(ValueError):
        log.parse_text(line)


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        f'{{"ts":"{TS}","level":"info"}}',
        '{"ts":"yesterday","level":"info","event":"ready"}',
        f'{{"ts":"{TS}","level":"info","event":"ready","pid":"1"}}',
        f'{{"ts":"{TS}","level":"info","event":"ready","pid":1,"pid":2}}',
        f'{{"ts":"{TS}","level":"info","event":"ready"',
    ],
)
def test_a_malformed_json_line_is_an_error(line):
    """JSON lines are held to the same rules."""
    with pytest.raises(ValueError):
        log.parse_json(line)
