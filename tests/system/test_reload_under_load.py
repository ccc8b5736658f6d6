# SPDX-License-Identifier: GPL-3.0-or-later
"""Reload after reload under load: nobody notices, nothing grows."""

import signal

import pytest

from lib import net
from lib.load import Load
from lib.many import ManyEchoes
from lib.settings import SANITIZER, scaled
from lib.tls import served_serial
from lib.wait import until

RELOADS = scaled(100, least=20)
GROWTH_KIB = 2048


@pytest.mark.threaded
@pytest.mark.slow
def test_100_reloads_under_load_lose_nothing(start, pki):
    """Between two certificates, with established connections and new ones
    all the time: every byte arrives, every connection succeeds, each reload
    is effective at once, and neither descriptors nor memory grow."""
    with ManyEchoes() as backend:
        proxy = start(backend)
        at_rest = proxy.descriptor_count()
        load = Load(proxy.address(), pki.context, steady=4, coming=4)
        with load:
            memory = reload_often(proxy, pki, load)
        proxy.log.wait_count(load.connections + 4, "connection", reason="done")
        until(
            lambda: proxy.descriptor_count() <= at_rest, "descriptors are free"
        )
        assert not proxy.log.find("reload", outcome="failure")
        proxy.stop()
        failed = [
            event
            for event in proxy.log.find("connection")
            if event["reason"] != "done"
        ]
        assert not failed
    if not SANITIZER:
        assert memory[-1] - memory[RELOADS // 4] < GROWTH_KIB, memory


def reload_often(proxy, pki, load):
    """Memory after each reload, in KiB."""
    context = pki.context()
    memory = []
    for number in range(RELOADS):
        certificate = (pki.renewed, pki.server_certificate)[number % 2]
        proxy.config["certificate"] = certificate.as_section()
        proxy.reload()
        assert served_serial(proxy.address(), context) == certificate.serial
        load.wait_connections(2)
        memory.append(proxy.memory_kib())
    return memory


@pytest.mark.threaded
def test_changing_other_addresses_loses_nobody(start, pki):
    """Addresses are added and removed beside one under load: no connection
    to it fails."""
    with ManyEchoes() as backend:
        proxy = start(backend)
        address = proxy.address()
        descriptors = proxy.descriptor_count()
        with Load(address, pki.context, steady=2, coming=4) as load:
            for _ in range(scaled(30, least=10)):
                other = f"127.0.0.1:{net.free_port()}"
                proxy.config["service"]["listen"] = ["127.0.0.1:0", other]
                proxy.reload()
                served_serial(net.parse_address(other), pki.context())
                load.wait_connections(2)
                proxy.config["service"]["listen"] = "127.0.0.1:0"
                proxy.reload()
        until(
            lambda: proxy.descriptor_count() == descriptors,
            "descriptors are free",
        )
        proxy.stop()


@pytest.mark.threaded
def test_failing_reloads_under_load_lose_nothing(start, pki):
    """A broken configuration, again and again, and nobody notices."""
    with ManyEchoes() as backend:
        proxy = start(backend)
        proxy.config["service"]["nonsense"] = "x"
        with Load(proxy.address(), pki.context, steady=2, coming=4) as load:
            for _ in range(scaled(50, least=10)):
                proxy.reload(outcome="failure")
                load.wait_connections(1)
        proxy.stop()


@pytest.mark.threaded
def test_signals_in_a_hurry_are_all_survived(start, pki):
    """SIGHUP, SIGUSR1 and SIGUSR2 faster than they can be handled."""
    with ManyEchoes() as backend:
        proxy = start(backend, log={"output": "log"})
        with Load(proxy.address(), pki.context, steady=2, coming=2) as load:
            for _ in range(scaled(200, least=50)):
                for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2):
                    proxy.signal(number)
            load.wait_connections(20)
            # While connections are open: a dump of none has no line.
            proxy.log.wait("dump")
            proxy.log.wait("log_reopened")
        proxy.stop()
