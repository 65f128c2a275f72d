# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter ``lint``: for every check what trips it, and what comes as close as possible and does not."""

from __future__ import annotations

import base64
import copy
import itertools
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.routing import lint, routes
from ansible_collections.mlops.ingress.plugins.module_utils.definition.checks import CHECKS
from ansible_collections.mlops.ingress.plugins.module_utils.definition.defects import DEFECTS
from ansible_collections.mlops.ingress.tests.support.certificates import NOW, make
from ansible_collections.mlops.ingress.tests.support.strategies import (
    deployment,
    garbage,
    predictor,
    route,
    service_route,
)
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

AMBASSADOR, ISTIO, SECURITY = "getambassador.io/v3alpha1", "networking.istio.io/v1beta1", "security.istio.io/v1beta1"
TIMES = {"rest-timeout": "5000", "grpc-timeout": "5000"}
OLD, NEW = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
CONFIG = "getambassador.io/config"
LABELS = {"app.kubernetes.io/managed-by": "mlops.ingress", "mlops.ingress/set": "models"}


# --- Objects ------------------------------------------------------------------------------------------------------


def obj(version, kind, name, spec, namespace="t", **metadata):
    """A Kubernetes object; fields of ``spec`` and ``metadata`` that are None are left out."""
    metadata = {"name": name, "namespace": namespace, **metadata}
    spec = {key: value for key, value in spec.items() if value is not None}
    metadata = {key: value for key, value in metadata.items() if value is not None}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def mapping(name="a", namespace="t", version=AMBASSADOR, labels=None, **spec):
    """A Mapping of ``/x/``, for all hosts where its version asks for them."""
    hosts = {"hostname": "*"} if version == AMBASSADOR else {}
    return obj(version, "Mapping", name, hosts | {"prefix": "/x/", "service": "s"} | spec, namespace, labels=labels)


def ambassador(kind, name="x", namespace="t", labels=None, **spec):
    return obj(AMBASSADOR, kind, name, spec, namespace, labels=labels)


def listener(port=8080, name="l", **spec):
    binding = {"namespace": {"from": "ALL"}}
    fields = {"port": port, "protocol": "HTTP", "securityModel": "XFP", "hostBinding": binding}
    return ambassador("Listener", name, **fields | spec)


def host(hostname="a.com", name="h", action="Route", labels=None, **spec):
    policy = {"insecure": {"action": action}} if action else None
    return ambassador("Host", name, labels=labels, hostname=hostname, requestPolicy=policy, **spec)


def to(name="s.t.svc.cluster.local", port=80, subset=None, weight=None):
    """A destination of a VirtualService."""
    destination = {"host": name} | ({"port": {"number": port}} if port else {}) | ({"subset": subset} if subset else {})
    return {"destination": destination} | ({} if weight is None else {"weight": weight})


def http(prefix=None, *destinations, exact=None, headers=None, **fields):
    match = ({"uri": {"prefix": prefix}} if prefix else {}) | ({"uri": {"exact": exact}} if exact else {})
    match |= {"headers": headers} if headers else {}
    return ({"match": [match]} if match else {}) | {"route": list(destinations or [to()])} | fields


def virtual_service(*routes, name="v", namespace="t", hosts=("*",), gateways=("g/gw",), version=ISTIO, **metadata):
    """A VirtualService. ``spec`` adds fields to its spec."""
    more = metadata.pop("spec", {})
    spec = {"hosts": list(hosts), "gateways": list(gateways) or None, "http": list(routes or [http()])} | more
    return obj(version, "VirtualService", name, spec, namespace, **metadata)


def gateway(*servers, name="gw", namespace="g", version=ISTIO, **metadata):
    spec = {"selector": {"istio": "ingress"}, "servers": list(servers or [server()])}
    return obj(version, "Gateway", name, spec, namespace, **metadata)


def server(*hosts, port=80, name="p", protocol="HTTP", tls=None):
    found = {"port": {"number": port, "name": name, "protocol": protocol}, "hosts": list(hosts or ["*"])}
    return found | ({"tls": tls} if tls else {})


def secure(*hosts, credential="s", **more):
    return server(*hosts, port=443, protocol="HTTPS", tls={"mode": "SIMPLE", "credentialName": credential} | more)


def rule(name="d", namespace="t", target="s.t.svc.cluster.local", subsets=None, **spec):
    named = [{"name": key, "labels": labels} for key, labels in (subsets or {}).items()] or None
    return obj(ISTIO, "DestinationRule", name, {"host": target, "subsets": named} | spec, namespace)


def service(name="s", *ports, namespace="t", annotation=None, **spec):
    annotations = {CONFIG: annotation} if annotation else None
    body = {"ports": [{"port": port} for port in ports]} | spec
    return obj("v1", "Service", name, body, namespace, annotations=annotations)


def pod(labels, name="p", namespace="t"):
    return obj("v1", "Pod", name, {"containers": [{"name": "c"}]}, namespace, labels=labels)


def document(version="v2", **fields):
    """An annotation with one Mapping."""
    found = {"apiVersion": f"getambassador.io/{version}", "kind": "Mapping", "name": "a", "prefix": "/x/"}
    return "---\n" + "".join(f"{key}: {value}\n" for key, value in (found | {"service": "s"} | fields).items())


# --- Secrets ------------------------------------------------------------------------------------------------------

ROOT = make("root", ca=True, ends=4000)
GOOD = make("a.com", names=["a.com"], issuer=ROOT)
OTHER = make("b.com", names=["b.com"], issuer=ROOT)


def signed(**options):
    return make("a.com", **{"names": ["a.com"], "issuer": ROOT} | options)


def secret(certificate=GOOD, key=GOOD, namespace="t", name="s"):
    """A TLS Secret; ``key`` None leaves the key out, and the same as the certificate takes that of it."""
    data = {"tls.crt": certificate.pem} | ({} if key is None else {"tls.key": key.key})
    encoded = {name: base64.b64encode(value).decode() for name, value in data.items()}
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "kubernetes.io/tls", "data": encoded}


def own_secret(certificate, **options):
    return secret(certificate, certificate, **options)


# --- Definitions --------------------------------------------------------------------------------------------------


def model(name="m", *predictors, **fields):
    """A SeldonDeployment with timeouts, of which nothing is to be said."""
    notes = TIMES | fields.pop("notes", {})
    return deployment(name, *predictors, notes=notes, **fields)


def split(*shares, **fields):
    return model("m", *(predictor("abc"[index], traffic=share) for index, share in enumerate(shares)), **fields)


def routed(**fields):
    """A ServiceRoute with a timeout."""
    return service_route(route(timeout_ms=5000, **fields))


def owned(item, scope="prod", definition="other"):
    """An object as a run of a scope would label it."""
    labels = LABELS | {"mlops.ingress/scope": scope, "mlops.ingress/definition": definition}
    return item | {"metadata": item["metadata"] | {"labels": labels}}


# --- Every check --------------------------------------------------------------------------------------------------


@dataclass
class Case:
    """``near`` lacks just what makes ``trip`` trip; ``near_options`` go over ``options`` there."""

    level: str
    where: str
    trip: list[Any]
    near: list[Any]
    options: dict[str, Any] = field(default_factory=dict)
    near_options: dict[str, Any] = field(default_factory=dict)


def error(where, trip, near, near_options=None, **options):
    return Case("error", where, trip, near, options, near_options or {})


def warning(where, trip, near, near_options=None, **options):
    return Case("warning", where, trip, near, options, near_options or {})


