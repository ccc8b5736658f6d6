# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that still reads its files cannot answer a signal yet, and is not
to die of it."""

import os
import signal

import pytest

from lib import backends
from lib.wait import until

HELD = (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


def signals(process, field):
    """A set of signals out of /proc; empty when the process is gone."""
    with open(f"/proc/{process.pid}/status") as status:
        lines = [line for line in status if line.startswith(field + ":")]
    mask = int(lines[0].split()[1], 16) if lines else 0
    return {number for number in signal.Signals if mask >> (number - 1) & 1}


@pytest.fixture
def starting(program):
    """A process that has begun to start and waits for its settings."""
    made = program()
    settings = made.folder / "settings"
    os.mkfifo(settings)
    made.arguments = ["-c", str(settings)]
    made.spawn()
    until(
        lambda: signal.SIGPIPE in signals(made.process, "SigIgn"), "it starts"
    )
    yield made.process
    made.process.kill()
    made.process.wait()


@pytest.mark.parametrize("number", HELD, ids=lambda number: number.name)
def test_a_signal_that_comes_too_early_waits(starting, number):
    """It is held back until it can be answered."""
    assert number in signals(starting, "SigBlk")
    starting.send_signal(number)
    until(lambda: number in signals(starting, "ShdPnd"), "it has come")
    assert starting.poll() is None


def test_afterwards_nothing_is_held_back(start, serve):
    """Once it serves, a signal is answered at once."""
    proxy = start(serve(backends.echo))
    assert not signals(proxy.process, "SigBlk") & set(HELD)
    proxy.reload()


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name
)
def test_a_start_can_be_ended(starting, number):
    """Who no longer wants it need not wait until it has read everything."""
    starting.send_signal(number)
    assert starting.wait(30) == -number
