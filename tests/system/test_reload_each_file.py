# SPDX-License-Identifier: GPL-3.0-or-later
"""Each file that a load reads, spoiled in each way: the reload fails as a
whole and names the file, and all that was served goes on being served."""

import os
import shutil
import subprocess
from types import SimpleNamespace

import pytest

from lib import backends, settings
from lib.names import shown, unverified
from lib.tls import TlsClient


def missing(path):
    path.unlink()


def unreadable(path):
    path.chmod(0)


def empty(path):
    path.write_bytes(b"")


def garbage(path):
    path.write_bytes(bytes(range(1, 256)) * 4)


FORMS = (missing, unreadable, empty, garbage)


@pytest.fixture(scope="module")
def issued(tmp_path_factory):
    """The certificates, one name each. Copies of them are spoiled."""
    from conftest import StandardPki

    pki = StandardPki(tmp_path_factory.mktemp("each") / "pki")
    for name in ("first", "stored", "beside", "both"):
        setattr(pki, name, pki.server(name, f"DNS:{name}.example.test"))
    pki.keystore = pki.folder / "stored.p12"
    subprocess.run(
        ["openssl", "pkcs12", "-export", "-in", pki.stored.cert,
         "-inkey", pki.stored.key, "-passout", "pass:secret",
         "-out", pki.keystore],
        check=True, capture_output=True,
    )  # fmt: skip
    return pki


@pytest.fixture
def files(issued, tmp_path):
    """Every kind of file that a load reads, by a name for the test."""
    folder = tmp_path / "files"
    pairs = folder / "pairs"
    pairs.mkdir(parents=True)
    made = SimpleNamespace(
        cert=folder / "first.pem", key=folder / "first.key",
        chain_root=folder / "root.pem", keystore=folder / "stored.p12",
        password_file=folder / "stored.pass", clients_ca=folder / "ca.pem",
        ticket_key_file=folder / "ticket.keys", pair_cert=pairs / "beside.crt",
        pair_key=pairs / "beside.key", pair_both=pairs / "both.pem",
    )  # fmt: skip
    shutil.copy(issued.first.cert, made.cert)
    shutil.copy(issued.first.key, made.key)
    shutil.copy(issued.ca, made.chain_root)
    shutil.copy(issued.ca, made.clients_ca)
    shutil.copy(issued.keystore, made.keystore)
    shutil.copy(issued.beside.cert, made.pair_cert)
    shutil.copy(issued.beside.key, made.pair_key)
    made.password_file.write_text("secret\n")
    made.ticket_key_file.write_text("A" * 64 + "\n")
    made.pair_both.write_bytes(
        issued.both.cert.read_bytes() + issued.both.key.read_bytes()
    )
    for path in vars(made).values():
        path.chmod(0o600)
    return made


