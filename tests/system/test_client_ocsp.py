# SPDX-License-Identifier: GPL-3.0-or-later
"""clients.ocsp: a client comes in when its CA's responder says good. Asked
after the handshake, before the backend hears of it; openssl answers."""

import ssl
import threading
import time

import pytest

from lib import backends, net, settings, tls
from lib.name_server import NameServer
from lib.ocsp import Authority, Responder
from lib.sidelock import one_service
from lib.tls import TlsClient
from lib.wait import rounds, until

LONG = "100s"  # no test waits for it
FAILURE_KEPT_S = 10  # by the program, before it asks again

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)
each_mode = pytest.mark.parametrize("mode", ["hard", "soft"])


class World:
    """A CA with its responder, and a service that asks it."""

    def __init__(self, pki, program, serve, nowhere):
        self.pki = pki
        self.nowhere = nowhere  # an address where nobody listens
        self.program = program
        self.authority = Authority(pki, "ca", pki.responder("responder"))
        self.responder = Responder(self.authority).start()
        self.backend = serve(backends.echo)

    def start(self, **clients):
        """The program; ocsp = hard unless stated otherwise."""
        config = one_service(self.pki.server_certificate, self.backend)
        config["service"]["required_level"] = "peer"
        config["process"] = {"workers": 1}
        config["clients"] = {
            "ca": self.pki.ca, "allow_all": True, "ocsp": "hard",
            "ocsp_url": self.responder.url, "ocsp_timeout": LONG, **clients,
        }  # fmt: skip
        return self.program(config).start()

    def context(self, version=tls.TLS13, certificate=None):
        certificate = certificate or self.pki.client_certificate
        return self.pki.context(version, certificate)

    def context_of(self, name):
        return self.context(certificate=self.pki.client(name))


@pytest.fixture
def world(fresh_pki, program, serve):
    with backends.refusing() as nowhere:
        world = World(fresh_pki, program, serve, nowhere)
        yield world
        world.responder.stop()


def accepted(proxy, context):
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"welcome") == b"welcome"
        client.finish()


def refused(proxy, context, alert, **how):
    """Connects in vain; returns the log's line. The client is told why."""
    mark = proxy.log.mark()
    with pytest.raises(ssl.SSLError, match=f"(?i){alert}"):
        with TlsClient.open(proxy.address(), context, **how) as client:
            client.send(b"let me in")
            client.read_to_end()
    return proxy.connection_end(since=mark, reason="client_refused")


# --- answers -----------------------------------------------------------------


@each_version
def test_a_good_client_comes_in(world, version):
    """The responder says so; it is asked once for two connections."""
    proxy = world.start()
    accepted(proxy, world.context(version))
    accepted(proxy, world.context(version))
    assert world.responder.request_count == 1
    for line in proxy.log.wait_count(2, "connection"):
        assert not line.get("warning")


@each_version
@each_mode
def test_a_revoked_client_is_refused(world, version, mode):
    """With its alert, also in soft mode; the backend hears nothing."""
    world.pki.revoke(world.pki.client_certificate)
    proxy = world.start(ocsp=mode)
    line = refused(proxy, world.context(version), "revoked")
    assert line["code"] == "SL-CLIENT-REVOKED"
    assert world.responder.url in line["detail"]
    assert world.backend.accepted_count == 0
    accepted(proxy, world.context(version, world.pki.client("bob")))


@each_version
def test_the_responder_of_the_certificate_is_asked(world, version):
    """Without ocsp_url: authority information access."""
    access = f"authorityInfoAccess=OCSP;URI:{world.responder.url}"
    online = world.pki.client("online", extra=[access])
    proxy = world.start(ocsp_url="")
    accepted(proxy, world.context(version, online))
    assert world.responder.request_count == 1
    world.pki.revoke(online)
    other = world.start(ocsp_url="")
    refused(other, world.context(version, online), "revoked")


@pytest.fixture
def name_server():
    name_server = NameServer()
    yield name_server
    name_server.stop()


