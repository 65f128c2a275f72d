# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused in a ServiceRoute, and how one is read."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import Origin, RouteRetries, TextMatch
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
from ansible_collections.mlops.ingress.plugins.module_utils.definition.read import Source, read_definitions
from ansible_collections.mlops.ingress.tests.support.strategies import route, service_route


def read(document):
    (found,) = read_definitions([Source(document, Origin("definitions[0]"))], CORRECTED).items
    return found


def backend(service="s", port=80, **fields):
    return {"service": service, "port": port} | fields


def weights(*values):
    backends = [
        backend(f"s{index}") | ({} if value is None else {"weight": value}) for index, value in enumerate(values)
    ]
    return service_route(route(backends=backends))


R = "spec.routes[0]"
BAD = {
    "name": (service_route(route(), name="R"), "metadata.name", "'R' may hold only lower-case letters"),
    "no-name": (service_route(route(), name=None), "metadata.name", "is missing"),
    "namespace": (service_route(route(), namespace="a.b"), "metadata.namespace", "'a.b' may hold only"),
    "unknown-top-field": (service_route(route()) | {"status": {}}, "status", "is not a known field"),
    "unknown-spec-field": (service_route(route(), servce={}), "spec.servce", "(did you mean 'service'?)"),
    "unknown-route-field": (
        service_route(route(prefx="/")),
        f"{R}.prefx",
        "(did you mean 'prefix'?): known are backends, cors",
    ),
    "unknown-backend-field": (
        service_route(route(backends=[backend(wieght=5)])),
        f"{R}.backends[0].wieght",
        "(did you mean 'weight'?)",
    ),
    "unknown-mirror-field": (
        service_route(route(mirror=backend(weight=5))),
        f"{R}.mirror.weight",
        "known are external, percent",
    ),
    "unknown-retry-field": (
        service_route(route(retries={"attempts": 1, "count": 2})),
        f"{R}.retries.count",
        "is not a known field",
    ),
    "unknown-cors-field": (
        service_route(route(cors={"origins": ["*"], "age": 2})),
        f"{R}.cors.age",
        "is not a known field",
    ),
    "no-routes": (service_route(), "spec.routes", "is empty"),
    "route-text": (service_route("x"), R, "is the text 'x': it must be a mapping"),
    "no-path": (service_route(route(prefix=None)), R, "has none of prefix, path and regex: give exactly one of them"),
    "two-paths": (service_route(route(path="/x")), R, "has more than one of prefix, path and regex"),
    "prefix-relative": (service_route(route(prefix="r/")), f"{R}.prefix", "is 'r/': it begins with '/'"),
    "prefix-space": (service_route(route(prefix="/a b")), f"{R}.prefix", "holds no space"),
    "prefix-newline": (service_route(route(prefix="/a\nb")), f"{R}.prefix", "it begins with '/'"),
    "path-empty": (service_route(route(prefix=None, path="")), f"{R}.path", "is ''"),
    "regex-broken": (service_route(route(prefix=None, regex="/(a")), f"{R}.regex", "has a '(' without ')'"),
    "regex-empty": (service_route(route(prefix=None, regex="")), f"{R}.regex", "'' is empty"),
    "regex-rewrite": (
        service_route(route(prefix=None, regex="/a.*", rewrite="/b")),
        f"{R}.rewrite",
        "stands beside a regex",
    ),
    "rewrite-relative": (service_route(route(rewrite="b")), f"{R}.rewrite", "is 'b': it begins with '/'"),
    "method": (service_route(route(methods=["post"])), f"{R}.methods", "holds 'post': write methods in capitals"),
    "methods-text": (service_route(route(methods="POST")), f"{R}.methods", "it must be a list of texts"),
    "hosts": (service_route(route(hosts=["a b"])), f"{R}.hosts", "holds 'a b'"),
    "header-reserved": (service_route(route(headers={"Seldon": "x"})), f"{R}.headers[Seldon]", "is reserved"),
    # The Kelvin sign, whose lower case is the letter k.
    "hosts-beyond-ascii": (service_route(route(hosts=["\u212a.com"])), f"{R}.hosts", "holds '\u212a.com'"),
    "header-host": (service_route(route(headers={"host": "x"})), f"{R}.headers[host]", "is reserved"),
    "header-name": (service_route(route(headers={"a b": "x"})), f"{R}.headers[a b]", "is no name"),
    "header-empty": (service_route(route(headers={"a": ""})), f"{R}.headers[a]", "is '': write a value"),
    "header-number": (
        service_route(route(headers={"a": 5})),
        f"{R}.headers[a]",
        "is the number 5: write a text, or one of",
    ),
    "header-regex": (
        service_route(route(headers={"a": {"regex": "("}})),
        f"{R}.headers[a]",
        "has a '(' without ')'",
    ),
    "header-present-false": (
        service_route(route(headers={"a": {"present": False}})),
        f"{R}.headers[a]",
        "is a mapping",
    ),
    "query-name": (service_route(route(query={"a&b=": "x"})), f"{R}.query[a&b=]", "is no name"),
    "query-regex": (
        service_route(route(query={"a": {"regex": "a{2,1}"}})),
        f"{R}.query[a]",
        "repeats from more to less",
    ),
    "no-backends": (service_route(route(backends=[])), f"{R}.backends", "is empty"),
    "backend-lone-weight": (
        service_route(route(backends=[{"service": "s", "port": 80, "weight": 40}])),
        f"{R}.backends[0].weight",
        "is 40: a lone backend gets all requests",
    ),
    "backend-no-port": (
        service_route(route(backends=[{"service": "s"}])),
        f"{R}.backends[0].port",
        "is missing: give it a whole number",
    ),
    "backend-port-0": (service_route(route(backends=[backend(port=0)])), f"{R}.backends[0].port", "from 1 to 65535"),
    "backend-name": (service_route(route(backends=[backend("S_")])), f"{R}.backends[0].service", "'S_' may hold only"),
    "backend-url": (
        service_route(route(backends=[backend("http://s")])),
        f"{R}.backends[0].service",
        "'http://s' may hold only",
    ),
    "backend-twice": (
        service_route(route(backends=[backend(weight=50), backend(weight=50)])),
        f"{R}.backends[1]",
        "repeats an earlier backend",
    ),
    "mirror-no-service": (
        service_route(route(mirror={"port": 80, "service": "-"})),
        f"{R}.mirror.service",
        "'-' may hold only",
    ),
    "mirror-percent": (service_route(route(mirror=backend(percent=101))), f"{R}.mirror.percent", "from 0 to 100"),
    "weight-101": (weights(101), f"{R}.backends[0].weight", "it must be a whole number from 0 to 100"),
    "weights-99": (weights(50, 49), f"{R}.backends", "the weights add up to 99 and 0 backends have none"),
    "weights-101": (weights(50, 51), f"{R}.backends", "the weights add up to 101"),
    "weights-101-open": (weights(50, 51, None), f"{R}.backends", "the weights add up to 101 and 1 backends have none"),
    "two-open": (weights(None, None), f"{R}.backends", "the weights add up to 0 and 2 backends have none"),
    "host-rewrite": (service_route(route(host_rewrite="a b")), f"{R}.host_rewrite", "'a b' holds 'a b'"),
    "timeout": (service_route(route(timeout_ms="5")), f"{R}.timeout_ms", "is the text '5': it must be a whole number"),
    "timeout-negative": (service_route(route(timeout_ms=-1)), f"{R}.timeout_ms", "from 0 to 2147483647"),
    "retries-boolean": (service_route(route(retries=True)), f"{R}.retries", "is the boolean true"),
    "retries-no-attempts": (service_route(route(retries={"on": "5xx"})), f"{R}.retries.attempts", "is missing"),
    "retries-on": (
        service_route(route(retries={"attempts": 1, "on": "always"})),
        f"{R}.retries.on",
        "is 'always': allowed are 5xx",
    ),
    "retries-per-try": (
        service_route(route(retries={"attempts": 1, "per_try_timeout_ms": 0})),
        f"{R}.retries.per_try_timeout_ms",
        "from 1 to",
    ),
    "cors-no-origins": (service_route(route(cors={})), f"{R}.cors.origins", "is missing: list the origins"),
    "grpc-text": (service_route(route(grpc="yes")), f"{R}.grpc", "it must be true or false"),
    "route-name": (service_route(route(name="A")), f"{R}.name", "'A' may hold only"),
    "route-name-twice": (
        service_route(route(name="a"), route(name="a", prefix="/b/")),
        "spec.routes[1].name",
        "'a' is taken by an earlier route",
    ),
    "service-text": (service_route(route(), service="s"), "spec.service", "is the text 's': it must be a mapping"),
}


