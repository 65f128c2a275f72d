# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of Mappings and TLSContexts.

Source: ``operator/controllers/ambassador/v1.go`` (lines 187 to 196, 261, 427 to 431) and ``v2.go`` (lines 49 to 56,
238 to 246) of SeldonIO/seldon-core.
"""

from __future__ import annotations

from ..definition.profile import Profile
from ..intent.model import Backend, Entry, Intent
from .ambassador_words import Words


def mapping_name(intent: Intent, entry: Entry, backend: Backend, suffix: str, words: Words, profile: Profile) -> str:
    """The name of a Mapping; ``suffix`` tells the backends of a ServiceRoute's route apart."""
    if entry.kind == "service":
        return intent.name + (f"-{entry.label}" if entry.label else "") + suffix
    parts = ["seldon", *_place(intent, entry.short), _core(entry, backend), "grpc" if entry.grpc else "rest"]
    invalid = entry.short and not entry.grpc and not profile.valid_object_names  # B4
    return "_".join([*parts, "mapping"]) if words.annotation_only or invalid else "-".join(parts)


def context_name(intent: Intent, backend: Backend) -> str:
    """The name of a predictor's TLSContext.

    Mappings find it by its bare name in all namespaces. Dots, which none of the parts can hold, keep the names of
    (namespace a-b, deployment c) and (namespace a, deployment b-c) apart.
    """
    return f"seldon-{intent.namespace}.{intent.name}.{backend.name}-tls"


def operator_context_name(intent: Intent, backend: Backend, *, short: bool) -> str:
    """B5: the name of a TLSContext in the operator's annotations."""
    return "_".join(["seldon", *_place(intent, short), backend.name, "tls_config"])


def operator_context_reference(intent: Intent, entry: Entry, backend: Backend, words: Words) -> str:
    """B5: the name by which the operator's Mappings ask for a TLSContext."""
    if words.annotation_only:
        return "_".join(["seldon", *_place(intent, entry.short), _core(entry, backend), "tls_config"])
    name = operator_context_name(intent, backend, short=True)
    return name if entry.short else "_".join(["seldon", *_place(intent, False), name, "tls_config"])


def _place(intent: Intent, short: bool) -> list[str]:
    return [intent.name] if short else [intent.namespace, intent.name]


def _core(entry: Entry, backend: Backend) -> str:
    return f"{backend.name}-explainer" if entry.kind == "explain" else backend.name
