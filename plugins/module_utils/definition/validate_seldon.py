# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a SeldonDeployment can be translated."""

from __future__ import annotations

from collections.abc import Sequence

from .findings import Problem
from .model import SeldonDeployment
from .profile import Profile
from .stricter_rules import (
    collision_problems,
    engine_problems,
    name_problems,
    serviceless_problems,
    value_problems,
)
from .webhook_rules import predictor_problems, spec_problems, traffic_problems


def seldon_problems(deployment: SeldonDeployment, profile: Profile, known: Sequence[Problem] = ()) -> list[Problem]:
    """Every reason to refuse a deployment.

    ``known`` holds the problems of shape that reading found: a rule that would judge a stand-in of theirs keeps quiet.
    """
    broken = {problem.path for problem in known}
    found = [
        *spec_problems(deployment, broken),
        *predictor_problems(deployment),
        *traffic_problems(deployment, profile, any(path.endswith((".traffic", ".shadow")) for path in broken)),
    ]
    for switch, rules in (
        (profile.check_names, name_problems),
        (profile.check_collisions, collision_problems),
        (profile.check_engine_place, engine_problems),
        (profile.check_engine_place, serviceless_problems),
        (profile.check_values, value_problems),
    ):
        if switch:
            found += rules(deployment)
    return [problem for problem in found if problem.path not in broken]
