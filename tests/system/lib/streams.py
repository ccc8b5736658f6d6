# SPDX-License-Identifier: GPL-3.0-or-later
"""Reproducible bytes of any length, and what arrived of them."""

import hashlib
import random

CHUNK = 64 * 1024
_BLOCK_BYTES = 1024 * 1024 + 7  # no multiple of any buffer's size


class Stream:
    """`size` bytes that look random, the same for the same seed."""

    def __init__(self, size, seed):
        self.size = size
        self._block = random.Random(seed).randbytes(min(size, _BLOCK_BYTES))

    def chunks(self, chunk=CHUNK):
        """The bytes in pieces of at most `chunk`."""
        left = self.size
        while left > 0:
            block = memoryview(self._block)[:left]
            for start in range(0, len(block), chunk):
                yield block[start : start + chunk]
            left -= len(block)

    def bytes(self):
        return b"".join(self.chunks())

    def digest(self):
        tally = Tally()
        for chunk in self.chunks():
            tally.add(chunk)
        return tally.digest()


class Tally:
    """Counts and hashes what arrives."""

    def __init__(self):
        self.count = 0
        self._hash = hashlib.sha256()

    def add(self, data):
        self._hash.update(data)
        self.count += len(data)  # last: who has seen it may read the digest

    def digest(self):
        """Length and SHA-256, so that a difference says which of both."""
        return (self.count, self._hash.hexdigest())


def digest(data):
    """The digest of bytes that are at hand."""
    tally = Tally()
    tally.add(data)
    return tally.digest()
