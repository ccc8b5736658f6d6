# SPDX-License-Identifier: GPL-3.0-or-later
"""Resumption under mutual TLS: a ticket brings in whom its owner's certificate
would bring in now, and nobody else."""

import functools
import shutil

import pytest

from lib import backends, mtls, net, tls, tls13
from lib.mtls import each_version
from lib.pki import outlive, while_it_lasts
from lib.sidelock import one_service

SHARED_KEY = "c2hhcmVkIGJ5IHNvbWUgbWFjaGluZXMgb2Ygb25lIHBsYW50ISEhISEhISEh\n"

RESUMED, NEW = "Reused, TLSv1", "New, TLSv1"


@pytest.fixture
def settings_of(pki, serve):
    """settings_of(keys of [clients]): a configuration that resumes."""

    def make(resumption="yes", service=None, **clients):
        config = one_service(pki.server_certificate, serve(backends.greet))
        config["service"]["required_level"] = "peer"
        config["service"].update(service or {})
        config["tls"] = {"resumption": resumption}
        config["clients"] = {"ca": pki.ca, **clients}
        return config

    return make


@pytest.fixture
def guard(program, settings_of):
    """The same, started."""

    def start_guard(**how):
        return program(settings_of(**how)).start()

    return start_guard


class Visitor:
    """openssl's client with a session file; it shows the certificate only
    when it is told to, so that later it has nothing but the ticket."""

    def __init__(self, version, certificate, path):
        self.version = version
        self.certificate = certificate
        self.path = path

    def first(self, proxy, shows_certificate=True, **how):
        """Comes in and takes a ticket; the log's line."""
        certificate = self.certificate if shows_certificate else None
        said, line = self._come(
            proxy, certificate, "-sess_out", self.path, **how
        )
        assert NEW in said, said
        assert line["reason"] == "done"
        return line

    def again(self, proxy, shows_certificate=False, **how):
        """Comes with the ticket; (what openssl said, the log's line)."""
        certificate = self.certificate if shows_certificate else None
        return self._come(proxy, certificate, "-sess_in", self.path, **how)

    def _come(self, proxy, certificate, *options, **how):
        mark = proxy.log.mark()
        said = mtls.s_client(
            proxy, self.version, certificate, *options, data=b"QUIT\n", **how
        )
        return said, proxy.connection_end(since=mark)

    def is_kept_out(self, proxy, code="SL-CLIENT-REFUSED", **how):
        """With the ticket alone it is a client without certificate."""
        said, line = self.again(proxy, **how)
        assert RESUMED not in said
        assert line["reason"] == "client_refused", line
        assert line["code"] == code
        assert "identity" not in line
        return line

    def is_resumed(self, proxy, **how):
        said, line = self.again(proxy, **how)
        assert RESUMED in said, said
        assert line["resumed"] == "yes"
        assert line["reason"] == "done"
        return line


@pytest.fixture
def alice(pki, tmp_path):
    """alice(version): a Visitor."""

    def make(version):
        return Visitor(version, pki.client_certificate, tmp_path / "alice")

    return make


@pytest.fixture
def bob(pki, tmp_path):
    def make(version):
        return Visitor(version, pki.client("bob"), tmp_path / "bob")

    return make


# --- by default, not at all --------------------------------------------------------


@each_version
def test_by_default_no_ticket_is_given(guard, alice, version):
    """resumption = auto under mutual TLS: nothing to come back with."""
    proxy = guard(resumption="auto", allow_all=True)
    visitor = alice(version)
    visitor.first(proxy)
    if visitor.path.exists():  # TLS 1.2 has a session, which has no ticket
        visitor.is_kept_out(proxy)


@each_version
def test_by_default_a_python_client_never_resumes(guard, pki, version):
    """Though it offers what it has each time."""
    proxy = guard(resumption="auto", allow_all=True)
    context = pki.context(version, pki.client_certificate)
    session = None
    for _ in range(3):
        session, line = visit_greeted(proxy, context, session)
        assert line["resumed"] == "no"
        assert "VERIFIED" in line["tls"]


def visit_greeted(proxy, context, session=None, **how):
    """(session, the log's line) of a visit to a server that greets."""
    mark = proxy.log.mark()
    with tls.TlsClient.open(
        proxy.address(), context, session=session, **how
    ) as client:
        assert client.read_line() == backends.GREETING
        session = client.tls.session
        client.finish()
    return session, proxy.connection_end(since=mark, reason="done")


