# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses: what a client sends to reach a model."""

from __future__ import annotations

import shlex

import pytest
from ansible_collections.mlops.ingress.plugins.filter.translation import endpoints
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

BODY = (
    '\'{"data":{"names":["a","b"],"tensor":{"shape":[2,2],"values":[0,0,1,1]}}}\' -H "Content-Type: application/json"'
)
MYMODEL = deployment("mymodel", predictor("main"), namespace="seldon")


def rows(definitions, kind=None, **options):
    return [row for row in endpoints(definitions, **options) if kind in (None, row["kind"])]


def urls(definitions, kind="rest", **options):
    return [row["url"] for row in rows(definitions, kind, **options)]


@pytest.mark.parametrize(
    ("base_url", "curl", "verify"),
    [
        ("0.0.0.0:8003", f"curl -v 0.0.0.0:8003/seldon/mymodel/api/v1.0/predictions -d {BODY}", True),
        (
            "https://example-hostname.com",
            f"curl -v https://example-hostname.com/seldon/mymodel/api/v1.0/predictions -d {BODY}",
            True,
        ),
        ("https://0.0.0.0", f"curl -vk https://0.0.0.0/seldon/mymodel/api/v1.0/predictions -d {BODY}", False),
        ("https://0.0.0.0/", f"curl -vk https://0.0.0.0/seldon/mymodel/api/v1.0/predictions -d {BODY}", False),
    ],
)
def test_curl_of_the_documentation(base_url, curl, verify):
    long, short = rows(MYMODEL, "rest", base_url=base_url, single_namespace=True)
    if "/seldon/seldon/" not in long["url"]:
        long, short = short, long
    assert short["curl"] == curl
    assert short["verify"] is verify
    assert long["curl"] == curl.replace("/seldon/mymodel/", "/seldon/seldon/mymodel/")


def test_both_forms_with_single_namespace():
    assert urls(MYMODEL, base_url="http://e", single_namespace=True) == [
        "http://e/seldon/mymodel/api/v1.0/predictions",
        "http://e/seldon/seldon/mymodel/api/v1.0/predictions",
    ]
    assert urls(MYMODEL, base_url="http://e") == ["http://e/seldon/seldon/mymodel/api/v1.0/predictions"]
    assert [row["headers"] for row in rows(MYMODEL, "grpc", base_url="http://e", single_namespace=True)] == [
        {"namespace": "seldon", "seldon": "mymodel"},
        {"seldon": "mymodel"},
    ]


def test_whole_rows():
    rest, grpc = sorted(endpoints(MYMODEL, base_url="http://e:8080", provider="istio"), key=lambda row: row["kind"])[
        ::-1
    ]
    assert rest == {
        "deployment": "mymodel",
        "namespace": "seldon",
        "provider": "istio",
        "kind": "rest",
        "url": "http://e:8080/seldon/seldon/mymodel/api/v1.0/predictions",
        "method": "POST",
        "headers": {"Content-Type": "application/json"},
        "verify": True,
        "curl": f"curl -v http://e:8080/seldon/seldon/mymodel/api/v1.0/predictions -d {BODY}",
        "split": [{"predictor": "main", "percent": 100}],
        "mirror": None,
    }
    assert grpc == rest | {
        "kind": "grpc",
        "url": "e:8080",
        "method": "/seldon.protos.Seldon/Predict",
        "headers": {"namespace": "seldon", "seldon": "mymodel"},
        "curl": grpc["curl"],
    }
    assert shlex.split(grpc["curl"]) == [
        "grpcurl",
        "-plaintext",
        "-proto",
        "prediction.proto",
        "-rpc-header",
        "namespace: seldon",
        "-rpc-header",
        "seldon: mymodel",
        "-d",
        '{"data":{"names":["a","b"],"tensor":{"shape":[2,2],"values":[0,0,1,1]}}}',
        "e:8080",
        "seldon.protos.Seldon/Predict",
    ]


