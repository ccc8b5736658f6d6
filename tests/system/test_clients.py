# SPDX-License-Identifier: GPL-3.0-or-later
"""Real TLS clients reach real, unmodified servers, over TLS 1.2 and 1.3."""

import functools
import subprocess

import pytest

from lib import backends, clients, servers, settings, tls
from lib.streams import Stream, digest

VERSION_IDS = [tls.VERSION_NAMES[version] for version in tls.VERSIONS]

each_version = pytest.mark.parametrize("version", tls.VERSIONS, ids=VERSION_IDS)
each_client = pytest.mark.parametrize(
    "client", clients.ALL, ids=lambda client: client.__name__
)


@pytest.fixture
def start(start):
    """Real clients shake hands as slowly as the machine lets them."""
    return functools.partial(start, timeouts={"handshake": "1h"})


@pytest.fixture(
    params=[servers.nginx, servers.http_server], ids=["nginx", "http.server"]
)
def web_server(request, tmp_path):
    folder = tmp_path / "server"
    folder.mkdir()
    with request.param(folder) as server:
        yield server


@pytest.fixture
def redis(tmp_path):
    folder = tmp_path / "redis"
    folder.mkdir()
    with servers.redis(folder) as server:
        yield server


@each_version
@each_client
def test_client_fetches_a_file_over_http(start, pki, web_server, client, version):
    """A GET through the program returns the file's bytes, and the log names
    the version that the client asked for."""
    stream = Stream(300_000, seed=1)
    (web_server.files / "file").write_bytes(stream.bytes())
    proxy = start(web_server.address)
    request = b"GET /file HTTP/1.0\r\n\r\n"
    answer = client(proxy.port, pki.ca, version, request)
    head, body = answer.split(b"\r\n\r\n", 1)
    assert b" 200 " in head
    assert digest(body) == stream.digest()
    end = proxy.connection_end()
    assert end["version"] == tls.VERSION_NAMES[version]
    assert end["tls"] == f"[{tls.VERSION_NAMES[version]}]"
    assert end["bytes_to_client"] == len(answer)
    assert end["bytes_to_backend"] == len(request)


@each_version
def test_curl_fetches_a_file(start, pki, web_server, version):
    """curl verifies the certificate and gets the file's bytes."""
    stream = Stream(settings.scaled(8 * settings.MIB), seed=2)
    (web_server.files / "file").write_bytes(stream.bytes())
    proxy = start(web_server.address)
    url = f"https://localhost:{proxy.port}/file"
    assert digest(clients.curl(url, pki.ca, version)) == stream.digest()


@each_version
def test_curl_reuses_one_connection_for_several_requests(start, pki, tmp_path, version):
    """HTTP keep-alive works through the program: three requests, one
    connection."""
    folder = tmp_path / "server"
    folder.mkdir()
    with servers.nginx(folder) as server:
        (server.files / "file").write_bytes(b"x" * 1000)
        proxy = start(server.address)
        url = f"https://localhost:{proxy.port}/file"
        body = clients.curl(url, pki.ca, version, url, url)
        assert body == b"x" * 3000
        proxy.stop()
    assert len(proxy.log.find("connection", reason="done")) == 1


@each_version
@each_client
def test_client_talks_to_redis(start, pki, redis, client, version):
    """Commands and answers of Redis' own protocol pass both ways."""
    proxy = start(redis.address)
    request = b"SET key value\r\nGET key\r\nQUIT\r\n"
    answer = client(proxy.port, pki.ca, version, request)
    assert answer == b"+OK\r\n$5\r\nvalue\r\n+OK\r\n"


def test_redis_cli_talks_to_redis(start, pki, redis):
    """Redis' own client with --tls works against the unmodified server."""
    proxy = start(redis.address)
    done = subprocess.run(
        [
            settings.require("redis-cli"), "--tls", "--cacert", str(pki.ca),
            "-h", "127.0.0.1", "-p", str(proxy.port), "PING",
        ],
        capture_output=True, text=True, timeout=settings.DEADLINE_S,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "PONG\n"), done.stderr


