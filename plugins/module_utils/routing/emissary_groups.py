# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Ambassador accepts, and what is nevertheless not what somebody meant.

Source: ``python/ambassador/ir/{irbasemappinggroup,irhttpmapping,irhttpmappinggroup}.py``,
``envoy/v3/v3{listener,route}.py`` and ``CHANGELOG.md`` of emissary-ingress/emissary v3.10.0, the same files of
datawire/ambassador v1.14.4, and the issues that the checks name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from ..definition.fields import shown
from ..definition.model import in_a_sentence
from ..definition.naming import DEPLOYMENT_LABEL
from ..definition.re2 import regex_problem
from ..objects.ownership import DEFINITION_LABEL, SCOPE_LABEL
from .emissary_mappings import MOST_NAMES, Condition, Group, Member, names_of
from .emissary_resources import Resources

# Issues 3470 and 2303 of emissary-ingress/emissary: pods that restart, and configurations that take all memory.
MOST_MAPPINGS = 300
MOST_CONTEXTS = 40
# What a proxy allows the program of an expression; the Module may say another number.
DEFAULT_REGEX_SIZE = 200
_HEADERS = {"add_request_headers", "add_response_headers", "remove_request_headers", "remove_response_headers"}
_EFFECT = {
    "add": "every request gets the headers of both, whichever of them takes it",
    "remove": "what one of them says is done with every request, whichever takes it",
}
_WITH_PORT = re.compile(r"(?P<name>.*[^:]):(?P<port>[0-9]+)", re.DOTALL)
_ENVOY_REFUSES = "so Envoy refuses the whole configuration, and no change of any route gets through any more"


def checked_groups(groups: Sequence[Group], resources: Resources) -> list[Group]:
    """The groups that have rows, in their order. What is wrong with any is added to the findings of ``resources``."""
    routed = [group for group in groups if group.takers]
    for group in groups:
        _check_port(group, resources)
        if group.members:
            _check_weights(group, resources)
            _check_added_headers(group, resources)
    lone = [group.shadow for group in groups if group.shadow and not group.takers]
    if lone:
        _check_lone_shadows(lone, _Routes(routed), resources)
    _check_counts(resources)
    expressions = _Expressions(resources)
    return [group for group in routed if _has_no_negative(group, resources) and expressions.are_usable(group)]


# --- Weights ------------------------------------------------------------------------------------------------------


def _check_weights(group: Group, resources: Resources) -> None:
    """C06, A02 and A03. Where weights are added up to more than 100, the shares say nothing more."""
    weighted = [(member, member.weight) for member in group.members if member.weight is not None]
    total = sum(weight for _member, weight in weighted)
    if len(group.members) == 1 and resources.generation == "v3":
        _check_lone_weight(group.members[0], resources)
    elif heavy := next((pair for pair in weighted if pair[1] > 100), None):
        rest = "it and those after it get nothing" if resources.generation == "v3" else "each counts as it is written"
        message = f"is {heavy[1]}, which is over 100, so the proxy adds up no weights of the group and {rest}"
        resources.find("C06", "error", f"{heavy[0].title}: weight", message, "write a weight from 0 to 100")
    elif total > 100:
        names = names_of([member for member, _weight in weighted[:-1]])
        message = f"makes {total} together with {names}, so the first get theirs until 100 is used up"
        where = f"{weighted[-1][0].title}: weight"
        resources.find("C06", "error", where, message, "lower them to at most 100 together")
    else:
        if len(weighted) == len(group.members):
            _check_rest(group, total, resources)
        _check_unweighted(group, resources)


def _check_lone_weight(member: Member, resources: Resources) -> None:
    weight = member.weight
    if weight is None or weight >= 100:
        return
    message = f"is {weight} and has no effect, because Emissary gives all requests to a Mapping that is alone"
    fix = "remove the weight, or add the Mapping that takes the rest"
    resources.find("A03", "warning", f"{member.title}: weight", message, fix)


def _check_rest(group: Group, total: int, resources: Resources) -> None:
    rest = 100 - sum(percent for _member, percent in group.shares)
    if rest <= 0 or _negative(group):
        return
    rest_goes = f"so {rest} percent of the requests fall through to a shorter route, or get 404"
    if len(group.members) == 1:
        message = f"is {total} although nothing shares the requests, {rest_goes}"
        fix = "remove the weight, or add the Mapping that takes the rest"
    else:
        message = f"makes only {total} together with {names_of(group.members[:-1])}, {rest_goes}"
        fix = "raise them to 100 together, or remove the weight of one of them"
    resources.find("C06", "error", f"{group.members[-1].title}: weight", message, fix)


def _check_unweighted(group: Group, resources: Resources) -> None:
    owners: dict[tuple[str, str], list[tuple[Member, int]]] = {}
    for member, percent in group.shares:
        if member.weight is None:
            owners.setdefault(_owner(member), []).append((member, percent))
    for found in (part for whole in owners.values() for part in _of_each_scope(whole)):
        if len(found) > 1:
            others = names_of([member for member, _percent in found[1:]])
            each = ", ".join(str(percent) for _member, percent in found[:MOST_NAMES])
            message = f"is missing, as it is at {others}, so each gets an equal part of the rest (in percent: {each})"
            fix = "write the weight of each but one, also where it is 0"
            resources.find("A02", "error", f"{found[0][0].title}: weight", message, fix)


