# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that the operator's webhook lacks: what it lets in and what then fails later, at the API server or in a
proxy.

A problem names the defect, or the check, that it becomes where the operator writes the routes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from ..kube.names import dns1035_problem, dns_label_problem, label_value_problem
from .annotations import (
    AMBASSADOR_NUMBERS,
    ISTIO_NUMBERS,
    RESERVED_HEADERS,
    go_integer,
    header_match,
    header_problem,
    int32,
    integer_problem,
)
from .custom_config import custom_problems
from .fields import INT32_MAX, quoted, shown
from .findings import Problem
from .hosts import gateway_problem, hosts_problem, split_hosts
from .model import PREFIX, SeldonDeployment
from .naming import BUILT_IN_UNITS, PREPACKAGED_SERVERS, SERVICELESS_CONTAINERS, nodes, services
from .re2 import regex_problem
from .webhook_rules import share_problems

# More of them do not fit into the nanoseconds, in 64 bits, in which the operator counts timeouts.
_MOST_MILLISECONDS = (2**63 - 1) // 10**6
_WORD = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


def name_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """B17, B35: names that Kubernetes or Istio would refuse later, one object at a time."""
    if problem := dns_label_problem(deployment.namespace):
        yield Problem("metadata.namespace", f"{shown(deployment.namespace)} {problem}", "use the name of a namespace")
    name_ok = bool(_WORD.fullmatch(deployment.name))
    if deployment.name and not name_ok:
        yield Problem(
            "metadata.name",
            f"is {shown(deployment.name)}",
            "Services are named after it: use lower-case letters, digits and '-', begin with a letter and end with"
            " a letter or digit",
        )
    for index, predictor in enumerate(deployment.predictors):
        path = f"spec.predictors[{index}]"
        problem = dns_label_problem(predictor.name)
        if problem:
            yield Problem(
                f"{path}.name",
                f"{shown(predictor.name)} {problem}",
                "Services and subsets are named after it",
                "B35" if label_value_problem(predictor.name) else "B17",
            )
        service = predictor.annotations.get(PREFIX + "svc-name")
        if service is not None and (problem := dns1035_problem(service)):
            yield Problem(
                f"{path}.annotations[{PREFIX}svc-name]",
                f"{shown(service)} {problem}",
                "it becomes the name of a Service",
            )
        version = predictor.labels.get("version", predictor.name)
        if "version" in predictor.labels and (problem := label_value_problem(version)):
            yield Problem(f"{path}.labels.version", f"{shown(version)} {problem}", "it must be a label value", "B35")
        longest = f"seldon-{deployment.namespace}-{deployment.name}-{predictor.name}-explainer-grpc"
        if name_ok and len(longest) > 253:
            yield Problem(
                "metadata.name", f"has {len(deployment.name)} characters", "the names made of it pass 253: shorten it"
            )


def traffic_range_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """B16: shares of predictors that are no shadow; the webhook looks at those of shadows only."""
    live = [index for index, predictor in enumerate(deployment.predictors) if not predictor.shadow]
    yield from share_problems(deployment, live)
    total = sum(deployment.predictors[index].traffic for index in live)
    if len(live) > 1 and total != int32(total) == 100:
        what = f"the traffic adds up to {total}, which is 100 in 32 bits"
        yield Problem("spec.predictors", what, "without shadows it must add up to 100", "B30")


def serviceless_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """B32: without an engine the operator makes no Service for some container names, so such a predictor has no
    share."""
    live = [predictor for predictor in deployment.predictors if not predictor.shadow]
    for index, predictor in enumerate(deployment.predictors):
        if (
            predictor.has_no_engine
            and len(live) > 1
            and predictor.traffic
            and predictor.graph.name in SERVICELESS_CONTAINERS
        ):
            yield Problem(
                f"spec.predictors[{index}].graph.name",
                f"the operator makes no Service for a container {predictor.graph.name!r} without engine",
                "rename the container, or remove seldon.io/no-engine",
            )


def collision_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """B29: two Services of one deployment with one name."""
    first: dict[str, str] = {}
    for service in services(deployment):
        other = first.setdefault(service.name, service.what)
        if other != service.what:
            yield Problem(
                service.path,
                f"{service.what} and {other} both need the Service {quoted(service.name)}",
                "rename one of them",
            )


