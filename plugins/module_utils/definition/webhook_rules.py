# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the API server and of the operator's webhook.

Source: ``operator/apis/machinelearning.seldon.io/v1/seldondeployment_webhook.go`` (lines 85 to 294) of
SeldonIO/seldon-core v1.18.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..kube.names import dns_label_problem, dns_subdomain_problem
from .annotations import int32
from .fields import shown
from .findings import Problem
from .model import PREFIX, Predictor, SeldonDeployment, in_a_sentence, listed
from .naming import BUILT_IN_UNITS, PREPACKAGED_SERVERS, nodes
from .profile import Profile

PROTOCOLS = ("seldon", "tensorflow", "kfserving", "v2")
TRANSPORTS = ("rest", "grpc")
SERVER_TYPES = ("rpc", "kafka")
KAFKA_ENV = ("KAFKA_BROKER", "KAFKA_INPUT_TOPIC", "KAFKA_OUTPUT_TOPIC")
NO_TENSORFLOW = frozenset({"SKLEARN_SERVER", "XGBOOST_SERVER", "MLFLOW_SERVER", "HUGGINGFACE_SERVER"})


def object_name_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """What the API server itself asks of the name and the namespace of every object."""
    if deployment.name and (problem := dns_subdomain_problem(deployment.name)):
        yield Problem("metadata.name", f"{shown(deployment.name)} {problem}", "rename the deployment")
    if problem := dns_label_problem(deployment.namespace):
        yield Problem("metadata.namespace", f"{shown(deployment.namespace)} {problem}", "use the name of a namespace")


def spec_problems(deployment: SeldonDeployment, broken: set[str]) -> Iterator[Problem]:
    for key, value, allowed in (
        ("protocol", deployment.protocol, PROTOCOLS),
        ("transport", deployment.transport, TRANSPORTS),
        ("serverType", deployment.server_type, SERVER_TYPES),
    ):
        if value and value not in allowed:
            yield Problem(f"spec.{key}", f"is {shown(value)}", f"allowed are {', '.join(allowed)}")
    if not deployment.name and "metadata.name" not in broken:
        yield Problem("metadata.name", "is empty", "give the deployment a name")
    if not deployment.predictors and "spec.predictors" not in broken:
        yield Problem("spec.predictors", "is empty", "a deployment needs at least one predictor")
    types = {
        node.endpoint_type: path
        for index, predictor in enumerate(deployment.predictors)
        for path, node in nodes(predictor.graph, f"spec.predictors[{index}].graph")
        if node.endpoint_type
    }
    if len(types) > 1:
        yield Problem(
            f"{list(types.values())[-1]}.endpoint.type",
            f"differs from others of the deployment ({listed(map(in_a_sentence, sorted(types)))})",
            "use one type everywhere, or set spec.transport instead",
        )
    for kind, path in types.items():
        if len(types) == 1 and deployment.transport and kind.lower() != deployment.transport:
            yield Problem(
                f"{path}.endpoint.type",
                f"is {shown(kind)} and spec.transport is {shown(deployment.transport)}",
                "let them say the same, or remove endpoint.type",
            )


def predictor_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    names: set[str] = set()
    service_names: set[str] = set()
    for index, predictor in enumerate(deployment.predictors):
        path = f"spec.predictors[{index}]"
        if predictor.name and predictor.name in names:
            what = f"{shown(predictor.name)} is taken by an earlier predictor"
            yield Problem(f"{path}.name", what, "rename one", "A08")
        names.add(predictor.name)
        service = predictor.annotations.get(PREFIX + "svc-name")
        if service is not None and service in service_names:
            yield Problem(
                f"{path}.annotations[{PREFIX}svc-name]",
                f"{shown(service)} is taken by an earlier predictor",
                "give each predictor a Service of its own",
                "A08",
            )
        if service is not None:
            service_names.add(service)
        if PREFIX + "no-engine" in predictor.annotations and predictor.graph.children:
            yield Problem(
                f"{path}.annotations[{PREFIX}no-engine]",
                "is there (its value does not matter) and the graph has more than one node",
                "remove the annotation, or keep one node",
            )
        missing = [name for name in KAFKA_ENV if name not in predictor.orchestrator_env]
        if deployment.server_type == "kafka" and missing:
            yield Problem(f"{path}.svcOrchSpec.env", f"lacks {', '.join(missing)}", "serverType kafka needs them")
        yield from _graph(deployment, predictor, path)


def _graph(deployment: SeldonDeployment, predictor: Predictor, path: str) -> Iterator[Problem]:
    containers = {container.name for container in predictor.containers}
    for place, node in nodes(predictor.graph, f"{path}.graph"):
        implementation = node.implementation
        if implementation in ("", "UNKNOWN_IMPLEMENTATION"):
            if node.name not in containers:
                yield Problem(
                    f"{place}.name",
                    f"there is no container {shown(node.name)} in {path}.componentSpecs",
                    "name a container as the graph node, or set implementation",
                )
        elif implementation in PREPACKAGED_SERVERS:
            if not node.model_uri and implementation != "HUGGINGFACE_SERVER":
                yield Problem(f"{place}.modelUri", "is missing", f"{implementation} needs the address of a model")
            if deployment.protocol == "tensorflow" and implementation in NO_TENSORFLOW:
                yield Problem(
                    f"{place}.implementation",
                    f"{implementation} does not speak the protocol tensorflow",
                    "take TENSORFLOW_SERVER, or another spec.protocol",
                )
        elif implementation not in BUILT_IN_UNITS:
            yield Problem(
                f"{place}.implementation",
                f"{shown(implementation)} is not known",
                f"allowed are {', '.join(sorted(PREPACKAGED_SERVERS | BUILT_IN_UNITS))}",
            )
        if node.logger_mode == "":
            yield Problem(f"{place}.logger.mode", "is missing", "allowed are all, request and response")


def share_problems(deployment: SeldonDeployment, which: Iterable[int]) -> Iterator[Problem]:
    """Predictors, by index, whose traffic is no percentage."""
    for index in which:
        traffic = deployment.predictors[index].traffic
        if not 0 <= traffic <= 100:
            yield Problem(f"spec.predictors[{index}].traffic", f"is {traffic}", "write a whole number from 0 to 100")


def traffic_problems(deployment: SeldonDeployment, profile: Profile, broken: bool) -> Iterator[Problem]:
    live = [predictor for predictor in deployment.predictors if not predictor.shadow]
    shadows = [index for index, predictor in enumerate(deployment.predictors) if predictor.shadow]
    yield from (replace(problem, check="A01") for problem in share_problems(deployment, shadows))
    for index in shadows[1:]:
        path = f"spec.predictors[{index}].shadow"
        yield Problem(path, "is the second shadow", "a deployment has one shadow at most", "A04")
    if broken:
        return
    if not live and deployment.predictors:
        yield Problem(
            f"spec.predictors[{shadows[0]}].shadow",
            "there is no predictor beside the shadow",
            "a shadow copies requests of another predictor: add one, or remove the flag",
            "A04",
        )
    total = sum(predictor.traffic for predictor in live)
    if not profile.numbers_in_range:
        total = int32(total)
    if len(live) > 1 and total != 100:
        shares = listed(f"{in_a_sentence(predictor.name)} {predictor.traffic}" for predictor in live)
        what = f"the traffic adds up to {total} ({shares})"
        yield Problem("spec.predictors", what, "without shadows it must add up to 100", "A01")
    if len(deployment.predictors) == 1 and 1 <= total <= 99:
        fix = "a lone predictor gets all requests: write 100 or nothing"
        yield Problem("spec.predictors[0].traffic", f"is {total}", fix, "A01")
