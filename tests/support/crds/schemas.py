# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas of the custom resource definitions that Istio and Emissary publish.

They are taken from the projects' Go modules as they are, without their descriptions, and kept as one JSON file a
module in the user's cache, so that only the first run on a machine downloads. A new version of a module is a new
line in SOURCES.
"""

from __future__ import annotations

import functools
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import yaml

from .go_modules import cache_directory, module_directory

Schema: TypeAlias = dict[str, Any]
# group, version, kind
SchemaKey: TypeAlias = tuple[str, str, str]

# Raise it when the content of the cached files changes.
_FORMAT = 1


@dataclass(frozen=True)
class Source:
    """A file with custom resource definitions in a Go module."""

    module: str
    version: str
    path: str
    kinds: frozenset[str]

    @property
    def cache_file(self) -> Path:
        name = f"{self.module.replace('/', '-')}@{self.version}-{_FORMAT}.json"
        return cache_directory() / "crds" / name


SOURCES = (
    # The module with the API only: an eighth of istio.io/istio, whose crd-all.gen.yaml is a copy of this file.
    Source(
        "istio.io/api",
        "v1.31.1",
        "kubernetes/customresourcedefinitions.gen.yaml",
        frozenset({"VirtualService", "DestinationRule", "ServiceEntry"}),
    ),
    Source(
        "github.com/emissary-ingress/emissary/v3",
        "v3.10.0",
        "manifests/emissary/emissary-crds.yaml.in",
        frozenset({"Mapping", "TLSContext"}),
    ),
)


@functools.cache
def load_schemas() -> Mapping[SchemaKey, Schema]:
    """The OpenAPI v3 schema of every version that the definitions serve; not to be changed by the caller."""
    return MappingProxyType(
        {(row["group"], row["version"], row["kind"]): row["schema"] for source in SOURCES for row in _rows(source)}
    )


def _rows(source: Source) -> list[dict[str, Any]]:
    try:
        rows: list[dict[str, Any]] = json.loads(source.cache_file.read_text(encoding="utf-8"))
        return rows
    except (FileNotFoundError, ValueError):
        text = (module_directory(source.module, source.version) / source.path).read_text(encoding="utf-8")
        rows = list(_served(text, source.kinds))
        missing = source.kinds - {row["kind"] for row in rows}
        if missing:
            raise ValueError(f"{source.module} {source.version} defines no {', '.join(sorted(missing))}") from None
        _write(source.cache_file, rows)
        return rows


def _served(text: str, kinds: frozenset[str]) -> Iterator[dict[str, Any]]:
    for document in yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if not document or document.get("kind") != "CustomResourceDefinition":
            continue
        spec = document["spec"]
        kind = spec["names"]["kind"]
        if kind not in kinds:
            continue
        for version in spec["versions"]:
            if version["served"]:
                schema = _without_descriptions(version["schema"]["openAPIV3Schema"])
                yield {"group": spec["group"], "version": version["name"], "kind": kind, "schema": schema}


def _without_descriptions(schema: Any) -> Any:
    """A schema without its texts; a property may itself be called "description", so only texts go."""
    if isinstance(schema, dict):
        return {
            key: _without_descriptions(value)
            for key, value in schema.items()
            if not (key == "description" and isinstance(value, str))
        }
    return [_without_descriptions(value) for value in schema] if isinstance(schema, list) else schema


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write at once or not at all: several test processes may do so at the same time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        json.dump(rows, file, separators=(",", ":"))
    os.replace(file.name, path)
