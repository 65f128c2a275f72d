# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The neutral model: what should be routed where, in words of no provider.

A definition becomes entries. An entry is one match with its weighted backends, its mirror and its policies; a
translator turns each entry into the objects of its provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..definition.custom_config import CustomDocument
from ..definition.findings import Finding
from ..definition.model import Cors, TextMatch, title

EntryKind = Literal["rest", "grpc", "explain", "service"]
PathKind = Literal["prefix", "path", "regex"]
Pairs = tuple[tuple[str, TextMatch], ...]


@dataclass(frozen=True, slots=True)
class Subset:
    """The pods of a backend within its Service: Istio's subset name and the value of their ``version`` label."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Backend:
    """Where requests go. ``host`` is set for a host outside the cluster and replaces service and namespace.

    ``weight`` is what is asked for: None takes what the others leave. ``percent`` is the share of the requests that
    comes of all weights of a place, 0 to 100 (``places`` fills it in). ``index`` is the place of the backend's
    predictor in the definition. ``tls_secret`` names the secret of the model's own TLS, ``tls`` says that the backend
    speaks TLS without one.
    """

    name: str
    service: str
    namespace: str
    port: int
    weight: int | None = None
    percent: int = 100
    index: int = 0
    subset: Subset | None = None
    host: str = ""
    tls: bool = False
    tls_secret: str = ""


@dataclass(frozen=True, slots=True)
class Mirror:
    """A copy of the requests. ``percent`` None mirrors all of them."""

    backend: Backend
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class Retries:
    attempts: int
    on: str
    per_try_timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    path_kind: PathKind
    path: str
    methods: tuple[str, ...] = ()
    headers: Pairs = ()
    query: Pairs = ()


@dataclass(frozen=True, slots=True)
class Policies:
    """What happens to a matched request.

    ``timeout_ms`` is None where nobody asked for one. ``retries`` are for every provider, ``istio_retries`` only for
    Istio, where they win. ``circuit_breakers`` holds Emissary's field names with their limits, or is None.
    """

    timeout_ms: int | None = None
    retries: Retries | None = None
    istio_retries: Retries | None = None
    circuit_breakers: tuple[tuple[str, int], ...] | None = None
    cors: Cors | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One match and what is behind it.

    ``label`` tells the routes of one ServiceRoute apart in object names.
    ``short`` marks the form without namespace of Ambassador's single-namespace mode. ``grpc`` says that the backends
    speak HTTP/2.
    """

    kind: EntryKind
    match: Match
    backends: tuple[Backend, ...]
    policies: Policies
    label: str = ""
    rewrite: str | None = None
    host_rewrite: str | None = None
    mirrors: tuple[Mirror, ...] = ()
    hosts: tuple[str, ...] = ()
    short: bool = False
    grpc: bool = False


@dataclass(frozen=True, slots=True)
class ModelApi:
    """How clients talk to a deployment: protocol, the model's name in paths, the gRPC service, explainers' model
    names."""

    protocol: str
    model: str
    grpc_method: str
    explainers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperatorService:
    """A Service of a deployment as the operator makes it.

    ``index`` is its predictor's place in the definition. ``routed`` says which backends its annotation holds: those of
    the predictor, of the explainer, or none. ``annotations`` are the predictor's own; what they hold replaces the
    operator's.
    """

    name: str
    index: int
    routed: Literal["predictor", "explainer", "nothing"]
    labels: Mapping[str, str]
    selector: Mapping[str, str]
    ports: Mapping[str, int]
    headless: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intent:
    """All that one definition asks for.

    ``attached_to`` is the deployment whose address this one shares (its own name where it stands alone). ``gateways``
    and ``hosts`` are None where the definition names none and the environment decides. ``api`` is None for a service
    that is no model. ``operator_services`` are the Services that carry annotations where they are not our own, and
    ``custom_text`` replaces each of those annotations.
    """

    kind: str
    namespace: str
    name: str
    origin: str
    entries: tuple[Entry, ...]
    attached_to: str = ""
    custom: tuple[CustomDocument, ...] = ()
    ambassador_ids: tuple[str, ...] = ()
    gateways: tuple[str, ...] | None = None
    hosts: tuple[str, ...] | None = None
    service: Mapping[str, Any] | None = None
    operator_services: tuple[OperatorService, ...] = ()
    custom_text: str = ""
    api: ModelApi | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def title(self) -> str:
        return title(self)

    @property
    def stands_alone(self) -> bool:
        """Whether the definition has an address of its own, instead of sharing another's."""
        return self.attached_to == self.name
