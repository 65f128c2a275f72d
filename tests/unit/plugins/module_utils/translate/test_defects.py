# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every defect of the operator by example: what the operator writes, what we write instead, and what a run says.

A row shows one thing of the objects, in the words of the form that the operator writes: ``v1`` is the annotation of a
Service, ``v2`` are Ambassador's objects, ``istio`` are Istio's. Ours are compared in the same form unless the row says
otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import yaml
from ansible_collections.mlops.ingress.plugins.module_utils.definition.defects import DEFECTS
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError, Finding
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import (
    CORRECTED,
    OPERATOR,
    SWITCHES,
    Profile,
)
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import operator_env
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.options import (
    ambassador_options,
    istio_options,
    profile_option,
)
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import (
    ambassador_run,
    definitions_of,
    findings_of,
    istio_run,
    plain,
)
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor

Objects = list[dict[str, Any]]
Told = tuple[str, str, str]  # id, level and place of a finding

M = "definitions[0] n/m"
REFUSED_M = "definitions[0], SeldonDeployment n/m: "
ANNOTATION = "getambassador.io/config"
EXPLAINED = {"type": "A"}
SECRET = {"certSecretName": "secret"}
CUSTOM = "apiVersion: ambassador/v1\nkind: Mapping\nname: x\nprefix: /x/\nservice: s.n:80\n"
IDLE = {"connectionPool": {"http": {"idleTimeout": "60s"}}}


@dataclass(frozen=True)
class Refused:
    """A run that is refused: how the message begins, and what else it says."""

    begins: str
    says: tuple[str, ...] = ()


def refused(begins: str, *says: str) -> Refused:
    return Refused(begins, says)


@dataclass(frozen=True)
class Case:
    """One row.

    ``beside`` names other defects that the operator's run rightly reports too (B3 is in every run of v2), ``kept`` is
    the level of the finding where the corrected profile has it as well, ``against`` the form of ours if not ``form``;
    ``times`` is how often the finding is told, which is more than once only for several objects.
    """

    definitions: Any
    form: str | None
    show: Callable[[Objects], Any]
    operator: Any
    corrected: Any
    finding: Told | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    beside: str = ""
    kept: str = ""
    against: str | None = None
    times: int = 1


def translated(
    definitions: Any, profile_name: str | Profile, form: str | None, **settings: Any
) -> tuple[Objects, list[Finding]]:
    """Objects and findings of a run; without a form, the one that ``operator_env`` or the profile chooses."""
    profile = profile_option(profile_name) if isinstance(profile_name, str) else profile_name
    env = operator_env(settings.pop("operator_env", None), profile)
    read = definitions_of(definitions, profile)
    if form == "istio":
        run = istio_run(read, istio_options(settings, env, profile))
    else:
        run = ambassador_run(read, ambassador_options({"api": form} | settings, env, profile))
    return [plain(item.object) for item in run.translation.objects], findings_of(read, [run])


def outcome(case: Case, profile_name: str) -> Any:
    """What the row shows, or the refusal as text."""
    form = case.against if case.against and profile_name == "corrected" else case.form
    try:
        objects, _findings = translated(case.definitions, profile_name, form, **case.settings)
    except (DefinitionError, OptionError) as error:
        return str(error)
    return case.show(objects)


def told(findings: list[Finding]) -> list[Told]:
    """The findings that name a defect of the operator."""
    return [(finding.id, finding.level, finding.where) for finding in findings if finding.id in DEFECTS]


# What rows show.


def resources(objects: Objects) -> Iterator[dict[str, Any]]:
    """Objects as they stand, and the documents of annotations in the same shape."""
    for item in objects:
        annotations = item["metadata"].get("annotations", {})
        for document in yaml.safe_load_all(annotations.get(ANNOTATION, "")):
            if document:
                yield {"kind": document["kind"], "metadata": {"name": document["name"]}, "spec": document}
        yield item


def of_kind(kind: str, objects: Objects) -> list[dict[str, Any]]:
    return [item for item in resources(objects) if item["kind"] == kind]


def named(kind: str) -> Callable[[Objects], list[str]]:
    """The names of all objects of a kind, each as often as it is there."""
    return lambda objects: sorted(item["metadata"]["name"] for item in of_kind(kind, objects))


def fields(kind: str, name: str) -> Callable[[Objects], dict[str, Any]]:
    """One field of all objects of a kind, by their names."""
    return lambda objects: {item["metadata"]["name"]: item["spec"].get(name) for item in of_kind(kind, objects)}


def _mappings(grpc: bool, names: tuple[str, ...]) -> Callable[[Objects], dict[str, Any]]:
    def show(objects: Objects) -> dict[str, Any]:
        found = {}
        for item in of_kind("Mapping", objects):
            name, spec = item["metadata"]["name"], item["spec"]
            short = re.fullmatch(r"seldon[-_]n[-_]m[-_](.+)[-_](rest|grpc)([-_]mapping)?", name)
            if bool(spec.get("grpc")) == grpc:
                values = tuple(spec.get(key) for key in names)
                found[short[1] if short else name] = values if len(names) > 1 else values[0]
        return found

    return show


def rest(*names: str) -> Callable[[Objects], dict[str, Any]]:
    """Fields of the REST Mappings: by predictor for the deployment n/m, by the whole name for others."""
    return _mappings(False, names)


def grpc(*names: str) -> Callable[[Objects], dict[str, Any]]:
    """Fields of the gRPC Mappings, as ``rest``."""
    return _mappings(True, names)


def documents(objects: Objects) -> dict[str, list[str]]:
    """The names in the annotation of each Service that has one."""
    return {
        item["metadata"]["name"]: [other["metadata"]["name"] for other in resources([item]) if other is not item]
        for item in objects
        if ANNOTATION in item["metadata"].get("annotations", {})
    }


def tls(objects: Objects) -> tuple[list[str], list[str]]:
    """The contexts that Mappings ask for, and those that there are."""
    asked = {item["spec"]["tls"] for item in of_kind("Mapping", objects) if "tls" in item["spec"]}
    return sorted(asked), named("TLSContext")(objects)


def versions(objects: Objects) -> set[str]:
    return {item["apiVersion"] for item in objects}


def istio_rest(key: str) -> Callable[[Objects], dict[str, Any]]:
    """One field of the first route of each VirtualService."""
    return lambda objects: {
        item["metadata"]["name"]: item["spec"]["http"][0].get(key) for item in of_kind("VirtualService", objects)
    }


def istio_weights(objects: Objects) -> dict[str, Any]:
    """The weights of the first route of the deployment, by predictor."""
    routes = istio_rest("route")(objects)["m"]
    return {route["destination"]["subset"]: route.get("weight") for route in routes}


# What rows are made of.


def note(key: str, where: str = M) -> str:
    """The place of an annotation of the deployment."""
    return f"{where} spec.annotations[seldon.io/{key}]"


def refused_note(key: str, *says: str) -> Refused:
    return refused(f"{REFUSED_M}spec.annotations[seldon.io/{key}]: ", *says)


def split(**shares: int) -> dict[str, Any]:
    """A deployment whose predictors have these shares."""
    return deployment("m", *(predictor(name, traffic=share) for name, share in shares.items()))


