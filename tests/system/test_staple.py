# SPDX-License-Identifier: GPL-3.0-or-later
"""OCSP staples: sent from a file to clients that ask, while they are good."""

import subprocess
import time

import pytest

from lib import backends, settings, sidelock, tls
from lib.ocsp import Authority, Responder
from lib.pki import end_of
from lib.sidelock import one_service
from lib.wait import until

SCRIPT = settings.ROOT / "scripts" / "refresh-staple.sh"
SECOND = 1 / (24 * 60 * 60)  # in days

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


class Stapled:
    """A server certificate below an intermediate, and who answers for it."""

    def __init__(self, pki):
        self.pki = pki
        self.issuer = pki.intermediate("sub")
        self.responder = pki.responder("responder", issuer="sub")
        self.authority = Authority(pki, "sub", self.responder)
        self.server = self.issue("stapled")

    def issue(self, name, *extra):
        return self.pki.server(
            name, issuer="sub", chain=[self.issuer], extra=extra
        )

    def staple(self):
        return self.authority.staple(self.server)


@pytest.fixture
def stapled(fresh_pki):
    return Stapled(fresh_pki)


@pytest.fixture
def run(program, serve):
    """run(certificate) starts the program with it."""

    def start(certificate, reload=None, **keys):
        config = one_service(certificate, serve(backends.echo))
        config["certificate"].update(keys)
        config["reload"] = reload or {"watch": "0"}
        return program(config).start()

    return start


def s_client(proxy, pki, version, *options):
    """What openssl tells of a handshake."""
    flag = {tls.TLS12: "-tls1_2", tls.TLS13: "-tls1_3"}[version]
    command = [
        settings.require("openssl"), "s_client", flag, "-CAfile", pki.ca,
        "-connect", f"127.0.0.1:{proxy.port}", "-servername", "localhost",
        "-verify_return_error", *options,
    ]  # fmt: skip
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=settings.DEADLINE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def is_stapled(proxy, pki, version):
    """Is a client that asks sent a response that says good?"""
    text = s_client(proxy, pki, version, "-status")
    if "OCSP response: no response sent" in text:
        return False
    assert "OCSP Response Status: successful" in text, text
    assert "Cert Status: good" in text, text
    return True


def findings(proxy, code, since=0):
    return proxy.log.find("finding", since, code=code)


# --- serving -----------------------------------------------------------------


@each_version
def test_a_client_that_asks_is_sent_the_staple(run, stapled, version):
    """openssl s_client -status sees it."""
    stapled.staple()
    proxy = run(stapled.server)
    assert is_stapled(proxy, stapled.pki, version)


@each_version
def test_a_client_that_does_not_ask_is_sent_none(run, stapled, version):
    """Nothing in its handshake speaks of it."""
    stapled.staple()
    proxy = run(stapled.server)
    text = s_client(proxy, stapled.pki, version, "-tlsextdebug")
    assert "OCSP" not in text
    assert "status request" not in text


@each_version
def test_without_a_staple_who_asks_is_served(run, stapled, version):
    """The answer is: none."""
    proxy = run(stapled.server)
    assert not is_stapled(proxy, stapled.pki, version)
    assert not proxy.log.find("finding", level="warn")


@each_version
def test_curl_is_satisfied_with_the_staple(run, stapled, version):
    """curl --cert-status refuses a server without one."""
    staple = stapled.staple()
    proxy = run(stapled.server)
    number = {tls.TLS12: "1.2", tls.TLS13: "1.3"}[version]
    command = [
        settings.require("curl"), "--silent", "--cacert", stapled.pki.ca,
        "--cert-status", "--noproxy", "*", f"--tlsv{number}", "--tls-max",
        number, "--http0.9", "--no-buffer",
        "--max-time", settings.DEADLINE_S, f"https://localhost:{proxy.port}/",
    ]  # fmt: skip
    command = list(map(str, command))
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        # The backend echoes, so that curl is shown its own request.
        assert process.stdout.readline() == b"GET / HTTP/1.1\r\n"
        process.terminate()
    staple.unlink()
    proxy.reload()
    without = subprocess.run(command, capture_output=True)
    assert without.returncode == 91  # CURLE_SSL_INVALIDCERTSTATUS


