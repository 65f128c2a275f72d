# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS Secrets and their use: for each check what trips it and what just misses it."""

from __future__ import annotations

import base64
import copy
import json
import time
from dataclasses import replace
from datetime import datetime

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.intent.seldon import OPERATOR_ISTIO_GRPC_PATH
from ansible_collections.mlops.ingress.plugins.module_utils.lint import secrets
from ansible_collections.mlops.ingress.plugins.module_utils.lint.istio_objects import istio_findings
from ansible_collections.mlops.ingress.plugins.module_utils.lint.tls import tls_findings
from ansible_collections.mlops.ingress.plugins.module_utils.objects import certificates
from ansible_collections.mlops.ingress.tests.support.certificates import NOW, key_pem, make
from ansible_collections.mlops.ingress.tests.support.strategies import garbage
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

usual = settings(deadline=None, derandomize=True, max_examples=150, suppress_health_check=list(HealthCheck))
ISTIO, AMBASSADOR = "networking.istio.io/v1beta1", "getambassador.io/v3alpha1"


@pytest.fixture(scope="session")
def made():
    """Certificates by name."""
    root = make("root", ca=True, ends=4000)
    middle = make("middle", ca=True, issuer=root, ends=2000)

    def signed(name="a.com", **options):
        return make(name, **{"names": ["a.com"], "issuer": middle} | options)

    return {
        "root": root,
        "middle": middle,
        "good": signed(),
        "wild": signed(names=["*.a.com"]),
        "nameless": signed(names=None),
        "unsubjected": signed("", ends=-1),
        "expired": signed(ends=-1),
        "future": signed(begins=2),
        "soon": signed(ends=12.5),
        "tomorrow": signed(ends=1.5),
        "today": signed(ends=0.5),
        "barely": signed(ends=30),
        "old middle": (old := make("old", ca=True, issuer=root, ends=-3)),
        "of old": signed(issuer=old),
        "own": signed(issuer=None),
        "authority": signed(ca=True),
        "rsa 1024": signed(private=rsa.generate_private_key(65537, 1024)),
        "rsa 2048": signed(private=rsa.generate_private_key(65537, 2048)),
        "ec 224": signed(private=ec.generate_private_key(ec.SECP224R1())),
    }


def encoded(pem):
    return base64.b64encode(pem).decode()


def obj(version, kind, name, namespace, spec, **metadata):
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": spec,
    }


def raw(data=None, name="s", namespace="n", kind="kubernetes.io/tls", **more):
    found = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}, "type": kind}
    return found | ({} if data is None else {"data": data}) | more


def secret(leaf, *others, key=None, **options):
    pem = b"".join(one.pem for one in (leaf, *others))
    return raw({"tls.crt": encoded(pem), "tls.key": encoded(key or leaf.key)}, **options)


def gateway(*hosts, credential="s", namespace="n", selector=None, name="gw", mode="SIMPLE", **tls):
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "hosts": list(hosts or ("a.com",)),
        "tls": {"mode": mode, "credentialName": credential, **tls},
    }
    return obj(ISTIO, "Gateway", name, namespace, {"selector": selector or {"istio": "in"}, "servers": [server]})


def workload(namespace, kind="Deployment", labels=None):
    labels = labels or {"istio": "in", "app": "in"}
    if kind == "Pod":
        return obj("v1", "Pod", "p", namespace, {}, labels=labels)
    return obj("apps/v1", kind, "w", namespace, {"template": {"metadata": {"labels": labels}}})


def host(name="h", namespace="n", **spec):
    spec = {"hostname": "a.com", "requestPolicy": {"insecure": {"action": "Route"}}} | spec
    return obj(AMBASSADOR, "Host", name, namespace, {key: value for key, value in spec.items() if value is not None})


def context(**spec):
    return obj(AMBASSADOR, "TLSContext", "c", "n", spec)


def mapping(name="m", version=AMBASSADOR, labels=None, **spec):
    return obj(version, "Mapping", name, "n", {"prefix": "/", "service": "x", **spec}, labels=labels or {})


def said(objects, check=None, now=NOW, **options):
    """The findings as (level, where, message), of one check if it is named."""
    before = copy.deepcopy(objects)
    found = tls_findings(objects, now, **options)
    assert objects == before
    for finding in found:
        assert finding.id in ("E01", "E02", "E03", "E04", "E05", "E06")
        assert finding.message[0].islower() or finding.message[0] == "'"
        assert not finding.message.endswith(".")
        assert finding.fix[0].islower()
        assert not finding.fix.endswith(".")
        assert "\n" not in finding.where + finding.message + finding.fix
    return [(one.level, one.where, one.message) for one in found if check in (None, one.id)]


def check_case(found, level, where, message):
    """One finding that says so, or none where no level is expected."""
    if level is None:
        assert found == []
        return
    assert len(found) == 1, found
    assert found[0][0] == level
    assert found[0][1].startswith(where)
    assert message in found[0][2]


def test_a_good_secret_has_no_findings(made):
    good = secret(made["good"], made["middle"])
    assert said([good]) == []
    assert (
        said([good, gateway(), workload("n"), host(tlsSecret={"name": "s"}), context(secret="s", hosts=["a.com"])])
        == []
    )
    assert said([]) == []


# --- E01 ----------------------------------------------------------------------------------------------------------