def containing(container: str, *pods: str, name: str = "p", **more: Any) -> dict[str, Any]:
    """A predictor whose graph needs a container, and the containers of its pods."""
    specs = [{"spec": {"containers": [{"name": pod, "image": "i"}]}} for pod in (pods or (container,))]
    return predictor(name, graph={"name": container, "type": "MODEL"}, componentSpecs=specs, **more)


def labelled(found: dict[str, Any]) -> dict[str, Any]:
    found["metadata"]["labels"] = {"seldon.io/controller-id": "other"}
    return found


BOTH_HEADERS = deployment(notes={"ambassador-header": "x-team: blue", "ambassador-regex-header": "location: lond.*"})
REGEX_HEADER = deployment(notes={"ambassador-regex-header": "location: lond.*"})
PRESENT_HEADER = deployment(notes={"ambassador-header": "location"})
TIME_HEADER = deployment(notes={"ambassador-header": "when: 12:30"})
URL_HEADER = deployment(notes={"ambassador-header": "link: http://x:80"})
SELDON_HEADER = deployment(notes={"ambassador-header": "seldon: other"})
BAD_GRPC_TIMEOUT = deployment(notes={"grpc-timeout": "5s"})
NO_RETRY_TIMEOUT = deployment(notes={"istio-retries": "3", "istio-retries-timeout": "0"})
SHADOWED = deployment("m", predictor("a"), predictor("s", shadow=True))
SHADOW_FIRST = deployment("m", predictor("s", shadow=True), predictor("a"))
EXPLAINED_CANARY = deployment("m", predictor("a", traffic=75), predictor("b", traffic=25, explainer=EXPLAINED))
EXPLAINED_ZERO = deployment("m", predictor("a", traffic=100), predictor("b", explainer=EXPLAINED))
EXPLAINED_SHADOW = deployment("m", predictor("a"), predictor("s", shadow=True, traffic=20, explainer=EXPLAINED))
EXPLAINED_FIRST_SHADOW = deployment("m", predictor("s", shadow=True, traffic=20, explainer=EXPLAINED), predictor("a"))
CUSTOM_CANARY = deployment(
    "m", predictor("a", traffic=75), predictor("b", traffic=25), notes={"ambassador-config": CUSTOM}
)
HYPHENS = [deployment("a-b", predictor("c")), deployment("a", predictor("b-c"))]
# As HYPHENS, but all Services have names of their own.
HYPHENS_OF_MAPPINGS = [
    deployment("a-b", containing("x", name="c", notes={"svc-name": "other"})),
    deployment("a", predictor("b-c")),
]
ATTACHED = [deployment(), deployment("m2", notes={"ambassador-service-name": "m"})]
ATTACHED_OTHER_TIMEOUT = [deployment(), deployment("m2", notes={"ambassador-service-name": "m", "rest-timeout": "9"})]
ATTACHED_SAME_HEADER = [
    deployment(),
    deployment("m2", notes={"ambassador-service-name": "m", "ambassador-header": "x: y"}),
    deployment("m3", notes={"ambassador-service-name": "m", "ambassador-header": "x: y"}),
]
LIKE_AN_EXPLAINER = [deployment("m", predictor("a", explainer=EXPLAINED)), deployment("m-a-explainer-http")]
LONG = "p" * 51
LIKE_A_CUT_EXPLAINER = [deployment("m", predictor(LONG, explainer=EXPLAINED)), deployment(f"m-{LONG}-explainer")]
OWN_ROUTES = deployment("m", predictor(notes={ANNOTATION: CUSTOM}))
EXPLAINER_AS_PREDICTOR = deployment(
    "m", predictor("a", traffic=50, explainer=EXPLAINED), predictor("a-explainer", traffic=50)
)
WRAPPING_SHARES = split(a=2147483647, b=2147483647, c=102)
HOMELESS_ENGINE = deployment("m", containing("c", "other", "c"))
SERVICELESS = {"notes": {"no-engine": "true"}}
EXPLAINED_TFSERVING = deployment("m", containing("tfserving", explainer=EXPLAINED, **SERVICELESS))

WRITE_A_HEADER = "write ambassador-header as 'name: value', without another colon"
RENAME_THE_CONTAINER = "rename the container, or remove seldon.io/no-engine"

