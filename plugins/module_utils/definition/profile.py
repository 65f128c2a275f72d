# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two profiles of translation as named switches.

Validation, intent and translators read the switches and never ask for the profile's name. A switch that is on is right;
off, it does what the reference operator (SeldonIO/seldon-core v1.17.1) does. Above each switch stands what that is; the
defects that it belongs to are described in ``defects``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

DEFECTS_OF = "defects"
AMBASSADOR_APIS = ("v0", "v1", "v2", "v3alpha1")


def _mends(*defects: str) -> Mapping[str, tuple[str, ...]]:
    """The ids of the defects that a switch mends (none where the operator is merely different)."""
    return {DEFECTS_OF: defects}


@dataclass(frozen=True, slots=True)
class Profile:
    """What a translation does."""

    name: str
    # Which forms of Ambassador's resources it can write (the last one is the default), and Istio's API version.
    ambassador_apis: tuple[str, ...] = AMBASSADOR_APIS
    istio_api_version: str = "networking.istio.io/v1beta1"

    # Rules. Off: what breaks them is let in, and is a finding where it is read.
    check_names: bool = field(default=True, metadata=_mends("B17", "B35"))
    check_traffic: bool = field(default=True, metadata=_mends("B16", "B30"))
    check_collisions: bool = field(default=True, metadata=_mends("B18", "B26", "B27", "B29"))
    check_values: bool = field(default=True, metadata=_mends("B7", "B15", "B22", "B30"))
    check_settings: bool = field(default=True, metadata=_mends("B13", "B15", "B19"))
    # Off: a predictor without Service gets its share all the same.
    check_engine_place: bool = field(default=True, metadata=_mends("B32"))
    # Off: what makes the operator fail or crash is refused.
    survives: bool = field(default=True, metadata=_mends("B2", "B32"))
    # Off: the routes are predicted and not ours to choose. Options that the operator does not know are refused, its
    # defects are findings, and a ServiceRoute is left out.
    routes_are_ours: bool = field(default=True, metadata=_mends("B20"))

    # What a definition asks for. Off: pairs are taken from ambassador-header at every colon, and copied into the
    # regular expressions.
    reads_headers: bool = field(default=True, metadata=_mends("B1", "B2", "B21"))
    # Off: the gRPC Mappings of Ambassador v2 lack the namespace, so same-named deployments share their traffic.
    grpc_namespace_header: bool = field(default=True, metadata=_mends("B3"))
    # Off: gRPC takes rest-timeout (Ambassador v2), or is dropped where grpc-timeout cannot be read (Ambassador v1).
    grpc_timeout: bool = field(default=True, metadata=_mends("B6", "B7"))
    # Off: the weightless predictor is the first of the list even if it is a shadow, 0 is left out of annotations and
    # means "nothing" for a shadow of Ambassador v2; Istio gets the traffic as it stands.
    weights_as_declared: bool = field(default=True, metadata=_mends("B8", "B9"))
    # Off: explainers take weight and shadow of their predictor and have a gRPC route to port 0; on Istio they have
    # weight 100 and no policies.
    explainers_stand_alone: bool = field(default=True, metadata=_mends("B10", "B11"))
    # Off: the text of ambassador-config replaces every annotation (Ambassador v1), or is ignored.
    custom_config_once: bool = field(default=True, metadata=_mends("B12"))
    # Off: a 0 among circuit breakers is left out of annotations.
    keeps_zero_limits: bool = field(default=True, metadata=_mends())
    # Off: Istio ignores ambassador-* annotations, timeouts and the model's own TLS; it has an expression of its own for
    # gRPC, takes host and gateway as they stand, no retries for none, and the routes in the order of the definition.
    providers_route_alike: bool = field(default=True, metadata=_mends())
    # Off: Istio's routes lead to a predictor that gets no Service, too; with the webhook off a graph without engine has
    # a Service for each node.
    routes_lead_to_services: bool = field(default=True, metadata=_mends())
    # Off: numbers wrap around as the operator's integers do.
    numbers_in_range: bool = field(default=True, metadata=_mends("B30"))

    # What the objects look like. Off: a Mapping of Ambassador v2 is named with underscores and cannot be made.
    valid_object_names: bool = field(default=True, metadata=_mends("B4"))
    # Off: Mappings name TLSContexts that are not there.
    tls_contexts: bool = field(default=True, metadata=_mends("B5"))
    # Off: annotations stand on the operator's own Services, which carry the predictor's annotations too.
    own_services: bool = field(default=True, metadata=_mends("B28"))
    # Off: a DestinationRule has either the idle timeout or the TLS mode, and an unknown mode means none.
    whole_traffic_policy: bool = field(default=True, metadata=_mends("B13"))
    # Off: the DestinationRule of an explainer has no policy, and a host without namespace.
    explainer_rules: bool = field(default=True, metadata=_mends("B14"))


CORRECTED = Profile("corrected")
SWITCHES = {switch.name: switch.metadata[DEFECTS_OF] for switch in fields(Profile) if switch.metadata}
OPERATOR = Profile("operator", ("v1", "v2"), "networking.istio.io/v1alpha3", **dict.fromkeys(SWITCHES, False))