CRT, KEY = "Secret n/s data[tls.crt]", "Secret n/s data[tls.key]"
LARGE = "A" * 4 * (2**20 // 3 + 10)

VALUES = {
    "no data": (lambda m: raw(), [(CRT, "is missing"), (KEY, "is missing")]),
    "null": (lambda m: raw({"tls.crt": None, "tls.key": encoded(m["good"].key)}), [(CRT, "is empty")]),
    "empty": (lambda m: raw({"tls.crt": "", "tls.key": encoded(m["good"].key)}), [(CRT, "is empty")]),
    "blank": (lambda m: raw({"tls.crt": encoded(b" \n"), "tls.key": encoded(m["good"].key)}), [(CRT, "is empty")]),
    "no key": (lambda m: raw({"tls.crt": encoded(m["good"].pem)}), [(KEY, "is missing")]),
    "number": (lambda m: raw({"tls.crt": 7, "tls.key": encoded(m["good"].key)}), [(CRT, "is no text")]),
    "a key in a list": (
        lambda m: raw({"tls.crt": encoded(m["good"].pem), "tls.key": [m["good"].key.decode()]}),
        [(KEY, "is no text")],
    ),
    "data is a list": (lambda m: raw(["x"]), [("Secret n/s data", "is no mapping")]),
    "stringData is a text": (
        lambda m: secret(m["good"], stringData="x"),
        [("Secret n/s stringData", "is no mapping")],
    ),
    "no base64": (
        lambda m: raw({"tls.crt": m["good"].pem.decode(), "tls.key": encoded(m["good"].key)}),
        [(CRT, "is not base64")],
    ),
    "no padding": (
        lambda m: raw({"tls.crt": encoded(m["good"].pem)[:-1], "tls.key": encoded(m["good"].key)}),
        [(CRT, "is not base64")],
    ),
    "base64 in lines": (
        lambda m: raw(
            {
                "tls.crt": base64.encodebytes(m["good"].pem).decode().replace("\n", "\r\n"),
                "tls.key": encoded(m["good"].key),
            }
        ),
        [],
    ),
    "twice base64": (
        lambda m: raw({"tls.crt": encoded(encoded(m["good"].pem).encode()), "tls.key": encoded(m["good"].key)}),
        [(CRT, "encoded twice")],
    ),
    "no PEM": (
        lambda m: raw({"tls.crt": encoded(b"hello"), "tls.key": encoded(b"hello")}),
        [(CRT, "no certificate in PEM"), (KEY, "no private key in PEM")],
    ),
    "swapped": (
        lambda m: raw({"tls.crt": encoded(m["good"].key), "tls.key": encoded(m["good"].pem)}),
        [(CRT, "holds a private key and no certificate"), (KEY, "holds a certificate and no private key")],
    ),
    "encrypted": (
        lambda m: secret(m["good"], key=key_pem(m["good"].private, b"password")),
        [(KEY, "is encrypted")],
    ),
    "stringData": (
        lambda m: raw(stringData={"tls.crt": m["good"].pem.decode(), "tls.key": m["good"].key.decode()}),
        [],
    ),
    "stringData wins": (
        lambda m: secret(m["good"], stringData={"tls.crt": "hello"}),
        [("Secret n/s stringData[tls.crt]", "no certificate in PEM")],
    ),
    "stringData wins over garbage": (
        lambda m: raw(
            {"tls.crt": "%", "tls.key": encoded(m["good"].key)}, stringData={"tls.crt": m["good"].pem.decode()}
        ),
        [],
    ),
    "surrogates": (
        lambda m: secret(m["good"], stringData={"tls.crt": "\ud800"}),
        [("Secret n/s stringData[tls.crt]", "no certificate in PEM")],
    ),
    "large": (
        lambda m: raw({"tls.crt": LARGE, "tls.key": encoded(m["good"].key)}),
        [(CRT, "is larger than 1 MiB")],
    ),
    "very large": (
        lambda m: secret(m["good"], stringData={"tls.key": "-" * 5 * 2**20}),
        [("Secret n/s stringData[tls.key]", "is larger than 1 MiB")],
    ),
    "just not large": (
        lambda m: secret(m["good"], stringData={"tls.crt": m["good"].pem.decode().ljust(2**20, "\n")}),
        [],
    ),
    "key of another": (
        lambda m: secret(m["good"], m["middle"], key=m["wild"].key),
        [("Secret n/s", "the private key is not that of certificate 1 of 2 (CN=a.com)")],
    ),
    "leaf second": (
        lambda m: secret(m["middle"], m["good"], key=m["good"].key),
        [("Secret n/s", "the private key is that of certificate 2 of 2 (CN=a.com), which therefore has to be")],
    ),
    "leaf alone": (lambda m: secret(m["good"]), []),
    "with the root": (lambda m: secret(m["good"], m["middle"], m["root"]), []),
    "middle missing": (
        lambda m: secret(m["good"], m["root"]),
        [("Secret n/s", "certificate 2 of 2 (CN=root) is out of place: it did not sign certificate 1 of 2 (CN=a.com)")],
    ),
    "order": (
        lambda m: secret(m["good"], m["root"], m["middle"]),
        [("Secret n/s", "certificate 2 of 3 (CN=root) is out of place")],
    ),
    "last is out of place": (
        lambda m: secret(m["good"], m["middle"], m["wild"]),
        [("Secret n/s", "certificate 3 of 3 (CN=a.com) is out of place: it did not sign certificate 2 of 3")],
    ),
}


@pytest.mark.parametrize("case", VALUES)
def test_what_a_secret_holds(made, case):
    build, expected = VALUES[case]
    found = said([build(made)])
    assert [level for level, _where, _message in found] == ["error"] * len(expected)
    for (_level, where, message), (wanted_where, wanted) in zip(found, expected, strict=True):
        assert where == wanted_where
        assert wanted in message


def test_a_ca_that_clients_are_shown_is_a_warning(made):
    found = said([secret(made["authority"], made["middle"])])
    check_case(
        found, "warning", "Secret n/s", "certificate 1 of 2 (CN=a.com), which clients are shown, is that of a CA"
    )


@pytest.mark.parametrize(
    ("options", "others", "examined"),
    [
        ({}, [], True),
        ({"kind": "Opaque"}, [], False),
        ({"kind": None}, [], False),
        ({"kind": "Opaque"}, [gateway(credential="s")], True),
        ({"kind": "Opaque"}, [gateway(credential="kubernetes://s")], True),
        ({"kind": "Opaque"}, [gateway(credential="configmap://n/s")], False),
        ({"kind": "Opaque"}, [gateway(mode="PASSTHROUGH")], False),
        ({"kind": "Opaque"}, [host(tlsSecret={"name": "s"})], True),
        ({"kind": "Opaque"}, [host(tlsSecret={"name": "t"})], False),
        ({"kind": "Opaque"}, [host(tlsSecret={"name": "s", "namespace": "o"})], False),
        ({"kind": "Opaque"}, [context(secret="s")], True),
        ({"kind": "Opaque"}, [context(secret="s.n")], True),
        ({"kind": "Opaque"}, [context(secret="s.n", secret_namespacing=False)], False),
        (
            {"kind": "Opaque"},
            [obj("networking.k8s.io/v1", "Ingress", "i", "n", {"tls": [{"secretName": "s"}]})],
            True,
        ),
        ({"kind": "Opaque"}, [obj("networking.k8s.io/v1", "Ingress", "i", "o", {"tls": [{"secretName": "s"}]})], False),
        ({"kind": "Opaque"}, [gateway() | {"apiVersion": "gateway.networking.k8s.io/v1"}], False),
        ({"apiVersion": "example.com/v1"}, [], False),
    ],
)
def test_which_secrets_are_looked_at(options, others, examined):
    found = said([raw({"tls.crt": "%", "tls.key": "%"}, **options), *others], "E01")
    assert len(found) == (2 if examined else 0)


def test_a_tls_context_in_an_annotation_names_a_secret_too():
    text = "apiVersion: getambassador.io/v2\nkind: TLSContext\nname: c\nsecret: s\n"
    service = obj("v1", "Service", "x", "n", {}, annotations={"getambassador.io/config": text})
    assert len(said([raw({"tls.crt": "%"}, kind="Opaque"), service], "E01")) == 2
    service["metadata"]["annotations"]["getambassador.io/config"] = "TLSContext: [\n"
    assert said([raw({"tls.crt": "%"}, kind="Opaque"), service]) == []


@pytest.mark.parametrize(
    ("keys", "use", "findings"),
    [
        (("cert", "key"), gateway(), 0),
        (("tls.crt", "tls.key"), gateway(), 0),
        (("cert", "key"), host(tlsSecret={"name": "s"}), 2),
        (("cert", "tls.key"), gateway(), 1),
    ],
)
def test_names_of_keys_that_istio_takes(made, keys, use, findings):
    good = made["good"]
    opaque = raw(dict(zip(keys, (encoded(good.pem), encoded(good.key)), strict=True)), kind="Opaque")
    assert len(said([opaque, use], "E01")) == findings


@pytest.mark.parametrize(
    ("ca", "beside", "level", "message"),
    [
        ({}, None, "error", "asks clients for certificates, and Secret n/s holds no CA"),
        ({"ca.crt": "root"}, None, None, ""),
        ({"cacert": "root"}, None, None, ""),
        ({}, {"ca.crt": "root"}, None, ""),
        ({}, {"cacert": "root"}, None, ""),
        ({"ca.crt": "root"}, {"x": "root"}, "error", "Secret n/s-cacert holds no CA"),
        ({"ca.crt": "old middle"}, None, "error", "certificate 1 of 1 (CN=old) has expired"),
        ({"ca.crt": None}, None, "error", "no certificate in PEM"),
    ],
)
def test_the_ca_of_mutual_tls(made, ca, beside, level, message):
    def values(given):
        return {key: encoded(made[name].pem if name else b"hello") for key, name in given.items()}

    one = secret(made["good"], made["middle"])
    one["data"] |= values(ca)
    objects = [one] if beside is None else [one, raw(values(beside), name="s-cacert", kind="Opaque")]
    check_case(said([*objects, gateway(mode="MUTUAL")]), level, "", message)
    assert said([*objects, gateway()]) == []
    assert said([one, gateway(mode="MUTUAL", caCertificates="/ca.pem")]) == []


def test_the_secret_of_a_ca_needs_no_key(made):
    both = secret(made["good"])
    authority = raw({"tls.crt": encoded(made["root"].pem), "tls.key": ""}, name="ca")
    assert said([both, authority, context(secret="s", ca_secret="ca")]) == []
    assert "tls.key" in said([both, authority, context(secret="s")], "E01")[0][1]


# --- E02 ----------------------------------------------------------------------------------------------------------

BESIDE = "is not in the namespace 'a', where the pods are that the selector fits; there is one in 'n'"
PLACES = [
    ("in place", "a", [workload("a")], {}, None, ""),
    ("beside the Gateway only", "n", [workload("a")], {}, "error", BESIDE),
    ("a Pod", "n", [workload("a", "Pod")], {}, "error", "'a'"),
    ("a DaemonSet", "n", [workload("a", "DaemonSet")], {}, "error", "'a'"),
    ("two namespaces", "n", [workload("a"), workload("b")], {}, "error", "not in the namespaces 'a', 'b'"),
    ("one of two", "a", [workload("a"), workload("b")], {}, "error", "not in the namespace 'b'"),
    ("a workload that does not fit", "n", [workload("a", labels={"istio": "out"})], {}, None, ""),
    ("a selector that fits in part", "n", [workload("a")], {"selector": {"istio": "in", "app": "out"}}, None, ""),
    ("a selector that is no text in part", "n", [workload("a")], {"selector": {"istio": "in", "app": 7}}, None, ""),
    ("a selector that fits in full", "n", [workload("a")], {"selector": {"istio": "in", "app": "in"}}, "error", "'a'"),
    ("no workloads, beside the Gateway", "n", [], {}, None, ""),
    ("no workloads, elsewhere", "a", [], {}, "warning", "is in 'a' and not beside the Gateway"),
    ("no workloads, nowhere", "a", [], {"credential": "t"}, "error", "names the Secret 't', which is in no namespace"),
    ("workloads, nowhere", "a", [workload("a")], {"credential": "t"}, "error", "is not in the namespace 'a'"),
    ("a namespace of its own", "a", [], {"credential": "kubernetes://a/s"}, None, ""),
    ("another namespace of its own", "a", [], {"credential": "kubernetes://b/s"}, "error", "'b'"),
    ("none of Kubernetes", "a", [], {"credential": "builtin://"}, None, ""),
    ("not for clients", "a", [], {"mode": "ISTIO_MUTUAL"}, None, ""),
    ("a list of names", "n", [], {"credential": None, "credentialNames": ["s", "t"]}, "error", "'t'"),
]


@pytest.mark.parametrize(
    ("place", "others", "options", "level", "message"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES]
)
def test_where_istio_looks_for_a_secret(made, place, others, options, level, message):
    objects = [secret(made["good"], namespace=place), gateway(**options), *others]
    check_case(said(objects, "E02"), level, "Gateway n/gw spec.servers[0].tls.credentialName", message)
    assert said(objects[1:]) == []


@pytest.mark.parametrize(("places", "fix"), [("a", "put the Secret into 'a'"), ("ab", "put the Secret into 'a', 'b'")])
def test_where_to_put_a_secret(made, places, fix):
    objects = [secret(made["good"], namespace="n"), gateway(), *map(workload, places)]
    assert [one.fix for one in tls_findings(objects, NOW) if one.id == "E02"] == [fix]


@pytest.mark.parametrize(
    ("use", "level", "message"),
    [
        (host(tlsSecret={"name": "s"}), None, ""),
        (host(tlsSecret={"name": "t"}), "error", "names the Secret 't', which is not in the namespace 'n'"),
        (host(tlsSecret={"name": "s"}, namespace="o"), "error", "not in the namespace 'o'; there is one in 'n'"),
        (host(tlsSecret={"name": "s", "namespace": "n"}, namespace="o"), None, ""),
        (host(tlsSecret={"name": "s.n"}, namespace="o"), "error", "names the Secret 's.n'"),
        (context(secret="s"), None, ""),
        (context(secret="t"), "error", "names the Secret 't'"),
        (context(secret="s.n"), None, ""),
        (context(secret="s.o"), "error", "names the Secret 's', which is not in the namespace 'o', which the last dot"),
        (context(secret="s.n", secret_namespacing=False), "error", "names the Secret 's.n'"),
        (context(secret="s", ca_secret="t"), "error", "names the Secret 't'"),
        (context(hosts=["a.com"]), None, ""),
    ],
)
def test_where_emissary_looks_for_a_secret(made, use, level, message):
    found = said([secret(made["good"]), use], "E02")
    check_case(found, level, use["kind"], message)
    # A Secret for something else says nothing about those that are not given.
    assert said([raw({"password": "eA=="}, name="other", kind="Opaque"), use]) == []


@pytest.mark.parametrize(
    ("name", "own", "level"),
    [("ambassador", None, "error"), ("ambassador", True, None), ("tls", None, None)],
)
def test_the_module_can_turn_namespaces_off(made, name, own, level):
    module = obj(AMBASSADOR, "Module", name, "n", {"config": {"defaults": {"tls_secret_namespacing": False}}})
    given = context(secret="s.n") if own is None else context(secret="s.n", secret_namespacing=own)
    check_case(said([secret(made["good"]), module, given], "E02"), level, "TLSContext n/c spec.secret", "'s.n'")


# --- E03 ----------------------------------------------------------------------------------------------------------

NAMES = [
    ("good", ["a.com"], ""),
    ("good", ["n/A.com"], ""),
    ("good", ["*/a.com"], ""),
    ("good", ["b.com"], "'b.com' is served with the certificate of Secret n/s"),
    ("good", ["./b.com", "c.com", "a.com"], "'b.com', 'c.com' are served"),
    ("good", ["*.a.com"], "'*.a.com' is served"),
    ("good", ["x.a.com"], "'x.a.com' is served"),
    ("good", ["*"], ""),
    ("wild", ["x.a.com"], ""),
    ("wild", ["x.y.a.com"], "'x.y.a.com' is served"),
    ("wild", ["a.com"], "which names only '*.a.com'"),
    ("wild", ["*.a.com"], ""),
    ("wild", ["*.b.a.com"], "'*.b.a.com' is served"),
    ("nameless", ["a.com"], "has no subject alternative name"),
    ("nameless", ["*"], "has no subject alternative name"),
]


@pytest.mark.parametrize(("certificate", "hosts", "message"), NAMES)
def test_hosts_and_names(made, certificate, hosts, message):
    given = secret(made[certificate])
    level = "error" if message else None
    check_case(said([given, gateway(*hosts)], "E03"), level, "Gateway n/gw spec.servers[0].hosts", message)
    plain = [name.rpartition("/")[2] for name in hosts]
    check_case(said([given, context(secret="s", hosts=plain)], "E03"), level, "TLSContext n/c spec.hosts", message)
    if len(plain) == 1:
        one = host(hostname=plain[0], tlsSecret={"name": "s"})
        check_case(said([given, one], "E03"), level, "Host n/h spec.hostname", message)


def test_near_misses_of_hosts(made):
    other = secret(made["good"])
    assert said([other, host(hostname="a.com:8443", tlsSecret={"name": "s"})]) == []
    assert said([other, host(hostname=None, tlsSecret={"name": "s"})]) == []
    assert said([other, host("h2", tlsSecret={"name": "s"}), context(secret="s", hosts=["h2"])]) == []
    # A client needs no name, and a certificate without one is well where it is not shown to clients.
    assert said([secret(made["nameless"]), context(secret="s")]) == []


def test_the_fingerprint_says_which_certificate_is_meant(made):
    found = said([secret(made["good"]), gateway("b.com")], "E03")
    (leaf,) = certificates.read_chain(made["good"].pem)
    assert leaf.fingerprint_sha256 in found[0][2]


def test_of_several_secrets_only_that_of_the_pods_is_compared(made):
    secrets = [secret(made["good"], namespace="x"), secret(made["wild"], namespace="y")]
    assert said([*secrets, gateway("a.com")], "E03") == []
    check_case(said([*secrets, gateway("a.com"), workload("y")], "E03"), "error", "Gateway n/gw", "Secret y/s")
    assert said([*secrets, gateway("a.com"), workload("x")], "E03") == []


# --- E04, E05 -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "check", "level", "message"),
    [
        (["expired"], "E04", "error", "certificate 1 of 1 (CN=a.com) has expired on 2026-05-31"),
        (["of old", "old middle"], "E04", "error", "certificate 2 of 2 (CN=old) has expired on 2026-05-29"),
        (["future"], "E04", "error", "certificate 1 of 1 (CN=a.com) is not valid before 2026-06-03"),
        (
            ["soon", "middle"],
            "E04",
            "warning",
            "certificate 1 of 2 (CN=a.com) ends on 2026-06-14, which is 12 days away",
        ),
        (["tomorrow"], "E04", "warning", "which is 1 day away"),
        (["today"], "E04", "warning", "which is less than a day away"),
        (["barely"], "E04", None, ""),
        (["rsa 1024"], "E05", "warning", "certificate 1 of 1 (CN=a.com) has an RSA key of 1024 bits"),
        (["rsa 2048"], "E05", None, ""),
        (["ec 224"], "E05", "warning", "has an EC key of 224 bits"),
        (["own"], "E05", "warning", "is signed by its own key"),
        (["good", "middle", "root"], "E05", None, ""),
    ],
)
def test_dates_and_strength(made, names, check, level, message):
    check_case(said([secret(*(made[name] for name in names))]), level, "Secret n/s", message)
    if level:
        assert len(said([secret(*(made[name] for name in names))], check)) == 1