def test_the_name_of_the_responder_is_looked_up(world, name_server):
    """Asked of name_server; without an answer the client is refused."""
    url = world.responder.url.replace("127.0.0.1", "ocsp.example.net")
    access = f"authorityInfoAccess=OCSP;URI:{url}"
    online = world.pki.client("online", extra=[access])
    name_server.records[("ocsp.example.net", "A")] = ["127.0.0.1"]
    keys = {"ocsp_url": "", "name_server": name_server.address}
    accepted(world.start(**keys), world.context(certificate=online))
    name_server.records.clear()
    proxy = world.start(**keys)
    line = refused(proxy, world.context(certificate=online), "alert")
    assert line["code"] == "SL-CLIENT-OCSP"
    assert "ocsp.example.net" in line["detail"]


@each_version
def test_a_client_that_names_no_responder_is_refused(world, version):
    """The remedy is in the log."""
    proxy = world.start(ocsp_url="")
    line = refused(proxy, world.context(version), "alert")
    assert line["code"] == "SL-CLIENT-OCSP"
    assert "clients.ocsp_url" in line["detail"]


@each_version
def test_the_issuer_may_be_an_intermediate(world, version):
    """Its responder answers for what it issued."""
    sub = world.pki.intermediate("sub")
    world.responder.authority = Authority(
        world.pki, "sub", world.pki.responder("below", issuer="sub")
    )
    client = world.pki.client("deep", issuer="sub", chain=[sub])
    proxy = world.start()
    accepted(proxy, world.context(version, client))
    world.pki.revoke(client, issuer="sub")
    proxy = world.start()
    refused(proxy, world.context(version, client), "revoked")


@each_version
def test_resumption_does_not_go_around_it(world, version):
    """A session from before ocsp was switched on is not resumed: its client
    shows its certificate, which is asked about."""
    world.pki.revoke(world.pki.client_certificate)
    proxy = world.start(ocsp="off")
    proxy.config["tls"] = {"resumption": "yes"}
    proxy.reload()
    context = world.context(version)
    session = None
    for _ in range(2):
        with TlsClient.open(
            proxy.address(), context, session=session
        ) as client:
            assert client.echo(b"data") == b"data"
            is_resumed = client.tls.session_reused
            session = client.tls.session
            client.finish()
    assert is_resumed
    proxy.config["tls"]["resumption"] = "no"
    proxy.config["clients"]["ocsp"] = "hard"
    proxy.reload()
    line = refused(proxy, context, "revoked", session=session)
    assert line["resumed"] == "no"


# --- no answers --------------------------------------------------------------


class Saying:
    """An authority that answers anything with the same bytes."""

    def __init__(self, data):
        self.data = data

    def answer(self, _):
        return self.data


def unknown(world, _):
    (world.pki.folder / "ca.index").write_text("")


def garbage(world, _):
    world.responder.authority = Saying(b"garbage")


def try_later(world, _):
    world.responder.authority = Saying(bytes.fromhex("30030a0103"))


def wrong_signer(world, _):
    world.authority.signer = world.pki.responder("mallory", issuer="other-ca")


def not_appointed(world, _):
    world.authority.signer = world.pki.client("nobody")


def expired_signer(world, _):
    world.authority.signer = world.pki.responder("late", days=(-30, -1))


def of_another(world, _):
    """About bob, whoever is asked for."""
    bob = world.pki.client("bob")
    path = world.authority.staple(bob)
    world.responder.authority = Saying(path.read_bytes())


def absent(world, keys):
    keys["ocsp_url"] = f"http://{world.nowhere}/"


class Hanging:
    """Takes connections and says nothing."""

    def __init__(self, serve):
        self.backend = serve(backends.hold)
        self.url = f"http://{self.backend.address}/"


FAILURES = {
    unknown: "does not know the certificate",
    garbage: "no OCSP response",
    try_later: "tryLater",
    wrong_signer: "neither the issuer nor a responder",
    not_appointed: "neither the issuer nor a responder",
    expired_signer: "has expired",
    of_another: "about another certificate",
    absent: "Connection refused",
}
each_failure = pytest.mark.parametrize(
    "failure", FAILURES, ids=[failure.__name__ for failure in FAILURES]
)


