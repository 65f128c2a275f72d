# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several definitions of one run do to each other, and rules that the examples do not show."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.routing import lint
from ansible_collections.mlops.ingress.plugins.filter.translation import to_ambassador, to_istio
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

EXPLAINED = {"type": "A"}


def kind(found, name):
    return [item for item in found if item["kind"] == name]


def mapping(found, name):
    (one,) = [item for item in found if item["kind"] == "Mapping" and item["metadata"]["name"] == name]
    return one["spec"]


def routes(found):
    """VirtualService, first part of the match, destinations: in the order in which Istio tries them."""
    return [
        (
            item["metadata"]["name"],
            next(iter(entry["match"][0]["uri"].values())),
            [destination["destination"]["host"].partition(".")[0] for destination in entry["route"]],
        )
        for item in kind(found, "VirtualService")
        for entry in item["spec"]["http"]
    ]


QUARRELS = {
    "B18-services": (
        [deployment("a-b", predictor("c")), deployment("a", predictor("b-c"))],
        (to_ambassador, to_istio),
        "n/a-b: spec.predictors[0]: predictor 'c' needs the Service 'a-b-c', as predictor 'b-c' of SeldonDeployment n/a"
        " does: rename one of them.",
    ),
    "two-routes-one-match": (
        [service_route(route()), service_route(route(), name="q")],
        (to_ambassador, to_istio),
        "ServiceRoute n/r: matches the same requests (/r/) as ServiceRoute n/q: give one of them another path",
    ),
    "one-route-in-two-namespaces": (
        [service_route(route()), service_route(route(), namespace="o")],
        (to_ambassador, to_istio),
        "ServiceRoute o/r: matches the same requests (/r/) as ServiceRoute n/r",
    ),
    "attached-with-other-policies": (
        [deployment(notes={"rest-timeout": "1"}), deployment("m2", notes={"ambassador-service-name": "m"})],
        (to_ambassador, to_istio),
        "SeldonDeployment n/m2: matches the same requests (/seldon/n/m/) as SeldonDeployment n/m and has other",
    ),
    "attached-two-shadows": (
        [
            deployment("m", predictor("a"), predictor("s", shadow=True)),
            deployment("m2", predictor("a"), predictor("s", shadow=True), notes={"ambassador-service-name": "m"}),
        ],
        (to_ambassador, to_istio),
        "and both have a shadow: keep one of them",
    ),
    "attached-canaries-over-100": (
        [
            deployment("m", predictor("a", traffic=40), predictor("b", traffic=60)),
            deployment(
                "m2", predictor("a", traffic=50), predictor("b", traffic=50), notes={"ambassador-service-name": "m"}
            ),
        ],
        (to_ambassador, to_istio),
        "their canaries together get more than 100 %",
    ),
    "attached-to-nothing": (
        [deployment("m2", notes={"ambassador-service-name": "m"})],
        (to_istio,),
        "SeldonDeployment n/m2: is attached to the SeldonDeployment 'm', which is not in this run, or is refused in it,"
        " so Istio gets no route to it: add its definition, because Istio holds both routes in one VirtualService.",
    ),
    "mesh-without-host": (
        [deployment(notes={"istio-gateway": "mesh"})],
        (to_istio,),
        "the gateway 'mesh' needs hosts of its own and '*' is none: set seldon.io/istio-host",
    ),
}


@pytest.mark.parametrize(
    ("run", "found", "message"),
    [
        pytest.param(run, found, message, id=f"{name}-{run.__name__}")
        for name, (found, runs, message) in QUARRELS.items()
        for run in runs
    ],
)
def test_quarrels(run, found, message):
    with pytest.raises(AnsibleFilterError) as caught:
        run(found)
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")


def test_attached_to_nothing_says_what_happens_with_its_provider():
    alone = deployment("m2", notes={"ambassador-service-name": "m"})

    def said(*documents):
        found = lint(list(documents), provider=["ambassador", "istio"])
        return [(one["level"], one["where"], one["message"]) for one in found if one["id"] == "A07"]

    both = "is attached to the SeldonDeployment 'm', which is not in this run, or is refused in it, so "
    assert (
        said(alone)
        == said(alone, deployment(namespace="o"))
        == [
            ("error", "definitions[0], SeldonDeployment n/m2", f"{both}Istio gets no route to it"),
            (
                "warning",
                "definitions[0] n/m2",
                f"{both}Ambassador has no route for requests that are not for this one",
            ),
        ]
    )
    assert said(alone, deployment()) == []


def test_one_name_in_two_namespaces_with_single_namespace():
    both = [deployment(namespace="one"), deployment(namespace="two")]
    assert len(to_ambassador(both)) == 4
    with pytest.raises(
        AnsibleFilterError, match=r"two/m: matches the same requests \(/seldon/m/\) as SeldonDeployment one/m"
    ):
        to_ambassador(both, single_namespace=True)


