# SPDX-License-Identifier: GPL-3.0-or-later
"""`sidelock check` says what is wrong, where, and what to do: exit code 0 for
nothing, 1 for errors, 2 for warnings."""

import re
import shutil

import pytest

from lib import backends, net, sidelock
from lib.sidelock import one_service
from lib.tls import served_serial

BACKEND = "127.0.0.1:8080"


@pytest.fixture
def check(tmp_path):
    """check(config) runs the command on a configuration (sections or text);
    returns exit code and text."""

    def run(config):
        path = tmp_path / "sidelock.ini"
        if config is not None:
            text = config if isinstance(config, str) else sidelock.ini(config)
            path.write_text(text)
        done = sidelock.run("check", "-c", path, cwd=tmp_path)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture
def config(fresh_pki, serve):
    """A good configuration, to be broken."""
    return one_service(fresh_pki.server_certificate, serve(backends.echo))


def test_a_good_configuration_is_good(check, config):
    """Exit code 0, and the status words."""
    code, text = check(config)
    assert code == 0, text
    assert "Secure to localhost" in text
    assert "error" not in text


# What is wrong with the configuration: a change to the sections, and what
# the message must name.
BROKEN_SETTINGS = {
    "unknown key": (
        {"service": {"backnd": BACKEND}},
        ["sidelock.ini:", "backnd", "backend"],
    ),
    "unknown section": (
        {"servce": {"listen": "127.0.0.1:1"}},
        ["sidelock.ini:", "servce", "service"],
    ),
    "no listen": ({"service": {"listen": ""}}, ["listen"]),
    "no backend": ({"service": {"backend": ""}}, ["backend"]),
    "listen without port": (
        {"service": {"listen": "127.0.0.1"}},
        ["sidelock.ini:", "listen", "127.0.0.1"],
    ),
    "port too large": (
        {"service": {"listen": "127.0.0.1:99999"}},
        ["sidelock.ini:", "99999"],
    ),
    "duration without unit": (
        {"timeouts": {"idle": "10"}},
        ["sidelock.ini:", "idle", "10s"],
    ),
    "unknown unit": (
        {"timeouts": {"idle": "10 parsecs"}},
        ["sidelock.ini:", "idle", "parsecs"],
    ),
    "negative duration": (
        {"timeouts": {"handshake": "-1s"}},
        ["sidelock.ini:", "handshake"],
    ),
    "size too large": (
        {"limits": {"buffer": "1GiB"}},
        ["sidelock.ini:", "buffer", "1MiB"],
    ),
    "unknown word": (
        {"service": {"required_level": "mutual"}},
        ["sidelock.ini:", "required_level", "mutual", "peer"],
    ),
    "no boolean": (
        {"service": {"unsafe_backend": "maybe"}},
        ["sidelock.ini:", "unsafe_backend", "maybe"],
    ),
    "backend elsewhere": (
        {"service": {"backend": "192.0.2.1:80"}},
        ["192.0.2.1:80", "unsafe_backend"],
    ),
    "backend nowhere": (
        {"service": {"backend": "0.0.0.0:80"}},
        ["sidelock.ini:", "0.0.0.0:80", "127.0.0.1"],
    ),
    "unknown cipher": (
        {"tls": {"ciphers": "TLS13-AES128-GCM-SHA256;ROT13"}},
        ["ROT13"],
    ),
    "unknown group": ({"tls": {"groups": "X25519;P-257"}}, ["P-257"]),
    "versions crossed": (
        {"tls": {"min_version": "1.3", "max_version": "1.2"}},
        ["min_version", "max_version"],
    ),
    "peer without ca": (
        {"service": {"required_level": "peer"}},
        ["clients", "ca"],
    ),
    "certificate that is not there": (
        {"service": {"certificate": "nobody"}},
        ["nobody"],
    ),
    "name not in its A-form": (
        {"certificate": {"server_name": "b\u00fccher.example"}},
        ["sidelock.ini:", "SL-NAME-FORM", "xn--", "idn2 b\u00fccher.example"],
    ),
    "unknown level": (
        {"service": {"required_level": "mutual"}},
        ["sidelock.ini:", "none, tls, peer"],
    ),
}


@pytest.mark.parametrize("kind", BROKEN_SETTINGS)
def test_a_broken_setting_is_named(check, config, kind):
    """Exit code 1; the message names the line, the key and the remedy."""
    change, words = BROKEN_SETTINGS[kind]
    for section, keys in change.items():
        config.setdefault(section, {}).update(keys)
    code, text = check(config)
    assert code == 1, text
    for word in words:
        assert word in text, text


def test_peer_without_rules_is_refused(check, config, fresh_pki):
    """A CA alone does not say who may come in: allow_all must be written."""
    config["service"]["required_level"] = "peer"
    config["clients"] = {"ca": fresh_pki.ca}
    code, text = check(config)
    assert code == 1, text
    assert "allow_all" in text


