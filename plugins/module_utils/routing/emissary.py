# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route table that Ambassador 1.14 or Emissary 3.10 builds from the objects of a cluster.

Source: ``python/ambassador/ir/{irhost,irlistener,irutils}.py`` and ``envoy/v3/v3listener.py`` of
emissary-ingress/emissary v3.10.0 and of datawire/ambassador v1.14.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ..definition.findings import Finding
from .emissary_mappings import Group, Maker, glob_text, selects
from .emissary_resources import Resource, Resources, StopsAllError
from .model import Entrance, Row, Table, Text, VirtualHost

_ONE_PORT = 8080
_XFP = "x-forwarded-proto"
_ACME = "/.well-known/acme-challenge/"
_STACKS = {
    "HTTP": ("HTTP", "TCP"),
    "HTTPS": ("TLS", "HTTP", "TCP"),
    "HTTPPROXY": ("PROXY", "HTTP", "TCP"),
    "HTTPSPROXY": ("TLS", "PROXY", "HTTP", "TCP"),
    "TCP": ("TCP",),
    "TLS": ("TLS", "TCP"),
}


@dataclass(frozen=True, slots=True)
class _Host:
    """A Host, or the one that a proxy makes up where there is none. ``insecure`` is what it does in clear text."""

    title: str
    namespace: str
    hostname: str
    insecure: str
    labels: Mapping[str, Any]
    selector: Mapping[str, Any]

    def takes(self, group: Group) -> bool:
        """``matches_httpgroup``."""
        any_host = not group.redirect and bool(group.said("host_regex"))
        named = any_host or bool(group.host)
        fits = any_host or (named and _overlap(self.hostname, group.host))
        if self.selector:
            labels = {} if group.redirect else group.labels
            return selects(self.selector, labels) and (fits or not named)
        return fits


@dataclass(frozen=True, slots=True)
class _Door:
    """A Listener. ``namespace`` is that of its Hosts, ``*`` for all."""

    port: int
    security: str
    tls: bool
    namespace: str
    selector: Mapping[str, Any]

    def admits(self, host: _Host) -> bool:
        near = self.namespace in ("*", host.namespace) and selects(self.selector, host.labels)
        return near and not (self.security == "INSECURE" and host.insecure == "Reject")


def emissary_table(
    objects: Sequence[Mapping[str, Any]],
    *,
    ambassador_id: str = "default",
    generation: Literal["v1", "v3"] = "v3",
    ambassador_namespace: str = "ambassador",
) -> Table:
    """What the Ambassador of an id does with requests.

    ``objects`` are Mappings, TLSContexts, Hosts, Listeners and Modules, and Services whose annotation holds such;
    others are passed over. ``generation`` is ``v1`` for Ambassador 1.14 and ``v3`` for Emissary 3.10.
    """
    resources = Resources(ambassador_id, generation, ambassador_namespace)
    try:
        resources.read(objects)
        hosts = _hosts(resources)
        groups, rows = _rows(resources, hosts)
    except StopsAllError:
        return _table((), resources.findings)
    if generation == "v1":
        return _table((_only_entrance(resources, hosts, groups, rows),), resources.findings)
    _check_hosts(resources, hosts, groups)
    entrances = [
        Entrance("ambassador", ambassador_id, door.port, _virtual_hosts(door, hosts, groups, rows))
        for door in _doors(resources)
    ]
    return _table(entrances, resources.findings)


def _table(entrances: Sequence[Entrance], findings: Sequence[Finding]) -> Table:
    return Table(tuple(entrances), tuple(dict.fromkeys(findings)))


def _rows(resources: Resources, hosts: Sequence[_Host]) -> tuple[list[Group], list[Row]]:
    contexts = frozenset(resource.stored for resource in resources.of("TLSContext"))
    selectors = [host.selector for host in hosts if host.selector]
    maker = Maker(resources, _module(resources), selectors, contexts)
    groups = maker.groups()
    return groups, [maker.row(group) for group in groups]


def _module(resources: Resources) -> Mapping[str, Any]:
    found = [resource for resource in resources.of("Module") if resource.stored == "ambassador"]
    config = found[0].fields.get("config") if found else None
    return config if isinstance(config, Mapping) else {}


