# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Istio's own admission rules, those that its schemas do not hold.

``istio_rule_problems`` says for which reasons istiod's validating webhook refuses an object (its warnings are not
repeated). Source: istio.io/istio v0.0.0-20260827124520-eed52ebb66ad, ``pkg/config/validation/validation.go``
(ValidateVirtualService, ValidateDestinationRule, ValidateServiceEntry) and
``pkg/config/validation/virtualservice.go`` (validateHTTPRoute).

What Istio repeats from its schemas (hosts and ports of a ServiceEntry, required destinations) is not repeated here.

Stricter than Istio, on purpose:

* Istio looks at no gateway behind the first one without a "/"; here every gateway is looked at.
* The name of a header has no comma; a slip in Istio's character class lets it pass.
* The keys of a header match must be lower case: Istio's API says so
  (``networking/v1alpha3/virtual_service.proto``), its webhook does not check it.
* What these rules do not know is a problem ("not known to these checks") and never silently good: TLS and TCP
  routes, redirects, direct responses, faults, delegates, matches on JWT claims, "%" in the value of a header, load
  balancers other than ``simple``, tunnels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .admission import as_stored
from .istio_policies import destination_rule_problems, service_entry_problems
from .istio_virtual_service import virtual_service_problems

_RULES: dict[str, Callable[[dict[str, Any], str], Iterator[str]]] = {
    "DestinationRule": destination_rule_problems,
    "ServiceEntry": service_entry_problems,
    "VirtualService": virtual_service_problems,
}
# Annotations with which Istio refuses every object (pkg/config/validation/validation.go, validateMetadata).
_REFUSED = (
    "internal.istio.io/webhook-always-reject",
    "internal.istio.io/parents",
    "internal.istio.io/parent-namespace",
)


def istio_rule_problems(obj: dict[str, Any]) -> list[str]:
    """Everything for which Istio's webhook would refuse an object that has no ``crd_problems``."""
    if not str(obj.get("apiVersion", "")).startswith("networking.istio.io/") or obj.get("kind") not in _RULES:
        return [f"kind: {obj.get('apiVersion')} {obj.get('kind')} is not known to these checks"]
    annotations = obj["metadata"].get("annotations") or {}
    problems = [f"metadata.annotations: Istio refuses {name}" for name in _REFUSED if name in annotations]
    namespace = obj["metadata"].get("namespace") or "default"
    return problems + list(_RULES[obj["kind"]](as_stored(obj).get("spec") or {}, namespace))
