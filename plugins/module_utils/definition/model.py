# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions as frozen values: what was read, not yet what it means.

Field names follow the custom resource (``operator/apis/machinelearning.seldon.io/v1/seldondeployment_types.go`` of
Seldon Core) so that an error path and an attribute are the same word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias

from .safe_text import without_keys

PREFIX = "seldon.io/"
# No name of Kubernetes is longer, and none of ours either.
LONGEST_NAME = 253
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a definition was read: ``models.yaml, document 2`` or ``definitions[0]``."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class ContainerPort:
    name: str
    port: int


@dataclass(frozen=True, slots=True)
class Container:
    name: str
    ports: tuple[ContainerPort, ...] = ()


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One predictive unit. ``logger_mode`` is None where the unit has no logger at all."""

    name: str
    type: str = ""
    implementation: str = ""
    model_uri: str = ""
    endpoint_type: str = ""
    logger_mode: str | None = None
    children: tuple[GraphNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Explainer:
    type: str
    service_port: int = 0
    container: str = ""


@dataclass(frozen=True, slots=True)
class Predictor:
    """One predictor. ``pods`` holds the containers of each entry of ``componentSpecs``."""

    name: str
    graph: GraphNode
    pods: tuple[tuple[Container, ...], ...] = ()
    traffic: int = 0
    shadow: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    tls_secret: str = ""
    explainer: Explainer | None = None
    orchestrator_env: frozenset[str] = frozenset()

    @property
    def has_no_engine(self) -> bool:
        """Whether requests go straight to the model's container; any text but ``true`` (in any case) keeps the
        engine."""
        return self.annotations.get(PREFIX + "no-engine", "").lower() == "true"

    @property
    def containers(self) -> tuple[Container, ...]:
        """All containers of all pods, in order."""
        return tuple(container for pod in self.pods for container in pod)


@dataclass(frozen=True, slots=True)
class SeldonDeployment:
    """One SeldonDeployment. An empty ``metadata.namespace`` is read as ``default``, as the operator does."""

    origin: Origin
    name: str
    namespace: str
    predictors: tuple[Predictor, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    metadata_annotations: Mapping[str, str] = field(default_factory=dict)
    spec_annotations: Mapping[str, str] = field(default_factory=dict)
    protocol: str = ""
    transport: str = ""
    server_type: str = ""

    kind = "SeldonDeployment"

    def annotation(self, key: str) -> str | None:
        """The value of ``seldon.io/<key>``: ``spec.annotations`` beats ``metadata.annotations`` by presence of the key.

        An empty text in ``spec.annotations`` therefore hides a value in ``metadata.annotations`` (the operator's
        ``controllers/utils/controller_utils.go``).
        """
        full = PREFIX + key
        return self.spec_annotations.get(full, self.metadata_annotations.get(full))

    def annotation_path(self, key: str) -> str:
        """The path of the annotation that :meth:`annotation` answers with."""
        place = "spec" if PREFIX + key in self.spec_annotations else "metadata"
        return f"{place}.annotations[{PREFIX}{key}]"


MatchKind = Literal["exact", "regex", "present"]


@dataclass(frozen=True, slots=True, order=True)
class TextMatch:
    """How the value of a header or of a query parameter is compared. ``value`` is empty for ``present``."""

    kind: MatchKind
    value: str = ""


@dataclass(frozen=True, slots=True)
class RouteBackend:
    """A service that requests go to. ``external`` is a host outside the cluster; ``weight`` None shares the rest."""

    service: str
    port: int
    weight: int | None = None
    external: bool = False
    tls: bool = False


@dataclass(frozen=True, slots=True)
class RouteMirror:
    backend: RouteBackend
    percent: int | None = None


@dataclass(frozen=True, slots=True)
class RouteRetries:
    attempts: int
    on: str = "gateway-error"
    per_try_timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Cors:
    origins: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    exposed_headers: tuple[str, ...] = ()
    credentials: bool | None = None
    max_age_s: int | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """One route of a ServiceRoute. ``rewrite`` is None where the path stays as it is."""

    name: str
    path_kind: Literal["prefix", "path", "regex"]
    path: str
    backends: tuple[RouteBackend, ...]
    methods: tuple[str, ...] = ()
    headers: tuple[tuple[str, TextMatch], ...] = ()
    query: tuple[tuple[str, TextMatch], ...] = ()
    hosts: tuple[str, ...] = ()
    rewrite: str | None = None
    host_rewrite: str | None = None
    mirror: RouteMirror | None = None
    timeout_ms: int | None = None
    retries: RouteRetries | None = None
    cors: Cors | None = None
    grpc: bool = False


@dataclass(frozen=True, slots=True)
class ServiceRoute:
    """Routes for a service that is not a SeldonDeployment. ``service`` is the ServiceSpec to create, or None."""

    origin: Origin
    name: str
    namespace: str
    routes: tuple[Route, ...]
    service: Mapping[str, Any] | None = None

    kind = "ServiceRoute"


Definition: TypeAlias = "SeldonDeployment | ServiceRoute"


class Named(Protocol):
    """A definition, or what was made of one."""

    @property
    def kind(self) -> str: ...

    @property
    def origin(self) -> object: ...

    @property
    def namespace(self) -> str: ...

    @property
    def name(self) -> str: ...


def title(item: Named) -> str:
    """``SeldonDeployment n/m``: how a message names a definition, on one line whatever the name holds."""
    return f"{item.kind} {full_name(item)}"


def place_of(item: Named) -> str:
    """``models.yaml, document 2 n/m``: where a finding about an accepted definition is, before the path of the field;
    on one line as a title is."""
    return f"{item.origin} {full_name(item)}"


def full_name(item: Named) -> str:
    """``n/m``, on one line and no longer than a name can be."""
    return f"{in_a_sentence(item.namespace, LONGEST_NAME)}/{in_a_sentence(item.name, LONGEST_NAME)}"


def in_a_sentence(name: str, longest: int = 80) -> str:
    """A name as it stands in a sentence: escaped where it is not printable, cut where it is no name any more."""
    name = without_keys(name)
    text = name if name.isprintable() else repr(name)[1:-1]
    return text if len(text) <= longest else text[: longest - 3] + "..."


def listed(texts: Iterable[str]) -> str:
    """Texts as a list within a sentence; those that are too many are only counted."""
    found = list(texts)
    more = [f"{len(found) - _LISTED} more"] if len(found) > _LISTED else []
    return ", ".join([*found[:_LISTED], *more])