# --- Hosts --------------------------------------------------------------------------------------------------------


def _hosts(resources: Resources) -> list[_Host]:
    """By hostname; of two with one hostname the first (Ambassador 1) or the last (Emissary) counts."""
    found = [_host(resource) for resource in resources.of("Host")]
    if not found:
        found = [_Host("", resources.ambassador_namespace, "*", "Route", {}, {})]
        if resources.generation == "v1" and _module(resources).get("x_forwarded_proto_redirect"):
            found = [replace(found[0], insecure="Redirect")]
    return found


def _host(resource: Resource) -> _Host:
    fields = resource.fields
    policy = fields.get("requestPolicy") or {}
    insecure = policy.get("insecure") or {}
    selector = fields.get("mappingSelector") or fields.get("selector") or {}
    return _Host(
        resource.title,
        resource.namespace,
        str(fields.get("hostname") or "*"),
        str(insecure.get("action") or "Redirect"),
        resource.labels,
        selector,
    )


def _check_hosts(resources: Resources, hosts: Sequence[_Host], groups: Sequence[Group]) -> None:
    for group in groups:
        if any(host.takes(group) for host in hosts):
            continue
        for member in group.takers:
            fix = "Write a hostname that a Host has, and the labels that it selects."
            resources.find("C03", "error", member.title, "No Host takes it, so nothing reaches it.", fix)


def _overlap(one: str, other: str) -> bool:
    """``hostglob_matches``: whether a host name could fit both globs."""
    if one == other or "*" in (one, other):
        return True
    if one.startswith(".") or other.startswith("."):
        return False
    starts, ends = (one[0] == "*", other[0] == "*"), (one[-1] == "*", other[-1] == "*")
    if (starts[0] and ends[0]) or (starts[1] and ends[1]):
        return False
    if (starts[0] and ends[1]) or (starts[1] and ends[0]):
        return True
    if starts[0] or starts[1]:
        glob, text, both = (one, other, starts[1]) if starts[0] else (other, one, False)
        return _fits_end(glob[1:], text[1:] if both else text, both)
    if ends[0] or ends[1]:
        glob, text, both = (one, other, ends[1]) if ends[0] else (other, one, False)
        return _fits_end(glob[:-1][::-1], (text[:-1] if both else text)[::-1], both)
    return False


def _fits_end(end: str, text: str, both: bool) -> bool:
    # The star stands for one character at least.
    if len(end) + 1 > len(text):
        return both and end.endswith(text)
    return text.endswith(end)


# --- Entrances ----------------------------------------------------------------------------------------------------


def _only_entrance(
    resources: Resources, hosts: Sequence[_Host], groups: Sequence[Group], rows: Sequence[Row]
) -> Entrance:
    """Ambassador 1: each Host takes each Mapping, and the first one stands for all names if no other does."""
    by_name: dict[str, _Host] = {}
    for host in hosts:
        by_name.setdefault(host.hostname, host)
    if "*" not in by_name:
        first = next(iter(by_name))
        by_name = {"*": by_name[first], **{name: host for name, host in by_name.items() if name != first}}
    found = {
        name: [row for one in rows for row in _secured(one, "XFP", host.insecure, keep=True)]
        for name, host in by_name.items()
    }
    return Entrance("ambassador", resources.ambassador_id, _ONE_PORT, _by_domain(found))


def _doors(resources: Resources) -> Iterator[_Door]:
    found = resources.of("Listener")
    if not found:
        message = "There is no Listener, so Emissary takes no requests; the routes are shown as if there were one."
        where = f"Ambassador {resources.ambassador_id}"
        resources.find("C02", "warning", where, message, "Add a Listener for each port.")
        yield _Door(0, "SECURE", False, "*", {})
    taken: set[tuple[str, str, int]] = set()
    for resource in found:
        door, why = _door(resource)
        if why:
            message = f"Emissary leaves the Listener out, because {why}."
            resources.find("C12", "error", resource.title, message, "Correct it: until then it has no effect.")
        if door is None:
            continue
        bind = str(resource.fields.get("bind_address") or ""), _stack(resource)[-1], door.port
        if bind in taken:
            message = f"Another Listener already has the port {door.port}: this one has no effect."
            resources.find("C02", "error", f"{resource.title}: port", message, "Write another port.")
            continue
        taken.add(bind)
        if "HTTP" in _stack(resource):
            yield door


