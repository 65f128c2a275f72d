# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corrected profile beside the Seldon operator.

``tests/data/golden_corrected.jsonl`` holds one case a line. ``input`` is a SeldonDeployment without what all have in
common (see :func:`whole`). ``refuse`` lists the paths that must be named, in a deployment that has to be refused.
Where it is accepted, the other keys say what the operator itself (v1.17.1) made of it: ``routes`` (kind, prefix,
service, timeout), ``subsets`` (DestinationRule, subset, version), ``virtual_services``, further fields of each
``mapping``, and the ``custom`` documents. A key that is left out has the value of the smallest case, ``s01-minimal``.
Each difference that the corrected profile wants is computed here, next to the number of its defect.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import Origin
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
from ansible_collections.mlops.ingress.plugins.module_utils.definition.read import Source, read_definitions
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import intents_of, plain
from ansible_collections.mlops.ingress.plugins.module_utils.intent.ports import PortSettings
from ansible_collections.mlops.ingress.plugins.module_utils.intent.seldon import IntentSettings
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador import to_ambassador
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_documents import AmbassadorSettings
from ansible_collections.mlops.ingress.plugins.module_utils.translate.istio import IstioSettings, to_istio

DATA = Path(__file__).parents[4] / "data" / "golden_corrected.jsonl"
CASES = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
ACCEPTED = [pytest.param(case, id=case["id"]) for case in CASES if "refuse" not in case]
REFUSED = [pytest.param(case, id=case["id"]) for case in CASES if "refuse" in case]
USUAL = {
    "routes": ["grpc m-p.n:5001 3000", "rest /seldon/n/m/ m-p.n:8000 3000"],
    "subsets": ["m-p p p"],
    "virtual_services": ["m"],
    "mapping": {},
    "custom": [],
    "ports": {},
}
GRPC_PREFIX = "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*"
POLICIES = ("ambassador_id", "circuit_breakers", "regex_headers", "retry_policy")


def whole(short: dict[str, Any]) -> dict[str, Any]:
    """The deployment that a shortened ``input`` stands for."""
    short = json.loads(json.dumps(short))
    spec = short.pop("spec")
    version = short.pop("apiVersion", "machinelearning.seldon.io/v1")
    for holder in (short, spec, *(spec.get("predictors") or [])):
        if holder.get("annotations"):
            holder["annotations"] = {
                key if "/" in key else f"seldon.io/{key}": value for key, value in holder["annotations"].items()
            }
    for predictor in spec.get("predictors") or []:
        predictor.setdefault("componentSpecs", [{"spec": {"containers": [{"name": "c", "image": "example/model:1"}]}}])
        predictor.setdefault("graph", {"name": "c", "type": "MODEL"})
    return {"apiVersion": version, "kind": "SeldonDeployment", "metadata": short, "spec": spec}


def told(case: dict[str, Any], key: str) -> Any:
    return case.get(key, USUAL[key])


def target_of(document: dict[str, Any]) -> str | None:
    return document["spec"].get("annotations", {}).get("seldon.io/ambassador-service-name")


def intents(case: dict[str, Any], single_namespace: bool = False) -> list[Any]:
    """The intents of the case, with the deployment that it is attached to."""
    document = whole(case["input"])
    documents = [document]
    if target := target_of(document):
        owner = {"name": target, "spec": {"predictors": [{"name": "owner"}]}}
        if "namespace" in document["metadata"]:
            owner["namespace"] = document["metadata"]["namespace"]
        documents.append(whole(owner))
    definitions = read_definitions(
        [Source(item, Origin(str(item["metadata"]["name"]))) for item in documents], CORRECTED
    )
    settings = IntentSettings(single_namespace, PortSettings(**told(case, "ports")))
    return intents_of(definitions, CORRECTED, settings)


def mine(case: dict[str, Any], translation: Any) -> list[dict[str, Any]]:
    """The objects of the case's own deployment, as plain values."""
    name = case["input"]["name"]
    return [plain(item.object) for item in translation.objects if item.definition == name]


def mappings(case: dict[str, Any], single_namespace: bool = False) -> list[dict[str, Any]]:
    found = mine(case, to_ambassador(intents(case, single_namespace), AmbassadorSettings()))
    return [item for item in found if item["kind"] == "Mapping"]


