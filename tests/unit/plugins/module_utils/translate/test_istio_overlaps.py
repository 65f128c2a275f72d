# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VirtualServices whose order matters: which become one, which are refused, and which stay apart."""

from __future__ import annotations

import sys

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED, OPERATOR
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import operator_env
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.options import istio_options
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import (
    definitions_of,
    intents_of,
    istio_run,
)
from ansible_collections.mlops.ingress.plugins.module_utils.translate.istio import to_istio as to_istio_objects
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

GRPC = "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*"
EXPLAINED = predictor(explainer={"type": "A"})
MESH = {"istio-gateway": "mesh", "istio-host": "models.example.com"}


def one(name, *routes, namespace="n", service=None, **fields):
    """A ServiceRoute ``name`` to the service ``name``: the given routes, or one with the given fields."""
    found = [{"backends": [{"service": name, "port": 80}]} | item for item in routes or (fields,)]
    spec = {"service": service} if service else {}
    return service_route(*(route(**item) for item in found), name=name, namespace=namespace, **spec)


def exact(name, text):
    return one(name, prefix=None, path=text)


def regex(name, text):
    return one(name, prefix=None, regex=text)


def translated(documents, profile=CORRECTED, **given):
    options = istio_options(given, operator_env(None, profile), profile, None)
    return istio_run(definitions_of(documents, profile), options).translation


def tried(translation):
    """For each VirtualService, by namespace and name, the paths in the order in which Istio tries them."""
    return {
        "{namespace}/{name}".format(**item.object["metadata"]): [
            next(iter(entry["match"][0]["uri"].values())) for entry in item.object["spec"]["http"]
        ]
        for item in translation.objects
        if item.object["kind"] == "VirtualService"
    }


def merges(translation):
    return [(item.level, item.where, item.message, item.fix) for item in translation.findings if item.id == "B02"]


