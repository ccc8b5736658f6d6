# SPDX-License-Identifier: GPL-3.0-or-later
"""OCSP responses made by the openssl command, as files or over HTTP."""

import http.server
import subprocess
import threading

from lib import settings


class Authority:
    """Who answers for the certificates of an issuer in a Pki: openssl's
    responder, on the database that the issuer keeps."""

    def __init__(self, pki, issuer, signer=None):
        self.pki = pki
        self.issuer = issuer
        self.signer = signer  # a Certificate; None: the issuer itself

    def answer(self, request, days=7):
        """The DER response to a DER request."""
        folder = self.pki.folder
        certificate, key = f"{self.issuer}.pem", f"{self.issuer}.key"
        if self.signer:
            certificate, key = self.signer.cert, self.signer.key
        (folder / "request").write_bytes(request)
        self._openssl(
            "-index", f"{self.issuer}.index", "-CA", f"{self.issuer}.pem",
            "-rsigner", certificate, "-rkey", key, "-reqin", "request",
            "-respout", "response", "-ndays", days,
        )  # fmt: skip
        return (folder / "response").read_bytes()

    def staple(self, certificate, path=None):
        """Writes the response about a certificate; returns its path."""
        path = path or certificate.cert.with_name(
            certificate.cert.name + ".ocsp"
        )
        request = self.pki.folder / "request"
        self._openssl(
            "-issuer", f"{self.issuer}.pem", "-cert", certificate.cert,
            "-reqout", request, "-no_nonce",
        )  # fmt: skip
        fresh = path.with_name(path.name + ".new")
        fresh.write_bytes(self.answer(request.read_bytes()))
        fresh.rename(path)
        return path

    def _openssl(self, *arguments):
        command = [settings.require("openssl"), "ocsp", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.pki.folder, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=settings.DEADLINE_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}: {done.stderr}"


class Responder:
    """An Authority over HTTP, on a port from the kernel."""

    def __init__(self, authority=None):
        self.authority = authority
        self.request_count = 0
        responder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802: the library names it
                length = int(self.headers["Content-Length"])
                responder.request_count += 1
                body = responder.authority.answer(self.rfile.read(length))
                self.send_response(200)
                self.send_header("Content-Type", "application/ocsp-response")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}/"

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        """Nobody listens on its port any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
