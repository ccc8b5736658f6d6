# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures what a TLS-terminating proxy costs, sidelock and its peers in turns.

Started by scripts/bench.sh, which installs the peers and builds the load
generator. docs/benchmark.md says what each row means.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import clients
import folders
import machine
import plan
import processes
import proxies
import table
from processes import BenchError, Process

LOAD_LIMIT_S = 120


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="bench.sh",
        description="Measures sidelock and its peers in turns: processor time"
        " per handshake, connection, byte and message, memory, latency, start.",
        epilog="Example: bench.sh --quick --only ecdsa,idle --peers hitch,nginx",
    )
    add = parser.add_argument
    names = ", ".join(run.name for run in plan.RUNS)
    peers = ",".join(proxies.PEERS)
    add("--rounds", type=int, help="rounds to make (3; with --quick 1)")
    add("--quick", action="store_true", help="a quarter of the work")
    add("--only", metavar="NAME,...", help=f"only these runs: {names}")
    add("--peers", metavar="NAME,...", help=f"only these peers: {peers}")
    add("--sidelock", metavar="FILE", help="the binary to measure")
    add("--json", metavar="FILE", help="write everything that was measured")
    add("--markdown", metavar="FILE", help="write the table")
    add("--strict", action="store_true", help="exit 3 if a target is missed")
    add("--build", metavar="DIR", required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    if arguments.rounds < 1:
        parser.error("--rounds must be at least 1")
    program = arguments.sidelock
    if program and not os.access(program, os.X_OK):
        parser.error(f"--sidelock: cannot execute {program!r}")
    arguments.runs = choose(parser, "--only", arguments.only, plan.RUNS)
    arguments.peers = choose_peers(parser, arguments.peers)
    return arguments


def choose(parser, option, wanted, runs):
    known = {run.name: run for run in runs}
    if wanted is None:
        return list(runs)
    for name in wanted.split(","):
        if name not in known:
            parser.error(
                f"{option}: unknown name {name!r}; known: {', '.join(known)}"
            )
    return [known[name] for name in wanted.split(",")]


def choose_peers(parser, wanted):
    if wanted is None:
        return list(proxies.PEERS)
    chosen = [name for name in wanted.split(",") if name]
    for name in chosen:
        if name not in proxies.PEERS:
            parser.error(
                f"--peers: unknown name {name!r}; "
                f"known: {', '.join(proxies.PEERS)}"
            )
    return chosen


def say(text):
    print(text, file=sys.stderr, flush=True)


def make_certificates(directory):
    """An ECDSA and an RSA certificate; returns their files by kind."""
    kinds = {
        "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "rsa": ["rsa:2048"],
    }
    files = {}
    for kind, options in kinds.items():
        cert, key, pem = (
            directory / f"{kind}.{end}" for end in ("crt", "key", "pem")
        )
        command = ["openssl", "req", "-x509", "-nodes", "-days", "90"]
        command += ["-subj", "/CN=localhost", "-addext"]
        command += ["subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext"]
        command += ["extendedKeyUsage=serverAuth", "-newkey", *options]
        command += ["-keyout", str(key), "-out", str(cert)]
        subprocess.run(command, check=True, capture_output=True)
        pem.write_text(key.read_text() + cert.read_text())
        files[kind] = {"cert": cert, "key": key, "pem": pem}
    # hitch and nginx read them before they give up their rights.
    os.chmod(directory, 0o755)
    return files


class Bench:
    """Everything that the runs share."""

    def __init__(self, arguments, directory):
        self.arguments = arguments
        self.directory = directory
        self.build = Path(arguments.build)
        self.proxy_cpu, self.load_cpu = machine.choose_cpus()
        if self.proxy_cpu is None:
            say("bench: only one processor: proxy and load share it")
        self.certificates = make_certificates(directory)
        self.folders = {}
        self.made_clients = None
        self.commands = {name: proxies.PEERS[name] for name in arguments.peers}
        if arguments.sidelock:
            self.commands = {
                table.SIDELOCK: proxies.sidelock(arguments.sidelock),
                **self.commands,
            }
        self.results = {name: {} for name in self.commands}
        self.failures = []

    def load_program(self, run):
        """The generator that knows the run's group; None when not built."""
        suffix = "" if run.group == "X25519" else "-wolfssl"
        path = self.build / f"bench-load{suffix}"
        return path if path.exists() else None

    def load(self, run, arguments):
        """The run's load; returns what the generator reports."""
        return self.generate(run.mode, arguments, self.load_program(run))

    def generate(self, mode, arguments, program=None):
        """Runs a load generator; returns what it reports."""
        program = program or self.build / "bench-load"
        command = [str(program), mode, *arguments]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LOAD_LIMIT_S + 30,
            text=True,
            check=False,
            preexec_fn=lambda: processes.pin(self.load_cpu),
        )
        if done.returncode != 0:
            text = done.stderr.strip() or done.stdout.strip()
            raise BenchError(text or f"load generator: {done.returncode}")
        return json.loads(done.stdout)

    def folder(self, count):
        """A folder of so many certificates, made when first asked for."""
        if count not in self.folders:
            path = self.directory / f"names-{count}"
            self.folders[count] = folders.PemFolder(path, count)
        return self.folders[count]

    @property
    def clients(self):
        """Clients with certificates, made when first asked for."""
        if self.made_clients is None:
            self.made_clients = clients.Clients(self.directory / "clients")
        return self.made_clients

    def setup(self, run, backend_port, name_count=None):
        directory = Path(tempfile.mkdtemp(dir=self.directory))
        if run.names and name_count is None:
            name_count = run.name_count(self.arguments.quick)
        return proxies.Setup(
            directory=directory,
            port=processes.free_port(),
            backend_port=backend_port,
            folder=self.folder(name_count) if name_count else None,
            demand=self.clients.demand(run) if run.clients else None,
            **self.certificates[run.cert],
        )

    def measure_start(self, run, name, setup, target):
        arguments = target + run.arguments(self.arguments.quick)
        if self.proxy_cpu is not None:
            arguments += ["--cpu", str(self.proxy_cpu)]
        arguments += ["--", *self.commands[name](setup)]
        return self.load(run, arguments)

    def measure_running(self, run, name, setup, target):
        command = self.commands[name](setup)
        log = setup.directory / "proxy.log"
        with Process(command, self.proxy_cpu, log) as proxy:
            proxy.await_port(setup.port, LOAD_LIMIT_S)
            target += ["--watch", str(proxy.pid)]
            if run.clients:
                target += self.clients.admitted
            if run.names:
                before_bytes = folders.pss_bytes(proxy.pid)
            try:
                result = self.load(
                    run, target + run.arguments(self.arguments.quick)
                )
            except BenchError as error:
                raise BenchError(f"{error} {proxy.log()}".strip()) from error
            if run.names:
                grown = folders.pss_bytes(proxy.pid) - before_bytes
                result["context_bytes"] = grown / len(setup.folder.serials)
        check_result(run, result)
        return result

    def measure_folder(self, run, name, setup, _):
        command = self.commands[name]
        if run.mode == "reload":
            return folders.measure_reload(command, setup, self.proxy_cpu)
        one = self.setup(run, setup.backend_port, name_count=1)
        return folders.measure_load(command, one, setup, self.proxy_cpu)

    def measure(self, run, name):
        """One run against one proxy, both it and the backend fresh."""
        backend, ports = processes.start_backend(
            self.build / "bench-backend", self.load_cpu, self.directory
        )
        with backend:
            if run.mode == "storm":
                processes.set_realtime(backend.pid)
            if run.clients:
                trial = self.setup(run, ports["echo"])
                clients.prove(self, run, self.commands[name], trial)
            setup = self.setup(run, ports[run.service])
            target = ["--connect", f"127.0.0.1:{setup.port}"]
            target += ["--limit", str(LOAD_LIMIT_S)]
            one = {
                "start": self.measure_start,
                "load": self.measure_folder,
                "reload": self.measure_folder,
            }.get(run.mode, self.measure_running)
            results = [
                one(run, name, setup, list(target)) for _ in range(run.repeats)
            ]
            shutil.rmtree(setup.directory)
            return table.median_result(results)

    def try_measure(self, run, name, label):
        started = time.monotonic()
        try:
            result = self.measure(run, name)
        except (BenchError, subprocess.SubprocessError, OSError) as error:
            self.failures.append(f"{run.name}, {name}: {error}")
            say(f"{label} {run.name:12} {name:9} FAILED: {error}")
            result = None
        else:
            took = time.monotonic() - started
            say(f"{label} {run.name:12} {name:9} {brief(run, result)}"
                f"  [{took:.1f} s]")
        self.results[name].setdefault(run.name, []).append(result)

    def run_round(self, number):
        """All runs, for each of them all proxies, another one first."""
        names = list(self.commands)
        shift = number % len(names)
        label = f"round {number + 1}/{self.arguments.rounds}"
        for run in self.arguments.runs:
            if self.load_program(run) is None:
                continue
            for name in names[shift:] + names[:shift]:
                if can_measure(run, name):
                    self.try_measure(run, name, label)