MERGED = {
    "prefix-in-prefix": (
        [one("a", prefix="/api/"), one("b", prefix="/api/v2/")],
        {"n/a": ["/api/v2/", "/api/"]},
        ["definitions[1] n/b"],
    ),
    "whatever-the-order-of-definitions": (
        [one("b", prefix="/api/v2/"), one("a", prefix="/api/")],
        {"n/a": ["/api/v2/", "/api/"]},
        ["definitions[0] n/b"],
    ),
    "the-longer-one-is-first-by-name": (
        [one("a", prefix="/api/v2/"), one("b", prefix="/api/")],
        {"n/a": ["/api/v2/", "/api/"]},
        ["definitions[1] n/b"],
    ),
    "only-those-that-overlap": (
        [one("a", prefix="/api/"), one("b", prefix="/api/v2/"), one("c", prefix="/ap/"), one("d", prefix="/api")],
        {"n/a": ["/api/v2/", "/api/", "/api"], "n/c": ["/ap/"]},
        ["definitions[1] n/b", "definitions[3] n/d"],
    ),
    "joined-by-a-third": (
        [one("a", prefix="/x/y/"), one("b", prefix="/x/z/"), one("c", prefix="/x/")],
        {"n/a": ["/x/z/", "/x/y/", "/x/"]},
        ["definitions[1] n/b", "definitions[2] n/c"],
    ),
    "exact-below-prefix": (
        [one("a", prefix="/api/"), exact("b", "/api/x")],
        {"n/a": ["/api/x", "/api/"]},
        ["definitions[1] n/b"],
    ),
    "regex-over-prefix": (
        [one("a", prefix="/api/"), regex("b", "/a.i/(x|y)/.*")],
        {"n/a": ["/a.i/(x|y)/.*", "/api/"]},
        ["definitions[1] n/b"],
    ),
    "regex-over-regex": (
        [regex("a", "/api/[0-9]+"), regex("b", "/.*")],
        {"n/a": ["/api/[0-9]+", "/.*"]},
        ["definitions[1] n/b"],
    ),
    "regex-over-exact": (
        [exact("a", "/api/1"), regex("b", "/api/[0-9]+")],
        {"n/a": ["/api/[0-9]+", "/api/1"]},
        ["definitions[1] n/b"],
    ),
    "headers-of-two-names": (
        [one("a", prefix="/x", headers={"a": "1"}), one("b", prefix="/x", headers={"bb": "1"})],
        {"n/a": ["/x", "/x"]},
        ["definitions[1] n/b"],
    ),
    "a-value-that-the-expression-takes": (
        [one("a", prefix="/x", headers={"h": "1"}), one("b", prefix="/x", headers={"h": {"regex": "[0-9]"}})],
        {"n/a": ["/x", "/x"]},
        ["definitions[1] n/b"],
    ),
    "a-query-beside-none": (
        [one("a", prefix="/x", query={"q": "1"}), one("b", prefix="/x")],
        {"n/a": ["/x", "/x"]},
        ["definitions[1] n/b"],
    ),
    "methods-in-common": (
        [one("a", prefix="/x", methods=["GET", "POST"]), one("b", prefix="/x", methods=["POST", "PUT"])],
        {"n/a": ["/x", "/x"]},
        ["definitions[1] n/b"],
    ),
    "the-same-service-under-another-path": (
        [one("a", prefix="/x/"), one("b", prefix="/x/y/", backends=[{"service": "a", "port": 80}])],
        {"n/a": ["/x/y/", "/x/"]},
        ["definitions[1] n/b"],
    ),
    "a-route-over-all-deployments": (
        [deployment("m"), deployment("k"), one("z", prefix="/seldon/")],
        {"n/k": [GRPC, GRPC, "/seldon/n/m/", "/seldon/n/k/", "/seldon/"]},
        ["definitions[0] n/m", "definitions[2] n/z"],
    ),
    "a-route-into-one-deployment": (
        [deployment("m"), deployment("k"), one("a", prefix="/seldon/n/m/v2/")],
        {"n/a": ["/seldon/n/m/v2/", "/seldon/n/m/", GRPC], "n/k": ["/seldon/n/k/", GRPC]},
        ["definitions[0] n/m"],
    ),
    "a-route-for-grpc-paths": (
        [deployment("m"), one("z", prefix="/inference/")],
        {"n/m": [GRPC, "/seldon/n/m/", "/inference/"]},
        ["definitions[1] n/z"],
    ),
    "a-deployment-named-as-the-explainer-of-another": (
        [deployment("m", EXPLAINED), deployment("m-explainer")],
        {
            "n/m": ["/seldon/n/m/", GRPC],
            "n/m-p-explainer-http": ["/seldon/n/m-explainer/p/", "/seldon/n/m-explainer/", GRPC],
        },
        ["definitions[1] n/m-explainer"],
    ),
    "all-requests-with-a-condition": (
        [one("a", prefix="/", methods=["GET"]), one("b", prefix="/b/")],
        {"n/a": ["/b/", "/"]},
        ["definitions[1] n/b"],
    ),
    "two-that-take-all-requests": (
        [one("a", prefix="/"), regex("b", ".*")],
        {"n/a": [".*", "/"]},
        ["definitions[1] n/b"],
    ),
    "one-that-takes-all-requests-first": (
        [regex("a", ".*"), one("b", prefix="/", headers={"h": "1"})],
        {"n/a": [".*", "/"]},
        ["definitions[1] n/b"],
    ),
    "hosts-in-other-case-and-order": (
        [
            one("a", prefix="/x/", hosts=["A.com", "b.com"]),
            one("b", prefix="/x/y/", hosts=["b.com", "a.com"]),
        ],
        {"n/a": ["/x/y/", "/x/"]},
        ["definitions[1] n/b"],
    ),
    "one-host-in-the-mesh": (
        [deployment("m", notes=MESH), deployment("k", EXPLAINED, notes=MESH)],
        {"n/k": ["/seldon/n/k-explainer/p/", "/seldon/n/m/", "/seldon/n/k/", GRPC, GRPC]},
        ["definitions[0] n/m"],
    ),
}
# Definitions, or lists of those that are in one VirtualService anyway.
APART = {
    "prefixes-beside-each-other": [one("a", prefix="/api/"), one("b", prefix="/apiv2/")],
    "deployments": [deployment(name, namespace=space) for name in ("m", "m-k", "k") for space in ("n", "o", "prot")],
    "explainers": [deployment("m", EXPLAINED), deployment("k", EXPLAINED)],
    "attached-deployments": [
        [deployment("m"), deployment("two", notes={"ambassador-service-name": "m", "ambassador-header": "h: 1"})],
        deployment("k"),
    ],
    "two-values-of-a-header": [
        one("a", prefix="/x", headers={"h": "1", "i": "1"}),
        one("b", prefix="/x", headers={"h": "2"}),
    ],
    "a-value-that-the-expression-does-not-take": [
        one("a", prefix="/x", headers={"H": "1"}),
        one("b", prefix="/x", headers={"h": {"regex": "[2-9]"}}),
    ],
    "two-values-of-a-query": [one("a", prefix="/x", query={"q": "1"}), one("b", prefix="/x/y", query={"q": "2"})],
    "two-methods": [one("a", prefix="/x", methods=["GET"]), one("b", prefix="/x/y", methods=["POST"])],
    "exact-beside-prefix": [one("a", prefix="/x/"), exact("b", "/x")],
    "prefix-below-exact": [exact("a", "/x"), one("b", prefix="/x/")],
    "regex-beside-prefix": [one("a", prefix="/api/"), regex("b", "/(x|y|apx)/.*")],
    "regex-beside-exact": [exact("a", "/api/x"), regex("b", "/api/[0-9]+")],
    "regex-beside-regex": [regex("a", "/a/(x|y)"), regex("b", "/a\\.b/.*")],
    "regex-beside-deployments": [
        deployment("m"),
        deployment("k"),
        regex("a", "/seldon[.]x/.*"),
        regex("b", "/v[12]/.*"),
    ],
    "other-hosts": [one("a", prefix="/x/", hosts=["a.com"]), one("b", prefix="/x/y/", hosts=["b.com"])],
    "one-host-and-all": [one("a", prefix="/x/", hosts=["a.com"]), one("b", prefix="/x/y/")],
    "other-gateways-and-hosts": [
        deployment("m", EXPLAINED, notes={"istio-gateway": "gw/one", "istio-host": "a.com"}),
        deployment("m-explainer", notes={"istio-gateway": "gw/two", "istio-host": "b.com"}),
    ],
    "other-gateways-and-paths": [
        deployment("m", EXPLAINED, notes={"istio-gateway": "gw/one"}),
        deployment("m-explained", notes={"istio-gateway": "gw/two"}),
    ],
    "other-gateways-and-ambassadors": [
        deployment("m", EXPLAINED, notes={"istio-gateway": "gw/one", "ambassador-id": "one"}),
        deployment("m-explainer", notes={"istio-gateway": "gw/two"}),
    ],
    "another-gateway-and-all-other-requests": [
        deployment("m", notes={"istio-gateway": "gw/one"}),
        one("a", prefix="/"),
    ],
    "a-gateway-and-the-mesh": [
        deployment("m", EXPLAINED, notes={"istio-gateway": "gw/one", "istio-host": "models.example.com"}),
        deployment("m-explainer", notes=MESH),
    ],
    "both-do-the-same": [
        one("a", prefix="/x/", rewrite=""),
        one("b", prefix="/x/y/", rewrite="", backends=[{"service": "a", "port": 80}]),
    ],
    "all-other-requests": [
        deployment("m"),
        deployment("k", namespace="o"),
        one("a", prefix="/"),
        one("b", prefix="/b/"),
    ],
    "short-hosts-of-two-namespaces-in-the-mesh": [
        deployment("m", notes=MESH | {"istio-host": "s"}),
        deployment("m", namespace="o", notes=MESH | {"istio-host": "s"}),
    ],
    "other-hosts-in-the-mesh": [
        deployment("m", notes=MESH),
        deployment("k", notes=MESH | {"istio-host": "other.example.com"}),
    ],
}
OTHER_NAMESPACE = "describe both in one namespace."
OTHER_DOOR = "or both the same hosts and gateways."
REFUSED = {
    "another-namespace": (
        [one("a", prefix="/api/"), one("b", prefix="/api/v2/", namespace="o")],
        "definitions[1], ServiceRoute o/b: one request can match both /api/v2/ and /api/ in the VirtualService a of"
        " ServiceRoute n/a, and Istio would take the older one: give one of them another path or host, or"
        f" {OTHER_NAMESPACE}",
    ),
    "a-third-in-another-namespace": (
        [one("a", prefix="/x/y/"), one("b", prefix="/x/"), one("c", prefix="/", methods=["PUT"], namespace="o")],
        OTHER_NAMESPACE,
    ),
    "a-route-over-deployments-elsewhere": (
        [deployment("m"), one("z", prefix="/seldon/", namespace="o")],
        OTHER_NAMESPACE,
    ),
    "a-host-in-common": (
        [one("a", prefix="/x/", hosts=["a.com", "b.com"]), one("b", prefix="/x/y/", hosts=["b.com"])],
        OTHER_DOOR,
    ),
    "a-gateway-in-common": (
        [deployment("m", EXPLAINED), deployment("m-explainer", notes={"istio-gateway": "gw/one"})],
        OTHER_DOOR,
    ),
    "hosts-of-one-definition": (
        [one("a", {"prefix": "/x/", "hosts": ["a.com", "b.com"]}, {"prefix": "/x/y/", "hosts": ["b.com"]})],
        OTHER_DOOR,
    ),
    "the-mesh-in-two-namespaces": (
        [deployment("m", notes=MESH), deployment("k", namespace="o", notes=MESH)],
        "SeldonDeployment o/k: it has a host in common with the VirtualService m of SeldonDeployment n/m, and the mesh"
        " takes only one of them",
    ),
}
GATEWAYS = {"gateways": ["gw/one", "gw/two"]}