CASES = {
    "B1-v1": Case(
        BOTH_HEADERS,
        "v1",
        rest("headers", "regex_headers"),
        {"p": ({"x-team": "blue"}, {"x-team": "blue"})},
        {"p": ({"x-team": "blue"}, {"location": "lond.*"})},
        ("B1", "error", note("ambassador-regex-header")),
    ),
    "B1-v2-grpc": Case(
        BOTH_HEADERS,
        "v2",
        grpc("regex_headers"),
        {"p": {"x-team": "blue"}},
        {"p": {"location": "lond.*"}},
        ("B1", "error", note("ambassador-regex-header")),
    ),
    "B2-v1-expression-alone": Case(
        REGEX_HEADER,
        "v1",
        rest("regex_headers"),
        refused_note("ambassador-regex-header", "(B2)", WRITE_A_HEADER),
        {"p": {"location": "lond.*"}},
    ),
    "B2-v1-no-colon": Case(
        PRESENT_HEADER,
        "v1",
        rest("headers"),
        refused_note("ambassador-header", "(B2)", WRITE_A_HEADER),
        {"p": {"location": True}},
    ),
    "B2-v1-two-colons": Case(
        TIME_HEADER,
        "v1",
        rest("headers"),
        refused_note("ambassador-header", "(B2)", WRITE_A_HEADER),
        {"p": {"when": "12:30"}},
    ),
    "B2-v2-expression-alone": Case(
        REGEX_HEADER,
        "v2",
        rest("regex_headers"),
        refused_note("ambassador-regex-header", "(B2)", WRITE_A_HEADER),
        {"p": {"location": "lond.*"}},
    ),
    "B2-v2-expression-beside-no-colon": Case(
        deployment(notes={"ambassador-header": "x-team", "ambassador-regex-header": "location: lond.*"}),
        "v2",
        rest("regex_headers"),
        refused_note("ambassador-regex-header", "(B2)", WRITE_A_HEADER),
        {"p": {"location": "lond.*", "x-team": ".*"}},
        against="v3alpha1",
    ),
    "B3": Case(
        deployment(),
        "v2",
        grpc("headers"),
        {"p": {"seldon": "m"}},
        {"p": {"namespace": "n", "seldon": "m"}},
        ("B3", "warning", f"{M} metadata.name"),
    ),
    "B3-two-namespaces": Case(
        [deployment(), deployment(namespace="o")],
        "v2",
        grpc("headers"),
        {"p": {"seldon": "m"}, "seldon-o-m-p-grpc": {"seldon": "m"}},
        {"p": {"namespace": "n", "seldon": "m"}, "seldon-o-m-p-grpc": {"namespace": "o", "seldon": "m"}},
        ("B3", "error", "definitions[1] o/m"),
    ),
    "B4": Case(
        deployment(),
        "v2",
        named("Mapping"),
        ["seldon-m-p-grpc", "seldon-n-m-p-grpc", "seldon-n-m-p-rest", "seldon_m_p_rest_mapping"],
        ["seldon-m-p-grpc", "seldon-m-p-rest", "seldon-n-m-p-grpc", "seldon-n-m-p-rest"],
        ("B4", "error", f"{M} metadata.name"),
        {"single_namespace": True},
    ),
    "B4-by-operator-env": Case(
        deployment(),
        None,
        rest("prefix"),
        {"p": "/seldon/n/m/", "seldon_m_p_rest_mapping": "/seldon/m/"},
        {"p": "/seldon/n/m/", "seldon-m-p-rest": "/seldon/m/"},
        ("B4", "error", f"{M} metadata.name"),
        {"operator_env": {"AMBASSADOR_SINGLE_NAMESPACE": "true"}},
    ),
    "B5-v1": Case(
        deployment("m", predictor(ssl=SECRET)),
        "v1",
        tls,
        (["seldon_n_m_p_tls_config"], ["seldon_m_p_tls_config"]),
        (["seldon-n.m.p-tls"], ["seldon-n.m.p-tls"]),
        ("B5", "error", f"{M} spec.predictors[0].ssl.certSecretName"),
    ),
    "B5-v1-explainer": Case(
        deployment("m", predictor(ssl=SECRET, explainer=EXPLAINED)),
        "v1",
        tls,
        (
            ["seldon_n_m_p-explainer_tls_config", "seldon_n_m_p_tls_config"],
            ["seldon_m_p_tls_config", "seldon_m_p_tls_config"],
        ),
        (["seldon-n.m.p-tls"], ["seldon-n.m.p-tls"]),
        ("B5", "error", f"{M} spec.predictors[0].ssl.certSecretName"),
        beside="B11",
    ),
    "B5-v2": Case(
        deployment("m", predictor(ssl=SECRET)),
        "v2",
        tls,
        (["seldon_n_m_seldon_m_p_tls_config_tls_config"], []),
        (["seldon-n.m.p-tls"], ["seldon-n.m.p-tls"]),
        ("B5", "error", f"{M} spec.predictors[0].ssl.certSecretName"),
    ),
    # In this mode every name is there, so no finding.
    "B5-v1-single-namespace": Case(
        deployment("m", predictor(ssl=SECRET)),
        "v1",
        tls,
        (["seldon_m_p_tls_config", "seldon_n_m_p_tls_config"], ["seldon_m_p_tls_config", "seldon_n_m_p_tls_config"]),
        (["seldon-n.m.p-tls"], ["seldon-n.m.p-tls"]),
        settings={"single_namespace": True},
        beside="B23",
    ),
    "B5-v1-single-namespace-explainer": Case(
        deployment("m", predictor(ssl=SECRET, explainer=EXPLAINED)),
        "v1",
        lambda objects: sorted(set(tls(objects)[0]) - set(tls(objects)[1])),
        ["seldon_m_p-explainer_tls_config", "seldon_n_m_p-explainer_tls_config"],
        [],
        ("B5", "error", f"{M} spec.predictors[0].explainer"),
        {"single_namespace": True},
        beside="B11 B23",
    ),
    "B5-id": Case(
        deployment("m", predictor(ssl=SECRET), notes={"ambassador-id": "one"}),
        "v1",
        fields("TLSContext", "ambassador_id"),
        {"seldon_m_p_tls_config": None},
        {"seldon-n.m.p-tls": "one"},
        ("B5", "error", f"{M} spec.predictors[0].ssl.certSecretName"),
    ),
    "B5-id-single-namespace": Case(
        deployment("m", predictor(ssl=SECRET), notes={"ambassador-id": "one"}),
        "v1",
        fields("TLSContext", "ambassador_id"),
        {"seldon_m_p_tls_config": None, "seldon_n_m_p_tls_config": None},
        {"seldon-n.m.p-tls": "one"},
        ("B5", "error", f"{M} spec.predictors[0].ssl.certSecretName"),
        {"single_namespace": True},
        beside="B23",
    ),
    "B6": Case(
        deployment(notes={"rest-timeout": "1000", "grpc-timeout": "60000"}),
        "v2",
        grpc("timeout_ms"),
        {"p": 1000},
        {"p": 60000},
        ("B6", "warning", note("grpc-timeout")),
    ),
    "B7": Case(
        BAD_GRPC_TIMEOUT,
        "v1",
        named("Mapping"),
        ["seldon_n_m_p_rest_mapping"],
        refused_note("grpc-timeout"),
        ("B7", "error", note("grpc-timeout")),
    ),
    "B8": Case(
        split(a=100, b=0),
        "v1",
        rest("weight"),
        {"a": None, "b": None},
        {"a": None, "b": 0},
        ("B8", "error", f"{M} spec.predictors[1].traffic"),
    ),
    "B8-third": Case(
        split(a=50, b=50, c=0),
        "v1",
        grpc("weight"),
        {"a": None, "b": 50, "c": None},
        {"a": None, "b": 50, "c": 0},
        ("B8", "error", f"{M} spec.predictors[2].traffic"),
    ),
    "B9": Case(
        SHADOWED,
        "v2",
        rest("shadow", "weight"),
        {"a": (None, None), "s": (True, 0)},
        {"a": (None, None), "s": (True, None)},
        ("B9", "error", f"{M} spec.predictors[1].traffic"),
    ),
    "B10-v1": Case(
        EXPLAINED_CANARY,
        "v1",
        rest("weight"),
        {"a": None, "b": 25, "b-explainer": 25},
        {"a": None, "b": 25, "b-explainer": None},
        ("B10", "warning", f"{M} spec.predictors[1].explainer"),
        beside="B11",
    ),
    "B10-v2-shadow": Case(
        EXPLAINED_SHADOW,
        "v2",
        rest("shadow", "weight"),
        {"a": (None, None), "s": (True, 20), "s-explainer": (True, 20)},
        {"a": (None, None), "s": (True, 20), "s-explainer": (None, None)},
        ("B10", "warning", f"{M} spec.predictors[1].explainer"),
        beside="B11",
    ),
    "B10-v1-first-is-shadow": Case(
        EXPLAINED_FIRST_SHADOW,
        "v1",
        rest("shadow"),
        {"s": True, "s-explainer": True, "a": None},
        {"s": True, "s-explainer": None, "a": None},
        ("B10", "warning", f"{M} spec.predictors[0].explainer"),
        beside="B11",
    ),
    "B10-v2-first-is-shadow": Case(
        EXPLAINED_FIRST_SHADOW,
        "v2",
        rest("shadow"),
        {"s": True, "s-explainer": True, "a": None},
        {"s": True, "s-explainer": None, "a": None},
        ("B10", "warning", f"{M} spec.predictors[0].explainer"),
        beside="B11",
    ),
    "B10-v2-weight-0": Case(
        EXPLAINED_ZERO,
        "v2",
        rest("weight"),
        {"a": None, "b": 0, "b-explainer": 0},
        {"a": None, "b": 0, "b-explainer": None},
        ("B10", "warning", f"{M} spec.predictors[1].explainer"),
        beside="B11",
    ),
    "B11-v1": Case(
        deployment("m", predictor(explainer=EXPLAINED)),
        "v1",
        grpc("service"),
        {"p": "m-p.n:5001", "p-explainer": "m-p-explainer.n:0"},
        {"p": "m-p.n:5001"},
        ("B11", "warning", f"{M} spec.predictors[0].explainer"),
    ),
    "B11-v2-two-explainers": Case(
        deployment(
            "m", predictor("a", traffic=75, explainer=EXPLAINED), predictor("b", traffic=25, explainer=EXPLAINED)
        ),
        "v2",
        grpc("headers"),
        {
            "a": {"seldon": "m"},
            "a-explainer": {"seldon": "m-explainer"},
            "b": {"seldon": "m"},
            "b-explainer": {"seldon": "m-explainer"},
        },
        {"a": {"namespace": "n", "seldon": "m"}, "b": {"namespace": "n", "seldon": "m"}},
        ("B11", "warning", f"{M} spec.predictors[1].explainer"),
        beside="B10",
    ),
    "B12-v1": Case(
        CUSTOM_CANARY,
        "v1",
        documents,
        {"m-a": ["x"], "m-b": ["x"]},
        {"m-routes": ["x"]},
        ("B12", "warning", note("ambassador-config")),
    ),
    "B12-v2": Case(
        CUSTOM_CANARY,
        "v2",
        named("Mapping"),
        ["seldon-n-m-a-grpc", "seldon-n-m-a-rest", "seldon-n-m-b-grpc", "seldon-n-m-b-rest"],
        ["x"],
        ("B12", "warning", note("ambassador-config")),
    ),
    "B12-istio": Case(
        CUSTOM_CANARY,
        "istio",
        named("VirtualService"),
        ["m"],
        ["m"],
        ("B12", "warning", note("ambassador-config")),
        kept="warning",
    ),
    "B13-strict": Case(
        deployment(),
        "istio",
        fields("DestinationRule", "trafficPolicy"),
        {"m-p": {"tls": {}}},
        refused("istio.tls_mode: STRICT is a mode of PeerAuthentication"),
        ("B13", "error", "istio.tls_mode"),
        {"tls_mode": "STRICT"},
    ),
    "B13-lower-case": Case(
        deployment(),
        "istio",
        fields("DestinationRule", "trafficPolicy"),
        {"m-p": {"tls": {}}},
        refused("operator_env.ISTIO_TLS_MODE: 'istio_mutual' is not known"),
        ("B13", "error", "operator_env.ISTIO_TLS_MODE"),
        {"operator_env": {"ISTIO_TLS_MODE": "istio_mutual"}},
    ),
    # A known mode costs no more than the idle timeout; this one is what the advice of B13 asks for.
    "B13-known": Case(
        deployment(),
        "istio",
        fields("DestinationRule", "trafficPolicy"),
        {"m-p": {"tls": {"mode": "ISTIO_MUTUAL"}}},
        {"m-p": IDLE | {"tls": {"mode": "ISTIO_MUTUAL"}}},
        ("B13", "warning", "istio.tls_mode"),
        {"tls_mode": "ISTIO_MUTUAL"},
    ),
    "B13-disable": Case(
        deployment(),
        "istio",
        fields("DestinationRule", "trafficPolicy"),
        {"m-p": {"tls": {}}},
        {"m-p": IDLE | {"tls": {"mode": "DISABLE"}}},
        ("B13", "warning", "istio.tls_mode"),
        {"tls_mode": "DISABLE"},
    ),
    "B14-policy": Case(
        deployment("m", predictor(explainer=EXPLAINED)),
        "istio",
        fields("DestinationRule", "trafficPolicy"),
        {"m-p": {"tls": {"mode": "SIMPLE"}}, "m-p-explainer": None},
        {"m-p": IDLE | {"tls": {"mode": "SIMPLE"}}, "m-p-explainer": IDLE | {"tls": {"mode": "SIMPLE"}}},
        ("B14", "error", M),
        {"tls_mode": "SIMPLE"},
        beside="B13",
    ),
    "B14-host": Case(
        deployment("m", predictor(explainer=EXPLAINED)),
        "istio",
        fields("DestinationRule", "host"),
        {"m-p": "m-p.n.svc.cluster.local", "m-p-explainer": "m-p-explainer"},
        {"m-p": "m-p.n.svc.cluster.local", "m-p-explainer": "m-p-explainer.n.svc.cluster.local"},
        ("B14", "error", M),
        {"operator_env": {"ISTIO_TLS_MODE": "ISTIO_MUTUAL"}},
        beside="B13",
    ),
    "B15-retry-timeout": Case(
        NO_RETRY_TIMEOUT,
        "istio",
        lambda objects: istio_rest("retries")(objects)["m"]["perTryTimeout"],
        "0s",
        refused_note("istio-retries-timeout"),
        ("B15", "error", note("istio-retries-timeout")),
    ),
    "B15-empty-host": Case(
        deployment(notes={"istio-host": ""}),
        "istio",
        fields("VirtualService", "hosts"),
        {"m": [""]},
        refused_note("istio-host"),
        ("B15", "error", note("istio-host")),
    ),
    "B15-doubled-host": Case(
        deployment(notes={"istio-host": "a.com,a.com"}),
        "istio",
        fields("VirtualService", "hosts"),
        {"m": ["a.com,a.com"]},
        refused_note("istio-host"),
        ("B15", "error", note("istio-host")),
    ),
    "B15-gateways": Case(
        deployment(notes={"istio-gateway": "a/b,c/d"}),
        "istio",
        fields("VirtualService", "gateways"),
        {"m": ["a/b,c/d"]},
        refused_note("istio-gateway"),
        ("B15", "error", note("istio-gateway")),
    ),
    "B15-gateways-by-option": Case(
        deployment(),
        "istio",
        fields("VirtualService", "gateways"),
        {"m": ["a/b,c/d"]},
        refused("istio.gateway: 'a/b,c/d' names several gateways"),
        ("B15", "error", "istio.gateway"),
        {"gateway": "a/b,c/d"},
    ),
    "B15-empty-gateway-by-operator-env": Case(
        deployment(),
        "istio",
        fields("VirtualService", "gateways"),
        {"m": [""]},
        refused("operator_env.ISTIO_GATEWAY: '' must be mesh, name or namespace/name"),
        ("B15", "error", "operator_env.ISTIO_GATEWAY"),
        {"operator_env": {"ISTIO_GATEWAY": ""}},
    ),
    "B15-mesh": Case(
        deployment(notes={"istio-gateway": "mesh"}),
        "istio",
        fields("VirtualService", "hosts"),
        {"m": ["*"]},
        refused(f"{REFUSED_M}the gateway 'mesh' needs hosts of its own"),
        ("B15", "error", M),
    ),
    "B16-v1": Case(
        split(a=100, b=50, c=-50),
        "v1",
        rest("weight"),
        {"a": None, "b": 50, "c": -50},
        refused(f"{REFUSED_M}spec.predictors[2].traffic: is -50"),
        ("B16", "error", f"{M} spec.predictors[2].traffic"),
    ),
    "B16-v2": Case(
        split(a=-50, b=150),
        "v2",
        rest("weight"),
        {"a": None, "b": 150},
        refused(f"{REFUSED_M}spec.predictors[0].traffic: is -50"),
        ("B16", "error", f"{M} spec.predictors[1].traffic"),
    ),
    "B16-istio": Case(
        split(a=150, b=-50),
        "istio",
        istio_weights,
        {"a": 150, "b": -50},
        refused(f"{REFUSED_M}spec.predictors[0].traffic: is 150"),
        ("B16", "error", f"{M} spec.predictors[0].traffic"),
    ),
    "B17-deployment": Case(
        deployment("1m"),
        "istio",
        fields("DestinationRule", "host"),
        {"1m-p": "1m-p.n.svc.cluster.local"},
        refused("definitions[0], SeldonDeployment n/1m: metadata.name: is '1m'"),
        ("B17", "error", "definitions[0] n/1m metadata.name"),
    ),
    "B17-predictor": Case(
        deployment("m", predictor("a_b")),
        "v2",
        named("Mapping"),
        ["seldon-n-m-a_b-grpc", "seldon-n-m-a_b-rest"],
        refused(f"{REFUSED_M}spec.predictors[0].name: 'a_b' may hold only"),
        ("B17", "error", f"{M} spec.predictors[0].name"),
    ),
    "B17-service": Case(
        deployment("m", predictor(notes={"svc-name": "My_Service"})),
        "v1",
        rest("service"),
        {"p": "My_Service.n:8000"},
        refused(f"{REFUSED_M}spec.predictors[0].annotations[seldon.io/svc-name]: 'My_Service' may hold only"),
        ("B17", "error", f"{M} spec.predictors[0].annotations[seldon.io/svc-name]"),
    ),
    "B17-empty-service": Case(
        deployment("m", predictor(notes={"svc-name": ""})),
        "v1",
        rest("service"),
        {"p": ".n:8000"},
        refused(f"{REFUSED_M}spec.predictors[0].annotations[seldon.io/svc-name]: "),
        ("B17", "error", f"{M} spec.predictors[0].annotations[seldon.io/svc-name]"),
    ),
    "B18-v1": Case(
        HYPHENS,
        "v1",
        named("Service"),
        ["a-b-c", "a-b-c"],
        refused("definitions[0], SeldonDeployment n/a-b: "),
        ("B18", "error", "definitions[0] n/a-b spec.predictors[0]"),
    ),
    "B18-v2": Case(
        HYPHENS,
        "v2",
        named("Mapping"),
        ["seldon-n-a-b-c-grpc", "seldon-n-a-b-c-grpc", "seldon-n-a-b-c-rest", "seldon-n-a-b-c-rest"],
        refused("definitions[0], SeldonDeployment n/a-b: "),
        ("B18", "error", "definitions[0] n/a-b spec.predictors[0]"),
    ),
    "B18-istio": Case(
        HYPHENS,
        "istio",
        named("DestinationRule"),
        ["a-b-c", "a-b-c"],
        refused("definitions[0], SeldonDeployment n/a-b: "),
        ("B18", "error", "definitions[0] n/a-b spec.predictors[0]"),
    ),
    "B18-v2-mappings-only": Case(
        HYPHENS_OF_MAPPINGS,
        "v2",
        named("Mapping"),
        ["seldon-n-a-b-c-grpc", "seldon-n-a-b-c-grpc", "seldon-n-a-b-c-rest", "seldon-n-a-b-c-rest"],
        refused("definitions[0], SeldonDeployment n/a-b: needs the Mapping n/seldon-n-a-b-c-"),
        ("B18", "error", "definitions[0] n/a-b"),
        times=2,
    ),
    "B19-http": Case(
        deployment(),
        "v1",
        rest("service"),
        {"p": "m-p.n:8000"},
        refused("operator_env.EXECUTOR_SERVER_PORT: differs from ENGINE_SERVER_PORT (8000)"),
        ("B19", "error", "operator_env.EXECUTOR_SERVER_PORT"),
        {"operator_env": {"EXECUTOR_SERVER_PORT": "9001"}},
    ),
    "B19-grpc": Case(
        deployment(),
        "istio",
        lambda objects: of_kind("VirtualService", objects)[0]["spec"]["http"][1]["route"][0]["destination"]["port"],
        {"number": 5002},
        refused("operator_env.EXECUTOR_SERVER_GRPC_PORT: differs from ENGINE_SERVER_GRPC_PORT (5002)"),
        ("B19", "error", "operator_env.EXECUTOR_SERVER_GRPC_PORT"),
        {"operator_env": {"EXECUTOR_SERVER_GRPC_PORT": "5001", "ENGINE_SERVER_GRPC_PORT": "5002"}},
    ),
    # The variables describe an operator that is there, so ours tells what it makes of them and goes on.
    "B20-version": Case(
        deployment(),
        None,
        versions,
        {"getambassador.io/v2"},
        {"getambassador.io/v3alpha1"},
        ("B20", "error", "operator_env.AMBASSADOR_VERSION"),
        {"operator_env": {"AMBASSADOR_VERSION": "V1"}},
        kept="error",
    ),
    "B20-enabled": Case(
        deployment(),
        "v1",
        rest("prefix"),
        {"p": "/seldon/n/m/"},
        {"p": "/seldon/n/m/"},
        ("B20", "error", "operator_env.AMBASSADOR_ENABLED"),
        {"operator_env": {"AMBASSADOR_ENABLED": "True", "AMBASSADOR_VERSION": "v1"}},
        kept="error",
    ),
    "B20-single-namespace": Case(
        deployment(),
        "v1",
        rest("prefix"),
        {"p": "/seldon/n/m/"},
        {"p": "/seldon/n/m/"},
        ("B20", "error", "operator_env.AMBASSADOR_SINGLE_NAMESPACE"),
        {"operator_env": {"AMBASSADOR_SINGLE_NAMESPACE": "True"}},
        kept="error",
    ),
    "B20-istio": Case(
        deployment(),
        "istio",
        named("VirtualService"),
        ["m"],
        ["m"],
        ("B20", "error", "operator_env.ISTIO_ENABLED"),
        {"operator_env": {"ISTIO_ENABLED": "yes"}},
        kept="error",
    ),
    "B21-v1": Case(
        URL_HEADER,
        "v1",
        rest("headers"),
        {"p": {"//x": "80", "link": "http"}},
        {"p": {"link": "http://x:80"}},
        ("B21", "error", note("ambassador-header")),
    ),
    "B21-v2": Case(
        URL_HEADER,
        "v2",
        rest("headers"),
        refused_note("ambassador-header", "(B21)", "select by a header whose value has no colon"),
        {"p": {"link": "http://x:80"}},
    ),
    "B22-v1": Case(
        SELDON_HEADER,
        "v1",
        grpc("headers"),
        {"p": {"namespace": "n", "seldon": "other"}},
        refused_note("ambassador-header"),
        ("B22", "error", note("ambassador-header")),
    ),
    "B22-v2": Case(
        deployment(notes={"ambassador-header": "namespace: o"}),
        "v2",
        grpc("headers"),
        {"p": {"namespace": "o", "seldon": "m"}},
        refused_note("ambassador-header"),
        ("B22", "error", note("ambassador-header")),
    ),
    "B23-v1": Case(
        deployment(),
        "v1",
        grpc("headers"),
        {"p": {"namespace": "n", "seldon": "m"}, "seldon_m_p_grpc_mapping": {"seldon": "m"}},
        {"p": {"namespace": "n", "seldon": "m"}, "seldon_m_p_grpc_mapping": {"seldon": "m"}},
        ("B23", "warning", f"{M} spec"),
        {"single_namespace": True},
    ),
    # B4 keeps the second route from being made, so that is the finding.
    "B23-v2": Case(
        split(a=75, b=25),
        "v2",
        grpc("headers", "weight"),
        {
            "a": ({"seldon": "m"}, None),
            "b": ({"seldon": "m"}, 25),
            "seldon-m-a-grpc": ({"seldon": "m"}, None),
            "seldon-m-b-grpc": ({"seldon": "m"}, 25),
        },
        {
            "a": ({"namespace": "n", "seldon": "m"}, None),
            "b": ({"namespace": "n", "seldon": "m"}, 25),
            "seldon-m-a-grpc": ({"seldon": "m"}, None),
            "seldon-m-b-grpc": ({"seldon": "m"}, 25),
        },
        settings={"single_namespace": True},
        beside="B4",
    ),
    "B24": Case(
        deployment(outer={"engine-separate-pod": "true"}),
        "v1",
        rest("service"),
        {"p": "m-p.n:8000"},
        {"p": "m-p.n:8000"},
        ("B24", "warning", f"{M} metadata.annotations[seldon.io/engine-separate-pod]"),
        kept="warning",
    ),
    "B24-engine-has-no-place": Case(
        deployment("m", *HOMELESS_ENGINE["spec"]["predictors"], outer={"engine-separate-pod": "true"}),
        "v1",
        rest("service"),
        refused(
            f"{REFUSED_M}spec.predictors[0].graph: ", "(B31)", "set seldon.io/engine-separate-pod: 'true' in spec."
        ),
        refused(f"{REFUSED_M}spec.predictors[0].graph: "),
    ),
    "B25-v1": Case(
        deployment(notes={"ambassador-header": "location: lond.*"}),
        "v1",
        rest("headers"),
        {"p": {"location": "lond.*"}},
        {"p": {"location": "lond.*"}},
        ("B25", "warning", note("ambassador-header")),
        kept="warning",
    ),
    "B25-v2": Case(
        deployment(notes={"ambassador-header": "location: (a|b)"}),
        "v2",
        rest("headers", "regex_headers"),
        {"p": ({"location": "(a|b)"}, None)},
        {"p": ({"location": "(a|b)"}, None)},
        ("B25", "warning", note("ambassador-header")),
        kept="warning",
        against="v3alpha1",
    ),
    "B26-v1": Case(
        ATTACHED,
        "v1",
        rest("prefix"),
        {"p": "/seldon/n/m/", "seldon_n_m2_p_rest_mapping": "/seldon/n/m/"},
        {"p": "/seldon/n/m/", "seldon_n_m2_p_rest_mapping": "/seldon/n/m/"},
        ("B26", "warning", note("ambassador-service-name", "definitions[1] n/m2")),
        kept="warning",
    ),
    "B26-v2-other-timeout": Case(
        ATTACHED_OTHER_TIMEOUT,
        "v2",
        rest("prefix", "timeout_ms"),
        {"p": ("/seldon/n/m/", 3000), "seldon-n-m2-p-rest": ("/seldon/n/m/", 9)},
        refused("definitions[1], SeldonDeployment n/m2: matches the same requests (/seldon/n/m/)"),
        ("B26", "warning", note("ambassador-service-name", "definitions[1] n/m2")),
    ),
    "B26-v2-same-header": Case(
        ATTACHED_SAME_HEADER,
        "v2",
        rest("headers"),
        {"p": None, "seldon-n-m2-p-rest": {"x": "y"}, "seldon-n-m3-p-rest": {"x": "y"}},
        {"p": None, "seldon-n-m2-p-rest": {"x": "y"}, "seldon-n-m3-p-rest": {"x": "y"}},
        ("B26", "warning", "definitions[2] n/m3"),
        kept="warning",
    ),
    "B27": Case(
        LIKE_AN_EXPLAINER,
        "istio",
        named("VirtualService"),
        ["m", "m-a-explainer-http", "m-a-explainer-http"],
        refused("definitions[1], SeldonDeployment n/m-a-explainer-http: needs the VirtualService n/m-a-explainer-http"),
        ("B27", "error", "definitions[1] n/m-a-explainer-http"),
    ),
    "B27-cut": Case(
        LIKE_A_CUT_EXPLAINER,
        "istio",
        named("VirtualService"),
        ["m", f"m-{LONG}-explainer", f"m-{LONG}-explainer"],
        refused(f"definitions[1], SeldonDeployment n/m-{LONG}-explainer: needs the VirtualService n/m-{LONG}-"),
        ("B27", "error", f"definitions[1] n/m-{LONG}-explainer"),
    ),
    "B28-v1": Case(
        OWN_ROUTES,
        "v1",
        documents,
        {"m-p": ["x"], "m-p-c": ["x"]},
        {"m-routes": ["seldon_n_m_p_rest_mapping", "seldon_n_m_p_grpc_mapping"]},
        ("B28", "warning", f"{M} spec.predictors[0].annotations[{ANNOTATION}]"),
        kept="warning",
    ),
    # The Services of v2 are no part of the objects; Ambassador reads their annotations all the same.
    "B28-v2": Case(
        OWN_ROUTES,
        "v2",
        named("Mapping"),
        ["seldon-n-m-p-grpc", "seldon-n-m-p-rest"],
        ["seldon-n-m-p-grpc", "seldon-n-m-p-rest"],
        ("B28", "warning", f"{M} spec.predictors[0].annotations[{ANNOTATION}]"),
        kept="warning",
    ),
    "B29-v1-predictor-and-explainer": Case(
        EXPLAINER_AS_PREDICTOR,
        "v1",
        named("Service"),
        ["m-a", "m-a-explainer", "m-a-explainer"],
        refused(f"{REFUSED_M}spec.predictors[1]: predictor 'a-explainer' and the explainer of 'a' both need"),
        ("B29", "error", f"{M} spec.predictors[1]"),
        beside="B11",
    ),
    "B29-v2-predictor-and-explainer": Case(
        EXPLAINER_AS_PREDICTOR,
        "v2",
        named("Mapping"),
        [
            "seldon-n-m-a-explainer-grpc",
            "seldon-n-m-a-explainer-grpc",
            "seldon-n-m-a-explainer-rest",
            "seldon-n-m-a-explainer-rest",
            "seldon-n-m-a-grpc",
            "seldon-n-m-a-rest",
        ],
        refused(f"{REFUSED_M}spec.predictors[1]: predictor 'a-explainer' and the explainer of 'a' both need"),
        ("B29", "error", f"{M} spec.predictors[1]"),
        beside="B11",
    ),
    "B29-istio-predictor-and-explainer": Case(
        EXPLAINER_AS_PREDICTOR,
        "istio",
        named("DestinationRule"),
        ["m-a", "m-a-explainer", "m-a-explainer"],
        refused(f"{REFUSED_M}spec.predictors[1]: predictor 'a-explainer' and the explainer of 'a' both need"),
        ("B29", "error", f"{M} spec.predictors[1]"),
    ),
    "B29-predictor-and-container": Case(
        split(**{"p": 50, "p-c": 50}),
        "v1",
        rest("service"),
        {"p": "m-p.n:8000", "p-c": "m-p-c.n:8000"},
        refused(f"{REFUSED_M}spec.predictors[1]: predictor 'p-c' and container 'c' both need the Service 'm-p-c'"),
        ("B29", "error", f"{M} spec.predictors[1]"),
    ),
    "B29-explainer-and-container": Case(
        deployment("m", containing("explainer", explainer=EXPLAINED)),
        "istio",
        lambda objects: istio_rest("route")(objects)["m-p-explainer-http"][0]["destination"]["host"],
        "m-p-explainer",
        refused(f"{REFUSED_M}spec.predictors[0].explainer: the explainer of 'p' and container 'explainer' both need"),
        ("B29", "error", f"{M} spec.predictors[0].explainer"),
    ),
    "B30-traffic": Case(
        WRAPPING_SHARES,
        "istio",
        istio_weights,
        {"a": 2147483647, "b": 2147483647, "c": 102},
        refused(f"{REFUSED_M}spec.predictors: the traffic adds up to 4294967396"),
        ("B30", "error", f"{M} spec.predictors"),
        beside="B16",
    ),
    "B30-retries": Case(
        deployment(notes={"istio-retries": "4294967297"}),
        "istio",
        lambda objects: istio_rest("retries")(objects)["m"]["attempts"],
        1,
        refused_note("istio-retries"),
        ("B30", "error", note("istio-retries")),
    ),
    "B30-no-retries": Case(
        deployment(notes={"istio-retries": "4294967296"}),
        "istio",
        lambda objects: sorted(istio_rest("retries")(objects)["m"]),
        ["perTryTimeout", "retryOn"],
        refused_note("istio-retries"),
        ("B30", "error", note("istio-retries")),
    ),
    "B30-timeout": Case(
        deployment(notes={"rest-timeout": "9223372036855"}),
        "v2",
        rest("timeout_ms"),
        {"p": -9223372036854},
        refused_note("rest-timeout"),
        ("B30", "error", note("rest-timeout")),
    ),
    "B31-pods": Case(
        HOMELESS_ENGINE,
        "v1",
        rest("service"),
        refused(
            f"{REFUSED_M}spec.predictors[0].graph: ", "(B31)", "set seldon.io/engine-separate-pod: 'true' in spec."
        ),
        refused(f"{REFUSED_M}spec.predictors[0].graph: no node of the graph has its container in the first"),
    ),
    "B31-no-container": Case(
        deployment("m", predictor(graph={"name": "c", "implementation": "SIMPLE_MODEL"}, componentSpecs=[])),
        "istio",
        istio_weights,
        refused(
            f"{REFUSED_M}spec.predictors[0].graph: ", "(B31)", "set seldon.io/engine-separate-pod: 'true' in spec."
        ),
        refused(f"{REFUSED_M}spec.predictors[0].graph: no node of the graph has its container in the first"),
    ),
    "B31-separate-pod": Case(
        deployment("m", *HOMELESS_ENGINE["spec"]["predictors"], notes={"engine-separate-pod": "true"}),
        "v1",
        rest("service"),
        {"p": "m-p.n:8000"},
        {"p": "m-p.n:8000"},
    ),
    "B32-v1-explainer": Case(
        EXPLAINED_TFSERVING,
        "v1",
        rest("service"),
        refused(
            f"{REFUSED_M}spec.predictors[0].explainer: stands beside the container 'tfserving' without engine",
            "(B32)",
            RENAME_THE_CONTAINER,
        ),
        {"p-explainer": "m-p-explainer.n:9000"},
        kept="warning",
    ),
    "B32-istio-explainer": Case(
        EXPLAINED_TFSERVING,
        "istio",
        named("VirtualService"),
        refused(
            f"{REFUSED_M}spec.predictors[0].explainer: stands beside the container 'tfserving' without engine",
            "(B32)",
            RENAME_THE_CONTAINER,
        ),
        ["m-p-explainer-http"],
        kept="warning",
    ),
    "B32-v2": Case(
        deployment("m", containing("tfserving", **SERVICELESS)),
        "v2",
        named("Mapping"),
        [],
        [],
        ("B32", "warning", f"{M} spec.predictors[0]"),
        kept="warning",
    ),
    "B32-istio": Case(
        deployment("m", containing("tfserving", **SERVICELESS)),
        "istio",
        lambda objects: [route[0]["destination"]["port"] for route in istio_rest("route")(objects).values()],
        [{}],
        [],
        ("B32", "warning", f"{M} spec.predictors[0]"),
        kept="warning",
    ),
    "B32-share": Case(
        deployment("m", predictor("a", traffic=50), containing("tfserving", name="b", traffic=50, **SERVICELESS)),
        "v1",
        rest("weight"),
        {"a": None},
        refused(f"{REFUSED_M}spec.predictors[1].graph.name: the operator makes no Service for a container 'tfserving'"),
        ("B32", "error", f"{M} spec.predictors[1].graph.name"),
    ),
    "B33": Case(
        split(a=2147483648),
        "v1",
        rest("weight"),
        refused(f"{REFUSED_M}spec.predictors[0].traffic: is the number 2147483648", "from 0 to 100"),
        refused(f"{REFUSED_M}spec.predictors[0].traffic: is the number 2147483648"),
    ),
    "B34": Case(
        labelled(deployment()),
        "v1",
        rest("service"),
        {"p": "m-p.n:8000"},
        {"p": "m-p.n:8000"},
        ("B34", "warning", f"{M} metadata.labels[seldon.io/controller-id]"),
    ),
    "B34-unchecked": Case(
        labelled(split(a=50)),
        "istio",
        istio_weights,
        refused(f"{REFUSED_M}spec.predictors[0].traffic: is 50", "a lone predictor gets all requests"),
        refused(f"{REFUSED_M}spec.predictors[0].traffic: is 50"),
    ),
    "B35-long": Case(
        deployment("m", predictor("p" * 70)),
        "istio",
        lambda objects: of_kind("DestinationRule", objects)[0]["spec"]["subsets"],
        [{"name": "p" * 70, "labels": {"version": "p" * 70}}],
        refused(f"{REFUSED_M}spec.predictors[0].name: '{'p' * 70}' has 70 characters, at most 63 are allowed"),
        ("B35", "error", f"{M} spec.predictors[0].name"),
    ),
    "B35-no-label": Case(
        deployment("m", predictor("-p")),
        "v1",
        rest("service"),
        {"-p": "m--p.n:8000"},
        refused(f"{REFUSED_M}spec.predictors[0].name: '-p' may hold only"),
        ("B35", "error", f"{M} spec.predictors[0].name"),
    ),
    "B35-version": Case(
        deployment("m", predictor(labels={"version": "-1"})),
        "istio",
        lambda objects: of_kind("DestinationRule", objects)[0]["spec"]["subsets"],
        [{"name": "p", "labels": {"version": "-1"}}],
        refused(f"{REFUSED_M}spec.predictors[0].labels.version: '-1' may hold only"),
        ("B35", "error", f"{M} spec.predictors[0].labels.version"),
    ),
}

