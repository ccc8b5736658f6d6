# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets on loopback: ports, sources, resets, queues."""

import contextlib
import errno
import fcntl
import itertools
import random
import socket
import struct
import termios

from lib.settings import DEADLINE_S
from lib.wait import until

# Below the range from which the kernel takes ports for outgoing connections
# and for port 0, so that nobody takes one between choice and use.
_PORTS = range(10000, 32000)

# Ports that this run has given out, as names of sockets that live as long as
# it does: no other run on this machine chooses them.
_reserved = []

_sources = itertools.count(random.randrange(1 << 20))


def fresh_source():
    """A loopback address that no recent client used: the program counts
    failures by host, and tests want a line for each of theirs."""
    number = next(_sources) % (250 * 250)
    return f"127.77.{1 + number // 250}.{1 + number % 250}"


def free_port(host="127.0.0.1"):
    """A port on which nobody listens."""
    for _ in range(1000):
        port = random.choice(_PORTS)
        with socket.socket(_family(host), socket.SOCK_STREAM) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
        if _reserve(port):
            return port
    raise AssertionError("no free port")


def _reserve(port):
    """False when somebody else has it. The name is no file (see unix(7))."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0sidelock-test-port-{port}")
    except OSError:
        name.close()
        return False
    _reserved.append(name)
    return True


def connect(address, source=None, receive_bytes=None):
    """A connected socket. address is (host, port) or a path; an IPv4 client
    comes from a source address of its own unless one is given."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        sock = socket.socket(_family(address[0]), socket.SOCK_STREAM)
        if sock.family == socket.AF_INET:
            sock.bind((source or fresh_source(), 0))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.settimeout(DEADLINE_S)
    sock.connect(address)
    return sock


def accepts(address):
    """True when somebody listens there."""
    try:
        connect(address).close()
    except OSError:
        return False
    return True


def send_to_end(address, data, source=None, ends=False):
    """Sends what is no good, with an end of its own or without, and returns
    once the other side has ended the connection, in whatever way."""
    with connect(address, source) as sock, contextlib.suppress(
        ConnectionResetError, BrokenPipeError
    ):
        sock.sendall(data)
        if ends:
            _end(sock)
        while sock.recv(4096):
            pass


def _end(sock):
    try:
        sock.shutdown(socket.SHUT_WR)
    except OSError as failure:
        if failure.errno != errno.ENOTCONN:  # it has been reset already
            raise


def reset(sock):
    """Closes with a TCP reset."""
    linger = struct.pack("ii", 1, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    sock.close()


def wait_acknowledged(sock):
    """Returns when all that was sent lies in the other side's socket."""
    until(lambda: _unacknowledged(sock) == 0, "sent bytes acknowledged")


def _unacknowledged(sock):
    answer = fcntl.ioctl(sock, termios.TIOCOUTQ, struct.pack("i", 0))
    return struct.unpack("i", answer)[0]


def _family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def address_text(address):
    """An address as the configuration writes it."""
    if isinstance(address, str):
        return f"unix:{address}"
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def parse_address(text):
    """(host, port) from HOST:PORT or [HOST]:PORT."""
    host, port = text.rsplit(":", 1)
    return (host.strip("[]"), int(port))