IN_ISTIO = {"provider": "istio"}
SELDON = "definitions[0], SeldonDeployment n/m: "
LONG = "p" * 40
OURS = "/seldon/n/m/"
DEFINITION_CASES = {
    "A01": [
        error(f"{SELDON}spec.predictors", [split(60, 60)], [split(60, 40)]),
        error(f"{SELDON}spec.predictors[0].traffic", [split(50)], [split(100)]),
        error(f"{SELDON}spec.predictors[0].traffic", [split("50", 50)], [split(50, 50)]),
        error(
            "definitions[0], ServiceRoute n/r: spec.routes[0].backends[0].weight",
            [routed(backends=[{"service": "s", "port": 80, "weight": 50}])],
            [routed(backends=[{"service": "s", "port": 80, "weight": 50}, {"service": "t", "port": 80, "weight": 50}])],
        ),
        error(
            "VirtualService t/v spec.http[0].route",
            [virtual_service(http(None, to(weight=0), to("o", weight=0)))],
            [virtual_service(http(None, to(weight=0), to("o", weight=1)))],
            **IN_ISTIO,
        ),
    ],
    "A02": [
        error(
            "Mapping t/b: weight",
            [mapping("a", weight=20), mapping("b"), mapping("c")],
            [mapping("a"), mapping("b", weight=0)],
        ),
        error(
            "Mapping n/seldon_n_m_a_rest_mapping: weight",
            [split(100, 0)],
            [split(99, 1)],
            profile="operator",
            operator_env={"AMBASSADOR_VERSION": "v1"},
        ),
    ],
    "A03": [
        warning("Mapping t/a: weight", [mapping(weight=99)], [mapping(weight=100)]),
        warning(
            "definitions[0] n/m spec.predictors[0].traffic",
            [model("m", predictor("a", traffic=99), predictor("b", shadow=True))],
            [model("m", predictor("a", traffic=100), predictor("b", shadow=True))],
        ),
    ],
    "A04": [
        error(
            f"{SELDON}spec.predictors[0].shadow",
            [model("m", predictor("a", shadow=True))],
            [model("m", predictor("a", shadow=True), predictor("b"))],
        ),
        error(
            f"{SELDON}spec.predictors[2].shadow",
            [model("m", predictor("a"), predictor("b", shadow=True), predictor("c", shadow=True))],
            [model("m", predictor("a", traffic=50), predictor("b", shadow=True), predictor("c", traffic=50))],
        ),
        error("Mapping t/a: shadow", [mapping(shadow=True)], [mapping(shadow=True), mapping("b")]),
        error(
            "Mapping t/c: shadow",
            [mapping(), mapping("b", shadow=True), mapping("c", shadow=True)],
            [mapping(), mapping("b", shadow=True), mapping("c", shadow=False, weight=0)],
        ),
    ],
    "A05": [
        error(
            "Mapping t/b: shadow",
            [mapping(headers={"x": "1"}), mapping("b", shadow=True)],
            [mapping(headers={"x": "1"}), mapping("b", headers={"x": "1"}, shadow=True)],
        ),
    ],
    "A06": [
        error("Mapping t/a: prefix", [mapping(prefix="/(a", prefix_regex=True)], [mapping(prefix="/(a")]),
        error(
            "Mapping t/a: regex_headers.x", [mapping(regex_headers={"x": "(?=a)"})], [mapping(headers={"x": "(?=a)"})]
        ),
        warning(
            "Mapping t/a: prefix",
            [mapping(prefix="/" + "a" * 200, prefix_regex=True)],
            [mapping(prefix="/" + "a" * 199, prefix_regex=True)],
        ),
        warning(
            "Mapping t/a: prefix",
            [
                mapping(prefix="/" + "a" * 200, prefix_regex=True),
                ambassador("Module", "other", config={"regex_max_size": 201}),
            ],
            [
                mapping(prefix="/" + "a" * 200, prefix_regex=True),
                ambassador("Module", "ambassador", config={"regex_max_size": 201}),
            ],
        ),
        error(
            f"{SELDON}spec.annotations[seldon.io/ambassador-regex-header]",
            [model(notes={"ambassador-regex-header": "x: (?!a)"})],
            [model(notes={"ambassador-header": "x: (?!a)"})],
        ),
        error(
            "definitions[0], ServiceRoute n/r: spec.routes[0].regex",
            [routed(prefix=None, regex="/(a")],
            [routed(prefix="/(a")],
        ),
    ],
    "A07": [
        error(
            f"{SELDON}spec.annotations[seldon.io/ambassador-service-name]",
            [model(notes={"ambassador-service-name": "n/k", "ambassador-header": "x: 1"}), model("k")],
            [model(notes={"ambassador-service-name": "k", "ambassador-header": "x: 1"}), model("k")],
        ),
        warning(
            "definitions[0] n/m",
            [model(notes={"ambassador-service-name": "k", "ambassador-header": "x: 1"}), model("k", namespace="o")],
            [model(notes={"ambassador-service-name": "k", "ambassador-header": "x: 1"}), model("k", namespace="n")],
        ),
        error(
            SELDON.removesuffix(": "),
            [model(notes={"ambassador-service-name": "k", "ambassador-header": "x: 1"})],
            [model(notes={"ambassador-service-name": "m", "ambassador-header": "x: 1"})],
            **IN_ISTIO,
        ),
    ],
    "A08": [
        error(
            f"{SELDON}spec.predictors[1].name",
            [model("m", predictor("a", traffic=50), predictor("a", traffic=50))],
            [model("m", predictor("a", traffic=50), predictor("aa", traffic=50))],
        ),
        error(
            f"{SELDON}spec.predictors[1].annotations[seldon.io/svc-name]",
            [model("m", *(predictor(name, traffic=50, notes={"svc-name": "s"}) for name in "ab"))],
            [model("m", *(predictor(name, traffic=50, notes={"svc-name": name}) for name in "ab"))],
        ),
        warning("definitions[0] n/" + "m" * 21, [model("m" * 21, predictor(LONG))], [model("m" * 20, predictor(LONG))]),
    ],
    "A09": [
        error(
            f"{SELDON}spec.annotations[seldon.io/ambassador-config]",
            [model(notes={"ambassador-config": document().replace("prefix", "path")})],
            [model(notes={"ambassador-config": document()})],
        ),
        error(
            f"{SELDON}spec.annotations[seldon.io/ambassador-config]",
            [model(notes={"ambassador-config": "a: b: c"})],
            [model(notes={"ambassador-config": ""})],
        ),
    ],
    "A10": [
        warning("definitions[0] n/m", [deployment(notes={"rest-timeout": "1"})], [model()]),
        warning("definitions[0] n/r spec.routes[0]", [service_route(route())], [service_route(route(timeout_ms=0))]),
        warning(
            "definitions[0] n/m",
            [model(notes={"istio-retries": "4", "istio-retries-timeout": "1", "rest-timeout": "4999"})],
            [model(notes={"istio-retries": "4", "istio-retries-timeout": "1"})],
            **IN_ISTIO,
        ),
    ],
    "A11": [
        warning(
            "definitions[0] n/m spec.annotations[seldon.io/ambassador-retry]",
            [model(notes={"ambassador-retry": "0"})],
            [model(notes={"ambassador-retries": "0"})],
        ),
        warning("definitions[0] n/m spec.replica", [model(replica=1)], [model(replicas=1)]),
        warning(
            "definitions[0] n/m spec.predictors[0].annotations[seldon.io/istio-host]",
            [model("m", predictor(notes={"istio-host": "a.com"}))],
            [model("m", predictor(), notes={"istio-host": "a.com"})],
        ),
        warning(
            "definitions[0] n/m spec.annotations[seldon.io/rest-timeout]",
            [model()],
            [model()],
            provider="istio",
            profile="operator",
            near_options={"profile": "corrected"},
        ),
    ],
    "A12": [
        error("Mapping t/a", [mapping(service="s:81"), service("s", 80)], [mapping(service="s:80"), service("s", 80)]),
        warning("Mapping t/a", [mapping(), service("other", 80)], [mapping(), service("other", 80, namespace="u")]),
        error(
            "VirtualService t/v",
            [virtual_service(http(None, to(port=81))), service("s", 80)],
            [virtual_service(http(None, to(port=80))), service("s", 80)],
            **IN_ISTIO,
        ),
    ],
    "A13": [
        error(
            "VirtualService t/v spec.hosts[0]",
            [virtual_service(gateways=["mesh"])],
            [virtual_service(gateways=["mesh"], hosts=["*.t.svc.cluster.local"])],
            **IN_ISTIO,
        ),
        warning(
            "VirtualService t/w spec.hosts",
            [virtual_service(name=name, gateways=["mesh"], hosts=["s"]) for name in "vw"],
            [virtual_service(name=name, gateways=["mesh"], hosts=[name]) for name in "vw"],
            **IN_ISTIO,
        ),
    ],
    "A14": [
        warning(
            "definitions[0] n/m",
            [model(notes={"istio-retries": "1"})],
            [model(notes={"istio-retries": "0"})],
            **IN_ISTIO,
        ),
        warning(
            "definitions[0] n/r",
            [routed(retries={"attempts": 1, "on": "5xx"})],
            [routed(retries={"attempts": 1, "on": "connect-failure"})],
        ),
        warning(
            "definitions[0] n/r",
            [routed(retries={"attempts": 1, "on": "5xx"}, methods=["GET", "POST"])],
            [routed(retries={"attempts": 1, "on": "5xx"}, methods=["GET"])],
        ),
    ],
    "A15": [
        warning(
            "operator_env.AMBASSADOR_ENABLED",
            [model()],
            [model()],
            profile="operator",
            operator_env={"AMBASSADOR_ENABLED": "false"},
            near_options={"operator_env": {"AMBASSADOR_ENABLED": "true"}},
        ),
        warning(
            "operator_env.AMBASSADOR_VERSION",
            [model()],
            [model()],
            profile="operator",
            api="v2",
            operator_env={"AMBASSADOR_VERSION": "v1"},
            near_options={"api": "v1"},
        ),
        warning(
            "definitions[0] n/r", [routed()], [routed()], profile="operator", near_options={"profile": "corrected"}
        ),
    ],
    "A16": [
        error(
            f"{SELDON}spec.annotations[seldon.io/rest-timeout]",
            [model(notes={"rest-timeout": "5s"})],
            [model(notes={"rest-timeout": "+5"})],
        ),
        error(
            f"{SELDON}spec.annotations[seldon.io/ambassador-circuit-breakers-max-requests]",
            [model(notes={"ambassador-circuit-breakers-max-requests": "-1"})],
            [model(notes={"ambassador-circuit-breakers-max-requests": "0"})],
        ),
    ],
    "A17": [
        warning(
            "definitions[0]",
            [obj("gateway.networking.k8s.io/v1", "HTTPRoute", "h", {})],
            [obj("v1", "ConfigMap", "h", {})],
        ),
        warning("definitions[0]", [obj(AMBASSADOR, "TCPMapping", "h", {})], [obj(AMBASSADOR, "LogService", "h", {})]),
        warning("definitions[0]", [obj(ISTIO, "Sidecar", "h", {})], [obj(ISTIO, "WorkloadGroup", "h", {})]),
    ],
    "A18": [
        error(f"{SELDON}spec.predictors", [model(predictors=[])], [model(predictors=[predictor()])]),
        error("definitions[0], ServiceRoute n/r: spec.routes[0].servce", [routed(servce="s")], [routed()]),
        error(
            "definitions[0]",
            [model() | {"apiVersion": "v1"}],
            [model() | {"apiVersion": "machinelearning.seldon.io/v1"}],
        ),
    ],
}
TEAMS = [mapping("a", "t"), mapping("b", "u", weight=10)]
SITE, LABELLED = {"matchLabels": {"site": "one"}}, mapping(labels={"site": "one"})
CONFLICT_CASES = {
    "B01": [
        error(
            "Mapping n/seldon-n-m-p-rest",
            [model(), mapping(prefix=OURS)],
            [model(), mapping(prefix=OURS, headers={"x": "1"})],
        ),
        error("Mapping", TEAMS, [TEAMS[0], mapping("b", "u", method="GET")]),
        error(
            "VirtualService u/v",
            [virtual_service(namespace=name, creationTimestamp=OLD) for name in "tu"],
            [virtual_service(namespace=name, hosts=[f"{name}.com"]) for name in "tu"],
            **IN_ISTIO,
        ),
        error(
            "Mapping t/a",
            [mapping(), mapping(version="getambassador.io/v2")],
            [mapping(), mapping("b", version="getambassador.io/v2")],
        ),
    ],
    "B02": [
        error(
            "VirtualService u/w",
            [
                virtual_service(http("/a/"), creationTimestamp=OLD),
                virtual_service(http("/a/b/"), name="w", namespace="u"),
            ],
            [
                virtual_service(http("/"), creationTimestamp=OLD),
                virtual_service(http("/a/b/"), name="w", namespace="u"),
            ],
            **IN_ISTIO,
        ),
        warning(
            "VirtualService u/w",
            [
                virtual_service(http("/a/")),
                virtual_service(http("/a/b/"), name="w", namespace="u", creationTimestamp=OLD),
            ],
            [
                virtual_service(http("/a/")),
                virtual_service(http("/ab/"), name="w", namespace="u", creationTimestamp=OLD),
            ],
            **IN_ISTIO,
        ),
        error(
            "Mapping u/b",
            [mapping(prefix="/x/", precedence=1), mapping("b", "u", prefix="/x/y/")],
            [mapping(prefix="/x/"), mapping("b", "u", prefix="/x/y/")],
        ),
    ],
    "B03": [
        warning(
            "VirtualService n/m",
            [model(), virtual_service(http("/x/"), hosts=["a.com"], gateways=["istio-system/seldon-gateway"])],
            [model(), virtual_service(http("/x/"), hosts=["a.com"], gateways=["istio-system/other"])],
            **IN_ISTIO,
        ),
        warning(
            "VirtualService t/v",
            [owned(virtual_service(hosts=["a.com"])), virtual_service(http("/y/"), namespace="u")],
            [owned(virtual_service(hosts=["a.com"])), owned(virtual_service(http("/y/"), namespace="u"))],
            **IN_ISTIO,
            scope="prod",
        ),
        warning(
            "Mapping n/seldon-n-m-p-",
            [model(), host("a.com", mappingSelector=SITE), host("*", "i"), LABELLED],
            [model(), host("a.com"), host("*", "i"), LABELLED],
        ),
    ],
    "B04": [
        error(
            "Mapping n/seldon-n-m-p-rest",
            [model(), mapping(prefix=OURS + "v2/")],
            [model(), mapping(prefix="/seldon/n/m2/")],
        ),
        error(
            "definitions[1]",
            [model(), mapping("seldon-n-m-p-rest", "n", prefix="/y/")],
            [model(), owned(mapping("seldon-n-m-p-rest", "n", prefix="/y/"))],
            scope="prod",
        ),
        error(
            "definitions[1]",
            [model(), owned(mapping("seldon-n-m-p-rest", "n", prefix="/y/"), scope="test")],
            [model(), owned(mapping("seldon-n-m-p-rest", "n", prefix="/y/"), scope="prod")],
            scope="prod",
        ),
    ],
    "B05": [
        warning(
            "operator_env.AMBASSADOR_ENABLED",
            [model()],
            [model()],
            operator_env={"AMBASSADOR_ENABLED": "true"},
            near_options={"operator_env": {"ISTIO_ENABLED": "true"}},
        ),
        warning(
            "operator_env.ISTIO_ENABLED",
            [model()],
            [model()],
            provider="istio",
            operator_env={"ISTIO_ENABLED": "true"},
            near_options={"operator_env": {"ISTIO_ENABLED": "false"}},
        ),
    ],
    "B06": [error("Mapping", TEAMS, [TEAMS[0], mapping("b", "t", weight=10)])],
    "B07": [
        warning(
            "Ambassador default",
            [mapping(f"a{number}", prefix=f"/{number}/") for number in range(301)],
            [mapping(f"a{number}", prefix=f"/{number}/") for number in range(300)],
        ),
        warning(
            "Ambassador default",
            [ambassador("TLSContext", f"a{number}") for number in range(41)],
            [ambassador("TLSContext", f"a{number}") for number in range(40)],
        ),
        warning(
            "Istio",
            [virtual_service(name=f"a{number}", hosts=[f"h{number}.com"]) for number in range(1001)],
            [virtual_service(name=f"a{number}", hosts=[f"h{number}.com"]) for number in range(1000)],
            **IN_ISTIO,
        ),
    ],
}
AMBASSADOR_CASES = {
    "C01": [
        error("Mapping t/a", [mapping(version="getambassador.io/v1")], [mapping(version="getambassador.io/v2")]),
        error("Mapping t/a", [service(annotation=document("v1"))], [service(annotation=document("v2"))]),
        error(
            "Mapping t/a",
            [mapping()],
            [mapping()],
            ambassador_version="1.14.4",
            near_options={"ambassador_version": "2.5.1"},
        ),
        error(
            "Mapping t/a",
            [mapping(version="getambassador.io/v2")],
            [mapping(version="getambassador.io/v2")],
            ambassador_version="4.0.0",
            near_options={"ambassador_version": "3.12.2"},
        ),
        error(
            "definitions[0], ServiceRoute n/r",
            [routed(query={"q": "1"})],
            [routed(query={"q": "1"})],
            api="v1",
            near_options={"api": "v2"},
        ),
        warning("ambassador.api v1", [model()], [model()], api="v1", near_options={"api": "v2"}),
    ],
    "C02": [
        warning("Ambassador default", [mapping()], [mapping(), listener()]),
        error("Listener t/m: port", [listener(), listener(name="m")], [listener(), listener(8443, "m")]),
    ],
    "C03": [
        error("Mapping t/a", [host("a.com"), mapping(hostname="b.com")], [host("*.com"), mapping(hostname="b.com")]),
        warning("Mapping t/a: hostname", [mapping(hostname="a.com:8080")], [mapping(hostname="a.com")]),
    ],
    "C04": [
        error(
            "Mapping t/a: ambassador_id",
            [listener(), mapping(ambassador_id=["blue"])],
            [listener(), mapping(ambassador_id=["default"])],
        ),
        error(
            f"{SELDON}spec.annotations[seldon.io/ambassador-id]",
            [model(notes={"ambassador-id": " blue"})],
            [model(notes={"ambassador-id": "light blue"})],
        ),
    ],
    "C05": [
        error(
            "Mapping t/b: connect_timeout_ms",
            [mapping(connect_timeout_ms=1), mapping("b", weight=5, connect_timeout_ms=2)],
            [mapping(timeout_ms=1), mapping("b", weight=5, timeout_ms=2)],
        ),
        error(
            "Mapping t/b: circuit_breakers",
            [mapping(), mapping("b", weight=5, circuit_breakers=[{"max_requests": 1}])],
            [
                mapping(name, circuit_breakers=[{"max_requests": 1}], weight=weight)
                for name, weight in (("a", None), ("b", 5))
            ],
        ),
    ],
    "C06": [
        error(
            "Mapping t/b: weight",
            [mapping(weight=50), mapping("b", weight=51)],
            [mapping(weight=50), mapping("b", weight=50)],
        ),
        error(
            "Mapping t/b: weight", [mapping(weight=50), mapping("b", weight=49)], [mapping(), mapping("b", weight=49)]
        ),
        error("Mapping t/b: weight", [mapping(), mapping("b", weight=101)], [mapping(), mapping("b", weight=100)]),
    ],
    "C07": [
        error(
            "Mapping t/b: add_request_headers",
            [mapping(), mapping("b", weight=5, add_request_headers={"x": "1"})],
            [
                mapping(weight=number, name=name, add_request_headers={"x": "1"})
                for name, number in (("a", None), ("b", 5))
            ],
        ),
        error(
            "Mapping t/b: remove_response_headers",
            [mapping(remove_response_headers=["x"]), mapping("b", weight=5, remove_response_headers=["y"])],
            [mapping(remove_response_headers=["x"]), mapping("b", prefix="/y/", remove_response_headers=["y"])],
        ),
    ],
    "C09": [
        warning(
            "Ambassador 3.9.0",
            [mapping()],
            [mapping()],
            ambassador_version="3.9.0",
            near_options={"ambassador_version": "3.9.1"},
        ),
        warning(
            "Mapping t/b: regex_headers",
            [mapping(regex_headers={"x": "a"}), mapping("b", regex_headers={"x": "a"}, weight=5)],
            [mapping(headers={"x": "a"}), mapping("b", headers={"x": "a"}, weight=5)],
            ambassador_version="3.9.1",
        ),
    ],
    "C12": [
        error("Mapping t/a: weight", [mapping(weight="50")], [mapping(weight=50.0)]),
        error("Mapping t/a: service", [mapping(service="a b:x")], [mapping(service="a-b:80")]),
        error("Listener t/l", [listener(securityModel=""), listener(8081, "m")], [listener(), listener(8081, "m")]),
        error(f"Service t/s: {CONFIG}", [service(annotation="a: b: c")], [service(annotation=document())]),
    ],
    "C13": [
        error("Mapping t/a: tls", [mapping(tls="c")], [mapping(tls="c"), ambassador("TLSContext", "c")]),
    ],
}
NAMED = [to(subset="v1")]
SUBSETS = {"v1": {"version": "v1"}}
METRICS = {"to": [{"operation": {"paths": ["/prometheus"], "methods": ["GET"], "ports": ["8000"]}}]}
FROM_CALLERS = {"from": [{"source": {"namespaces": ["callers"]}}]}
MODEL_POD = pod({"seldon-deployment-id": "m"})


