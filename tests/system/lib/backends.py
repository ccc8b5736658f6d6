# SPDX-License-Identifier: GPL-3.0-or-later
"""Plaintext servers that behave, or misbehave, in a stated way.

A Backend accepts in one thread and runs a handler per connection in another.
A handler is a function of (connection, record): what it received and how the
stream ended stays readable in the record after the connection is gone.
"""

import collections
import contextlib
import errno
import os
import queue
import socket
import struct
import threading

from lib import net
from lib.settings import DEADLINE_S
from lib.streams import CHUNK, Stream, Tally
from lib.wait import until

THREAD_STACK_BYTES = 256 * 1024
GREETING = b"220 ready when you are\r\n"

# What a socket says whose peer has reset it; shutdown() says the last.
_RESET = (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN)


class Record:
    """What a backend saw of one connection."""

    def __init__(self):
        self.received = Tally()
        self.first_bytes = b""
        self.end = None  # "fin" or "reset", once the peer ended
        self.ended = threading.Event()

    def read(self, sock):
        """Receives into the record; b"" at the end of the stream."""
        data = sock.recv(CHUNK)
        if len(self.first_bytes) < CHUNK:
            self.first_bytes += data
        self.received.add(data)  # last: the count is what others wait for
        if not data:
            self.end = "fin"
        return data

    def read_to_end(self, sock):
        while self.read(sock):
            pass

    def wait_received(self, count):
        """Returns when at least `count` bytes have arrived."""
        until(lambda: self.received.count >= count, f"{count} bytes arrived")

    def wait_end(self):
        """Returns "fin" or "reset" once the handler is done."""
        assert self.ended.wait(DEADLINE_S), "the connection did not end"
        return self.end


class Backend:
    """A server for `handler`; use as a context manager."""

    def __init__(self, handler, address=("127.0.0.1", 0), backlog=4096):
        self.handler = handler
        self.backlog = backlog
        self.records = []
        self.failures = []
        self._wanted = address
        self._listener = None
        self._reserved = None  # a port that nobody listens on just now
        self._acceptor = None
        self._live = {}
        self._lock = threading.Lock()
        self._fresh = queue.Queue()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        self.drop_connections()
        assert not self.failures, self.failures

    @property
    def address(self):
        """The configuration's words for where this is."""
        return net.address_text(self._wanted)

    @property
    def accepted_count(self):
        return len(self.records)

    def start(self):
        """Listens and accepts; on the same address again after a stop."""
        self._listener, self._reserved = self._reserved or self._bind(), None
        self._listener.listen(self.backlog)
        self._wanted = self._listener.getsockname()
        self._acceptor = threading.Thread(
            target=self._accept, args=(self._listener,), daemon=True
        )
        self._acceptor.start()

    def stop(self):
        """Stops listening; what was accepted lives on, and nobody else gets
        the port."""
        if self._listener is None:
            return
        # Closing alone would not wake the thread that is in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join(DEADLINE_S)
        if self._listener.family != socket.AF_UNIX:
            self._reserved = self._listener
        else:
            self._listener.close()
        self._listener = None

    def next_record(self):
        """The record of the next connection, in the order of acceptance."""
        return self._fresh.get(timeout=DEADLINE_S)

    def drop_connections(self):
        """Ends what still lives, and waits for its threads."""
        with self._lock:
            live = list(self._live.items())
        for sock, thread in live:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for sock, thread in live:
            thread.join(DEADLINE_S)

    def _bind(self):
        if isinstance(self._wanted, str):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._wanted)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind(self._wanted)
            return listener
        chosen = self._reuser(self._wanted)
        # Only who asked for a port by its number keeps it at a shutdown().
        with chosen:
            return self._reuser(chosen.getsockname())

    @staticmethod
    def _reuser(address):
        """Bound, perhaps beside another that does not listen either."""
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        return sock

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            record = Record()
            self.records.append(record)
            thread = threading.Thread(
                target=self._run, args=(sock, record), daemon=True
            )
            with self._lock:
                self._live[sock] = thread
            self._fresh.put(record)
            thread.start()

    def _run(self, sock, record):
        try:
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.handler(sock, record)
        except Exception as failure:
            if getattr(failure, "errno", None) in _RESET:
                record.end = "reset"
            else:  # shown when the backend is left
                self.failures.append(failure)
        finally:
            with self._lock:
                del self._live[sock]
            sock.close()
            record.ended.set()


