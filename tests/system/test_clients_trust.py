# SPDX-License-Identifier: GPL-3.0-or-later
"""Trust, and its end: CAs in all their forms, certificates and keys that are
trusted as they are, and lists of those that are not any more."""

import base64
import contextlib
import hashlib
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from lib import backends, mtls, net
from lib.mtls import accepted, each_version, refused
from lib.pki import Certificate, common_name
from lib.settings import scaled
from lib.sidelock import one_service
from lib.tls import TLS13, TlsClient


@pytest.fixture
def guard(program, pki, serve):
    """guard(keys of [clients]) starts a service for clients of pki.ca."""

    def start_guard(tls=None, reload=None, environ=None, **clients):
        config = one_service(pki.server_certificate, serve(backends.echo))
        config["service"]["required_level"] = "peer"
        config["clients"] = {"ca": pki.ca, **clients}
        config["tls"] = tls or {}
        config["reload"] = reload or {}
        # Some clients pause in the middle of it.
        config["timeouts"] = {"handshake": "1h"}
        return program(config, environ=environ).start()

    return start_guard


@pytest.fixture
def alice(pki):
    return lambda version: pki.context(version, pki.client_certificate)


def key_hash(certificate):
    read = x509.load_pem_x509_certificate(certificate.cert.read_bytes())
    info = read.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo,
    )
    return hashlib.sha256(info).digest()


# --- CAs -----------------------------------------------------------------------------


def as_file(pki, path):
    return {"ca": pki.ca}


def as_der(pki, path):
    path.write_bytes(ssl.PEM_cert_to_DER_cert(pki.ca.read_text()))
    return {"ca": path}


def as_folder(pki, path):
    path.mkdir()
    for root in (pki.ca, pki.other_ca):
        (path / root.name).write_bytes(root.read_bytes())
    return {"ca": path}


def as_bundle(pki, path):
    return {"ca": pki.join(path.name, [pki.other_ca, pki.ca])}


def as_list(pki, path):
    return {"ca": [pki.other_ca, pki.ca]}


def as_truststore(pki, path):
    password = path.with_name("password")
    password.touch(0o600)
    password.write_text("of the store\n")
    store = pki.truststore(path, "of the store", [pki.other_ca, pki.ca])
    return {"ca": store, "ca_password_file": password}


@each_version
@pytest.mark.parametrize(
    "form",
    [as_file, as_der, as_folder, as_bundle, as_list, as_truststore],
    ids=lambda form: form.__name__[3:],
)
def test_cas_are_taken_in_every_form(
    guard, pki, alice, version, form, tmp_path
):
    """Whom they vouch for comes in, a stranger does not; the log names each
    CA."""
    proxy = guard(allow_all=True, **form(pki, tmp_path / "store"))
    accepted(proxy, alice(version))
    stranger = pki.self_signed_client("selfmade")
    refused(proxy, pki.context(version, stranger))
    found = [event["text"] for event in proxy.log.find("finding")]
    assert any(
        "clients.ca" in text and '"CN=sidelock test ca"' in text
        for text in found
    )


@each_version
def test_the_roots_of_the_system_vouch_for_no_client_of_ours(
    guard, alice, version
):
    """ca = system is possible, and warned about."""
    proxy = guard(ca="system", allow_all=True)
    line = refused(proxy, alice(version))
    assert line["code"] == "SL-CLIENT-UNKNOWN-CA"
    assert any(
        "system" in event["text"] and event["level"] == "warn"
        for event in proxy.log.find("finding")
    )


@each_version
def test_an_expired_ca_vouches_for_nobody(guard, pki, version):
    """Although it stands in clients.ca."""
    old = pki.craft_authority("old-clients", days=(-60, -1))
    client = pki.craft_client("of-old", issuer="old-clients")
    proxy = guard(ca=old, allow_all=True)
    refused(proxy, pki.context(version, client))


