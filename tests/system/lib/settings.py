# SPDX-License-Identifier: GPL-3.0-or-later
"""What the environment decides about a run.

SIDELOCK_BINARY       the program under test (build/release/sidelock)
SIDELOCK_TEST_SCALE   divides sizes and counts, for slow builds (1)
SIDELOCK_REQUIRE_ALL  1: a missing tool is a failure and not a skip
"""

import mmap
import os
import shutil
import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BINARY = Path(
    os.environ.get("SIDELOCK_BINARY") or ROOT / "build/release/sidelock"
).resolve()
SCALE = max(1, int(os.environ.get("SIDELOCK_TEST_SCALE") or "1"))
REQUIRE_ALL = os.environ.get("SIDELOCK_REQUIRE_ALL") == "1"

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

_PT_INTERP = 3


def _find_sanitizer(binary):
    """"address", "thread" or None, by what is linked into the binary."""
    if not binary.is_file():
        return None
    with open(binary, "rb") as file:
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as image:
            for name in ("address", "thread"):
                if image.find(b"__%csan_init" % name[0].encode()) >= 0:
                    return name
    return None


SANITIZER = _find_sanitizer(BINARY)

def _is_dynamic(binary):
    """Can libraries be put in front of it? The release build is static: its
    ELF program header (see elf(5)) names no interpreter."""
    if not binary.is_file():
        return False
    with open(binary, "rb") as file:
        head = file.read(4096)
    (start,) = struct.unpack_from("<Q", head, 32)
    size, count = struct.unpack_from("<HH", head, 54)
    places = range(start, start + size * count, size)
    return _PT_INTERP in [struct.unpack_from("<I", head, at)[0] for at in places]


CAN_SHIFT_CLOCK = _is_dynamic(BINARY) and SANITIZER in (None, "address")

# How long a condition may take to come true. No test expects it to be used
# up; it only turns a hang into a failure.
DEADLINE_S = 120 if SANITIZER else 40


# Half of the work of a start is for a speed that it does not live to see; and
# at [::1] somebody else may have the port.
JAVA_OPTIONS = (
    "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC",
    "-Djava.net.preferIPv4Stack=true",
)  # fmt: skip


def scaled(number, least=1):
    """A size or count, made smaller by SIDELOCK_TEST_SCALE."""
    return max(least, number // SCALE)


def require(tool):
    """The path of an external program; without it the test is skipped, or
    fails when nothing may be skipped."""
    path = shutil.which(tool) or shutil.which(tool, path="/usr/sbin:/sbin")
    if path is None:
        give_up(f"{tool} is not installed")
    return path


def give_up(reason):
    """Skips the test, or fails it when nothing may be skipped."""
    if REQUIRE_ALL:
        pytest.fail(f"{reason}, and nothing may be skipped in this run")
    pytest.skip(reason)