@pytest.mark.parametrize(("documents", "expected", "away"), MERGED.values(), ids=MERGED)
def test_merged(documents, expected, away):
    found = translated(documents)
    assert tried(found) == expected
    assert [(level, where) for level, where, _message, _fix in merges(found)] == [("warning", where) for where in away]


@pytest.mark.parametrize("documents", APART.values(), ids=APART)
def test_apart(documents):
    lists = [item if isinstance(item, list) else [item] for item in documents]
    found = translated([item for several in lists for item in several])
    assert merges(found) == []
    assert tried(found) == {name: paths for several in lists for name, paths in tried(translated(several)).items()}


def at_gateway(name, *predictors, gateway, **fields):
    return deployment(name, *predictors, notes={"istio-gateway": gateway}, **fields)


ELSEWHERE = (
    "which is at another gateway, and Istio decides by the gateway, Ambassador by the path",
    "give one of them another path or host, or both the same gateway",
)


@pytest.mark.parametrize("ids", [{}, {"ambassador-id": "one"}])
def test_paths_that_meet_at_other_gateways(ids):
    documents = [
        deployment("m", EXPLAINED, notes={"istio-gateway": "gw/one"} | ids),
        deployment("m-explainer", notes={"istio-gateway": "gw/two"} | ids),
    ]
    found = translated(documents)
    assert merges(found) == [
        (
            "warning",
            "definitions[1] n/m-explainer",
            "one request can match both /seldon/n/m-explainer/ and /seldon/n/m-explainer/p/ in the VirtualService"
            f" m-p-explainer-http of SeldonDeployment n/m, {ELSEWHERE[0]}",
            ELSEWHERE[1],
        )
    ]
    assert tried(found) == tried(translated(documents[:1])) | tried(translated(documents[1:]))


