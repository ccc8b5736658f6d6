# SPDX-License-Identifier: GPL-3.0-or-later
"""Dates: four words that say how it stands, warnings in time, and service that
goes on whatever the calendar says. A client that checks decides for itself."""

import functools
import json
import shutil
import ssl

import pytest

from lib import backends, sidelock
from lib.clock import Clock, shifted
from lib.pki import outlive, while_it_lasts
from lib.sidelock import one_service
from lib.tls import TLS13, TlsClient, client_context

NO_CHECK_TIME = 0x200000  # X509_V_FLAG_NO_CHECK_TIME, which Python lacks

SECURE = "Secure to localhost"
EXPIRED = f"{SECURE} (expired)"

# From when to when a certificate is valid, in days from now; the words.
WORDS = {
    "far from its end": ((-1, 90), SECURE),
    "on the day before warn_days": ((-1, 31.5), SECURE),
    "within warn_days": ((-1, 29.5), f"{SECURE} (expires in 29 days)"),
    "two days": ((-1, 2.5), f"{SECURE} (expires in 2 days)"),
    "on its last day": ((-1, 0.5), f"{SECURE} (expires in 0 days)"),
    "expired": ((-30, -1), EXPIRED),
    "not yet valid": ((1, 90), SECURE),
}


@pytest.fixture
def config(fresh_pki, serve):
    """One service; a test gives it a certificate."""
    config = one_service(fresh_pki.server_certificate, serve(backends.echo))
    config["reload"] = {"watch": "0"}
    return config


@pytest.fixture
def check(tmp_path):
    """check(config) returns the JSON of `sidelock check`."""

    def run(config, environ=None):
        path = tmp_path / "check.ini"
        path.write_text(sidelock.ini(config))
        done = sidelock.run("check", "--json", "-c", path, environ=environ)
        return json.loads(done.stdout)

    return run


def codes(result):
    return [f["code"] for f in result["findings"] if f["severity"] != "note"]


def status(proxy, since=0):
    return proxy.log.wait("status", since=since)["status"]


def careless(ca, certificate=None):
    """A client that verifies all but the dates."""
    context = client_context(ca, TLS13, certificate)
    context.verify_flags |= NO_CHECK_TIME
    return context


def assert_serves(proxy, context):
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"still here") == b"still here"


# -- words -------------------------------------------------------------------


@pytest.mark.parametrize("kind", WORDS)
def test_the_words_at_start_and_in_check(program, check, config, fresh_pki, kind):
    """Letter by letter, the same in both places."""
    days, words = WORDS[kind]
    config["certificate"] = fresh_pki.server("dated", days=days).as_section()
    result = check(config)
    assert result["services"][0]["status"] == words
    assert result["certificates"][0]["status"] == words
    assert status(program(config).start()) == words


def test_without_a_certificate_the_word_is_unsecured(
    program, check, config, tmp_path
):
    """The fourth word: a service that waits for its certificate."""
    config["certificate"] = {
        "cert": tmp_path / "later.pem", "on_missing": "wait",
    }  # fmt: skip
    assert check(config)["services"][0]["status"] == "Unsecured"
    assert status(program(config).start()) == "Unsecured"


@pytest.mark.parametrize(
    "warn_days, words", [(9, SECURE), (12, f"{SECURE} (expires in 10 days)")]
)
def test_warn_days_moves_the_warning(check, config, fresh_pki, warn_days, words):
    """The days before the end from which on it is said."""
    soon = fresh_pki.server("soon", days=(-1, 10.5))
    config["certificate"] = soon.as_section()
    config["reload"]["warn_days"] = warn_days
    result = check(config)
    assert result["services"][0]["status"] == words
    assert codes(result) == ([] if words == SECURE else ["SL-EXPIRES-SOON"])


# -- whose dates ---------------------------------------------------------------


def test_an_expired_leaf_is_named(check, config, fresh_pki):
    """As a warning, with the file and the certificate's role."""
    config["certificate"] = fresh_pki.expired.as_section()
    result = check(config)
    assert result["exit_code"] == 2
    assert codes(result) == ["SL-EXPIRED"]
    (finding,) = [f for f in result["findings"] if f["code"] == "SL-EXPIRED"]
    assert str(fresh_pki.expired.cert) in finding["text"]
    assert "the leaf" in finding["text"]


def test_an_expired_intermediate_is_named(program, check, config, fresh_pki):
    """A fresh leaf below it does not help: the status says expired."""
    old = fresh_pki.intermediate("old", days=(-60, -1))
    leaf = fresh_pki.server("below", issuer="old", chain=[old])
    config["certificate"] = leaf.as_section()
    result = check(config)
    assert result["services"][0]["status"] == EXPIRED
    assert codes(result) == ["SL-EXPIRED"]
    (finding,) = [f for f in result["findings"] if f["code"] == "SL-EXPIRED"]
    assert "an intermediate" in finding["text"]
    assert "sidelock test old" in finding["text"]
    proxy = program(config).start()
    assert status(proxy) == EXPIRED
    assert_serves(proxy, careless(fresh_pki.ca))


