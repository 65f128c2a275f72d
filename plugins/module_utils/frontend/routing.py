# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tables for filters: definitions and Kubernetes objects in, rows and answers out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from ..definition.fields import kind_of, nearest, shown
from ..routing.emissary import emissary_table
from ..routing.istio import istio_table
from ..routing.model import Conditions, Copy, Entrance, Owner, Request, Row, Share, Table, Target, Text
from ..routing.resolve import Answer, Part, resolve
from .errors import OptionError
from .translation import Run, plain

DEFINITION_KINDS = ("SeldonDeployment", "ServiceRoute")
REQUEST_FIELDS = ("method", "host", "path", "headers")


def divided(value: Any) -> tuple[list[Any], list[dict[str, Any]]]:
    """Definitions, and Kubernetes objects of any other kind, out of one list.

    Raises:
        OptionError: for what is neither.
    """
    items = plain(value)
    definitions: list[Any] = []
    objects: list[dict[str, Any]] = []
    for index, item in enumerate(items if isinstance(items, list) else [items]):
        if not isinstance(item, dict):
            raise OptionError(f"definitions[{index}]: is {kind_of(item)}: give definitions and Kubernetes objects.")
        if item.get("kind") in DEFINITION_KINDS or str(item.get("kind", "")).endswith("List"):
            definitions.append(item)
        else:
            objects.append(item)
    return definitions, objects


def ambassador_table(run: Run | None, objects: Sequence[Mapping[str, Any]], *, old: bool) -> Table:
    """The tables of all Ambassadors that an object names; ``old`` is Ambassador 1.x."""
    everything = [*_objects_of(run), *objects]
    tables = [
        emissary_table(everything, ambassador_id=identity, generation="v1" if old else "v3")
        for identity in _ids(run, objects)
    ]
    return Table(
        tuple(entrance for table in tables for entrance in table.entrances),
        tuple(sorted({finding for table in tables for finding in table.findings})),
    )


def mesh_table(run: Run | None, objects: Sequence[Mapping[str, Any]], cluster_domain: str) -> Table:
    """The table of Istio."""
    return istio_table([*_objects_of(run), *objects], cluster_domain=cluster_domain)


def _objects_of(run: Run | None) -> list[Any]:
    return [] if run is None else [item.object for item in run.translation.objects]


def _ids(run: Run | None, objects: Iterable[Mapping[str, Any]]) -> list[str]:
    found = {"default"}
    for item in (*_objects_of(run), *objects):
        spec = item.get("spec")
        ids = spec.get("ambassador_id") if isinstance(spec, Mapping) else None
        found |= {ids} if isinstance(ids, str) else set(ids) if isinstance(ids, list) else set()
    for place in run.translation.places if run else ():
        found |= set(place.door.by)
    return sorted(item for item in found if isinstance(item, str))


def rows(table: Table) -> list[dict[str, Any]]:
    """The rows of a table, in the order in which the proxy tries them."""
    return [
        {
            "provider": entrance.provider,
            "entrance": entrance.name,
            "port": entrance.port,
            "host": host.domain,
            "order": order,
            "match": {
                "path": _text(row.match.path),
                "method": _text(row.match.method),
                "headers": _conditions(row.match.headers),
                "query": _conditions(row.match.query),
            },
            **_action(row),
        }
        for entrance in table.entrances
        for host in entrance.hosts
        for order, row in enumerate(host.rows)
    ]


def _action(row: Row) -> dict[str, Any]:
    return {
        "backends": [_share(share, share.percent) for share in row.shares],
        "mirrors": [_copy(copy, copy.percent) for copy in row.mirrors],
        "retries": row.retries,
        "redirect": row.redirect or None,
        "owner": _owner(row.owner),
    }


def _share(share: Share, percent: Fraction) -> dict[str, Any]:
    return {
        **_target(share.target),
        "percent": number(percent),
        "rewrite": share.rewrite,
        "host_rewrite": share.host_rewrite,
        "timeout_ms": share.timeout_ms,
    }


def _copy(copy: Copy, percent: Fraction) -> dict[str, Any]:
    return {**_target(copy.target), "percent": number(percent)}


def _target(target: Target) -> dict[str, Any]:
    return {"host": target.host, "port": target.port, "subset": target.subset or None, "tls": target.tls}


def number(percent: Fraction) -> int | float:
    """A percentage as a number: whole where it is, else to six places."""
    return int(percent) if percent.denominator == 1 else round(float(percent), 6)


def _owner(owner: Owner) -> dict[str, Any]:
    return {"kind": owner.kind, "namespace": owner.namespace, "name": owner.name, "labels": dict(owner.labels)}


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
    given = plain(value)
    if not isinstance(given, dict):
        raise OptionError(f"request: is {kind_of(given)}: write a mapping with {', '.join(REQUEST_FIELDS)}.")
    for key in given:
        if key not in REQUEST_FIELDS:
            hint = nearest(key, REQUEST_FIELDS)
            raise OptionError(f"request: has {shown(key)}{hint}: allowed are {', '.join(REQUEST_FIELDS)}.")
    texts = {key: given.get(key, default) for key, default in (("method", "GET"), ("host", ""), ("path", "/"))}
    headers = given.get("headers") or {}
    for key, text in (*texts.items(), *(headers.items() if isinstance(headers, dict) else (("headers", headers),))):
        if not isinstance(text, str):
            raise OptionError(f"request: {shown(key)} is {kind_of(text)}: it must be text.")
    path, _mark, query = texts["path"].partition("?")
    if not path.startswith("/"):
        raise OptionError(f"request: the path {shown(path)} must begin with '/'.")
    pairs = (item.partition("=") for item in query.split("&") if item)
    return Request(
        texts["method"],
        texts["host"],
        path,
        tuple(sorted((name.lower(), text) for name, text in headers.items())),
        tuple(sorted({name: text for name, _equals, text in pairs}.items())),
    )


def answers(table: Table, request: Request) -> list[dict[str, Any]]:
    """What happens to a request at each entrance."""
    return [_answer(resolve(entrance, request), entrance) for entrance in table.entrances]


def _answer(answer: Answer, entrance: Entrance) -> dict[str, Any]:
    return {
        "provider": entrance.provider,
        "entrance": entrance.name,
        "port": entrance.port,
        "matched": bool(answer.parts or answer.redirect),
        "backends": [_part(part) for part in answer.parts],
        "mirrors": [_copy(item.copy, item.percent) for item in answer.mirrors],
        "unanswered": number(answer.unanswered),
        "redirect": answer.redirect or None,
        "why": answer.why or None,
    }


def _part(part: Part) -> dict[str, Any]:
    return {**_share(part.share, part.percent), "path": part.path, "owner": _owner(part.share.owner or part.row.owner)}
