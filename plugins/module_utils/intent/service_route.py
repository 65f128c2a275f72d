# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a ServiceRoute to its intent."""

from __future__ import annotations

from collections.abc import Iterator

from ..definition.findings import Finding
from ..definition.model import Route, RouteBackend, ServiceRoute, place_of
from .model import Backend, Entry, Intent, Match, Mirror, Policies, Retries
from .policies import policy_findings


def route_intent(definition: ServiceRoute) -> Intent:
    """What a valid ServiceRoute asks for."""
    many = len(definition.routes) > 1
    where = place_of(definition)
    entries = tuple(
        _entry(route, definition.namespace, route.name or (str(index) if many else ""))
        for index, route in enumerate(definition.routes)
    )
    return Intent(
        kind=definition.kind,
        namespace=definition.namespace,
        name=definition.name,
        origin=str(definition.origin),
        entries=entries,
        attached_to=definition.name,
        service=definition.service,
        findings=(*_timeouts(definition, where), *policy_findings(where, entries)),
    )


def _timeouts(definition: ServiceRoute, where: str) -> Iterator[Finding]:
    for index, route in enumerate(definition.routes):
        if route.timeout_ms is None:
            what = "no timeout_ms: requests end after 3 s on Ambassador and have no limit on Istio"
            yield Finding("A10", "warning", f"{where} spec.routes[{index}]", what, "set it to what the service needs")


def _entry(route: Route, namespace: str, label: str) -> Entry:
    return Entry(
        kind="service",
        match=Match(
            route.path_kind,
            route.path,
            tuple(sorted(route.methods)),
            tuple((name.lower(), match) for name, match in route.headers),
            route.query,
        ),
        backends=_backends(route, namespace),
        policies=Policies(route.timeout_ms, _retries(route), cors=route.cors),
        label=label,
        rewrite=route.rewrite,
        host_rewrite=route.host_rewrite,
        mirrors=(Mirror(_backend(route.mirror.backend, namespace), route.mirror.percent),) if route.mirror else (),
        hosts=route.hosts,
        grpc=route.grpc,
    )


def _backends(route: Route, namespace: str) -> tuple[Backend, ...]:
    given = [backend.weight for backend in route.backends]
    taker = given.index(None) if None in given else 0
    return tuple(
        _backend(backend, namespace, None if index == taker else backend.weight)
        for index, backend in enumerate(route.backends)
    )


def _backend(backend: RouteBackend, namespace: str, weight: int | None = None) -> Backend:
    """A backend; ``name``, ``name.namespace`` and ``name.namespace.svc...`` are services of the cluster."""
    service, _dot, rest = backend.service.partition(".")
    return Backend(
        name=backend.service,
        service=service,
        namespace=rest.partition(".")[0] or namespace,
        port=backend.port,
        weight=weight,
        host=backend.service if backend.external else "",
        tls=backend.tls,
    )


def _retries(route: Route) -> Retries | None:
    retries = route.retries
    return None if retries is None else Retries(retries.attempts, retries.on, retries.per_try_timeout_ms)