@each_version
def test_an_intermediate_that_is_trusted_may_be_sent(guard, pki, version):
    """Its root is not in clients.ca, and nobody asks for that. (They did.)
    Outside its dates it vouches for nobody, sent or not."""
    pki.root("beyond")
    sub = pki.craft_authority("near", issuer="beyond")
    early = pki.craft_authority("early-near", issuer="beyond", days=(2, 30))
    proxy = guard(ca=[sub, early], allow_all=True)
    for chain in ([], [sub]):
        client = pki.craft_client("of-near", issuer="near", chain=chain)
        accepted(proxy, pki.context(version, client))
    for chain in ([], [early]):
        client = pki.craft_client("of-early", issuer="early-near", chain=chain)
        refused(proxy, pki.context(version, client))


@each_version
def test_a_client_of_rsa_pss_may_send_its_root(guard, pki, version):
    """That root has the key of the one in clients.ca; nobody has to find out
    by the signature which of them it is. (It was tried, and PSS is none that
    we verify ourselves.)"""
    root, client = pki.pss_client("pss")
    both = pki.join("pss-and-root.pem", [client.cert, root])
    proxy = guard(ca=root, allow_all=True)
    for cert in (client.cert, both):
        shown = Certificate(cert, client.key, "")
        accepted(proxy, pki.context(version, shown))


@each_version
def test_a_root_that_is_sent_and_not_trusted_is_named(guard, pki, version):
    """clients.ca holds the intermediate below it: a client comes in without
    the root, and with it is told what to leave out."""
    root = pki.root("above-ours")
    sub = pki.craft_authority("ours", issuer="above-ours")
    proxy = guard(ca=sub, allow_all=True)
    short = pki.craft_client("short", issuer="ours", chain=[sub])
    accepted(proxy, pki.context(version, short))
    long = pki.craft_client("long", issuer="ours", chain=[sub, root])
    line = refused(proxy, pki.context(version, long))
    assert line["code"] == "SL-CLIENT-UNKNOWN-CA"
    assert 'root "CN=sidelock test above-ours"' in line["detail"]
    assert "not send it" in line["detail"]


@each_version
def test_a_ca_with_a_new_key_beside_the_old_one(guard, pki, version):
    """Clients of both keys come in; one that does not say which key it means
    comes in by one of them, or reads what it lacks."""
    subject = common_name("Rolling CA")
    cas = [pki.craft_authority(f"rolling-{n}", subject=subject) for n in "ab"]
    proxy = guard(ca=cas, allow_all=True)
    lines = []
    for n in "ab":
        issuer = f"rolling-{n}"
        client = pki.craft_client(f"of-{n}", issuer=issuer)
        accepted(proxy, pki.context(version, client))
        vague = pki.craft_client(
            f"vague-{n}", issuer=issuer, has_key_ids=False
        )
        mark = proxy.log.mark()
        with contextlib.suppress(ssl.SSLError):
            accepted(proxy, pki.context(version, vague))
        lines.append(proxy.connection_end(since=mark))
    reasons = sorted(line["reason"] for line in lines)
    assert reasons == ["client_refused", "done"]
    detail = next(line["detail"] for line in lines if "detail" in line)
    assert "authority key identifier" in detail


# --- trusted as they are --------------------------------------------------------------


@each_version
def test_a_certificate_that_is_trusted_as_it_is_comes_in(guard, pki, version):
    """A self-signed one, for which nobody vouches and which no rule names;
    another of its kind does not. Several may stand there, for a change."""
    one, two, three = (
        pki.self_signed_client(f"pinned-{n}") for n in range(3)
    )
    proxy = guard(trusted_certs=[one.cert, two.cert])
    for certificate in (one, two):
        line = accepted(proxy, pki.context(version, certificate))
        assert line["identity"] == f"CN={certificate.key.stem}"
        assert line["admitted_by"].startswith("trusted_certs ")
    line = refused(proxy, pki.context(version, three))
    assert line["code"] == "SL-CLIENT-UNKNOWN-CA"
    proxy.config["clients"]["trusted_certs"] = two.cert
    proxy.reload()
    refused(proxy, pki.context(version, one))
    accepted(proxy, pki.context(version, two))


