# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes two Kubernetes objects the same object: group, kind, namespace and name.

The version is not part of it: ``getambassador.io/v2`` and ``getambassador.io/v3alpha1`` are two
spellings of one stored object
(https://kubernetes.io/docs/reference/using-api/api-concepts/#standard-api-terminology).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Identity", "KubernetesObject", "ObjectError", "as_return", "describe", "identity_of"]

KubernetesObject = Mapping[str, Any]


class ObjectError(Exception):
    """An object, or a label of ours, that cannot be used. The text is one sentence for the user."""


@dataclass(frozen=True, slots=True, order=True)
class Identity:
    """The name of an object in a cluster; ``group`` is empty for the core API, ``namespace`` for cluster objects."""

    group: str
    kind: str
    namespace: str
    name: str


def identity_of(obj: KubernetesObject) -> Identity:
    """Return the identity of an object.

    :raises ObjectError: ``apiVersion``, ``kind`` or ``metadata.name`` is missing or not text.
    """
    metadata = obj.get("metadata")
    if not isinstance(metadata, Mapping):
        metadata = {}
    found = {
        "apiVersion": obj.get("apiVersion"),
        "kind": obj.get("kind"),
        "metadata.name": metadata.get("name"),
        "metadata.namespace": metadata.get("namespace") or "",
    }
    for path, value in found.items():
        if not isinstance(value, str) or (not value and path != "metadata.namespace"):
            shown = ", ".join(f"{key} {text!r}" for key, text in found.items())
            raise ObjectError(f"{path}: is missing or is not text: a Kubernetes object needs it as text ({shown})")
    group, _slash, _version = str(found["apiVersion"]).rpartition("/")
    return Identity(group, str(found["kind"]), str(found["metadata.namespace"]), str(found["metadata.name"]))


def describe(identity: Identity) -> str:
    """Return the identity as people write it: ``Mapping models/iris``, or ``Namespace models``."""
    place = f"{identity.namespace}/" if identity.namespace else ""
    return f"{identity.kind} {place}{identity.name}"


def as_return(identity: Identity) -> dict[str, str]:
    """Return the identity in the form that every module returns."""
    return {"kind": identity.kind, "namespace": identity.namespace, "name": identity.name}
