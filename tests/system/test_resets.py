# SPDX-License-Identifier: GPL-3.0-or-later
"""A reset on one side is an error on the other, never an orderly end."""

import socket
import threading

import pytest

from lib import backends, net, tls
from lib.settings import DEADLINE_S, MIB, SCALE
from lib.streams import Stream
from lib.tls import End, TlsClient

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


@each_version
def test_a_clients_reset_resets_the_backend(start, serve, pki, version):
    """What was sent before the reset has arrived; then the backend is reset."""
    backend = serve(backends.hold)
    proxy = start(backend)
    stream = Stream(MIB // SCALE, seed=30)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        for chunk in stream.chunks():
            client.send(chunk)
        record = backend.next_record()
        record.wait_received(stream.size)
        client.reset()
    assert record.wait_end() == "reset"
    assert record.received.digest() == stream.digest()
    line = proxy.connection_end()
    assert line["reason"] == "client_reset"
    assert line["bytes_to_backend"] == stream.size


@each_version
def test_a_backends_reset_is_no_close_notify(start, serve, pki, version):
    """What the backend sent before its reset arrives; the client then sees a
    reset and no close_notify."""
    answer = Stream(100_000, seed=31)
    backend = serve(backends.reset_after(answer.bytes(), trigger=b"now"))
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.send(b"question")
        assert client.read_exactly(answer.size) == answer.bytes()
        client.send(b"now")
        assert client.read_to_end() == b""
        assert client.end is End.RESET
    line = proxy.connection_end()
    assert line["reason"] == "backend_reset"
    assert line["bytes_to_client"] == answer.size


def test_data_right_before_a_backends_reset_arrives(start, serve, pki):
    """Bytes that lie in the program's socket when the reset comes are still
    delivered, before the client's connection is reset."""
    answer = Stream(20_000, seed=32)
    proxy = start(serve(backends.reset_after(answer.bytes())))
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.send(b"question")
        assert client.tally_to_end() == answer.digest()
        assert client.end is End.RESET


def send_at_once(answer, go_on, end):
    """A handler that takes the question, waits, then sends all of the answer
    and ends so."""

    def handler(sock, record):
        record.read(sock)
        assert go_on.wait(DEADLINE_S)
        for chunk in answer.chunks():
            sock.sendall(chunk)
        net.wait_acknowledged(sock)
        end(sock)

    return handler


@pytest.mark.parametrize("size", [1, 1000, 50_000])
def test_answer_and_reset_in_one_wakeup_are_told_apart(
    start, serve, pki, size
):
    """The last bytes and the reset reach the program at the same moment: the
    bytes arrive, and the reset is not overlooked."""
    answer = Stream(size, seed=35)
    go_on = threading.Event()
    backend = serve(send_at_once(answer, go_on, net.reset))
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.send(b"?")
        record = backend.next_record()
        record.wait_received(1)
        with proxy.held():
            go_on.set()
            record.wait_end()
        assert client.tally_to_end() == answer.digest()
        assert client.end is End.RESET
    assert proxy.connection_end()["reason"] == "backend_reset"


@pytest.mark.parametrize("size", [1, 1000, 50_000])
def test_upload_and_reset_in_one_wakeup_are_told_apart(
    start, serve, pki, size
):
    """The same from the client's side."""
    stream = Stream(size + 1, seed=36)
    backend = serve(backends.hold)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.send(stream.bytes()[:1])
        record = backend.next_record()
        record.wait_received(1)
        with proxy.held():
            client.send(stream.bytes()[1:])
            net.wait_acknowledged(client.sock)
            client.reset()
        assert record.wait_end() == "reset"
    assert record.received.digest() == stream.digest()
    assert proxy.connection_end()["reason"] == "client_reset"


@pytest.mark.parametrize("size", [1, 1000, 50_000])
def test_answer_and_end_in_one_wakeup_are_told_apart(start, serve, pki, size):
    """An orderly end beside the last bytes stays an orderly end."""
    answer = Stream(size, seed=37)
    go_on = threading.Event()
    backend = serve(send_at_once(answer, go_on, socket.socket.close))
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.send(b"?")
        record = backend.next_record()
        record.wait_received(1)
        with proxy.held():
            go_on.set()
            record.wait_end()
        assert client.tally_to_end() == answer.digest()
        assert client.end is End.CLOSE_NOTIFY
        client.finish()
    assert proxy.connection_end()["reason"] == "done"


def test_a_reset_in_mid_download_is_no_end(start, serve, pki):
    """A backend that dies while the client is behind: the client gets a part
    of it and never a close_notify."""
    stream = Stream(64 * MIB, seed=33)
    full = threading.Event()

    def send_until_full_then_reset(sock, record):
        sock.settimeout(1)
        try:
            for chunk in stream.chunks():
                sock.sendall(chunk)
        except TimeoutError:
            pass
        full.set()
        net.reset(sock)

    proxy = start(serve(send_until_full_then_reset))
    with TlsClient.open(
        proxy.address(), pki.context(), receive_bytes=4096
    ) as client:
        assert full.wait(DEADLINE_S)
        count, _ = client.tally_to_end()
        assert client.end is End.RESET
        assert count < stream.size
    assert proxy.connection_end()["reason"] == "backend_reset"


def test_a_reset_in_mid_upload_is_no_end(start, serve, pki):
    """A client that dies while the backend is behind: the backend gets a
    part of it, in order, and then a reset."""
    go_on = threading.Event()
    backend = serve(backends.when(go_on, backends.sink))
    proxy = start(backend)
    stream = Stream(64 * MIB, seed=34)
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.sock.settimeout(1)
        with pytest.raises(TimeoutError):
            for chunk in stream.chunks():
                client.send(chunk)
        client.reset()
    go_on.set()
    record = backend.next_record()
    assert record.wait_end() == "reset"
    assert record.received.count < stream.size
    assert proxy.connection_end()["reason"] == "client_reset"


def test_others_live_on_when_one_is_reset(start, serve, pki):
    """A reset on one connection does not touch another."""
    backend = serve(backends.echo)
    proxy = start(backend, process={"workers": 1})
    context = pki.context()
    with TlsClient.open(proxy.address(), context) as steady:
        for _ in range(20):
            with TlsClient.open(proxy.address(), context) as client:
                assert client.echo(b"ping") == b"ping"
                client.reset()
            assert steady.echo(b"still here") == b"still here"
        steady.finish()
