# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings as the groups that an Ambassador makes of them, in the order in which it tries them.

Source: ``python/ambassador/ir/{irbasemapping,irhttpmapping,irbasemappinggroup,irhttpmappinggroup,ircluster}.py`` and
``envoy/v3/v3route.py`` of emissary-ingress/emissary v3.10.0 and of datawire/ambassador v1.14.4, and
``pkg/api/getambassador.io/v2/handwritten.conversion.go`` of the former.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..definition.fields import shown
from ..definition.model import in_a_sentence
from .emissary_resources import Resource, Resources, StopsAllError, selector_of
from .model import Conditions, Copy, Owner, RegexRewrite, RequestMatch, Row, Share, Target, Text

DEFAULT_TIMEOUT_MS = 3000
MOST_NAMES = 5
_PERCENT = tuple(Fraction(number) for number in range(101))
# ``CoreMappingKeys`` that a Mapping can have: the first member of a group decides on them.
_CORE = dict.fromkeys(
    "bypass_auth bypass_error_response_overrides circuit_breakers cluster_idle_timeout_ms"
    " cluster_max_connection_lifetime_ms connect_timeout_ms headers keepalive labels load_balancer prefix prefix_exact"
    " prefix_regex".split()
)
# What the Go types of Emissary keep although it is empty.
_KEPT = ("rewrite", "retry_policy", "cors", "regex_rewrite", "add_request_headers", "add_response_headers")
_SERVICE = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://|//)?(?:[^@/]*@)?(?P<host>\[[0-9A-Fa-f:.%]+\]|[^\[\]:/?#]+)"
    r"(?::(?P<port>[0-9]{0,5}))?(?P<rest>[/?#].*)?"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """On a header or a parameter of the query; without a value it has to be there."""

    name: str
    value: str | None
    regex: bool = False

    @property
    def length(self) -> int:
        return len(self.name) + len(self.value or "*") + self.regex

    @property
    def key(self) -> str:
        return f"{self.name}-{self.value or '*'}"

    @property
    def text(self) -> Text:
        if self.value is None:
            return Text("present")
        return Text("regex" if self.regex else "exact", self.value)


@dataclass(frozen=True, slots=True)
class Member:
    """A Mapping, as its Ambassador completes it. ``weight`` is as it was written."""

    resource: Resource
    fields: Mapping[str, Any]
    headers: tuple[Condition, ...]
    query: tuple[Condition, ...]
    host: str
    target: Target
    group_id: str
    order: tuple[Any, ...]
    core: Mapping[str, Any]
    owner: Owner
    weight: int | None

    @property
    def title(self) -> str:
        return self.resource.title


def names_of(members: Sequence[Member]) -> str:
    """Some Mappings by name, and how many more there are."""
    names = [member.title for member in members[:MOST_NAMES]]
    rest = len(members) - len(names)
    return ", ".join(names) + (f" and {rest} more" if rest else "")


@dataclass(slots=True)
class Group:
    """Mappings for the same requests. ``parts`` are the members with what Envoy counts up to.

    ``sorted_members`` are in the order in which later ones overwrite what earlier ones say for all.
    """

    first: Member
    order: tuple[Any, ...]
    members: list[Member] = field(default_factory=list)
    shadow: Member | None = None
    redirect: Member | None = None
    parts: list[tuple[Member, int]] = field(default_factory=list)
    sorted_members: list[Member] = field(default_factory=list)

    def said(self, name: str, default: Any = None) -> Any:
        """What the group has of a field for which one member speaks."""
        for member in reversed(self.sorted_members):
            if name in member.fields:
                return member.fields[name]
        return default

    @property
    def host(self) -> str:
        """The glob of the host; Hosts are chosen by it."""
        if self.redirect:
            return self.redirect.host
        return self.sorted_members[-1].host if self.members else self.first.host

    @property
    def labels(self) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for member in self.sorted_members:
            merged.update(member.resource.labels)
        return merged

    @property
    def shares(self) -> Iterator[tuple[Member, int]]:
        """The members, and which percentage of the requests each really gets."""
        used = 0
        for member, numerator in self.parts:
            upto = max(used, min(100, numerator))
            yield member, upto - used
            used = upto

    @property
    def takers(self) -> list[Member]:
        """The Mappings whose requests it answers."""
        return [self.redirect] if self.redirect else [member for member, _numerator in self.parts]


