# SPDX-License-Identifier: GPL-3.0-or-later
"""sidelock set: a settings file changed from a script, whole or not at all."""

import os
import subprocess
import sys

import pytest

from lib import backends, sidelock
from lib.sidelock import one_service

TEXT = """\
# what this machine serves
[service]
  listen = 127.0.0.1:0
# behind it
backend=127.0.0.1:8080

[certificate]
cert = {cert}
key = {key}
; the end
"""


@pytest.fixture
def ini(tmp_path, pki):
    path = tmp_path / "sidelock.ini"
    pair = pki.server_certificate
    path.write_text(TEXT.format(cert=pair.cert, key=pair.key))
    return path


def run_set(path, *words):
    return sidelock.run("set", "-c", path, *words)


def test_a_value_is_changed_and_nothing_else(ini):
    """Comments, order, blanks and indentation stay byte for byte."""
    before = ini.read_text()
    done = run_set(ini, "service.listen=127.0.0.1:8443")
    assert done.returncode == 0, done.stderr
    assert ini.read_text() == before.replace(
        "  listen = 127.0.0.1:0\n", "  listen = 127.0.0.1:8443\n"
    )
    assert (
        f"{ini}:3: [service] listen = 127.0.0.1:8443 (was 127.0.0.1:0)"
        in done.stdout
    )
    assert "sidelock reload" in done.stdout


@pytest.mark.parametrize("by", ["variable", "option"])
def test_what_is_hidden_must_be_good_too(ini, by):
    """A variable or --set stands before the file's value, which nobody would
    miss until it is gone."""
    before = ini.read_text()
    environ, options = {}, []
    if by == "variable":
        environ = {"SIDELOCK_SERVICE_TRUNCATION": "pass"}
    else:
        options = ["--set", "service.truncation=pass"]
    done = sidelock.run(
        "set", "-c", ini, *options, "service.truncation=never",
        environ=environ,
    )  # fmt: skip
    assert done.returncode == 1
    assert "[service] truncation = never: write one of reset, pass" in done.stderr
    assert "nothing was written" in done.stderr
    assert ini.read_text() == before


def test_a_value_without_blanks_keeps_its_form(ini):
    before = ini.read_text()
    assert run_set(ini, "service.backend=127.0.0.1:9;127.0.0.1:10").returncode == 0
    assert ini.read_text() == before.replace(
        "backend=127.0.0.1:8080\n", "backend=127.0.0.1:9;127.0.0.1:10\n"
    )


def test_a_new_key_is_put_at_the_end_of_its_section(ini):
    before = ini.read_text()
    done = run_set(ini, "service.truncation=pass")
    assert done.returncode == 0
    assert ini.read_text() == before.replace(
        "backend=127.0.0.1:8080\n",
        "backend=127.0.0.1:8080\ntruncation = pass\n",
    )
    assert f"{ini}:6: [service] truncation = pass (new)" in done.stdout


def test_a_new_section_is_put_at_the_end(ini):
    before = ini.read_text()
    done = run_set(ini, "tls.min_version=1.3")
    assert done.returncode == 0
    assert ini.read_text() == before + "\n[tls]\nmin_version = 1.3\n"
    number = len(ini.read_text().splitlines())
    assert f"{ini}:{number}: [tls] min_version = 1.3 (new)" in done.stdout


def test_named_sections_are_told_apart(ini):
    with open(ini, "a") as file:
        file.write("[tls default]\nmin_version = 1.2\n[tls]\n")
    assert run_set(ini, "tls.default.min_version=1.3").returncode == 0
    assert "[tls default]\nmin_version = 1.3\n[tls]\n" in ini.read_text()
    assert run_set(ini, "service.default.truncation=pass").returncode == 0
    assert ini.read_text().count("[service") == 1


def test_a_key_is_taken_away(ini):
    assert run_set(ini, "service.truncation=pass").returncode == 0
    done = run_set(ini, "service.truncation")
    assert done.returncode == 0
    assert "truncation" not in ini.read_text()
    assert "is taken away (was pass)" in done.stdout