def test_how_soon_is_a_choice(made):
    assert said([secret(made["soon"])], warn_days=12) == []
    assert len(said([secret(made["soon"])], warn_days=13)) == 1
    assert said([secret(made["soon"])], warn_days=0) == []


@pytest.mark.parametrize(
    ("digest", "places", "message"),
    [
        ("sha1", [0], "certificate 1 of 3 (CN=a.com) is signed with SHA1, which clients refuse"),
        ("md5", [1], "certificate 2 of 3 (CN=middle) is signed with MD5"),
        ("sha1", [2], ""),  # nobody looks at the signature of a root
        ("sha384", [0, 1, 2], ""),
    ],
)
def test_weak_signatures(made, monkeypatch, digest, places, message):
    """The library signs nothing with them any more, so what is read is changed."""

    def read(pem):
        found = certificates.read_chain(pem)
        return tuple(replace(one, signature_hash=digest) if place in places else one for place, one in enumerate(found))

    monkeypatch.setattr(secrets, "read_chain", read)
    found = said([secret(made["good"], made["middle"], made["root"])])
    check_case(found, "warning" if message else None, "Secret n/s", message)


def test_a_certificate_without_a_subject_is_known_by_its_fingerprint(made):
    (leaf,) = certificates.read_chain(made["unsubjected"].pem)
    assert f"(SHA-256 {leaf.fingerprint_sha256}) has expired" in said([secret(made["unsubjected"])])[0][2]