def test_two_at_one_gateway_beside_a_third_at_another():
    together = [at_gateway("m", EXPLAINED, gateway="gw/one"), at_gateway("m-explainer", gateway="gw/one")]
    found = translated([*together, at_gateway("k", gateway="gw/two")])
    assert merges(found) == merges(translated(together))
    assert len(merges(found)) == 1


@pytest.mark.parametrize("count", [2, 20, 21, 25])
def test_one_path_over_deployments_at_another_gateway_is_told_of_it_alone(count):
    documents = [at_gateway(f"m{index:02}", gateway="gw/one") for index in range(count)]
    found = merges(translated([one("a", prefix="/seldon/", namespace="o"), *documents], gateways=["gw/two"]))
    assert {(level, where, fix) for level, where, _message, fix in found} == {
        ("warning", "definitions[0] o/a", ELSEWHERE[1])
    }
    lines = [message for _level, _where, message, _fix in found]
    rest = f"shares requests with {count - 20} more VirtualServices at other gateways in the same way"
    assert [line for line in lines if not line.endswith(ELSEWHERE[0])] == [rest] * (count > 20)
    assert len(set(lines)) == len(lines) == min(count, 21)


HOSTED = one("h", prefix="/h/", hosts=["a.com"])


def narrow(*documents):
    """The findings about hosts, by place and message."""
    return [(item.where, item.message) for item in translated(list(documents)).findings if item.id == "B03"]


