# SPDX-License-Identifier: GPL-3.0-or-later
"""A side that does not read costs a bounded amount of memory."""

import concurrent.futures
import ctypes
import fcntl
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from lib import backends
from lib.settings import GIB, KIB, MIB
from lib.streams import Stream, digest
from lib.tls import TlsClient
from lib.wait import rounds, until

# <sched.h>, <net/if.h>, <linux/sockios.h>
CLONE_NEWNET = 0x40000000
IFF_UP = 1
SIOCSIFFLAGS = 0x8914

CONNECTIONS = 20
BUFFER = 64 * KIB

# What the README promises of a busy connection, and an idle one's share.
BOUND_PER_CONNECTION_KIB = 4 * (BUFFER // KIB + 8) + 8
BOUND_FIXED_KIB = 1 * KIB


class Gauge:
    """Counts what a backend has managed to send, over all connections."""

    def __init__(self, chunk):
        self.sent = 0
        self._chunk = chunk

    def offer(self, total):
        def handler(sock, record):
            record.read(sock)
            sent = 0
            while sent < total:
                sent += sock.send(self._chunk)
                self.sent += len(self._chunk)

        return handler


def settled(read, still_s=0.5):
    """A condition: the value has not changed for a while, which says that
    everything that has room for bytes is full."""
    last = [read(), time.monotonic()]

    def condition():
        value = read()
        if value != last[0]:
            last[:] = [value, time.monotonic()]
        return time.monotonic() - last[1] > still_s

    return condition


class Pusher:
    """A client that sends whatever there is room for, and never waits."""

    def __init__(self, client):
        self._client = client
        self._left = b""
        client.sock.setblocking(False)

    def push(self):
        """How many bytes went."""
        if not self._left:
            self._client.tls.write(b"x" * MIB)
            self._left = self._client.pending_output()
        try:
            count = self._client.sock.send(self._left)
        except BlockingIOError:
            return 0
        self._left = self._left[count:]
        return count


@pytest.mark.release_only
def test_a_client_that_reads_nothing_costs_bounded_memory(start, serve, pki):
    """A backend offers 1 GiB to each of 20 clients that read nothing: the
    process grows by at most a few buffers per connection."""
    gauge = Gauge(b"x" * MIB)
    proxy = start(serve(gauge.offer(GIB)), limits={"buffer": BUFFER})
    context = pki.context()
    clients = []
    before = proxy.memory_kib()
    try:
        for _ in range(CONNECTIONS):
            client = TlsClient.open(
                proxy.address(), context, receive_bytes=16 * KIB
            )
            clients.append(client)
            client.send(b"go")
        until(lambda: gauge.sent > 0, "the backend has sent something")
        until(settled(lambda: gauge.sent), "nothing moves any more")
        growth = proxy.memory_kib() - before
    finally:
        for client in clients:
            client.reset()
    assert gauge.sent < CONNECTIONS * GIB
    bound = BOUND_FIXED_KIB + CONNECTIONS * BOUND_PER_CONNECTION_KIB
    assert growth <= bound, f"{growth} KiB, more than {bound} KiB"


@pytest.mark.release_only
def test_a_backend_that_reads_nothing_costs_bounded_memory(start, serve, pki):
    """The same the other way: clients send until nothing moves any more."""
    never = threading.Event()
    proxy = start(
        serve(backends.when(never, backends.hold)), limits={"buffer": BUFFER}
    )
    context = pki.context()
    clients = []
    sent = []
    before = proxy.memory_kib()
    try:
        for _ in range(CONNECTIONS):
            clients.append(TlsClient.open(proxy.address(), context))
        pushers = [Pusher(client) for client in clients]

        def push_all():
            sent.append(sum(pusher.push() for pusher in pushers))
            return sum(sent)

        until(settled(push_all), "nothing moves any more")
        growth = proxy.memory_kib() - before
    finally:
        for client in clients:
            client.reset()
        never.set()
    bound = BOUND_FIXED_KIB + CONNECTIONS * BOUND_PER_CONNECTION_KIB
    assert growth <= bound, f"{growth} KiB, more than {bound} KiB"


@pytest.mark.release_only
def test_a_blocked_transfer_uses_no_cpu(start, serve, pki):
    """While neither side can go on the process waits and does not spin."""
    gauge = Gauge(b"x" * MIB)
    proxy = start(serve(gauge.offer(GIB)))
    with TlsClient.open(
        proxy.address(), pki.context(), receive_bytes=16 * KIB
    ) as client:
        client.send(b"go")
        until(lambda: gauge.sent > 0, "the backend has sent something")
        for _ in rounds("nothing moves for a while"):
            until(settled(lambda: gauge.sent), "nothing moves any more")
            sent, share = gauge.sent, proxy.cpu_share()
            if gauge.sent == sent:
                break
        client.reset()
    assert share < 0.2, f"{share:.0%} of a CPU"


def test_a_slow_reader_delays_nobody(start, serve, pki):
    """While one client does not read, another on the same worker is served,
    and the slow one gets every byte in the end."""
    stream = Stream(16 * MIB, seed=40)
    proxy = start(serve(backends.source(stream)), process={"workers": 1})
    context = pki.context()
    with TlsClient.open(
        proxy.address(), context, receive_bytes=16 * KIB
    ) as slow:
        slow.send(b"go")
        for _ in range(3):
            with TlsClient.open(proxy.address(), context) as quick:
                quick.send(b"go")
                assert quick.tally_to_end() == stream.digest()
                quick.finish()
        assert slow.tally_to_end() == stream.digest()
        slow.finish()


def test_a_larger_buffer_is_taken_up_while_a_backend_does_not_read(
    start, serve, pki
):
    """A reload raises limits.buffer while a connection holds a full buffer of
    the old size. That one was once filled anew as if it had the new size: the
    program wrote beyond its end."""
    stream = Stream(32 * MIB, seed=41)
    sent = []
    reads = threading.Event()
    backend = serve(backends.when(reads, backends.sink))
    proxy = start(backend, limits={"buffer": 16 * KIB})

    def chunks():
        for chunk in stream.chunks():
            yield chunk
            sent.append(len(chunk))

    with TlsClient.open(proxy.address(), pki.context()) as client:
        answers = []
        sender = threading.Thread(
            target=lambda: answers.append(client.exchange(chunks())),
            daemon=True,
        )
        sender.start()
        until(lambda: sent, "the client has sent something")
        until(settled(lambda: len(sent)), "nothing moves any more")
        proxy.config["limits"]["buffer"] = MIB
        proxy.reload()
        reads.set()
        sender.join()
    count, checksum = stream.digest()
    assert answers == [digest(f"{count} {checksum}\n".encode())]


def in_small_network(work):
    """Runs work() in a network of its own whose sockets hold next to nothing;
    what it starts is there, too."""

    def enter():
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(CLONE_NEWNET) != 0:
            pytest.skip("may not make a network namespace")
        with socket.socket() as sock:
            request = struct.pack("16sH22x", b"lo", IFF_UP)
            fcntl.ioctl(sock, SIOCSIFFLAGS, request)
        for name in ("tcp_wmem", "tcp_rmem"):
            Path("/proc/sys/net/ipv4", name).write_text("4096 4096 4096")
        return work()

    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        return thread.submit(enter).result()


def test_a_handshake_goes_on_when_the_socket_was_full(start, fresh_pki):
    """The answer to the hello is larger than what the socket takes at once.
    The rest was once sent only when the client spoke again, which it does not
    before it has all of it."""
    names = ",".join(f"DNS:{number}.{'n' * 60}.test" for number in range(150))
    large = fresh_pki.server("large", names=f"DNS:localhost,{names}")
    sections = {
        "certificate": large.as_section(),
        "timeouts": {"handshake": "1h"},
    }

    def work():
        proxy = start("127.0.0.1:9", **sections)
        with TlsClient.open(proxy.address(), fresh_pki.context()) as client:
            client.read_to_end()
        return proxy

    proxy = in_small_network(work)
    assert proxy.connection_end()["reason"] == "backend_unreachable"
