# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a SeldonDeployment to its intent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..definition.annotations import CIRCUIT_BREAKERS, go_integer, header_match
from ..definition.custom_config import custom_documents
from ..definition.findings import Finding
from ..definition.hosts import split_hosts
from ..definition.model import Predictor, SeldonDeployment, TextMatch
from ..definition.naming import explainer_service, predictor_service
from ..definition.profile import Profile
from .model import Backend, Entry, EntryKind, Intent, Match, Mirror, ModelApi, Pairs, Policies, Retries, Subset
from .ports import PortSettings, PredictorPorts, predictor_ports

# Source: operator/constants/constants.go:7. Its dots match any character; the headers beside it keep deployments apart.
GRPC_PATH = "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*"
AMBASSADOR_RETRY_ON = "gateway-error"
ISTIO_RETRY_ON = "gateway-error,connect-failure,refused-stream"


@dataclass(frozen=True, slots=True)
class IntentSettings:
    """What the environment decides about an intent. ``single_namespace`` adds the addresses without namespace."""

    single_namespace: bool = False
    ports: PortSettings = field(default_factory=PortSettings)


def seldon_intent(deployment: SeldonDeployment, profile: Profile, settings: IntentSettings) -> Intent:
    """What a valid deployment asks for."""
    shared = _Shared.of(deployment)
    ports = predictor_ports(deployment, settings.ports)
    gateway, hosts = deployment.annotation("istio-gateway"), deployment.annotation("istio-host")
    entries = tuple(_entries(deployment, shared, ports, profile, settings))
    return Intent(
        kind=deployment.kind,
        namespace=deployment.namespace,
        name=deployment.name,
        origin=str(deployment.origin),
        entries=entries,
        attached_to=shared.target,
        custom=custom_documents(deployment.annotation("ambassador-config") or ""),
        ambassador_id=deployment.annotation("ambassador-id") or "",
        gateways=None if gateway is None else (gateway,),
        hosts=None if hosts is None else split_hosts(hosts),
        api=_api(deployment),
        findings=tuple(_findings(deployment, shared, ports)),
    )


@dataclass(frozen=True, slots=True)
class _Shared:
    """What all entries of a deployment have in common."""

    target: str
    headers: Pairs
    rest: Policies
    grpc: Policies

    @staticmethod
    def of(deployment: SeldonDeployment) -> _Shared:
        breakers = {
            key.replace("-", "_"): number
            for key in CIRCUIT_BREAKERS
            if (number := _number(deployment, f"ambassador-circuit-breakers-{key}")) is not None
        }
        attempts = _number(deployment, "ambassador-retries")
        retries = None if attempts is None else Retries(attempts, AMBASSADOR_RETRY_ON)
        istio = _istio_retries(deployment)
        rest, grpc = (
            Policies(_number(deployment, key), retries, istio, breakers) for key in ("rest-timeout", "grpc-timeout")
        )
        target = deployment.annotation("ambassador-service-name")
        return _Shared(deployment.name if target is None else target, _custom_headers(deployment), rest, grpc)


def _number(deployment: SeldonDeployment, key: str) -> int | None:
    return go_integer(deployment.annotation(key) or "")


def _istio_retries(deployment: SeldonDeployment) -> Retries | None:
    attempts = _number(deployment, "istio-retries")
    if attempts is None:
        return None
    seconds = _number(deployment, "istio-retries-timeout") or 1
    return Retries(attempts, ISTIO_RETRY_ON, seconds * 1000)


def _custom_headers(deployment: SeldonDeployment) -> Pairs:
    pairs = []
    if header := deployment.annotation("ambassador-header"):
        pairs.append(header_match(header))
    if regex := deployment.annotation("ambassador-regex-header"):
        name, match = header_match(regex)
        pairs.append((name, TextMatch("regex", match.value)))
    return tuple(sorted(pairs))


def _entries(
    deployment: SeldonDeployment,
    shared: _Shared,
    ports: Sequence[PredictorPorts | None],
    profile: Profile,
    settings: IntentSettings,
) -> Iterator[Entry]:
    namespace, target = deployment.namespace, shared.target
    routed = [(predictor, port) for predictor, port in zip(deployment.predictors, ports, strict=True) if port]
    tenants = (("seldon", TextMatch("exact", target)), ("namespace", TextMatch("exact", namespace)))
    for short in (False, True) if settings.single_namespace else (False,):
        base = "/seldon" if short else f"/seldon/{namespace}"
        if any(not predictor.shadow for predictor, _port in routed):
            http = [(predictor, port.http) for predictor, port in routed]
            grpc = [(predictor, port.grpc) for predictor, port in routed]
            match = Match("prefix", f"{base}/{target}/", headers=shared.headers)
            yield _entry(deployment, "rest", match, http, shared.rest, short)
            wanted = tenants[:1] if short or not profile.grpc_namespace_header else tenants
            match = Match("regex", GRPC_PATH, headers=tuple(sorted((*wanted, *shared.headers))))
            yield _entry(deployment, "grpc", match, grpc, shared.grpc, short)
        for predictor in deployment.predictors:
            if predictor.explainer:
                prefix = f"{base}/{target}-explainer/{predictor.name}/"
                port = predictor.explainer.service_port or settings.ports.explainer_http
                backend = _explainer_backend(deployment, predictor, port)
                match = Match("prefix", prefix, headers=shared.headers)
                yield Entry("explain", match, (backend,), shared.rest, rewrite="/", short=short)


