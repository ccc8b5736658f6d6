# SPDX-License-Identifier: GPL-3.0-or-later
"""SIGHUP: new connections get the new settings, live ones notice nothing."""

import os
import shutil
import signal
import time

import pytest

from lib import backends, net, threads, tls
from lib.settings import MIB, SCALE
from lib.streams import Stream, Tally
from lib.tls import End, TlsClient, served_serial
from lib.wait import until

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


def use(proxy, certificate):
    """Names another certificate in the configuration."""
    proxy.config["certificate"] = certificate.as_section()


@each_version
def test_new_connections_are_shown_the_new_certificate(
    start, serve, pki, version
):
    """From the moment that the log says success, every new connection."""
    proxy = start(serve(backends.echo), process={"workers": 4})
    context = pki.context(version)
    for certificate in (pki.renewed, pki.server_certificate) * 5:
        use(proxy, certificate)
        proxy.reload()
        for _ in range(10):
            serial = served_serial(proxy.address(), context)
            assert serial == certificate.serial


def test_the_outcome_is_told_when_it_is_true(start, serve, pki):
    """A worker that is late has still the old settings: nobody is told of
    success before it has the new ones."""
    proxy = start(serve(backends.echo), process={"workers": 2})
    use(proxy, pki.renewed)
    proxy.write_config()
    mark = proxy.log.mark()
    with threads.held(threads.workers(proxy)[-1]):
        proxy.signal(signal.SIGHUP)
        begin = time.monotonic()
        until(lambda: time.monotonic() - begin > 2.5, "a while")
        assert not proxy.log.find("reload", since=mark)
    assert proxy.log.wait("reload", since=mark)["outcome"] == "success"
    assert served_serial(proxy.address(), pki.context()) == pki.renewed.serial