class Maker:
    """Makes groups of the Mappings of resources, and rows of groups."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self._generation = resources.generation
        self._module = resources.module
        self._selectors = [selector for host in resources.of("Host") if (selector := selector_of(host))]
        self._contexts = frozenset(resource.stored for resource in resources.of("TLSContext"))

    def groups(self) -> list[Group]:
        """Those that have no route too."""
        found: dict[str, Group] = {}
        for resource in self.resources.of("Mapping"):
            member = self._member(resource)
            if member is None:
                continue
            if member.group_id not in found:
                found[member.group_id] = Group(member, member.order)
            self._add(found[member.group_id], member)
        for group in found.values():
            for member in (*group.members, *([group.shadow] if group.shadow else ())):
                self._check_context(member)
            group.parts = self._parts(group)
            group.sorted_members = sorted(group.members, key=lambda member: member.order)
        # Of two that are equal the later one comes first.
        return sorted(found.values(), key=lambda group: group.order)[::-1]

    # --- Members --------------------------------------------------------------------------------------------------

    def _member(self, resource: Resource) -> Member | None:
        fields = dict(resource.fields) if self._generation == "v1" else _as_newest(resource)
        if self._generation == "v1":
            self._check_values(resource)
        headers, host, problem = self._headers(fields)
        if problem:
            self._refuse(resource, problem[0], problem[1])
            return None
        target = self._target(resource, fields)
        if target is None:
            self._refuse(resource, "service", f"{shown(str(fields['service']))} is no host with a port")
            return None
        query = _conditions(fields, "query_parameters", "regex_query_parameters")
        prefix, precedence = str(fields["prefix"]), int(fields.get("precedence") or 0)
        texts = [
            *(f"{item.name}{item.value or ''}" for item in (*headers, *query)),
            *([] if host else self._selected(resource.labels)),
        ]
        group_id = f"GET{prefix}{''.join(texts)}{precedence or ''}"
        order = (
            precedence,
            len(prefix),
            sum([item.length for item in headers]),
            sum([item.length for item in query]),
            prefix,
            *(item.key for item in headers),
            *(item.key for item in query),
        )
        core = {name: value for name, value in fields.items() if name in _CORE}
        core["headers"] = headers
        core["circuit_breakers"] = fields.get("circuit_breakers")
        if core["circuit_breakers"] is None:
            core["circuit_breakers"] = self._module.get("circuit_breakers")
        weight = None if fields.get("weight") is None else round(fields["weight"])
        owner = _owner(resource)
        return Member(resource, fields, headers, query, host, target, group_id, order, core, owner, weight)

    def _check_values(self, resource: Resource) -> None:
        for name in ("headers", "query_parameters", "regex_headers", "regex_query_parameters"):
            for key, value in (resource.fields.get(name) or {}).items():
                if value is False or (value is True and name.startswith("regex_")):
                    where = f"{resource.title}: {name}.{in_a_sentence(str(key))}"
                    message = f"is {str(value).lower()}, so Ambassador 1.14 fails and takes over nothing of the cluster"
                    self.resources.find("C12", "error", where, message, "write a text")
                    raise StopsAllError

    def _headers(self, fields: Mapping[str, Any]) -> tuple[tuple[Condition, ...], str, tuple[str, str] | None]:
        """The conditions, the glob of the host, and what is wrong."""
        found = _conditions(fields, "headers", "regex_headers")
        host, regex, problem = "", False, None
        if self._generation == "v1":
            if "host" in fields:
                found = (*found, Condition(":authority", fields["host"], bool(fields.get("host_regex"))))
        else:
            for item in found:
                if item.name.lower() == ":authority" and not item.regex:
                    host = item.value or ""
                    if "*" in host:
                        problem, host = ("headers", "an exact :authority with * fits no request"), ""
            found = tuple(item for item in found if item.regex or item.name.lower() != ":authority")
            if "host" in fields:
                host, regex = fields["host"], bool(fields.get("host_regex"))
                if not regex and "*" in host:
                    problem = ("host", "host with * fits no request: only hostname may be a pattern")
            if "hostname" in fields:
                host, regex = fields["hostname"], False
            if host:
                found = (*found, Condition(":authority", host, regex))
        if "method" in fields:
            found = (*found, Condition(":method", fields["method"], bool(fields.get("method_regex"))))
        return found, "" if regex else host, problem

    def _selected(self, labels: Mapping[str, Any]) -> Iterable[str]:
        if self._generation == "v3":
            for selector in self._selectors:
                if selects(selector, labels):
                    yield from (f"{key}{value}" for key, value in (selector.get("matchLabels") or {}).items())

    def _target(self, resource: Resource, fields: Mapping[str, Any]) -> Target | None:
        found = _SERVICE.fullmatch(str(fields["service"]))
        if not found or int(found["port"] or 0) > 65535:
            return None
        scheme, host = (found["scheme"] or "").lower(), found["host"].lower()
        context = fields.get("tls") or None
        known = context is True or context in self._contexts
        tls = scheme == "https" or bool(context and known)
        port = int(found["port"] or 0) or (443 if tls else 80)
        return Target(_place(host, resource.namespace), port, tls=tls)

    def _check_context(self, member: Member) -> None:
        context = member.fields.get("tls") or None
        if context and context is not True and context not in self._contexts:
            rest = "nevertheless, without its settings" if member.target.tls else "and sends requests in clear text"
            message = (
                f"names the TLSContext {shown(str(context))}, which is not there, so the proxy uses the Mapping {rest}"
            )
            where = f"{member.title}: tls"
            self.resources.find("C13", "error", where, message, "add the TLSContext, or name one that exists")

    def _refuse(self, resource: Resource, name: str, why: str) -> None:
        message = f"makes the proxy leave the Mapping out, because {why}"
        where = f"{resource.title}: {name}"
        self.resources.find("C12", "error", where, message, "correct it, because until then it has no effect")

    # --- Groups ---------------------------------------------------------------------------------------------------

    def _add(self, group: Group, member: Member) -> None:
        find, first = self.resources.find, group.first
        for name in _CORE if member.core != first.core else ():
            if name in member.core and (name not in first.core or member.core[name] != first.core[name]):
                message = f"is left out, because {name} differs from that of {first.title}, which has the same match"
                find("C05", "error", f"{member.title}: {name}", message, "write the same in both")
                return
        redirects = bool(member.fields.get("host_redirect"))
        if member.fields.get("shadow"):
            if redirects:
                message = "has no effect, because the Mapping is a shadow too"
                find("C12", "error", f"{member.title}: host_redirect", message, "remove one of them")
            if group.shadow:
                message = f"is left out, because {group.shadow.title} already is the shadow of these requests"
                find("A04", "error", f"{member.title}: shadow", message, "keep one of them")
            else:
                group.shadow = member
        elif redirects:
            other = group.redirect or next(iter(group.members), None)
            if other:
                message = f"is left out, because {other.title} already answers these requests"
                find("C12", "error", f"{member.title}: host_redirect", message, "keep one of them")
            else:
                group.redirect = member
        elif group.redirect:
            message = f"is left out, because {group.redirect.title} redirects these requests"
            find("C12", "error", f"{member.title}: host_redirect", message, "keep one of them")
        else:
            group.members.append(member)
            group.order = max(group.order, member.order)

    def _parts(self, group: Group) -> list[tuple[Member, int]]:
        """``normalize_weights_in_mappings``: with what each member counts up to, as Envoy sees it."""
        members = group.members
        if not members:
            return []
        if len(members) == 1 and self._generation == "v3":
            return [(members[0], 100)]
        # What is not reached before an error: version 1 leaves what was written there, and the default of Envoy.
        numerators = [
            0 if self._generation == "v3" else 100 if member.weight is None else member.weight for member in members
        ]
        parts: list[tuple[Member, int]] = []
        current = 0
        for index, member in enumerate(members):
            if member.weight is None:
                continue
            if member.weight > 100:
                return list(zip(members, numerators, strict=True))
            current += member.weight
            numerators[index] = current
            parts.append((member, current))
        if current > 100:
            return list(zip(members, numerators, strict=True))
        weightless = [member for member in members if member.weight is None]
        each = round((100 - current) / len(weightless)) if weightless else 0
        for member in weightless:
            current = 100 if member is weightless[-1] else current + each
            parts.append((member, current))
        return parts

    # --- Rows -----------------------------------------------------------------------------------------------------

    def row(self, group: Group) -> Row:
        owner = (group.redirect or group.parts[0][0]).owner
        match = self._match(group)
        if group.redirect:
            fields = group.redirect.fields
            path = fields.get("path_redirect") or fields.get("prefix_redirect") or ""
            # The text of the service is the host; where it got a namespace, that is part of it.
            return Row(match, (), owner, redirect=f"{self._redirect_host(group.redirect)}{path}")
        policy = group.said("retry_policy", self._module.get("retry_policy"))
        retries = policy.get("num_retries") if isinstance(policy, Mapping) else 0
        mirrors = () if group.shadow is None else (_copy(group.shadow),)
        return Row(match, tuple(self._shares(group)), owner, mirrors, 1 if retries is None else int(retries))

    def _redirect_host(self, member: Member) -> str:
        text = str(member.fields["service"])
        own = member.resource.namespace
        bare = "." not in text and ":" not in text and text != "localhost"
        return f"{text}.{own}" if bare and own != self.resources.ambassador_namespace else text

    def _shares(self, group: Group) -> Iterable[Share]:
        regex = group.sorted_members[-1].fields.get("regex_rewrite")
        for member, percent in group.shares:
            yield Share(
                member.target,
                _PERCENT[percent],
                self._timeout(member),
                _rewrite(member, regex),
                member.fields.get("host_rewrite") or None,
                member.owner,
            )

    def _timeout(self, member: Member) -> int:
        default = self._module.get("cluster_request_timeout_ms", DEFAULT_TIMEOUT_MS)
        return int(member.fields.get("timeout_ms", default))

    def _match(self, group: Group) -> RequestMatch:
        first = group.first
        speakers = group.members or ([group.redirect] if group.redirect else [])
        default = group.said("case_sensitive", True)
        # Where members differ, the one that takes fewer requests.
        exact = any(member.fields.get("case_sensitive", default) for member in speakers)
        prefix = str(first.fields["prefix"])
        if first.core.get("prefix_regex"):
            path = Text("regex", prefix)
        else:
            path = Text("exact" if first.core.get("prefix_exact") else "prefix", prefix, ignore_case=not exact)
        headers = [item for item in first.headers if item.name not in (":authority", ":method")]
        method = next((item.text for item in first.headers if item.name == ":method"), None)
        found: list[tuple[str, Text]] = [(item.name.lower(), item.text) for item in headers]
        for item in first.headers:
            if item.name == ":authority" and (text := self._authority(item)):
                found.append((":authority", text))
        # A group that redirects has no parameters: only its other members would lend them.
        query: Conditions = ()
        if group.members:
            query = tuple((item.name, item.text) for item in group.sorted_members[-1].query)
        return RequestMatch(path, method, tuple(found), query)

    def _authority(self, item: Condition) -> Text | None:
        value = item.value or ""
        if item.regex or self._generation == "v1":
            return item.text
        return glob_text(value)


def glob_text(value: str) -> Text | None:
    """The condition on a host that a glob is; ``*`` is none."""
    if value == "*":
        return None
    if value.startswith("*"):
        return Text("suffix", value[1:])
    return Text("prefix", value[:-1]) if value.endswith("*") else Text("exact", value)


def selects(selector: Mapping[str, Any], labels: Mapping[str, Any]) -> bool:
    """Whether all ``matchLabels`` are there; nothing else of a selector is looked at."""
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())


# --- Fields -------------------------------------------------------------------------------------------------------


def _as_newest(resource: Resource) -> dict[str, Any]:
    """The fields in v3alpha1, as they come out of Emissary's Go types."""
    given = resource.fields
    fields = {name: value for name, value in given.items() if value or name in _KEPT or value not in ("", [], {})}
    for name in ("headers", "regex_headers", "query_parameters", "regex_query_parameters"):
        if name in fields:
            fields[name] = dict(sorted(fields[name].items()))
    if resource.version == "v3alpha1":
        return fields
    fields.pop("hostname", None)
    for exact, regex in (("headers", "regex_headers"), ("query_parameters", "regex_query_parameters")):
        values = fields.pop(exact, {})
        patterns = {name: ".*" for name, value in values.items() if value is True} | dict(fields.pop(regex, {}))
        texts = {name: value for name, value in values.items() if isinstance(value, str)}
        fields.update({exact: texts} if texts else {})
        fields.update({regex: dict(sorted(patterns.items()))} if patterns else {})
    if not fields.get("host_regex"):
        host = fields.pop("host", "*")
        if host != "_skip_mapping_with_empty_host_":
            fields["hostname"] = host
    return fields