@each_version
@each_failure
def test_hard_refuses_without_an_answer(world, version, failure):
    """The log says why; the backend hears nothing."""
    keys = {}
    failure(world, keys)
    proxy = world.start(**keys)
    line = refused(proxy, world.context(version), "alert")
    assert line["code"] == "SL-CLIENT-OCSP"
    assert FAILURES[failure] in line["detail"]
    assert world.backend.accepted_count == 0


@each_version
@each_failure
def test_soft_lets_in_with_a_warning(world, version, failure):
    """In the line of the connection."""
    keys = {"ocsp": "soft"}
    failure(world, keys)
    proxy = world.start(**keys)
    accepted(proxy, world.context(version))
    line = proxy.connection_end(reason="done")
    assert FAILURES[failure] in line["warning"]


@each_mode
def test_a_hanging_responder_is_given_up(world, serve, mode):
    """After ocsp_timeout; the connection to it is gone then."""
    hanging = Hanging(serve)
    proxy = world.start(ocsp=mode, ocsp_url=hanging.url, ocsp_timeout="100ms")
    if mode == "hard":
        line = refused(proxy, world.context(), "alert")
        assert "no answer within 100 ms" in line["detail"]
    else:
        accepted(proxy, world.context())
        line = proxy.connection_end(reason="done")
        assert "no answer within 100 ms" in line["warning"]


def test_a_failure_is_not_asked_for_again_at_once(world):
    """Clients that come again do not add to a responder's trouble."""
    garbage(world, None)
    proxy = world.start()
    for number in rounds("three refusals while a failure is remembered"):
        context = world.context_of(f"again{number}")
        asked, begin = world.responder.request_count, time.monotonic()
        for _ in range(3):
            refused(proxy, context, "alert")
        if time.monotonic() - begin < FAILURE_KEPT_S:
            break
    assert world.responder.request_count == asked + 1


class Waiting:
    """An authority that answers when it may."""

    def __init__(self, authority):
        self.authority = authority
        self.may_answer = threading.Event()

    def answer(self, request):
        self.may_answer.wait(settings.DEADLINE_S)
        return self.authority.answer(request)


def test_what_one_service_has_given_up_another_waits_for(world):
    """Each has its own ocsp_timeout: that a responder was too slow for one
    of them says nothing to the other."""
    ends = {
        "listen": "127.0.0.1:0", "backend": world.backend.address,
        "certificate": "c", "required_level": "peer",
    }  # fmt: skip
    clients = {
        "ca": world.pki.ca, "allow_all": True,
        "ocsp_url": world.responder.url,
    }  # fmt: skip
    config = {
        "process": {"workers": 1},
        "service hasty": ends, "service patient": ends,
        "clients hasty": {**clients, "ocsp": "soft", "ocsp_timeout": "100ms"},
        "clients patient": {**clients, "ocsp": "hard", "ocsp_timeout": LONG},
        "certificate c": world.pki.server_certificate.as_section(),
    }  # fmt: skip
    authority = Waiting(world.authority)
    world.responder.authority = authority
    proxy = world.program(config).start()
    alice = world.context()
    # As many as make a responder count as silent.
    for one in (alice, *map(world.context_of, ("bob", "carol"))):
        with TlsClient.open(proxy.address("hasty"), one) as client:
            assert client.echo(b"let in") == b"let in"
            client.finish()
    authority.may_answer.set()
    with TlsClient.open(proxy.address("patient"), alice) as client:
        assert client.echo(b"good") == b"good"
        client.finish()


# --- while it is asked -------------------------------------------------------


@pytest.fixture
def asking(world, serve):
    """(program, responder that hangs): clients wait for its answer, but for
    bob, about whom the program knows already."""
    hanging = Hanging(serve)
    proxy = world.start(ocsp_timeout=LONG)
    accepted(proxy, world.context(certificate=world.pki.client("bob")))
    proxy.config["clients"]["ocsp_url"] = hanging.url
    proxy.reload()
    return proxy, hanging


