# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory that the kernel refuses ends single connections, never the process."""

import contextlib
import resource
import ssl

import pytest

from lib import backends
from lib.settings import KIB
from lib.tls import TlsClient

MOST = 4000


@pytest.mark.release_only
@pytest.mark.slow
def test_refused_memory_ends_connections_and_not_the_process(
    start, serve, pki
):
    """The running process may not grow any more while clients keep coming:
    some end with no_memory, those who are in are served, and with memory
    again everybody is."""
    proxy = start(serve(backends.echo))
    context = pki.context()
    with contextlib.ExitStack() as stack:
        steady = stack.enter_context(TlsClient.open(proxy.address(), context))
        assert steady.echo(b"in") == b"in"
        # Not RLIMIT_AS: allocators reserve address space well ahead of use.
        now = proxy.memory_kib("VmData") * KIB
        old = proxy.set_limit(resource.RLIMIT_DATA, now)
        come_until_refused(stack, proxy, context)
        assert proxy.is_alive()
        assert steady.echo(b"still in") == b"still in"
        proxy.set_limit(resource.RLIMIT_DATA, old)
    for _ in range(20):
        with TlsClient.open(proxy.address(), context) as client:
            assert client.echo(b"as before") == b"as before"
            client.finish()


def come_until_refused(stack, proxy, context):
    """More and more clients, until the log has told of one that got no
    memory."""
    for _ in range(MOST):
        try:
            client = TlsClient.open(proxy.address(), context)
        except (ConnectionError, ssl.SSLError):
            pass
        else:
            stack.enter_context(client)
        if proxy.log.find("connection", reason="no_memory"):
            return
        assert proxy.is_alive(), "the process has ended"
    raise AssertionError(f"{MOST} clients and no refusal")


@pytest.mark.release_only
def test_a_reload_without_memory_keeps_the_old(start, serve, pki):
    """A reload that cannot get memory fails, and the process serves on."""
    proxy = start(serve(backends.echo))
    context = pki.context()
    with TlsClient.open(proxy.address(), context) as steady:
        assert steady.echo(b"in") == b"in"
        now = proxy.memory_kib("VmSize") * KIB
        old = proxy.set_limit(resource.RLIMIT_AS, now)
        for name in range(250):
            proxy.config[f"certificate spare-{name}"] = proxy.config[
                "certificate"
            ]
        proxy.config["service"]["certificate"] = "default"
        proxy.reload(outcome="failure")
        assert steady.echo(b"still in") == b"still in"
        proxy.set_limit(resource.RLIMIT_AS, old)
        proxy.reload()
        steady.finish()
