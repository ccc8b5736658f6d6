# SPDX-License-Identifier: GPL-3.0-or-later
"""The program under test as an object."""

import contextlib
import os
import re
import resource
import signal
import subprocess
import time

import pytest

from lib import net, settings
from lib.log import Log
from lib.wait import until

READY = "ready"

_SANITIZER_OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1"
    ":strict_string_checks=1:exitcode=98",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:exitcode=98",
    "TSAN_OPTIONS": "second_deadlock_stack=1:exitcode=98",
}
_SANITIZER_REPORT = re.compile(
    r"(ERROR|WARNING): \w+Sanitizer|runtime error: |SUMMARY: \w+Sanitizer"
)


def ini(config):
    """The text of an INI file; lists are joined as the program splits them."""
    lines = []
    for section, keys in config.items():
        lines.append(f"[{section}]")
        lines += [f"{key} = {_value(value)}" for key, value in keys.items()]
        lines.append("")
    return "\n".join(lines)


def one_service(certificate, backend):
    """A configuration with one service on a port from the kernel; backend is
    a Backend, an address or a list of addresses."""
    return {
        "service": {
            "listen": "127.0.0.1:0",
            "backend": getattr(backend, "address", backend),
        },
        "certificate": certificate.as_section(),
    }


def _value(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return " ; ".join(str(item) for item in value)
    return str(value)


def environment(extra=None):
    """The environment of a run: nothing configures the program by accident."""
    clean = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("SIDELOCK_")
    }
    return {**_SANITIZER_OPTIONS, **clean, **(extra or {})}


def run(*arguments, environ=None, cwd=None):
    """Runs the program to its end, for commands that are not the server."""
    done = subprocess.run(
        [str(settings.BINARY), *map(str, arguments)], capture_output=True,
        text=True, env=environment(environ), cwd=cwd,
        stdin=subprocess.DEVNULL, timeout=settings.DEADLINE_S,
    )  # fmt: skip
    assert_no_report(done.stderr)
    return done


def assert_no_report(text):
    report = _SANITIZER_REPORT.search(text)
    assert not report, f"sanitizer report:\n{text[report.start():]}"


