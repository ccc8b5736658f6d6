# SPDX-License-Identifier: GPL-3.0-or-later
"""Thousands of connections at once are served, each byte-exact."""

import asyncio
import os

import pytest

from lib.many import Client, ManyEchoes, gather_bounded
from lib.settings import scaled
from lib.wait import until

COUNT = scaled(2000)
MESSAGE_BYTES = 10_000


def until_free(proxy, at_rest):
    """The log tells of an end just before its descriptors are closed."""
    until(
        lambda: proxy.descriptor_count() <= at_rest, "descriptors are free"
    )


@pytest.mark.threaded
@pytest.mark.slow
def test_2000_concurrent_connections_are_exact(start, pki):
    """2,000 connections are open at the same time; each then gets its own
    10,000 bytes back; afterwards all descriptors are free again."""

    async def one_round(clients):
        async def exchange(client):
            message = os.urandom(MESSAGE_BYTES)
            return await client.echo(message) == message

        makers = [lambda c=client: exchange(c) for client in clients]
        return await gather_bounded(makers, at_once=200)

    async def run(proxy):
        context = pki.context()
        makers = [lambda: Client.open(proxy.address(), context)] * COUNT
        clients = await gather_bounded(makers, at_once=100)
        # A TLS 1.3 client is done before the backend is connected.
        until(
            lambda: proxy.descriptor_count() >= 2 * COUNT, "all are open"
        )
        results = await one_round(clients)
        await asyncio.gather(*(client.close() for client in clients))
        return results

    with ManyEchoes() as backend:
        proxy = start(backend)
        at_rest = proxy.descriptor_count()
        results = asyncio.run(run(proxy))
        assert results == [True] * COUNT
        proxy.log.wait_count(COUNT, "connection", reason="done")
        until_free(proxy, at_rest)
        proxy.stop()


@pytest.mark.threaded
def test_connections_are_spread_over_the_workers(start, pki):
    """With two workers no single one does all the work: the threads besides
    the main one that has started them share its time."""

    async def run(proxy):
        context = pki.context()

        async def one():
            client = await Client.open(proxy.address(), context)
            await client.echo(b"x" * 1000)
            await client.close()

        await gather_bounded([one] * scaled(400, least=100), at_once=40)

    with ManyEchoes() as backend:
        proxy = start(backend, process={"workers": 2})
        asyncio.run(run(proxy))
        spent = nanoseconds_of_threads(proxy.pid)
        del spent[proxy.pid]
        proxy.stop()
    busy = [time for time in spent.values() if time > sum(spent.values()) / 10]
    assert len(busy) >= 2, spent


def nanoseconds_of_threads(pid):
    """How long each thread has had a CPU."""
    spent = {}
    for thread in os.listdir(f"/proc/{pid}/task"):
        path = f"/proc/{pid}/task/{thread}/schedstat"
        with open(path, encoding="ascii") as stat:
            spent[int(thread)] = int(stat.read().split()[0])
    return spent


@pytest.mark.threaded
def test_connections_that_come_and_go_leave_nothing(start, pki):
    """Short connections, many at a time, in many rounds: no descriptor is
    left over, and memory does not grow from round to round."""

    context = pki.context()

    async def round_of(count, proxy):
        async def one():
            client = await Client.open(proxy.address(), context)
            assert await client.echo(b"hello") == b"hello"
            await client.close()

        await gather_bounded([one] * count, at_once=50)

    with ManyEchoes() as backend:
        proxy = start(backend)
        at_rest = proxy.descriptor_count()
        done = 0
        for _ in range(5):
            asyncio.run(round_of(scaled(300, least=60), proxy))
            done += scaled(300, least=60)
            proxy.log.wait_count(done, "connection", reason="done")
            until_free(proxy, at_rest)
        proxy.stop()
