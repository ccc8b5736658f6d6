# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates made to deceive, to break or to exhaust: nobody comes in by
them, each is refused in one line of the log, and the next good client is
served."""

import ipaddress
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import (
    ExtendedKeyUsageOID,
    NameOID,
    ObjectIdentifier,
)

from lib import backends, net
from lib.mtls import accepted, each_version, refused
from lib.pki import Certificate, certify, common_name
from lib.settings import KIB
from lib.sidelock import one_service
from lib.tls import TlsClient
from lib.wait import until

RECORD_HEAD_BYTES = 5
CHANGE_CIPHER_SPEC = 20


@pytest.fixture
def guard(program, pki, serve):
    """guard(keys of [clients]) starts a service for clients of pki.ca on one
    worker, so that all of them meet the same state."""

    def start_guard(**clients):
        config = one_service(pki.server_certificate, serve(backends.echo))
        config["service"]["required_level"] = "peer"
        config["process"] = {"workers": 1}
        config["clients"] = {"ca": pki.ca, **clients}
        # Some clients pause in the middle of it.
        config["timeouts"] = {"handshake": "1h"}
        return program(config).start()

    return start_guard


def stays_out(proxy, pki, certificate, version, service="default"):
    """Refused in one way or other, without a name in the log, and a good
    client comes in afterwards; the log's line."""
    mark = proxy.log.mark()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        context = pki.context(version, certificate)
        with TlsClient.open(proxy.address(service), context) as client:
            client.send(b"let me in")
            client.read_exactly(1)
    line = proxy.connection_end(since=mark)
    assert line["reason"] == "client_refused"
    assert "identity" not in line
    assert "VERIFIED" not in line["tls"]
    assert line["bytes_to_backend"] == 0
    good = pki.context(version, pki.client_certificate)
    accepted(proxy, good, service=service)
    return line


# --- names -----------------------------------------------------------------------

# What is behind the zero byte must not be lost.
ZERO = {
    "cn": ("alice\0.evil.test", None),
    "dns": ("mallory", x509.DNSName("web.plant.test\0.evil.test")),
    "uri": (
        "mallory", x509.UniformResourceIdentifier("spiffe://plant.test/a\0/b"),
    ),
    "email": ("mallory", x509.RFC822Name("ops@plant.test\0.evil.test")),
}  # fmt: skip


@each_version
@pytest.mark.parametrize("kind", ZERO)
def test_a_zero_byte_does_not_end_a_name(guard, pki, kind, version):
    """No rule takes the name for what stands before the zero."""
    subject, name = ZERO[kind]
    proxy = guard(
        allow_cn="alice", allow_dns=["web.plant.test", "*.plant.test"],
        allow_uri=["spiffe://plant.test/a", "spiffe://plant.test/**"],
        allow_email=["ops@plant.test", "@plant.test"],
    )  # fmt: skip
    evil = pki.craft_client(
        f"zero-{kind}", common_name(subject), [name] if name else None
    )
    stays_out(proxy, pki, evil, version)


NASTY = (
    'a" b="c',
    "new\nline event=connection reason=done",
    "\r\x1b[31mred\x1b[0m\x07",
    "back\\slash \\x41",
    "\u202eevil\u2066 \U0001f600 \x7f\x80\x9b",
    "comma, plus+ equals= hash# <semi;>",
    "x" * 64,
)


@each_version
@pytest.mark.parametrize("name", NASTY, ids=range(len(NASTY)))
def test_names_stay_in_their_place_in_the_log(guard, pki, name, version):
    """Quotes, line breaks, colors and the rest: escaped, on one line, both
    when the client comes in and when it does not. (The log's reader takes
    no line that is not well-formed.)"""
    nasty = pki.craft_client("nasty", common_name(name))
    stranger = pki.craft_client(
        "nasty-2", common_name(name), issuer="other-ca"
    )
    proxy = guard(allow_all=True)
    line = accepted(proxy, pki.context(version, nasty))
    identity = line["identity"]
    assert identity.startswith("CN=")
    assert identity.isascii() and identity.isprintable()
    line = refused(proxy, pki.context(version, stranger))
    assert f'subject "{identity}"' in line["detail"]
    assert line["detail"].isascii() and line["detail"].isprintable()


