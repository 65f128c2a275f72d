# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules between the definitions of one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .model import Definition, SeldonDeployment, title
from .naming import services


def double_definitions(definitions: Iterable[Definition]) -> list[str]:
    """Two definitions with one identity."""
    seen: dict[tuple[str, str, str], Definition] = {}
    lines = []
    for definition in definitions:
        first = seen.setdefault((definition.kind, definition.namespace, definition.name), definition)
        if first is not definition:
            lines.append(
                f"{definition.origin}, {title(definition)}: is already defined in {first.origin}: keep one of the two."
            )
    return lines


def double_services(definitions: Iterable[Definition]) -> list[str]:
    """B18: Services that two definitions of one namespace would both write."""
    owners: dict[tuple[str, str], tuple[Definition, str]] = {}
    lines = []
    for definition in definitions:
        for name, what in _services(definition):
            other, theirs = owners.setdefault((definition.namespace, name), (definition, what))
            if other is not definition:
                lines.append(
                    f"{definition.origin}, {title(definition)}: {what} needs the Service {name!r}, as {theirs} of"
                    f" {title(other)} does: rename one of them."
                )
    return lines


def _services(definition: Definition) -> Iterator[tuple[str, str]]:
    if isinstance(definition, SeldonDeployment):
        yield from ((service.name, service.what) for service in services(definition))
    elif definition.service is not None:
        yield definition.name, "spec.service"
