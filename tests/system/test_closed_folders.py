# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in a folder that lead through another one which is closed to the
program: they may be what counts, and are never passed over silently."""

import re
import subprocess

import pytest

from lib import settings, sidelock


@pytest.fixture
def check(tmp_path):
    """check(config): as a user whom modes of files hold back, which root is
    not. Code and text."""

    def run(config):
        path = tmp_path / "sidelock.ini"
        path.write_text(sidelock.ini(config))
        rights = "-dac_override,-dac_read_search"
        done = subprocess.run(
            [
                settings.require("setpriv"), f"--bounding-set={rights}",
                f"--inh-caps={rights}", settings.BINARY, "check", "-c", path,
            ],
            capture_output=True, text=True, env=sidelock.environment(),
            timeout=settings.DEADLINE_S, check=False,
        )  # fmt: skip
        sidelock.assert_no_report(done.stderr)
        return done.returncode, done.stdout

    return run


@pytest.fixture
def closed(tmp_path):
    folder = tmp_path / "closed"
    folder.mkdir()
    yield folder
    folder.chmod(0o700)


def copy(pair, cert, key):
    cert.write_bytes(pair.cert.read_bytes())
    key.write_bytes(pair.key.read_bytes())
    key.chmod(0o600)


def test_a_pair_of_certificate_dir_is_missed(check, closed, tmp_path, pki):
    """certbot's live/ without archive/: another pair that is good does not
    hide it."""
    served = tmp_path / "served"
    (served / "a").mkdir(parents=True)
    copy(pki.server_certificate, closed / "cert", closed / "key")
    (served / "a/fullchain.pem").symlink_to(closed / "cert")
    (served / "a/privkey.pem").symlink_to(closed / "key")
    copy(pki.server_certificate, served / "b.crt", served / "b.key")
    config = {
        "service": {
            "listen": "127.0.0.1:0",
            "backend": "127.0.0.1:1",
            "certificate_dir": served,
        }
    }
    assert "SL-FILE-DENIED" not in check(config)[1]
    closed.chmod(0o600)
    code, text = check(config)
    assert code == 1, text
    assert re.search(r"error: .*a/fullchain.pem: perm.*SL-FILE-DENIED", text)


@pytest.mark.parametrize("how", ["link", "folder"])
def test_a_revocation_list_is_missed(check, closed, tmp_path, fresh_pki, how):
    """With crl_policy = soft, whom it names would be let in."""
    lists = closed if how == "folder" else tmp_path / "lists"
    lists.mkdir(exist_ok=True)
    fresh_pki.crl(closed / "ca.crl")
    if how == "link":
        (lists / "ca.crl").symlink_to(closed / "ca.crl")
    config = {
        "service": {
            "listen": "127.0.0.1:0",
            "backend": "127.0.0.1:1",
            "required_level": "peer",
        },
        "certificate": fresh_pki.server_certificate.as_section(),
        "clients": {
            "ca": fresh_pki.ca,
            "allow_all": "yes",
            "crl": lists,
            "crl_policy": "soft",
        },
    }
    assert "SL-FILE-DENIED" not in check(config)[1]
    closed.chmod(0o600)
    code, text = check(config)
    assert code == 1, text
    assert re.search(r"error: clients.crl .*ca.crl: perm.*SL-FILE-DENIED", text)
