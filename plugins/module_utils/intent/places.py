# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries that wait for the same requests: in which order proxies try them, and which of them share one place.

Emissary puts every Mapping with the same match into one group, whoever wrote it; Istio takes the first route that
matches. So that both route alike, the order and the grouping of Emissary are computed here and written out for Istio.
Source: ``python/ambassador/ir/irhttpmapping.py`` (lines 514 to 589) and ``irbasemappinggroup.py`` (lines 58 to 141) of
emissary-ingress/emissary v3.10.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..definition.findings import DefinitionError
from ..definition.model import MatchKind, TextMatch
from .model import Entry, Intent, Match, Pairs

Member = tuple[Intent, Entry]


@dataclass(frozen=True, slots=True)
class Door:
    """Where an entry is served: at which hosts, and by what (gateways, or the ids of Ambassadors)."""

    hosts: tuple[str, ...]
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """All entries of a run that match the same requests at one door, the owner of the address first.

    ``entry`` is what they are together: the backends of all members with the shares that Emissary gives them.
    """

    door: Door
    members: tuple[Member, ...]
    entry: Entry

    @property
    def owner(self) -> Intent:
        return self.members[0][0]


def places(intents: Iterable[Intent], door: Callable[[Intent, Entry], Door]) -> tuple[Place, ...]:
    """Group the entries of a run as Emissary groups Mappings.

    Raises:
        DefinitionError: where two definitions want the same requests and neither is attached to the other, or where
            attached definitions cannot share them.
    """
    found: dict[tuple[Door, str], list[Member]] = {}
    for intent in intents:
        for entry in intent.entries:
            found.setdefault((door(intent, entry), emissary_group(entry.match)), []).append((intent, entry))
    lines: list[str] = []
    for members in found.values():
        if len(members) > 1:
            members.sort(key=lambda member: (not member[0].stands_alone, member[0].namespace, member[0].name))
            lines += _quarrels(members)
    lines += _shared_hosts(found)
    if lines:
        raise DefinitionError(sorted(set(lines)))
    return tuple(
        Place(where, tuple(members), joined([entry for _intent, entry in members]))
        for (where, _group), members in found.items()
    )


def emissary_group(match: Match) -> str:
    """What Emissary joins Mappings by (``_group_id``): texts without separators, and without the kind of comparison."""
    method = "|".join(match.methods)
    headers = "".join(name + text.value for name, text in _as_mapped(match.headers))
    query = "".join(name + text.value for name, text in _as_mapped(match.query))
    return f"{method or 'GET'}{match.path}{headers}{':method' + method if method else ''}{query}"


def _as_mapped(pairs: Pairs) -> Iterator[tuple[str, TextMatch]]:
    """The pairs in the order of a Mapping: exact ones first; "is present" is the expression ``.*``."""
    yield from ((name, text) for name, text in pairs if text.kind == "exact")
    yield from ((name, TextMatch("regex", text.value or ".*")) for name, text in pairs if text.kind != "exact")


def _shared_hosts(found: Mapping[tuple[Door, str], Sequence[Member]]) -> Iterable[str]:
    """Lists of hosts that differ and still have one in common."""
    first: dict[tuple[str, tuple[str, ...], str], Intent] = {}
    for (door, group), members in found.items():
        intent, entry = members[0]
        for host in door.hosts:
            owner = first.setdefault((host, door.by, group), intent)
            if owner is not intent:
                both = _both(intent, entry.match, owner)
                yield f"{both} at the host {host}: give one of them another path, host or header."


def _both(intent: Intent, match: Match, owner: Intent) -> str:
    return f"{intent.origin}, {intent.title}: matches the same requests ({match.path}) as {owner.title}"


def _quarrels(members: Sequence[Member]) -> Iterable[str]:
    (owner, first), *others = members
    explicit = sum(backend.percent for _intent, item in members for backend in item.backends if not backend.takes_rest)
    for intent, entry in others:
        both = _both(intent, entry.match, owner)
        attached = intent.attached_to == owner.attached_to and intent.namespace == owner.namespace
        if entry.match != first.match:
            yield f"{both} to Emissary, which ignores how they are compared: give one another path or header."
        elif intent is owner or intent.kind != owner.kind or not attached:
            yield f"{both}: give one of them another path, host or header."
        elif entry.policies != first.policies:
            yield f"{both} and has other timeouts, retries or circuit breakers: make them equal or add a header."
        elif explicit > 100:
            yield f"{both} and their canaries together get more than 100 %: lower the traffic of one."
        elif sum(item.mirror is not None for _intent, item in members) > 1:
            yield f"{both} and both have a shadow: keep one of them."


def joined(entries: Sequence[Entry]) -> Entry:
    """One entry for several with the same match: explicit shares stay, the others divide the rest equally."""
    first = entries[0]
    if len(entries) == 1:
        return first
    backends = [backend for entry in entries for backend in entry.backends]
    sharing = sorted((backend for backend in backends if backend.takes_rest), key=lambda backend: backend.service)
    left = 100 - sum(backend.percent for backend in backends if not backend.takes_rest)
    # Emissary adds the rounded parts up and lets the last one end at 100, so the last ones may get nothing.
    part = round(left / len(sharing))
    ends = [min(part * (index + 1), left) for index in range(len(sharing) - 1)] + [left]
    shares = {backend: end - begin for backend, begin, end in zip(sharing, [0, *ends[:-1]], ends, strict=True)}
    return replace(
        first,
        backends=tuple(replace(backend, percent=shares.get(backend, backend.percent)) for backend in backends),
        mirror=next((entry.mirror for entry in entries if entry.mirror), None),
    )


def rank(match: Match) -> tuple[int | str, ...]:
    """Sort by this, highest first, to try matches in Emissary's order (``_route_weight``): long paths before short
    ones, then by the amount of header and query text. A regular expression counts with the length of its text.
    """
    headers = list(_as_mapped(match.headers))
    if match.methods:
        kind: MatchKind = "exact" if len(match.methods) == 1 else "regex"
        headers.append((":method", TextMatch(kind, "|".join(match.methods))))
    query = list(_as_mapped(match.query))
    return (
        len(match.path),
        _length(headers),
        _length(query),
        match.path,
        "|".join(match.methods) or "GET",
        *(f"{name}-{text.value}" for name, text in (*headers, *query)),
    )


def _length(pairs: Iterable[tuple[str, TextMatch]]) -> int:
    return sum(len(name) + len(text.value) + (text.kind == "regex") for name, text in pairs)