@each_version
def test_a_name_in_two_attributes_is_two_names(guard, pki, version):
    """A common name beside another one: each is looked at, neither hides the
    other. One that is denied keeps the client out."""
    two = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "alice"),
            x509.NameAttribute(NameOID.COMMON_NAME, "eve"),
        ]
    )
    both = pki.craft_client("both", two)
    proxy = guard(allow_cn="alice", deny_cn="eve")
    line = stays_out(proxy, pki, both, version)
    assert line["code"] == "SL-CLIENT-DENIED"


@each_version
def test_a_name_is_no_name_of_another_kind(guard, pki, version):
    """A common name that looks like a host, an organizational unit that looks
    like a common name, a DNS name with the digits of an address: none of
    them is what it looks like."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "web.plant.test"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "alice"),
        ]
    )
    lookalike = pki.craft_client(
        "lookalike", subject, [x509.DNSName("10.20.30.40")]
    )
    proxy = guard(
        allow_cn="alice", allow_dns="web.plant.test", allow_ip="10.20.30.40"
    )
    line = stays_out(proxy, pki, lookalike, version)
    assert line["code"] == "SL-CLIENT-NOT-ALLOWED"


# --- size ------------------------------------------------------------------------


def many_names(count):
    return [x509.DNSName(f"n{number:04}.plant.test") for number in range(count)]


@each_version
def test_the_last_of_many_names_counts(guard, pki, version):
    """Of 300 names a rule names the last one."""
    proxy = guard(allow_dns="n0299.plant.test")
    rich = pki.craft_client("rich", names=many_names(300))
    accepted(proxy, pki.context(version, rich))


@each_version
@pytest.mark.parametrize("count", [1000, 5000])
def test_thousands_of_names_are_refused(guard, pki, count, version):
    """Although a rule names the first of them."""
    proxy = guard(allow_cn="alice", allow_dns="n0000.plant.test")
    crowd = pki.craft_client(f"crowd-{count}", names=many_names(count))
    line = stays_out(proxy, pki, crowd, version)
    assert line["code"] == "SL-CLIENT-CHAIN"


@each_version
@pytest.mark.parametrize("kib", [32, 64, 256])
def test_giant_certificates_are_refused(guard, pki, kib, version):
    """As many bytes as that in one extension, again and again."""
    proxy = guard(allow_all=True)
    filler = x509.UnrecognizedExtension(
        ObjectIdentifier("1.2.3.4.5"), bytes(kib * KIB)
    )
    giant = pki.craft_client(f"giant-{kib}", extensions=[(filler, False)])
    for _ in range(5):
        line = stays_out(proxy, pki, giant, version)
        assert "too large" in line["detail"]


def chain_of(pki, length):
    """A client below that many intermediates, which it sends."""
    issuer, chain = "ca", []
    for number in range(length):
        name = f"level-{number}"
        chain.insert(0, pki.craft_authority(name, issuer=issuer))
        issuer = name
    return pki.craft_client(f"deep-{length}", issuer=issuer, chain=chain)


@each_version
def test_some_intermediates_are_fine(guard, pki, version):
    """Five of them between client and CA."""
    accepted(
        guard(allow_all=True), pki.context(version, chain_of(pki, 5))
    )


@each_version
@pytest.mark.parametrize("length", [10, 40])
def test_deep_chains_are_refused(guard, pki, length, version):
    """More than anybody needs: the work that a stranger causes has an
    end."""
    line = stays_out(
        guard(allow_all=True), pki, chain_of(pki, length), version
    )
    assert line["code"] == "SL-CLIENT-CHAIN"


# --- intermediates of others --------------------------------------------------------


@pytest.fixture(scope="module")
def below(pki):
    """(a client that sends its intermediate, one that leaves it out)"""
    sub = pki.craft_authority("sub")
    return (
        pki.craft_client("whole", issuer="sub", chain=[sub]),
        pki.craft_client("alone", issuer="sub"),
    )


@each_version
def test_an_intermediate_helps_only_who_sent_it(guard, pki, below, version):
    """Not the one who comes after it on the same worker, however often."""
    whole, alone = below
    proxy = guard(allow_all=True)
    for _ in range(5):
        accepted(proxy, pki.context(version, whole))
        line = stays_out(proxy, pki, alone, version)
        assert line["code"] == "SL-CLIENT-UNKNOWN-CA"


def split_after_certificate(flight):
    """A client's last flight, cut behind the record with its certificate."""
    at = 0
    while flight[at] == CHANGE_CIPHER_SPEC:
        at += RECORD_HEAD_BYTES + int.from_bytes(flight[at + 3 : at + 5], "big")
    at += RECORD_HEAD_BYTES + int.from_bytes(flight[at + 3 : at + 5], "big")
    assert at < len(flight), "the flight is one record"
    return flight[:at], flight[at:]