@each_version
@each_client
def test_client_talks_to_a_server_that_speaks_first(start, serve, pki, client, version):
    """The greeting of a server-first protocol reaches the client, and so do
    the answers."""
    proxy = start(serve(backends.greet))
    answer = client(proxy.port, pki.ca, version, b"HELO there\r\nQUIT\r\n")
    assert answer == backends.GREETING + b"250 HELO there\r\n221 bye\r\n"


@each_version
def test_an_rsa_certificate_is_served(start, serve, fresh_pki, version):
    """A service with an RSA key works in both versions."""
    rsa = fresh_pki.server("rsa", key="rsa")
    proxy = start(serve(backends.echo), certificate=rsa.as_section())
    context = fresh_pki.context(version)
    with tls.TlsClient.open(proxy.address(), context) as client:
        assert client.serial == rsa.serial
        assert client.echo(b"over RSA") == b"over RSA"
        client.finish()


@each_version
def test_intermediates_are_sent(start, serve, fresh_pki, version):
    """A client that knows the root alone verifies a certificate that an
    intermediate authority has issued."""
    sub = fresh_pki.intermediate("sub")
    chained = fresh_pki.server("chained", issuer="sub", chain=[sub])
    proxy = start(serve(backends.echo), certificate=chained.as_section())
    context = fresh_pki.context(version)
    with tls.TlsClient.open(proxy.address(), context) as client:
        assert client.serial == chained.serial
        client.finish()


def test_tls_1_1_is_refused(start, serve, pki):
    """TLS 1.2 is the oldest version; an older client is told so and named
    in the log."""
    proxy = start(serve(backends.echo))
    done = subprocess.run(
        [
            settings.require("openssl"), "s_client", "-tls1_1",
            "-cipher", "ALL:@SECLEVEL=0",
            "-connect", f"127.0.0.1:{proxy.port}",
        ],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=settings.DEADLINE_S,
    )  # fmt: skip
    assert done.returncode != 0
    assert "protocol version" in done.stderr
    assert "TLS 1.1" in proxy.connection_end(reason="handshake_failed")["detail"]


def test_min_version_1_3_refuses_tls_1_2(start, serve, pki):
    """tls.min_version = 1.3 serves TLS 1.3 and refuses TLS 1.2."""
    proxy = start(serve(backends.echo), tls={"min_version": "1.3"})
    with pytest.raises(tls.ssl.SSLError, match="(?i)protocol.version"):
        tls.TlsClient.open(proxy.address(), pki.context(tls.TLS12))
    assert "TLS 1.2" in proxy.connection_end(reason="handshake_failed")["detail"]
    with tls.TlsClient.open(proxy.address(), pki.context(tls.TLS13)) as client:
        assert client.echo(b"1.3") == b"1.3"
        client.finish()


def test_max_version_1_2_negotiates_tls_1_2(start, serve, pki):
    """tls.max_version = 1.2 makes a client that knows both use TLS 1.2."""
    proxy = start(serve(backends.echo), tls={"max_version": "1.2"})
    context = pki.context(tls.TLS13)
    context.minimum_version = tls.TLS12
    with tls.TlsClient.open(proxy.address(), context) as client:
        assert client.tls.version() == "TLSv1.2"
        client.finish()


def test_no_shared_cipher_is_said(start, serve, pki):
    """A client without a common cipher suite fails, and the log says why."""
    ciphers = "TLS13-AES128-GCM-SHA256;ECDHE-ECDSA-AES128-GCM-SHA256"
    proxy = start(serve(backends.echo), tls={"ciphers": ciphers})
    context = pki.context(tls.TLS12)
    context.set_ciphers("ECDHE-ECDSA-CHACHA20-POLY1305")
    with pytest.raises(tls.ssl.SSLError, match="(?i)handshake.failure"):
        tls.TlsClient.open(proxy.address(), context)
    assert "cipher" in proxy.connection_end(reason="handshake_failed")["detail"]
