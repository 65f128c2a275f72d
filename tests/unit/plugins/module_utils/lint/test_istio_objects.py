# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks between objects of Istio: each with cases that trip it, and near misses that do not."""

from __future__ import annotations

import copy
import cProfile

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.lint.istio_objects import (
    istio_findings,
    version_findings,
)
from ansible_collections.mlops.ingress.tests.support.strategies import garbage
from hypothesis import given, settings
from hypothesis import strategies as st

NETWORKING, SECURITY = "networking.istio.io/v1beta1", "security.istio.io/v1beta1"
OLD, NEW = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"


def obj(version, kind, name, spec, namespace="n", **metadata):
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": spec,
    }


def server(*hosts, port=80, name="p", protocol="HTTP", bind=None, tls=None):
    found = {"port": {"number": port, "name": name, "protocol": protocol}, "hosts": list(hosts)}
    return found | ({"tls": tls} if tls else {}) | ({"bind": bind} if bind else {})


def gateway(*servers, name="gw", namespace="g", selector=(("istio", "gw"),), created=OLD):
    spec = {"selector": dict(selector), "servers": list(servers or [server("*")])}
    return obj(NETWORKING, "Gateway", name, spec, namespace, creationTimestamp=created)


def secure(*credentials, host="a.com", port=443, mode="SIMPLE", name="p"):
    tls = {"mode": mode, "credentialName": credentials[0]}
    return server(host, port=port, protocol="HTTPS", tls=tls, name=name)


def pod(labels, name="pod", namespace="n", ports=()):
    containers = [{"name": "c", "ports": [{"name": key, "containerPort": port} for key, port in ports]}]
    return obj("v1", "Pod", name, {"containers": containers}, namespace, labels=labels)


def deployment(labels, name="web", namespace="n", kind="Deployment"):
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c"}]}}
    # The labels of the object itself say nothing about its pods.
    own = {"seldon-deployment-id": "no", "istio": "other"}
    return obj("apps/v1", kind, name, {"template": template}, namespace, labels=own)


def service(name, selector, *ports, namespace="n", **fields):
    body = {"selector": selector, "ports": [port if isinstance(port, dict) else {"port": port} for port in ports]}
    return obj("v1", "Service", name, body | fields, namespace)


def rule(host="s.n.svc.cluster.local", name="d", namespace="n", created=OLD, subsets=None, **spec):
    listed = [{"name": key, "labels": labels} for key, labels in (subsets or {}).items()]
    body = {"host": host} | ({"subsets": listed} if listed else {}) | spec
    return obj(NETWORKING, "DestinationRule", name, body, namespace, creationTimestamp=created)


def policy(rules=None, name="a", namespace="n", labels=None, annotations=None, **spec):
    body = ({} if rules is None else {"rules": rules}) | ({"selector": {"matchLabels": labels}} if labels else {})
    metadata = {"annotations": annotations} if annotations else {}
    return obj(SECURITY, "AuthorizationPolicy", name, body | spec, namespace, **metadata)


def peer(mode="STRICT", name="a", namespace="n", labels=None, created=OLD, ports=None):
    body = ({"mtls": {"mode": mode}} if mode else {}) | ({"selector": {"matchLabels": labels}} if labels else {})
    body |= {"portLevelMtls": {port: {"mode": own} for port, own in ports.items()}} if ports else {}
    return obj(SECURITY, "PeerAuthentication", name, body, namespace, creationTimestamp=created)


def operation(**fields):
    return {"to": [{"operation": fields}]}


def found(*objects):
    return [(item.id, item.level, item.where, item.message) for item in istio_findings(objects)]


def ids(*objects):
    return [item.id for item in istio_findings(objects)]


MODEL = {"seldon-deployment-id": "m", "seldon-app": "m-p"}
GATEWAY_POD = pod({"istio": "gw", "more": "x"}, namespace="istio-system")
HELM = {"app": "istio-ingress", "istio": "ingress"}
ODD_POD = pod({"istio": "gateway"}, namespace="istio-system")


