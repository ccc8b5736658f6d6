# SPDX-License-Identifier: GPL-3.0-or-later
"""Usage: python_client.py PORT CA_FILE VERSION [pem CERT_FILE KEY_FILE]

Sends standard input over TLS with the standard library's ssl, writes all that
comes back until the server ends."""

import socket
import ssl
import sys

VERSIONS = {
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}


def make_context(ca, version, shown):
    context = ssl.create_default_context(cafile=ca)
    context.minimum_version = context.maximum_version = VERSIONS[version]
    if shown:
        _, cert, key = shown
        context.load_cert_chain(cert, key)
    return context


def main(port, ca, version, *shown):
    context = make_context(ca, version, shown)
    with socket.create_connection(("127.0.0.1", int(port))) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as sock:
            sock.sendall(sys.stdin.buffer.read())
            while data := sock.recv(65536):
                sys.stdout.buffer.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
