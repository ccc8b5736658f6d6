# SPDX-License-Identifier: GPL-3.0-or-later
"""A stream that was cut never looks complete."""

import contextlib

import pytest

from lib import backends, tls
from lib.settings import MIB, SCALE
from lib.streams import Stream
from lib.tls import End, TlsClient

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


def upload_and_cut(proxy, context, stream):
    """Sends the stream and a FIN without close_notify; returns how the
    program ended its side."""
    with TlsClient.open(proxy.address(), context) as client:
        for chunk in stream.chunks():
            client.send(chunk)
        client.fin()
        client.read_to_end()
        return client.end


@each_version
@pytest.mark.parametrize("size", [0, 1, 5 * MIB // SCALE])
def test_a_cut_upload_resets_the_backend(start, serve, pki, version, size):
    """FIN without close_notify: the backend gets every byte, then a reset and
    no end of stream; the log says client_truncated."""
    backend = serve(backends.sink)
    proxy = start(backend)
    stream = Stream(size, seed=20)
    end = upload_and_cut(proxy, pki.context(version), stream)
    assert end is not End.CLOSE_NOTIFY
    record = backend.next_record()
    assert record.wait_end() == "reset"
    assert record.received.digest() == stream.digest()
    line = proxy.connection_end()
    assert line["reason"] == "client_truncated"
    assert line["bytes_to_backend"] == size


@each_version
def test_truncation_pass_hands_the_end_on(start, serve, pki, version):
    """With truncation = pass the backend sees an end of stream, its answer
    reaches the client, and the log says truncated=yes."""
    backend = serve(backends.sink)
    proxy = start(backend, service={"truncation": "pass"})
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.send(b"as some clients do")
        client.fin()
        answer = client.read_to_end()
        assert client.end is End.CLOSE_NOTIFY
    assert answer.startswith(b"18 ")
    assert backend.next_record().wait_end() == "fin"
    line = proxy.connection_end()
    assert (line["reason"], line["truncated"]) == ("done", "yes")


@each_version
def test_a_broken_record_resets_the_backend(start, serve, pki, version):
    """A record that does not decrypt: what came before it arrives, then the
    backend sees a reset; the log says client_tls_error."""
    backend = serve(backends.sink)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.send(b"good until here")
        client.tls.write(b"this record is tampered with")
        sealed = bytearray(client.pending_output())
        sealed[-1] ^= 0x01
        client.sock.sendall(sealed)
        with pytest.raises(tls.ssl.SSLError, match="(?i)bad.record.mac"):
            client.read_to_end()
    record = backend.next_record()
    assert record.wait_end() == "reset"
    assert record.first_bytes == b"good until here"
    assert proxy.connection_end()["reason"] == "client_tls_error"


@each_version
def test_plaintext_after_the_handshake_is_no_end(start, serve, pki, version):
    """A forged close_notify in the clear is an error and not an end."""
    backend = serve(backends.sink)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.send(b"data")
        backend.next_record().wait_received(4)
        client.sock.sendall(b"\x15\x03\x03\x00\x02\x01\x00")
        with contextlib.suppress(tls.ssl.SSLError):
            client.read_to_end()
    assert backend.records[0].wait_end() == "reset"
    assert proxy.connection_end()["reason"] == "client_tls_error"


@each_version
def test_a_record_cut_in_half_is_a_truncation(start, serve, pki, version):
    """A client that ends in the middle of a record has been cut."""
    backend = serve(backends.sink)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.send(b"whole")
        client.tls.write(b"half of this is missing")
        client.sock.sendall(client.pending_output()[:-9])
        client.fin()
        with contextlib.suppress(tls.ssl.SSLError):  # it may be told so
            client.read_to_end()
        assert client.end is not End.CLOSE_NOTIFY
    record = backend.next_record()
    assert record.wait_end() == "reset"
    assert record.first_bytes == b"whole"
    assert proxy.connection_end()["reason"] == "client_truncated"
