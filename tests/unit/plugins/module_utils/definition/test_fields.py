# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and values in messages: as they are where they are names, on one short line whatever they are."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.fields import (
    FieldReader,
    nearest,
    quoted,
    shown,
)
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.hosts import gateway_problem, hosts_problem
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import (
    Origin,
    ServiceRoute,
    listed,
    place_of,
    title,
)
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED, OPERATOR
from ansible_collections.mlops.ingress.plugins.module_utils.definition.read import (
    Source,
    judged_definitions,
    read_definitions,
)
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

HUGE = "x" * 100_000
EVIL = "x\n\u2028\x1b[31m" + HUGE


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


@pytest.mark.parametrize(
    ("name", "said"),
    [("m", "m"), ("m" * 253, "m" * 253), ("m" * 254, "m" * 250 + "..."), ("m\nk", "m\\nk"), ("", "")],
    ids=["usual", "longest", "too-long", "line-break", "empty"],
)
def test_the_name_of_a_definition(name, said):
    definition = ServiceRoute(Origin("d.yaml, document 1"), name, "n", ())
    assert title(definition) == f"ServiceRoute n/{said}"
    assert place_of(definition) == f"d.yaml, document 1 n/{said}"
    assert place_of(ServiceRoute(Origin("d"), "m", name, ())) == f"d {said}/m"


def test_a_name_in_quotes():
    assert quoted("m" * 253) == f"'{'m' * 253}'"
    assert quoted("m" * 254) == f"'{'m' * 250}...'"
    assert shown("m" * 81) == f"'{'m' * 77}...'"
    assert quoted("a\nb") == shown("a\nb") == "'a\\nb'"


def test_a_list_in_a_sentence():
    assert listed([]) == ""
    assert listed("abc") == "a, b, c"
    assert listed(["a"] * 20) == ", ".join("a" * 20)
    assert listed(["a"] * 22) == ", ".join("a" * 20) + ", 2 more"


def spots(value, path=()):
    """The paths of all texts and numbers, and of all keys."""
    if isinstance(value, (dict, list)):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(value, dict):
                yield (*path, key), True
            yield from spots(item, (*path, key))
    else:
        yield path, False


def with_evil(value, path, is_key):
    if not path:
        return EVIL
    key, *rest = path
    changed = copy.deepcopy(value)
    item = changed.pop(key) if is_key and not rest else changed[key]
    changed[EVIL if is_key and not rest else key] = item if is_key and not rest else with_evil(item, rest, is_key)
    return changed


NOTES = {"rest-timeout": "1", "ambassador-header": "h: 1", "istio-host": "a.com", "istio-gateway": "n/g"}
FULL = {
    "deployment": deployment(
        "m",
        predictor("a", traffic=50, notes={"svc-name": "s", "no-engine": "true"}, labels={"version": "a"}),
        predictor("b", traffic=50, explainer={"type": "A", "endpoint": {"type": "REST"}}, ssl={"certSecretName": "q"}),
        notes=NOTES | {"ambassador-service-name": "k"},
        outer={"ambassador-id": "x"},
        protocol="seldon",
    ),
    "shares": deployment("m", predictor("a", traffic=50), predictor("b", traffic=60)),
    "route": service_route(
        route(headers={"h": "1", "i": {"regex": "a"}}, query={"q": "1"}, hosts=["a.com"], methods=["GET"], name="z"),
        route(prefix=None, regex="/x.*", retries={"attempts": 1, "on": "5xx"}, cors={"origins": ["*"]}),
        service={"ports": [{"port": 80}]},
    ),
}


@pytest.mark.parametrize("profile", [CORRECTED, OPERATOR], ids=["corrected", "operator"])
@pytest.mark.parametrize("kind", FULL)
def test_no_text_of_a_definition_breaks_a_line_or_floods(kind, profile):
    said = []
    for path, is_key in spots(FULL[kind]):
        given = with_evil(FULL[kind], path, is_key)
        found = judged_definitions([Source(given, Origin("d")), Source(FULL[kind], Origin("e"))], profile)
        said += [text for one in (*found.findings, *found.refused) for text in one.as_return().values()]
    assert any("..." in text for text in said)
    assert all(text.isprintable() for text in said)
    assert max(map(len, said)) < 1000


def test_the_key_of_an_annotation_neither_breaks_a_line_nor_floods():
    given = deployment("m", predictor(notes={EVIL: "1"}), notes={EVIL: "1", "no-engine": "true"})
    found = judged_definitions([Source(given, Origin("d"))], CORRECTED).findings
    key = "seldon.io/x\\n\\u2028\\x1b[31m" + "x" * 50 + "..."
    assert [(one.id, one.where) for one in found] == [
        ("A11", "d n/m spec.annotations[seldon.io/no-engine]"),
        ("A11", f"d n/m spec.annotations[{key}]"),
        ("A11", f"d n/m spec.predictors[0].annotations[{key}]"),
    ]
