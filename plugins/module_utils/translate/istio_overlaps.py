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
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..definition.findings import DefinitionError, Finding
from ..definition.hosts import MESH
from ..definition.model import in_a_sentence
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


# Two VirtualServices by their places, the lower one first, and the path of each that one request can match both; no
# paths where they meet in the mesh.
_Edges: TypeAlias = "Mapping[tuple[int, int], tuple[str, ...]]"


def in_order(services: Iterable[VirtualService]) -> tuple[list[VirtualService], list[Finding]]:
    """The VirtualServices with those merged whose order matters, and a finding for each that is now in another one.

    The first one in the order of namespaces and names takes in the others.

    Raises:
        DefinitionError: where such two differ in namespace, hosts or gateways.
    """
    found = sorted(services, key=lambda item: (item.owner.namespace, item.owner.name, item.name, item.owner.kind))
    edges = _edges(found)
    refused = {
        _refusal(found[other], found[one], paths)
        for (one, other), paths in edges.items()
        if found[one].home != found[other].home
    }
    if refused:
        raise DefinitionError(sorted(refused))
    kept, notes, reasons = dict(enumerate(found)), [], _reasons(found, edges)
    for first, *others in _clusters(edges):
        members = [found[place] for place in (first, *others)]
        if len({item.name for item in members}) < len(members):
            continue  # left to the check of identities, which refuses equal names (B27)
        kept[first] = _joined(members)
        for place in others:
            del kept[place]
            if found[place].owner is not found[first].owner:
                notes.append(_note(found[place], found[first], reasons[place]))
    return list(kept.values()), [*notes, *_asked_like_grpc(found), *_narrow_hosts(found)]


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
        entries = [(place, entry) for place in places for entry in services[place].entries]
        # The gRPC routes of deployments are not held against the addresses of others: see _asked_like_grpc.
        for left_out in ({"grpc"}, {"rest", "explain"}):
            some = (item for item in entries if item[1].kind not in left_out)
            for (one, entry), (other, again) in overlapping(some):
                if (one, other) not in found and _order_matters(entry, again):
                    found[one, other] = entry.match.path, again.match.path
    return found


def _sharing(services: Sequence[VirtualService]) -> Iterable[tuple[bool, tuple[int, ...]]]:
    """The VirtualServices that meet at a host, by their places, and whether that is in the mesh; equal lists once."""
    found: dict[tuple[str, str], list[int]] = {}
    for place, item in enumerate(services):
        for gateway in item.gateways:
            for host in _lowered(item.hosts):
                # A short name is that of a Service in the namespace (Istio's ResolveShortnameToFQDN).
                full = host if "." in host or host == "*" else f"{host}.{item.owner.namespace}"
                found.setdefault((gateway, full), []).append(place)
    several = ((gateway == MESH, tuple(places)) for (gateway, _host), places in found.items() if len(places) > 1)
    return dict.fromkeys(several)


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


def _refusal(item: VirtualService, other: VirtualService, paths: Sequence[str]) -> Finding:
    fix = "give one of them another path or host, or describe both in one namespace"
    if item.owner.namespace == other.owner.namespace:
        fix = "give one of them another path or host, or both the same hosts and gateways"
    return Finding("B02", "error", f"{item.owner.origin}, {item.owner.title}", _why(other, paths), fix)


def _reasons(found: Sequence[VirtualService], edges: _Edges) -> dict[int, str]:
    """For each VirtualService that shares requests, by its place, with which other one."""
    reasons: dict[int, str] = {}
    for one, other in sorted(edges):
        paths = edges[one, other]
        if other not in reasons:
            reasons[other] = _why(found[one], paths)
        if one not in reasons:
            reasons[one] = _why(found[other], paths[::-1])
    return reasons


def _why(other: VirtualService, paths: Sequence[str]) -> str:
    """``paths`` are the other one's and the own."""
    whose = f"the VirtualService {other.name} of {other.owner.title}"
    if not paths:
        return f"it has a host in common with {whose}, and the mesh takes only one of them"
    theirs, own = (in_a_sentence(path) for path in paths)
    return f"one request can match both {own} and {theirs} in {whose}, and Istio would take the older one"


def _asked_like_grpc(services: Sequence[VirtualService]) -> Iterator[Finding]:
    """Addresses that the expression of gRPC routes matches too: those of namespaces that begin with ``protos``.

    Only a request that has the headers of another deployment's gRPC route, beside such an address, matches both. No
    client sends that, so they neither become one VirtualService nor are refused.
    """
    grpc = {entry.match.path: entry for item in services for entry in item.entries if entry.kind == "grpc"}
    many = len({item.owner.title for item in services if any(entry.kind == "grpc" for entry in item.entries)}) > 1
    told: set[str] = set()
    for item in services if many else ():
        for entry in item.entries:
            met = entry.kind in ("rest", "explain") and any(paths_meet(one.match, entry.match) for one in grpc.values())
            if met and item.owner.title not in told:
                told.add(item.owner.title)
                what = f"a request to {in_a_sentence(entry.match.path)} that has the headers seldon and namespace of"
                what += " another deployment matches the gRPC route of that one too, and Istio takes the older one"
                where = f"{item.owner.origin} {item.owner.namespace}/{item.owner.name}"
                fix = "take a namespace that does not begin with protos, where clients may send such headers"
                yield Finding("B02", "warning", where, what, fix)


def _narrow_hosts(services: Sequence[VirtualService]) -> Iterator[Finding]:
    """Hosts at which Istio leaves out the routes for all hosts; to Ambassador a host is one more condition."""
    by_host: dict[str, dict[str, list[Intent]]] = {}
    for item in services:
        for gateway in item.gateways:
            for host in _lowered(item.hosts) if gateway != MESH else ():
                by_host.setdefault(gateway, {}).setdefault(host, []).append(item.owner)
    for hosts in by_host.values():
        for narrow, owners in hosts.items():
            for wide in _wider(narrow):
                others = {owner.title: owner for owner in hosts.get(wide, ())}
                if others:
                    yield _alone(owners[0], narrow, wide, sorted(others.values(), key=lambda item: item.title))


def _wider(host: str) -> Iterator[str]:
    """The patterns that cover a host and are wider, the narrowest first."""
    rest = host.removeprefix("*.")
    while "." in rest:
        rest = rest.partition(".")[2]
        yield f"*.{rest}"
    if host != "*":
        yield "*"


def _alone(owner: Intent, narrow: str, wide: str, others: Sequence[Intent]) -> Finding:
    names = ", ".join(f"{in_a_sentence(item.namespace)}/{in_a_sentence(item.name)}" for item in others[:3])
    whose = f"{len(others)} others ({names}{' and more' if len(others) > 3 else ''})" if len(others) > 1 else names
    what = f"Istio serves its host {narrow!r} without the routes for {wide!r} of {whose}, and Ambassador with them"
    where = f"{owner.origin} {owner.namespace}/{owner.name}"
    return Finding("B03", "warning", where, what, "give those routes the host too, where they are called there")


def _note(item: VirtualService, into: VirtualService, why: str) -> Finding:
    owner = item.owner
    return Finding(
        "B02",
        "warning",
        f"{owner.origin} {owner.namespace}/{owner.name}",
        f"its routes of {item.name} are in the VirtualService {into.name} of {into.owner.title}, because {why}",
        "give one of them another path or host if each is to have its own",
    )