def policy(*rules, name="p", **spec):
    return obj(SECURITY, "AuthorizationPolicy", name, {"rules": list(rules)} | spec)


def peer(mode):
    return obj(SECURITY, "PeerAuthentication", "p", {"mtls": {"mode": mode}})


ISTIO_CASES = {
    "D01": [
        warning("Gateway g/gw", [virtual_service()], [virtual_service(), gateway()]),
        error(
            "Gateway t/gw",
            [virtual_service(gateways=["gw"]), gateway()],
            [virtual_service(gateways=["gw"]), gateway(namespace="t")],
        ),
        error(
            "VirtualService t/v spec.gateways[0]",
            [virtual_service(gateways=["g/gw/x"])],
            [virtual_service(gateways=["g/gw"]), gateway()],
        ),
    ],
    "D02": [
        error(
            "Gateway g/gw spec.selector",
            [gateway(), pod({"istio": "ingressgateway"})],
            [gateway(), pod({"istio": "ingress"})],
        ),
        error(
            "Gateway g/gw spec.servers[0].port",
            [gateway(), pod({"istio": "ingress"}), service("i", 8080, selector={"istio": "ingress"})],
            [gateway(), pod({"istio": "ingress"}), service("i", 80, selector={"istio": "ingress"})],
        ),
    ],
    "D03": [
        error(
            "VirtualService t/v spec.hosts",
            [gateway(server("a.com")), virtual_service(hosts=["b.com"])],
            [gateway(server("*.com")), virtual_service(hosts=["b.com"])],
        ),
        error(
            "VirtualService t/v spec.hosts",
            [gateway(server("u/*")), virtual_service()],
            [gateway(server("t/*")), virtual_service()],
        ),
        error("VirtualService t/v spec.hosts[0]", [virtual_service(hosts=["a_b"])], [virtual_service(hosts=["a-b"])]),
    ],
    "D04": [
        error(
            "Gateway g/two spec.servers[0].hosts",
            [gateway(server("a.com")), gateway(server("a.com"), name="two")],
            [gateway(server("a.com")), gateway(server("a.com", port=8080), name="two")],
        ),
        warning(
            "Gateway g/two spec.servers[0].hosts",
            [gateway(), gateway(server("a.com"), name="two")],
            [gateway(server("b.com")), gateway(server("a.com"), name="two")],
        ),
        error(
            "Gateway g/gw spec.servers[1].port.name",
            [gateway(server("a.com"), server("b.com"))],
            [gateway(server("a.com"), server("b.com", name="q"))],
        ),
    ],
    "D05": [
        error(
            "VirtualService t/v spec.http[0].route[0].destination",
            [virtual_service(http(None, *NAMED)), rule(subsets={"v2": {}})],
            [virtual_service(http(None, *NAMED)), rule(subsets=SUBSETS)],
        ),
        warning(
            "DestinationRule t/e spec.host", [rule(), rule("e")], [rule(), rule("e", target="o.t.svc.cluster.local")]
        ),
        error(
            "DestinationRule t/d spec.subsets[0].labels",
            [rule(subsets=SUBSETS), service("s", 80, selector={"app": "x"}), pod({"app": "x", "version": "v2"})],
            [rule(subsets=SUBSETS), service("s", 80, selector={"app": "x"}), pod({"app": "x", "version": "v1"})],
        ),
    ],
    "D06": [
        warning(
            "Gateway g/two spec.servers[0].tls",
            [gateway(secure("a.com")), gateway(secure("b.com"), name="two")],
            [gateway(secure("a.com")), gateway(secure("b.com", credential="other"), name="two")],
        ),
    ],
    "D08": [
        warning("AuthorizationPolicy t/p", [policy(), MODEL_POD], [policy(METRICS), MODEL_POD]),
        warning(
            "AuthorizationPolicy t/p",
            [policy(FROM_CALLERS), MODEL_POD],
            [policy(FROM_CALLERS | METRICS), MODEL_POD],
        ),
        warning("AuthorizationPolicy t/p", [policy(), MODEL_POD], [policy(action="DENY"), MODEL_POD]),
        warning("PeerAuthentication t/p", [peer("STRICT"), MODEL_POD], [peer("PERMISSIVE"), MODEL_POD]),
    ],
    "D09": [
        error(
            "VirtualService t/v spec.http[0].route[0].destination",
            [virtual_service(http(None, to("s"))), service("o", 80), service("s", 80, namespace="u")],
            [virtual_service(http(None, to("s"))), service("s", 80)],
        ),
        error(
            "VirtualService t/v spec.http[0].route[0].destination",
            [virtual_service(http(None, to("s.t"))), service("s", 80)],
            [virtual_service(http(None, to("s.t.svc.cluster.local"))), service("s", 80)],
        ),
        warning(
            "VirtualService t/v spec.http[0].route[0].destination",
            [virtual_service(http(None, to(port=None))), service("s", 80, 81)],
            [virtual_service(http(None, to(port=None))), service("s", 80)],
        ),
    ],
    "D10": [
        error(
            "VirtualService t/v spec.http[0]",
            [virtual_service(http(mirror=to()["destination"], mirrors=[to()]))],
            [virtual_service(http(mirrors=[to()]))],
        ),
        error(
            "VirtualService t/v spec.http[0].mirrorPercentage",
            [virtual_service(http(mirror=to()["destination"], mirrorPercentage={"value": 101}))],
            [virtual_service(http(mirror=to()["destination"], mirrorPercentage={"value": 100}))],
        ),
        error(
            "VirtualService t/v spec.http[0].mirrors",
            [virtual_service(http(mirrors=[to()]))],
            [virtual_service(http(mirrors=[to()]))],
            istio_version="1.19.4",
            near_options={"istio_version": "1.20.0"},
        ),
    ],
    "D11": [
        warning(
            "Pod t/p metadata.labels",
            [
                gateway(),
                pod({"istio": "ingress", "istio.io/rev": "new"}),
                obj("v1", "Namespace", "t", {}, None, labels={"istio.io/rev": "old"}),
            ],
            [
                gateway(),
                pod({"istio": "ingress", "istio.io/rev": "new"}),
                obj("v1", "Namespace", "t", {}, None, labels={"istio.io/rev": "new"}),
            ],
        ),
    ],
    "D12": [
        error("Gateway g/gw", [gateway(version="networking.istio.io/v2")], [gateway(version="networking.istio.io/v1")]),
        error(
            "Gateway g/gw",
            [gateway(version="networking.istio.io/v1")],
            [gateway(version="networking.istio.io/v1")],
            istio_version="1.21",
            near_options={"istio_version": "1.22"},
        ),
    ],
    "D13": [
        warning(
            "VirtualService t/v spec.exportTo",
            [virtual_service(spec={"exportTo": ["."]})],
            [virtual_service(spec={"exportTo": ["*"]})],
        ),
        warning(
            "VirtualService t/v spec.http[0].directResponse",
            [virtual_service({"directResponse": {"status": 503}})],
            [virtual_service({"redirect": {"uri": "/"}})],
        ),
        warning(
            "VirtualService t/v spec.http[0].fault",
            [virtual_service(http(fault={"abort": {"httpStatus": 503, "percentage": {"value": 10}}}))],
            # Without a percentage Istio aborts nothing.
            [virtual_service(http(fault={"abort": {"httpStatus": 503}}))],
        ),
        warning(
            "DestinationRule t/d spec.workloadSelector", [rule(workloadSelector={"matchLabels": {"a": "b"}})], [rule()]
        ),
    ],
    "D14": [
        error("VirtualService t/v", [virtual_service(http(timeout="1"))], [virtual_service(http(timeout="1s"))]),
        error("VirtualService t/v", [virtual_service(http(timeout=1))], [virtual_service(http(timeout="1ms"))]),
        error("AuthorizationPolicy t/p", [policy(selector="x")], [policy(selector={})]),
    ],
    "D15": [
        warning(
            "definitions[0] n/m",
            [model(notes={"ambassador-circuit-breakers-max-requests": "0"})],
            [model(notes={"ambassador-circuit-breakers-max-requests": "1"})],
        ),
    ],
}
NOW_TEXT = NOW.isoformat()
TLS_CASES = {
    "E01": [
        error("Secret t/s", [secret(GOOD, OTHER)], [secret()]),
        error("Secret t/s data[tls.key]", [secret(key=None)], [secret()]),
    ],
    "E02": [
        error(
            "Gateway t/gw spec.servers[0].tls.credentialName",
            [gateway(secure("a.com"), namespace="t"), pod({"istio": "ingress"}, namespace="i"), secret()],
            [gateway(secure("a.com"), namespace="t"), pod({"istio": "ingress"}, namespace="t"), secret()],
        ),
        error(
            "Host t/h spec.tlsSecret",
            [host(tlsSecret={"name": "s"}), secret(namespace="u")],
            [host(tlsSecret={"name": "s", "namespace": "u"}), secret(namespace="u")],
        ),
    ],
    "E03": [
        error(
            "Host t/h spec.hostname",
            [host("b.com", tlsSecret={"name": "s"}), secret()],
            [host("a.com", tlsSecret={"name": "s"}), secret()],
        ),
        error(
            "Gateway t/gw spec.servers[0].hosts",
            [gateway(secure("a.com", "b.com"), namespace="t"), secret()],
            [gateway(secure("a.com", "t/a.com"), namespace="t"), secret()],
        ),
    ],
    "E04": [
        error("Secret t/s", [own_secret(signed(ends=-1))], [own_secret(signed(ends=31))]),
        error("Secret t/s", [own_secret(signed(begins=1))], [own_secret(signed(begins=-1))]),
        warning(
            "Secret t/s", [own_secret(signed(ends=29))], [own_secret(signed(ends=29))], near_options={"warn_days": 29}
        ),
    ],
    "E05": [
        warning("Secret t/s", [own_secret(signed(issuer=None))], [own_secret(signed())]),
        warning(
            "Secret t/s",
            [own_secret(signed(private=rsa.generate_private_key(65537, 1024)))],
            [own_secret(signed(private=rsa.generate_private_key(65537, 2048)))],
        ),
    ],
    "E06": [
        warning(
            "Host t/h spec.requestPolicy.insecure.action", [host("a.com", action=None)], [host("a.com", action="Route")]
        ),
        warning(
            "Host t/h spec.requestPolicy.insecure.action",
            [host("a.com", action="Redirect", tlsSecret={"name": "s"}), mapping(grpc=True)],
            [host("a.com", action="Redirect", tlsSecret={"name": "s"}), mapping(grpc=True, hostname="b.com")],
        ),
        warning(
            "Gateway g/gw spec.servers[0].tls.httpsRedirect",
            [
                gateway(server(tls={"httpsRedirect": True})),
                virtual_service(http(None, headers={"content-type": {"prefix": "application/grpc"}})),
            ],
            [
                gateway(server(tls={"httpsRedirect": True})),
                virtual_service(http(None, headers={"content-type": {"prefix": "application/json"}})),
            ],
            **IN_ISTIO,
        ),
    ],
    "E08": [
        warning(
            "definitions[0] n/m ssl.certSecretName",
            [model("m", predictor(ssl={"certSecretName": "s"}))],
            [model("m", predictor(ssl={"certSecretName": ""}))],
            **IN_ISTIO,
        ),
    ],
}


