# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGTERM: no new clients, those who are in end by themselves, exit code 0."""

import signal
import threading

import pytest

from lib import backends, net
from lib.settings import MIB, SCALE, scaled
from lib.streams import Stream
from lib.tls import End, TlsClient
from lib.wait import rounds, until


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_process_ends_at_once(start, serve, number):
    """Nothing to wait for: exit code 0."""
    proxy = start(serve(backends.echo), timeouts={"drain": "1h"})
    proxy.signal(number)
    proxy.assert_ended(code=0)
    assert proxy.log.find("drain", state="started")


def test_a_live_connection_ends_by_itself(start, serve, pki):
    """While it drains nobody listens, the live connection works on, and the
    process ends with it: exit code 0."""
    proxy = start(serve(backends.echo), timeouts={"drain": "1h"})
    with TlsClient.open(proxy.address(), pki.context()) as client:
        proxy.signal(signal.SIGTERM)
        event = proxy.log.wait("drain", state="waiting")
        assert event["connections"] == 1
        until(lambda: not net.accepts(proxy.address()), "nobody listens")
        assert client.echo(b"still here") == b"still here"
        client.finish()
    proxy.assert_ended(code=0)


@pytest.mark.threaded
def test_a_drain_under_load_completes_every_transfer(start, serve, pki):
    """20 downloads are on their way when SIGTERM comes: each completes, to
    the right checksum, with close_notify; exit code 0."""
    count = scaled(20, least=5)
    size = 4 * MIB // SCALE
    proxy = start(serve(backends.sized_source), timeouts={"drain": "1h"})
    context = pki.context()
    clients = []
    for seed in range(count):
        client = TlsClient.open(
            proxy.address(), context, receive_bytes=16 * 1024
        )
        client.send(backends.sized_request(size, seed))
        clients.append(client)
    proxy.signal(signal.SIGTERM)
    proxy.log.wait("drain", state="waiting")
    for seed, client in enumerate(clients):
        assert client.tally_to_end() == Stream(size, seed).digest()
        assert client.end is End.CLOSE_NOTIFY
        client.finish()
    proxy.assert_ended(code=0)


@pytest.mark.threaded
def test_clients_that_come_during_a_drain_are_served_or_refused(
    start, serve, pki
):
    """SIGTERM strikes under a storm of new clients: whoever has been spoken
    to is served to the end. (Who has only been greeted by the kernel may see
    a reset: that cannot be told from coming too late.)"""
    proxy = start(serve(backends.echo), timeouts={"drain": "1h"})
    dropped, served = [], []
    started = threading.Event()

    def storm():
        context = pki.context()
        for _ in rounds("nobody listens"):
            try:
                sock = net.connect(proxy.address())
            except ConnectionRefusedError:
                return
            except (ConnectionResetError, ConnectionAbortedError):
                continue  # greeted, and gone before connect() has returned
            client = TlsClient(sock, context)
            try:
                client.handshake_step()
                client.flush()
                client.feed()
            except (ConnectionResetError, BrokenPipeError):
                client.close()
                continue
            try:
                client.handshake()
                assert client.echo(b"whole") == b"whole"
                client.finish()
                served.append(client)
            except Exception as failure:
                dropped.append(failure)
            started.set()

    threads = [threading.Thread(target=storm, daemon=True) for _ in range(6)]
    for thread in threads:
        thread.start()
    assert started.wait(60)
    proxy.signal(signal.SIGTERM)
    proxy.assert_ended(code=0)
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert served and not dropped, dropped[:3]


def test_handshakes_under_way_are_finished(start, serve, pki):
    """A client that was accepted before SIGTERM and is in its handshake is
    served."""
    proxy = start(
        serve(backends.echo), timeouts={"drain": "1h", "handshake": "1h"}
    )
    with TlsClient(net.connect(proxy.address()), pki.context()) as client:
        client.handshake_step()
        client.flush()
        client.feed()
        proxy.signal(signal.SIGTERM)
        proxy.log.wait("drain", state="waiting")
        client.handshake()
        assert client.echo(b"served") == b"served"
        client.finish()
    proxy.assert_ended(code=0)


def test_half_closed_connections_are_waited_for(start, serve, pki):
    """The client has ended, the answer is still to come: it is delivered."""
    go_on = threading.Event()

    def answer_late(sock, record):
        record.read_to_end(sock)
        assert go_on.wait(60)
        sock.sendall(b"the late answer")

    proxy = start(serve(answer_late), timeouts={"drain": "1h"})
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.send(b"question")
        client.close_notify()
        proxy.signal(signal.SIGTERM)
        proxy.log.wait("drain", state="waiting")
        go_on.set()
        assert client.read_to_end() == b"the late answer"
        assert client.end is End.CLOSE_NOTIFY
    proxy.assert_ended(code=0)


