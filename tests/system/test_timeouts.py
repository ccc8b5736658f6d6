# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of a connection has its time limit, and says so."""

import contextlib
import threading
import time

import pytest

from lib import backends, net, tls
from lib.clock import Clock
from lib.sidelock import one_service
from lib.tls import End, TlsClient
from lib.wait import rounds

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


def test_a_silent_client_ends_by_handshake_timeout(start, serve):
    """timeouts.handshake counts from accepting, before the first byte too."""
    proxy = start(serve(backends.echo), timeouts={"handshake": "300ms"})
    with net.connect(proxy.address()) as sock:
        assert sock.recv(1) == b""
    assert proxy.connection_end()["reason"] == "handshake_timeout"


@each_version
def test_an_unfinished_handshake_ends_by_handshake_timeout(
    start, serve, pki, version
):
    """A client that stops after its ClientHello is ended."""
    proxy = start(serve(backends.echo), timeouts={"handshake": "300ms"})
    with TlsClient(net.connect(proxy.address()), pki.context(version)) as client:
        client.handshake_step()
        client.flush()
        assert proxy.connection_end()["reason"] == "handshake_timeout"


@each_version
def test_an_idle_connection_is_ended(start, serve, pki, version):
    """No byte either way for timeouts.idle: idle_timeout, and both sides see
    an end that is no orderly one."""
    backend = serve(backends.hold)
    proxy = start(backend, timeouts={"idle": "500ms"})
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        with contextlib.suppress(ConnectionError):  # it may be over already
            client.send(b"hello")
        client.read_to_end()
        assert client.end in (End.RESET, End.FIN)
    assert proxy.connection_end()["reason"] == "idle_timeout"
    assert backend.next_record().wait_end() == "reset"


class Pulse:
    """The longest silence between two signs of life."""

    def __init__(self):
        self._last = time.monotonic()
        self._longest = 0

    def beat(self):
        self._longest = self.longest()
        self._last = time.monotonic()

    def longest(self):
        return max(self._longest, time.monotonic() - self._last)


def unless_stalled(limit_s, attempt):
    """Runs attempt(pulse); when it fails and this machine has stalled, that
    shows nothing: once more. What the program takes for one silence may have
    been a part of two or three between beats."""
    for _ in range(3):
        pulse = Pulse()
        try:
            return attempt(pulse)
        except (AssertionError, ConnectionError):
            if pulse.longest() < limit_s / 4:
                raise
    raise AssertionError("this machine stalls too often")


@pytest.mark.slow
def test_a_busy_connection_is_not_idle(start, serve, pki):
    """While an idle connection beside it is ended, one with traffic stays."""
    proxy = start(serve(backends.echo), timeouts={"idle": "2s"})

    def attempt(pulse):
        with (
            TlsClient.open(proxy.address(), pki.context()) as busy,
            TlsClient.open(proxy.address(), pki.context()) as idle,
        ):
            peer = net.address_text(idle.sock.getsockname())
            for _ in rounds("the idle connection ends"):
                assert busy.echo(b"busy") == b"busy"
                pulse.beat()
                if proxy.log.find("connection", peer=peer):
                    break
            assert idle.recv() == b""
            assert busy.echo(b"still there") == b"still there"
            busy.finish()

    unless_stalled(2, attempt)


def trickle(seconds):
    """Sends single bytes for so long, then a last word."""

    def handler(sock, record):
        record.read(sock)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            sock.sendall(b"x")
            net.wait_acknowledged(sock)
        sock.sendall(b"end")

    return handler


def take_trickle(client, pulse):
    """What has come through the program tells when it was at work; what the
    kernel took from the backend would not."""
    received = b""
    while data := client.recv():
        received += data
        pulse.beat()
    assert received.endswith(b"end")
    assert client.end is End.CLOSE_NOTIFY


@each_version
def test_traffic_in_one_direction_keeps_a_connection_alive(
    start, serve, pki, version
):
    """A download is no idle connection, though the client says nothing; it
    lasts longer than timeouts.idle."""

    def attempt(pulse):
        proxy = start(serve(trickle(2.5)), timeouts={"idle": "2s"})
        with TlsClient.open(proxy.address(), pki.context(version)) as client:
            client.send(b"go")
            take_trickle(client, pulse)
            client.finish()
        assert proxy.connection_end()["reason"] == "done"

    unless_stalled(2, attempt)


