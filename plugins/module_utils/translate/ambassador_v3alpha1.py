# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings and TLSContexts of ``getambassador.io/v3alpha1`` (Emissary and Edge Stack 2 and later).

What the fields do is described in the ``Mapping`` reference of Emissary; rules about groups and weights are in
``python/ambassador/ir`` of emissary-ingress/emissary v3.9.1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..definition.model import Cors
from ..definition.naming import seldon_id
from ..intent.model import Backend, Entry, Intent, Pairs
from ..intent.places import Door, places
from ..kube.names import dns_safe
from .custom_config import API_VERSION, custom_objects
from .model import Translation, assembled, digest, duration, metadata, rendered, service_objects

DEFAULT_TIMEOUT_MS = 3000
# Above Envoy's own limit of five minutes for silent streams, the idle timeout has to follow (operator,
# ambassador/v2.go).
IDLE_LIMIT_MS = 300_000


@dataclass(frozen=True, slots=True)
class AmbassadorSettings:
    """What the environment decides. ``ambassador_id`` serves deployments without the annotation; no hosts mean
    ``*``."""

    ambassador_id: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()


def to_ambassador_v3alpha1(intents: Iterable[Intent], settings: AmbassadorSettings) -> Translation:
    """All objects of a run.

    Raises:
        DefinitionError: where definitions collide.
    """
    intents = list(intents)
    generated = [intent for intent in intents if not intent.custom]
    found = places(generated, lambda intent, entry: ambassador_door(intent, entry, settings))
    objects = service_objects(intents)
    for intent in intents:
        objects += custom_objects(intent, _ids(intent, settings), settings.hosts or ("*",))
    for intent in generated:
        objects += (rendered(intent, obj) for obj in _objects(intent, settings))
    return assembled(objects, found, (finding for intent in intents for finding in intent.findings))


def ambassador_door(intent: Intent, entry: Entry, settings: AmbassadorSettings) -> Door:
    """Where an entry is served."""
    return Door(entry.hosts or settings.hosts or ("*",), _ids(intent, settings))


def _ids(intent: Intent, settings: AmbassadorSettings) -> tuple[str, ...]:
    return (intent.ambassador_id,) if intent.ambassador_id else settings.ambassador_id


def _objects(intent: Intent, settings: AmbassadorSettings) -> Iterator[dict[str, Any]]:
    labels = {"seldon-deployment-id": seldon_id(intent.name)} if intent.kind == "SeldonDeployment" else {}
    ids = list(_ids(intent, settings))
    contexts: dict[str, str] = {}
    for entry in intent.entries:
        hosts = ambassador_door(intent, entry, settings).hosts
        for suffix, backend, share in _members(entry):
            if backend.tls_secret:
                contexts[_context_name(intent, backend)] = backend.tls_secret
            for index, host in enumerate(hosts):
                name = _mapping_name(intent, entry, backend, suffix) + (f"-{digest(host)}" if index else "")
                spec = _spec(intent, entry, backend) | share | {"hostname": host}
                if ids:
                    spec["ambassador_id"] = ids
                yield {
                    "apiVersion": API_VERSION,
                    "kind": "Mapping",
                    "metadata": metadata(name, intent.namespace, labels),
                    "spec": spec,
                }
    for name, secret in contexts.items():
        spec = {"secret": secret} | ({"ambassador_id": ids} if ids else {})
        yield {
            "apiVersion": API_VERSION,
            "kind": "TLSContext",
            "metadata": metadata(name, intent.namespace, labels),
            "spec": spec,
        }


def _members(entry: Entry) -> Iterator[tuple[str, Backend, dict[str, Any]]]:
    """Every backend of an entry with the end of its Mapping's name and its share.

    The first backend has no weight, so it takes what the others leave; an explicit 0 stays in.
    """
    names = [backend.name for backend in entry.backends]
    for index, backend in enumerate(entry.backends):
        port = f"-{backend.port}" if names.count(backend.name) > 1 else ""
        suffix = f"-{dns_safe(backend.name)}{port}" if index else ""
        yield suffix, backend, {} if backend.takes_rest else {"weight": backend.percent}
    if entry.mirror:
        weight = {} if entry.mirror.percent is None else {"weight": entry.mirror.percent}
        yield "-mirror", entry.mirror.backend, {"shadow": True} | weight