@each_version
def test_no_ca_is_needed_beside(program, pki, serve, version):
    """Pinned certificates alone, without clients.ca."""
    pinned = pki.self_signed_client("alone")
    config = one_service(pki.server_certificate, serve(backends.echo))
    config["service"]["required_level"] = "peer"
    config["clients"] = {"trusted_certs": pinned.cert}
    proxy = program(config).start()
    accepted(proxy, pki.context(version, pinned))
    refused(proxy, pki.context(version, pki.client_certificate))


def renew(pki, name, certificate, subject=None):
    """Another certificate with the same key, by nobody known."""
    key = serialization.load_pem_private_key(
        certificate.key.read_bytes(), None
    )
    return pki.craft_self_signed(name, key, subject)


@each_version
@pytest.mark.parametrize("form", ["hex", "base64"])
def test_a_key_that_is_trusted_brings_in_every_certificate(
    guard, pki, version, form
):
    """Whatever name stands in it; the log names the key, since the holder
    can write any name. Another key under the same name does not."""
    own = pki.self_signed_client("keyed")
    digest = key_hash(own)
    text = digest.hex() if form == "hex" else base64.b64encode(digest).decode()
    proxy = guard(trusted_keys=f"sha256:{text}")
    renewed = renew(pki, "keyed-2", own, common_name("alice"))
    for certificate in (own, renewed):
        line = accepted(proxy, pki.context(version, certificate))
        assert line["identity"] == f"key sha256 {digest.hex()}"
        assert line["admitted_by"].startswith("trusted_keys ")
    refused(proxy, pki.context(version, pki.self_signed_client("keyed-3")))


@each_version
def test_a_trusted_certificate_is_no_trusted_key(guard, pki, version):
    """The same key in another certificate is somebody else."""
    own = pki.self_signed_client("exact")
    proxy = guard(trusted_certs=own.cert)
    accepted(proxy, pki.context(version, own))
    refused(proxy, pki.context(version, renew(pki, "exact-2", own)))


@each_version
def test_a_trusted_certificate_vouches_for_nobody(guard, pki, version):
    """Even if it is a CA's: what it signed is not trusted."""
    root = pki.root("pinned-root")
    child = pki.client("pinned-child", issuer="pinned-root", chain=[root])
    proxy = guard(trusted_certs=root)
    refused(proxy, pki.context(version, child))


@each_version
@pytest.mark.parametrize("kind", ["expired", "early", "for servers", "denied"])
def test_what_no_pin_mends(guard, pki, version, kind):
    """Dates, usage and deny rules hold for trusted certificates, too."""
    made = {
        "expired": (pki.client("late", days=(-30, -1)), "SL-CLIENT-EXPIRED"),
        "early": (pki.client("early", days=(10, 30)), "SL-CLIENT-EXPIRED"),
        "for servers": (pki.server("webserver"), "SL-CLIENT-PURPOSE"),
        "denied": (pki.client("eve"), "SL-CLIENT-DENIED"),
    }
    certificate, code = made[kind]
    proxy = guard(trusted_certs=certificate.cert, deny_cn="eve")
    line = refused(proxy, pki.context(version, certificate))
    assert line["code"] == code


