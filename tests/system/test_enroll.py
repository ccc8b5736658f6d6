# SPDX-License-Identifier: GPL-3.0-or-later
"""enroll = FILE: a client that nobody knows is refused and listed; somebody
approves it by its fingerprint, and it comes in; or revokes it, and it is out."""

import fcntl
import hashlib
import json
import os
import re
import resource
import signal
import ssl
import subprocess
import sys
import time
from datetime import datetime, timezone

import pytest

from lib import backends, settings, sidelock, tls
from lib.sidelock import one_service
from lib.tls import TlsClient
from lib.wait import until

A, B, C = (digit * 64 for digit in "abc")
# Two that begin alike.
LIKE_A = "a" * 20 + "0" * 44


def fingerprint(certificate):
    """SHA-256 of the DER, in lower-case hex."""
    der = ssl.PEM_cert_to_DER_cert(certificate.cert.read_text())
    return hashlib.sha256(der).hexdigest()


@pytest.fixture
def enroll(tmp_path):
    """Where the approved are listed; nobody has written it yet."""
    folder = tmp_path / "enrolled"
    folder.mkdir()
    return folder / "clients.txt"


@pytest.fixture
def config(pki, serve, tmp_path, enroll):
    """A service that lets in whom somebody has approved."""
    config = one_service(pki.server_certificate, serve(backends.echo))
    config["service"]["required_level"] = "peer"
    config["clients"] = {"enroll": enroll}
    config["admin"] = {"listen": f"unix:{tmp_path}/admin.sock"}
    return config


@pytest.fixture
def proxy(program, config):
    return program(config).start()


@pytest.fixture
def ini(tmp_path, config):
    """The settings as a file, without a process."""
    path = tmp_path / "alone.ini"
    path.write_text(sidelock.ini({**config, "reload": {"watch": 0}}))
    return path


@pytest.fixture
def stranger(fresh_pki):
    """A well-formed certificate that nobody vouches for."""
    return fresh_pki.self_signed_client("printer-7")


