# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server on loopback that says what a test wants, over UDP.

Records are {(name, type): [values]} with types "A", "AAAA" and "PTR"; names
are in lower case, without a final dot. Instead of a list may stand a manner:
one of the functions below, which has the question and makes the reply, or
None. What is not there does not exist.
"""

import ipaddress
import socket
import struct
import threading

TYPES = {1: "A", 12: "PTR", 28: "AAAA"}
NXDOMAIN, SERVFAIL = 3, 2


class Question:
    def __init__(self, message):
        self.id, _, self.count = struct.unpack("!HHH", message[:6])
        self.section = message[12:]
        labels, rest = _labels(self.section)
        self.sent_name = ".".join(labels)
        self.name = self.sent_name.lower()
        self.type = TYPES[struct.unpack("!H", rest[:2])[0]]
        self.type_bytes = rest[:2]

    def reply(self, values=(), code=0, number=None):
        """An answer with these values."""
        head = struct.pack(
            "!HHHHHH", self.id if number is None else number, 0x8180 | code,
            1, len(values), 0, 0,
        )  # fmt: skip
        records = b"".join(self._record(value) for value in values)
        return head + self.section + records

    def _record(self, value):
        if self.type == "PTR":
            data = _wire(value)
        else:
            data = ipaddress.ip_address(value).packed
        head = struct.pack("!HIH", 1, 60, len(data))
        return b"\xc0\x0c" + self.type_bytes + head + data


def silence(question):
    """Says nothing."""


def failure(question):
    return question.reply(code=SERVFAIL)


def garbage(question):
    """An answer whose record ends too early."""
    return question.reply(["10.0.0.1" if question.type == "A" else "x"])[:-2]


def forged(question):
    """The right words under another number: from somebody who guesses."""
    return question.reply(["127.0.0.1"], number=question.id ^ 1)


class NameServer:
    """Serves until stop(); `address` is for name_server. silent: nobody gets
    an answer."""

    def __init__(self, records=None):
        self.records = dict(records or {})
        self.silent = False
        self.questions = []
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind(("127.0.0.1", 0))
        host, port = self._sock.getsockname()
        self.address = f"{host}:{port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def stop(self):
        # The thread waits in recvfrom(); a datagram without a question ends it.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._sock.getsockname())
        self._thread.join()
        self._sock.close()

    def point(self, address, *names):
        """The address has these names, which may know nothing of it."""
        reverse = ipaddress.ip_address(address).reverse_pointer
        self.records[(reverse, "PTR")] = list(names)

    def name(self, address, *names):
        """The address has these names, and they have the address."""
        self.point(address, *names)
        for name in names:
            self.records.setdefault((name, "A"), []).append(address)

    def was_asked(self, name):
        return any(question.name == name for question in self.questions)

    def _serve(self):
        while True:
            message, source = self._sock.recvfrom(4096)
            if not message:
                return
            question = Question(message)
            self.questions.append(question)
            reply = None if self.silent else self._answer(question)
            if reply is not None:
                self._sock.sendto(reply, source)

    def _answer(self, question):
        found = self.records.get((question.name, question.type), [])
        if callable(found):
            return found(question)
        exists = any(name == question.name for name, _ in self.records)
        return question.reply(found, code=0 if exists else NXDOMAIN)


def _wire(name):
    labels = [label.encode() for label in name.split(".")]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _labels(data):
    labels = []
    while data[0]:
        labels.append(data[1 : 1 + data[0]].decode("ascii"))
        data = data[1 + data[0] :]
    return labels, data[1:]
