# SPDX-License-Identifier: GPL-3.0-or-later
"""`sidelock check` looks at what is around the program, too: the addresses to
listen on, the backends, the user; and says how to verify from outside. For
machines it says the same as JSON."""

import contextlib
import json
import re
import shlex
import socket
import subprocess
import time
from pathlib import Path

import pytest

from lib import backends, net, settings, sidelock
from lib.sidelock import one_service

SILENT = 16
FAR_AWAY = "192.0.2.1"  # TEST-NET-1: no interface of this machine has it


@pytest.fixture
def config(pki, serve):
    """A good configuration, to be changed."""
    return one_service(pki.server_certificate, serve(backends.echo))


@pytest.fixture
def check(tmp_path):
    """check(config, ...) runs the command; returns exit code and text."""

    def run(config, *arguments):
        path = tmp_path / "sidelock.ini"
        path.write_text(sidelock.ini(config))
        done = sidelock.run("check", "-c", path, *arguments, cwd=tmp_path)
        return done.returncode, done.stdout

    return run


@pytest.fixture
def check_json(check):
    """check_json(config) returns the object."""

    def run(config):
        code, text = check(config, "--json")
        result = json.loads(text)
        assert result["exit_code"] == code
        return result

    return run


def rows(result, about, name, which):
    return [
        (row["outcome"], row["code"])
        for row in result["checks"]
        if (row["about"], row["name"], row["check"]) == (about, name, which)
    ]


def codes(result, severity):
    return [f["code"] for f in result["findings"] if f["severity"] == severity]


# -- listen ------------------------------------------------------------------


def test_an_address_in_use_is_a_warning(check, config):
    """It may be the program that is to be replaced: exit code 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = net.address_text(taken.getsockname())
        config["service"]["listen"] = address
        code, text = check(config)
    assert code == 2, text
    assert re.search(f"warning +listen +{address} .SL-LISTEN-TAKEN.", text)
    assert "to be replaced" in text


def test_the_running_program_is_seen(program, check, config):
    """Its sockets share their port, which must not hide them."""
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    program(config).start()
    code, text = check(config)
    assert code == 2, text
    assert "SL-LISTEN-TAKEN" in text


def test_check_leaves_the_address_free(program, check, config):
    """What it tries it gives back at once."""
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    code, text = check(config)
    assert code == 0, text
    program(config).start()


def test_an_address_of_another_machine_is_an_error(check, config):
    """Nobody could listen there: exit code 1."""
    config["service"]["listen"] = f"{FAR_AWAY}:8443"
    code, text = check(config)
    assert code == 1, text
    assert re.search(r"error +listen .*SL-LISTEN\b", text)
    assert "no interface" in text


def test_a_low_port_without_the_right_is_an_error(tmp_path, config):
    """As a user who may not listen below 1024."""
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as file:
        first_free = int(file.read())
    if first_free < 1024:
        settings.give_up("every port is open to all users here")
    config["service"]["listen"] = "127.0.0.1:1"
    path = tmp_path / "sidelock.ini"
    path.write_text(sidelock.ini(config))
    done = subprocess.run(
        [
            settings.require("setpriv"), "--bounding-set=-net_bind_service",
            "--inh-caps=-net_bind_service", settings.BINARY, "check", "-c",
            path,
        ],
        capture_output=True, text=True, env=sidelock.environment(),
        timeout=settings.DEADLINE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"error +listen +127.0.0.1:1 .SL-LISTEN\b", done.stdout)
    assert "CAP_NET_BIND_SERVICE" in done.stdout


# -- backends ------------------------------------------------------------------


def test_a_backend_that_is_down_is_a_warning(check, config):
    """Exit code 2; the address and what the system said."""
    with backends.refusing() as address:
        config["service"]["backend"] = address
        code, text = check(config)
    assert code == 2, text
    assert re.search(f"warning +backend +{address}: Connection refused", text)
    assert "SL-BACKEND-DOWN" in text


def test_a_backend_that_stays_silent_does_not_hold_it_up(check_json, config):
    """Each is asked for at most two seconds, and all at once: one after the
    other they would take half a minute."""
    with contextlib.ExitStack() as stack:
        config["service"]["backend"] = silent = [
            stack.enter_context(backends.never_accepting())
            for _ in range(SILENT)
        ]
        begin = time.monotonic()
        result = check_json(config)
        took = time.monotonic() - begin
    assert rows(result, "service", "default", "backend") == [
        ("warning", "SL-BACKEND-DOWN")
    ] * len(silent)
    assert codes(result, "warning") == ["SL-BACKEND-DOWN"]
    assert took < 2 * SILENT


def test_one_backend_of_several_is_enough(check_json, config):
    """The one that is down is a note: exit code 0."""
    with backends.refusing() as address:
        config["service"]["backend"] = [address, config["service"]["backend"]]
        result = check_json(config)
    assert result["exit_code"] == 0, result
    assert any(
        address in finding["text"]
        for finding in result["findings"]
        if finding["severity"] == "note"
    )


def test_a_backend_at_a_unix_socket_is_asked(check_json, config, tmp_path):
    """One that is there, and one that is not."""
    path = tmp_path / "app.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        config["service"]["backend"] = f"unix:{path}"
        assert check_json(config)["exit_code"] == 0
    path.unlink()
    assert codes(check_json(config), "warning") == ["SL-BACKEND-DOWN"]


# -- from outside --------------------------------------------------------------


def verify_command(text):
    (line,) = re.findall("verify with +(openssl .*)$", text, re.MULTILINE)
    return line


def run_line(line):
    """Runs what check printed, as it stands; the exit code."""
    settings.require("openssl")
    done = subprocess.run(
        ["sh", "-c", line], capture_output=True, timeout=60, check=False
    )
    return done.returncode


def test_the_printed_command_verifies_what_is_served(
    program, check, config, pki
):
    """It succeeds against the running program, and fails against another
    certificate: one of an authority that it does not trust."""
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    config["certificate"]["chain_root"] = pki.ca
    line = verify_command(check(config)[1])
    proxy = program(config).start()
    assert run_line(line) == 0, line
    config["certificate"]["chain_root"] = ""
    config["certificate"].update(pki.server("stray", issuer="other-ca").as_section())
    proxy.reload()
    assert run_line(line) != 0, line


@pytest.mark.parametrize("has_root", [False, True], ids=["left out", "there"])
def test_the_printed_command_leaves_room_for_an_authority_of_ones_own(
    program, check, config, pki, tmp_path, has_root
):
    """As it stands, openssl would not know whom to trust: the chain ends
    at an issuer that is not among the system's roots, be it in the file."""
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    if has_root:
        whole = tmp_path / "whole.pem"
        leaf = Path(config["certificate"]["cert"]).read_bytes()
        whole.write_bytes(leaf + pki.ca.read_bytes())
        config["certificate"]["cert"] = whole
    line = verify_command(check(config)[1])
    assert " -CAfile CA.pem " in line
    program(config).start()
    assert run_line(line.replace("CA.pem", str(pki.ca))) == 0, line