def command(word, path, *arguments, code=0):
    done = sidelock.run(word, "-c", path, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    return done


def listed(path, service="default"):
    """(pending, approved) of a service, as programs get them."""
    answer = json.loads(command("clients", path, "--json").stdout)
    for told in answer["services"]:
        if told["name"] == service:
            return told["pending"], told["approved"]
    raise AssertionError(answer)


def digits_of(entries):
    return [entry["fingerprint"] for entry in entries]


def accepted(proxy, context, service="default"):
    with TlsClient.open(proxy.address(service), context) as client:
        assert client.echo(b"welcome") == b"welcome"
        client.finish()


def knock(proxy, context, service="default", source=None):
    """Comes in vain."""
    address = proxy.address(service)
    with pytest.raises(ssl.SSLError):
        with TlsClient.open(address, context, source=source) as client:
            client.send(b"let me in")
            client.read_to_end()


def refused(proxy, context, service="default", source=None):
    """Returns the log's line about it."""
    mark = proxy.log.mark()
    knock(proxy, context, service, source)
    return proxy.log.wait("connection", since=mark, reason="client_refused")


def near_now(text):
    at = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ")
    now = datetime.now(timezone.utc).replace(tzinfo=None)
    return abs((now - at).total_seconds()) < 120


# --- from stranger to client and back ---------------------------------------


@pytest.mark.parametrize("version", tls.VERSIONS, ids=tls.VERSION_NAMES.get)
def test_a_stranger_is_listed_approved_and_let_in(
    proxy, pki, stranger, enroll, version
):
    """Refused and pending; authorized by the first digits; in, and counted."""
    digits = fingerprint(stranger)
    context = pki.context(version, stranger)
    line = refused(proxy, context)
    assert digits[:16] in line["detail"] and "CN=printer-7" in line["detail"]

    pending, approved = listed(proxy.config_path)
    assert approved == []
    (entry,) = pending
    assert entry["fingerprint"] == digits
    assert entry["subject"] == "CN=printer-7"
    assert entry["issuer"] == "CN=printer-7"
    assert re.fullmatch("[0-9a-fA-F]+", entry["serial"])
    assert entry["address"] == line["peer"]
    assert entry["count"] == 1
    assert near_now(entry["first_seen"]) and near_now(entry["last_seen"])

    done = command("authorize", proxy.config_path, digits[:8])
    assert f"authorized sha256:{digits} CN=printer-7" in done.stdout
    assert done.stdout.rstrip().endswith("; in effect")
    line = enroll.read_text()
    assert line.startswith(f'sha256:{digits}  # subject "CN=printer-7", approved ')
    assert re.search(r"approved \d{4}-\d\d-\d\d by \S+( \d+)?\n$", line)

    accepted(proxy, context)
    pending, (entry,) = listed(proxy.config_path)
    assert pending == []
    assert entry["fingerprint"] == digits and entry["hits"] == 1
    assert near_now(entry["last_use"])
    end = proxy.connection_end(reason="done")
    assert "CN=printer-7" in end["identity"]


def test_a_revoked_client_is_out_at_once(proxy, pki, stranger, enroll):
    """Also one that had a ticket; and it is pending again when it comes."""
    digits = fingerprint(stranger)
    context = pki.context(certificate=stranger)
    command("authorize", proxy.config_path, digits)
    accepted(proxy, context)
    done = command("revoke", proxy.config_path, f"SHA256:{digits[:10].upper()}")
    assert f"revoked sha256:{digits}" in done.stdout
    assert "in effect for new connections" in done.stdout
    assert "on_trust_change" in done.stdout
    assert enroll.read_text() == ""
    assert listed(proxy.config_path) == ([], [])
    refused(proxy, context)
    (entry,), _ = listed(proxy.config_path)
    assert entry["fingerprint"] == digits


@pytest.mark.parametrize("version", tls.VERSIONS, ids=tls.VERSION_NAMES.get)
def test_a_revoked_client_that_is_in_is_ended(
    program, config, pki, stranger, version
):
    """With on_trust_change = close; the log says that it is not approved."""
    config["reload"] = {"on_trust_change": "close", "trust_change_spread": "0"}
    proxy = program(config).start()
    digits = fingerprint(stranger)
    command("authorize", proxy.config_path, digits)
    context = pki.context(version, stranger)
    with TlsClient.open(proxy.address(), context) as client:
        assert client.echo(b"in") == b"in"
        command("revoke", proxy.config_path, digits)
        line = proxy.connection_end(reason="trust_changed")
        client.read_to_end()
        assert client.end is not None
    assert line["code"] == "SL-CLIENT-NO-LONGER"
    assert line["identity"] == "CN=printer-7"
    assert f"not approved yet (sidelock authorize {digits[:16]})" in (
        line["detail"]
    )


def test_uses_are_counted_across_reloads(proxy, pki, stranger):
    context = pki.context(certificate=stranger)
    command("authorize", proxy.config_path, fingerprint(stranger))
    accepted(proxy, context)
    proxy.reload()
    accepted(proxy, context)
    _, (entry,) = listed(proxy.config_path)
    assert entry["hits"] == 2


def test_pending_clients_outlive_reloads(proxy, pki, stranger):
    refused(proxy, pki.context(certificate=stranger))
    proxy.reload()
    refused(proxy, pki.context(certificate=stranger))
    (entry,), _ = listed(proxy.config_path)
    assert entry["count"] == 2


def test_who_is_approved_by_hand_is_no_longer_pending(
    proxy, pki, stranger, enroll
):
    """A line written with an editor, and a reload."""
    refused(proxy, pki.context(certificate=stranger))
    enroll.write_text(f"{fingerprint(stranger)}\n")
    proxy.reload()
    pending, approved = listed(proxy.config_path)
    assert pending == [] and len(approved) == 1


def test_the_watch_takes_up_a_file_that_comes_later(
    program, config, pki, stranger, enroll
):
    """At the start there is none."""
    config["reload"] = {"watch": "1s"}
    proxy = program(config).start()
    mark = proxy.log.mark()
    # At once: an empty one would be taken up as well.
    fresh = enroll.with_suffix(".new")
    fresh.write_text(f"{fingerprint(stranger)}\n")
    fresh.replace(enroll)
    assert proxy.log.wait("reload", since=mark)["outcome"] == "success"
    accepted(proxy, pki.context(certificate=stranger))


def test_a_client_without_a_certificate_is_not_pending(proxy, pki):
    refused(proxy, pki.context())
    assert listed(proxy.config_path) == ([], [])


def test_one_that_approval_would_not_help_is_not_pending(
    proxy, config, pki, fresh_pki
):
    """Expired, not for clients, denied."""
    expired = fresh_pki.client("old", days=(-9, -1))
    server = fresh_pki.server("srv")
    denied = fresh_pki.client("bad")
    config["clients"]["deny_cn"] = "bad"
    proxy.reload()
    for certificate in (expired, server, denied):
        refused(proxy, pki.context(certificate=certificate))
    assert listed(proxy.config_path) == ([], [])


def test_words_for_people(proxy, pki, stranger, enroll):
    """A table; what stands in a certificate or a comment cannot break it."""
    enroll.write_bytes(f"{B}  # \x1b[2Jold \xe9\n".encode("latin-1"))
    proxy.reload()
    refused(proxy, pki.context(certificate=stranger))
    text = command("clients", proxy.config_path).stdout
    assert f"service default: 1 pending, 1 approved in {enroll}" in text
    assert "PENDING" in text and "APPROVED" in text and "never" in text
    assert fingerprint(stranger)[:16] in text and B[:16] in text
    assert "\\x1b[2Jold \\xe9" in text


def test_without_enroll_nobody_is_listed(program, config, pki, stranger):
    config["clients"] = {"ca": pki.ca, "allow_all": True}
    proxy = program(config).start()
    refused(proxy, pki.context(certificate=stranger))
    text = command("clients", proxy.config_path).stdout
    assert "no service has enroll" in text
    done = command("authorize", proxy.config_path, fingerprint(stranger), code=1)
    assert "[SL-ENROLL-FILE]" in done.stderr


def test_one_host_cannot_fill_the_list(proxy, pki, fresh_pki):
    """Twenty new ones a minute; the rest is counted."""
    key = fresh_pki.key_of("server")
    contexts = [
        pki.context(
            certificate=fresh_pki.craft_self_signed(f"flood-{number}", key)
        )
        for number in range(25)
    ]
    for context in contexts:
        knock(proxy, context, source="127.0.0.9")

    def listed():
        done = command("clients", proxy.config_path, "--json")
        answer = json.loads(done.stdout)
        count = len(answer["services"][0]["pending"])
        return count if count + answer["pending_not_listed"] == 25 else None

    count = until(listed, "all 25 to be counted")
    assert 20 <= count < 25  # a minute may have ended in between
    text = command("clients", proxy.config_path).stdout
    assert f"{25 - count} more refused clients were not listed" in text


# --- which one is meant -----------------------------------------------------


def test_a_beginning_that_fits_several_is_refused(proxy, enroll):
    enroll.write_text(f"{A}\n{LIKE_A}\n")
    proxy.reload()
    before = enroll.read_bytes()
    done = command("revoke", proxy.config_path, "a" * 20, code=1)
    assert "fits several" in done.stderr and "[SL-ENROLL]" in done.stderr
    assert A in done.stderr and LIKE_A in done.stderr
    assert enroll.read_bytes() == before
    command("revoke", proxy.config_path, "a" * 21)
    assert enroll.read_text() == f"{LIKE_A}\n"


@pytest.mark.parametrize(
    "word, says",
    [
        ("abcdef0", "at least 8"),
        ("printer-7", "no SHA-256 fingerprint"),
        ("0123456789", "no pending client"),
        (A + "0", "no SHA-256 fingerprint"),
        ("\x1b[2J", "no SHA-256 fingerprint"),
        ("", "no SHA-256 fingerprint"),
    ],
)
def test_what_names_nobody_is_refused(proxy, enroll, word, says):
    """One bad word, and nothing is written for the good ones."""
    done = command("authorize", proxy.config_path, B, word, code=1)
    assert says in done.stderr and "[SL-ENROLL]" in done.stderr
    assert "\x1b" not in done.stderr
    assert not enroll.exists()


def test_several_are_approved_at_once(proxy, pki, fresh_pki):
    certificates = [fresh_pki.self_signed_client(f"p{i}") for i in range(3)]
    for certificate in certificates:
        refused(proxy, pki.context(certificate=certificate))
    command("authorize", proxy.config_path, *map(fingerprint, certificates))
    for certificate in certificates:
        accepted(proxy, pki.context(certificate=certificate))


@pytest.fixture
def two_services(config, tmp_path):
    """web and mail, each with a file of its own."""
    service = config.pop("service")
    clients = config.pop("clients")
    config["service web"] = dict(service)
    config["service mail"] = dict(service)
    config["clients web"] = dict(clients)
    config["clients mail"] = {"enroll": tmp_path / "mail.txt"}
    return config


def test_a_pending_client_is_approved_where_it_knocked(
    program, two_services, pki, stranger, enroll
):
    """It was seen at mail only: no --service is needed."""
    proxy = program(two_services).start()
    mail = two_services["clients mail"]["enroll"]
    context = pki.context(certificate=stranger)
    refused(proxy, context, service="mail")
    command("authorize", proxy.config_path, fingerprint(stranger)[:12])
    assert mail.exists() and not enroll.exists()
    accepted(proxy, context, service="mail")
    refused(proxy, context, service="web")


def test_a_choice_between_services_is_left_to_people(
    program, two_services, pki, stranger, enroll
):
    proxy = program(two_services).start()
    context = pki.context(certificate=stranger)
    refused(proxy, context, service="mail")
    refused(proxy, context, service="web")
    digits = fingerprint(stranger)
    done = command("authorize", proxy.config_path, digits, code=1)
    assert "--service NAME" in done.stderr
    command("authorize", proxy.config_path, digits, "--service", "web")
    assert digits in enroll.read_text()
    accepted(proxy, context, service="web")
    refused(proxy, context, service="mail")
    command("revoke", proxy.config_path, digits)
    assert enroll.read_text() == ""
    done = command("revoke", proxy.config_path, A, "--service", "x", code=1)
    assert "--service x" in done.stderr


def test_services_may_share_one_file(
    program, two_services, pki, stranger, enroll
):
    two_services["clients mail"]["enroll"] = enroll
    proxy = program(two_services).start()
    context = pki.context(certificate=stranger)
    refused(proxy, context, service="mail")
    refused(proxy, context, service="web")
    command("authorize", proxy.config_path, fingerprint(stranger)[:8])
    accepted(proxy, context, service="mail")
    accepted(proxy, context, service="web")


# --- the file ---------------------------------------------------------------


def test_the_file_is_edited_without_a_process(ini, enroll):
    """And it is said that nobody has taken it up."""
    done = command("authorize", ini, ":".join(re.findall("..", A.upper())))
    assert f"authorized sha256:{A} in {enroll}; NOT in effect yet" in done.stdout
    assert "no process could be asked: admin.listen" in done.stdout
    assert "not running" in done.stdout
    assert re.fullmatch(
        rf"sha256:{A}  # approved \d{{4}}-\d\d-\d\d by \S+( \d+)?\n",
        enroll.read_text(),
    )
    done = command("authorize", ini, A, B)
    assert f"sha256:{A} approved" in done.stdout
    assert "was approved already" in done.stdout
    assert len(enroll.read_text().splitlines()) == 2
    done = command("revoke", ini, A[:8])
    assert f"revoked sha256:{A}" in done.stdout
    assert enroll.read_text().startswith(f"sha256:{B}")
    done = command("revoke", ini, A)
    assert "was not approved" in done.stdout
    done = command("revoke", ini, A[:8], code=1)
    assert "no approved certificate" in done.stderr


def test_pending_ones_need_a_process(ini, enroll):
    done = command("authorize", ini, A[:8], code=1)
    assert "only a running sidelock knows" in done.stderr
    assert not enroll.exists()


def test_without_an_admin_socket_the_way_on_is_told(ini, enroll):
    ini.write_text(ini.read_text().replace("unix:", "off\n; unix:"))
    done = command("authorize", ini, A)
    assert A in enroll.read_text()
    assert "admin.listen is off" in done.stdout
    assert "kill -HUP" in done.stdout
    done = command("clients", ini, code=1)
    assert "admin.listen is off" in done.stderr


def test_a_process_with_another_file_is_noticed(proxy, ini, enroll, tmp_path):
    """The command's configuration names a file that nobody reads."""
    ini.write_text(ini.read_text().replace(str(enroll), str(tmp_path / "x.txt")))
    done = command("authorize", ini, A, code=1)
    assert "NOT in effect" in done.stdout
    assert "has not this file" in done.stderr


def test_a_refused_reload_is_told(proxy, config, enroll):
    """The file is written, the process keeps to what it had."""
    proxy.config["certificate"]["cert"] = "/nonexistent"
    proxy.write_config()
    done = command("authorize", proxy.config_path, A, code=1)
    assert "not reloaded" in done.stdout and "SL-FILE-MISSING" in done.stdout
    assert "NOT in effect yet" in done.stdout
    assert A in enroll.read_text()


def test_comments_order_and_line_ends_stay(ini, enroll):
    before = f"# who may print\r\n\r\n{B} # old\r\n  # end"
    enroll.write_bytes(before.encode())
    command("authorize", ini, A)
    data = enroll.read_bytes().decode()
    assert data.startswith(before + f"\r\nsha256:{A}  # approved ")
    assert data.endswith("\r\n")
    command("revoke", ini, A)
    assert enroll.read_bytes().decode() == before + "\r\n"


def test_links_modes_and_owners_stay(ini, enroll, tmp_path):
    real = tmp_path / "real.txt"
    real.write_text(f"{B}\n")
    real.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(real, 65534, 65534)
    before = real.stat()
    enroll.symlink_to(real)
    command("authorize", ini, A)
    after = real.stat()
    assert enroll.is_symlink() and A in real.read_text()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode, before.st_uid, before.st_gid
    )  # fmt: skip
    assert after.st_ino != before.st_ino
    assert os.listdir(enroll.parent) == [enroll.name]


