#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names each link of the Markdown files that leads nowhere.

Usage: scripts/check-links.py [ROOT]

A link to a file must name one that exists, a link to a heading (#anchor) one
that the file has, and a path in backticks that begins with a folder of the
repository (`proxy/relay.c`) must exist, too. Addresses on the web are not
looked up. Exits 1 when there is a wrong one.
"""

import pathlib
import re
import sys

FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.DOTALL | re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
OUR_FOLDERS = ("config", "certs", "proxy", "scripts", "tests", "cmake",
               "docs", "deploy", ".ci")
OUR_PATH = re.compile(
    r"(?:%s)/[\w./-]*" % "|".join(map(re.escape, OUR_FOLDERS)))
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def blank(match):
    """The same number of lines, without the text."""
    return "\n" * match.group().count("\n")


def anchors(text):
    """The anchors of a file's headings, as the usual renderers name them."""
    seen = {}
    for heading in HEADING.findall(FENCE.sub(blank, text)):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        count = seen.get(name, 0)
        seen[name] = count + 1
        yield f"{name}-{count}" if count else name


def wrong_link(root, page, target):
    """What is wrong with a link, or None."""
    if ELSEWHERE.match(target):
        return None
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    if not file.is_relative_to(root):
        return "leaves the repository"
    if not file.exists():
        return "does not exist"
    if anchor and file.suffix == ".md" and anchor not in anchors(
            file.read_text(encoding="utf-8")):
        return "has no such heading"
    return None


def matches(text, *patterns):
    """(line number, what was found) of each match."""
    for pattern in patterns:
        for match in pattern.finditer(text):
            yield text.count("\n", 0, match.start()) + 1, match.group(1)


def findings(root, page):
    name = page.relative_to(root)
    text = FENCE.sub(blank, page.read_text(encoding="utf-8"))
    for line, target in matches(CODE.sub("", text), LINK, REFERENCE):
        why = wrong_link(root, page, target)
        if why:
            yield f"{name}:{line}: {target} {why}"
    for line, code in matches(text, CODE):
        if OUR_PATH.fullmatch(code) and not (root / code).exists():
            yield f"{name}:{line}: `{code}` does not exist"


def pages(root):
    for page in sorted(root.rglob("*.md")):
        if page.relative_to(root).parts[0] not in ("build", ".git"):
            yield page


def main():
    if len(sys.argv) > 1 and sys.argv[1].startswith("-"):
        print(__doc__.strip())
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    root = pathlib.Path(
        sys.argv[1] if len(sys.argv) > 1
        else pathlib.Path(__file__).parent.parent).resolve()
    wrong = []
    count = 0
    for page in pages(root):
        count += 1
        wrong.extend(findings(root, page))
    if count == 0:
        wrong.append("there are no Markdown files")
    print("\n".join(wrong) or f"check-links: {count} pages link to what exists")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
