# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that come with a certificate, and what they are told."""

import re
import ssl
import subprocess

import pytest

from lib import net, settings, tls
from lib.tls import TlsClient

# RFC 8446, section 6.2.
BAD_CERTIFICATE = 42
HANDSHAKE_FAILURE = 40
UNSUPPORTED_CERTIFICATE = 43
CERTIFICATE_REVOKED = 44
CERTIFICATE_EXPIRED = 45
UNKNOWN_CA = 48
ACCESS_DENIED = 49
CERTIFICATE_REQUIRED = 116

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


def accepted(proxy, context, data=b"welcome", service="default", **how):
    """Comes in and is served; the log's line about it."""
    mark = proxy.log.mark()
    with TlsClient.open(proxy.address(service), context, **how) as client:
        assert client.echo(data) == data
        client.finish()
    return proxy.connection_end(since=mark, reason="done", service=service)


def refused(proxy, context, service="default", **how):
    """Does not come in, and is told by an alert; the log's line about it."""
    mark = proxy.log.mark()
    with pytest.raises(ssl.SSLError, match="(?i)alert|unknown ca|certificate"):
        with TlsClient.open(proxy.address(service), context, **how) as client:
            client.send(b"let me in")
            client.read_to_end()
    return proxy.connection_end(
        since=mark, reason="client_refused", service=service
    )


def visit(proxy, context, session=None, service="default", **how):
    """One connection; (was it resumed, session to resume, the log's line)."""
    mark = proxy.log.mark()
    address = proxy.address(service)
    with TlsClient.open(address, context, session=session, **how) as client:
        # The answer comes after a TLS 1.3 server's tickets.
        assert client.echo(b"data") == b"data"
        reused, session = client.tls.session_reused, client.tls.session
        client.finish()
    line = proxy.connection_end(since=mark, reason="done", service=service)
    assert line["resumed"] == ("yes" if reused else "no")
    return reused, session, line


def s_client(proxy, version, certificate=None, *options, data=b"",
             service="default", name="localhost"):  # fmt: skip
    """What openssl's client says to its end, with certificate or without."""
    flag = {tls.TLS12: "-tls1_2", tls.TLS13: "-tls1_3"}[version]
    command = [
        settings.require("openssl"), "s_client", flag, "-ign_eof",
        "-connect", net.address_text(proxy.address(service)),
        "-bind", f"{net.fresh_source()}:0", "-servername", name, *options,
    ]  # fmt: skip
    if certificate:
        command += [
            "-cert", certificate.cert, "-cert_chain", certificate.cert,
            "-key", certificate.key,
        ]  # fmt: skip
    done = subprocess.run(
        [str(part) for part in command], input=data,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        timeout=settings.DEADLINE_S,
    )  # fmt: skip
    return done.stdout.decode(errors="replace")


def alert(proxy, version, certificate=None):
    """The number of the alert that openssl's client was sent."""
    said = s_client(proxy, version, certificate)
    numbers = re.findall(r"SSL alert number (\d+)", said)
    assert len(numbers) == 1, said
    return int(numbers[0])
