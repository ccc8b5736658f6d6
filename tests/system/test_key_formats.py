# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever format a certificate and its key come in, the program serves with
them; a password opens them and is never told to anybody."""

import os
import shutil
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from lib import backends, net, settings, sidelock
from lib.log import Log
from lib.tls import TlsClient, client_context

PASSWORD = "Correct-Horse-77"
HELLO = b"through it"


class Maker:
    """Makes the formats of one certificate in a folder."""

    def __init__(self, folder, pki):
        self.folder = folder
        self.pki = pki
        self.made = pki.server_certificate

    def openssl(self, *arguments):
        subprocess.run(
            ["openssl", *map(str, arguments)], cwd=self.folder, check=True,
            capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip

    def secret(self, name, text):
        """A file that only we can read."""
        path = self.folder / name
        path.touch(0o600)
        path.write_text(text)
        return path

    def password_file(self):
        return self.secret("password", PASSWORD + "\n")

    def encrypted(self, name, *how):
        path = self.folder / name
        self.openssl(
            "pkcs8", "-topk8", "-in", self.made.key,
            "-passout", f"pass:{PASSWORD}", "-out", path, *how,
        )  # fmt: skip
        return path

    def keystore(self, name="server.p12", certificate=None, *how):
        path = self.folder / name
        certificate = certificate or self.made
        self.openssl(
            "pkcs12", "-export", "-in", certificate.cert,
            "-inkey", certificate.key, "-passout", f"pass:{PASSWORD}",
            "-out", path, *how,
        )  # fmt: skip
        return path


@pytest.fixture
def maker(tmp_path, fresh_pki):
    return Maker(tmp_path, fresh_pki)


def _two_files(maker):
    return maker.made.as_section()


def _one_file(maker):
    text = maker.made.key.read_text() + maker.made.cert.read_text()
    return {"cert": maker.secret("one.pem", text)}


def _der(maker):
    cert, key = maker.folder / "cert.der", maker.folder / "key.der"
    maker.openssl(
        "x509", "-in", maker.made.cert, "-outform", "DER", "-out", cert
    )
    maker.openssl(
        "pkcs8", "-topk8", "-nocrypt", "-in", maker.made.key,
        "-outform", "DER", "-out", key,
    )  # fmt: skip
    return {"cert": cert, "key": key}


def _sec1(maker):
    key = maker.folder / "sec1.key"
    maker.openssl("ec", "-in", maker.made.key, "-out", key)
    return {"cert": maker.made.cert, "key": key}


def _pkcs1(maker):
    made = maker.made = maker.pki.server("rsa", key="rsa")
    key = maker.folder / "pkcs1.key"
    maker.openssl("rsa", "-traditional", "-in", made.key, "-out", key)
    return {"cert": made.cert, "key": key}


def _ed25519(maker):
    maker.made = maker.pki.server("ed25519", key="ed25519")
    return maker.made.as_section()


def _encrypted_pem(maker):
    return {
        "cert": maker.made.cert,
        "key": maker.encrypted("locked.key", "-v2", "aes-256-cbc"),
        "password_file": maker.password_file(),
    }


def _encrypted_der(maker):
    key = maker.encrypted("locked.der", "-v2", "aes-128-cbc", "-outform", "DER")
    return {
        "cert": maker.made.cert,
        "key": key,
        "password_file": maker.password_file(),
    }


def _keystore(maker):
    return {
        "keystore": maker.keystore(),
        "password_file": maker.password_file(),
    }


def _keytool(*arguments):
    subprocess.run(
        ["keytool", *map(str, arguments)], check=True, capture_output=True,
        stdin=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip


def _java_keystore(maker):
    """What keytool writes has two identities here."""
    if not shutil.which("keytool"):
        if settings.REQUIRE_ALL:
            pytest.fail("keytool is missing")
        pytest.skip("keytool is missing")
    other = maker.pki.server("second", subject="/CN=second.test")
    path = maker.folder / "java.p12"
    for name, made in (("first", maker.made), ("second", other)):
        _keytool(
            "-importkeystore", "-noprompt", "-srcstoretype", "pkcs12",
            "-srckeystore", maker.keystore(f"{name}.p12", made),
            "-srcstorepass", PASSWORD, "-srcalias", "1", "-destalias", name,
            "-deststoretype", "pkcs12", "-destkeystore", path,
            "-deststorepass", PASSWORD, "-destkeypass", PASSWORD,
        )  # fmt: skip
    path.chmod(0o600)
    maker.made = other
    return {
        "keystore": path,
        "password_file": maker.password_file(),
        "select_subject": "second.test",
    }


def _bundle(maker):
    """Two pairs in one PEM, of which select_subject names one."""
    other = maker.pki.server("second", subject="/CN=second.test")
    files = (maker.made.cert, maker.made.key, other.key, other.cert)
    text = "".join(path.read_text() for path in files)
    maker.made = other
    return {
        "cert": maker.secret("bundle.pem", text),
        "select_subject": "SECOND",
    }


FORMATS = {
    "PEM in two files": _two_files,
    "PEM in one file": _one_file,
    "DER": _der,
    "SEC1": _sec1,
    "PKCS#1": _pkcs1,
    "Ed25519": _ed25519,
    "encrypted PEM": _encrypted_pem,
    "encrypted DER": _encrypted_der,
    "PKCS#12": _keystore,
    "PKCS#12 by keytool": _java_keystore,
    "bundle": _bundle,
}


@pytest.fixture
def start_with(program, serve):
    """start_with(section, environ) starts with this [certificate]."""

    def start_program(section, environ=None):
        config = {
            "service": {
                "listen": "127.0.0.1:0",
                "backend": serve(backends.echo).address,
            },
            "certificate": section,
        }
        return program(config, environ=environ).start()

    return start_program


def fetch(proxy, pki):
    """Sends and receives through it; returns the serial that it shows."""
    with TlsClient.open(proxy.address(), pki.context()) as client:
        assert client.echo(HELLO) == HELLO
        serial = client.serial
        client.finish()
    return serial


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_serves(start_with, maker, kind):
    """The certificate that a client sees is the one in the files."""
    proxy = start_with(FORMATS[kind](maker))
    assert fetch(proxy, maker.pki) == maker.made.serial
    assert PASSWORD not in proxy.stderr_text()


def test_a_password_may_be_in_the_environment(start_with, maker):
    """password_env names the variable."""
    section = {"keystore": maker.keystore(), "password_env": "KEY_PASSWORD"}
    proxy = start_with(section, {"KEY_PASSWORD": PASSWORD})
    assert fetch(proxy, maker.pki) == maker.made.serial
    assert PASSWORD not in proxy.stderr_text()


def test_a_password_may_be_a_credential_of_systemd(start_with, maker):
    """password_credential names a file in $CREDENTIALS_DIRECTORY."""
    folder = maker.folder / "credentials"
    folder.mkdir(0o700)
    maker.password_file().rename(folder / "tls")
    section = {"keystore": maker.keystore(), "password_credential": "tls"}
    proxy = start_with(section, {"CREDENTIALS_DIRECTORY": str(folder)})
    assert fetch(proxy, maker.pki) == maker.made.serial


def check(maker, section):
    """`sidelock check` on this [certificate]; exit code and text."""
    path = maker.folder / "sidelock.ini"
    with socket.create_server(("127.0.0.1", 0)) as backend:
        address = net.address_text(backend.getsockname())
        service = {"listen": "127.0.0.1:0", "backend": address}
        config = {"service": service, "certificate": section}
        path.write_text(sidelock.ini(config))
        done = sidelock.run("check", "-c", path, cwd=maker.folder)
    assert PASSWORD not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_wrong_password_is_told_without_it(maker):
    """Which file, whose password, and how to try it."""
    section = _encrypted_pem(maker)
    section["password_file"] = maker.secret("wrong", PASSWORD + "x")
    code, text = check(maker, section)
    assert code == 1
    assert "SL-PASSWORD-WRONG" in text
    assert f"certificate.password_file {section['password_file']}" in text


def test_a_missing_password_is_told_from_a_wrong_one(maker):
    """What to write is named."""
    section = _encrypted_pem(maker)
    del section["password_file"]
    code, text = check(maker, section)
    assert code == 1
    assert "SL-PASSWORD-MISSING" in text
    assert "password_file = FILE" in text


def test_an_old_keystore_is_told_with_commands_that_work(start_with, maker):
    """Copied out of the message, they make a keystore that is served."""
    old = maker.keystore("old.p12", None, "-legacy")
    section = {"keystore": old, "password_file": maker.password_file()}
    code, text = check(maker, section)
    assert code == 1
    assert "SL-KEYSTORE-LEGACY" in text
    script = text.partition("convert it: ")[2].partition(" [SL-")[0]
    script = script.replace("-nodes", f"-nodes -passin pass:{PASSWORD}")
    script = script.replace("-export", f"-export -passout pass:{PASSWORD}")
    subprocess.run(
        ["sh", "-c", script], check=True, capture_output=True, timeout=60
    )
    new = maker.folder / "old.p12.new"
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert not (maker.folder / "old.p12.pem").exists()
    proxy = start_with({**section, "keystore": new})
    assert fetch(proxy, maker.pki) == maker.made.serial


def test_an_exposed_key_is_refused_unless_that_is_written(start_with, maker):
    """The message names both ways out."""
    maker.made.key.chmod(0o644)
    section = maker.made.as_section()
    code, text = check(maker, section)
    assert code == 1
    assert "SL-KEY-EXPOSED" in text
    assert f"chmod 600 {maker.made.key}" in text
    assert "allow_exposed_key = yes" in text
    proxy = start_with({**section, "allow_exposed_key": True})
    assert fetch(proxy, maker.pki) == maker.made.serial


def test_a_key_that_a_group_reads_serves(start_with, maker):
    """Kubernetes' fsGroup makes files 0440."""
    maker.made.key.chmod(0o440)
    code, text = check(maker, maker.made.as_section())
    assert code == 2
    assert "SL-KEY-GROUP" in text
    proxy = start_with(maker.made.as_section())
    assert fetch(proxy, maker.pki) == maker.made.serial


