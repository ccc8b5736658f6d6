# SPDX-License-Identifier: GPL-3.0-or-later
"""The admin socket: `sidelock reload` and `sidelock status` tell the truth,
and nobody who connects can hold up anything."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from lib import backends, settings, sidelock
from lib.clock import Clock
from lib.tls import TlsClient, served_serial
from lib.wait import until

CLIENTS_MAX = 16
PATIENCE_S = 5  # of the process with a client
NOBODY = 65534


class Admin:
    """A program with an admin socket, and ways to ask it."""

    def __init__(self, proxy, path):
        self.proxy = proxy
        self.path = path

    def command(self, *words, **how):
        return sidelock.run(*words, "-c", self.proxy.config_path, **how)

    def restart(self):
        self.proxy.start()
        self.proxy.log.wait_count(2, "ready")

    def status(self):
        done = self.command("status", "--json")
        assert done.returncode in (0, 2), done.stderr
        return json.loads(done.stdout)

    def service(self):
        (service,) = self.status()["services"]
        return service

    def connect(self):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(settings.DEADLINE_S)
        sock.connect(str(self.path))
        return sock

    def ask(self, request):
        """The whole answer to some bytes: status and body."""
        with self.connect() as sock:
            try:
                sock.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has answered already
            return read_answer(sock)

    def get(self, path, method="GET"):
        return self.ask(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def read_answer(sock):
    data = b""
    try:
        while chunk := sock.recv(65536):
            data += chunk
    except ConnectionResetError:
        pass  # what we sent was not read to its end
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(re.search(rb"\r\nContent-Length: (\d+)", head)[1])
    assert b"\r\nConnection: close" in head
    assert len(body) == length
    return int(head.split()[1]), json.loads(body)


@pytest.fixture
def config(fresh_pki, tmp_path):
    """An echo service with an admin socket, on files that may be replaced."""
    pair = fresh_pki.server_certificate
    cert, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    shutil.copy(pair.cert, cert)
    shutil.copy(pair.key, key)
    return {
        "service": {"listen": "127.0.0.1:0", "backend": "127.0.0.1:1"},
        "certificate": {"cert": cert, "key": key},
        # The watch would take up what a test has changed.
        "reload": {"watch": "0"},
        "admin": {"listen": f"unix:{tmp_path}/admin.sock"},
    }


@pytest.fixture
def path(tmp_path):
    return tmp_path / "admin.sock"


@pytest.fixture
def admin(program, config, path, serve):
    config["service"]["backend"] = serve(backends.echo).address
    return Admin(program(config).start(), path)


def replace(config, pair):
    """As a renewal does it, file by file."""
    shutil.copy(pair.cert, config["certificate"]["cert"])
    shutil.copy(pair.key, config["certificate"]["key"])


# --- reload ------------------------------------------------------------------


def test_a_reload_waits_until_the_new_certificate_is_served(
    admin, config, fresh_pki
):
    """Exit code 0, the generation and the status words; the next client
    already sees it."""
    replace(config, fresh_pki.renewed)
    done = admin.command("reload")
    assert done.returncode == 0, done.stdout + done.stderr
    serial = served_serial(admin.proxy.address(), fresh_pki.context())
    assert serial == fresh_pki.renewed.serial
    assert "reloaded: generation 2" in done.stdout
    assert "service default: Secure to localhost" in done.stdout
    event = admin.proxy.log.wait("reload", outcome="success")
    assert event["trigger"] == "command"


def test_a_reload_that_fails_says_so(admin, config, fresh_pki):
    """Exit code 1, the error with its code, and that the old certificate is
    still served, which is true."""
    shutil.copy(fresh_pki.renewed.cert, config["certificate"]["cert"])
    done = admin.command("reload")
    assert done.returncode == 1
    assert re.search(r"^error: .*\[SL-KEY-MISMATCH\]$", done.stdout, re.M)
    assert "the old certificate is still served" in done.stdout
    assert "sidelock explain SL-KEY-MISMATCH" in done.stdout
    serial = served_serial(admin.proxy.address(), fresh_pki.context())
    assert serial == fresh_pki.server_certificate.serial
    event = admin.proxy.log.wait("reload", outcome="failure")
    assert (event["trigger"], event["generation"]) == ("command", 1)


def test_a_broken_configuration_still_finds_the_process(admin, config):
    """The one who broke it is told all that is wrong, by the process."""
    config["service"]["backnd"] = "x"
    config["certificate"]["crt"] = "y"
    admin.proxy.write_config()
    done = admin.command("reload")
    assert done.returncode == 1
    for word in ("backnd", "crt", "[SL-CONFIG-UNKNOWN]", "not reloaded"):
        assert word in done.stdout
    assert admin.service()["status"].startswith("Secure to ")


def test_a_reload_with_warnings_has_its_own_exit_code(
    admin, config, fresh_pki
):
    """Exit code 2, and what the warning is about."""
    replace(config, fresh_pki.server("soon", days=(-30, 3)))
    done = admin.command("reload")
    assert done.returncode == 2
    assert re.search(r"^warning: .*\[SL-EXPIRES-SOON\]$", done.stdout, re.M)
    assert re.search(r"Secure to localhost \(expires in [23] days\)", done.stdout)
    assert "reloaded: generation 2" in done.stdout


def test_a_key_that_needs_a_restart_is_named_until_it_had_one(admin, config):
    """Also after further reloads, and no more once it is taken back."""
    config["process"] = {"workers": 7}
    admin.proxy.write_config()
    for _ in range(2):
        done = admin.command("reload")
        assert done.returncode == 2
        assert "process.workers" in done.stdout
        assert admin.status()["restart_needed"] == ["process.workers"]
    del config["process"]
    admin.proxy.write_config()
    assert admin.command("reload").returncode == 0
    assert admin.status()["restart_needed"] == []


def test_reload_answers_programs_as_json(admin, config, fresh_pki):
    """--json: outcome, generation, services; or all errors."""
    done = admin.command("reload", "--json")
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "success"
    assert answer["generation"] == 2
    assert answer["services"][0]["status"].startswith("Secure to ")
    config["certificate"]["key"].unlink()
    done = admin.command("reload", "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["outcome"] == "failure"
    assert answer["code"] == "SL-FILE-MISSING"
    assert [f["code"] for f in answer["findings"]] == ["SL-FILE-MISSING"]


def test_a_signal_and_a_command_are_counted_alike(admin, config):
    """The last one is told with its trigger."""
    admin.proxy.reload()
    last = admin.status()["last_reload"]
    assert (last["trigger"], last["outcome"]) == ("signal", "success")
    config["certificate"]["key"].write_text("no key")
    admin.command("reload")
    status = admin.status()
    assert status["reload_successes"] == 1
    assert status["reload_failures"] == 1
    assert status["last_reload"]["trigger"] == "command"
    assert status["last_reload"]["outcome"] == "failure"
    assert status["last_reload"]["code"] == "SL-KEY-NONE"
    assert "tls.key" in status["last_reload"]["error"]


# --- status ------------------------------------------------------------------


def test_status_says_what_is_secured_and_until_when(admin, fresh_pki):
    """Exit code 0: words, addresses, certificate, process."""
    done = admin.command("status")
    assert done.returncode == 0, done.stdout + done.stderr
    for text in (
        "service default: Secure to localhost\n",
        "127.0.0.1:%d\n" % admin.proxy.port,
        fresh_pki.server_certificate.serial,
        f"process {admin.proxy.pid}",
        "generation 1",
        "the files on disk are what is served",
    ):
        assert text in done.stdout, text
    assert re.search(r"valid until +\d{4}-\d\d-\d\d \d\d:\d\d UTC\n", done.stdout)


def test_status_as_json_tells_the_same(admin, config, fresh_pki):
    """For programs, with times in one form."""
    status = admin.status()
    assert status["pid"] == admin.proxy.pid
    assert status["state"] == "running"
    assert status["generation"] == 1
    assert status["files"] == "served"
    assert status["last_reload"] is None
    (service,) = status["services"]
    assert service["name"] == "default"
    assert service["mode"] == "tls"
    assert service["listen"] == ["127.0.0.1:%d" % admin.proxy.port]
    assert service["backend"] == [config["service"]["backend"]]
    (certificate,) = service["certificates"]
    assert certificate["serial"] == fresh_pki.server_certificate.serial
    assert re.fullmatch("[0-9A-F]{64}", certificate["fingerprint"])
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", certificate["not_after"]
    )


def test_the_status_of_who_asks_nobody_has_no_clients(admin):
    assert "client CAs" not in admin.command("status").stdout
    assert admin.service()["clients"] is None


def test_status_follows_what_is_served(admin, config, fresh_pki):
    """Not what is on disk: files that changed are only said to have."""
    replace(config, fresh_pki.renewed)
    done = admin.command("status")
    assert done.returncode == 2
    assert "have changed since they were read" in done.stdout
    (certificate,) = admin.service()["certificates"]
    assert certificate["serial"] == fresh_pki.server_certificate.serial
    assert admin.command("reload").returncode == 0
    (certificate,) = admin.service()["certificates"]
    assert certificate["serial"] == fresh_pki.renewed.serial
    assert admin.status()["files"] == "served"


def test_status_remembers_what_was_refused(admin, config, fresh_pki):
    """Until a reload succeeds: the files on disk are not what is served."""
    shutil.copy(fresh_pki.renewed.cert, config["certificate"]["cert"])
    admin.command("reload")
    done = admin.command("status")
    assert done.returncode == 2
    assert "were refused by the last reload" in done.stdout
    assert "[SL-KEY-MISMATCH]" in done.stdout
    assert admin.status()["refusal"][0]["code"] == "SL-KEY-MISMATCH"
    shutil.copy(fresh_pki.renewed.key, config["certificate"]["key"])
    admin.command("reload")
    assert admin.status()["refusal"] == []
    assert admin.command("status").returncode == 0


def test_status_warns_of_an_expired_certificate(admin, config, fresh_pki):
    """In the status words, with exit code 2."""
    admin.proxy.stop()
    replace(config, fresh_pki.expired)
    admin.restart()
    done = admin.command("status")
    assert done.returncode == 2
    assert "service default: Secure to localhost (expired)\n" in done.stdout


def test_status_counts_open_connections(admin, fresh_pki):
    """Those of clients, not those of the admin socket."""
    assert admin.status()["connections"] == 0
    context = fresh_pki.context()
    with TlsClient.open(admin.proxy.address(), context) as client:
        client.echo(b"in")
        assert admin.status()["connections"] == 1
        client.finish()


def test_status_names_all_certificates_of_a_service(
    program, config, path, serve, fresh_pki
):
    """As JSON each of them; in words the first, and those that warn."""
    del config["certificate"]
    pairs = [fresh_pki.server(f"s{i}", names=f"DNS:s{i}.test") for i in range(3)]
    pairs.append(
        fresh_pki.server("late", names="DNS:late.test", days=(-30, 3))
    )
    for number, pair in enumerate(pairs):
        config[f"certificate c{number}"] = pair.as_section()
    config["service"]["certificate"] = ["c0", "c1", "c2", "c3"]
    admin = Admin(program(config).start(), path)
    certificates = admin.service()["certificates"]
    assert [c["serial"] for c in certificates] == [p.serial for p in pairs]
    done = admin.command("status")
    assert done.returncode == 2
    assert pairs[0].serial in done.stdout
    assert "c1" not in done.stdout
    assert "c3: Secure to late.test (expires in" in done.stdout
    assert "3 certificates, 1 of them expired or about to" in done.stdout


@pytest.mark.parametrize("mode", ["wait", "plaintext"])
def test_a_service_without_its_certificate_is_told(
    program, config, path, serve, fresh_pki, mode
):
    """Unsecured, why, and what it does meanwhile; while it waits, the process
    is not ready. The reload that finds the certificate ends it."""
    config["service"]["backend"] = serve(backends.echo).address
    config["certificate"]["on_missing"] = mode
    config["certificate"]["key"].unlink()
    admin = Admin(program(config).start(), path)
    words = {
        "wait": "waits for its certificate",
        "plaintext": r"WITHOUT TLS \(0 connections so far\)",
    }
    codes = {"wait": "SL-CERT-WAITING", "plaintext": "SL-PLAINTEXT"}
    done = admin.command("status")
    assert done.returncode == 2
    assert "service default: Unsecured\n" in done.stdout
    assert re.search(
        rf"^  .*{words[mode]}: .*tls.key.* \[{codes[mode]}\]$",
        done.stdout, re.MULTILINE,
    )  # fmt: skip
    service = admin.service()
    assert service["mode"] == {"wait": "waiting"}.get(mode, mode)
    assert "tls.key" in service["reason"]
    status, answer = admin.get("/ready")[:2]
    assert status == (503 if mode == "wait" else 200)
    if mode == "wait":
        assert "SL-CERT-WAITING" in str(answer)
    replace(config, fresh_pki.server_certificate)
    done = admin.command("reload")
    assert done.returncode == 0, done.stdout
    assert "service default: Secure to localhost" in done.stdout
    assert admin.get("/ready")[0] == 200


# --- over HTTP ---------------------------------------------------------------


def test_curl_can_ask(admin):
    """What needs no sidelock program: status, live, ready, reload."""
    curl = settings.require("curl")

    def ask(*arguments):
        done = subprocess.run(
            [curl, "-sS", "-f", "--unix-socket", admin.path, *arguments],
            capture_output=True, timeout=settings.DEADLINE_S, check=True,
        )  # fmt: skip
        return done.stdout

    assert json.loads(ask("http://sidelock/status"))["generation"] == 1
    assert json.loads(ask("http://sidelock/live"))["text"] == "live"
    assert json.loads(ask("http://sidelock/ready"))["text"] == "ready"
    reload = json.loads(ask("-X", "POST", "http://sidelock/reload"))
    assert reload["outcome"] == "success"
    reload = json.loads(ask("-d", "body", "http://sidelock/reload"))
    assert reload["generation"] == 3
    words = ask("-H", "Accept: text/plain", "http://sidelock/status")
    assert b"service default: Secure to" in words


def test_a_failed_reload_is_an_http_error(admin, config):
    """So that `curl -f` fails, too."""
    config["certificate"]["key"].unlink()
    assert admin.get("/reload", "POST")[0] == 422


@pytest.mark.parametrize(
    "request_, status",
    [
        (b"GET /nothing HTTP/1.1\r\n\r\n", 404),
        (b"GET /reload HTTP/1.1\r\n\r\n", 405),
        (b"POST /status HTTP/1.1\r\n\r\n", 405),
        (b"nonsense\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00", 400),
        (b"\x00" * 100000, 400),
        (b"GET /status HTTP/1.1\r\nA: " + b"a" * 4096, 431),
        (b"GET /" + b"a" * 1000000, 431),
    ],
    ids=["path", "GET reload", "POST status", "words", "TLS", "zeros", "long",
         "giant"],
)  # fmt: skip
def test_what_is_no_good_request_is_answered_shortly(admin, request_, status):
    """With what is wrong; the next one is served."""
    assert admin.ask(request_)[0] == status
    assert admin.get("/status")[0] == 200
    assert admin.status()["generation"] == 1


def test_a_request_may_come_byte_by_byte(admin):
    """It is put together."""
    with admin.connect() as sock:
        for byte in b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n":
            sock.send(bytes([byte]))
        assert read_answer(sock) == (200, {"text": "live", "code": None})


def test_silent_clients_delay_nobody(admin, fresh_pki):
    """Twice as many as there are places, and the commands are answered; so
    are the clients of the service."""
    silent = [admin.connect() for _ in range(2 * CLIENTS_MAX)]
    for sock in silent:
        try:
            sock.send(b"GET /sta")
        except (BrokenPipeError, ConnectionResetError):
            pass  # it had to make room
    assert admin.command("reload").returncode == 0
    serial = served_serial(admin.proxy.address(), fresh_pki.context())
    assert serial == fresh_pki.server_certificate.serial
    for sock in silent:
        sock.close()


def test_a_slow_client_is_cut_off(admin):
    """After a few seconds, also when it keeps sending."""
    with admin.connect() as sock:

        def is_closed():
            try:
                sock.send(b"G")
            except (BrokenPipeError, ConnectionResetError):
                return True
            return False

        sock.send(b"GET /status HTTP/1.1\r\nA: ")
        until(is_closed, "it is closed", deadline_s=20)


def test_a_client_that_does_not_read_is_cut_off(
    program, config, path, fresh_pki
):
    """The answer waits for it for a few seconds, and nobody else does."""
    names = [f"c{number}" for number in range(250)]
    for name in names:
        config[f"certificate {name}"] = config["certificate"]
    del config["certificate"]
    # More than a socket's buffer takes.
    for number in range(4):
        config[f"service s{number}"] = {
            "listen": "127.0.0.1:0",
            "backend": "127.0.0.1:1",
            "certificate": names,
        }
    del config["service"]
    admin = Admin(program(config).start(), path)
    before = admin.proxy.descriptor_count()
    begin = time.monotonic()
    with admin.connect() as sock:
        sock.send(b"GET /status HTTP/1.1\r\n\r\n")
        assert admin.get("/live")[0] == 200
        is_waiting = admin.proxy.descriptor_count() == before + 1
        assert is_waiting or time.monotonic() - begin >= PATIENCE_S
        until(
            lambda: admin.proxy.descriptor_count() == before,
            "it is cut off",
        )
        with pytest.raises(AssertionError):
            read_answer(sock)


def test_descriptors_do_not_stay(admin):
    """However connections end."""
    before = admin.proxy.descriptor_count()
    for _ in range(3):
        admin.get("/status")
        admin.ask(b"nonsense\r\n")
        with admin.connect() as sock:
            sock.send(b"GET /st")
    until(
        lambda: admin.proxy.descriptor_count() == before,
        "as many descriptors as before",
    )


# --- who may -----------------------------------------------------------------


def test_only_user_and_group_may_connect(program, config, path):
    """Mode 0660, whatever the umask is."""
    before = os.umask(0)
    try:
        program(config).start()
    finally:
        os.umask(before)
    mode = path.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o660


def as_nobody():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def ask_as_nobody(admin, path, method):
    curl = settings.require("curl")
    done = subprocess.run(
        [curl, "-sS", "-X", method, "--unix-socket", admin.path,
         "-w", " %{http_code}", "http://sidelock" + path],
        capture_output=True, text=True, timeout=settings.DEADLINE_S,
        preexec_fn=as_nobody, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.fixture
def open_folder(tmp_path):
    """Every folder above the socket lets others through."""
    folder = tmp_path
    while folder != folder.parent:
        if folder.stat().st_uid == os.geteuid():
            folder.chmod(folder.stat().st_mode | 0o011)
        folder = folder.parent


needs_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="to be somebody else one has to be root"
)


@needs_root
def test_others_may_not_connect(admin, open_folder):
    """The file's mode keeps them out."""
    assert "Couldn't connect" in ask_as_nobody(admin, "/status", "GET")


