# SPDX-License-Identifier: GPL-3.0-or-later
"""`sidelock explain` knows every code, without a file or the network."""

import re

import pytest

from lib import sidelock
from lib.settings import ROOT


def codes():
    """Those of docs/errors.md."""
    page = (ROOT / "docs/errors.md").read_text()
    return re.findall(r"^### (SL-[A-Z0-9-]+)$", page, re.MULTILINE)


def test_every_documented_code_is_explained():
    """What, cause and remedy, each of them something."""
    assert len(codes()) > 90
    for code in codes():
        done = sidelock.run("explain", code)
        assert done.returncode == 0, done.stderr
        what, cause, remedy = done.stdout.splitlines()
        assert re.fullmatch(rf"{code}: .{{10,}}", what)
        assert re.fullmatch(r"  cause:  .{10,}", cause)
        assert re.fullmatch(r"  remedy: .{7,}", remedy)


@pytest.mark.parametrize(
    "word", ["SL-KEY-MISMATCH", "sl-key-mismatch", "KEY-MISMATCH"]
)
def test_a_code_is_found_however_it_is_written(word):
    """In any case, with or without SL-."""
    done = sidelock.run("explain", word)
    assert done.returncode == 0
    assert done.stdout.startswith("SL-KEY-MISMATCH: ")


@pytest.mark.parametrize(
    "word, hint",
    [("SL-KEY-MISMTCH", "SL-KEY-MISMATCH"), ("expierd", "EXPIRED")],
)
def test_a_slip_gets_the_nearest_code_as_a_hint(word, hint):
    """Exit code 2, the word and what may have been meant."""
    done = sidelock.run("explain", word)
    assert done.returncode == 2
    assert not done.stdout
    assert f"unknown code: {word}" in done.stderr
    assert f"did you mean '{hint}'?" in done.stderr


def test_a_word_that_is_like_none_gets_no_hint():
    """But the way to the list; control characters are not echoed."""
    done = sidelock.run("explain", "\x1b[2Jnonsense")
    assert done.returncode == 2
    assert "did you mean" not in done.stderr
    assert "sidelock explain" in done.stderr
    assert "\x1b" not in done.stderr


def test_without_a_code_all_are_listed():
    """Each once, with what it is about."""
    done = sidelock.run("explain")
    assert done.returncode == 0
    listed = re.findall(r"^  (SL-[A-Z0-9-]+) +\w", done.stdout, re.MULTILINE)
    assert listed == codes()


def test_markdown_is_the_page_of_the_documentation():
    """To the byte."""
    done = sidelock.run("explain", "--markdown")
    assert done.returncode == 0
    assert done.stdout == (ROOT / "docs/errors.md").read_text()


def test_a_failed_check_names_a_code_that_is_explained(program, pki):
    """From the message to the remedy."""
    proxy = program(
        {
            "service": {"listen": "127.0.0.1:0", "backend": "127.0.0.1:1"},
            "certificate": {
                "cert": pki.server_certificate.cert,
                "key": pki.renewed.key,
            },
        }
    )
    proxy.write_config()
    done = sidelock.run("check", "-c", proxy.config_path)
    codes = re.findall(
        r"^error: .*\[(SL-[A-Z-]+)\]$", done.stdout, re.MULTILINE
    )
    assert "SL-KEY-MISMATCH" in codes
    for code in codes:
        assert sidelock.run("explain", code).returncode == 0
