# SPDX-License-Identifier: GPL-3.0-or-later
"""ClientHellos of every legal shape are understood, and others refused."""

import random

import pytest

from lib import backends, clients, hello, net, settings, tls
from lib.settings import KIB
from lib.tls import TlsClient

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


def shake_hands_with(proxy, context, send_hello):
    """A handshake in which send_hello(sock, records) delivers the hello."""
    with TlsClient(net.connect(proxy.address()), context) as client:
        client.handshake_step()
        send_hello(client.sock, client.pending_output())
        client.handshake()
        assert client.echo(b"understood") == b"understood"
        client.finish()


@each_version
def test_a_hello_in_single_bytes_is_served(start, serve, pki, version):
    """One TCP segment per byte."""

    def send(sock, records):
        for byte in records:
            sock.sendall(bytes([byte]))
            net.wait_acknowledged(sock)

    proxy = start(serve(backends.echo), timeouts={"handshake": "1h"})
    shake_hands_with(proxy, pki.context(version), send)


@each_version
@pytest.mark.parametrize("size", [1, 3, 4, 5, 100])
def test_a_hello_across_many_records_is_served(
    start, serve, pki, version, size
):
    """A handshake message may be cut into records of any size (RFC 8446,
    section 5.1)."""

    def send(sock, records):
        sock.sendall(hello.in_records_of(records, size))

    proxy = start(serve(backends.echo))
    shake_hands_with(proxy, pki.context(version), send)


def test_a_hello_retry_is_served(start, serve, pki):
    """A client that guessed the wrong group is asked again (RFC 8446, section
    4.1.4)."""
    proxy = start(serve(backends.echo), tls={"groups": "P-384"})
    with TlsClient(net.connect(proxy.address()), pki.context()) as client:
        for _ in range(2):
            client.handshake_step()
            client.sock.sendall(client.pending_output())
            client.feed()
        client.handshake()
        assert client.echo(b"agreed") == b"agreed"
        client.finish()


@pytest.fixture
def rsa(fresh_pki):
    """A service whose certificate goes with every group: in TLS 1.2 an EC
    certificate's own curve must be among the client's, too."""
    return {"certificate": fresh_pki.server("rsa", key="rsa").as_section()}


@each_version
@pytest.mark.parametrize(
    ("curve", "group"), [("prime256v1", "P-256"), ("secp384r1", "P-384")]
)
def test_the_clients_group_is_used(
    start, serve, fresh_pki, rsa, version, curve, group
):
    """A client with one group gets that one, and the log names it as the
    configuration does."""
    context = fresh_pki.context(version)
    context.set_ecdh_curve(curve)
    proxy = start(serve(backends.echo), **rsa)
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"agreed") == b"agreed"
        client.finish()
    assert proxy.connection_end(reason="done")["group"] == group


@each_version
def test_no_shared_group_is_said(start, serve, fresh_pki, rsa, version):
    """tls.groups holds in both versions: a client without a common group is
    told so by an alert, and the log says why."""
    proxy = start(serve(backends.echo), tls={"groups": "P-384"}, **rsa)
    context = fresh_pki.context(version)
    context.set_ecdh_curve("prime256v1")
    with pytest.raises(tls.ssl.SSLError, match="(?i)handshake.failure"):
        TlsClient.open(proxy.address(), context)
    assert "group" in proxy.connection_end(reason="handshake_failed")["detail"]


def test_renegotiation_is_refused(start, serve, pki):
    """A TLS 1.2 client that asks for another handshake does not get one, and
    others are served."""
    proxy = start(serve(backends.greet))
    with clients.talking(
        settings.require("openssl"), "s_client", "-tls1_2",
        "-connect", f"127.0.0.1:{proxy.port}",
    ) as process:  # fmt: skip
        process.stdin.write(b"hello\n")
        process.stdin.flush()
        while (line := process.stdout.readline()) != b"250 hello\r\n":
            assert line, "s_client has ended"
        process.stdin.write(b"R\n")  # s_client's word for renegotiation
        process.stdin.flush()
        output = process.stdout.read()
    assert b"RENEGOTIATING" in output
    assert b"CONNECTED" not in output
    assert proxy.connection_end()["reason"] == "client_tls_error"
    with TlsClient.open(proxy.address(), pki.context(tls.TLS12)) as client:
        assert client.read_line() == backends.GREETING
        client.finish()