# --- with resumption = yes ---------------------------------------------------------


@each_version
def test_who_resumes_keeps_the_name(guard, alice, version):
    """The log has who it was and what let it in, but does not say VERIFIED:
    on this connection no certificate was shown."""
    proxy = guard(allow_cn="alice")
    visitor = alice(version)
    line = visitor.first(proxy)
    assert line["tls"] == f"[{tls.VERSION_NAMES[version]} VERIFIED]"
    line = visitor.is_resumed(proxy)
    assert line["identity"] == "CN=alice"
    assert line["admitted_by"] == "allow_cn alice"
    assert line["tls"] == f"[{tls.VERSION_NAMES[version]}]"


@each_version
def test_a_python_client_resumes(guard, pki, version):
    """Again and again, each time with the ticket of the last time."""
    proxy = guard(allow_cn="alice")
    context = pki.context(version, pki.client_certificate)
    session, line = visit_greeted(proxy, context)
    assert line["resumed"] == "no"
    for _ in range(3):
        session, line = visit_greeted(proxy, context, session)
        assert line["resumed"] == "yes"
        assert line["identity"] == "CN=alice"


@each_version
def test_each_keeps_its_own_name(guard, alice, bob, version):
    """Two clients, one worker, in turns."""
    proxy = guard(allow_all=True)
    visitors = {"CN=alice": alice(version), "CN=bob": bob(version)}
    for visitor in visitors.values():
        visitor.first(proxy)
    for _ in range(3):
        for name, visitor in visitors.items():
            assert visitor.is_resumed(proxy)["identity"] == name


@each_version
def test_a_reload_that_changes_nothing_about_clients_keeps_tickets(
    guard, alice, version
):
    """The identity comes through it."""
    proxy = guard(allow_all=True)
    visitor = alice(version)
    visitor.first(proxy)
    proxy.config["timeouts"] = {"idle": "10m"}
    proxy.reload()
    assert visitor.is_resumed(proxy)["identity"] == "CN=alice"


# --- what a ticket does not outlive -------------------------------------------------


@each_version
def test_not_after_its_certificate_has_expired(guard, pki, tmp_path, alice,
                                               version):  # fmt: skip
    """Somebody else's ticket of the same minute is still good."""
    proxy = guard(allow_all=True)
    control = alice(version)
    control.first(proxy)

    def come(certificate):
        visitor = Visitor(version, certificate, tmp_path / "brief")
        visitor.first(proxy)
        return visitor

    issue = functools.partial(pki.client, "brief")
    certificate, brief = while_it_lasts(issue, come)
    outlive(certificate)
    brief.is_kept_out(proxy)
    _, line = brief.again(proxy, shows_certificate=True)
    assert line["code"] == "SL-CLIENT-EXPIRED"
    control.is_resumed(proxy)


CHANGES = {
    "rule removed": {"allow_cn": "bob"},
    "deny added": {"deny_cn": "alice"},
    "all-of": {"allow": "all-of", "allow_ou": "plant"},
    "other ca": {"ca": "OTHER"},
    "one more usage": {"eku": "if-present"},
}


@each_version
@pytest.mark.parametrize("change", CHANGES)
def test_not_after_a_reload_that_changes_who_may_come_in(
    guard, pki, alice, version, change
):
    """The client must show its certificate again, by which it is judged."""
    proxy = guard(allow_cn=["alice", "bob"])
    visitor = alice(version)
    visitor.first(proxy)
    for key, value in CHANGES[change].items():
        new = pki.other_ca if value == "OTHER" else value
        proxy.config["clients"][key] = new
    proxy.reload()
    visitor.is_kept_out(proxy)


@each_version
def test_not_after_a_rule_of_the_file_is_taken_away(
    guard, alice, bob, version, tmp_path
):
    """Only the contents of allow_file have changed. Who is still named comes
    in with its certificate."""
    rules = tmp_path / "peers.rules"
    rules.write_text("cn:alice\ncn:bob\n")
    proxy = guard(allow_file=rules)
    out, stays = alice(version), bob(version)
    out.first(proxy)
    stays.first(proxy)
    rules.write_text("cn:bob\n")
    proxy.reload()
    out.is_kept_out(proxy)
    _, line = out.again(proxy, shows_certificate=True)
    assert line["code"] == "SL-CLIENT-NOT-ALLOWED"
    _, line = stays.again(proxy, shows_certificate=True)
    assert line["identity"] == "CN=bob"