# --- D02 ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("selector", "workloads", "says"),
    [
        ({"istio": "gw"}, [ODD_POD], "which have istio=gateway"),
        ({"istio": "gw"}, [deployment({"istio": "other"}), pod(MODEL)], "which have istio=other"),
        # The names that the Helm chart and istioctl give.
        ({"istio": "ingressgateway"}, [deployment(HELM)], "which have istio=ingress"),
        ({"istio": "gw", "more": "y"}, [GATEWAY_POD], "which have more=x"),
        ({"istio": "gw", "more": "y"}, [ODD_POD], "which have istio=gateway"),
        ({"app": "gw", "istio": "gw"}, [deployment(HELM)], "which have app=istio-ingress, istio=ingress"),
        (
            {"istio": "gw"},
            [pod({"istio": value}, name=value) for value in "dbca"],
            "which have istio=a, istio=b, istio=c and others",
        ),
        (
            {"istio": "gw"},
            [pod({"istio": value}, name=value) for value in "cba"],
            "which have istio=a, istio=b, istio=c",
        ),
        (
            {"istio": "gw", "more": "x"},
            [pod({"istio": "gw"}), pod({"more": "x"}, name="q")],
            "of which none has all of these labels",
        ),
    ],
)
def test_a_selector_that_fits_no_workload(selector, workloads, says):
    ((identity, level, where, message),) = found(gateway(selector=selector.items()), *workloads)
    assert (identity, level, where) == ("D02", "error", "Gateway g/gw spec.selector")
    labels = ", ".join(f"{key}={value}" for key, value in selector.items())
    assert message == f"the selector {labels} fits none of the workloads given, {says}, so nothing serves it"


@pytest.mark.parametrize(
    "objects",
    [
        [gateway()],
        [gateway(), service("s", {"a": "b"}, 80)],
        [gateway(), GATEWAY_POD],
        [gateway(), deployment({"istio": "gw"}, namespace="elsewhere")],
        [gateway(), deployment({"istio": "gw"}, kind="DaemonSet"), ODD_POD],
        [gateway(selector=(("istio", "gw"), ("more", "x"))), GATEWAY_POD],
        [gateway(selector=()), ODD_POD],
        # None of these is a gateway: nothing says that its pods are given.
        [gateway(), pod(MODEL)],
        [gateway(), deployment({"app": "m"}, kind="DaemonSet"), pod(MODEL)],
        [gateway(), pod({"Istio": "gateway", "more": "istio"})],
        [gateway(selector=(("app", "gw"),)), pod(MODEL | {"app": "m"}), deployment(MODEL | {"app": "m"})],
    ],
)
def test_a_selector_that_fits_or_cannot_be_judged(objects):
    assert found(*objects) == []


def entry(selector, *ports, **fields):
    return service("ingress", selector, *ports, namespace="istio-system", **fields)


ENTRY = {"istio": "gw"}


@pytest.mark.parametrize(
    "services",
    [
        [entry(ENTRY, 8080)],
        [entry(ENTRY, {"port": 443, "targetPort": 8443})],
        [entry(ENTRY, {"port": 80, "protocol": "UDP"}, 443)],
        [entry(ENTRY, {"port": 443, "targetPort": "tls"}), GATEWAY_POD],
    ],
)
def test_a_port_that_no_service_offers(services):
    listener = pod({"istio": "gw", "more": "x"}, namespace="istio-system", ports=[("tls", 8443)])
    ((identity, level, where, message),) = found(
        gateway(), *[one for one in services if one["kind"] != "Pod"], listener
    )
    assert (identity, level, where) == ("D02", "error", "Gateway g/gw spec.servers[0].port")
    assert message == "no Service of the gateway's pods offers the port 80, so nothing reaches it"


@pytest.mark.parametrize(
    "services",
    [
        [entry(ENTRY, 80)],
        [entry(ENTRY, {"port": 80, "targetPort": 8080})],
        [entry(ENTRY, {"port": 8080, "targetPort": 80})],
        [entry(ENTRY, {"port": 8080, "targetPort": "plain"})],
        # A name that no container has may be any port.
        [entry(ENTRY, {"port": 8080, "targetPort": "unknown"})],
        # One of several Services is enough.
        [entry(ENTRY, 443), service("two", ENTRY, 80, namespace="istio-system")],
        # None of these is a Service of the gateway.
        [entry({"istio": "gateway"}, 443)],
        [entry({}, 443)],
        [service("ingress", ENTRY, 443)],
        [entry(ENTRY)],
    ],
)
def test_a_port_that_a_service_offers_or_may_offer(services):
    assert found(gateway(), *services, pod(ENTRY, namespace="istio-system", ports=[("plain", 80)])) == []


