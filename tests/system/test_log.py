# SPDX-License-Identifier: GPL-3.0-or-later
"""The log: one event, one line, the same keys in text and JSON, nothing that
a stranger could forge."""

import os
import re
import signal
import subprocess
import time

import pytest

from lib import backends, net, settings
from lib.hello import client_hello
from lib.log import Log
from lib.sidelock import one_service
from lib.tls import TlsClient, served_serial
from lib.wait import until

each_format = pytest.mark.parametrize("form", ["text", "json"])

CONNECTION_KEYS = {
    "ts", "level", "event", "conn", "service", "tls", "peer", "sni",
    "version", "cipher", "group", "resumed", "backend", "bytes_to_backend",
    "bytes_to_client", "duration_ms", "reason", "gen",
}  # fmt: skip


@each_format
def test_the_start_is_told_in_order(start, serve, pki, form):
    """starting, listening, status, ready: each with what it is about."""
    proxy = start(
        serve(backends.echo), log={"format": form}, process={"workers": 3}
    )
    names = [event.name for event in proxy.log.events]
    for name in ("starting", "listening", "status", "ready"):
        assert name in names
    assert names[0] == "starting" and names[-1] == "ready"
    starting = proxy.log.find("starting")[0]
    assert starting["workers"] == 3
    assert starting["wolfssl"] and starting["libevent"]
    assert starting["config"] == str(proxy.config_path)
    status = proxy.log.find("status")[0]
    assert status["status"] == "Secure to localhost"
    assert status["serial"] == pki.server_certificate.serial
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", status["not_after"])
    assert proxy.log.find("ready")[0]["pid"] == proxy.pid


@each_format
def test_a_connection_has_one_line(start, serve, pki, form):
    """All keys of a connection that ended well, and right values."""
    proxy = start(serve(backends.echo), log={"format": form})
    with TlsClient.open(proxy.address(), pki.context()) as client:
        client.echo(b"x" * 1000)
        port = client.sock.getsockname()[1]
        client.finish()
    proxy.stop()
    (line,) = proxy.log.find("connection")
    assert set(line) == CONNECTION_KEYS
    assert line["peer"].endswith(f":{port}")
    assert (line["bytes_to_backend"], line["bytes_to_client"]) == (1000, 1000)
    assert line["level"] == "info"


def test_text_and_json_have_the_same_keys(start, serve, pki):
    """The same story in both forms: the same events with the same keys."""

    def story(form):
        proxy = start(
            serve(backends.echo),
            log={"format": form, "level": "debug"},
            process={"workers": 1},
        )
        served_serial(proxy.address(), pki.context())
        with net.connect(proxy.address()) as sock:
            sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
            proxy.connection_end(reason="not_tls")
        proxy.reload()
        proxy.config["service"]["wrong"] = "key"
        proxy.reload(outcome="failure")
        proxy.stop()
        return [sorted(event) for event in proxy.log.events]

    assert story("text") == story("json")


def test_hostile_server_names_stay_in_their_field(start, serve, pki):
    """Newlines, quotes and control characters in SNI are escaped: no line is
    forged, and the name can be read back."""
    proxy = start(serve(backends.greet))
    evil = 'a\n2026-01-01T00:00:00.000Z info event=ready pid=1 "\x1b[31m\\'
    subprocess.run(
        [
            settings.require("openssl"), "s_client", "-quiet",
            "-connect", f"127.0.0.1:{proxy.port}", "-servername", evil,
        ],
        input=b"QUIT\n", capture_output=True, timeout=settings.DEADLINE_S,
    )  # fmt: skip
    proxy.log.wait("connection")
    proxy.stop()
    assert_printable(proxy)
    assert len(proxy.log.find("ready")) == 1


def test_hostile_names_in_certificates_stay_in_their_field(
    start, serve, fresh_pki
):
    """The same for the subject of a client's certificate, accepted or not."""
    subject = '/CN=bob\nevent=forged "\\\\x/O=J\u00fcrgen'
    good = fresh_pki.client("good", subject=subject)
    bad = fresh_pki.client("bad", subject=subject, issuer="other-ca")
    proxy = start(
        serve(backends.echo),
        certificate=fresh_pki.server_certificate.as_section(),
        service={"required_level": "peer"},
        clients={"ca": fresh_pki.ca, "allow_all": True},
    )
    context = fresh_pki.context(certificate=good)
    with TlsClient.open(proxy.address(), context) as client:
        client.finish()
    assert "bob" in proxy.connection_end(reason="done")["identity"]
    with pytest.raises(Exception, match="(?i)alert|certificate"):
        context = fresh_pki.context(certificate=bad)
        with TlsClient.open(proxy.address(), context) as client:
            client.read_to_end()
    assert "bob" in proxy.connection_end(reason="client_refused")["detail"]
    proxy.stop()
    assert_printable(proxy)


