# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What objects of Istio do to each other: all that needs no route table.

Source: ``pkg/config/analysis/analyzers/gateway/{gateway,conflictinggateway,certificate}.go``,
``pilot/pkg/model/{gateway,destination_rule}.go`` (mergeGateways, CheckDuplicates, mergeDestinationRule) and
``pkg/config/validation/validation.go`` of istio.io/istio v0.0.0-20260827124520-eed52ebb66ad; versions are those of
``kubernetes/customresourcedefinitions.gen.yaml`` at the tags of istio/api.

An object that cannot be read is left out here without a word: the route table says why, and the API server refuses
what the table does not look at. Only policies, which nobody else reads, are found here to have a wrong shape.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any, TypeAlias

from ..definition.fields import kind_of, shown
from ..definition.findings import Finding
from ..definition.model import in_a_sentence
from ..routing.istio_read import Meta, Node, ShapeError, full_name, is_host, read_meta, said, where_of, wider
from .istio_policies import (
    MODEL_LABEL,
    Labels,
    Models,
    Peer,
    Policy,
    metrics_findings,
    read_peer,
    read_policy,
)
from .secrets import shown_name

_NETWORKING, _SECURITY = "networking.istio.io", "security.istio.io"
# The release that first served a version of a kind; what is older than 1.5 counts as served by all.
_ALWAYS = (0, 0)
_ALL_THREE: Mapping[str, tuple[int, int]] = {"v1": (1, 22), "v1beta1": (1, 5), "v1alpha3": _ALWAYS}
_SERVED: Mapping[str, Mapping[str, Mapping[str, tuple[int, int]]]] = {
    _NETWORKING: {
        **dict.fromkeys(("DestinationRule", "Gateway", "ServiceEntry", "Sidecar", "VirtualService"), _ALL_THREE),
        "EnvoyFilter": {"v1alpha3": _ALWAYS},
        "ProxyConfig": {"v1beta1": (1, 13)},
        "WorkloadEntry": {"v1": (1, 22), "v1beta1": (1, 6), "v1alpha3": (1, 6)},
        "WorkloadGroup": {"v1": (1, 22), "v1beta1": (1, 13), "v1alpha3": (1, 8)},
    },
    _SECURITY: {
        "AuthorizationPolicy": {"v1": (1, 17), "v1beta1": _ALWAYS},
        "RequestAuthentication": {"v1": (1, 17), "v1beta1": (1, 5)},
        "PeerAuthentication": {"v1": (1, 22), "v1beta1": (1, 5)},
    },
}
# The change notes of Istio 1.20.0; 1.19 has the field but does not act on it (istio/istio issue 46785).
_MIRRORS_SINCE = (1, 20)
_VERSION = re.compile(r"v?([0-9]{1,4})\.([0-9]{1,4})(?:\.[0-9]{1,6})?(?:[-+][-+.0-9A-Za-z]{1,80})?")
# Above this number pushes are known to take long (knative/serving issue 10776, istio/istio issue 25685).
_MANY_VIRTUAL_SERVICES = 1000
_REVISION = "istio.io/rev"
_MOST_SHOWN = 3
_TEMPLATED = ("Deployment", "DaemonSet", "StatefulSet", "ReplicaSet")

Key: TypeAlias = "tuple[str, str]"


def istio_findings(objects: Iterable[Any], *, cluster_domain: str = "cluster.local") -> tuple[Finding, ...]:
    """D02, D04, D05, D06, D08, D11, D12, B07, and D14 for policies that have a wrong shape.

    Where an object is there twice the last one counts. Workloads, Services and Namespaces are looked at where they are
    given; what is not given is not taken to be missing.
    """
    given = _Given(cluster_domain)
    for obj in objects:
        given.add(obj)
    found = set(given.findings)
    for check in (_gateway_workloads, _gateway_conflicts, _certificates, _merged_rules, _subsets_without_pods):
        found.update(check(given))
    found.update(_revisions(given), _too_many(given), _metrics(given))
    return tuple(sorted(found))


