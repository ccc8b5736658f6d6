# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders with thousands of certificates: making them, and what it costs to
load them and to load them again. bench-load makes the handshakes."""

import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

import processes
from lib.folder import Folder
from processes import BenchError, Process

RELOADS = 7  # of each kind; the median counts
RELOAD_LIMIT_S = 60
SETTLE_S = 1.2  # younger files are read again by a reload
QUIET_S = 0.02


class PemFolder(Folder):
    """The same with certificate and key in one file, which all proxies take."""

    def issue(self, number):
        serial = super().issue(number)
        cert, key = self.files(number)
        pem = cert.with_suffix(".pem")
        pem.touch(0o600)
        pem.write_bytes(key.read_bytes() + cert.read_bytes())
        cert.unlink()
        key.unlink()
        return serial


def cpu_ns(pid):
    """Processor time of a process and of all that it has forked."""
    # The clock of another process, as clock_getcpuclockid() makes it.
    return sum(
        time.clock_gettime_ns((~member << 3) | 2)
        for member in processes.descendants(pid)
    )


def settled_cpu_ns(pid):
    """The same, once it has stopped rising."""
    before = cpu_ns(pid)
    while True:
        time.sleep(QUIET_S)
        now = cpu_ns(pid)
        if now == before:
            return now
        before = now


def pss_bytes(pid):
    """Proportional memory of a process and of all that it has forked."""
    total = 0
    for member in processes.descendants(pid):
        text = Path(f"/proc/{member}/smaps_rollup").read_text()
        line = next(x for x in text.splitlines() if x.startswith("Pss:"))
        total += int(line.split()[1]) * 1024
    return total


def start(command, setup, cpu):
    """(the process, milliseconds until it listens, processor time in ns)"""
    began = time.monotonic()
    proxy = Process(command, cpu, setup.directory / "proxy.log")
    try:
        proxy.await_port(setup.port, RELOAD_LIMIT_S)
        took_ms = 1000 * (time.monotonic() - began)
        return proxy, took_ms, settled_cpu_ns(proxy.pid)
    except BaseException:
        proxy.stop()
        raise


def measure_load(make_command, one, many, cpu):
    """Starts with one certificate and with many; `one` and `many` are
    setups."""
    proxy, _, _ = start(make_command(one), one, cpu)
    with proxy:
        base_bytes = pss_bytes(proxy.pid)
    proxy, start_ms, used_ns = start(make_command(many), many, cpu)
    with proxy:
        grown_bytes = pss_bytes(proxy.pid) - base_bytes
    return {
        "start_ms": start_ms,
        "cpu_ms": used_ns / 1e6,
        "certificate_bytes": grown_bytes / (len(many.folder.serials) - 1),
    }


class Reloads:
    """Reloads of a running sidelock by SIGHUP."""

    def __init__(self, proxy):
        self.proxy = proxy

    def count(self):
        text = Path(self.proxy.log_path).read_text(errors="replace")
        if "outcome=failure" in text:
            raise BenchError(f"a reload failed: {self.proxy.log()}")
        return text.count("event=reload ")

    def cpu_ms(self):
        """Processor time of one."""
        before, used = self.count(), settled_cpu_ns(self.proxy.pid)
        limit = time.monotonic() + RELOAD_LIMIT_S
        os.kill(self.proxy.pid, processes.signal.SIGHUP)
        while self.count() == before:
            if time.monotonic() > limit:
                raise BenchError(f"no reload: {self.proxy.log()}")
            time.sleep(0.002)
        return (settled_cpu_ns(self.proxy.pid) - used) / 1e6


def measure_reload(make_command, setup, cpu):
    """Reloads in which nothing has changed, and such in which one pair has."""
    folder = setup.folder
    time.sleep(SETTLE_S)
    proxy, _, _ = start(make_command(setup), setup, cpu)
    with proxy:
        reloads = Reloads(proxy)
        same = [reloads.cpu_ms() for _ in range(RELOADS)]
        changed = []
        for number in range(RELOADS):
            number %= len(folder.serials)
            folder.serials[number] = folder.issue(number)
            time.sleep(SETTLE_S)
            changed.append(reloads.cpu_ms())
    return {
        "same_ms": statistics.median(same),
        "changed_ms": statistics.median(changed),
    }
