# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom, and what the pure layers may not touch."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from ansible_collections.mlops.ingress.tests.unit.contract.house import PACKAGE, ROOT, python_files

UTILS = f"{PACKAGE}.plugins.module_utils."
# What each layer may import beside itself.
BEFORE = {
    "kube": set(),
    "definition": {"kube"},
    "intent": {"kube", "definition"},
    "objects": {"kube"},
    "translate": {"kube", "definition", "intent", "objects"},
    "routing": {"kube", "definition", "intent", "translate", "objects"},
    "lint": {"kube", "definition", "intent", "translate", "routing", "objects"},
    "reconcile": {"kube", "objects"},
    "output": {"kube", "objects", "reconcile"},
    "frontend": {"kube", "definition", "intent", "translate", "routing", "lint", "objects", "reconcile", "output"},
}
PURE = {"kube", "definition", "intent", "translate", "routing", "lint", "objects", "reconcile"}
# Plugins speak to the frontend, and catch what the definitions raise.
FRONTS = {"modules", "filter", "action", "plugin_utils"}
FOR_FRONTS = (f"{UTILS}frontend.", f"{UTILS}definition.findings.")
# These run on the controller only, and share what they do alike.
CONTROLLER = ("filter", "action", "plugin_utils")
FOR_CONTROLLER = f"{PACKAGE}.plugins.plugin_utils."
# What a pure layer may import from outside. None of it reads a clock, a file, the environment, chance or the network.
PURE_LIBRARIES = set(
    "__future__ base64 calendar collections collections.abc copy dataclasses difflib enum fractions functools hashlib"
    " ipaddress itertools json math operator re shlex string struct types typing unicodedata urllib.parse"
    " warnings".split()
)
# The reader of documents is the one place that parses YAML, and the writer the one that checks what it wrote. Times are
# values that somebody hands in; nothing here asks a clock.
ALSO = {
    "kube": {"yaml"},
    "objects": {
        "datetime",
        "cryptography",
        "cryptography.exceptions",
        "cryptography.hazmat.primitives",
        "cryptography.hazmat.primitives.asymmetric",
    },
    "lint": {"datetime"},
}
CLOCKS = {"now", "today", "utcnow"}
IMPURE_CALLS = {"open", "input", "print", "exec", "eval", "compile", "__import__", "breakpoint", "id", "hash"}