def _of_each_scope(found: Sequence[tuple[Member, int]]) -> Iterator[list[tuple[Member, int]]]:
    """Two scopes are two owners; a Mapping without one, such as an old one of the operator, may be of either."""
    scopes = [str(member.resource.labels.get(SCOPE_LABEL) or "") for member, _percent in found]
    for scope in dict.fromkeys(filter(None, scopes)) or [""]:
        yield [item for item, own in zip(found, scopes, strict=True) if own in ("", scope)]


def _owner(member: Member) -> tuple[str, str]:
    """Whose a Mapping is: a definition's, by our label or by that of the operator, else its namespace's."""
    labels = member.resource.labels
    return member.resource.namespace, str(labels.get(DEFINITION_LABEL) or labels.get(DEPLOYMENT_LABEL) or "")


def _negative(group: Group) -> Member | None:
    if group.shadow and group.parts and (group.shadow.weight or 0) < 0:
        return group.shadow
    return next((member for member, numerator in group.parts if numerator < 0), None)


def _has_no_negative(group: Group, resources: Resources) -> bool:
    member = _negative(group)
    if member:
        message = f"is negative, {_ENVOY_REFUSES}"
        resources.find("C06", "error", f"{member.title}: weight", message, "write a weight from 0 to 100")
    return member is None


# --- Headers and hosts --------------------------------------------------------------------------------------------


def _check_added_headers(group: Group, resources: Resources) -> None:
    """Issues 1288 and 4062: the proxy adds what all members say to every request, and the last one removes."""
    first = group.members[0]
    if all(_HEADERS.isdisjoint(member.fields) for member in group.members):
        return
    for name in sorted(_HEADERS):
        own = _headers(first, name)
        other = next((member for member in group.members[1:] if _headers(member, name) != own), None)
        if other:
            message = f"differs from that of {first.title} in the same weight group, and {_EFFECT[name.split('_')[0]]}"
            resources.find("C07", "error", f"{other.title}: {name}", message, "write the same in all of the group")


def _headers(member: Member, name: str) -> Any:
    found = member.fields.get(name) or None
    return [found] if isinstance(found, str) else found


def _check_port(group: Group, resources: Resources) -> None:
    """Issues 3625 and 4791: the whole Host header is compared, and a Host of the bare name does not take it."""
    conditions = [item for item in group.first.headers if item.name == ":authority" and not item.regex]
    port = next((found for item in conditions if (found := _WITH_PORT.fullmatch(item.value or ""))), None)
    if port is None:
        return
    message = f"holds the port {port['port']}, so it takes only requests whose Host header holds it too"
    if str(resources.module.get("strip_matching_host_port")).lower() == "true":
        message += ", and strip_matching_host_port takes it away from those that come in at this very port"
    for member in group.takers:
        name = next((name for name in ("hostname", "host") if name in member.resource.fields), "headers")
        fix = f"write {shown(port['name'])}, and for clients that send it set strip_matching_host_port in the Module"
        resources.find("C03", "warning", f"{member.title}: {name}", message, fix)


def _check_counts(resources: Resources) -> None:
    where = f"Ambassador {in_a_sentence(resources.ambassador_id)}"
    for kind, most, trouble in (
        ("Mapping", MOST_MAPPINGS, "pods are known to restart again and again"),
        ("TLSContext", MOST_CONTEXTS, "pods are known to run out of memory"),
    ):
        count = len(resources.of(kind))
        if count > most:
            message = f"reads {count} {kind}s, and from about {most} on its {trouble}"
            fix = "watch its memory and its restarts, or divide them between several Ambassadors"
            resources.find("B07", "warning", where, message, fix)


# --- Shadows ------------------------------------------------------------------------------------------------------


_Asked: TypeAlias = Mapping[str, str]


