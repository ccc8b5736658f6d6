# SPDX-License-Identifier: GPL-3.0-or-later
"""on_missing: what a certificate that is not good at start leads to."""

import re
import socket

import pytest

from lib import backends, net, sidelock
from lib.names import shown
from lib.settings import DEADLINE_S
from lib.sidelock import one_service


@pytest.fixture
def pair(pki, tmp_path):
    """An empty place for a pair; put() fills it."""

    class Pair:
        cert = tmp_path / "tls.crt"
        key = tmp_path / "tls.key"

        def as_section(self):
            return {"cert": self.cert, "key": self.key}

        def put(self, certificate, key=None):
            self.cert.write_bytes(certificate.cert.read_bytes())
            self.key.write_bytes((key or certificate).key.read_bytes())
            self.key.chmod(0o600)

    return Pair()


@pytest.fixture
def start_missing(program, serve, pair):
    """start_missing("wait", ...): a service whose pair is not there."""

    def run(on_missing, handler=backends.echo, **certificate):
        config = one_service(pair, serve(handler))
        config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
        config["certificate"]["on_missing"] = on_missing
        config["certificate"].update(certificate)
        config["reload"] = {"watch": 0}
        return program(config).start()

    return run


def listens(proxy):
    host, port = proxy.config["service"]["listen"].split(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) == 0


def plain_echo(address, data):
    with socket.create_connection(address, timeout=DEADLINE_S) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := sock.recv(65536):
            answer += chunk
    return answer


def test_fail_is_the_default(program, pair):
    proxy = program(one_service(pair, "127.0.0.1:1"))
    proxy.spawn()
    assert proxy.wait_exit() == 1
    assert "[SL-FILE-MISSING]" in proxy.stderr_text()


def test_wait_does_not_listen_and_says_why(start_missing, pair):
    proxy = start_missing("wait")
    assert not listens(proxy)
    event = proxy.log.wait("finding", code="SL-CERT-WAITING")
    assert str(pair.cert) in event["text"] and "no such file" in event["text"]
    status = proxy.log.wait("status", service="default")
    assert status["status"] == "Unsecured"
    assert status["mode"] == "waiting"


def test_wait_ends_when_the_pair_is_good(start_missing, pair, pki):
    """It then listens, and serves TLS with it."""
    proxy = start_missing("wait")
    pair.put(pki.server_certificate)
    proxy.reload()
    address = proxy.address()
    assert shown(address, "localhost") == pki.server_certificate.serial
    proxy.log.wait("status", service="default", status="Secure to localhost")


def test_wait_goes_on_while_the_pair_is_bad(start_missing, pair, pki):
    """A key of another certificate is not good either; the reload succeeds in
    keeping everything else, and still says why it waits."""
    proxy = start_missing("wait")
    pair.put(pki.server_certificate, key=pki.renewed)
    mark = proxy.log.mark()
    proxy.reload()
    event = proxy.log.wait("finding", since=mark, code="SL-CERT-WAITING")
    assert "is not the private key" in event["text"]
    assert not listens(proxy)


def test_wait_is_also_for_a_name_that_is_not_covered(
    start_missing, pair, pki
):
    pair.put(pki.server_certificate)
    proxy = start_missing("wait", server_name="www.example.test")
    assert not listens(proxy)
    event = proxy.log.wait("finding", code="SL-CERT-WAITING")
    assert "does not cover" in event["text"] and "localhost" in event["text"]


def test_other_services_are_served_while_one_waits(
    program, serve, pair, pki
):
    backend = serve(backends.echo).address
    proxy = program(
        {
            "service late": {"listen": "127.0.0.1:0", "backend": backend},
            "service good": {"listen": "127.0.0.1:0", "backend": backend},
            "certificate late": {**pair.as_section(), "on_missing": "wait"},
            "certificate good": pki.server_certificate.as_section(),
        }
    ).start()
    assert not proxy.log.find("listening", service="late")
    good = proxy.address("good")
    assert shown(good, None) == pki.server_certificate.serial


def test_a_reload_never_makes_a_service_wait(start_missing, pair, pki):
    """Once the pair was good, a bad one is refused and the old one stays."""
    pair.put(pki.server_certificate)
    proxy = start_missing("wait")
    pair.cert.unlink()
    event = proxy.reload("failure")
    assert event["code"] == "SL-FILE-MISSING"
    serial = shown(proxy.address(), None)
    assert serial == pki.server_certificate.serial