# Defects for which there is no switch, because both profiles route alike.
UNMENDED = {
    "B23": "the second gRPC route is the single-namespace mode itself, in both profiles",
    "B24": "where the engine runs is no matter of routes; both profiles read the place that the operator reads",
    "B25": "a value may look like an expression and be none, so both compare it exactly, as the annotation says",
    "B31": "both profiles refuse such a graph",
    "B33": "both profiles refuse such a number when they read it",
    "B34": "both profiles check every definition; the label only says that the operator did not",
}

# Settings and definitions that only just do not meet the defect: definitions, form, settings, id.
HARMLESS = {
    "B3-v1": (deployment(), "v1", {}, "B3"),
    "B5-istio": (deployment("m", predictor(ssl=SECRET)), "istio", {}, "B5"),
    "B6-v1": (deployment(notes={"rest-timeout": "1", "grpc-timeout": "2"}), "v1", {}, "B6"),
    "B6-default": (deployment(notes={"grpc-timeout": "3000"}), "v2", {}, "B6"),
    "B7-v2": (BAD_GRPC_TIMEOUT, "v2", {}, "B7"),
    "B7-istio": (BAD_GRPC_TIMEOUT, "istio", {}, "B7"),
    "B8-v2": (split(a=100, b=0), "v2", {}, "B8"),
    # Nothing is left to divide, or there is nobody to divide it with.
    "B8-first-has-0": (split(a=0, b=100, c=0), "v1", {}, "B8"),
    "B8-shadow-first": (SHADOW_FIRST, "v1", {}, "B8"),
    "B9-v1": (SHADOWED, "v1", {}, "B9"),
    "B9-istio": (SHADOWED, "istio", {}, "B9"),
    "B10-istio": (EXPLAINED_CANARY, "istio", {}, "B10"),
    "B10-v1-no-weight": (EXPLAINED_ZERO, "v1", {}, "B10"),
    "B11-istio": (EXPLAINED_CANARY, "istio", {}, "B11"),
    "B12-v1-one-Service": (deployment(notes={"ambassador-config": CUSTOM}), "v1", {}, "B12"),
    "B13-no-mode": (deployment(), "istio", {"tls_mode": ""}, "B13"),
    "B14-no-mode": (deployment("m", predictor(explainer=EXPLAINED)), "istio", {}, "B14"),
    "B14-no-explainer": (deployment(), "istio", {"tls_mode": "ISTIO_MUTUAL"}, "B14"),
    "B15-v1": (NO_RETRY_TIMEOUT, "v1", {}, "B15"),
    "B15-v2-host": (deployment(notes={"istio-host": ""}), "v2", {}, "B15"),
    "B15-mesh-with-host": (deployment(notes={"istio-gateway": "mesh", "istio-host": "a"}), "istio", {}, "B15"),
    "B21-one-colon": (deployment(notes={"ambassador-header": "a: b"}), "v1", {}, "B21"),
    "B22-istio": (SELDON_HEADER, "istio", {}, "B22"),
    "B23-off": (deployment(), "v1", {"single_namespace": False}, "B23"),
    "B26-istio": (ATTACHED, "istio", {}, "B26"),
    "B27-v1": (LIKE_AN_EXPLAINER, "v1", {}, "B27"),
    "B30-retries-v1": (deployment(notes={"istio-retries": "4294967297"}), "v1", {}, "B30"),
    "B30-timeout-istio": (deployment(notes={"rest-timeout": "9223372036855"}), "istio", {}, "B30"),
}


