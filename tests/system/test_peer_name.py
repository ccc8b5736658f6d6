# SPDX-License-Identifier: GPL-3.0-or-later
"""peer_name = reverse-dns: a client's certificate must name the host that it
comes from, as the DNS knows that host. Nobody waits for a name server but the
client that is asked about."""

import ssl

import pytest

from lib import backends, mtls, name_server as dns, net
from lib.mtls import accepted, each_version
from lib.sidelock import one_service
from lib.tls import TlsClient
from lib.wait import until

HOST = "web.example.test"


@pytest.fixture
def names():
    server = dns.NameServer()
    yield server
    server.stop()


@pytest.fixture
def backend(serve):
    return serve(backends.echo)


@pytest.fixture
def start_asking(program, pki, backend, names):
    """start_asking(...): a service that asks for its clients' names."""

    def start(**clients):
        config = one_service(pki.server_certificate, backend)
        config["service"]["required_level"] = "peer"
        config["process"] = {"workers": 1}
        config["clients"] = {
            "ca": pki.ca,
            "allow_all": True,
            "peer_name": "reverse-dns",
            "name_server": names.address,
            **clients,
        }
        return program(config).start()

    return start


@pytest.fixture(scope="module")
def certificates(pki):
    """Clients that name HOST in different ways, and one that does not."""
    return {
        "dns": pki.client("by-dns", f"DNS:x.test,DNS:{HOST.upper()}"),
        "wildcard": pki.client("by-star", "DNS:*.example.test"),
        "cn": pki.client("by-cn", "URI:x:y", subject=f"/CN={HOST}"),
        "other": pki.client("by-none", "DNS:other.example.test"),
    }


def refused(proxy, context, source):
    """The log's line about the refusal, of which an alert has told."""
    line = mtls.refused(proxy, context, source=source)
    assert_is_about_the_name(line)
    return line


def assert_is_about_the_name(line):
    assert line["code"] == "SL-CLIENT-NAME"
    assert "peer_name = reverse-dns" in line["detail"]


def mute_host(names, manner=dns.silence):
    """A source with a name of which the server speaks in that manner; both."""
    source = net.fresh_source()
    name = f"{source.replace('.', '-')}.mute.test"
    names.point(source, name)
    names.records[(name, "A")] = manner
    return source, name


@each_version
@pytest.mark.parametrize("kind", ["dns", "wildcard", "cn"])
def test_a_client_that_names_its_host_comes_in(
    start_asking, pki, names, certificates, kind, version
):
    """By a DNS name, by a wildcard for one label, by its CN."""
    source = net.fresh_source()
    names.name(source, HOST)
    proxy = start_asking()
    context = pki.context(version, certificates[kind])
    line = accepted(proxy, context, source=source)
    assert "VERIFIED" in line["tls"]


@each_version
def test_a_client_that_names_another_host_is_refused(
    start_asking, pki, backend, names, certificates, version
):
    """The host's name stands in the reason; the backend hears nothing."""
    source = net.fresh_source()
    names.name(source, HOST)
    proxy = start_asking()
    line = refused(
        proxy, pki.context(version, certificates["other"]), source
    )
    assert HOST in line["detail"]
    assert backend.accepted_count == 0


def test_one_name_of_several_is_enough(
    start_asking, pki, names, certificates
):
    """The others need not even have addresses."""
    source = net.fresh_source()
    names.point(source, "a.test", "gone.test", "broken.test", HOST)
    names.records[("a.test", "A")] = [source]
    names.records[("broken.test", "A")] = dns.failure
    names.records[(HOST, "A")] = ["192.0.2.1", source]
    proxy = start_asking()
    accepted(proxy, pki.context(certificate=certificates["dns"]), source=source)