@pytest.mark.parametrize(("document", "path", "what"), BAD.values(), ids=BAD)
def test_refused(document, path, what):
    with pytest.raises(DefinitionError) as caught:
        read(document)
    hits = [line for line in caught.value.lines if line.partition(": ")[2].startswith(f"{path}: ")]
    assert len(hits) == 1, caught.value.lines
    assert what in hits[0]
    assert hits[0].startswith("definitions[0], ServiceRoute ")
    assert hits[0].endswith(".")


GOOD = {
    "one": service_route(route()),
    "weights": weights(60, 40),
    "one-takes-the-rest": weights(20, None, 30),
    "nothing-left": weights(100, None),
    "service": service_route(route(), service={"ports": [{"port": 80}]}),
    "two-ports": service_route(route(backends=[backend(weight=50), backend(port=81, weight=50)])),
    "regex": service_route(route(prefix=None, regex="/v[0-9]+/.*")),
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_accepted(document):
    assert read(document).name == "r"


@pytest.mark.parametrize(
    ("fields", "kind", "path", "rewrite"),
    [
        ({}, "prefix", "/r/", "/"),
        ({"rewrite": ""}, "prefix", "/r/", None),
        ({"rewrite": "/x"}, "prefix", "/r/", "/x"),
        ({"prefix": None, "path": "/p"}, "path", "/p", None),
        ({"prefix": None, "path": "/p", "rewrite": "/q"}, "path", "/p", "/q"),
        ({"prefix": None, "regex": "/.*"}, "regex", "/.*", None),
    ],
)
def test_rewrite(fields, kind, path, rewrite):
    found = read(service_route(route(**fields))).routes[0]
    assert (found.path_kind, found.path, found.rewrite) == (kind, path, rewrite)


@pytest.mark.parametrize(
    ("fields", "host_rewrite", "external", "tls"),
    [
        ({"service": "s"}, None, False, False),
        ({"service": "s.other"}, None, False, False),
        ({"service": "httpbin.org"}, None, False, False),
        ({"service": "httpbin.org"}, "httpbin.org", True, False),
        ({"service": "httpbin.org", "external": True}, None, True, False),
        ({"service": "api.example.com"}, None, True, False),
        ({"service": "api.example.com", "external": False}, None, False, False),
        ({"service": "s.n.svc.cluster.local"}, None, False, False),
        ({"service": "api.example.com", "port": 443}, None, True, True),
        ({"service": "api.example.com", "port": 443, "tls": False}, None, True, False),
        ({"service": "s", "port": 443}, None, False, False),
        ({"service": "s", "port": 443, "tls": True}, None, False, True),
    ],
)
def test_hosts_outside_of_the_cluster(fields, host_rewrite, external, tls):
    found = read(service_route(route(host_rewrite=host_rewrite, backends=[backend(**fields)]))).routes[0].backends[0]
    assert (found.external, found.tls) == (external, tls)


def test_matches_and_retries():
    found = read(
        service_route(
            route(
                headers={"b": {"regex": "x.*"}, "a": "1", "c": {"present": True}, "d": {"exact": "e"}},
                retries={"attempts": 2, "per_try_timeout_ms": 250},
            ),
            route(retries=3, prefix="/b/"),
        )
    )
    assert found.routes[0].headers == (
        ("a", TextMatch("exact", "1")),
        ("b", TextMatch("regex", "x.*")),
        ("c", TextMatch("present")),
        ("d", TextMatch("exact", "e")),
    )
    assert found.routes[0].retries == RouteRetries(2, "gateway-error", 250)
    assert found.routes[1].retries == RouteRetries(3)


def test_hosts_know_no_case():
    found = read(service_route(route(hosts=["A.com", "*.B.Com", "c"])))
    assert found.routes[0].hosts == ("a.com", "*.b.com", "c")