def test_a_hostile_subject_stays_on_one_line_and_short():
    evil = make("x\n\x1b[31m" + "y" * 40, names=["a.com"], ends=-1)
    found = said([secret(evil)], "E04")
    assert found[0][2].isprintable()
    assert len(found[0][2]) < 200


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        tls_findings([], datetime(2026, 6, 1))


# --- E06 ----------------------------------------------------------------------------------------------------------

TLS = {"tlsSecret": {"name": "s"}}
REDIRECT = {"requestPolicy": {"insecure": {"action": "Redirect"}}}
DEFAULT = {"requestPolicy": None}
GRPC = mapping(hostname="a.com", grpc=True)
FOLLOW, NOTHING = (
    "which gRPC clients and plain health checks do not follow, and Mapping n/m is gRPC",
    "nothing answers there",
)

HOSTS = [
    ("redirect, gRPC", [host(**TLS, **REDIRECT), GRPC], f"redirects http to https, {FOLLOW}"),
    ("default, gRPC", [host(**TLS, **DEFAULT), GRPC], f"redirects http to https, which is the default, {FOLLOW}"),
    ("route, gRPC", [host(**TLS), GRPC], ""),
    ("reject, gRPC", [host(**TLS, requestPolicy={"insecure": {"action": "Reject"}}), GRPC], ""),
    ("redirect, REST", [host(**TLS, **REDIRECT), mapping(hostname="a.com")], ""),
    ("redirect, gRPC as text", [host(**TLS, **REDIRECT), mapping(hostname="a.com", grpc="true")], ""),
    ("another host", [host(**TLS, **REDIRECT), mapping(hostname="b.com", grpc=True)], ""),
    ("all hosts", [host(**TLS, **REDIRECT), mapping(hostname="*", grpc=True)], FOLLOW),
    ("wider host", [host(**TLS, **REDIRECT, hostname="x.a.com"), mapping(hostname="*.a.com", grpc=True)], FOLLOW),
    ("open end", [host(**TLS, **REDIRECT, hostname="models.*"), mapping(hostname="models.corp", grpc=True)], FOLLOW),
    ("open end, other", [host(**TLS, **REDIRECT, hostname="models.*"), mapping(hostname="model.corp", grpc=True)], ""),
    ("a star for nothing", [host(**TLS, **REDIRECT, hostname="*a.com"), mapping(hostname="a.com", grpc=True)], ""),
    (
        "an older Mapping",
        [host(**TLS, **REDIRECT), mapping(version="getambassador.io/v2", host="a.com", grpc=True)],
        FOLLOW,
    ),
    ("an expression", [host(**TLS, **REDIRECT), mapping(host="a.*", host_regex=True, grpc=True)], FOLLOW),
    (
        "labels",
        [host(**TLS, **REDIRECT, mappingSelector={"matchLabels": {"a": "b"}}), mapping(grpc=True, labels={"a": "b"})],
        FOLLOW,
    ),
    (
        "other labels",
        [host(**TLS, **REDIRECT, mappingSelector={"matchLabels": {"a": "b"}}), mapping(grpc=True, labels={"a": "c"})],
        "",
    ),
    ("another Ambassador", [host(**TLS, **REDIRECT), mapping(hostname="a.com", grpc=True, ambassador_id=["x"])], ""),
    (
        "an Ambassador of v3alpha1 only",
        [
            host(**TLS, **REDIRECT, ambassador_id=["--apiVersion-v3alpha1-only--x"]),
            mapping(hostname="a.com", grpc=True, ambassador_id="x"),
        ],
        FOLLOW,
    ),
    (
        "every Ambassador",
        [host(**TLS, **REDIRECT), mapping(hostname="a.com", grpc=True, ambassador_id=["_automatic_"])],
        FOLLOW,
    ),
    (
        "a Host of every Ambassador",
        [
            host(**TLS, **REDIRECT, ambassador_id=["_automatic_"]),
            mapping(hostname="a.com", grpc=True, ambassador_id="x"),
        ],
        FOLLOW,
    ),
    (
        "no Ambassador",
        [
            host(**TLS, **REDIRECT, ambassador_id=["_automatic_"]),
            mapping(hostname="a.com", grpc=True, ambassador_id=""),
        ],
        "",
    ),
    (
        "the same Ambassador",
        [host(**TLS, **REDIRECT, ambassador_id=["x"]), mapping(hostname="a.com", grpc=True, ambassador_id="x")],
        FOLLOW,
    ),
    ("no TLS, default", [host(**DEFAULT)], "which is the default, but the Host has no tlsSecret"),
    ("no TLS, redirect", [host(**REDIRECT)], NOTHING),
    ("no TLS, redirect, gRPC", [host(**REDIRECT), GRPC], NOTHING),
    ("no TLS, route", [host(), GRPC], ""),
    ("a context", [host(**DEFAULT, tlsContext={"name": "c"})], ""),
    ("ACME", [host(**DEFAULT, acmeProvider={"email": "a@b.c"})], ""),
    ("no ACME", [host(**DEFAULT, acmeProvider={"authority": "none"})], NOTHING),
    ("a context for the name", [host(**DEFAULT), context(secret="s", hosts=["a.com"])], ""),
    ("a context for another", [host(**DEFAULT), context(secret="s", hosts=["b.com"])], NOTHING),
    ("secure Listeners", [host(**DEFAULT), obj(AMBASSADOR, "Listener", "l", "n", {"securityModel": "SECURE"})], ""),
    ("other Listeners", [host(**DEFAULT), obj(AMBASSADOR, "Listener", "l", "n", {"securityModel": "XFP"})], NOTHING),
]