@pytest.fixture
def without_override(monkeypatch, tmp_path):
    """Root, too, may only read what the mode allows."""
    if os.getuid() != 0:
        return
    wrapper = tmp_path / "sidelock"
    wrapper.write_text(
        f"#!/bin/sh\nexec {settings.require('setpriv')} "
        f"--bounding-set=-dac_override,-dac_read_search "
        f'{settings.BINARY} "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setattr(settings, "BINARY", wrapper)


@pytest.fixture
def proxy(program, serve, files, without_override):
    backend = serve(backends.echo).address
    return program(
        {
            "service names": {
                "listen": "127.0.0.1:0",
                "backend": backend,
                "certificate": "first ; stored",
                "certificate_dir": files.pair_cert.parent,
            },
            "service peers": {
                "listen": "127.0.0.1:0",
                "backend": backend,
                "certificate": "first",
                "required_level": "peer",
            },
            "tls names": {"ticket_key_file": files.ticket_key_file},
            "clients peers": {"ca": files.clients_ca, "allow_all": True},
            "certificate first": {
                "cert": files.cert,
                "key": files.key,
                "chain_root": files.chain_root,
            },
            "certificate stored": {
                "keystore": files.keystore,
                "password_file": files.password_file,
            },
            "reload": {"watch": 0},
        }
    ).start()


class Old:
    """What was served before, and must be served after."""

    def __init__(self, proxy, pki):
        self.proxy = proxy
        self.pki = pki
        self.names = proxy.address("names")
        self.peers = proxy.address("peers")
        self.context = unverified()
        self.session = self.visit(None)[1]
        self.steady = TlsClient.open(self.names, unverified())

    def visit(self, session):
        """(resumed, session) of a connection to the first name."""
        with TlsClient.open(
            self.names, self.context, session=session,
            server_name="first.example.test",
        ) as client:  # fmt: skip
            assert client.echo(b"data") == b"data"
            result = client.tls.session_reused, client.tls.session
            client.finish()
        return result

    def assert_whole(self):
        for name in ("first", "stored", "beside", "both"):
            serial = shown(self.names, f"{name}.example.test")
            assert serial == getattr(self.pki, name).serial
        assert self.visit(self.session)[0], "the ticket keys are others"
        alice = unverified()
        alice.load_cert_chain(
            self.pki.client_certificate.cert, self.pki.client_certificate.key
        )
        with TlsClient.open(self.peers, alice) as client:
            assert client.echo(b"alice") == b"alice"
            client.finish()
        assert self.steady.echo(b"as before") == b"as before"


def spoil(path, form):
    """Returns how to make it good again."""
    content, mode = path.read_bytes(), path.stat().st_mode & 0o777
    form(path)

    def repair():
        path.touch()
        path.chmod(mode)
        path.write_bytes(content)

    return repair


# What the error names where it is not the file itself: what is there of a
# pair, and the keystore that another password does not open.
NAMED_INSTEAD = {
    ("pair_cert", missing): "beside.crt",
    ("pair_key", missing): "beside.key",
    ("password_file", garbage): "stored.p12",
}


@pytest.mark.parametrize(
    "which",
    ["cert", "key", "chain_root", "keystore", "password_file", "clients_ca",
     "ticket_key_file", "pair_cert", "pair_key", "pair_both"],
)  # fmt: skip
def test_a_spoiled_file_fails_the_reload_as_a_whole(
    proxy, files, issued, which
):
    """Missing, unreadable, empty, garbage, one after the other: each time
    outcome=failure with the path and generation 1, and every name, the
    clients' CA and the ticket keys as before; then a good reload."""
    path = getattr(files, which)
    old = Old(proxy, issued)
    for form in FORMS:
        if (which, form) == ("pair_both", missing):
            continue  # the pair is taken away, which is no fault
        repair = spoil(path, form)
        event = proxy.reload(outcome="failure")
        wanted = NAMED_INSTEAD.get((which, form), str(path))
        assert wanted in event["error"], (form.__name__, event)
        assert event["generation"] == 1
        assert event["code"].startswith("SL-")
        old.assert_whole()
        repair()
    assert proxy.reload()["generation"] == 2
    old.assert_whole()
    old.steady.finish()


def test_a_folder_that_is_gone_fails_the_reload_as_a_whole(
    proxy, files, issued
):
    """certificate_dir itself: missing, unreadable, empty."""
    old = Old(proxy, issued)
    folder = files.pair_cert.parent
    aside = folder.with_name("aside")
    folder.rename(aside)
    assert str(folder) in proxy.reload(outcome="failure")["error"]
    folder.mkdir()
    assert str(folder) in proxy.reload(outcome="failure")["error"]
    folder.rmdir()
    aside.rename(folder)
    folder.chmod(0)
    assert str(folder) in proxy.reload(outcome="failure")["error"]
    old.assert_whole()
    folder.chmod(0o700)
    assert proxy.reload()["generation"] == 2
    old.assert_whole()
    old.steady.finish()
