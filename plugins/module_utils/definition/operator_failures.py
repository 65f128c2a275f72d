# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator accepts and then fails on, or dies of, when it makes the routes.

Source: ``operator/controllers/ambassador/v1.go`` and ``v2.go``, ``seldondeployment_controller.go`` (lines 236 to 411)
of SeldonIO/seldon-core; measured on v1.17.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .annotations import AMBASSADOR_NUMBERS, ISTIO_NUMBERS, go_integer
from .defects import DEFECTS
from .fields import shown
from .findings import Problem
from .model import SeldonDeployment
from .naming import SERVICELESS_CONTAINERS
from .stricter_rules import engine_problems

_CRASH = "the operator crashes on that, again after every restart, for all deployments of the cluster"
_WHOLE_NUMBER = "write a whole number, with digits only (no unit, space or '_')"


def operator_failures(deployment: SeldonDeployment, api: str) -> Iterator[Problem]:
    """Every reason why the operator makes no routes of a form (``v1``, ``v2`` or ``istio``) for an accepted
    deployment."""
    for problem in engine_problems(deployment):
        yield _failure(problem.path, f"{problem.what}, and the operator never makes its routes", "B31")
    for index, predictor in enumerate(deployment.predictors):
        if predictor.explainer and predictor.has_no_engine and predictor.graph.name in SERVICELESS_CONTAINERS:
            what = f"stands beside the container {predictor.graph.name!r} without engine; {_CRASH}"
            yield _failure(f"spec.predictors[{index}].explainer", what, "B32")
    if api == "istio":
        yield from _numbers(deployment, ISTIO_NUMBERS)
        if deployment.annotation("istio-retries"):
            yield from _numbers(deployment, {"istio-retries-timeout": False})
    elif api == "v2" or not deployment.annotation("ambassador-config"):
        # An unreadable grpc-timeout fails nothing: it drops a route (B7), or is not read.
        yield from _numbers(
            deployment, {key: AMBASSADOR_NUMBERS[key] for key in AMBASSADOR_NUMBERS if key != "grpc-timeout"}
        )
        yield from _headers(deployment, api)


def _numbers(deployment: SeldonDeployment, keys: Mapping[str, bool]) -> Iterator[Problem]:
    for key, may_be_empty in keys.items():
        text = deployment.annotation(key)
        if text is None or (not text and may_be_empty):
            continue
        if go_integer(text) is None:
            what = f"is {shown(text)}, which the operator cannot read: the whole deployment fails"
            yield Problem(deployment.annotation_path(key), what, _WHOLE_NUMBER)


def _headers(deployment: SeldonDeployment, api: str) -> Iterator[Problem]:
    header = deployment.annotation("ambassador-header") or ""
    regex = deployment.annotation("ambassador-regex-header")
    colons = header.count(":")
    path = deployment.annotation_path("ambassador-header")
    if api == "v2" and colons > 1:
        yield _failure(path, f"is {shown(header)}, with {colons} colons, on which the operator fails", "B21")
    elif api == "v1" and header and colons % 2 == 0:
        number = "no colon" if not colons else f"{colons} colons"
        yield _failure(path, f"is {shown(header)}, with {number}; {_CRASH}", "B2")
    elif regex and not colons:
        path = deployment.annotation_path("ambassador-regex-header")
        yield _failure(path, f"stands without a usable ambassador-header; {_CRASH}", "B2")


def _failure(path: str, what: str, defect: str) -> Problem:
    return Problem(path, f"{what} ({defect})", DEFECTS[defect].fix, defect)