@each_version
def test_gnutls_is_satisfied_with_the_staple(run, stapled, version):
    """gnutls-cli checks it by itself, and says that there was one."""
    stapled.staple()
    proxy = run(stapled.server)
    name = {tls.TLS12: "VERS-TLS1.2", tls.TLS13: "VERS-TLS1.3"}[version]
    command = [
        settings.require("gnutls-cli"), "--port", proxy.port,
        "--x509cafile", stapled.pki.ca, "--priority",
        f"NORMAL:-VERS-ALL:+{name}", "localhost",
    ]  # fmt: skip
    done = subprocess.run(
        list(map(str, command)), input="", capture_output=True, text=True,
        timeout=settings.DEADLINE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "The certificate is trusted" in done.stdout
    assert "OCSP status request" in done.stdout


def test_the_key_names_another_file(run, stapled, tmp_path):
    """ocsp_staple_file instead of the file beside the certificate."""
    path = stapled.authority.staple(stapled.server, tmp_path / "staple.der")
    proxy = run(stapled.server, ocsp_staple_file=path)
    assert is_stapled(proxy, stapled.pki, tls.TLS13)


# --- what changes ------------------------------------------------------------


def test_a_staple_that_appears_is_sent_after_a_reload(run, stapled):
    """The certificate is the same file as before."""
    proxy = run(stapled.server)
    assert not is_stapled(proxy, stapled.pki, tls.TLS13)
    stapled.staple()
    proxy.reload()
    assert is_stapled(proxy, stapled.pki, tls.TLS13)


def test_the_watch_sees_a_staple_appear_and_change(run, stapled):
    """What a timer puts there is sent without any signal."""
    proxy = run(stapled.server, reload={"watch": "1s"})
    stapled.staple()
    proxy.log.wait("reload", outcome="success", trigger="watch")
    assert is_stapled(proxy, stapled.pki, tls.TLS13)
    mark = proxy.log.mark()
    stapled.pki.revoke(stapled.server, issuer="sub")
    stapled.staple()
    proxy.log.wait("reload", since=mark, outcome="success", trigger="watch")
    assert not is_stapled(proxy, stapled.pki, tls.TLS13)


def test_a_refreshed_staple_is_sent_after_a_reload(run, stapled):
    """The very response that is in the file now."""
    path = stapled.staple()
    proxy = run(stapled.server)
    stapled.authority.signer = stapled.pki.responder("another", issuer="sub")
    before = s_client(proxy, stapled.pki, tls.TLS13, "-status")
    assert path == stapled.staple()
    proxy.reload()
    after = s_client(proxy, stapled.pki, tls.TLS13, "-status")
    assert "Responder Id: CN = responder\n" in before
    assert "Responder Id: CN = another\n" in after


def test_a_staple_that_says_revoked_is_not_sent(run, stapled):
    """It is told loudly instead, and the server serves on."""
    stapled.staple()
    proxy = run(stapled.server)
    stapled.pki.revoke(stapled.server, issuer="sub")
    stapled.staple()
    mark = proxy.log.mark()
    proxy.reload()
    assert not is_stapled(proxy, stapled.pki, tls.TLS13)
    (finding,) = findings(proxy, "SL-STAPLE-REVOKED", mark)
    assert finding["level"] == "warn"


def test_a_staple_of_the_certificate_before_is_not_sent(run, stapled):
    """The certificate was renewed and the staple was not: a warning, and a
    start like any other."""
    path = stapled.staple()
    renewed = stapled.issue("renewed")
    path.rename(renewed.cert.with_name(renewed.cert.name + ".ocsp"))
    proxy = run(renewed)
    assert not is_stapled(proxy, stapled.pki, tls.TLS13)
    assert findings(proxy, "SL-STAPLE-OTHER")


def begin_brief_staple(proxy, stapled, version):
    """Has one sent that ends with the certificate of its responder; returns
    its last second. Where it ends too early to be seen, the next one lasts
    longer."""
    for lasts_s in (3, 10, 30):
        signer = stapled.pki.responder(
            "short", issuer="sub", days=(-1, lasts_s * SECOND)
        )
        stapled.authority.signer = signer
        stapled.staple()
        proxy.reload()
        if is_stapled(proxy, stapled.pki, version):
            return end_of(signer)
        assert time.time() > end_of(signer)
    raise AssertionError("each staple had ended too early")


@each_version
def test_a_staple_that_runs_out_is_not_sent_any_more(run, stapled, version):
    """Without a reload, from its end on."""
    proxy = run(stapled.server)
    end = begin_brief_staple(proxy, stapled, version)
    until(
        lambda: not is_stapled(proxy, stapled.pki, version),
        "the staple is not sent any more",
    )
    assert time.time() > end
    mark = proxy.log.mark()
    proxy.reload()
    assert findings(proxy, "SL-STAPLE-EXPIRED", mark)


# --- must-staple -------------------------------------------------------------


@pytest.fixture
def must_staple(stapled):
    stapled.server = stapled.issue("must", "tlsfeature=status_request")
    return stapled


@pytest.fixture
def check(tmp_path, serve):
    """check(certificate) runs the command in front of a backend."""

    def run_check(certificate):
        path = tmp_path / "check.ini"
        backend = serve(backends.echo)
        path.write_text(sidelock.ini(one_service(certificate, backend)))
        return sidelock.run("check", "-c", path)

    return run_check


def test_must_staple_without_a_staple_fails_the_check(must_staple, check):
    """Clients that heed it would refuse the server."""
    done = check(must_staple.server)
    assert done.returncode == 1, done.stdout
    assert "[SL-STAPLE-MISSING]" in done.stdout + done.stderr


def test_must_staple_with_its_staple_passes_the_check(must_staple, check):
    must_staple.staple()
    done = check(must_staple.server)
    assert done.returncode == 0, done.stdout


def test_must_staple_without_a_staple_starts_with_a_warning(run, must_staple):
    """A server that is refused by some is better than none."""
    proxy = run(must_staple.server)
    (finding,) = findings(proxy, "SL-STAPLE-MISSING")
    assert finding["level"] == "warn"
    s_client(proxy, must_staple.pki, tls.TLS13)


# --- refresh-staple.sh -------------------------------------------------------


@pytest.fixture
def responder(stapled):
    responder = Responder(stapled.authority).start()
    yield responder
    responder.stop()


@pytest.fixture
def online(stapled, responder):
    """stapled, with a certificate that names the responder."""
    stapled.server = stapled.issue(
        "online", f"authorityInfoAccess=OCSP;URI:{responder.url}"
    )
    return stapled


def refresh(*arguments):
    return subprocess.run(
        [str(SCRIPT), *map(str, arguments)], capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=settings.DEADLINE_S,
    )  # fmt: skip


def staple_of(certificate):
    return certificate.cert.with_name(certificate.cert.name + ".ocsp")


def strangers(path):
    """What the script has left beside its file."""
    return [other for other in path.parent.glob(f".{path.name}*")]


def test_refresh_fetches_what_the_server_then_sends(run, online):
    """From the responder that the certificate names to a client."""
    proxy = run(online.server)
    done = refresh(online.server.cert)
    assert done.returncode == 0, done.stderr
    assert "good until" in done.stderr
    path = staple_of(online.server)
    assert path.stat().st_mode & 0o777 == 0o644
    assert not strangers(path)
    proxy.reload()
    assert is_stapled(proxy, online.pki, tls.TLS13)


def test_refresh_takes_issuer_url_and_file(stapled, responder, tmp_path):
    """For a certificate that names no responder and a file without issuer."""
    leaf = stapled.pki.folder / "stapled.pem"
    out = tmp_path / "out.ocsp"
    done = refresh(
        leaf, "--issuer", stapled.issuer, "--url", responder.url,
        "--out", out,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert out.stat().st_size > 0


def assert_kept(online, text):
    """A refresh fails with this, and the file stays."""
    path = staple_of(online.server)
    before = path.read_bytes()
    done = refresh(online.server.cert)
    assert done.returncode == 1, done.stderr
    assert text in done.stderr
    assert "stays as it was" in done.stderr
    assert path.read_bytes() == before
    assert not strangers(path)


def test_refresh_keeps_the_file_while_the_responder_is_down(
    stapled, responder
):
    """The next run of the timer tries again."""
    with backends.refusing() as nowhere:
        stapled.server = stapled.issue(
            "online", f"authorityInfoAccess=OCSP;URI:http://{nowhere}/"
        )
        done = refresh(stapled.server.cert, "--url", responder.url)
        assert done.returncode == 0, done.stderr
        assert_kept(stapled, "no answer from the responder")


def test_refresh_refuses_the_wrong_signer(online):
    """Whoever answers at that address, it is not our CA."""
    assert refresh(online.server.cert).returncode == 0
    online.authority.signer = online.pki.responder("mallory", issuer="other-ca")
    assert_kept(online, "the answer cannot be used")
    online.authority.signer = online.pki.client("nobody", issuer="sub")
    assert_kept(online, "the answer cannot be used")


def test_refresh_refuses_a_responder_that_does_not_know(online):
    """A new certificate is often known only after some minutes."""
    assert refresh(online.server.cert).returncode == 0
    (online.pki.folder / "sub.index").write_text("")
    assert_kept(online, "does not know the certificate")


def test_refresh_hands_on_a_revocation(run, online):
    """Exit status 3; the server then sends nothing and warns."""
    assert refresh(online.server.cert).returncode == 0
    proxy = run(online.server)
    assert is_stapled(proxy, online.pki, tls.TLS13)
    online.pki.revoke(online.server, issuer="sub")
    done = refresh(online.server.cert)
    assert done.returncode == 3, done.stderr
    assert "REVOKED" in done.stderr
    proxy.reload()
    assert findings(proxy, "SL-STAPLE-REVOKED")
    assert not is_stapled(proxy, online.pki, tls.TLS13)


def test_refresh_says_what_is_missing(stapled, tmp_path):
    """Exit status 1 with the remedy, 2 for wrong arguments."""
    assert "--url" in refresh(stapled.server.cert).stderr
    leaf = stapled.pki.folder / "stapled.pem"
    assert "--issuer" in refresh(leaf).stderr
    assert "PEM" in refresh(stapled.server.key).stderr
    assert refresh(tmp_path / "absent.pem").returncode == 1
    assert refresh().returncode == 2
    assert refresh(leaf, "--nonsense").returncode == 2
    assert refresh("--help").returncode == 0
