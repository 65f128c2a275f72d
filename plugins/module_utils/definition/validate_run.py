# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules between the definitions of one run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .fields import quoted
from .findings import Problem
from .model import Definition, SeldonDeployment, title
from .naming import NamedService, services


def double_definitions(definitions: Iterable[Definition]) -> Iterator[tuple[Definition, Problem]]:
    """Two definitions with one identity."""
    seen: dict[tuple[str, str, str], Definition] = {}
    for definition in definitions:
        first = seen.setdefault((definition.kind, definition.namespace, definition.name), definition)
        if first is not definition:
            yield definition, Problem("metadata.name", f"is already defined in {first.origin}", "keep one of the two")


def double_services(definitions: Iterable[Definition]) -> Iterator[tuple[Definition, Problem]]:
    """B18: Services that two definitions of one namespace would both write."""
    owners: dict[tuple[str, str], tuple[Definition, NamedService]] = {}
    for definition in definitions:
        for service in _services(definition):
            other, theirs = owners.setdefault((definition.namespace, service.name), (definition, service))
            if other is not definition:
                what = (
                    f"{service.what} needs the Service {quoted(service.name)}, as {theirs.what} of {title(other)} does"
                )
                yield definition, Problem(service.path, what, "rename one of them", "B18")


def _services(definition: Definition) -> Iterator[NamedService]:
    if isinstance(definition, SeldonDeployment):
        yield from services(definition)
    elif definition.service is not None:
        yield NamedService(definition.name, "spec.service", "spec.service")
