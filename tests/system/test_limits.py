# SPDX-License-Identifier: GPL-3.0-or-later
"""At a limit accepting pauses: clients wait in the kernel's queue, nobody is
turned away, and everything resumes by itself."""

import contextlib
import itertools
import resource
from concurrent.futures import ThreadPoolExecutor

import pytest

from lib import backends
from lib.net import connect
from lib.tls import TlsClient
from lib.wait import until

LIMIT = 8


def fill(stack, proxy, context, count):
    """That many served connections."""
    clients = []
    for _ in range(count):
        client = stack.enter_context(TlsClient.open(proxy.address(), context))
        assert client.echo(b"in") == b"in"
        clients.append(client)
    return clients


def queue(stack, proxy, context):
    """A client whose ClientHello waits in the kernel's queue."""
    client = TlsClient(connect(proxy.address()), context)
    stack.enter_context(client)
    client.handshake_step()
    client.flush()
    return client


def serve_and_finish(client):
    client.handshake()
    assert client.echo(b"served") == b"served"
    client.finish()


def serve_all(clients):
    """At once: nobody knows which of them gets its turn first."""
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(serve_and_finish, clients))


@pytest.mark.parametrize("workers", [1, 2])
def test_at_the_limit_accepting_pauses_and_resumes(start, serve, pki, workers):
    """limits.max_connections are served; the next one waits until one of
    them has ended, and is then served."""
    proxy = start(
        serve(backends.echo),
        limits={"max_connections": LIMIT},
        process={"workers": workers},
    )
    context = pki.context()
    with contextlib.ExitStack() as stack:
        clients = fill(stack, proxy, context, LIMIT)
        waiting = queue(stack, proxy, context)
        assert proxy.log.wait("accept_paused")["reason"] == "limit"
        for client in clients:
            assert client.echo(b"still served") == b"still served"
        clients.pop().finish()
        serve_and_finish(waiting)
        proxy.log.wait("accept_resumed")
        for client in clients:
            client.finish()


@pytest.mark.parametrize("workers", [1, 2])
def test_at_the_limit_the_waiting_are_served_one_after_another(
    start, serve, pki, workers
):
    """Many more clients than places: each gets its turn, none is refused."""
    proxy = start(
        serve(backends.echo),
        limits={"max_connections": LIMIT},
        process={"workers": workers},
    )
    context = pki.context()
    with contextlib.ExitStack() as stack:
        clients = fill(stack, proxy, context, LIMIT)
        waiting = [queue(stack, proxy, context) for _ in range(5 * LIMIT)]
        for client in clients:
            client.finish()
        serve_all(waiting)


def test_the_limit_is_never_exceeded(start, serve, pki):
    """While clients wait, the backend sees no more than the limit."""
    backend = serve(backends.hold)
    proxy = start(backend, limits={"max_connections": LIMIT})
    context = pki.context()
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(TlsClient.open(proxy.address(), context))
            for _ in range(LIMIT)
        ]
        waiting = queue(stack, proxy, context)
        proxy.log.wait("accept_paused")
        until(lambda: backend.accepted_count >= LIMIT, "all are connected")
        assert backend.accepted_count == LIMIT
        clients.pop().finish()
        waiting.handshake()
        until(lambda: backend.accepted_count == LIMIT + 1, "one more")
        for client in [*clients, waiting]:
            client.finish()


def exhaust_descriptors(proxy, spare=0):
    """Leaves the running program the descriptors it has and `spare` more;
    returns the limit that it had."""
    used = proxy.descriptors()
    free = (number for number in itertools.count() if number not in used)
    limit = next(itertools.islice(free, spare, None))
    return proxy.set_limit(resource.RLIMIT_NOFILE, limit)


def test_without_descriptors_accepting_pauses_and_resumes(start, serve, pki):
    """EMFILE: those who are in are served, the others wait; when descriptors
    are there again the waiting are served."""
    proxy = start(serve(backends.echo))
    context = pki.context()
    with contextlib.ExitStack() as stack:
        (steady,) = fill(stack, proxy, context, 1)
        old = exhaust_descriptors(proxy)
        waiting = [queue(stack, proxy, context) for _ in range(4)]
        assert proxy.log.wait("accept_paused")["reason"] == "descriptors"
        assert steady.echo(b"still served") == b"still served"
        proxy.set_limit(resource.RLIMIT_NOFILE, old)
        serve_all(waiting)
        proxy.log.wait("accept_resumed")
        steady.finish()