def engine_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """B31: the engine is put beside a container of the graph in the first pod, so there must be one."""
    if deployment.spec_annotations.get(PREFIX + "engine-separate-pod", "").lower() == "true":
        return
    for index, predictor in enumerate(deployment.predictors):
        if predictor.has_no_engine:
            continue
        first_pod = {container.name for container in (predictor.pods[0] if predictor.pods else ())}
        graph = [node for _path, node in nodes(predictor.graph, "")]
        built_in = any(node.implementation in BUILT_IN_UNITS for node in graph)
        placed = any(node.name in first_pod or node.implementation in PREPACKAGED_SERVERS for node in graph)
        if not placed and (built_in or predictor.containers):
            yield Problem(
                f"spec.predictors[{index}].graph",
                "no node of the graph has its container in the first of componentSpecs, so the engine has no place",
                f"move one there, or set {PREFIX}engine-separate-pod: 'true' in spec.annotations",
            )


def ambassador_value_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """B7, B22, B30: values of annotations that Ambassador would refuse or misread."""
    for key, may_be_empty in AMBASSADOR_NUMBERS.items():
        yield from _number_problems(deployment, key, may_be_empty)
    yield from _headers(deployment)
    if (target := deployment.annotation("ambassador-service-name")) is not None and not _WORD.fullmatch(target):
        yield Problem(
            deployment.annotation_path("ambassador-service-name"),
            f"is {shown(target)}",
            "write the name of a SeldonDeployment in the same namespace, or remove it",
            "A07",
        )
    instance = deployment.annotation("ambassador-id")
    if instance and not (instance.isprintable() and instance.strip() == instance):
        path = deployment.annotation_path("ambassador-id")
        yield Problem(path, f"is {shown(instance)}", "write the id of one Ambassador", "C04")


def istio_value_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """B15, B30: values of annotations that Istio would refuse."""
    for key, may_be_empty in ISTIO_NUMBERS.items():
        yield from _number_problems(deployment, key, may_be_empty)
    if deployment.annotation("istio-retries") and (text := deployment.annotation("istio-retries-timeout")) is not None:
        yield from _found(integer_problem(deployment.annotation_path("istio-retries-timeout"), text, 1), "B15")
    if (gateway := deployment.annotation("istio-gateway")) is not None and (problem := gateway_problem(gateway)):
        path = deployment.annotation_path("istio-gateway")
        yield Problem(path, f"{shown(gateway)} {problem}", "write namespace/name", "B15")
    if (hosts := deployment.annotation("istio-host")) is not None and (problem := hosts_problem(split_hosts(hosts))):
        path = deployment.annotation_path("istio-host")
        yield Problem(path, f"{shown(hosts)} {problem}", "write one host, or several with ','", "B15")


def custom_config_problems(deployment: SeldonDeployment) -> Iterator[Problem]:
    """What Ambassador would refuse of the documents of ambassador-config."""
    if config := deployment.annotation("ambassador-config"):
        path = deployment.annotation_path("ambassador-config")
        for what in custom_problems(config):
            yield Problem(path, what, "correct the document or remove it", "A09")


def _number_problems(deployment: SeldonDeployment, key: str, may_be_empty: bool) -> Iterator[Problem]:
    text = deployment.annotation(key)
    if text or (text is not None and not may_be_empty):
        number = go_integer(text)
        wraps = number is not None and abs(number) > (INT32_MAX if key in ISTIO_NUMBERS else _MOST_MILLISECONDS)
        defect = "B30" if wraps else "B7" if number is None and key == "grpc-timeout" else "A16"
        yield from _found(integer_problem(deployment.annotation_path(key), text), defect)


def _headers(deployment: SeldonDeployment) -> Iterator[Problem]:
    header, regex = deployment.annotation("ambassador-header"), deployment.annotation("ambassador-regex-header")
    if header:
        name = header_match(header)[0]
        defect = "B22" if name in RESERVED_HEADERS else "A06"
        yield from _found(header_problem(deployment.annotation_path("ambassador-header"), header), defect)
    if not regex:
        return
    path = deployment.annotation_path("ambassador-regex-header")
    problem = header_problem(path, regex)
    name, match = header_match(regex)
    if problem:
        yield from _found(problem, "A06")
    elif match.kind == "present":
        what = f"is {shown(regex)} and has no regular expression"
        yield Problem(path, what, "write it as 'name: regular expression'", "A06")
    elif trouble := regex_problem(match.value):
        yield Problem(path, f"{shown(match.value)} {trouble}", "write a regular expression of RE2", "A06")
    elif header and header_match(header)[0] == name:
        what = f"names the header {shown(name)} as {PREFIX}ambassador-header does"
        yield Problem(path, what, "keep one of the two", "A06")


def _found(problem: Problem | None, defect: str) -> Iterator[Problem]:
    if problem:
        yield replace(problem, check=defect)
