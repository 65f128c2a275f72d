# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a DestinationRule and of a ServiceEntry: see ``istio_rules``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .istio_values import (
    duration_problems,
    export_to_problems,
    fqdn_problems,
    is_address,
    label_problems,
    name_problems,
    nanoseconds,
    subnet_problems,
    wildcard_domain_problems,
)
from .istio_virtual_service import at

_POLICY_FIELDS = ("outlierDetection", "connectionPool", "loadBalancer", "tls")
_WHOLE_POLICY_FIELDS = (*_POLICY_FIELDS, "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget")
_HTTP_COUNTS = (
    "http1MaxPendingRequests",
    "http2MaxRequests",
    "maxRequestsPerConnection",
    "maxRetries",
    "maxConcurrentStreams",
)
_PROTOCOLS = {
    *("tcp", "udp", "grpc", "grpc-web", "http", "http_proxy", "http2", "https", "tls", "mongo", "redis", "mysql"),
}
_HTTP_PROTOCOLS = {"http", "http2", "http_proxy", "grpc", "grpc-web"}
_TLS_PROTOCOLS = {"https", "tls"}
_UNIX = "unix://"


def destination_rule_problems(spec: dict[str, Any], namespace: str) -> Iterator[str]:
    yield from at("spec.host", wildcard_domain_problems(spec.get("host") or ""))
    yield from _policy_problems("spec.trafficPolicy", spec.get("trafficPolicy"), _WHOLE_POLICY_FIELDS)
    seen: set[str] = set()
    for index, subset in enumerate(spec.get("subsets") or []):
        path, name = f"spec.subsets[{index}]", subset.get("name") or ""
        if name in seen:
            yield f"{path}.name: the subset {name!r} is there twice"
        seen.add(name)
        yield from at(f"{path}.name", name_problems("subset", name))
        yield from at(f"{path}.labels", label_problems(subset.get("labels") or {}))
        yield from _policy_problems(f"{path}.trafficPolicy", subset.get("trafficPolicy"), _WHOLE_POLICY_FIELDS)
    entries = spec.get("exportTo") or []
    yield from at("spec.exportTo", export_to_problems(namespace, entries, nobody=False))
    if spec.get("workloadSelector") is not None:
        yield "spec.workloadSelector: is not known to these checks"


def _policy_problems(path: str, policy: dict[str, Any] | None, fields: tuple[str, ...]) -> Iterator[str]:
    if policy is None:
        return
    if not any(policy.get(name) is not None for name in fields):
        yield f"{path}: needs one of {', '.join(fields)}"
        return
    for name in ("tunnel", "proxyProtocol"):
        if policy.get(name) is not None:
            yield f"{path}.{name}: is not known to these checks"
    if set(policy.get("loadBalancer") or {}) - {"simple"}:
        yield f"{path}.loadBalancer: only 'simple' is known to these checks"
    yield from _pool_problems(f"{path}.connectionPool", policy.get("connectionPool"))
    yield from _outlier_problems(f"{path}.outlierDetection", policy.get("outlierDetection") or {})
    yield from _tls_problems(f"{path}.tls", policy.get("tls") or {})
    for index, port in enumerate(policy.get("portLevelSettings") or []):
        where = f"{path}.portLevelSettings[{index}]"
        if port.get("port") is None:
            yield f"{where}: needs a port"
        yield from _policy_problems(where, port, _POLICY_FIELDS)


def _pool_problems(path: str, pool: dict[str, Any] | None) -> Iterator[str]:
    if pool is None:
        return
    http, tcp = pool.get("http"), pool.get("tcp")
    if http is None and tcp is None:
        yield f"{path}: needs http or tcp"
    http, tcp = http or {}, tcp or {}
    for where, settings, names in ((f"{path}.http", http, _HTTP_COUNTS), (f"{path}.tcp", tcp, ("maxConnections",))):
        yield from (f"{where}.{name}: must not be negative" for name in names if (settings.get(name) or 0) < 0)
    if http.get("h2UpgradePolicy") == "UPGRADE" and http.get("useClientProtocol"):
        yield f"{path}.http: useClientProtocol must not be true when h2UpgradePolicy is UPGRADE"
    durations = {"http.idleTimeout": http.get("idleTimeout")}
    durations |= {f"tcp.{name}": tcp.get(name) for name in ("connectTimeout", "maxConnectionDuration")}
    durations |= {
        f"tcp.tcpKeepalive.{name}": (tcp.get("tcpKeepalive") or {}).get(name) for name in ("time", "interval")
    }
    if nanoseconds(tcp.get("idleTimeout") or "0") != 0:
        durations["tcp.idleTimeout"] = tcp["idleTimeout"]
    if http.get("http2KeepAlive") is not None:
        for name in ("interval", "timeout"):
            durations[f"http.http2KeepAlive.{name}"] = http["http2KeepAlive"].get(name)
            if http["http2KeepAlive"].get(name) is None:
                yield f"{path}.http.http2KeepAlive: needs {name}"
    for name, value in durations.items():
        if value is not None:
            yield from at(f"{path}.{name}", duration_problems(value))


