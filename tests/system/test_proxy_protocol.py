# SPDX-License-Identifier: GPL-3.0-or-later
"""proxy_protocol: before a client's first byte, its backend is told who is
calling, in words that real receivers understand."""

import hashlib
import socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
)

from lib import backends, clients, net, proxy_header, servers, tls
from lib.sidelock import one_service
from lib.streams import Stream
from lib.tls import TlsClient

each_form = pytest.mark.parametrize("form", ["v1", "v2"])
each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


@pytest.fixture
def start_told(program, pki, serve):
    """start_told(form, service={...}, ...): (program, backend that reads)."""

    def start(form, **sections):
        backend = serve(backends.hold)
        config = one_service(pki.server_certificate, backend)
        config["service"]["proxy_protocol"] = form
        for name, keys in sections.items():
            config.setdefault(name, {}).update(keys)
        return program(config).start(), backend

    return start


@pytest.fixture
def peer_sections(pki):
    """Sections under which clients prove who they are."""
    return {
        "service": {"required_level": "peer"},
        "clients": {"ca": pki.ca, "allow_all": True},
    }


def heard(backend):
    """The header of the backend's next connection, once that has ended, and
    the bytes behind it."""
    record = backend.next_record()
    record.wait_end()
    return proxy_header.parse(record.first_bytes)


def talk(proxy, backend, context, **how):
    """One TLS connection. Returns the header that the backend got before the
    client's bytes, the client's own address, and its session."""
    with TlsClient.open(proxy.address(), context, **how) as client:
        address = client.sock.getsockname()[:2]
        client.send(b"data")
        client.finish()
        session = client.tls.session
    header, rest = heard(backend)
    assert rest == b"data"
    return header, address, session


@each_form
@each_version
def test_a_backend_is_told_who_is_calling(start_told, pki, form, version):
    """Both ends of the client's connection, then the client's bytes."""
    proxy, backend = start_told(form)
    header, address, _ = talk(proxy, backend, pki.context(version))
    assert header.source == address
    assert header.destination == proxy.address()


@each_form
def test_ipv6_is_told(start_told, pki, form):
    """An IPv6 client, and the address that it has connected to."""
    proxy, backend = start_told(form, service={"listen": "[::1]:0"})
    header, address, _ = talk(proxy, backend, pki.context())
    assert header.source == address == ("::1", address[1])
    assert header.destination == ("::1", proxy.port)


@each_form
def test_plaintext_is_told(start_told, form):
    """At required_level = none; nothing is said of TLS."""
    proxy, backend = start_told(form, service={"required_level": "none"})
    with net.connect(proxy.address()) as sock:
        sock.sendall(b"in the clear")
        sock.shutdown(socket.SHUT_WR)
        address = sock.getsockname()
    header, rest = heard(backend)
    assert header.source == address
    assert proxy_header.SSL not in header.tlvs
    assert rest == b"in the clear"


@each_version
def test_what_was_agreed_is_told(start_told, pki, version):
    """Version, cipher, ALPN and SNI, as the log has them; no certificate."""
    proxy, backend = start_told("v2", tls={"alpn": "h2"})
    context = pki.context(version)
    context.set_alpn_protocols(["h2"])
    header, _, _ = talk(proxy, backend, context)
    line = proxy.connection_end()
    assert header.client_flags == proxy_header.IS_TLS
    assert header.verify != 0
    assert header.ssl(proxy_header.SSL_VERSION).decode() == line["version"]
    assert header.ssl(proxy_header.SSL_CIPHER).decode() == line["cipher"]
    assert header.ssl(proxy_header.SSL_CN) is None
    assert header.tlvs[proxy_header.ALPN] == b"h2"
    assert header.tlvs[proxy_header.AUTHORITY] == b"localhost"


@each_version
def test_a_verified_client_is_named(start_told, pki, peer_sections, version):
    """Its CN, and that its certificate was verified."""
    proxy, backend = start_told("v2", **peer_sections)
    context = pki.context(version, pki.client_certificate)
    header, _, _ = talk(proxy, backend, context)
    assert header.client_flags == (
        proxy_header.IS_TLS | proxy_header.SHOWN_NOW | proxy_header.SHOWN_ONCE
    )
    assert header.verify == 0
    assert header.ssl(proxy_header.SSL_CN) == b"alice"


@each_version
def test_an_optional_client_without_certificate_is_not_named(
    start_told, pki, version
):
    """client_certificate = optional: verify tells the two kinds apart."""
    proxy, backend = start_told(
        "v2",
        service={"client_certificate": "optional"},
        clients={"ca": pki.ca, "allow_all": True},
    )
    header, _, _ = talk(proxy, backend, pki.context(version))
    assert header.client_flags == proxy_header.IS_TLS
    assert header.verify != 0
    context = pki.context(version, pki.client_certificate)
    header, _, _ = talk(proxy, backend, context)
    assert header.verify == 0


