# SPDX-License-Identifier: GPL-3.0-or-later
"""The name that a client asks for chooses the certificate."""

import ssl
import subprocess

import pytest

from lib import backends, clients, net, servers, settings, tls
from lib.names import shown, unverified
from lib.tls import TLS12, TlsClient

each_version = pytest.mark.parametrize(
    "version", tls.VERSIONS, ids=tls.VERSION_NAMES.get
)


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Certificates for several names, and two kinds of keys for one."""
    from conftest import StandardPki

    pki = StandardPki(tmp_path_factory.mktemp("names") / "pki")
    pki.web = pki.server("web", "DNS:web.example.test,DNS:www.example.test")
    pki.mail = pki.server("mail", "DNS:mail.example.test")
    pki.wild = pki.server("wild", "DNS:*.example.test")
    pki.exact = pki.server("exact", "DNS:one.example.test")
    pki.idn = pki.server("idn", "DNS:xn--bcher-kva.example.test")
    pki.dual_ec = pki.server("dual-ec", "DNS:dual.example.test")
    pki.dual_rsa = pki.server("dual-rsa", "DNS:dual.example.test", key="rsa")
    pki.dual_ed = pki.server("dual-ed", "DNS:dual.example.test", key="ed25519")
    return pki


@pytest.fixture
def start_with(program, serve):
    """start_with([("name", certificate), ...], section={...})"""

    def run(certificates, backend=None, **sections):
        backend = backend or serve(backends.echo)
        config = {
            "service": {"listen": "127.0.0.1:0", "backend": backend.address}
        }
        for name, certificate in certificates:
            config[f"certificate {name}"] = certificate.as_section()
        for name, keys in sections.items():
            config.setdefault(name.replace("__", " "), {}).update(keys)
        return program(config).start()

    return run


@each_version
def test_each_name_has_its_certificate(start_with, many, version):
    """Three certificates, four names: each client sees the one it asks for."""
    proxy = start_with(
        [("web", many.web), ("mail", many.mail), ("idn", many.idn)]
    )
    address = proxy.address()
    for name, certificate in (
        ("web.example.test", many.web),
        ("www.example.test", many.web),
        ("mail.example.test", many.mail),
        ("xn--bcher-kva.example.test", many.idn),
    ):
        assert shown(address, name, version=version) == certificate.serial


@each_version
@pytest.mark.parametrize(
    "client", clients.ALL, ids=lambda client: client.__name__
)
def test_real_clients_get_the_certificate_for_their_name(
    start_with, serve, many, client, version
):
    """Each verifies the name: the first certificate would not do."""
    proxy = start_with(
        [("web", many.web), ("localhost", many.server_certificate)],
        serve(backends.sized_source),
    )
    size, seed = 10_000, 7
    answer = client(
        proxy.port, many.ca, version, backends.sized_request(size, seed)
    )
    assert len(answer) == size


@each_version
def test_curl_gets_the_certificate_for_its_name(
    start_with, many, tmp_path, version
):
    """curl --connect-to, against a plain HTTP server."""
    with servers.http_server(tmp_path) as server:
        proxy = start_with(
            [("web", many.web), ("mail", many.mail)], server
        )
        for name in ("web.example.test", "mail.example.test"):
            body = clients.curl(
                f"https://{name}/", many.ca, version,
                "--connect-to", f"{name}:443:127.0.0.1:{proxy.port}",
            )  # fmt: skip
            assert body


def test_case_makes_no_difference(start_with, many):
    proxy = start_with([("web", many.web), ("mail", many.mail)])
    assert shown(proxy.address(), "MAIL.Example.Test") == many.mail.serial


def test_a_final_dot_in_the_certificate_makes_no_difference(start_with, many):
    """It was once kept, and such a name was never found."""
    dot = many.server("dot", "DNS:dot.example.test.")
    proxy = start_with([("web", many.web), ("dot", dot)])
    assert shown(proxy.address(), "dot.example.test") == dot.serial


def test_exact_names_win_over_wildcards(start_with, many):
    """Also when the wildcard's certificate stands first."""
    proxy = start_with([("wild", many.wild), ("exact", many.exact)])
    address = proxy.address()
    assert shown(address, "one.example.test") == many.exact.serial
    assert shown(address, "two.example.test") == many.wild.serial


