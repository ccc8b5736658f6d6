# SPDX-License-Identifier: GPL-3.0-or-later
"""Real TLS clients that show a certificate, and what they say when it is
refused.

Each client is a Client: the command that sends a request from standard input
and prints the answer, the forms in which it takes a certificate with its key,
and the words by which it tells of an alert (regular expressions). Each verifies the server's
certificate and name and allows exactly one TLS version.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from lib import clients, settings, tls

PEM = "PEM"
PKCS12 = "PKCS#12"
PASSWORD = "a keystore's password 4711"

_HERE = Path(__file__).parent

# The alerts of RFC 8446, section 6, that tell a client about its certificate.
# OpenSSL's names of them; curl, Node and Python say the same.
_OPENSSL_WORDS = {
    "handshake_failure": "handshake failure",
    "bad_certificate": "bad certificate",
    "certificate_expired": "certificate expired",
    "unknown_ca": "unknown ca",
    "access_denied": "access denied",
    "certificate_required": "certificate required",
}
# In TLS 1.2 curl makes a sentence of its own of this one alert.
_CURL_WORDS = {
    **_OPENSSL_WORDS,
    "certificate_expired": "certificate expired"
    "|SSL certificate verification failed",
}
_GNUTLS_WORDS = {
    "handshake_failure": "Handshake failed",
    "bad_certificate": "Certificate is bad",
    "certificate_expired": "Certificate is expired",
    "unknown_ca": "CA is unknown",
    "access_denied": "Access was denied",
    "certificate_required": "Certificate is required",
}
_JAVA_WORDS = {name: f"fatal alert: {name}" for name in _OPENSSL_WORDS}


@dataclass(frozen=True)
class Credentials:
    """A certificate with its key, in each form."""

    cert: Path
    key: Path
    keystore: Path

    @classmethod
    def of(cls, pki, certificate):
        name = f"{certificate.key.stem}.p12"
        keystore = pki.keystore(certificate, name, PASSWORD)
        return cls(certificate.cert, certificate.key, keystore)


@dataclass(frozen=True)
class Outcome:
    """How a client ended."""

    code: int
    answer: bytes
    words: str  # what it told its user


@dataclass(frozen=True)
class Client:
    """A program: command(port, ca, version, options) is how it is called,
    and forms has its options by the form of the certificate. input_ends: as
    clients.run wants it."""

    name: str
    command: Callable
    forms: dict
    alert_words: dict
    input_ends: bool = True

    def run(self, port, ca, version, request, form=PEM, shown=None):
        """Sends the request, with or without a certificate; an Outcome."""
        options = self.forms[form](shown) if shown else []
        command = [*self.command(port, ca, version), *options]
        done = clients.run(command, request, self.input_ends)
        words = done.stderr.decode(errors="replace")
        return Outcome(done.returncode, done.stdout, words)


def _openssl(port, ca, version):
    flag = {tls.TLS12: "-tls1_2", tls.TLS13: "-tls1_3"}[version]
    return [
        settings.require("openssl"), "s_client", "-quiet", flag,
        "-connect", f"127.0.0.1:{port}", "-CAfile", ca,
        "-servername", "localhost", "-verify_hostname", "localhost",
        "-verify_return_error", "-verify_quiet",
    ]  # fmt: skip


def _curl(port, ca, version):
    number = {tls.TLS12: "1.2", tls.TLS13: "1.3"}[version]
    return [
        settings.require("curl"), "--silent", "--show-error", "--fail",
        "--ipv4", "--noproxy", "*", "--cacert", ca, f"--tlsv{number}",
        "--tls-max", number, f"https://localhost:{port}/",
    ]  # fmt: skip


def _gnutls(port, ca, version):
    name = {tls.TLS12: "VERS-TLS1.2", tls.TLS13: "VERS-TLS1.3"}[version]
    return [
        settings.require("gnutls-cli"), "--port", port, "--x509cafile", ca,
        "--priority", f"NORMAL:-VERS-ALL:+{name}",
        "--logfile", "/dev/stderr", "--sni-hostname", "localhost",
        "--verify-hostname", "localhost", "127.0.0.1",
    ]  # fmt: skip


def _script(*interpreter):
    def command(port, ca, version):
        program = [settings.require(interpreter[0]), *interpreter[1:]]
        return [*program, port, ca, tls.VERSION_NAMES[version]]

    return command


def _pem_words(shown):
    return ["pem", shown.cert, shown.key]


def _keystore_words(shown):
    return ["pkcs12", shown.keystore, PASSWORD]


OPENSSL = Client(
    "openssl",
    _openssl,
    {
        PEM: lambda shown: ["-cert", shown.cert, "-key", shown.key],
        PKCS12: lambda shown: [
            "-cert", shown.keystore, "-key", shown.keystore,
            "-pass", f"pass:{PASSWORD}",
        ],  # fmt: skip
    },
    _OPENSSL_WORDS,
)
CURL = Client(
    "curl",
    _curl,
    {
        PEM: lambda shown: ["--cert", shown.cert, "--key", shown.key],
        PKCS12: lambda shown: [
            "--cert-type", "P12", "--cert", f"{shown.keystore}:{PASSWORD}",
        ],  # fmt: skip
    },
    _CURL_WORDS,
)
GNUTLS = Client(
    "gnutls-cli",
    _gnutls,
    {
        PEM: lambda shown: [
            "--x509certfile", shown.cert, "--x509keyfile", shown.key,
        ],  # fmt: skip
    },
    _GNUTLS_WORDS,
    input_ends=False,
)
PYTHON = Client(
    "python",
    _script(sys.executable, _HERE / "python_client.py"),
    {PEM: _pem_words},
    _OPENSSL_WORDS,
)
NODE = Client(
    "node",
    _script("node", _HERE / "node_client.js"),
    {PEM: _pem_words, PKCS12: _keystore_words},
    _OPENSSL_WORDS,
)
JAVA = Client(
    "java",
    _script("java", *settings.JAVA_OPTIONS, _HERE / "JavaClient.java"),
    {PKCS12: _keystore_words},
    _JAVA_WORDS,
)

CLIENTS = (OPENSSL, CURL, GNUTLS, PYTHON, NODE, JAVA)
