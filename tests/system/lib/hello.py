# SPDX-License-Identifier: GPL-3.0-or-later
"""ClientHellos: whole, in other records, oversized, broken."""

import ssl
import struct

HANDSHAKE = 22
VERSION = 0x0301
HEADER_BYTES = 5


def client_hello(context, server_name="localhost"):
    """The records of a genuine ClientHello."""
    outgoing = ssl.MemoryBIO()
    tls = context.wrap_bio(
        ssl.MemoryBIO(), outgoing, server_hostname=server_name
    )
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def record(payload, kind=HANDSHAKE):
    return struct.pack("!BHH", kind, VERSION, len(payload)) + payload


def _split(records):
    """The (kind, payload) of each record."""
    position = 0
    while position < len(records):
        kind, _, length = struct.unpack_from("!BHH", records, position)
        position += HEADER_BYTES
        yield kind, records[position : position + length]
        position += length


def in_records_of(records, size):
    """The same handshake message in records of at most `size` bytes. What
    comes before it (a ChangeCipherSpec) stays as it is."""
    result, message = b"", b""
    for kind, data in _split(records):
        if kind == HANDSHAKE:
            message += data
        else:
            result += record(data, kind)
    for start in range(0, len(message), size):
        result += record(message[start : start + size])
    return result


def pad_with_alpn(context, size):
    """Makes the context's ClientHello about `size` bytes longer, and valid."""
    name = 200
    count = max(1, size // (name + 1))
    context.set_alpn_protocols(
        [f"{number:05}".ljust(name, "x") for number in range(count)]
    )


def claim_length(length):
    """The beginning of a handshake message that claims to be this long."""
    return record(b"\x01" + struct.pack("!I", length)[1:] + b"\x03\x03")
