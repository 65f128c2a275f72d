# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries that wait for the same requests: in which order proxies try them, and which of them share one place.

Emissary puts every Mapping with the same match into one group, whoever wrote it; Istio takes the first route that
matches. So that both route alike, the order and the grouping of Emissary are computed here and written out for Istio.
Source: ``python/ambassador/ir/irhttpmapping.py`` (lines 507 to 589) and ``irbasemappinggroup.py`` (lines 58 to 141) of
emissary-ingress/emissary v3.9.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..definition.findings import DefinitionError
from .model import Backend, Entry, Intent, Match, Pairs

Member = tuple[Intent, Entry]


@dataclass(frozen=True, slots=True)
class Place:
    """All entries of a run that match the same requests, the owner of the address first."""

    members: tuple[Member, ...]

    @property
    def owner(self) -> Intent:
        return self.members[0][0]

    @property
    def entry(self) -> Entry:
        """The entries as one: the backends of all members with the shares that Emissary gives them."""
        return joined([entry for _intent, entry in self.members])


@dataclass(frozen=True, slots=True)
class Door:
    """Where an entry is served: at which hosts, and by what (gateways, or the ids of Ambassadors)."""

    hosts: tuple[str, ...]
    by: tuple[str, ...]


def places(intents: Iterable[Intent], door: Callable[[Intent, Entry], Door]) -> list[Place]:
    """Group the entries of a run by what they match at which door.

    Raises:
        DefinitionError: where two definitions want the same requests and neither is attached to the other, or where
            attached definitions cannot share them.
    """
    found: dict[tuple[Door, Match], list[Member]] = {}
    for intent in intents:
        for entry in intent.entries:
            found.setdefault((door(intent, entry), entry.match), []).append((intent, entry))
    lines: list[str] = []
    for members in found.values():
        if len(members) > 1:
            members.sort(key=lambda member: (not member[0].stands_alone, member[0].namespace, member[0].name))
            lines += _quarrels(members)
    lines += _shared_hosts(found)
    if lines:
        raise DefinitionError(sorted(set(lines)))
    return [Place(tuple(members)) for members in found.values()]


def _shared_hosts(found: Mapping[tuple[Door, Match], Sequence[Member]]) -> Iterable[str]:
    """Lists of hosts that differ and still have one in common."""
    first: dict[tuple[str, tuple[str, ...], Match], Intent] = {}
    for (door, match), members in found.items():
        intent = members[0][0]
        for host in door.hosts:
            owner = first.setdefault((host, door.by, match), intent)
            if owner is not intent:
                both = _both(intent, match, owner)
                yield f"{both} at the host {host}: give one of them another path, host or header."


def _both(intent: Intent, match: Match, owner: Intent) -> str:
    return f"{intent.origin}, {intent.title}: matches the same requests ({match.path}) as {owner.title}"


def _quarrels(members: Sequence[Member]) -> Iterable[str]:
    (owner, first), *others = members
    explicit = sum(backend.percent for _intent, item in members for backend in item.backends if not backend.takes_rest)
    for intent, entry in others:
        both = _both(intent, entry.match, owner)
        attached = intent.attached_to == owner.attached_to and intent.namespace == owner.namespace
        if intent is owner or intent.kind != owner.kind or not attached:
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
    part = round(left / len(sharing))
    shares: dict[Backend, int] = dict.fromkeys(sharing, part)
    shares[sharing[-1]] = left - part * (len(sharing) - 1)
    return replace(
        first,
        backends=tuple(replace(backend, percent=shares.get(backend, backend.percent)) for backend in backends),
        mirror=next((entry.mirror for entry in entries if entry.mirror), None),
    )


def rank(match: Match) -> tuple[object, ...]:
    """Sort by this, highest first, to try matches in Emissary's order: long paths before short ones, then by the
    amount of header and query text. A regular expression counts with the length of its text.
    """
    return (
        len(match.path),
        _weight(match.headers),
        _weight(match.query),
        match.path,
        match.methods,
        tuple(name for name, _text in match.headers),
    )


def _weight(pairs: Pairs) -> int:
    return sum(
        len(name) + (len(text.value) if text.kind != "present" else 2) + (text.kind != "exact") for name, text in pairs
    )
