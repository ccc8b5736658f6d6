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
        listen 127.0.0.1:{port};
        root {folder}/www;
    }}
}}
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
def nginx(folder):
    port = net.free_port()
    (folder / "www").mkdir()
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port))
    log = str(folder / "error.log")
    command = [settings.require("nginx"), "-c", str(config), "-e", log]
    with _running(command, folder, port):
        yield Server(port, folder / "www")


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
