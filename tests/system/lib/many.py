# SPDX-License-Identifier: GPL-3.0-or-later
"""Many TLS connections at once, in one thread: asyncio for clients and for
the backend, each in an event loop of its own."""

import asyncio
import contextlib
import threading

from lib import net
from lib.settings import DEADLINE_S


class ManyEchoes:
    """An echo server that holds thousands of connections."""

    def __init__(self):
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._tasks = set()
        self.address = None

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(DEADLINE_S)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(DEADLINE_S)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._echo, "127.0.0.1", 0, backlog=4096)
        )
        self.address = net.address_text(server.sockets[0].getsockname())
        self._ready.set()
        self._loop.run_forever()
        server.close()
        self._end_tasks()
        self._loop.close()

    def _end_tasks(self):
        for task in self._tasks:
            task.cancel()
        gathered = asyncio.gather(*self._tasks, return_exceptions=True)
        self._loop.run_until_complete(gathered)

    async def _echo(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


class Client:
    """One of many."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, address, context):
        connecting = asyncio.open_connection(
            *address, ssl=context, server_hostname="localhost",
            local_addr=(net.fresh_source(), 0),
            ssl_handshake_timeout=DEADLINE_S,
        )  # fmt: skip
        return cls(*await asyncio.wait_for(connecting, DEADLINE_S))

    async def echo(self, data):
        self.writer.write(data)
        reading = self.reader.readexactly(len(data))
        return await asyncio.wait_for(reading, DEADLINE_S)

    async def close(self):
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await asyncio.wait_for(self.writer.wait_closed(), DEADLINE_S)


async def gather_bounded(makers, at_once):
    """Results of the coroutines that `makers` make, `at_once` in flight."""
    gate = asyncio.Semaphore(at_once)

    async def one(make):
        async with gate:
            return await make()

    return await asyncio.gather(*(one(make) for make in makers))
