# SPDX-License-Identifier: GPL-3.0-or-later
"""Which certificate a client is shown for the name that it asks for."""

import ssl

from cryptography import x509

from lib.tls import TLS13, TlsClient


def unverified(version=TLS13, alpn=(), ciphers=None):
    """A client that takes any certificate: the test looks at it itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if ciphers:
        context.set_ciphers(ciphers)
    return context


def leaf(address, name, **how):
    """The certificate that a client is shown."""
    with TlsClient.open(
        address, unverified(**how), server_name=name
    ) as client:
        return x509.load_der_x509_certificate(client.tls.getpeercert(True))


def shown(address, name, **how):
    """The serial of that certificate, as the PKI writes it."""
    return f"{leaf(address, name, **how).serial_number:X}"