def test_a_descriptor_that_comes_free_is_used(start, serve, pki):
    """EMFILE: the end of a connection lets a waiting one in, without any
    change from outside."""
    proxy = start(serve(backends.echo))
    context = pki.context()
    with contextlib.ExitStack() as stack:
        clients = fill(stack, proxy, context, 3)
        old = exhaust_descriptors(proxy)
        waiting = queue(stack, proxy, context)
        assert proxy.log.wait("accept_paused")["reason"] == "descriptors"
        before = proxy.descriptor_count()
        for client in clients:
            client.finish()
        # They end one by one, and the waiting one needs two descriptors.
        until(
            lambda: proxy.descriptor_count() <= before - 2 * len(clients) + 1,
            "the clients' descriptors are free",
        )
        serve_and_finish(waiting)
        proxy.set_limit(resource.RLIMIT_NOFILE, old)


@pytest.mark.release_only
def test_a_paused_listener_uses_no_cpu(start, serve, pki):
    """While clients wait for descriptors the process does not spin."""
    proxy = start(serve(backends.echo))
    context = pki.context()
    with contextlib.ExitStack() as stack:
        (steady,) = fill(stack, proxy, context, 1)
        old = exhaust_descriptors(proxy)
        waiting = queue(stack, proxy, context)
        proxy.log.wait("accept_paused")
        share = proxy.cpu_share()
        proxy.set_limit(resource.RLIMIT_NOFILE, old)
        serve_and_finish(waiting)
        steady.finish()
    assert share < 0.2, f"{share:.0%} of a CPU"


def take_the_last_descriptor(stack, proxy, context):
    """One client is served; the next gets the last descriptor, and the backend
    none. Returns the first, the line about the second, and the old limit."""
    (steady,) = fill(stack, proxy, context, 1)
    old = exhaust_descriptors(proxy, spare=1)
    with TlsClient.open(proxy.address(), context) as client:
        client.read_to_end()
    return steady, proxy.connection_end(), old


def test_no_descriptor_for_the_backend_ends_that_connection_only(
    start, serve, pki
):
    """The client got the last descriptor and the backend none: that
    connection ends with a reason, and others are served."""
    proxy = start(serve(backends.echo))
    context = pki.context()
    with contextlib.ExitStack() as stack:
        steady, line, old = take_the_last_descriptor(stack, proxy, context)
        assert line["reason"] == "backend_unreachable"
        assert steady.echo(b"still served") == b"still served"
        proxy.set_limit(resource.RLIMIT_NOFILE, old)
        steady.finish()


def test_a_small_descriptor_limit_is_known_at_start(start, serve, pki):
    """With max_connections = 0 the limit of open files decides, so that
    descriptors for the backends are always left."""
    proxy = start(serve(backends.echo), open_files=128)
    context = pki.context()
    limit = proxy.log.find("starting")[0]["max_connections"]
    assert 4 <= limit < 64
    with contextlib.ExitStack() as stack:
        clients = fill(stack, proxy, context, limit)
        waiting = queue(stack, proxy, context)
        assert proxy.log.wait("accept_paused")["reason"] == "limit"
        clients.pop().finish()
        serve_and_finish(waiting)
        for client in clients:
            client.finish()


def test_a_limit_raised_by_reload_lets_the_waiting_in(start, serve, pki):
    """max_connections can be changed while it is reached."""
    proxy = start(serve(backends.echo), limits={"max_connections": 2})
    context = pki.context()
    with contextlib.ExitStack() as stack:
        clients = fill(stack, proxy, context, 2)
        waiting = queue(stack, proxy, context)
        proxy.log.wait("accept_paused")
        proxy.config["limits"]["max_connections"] = 10
        proxy.reload()
        serve_and_finish(waiting)
        for client in clients:
            client.finish()


def test_at_the_limit_the_log_is_not_flooded(start, serve, pki):
    """Each connection that ends lets one in, and accepting pauses again: that
    is one state, not a line for each."""
    proxy = start(
        serve(backends.echo),
        limits={"max_connections": 1},
        process={"workers": 1},
    )
    context = pki.context()
    with contextlib.ExitStack() as stack:
        (last,) = fill(stack, proxy, context, 1)
        for _ in range(40):
            following = queue(stack, proxy, context)
            last.finish()
            following.handshake()
            assert following.echo(b"in") == b"in"
            last = following
        last.finish()
        lines = proxy.log.find("accept_paused")
    assert 1 <= len(lines) < 20


def test_no_descriptor_is_not_the_backend_s_fault(start, serve, pki):
    """When we had none to connect with, the preferred backend stays the one
    that the next client gets."""
    first, second = serve(backends.echo), serve(backends.echo)
    proxy = start(f"{first.address}; {second.address}")
    context = pki.context()
    with contextlib.ExitStack() as stack:
        steady, line, old = take_the_last_descriptor(stack, proxy, context)
        assert "Too many open files" in line["detail"]
        proxy.set_limit(resource.RLIMIT_NOFILE, old)
        fill(stack, proxy, context, 1)
        assert second.accepted_count == 0
        assert not proxy.log.find("backend_down")
        steady.finish()
