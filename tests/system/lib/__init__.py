# SPDX-License-Identifier: GPL-3.0-or-later
"""What the system tests are written with.

settings   which binary, how big, how patient
wait       conditions with a deadline
clock      another time of day for the program
pki        throwaway certificates
ocsp       OCSP responses, and a responder for them
log        the program's log as events
sidelock   the program under test as an object
threads    one of its threads, held
streams    reproducible bytes and their checksums
folder     thousands of certificates in a folder
backends   servers in Python that behave, or misbehave, as asked
servers    real servers: redis, nginx, http.server
clients    real clients: openssl, curl, gnutls-cli, Node, Python, Java
mtls       clients with certificates, and what they are told
showing    the same with a certificate, and their words for a refusal
tls        a TLS client whose every byte and ending is under control
tls13      TLS 1.3 by hand, with several tickets
hello      ClientHellos, whole, cut up and oversized
name_server  a name server that says what it should, or should not
proxy_header  PROXY headers, taken apart

The standard library, and cryptography to look at and to make certificates.
"""
