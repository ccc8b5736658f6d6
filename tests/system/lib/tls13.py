# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS 1.3 by hand (RFC 8446), for what no library sends: a ClientHello that
shows several tickets. It resumes, and does nothing else."""

import os
import ssl
import struct
import time
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from lib import mtls, tls

# Suites by their numbers: hash and length of the key.
SUITES = {0x1301: (hashes.SHA256(), 16), 0x1302: (hashes.SHA384(), 32)}
SUITE_NAMES = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
}

_X25519 = 0x001D
_HANDSHAKE, _DATA, _CHANGE = 22, 23, 20
_SERVER_HELLO, _NEW_TICKET, _FINISHED = 2, 4, 20
_PRE_SHARED_KEY, _KEY_SHARE = 41, 51


@dataclass(frozen=True)
class Ticket:
    """Of a session file of openssl's client."""

    bytes: bytes
    secret: bytes
    suite: int
    age_add: int
    taken_s: int  # since 1970

    @classmethod
    def read(cls, path):
        (pem,) = [
            part
            for part in path.read_text().split("-----")
            if part.strip() and "SESSION" not in part
        ]
        fields = dict(_elements(_content(ssl.PEM_cert_to_DER_cert(
            "-----BEGIN CERTIFICATE-----" + pem + "-----END CERTIFICATE-----"
        ))))  # fmt: skip
        return cls(
            bytes=_content(fields[0xAA]),
            secret=fields[0x04],  # the last of the untagged octet strings
            suite=int.from_bytes(fields["suite"], "big"),
            age_add=int.from_bytes(_content(fields[0xAE]), "big"),
            taken_s=int.from_bytes(_content(fields[0xA1]), "big"),
        )

    def identity(self, has_right_age=True):
        # Never more than by the clock of who gave it, as openssl reckons.
        age_ms = max(0, int((time.time() - self.taken_s - 1) * 1000))
        age = (age_ms + self.age_add) % (1 << 32)
        if not has_right_age:
            age ^= 0x55555555
        return _vector(2, self.bytes) + struct.pack("!I", age)


def take_ticket(proxy, certificate, path, suite):
    """What openssl's client was given under that suite. Its connection is in the
    log by then: no test takes that line for its own."""
    mark = proxy.log.mark()
    mtls.s_client(
        proxy, tls.TLS13, certificate, "-ciphersuites", SUITE_NAMES[suite],
        "-sess_out", path, data=b"QUIT\n",
    )  # fmt: skip
    assert proxy.connection_end(since=mark)["reason"] == "done"
    ticket = Ticket.read(path)
    assert ticket.suite == suite
    return ticket


# --- bytes -----------------------------------------------------------------------


def _content(der):
    """What an element holds."""
    return next(iter(_elements(der)))[1]