@pytest.mark.parametrize(
    ("base_url", "target", "words"),
    [
        ("http://e", "e:80", ["-plaintext"]),
        ("https://e", "e:443", []),
        ("https://10.0.0.1", "10.0.0.1:443", ["-insecure"]),
        ("https://localhost:8443", "localhost:8443", ["-insecure"]),
        ("e:8003", "e:8003", ["-plaintext"]),
        ("http://[::1]:80", "[::1]:80", ["-plaintext"]),
    ],
)
def test_grpc_target(base_url, target, words):
    (row,) = rows(MYMODEL, "grpc", base_url=base_url)
    assert row["url"] == target
    assert [word for word in shlex.split(row["curl"]) if word in ("-plaintext", "-insecure")] == words


@pytest.mark.parametrize(
    ("base_url", "verify", "flag", "said"),
    [
        ("https://example.com", None, "-v", True),
        ("https://example.com", False, "-vk", False),
        ("https://10.0.0.1", True, "-v", True),
        ("https://10.0.0.1", None, "-vk", False),
        ("https://[::1]:8443", None, "-vk", False),
        ("https://localhost", None, "-vk", False),
        ("http://10.0.0.1", None, "-v", True),
    ],
)
def test_verify(base_url, verify, flag, said):
    (row,) = rows(MYMODEL, "rest", base_url=base_url, verify=verify)
    assert row["curl"].split()[1] == flag
    assert row["verify"] is said


@pytest.mark.parametrize(
    ("protocol", "predict", "explain", "grpc"),
    [
        ("seldon", "api/v1.0/predictions", "api/v1.0/explain", "/seldon.protos.Seldon/Predict"),
        ("", "api/v1.0/predictions", "api/v1.0/explain", "/seldon.protos.Seldon/Predict"),
        ("tensorflow", "v1/models/c:predict", "v1/models/c:explain", "/tensorflow.serving.PredictionService/Predict"),
        ("v2", "v2/models/c/infer", "v2/models/box/infer", "/inference.GRPCInferenceService/ModelInfer"),
        ("kfserving", "v2/models/c/infer", "v2/models/box/infer", "/inference.GRPCInferenceService/ModelInfer"),
    ],
)
@pytest.mark.parametrize("provider", ["ambassador", "istio"])
def test_paths_of_protocols(protocol, predict, explain, grpc, provider):
    own = predictor(explainer={"type": "A", "containerSpec": {"name": "box", "image": "i"}})
    document = deployment("m", own, protocol=protocol)
    assert urls(document, "rest", base_url="http://e", provider=provider) == [f"http://e/seldon/n/m/{predict}"]
    assert urls(document, "explain", base_url="http://e", provider=provider) == [
        f"http://e/seldon/n/m-explainer/p/{explain}"
    ]
    assert [row["method"] for row in rows(document, "grpc", provider=provider)] == [grpc]


def test_grpc_without_engine():
    (row,) = rows(deployment("m", predictor(notes={"no-engine": "true"})), "grpc")
    assert row["method"] == "/seldon.protos.Model/Predict"


def test_explainer_without_container_is_named_by_its_service():
    document = deployment("m", predictor(explainer={"type": "A"}), protocol="v2")
    assert urls(document, "explain", base_url="http://e") == [
        "http://e/seldon/n/m-explainer/p/v2/models/m-p-explainer/infer"
    ]


def mesh(**fields):
    return deployment("m", predictor("a", traffic=75), predictor("b", traffic=25), **fields)


def test_mesh():
    document = mesh(notes={"istio-gateway": "mesh", "istio-host": "svc"})
    found = endpoints(document, base_url="https://elsewhere", provider="istio")
    assert [row["url"] for row in found] == ["svc:5001", "http://svc:8000/seldon/n/m/api/v1.0/predictions"]
    assert all("Host" not in row["headers"] for row in found)
    assert "-plaintext" in found[0]["curl"]


@pytest.mark.parametrize(
    ("hosts", "base_url", "header"),
    [
        ("*", "http://1.2.3.4", None),
        ("a.com", "http://a.com:8080", None),
        ("a.com", "http://1.2.3.4", "a.com"),
        ("a.com, b.com", "http://b.com", None),
        ("a.com, b.com", "http://c.com", "a.com"),
        ("*.a.com", "http://x.a.com", None),
        ("*.a.com", "http://a.com", "any.a.com"),
    ],
)
def test_host_header(hosts, base_url, header):
    document = deployment(notes={"istio-host": hosts})
    grpc, rest = endpoints(document, base_url=base_url, provider="istio")
    assert rest["headers"].get("Host") == header
    assert ('-H "Host: ' in rest["curl"]) is (header is not None)
    words = shlex.split(grpc["curl"])
    assert (words[words.index("-authority") + 1] if "-authority" in words else None) == header
    (given,) = rows(deployment(), "rest", base_url=base_url, hosts=[text.strip() for text in hosts.split(",")])
    assert given["headers"].get("Host") == header