def imports(source: str, name: str) -> Iterator[tuple[str, int, bool]]:
    """Every imported name in full, its line, and whether only a type checker sees it."""
    package = name.rpartition(".")[0]

    def walk(node: ast.AST, typing_only: bool) -> Iterator[tuple[str, int, bool]]:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno, typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.rsplit(".", node.level - 1)[0] if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield from ((f"{module}.{alias.name}", node.lineno, typing_only) for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for child in node.body:
                yield from walk(child, True)
            for child in node.orelse:
                yield from walk(child, typing_only)
        else:
            for child in ast.iter_child_nodes(node):
                yield from walk(child, typing_only)

    yield from walk(ast.parse(source), False)


def problems(source: str, place: str) -> list[str]:
    """What a file at a place (``module_utils/kube/names.py``, ``filter/translation.py``) does and may not do."""
    parts = place.removesuffix(".py").split("/")
    layer = parts[1] if parts[0] == "module_utils" else ""
    found = []
    for name, line, typing_only in imports(source, f"{PACKAGE}.plugins.{'.'.join(parts)}"):
        if not _may_import(name, parts[0], layer, typing_only):
            found.append(f"{place}:{line}: imports {name}")
    if layer in PURE:
        found += _impure_calls(source, place)
    return found


def _may_import(name: str, kind: str, layer: str, typing_only: bool) -> bool:
    if name.startswith(PACKAGE):
        if kind in FRONTS:
            return name.startswith(FOR_FRONTS) or (kind in CONTROLLER and name.startswith(FOR_CONTROLLER))
        first = name.removeprefix(UTILS).split(".")[0]
        return name.startswith(UTILS) and (first == layer or first in BEFORE[layer])
    library = name.split(".", maxsplit=1)[0]
    if library == "ansible_collections":
        return False
    if library == "ansible":
        # A module runs where ansible-core itself is not installed.
        on_host = name.startswith("ansible.module_utils.")
        return kind in CONTROLLER or (kind == "modules" and on_host) or (layer == "frontend" and typing_only)
    if layer in PURE:
        known = PURE_LIBRARIES | ALSO.get(layer, set())
        return name in known or name.rpartition(".")[0] in known
    return True


def _impure_calls(source: str, place: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            if node.func.id == "id" and place.startswith("module_utils/kube/"):
                # The reader keeps the objects whose ids it compares.
                continue
            yield f"{place}:{node.lineno}: calls {node.func.id}()"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS:
            yield f"{place}:{node.lineno}: calls {node.func.attr}()"


def test_every_layer_is_known():
    layers = {path.name for path in (ROOT / "plugins/module_utils").iterdir() if path.is_dir()} - {"__pycache__"}
    assert layers == BEFORE.keys()
    assert not list((ROOT / "plugins/module_utils").glob("*.py"))


def test_layers_form_no_circle():
    done: set[str] = set()
    while ready := {layer for layer in BEFORE.keys() - done if BEFORE[layer] <= done}:
        done |= ready
    assert done == BEFORE.keys()


@pytest.mark.parametrize(
    "path", [path for path in python_files("plugins") if "doc_fragments" not in path.parts], ids=lambda path: path.name
)
def test_a_file_imports_only_what_stands_before_it(path):
    place = path.relative_to(ROOT / "plugins").as_posix()
    assert problems(path.read_text(encoding="utf-8"), place) == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("module_utils/kube/a.py", "from ..definition.findings import Problem"),
        ("module_utils/definition/a.py", "from ..intent import model"),
        ("module_utils/definition/a.py", "from .. import intent"),
        ("module_utils/definition/a.py", f"from {PACKAGE}.plugins.module_utils.intent.model import Intent"),
        ("module_utils/definition/a.py", f"from {PACKAGE}.plugins.filter.translation import to_istio"),
        ("module_utils/definition/a.py", "from ..objects import identity"),
        ("module_utils/objects/a.py", "from ..definition import model"),
        ("module_utils/intent/a.py", "from ..translate import model"),
        ("module_utils/intent/a.py", "from ..objects import identity"),
        ("module_utils/translate/a.py", "from ..routing import endpoints"),
        ("module_utils/translate/a.py", "from ..reconcile import plan"),
        ("module_utils/reconcile/a.py", "from ..definition import findings"),
        ("module_utils/reconcile/a.py", "from ..output.ports import OutputError"),
        ("module_utils/output/a.py", "from ..frontend import options"),
        ("module_utils/output/a.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("module_utils/frontend/a.py", "from ansible.module_utils.basic import AnsibleModule"),
        (
            "module_utils/frontend/a.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n pass\nelse:\n import ansible",
        ),
        ("module_utils/frontend/a.py", "def late():\n    from ansible.errors import AnsibleError"),
        ("module_utils/kube/a.py", "if TYPE_CHECKING:\n    from ansible.errors import AnsibleError"),
        ("modules/a.py", "from ansible.errors import AnsibleError"),
        ("modules/a.py", f"from {PACKAGE}.plugins.module_utils.kube.reader import read_documents"),
        ("filter/a.py", f"from {PACKAGE}.plugins.module_utils.definition.model import title"),
        ("modules/a.py", f"from {PACKAGE}.plugins.plugin_utils.refusals import guarded"),
        ("module_utils/frontend/a.py", f"from {PACKAGE}.plugins.plugin_utils.refusals import guarded"),
        ("plugin_utils/a.py", f"from {PACKAGE}.plugins.module_utils.definition.model import title"),
        ("action/a.py", "from ansible_collections.kubernetes.core.plugins.module_utils import common"),
        ("module_utils/intent/a.py", "import os"),
        ("module_utils/intent/a.py", "import os.path"),
        ("module_utils/intent/a.py", "from os import environ"),
        ("module_utils/intent/a.py", "import pathlib"),
        ("module_utils/intent/a.py", "import io"),
        ("module_utils/intent/a.py", "import time"),
        ("module_utils/intent/a.py", "from datetime import datetime"),
        ("module_utils/intent/a.py", "import random"),
        ("module_utils/intent/a.py", "import uuid"),
        ("module_utils/intent/a.py", "import socket"),
        ("module_utils/intent/a.py", "import subprocess"),
        ("module_utils/intent/a.py", "import urllib.request"),
        ("module_utils/intent/a.py", "from urllib import request"),
        ("module_utils/intent/a.py", "import yaml"),
        ("module_utils/intent/a.py", "def late():\n    import glob"),
        ("module_utils/reconcile/a.py", "text = open('a').read()"),
        ("module_utils/routing/a.py", "key = id(value)"),
        ("module_utils/routing/a.py", "os = __import__('os')"),
    ],
)
def test_what_may_not_be_is_found(place, source):
    assert problems(source, place)


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("module_utils/kube/a.py", "import yaml\nfrom .scalars import Scalar"),
        ("module_utils/translate/a.py", "from ..objects.identity import Identity\nfrom ..definition import hosts"),
        ("module_utils/routing/a.py", "from urllib.parse import urlsplit"),
        ("module_utils/output/a.py", "import os\nfrom pathlib import Path"),
        ("module_utils/frontend/a.py", "if TYPE_CHECKING:\n    from ansible.module_utils.basic import AnsibleModule"),
        ("modules/a.py", "from ansible.module_utils.basic import AnsibleModule"),
        ("filter/a.py", f"from {PACKAGE}.plugins.module_utils.definition.findings import DefinitionError"),
    ],
)
def test_what_may_be_is_not_found(place, source):
    assert problems(source, place) == []