@pytest.mark.shifted_clock
def test_what_came_in_time_is_not_too_late(program, serve, pki, tmp_path):
    """For a process that was stopped, and learns at the same moment of bytes
    and of the end of timeouts.idle."""
    config = one_service(pki.server_certificate, serve(backends.echo))
    config["timeouts"] = {"idle": "30m"}
    clock = Clock(tmp_path)
    environ = clock.environ(shifts_timers=True)
    proxy = program(config, environ=environ).start()
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.echo(b"before") == b"before"
        with proxy.held():
            client.send(b"meanwhile")
            clock.set(45 / (24 * 60))
        assert client.read_exactly(9) == b"meanwhile"
        client.finish()


@each_version
def test_a_half_closed_connection_is_ended(start, serve, pki, version):
    """The client has ended, the backend neither answers nor ends: after
    timeouts.half_closed it is over."""
    never = threading.Event()
    backend = serve(backends.when(never, backends.hold))
    proxy = start(backend, timeouts={"half_closed": "500ms"})
    with TlsClient.open(proxy.address(), pki.context(version)) as client:
        client.close_notify()
        assert client.read_to_end() == b""
        assert client.end is not End.CLOSE_NOTIFY
    never.set()
    assert proxy.connection_end()["reason"] == "half_closed_timeout"


def test_a_half_close_by_the_backend_is_ended(start, serve, pki):
    """The same when the backend has ended and the client stays."""
    backend = serve(backends.answer_first(b"bye"))
    proxy = start(backend, timeouts={"half_closed": "500ms"})
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.read_to_end() == b"bye"
        assert client.end is End.CLOSE_NOTIFY
        line = proxy.connection_end()
    assert line["reason"] == "half_closed_timeout"


@pytest.mark.slow
def test_traffic_extends_a_half_closed_connection(start, serve, pki):
    """An answer that takes longer than timeouts.half_closed, but moves, is
    delivered whole."""

    def attempt(pulse):
        proxy = start(serve(trickle(2.5)), timeouts={"half_closed": "2s"})
        with TlsClient.open(proxy.address(), pki.context()) as client:
            client.send(b"go")
            client.close_notify()
            take_trickle(client, pulse)
        assert proxy.connection_end()["reason"] == "done"

    unless_stalled(2, attempt)


def test_a_connection_ends_with_its_lifetime(start, serve, pki):
    """timeouts.lifetime ends a connection whatever it does."""
    proxy = start(serve(backends.echo), timeouts={"lifetime": "1s"})
    with TlsClient.open(proxy.address(), pki.context()) as client:
        with pytest.raises((ConnectionError, tls.ssl.SSLError)):
            for _ in rounds("the connection ends"):
                client.echo(b"busy")
    assert proxy.connection_end()["reason"] == "lifetime"


def test_timeouts_may_differ_by_service(program, serve, pki):
    """[timeouts NAME] holds for that service alone."""
    backend = serve(backends.echo).address
    service = {
        "listen": "127.0.0.1:0", "backend": backend, "certificate": "one",
    }  # fmt: skip
    proxy = program(
        {
            "service short": service,
            "service long": service,
            "certificate one": pki.server_certificate.as_section(),
            "timeouts short": {"idle": "300ms"},
        }
    ).start()
    context = pki.context()
    with TlsClient.open(proxy.address("long"), context) as long:
        with TlsClient.open(proxy.address("short"), context) as short:
            assert short.recv() == b""
        assert proxy.connection_end()["service"] == "short"
        assert long.echo(b"here") == b"here"
        long.finish()


@pytest.mark.slow
def test_what_the_kernel_still_sends_extends_a_half_closed_connection(
    start, serve, pki
):
    """The backend has answered and ended at once, and all of it lies in the
    socket to a client that takes several times timeouts.half_closed to read
    it: it gets it whole."""
    answer = bytes(1536 * 1024)

    def attempt(pulse):
        proxy = start(
            serve(backends.answer_first(answer)),
            timeouts={"half_closed": "2s"},
        )
        with TlsClient.open(
            proxy.address(), pki.context(), receive_bytes=64 * 1024
        ) as client:
            count, began = 0, time.monotonic()
            while data := client.recv():
                count += len(data)
                pulse.beat()
                while (time.monotonic() - began) * len(answer) < 8 * count:
                    time.sleep(0.01)  # eight seconds for the whole
            assert client.end is End.CLOSE_NOTIFY
            assert count == len(answer)

    unless_stalled(2, attempt)


def test_what_nobody_reads_is_no_traffic(start, serve, pki):
    """The same with a client that reads nothing: it is ended."""
    proxy = start(
        serve(backends.answer_first(bytes(1536 * 1024))),
        timeouts={"half_closed": "500ms"},
    )
    with TlsClient.open(
        proxy.address(), pki.context(), receive_bytes=64 * 1024
    ):
        line = proxy.connection_end()
    assert line["reason"] == "half_closed_timeout"
