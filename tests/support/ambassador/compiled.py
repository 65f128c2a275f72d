# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a compiler made of a set of objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple


class Match(NamedTuple):
    """A condition on a header or on a parameter of the query; without a value it has to be there, whatever it says."""

    name: str
    value: str | None
    is_regex: bool


@dataclass(frozen=True)
class Member:
    """A Mapping inside a group, as the compiler completed it.

    ``weight`` is the share of the requests in percent. The compilers count up: with 75 and 25 the first one has 75
    and the second one 100, and Envoy asks them in this order with one random number. This is the difference to the
    one before; what lies beyond 100 gets nothing. Of a mirror it is the percentage that is mirrored.

    ``tls`` says how the upstream connection really is: None is clear text, also where the Mapping names a context
    that does not exist, ``no-cert-upstream`` is TLS without a client certificate, else it is the context's name.
    """

    name: str
    namespace: str
    service: str
    weight: int
    timeout_ms: int | None
    idle_timeout_ms: int | None
    tls: str | None
    rewrite: str
    grpc: bool


@dataclass(frozen=True)
class Group:
    """Mappings that answer the same requests.

    ``host`` is empty where there is no condition on the host. Emissary 3 writes ``*`` for any host.

    ``hosts`` are the hostnames of the Hosts that take the group. With none nothing reaches it, as a v3alpha1 Mapping
    without a hostname. In Ambassador 1 every Host takes every Mapping, so it is ``*`` there.

    A group that has only a mirror has no route. One that redirects to another host has neither members nor mirrors.
    """

    prefix: str
    prefix_kind: str  # prefix, regex or exact
    host: str
    host_is_regex: bool
    method: str
    method_is_regex: bool
    headers: tuple[Match, ...]
    query_parameters: tuple[Match, ...]
    members: tuple[Member, ...]
    mirrors: tuple[Member, ...]
    # Of retries, breakers and CORS a group has one each: the compilers let one member speak for all.
    retry_policy: Mapping[str, Any] | None
    circuit_breakers: tuple[Mapping[str, Any], ...]
    cors: Mapping[str, Any] | None
    hosts: tuple[str, ...]


@dataclass(frozen=True)
class Compiled:
    """``errors`` are sentences ``<kind> <name>.<namespace>: <text>``, or with the compiler's own key in front.

    ``notices`` are what the compiler only remarks on, such as an apiVersion that it does not know and uses all the
    same. ``groups`` are in the order in which Envoy tries them, without those of the compiler's own probes.
    """

    errors: tuple[str, ...]
    notices: tuple[str, ...]
    groups: tuple[Group, ...]

    @staticmethod
    def of(answer: Mapping[str, Any]) -> Compiled:
        return Compiled(
            errors=tuple(answer["errors"]),
            notices=tuple(answer["notices"]),
            groups=tuple(_group(group) for group in answer["groups"]),
        )


def _group(group: Mapping[str, Any]) -> Group:
    changed = {
        "headers": _matches(group["headers"]),
        "query_parameters": _matches(group["query_parameters"]),
        "members": tuple(Member(**member) for member in group["members"]),
        "mirrors": tuple(Member(**member) for member in group["mirrors"]),
        "circuit_breakers": tuple(group["circuit_breakers"]),
        "hosts": tuple(group["hosts"]),
    }
    return Group(**{**group, **changed})


def _matches(rows: list[list[Any]]) -> tuple[Match, ...]:
    return tuple(
        sorted((Match(*row) for row in rows), key=lambda match: (match.name, match.value or "", match.is_regex))
    )
