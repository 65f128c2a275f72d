# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a deployment meets a defect of the operator, and gets other routes than it asks for.

What the operator cannot translate at all is in ``operator_failures``; rules that it lacks are in ``stricter_rules``.
"""

from __future__ import annotations

from collections.abc import Iterator

from .advice import let_in
from .annotations import DEFAULT_TIMEOUT_MS, DEPLOYMENT_KEYS, RESERVED_HEADERS, go_integer
from .defects import DEFECTS
from .findings import Finding, Problem
from .model import SeldonDeployment, place_of
from .stricter_rules import ambassador_value_problems, custom_config_problems, istio_value_problems

Place = tuple[str, str, str]


def operator_findings(deployment: SeldonDeployment, api: str, *, single_namespace: bool = False) -> Iterator[Finding]:
    """The findings of one form: ``v1``, ``v2`` or ``istio``."""
    config = deployment.annotation("ambassador-config")
    places: list[Place] = [*_always(deployment)]
    values: list[Problem] = []
    where = place_of(deployment)
    if api == "v1" and config:  # it takes the place of everything else
        places += _config_on_all_services(deployment)
        values += custom_config_problems(deployment)
    elif api == "v1":
        places += [*_headers(deployment), *_ambassador(deployment, api), *_v1(deployment, single_namespace)]
        values += ambassador_value_problems(deployment)
        yield from _unquoted(deployment, where)
    elif api == "v2":
        places += [*_headers(deployment), *_ambassador(deployment, api), *_v2(deployment, single_namespace)]
        values += (problem for problem in ambassador_value_problems(deployment) if problem.check != "B7")
    else:
        values += istio_value_problems(deployment)
        yield from _unread_on_istio(deployment, where)
    if api != "v1" and config:
        places.append(("B12", deployment.annotation_path("ambassador-config"), "is not read"))
    for defect, path, what in places:
        yield DEFECTS[defect].finding(f"{where} {path}", what)
    told = {(defect, path) for defect, path, _what in places}
    yield from (let_in(problem, deployment) for problem in values if (problem.check, problem.path) not in told)


def _unquoted(deployment: SeldonDeployment, where: str) -> Iterator[Finding]:
    """Texts that the operator's YAML library writes bare and Ambassador's cannot read."""
    header = deployment.annotation("ambassador-header") or ""
    words = {word.strip(): deployment.annotation_path("ambassador-header") for word in header.split(":")}
    words[deployment.annotation("ambassador-id") or ""] = deployment.annotation_path("ambassador-id")
    for word in ("=", "<<"):
        if word in words:
            what = f"holds {word!r}, which the operator does not quote: Ambassador 1.x then reads no annotation at all"
            yield Finding("A06", "error", f"{where} {words[word]}", what, "take another value")


def _unread_on_istio(deployment: SeldonDeployment, where: str) -> Iterator[Finding]:
    """Annotations of ``ambassador-*``, timeouts and the model's own TLS, which only the corrected profile honours."""
    paths = [
        deployment.annotation_path(key)
        for key in sorted(DEPLOYMENT_KEYS)
        if (key.startswith("ambassador-") or key.endswith("-timeout"))
        and key not in ("ambassador-config", "istio-retries-timeout")
        and deployment.annotation(key)
    ]
    paths += [
        f"spec.predictors[{index}].ssl.certSecretName"
        for index, predictor in enumerate(deployment.predictors)
        if predictor.tls_secret
    ]
    for path in paths:
        what = "is not read by the operator when it makes the routes of Istio"
        yield Finding(
            "A11",
            "warning",
            f"{where} {path}",
            what,
            "say it in Istio's objects, or let the collection write the routes",
        )


def _always(deployment: SeldonDeployment) -> Iterator[Place]:
    if deployment.labels.get("seldon.io/controller-id"):
        yield "B34", "metadata.labels[seldon.io/controller-id]", "is set"


def _headers(deployment: SeldonDeployment) -> Iterator[Place]:
    header = deployment.annotation("ambassador-header") or ""
    path = deployment.annotation_path("ambassador-header")
    if deployment.annotation("ambassador-regex-header"):
        yield "B1", deployment.annotation_path("ambassador-regex-header"), "is not read"
    if header.count(":") > 1:
        yield "B21", path, f"has {header.count(':')} colons"
    if any(part.strip().lower() in RESERVED_HEADERS for part in header.split(":")[::2]):
        yield "B22", path, "names a header of the gRPC routes"


def _ambassador(deployment: SeldonDeployment, api: str) -> Iterator[Place]:
    for index, predictor in enumerate(deployment.predictors):
        path = f"spec.predictors[{index}]"
        if predictor.explainer:
            yield "B11", f"{path}.explainer", "has a gRPC route"
            if predictor.shadow or (index and (predictor.traffic or api == "v2")):
                yield "B10", f"{path}.explainer", "gets the weight or the shadow flag of its predictor"


def _config_on_all_services(deployment: SeldonDeployment) -> Iterator[Place]:
    services = len(deployment.predictors) + sum(predictor.explainer is not None for predictor in deployment.predictors)
    if services > 1:
        yield "B12", deployment.annotation_path("ambassador-config"), f"is written on {services} Services"


def _v1(deployment: SeldonDeployment, single_namespace: bool) -> Iterator[Place]:
    if single_namespace:
        yield "B23", "spec", "has a second gRPC route for each predictor"
    timeout = deployment.annotation("grpc-timeout")
    if timeout is not None and go_integer(timeout) is None:
        yield "B7", deployment.annotation_path("grpc-timeout"), "is no whole number"
    first = deployment.predictors[0]
    divided = first.traffic and not first.shadow  # else nothing is left for those without weight
    for index, predictor in enumerate(deployment.predictors):
        # With the short addresses the context that the predictor's Mappings name is there, the explainer's never is,
        # and neither has the ambassador_id.
        there = single_namespace and not deployment.annotation("ambassador-id")
        if predictor.tls_secret and (predictor.explainer or not there):
            part = ".explainer" if there else ".ssl.certSecretName"
            yield "B5", f"spec.predictors[{index}]{part}", "names a TLSContext that is not there"
        if index and divided and not predictor.shadow and not predictor.traffic:
            yield "B8", f"spec.predictors[{index}].traffic", "is 0 or not set"


def _v2(deployment: SeldonDeployment, single_namespace: bool) -> Iterator[Place]:
    yield "B3", "metadata.name", "alone tells its gRPC routes apart"
    if single_namespace:
        yield "B4", "metadata.name", "becomes a part of a name with underscores"
    grpc, rest = deployment.annotation("grpc-timeout"), deployment.annotation("rest-timeout")
    if grpc is not None and go_integer(grpc) != go_integer(rest or str(DEFAULT_TIMEOUT_MS)):
        yield "B6", deployment.annotation_path("grpc-timeout"), "is not read"
    for index, predictor in enumerate(deployment.predictors):
        if predictor.tls_secret:
            yield "B5", f"spec.predictors[{index}].ssl.certSecretName", "names a TLSContext that is not there"
        if predictor.shadow and not predictor.traffic:
            yield "B9", f"spec.predictors[{index}].traffic", "is 0 or not set"
