# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS Secrets and their use (E01 to E06), as far as the objects tell; what a Secret holds is looked at in
``secrets.py``.

Source: ``pilot/pkg/model/credentials/resource.go`` and ``pilot/pkg/xds/sds.go`` (namespace of the pod) of
istio.io/istio v0.0.0-20260827124520-eed52ebb66ad; ``cmd/entrypoint/secrets.go``, ``python/ambassador/ir/irhost.py`` and
``irtlscontext.py`` (namespaces, the default action of a Host) and ``envoy/v3/v3listener.py`` (redirects) of
emissary-ingress/emissary v3.10.0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..definition.fields import shown
from ..definition.findings import Finding
from ..definition.hosts import qualified_gateway
from ..intent.seldon import GRPC_PATH, OPERATOR_ISTIO_GRPC_PATH
from ..kube.reader import YamlError, read_documents
from ..objects.certificates import covers
from ..routing.emissary import hosts_overlap
from ..routing.emissary_resources import EVERY_ID, Resource, ids_of
from ..routing.istio_read import overlap, said
from ..translate.ambassador_annotations import ANNOTATION
from .secrets import (
    CERT,
    TLS_TYPE,
    Cluster,
    Fields,
    Item,
    Reference,
    Secrets,
    has_value,
    map_of,
    shown_name,
    without_ca,
)

_SCHEME = re.compile(r"[a-z-]+://")
_GRPC_PATHS = (GRPC_PATH, OPERATOR_ISTIO_GRPC_PATH)
_MOST_NAMES = 5

_GROUPS = {
    "Secret": ("",),
    "Pod": ("",),
    "Service": ("",),
    **dict.fromkeys(("Deployment", "DaemonSet", "StatefulSet"), ("apps/",)),
    **dict.fromkeys(("Gateway", "VirtualService"), ("networking.istio.io/",)),
    **dict.fromkeys(("Host", "TLSContext", "Mapping", "Listener", "Module"), ("getambassador.io/",)),
    "Ingress": ("networking.k8s.io/", "extensions/"),
}
_IN_ANNOTATIONS = ("Host", "TLSContext", "Mapping", "Listener", "Module")


def tls_findings(objects: Sequence[Mapping[str, Any]], now: datetime, warn_days: int = 30) -> tuple[Finding, ...]:
    """All that can be said of the TLS Secrets among objects, and of the objects that name them.

    Where an object is there twice the last one counts. ``now`` has a time zone; certificates that end within
    ``warn_days`` days are told.

    Raises:
        MissingLibraryError: where there is a certificate to read, and the library cryptography is missing.
        ValueError: where ``now`` has no time zone.
    """
    if now.utcoffset() is None:
        raise ValueError("The time to compare certificates with needs a time zone.")
    cluster = Cluster()
    for item in _items(objects):
        cluster.add(item)
    references = [*_istio_references(cluster), *_emissary_references(cluster), *_ingress_references(cluster)]
    checker = Secrets(cluster, now, warn_days)
    checker.read(references)
    findings = [*checker.findings, *_misplaced(cluster, references), *_misnamed(cluster, references, checker)]
    findings += [*without_ca(cluster, references), *_host_redirects(cluster), *_gateway_redirects(cluster)]
    return tuple(sorted(set(findings)))


# --- Objects ------------------------------------------------------------------------------------------------------


def _items(objects: Iterable[Any]) -> Iterator[Item]:
    for obj in objects:
        kind = _kind(obj)
        if not kind:
            continue
        metadata = map_of(obj.get("metadata"))
        name, namespace = said(metadata.get("name")), said(metadata.get("namespace")) or "default"
        if not name:
            continue
        if kind == "Service":
            yield from _documents(metadata, namespace)
        spec = obj if kind == "Secret" else map_of(obj.get("spec"))
        yield Item(kind, namespace, name, map_of(metadata.get("labels")), spec)