def assert_shown(found: Any, expected: Any) -> None:
    if isinstance(expected, Refused):
        assert isinstance(found, str), f"is not refused: {found}"
        assert found.startswith(expected.begins)
        assert all(text in found for text in expected.says), found
        assert found.endswith(".")
    else:
        assert found == expected


def defect_of(row: str) -> str:
    return row.partition("-")[0]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_the_operator_writes(case):
    assert_shown(outcome(case, "operator"), case.operator)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_we_write(case):
    assert_shown(outcome(case, "corrected"), case.corrected)


@pytest.mark.parametrize(
    ("row", "case"),
    [pytest.param(row, case, id=row) for row, case in CASES.items() if not isinstance(case.operator, Refused)],
)
def test_findings_of_the_operator(row, case):
    """The defect is told once, at its place, and no defect that the row does not name."""
    found = told(translated(case.definitions, "operator", case.form, **case.settings)[1])
    if case.finding:
        assert case.finding[0] == defect_of(row)
        assert found.count(case.finding) == case.times, found
    expected = {*case.beside.split(), *([case.finding[0]] if case.finding else [])}
    everywhere = {"B3"} if case.form in ("v2", None) else set()
    assert {item[0] for item in found} - everywhere == expected - everywhere, found


@pytest.mark.parametrize(
    ("row", "case"),
    [pytest.param(row, case, id=row) for row, case in CASES.items() if not isinstance(case.corrected, Refused)],
)
def test_findings_of_ours(row, case):
    """What is mended is no finding; what is not, is told."""
    found = told(translated(case.definitions, "corrected", case.against or case.form, **case.settings)[1])
    assert {item[:2] for item in found} == ({(defect_of(row), case.kept)} if case.kept else set())