@pytest.mark.parametrize(("objects", "message"), [case[1:] for case in HOSTS], ids=[case[0] for case in HOSTS])
def test_redirects_of_hosts(objects, message):
    where = "Host n/h spec.requestPolicy.insecure.action"
    check_case(said(objects), "warning" if message else None, where, message)


def test_a_grpc_mapping_in_an_annotation_counts():
    text = "apiVersion: getambassador.io/v2\nkind: Mapping\nname: m\nprefix: /\nservice: x\ngrpc: true\n"
    service = obj("v1", "Service", "x", "n", {}, annotations={"getambassador.io/config": text})
    assert len(said([host(**TLS, **REDIRECT), service])) == 1
    service["metadata"]["annotations"]["getambassador.io/config"] = text.replace("true", "false")
    assert said([host(**TLS, **REDIRECT), service]) == []


def clear(*hosts, redirect=True, port=80):
    server = {"port": {"number": port, "name": "http", "protocol": "HTTP"}, "hosts": list(hosts or ("a.com",))}
    server["tls"] = {"httpsRedirect": redirect}
    return obj(ISTIO, "Gateway", "gw", "g", {"selector": {"istio": "in"}, "servers": [server, server]})


def service(match, gateways=("g/gw",), hosts=("a.com",), namespace="n"):
    spec = {"hosts": list(hosts), "gateways": list(gateways), "http": [{"match": [{"uri": {"prefix": "/"}}, match]}]}
    return obj(ISTIO, "VirtualService", "v", namespace, spec)


