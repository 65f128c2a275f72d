# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``metadata`` as every API server checks it: k8s.io/apimachinery, pkg/api/validation/objectmeta.go."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*")
_NAME_PART = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_ANNOTATIONS_LIMIT = 256 * 1024

_TEXT = (
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
)
_TEXT_MAPS = ("labels", "annotations")
_INTEGERS = ("generation", "deletionGracePeriodSeconds")
_LISTS = ("ownerReferences", "finalizers", "managedFields")
_OWNER_REQUIRED = ("apiVersion", "kind", "name", "uid")
_OWNER_OPTIONAL = ("controller", "blockOwnerDeletion")


def metadata_problems(metadata: Any) -> Iterator[str]:
    """Problems of the metadata of a namespaced object; a missing namespace is that of the request."""
    if not isinstance(metadata, dict):
        yield "metadata: must be a mapping"
        return
    known = {key: value for key, value in metadata.items() if value is not None}
    unknown = sorted(set(metadata) - {*_TEXT, *_TEXT_MAPS, *_INTEGERS, *_LISTS})
    yield from (f"metadata.{key}: unknown field" for key in unknown)
    problems = list(_type_problems(known))
    # A value of a wrong type fails before anything else is looked at.
    yield from problems or _value_problems(known)


def _type_problems(metadata: dict[str, Any]) -> Iterator[str]:
    for key, value in metadata.items():
        path = f"metadata.{key}"
        if key in _TEXT:
            if not isinstance(value, str):
                yield f"{path}: must be a string"
        elif key in _TEXT_MAPS:
            if not isinstance(value, dict):
                yield f"{path}: must be a mapping"
            else:
                wrong = [name for name, text in value.items() if not isinstance(text, str | None)]
                yield from (f"{path}: the value of {name!r} must be a string" for name in wrong)
        elif key in _INTEGERS:
            if not isinstance(value, int) or isinstance(value, bool):
                yield f"{path}: must be an integer"
        elif key in _LISTS and not isinstance(value, list):
            yield f"{path}: must be a list"


def _value_problems(metadata: dict[str, Any]) -> Iterator[str]:
    if metadata.get("name"):
        yield from _check("metadata.name", metadata["name"], subdomain_problem)
    elif not metadata.get("generateName"):
        yield "metadata.name: is required"
    if metadata.get("namespace"):
        yield from _check("metadata.namespace", metadata["namespace"], _dns_label_problem)
    for key, value in metadata.get("labels", {}).items():
        yield from _check(f"metadata.labels: key {key!r}", key, _qualified_name_problem)
        # A null is read as an empty text.
        yield from _check(f"metadata.labels: value {value!r}", value or "", _label_value_problem)
    annotations = metadata.get("annotations", {})
    for key in annotations:
        # The keys of annotations are compared in lower case.
        yield from _check(f"metadata.annotations: key {key!r}", key.lower(), _qualified_name_problem)
    if sum(len((text or "").encode()) for item in annotations.items() for text in item) > _ANNOTATIONS_LIMIT:
        yield f"metadata.annotations: must have at most {_ANNOTATIONS_LIMIT} bytes"
    for finalizer in metadata.get("finalizers", []):
        yield from _check("metadata.finalizers", finalizer, _qualified_name_problem)
    for index, owner in enumerate(metadata.get("ownerReferences", [])):
        yield from (
            f"metadata.ownerReferences[{index}].{key}: is required" for key in _OWNER_REQUIRED if not owner.get(key)
        )
        unknown = sorted(set(owner) - {*_OWNER_REQUIRED, *_OWNER_OPTIONAL})
        yield from (f"metadata.ownerReferences[{index}].{key}: unknown field" for key in unknown)


def _check(where: str, text: str, problem: Callable[[str], str | None]) -> Iterator[str]:
    found = problem(text)
    if found:
        yield f"{where}: {found}"


def subdomain_problem(text: str) -> str | None:
    """Why a text is no DNS subdomain (RFC 1123), or None."""
    if len(text) > 253:
        return "must have at most 253 characters"
    return None if _SUBDOMAIN.fullmatch(text) else "must be a lower-case DNS subdomain"


def _dns_label_problem(text: str) -> str | None:
    return (
        None
        if len(text) <= 63 and _LABEL.fullmatch(text)
        else "must be a lower-case DNS label of at most 63 characters"
    )


def _qualified_name_problem(text: str) -> str | None:
    prefix, slash, name = text.rpartition("/")
    if slash and (subdomain_problem(prefix) or not prefix):
        return "the part before '/' must be a DNS subdomain"
    if len(name) > 63 or not _NAME_PART.fullmatch(name):
        return "must be 1 to 63 letters, digits, '-', '_' and '.', and begin and end with a letter or digit"
    return None


def _label_value_problem(text: str) -> str | None:
    if not text or (len(text) <= 63 and _NAME_PART.fullmatch(text)):
        return None
    return "must be at most 63 letters, digits, '-', '_' and '.', and begin and end with a letter or digit"