def test_an_expired_client_ca_is_named(program, check, config, fresh_pki):
    """The service starts all the same; its own status is not about clients."""
    old = fresh_pki.intermediate("old-clients", days=(-60, -1))
    config["service"]["required_level"] = "peer"
    config["clients"] = {"ca": [fresh_pki.ca, old], "allow_all": True}
    result = check(config)
    assert result["services"][0]["status"] == SECURE
    assert codes(result) == ["SL-EXPIRED"]
    (finding,) = [f for f in result["findings"] if f["code"] == "SL-EXPIRED"]
    assert "clients.ca" in finding["text"]
    assert "sidelock test old-clients" in finding["text"]
    proxy = program(config).start()
    client = fresh_pki.client_certificate
    assert_serves(proxy, careless(fresh_pki.ca, client))


def test_a_certificate_that_is_not_yet_valid_is_named(check, config, fresh_pki):
    """With its first day, and the question whether the clock is right."""
    early = fresh_pki.server("early", days=(2, 90))
    config["certificate"] = early.as_section()
    result = check(config)
    assert result["exit_code"] == 2
    assert codes(result) == ["SL-NOT-YET-VALID"]
    (finding,) = [f for f in result["findings"] if f["severity"] == "warning"]
    assert "clock" in finding["text"]


# -- reloads -------------------------------------------------------------------


@pytest.mark.parametrize("days", [(-30, -1), (1, 90)], ids=["expired", "not yet"])
def test_a_reload_does_not_replace_a_valid_one(program, config, fresh_pki, days):
    """Refused with its code; clients that check go on connecting."""
    proxy = program(config).start()
    worse = fresh_pki.server("worse", days=days)
    config["certificate"] = worse.as_section()
    event = proxy.reload("failure")
    assert "not yet" in event["error"] or "expired" in event["error"]
    assert_serves(proxy, fresh_pki.context())


def test_an_expired_one_may_follow_an_expired_one(program, config, fresh_pki):
    """Nothing gets worse by it."""
    config["certificate"] = fresh_pki.expired.as_section()
    proxy = program(config).start()
    other = fresh_pki.server("expired-too", days=(-20, -1))
    config["certificate"] = other.as_section()
    mark = proxy.log.mark()
    proxy.reload()
    assert status(proxy, since=mark) == EXPIRED


def test_a_renewed_one_ends_the_warning(program, config, fresh_pki, tmp_path):
    """The files are replaced, the status is plain again."""
    files = {"cert": tmp_path / "tls.crt", "key": tmp_path / "tls.key"}
    config["certificate"] = files
    for kind in ("cert", "key"):
        shutil.copy(getattr(fresh_pki.expired, kind), files[kind])
    proxy = program(config).start()
    assert status(proxy) == EXPIRED
    for kind in ("cert", "key"):
        shutil.copy(getattr(fresh_pki.renewed, kind), files[kind])
    mark = proxy.log.mark()
    proxy.reload()
    assert status(proxy, since=mark) == SECURE
    assert_serves(proxy, fresh_pki.context())


# -- time goes on --------------------------------------------------------------


def test_service_goes_on_when_the_certificate_ends(program, config, fresh_pki):
    """A connection lives on, a client that does not check comes in, one that
    checks says why it does not; the process ends with exit code 0."""

    def begin(certificate):
        config["certificate"] = certificate.as_section()
        proxy = program(config).start()
        return proxy, TlsClient.open(proxy.address(), fresh_pki.context())

    short, (proxy, before) = while_it_lasts(
        functools.partial(fresh_pki.server, "short"), begin
    )
    with before:
        outlive(short)
        assert before.echo(b"as before") == b"as before"
    assert_serves(proxy, careless(fresh_pki.ca))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        TlsClient.open(proxy.address(), fresh_pki.context())
    mark = proxy.log.mark()
    proxy.reload()  # what is served is as expired as what is read
    assert status(proxy, since=mark) == EXPIRED
    proxy.stop()


@pytest.mark.shifted_clock
@pytest.mark.parametrize(
    "days, words, found",
    [
        (-3, SECURE, ["SL-NOT-YET-VALID"]),
        (0, SECURE, []),
        (58.5, SECURE, []),
        (61.5, f"{SECURE} (expires in 28 days)", ["SL-EXPIRES-SOON"]),
        (89.5, f"{SECURE} (expires in 0 days)", ["SL-EXPIRES-SOON"]),
        (91, EXPIRED, ["SL-EXPIRED"]),
        (20000, EXPIRED, ["SL-EXPIRED"]),
    ],
)
def test_one_certificate_through_its_life(check, config, days, words, found):
    """The same files, looked at on other days; the last is behind 2038."""
    result = check(config, environ=shifted(days))
    assert result["services"][0]["status"] == words
    assert codes(result) == found


@pytest.mark.shifted_clock
def test_a_running_program_sees_the_end_come(program, config, fresh_pki, tmp_path):
    """The clock moves on; each reload says how it stands, and succeeds."""
    clock = Clock(tmp_path)
    proxy = program(config, environ=clock.environ()).start()
    assert status(proxy) == SECURE
    for days, words in (
        (70.5, f"{SECURE} (expires in 19 days)"), (100, EXPIRED),
    ):  # fmt: skip
        clock.set(days)
        mark = proxy.log.mark()
        proxy.reload()
        assert status(proxy, since=mark) == words
        assert_serves(proxy, fresh_pki.context())


@pytest.mark.shifted_clock
def test_a_machine_whose_clock_is_wrong_serves(program, config, fresh_pki):
    """It believes in 1999: a warning, and clients connect."""
    proxy = program(config, environ=shifted(-9800)).start()
    found = [event["text"] for event in proxy.log.find("finding")]
    assert any("clock" in text for text in found), found
    assert_serves(proxy, fresh_pki.context())
