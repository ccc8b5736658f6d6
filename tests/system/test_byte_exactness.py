# SPDX-License-Identifier: GPL-3.0-or-later
"""Every byte arrives, in order, in both directions at once."""

import pytest

from lib import backends, clients, settings, tls
from lib.settings import KIB, MIB, SCALE
from lib.streams import Stream
from lib.tls import End, TlsClient

SIZES = [0, 1, KIB, 16383, 16384, 16385, MIB]
LARGE = [
    pytest.param(64 * MIB, marks=pytest.mark.huge),
    pytest.param(256 * MIB, marks=[pytest.mark.huge, pytest.mark.slow]),
]

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


@each_version
@pytest.mark.parametrize("size", SIZES + LARGE)
def test_both_directions_at_once_are_exact(start, serve, pki, version, size):
    """A client and a backend send `size` bytes to each other at the same
    time; length and SHA-256 are right on both ends, and the log counts the
    same bytes."""
    up, down = Stream(size // SCALE, seed=3), Stream(size // SCALE, seed=4)
    backend = serve(backends.both_ways(down))
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        assert client.exchange(up.chunks()) == down.digest()
        assert client.end is End.CLOSE_NOTIFY
    record = backend.next_record()
    assert record.wait_end() == "fin"
    assert record.received.digest() == up.digest()
    end = proxy.connection_end(reason="done")
    assert end["bytes_to_backend"] == up.size
    assert end["bytes_to_client"] == down.size


@each_version
@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_tiny_writes_are_exact(start, serve, pki, version, chunk):
    """Data sent in records of a few bytes, and echoed, comes back whole."""
    stream = Stream(chunk * 3000 // SCALE, seed=5)
    backend = serve(backends.echo)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        assert client.exchange(stream.chunks(chunk)) == stream.digest()
        assert client.end is End.CLOSE_NOTIFY
    assert backend.next_record().received.digest() == stream.digest()


@each_version
def test_ping_pong_is_exact(start, serve, pki, version):
    """Each of many small messages is answered before the next is sent."""
    proxy = start(serve(backends.echo))
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        for number in range(2000 // SCALE):
            message = b"%d" % number * (number % 100 + 1)
            assert client.echo(message) == message
        assert client.finish() == b""


@each_version
@pytest.mark.parametrize("size", [16 * KIB, MIB])
def test_a_small_buffer_is_exact(start, serve, pki, version, size):
    """With the smallest buffer that may be configured nothing is lost."""
    up, down = Stream(8 * MIB // SCALE, seed=6), Stream(8 * MIB // SCALE, seed=7)
    backend = serve(backends.both_ways(down))
    proxy = start(backend, limits={"buffer": size})
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        assert client.exchange(up.chunks()) == down.digest()
    record = backend.next_record()
    record.wait_end()
    assert record.received.digest() == up.digest()


def test_large_records_of_a_client_are_exact(start, serve, pki):
    """Records of 16 KiB that arrive in one burst, faster than the backend
    reads, are delivered."""
    stream = Stream(32 * MIB // SCALE, seed=8)
    backend = serve(backends.sink)
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.exchange(stream.chunks(chunk=MIB))
    assert backend.next_record().received.digest() == stream.digest()


def test_a_key_update_passes_unnoticed(start, serve, pki):
    """A TLS 1.3 client that changes its keys in mid-stream loses nothing."""
    proxy = start(serve(backends.greet))
    # In s_client a line "K" updates the keys of both directions.
    with clients.talking(
        settings.require("openssl"), "s_client", "-tls1_3",
        "-connect", f"127.0.0.1:{proxy.port}", "-CAfile", pki.ca,
        "-servername", "localhost", "-verify_return_error",
    ) as process:  # fmt: skip
        output = b""
        for line, answer in [
            (b"before\n", b"250 before\r\n"),
            (b"K\n", b"KEYUPDATE\n"),
            (b"after\n", b"250 after\r\n"),
        ]:
            process.stdin.write(line)
            process.stdin.flush()
            while answer not in output:
                data = process.stdout.readline()
                assert data, output
                output += data
        process.stdin.close()
    assert proxy.connection_end(reason="done")
