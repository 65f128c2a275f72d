# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory says about checks."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import Finding
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.checks import checks_option, judged
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError

A = Finding("A10", "warning", "models.yaml a/m", "has no timeout", "set one")
B = Finding("A10", "warning", "models.yaml b/m", "has no timeout", "set one")
C = Finding("C06", "error", "Mapping a/m: weight", "is 150", "lower it")


def judge(*entries):
    return judged([C, B, A], checks_option(list(entries)))


def entry(check, level, where=None):
    return {"id": check, "level": level, "reason": "we know it.", **({"where": where} if where else {})}


def test_nothing_said_changes_nothing():
    assert judge() == [A, B, C]
    assert judged([A, A], checks_option(None)) == [A]


def test_silent_is_gone():
    assert judge(entry("A10", "silent")) == [C]


def test_only_at_its_place():
    assert judge(entry("A10", "silent", "* a/*")) == [B, C]
    assert judge(entry("A10", "silent", "a/*")) == [A, B, C]


@pytest.mark.parametrize(("check", "level", "index"), [("C06", "warning", 2), ("A10", "error", 0)])
def test_another_level_says_why(check, level, index):
    found = judge(entry(check, level))[index]
    assert (found.id, found.level) == (check, level)
    assert found.fix.endswith(f" ({level} by `checks`: we know it)")


def test_the_same_level_changes_nothing():
    assert judge(entry("C06", "error")) == [A, B, C]


def test_the_later_entry_wins():
    assert judge(entry("A10", "silent"), entry("A10", "warning", "* b/*")) == [B, C]


@pytest.mark.parametrize(
    ("where", "fits"),
    [
        ("*", True),
        ("models.yaml a/m", True),
        ("models.yaml a/", False),
        ("models*a/m", True),
        ("*models.yaml a/m*", True),
        ("m*m", True),
        ("models.yaml a/m*m", False),
        ("*a/m: has no timeout", True),
        ("*has no*", True),
        ("*has any*", False),
        ("x*", False),
        ("*m*m*m*m*", True),
        ("*m*m*m*m*m*", False),
        ("*a" * 2_000 + "*b", False),
    ],
)
def test_stars(where, fits):
    assert (A not in judge(entry("A10", "silent", where))) == fits


def test_a_place_with_brackets_is_taken_as_it_stands():
    found = Finding("A11", "warning", "definitions[0] n/m spec", "is not read", "remove it")
    assert judged([found], checks_option([entry("A11", "silent", "definitions[0] n/*")])) == []
    assert judged([found], checks_option([entry("A11", "silent", "definitions0 n/*")])) == [found]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("A10", "checks: is the text 'A10': write a list"),
        ({"A10": "silent"}, "checks: is a mapping: write a list"),
        (["A10"], "checks[0]: is the text 'A10': write a mapping with id, level, reason, where."),
        ([entry("A99", "silent")], "checks[0].id: 'A99' is no check"),
        ([entry("A1", "silent")], "checks[0].id: 'A1' is no check (did you mean"),
        ([{"id": 3}], "checks[0].id: the number 3 is no check: docs/checks.md lists them."),
        ([entry("A10", "off")], "checks[0].level: 'off' is not known: allowed are error, warning, silent."),
        ([entry("A10", False)], "checks[0].level: the boolean false is not known"),
        ([{"id": "A10", "level": "silent"}], "checks[0].reason: is missing: say why A10 is silent here."),
        ([entry("A10", "silent") | {"reason": "  "}], "checks[0].reason: is missing"),
        ([entry("A10", "silent") | {"where": 1}], "checks[0].where: is the number 1"),
        (
            [entry("A10", "silent") | {"why": "x"}],
            "checks[0]: 'why' is no field: allowed are id, level, reason, where.",
        ),
        ([entry("A10", "silent") | {"were": "x"}], "checks[0]: 'were' (did you mean 'where'?) is no field: allowed"),
        ([entry("A10", "silent") | {5: "x"}], "checks[0]: '5' is no field"),
        ([entry("C06", "silent"), entry("C6", "silent")], "checks[1].id: 'C6' is no check"),
    ],
)
def test_what_cannot_be_used(value, message):
    with pytest.raises(OptionError) as caught:
        checks_option(value)
    assert message in str(caught.value)


def test_a_defect_of_the_operator_is_a_check_too():
    assert [item.id for item in checks_option([entry("B8", "silent")])] == ["B8"]