def can_measure(run, name):
    """What a peer cannot do is left out."""
    if run.clients and name not in proxies.WITH_CLIENTS[run.clients]:
        return False
    if name == table.SIDELOCK:
        return True
    if run.names and name not in proxies.WITH_FOLDERS:
        return False
    return run.group == "X25519" and run.mode != "reload"


def check_result(run, result):
    """A run that negotiated something else measured something else."""
    expected = ["TLSv1.3", "TLS_AES_128_GCM_SHA256", run.group.lower()]
    found = result["negotiated"].split()
    if found[:2] + [found[2].lower()] != expected:
        raise BenchError(f"negotiated {result['negotiated']}")
    if run.mode == "resumed" and result["resumed"] != result["opened"]:
        raise BenchError(
            f"resumed {result['resumed']} of {result['opened']} connections"
        )
    if run.clients and run.mode != "resumed":
        if result["certified"] != result["opened"]:
            raise BenchError(
                f"{result['certified']} of {result['opened']} connections"
                " were asked for a certificate"
            )


def brief(run, result):
    """The values of one run in one line of progress."""
    return ", ".join(
        f"{result[row.key]:,.{row.digits}f} {row.unit}"
        for row in plan.ROWS
        if row.run == run.name and row.key in result
    )


def document(bench, about, versions, duration_s):
    """The heading, the table and the remarks as Markdown."""
    arguments = bench.arguments
    names = list(bench.commands)
    lines = table.lines_of(bench.results, plan.ROWS, names)
    kind = "quick run, " if arguments.quick else ""
    heading = (
        f"{about['date']}, {about['processor']}, "
        f"{about['processors']} processors, Linux {about['kernel']}; "
        f"{kind}{arguments.rounds} rounds in {duration_s / 60:.1f} min; "
        "median (lowest..highest)."
    )
    peers = "; ".join(versions[name] for name in names)
    parts = [heading, peers + ".", table.markdown(lines)]
    if about["others_share"] > machine.QUIET_SHARE:
        parts.append(
            f"Other programs used {about['others_share']:.0%} of the"
            " processors meanwhile: the numbers are too high, and not evenly."
        )
    parts += [f"Failed: {failure}" for failure in bench.failures]
    return "\n\n".join(parts) + "\n"