def test_a_header_makes_room_for_another_route():
    found = [service_route(route(headers={"x": "1"})), service_route(route(), name="q")]
    assert len(to_ambassador(found)) == 2
    assert [name for _service, name, _hosts in routes(to_istio(found))] == ["/r/", "/r/"]


def test_header_routes_of_attached_deployments_come_first():
    found = to_istio(
        [
            deployment("m", predictor(explainer=EXPLAINED)),
            deployment("exact", notes={"ambassador-service-name": "m", "ambassador-header": "location: london"}),
            deployment("regex", notes={"ambassador-service-name": "m", "ambassador-regex-header": "location: lond.*"}),
        ]
    )
    grpc = "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*"
    assert routes(found) == [
        ("m", "/seldon/n/m/", ["regex-p"]),
        ("m", "/seldon/n/m/", ["exact-p"]),
        ("m", "/seldon/n/m/", ["m-p"]),
        ("m", grpc, ["regex-p"]),
        ("m", grpc, ["exact-p"]),
        ("m", grpc, ["m-p"]),
        ("m-p-explainer-http", "/seldon/n/m-explainer/p/", ["m-p-explainer"]),
    ]


def test_the_grpc_route_is_first_where_a_rest_route_would_catch_it():
    found = routes(to_istio(deployment(namespace="protos")))
    assert [path[:8] for _service, path, _hosts in found] == ["/(seldon", "/seldon/"]


def test_tls_has_one_context_for_each_predictor():
    found = to_ambassador(
        deployment("m", predictor(ssl={"certSecretName": "sec"}, explainer=EXPLAINED), notes={"ambassador-id": "x"}),
        single_namespace=True,
    )
    (context,) = kind(found, "TLSContext")
    assert context == {
        "apiVersion": "getambassador.io/v3alpha1",
        "kind": "TLSContext",
        "metadata": {"name": "seldon-n.m.p-tls", "namespace": "n", "labels": {"seldon-deployment-id": "m"}},
        "spec": {"secret": "sec", "ambassador_id": ["x"]},
    }
    assert {item["spec"]["tls"] for item in kind(found, "Mapping")} == {"seldon-n.m.p-tls"}
    assert len(kind(found, "Mapping")) == 6


def test_tls_of_the_second_predictor_only():
    found = to_ambassador(
        deployment("m", predictor("a", traffic=75), predictor("b", traffic=25, ssl={"certSecretName": "sec"}))
    )
    assert {item["spec"].get("tls") for item in kind(found, "Mapping")} == {None, "seldon-n.m.b-tls"}


@pytest.mark.parametrize("ssl", [{}, {"certSecretName": ""}, None])
def test_no_tls(ssl):
    found = to_ambassador(deployment("m", predictor(ssl=ssl)))
    assert kind(found, "TLSContext") == []
    assert all("tls" not in item["spec"] for item in found)


@pytest.mark.parametrize(
    ("notes", "timeout", "retries"),
    [
        ({}, None, None),
        ({"rest-timeout": "1500"}, "1.500s", None),
        ({"rest-timeout": "60000"}, "60s", None),
        ({"rest-timeout": "0"}, None, None),
        ({"ambassador-retries": "3"}, None, {"attempts": 3, "retryOn": "gateway-error"}),
        (
            {"ambassador-retries": "3", "istio-retries": "2"},
            None,
            {"attempts": 2, "perTryTimeout": "1s", "retryOn": "gateway-error,connect-failure,refused-stream"},
        ),
        (
            {"istio-retries": "2", "istio-retries-timeout": "5"},
            None,
            {"attempts": 2, "perTryTimeout": "5s", "retryOn": "gateway-error,connect-failure,refused-stream"},
        ),
        ({"ambassador-retries": "3", "istio-retries": ""}, None, {"attempts": 3, "retryOn": "gateway-error"}),
    ],
)
def test_policies_on_istio(notes, timeout, retries):
    (service,) = kind(to_istio(deployment(notes=notes)), "VirtualService")
    rest, grpc = service["spec"]["http"]
    assert (rest.get("timeout"), rest.get("retries")) == (timeout, retries)
    assert (grpc.get("timeout"), grpc.get("retries")) == (None, retries)


def test_policies_on_ambassador():
    found = to_ambassador(
        deployment(notes={"rest-timeout": "300001", "grpc-timeout": "300000", "ambassador-retries": "3"})
    )
    rest, grpc = mapping(found, "seldon-n-m-p-rest"), mapping(found, "seldon-n-m-p-grpc")
    assert (rest["timeout_ms"], rest["idle_timeout_ms"]) == (300001, 300001)
    assert (grpc["timeout_ms"], grpc.get("idle_timeout_ms")) == (300000, None)
    assert rest["retry_policy"] == grpc["retry_policy"] == {"retry_on": "gateway-error", "num_retries": 3}


