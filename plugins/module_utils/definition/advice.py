# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is accepted in a SeldonDeployment and still worth a look."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .annotations import DEPLOYMENT_KEYS, KNOWN_KEYS, PREDICTOR_KEYS, unknown_key
from .defects import DEFECTS
from .fields import shown
from .findings import Finding, Problem
from .model import PREFIX, Definition, SeldonDeployment, in_a_sentence, place_of
from .naming import HASHED, services

Note = tuple[str, str, str, str]
# What stands in expressions and hardly ever in the value of a header that selects a model.
_EXPRESSION = re.compile(r"\.[*+]|\[.*\]|\\[dwsb.]|\(.*\|.*\)|^\^|\$$")


def let_in(problem: Problem, definition: Definition) -> Finding:
    """A problem that the operator accepts, as a finding."""
    where = f"{place_of(definition)} {problem.path}"
    if known := DEFECTS.get(problem.check):
        return known.finding(where, problem.what, problem.allowed)
    return Finding(problem.check, "error", where, problem.what, problem.allowed)


def seldon_findings(deployment: SeldonDeployment) -> list[Finding]:
    """What is accepted and still worth a look."""
    where = place_of(deployment)
    return [
        Finding(number, "warning", f"{where} {path}", message, fix)
        for number, path, message, fix in (
            *_unread_annotations(deployment),
            *_lone_main(deployment),
            *_literal_expression(deployment),
            *_long_names(deployment),
        )
    ]


def _unread_annotations(deployment: SeldonDeployment) -> Iterator[Note]:
    places = [
        ("metadata.annotations", deployment.metadata_annotations, DEPLOYMENT_KEYS - {"engine-separate-pod"}),
        ("spec.annotations", deployment.spec_annotations, DEPLOYMENT_KEYS),
    ]
    places += [
        (f"spec.predictors[{index}].annotations", predictor.annotations, PREDICTOR_KEYS)
        for index, predictor in enumerate(deployment.predictors)
    ]
    for path, given, read_here in places:
        for full in given:
            where = f"{path}[{in_a_sentence(full)}]"
            key = full.removeprefix(PREFIX)
            if full == "getambassador.io/config" and path.startswith("spec.predictors"):
                yield (
                    "B28",
                    where,
                    "the operator copies this annotation to every Service of the predictor, where Ambassador"
                    " reads it as routes of its own",
                    "describe the route as a ServiceRoute and remove the annotation",
                )
            if not full.startswith(PREFIX) or key in read_here:
                continue
            if key == "engine-separate-pod" and path == "metadata.annotations":
                yield (
                    "B24",
                    where,
                    "the operator reads it in spec.annotations only",
                    "move it to spec.annotations",
                )
            elif key not in KNOWN_KEYS:
                yield (
                    "A11",
                    where,
                    f"nothing reads this annotation{unknown_key(key)}",
                    "correct the key or remove it",
                )
            elif key in DEPLOYMENT_KEYS | PREDICTOR_KEYS:
                right = "spec.annotations" if key in DEPLOYMENT_KEYS else "the annotations of a predictor"
                yield "A11", where, "is not read in this place", f"move it to {right}"


def _lone_main(deployment: SeldonDeployment) -> Iterator[Note]:
    live = [(index, predictor) for index, predictor in enumerate(deployment.predictors) if not predictor.shadow]
    if len(live) == 1 and len(deployment.predictors) > 1 and 0 < live[0][1].traffic < 100:
        index, predictor = live[0]
        yield (
            "A03",
            f"spec.predictors[{index}].traffic",
            f"is {predictor.traffic}, but the only predictor beside a shadow gets all requests",
            "write 100 or remove it",
        )


def _literal_expression(deployment: SeldonDeployment) -> Iterator[Note]:
    """B25: the operator's documentation shows an expression under the key that compares exactly."""
    value = (deployment.annotation("ambassador-header") or "").partition(":")[2].strip()
    if _EXPRESSION.search(value):
        yield (
            "B25",
            deployment.annotation_path("ambassador-header"),
            f"{shown(value)} looks like a regular expression and is compared exactly",
            "write it as seldon.io/ambassador-regex-header, if it is one",
        )


def _long_names(deployment: SeldonDeployment) -> Iterator[Note]:
    for service in services(deployment):
        if HASHED.fullmatch(service.name):
            what = f"{service.what} gets the Service {service.name}, because the name made of its parts is too long"
            yield "A08", service.path, what, "shorten the names to get one that can be read"
