# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A ServiceRoute document (``mlops.ingress/v1``) as a frozen value: shape only, no rule.

The kind is this collection's own, so a field that it does not have is refused, never dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from .fields import FieldReader, Fields, kind_of, nearest
from .model import Cors, Origin, Route, RouteBackend, RouteMirror, RouteRetries, ServiceRoute, TextMatch, in_a_sentence

API_VERSION = "mlops.ingress/v1"

DOCUMENT_FIELDS = ("apiVersion", "kind", "metadata", "spec")
SPEC_FIELDS = ("routes", "service")
ROUTE_FIELDS = tuple(
    "backends cors grpc headers host_rewrite hosts methods mirror name path prefix query regex retries rewrite"
    " timeout_ms".split()
)
BACKEND_FIELDS = ("external", "port", "service", "tls", "weight")
MIRROR_FIELDS = ("external", "percent", "port", "service", "tls")
RETRY_FIELDS = ("attempts", "on", "per_try_timeout_ms")
CORS_FIELDS = ("credentials", "exposed_headers", "headers", "max_age_s", "methods", "origins")


def read_route(document: Fields, origin: Origin, reader: FieldReader) -> ServiceRoute:
    """Read one document. Problems go to ``reader``; what is refused there has a harmless stand-in in the value."""
    metadata = reader.mapping(document, "metadata", "", required=True) or {}
    spec = reader.mapping(document, "spec", "", required=True) or {}
    _known(document, DOCUMENT_FIELDS, "", reader)
    _known(spec, SPEC_FIELDS, "spec", reader)
    return ServiceRoute(
        origin=origin,
        name=reader.text(metadata, "name", "metadata", required=True),
        namespace=reader.text(metadata, "namespace", "metadata") or "default",
        routes=reader.items(spec, "routes", "spec", lambda fields, path: _route(fields, path, reader), required=True),
        service=_service(spec, reader),
    )


def _service(spec: Fields, reader: FieldReader) -> Fields | None:
    """The spec of the Service to create. A whole Service may be given too; its spec then counts."""
    service = reader.mapping(spec, "service", "spec")
    if service is None or "spec" not in service:
        return service
    _known(service, ("apiVersion", "kind", "metadata", "spec"), "spec.service", reader)
    return reader.mapping(service, "spec", "spec.service")


def _known(fields: Fields, known: tuple[str, ...], path: str, reader: FieldReader) -> None:
    for key in sorted(fields.keys() - set(known)):
        where = f"{path}.{in_a_sentence(key)}"
        reader.refuse(where, f"is not a known field{nearest(key, known)}", f"known are {', '.join(known)}")


def _route(fields: Fields, path: str, reader: FieldReader) -> Route:
    _known(fields, ROUTE_FIELDS, path, reader)
    path_kind, pattern = _path(fields, path, reader)
    host_rewrite = reader.text(fields, "host_rewrite", path) or None
    retries = reader.mapping(fields, "retries", path) if not isinstance(fields.get("retries"), int) else None
    cors = reader.mapping(fields, "cors", path)
    return Route(
        name=reader.text(fields, "name", path),
        path_kind=path_kind,
        path=pattern,
        backends=reader.items(
            fields, "backends", path, lambda item, place: _backend(item, place, host_rewrite, reader), required=True
        ),
        methods=reader.words(fields, "methods", path),
        headers=_matches(fields, "headers", path, reader),
        query=_matches(fields, "query", path, reader),
        hosts=tuple(_lower(host) for host in reader.words(fields, "hosts", path)),
        rewrite=_rewrite(fields, path, path_kind, reader),
        host_rewrite=host_rewrite,
        mirror=_mirror(fields, path, host_rewrite, reader),
        timeout_ms=reader.whole(fields, "timeout_ms", path, 0),
        retries=_retries(fields, retries, path, reader),
        cors=None if cors is None else _cors(cors, f"{path}.cors", reader),
        grpc=bool(reader.flag(fields, "grpc", path)),
    )


def _lower(host: str) -> str:
    """Host names know no case, but Ambassador compares them as they are written.

    Others than ASCII stay for the check to find: some of them have a lower case that is ASCII.
    """
    return host.lower() if host.isascii() else host


def _path(fields: Fields, path: str, reader: FieldReader) -> tuple[Literal["prefix", "path", "regex"], str]:
    given: list[Literal["prefix", "path", "regex"]] = [
        kind for kind in ("prefix", "path", "regex") if fields.get(kind) is not None
    ]
    if len(given) != 1:
        what = "has none of" if not given else "has more than one of"
        reader.refuse(path, f"{what} prefix, path and regex", "give exactly one of them")
        return "prefix", "/"
    return given[0], reader.text(fields, given[0], path)


