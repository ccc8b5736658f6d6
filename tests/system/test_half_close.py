# SPDX-License-Identifier: GPL-3.0-or-later
"""Each direction ends by itself: what one side still has to say arrives."""

import socket
import threading

import pytest

from lib import backends, tls
from lib.settings import DEADLINE_S, MIB, SCALE
from lib.streams import Stream
from lib.tls import End, TlsClient

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


@each_version
def test_answer_after_the_clients_end_arrives(start, serve, pki, version):
    """A client sends, ends with close_notify, and still gets the answer that
    the backend gives only after the end."""
    backend = serve(backends.sink)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.send(b"question")
        client.close_notify()
        answer = client.read_to_end()
        assert client.end is End.CLOSE_NOTIFY
        assert client.ends_with_fin()
    assert answer.startswith(b"8 ")
    record = backend.next_record()
    assert record.wait_end() == "fin"
    assert record.first_bytes == b"question"
    assert proxy.connection_end()["reason"] == "done"


@each_version
def test_a_large_late_answer_arrives(start, serve, pki, version):
    """The answer after the client's end may be long."""
    late = Stream(16 * MIB // SCALE, seed=10)

    def answer_late(sock, record):
        record.read_to_end(sock)
        for chunk in late.chunks():
            sock.sendall(chunk)

    proxy = start(serve(answer_late))
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.send(b"question")
        client.close_notify()
        assert client.tally_to_end() == late.digest()
        assert client.end is End.CLOSE_NOTIFY


@each_version
def test_the_client_goes_on_after_the_backends_end(start, serve, pki, version):
    """A backend answers and ends; what the client sends after that arrives,
    with its own orderly end."""
    backend = serve(backends.answer_first(b"the answer"))
    proxy = start(backend)
    stream = Stream(4 * MIB // SCALE, seed=11)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        assert client.read_to_end() == b"the answer"
        assert client.end is End.CLOSE_NOTIFY
        for chunk in stream.chunks():
            client.send(chunk)
        client.close_notify()
        record = backend.next_record()
        assert record.wait_end() == "fin"
    assert record.received.digest() == stream.digest()
    assert proxy.connection_end()["reason"] == "done"


@each_version
def test_bytes_and_end_in_one_go_arrive(start, serve, pki, version):
    """Data, close_notify and FIN that arrive together are told apart."""
    backend = serve(backends.sink)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.tls.write(b"all at once")
        client.queue_close_notify()
        client.flush()
        client.fin()
        answer = client.read_to_end()
        assert client.end is End.CLOSE_NOTIFY
    assert answer.startswith(b"11 ")
    assert backend.next_record().first_bytes == b"all at once"


@each_version
def test_an_end_without_a_byte_arrives(start, serve, pki, version):
    """A client that shakes hands and ends at once reaches the backend as a
    connection with an orderly end."""
    backend = serve(backends.sink)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.close_notify()
        assert client.read_to_end().startswith(b"0 ")
    assert backend.next_record().wait_end() == "fin"


def test_the_backends_end_waits_for_a_slow_client(start, serve, pki):
    """A backend that sends and ends while the client does not read: all of
    it arrives, then close_notify."""
    stream = Stream(32 * MIB // SCALE, seed=12)
    sent = threading.Event()

    def send_and_end(sock, record):
        for chunk in stream.chunks():
            sock.sendall(chunk)
            sent.set()
        sock.shutdown(socket.SHUT_WR)
        record.read_to_end(sock)

    proxy = start(serve(send_and_end))
    with TlsClient.open(
        proxy.address(), pki.context(), receive_bytes=4096
    ) as client:
        assert sent.wait(DEADLINE_S)
        assert client.tally_to_end() == stream.digest()
        assert client.end is End.CLOSE_NOTIFY
        client.finish()


def test_a_close_without_close_notify_after_the_backends_end_is_done(
    start, serve, pki
):
    """Many clients just close once they have the whole answer: no error."""
    proxy = start(serve(backends.answer_first(b"all there is")))
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.read_to_end() == b"all there is"
    assert proxy.connection_end()["reason"] == "done"
