# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules: who may come in by what its certificate says, and what those hear
who may not."""

import hashlib
import ssl

import pytest

from lib import backends, mtls, sidelock, tls
from lib.mtls import accepted, each_version, refused
from lib.pki import facts
from lib.settings import scaled
from lib.sidelock import one_service

# What one client says of itself, kind by kind, a rule that names it, and one
# that just does not.
KINDS = {
    "cn": ("scada-7", "Scada-7"),
    "ou": ("Line 4", "Line"),
    "dns": ("*.plant.test", "plant.test"),
    "uri": ("spiffe://plant.test/ns/*/sa/a", "spiffe://plant.test/ns/*/sa"),
    "ip": ("10.20.0.0/16", "10.21.0.0/16"),
    "email": ("@plant.test", "@web.plant.test"),
    "issuer": ("CN=sidelock test ca", "CN=sidelock test other-ca"),
    "serial": ("%s", "0%s0"),
}
each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(scope="module")
def scada(pki):
    """A client with a name of every kind."""
    return pki.client(
        "scada",
        subject="/OU=Line 4/CN=scada-7",
        names="DNS:web.plant.test,URI:spiffe://plant.test/ns/web/sa/a,"
        "IP:10.20.30.40,email:ops@plant.test",
    )


@pytest.fixture
def guard(program, pki, serve):
    """guard(keys of [clients], service={...}) starts a service that asks for
    certificates of pki.ca."""

    def start_guard(service=None, **clients):
        config = one_service(pki.server_certificate, serve(backends.echo))
        config["service"]["required_level"] = "peer"
        config["service"].update(service or {})
        config["clients"] = {"ca": pki.ca, **clients}
        return program(config).start()

    return start_guard


def rules_of(kind, certificate):
    """(one that names the certificate, one that does not)"""
    return [
        rule % certificate.serial if "%" in rule else rule
        for rule in KINDS[kind]
    ]


# --- each kind -----------------------------------------------------------------


@each_version
@each_kind
def test_a_rule_admits_whom_it_names(guard, pki, scada, kind, version):
    """And nobody else; the log says which rule it was."""
    names, _ = rules_of(kind, scada)
    stranger = pki.client("stranger", issuer="other-ca")
    proxy = guard(ca=[pki.ca, pki.other_ca], **{f"allow_{kind}": names})
    line = accepted(proxy, pki.context(version, scada))
    assert line["admitted_by"].lower() == f"allow_{kind} {names}".lower()
    line = refused(proxy, pki.context(version, stranger))
    assert line["code"] == "SL-CLIENT-NOT-ALLOWED"
    assert "no allow_* rule names it" in line["detail"]


@each_version
@each_kind
def test_a_rule_that_names_another_admits_nobody(
    guard, pki, scada, kind, version
):
    """Not a part of the name, not the name in other case, not a network
    beside."""
    _, other = rules_of(kind, scada)
    proxy = guard(ca=[pki.ca, pki.other_ca], **{f"allow_{kind}": other})
    line = refused(proxy, pki.context(version, scada))
    assert line["code"] == "SL-CLIENT-NOT-ALLOWED"


@each_version
@each_kind
def test_a_rule_that_denies_wins(guard, pki, scada, kind, version):
    """Over allow_all and a rule that admits; others come in."""
    names, _ = rules_of(kind, scada)
    proxy = guard(
        ca=[pki.ca, pki.other_ca], allow_all=True, allow_cn="scada-7",
        **{f"deny_{kind}": names},
    )  # fmt: skip
    line = refused(proxy, pki.context(version, scada))
    assert line["code"] == "SL-CLIENT-DENIED"
    assert f"denied by deny_{kind} {names}".lower() in line["detail"].lower()
    stranger = pki.client("stranger", issuer="other-ca")
    line = accepted(proxy, pki.context(version, stranger))
    assert line["admitted_by"] == "allow_all"


@each_version
def test_all_of_demands_every_kind(guard, pki, scada, version):
    """allow = all-of: one rule of each kind; a client that lacks one of them
    stays outside."""
    proxy = guard(
        allow="all-of", allow_ou=["Line 4", "Line 5"],
        allow_dns="*.plant.test",
    )  # fmt: skip
    accepted(proxy, pki.context(version, scada))
    for subject, names in (
        ("/OU=Line 4/CN=a", "DNS:web.other.test"),
        ("/OU=Line 6/CN=b", "DNS:web.plant.test"),
    ):
        half = pki.client("half", subject=subject, names=names)
        line = refused(proxy, pki.context(version, half))
        assert line["code"] == "SL-CLIENT-NOT-ALLOWED"


# --- files -----------------------------------------------------------------------


@each_version
def test_a_file_of_rules_changes_with_a_reload(
    guard, pki, scada, version, tmp_path
):
    """Who is added comes in, who is taken away does not; the log names file
    and line."""
    rules = tmp_path / "peers.rules"
    rules.write_text("# plant\ncn:scada-7\n")
    proxy = guard(allow_file=rules)
    scada_context = pki.context(version, scada)
    alice = pki.context(version, pki.client_certificate)
    line = accepted(proxy, scada_context)
    assert line["admitted_by"] == f"allow_cn scada-7 ({rules}:2)"
    refused(proxy, alice)
    rules.write_text("cn:alice\n")
    proxy.reload()
    refused(proxy, scada_context)
    accepted(proxy, alice)
    rules.write_text("cn:alice\ncn:scada-7\ndeny-cn:alice\n")
    proxy.reload()
    line = refused(proxy, alice)
    assert f"deny_cn alice ({rules}:3)" in line["detail"]
    accepted(proxy, scada_context)


def test_a_file_with_an_error_leaves_the_rules_before(
    guard, pki, scada, tmp_path
):
    """The reload fails and names the line; who could come in still can, and
    nobody else."""
    rules = tmp_path / "peers.rules"
    rules.write_text("cn:scada-7\n")
    proxy = guard(allow_file=rules)
    rules.write_text("cn:alice\nscada-8\n")
    assert f"{rules}:2" in proxy.reload("failure")["error"]
    accepted(proxy, pki.context(certificate=scada))
    refused(proxy, pki.context(certificate=pki.client_certificate))


@each_version
def test_ten_thousand_rules_admit_those_they_name(
    guard, pki, version, tmp_path
):
    """The first, one in the middle and the last of 10,000 names; not the one
    that comes next."""
    count = scaled(10000, least=100)
    rules = tmp_path / "peers.rules"
    rules.write_text("".join(f"cn:node-{n}\n" for n in range(count)))
    proxy = guard(allow_file=rules)
    for number in (0, count // 2, count - 1):
        node = pki.client(f"node-{number}")
        line = accepted(proxy, pki.context(version, node))
        assert line["admitted_by"] == (
            f"allow_cn node-{number} ({rules}:{number + 1})"
        )
    refused(proxy, pki.context(version, pki.client(f"node-{count}")))


# --- extended key usage ----------------------------------------------------------

USAGES = {
    # usage of the certificate: (comes in when required, when if-present)
    "clientAuth": (True, True),
    "serverAuth,clientAuth": (True, True),
    "anyExtendedKeyUsage": (True, True),
    "": (False, True),
    "serverAuth": (False, False),
    "codeSigning,1.2.3.4": (False, False),
}


@each_version
@pytest.mark.parametrize("policy", ["required", "if-present"])
def test_the_extended_key_usage_decides(guard, pki, policy, version):
    """eku = required wants clientAuth; if-present takes a certificate that
    has no usage at all, too. The refusal names what was found."""
    proxy = guard(allow_all=True, eku=policy)
    for number, (eku, comes_in) in enumerate(USAGES.items()):
        client = pki.client(f"usage-{number}", eku=eku)
        context = pki.context(version, client)
        if comes_in[policy == "if-present"]:
            accepted(proxy, context)
            continue
        line = refused(proxy, context)
        assert line["code"] == "SL-CLIENT-PURPOSE"
        found = eku.replace(",", ", ").replace("1.2.3.4", "another usage")
        found = found or "none"
        assert f"extended key usage is {found}," in line["detail"]


# --- how much is asked for ---------------------------------------------------------


@each_version
def test_optional_takes_clients_without_a_certificate(guard, pki, version):
    """They come in without a name; one that proves who it is has one."""
    proxy = guard(
        service={"required_level": "tls", "client_certificate": "optional"},
        allow_all=True,
    )
    line = accepted(proxy, pki.context(version))
    assert line["tls"] == f"[{tls.VERSION_NAMES[version]}]"
    assert "identity" not in line and "admitted_by" not in line
    line = accepted(proxy, pki.context(version, pki.client_certificate))
    assert line["tls"] == f"[{tls.VERSION_NAMES[version]} VERIFIED]"
    assert line["identity"] == "CN=alice"


@each_version
def test_optional_refuses_a_bad_certificate(guard, pki, version):
    """Who shows one must be one of ours: an unknown CA, an expired one and
    one that no rule names are refused with their reasons."""
    proxy = guard(
        service={"required_level": "tls", "client_certificate": "optional"},
        allow_cn="alice",
    )
    bad = {
        "SL-CLIENT-UNKNOWN-CA": pki.client("mallory", issuer="other-ca"),
        "SL-CLIENT-EXPIRED": pki.client("late", days=(-30, -1)),
        "SL-CLIENT-NOT-ALLOWED": pki.client("bob"),
    }
    for code, certificate in bad.items():
        line = refused(proxy, pki.context(version, certificate))
        assert line["code"] == code
        assert f"CN={certificate.key.stem}" in line["detail"]


@each_version
def test_ignore_asks_nobody(guard, pki, version):
    """client_certificate = ignore: a certificate of a stranger is not even
    asked for, and says nothing."""
    proxy = guard(
        service={"required_level": "tls", "client_certificate": "ignore"},
    )
    stranger = pki.client("mallory", issuer="other-ca")
    line = accepted(proxy, pki.context(version, stranger))
    assert line["tls"] == f"[{tls.VERSION_NAMES[version]}]"
    assert "identity" not in line


@each_version
def test_each_service_has_rules_of_its_own(program, serve, pki, version):
    """Whom one admits another refuses; what [clients] says holds for those
    that say nothing else."""
    service = {
        "listen": "127.0.0.1:0", "certificate": "c",
        "backend": serve(backends.echo).address, "required_level": "peer",
    }  # fmt: skip
    proxy = program(
        {
            "service one": service, "service two": service,
            "service three": service,
            "clients": {"ca": pki.ca, "allow_cn": "carol"},
            "clients one": {"allow_cn": "alice"},
            "clients two": {"allow_cn": "bob", "ca": pki.other_ca},
            "certificate c": pki.server_certificate.as_section(),
        }
    ).start()  # fmt: skip
    alice = pki.context(version, pki.client_certificate)
    bob = pki.context(version, pki.client("bob"))
    other_bob = pki.client("bob-2", subject="/CN=bob", issuer="other-ca")
    other_bob = pki.context(version, other_bob)
    carol = pki.context(version, pki.client("carol"))
    comes_in = {"one": alice, "two": other_bob, "three": carol}
    for name, welcome in comes_in.items():
        for context in (alice, bob, other_bob, carol):
            judge = accepted if context is welcome else refused
            judge(proxy, context, service=name)


# --- what is said ----------------------------------------------------------------


@pytest.fixture(scope="module")
def turned_away(pki):
    """Clients that are refused where alice alone is named: the alert that
    they read, and the log's code."""
    return {
        "unknown": (
            pki.client("mallory", issuer="other-ca"),
            mtls.UNKNOWN_CA, "SL-CLIENT-UNKNOWN-CA",
        ),
        "self-signed": (
            pki.self_signed_client("selfmade"),
            mtls.UNKNOWN_CA, "SL-CLIENT-UNKNOWN-CA",
        ),
        "expired": (
            pki.client("late", days=(-30, -1)),
            mtls.CERTIFICATE_EXPIRED, "SL-CLIENT-EXPIRED",
        ),
        "not yet valid": (
            pki.client("early", days=(10, 30)),
            mtls.CERTIFICATE_EXPIRED, "SL-CLIENT-EXPIRED",
        ),
        "for servers": (
            pki.server("webserver"),
            mtls.UNSUPPORTED_CERTIFICATE, "SL-CLIENT-PURPOSE",
        ),
        "denied": (
            pki.client("eve"), mtls.ACCESS_DENIED, "SL-CLIENT-DENIED",
        ),
        "not allowed": (
            pki.client("bob"), mtls.ACCESS_DENIED, "SL-CLIENT-NOT-ALLOWED",
        ),
    }  # fmt: skip


