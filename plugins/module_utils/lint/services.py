# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the Services that a route table leads to are there and have the ports, for Ambassador and Istio alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from ..definition.findings import Finding
from ..routing.istio_read import Node, ShapeError, read_meta, said, where_of
from ..routing.model import Owner, Table, Target

# The ports of each Service by namespace and name; None where any will do.
_Services: TypeAlias = "dict[str, dict[str, tuple[int, ...] | None]]"


def port_findings(table: Table, objects: Iterable[Any], own: Iterable[Any] = ()) -> tuple[Finding, ...]:
    """A12: an error for a port that a given Service does not have, a warning for a Service that is not given although
    others of its namespace are. There is one finding for each target and owner, whatever the number of rows.

    ``own`` are objects of ours beside them: their Services are not all that there are.
    """
    given = _services(objects)
    services = {namespace: dict(found) for namespace, found in given.items()}
    for namespace, found in _services(own).items():
        services.setdefault(namespace, {}).update(found)
    used = {(owner, target.host, target.port) for owner, target in _used(table)}
    said_of = (_finding(owner, host, port, services, given) for owner, host, port in used)
    return tuple(sorted(finding for finding in said_of if finding is not None))


def _services(objects: Iterable[Any]) -> _Services:
    """Where a Service is there twice the last one counts."""
    found: _Services = {}
    for obj in objects:
        if not isinstance(obj, Mapping) or (said(obj.get("apiVersion")), said(obj.get("kind"))) != ("v1", "Service"):
            continue
        try:
            node = Node(obj)
            owner, spec = read_meta("Service", node).owner, node.some("spec")
            ports = tuple(port.whole("port") or 0 for port in spec.parts("ports"))
            # An ExternalName is but another name; what listens there is not in the cluster.
            has_ports = spec.text("type") != "ExternalName"
        except ShapeError:
            # The API server refuses it, so it cannot be among the objects of a cluster.
            continue
        found.setdefault(owner.namespace, {})[owner.name] = ports if has_ports else None
    return found


def _used(table: Table) -> Iterator[tuple[Owner, Target]]:
    """Each target with the object that names it."""
    for entrance in table.entrances:
        for host in entrance.hosts:
            for row in host.rows:
                yield from ((share.owner or row.owner, share.target) for share in row.shares)
                yield from ((copy.owner or row.owner, copy.target) for copy in row.mirrors)


def _finding(owner: Owner, host: str, port: int, services: _Services, given: _Services) -> Finding | None:
    name, dot, namespace = host.partition(".")
    # Port 0 is that of an entrance of which nothing is known.
    if not dot or namespace not in services or not port:
        return None
    where, service = where_of(owner.kind, owner.namespace, owner.name), where_of("Service", namespace, name)
    if name not in services[namespace] and namespace not in given:
        return None
    if name not in services[namespace]:
        what = f"leads to the {service}, which is not among the Services given for this namespace"
        return Finding("A12", "warning", where, what, "see that it exists, or give it too")
    ports = services[namespace][name]
    if ports is None or port in ports:
        return None
    there = ", ".join(map(str, ports[:5])) + (" and others" if len(ports) > 5 else "")
    has = f"the port{'s' if len(ports) > 1 else ''} {there}" if ports else "no port"
    what = f"leads to port {port} of the {service}, which has {has}"
    return Finding("A12", "error", where, what, f"take a port of it, or add {port} to it")
