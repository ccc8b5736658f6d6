# SPDX-License-Identifier: GPL-3.0-or-later
"""Ten thousand certificates in one folder: each is shown to who asks for it,
each costs little memory, and a reload does only what has changed."""

import time

import pytest

from lib import backends
from lib.folder import Folder
from lib.names import shown
from lib.settings import KIB, scaled
from lib.tls import TlsClient, client_context, served_serial
from lib.wait import until

pytestmark = pytest.mark.slow

COUNT = scaled(10_000, least=200)
SAMPLE = range(0, COUNT, max(1, COUNT // 60))
# Measured: 4.9 KiB with a chain of one. Its DER and its key are 0.7 KiB; the
# rest is what is told of it, its settings, names, and the marks of its files.
CERTIFICATE_BYTES_MAX = 6 * KIB


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """COUNT pairs. Tests may renew any; `serials` follows."""
    return Folder(tmp_path_factory.mktemp("many") / "pairs", COUNT)


@pytest.fixture
def start_folder(program, serve):
    """Starts with a folder, once its files have come to rest: what was
    written within the last second is not taken over by a reload."""
    backend = serve(backends.echo)

    def run(folder):
        rest(folder)
        return program(
            {
                "service": {
                    "listen": "127.0.0.1:0",
                    "backend": backend.address,
                    "certificate_dir": folder.path,
                },
                "reload": {"watch": 0},
            }
        ).start()

    return run


def rest(folder):
    newest = max(path.stat().st_ctime for path in folder.path.iterdir())
    until(lambda: time.time() > newest + 1.1, "the files have come to rest")


def assert_sample_shown(proxy, folder, numbers=SAMPLE):
    address = proxy.address()
    for number in numbers:
        assert shown(address, folder.host(number)) == folder.serials[number]


def test_each_name_has_its_certificate(start_folder, folder):
    """60 of 10,000 names, verified as a client does it."""
    proxy = start_folder(folder)
    assert proxy.log.find("ready")[0]["certificates"] == COUNT
    context = client_context(folder.ca)
    for number in (*SAMPLE, COUNT - 1):
        serial = served_serial(
            proxy.address(), context, server_name=folder.host(number)
        )
        assert int(serial, 16) == int(folder.serials[number], 16)


def test_a_reload_without_changes_takes_over_all(start_folder, folder):
    proxy = start_folder(folder)
    event = proxy.reload()
    assert (event["certificates"], event["shared"]) == (COUNT, COUNT)
    assert_sample_shown(proxy, folder, SAMPLE[:10])


def test_a_renewed_pair_is_shown_and_the_others_are_taken_over(
    start_folder, folder
):
    """Again and again, while a connection lives through all of it."""
    proxy = start_folder(folder)
    with TlsClient.open(
        proxy.address(), client_context(folder.ca),
        server_name=folder.host(1),
    ) as steady:  # fmt: skip
        for number in (0, COUNT // 2, COUNT - 1):
            rest(folder)
            folder.serials[number] = folder.issue(number)
            event = proxy.reload()
            assert event["certificates"] == COUNT
            assert event["shared"] >= COUNT - 2  # what was renewed before
            assert_sample_shown(proxy, folder, [number, *SAMPLE[:10]])
            assert steady.echo(b"as before") == b"as before"
        steady.finish()


def test_a_removed_pair_is_gone_and_a_new_one_there(start_folder, folder):
    """The removed name sees the first certificate, as any unknown one."""
    proxy = start_folder(folder)
    number = COUNT // 3
    try:
        for path in folder.files(number):
            path.unlink()
        event = proxy.reload()
        left = (event["certificates"], event["shared"])
        assert left == (COUNT - 1, COUNT - 1)
        gone = shown(proxy.address(), folder.host(number))
        assert gone == folder.serials[0]
    finally:
        folder.serials[number] = folder.issue(number)
    assert proxy.reload()["certificates"] == COUNT
    assert_sample_shown(proxy, folder, [number, *SAMPLE[:10]])


def test_one_broken_pair_fails_the_reload_as_a_whole(start_folder, folder):
    """It is named, and not even a good new pair beside it is taken."""
    proxy = start_folder(folder)
    broken, renewed = COUNT - 2, 3
    path = folder.files(broken)[0]
    content = path.read_bytes()
    old, new = folder.serials[renewed], folder.issue(renewed)
    try:
        path.write_bytes(content[: len(content) // 2])
        event = proxy.reload(outcome="failure")
        assert str(path) in event["error"]
        assert event["generation"] == 1
        assert shown(proxy.address(), folder.host(renewed)) == old
        assert_sample_shown(proxy, folder, SAMPLE[1:])
    finally:
        path.write_bytes(content)
        folder.serials[renewed] = new
    proxy.reload()
    assert_sample_shown(proxy, folder, [broken, renewed])


@pytest.mark.release_only
def test_a_certificate_costs_little_memory(start_folder, folder, tmp_path):
    """Memory with 10,000 against memory with 1, before any connection."""
    one = start_folder(Folder(tmp_path / "one", 1))
    many = start_folder(folder)
    growth = pss_bytes(many) - pss_bytes(one)
    assert growth / (COUNT - 1) < CERTIFICATE_BYTES_MAX


def pss_bytes(proxy):
    """Its share of memory that is in use."""
    path = f"/proc/{proxy.pid}/smaps_rollup"
    with open(path, encoding="ascii") as rollup:
        for line in rollup:
            if line.startswith("Pss:"):
                return int(line.split()[1]) * KIB
    raise AssertionError(f"no Pss in {path}")
