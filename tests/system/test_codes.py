# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong with a client is told from both sides, with a code of the
field guide."""

import socket
import ssl
import subprocess

import pytest

from lib import backends, hello, net, settings, tls
from lib.names import unverified
from lib.sidelock import one_service
from lib.tls import TLS12, TLS13, TlsClient

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


def refused(proxy, context, **how):
    """Connects, and is to fail."""
    with pytest.raises((ssl.SSLError, OSError)):
        with TlsClient.open(proxy.address(), context, **how) as client:
            # In TLS 1.3 the client is done before the server hears of it.
            client.echo(b"data")


def send(proxy, data):
    """Sends bytes; returns what came back until the end."""
    with socket.create_connection(
        proxy.address(), timeout=settings.DEADLINE_S
    ) as sock:
        sock.sendall(data)
        answer = b""
        try:
            while chunk := sock.recv(4096):
                answer += chunk
        except ConnectionResetError:
            pass
    return answer


def test_an_old_client_is_told_apart_by_its_version(start, serve):
    """A hello of TLS 1.0: what the client offers, and what we take."""
    proxy = start(serve(backends.echo))
    data = bytearray(hello.client_hello(unverified(TLS12)))
    data[9:11] = b"\x03\x01"
    answer = send(proxy, bytes(data))
    event = proxy.log.wait("connection", code="SL-CLIENT-VERSION")
    assert event["detail"] == (
        "client offers at most TLS 1.0; this service takes TLS 1.2 and newer"
    )
    assert answer[:1] == b"\x15" and answer[-1] == 70  # protocol_version


def test_a_tls12_client_at_a_tls13_service_is_told(start, serve):
    proxy = start(serve(backends.echo), tls={"min_version": "1.3"})
    refused(proxy, unverified(TLS12))
    event = proxy.log.wait("connection", code="SL-CLIENT-VERSION")
    assert "at most TLS 1.2" in event["detail"]
    assert "TLS 1.3 and newer" in event["detail"]


@each_version
def test_a_client_that_does_not_know_our_ca_is_told(
    start, serve, pki, version
):
    """Helix's "Untrusted Certificate"."""
    proxy = start(serve(backends.echo))
    refused(proxy, tls.client_context(pki.other_ca, version))
    event = proxy.log.wait("connection", code="SL-CLIENT-DISTRUSTS")
    assert "unknown_ca" in event["detail"]


@each_version
def test_a_client_that_sees_an_expired_certificate_is_told(
    program, serve, pki, version
):
    proxy = program(one_service(pki.expired, serve(backends.echo))).start()
    refused(proxy, pki.context(version))
    event = proxy.log.wait("connection", code="SL-CLIENT-SEES-EXPIRED")
    assert "certificate_expired" in event["detail"]


@each_version
def test_a_client_that_wants_another_name_is_told(start, serve, pki, version):
    """Helix's "Non-Matching Name"."""
    proxy = start(serve(backends.echo))
    refused(proxy, pki.context(version), server_name="other.example.test")
    proxy.log.wait("connection", code="SL-CLIENT-SEES-OTHER")


def test_a_client_without_a_common_cipher_is_told(start, serve, pki):
    """RSA suites only, and our certificate is ECDSA."""
    proxy = start(serve(backends.echo))
    refused(proxy, unverified(TLS12, ciphers="ECDHE+aRSA+AESGCM"))
    proxy.log.wait("connection", code="SL-CLIENT-CIPHER")


def test_a_client_without_a_common_group_is_told(start, serve):
    proxy = start(serve(backends.echo), tls={"groups": "X25519"})
    subprocess.run(
        ["openssl", "s_client", "-connect", net.address_text(proxy.address()),
         "-groups", "P-521"],
        input=b"", capture_output=True, timeout=settings.DEADLINE_S,
    )  # fmt: skip
    proxy.log.wait("connection", code="SL-CLIENT-GROUP")


@pytest.mark.parametrize(
    "data, code",
    [
        (b"GET / HTTP/1.0\r\n\r\n", "SL-CLIENT-PLAINTEXT"),
        (b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", "SL-CLIENT-HELLO"),
    ],
    ids=["plaintext", "no hello"],
)
def test_what_is_no_hello_has_a_code(start, serve, data, code):
    proxy = start(serve(backends.echo))
    send(proxy, data)
    proxy.log.wait("connection", code=code)


def test_a_backend_that_is_down_has_a_code(start, pki):
    with backends.refusing() as address:
        proxy = start(address)
        with pytest.raises((ssl.SSLError, OSError, ConnectionError)):
            with TlsClient.open(
                proxy.address(), pki.context(TLS13)
            ) as client:
                client.send(b"data")
                if not client.recv():
                    raise ConnectionError("no answer")
        proxy.log.wait("connection", code="SL-BACKEND-UNREACHABLE")


def test_a_connection_that_ended_well_has_no_code(start, serve, pki):
    proxy = start(serve(backends.echo))
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.echo(b"data") == b"data"
        client.finish()
    assert "code" not in proxy.log.wait("connection", reason="done")
