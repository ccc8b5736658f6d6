# SPDX-License-Identifier: GPL-3.0-or-later
"""Real, unmodified plaintext servers, each in a folder of its own."""

import contextlib
import subprocess
import sys

from lib import net, settings
from lib.wait import until

_NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port}{listen_more};
        root {folder}/www;
        location = /who {{
            return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_addr $proxy_protocol_server_port";
        }}
    }}
}}
"""

_HAPROXY = """
global
    maxconn 64
defaults
    mode http
    timeout connect {patience_s}s
    timeout client {patience_s}s
    timeout server {patience_s}s
frontend proxied
    bind 127.0.0.1:{port} accept-proxy
    http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port] %[fc_pp_authority]"
"""


class Server:
    """A running server: where it is and which files it serves."""

    def __init__(self, port, files=None):
        self.port = port
        self.address = f"127.0.0.1:{port}"
        self.files = files


@contextlib.contextmanager
def redis(folder):
    port = net.free_port()
    command = [
        settings.require("redis-server"), "--port", str(port),
        "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        "--dir", str(folder),
    ]  # fmt: skip
    with _running(command, folder, port):
        yield Server(port)


@contextlib.contextmanager
def nginx(folder, listen_more=""):
    """`listen_more`: further words of its directive listen."""
    port = net.free_port()
    (folder / "www").mkdir()
    config = folder / "nginx.conf"
    config.write_text(
        _NGINX.format(folder=folder, port=port, listen_more=listen_more)
    )
    log = str(folder / "error.log")
    command = [settings.require("nginx"), "-c", str(config), "-e", log]
    with _running(command, folder, port):
        yield Server(port, folder / "www")


@contextlib.contextmanager
def haproxy(folder):
    """Wants a PROXY header, and answers what that has said."""
    port = net.free_port()
    config = folder / "haproxy.cfg"
    config.write_text(
        _HAPROXY.format(port=port, patience_s=settings.DEADLINE_S)
    )
    command = [settings.require("haproxy"), "-db", "-f", str(config)]
    with _running(command, folder, port):
        yield Server(port)


@contextlib.contextmanager
def http_server(folder):
    port = net.free_port()
    (folder / "www").mkdir()
    command = [
        sys.executable, "-m", "http.server", "--bind", "127.0.0.1",
        "--directory", str(folder / "www"), str(port),
    ]  # fmt: skip
    with _running(command, folder, port):
        yield Server(port, folder / "www")


@contextlib.contextmanager
def _running(command, folder, port):
    with open(folder / "output", "wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output,
            stderr=subprocess.STDOUT, cwd=folder,
        )  # fmt: skip
        try:
            until(
                lambda: _answers(process, folder, port),
                f"{command[0]} listens on {port}",
            )
            yield
        finally:
            process.terminate()
            process.wait(settings.DEADLINE_S)


def _answers(process, folder, port):
    text = (folder / "output").read_text(errors="replace")
    assert process.poll() is None, f"{process.args[0]} ended: {text}"
    return net.accepts(("127.0.0.1", port))