def last_flight(client):
    """Shakes hands up to that, which is not sent yet."""
    while True:
        is_done = client.handshake_step()
        flight = client.pending_output()
        if is_done or b"\x0b" == flight[5:6] and flight[0] == 22:
            return flight  # 1.3: the last flight; 1.2: Certificate comes first
        client.sock.sendall(flight)
        client.feed()


@each_version
def test_an_intermediate_helps_nobody_while_its_sender_stalls(
    guard, pki, below, version
):
    """One client has sent its chain, but not yet the proof that it has the
    key: others do not profit from what the library knows meanwhile; and
    when it goes on, it comes in."""
    whole, alone = below
    proxy = guard(allow_all=True)
    context = pki.context(version, whole)
    with TlsClient(net.connect(proxy.address()), context) as client:
        first, rest = split_after_certificate(last_flight(client))
        client.sock.sendall(first)
        for _ in range(5):
            line = stays_out(proxy, pki, alone, version)
            assert line["code"] == "SL-CLIENT-UNKNOWN-CA"
        client.sock.sendall(rest)
        client.handshake()
        assert client.echo(b"at last") == b"at last"
        client.finish()


@each_version
def test_who_is_slow_reads_why_it_is_refused(guard, pki, version):
    """The certificate is judged once it is there, and some clients compute
    for seconds before they send the proof that belongs to it. They are heard
    out, and read the alert. (After a second they were cut off.)"""
    proxy = guard(allow_cn="bob")
    context = pki.context(version, pki.client_certificate)
    with TlsClient(net.connect(proxy.address()), context) as client:
        first, rest = split_after_certificate(last_flight(client))
        client.sock.sendall(first)
        proxy.connection_end(reason="client_refused")
        begin = time.monotonic()
        until(lambda: time.monotonic() - begin > 1.5, "more than a second")
        client.sock.sendall(rest[:-1])
        client.sock.sendall(rest[-1:])
        with pytest.raises(ssl.SSLError, match="(?i)access.denied"):
            client.handshake()
            client.read_exactly(1)


@each_version
def test_the_cas_of_one_service_count_nothing_for_another(
    program, serve, pki, version
):
    """In the same process, on the same worker, right after each other; with
    intermediates, too."""
    service = {
        "listen": "127.0.0.1:0", "certificate": "c",
        "backend": serve(backends.echo).address, "required_level": "peer",
    }  # fmt: skip
    proxy = program(
        {
            "service ours": service, "service theirs": service,
            "clients": {"allow_all": True},
            "clients ours": {"ca": pki.ca},
            "clients theirs": {"ca": pki.other_ca},
            "certificate c": pki.server_certificate.as_section(),
            "process": {"workers": 1},
        }
    ).start()  # fmt: skip
    sub = pki.craft_authority("their-sub", issuer="other-ca")
    theirs = pki.craft_client("theirs", issuer="their-sub", chain=[sub])
    context = pki.context(version, theirs)
    for _ in range(3):
        accepted(proxy, context, service="theirs")
        stays_out(proxy, pki, theirs, version, service="ours")


# --- CAs beyond what they may ---------------------------------------------------------


def tree(dns=None, email=None, ip=None, organization=None):
    """GeneralNames of one kind each."""
    names = []
    if dns:
        names.append(x509.DNSName(dns))
    if email:
        names.append(x509.RFC822Name(email))
    if ip:
        names.append(x509.IPAddress(ipaddress.ip_network(ip)))
    if organization:
        name = x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)
        names.append(x509.DirectoryName(x509.Name([name])))
    return names


def in_organization(name, cn):
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name),
            x509.NameAttribute(NameOID.COMMON_NAME, cn),
        ]
    )


# What the CA may vouch for, what it may not, and a name that is refused.
CONSTRAINTS = {
    "dns outside": (tree(dns="plant.test"), None, x509.DNSName("web.other.test")),
    "dns excluded": (
        None, tree(dns="office.test"), x509.DNSName("pc.office.test"),
    ),
    "email outside": (
        tree(email="plant.test"), None, x509.RFC822Name("eve@other.test"),
    ),
    "ip outside": (
        tree(ip="10.20.0.0/16"), None,
        x509.IPAddress(ipaddress.ip_address("10.21.0.1")),
    ),
    "uri outside": (
        [x509.UniformResourceIdentifier("plant.test")], None,
        x509.UniformResourceIdentifier("spiffe://other.test/a"),
    ),
}  # fmt: skip


