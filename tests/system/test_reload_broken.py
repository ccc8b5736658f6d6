# SPDX-License-Identifier: GPL-3.0-or-later
"""A reload that cannot be proven changes nothing: the process is not worse
off than before."""

import shutil
import signal
import socket

import pytest

from lib import backends, net
from lib.tls import TlsClient, served_serial


@pytest.fixture
def shown(fresh_pki):
    """A pair of files that the tests overwrite."""
    folder = fresh_pki.folder
    files = {"cert": folder / "shown.pem", "key": folder / "shown.key"}
    show(files, fresh_pki.server_certificate)
    return files


def show(files, certificate):
    shutil.copy(certificate.cert, files["cert"])
    shutil.copy(certificate.key, files["key"])


def mismatched_key(pki, files, config):
    """The new certificate with the old key: a renewal in two steps."""
    shutil.copy(pki.renewed.cert, files["cert"])
    return "key"


def mismatched_rsa_key(pki, files, config):
    """An RSA key for an EC certificate."""
    shutil.copy(pki.server("rsa", key="rsa").key, files["key"])
    return "key"


def garbage_certificate(pki, files, config):
    files["cert"].write_text("this is no certificate\n")
    return "shown.pem"


def half_written_certificate(pki, files, config):
    text = pki.renewed.cert.read_text()
    files["cert"].write_text(text[: len(text) // 2])
    return "shown.pem"


def empty_certificate(pki, files, config):
    files["cert"].write_text("")
    return "shown.pem"


def garbage_key(pki, files, config):
    files["key"].write_bytes(bytes(range(256)))
    return "shown.key"


def missing_certificate(pki, files, config):
    files["cert"].unlink()
    return "shown.pem"


def missing_key(pki, files, config):
    files["key"].unlink()
    return "shown.key"


def certificate_is_a_folder(pki, files, config):
    files["cert"].unlink()
    files["cert"].mkdir()
    return "shown.pem"


def expired_certificate(pki, files, config):
    """Expired would replace valid."""
    show(files, pki.expired)
    return "expired"


def future_certificate(pki, files, config):
    """Not yet valid would replace valid."""
    show(files, pki.server("future", days=(10, 100)))
    return "not yet valid"


def client_certificate(pki, files, config):
    """A certificate that is no server's."""
    show(files, pki.client_certificate)
    return "serverAuth"


def wrong_name(pki, files, config):
    """server_name is not covered."""
    config["certificate"]["server_name"] = "elsewhere.test"
    return "elsewhere.test"


def unknown_key(pki, files, config):
    config["service"]["backnd"] = "127.0.0.1:1"
    return "backnd"


def bad_value(pki, files, config):
    config["timeouts"] = {"idle": "soon"}
    return "idle"


def unsafe_backend(pki, files, config):
    config["service"]["backend"] = "192.0.2.1:80"
    return "unsafe_backend"


def missing_ca(pki, files, config):
    config["service"]["required_level"] = "peer"
    config["clients"] = {"ca": "/nowhere/ca.pem", "allow_all": True}
    return "/nowhere/ca.pem"


def nobody_allowed(pki, files, config):
    """peer without a word on who may come in."""
    config["service"]["required_level"] = "peer"
    return "clients"


BREAKAGES = [
    mismatched_key, mismatched_rsa_key, garbage_certificate,
    half_written_certificate, empty_certificate, garbage_key,
    missing_certificate, missing_key, certificate_is_a_folder,
    expired_certificate, future_certificate, client_certificate, wrong_name,
    unknown_key, bad_value, unsafe_backend, missing_ca, nobody_allowed,
]  # fmt: skip


@pytest.mark.parametrize("breakage", BREAKAGES, ids=lambda test: test.__name__)
def test_a_broken_reload_keeps_the_old(start, serve, fresh_pki, shown, breakage):
    """outcome=failure with the cause; live connections go on, new ones are
    served as before; and the next good reload succeeds."""
    proxy = start(serve(backends.echo), certificate=shown)
    context = fresh_pki.context()
    old = fresh_pki.server_certificate
    good = {name: dict(keys) for name, keys in proxy.config.items()}
    with TlsClient.open(proxy.address(), context) as steady:
        word = breakage(fresh_pki, shown, proxy.config)
        event = proxy.reload(outcome="failure")
        assert event["level"] == "error"
        assert word in event["error"]
        assert served_serial(proxy.address(), context) == old.serial
        assert steady.echo(b"as before") == b"as before"
        repair(proxy, fresh_pki, shown, good)
        proxy.reload()
        renewed = fresh_pki.renewed.serial
        assert served_serial(proxy.address(), context) == renewed
        assert steady.echo(b"as ever") == b"as ever"
        steady.finish()


def repair(proxy, pki, files, good):
    """The good configuration again, with the renewed certificate."""
    if files["cert"].is_dir():
        files["cert"].rmdir()
    show(files, pki.renewed)
    proxy.config = good


def test_a_syntax_error_names_its_line(start, serve, pki):
    """The message carries file and line."""
    proxy = start(serve(backends.echo))
    proxy.config_path.write_text("[service]\nlisten = 127.0.0.1:0\nnonsense\n")
    event = reload_as_is(proxy)
    assert event["outcome"] == "failure"
    assert f"{proxy.config_path.name}:3" in event["error"]
    served_serial(proxy.address(), pki.context())


def test_a_missing_configuration_is_named(start, serve, pki):
    """The file itself is gone."""
    proxy = start(serve(backends.echo))
    proxy.config_path.unlink()
    event = reload_as_is(proxy)
    assert event["outcome"] == "failure"
    assert proxy.config_path.name in event["error"]
    served_serial(proxy.address(), pki.context())


def reload_as_is(proxy):
    """SIGHUP without writing the configuration first."""
    mark = proxy.log.mark()
    proxy.signal(signal.SIGHUP)
    return proxy.log.wait("reload", since=mark)


def test_a_failed_reload_does_not_count_a_generation(start, serve, pki):
    """What is served keeps its number."""
    proxy = start(serve(backends.echo))
    proxy.config["service"]["backnd"] = "x"
    assert proxy.reload(outcome="failure")["generation"] == 1
    del proxy.config["service"]["backnd"]
    assert proxy.reload()["generation"] == 2


def test_a_taken_new_address_fails_the_whole_reload(start, serve, pki):
    """One of the new addresses cannot be had: none is opened, none closed,
    and the certificate stays the old one."""
    proxy = start(serve(backends.echo))
    good = f"127.0.0.1:{net.free_port()}"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bad = net.address_text(taken.getsockname())
        proxy.config["service"]["listen"] = ["127.0.0.1:0", good, bad]
        proxy.config["certificate"] = pki.renewed.as_section()
        event = proxy.reload(outcome="failure")
    assert bad in event["error"]
    assert not net.accepts(net.parse_address(good))
    serial = served_serial(proxy.address(), pki.context())
    assert serial == pki.server_certificate.serial


def test_failed_reloads_leave_nothing_behind(start, serve, fresh_pki, shown):
    """50 failed reloads: no descriptor is lost."""
    proxy = start(serve(backends.echo), certificate=shown)
    mismatched_key(fresh_pki, shown, proxy.config)
    proxy.reload(outcome="failure")
    before = proxy.descriptor_count()
    for _ in range(50):
        proxy.reload(outcome="failure")
    assert proxy.descriptor_count() == before
    served_serial(proxy.address(), fresh_pki.context())