# --- D04 ----------------------------------------------------------------------------------------------------------


def younger(*servers, **fields):
    return gateway(*servers, name="younger", created=NEW, **fields)


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [
        (server("a.com"), server("a.com"), "error"),
        (server("*"), server("*"), "error"),
        (server("A.com"), server("b.com", "a.com"), "error"),
        (server("*.a.com"), server("*.a.com"), "error"),
        (server("./a.com"), server("g/a.com"), "error"),
        (server("x/a.com"), server("a.com"), "error"),
        (server("*/a.com"), server("x/a.com"), "error"),
        (server("*.a.com"), server("b.a.com"), "warning"),
        (server("*"), server("a.com"), "warning"),
        (server("*"), server("*.a.com"), "warning"),
    ],
)
def test_two_gateways_claim_a_host(first, second, level):
    ((identity, said, where, message),) = found(younger(second), gateway(first))
    assert (identity, said) == ("D04", level)
    assert where == "Gateway g/younger spec.servers[0].hosts"
    assert "Gateway g/gw too, which has the same selector" in message


def test_the_gateway_with_the_narrower_host_is_named_whichever_is_older():
    assert [item[2] for item in found(younger(server("*")), gateway(server("a.com")))] == [
        "Gateway g/gw spec.servers[0].hosts"
    ]


@pytest.mark.parametrize(
    ("first", "second", "fields"),
    [
        (server("a.com"), server("b.com"), {}),
        (server("*.a.com"), server("a.com"), {}),
        (server("*.a.com"), server("*.b.com"), {}),
        (server("a.com"), server("a.com", port=81), {}),
        (server("a.com"), server("a.com", bind="127.0.0.1"), {}),
        (server("x/a.com"), server("y/a.com"), {}),
        (server("a.com"), server("a.com"), {"selector": (("istio", "two"),)}),
        (server("a.com"), server("a.com"), {"selector": (("istio", "gw"), ("more", "x"))}),
    ],
)
def test_two_gateways_that_claim_no_host_together(first, second, fields):
    assert found(gateway(first), younger(second, **fields)) == []


def test_a_host_that_is_far_too_long_takes_no_time():
    long = "a." * 50_000 + "com"
    assert calls([gateway(server(long)), younger(server("*"))]) < 5_000


def test_a_gateway_that_is_given_twice_is_no_conflict():
    assert found(gateway(server("a.com")), gateway(server("a.com"))) == []
    assert found(gateway(server("a.com", name="x"), server("*.com", name="y"))) == []


def test_of_three_gateways_the_oldest_is_named():
    third = gateway(server("a.com"), name="third", created="2022-01-01T00:00:00Z")
    messages = [item[3] for item in found(third, younger(server("a.com")), gateway(server("a.com")))]
    assert len(messages) == 2
    assert all("claimed by Gateway g/gw too" in message for message in messages)


def test_an_older_gateway_for_all_namespaces_is_not_hidden_by_a_younger_one():
    objects = [gateway(server("x/a.com")), younger(server("a.com")), gateway(server("y/a.com"), name="other")]
    assert [item[2] for item in found(*objects)] == ["Gateway g/younger spec.servers[0].hosts"]


def test_the_oldest_of_all_gateways_counts_and_not_that_of_the_namespace():
    third = gateway(server("x/a.com"), name="third", created="2022-01-01T00:00:00Z")
    places = [item[2].split()[1] for item in found(third, younger(server("x/a.com")), gateway(server("a.com")))]
    assert places == ["g/third", "g/younger"]


def test_a_port_name_that_is_there_twice():
    two = gateway(server("a.com", name="http"), server("b.com", port=81, name="http"))
    ((identity, level, where, message),) = found(two)
    assert (identity, level, where) == ("D04", "error", "Gateway g/gw spec.servers[1].port.name")
    assert message == "the port name 'http' is there twice, so Istio refuses the Gateway"
    assert found(gateway(server("a.com", name="http"), server("b.com", port=81, name="http2"))) == []