def test_the_printed_command_verifies_an_address(program, check, config, pki):
    """A server_name that is an IP address is verified, not asked for."""
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    config["certificate"].update(chain_root=pki.ca, server_name="127.0.0.1")
    line = verify_command(check(config)[1])
    assert "-verify_ip 127.0.0.1" in line
    program(config).start()
    assert run_line(line) == 0, line


def test_a_path_with_a_space_is_quoted(check, config, fresh_pki, tmp_path):
    """The line is for a shell."""
    root = tmp_path / "our root;touch x.pem"
    root.write_bytes(fresh_pki.ca.read_bytes())
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    config["certificate"] = fresh_pki.server_certificate.as_section()
    config["certificate"]["chain_root"] = f'"{root}"'
    words = shlex.split(verify_command(check(config)[1]))
    assert str(root) in words


def test_wildcards_are_shown_as_localhost(check, config):
    """Nobody connects to 0.0.0.0."""
    port = net.free_port()
    for host in ("0.0.0.0", "[::]"):
        config["service"]["listen"] = f"{host}:{port}"
        assert f"-connect localhost:{port} " in verify_command(check(config)[1])


def test_ipv6_stands_in_brackets(check, config):
    """As openssl takes it."""
    port = net.free_port("::1")
    config["service"]["listen"] = f"[::1]:{port}"
    assert f"-connect [::1]:{port} " in verify_command(check(config)[1])


def test_without_a_port_there_is_no_command(check, config):
    """With port 0 the kernel chooses at each start."""
    code, text = check(config)
    assert code == 0
    assert "verify with" not in text


# -- user ----------------------------------------------------------------------


def test_it_says_as_whom_it_runs(check, config):
    """What it may read, the service's user must be able to read."""
    text = check(config)[1]
    assert re.search(r"ok +user +uid \d+, gid \d+", text)


# -- one check, one row --------------------------------------------------------

CERTIFICATE_ROWS = [
    "files", "format", "pair", "chain", "names", "usage", "dates", "mount",
    "staple",
]  # fmt: skip


def test_each_proof_has_a_row(check, config):
    """A line per proof, certificate and service."""
    text = check(config)[1]
    table = text.partition("\n\n")[0]
    for name in (*CERTIFICATE_ROWS, "handshake", "clients", "listen", "backend"):
        assert re.search(f"^  ok +{name}\\b", table, re.MULTILINE), table


