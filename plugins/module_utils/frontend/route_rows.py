# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables and answers as the plain values that filters return."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..definition.fields import kind_of, nearest, shown, word
from ..definition.model import in_a_sentence
from ..objects.ownership import SCOPE_LABEL, SET_LABEL
from ..routing.model import Conditions, Copy, Entrance, Owner, RegexRewrite, Request, Share, Target, Text
from ..routing.resolve import HOST_HEADERS, WHOLE, Answer, Part, resolve
from .errors import OptionError
from .routing import THIS_RUN, Scene
from .translation import plain

# What stands for a scope that nobody has said.
_OF_THIS_RUN = {(SCOPE_LABEL, THIS_RUN.scope), (SET_LABEL, THIS_RUN.set)}
_MOST_NAMES = 10
REQUEST_FIELDS = ("method", "host", "path", "headers")


def rows(seen: Iterable[Scene]) -> list[dict[str, Any]]:
    """The rows of tables, in the order in which the proxy tries them."""
    return [
        {
            **_entrance(entrance),
            "host": host.domain,
            "order": order,
            "match": {
                "path": _text(row.match.path),
                "method": _text(row.match.method),
                "headers": _conditions(row.match.headers),
                "query": _conditions(row.match.query),
            },
            "backends": [_share(share, share.percent) for share in row.shares],
            **_copies([_copy(copy, copy.percent) for copy in row.mirrors]),
            "retries": row.retries,
            "redirect": row.redirect or None,
            "owner": _owner(row.owner),
        }
        for one in seen
        for entrance in one.table.entrances
        for host in entrance.hosts
        for order, row in enumerate(host.rows)
    ]


def _entrance(entrance: Entrance) -> dict[str, Any]:
    return {"provider": entrance.provider, "entrance": entrance.name, "port": entrance.port}