def under(options, table):
    """The cases with options that all of them have."""
    return {check: [replace(item, options=options | item.options) for item in cases] for check, cases in table.items()}


TABLE = DEFINITION_CASES | CONFLICT_CASES | AMBASSADOR_CASES
TABLE |= under(IN_ISTIO, ISTIO_CASES) | under({"now": NOW_TEXT}, TLS_CASES)
ROWS = [
    pytest.param(check, item, id=f"{check}-{number}")
    for check, cases in TABLE.items()
    for number, item in enumerate(cases)
]


def test_every_check_has_cases():
    assert set(TABLE) == set(CHECKS)
    assert all(TABLE.values())
    for check, cases in TABLE.items():
        levels = {item.level for item in cases}
        assert CHECKS[check].level == ("error" if "error" in levels else "warning"), check


def of(check, found):
    return [item for item in found if item["id"] == check]


@pytest.mark.parametrize(("check", "item"), ROWS)
def test_what_trips_a_check(check, item):
    found = of(check, lint(item.trip, **item.options))
    assert [one for one in found if one["level"] == item.level and one["where"].startswith(item.where)], found


@pytest.mark.parametrize(("check", "item"), ROWS)
def test_what_just_does_not_trip_it(check, item):
    assert of(check, lint(item.near, **item.options | item.near_options)) == []