def version_findings(objects: Iterable[Any], version: object) -> tuple[Finding, ...]:
    """D12 for an apiVersion and D10 for mirrors that the installed version of Istio does not know yet.

    Raises:
        ValueError: where ``version`` is no version.
    """
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        what = shown(version) if isinstance(version, str) else kind_of(version)
        raise ValueError(f"{what} is no version of Istio: write it as 1.20.3")
    installed = int(match[1]), int(match[2])
    found: set[Finding] = set()
    for obj in objects:
        if isinstance(obj, Mapping):
            found.update(_newer_than(obj, installed))
    return tuple(sorted(found))


# --- Versions -----------------------------------------------------------------------------------------------------


def _newer_than(obj: Mapping[Any, Any], installed: tuple[int, int]) -> Iterator[Finding]:
    group, _slash, version = said(obj.get("apiVersion")).partition("/")
    kind = said(obj.get("kind"))
    served = _SERVED.get(group, {}).get(kind, {})
    needed, name = served.get(version), ".".join(map(str, installed))
    if needed is not None and needed > installed:
        usable = next((other for other in ("v1beta1", "v1alpha3") if served.get(other, needed) <= installed), "")
        fix = f"write {group}/{usable}" if usable else f"install Istio {needed[0]}.{needed[1]} or newer"
        what = f"has the apiVersion {group}/{version}, which Istio {name} does not serve yet"
        yield Finding("D12", "error", _where(obj), what, fix)
    if kind == "VirtualService" and needed is not None and installed < _MIRRORS_SINCE:
        spec = obj.get("spec")
        routes = spec.get("http") if isinstance(spec, Mapping) else None
        for index, route in enumerate(routes if isinstance(routes, list) else ()):
            if isinstance(route, Mapping) and route.get("mirrors"):
                what = f"has mirrors, which Istio {name} does not act on"
                fix = "write one mirror, or install Istio 1.20 or newer"
                yield Finding("D10", "error", f"{_where(obj)} spec.http[{index}].mirrors", what, fix)


def _unserved(obj: Mapping[Any, Any], kind: str, group: str, version: str) -> Finding | None:
    kinds = _SERVED[group]
    served = kinds.get(kind) or {known: _ALWAYS for versions in kinds.values() for known in versions}
    if version in served:
        return None
    what = f"has the apiVersion {in_a_sentence(group + '/' + version)}, which Istio does not serve; it has no effect"
    best = "v1beta1" if "v1beta1" in served else next(iter(served))
    return Finding("D12", "error", _where(obj), what, f"write {group}/{best}")


def _where(obj: Mapping[Any, Any]) -> str:
    metadata = obj.get("metadata")
    metadata = metadata if isinstance(metadata, Mapping) else {}
    namespace, name = said(metadata.get("namespace")) or "default", said(metadata.get("name")) or "?"
    return where_of(in_a_sentence(said(obj.get("kind")) or "?"), namespace, name)