def assert_printable(proxy):
    """Every line is well-formed (the harness parsed it), and holds nothing
    but printable ASCII."""
    assert proxy.log.events
    text = proxy.log.path.read_bytes()
    assert not re.search(rb"[^\n -~]", text)


@pytest.mark.slow
def test_repeated_failures_are_counted(start, serve):
    """30 failures of one kind from one host: a line in ten seconds, and
    repeated=N makes up for the rest."""
    count = 30
    proxy = start(serve(backends.echo), process={"workers": 1})
    begin = time.monotonic()
    for _ in range(count):
        request = b"GET / HTTP/1.0\r\n\r\n"
        net.send_to_end(proxy.address(), request, source="127.1.2.3")
    spent_s = time.monotonic() - begin

    def told():
        return proxy.log.find("connection", reason="not_tls")

    def own():
        """A line that only makes up for others is no connection's own."""
        return [line for line in told() if "conn" in line]

    until(
        lambda: len(own()) + sum(line.get("repeated", 0) for line in told())
        == count,
        "the log accounts for every failure",
    )
    assert len(own()) <= 1 + spent_s // 10
    assert len(told()) <= 2 * len(own())


def test_failures_from_different_hosts_are_all_told(start, serve):
    """One host's noise does not hide another's."""
    proxy = start(serve(backends.echo))
    for number in range(1, 11):
        source = f"127.3.3.{number}"
        net.send_to_end(proxy.address(), b"SSH-2.0-x\r\n", source)
    lines = proxy.log.wait_count(10, "connection", reason="not_tls")
    assert len({line["peer"].split(":")[0] for line in lines}) == 10


def test_successes_are_all_told(start, serve, pki):
    """log.connections = yes: one line each, however many."""
    proxy = start(serve(backends.echo))
    context = pki.context()
    for _ in range(25):
        with TlsClient.open(
            proxy.address(), context, source="127.1.2.3"
        ) as client:
            client.finish()
    proxy.stop()
    lines = proxy.log.find("connection", reason="done")
    assert len(lines) == 25
    assert len({line["conn"] for line in lines}) == 25


def test_levels_are_obeyed(program, pki):
    """log.level = warn leaves out info; failures of ours remain."""
    address = ("127.0.0.1", net.free_port())
    with backends.refusing() as dead:
        config = one_service(pki.server_certificate, dead)
        config["service"]["listen"] = net.address_text(address)
        config["log"] = {"level": "warn"}
        proxy = program(config)
        proxy.spawn()
        until(lambda: net.accepts(address), "it listens")
        with TlsClient.open(address, pki.context()) as client:
            client.read_to_end()
        proxy.connection_end(reason="backend_unreachable")
        levels = {event["level"] for event in proxy.log.events}
        assert levels <= {"warn", "error"}
        proxy.signal(signal.SIGTERM)
        assert proxy.wait_exit() == 0


def test_a_rotated_log_is_continued_in_a_new_file(start, serve, pki):
    """Rename, SIGUSR1: the new file begins with log_reopened, the old one
    gets nothing more, and no line is lost."""
    proxy = start(serve(backends.echo), log={"output": "log"})
    context = pki.context()
    served_serial(proxy.address(), context)
    proxy.connection_end(reason="done")
    old_path = proxy.log.path.with_name("log.1")
    os.rename(proxy.log.path, old_path)
    served_serial(proxy.address(), context)
    old = Log(old_path)
    old.wait_count(2, "connection", reason="done")
    proxy.signal(signal.SIGUSR1)
    new = Log(proxy.log.path)
    new.wait("log_reopened")
    served_serial(proxy.address(), context)
    new.wait("connection", reason="done")
    proxy.log = new
    proxy.stop()
    assert len(old.find("connection")) == 2
    assert len(new.find("connection")) == 1


