# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the authors of definitions declared for a request, read from the plain documents.

This is a second and simpler statement of the rules in docs/definitions.md and docs/translation.md (profile
``corrected``). It shares no code with the product, so that a mistake there does not repeat itself here. It expects
definitions that the product accepts.

Not told: what the environment decides (the hosts, gateways and ids of a deployment, ports of an operator that is set up
otherwise, the addresses without a namespace), ``ambassador-config``, TLS, retries, circuit breakers and CORS; and
that Istio, at a host that one route has for itself, knows no routes for all hosts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Request

Plain = Mapping[str, Any]
GRPC_PATHS = "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*"


@dataclass(frozen=True)
class Condition:
    """On a header or a parameter of the query: ``exact``, ``regex`` (of the whole value) or ``present``."""

    name: str
    kind: str
    value: str = ""

    @property
    def pattern(self) -> str:
        return self.value or ".*" if self.kind != "exact" else self.value

    def fits(self, given: Mapping[str, str]) -> bool:
        value = given.get(self.name)
        if value is None or self.kind == "exact":
            return value == self.value
        return re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True)
class Match:
    """The requests that an entry is for. Nothing said about methods or hosts means all."""

    kind: str
    path: str
    headers: tuple[Condition, ...] = ()
    query: tuple[Condition, ...] = ()
    methods: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()

    def fits(self, request: Request) -> bool:
        return (
            self._fits_path(request.path)
            and (not self.methods or request.method in self.methods)
            and (not self.hosts or any(_fits_host(host, request.host) for host in self.hosts))
            and all(condition.fits(dict(request.headers)) for condition in self.headers)
            and all(condition.fits(dict(request.query)) for condition in self.query)
        )

    def _fits_path(self, path: str) -> bool:
        if self.kind == "regex":
            return re.fullmatch(self.path, path) is not None
        return path.startswith(self.path) if self.kind == "prefix" else path == self.path

    @property
    def rank(self) -> tuple[Any, ...]:
        """The entry that says more comes first: about the path, then about headers, then about the query."""
        conditions = *_texts(self.headers), *_texts(self.query)
        return len(self.path), _length(self.headers), _length(self.query), self.path, conditions


def _texts(conditions: Iterable[Condition]) -> list[str]:
    """Exact ones first, as a Mapping has them."""
    ordered = sorted(conditions, key=lambda item: (item.kind != "exact", item.name))
    return [f"{item.name}-{item.pattern}" for item in ordered]


def _length(conditions: Iterable[Condition]) -> int:
    return sum(len(item.name) + len(item.pattern or "*") + (item.kind != "exact") for item in conditions)


def _fits_host(host: str, name: str) -> bool:
    return host in (name, "*") or (host.startswith("*.") and name.endswith(host[1:]))


@dataclass(frozen=True)
class Backend:
    """``takes_rest`` is the name of a deployment's first predictor; if others share the address, it takes what is left,
    and they take it in the order of these names."""

    host: str
    port: int
    percent: int
    takes_rest: str = ""


@dataclass(frozen=True)
class Entry:
    """What is declared for some requests. ``rewrite`` replaces the prefix, or the whole path if it is no prefix."""

    match: Match
    backends: tuple[Backend, ...]
    rewrite: str | None = None
    mirrors: tuple[Backend, ...] = ()
    timeout_ms: int | None = None


@dataclass(frozen=True)
class Answer:
    """Host, port, percent and path of each backend; host, port and percent of each mirror. Empty: nothing."""

    parts: tuple[tuple[str, int, Fraction, str], ...] = ()
    mirrors: tuple[tuple[str, int, Fraction], ...] = ()
    timeout_ms: int | None = None


@dataclass(frozen=True)
class Declared:
    """All entries of a run, in the order in which they get a request."""

    entries: tuple[Entry, ...]

    def answer(self, request: Request) -> Answer:
        for entry in self.entries:
            if entry.match.fits(request):
                path = _rewritten(entry, request.path)
                parts = [(item.host, item.port, Fraction(item.percent), path) for item in entry.backends]
                mirrors = [(item.host, item.port, Fraction(item.percent)) for item in entry.mirrors]
                return Answer(
                    tuple(sorted(part for part in parts if part[2])),
                    tuple(sorted(mirror for mirror in mirrors if mirror[2])),
                    entry.timeout_ms,
                )
        return Answer()


def _rewritten(entry: Entry, path: str) -> str:
    if entry.rewrite is None:
        return path
    return entry.rewrite + path[len(entry.match.path) :] if entry.match.kind == "prefix" else entry.rewrite