# --- What findings look like --------------------------------------------------------------------------------------

KEYS = ["id", "level", "where", "message", "fix"]
BEGINNING = re.compile(r"[a-z0-9'*]|Istio ")


@pytest.mark.parametrize(("check", "item"), ROWS)
def test_a_finding_reads_as_one_sentence(check, item):
    before = copy.deepcopy(item.trip)
    found = lint(item.trip, **item.options)
    assert item.trip == before
    for one in found:
        assert list(one) == KEYS
        assert all(isinstance(text, str) and text.strip() == text != "" for text in one.values())
        assert one["id"] in CHECKS or one["id"] in DEFECTS
        assert one["level"] in ("error", "warning")
        assert BEGINNING.match(one["message"]), one["message"]
        assert not one["message"].endswith((".", ":", ","))
        assert one["fix"][0].islower() or one["fix"].startswith("seldon.io/")
        assert not one["fix"].endswith(".")
        assert all(text.isprintable() for text in one.values())
    assert found == sorted(found, key=lambda one: tuple(one.values()))
    assert len({tuple(one.values()) for one in found}) == len(found)


def test_a_definition_of_which_nothing_is_to_be_said():
    assert lint(model(), provider=["ambassador", "istio"]) == []
    assert lint([]) == []
    assert lint([model(), routed()], provider=["ambassador", "istio"], istio_version="1.24") == []
    # An argument of None is as good as none.
    assert lint(model(), None, None, None, None, **dict.fromkeys(("profile", "scope", "hosts", "operator_env"))) == []


