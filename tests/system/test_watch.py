# SPDX-License-Identifier: GPL-3.0-or-later
"""The file watch: what changes on disk is served without any signal."""

import os
import shutil
import ssl
import time
from pathlib import Path

import pytest

from lib import backends, net, settings
from lib.load import Load
from lib.many import ManyEchoes
from lib.settings import scaled
from lib.sidelock import one_service
from lib.tls import TlsClient, served_serial
from lib.wait import until

SECOND = {"watch": "1s"}
# So long that only clients can make it look.
HOUR = {"watch": "1h"}


class Place:
    """Where a certificate is served from: tls.crt and tls.key in a folder."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.cert = folder / "tls.crt"
        self.key = folder / "tls.key"

    def as_section(self):
        return {"cert": self.cert, "key": self.key}

    def rewrite(self, certificate):
        """In place: the files keep their inodes."""
        shutil.copyfile(certificate.cert, self.cert)
        shutil.copyfile(certificate.key, self.key)
        self.key.chmod(0o600)

    def replace(self, certificate):
        """By renaming over."""
        replace(self.cert, certificate.cert)
        replace(self.key, certificate.key)


def replace(path, source):
    new = path.with_name(path.name + ".new")
    shutil.copyfile(source, new)
    new.chmod(0o600)
    new.rename(path)


def swap_link(link, target):
    new = link.with_name(link.name + "_tmp")
    new.symlink_to(target)
    new.rename(link)


@pytest.fixture
def place(tmp_path, pki):
    made = Place(tmp_path / "place")
    made.rewrite(pki.server_certificate)
    return made


@pytest.fixture
def watched(program, serve, place):
    """watched(reload, ...) starts a service of the pair in `place`."""

    def start(reload=None, prefix=(), **sections):
        config = one_service(place, serve(backends.echo))
        config["reload"] = reload or SECOND
        for name, keys in sections.items():
            config.setdefault(name, {}).update(keys)
        return program(config, prefix=prefix).start()

    return start


def wait_taken_up(proxy, since=0, **wanted):
    """The next successful reload by the watch; no client is needed. wanted:
    what its line says, where the watch may meet half of a change that is no
    fault."""
    return proxy.log.wait(
        "reload", since=since, outcome="success", trigger="watch", **wanted
    )


def wait_failed(proxy, since=0):
    return proxy.log.wait("reload", since=since, outcome="failure")


def pass_time(seconds):
    """For what must not happen: lets the watch look a few times."""
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > seconds, f"{seconds} s to pass")


def shows(proxy, pki, certificate):
    return served_serial(proxy.address(), pki.context()) == certificate.serial


# -- ways to replace files ------------------------------------------------------


def test_a_pair_that_is_renamed_over_is_taken_up(watched, pki, place):
    proxy = watched()
    place.replace(pki.renewed)
    wait_taken_up(proxy)
    assert shows(proxy, pki, pki.renewed)


def test_a_pair_that_is_rewritten_in_place_is_taken_up(watched, pki, place):
    proxy = watched()
    place.rewrite(pki.renewed)
    wait_taken_up(proxy)
    assert shows(proxy, pki, pki.renewed)


def test_the_volume_of_kubernetes_is_taken_up(watched, pki, tmp_path, place):
    """tls.crt -> ..data/tls.crt, and ..data is swapped: one rename changes
    both files at once, so that not even one attempt fails."""
    volume = tmp_path / "volume"
    old = Place(volume / "..2026_01_01")
    old.rewrite(pki.server_certificate)
    (volume / "..data").symlink_to("..2026_01_01")
    for name in ("tls.crt", "tls.key"):
        (volume / name).symlink_to(f"..data/{name}")
    pair = Place(volume)
    proxy = watched(certificate=pair.as_section())
    Place(volume / "..2026_02_02").rewrite(pki.renewed)
    swap_link(volume / "..data", "..2026_02_02")
    shutil.rmtree(volume / "..2026_01_01")
    wait_taken_up(proxy)
    assert shows(proxy, pki, pki.renewed)
    assert not proxy.log.find("reload", outcome="failure")


def test_a_renewal_by_certbot_is_taken_up(watched, pki, tmp_path):
    """live/NAME/fullchain.pem -> ../../archive/NAME/fullchain1.pem; a renewal
    writes number 2 beside it and swaps one link after the other."""
    archive = tmp_path / "archive/a.test"
    live = tmp_path / "live/a.test"
    archive.mkdir(parents=True)
    live.mkdir(parents=True)

    def install(number, certificate):
        for name, source in (
            ("privkey", certificate.key),
            ("fullchain", certificate.cert),
        ):
            file = archive / f"{name}{number}.pem"
            shutil.copyfile(source, file)
            file.chmod(0o600)
            swap_link(live / f"{name}.pem", f"../../archive/a.test/{file.name}")

    install(1, pki.server_certificate)
    proxy = watched(
        certificate={
            "cert": live / "fullchain.pem",
            "key": live / "privkey.pem",
        }
    )
    install(2, pki.renewed)
    wait_taken_up(proxy)
    assert shows(proxy, pki, pki.renewed)


def test_a_pair_written_in_two_steps_is_never_mixed(watched, pki, place):
    """Between the steps the old pair is served, one line says why, as a
    warning and not as an error; with the second step comes the new pair."""
    proxy = watched()
    replace(place.cert, pki.renewed.cert)
    failed = wait_failed(proxy)
    assert failed["level"] == "warn"
    assert failed["trigger"] == "watch"
    assert failed["code"] == "SL-KEY-MISMATCH"
    assert "again" in failed["next"]
    pass_time(3)
    assert shows(proxy, pki, pki.server_certificate)
    replace(place.key, pki.renewed.key)
    wait_taken_up(proxy)
    assert shows(proxy, pki, pki.renewed)
    assert len(proxy.log.find("reload", outcome="failure")) == 1
    assert not proxy.log.find("finding", level="error")


def test_a_removed_file_is_taken_up_when_it_is_there_again(
    watched, pki, place
):
    proxy = watched()
    place.cert.unlink()
    assert wait_failed(proxy)["code"] == "SL-FILE-MISSING"
    assert shows(proxy, pki, pki.server_certificate)
    place.replace(pki.renewed)
    wait_taken_up(proxy)
    assert shows(proxy, pki, pki.renewed)


def test_a_key_is_taken_up_when_its_mode_lets_us(watched, pki, place):
    """A renewal by another user leaves a key that we may not read; chmod
    alone mends it."""
    prefix = ()
    if os.geteuid() == 0:
        prefix = (
            settings.require("setpriv"),
            "--bounding-set=-dac_override,-dac_read_search",
        )
    proxy = watched(prefix=prefix)
    place.key.chmod(0)
    assert wait_failed(proxy)["code"] == "SL-FILE-DENIED"
    mark = proxy.log.mark()
    place.key.chmod(0o600)
    wait_taken_up(proxy, mark)


# -- everything that was read ---------------------------------------------------


def test_the_ca_of_clients_is_watched(watched, pki, tmp_path):
    ca = tmp_path / "ca.pem"
    shutil.copyfile(pki.other_ca, ca)
    proxy = watched(
        service={"required_level": "peer"},
        clients={"ca": ca, "allow_all": True},
    )
    context = pki.context(certificate=pki.client_certificate)
    with pytest.raises(ssl.SSLError):
        with TlsClient.open(proxy.address(), context) as client:
            client.read_to_end()
    replace(ca, pki.ca)
    wait_taken_up(proxy)
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"welcome") == b"welcome"
        client.finish()


def test_the_settings_are_watched(watched, pki):
    """A change to the INI file is taken up as if by SIGHUP."""
    proxy = watched()
    proxy.config["certificate"] = pki.renewed.as_section()
    proxy.write_config()
    wait_taken_up(proxy)
    assert shows(proxy, pki, pki.renewed)


def test_broken_settings_are_taken_up_when_they_are_mended(watched, pki):
    proxy = watched()
    proxy.config["service"]["nonsense"] = 1
    proxy.write_config()
    assert wait_failed(proxy)["code"] == "SL-CONFIG-UNKNOWN"
    del proxy.config["service"]["nonsense"]
    proxy.config["certificate"] = pki.renewed.as_section()
    proxy.write_config()
    wait_taken_up(proxy)
    assert shows(proxy, pki, pki.renewed)


def test_a_folder_of_certificates_is_watched(watched, place, fresh_pki):
    """A pair that is new in certificate_dir is served by its name."""
    folder = place.cert.parent
    proxy = watched(service={"certificate_dir": folder})
    other = fresh_pki.server("other", names="DNS:other.test")
    replace(folder / "other.key", other.key)
    replace(folder / "other.crt", other.cert)
    wait_taken_up(proxy, certificates=3)
    context = fresh_pki.context()
    serial = served_serial(proxy.address(), context, server_name="other.test")
    assert serial == other.serial


def test_a_certificate_that_was_waited_for_is_served(
    program, serve, pki, tmp_path
):
    """on_missing = wait: the service begins to listen by itself."""
    pair = Place(tmp_path / "later")
    config = one_service(pair, serve(backends.echo))
    config["certificate"]["on_missing"] = "wait"
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    config["reload"] = SECOND
    proxy = program(config).start()
    address = net.parse_address(config["service"]["listen"])
    assert not net.accepts(address)
    pair.replace(pki.renewed)
    proxy.log.wait("listening")  # a pair that is half there waits on
    wait_taken_up(proxy)
    assert served_serial(address, pki.context()) == pki.renewed.serial


# -- when it looks --------------------------------------------------------------


def test_clients_make_it_look(watched, pki, place):
    """A client that comes after the change, or the next one, is shown the new
    certificate, long before the timer looks."""
    proxy = watched(HOUR)
    for certificate in (pki.renewed, pki.server_certificate) * 3:
        place.replace(certificate)
        until(lambda: shows(proxy, pki, certificate), "it is served")
    how = {"trigger": "watch", "outcome": "success"}
    proxy.log.wait_count(6, "reload", **how)
    assert len(proxy.log.find("reload", **how)) == 6


def test_nothing_is_watched_when_it_is_off(watched, pki, place):
    """watch = 0: neither by time nor for clients; a signal still works."""
    proxy = watched({"watch": 0})
    place.replace(pki.renewed)
    begin = time.monotonic()
    while time.monotonic() - begin < 3:
        assert shows(proxy, pki, pki.server_certificate)
    assert not proxy.log.find("reload")
    proxy.reload()
    assert shows(proxy, pki, pki.renewed)


def test_a_reload_switches_it_on_and_off(watched, pki, place):
    proxy = watched({"watch": 0})
    proxy.config["reload"] = SECOND
    proxy.reload()
    mark = proxy.log.mark()
    place.replace(pki.renewed)
    wait_taken_up(proxy, mark)
    proxy.config["reload"] = {"watch": 0}
    mark = proxy.log.mark()
    proxy.write_config()
    wait_taken_up(proxy, mark)
    mark = proxy.log.mark()
    place.replace(pki.server_certificate)
    pass_time(3)
    assert not proxy.log.find("reload", since=mark)


def test_a_drain_is_not_disturbed(watched, pki, place):
    """Who is told to stop reloads no more."""
    proxy = watched()
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.echo(b"here") == b"here"
        proxy.signal(15)
        proxy.log.wait("drain", state="waiting")
        place.replace(pki.renewed)
        pass_time(3)
        assert not proxy.log.find("reload")
        client.finish()
    assert proxy.wait_exit() == 0


def main_thread_switches(proxy):
    status = Path(f"/proc/{proxy.pid}/task/{proxy.pid}/status").read_text()
    for line in status.splitlines():
        if line.startswith("voluntary_ctxt_switches:"):
            return int(line.split()[1])
    raise AssertionError("no voluntary_ctxt_switches")


def test_nothing_happens_while_nothing_changes(watched, pki):
    """No reload, no line, no processor time to speak of."""
    proxy = watched()
    served_serial(proxy.address(), pki.context())
    proxy.connection_end()
    mark = proxy.log.mark()
    assert proxy.cpu_share() < 0.1
    pass_time(3)
    assert proxy.log.mark() == mark


def test_an_idle_process_sleeps(watched, pki):
    """With a long period the main thread wakes for the look that a client
    asked for, and then not at all."""
    proxy = watched(HOUR)
    served_serial(proxy.address(), pki.context())
    seen, since = None, None

    def has_slept():
        nonlocal seen, since
        switches = main_thread_switches(proxy)
        if switches != seen:
            seen, since = switches, time.monotonic()
        return time.monotonic() - since > 3

    until(has_slept, "3 s in which it does not wake")


# -- under load -----------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.threaded
def test_50_renewals_under_load_lose_nothing(program, pki, place):
    """Certificates of two keys, replaced file by file while connections come
    all the time: none fails, so none saw a pair that was mixed, and none was
    cut off."""
    with ManyEchoes() as backend:
        config = one_service(place, backend)
        config["reload"] = SECOND
        config["process"] = {"workers": 4}
        proxy = program(config).start()
        with Load(proxy.address(), pki.context, steady=2, coming=4):
            for number in range(scaled(50, least=10)):
                new = (pki.renewed, pki.server_certificate)[number % 2]
                if number % 3:
                    place.replace(new)
                else:
                    place.rewrite(new)
                until(lambda: shows(proxy, pki, new), "it is served")
        proxy.stop()
        assert all(
            event["reason"] == "done" for event in proxy.log.find("connection")
        )
