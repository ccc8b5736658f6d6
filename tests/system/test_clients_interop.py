# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutual TLS with real clients: each is served under the name that its
certificate gives it, and each tells its user why it was refused."""

import re
import shutil

import pytest

from lib import showing, tls
from lib.showing import Credentials
from lib.sidelock import one_service

# Other programs' start takes most of the time; once is enough.
pytestmark = pytest.mark.slow

REQUEST = b"GET / HTTP/1.0\r\n\r\n"
BODY = b"come in\n"
ANSWER = b"HTTP/1.0 200 OK\r\nContent-Length: 8\r\n\r\n" + BODY

KEYS = ("ec", "rsa", "ed25519")
CLIENTS = [
    client
    for client in showing.CLIENTS
    # A welcome guest, but nothing that must be installed.
    if client is not showing.JAVA or shutil.which("java")
]
FORMS = [(client, form) for client in CLIENTS for form in client.forms]

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)
each_form = pytest.mark.parametrize(
    "client, form",
    FORMS,
    ids=[f"{client.name}-{form}" for client, form in FORMS],
)
each_client = pytest.mark.parametrize(
    "client", CLIENTS, ids=lambda client: client.name
)


def answer_request(sock, record):
    """Answers once a request is there, and ends."""
    while b"\r\n\r\n" not in record.first_bytes:
        if not record.read(sock):
            return
    sock.sendall(ANSWER)


@pytest.fixture(scope="module")
def shown(pki):
    """Credentials by what is to be told about them."""
    certificates = {
        **{key: pki.client(f"alice-{key}", key=key) for key in KEYS},
        "other-ca": pki.client("mallory", issuer="other-ca"),
        "expired": pki.client("late", days=(-30, -1)),
        "no-rule": pki.client("nobody"),
    }
    return {
        name: Credentials.of(pki, certificate)
        for name, certificate in certificates.items()
    }


@pytest.fixture
def service(program, pki, serve):
    """(program, backend): a service for the three of the name Alice."""
    backend = serve(answer_request)
    config = one_service(pki.server_certificate, backend)
    config["service"]["required_level"] = "peer"
    names = [f"alice-{key}" for key in KEYS] + ["late", "mallory"]
    config["clients"] = {"ca": pki.ca, "allow_cn": names}
    # The machine may be busy, and these clients take what they need.
    config["timeouts"] = {"handshake": "1h"}
    return program(config).start(), backend


@each_version
@pytest.mark.parametrize("key", KEYS)
@each_form
def test_a_client_is_served_and_named(
    service, pki, shown, client, form, key, version
):
    """The answer is whole; the log has the identity, the rule that admitted
    it, and VERIFIED."""
    proxy, _ = service
    outcome = client.run(
        proxy.port, pki.ca, version, REQUEST, form, shown[key]
    )
    assert outcome.code == 0, outcome
    assert outcome.answer.endswith(BODY)
    line = proxy.connection_end()
    assert line["reason"] == "done"
    assert line["tls"] == f"[{tls.VERSION_NAMES[version]} VERIFIED]"
    assert line["identity"] == f"CN=alice-{key}"
    assert line["admitted_by"] == f"allow_cn alice-{key}"


def assert_refused(service, pki, client, version, credentials, alert):
    """The client fails in its own words for this alert, the backend hears
    nothing; returns the log's line."""
    proxy, backend = service
    form = next(iter(client.forms))
    outcome = client.run(
        proxy.port, pki.ca, version, REQUEST, form, credentials
    )
    assert outcome.code != 0
    assert BODY not in outcome.answer
    assert re.search(client.alert_words[alert], outcome.words), outcome.words
    assert backend.accepted_count == 0
    line = proxy.connection_end(reason="client_refused")
    assert "VERIFIED" not in line["tls"]
    return line


@each_version
@each_client
def test_a_client_without_certificate_says_that_one_is_required(
    service, pki, client, version
):
    """TLS 1.2 has no alert of that name: it says handshake_failure there."""
    alert = {
        tls.TLS12: "handshake_failure",
        tls.TLS13: "certificate_required",
    }[version]
    line = assert_refused(service, pki, client, version, None, alert)
    assert line["code"] == "SL-CLIENT-REFUSED"


@each_version
@pytest.mark.parametrize(
    "kind, alert, name",
    [
        ("other-ca", "unknown_ca", "CN=mallory"),
        ("expired", "certificate_expired", "CN=late"),
        ("no-rule", "access_denied", "CN=nobody"),
    ],
    ids=["other-ca", "expired", "no-rule"],
)
@each_client
def test_a_client_that_is_refused_says_why(
    service, pki, shown, client, kind, alert, name, version
):
    """It reports the alert that says what is wrong with its certificate; the
    log names it."""
    line = assert_refused(service, pki, client, version, shown[kind], alert)
    assert name in line["detail"]