def declared(documents: Iterable[Plain]) -> Declared:
    """What the documents of a run declare together."""
    found: dict[Match, list[Entry]] = {}
    for document in documents:
        read = _deployment if document["kind"] == "SeldonDeployment" else _service_route
        for entry in read(document):
            found.setdefault(entry.match, []).append(entry)
    entries = [_together(members) for members in found.values()]
    return Declared(tuple(sorted(entries, key=lambda entry: entry.match.rank, reverse=True)))


def _together(members: list[Entry]) -> Entry:
    """Deployments that share an address: canaries keep their percent, the others share the rest evenly."""
    backends = tuple(item for entry in members for item in entry.backends)
    if len(members) > 1:
        sharing = sorted((item for item in backends if item.takes_rest), key=lambda item: item.takes_rest)
        rest = 100 - sum(item.percent for item in backends if not item.takes_rest)
        each = round(rest / len(sharing))
        parts = [each] * (len(sharing) - 1) + [rest - each * (len(sharing) - 1)]
        fixed = tuple(item for item in backends if not item.takes_rest)
        backends = fixed + tuple(Backend(item.host, item.port, part) for item, part in zip(sharing, parts, strict=True))
    mirrors = tuple(item for entry in members for item in entry.mirrors)
    first = members[0]
    return Entry(first.match, backends, first.rewrite, mirrors, first.timeout_ms)


# --- SeldonDeployment ---------------------------------------------------------------------------------------------


def _notes(document: Plain) -> dict[str, str]:
    """The annotations without ``seldon.io/``; those of the spec hide those of the metadata, even if empty."""
    given = {**(document["metadata"].get("annotations") or {}), **(document["spec"].get("annotations") or {})}
    return {key.removeprefix("seldon.io/"): value for key, value in given.items()}


def _deployment(document: Plain) -> Iterator[Entry]:
    notes, predictors = _notes(document), document["spec"]["predictors"]
    name, namespace = document["metadata"]["name"], document["metadata"].get("namespace") or "default"
    address, asked = notes.get("ambassador-service-name", name), _asked(notes)
    identity = (Condition("namespace", "exact", namespace), Condition("seldon", "exact", address))
    rest, grpc = (int(notes[key]) if key in notes else None for key in ("rest-timeout", "grpc-timeout"))
    for protocol, match, rewrite, timeout in (
        ("http", Match("prefix", f"/seldon/{namespace}/{address}/", asked), "/", rest),
        ("grpc", Match("regex", GRPC_PATHS, (*identity, *asked)), None, grpc),
    ):
        backends, mirrors = _split(document, protocol, namespace)
        if backends:
            yield Entry(match, backends, rewrite, mirrors, timeout)
    for predictor in predictors:
        explainer = predictor.get("explainer") or {}
        if explainer.get("type"):
            host = f"{_short(name, predictor['name'], 'explainer')}.{namespace}"
            port = (explainer.get("endpoint") or {}).get("service_port") or 9000
            prefix = f"/seldon/{namespace}/{address}-explainer/{predictor['name']}/"
            backend = Backend(host, port, 100, f"{name}-{predictor['name']}")
            yield Entry(Match("prefix", prefix, asked), (backend,), "/", (), rest)


def _asked(notes: Mapping[str, str]) -> tuple[Condition, ...]:
    """The conditions of ``ambassador-header`` and ``ambassador-regex-header``."""
    found = []
    for key, kind in (("ambassador-header", "exact"), ("ambassador-regex-header", "regex")):
        if notes.get(key):
            name, colon, value = (part.strip() for part in notes[key].partition(":"))
            found.append(Condition(name.lower(), kind if colon else "present", value))
    return tuple(sorted(found, key=lambda item: item.name))


def _split(document: Plain, protocol: str, namespace: str) -> tuple[tuple[Backend, ...], tuple[Backend, ...]]:
    """The predictors by their traffic, a lone one gets all; a shadow gets copies, of all if it has no traffic."""
    takers: list[Backend] = []
    mirrors: list[Backend] = []
    predictors = document["spec"]["predictors"]
    alone = sum(not predictor.get("shadow") for predictor in predictors) == 1
    for index, predictor in enumerate(predictors):
        notes, traffic = predictor.get("annotations") or {}, predictor.get("traffic") or 0
        service = notes.get("seldon.io/svc-name", _short(document["metadata"]["name"], predictor["name"]))
        port = _port(document, index, protocol)
        if port and predictor.get("shadow"):
            mirrors.append(Backend(f"{service}.{namespace}", port, traffic or 100))
        elif port:
            percent = 100 if alone else traffic
            first = "" if takers else f"{document['metadata']['name']}-{predictor['name']}"
            takers.append(Backend(f"{service}.{namespace}", port, percent, first))
    return tuple(takers), tuple(mirrors)


