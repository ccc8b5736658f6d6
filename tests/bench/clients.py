# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutual TLS: the clients' certificates, whom the proxies are to let in, and
the proof that they do what is measured.

all     every client of the CA
rules   10,000 of them, by their common names
crl     every client of the CA but 100,000 that it has revoked
"""

import random
import subprocess
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from processes import BenchError, Process

RULES = 10_000
REVOKED = 100_000
NAME = "client-{:05}"
ADMITTED = RULES // 2  # the one that makes the load
OUTSIDER = RULES  # of the same CA, and in no rule
SEED = 0x51DE10C4

# What the two that are looked at are numbered; the revoked ones are above.
SERIALS = {"admitted": 0x1001, "outsider": 0x1002}

_CONFIG = """
[ca]
default_ca = this
[this]
database = {index}
crlnumber = {number}
default_md = sha256
"""


@dataclass(frozen=True)
class Demand:
    """What a proxy is to demand of its clients; None: not that."""

    ca: Path
    rules: Path = None  # as sidelock reads them
    names: Path = None  # the same as bare common names
    crl: Path = None
    resumes: bool = False  # known clients may resume


class Clients:
    """A CA, two certificates of it, and the files that judge them; each made
    when it is first asked for."""

    def __init__(self, directory):
        directory.mkdir()
        self.directory = directory
        self.ca = self._authority()
        self.admitted = self._certificate("admitted", ADMITTED)
        self.outsider = self._certificate("outsider", OUTSIDER)
        self._demands = {}

    def demand(self, run):
        key = (run.clients, run.mode == "resumed")
        if key not in self._demands:
            files = {"all": dict, "rules": self._rules, "crl": self._crl}
            self._demands[key] = Demand(
                self.ca, resumes=key[1], **files[run.clients]()
            )
        return self._demands[key]

    def refused(self, run):
        """The generator's options for a client that must not come in."""
        return [] if run.clients == "all" else self.outsider

    def _authority(self):
        ca, key = self._paths("ca")
        self._request(
            "-subj", "/CN=sidelock bench clients", "-keyout", key, "-out", ca,
            "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            "-addext", "subjectKeyIdentifier=hash",
        )  # fmt: skip
        return ca

    def _certificate(self, name, number):
        """Issues one; returns the generator's options to show it."""
        ca, ca_key = self._paths("ca")
        cert, key = self._paths(name)
        self._request(
            "-CA", ca, "-CAkey", ca_key, "-set_serial", SERIALS[name],
            "-subj", f"/CN={NAME.format(number)}",
            "-keyout", key, "-out", cert,
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", "keyUsage=critical,digitalSignature",
            "-addext", "extendedKeyUsage=clientAuth",
        )  # fmt: skip
        return ["--cert", str(cert), "--key", str(key)]

    def _paths(self, name):
        return self.directory / f"{name}.crt", self.directory / f"{name}.key"

    def _request(self, *options):
        """Default extensions would be written beside those that are asked
        for: the configuration has none."""
        config = self.directory / "empty.cnf"
        config.write_text("[req]\ndistinguished_name = none\n[none]\n")
        self._openssl(
            "req", "-config", config, "-x509", "-nodes", "-days", "90",
            "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", *options,
        )  # fmt: skip

    def _rules(self):
        names = [NAME.format(number) for number in range(RULES)]
        bare, rules = self.directory / "names", self.directory / "rules"
        bare.write_text("".join(f"{name}\n" for name in names))
        rules.write_text("".join(f"cn:{name}\n" for name in names))
        return {"rules": rules, "names": bare}

    def _crl(self):
        """A list by `openssl ca`, which takes whom it revokes from its
        index."""
        crl, number = self.directory / "crl.pem", self.directory / "number"
        index, config = self.directory / "index", self.directory / "ca.cnf"
        config.write_text(_CONFIG.format(index=index, number=number))
        number.write_text("01\n")
        index.write_text("".join(index_lines()))
        ca, ca_key = self._paths("ca")
        self._openssl(
            "ca", "-config", config, "-cert", ca, "-keyfile", ca_key,
            "-gencrl", "-crldays", "30", "-out", crl,
        )  # fmt: skip
        return {"crl": crl}

    @staticmethod
    def _openssl(*arguments):
        command = ["openssl", *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise BenchError(f"{' '.join(command)}: {done.stderr.strip()}")


def index_lines():
    """The index of a CA that has revoked REVOKED certificates, with random
    serial numbers of 16 bytes, as CAs have; one is the outsider's."""
    source = random.Random(SEED)
    now = datetime.now(timezone.utc)
    revoked, expires = (
        (now + timedelta(days=days)).strftime("%y%m%d%H%M%SZ")
        for days in (-1, 90)
    )
    serials = {SERIALS["outsider"]}
    while len(serials) < REVOKED:
        serials.add(1 << 126 | source.getrandbits(126))
    for serial in serials:
        digits = f"{serial:X}"
        digits = digits.zfill(len(digits) + len(digits) % 2)
        yield f"R\t{expires}\t{revoked}\t{digits}\tunknown\t/CN={digits}\n"


def prove(bench, run, command, setup):
    """A number counts only for a proxy that lets in the client that makes the
    load and keeps out the one that is to be kept out. `setup` leads to a
    backend that echoes: who is answered is in."""
    target = ["--connect", f"127.0.0.1:{setup.port}", "--limit", "10"]
    target += ["--count", "1", "--warmup", "0", "--connections", "1"]
    log = setup.directory / "proxy.log"
    with Process(command(setup), bench.proxy_cpu, log) as proxy:
        proxy.await_port(setup.port)
        bench.generate("short", target + bench.clients.admitted)
        try:
            bench.generate("short", target + bench.clients.refused(run))
        except BenchError:
            return
    raise BenchError("lets in a client that it is to refuse")
