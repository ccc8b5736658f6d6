# SPDX-License-Identifier: GPL-3.0-or-later
"""Throwaway certificates, made by the openssl command; those that it would not
make, in this process."""

import itertools
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lib.wait import until

SERVER_NAMES = "DNS:localhost,IP:127.0.0.1,IP:::1"

_CONFIG = """
[ca]
default_ca = this
[this]
dir = .
database = {name}.index
serial = {name}.serial
new_certs_dir = issued
certificate = {name}.pem
private_key = {name}.key
default_md = sha256
policy = anything
unique_subject = no
copy_extensions = none
[anything]
commonName = supplied
organizationName = optional
organizationalUnitName = optional
[req]
distinguished_name = empty
[empty]
"""


@dataclass(frozen=True)
class Certificate:
    """A certificate with its key; cert holds the chain that is sent."""

    cert: Path
    key: Path
    serial: str  # upper-case hex, as openssl prints it

    def as_section(self):
        return {"cert": self.cert, "key": self.key}


@dataclass(frozen=True)
class Facts:
    """What a certificate says, as the log writes it."""

    subject: str
    issuer: str
    serial: str
    not_before: str
    not_after: str


def facts(certificate):
    read = x509.load_pem_x509_certificate(certificate.cert.read_bytes())
    minute = "%Y-%m-%d %H:%M UTC"
    serial = f"{read.serial_number:X}"
    return Facts(
        subject=read.subject.rfc4514_string(),
        issuer=read.issuer.rfc4514_string(),
        serial=serial.zfill(len(serial) + len(serial) % 2),
        not_before=read.not_valid_before.strftime(minute),
        not_after=read.not_valid_after.strftime(minute),
    )


def end_of(certificate):
    """The last second of its time, since 1970."""
    read = x509.load_pem_x509_certificate(certificate.cert.read_bytes())
    return read.not_valid_after.replace(tzinfo=timezone.utc).timestamp()


def outlive(certificate):
    """Until it has ended. Its last second is part of its time (RFC 5280,
    section 4.1.2.5)."""
    end = end_of(certificate) + 1
    until(lambda: time.time() > end, "the certificate has ended")


def while_it_lasts(issue, use):
    """(a certificate that ends soon, what use(it) returned before that).
    issue(days=...) makes it. Where it has ended before use was done, the
    machine is slow: the next one lasts longer."""
    for lasts_s in (5, 15, 30):  # less than anybody waits: DEADLINE_S
        certificate = issue(days=(-1, lasts_s / 86400))
        try:
            made = use(certificate)
        except (OSError, AssertionError):  # ssl.SSLError is an OSError
            if time.time() < end_of(certificate):
                raise
            continue
        if time.time() < end_of(certificate):
            return certificate, made
    raise AssertionError("each certificate had ended too early")