# --- D06 ----------------------------------------------------------------------------------------------------------


def test_one_certificate_on_two_gateways():
    ((identity, level, where, message),) = found(gateway(secure("cert")), younger(secure("cert", host="b.com")))
    assert (identity, level, where) == ("D06", "warning", "Gateway g/younger spec.servers[0].tls")
    assert message.startswith("the certificate cert is that of Gateway g/gw too, which has the same selector and port")


@pytest.mark.parametrize(
    ("second", "fields"),
    [
        (secure("other", host="b.com"), {}),
        (secure("cert", host="b.com", port=8443), {}),
        (secure("cert", host="b.com", mode="PASSTHROUGH"), {}),
        (secure("", host="b.com"), {}),
        (secure("cert", host="b.com"), {"selector": (("istio", "two"),)}),
    ],
)
def test_certificates_that_are_not_shared(second, fields):
    assert found(gateway(secure("cert")), younger(second, **fields)) == []


def test_one_certificate_on_two_servers_of_a_gateway():
    assert found(gateway(secure("cert", name="one"), secure("cert", host="b.com", name="two"))) == []


def test_a_list_of_certificates():
    listed = {"mode": "SIMPLE", "credentialNames": ["x", "cert"]}
    second = younger(server("b.com", port=443, protocol="HTTPS", tls=listed))
    assert ids(gateway(secure("cert")), second) == ["D06"]
    assert ids(gateway(secure("y")), second) == []


# --- D05 ----------------------------------------------------------------------------------------------------------

BOTH = "Istio takes the subsets of both"
NEAREST = "Istio takes the one in the caller's namespace"


@pytest.mark.parametrize(
    ("second", "says"),
    [
        (rule(name="e", created=NEW), BOTH),
        (rule("s", name="e", created=NEW), BOTH),
        (rule(name="e", created=NEW, subsets={"w": {"v": "2"}}), BOTH),
        (rule(name="e", created=NEW, subsets={"v": {"v": "1"}}), BOTH),
        (rule(name="e", created=NEW, exportTo=["*"]), BOTH),
        (rule(name="d", created=NEW, namespace="x"), NEAREST),
    ],
)
def test_two_rules_for_one_host(second, says):
    ((identity, level, where, message),) = found(second, rule(subsets={"v": {"v": "1"}}))
    name = f"{second['metadata']['namespace']}/{second['metadata']['name']}"
    assert (identity, level, where) == ("D05", "warning", f"DestinationRule {name} spec.host")
    assert message.startswith(f"the host s.n.svc.cluster.local is that of DestinationRule n/d too, and {says}")


@pytest.mark.parametrize("place", [{"name": "e"}, {"namespace": "x"}])
def test_a_subset_with_two_meanings(place):
    second = rule(created=NEW, subsets={"w": {}, "v": {"v": "2"}}, **place)
    ((identity, level, where, message),) = found(second, rule(subsets={"v": {"v": "1"}}))
    assert (identity, level) == ("D05", "error")
    assert where.endswith(" spec.subsets[1]")
    assert message == "the subset 'v' has other labels in DestinationRule n/d, which is for the same host"


@pytest.mark.parametrize(
    "second",
    [
        rule(name="e", host="t"),
        rule(name="e", host="*.n.svc.cluster.local"),
        rule("s", namespace="x"),
        rule(name="e", exportTo=["."]),
        rule(name="e", workloadSelector={"matchLabels": {"a": "b"}}),
        rule(name="e", host="no host"),
        rule(subsets={"v": {"v": "2"}}),
    ],
)
def test_rules_that_are_not_for_one_host(second):
    assert found(rule(subsets={"v": {"v": "1"}}), second) == []


SUBSET = rule(subsets={"v": {"version": "1"}, "all": {}})
PODS = {"app": "s"}


@pytest.mark.parametrize(
    "workloads",
    [
        [pod(PODS)],
        [pod(PODS | {"version": "2"})],
        [deployment(PODS | {"version": "2"}), pod({"version": "1"}), pod(PODS | {"version": "1"}, namespace="x")],
    ],
)
def test_a_subset_without_pods(workloads):
    ((identity, level, where, message),) = found(SUBSET, service("s", PODS, 80), *workloads)
    assert (identity, level, where) == ("D05", "error", "DestinationRule n/d spec.subsets[0].labels")
    assert message.startswith("the labels version=1 of the subset 'v' fit no pod of the Service n/s")


