# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the routes of Istio lead to: DestinationRules for Services, ServiceEntries for hosts outside the cluster.

Source of the operator's shape: ``operator/controllers/seldondeployment_controller.go`` (lines 333 to 411) of
SeldonIO/seldon-core v1.18.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..definition.profile import CORRECTED, Profile
from ..intent.model import Backend, Entry, Intent
from .model import Rendered, metadata, rendered

DEFAULT_GATEWAY = "istio-system/seldon-gateway"
DEFAULT_API_VERSION = "networking.istio.io/v1beta1"
IDLE_TIMEOUT = "60s"
# What the operator looks a mode up in; the first is its zero value, which is left out and stands for unknown ones too.
OPERATOR_TLS_MODES = ("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL")


@dataclass(frozen=True, slots=True)
class IstioSettings:
    """What the environment decides. The gateways and hosts serve definitions that name none."""

    gateways: tuple[str, ...] = (DEFAULT_GATEWAY,)
    hosts: tuple[str, ...] = ("*",)
    tls_mode: str = ""
    api_version: str = DEFAULT_API_VERSION
    cluster_domain: str = "cluster.local"
    profile: Profile = CORRECTED


def host_of(entry: Entry, backend: Backend, settings: IstioSettings) -> str:
    if entry.kind == "explain" and not settings.profile.explainer_rules:
        return backend.service  # B14
    return backend.host or f"{backend.service}.{backend.namespace}.svc.{settings.cluster_domain}"


def targets(intent: Intent) -> Iterator[tuple[Entry, Backend]]:
    for entry in intent.entries:
        yield from ((entry, backend) for backend in entry.backends)
        yield from ((entry, mirror.backend) for mirror in entry.mirrors)


def destination_rules(intents: Iterable[Intent], settings: IstioSettings) -> Iterator[Rendered]:
    """One rule for each Service of a predictor or explainer, and for backends that speak TLS."""
    for intent in intents:
        done: set[tuple[str, int]] = set()
        for entry, backend in targets(intent):
            host = host_of(entry, backend, settings)
            if (host, backend.index) in done or not (backend.subset or backend.tls):
                continue
            done.add((host, backend.index))
            name = backend.service if backend.subset else _outside_name(intent, backend)
            yield rendered(
                intent,
                {
                    "apiVersion": settings.api_version,
                    "kind": "DestinationRule",
                    "metadata": metadata(name, intent.namespace),
                    "spec": {"host": host, **_subsets(backend), **_traffic_policy(entry, backend, settings)},
                },
            )


def _outside_name(intent: Intent, backend: Backend) -> str:
    text = (backend.host or f"{backend.service}.{backend.namespace}").replace(".", "-")
    return f"{intent.name}-{text}"


def _subsets(backend: Backend) -> dict[str, Any]:
    subset = backend.subset
    if not subset:
        return {}
    name = {"name": subset.name} if subset.name else {}
    return {"subsets": [name | {"labels": {"version": subset.version}}]}


def _traffic_policy(entry: Entry, backend: Backend, settings: IstioSettings) -> dict[str, Any]:
    """The field ``trafficPolicy``; the operator gives explainers none (B14)."""
    if not backend.subset:
        tls = {"mode": "SIMPLE", "sni": host_of(entry, backend, settings)}
        return {"trafficPolicy": {"portLevelSettings": [{"port": {"number": backend.port}, "tls": tls}]}}
    profile = settings.profile
    if entry.kind == "explain" and not profile.explainer_rules:
        return {}
    if settings.tls_mode and not profile.whole_traffic_policy:
        mode = settings.tls_mode if settings.tls_mode in OPERATOR_TLS_MODES[1:] else ""  # B13
        return {"trafficPolicy": {"tls": {"mode": mode} if mode else {}}}
    limits = dict(entry.policies.circuit_breakers or ())
    http: dict[str, Any] = {"idleTimeout": IDLE_TIMEOUT}
    for theirs, ours in (
        ("http1MaxPendingRequests", "max_pending_requests"),
        ("http2MaxRequests", "max_requests"),
        ("maxRetries", "max_retries"),
    ):
        if limits.get(ours):
            http[theirs] = limits[ours]
    pool: dict[str, Any] = {"http": http}
    if limits.get("max_connections"):
        pool["tcp"] = {"maxConnections": limits["max_connections"]}
    policy: dict[str, Any] = {"connectionPool": pool}
    if backend.tls_secret and profile.providers_route_alike:
        # Ambassador does not check the model's certificate either; the finding of this deployment says so.
        policy["tls"] = {"mode": "SIMPLE", "insecureSkipVerify": True}
    elif settings.tls_mode:
        policy["tls"] = {"mode": settings.tls_mode}
    return {"trafficPolicy": policy}


def service_entries(intents: Iterable[Intent], settings: IstioSettings) -> Iterator[Rendered]:
    """Hosts outside the cluster, one ServiceEntry for each host that a definition uses."""
    for intent in intents:
        ports: dict[str, dict[int, str]] = {}
        names: dict[str, str] = {}
        for entry, backend in targets(intent):
            if backend.host:
                protocol = "HTTPS" if backend.tls else "GRPC" if entry.grpc else "HTTP"
                ports.setdefault(backend.host, {})[backend.port] = protocol
                names[backend.host] = _outside_name(intent, backend)
        for host, used in ports.items():
            yield rendered(
                intent,
                {
                    "apiVersion": settings.api_version,
                    "kind": "ServiceEntry",
                    "metadata": metadata(names[host], intent.namespace),
                    "spec": {
                        "hosts": [host],
                        "location": "MESH_EXTERNAL",
                        "resolution": "DNS",
                        "ports": [
                            {"number": port, "name": f"{protocol.lower()}-{port}", "protocol": protocol}
                            for port, protocol in sorted(used.items())
                        ],
                    },
                },
            )
