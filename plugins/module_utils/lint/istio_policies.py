# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""D08: policies of Istio that keep Prometheus away from the metrics of models.

Source: ``pilot/pkg/model/{authorization,authentication}.go`` and ``pilot/pkg/security/authz/matcher`` of
istio.io/istio v0.0.0-20260827124520-eed52ebb66ad.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from ..definition.findings import Finding
from ..definition.model import in_a_sentence
from ..routing.istio_read import Meta, Node

# Istio's default of MeshConfig.rootNamespace: its policies count in all namespaces.
_ROOT_NAMESPACE = "istio-system"
# Where Seldon's pods offer metrics: containers, the engine's side and the orchestrator.
_METRICS_PORTS, _METRICS_PATH = ("6000", "6001", "8000"), "/prometheus"
MODEL_LABEL, _MODEL_LABELS = "seldon-deployment-id", ("seldon-deployment-id", "seldon-app")
# Nothing but metrics is asked for at these; at the third predictions are too.
_ONLY_METRICS = ("6000", "6001")

Labels: TypeAlias = "tuple[tuple[str, str], ...]"
LabelSet: TypeAlias = "frozenset[tuple[str, str]]"
AnyPolicy = TypeVar("AnyPolicy", "Policy", "Peer")


@dataclass(frozen=True, slots=True)
class Policy:
    """An AuthorizationPolicy that allows. ``opens`` says that metrics may be read by it (see ``_opens``)."""

    meta: Meta
    selector: Labels
    is_empty: bool
    opens: bool


@dataclass(frozen=True, slots=True)
class Peer:
    """A PeerAuthentication: the mode, empty where it is inherited, and those of single ports."""

    meta: Meta
    selector: Labels
    mode: str
    ports: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Models:
    """Namespaces and labels of the pods of models, and the namespaces of SeldonDeployments.

    ``nothing_given`` says that there are neither pods nor SeldonDeployments, so that none can be missed.
    """

    pods: Set[tuple[str, LabelSet]]
    deployments: Set[str]
    nothing_given: bool


def metrics_findings(policies: Iterable[Policy], peers: Iterable[Peer], models: Models) -> Iterator[Finding]:
    """D08 for policies that deny what is not allowed, and for those that ask for mutual TLS."""
    yield from _denied_metrics(_by_namespace(policies), models)
    yield from _encrypted_metrics(_by_namespace(sorted(peers, key=lambda peer: peer.meta.order)), models)


# --- What is read -------------------------------------------------------------------------------------------------


def read_policy(meta: Meta, spec: Node, obj: Node) -> Policy | None:
    """None for a policy that does not allow, or that is for something else than pods."""
    action, rules = spec.text("action") or "ALLOW", spec.parts("rules")
    annotations = dict(obj.some("metadata").pairs("annotations"))
    elsewhere = spec.has("targetRef") or bool(spec.parts("targetRefs"))
    opens = [_opens(rule) for rule in rules]
    tried_only = annotations.get("istio.io/dry-run") == "true"
    policy = Policy(meta, spec.some("selector").pairs("matchLabels"), not rules, any(opens))
    return None if elsewhere or tried_only or action != "ALLOW" else policy


def read_peer(meta: Meta, spec: Node) -> Peer:
    by_port = spec.fields.get("portLevelMtls")
    if by_port is not None and not isinstance(by_port, Mapping):
        spec.wrong(spec.at("portLevelMtls"), by_port)
    # YAML reads the name of a port as a number, which becomes text on its way to the API server.
    ports = Node({in_a_sentence(str(port)): mode for port, mode in (by_port or {}).items()}, "spec.portLevelMtls")
    modes = tuple((port, ports.some(port).text("mode")) for port in ports.fields)
    selector, mode = spec.some("selector").pairs("matchLabels"), spec.some("mtls").text("mode")
    return Peer(meta, selector, mode.removeprefix("UNSET"), modes)


# --- Findings -----------------------------------------------------------------------------------------------------


def _denied_metrics(policies: Mapping[str, Sequence[Policy]], models: Models) -> Iterator[Finding]:
    """Where policies allow something for a pod, all else is denied; what one of them allows is allowed."""
    for namespace, labels in _pods_of_models(models, policies):
        applied = _applied(policies, namespace, labels)
        if any(policy.opens for policy in applied):
            continue
        for policy in applied:
            what = "allows nothing" if policy.is_empty else f"lets nobody read {_METRICS_PATH} unasked"
            what += ", so Prometheus may get no metrics of the models that it is for"
            fix = f"add a rule that allows Prometheus, or anybody, GET of {_METRICS_PATH}"
            fix += f" at the ports {', '.join(_METRICS_PORTS)}"
            yield Finding("D08", "warning", policy.meta.where, what, fix)


