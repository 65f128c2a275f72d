# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks, as data: what each id means. The defects of the Seldon operator (B1 to B35) are in ``defects.py``.

``docs/checks.md`` says the same in the same words; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from .findings import Level


@dataclass(frozen=True, slots=True)
class Check:
    """``level`` is that of its gravest finding; ``meaning`` is what it finds."""

    id: str
    level: Level
    meaning: str


# --- A: one definition, or one object -----------------------------------------------------------------------------

_ALL = (
    Check("A01", "error", "shares of traffic that are no whole numbers from 0 to 100, or do not add up as they must"),
    Check("A02", "error", "several backends of one owner without a weight: each gets an equal part, so 100:0 is 50:50"),
    Check("A03", "warning", "a lone backend with a weight below 100, which still gets all requests"),
    Check("A04", "error", "a shadow without anything to copy, or a second shadow of the same requests"),
    Check("A05", "error", "a shadow whose headers differ from those of the route beside it: it copies nothing"),
    Check("A06", "error", "a header or a regular expression that the proxy cannot use, or that is too long for it"),
    Check("A07", "error", "a route that is attached to a deployment that is not there"),
    Check("A08", "error", "two predictors of one name or one Service; as a warning, a name shortened to a hash"),
    Check("A09", "error", "`ambassador-config` holds no documents of Ambassador"),
    Check("A10", "warning", "no timeout where the providers differ, or retries that take longer than the timeout"),
    Check("A11", "warning", "an annotation or a field that nothing reads"),
    Check("A12", "error", "a port that the Service does not have"),
    Check("A13", "error", "the gateway `mesh` without a host, or one host of it twice; as a warning, unused hosts"),
    Check("A14", "warning", "retries that send a prediction, which is a POST, a second time after it may have arrived"),
    Check("A15", "warning", "the operator writes no such routes, as `operator_env` says, or a definition is left out"),
    Check("A16", "error", "a timeout, a number of retries or a circuit breaker is no whole number that fits"),
    Check("A17", "warning", "an object of a kind that route tables do not know"),
    Check("A18", "error", "a definition that cannot be read: a field is missing, unknown, or of the wrong type"),
    # --- B: between owners ----------------------------------------------------------------------------------------
    Check("B01", "error", "two owners wait for the same requests at one entrance"),
    Check("B02", "error", "a route that an earlier one of another owner hides, or whose order nothing fixes"),
    Check("B03", "warning", "routes for all hosts that are not served at a host that another owner has for itself"),
    Check("B04", "error", "a route at an address of ours, or an object of ours, that somebody else wrote"),
    Check("B05", "warning", "the operator writes routes beside those of this run"),
    Check("B06", "error", "routes of several teams that divide each other's requests, or copy those of another one"),
    Check("B07", "warning", "more objects than the proxy is known to bear"),
    # --- C: Ambassador --------------------------------------------------------------------------------------------
    Check("C01", "error", "an apiVersion that the installed Ambassador cannot read, or that lacks what is asked for"),
    Check("C02", "error", "no Listener for a port, or one that takes no Host"),
    Check("C03", "error", "a Mapping that no Host takes"),
    Check("C04", "error", "an `ambassador_id` that no running Ambassador has"),
    Check("C05", "error", "Mappings of one weight group that differ where they must be equal: one is left out"),
    Check("C06", "error", "weights of a group that are over 100, or under 100 with nothing that takes the rest"),
    Check("C07", "error", "Mappings of one weight group that add different headers, so that weights are lost"),
    Check("C09", "warning", "a version of Ambassador that misroutes what is asked for"),
    Check("C12", "error", "an object that Ambassador refuses or leaves out"),
    Check("C13", "error", "a TLSContext that a Mapping names is not there, so requests leave in clear text"),
    # --- D: Istio -------------------------------------------------------------------------------------------------
    Check("D01", "error", "a gateway that is not there, or that is not named as namespace/name"),
    Check("D02", "error", "the selector of a Gateway fits no workload, although some have its labels"),
    Check("D03", "error", "hosts of a VirtualService that its Gateway does not serve, or that are none"),
    Check("D04", "error", "two Gateways with one selector, port and host, or server ports of one name"),
    Check("D05", "error", "a subset that no DestinationRule has, or several DestinationRules for one host"),
    Check("D06", "warning", "one certificate on several Gateways of one workload: clients then get 404 at times"),
    Check("D08", "warning", "a policy that keeps Prometheus away from the metrics of models"),
    Check("D09", "error", "a destination that Istio cannot find by the name given"),
    Check("D10", "error", "mirrors that Istio refuses or that its version does not know"),
    Check("D11", "warning", "a gateway of another revision than its namespace"),
    Check("D12", "error", "an apiVersion that Istio does not serve"),
    Check("D13", "warning", "something that a route table cannot tell and that has to be looked at by hand"),
    Check("D14", "error", "an object that Istio refuses"),
    Check("D15", "warning", "a circuit breaker of 0, which cannot be said in Istio"),
    # --- E: TLS ---------------------------------------------------------------------------------------------------
    Check("E01", "error", "a TLS Secret that lacks certificate or key, or whose parts do not fit together"),
    Check("E02", "error", "a TLS Secret that is not where the proxy looks for it"),
    Check("E03", "error", "a host that is served with a certificate that does not name it"),
    Check("E04", "error", "a certificate that has expired or is not valid yet; as a warning, one that soon expires"),
    Check("E05", "warning", "a weak key, or a certificate that signs itself"),
    Check("E06", "warning", "a redirect to https that gRPC clients and plain health checks do not follow"),
    Check("E08", "warning", "Istio does not verify the certificate of a model that speaks TLS itself"),
)
CHECKS: Mapping[str, Check] = MappingProxyType({check.id: check for check in _ALL})
