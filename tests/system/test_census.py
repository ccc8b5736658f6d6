# SPDX-License-Identifier: GPL-3.0-or-later
"""Who still comes without TLS, without a certificate, or with TLS 1.2: counted
by source address, and when nobody does any more, said so."""

import json
import socket

import pytest

from lib import backends, net, sidelock, tls
from lib.clock import Clock
from lib.sidelock import one_service
from lib.tls import TlsClient

SOURCES_SHOWN = 10
SOURCES_MAX = 1024


class Counted:
    """A program whose status is asked for."""

    def __init__(self, proxy, pki):
        self.proxy = proxy
        self.pki = pki

    def status(self, *options):
        done = sidelock.run("status", *options, "-c", self.proxy.config_path)
        assert done.returncode in (0, 2), done.stderr
        return done.stdout

    def service(self):
        (service,) = json.loads(self.status("--json"))["services"]
        return service

    def census(self):
        return self.service()["census"]

    def counts(self, kind="plaintext"):
        kind = self.census()[kind]
        return kind["connections"], kind["addresses"]

    def lines(self, word):
        """The status' lines for people that begin with a word."""
        return [
            line.removeprefix(f"  {word:<12}")
            for line in self.status().splitlines()
            if line.startswith(f"  {word:<12}")
        ]

    def plain(self, source=None):
        """A visit that is over and counted when this returns."""
        mark = self.proxy.log.mark()
        with net.connect(self.proxy.address(), source) as sock:
            peer = net.address_text(sock.getsockname())
            sock.sendall(b"plain")
            sock.shutdown(socket.SHUT_WR)
            assert sock.recv(100) == b"plain"
            assert sock.recv(100) == b""
        self.proxy.connection_end(since=mark, peer=peer)

    def secure(self, source=None, version=tls.TLS13, certificate=None):
        mark = self.proxy.log.mark()
        context = self.pki.context(version, certificate)
        address = self.proxy.address()
        with TlsClient.open(address, context, source=source) as client:
            peer = net.address_text(client.sock.getsockname())
            assert client.echo(b"secure") == b"secure"
            client.finish()
        self.proxy.connection_end(since=mark, peer=peer)


@pytest.fixture
def config(pki, tmp_path, serve):
    config = one_service(pki.server_certificate, serve(backends.echo))
    config["service"]["required_level"] = "none"
    config["admin"] = {"listen": f"unix:{tmp_path}/admin.sock"}
    # Who is slow to say its first byte would be counted for its silence.
    config["timeouts"] = {"first_byte": "1h"}
    return config


@pytest.fixture
def counted(program, config, pki):
    return Counted(program(config).start(), pki)


# --- counting -------------------------------------------------------------------


def test_plaintext_is_counted_by_source(counted):
    """Connections and addresses, first and last, without the port."""
    one, other = net.fresh_source(), net.fresh_source()
    for source in (one, one, other):
        counted.plain(source)
    counted.secure()
    census = counted.census()
    assert counted.counts() == (3, 2)
    assert census["plaintext"]["last_from"] == other
    assert [s["address"] for s in census["sources"]] == [other, one]
    seen = census["sources"][1]["plaintext"]
    assert seen["connections"] == 2
    assert census["since"] <= seen["first"] <= seen["last"]
    assert counted.service()["required_level"] == "none"


def test_tls_1_2_is_counted(counted):
    """As what would be refused by min_version = 1.3."""
    source = net.fresh_source()
    counted.secure(source, tls.TLS12)
    counted.secure(net.fresh_source(), tls.TLS13)
    assert counted.counts("tls_1_2") == (1, 1)
    (seen,) = counted.census()["sources"]
    assert (seen["address"], seen["plaintext"]["connections"]) == (source, 0)
    assert counted.lines("source")[0].startswith(f"{source}: 1 TLS 1.2; the last")


def test_silent_clients_are_counted(program, config, pki, serve):
    """Those that wait for the server to speak first are plaintext."""
    config["service"]["backend"] = serve(backends.greet).address
    config["timeouts"] = {"first_byte": "20ms"}
    counted = Counted(program(config).start(), pki)
    with net.connect(counted.proxy.address()) as sock:
        assert sock.recv(100) == backends.GREETING
        assert counted.counts() == (1, 1)
        sock.sendall(b"QUIT\r\n")


def test_probes_and_broken_hellos_are_not_counted(counted):
    """Nobody is served plaintext by them."""
    net.connect(counted.proxy.address()).close()
    with net.connect(counted.proxy.address()) as sock:
        sock.sendall(b"\x16\x03\x01\x00\x02\x02\x00")
        sock.recv(100)
    counted.proxy.connection_end(reason="hello_malformed")
    assert counted.counts() == (0, 0)
    assert counted.census()["sources"] == []


