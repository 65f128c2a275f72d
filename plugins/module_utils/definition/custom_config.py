# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of Ambassador configuration, as ``seldon.io/ambassador-config`` (a team wrote it by hand) and annotations
of Services hold them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..kube.reader import YamlError, read_documents
from .fields import kind_of, word

KINDS = ("Mapping", "TCPMapping", "TLSContext")
API_VERSIONS = tuple(
    f"{group}/{version}" for group in ("ambassador", "getambassador.io") for version in ("v0", "v1", "v2", "v3alpha1")
)
_METADATA = ("apiVersion", "kind", "name", "namespace", "generation")


@dataclass(frozen=True, slots=True)
class CustomDocument:
    """One document. ``fields`` holds all but apiVersion, kind, name, generation and namespace.

    ``namespace`` is empty where the document names none; Ambassador then takes that of the annotated Service.
    """

    api_version: str
    kind: str
    name: str
    fields: Mapping[str, Any]
    namespace: str = ""


def custom_documents(text: str) -> tuple[CustomDocument, ...]:
    """The documents of a valid text; the empty text has none."""
    return tuple(custom_document(document.value) for document in (read_documents(text) if text else ()))


def custom_document(value: Mapping[str, Any]) -> CustomDocument:
    """A document without ``document_problems``."""
    return CustomDocument(
        value["apiVersion"],
        value["kind"],
        value["name"],
        {key: item for key, item in value.items() if key not in _METADATA},
        value.get("namespace") or "",
    )


def custom_problems(text: str) -> list[str]:
    """Every reason to refuse a text, without the path of the annotation."""
    try:
        documents = read_documents(text)
    except YamlError as error:
        return [error.problem]
    if not documents:
        return ["holds no document"]
    return [
        f"document {document.number} {what}" for document in documents for what in document_problems(document.value)
    ]


def document_problems(value: Any) -> list[str]:
    """Every reason to refuse one document."""
    if not isinstance(value, Mapping):
        return [f"is {kind_of(value)} and must be a mapping"]
    found = []
    for key, allowed in (("apiVersion", API_VERSIONS), ("kind", KINDS)):
        if value.get(key) not in allowed:
            given = f"no {key}" if value.get(key) is None else f"{key} {word(value[key])}"
            found.append(f"has {given}; allowed are {', '.join(allowed)}")
    if not isinstance(value.get("name"), str) or not value["name"]:
        found.append("has no name")
    if not isinstance(value.get("namespace"), (str, type(None))):
        found.append(f"has {kind_of(value['namespace'])} as namespace, which must be text")
    kind = value.get("kind")
    needed = {"Mapping": ("prefix", "service"), "TCPMapping": ("port", "service")}
    for key in needed.get(kind, ()) if isinstance(kind, str) else ():
        if value.get(key) in (None, ""):
            found.append(f"has no {key}")
        elif key != "port" and not isinstance(value[key], str):
            found.append(f"has {kind_of(value[key])} as {key}, which must be text")
    return found
