# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be said about definitions and objects: a problem is a reason to refuse a definition, and a finding is what
a user gets to read, of that or of anything else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning"]
# The check of what refuses a definition and has no check of its own.
UNREADABLE = "A18"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One reason to refuse a definition.

    ``path`` is the field (``spec.predictors[1].traffic``), ``what`` says what is wrong with it and ``allowed`` says
    what would be right or what to do. ``check`` is the id of the finding that it is: a check, or a defect of the
    operator.
    """

    path: str
    what: str
    allowed: str
    check: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {self.what}: {self.allowed}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing to know about a definition, accepted or refused, or about an object.

    ``id`` is stable, that of a check (``A10``) or of a defect of the Seldon operator (``B24``): by it an inventory
    silences a finding or changes its level. ``where`` names the definition or the object, and the field.
    """

    id: str
    level: Level
    where: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}: {self.fix}."

    def as_return(self) -> dict[str, str]:
        """The shape that filters and modules return."""
        return {"id": self.id, "level": self.level, "where": self.where, "message": self.message, "fix": self.fix}


class DefinitionError(ValueError):
    """One or more definitions are refused. ``lines`` holds one full sentence for each reason.

    ``refused`` are those of the reasons that are findings about a definition.
    """

    def __init__(self, reasons: Iterable[Finding | str]) -> None:
        given = tuple(reasons)
        self.lines: tuple[str, ...] = tuple(map(str, given))
        self.refused: tuple[Finding, ...] = tuple(item for item in given if isinstance(item, Finding))
        super().__init__("\n".join(self.lines))


def refusal(origin: str, problem: Problem) -> Finding:
    """The finding of a problem that refuses a definition; ``origin`` says where and which one."""
    return Finding(problem.check or UNREADABLE, "error", f"{origin}: {problem.path}", problem.what, problem.allowed)