@each_version
def test_not_after_its_ca_was_taken_out_of_the_file(
    guard, pki, alice, version, tmp_path
):
    """The same file of CAs, with other contents."""
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(pki.ca.read_text() + pki.other_ca.read_text())
    proxy = guard(ca=bundle, allow_all=True)
    visitor = alice(version)
    visitor.first(proxy)
    shutil.copy(pki.other_ca, bundle)
    proxy.reload()
    visitor.is_kept_out(proxy)
    _, line = visitor.again(proxy, shows_certificate=True)
    assert line["code"] == "SL-CLIENT-UNKNOWN-CA"


@each_version
def test_not_where_the_level_has_risen(guard, alice, version):
    """A ticket of a time when certificates were optional, of a client that
    showed none, and of one that did."""
    optional = {"required_level": "tls", "client_certificate": "optional"}
    proxy = guard(service=optional, allow_all=True)
    nobody, somebody = alice(version), alice(version)
    nobody.path = somebody.path.with_name("nobody")
    line = nobody.first(proxy, shows_certificate=False)
    assert "identity" not in line
    somebody.first(proxy)
    assert somebody.is_resumed(proxy)["identity"] == "CN=alice"
    assert "identity" not in nobody.is_resumed(proxy)
    proxy.config["service"] = {
        **proxy.config["service"], "client_certificate": "required",
        "required_level": "peer",
    }  # fmt: skip
    proxy.reload()
    nobody.is_kept_out(proxy)
    somebody.is_kept_out(proxy)


# --- where a ticket is not good -------------------------------------------------------


@each_version
def test_not_at_another_service(program, pki, serve, alice, version):
    """With the same CA, the same rules, the same certificate, in the same
    process."""
    service = {
        "listen": "127.0.0.1:0", "certificate": "c",
        "backend": serve(backends.greet).address, "required_level": "peer",
    }  # fmt: skip
    proxy = program(
        {
            "service one": service, "service two": service,
            "tls": {"resumption": "yes"},
            "clients": {"ca": pki.ca, "allow_all": True},
            "certificate c": pki.server_certificate.as_section(),
        }
    ).start()  # fmt: skip
    visitor = alice(version)
    visitor.first(proxy, service="one")
    visitor.is_kept_out(proxy, service="two")
    visitor.is_resumed(proxy, service="one")


@each_version
def test_not_under_another_name(guard, alice, version):
    """A ticket that was given for one server name, shown for another."""
    proxy = guard(allow_all=True)
    visitor = alice(version)
    visitor.first(proxy, name="localhost")
    visitor.is_kept_out(proxy, name="other.test")
    visitor.is_resumed(proxy, name="localhost")


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "ticket.keys"
    path.touch(0o600)
    path.write_text(SHARED_KEY)
    return path


def shared(config, key_file):
    config["tls"]["ticket_key_file"] = key_file
    return config


@each_version
def test_a_replica_with_the_same_settings_resumes(
    program, settings_of, alice, version, key_file
):
    """Two programs that share the ticket keys, the CA and the rules: the name
    comes along."""
    one, two = (
        program(shared(settings_of(allow_cn="alice"), key_file)).start()
        for _ in range(2)
    )
    visitor = alice(version)
    visitor.first(one)
    line = visitor.is_resumed(two)
    assert line["identity"] == "CN=alice"
    assert line["admitted_by"] == "allow_cn alice"


REPLICAS = {
    "other rules": {"allow_cn": "bob"},
    "a deny": {"allow_cn": "alice", "deny_dns": "*.client.test"},
    "more rules": {"allow_cn": ["alice", "bob"]},
    "other ca": {"allow_cn": "alice", "ca": "OTHER"},
    "no usage demanded": {"allow_cn": "alice", "eku": "if-present"},
}


@each_version
@pytest.mark.parametrize("kind", REPLICAS)
def test_a_replica_with_other_settings_does_not_resume(
    program, settings_of, pki, alice, version, key_file, kind
):
    """They share the ticket keys only."""
    one = program(shared(settings_of(allow_cn="alice"), key_file)).start()
    keys = dict(REPLICAS[kind])
    if "ca" in keys:
        keys["ca"] = pki.other_ca
    two = program(shared(settings_of(**keys), key_file)).start()
    visitor = alice(version)
    visitor.first(one)
    visitor.is_kept_out(two)