@pytest.mark.parametrize(("definitions", "form", "settings", "defect"), HARMLESS.values(), ids=HARMLESS)
def test_no_false_alarm(definitions, form, settings, defect):
    found = told(translated(definitions, "operator", form, **settings)[1])
    assert defect not in {item[0] for item in found}, found


def test_every_defect_has_a_row():
    assert {defect_of(row) for row in CASES} == set(DEFECTS)
    assert set(DEFECTS) == {f"B{number}" for number in range(1, 36)}


def test_every_defect_has_a_switch_or_a_reason():
    mended = {defect for defects in SWITCHES.values() for defect in defects}
    assert mended | UNMENDED.keys() == set(DEFECTS)
    assert not mended & UNMENDED.keys()


def everything(case: Case, profile: Profile) -> Any:
    """All that a run gives, or the refusal."""
    try:
        return translated(case.definitions, profile, case.form, **case.settings)
    except (DefinitionError, OptionError) as error:
        return str(error)


@pytest.mark.parametrize(
    ("switch", "defect"), [(switch, defect) for switch, defects in SWITCHES.items() for defect in defects]
)
def test_a_switch_mends_the_defects_that_it_names(switch, defect):
    """Turned alone, in one profile or the other, it changes something for a definition that meets the defect."""
    assert any(
        everything(case, profile) != everything(case, replace(profile, **{switch: not getattr(profile, switch)}))
        for row, case in CASES.items()
        if defect_of(row) == defect
        for profile in (CORRECTED, OPERATOR)
    )


