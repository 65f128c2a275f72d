# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From plain documents to definitions: the one entrance of everything that is translated."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .advice import let_in, seldon_findings
from .fields import FieldReader, kind_of, word
from .findings import UNREADABLE, DefinitionError, Finding, refusal
from .model import Definition, Origin, title
from .profile import Profile
from .read_route import API_VERSION as ROUTE_API_VERSION
from .read_route import read_route
from .read_seldon import API_VERSIONS as SELDON_API_VERSIONS
from .read_seldon import read_seldon
from .validate_route import route_problems
from .validate_run import double_definitions, double_services
from .validate_seldon import judge_seldon

KINDS = f"SeldonDeployment ({', '.join(SELDON_API_VERSIONS)}) and ServiceRoute ({ROUTE_API_VERSION})"
# The checks of fields that hold something of the wrong type.
_CHECKS = {"traffic": "A01", "weight": "A01"}


@dataclass(frozen=True, slots=True)
class Source:
    """One plain document and where it was read."""

    value: Any
    origin: Origin


@dataclass(frozen=True, slots=True)
class Definitions:
    """All definitions of a run, in the order of (kind, namespace, name), and what is worth knowing about them.

    ``refused`` says why others are not among them.
    """

    items: tuple[Definition, ...]
    findings: tuple[Finding, ...]
    refused: tuple[Finding, ...] = ()


def read_definitions(sources: Iterable[Source], profile: Profile) -> Definitions:
    """Read and validate every document.

    Raises:
        DefinitionError: with every problem of every document, not the first only.
    """
    found = judged_definitions(sources, profile)
    if found.refused:
        raise DefinitionError(found.refused)
    return found


def judged_definitions(sources: Iterable[Source], profile: Profile) -> Definitions:
    """Read and validate every document; those that are refused are left out."""
    definitions: list[Definition] = []
    findings: list[Finding] = []
    refused: list[Finding] = []
    bad: set[Origin] = set()
    for source in sources:
        for value, origin in unpacked(source):
            before = len(refused)
            definition = _read(value, origin, profile, refused, findings)
            if definition is not None:
                definitions.append(definition)
            if len(refused) > before:
                bad.add(origin)
    definitions.sort(key=lambda item: (item.kind, item.namespace, item.name))
    doubles = [*double_definitions(definitions)]
    collisions = () if doubles else double_services(definitions)
    for owner, problem in (*doubles, *collisions):
        if doubles or profile.check_collisions:
            refused.append(refusal(f"{owner.origin}, {title(owner)}", problem))
            bad.add(owner.origin)
        else:
            findings.append(let_in(problem, owner))
    items = tuple(item for item in definitions if item.origin not in bad)
    return Definitions(items, tuple(sorted(findings)), tuple(refused))


def unpacked(source: Source) -> Iterable[tuple[Any, Origin]]:
    """The documents of a ``List`` (what ``kubectl get -o yaml`` prints), or the document itself."""
    value = source.value
    if (
        isinstance(value, Mapping)
        and str(value.get("kind", "")).endswith("List")
        and isinstance(value.get("items"), list)
    ):
        for index, item in enumerate(value["items"]):
            yield item, Origin(f"{source.origin}, items[{index}]")
    else:
        yield value, source.origin


def _read(
    value: Any, origin: Origin, profile: Profile, refused: list[Finding], findings: list[Finding]
) -> Definition | None:
    if not isinstance(value, Mapping):
        fix = "a definition must be a mapping with apiVersion, kind, metadata and spec"
        refused.append(Finding(UNREADABLE, "error", str(origin), f"is {kind_of(value)}", fix))
        return None
    reader = FieldReader()
    version, kind = value.get("apiVersion"), value.get("kind")
    definition: Definition
    if kind == "SeldonDeployment" and version in SELDON_API_VERSIONS:
        definition, notes = read_seldon(value, origin, reader)
        broken, accepted = judge_seldon(definition, profile, reader.problems)
        problems = [*reader.problems, *broken]
        findings += notes
        if not problems:
            findings += (*(let_in(problem, definition) for problem in accepted), *seldon_findings(definition))
    elif kind == "ServiceRoute" and version == ROUTE_API_VERSION:
        definition = read_route(value, origin, reader)
        problems = [*reader.problems, *route_problems(definition)]
    else:
        what = f"kind {word(kind)} with apiVersion {word(version)} is not a definition"
        refused.append(Finding(UNREADABLE, "error", str(origin), what, f"allowed are {KINDS}"))
        return None
    for problem in problems:
        named = problem if problem.check else replace(problem, check=_CHECKS.get(problem.path.rpartition(".")[2], ""))
        refused.append(refusal(f"{origin}, {title(definition)}", named))
    return None if reader.problems else definition
