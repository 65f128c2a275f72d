# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a SeldonDeployment to its intent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..definition.annotations import go_integer
from ..definition.custom_config import custom_documents, custom_problems
from ..definition.fields import quoted
from ..definition.findings import Finding
from ..definition.hosts import split_hosts
from ..definition.model import Predictor, SeldonDeployment, place_of
from ..definition.naming import explainer_service, predictor_service
from ..definition.operator_findings import operator_findings
from ..definition.profile import Profile
from .headers import custom_headers, with_tenant
from .model import Backend, Entry, Intent, Match, Mirror, ModelApi, Pairs, Policies, Subset
from .operator_services import operator_services
from .policies import policies, policy_findings
from .ports import PortSettings, PredictorPorts, predictor_ports

# Source: operator/constants/constants.go:7 and :8. Dots match any character; the headers beside the expression keep
# deployments apart.
GRPC_PATH = "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*"
OPERATOR_ISTIO_GRPC_PATH = ".*tensorflow.*|.*seldon.protos.*|.*inference.*"


@dataclass(frozen=True, slots=True)
class IntentSettings:
    """What the environment decides about an intent.

    ``api`` is the form that the intent is for: Ambassador's ``v0``, ``v1``, ``v2``, ``v3alpha1``, or ``istio``. Only
    the operator makes a difference between them. ``single_namespace`` adds the addresses without namespace.
    """

    single_namespace: bool = False
    ports: PortSettings = field(default_factory=PortSettings)
    api: str = "v3alpha1"


