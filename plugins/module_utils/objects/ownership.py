# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The labels that say what we wrote, and for whom.

A *scope* is one inventory environment; a *set* is what one task of that environment owns. Plan,
prune and ``state: absent`` see only the objects of one scope and set.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ..kube.names import label_value_problem
from .identity import KubernetesObject, ObjectError

__all__ = [
    "DEFINITION_LABEL",
    "MANAGED_BY_LABEL",
    "MANAGER",
    "SCOPE_LABEL",
    "SET_LABEL",
    "Owner",
    "definition_label",
    "owner_of",
    "stamp",
]

MANAGER = "mlops.ingress"
MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
SCOPE_LABEL = "mlops.ingress/scope"
SET_LABEL = "mlops.ingress/set"
DEFINITION_LABEL = "mlops.ingress/definition"


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """One scope and set. Both are label values, so neither can be empty, hold a ``/`` or begin with a dot.

    :raises ObjectError: one of the two is not a label value.
    """

    scope: str
    set: str

    def __post_init__(self) -> None:
        for option, value in (("scope", self.scope), ("set", self.set)):
            problem = label_value_problem(value) if value else "is empty"
            if problem:
                raise ObjectError(f"{option}: {value!r}: {problem}: it is written as a Kubernetes label value")

    def __str__(self) -> str:
        return f"scope {self.scope}, set {self.set}"


def definition_label(definition: str) -> str:
    """Return a definition's name as a label value; a name that is none becomes ``seldon-<md5>``.

    The Seldon operator shortens its own names in this way. MD5 names things here, it protects nothing.
    """
    if definition and not label_value_problem(definition):
        return definition
    return "seldon-" + hashlib.md5(definition.encode("utf-8"), usedforsecurity=False).hexdigest()


def stamp(obj: KubernetesObject, owner: Owner, definition: str | None = None) -> dict[str, object]:
    """Return the object with our labels added; the input keeps its own.

    :param definition: the name of the definition that the object comes from, if it comes from one.
    :raises ObjectError: ``metadata`` or ``metadata.labels`` is not a mapping.
    """
    metadata = _mapping(obj, "metadata", "metadata")
    labels = dict(_mapping(metadata, "labels", "metadata.labels"))
    labels |= {MANAGED_BY_LABEL: MANAGER, SCOPE_LABEL: owner.scope, SET_LABEL: owner.set}
    if definition is not None:
        labels[DEFINITION_LABEL] = definition_label(definition)
    return {**obj, "metadata": {**metadata, "labels": labels}}


def owner_of(obj: KubernetesObject) -> Owner | None:
    """Return who owns the object by its labels, or None when it is not ours."""
    metadata = obj.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    if not isinstance(labels, Mapping) or labels.get(MANAGED_BY_LABEL) != MANAGER:
        return None
    scope, of_set = labels.get(SCOPE_LABEL), labels.get(SET_LABEL)
    if not isinstance(scope, str) or not isinstance(of_set, str):
        return None
    try:
        return Owner(scope, of_set)
    except ObjectError:
        return None


def _mapping(parent: KubernetesObject, key: str, path: str) -> KubernetesObject:
    value = parent.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ObjectError(f"{path}: {value!r} is not a mapping: write keys and values there, or leave it out")
    return value
