# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder with thousands of certificates, made in this process: the openssl
command would take minutes."""

from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Folder:
    """NAME.crt and NAME.key for each of `count` names, by one authority.

    serials   of what lies there now, by number
    """

    def __init__(self, path, count):
        self.path = path
        self.path.mkdir(parents=True)
        self._ca_key = ec.generate_private_key(ec.SECP256R1())
        self._ca_name = _name("many")
        self.ca = path.parent / f"{path.name}-ca.pem"
        self.ca.write_bytes(_pem(self._authority()))
        self.serials = [self.issue(number) for number in range(count)]

    @staticmethod
    def host(number):
        return f"n{number:05}.many.test"

    def files(self, number):
        """(certificate, key)"""
        host = self.host(number)
        return self.path / f"{host}.crt", self.path / f"{host}.key"

    def issue(self, number):
        """Puts a new pair there; returns its serial."""
        key = ec.generate_private_key(ec.SECP256R1())
        host = self.host(number)
        certificate = (
            self._builder(_name(host), key)
            .add_extension(
                x509.SubjectAlternativeName([x509.DNSName(host)]), False
            )
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
            )
            .sign(self._ca_key, hashes.SHA256())
        )
        cert_path, key_path = self.files(number)
        cert_path.write_bytes(_pem(certificate))
        key_path.touch(0o600)
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return f"{certificate.serial_number:X}"

    def _authority(self):
        return (
            self._builder(self._ca_name, self._ca_key)
            .add_extension(x509.BasicConstraints(True, None), True)
            .sign(self._ca_key, hashes.SHA256())
        )

    def _builder(self, subject, key):
        now = datetime.utcnow()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=90))
        )


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)
