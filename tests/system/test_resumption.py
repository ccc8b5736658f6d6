# SPDX-License-Identifier: GPL-3.0-or-later
"""Resumption saves a handshake and never outlives what it stands on."""

import subprocess

import pytest

from lib import backends, settings, tls
from lib.tls import TlsClient

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


def visit(address, context, session=None):
    """One connection; returns (was it resumed, session to resume later)."""
    with TlsClient.open(address, context, session=session) as client:
        # The answer comes after a TLS 1.3 server's tickets.
        assert client.echo(b"data") == b"data"
        result = client.tls.session_reused, client.tls.session
        client.finish()
    return result


@each_version
def test_a_known_client_resumes(start, serve, pki, version):
    """The second connection is resumed, and the log says so."""
    proxy = start(serve(backends.echo))
    context = pki.context(version)
    reused, session = visit(proxy.address(), context)
    assert not reused
    reused, _ = visit(proxy.address(), context, session)
    assert reused
    proxy.log.wait("connection", resumed="no")
    proxy.log.wait("connection", resumed="yes")


@each_version
def test_tickets_work_on_every_worker(start, serve, pki, version):
    """A ticket from one worker resumes on the others: 20 connections, all
    resumed."""
    proxy = start(serve(backends.echo), process={"workers": 4})
    context = pki.context(version)
    _, session = visit(proxy.address(), context)
    for _ in range(20):
        reused, session = visit(proxy.address(), context, session)
        assert reused


@each_version
def test_openssl_resumes(start, serve, pki, tmp_path, version):
    """openssl s_client -sess_out, then -sess_in: Reused."""
    proxy = start(serve(backends.greet))
    flag = {tls.TLS12: "-tls1_2", tls.TLS13: "-tls1_3"}[version]
    ticket = tmp_path / "session"

    def s_client(*options):
        done = subprocess.run(
            [
                settings.require("openssl"), "s_client", flag, "-ign_eof",
                "-connect", f"127.0.0.1:{proxy.port}", "-CAfile", pki.ca,
                "-servername", "localhost", *options,
            ],
            input=b"QUIT\n", capture_output=True,
            timeout=settings.DEADLINE_S,
        )  # fmt: skip
        return done.stdout.decode(errors="replace")

    assert "\nNew, TLSv1" in s_client("-sess_out", str(ticket))
    assert "\nReused, TLSv1" in s_client("-sess_in", str(ticket))


@each_version
def test_resumption_survives_a_reload(start, serve, pki, version):
    """A reload that changes nothing about the service keeps its tickets
    good."""
    proxy = start(serve(backends.echo))
    context = pki.context(version)
    _, session = visit(proxy.address(), context)
    proxy.config["timeouts"] = {"idle": "10m"}
    proxy.reload()
    reused, _ = visit(proxy.address(), context, session)
    assert reused


@each_version
def test_a_ticket_is_no_way_around_a_new_level(start, serve, pki, version):
    """A reload that begins to ask for client certificates: the old ticket
    does not bring in a client that has none."""
    backend = serve(backends.echo)
    proxy = start(backend)
    context = pki.context(version)
    _, session = visit(proxy.address(), context)
    proxy.config["service"]["required_level"] = "peer"
    proxy.config["clients"] = {"ca": pki.ca, "allow_all": True}
    proxy.reload()
    with pytest.raises(tls.ssl.SSLError):
        with TlsClient.open(
            proxy.address(), context, session=session
        ) as client:
            client.echo(b"let me in")
    assert proxy.connection_end(reason="client_refused")
    assert backend.accepted_count == 1


@each_version
def test_a_ticket_of_one_service_is_unknown_to_another(
    program, serve, pki, version
):
    """Same process, same certificate: the other service makes a full
    handshake of it."""
    service = {
        "listen": "127.0.0.1:0", "certificate": "c",
        "backend": serve(backends.echo).address,
    }  # fmt: skip
    proxy = program(
        {
            "service one": service,
            "service two": service,
            "certificate c": pki.server_certificate.as_section(),
        }
    ).start()
    context = pki.context(version)
    _, session = visit(proxy.address("one"), context)
    reused, _ = visit(proxy.address("two"), context, session)
    assert not reused
    reused, _ = visit(proxy.address("one"), context, session)
    assert reused


@each_version
def test_a_ticket_of_an_open_service_is_no_way_into_a_closed_one(
    program, serve, pki, version
):
    """A ticket of a service without client certificates does not open one
    that wants them, in the same process."""
    backend = serve(backends.echo)
    service = {
        "listen": "127.0.0.1:0", "certificate": "c",
        "backend": backend.address,
    }  # fmt: skip
    proxy = program(
        {
            "service open": service,
            "service closed": {**service, "required_level": "peer"},
            "clients closed": {"ca": pki.ca, "allow_all": True},
            "certificate c": pki.server_certificate.as_section(),
        }
    ).start()
    context = pki.context(version)
    _, session = visit(proxy.address("open"), context)
    with pytest.raises(tls.ssl.SSLError):
        visit(proxy.address("closed"), context, session)
    assert backend.accepted_count == 1


@each_version
def test_resumption_can_be_turned_off(start, serve, pki, version):
    """tls.resumption = no: every handshake is a full one."""
    proxy = start(serve(backends.echo), tls={"resumption": False})
    context = pki.context(version)
    _, session = visit(proxy.address(), context)
    reused, _ = visit(proxy.address(), context, session)
    assert not reused


@each_version
def test_a_ticket_of_another_process_leads_to_a_full_handshake(
    start, serve, pki, version
):
    """A ticket of another process is simply not known here."""
    context = pki.context(version)
    other = start(serve(backends.echo))
    _, session = visit(other.address(), context)
    proxy = start(serve(backends.echo))
    reused, _ = visit(proxy.address(), context, session)
    assert not reused