def test_nothing_else_of_a_check_is_raised_by_the_usual_definition():
    """What the operator writes has defects; what we write has none that a check knows."""
    items = [
        model("m", predictor("a", traffic=90, explainer={"type": "x"}), predictor("b", traffic=10)),
        model("k", predictor("a"), predictor("b", shadow=True)),
        model("l", notes={"ambassador-service-name": "k", "ambassador-header": "x: 1"}),
        routed(mirror={"service": "copy", "port": 80}),
    ]
    assert lint(items, provider=["ambassador", "istio"]) == []


def test_kubectl_prints_a_list():
    items = [model(), mapping(prefix=OURS)]
    listed = {"apiVersion": "v1", "kind": "List", "items": items}
    found = lint(items)
    assert {"B01", "B04", "B06"} <= ids(found)
    assert lint(listed) == lint([listed]) == found
    assert lint(split(60, 60)) == lint([split(60, 60)])
    inside = lint([mapping(), {"apiVersion": "v1", "kind": "List", "items": [split(60, 60)]}], checks=silent("C02"))
    assert [one["where"] for one in inside] == ["definitions[1], items[0], SeldonDeployment n/m: spec.predictors"]


def test_the_order_of_items_does_not_matter():
    items = [model(), mapping(prefix=OURS), mapping("b", "u", prefix=OURS), listener(), host("*")]
    found = lint(items)
    assert len(found) > 3
    assert all(lint(list(order)) == found for order in itertools.permutations(items))


def ids(found):
    return {one["id"] for one in found}


def silent(*checks):
    return [{"id": check, "level": "silent", "reason": "tested elsewhere"} for check in checks]


# --- Refused definitions ------------------------------------------------------------------------------------------

FOREIGN = mapping(prefix="/seldon/n/good/")


def test_a_refused_definition_hides_no_other():
    found = lint([split(60, 60), model("k", notes={"rest-timeout": "x"}), model("good"), FOREIGN])
    assert [one["where"] for one in of("A01", found)] == ["definitions[0], SeldonDeployment n/m: spec.predictors"]
    assert len(of("A16", found)) == 1
    assert of("B01", found)[0]["where"] == of("B04", found)[0]["where"] == "Mapping n/seldon-n-good-p-rest"
    assert of("B06", found)


@pytest.mark.parametrize("provider", ["ambassador", "istio"])
def test_attached_to_what_is_not_there(provider):
    attached = model("k", notes={"ambassador-service-name": "gone", "ambassador-header": "x: 1"})
    found = lint([split(60, 60), attached, model("good"), FOREIGN], provider=provider)
    assert of("A01", found)
    assert of("A07", found)[0]["where"].startswith("definitions[1]")
    assert "'gone', which is not in this run" in of("A07", found)[0]["message"]
    assert provider == "istio" or {"B01", "B04", "B06"} <= ids(found)


COLLISIONS = {
    "one prefix": ("B01", [routed(), service_route(route(timeout_ms=5000), name="q")]),
    "other policies": (
        "B26",
        [model("m", notes={"rest-timeout": "1"}), model("k", notes={"ambassador-service-name": "m"})],
    ),
    "hosts in common": (
        "B01",
        [routed(hosts=["a.com", "b.com"]), service_route(route(hosts=["a.com"], timeout_ms=5000), name="q")],
    ),
    "two shadows": (
        "A04",
        [
            model("m", predictor("a"), predictor("b", shadow=True)),
            model("k", predictor("a"), predictor("b", shadow=True), notes={"ambassador-service-name": "m"}),
        ],
    ),
}


@pytest.mark.parametrize("name", COLLISIONS)
@pytest.mark.parametrize("provider", ["ambassador", "istio"])
def test_definitions_that_collide(name, provider):
    check, items = COLLISIONS[name]
    with pytest.raises(AnsibleFilterError):
        routes(items, provider=provider)
    found = lint([*items, model("good"), FOREIGN], provider=provider)
    assert of(check, found)
    if provider == "ambassador":
        assert of("B04", found)