def test_plaintext_is_served_loudly(start_missing, pair):
    """Without TLS, because the configuration says so: every line says it."""
    proxy = start_missing("plaintext")
    event = proxy.log.wait("finding", code="SL-PLAINTEXT")
    assert event["level"] == "warn" and "WITHOUT TLS" in event["text"]
    status = proxy.log.wait("status", service="default")
    assert status["level"] == "warn"
    assert (status["status"], status["mode"]) == ("Unsecured", "plaintext")
    data = bytes(range(256)) * 1000
    assert plain_echo(proxy.address(), data) == data
    end = proxy.log.wait("connection", reason="done")
    assert end["tls"] == "[PLAIN]"
    assert int(end["bytes_to_client"]) == len(data)


def test_plaintext_serves_protocols_whose_server_speaks_first(start_missing):
    """As SMTP does: no byte of the client is waited for."""
    proxy = start_missing("plaintext", handler=backends.greet)
    with socket.create_connection(
        proxy.address(), timeout=DEADLINE_S
    ) as sock:
        assert sock.recv(100)


def test_plaintext_connections_are_counted(start_missing):
    proxy = start_missing("plaintext")
    for _ in range(3):
        plain_echo(proxy.address(), b"data")
    mark = proxy.log.mark()
    proxy.reload()
    status = proxy.log.wait("status", since=mark, service="default")
    assert int(status["plaintext_connections"]) == 3


def test_plaintext_ends_for_ever_when_the_pair_is_good(
    start_missing, pair, pki
):
    """From then on it is TLS, and a failed reload does not lead back."""
    proxy = start_missing("plaintext")
    assert plain_echo(proxy.address(), b"data") == b"data"
    pair.put(pki.server_certificate)
    proxy.reload()
    assert shown(proxy.address(), None) == pki.server_certificate.serial
    pair.cert.unlink()
    proxy.reload("failure")
    assert shown(proxy.address(), None) == pki.server_certificate.serial


def test_a_reload_never_begins_to_serve_plaintext(
    program, serve, pair, pki
):
    """A service that a reload adds must have its certificate."""
    backend = serve(backends.echo).address
    proxy = program(
        {
            "service a": {"listen": "127.0.0.1:0", "backend": backend},
            "certificate a": pki.server_certificate.as_section(),
        }
    ).start()
    proxy.config["service b"] = {"listen": "127.0.0.1:0", "backend": backend}
    proxy.config["certificate b"] = {
        **pair.as_section(),
        "on_missing": "plaintext",
    }
    event = proxy.reload("failure")
    assert event["code"] == "SL-FILE-MISSING"
    serial = shown(proxy.address("a"), None)
    assert serial == pki.server_certificate.serial


def test_a_second_certificate_that_is_missing_is_left_out(
    program, serve, pair, pki
):
    """The first one is served meanwhile; the other follows when it comes."""
    proxy = program(
        {
            "service": {
                "listen": "127.0.0.1:0",
                "backend": serve(backends.echo).address,
                "certificate": "first;late",
            },
            "certificate first": pki.server_certificate.as_section(),
            "certificate late": {**pair.as_section(), "on_missing": "wait"},
        }
    ).start()
    proxy.log.wait("finding", code="SL-CERT-WAITING")
    address = proxy.address()
    assert shown(address, "late.test") == pki.server_certificate.serial
    late = pki.server("late", "DNS:late.test")
    pair.put(late)
    proxy.reload()
    assert shown(address, "late.test") == late.serial


def test_plaintext_says_that_clients_need_no_certificate(
    start_missing, program, pki
):
    """required_level = peer cannot hold without TLS, and that is no detail:
    the warning and `check` say it."""
    proxy = start_missing("plaintext")
    event = proxy.log.wait("finding", code="SL-PLAINTEXT")
    assert "no client is asked" not in event["text"]
    proxy.stop()
    config = proxy.config
    config["service"]["required_level"] = "peer"
    config["clients"] = {"ca": pki.ca, "allow_all": "yes"}
    proxy = program(config).start()
    event = proxy.log.wait("finding", code="SL-PLAINTEXT")
    assert "no client is asked for its certificate" in event["text"]
    done = sidelock.run("check", "-c", proxy.config_path)
    assert done.returncode == 2
    assert re.search(
        r"warning +clients +nobody is asked for a certificate .SL-PLAINTEXT",
        done.stdout,
    )
    assert "must show a certificate" not in done.stdout