@pytest.mark.parametrize(
    "eku, has_warning", [("required", True), ("if-present", False)]
)
def test_a_trusted_certificate_that_is_not_for_clients_is_told(
    guard, pki, eku, has_warning
):
    """`openssl req -x509` writes no usage unless told: who pins such a
    certificate hears at the start that it is refused, and what to write."""
    plain = pki.client("plain", eku="")
    proxy = guard(trusted_certs=plain.cert, eku=eku)
    told = [
        event["text"]
        for event in proxy.log.find("finding", code="SL-CLIENT-PURPOSE")
    ]
    assert len(told) == has_warning
    if not has_warning:
        accepted(proxy, pki.context(TLS13, plain))
        return
    assert str(plain.cert) in told[0]
    assert "write eku = if-present" in told[0]
    refused(proxy, pki.context(TLS13, plain))


def test_no_setting_makes_a_servers_certificate_one_of_a_client(guard, pki):
    """So none is offered."""
    server = pki.server("pinned-server")
    proxy = guard(trusted_certs=server.cert, eku="if-present")
    (event,) = proxy.log.find("finding", code="SL-CLIENT-PURPOSE")
    assert "extended key usage is serverAuth" in event["text"]
    assert "if-present" not in event["text"]
    refused(proxy, pki.context(TLS13, server))


def test_the_authorities_of_a_trusted_file_need_no_usage(guard, pki):
    """A client's chain is a usual thing to pin, and its CAs never connect."""
    client = pki.client("with-chain", chain=[pki.ca])
    proxy = guard(trusted_certs=client.cert)
    assert not proxy.log.find("finding", code="SL-CLIENT-PURPOSE")


# --- lists ---------------------------------------------------------------------------


@each_version
def test_who_is_on_the_list_is_refused(guard, pki, alice, version, tmp_path):
    """With the alert certificate_revoked and the date; others come in."""
    bob = pki.client("bob")
    crl = pki.crl(tmp_path / "ca.crl", revoked=[bob])
    proxy = guard(allow_all=True, crl=crl)
    accepted(proxy, alice(version))
    line = refused(proxy, pki.context(version, bob))
    assert line["code"] == "SL-CLIENT-REVOKED"
    assert "revoked on" in line["detail"]
    assert mtls.alert(proxy, version, bob) == mtls.CERTIFICATE_REVOKED


@each_version
def test_a_reload_takes_up_a_new_list(guard, pki, alice, version, tmp_path):
    """Who is revoked meanwhile does not come in; a live connection is ended;
    a ticket of before is worth nothing."""
    path = tmp_path / "ca.crl"
    proxy = guard(
        {"resumption": "yes"},
        {"on_trust_change": "close", "trust_change_spread": "0s"},
        allow_all=True, crl=pki.crl(path),
    )  # fmt: skip
    context = alice(version)
    with TlsClient.open(proxy.address(), context) as live:
        assert live.echo(b"in") == b"in"
        session = live.tls.session
        pki.crl(path, revoked=[pki.client_certificate])
        mark = proxy.log.mark()
        proxy.reload()
        line = proxy.connection_end(since=mark)
        assert line["reason"] == "trust_changed"
        assert "revoked" in line["detail"]
    line = refused(proxy, context, session=session)
    assert line["code"] == "SL-CLIENT-REVOKED"


@each_version
def test_a_list_counts_for_a_handshake_that_has_begun(
    guard, pki, alice, version, tmp_path
):
    """Revoked between ClientHello and certificate."""
    path = tmp_path / "ca.crl"
    proxy = guard(allow_all=True, crl=pki.crl(path))
    with TlsClient(net.connect(proxy.address()), alice(version)) as client:
        client.handshake_step()
        client.flush()
        client.feed()
        pki.crl(path, revoked=[pki.client_certificate])
        proxy.reload()
        mark = proxy.log.mark()
        with pytest.raises((ssl.SSLError, ConnectionError)):
            client.handshake()
            client.send(b"let me in")
            client.read_exactly(1)
    line = proxy.connection_end(since=mark)
    assert line["code"] == "SL-CLIENT-REVOKED"
    assert line["bytes_to_backend"] == 0