def test_nothing_to_change_writes_nothing(ini, enroll):
    enroll.write_text(f"{A}\n")
    before = enroll.stat().st_ino
    command("authorize", ini, A)
    command("revoke", ini, B)
    assert enroll.stat().st_ino == before


def test_a_broken_list_is_not_edited(ini, enroll):
    enroll.write_text(f"{B}\nnonsense\n")
    done = command("authorize", ini, A, code=1)
    assert f"{enroll}:2: nonsense" in done.stderr
    assert enroll.read_text() == f"{B}\nnonsense\n"


def test_a_relative_path_is_not_guessed(ini, enroll, tmp_path):
    """It starts where the process was started, not where the command was."""
    ini.write_text(ini.read_text().replace(str(enroll), "clients.txt"))
    done = sidelock.run("authorize", "-c", ini, A, cwd=tmp_path)
    assert done.returncode == 1
    assert "relative" in done.stderr
    assert not (tmp_path / "clients.txt").exists()
    done = sidelock.run("authorize", "-c", ini, A, cwd=_made(enroll))
    assert done.returncode == 0, done.stderr
    assert A in enroll.read_text()


def _made(enroll):
    enroll.write_text("")
    return enroll.parent


def test_a_folder_that_may_not_be_written_is_named(ini, enroll):
    if os.geteuid() == 0:
        command_prefix = ["setpriv", "--reuid=65534", "--clear-groups"]
        settings.require("setpriv")
    else:
        command_prefix = []
    for folder in (ini.parent, *ini.parent.parents):
        if folder.stat().st_uid == os.geteuid() and str(folder) != "/":
            folder.chmod(folder.stat().st_mode | 0o055)
    enroll.write_text(f"{B}\n")
    enroll.parent.chmod(0o555)
    done = subprocess.run(
        [*command_prefix, settings.BINARY, "authorize", "-c", ini, A],
        capture_output=True, text=True, timeout=settings.DEADLINE_S,
        env=sidelock.environment(),
    )  # fmt: skip
    enroll.parent.chmod(0o755)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "[SL-ENROLL-FILE]" in done.stderr and "denied" in done.stderr
    assert enroll.read_text() == f"{B}\n"