def test_a_host_of_its_own_is_without_the_routes_for_all_hosts():
    assert narrow(HOSTED, deployment(), one("z", prefix="/z/")) == [
        (
            "definitions[0] n/h",
            "Istio serves its host 'a.com' without the routes for '*' of 2 others (n/m, n/z), and Ambassador with them",
        )
    ]


def test_a_host_of_its_own_at_several_gateways_is_told_once():
    both = {"gateways": ["a/b", "c/d"]}
    elsewhere = deployment("k", notes={"istio-gateway": "c/d"})
    found = translated([HOSTED, deployment(), elsewhere], **both).findings
    assert [(item.where, item.message) for item in found if item.id == "B03"] == [
        (
            "definitions[0] n/h",
            "Istio serves its host 'a.com' without the routes for '*' of n/m, and Ambassador with them",
        )
    ]


def test_a_host_below_several_patterns():
    wide, wider = one("w", prefix="/w/", hosts=["*.b.com"]), one("v", prefix="/v/", hosts=["*.com"])
    deep = one("d", prefix="/d/", hosts=["A.b.com"])
    others = [one(name, prefix=f"/{name}/") for name in ("q", "r", "s", "t")]
    assert [(where, message.split("without the ")[1]) for where, message in narrow(deep, wide, wider, *others)] == [
        ("definitions[0] n/d", "routes for '*' of 4 others (n/q, n/r, n/s and more), and Ambassador with them"),
        ("definitions[0] n/d", "routes for '*.b.com' of n/w, and Ambassador with them"),
        ("definitions[0] n/d", "routes for '*.com' of n/v, and Ambassador with them"),
        ("definitions[1] n/w", "routes for '*' of 4 others (n/q, n/r, n/s and more), and Ambassador with them"),
        ("definitions[1] n/w", "routes for '*.com' of n/v, and Ambassador with them"),
        ("definitions[2] n/v", "routes for '*' of 4 others (n/q, n/r, n/s and more), and Ambassador with them"),
    ]


def test_each_owner_of_a_host_at_another_gateway():
    def routed(name, gateway, host):
        return deployment(name, notes={"istio-gateway": gateway, "istio-host": host})

    found = [routed("a", "g/one", "a.com"), routed("b", "g/two", "a.com"), routed("y", "g/one", "*")]
    assert [where for where, _message in narrow(*found)] == ["definitions[0] n/a"]
    assert [where for where, _message in narrow(*found, routed("z", "g/two", "*"))] == [
        "definitions[0] n/a",
        "definitions[1] n/b",
    ]


def test_routes_of_one_definition_for_other_hosts():
    both = service_route(route(prefix="/x/", hosts=["a.com"], name="x"), route(prefix="/y/", name="y"), name="r")
    assert [where for where, _message in narrow(both)] == ["definitions[0] n/r"]


@pytest.mark.parametrize(
    "others",
    [
        [],
        [one("z", prefix="/z/", hosts=["a.com"])],
        [one("z", prefix="/z/", hosts=["b.com"])],
        [one("z", prefix="/z/", hosts=["*.b.com"])],
        [one("z", prefix="/z/", hosts=["*.a.com"])],
    ],
)
def test_hosts_that_have_nothing_to_do_with_each_other(others):
    assert narrow(HOSTED, *others) == []


