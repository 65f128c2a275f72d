# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said about a definition: a problem refuses it, a finding lets it pass and says why to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One reason to refuse a definition.

    ``path`` is the field (``spec.predictors[1].traffic``), ``what`` says what is wrong with it and ``allowed`` says
    what would be right or what to do. ``defect`` is the id of the finding that it
    becomes where the operator writes the routes: a defect of it, or a check.
    """

    path: str
    what: str
    allowed: str
    defect: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.what}: {self.allowed}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that an operator should know about an accepted definition.

    ``id`` is stable (``A10``, ``B24``): it is what an inventory silences or lowers. ``where`` names the definition and
    the field.
    """

    id: str
    level: Level
    where: str
    message: str
    fix: str

    def as_return(self) -> dict[str, str]:
        """The shape that filters and modules return."""
        return {"id": self.id, "level": self.level, "where": self.where, "message": self.message, "fix": self.fix}


class DefinitionError(ValueError):
    """One or more definitions are refused. ``lines`` holds one full sentence for each reason."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines: tuple[str, ...] = tuple(lines)
        super().__init__("\n".join(self.lines))


def sentence(origin: str, problem: Problem) -> str:
    """The full sentence for a problem: where it was read, which field, what is wrong, what is allowed."""
    return f"{origin}: {problem}."
