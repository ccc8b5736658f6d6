# SPDX-License-Identifier: GPL-3.0-or-later
"""A reader of PROXY headers, for backends that are told who is calling."""

import ipaddress
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ALPN, AUTHORITY, SSL = 0x01, 0x02, 0x20
SSL_VERSION, SSL_CN, SSL_CIPHER = 0x21, 0x22, 0x23
IS_TLS, SHOWN_NOW, SHOWN_ONCE = 0x01, 0x02, 0x04
_ADDRESS_BYTES = {0x11: 4, 0x21: 16}


class Header:
    """source and destination are (address, port), or None: not known."""

    def __init__(self, source=None, destination=None, tlvs=None):
        self.source = source
        self.destination = destination
        self.tlvs = tlvs or {}

    @property
    def client_flags(self):
        return self.tlvs[SSL][0]

    @property
    def verify(self):
        return struct.unpack("!I", self.tlvs[SSL][1:5])[0]

    def ssl(self, kind):
        """What the TLV about TLS holds of this kind, or None."""
        return _tlvs(self.tlvs[SSL][5:]).get(kind)


def parse(data):
    """The header at the beginning, and what follows it. A header that is cut
    or wrong is an error."""
    if data.startswith(SIGNATURE):
        return _parse_binary(data)
    line, end, rest = data.partition(b"\r\n")
    assert end and len(line) <= 105, line
    return _parse_line(line.decode("ascii")), rest


def _parse_line(line):
    words = line.split(" ")
    if words == ["PROXY", "UNKNOWN"]:
        return Header()
    keyword, family, source, destination, *ports = words
    assert keyword == "PROXY"
    version = {"TCP4": 4, "TCP6": 6}[family]
    for address in (source, destination):
        assert ipaddress.ip_address(address).version == version
    return Header((source, int(ports[0])), (destination, int(ports[1])))


def _parse_binary(data):
    command, family, length = struct.unpack("!BBH", data[12:16])
    assert command == 0x21
    body, rest = data[16 : 16 + length], data[16 + length :]
    assert len(body) == length
    if family == 0:
        return Header(tlvs=_tlvs(body)), rest
    size = _ADDRESS_BYTES[family]
    ends = [
        str(ipaddress.ip_address(body[i * size : (i + 1) * size]))
        for i in range(2)
    ]
    ports = struct.unpack("!HH", body[2 * size : 2 * size + 4])
    tlvs = _tlvs(body[2 * size + 4 :])
    return Header(*zip(ends, ports), tlvs), rest


def _tlvs(data):
    found = {}
    while data:
        kind, length = struct.unpack("!BH", data[:3])
        assert len(data) >= 3 + length and kind not in found
        found[kind] = data[3 : 3 + length]
        data = data[3 + length :]
    return found
