# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every file of the collection."""

from __future__ import annotations

import ast
import re

import pytest
import yaml
from ansible_collections.mlops.ingress.tests.unit.contract import house

HEADER = """\
# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
FOLDERS = ("plugins", "roles", "playbooks", "examples", "docs", "tests", "tools", "meta")
CONTRACT = house.ROOT / "tests/unit/contract"
# A mark for later work, and the four words that give its reason at least.
LATER = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!: (?:\S+ ){3}\S+)")


def texts():
    """The text files of the collection; this folder speaks about marks and plugins and is left out."""
    for folder in FOLDERS:
        for path in sorted((house.ROOT / folder).rglob("*")):
            if path.is_file() and CONTRACT not in path.parents and "__pycache__" not in path.parts:
                try:
                    yield path, path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue


def header_problems(source):
    text = source.removeprefix("#!/usr/bin/python\n\n")
    found = [] if text.startswith(HEADER) else ["does not begin with the header"]
    body = [node for node in ast.parse(source).body if not isinstance(node, ast.Expr)]
    if not body or ast.unparse(body[0]) != "from __future__ import annotations":
        found.append("lacks `from __future__ import annotations`, or has it too late")
    return found


@pytest.mark.parametrize("path", house.python_files("plugins"), ids=lambda path: path.name)
def test_header(path):
    assert header_problems(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        HEADER,
        HEADER + "import os\n",
        HEADER + "import os\nfrom __future__ import annotations\n",
        "from __future__ import annotations\n",
        "#!/usr/bin/env python\n\n" + HEADER + "from __future__ import annotations\n",
    ],
)
def test_a_missing_header_is_found(source):
    assert header_problems(source)


def test_marks_for_later_give_a_reason():
    assert [str(path) for path, text in texts() if LATER.search(text)] == []


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("# TODO", True),
        ("# TODO: fix", True),
        ("# FIXME later, some day, perhaps", True),
        ("# TODO: drop once ansible-core 2.16 is gone", False),
        ("the fields of TODOS", False),
    ],
)
def test_a_mark_without_a_reason_is_found(text, marked):
    assert bool(LATER.search(text)) is marked


def test_action_groups_hold_every_module():
    runtime = yaml.safe_load((house.ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["action_groups"]["all"] == house.plugin_names("modules")


def named(kind, name):
    """How a test names a plugin: by its full name in Ansible, or by an import."""
    full = rf"\bmlops\.ingress\.{name}\b(?!\.)"
    if kind == "filter":
        return re.compile(rf"{full}|plugins\.filter\.\w+ import [^\n]*(?:\([^)]*)?\b{name}\b")
    return re.compile(rf"{full}|plugins\.{kind}(?:\.| import ){name}\b")


PLUGINS = [
    *(("modules", name) for name in house.plugin_names("modules")),
    *(("action", name) for name in house.plugin_names("action")),
    *(("filter", name) for name in sorted(house.filters())),
]


@pytest.mark.parametrize(("kind", "name"), PLUGINS)
def test_every_plugin_has_a_test(kind, name):
    pattern = named(kind, name)
    tests = [path for path, text in texts() if (house.ROOT / "tests") in path.parents and pattern.search(text)]
    assert tests, f"no file in tests/ names the {kind} plugin {name}"


@pytest.mark.parametrize(
    ("kind", "text", "found"),
    [
        ("modules", "- mlops.ingress.ingress:", True),
        ("modules", "from ansible_collections.mlops.ingress.plugins.modules import ingress", True),
        ("action", "from ansible_collections.mlops.ingress.plugins.action.ingress import ActionModule", True),
        ("modules", "from ansible_collections.mlops.ingress.plugins.module_utils.frontend import ingress", False),
        ("modules", "mlops.ingress.ingress_info", False),
        ("filter", "from a.plugins.filter.translation import endpoints, ingress", True),
        ("filter", "from a.plugins.filter.translation import (\n    endpoints,\n    ingress,\n)", True),
        ("filter", "ingress = 1", False),
    ],
)
def test_names_in_tests_are_recognized(kind, text, found):
    assert bool(named(kind, "ingress").search(text)) is found
