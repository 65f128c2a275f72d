# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects as they may be shown: without the values of Secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .identity import KubernetesObject

__all__ = ["HIDDEN", "HIDDEN_CHANGED", "is_secret", "redact"]

HIDDEN = "(hidden)"
HIDDEN_CHANGED = "(hidden, changed)"

# kubectl keeps the whole object here, values included
# (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-last-applied-configuration).
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def is_secret(obj: KubernetesObject) -> bool:
    """Say whether this is a core Secret; a Secret of any version is one, a ``SealedSecret`` is not."""
    return obj.get("kind") == "Secret" and "/" not in str(obj.get("apiVersion", ""))


def redact(obj: KubernetesObject, compared_with: KubernetesObject | None = None) -> KubernetesObject:
    """Return the object with every value of a Secret hidden; other objects come back as they are.

    The marker does not tell the length of a value.

    :param compared_with: the other side of a diff. A value that it does not hold in the same way is
        marked as changed: two equal markers would show a rotated key as no change.
    """
    if not is_secret(obj):
        return obj
    shown: dict[str, Any] = dict(obj)
    for field in ("data", "stringData"):
        if field in shown:
            other = compared_with.get(field) if compared_with is not None else shown[field]
            shown[field] = _hidden(shown[field], other)
    metadata = shown.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    if isinstance(metadata, Mapping) and isinstance(annotations, Mapping) and _LAST_APPLIED in annotations:
        shown["metadata"] = {**metadata, "annotations": {**annotations, _LAST_APPLIED: HIDDEN}}
    return shown


def _hidden(value: object, other: object) -> object:
    if not isinstance(value, Mapping):
        return HIDDEN  # not a valid Secret; whatever it is, it is not shown
    others = other if isinstance(other, Mapping) else {}
    return {key: HIDDEN if others.get(key) == text else HIDDEN_CHANGED for key, text in value.items()}