def test_what_was_not_reached_is_no_success(check_json, config, pki):
    """Behind a pair that does not match nothing was proven."""
    config["certificate"]["key"] = pki.renewed.key
    result = check_json(config)
    outcomes = [
        (row["check"], row["outcome"])
        for row in result["checks"]
        if row["about"] == "certificate"
    ]
    at = CERTIFICATE_ROWS.index("pair")
    assert outcomes == [(name, "ok") for name in CERTIFICATE_ROWS[:at]] + [
        ("pair", "error")
    ] + [(name, "skipped") for name in CERTIFICATE_ROWS[at + 1 :]]


def test_every_broken_certificate_is_told(check_json, config, pki, tmp_path):
    """A start would stop at the first one."""
    config["certificate first"] = config.pop("certificate")
    config["certificate first"]["key"] = pki.renewed.key
    config["certificate second"] = {"cert": tmp_path / "nowhere.pem"}
    config["service"]["certificate"] = ["first", "second"]
    result = check_json(config)
    assert sorted(codes(result, "error")) == ["SL-FILE-MISSING", "SL-KEY-MISMATCH"]


def test_the_environment_is_looked_at_all_the_same(check_json, config, pki):
    """A broken certificate does not hide a backend that is down."""
    config["certificate"]["key"] = pki.renewed.key
    with backends.refusing() as address:
        config["service"]["backend"] = address
        result = check_json(config)
    assert codes(result, "error") == ["SL-KEY-MISMATCH"]
    assert codes(result, "warning") == ["SL-BACKEND-DOWN"]


def test_a_remedy_follows_each_finding(check, config, pki):
    """From the field guide, below the line with the code."""
    config["certificate"]["key"] = pki.renewed.key
    text = check(config)[1]
    assert re.search(r"^error: .*\[SL-KEY-MISMATCH\]\n  remedy: \w", text, re.M)


# -- several certificates ------------------------------------------------------


def name_row(result):
    return next(
        row["text"]
        for row in result["checks"]
        if row["about"] == "service" and row["check"] == "names"
    )


@pytest.mark.parametrize(
    "unknown_sni, words",
    [("default", "others see the first"), ("refuse", "others are refused")],
)
def test_it_counts_the_names_that_are_covered(
    check_json, config, fresh_pki, unknown_sni, words
):
    """Of all certificates of a service; and what becomes of other names."""
    one = fresh_pki.server("one", names="DNS:a.test,DNS:b.test")
    two = fresh_pki.server("two", names="DNS:c.test")
    del config["certificate"]
    config["certificate one"] = one.as_section()
    config["certificate two"] = two.as_section()
    config["service"]["certificate"] = ["one", "two"]
    config["tls"] = {"unknown_sni": unknown_sni}
    result = check_json(config)
    assert result["exit_code"] == 0, result
    assert name_row(result).startswith("3 names by 2 certificates; " + words)
    assert [c["name"] for c in result["certificates"]] == ["one", "two"]


def test_the_certificates_of_a_folder_are_listed(check_json, config, fresh_pki):
    """Each with its rows and its names, and the command for the first."""
    folder = fresh_pki.folder / "served"
    folder.mkdir()
    for name in ("a", "b"):
        pair = fresh_pki.server(name, names=f"DNS:{name}.test")
        (folder / f"{name}.crt").write_bytes(pair.cert.read_bytes())
        (folder / f"{name}.key").write_bytes(pair.key.read_bytes())
        (folder / f"{name}.key").chmod(0o600)
    del config["certificate"]
    config["service"]["certificate_dir"] = folder
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    result = check_json(config)
    assert result["exit_code"] == 0, result
    assert [c["names"] for c in result["certificates"]] == [["a.test"], ["b.test"]]
    assert len(result["services"][0]["certificates"]) == 2
    assert "-servername a.test" in result["services"][0]["verify_command"]


def test_a_service_that_waits_is_a_warning(check, config, tmp_path):
    """on_missing = wait: exit code 2, what it waits for, and no success in
    its rows."""
    config["certificate"] = {"cert": tmp_path / "later.pem", "on_missing": "wait"}
    code, text = check(config)
    assert code == 2, text
    assert re.search(r"warning +mode +waits .*SL-CERT-WAITING", text)
    assert re.search(r"warning +files .SL-FILE-MISSING", text)
    assert re.search(r"- +pair$", text, re.MULTILINE)
    assert "service default: Unsecured" in text
    assert re.search("missing +.*later.pem", text)


# -- JSON ----------------------------------------------------------------------


