# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of a VirtualService: see ``istio_rules``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import combinations
from typing import Any

from .istio_values import (
    duration_problems,
    export_to_problems,
    fqdn_problems,
    hosts_overlap,
    is_address,
    is_label,
    label_problems,
    name_problems,
    nanoseconds,
    port_problems,
    regex_problems,
    wildcard_domain_problems,
)

MESH = "mesh"
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~A-Za-z0-9]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_PSEUDO_HEADERS = {":method", ":scheme", ":authority", ":path", ":status"}
_RETRY_ON = {
    *("5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream"),
    *("retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure"),
    *("cancelled", "deadline-exceeded", "internal", "resource-exhausted", "unavailable"),
}
_CORS_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"}
_UNKNOWN_ROUTE_PARTS = ("redirect", "directResponse", "fault", "delegate")


def at(path: str, problems: Iterable[str]) -> Iterator[str]:
    """Sentences with the path that they are about."""
    return (f"{path}: {problem}" for problem in problems)


def virtual_service_problems(spec: dict[str, Any], namespace: str) -> Iterator[str]:
    gateways, hosts = spec.get("gateways") or [], spec.get("hosts") or []
    yield from _gateway_problems("spec.gateways", gateways)
    yield from _host_problems(hosts, gateways)
    for part in ("tls", "tcp"):
        if spec.get(part):
            yield f"spec.{part}: is not known to these checks"
    if not any(spec.get(part) for part in ("http", "tls", "tcp")):
        yield "spec: needs http, tls or tcp"
    for index, route in enumerate(spec.get("http") or []):
        yield from _route_problems(f"spec.http[{index}]", route)
    yield from at("spec.exportTo", export_to_problems(namespace, spec.get("exportTo") or [], nobody=False))


def _gateway_problems(path: str, gateways: list[str]) -> Iterator[str]:
    for index, gateway in enumerate(gateways):
        where = f"{path}[{index}]"
        namespace, slash, name = gateway.partition("/")
        if not slash:
            yield from at(where, fqdn_problems(gateway))
        elif not is_label(namespace) or not is_label(name):
            yield f"{where}: {gateway!r} must be <namespace>/<name>, both DNS labels"


def _host_problems(hosts: list[str], gateways: list[str]) -> Iterator[str]:
    in_mesh = not gateways or MESH in gateways
    if not hosts and gateways:
        yield "spec.gateways: a VirtualService without hosts is a delegate and must have no gateways"
    good = True
    for index, host in enumerate(hosts):
        problems = [] if is_address(host) else list(wildcard_domain_problems(host))
        if host == "*" and in_mesh:
            problems.append("'*' must not be bound to the mesh gateway")
        good = good and not problems
        yield from at(f"spec.hosts[{index}]", problems)
    if good:
        for one, other in combinations(hosts, 2):
            if hosts_overlap(one, other):
                yield f"spec.hosts: {one!r} and {other!r} overlap"


def _route_problems(path: str, route: dict[str, Any]) -> Iterator[str]:
    for part in _UNKNOWN_ROUTE_PARTS:
        if route.get(part) is not None:
            yield f"{path}.{part}: is not known to these checks"
    if not route.get("route") and not any(route.get(part) is not None for part in _UNKNOWN_ROUTE_PARTS):
        yield f"{path}: needs a route, redirect or directResponse"
    for index, match in enumerate(route.get("match") or []):
        yield from _match_problems(f"{path}.match[{index}]", match)
    yield from _header_problems(f"{path}.headers", route.get("headers") or {})
    yield from _mirror_problems(path, route)
    yield from _rewrite_problems(path, route)
    yield from _retry_problems(f"{path}.retries", route.get("retries") or {})
    yield from _cors_problems(f"{path}.corsPolicy", route.get("corsPolicy") or {})
    yield from _destinations_problems(f"{path}.route", route.get("route") or [])
    if route.get("timeout") is not None:
        yield from at(f"{path}.timeout", duration_problems(route["timeout"]))


