# SPDX-License-Identifier: GPL-3.0-or-later
"""What is measured: the runs of the load generator, and the rows of the table
that are read from their results."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Run:
    """One run of the load generator against one freshly started proxy."""

    name: str
    mode: str
    service: str  # of the backend
    cert: str = "ecdsa"
    count: int = 0  # units measured by a full run; 0: the mode has none
    options: tuple = ()
    quick_options: tuple = ()  # instead of them in a quick run
    group: str = "X25519"
    repeats: int = 1  # starts of the proxy; the median counts
    names: int = 0  # certificates in a folder, each for a name; 0: one file
    is_warm: bool = True  # a warm-up comes first, which asks for each name
    clients: str = ""  # whose certificate is demanded: see clients.py

    def name_count(self, is_quick):
        return max(1, self.names // 10) if is_quick else self.names

    def warmup(self, count, is_quick):
        if not self.is_warm:
            return 0
        return max(count // 8, self.name_count(is_quick))

    def arguments(self, is_quick):
        """The generator's arguments; a quick run does a quarter."""
        options = self.options
        if is_quick and self.quick_options:
            options = self.quick_options
        arguments = ["--group", self.group, *options]
        if self.count:
            count = self.count // 4 if is_quick else self.count
            warmup = self.warmup(count, is_quick)
            arguments += ["--count", str(count), "--warmup", str(warmup)]
        if self.names:
            arguments += ["--names", str(self.name_count(is_quick))]
        return arguments


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    run: str
    key: str  # member of the generator's result
    title: str
    unit: str
    digits: int = 0
    ratio: float = 0.0  # target: at most this times the best peer
    limit: float = 0.0  # target: at most this

    def target(self):
        if self.ratio:
            return f"{self.ratio:.2f}x"
        return f"{self.limit:,g}" if self.limit else ""


MIB = 1024 * 1024
NAMES = 10_000  # in a quick run a tenth

RUNS = (
    Run("ecdsa", "full", "close", count=4000),
    Run("rsa", "full", "close", cert="rsa", count=3000),
    Run("mlkem", "full", "close", count=3000, group="X25519MLKEM768"),
    Run("resumed", "resumed", "close", count=4000),
    Run("short", "short", "echo", count=4000),
    Run("down", "down", "source", count=2048 * MIB),
    Run("up", "up", "sink", count=2048 * MIB),
    Run("pingpong-1", "pingpong", "echo", count=24000),
    Run(
        "pingpong-100",
        "pingpong",
        "echo",
        count=80000,
        options=("--connections", "100"),
    ),
    Run(
        "idle",
        "idle",
        "echo",
        options=("--connections", "5000", "--hold", "2000"),
        quick_options=("--connections", "1500", "--hold", "500"),
    ),
    Run(
        "storm",
        "storm",
        "echo",
        options=("--connections", "200", "--hold", "3000"),
        quick_options=("--connections", "200", "--hold", "1500"),
    ),
    Run("start", "start", "echo", repeats=5),
    Run("names-1", "full", "close", count=4000, names=1),
    Run("names", "full", "close", count=4000, names=NAMES),
    Run("names-cold", "full", "close", count=4000, names=NAMES, is_warm=False),
    Run("load", "load", "close", names=NAMES),
    Run("reload-1", "reload", "close", names=1),
    Run("reload", "reload", "close", names=NAMES),
    Run("mtls", "full", "close", count=4000, clients="all"),
    Run("mtls-rules", "full", "close", count=4000, clients="rules"),
    Run("mtls-crl", "full", "close", count=1000, clients="crl"),
    Run("mtls-resumed", "resumed", "close", count=4000, clients="all"),
)

ROWS = (
    Row("ecdsa", "us_per_unit", "full handshake, ECDSA P-256", "us", 0, 0.55),
    Row("rsa", "us_per_unit", "full handshake, RSA-2048", "us", 0, 1.05),
    Row("mlkem", "us_per_unit", "full handshake, X25519MLKEM768", "us", 0, 0.5),
    Row("resumed", "us_per_unit", "resumed handshake", "us", 0, 0.52),
    Row("short", "us_per_unit", "short connection", "us", 0, 0.60),
    Row("down", "ns_per_unit", "byte down", "ns", 3, 0.62),
    Row("up", "ns_per_unit", "byte up", "ns", 3, 0.68),
    Row("pingpong-1", "us_per_unit", "message, 1 connection", "us", 1, 0.80),
    Row("pingpong-1", "latency_p50_us", "  its p50", "us", 0),
    Row("pingpong-1", "latency_p99_us", "  its p99", "us", 0),
    Row("pingpong-100", "us_per_unit", "message, 100 conn.", "us", 1, 0.80),
    Row("pingpong-100", "latency_p50_us", "  its p50", "us", 0),
    Row("pingpong-100", "latency_p99_us", "  its p99", "us", 0),
    Row("idle", "rest_kib", "memory at rest", "KiB", 0, limit=2400),
    Row("idle", "bytes_per_idle", "per idle connection", "B", 0, limit=6000),
    Row("idle", "bytes_per_moved", "  after 16 KiB each", "B", 0, limit=6000),
    Row("idle", "closed_kib", "memory after all closed", "KiB", 0),
    Row("idle", "idle_cpu_percent", "CPU while idle", "%", 2, limit=0.1),
    Row("storm", "quiet_p99_us", "p99 of paced messages", "us", 0),
    Row("storm", "storm_p99_us", "  while 200 handshake", "us", 0, 0.50),
    Row("start", "start_ms", "start to first handshake", "ms", 1, limit=8),
    Row("names-1", "us_per_unit", "handshake by name, 1 name", "us", 0),
    Row("names", "us_per_unit", "  among 10,000 names", "us", 0),
    Row("names-cold", "us_per_unit", "  each for the first time", "us", 0),
    Row("load", "start_ms", "start with 10,000 certificates", "ms", 0),
    Row("load", "cpu_ms", "  its processor time", "ms", 0),
    Row("load", "certificate_bytes", "  memory per certificate", "B", 0),
    Row("names", "context_bytes", "  more once it was shown", "B", 0),
    Row("reload-1", "same_ms", "reload, 1 certificate", "ms", 1),
    Row("reload-1", "changed_ms", "  which has changed", "ms", 1),
    Row("reload", "same_ms", "reload, 10,000 certificates", "ms", 0),
    Row("reload", "changed_ms", "  one of which has changed", "ms", 0),
    Row("mtls", "us_per_unit", "mutual handshake, ECDSA P-256", "us", 0),
    Row("mtls-rules", "us_per_unit", "  with 10,000 rules", "us", 0),
    Row("mtls-crl", "us_per_unit", "  with 100,000 revoked", "us", 0),
    Row("mtls-resumed", "us_per_unit", "  resumed", "us", 0),
)