def test_services_that_leave_no_choice_have_none(program, config, pki):
    """At level tls nobody is counted."""
    config["service"]["required_level"] = "tls"
    counted = Counted(program(config).start(), pki)
    counted.secure()
    assert counted.census() is None
    assert counted.lines("migration") == []


def test_a_reload_keeps_the_count(counted):
    """By the service's name; also when plaintext was refused meanwhile."""
    counted.plain()
    config = counted.proxy.config
    for level in ("none", "tls", "none"):
        config["service"]["required_level"] = level
        counted.proxy.reload()
    counted.plain()
    assert counted.counts() == (2, 2)


def test_another_name_is_another_service(counted, serve):
    """Each is counted by itself, and a new one begins at nothing."""
    counted.plain()
    config = counted.proxy.config
    config["service new"] = config.pop("service")
    mark = counted.proxy.log.mark()
    counted.proxy.reload()
    assert counted.counts() == (0, 0)
    config["service"] = config.pop("service new")
    counted.proxy.reload()
    assert counted.counts() == (0, 0)
    assert not counted.proxy.log.find("census", since=mark)


@pytest.mark.threaded
def test_many_sources_are_bounded(counted):
    """The one that was seen longest ago is forgotten, the totals are not."""
    more = 20
    sources = [
        f"127.66.{number // 200}.{1 + number % 200}"
        for number in range(SOURCES_MAX + more)
    ]
    for source in sources[: more + 1]:
        counted.plain(source)
    for source in sources[more + 1 : -1]:
        with net.connect(counted.proxy.address(), source) as sock:
            sock.sendall(b"x")
            assert sock.recv(1) == b"x"
    counted.proxy.log.wait_count(len(sources) - 1, "connection")
    counted.plain(sources[-1])
    census = counted.census()
    assert len(census["sources"]) == SOURCES_MAX
    assert census["has_forgotten_sources"]
    assert census["sources"][0]["address"] == sources[-1]
    assert census["sources"][-1]["address"] == sources[more]
    assert counted.counts() == (SOURCES_MAX + more,) * 2


# --- words ----------------------------------------------------------------------


def test_status_shows_the_last_sources(counted):
    """Ten of them, the one seen last first; the level in words with its code."""
    sources = [net.fresh_source() for _ in range(SOURCES_SHOWN + 2)]
    for source in sources:
        counted.plain(source)
    shown = [line.split(":")[0] for line in counted.lines("source")]
    assert shown == sources[: -SOURCES_SHOWN - 1 : -1]
    assert counted.lines("and") == ["2 more sources; --json lists them"]
    text = counted.status()
    assert "serves PLAINTEXT to whoever does not speak TLS" in text
    assert "[SL-LEVEL-NONE]" in text


def test_words_before_and_after_the_first(counted):
    """A start is no proof; the last one is named."""
    before, tls_1_2 = counted.lines("migration")
    assert before.startswith("no plaintext for ")
    assert before.endswith("since counting began: too early to tell")
    assert tls_1_2.startswith("no TLS 1.2 for ")
    source = net.fresh_source()
    counted.plain(source)
    after = counted.lines("migration")[0]
    assert after.startswith("last plaintext ")
    assert after.endswith(
        f" ago from {source} (1 connection from 1 address in all)"
    )


def later(program, config, pki, tmp_path):
    """A program on a clock that a test may set, timers and all."""
    clock = Clock(tmp_path)
    environ = clock.environ(shifts_timers=True)
    counted = Counted(program(config, environ=environ).start(), pki)
    return clock, counted


@pytest.mark.shifted_clock
def test_days_without_plaintext_are_safe(program, config, pki, tmp_path):
    """The line that the migration waits for: in the status, as a fact for
    programs, and in the log once a day."""
    clock, counted = later(program, config, pki, tmp_path)
    source = net.fresh_source()
    counted.plain(source)
    assert not counted.census()["plaintext"]["safe"]
    mark = counted.proxy.log.mark()
    clock.set(3.1)
    words = (
        f"no plaintext for 3 days, the last from {source} (1 connection from 1 "
        "address in all): safe to require TLS (required_level = tls)"
    )
    assert counted.lines("migration")[0] == words
    assert counted.census()["plaintext"]["safe"]
    event = counted.proxy.log.wait("census", since=mark, kind="plaintext")
    assert (event["text"], event["safe"]) == (words, "yes")
    assert (event["service"], event["connections"]) == ("default", 1)
    counted.plain(source)
    assert counted.lines("migration")[0].startswith("last plaintext ")
    mark = counted.proxy.log.mark()
    clock.set(3.1 + 0.9)
    assert not counted.census()["plaintext"]["safe"]
    assert "21 hours ago" in counted.lines("migration")[0]


@pytest.mark.shifted_clock
def test_days_since_the_start_are_safe(program, config, pki, tmp_path):
    """Nobody has ever come: said as such."""
    clock, counted = later(program, config, pki, tmp_path)
    clock.set(2.5)
    assert counted.lines("migration")[0] == (
        "no plaintext for 2 days, since counting began: safe to require TLS "
        "(required_level = tls)"
    )


