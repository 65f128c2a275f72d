# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as the diff that Ansible shows with ``--diff``: made from the plan alone, so check mode shows the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from ..kube.scalars import needs_quotes
from ..kube.writer import write_document
from ..objects.identity import KubernetesObject, describe
from ..objects.redact import redact
from .plan import Change, Plan

__all__ = ["plan_diff"]

# Up to so many pairs of lines are compared in their order, which takes tenths of a second. Of a longer text that is
# changed all over, the lines are shown that the other side does not have as often, wherever they stand.
_MOST_PAIRS = 1_000_000


def plan_diff(plan: Plan) -> dict[str, str]:
    """Return what changes, before and after, with the values of Secrets hidden.

    A new or deleted object is shown as YAML. Of an updated one only the fields that differ are shown, one line each, so
    that its name is never further away than a reader of a unified diff can see. Of a text of several lines, such as the
    annotation that holds the routes of a Service, only the lines that differ are shown: the others may hold what is
    nobody's business, such as the value of a header.
    """
    before = [f"# {record}\n" for record in plan.records]
    after: list[str] = []
    for change in plan.changes:
        before += _side(change, change.before, change.after, change.note)
        after += _side(change, change.after, change.before, "")
    counts = ", ".join(
        f"{len(entries)} to {verb}"
        for verb, entries in (("create", plan.create), ("update", plan.update), ("delete", plan.delete))
    )
    return {
        "before": "".join(before),
        "after": "".join(after),
        "before_header": f"{counts}, as it is",
        "after_header": f"{counts}, as it will be",
    }


def _side(change: Change, obj: KubernetesObject | None, other: KubernetesObject | None, note: str) -> list[str]:
    if obj is None:
        return []
    lines = ["---\n", f"# {describe(change.identity)}\n"]
    if note:
        lines.append(f"# {note}\n")
    if obj and other:
        theirs = {path: _text(value) for path, value in _leaves(other)}
        changed = {path for path, value in _leaves(obj) if theirs.get(path) != _text(value)}
        shown_there = dict(_leaves(redact(other, obj)))
        for path, value in _leaves(redact(obj, other)):
            if path in changed:
                lines += _field(path, value, shown_there.get(path))
    elif obj:  # {} is an object that nobody could read
        lines.append(write_document(redact(obj, other)))
    return lines


def _field(path: str, value: object, other: object) -> list[str]:
    """A field that differs: its value, or the lines of it that the other side does not have."""
    if not (isinstance(value, str) and isinstance(other, str) and ("\n" in value or "\n" in other)):
        return [f"{path}: {_text(value)}\n"]
    lines = value.split("\n")
    return [f"{path} line {number + 1}: {_text(lines[number])}\n" for number in _differing(lines, other.split("\n"))]


def _differing(lines: list[str], others: list[str]) -> Iterator[int]:
    """The numbers of the lines that the other text does not have, or not in this order.

    Asked the other way round, the answer fits to this one.
    """
    begin = _alike(lines, others)
    end = _alike(lines[begin:][::-1], others[begin:][::-1])
    ours, theirs = lines[begin : len(lines) - end], others[begin : len(others) - end]
    if len(ours) * len(theirs) > _MOST_PAIRS:
        spare = Counter(theirs)
        for number, line in enumerate(ours, begin):
            spare[line] -= 1
            if spare[line] < 0:
                yield number
        return
    # The matcher's answer depends on which text is the first. Not autojunk: to it, a frequent line is one that differs.
    first, second = sorted((ours, theirs))
    for tag, *spans in SequenceMatcher(None, first, second, autojunk=False).get_opcodes():
        if tag != "equal":
            yield from range(*(begin + place for place in (spans[:2] if first is ours else spans[2:])))


def _alike(lines: Sequence[str], others: Sequence[str]) -> int:
    """With how many equal lines two texts begin."""
    longest = min(len(lines), len(others))
    return next((number for number in range(longest) if lines[number] != others[number]), longest)


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every field that holds no other field, as its path and its value, sorted."""
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            name = key if "." not in key and "/" not in key else f"[{key}]"
            yield from _leaves(value[key], f"{path}.{name}" if path and name == key else f"{path}{name}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def _text(value: object) -> str:
    """A value on one line."""
    if isinstance(value, str) and value.isprintable() and not needs_quotes(value):
        return value
    return json.dumps(value, ensure_ascii=False)