# What is wrong with the text of the file, and what the message must name.
BROKEN_TEXT = {
    "duplicate key": (
        "[service]\nlisten = 127.0.0.1:1\nlisten = 127.0.0.1:2\n",
        ["sidelock.ini:3", "listen"],
    ),
    "no key": ("[service]\nnonsense\n", ["sidelock.ini:2"]),
    "overlong line": (
        "[service]\nlisten = 127.0.0.1:1\nbackend = " + "x" * 9000 + "\n",
        ["sidelock.ini:3", "9010 characters"],
    ),
    "open section": ("[service\nlisten = 127.0.0.1:1\n", ["sidelock.ini:1"]),
    "key before section": ("listen = 127.0.0.1:1\n", ["sidelock.ini:1"]),
    "duplicate section": (
        "[service]\nlisten = 127.0.0.1:1\n[tls]\n[service]\n"
        "listen = 127.0.0.1:2\n",
        ["sidelock.ini:", "service"],
    ),
    "binary": ("[service]\nlisten = 127\x00.0.0.1:1\n", ["sidelock.ini", "NUL"]),
    "empty": ("", ["service"]),
}


@pytest.mark.parametrize("kind", BROKEN_TEXT)
def test_a_broken_file_is_named_with_its_line(check, kind):
    """Exit code 1; the message begins where the mistake is."""
    body, words = BROKEN_TEXT[kind]
    code, text = check(body)
    assert code == 1, text
    for word in words:
        assert word in text, text


def test_a_missing_file_is_named(check):
    """The path and the cause."""
    code, text = check(None)
    assert code == 1
    assert "sidelock.ini" in text and "No such file" in text


def test_all_mistakes_are_told_at_once(check, config):
    """One pass finds them all."""
    config["service"]["backnd"] = "x"
    config["timeouts"] = {"idle": "soon", "handshake": "later"}
    code, text = check(config)
    assert code == 1
    assert all(word in text for word in ("backnd", "soon", "later")), text


def no_such_certificate(pki, config):
    config["certificate"]["cert"] = "/nowhere/tls.crt"
    return ["/nowhere/tls.crt", "no such file"]


def no_such_key(pki, config):
    config["certificate"]["key"] = "/nowhere/tls.key"
    return ["/nowhere/tls.key", "no such file"]


def garbage(pki, config):
    path = pki.folder / "garbage.pem"
    path.write_text("not a certificate")
    config["certificate"]["cert"] = path
    return [str(path), "BEGIN CERTIFICATE"]


def swapped_files(pki, config):
    pair = pki.server_certificate
    config["certificate"] = {"cert": pair.key, "key": pair.cert}
    return [str(pair.key)]


def other_key(pki, config):
    config["certificate"]["key"] = pki.renewed.key
    return [str(pki.renewed.key), str(pki.server_certificate.cert)]


def encrypted_key(pki, config):
    path = pki.encrypt_key(pki.server_certificate, "locked.key", "secret")
    config["certificate"]["key"] = path
    return [str(path), "encrypted"]


def missing_intermediate(pki, config):
    pki.intermediate("sub")
    leaf = pki.server("leaf", issuer="sub")
    config["certificate"] = leaf.as_section()
    config["certificate"]["chain_root"] = pki.ca
    return [str(leaf.cert), "sidelock test sub"]


def other_root(pki, config):
    config["certificate"]["chain_root"] = pki.other_ca
    return ["sidelock test ca"]


def name_not_covered(pki, config):
    config["certificate"]["server_name"] = "www.example.test"
    return ["www.example.test", "localhost"]


def no_server_certificate(pki, config):
    config["certificate"] = pki.client_certificate.as_section()
    return ["serverAuth"]


def no_such_ca(pki, config):
    config["service"]["required_level"] = "peer"
    config["clients"] = {"ca": "/nowhere/ca.pem", "allow_all": True}
    return ["/nowhere/ca.pem", "no such file"]


def ca_without_certificate(pki, config):
    path = pki.folder / "empty-ca.pem"
    path.write_text("# none yet\n")
    config["service"]["required_level"] = "peer"
    config["clients"] = {"ca": path, "allow_all": True}
    return [str(path)]


BROKEN_CERTIFICATES = [
    no_such_certificate, no_such_key, garbage, swapped_files, other_key,
    encrypted_key, missing_intermediate, other_root,
    name_not_covered, no_server_certificate, no_such_ca,
    ca_without_certificate,
]  # fmt: skip


@pytest.mark.parametrize("breakage", BROKEN_CERTIFICATES, ids=lambda f: f.__name__)
def test_a_broken_certificate_is_named(check, config, fresh_pki, breakage):
    """Exit code 1; the message names the file and what is wrong with it."""
    words = breakage(fresh_pki, config)
    code, text = check(config)
    assert code == 1, text
    for word in words:
        assert word in text, text