CUSTOM = """\
---
apiVersion: ambassador/v1
kind: Mapping
name: A_b
generation: 1
prefix: /a/
service: s.n:80
tls: true
host: a.com
headers: {x-a: true, x-b: c}
ambassador_id: one
cors: {origins: "http://a, http://b", credentials: true}
add_request_headers: {x-c: 1}
use_websocket: true
---
apiVersion: getambassador.io/v2
kind: TLSContext
name: ctx
hosts: []
secret: sec
"""


def test_custom_documents_of_older_versions():
    found = to_ambassador(deployment(notes={"ambassador-config": CUSTOM}))
    assert found == [
        {
            "apiVersion": "getambassador.io/v3alpha1",
            "kind": "Mapping",
            "metadata": {"name": "a-b", "namespace": "n"},
            "spec": {
                "prefix": "/a/",
                "service": "https://s.n:80",
                "hostname": "a.com",
                "headers": {"x-b": "c"},
                "regex_headers": {"x-a": ".*"},
                "ambassador_id": ["one"],
                "cors": {"origins": ["http://a", "http://b"], "credentials": True},
                "add_request_headers": {"x-c": {"value": "1"}},
                "allow_upgrade": ["websocket"],
            },
        },
        {
            "apiVersion": "getambassador.io/v3alpha1",
            "kind": "TLSContext",
            "metadata": {"name": "ctx", "namespace": "n"},
            "spec": {"hosts": [], "secret": "sec"},
        },
    ]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a_b", "a-b"), "the name 'a-b' becomes 'a-b', as 'a_b' does: rename it."),
        (("___",), "the name '___' is empty"),
    ],
)
def test_custom_names(names, message):
    text = "".join(f"---\napiVersion: ambassador/v1\nkind: TLSContext\nname: '{name}'\n" for name in names)
    with pytest.raises(AnsibleFilterError) as caught:
        to_ambassador(deployment(notes={"ambassador-config": text}))
    assert message in str(caught.value)


def test_service_route_on_ambassador():
    found = to_ambassador(
        service_route(
            route(
                backends=[{"service": "a", "port": 80, "weight": 20}, {"service": "b.o", "port": 81}],
                methods=["POST", "GET"],
                headers={"X": {"present": True}, "y": {"regex": "a.*"}, "z": "1"},
                query={"q": "1"},
                mirror={"service": "c", "port": 82, "percent": 5},
                timeout_ms=0,
                retries={"attempts": 2, "on": "5xx", "per_try_timeout_ms": 1500},
                cors={"origins": ["*"], "methods": ["GET"], "max_age_s": 5, "credentials": False},
            ),
            service={"ports": [{"port": 80}]},
        )
    )
    shared = {
        "prefix": "/r/",
        "rewrite": "/",
        "headers": {"z": "1"},
        "regex_headers": {"x": ".*", "y": "a.*"},
        "query_parameters": {"q": "1"},
        "method": "GET|POST",
        "method_regex": True,
        "timeout_ms": 0,
        "retry_policy": {"retry_on": "5xx", "num_retries": 2, "per_try_timeout": "1.500s"},
        "cors": {"origins": ["*"], "methods": ["GET"], "credentials": False, "max_age": "5"},
        "hostname": "*",
    }
    assert [(item["kind"], item["metadata"]["name"]) for item in found] == [
        ("Mapping", "r"),
        ("Mapping", "r-b-o"),
        ("Mapping", "r-mirror"),
        ("Service", "r"),
    ]
    assert mapping(found, "r") == shared | {"service": "a.n:80", "weight": 20}
    assert mapping(found, "r-b-o") == shared | {"service": "b.o:81"}
    assert mapping(found, "r-mirror") == shared | {"service": "c.n:82", "shadow": True, "weight": 5}
    assert found[3]["spec"] == {"ports": [{"port": 80}]}


def test_service_route_to_an_outside_host_with_tls():
    found = to_istio(service_route(route(backends=[{"service": "api.example.com", "port": 443}])))
    assert [(item["kind"], item["metadata"]["name"]) for item in found] == [
        ("DestinationRule", "r-api-example-com"),
        ("ServiceEntry", "r-api-example-com"),
        ("VirtualService", "r"),
    ]
    assert found[0]["spec"]["trafficPolicy"] == {
        "portLevelSettings": [{"port": {"number": 443}, "tls": {"mode": "SIMPLE", "sni": "api.example.com"}}]
    }
    assert found[1]["spec"]["ports"] == [{"number": 443, "name": "https-443", "protocol": "HTTPS"}]
    (one,) = to_ambassador(service_route(route(backends=[{"service": "api.example.com", "port": 443}])))
    assert one["spec"]["service"] == "https://api.example.com:443"


