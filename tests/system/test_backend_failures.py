# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that fails ends its connection with a reason, and no other."""

import contextlib
import socket
import threading

import pytest

from lib import backends, net
from lib.settings import DEADLINE_S
from lib.tls import End, TlsClient


def open_and_end(proxy, context):
    """Connects and reads to the end; returns how it ended."""
    with TlsClient.open(proxy.address(), context) as client:
        assert client.read_to_end() == b""
        return client.end


def test_a_refusing_backend_is_named(start, pki):
    """Nobody listens: the client sees no orderly end, and the log names the
    address and the cause."""
    with backends.refusing() as address:
        proxy = start(address)
        assert open_and_end(proxy, pki.context()) is not End.CLOSE_NOTIFY
        line = proxy.connection_end(reason="backend_unreachable")
        assert address in line["detail"]
        assert "refused" in line["detail"]


def test_a_missing_unix_socket_is_named(start, pki, tmp_path):
    """The same for a path where no server is."""
    path = tmp_path / "nobody"
    proxy = start(f"unix:{path}")
    assert open_and_end(proxy, pki.context()) is not End.CLOSE_NOTIFY
    line = proxy.connection_end(reason="backend_unreachable")
    assert str(path) in line["detail"]


def test_a_backend_that_never_answers_times_out(start, pki):
    """No answer to the connect within timeouts.connect: backend_timeout."""
    with backends.never_accepting() as address:
        proxy = start(address, timeouts={"connect": "300ms"})
        assert open_and_end(proxy, pki.context()) is not End.CLOSE_NOTIFY
        line = proxy.connection_end(reason="backend_timeout")
        assert address in line["detail"]


def test_a_client_that_leaves_during_the_connect_is_let_go(start, pki):
    """While the backend does not answer, the client's reset ends it."""
    with backends.never_accepting() as address:
        proxy = start(address, timeouts={"connect": "1h"})
        with TlsClient.open(proxy.address(), pki.context()) as client:
            proxy.wait_state("connect")
            client.reset()
        assert proxy.connection_end()["reason"] == "client_reset"


def test_a_backend_that_accepts_late_loses_nothing(start, serve, pki):
    """What a client sends before the backend takes the connection arrives."""
    go_on = threading.Event()
    backend = serve(backends.when(go_on, backends.echo))
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.send(b"early")
        backend.next_record()
        go_on.set()
        assert client.read_exactly(5) == b"early"
        client.finish()


def test_a_backend_that_closes_at_once_ends_in_order(start, serve, pki):
    """Its end of stream becomes close_notify and FIN."""
    proxy = start(serve(backends.close_at_once))
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.read_to_end() == b""
        assert client.end is End.CLOSE_NOTIFY
        client.finish()
    assert proxy.connection_end()["reason"] == "done"


def test_a_backend_that_resets_at_once_is_an_error(start, serve, pki):
    """Never an orderly end. (The reset may come before the program has seen
    its connect succeed, or after.)"""
    proxy = start(serve(backends.reset_at_once))
    assert open_and_end(proxy, pki.context()) is not End.CLOSE_NOTIFY
    reason = proxy.connection_end()["reason"]
    assert reason in ("backend_reset", "backend_unreachable")


def test_a_backend_that_comes_back_is_used_again(start, serve, pki):
    """Down: clients are told. Up again: the next client is served."""
    backend = serve(backends.echo)
    proxy = start(backend)
    context = pki.context()
    backend.stop()
    assert open_and_end(proxy, context) is not End.CLOSE_NOTIFY
    assert proxy.connection_end(reason="backend_unreachable")
    backend.start()
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"back") == b"back"
        client.finish()


def test_established_connections_survive_a_backend_that_stops_listening(
    start, serve, pki
):
    """A backend that no longer accepts keeps the connections it has."""
    backend = serve(backends.echo)
    proxy = start(backend)
    context = pki.context()
    with TlsClient.open(proxy.address(), context) as steady:
        assert steady.echo(b"before") == b"before"
        backend.stop()
        assert open_and_end(proxy, context) is not End.CLOSE_NOTIFY
        assert steady.echo(b"after") == b"after"
        steady.finish()


def test_one_services_dead_backend_leaves_the_other_alone(program, serve, pki):
    """Two services in one process fail apart."""
    with backends.refusing() as dead:
        proxy = program(
            {
                "service dead": {"listen": "127.0.0.1:0", "backend": dead},
                "service live": {
                    "listen": "127.0.0.1:0",
                    "backend": serve(backends.echo).address,
                },
                "certificate": pki.server_certificate.as_section(),
            }
        ).start()
        context = pki.context()
        with TlsClient.open(proxy.address("dead"), context) as client:
            assert client.read_to_end() == b""
        with TlsClient.open(proxy.address("live"), context) as client:
            assert client.echo(b"alive") == b"alive"
            client.finish()
        line = proxy.connection_end(reason="backend_unreachable")
        assert line["service"] == "dead"


def test_a_backend_connection_is_made_only_after_the_handshake(
    start, serve, pki
):
    """Clients that do not finish a handshake cost the backend nothing."""
    backend = serve(backends.echo)
    proxy = start(backend)
    for _ in range(5):
        with net.connect(proxy.address()) as sock:
            sock.sendall(b"\x16\x03\x01")
    proxy.log.wait_count(5, "connection", reason="handshake_aborted")
    assert backend.accepted_count == 0


@pytest.mark.parametrize("family", ["127.0.0.1", "::1"])
def test_backends_may_be_ipv4_or_ipv6(start, serve, pki, family):
    """Both families of loopback are reached."""
    proxy = start(serve(backends.echo, address=(family, 0)))
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.echo(b"hello") == b"hello"
        client.finish()


@contextlib.contextmanager
def full_unix_socket(path):
    """A server at a path that accepts nobody, and whose queue is full."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(path)
        server.listen(0)
        server.settimeout(DEADLINE_S)
        stack.enter_context(net.connect(path))
        yield server


def test_a_full_queue_of_a_unix_socket_is_waited_for(start, pki, tmp_path):
    """As over TCP, where the kernel does it: nobody is turned away while the
    server is behind with accepting."""
    path = str(tmp_path / "busy")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(full_unix_socket(path))
        proxy = start(f"unix:{path}")
        clients = [
            stack.enter_context(TlsClient.open(proxy.address(), pki.context()))
            for _ in range(3)
        ]
        for client in clients:
            client.send(b"hello")
        stack.enter_context(server.accept()[0])
        for _ in clients:
            accepted = stack.enter_context(server.accept()[0])
            assert accepted.recv(5) == b"hello"
            accepted.sendall(b"you")
        for client in clients:
            assert client.read_exactly(3) == b"you"
        assert not proxy.log.find("backend_down")


def test_a_queue_that_stays_full_times_out(start, serve, pki, tmp_path):
    """After timeouts.connect the next backend is tried, or it is over."""
    path = str(tmp_path / "stuck")
    with full_unix_socket(path):
        proxy = start(f"unix:{path}", timeouts={"connect": "300ms"})
        assert open_and_end(proxy, pki.context()) is not End.CLOSE_NOTIFY
        line = proxy.connection_end(reason="backend_timeout")
        assert path in line["detail"]
        other = serve(backends.greet)
        proxy = start(
            f"unix:{path}; {other.address}", timeouts={"connect": "300ms"}
        )
        with TlsClient.open(proxy.address(), pki.context()) as client:
            assert client.recv() != b""