def test_the_mesh_without_a_host():
    with pytest.raises(AnsibleFilterError):
        routes(model(), provider="istio", gateway="mesh")
    assert [one["id"] for one in lint(model(), provider="istio", gateway="mesh")] == ["A13"]


def test_what_is_defined_twice():
    found = lint([model(), model(), model("k", predictor("a", notes={"svc-name": "m-p"}))])
    (twice,) = of("A18", found)
    assert twice["where"] == "definitions[1], SeldonDeployment n/m: metadata.name"
    assert twice["message"] == "is already defined in definitions[0]"


def test_two_definitions_that_need_one_service():
    named = {"svc-name": "x"}
    items = [model("m", predictor(notes=named)), model("k", predictor(notes=named)), model("good"), FOREIGN]
    assert {"B18", "B01", "B04", "B06"} <= ids(lint(items))


# --- checks -------------------------------------------------------------------------------------------------------


WITHOUT_TIMES = [deployment(), deployment("k")]


def judged(*checks, items=None, **options):
    found = lint(items or WITHOUT_TIMES, checks=list(checks), **options)
    return [(one["id"], one["level"], one["where"]) for one in found]


def judgement(level, check="A10", reason="they answer at once", **more):
    return {"id": check, "level": level, "reason": reason, **more}


FIRST, LAST = ("A10", "warning", "definitions[0] n/m"), ("A10", "warning", "definitions[1] n/k")


def test_an_inventory_judges_checks():
    assert judged() == [FIRST, LAST]
    assert judged(judgement("silent")) == []
    assert judged(judgement("silent", "A11")) == [FIRST, LAST]
    assert judged(judgement("warning")) == [FIRST, LAST]
    assert judged(judgement("error")) == [("A10", "error", FIRST[2]), ("A10", "error", LAST[2])]
    assert judged(judgement("silent", where="definitions[0] n/m")) == [LAST]
    assert judged(judgement("silent", where="definitions[0]")) == [FIRST, LAST]
    assert judged(judgement("silent", where="* n/k*")) == [FIRST]
    assert judged(judgement("error", where="*n/k")) == [("A10", "error", LAST[2]), FIRST]
    # Of several that fit the last one counts.
    assert judged(judgement("silent"), judgement("warning", where="*n/k")) == [LAST]
    assert judged(judgement("warning", where="*n/k"), judgement("silent")) == []


def test_a_changed_level_says_why():
    (found,) = lint(split(60, 60), checks=[judgement("warning", "A01", "we know, and it is Friday.")])
    assert found["level"] == "warning"
    assert found["fix"].endswith("it must add up to 100 (warning by `checks`: we know, and it is Friday)")
    (same,) = lint(split(60, 60), checks=[judgement("error", "A01")])
    assert "checks" not in same["fix"]


def test_a_silent_error_of_a_definition_does_not_bring_it_back():
    found = lint([split(60, 60), mapping(prefix=OURS), listener()], checks=silent("A01"))
    assert found == []


def test_defects_of_the_operator_are_judged_too():
    items = [model()]
    assert judged(items=items, profile="operator") == [("B3", "warning", "definitions[0] n/m metadata.name")]
    assert judged(judgement("silent", "B3"), items=items, profile="operator") == []


BAD_CHECKS = {
    "text": ("A10", "checks: is the text 'A10': write a list of mappings with id, level, reason, where."),
    "mapping": ({"id": "A10"}, "checks: is a mapping: write a list"),
    "number": ([5], "checks[0]: is the number 5: write a mapping with id, level, reason, where."),
    "no level": ([{"id": "A10"}], "checks[0].level: null is not known: allowed are error, warning, silent."),
    "no id": ([judgement("silent"), {"level": "silent"}], "checks[1].id: null is no check"),
    "unknown id": ([judgement("silent", "A99")], "checks[0].id: 'A99' is no check"),
    "lower id": ([judgement("silent", "a10")], "checks[0].id: 'a10' is no check"),
    "unknown level": ([judgement("off")], "checks[0].level: 'off' is not known: allowed are error, warning, silent."),
    "no reason": ([judgement("silent", reason=" ")], "checks[0].reason: is missing: say why A10 is silent here."),
    "no place": ([judgement("silent", where="")], "checks[0].where: is the text ''"),
    "field": ([judgement("silent", were="x")], "is no field: allowed are id, level, reason, where."),
    "list as level": ([judgement(["silent"])], "checks[0].level: a list is not known"),
}


@pytest.mark.parametrize("name", BAD_CHECKS)
def test_bad_checks(name):
    value, message = BAD_CHECKS[name]
    with pytest.raises(AnsibleFilterError) as caught:
        lint(model(), checks=value)
    assert message in str(caught.value)
    assert str(caught.value).startswith("mlops.ingress.lint: checks")
    assert str(caught.value).endswith(".")


# --- Certificates -------------------------------------------------------------------------------------------------


def test_warn_days_and_the_time():
    item = own_secret(signed(ends=29.5))

    def levels(days=None, after=0):
        return [one["level"] for one in lint(item, now=(NOW + timedelta(days=after)).isoformat(), warn_days=days)]

    assert levels() == levels(30) == ["warning"]
    assert levels(29) == levels(0) == []
    assert levels(29, after=0.5) == []
    assert levels(29, after=0.6) == ["warning"]
    assert levels(0, after=30) == ["error"]


@pytest.mark.parametrize("when", [5, "x", "2026-01-01", "2026-01-01T00:00:00", True, ["2026"]])
def test_bad_times(when):
    with pytest.raises(AnsibleFilterError, match=r"^mlops.ingress.lint: now: .* is no time: write it as '[^']*'\.$"):
        lint([], now=when)


@pytest.mark.parametrize("days", [-1, 1.5, "30", True, 36501, [1]])
def test_bad_days(days):
    with pytest.raises(AnsibleFilterError, match=r"^mlops.ingress.lint: warn_days: .* write a whole number from 0 to"):
        lint([], warn_days=days)


def test_secrets_stay_secret():
    items = [secret(GOOD, OTHER), own_secret(signed(ends=-1), name="t"), host("b.com", tlsSecret={"name": "s"})]
    text = str(lint(items, now=NOW_TEXT))
    for item in items[:2]:
        assert not any(value in text or value[:60] in text for value in item["data"].values())
    assert "PRIVATE" not in text


# --- The environment ----------------------------------------------------------------------------------------------

BOTH = {"provider": ["ambassador", "istio"]}


def test_nothing_is_said_of_an_environment_that_is_not_given():
    assert lint(model(), **BOTH) == []
    assert ids(lint([model(), mapping()], **BOTH)) == {"C02"}
    assert ids(lint([model(), virtual_service()], **BOTH)) == {"D01"}
    assert ids(lint([model(), virtual_service(), mapping()], **BOTH)) == {"C02", "D01"}
    # Those of no provider say nothing of either.
    assert lint([model(), service("x", 80, namespace="x"), obj("v1", "ConfigMap", "c", {})], **BOTH) == []
    missing = {one["where"] for one in lint([model(), virtual_service()], **BOTH)}
    assert missing == {"Gateway g/gw", "Gateway istio-system/seldon-gateway"}


def test_what_an_earlier_run_wrote_is_replaced():
    before = owned(mapping("seldon-n-m-p-rest", "n", prefix=OURS, weight=150), definition="m")
    gone = owned(mapping("gone", "n", prefix=OURS), definition="m")
    assert lint([model(), before, gone], scope="prod") == []
    assert {"B01", "B04"} <= ids(lint([model(), gone], scope="test"))
    assert {"B01", "B04"} <= ids(lint([model(), gone]))
    assert of("B04", lint([model(), gone], scope="test"))[0]["fix"].startswith("keep the definition in one scope")
    # Without definitions nothing is replaced: these are the routes that there are.
    assert "C06" in ids(lint([before, mapping("x", "n", prefix=OURS)], scope="prod"))