@pytest.mark.parametrize(
    "others",
    [
        [],
        [service("s", PODS, 80)],
        [pod(PODS)],
        [service("s", PODS, 80), pod(PODS | {"version": "1"})],
        [service("s", PODS, 80), deployment(PODS | {"version": "1"}), pod(PODS)],
        # Pods of which none belongs to the Service say nothing about it.
        [service("s", PODS, 80), pod({"app": "t"})],
        [service("s", PODS, 80), pod(PODS, namespace="x")],
        [service("s", {}, 80), pod(PODS)],
        [service("s", PODS, 80, namespace="x"), pod(PODS, namespace="x")],
    ],
)
def test_a_subset_with_pods_or_without_knowledge(others):
    assert found(SUBSET, *others) == []


def test_subsets_of_another_domain():
    objects = [rule("s.n.svc.x.y", subsets={"v": {"version": "1"}}), service("s", PODS, 80), pod(PODS)]
    assert istio_findings(objects) == ()
    assert [item.id for item in istio_findings(objects, cluster_domain="x.y")] == ["D05"]


ASKS = [{"from": [{"source": {"namespaces": ["monitoring"]}}]}]
SELDON = {"apiVersion": "machinelearning.seldon.io/v1", "kind": "SeldonDeployment"}
SELDON |= {"metadata": {"name": "m", "namespace": "n"}, "spec": {}}


# --- D11, D12, D14, B07 -------------------------------------------------------------------------------------------


def namespace(name, **labels):
    labels = {key.replace("_", "/"): value for key, value in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def of_revision(revision, place="n"):
    return deployment({"istio": "gw"} | ({"istio.io/rev": revision} if revision else {}), namespace=place)


def test_a_gateway_of_another_revision():
    ((identity, level, where, message),) = found(
        gateway(), of_revision("1-20"), namespace("n", **{"istio.io_rev": "1-21"})
    )
    assert (identity, level) == ("D11", "warning")
    assert where == "Deployment n/web spec.template.metadata.labels"
    assert message == "has the revision 1-20, but its namespace has 1-21"


@pytest.mark.parametrize(
    "objects",
    [
        [gateway(), of_revision("1-20"), namespace("n", **{"istio.io_rev": "1-20"})],
        [gateway(), of_revision("1-20"), namespace("n", team="a")],
        [gateway(), of_revision("1-20"), namespace("x", **{"istio.io_rev": "1-21"})],
        [gateway(), of_revision(""), namespace("n", **{"istio.io_rev": "1-21"})],
        [of_revision("1-20"), namespace("n", **{"istio.io_rev": "1-21"})],
        [gateway(selector=()), of_revision("1-20"), namespace("n", **{"istio.io_rev": "1-21"})],
        [gateway(), of_revision("1-20")],
    ],
)
def test_a_gateway_of_the_same_or_no_revision(objects):
    assert found(*objects) == []


@pytest.mark.parametrize(
    ("kind", "version", "write"),
    [
        ("VirtualService", "networking.istio.io/v2", "networking.istio.io/v1beta1"),
        ("Gateway", "networking.istio.io/v1alpha1", "networking.istio.io/v1beta1"),
        ("EnvoyFilter", "networking.istio.io/v1beta1", "networking.istio.io/v1alpha3"),
        ("ProxyConfig", "networking.istio.io/v1", "networking.istio.io/v1beta1"),
        ("Unknown", "networking.istio.io/v9", "networking.istio.io/v1beta1"),
        ("AuthorizationPolicy", "security.istio.io/v1alpha3", "security.istio.io/v1beta1"),
        ("PeerAuthentication", "security.istio.io/v2", "security.istio.io/v1beta1"),
    ],
)
def test_a_version_that_istio_does_not_serve(kind, version, write):
    (finding,) = istio_findings([obj(version, kind, "x", {"selector": "unread"})])
    assert (finding.id, finding.level, finding.where) == ("D12", "error", f"{kind} n/x")
    assert finding.message == f"has the apiVersion {version}, which Istio does not serve; it has no effect"
    assert finding.fix == f"write {write}"


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        *(("VirtualService", f"networking.istio.io/{version}") for version in ("v1", "v1beta1", "v1alpha3")),
        *(("WorkloadGroup", f"networking.istio.io/{version}") for version in ("v1", "v1beta1", "v1alpha3")),
        ("EnvoyFilter", "networking.istio.io/v1alpha3"),
        ("ProxyConfig", "networking.istio.io/v1beta1"),
        ("Unknown", "networking.istio.io/v1"),
        ("RequestAuthentication", "security.istio.io/v1"),
        ("Gateway", "gateway.networking.k8s.io/v1alpha2"),
        ("VirtualService", "x.networking.istio.io/v2"),
    ],
)
def test_a_version_that_is_served_or_not_of_istio(kind, version):
    assert istio_findings([obj(version, kind, "x", {})]) == ()