def _mapping_name(intent: Intent, entry: Entry, backend: Backend, suffix: str) -> str:
    if entry.kind == "service":
        return intent.name + (f"-{entry.label}" if entry.label else "") + suffix
    place = intent.name if entry.short else f"{intent.namespace}-{intent.name}"
    core = f"{backend.name}-explainer" if entry.kind == "explain" else backend.name
    return f"seldon-{place}-{core}-{'grpc' if entry.kind == 'grpc' else 'rest'}"


def _context_name(intent: Intent, backend: Backend) -> str:
    # Mappings find a context by its bare name in all namespaces. Dots, which none of the parts can hold, keep the
    # names of (namespace a-b, deployment c) and (namespace a, deployment b-c) apart.
    return f"seldon-{intent.namespace}.{intent.name}.{backend.name}-tls"


def _spec(intent: Intent, entry: Entry, backend: Backend) -> dict[str, Any]:
    match, policies = entry.match, entry.policies
    spec: dict[str, Any] = {
        "prefix": match.path,
        "rewrite": entry.rewrite or "",
        "service": _service(backend),
        **_pairs(match.headers, "headers", "regex_headers"),
        **_pairs(match.query, "query_parameters", "regex_query_parameters"),
    }
    if match.path_kind != "prefix":
        spec["prefix_regex" if match.path_kind == "regex" else "prefix_exact"] = True
    if match.methods:
        spec["method"] = "|".join(match.methods)
        if len(match.methods) > 1:
            spec["method_regex"] = True
    if entry.grpc:
        spec["grpc"] = True
    if entry.host_rewrite:
        spec["host_rewrite"] = entry.host_rewrite
    if entry.kind != "service":
        spec["cluster_tag"] = "seldon_grpc" if entry.grpc else "seldon_http"
    if backend.tls_secret:
        spec["tls"] = _context_name(intent, backend)
    timeout = policies.timeout_ms if policies.timeout_ms is not None or entry.kind == "service" else DEFAULT_TIMEOUT_MS
    if timeout is not None:
        spec["timeout_ms"] = timeout
        if timeout > IDLE_LIMIT_MS:
            spec["idle_timeout_ms"] = timeout
    if policies.retries and policies.retries.attempts:
        spec["retry_policy"] = {"retry_on": policies.retries.on, "num_retries": policies.retries.attempts}
        if policies.retries.per_try_timeout_ms:
            spec["retry_policy"]["per_try_timeout"] = duration(policies.retries.per_try_timeout_ms)
    if policies.circuit_breakers:
        spec["circuit_breakers"] = [dict(policies.circuit_breakers)]
    if policies.cors:
        spec["cors"] = _cors(policies.cors)
    return spec


def _service(backend: Backend) -> str:
    scheme = "https://" if backend.tls else ""
    return f"{scheme}{backend.host or f'{backend.service}.{backend.namespace}'}:{backend.port}"


def _pairs(pairs: Pairs, exact: str, regex: str) -> dict[str, dict[str, str]]:
    found = {
        exact: {name: text.value for name, text in pairs if text.kind == "exact"},
        regex: {name: text.value or ".*" for name, text in pairs if text.kind != "exact"},
    }
    return {key: values for key, values in found.items() if values}


def _cors(cors: Cors) -> dict[str, Any]:
    found: dict[str, Any] = {
        "origins": list(cors.origins),
        "methods": list(cors.methods),
        "headers": list(cors.headers),
        "exposed_headers": list(cors.exposed_headers),
    }
    found = {key: value for key, value in found.items() if value}
    if cors.credentials is not None:
        found["credentials"] = cors.credentials
    if cors.max_age_s is not None:
        found["max_age"] = str(cors.max_age_s)
    return found