@each_version
@pytest.mark.parametrize("kind", CONSTRAINTS)
def test_name_constraints_hold(guard, pki, kind, version):
    """A CA that was given one part of the names vouches for no other."""
    permitted, excluded, name = CONSTRAINTS[kind]
    constraints = x509.NameConstraints(permitted, excluded)
    issuer = "nc-" + kind.replace(" ", "-")
    sub = pki.craft_authority(issuer, extensions=[(constraints, True)])
    evil = pki.craft_client(
        f"{issuer}-client", names=[name], issuer=issuer, chain=[sub]
    )
    line = stays_out(guard(allow_all=True), pki, evil, version)
    assert line["code"] == "SL-CLIENT-CHAIN"


@each_version
@pytest.mark.parametrize("kind", CONSTRAINTS)
@pytest.mark.parametrize("is_trusted", [True, False], ids=["ca", "sent"])
def test_a_ca_below_does_not_shed_name_constraints(
    guard, pki, kind, is_trusted, version
):
    """One that has none of its own vouches for no more than the one above it
    may, be that of clients.ca or sent along. (It did.)"""
    permitted, excluded, name = CONSTRAINTS[kind]
    constraints = x509.NameConstraints(permitted, excluded)
    top_name = "shed-" + kind.replace(" ", "-")
    top = pki.craft_authority(top_name, extensions=[(constraints, True)])
    middle = pki.craft_authority(f"{top_name}-mid", issuer=top_name)
    low = pki.craft_authority(f"{top_name}-low", issuer=f"{top_name}-mid")
    proxy = guard(ca=[pki.ca, top] if is_trusted else pki.ca, allow_all=True)
    for issuer, chain in (
        (f"{top_name}-mid", [middle]), (f"{top_name}-low", [low, middle]),
    ):  # fmt: skip
        evil = pki.craft_client(
            f"{issuer}-client", names=[name], issuer=issuer,
            chain=chain if is_trusted else [*chain, top],
        )  # fmt: skip
        line = stays_out(proxy, pki, evil, version)
        assert line["code"] == "SL-CLIENT-CHAIN"
        assert "name constraints" in line["detail"]


@each_version
def test_an_excluded_address_stays_so_in_ipv6_form(guard, pki, version):
    """Our rules take it for that of IPv4. (It came in.)"""
    constraints = x509.NameConstraints(None, tree(ip="10.21.0.0/16"))
    sub = pki.craft_authority("no-ip", extensions=[(constraints, True)])
    proxy = guard(allow_all=True)
    for address, comes_in in (
        ("::ffff:10.21.0.1", False), ("::ffff:10.22.0.1", True),
        ("2001:db8::a15:1", True),
    ):  # fmt: skip
        name = x509.IPAddress(ipaddress.ip_address(address))
        client = pki.craft_client(
            "by-ip", names=[name], issuer="no-ip", chain=[sub]
        )
        if comes_in:
            accepted(proxy, pki.context(version, client))
        else:
            stays_out(proxy, pki, client, version)


@each_version
def test_an_excluded_subject_stays_so_in_another_writing(guard, pki, version):
    """Another kind of string and another case make no other name. (They
    did.)"""
    constraints = x509.NameConstraints(None, tree(organization="Office"))
    sub = pki.craft_authority("no-office", extensions=[(constraints, True)])
    proxy = guard(allow_all=True)
    for organization, kind, comes_in in (
        ("Office", _ASN1Type.UTF8String, False),
        ("Office", _ASN1Type.PrintableString, False),
        ("OFFICE", _ASN1Type.BMPString, False),
        ("Offices", _ASN1Type.UTF8String, True),
    ):
        written = x509.NameAttribute(
            NameOID.ORGANIZATION_NAME, organization, kind
        )
        common = x509.NameAttribute(NameOID.COMMON_NAME, "eve")
        client = pki.craft_client(
            "of-office", x509.Name([written, common]), issuer="no-office",
            chain=[sub],
        )  # fmt: skip
        if comes_in:
            accepted(proxy, pki.context(version, client))
        else:
            stays_out(proxy, pki, client, version)