def line(mapping: dict[str, Any]) -> str:
    spec = mapping["spec"]
    place = "grpc" if spec.get("grpc") else f"rest {spec['prefix']}"
    return f"{place} {spec['service']} {spec['timeout_ms']}"


def test_the_table_is_complete():
    assert len(ACCEPTED) == 177
    assert len(REFUSED) == 87


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_path(case):
    with pytest.raises(DefinitionError) as caught:
        read_definitions([Source(whole(case["input"]), Origin("here"))], CORRECTED)
    paths = set()
    for text in caught.value.lines:
        found = re.fullmatch(r"here, SeldonDeployment \S*: (\S+?): .+: .+\.", text)
        assert found, f"no full sentence with a path: {text}"
        paths.add(found[1])
    assert paths == set(case["refuse"])


@pytest.mark.parametrize("case", [item for item in ACCEPTED if "custom" not in item.values[0]])
def test_ambassador_routes_what_the_operator_routes(case):
    found = mappings(case)
    assert sorted(map(line, found)) == told(case, "routes")
    for mapping in found:
        timeout = mapping["spec"]["timeout_ms"]
        assert mapping["spec"].get("idle_timeout_ms") == (timeout if timeout > 300000 else None), "each its own (B6)"
        if told(case, "mapping"):
            said = {key: value for key, value in mapping["spec"].items() if key in POLICIES}
            assert said == {key: value for key, value in told(case, "mapping").items() if key in POLICIES}


@pytest.mark.parametrize("case", [item for item in ACCEPTED if "custom" not in item.values[0]])
def test_ambassador_shares_and_headers(case):
    document = whole(case["input"])
    predictors = document["spec"]["predictors"]
    live = [item["name"] for item in predictors if not item.get("shadow")]
    target = target_of(document) or document["metadata"]["name"]
    namespace = document["metadata"].get("namespace") or "default"
    for mapping in mappings(case):
        spec = mapping["spec"]
        explains = "-explainer/" in spec["prefix"] and not spec.get("grpc")
        core = mapping["metadata"]["name"].removesuffix("-rest").removesuffix("-grpc")
        core = core.removeprefix(f"seldon-{namespace}-{document['metadata']['name']}-")
        predictor = next(
            item for item in predictors if item["name"] == core.removesuffix("-explainer" if explains else "")
        )
        share = {key: spec[key] for key in ("weight", "shadow") if key in spec}
        if explains:
            assert share == {}, "B10: an explainer has the weight and the shadow flag of nobody"
        elif predictor.get("shadow"):
            traffic = predictor.get("traffic")
            expected = {"shadow": True, "weight": traffic} if traffic else {"shadow": True}
            assert share == expected, "B9: a shadow without traffic mirrors everything"
        elif predictor["name"] == live[0]:
            assert share == {}, "the first predictor that is no shadow takes the rest"
        else:
            assert share == {"weight": predictor.get("traffic", 0)}, "B8: an explicit 0 stays"
        assert spec["hostname"] == "*"
        custom = told(case, "mapping").get("headers", {})
        if spec.get("grpc"):
            assert spec["prefix"] == GRPC_PREFIX
            assert (spec["prefix_regex"], spec["rewrite"], spec["cluster_tag"]) == (True, "", "seldon_grpc")
            headers = dict(spec["headers"])
            assert headers.pop("seldon") == target
            assert headers.pop("namespace") == namespace, "B3: the namespace keeps tenants apart"
            assert headers == custom or not told(case, "mapping")
        else:
            assert (spec["rewrite"], spec["cluster_tag"]) == ("/", "seldon_http")
            assert spec.get("headers", {}) == custom or not told(case, "mapping")
        assert mapping["apiVersion"] == "getambassador.io/v3alpha1"
        assert "seldon-deployment-id" in mapping["metadata"]["labels"]


@pytest.mark.parametrize("case", [item for item in ACCEPTED if "custom" in item.values[0]])
def test_ambassador_custom_configuration_is_emitted_once(case):
    found = mappings(case)
    assert [f"{item['metadata']['name']} {item['spec']['prefix']} {item['spec']['service']}" for item in found] == case[
        "custom"
    ], "B12: not once for each Service, and nothing beside it"


