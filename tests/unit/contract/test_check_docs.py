# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages about checks and about the operator say what the code says: each check and defect in its very words."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.checks import CHECKS
from ansible_collections.mlops.ingress.plugins.module_utils.definition.defects import DEFECTS
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import KNOWN
from ansible_collections.mlops.ingress.tests.unit.contract import house

OPERATOR = house.ROOT / "docs/operator.md"
CHECKS_PAGE = house.ROOT / "docs/checks.md"
PAGES = [house.ROOT / f"docs/{name}.md" for name in ("checks", "operator", "translation")]
HEADING = "### "
ID = re.compile(r"[A-E][0-9]{1,2}")


def section(defect):
    """What the page says of a defect."""
    return (
        f"{HEADING}{defect.id}\n\n"
        f"{defect.level}: {defect.sentence}.\n\n"
        f"* The corrected profile: {defect.ours}.\n"
        f"* While the operator writes the routes: {defect.fix}.\n"
    )


def unwrapped(text):
    """Where lines end is left to whoever writes the page."""
    return " ".join(text.split())


def section_problems(page, defects):
    """What to change in a page, so that it ends with the section of each defect, in their order."""
    parts = re.split(rf"^(?={HEADING}B[0-9]+$)", page, flags=re.MULTILINE)[1:]
    found = {part.split("\n", 1)[0].removeprefix(HEADING): part for part in parts}
    for name, defect in defects.items():
        if unwrapped(found.get(name, "")) != unwrapped(section(defect)):
            yield f"the section must be\n\n{section(defect)}"
    if (names := [part.split("\n", 1)[0].removeprefix(HEADING) for part in parts]) != list(defects):
        yield f"the sections are {', '.join(names)}, and must be {', '.join(defects)}"


def links(page):
    """The ids in the table by subject; a link leads to the section of its own id."""
    return [name for name, target in re.findall(r"\[(B[0-9]+)\]\(#(b[0-9]+)\)", page) if name.lower() == target]


def check_rows(page):
    """The rows of the tables of checks."""
    return re.findall(rf"^\| ({ID.pattern}) \| (\w+) \| (.*) \|$", page, flags=re.MULTILINE)


def source_ids():
    """The ids of findings that the sources name."""
    for path in house.python_files("plugins/module_utils"):
        if path.name in ("checks.py", "defects.py") and path.parent.name == "definition":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and ID.fullmatch(node.value):
                yield node.value


def test_every_defect_is_described_in_the_words_of_the_table():
    problems = list(section_problems(OPERATOR.read_text(encoding="utf-8"), DEFECTS))
    assert not problems, f"{OPERATOR} differs from defects.py:\n\n" + "\n".join(problems)


def test_every_defect_is_found_by_its_subject():
    table = OPERATOR.read_text(encoding="utf-8").partition("\n## Defects\n")[2].partition(HEADING)[0]
    assert sorted(links(table)) == sorted(DEFECTS)


def test_every_link_to_a_defect_leads_to_it():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    targets = re.findall(r"\[(B[0-9]+)\]\((?:operator\.md)?#(b[0-9]+)\)", text)
    assert [pair for pair in targets if pair[0].lower() != pair[1] or pair[0] not in DEFECTS] == []


def test_every_variable_of_the_operator_is_described():
    table = OPERATOR.read_text(encoding="utf-8").partition("\n## Environment variables")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", table, flags=re.MULTILINE)
    assert sorted(re.findall(r"`(\w+)`", " ".join(cells))) == sorted(KNOWN)


def test_every_finding_has_a_check_or_a_defect():
    assert sorted({*source_ids()} - {*CHECKS, *DEFECTS}) == []


def test_every_check_is_made():
    assert sorted({*CHECKS} - {*source_ids()}) == []


def test_every_check_is_described_in_the_words_of_the_table():
    rows = [(check.id, check.level, check.meaning) for check in CHECKS.values()]
    assert check_rows(CHECKS_PAGE.read_text(encoding="utf-8")) == rows


@pytest.mark.parametrize("field", ["level", "operator", "harm", "ours", "fix"])
def test_other_words_are_found(field):
    page = "".join(section(defect) for defect in DEFECTS.values())
    assert list(section_problems(page, DEFECTS)) == []
    [problem] = section_problems(page, DEFECTS | {"B8": replace(DEFECTS["B8"], **{field: "warning words"})})
    assert "warning words" in problem
    assert problem.startswith(f"the section must be\n\n{HEADING}B8\n")


@pytest.mark.parametrize(
    "change",
    [
        lambda page: page.replace(section(DEFECTS["B8"]), ""),
        lambda page: page + section(replace(DEFECTS["B8"], id="B36")),
        lambda page: section(DEFECTS["B8"]) + page.replace(section(DEFECTS["B8"]), ""),
        lambda page: page + section(DEFECTS["B8"]),
        lambda page: page + "More words.\n",
    ],
    ids=["missing", "unknown", "order", "twice", "more"],
)
def test_a_missing_or_another_section_is_found(change):
    page = "".join(section(defect) for defect in DEFECTS.values())
    assert list(section_problems(change(page), DEFECTS))


def test_a_link_to_another_section_does_not_count():
    assert links("[B8](#b8) [B9](#b8) [B10](operator.md#b10)") == ["B8"]
