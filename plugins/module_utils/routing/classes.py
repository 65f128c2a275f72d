# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests that tell route tables apart: for each row one that it takes, and those that just miss a condition of it.

Two tables that give the same answers to all of them route alike, as far as their own conditions can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

from ..definition.re2 import ExpressionError, expression
from .model import Conditions, Entrance, Request, RequestMatch, Row, Text

# A value that no condition names.
OTHER = "another-value"
# Pairs of rows whose conditions are joined, for each host; the rows nearest to each other come first.
MOST_PAIRS = 4_000


def requests(entrances: Iterable[Entrance]) -> tuple[Request, ...]:
    """Requests for all hosts and rows, each once, in a fixed order."""
    hosts: dict[str, list[Row]] = {}
    for entrance in entrances:
        for host in entrance.hosts:
            hosts.setdefault(_name(host.domain), []).extend(host.rows)
    everywhere = [row for rows in hosts.values() for row in rows]
    found = {request for name, rows in hosts.items() for request in _for_host(name, rows or everywhere)}
    return tuple(sorted(found, key=repr))


def _name(domain: str) -> str:
    """A host name that a domain takes."""
    return "any.invalid" if domain == "*" else f"any{domain[1:]}" if domain.startswith("*") else domain


def _for_host(host: str, rows: Sequence[Row]) -> Iterator[Request]:
    matches = list(dict.fromkeys(row.match for row in rows))
    for match in matches:
        for path in _paths(match):
            yield from _variants(host, path, match)
    for one, other in _near_pairs(matches):
        for path in _paths(one)[:1]:
            headers = dict(_values(other.headers)) | dict(_values(one.headers))
            query = dict(_values(other.query)) | dict(_values(one.query))
            yield _request(_method(one), host, path, headers, query)
            yield _request(_method(other), host, path, headers, query)


def _near_pairs(matches: Sequence[RequestMatch]) -> Iterator[tuple[RequestMatch, RequestMatch]]:
    """Matches whose conditions one request can meet, both ways."""
    by_beginning = sorted(matches, key=lambda match: match.path.value if match.path else "")
    for count, (one, other) in enumerate(combinations(by_beginning, 2)):
        if count >= MOST_PAIRS:
            return
        yield one, other
        yield other, one


def _variants(host: str, path: str, match: RequestMatch) -> Iterator[Request]:
    """The request that a row takes, and one for each condition that it does not meet."""
    method, headers, query = _method(match), dict(_values(match.headers)), dict(_values(match.query))
    yield _request(method, host, path, headers, query)
    yield _request("PATCH" if method != "PATCH" else "PUT", host, path, headers, query)
    for name in headers:
        yield _request(method, host, path, {key: value for key, value in headers.items() if key != name}, query)
        yield _request(method, host, path, headers | {name: OTHER}, query)
    for name in query:
        yield _request(method, host, path, headers, {key: value for key, value in query.items() if key != name})
        yield _request(method, host, path, headers, query | {name: OTHER})


def _request(method: str, host: str, path: str, headers: dict[str, str], query: dict[str, str]) -> Request:
    return Request(method, host, path, tuple(sorted(headers.items())), tuple(sorted(query.items())))


def _paths(match: RequestMatch) -> list[str]:
    """Paths that a row takes, and paths that it just does not take."""
    text = match.path
    if text is None:
        return ["/"]
    value = text.value
    if text.kind == "regex":
        around = [*_examples(text), *(f"{path}x" for path in _examples(text)), "/"]
        return list(dict.fromkeys(path for path in around if path.startswith("/")))
    around = [value, f"{value}x", f"{value}/x", value[:-1], f"/x{value}"]
    return list(dict.fromkeys(path for path in around if path.startswith("/")))


def _values(conditions: Conditions) -> Iterator[tuple[str, str]]:
    """Values that meet conditions; a negated one is met by leaving the header out."""
    for name, text in conditions:
        if text.negated:
            continue
        if text.kind == "present":
            yield name, OTHER
        elif text.kind == "regex":
            yield name, next(iter(_examples(text)), OTHER)
        else:
            yield name, text.value


def _method(match: RequestMatch) -> str:
    if match.method is None:
        return "GET"
    return next(iter(_examples(match.method)), "GET") if match.method.kind == "regex" else match.method.value


def _examples(text: Text) -> list[str]:
    try:
        return expression(text.value).examples()
    except ExpressionError:
        return []
