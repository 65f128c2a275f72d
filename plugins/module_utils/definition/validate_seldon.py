# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a SeldonDeployment can be translated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .findings import Problem
from .model import SeldonDeployment
from .profile import Profile
from .stricter_rules import (
    ambassador_value_problems,
    collision_problems,
    custom_config_problems,
    engine_problems,
    istio_value_problems,
    name_problems,
    serviceless_problems,
    traffic_range_problems,
)
from .webhook_rules import object_name_problems, predictor_problems, spec_problems, traffic_problems


def judge_seldon(
    deployment: SeldonDeployment, profile: Profile, known: Sequence[Problem] = ()
) -> tuple[list[Problem], list[Problem]]:
    """Every reason to refuse a deployment, and those that a switch of the profile lets in.

    ``known`` holds the problems of shape that reading found: a rule that would judge a stand-in of theirs keeps quiet.
    """
    broken = {problem.path for problem in known}
    refused = [
        *(() if profile.check_names else object_name_problems(deployment)),
        *spec_problems(deployment, broken),
        *predictor_problems(deployment),
        *(engine_problems(deployment) if profile.survives else ()),
        *traffic_problems(deployment, profile, any(path.endswith((".traffic", ".shadow")) for path in broken)),
    ]
    let_in: list[Problem] = []
    for switch, rule, defect, check in (
        (profile.check_traffic, traffic_range_problems, "B16", "A01"),
        (profile.check_names, name_problems, "B17", "B17"),
        (profile.check_collisions, collision_problems, "B29", "B29"),
        (profile.check_engine_place, serviceless_problems, "B32", "B32"),
    ):
        if switch:
            refused += (replace(problem, check=problem.check or check) for problem in rule(deployment))
        else:
            let_in += (replace(problem, check=problem.check or defect) for problem in rule(deployment))
    if profile.check_values:  # else a finding of the provider that reads the value
        refused += (
            *ambassador_value_problems(deployment),
            *istio_value_problems(deployment),
            *custom_config_problems(deployment),
        )
    problems = [problem for problem in refused if problem.path not in broken]
    taken = broken | {problem.path for problem in problems}
    return problems, [problem for problem in let_in if problem.path not in taken]