@pytest.mark.parametrize("kind", ["AuthorizationPolicy", "PeerAuthentication"])
def test_a_policy_of_the_wrong_shape(kind):
    ((identity, level, where, message),) = found(obj(SECURITY, kind, "x", []))
    assert (identity, level, where, message) == ("D14", "error", f"{kind} n/x", f"is no {kind}, because spec is a list")


def test_what_the_table_reads_is_left_to_the_table():
    assert found(obj(NETWORKING, "Gateway", "x", []), obj("v1", "Service", "x", []), obj("v1", "Pod", "x", [])) == []


def test_too_many_virtual_services():
    many = [obj(NETWORKING, "VirtualService", f"v{number}", {}) for number in range(1001)]
    ((identity, level, where, message),) = found(*many)
    assert (identity, level, where) == ("B07", "warning", "Istio")
    assert message == "reads 1001 VirtualServices, and above 1000 it is known to take long for each change"
    assert found(*many[1:], *many[1:]) == []


def calls(objects):
    """How many calls the checks take: unlike time, that is the same on every machine."""
    profile = cProfile.Profile()
    profile.runcall(istio_findings, objects)
    return sum(entry.callcount for entry in profile.getstats())


def many_objects(count):
    for number in range(count):
        own = {"app": f"s{number}"}
        hosts = [server("*", f"ns{number}/*", f"ns{number}/m.com", port=443, name=f"p{place}") for place in range(2)]
        yield gateway(*hosts, secure("cert", name="s"), name=f"g{number}")
        yield gateway(server("*"), name=f"h{number}", selector=(("istio", f"gw{number}"),))
        yield rule(name=f"d{number}", subsets={f"v{number}": {"v": "1"}})
        yield service(f"s{number}", own, 80)
        yield pod(own | MODEL | ENTRY, name=f"p{number}")
        yield policy(ASKS, labels=own, name=f"a{number}", namespace=f"n{number % 8}")
        yield peer(labels=own, name=f"a{number}", namespace=f"n{number % 8}")
    yield gateway(*(server("x.com", port=444, name=f"p{number}") for number in range(count)), name="one")


def test_four_times_the_objects_take_four_times_the_work():
    calls(list(many_objects(5)))
    assert calls(list(many_objects(240))) < 4.8 * calls(list(many_objects(60)))


# --- Versions -----------------------------------------------------------------------------------------------------


def mirrored(field="mirrors", value=({"destination": {"host": "s"}},)):
    return obj(NETWORKING, "VirtualService", "v", {"http": [{}, {field: list(value)}]})


@pytest.mark.parametrize(
    ("one", "version", "identity", "says"),
    [
        (obj("networking.istio.io/v1", "Gateway", "v", {}), "1.21.9", "D12", "write networking.istio.io/v1beta1"),
        (obj("networking.istio.io/v1beta1", "Gateway", "v", {}), "1.4.0", "D12", "write networking.istio.io/v1alpha3"),
        (
            obj("networking.istio.io/v1beta1", "WorkloadGroup", "v", {}),
            "1.12",
            "D12",
            "write networking.istio.io/v1alpha3",
        ),
        (obj("networking.istio.io/v1beta1", "ProxyConfig", "v", {}), "1.12", "D12", "install Istio 1.13 or newer"),
        (
            obj("security.istio.io/v1", "AuthorizationPolicy", "v", {}),
            "1.16.0",
            "D12",
            "write security.istio.io/v1beta1",
        ),
        (
            obj("security.istio.io/v1", "PeerAuthentication", "v", {}),
            "v1.21.0",
            "D12",
            "write security.istio.io/v1beta1",
        ),
        (mirrored(), "1.19.7", "D10", "write one mirror, or install Istio 1.20 or newer"),
    ],
)
def test_what_an_installed_version_does_not_know(one, version, identity, says):
    (finding,) = version_findings([one], version)
    assert (finding.id, finding.level, finding.fix) == (identity, "error", says)
    assert finding.where.startswith(f"{one['kind']} n/v")
    assert ".".join(version.removeprefix("v").split(".")[:2]) in finding.message


