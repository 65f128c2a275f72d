# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every benchmark prints: one line a figure, with its goal and whether it is met."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

COMPARE = {"<": operator.lt, "<=": operator.le, ">=": operator.ge, ">": operator.gt}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value and the goal that it is held against. ``digits`` is for the eye: the value is compared."""

    name: str
    value: float
    unit: str
    op: Literal["<", "<=", ">=", ">"]
    goal: float
    digits: int = 2

    @property
    def met(self) -> bool:
        """Whether the value reaches the goal."""
        return COMPARE[self.op](self.value, self.goal)

    def __str__(self) -> str:
        verdict = "ok" if self.met else "MISS"
        return f"BENCH {self.name} {self.value:.{self.digits}f} {self.unit} goal {self.op}{self.goal:g} {verdict}"


def report(figures: Iterable[Figure]) -> int:
    """Print the figures and return the exit status: 1 where a goal is missed."""
    status = 0
    for figure in figures:
        print(figure, flush=True)
        status |= not figure.met
    return int(status)