# --- What is given ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Server:
    """A server of a Gateway. ``hosts`` are pairs of a namespace, empty for all of them, and a name."""

    path: str
    number: int
    name: str
    bind: str
    hosts: tuple[Key, ...]
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Gateway:
    meta: Meta
    selector: Labels
    servers: tuple[_Server, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    """A DestinationRule that counts for all callers."""

    meta: Meta
    host: str
    subsets: tuple[tuple[str, Labels, str], ...]


@dataclass(frozen=True, slots=True)
class _Service:
    """``ports`` are pairs of the port and what it leads to: a number, or the name of a container's port."""

    selector: Labels
    ports: tuple[tuple[int, int | str], ...]


@dataclass(frozen=True, slots=True)
class _Workload:
    """``where`` is the place of its labels; ``ports`` are the named ports of its containers."""

    where: str
    namespace: str
    labels: frozenset[tuple[str, str]]
    ports: tuple[tuple[str, int], ...] = ()


class _Workloads:
    """Workloads by their labels."""

    def __init__(self, workloads: Iterable[_Workload]) -> None:
        self.all = list(workloads)
        self.by_label: dict[tuple[str, str], list[_Workload]] = {}
        values: dict[str, set[str]] = {}
        for workload in self.all:
            # What is found at models says nothing about gateways: many have a label ``app``.
            is_model = any(key == MODEL_LABEL for key, _value in workload.labels)
            for label in workload.labels:
                self.by_label.setdefault(label, []).append(workload)
                if not is_model:
                    values.setdefault(label[0], set()).add(label[1])
        self.values = {key: sorted(found) for key, found in values.items()}
        self.fitting = lru_cache(maxsize=None)(self._fitting)

    def _fitting(self, selector: Labels) -> tuple[_Workload, ...]:
        """Those that a selector takes; an empty one takes all."""
        if not selector:
            return tuple(self.all)
        rarest = min((self.by_label.get(label, []) for label in selector), key=len)
        return tuple(workload for workload in rarest if workload.labels.issuperset(selector))

    def has_keys(self, selector: Labels) -> bool:
        """Whether some workload that is no model has a label of which the selector names the key."""
        return any(key in self.values for key, _value in selector)

    def other_values(self, selector: Labels) -> Iterator[str]:
        """Labels with the keys of a selector and with other values; of each key no more than a message shows."""
        for key, wanted in selector:
            others = (value for value in self.values.get(key, ()) if value != wanted)
            yield from (f"{key}={value}" for value in islice(others, _MOST_SHOWN + 1))

    def behind(self, selector: Labels, namespace: str) -> list[_Workload]:
        """Those that a Service of a namespace takes; without a selector it takes none."""
        return [item for item in self.fitting(selector) if item.namespace == namespace] if selector else []


@dataclass(slots=True)
class _Given:
    """What was read, by namespace and name, and the findings so far."""

    domain: str
    gateways: dict[Key, _Gateway] = field(default_factory=dict)
    rules: dict[Key, _Rule | None] = field(default_factory=dict)
    services: dict[str, dict[str, _Service]] = field(default_factory=dict)
    pods: dict[tuple[str, str, str], _Workload] = field(default_factory=dict)
    policies: dict[Key, Policy | None] = field(default_factory=dict)
    peers: dict[Key, Peer] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    deployments: set[str] = field(default_factory=set)
    virtual_services: set[Key] = field(default_factory=set)
    findings: set[Finding] = field(default_factory=set)
    _workloads: _Workloads | None = None

    @property
    def workloads(self) -> _Workloads:
        if self._workloads is None:
            self._workloads = _Workloads(self.pods.values())
        return self._workloads

    def add(self, obj: Any) -> None:
        if not isinstance(obj, Mapping):
            return
        kind, api_version = said(obj.get("kind")), said(obj.get("apiVersion"))
        group, _slash, version = api_version.rpartition("/")
        if group in _SERVED and (finding := _unserved(obj, kind, group, version)):
            self.findings.add(finding)
            return
        read = _READERS.get((group, kind))
        if read is None:
            return
        try:
            node = Node(obj)
            read(self, read_meta(kind, node), node.some("spec"), node)
        except ShapeError as error:
            if group == _SECURITY:
                fix = "correct it, because Istio refuses it as it is"
                self.findings.add(Finding("D14", "error", _where(obj), f"is no {kind}, because {error}", fix))

    def add_gateway(self, meta: Meta, spec: Node, _obj: Node) -> None:
        servers = tuple(_server(node, meta.owner.namespace) for node in spec.parts("servers"))
        self.gateways[_key(meta)] = _Gateway(meta, spec.pairs("selector"), servers)

    def add_rule(self, meta: Meta, spec: Node, _obj: Node) -> None:
        host = spec.text("host")
        narrow = spec.has("workloadSelector") or not {"*"} >= set(spec.texts("exportTo"))
        subsets = tuple((node.text("name"), node.pairs("labels"), node.path) for node in spec.parts("subsets"))
        full = full_name(host, meta.owner.namespace, self.domain)
        self.rules[_key(meta)] = None if narrow or not is_host(host) else _Rule(meta, full, subsets)

    def add_service(self, meta: Meta, spec: Node, _obj: Node) -> None:
        ports = tuple(_service_port(node) for node in spec.parts("ports") if node.text("protocol") in ("", "TCP"))
        service = _Service(spec.pairs("selector"), ports)
        self.services.setdefault(meta.owner.namespace, {})[meta.owner.name] = service

    def add_pod(self, meta: Meta, spec: Node, obj: Node) -> None:
        self._keep_workload(meta, obj.some("metadata"), spec)

    def add_template(self, meta: Meta, spec: Node, _obj: Node) -> None:
        template = spec.some("template")
        self._keep_workload(meta, template.some("metadata"), template.some("spec"))

    def _keep_workload(self, meta: Meta, metadata: Node, spec: Node) -> None:
        ports = (port for container in spec.parts("containers") for port in container.parts("ports"))
        named = tuple((port.text("name"), port.whole("containerPort") or 0) for port in ports)
        labels = frozenset(metadata.pairs("labels"))
        owner, where = meta.owner, f"{meta.where} {metadata.path}.labels"
        self.pods[owner.kind, owner.namespace, owner.name] = _Workload(where, owner.namespace, labels, named)

    def add_policy(self, meta: Meta, spec: Node, obj: Node) -> None:
        self.policies[_key(meta)] = read_policy(meta, spec, obj)

    def add_peer(self, meta: Meta, spec: Node, _obj: Node) -> None:
        self.peers[_key(meta)] = read_peer(meta, spec)

    def add_namespace(self, meta: Meta, _spec: Node, _obj: Node) -> None:
        self.revisions[meta.owner.name] = dict(meta.owner.labels).get(_REVISION, "")

    def add_deployment(self, meta: Meta, _spec: Node, _obj: Node) -> None:
        self.deployments.add(meta.owner.namespace)

    def add_virtual_service(self, meta: Meta, _spec: Node, _obj: Node) -> None:
        self.virtual_services.add(_key(meta))


_READERS: Mapping[Key, Callable[[_Given, Meta, Node, Node], None]] = {
    (_NETWORKING, "Gateway"): _Given.add_gateway,
    (_NETWORKING, "DestinationRule"): _Given.add_rule,
    (_NETWORKING, "VirtualService"): _Given.add_virtual_service,
    (_SECURITY, "AuthorizationPolicy"): _Given.add_policy,
    (_SECURITY, "PeerAuthentication"): _Given.add_peer,
    ("machinelearning.seldon.io", "SeldonDeployment"): _Given.add_deployment,
    ("", "Service"): _Given.add_service,
    ("", "Namespace"): _Given.add_namespace,
    ("", "Pod"): _Given.add_pod,
    **{("apps", kind): _Given.add_template for kind in _TEMPLATED},
}


def _key(meta: Meta) -> Key:
    return meta.owner.namespace, meta.owner.name


def _server(node: Node, namespace: str) -> _Server:
    port, tls = node.some("port"), node.some("tls")
    hosts = []
    for entry in node.texts("hosts"):
        before, slash, host = entry.lower().rpartition("/")
        only_for = namespace if before == "." else before.removeprefix("*")
        hosts.append((only_for if slash else "", host))
    secrets = () if tls.text("mode").endswith("PASSTHROUGH") else (tls.text("credentialName"), *_more_secrets(tls))
    number, name = port.whole("number") or 0, port.text("name")
    return _Server(node.path, number, name, node.text("bind"), tuple(hosts), tuple(filter(None, secrets)))


def _more_secrets(tls: Node) -> Sequence[str]:
    return tls.texts("credentialNames") if tls.has("credentialNames") else ()


def _service_port(node: Node) -> tuple[int, int | str]:
    number, target = node.whole("port") or 0, node.fields.get("targetPort")
    return number, target if isinstance(target, str) else node.whole("targetPort") or number


def _few(names: Iterable[str]) -> str:
    """Up to three names, and whether there are more."""
    found = list(names)
    return ", ".join(map(in_a_sentence, found[:_MOST_SHOWN])) + (" and others" if len(found) > _MOST_SHOWN else "")


def _in_words(selector: Labels) -> str:
    return _few(f"{key}={value}" for key, value in selector)


# --- Gateways -----------------------------------------------------------------------------------------------------


def _gateway_workloads(given: _Given) -> Iterator[Finding]:
    """D02. A Gateway applies to pods of all namespaces, unless Istio runs with PILOT_SCOPE_GATEWAY_TO_NAMESPACE.

    That none fits is told only where some workload has a label with a key of the selector, such as ``istio: ingress``
    for ``istio: ingressgateway`` (istio/istio issue 42911). Without one the gateway's pods are likely not given.
    """
    offered: dict[Labels, set[int] | None] = {}
    for gateway in given.gateways.values():
        if not given.workloads.fitting(gateway.selector):
            if given.workloads.has_keys(gateway.selector):
                there = _few(given.workloads.other_values(gateway.selector))
                why = f"which have {there}" if there else "of which none has all of these labels"
                what = f"the selector {_in_words(gateway.selector)} fits none of the workloads given, {why}"
                fix = "write the labels of the gateway's pods"
                where = f"{gateway.meta.where} spec.selector"
                yield Finding("D02", "error", where, f"{what}, so nothing serves it", fix)
            continue
        if gateway.selector not in offered:
            offered[gateway.selector] = _offered_ports(given, gateway.selector)
        ports = offered[gateway.selector]
        for server in gateway.servers:
            if ports is not None and server.number and server.number not in ports:
                what = f"no Service of the gateway's pods offers the port {server.number}, so nothing reaches it"
                fix = "add the port to the Service, or take one of its ports"
                yield Finding("D02", "error", f"{gateway.meta.where} {server.path}.port", what, fix)


def _offered_ports(given: _Given, selector: Labels) -> set[int] | None:
    """What the Services of a gateway's pods offer; None where no such Service is given or one cannot be told."""
    pods = set(given.workloads.fitting(selector))
    ports: set[int] = set()
    services = [
        (namespace, service)
        for namespace in {pod.namespace for pod in pods}
        for service in given.services.get(namespace, {}).values()
    ]
    for namespace, service in services:
        behind = [pod for pod in given.workloads.behind(service.selector, namespace) if pod in pods]
        for number, target in service.ports if behind else ():
            named = {port for pod in behind for name, port in pod.ports if name == target}
            if isinstance(target, str) and not named:
                return None
            ports |= {number} | (named if isinstance(target, str) else {target})
    return ports or None


def _gateway_conflicts(given: _Given) -> Iterator[Finding]:
    """D04. Istio compares hosts as text and keeps the server of the older Gateway; a wider host is no conflict to it,
    but which of the two Gateways answers is then seldom what was meant."""
    taken: dict[tuple[Labels, int, str], dict[str, _Claims]] = {}
    in_order = sorted(given.gateways.values(), key=lambda gateway: gateway.meta.order)
    for gateway in in_order:
        yield from _repeated_names(gateway)
        for server in gateway.servers:
            hosts = taken.setdefault((gateway.selector, server.number, server.bind), {})
            for namespace, host in server.hosts:
                hosts.setdefault(host, _Claims()).add(namespace, gateway)
    for gateway in in_order:
        for server in gateway.servers:
            hosts = taken[gateway.selector, server.number, server.bind]
            for namespace, host in server.hosts:
                yield from _host_conflict(gateway, server, (namespace, host), hosts)


class _Claims:
    """The Gateways that have one host, the oldest first: for the VirtualServices of each namespace, and all."""

    def __init__(self) -> None:
        self.all: list[_Gateway] = []
        self.by_namespace: dict[str, list[_Gateway]] = {}

    def add(self, namespace: str, gateway: _Gateway) -> None:
        # A Gateway with a host at many servers is listed once, so that nobody has to skip over it.
        for gateways in (self.all, self.by_namespace.setdefault(namespace, [])):
            if not gateways or gateways[-1] is not gateway:
                gateways.append(gateway)

    def other(self, gateway: _Gateway, namespace: str) -> _Gateway | None:
        """The oldest other Gateway that has the host for the same VirtualServices."""
        near = [self.by_namespace.get(namespace, []), self.by_namespace.get("", [])] if namespace else [self.all]
        others = (next((other for other in gateways if other is not gateway), None) for gateways in near)
        return min(filter(None, others), key=lambda other: other.meta.order, default=None)


def _host_conflict(gateway: _Gateway, server: _Server, entry: Key, hosts: Mapping[str, _Claims]) -> Iterator[Finding]:
    namespace, host = entry
    where = f"{gateway.meta.where} {server.path}.hosts"
    same = hosts[host].other(gateway, namespace)
    if same is not None:
        # One finding for each pair, at the younger Gateway.
        if same.meta.order < gateway.meta.order:
            what = f"the host {in_a_sentence(host)} at port {server.number} is claimed by {same.meta.where} too"
            what += ", which has the same selector"
            yield Finding("D04", "error", where, what, "serve each host by one Gateway")
        return
    for wide in wider(host):
        other = hosts[wide].other(gateway, namespace) if wide in hosts else None
        if other is not None:
            what = f"the host {in_a_sentence(host)} at port {server.number} belongs to {in_a_sentence(wide)} of"
            what += f" {other.meta.where} too, which has the same selector"
            fix = "see that the routes for this host name the Gateway with the narrower host"
            yield Finding("D04", "warning", where, what, fix)
            return


def _repeated_names(gateway: _Gateway) -> Iterator[Finding]:
    names: set[str] = set()
    for server in gateway.servers:
        if server.name and server.name in names:
            what = f"the port name {shown(server.name)} is there twice, so Istio refuses the Gateway"
            yield Finding("D04", "error", f"{gateway.meta.where} {server.path}.port.name", what, "write another name")
        names.add(server.name)


def _certificates(given: _Given) -> Iterator[Finding]:
    """D06: a client with HTTP/2 keeps its connection for all hosts of a certificate (istio/istio issue 13589)."""
    holders: dict[tuple[Labels, int, str], _Gateway] = {}
    for gateway in sorted(given.gateways.values(), key=lambda gateway: gateway.meta.order):
        for server in gateway.servers:
            for secret in server.secrets:
                first = holders.setdefault((gateway.selector, server.number, secret), gateway)
                if first is not gateway:
                    named = shown_name(secret, in_a_sentence)
                    what = f"the certificate {named} is that of {first.meta.where} too, which has the"
                    what += f" same selector and port {server.number}, so clients with HTTP/2 get 404 at times"
                    fix = "put the hosts of one certificate into one Gateway"
                    yield Finding("D06", "warning", f"{gateway.meta.where} {server.path}.tls", what, fix)


def _revisions(given: _Given) -> Iterator[Finding]:
    """D11. Only pods that some Gateway asks for by label are those of a gateway."""
    for selector in {gateway.selector for gateway in given.gateways.values()} - {()}:
        for pod in given.workloads.fitting(selector):
            own, around = dict(pod.labels).get(_REVISION, ""), given.revisions.get(pod.namespace, "")
            if own and around and own != around:
                what = f"has the revision {in_a_sentence(own)}, but its namespace has {in_a_sentence(around)}"
                yield Finding("D11", "warning", pod.where, what, f"write the same {_REVISION} in both")


# --- DestinationRules ---------------------------------------------------------------------------------------------


def _merged_rules(given: _Given) -> Iterator[Finding]:
    """D05. Istio merges the rules of one namespace; of several namespaces it takes that of the caller's, else that of
    the Service's (``PushContext.destinationRule``)."""
    rules: dict[str, list[_Rule]] = {}
    for rule in sorted(filter(None, given.rules.values()), key=lambda rule: rule.meta.order):
        rules.setdefault(rule.host, []).append(rule)
    for same_host in rules.values():
        subsets: dict[str, tuple[Labels, _Rule]] = {}
        firsts: dict[str, _Rule] = {}
        for rule in same_host:
            first = firsts.setdefault(rule.meta.owner.namespace, rule)
            other = same_host[0] if first is rule else first
            conflicts = list(_other_labels(rule, subsets))
            yield from conflicts
            if other is not rule and not conflicts:
                yield _second_rule(rule, other)


def _second_rule(rule: _Rule, first: _Rule) -> Finding:
    what = f"the host {in_a_sentence(rule.host)} is that of {first.meta.where} too"
    if first.meta.owner.namespace == rule.meta.owner.namespace:
        what += ", and Istio takes the subsets of both, and the traffic policy of the first that has one"
    else:
        what += ", and Istio takes the one in the caller's namespace, else the one in the Service's"
    return Finding("D05", "warning", f"{rule.meta.where} spec.host", what, "write one DestinationRule for a host")


def _other_labels(rule: _Rule, subsets: dict[str, tuple[Labels, _Rule]]) -> Iterator[Finding]:
    for name, labels, path in rule.subsets:
        known, holder = subsets.setdefault(name, (labels, rule))
        if holder is not rule and known != labels:
            what = f"the subset {shown(name)} has other labels in {holder.meta.where}, which is for the same host"
            yield Finding("D05", "error", f"{rule.meta.where} {path}", what, "give the subset one meaning")


def _subsets_without_pods(given: _Given) -> Iterator[Finding]:
    """D05. Only where pods of the Service are given can one say that a subset has none."""
    for rule in filter(None, given.rules.values()):
        name, _dot, namespace = rule.host.removesuffix(f".svc.{given.domain}").partition(".")
        is_service = rule.host.endswith(f".svc.{given.domain}")
        service = given.services.get(namespace, {}).get(name) if is_service else None
        pods = given.workloads.behind(service.selector, namespace) if service else []
        for subset, labels, path in rule.subsets if pods else ():
            if not any(pod.labels.issuperset(labels) for pod in pods):
                what = f"the labels {_in_words(labels)} of the subset {shown(subset)} fit no pod of the Service"
                what += f" {in_a_sentence(namespace)}/{in_a_sentence(name)}, so requests to it get an error"
                fix = "write labels that the pods have"
                yield Finding("D05", "error", f"{rule.meta.where} {path}.labels", what, fix)


# --- Policies -----------------------------------------------------------------------------------------------------


def _metrics(given: _Given) -> Iterator[Finding]:
    """D08."""
    pods = {(pod.namespace, pod.labels) for pod in given.workloads.all if MODEL_LABEL in dict(pod.labels)}
    models = Models(pods, given.deployments, nothing_given=not (given.pods or given.deployments))
    yield from metrics_findings(filter(None, given.policies.values()), given.peers.values(), models)


# --- Numbers ------------------------------------------------------------------------------------------------------


def _too_many(given: _Given) -> Iterator[Finding]:
    count = len(given.virtual_services)
    if count > _MANY_VIRTUAL_SERVICES:
        what = f"reads {count} VirtualServices, and above {_MANY_VIRTUAL_SERVICES} it is known to take long for each"
        yield Finding("B07", "warning", "Istio", f"{what} change", "put routes of one host into one VirtualService")