@each_version
def test_a_download_goes_on_through_a_reload(start, serve, pki, version):
    """A download that began before completes after, to the right checksum,
    while new connections are shown the new certificate."""
    stream = Stream(64 * MIB // SCALE, seed=70)
    proxy = start(serve(backends.source(stream)))
    context = pki.context(version)
    with TlsClient.open(proxy.address(), context) as client:
        client.send(b"go")
        tally = Tally()
        while tally.count < stream.size // 4:
            tally.add(client.recv())
        use(proxy, pki.renewed)
        proxy.reload()
        assert served_serial(proxy.address(), context) == pki.renewed.serial
        while data := client.recv():
            tally.add(data)
        assert client.end is End.CLOSE_NOTIFY
        client.finish()
    assert tally.digest() == stream.digest()
    assert client.serial == pki.server_certificate.serial


@each_version
def test_a_client_in_its_handshake_finishes_it(start, serve, pki, version):
    """A reload between ClientHello and Finished does not disturb it."""
    proxy = start(serve(backends.echo), timeouts={"handshake": "1h"})
    with TlsClient(net.connect(proxy.address()), pki.context(version)) as client:
        client.handshake_step()
        client.flush()
        client.feed()
        use(proxy, pki.renewed)
        proxy.reload()
        client.handshake()
        assert client.echo(b"finished") == b"finished"
        client.finish()


def test_files_replaced_in_place_are_read_again(start, serve, fresh_pki):
    """The configuration stays, the files get new contents: renewed, as
    certbot and others do."""
    shown = fresh_pki.folder / "shown.pem"
    key = fresh_pki.folder / "shown.key"
    shutil.copy(fresh_pki.server_certificate.cert, shown)
    shutil.copy(fresh_pki.server_certificate.key, key)
    proxy = start(serve(backends.echo), certificate={"cert": shown, "key": key})
    shutil.copy(fresh_pki.renewed.cert, shown)
    shutil.copy(fresh_pki.renewed.key, key)
    proxy.reload()
    serial = served_serial(proxy.address(), fresh_pki.context())
    assert serial == fresh_pki.renewed.serial


def test_a_reload_counts_its_generation(start, serve, pki):
    """event=reload carries the generation, and each connection the one that
    it belongs to."""
    proxy = start(serve(backends.echo))
    assert proxy.log.find("ready")[0]["generation"] == 1
    context = pki.context()
    for generation in (2, 3, 4):
        assert proxy.reload()["generation"] == generation
        served_serial(proxy.address(), context)
        assert proxy.connection_end(gen=generation)


def test_the_status_of_the_new_certificate_is_logged(start, serve, pki):
    """event=status names what is served now: words, serial, fingerprint."""
    proxy = start(serve(backends.echo))
    use(proxy, pki.renewed)
    mark = proxy.log.mark()
    proxy.reload()
    status = proxy.log.wait("status", since=mark)
    assert status["status"].startswith("Secure to ")
    assert status["serial"] == pki.renewed.serial
    assert len(status["fingerprint"].replace(":", "")) == 64


def test_the_process_and_its_descriptors_stay(start, serve, pki):
    """A reload neither forks nor leaves descriptors behind."""
    proxy = start(serve(backends.echo))
    proxy.reload()
    children = f"/proc/{proxy.pid}/task/{proxy.pid}/children"
    before = sorted(os.listdir(f"/proc/{proxy.pid}/task"))
    descriptors = proxy.descriptor_count()
    for _ in range(20):
        proxy.reload()
    assert proxy.descriptor_count() == descriptors
    assert sorted(os.listdir(f"/proc/{proxy.pid}/task")) == before
    with open(children, encoding="ascii") as file:
        assert file.read() == ""


def test_a_listen_address_is_added(start, serve, pki):
    """The new address is served; the old one still is."""
    proxy = start(serve(backends.echo))
    old = net.address_text(proxy.address())
    new = f"127.0.0.1:{net.free_port()}"
    proxy.config["service"]["listen"] = ["127.0.0.1:0", new]
    mark = proxy.log.mark()
    proxy.reload()
    listening = proxy.log.find("listening", since=mark)
    assert [event["address"] for event in listening] == [new]
    for address in (old, new):
        serial = served_serial(net.parse_address(address), pki.context())
        assert serial == pki.server_certificate.serial


def test_a_listen_address_is_removed(start, serve, pki):
    """Nobody listens there any more; who came in through it stays."""
    going = f"127.0.0.1:{net.free_port()}"
    proxy = start(
        serve(backends.echo), service={"listen": ["127.0.0.1:0", going]}
    )
    context = pki.context()
    with TlsClient.open(net.parse_address(going), context) as client:
        proxy.config["service"]["listen"] = "127.0.0.1:0"
        proxy.reload()
        until(
            lambda: not net.accepts(net.parse_address(going)), "it is closed"
        )
        assert client.echo(b"still here") == b"still here"
        client.finish()
    served_serial(proxy.address(), context)


def test_a_service_is_added_and_removed(program, serve, pki):
    """Whole services come and go; the others are untouched."""
    backend = serve(backends.echo).address
    address = f"127.0.0.1:{net.free_port()}"
    one = {"listen": "127.0.0.1:0", "backend": backend, "certificate": "c"}
    two = {"listen": address, "backend": backend, "certificate": "c"}
    proxy = program(
        {
            "service one": one,
            "certificate c": pki.server_certificate.as_section(),
        }
    ).start()
    context = pki.context()
    with TlsClient.open(proxy.address("one"), context) as steady:
        proxy.config["service two"] = two
        proxy.reload()
        with TlsClient.open(net.parse_address(address), context) as guest:
            assert guest.echo(b"guest") == b"guest"
            del proxy.config["service two"]
            proxy.reload()
            assert guest.echo(b"stays") == b"stays"
            guest.finish()
        until(
            lambda: not net.accepts(net.parse_address(address)),
            "the removed service is gone",
        )
        assert steady.echo(b"untouched") == b"untouched"
        steady.finish()
    assert proxy.connection_end(service="two", reason="done")


def test_an_address_moves_to_another_service(program, serve, pki):
    """An address that changes its service is served by the new one, and is
    never closed in between."""
    address = f"127.0.0.1:{net.free_port()}"
    config = {
        "service one": {
            "listen": ["127.0.0.1:0", address],
            "backend": serve(backends.answer_first(b"one")).address,
            "certificate": "c",
        },
        "service two": {
            "listen": "127.0.0.2:0",
            "backend": serve(backends.answer_first(b"two")).address,
            "certificate": "c",
        },
        "certificate c": pki.server_certificate.as_section(),
    }
    proxy = program(config).start()

    def ask():
        with TlsClient.open(net.parse_address(address), pki.context()) as client:
            answer = client.read_to_end()
            client.finish()
        return answer

    assert ask() == b"one"
    config["service one"]["listen"] = "127.0.0.1:0"
    config["service two"]["listen"] = ["127.0.0.2:0", address]
    proxy.reload()
    assert ask() == b"two"


def test_the_backend_changes(start, serve, pki):
    """New connections go to the new backend, old ones stay with theirs."""
    old = serve(backends.echo)
    new = serve(backends.answer_first(b"new"))
    proxy = start(old)
    context = pki.context()
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"old") == b"old"
        proxy.config["service"]["backend"] = new.address
        proxy.reload()
        with TlsClient.open(proxy.address(), context) as other:
            assert other.read_to_end() == b"new"
            other.finish()
        assert client.echo(b"still old") == b"still old"
        client.finish()


def test_trust_changes(start, serve, pki):
    """A reload that trusts another CA refuses who was welcome before, and
    lets live connections go on."""
    proxy = start(
        serve(backends.echo),
        service={"required_level": "peer"},
        clients={"ca": pki.ca, "allow_all": True},
    )
    context = pki.context(certificate=pki.client_certificate)
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"in") == b"in"
        proxy.config["clients"]["ca"] = pki.other_ca
        proxy.reload()
        with pytest.raises(tls.ssl.SSLError):
            with TlsClient.open(proxy.address(), context) as other:
                other.read_to_end()
        assert proxy.connection_end(reason="client_refused")
        assert client.echo(b"still in") == b"still in"
        client.finish()


def test_what_needs_a_restart_is_said(start, serve):
    """A changed process.workers is named in the log; the rest is applied."""
    proxy = start(serve(backends.echo), process={"workers": 1})
    proxy.config["process"]["workers"] = 2
    mark = proxy.log.mark()
    proxy.reload()
    texts = [event["text"] for event in proxy.log.find("finding", since=mark)]
    assert any("process.workers" in text for text in texts), texts
    assert any("restart" in text for text in texts), texts


def test_log_settings_change(start, serve, pki):
    """log.connections and log.level take effect with the reload."""
    proxy = start(serve(backends.echo))
    context = pki.context()
    served_serial(proxy.address(), context)
    proxy.connection_end(reason="done")
    proxy.config["log"] = {"connections": False}
    proxy.reload()
    mark = proxy.log.mark()
    served_serial(proxy.address(), context)
    proxy.stop()
    assert not proxy.log.find("connection", since=mark)
