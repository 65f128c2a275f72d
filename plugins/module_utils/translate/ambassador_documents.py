# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mappings and TLSContexts of one definition, in the words of any version.

What the fields do is described in the ``Mapping`` reference of Emissary; rules about groups and weights are in
``python/ambassador/ir`` of emissary-ingress/emissary v3.10.0. What the operator writes is in
``operator/controllers/ambassador/v1.go`` and ``v2.go`` of SeldonIO/seldon-core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..definition.annotations import DEFAULT_TIMEOUT_MS
from ..definition.model import Cors
from ..definition.profile import CORRECTED, Profile
from ..intent.model import Backend, Entry, Intent, Retries
from ..intent.places import Door
from ..kube.names import dns_safe
from .ambassador_names import context_name, mapping_name, operator_context_reference
from .ambassador_words import WORDS, Document, Words
from .custom_config import custom_as
from .model import digest, duration

# Above Envoy's own limit of five minutes for silent streams, the idle timeout has to follow (operator,
# ambassador/v2.go).
IDLE_LIMIT_MS = 300_000
_NS_IN_MS = 10**6


@dataclass(frozen=True, slots=True)
class AmbassadorSettings:
    """What the environment decides.

    ``api`` is a key of ``WORDS``. ``annotations`` asks for Services whose annotation holds the resources, instead of
    objects. ``ambassador_id`` serves deployments without the annotation; no hosts mean ``*``.
    """

    api: str = "v3alpha1"
    annotations: bool = False
    ambassador_id: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    profile: Profile = CORRECTED

    @property
    def words(self) -> Words:
        return WORDS[self.api]

    def ids(self, intent: Intent) -> tuple[str, ...]:
        return intent.ambassador_ids or self.ambassador_id

    def door(self, intent: Intent, entry: Entry) -> Door:
        """Where an entry is served."""
        return Door(entry.hosts or self.hosts or ("*",), self.ids(intent))


def documents(intent: Intent, settings: AmbassadorSettings) -> list[Document]:
    """All resources of one definition.

    Raises:
        DefinitionError: where a document of ambassador-config has no usable name.
    """
    if intent.custom:
        return custom_as(intent, settings.words, settings.ids(intent), settings.hosts or ("*",))
    return [*(written.document for written in mappings(intent, settings)), *contexts(intent, settings)]


@dataclass(frozen=True, slots=True)
class Written:
    """A Mapping, and what it was written for."""

    entry: Entry
    backend: Backend
    document: Document


def mappings(intent: Intent, settings: AmbassadorSettings) -> Iterator[Written]:
    """One Mapping for each entry, backend and host."""
    words, profile = settings.words, settings.profile
    for entry in intent.entries:
        for suffix, backend, share in _members(entry):
            spec = _spec(intent, entry, backend, settings) | share
            for index, host in enumerate(settings.door(intent, entry).hosts):
                name = mapping_name(intent, entry, backend, suffix, words, profile)
                name += f"-{digest(host)}" if index else ""
                yield Written(entry, backend, Document("Mapping", name, spec | words.host(host)))


def contexts(intent: Intent, settings: AmbassadorSettings) -> Iterator[Document]:
    """One TLSContext for each predictor with a secret."""
    secrets = {
        context_name(intent, backend): backend.tls_secret
        for entry in intent.entries
        for backend in (*entry.backends, *(mirror.backend for mirror in entry.mirrors))
        if backend.tls_secret and settings.profile.tls_contexts
    }
    for name, secret in secrets.items():
        spec = {"secret": secret} | settings.words.ids(settings.ids(intent))
        # What follows the last dot would be taken for a namespace.
        yield Document("TLSContext", name, spec | ({"secret_namespacing": False} if "." in secret else {}))


def _members(entry: Entry) -> Iterator[tuple[str, Backend, dict[str, Any]]]:
    """Every backend of an entry with the end of its Mapping's name and its share; an explicit 0 stays in."""
    names = [backend.name for backend in entry.backends]
    for index, backend in enumerate(entry.backends):
        port = f"-{backend.port}" if names.count(backend.name) > 1 else ""
        suffix = f"-{dns_safe(backend.name)}{port}" if index else ""
        yield suffix, backend, _weight(backend.weight)
    for mirror in entry.mirrors:
        yield "-mirror", mirror.backend, {"shadow": True} | _weight(mirror.percent)


def _weight(weight: int | None) -> dict[str, Any]:
    return {} if weight is None else {"weight": weight}


def _spec(intent: Intent, entry: Entry, backend: Backend, settings: AmbassadorSettings) -> dict[str, Any]:
    match, words = entry.match, settings.words
    spec: dict[str, Any] = {
        **words.path(match),
        "rewrite": entry.rewrite or "",
        "service": _service(backend),
        **words.pairs(match.headers, "headers", "regex_headers"),
        **words.pairs(match.query, "query_parameters", "regex_query_parameters"),
        **words.ids(settings.ids(intent)),
    }
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
    if backend.tls_secret and settings.profile.tls_contexts:
        spec["tls"] = context_name(intent, backend)
    elif backend.tls_secret:
        spec["tls"] = operator_context_reference(intent, entry, backend, words)
    return {key: value for key, value in (spec | _policies(entry, settings)).items() if key not in words.lacks}


def _policies(entry: Entry, settings: AmbassadorSettings) -> dict[str, Any]:
    policies = entry.policies
    spec: dict[str, Any] = {}
    timeout = policies.timeout_ms if policies.timeout_ms is not None or entry.kind == "service" else DEFAULT_TIMEOUT_MS
    if timeout is not None:
        wraps = settings.api == "v2" and not settings.profile.numbers_in_range
        spec["timeout_ms"] = _through_nanoseconds(timeout) if wraps else timeout
        if timeout > IDLE_LIMIT_MS:
            spec["idle_timeout_ms"] = spec["timeout_ms"]
    if policies.retries and policies.retries.attempts:
        spec["retry_policy"] = _retry_policy(policies.retries)
    if policies.circuit_breakers is not None:
        spec["circuit_breakers"] = [dict(policies.circuit_breakers)]
    if policies.cors:
        spec["cors"] = _cors(policies.cors)
    return spec


def _through_nanoseconds(milliseconds: int) -> int:
    """What is left of a timeout after the operator has counted it in nanoseconds, in 64 bits (B30)."""
    nanoseconds = (milliseconds * _NS_IN_MS + 2**63) % 2**64 - 2**63
    whole = abs(nanoseconds) // _NS_IN_MS
    return whole if nanoseconds >= 0 else -whole


def _retry_policy(retries: Retries) -> dict[str, Any]:
    timeout = retries.per_try_timeout_ms
    return {
        "retry_on": retries.on,
        "num_retries": retries.attempts,
        **({"per_try_timeout": duration(timeout)} if timeout else {}),
    }


def _service(backend: Backend) -> str:
    scheme = "https://" if backend.tls else ""
    return f"{scheme}{backend.host or f'{backend.service}.{backend.namespace}'}:{backend.port}"


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
