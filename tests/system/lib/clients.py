# SPDX-License-Identifier: GPL-3.0-or-later
"""Real TLS clients behind one call: send a request, return the answer.

Each client verifies the server's certificate and name, allows exactly one
TLS version, and returns all that came until the server ended.
"""

import contextlib
import os
import shutil
import subprocess
import threading
from pathlib import Path

from lib import settings, tls

_HERE = Path(__file__).parent


def openssl(port, ca, version, request):
    flag = {tls.TLS12: "-tls1_2", tls.TLS13: "-tls1_3"}[version]
    command = [
        settings.require("openssl"), "s_client", "-quiet", flag,
        "-connect", f"127.0.0.1:{port}", "-CAfile", ca,
        "-servername", "localhost", "-verify_hostname", "localhost",
        "-verify_return_error", "-verify_quiet",
    ]  # fmt: skip
    return _run(command, request)


def gnutls(port, ca, version, request):
    name = {tls.TLS12: "VERS-TLS1.2", tls.TLS13: "VERS-TLS1.3"}[version]
    command = [
        settings.require("gnutls-cli"), "--port", port, "--x509cafile", ca,
        "--priority", f"NORMAL:-VERS-ALL:+{name}",
        "--logfile", "/dev/null", "localhost",
    ]  # fmt: skip
    return _run(command, request, input_ends=False)


def node(port, ca, version, request):
    command = [
        settings.require("node"), _HERE / "node_client.js", port, ca,
        tls.VERSION_NAMES[version],
    ]  # fmt: skip
    return _run(command, request)


def java(port, ca, version, request):
    command = [
        settings.require("java"), *settings.JAVA_OPTIONS,
        _HERE / "JavaClient.java", port, ca, tls.VERSION_NAMES[version],
    ]  # fmt: skip
    return _run(command, request)


def python(port, ca, version, request):
    context = tls.client_context(ca, version)
    with tls.TlsClient.open(("127.0.0.1", port), context) as client:
        client.send(request)
        answer = client.read_to_end()
        assert client.end is tls.End.CLOSE_NOTIFY
    return answer


ALL = [openssl, gnutls, node, python]
if shutil.which("java"):  # a welcome guest, but nothing that must be installed
    ALL.append(java)


def curl(url, ca, version, *options):
    """The body that curl fetched."""
    number = {tls.TLS12: "1.2", tls.TLS13: "1.3"}[version]
    command = [
        settings.require("curl"), "--silent", "--show-error", "--fail",
        "--ipv4", "--noproxy", "*", "--cacert", ca, f"--tlsv{number}",
        "--tls-max", number, *options, url,
    ]  # fmt: skip
    return _run(command, b"")


@contextlib.contextmanager
def talking(*command):
    """A client to whom the test talks. One that hangs is ended, and with it
    whoever reads what it says."""
    process = subprocess.Popen(
        list(map(str, command)), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    end = threading.Timer(settings.DEADLINE_S, process.kill)
    end.start()
    try:
        with process:
            yield process
    finally:
        end.cancel()


def _run(command, request, input_ends=True):
    done = run(command, request, input_ends)
    shown = done.stderr.decode(errors="replace")
    assert done.returncode == 0, f"{command}: {done.returncode}\n{shown}"
    return done.stdout


def run(command, request, input_ends=True):
    """Runs it to its end with the request as its standard input. With
    input_ends=False no end follows: gnutls-cli waits for an answer as long as
    it takes, but only some moments once its input has ended."""
    with _pipe_with(request, input_ends) as stdin:
        return subprocess.run(
            [str(part) for part in command], stdin=stdin, capture_output=True,
            timeout=settings.DEADLINE_S,
        )  # fmt: skip


@contextlib.contextmanager
def _pipe_with(data, ends):
    """What reads from a pipe that holds the data: less than it takes."""
    reader, writer = os.pipe()
    with open(reader, "rb") as stdin, open(writer, "wb") as file:
        file.write(data)
        file.flush()
        if ends:
            file.close()
        yield stdin
