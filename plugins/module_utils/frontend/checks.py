# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an inventory says about checks: which are lowered, raised or silenced, where, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..definition.checks import CHECKS
from ..definition.defects import DEFECTS
from ..definition.fields import kind_of, nearest, shown, word
from ..definition.findings import Finding, Level
from .errors import OptionError

LEVELS = ("error", "warning", "silent")
FIELDS = ("id", "level", "reason", "where")
_KNOWN = (*CHECKS, *DEFECTS)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What becomes of the findings of one check, at the places that ``where`` fits (``*`` stands for any text).

    ``where`` is compared with the place, and with place and message, which names the other side of a conflict.
    """

    id: str
    level: str
    reason: str
    where: str = "*"

    def fits(self, finding: Finding) -> bool:
        places = finding.where, f"{finding.where}: {finding.message}"
        return finding.id == self.id and any(_stars_fit(self.where, text) for text in places)


def _stars_fit(pattern: str, text: str) -> bool:
    """Whether a pattern fits a whole text. Not ``fnmatch``: places hold brackets, which stand for themselves; and no
    regular expression, which many stars would keep busy for ever."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    if not text.startswith(first):
        return False
    begin = len(first)
    for part in others[:-1]:
        found = text.find(part, begin)
        if found < 0:
            return False
        begin = found + len(part)
    return len(text) - begin >= len(others[-1]) and text.endswith(others[-1])


def checks_option(value: object) -> tuple[Judgement, ...]:
    """The option ``checks``: a list of mappings with ``id``, ``level``, ``reason`` and perhaps ``where``.

    Raises:
        OptionError: for an unknown id or level, or where the reason is missing.
    """
    if value is None:
        return ()
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise OptionError(f"checks: is {kind_of(value)}: write a list of mappings with {', '.join(FIELDS)}.")
    return tuple(_judgement(item, f"checks[{index}]") for index, item in enumerate(value))


def _judgement(item: Any, path: str) -> Judgement:
    if not isinstance(item, Mapping):
        raise OptionError(f"{path}: is {kind_of(item)}: write a mapping with {', '.join(FIELDS)}.")
    for key in item:
        if key not in FIELDS:
            named = f"{shown(str(key))}{nearest(str(key), FIELDS)}"
            raise OptionError(f"{path}: {named} is no field: allowed are {', '.join(FIELDS)}.")
    check, level, reason = item.get("id"), item.get("level"), item.get("reason")
    if not isinstance(check, str) or check not in _KNOWN:
        hint = nearest(check, _KNOWN) if isinstance(check, str) else ""
        raise OptionError(f"{path}.id: {word(check)} is no check{hint}: docs/checks.md lists them.")
    if level not in LEVELS:
        raise OptionError(f"{path}.level: {word(level)} is not known: allowed are {', '.join(LEVELS)}.")
    if not isinstance(reason, str) or not reason.strip():
        raise OptionError(f"{path}.reason: is missing: say why {check} is {level} here.")
    where = item.get("where")
    if where is not None and (not isinstance(where, str) or not where):
        raise OptionError(f"{path}.where: is {kind_of(where)}: write a place, in which * stands for any text.")
    return Judgement(check, str(level), reason.strip(), where or "*")


def judged(findings: Iterable[Finding], judgements: Sequence[Judgement]) -> list[Finding]:
    """The findings, each once and sorted, as the inventory judges them; of two judgements that fit the later wins."""
    by_id: dict[str, list[Judgement]] = {}
    for judgement in judgements:
        by_id.setdefault(judgement.id, []).insert(0, judgement)
    found = set()
    for finding in findings:
        fitting = next((item for item in by_id.get(finding.id, ()) if item.fits(finding)), None)
        if fitting is None or fitting.level == finding.level:
            found.add(finding)
        elif fitting.level != "silent":
            level: Level = "error" if fitting.level == "error" else "warning"
            reason = fitting.reason.rstrip(".")
            found.add(replace(finding, level=level, fix=f"{finding.fix} ({level} by `checks`: {reason})"))
    return sorted(found)
