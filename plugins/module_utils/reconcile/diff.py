# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as the diff that Ansible shows with ``--diff``: made from the plan alone, so check mode shows the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from ..kube.scalars import needs_quotes
from ..kube.writer import write_document
from ..objects.identity import KubernetesObject, describe
from ..objects.redact import redact
from .plan import Change, Plan

__all__ = ["plan_diff"]


def plan_diff(plan: Plan) -> dict[str, str]:
    """Return what changes, before and after, with the values of Secrets hidden.

    A new or deleted object is shown as YAML. Of an updated one only the fields that differ are shown, one line each, so
    that its name is never further away than a reader of a unified diff can see.
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
        theirs = dict(_leaves(other))
        changed = {path for path, text in _leaves(obj) if theirs.get(path) != text}
        lines += [f"{path}: {text}\n" for path, text in _leaves(redact(obj, other)) if path in changed]
    elif obj:  # {} is an object that nobody could read
        lines.append(write_document(redact(obj, other)))
    return lines


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every field that holds no other field, as its path and its value on one line, sorted."""
    if isinstance(value, Mapping) and value:
        for key in sorted(value):
            name = key if "." not in key and "/" not in key else f"[{key}]"
            yield from _leaves(value[key], f"{path}.{name}" if path and name == key else f"{path}{name}")
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}[{index}]")
    elif isinstance(value, str) and value.isprintable() and not needs_quotes(value):
        yield path, value
    else:
        yield path, json.dumps(value, ensure_ascii=False)