class _Routes:
    """Groups that have routes, with what they ask, by path and then by one of the things asked."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self._by_path: dict[tuple[str, ...], list[tuple[_Asked, Group]]] = {}
        self._by_value: dict[tuple[tuple[str, ...], str], dict[str | None, list[tuple[_Asked, Group]]]] = {}
        for group in groups:
            self._by_path.setdefault(_path(group.first), []).append((_exact(group.first), group))

    def beside(self, shadow: Member) -> Group | None:
        """The first one that takes some of the requests that a shadow waits for."""
        asked = _exact(shadow)
        return next((group for other, group in self._near(shadow, asked) if _meet(asked, other)), None)

    def _near(self, shadow: Member, asked: _Asked) -> Iterator[tuple[_Asked, Group]]:
        # Tenants share a path and are told apart by a header or a host: not each is compared with all others.
        path = _path(shadow)
        groups = self._by_path.get(path, [])
        name = next((name for name in asked if name != ":method"), None)
        if name is None:
            yield from groups
            return
        if (path, name) not in self._by_value:
            found = self._by_value[path, name] = {}
            for other, group in groups:
                found.setdefault(other.get(name), []).append((other, group))
        for value in (asked[name], None):
            yield from self._by_value[path, name].get(value, [])


def _path(member: Member) -> tuple[str, ...]:
    kinds = [name for name in ("prefix_regex", "prefix_exact") if member.fields.get(name)]
    return (str(member.fields["prefix"]), *kinds[:1])


def _exact(member: Member) -> _Asked:
    """What a Mapping asks word by word: of headers, and of parameters after a question mark."""
    found = {item.name.lower(): item.value for item in member.headers if not item.regex}
    found |= {f"?{item.name}": item.value for item in member.query if not item.regex}
    return {name: value for name, value in found.items() if value is not None and "*" not in value}


def _meet(asked: _Asked, other: _Asked) -> bool:
    """Whether a request can meet both."""
    return all(other.get(name, value) == value for name, value in asked.items())


def _check_lone_shadows(shadows: Iterable[Member], routes: _Routes, resources: Resources) -> None:
    for shadow in shadows:
        where = f"{shadow.title}: shadow"
        beside = routes.beside(shadow)
        if beside is None:
            message = "copies nothing, because no Mapping has the same match and answers these requests"
            fix = "add the Mapping whose requests it shall copy, or remove it"
            resources.find("A04", "error", where, message, fix)
        else:
            other = beside.takers[0]
            message = (
                f"copies nothing, because its match differs from that of {other.title}: {_difference(shadow, other)}"
            )
            fix = "write the same match in both, since only requests of one match are copied"
            resources.find("A05", "error", where, message, fix)


def _difference(one: Member, other: Member) -> str:
    def of(member: Member) -> dict[str, Any]:
        named = {item.name: item for item in member.headers}
        return {
            "method": named.pop(":method", None),
            "host": named.pop(":authority", None),
            "headers": named,
            "query_parameters": member.query,
            "precedence": member.fields.get("precedence") or 0,
        }

    first, second = of(one), of(other)
    words = [name for name in first if first[name] != second[name]]
    return ", ".join(words or ["labels"])


# --- Regular expressions ------------------------------------------------------------------------------------------


class _Expressions:
    """Judges the expressions of groups by what Envoy does with them."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        module = resources.module
        self._most = _size(module.get("regex_max_size"))
        # Ambassador 1 has a second engine, which knows look-around too; what rewrites runs on RE2 nevertheless.
        self._unsafe = resources.generation == "v1" and str(module.get("regex_type")).lower() == "unsafe"

    def are_usable(self, group: Group) -> bool:
        usable = True
        for member, name, pattern in _expressions(group):
            if self._unsafe and name not in ("regex_rewrite", "regex_redirect"):
                continue
            where = f"{member.title}: {name}"
            if problem := regex_problem(pattern):
                usable = False
                message = f"{problem}, {_ENVOY_REFUSES}"
                self._resources.find("A06", "error", where, message, "write an expression that RE2 can read")
            elif len(pattern) > self._most:
                message = f"is {len(pattern)} characters long, and where its program is larger than regex_max_size"
                fix = "shorten it, or raise regex_max_size in the Module"
                message += f" ({self._most}), Envoy refuses the whole configuration"
                self._resources.find("A06", "warning", where, message, fix)
        return usable


def _size(value: Any) -> int:
    """A number, which may be written as text; what is none counts as the default."""
    if isinstance(value, str) and re.fullmatch("[0-9]{1,18}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else DEFAULT_REGEX_SIZE


def _expressions(group: Group) -> Iterator[tuple[Member, str, str]]:
    """Each with the Mapping and the field that it is written in. One member speaks for what a group has only once."""
    first, takers = group.first, group.takers
    if first.core.get("prefix_regex"):
        yield from ((member, "prefix", str(first.fields["prefix"])) for member in takers)
    for item in first.headers:
        if item.regex:
            yield from ((member, _field(item), item.value or "") for member in takers)
    if group.redirect:
        fields = group.redirect.fields
        if not fields.get("path_redirect") and not fields.get("prefix_redirect"):
            yield from _pattern(group.redirect, "regex_redirect")
        return
    speaker = group.sorted_members[-1]
    for item in speaker.query:
        if item.regex:
            yield speaker, f"regex_query_parameters.{in_a_sentence(item.name)}", item.value or ""
    yield from _pattern(speaker, "regex_rewrite")


def _field(item: Condition) -> str:
    own = {":authority": "host", ":method": "method"}
    return own.get(item.name) or f"regex_headers.{in_a_sentence(item.name)}"


def _pattern(member: Member, name: str) -> Iterator[tuple[Member, str, str]]:
    found = member.fields.get(name)
    pattern = found.get("pattern") if isinstance(found, Mapping) else None
    if isinstance(pattern, str):
        yield member, name, pattern
