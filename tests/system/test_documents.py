# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents tell users to write is what sidelock takes."""

import re
from pathlib import Path

import pytest

from lib import sidelock

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SECTION = re.compile(r"^\[(\w+)(?: ([^\]]+))?\]$", re.MULTILINE)
OURS = {
    "service", "certificate", "clients", "tls", "timeouts", "limits",
    "reload", "admin", "log", "process",
}  # fmt: skip
SERVICE = "listen = 127.0.0.1:8443\nbackend = unix:/run/app.sock\n"


def examples():
    """Every piece of a configuration in the documents."""
    for page in PAGES:
        pieces = FENCED.findall(page.read_text())
        for number, (language, text) in enumerate(pieces):
            kinds = {kind for kind, _ in SECTION.findall(text)}
            if language in ("", "ini") and kinds and kinds <= OURS:
                yield pytest.param(text, id=f"{page.stem}-{number}")


def completed(text):
    """With what a piece leaves out: its service and its certificate."""
    text = text.replace("\n...\n", "\n")
    sections = SECTION.findall(text)
    kinds = {kind for kind, _ in sections}
    if "service" not in kinds:
        name = next((f" {name}" for kind, name in sections
                     if kind == "timeouts" and name), "")  # fmt: skip
        text += f"\n[service{name}]\n{SERVICE}"
    elif "backend =" not in text:
        text = re.sub(r"^(\[service.*\]\n)", rf"\1{SERVICE}", text, flags=re.M)
    if "certificate" not in kinds:
        text += "\n[certificate]\ncert = server.pem\n"
    return text


def test_there_are_examples():
    """The search for them finds what it should."""
    assert len(list(examples())) >= 15


@pytest.mark.parametrize("text", examples())
def test_an_example_is_taken_as_it_stands(text, tmp_path):
    """Its files are not there; every key and value is good."""
    path = tmp_path / "sidelock.ini"
    path.write_text(completed(text))
    done = sidelock.run("check", "-c", path, cwd=tmp_path)
    wrong = [
        line
        for line in done.stdout.splitlines()
        if line.startswith("error: ") and "[SL-CONFIG-" in line
    ]
    assert not wrong
    assert re.search(r"^ +(ok|warning) +settings", done.stdout, re.MULTILINE)