@needs_root
def test_others_may_read_but_not_reload(admin, open_folder):
    """Where they were let in, by a chmod of the file."""
    admin.path.chmod(0o666)
    assert ask_as_nobody(admin, "/status", "GET").endswith(" 200")
    answer = ask_as_nobody(admin, "/reload", "POST")
    assert answer.endswith(" 403")
    assert "SL-ADMIN" in answer
    assert admin.status()["generation"] == 1


# --- the file ----------------------------------------------------------------


def test_the_file_is_gone_at_the_end(admin):
    """Nothing is left behind, and the commands say so."""
    assert admin.path.exists()
    admin.proxy.stop()
    assert not admin.path.exists()
    for command in ("reload", "status"):
        done = admin.command(command)
        assert done.returncode == 1
        assert "[SL-ADMIN]" in done.stderr
        assert "not running" in done.stderr


def test_a_stale_file_is_replaced(admin):
    """What a killed process left behind is no obstacle; before the next
    start the commands know that nobody answers."""
    admin.proxy.kill()
    assert admin.path.exists()
    done = admin.command("status")
    assert done.returncode == 1
    assert "nobody answers" in done.stderr
    admin.restart()
    assert admin.service()["status"].startswith("Secure to ")


def start_failure(program, config):
    proxy = program(config)
    proxy.spawn()
    assert proxy.wait_exit() == 1
    return proxy.stderr_text()