def _outlier_problems(path: str, outlier: dict[str, Any]) -> Iterator[str]:
    for name in ("baseEjectionTime", "interval"):
        if outlier.get(name) is not None:
            yield from at(f"{path}.{name}", duration_problems(outlier[name]))
    for name in ("maxEjectionPercent", "minHealthPercent"):
        if not 0 <= (outlier.get(name) or 0) <= 100:
            yield f"{path}.{name}: must be between 0 and 100"
    if outlier.get("consecutiveLocalOriginFailures") and not outlier.get("splitExternalLocalOriginErrors"):
        yield f"{path}.consecutiveLocalOriginFailures: needs splitExternalLocalOriginErrors"


def _tls_problems(path: str, tls: dict[str, Any]) -> Iterator[str]:
    """Source: ValidateTLS in pkg/config/validation/agent/validation.go."""
    mode, credential = tls.get("mode"), tls.get("credentialName")
    if str(credential or "").startswith("configmap://"):
        yield f"{path}.credentialName: a config map is not known to these checks"
    if tls.get("insecureSkipVerify"):
        forbidden = {
            "SIMPLE": ("caCertificates", "credentialName", "subjectAltNames"),
            "MUTUAL": ("caCertificates", "subjectAltNames"),
        }
        for name in forbidden.get(mode or "", ()):
            if tls.get(name):
                yield f"{path}.{name}: must not be there when insecureSkipVerify is true"
    if mode in {"SIMPLE", "MUTUAL"} and credential:
        for name in ("clientCertificate", "caCertificates", "privateKey", "caCrl"):
            if tls.get(name):
                yield f"{path}.{name}: must not be there beside credentialName"
    elif mode == "MUTUAL":
        yield from (
            f"{path}.{name}: MUTUAL needs it" for name in ("clientCertificate", "privateKey") if not tls.get(name)
        )


def service_entry_problems(spec: dict[str, Any], namespace: str) -> Iterator[str]:
    hosts, ports, resolution = spec.get("hosts") or [], spec.get("ports") or [], spec.get("resolution") or "NONE"
    for index, host in enumerate(hosts):
        yield from at(f"spec.hosts[{index}]", wildcard_domain_problems(host))
    for address in spec.get("addresses") or []:
        yield from at("spec.addresses", subnet_problems(address))
    if spec.get("workloadSelector") is not None:
        yield "spec.workloadSelector: is not known to these checks"
    yield from _service_port_problems(ports)
    yield from _resolution_problems(spec, resolution)
    other = [port for port in ports if (port.get("protocol") or "").lower() not in _HTTP_PROTOCOLS | _TLS_PROTOCOLS]
    if resolution != "NONE" and len(hosts) > 1 and other:
        yield "spec.hosts: several hosts need ports of HTTP or TLS"
    yield from at("spec.exportTo", export_to_problems(namespace, spec.get("exportTo") or [], nobody=True))


def _service_port_problems(ports: list[dict[str, Any]]) -> Iterator[str]:
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        yield from at(f"{path}.name", name_problems("port", port["name"]))
        if port.get("protocol") and port["protocol"].lower() not in _PROTOCOLS:
            yield f"{path}.protocol: {port['protocol']!r} must be one of {', '.join(sorted(_PROTOCOLS))}"


def _resolution_problems(spec: dict[str, Any], resolution: str) -> Iterator[str]:
    endpoints = spec.get("endpoints") or []
    if resolution in {"STATIC", "DNS", "DNS_ROUND_ROBIN"}:
        names = {port["name"] for port in spec.get("ports") or []}
        if resolution != "STATIC" and not endpoints:
            for host in spec.get("hosts") or []:
                yield from at(
                    "spec.hosts", (f"resolution {resolution} without endpoints: {p}" for p in fqdn_problems(host))
                )
        for index, endpoint in enumerate(endpoints):
            yield from _endpoint_problems(f"spec.endpoints[{index}]", endpoint, names, static=resolution == "STATIC")
    elif resolution != "NONE":
        yield f"spec.resolution: {resolution} is not known to these checks"


def _endpoint_problems(path: str, endpoint: dict[str, Any], ports: set[str], *, static: bool) -> Iterator[str]:
    address = endpoint.get("address") or ""
    if address.startswith(_UNIX) or (static and not address):
        yield f"{path}.address: {address!r} is not known to these checks"
    elif not is_address(address):
        if static:
            yield f"{path}.address: {address!r} must be an IP address"
        else:
            yield from at(f"{path}.address", fqdn_problems(address))
    for name in endpoint.get("ports") or {}:
        if name not in ports:
            yield f"{path}.ports: {name!r} must be a port of the ServiceEntry"
    yield from at(f"{path}.labels", label_problems(endpoint.get("labels") or {}))
