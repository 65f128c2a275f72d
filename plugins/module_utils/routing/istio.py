# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route table that Istio makes of Kubernetes objects, ours and others'.

Source: ``pilot/pkg/networking/core/gateway.go`` (buildGatewayHTTPRouteConfig), ``core/route/route.go``
(BuildHTTPRoutesForVirtualService, TranslateRoute, SortVHostRoutes), ``networking/util/util.go``
(MergeSubsetTrafficPolicy) and ``pilot/pkg/model/{config,gateway,destination_rule,virtualservice}.go`` of
istio.io/istio v0.0.0-20260827124520-eed52ebb66ad.

What a table says less exactly than Istio: every Gateway stands alone, although one pod may serve several together; a
DestinationRule counts whatever its namespace; a mesh host is known by its full name only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeVar

from ..definition.findings import Finding, Level
from ..definition.hosts import MESH
from ..definition.model import in_a_sentence
from .istio_read import (
    Block,
    Destination,
    Gateway,
    Meta,
    Names,
    Node,
    Policy,
    RefusedError,
    Route,
    Rule,
    Server,
    ShapeError,
    VirtualService,
    covers,
    overlap,
    read_gateway,
    read_meta,
    read_rule,
    read_service,
    read_service_entry,
    read_virtual_service,
    said,
    where_of,
    wider,
)
from .model import Copy, Entrance, RequestMatch, Row, Share, Table, Target, Text, VirtualHost

_API_VERSIONS = {f"networking.istio.io/{version}" for version in ("v1", "v1beta1", "v1alpha3")}
_KINDS = {"VirtualService", "Gateway", "DestinationRule", "ServiceEntry"}
_LEFT_OUT = "correct it, because until then the table leaves it out"
_ENCRYPTS = {"SIMPLE", "MUTUAL"}
Value = TypeVar("Value")


def istio_table(objects: Sequence[Mapping[str, Any]], *, cluster_domain: str = "cluster.local") -> Table:
    """The table of VirtualServices, Gateways, DestinationRules, ServiceEntries and Services; other kinds are ignored.

    Where an object is there twice the last one counts, with the older time of the two.
    """
    found = _Objects(cluster_domain)
    for obj in objects:
        found.add(obj)
    return _Builder(found).table()


# --- Objects ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Objects:
    """What was read, by kind and name, and the findings so far."""

    domain: str
    services: dict[tuple[str, str], VirtualService] = field(default_factory=dict)
    gateways: dict[tuple[str, str], Gateway] = field(default_factory=dict)
    rules: dict[tuple[str, str], Rule] = field(default_factory=dict)
    names: dict[tuple[str, str, str], Names] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    findings: set[Finding] = field(default_factory=set)

    def add(self, obj: Mapping[str, Any]) -> None:
        kind = _kind(obj)
        if not kind:
            return
        metadata = obj.get("metadata")
        metadata = metadata if isinstance(metadata, Mapping) else {}
        namespace, name = said(metadata.get("namespace")) or "default", said(metadata.get("name")) or "?"
        where = where_of(kind, namespace, name)
        if kind == "Gateway":
            self.broken.add(f"{namespace}/{name}")
        try:
            self._read(kind, obj)
        except ShapeError as error:
            self.findings.add(Finding("D14", "error", where, f"is no {kind}, because {error}", _LEFT_OUT))
        except RefusedError as error:
            what = f"{error.message}, so Istio refuses the whole {kind}, and the table leaves it out"
            self.findings.add(Finding(error.check, "error", f"{where} {in_a_sentence(error.path)}", what, error.fix))

    def _read(self, kind: str, obj: Mapping[str, Any]) -> None:
        node = Node(obj)
        meta, spec = read_meta(kind, node), node.some("spec")
        key = meta.owner.namespace, meta.owner.name
        if kind == "VirtualService":
            service, notes = read_virtual_service(self._dated(meta, self.services.get(key)), spec, self.domain)
            self.findings |= set(notes)
            self._keep(self.services, key, service)
        elif kind == "Gateway":
            self.gateways[key] = read_gateway(meta, spec)
        elif kind == "DestinationRule":
            rule = read_rule(self._dated(meta, self.rules.get(key)), spec, self.domain)
            self.findings |= set(rule.notes)
            self._keep(self.rules, key, None if rule.notes else rule)
        else:
            service_entry = kind == "ServiceEntry"
            read = read_service_entry(meta, spec) if service_entry else read_service(meta, spec, self.domain)
            self.names[kind, meta.owner.namespace, meta.owner.name] = read

    @staticmethod
    def _dated(meta: Meta, earlier: VirtualService | Rule | None) -> Meta:
        return Meta(meta.owner, min(meta.created, earlier.meta.created)) if earlier else meta

    @staticmethod
    def _keep(found: dict[tuple[str, str], Value], key: tuple[str, str], value: Value | None) -> None:
        found.pop(key, None)
        if value is not None:
            found[key] = value


