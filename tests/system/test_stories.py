# SPDX-License-Identifier: GPL-3.0-or-later
"""Bugs that once were: each test tells what went wrong."""

import ssl

import pytest

from lib import backends, sidelock
from lib.tls import TlsClient


def test_equal_listen_addresses_keep_their_services(program, serve, pki):
    """Two services listened on 127.0.0.1:0; after a reload both were taken
    for the first, and the port of one answered as the other."""
    answers = {"red": b"red", "blue": b"blue"}
    config = {
        f"service {name}": {
            "listen": "127.0.0.1:0",
            "backend": serve(backends.answer_first(answer)).address,
        }
        for name, answer in answers.items()
    }
    config["certificate"] = pki.server_certificate.as_section()
    proxy = program(config).start()
    addresses = {name: proxy.address(name) for name in answers}
    proxy.reload()
    for name, answer in answers.items():
        with TlsClient.open(addresses[name], pki.context()) as client:
            assert client.read_to_end() == answer


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_a_client_that_does_not_know_our_ca_is_told_of(
    start, serve, pki, version
):
    """A TLS 1.3 client says so before it has keys; the log spoke of a parse
    error."""
    proxy = start(serve(backends.echo))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = context.maximum_version = getattr(
        ssl.TLSVersion, version
    )
    with pytest.raises(ssl.SSLError):
        TlsClient.open(proxy.address(), context)
    end = proxy.connection_end()
    assert end["reason"] == "handshake_failed"
    assert "unknown_ca" in end["detail"]


def test_health_leaves_politely(start, serve, pki):
    """`health` closed over what it was still being sent, and every look was
    logged as a reset."""
    proxy = start(serve(backends.echo))
    result = sidelock.run(
        "health",
        *("--set", f"service.listen=127.0.0.1:{proxy.port}"),
        *("--set", "service.backend=127.0.0.1:1"),
        *("--set", f"certificate.cert={pki.server_certificate.cert}"),
        *("--set", f"certificate.key={pki.server_certificate.key}"),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "Secure to localhost" in result.stdout
    assert proxy.connection_end()["reason"] == "done"
