# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a SeldonDeployment can be translated, alone and beside the others of its run."""

from __future__ import annotations

from collections.abc import Sequence

from .findings import Problem
from .model import SeldonDeployment
from .naming import services
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


def service_owners(deployments: Sequence[SeldonDeployment]) -> list[Problem]:
    """B18: Services that two deployments of one namespace would both write. The path is the second one's name."""
    owners: dict[tuple[str, str], str] = {}
    problems = []
    for deployment in deployments:
        for service in services(deployment):
            mine = f"SeldonDeployment {deployment.namespace}/{deployment.name} ({service.what})"
            other = owners.setdefault((deployment.namespace, service.name), mine)
            if other.partition(" (")[0] != mine.partition(" (")[0]:
                problems.append(
                    Problem(
                        f"{deployment.origin}, {mine}",
                        f"needs the Service {service.name!r}, as {other} does",
                        "rename one of them",
                    )
                )
    return problems