def seldon_intent(deployment: SeldonDeployment, profile: Profile, settings: IntentSettings) -> Intent:
    """What a valid deployment asks for."""
    ports = predictor_ports(deployment, settings.ports)
    builder = _Builder.of(deployment, profile, settings)
    gateway, hosts = deployment.annotation("istio-gateway"), deployment.annotation("istio-host")
    config = deployment.annotation("ambassador-config") or ""
    if not profile.custom_config_once and settings.api != "v1":
        config = ""
    entries = tuple(builder.entries(ports))
    where = place_of(deployment)
    return Intent(
        kind=deployment.kind,
        namespace=deployment.namespace,
        name=deployment.name,
        origin=str(deployment.origin),
        entries=entries,
        attached_to=builder.target,
        custom=custom_documents(config) if profile.custom_config_once or not custom_problems(config) else (),
        custom_text="" if profile.custom_config_once else config,
        ambassador_ids=(instance,) if (instance := deployment.annotation("ambassador-id")) else (),
        gateways=None if gateway is None else (gateway,),
        hosts=None if hosts is None else split_hosts(hosts) if profile.providers_route_alike else (hosts,),
        operator_services=()
        if profile.own_services or settings.api != "v1"
        else tuple(operator_services(deployment, ports, settings.ports)),
        api=_api(deployment),
        findings=(
            *_findings(deployment, builder, ports),
            *policy_findings(where, entries),
            *_defects(deployment, profile, settings),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Builder:
    """Makes the entries of one deployment; holds what they have in common."""

    deployment: SeldonDeployment
    profile: Profile
    settings: IntentSettings
    target: str
    headers: Pairs
    rest: Policies
    grpc: Policies

    @staticmethod
    def of(deployment: SeldonDeployment, profile: Profile, settings: IntentSettings) -> _Builder:
        target = deployment.annotation("ambassador-service-name")
        alike = profile.providers_route_alike or settings.api != "istio"
        return _Builder(
            deployment,
            profile,
            settings,
            target=deployment.name if target is None or not alike else target,
            headers=custom_headers(deployment, profile, settings.api),
            rest=policies(deployment, "rest-timeout", profile, settings.api),
            grpc=policies(deployment, "grpc-timeout", profile, settings.api),
        )

    def entries(self, ports: Sequence[Sequence[PredictorPorts]]) -> Iterator[Entry]:
        predictors = self.deployment.predictors
        routed = list(self._routed(ports))
        for short in (False, True) if self.settings.single_namespace else (False,):
            live = any(not predictors[index].shadow for index, _port in routed)
            if live or (routed and not self.profile.weights_as_declared):
                yield self._rest(short, [self._backend(index, port.http) for index, port in routed])
                if self._has_grpc():
                    grpc = [self._backend(index, port.grpc) for index, port in routed]
                    yield self._grpc(short, self.target, grpc)
            for index, predictor in enumerate(predictors):
                if predictor.explainer:
                    yield from self._explainer(short, index, predictor)

    def _routed(self, ports: Sequence[Sequence[PredictorPorts]]) -> Iterator[tuple[int, PredictorPorts]]:
        """Each predictor that has a Service, by its place, with the Service's ports."""
        for index, found in enumerate(ports):
            if self.profile.routes_lead_to_services:
                yield from ((index, port) for port in found[-1:])
            elif self.settings.api == "istio":  # the operator writes the route to a Service that it never makes
                yield index, (found or [PredictorPorts(0, 0)])[-1]
            else:
                yield from ((index, port) for port in found)

    def _has_grpc(self) -> bool:
        """B7: with Ambassador v1 the operator drops the route whose timeout it cannot read."""
        timeout = self.deployment.annotation("grpc-timeout")
        dropped = timeout is not None and go_integer(timeout) is None
        return self.profile.grpc_timeout or self.settings.api != "v1" or not dropped

    def _rest(self, short: bool, targets: Sequence[Backend]) -> Entry:
        match = Match("prefix", f"{self._base(short)}/{self.target}/", headers=self.headers)
        return Entry("rest", match, policies=self.rest, rewrite="/", short=short, **self._divided(targets))

    def _grpc(self, short: bool, seldon: str, targets: Sequence[Backend]) -> Entry:
        # B3: the operator leaves the namespace out with Ambassador v2.
        told = self.profile.grpc_namespace_header or self.settings.api != "v2"
        namespace = self.deployment.namespace if told and not short else None
        alike = self.profile.providers_route_alike or self.settings.api != "istio"
        path = GRPC_PATH if alike else OPERATOR_ISTIO_GRPC_PATH
        match = Match("regex", path, headers=with_tenant(self.headers, seldon, namespace))
        return Entry("grpc", match, policies=self.grpc, short=short, grpc=True, **self._divided(targets))

    def _explainer(self, short: bool, index: int, predictor: Predictor) -> Iterator[Entry]:
        http = (predictor.explainer.service_port if predictor.explainer else 0) or self.settings.ports.explainer_http
        prefix = f"{self._base(short)}/{self.target}-explainer/{predictor.name}/"
        match = Match("prefix", prefix, headers=self.headers)
        bare = self.settings.api == "istio" and not self.profile.explainers_stand_alone
        rest = Entry("explain", match, (), Policies() if bare else self.rest, rewrite="/", short=short)
        service = explainer_service(self.deployment.name, predictor.name)
        backend = replace(self._backend(index, http), service=service)
        if self.profile.explainers_stand_alone:
            yield replace(rest, backends=(replace(backend, weight=None),))
        elif self.settings.api == "istio":
            yield replace(rest, backends=(replace(backend, weight=100),))
        else:  # B10, B11
            yield replace(rest, **self._divided([backend]))
            if self._has_grpc():
                grpc = self._grpc(short, f"{self.target}-explainer", [replace(backend, port=0)])
                yield replace(grpc, kind="explain")

    def _base(self, short: bool) -> str:
        return "/seldon" if short else f"/seldon/{self.deployment.namespace}"

    def _divided(self, targets: Sequence[Backend]) -> dict[str, Any]:
        """The parts of an entry that requests go to, and that get a copy of them."""
        shadow = [self.deployment.predictors[backend.index].shadow for backend in targets]
        return {
            "backends": tuple(backend for backend, copy in zip(targets, shadow, strict=True) if not copy),
            "mirrors": tuple(
                Mirror(backend, backend.weight) for backend, copy in zip(targets, shadow, strict=True) if copy
            ),
        }

    def _backend(self, index: int, port: int) -> Backend:
        predictor = self.deployment.predictors[index]
        return Backend(
            name=predictor.name,
            service=predictor_service(self.deployment, predictor),
            namespace=self.deployment.namespace,
            port=port,
            weight=self._weight(index),
            index=index,
            subset=_subset(predictor),
            tls_secret=predictor.tls_secret,
        )

    def _weight(self, index: int) -> int | None:
        """The weight of a predictor, or None where it takes what the others leave (a shadow: all)."""
        predictors = self.deployment.predictors
        predictor = predictors[index]
        if self.profile.weights_as_declared:
            if predictor.shadow:
                return predictor.traffic or None
            first = next(place for place, other in enumerate(predictors) if not other.shadow)
            return None if index == first else predictor.traffic
        if self.settings.api == "istio":
            return max(predictor.traffic, 0) or None if predictor.shadow else predictor.traffic
        # The operator compares names, and leaves the first predictor without weight even if it is a shadow.
        first_by_name = predictor.name == predictors[0].name
        if self.settings.api == "v1":
            return None if first_by_name else predictor.traffic or None
        return None if first_by_name and not predictor.shadow else predictor.traffic


def _defects(deployment: SeldonDeployment, profile: Profile, settings: IntentSettings) -> Iterator[Finding]:
    if not profile.routes_are_ours:
        yield from operator_findings(deployment, settings.api, single_namespace=settings.single_namespace)


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
    deployment: SeldonDeployment, shared: _Builder, ports: Sequence[Sequence[PredictorPorts]]
) -> Iterator[Finding]:
    where = place_of(deployment)
    silent = [key for key in ("rest", "grpc") if deployment.annotation(f"{key}-timeout") is None]
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
            f" {quoted(shared.target)}",
            "add the header that selects this deployment",
        )
    for index, port in enumerate(ports):
        if not port:
            yield Finding(
                "B32",
                "warning",
                f"{where} spec.predictors[{index}]",
                "the operator makes no Service for this container without engine, so the predictor has no route",
                "rename the container, or remove seldon.io/no-engine",
            )
