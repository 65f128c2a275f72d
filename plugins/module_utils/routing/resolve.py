# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one request goes, by a route table.

Source of the order: Envoy's ``VirtualHost`` and ``RouteMatch`` (``api/envoy/config/route/v3/route_components.proto``);
a route whose share does not take a request leaves it to the routes below, and all of them look at one random number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from ..definition.fields import shown
from ..definition.model import in_a_sentence
from ..definition.re2 import ExpressionError, expression
from .model import Copy, Entrance, RegexRewrite, Request, RequestMatch, Row, Share, Text, VirtualHost

WHOLE = Fraction(100)
# Names by which Envoy gives out the host of a request (``source/common/http/header_map_impl.cc``).
HOST_HEADERS = (":authority", "host")
_MOST_MISSES = 3
_MOST_HOSTS = 5


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the requests: ``percent`` of all go to the share's target, as ``path``; None where that is unknown."""

    percent: Fraction
    row: Row
    share: Share
    path: str | None


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A copy of a part of the requests; ``percent`` is of all requests."""

    percent: Fraction
    copy: Copy


@dataclass(frozen=True, slots=True)
class Answer:
    """What happens to a request at one entrance.

    ``unanswered`` is the share that no row gives to a target. ``redirect`` is set where the answer is a redirect.
    ``why`` says in a sentence why there is neither a part nor a redirect, and is empty otherwise.
    """

    entrance: Entrance
    parts: tuple[Part, ...] = ()
    mirrors: tuple[Mirrored, ...] = ()
    unanswered: Fraction = Fraction(0)
    redirect: str = ""
    why: str = ""


def resolve(entrance: Entrance, request: Request) -> Answer:
    """What happens to a request at an entrance."""
    host = host_for(entrance.hosts, _asked_name(entrance, request.host))
    if host is None:
        names = sorted(item.domain for item in entrance.hosts)[:_MOST_HOSTS]
        served = ", ".join(map(in_a_sentence, names)) or "none"
        missed = f"no host fits {shown(request.host)}" if request.host else "the request names no host"
        return Answer(entrance, unanswered=WHOLE, why=f"{missed}; served are {served}")
    matching = [row for row in host.rows if fits(row.match, request)]
    if not matching:
        return Answer(entrance, unanswered=WHOLE, why=_nearest_miss(host, request))
    return _divided(entrance, matching, request)


def _asked_name(entrance: Entrance, host: str) -> str:
    """What of a Host header has to be a domain of the entrance.

    Istio lets Envoy pass over the port (``IgnorePortInHostMatching`` in ``pilot/pkg/networking/core/gateway.go`` and
    ``httproute.go``). Ambassador does not (``envoy/v3/v3listener.py``), so there a name with a port is another one.
    """
    if entrance.provider == "ambassador" or host.startswith("["):
        return host
    return host.partition(":")[0]


def host_for(hosts: Iterable[VirtualHost], name: str) -> VirtualHost | None:
    """The virtual host of a request: the exact name, else the longest ``*.domain``, else ``*``."""
    plain = name.lower()
    found: VirtualHost | None = None
    for host in hosts:
        domain = host.domain.lower()
        if domain == plain:
            return host
        wide = domain == "*" or (domain.startswith("*") and plain.endswith(domain[1:]) and len(plain) >= len(domain))
        if wide and (found is None or len(domain) > len(found.domain)):
            found = host
    return found


def fits(match: RequestMatch, request: Request) -> bool:
    """Whether a request meets all conditions."""
    return next(_misses(match, request), "") == ""


def _misses(match: RequestMatch, request: Request) -> Iterator[str]:
    """The conditions that a request does not meet."""
    if match.path and not text_fits(match.path, request.path):
        yield "path"
    if match.method and not text_fits(match.method, request.method):
        yield "method"
    headers = dict(request.headers) | dict.fromkeys(HOST_HEADERS, request.host)
    for kind, conditions, given in (
        ("header", match.headers, headers),
        ("query parameter", match.query, dict(request.query)),
    ):
        for name, text in conditions:
            value = given.get(name.lower() if kind == "header" else name)
            if value is None and text.negated and text.kind != "present":
                value = ""  # Envoy takes a missing header for an empty one here
            if (value is not None and text_fits(replace(text, negated=False), value)) == text.negated:
                is_host = kind == "header" and name.lower() in HOST_HEADERS
                yield "host" if is_host else f"{kind} {in_a_sentence(name)}"


def text_fits(text: Text, value: str) -> bool:
    """Whether a text meets a condition; an expression that RE2 cannot read fits nothing."""
    wanted, given = (text.value.lower(), value.lower()) if text.ignore_case else (text.value, value)
    match text.kind:
        case "exact":
            found = given == wanted
        case "prefix":
            found = given.startswith(wanted)
        case "suffix":
            found = given.endswith(wanted)
        case "present":
            found = True
        case _:
            try:
                found = expression(f"(?i){text.value}" if text.ignore_case else text.value).fits(value)
            except ExpressionError:
                found = False
    return found != text.negated


def _divided(entrance: Entrance, rows: Sequence[Row], request: Request) -> Answer:
    parts: list[Part] = []
    mirrors: list[Mirrored] = []
    covered = Fraction(0)
    for row in rows:
        if row.redirect:
            return Answer(entrance, tuple(parts), tuple(mirrors), Fraction(0), row.redirect)
        if not row.shares:
            break
        begin, taken = Fraction(0), Fraction(0)
        for share in row.shares:
            end = min(WHOLE, begin + share.percent)
            percent = end - max(begin, covered)
            if percent > 0:
                parts.append(Part(percent, row, share, rewritten(row.match, share, request.path)))
                taken += percent
            begin = end
        mirrors += (Mirrored(taken * copy.percent / 100, copy) for copy in row.mirrors if taken and copy.percent)
        covered = max(covered, begin)
        if covered >= WHOLE:
            break
    return Answer(entrance, tuple(parts), tuple(mirrors), WHOLE - covered, why="" if parts else _why_nobody(rows))


def _why_nobody(rows: Sequence[Row]) -> str:
    """Why routes match and no target gets anything: the proxy answers itself, or all shares are 0."""
    row = next((item for item in rows if not item.shares), rows[0])
    named = f"{row.owner.kind} {in_a_sentence(row.owner.namespace)}/{in_a_sentence(row.owner.name)}"
    if row.shares:
        return f"the route that matches ({named}) gives nobody any request"
    return f"the route that matches ({named}) has no backend; the proxy answers itself"


def rewritten(match: RequestMatch, share: Share, path: str) -> str | None:
    """The path that the backend sees: the matched part is replaced, which for an exact path or an expression is all.

    None where an expression rewrites: which parts of a path it matches is not worked out here.
    """
    if share.rewrite is None:
        return path
    if isinstance(share.rewrite, RegexRewrite):
        return None
    if match.path and match.path.kind == "prefix":
        return share.rewrite + path[len(match.path.value) :]
    return share.rewrite if match.path else share.rewrite + path


def _nearest_miss(host: VirtualHost, request: Request) -> str:
    """Why no row matches: the row that comes nearest, and what it asks for."""
    if not host.rows:
        return f"the host {in_a_sentence(host.domain)} has no routes"
    best = min(host.rows, key=lambda row: (len(list(_misses(row.match, request))), -_common(row.match, request.path)))
    path = in_a_sentence(best.match.path.value) if best.match.path else "*"
    return f"no route matches; the nearest ({path}) asks for {_others(_misses(best.match, request))}"


def _others(misses: Iterable[str]) -> str:
    """``another path, another method and another host``."""
    told = [f"another {what}" for what in dict.fromkeys(misses)]
    if len(told) > _MOST_MISSES:
        told[_MOST_MISSES:] = [f"{len(told) - _MOST_MISSES} more"]
    *first, last = told
    return f"{', '.join(first)} and {last}" if first else last


def _common(match: RequestMatch, path: str) -> int:
    wanted = match.path.value if match.path else ""
    return next(
        (index for index, (one, other) in enumerate(zip(wanted, path, strict=False)) if one != other),
        min(len(wanted), len(path)),
    )
