# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which headers the routes of a deployment ask for.

Source of what the operator does: ``operator/controllers/ambassador/v1.go`` (lines 222 to 231, 341 to 350) and
``v2.go`` (lines 128 to 154) of SeldonIO/seldon-core.
"""

from __future__ import annotations

from ..definition.annotations import header_match
from ..definition.model import SeldonDeployment, TextMatch
from ..definition.profile import Profile
from .model import Pairs


def custom_headers(deployment: SeldonDeployment, profile: Profile, api: str) -> Pairs:
    """The headers that annotations ask for, sorted."""
    if api == "istio" and not profile.providers_route_alike:
        return ()
    header = deployment.annotation("ambassador-header") or ""
    regex = deployment.annotation("ambassador-regex-header") or ""
    if not profile.reads_headers:
        return _as_the_operator_reads(header, regex, several=api == "v1")
    pairs = [header_match(header)] if header else []
    if regex:
        name, match = header_match(regex)
        pairs.append((name, TextMatch("regex", match.value)))
    return tuple(sorted(pairs))


def with_tenant(custom: Pairs, seldon: str, namespace: str | None) -> Pairs:
    """The headers of a gRPC route: those that keep deployments apart, and the custom ones, which win."""
    tenant = {"seldon": TextMatch("exact", seldon)}
    if namespace is not None:
        tenant["namespace"] = TextMatch("exact", namespace)
    exact = tenant | {name: text for name, text in custom if text.kind != "regex"}
    return tuple(sorted((*exact.items(), *((name, text) for name, text in custom if text.kind == "regex"))))


def _as_the_operator_reads(header: str, regex: str, *, several: bool) -> Pairs:
    """B1, B2, B21: pairs of the parts between colons; the expression is not read, it takes the header's pairs."""
    if not header:
        return ()
    if ":" not in header:
        return ((header.strip(), TextMatch("present")),)
    parts = [part.strip() for part in header.split(":")]
    names, values = (parts[::2], parts[1::2]) if several else (parts[:1], parts[1:2])
    pairs = dict(zip(names, values, strict=False))
    exact = [(name, TextMatch("exact", value)) for name, value in pairs.items()]
    return tuple(sorted((*exact, *((name, TextMatch("regex", text.value)) for name, text in exact if regex))))