def test_a_socket_in_use_is_an_error(admin, program, config):
    """A second process does not take it away, and says who has it."""
    text = start_failure(program, config)
    assert "[SL-ADMIN]" in text
    assert f"another process ({admin.proxy.pid})" in text
    assert admin.status()["pid"] == admin.proxy.pid


def test_a_file_that_is_no_socket_is_left_alone(program, config, path):
    """It may be somebody's."""
    path.write_text("precious")
    text = start_failure(program, config)
    assert "[SL-ADMIN]" in text and "no socket" in text
    assert path.read_text() == "precious"


def test_a_missing_folder_is_an_error(program, config, tmp_path):
    """It is named."""
    config["admin"]["listen"] = f"unix:{tmp_path}/nowhere/admin.sock"
    text = start_failure(program, config)
    assert f"its folder {tmp_path}/nowhere does not exist" in text
    assert "[SL-ADMIN]" in text


def test_a_path_that_is_too_long_is_an_error(program, config, tmp_path):
    """Found by `check` as well as at the start."""
    config["admin"]["listen"] = f"unix:/{'long' * 40}"
    text = start_failure(program, config)
    assert "[admin] listen" in text and "long" in text
    proxy = program(config)
    proxy.write_config()
    done = sidelock.run("check", "-c", proxy.config_path)
    assert done.returncode == 1
    assert "[admin] listen" in done.stdout