def _match_problems(path: str, match: dict[str, Any]) -> Iterator[str]:
    for part in ("headers", "withoutHeaders"):
        for name, value in (match.get(part) or {}).items():
            where = f"{path}.{part}.{name}"
            if name.startswith("@request.auth.claims"):
                yield f"{where}: a match on JWT claims is not known to these checks"
            elif name not in _PSEUDO_HEADERS and not _HEADER_NAME.fullmatch(name):
                yield f"{where}: {name!r} must be the name of a header"
            elif name != name.lower():
                yield f"{where}: the name of a header must be lower case"
            # In withoutHeaders "*" stands for "any value".
            if part == "headers" or value.get("regex") != "*":
                yield from _string_match_problems(where, value)
    if (match.get("uri") or {}).get("regex") is not None:
        yield from at(f"{path}.uri", regex_problems(match["uri"]["regex"]))
    for part in ("scheme", "method", "authority"):
        yield from _string_match_problems(f"{path}.{part}", match.get(part) or {})
    for name, value in (match.get("queryParams") or {}).items():
        yield from _string_match_problems(f"{path}.queryParams.{name}", value)
    if match.get("port"):
        yield from at(f"{path}.port", port_problems(match["port"]))
    yield from at(f"{path}.sourceLabels", label_problems(match.get("sourceLabels") or {}))
    yield from _gateway_problems(f"{path}.gateways", match.get("gateways") or [])
    if match.get("sourceNamespace"):
        yield from at(f"{path}.sourceNamespace", name_problems("namespace", match["sourceNamespace"]))


def _string_match_problems(path: str, match: dict[str, Any]) -> Iterator[str]:
    """Of a URI only the regular expression is looked at: its prefix may be empty."""
    if match.get("prefix") == "":
        yield f"{path}: the prefix must not be empty"
    if match.get("regex") is not None:
        yield from at(path, regex_problems(match["regex"]))


def _header_problems(path: str, headers: dict[str, Any]) -> Iterator[str]:
    for side in ("request", "response"):
        operations = headers.get(side) or {}
        for verb in ("set", "add"):
            for name, value in (operations.get(verb) or {}).items():
                where = f"{path}.{side}.{verb}.{name}"
                yield from at(where, _header_name_problems(name, authority=side == "request"))
                if not _HEADER_VALUE.fullmatch(value):
                    yield f"{where}: {value!r} must hold no control character"
                elif "%" in value:
                    yield f"{where}: '%' in a value is not known to these checks"
        for name in operations.get("remove") or []:
            yield from at(f"{path}.{side}.remove", _header_name_problems(name, authority=False))


def _header_name_problems(name: str, *, authority: bool) -> Iterator[str]:
    is_authority = name.lower() in {":authority", "host"}
    if not name:
        yield "the name of a header must not be empty"
    elif (is_authority or name.startswith(":")) and not (authority and is_authority):
        yield f"the header {name!r} must not be changed here"


def _mirror_problems(path: str, route: dict[str, Any]) -> Iterator[str]:
    if route.get("mirror") is not None:
        yield from _destination_problems(f"{path}.mirror", route["mirror"])
        if route.get("mirrors"):
            yield f"{path}: must not have both mirror and mirrors"
    yield from _percent_problems(f"{path}.mirrorPercentage", route.get("mirrorPercentage"))
    if (route.get("mirrorPercent") or 0) > 100:
        yield f"{path}.mirrorPercent: must be at most 100"
    for index, mirror in enumerate(route.get("mirrors") or []):
        where = f"{path}.mirrors[{index}]"
        yield from _destination_problems(f"{where}.destination", mirror["destination"])
        yield from _percent_problems(f"{where}.percentage", mirror.get("percentage"))


def _percent_problems(path: str, percent: dict[str, Any] | None) -> Iterator[str]:
    if percent is not None and not 0 <= (percent.get("value") or 0) <= 100:
        yield f"{path}: {percent['value']} must be between 0 and 100"