def _stack(resource: Resource) -> tuple[str, ...]:
    own = resource.fields.get("protocolStack")
    if isinstance(own, list) and own:
        return tuple(str(item) for item in own)
    return _STACKS.get(str(resource.fields.get("protocol")), ())


def _door(resource: Resource) -> tuple[_Door | None, str]:
    fields, stack = resource.fields, _stack(resource)
    binding = fields.get("hostBinding") or {}
    origin, selector = binding.get("namespace") or {}, binding.get("selector") or {}
    if not stack:
        return None, "it has no protocol that Emissary knows"
    if stack[-1] not in ("TCP", "UDP"):
        return None, "the last protocol of its protocolStack is neither TCP nor UDP"
    if not fields.get("securityModel"):
        return None, "it has no securityModel"
    if not origin and not selector:
        return None, "its hostBinding has neither a namespace nor a selector"
    if origin and not origin.get("from"):
        return None, "its hostBinding.namespace has no from"
    if selector and "matchLabels" not in selector:
        return None, "its hostBinding.selector has no matchLabels"
    everywhere = str(origin.get("from", "")).lower() == "all"
    namespace = "*" if everywhere else resource.namespace
    return _Door(int(fields["port"]), str(fields["securityModel"]), "TLS" in stack, namespace, selector), ""


def _virtual_hosts(
    door: _Door, hosts: Sequence[_Host], groups: Sequence[Group], rows: Sequence[Row]
) -> tuple[VirtualHost, ...]:
    found: dict[str, list[Row]] = {}
    for host in sorted(hosts, key=lambda host: host.hostname):
        if door.admits(host):
            found[host.hostname] = [
                row
                for group, one in zip(groups, rows, strict=True)
                if host.takes(group)
                for row in _secured(one, door.security, host.insecure)
            ]
    return _by_domain(found)


def _secured(row: Row, security: str, insecure: str, keep: bool = False) -> Iterator[Row]:
    """A row for what comes in over TLS, and for what comes in as clear text.

    ``XFP`` believes the header X-Forwarded-Proto, and puts its own condition in the place of the Mapping's; with
    ``keep`` the Mapping's stays.
    """
    path = row.match.path
    if path and path.kind == "prefix" and path.value == _ACME:
        insecure = "Route"
    if security == "SECURE" or (security == "INSECURE" and insecure == "Route"):
        yield row
    elif security == "INSECURE":
        if insecure == "Redirect":
            yield _to_https(row)
    else:
        others = tuple(item for item in row.match.headers if item[0] != _XFP)
        free = row if keep else replace(row, match=replace(row.match, headers=others))
        if insecure == "Route":
            yield free
            return
        own = row.match.headers if keep and len(others) != len(row.match.headers) else None
        headers = own or (*others, (_XFP, Text("exact", "https")))
        yield replace(row, match=replace(row.match, headers=headers))
        if insecure == "Redirect":
            yield _to_https(free)


def _to_https(row: Row) -> Row:
    return replace(row, shares=(), mirrors=(), retries=0, redirect="https")


def _by_domain(found: Mapping[str, Sequence[Row]]) -> tuple[VirtualHost, ...]:
    """A glob like ``name.*`` is no domain of the model: its rows stand before those for every host, with a condition.

    Unlike Envoy, a request that none of them takes goes on to the rows for every host.
    """
    domains: dict[str, list[Row]] = {}
    special: list[Row] = []
    for name, rows in found.items():
        text = glob_text(name) if name.endswith("*") and name != "*" else None
        if text is None:
            domains[name] = list(rows)
        else:
            special += [
                replace(row, match=replace(row.match, headers=(*row.match.headers, (":authority", text))))
                for row in rows
            ]
    if special:
        domains["*"] = special + domains.get("*", [])
    return tuple(VirtualHost(name, tuple(rows)) for name, rows in domains.items())
