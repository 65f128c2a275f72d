# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A route table: what a proxy does with a request, whoever wrote the objects that say so.

A table holds rows in the order in which the proxy tries them. What a proxy would refuse or drop is not in the rows; it
is one of the findings.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from ..definition.findings import Finding

Provider = Literal["ambassador", "istio"]
TextKind = Literal["exact", "prefix", "suffix", "regex", "present"]


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A condition on a text: a path, a method, the value of a header or of a query parameter.

    A ``regex`` must match the whole text. ``present`` asks for the header whatever it holds. ``negated`` turns the
    condition round (Istio's ``withoutHeaders``).
    """

    kind: TextKind
    value: str = ""
    ignore_case: bool = False
    negated: bool = False


Conditions: TypeAlias = "tuple[tuple[str, Text], ...]"


@dataclass(frozen=True, slots=True)
class RequestMatch:
    """All conditions of a row; a request must meet each. ``path`` None takes every path, ``method`` None every
    method."""

    path: Text | None = None
    method: Text | None = None
    headers: Conditions = ()
    query: Conditions = ()


@dataclass(frozen=True, slots=True)
class Owner:
    """The object that a row comes from. ``labels`` tell whose it is."""

    kind: str
    namespace: str
    name: str
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: ``host`` as a fully qualified name of the cluster (without its domain) or a host outside."""

    host: str
    port: int
    subset: str = ""
    tls: bool = False


@dataclass(frozen=True, slots=True)
class RegexRewrite:
    """Every match of ``pattern`` in a path becomes ``substitution``, in which ``\\1`` stands for the first group.

    Source: ``RegexMatchAndSubstitute`` in ``api/envoy/type/matcher/v3/regex.proto`` of Envoy.
    """

    pattern: str
    substitution: str


@dataclass(frozen=True, slots=True)
class Share:
    """A target and the exact share of the row's requests that it gets, 0 to 100; the shares of a row may add up to
    less, and the rest then goes on to the rows below. ``rewrite`` as a text takes the place of what was matched."""

    target: Target
    percent: Fraction
    timeout_ms: int | None = None
    rewrite: str | RegexRewrite | None = None
    host_rewrite: str | None = None
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Copy:
    """A mirror: ``percent`` of the row's requests are sent to ``target`` too."""

    target: Target
    percent: Fraction
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One route. ``redirect`` is set where the answer is a redirect to that place, and there is no share then."""

    match: RequestMatch
    shares: tuple[Share, ...]
    owner: Owner
    mirrors: tuple[Copy, ...] = ()
    retries: int = 0
    redirect: str = ""


@dataclass(frozen=True, slots=True)
class VirtualHost:
    """The rows for one host name, in the order in which they are tried.

    ``domain`` is ``*``, a name, or ``*.domain``; the most specific domain that fits takes a request, and no other is
    asked when none of its rows matches.
    """

    domain: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where requests come in: an Ambassador with its id, or a gateway (``namespace/name``, or ``mesh``), and a port.

    ``port`` 0 stands for any port, where nothing says which there are.
    """

    provider: Provider
    name: str
    port: int
    hosts: tuple[VirtualHost, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """All entrances of one provider, and what the proxy would refuse, drop or overrule."""

    entrances: tuple[Entrance, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower-case; ``query`` holds the first value of each parameter."""

    method: str = "GET"
    host: str = ""
    path: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