@pytest.mark.parametrize("case", [item for item in ACCEPTED if "custom" not in item.values[0]])
def test_ambassador_single_namespace_adds_the_short_addresses(case):
    document = whole(case["input"])
    namespace = document["metadata"].get("namespace") or "default"
    usual, both = mappings(case), mappings(case, single_namespace=True)
    names = {item["metadata"]["name"] for item in both}
    assert len(names) == len(both) == 2 * len(usual)
    short = [item for item in both if item["metadata"]["name"] not in {item["metadata"]["name"] for item in usual}]
    assert sorted(map(line, short)) == sorted(
        text.replace(f"rest /seldon/{namespace}/", "rest /seldon/") for text in told(case, "routes")
    )
    for mapping in short:
        assert re.fullmatch(r"seldon-[-a-z0-9]+-(rest|grpc)", mapping["metadata"]["name"]), "B4: no underscore"
        assert "namespace" not in mapping["spec"].get("headers", {}), "B23: the groups of both forms stay apart"


def istio_route(entry: dict[str, Any]) -> list[str]:
    """What an http entry says, in the words of ``routes`` without timeout."""
    uri = entry["match"][0]["uri"]
    place = f"rest {uri['prefix']}" if "prefix" in uri else "grpc"
    destinations = [item["destination"] for item in entry["route"]]
    if "mirror" in entry:
        destinations.append(entry["mirror"])
    return [
        f"{place} {item['host'].removesuffix('.svc.cluster.local')}:{item['port']['number']}" for item in destinations
    ]


@pytest.mark.parametrize("case", ACCEPTED)
def test_istio_routes_what_the_operator_routes(case):
    document = whole(case["input"])
    found = to_istio(intents(case), IstioSettings())
    name = document["metadata"]["name"]
    target = target_of(document) or name
    services = [plain(item.object) for item in found.objects if item.object["kind"] == "VirtualService"]
    assert {item["metadata"]["name"] for item in services} == {
        target if text == name else text for text in told(case, "virtual_services")
    }
    routes = {text for item in services for entry in item["spec"]["http"] for text in istio_route(entry)}
    own = {text for text in routes if f" {target}-owner." not in text}
    assert own == {text.rpartition(" ")[0] for text in told(case, "routes")}
    rules = [item for item in mine(case, found) if item["kind"] == "DestinationRule"]
    assert sorted(
        " ".join(
            (item["metadata"]["name"], subset["name"], *filter(None, [subset["labels"]["version"]])),
        )
        for item in rules
        for subset in item["spec"]["subsets"]
    ) == told(case, "subsets")
    for rule in rules:
        namespace = rule["metadata"]["namespace"]
        assert rule["spec"]["host"] == f"{rule['metadata']['name']}.{namespace}.svc.cluster.local", "B14: the full host"
        assert rule["spec"]["trafficPolicy"]["connectionPool"]["http"]["idleTimeout"] == "60s"


@pytest.mark.parametrize("case", [item for item in ACCEPTED if not target_of(whole(item.values[0]["input"]))])
def test_istio_weights(case):
    predictors = case["input"]["spec"]["predictors"]
    live = [item for item in predictors if not item.get("shadow")]
    shadow = next((item for item in predictors if item.get("shadow")), None)
    name = case["input"]["name"]
    for item in mine(case, to_istio(intents(case), IstioSettings())):
        if item["kind"] != "VirtualService":
            continue
        for entry in item["spec"]["http"]:
            subsets = [(route["destination"]["subset"], route.get("weight")) for route in entry["route"]]
            if item["metadata"]["name"].endswith("-explainer-http") and item["metadata"]["name"] != name:
                assert len(subsets) == 1
                assert "mirror" not in entry
            elif len(live) == 1:
                assert subsets == [(live[0]["name"], None)]
            else:
                assert subsets == [(item["name"], item.get("traffic", 0)) for item in live]
            if "mirror" in entry:
                traffic = shadow.get("traffic")
                assert entry["mirror"]["subset"] == shadow["name"]
                assert entry.get("mirrorPercentage") == ({"value": traffic} if traffic else None)