def write_results(bench, about, versions, text):
    arguments = bench.arguments
    if arguments.markdown:
        Path(arguments.markdown).write_text(text)
    if arguments.json:
        whole = {
            "machine": about,
            "versions": versions,
            "quick": arguments.quick,
            "rounds": arguments.rounds,
            "failures": bench.failures,
            "results": bench.results,
        }
        Path(arguments.json).write_text(json.dumps(whole, indent=1) + "\n")


def main():
    arguments = parse_arguments()
    processes.become_subreaper()
    # As an exception, so that everything that was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run_all(arguments)
    except KeyboardInterrupt:
        return 130
    finally:
        processes.end_descendants()


def run_all(arguments):
    about = machine.describe()
    started = time.monotonic()
    neighbours = machine.Neighbours()
    with tempfile.TemporaryDirectory(prefix="sidelock-bench-") as directory:
        bench = Bench(arguments, Path(directory))
        if not bench.commands:
            sys.exit("bench: nothing to measure")
        versions = {
            name: proxies.version(name, arguments.sidelock)
            for name in bench.commands
        }
        for number in range(arguments.rounds):
            bench.run_round(number)
    about["others_share"] = round(neighbours.share(), 3)
    text = document(bench, about, versions, time.monotonic() - started)
    print(text, end="")
    write_results(bench, about, versions, text)
    if bench.failures:
        return 1
    peers = [name for name in bench.commands if name != table.SIDELOCK]
    unmet = table.missed(bench.results, plan.ROWS, peers)
    for title in unmet:
        say(f"target missed: {title}")
    return 3 if unmet and arguments.strict else 0


if __name__ == "__main__":
    sys.exit(main())