def _kind(obj: Any) -> str:
    """The kind of an object if it is one of those that count, else nothing."""
    if not isinstance(obj, Mapping):
        return ""
    kind, version = said(obj.get("kind")), said(obj.get("apiVersion"))
    known = (kind in _KINDS and version in _API_VERSIONS) or (kind == "Service" and version == "v1")
    return kind if known else ""


# --- Targets ------------------------------------------------------------------------------------------------------


class _Targets:
    """Says where a destination leads to."""

    def __init__(self, found: _Objects) -> None:
        self.domain, self.findings = found.domain, found.findings
        self.rules: dict[str, list[Rule]] = {}
        for rule in sorted(found.rules.values(), key=lambda rule: rule.meta.order):
            self.rules.setdefault(rule.host, []).append(rule)
        self.nearest: dict[str, list[Rule]] = {}
        # What led to no finding can be used again; a finding names the one destination that it is about.
        self.flawless: dict[tuple[str, int | None, str, bool], Target] = {}
        self.flaws = 0
        self.ports = {host: names.ports for names in found.names.values() for host in names.hosts}
        self.namespaces: dict[str, list[str]] = {}
        for kind, namespace, name in sorted(found.names):
            if kind == "Service":
                self.namespaces.setdefault(name, []).append(namespace)
        self.with_services = {namespace for kind, namespace, _name in found.names if kind == "Service"}

    def target(self, destination: Destination, meta: Meta, port: int) -> Target:
        """``port`` is that of the entrance, which Istio takes where nothing else says one."""
        key = destination.host, destination.port, destination.subset, destination.is_short
        known = self.flawless.get(key)
        if known is None:
            before = self.flaws
            known = self._target(destination, meta, port)
            if self.flaws == before:
                self.flawless[key] = known
        return known

    def _say(self, check: str, level: Level, where: str, what: str, fix: str) -> None:
        self.flaws += 1
        self.findings.add(Finding(check, level, where, what, fix))

    def _target(self, destination: Destination, meta: Meta, port: int) -> Target:
        where = f"{meta.where} {destination.path}"
        host = self._cluster_name(destination.host)
        if destination.is_short:
            self._check_short(destination.host, meta.owner.namespace, where)
        number = destination.port
        if number is None:
            number = self._only_port(destination.host, where) or port
        if host == destination.host:
            self._check_name(host, where)
        mode = self._mode(destination, host, number, where)
        return Target(host, number, destination.subset, mode in _ENCRYPTS)

    def _cluster_name(self, host: str) -> str:
        name = host.removesuffix(f".svc.{self.domain}")
        return name if name != host and name.count(".") == 1 else host

    def _only_port(self, host: str, where: str) -> int:
        ports = self.ports.get(host, ())
        if len(ports) == 1:
            return ports[0]
        what = "names no port, so Istio takes the one at which the request came in"
        self._say("D09", "warning", where, what, "name the port of the Service")
        return 0

    def _check_name(self, host: str, where: str) -> None:
        """``name.namespace`` and ``name.namespace.svc`` look like a Service and are none to Istio."""
        service = host.removesuffix(".svc")
        full = f"{service}.svc.{self.domain}"
        if service.count(".") == 1 and full in self.ports and host not in self.ports:
            what = f"{host} is no name that Istio knows, so requests get an error"
            self._say("D09", "error", where, what, f"write {full}")

    def _check_short(self, full: str, namespace: str, where: str) -> None:
        """A short name is that of a Service of the VirtualService's own namespace."""
        if full in self.ports or namespace not in self.with_services:
            return
        name = full.partition(".")[0]
        elsewhere = [f"{name}.{other}.svc.{self.domain}" for other in self.namespaces.get(name, ())]
        what = (
            f"the short host {in_a_sentence(name)} stands for a Service of {in_a_sentence(namespace)} that is not there"
        )
        fix = f"write {in_a_sentence(elsewhere[0])}" if elsewhere else "name a Service in full"
        self._say("D09", "error", where, what, fix)

    def _mode(self, destination: Destination, host: str, port: int, where: str) -> str | None:
        rules = self._rules_for(destination.host)
        policy = next((rule.policy for rule in rules if rule.policy is not None), None)
        if not destination.subset or not rules:
            return _merged(policy, None, port)
        for rule in rules:
            for name, own in rule.subsets:
                if name == destination.subset:
                    return _merged(policy, own, port)
        what = f"the subset {destination.subset} is in no DestinationRule of {host}, so requests get an error"
        self._say("D05", "error", where, what, "add the subset or correct its name")
        return _merged(policy, None, port)

    def _rules_for(self, host: str) -> list[Rule]:
        """The rules of the most specific host that covers this one."""
        if host not in self.nearest:
            names = (host, *wider(host)) if self.rules else ()
            self.nearest[host] = next((self.rules[name] for name in names if name in self.rules), [])
        return self.nearest[host]