def _kind(obj: Any) -> str:
    kind, version = (said(map_of(obj).get(key)) for key in ("kind", "apiVersion"))
    for group in _GROUPS.get(kind, ()):
        if version.startswith(group) if group else "/" not in version:
            return kind
    return ""


def _documents(metadata: Fields, namespace: str) -> Iterator[Item]:
    """What the annotation of a Service holds; who reads routes says what is wrong with it."""
    text = said(map_of(metadata.get("annotations")).get(ANNOTATION))
    if not any(word in text for word in ("grpc", *_IN_ANNOTATIONS[:2], *_IN_ANNOTATIONS[3:])):
        return
    try:
        documents = [map_of(document.value) for document in read_documents(text)]
    except YamlError:
        return
    for fields in documents:
        kind, name = said(fields.get("kind")), said(fields.get("name"))
        if kind in _IN_ANNOTATIONS and name:
            labels = map_of(fields.get("metadata_labels")) or map_of(metadata.get("labels"))
            yield Item(kind, said(fields.get("namespace")) or namespace, name, labels, fields)


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(item for item in _list(value) if isinstance(item, str) and item)


def _some(names: Iterable[str], how: Callable[[str], str] = shown) -> str:
    """The first names of a list, as ``how`` shows each."""
    listed = sorted(set(names))
    rest = f" and {len(listed) - _MOST_NAMES} more" if len(listed) > _MOST_NAMES else ""
    return ", ".join(map(how, listed[:_MOST_NAMES])) + rest


# --- Who names which Secret -----------------------------------------------------------------------------------------


def _istio_references(cluster: Cluster) -> Iterator[Reference]:
    pods = _Pods(cluster)
    for gateway in cluster.of("Gateway"):
        namespaces = pods.namespaces(map_of(gateway.fields.get("selector")))
        for place, server in enumerate(_list(gateway.fields.get("servers"))):
            tls = map_of(map_of(server).get("tls"))
            mode = said(tls.get("mode"))
            if mode not in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"):
                continue
            single = said(tls.get("credentialName"))
            names = (single,) if single else _texts(tls.get("credentialNames"))
            path = f"{gateway.title} spec.servers[{place}]"
            hosts = tuple(host.rpartition("/")[2] for host in _texts(map_of(server).get("hosts")))
            elsewhere = any(tls.get(key) for key in ("caCertificates", "caCertCredentialName"))
            for name in names:
                secret, own, why = _credential(name, namespaces)
                if secret:
                    at = f"{path}.tls.{'credentialName' if single else 'credentialNames'}"
                    mutual = mode != "SIMPLE" and not elsewhere
                    yield Reference(
                        "istio", at, secret, gateway.namespace, own, why, f"{path}.hosts", hosts, mutual=mutual
                    )


def _credential(name: str, namespaces: tuple[str, ...]) -> tuple[str, tuple[str, ...], str]:
    """The Secret that a ``credentialName`` means, where, and why there; no Secret for what Istio makes itself."""
    scheme = _SCHEME.match(name)
    if scheme is None:
        return name, namespaces, ", where the pods are that the selector fits"
    if scheme.group() not in ("kubernetes://", "kubernetes-gateway://"):
        return "", (), ""
    namespace, slash, secret = name[scheme.end() :].partition("/")
    return (secret, (namespace,), "") if slash else (namespace, namespaces, "")


class _Pods:
    """The pods that there are or that workloads make, by label."""

    def __init__(self, cluster: Cluster) -> None:
        self.by_label: dict[tuple[str, str], list[tuple[str, Fields]]] = {}
        for kind in ("Pod", "Deployment", "DaemonSet", "StatefulSet"):
            for item in cluster.of(kind):
                metadata = map_of(map_of(item.fields.get("template")).get("metadata"))
                labels = item.labels if kind == "Pod" else map_of(metadata.get("labels"))
                for key, value in labels.items():
                    if isinstance(key, str) and isinstance(value, str):
                        self.by_label.setdefault((key, value), []).append((item.namespace, labels))

    def namespaces(self, selector: Fields) -> tuple[str, ...]:
        """Where the pods are that a selector fits. An empty one fits all pods, which tells nothing."""
        wanted = [(key, value) for key, value in selector.items() if isinstance(key, str) and isinstance(value, str)]
        if not wanted or len(wanted) < len(selector):
            return ()
        fewest = min((self.by_label.get(pair, []) for pair in wanted), key=len)
        found = {namespace for namespace, labels in fewest if all(labels.get(key) == value for key, value in wanted)}
        return tuple(sorted(found))


