# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""VirtualServices whose order decides where a request goes: they become one, in which the order is ours.

At a gateway Istio appends the routes of all VirtualServices of a host to each other, the oldest first, and then puts
those that take every request last: ``pilot/pkg/networking/core/gateway.go`` (buildGatewayHTTPRouteConfig) and
``core/route/route.go`` (SortVHostRoutes, IsCatchAllRoute) of istio/istio. In the mesh it takes the oldest alone ("host
merging is not supported in sidecars", ``ops/best-practices/traffic-management`` of istio/istio.io).

Only VirtualServices with a host in common are held against each other. Envoy serves a name from its most specific
domain and asks no other one, so those of ``a.com`` and of ``*`` stay apart, except where the servers of a Gateway are
narrower than both; a Gateway is nothing that a translation knows.

Those at different gateways stay apart, too, and what Ambassador, which has one door, decides otherwise is told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..definition.findings import DefinitionError, Finding
from ..definition.hosts import MESH
from ..definition.model import full_name, in_a_sentence, place_of
from ..intent.model import Entry, Intent, Match
from ..intent.overlaps import overlapping, paths_meet
from ..intent.places import rank


@dataclass(slots=True)
class VirtualService:
    """One VirtualService while it is put together."""

    name: str
    owner: Intent
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    entries: list[Entry] = field(default_factory=list)

    @property
    def home(self) -> tuple[str, frozenset[str], frozenset[str]]:
        """What has to be equal so that two of them can become one."""
        return self.owner.namespace, frozenset(_lowered(self.hosts)), frozenset(self.gateways)


# So many lines about one definition are told; of others only how many they are.
_MOST_LINES = 20
# Two VirtualServices by their places, the lower one first, and the path of each that one request can match both; no
# paths where they meet in the mesh.
_Edges: TypeAlias = Mapping[tuple[int, int], tuple[str, ...]]


def in_order(services: Iterable[VirtualService]) -> tuple[list[VirtualService], list[Finding]]:
    """The VirtualServices with those merged whose order matters, and a finding for each that is now in another one.

    The first one in the order of namespaces and names takes in the others.

    Raises:
        DefinitionError: where such two differ in namespace, hosts or gateways.
    """
    found = sorted(services, key=lambda item: (item.owner.namespace, item.owner.name, item.name, item.owner.kind))
    edges = _edges(found)
    if refused := list(_refusals(found, edges)):
        raise DefinitionError(refused)
    kept, notes, reasons = dict(enumerate(found)), [], _reasons(edges)
    clusters = _clusters(edges)
    for first, *others in clusters:
        members = [found[place] for place in (first, *others)]
        if len({item.name for item in members}) < len(members):
            continue  # left to the check of identities, which refuses equal names (B27)
        kept[first] = _joined(members)
        for place in others:
            del kept[place]
            if found[place].owner is not found[first].owner:
                notes.append(_note(found, edges, place, first, reasons[place]))
    return list(kept.values()), [
        *notes,
        *_asked_like_grpc(found, clusters),
        *_at_gateways(found),
        *_narrow_hosts(found),
    ]


def _joined(members: Sequence[VirtualService]) -> VirtualService:
    first = members[0]
    entries = [entry for item in members for entry in item.entries]
    return VirtualService(first.name, first.owner, first.hosts, first.gateways, entries)


# --- Which of them --------------------------------------------------------------------------------------------------


def _edges(services: Sequence[VirtualService]) -> _Edges:
    found: dict[tuple[int, int], tuple[str, ...]] = {}
    for in_mesh, places in _sharing(services):
        if in_mesh:
            found |= {(places[0], place): () for place in places[1:]}
            continue
        for two, paths in _dependent(services, places):
            found.setdefault(two, paths)
    return found


def _dependent(
    services: Sequence[VirtualService], places: Iterable[int]
) -> Iterator[tuple[tuple[int, int], tuple[str, ...]]]:
    """Each two of these that do different things with one request, and their paths; two may come several times."""
    entries = [(place, entry) for place in places for entry in services[place].entries]
    # The gRPC routes of deployments are not held against the addresses of others: see _asked_like_grpc.
    for left_out in ({"grpc"}, {"rest", "explain"}):
        some = (item for item in entries if item[1].kind not in left_out)
        for (one, entry), (other, again) in overlapping(some):
            if _order_matters(entry, again):
                yield (one, other), (entry.match.path, again.match.path)


def _sharing(services: Sequence[VirtualService]) -> Iterable[tuple[bool, tuple[int, ...]]]:
    """The VirtualServices that meet at a host, by their places, and whether that is in the mesh; equal lists once."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(services):
        for gateway in item.gateways:
            for host in _full_hosts(item):
                found.setdefault((gateway, host), []).append(place)
    several = ((gateway == MESH, tuple(places)) for (gateway, _host), places in found.items() if len(places) > 1)
    return dict.fromkeys(several)


def _full_hosts(item: VirtualService) -> Iterator[str]:
    """A short name is that of a Service in the namespace (Istio's ResolveShortnameToFQDN)."""
    for host in _lowered(item.hosts):
        yield host if "." in host or host == "*" else f"{host}.{item.owner.namespace}"


def _lowered(hosts: Iterable[str]) -> Iterator[str]:
    return (host.lower() for host in hosts)


def _order_matters(one: Entry, other: Entry) -> bool:
    """Not where both do the same, nor where Istio puts the one last that Emissary tries last, too."""
    if _deeds(one) == _deeds(other):
        return False
    first, last = (one, other) if rank(one.match) > rank(other.match) else (other, one)
    return _takes_all(first.match) or not _takes_all(last.match)


def _deeds(entry: Entry) -> Any:
    """What an entry does with a request; what a rewrite leaves depends on the path that was matched."""
    rewritten = None if entry.rewrite is None else (entry.rewrite, entry.match.path_kind, entry.match.path)
    return entry.backends, entry.mirrors, entry.policies, entry.host_rewrite, rewritten


def _takes_all(match: Match) -> bool:
    """``IsCatchAllRoute``, which looks at the text only."""
    return (match.path_kind, match.path) in (("prefix", "/"), ("regex", ".*")) and not (
        match.methods or match.headers or match.query
    )


def _clusters(edges: _Edges) -> list[list[int]]:
    """The places that edges join, directly or through others, in order."""
    beside: dict[int, list[int]] = {}
    for one, other in edges:
        beside.setdefault(one, []).append(other)
        beside.setdefault(other, []).append(one)
    found = []
    for start in sorted(beside):
        cluster: set[int] = set()
        waiting = [start] if start in beside else []
        while waiting:
            place = waiting.pop()
            cluster.add(place)
            waiting += beside.pop(place, ())
        if cluster:
            found.append(sorted(cluster))
    return found


# --- What is said about it ------------------------------------------------------------------------------------------


def _refusals(found: Sequence[VirtualService], edges: _Edges) -> Iterator[Finding]:
    """One finding for each two that cannot become one, but for no definition more than somebody reads."""
    homes = [item.home for item in found]
    apart = [two for two in sorted(edges) if homes[two[0]] != homes[two[1]]]
    for where, pairs in _blamed(found, apart):
        told = {
            _refusal(where, found[own], found[other], _paths(edges, own, other)) for own, other in pairs[:_MOST_LINES]
        }
        yield from sorted(told)
        if rest := len(pairs[_MOST_LINES:]):
            what = f"shares requests with {rest} more VirtualServices in the same way"
            yield Finding("B02", "error", where, what, "give it another path or host")


def _blamed(
    found: Sequence[VirtualService], apart: Sequence[tuple[int, int]]
) -> list[tuple[str, list[tuple[int, int]]]]:
    """The pairs by the definition that a finding is about, which comes first in each of its pairs.

    It is the one that has more of them, so that one path over many deployments is blamed once and the deployments are
    not; of two that have as many, the later one.
    """
    many = Counter(found[place].owner.title for two in apart for place in two)
    about: dict[str, list[tuple[int, int]]] = {}
    for one, other in apart:
        more = many[found[one].owner.title] > many[found[other].owner.title]
        own, against = (one, other) if more else (other, one)
        about.setdefault(f"{found[own].owner.origin}, {found[own].owner.title}", []).append((own, against))
    return sorted(about.items())


def _paths(edges: _Edges, own: int, other: int) -> Sequence[str]:
    """The other one's path and the own."""
    return edges[other, own] if other < own else edges[own, other][::-1]


def _refusal(where: str, item: VirtualService, other: VirtualService, paths: Sequence[str]) -> Finding:
    fix = "give one of them another path or host, or describe both in one namespace"
    if item.owner.namespace == other.owner.namespace:
        fix = "give one of them another path or host, or both the same hosts and gateways"
    return Finding("B02", "error", where, _why(paths, other), fix)


def _reasons(edges: _Edges) -> dict[int, int]:
    """For each VirtualService that shares requests, with which other one: the first of them."""
    reasons: dict[int, int] = {}
    for one, other in sorted(edges):
        reasons.setdefault(other, one)
        reasons.setdefault(one, other)
    return reasons


def _note(found: Sequence[VirtualService], edges: _Edges, place: int, into: int, other: int) -> Finding:
    """That the routes at a place are now in another VirtualService, because of ``other``."""
    why = _why(_paths(edges, place, other), None if other == into else found[other])
    what = f"its routes of {found[place].name} are in {_named(found[into])}, because {why}"
    fix = "give one of them another path or host if each is to have its own"
    return Finding("B02", "warning", place_of(found[place].owner), what, fix)


def _why(paths: Sequence[str], other: VirtualService | None) -> str:
    """``paths`` are the other one's and the own; the other one is None where the sentence has named it."""
    if not paths:
        shared = f"it has a host in common with {_named(other)}" if other else "the two have a host in common"
        return f"{shared}, and the mesh takes only one of them"
    theirs, own = (in_a_sentence(path) for path in paths)
    there = f"in {_named(other)}" if other else "there"
    return f"one request can match both {own} and {theirs} {there}, and Istio would take the older one"


def _named(item: VirtualService) -> str:
    return f"the VirtualService {item.name} of {item.owner.title}"


def _asked_like_grpc(found: Sequence[VirtualService], clusters: Iterable[Sequence[int]]) -> Iterator[Finding]:
    """Addresses that the expression of gRPC routes matches too: those of namespaces that begin with ``protos``.

    Only a request that has the headers of another deployment's gRPC route, beside such an address, matches both. No
    client sends that, so they neither become one VirtualService nor are refused.
    """
    grpc = {entry.match.path: entry.match for item in found for entry in item.entries if entry.kind == "grpc"}
    asked = {place: path for place, item in enumerate(found) if (path := _path_like(grpc.values(), item))}
    if not asked:
        return
    into = {place: cluster[0] for cluster in clusters for place in cluster}
    told: set[str] = set()
    for _in_mesh, places in _sharing(found):
        # In one VirtualService the order is ours, so those that are now one are looked up together.
        owners: dict[int, set[str]] = {}
        for place in places:
            if any(entry.kind == "grpc" for entry in found[place].entries):
                owners.setdefault(into.get(place, place), set()).add(found[place].owner.title)
        for place in sorted(asked.keys() & set(places)):
            owner, own = found[place].owner, into.get(place, place)
            if owner.title not in told and any(
                one != own and titles != {owner.title} for one, titles in owners.items()
            ):
                told.add(owner.title)
                yield _asked(owner, asked[place])


def _asked(owner: Intent, path: str) -> Finding:
    what = f"a request to {in_a_sentence(path)} that has the headers seldon and namespace of another deployment"
    what += " matches the gRPC route of that one too, and Istio takes the older one"
    fix = "take a namespace that does not begin with protos, where clients may send such headers"
    return Finding("B02", "warning", place_of(owner), what, fix)


def _at_gateways(found: Sequence[VirtualService]) -> Iterator[Finding]:
    """Requests that Istio tells apart by the gateway at which they arrive, and Ambassador by their path."""
    gateways = [frozenset(item.gateways) - {MESH} for item in found]
    hosts: dict[str, list[int]] = {}
    for place, item in enumerate(found):
        for host in _full_hosts(item) if gateways[place] else ():
            hosts.setdefault(host, []).append(place)
    apart: dict[tuple[int, int], tuple[str, ...]] = {}
    for places in dict.fromkeys(tuple(places) for places in hosts.values()):
        if len({gateways[place] for place in places}) > 1:
            for two, paths in _dependent(found, places):
                one, other = (found[place] for place in two)
                # Another id is another Ambassador, and so another door there, too.
                one_door = one.owner.ambassador_ids == other.owner.ambassador_ids
                if one_door and gateways[two[0]].isdisjoint(gateways[two[1]]):
                    apart.setdefault(two, paths)
    fix = "give one of them another path or host, or both the same gateway"
    for _where, pairs in _blamed(found, sorted(apart)):
        where = place_of(found[pairs[0][0]].owner)
        told = {_elsewhere(found[other], _paths(apart, own, other)) for own, other in pairs[:_MOST_LINES]}
        yield from (Finding("B02", "warning", where, what, fix) for what in sorted(told))
        if rest := len(pairs[_MOST_LINES:]):
            what = f"shares requests with {rest} more VirtualServices at other gateways in the same way"
            yield Finding("B02", "warning", where, what, fix)


def _elsewhere(other: VirtualService, paths: Sequence[str]) -> str:
    """``paths`` are the other one's and the own."""
    theirs, own = (in_a_sentence(path) for path in paths)
    what = f"one request can match both {own} and {theirs} in {_named(other)}, which is at another gateway"
    return f"{what}, and Istio decides by the gateway, Ambassador by the path"


def _path_like(grpc: Iterable[Match], item: VirtualService) -> str:
    """The first address of a deployment that one of the expressions matches too, or the empty text."""
    own = [entry.match for entry in item.entries if entry.kind in ("rest", "explain")]
    return next((match.path for match in own if any(paths_meet(one, match) for one in grpc)), "")


def _narrow_hosts(found: Sequence[VirtualService]) -> Iterator[Finding]:
    """Hosts at which Istio leaves out the routes for all hosts; to Ambassador a host is one more condition.

    What is so at several gateways is told once.
    """
    gateways: dict[str, dict[str, list[Intent]]] = {}
    for item in found:
        for gateway in item.gateways:
            for host in _lowered(item.hosts) if gateway != MESH else ():
                gateways.setdefault(gateway, {}).setdefault(host, []).append(item.owner)
    told: set[tuple[str, str, str]] = set()
    for hosts in gateways.values():
        patterns = {host: _each_once(owners) for host, owners in hosts.items() if host.startswith("*")}
        for narrow, (owner, *_others) in hosts.items():
            for wide in _wider(narrow):
                key = owner.title, narrow, wide
                if wide in patterns and key not in told:
                    told.add(key)
                    yield _alone(owner, narrow, wide, patterns[wide])


def _each_once(owners: Iterable[Intent]) -> list[Intent]:
    return [owner for _title, owner in sorted({owner.title: owner for owner in owners}.items())]


def _wider(host: str) -> Iterator[str]:
    """The patterns that cover a host and are wider, the narrowest first."""
    rest = host.removeprefix("*.")
    while "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"
    if host != "*":
        yield "*"


def _alone(owner: Intent, narrow: str, wide: str, others: Sequence[Intent]) -> Finding:
    names = ", ".join(full_name(item) for item in others[:3])
    whose = f"{len(others)} others ({names}{' and more' if len(others) > 3 else ''})" if len(others) > 1 else names
    what = f"Istio serves its host {narrow!r} without the routes for {wide!r} of {whose}, and Ambassador with them"
    return Finding(
        "B03", "warning", place_of(owner), what, "give those routes the host too, where they are called there"
    )
