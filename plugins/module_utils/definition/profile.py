# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two profiles of translation as named switches.

Validation, intent and translators read the switches and never ask for the profile's name. A switch that is on is right;
off, it does what the reference operator (SeldonIO/seldon-core v1.17.1) does. Above each switch stands what that is; the
defects that it belongs to are described in ``defects``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

AMBASSADOR_APIS = ("v0", "v1", "v2", "v3alpha1")


def _mends(*defects: str) -> Any:
    """A switch that is on, and the ids of the defects that it mends (none where the operator is merely different)."""
    return field(default=True, metadata={"defects": defects})


@dataclass(frozen=True, slots=True)
class Profile:
    """What a translation does."""

    name: str
    # Which forms of Ambassador's resources it can write (the last one is the default), and Istio's API version.
    ambassador_apis: tuple[str, ...] = AMBASSADOR_APIS
    istio_api_version: str = "networking.istio.io/v1beta1"

    # Rules. Off: what breaks them is let in and becomes a finding.
    check_names: bool = _mends("B17", "B35")
    check_traffic: bool = _mends("B16", "B30", "B33")
    check_collisions: bool = _mends("B18", "B26", "B27", "B29")
    check_values: bool = _mends("B7", "B15", "B21", "B22", "B30")
    check_settings: bool = _mends("B13", "B15", "B19", "B20")
    check_engine_place: bool = _mends("B31", "B32")
    # Off: what makes the operator fail or crash is refused.
    survives: bool = _mends("B2", "B31", "B32")

    # What a definition asks for. Off: pairs are taken from ambassador-header at every colon, and copied into the
    # regular expressions; they may replace the headers seldon and namespace.
    reads_headers: bool = _mends("B1", "B2", "B21", "B22")
    # Off: the gRPC Mappings of Ambassador v2 lack the namespace, so same-named deployments share their traffic.
    grpc_namespace_header: bool = _mends("B3", "B23")
    # Off: gRPC takes rest-timeout (Ambassador v2), or is dropped where grpc-timeout cannot be read (Ambassador v1).
    grpc_timeout: bool = _mends("B6", "B7")
    # Off: the weightless predictor is the first of the list even if it is a shadow, 0 is left out of annotations and
    # means "nothing" for a shadow of Ambassador v2.
    weights_as_declared: bool = _mends("B8", "B9")
    # Off: explainers take weight and shadow of their predictor and have a gRPC route to port 0.
    explainers_stand_alone: bool = _mends("B10", "B11")
    # Off: the text of ambassador-config replaces every annotation (Ambassador v1), or is ignored.
    custom_config_once: bool = _mends("B12")
    # Off: a 0 among circuit breakers is left out of annotations.
    keeps_zero_limits: bool = _mends()
    # Off: Istio ignores ambassador-* annotations and timeouts, and takes istio-host as one host.
    providers_route_alike: bool = _mends()
    # Off: numbers wrap around as the operator's integers do.
    numbers_in_range: bool = _mends("B30")

    # What the objects look like. Off: a Mapping of Ambassador v2 is named with underscores and cannot be made.
    valid_object_names: bool = _mends("B4")
    # Off: Mappings name TLSContexts that are not there.
    tls_contexts: bool = _mends("B5")
    # Off: annotations stand on the operator's own Services, which carry the predictor's annotations too.
    own_services: bool = _mends("B28")
    # Off: a DestinationRule has either the idle timeout or the TLS mode, and an unknown mode means none.
    whole_traffic_policy: bool = _mends("B13")
    # Off: the DestinationRule of an explainer has no policy, and a host without namespace.
    explainer_rules: bool = _mends("B14")

    @property
    def mended(self) -> frozenset[str]:
        """The ids of all defects that a switch stands for."""
        return frozenset(defect for switch in fields(self) for defect in switch.metadata.get("defects", ()))


CORRECTED = Profile("corrected")
OPERATOR = Profile(
    "operator",
    ("v1", "v2"),
    "networking.istio.io/v1alpha3",
    **{switch.name: False for switch in fields(Profile) if "defects" in switch.metadata},
)