def test_a_name_that_leads_elsewhere_does_not_count(
    start_asking, pki, names, certificates
):
    """Whoever holds an address may give it any name."""
    source = net.fresh_source()
    names.point(source, HOST)
    names.records[(HOST, "A")] = ["192.0.2.1"]
    proxy = start_asking()
    line = refused(proxy, pki.context(certificate=certificates["dns"]), source)
    assert f"its name {HOST} has other addresses" in line["detail"]


def test_a_host_without_name_is_refused(
    start_asking, pki, certificates
):
    proxy = start_asking()
    line = refused(
        proxy, pki.context(certificate=certificates["dns"]), net.fresh_source()
    )
    assert "it has none" in line["detail"]


@pytest.mark.parametrize(
    "manner, words",
    [(dns.failure, "SERVFAIL"), (dns.garbage, "broken")],
    ids=["failure", "garbage"],
)
def test_a_server_that_fails_lets_nobody_in(
    start_asking, pki, names, certificates, manner, words
):
    """The reason names it and what it said."""
    source = net.fresh_source()
    names.point(source, HOST)
    names.records[(HOST, "A")] = manner
    proxy = start_asking()
    line = refused(proxy, pki.context(certificate=certificates["dns"]), source)
    assert names.address in line["detail"] and words in line["detail"]


def test_a_server_that_is_not_there_lets_nobody_in(
    start_asking, pki, certificates
):
    proxy = start_asking(name_server=f"127.0.0.1:{net.free_port()}")
    line = refused(
        proxy, pki.context(certificate=certificates["dns"]), net.fresh_source()
    )
    assert "refused" in line["detail"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "manner", [dns.silence, dns.forged], ids=["silence", "forged"]
)
def test_who_waits_for_a_name_keeps_nobody_waiting(
    start_asking, pki, names, certificates, manner
):
    """While a server says nothing, or only what does not count, others come
    in; then the one that waited is refused."""
    source = net.fresh_source()
    names.name(source, HOST)
    proxy = start_asking()
    context = pki.context(certificate=certificates["dns"])

    def came_in_meanwhile():
        mark = proxy.log.mark()
        mute, name = mute_host(names, manner)
        with TlsClient.open(proxy.address(), context, source=mute) as waiting:
            until(lambda: names.was_asked(name), "the question arrived")
            for _ in range(3):
                accepted(proxy, context, source=source)
            ends = proxy.log.find("connection", mark, reason="client_refused")
            with pytest.raises(ssl.SSLError, match="alert"):
                waiting.read_to_end()
        line = proxy.connection_end(since=mark, reason="client_refused")
        assert_is_about_the_name(line)
        assert "no name server has answered within 5 s" in line["detail"]
        return not ends

    # Where they take longer than those 5 s, another one waits.
    until(came_in_meanwhile, "others come in while one waits")


def test_a_client_that_leaves_is_not_asked_about(
    start_asking, pki, names, certificates
):
    """A drain does not wait for an answer that nobody needs (the fixture
    stops the program)."""
    proxy = start_asking()
    context = pki.context(certificate=certificates["dns"])

    def left_meanwhile():
        mark = proxy.log.mark()
        mute, name = mute_host(names)
        client = TlsClient.open(proxy.address(), context, source=mute)
        until(lambda: names.was_asked(name), "the question arrived")
        net.reset(client.sock)
        return proxy.connection_end(since=mark)["reason"] == "client_reset"

    # Who is refused after 5 s has not left in time.
    until(left_meanwhile, "a client leaves before its question is given up")


def test_each_question_has_a_port_and_a_spelling_of_its_own(
    start_asking, pki, names, certificates
):
    """Whoever forges an answer has to guess them, and the number."""
    source = net.fresh_source()
    names.name(source, HOST)
    proxy = start_asking()
    for _ in range(8):
        accepted(proxy, pki.context(certificate=certificates["dns"]), source=source)
    asked = [q for q in names.questions if q.type == "A"]
    assert len({q.id for q in asked}) > 4
    assert len({q.sent_name for q in asked}) > 4
    assert proxy.descriptor_count() < 40