WHY = (
    "unknown", "self-signed", "expired", "not yet valid", "for servers",
    "denied", "not allowed",
)  # fmt: skip


@each_version
@pytest.mark.parametrize("why", WHY)
def test_the_client_is_told_by_the_right_alert(
    guard, pki, turned_away, why, version
):
    """As openssl's client shows it, in both versions."""
    certificate, number, code = turned_away[why]
    proxy = guard(allow_cn="alice", deny_cn="eve")
    assert mtls.alert(proxy, version, certificate) == number
    assert proxy.connection_end(reason="client_refused")["code"] == code


@pytest.mark.parametrize(
    "version, number",
    [(tls.TLS12, mtls.HANDSHAKE_FAILURE), (tls.TLS13, mtls.CERTIFICATE_REQUIRED)],
    ids=("TLSv1.2", "TLSv1.3"),
)
def test_a_client_without_certificate_is_told_so(guard, pki, version, number):
    """certificate_required, which is new in TLS 1.3; in TLS 1.2 it is
    handshake_failure (RFC 5246, section 7.4.6)."""
    proxy = guard(allow_all=True)
    assert mtls.alert(proxy, version) == number
    line = proxy.connection_end(reason="client_refused")
    assert line["code"] == "SL-CLIENT-REFUSED"


@each_version
@pytest.mark.parametrize("why", WHY)
def test_a_refusal_says_all_that_the_certificate_does(
    guard, pki, turned_away, why, version
):
    """Subject, issuer, serial, fingerprint, dates and usage; and what would
    help, in the words of `sidelock explain`."""
    certificate, _, code = turned_away[why]
    proxy = guard(allow_cn="alice", deny_cn="eve")
    line = refused(proxy, pki.context(version, certificate))
    der = ssl.PEM_cert_to_DER_cert(certificate.cert.read_text())
    said = facts(certificate)
    for text in (
        f'subject "{said.subject}"',
        f'issuer "{said.issuer}"',
        f"serial {said.serial}",
        f"valid {said.not_before} to {said.not_after}",
        f"sha256 {hashlib.sha256(der).hexdigest()}",
        "extended key usage ",
    ):
        assert text in line["detail"]
    assert line["code"] == code
    done = sidelock.run("explain", code)
    assert done.returncode == 0
    assert f"remedy: {line['remedy']}\n" in done.stdout
    assert code in done.stdout
