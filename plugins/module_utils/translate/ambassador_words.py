# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The versions of Ambassador's resources: what each calls things, and in which order fields are written.

Source: the ``Mapping`` references of Ambassador 1.14 and of Emissary 3, and the conversion between v2 and v3alpha1 in
``pkg/api/getambassador.io/v2/handwritten.conversion.go`` of emissary-ingress/emissary v3.10.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..intent.model import Match, Pairs
from ..kube.go_yaml import in_map_order

# The order of the operator's annotations (``ambassador/v1.go``, lines 54 to 78); what it never writes comes after.
FIELD_ORDER = (
    "grpc prefix prefix_regex rewrite service timeout_ms idle_timeout_ms headers regex_headers weight shadow"
    " retry_policy ambassador_id circuit_breakers tls hosts secret"
).split()


_ANY_PORT = "(:[0-9]+)?"


@dataclass(frozen=True, slots=True)
class Words:
    """One version. ``old`` ones say ``host`` for ``hostname`` and ``true`` for a header that must be there."""

    api: str
    api_version: str
    old: bool = True
    # Versions of Ambassador 1.x only, which exist as annotations and not as objects.
    annotation_only: bool = False
    # Fields that routes of ours may need and that this version refuses.
    lacks: frozenset[str] = frozenset()

    def host(self, host: str) -> dict[str, Any]:
        """The fields that bind a Mapping to a host; ``*`` stands for any."""
        if not self.old:
            return {"hostname": host}
        if host == "*":
            return {}
        if host.startswith("*."):
            # An expression, because Ambassador 1.14 compares a host with the whole header, port included.
            return {"host": f".*{re.escape(host[1:])}{_ANY_PORT}", "host_regex": True}
        return {"host": host}

    def pairs(self, pairs: Pairs, exact: str, regex: str) -> dict[str, dict[str, Any]]:
        """Headers or query parameters, by the names of their two fields."""
        found: dict[str, dict[str, Any]] = {exact: {}, regex: {}}
        for name, text in pairs:
            if text.kind == "exact":
                found[exact][name] = text.value
            elif text.kind == "present" and self.old:
                found[exact][name] = True
            else:
                found[regex][name] = text.value or ".*"
        return {key: values for key, values in found.items() if values}

    def path(self, match: Match) -> dict[str, Any]:
        """The path, and how it is compared."""
        if match.path_kind == "prefix":
            return {"prefix": match.path}
        if match.path_kind == "regex":
            return {"prefix": match.path, "prefix_regex": True}
        if "prefix_exact" in self.lacks:
            return {"prefix": re.escape(match.path), "prefix_regex": True}
        return {"prefix": match.path, "prefix_exact": True}

    def ids(self, ids: tuple[str, ...]) -> dict[str, Any]:
        """The Ambassadors that read a resource; annotations name a single one as the operator does."""
        if not ids:
            return {}
        return {"ambassador_id": ids[0] if self.annotation_only and len(ids) == 1 else list(ids)}


# Measured on the compiler of Ambassador 1.14.4.
_V1_LACKS = frozenset({"prefix_exact", "query_parameters", "regex_query_parameters", "cluster_tag"})
_V0_LACKS = _V1_LACKS | {"retry_policy", "circuit_breakers", "idle_timeout_ms"}
WORDS = {
    "v0": Words("v0", "ambassador/v0", annotation_only=True, lacks=_V0_LACKS),
    "v1": Words("v1", "ambassador/v1", annotation_only=True, lacks=_V1_LACKS),
    "v2": Words("v2", "getambassador.io/v2"),
    "v3alpha1": Words("v3alpha1", "getambassador.io/v3alpha1", old=False),
}


@dataclass(frozen=True, slots=True)
class Document:
    """One resource in the words of one version."""

    kind: str
    name: str
    spec: Mapping[str, Any]

    def in_order(self, words: Words) -> dict[str, Any]:
        """The resource as a document of an annotation."""
        fields = sorted(self.spec, key=lambda key: (_place(key), key))
        return {"apiVersion": words.api_version, "kind": self.kind, "name": self.name} | {
            key: _as_written(key, self.spec[key]) for key in fields
        }


def _as_written(key: str, value: Any) -> Any:
    return in_map_order(value) if key in ("headers", "regex_headers") else value


def _place(key: str) -> int:
    return FIELD_ORDER.index(key) if key in FIELD_ORDER else len(FIELD_ORDER)
