# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains that clients refuse for their age: SHA-1, MD5, short keys; noted for
each certificate that is sent, not only for the leaf."""

import subprocess

import pytest

from lib import settings, sidelock


@pytest.fixture
def openssl(tmp_path):
    """openssl("x509", ...) in the test's folder."""
    program = settings.require("openssl")

    def run(*arguments):
        subprocess.run(
            [program, *arguments], cwd=tmp_path, check=True,
            capture_output=True, timeout=settings.DEADLINE_S,
        )  # fmt: skip

    return run


@pytest.fixture
def issue(openssl, tmp_path):
    """issue(name, issuer, ...) makes NAME.pem and NAME.key; its own issuer
    when there is none."""
    (tmp_path / "ca.ext").write_text("basicConstraints=critical,CA:TRUE\n")
    (tmp_path / "leaf.ext").write_text(
        "basicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost\n"
    )

    def run(name, issuer=None, digest="sha256", key="rsa:2048", kind="ca"):
        pkey = ["-newkey", key]
        if key.startswith("P-"):
            pkey = ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{key}"]
        openssl(
            "req", *pkey, "-nodes", "-subj", f"/CN={name}",
            "-keyout", f"{name}.key", "-out", f"{name}.csr",
        )  # fmt: skip
        (tmp_path / f"{name}.key").chmod(0o600)
        by = ["-signkey", f"{name}.key"]
        if issuer:
            by = ["-CA", f"{issuer}.pem", "-CAkey", f"{issuer}.key",
                  "-CAcreateserial"]  # fmt: skip
        openssl(
            "x509", "-req", "-in", f"{name}.csr", *by, f"-{digest}",
            "-days", "90", "-extfile", f"{kind}.ext", "-out", f"{name}.pem",
        )  # fmt: skip

    return run


@pytest.fixture
def check(tmp_path):
    """check("leaf", "intermediate") looks at that chain: code and text."""

    def run(*names):
        whole = b"".join((tmp_path / f"{n}.pem").read_bytes() for n in names)
        (tmp_path / "chain.crt").write_bytes(whole)
        done = sidelock.run(
            "check",
            "--set", "service.listen=127.0.0.1:0",
            "--set", "service.backend=127.0.0.1:1",
            "--set", "certificate.cert=chain.crt",
            "--set", f"certificate.key={names[0]}.key",
            cwd=tmp_path,
        )  # fmt: skip
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize("digest, word", [("sha1", "SHA-1"), ("md5", "MD5")])
def test_an_old_hash_is_warned_of_wherever_it_is(issue, check, digest, word):
    issue("root")
    issue("middle", "root", digest)
    issue("leaf", "middle", kind="leaf")
    code, text = check("leaf", "middle")
    assert code == 2, text
    says = f"the intermediate (CN=middle) is signed with {word}, which clients"
    assert says in text and "the leaf is signed" not in text
    assert "[SL-SIGNATURE-SHA1]" in text
    issue("old-leaf", "root", digest, kind="leaf")
    code, text = check("old-leaf")
    assert code == 2, text
    assert f"the leaf is signed with {word}, which clients refuse" in text


def test_who_signed_itself_is_not_warned_of(issue, check):
    """Nobody judges that signature."""
    issue("own", digest="sha1", kind="leaf")
    assert "SL-SIGNATURE-SHA1" not in check("own")[1]


def test_an_intermediate_with_a_short_key_is_named_as_that(issue, check):
    issue("root")
    issue("middle", "root", key="rsa:1024")
    issue("leaf", "middle", kind="leaf")
    code, text = check("leaf", "middle")
    assert code == 1, text
    assert "certificate 2 (CN=middle) is not served: its RSA key has" in text
    assert "[SL-KEY-WEAK]" in text
    assert "does not belong to the chain" not in text


def test_a_curve_that_no_client_takes_is_named_as_that(issue, check):
    issue("leaf", key="P-224", kind="leaf")
    code, text = check("leaf")
    assert code == 1, text
    assert "[SL-KEY-UNSUPPORTED]" in text and "P-256 and P-384 are" in text
