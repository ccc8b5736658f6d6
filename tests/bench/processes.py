# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting and ending the processes of a benchmark run.

Every process is started here, pinned to a processor, with its output in a
file, and ended by its pid together with whatever it has forked. The caller is
a child subreaper, so that workers whose master has died are found and ended.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
START_LIMIT_S = 15
STOP_LIMIT_S = 5


class BenchError(Exception):
    """A run that could not be made; the text says why."""


def become_subreaper():
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def free_port():
    """A port on 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def parents():
    """The parent of every process, by pid."""
    found = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text()
        except OSError:
            continue  # ended meanwhile
        found[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    return found


def descendants(root):
    """The pids of a process and of all that it has forked."""
    parent_of = parents()
    family = [root]
    for member in family:
        family += [pid for pid, parent in parent_of.items() if parent == member]
    return family


def reap():
    """Collects orphans that were handed to this process."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


class Process:
    """A running command; a context manager that ends it."""

    def __init__(self, command, cpu, log_path):
        self.name = Path(command[0]).name
        self.log_path = log_path
        with open(log_path, "wb") as log:
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: pin(cpu),
            )
        self.pid = self.popen.pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self):
        return Path(self.log_path).read_text(errors="replace").strip()[-2000:]

    def await_port(self, port, limit_s=START_LIMIT_S):
        """Returns when the command accepts connections."""
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            if self.popen.poll() is not None:
                raise BenchError(f"{self.name} ended at once: {self.log()}")
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.002)
        raise BenchError(f"{self.name} does not listen: {self.log()}")

    def await_output(self):
        """Returns the first line that the command prints."""
        deadline = time.monotonic() + START_LIMIT_S
        while time.monotonic() < deadline:
            first, newline, _ = Path(self.log_path).read_text().partition("\n")
            if newline:
                return first
            if self.popen.poll() is not None:
                break
            time.sleep(0.002)
        raise BenchError(f"{self.name} says nothing: {self.log()}")

    def stop(self):
        family = descendants(self.pid)
        if self.popen.poll() is None:
            self.popen.terminate()
        try:
            self.popen.wait(STOP_LIMIT_S)
        except subprocess.TimeoutExpired:
            pass
        for pid in family:
            if pid != self.pid or self.popen.poll() is None:
                end_at_once(pid)
        self.popen.wait()
        reap()


def end_at_once(pid):
    """Kills one descendant of ours; one that has ended already is fine."""
    if os.getpid() not in ancestors(pid):
        return
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def end_descendants():
    """Kills whatever this process has started and not ended."""
    for pid in descendants(os.getpid())[1:]:
        end_at_once(pid)
    reap()


def ancestors(pid):
    parent_of = parents()
    found = []
    while pid in parent_of and parent_of[pid] not in found:
        pid = parent_of[pid]
        found.append(pid)
    return found


def pin(cpu):
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})


def start_backend(program, cpu, directory):
    """Starts the plaintext backend; returns it and its ports by service."""
    backend = Process([str(program)], cpu, directory / "backend.log")
    try:
        return backend, json.loads(backend.await_output())
    except (BenchError, ValueError):
        backend.stop()
        raise


def set_realtime(pid):
    """Lets a process run before the load; False without the right to."""
    try:
        os.sched_setscheduler(pid, os.SCHED_FIFO, os.sched_param(1))
    except PermissionError:
        return False
    return True