def test_a_file_that_does_not_fit_is_named(ini, enroll):
    """Only a part can be written, as on a full disk: the cause is told, and
    nothing has changed."""
    text = "".join(f"{number:064x}\n" for number in range(100))
    enroll.write_text(text)
    room = 4096

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    done = subprocess.run(
        [settings.BINARY, "authorize", "-c", ini, A], preexec_fn=limit,
        restore_signals=False, capture_output=True, text=True,
        timeout=settings.DEADLINE_S, env=sidelock.environment(),
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "[SL-ENROLL-FILE]" in done.stderr
    assert "File too large" in done.stderr
    assert enroll.read_text() == text
    assert os.listdir(enroll.parent) == [enroll.name]


def test_commands_at_once_lose_nothing(ini, enroll):
    """Twenty authorize at the same time, while one that holds the lock makes
    them wait for each other. Who has waited for as long as a command does says
    so; then it is for the user to try again."""
    folder = os.open(enroll.parent, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    wanted = [f"{number:064x}" for number in range(20)]
    begin = time.monotonic()
    running = [
        subprocess.Popen(
            [settings.BINARY, "authorize", "-c", ini, digits],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env=sidelock.environment(),
        )
        for digits in wanted
    ]  # fmt: skip
    until(
        lambda: _all_wait([one for one in running if one.poll() is None]),
        "all commands at the lock",
    )
    assert not enroll.exists()
    os.close(folder)
    for one, digits in zip(running, wanted):
        _, stderr = one.communicate(timeout=settings.DEADLINE_S)
        if one.returncode != 0:
            assert "kept its folder locked for 10 s" in stderr
            assert time.monotonic() - begin >= 10, stderr
            done = command("authorize", ini, digits)
            assert f"authorized sha256:{digits}" in done.stdout
    assert sorted(re.findall("[0-9a-f]{64}", enroll.read_text())) == wanted


def at_the_lock(enroll, word, proxy):
    """The command, which waits; closing the descriptor lets it go on."""
    folder = os.open(enroll.parent, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    command_ = subprocess.Popen(
        [settings.BINARY, word, "-c", proxy.config_path, A],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=sidelock.environment(),
    )  # fmt: skip
    until(lambda: _all_wait([command_]), "the command at the lock")
    return folder, command_


def test_what_others_do_meanwhile_is_not_missed(proxy, enroll):
    """While `revoke` waits for the lock, the process takes up what is to be
    revoked: it is not in effect before that is taken back."""
    folder, revoke = at_the_lock(enroll, "revoke", proxy)
    enroll.write_text(f"{A}\n{B}\n")
    proxy.reload()
    os.close(folder)
    stdout, stderr = revoke.communicate(timeout=settings.DEADLINE_S)
    assert revoke.returncode == 0, stderr
    assert f"revoked sha256:{A}; in effect" in stdout
    assert enroll.read_text() == f"{B}\n"
    _, approved = listed(proxy.config_path)
    assert digits_of(approved) == [B]


def test_what_others_take_back_is_told(proxy, enroll):
    """Approved, and taken out again before the process has read it."""
    folder, authorize = at_the_lock(enroll, "authorize", proxy)
    with proxy.held():
        os.close(folder)
        until(enroll.exists, "the file is written")
        enroll.write_text("")
    stdout, stderr = authorize.communicate(timeout=settings.DEADLINE_S)
    assert authorize.returncode == 1, stdout
    assert "NOT in effect" in stdout
    assert "somebody has changed it again" in stderr


def test_a_lock_that_stays_is_named(ini, enroll):
    """Whoever holds it: nothing is written, and the words say what it was."""
    folder = os.open(enroll.parent, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    done = command("authorize", ini, A, code=1)
    os.close(folder)
    assert "[SL-ENROLL-FILE]" in done.stderr
    assert "kept its folder locked for 10 s" in done.stderr
    assert not enroll.exists()


def _all_wait(running):
    """Each has the folder open."""
    folder = "enrolled"

    def waits(one):
        links = f"/proc/{one.pid}/fd"
        try:
            return any(
                os.readlink(f"{links}/{fd}").endswith(folder)
                for fd in os.listdir(links)
            )
        except OSError:
            return False

    return all(waits(one) for one in running)


def test_readers_never_see_half_a_list(ini, enroll, tmp_path):
    enroll.write_text(f"{B}\n")
    stop = tmp_path / "stop"
    script = (
        "import os, sys\n"
        "print('here', flush=True)\n"
        "while not os.path.exists(sys.argv[2]):\n"
        "    text = open(sys.argv[1]).read()\n"
        f"    if not text.startswith('{B}') or text[-1:] != '\\n': sys.exit(1)\n"
    )
    reader = subprocess.Popen(
        [sys.executable, "-c", script, enroll, stop], stdout=subprocess.PIPE
    )
    try:
        assert reader.stdout.readline() == b"here\n"
        for _ in range(15):
            command("authorize", ini, A)
            command("revoke", ini, A)
        stop.touch()
        assert reader.wait(settings.DEADLINE_S) == 0
    finally:
        reader.kill()
        reader.communicate()


# --- the file's faults ------------------------------------------------------


def test_a_broken_list_stops_no_service(proxy, pki, stranger, enroll):
    """A reload refuses it; who was in stays in."""
    command("authorize", proxy.config_path, fingerprint(stranger))
    with open(enroll, "a") as file:
        file.write("nonsense\n")
    event = proxy.reload(outcome="failure")
    assert event["code"] == "SL-ENROLL" and ":2: nonsense" in event["error"]
    accepted(proxy, pki.context(certificate=stranger))


def test_a_list_that_everybody_may_write_is_warned_of(proxy, enroll):
    enroll.write_text(f"{A}\n")
    enroll.chmod(0o666)
    mark = proxy.log.mark()
    proxy.reload()
    assert proxy.log.find("finding", since=mark, code="SL-ENROLL-WRITABLE")
    done = sidelock.run("check", "-c", proxy.config_path)
    assert "[SL-ENROLL-WRITABLE]" in done.stdout + done.stderr