def _merged(policy: Policy | None, subset: Policy | None, port: int) -> str | None:
    """The mode of TLS: the subset's before the rule's, and in each that of the port before all others."""
    mode = policy.at(port)[0] if policy else None
    own, is_whole = subset.at(port) if subset else (None, False)
    return own if is_whole or own is not None else mode


# --- Rows ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Door:
    """An entrance while its rows are made. ``port`` 0: it is not known."""

    name: str
    port: int


@dataclass(frozen=True, slots=True)
class _Made:
    """A row, and whether it takes every request (which Istio tells by its text)."""

    row: Row
    catches_all: bool


class _ServerHosts:
    """The hosts of some servers, by name, so that a Gateway with thousands of them is still read in time."""

    def __init__(self, servers: Iterable[Server]) -> None:
        self.places: dict[str, list[tuple[int, str]]] = {}
        for number, server in enumerate(servers):
            for entry in server.hosts:
                namespace, _slash, host = entry.rpartition("/")
                self.places.setdefault(host, []).append((number, namespace))

    def shared(self, own: str, namespace: str) -> Iterator[tuple[int, str]]:
        """The number of each server that meets a host of a VirtualService, and the narrower one of the two hosts."""
        nearby = (host for host in self.places if overlap(own, host)) if own.startswith("*") else (own, *wider(own))
        for theirs in nearby:
            for number, only_for in self.places.get(theirs, ()):
                if not only_for or only_for == namespace:
                    yield number, (theirs if covers(own, theirs) else own).lower()


def _catches_all(match: RequestMatch) -> bool:
    path = match.path
    any_path = path is None or (path.kind, path.value) in (("prefix", "/"), ("regex", ".*"))
    return any_path and not (match.method or match.headers or match.query)


