# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes that one environment makes to shared definitions.

An override names a definition and gives a JSON merge patch (RFC 7386). Two lists are merged by name instead of being
replaced, because an environment changes a weight or an image, never the whole list: ``spec.predictors`` and the
containers of its ``componentSpecs``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .fields import kind_of, nearest, on_one_line, shown
from .findings import DefinitionError
from .model import LONGEST_NAME, in_a_sentence, listed
from .read import Source, unpacked

FIELDS = ("kind", "merge", "name", "namespace")


@dataclass(frozen=True, slots=True)
class Override:
    """One change. ``namespace`` is None where the override leaves it out; it then means any."""

    kind: str
    namespace: str | None
    name: str
    merge: Mapping[str, Any]
    place: str

    def fits(self, document: Any) -> bool:
        if not isinstance(document, Mapping) or document.get("kind") != self.kind:
            return False
        metadata = document.get("metadata")
        if not isinstance(metadata, Mapping) or metadata.get("name") != self.name:
            return False
        return self.namespace in (None, metadata.get("namespace") or "default")


class _MismatchError(ValueError):
    """An override does not fit what it changes: the path within ``merge`` and why."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{on_one_line(f'merge.{path}')}: {why}")


def read_overrides(given: Sequence[Any]) -> list[Override]:
    """Check the option ``overrides``.

    Raises:
        DefinitionError: with one sentence for each override that cannot be used.
    """
    found, lines = [], []
    for index, item in enumerate(given):
        place = f"overrides[{index}]"
        problem = _problem(item)
        if problem:
            lines.append(f"{place}: {problem}.")
        else:
            found.append(Override(item["kind"], item.get("namespace"), item["name"], item["merge"], place))
    if lines:
        raise DefinitionError(lines)
    return found


def _problem(item: Any) -> str | None:
    if not isinstance(item, Mapping):
        return f"is {kind_of(item)}: write a mapping with kind, name and merge"
    for key in item:
        if key not in FIELDS:
            hint = nearest(str(key), FIELDS)
            return f"{in_a_sentence(str(key))}: is not a known field{hint}: known are {', '.join(FIELDS)}"
    for key in ("kind", "name"):
        if not isinstance(item.get(key), str):
            return f"{key}: is {kind_of(item.get(key))}: name the definition that the override changes"
    if not isinstance(item.get("namespace"), str | None):
        return f"namespace: is {kind_of(item['namespace'])}: it must be text"
    if not isinstance(item.get("merge"), Mapping):
        return f"merge: is {kind_of(item.get('merge'))}: write the fields to change as a mapping"
    fixed = set(item["merge"]) & {"apiVersion", "kind"}
    metadata = item["merge"].get("metadata")
    if fixed or (isinstance(metadata, Mapping) and {"name", "namespace"} & set(metadata)):
        return "merge: changes what identifies the definition (apiVersion, kind, name or namespace): leave that out"
    return None


def apply_overrides(sources: Sequence[Source], overrides: Sequence[Override]) -> list[Source]:
    """New sources with every override applied, in the order given; the input is not changed.

    Raises:
        DefinitionError: for an override that matches no definition, or names a predictor or container that is not
        there.
    """
    if not overrides:
        return list(sources)
    changed = [Source(value, origin) for source in sources for value, origin in unpacked(source)]
    lines = []
    for override in overrides:
        used = False
        for index, source in enumerate(changed):
            if override.fits(source.value):
                used = True
                try:
                    changed[index] = Source(_merged(source.value, override.merge, ""), source.origin)
                except _MismatchError as error:
                    lines.append(f"{override.place}: {error}.")
        if not used:
            names = (name for name in (override.namespace, override.name) if name)
            place = "/".join(in_a_sentence(name, LONGEST_NAME) for name in names)
            lines.append(
                f"{override.place}: no definition is the {in_a_sentence(override.kind)} {place}:"
                " correct the name or remove the override."
            )
    if lines:
        raise DefinitionError(lines)
    return changed


def _merged(target: Any, patch: Mapping[str, Any], path: str) -> dict[str, Any]:
    """RFC 7386, with the named lists of a deployment merged item by item."""
    found = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        place = f"{path}.{key}" if path else str(key)
        old = found.get(key)
        if value is None:
            found.pop(key, None)
        elif isinstance(value, Mapping):
            found[key] = _merged(old, value, place)
        elif isinstance(value, list) and isinstance(old, list) and place == "spec.predictors":
            found[key] = _by_name(old, value, place)
        elif isinstance(value, list) and isinstance(old, list) and _ends(place, "].componentSpecs"):
            found[key] = _pods(old, value, place)
        elif isinstance(value, list) and isinstance(old, list) and _ends(place, ".spec.containers"):
            found[key] = _by_name(old, value, place)
        else:
            found[key] = value
    return found


def _ends(place: str, ending: str) -> bool:
    return place.startswith("spec.predictors[") and place.endswith(ending)


def _name_of(item: Any) -> str:
    name = item.get("name") if isinstance(item, Mapping) else None
    return name if isinstance(name, str) else ""


def _by_name(old: list[Any], patch: list[Any], path: str) -> list[Any]:
    found = list(old)
    names = [_name_of(item) for item in old]
    for item in patch:
        name = _name_of(item)
        if not name:
            raise _MismatchError(path, "holds an item without a name: name the item that it changes")
        if name not in names:
            raise _MismatchError(path, _missing("", name, sorted(filter(None, names))))
        index = names.index(name)
        found[index] = _merged(found[index], item, f"{path}[{name}]")
    return found


def _missing(what: str, name: str, names: Sequence[str]) -> str:
    there = listed(map(in_a_sentence, names))
    return f"there is no {what}{shown(name)} to change{nearest(name, names)}: there are {there}"


def _pods(old: list[Any], patch: list[Any], path: str) -> list[Any]:
    """Each pod of the patch changes the pod that has its first container, or the one in the same position."""
    found = list(old)
    for position, item in enumerate(patch):
        first = _first_container(item)
        index = next((place for place, pod in enumerate(old) if first and first in _containers(pod)), None)
        if index is None and first:
            names = [name for pod in old for name in _containers(pod)]
            raise _MismatchError(path, _missing("container ", first, names))
        index = position if index is None else index
        if index >= len(old) or not isinstance(item, Mapping):
            raise _MismatchError(path, f"its item {position} fits no pod: there are {len(old)}")
        found[index] = _merged(found[index], item, f"{path}[{index}]")
    return found


def _containers(pod: Any) -> list[str]:
    spec = pod.get("spec") if isinstance(pod, Mapping) else None
    containers = spec.get("containers") if isinstance(spec, Mapping) else None
    return [_name_of(item) for item in containers] if isinstance(containers, list) else []


def _first_container(pod: Any) -> str:
    return next(iter(_containers(pod)), "")