def test_several_are_changed_together_or_not_at_all(ini):
    before = ini.read_text()
    done = run_set(
        ini, "service.truncation=pass", "timeouts.idle=5", "tls.alpn=h2"
    )
    assert done.returncode == 1
    assert "[SL-CONFIG-VALUE]" in done.stderr and "idle" in done.stderr
    assert "nothing was written" in done.stderr
    assert ini.read_text() == before


@pytest.mark.parametrize(
    "word, code, says",
    [
        ("service.listn=:1", 1, "did you mean 'listen'"),
        ("servce.listen=:1", 1, "did you mean"),
        ("service.listen=nonsense:x", 1, "[SL-CONFIG-VALUE]"),
        ("service.listen", 1, "has no listen"),
        ("tls.ciphers=ROT13", 1, "[SL-CIPHER-UNKNOWN]"),
        ("tls.groups=P-257", 1, "[SL-GROUP-UNKNOWN]"),
        ("listen=:1", 2, "section.key=value"),
        ("=", 2, "section.key=value"),
    ],
)
def test_what_makes_no_sense_is_refused(ini, word, code, says):
    before = ini.read_text()
    done = run_set(ini, word)
    assert done.returncode == code
    assert says in done.stderr
    assert ini.read_text() == before


def test_nothing_to_change_writes_nothing(ini):
    before = os.stat(ini)
    done = run_set(ini, "service.backend=127.0.0.1:8080")
    assert done.returncode == 0
    assert "is so already" in done.stdout
    assert os.stat(ini).st_ino == before.st_ino


def test_line_ends_of_windows_stay(ini):
    ini.write_bytes(ini.read_bytes().replace(b"\n", b"\r\n"))
    done = run_set(ini, "service.truncation=pass", "service.listen=:0")
    assert done.returncode == 0, done.stderr
    data = ini.read_bytes()
    assert b"truncation = pass\r\n" in data and b"listen = :0\r\n" in data
    assert data.count(b"\n") == data.count(b"\r\n")


def test_a_file_without_a_last_line_end_is_continued(ini):
    ini.write_text(ini.read_text().rstrip("\n; the end"))
    assert run_set(ini, "certificate.server_name=localhost").returncode == 0
    assert ini.read_text().endswith("\nserver_name = localhost\n")
    assert sidelock.run("check", "-c", ini).returncode in (0, 2)


def test_links_modes_and_owners_stay(ini, tmp_path):
    link = tmp_path / "link.ini"
    link.symlink_to(ini)
    ini.chmod(0o640)
    assert run_set(link, "service.truncation=pass").returncode == 0
    assert link.is_symlink()
    assert "truncation = pass" in ini.read_text()
    assert ini.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(tmp_path)) == ["link.ini", "sidelock.ini"]


def test_what_needs_a_restart_is_said(ini):
    done = run_set(ini, "process.workers=1")
    assert done.returncode == 0
    assert "needs a restart" in done.stdout


def test_a_missing_file_is_named(tmp_path):
    done = run_set(tmp_path / "nosuch.ini", "service.listen=:1")
    assert done.returncode == 1
    assert "nosuch.ini" in done.stderr and "[SL-CONFIG-FILE]" in done.stderr


def test_readers_never_see_half_a_file(ini):
    """A hundred changes while somebody reads all the time."""
    reader = subprocess.Popen(
        [sys.executable, "-c",
         "import sys\n"
         "print('reading', flush=True)\n"
         "while True:\n"
         "    text = open(sys.argv[1]).read()\n"
         "    if not text.endswith('; the end\\n'): sys.exit(1)\n", ini],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert reader.stdout.readline() == b"reading\n"
        for number in range(100):
            word = f"service.backend=127.0.0.1:{number + 1}"
            assert run_set(ini, word).returncode == 0
        assert reader.poll() is None
    finally:
        reader.kill()
        reader.wait()


def test_a_running_process_takes_it_up(program, serve, pki):
    """set, then reload: the connection's line says what changed."""
    proxy = program(
        one_service(pki.server_certificate, serve(backends.echo))
    ).start()
    done = run_set(proxy.config_path, "log.level=debug")
    assert done.returncode == 0, done.stderr
    mark = proxy.log.mark()
    proxy.signal(1)
    assert proxy.log.wait("reload", since=mark)["outcome"] == "success"