def test_no_secret_is_shown(check, config, fresh_pki):
    """Whatever is wrong with a key, nothing of it is in the message."""
    key = fresh_pki.folder / "broken.key"
    text = fresh_pki.server_certificate.key.read_text()
    key.write_text(text.replace("-----END", "!!!!-----END"))
    config["certificate"]["key"] = key
    code, shown = check(config)
    assert code == 1
    for line in text.splitlines()[1:-1]:
        assert line not in shown


def test_an_expired_certificate_is_a_warning(check, config, fresh_pki):
    """It still encrypts: exit code 2, and the status says expired."""
    config["certificate"] = fresh_pki.expired.as_section()
    code, text = check(config)
    assert code == 2, text
    assert "Secure to localhost (expired)" in text
    assert "warning" in text


def test_a_certificate_that_ends_soon_is_a_warning(check, config, fresh_pki):
    """Within reload.warn_days: exit code 2, and the days that are left."""
    soon = fresh_pki.server("soon", days=(-10, 10.5))
    config["certificate"] = soon.as_section()
    code, text = check(config)
    assert code == 2, text
    assert "Secure to localhost (expires in 10 days)" in text


def test_warn_days_decides_what_is_soon(check, config, fresh_pki):
    """With warn_days = 5 the same certificate is no matter for concern."""
    soon = fresh_pki.server("soon", days=(-10, 10.5))
    config["certificate"] = soon.as_section()
    config["reload"] = {"warn_days": 5}
    code, text = check(config)
    assert code == 0, text
    assert "expires" not in text


def test_a_chain_in_the_wrong_order_is_a_warning(
    program, check, serve, config, fresh_pki
):
    """It is sorted before it is served: exit code 2, and clients verify."""
    sub = fresh_pki.intermediate("sub")
    leaf = fresh_pki.server("leaf", issuer="sub")
    mixed = fresh_pki.join("mixed.pem", [sub, leaf.cert])
    config["certificate"] = {"cert": mixed, "key": leaf.key}
    code, text = check(config)
    assert code == 2, text
    assert str(mixed) in text and "order" in text
    config["service"]["backend"] = serve(backends.echo).address
    proxy = program(config).start()
    serial = served_serial(proxy.address(), fresh_pki.context())
    assert serial == leaf.serial


def test_a_server_name_that_is_covered_is_shown(check, config):
    """The status speaks of the name that was asked for."""
    config["certificate"]["server_name"] = "127.0.0.1"
    code, text = check(config)
    assert code == 0, text
    assert "Secure to 127.0.0.1" in text


def test_check_and_start_agree(program, check, config, fresh_pki):
    """What check calls an error stops a start, with the same words."""
    name_not_covered(fresh_pki, config)
    code, text = check(config)
    assert code == 1
    proxy = program(config)
    proxy.spawn()
    assert proxy.wait_exit() == 1
    (error,) = re.findall("^error: (.*) \\[", text, re.MULTILINE)
    assert f"sidelock: error: {error}" in proxy.stderr_text()


def test_relative_paths_and_comments_are_understood(
    check, config, fresh_pki, tmp_path
):
    """As people write such files."""
    pair = fresh_pki.server_certificate
    shutil.copy(pair.cert, tmp_path / "tls.crt")
    shutil.copy(pair.key, tmp_path / "tls.key")
    code, text = check(
        "; a comment\n\n[service web]\n"
        f"  listen=127.0.0.1:{net.free_port()}\n  # where clients come\n"
        f"backend = {config['service']['backend']}\n\n[certificate]\n"
        "cert = tls.crt\nkey = tls.key\n"
    )
    assert code == 0, text


def test_names_of_files_stay_on_their_line(
    check, config, program, fresh_pki, tmp_path
):
    """Whoever fills a folder of certificates chooses names: they neither color
    the terminal nor look like a line of ours, in `check` and in `status`."""
    folder = tmp_path / "folder"
    folder.mkdir()
    pair = fresh_pki.server("other", names="DNS:other.test")
    name = "a\x1b[31m\nservice default: Secure to nobody"
    shutil.copy(pair.cert, folder / f"{name}.crt")
    shutil.copy(pair.key, folder / f"{name}.key")
    config["service"]["certificate_dir"] = folder
    config["reload"] = {"warn_days": 3650}
    config["admin"] = {"listen": f"unix:{tmp_path}/admin.sock"}
    proxy = program(config).start()
    status = sidelock.run("status", "-c", proxy.config_path).stdout
    for text in (check(config)[1], status):
        assert r"a\x1b[31m\x0aservice default: Secure" in text
        assert "\x1b" not in text
        assert "\nservice default: Secure to nobody" not in text
