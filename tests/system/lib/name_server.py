# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server on loopback that knows what a test tells it (RFC 1035)."""

import ipaddress
import socket
import struct
import threading

TYPES = {"A": 1, "PTR": 12, "AAAA": 28}
NAME_ERROR = 3


def _name(text):
    labels = [label.encode() for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


class NameServer:
    """records: {(name, type): [text, ...]}. silent: nobody gets an answer."""

    def __init__(self, records=None, *, silent=False):
        self.records = dict(records or {})
        self.silent = silent
        self.asked = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def name(self, address, *names):
        """The address has these names, and they have the address."""
        self.point(address, *names)
        for name in names:
            self.records.setdefault((name, "A"), []).append(address)

    def point(self, address, *names):
        """The address has these names, which may know nothing of it."""
        reverse = ipaddress.ip_address(address).reverse_pointer
        self.records[(reverse, "PTR")] = list(names)

    def stop(self):
        # The thread waits in recvfrom; a datagram without a question ends it.
        self.silent = None
        self._socket.sendto(b"", self._socket.getsockname())
        self._thread.join(10)
        self._socket.close()

    def _serve(self):
        while True:
            query, peer = self._socket.recvfrom(4096)
            if self.silent is None:
                return
            answer = self._answer(query) if len(query) > 12 else None
            if answer and not self.silent:
                self._socket.sendto(answer, peer)

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        kind = struct.unpack(">H", query[at + 1 : at + 3])[0]
        question = query[12 : at + 5]
        name = ".".join(labels).lower()
        self.asked.append((name, kind))
        found = [
            (TYPES[known], text)
            for (owner, known), texts in self.records.items()
            if owner.lower() == name and TYPES[known] == kind
            for text in texts
        ]
        exists = any(owner.lower() == name for owner, _ in self.records)
        flags = 0x8580 | (0 if exists else NAME_ERROR)
        head = query[:2] + struct.pack(">5H", flags, 1, len(found), 0, 0)
        return head + question + b"".join(map(self._record, found))

    @staticmethod
    def _record(record):
        kind, text = record
        if kind == TYPES["PTR"]:
            data = _name(text)
        else:
            data = ipaddress.ip_address(text).packed
        return struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data