def _elements(der):
    """(tag, content) one after the other; the suite by its name."""
    at, number = 0, 0
    while at < len(der):
        tag, length = der[at], der[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(der[at : at + size], "big")
            at += size
        yield ("suite" if number == 2 else tag), der[at : at + length]
        at += length
        number += 1


def _vector(size, data):
    return len(data).to_bytes(size, "big") + data


def _extension(number, data):
    return struct.pack("!H", number) + _vector(2, data)


def _message(kind, data):
    return bytes([kind]) + _vector(3, data)


# --- keys ------------------------------------------------------------------------


class Schedule:
    """The key schedule of RFC 8446, section 7.1, with the transcript."""

    def __init__(self, suite, secret):
        self.hash, self.key_bytes = SUITES[suite]
        self.transcript = b""
        self.secret = self._extract(bytes(self.hash.digest_size), secret)

    def _extract(self, salt, secret):
        return self.mac(salt, secret)

    def mac(self, key, data):
        code = hmac.HMAC(key, self.hash)
        code.update(data)
        return code.finalize()

    def digest(self, data):
        digest = hashes.Hash(self.hash)
        digest.update(data)
        return digest.finalize()

    def expand(self, secret, label, context, length):
        info = struct.pack("!H", length) + _vector(1, b"tls13 " + label)
        info += _vector(1, context)
        return HKDFExpand(self.hash, length, info).derive(secret)

    def derive(self, label, messages):
        size = self.hash.digest_size
        return self.expand(self.secret, label, self.digest(messages), size)

    def go_on(self, secret):
        self.secret = self._extract(self.derive(b"derived", b""), secret)

    def finished(self, secret, messages):
        size = self.hash.digest_size
        key = self.expand(secret, b"finished", b"", size)
        return self.mac(key, self.digest(messages))


class Protection:
    """One direction's keys."""

    def __init__(self, schedule, secret):
        key = schedule.expand(secret, b"key", b"", schedule.key_bytes)
        self._cipher = AESGCM(key)
        self._iv = schedule.expand(secret, b"iv", b"", 12)
        self._number = 0

    def _nonce(self):
        number = self._number.to_bytes(12, "big")
        self._number += 1
        return bytes(a ^ b for a, b in zip(self._iv, number))

    def seal(self, kind, data):
        inner = data + bytes([kind])
        head = struct.pack("!BHH", _DATA, 0x0303, len(inner) + 16)
        return head + self._cipher.encrypt(self._nonce(), inner, head)

    def open(self, record):
        """(kind, data)"""
        head, sealed = record[:5], record[5:]
        inner = self._cipher.decrypt(self._nonce(), sealed, head).rstrip(b"\0")
        return inner[-1], inner[:-1]


# --- the client ------------------------------------------------------------------


class Resumer:
    """Shows the tickets in this order, and has the secret of `own` only."""

    def __init__(self, sock, tickets, own, suites=(0x1301, 0x1302)):
        self.sock = sock
        self.chosen = None  # index of the ticket that the server took
        self._tickets = tickets
        self._own = own
        self._suites = suites
        self._key = x25519.X25519PrivateKey.generate()
        self._left = b""

    def handshake(self):
        """True: resumed by the own ticket. False: the server wants a full
        handshake, which is not made."""
        schedule = Schedule(self._own.suite, self._own.secret)
        hello = self._hello(schedule)
        self.sock.sendall(
            struct.pack("!BHH", _HANDSHAKE, 0x0301, len(hello)) + hello
        )
        kind, record = self._record()
        assert kind == _HANDSHAKE, f"record type {kind}: {record.hex()}"
        suite, share, self.chosen = self._read_server_hello(record[5:])
        if self.chosen is None:
            return False
        assert self._tickets[self.chosen] is self._own
        assert suite == self._own.suite
        schedule.go_on(self._key.exchange(share))
        self._finish(schedule, hello + record[5:])
        return True

    def _finish(self, schedule, messages):
        client = schedule.derive(b"c hs traffic", messages)
        server = schedule.derive(b"s hs traffic", messages)
        reader = Protection(schedule, server)
        flight = b""
        while not self._is_whole(flight):
            kind, record = self._record()
            if kind == _DATA:
                kind, data = reader.open(record)
                assert kind == _HANDSHAKE, data
                flight += data
        messages += flight
        schedule.go_on(bytes(schedule.hash.digest_size))
        self._writer = Protection(
            schedule, schedule.derive(b"c ap traffic", messages)
        )
        self._reader = Protection(
            schedule, schedule.derive(b"s ap traffic", messages)
        )
        mac = schedule.finished(client, messages)
        writer = Protection(schedule, client)
        self.sock.sendall(writer.seal(_HANDSHAKE, _message(_FINISHED, mac)))

    @staticmethod
    def _is_whole(flight):
        """Does it end with the Finished?"""
        at = 0
        while at + 4 <= len(flight):
            end = at + 4 + int.from_bytes(flight[at + 1 : at + 4], "big")
            if flight[at] == _FINISHED and end == len(flight):
                return True
            at = end
        return False

    def _hello(self, schedule):
        share = self._key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        share = struct.pack("!H", _X25519) + _vector(2, share)
        extensions = b"".join(
            [
                _extension(0, _vector(2, b"\0" + _vector(2, b"localhost"))),
                _extension(10, _vector(2, struct.pack("!H", _X25519))),
                _extension(13, _vector(2, bytes.fromhex("040308040805"))),
                _extension(43, _vector(1, b"\x03\x04")),
                _extension(45, _vector(1, b"\x01")),
                _extension(_KEY_SHARE, _vector(2, share)),
            ]
        )
        identities = b"".join(
            ticket.identity(has_right_age=ticket is self._own)
            for ticket in self._tickets
        )
        sizes = [
            SUITES[ticket.suite][0].digest_size for ticket in self._tickets
        ]
        binders_len = sum(1 + size for size in sizes)
        shown = _vector(2, identities)
        total = len(shown) + 2 + binders_len
        extensions += struct.pack("!HH", _PRE_SHARED_KEY, total) + shown
        suites = b"".join(struct.pack("!H", suite) for suite in self._suites)
        body = b"\x03\x03" + os.urandom(32) + _vector(1, os.urandom(32))
        body += _vector(2, suites) + b"\x01\x00"
        length = len(extensions) + 2 + binders_len
        body += struct.pack("!H", length) + extensions
        cut = b"\x01" + (len(body) + 2 + binders_len).to_bytes(3, "big") + body
        key = schedule.derive(b"res binder", b"")
        binders = b"".join(
            _vector(
                1,
                schedule.finished(key, cut)
                if ticket is self._own
                else os.urandom(size),
            )
            for ticket, size in zip(self._tickets, sizes)
        )
        return cut + _vector(2, binders)

    @staticmethod
    def _read_server_hello(message):
        """(suite, the server's share, index of the ticket or None)"""
        assert message[0] == _SERVER_HELLO
        at = 4 + 2 + 32
        at += 1 + message[at]
        (suite,) = struct.unpack_from("!H", message, at)
        at += 2 + 1 + 2
        share, chosen = None, None
        while at < len(message):
            number, length = struct.unpack_from("!HH", message, at)
            data = message[at + 4 : at + 4 + length]
            if number == _KEY_SHARE:
                share = x25519.X25519PublicKey.from_public_bytes(data[4:])
            elif number == _PRE_SHARED_KEY:
                (chosen,) = struct.unpack("!H", data)
            at += 4 + length
        return suite, share, chosen

    def _record(self):
        """(type, whole record); those for middleboxes are passed over."""
        while True:
            head = self._read(5)
            record = head + self._read(int.from_bytes(head[3:], "big"))
            if head[0] != _CHANGE:
                return head[0], record

    def _read(self, size):
        while len(self._left) < size:
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("end of stream in a record")
            self._left += data
        data, self._left = self._left[:size], self._left[size:]
        return data

    def send(self, data):
        self.sock.sendall(self._writer.seal(_DATA, data))

    def recv(self):
        """Some bytes; tickets are passed over."""
        while True:
            kind, data = self._reader.open(self._record()[1])
            if kind == _DATA:
                return data
            assert kind == _HANDSHAKE and data[0] == _NEW_TICKET, (kind, data)