def test_a_changed_path_needs_a_restart(admin, config, tmp_path):
    """The old socket goes on, the new path is not there yet."""
    config["admin"]["listen"] = f"unix:{tmp_path}/other.sock"
    admin.proxy.reload()
    done = admin.command("status")
    assert done.returncode == 1
    assert "started before that was written; (re)start it" in done.stderr
    assert admin.get("/status")[1]["restart_needed"] == ["admin.listen"]


# --- without it --------------------------------------------------------------


@pytest.mark.parametrize("command", ["reload", "status"])
def test_without_the_socket_the_commands_tell_how(
    program, config, tmp_path, command
):
    """How to switch it on, and the signal that does without."""
    del config["admin"]
    proxy = program(config).start()
    done = sidelock.run(command, "-c", proxy.config_path)
    assert done.returncode == 1
    assert "listen = unix:/run/sidelock/admin.sock" in done.stderr
    assert "kill -HUP PID" in done.stderr
    config["process"] = {"pid_file": tmp_path / "pid"}
    proxy.write_config()
    done = sidelock.run(command, "-c", proxy.config_path)
    assert f"kill -HUP $(cat {tmp_path}/pid)" in done.stderr


def test_a_configuration_that_is_not_there_is_told(tmp_path):
    """It is named; exit code 1."""
    done = sidelock.run("status", "-c", tmp_path / "none.ini")
    assert done.returncode == 1
    assert "none.ini" in done.stderr
    assert "[SL-CONFIG-FILE]" in done.stderr