def test_objects_of_the_run_that_others_have():
    taken = mapping("seldon-n-m-p-rest", "n", prefix="/other/")
    (found,) = of("B04", lint([model(), taken], scope="prod"))
    assert found["where"] == "definitions[1]"
    assert (
        found["message"] == "was made by somebody else, and this run needs the Mapping n/seldon-n-m-p-rest for itself"
    )
    (found,) = of("B04", lint([model(), owned(taken, scope="test")], scope="prod"))
    assert found["message"].startswith("belongs to scope test, set models, and this run needs")


def test_what_the_operator_wrote_may_be_adopted():
    """The operator's own Mapping for the same deployment is known by its label."""
    item = mapping("seldon-n-m-p-rest-operator", "n", prefix=OURS, labels={"seldon-deployment-id": "m"})
    (found,) = of("B04", lint([model(), item], scope="prod"))
    assert found["fix"] == "switch the operator's own routes off, or adopt the object"


def test_each_provider_looks_at_its_own_objects():
    items = [split(60, 60), mapping(weight=150), mapping("b"), gateway(server("a.com"), server("b.com"))]
    assert ids(lint(items)) == {"A01", "C02", "C06"}
    assert ids(lint(items, provider="istio")) == {"A01", "D04"}
    assert ids(lint(items, **BOTH)) == {"A01", "C02", "C06", "D04"}
    assert lint(items, provider=["istio", "ambassador"]) == lint(items, **BOTH)


def test_the_operator_divides_100_to_0_in_halves():
    found = lint(split(100, 0), profile="operator", operator_env={"AMBASSADOR_VERSION": "v1"})
    assert {"B8", "A02"} <= ids(found)
    assert lint(split(100, 0)) == []
    assert "A02" not in ids(lint(split(100, 0), profile="operator"))


def test_objects_of_no_routes_are_passed_over():
    hidden = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "type": "Opaque", "data": {"a": "b"}}
    others = [obj("apps/v1", "Deployment", "d", {}), obj("cert-manager.io/v1", "Certificate", "c", {})]
    assert lint([model(), hidden, *others], **BOTH) == []


def test_an_unknown_kind_is_told_once():
    found = lint([obj("gateway.networking.k8s.io/v1", "HTTPRoute", "h", {})], **BOTH)
    assert [one["id"] for one in found] == ["A17"]


def test_the_domain_of_the_cluster_counts_for_istio():
    items = [rule(subsets=SUBSETS, target="s"), service("s", 80, selector={"app": "x"}), pod({"app": "x"})]
    assert ids(lint(items, **IN_ISTIO)) == {"D05"}
    assert ids(lint(items, cluster_domain="corp.example", **IN_ISTIO)) == {"D05"}
    full = [rule(subsets=SUBSETS, target="s.t.svc.corp.example"), *items[1:]]
    assert lint(full, **IN_ISTIO) == []


def test_a_full_name_in_another_domain():
    items = [
        rule(subsets=SUBSETS, target="s.t.svc.corp.example"),
        service("s", 80, selector={"app": "x"}),
        pod({"app": "x"}),
    ]
    assert ids(lint(items, cluster_domain="corp.example", **IN_ISTIO)) == {"D05"}


@pytest.mark.parametrize("version", ["1", "1.14", "3", "3.10", "v3.10.0", "4.0.0"])
def test_versions_of_ambassador(version):
    assert "C01" in ids(lint([mapping(version="getambassador.io/v0")], ambassador_version=version))


@pytest.mark.parametrize("version", ["1", "1.19", "v1.19.0", "1.19.3"])
def test_versions_of_istio(version):
    assert "D10" in ids(lint([virtual_service(http(mirrors=[to()]))], istio_version=version, **IN_ISTIO))


# --- Damaged objects ----------------------------------------------------------------------------------------------

TRIPS = [(item.trip, item.options) for cases in TABLE.values() for item in cases if len(item.trip) < 10]
CRASHES = {
    "hostBinding": [listener(hostBinding={"namespace": "ALL"})],
    "hostBinding of a list": [listener(hostBinding={"namespace": [None]})],
    "insecure": [ambassador("Host", hostname="a.com", requestPolicy={"insecure": "Route"})],
}


@pytest.mark.parametrize("name", CRASHES)
def test_parts_of_a_wrong_type_hide_nothing(name):
    assert "C07" in ids(lint([*CRASHES[name], *TABLE["C07"][0].trip]))


def test_an_id_of_a_wrong_type_hides_nothing():
    found = lint([mapping("z", ambassador_id=5), mapping("y", ambassador_id=[5, "default"]), *TABLE["C07"][0].trip])
    assert {"C07", "C12"} <= ids(found)


@st.composite
def damaged_items(draw):
    """The items of a case, of which one has garbage somewhere in its spec or metadata."""
    items, options = draw(st.sampled_from(TRIPS))
    items = copy.deepcopy(items)
    holder = draw(st.sampled_from(items))
    while True:
        places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        places = [key for key in places if key not in ("kind", "apiVersion")]
        if not places:
            return items, options
        place = draw(st.sampled_from(places))
        if isinstance(holder[place], (dict, list)) and holder[place] and draw(st.integers(0, 5)):
            holder = holder[place]
            continue
        holder[place] = draw(garbage)
        return items, options


@settings(deadline=None, derandomize=True, max_examples=200, suppress_health_check=list(HealthCheck))
@given(damaged_items())
def test_damaged_objects_are_findings_or_refused(damaged):
    items, options = damaged
    assert all(text.isprintable() for text in told(items, options))


def told(items, options):
    """Every text that a user gets to see."""
    try:
        return [text for one in lint(items, **options) for text in one.values()]
    except AnsibleFilterError as error:
        return [str(error)]


EVIL = "x\n\u2028\x1b[31m" + "y" * 5000


EVIL_ITEMS = {
    "Mappings": ([mapping(EVIL), mapping("b", EVIL, prefix=EVIL, service=EVIL)], {}),
    "labels": (
        [mapping(prefix=OURS, labels={"seldon-deployment-id": EVIL, "app.kubernetes.io/instance": EVIL}), model()],
        {},
    ),
    "Istio": (
        [virtual_service(http(EVIL, to(EVIL)), name=EVIL, hosts=[EVIL]), gateway(server(EVIL), name=EVIL)],
        IN_ISTIO,
    ),
    "TLS": ([own_secret(signed(ends=-1), name=EVIL), host(EVIL, tlsSecret={"name": EVIL})], {"now": NOW_TEXT}),
    "Listener": ([listener(name=EVIL, protocol=EVIL)], {}),
    "annotations": ([model(notes={"ambassador-header": EVIL, EVIL: EVIL, "ambassador-id": EVIL})], {}),
    "kind": ([{"apiVersion": f"g/{EVIL}", "kind": EVIL, "metadata": {"name": EVIL}}], {}),
    "prefix": ([routed(prefix="/" + EVIL)], {}),
    "version": ([mapping()], {"ambassador_version": EVIL}),
}


def check_texts(items, options):
    texts = told(items, options)
    assert texts
    assert all(text.isprintable() for text in texts)
    assert max(map(len, texts)) < 1500


@pytest.mark.parametrize("name", EVIL_ITEMS)
def test_texts_of_objects_neither_break_a_line_nor_flood(name):
    check_texts(*EVIL_ITEMS[name])


@pytest.mark.parametrize(
    "items",
    [
        [model("m", predictor(EVIL, traffic=60), predictor("b", traffic=60))],
        [model("m", predictor("a" * 5000, traffic=50), predictor("b", traffic=60))],
        [model(EVIL, replica=1)],
        [routed(headers={EVIL: ""})],
    ],
)
def test_names_in_definitions_neither_break_a_line_nor_flood(items):
    check_texts(items, {})