def _short(*parts: str) -> str:
    """The name of a Service; one of more than 63 bytes becomes a digest."""
    name = "-".join(parts)
    digest = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    return name if len(name.encode()) <= 63 else f"seldon-{digest}"


def _port(document: Plain, index: int, protocol: str) -> int | None:
    """The engine's port, or without an engine that of the model's container; None if that has no Service."""
    predictor = document["spec"]["predictors"][index]
    if (predictor.get("annotations") or {}).get("seldon.io/no-engine", "").lower() != "true":
        return {"http": 8000, "grpc": 5001}[protocol]
    model = predictor["graph"]["name"]
    if model in ("tfserving", "seldon-container-engine"):
        return None
    for container in _containers(predictor):
        for port in container.get("ports") or ():
            if (container["name"], port.get("name")) == (model, protocol):
                return int(port["containerPort"])
    return {"http": 9000, "grpc": 9500}[protocol] + _numbered(document).index(model)


def _numbered(document: Plain) -> list[str]:
    """Container names in the order in which they get numbers: each name once, also of containers beside a model."""
    found: list[str] = []
    for predictor in document["spec"]["predictors"]:
        found += (container["name"] for container in _containers(predictor))
        found += (node["name"] for node in _nodes(predictor["graph"]) if _is_prepackaged(node))
    return list(dict.fromkeys(found))


def _containers(predictor: Plain) -> Iterator[Plain]:
    for pod in predictor.get("componentSpecs") or ():
        yield from (pod.get("spec") or {}).get("containers") or ()


def _nodes(graph: Plain) -> Iterator[Plain]:
    yield graph
    for child in graph.get("children") or ():
        yield from _nodes(child)


def _is_prepackaged(node: Plain) -> bool:
    return (node.get("implementation") or "").endswith("_SERVER")


# --- ServiceRoute -------------------------------------------------------------------------------------------------


def _service_route(document: Plain) -> Iterator[Entry]:
    namespace = document["metadata"].get("namespace") or "default"
    for route in document["spec"]["routes"]:
        (kind,) = (kind for kind in ("prefix", "path", "regex") if route.get(kind) is not None)
        headers = ((name.lower(), value) for name, value in (route.get("headers") or {}).items())
        match = Match(
            kind,
            route[kind],
            _conditions(headers),
            _conditions((route.get("query") or {}).items()),
            frozenset(route.get("methods") or ()),
            frozenset(host.lower() for host in route.get("hosts") or ()),
        )
        rewrite = route.get("rewrite")
        if rewrite is None and kind == "prefix":
            rewrite = "/"
        given = route["backends"]
        rest = 100 - sum(item.get("weight") or 0 for item in given)
        percents = (
            [100] if len(given) == 1 else [rest if item.get("weight") is None else item["weight"] for item in given]
        )
        backends = (_backend(route, item, namespace, part) for item, part in zip(given, percents, strict=True))
        mirror, mirrors = route.get("mirror"), []
        if mirror:
            percent = mirror.get("percent")
            mirrors.append(_backend(route, mirror, namespace, 100 if percent is None else percent))
        yield Entry(match, tuple(backends), rewrite or None, tuple(mirrors), route.get("timeout_ms"))


def _conditions(given: Iterable[tuple[str, Any]]) -> tuple[Condition, ...]:
    found = []
    for name, value in given:
        kind, text = ("exact", value) if isinstance(value, str) else next(iter(value.items()))
        found.append(Condition(name, kind, "" if kind == "present" else text))
    return tuple(sorted(found, key=lambda item: item.name))


def _backend(route: Plain, given: Plain, namespace: str, percent: int) -> Backend:
    """A Service as ``name.namespace``, or a host outside the cluster as it stands."""
    service = given["service"]
    labels = service.split(".")
    outside = given.get("external")
    if outside is None:
        repeated = service == route.get("host_rewrite") and len(labels) > 1
        outside = repeated or (len(labels) > 2 and labels[2] != "svc")
    return Backend(service if outside else ".".join([*labels, namespace][:2]), given["port"], percent)