def test_several_identities_are_listed(maker):
    """Nothing is guessed."""
    section = _bundle(maker)
    del section["select_subject"]
    code, text = check(maker, section)
    assert code == 1
    assert "SL-SELECT-SEVERAL" in text
    assert '"CN=second.test"' in text


def test_a_reload_takes_another_format(start_with, maker):
    """From PEM to an encrypted keystore without a restart."""
    proxy = start_with(maker.made.as_section())
    assert fetch(proxy, maker.pki) == maker.made.serial
    maker.made = maker.pki.server("next")
    proxy.config["certificate"] = _keystore(maker)
    proxy.reload()
    assert fetch(proxy, maker.pki) == maker.made.serial


def test_the_documented_recipe_makes_a_pair_that_serves(start_with, maker):
    """docs/certificates.md, "A self-signed pair": clients trust it itself."""
    text = (settings.ROOT / "docs" / "certificates.md").read_text()
    script = text.partition("### A self-signed pair")[2]
    script = script.partition("```sh\n")[2].partition("```")[0]
    subprocess.run(
        ["sh", "-e", "-c", script], cwd=maker.folder, check=True,
        capture_output=True, stdin=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    cert, key = maker.folder / "tls.crt", maker.folder / "tls.key"
    section = {"cert": cert, "key": key}
    code, text = check(maker, section)
    assert code == 0, text
    assert "Secure to db.example.net" in text
    proxy = start_with(section)
    context = client_context(cert)
    for name in ("db.example.net", "localhost"):
        with TlsClient.open(
            proxy.address(), context, server_name=name
        ) as client:
            assert client.echo(HELLO) == HELLO
            client.finish()


NOBODY = 65534


def _as_somebody(folder):
    """Popen's arguments for a user who is not root, with the key theirs."""
    if os.geteuid() != 0:
        return {}
    for path in [folder, *folder.iterdir()]:
        os.chown(path, NOBODY, NOBODY)
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


@pytest.mark.release_only
def test_nobody_looks_into_the_process(maker):
    """Neither a core dump nor a debugger of the same user sees the keys: the
    kernel makes what is in /proc/PID root's."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in (maker.made.cert, maker.made.key):
            shutil.copy(path, folder / path.name)
        config = {
            "service": {"listen": "127.0.0.1:0", "backend": "127.0.0.1:1"},
            "certificate": {
                "cert": folder / maker.made.cert.name,
                "key": folder / maker.made.key.name,
            },
        }
        (folder / "sidelock.ini").write_text(sidelock.ini(config))
        user = _as_somebody(folder)
        command = [str(settings.BINARY), "-c", folder / "sidelock.ini"]
        with open(maker.folder / "log", "wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stderr=log,
                env=sidelock.environment(), **user,
            )  # fmt: skip
        try:
            Log(maker.folder / "log").wait("ready")
            assert os.stat(f"/proc/{process.pid}/mem").st_uid == 0
        finally:
            process.terminate()
            assert process.wait(settings.DEADLINE_S) == 0
