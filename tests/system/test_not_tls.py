# SPDX-License-Identifier: GPL-3.0-or-later
"""Whoever speaks something else than TLS is refused by name."""

import pytest

from lib import backends, net
from lib.tls import TlsClient

HTTP = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
SSH = b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"
SSL2 = b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + b"\x01" * 37


def say_and_wait(proxy, data):
    """Sends data; returns once the program has ended the connection."""
    with net.connect(proxy.address()) as sock:
        sock.sendall(data)
        answer = b""
        try:
            while part := sock.recv(4096):
                answer += part
        except ConnectionResetError:
            pass
    return answer


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (HTTP, "client spoke plaintext HTTP"),
        (b"POST /x HTTP/1.0\r\n\r\n", "client spoke plaintext HTTP"),
        (SSH, "SSH"),
        (b"\x00" * 64, "not TLS"),
        (b"\xff" * 64, "not TLS"),
        (SSL2, None),
        (b"\x17\x03\x03\x00\x10" + b"\x00" * 16, None),
        (b"\x15\x03\x01\x00\x02\x02\x28", None),
        (b"\x16\x09\x01\x00\x10" + b"\x00" * 16, None),
    ],
    ids=["http", "http-post", "ssh", "zeros", "ones", "sslv2",
         "application-data", "alert", "version-9"],
)  # fmt: skip
def test_it_is_refused_and_named(start, serve, pki, data, words):
    """The connection ends with a reason that says what was spoken, the
    backend hears nothing, and TLS clients are served."""
    backend = serve(backends.echo)
    proxy = start(backend)
    say_and_wait(proxy, data)
    line = proxy.connection_end()
    assert line["reason"] in ("not_tls", "hello_malformed")
    if words:
        assert line["reason"] == "not_tls"
        assert words in line["detail"]
    assert line["tls"] == "[-]"
    assert backend.accepted_count == 0
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.echo(b"served") == b"served"
        client.finish()


def test_payload_never_reaches_the_log(start, serve):
    """What a stranger sends is not written to the log."""
    proxy = start(serve(backends.echo), log={"level": "debug"})
    secret = b"Authorization: Basic c2VjcmV0"
    say_and_wait(proxy, b"GET / HTTP/1.1\r\n" + secret + b"\r\n\r\n")
    proxy.connection_end(reason="not_tls")
    proxy.stop()
    assert "c2VjcmV0" not in proxy.log.text()