def test_a_drain_that_runs_out_says_so(start, serve, pki):
    """After timeouts.drain the rest is closed, with reason drain_expired and
    no orderly end; exit code 1."""
    backend = serve(backends.hold)
    proxy = start(backend, timeouts={"drain": "500ms"})
    with TlsClient.open(proxy.address(), pki.context()) as client:
        backend.next_record()
        proxy.signal(signal.SIGTERM)
        assert client.read_to_end() == b""
        assert client.end is not End.CLOSE_NOTIFY
    assert proxy.wait_exit() == 1
    assert proxy.log.find("connection", reason="drain_expired")
    assert backend.records[0].wait_end() == "reset"


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_at_once(start, serve, pki, second):
    """Whatever the drain still waits for; the connections say stopped, and
    the exit code is 1, for they were cut."""
    proxy = start(serve(backends.hold), timeouts={"drain": "1h"})
    with TlsClient.open(proxy.address(), pki.context()) as client:
        proxy.signal(signal.SIGTERM)
        proxy.log.wait("drain", state="waiting")
        proxy.signal(second)
        assert client.read_to_end() == b""
        assert client.end is not End.CLOSE_NOTIFY
    assert proxy.wait_exit() == 1
    assert proxy.log.find("connection", reason="stopped")


def test_sighup_during_a_drain_is_ignored(start, serve, pki):
    """outcome=ignored; the drain goes on and nothing is opened again."""
    proxy = start(serve(backends.echo), timeouts={"drain": "1h"})
    with TlsClient.open(proxy.address(), pki.context()) as client:
        proxy.signal(signal.SIGTERM)
        proxy.log.wait("drain", state="waiting")
        until(lambda: not net.accepts(proxy.address()), "nobody listens")
        proxy.signal(signal.SIGHUP)
        proxy.log.wait("reload", outcome="ignored")
        assert not net.accepts(proxy.address())
        assert client.echo(b"still here") == b"still here"
        client.finish()
    proxy.assert_ended(code=0)


def test_during_the_drain_delay_clients_are_still_served(start, serve, pki):
    """timeouts.drain_delay: the load balancer needs a while to notice."""
    proxy = start(
        serve(backends.echo), timeouts={"drain_delay": "1h", "drain": "1h"}
    )
    context = pki.context()
    with TlsClient.open(proxy.address(), context) as steady:
        proxy.signal(signal.SIGTERM)
        proxy.log.wait("drain", state="started")
        with TlsClient.open(proxy.address(), context) as client:
            assert client.echo(b"late") == b"late"
            client.finish()
        steady.finish()
    # A second signal ends the delay too; nothing is left that it could cut.
    proxy.signal(signal.SIGTERM)
    assert proxy.wait_exit() in (0, 1)


def test_after_the_drain_delay_nobody_listens(start, serve, pki):
    """When the delay is over the drain goes on to its end."""
    proxy = start(
        serve(backends.echo), timeouts={"drain_delay": "500ms", "drain": "1h"}
    )
    with TlsClient.open(proxy.address(), pki.context()) as client:
        proxy.signal(signal.SIGTERM)
        proxy.log.wait("drain", state="waiting")
        until(lambda: not net.accepts(proxy.address()), "nobody listens")
        client.finish()
    proxy.assert_ended(code=0)


def test_silent_clients_do_not_hold_up_a_drain(start, serve):
    """A connection without a handshake ends by timeouts.handshake at the
    latest."""
    proxy = start(
        serve(backends.echo), timeouts={"drain": "1h", "handshake": "500ms"}
    )
    with net.connect(proxy.address()):
        proxy.signal(signal.SIGTERM)
        proxy.assert_ended(code=0)


def test_queued_clients_are_taken(start, serve, pki):
    """A client whose connection the kernel had completed before SIGTERM is
    served: here the process is stopped while it comes."""
    proxy = start(
        serve(backends.echo), timeouts={"drain": "1h", "handshake": "1h"}
    )
    context = pki.context()
    with proxy.held():
        clients = [
            TlsClient(net.connect(proxy.address()), context)
            for _ in range(10)
        ]
        for client in clients:
            client.handshake_step()
            client.flush()
            net.wait_acknowledged(client.sock)
        proxy.signal(signal.SIGTERM)
    for client in clients:
        client.handshake()
        assert client.echo(b"taken") == b"taken"
        client.finish()
    proxy.assert_ended(code=0)