@each_version
def test_a_large_hello_is_served(start, serve, pki, version):
    """12 KiB of a legal ClientHello are within the bound."""
    context = pki.context(version)
    hello.pad_with_alpn(context, 12 * KIB)
    proxy = start(serve(backends.echo))
    shake_hands_with(
        proxy, context, lambda sock, records: sock.sendall(records)
    )


@each_version
def test_a_hello_over_16_kib_is_refused(start, serve, pki, version):
    """A legal ClientHello beyond the bound ends with hello_too_large."""
    context = pki.context(version)
    hello.pad_with_alpn(context, 20 * KIB)
    proxy = start(serve(backends.echo))
    net.send_to_end(proxy.address(), hello.client_hello(context))
    assert proxy.connection_end()["reason"] == "hello_too_large"


@pytest.mark.parametrize("length", [17 * KIB, 0xFFFFFF])
def test_a_hello_that_claims_to_be_huge_is_refused_at_once(
    start, serve, length
):
    """The claimed length is enough: nothing waits for the rest."""
    proxy = start(serve(backends.echo), timeouts={"handshake": "1h"})
    net.send_to_end(proxy.address(), hello.claim_length(length))
    assert proxy.connection_end()["reason"] == "hello_too_large"


@pytest.mark.parametrize(
    "data",
    [
        hello.record(b"\x02\x00\x00\x00"),
        hello.record(b"\x01\x00\x00\x02\x03\x03"),
        hello.record(b"\x01\x00\x00\x26\x03\x03" + b"\x00" * 36),
        hello.record(b""),
        hello.record(b"\x01\x00\x00\x30\x03\x03" + b"\xff" * 46),
    ],
    ids=["server-hello", "too-short", "no-suites", "empty", "bad-lengths"],
)
def test_a_broken_hello_is_refused(start, serve, pki, data):
    """It ends with a reason; the next client is served."""
    proxy = start(serve(backends.echo), timeouts={"handshake": "1h"})
    net.send_to_end(proxy.address(), data)
    reason = proxy.connection_end()["reason"]
    assert reason in ("hello_malformed", "handshake_failed", "not_tls")
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.echo(b"next") == b"next"
        client.finish()


def test_hellos_with_flipped_bits_harm_nobody(start, serve, pki):
    """A few hundred damaged ClientHellos: each connection ends, the process
    lives, and a good client is served in between."""
    proxy = start(serve(backends.echo), timeouts={"handshake": "1h"})
    context = pki.context()
    good = hello.client_hello(context)
    chance = random.Random(50)
    for number in range(300):
        damaged = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        net.send_to_end(proxy.address(), damaged, ends=True)
        if number % 50 == 0:
            with TlsClient.open(proxy.address(), context) as client:
                assert client.echo(b"well") == b"well"
                client.finish()


@each_version
def test_a_client_without_server_name_is_served(start, serve, pki, version):
    """SNI is optional; the log's sni is then empty or absent."""
    context = pki.context(version)
    context.check_hostname = False
    proxy = start(serve(backends.echo))
    with TlsClient.open(
        proxy.address(), context, server_name=None
    ) as client:
        assert client.echo(b"nameless") == b"nameless"
        client.finish()
    assert not proxy.connection_end().get("sni")


@each_version
def test_the_server_name_is_logged(start, serve, pki, version):
    """What the client asked for is in the line about it."""
    proxy = start(serve(backends.echo))
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.finish()
    line = proxy.connection_end()
    assert line["sni"] == "localhost"
    assert line["cipher"]
    assert line["group"]