# -- handlers -----------------------------------------------------------------


def echo(sock, record):
    """Sends back what comes; ends when the peer has ended."""
    while data := record.read(sock):
        sock.sendall(data)


def sink(sock, record):
    """Receives to the end, then answers with count and checksum."""
    record.read_to_end(sock)
    count, checksum = record.received.digest()
    sock.sendall(f"{count} {checksum}\n".encode())


def hold(sock, record):
    """Receives to the end and says nothing."""
    record.read_to_end(sock)


def greet(sock, record):
    """Speaks first, then answers each line, as SMTP or FTP do."""
    sock.sendall(GREETING)
    for line in _lines(sock, record):
        if line == b"QUIT":
            sock.sendall(b"221 bye\r\n")
            return
        sock.sendall(b"250 " + line + b"\r\n")


def _lines(sock, record):
    rest = b""
    while data := record.read(sock):
        *lines, rest = (rest + data).split(b"\n")
        yield from (line.rstrip(b"\r") for line in lines)


def source(stream):
    """Sends the stream after the first bytes came, then ends; receives what
    else comes to its end."""

    def handler(sock, record):
        record.read(sock)
        for chunk in stream.chunks():
            sock.sendall(chunk)
        sock.shutdown(socket.SHUT_WR)
        record.read_to_end(sock)

    return handler


def sized_source(sock, record):
    """Reads a size and a seed, 8 bytes each; sends that stream and ends."""
    request = b""
    while len(request) < 16:
        data = record.read(sock)
        if not data:
            return
        request += data
    for chunk in Stream(*struct.unpack("!QQ", request[:16])).chunks():
        sock.sendall(chunk)


def sized_request(size, seed):
    return struct.pack("!QQ", size, seed)


def both_ways(stream):
    """Sends the stream and ends, and receives to the end, at once."""

    def handler(sock, record):
        def send():
            with contextlib.suppress(OSError):
                for chunk in stream.chunks():
                    sock.sendall(chunk)
                sock.shutdown(socket.SHUT_WR)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        record.read_to_end(sock)
        sender.join()  # ends with the socket at the latest

    return handler


def answer_first(answer):
    """Sends the answer and ends at once; receives to the end."""

    def handler(sock, record):
        sock.sendall(answer)
        sock.shutdown(socket.SHUT_WR)
        record.read_to_end(sock)

    return handler


def close_at_once(sock, record):
    """Ends both directions before a byte was exchanged."""


def reset_at_once(sock, record):
    """Resets before a byte was exchanged."""
    net.reset(sock)


def reset_after(data, trigger=b""):
    """Sends data (all of which arrives), waits for the trigger, resets."""

    def handler(sock, record):
        record.read(sock)
        sock.sendall(data)
        net.wait_acknowledged(sock)
        while trigger not in record.first_bytes and record.read(sock):
            pass
        net.reset(sock)

    return handler


def when(event, handler):
    """Leaves the connection alone until the event is set."""

    def waiting(sock, record):
        assert event.wait(DEADLINE_S), "never set"
        handler(sock, record)

    return waiting


# -- addresses where something is wrong -------------------------------------


@contextlib.contextmanager
def refusing():
    """An address where nobody listens, and nobody else will."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield net.address_text(sock.getsockname())


@contextlib.contextmanager
def never_accepting():
    """An address that answers no connection request: its queue is full."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        _fill_queue(listener, stack)
        yield net.address_text(listener.getsockname())


def _fill_queue(listener, stack):
    """Connects until a connection stays unanswered."""
    waiting = collections.deque()
    for _ in range(16):
        sock = stack.enter_context(socket.socket())
        sock.setblocking(False)
        sock.connect_ex(listener.getsockname())
        waiting.append(sock)

    def is_full():
        return any(not _is_connected(sock) for sock in waiting)

    until(is_full, "a full accept queue")


def _is_connected(sock):
    try:
        sock.getpeername()
    except OSError:
        return False
    return True
