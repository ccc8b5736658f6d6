# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the program listens, and what it connects to."""

import socket

import pytest

from lib import backends, net, sidelock
from lib.tls import TlsClient


def served(address, context, data=b"served"):
    with TlsClient.open(address, context) as client:
        assert client.echo(data) == data
        client.finish()


def test_ipv6_is_listened_on(start, serve, pki):
    """listen = [::1]:PORT; the peer's address is logged in brackets."""
    proxy = start(serve(backends.echo), service={"listen": "[::1]:0"})
    served(proxy.address(), pki.context())
    assert proxy.connection_end()["peer"].startswith("[::1]:")


def test_one_service_may_have_several_addresses(start, serve, pki):
    """IPv4 and IPv6 in one list, each served and each logged."""
    listen = ["127.0.0.1:0", "[::1]:0", "127.0.0.2:0"]
    proxy = start(serve(backends.echo), service={"listen": listen})
    for index in range(3):
        served(proxy.address(index=index), pki.context())


def test_services_have_their_own_certificates_and_backends(
    program, serve, pki
):
    """Two services in one process: each shows its own certificate and
    reaches its own backend."""
    proxy = program(
        {
            "service red": {
                "listen": "127.0.0.1:0",
                "backend": serve(backends.answer_first(b"red")).address,
            },
            "service blue": {
                "listen": "127.0.0.1:0",
                "backend": serve(backends.answer_first(b"blue")).address,
                "certificate": "other",
            },
            "certificate red": pki.server_certificate.as_section(),
            "certificate other": pki.renewed.as_section(),
        }
    ).start()
    for service, certificate in [
        ("red", pki.server_certificate),
        ("blue", pki.renewed),
    ]:
        address = proxy.address(service)
        with TlsClient.open(address, pki.context()) as client:
            assert client.serial == certificate.serial
            assert client.read_to_end() == service.encode()
            client.finish()
        assert proxy.connection_end(service=service)


def test_a_unix_socket_backend_is_reached(start, serve, pki, tmp_path):
    """backend = unix:PATH, with both half-closes."""
    backend = serve(backends.sink, address=str(tmp_path / "backend"))
    proxy = start(backend)
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.send(b"over a path")
        client.close_notify()
        assert client.read_to_end().startswith(b"11 ")
    assert proxy.connection_end(reason="done")["backend"] == backend.address


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_taken_port_stops_the_start(program, serve, pki, host):
    """Somebody else listens there: exit code 1, and the message names the
    address and the cause."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family) as taken:
        listen = net.address_text(taken.getsockname())
        done = start_in_vain(program, serve, pki, listen)
    assert listen in done
    assert "in use" in done


def test_a_second_process_on_the_same_port_stops_the_start(
    program, start, serve, pki
):
    """Two copies started by mistake do not share the clients unnoticed."""
    proxy = start(serve(backends.echo))
    listen = net.address_text(proxy.address())
    done = start_in_vain(program, serve, pki, listen)
    assert listen in done and "in use" in done
    served(proxy.address(), pki.context())


def test_an_address_of_another_machine_stops_the_start(program, serve, pki):
    """An address that this machine does not have is named."""
    done = start_in_vain(program, serve, pki, "192.0.2.1:8443")
    assert "192.0.2.1:8443" in done


def test_nothing_is_served_when_one_address_fails(program, serve, pki):
    """All or nothing: the good address of the list is closed again."""
    good = f"127.0.0.1:{net.free_port()}"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bad = net.address_text(taken.getsockname())
        done = start_in_vain(program, serve, pki, [good, bad])
    assert bad in done
    assert not net.accepts(net.parse_address(good))


def start_in_vain(program, serve, pki, listen):
    """Starts with these addresses; returns the message of the failure."""
    proxy = program(
        {
            "service": {
                "listen": listen,
                "backend": serve(backends.echo).address,
            },
            "certificate": pki.server_certificate.as_section(),
        }
    )
    proxy.spawn()
    assert proxy.wait_exit() == 1
    text = proxy.stderr_text()
    sidelock.assert_no_report(text)
    assert "sidelock: error: " in text
    assert "event=ready" not in text
    return text


@pytest.mark.parametrize(
    "backend", ["192.0.2.1:80", "[2001:db8::1]:80"]
)
def test_a_backend_off_this_machine_is_refused(program, pki, backend):
    """Plaintext does not leave the machine by mistake: exit code 1, and the
    message names the address and the key that allows it."""
    proxy = program(
        {
            "service": {"listen": "127.0.0.1:0", "backend": backend},
            "certificate": pki.server_certificate.as_section(),
        }
    )
    proxy.spawn()
    assert proxy.wait_exit() == 1
    text = proxy.stderr_text()
    assert backend in text and "unsafe_backend" in text


def test_unsafe_backend_allows_it(start):
    """unsafe_backend = yes is the operator's word for it."""
    start("192.0.2.1:80", service={"unsafe_backend": True}).stop()


@pytest.mark.parametrize("backend", ["127.0.0.1:1", "127.9.9.9:1", "[::1]:1"])
def test_loopback_backends_need_no_word(start, backend):
    """All of 127.0.0.0/8 and ::1 are this machine."""
    start(backend).stop()
