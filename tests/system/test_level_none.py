# SPDX-License-Identifier: GPL-3.0-or-later
"""required_level = none: TLS and plaintext on one port, told apart by the first
byte; each passed on whole, each counted, and loudly warned about."""

import json
import socket
import subprocess
import threading

import pytest

from lib import backends, clients, net, servers, settings, sidelock, tls
from lib.clock import Clock
from lib.settings import MIB, scaled
from lib.sidelock import one_service
from lib.streams import Stream, digest
from lib.tls import TlsClient

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "server"
    path.mkdir()
    return path


@pytest.fixture
def start_none(start):
    """start_none(backend, section={...}): as start, at level none. Silence is
    no choice unless a test says so: who is slow to say its first byte would be
    taken for plaintext."""

    def run(backend, first_byte="1h", service=None, timeouts=None, **sections):
        sections["timeouts"] = {"first_byte": first_byte, **(timeouts or {})}
        level = {"required_level": "none", **(service or {})}
        return start(backend, service=level, **sections)

    return run


def plain(proxy, data, source=None):
    """Sends without TLS, in one piece; returns all that comes back."""
    with net.connect(proxy.address(), source) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return read_to_end(sock)


def refused(proxy, data):
    """True when nothing comes back."""
    try:
        return plain(proxy, data) == b""
    except ConnectionResetError:
        return True


def read_to_end(sock):
    answer = b""
    while part := sock.recv(65536):
        answer += part
    return answer


def codes(result):
    return [f["code"] for f in result["findings"] if f["severity"] != "note"]


# --- both on one port ----------------------------------------------------------


@each_version
@pytest.mark.parametrize(
    "client", clients.ALL, ids=lambda client: client.__name__
)
def test_tls_is_served_as_ever(start_none, serve, pki, client, version):
    """A client that speaks TLS gets TLS, and the log says so."""
    backend = serve(backends.greet)
    proxy = start_none(backend)
    answer = client(proxy.port, pki.ca, version, b"HELO there\r\nQUIT\r\n")
    assert answer == backends.GREETING + b"250 HELO there\r\n221 bye\r\n"
    end = proxy.connection_end(reason="done")
    assert end["tls"] == f"[{tls.VERSION_NAMES[version]}]"


def test_both_at_the_same_time(start_none, serve, pki):
    """Connections of both kinds live beside each other on one port."""
    proxy = start_none(serve(backends.echo))
    with (
        TlsClient.open(proxy.address(), pki.context()) as secure,
        net.connect(proxy.address()) as open_,
    ):
        for number in range(20):
            text = f"line {number}\n".encode()
            open_.sendall(text)
            assert secure.echo(text) == text
            assert open_.recv(100) == text
        secure.finish()
        open_.shutdown(socket.SHUT_WR)
        assert read_to_end(open_) == b""
    kinds = {
        proxy.log.wait("connection", tls=kind)["reason"]
        for kind in ("[PLAIN]", "[TLSv1.3]")
    }
    assert kinds == {"done"}


def test_http_by_curl_is_the_same_over_both(start_none, pki, folder):
    """The same bytes by http:// and by https://."""
    stream = Stream(scaled(8 * MIB), seed=4)
    with servers.nginx(folder) as server:
        (server.files / "file").write_bytes(stream.bytes())
        proxy = start_none(server.address)
        place = f"localhost:{proxy.port}/file"
        secure = clients.curl(f"https://{place}", pki.ca, tls.TLS13)
        done = subprocess.run(
            [
                settings.require("curl"), "--silent", "--show-error", "--fail",
                "--noproxy", "*", f"http://{place}",
            ],
            capture_output=True, timeout=settings.DEADLINE_S,
        )  # fmt: skip
        proxy.stop()
    assert done.returncode == 0, done.stderr
    assert digest(secure) == digest(done.stdout) == stream.digest()


@pytest.mark.parametrize("is_tls", [False, True], ids=["plain", "tls"])
def test_redis_cli_talks_both_ways(start_none, pki, folder, is_tls):
    """With --tls and without, to the same port."""
    options = ["--tls", "--cacert", str(pki.ca)] if is_tls else []
    with servers.redis(folder) as server:
        proxy = start_none(server.address)
        done = subprocess.run(
            [
                settings.require("redis-cli"), *options, "-h", "localhost",
                "-p", str(proxy.port), "PING",
            ],
            capture_output=True, text=True, timeout=settings.DEADLINE_S,
        )  # fmt: skip
        proxy.stop()
    assert (done.returncode, done.stdout) == (0, "PONG\n"), done.stderr


# --- what the first byte decides ------------------------------------------------