def _emissary_references(cluster: Cluster) -> Iterator[Reference]:
    namespaced = _namespacing(cluster)
    for host in cluster.of("Host"):
        given = map_of(host.fields.get("tlsSecret"))
        name, namespace = said(given.get("name")), said(given.get("namespace")) or host.namespace
        if name:
            where = f"{host.title} spec.tlsSecret"
            named = _hostname(host).rsplit(":", 1)[0]
            yield Reference(
                "emissary", where, name, host.namespace, (namespace,), "", f"{host.title} spec.hostname", (named,)
            )
        inline = map_of(host.fields.get("tls"))
        for key in ("caSecret", "ca_secret"):
            yield from _dotted(host, f"tls.{key}", said(inline.get(key)), namespaced, ca=True)
    names_of_hosts = {host.name for host in cluster.of("Host")}
    for context in cluster.of("TLSContext"):
        own = context.fields.get("secret_namespacing")
        split = own if isinstance(own, bool) else namespaced
        # Emissary also takes the name of a Host for its hostname.
        hosts = tuple(host for host in _texts(context.fields.get("hosts")) if host not in names_of_hosts)
        yield from _dotted(context, "secret", said(context.fields.get("secret")), split, hosts)
        yield from _dotted(context, "ca_secret", said(context.fields.get("ca_secret")), split, ca=True)


def _namespacing(cluster: Cluster) -> bool:
    """Whether what follows the last dot of a name is a namespace, where a TLSContext does not say so itself."""
    for module in cluster.of("Module"):
        if module.name == "ambassador":
            defaults = map_of(map_of(module.fields.get("config")).get("defaults"))
            if defaults.get("tls_secret_namespacing") is False:
                return False
    return True


def _dotted(
    item: Item, key: str, text: str, namespaced: bool, hosts: tuple[str, ...] = (), *, ca: bool = False
) -> Iterator[Reference]:
    before, dot, after = text.rpartition(".")
    name, namespace = (before, after) if dot and namespaced else (text, item.namespace)
    if name and namespace:
        where, why = f"{item.title} spec.{key}", ", which the last dot separates" if dot and namespaced else ""
        yield Reference(
            "emissary", where, name, item.namespace, (namespace,), why, f"{item.title} spec.hosts", hosts, ca=ca
        )


def _ingress_references(cluster: Cluster) -> Iterator[Reference]:
    for ingress in cluster.of("Ingress"):
        for place, tls in enumerate(_list(ingress.fields.get("tls"))):
            if name := said(map_of(tls).get("secretName")):
                where = f"{ingress.title} spec.tls[{place}].secretName"
                yield Reference("ingress", where, name, ingress.namespace, (ingress.namespace,))


# --- E02: where a Secret is -----------------------------------------------------------------------------------------


