# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the system tests.

pki      certificates, made once per run
serve    starts a Python backend that lives until the test has ended
start    starts the program in front of a backend; when the test is over it
         is stopped, and must end cleanly
"""

import resource

import pytest

from lib import settings
from lib.backends import Backend
from lib.pki import Pki
from lib.sidelock import Sidelock, one_service
from lib.tls import TLS13, client_context

LOG_LINES_SHOWN = 400

_PROGRAMS = pytest.StashKey()
_FAILED = pytest.StashKey()


def pytest_configure(config):
    if config.option.collectonly:
        return
    if not settings.BINARY.is_file():
        raise pytest.UsageError(
            f"no {settings.BINARY}: build it, or set SIDELOCK_BINARY"
        )
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def pytest_report_header():
    return (
        f"sidelock: {settings.BINARY} "
        f"(sanitizer: {settings.SANITIZER}, scale: 1/{settings.SCALE})"
    )


def pytest_collection_modifyitems(config, items):
    """Leaves out what this build cannot show."""
    unfit = {
        "release_only": settings.SANITIZER is not None,
        "shifted_clock": not settings.CAN_SHIFT_CLOCK,
    }
    left_out = [
        item
        for item in items
        if any(unfit[name] and item.get_closest_marker(name) for name in unfit)
    ]
    if not left_out:
        return
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """Shows the logs of the programs that a failed test has started."""
    report = (yield).get_result()
    if not report.failed:
        return
    item.stash[_FAILED] = True
    for program in item.stash.get(_PROGRAMS, []):
        for title, text in program.report_sections():
            lines = text.splitlines(keepends=True)
            report.sections.append((title, "".join(lines[-LOG_LINES_SHOWN:])))


class StandardPki(Pki):
    """What most tests need; others issue more."""

    def __init__(self, folder):
        super().__init__(folder)
        self.ca = self.root("ca")
        self.other_ca = self.root("other-ca")
        self.server_certificate = self.server("server")
        self.renewed = self.server("renewed")
        self.expired = self.server("expired", days=(-30, -1))
        self.client_certificate = self.client("alice")

    def context(self, version=TLS13, certificate=None):
        """A client's settings that trust our servers."""
        return client_context(self.ca, version, certificate)


@pytest.fixture(scope="session")
def pki(tmp_path_factory):
    return StandardPki(tmp_path_factory.mktemp("pki") / "standard")


@pytest.fixture
def fresh_pki(tmp_path):
    """For tests that issue certificates of their own."""
    return StandardPki(tmp_path / "pki")


@pytest.fixture
def serve():
    """serve(handler, ...) starts a Backend."""
    backends = []

    def start_backend(handler, **how):
        backend = Backend(handler, **how)
        backend.start()
        backends.append(backend)
        return backend

    yield start_backend
    for backend in backends:
        backend.__exit__()


@pytest.fixture
def program(tmp_path, request, serve):
    """program(config, ...) makes a Sidelock without starting it. It is gone
    before the backends are (serve)."""
    programs = request.node.stash[_PROGRAMS] = []

    def make(config=None, **how):
        folder = tmp_path / f"sidelock-{len(programs)}"
        folder.mkdir()
        programs.append(Sidelock(folder, config, **how))
        return programs[-1]

    yield make
    for made in programs:
        if request.node.stash.get(_FAILED, False):
            made.kill()
        elif made.process and made.is_alive():
            made.stop()


@pytest.fixture
def start(program, pki, serve):
    """start(backend, section={...}) starts a Sidelock and waits for it.

    It has one service on a port from the kernel, with pki.server_certificate;
    sections given are merged into this."""

    def start_program(backend, open_files=None, **sections):
        config = one_service(pki.server_certificate, backend)
        for name, keys in sections.items():
            config.setdefault(name, {}).update(keys)
        return program(config).start(open_files)

    return start_program
