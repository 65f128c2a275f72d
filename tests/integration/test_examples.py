# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The example environments, rendered by the playbook as a user runs it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Run, Site, contents, tree

PROJECT = Path(__file__).resolve().parents[2]
KINDS = {
    "dev": {"Mapping"},
    "staging": {"Mapping"},
    "production": {"VirtualService", "DestinationRule", "ServiceEntry"},
}


def kinds(root: Path) -> set[str]:
    return {path.name.partition("-")[0] for path in root.glob("*/*.yaml")}


@dataclass
class Environment:
    out: Path
    runs: list[Run]
    trees: list[dict[str, tuple[Any, ...]]]


def render(site: Site, environment: str) -> Environment:
    """Render twice."""
    out = site.root / environment
    inventory = PROJECT / "examples" / "inventories" / environment / "hosts.yml"
    found = Environment(out, [], [])
    for _run in range(2):
        given = ("-i", str(inventory), "mlops.ingress.render", "-e", f"mlops_directory={out}")
        found.runs.append(site.command("ansible-playbook", *given))
        found.trees.append(tree(out))
    return found


@pytest.fixture(scope="module")
def rendered(shared_site: Site) -> dict[str, Environment]:
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda environment: render(shared_site, environment), KINDS)
        return dict(zip(KINDS, found, strict=True))


@pytest.mark.parametrize("environment", KINDS)
def test_environment(rendered: dict[str, Environment], environment: str):
    found = rendered[environment]
    assert [run.code for run in found.runs] == [0, 0], found.runs
    changed = [re.search(r"changed=(\d+) +unreachable=0 +failed=0 ", run.output) for run in found.runs]
    assert [match and match[1] for match in changed] == ["1", "0"]
    assert found.trees[0] == found.trees[1]
    assert [run.errors for run in found.runs] == ["", ""]  # warnings
    assert kinds(found.out) - {"Service", "TLSContext"} == KINDS[environment]
    listed = yaml.safe_load((found.out / "kustomization.yaml").read_text())["resources"]
    assert sorted(listed) == sorted(path for path in contents(found.out) if path.count("/") == 1 and path[0] != ".")


def test_environments_differ_by_their_variables(rendered: dict[str, Environment]):
    """The weights of the canary: of the definition in staging, of an override in production."""
    service = yaml.safe_load((rendered["production"].out / "models" / "VirtualService-example.yaml").read_text())
    weights = [[route.get("weight") for route in http["route"]] for http in service["spec"]["http"]]
    assert [90, 10] in weights
    assert service["spec"]["hosts"] == ["example-hostname.com"]
    staging = rendered["staging"].out / "models"
    mapping = yaml.safe_load((staging / "Mapping-seldon-models-example-canary-rest.yaml").read_text())
    assert (mapping["spec"]["weight"], mapping["spec"]["hostname"]) == (25, "example-hostname.com")