class Sidelock:
    """A running program with a configuration file of its own.

    config is a dictionary of sections; change it and call write_config() and
    reload() to have it read again. prefix is a command that runs it in its
    own place (exec), such as setpriv.
    """

    def __init__(
        self, folder, config=None, arguments=(), environ=None, prefix=()
    ):
        self.folder = folder
        self.config = config
        self.config_path = folder / "sidelock.ini"
        self.stderr_path = folder / "stderr"
        self.arguments = list(map(str, arguments))
        self.environ = environ
        self.prefix = prefix
        self.process = None
        self.log = None

    # -- start ---------------------------------------------------------------

    def start(self, open_files=None):
        """Starts, and returns when it is ready to serve."""
        self.spawn(open_files)
        until(self._is_ready, "event=ready in the log")
        return self

    def spawn(self, open_files=None):
        """Starts without waiting. open_files: its RLIMIT_NOFILE."""
        arguments = list(self.arguments)
        if self.config is not None:
            self.write_config()
            arguments += ["-c", str(self.config_path)]

        def prepare():
            # What a shell runs in the background ignores it.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            if open_files:
                limits = (open_files, open_files)
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)

        with open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(
                [*self.prefix, str(settings.BINARY), *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=stderr, cwd=self.folder, preexec_fn=prepare,
                env=environment(self.environ),
            )  # fmt: skip
        self.log = Log(self._log_path())

    def write_config(self):
        """Unless the test says so, files are read when it says so. In one
        step: a watch never meets half of it."""
        watch = {"watch": 0, **self.config.get("reload", {})}
        fresh = self.config_path.with_name(self.config_path.name + ".new")
        fresh.write_text(ini({**self.config, "reload": watch}))
        fresh.replace(self.config_path)

    def _log_path(self):
        output = (self.config or {}).get("log", {}).get("output", "stderr")
        return self.stderr_path if output == "stderr" else self.folder / output

    def _is_ready(self):
        found = self.log.find(READY)
        if not found and self.process.poll() is not None:
            raise AssertionError(f"did not start: {self.stderr_text()}")
        return found

    # -- while it runs ---------------------------------------------------------

    @property
    def pid(self):
        return self.process.pid

    def address(self, service="default", index=0):
        """Where a service listens, as a socket address."""
        found = self.log.find("listening", service=service)
        return net.parse_address(found[index]["address"])

    @property
    def port(self):
        return self.address()[1]

    def signal(self, number):
        self.process.send_signal(number)

    def reload(self, outcome="success"):
        """Has the configuration read again; returns the outcome's event."""
        mark = self.log.mark()
        self.write_config()
        self.signal(signal.SIGHUP)
        event = self.log.wait("reload", since=mark)
        assert event["outcome"] == outcome, event
        return event

    @contextlib.contextmanager
    def held(self):
        """Stops the process while the context lasts: what happens meanwhile
        reaches it all at once."""
        self.signal(signal.SIGSTOP)
        try:
            until(self._is_stopped, "the process has stopped")
            yield
        finally:
            self.signal(signal.SIGCONT)

    def _is_stopped(self):
        """All of its threads."""
        threads = os.listdir(f"/proc/{self.pid}/task")
        return all(self._thread_state(thread) == "T" for thread in threads)

    def _thread_state(self, thread):
        path = f"/proc/{self.pid}/task/{thread}/stat"
        with open(path, encoding="ascii") as stat:
            return stat.read().rpartition(")")[2].split()[0]

    def wait_state(self, state):
        """Until a connection is in this state; it tells by its dump."""

        def is_there():
            mark = self.log.mark()
            self.signal(signal.SIGUSR2)
            return bool(self.log.find("dump", since=mark, state=state))

        until(is_there, f"a connection in state {state}")

    def connection_end(self, since=0, **wanted):
        """The log's line about a connection that has ended."""
        return self.log.wait("connection", since=since, **wanted)

    def is_alive(self):
        return self.process.poll() is None

    def descriptors(self):
        """The numbers of its open descriptors. It lets nobody but root look
        into it."""
        try:
            return {int(name) for name in os.listdir(f"/proc/{self.pid}/fd")}
        except PermissionError:
            pytest.skip("only root sees the descriptors of the program")

    def descriptor_count(self):
        return len(self.descriptors())

    def memory_kib(self, field="VmRSS"):
        """A line of /proc/PID/status, in KiB."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            for line in status:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise AssertionError(f"no {field}")

    def cpu_share(self):
        """The part of one CPU that it uses, measured over a second."""
        begin, used = time.monotonic(), self._cpu_seconds()
        until(lambda: time.monotonic() - begin > 1, "a second to measure")
        return (self._cpu_seconds() - used) / (time.monotonic() - begin)

    def _cpu_seconds(self):
        with open(f"/proc/{self.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def set_limit(self, which, soft):
        """Sets a soft limit of the running process; returns the old one."""
        old, hard = resource.prlimit(self.pid, which)
        resource.prlimit(self.pid, which, (soft, hard))
        return old

    # -- end -----------------------------------------------------------------

    def wait_exit(self):
        """The exit code, once it is there."""
        return self.process.wait(settings.DEADLINE_S)

    def stop(self, code=0, connections=0):
        """Drains it, and proves a clean end: exit code, nothing reported by
        a sanitizer, a log of which each line is well-formed, and no
        connection left (or as many as stated)."""
        if self.is_alive():
            self.signal(signal.SIGTERM)
        self.assert_ended(code, connections)

    def assert_ended(self, code=0, connections=0):
        got = self.wait_exit()
        assert_no_report(self.stderr_text())
        assert got == code, f"exit code {got}, not {code}"
        finished = self.log.wait("drain", state="finished")
        assert finished["connections"] == connections, finished
        assert self.log.find("stopped")

    def kill(self):
        """Ends it without asking anything, after a failure."""
        if self.process and self.is_alive():
            self.process.kill()
            self.process.wait(settings.DEADLINE_S)

    def stderr_text(self):
        return self.stderr_path.read_text("utf-8", "backslashreplace")

    def report_sections(self):
        """What to show of it when a test has failed."""
        if self.log is None:
            return []
        paths = {self.stderr_path, self.log.path}
        sections = [("configuration", self.config_path)]
        sections += [(path.name, path) for path in sorted(paths)]
        return [
            (f"sidelock {title}", path.read_text("utf-8", "backslashreplace"))
            for title, path in sections
            if path.exists()
        ]
