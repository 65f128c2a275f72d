# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose an object of a route table is, as far as its labels tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..definition.model import in_a_sentence
from ..definition.naming import DEPLOYMENT_LABEL
from ..objects.ownership import DEFINITION_LABEL, MANAGED_BY_LABEL, MANAGER, SCOPE_LABEL
from ..routing.model import Owner

INSTANCE_LABEL = "app.kubernetes.io/instance"


@dataclass(frozen=True, slots=True)
class Who:
    """Whose an object is. ``by_hand`` says that only its namespace tells."""

    text: str
    ours: bool
    by_hand: bool


@dataclass(frozen=True, slots=True)
class Party:
    """An object and whose it is."""

    owner: Owner
    who: Who

    def __str__(self) -> str:
        """``Mapping models/iris``, on one line whatever the names hold."""
        return f"{self.owner.kind} {in_a_sentence(self.owner.namespace)}/{in_a_sentence(self.owner.name)}"

    @property
    def named(self) -> str:
        return f"{self} ({self.who.text})"

    def waiting_for(self, what: object) -> str:
        """The object, whose it is, and what it waits for."""
        return f"{self} ({self.who.text}, {what})"

    def against(self, other: Party) -> bool:
        """Whether two objects have two owners, of whom we are one at most."""
        return self.who != other.who and not (self.who.ours and other.who.ours)


class Owners:
    """Says whose objects are, by their labels. ``scope`` is ours; an empty one is nobody's."""

    def __init__(self, scope: str) -> None:
        self.scope = scope
        self.known: dict[Owner, Party] = {}

    def party(self, owner: Owner) -> Party:
        found = self.known.get(owner)
        if found is None:
            found = self.known[owner] = Party(owner, self._who(owner))
        return found

    def _who(self, owner: Owner) -> Who:
        labels = dict(owner.labels)
        ours = bool(self.scope) and (labels.get(MANAGED_BY_LABEL), labels.get(SCOPE_LABEL)) == (MANAGER, self.scope)
        name = _name(labels)
        return Who(f"{name or 'by hand'} in namespace {in_a_sentence(owner.namespace)}", ours, not name)


def _name(labels: Mapping[str, str]) -> str:
    """What the labels name, the most telling first; empty where they name nothing."""
    scope, definition = labels.get(SCOPE_LABEL), labels.get(DEFINITION_LABEL)
    if scope and definition:
        return f"definition {in_a_sentence(definition)} of scope {in_a_sentence(scope)}"
    if labels.get(DEPLOYMENT_LABEL):
        return f"Seldon deployment {in_a_sentence(labels[DEPLOYMENT_LABEL])}"
    if labels.get(INSTANCE_LABEL):
        return f"application {in_a_sentence(labels[INSTANCE_LABEL])}"
    return ""