def _misplaced(cluster: Cluster, references: Iterable[Reference]) -> Iterator[Finding]:
    secrets = cluster.of("Secret")
    tls = any(secret.fields.get("type") == TLS_TYPE or has_value(secret, CERT) for secret in secrets)
    for reference in references:
        if reference.use == "ingress" or not secrets or (reference.use == "emissary" and not tls):
            continue
        places = cluster.namespaces.get(reference.secret, [])
        lacking = [place for place in reference.namespaces if place not in places]
        called, there = shown_name(reference.secret), _some(places)
        if reference.namespaces and lacking:
            one = f"in the namespace{'s' if len(lacking) > 1 else ''} {_some(lacking, shown_name)}{reference.why}"
            what = f"names the Secret {called}, which is not {one}" + (f"; there is one in {there}" if places else "")
            fix = f"put the Secret into {_some(lacking, shown_name)}"
            yield Finding("E02", "error", reference.where, what, fix)
        elif not places:
            what = f"names the Secret {called}, which is in no namespace"
            fix = "put the Secret into the namespace of the gateway's pods, or correct the name"
            yield Finding("E02", "error", reference.where, what, fix)
        elif not reference.namespaces and reference.home not in places:
            what = f"names the Secret {called}, which is in {there} and not beside the Gateway"
            fix = "see that the gateway's pods are in the namespace of the Secret, because Istio looks nowhere else"
            yield Finding("E02", "warning", reference.where, what, fix)


# --- E03: which hosts a certificate names ---------------------------------------------------------------------------


def _misnamed(cluster: Cluster, references: Iterable[Reference], checker: Secrets) -> Iterator[Finding]:
    for reference in references:
        found = reference.found(cluster) if reference.hosts else ()
        if not reference.namespaces and len(found) > 1:
            continue  # which of them is shown cannot be told
        for secret in found:
            leaf = checker.leaves.get((secret.namespace, secret.name))
            if leaf is None:
                continue
            whose = f"the certificate of {secret.title} (SHA-256 {leaf.fingerprint_sha256})"
            if not leaf.names:
                what = f"{whose} has no subject alternative name, and browsers and Go do not look at the CN"
                fix = "have one made that names the hosts as alternative names"
                yield Finding("E03", "error", reference.hosts_where, what, fix)
                continue
            missed = [host for host in reference.hosts if _is_plain(host) and not covers(leaf, host)]
            if missed:
                verb = "are" if len(set(missed)) > 1 else "is"
                what = f"{_some(missed)} {verb} served with {whose}, which names only {_some(leaf.names)}"
                yield Finding("E03", "error", reference.hosts_where, what, "have one made that names every host")


def _is_plain(host: str) -> bool:
    """Whether it can be said which names a host stands for: not of ``*``, and not of other globs."""
    return host != "" and "*" not in host.removeprefix("*.")


# --- E06: redirects ---------------------------------------------------------------------------------------------------


def _hostname(host: Item) -> str:
    return said(host.fields.get("hostname")) or "*"


def _host_redirects(cluster: Cluster) -> Iterator[Finding]:
    models = {said(listener.fields.get("securityModel")) for listener in cluster.of("Listener")}
    if models == {"SECURE"}:
        return  # such a Listener takes every request for a secure one
    grpc = [mapping for mapping in cluster.of("Mapping") if mapping.fields.get("grpc") is True]
    terminated = {
        name
        for context in cluster.of("TLSContext")
        if said(context.fields.get("secret"))
        for name in _texts(context.fields.get("hosts"))
    }
    for host in cluster.of("Host"):
        policy = map_of(map_of(host.fields.get("requestPolicy")).get("insecure"))
        action = policy.get("action") or "Redirect"
        if action != "Redirect":
            continue
        where = f"{host.title} spec.requestPolicy.insecure.action"
        redirects = f"redirects http to https{'' if policy.get('action') else ', which is the default'}"
        if not _speaks_tls(host) and not terminated & {_hostname(host), host.name}:
            what = f"{redirects}, but the Host has no tlsSecret, tlsContext or acmeProvider, so nothing answers there"
            fix = "give the Host a tlsSecret, or set the action to Route unless something before it speaks TLS"
            yield Finding("E06", "warning", where, what, fix)
        elif behind := next((mapping for mapping in grpc if _takes(host, mapping)), None):
            what = f"{redirects}, which gRPC clients and plain health checks do not follow, and {behind.title} is gRPC"
            yield Finding("E06", "warning", where, what, "let these clients use https, or set the action to Route")