def test_a_wildcard_stands_for_one_label(start_with, many):
    proxy = start_with([("web", many.web), ("wild", many.wild)])
    address = proxy.address()
    assert shown(address, "a.example.test") == many.wild.serial
    assert shown(address, "a.b.example.test") == many.web.serial
    assert shown(address, "example.test") == many.web.serial


def test_without_a_name_the_first_is_shown(start_with, many):
    proxy = start_with([("mail", many.mail), ("web", many.web)])
    assert shown(proxy.address(), None) == many.mail.serial


def test_an_unknown_name_sees_the_first_by_default(start_with, many):
    proxy = start_with([("mail", many.mail), ("web", many.web)])
    assert shown(proxy.address(), "elsewhere.test") == many.mail.serial


def test_an_unknown_name_is_refused_where_wanted(start_with, many):
    """With the alert unrecognized_name, and a line that says which name."""
    proxy = start_with([("web", many.web)], tls={"unknown_sni": "refuse"})
    with pytest.raises(ssl.SSLError, match="unrecognized name"):
        shown(proxy.address(), "elsewhere.test")
    event = proxy.log.wait("connection", code="SL-CLIENT-SNI")
    assert '"elsewhere.test"' in event["detail"]
    assert shown(proxy.address(), "web.example.test") == many.web.serial
    assert shown(proxy.address(), None) == many.web.serial


@each_version
def test_ecdsa_is_shown_to_who_can_use_it(start_with, many, version):
    """The same name with an RSA and an ECDSA certificate, RSA written first."""
    proxy = start_with([("rsa", many.dual_rsa), ("ec", many.dual_ec)])
    for name in ("dual.example.test", None):
        assert (
            shown(proxy.address(), name, version=version)
            == many.dual_ec.serial
        )


def test_rsa_is_shown_to_an_old_client(start_with, many):
    """A TLS 1.2 client with RSA suites only."""
    proxy = start_with([("ec", many.dual_ec), ("rsa", many.dual_rsa)])
    for name in ("dual.example.test", None):
        serial = shown(
            proxy.address(), name, version=TLS12, ciphers="ECDHE+aRSA+AESGCM"
        )
        assert serial == many.dual_rsa.serial


def test_rsa_is_shown_to_a_tls13_client_without_ecdsa(start_with, many):
    """openssl s_client -sigalgs with RSA-PSS alone, in TLS 1.3."""
    proxy = start_with([("ec", many.dual_ec), ("rsa", many.dual_rsa)])
    for signatures, kind in (
        ("rsa_pss_rsae_sha256", "id-rsaEncryption"),
        ("rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256", "id-ecPublicKey"),
    ):
        done = subprocess.run(
            ["openssl", "s_client", "-connect", net.address_text(proxy.address()),
             "-servername", "dual.example.test", "-tls1_3",
             "-sigalgs", signatures],
            input=b"", capture_output=True, timeout=settings.DEADLINE_S,
        )  # fmt: skip
        text = subprocess.run(
            ["openssl", "x509", "-noout", "-text"], input=done.stdout,
            capture_output=True, check=True,
        ).stdout.decode()  # fmt: skip
        expected = "rsaEncryption" if "rsa" in kind else "id-ecPublicKey"
        assert f"Public Key Algorithm: {expected}" in text


def test_ed25519_is_shown_to_who_knows_nothing_else(start_with, many):
    proxy = start_with([("rsa", many.dual_rsa), ("ed", many.dual_ed)])
    assert (
        shown(proxy.address(), "dual.example.test") == many.dual_ed.serial
    )


def test_the_same_name_twice_is_warned_of(start_with, many, program):
    """The same kind of key: the first one written is shown."""
    other = many.server("other-web", "DNS:web.example.test")
    proxy = start_with([("web", many.web), ("other", other)])
    event = proxy.log.wait("finding", code="SL-NAME-TWICE")
    assert "'other'" in event["text"] and "'web'" in event["text"]
    assert shown(proxy.address(), "web.example.test") == many.web.serial


