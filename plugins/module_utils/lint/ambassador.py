# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said of the objects of Ambassador by the ids and the version of what is installed.

Source: ``CHANGELOG.md`` of emissary-ingress/emissary v3.10.0, and the issues that the checks name.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..definition.fields import shown
from ..definition.findings import Finding
from ..definition.model import in_a_sentence
from ..routing.emissary_mappings import Group, Maker, Member, names_of
from ..routing.emissary_resources import (
    EVERY_ID,
    GROUP,
    KINDS,
    SERVED,
    Generation,
    Resource,
    Resources,
    StopsAllError,
    ids_of,
)

_VERSION = re.compile(r"(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})")
_MOST_NAMES = 5


# --- Ids ----------------------------------------------------------------------------------------------------------


def unknown_ids(objects: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """C04: Mappings for an id that no Listener and no Host has. Without any Listener it cannot be known."""
    found = Resources("", "v3", "ambassador").everything(objects)
    if not any(resource.kind == "Listener" for resource in found):
        return []
    known = {item for resource in found if resource.kind in ("Listener", "Host") for item in _ids(resource)}
    if EVERY_ID in known:
        return []
    fix = f"write an id that a Listener has ({_ids_shown(known)}), or add a Listener for it"
    return [
        Finding(
            "C04",
            "error",
            f"{resource.title}: ambassador_id",
            f"names {shown(item)}, which no Listener and no Host has, so no running Ambassador takes the Mapping there",
            fix,
        )
        for resource in found
        if resource.kind == "Mapping"
        for item in dict.fromkeys(_ids(resource))
        if item not in known and item != EVERY_ID
    ]


def _ids(resource: Resource) -> list[str]:
    return [item for item in ids_of(resource, "v3") if isinstance(item, str)]


def _ids_shown(ids: Iterable[str]) -> str:
    found = sorted(ids)
    return ", ".join(shown(item) for item in found[:_MOST_NAMES]) + (", ..." if len(found) > _MOST_NAMES else "")


# --- Versions -----------------------------------------------------------------------------------------------------


def version_findings(objects: Sequence[Mapping[str, Any]], version: str) -> list[Finding]:
    """C01 and C09: what the installed Ambassador, such as 1.14.4 or 3.10.0, cannot read or is known to misroute.

    What no Ambassador of its generation reads is a finding of the route table already, and not said again.

    Raises:
        ValueError: for a text that is no version.
    """
    parts = _VERSION.fullmatch(version)
    if parts is None:
        raise ValueError(f"{shown(version)} is no version of Ambassador: write three numbers, such as 3.10.0")
    numbers = (int(parts[1]), int(parts[2]), int(parts[3]))
    generation: Generation = "v3" if numbers[0] >= 2 else "v1"
    found = _unread_objects(objects, numbers[0])
    try:
        everything = Resources("", generation, "ambassador").everything(objects)
    except StopsAllError:
        return found
    found += [finding for resource in everything for finding in _unread_document(resource, numbers[0])]
    ids = {
        item
        for resource in everything
        if resource.kind == "Mapping"
        for item in ids_of(resource, generation)
        if isinstance(item, str)
    }
    if ids and numbers < (3, 9, 1):
        message = "loses requests while routes are shifted from one Mapping to another"
        found.append(_misroutes(f"Ambassador {version}", message, "use Emissary 3.9.1 or later"))
    if numbers < (3, 10, 0):
        for identity in sorted(ids):
            groups = _groups(objects, identity, generation)
            found += [*_misrouted(groups, version, numbers), *_selected_alike(groups, version, numbers)]
    return list(dict.fromkeys(found))


def _unread_objects(objects: Sequence[Mapping[str, Any]], major: int) -> list[Finding]:
    found = []
    for item in objects:
        version = str(item.get("apiVersion", ""))
        if not version.startswith(GROUP):
            continue
        version = version.removeprefix(GROUP)
        if item.get("kind") in KINDS and version not in SERVED["v3" if major >= 2 else "v1"]:
            continue  # the route table says so
        message, fix = "", ""
        if major < 2 and version.startswith("v3"):
            message, fix = f"which Ambassador {major} does not have", f"write it as {GROUP}v2, or install Emissary 3"
        elif major >= 4 and version in ("v0", "v1", "v2"):
            switch = "enableLegacyVersions" if version == "v2" else "enableLegacyVersions and enableV1"
            message = f"which Emissary {major} serves only where its chart of resource definitions has {switch}"
            fix = f"write it as {GROUP}v3alpha1, or set {switch}"
        if message:
            message = f"has the apiVersion {GROUP}{in_a_sentence(version)}, {message}"
            found.append(Finding("C01", "error", _title(item), message, fix))
    return found


def _title(item: Mapping[str, Any]) -> str:
    metadata = item.get("metadata")
    fields = metadata if isinstance(metadata, Mapping) else {}
    names = (str(fields.get("namespace") or "default"), str(fields.get("name") or ""))
    return f"{in_a_sentence(str(item.get('kind')))} {'/'.join(in_a_sentence(name) for name in names)}"


def _unread_document(resource: Resource, major: int) -> Iterator[Finding]:
    """What the route table takes as if its version were known."""
    version = in_a_sentence(resource.version)
    if resource.in_annotation and major < 2 and version.startswith("v3"):
        message = f"is a document of version {version}, and Ambassador {major} does not know what is new in it"
        yield Finding("C01", "error", resource.title, message, "write it in version v2")


def _groups(objects: Sequence[Mapping[str, Any]], identity: str, generation: Generation) -> list[Group]:
    resources = Resources(identity, generation, "ambassador")
    try:
        resources.read(objects)
        return Maker(resources).groups()
    except StopsAllError:
        return []


def _misrouted(groups: Sequence[Group], version: str, numbers: tuple[int, int, int]) -> Iterator[Finding]:
    for group in groups:
        members = group.members
        if len(members) == 1 and numbers < (2, 1, 2) and members[0].weight is not None and members[0].weight < 100:
            message = f"is {members[0].weight}, and Ambassador {version} gives a lone Mapping only that part"
            fix = "remove the weight, or use Emissary 2.1.2 or later"
            yield _misroutes(f"{members[0].title}: weight", message, fix)
        if len(members) > 1 and numbers >= (2, 0, 0):
            yield from _one_route(members, version, numbers)


def _one_route(members: Sequence[Member], version: str, numbers: tuple[int, int, int]) -> Iterator[Finding]:
    """Issue 5714: the cache of routes takes the name of the last header for that of the Mapping."""
    for name, fixed in (("regex_headers", (3, 10, 0)), ("headers", (3, 8, 0))):
        found = [member for member in members if member.fields.get(name)]
        if len(found) > 1 and numbers < fixed:
            message = f"makes Emissary {version} keep one route only for {names_of(found)}, so only one of them is used"
            fix = f"use Emissary {'.'.join(map(str, fixed))} or later, or set AMBASSADOR_FAST_RECONFIGURE to false"
            yield _misroutes(f"{found[-1].title}: {name}", message, fix)
            return


def _selected_alike(groups: Sequence[Group], version: str, numbers: tuple[int, int, int]) -> Iterator[Finding]:
    """Issue 4152: groups that only the labels tell apart by which Hosts select their Mappings."""
    if not (2, 2, 2) <= numbers < (3, 8, 0):
        return
    alike: dict[Hashable, list[Member]] = {}
    for group in groups:
        one = group.first
        if not one.host:
            match = one.fields["prefix"], one.headers, one.query, one.fields.get("precedence") or 0
            alike.setdefault(match, []).append(one)
    for members in alike.values():
        if len(members) > 1:
            message = f"has the same match as {names_of(members[1:])}, and only the labels that Hosts select tell them"
            message += f" apart, which Emissary {version} does not look at, so only one of them is used"
            fix = "write a hostname in each, or use Emissary 3.8.0 or later"
            yield _misroutes(f"{members[0].title}: hostname", message, fix)


def _misroutes(where: str, message: str, fix: str) -> Finding:
    return Finding("C09", "warning", where, message, fix)