def test_json_says_what_would_be_served(check_json, config, pki):
    """Verdict, services, certificates with names and chain."""
    result = check_json(config)
    assert result["verdict"] == "good" and result["exit_code"] == 0
    (service,) = result["services"]
    assert service["status"] == "Secure to localhost"
    assert service["listen"] == ["127.0.0.1:0"]
    assert service["verify_command"] is None
    (certificate,) = result["certificates"]
    assert certificate["name"] == "default"
    assert certificate["serial"] == pki.server_certificate.serial
    assert certificate["names"] == ["localhost", "127.0.0.1", "::1"]
    assert certificate["key_type"] == "ECDSA"
    assert 88 <= certificate["days_left"] <= 90
    assert re.fullmatch("[0-9A-F]{64}", certificate["fingerprint"])
    assert [link["subject"] for link in certificate["chain"]] == ["CN=server"]


def test_json_has_code_and_remedy(check_json, config, pki):
    """As `sidelock explain` has them."""
    config["certificate"]["cert"] = "/nowhere/tls.crt"
    result = check_json(config)
    assert result["exit_code"] == 1
    (finding,) = [f for f in result["findings"] if f["severity"] == "error"]
    assert finding["code"] == "SL-FILE-MISSING"
    assert "/nowhere/tls.crt" in finding["text"] and finding["remedy"]
    assert rows(result, "certificate", "default", "files") == [
        ("error", "SL-FILE-MISSING")
    ]


def test_json_of_settings_that_cannot_be_read(check_json, config):
    """Still one object: the finding, and nothing that would be served."""
    config["service"]["backnd"] = "x"
    result = check_json(config)
    assert result["exit_code"] == 1
    assert codes(result, "error") == ["SL-CONFIG-UNKNOWN"]
    assert result["services"] == [] and result["certificates"] == []
    assert rows(result, "process", None, "settings") == [
        ("error", "SL-CONFIG-UNKNOWN")
    ]


# -- the files that a start makes ----------------------------------------------


MADE = [
    ("log", "output", "{}", "log", "SL-LOG-OUTPUT"),
    ("process", "pid_file", "{}", "pid file", "SL-PID-FILE"),
    ("admin", "listen", "unix:{}", "admin", "SL-ADMIN"),
]


@pytest.mark.parametrize("section, key, form, row, code", MADE)
def test_what_a_start_cannot_make_is_a_warning(
    check_json, config, tmp_path, section, key, form, row, code
):
    """Its folder is missing: a start fails by that, and a check says so."""
    folder = tmp_path / "later"
    config[section] = {key: form.format(folder / "made")}
    result = check_json(config)
    assert rows(result, "process", None, row) == [("warning", code)]
    assert codes(result, "warning") == [code] and result["exit_code"] == 2
    assert f"{section}.{key} {config[section][key]}: " in str(result)
    started = sidelock.run("-c", tmp_path / "sidelock.ini", cwd=tmp_path)
    assert started.returncode == 1 and f"[{code}]" in started.stderr
    folder.mkdir()
    result = check_json(config)
    assert rows(result, "process", None, row) == [("ok", None)]
    assert result["exit_code"] == 0 and not list(folder.iterdir())


@pytest.mark.parametrize("section, key, form, row, code", MADE)
def test_a_folder_where_a_start_makes_a_file_is_a_warning(
    check_json, config, tmp_path, section, key, form, row, code
):
    """It can be written, but nothing of the kind can be in its place."""
    config[section] = {key: form.format(tmp_path)}
    assert rows(check_json(config), "process", None, row) == [("warning", code)]


# -- the command, more of it ---------------------------------------------------


def test_the_printed_command_has_no_final_dot(program, check, config, pki):
    """server_name may be written as the DNS has it; openssl compares it with
    the certificate's names as they stand."""
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    config["certificate"]["server_name"] = "localhost."
    line = verify_command(check(config)[1])
    assert "-servername localhost -verify_hostname localhost " in line
    program(config).start()
    assert run_line(line.replace("CA.pem", str(pki.ca))) == 0, line


@pytest.mark.parametrize("form", ["PEM", "DER"])
def test_the_printed_command_names_a_self_signed_one_if_openssl_reads_it(
    check, config, tmp_path, form
):
    """As DER it is another file's turn: -CAfile takes PEM only."""
    openssl = settings.require("openssl")
    cert, key = tmp_path / "own.crt", tmp_path / "own.key"
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-nodes", "-days", "90",
         "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost",
         "-keyout", key, "-out", cert],
        check=True, capture_output=True, timeout=settings.DEADLINE_S,
    )  # fmt: skip
    key.chmod(0o600)
    subprocess.run(
        [openssl, "x509", "-in", cert, "-outform", form, "-out", cert],
        check=True, capture_output=True, timeout=settings.DEADLINE_S,
    )  # fmt: skip
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    config["certificate"] = {"cert": cert, "key": key}
    line = verify_command(check(config)[1])
    assert f" -CAfile {cert if form == 'PEM' else 'CA.pem'} " in line
