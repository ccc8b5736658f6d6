# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates of clients, their CAs and lists, while the calendar moves on under a
running program."""

import json

import pytest

from lib import backends, sidelock
from lib.clock import Clock, shifted
from lib.mtls import accepted, each_version, refused
from lib.sidelock import one_service

pytestmark = pytest.mark.shifted_clock


@pytest.fixture
def clock(tmp_path):
    return Clock(tmp_path)


@pytest.fixture
def guard(program, pki, serve, clock):
    """guard(keys of [clients]) starts a service that lives by the clock."""

    def start_guard(environ=None, admin=None, **clients):
        config = one_service(pki.server_certificate, serve(backends.echo))
        config["service"]["required_level"] = "peer"
        config["clients"] = {"ca": pki.ca, "allow_all": True, **clients}
        config["reload"] = {"watch": 0}
        config["admin"] = admin or {}
        return program(config, environ=environ or clock.environ()).start()

    return start_guard


@each_version
def test_a_client_is_refused_from_its_last_day_on(guard, pki, clock, version):
    """Let in on the day before, refused on the day after."""
    proxy = guard()
    context = pki.context(version, pki.client_certificate)
    clock.set(89)
    accepted(proxy, context)
    clock.set(91)
    line = refused(proxy, context)
    assert line["code"] == "SL-CLIENT-EXPIRED"
    assert "expired on" in line["detail"]


@each_version
def test_a_pinned_certificate_expires_like_any_other(
    guard, pki, clock, version
):
    """trusted_certs names whom to trust, not for how long."""
    proxy = guard(ca="", allow_all=False, trusted_certs=pki.client_certificate.cert)
    context = pki.context(version, pki.client_certificate)
    accepted(proxy, context)
    clock.set(91)
    assert refused(proxy, context)["code"] == "SL-CLIENT-EXPIRED"


@each_version
@pytest.mark.parametrize("policy", ["hard", "soft"])
def test_a_list_that_runs_out_is_told_and_heeded(
    guard, pki, clock, tmp_path, version, policy
):
    """hard refuses, soft lets in with a warning; a reload names the list."""
    path = pki.crl(tmp_path / "ca.crl", days=(-1, 7))
    proxy = guard(crl=path, crl_policy=policy)
    context = pki.context(version, pki.client_certificate)
    assert "warning" not in accepted(proxy, context)
    clock.set(8)
    if policy == "hard":
        assert refused(proxy, context)["code"] == "SL-CLIENT-CRL"
    else:
        assert "revocation list" in accepted(proxy, context)["warning"]
    mark = proxy.log.mark()
    proxy.reload()
    found = [e.get("code") for e in proxy.log.find("finding", since=mark)]
    assert "SL-CRL-STALE" in found


def test_a_client_whose_day_has_not_come_waits_for_it(guard, pki, clock):
    """Refused before, let in after, without a reload."""
    early = pki.client("early-bird", days=(2, 30))
    proxy = guard()
    context = pki.context(certificate=early)
    line = refused(proxy, context)
    assert line["code"] == "SL-CLIENT-EXPIRED"
    assert "not valid before" in line["detail"]
    clock.set(3)
    accepted(proxy, context)


@each_version
def test_a_ca_that_expires_meanwhile_vouches_for_nobody(
    guard, pki, clock, version
):
    """Neither one of clients.ca, nor what stands below it, although both were
    good when the program read them. (They were let in.)"""
    old = pki.craft_authority("ends-soon", days=(-1, 30))
    sub = pki.craft_authority("below-ends-soon", issuer="ends-soon")
    direct = pki.craft_client("of-ends-soon", issuer="ends-soon")
    below = pki.craft_client("of-sub", issuer="below-ends-soon", chain=[sub])
    proxy = guard(ca=[pki.ca, old])
    clock.set(29)
    for client in (direct, below):
        accepted(proxy, pki.context(version, client))
    clock.set(31)
    for client in (direct, below):
        line = refused(proxy, pki.context(version, client))
        assert line["code"] == "SL-CLIENT-EXPIRED"
        assert "a CA on its way expired on" in line["detail"]
    accepted(proxy, pki.context(version, pki.client_certificate))


def statuses(proxy):
    """The status in words, and that of the service for programs."""
    told = sidelock.run("status", "-c", proxy.config_path)
    facts = sidelock.run("status", "--json", "-c", proxy.config_path)
    (service,) = json.loads(facts.stdout)["services"]
    return told.stdout, service


def test_the_status_says_who_vouches_and_until_when(
    guard, pki, clock, tmp_path
):
    """Each CA and each list, also while nothing is wrong with them."""
    brief = pki.craft_authority("brief", days=(-1, 60))
    path = pki.crl(tmp_path / "ca.crl", days=(-1, 7))
    socket = tmp_path / "admin"
    proxy = guard(
        ca=[pki.ca, brief], crl=path, crl_policy="soft",
        admin={"listen": f"unix:{socket}"},
    )  # fmt: skip
    words, service = statuses(proxy)
    first = '2; the first to end: "CN=sidelock test brief", valid until 20'
    assert f"  client CAs  {first}" in words
    assert "  revocation  1 list, 0 serial numbers; the next is due on" in words
    clients = service["clients"]
    assert clients["required"]
    assert {ca["subject"] for ca in clients["cas"]} == {
        "CN=sidelock test ca", "CN=sidelock test brief",
    }  # fmt: skip
    (list_,) = clients["revocation_lists"]
    assert list_["issuer"] == "CN=sidelock test ca"
    assert (list_["file"], list_["revoked"]) == (str(path), 0)
    assert list_["next_update"] > list_["this_update"]
    clock.set(61)
    words, _ = statuses(proxy)
    assert '"CN=sidelock test brief", expired on 20' in words
    assert "the next was due on 20" in words


def test_a_ca_near_its_end_is_told(guard, pki):
    """In the status words of a start."""
    proxy = guard(environ=shifted(3650 - 20))
    texts = [event["text"] for event in proxy.log.find("finding")]
    assert any("a CA" in text and "clients.ca" in text for text in texts), texts
