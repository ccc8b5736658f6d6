# SPDX-License-Identifier: GPL-3.0-or-later
"""The proxies that are compared: how each is configured and started.

All get the same: one worker (or thread), TLS 1.2 and 1.3, the same
certificate, the same backend, a listen queue and limits that fit the largest
run (CONNECTIONS at a time), no logging. Beyond that each keeps its own
defaults, as its package ships them.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 6000
LISTEN_QUEUE = 4096


@dataclass
class Setup:
    """What one start of a proxy is given."""

    directory: Path  # its own, empty
    cert: Path
    key: Path
    pem: Path  # both in one file
    port: int
    backend_port: int
    folder: object = None  # folders.PemFolder, instead of these files
    demand: object = None  # clients.Demand; None: clients show no certificate

    def write(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return str(path)


def is_root():
    return os.geteuid() == 0


def hitch(setup):
    user = 'user = "nobody"\ngroup = "nogroup"\n' if is_root() else ""
    pems = f'pem-file = "{setup.pem}"'
    if setup.folder:
        pems = f'pem-dir = "{setup.folder.path}/"'
    verify = ""
    if setup.demand:
        verify = f"""client-verify = required
client-verify-ca = "{setup.demand.ca}"
"""
    path = setup.write(
        "hitch.conf",
        f"""frontend = {{ host = "127.0.0.1" port = "{setup.port}" }}
backend = "[127.0.0.1]:{setup.backend_port}"
{pems}
workers = 1
backlog = {LISTEN_QUEUE}
tls-protos = TLSv1.2 TLSv1.3
daemon = off
log-level = 0
syslog = off
ocsp-dir = ""
{verify}{user}""",
    )
    return ["hitch", f"--config={path}"]


def haproxy_clients(demand):
    """What is added to the bind line, and a line of its own."""
    if not demand:
        return "", ""
    verify = f" verify required ca-file {demand.ca}"
    rule = ""
    if demand.crl:
        verify += f" crl-file {demand.crl}"
    if demand.names:
        rule = (
            "    tcp-request session reject unless"
            f" {{ ssl_c_s_dn(cn) -m str -f {demand.names} }}\n"
        )
    return verify, rule


def haproxy(setup):
    pem = f"{setup.folder.path}/" if setup.folder else setup.pem
    verify, rule = haproxy_clients(setup.demand)
    path = setup.write(
        "haproxy.cfg",
        f"""global
    nbthread 1
    maxconn {CONNECTIONS}
    ssl-default-bind-options ssl-min-ver TLSv1.2
defaults
    mode tcp
    no log
    maxconn {CONNECTIONS}
    timeout connect 10s
    timeout client 1h
    timeout server 1h
frontend client
    bind 127.0.0.1:{setup.port} ssl crt {pem} backlog {LISTEN_QUEUE}{verify}
{rule}    default_backend backend
backend backend
    server one 127.0.0.1:{setup.backend_port}
""",
    )
    # Master and worker, as the package's service starts it.
    return ["haproxy", "-W", "-f", path]


def nginx(setup):
    user = "user nobody nogroup;" if is_root() else ""
    verify = ""
    if setup.demand:
        verify = f"""ssl_verify_client on;
        ssl_client_certificate {setup.demand.ca};
        """
        if setup.demand.crl:
            verify += f"ssl_crl {setup.demand.crl};\n        "
    path = setup.write(
        "nginx.conf",
        f"""load_module /usr/lib/nginx/modules/ngx_stream_module.so;
daemon off;
{user}
worker_processes 1;
pid {setup.directory}/nginx.pid;
error_log {setup.directory}/error.log crit;
events {{
    worker_connections {2 * CONNECTIONS};
}}
stream {{
    access_log off;
    server {{
        listen 127.0.0.1:{setup.port} ssl backlog={LISTEN_QUEUE};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_certificate {setup.cert};
        ssl_certificate_key {setup.key};
        {verify}proxy_pass 127.0.0.1:{setup.backend_port};
        proxy_timeout 1h;
    }}
}}
""",
    )
    log = str(setup.directory / "error.log")
    return ["nginx", "-p", str(setup.directory), "-e", log, "-c", path]


def stunnel(setup):
    verify = ""
    if setup.demand:
        verify = f"""verifyChain = yes
requireCert = yes
CAfile = {setup.demand.ca}
"""
        if setup.demand.crl:
            verify += f"CRLfile = {setup.demand.crl}\n"
    path = setup.write(
        "stunnel.conf",
        f"""foreground = yes
pid =
syslog = no
debug = 0
[bench]
accept = 127.0.0.1:{setup.port}
connect = 127.0.0.1:{setup.backend_port}
cert = {setup.cert}
key = {setup.key}
sslVersionMin = TLSv1.2
libwrap = no
{verify}""",
    )
    return ["stunnel", path]


def sidelock_clients(demand):
    if not demand:
        return []
    settings = ["service.required_level=peer", f"clients.ca={demand.ca}"]
    if demand.rules:
        settings.append(f"clients.allow_file={demand.rules}")
    else:
        settings.append("clients.allow_all=yes")
    if demand.crl:
        settings.append(f"clients.crl={demand.crl}")
    if demand.resumes:
        settings.append("tls.resumption=yes")
    return settings


def sidelock(program):
    def command(setup):
        settings = [
            f"service.listen=127.0.0.1:{setup.port}",
            f"service.backend=127.0.0.1:{setup.backend_port}",
            "process.workers=1",
            "log.connections=no",
        ]
        if setup.folder:
            # A look at 10,000 files every so often is a row of its own.
            settings += [
                f"service.certificate_dir={setup.folder.path}",
                "reload.watch=0",
            ]
        else:
            settings += [
                f"certificate.cert={setup.cert}",
                f"certificate.key={setup.key}",
            ]
        settings += sidelock_clients(setup.demand)
        return [str(program)] + [x for s in settings for x in ("--set", s)]

    return command


# Those that choose by name among the files of a folder.
WITH_FOLDERS = ("sidelock", "hitch", "haproxy")

# Those that can judge clients so. hitch reads no revocation lists; of nginx'
# stream module and of stunnel none has rules for names by the thousand.
WITH_CLIENTS = {
    "all": ("sidelock", "hitch", "haproxy", "nginx", "stunnel"),
    "rules": ("sidelock", "haproxy"),
    "crl": ("sidelock", "haproxy", "nginx", "stunnel"),
}

PEERS = {
    "hitch": hitch,
    "haproxy": haproxy,
    "nginx": nginx,
    "stunnel": stunnel,
}

VERSION_COMMANDS = {
    "hitch": ["hitch", "--version"],
    "haproxy": ["haproxy", "-v"],
    "nginx": ["nginx", "-v"],
    "stunnel": ["stunnel", "-version"],
}


def version(name, program=None):
    """The line in which a proxy names its version."""
    command = VERSION_COMMANDS.get(name, [str(program), "--version"])
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=10,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if name in line.lower()]
    return lines[0].strip() if lines else "unknown"
