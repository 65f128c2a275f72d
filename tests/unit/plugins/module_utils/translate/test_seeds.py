# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of the documentation, on both providers. Every object is written out in ``tests/data/seeds``."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from ansible_collections.mlops.ingress.plugins.filter.translation import to_ambassador, to_istio

SEEDS = sorted((Path(__file__).parents[4] / "data" / "seeds").glob("*.yaml"))


def test_all_examples_are_here():
    assert [path.stem for path in SEEDS] == [
        "attached",
        "canary",
        "circuit_breakers",
        "custom_config",
        "header",
        "httpbin",
        "mesh",
        "mymodel",
        "regex_header",
        "several_ambassadors",
        "shadow",
        "tfserving",
    ]


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_objects(path):
    seed = yaml.safe_load(path.read_text(encoding="utf-8"))
    before = copy.deepcopy(seed)
    assert to_ambassador(seed["definitions"], **seed.get("ambassador_options", {})) == seed["ambassador"]
    assert to_istio(seed["definitions"]) == seed["istio"]
    assert seed == before
