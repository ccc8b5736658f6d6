# SPDX-License-Identifier: GPL-3.0-or-later
"""required_level = peer: who proves to be a client of ours comes in, nobody
else does, and the log says who it was and why not."""

import ssl
import subprocess

import pytest

from lib import backends, settings, tls
from lib.mtls import accepted, each_version, refused
from lib.sidelock import one_service
from lib.tls import TlsClient


@pytest.fixture
def peer_config(pki, serve):
    """A service that wants client certificates of pki.ca."""
    backend = serve(backends.echo)
    config = one_service(pki.server_certificate, backend)
    config["service"]["required_level"] = "peer"
    config["clients"] = {"ca": pki.ca, "allow_all": True}
    config["backend"] = backend
    return config


@pytest.fixture
def peer_service(program, peer_config):
    """(program, backend), started."""
    backend = peer_config.pop("backend")
    return program(peer_config).start(), backend


@each_version
def test_a_good_client_is_served_and_named(peer_service, pki, version):
    """Its subject is in the log, and the tag says VERIFIED."""
    proxy, _ = peer_service
    line = accepted(proxy, pki.context(version, pki.client_certificate))
    assert line["tls"] == f"[{tls.VERSION_NAMES[version]} VERIFIED]"
    assert "CN=alice" in line["identity"]


@each_version
def test_without_mutual_tls_nothing_is_called_verified(
    start, serve, pki, version
):
    """At required_level = tls a client's certificate is not asked for."""
    proxy = start(serve(backends.echo))
    line = accepted(proxy, pki.context(version, pki.client_certificate))
    assert line["tls"] == f"[{tls.VERSION_NAMES[version]}]"
    assert not line.get("identity")


@each_version
def test_a_client_without_certificate_is_refused(peer_service, pki, version):
    """client_refused says that there was none; the backend hears nothing;
    the next good client is served."""
    proxy, backend = peer_service
    line = refused(proxy, pki.context(version))
    assert "certificate" in line["detail"]
    assert line["level"] == "warn"
    assert "VERIFIED" not in line["tls"]
    assert backend.accepted_count == 0
    accepted(proxy, pki.context(version, pki.client_certificate))


@pytest.fixture(scope="module")
def bad_certificates(pki):
    """Certificates that must not come in, and a word that says why."""
    return {
        "other-ca": (pki.client("mallory", issuer="other-ca"), "mallory"),
        "expired": (pki.client("late", days=(-30, -1)), "expired"),
        "not-yet": (pki.client("early", days=(10, 30)), "not valid before"),
        "server-eku": (pki.server("webserver"), "clientAuth"),
        "self-signed": (pki.self_signed_client("selfmade"), "selfmade"),
    }


@each_version
@pytest.mark.parametrize(
    "kind", ["other-ca", "expired", "not-yet", "server-eku", "self-signed"]
)
def test_a_bad_certificate_is_refused_with_the_reason(
    peer_service, pki, bad_certificates, version, kind
):
    """client_refused names the subject and what is wrong with it; the
    backend hears nothing; the next good client is served."""
    proxy, backend = peer_service
    certificate, word = bad_certificates[kind]
    line = refused(proxy, pki.context(version, certificate))
    assert word in line["detail"]
    assert f"CN={certificate.key.stem}" in line["detail"]
    if certificate.serial:
        assert certificate.serial in line["detail"]
    assert backend.accepted_count == 0
    accepted(proxy, pki.context(version, pki.client_certificate))


@each_version
def test_refusals_do_not_disturb_those_who_are_in(
    peer_service, pki, bad_certificates, version
):
    """An established connection goes on while others are refused."""
    proxy, _ = peer_service
    good = pki.context(version, pki.client_certificate)
    with TlsClient.open(proxy.address(), good) as steady:
        for certificate, _ in bad_certificates.values():
            refused(proxy, pki.context(version, certificate))
            assert steady.echo(b"still in") == b"still in"
        steady.finish()