class _Builder:
    """Makes the table."""

    def __init__(self, found: _Objects) -> None:
        self.found, self.findings = found, found.findings
        self.targets = _Targets(found)
        self.services = sorted(found.services.values(), key=lambda service: service.meta.order)
        self.services_at: dict[str, list[VirtualService]] = {}
        for service in self.services:
            for gateway in service.gateways:
                self.services_at.setdefault(gateway, []).append(service)

    def table(self) -> Table:
        entrances = list(self._entrances())
        return Table(tuple(entrances), tuple(sorted(self.findings)))

    def _entrances(self) -> Iterator[Entrance]:
        given = {"/".join(key): gateway for key, gateway in self.found.gateways.items()}
        used = self.services_at.keys() - {MESH}
        for name in sorted(given.keys() | used):
            if name in given:
                yield from self._gateway(name, given[name])
            else:
                yield self._unknown_gateway(name)
        if MESH in self.services_at:
            yield self._mesh()

    def _services_at(self, gateway: str) -> list[VirtualService]:
        return self.services_at.get(gateway, [])

    def _unknown_gateway(self, name: str) -> Entrance:
        if name not in self.found.broken:
            self.findings.add(self._missing(name))
        hosts: dict[str, list[_Made]] = {}
        for service in self._services_at(name):
            made = self._rows(service, _Door(name, 0))
            for host in dict.fromkeys(host.lower() for host in service.hosts) if made else ():
                hosts.setdefault(host, []).extend(made)
        return _entrance(name, 0, {host: _catch_all_last(made) for host, made in hosts.items()})

    def _missing(self, name: str) -> Finding:
        """Only where Gateways are given at all can one be said to be missing."""
        where, what = where_of("Gateway", *name.split("/", 1)), "is not among the objects given"
        there = sorted({"/".join(key) for key in self.found.gateways} | self.found.broken)
        if not there:
            what += ", so its ports and hosts are not known"
            return Finding("D01", "warning", where, what, "see that it exists, or give it too")
        what += f", although {self._services_at(name)[0].meta.where} names it"
        alike = [other for other in there if other.partition("/")[2] == name.partition("/")[2]]
        if alike:
            # istio/istio issues 11131 and 24135
            what += "; a gateway without a namespace is taken from that of the VirtualService"
            return Finding("D01", "error", where, what, f"write {in_a_sentence(alike[0])}, or give the Gateway too")
        shown_ones = ", ".join(map(in_a_sentence, there[:3])) + (" and others" if len(there) > 3 else "")
        return Finding("D01", "error", where, f"{what}; given are {shown_ones}", "name one of them, or give it too")

    def _mesh(self) -> Entrance:
        """Sidecars merge nothing: the oldest VirtualService has a host for itself."""
        hosts: dict[str, tuple[Row, ...]] = {}
        owners: dict[str, VirtualService] = {}
        for service in self._services_at(MESH):
            made = self._rows(service, _Door(MESH, 0))
            for host in dict.fromkeys(host.lower() for host in service.hosts) if made else ():
                first = owners.setdefault(host, service)
                if first is not service:
                    what = f"has no effect in the mesh at the host {host}, because {first.meta.where} has it too and"
                    what += " comes first (Istio goes by age, then by name)"
                    fix = "write the routes of a host into one VirtualService"
                    self.findings.add(Finding("A13", "warning", f"{service.meta.where} spec.hosts", what, fix))
                else:
                    hosts[host] = _catch_all_last(made)
        return _entrance(MESH, 0, hosts)

    def _gateway(self, name: str, gateway: Gateway) -> Iterator[Entrance]:
        self._check_hosts(name, _ServerHosts(gateway.servers))
        for port in sorted({server.port for server in gateway.servers}):
            servers = [server for server in gateway.servers if server.port == port]
            yield self._served(_Door(name, port), gateway, servers)

    def _served(self, door: _Door, gateway: Gateway, servers: Sequence[Server]) -> Entrance:
        hosts: dict[str, list[_Made]] = {}
        done: set[tuple[str, tuple[str, str, str]]] = set()
        secure: set[str] = set()
        for server, service, shared in self._meetings(door, servers):
            made = self._rows(service, door)
            for host in shared if made else ():
                key = host, service.meta.order
                hosts.setdefault(host, []).extend(() if key in done else made)
                done.add(key)
                secure |= {host} if server.https_redirect else set()
        for server in servers:
            if server.https_redirect:
                secure |= {host.rpartition("/")[2].lower() for host in server.hosts}
        rows = {host: _catch_all_last(made) for host, made in hosts.items()}
        to_https = Row(RequestMatch(), (), gateway.meta.owner, redirect="https")
        return _entrance(door.name, door.port, rows | dict.fromkeys(secure, (to_https,)))

    def _meetings(
        self, door: _Door, servers: Sequence[Server]
    ) -> Iterator[tuple[Server, VirtualService, Sequence[str]]]:
        """Every server with every VirtualService that shares hosts with it, in the order of the servers."""
        services, names = self._services_at(door.name), _ServerHosts(servers)
        found: dict[tuple[int, int], set[str]] = {}
        for place, service in enumerate(services):
            for own in service.hosts:
                for number, host in names.shared(own, service.meta.owner.namespace):
                    found.setdefault((number, place), set()).add(host)
        for number, place in sorted(found):
            yield servers[number], services[place], sorted(found[number, place])

    def _check_hosts(self, name: str, served: _ServerHosts) -> None:
        for service in self._services_at(name):
            for host in service.hosts:
                if next(served.shared(host, service.meta.owner.namespace), None) is None:
                    what = f"the host {host} is served by no HTTP server of the Gateway {name}, so nothing reaches it"
                    fix = "add the host to the Gateway's servers, or take a host of theirs"
                    self.findings.add(Finding("D03", "error", f"{service.meta.where} spec.hosts", what, fix))

    def _rows(self, service: VirtualService, door: _Door) -> list[_Made]:
        """All rows of a VirtualService; Istio leaves out what stands behind one that takes every request."""
        found = []
        for route in service.routes:
            for block in route.blocks:
                if _is_served(block, door):
                    made = self._made(service, route, block, door)
                    found.append(made)
                    if made.catches_all:
                        return found
        return found

    def _made(self, service: VirtualService, route: Route, block: Block, door: _Door) -> _Made:
        # With such a condition a row takes not every request here, though it may do so in a proxy that meets it.
        extra = block.source if door.name == MESH else ()
        if block.port and not door.port:
            extra = (*extra, (":port", Text("exact", str(block.port))))
        match = block.match
        if extra:
            match = RequestMatch(match.path, match.method, tuple(sorted((*match.headers, *extra))), match.query)
        owner = service.meta.owner
        acts = not (route.redirect or route.answers)
        mirrors = tuple(
            Copy(self.targets.target(destination, service.meta, door.port), percent, owner)
            for destination, percent in (route.mirrors if acts else ())
        )
        shares = tuple(self._shares(service.meta, route, door)) if acts else ()
        row = Row(match, shares, owner, mirrors, route.retries if acts else 0, route.redirect)
        return _Made(row, _catches_all(match))

    def _shares(self, meta: Meta, route: Route, door: _Door) -> Iterator[Share]:
        """A lone destination gets all, whatever its weight; of several those of weight 0 get nothing."""
        alone = len(route.destinations) == 1
        total = sum(entry.weight for entry in route.destinations)
        for entry in route.destinations:
            if not alone and not entry.weight:
                continue
            # Envoy prefers the authority of one of several clusters to the route's.
            first, second = entry.host_rewrite, route.host_rewrite
            yield Share(
                self.targets.target(entry.destination, meta, door.port),
                _percent(1, 1) if alone else _percent(entry.weight, total),
                route.timeout_ms,
                route.rewrite,
                (second or first) if alone else (first or second),
                meta.owner,
            )


@lru_cache(maxsize=1024)
def _percent(weight: int, total: int) -> Fraction:
    return Fraction(100 * weight, total)


def _is_served(block: Block, door: _Door) -> bool:
    if block.port and door.port and block.port != door.port:
        return False
    if block.gateways is not None:
        return door.name in block.gateways
    return door.name == MESH or not block.source


def _catch_all_last(made: Iterable[_Made]) -> tuple[Row, ...]:
    return tuple(item.row for item in sorted(made, key=lambda item: item.catches_all))


def _entrance(name: str, port: int, hosts: Mapping[str, tuple[Row, ...]]) -> Entrance:
    in_order = sorted(hosts, key=_specific_first)
    return Entrance("istio", name, port, tuple(VirtualHost(host, hosts[host]) for host in in_order))


def _specific_first(host: str) -> tuple[bool, int, str]:
    return host.startswith("*"), -len(host), host