@pytest.mark.parametrize(
    ("notes", "headers", "text"),
    [
        ({"ambassador-header": "location: london"}, {"location": "london"}, '-H "location: london"'),
        ({"ambassador-header": "x-beta"}, {"x-beta": "1"}, '-H "x-beta: 1"'),
        ({"ambassador-regex-header": "location: lond.*"}, {"location": "lond.*"}, '-H "location: lond.*"'),
        (
            {"ambassador-regex-header": "x: ^[a-z]{3}$"},
            {"x": "<a value that matches ^[a-z]{3}$>"},
            "-H 'x: <a value that matches ^[a-z]{3}$>'",
        ),
        ({"ambassador-header": "a: $(reboot)"}, {"a": "$(reboot)"}, "-H 'a: $(reboot)'"),
        ({"ambassador-header": "a: it's `x`"}, {"a": "it's `x`"}, None),
    ],
)
@pytest.mark.parametrize("provider", ["ambassador", "istio"])
def test_header_values(notes, headers, text, provider):
    grpc, rest = endpoints(deployment(notes=notes), base_url="http://e", provider=provider)
    assert rest["headers"] == headers | {"Content-Type": "application/json"}
    assert grpc["headers"] == headers | {"seldon": "m", "namespace": "n"}
    name, value = next(iter(headers.items()))
    assert f"{name}: {value}" in shlex.split(rest["curl"]), "the shell hands the value on as it is"
    assert f"{name}: {value}" in shlex.split(grpc["curl"])
    assert text is None or text in rest["curl"]


@pytest.mark.parametrize("provider", ["ambassador", "istio"])
def test_split_and_mirror(provider):
    document = deployment(
        "m",
        predictor("s", shadow=True, traffic=20),
        predictor("a", traffic=60),
        predictor("b", traffic=40),
        predictor("c", traffic=0),
    )
    (row,) = rows(document, "rest", provider=provider)
    assert row["split"] == [
        {"predictor": "a", "percent": 60},
        {"predictor": "b", "percent": 40},
        {"predictor": "c", "percent": 0},
    ]
    assert row["mirror"] == {"predictor": "s", "percent": 20}


def test_mirror_without_traffic_is_of_all_requests():
    (row,) = rows(deployment("m", predictor("a"), predictor("s", shadow=True)), "rest")
    assert row["mirror"] == {"predictor": "s", "percent": 100}


@pytest.mark.parametrize("provider", ["ambassador", "istio"])
def test_attached_without_header_shares_as_emissary_does(provider):
    owner = deployment("m", predictor("a", traffic=75), predictor("b", traffic=25))
    other = deployment("m2", predictor("z"), notes={"ambassador-service-name": "m"})
    found = rows([owner, other], "rest", provider=provider)
    assert {row["deployment"] for row in found} == {"m", "m2"}
    for row in found:
        assert row["url"].endswith("/seldon/n/m/api/v1.0/predictions")
        assert {item["predictor"]: item["percent"] for item in row["split"]} == {"a": 38, "b": 25, "z": 37}


@pytest.mark.parametrize(
    ("fields", "kind", "method", "url", "curl"),
    [
        ({}, "rest", "GET", "http://e/r/", "curl -v http://e/r/"),
        ({"methods": ["POST"]}, "rest", "POST", "http://e/r/", "curl -v -X POST http://e/r/"),
        ({"methods": ["PUT", "DELETE"]}, "rest", "DELETE", "http://e/r/", "curl -v -X DELETE http://e/r/"),
        ({"hosts": ["a.com"]}, "rest", "GET", "http://e/r/", 'curl -v http://e/r/ -H "Host: a.com"'),
    ],
)
@pytest.mark.parametrize("provider", ["ambassador", "istio"])
def test_service_route(fields, kind, method, url, curl, provider):
    (row,) = endpoints(service_route(route(**fields)), base_url="http://e", provider=provider)
    assert (row["kind"], row["method"], row["url"], row["curl"]) == (kind, method, url, curl)
    assert row["split"] == [{"predictor": "s", "percent": 100}]