def test_a_namespace_that_begins_as_grpc_does():
    documents = [deployment("m", namespace="protos"), deployment("k", namespace="protos"), deployment()]
    found = translated(documents)
    assert sorted(tried(found)) == ["n/m", "protos/k", "protos/m"]
    (level, where, message, _fix), other = merges(found)
    assert (level, where, other[1]) == ("warning", "definitions[0] protos/m", "definitions[1] protos/k")
    assert message.startswith("a request to /seldon/protos/m/ that has the headers seldon and namespace of another")
    assert merges(translated(documents[:1])) == []
    assert merges(translated([documents[2], deployment("m", namespace="proto")])) == []


PROTOS = deployment("m", namespace="protos")
# Definitions beside it, and whether the gRPC route of one of them meets its address.
BESIDE_PROTOS = {
    "another-deployment": ([deployment("k")], True),
    "a-model-without-requests-of-its-own": ([service_route(route(prefix="/z/"))], False),
    "at-another-gateway": ([deployment("k", notes={"istio-gateway": "gw/two"})], False),
    "at-another-host": ([deployment("k", notes={"istio-host": "a.com"})], False),
    "in-one-virtual-service": ([one("a", prefix="/seldon/", namespace="protos")], False),
    "in-one-with-another-deployment": (
        [one("a", prefix="/seldon/", namespace="protos"), deployment("k", namespace="protos")],
        False,
    ),
}


@pytest.mark.parametrize(("others", "told"), BESIDE_PROTOS.values(), ids=BESIDE_PROTOS)
def test_grpc_routes_that_an_address_meets(others, told):
    said = [message for _level, _where, message, _fix in merges(translated([PROTOS, *others]))]
    assert [message.startswith("a request to /seldon/protos/m/ ") for message in said].count(True) == told


def test_an_explainer_beside_the_grpc_route_of_its_own_deployment():
    assert merges(translated([deployment("m", EXPLAINED, namespace="protos")])) == []


def traced(documents):
    """How many calls it takes to put VirtualServices in order."""
    options = istio_options({}, operator_env(None, CORRECTED), CORRECTED, None)
    intents = intents_of(definitions_of(documents, CORRECTED), CORRECTED, options.intent)
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        to_istio_objects(intents, options.settings)
    finally:
        sys.setprofile(None)
    return calls


MANY = {
    "deployments": lambda index: deployment(f"m{index}"),
    "protos": lambda index: deployment(f"m{index}", namespace="protos"),
    "protos-in-one": lambda index: (
        deployment(f"m{index}", namespace="protos") if index else one("a", prefix="/seldon/", namespace="protos")
    ),
    "hosts": lambda index: one(f"r{index}", prefix=f"/r{index}/", hosts=[f"{index % 50}.com", f"{index % 7}.org"]),
    "gateways": lambda index: at_gateway(f"m{index}", gateway=f"gw/g{index}"),
    "hosts-of-their-own": lambda index: one(
        f"r{index}", prefix=f"/r{index}/", hosts=[f"{index}.com"] if index % 2 else []
    ),
}


@pytest.mark.parametrize("make", MANY.values(), ids=MANY)
def test_four_times_the_definitions_take_about_four_times_as_long(make):
    few, many = (traced([make(index) for index in range(count)]) for count in (100, 400))
    assert many < 6 * few