# The fifth, v2 with single_namespace, is not harmless: B4.
@pytest.mark.parametrize(
    ("form", "settings"),
    [("v1", {}), ("v1", {"single_namespace": True}), ("v2", {}), ("istio", {})],
    ids=["v1", "v1-single", "v2", "istio"],
)
def test_a_plain_deployment_has_no_error(form, settings):
    objects, findings = translated(deployment(), "operator", form, **settings)
    assert objects
    assert not [finding for finding in findings if finding.level == "error"]
    for ours in (form, "v3alpha1") if form == "v2" else (form,):
        objects, findings = translated(deployment(), "corrected", ours, **settings)
        assert objects
        assert not [finding for finding in findings if finding.id.startswith("B")]


@pytest.mark.parametrize("defect", DEFECTS.values(), ids=DEFECTS)
def test_texts(defect):
    assert re.fullmatch(r"the operator [a-z].*, so ['a-zA-Z].*", defect.sentence)
    for text in (defect.operator, defect.harm, defect.ours, defect.fix, defect.sentence):
        assert text.strip() == text
        assert len(text) > 7
        assert not text.endswith((".", ";", ","))
        assert "  " not in text
        assert "\n" not in text
    assert defect.level in ("error", "warning")
    finding = defect.finding("somewhere", "is wrong")
    assert (finding.id, finding.level, finding.where) == (defect.id, defect.level, "somewhere")
    assert finding.message == f"is wrong; {defect.sentence}"
    assert finding.fix == defect.fix
    assert defect.finding("somewhere", "is wrong", "do this").fix == "do this"