def refused(run, found):
    with pytest.raises(AnsibleFilterError):
        run(found)


def test_an_explainer_and_a_deployment_want_one_virtual_service():
    refused(to_istio, [deployment("m", predictor("a", explainer=EXPLAINED)), deployment("m-a-explainer-http")])


def test_a_deployment_and_a_service_route_want_one_virtual_service():
    refused(to_istio, [deployment("m"), service_route(route(), name="m")])


def test_tls_contexts_have_names_of_their_own_in_the_whole_cluster():
    both = [
        deployment("c", predictor(ssl={"certSecretName": "one"}), namespace="a-b"),
        deployment("b-c", predictor(ssl={"certSecretName": "two"}), namespace="a"),
    ]
    names = [item["metadata"]["name"] for item in kind(to_ambassador(both), "TLSContext")]
    assert len(set(names)) == 2


def test_a_named_port_without_number():
    containers = [{"name": "c", "image": "i", "ports": [{"name": "http"}]}]
    own = predictor(notes={"no-engine": "true"}, componentSpecs=[{"spec": {"containers": containers}}])
    refused(to_ambassador, deployment("m", own))


@pytest.mark.parametrize(("given", "said"), [(1234567, "1234.567s"), (2147483647, "2147483.647s")])
def test_long_times_for_one_try(given, said):
    (one,) = to_ambassador(service_route(route(retries={"attempts": 1, "per_try_timeout_ms": given})))
    assert one["spec"]["retry_policy"]["per_try_timeout"] == said


@pytest.mark.parametrize("run", [to_ambassador, to_istio])
def test_one_route_twice_in_a_definition(run):
    refused(run, service_route(route(rewrite="/x"), route(rewrite="/y", backends=[{"service": "t", "port": 80}])))


@pytest.mark.parametrize("run", [to_ambassador, to_istio])
def test_hosts_that_overlap(run):
    refused(run, [service_route(route(hosts=["a.com", "b.com"])), service_route(route(hosts=["a.com"]), name="q")])


def test_each_service_route_has_its_own_virtual_service():
    found = to_istio([service_route(route(hosts=["a.com"])), service_route(route(hosts=["b.com"]), name="q")])
    assert {(item["metadata"]["name"], *item["spec"]["hosts"]) for item in found} == {("r", "a.com"), ("q", "b.com")}


def test_attached_with_another_host():
    both = [deployment("m"), deployment("m2", notes={"ambassador-service-name": "m", "istio-host": "b.com"})]
    (service,) = kind(to_istio(both), "VirtualService")
    assert service["spec"]["hosts"] == ["*"]
    assert [[share["weight"] for share in entry["route"]] for entry in service["spec"]["http"]] == [[50, 50], [50, 50]]


def test_a_service_route_makes_the_service_of_a_predictor():
    refused(to_ambassador, [deployment(), service_route(route(), name="m-p", service={"ports": [{"port": 80}]})])


def test_an_outside_host_with_and_without_tls():
    backends = [{"service": "a.b.c", "port": 443, "weight": 50}, {"service": "a.b.c", "port": 80, "weight": 50}]
    (rule,) = kind(to_istio(service_route(route(backends=backends))), "DestinationRule")
    assert "tls" not in rule["spec"]["trafficPolicy"]


@pytest.mark.parametrize("fields", ["prefix: 5\nservice: s", "prefix: /\nservice: [1]"])
def test_custom_documents_have_text(fields):
    refused(
        to_ambassador,
        deployment(notes={"ambassador-config": f"apiVersion: ambassador/v1\nkind: Mapping\nname: x\n{fields}"}),
    )


def test_a_method_counts_as_a_header():
    """Emissary measures `:method` with the headers, so POST (11) is tried before `a: b` (2)."""
    routes_of = [route(headers={"a": "b"}), route(methods=["POST"])]
    (service,) = kind(to_istio(service_route(*routes_of)), "VirtualService")
    assert [sorted(entry["match"][0]) for entry in service["spec"]["http"]] == [["method", "uri"], ["headers", "uri"]]


ONE_GROUP = {
    "path-and-prefix": [service_route(route(prefix=None, path="/x")), service_route(route(prefix="/x"), name="q")],
    "header-and-expression": [
        deployment("m"),
        deployment("m1", notes={"ambassador-service-name": "m", "ambassador-header": "l: x"}),
        deployment("m2", notes={"ambassador-service-name": "m", "ambassador-regex-header": "l: x"}),
    ],
}


@pytest.mark.parametrize("run", [to_ambassador, to_istio])
@pytest.mark.parametrize("documents", ONE_GROUP.values(), ids=ONE_GROUP)
def test_what_emissary_cannot_tell_apart(run, documents):
    with pytest.raises(AnsibleFilterError, match="ignores how they are compared"):
        run(documents)
