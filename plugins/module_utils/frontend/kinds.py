# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kinds of Kubernetes objects a route table knows, and which never route a request."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..definition.findings import Finding
from ..definition.model import Origin, in_a_sentence

# Of groups in which some kinds route requests: those that tables know, and those that route none.
_BY_GROUP = {
    "getambassador.io": (
        "Mapping TLSContext Host Listener Module AuthService RateLimitService LogService TracingService DevPortal"
        " ConsulResolver KubernetesEndpointResolver KubernetesServiceResolver Filter FilterPolicy RateLimit"
    ),
    "networking.istio.io": (
        "VirtualService Gateway DestinationRule ServiceEntry WorkloadEntry WorkloadGroup ProxyConfig"
    ),
    "networking.k8s.io": "NetworkPolicy IngressClass",
}
_KINDS = {group: frozenset(kinds.split()) for group, kinds in _BY_GROUP.items()}
# Groups whose kinds never route a request; the first is the core group.
_SILENT = frozenset(
    " admissionregistration.k8s.io apiextensions.k8s.io apiregistration.k8s.io apps autoscaling batch cert-manager.io"
    " coordination.k8s.io discovery.k8s.io events.k8s.io keda.sh kustomize.config.k8s.io monitoring.coreos.com policy"
    " rbac.authorization.k8s.io scheduling.k8s.io security.istio.io storage.k8s.io telemetry.istio.io".split(" ")
)


def unknown_kinds(objects: Iterable[tuple[Origin, Mapping[str, Any]]]) -> Iterator[Finding]:
    """A17: objects that may route requests and that no table knows."""
    for origin, item in objects:
        group, slash, _version = str(item["apiVersion"]).rpartition("/")
        kind = item["kind"]
        if (group if slash else "") not in _SILENT and kind not in _KINDS.get(group, ()):
            named = f"{in_a_sentence(kind)} of {in_a_sentence(str(item['apiVersion']))}"
            what = f"is a {named}, which route tables do not know"
            fix = "leave it out of the list, and check by hand what it does to the routes"
            yield Finding("A17", "warning", str(origin), what, fix)