CONTENT = {"headers": {"Content-Type": {"prefix": "application/grpc"}}}
OPERATOR = {"uri": {"regex": OPERATOR_ISTIO_GRPC_PATH}}
GATEWAYS = [
    ("content type", clear(), service(CONTENT), True),
    ("the operator's path", clear(), service(OPERATOR), True),
    ("no redirect", clear(redirect=False), service(CONTENT), False),
    ("another content type", clear(), service({"headers": {"content-type": {"prefix": "application/json"}}}), False),
    ("another header", clear(), service({"headers": {"accept": {"prefix": "application/grpc"}}}), False),
    ("another path", clear(), service({"uri": {"regex": ".*tensorflow.*"}}), False),
    ("a prefix of that text", clear(), service({"uri": {"prefix": OPERATOR_ISTIO_GRPC_PATH}}), False),
    ("another gateway", clear(), service(CONTENT, ("n/gw",)), False),
    ("the mesh", clear(), service(CONTENT, ("mesh",)), False),
    ("a short name", clear(), service(CONTENT, ("gw",), namespace="g"), True),
    ("a match for another gateway", clear(), service(CONTENT | {"gateways": ["mesh"]}), False),
    ("a match for the gateway", clear(), service(CONTENT | {"gateways": ["g/gw"]}, ("g/gw", "mesh")), True),
    ("another port", clear(), service(CONTENT | {"port": 443}), False),
    ("the port", clear(), service(CONTENT | {"port": 80}), True),
    ("another host", clear(), service(CONTENT, hosts=("b.com",)), False),
    ("a wider host", clear("*.com"), service(CONTENT), True),
    ("its namespace", clear("n/a.com"), service(CONTENT), True),
    ("the gateway's namespace", clear("./a.com"), service(CONTENT), False),
]


