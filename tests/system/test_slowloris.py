# SPDX-License-Identifier: GPL-3.0-or-later
"""Crowds of slow or hostile clients keep nobody from being served."""

import contextlib
import random

import pytest

from lib import backends, hello, net
from lib.settings import DEADLINE_S, scaled
from lib.tls import TlsClient
from lib.wait import until

# Long enough for the handshake of a good client on a machine that is busy.
HANDSHAKE = "10s"


def served(proxy, context):
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"served") == b"served"
        client.finish()


def test_slow_handshakes_delay_nobody_and_end(start, serve, pki):
    """200 clients send their ClientHello byte by byte; each good client that
    comes in between is served, and timeouts.handshake ends the slow ones."""
    count = scaled(200, least=20)
    proxy = start(serve(backends.echo), timeouts={"handshake": HANDSHAKE})
    context = pki.context()
    data = hello.client_hello(context)
    with contextlib.ExitStack() as stack:
        slow = [
            stack.enter_context(net.connect(proxy.address()))
            for _ in range(count)
        ]
        ended = set()
        # One byte a round; the last byte is never sent.
        for byte in data[:-1]:
            for sock in slow:
                if sock not in ended and not send_byte(sock, byte):
                    ended.add(sock)
            served(proxy, context)
            if len(ended) == count:
                break
        proxy.log.wait_count(count, "connection", reason="handshake_timeout")
    served(proxy, context)


def send_byte(sock, byte):
    """False once the other side has ended the connection."""
    try:
        sock.sendall(bytes([byte]))
        sock.setblocking(False)
        return sock.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            sock.settimeout(DEADLINE_S)


def test_silent_clients_end_by_timeout(start, serve, pki):
    """Connections without a byte cost nothing and are ended."""
    count = scaled(500, least=50)
    proxy = start(serve(backends.echo), timeouts={"handshake": HANDSHAKE})
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(net.connect(proxy.address()))
        served(proxy, pki.context())
        proxy.log.wait_count(count, "connection", reason="handshake_timeout")


@pytest.mark.threaded
def test_a_flood_of_garbage_harms_nobody(start, serve, pki):
    """500 connections of random bytes, some after a plausible header: each
    ends, good clients in between are served, no descriptor is left."""
    proxy = start(serve(backends.echo), timeouts={"handshake": "1h"})
    context = pki.context()
    at_rest = proxy.descriptor_count()
    chance = random.Random(60)
    for number in range(scaled(500, least=100)):
        garbage = chance.randbytes(chance.randrange(1, 2000))
        if number % 3 == 0:
            garbage = hello.record(garbage)
        if number % 3 == 1:
            garbage = hello.client_hello(context) + garbage
        net.send_to_end(proxy.address(), garbage, ends=True)
        if number % 25 == 0:
            served(proxy, context)
    served(proxy, context)
    until(
        lambda: proxy.descriptor_count() <= at_rest, "descriptors are free"
    )


def test_clients_that_read_nothing_of_the_handshake_end(start, serve, pki):
    """100 clients send a ClientHello and never take the answer."""
    count = scaled(100, least=20)
    proxy = start(serve(backends.echo), timeouts={"handshake": HANDSHAKE})
    context = pki.context()
    data = hello.client_hello(context)
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            sock = net.connect(proxy.address(), receive_bytes=2048)
            stack.enter_context(sock)
            sock.sendall(data)
        served(proxy, context)
        proxy.log.wait_count(count, "connection", reason="handshake_timeout")
