# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corrected profile beside the Seldon operator.

``tests/data/corrected.yaml`` holds a case for each vector of ``tests/data/operator/*.yaml``, which has its input and
its settings. ``refuse`` lists the paths that must be named, in a deployment that has to be refused. Where it is
accepted, the other keys say what the operator itself (v1.17.1) made of it: ``routes`` (kind, prefix, service,
timeout), ``subsets`` (DestinationRule, subset, version), ``virtual_services``, further fields of each ``mapping``, and
the ``custom`` documents. A key that is left out has the value of the case named by ``same_as``, or that of the smallest
one, ``s01-minimal``. ``refuse_settings`` is the path that must be named where the settings have to be refused; the
other keys then hold without these settings. Each difference that the corrected profile wants is computed here, next to
the number of its defect.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import Origin
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
from ansible_collections.mlops.ingress.plugins.module_utils.definition.read import Source, read_definitions
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import OperatorEnv, operator_env
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.options import ambassador_options, istio_options
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import intents_of, plain
from ansible_collections.mlops.ingress.plugins.module_utils.intent.seldon import IntentSettings
from ansible_collections.mlops.ingress.plugins.module_utils.kube.reader import read_documents
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador import to_ambassador
from ansible_collections.mlops.ingress.plugins.module_utils.translate.istio import to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.translate.model import Translation
from ansible_collections.mlops.ingress.tests.support.vectors import MODEL, vectors

DATA = Path(__file__).parents[4] / "data" / "corrected.yaml"
GIVEN = yaml.safe_load(DATA.read_bytes())
CASES = [{"id": name} | GIVEN.get(case.get("same_as"), {}) | case for name, case in GIVEN.items()]
INPUTS = {vector.id: vector.input for vector in vectors()}
SETTINGS = {vector.id: vector.settings for vector in vectors()}
ACCEPTED = [pytest.param(case, id=case["id"]) for case in CASES if "refuse" not in case]
REFUSED = [pytest.param(case, id=case["id"]) for case in CASES if "refuse" in case]
REFUSED_SETTINGS = [pytest.param(case, id=case["id"]) for case in CASES if "refuse_settings" in case]
USUAL = {
    "routes": ["grpc m-p.n:5001 3000", "rest /seldon/n/m/ m-p.n:8000 3000"],
    "subsets": ["m-p p p"],
    "virtual_services": ["m"],
    "mapping": {},
    "custom": [],
}
GRPC_PREFIX = "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*"
POLICIES = ("ambassador_id", "circuit_breakers", "regex_headers", "retry_policy")
# What routes a request, and how it is treated: the same in every version.
ALIKE = (
    "prefix prefix_regex rewrite service weight shadow timeout_ms idle_timeout_ms tls grpc retry_policy"
    " circuit_breakers method"
).split()
# Source: python/schemas/v1 of datawire/ambassador v1.14.4, which allows nothing else.
KNOWN_IN_V1 = {
    "Mapping": frozenset(
        "add_linkerd_headers add_request_headers add_response_headers ambassador_id apiVersion auto_host_rewrite"
        " bypass_auth case_sensitive circuit_breakers cluster_idle_timeout_ms connect_timeout_ms cors enable_ipv4"
        " enable_ipv6 envoy_override generation grpc headers host host_redirect host_regex host_rewrite"
        " idle_timeout_ms keepalive kind labels load_balancer metadata_labels method method_regex modules name"
        " namespace outlier_detection path_redirect precedence prefix prefix_regex priority regex_headers"
        " remove_request_headers remove_response_headers resolver retry_policy rewrite service shadow timeout_ms tls"
        " use_websocket weight".split()
    ),
    "TLSContext": frozenset(
        "alpn_protocols ambassador_id apiVersion ca_secret cacert_chain_file cert_chain_file cert_required"
        " cipher_suites ecdh_curves generation hosts kind max_tls_version metadata_labels min_tls_version name"
        " namespace private_key_file redirect_cleartext_from secret secret_namespacing sni".split()
    ),
}


def told(case: dict[str, Any], key: str) -> Any:
    return case.get(key, USUAL[key])


def target_of(document: dict[str, Any]) -> str | None:
    return document["spec"].get("annotations", {}).get("seldon.io/ambassador-service-name")


def owner_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The deployment that this one is attached to."""
    metadata = {key: value for key, value in document["metadata"].items() if key == "namespace"} | {"name": name}
    return document | {"metadata": metadata, "spec": {"predictors": [{"name": "owner"} | MODEL]}}


def env_of(case: dict[str, Any]) -> OperatorEnv:
    return operator_env({} if "refuse_settings" in case else SETTINGS[case["id"]], CORRECTED)


def intents(case: dict[str, Any], settings: IntentSettings) -> list[Any]:
    """The intents of the case, with the deployment that it is attached to."""
    document = INPUTS[case["id"]]
    target = target_of(document)
    documents = [document, owner_of(document, target)] if target else [document]
    definitions = read_definitions(
        [Source(item, Origin(str(item["metadata"]["name"]))) for item in documents], CORRECTED
    )
    return intents_of(definitions, CORRECTED, settings)


def ambassador(case: dict[str, Any], **given: Any) -> Translation:
    options = ambassador_options(given, env_of(case), CORRECTED)
    return to_ambassador(intents(case, options.intent), options.settings)


def istio(case: dict[str, Any]) -> Translation:
    options = istio_options({}, env_of(case), CORRECTED)
    return to_istio(intents(case, options.intent), options.settings)


def mine(case: dict[str, Any], translation: Translation) -> list[dict[str, Any]]:
    """The objects of the case's own deployment, as plain values."""
    name = INPUTS[case["id"]]["metadata"]["name"]
    return [plain(item.object) for item in translation.objects if item.definition == name]


def mappings(case: dict[str, Any], single_namespace: bool = False) -> list[dict[str, Any]]:
    found = mine(case, ambassador(case, single_namespace=single_namespace))
    return [item for item in found if item["kind"] == "Mapping"]


def line(mapping: dict[str, Any]) -> str:
    spec = mapping["spec"]
    place = "grpc" if spec.get("grpc") else f"rest {spec['prefix']}"
    return f"{place} {spec['service']} {spec['timeout_ms']}"


def test_the_table_is_complete():
    assert GIVEN.keys() == INPUTS.keys()
    assert len(ACCEPTED) == 187
    assert len(REFUSED) == 87
    assert len(REFUSED_SETTINGS) == 6
    for case in GIVEN.values():
        assert case.keys() <= {*USUAL, "refuse", "refuse_settings", "same_as"}
        if "same_as" in case:
            assert GIVEN[case["same_as"]].keys() <= USUAL.keys(), "same_as leads to a case that stands for itself"


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_the_path(case):
    with pytest.raises(DefinitionError) as caught:
        read_definitions([Source(INPUTS[case["id"]], Origin("here"))], CORRECTED)
    paths = set()
    for text in caught.value.lines:
        found = re.fullmatch(r"here, SeldonDeployment \S*: (\S+?): .+: .+\.", text)
        assert found, f"no full sentence with a path: {text}"
        paths.add(found[1])
    assert paths == set(case["refuse"])


@pytest.mark.parametrize("provider", ["ambassador", "istio"])
@pytest.mark.parametrize("case", REFUSED_SETTINGS)
def test_settings_are_refused_with_the_path(case, provider):
    def options() -> None:
        env = operator_env(SETTINGS[case["id"]], CORRECTED)
        (istio_options if provider == "istio" else ambassador_options)({}, env, CORRECTED)

    path = case["refuse_settings"]
    if path.startswith("operator_env.ISTIO_") and provider != "istio":
        options()
        return
    with pytest.raises(OptionError) as caught:
        options()
    assert re.fullmatch(rf"{re.escape(path)}: .+: .+\.", str(caught.value))


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
    document = INPUTS[case["id"]]
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
    document = INPUTS[case["id"]]
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


def documents_of(case: dict[str, Any], api: str, form: str, single_namespace: bool) -> list[dict[str, Any]]:
    """The resources of the case's own deployment as they stand in an annotation."""
    found = mine(case, ambassador(case, api=api, form=form, single_namespace=single_namespace))
    if form == "annotation":
        texts = [item["metadata"]["annotations"]["getambassador.io/config"] for item in found]
        return [document.value for text in texts for document in read_documents(text)]
    return [
        {"apiVersion": item["apiVersion"], "kind": item["kind"], "name": item["metadata"]["name"]} | item["spec"]
        for item in found
    ]


def routed(documents: list[dict[str, Any]]) -> list[str]:
    """The Mappings without their names and what each version has words of its own for."""
    found = []
    for document in documents:
        if document["kind"] == "Mapping":
            said = {key: document[key] for key in ALIKE if key in document}
            headers = document.get("headers", {})
            # The older versions say it with true that a header must be there, v3alpha1 with an expression.
            present = {name: ".*" for name, value in headers.items() if value is True}
            said["headers"] = {name: value for name, value in headers.items() if name not in present}
            said["regex_headers"] = document.get("regex_headers", {}) | present
            found.append(json.dumps(said, sort_keys=True))
    return sorted(found)


def secrets(documents: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """The TLSContexts, which have one name in all versions."""
    return sorted((item["name"], item["secret"]) for item in documents if item["kind"] == "TLSContext")


@pytest.mark.parametrize(("api", "form"), [("v1", "annotation"), ("v2", "object")], ids=["v1", "v2"])
@pytest.mark.parametrize("case", ACCEPTED)
def test_older_versions_route_alike(case, api, form):
    for single_namespace in (False, True):
        newest = documents_of(case, "v3alpha1", "object", single_namespace)
        older = documents_of(case, api, form, single_namespace)
        assert routed(older) == routed(newest)
        assert secrets(older) == secrets(newest)
        for document in older:
            assert document["apiVersion"] == ("ambassador/v1" if api == "v1" else "getambassador.io/v2")
            assert "hostname" not in document, "a word of v3alpha1"
            if api == "v1":
                assert document.keys() <= KNOWN_IN_V1[document["kind"]]


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
    document = INPUTS[case["id"]]
    found = istio(case)
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


@pytest.mark.parametrize("case", [item for item in ACCEPTED if not target_of(INPUTS[item.values[0]["id"]])])
def test_istio_weights(case):
    predictors = INPUTS[case["id"]]["spec"]["predictors"]
    live = [item for item in predictors if not item.get("shadow")]
    shadow = next((item for item in predictors if item.get("shadow")), None)
    name = INPUTS[case["id"]]["metadata"]["name"]
    for item in mine(case, istio(case)):
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


@pytest.mark.parametrize("case", ACCEPTED)
def test_istio_gateway_and_tls_mode(case):
    document = INPUTS[case["id"]]
    settings = {} if "refuse_settings" in case else SETTINGS[case["id"]]
    annotations = document["spec"].get("annotations") or document["metadata"].get("annotations", {})
    fallback = settings.get("ISTIO_GATEWAY", "istio-system/seldon-gateway")
    gateway = annotations.get("seldon.io/istio-gateway", fallback)
    if "/" not in gateway and gateway != "mesh":
        gateway = f"{document['metadata']['namespace']}/{gateway}"
    predictors = document["spec"]["predictors"]
    secured = {item["name"] for item in predictors if item.get("ssl", {}).get("certSecretName")}
    mode = settings.get("ISTIO_TLS_MODE")
    for item in mine(case, istio(case)):
        if item["kind"] == "VirtualService":
            assert item["spec"]["gateways"] == [gateway]
        else:
            tls = {"mode": mode} if mode else None
            if item["spec"]["subsets"][0]["name"] in secured:
                tls = {"mode": "SIMPLE", "insecureSkipVerify": True}
            assert item["spec"]["trafficPolicy"].get("tls") == tls, "B13: the mode is written, beside the other limits"