def test_the_backend_is_not_connected_before_the_answer(world, asking):
    """Whatever the client sends meanwhile."""
    proxy, hanging = asking
    before = world.backend.accepted_count
    with TlsClient.open(proxy.address(), world.context()) as client:
        client.send(b"let me in")
        until(lambda: hanging.backend.accepted_count == 1, "it is asked")
        assert world.backend.accepted_count == before
        net.reset(client.sock)


def test_a_hanging_responder_delays_nobody_else(world, serve):
    """An established connection goes on, and other services take new ones,
    while many clients wait for a responder that never answers."""
    hanging = Hanging(serve)
    ends = {"listen": "127.0.0.1:0", "backend": world.backend.address}
    config = {
        "process": {"workers": 1},
        "service open": {**ends, "certificate": "c"},
        "service closed": {
            **ends, "certificate": "c", "required_level": "peer",
        },
        "clients": {
            "ca": world.pki.ca, "allow_all": True, "ocsp": "hard",
            "ocsp_url": world.responder.url, "ocsp_timeout": LONG,
        },
        "certificate c": world.pki.server_certificate.as_section(),
    }  # fmt: skip
    proxy = world.program(config).start()
    context = world.context()
    others = [world.context_of(f"c{number}") for number in range(20)]
    waiting = []
    with TlsClient.open(proxy.address("closed"), context) as steady:
        assert steady.echo(b"in") == b"in"
        proxy.config["clients"]["ocsp_url"] = hanging.url
        proxy.reload()
        for one in others:
            waiting.append(TlsClient.open(proxy.address("closed"), one))
        until(
            lambda: hanging.backend.accepted_count == 16, "they are asked for"
        )
        for _ in range(100):
            assert steady.echo(b"still in") == b"still in"
        stranger = world.pki.context()
        with TlsClient.open(proxy.address("open"), stranger) as other:
            assert other.echo(b"hello") == b"hello"
            other.finish()
        assert not proxy.log.find("connection", service="closed")
        steady.finish()
    for client in waiting:
        net.reset(client.sock)


def test_a_client_that_leaves_meanwhile_is_forgotten(world, asking):
    """Its connection ends, and the next clients are served."""
    proxy, hanging = asking
    client = TlsClient.open(proxy.address(), world.context())
    until(lambda: hanging.backend.accepted_count == 1, "it is asked")
    net.reset(client.sock)
    proxy.connection_end(reason="client_reset")
    proxy.config["clients"]["ocsp_url"] = world.responder.url
    proxy.reload()
    accepted(proxy, world.context())


def test_clients_that_come_together_are_asked_for_once(world):
    """Equal questions share a request."""
    proxy = world.start()
    context = world.context()
    threads = [
        threading.Thread(target=accepted, args=(proxy, context))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(proxy.log.wait_count(8, "connection")) == 8
    assert world.responder.request_count == 1


@each_version
def test_a_responder_is_asked_by_its_name(world, version):
    """As certificates name them: the name server says where it is."""
    names = NameServer({("ocsp.plant.example", "A"): ["127.0.0.1"]})
    port = world.responder.url.rsplit(":", 1)[1]
    proxy = world.start(
        ocsp_url=f"http://ocsp.plant.example:{port}",
        name_server=names.address,
    )
    accepted(proxy, world.context(version))
    names.stop()


def test_a_responder_whose_name_nobody_knows_gives_no_answer(world):
    """ocsp = hard refuses; the words say which name it is."""
    names = NameServer()
    proxy = world.start(
        ocsp_url="http://nowhere.plant.example/", name_server=names.address
    )
    line = refused(proxy, world.context(), "certificate unknown")
    assert line["code"] == "SL-CLIENT-OCSP"
    assert "nowhere.plant.example" in line["detail"]
    names.stop()