@pytest.fixture
def lists(pki, tmp_path):
    """A list of each of two CAs, with one client of each on it."""
    here, there = pki.client("here"), pki.client("there", issuer="other-ca")
    return (
        [here, there],
        pki.crl(tmp_path / "here.crl", revoked=[here]),
        pki.crl(tmp_path / "there.crl", "other-ca", revoked=[there]),
    )


@each_version
@pytest.mark.parametrize("form", ["one file", "two files", "folder", "der"])
def test_lists_are_taken_in_every_form(
    guard, pki, alice, version, lists, form, tmp_path
):
    """Several in one file, several files, a folder, DER: each counts."""
    revoked, one, two = lists
    if form == "one file":
        crl = tmp_path / "both.crl"
        crl.write_text(one.read_text() + two.read_text())
    elif form == "two files":
        crl = [one, two]
    elif form == "folder":
        crl = tmp_path / "lists"
        crl.mkdir()
        one.rename(crl / one.name)
        two.rename(crl / two.name)
    else:
        der = serialization.Encoding.DER
        crl = [
            pki.crl(tmp_path / "a.crl", revoked=revoked[:1], encoding=der),
            pki.crl(
                tmp_path / "b.crl", "other-ca", revoked[1:], encoding=der
            ),
        ]
    proxy = guard(ca=[pki.ca, pki.other_ca], allow_all=True, crl=crl)
    accepted(proxy, alice(version))
    for certificate in revoked:
        line = refused(proxy, pki.context(version, certificate))
        assert line["code"] == "SL-CLIENT-REVOKED"


@each_version
@pytest.mark.parametrize("lack", ["absent", "expired", "early"])
@pytest.mark.parametrize("policy", ["hard", "soft"])
def test_without_a_valid_list(
    guard, pki, alice, version, lack, policy, tmp_path
):
    """crl_policy = hard lets nobody of that CA in; soft does, with a warning
    in the line, but nobody whom even an old list names."""
    bob = pki.client("bob")
    days = {"absent": (-1, 7), "expired": (-9, -2), "early": (2, 9)}[lack]
    issuer = "other-ca" if lack == "absent" else "ca"
    crl = pki.crl(tmp_path / "some.crl", issuer, [bob], days)
    proxy = guard(
        ca=[pki.ca, pki.other_ca], allow_all=True, crl=crl, crl_policy=policy
    )
    if policy == "hard":
        line = refused(proxy, alice(version))
        assert line["code"] == "SL-CLIENT-CRL"
    else:
        assert "crl_policy = soft" in accepted(proxy, alice(version))["warning"]
    if lack == "expired":
        refused(proxy, pki.context(version, bob))


@each_version
def test_an_intermediate_on_the_list_of_its_root(
    guard, pki, version, tmp_path
):
    """Nobody below it comes in, whether the client sends it or it stands in
    clients.ca."""
    sub = pki.craft_authority("revoked-sub")
    below = pki.craft_client("below-sub", issuer="revoked-sub", chain=[sub])
    serial = x509.load_pem_x509_certificate(sub.read_bytes()).serial_number
    crl = pki.crl(tmp_path / "ca.crl", revoked=[f"{serial:x}"])
    for ca in (pki.ca, [pki.ca, sub], [sub, pki.ca]):
        proxy = guard(ca=ca, allow_all=True, crl=crl, crl_policy="soft")
        line = refused(proxy, pki.context(version, below))
        assert line["code"] == "SL-CLIENT-REVOKED"
        assert "intermediate" in line["detail"]


@each_version
def test_the_list_of_an_intermediate(guard, pki, version, tmp_path):
    """It stands in clients.ca beside its root; who is on its list is refused,
    its neighbour is not."""
    sub = pki.craft_authority("listing-sub")
    out, stays = (
        pki.craft_client(f"sub-{n}", issuer="listing-sub", chain=[sub])
        for n in range(2)
    )
    proxy = guard(
        ca=[pki.ca, sub], allow_all=True,
        crl=[
            pki.crl(tmp_path / "ca.crl"),
            pki.crl(tmp_path / "sub.crl", "listing-sub", [out]),
        ],
    )  # fmt: skip
    accepted(proxy, pki.context(version, stays))
    line = refused(proxy, pki.context(version, out))
    assert line["code"] == "SL-CLIENT-REVOKED"


