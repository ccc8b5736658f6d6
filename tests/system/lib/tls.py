# SPDX-License-Identifier: GPL-3.0-or-later
"""A TLS client that decides each byte and each ending itself.

It keeps OpenSSL's object apart from the socket (memory BIOs), so a test can
half-close either layer, stop between any two bytes of a handshake, and see
how exactly the other side ended.
"""

import enum
import select
import socket
import ssl

from lib import net
from lib.settings import DEADLINE_S
from lib.streams import CHUNK, Tally

TLS12 = ssl.TLSVersion.TLSv1_2
TLS13 = ssl.TLSVersion.TLSv1_3
VERSIONS = (TLS12, TLS13)
VERSION_NAMES = {TLS12: "TLSv1.2", TLS13: "TLSv1.3"}


class End(enum.Enum):
    """How the other side ended its direction."""

    CLOSE_NOTIFY = "close_notify"
    FIN = "end of stream without close_notify"
    RESET = "reset"


def client_context(ca, version=TLS13, certificate=None):
    """Settings of a client that allows one version and verifies."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    context.minimum_version = context.maximum_version = version
    if certificate:
        context.load_cert_chain(certificate.cert, certificate.key)
    return context


class TlsClient:
    """One connection; use as a context manager."""

    def __init__(self, sock, context, server_name="localhost", session=None):
        self.sock = sock
        self.end = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._left_over = b""
        self.tls = context.wrap_bio(
            self._incoming, self._outgoing, server_hostname=server_name,
            session=session,
        )  # fmt: skip

    @classmethod
    def open(cls, address, context, *, source=None, receive_bytes=None, **how):
        """Connects and shakes hands."""
        client = cls(net.connect(address, source, receive_bytes), context, **how)
        try:
            client.handshake()
        except BaseException:
            client.close()
            raise
        return client

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # -- handshake, step by step --------------------------------------------

    def handshake(self):
        while not self.handshake_step():
            self.flush()
            self.feed()
        self.flush()

    def handshake_step(self):
        """True when done; else there may be something to flush or to feed."""
        try:
            self.tls.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            self.flush_quietly()
            raise

    def pending_output(self):
        """Takes what TLS wants to send next, without sending it."""
        return self._outgoing.read()

    def flush(self):
        data = self._outgoing.read()
        if data:
            self.sock.sendall(data)

    def flush_quietly(self):
        try:
            self.flush()
        except OSError:
            pass

    def feed(self):
        """Hands what has arrived to TLS; an end is an error here."""
        data = self.sock.recv(CHUNK)
        if not data:
            raise ConnectionError("end of stream in the handshake")
        self._incoming.write(data)

    # -- data ---------------------------------------------------------------

    def send(self, data):
        """Sends all of it."""
        if data:
            self.tls.write(data)
            self.flush()

    def recv(self, size=CHUNK):
        """Some bytes; b"" when the other side has ended, see `end`."""
        if self._left_over:
            data, self._left_over = self._left_over, b""
            return data
        while self.end is None:
            data = self._read_decrypted(size)
            if data or self.end:
                return data
            self.flush_quietly()
            self._receive()
        return b""

    def _read_decrypted(self, size):
        """Bytes that are at hand; b"" for none, or at close_notify."""
        if self.end is not None:
            return b""
        try:
            data = self.tls.read(size)
        except ssl.SSLWantReadError:
            return b""
        except ssl.SSLZeroReturnError:
            data = b""
        if not data:
            self.end = End.CLOSE_NOTIFY
        return data

    def _receive(self):
        try:
            data = self.sock.recv(CHUNK)
        except ConnectionResetError:
            self.end = End.RESET
            return
        if data:
            self._incoming.write(data)
        else:
            self.end = End.FIN

    def read_exactly(self, size):
        parts = []
        while size > 0:
            data = self.recv(size)
            if not data:
                raise ConnectionError(f"{self.end}, {size} bytes missing")
            if len(data) > size:
                data, self._left_over = data[:size], data[size:]
            parts.append(data)
            size -= len(data)
        return b"".join(parts)

    def read_line(self):
        line = b""
        while not line.endswith(b"\n"):
            line += self.read_exactly(1)
        return line

    def read_to_end(self):
        """All that comes until the other side ends."""
        parts = []
        while data := self.recv():
            parts.append(data)
        return b"".join(parts)

    def tally_to_end(self):
        """The digest of all that comes until the other side ends."""
        tally = Tally()
        while data := self.recv():
            tally.add(data)
        return tally.digest()

    def echo(self, data):
        """Sends and returns as many bytes as were sent."""
        self.send(data)
        return self.read_exactly(len(data))

    def exchange(self, chunks, close=True):
        """Sends the chunks, then close_notify, and reads at the same time,
        until both directions have ended. Returns the digest."""
        tally, chunks, output = Tally(), iter(chunks), memoryview(b"")
        self.sock.setblocking(False)
        is_sending = True
        while self.end is None or is_sending or output:
            if self.end in (End.RESET, End.FIN):
                break
            while data := self._read_decrypted(CHUNK):
                tally.add(data)
            if is_sending and not output:
                is_sending = self._encrypt_next(chunks, close)
                output = memoryview(self._outgoing.read())
            if self.end is None or output:
                output = self._move(output)
        self.sock.settimeout(DEADLINE_S)
        return tally.digest()

    def _encrypt_next(self, chunks, close):
        chunk = next(chunks, None)
        if chunk is not None:
            self.tls.write(chunk)
            return True
        if close:
            self.queue_close_notify()
        return False

    def _move(self, output):
        """One turn of sending and receiving; returns what is left to send."""
        readers = [self.sock] if self.end is None else []
        writers = [self.sock] if output else []
        ready = select.select(readers, writers, [], DEADLINE_S)
        assert any(ready), "no byte moved either way"
        if ready[1]:
            output = output[self.sock.send(output) :]
        if ready[0]:
            self._receive()
        return output

    # -- endings ------------------------------------------------------------

    def close_notify(self):
        """Ends our direction in order; reading goes on."""
        while data := self._read_decrypted(CHUNK):
            self._left_over += data
        self.queue_close_notify()
        self.flush()

    def queue_close_notify(self):
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass  # the other side's close_notify is not there yet

    def fin(self):
        """Ends the TCP direction, without close_notify unless already sent."""
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        net.reset(self.sock)

    def ends_with_fin(self):
        """True when nothing but the end of the TCP stream follows."""
        try:
            return self.sock.recv(CHUNK) == b""
        except ConnectionResetError:
            return False

    def finish(self):
        """Ends both directions in order; returns what still came."""
        self.close_notify()
        rest = self.read_to_end()
        self.close()
        return rest

    def close(self):
        self.sock.close()

    # -- what was negotiated --------------------------------------------------

    @property
    def address_text(self):
        """Where it comes from, as the log writes it (peer)."""
        return net.address_text(self.sock.getsockname())

    @property
    def serial(self):
        """The server certificate's serial number, in hex."""
        return self.tls.getpeercert()["serialNumber"]


def served_serial(address, context, **how):
    """The serial number that a new connection is shown."""
    with TlsClient.open(address, context, **how) as client:
        serial = client.serial
        client.finish()
    return serial
