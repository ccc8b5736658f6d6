# SPDX-License-Identifier: GPL-3.0-or-later
"""A client that vanishes, at whatever point, ends with a reason; everybody
else is served."""

import socket

import pytest

from lib import backends, hello, net, tls
from lib.tls import TlsClient

ABORTED = {"handshake_aborted"}
LEAVE = {"fin": lambda sock: sock.shutdown(socket.SHUT_WR), "reset": net.reset}


def nothing(client):
    """Connects and sends no byte."""


def one_byte(client):
    client.sock.sendall(b"\x16")


def record_header(client):
    client.handshake_step()
    client.sock.sendall(client.pending_output()[: hello.HEADER_BYTES])


def half_a_hello(client):
    client.handshake_step()
    data = client.pending_output()
    client.sock.sendall(data[: len(data) // 2])


def whole_hello(client):
    client.handshake_step()
    client.flush()


def read_servers_flight(client):
    """Hello sent, some of the server's flight taken, no Finished sent."""
    whole_hello(client)
    client.feed()


def half_a_finished(client):
    """All of the second flight but its last byte."""
    whole_hello(client)
    while not client.handshake_step():
        data = client.pending_output()
        if data:  # TLS 1.2: the client's flight leaves before the end
            client.sock.sendall(data[:-1])
            return
        client.feed()
    client.sock.sendall(client.pending_output()[:-1])


STAGES = [
    one_byte, record_header, half_a_hello, whole_hello, read_servers_flight,
    half_a_finished,
]  # fmt: skip


def served(proxy, context):
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"served") == b"served"
        client.finish()


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE)
@pytest.mark.parametrize("stage", STAGES, ids=lambda stage: stage.__name__)
@pytest.mark.parametrize("version", tls.VERSIONS, ids=tls.VERSION_NAMES.get)
def test_gone_in_the_handshake(start, serve, pki, version, stage, leave):
    """handshake_aborted, the backend never heard of it, others are served."""
    backend = serve(backends.echo)
    proxy = start(backend, timeouts={"handshake": "1h"})
    context = pki.context(version)
    with TlsClient(net.connect(proxy.address()), context) as client:
        stage(client)
        leave(client.sock)
        line = proxy.connection_end()
    assert line["reason"] == "handshake_aborted"
    assert line["tls"] == "[-]"
    assert backend.accepted_count == 0
    served(proxy, context)


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE)
def test_a_connection_without_a_byte_is_a_probe(start, serve, pki, leave):
    """Health checks of load balancers connect and leave: no line at the
    usual level."""
    proxy = start(serve(backends.echo))
    for _ in range(10):
        leave_at_once(proxy, leave)
    served(proxy, pki.context())
    proxy.stop()
    assert not proxy.log.find("connection", reason="probe")
    assert len(proxy.log.find("connection")) == 1


def test_a_probe_is_shown_at_debug_level(start, serve):
    """Who looks for them finds them. (One that was reset before it sent a
    byte is gone before the kernel hands it out.)"""
    proxy = start(serve(backends.echo), log={"level": "debug"})
    leave_at_once(proxy, LEAVE["fin"])
    assert proxy.connection_end(reason="probe")["level"] == "debug"


def leave_at_once(proxy, leave):
    """Connects, sends nothing, leaves."""
    sock = net.connect(proxy.address())
    leave(sock)
    sock.close()


@pytest.mark.parametrize("version", tls.VERSIONS, ids=tls.VERSION_NAMES.get)
@pytest.mark.parametrize(
    ("leave", "reason"),
    [(LEAVE["fin"], "client_truncated"), (LEAVE["reset"], "client_reset")],
    ids=LEAVE,
)
def test_gone_right_after_the_handshake(
    start, serve, pki, version, leave, reason
):
    """The backend's connection is reset, for nothing was ended in order."""
    backend = serve(backends.hold)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        record = backend.next_record()
        leave(client.sock)
        line = proxy.connection_end()
    assert line["reason"] == reason
    assert record.wait_end() == "reset"