@pytest.mark.parametrize("first", [0x00, 0x15, 0x17, 0x47, 0x80, 0xFF])
def test_anything_else_is_passed_on_whole(start_none, serve, first):
    """From the first byte to the last, both ways."""
    backend = serve(backends.echo)
    proxy = start_none(backend)
    data = bytes([first]) + Stream(scaled(2 * MIB), seed=first).bytes()
    with net.connect(proxy.address()) as sock:
        sock.sendall(data[:1])
        record = backend.next_record()
        record.wait_received(1)
        assert record.first_bytes == data[:1]
    record.wait_end()
    with net.connect(proxy.address()) as sock:
        assert exchange(sock, data) == data
    end = proxy.log.wait("connection", tls="[PLAIN]", bytes_to_client=len(data))
    assert (end["reason"], end["bytes_to_backend"]) == ("done", len(data))


def exchange(sock, data):
    """Sends and reads at the same time, to the end."""

    def send():
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send)
    sender.start()
    answer = read_to_end(sock)
    sender.join(settings.DEADLINE_S)
    return answer


def test_the_first_byte_alone_decides(start_none, serve):
    """Nobody waits for a second one."""
    backend = serve(backends.echo)
    proxy = start_none(backend)
    with net.connect(proxy.address()) as sock:
        sock.sendall(b"G")
        assert sock.recv(10) == b"G"
        sock.sendall(b"ET")
        assert sock.recv(10)
        sock.shutdown(socket.SHUT_WR)
        read_to_end(sock)


@each_version
def test_a_hello_in_single_bytes_is_tls(start_none, serve, pki, version):
    """One TCP segment per byte: the first one is enough to know."""
    proxy = start_none(serve(backends.echo), timeouts={"handshake": "1h"})
    with TlsClient(net.connect(proxy.address()), pki.context(version)) as client:
        client.handshake_step()
        for byte in client.pending_output():
            client.sock.sendall(bytes([byte]))
            net.wait_acknowledged(client.sock)
        client.handshake()
        assert client.echo(b"understood") == b"understood"
        client.finish()
    assert proxy.connection_end()["tls"] == f"[{tls.VERSION_NAMES[version]}]"


def test_a_hello_that_stops_after_one_byte_is_no_plaintext(start_none, serve):
    """0x16 is the promise of TLS: the backend never sees it, and the
    handshake's deadline ends it. The process is stopped until the byte is
    there, for its patience with silence is short."""
    backend = serve(backends.echo)
    proxy = start_none(
        backend, timeouts={"first_byte": "10ms", "handshake": "300ms"}
    )
    with proxy.held():
        sock = net.connect(proxy.address())
        sock.sendall(b"\x16")
    with sock:
        assert read_to_end(sock) == b""
    assert proxy.connection_end()["reason"] == "handshake_timeout"
    assert backend.accepted_count == 0


@pytest.mark.shifted_clock
def test_a_first_byte_that_came_in_time_decides(
    program, pki, serve, tmp_path
):
    """Also for a process that was stopped meanwhile, and learns at the same
    moment of the byte and of the end of its patience."""
    config = one_service(pki.server_certificate, serve(backends.echo))
    config["service"]["required_level"] = "none"
    config["timeouts"] = {"first_byte": "30m", "handshake": "1h"}
    clock = Clock(tmp_path)
    environ = clock.environ(shifts_timers=True)
    proxy = program(config, environ=environ).start()
    with TlsClient(net.connect(proxy.address()), pki.context()) as client:
        proxy.wait_state("hello")
        with proxy.held():
            client.handshake_step()
            client.flush()
            clock.set(45 / (24 * 60))
        client.handshake()
        assert client.echo(b"understood") == b"understood"
        client.finish()


@pytest.mark.parametrize("leave", [socket.socket.close, net.reset])
def test_a_client_that_leaves_with_its_first_bytes_is_let_go(
    start_none, serve, leave
):
    """Both reach the program at the same moment; it does not wait for the
    rest of the hello."""
    proxy = start_none(serve(backends.echo))
    sock = net.connect(proxy.address())
    proxy.wait_state("hello")
    with proxy.held():
        sock.sendall(b"\x16\x03\x01")
        leave(sock)
    assert proxy.connection_end()["reason"] == "handshake_aborted"


def test_a_broken_hello_is_no_plaintext(start_none, serve):
    """Whoever begins like TLS is never passed on as something else."""
    backend = serve(backends.echo)
    proxy = start_none(backend)
    for data in (b"\x16\x09\x01\x00\x10", b"\x16\x03\x01\x00\x02\x02\x00"):
        mark = proxy.log.mark()
        assert refused(proxy, data)
        line = proxy.connection_end(since=mark)
        assert line["reason"] in ("not_tls", "hello_malformed")
    assert backend.accepted_count == 0


