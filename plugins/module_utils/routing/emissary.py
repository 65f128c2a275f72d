# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route table that Ambassador 1.14 or Emissary 3.10 builds from the objects of a cluster.

Source: ``python/ambassador/ir/{irhost,irlistener,irutils}.py`` and ``envoy/v3/v3listener.py`` of
emissary-ingress/emissary v3.10.0 and of datawire/ambassador v1.14.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..definition.findings import Finding, Level
from ..definition.model import in_a_sentence
from .emissary_groups import checked_groups
from .emissary_mappings import Group, Maker, glob_text, selects
from .emissary_resources import EVERY_ID, Generation, Resource, Resources, StopsAllError, ids_of, selector_of
from .model import Conditions, Entrance, RequestMatch, Row, Table, Text, VirtualHost

_ONE_PORT = 8080
_XFP = "x-forwarded-proto"
_OVER_TLS = (_XFP, Text("exact", "https"))
_ACME = "/.well-known/acme-challenge/"
# Each of these can give a Host a certificate.
_CERTIFICATES = ("tlsSecret", "tls", "tlsContext", "acmeProvider")
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
    certificate: bool = False


class _Index:
    """Groups by the glob of their host, so that a Host need not be compared with each of them."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups = groups
        self.by_glob: dict[str, list[int]] = {}
        # With a regular expression on the host, any Host takes a group; with nothing, only the labels decide.
        self.any_host: list[int] = []
        self.unnamed: list[int] = []
        for number, group in enumerate(groups):
            if not group.redirect and group.said("host_regex"):
                self.any_host.append(number)
            elif group.host:
                self.by_glob.setdefault(group.host, []).append(number)
            else:
                self.unnamed.append(number)
        self.globs = [glob for glob in self.by_glob if "*" in glob]

    def taken_by(self, host: _Host) -> list[int]:
        """``matches_httpgroup``: the numbers of the groups that a Host takes."""
        # Two names without a star fit only if they are equal.
        tried = self.by_glob if "*" in host.hostname else dict.fromkeys((host.hostname, *self.globs))
        found = [*self.any_host, *(self.unnamed if host.selector else ())]
        for glob in tried:
            if glob in self.by_glob and hosts_overlap(host.hostname, glob):
                found += self.by_glob[glob]
        if host.selector:
            found = [number for number in found if selects(host.selector, _labels(self.groups[number]))]
        return sorted(found)


def _labels(group: Group) -> Mapping[str, Any]:
    return {} if group.redirect else group.labels


@dataclass(frozen=True, slots=True)
class _Door:
    """A Listener. ``namespace`` is that of its Hosts, ``*`` for all."""

    title: str
    port: int
    security: str
    tls: bool
    namespace: str
    selector: Mapping[str, Any]

    def is_near(self, host: _Host) -> bool:
        return self.namespace in ("*", host.namespace)

    def is_bound(self, host: _Host) -> bool:
        return self.is_near(host) and selects(self.selector, host.labels)

    def admits(self, host: _Host) -> bool:
        return self.is_bound(host) and not (self.security == "INSECURE" and host.insecure == "Reject")


def emissary_table(
    objects: Sequence[Mapping[str, Any]],
    *,
    ambassador_id: str = "default",
    generation: Generation = "v3",
    ambassador_namespace: str = "ambassador",
) -> Table:
    """What the Ambassador of an id does with requests.

    ``objects`` are Mappings, TLSContexts, Hosts, Listeners and Modules, and Services whose annotation holds such;
    others are passed over. ``generation`` is ``v1`` for Ambassador 1.14 and ``v3`` for Emissary 3.10.
    """
    resources = Resources(ambassador_id, generation, ambassador_namespace)
    try:
        resources.read(objects)
    except StopsAllError:
        return _table((), resources.findings)
    return _table_of(resources)


def emissary_tables(
    objects: Sequence[Mapping[str, Any]],
    *,
    generation: Generation = "v3",
    ambassador_namespace: str = "ambassador",
) -> Table:
    """What all Ambassadors that the objects name do with requests; the objects are those of ``emissary_table``."""
    reader = Resources("", generation, ambassador_namespace)
    try:
        found = reader.everything(objects)
    except StopsAllError:
        return _table((), reader.findings)
    by_id, for_all = _by_id(found, generation)
    tables = []
    for identity in sorted(by_id) or ["default"]:
        resources = Resources(identity, generation, ambassador_namespace)
        try:
            resources.take([*by_id.get(identity, ()), *for_all])
            tables.append(_table_of(resources))
        except StopsAllError:
            tables.append(_table((), resources.findings))
    entrances = [entrance for table in tables for entrance in table.entrances]
    return _table(entrances, [*reader.findings, *(finding for table in tables for finding in table.findings)])


def _by_id(found: Iterable[Resource], generation: Generation) -> tuple[dict[str, list[Resource]], list[Resource]]:
    """The resources by the ids that they name, and those that every Ambassador has to look at."""
    by_id: dict[str, list[Resource]] = {}
    for_all = []
    for resource in found:
        ids = ids_of(resource, generation)
        if resource.version == "v1" or EVERY_ID in ids or not all(isinstance(item, str) for item in ids):
            for_all.append(resource)
            ids = [item for item in ids if isinstance(item, str) and item != EVERY_ID]
            for item in ids:
                by_id.setdefault(item, [])
        else:
            for item in dict.fromkeys(ids):
                by_id.setdefault(item, []).append(resource)
    return by_id, for_all


def _table_of(resources: Resources) -> Table:
    generation, ambassador_id = resources.generation, resources.ambassador_id
    try:
        hosts = _hosts(resources)
        groups, rows = _rows(resources)
    except StopsAllError:
        return _table((), resources.findings)
    if generation == "v1":
        return _table((_only_entrance(resources, hosts, rows),), resources.findings)
    index = _Index(groups)
    taken = [(host, index.taken_by(host)) for host in sorted(hosts, key=lambda host: host.hostname)]
    _check_hosts(resources, taken, groups)
    doors = list(_doors(resources))
    for door in doors:
        _check_door(resources, door, [host for host, _numbers in taken])
    entrances = [Entrance("ambassador", ambassador_id, door.port, _virtual_hosts(door, taken, rows)) for door in doors]
    return _table(entrances, resources.findings)


def _table(entrances: Sequence[Entrance], findings: Sequence[Finding]) -> Table:
    return Table(tuple(entrances), tuple(dict.fromkeys(findings)))


def _rows(resources: Resources) -> tuple[list[Group], list[Row]]:
    maker = Maker(resources)
    groups = checked_groups(maker.groups(), resources)
    return groups, [maker.row(group) for group in groups]


# --- Hosts --------------------------------------------------------------------------------------------------------


def _hosts(resources: Resources) -> list[_Host]:
    """By hostname; of two with one hostname the first (Ambassador 1) or the last (Emissary) counts."""
    found = [_host(resource) for resource in resources.of("Host")]
    if not found:
        found = [_Host("", resources.ambassador_namespace, "*", "Route", {}, {})]
        if resources.generation == "v1" and resources.module.get("x_forwarded_proto_redirect"):
            found = [replace(found[0], insecure="Redirect")]
    return found


def _host(resource: Resource) -> _Host:
    fields = resource.fields
    insecure = fields.get("requestPolicy", {}).get("insecure") or {}
    return _Host(
        resource.title,
        resource.namespace,
        fields.get("hostname") or "*",
        insecure.get("action") or "Redirect",
        resource.labels,
        selector_of(resource),
        any(fields.get(name) for name in _CERTIFICATES),
    )


def _check_hosts(resources: Resources, taken: Sequence[tuple[_Host, Sequence[int]]], groups: Sequence[Group]) -> None:
    reached = {number for _host, numbers in taken for number in numbers}
    for number, group in enumerate(groups):
        if number in reached:
            continue
        for member in group.takers:
            fix = "write a hostname that a Host has, and the labels that it selects"
            resources.find("C03", "error", member.title, "is taken by no Host, so nothing reaches it", fix)


def hosts_overlap(one: str, other: str) -> bool:
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


def _only_entrance(resources: Resources, hosts: Sequence[_Host], rows: Sequence[Row]) -> Entrance:
    """Ambassador 1: each Host takes each Mapping, and the first one stands for all names if no other does."""
    by_name: dict[str, _Host] = {}
    for host in hosts:
        kept = by_name.setdefault(host.hostname, host)
        if host.insecure != kept.insecure:
            _replaced(resources, host, kept, "first")
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
        message = "no Listener is among the objects given, and the routes are shown as if there were one"
        where = f"Ambassador {in_a_sentence(resources.ambassador_id)}"
        resources.find("C02", "warning", where, message, "give the Listeners too, or add one for each port")
        yield _Door("", 0, "SECURE", False, "*", {})
    taken: set[tuple[str, str, int]] = set()
    for resource in found:
        door, why = _door(resource)
        if why:
            message = f"is left out by Emissary, because {why}"
            resources.find("C12", "error", resource.title, message, "correct it, because until then it has no effect")
        if door is None:
            continue
        bind = str(resource.fields.get("bind_address") or ""), _stack(resource)[-1], door.port
        if bind in taken:
            message = f"is {door.port}, which another Listener already has, so this one has no effect"
            resources.find("C02", "error", f"{resource.title}: port", message, "write another port")
            continue
        taken.add(bind)
        if "HTTP" in _stack(resource):
            yield door


def _stack(resource: Resource) -> tuple[str, ...]:
    own = resource.fields.get("protocolStack")
    if isinstance(own, list) and own:
        return tuple(own)
    return _STACKS.get(resource.fields.get("protocol", ""), ())


def _door(resource: Resource) -> tuple[_Door | None, str]:
    fields, stack = resource.fields, _stack(resource)
    binding = fields["hostBinding"]
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
    everywhere = (origin.get("from") or "").lower() == "all"
    namespace = "*" if everywhere else resource.namespace
    door = _Door(resource.title, int(fields["port"]), fields["securityModel"], "TLS" in stack, namespace, selector)
    return door, ""


def _check_door(resources: Resources, door: _Door, hosts: Sequence[_Host]) -> None:
    """``hosts`` are all of the Ambassador, in the order in which it goes through them."""
    admitted = [host for host in hosts if door.admits(host)]
    if not admitted:
        _nobody_admitted(resources, door, hosts)
        return
    _check_certificates(resources, door, admitted)
    last = {host.hostname: host for host in admitted}
    for host in admitted:
        kept = last[host.hostname]
        # Over TLS alone, what a Host does in clear text does not count.
        other_action = host.insecure != kept.insecure and door.security != "SECURE"
        if host.selector != kept.selector or other_action:
            _replaced(resources, host, kept, "last")
    for name, host in last.items():
        if "*" in last and _is_beginning(name):
            message = (
                "is the beginning of a name, and its requests that no route of it takes are shown as going on to the"
                " routes for all hosts, but Emissary answers 404"
            )
            fix = "check such requests by hand, or write whole names"
            resources.find("D13", "warning", f"{host.title}: hostname", message, fix)


def _nobody_admitted(resources: Resources, door: _Door, hosts: Sequence[_Host]) -> None:
    near = [host for host in hosts if door.is_near(host)]
    if not near:
        why = f"no Host is in its namespace {in_a_sentence(door.namespace)}"
        fix = "write a Host there, or ALL in its hostBinding.namespace.from"
    elif not any(door.is_bound(host) for host in near):
        why = "no Host has the labels of its hostBinding.selector"
        fix = "give a Host these labels"
    else:
        why = "it takes clear text only, which every Host of it rejects"
        fix = "write Route or Redirect as requestPolicy.insecure.action of a Host, or another securityModel"
    # Without a Host, that of Emissary itself stands in the namespace that an option tells.
    level: Level = "error" if any(host.title for host in hosts) else "warning"
    resources.find("C02", level, door.title, f"admits no Host, so it serves nothing, because {why}", fix)


def _check_certificates(resources: Resources, door: _Door, admitted: Sequence[_Host]) -> None:
    # A Host that Emissary makes up has a certificate where its Secret for this is there.
    if not door.tls or any(host.certificate or not host.title for host in admitted):
        return
    if any(context.fields.get("hosts") for context in resources.of("TLSContext")):
        return
    message = "has TLS, and none of its Hosts has a certificate, so no client can connect over TLS"
    resources.find("C02", "error", door.title, message, "write tlsSecret in a Host, or HTTP as protocol")


def _replaced(resources: Resources, lost: _Host, kept: _Host, which: str) -> None:
    message = f"is that of {kept.title} too, which does something else, and only the {which} of the two counts"
    fix = "write one Host for this hostname, or the same in both"
    resources.find("B01", "error", f"{lost.title}: hostname", message, fix)


def _virtual_hosts(
    door: _Door, taken: Sequence[tuple[_Host, Sequence[int]]], rows: Sequence[Row]
) -> tuple[VirtualHost, ...]:
    found: dict[str, list[Row]] = {}
    # By what Hosts do in clear text: those that do the same share their rows.
    secured: dict[str, dict[int, list[Row]]] = {}
    for host, numbers in taken:
        if door.admits(host):
            known = secured.setdefault(host.insecure, {})
            for number in numbers:
                if number not in known:
                    known[number] = list(_secured(rows[number], door.security, host.insecure))
            found[host.hostname] = [row for number in numbers for row in known[number]]
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
        match = row.match
        others = tuple([item for item in match.headers if item[0] != _XFP])
        free = row if keep or len(others) == len(match.headers) else replace(row, match=_with(match, others))
        if insecure == "Route":
            yield free
            return
        own = match.headers if keep and len(others) != len(match.headers) else None
        yield replace(row, match=_with(match, own or (*others, _OVER_TLS)))
        if insecure == "Redirect":
            yield _to_https(free)


def _with(match: RequestMatch, headers: Conditions) -> RequestMatch:
    return RequestMatch(match.path, match.method, headers, match.query)


def _to_https(row: Row) -> Row:
    return Row(row.match, (), row.owner, redirect="https")


def _by_domain(found: Mapping[str, Sequence[Row]]) -> tuple[VirtualHost, ...]:
    """A glob like ``name.*`` is no domain of the model: its rows stand before those for every host, with a condition.

    Unlike Envoy, a request that none of them takes goes on to the rows for every host.
    """
    domains: dict[str, list[Row]] = {}
    special: list[Row] = []
    for name, rows in found.items():
        text = glob_text(name) if _is_beginning(name) else None
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


def _is_beginning(hostname: str) -> bool:
    return hostname.endswith("*") and hostname != "*"
