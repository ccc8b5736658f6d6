# SPDX-License-Identifier: GPL-3.0-or-later
"""Reloads by the hundred and the thousand: nothing is lost, nothing grows."""

import os
import shutil
from base64 import b64encode

import pytest

from lib.load import Load
from lib.many import ManyEchoes
from lib.settings import SANITIZER, scaled
from lib.tls import TLS12, TLS13, TlsClient, client_context, served_serial
from lib.wait import until

RELOADS = scaled(1000, least=50)
RELOADS_UNDER_LOAD = scaled(100, least=20)
NEW_CONNECTION_EVERY = 10
GROWTH_KIB = 1024


@pytest.mark.slow
def test_1000_reloads_leave_nothing_behind(start, pki):
    """Back and forth between two certificates: each reload has its
    generation and shows its certificate, and a connection lives through all
    of them. After the last there are no more descriptors than after the
    100th, and less than 1 MiB more memory: what a single reload held on to
    would be some 10 KiB times 900."""
    with ManyEchoes() as backend:
        proxy = start(backend, reload={"watch": 0})
        with TlsClient.open(proxy.address(), pki.context()) as steady:
            used = reload_often(proxy, pki, steady)
            steady.finish()
        assert proxy.connection_end(gen=1)["reason"] == "done"
        assert len(proxy.log.find("reload", outcome="success")) == RELOADS
        proxy.stop()
    (memory, descriptors), (last_memory, last_descriptors) = (
        used[RELOADS // 10 + 1], used[-1],
    )  # fmt: skip
    assert last_descriptors <= descriptors
    if not SANITIZER:
        assert last_memory - memory < GROWTH_KIB, used[:: RELOADS // 10]


def reload_often(proxy, pki, steady):
    """(memory in KiB, descriptors) after each reload."""
    address, context, used = proxy.address(), pki.context(), []
    for number in range(RELOADS):
        certificate = (pki.renewed, pki.server_certificate)[number % 2]
        proxy.config["certificate"] = certificate.as_section()
        assert proxy.reload()["generation"] == number + 2
        message = b"after reload %d" % number
        assert steady.echo(message) == message
        if number % NEW_CONNECTION_EVERY == 0:
            assert served_serial(address, context) == certificate.serial
            proxy.connection_end(gen=number + 2)
        used.append((proxy.memory_kib(), proxy.descriptor_count()))
    return used


# --- everything that a reload can change ------------------------------------


class Changing:
    """Files that are replaced before each reload: two kinds of certificates
    for one name, a folder with another name, ticket keys."""

    def __init__(self, pki, folder):
        self.ca = pki.ca
        self.folder = folder
        (folder / "pairs").mkdir(parents=True)
        names = "DNS:localhost,DNS:both.example.test"
        self.both = [
            (
                pki.server(f"ec-{i}", names),
                pki.server(f"rsa-{i}", names, key="rsa"),
            )
            for i in range(2)
        ]
        self.inside = [
            pki.server(f"inside-{i}", "DNS:inside.example.test")
            for i in range(2)
        ]
        self.keys = []
        self.alpn = None

    def show(self, number):
        self.alpn = "http/1.1" if number % 2 else "h2 ; http/1.1"
        ec, rsa = self.both[number % 2]
        for kind, certificate in (("ec", ec), ("rsa", rsa)):
            put(certificate.cert, self.folder / f"{kind}.pem")
            put(certificate.key, self.folder / f"{kind}.key")
        inside = self.inside[number % 2]
        put(inside.key, self.folder / "pairs/inside.key")
        put(inside.cert, self.folder / "pairs/inside.crt")
        self.keys = [b64encode(os.urandom(48)).decode(), *self.keys][:3]
        path = self.folder / "new"
        path.write_text("\n".join(self.keys))
        path.chmod(0o600)
        path.rename(self.folder / "ticket.keys")

    def config(self, backend):
        return {
            "service": {
                "listen": "127.0.0.1:0",
                "backend": backend.address,
                "certificate": "ec ; rsa",
                "certificate_dir": self.folder / "pairs",
            },
            "certificate ec": self.section("ec"),
            "certificate rsa": self.section("rsa"),
            "tls": {
                "ticket_key_file": self.folder / "ticket.keys",
                "alpn": self.alpn,
            },
            "reload": {"watch": 0},
        }

    def section(self, kind):
        return {
            "cert": self.folder / f"{kind}.pem",
            "key": self.folder / f"{kind}.key",
        }


def put(source, target):
    """Replaces the file as one step."""
    new = target.with_name(".new")
    shutil.copy(source, new)
    new.rename(target)


MODERN = {"version": TLS13}
OLD = {"version": TLS12, "ciphers": "ECDHE+aRSA+AESGCM"}


def make_client(ca, version, ciphers=None):
    context = client_context(ca, version)
    context.set_alpn_protocols(["http/1.1", "other"])
    if ciphers:
        context.set_ciphers(ciphers)
    return context


@pytest.mark.threaded
@pytest.mark.slow
def test_100_reloads_of_everything_under_load_lose_nothing(
    program, fresh_pki, tmp_path
):
    """ECDSA and RSA for one name, another name in a folder, ALPN and a
    ticket_key_file, all of which change each time, under old and new
    connections of TLS 1.3 and of TLS 1.2 with RSA only: every one of them
    succeeds, and each reload is effective at once."""
    changing = Changing(fresh_pki, tmp_path / "changing")
    changing.show(0)
    with ManyEchoes() as backend:
        proxy = program(changing.config(backend)).start()
        at_rest = proxy.descriptor_count()
        modern, old = loads(proxy.address(), fresh_pki.ca)
        with modern, old:
            for number in range(1, RELOADS_UNDER_LOAD + 1):
                changing.show(number)
                proxy.config["tls"]["alpn"] = changing.alpn
                proxy.reload()
                assert_shown(proxy.address(), changing, number)
                modern.wait_connections(2)
                old.wait_connections(1)
        count = modern.connections + old.connections + 3
        proxy.log.wait_count(count, "connection", reason="done")
        until(
            lambda: proxy.descriptor_count() <= at_rest, "descriptors are free"
        )
        proxy.stop()
    assert not proxy.log.find("reload", outcome="failure")
    ends = proxy.log.find("connection")
    assert not [event for event in ends if event["reason"] != "done"]


def loads(address, ca):
    """Clients of today for both names, and old ones."""
    names = ("both.example.test", "inside.example.test")
    modern = Load(
        address, lambda: make_client(ca, **MODERN), steady=2, coming=2,
        names=names,
    )  # fmt: skip
    old = Load(
        address, lambda: make_client(ca, **OLD), steady=1, coming=1,
        names=names[:1],
    )  # fmt: skip
    return modern, old


def assert_shown(address, changing, number):
    """Each name and kind of key has the certificate of this round."""
    ec, rsa = changing.both[number % 2]
    inside = changing.inside[number % 2]
    for name, certificate, how in (
        ("both.example.test", ec, MODERN),
        ("both.example.test", rsa, OLD),
        ("inside.example.test", inside, MODERN),
    ):
        client = make_client(changing.ca, **how)
        serial = served_serial(address, client, server_name=name)
        assert serial == certificate.serial
