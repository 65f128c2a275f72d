# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the contract tests look at: the files of the collection, the options of its plugins, a run of Ansible."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "ansible_collections.mlops.ingress"
CHECKS = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def plugin_names(kind: str) -> list[str]:
    """The plugins of a kind (``modules``, ``action``) that has one file a plugin."""
    return [path.stem for path in python_files(f"plugins/{kind}") if path.stem != "__init__"]


def filters() -> dict[str, Callable[..., Any]]:
    """All filters by name."""
    found: dict[str, Callable[..., Any]] = {}
    for path in python_files("plugins/filter"):
        found |= importlib.import_module(f"{PACKAGE}.plugins.filter.{path.stem}").FilterModule().filters()
    return found


def sidecar(name: str) -> dict[str, Any]:
    """The documentation of a filter: DOCUMENTATION, EXAMPLES and RETURN."""
    return yaml.safe_load((ROOT / "plugins/filter" / f"{name}.yml").read_text(encoding="utf-8"))


class _BuiltError(Exception):
    """Leaves a module at the point where its options are known."""


def module_arguments(name: str) -> dict[str, Any]:
    """What a module hands to AnsibleModule: ``argument_spec``, ``supports_check_mode``, the checks between options."""
    module = importlib.import_module(f"{PACKAGE}.plugins.modules.{name}")
    given: dict[str, Any] = {}

    def build(**arguments: Any) -> None:
        given.update(arguments)
        raise _BuiltError

    real, module.AnsibleModule = module.AnsibleModule, build
    try:
        module.run_module()
    except _BuiltError:
        return given
    finally:
        module.AnsibleModule = real
    raise AssertionError(f"{name}: run_module() builds no AnsibleModule")


@dataclass(frozen=True)
class Ansible:
    """Ansible's programs, with this checkout as the only collection and nothing of the user's home."""

    folder: Path

    @staticmethod
    def at(folder: Path) -> Ansible:
        link = folder / "ansible_collections/mlops/ingress"
        link.parent.mkdir(parents=True)
        link.symlink_to(ROOT, target_is_directory=True)
        return Ansible(folder)

    def run(self, program: str, *arguments: str) -> str:
        """The standard output of a program; what it says where it fails is the reason of the failure."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        home = str(self.folder / "home")
        settings = {
            "ANSIBLE_COLLECTIONS_PATH": str(self.folder),
            "ANSIBLE_HOME": home,
            "ANSIBLE_LOCAL_TEMP": f"{home}/tmp",
            "ANSIBLE_REMOTE_TMP": f"{home}/tmp",
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "HOME": home,
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [str(Path(sys.executable).with_name(program)), *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=kept | settings, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "[WARNING]" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done.stdout

    def documentation(self, kind: str, names: list[str]) -> dict[str, dict[str, Any]]:
        """Documentation as users see it, with its fragments: ``doc``, ``examples`` and ``return`` by name."""
        found = json.loads(self.run("ansible-doc", "-j", "-t", kind, *(f"mlops.ingress.{name}" for name in names)))
        return {name: found[f"mlops.ingress.{name}"] for name in names}


def differences(spec: dict[str, Any], documented: dict[str, Any], path: str = "") -> Iterator[str]:
    """Where the options of an argument spec and of a documentation are not the same."""
    for name in sorted(spec.keys() | documented.keys()):
        place = f"{path}{name}"
        if name not in documented:
            # An underscore marks what only our own action plugins set.
            if not name.startswith("_"):
                yield f"{place}: is not documented"
            continue
        if name not in spec:
            yield f"{place}: is documented, and no option"
            continue
        ours, theirs = _facts(spec[name]), _facts(documented[name])
        yield from (
            f"{place}.{key}: {ours[key]!r}, documented is {theirs[key]!r}" for key in ours if ours[key] != theirs[key]
        )
        yield from differences(spec[name].get("options") or {}, documented[name].get("suboptions") or {}, f"{place}.")


def _facts(option: dict[str, Any]) -> dict[str, Any]:
    default = option.get("default")
    return {
        "type": option.get("type", "str"),
        "elements": option.get("elements"),
        "required": bool(option.get("required")),
        # With its type, because 1 == True in Python.
        "default": (type(default).__name__, default),
        "choices": sorted(option.get("choices") or [], key=str),
        "aliases": sorted(option.get("aliases") or []),
    }


def signature_options(function: Callable[..., Any]) -> dict[str, Any]:
    """The named parameters of a filter after its input, and their defaults; None where there is none."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    named = [item for item in parameters if item.kind is not item.VAR_KEYWORD]
    return {item.name: None if item.default is item.empty else item.default for item in named}


TYPES = {"str": str, "bool": bool, "int": int, "float": (int, float), "list": list, "dict": dict}


def type_problems(value: Any, documented: dict[str, Any], path: str) -> Iterator[str]:
    """Where a returned value is not what a RETURN block says, with all keys in it."""
    wanted = documented["type"]
    if not isinstance(value, TYPES[wanted]) or (wanted in ("int", "float") and isinstance(value, bool)):
        yield f"{path}: is {type(value).__name__}, documented is {wanted}"
        return
    elements = documented.get("elements")
    for index, item in enumerate(value if wanted == "list" and elements else ()):
        yield from type_problems(item, {**documented, "type": elements, "elements": None}, f"{path}[{index}]")
    contains = documented.get("contains")
    if wanted == "dict" and contains:
        yield from key_problems(value, contains, f"{path}.")


def key_problems(value: dict[str, Any], documented: dict[str, Any], path: str = "") -> Iterator[str]:
    """Where the keys of a returned mapping are not those of a RETURN block; null may stand for any value."""
    for key in sorted(value.keys() ^ documented.keys()):
        yield f"{path}{key}: {'is not documented' if key in value else 'is documented, and not returned'}"
    for key in value.keys() & documented.keys():
        if value[key] is not None:
            yield from type_problems(value[key], documented[key], f"{path}{key}")