def test_custom_configuration():
    text = "apiVersion: ambassador/v2\nkind: Mapping\nname: x\nprefix: /ml/\nservice: s.n:8000"
    (row,) = endpoints(deployment(notes={"ambassador-config": text}), base_url="http://e")
    assert (row["url"], row["split"]) == ("http://e/ml/", [{"predictor": "s.n:8000", "percent": 100}])


def test_order():
    found = endpoints([deployment("b"), deployment("a", namespace="z"), deployment("a")], base_url="http://e")
    assert [(row["namespace"], row["deployment"], row["kind"]) for row in found] == [
        ("n", "a", "grpc"),
        ("n", "a", "rest"),
        ("n", "b", "grpc"),
        ("n", "b", "rest"),
        ("z", "a", "grpc"),
        ("z", "a", "rest"),
    ]


def test_attached_through_the_id_of_the_environment():
    owner = deployment("m", predictor("a"), notes={"ambassador-id": "x"})
    other = deployment("m2", predictor("z"), notes={"ambassador-service-name": "m"})
    for row in rows([owner, other], "rest", ambassador_id="x"):
        assert {item["predictor"]: item["percent"] for item in row["split"]} == {"a": 50, "z": 50}


def test_null_options():
    assert endpoints(MYMODEL, None, None, None, None) == endpoints(MYMODEL)


def operator_rows(found, **options):
    return [(row["kind"], row["url"]) for row in endpoints(found, profile="operator", **options)]


def split(rows, kind="rest"):
    return {share["predictor"]: share["percent"] for row in rows if row["kind"] == kind for share in row["split"]}


def test_what_the_operator_makes_reachable():
    canary = deployment("m", predictor("a", traffic=100), predictor("b", traffic=0))
    assert split(endpoints(canary, profile="operator", api="v1")) == {"a": 50, "b": 50}  # B8
    assert split(endpoints(canary, profile="operator", api="v2")) == {"a": 100, "b": 0}
    assert split(endpoints(canary, profile="operator", provider="istio")) == {"a": 100, "b": 0}
    assert split(endpoints(canary)) == {"a": 100, "b": 0}


def test_the_explainer_of_a_shadow_cannot_be_reached_on_ambassador():
    """B10: its Mapping is a shadow, too."""
    found = deployment("m", predictor("a"), predictor("s", shadow=True, explainer={"type": "A"}))
    explain = ("explain", "http://localhost/seldon/n/m-explainer/s/api/v1.0/explain")
    assert explain not in operator_rows(found, api="v1")
    assert explain not in operator_rows(found, api="v2")
    assert explain in operator_rows(found, provider="istio")
    assert explain in [(row["kind"], row["url"]) for row in endpoints(found)]


def test_a_lone_weight_is_a_part_on_ambassador_1_14_only():
    """An explainer takes the weight of its predictor (B10)."""
    found = deployment("m", predictor("a", traffic=60), predictor("b", traffic=40, explainer={"type": "A"}))
    assert split(endpoints(found, profile="operator", api="v1"), "explain") == {"b": 40}
    assert split(endpoints(found, profile="operator", api="v2"), "explain") == {"b": 100}
    assert split(endpoints(found, api="v1"), "explain") == {"b": 100}


def test_short_addresses_of_ambassador_v2_are_never_made():
    """B4: the API server refuses the first of them."""
    short = ("rest", "http://localhost/seldon/m/api/v1.0/predictions")
    assert short not in operator_rows(deployment(), api="v2", single_namespace=True)
    assert short in operator_rows(deployment(), api="v1", single_namespace=True)
    assert short in [(row["kind"], row["url"]) for row in endpoints(deployment(), api="v2", single_namespace=True)]


def test_a_grpc_route_that_the_operator_drops():
    """B7."""
    found = deployment(notes={"grpc-timeout": "5s"})
    assert [kind for kind, _url in operator_rows(found, api="v1")] == ["rest"]
    assert [kind for kind, _url in operator_rows(found, api="v2")] == ["grpc", "rest"]