def _owner(resource: Resource) -> Owner:
    labels = sorted((str(key), str(value)) for key, value in resource.labels.items())
    return Owner(resource.kind, resource.namespace, resource.name, tuple(labels))


def _conditions(fields: Mapping[str, Any], exact: str, regex: str) -> tuple[Condition, ...]:
    if exact not in fields and regex not in fields:
        return ()
    found = [Condition(name, None if value is True else value) for name, value in (fields.get(exact) or {}).items()]
    return (*found, *(Condition(name, value, True) for name, value in (fields.get(regex) or {}).items()))


def _place(host: str, namespace: str) -> str:
    """The name of a Service with its namespace, or a host outside as it stands."""
    labels = host.split(".")
    if len(labels) == 1 and host != "localhost" and not host.startswith("["):
        return f"{host}.{namespace}"
    return ".".join(labels[:2]) if labels[2:3] == ["svc"] else host


def _rewrite(member: Member, regex: Any) -> str | RegexRewrite | None:
    """What the path becomes, None where it stays."""
    if isinstance(regex, Mapping) and regex:
        return RegexRewrite(str(regex.get("pattern", "")), str(regex.get("substitution", "")))
    return None if "regex_rewrite" in member.fields else member.fields.get("rewrite", "/") or None


def _copy(shadow: Member) -> Copy:
    weight = 100 if shadow.weight is None else shadow.weight
    return Copy(shadow.target, Fraction(min(100, weight)), shadow.owner)
