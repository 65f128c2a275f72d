# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and values in messages: as they are where they are names, on one short line whatever they are."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.fields import FieldReader, nearest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.hosts import gateway_problem, hosts_problem
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import Origin
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
from ansible_collections.mlops.ingress.plugins.module_utils.definition.read import Source, read_definitions
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor

HUGE = "x" * 100_000


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("seldon.io/rest-timeout", "spec.annotations[seldon.io/rest-timeout]"),
        ("größe 'a' \\n", "spec.annotations[größe 'a' \\n]"),
        ("x" * 80, f"spec.annotations[{'x' * 80}]"),
        ("x\ny", "spec.annotations[x\\ny]"),
        ("\x1b[31m\u2028", "spec.annotations[\\x1b[31m\\u2028]"),
        (HUGE, f"spec.annotations[{'x' * 77}...]"),
    ],
    ids=["usual", "printable", "longest", "line-break", "terminal", "huge"],
)
def test_a_name_in_a_path(name, path):
    reader = FieldReader()
    assert reader.texts({"annotations": {name: 5}}, "annotations", "spec") == {}
    (problem,) = reader.problems
    assert str(problem) == f"{path}: is the number 5: it must be text; put it in quotes"


def test_a_path_that_others_built_is_one_line_too():
    reader = FieldReader()
    for path in (".spec.routes[0].a\nb", f"spec.routes[0].{HUGE}.name", "spec.graph" + ".children[0]" * 50):
        reader.refuse(path, "is wrong", "correct it")
    broken, long, deep = [problem.path for problem in reader.problems]
    assert broken == "spec.routes[0].a\\nb"
    assert len(long) == 800
    assert long.startswith("spec.routes[0].xxx")
    assert long.endswith("xxx.name")
    assert deep == "spec.graph" + ".children[0]" * 50


def test_a_definition_with_such_names_is_refused_in_short_lines():
    given = deployment("m", predictor("p", labels={"x\ny": 5, HUGE: 5}))
    with pytest.raises(DefinitionError) as caught:
        read_definitions([Source(given, Origin("d"))], CORRECTED)
    said = " ".join(caught.value.lines)
    assert "spec.predictors[0].labels[x\\ny]: is the number 5" in said
    assert "\n" not in said
    assert len(said) < 1000


@pytest.mark.parametrize("name", [HUGE, f"{HUGE}\n"])
def test_huge_values_are_not_repeated(name):
    cut = f"'{'x' * 77}...'"
    assert (gateway_problem(f"{name}/gw") or "").startswith(cut)
    assert (gateway_problem(f"ns/{name}") or "").startswith(cut)
    assert (hosts_problem([name]) or "").startswith(f"holds {cut}, which ")
    covered = [f"*.{'a.' * 60}com", f"b.{'a.' * 60}com"]
    assert hosts_problem(covered) == f"holds '*.{'a.' * 37}a...', which already covers 'b.{'a.' * 37}a...'"
    assert nearest("y" * 100, ["y" * 101]) == f" (did you mean '{'y' * 77}...'?)"


def test_short_values_are_repeated_as_they_are():
    assert hosts_problem(["*.a", "b.a"]) == "holds '*.a', which already covers 'b.a'"
    assert hosts_problem(["a:80"]) == "holds 'a:80', which is no DNS name, '*' or '*.domain'"
    assert (gateway_problem("N/gw") or "").startswith("'N' may hold only")