@each_version
def test_a_namesake_does_not_stand_in_for_a_revoked_intermediate(
    guard, pki, version, tmp_path
):
    """A CA changed its key and kept its name; the old certificate is on the
    list. A client of the old key sends both: it goes by the one that signed
    it, not by the first of the name. (It did.)"""
    subject = common_name("Issuing CA")
    old = pki.craft_authority("issuing-old", subject=subject)
    new = pki.craft_authority("issuing-new", subject=subject)
    serial = x509.load_pem_x509_certificate(old.read_bytes()).serial_number
    crl = pki.crl(tmp_path / "ca.crl", revoked=[f"{serial:x}"])
    proxy = guard(allow_all=True, crl=crl, crl_policy="soft")
    for number, chain in enumerate(([new, old], [old, new])):
        evil = pki.craft_client(
            f"of-old-{number}", issuer="issuing-old", chain=chain
        )
        line = refused(proxy, pki.context(version, evil))
        assert line["code"] == "SL-CLIENT-REVOKED"
        good = pki.craft_client(
            f"of-new-{number}", issuer="issuing-new", chain=chain
        )
        accepted(proxy, pki.context(version, good))


@each_version
def test_a_pin_does_not_save_a_revoked_certificate(
    guard, pki, alice, version, tmp_path
):
    """Neither as it is, nor with a chain that is broken on purpose, so that
    the way to its CA is not looked at. (That helped.)"""
    crl = pki.crl(tmp_path / "ca.crl", revoked=[pki.client_certificate])
    proxy = guard(trusted_certs=pki.client_certificate.cert, crl=crl)
    refused(proxy, alice(version))
    real = pki.client_certificate
    for junk in (
        pki.craft_authority("late-junk", days=(-9, -2)),
        pki.craft_authority("other-junk", issuer="other-ca"),
        pki.root("junk-root"),
    ):
        chain = pki.join("alice-junk.pem", [real.cert, junk])
        shown = Certificate(chain, real.key, real.serial)
        line = refused(proxy, pki.context(version, shown))
        assert line["code"] == "SL-CLIENT-REVOKED"


def test_a_forged_list_is_not_taken(guard, pki, alice, tmp_path):
    """With our CA's name and another key: the reload fails, and what held
    goes on."""
    path = tmp_path / "ca.crl"
    proxy = guard(
        allow_all=True, crl=pki.crl(path, revoked=[pki.client_certificate])
    )
    pki.crl(path, signer=ec.generate_private_key(ec.SECP256R1()))
    assert "ca.crl" in proxy.reload("failure")["error"]
    line = refused(proxy, alice(TLS13))
    assert line["code"] == "SL-CLIENT-REVOKED"


@pytest.mark.slow
def test_a_list_of_a_hundred_thousand(guard, pki, alice, tmp_path):
    """The first on it, the last and one in the middle are refused; who is not
    on it comes in."""
    count = scaled(100_000, least=1000)
    ends = [pki.client(f"end-{n}") for n in range(3)]
    serials = [f"{0x7000_0000_0000 + n:x}" for n in range(count)]
    revoked = [
        ends[0], *serials[: count // 2], ends[1], *serials[count // 2 :],
        ends[2],
    ]  # fmt: skip
    proxy = guard(
        allow_all=True, crl=pki.crl(tmp_path / "ca.crl", revoked=revoked)
    )
    accepted(proxy, alice(TLS13))
    for certificate in ends:
        line = refused(proxy, pki.context(TLS13, certificate))
        assert line["code"] == "SL-CLIENT-REVOKED"