def _encrypted_metrics(peers: Mapping[str, Sequence[Peer]], models: Models) -> Iterator[Finding]:
    """What the narrowest policy leaves open the next one decides (``ComposePeerAuthentication``)."""
    for namespace, labels in _pods_of_models(models, peers):
        levels = _levels(_applied(peers, namespace, labels))
        deciding = next((peer for peer in levels if peer.mode), None)
        mode = deciding.mode if deciding else ""
        ports = dict(levels[0].ports) if levels and levels[0].selector else {}
        shut = [port for port in _METRICS_PORTS if (ports.get(port, "").removeprefix("UNSET") or mode) == "STRICT"]
        if shut:
            blamed = deciding if deciding and mode == "STRICT" else levels[0]
            what = f"asks for mutual TLS at the ports {', '.join(shut)} of models"
            what += ", so a Prometheus outside the mesh cannot read their metrics"
            fix = "write PERMISSIVE for these ports in portLevelMtls of a policy that selects the models"
            fix += ", or take Prometheus into the mesh"
            yield Finding("D08", "warning", blamed.meta.where, what, fix)


def _levels(peers: Sequence[Peer]) -> list[Peer]:
    """The oldest policy by labels, that of the namespace and that of the mesh; no other one counts."""
    found: dict[int, Peer] = {}
    for peer in peers:
        of_mesh = peer.meta.owner.namespace == _ROOT_NAMESPACE
        if not (of_mesh and peer.selector):
            found.setdefault(0 if peer.selector else 2 if of_mesh else 1, peer)
    return [found[level] for level in sorted(found)]


def _by_namespace(policies: Iterable[AnyPolicy]) -> dict[str, list[AnyPolicy]]:
    found: dict[str, list[AnyPolicy]] = {}
    for policy in policies:
        found.setdefault(policy.meta.owner.namespace, []).append(policy)
    return found


def _applied(policies: Mapping[str, Sequence[AnyPolicy]], namespace: str, labels: LabelSet) -> list[AnyPolicy]:
    """The policies that count for pods with these labels."""
    places = dict.fromkeys((namespace, _ROOT_NAMESPACE))
    return [one for place in places for one in policies.get(place, ()) if labels.issuperset(one.selector)]


def _pods_of_models(models: Models, policies: Mapping[str, Sequence[AnyPolicy]]) -> Iterator[tuple[str, LabelSet]]:
    """Namespaces and labels of the pods of models.

    They are those of the workloads given. A SeldonDeployment whose pods are not given, and a policy where nothing is
    given, stand for pods of which only that is known which the policies say.
    """
    yield from models.pods
    if models.nothing_given:
        namespaces = set(policies)
    else:
        namespaces = set(models.deployments) - {namespace for namespace, _labels in models.pods}
    for namespace in namespaces:
        chosen = {frozenset(policy.selector) for policy in policies.get(namespace, ()) if _names_models(policy)}
        yield from ((namespace, labels) for labels in chosen or {frozenset[tuple[str, str]]()})


def _names_models(policy: Policy | Peer) -> bool:
    return any(key in _MODEL_LABELS for key, _value in policy.selector)


def _opens(rule: Node) -> bool:
    """Whether a rule lets metrics be read at one of the ports at least: by anybody, or by those whom it names where it
    names the metrics too, which somebody then chose."""
    asks, conditions = bool(rule.parts("from")), rule.parts("when")
    operations = [part.some("operation") for part in rule.parts("to")]
    found = []
    for port in _METRICS_PORTS:
        taking = [operation for operation in operations if _takes(operation, port)]
        holds = all(_holds(condition, port) for condition in conditions) and bool(taking or not operations)
        found.append(holds and (not asks or _names_metrics(taking, conditions, port)))
    return any(found)


def _names_metrics(operations: Sequence[Node], conditions: Sequence[Node], port: str) -> bool:
    """Whether metrics are meant by what takes them: by their path, or by a port that is for nothing else."""
    paths = [path for operation in operations for path in operation.texts("paths")]
    ports = {text for operation in operations for text in operation.texts("ports")}
    ports |= {text for condition in conditions for text in condition.texts("values")}
    by_path = any(_METRICS_PATH in path and _fits(path, _METRICS_PATH) for path in paths)
    return by_path or (port in _ONLY_METRICS and port in ports)


def _holds(condition: Node, port: str) -> bool:
    values, others = condition.texts("values"), condition.texts("notValues")
    return condition.text("key") == "destination.port" and (not values or port in values) and port not in others


def _takes(operation: Node, port: str) -> bool:
    """Whether an operation takes GET of the metrics at a port, whatever host the request names."""
    wanted = (("methods", "notMethods", "GET"), ("paths", "notPaths", _METRICS_PATH), ("ports", "notPorts", port))
    fits = [
        (not operation.texts(yes) or _among(operation.texts(yes), value)) and not _among(operation.texts(no), value)
        for yes, no, value in wanted
    ]
    hosts, not_hosts = operation.texts("hosts"), operation.texts("notHosts")
    return all(fits) and (not hosts or "*" in hosts) and "*" not in not_hosts


def _among(patterns: Iterable[str], value: str) -> bool:
    return any(_fits(pattern, value) for pattern in patterns)


def _fits(pattern: str, value: str) -> bool:
    """As ``AuthorizationPolicy`` compares: ``*`` at one end, or a path with ``{*}`` and ``{**}`` for its parts."""
    if "{" in pattern:
        parts = re.split(r"(\{\*\*?\})", pattern[:1000])
        words = {"{*}": "[^/]+", "{**}": ".*"}
        return re.fullmatch("".join(words.get(part) or re.escape(part) for part in parts), value) is not None
    if pattern.endswith("*"):
        return value.startswith(pattern[:-1])
    return value.endswith(pattern[1:]) if pattern.startswith("*") else pattern == value
