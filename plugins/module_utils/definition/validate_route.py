# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for ServiceRoutes: what both Emissary and Istio can serve, and serve alike."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..kube.names import dns1035_problem, dns_label_problem, dns_subdomain_problem
from .annotations import RESERVED_HEADERS
from .fields import shown
from .findings import Problem
from .hosts import hosts_problem
from .model import Route, RouteBackend, ServiceRoute, TextMatch, in_a_sentence
from .re2 import regex_problem

RETRY_ON = ("5xx", "connect-failure", "gateway-error", "refused-stream", "retriable-4xx", "retriable-status-codes")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_METHOD = re.compile(r"[A-Z]+")


def route_problems(definition: ServiceRoute) -> list[Problem]:
    """Every reason to refuse a ServiceRoute."""
    found = []
    if definition.name and (problem := dns1035_problem(definition.name)):
        found.append(Problem("metadata.name", f"{shown(definition.name)} {problem}", "a Service may be named after it"))
    if problem := dns_label_problem(definition.namespace):
        found.append(
            Problem("metadata.namespace", f"{shown(definition.namespace)} {problem}", "use the name of a namespace")
        )
    if not definition.routes:
        found.append(Problem("spec.routes", "is empty", "a ServiceRoute needs at least one route"))
    names: set[str] = set()
    for index, route in enumerate(definition.routes):
        path = f"spec.routes[{index}]"
        if route.name and (problem := dns_label_problem(route.name)):
            found.append(Problem(f"{path}.name", f"{shown(route.name)} {problem}", "objects are named after it"))
        if route.name and route.name in names:
            found.append(Problem(f"{path}.name", f"{shown(route.name)} is taken by an earlier route", "rename one"))
        names.add(route.name)
        found += [*_match(route, path), *_targets(route, path), *_policies(route, path)]
    return found


def _match(route: Route, path: str) -> Iterator[Problem]:
    where = f"{path}.{route.path_kind}"
    if route.path_kind == "regex":
        if problem := regex_problem(route.path):
            yield Problem(where, f"{shown(route.path)} {problem}", "write a regular expression of RE2", "A06")
        if route.rewrite is not None:
            yield Problem(f"{path}.rewrite", "stands beside a regex", "the providers rewrite only a prefix or a path")
    elif not route.path.startswith("/") or not route.path.isprintable() or " " in route.path:
        yield Problem(where, f"is {shown(route.path)}", "it begins with '/' and holds no space")
    if route.rewrite is not None and not route.rewrite.startswith("/"):
        yield Problem(f"{path}.rewrite", f"is {shown(route.rewrite)}", "it begins with '/', or is empty for no rewrite")
    for method in route.methods:
        if not _METHOD.fullmatch(method):
            yield Problem(f"{path}.methods", f"holds {shown(method)}", "write methods in capitals, such as POST")
    if route.hosts and (problem := hosts_problem(route.hosts)):
        yield Problem(f"{path}.hosts", f"{shown(', '.join(route.hosts))} {problem}", "write one host an item")
    names = [name.lower() for name, _text in route.headers]
    if len(set(names)) < len(names):
        yield Problem(
            f"{path}.headers", "holds a header twice in different case", "keep one; case does not matter", "A06"
        )
    for key, pairs in (("headers", route.headers), ("query", route.query)):
        for name, match in pairs:
            yield from _pair(f"{path}.{key}[{in_a_sentence(name)}]", key, name, match)


def _pair(path: str, key: str, name: str, match: TextMatch) -> Iterator[Problem]:
    if not _TOKEN.fullmatch(name) or (key == "headers" and name.lower() in (*RESERVED_HEADERS, "host")):
        what = "is reserved" if _TOKEN.fullmatch(name) else "is no name"
        yield Problem(
            path, what, f"allowed are names of {key} other than {', '.join(RESERVED_HEADERS)} and host", "A06"
        )
    if match.kind == "regex" and (problem := regex_problem(match.value)):
        yield Problem(path, f"{shown(match.value)} {problem}", "write a regular expression of RE2", "A06")
    if match.kind == "exact" and (not match.value or not match.value.isprintable()):
        yield Problem(path, f"is {shown(match.value)}", "write a value, or {present: true} to ask for any", "A06")


def _targets(route: Route, path: str) -> Iterator[Problem]:
    if not route.backends:
        yield Problem(f"{path}.backends", "is empty", "a route needs at least one backend")
    targets = [(f"{path}.backends[{index}]", backend) for index, backend in enumerate(route.backends)]
    if route.mirror:
        targets.append((f"{path}.mirror", route.mirror.backend))
    for place, backend in targets:
        yield from _service(place, backend)
    seen: set[tuple[str, int]] = set()
    for index, backend in enumerate(route.backends):
        if (backend.service, backend.port) in seen:
            yield Problem(f"{path}.backends[{index}]", "repeats an earlier backend", "add its weight to the first one")
        seen.add((backend.service, backend.port))
    weights = [backend.weight for backend in route.backends if backend.weight is not None]
    open_ones = len(route.backends) - len(weights)
    if len(route.backends) == 1 and weights not in ([], [100]):
        fix = "a lone backend gets all requests: leave it out"
        yield Problem(f"{path}.backends[0].weight", f"is {weights[0]}", fix, "A01")
    if len(route.backends) > 1 and (open_ones > 1 or (open_ones == 0 and sum(weights) != 100) or sum(weights) > 100):
        yield Problem(
            f"{path}.backends",
            f"the weights add up to {sum(weights)} and {open_ones} backends have none",
            "give weights that add up to 100; one backend may go without and takes the rest",
            "A01",
        )


def _service(path: str, backend: RouteBackend) -> Iterator[Problem]:
    check = dns_subdomain_problem if "." in backend.service else dns1035_problem
    if problem := check(backend.service):
        yield Problem(
            f"{path}.service",
            f"{shown(backend.service)} {problem}",
            "write name, name.namespace, or the host with `external: true`",
        )


def _policies(route: Route, path: str) -> Iterator[Problem]:
    if route.host_rewrite and (problem := hosts_problem((route.host_rewrite,))):
        yield Problem(f"{path}.host_rewrite", f"{shown(route.host_rewrite)} {problem}", "write one host")
    if route.retries and route.retries.on not in RETRY_ON:
        yield Problem(f"{path}.retries.on", f"is {shown(route.retries.on)}", f"allowed are {', '.join(RETRY_ON)}")
    if route.cors and not route.cors.origins:
        yield Problem(f"{path}.cors.origins", "is missing", "list the origins that may call, or '*'")