@each_version
def test_a_client_behind_an_intermediate_must_send_it(
    program, peer_config, fresh_pki, version
):
    """With the intermediate in its chain a client comes in; a later one that
    leaves it out does not profit from that."""
    sub = fresh_pki.intermediate("sub")
    whole = fresh_pki.client("whole", issuer="sub", chain=[sub])
    alone = fresh_pki.client("alone", issuer="sub")
    peer_config.pop("backend")
    peer_config["certificate"] = fresh_pki.server_certificate.as_section()
    peer_config["clients"]["ca"] = fresh_pki.ca
    peer_config["process"] = {"workers": 1}
    proxy = program(peer_config).start()
    for _ in range(2):
        accepted(proxy, fresh_pki.context(version, whole))
        refused(proxy, fresh_pki.context(version, alone))


@each_version
def test_several_cas_may_vouch(program, peer_config, pki, version):
    """clients.ca is a list, and a file may hold several."""
    peer_config.pop("backend")
    peer_config["clients"]["ca"] = [pki.ca, pki.other_ca]
    proxy = program(peer_config).start()
    stranger = pki.client("from-the-other", issuer="other-ca")
    accepted(proxy, pki.context(version, stranger))
    accepted(proxy, pki.context(version, pki.client_certificate))


@each_version
def test_a_peer_service_never_resumes(peer_service, pki, version):
    """Each connection shows its certificate again: no ticket is given, and
    what a client tries to resume becomes a full handshake."""
    proxy, _ = peer_service
    context = pki.context(version, pki.client_certificate)
    session = None
    for _ in range(3):
        with TlsClient.open(
            proxy.address(), context, session=session
        ) as client:
            assert client.echo(b"data") == b"data"
            assert not client.tls.session_reused
            session = client.tls.session
            client.finish()
    proxy.stop()
    lines = proxy.log.find("connection", reason="done")
    assert [line["resumed"] for line in lines] == ["no"] * 3
    assert all("VERIFIED" in line["tls"] for line in lines)


@each_version
def test_curl_shows_its_certificate(peer_service, pki, version):
    """A client of the shell: accepted with a certificate, refused without."""
    proxy, _ = peer_service
    number = {tls.TLS12: "1.2", tls.TLS13: "1.3"}[version]
    command = [
        settings.require("curl"), "--ipv4", "--silent", "--cacert", str(pki.ca),
        "--tls-max", number, f"--tlsv{number}", "--http0.9", "--no-buffer",
        "--max-time", str(settings.DEADLINE_S), "--noproxy", "*",
        f"https://localhost:{proxy.port}/",
    ]  # fmt: skip
    without = subprocess.run(command, capture_output=True)
    assert without.returncode != 0
    assert proxy.connection_end(reason="client_refused")
    alice = pki.client_certificate
    known = ["--cert", str(alice.cert), "--key", str(alice.key)]
    with subprocess.Popen(
        [*command, *known], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        # The backend echoes, so that curl is shown its own request.
        assert process.stdout.readline() == b"GET / HTTP/1.1\r\n"
        process.terminate()
    lines = proxy.log.wait_count(2, "connection")
    assert "CN=alice" in lines[1]["identity"]


def test_levels_may_differ_by_service(program, serve, pki):
    """One service wants certificates, another does not; [clients NAME] holds
    for the one."""
    backend = serve(backends.echo).address
    config = {
        "service open": {
            "listen": "127.0.0.1:0", "backend": backend, "certificate": "c",
        },
        "service closed": {
            "listen": "127.0.0.1:0", "backend": backend, "certificate": "c",
            "required_level": "peer",
        },
        "clients closed": {"ca": pki.ca, "allow_all": True},
        "certificate c": pki.server_certificate.as_section(),
    }  # fmt: skip
    proxy = program(config).start()
    with TlsClient.open(proxy.address("open"), pki.context()) as client:
        assert client.echo(b"open") == b"open"
        client.finish()
    with pytest.raises(ssl.SSLError):
        with TlsClient.open(proxy.address("closed"), pki.context()) as client:
            client.read_to_end()
    line = proxy.connection_end(reason="client_refused")
    assert line["service"] == "closed"