@each_version
def test_a_ca_below_vouches_within_name_constraints(guard, pki, version):
    """For a client that is inside those of the CA above."""
    constraints = x509.NameConstraints(
        [
            *tree(email="plant.test", ip="10.20.0.0/16", organization="Plant"),
            x509.UniformResourceIdentifier("plant.test"),
        ],
        tree(dns="office.test"),
    )
    top = pki.craft_authority("wide-top", extensions=[(constraints, True)])
    low = pki.craft_authority(
        "wide-low", issuer="wide-top", subject=in_organization("Plant", "low")
    )
    good = pki.craft_client(
        "wide-client", in_organization("Plant", "web"),
        [
            x509.DNSName("web.plant.test"),
            x509.RFC822Name("ops@plant.test"),
            x509.IPAddress(ipaddress.ip_address("10.20.30.40")),
            x509.UniformResourceIdentifier("spiffe://plant.test/web"),
        ],
        issuer="wide-low", chain=[low, top],
    )  # fmt: skip
    evil = pki.craft_client(
        "wide-evil", in_organization("Other", "web"), issuer="wide-low",
        chain=[low, top],
    )  # fmt: skip
    proxy = guard(allow_all=True)
    accepted(proxy, pki.context(version, good))
    line = stays_out(proxy, pki, evil, version)
    assert line["code"] == "SL-CLIENT-CHAIN"


@each_version
def test_name_constraints_let_through_what_they_permit(guard, pki, version):
    """A client inside all of them comes in."""
    constraints = x509.NameConstraints(
        tree("plant.test", "plant.test", "10.20.0.0/16", "Plant"),
        tree("office.plant.test"),
    )
    sub = pki.craft_authority("nc-good", extensions=[(constraints, True)])
    good = pki.craft_client(
        "nc-good-client", in_organization("Plant", "web"),
        [
            x509.DNSName("web.plant.test"),
            x509.RFC822Name("ops@plant.test"),
            x509.IPAddress(ipaddress.ip_address("10.20.30.40")),
        ],
        issuer="nc-good", chain=[sub],
    )  # fmt: skip
    accepted(guard(allow_all=True), pki.context(version, good))


@each_version
def test_constraints_on_the_subject_hold(guard, pki, version):
    """A CA for one organization vouches for no other."""
    constraints = x509.NameConstraints(tree(organization="Plant"), None)
    sub = pki.craft_authority("nc-org", extensions=[(constraints, True)])
    evil = pki.craft_client(
        "nc-org-client", in_organization("Other", "eve"), issuer="nc-org",
        chain=[sub],
    )  # fmt: skip
    line = stays_out(guard(allow_all=True), pki, evil, version)
    assert line["code"] == "SL-CLIENT-CHAIN"


@each_version
def test_the_path_length_holds(guard, pki, version):
    """A CA that may have none below it has one."""
    top = pki.craft_authority("len-top", path_length=0)
    sub = pki.craft_authority("len-sub", issuer="len-top")
    inside = pki.craft_client("inside", issuer="len-top", chain=[top])
    beyond = pki.craft_client("beyond", issuer="len-sub", chain=[sub, top])
    proxy = guard(allow_all=True)
    accepted(proxy, pki.context(version, inside))
    line = stays_out(proxy, pki, beyond, version)
    assert line["code"] == "SL-CLIENT-CHAIN"


