# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands teach, and their exit codes can be relied upon."""

import re
import time

import pytest

from lib import backends, net, sidelock
from lib.sidelock import one_service
from lib.wait import rounds


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_teaches(flag):
    """Exit code 0, on stdout: commands, options, signals, and an example."""
    done = sidelock.run(flag)
    assert done.returncode == 0
    for word in (
        "check", "health", "reload", "status", "explain", "--set", "-c",
        "HUP", "service.listen",
    ):  # fmt: skip
        assert word in done.stdout, word
    assert not done.stderr


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version_names_what_it_stands_on(flag):
    """Exit code 0, on stdout: our version, wolfSSL's and libevent's."""
    done = sidelock.run(flag)
    assert done.returncode == 0
    assert re.search(r"sidelock \d+\.\d+\.\d+", done.stdout)
    assert re.search(r"(?i)wolfssl \d+\.\d+\.\d+", done.stdout)
    assert re.search(r"(?i)libevent \d+\.\d+\.\d+", done.stdout)


def test_help_config_lists_every_key():
    """Each key with its default."""
    done = sidelock.run("--help-config")
    assert done.returncode == 0
    for word in ("required_level", "half_closed", "60s", "64KiB", "warn_days"):
        assert word in done.stdout, word


@pytest.mark.parametrize(
    "arguments",
    [
        ["--nonsense"],
        ["chekc", "-c", "x"],
        ["-c"],
        ["--set"],
        ["-c", "a", "b"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told(arguments):
    """Exit code 2; the message is on stderr and short."""
    done = sidelock.run(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("sidelock: ")
    assert "--help" in done.stderr
    assert len(done.stderr.splitlines()) <= 5


def test_a_set_without_equals_sign_is_told():
    """--set NONSENSE names what was wrong."""
    done = sidelock.run("check", "--set", "service.listen")
    assert done.returncode in (1, 2)
    assert "service.listen" in done.stdout + done.stderr


def test_nothing_to_serve_is_told():
    """Without any configuration: exit code 1, and what is missing."""
    done = sidelock.run()
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("sidelock: ")


@pytest.fixture
def config(pki, serve):
    """A service on a port that `health` can know."""
    config = one_service(pki.server_certificate, serve(backends.echo))
    config["service"]["listen"] = f"127.0.0.1:{net.free_port()}"
    return config


def health(proxy):
    """What `health` says of a program that answers. It waits for five seconds
    at most; a machine that lets it wait so long says nothing about it."""
    for _ in rounds("an answer within five seconds"):
        begin = time.monotonic()
        done = sidelock.run("health", "-c", proxy.config_path)
        if done.returncode == 0 or time.monotonic() - begin < 5:
            return done


def test_health_of_a_running_process_is_good(program, config, pki):
    """Exit code 0, and a line with service, address, status words and
    serial number."""
    proxy = program(config).start()
    done = health(proxy)
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    address = config["service"]["listen"]
    assert line.startswith(f"default {address} Secure to localhost")
    assert pki.server_certificate.serial in line
    # It is also a client that offers the post-quantum hybrid.
    assert proxy.connection_end(reason="done")["group"] == "X25519MLKEM768"


def test_health_speaks_of_the_certificate_that_is_served(
    program, config, pki
):
    """What is on disk does not matter: before the reload it is still the old
    one."""
    config["certificate"] = pki.expired.as_section()
    proxy = program(config).start()
    config["certificate"] = pki.server_certificate.as_section()
    proxy.write_config()
    done = health(proxy)
    assert "(expired)" in done.stdout


def test_health_of_nothing_is_bad(program, config):
    """Nobody listens: exit code 1, and the address is named."""
    proxy = program(config)
    proxy.write_config()
    done = sidelock.run("health", "-c", proxy.config_path)
    assert done.returncode == 1
    assert config["service"]["listen"] in done.stdout + done.stderr


def test_health_of_a_stranger_is_bad(program, config, serve):
    """Somebody listens who does not speak TLS: exit code 1."""
    stranger = serve(backends.close_at_once)
    config["service"]["listen"] = stranger.address
    proxy = program(config)
    proxy.write_config()
    done = sidelock.run("health", "-c", proxy.config_path)
    assert done.returncode == 1
    assert stranger.address in done.stdout + done.stderr


def test_health_asks_every_service(program, pki, serve):
    """One line each; one that is down makes the whole bad."""
    ports = [net.free_port() for _ in range(2)]
    config = {
        f"service s{number}": {
            "listen": f"127.0.0.1:{port}",
            "backend": serve(backends.echo).address,
            "certificate": "c",
        }
        for number, port in enumerate(ports)
    }
    config["certificate c"] = pki.server_certificate.as_section()
    proxy = program(config).start()
    done = health(proxy)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 2
    config["service s2"] = {
        **config["service s1"],
        "listen": f"127.0.0.1:{net.free_port()}",
    }
    proxy.write_config()
    done = sidelock.run("health", "-c", proxy.config_path)
    assert done.returncode == 1


def test_health_of_a_mutual_tls_service_needs_no_certificate(
    program, config, pki
):
    """A probe inside a container has none: that the service answers with its
    certificate is enough."""
    config["service"]["required_level"] = "peer"
    config["clients"] = {"ca": pki.ca, "allow_all": True}
    proxy = program(config).start()
    done = health(proxy)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Secure to localhost" in done.stdout