def test_services_hold_different_certificates(program, serve, many):
    """Two services in one process, each with its own list."""
    backend = serve(backends.echo)
    proxy = program(
        {
            "service one": {
                "listen": "127.0.0.1:0",
                "backend": backend.address,
                "certificate": "web",
            },
            "service two": {
                "listen": "127.0.0.1:0",
                "backend": backend.address,
                "certificate": "mail;wild",
            },
            "certificate web": many.web.as_section(),
            "certificate mail": many.mail.as_section(),
            "certificate wild": many.wild.as_section(),
        }
    ).start()
    one, two = proxy.address("one"), proxy.address("two")
    assert shown(one, "mail.example.test") == many.web.serial
    assert shown(two, "mail.example.test") == many.mail.serial
    assert shown(two, "web.example.test") == many.wild.serial


@each_version
def test_a_ticket_of_one_name_does_not_resume_under_another(
    start_with, many, version
):
    """Neither with two certificates nor with one that covers both names."""
    proxy = start_with([("web", many.web), ("mail", many.mail)])
    context = unverified(version)

    def visit(name, session=None):
        with TlsClient.open(
            proxy.address(), context, server_name=name, session=session
        ) as client:
            assert client.echo(b"data") == b"data"
            result = client.tls.session_reused, client.tls.session
            client.finish()
        return result

    _, session = visit("web.example.test")
    assert visit("web.example.test", session)[0]
    _, session = visit("web.example.test")
    assert not visit("mail.example.test", session)[0]
    _, session = visit("web.example.test")
    assert not visit("www.example.test", session)[0]


# --- folders ----------------------------------------------------------------


def put_pair(folder, name, certificate, endings=(".crt", ".key")):
    for source, ending in zip((certificate.cert, certificate.key), endings):
        path = folder / f"{name}{ending}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(source.read_bytes())
        path.chmod(0o600)