def test_errors_of_the_start_reach_stderr_in_spite_of_a_log_file(
    program, serve, pki
):
    """Who starts it by hand sees why it did not start."""
    proxy = program(
        {
            "service": {
                "listen": "127.0.0.1:0",
                "backend": serve(backends.echo).address,
            },
            "certificate": {"cert": "/nowhere.pem", "key": "/nowhere.key"},
            "log": {"output": "log"},
        }
    )
    proxy.spawn()
    assert proxy.wait_exit() == 1
    assert "sidelock: error: " in proxy.stderr_text()
    assert "/nowhere.pem" in proxy.stderr_text()


@each_format
def test_usr2_lists_the_open_connections(start, serve, pki, form):
    """One line per connection, with its state and what has moved so far."""
    proxy = start(
        serve(backends.echo), log={"format": form},
        timeouts={"handshake": "1h"},
    )  # fmt: skip
    context = pki.context()
    with (
        TlsClient.open(proxy.address(), context) as one,
        TlsClient.open(proxy.address(), context) as two,
        TlsClient(net.connect(proxy.address()), context) as in_handshake,
    ):
        one.echo(b"x" * 100)
        two.echo(b"x" * 200)
        in_handshake.handshake_step()
        in_handshake.flush()
        in_handshake.feed()  # answered: whichever worker has it knows it
        proxy.signal(signal.SIGUSR2)
        lines = proxy.log.wait_count(3, "dump")
        moved = sorted(line["bytes_to_client"] for line in lines)
        assert moved == [0, 100, 200]
        assert len({line["conn"] for line in lines}) == 3
        assert len({line["state"] for line in lines}) == 2
        one.finish()
        two.finish()


def test_sigpipe_is_ignored(start, serve, pki):
    """A signal that ends many a server by mistake."""
    proxy = start(serve(backends.echo))
    proxy.signal(signal.SIGPIPE)
    served_serial(proxy.address(), pki.context())


def test_a_pid_file_is_written_and_removed(start, serve):
    """process.pid_file holds the number while the process lives."""
    proxy = start(serve(backends.echo), process={"pid_file": "pid"})
    path = proxy.folder / "pid"
    assert int(path.read_text()) == proxy.pid
    proxy.stop()
    assert not path.exists()


@pytest.mark.threaded
def test_a_host_that_asks_for_many_names_hides_nobody(start, serve, pki):
    """What the client makes up is no cause of its own: lines are left for
    another host's first failure."""
    proxy = start(
        serve(backends.echo), tls={"unknown_sni": "refuse"},
        process={"workers": 1},
    )  # fmt: skip
    one, other = net.fresh_source(), net.fresh_source()
    for number in range(1010):
        ask_for(proxy, one, f"n{number}.example", pki)
    mark = proxy.log.mark()
    ask_for(proxy, other, "other.example", pki)

    def of_other():
        """Meanwhile the log may make up for lines of the one."""
        lines = proxy.log.find("connection", since=mark)
        return [one for one in lines if one["peer"].startswith(f"{other}:")]

    (line,) = until(of_other, "the other host's first failure")
    assert "other.example" in line["detail"]


def ask_for(proxy, source, name, pki):
    hello = client_hello(pki.context(), name)
    with net.connect(proxy.address(), source) as sock:
        sock.sendall(hello)
        assert sock.recv(100)


def test_each_service_has_a_first_failure(start, serve, pki):
    """The same mistake of the same host, at another service, is another."""
    backend = serve(backends.echo)
    other = {"listen": "127.0.0.1:0", "backend": backend.address}
    proxy = start(
        backend, process={"workers": 1}, **{"service other": other}
    )
    source = net.fresh_source()
    for service in ("default", "other"):
        request = b"GET / HTTP/1.1\r\n\r\n"
        net.send_to_end(proxy.address(service), request, source)
        proxy.connection_end(reason="not_tls", service=service)


def test_only_the_pid_file_that_was_written_is_removed(
    start, serve, tmp_path
):
    """A reload that names another file changes nothing until a restart, and
    that other file may be somebody else's."""
    mine, other = tmp_path / "mine", tmp_path / "other"
    other.write_text("1234\n")
    proxy = start(serve(backends.echo), process={"pid_file": mine})
    proxy.config["process"]["pid_file"] = other
    proxy.reload()
    proxy.stop()
    assert not mine.exists()
    assert other.read_text() == "1234\n"
