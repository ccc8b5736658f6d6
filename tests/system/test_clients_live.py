# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that are in and may not be any more: what a reload, or the end of a
certificate, does to connections that live."""

import contextlib
import functools
import signal
import time

import pytest

from lib import backends, net, tls
from lib.mtls import each_version, refused, visit
from lib.pki import end_of, outlive, while_it_lasts
from lib.sidelock import one_service
from lib.tls import TlsClient
from lib.wait import until

LONG = "24h"  # the first of 80 connections ends after 18 minutes


@pytest.fixture
def guard(program, pki, serve):
    """guard(on_trust_change=..., keys of [clients]) starts a service."""

    def start_guard(reload=None, service=None, backend=None, **clients):
        backend = backend or serve(backends.echo)
        config = one_service(pki.server_certificate, backend)
        config["service"]["required_level"] = "peer"
        config["service"].update(service or {})
        config["clients"] = {"ca": pki.ca, **clients}
        config["reload"] = reload or {}
        # Reloads come into the middle of both, however long they take.
        config["timeouts"] = {"handshake": "1h", "connect": "1h"}
        return program(config).start()

    return start_guard


CLOSE_NOW = {"on_trust_change": "close", "trust_change_spread": "0s"}


@pytest.fixture
def alice(pki):
    return lambda version: pki.context(version, pki.client_certificate)


@pytest.fixture
def bob(pki):
    return lambda version: pki.context(version, pki.client("bob"))


def connect(proxy, context, **how):
    """A client that is in: the backend has answered it."""
    client = TlsClient.open(proxy.address(), context, **how)
    assert client.echo(b"in") == b"in"
    return client


def ends(client):
    """The other side ends it; the client has sent nothing meanwhile."""
    with contextlib.suppress(tls.ssl.SSLError):
        client.read_to_end()
    client.close()


def lives(client):
    assert client.echo(b"still in") == b"still in"


# --- close, or keep ------------------------------------------------------------------

# What a reload changes, so that alice may not come in any more and bob may.
NARROWER = {
    "rule removed": ({"allow_cn": "bob"}, "no allow_* rule names it"),
    "deny added": ({"deny_cn": "alice"}, "denied by deny_cn alice"),
    "dns denied": ({"deny_dns": "alice.client.test"}, "denied by deny_dns"),
}


@each_version
@pytest.mark.parametrize("kind", NARROWER)
def test_a_reload_ends_those_it_would_not_let_in(
    guard, alice, bob, version, kind
):
    """on_trust_change = close: with a line of who it was and why. Others
    notice nothing."""
    keys, why = NARROWER[kind]
    proxy = guard(CLOSE_NOW, allow_cn=["alice", "bob"])
    with connect(proxy, alice(version)) as out, connect(
        proxy, bob(version)
    ) as stays:
        proxy.config["clients"].update(keys)
        mark = proxy.log.mark()
        proxy.reload()
        ends(out)
        line = proxy.connection_end(since=mark)
        assert line["reason"] == "trust_changed"
        assert line["code"] == "SL-CLIENT-NO-LONGER"
        assert line["identity"] == "CN=alice"
        assert why in line["detail"]
        lives(stays)
        stays.finish()
    assert proxy.connection_end(since=mark, reason="done")["identity"] == "CN=bob"
    proxy.stop()
    assert len(proxy.log.find("connection", reason="trust_changed")) == 1


@each_version
def test_a_reload_without_their_ca_ends_them(guard, pki, alice, version):
    """The CA is gone; a client of the other one lives on."""
    proxy = guard(CLOSE_NOW, ca=[pki.ca, pki.other_ca], allow_all=True)
    other = pki.context(version, pki.client("other", issuer="other-ca"))
    with connect(proxy, alice(version)) as out, connect(proxy, other) as stays:
        proxy.config["clients"]["ca"] = pki.other_ca
        proxy.reload()
        ends(out)
        line = proxy.connection_end(reason="trust_changed")
        assert line["identity"] == "CN=alice"
        lives(stays)
        stays.finish()


@each_version
def test_a_client_behind_an_intermediate_is_judged_by_its_root(
    guard, pki, version
):
    """It stays while the root stays, and goes with it."""
    sub = pki.craft_authority("live-sub")
    below = pki.craft_client("live-below", issuer="live-sub", chain=[sub])
    proxy = guard(CLOSE_NOW, ca=[pki.ca, pki.other_ca], allow_all=True)
    with connect(proxy, pki.context(version, below)) as client:
        proxy.config["clients"]["deny_cn"] = "nobody"
        proxy.reload()
        lives(client)
        proxy.config["clients"]["ca"] = pki.other_ca
        proxy.reload()
        ends(client)
    line = proxy.connection_end(reason="trust_changed")
    assert line["identity"] == "CN=live-below"


@each_version
def test_a_renewed_ca_with_the_same_key_keeps_them(
    guard, pki, alice, version, tmp_path
):
    """The CA's certificate is issued anew, both stand there for a while, and
    then the new one alone: a client that came meanwhile stays."""
    renewed = pki.renew_root("ca", tmp_path / "renewed.pem")
    proxy = guard(CLOSE_NOW, ca=[pki.ca, renewed], allow_all=True)
    with connect(proxy, alice(version)) as client:
        proxy.config["clients"]["ca"] = renewed
        proxy.reload()
        lives(client)
        client.finish()
    assert proxy.connection_end()["reason"] == "done"


@each_version
def test_keep_is_what_happens_unless_it_is_said(guard, alice, version):
    """Without on_trust_change those who are in stay; the next one does not
    come in."""
    proxy = guard(allow_cn=["alice", "bob"])
    with connect(proxy, alice(version)) as client:
        proxy.config["clients"]["allow_cn"] = "bob"
        proxy.reload()
        refused(proxy, alice(version))
        lives(client)
        client.finish()
    assert proxy.connection_end(reason="done")["identity"] == "CN=alice"


@each_version
def test_a_level_that_rises_ends_those_without_a_certificate(
    guard, pki, alice, version
):
    """From optional to required: who has shown one stays."""
    proxy = guard(
        CLOSE_NOW, allow_all=True,
        service={"required_level": "tls", "client_certificate": "optional"},
    )  # fmt: skip
    nobody, somebody = pki.context(version), alice(version)
    with connect(proxy, nobody) as out, connect(proxy, somebody) as stays:
        proxy.config["service"]["client_certificate"] = "required"
        proxy.reload()
        ends(out)
        line = proxy.connection_end(reason="trust_changed")
        assert "identity" not in line
        lives(stays)
        stays.finish()


@each_version
def test_a_service_that_begins_to_ask_ends_those_it_did_not_ask(
    guard, pki, version
):
    """From tls to peer."""
    proxy = guard(CLOSE_NOW, service={"required_level": "tls"}, allow_all=True)
    with connect(proxy, pki.context(version)) as client:
        proxy.config["service"]["required_level"] = "peer"
        proxy.reload()
        ends(client)
    line = proxy.connection_end(reason="trust_changed")
    assert "certificate" in line["detail"]


def test_the_end_of_plaintext_ends_those_who_speak_it(start, serve, pki):
    """From none to tls; a client with TLS stays."""
    proxy = start(
        serve(backends.echo), service={"required_level": "none"},
        reload=CLOSE_NOW, timeouts={"first_byte": 0, "handshake": "1h"},
    )  # fmt: skip
    with net.connect(proxy.address()) as plain, connect(
        proxy, pki.context()
    ) as secure:
        plain.sendall(b"in")
        assert plain.recv(2) == b"in"
        proxy.config["service"]["required_level"] = "tls"
        proxy.reload()
        with contextlib.suppress(ConnectionResetError):
            assert plain.recv(1) == b""
        line = proxy.connection_end(reason="trust_changed")
        assert line["tls"] == "[PLAIN]"
        assert "plaintext" in line["detail"]
        lives(secure)
        secure.finish()


@each_version
def test_a_change_of_another_service_ends_nobody(
    program, pki, serve, alice, version
):
    """Each is judged by its own service."""
    service = {
        "listen": "127.0.0.1:0", "certificate": "c",
        "backend": serve(backends.echo).address, "required_level": "peer",
    }  # fmt: skip
    proxy = program(
        {
            "service default": service, "service other": service,
            "clients": {"ca": pki.ca, "allow_cn": "alice"},
            "clients other": {"allow_cn": ["alice", "bob"]},
            "certificate c": pki.server_certificate.as_section(),
            "reload": CLOSE_NOW,
        }
    ).start()  # fmt: skip
    with connect(proxy, alice(version)) as client:
        proxy.config["clients other"]["allow_cn"] = "bob"
        proxy.reload()
        refused(proxy, alice(version), service="other")
        lives(client)
        client.finish()


# --- spread over a time ---------------------------------------------------------------


def test_they_end_one_by_one(guard, alice):
    """trust_change_spread: the log says at once how many will, and then each
    has a line. All are gone in the end."""
    count = 30
    proxy = guard(
        {"on_trust_change": "close", "trust_change_spread": "2s"},
        allow_cn="alice",
    )
    context = alice(tls.TLS13)
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(connect(proxy, context)) for _ in range(count)
        ]
        mark = proxy.log.mark()
        proxy.config["clients"]["deny_cn"] = "alice"
        proxy.reload()
        for client in clients:
            ends(client)
    proxy.log.wait_count(
        count, "connection", since=mark, reason="trust_changed"
    )
    told = proxy.log.find("trust_changed", since=mark)
    assert sum(int(line["closing"]) for line in told) == count
    assert {line["within_ms"] for line in told} == {"2000"}


def test_most_have_time_when_there_is_much(guard, alice):
    """Spread over a day, of 40 most are still served after the reload; when
    the program is stopped, nobody is waited for."""
    proxy = guard(
        {"on_trust_change": "close", "trust_change_spread": LONG},
        allow_cn="alice",
    )
    context = alice(tls.TLS13)
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(connect(proxy, context)) for _ in range(40)
        ]
        proxy.config["clients"]["deny_cn"] = "alice"
        proxy.reload()
        refused(proxy, context)
        for client in clients[1:]:
            lives(client)
            client.finish()


@each_version
def test_a_reload_that_takes_it_back_keeps_them(guard, alice, version):
    """A mistake in the rules, and its correction before anybody's moment has
    come: the connection is not ended any more."""
    proxy = guard(
        {"on_trust_change": "close", "trust_change_spread": LONG},
        allow_cn="alice",
    )
    with connect(proxy, alice(version)) as first, connect(
        proxy, alice(version)
    ) as second:
        proxy.config["clients"]["allow_cn"] = "alise"
        mark = proxy.log.mark()
        proxy.reload()
        until(
            lambda: sum(
                int(line["closing"])
                for line in proxy.log.find("trust_changed", since=mark)
            )
            == 2,
            "both are to be ended",
        )
        proxy.config["clients"]["allow_cn"] = "alice"
        proxy.reload()
        # If it still were to end, a spread of nothing would not hasten it.
        proxy.config["reload"]["trust_change_spread"] = "0s"
        proxy.config["clients"]["deny_cn"] = "alice"
        mark = proxy.log.mark()
        proxy.reload()
        ends(first)
        ends(second)
    lines = proxy.log.wait_count(2, "connection", since=mark)
    assert {line["reason"] for line in lines} == {"trust_changed"}
    assert all("denied" in line["detail"] for line in lines)


# --- reloads in the middle ------------------------------------------------------------


@each_version
@pytest.mark.parametrize("policy", ["keep", "close"])
def test_a_handshake_is_judged_by_what_holds_at_its_end(
    guard, alice, version, policy
):
    """alice has begun when she still was welcome. Neither policy lets her in
    after the reload: nothing of hers is in yet."""
    proxy = guard({"on_trust_change": policy}, allow_cn=["alice", "bob"])
    with TlsClient(net.connect(proxy.address()), alice(version)) as client:
        client.handshake_step()
        client.flush()
        client.feed()
        proxy.config["clients"]["allow_cn"] = "bob"
        proxy.reload()
        mark = proxy.log.mark()
        with pytest.raises((tls.ssl.SSLError, ConnectionError)):
            client.handshake()
            client.send(b"let me in")
            client.read_exactly(1)
    line = proxy.connection_end(since=mark)
    assert line["reason"] == "client_refused"
    assert line["bytes_to_backend"] == 0
    assert "no allow_* rule names it" in line["detail"]


@each_version
@pytest.mark.parametrize("policy", ["keep", "close"])
def test_a_client_that_waits_for_its_backend_is_judged_again(
    guard, serve, alice, version, policy
):
    """The handshake is over, but the first backend does not answer, until it
    is gone: a reload in that time counts, too. (It was looked at only before
    and after.)"""
    second = serve(backends.echo)
    with contextlib.ExitStack() as silent:
        first = silent.enter_context(backends.never_accepting())
        proxy = guard(
            {"on_trust_change": policy, "trust_change_spread": "0s"},
            service={"backend": [first, second.address]},
            allow_cn=["alice", "bob"],
        )
        context = alice(version)
        with TlsClient(net.connect(proxy.address()), context) as client:
            client.handshake()
            until(lambda: state(proxy) == "connect", "a backend is awaited")
            proxy.config["clients"]["allow_cn"] = "bob"
            proxy.reload()
            assert state(proxy) == "connect"
            silent.close()
            with pytest.raises((tls.ssl.SSLError, ConnectionError)):
                client.send(b"let me in")
                client.read_exactly(1)
    line = proxy.connection_end()
    assert line["reason"] == "client_refused"
    assert line["bytes_to_backend"] == 0


def state(proxy):
    """What the one session that there is does now."""
    mark = proxy.log.mark()
    proxy.signal(signal.SIGUSR2)
    return proxy.log.wait("dump", since=mark)["state"]


# --- the end of a certificate -----------------------------------------------------------


@each_version
@pytest.mark.parametrize("resumption", ["no", "yes"])
def test_a_connection_ends_with_its_certificate(
    guard, pki, alice, version, resumption
):
    """end_on_client_expiry: with a line that says so; also when the client
    came by a ticket. Others live on."""
    proxy = guard(allow_all=True, end_on_client_expiry=True)
    proxy.config["tls"] = {"resumption": resumption}
    proxy.reload()

    def come_again(certificate):
        context = pki.context(version, certificate)
        _, session, _ = visit(proxy, context)
        return connect(proxy, context, session=session)

    issue = functools.partial(pki.client, "brief")
    with connect(proxy, alice(version)) as stays:
        certificate, client = while_it_lasts(issue, come_again)
        assert client.tls.session_reused == (resumption == "yes")
        peer = client.address_text
        ends(client)
        assert time.time() > end_of(certificate)
        line = proxy.connection_end(peer=peer)
        assert line["reason"] == "client_expired"
        assert line["code"] == "SL-CLIENT-NO-LONGER"
        assert line["identity"] == "CN=brief"
        lives(stays)
        stays.finish()


@each_version
def test_otherwise_it_lives_on(guard, pki, version):
    """Without end_on_client_expiry a connection outlives the certificate; the
    next one is refused."""
    proxy = guard(allow_all=True)
    certificate, client = while_it_lasts(
        functools.partial(pki.client, "brief"),
        lambda shown: connect(proxy, pki.context(version, shown)),
    )
    with client:
        outlive(certificate)
        line = refused(proxy, pki.context(version, certificate))
        assert line["code"] == "SL-CLIENT-EXPIRED"
        lives(client)
        client.finish()