# --- the drain ---------------------------------------------------------------


def test_a_draining_process_is_not_reloaded(admin, fresh_pki):
    """Not ready, but alive; a reload is refused with its own code."""
    context = fresh_pki.context()
    with TlsClient.open(admin.proxy.address(), context) as client:
        client.echo(b"in")
        assert admin.get("/ready")[0] == 200
        admin.proxy.signal(signal.SIGTERM)
        admin.proxy.log.wait("drain", state="waiting")
        status, answer = admin.get("/ready")
        assert status == 503 and "draining" in answer["text"]
        assert admin.get("/live")[0] == 200
        status, answer = admin.get("/reload", "POST")
        assert (status, answer["code"]) == (409, "SL-RELOAD-BUSY")
        done = admin.command("reload")
        assert done.returncode == 1
        assert "[SL-RELOAD-BUSY]" in done.stdout
        assert admin.status()["state"] == "draining"
        client.finish()
    admin.proxy.assert_ended(code=0)


def test_a_stopped_process_does_not_answer_but_serves_later(admin):
    """A request waits for a process that is busy: here stopped for a
    moment."""
    with admin.connect() as sock:
        with admin.proxy.held():
            sock.send(b"GET /live HTTP/1.1\r\n\r\n")
        assert read_answer(sock)[0] == 200


