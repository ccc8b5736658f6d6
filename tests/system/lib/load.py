# SPDX-License-Identifier: GPL-3.0-or-later
"""Load that must not notice anything: established connections that talk all
the time, and new ones that come all the time. Each failure is kept."""

import threading

from lib.settings import DEADLINE_S
from lib.streams import Stream
from lib.tls import TlsClient
from lib.wait import until


class Load:
    """Threads against an echo service, until the context is left.

    steady   threads with one connection each that is used again and again
    coming   threads that connect, exchange some bytes, and end in order
    names    the server names that they ask for in turn
    """

    def __init__(
        self, address, make_context, steady, coming, names=("localhost",)
    ):
        self.address = address
        self.names = names
        self.failures = []
        self.exchanges = 0
        self.connections = 0
        self._contexts = make_context
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(work, seed), daemon=True)
            for seed, work in enumerate(
                [self._talk] * steady + [self._come_and_go] * coming
            )
        ]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        until(self._has_begun, "the load runs")
        return self

    def __exit__(self, kind, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(DEADLINE_S)
        if kind is None:
            assert not self.failures, self.failures[:5]
            assert not any(thread.is_alive() for thread in self._threads)

    def _has_begun(self):
        return self.failures or (self.exchanges and self.connections)

    def wait_connections(self, count):
        """Returns when so many more connections have come and gone."""
        target = self.connections + count
        until(
            lambda: self.failures or self.connections >= target,
            f"{count} more connections",
        )

    def _run(self, work, seed):
        # OpenSSL's settings object is not shared between threads.
        context = self._contexts()
        message = Stream(4096, seed).bytes()
        try:
            work(context, message, self.names[seed % len(self.names)])
        except Exception as failure:  # shown by __exit__
            self.failures.append(f"{work.__name__}: {failure!r}")

    def _open(self, context, name):
        return TlsClient.open(self.address, context, server_name=name)

    def _talk(self, context, message, name):
        with self._open(context, name) as client:
            while not self._stop.is_set():
                assert client.echo(message) == message, "other bytes"
                with self._lock:
                    self.exchanges += 1
            assert client.finish() == b""

    def _come_and_go(self, context, message, name):
        while not self._stop.is_set():
            with self._open(context, name) as client:
                assert client.echo(message) == message, "other bytes"
                assert client.finish() == b""
            with self._lock:
                self.connections += 1
