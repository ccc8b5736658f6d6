# SPDX-License-Identifier: GPL-3.0-or-later
"""File, environment and --set: each suffices, and the later one wins."""

from lib import backends
from lib.tls import served_serial


def as_sets(values):
    return [part for pair in values for part in ("--set", pair)]


def test_no_file_is_needed_with_set(program, serve, pki):
    """--set alone configures a service."""
    certificate = pki.server_certificate
    proxy = program(
        arguments=as_sets(
            [
                "service.listen=127.0.0.1:0",
                f"service.backend={serve(backends.echo).address}",
                f"certificate.cert={certificate.cert}",
                f"certificate.key={certificate.key}",
            ]
        )
    ).start()
    serial = served_serial(proxy.address(), pki.context())
    assert serial == certificate.serial


def test_no_file_is_needed_with_the_environment(program, serve, pki):
    """SIDELOCK_SECTION_KEY alone configures a service."""
    certificate = pki.server_certificate
    proxy = program(
        environ={
            "SIDELOCK_SERVICE_LISTEN": "127.0.0.1:0",
            "SIDELOCK_SERVICE_BACKEND": serve(backends.echo).address,
            "SIDELOCK_CERTIFICATE_CERT": str(certificate.cert),
            "SIDELOCK_CERTIFICATE_KEY": str(certificate.key),
        }
    ).start()
    serial = served_serial(proxy.address(), pki.context())
    assert serial == certificate.serial


def test_the_environment_wins_over_the_file(program, serve, pki):
    """And --set over both."""
    config = {
        "service": {
            "listen": "127.0.0.1:0",
            "backend": serve(backends.echo).address,
        },
        "certificate": pki.server_certificate.as_section(),
        "process": {"workers": 1},
    }
    environ = {"SIDELOCK_PROCESS_WORKERS": "2"}
    by_file = program(config).start()
    by_environ = program(config, environ=environ).start()
    by_set = program(
        config, environ=environ, arguments=["--set", "process.workers=3"]
    ).start()
    workers = [
        proxy.log.find("starting")[0]["workers"]
        for proxy in (by_file, by_environ, by_set)
    ]
    assert workers == [1, 2, 3]


def test_the_word_run_may_be_written(program, serve, pki):
    """sidelock run -c FILE is sidelock -c FILE."""
    config = {
        "service": {
            "listen": "127.0.0.1:0",
            "backend": serve(backends.echo).address,
        },
        "certificate": pki.server_certificate.as_section(),
    }
    proxy = program(config, arguments=["run"]).start()
    served_serial(proxy.address(), pki.context())


def test_named_sections_in_environment_and_set(program, serve, pki):
    """SIDELOCK_SERVICE__WEB__LISTEN and --set service.web.backend."""
    certificate = pki.server_certificate
    proxy = program(
        environ={
            "SIDELOCK_SERVICE__WEB__LISTEN": "127.0.0.1:0",
            "SIDELOCK_CERTIFICATE_CERT": str(certificate.cert),
            "SIDELOCK_CERTIFICATE_KEY": str(certificate.key),
        },
        arguments=as_sets(
            [f"service.web.backend={serve(backends.echo).address}"]
        ),
    ).start()
    served_serial(proxy.address("web"), pki.context())


def test_a_reload_keeps_what_set_and_environment_said(program, serve, pki):
    """SIGHUP reads the file again; --set still wins."""
    config = {
        "service": {
            "listen": "127.0.0.1:0",
            "backend": serve(backends.answer_first(b"file")).address,
        },
        "certificate": pki.server_certificate.as_section(),
    }
    certificate = pki.renewed
    proxy = program(
        config,
        arguments=as_sets(
            [
                f"certificate.cert={certificate.cert}",
                f"certificate.key={certificate.key}",
            ]
        ),
    ).start()
    context = pki.context()
    assert served_serial(proxy.address(), context) == certificate.serial
    proxy.reload()
    assert served_serial(proxy.address(), context) == certificate.serial


def test_certificate_and_key_may_share_a_file(program, serve, fresh_pki):
    """An empty key means that cert holds both."""
    pair = fresh_pki.server_certificate
    both = fresh_pki.join("both.pem", [pair.cert, pair.key])
    both.chmod(0o600)
    proxy = program(
        {
            "service": {
                "listen": "127.0.0.1:0",
                "backend": serve(backends.echo).address,
            },
            "certificate": {"cert": both},
        }
    ).start()
    assert served_serial(proxy.address(), fresh_pki.context()) == pair.serial
