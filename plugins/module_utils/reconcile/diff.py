# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as the diff that Ansible shows with ``--diff``: made from the plan alone, so check mode shows the same."""

from __future__ import annotations

from ..kube.writer import write_document
from ..objects.identity import KubernetesObject, describe
from ..objects.redact import redact
from .plan import Change, Plan

__all__ = ["plan_diff"]


def plan_diff(plan: Plan) -> dict[str, str]:
    """Return the changed objects as YAML, before and after, with the values of Secrets hidden."""
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
    if obj:  # {} is an object that nobody could read
        lines.append(write_document(redact(obj, other)))
    return lines
