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

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ..definition.findings import DefinitionError, Finding
from ..definition.model import LONGEST_NAME, MatchKind, TextMatch, in_a_sentence
from .model import Backend, Entry, Intent, Match, Pairs

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


@dataclass(frozen=True, slots=True)
class Quarrel:
    """Two entries that want the same requests and cannot have them; ``check`` is the id of the finding."""

    check: str
    intent: Intent
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class Places:
    """All places of a run, and what their members quarrel about."""

    served: tuple[Place, ...]
    quarrels: tuple[Quarrel, ...]

    def refuse_quarrels(self) -> None:
        """Refuse a run in which two definitions want the same requests and neither is attached to the other, or
        attached ones cannot share them.

        Raises:
            DefinitionError: with one line for each quarrel.
        """
        refused = {
            Finding(item.check, "error", f"{item.intent.origin}, {item.intent.title}", item.what, item.advice)
            for item in self.quarrels
        }
        if refused:
            raise DefinitionError(sorted(refused, key=str))


def places(
    intents: Iterable[Intent],
    door: Callable[[Intent, Entry], Door],
    *,
    group: Callable[[Match], Hashable] | None = None,
    lone_gets_all: bool = True,
) -> Places:
    """Group the entries of a run by ``group``, as Emissary groups Mappings if nothing else is said.

    ``lone_gets_all`` says whether a backend without others gets all requests even if it has a weight.
    """
    found: dict[tuple[Door, Hashable], list[Member]] = {}
    for intent in intents:
        for entry in intent.entries:
            key = door(intent, entry), (group or emissary_group)(entry.match)
            found.setdefault(key, []).append((intent, entry))
    quarrels: list[Quarrel] = []
    for members in found.values():
        if len(members) > 1:
            members.sort(key=lambda member: (not member[0].stands_alone, member[0].namespace, member[0].name))
            quarrels += _quarrels(members)
    quarrels += _shared_hosts(found)
    served = (
        Place(where, tuple(members), joined([entry for _intent, entry in members], lone_gets_all=lone_gets_all))
        for (where, _group), members in found.items()
    )
    return Places(tuple(served), tuple(quarrels))


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


def _shared_hosts(found: Mapping[tuple[Door, Hashable], Sequence[Member]]) -> Iterable[Quarrel]:
    """Lists of hosts that differ and still have one in common."""
    first: dict[tuple[str, tuple[str, ...], Hashable], Intent] = {}
    for (door, group), members in found.items():
        intent, entry = members[0]
        for host in door.hosts:
            owner = first.setdefault((host, door.by, group), intent)
            if owner is not intent:
                what = f"{_both(entry.match, owner)} at the host {in_a_sentence(host, LONGEST_NAME)}"
                yield Quarrel("B01", intent, what, "give one of them another path, host or header")


def _both(match: Match, owner: Intent) -> str:
    return f"matches the same requests ({in_a_sentence(match.path, LONGEST_NAME)}) as {owner.title}"


def _quarrels(members: Sequence[Member]) -> Iterable[Quarrel]:
    (owner, first), *others = members
    explicit = sum(backend.weight or 0 for _intent, item in members for backend in item.backends)
    for intent, entry in others:
        both = _both(entry.match, owner)
        attached = intent.attached_to == owner.attached_to and intent.namespace == owner.namespace
        if entry.match != first.match:
            what = f"{both} to Emissary, which ignores how they are compared"
            yield Quarrel("B01", intent, what, "give one another path or header")
        elif intent is owner or intent.kind != owner.kind or not attached:
            crossed = entry.kind == "grpc" and intent.namespace != owner.namespace
            yield Quarrel("B3" if crossed else "B01", intent, both, "give one of them another path, host or header")
        elif entry.policies != first.policies:
            what = f"{both} and has other timeouts, retries or circuit breakers"
            yield Quarrel("B26", intent, what, "make them equal or add a header")
        elif explicit > 100:
            what = f"{both} and their canaries together get more than 100 %"
            yield Quarrel("C06", intent, what, "lower the traffic of one")
        elif sum(len(item.mirrors) for _intent, item in members) > 1:
            yield Quarrel("A04", intent, f"{both} and both have a shadow", "keep one of them")


def joined(entries: Sequence[Entry], *, lone_gets_all: bool = True) -> Entry:
    """One entry for all with the same match, with the share that each backend gets.

    Explicit weights are used up in order until 100, and backends without weight divide the rest equally.
    """
    backends = [backend for entry in entries for backend in entry.backends]
    shares = [100] if lone_gets_all and len(backends) == 1 else _shares(backends)
    return replace(
        entries[0],
        backends=tuple(replace(backend, percent=share) for backend, share in zip(backends, shares, strict=True)),
        mirrors=tuple(mirror for entry in entries for mirror in entry.mirrors),
    )


def _shares(backends: Sequence[Backend]) -> list[int]:
    left = 100
    shares = []
    for backend in backends:
        share = max(0, min(backend.weight or 0, left))
        shares.append(share)
        left -= share
    sharing = sorted(
        (index for index, backend in enumerate(backends) if backend.weight is None),
        key=lambda index: backends[index].service,
    )
    # Emissary adds the rounded parts up and lets the last one end at 100, so the last ones may get nothing.
    part = round(left / len(sharing)) if sharing else 0
    ends = [min(part * (place + 1), left) for place in range(len(sharing) - 1)] + [left]
    for index, begin, end in zip(sharing, [0, *ends], ends, strict=False):
        shares[index] = end - begin
    return shares


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