def _rewrite_problems(path: str, route: dict[str, Any]) -> Iterator[str]:
    rewrite = route.get("rewrite")
    authorities = [rewrite["authority"]] if rewrite and rewrite.get("authority") else []
    request = (route.get("headers") or {}).get("request") or {}
    for verb in ("set", "add"):
        authorities += [
            value for name, value in (request.get(verb) or {}).items() if name.lower() in {":authority", "host"}
        ]
    if len(authorities) > 1:
        yield f"{path}: must set the authority once, not {len(authorities)} times"
    if rewrite is None:
        return
    regex = rewrite.get("uriRegexRewrite")
    if rewrite.get("uri") and regex is not None:
        yield f"{path}.rewrite: must have one of uri and uriRegexRewrite"
    if not rewrite.get("uri") and not rewrite.get("authority") and regex is None:
        yield f"{path}.rewrite: needs uri, uriRegexRewrite or authority, not empty"
    if regex is not None:
        if not regex.get("match") or not regex.get("rewrite"):
            yield f"{path}.rewrite.uriRegexRewrite: needs match and rewrite"
        else:
            yield from at(f"{path}.rewrite.uriRegexRewrite.match", regex_problems(regex["match"]))


def _retry_problems(path: str, retries: dict[str, Any]) -> Iterator[str]:
    attempts = retries.get("attempts") or 0
    if attempts < 0:
        yield f"{path}.attempts: must not be negative"
    policy = [retries.get("perTryTimeout"), retries.get("retryOn") or None, retries.get("retryRemoteLocalities")]
    if attempts == 0 and any(part is not None for part in policy):
        yield f"{path}: 0 attempts switch retries off: no perTryTimeout, retryOn or retryRemoteLocalities"
    for part in ("perTryTimeout", "backoff"):
        if retries.get(part) is not None:
            yield from at(f"{path}.{part}", duration_problems(retries[part]))
    for policy_name in retries["retryOn"].split(",") if retries.get("retryOn") else []:
        if policy_name not in _RETRY_ON and not _is_status(policy_name):
            yield f"{path}.retryOn: {policy_name!r} must be a retry policy of Envoy or an HTTP status"


def _is_status(text: str) -> bool:
    return text.isascii() and text.isdigit() and int(text) in {status.value for status in HTTPStatus}


def _cors_problems(path: str, cors: dict[str, Any]) -> Iterator[str]:
    for index, origin in enumerate(cors.get("allowOrigins") or []):
        where = f"{path}.allowOrigins[{index}]"
        if not any(origin.get(part) for part in ("exact", "prefix", "regex")):
            yield f"{where}: must not be empty"
        elif origin.get("regex"):
            yield from at(where, regex_problems(origin["regex"]))
    for method in cors.get("allowMethods") or []:
        if method not in _CORS_METHODS:
            yield f"{path}.allowMethods: {method!r} must be one of {', '.join(sorted(_CORS_METHODS))}"
    for part in ("allowHeaders", "exposeHeaders"):
        for name in cors.get(part) or []:
            if not _HEADER_NAME.fullmatch(name):
                yield f"{path}.{part}: {name!r} must be the name of a header"
    if cors.get("maxAge") is not None:
        length = nanoseconds(cors["maxAge"])
        if length is None or length % 10**9:
            yield f"{path}.maxAge: must be whole seconds"


def _destinations_problems(path: str, destinations: list[dict[str, Any]]) -> Iterator[str]:
    for index, entry in enumerate(destinations):
        where = f"{path}[{index}]"
        yield from _destination_problems(f"{where}.destination", entry["destination"])
        yield from _header_problems(f"{where}.headers", entry.get("headers") or {})
        if (entry.get("weight") or 0) < 0:
            yield f"{where}.weight: must not be negative"
    if len(destinations) > 1 and sum(entry.get("weight") or 0 for entry in destinations) == 0:
        yield f"{path}: the weights of several destinations must not add up to 0"


def _destination_problems(path: str, destination: dict[str, Any]) -> Iterator[str]:
    host = destination.get("host") or ""
    if host == "*":
        yield f"{path}.host: must not be '*'"
    else:
        yield from at(f"{path}.host", wildcard_domain_problems(host))
    if destination.get("subset"):
        yield from at(f"{path}.subset", name_problems("subset", destination["subset"]))
    if destination.get("port") is not None:
        yield from at(f"{path}.port", port_problems(destination["port"].get("number") or 0))
