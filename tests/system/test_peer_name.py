# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_name = reverse-dns: a client's certificate must name the host that it
comes from, as a name server on loopback knows it."""

import pytest

from lib import backends, tls
from lib.mtls import accepted, each_version, refused
from lib.name_server import NameServer
from lib.tls import TlsClient

HOST = "127.9.8.7"


@pytest.fixture
def names():
    server = NameServer()
    yield server
    server.stop()


@pytest.fixture
def service(start, serve, pki, names):
    """A service that asks the name server, and its backend."""

    def start_service(**clients):
        backend = serve(backends.echo)
        proxy = start(
            backend,
            service={"required_level": "peer"},
            process={"workers": 1},
            clients={
                "ca": pki.ca, "allow_all": True, "peer_name": "reverse-dns",
                "name_server": names.address, **clients,
            },
        )  # fmt: skip
        return proxy, backend

    return start_service


@each_version
def test_a_certificate_for_its_host_comes_in(service, pki, names, version):
    """By a DNS name of the certificate, without regard to case."""
    names.name(HOST, "Press-7.Plant.Example")
    client = pki.client("press", names="DNS:press-7.plant.example")
    proxy, _ = service()
    line = accepted(proxy, pki.context(version, client), source=HOST)
    assert "CN=press" in line["identity"]


def test_the_common_name_may_be_the_host(service, pki, names):
    """The subject is the host's name."""
    names.name(HOST, "press-8.plant.example")
    client = pki.client("press-8.plant.example", names="DNS:other.example")
    proxy, _ = service()
    accepted(proxy, pki.context(tls.TLS13, client), source=HOST)


@each_version
def test_a_certificate_for_another_host_is_refused(
    service, pki, names, version
):
    """The log has the name that the certificate lacks, the client an alert,
    and the backend hears nothing."""
    names.name(HOST, "somewhere.plant.example")
    client = pki.client("elsewhere")
    proxy, backend = service()
    line = refused(proxy, pki.context(version, client), source=HOST)
    assert line["code"] == "SL-CLIENT-NAME"
    assert "somewhere.plant.example" in line["detail"]
    assert backend.accepted_count == 0


def test_a_name_that_does_not_lead_back_is_no_name(service, pki, names):
    """Whoever runs the reverse zone can write any name into it; the name's
    own zone must agree."""
    names.point(HOST, "press-9.plant.example")
    names.records[("press-9.plant.example", "A")] = ["127.1.1.1"]
    client = pki.client("press-9", names="DNS:press-9.plant.example")
    proxy, _ = service()
    line = refused(proxy, pki.context(tls.TLS13, client), source=HOST)
    assert line["code"] == "SL-CLIENT-NAME"


def test_a_host_without_a_name_is_refused(service, pki):
    """NXDOMAIN: nobody knows the address."""
    proxy, _ = service()
    context = pki.context(tls.TLS13, pki.client("nameless"))
    line = refused(proxy, context, source=HOST)
    assert line["code"] == "SL-CLIENT-NAME"


def test_any_of_several_names_will_do(service, pki, names):
    """An address with two names, the second in the certificate."""
    names.name(HOST, "first.plant.example", "second.plant.example")
    client = pki.client("two", names="DNS:second.plant.example")
    proxy, _ = service()
    accepted(proxy, pki.context(tls.TLS13, client), source=HOST)


def test_others_are_served_while_a_name_server_is_silent(
    service, pki, names, serve
):
    """One who waits for its name does not hold up those of another service
    in the same worker; in the end it is refused."""
    names.silent = True
    proxy, _ = service()
    context = pki.context(tls.TLS13, pki.client("waiting"))
    with TlsClient.open(proxy.address(), context, source=HOST) as waiting:
        waiting.send(b"hello")
        for _ in range(3):
            with TlsClient.open(
                proxy.address(), pki.context(tls.TLS13), source="127.9.8.8"
            ) as client:
                with pytest.raises(Exception, match="(?i)alert|certificate"):
                    client.send(b"x")
                    client.read_to_end()
        names.silent = False
        names.name(HOST, "waiting.client.test")
        assert waiting.read_exactly(5) == b"hello"