def test_a_probe_costs_no_backend(start_none, serve):
    """Who connects and leaves without a byte is no client."""
    backend = serve(backends.echo)
    proxy = start_none(backend, log={"level": "debug"})
    net.connect(proxy.address()).close()
    assert proxy.connection_end()["reason"] == "probe"
    net.reset(net.connect(proxy.address()))
    proxy.log.wait_count(2, "connection")
    assert backend.accepted_count == 0


# --- servers that speak first ---------------------------------------------------


def test_a_silent_client_gets_the_greeting(start_none, serve):
    """After first_byte the server is asked, in plaintext."""
    proxy = start_none(serve(backends.greet), first_byte="50ms")
    with net.connect(proxy.address()) as sock:
        assert sock.recv(100) == backends.GREETING
        sock.sendall(b"HELO there\r\nQUIT\r\n")
        assert read_to_end(sock) == b"250 HELO there\r\n221 bye\r\n"
    assert proxy.connection_end()["tls"] == "[PLAIN]"


def test_the_silence_is_no_longer_than_first_byte(start_none, serve):
    """The kernel does not hold back who says nothing (TCP_DEFER_ACCEPT would
    for a second, and longer): what is said in the log is about first_byte."""
    proxy = start_none(serve(backends.greet), first_byte="300ms")
    with net.connect(proxy.address()) as sock:
        assert sock.recv(100) == backends.GREETING
        sock.sendall(b"QUIT\r\n")
        read_to_end(sock)
    assert proxy.connection_end()["duration_ms"] >= 300


def test_zero_waits_for_the_first_byte(start_none, serve):
    """first_byte = 0: the client decides, or the handshake's deadline."""
    backend = serve(backends.greet)
    proxy = start_none(
        backend, timeouts={"first_byte": "0", "handshake": "300ms"}
    )
    with net.connect(proxy.address()) as sock:
        assert read_to_end(sock) == b""
    assert proxy.connection_end()["reason"] == "handshake_timeout"
    assert backend.accepted_count == 0


def test_a_reload_to_none_and_back(start, serve, pki):
    """The kernel's patience with silent clients changes with it, and TLS alone
    is served from the moment on that it is required again."""
    proxy = start(serve(backends.greet), timeouts={"first_byte": "50ms"})
    proxy.config["service"]["required_level"] = "none"
    proxy.reload()
    with net.connect(proxy.address()) as sock:
        assert sock.recv(100) == backends.GREETING
        proxy.config["service"]["required_level"] = "tls"
        proxy.reload()
        sock.sendall(b"QUIT\r\n")
        assert read_to_end(sock) == b"221 bye\r\n"
    mark = proxy.log.mark()
    assert refused(proxy, b"HELO there\r\n")
    proxy.connection_end(since=mark, reason="not_tls")
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.read_line() == backends.GREETING


# --- said loudly ----------------------------------------------------------------


def test_a_warning_at_start_and_at_each_reload(start_none, serve):
    """With a code of its own."""
    proxy = start_none(serve(backends.echo))
    event = proxy.log.wait("finding", code="SL-LEVEL-NONE")
    assert event["level"] == "warn" and "PLAINTEXT" in event["text"]
    mark = proxy.log.mark()
    proxy.reload()
    proxy.log.wait("finding", since=mark, code="SL-LEVEL-NONE")


@pytest.mark.parametrize(
    "name, is_open",
    [("none", True), ("None", True), ("TLSNoPeerAuth", False), ("tls", False)],
)
def test_other_names_of_the_levels(start, serve, pki, name, is_open):
    """As D2000 writes them."""
    backend = serve(backends.echo)
    proxy = start(
        backend,
        service={"required_level": name},
        timeouts={"first_byte": "1h"},
    )
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.echo(b"x") == b"x"
        client.finish()
    assert bool(proxy.log.find("finding", code="SL-LEVEL-NONE")) == is_open
    if is_open:
        assert plain(proxy, b"hello") == b"hello"
    else:
        assert refused(proxy, b"hello")


def test_check_says_it(pki, tmp_path, serve):
    """Exit code 2, the code, and the word in the service's row."""
    config = one_service(pki.server_certificate, serve(backends.echo))
    config["service"]["required_level"] = "none"
    path = tmp_path / "check.ini"
    path.write_text(sidelock.ini(config))
    done = sidelock.run("check", "--json", "-c", path)
    result = json.loads(done.stdout)
    assert (result["exit_code"], codes(result)) == (2, ["SL-LEVEL-NONE"])
    done = sidelock.run("check", "-c", path)
    assert "TLS, or PLAINTEXT if the client likes" in done.stdout