def test_a_folder_of_certificates_is_served(start_with, many, tmp_path):
    """Every layout that is known, and what begins with a dot is passed over."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    put_pair(folder, "a-web", many.web)
    put_pair(folder, "live", many.mail, ("/fullchain.pem", "/privkey.pem"))
    put_pair(folder, "secret", many.idn, ("/tls.crt", "/tls.key"))
    (folder / "one.pem").write_bytes(
        many.exact.cert.read_bytes() + many.exact.key.read_bytes()
    )
    (folder / "one.pem").chmod(0o600)
    (folder / ".hidden.crt").write_text("nothing")
    (folder / "README").write_text("nothing either")
    proxy = start_with([], service={"certificate_dir": folder})
    address = proxy.address()
    for name, certificate in (
        ("web.example.test", many.web),
        ("mail.example.test", many.mail),
        ("xn--bcher-kva.example.test", many.idn),
        ("one.example.test", many.exact),
        (None, many.web),
    ):
        assert shown(address, name) == certificate.serial


def test_a_reload_takes_up_what_is_new_in_a_folder(
    start_with, many, tmp_path
):
    folder = tmp_path / "certificates"
    folder.mkdir()
    put_pair(folder, "web", many.web)
    proxy = start_with(
        [], service={"certificate_dir": folder}, reload={"watch": 0}
    )
    assert shown(proxy.address(), "mail.example.test") == many.web.serial
    put_pair(folder, "x-mail", many.mail)
    proxy.reload()
    assert shown(proxy.address(), "mail.example.test") == many.mail.serial
    assert shown(proxy.address(), "web.example.test") == many.web.serial


@pytest.mark.parametrize(
    "prepare, code",
    [
        (lambda folder, pki: None, "SL-DIR-EMPTY"),
        (
            lambda folder, pki: (folder / "a.crt").write_bytes(
                pki.web.cert.read_bytes()
            ),
            "SL-DIR-UNPAIRED",
        ),
        (
            lambda folder, pki: (folder / "a.key").write_bytes(
                pki.web.key.read_bytes()
            ),
            "SL-DIR-UNPAIRED",
        ),
        (lambda folder, pki: folder.rmdir(), "SL-FILE-MISSING"),
    ],
    ids=["empty", "no key", "no certificate", "no folder"],
)
def test_a_folder_that_is_no_good_is_refused(
    program, many, tmp_path, prepare, code
):
    folder = tmp_path / "certificates"
    folder.mkdir()
    prepare(folder, many)
    proxy = program(
        {
            "service": {
                "listen": "127.0.0.1:0",
                "backend": "127.0.0.1:1",
                "certificate_dir": folder,
            }
        }
    )
    proxy.spawn()
    assert proxy.wait_exit() == 1
    assert f"[{code}]" in proxy.stderr_text()


# --- what a hello decides besides --------------------------------------------


@each_version
def test_alpn_is_agreed_on_in_our_order(start_with, many, version):
    proxy = start_with([("web", many.web)], tls={"alpn": "h2;http/1.1"})
    for offered, agreed in (
        (["http/1.1", "h2"], "h2"),
        (["http/1.1"], "http/1.1"),
        ([], None),
    ):
        context = unverified(version, alpn=offered)
        with TlsClient.open(proxy.address(), context) as client:
            assert client.tls.selected_alpn_protocol() == agreed
            assert client.echo(b"data") == b"data"
    proxy.stop()
    assert proxy.log.find("connection", alpn="http/1.1")


@each_version
def test_alpn_without_a_common_protocol_is_refused(start_with, many, version):
    proxy = start_with([("web", many.web)], tls={"alpn": "h2"})
    with pytest.raises(ssl.SSLError, match="no application protocol"):
        shown(proxy.address(), None, version=version, alpn=["smtp"])
    proxy.log.wait("connection", code="SL-CLIENT-ALPN")


@each_version
def test_alpn_without_a_common_protocol_goes_on_where_wanted(
    start_with, many, version
):
    proxy = start_with(
        [("web", many.web)], tls={"alpn": "h2", "alpn_mismatch": "ignore"}
    )
    context = unverified(version, alpn=["smtp"])
    with TlsClient.open(proxy.address(), context) as client:
        assert client.tls.selected_alpn_protocol() is None
        assert client.echo(b"data") == b"data"
        client.finish()


def s_client_cipher(proxy, *options):
    done = subprocess.run(
        ["openssl", "s_client", "-connect", net.address_text(proxy.address()), *options],
        input=b"", capture_output=True, timeout=settings.DEADLINE_S,
    )  # fmt: skip
    for line in done.stdout.decode(errors="replace").splitlines():
        if "Cipher is" in line:
            return line.split("Cipher is ")[1]
    raise AssertionError(done.stdout + done.stderr)


def test_chacha_is_used_with_who_puts_it_first(start_with, many):
    """Its processor has no help for AES; everybody else gets AES."""
    proxy = start_with([("web", many.web)])
    both13 = "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256"
    chacha13 = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
    both12 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305"
    chacha12 = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"
    assert (
        s_client_cipher(proxy, "-tls1_3", "-ciphersuites", both13)
        == "TLS_AES_128_GCM_SHA256"
    )
    assert (
        s_client_cipher(proxy, "-tls1_3", "-ciphersuites", chacha13)
        == "TLS_CHACHA20_POLY1305_SHA256"
    )
    assert (
        s_client_cipher(proxy, "-tls1_2", "-cipher", both12)
        == "ECDHE-ECDSA-AES128-GCM-SHA256"
    )
    assert (
        s_client_cipher(proxy, "-tls1_2", "-cipher", chacha12)
        == "ECDHE-ECDSA-CHACHA20-POLY1305"
    )


# --- shared ticket keys --------------------------------------------------------


def new_key():
    return subprocess.run(
        ["openssl", "rand", "-base64", "48"], check=True, capture_output=True,
        text=True,
    ).stdout  # fmt: skip


def write_keys(path, *keys):
    path.write_text("# shared ticket keys\n" + "".join(keys))
    path.chmod(0o600)
    return path


def visit(address, context, session=None):
    with TlsClient.open(address, context, session=session) as client:
        assert client.echo(b"data") == b"data"
        result = client.tls.session_reused, client.tls.session
        client.finish()
    return result


@each_version
def test_replicas_resume_each_others_sessions(
    start_with, many, tmp_path, version
):
    """Two processes with the same ticket_key_file; a third without."""
    keys = write_keys(tmp_path / "keys", new_key())
    section = {"ticket_key_file": keys}
    one = start_with([("web", many.web)], tls=section)
    two = start_with([("web", many.web)], tls=section)
    lone = start_with([("web", many.web)])
    context = unverified(version)
    _, session = visit(one.address(), context)
    assert not visit(lone.address(), context, session)[0]
    _, session = visit(one.address(), context)
    assert visit(two.address(), context, session)[0]


def test_a_new_ticket_key_in_front_seals_and_the_old_one_opens(
    start_with, many, tmp_path
):
    """The rotation of a shared file, by reload, without losing a session."""
    old, new = new_key(), new_key()
    keys = write_keys(tmp_path / "keys", old)
    proxy = start_with(
        [("web", many.web)],
        tls={"ticket_key_file": keys},
        reload={"watch": 0},
    )
    context = unverified()
    _, session = visit(proxy.address(), context)
    write_keys(keys, new, old)
    proxy.reload()
    reused, session = visit(proxy.address(), context, session)
    assert reused
    write_keys(keys, new)
    proxy.reload()
    assert visit(proxy.address(), context, session)[0]


@pytest.mark.parametrize(
    "text, code",
    [
        ("", "SL-FILE-KIND"),
        ("# nothing\n", "SL-TICKET-FILE"),
        ("c2hvcnQ=\n", "SL-TICKET-FILE"),
        ("not base64 at all!\n", "SL-TICKET-FILE"),
        ("A" * 200 + "\n", "SL-TICKET-FILE"),
    ],
    ids=["empty", "comment", "short", "garbage", "long"],
)
def test_a_ticket_key_file_that_is_no_good_is_refused(
    program, many, tmp_path, text, code
):
    path = tmp_path / "keys"
    path.write_text(text)
    path.chmod(0o600)
    proxy = program(
        {
            "service": {"listen": "127.0.0.1:0", "backend": "127.0.0.1:1"},
            "certificate": many.web.as_section(),
            "tls": {"ticket_key_file": path},
        }
    )
    proxy.spawn()
    assert proxy.wait_exit() == 1
    assert f"[{code}]" in proxy.stderr_text()
    if text:
        assert text.strip() not in proxy.stderr_text()


def test_a_ticket_key_file_that_all_can_read_is_refused(
    program, many, tmp_path
):
    path = write_keys(tmp_path / "keys", new_key())
    path.chmod(0o644)
    proxy = program(
        {
            "service": {"listen": "127.0.0.1:0", "backend": "127.0.0.1:1"},
            "certificate": many.web.as_section(),
            "tls": {"ticket_key_file": path},
        }
    )
    proxy.spawn()
    assert proxy.wait_exit() == 1
    assert "[SL-KEY-EXPOSED]" in proxy.stderr_text()


def test_an_expired_certificate_takes_no_name_from_a_valid_one(
    start_with, many, fresh_pki, tmp_path
):
    """However its file is called: not at a reload, and not at a start."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    names = "DNS:mail.example.test"
    old = fresh_pki.server("old-mail", names, days=(-9, -1))
    new = fresh_pki.server("new-mail", names)
    put_pair(folder, "0-web", many.web)
    put_pair(folder, "z-mail", new)
    proxy = start_with(
        [], service={"certificate_dir": folder}, reload={"watch": 0}
    )
    assert shown(proxy.address(), "mail.example.test") == new.serial
    put_pair(folder, "k-mail", old)
    proxy.reload()
    assert shown(proxy.address(), "mail.example.test") == new.serial
    event = proxy.log.wait("finding", code="SL-NAME-TWICE")
    assert "k-mail.crt' covers" in event["text"]
    assert "z-mail.crt', which is the one that is shown" in event["text"]
    proxy.reload()
    assert shown(proxy.address(), "mail.example.test") == new.serial