def _entry(
    deployment: SeldonDeployment,
    kind: EntryKind,
    match: Match,
    targets: Sequence[tuple[Predictor, int]],
    policies: Policies,
    short: bool,
) -> Entry:
    live = [(predictor, port) for predictor, port in targets if not predictor.shadow]
    shadows = [(predictor, port) for predictor, port in targets if predictor.shadow]
    mirrors = [Mirror(_backend(deployment, shadow, port), shadow.traffic or None) for shadow, port in shadows]
    return Entry(
        kind=kind,
        match=match,
        backends=tuple(
            _backend(deployment, predictor, port, 100 if len(live) == 1 else predictor.traffic, first=index == 0)
            for index, (predictor, port) in enumerate(live)
        ),
        policies=policies,
        rewrite="/" if kind == "rest" else None,
        mirror=mirrors[0] if mirrors else None,
        short=short,
        grpc=kind == "grpc",
    )


def _backend(
    deployment: SeldonDeployment, predictor: Predictor, port: int, percent: int = 100, *, first: bool = True
) -> Backend:
    return Backend(
        name=predictor.name,
        service=predictor_service(deployment, predictor),
        namespace=deployment.namespace,
        port=port,
        percent=percent,
        takes_rest=first,
        subset=_subset(predictor),
        tls_secret=predictor.tls_secret,
    )


def _explainer_backend(deployment: SeldonDeployment, predictor: Predictor, port: int) -> Backend:
    service = explainer_service(deployment.name, predictor.name)
    return Backend(
        predictor.name,
        service,
        deployment.namespace,
        port,
        subset=_subset(predictor),
        tls_secret=predictor.tls_secret,
    )


def _subset(predictor: Predictor) -> Subset:
    return Subset(predictor.name, predictor.labels.get("version", predictor.name))


def _api(deployment: SeldonDeployment) -> ModelApi:
    """Paths and methods of ``executor/api/rest/server.go`` (lines 141 to 191) and of the protocols' .proto files."""
    direct = all(predictor.has_no_engine for predictor in deployment.predictors)
    methods = {
        "tensorflow": "tensorflow.serving.PredictionService/Predict",
        "v2": "inference.GRPCInferenceService/ModelInfer",
        "kfserving": "inference.GRPCInferenceService/ModelInfer",
    }
    seldon = f"seldon.protos.{'Model' if direct else 'Seldon'}/Predict"
    return ModelApi(
        protocol=deployment.protocol or "seldon",
        model=deployment.predictors[0].graph.name,
        grpc_method=methods.get(deployment.protocol, seldon),
        explainers={
            predictor.name: predictor.explainer.container or explainer_service(deployment.name, predictor.name)
            for predictor in deployment.predictors
            if predictor.explainer
        },
    )


def _findings(
    deployment: SeldonDeployment, shared: _Shared, ports: Sequence[PredictorPorts | None]
) -> Iterator[Finding]:
    where = f"{deployment.origin} {deployment.namespace}/{deployment.name}"
    silent = [key for key, policies in (("rest", shared.rest), ("grpc", shared.grpc)) if policies.timeout_ms is None]
    if silent:
        yield Finding(
            "A10",
            "warning",
            where,
            f"no {' and no '.join(f'seldon.io/{key}-timeout' for key in silent)}: requests end after 3 s on Ambassador"
            " and have no limit on Istio",
            "set the annotation in spec.annotations to what the model needs, in milliseconds",
        )
    if shared.target != deployment.name and not shared.headers:
        yield Finding(
            "B26",
            "warning",
            f"{where} {deployment.annotation_path('ambassador-service-name')}",
            "without ambassador-header or ambassador-regex-header it takes an equal part of all requests of"
            f" {shared.target!r}",
            "add the header that selects this deployment",
        )
    for index, port in enumerate(ports):
        if port is None:
            yield Finding(
                "B32",
                "warning",
                f"{where} spec.predictors[{index}]",
                "the operator makes no Service for this container without engine, so the predictor has no route",
                "rename the container, or remove seldon.io/no-engine",
            )
