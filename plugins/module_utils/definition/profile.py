# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two profiles of translation as named switches.

Validation, intent and translators read the switches and never ask for the profile's name. Each switch says in its
comment what the reference operator (SeldonIO/seldon-core v1.18.2) does where the switch is off, and why that is wrong.
The letter B with a number names a defect of it; messages and findings use the same names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Profile:
    """What a translation does. A switch that is on is the corrected behaviour."""

    name: str

    # B17, B35: the operator checks no name, so Services, subsets and labels fail later, one by one, at the API server.
    check_names: bool = True
    # B16, B30, B33: the operator accepts 250, -5 or [150, -50]; a negative weight makes Envoy refuse its whole
    # configuration.
    check_traffic: bool = True
    # B18, B27, B29: the operator lets two predictors write the same Service, and they overwrite each other for ever.
    check_collisions: bool = True
    # B31: the operator accepts a graph that has no container in the first pod and then never creates it.
    check_engine_place: bool = True
    # B7, B15, B30: the operator hands values on that the proxies refuse, or drops a route whose timeout it cannot read.
    check_values: bool = True
    # B3: the operator's gRPC Mappings (v2) lack the namespace, so same-named deployments share their traffic.
    grpc_namespace_header: bool = True


CORRECTED = Profile("corrected")