@pytest.mark.parametrize(("documents", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(documents, message):
    with pytest.raises(AnsibleFilterError) as caught:
        to_istio(documents, **GATEWAYS)
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")


def test_one_line_for_each_two():
    documents = [one("a", prefix="/x/"), *(one("b", prefix=f"/x/{space}/", namespace=space) for space in "op")]
    with pytest.raises(AnsibleFilterError) as caught:
        to_istio(documents)
    assert len(str(caught.value).splitlines()) == 2
    with pytest.raises(AnsibleFilterError) as again:
        to_istio([documents[index] for index in (1, 0, 2)])
    said = [str(item.value).replace("definitions[0]", "definitions[1]") for item in (caught, again)]
    assert said[0] == said[1]


def refusals(*documents):
    with pytest.raises(DefinitionError) as caught:
        translated(list(documents))
    return [(finding.where, finding.message) for finding in caught.value.refused]


@pytest.mark.parametrize("space", ["a", "o"])
@pytest.mark.parametrize("count", [2, 20, 21, 25])
def test_one_path_over_many_deployments_is_blamed_alone(space, count):
    deployments = [deployment(f"m{index:02}") for index in range(count)]
    found = refusals(one("z", prefix="/seldon/", namespace=space), *deployments)
    assert {where for where, _message in found} == {f"definitions[0], ServiceRoute {space}/z"}
    lines = [message for _where, message in found]
    assert [message for message in lines if message.startswith("one request can match both")] == lines[:20]
    assert lines[20:] == ([f"shares requests with {count - 20} more VirtualServices in the same way"] * (count > 20))
    assert len(set(lines)) == min(count, 21)


def test_the_whole_finding():
    (found,) = merges(translated([one("a", prefix="/api/"), one("b", prefix="/api/v2/")]))
    assert found == (
        "warning",
        "definitions[1] n/b",
        "its routes of b are in the VirtualService a of ServiceRoute n/a, because one request can match both /api/v2/"
        " and /api/ there, and Istio would take the older one",
        "give one of them another path or host if each is to have its own",
    )


def test_why_two_are_one():
    """The other one is named once: by the sentence, or by the reason where that is a third one."""
    third = translated([one("a", prefix="/x/y/"), one("b", prefix="/x/z/"), one("c", prefix="/x/")])
    mesh = translated([deployment("m", notes=MESH), deployment("k", notes=MESH)])
    assert [message for found in (third, mesh) for _level, _where, message, _fix in merges(found)] == [
        "its routes of b are in the VirtualService a of ServiceRoute n/a, because one request can match both /x/z/ and"
        " /x/ in the VirtualService c of ServiceRoute n/c, and Istio would take the older one",
        "its routes of c are in the VirtualService a of ServiceRoute n/a, because one request can match both /x/ and"
        " /x/y/ there, and Istio would take the older one",
        "its routes of m are in the VirtualService k of SeldonDeployment n/k, because the two have a host in common,"
        " and the mesh takes only one of them",
    ]


def test_the_merged_one_belongs_to_the_first_definition():
    (item,) = translated([one("b", prefix="/x/y/", rewrite="/y/"), one("a", prefix="/x/")]).objects
    assert (item.definition, item.where) == ("a", "definitions[1] n/a")
    assert [
        (entry["route"][0]["destination"]["host"], entry["rewrite"]["uri"]) for entry in item.object["spec"]["http"]
    ] == [
        ("b.n.svc.cluster.local", "/y/"),
        ("a.n.svc.cluster.local", "/"),
    ]


def test_what_else_a_merged_definition_has_stays():
    route_over_it = one("z", prefix="/seldon/", service={"ports": [{"port": 80}]})
    found, other = translated([deployment("m"), route_over_it]), translated([deployment("k"), deployment("m")])
    assert [(item.object["kind"], item.definition) for item in found.objects] == [
        ("DestinationRule", "m"),
        ("Service", "z"),
        ("VirtualService", "m"),
    ]
    said = {(item.id, item.where) for item in found.findings}
    assert said == {
        ("A10", "definitions[0] n/m"),
        ("A10", "definitions[1] n/z spec.routes[0]"),
        ("B02", "definitions[1] n/z"),
    }
    assert {item.id for item in other.findings} == {"A10"}
    assert [len(place.members) for place in found.places] == [1, 1, 1]


def test_two_names_that_are_one_stay_a_clash():
    with pytest.raises(AnsibleFilterError, match=r"needs the VirtualService n/m, as .* does: rename one of the two"):
        to_istio([deployment("m"), one("m", prefix="/seldon/")])


def test_the_operator_merges_nothing():
    found = translated([deployment("m", EXPLAINED), deployment("m-explainer")], OPERATOR)
    assert sorted(tried(found)) == ["n/m", "n/m-explainer", "n/m-p-explainer-http"]
    assert merges(found) == []