@each_version
def test_a_client_that_resumes_is_named(
    start_told, pki, peer_sections, version
):
    """Shown once, not now; and authorized again."""
    proxy, backend = start_told(
        "v2", **peer_sections, tls={"resumption": "yes"}
    )
    context = pki.context(version, pki.client_certificate)
    _, _, session = talk(proxy, backend, context)
    header, _, _ = talk(proxy, backend, context, session=session)
    assert proxy.log.wait("connection", resumed="yes")
    assert header.client_flags == proxy_header.IS_TLS | proxy_header.SHOWN_ONCE
    assert header.verify == 0
    assert header.ssl(proxy_header.SSL_CN) == b"alice"


def test_a_name_is_never_cut(start_told, pki, peer_sections):
    """A CN of the greatest length arrives whole, and all else with it."""
    name = "x" * 64
    certificate = pki.client("long", subject=f"/CN={name}")
    proxy, backend = start_told("v2", **peer_sections)
    context = pki.context(certificate=certificate)
    header, _, _ = talk(proxy, backend, context)
    assert header.ssl(proxy_header.SSL_CN) == name.encode()
    assert header.tlvs[proxy_header.AUTHORITY] == b"localhost"


@each_version
def test_the_holder_of_a_trusted_key_is_not_named(start_told, pki, version):
    """It may write any name into its certificate; its key is what counts."""
    certificate = pki.self_signed_client("boss")
    proxy, backend = start_told(
        "v2",
        service={"required_level": "peer"},
        clients={"trusted_keys": key_pin(certificate)},
    )
    context = pki.context(version, certificate)
    header, _, _ = talk(proxy, backend, context)
    assert header.verify == 0
    assert header.ssl(proxy_header.SSL_CN) is None


def key_pin(certificate):
    """The entry of trusted_keys for a certificate's key."""
    loaded = x509.load_pem_x509_certificate(certificate.cert.read_bytes())
    key = loaded.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )
    return "sha256:" + hashlib.sha256(key).hexdigest()


@each_form
def test_a_client_that_says_nothing_is_told_at_once(
    program, pki, serve, form
):
    """The server speaks first: it does not wait for the client's bytes."""
    backend = serve(backends.source(Stream(5000, seed=1)))
    config = one_service(pki.server_certificate, backend)
    config["service"]["proxy_protocol"] = form
    proxy = program(config).start()
    with TlsClient.open(proxy.address(), pki.context()) as client:
        record = backend.next_record()
        record.wait_received(1)
        header, rest = proxy_header.parse(record.first_bytes)
        assert header.source == client.sock.getsockname() and rest == b""
        client.close_notify()
        assert len(client.read_to_end()) == 5000


# -- real receivers ------------------------------------------------------------


@each_form
@each_version
def test_nginx_understands(program, pki, tmp_path, form, version):
    """`listen ... proxy_protocol`: the client's address, and its request."""
    with servers.nginx(tmp_path, " proxy_protocol") as server:
        config = one_service(pki.server_certificate, server.address)
        config["service"]["proxy_protocol"] = form
        proxy = program(config).start()
        url = f"https://localhost:{proxy.port}/who"
        answer = clients.curl(url, pki.ca, version, "-4").decode()
        line = proxy.connection_end(reason="done")
    source, port, destination, local_port = answer.split()
    assert source == destination == "127.0.0.1"
    assert local_port == str(proxy.port)
    assert line["peer"] == f"{source}:{port}"


@each_form
@each_version
def test_haproxy_understands(program, pki, tmp_path, form, version):
    """`accept-proxy`: the client's address, its server name, its request."""
    with servers.haproxy(tmp_path) as server:
        config = one_service(pki.server_certificate, server.address)
        config["service"]["proxy_protocol"] = form
        proxy = program(config).start()
        url = f"https://localhost:{proxy.port}/"
        answer = clients.curl(url, pki.ca, version, "-4").decode()
        line = proxy.connection_end(reason="done")
    source, port, destination, local_port, *name = answer.split()
    assert source == destination == "127.0.0.1"
    assert local_port == str(proxy.port)
    assert name == (["localhost"] if form == "v2" else [])
    assert line["peer"] == f"{source}:{port}"


@each_version
def test_nginx_reads_past_an_identity(
    program, pki, tmp_path, peer_sections, version
):
    """What it does not look at is in nobody's way."""
    with servers.nginx(tmp_path, " proxy_protocol") as server:
        config = one_service(pki.server_certificate, server.address)
        config["service"]["proxy_protocol"] = "v2"
        config["service"].update(peer_sections["service"])
        config["clients"] = peer_sections["clients"]
        proxy = program(config).start()
        context = pki.context(version, pki.client_certificate)
        with TlsClient.open(proxy.address(), context) as client:
            client.send(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
            source, port = client.sock.getsockname()
            answer = b""
            while f"{source} {port} ".encode() not in answer:
                data = client.recv()
                assert data, answer
                answer += data
            client.finish()