def common_name(text):
    """A name of which this is all."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certify(subject, issuer, public_key, signer, *, days=(-1, 90),
            extensions=()):  # fmt: skip
    """A certificate made here, with just these (extension, is_critical)."""
    now = datetime.utcnow()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(signer, hashes.SHA256())


class Pki:
    """A folder of authorities and what they issued."""

    def __init__(self, folder):
        self.folder = Path(folder)
        (self.folder / "issued").mkdir(parents=True)
        self._next_serial = 0x51DE0001
        self._crl_number = itertools.count(1)

    def root(self, name="ca", days=3650):
        """A self-signed authority; returns its certificate's path."""
        self._key(name, "ec")
        self._prepare_authority(name)
        self._openssl(
            "req", "-x509", "-new", "-key", f"{name}.key", "-days", days,
            "-subj", f"/CN=sidelock test {name}", "-out", f"{name}.pem",
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
        return self.folder / f"{name}.pem"

    def intermediate(self, name, issuer="ca", days=(-1, 3000)):
        """An authority below another one; returns its certificate's path."""
        self._key(name, "ec")
        self._prepare_authority(name)
        extensions = [
            "basicConstraints=critical,CA:TRUE",
            "keyUsage=critical,keyCertSign,cRLSign",
        ]
        self._sign(name, issuer, f"/CN=sidelock test {name}", extensions, days)
        return self.folder / f"{name}.pem"

    def server(self, name, names=SERVER_NAMES, **how):
        """A server certificate for localhost (or other names)."""
        return self._leaf(name, "serverAuth", names, **how)

    def client(self, name, names=None, eku="clientAuth", **how):
        """A client certificate. eku "": without extended key usage."""
        names = names or f"DNS:{name}.client.test"
        return self._leaf(name, eku, names, **how)

    def responder(self, name, **how):
        """An OCSP responder that the issuer appoints."""
        return self._leaf(name, "OCSPSigning", f"DNS:{name}.test", **how)

    def revoke(self, certificate, issuer="ca"):
        """The issuer's responses call it revoked from now on."""
        self._openssl(
            "ca", "-config", f"{issuer}.conf",
            "-revoke", f"issued/{certificate.serial}.pem",
        )  # fmt: skip

    def _leaf(self, name, eku, names, issuer="ca", key="ec", subject=None,
              days=(-1, 90), chain=(), extra=()):  # fmt: skip
        self._key(name, key)
        extensions = [
            "basicConstraints=CA:FALSE",
            "keyUsage=critical,digitalSignature",
            f"subjectAltName={names}",
            *([f"extendedKeyUsage={eku}"] if eku else []),
            *extra,
        ]
        subject = subject or f"/CN={name}"
        serial = self._sign(name, issuer, subject, extensions, days)
        cert = self.folder / f"{name}.pem"
        if chain:
            parts = [cert, *chain]
            cert = self.join(f"{name}.chain.pem", parts)
        return Certificate(cert, self.folder / f"{name}.key", serial)

    def join(self, name, parts):
        """A file with the contents of several."""
        path = self.folder / name
        path.write_text("".join(Path(part).read_text() for part in parts))
        return path

    def self_signed_client(self, name):
        """A client certificate that nobody vouches for."""
        self._key(name, "ec")
        self._openssl(
            "req", "-x509", "-new", "-key", f"{name}.key", "-days", 30,
            "-subj", f"/CN={name}", "-out", f"{name}.pem",
            "-addext", "extendedKeyUsage=clientAuth",
        )  # fmt: skip
        folder = self.folder
        return Certificate(folder / f"{name}.pem", folder / f"{name}.key", "")

    # -- what the openssl command does not make ------------------------------

    def craft_client(self, name, subject=None, names=None, issuer="ca",
                     extensions=(), days=(-1, 90), chain=(),
                     has_key_ids=True):  # fmt: skip
        """A client certificate: any subject, a list of any GeneralNames, and
        (extension, is_critical) besides."""
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        parts = [(x509.BasicConstraints(False, None), False), (usage, False)]
        if names:
            parts.append((x509.SubjectAlternativeName(names), False))
        return self.craft(
            name, subject, issuer, [*parts, *extensions], days, chain,
            has_key_ids,
        )  # fmt: skip

    def pss_client(self, name):
        """A root and a client of it, both signed with RSA-PSS; returns the
        root's path and the client."""
        pss = ["-sha256", "-sigopt", "rsa_padding_mode:pss"]
        root = self.folder / f"{name}-ca.pem"
        self._key(f"{name}-ca", "rsa")
        self._key(name, "ec")
        self._openssl(
            "req", "-x509", "-new", "-key", f"{name}-ca.key", "-out", root,
            "-days", 30, "-subj", f"/CN=sidelock test {name}-ca", *pss,
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip
        (self.folder / f"{name}.ext").write_text("extendedKeyUsage=clientAuth")
        self._openssl(
            "req", "-new", "-key", f"{name}.key", "-subj", f"/CN={name}",
            "-out", f"{name}.csr",
        )  # fmt: skip
        self._openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", root, *pss,
            "-CAkey", f"{name}-ca.key", "-CAcreateserial", "-days", 30,
            "-extfile", f"{name}.ext", "-out", f"{name}.pem",
        )  # fmt: skip
        folder = self.folder
        return root, Certificate(
            folder / f"{name}.pem", folder / f"{name}.key", ""
        )

    def craft_self_signed(self, name, key, subject=None):
        """A client certificate that nobody vouches for, with that key."""
        subject = subject or common_name(name)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        made = certify(
            subject, subject, key.public_key(), key,
            extensions=[(usage, False)],
        )  # fmt: skip
        return self.keep(name, made, key)

    def craft_authority(self, name, issuer="ca", path_length=None,
                        is_ca=True, extensions=(), subject=None,
                        days=(-1, 90)):  # fmt: skip
        """An authority below another one, or what only looks like one;
        returns its certificate's path."""
        self._prepare_authority(name)
        length = path_length if is_ca else None
        parts = [(x509.BasicConstraints(is_ca, length), True)]
        subject = subject or common_name(f"sidelock test {name}")
        made = self.craft(name, subject, issuer, [*parts, *extensions], days)
        return made.cert

    def craft(self, name, subject, issuer, extensions, days=(-1, 90),
              chain=(), has_key_ids=True):  # fmt: skip
        """NAME.pem and NAME.key, signed with the issuer's key."""
        key, signer = ec.generate_private_key(ec.SECP256R1()), self.key_of(issuer)
        own, of_issuer = key.public_key(), signer.public_key()
        key_ids = [
            (x509.SubjectKeyIdentifier.from_public_key(own), False),
            (
                x509.AuthorityKeyIdentifier.from_issuer_public_key(of_issuer),
                False,
            ),
        ]
        made = certify(
            subject or common_name(name), self.subject_of(issuer), own,
            signer, days=days,
            extensions=[*(key_ids if has_key_ids else []), *extensions],
        )  # fmt: skip
        return self.keep(name, made, key, chain)

    def crl(self, path, issuer="ca", revoked=(), days=(-1, 7), signer=None,
            encoding=serialization.Encoding.PEM):  # fmt: skip
        """Writes the issuer's list; revoked: Certificates, or their serials in
        hex. signer: another key than the issuer's."""
        now = datetime.utcnow()
        entry = x509.RevokedCertificateBuilder().revocation_date(
            now - timedelta(hours=1)
        )
        serials = (int(getattr(one, "serial", one), 16) for one in revoked)
        # Added one by one, they would all be copied each time.
        builder = (
            x509.CertificateRevocationListBuilder(
                revoked_certificates=[
                    entry.serial_number(serial).build() for serial in serials
                ]
            )
            .issuer_name(self.subject_of(issuer))
            .last_update(now + timedelta(days=days[0]))
            .next_update(now + timedelta(days=days[1]))
            .add_extension(x509.CRLNumber(next(self._crl_number)), False)
        )
        made = builder.sign(signer or self.key_of(issuer), hashes.SHA256())
        path.write_bytes(made.public_bytes(encoding))
        return path

    def truststore(self, path, password, roots):
        """A PKCS#12 file of certificates without a key."""
        joined = self.join(f"{path.name}.roots", roots)
        self._openssl(
            "pkcs12", "-export", "-nokeys", "-in", joined, "-out", path,
            "-passout", f"pass:{password}",
        )  # fmt: skip
        return path

    def renew_root(self, name, path, days=(-1, 4000)):
        """Writes a new certificate of a root, with its name and its key."""
        key, subject = self.key_of(name), self.subject_of(name)
        made = certify(
            subject, subject, key.public_key(), key, days=days,
            extensions=[(x509.BasicConstraints(True, None), True)],
        )  # fmt: skip
        path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return path

    def keep(self, name, certificate, key, chain=()):
        """Writes both, and the chain behind the certificate."""
        cert_path = self.folder / f"{name}.pem"
        key_path = self.folder / f"{name}.key"
        cert_path.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
        )
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        if chain:
            cert_path = self.join(f"{name}.chain.pem", [cert_path, *chain])
        return Certificate(
            cert_path, key_path, f"{certificate.serial_number:X}"
        )

    def subject_of(self, name):
        path = self.folder / f"{name}.pem"
        return x509.load_pem_x509_certificate(path.read_bytes()).subject

    def key_of(self, name):
        path = self.folder / f"{name}.key"
        return serialization.load_pem_private_key(path.read_bytes(), None)

    def encrypt_key(self, certificate, name, password):
        """A copy of the key, as encrypted PKCS#8."""
        path = self.folder / name
        self._openssl(
            "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", certificate.key,
            "-passout", f"pass:{password}", "-out", path,
        )  # fmt: skip
        return path

    def keystore(self, certificate, name, password):
        """A PKCS#12 file with chain and key."""
        path = self.folder / name
        self._openssl(
            "pkcs12", "-export", "-in", certificate.cert,
            "-inkey", certificate.key, "-passout", f"pass:{password}",
            "-out", path,
        )  # fmt: skip
        return path

    def _key(self, name, kind):
        options = {
            "ec": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            "ed25519": ["-algorithm", "ED25519"],
        }
        self._openssl("genpkey", *options[kind], "-out", f"{name}.key")

    def _prepare_authority(self, name):
        config = self.folder / f"{name}.conf"
        config.write_text(_CONFIG.format(name=name))
        (self.folder / f"{name}.index").write_text("")

    def _sign(self, name, issuer, subject, extensions, days=(-1, 3000)):
        serial = f"{self._next_serial:X}"
        self._next_serial += 1
        (self.folder / f"{issuer}.serial").write_text(serial)
        (self.folder / f"{name}.ext").write_text("\n".join(extensions))
        self._openssl(
            "req", "-new", "-utf8", "-key", f"{name}.key", "-subj", subject,
            "-config", f"{issuer}.conf", "-out", f"{name}.csr",
        )  # fmt: skip
        self._openssl(
            "ca", "-batch", "-notext", "-config", f"{issuer}.conf",
            "-in", f"{name}.csr", "-out", f"{name}.pem", "-utf8",
            "-extfile", f"{name}.ext", "-startdate", _date(days[0]),
            "-enddate", _date(days[1]),
        )  # fmt: skip
        return serial

    def _openssl(self, *arguments):
        command = [shutil.which("openssl"), *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stderr}"


def _date(days):
    moment = datetime.now(timezone.utc) + timedelta(days=days)
    return moment.strftime("%Y%m%d%H%M%SZ")