@each_version
def test_a_replica_without_clients_gives_no_way_in(
    program, settings_of, alice, version, key_file
):
    """A ticket of one that asks nobody for a certificate."""
    open_ = shared(settings_of(), key_file)
    open_["service"]["required_level"] = "tls"
    del open_["clients"]
    one = program(open_).start()
    two = program(shared(settings_of(allow_all=True), key_file)).start()
    visitor = alice(version)
    visitor.first(one, shows_certificate=False)
    visitor.is_kept_out(two)


# --- tickets of others ----------------------------------------------------------------


@each_version
def test_a_ticket_that_is_shown_and_not_used_says_nothing(
    guard, alice, version
):
    """A client without certificate, where that is optional, shows a ticket of
    alice under another server name. It comes in, and is not alice; nor is it
    with the ticket that it gets in turn."""
    optional = {"required_level": "tls", "client_certificate": "optional"}
    proxy = guard(service=optional, allow_all=True)
    thief = alice(version)
    thief.first(proxy)
    own = thief.path.with_name("own")
    mark = proxy.log.mark()
    said = mtls.s_client(
        proxy, version, None, "-sess_in", thief.path, "-sess_out", own,
        data=b"QUIT\n", name="other.test",
    )  # fmt: skip
    assert NEW in said, said
    line = proxy.connection_end(since=mark)
    assert line["reason"] == "done"
    assert line["resumed"] == "no"
    assert "identity" not in line
    thief.path = own
    _, line = thief.again(proxy, name="other.test")
    assert line["reason"] == "done"
    assert "identity" not in line


SUITE_PAIRS = [(a, b) for a in tls13.SUITES for b in tls13.SUITES]


@pytest.mark.parametrize("level", ["required", "optional"])
@pytest.mark.parametrize("comes_first", [True, False], ids=["own", "stolen"])
@pytest.mark.parametrize("own, stolen", SUITE_PAIRS)
def test_a_stolen_ticket_beside_an_own_one_says_nothing(
    guard, pki, tmp_path, own, stolen, comes_first, level
):
    """mallory shows two tickets in one hello, her own, whose secret she has,
    and one of alice, which she saw on the wire. She is mallory, or has to
    make a full handshake, but never alice. (The library opened both before it
    told which it used, and the name was that of the last.)"""
    proxy = guard(
        service={"required_level": "tls", "client_certificate": level},
        allow_all=True,
    )
    mallory = tls13.take_ticket(
        proxy, pki.client("mallory"), tmp_path / "own", own
    )
    alice = tls13.take_ticket(
        proxy, pki.client_certificate, tmp_path / "stolen", stolen
    )
    tickets = [mallory, alice] if comes_first else [alice, mallory]
    mark = proxy.log.mark()
    with net.connect(proxy.address()) as sock:
        client = tls13.Resumer(sock, tickets, mallory)
        if client.handshake():
            assert client.recv() == backends.GREETING
            client.send(b"QUIT\r\n")
            assert client.recv() == b"221 bye\r\n"
    line = proxy.connection_end(since=mark)
    if client.chosen is None:
        assert "identity" not in line
    else:
        assert line["resumed"] == "yes"
        assert line["identity"] == "CN=mallory"
    assert comes_first == (client.chosen is not None)


def test_a_ticket_of_nobody_does_not_become_somebody(guard, pki, tmp_path):
    """The same with an own ticket that has no name in it."""
    proxy = guard(
        service={"required_level": "tls", "client_certificate": "optional"},
        allow_all=True,
    )
    for own, stolen in SUITE_PAIRS:
        nobody = tls13.take_ticket(proxy, None, tmp_path / "own", own)
        alice = tls13.take_ticket(
            proxy, pki.client_certificate, tmp_path / "stolen", stolen
        )
        mark = proxy.log.mark()
        with net.connect(proxy.address()) as sock:
            client = tls13.Resumer(sock, [nobody, alice], nobody)
            assert client.handshake()
            assert client.recv() == backends.GREETING
        line = proxy.connection_end(since=mark)
        assert line["resumed"] == "yes"
        assert "identity" not in line