def _speaks_tls(host: Item) -> bool:
    secret, context, acme = (map_of(host.fields.get(key)) for key in ("tlsSecret", "tlsContext", "acmeProvider"))
    authority = said(acme.get("authority")).lower()
    return bool(said(secret.get("name")) or said(context.get("name")) or (acme and authority != "none"))


def _takes(host: Item, mapping: Item) -> bool:
    """Whether a Host takes a Mapping (``matches_httpgroup``); a host that is an expression may be any."""
    ids, others = _ids(host), _ids(mapping)
    if not (ids & others or (EVERY_ID in ids and others) or (EVERY_ID in others and ids)):
        return False
    selector = map_of(host.fields.get("mappingSelector")) or map_of(host.fields.get("selector"))
    labels = map_of(selector.get("matchLabels"))
    named = said(mapping.fields.get("hostname")) or said(mapping.fields.get("host"))
    if labels and any(mapping.labels.get(key) != value for key, value in labels.items()):
        return False
    if not named or mapping.fields.get("host_regex") is True:
        return True
    return hosts_overlap(_hostname(host), named)


def _ids(item: Item) -> set[str]:
    resource = Resource(item.kind, "", item.namespace, item.name, item.labels, item.fields, "", "")
    return {one for one in ids_of(resource, "v3") if isinstance(one, str)}


@dataclass(frozen=True, slots=True)
class _GrpcRoute:
    service: Item
    hosts: tuple[str, ...]
    port: Any


def _gateway_redirects(cluster: Cluster) -> Iterator[Finding]:
    routes: dict[str, list[_GrpcRoute]] = {}
    for service in cluster.of("VirtualService"):
        for named, route in _grpc_routes(service):
            routes.setdefault(named, []).append(route)
    for gateway in cluster.of("Gateway"):
        own = routes.get(f"{gateway.namespace}/{gateway.name}", ())
        for place, server in enumerate(map(map_of, _list(gateway.fields.get("servers")))):
            if map_of(server.get("tls")).get("httpsRedirect") is not True:
                continue
            behind = next((route for route in own if _is_behind(route, server, gateway.namespace)), None)
            if behind:
                where = f"{gateway.title} spec.servers[{place}].tls.httpsRedirect"
                follow = "redirects http to https, which gRPC clients and plain health checks do not follow"
                what = f"{follow}, and {behind.service.title} has a route for gRPC behind it"
                fix = "let these clients use https, or serve their hosts without the redirect"
                yield Finding("E06", "warning", where, what, fix)
                break


def _grpc_routes(service: Item) -> Iterator[tuple[str, _GrpcRoute]]:
    hosts = _texts(service.fields.get("hosts"))
    for http in _list(service.fields.get("http")):
        for match in map(map_of, _list(map_of(http).get("match"))):
            if _asks_for_grpc(match):
                gateways = _texts(match.get("gateways")) or _texts(service.fields.get("gateways"))
                for gateway in gateways:
                    yield (
                        qualified_gateway(gateway, service.namespace),
                        _GrpcRoute(service, hosts, match.get("port")),
                    )


def _asks_for_grpc(match: Fields) -> bool:
    for name, text in map_of(match.get("headers")).items():
        values = (said(map_of(text).get(kind)) for kind in ("exact", "prefix", "regex"))
        if said(name).lower() == "content-type" and any("application/grpc" in value for value in values):
            return True
    return map_of(match.get("uri")).get("regex") in _GRPC_PATHS


def _is_behind(route: _GrpcRoute, server: Fields, namespace: str) -> bool:
    """Whether requests at a server come to a route."""
    if route.port is not None and route.port != map_of(server.get("port")).get("number"):
        return False
    for text in _texts(server.get("hosts")):
        place, slash, name = text.rpartition("/")
        visible = not slash or place == "*" or (namespace if place == "." else place) == route.service.namespace
        if visible and any(overlap(name.lower(), host.lower()) for host in route.hosts):
            return True
    return False