def _copies(mirrors: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {"mirror": mirrors[0] if mirrors else None, "mirrors": list(mirrors)}


def _share(share: Share, percent: Fraction) -> dict[str, Any]:
    return {
        **_target(share.target),
        "percent": _number(percent),
        "rewrite": _rewrite(share.rewrite),
        "host_rewrite": share.host_rewrite,
        "timeout_ms": share.timeout_ms,
    }


def _rewrite(rewrite: str | RegexRewrite | None) -> str | dict[str, str] | None:
    if isinstance(rewrite, RegexRewrite):
        return {"pattern": rewrite.pattern, "substitution": rewrite.substitution}
    return rewrite


def _copy(copy: Copy, percent: Fraction) -> dict[str, Any]:
    return {**_target(copy.target), "percent": _number(percent)}


def _target(target: Target) -> dict[str, Any]:
    return {"host": target.host, "port": target.port, "subset": target.subset or None, "tls": target.tls}


def _number(percent: Fraction) -> int | float:
    """A percentage: whole where it is, else to six places."""
    return int(percent) if percent.denominator == 1 else round(float(percent), 6)


def _owner(owner: Owner) -> dict[str, Any]:
    labels = {key: value for key, value in owner.labels if (key, value) not in _OF_THIS_RUN}
    return {"kind": owner.kind, "namespace": owner.namespace, "name": owner.name, "labels": labels}


def _text(text: Text | None) -> dict[str, Any] | None:
    if text is None:
        return None
    found: dict[str, Any] = {"kind": text.kind, "value": text.value}
    return found | {key: True for key in ("ignore_case", "negated") if getattr(text, key)}


def _conditions(conditions: Conditions) -> list[dict[str, Any]]:
    return [{"name": name, **(_text(text) or {})} for name, text in conditions]


def request_option(value: Any) -> Request:
    """The request of ``resolve``: method, host, path with its query, headers.

    Raises:
        OptionError: for what is no request.
    """
    given = plain(value, "request")
    if not isinstance(given, dict):
        raise OptionError(f"request: is {kind_of(given)}: write a mapping with {', '.join(REQUEST_FIELDS)}.")
    for key in given:
        if key not in REQUEST_FIELDS:
            hint = nearest(key, REQUEST_FIELDS)
            raise OptionError(f"request: has {shown(key)}{hint}: allowed are {', '.join(REQUEST_FIELDS)}.")
    method, host, path = (
        _said(given, key, default) for key, default in (("method", "GET"), ("host", ""), ("path", "/"))
    )
    path, _mark, query = path.partition("?")
    if not path.startswith("/"):
        raise OptionError(f"request: the path {shown(path)} must begin with '/'.")
    parameters: dict[str, str] = {}
    for name, _equals, text in (item.partition("=") for item in query.split("&") if item):
        parameters.setdefault(name, text)
    headers = _headers(given.get("headers"))
    host = _host(host, headers)
    others = tuple(sorted((name, text) for name, text in headers.items() if name not in HOST_HEADERS))
    return Request(method.upper(), host, path, others, tuple(sorted(parameters.items())))


def _said(given: dict[str, Any], key: str, default: str) -> str:
    value = given.get(key)
    if value is None:
        return default
    if not isinstance(value, str):
        raise OptionError(f"request: {key} is {kind_of(value)}: it must be text.")
    return value


def _host(host: str, headers: Mapping[str, str]) -> str:
    """The host of a request, which may stand among the headers as well."""
    for name in HOST_HEADERS:
        said = headers.get(name, host)
        if host and said != host:
            raise OptionError(f"request: has the host {shown(host)} and the header {name} {shown(said)}: keep one.")
        host = said
    return host


def _headers(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise OptionError(f"request: headers is {kind_of(given)}: write a mapping of names and values.")
    found: dict[str, str] = {}
    for name, value in given.items():
        if not isinstance(value, str):
            raise OptionError(f"request: the header {shown(name)} is {kind_of(value)}: it must be text.")
        if name.lower() in found:
            raise OptionError(f"request: the header {shown(name)} is there twice, with other capitals: keep one.")
        found[name.lower()] = value
    return found


def answered(seen: Scene, request: Request, name: object = None, port: object = None) -> dict[str, Any]:
    """What happens to a request at the one entrance of that name and port, or at all of them if they agree.

    Raises:
        OptionError: where no entrance has the name or port, or where several answer differently.
    """
    chosen = _chosen(seen.table.entrances, name, port)
    if not chosen:
        nowhere = Entrance(seen.provider, "", 0, ())
        return _answer(Answer(nowhere, unanswered=WHOLE, why="nothing is served at all"))
    answers = [_answer(resolve(entrance, request)) for entrance in chosen]
    # What is served elsewhere makes other words of the same answer.
    told = [{key: answer[key] for key in answer if key not in ("entrance", "port", "why")} for answer in answers]
    if any(other != told[0] for other in told):
        raise OptionError(f"entrance: several answer differently ({_names(chosen)}): name the entrance or the port.")
    return answers[0]


def _chosen(entrances: Sequence[Entrance], name: object, port: object) -> list[Entrance]:
    if name is not None and not isinstance(name, str):
        raise OptionError(f"entrance: {word(name)} is no name: write that of a gateway, or the id of an Ambassador.")
    if port is not None and (not isinstance(port, int) or isinstance(port, bool)):
        raise OptionError(f"port: {word(port)} is no port: write a whole number.")
    found = [item for item in entrances if name in (None, item.name) and port in (None, item.port)]
    if not found and (name is not None or port is not None):
        names = _names(entrances) or "none"
        raise OptionError(f"entrance: there is none of this name and port: there are {names}.")
    return found


def _names(entrances: Sequence[Entrance]) -> str:
    told = [f"{in_a_sentence(item.name)} port {item.port}" for item in entrances[:_MOST_NAMES]]
    more = len(entrances) - len(told)
    return ", ".join([*told, f"{more} more"] if more else told)


def _answer(answer: Answer) -> dict[str, Any]:
    paths = {part.path for part in answer.parts}
    return {
        **_entrance(answer.entrance),
        "matched": bool(answer.parts or answer.redirect),
        "backends": [_part(part) for part in answer.parts],
        "path": paths.pop() if len(paths) == 1 else None,
        **_copies([_copy(item.copy, item.percent) for item in answer.mirrors]),
        "unanswered": _number(answer.unanswered),
        "redirect": answer.redirect or None,
        "why": answer.why or None,
    }


def _part(part: Part) -> dict[str, Any]:
    return {**_share(part.share, part.percent), "path": part.path, "owner": _owner(part.share.owner or part.row.owner)}