def _rewrite(fields: Fields, path: str, path_kind: str, reader: FieldReader) -> str | None:
    """What replaces the matched prefix or path; None leaves the path alone.

    As on Ambassador, a prefix without ``rewrite`` is replaced by ``/`` and an empty text means no rewrite.
    """
    if fields.get("rewrite") is None:
        return "/" if path_kind == "prefix" else None
    return reader.text(fields, "rewrite", path) or None


def _backend(fields: Fields, path: str, host_rewrite: str | None, reader: FieldReader) -> RouteBackend:
    _known(fields, BACKEND_FIELDS, path, reader)
    return _target(fields, path, host_rewrite, reader, reader.whole(fields, "weight", path, 0, 100))


def _target(
    fields: Fields, path: str, host_rewrite: str | None, reader: FieldReader, weight: int | None
) -> RouteBackend:
    service = reader.text(fields, "service", path, required=True)
    port = reader.whole(fields, "port", path, 1, 65535, required=True)
    external = reader.flag(fields, "external", path)
    if external is None:
        external = _looks_external(service, host_rewrite)
    tls = reader.flag(fields, "tls", path)
    return RouteBackend(service, port or 0, weight, external, external and port == 443 if tls is None else tls)


def _looks_external(service: str, host_rewrite: str | None) -> bool:
    """Whether a service without ``external`` is a host outside the cluster.

    ``name`` and ``name.namespace`` are services, as Ambassador and Kubernetes read them. A name that ``host_rewrite``
    repeats is the host's public name. Longer names are outside hosts unless they go on with ``.svc``.
    """
    labels = service.split(".")
    if len(labels) == 1:
        return False
    if service == host_rewrite:
        return True
    return len(labels) > 2 and labels[2] != "svc"


def _mirror(fields: Fields, path: str, host_rewrite: str | None, reader: FieldReader) -> RouteMirror | None:
    mirror = reader.mapping(fields, "mirror", path)
    if mirror is None:
        return None
    path = f"{path}.mirror"
    _known(mirror, MIRROR_FIELDS, path, reader)
    return RouteMirror(_target(mirror, path, host_rewrite, reader, None), reader.whole(mirror, "percent", path, 0, 100))


def _matches(fields: Fields, key: str, path: str, reader: FieldReader) -> tuple[tuple[str, TextMatch], ...]:
    given = reader.mapping(fields, key, path) or {}
    return tuple(
        (name, _match(value, f"{path}.{key}[{in_a_sentence(name)}]", reader)) for name, value in sorted(given.items())
    )


def _match(value: Any, path: str, reader: FieldReader) -> TextMatch:
    if isinstance(value, str):
        return TextMatch("exact", value)
    if isinstance(value, Mapping) and len(value) == 1:
        kind, text = next(iter(value.items()))
        if kind == "present" and text is True:
            return TextMatch("present")
        if kind in ("exact", "regex") and isinstance(text, str):
            return TextMatch(kind, text)
    what = f"is {kind_of(value)}"
    reader.refuse(path, what, "write a text, or one of {exact: text}, {regex: text} and {present: true}")
    return TextMatch("present")


def _retries(fields: Fields, retries: Fields | None, path: str, reader: FieldReader) -> RouteRetries | None:
    if retries is None:
        attempts = reader.whole(fields, "retries", path, 0) if isinstance(fields.get("retries"), int) else None
        return None if attempts is None else RouteRetries(attempts)
    path = f"{path}.retries"
    _known(retries, RETRY_FIELDS, path, reader)
    attempts = reader.whole(retries, "attempts", path, 0, required=True)
    on = reader.text(retries, "on", path) or "gateway-error"
    return RouteRetries(attempts or 0, on, reader.whole(retries, "per_try_timeout_ms", path, 1))


def _cors(cors: Fields, path: str, reader: FieldReader) -> Cors:
    _known(cors, CORS_FIELDS, path, reader)
    return Cors(
        origins=reader.words(cors, "origins", path),
        methods=reader.words(cors, "methods", path),
        headers=reader.words(cors, "headers", path),
        exposed_headers=reader.words(cors, "exposed_headers", path),
        credentials=reader.flag(cors, "credentials", path),
        max_age_s=reader.whole(cors, "max_age_s", path, 0),
    )