@pytest.mark.parametrize(
    ("one", "version"),
    [
        (obj("networking.istio.io/v1", "Gateway", "v", {}), "1.22.0"),
        (obj("networking.istio.io/v1", "Gateway", "v", {}), "2.0"),
        (obj("networking.istio.io/v1", "Gateway", "v", {}), "1.22.0-rc.1"),
        (obj("networking.istio.io/v1beta1", "Gateway", "v", {}), "1.5.0"),
        (obj("networking.istio.io/v1alpha3", "Gateway", "v", {}), "1.0.0"),
        (obj("security.istio.io/v1", "AuthorizationPolicy", "v", {}), "1.17.0"),
        (obj("networking.istio.io/v9", "Gateway", "v", {}), "1.5.0"),
        (mirrored(), "1.20.0"),
        (mirrored(value=[]), "1.19.0"),
        (mirrored("mirror"), "1.19.0"),
        ("garbage", "1.19.0"),
        (obj(NETWORKING, "VirtualService", "v", {"http": {"mirrors": [1]}}), "1.19.0"),
        (obj(NETWORKING, "VirtualService", "v", []), "1.19.0"),
    ],
)
def test_what_an_installed_version_knows(one, version):
    assert version_findings([one], version) == ()


@pytest.mark.parametrize("version", ["", "1", "latest", "1.x", "1.20.3\n", "v1.20 x", "1.20.3-", "9" * 5000, 1.2, None])
def test_a_text_that_is_no_version(version):
    with pytest.raises(ValueError, match=r"is no version of Istio: write it as 1\.20\.3$"):
        version_findings([], version)


# --- Anything -----------------------------------------------------------------------------------------------------

usual = settings(deadline=None, derandomize=True, max_examples=200)
WHOLE = [
    gateway(secure("cert"), server("*", name="q")),
    younger(secure("cert")),
    rule(subsets={"v": {"version": "1"}}),
    rule(name="e", subsets={"v": {"version": "2"}}),
    service("s", PODS, {"port": 80, "targetPort": "x"}),
    pod(PODS, ports=[("x", 80)]),
    deployment(MODEL),
    policy(
        [ASKS[0] | operation(paths=["/prometheus"]) | {"when": [{"key": "destination.port", "values": ["1"]}]}],
        labels=MODEL,
    ),
    peer(labels=MODEL, ports={"8000": "STRICT"}),
    namespace("n", team="a"),
    SELDON,
    mirrored(),
]


def places(value, path=()):
    """The path of everything in a value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


PLACES = [path for path in places(WHOLE) if path]


@usual
@given(st.lists(garbage, max_size=5))
def test_garbage_is_no_object(objects):
    assert all(finding.id != "D02" for finding in istio_findings(objects))
    assert version_findings(objects, "1.5") == ()


@settings(usual, max_examples=500)
@given(st.lists(st.tuples(st.sampled_from(PLACES), garbage), min_size=1, max_size=3))
def test_damaged_objects(damages):
    objects = copy.deepcopy(WHOLE)
    for path, value in damages:
        at = objects
        try:
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    for finding in (*istio_findings(objects), *version_findings(objects, "1.5")):
        assert finding.where.isprintable()
        assert finding.message.isprintable()
        assert finding.fix.isprintable()
        assert len(finding.where + finding.message + finding.fix) < 1500


@usual
@given(st.permutations(WHOLE))
def test_the_order_of_objects_makes_no_difference(objects):
    assert istio_findings(objects) == istio_findings(WHOLE)
