# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents of ``seldon.io/ambassador-config``: Ambassador configuration that a team wrote by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..kube.reader import YamlError, read_documents
from .fields import kind_of

KINDS = ("Mapping", "TCPMapping", "TLSContext")
API_VERSIONS = tuple(
    f"{group}/{version}" for group in ("ambassador", "getambassador.io") for version in ("v0", "v1", "v2", "v3alpha1")
)


@dataclass(frozen=True, slots=True)
class CustomDocument:
    """One document. ``fields`` holds all but apiVersion, kind, name, generation and namespace."""

    api_version: str
    kind: str
    name: str
    fields: Mapping[str, Any]


def custom_documents(text: str) -> tuple[CustomDocument, ...]:
    """The documents of a valid text; the empty text has none."""
    return tuple(
        CustomDocument(
            document.value["apiVersion"],
            document.value["kind"],
            document.value["name"],
            {
                key: value
                for key, value in document.value.items()
                if key not in ("apiVersion", "kind", "name", "namespace", "generation")
            },
        )
        for document in (read_documents(text) if text else ())
    )


def custom_problems(text: str) -> list[str]:
    """Every reason to refuse a text, without the path of the annotation."""
    try:
        documents = read_documents(text)
    except YamlError as error:
        return [error.problem]
    if not documents:
        return ["holds no document"]
    return [f"document {document.number} {what}" for document in documents for what in _wrong(document.value)]


def _wrong(value: Any) -> list[str]:
    if not isinstance(value, Mapping):
        return [f"is {kind_of(value)} and must be a mapping"]
    found = []
    for key, allowed in (("apiVersion", API_VERSIONS), ("kind", KINDS)):
        if value.get(key) not in allowed:
            found.append(f"has {key} {value.get(key)!r}; allowed are {', '.join(allowed)}")
    if not isinstance(value.get("name"), str) or not value["name"]:
        found.append("has no name")
    required = {"Mapping": ("prefix", "service"), "TCPMapping": ("port", "service")}.get(str(value.get("kind")), ())
    for key in required:
        if value.get(key) in (None, ""):
            found.append(f"has no {key}")
        elif key != "port" and not isinstance(value[key], str):
            found.append(f"has {kind_of(value[key])} as {key}, which must be text")
    return found