def key_usage(*wanted):
    every = (
        "digital_signature", "content_commitment", "key_encipherment",
        "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
        "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: name in wanted for name in every})


@each_version
@pytest.mark.parametrize("kind", ["client", "ca false", "no word", "usage"])
def test_who_is_no_ca_vouches_for_nobody(guard, pki, kind, version):
    """A client, one with CA:FALSE, one that says nothing of it, and one that
    may not sign certificates: what they signed does not come in."""
    name = "no-ca-" + kind.replace(" ", "-")
    if kind == "client":
        issuer = pki.craft_client(name).cert
    elif kind == "ca false":
        issuer = pki.craft_authority(name, is_ca=False)
    elif kind == "no word":
        issuer = pki.craft(name, None, "ca", []).cert
    else:
        usage = key_usage("digital_signature", "crl_sign")
        issuer = pki.craft_authority(name, extensions=[(usage, True)])
    child = pki.craft_client(f"{name}-child", issuer=name, chain=[issuer])
    stays_out(guard(allow_all=True), pki, child, version)


@each_version
@pytest.mark.parametrize("days", [(-30, -1), (10, 30)], ids=["over", "early"])
def test_an_intermediate_outside_its_dates_vouches_for_nobody(
    guard, pki, days, version
):
    """Although the client's certificate is in its own; the line names the
    intermediate."""
    sub = pki.craft_authority(f"dated-{days[0]}", days=days)
    child = pki.craft_client(
        "dated-child", issuer=f"dated-{days[0]}", chain=[sub]
    )
    line = stays_out(guard(allow_all=True), pki, child, version)
    assert line["code"] == "SL-CLIENT-EXPIRED"
    assert f"sidelock test dated-{days[0]}" in line["detail"]


# --- forgeries ---------------------------------------------------------------------


def forge_authority(pki, name):
    """Our CA's name over another key; returns the certificate's path."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = pki.subject_of("ca")
    made = certify(
        subject, subject, key.public_key(), key,
        extensions=[(x509.BasicConstraints(True, None), True)],
    )  # fmt: skip
    return pki.keep(name, made, key).cert


@each_version
@pytest.mark.parametrize("has_key_ids", [False, True], ids=["name", "key id"])
@pytest.mark.parametrize("shows_ca", [False, True], ids=["alone", "with ca"])
def test_the_name_of_our_ca_does_not_suffice(
    guard, pki, shows_ca, has_key_ids, version
):
    """Signed by another key under the name of our CA, which the client sends
    along or not; with the other key's identifier or without one."""
    forged = forge_authority(pki, "forged-ca")
    mallory = pki.craft_client(
        "forged", common_name("alice"), issuer="forged-ca",
        chain=[forged] if shows_ca else (), has_key_ids=has_key_ids,
    )  # fmt: skip
    stays_out(guard(allow_cn="alice"), pki, mallory, version)


@each_version
def test_a_certificate_changed_after_signing_is_refused(guard, pki, version):
    """mallory's, with alice's name in place of hers."""
    real = pki.craft_client("alicf")
    der = ssl.PEM_cert_to_DER_cert(real.cert.read_text())
    assert der.count(b"alicf") == 1
    changed = pki.folder / "changed.pem"
    changed.write_text(
        ssl.DER_cert_to_PEM_cert(der.replace(b"alicf", b"alice"))
    )
    evil = Certificate(changed, real.key, real.serial)
    line = stays_out(guard(allow_cn="alice"), pki, evil, version)
    assert line["code"] == "SL-CLIENT-CHAIN"


def steal(pki, victim):
    """The victim's certificate, with a key file in which only the public half
    is the victim's: the thief's tools do not notice."""
    own = ec.generate_private_key(ec.SECP256R1())
    owner = serialization.load_pem_private_key(victim.key.read_bytes(), None)

    def point(key):
        return key.public_key().public_bytes(
            serialization.Encoding.X962,
            serialization.PublicFormat.UncompressedPoint,
        )

    der = own.private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    assert der.count(point(own)) == 1
    der = der.replace(point(own), point(owner))
    path = pki.folder / "stolen.key"
    path.write_text(
        ssl.DER_cert_to_PEM_cert(der).replace("CERTIFICATE", "EC PRIVATE KEY")
    )
    return Certificate(victim.cert, path, victim.serial)


@each_version
def test_a_certificate_without_its_key_is_worth_nothing(guard, pki, version):
    """Anybody can show alice's certificate; only alice can sign with it. The
    log does not take the name for proven."""
    stolen = steal(pki, pki.client_certificate)
    line = stays_out(guard(allow_cn="alice"), pki, stolen, version)
    assert "did not prove" in line["detail"]


@each_version
def test_a_pinned_certificate_without_its_key_is_worth_nothing(
    guard, pki, version
):
    """The same for one that is trusted as it is."""
    stolen = steal(pki, pki.client_certificate)
    proxy = guard(trusted_certs=pki.client_certificate.cert)
    accepted(proxy, pki.context(version, pki.client_certificate))
    stays_out(proxy, pki, stolen, version)


@each_version
def test_a_ca_for_servers_only(guard, pki, version):
    """An intermediate whose usages leave clients out vouches for none."""
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    sub = pki.craft_authority("server-sub", extensions=[(usage, False)])
    client = pki.craft_client("by-server-sub", issuer="server-sub", chain=[sub])
    stays_out(guard(allow_all=True), pki, client, version)