@pytest.mark.parametrize(
    ("gate", "route", "found"), [case[1:] for case in GATEWAYS], ids=[case[0] for case in GATEWAYS]
)
def test_redirects_of_gateways(gate, route, found):
    where = "Gateway g/gw spec.servers[0].tls.httpsRedirect"
    check_case(
        said([gate, route]),
        "warning" if found else None,
        where,
        "VirtualService n/v" if found and route["metadata"]["namespace"] == "n" else "",
    )


# --- Anything at all ------------------------------------------------------------------------------------------------


PIECE = 12


def pieces(text):
    """All parts of a text that are long enough to tell something."""
    return {text[begin : begin + PIECE] for begin in range(len(text) - PIECE + 1)}


def secrets_of(made):
    """Pieces of every private key, as it is and encoded once more; no finding may hold one."""
    found = set()
    for one in made.values():
        for line in one.key.decode().splitlines():
            if not line.startswith("-----"):
                found |= pieces(line)
        # What the text around the key is says nothing, and is the same for all.
        found |= pieces(encoded(one.key)) - pieces(encoded(b"-----BEGIN PRIVATE KEY-----\n"))
    return found


@pytest.fixture(scope="session")
def kept_back(made):
    return secrets_of(made)


@pytest.mark.parametrize("case", VALUES)
def test_no_finding_holds_anything_of_a_key(made, kept_back, case):
    objects = [VALUES[case][0](made), gateway("b.com", mode="MUTUAL"), host(tlsSecret={"name": "s"})]
    text = repr(tls_findings(objects, NOW))
    assert "Secret n/s" in text
    assert not pieces(text) & kept_back


def test_the_pieces_of_a_key_are_found(made, kept_back):
    """So that the tests beside cannot pass for want of pieces."""
    key = made["own"].key.decode()
    assert pieces(f"x {key.splitlines()[1][20:40]} x") & kept_back
    assert pieces(encoded(made["own"].key)[60:90]) & kept_back
    assert not pieces("-----BEGIN PRIVATE KEY-----") & kept_back


