# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every output offers: two ports, so that what reads cannot write, and check mode cannot either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ..objects.identity import Identity, KubernetesObject
from ..objects.ownership import Owner
from ..reconcile.plan import Observed, Plan

__all__ = ["Failure", "OutputError", "Reader", "Writer"]


@dataclass(frozen=True, slots=True)
class Failure:
    """What a failed write left behind: still written, written and put back, never touched."""

    written: tuple[Identity, ...] = ()
    restored: tuple[Identity, ...] = ()
    untouched: tuple[Identity, ...] = ()


class OutputError(Exception):
    """An output that cannot be read or written. The text is one sentence: where, what is wrong, what to do."""

    def __init__(self, message: str, failure: Failure | None = None) -> None:
        super().__init__(message)
        self.failure = failure or Failure()


class Reader(Protocol):
    """Finds out what is there."""

    def observe(self, owner: Owner, desired: Sequence[KubernetesObject]) -> Observed:
        """Return what this owner holds, and who holds what else is desired; ``desired`` is empty for ``state: absent``.

        :raises OutputError: the output cannot be read, or it can never hold what is desired.
        """


class Writer(Protocol):
    """Makes a plan true, completely or not at all."""

    def apply(self, plan: Plan) -> None:
        """Write the plan; an empty plan writes nothing.

        :raises PlanError: the plan holds foreign objects.
        :raises OutputError: it failed; ``failure`` says what is left of it.
        """