@pytest.mark.shifted_clock
def test_a_clock_that_is_set_proves_nothing(program, config, pki, tmp_path):
    """A machine that starts in 1970 and then learns the date has not been
    without plaintext for decades."""
    clock = Clock(tmp_path)
    counted = Counted(program(config, environ=clock.environ()).start(), pki)
    clock.set(20000)
    words = counted.lines("migration")[0]
    assert words.endswith("since counting began: too early to tell"), words


@pytest.mark.shifted_clock
def test_days_in_which_nobody_is_counted_prove_nothing(
    program, config, pki, tmp_path
):
    """While TLS was required, plaintext was refused and not counted."""
    clock, counted = later(program, config, pki, tmp_path)
    counted.plain()
    clock.set(0.5)
    config["service"]["required_level"] = "tls"
    counted.proxy.reload()
    clock.set(5.5)
    config["service"]["required_level"] = "none"
    counted.proxy.reload()
    assert not counted.census()["plaintext"]["safe"]
    words = counted.lines("migration")[0]
    assert words.endswith("since counting began: too early to tell"), words
    assert counted.counts() == (1, 1)
    clock.set(6.6)
    assert counted.census()["plaintext"]["safe"]


@pytest.mark.shifted_clock
def test_an_open_connection_is_not_quiet(program, config, pki, tmp_path):
    """Who has come days ago and still speaks plaintext would be in the way."""
    config["timeouts"]["idle"] = "0"
    clock, counted = later(program, config, pki, tmp_path)
    with net.connect(counted.proxy.address()) as sock:
        sock.sendall(b"x")
        assert sock.recv(1) == b"x"
        clock.set(3.1)
        sock.sendall(b"y")
        assert sock.recv(1) == b"y"
        plaintext = counted.census()["plaintext"]
        assert (plaintext["open"], plaintext["safe"]) == (1, False)
        assert counted.lines("migration")[0].endswith(", 1 still open)")
    counted.proxy.connection_end()
    assert not counted.census()["plaintext"]["safe"]
    clock.set(4.2)
    assert counted.census()["plaintext"]["safe"]


# --- certificates ---------------------------------------------------------------


@pytest.fixture
def optional(config, pki):
    config["service"]["required_level"] = "tls"
    config["service"]["client_certificate"] = "optional"
    config["clients"] = {"ca": pki.ca, "allow_all": True}
    return config


@pytest.mark.parametrize("version", tls.VERSIONS, ids=tls.VERSION_NAMES.get)
def test_clients_without_a_certificate_are_counted(
    program, optional, pki, version
):
    """At client_certificate = optional; those that show one are not."""
    counted = Counted(program(optional).start(), pki)
    without = net.fresh_source()
    counted.secure(without, version)
    counted.secure(None, version, pki.client_certificate)
    assert counted.counts("no_certificate") == (1, 1)
    assert "plaintext" not in counted.census()
    assert counted.census()["no_certificate"]["last_from"] == without
    words = counted.lines("migration")[0]
    assert words.startswith("last client without a certificate ")
    shown = [line for line in counted.lines("source") if without in line]
    assert ["1 without a certificate" in line for line in shown] == [True]


@pytest.mark.shifted_clock
def test_certificates_can_be_required(program, optional, pki, tmp_path):
    """The same line, for the next level."""
    clock, counted = later(program, optional, pki, tmp_path)
    counted.secure(certificate=pki.client_certificate)
    clock.set(7.5)
    assert counted.lines("migration")[0] == (
        "no client without a certificate for 7 days, since counting began: "
        "safe to require them (required_level = peer)"
    )


@pytest.mark.shifted_clock
def test_certificates_are_counted_from_the_day_they_are_asked_for(
    program, config, pki, tmp_path
):
    """Not from that on which the service began to count plaintext."""
    clock, counted = later(program, config, pki, tmp_path)
    clock.set(12)
    config["service"]["client_certificate"] = "optional"
    config["clients"] = {"ca": pki.ca, "allow_all": True}
    counted.proxy.reload()
    census = counted.census()
    assert census["plaintext"]["safe"]
    assert census["no_certificate"]["since"] > census["plaintext"]["since"]
    assert not census["no_certificate"]["safe"]
    words = counted.lines("migration")[1]
    assert words.endswith("since counting began: too early to tell"), words


def test_clients_of_a_missing_certificate_show_none(
    program, optional, pki, tmp_path
):
    """on_missing = plaintext: who is served so could not be required to."""
    certificate = tmp_path / "late.pem"
    optional["certificate"].update(cert=certificate, on_missing="plaintext")
    counted = Counted(program(optional).start(), pki)
    counted.plain()
    assert counted.counts("no_certificate") == (1, 1)