def with_its_last_configuration(given):
    """A Secret as ``kubectl apply`` leaves it: with all of it in an annotation."""
    given["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(given)}
    return given


WORD = "Tr0ub4dor-and-3"


def test_no_finding_holds_other_data_of_a_secret(made, kept_back):
    other = raw(
        {"tls.crt": encoded(WORD.encode()), WORD: "%", "tls.key": WORD}, stringData={"ca.crt": WORD}, extra=WORD
    )
    given = with_its_last_configuration(secret(made["own"], name="t", stringData={"password": WORD}))
    objects = [other, given, gateway("b.com", mode="MUTUAL"), context(secret="t", ca_secret="s"), workload("m")]
    text = repr((tls_findings(objects, NOW), istio_findings(objects)))
    assert "Secret n/s" in text
    assert "Secret n/t" in text
    assert WORD not in text
    assert encoded(WORD.encode()) not in text
    assert not pieces(text) & kept_back


KEY_AS_A_NAME = {
    "a Gateway": lambda key: [gateway("a.com", credential=key), workload("m")],
    "a Gateway's list": lambda key: [gateway("a.com", credential=None, credentialNames=[key])],
    "a Gateway's namespace": lambda key: [gateway("a.com", credential=f"kubernetes://{key}/s")],
    "two Gateways": lambda key: [gateway("a.com", credential=key), gateway("b.com", credential=key, name="z")],
    "a Host": lambda key: [host(tlsSecret={"name": key})],
    "a Host's namespace": lambda key: [host(tlsSecret={"name": "s", "namespace": key})],
    "a Host's CA": lambda key: [host(tls={"ca_secret": key})],
    "a TLSContext": lambda key: [context(secret=key)],
    "a TLSContext's namespace": lambda key: [context(secret=f"s.{key}")],
}


@pytest.mark.parametrize("line", [None, 1])
@pytest.mark.parametrize("case", KEY_AS_A_NAME)
def test_a_key_in_place_of_its_name_is_not_repeated(made, kept_back, case, line):
    key = made["own"].key.decode()
    objects = KEY_AS_A_NAME[case](key if line is None else key.splitlines()[line])
    found = (*tls_findings([secret(made["good"]), *objects], NOW), *istio_findings(objects))
    assert "(a text that is no name)" in repr(found)
    assert not pieces(repr(found)) & kept_back


@pytest.mark.parametrize("name", ["t", "tls.example.com", "t-1", "x" * 253])
def test_a_name_is_repeated(made, name):
    found = said([secret(made["good"]), host(tlsSecret={"name": name})], "E02")
    check_case(found, "error", "Host n/h", f"names the Secret '{name[:70]}")


def test_what_holds_a_secret_does_not_show_it(made):
    item = secrets.Item("Secret", "n", "s", {}, secret(made["own"]))
    cluster = secrets.Cluster()
    cluster.add(item)
    checker = secrets.Secrets(cluster, NOW, 30)
    checker.read([])
    assert len(checker.chains) == 1
    assert encoded(made["own"].pem)[:40] not in repr((item, cluster, checker))
    assert "BEGIN" not in repr((item, cluster, checker))


@st.composite
def damaged(draw, objects):
    """Objects in which some values became garbage."""
    objects = copy.deepcopy(objects)
    for _time in range(draw(st.integers(1, 3))):
        holder = draw(st.sampled_from(objects))
        while True:
            places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not places:
                break
            place = draw(st.sampled_from(places))
            if isinstance(holder[place], (dict, list)) and holder[place] and draw(st.integers(0, 4)):
                holder = holder[place]
                continue
            holder[place] = draw(garbage)
            break
    return objects


@usual
@given(st.data())
def test_anything_may_stand_anywhere(made, kept_back, data):
    objects = [
        secret(made["soon"], made["middle"]),
        secret(made["own"], name="t", stringData={"tls.key": made["own"].key.decode()}),
        gateway("b.com", mode="MUTUAL", selector={"istio": "in"}),
        workload("n"),
        workload("n", "Pod"),
        host(tlsSecret={"name": "s"}, tls={"ca_secret": "t"}, mappingSelector={"matchLabels": {"a": "b"}}, **DEFAULT),
        context(secret="t.n", hosts=["a.com"], ca_secret="t", secret_namespacing=True),
        mapping(hostname="a.com", grpc=True, ambassador_id=["default"], labels={"a": "b"}),
        clear(),
        service(CONTENT),
        obj("networking.k8s.io/v1", "Ingress", "i", "n", {"tls": [{"secretName": "s"}]}),
        obj(AMBASSADOR, "Module", "ambassador", "n", {"config": {"defaults": {"tls_secret_namespacing": True}}}),
        obj(AMBASSADOR, "Listener", "l", "n", {"securityModel": "XFP"}),
    ]
    changed = data.draw(damaged(objects))
    found = tls_findings(changed, NOW)
    assert found == tls_findings(changed, NOW)
    assert not pieces(repr(found)) & kept_back


@usual
@given(st.lists(garbage, max_size=4))
def test_what_is_no_object_is_passed_over(objects):
    assert tls_findings(objects, NOW) == ()


def test_the_order_of_objects_does_not_matter(made):
    objects = [secret(made["own"]), gateway("b.com"), host(tlsSecret={"name": "t"}), clear(), service(CONTENT)]
    assert tls_findings(objects, NOW) == tls_findings(objects[::-1], NOW)


def test_of_two_objects_of_one_name_the_last_counts(made):
    assert said([secret(made["expired"]), secret(made["good"])]) == []
    assert len(said([secret(made["good"]), secret(made["expired"])])) == 1


def test_each_certificate_is_read_once_and_many_secrets_take_little_time(made, monkeypatch):
    read = []
    monkeypatch.setattr(secrets, "read_chain", lambda pem: read.append(pem) or certificates.read_chain(pem))
    one = secret(made["rsa 2048"], made["middle"])
    many = [one | {"metadata": {"name": f"s{number}", "namespace": "n"}} for number in range(2_000)]
    uses = [gateway(name=f"g{number}", credential=f"s{number}") for number in range(2_000)]
    pods = [workload(f"w{number}", labels={"app": str(number)}) for number in range(2_000)]
    begin = time.perf_counter()
    assert tls_findings([*many, *uses, *pods], NOW) == ()
    assert time.perf_counter() - begin < 10
    assert len(read) == 1


def test_without_the_library_only_what_has_to_be_read_fails(made, monkeypatch):
    monkeypatch.setattr(certificates, "HAS_CRYPTOGRAPHY", False)
    assert said([gateway(), host(), raw({"a": "b"}, kind="Opaque", name="x", namespace="y")], "E01") == []
    with pytest.raises(certificates.MissingLibraryError):
        tls_findings([secret(made["good"])], NOW)