@pytest.mark.shifted_clock
def test_a_request_that_came_in_time_is_answered(program, config, path, tmp_path):
    """By a process that was stopped for longer than it is patient."""
    clock = Clock(tmp_path)
    environ = clock.environ(shifts_timers=True)
    admin = Admin(program(config, environ=environ).start(), path)
    before = admin.proxy.descriptor_count()
    with admin.connect() as sock:
        until(
            lambda: admin.proxy.descriptor_count() == before + 1,
            "the connection is accepted",
        )
        with admin.proxy.held():
            sock.send(b"GET /live HTTP/1.1\r\n\r\n")
            clock.set(1)
        assert read_answer(sock)[0] == 200


def fill_queue(path, stack):
    """Connects until there is no room for another that waits."""
    for _ in range(1000):
        sock = stack.enter_context(socket.socket(socket.AF_UNIX))
        sock.setblocking(False)
        try:
            sock.connect(str(path))
        except BlockingIOError:
            return
    raise AssertionError("there is always room")


def is_asleep(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        return file.read().rpartition(")")[2].split()[0] == "S"


def test_a_command_waits_for_its_turn(admin):
    """As many as may queue are before it. (It failed at once.)"""
    with contextlib.ExitStack() as others, admin.proxy.held():
        fill_queue(admin.path, others)
        command = subprocess.Popen(
            [str(settings.BINARY), "status", "-c", admin.proxy.config_path],
            env=sidelock.environment(), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        until(
            lambda: command.poll() is not None or is_asleep(command.pid),
            "it waits, or has ended",
        )
    said, _ = command.communicate(timeout=settings.DEADLINE_S)
    assert command.returncode in (0, 2), said
    assert "service default: Secure to localhost" in said


@pytest.mark.parametrize("mode", ["wait", "plaintext"])
def test_a_reload_that_fails_names_no_certificate_that_is_not_there(
    program, config, path, mode
):
    """Nothing is served, or without TLS: no old certificate is."""
    config["certificate"]["on_missing"] = mode
    config["certificate"]["key"].unlink()
    admin = Admin(program(config).start(), path)
    admin.proxy.config["service"]["nonsense"] = 1
    admin.proxy.write_config()
    done = admin.command("reload")
    assert done.returncode == 1
    assert "not reloaded: nothing has changed, generation 1" in done.stdout
    assert "is still served" not in done.stdout
