# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are mounted so that they never change: sidelock says so. Each
program runs in a mount namespace of its own."""

import re
import shutil
import subprocess

import pytest

from lib import backends, settings
from lib.sidelock import environment, ini, one_service
from lib.tls import served_serial

CODE = "SL-MOUNT-FIXED"

_WAYS = (
    ["unshare", "--mount"],
    ["unshare", "--user", "--map-root-user", "--mount"],
)


def _works(way):
    try:
        done = subprocess.run(
            [*way, "mount", "--bind", "/tmp", "/tmp"],
            capture_output=True, timeout=settings.DEADLINE_S,
        )  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0


@pytest.fixture(scope="module")
def unshare():
    """A command that runs another one where it may mount."""
    for way in _WAYS:
        if _works(way):
            return way
    settings.give_up("no mount namespace can be made here")


@pytest.fixture
def mounted(unshare):
    """mounted((source, target), ..., then="shell command") is the prefix of
    a command that shall see these bind mounts."""

    def prefix(*binds, then="true"):
        script = [f"mount --bind '{source}' '{target}'" for source, target in binds]
        script += [then, 'exec "$@"']
        return [*unshare, "sh", "-e", "-c", "\n".join(script), "sh"]

    return prefix


class Folders:
    """source holds the pair; target is where it is mounted."""

    def __init__(self, tmp_path, pki):
        self.source = tmp_path / "source"
        self.target = tmp_path / "target"
        for folder in (self.source, self.target):
            folder.mkdir()
            self.install(folder, pki.server_certificate)

    @staticmethod
    def install(folder, certificate):
        for name, source in (
            ("tls.crt", certificate.cert),
            ("tls.key", certificate.key),
        ):
            new = folder / f"{name}.new"
            shutil.copyfile(source, new)
            new.chmod(0o600)
            new.rename(folder / name)

    def as_section(self):
        return {"cert": self.target / "tls.crt", "key": self.target / "tls.key"}

    def file(self, name="tls.crt"):
        return self.source / name, self.target / name


@pytest.fixture
def folders(tmp_path, pki):
    return Folders(tmp_path, pki)


@pytest.fixture
def check(tmp_path, folders, serve):
    """check(prefix) runs `sidelock check`: exit code, output."""
    config = one_service(folders, serve(backends.echo))
    path = tmp_path / "sidelock.ini"
    path.write_text(ini(config))

    def run(prefix):
        done = subprocess.run(
            [*prefix, settings.BINARY, "check", "-c", path],
            capture_output=True, text=True, env=environment(),
            stdin=subprocess.DEVNULL, timeout=settings.DEADLINE_S,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    run.config_path = path
    return run


def test_a_file_that_is_mounted_is_warned_about(check, mounted, folders):
    """The one that is, once, with cause and remedy; its neighbour is not."""
    code, text = check(mounted(folders.file()))
    assert code == 2, text
    assert len(re.findall(f"^warning: .*{CODE}", text, re.M)) == 1, text
    assert (
        f"{folders.target}/tls.crt: will never change here: it is mounted as a"
        " single file (Kubernetes subPath or a bind mount)" in text
    )
    assert "mount its folder instead" in text


def test_a_link_to_a_mounted_file_is_warned_about(check, mounted, folders):
    real = folders.target / "real.crt"
    (folders.target / "tls.crt").rename(real)
    (folders.target / "tls.crt").symlink_to("real.crt")
    code, text = check(mounted((folders.source / "tls.crt", real)))
    assert code == 2, text
    assert f"{folders.target}/tls.crt: will never change here" in text


def test_a_folder_that_is_mounted_is_fine(check, mounted, folders):
    code, text = check(mounted((folders.source, folders.target)))
    assert code == 0, text
    assert CODE not in text


def test_a_source_that_was_deleted_is_warned_about(check, mounted, folders):
    """The mount keeps the deleted file."""
    source, target = folders.file()
    code, text = check(mounted((source, target), then=f"rm '{source}'"))
    assert code == 2, text
    assert f"{target}: will never change here" in text
    assert "has been deleted at its source" in text


def test_a_folder_that_was_deleted_is_warned_about(check, mounted, folders):
    """It is empty for ever; the missing file alone would not tell."""
    code, text = check(
        mounted(
            (folders.source, folders.target), then=f"rm -r '{folders.source}'"
        )
    )
    assert code == 1, text
    assert "SL-FILE-MISSING" in text
    assert "has been deleted at its source" in text


def test_settings_that_are_mounted_are_no_fault(check, mounted):
    """It is a note: containers are run so, and settings are not renewed."""
    path = check.config_path
    code, text = check(mounted((path, path)))
    assert code == 0, text
    assert "will not be seen here" in text


def test_start_and_reload_say_it(program, mounted, folders, serve):
    proxy = program(
        one_service(folders, serve(backends.echo)),
        prefix=mounted(folders.file()),
    ).start()
    assert len(proxy.log.find("finding", code=CODE, level="warn")) == 1
    proxy.reload()
    assert len(proxy.log.find("finding", code=CODE, level="warn")) == 2


def test_a_renewal_comes_through_the_mount_of_a_folder(
    program, mounted, folders, serve, pki
):
    config = one_service(folders, serve(backends.echo))
    config["reload"] = {"watch": "1s"}
    proxy = program(
        config, prefix=mounted((folders.source, folders.target))
    ).start()
    folders.install(folders.source, pki.renewed)
    proxy.log.wait("reload", outcome="success", trigger="watch")
    serial = served_serial(proxy.address(), pki.context())
    assert serial == pki.renewed.serial
