# SPDX-License-Identifier: GPL-3.0-or-later
"""Several backends are an order of preference."""

from lib import backends
from lib.tls import End, TlsClient
from lib.wait import until


def say(word):
    """A backend that says who it is and ends."""
    return backends.answer_first(word)


def ask(proxy, context):
    """Which backend a new connection reaches."""
    with TlsClient.open(proxy.address(), context) as client:
        answer = client.read_to_end()
        assert client.end is End.CLOSE_NOTIFY
        client.finish()
    return answer


def test_the_first_backend_is_preferred(start, serve, pki):
    """While the first is up, no connection goes to another."""
    first, second = serve(say(b"first")), serve(say(b"second"))
    proxy = start([first.address, second.address])
    context = pki.context()
    assert {ask(proxy, context) for _ in range(10)} == {b"first"}
    assert second.accepted_count == 0


def test_the_next_backend_takes_over(start, serve, pki):
    """The first refuses: the second serves, every client, and the log tells
    of the switch."""
    second = serve(say(b"second"))
    with backends.refusing() as dead:
        proxy = start([dead, second.address])
        context = pki.context()
        assert {ask(proxy, context) for _ in range(10)} == {b"second"}
        assert proxy.log.wait("backend_down")["backend"] == dead
        line = proxy.connection_end(reason="done")
        assert line["backend"] == second.address


def test_a_silent_backend_is_given_up_in_time(start, serve, pki):
    """The first does not answer within timeouts.connect: the second serves."""
    second = serve(say(b"second"))
    with backends.never_accepting() as silent:
        proxy = start(
            [silent, second.address], timeouts={"connect": "300ms"}
        )
        assert ask(proxy, pki.context()) == b"second"
        assert proxy.log.wait("backend_down")["backend"] == silent


def test_the_list_is_tried_to_its_end(start, serve, pki):
    """Two dead backends before a live one."""
    last = serve(say(b"last"))
    with backends.refusing() as dead, backends.refusing() as dead_too:
        proxy = start([dead, dead_too, last.address])
        assert ask(proxy, pki.context()) == b"last"


def test_all_backends_dead_names_each(start, pki):
    """backend_unreachable carries every address."""
    with backends.refusing() as dead, backends.refusing() as dead_too:
        proxy = start([dead, dead_too])
        with TlsClient.open(proxy.address(), pki.context()) as client:
            assert client.read_to_end() == b""
            assert client.end is not End.CLOSE_NOTIFY
        detail = proxy.connection_end(reason="backend_unreachable")["detail"]
        assert dead in detail and dead_too in detail


def test_the_first_backend_is_taken_again_when_it_is_back(start, serve, pki):
    """The order of preference holds again after an outage, and the log says
    so."""
    first, second = serve(say(b"first")), serve(say(b"second"))
    proxy = start(
        [first.address, second.address], process={"workers": 1}
    )
    context = pki.context()
    assert ask(proxy, context) == b"first"
    first.stop()
    assert ask(proxy, context) == b"second"
    first.start()
    until(
        lambda: ask(proxy, context) == b"first", "the first backend is taken"
    )
    assert proxy.log.wait("backend_up")["backend"] == first.address


def test_a_flapping_backend_fails_no_client(start, serve, pki):
    """The first backend comes and goes; every client is served by one or the
    other."""
    first, second = serve(say(b"first")), serve(say(b"second"))
    proxy = start([first.address, second.address])
    context = pki.context()
    for _ in range(10):
        assert ask(proxy, context) in (b"first", b"second")
        first.stop()
        assert ask(proxy, context) == b"second"
        first.start()


def test_failover_reaches_a_unix_socket(start, serve, pki, tmp_path):
    """A list may mix kinds of addresses."""
    second = serve(say(b"second"), address=str(tmp_path / "backend"))
    with backends.refusing() as dead:
        proxy = start([dead, second.address])
        assert ask(proxy, pki.context()) == b"second"
