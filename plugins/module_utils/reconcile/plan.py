# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compare what is desired with what is there; the result says what a run would write, and writes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..objects.identity import Identity, KubernetesObject, as_return, describe, identity_of
from ..objects.ownership import DEFINITION_LABEL

__all__ = [
    "Change",
    "Foreign",
    "Observed",
    "Plan",
    "PlanError",
    "is_same",
    "make_plan",
    "plan_absent",
    "refuse_foreign",
]

# So few objects may always be deleted: in a small set a percentage would forbid to remove a single one.
_ALWAYS_PRUNABLE = 5
# As many objects as a message names.
_MOST_NAMES = 20


class PlanError(Exception):
    """A plan that must not be carried out. The text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Observed:
    """What a reader found for one scope and set.

    :ivar ours: the objects of this scope and set, as they are compared.
    :ivar foreign: objects that are desired but belong to somebody else, who is named in words.
    :ivar stale: objects of ours that must be written again although they may be equal, with the
        reason in words (a file that was formatted by hand, a file that is no longer readable).
    :ivar records: what the output keeps about itself and must set right, in words (a lost index).
    """

    ours: Mapping[Identity, KubernetesObject]
    foreign: Mapping[Identity, str] = field(default_factory=dict)
    stale: Mapping[Identity, str] = field(default_factory=dict)
    records: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One object before and after; None where it is not there. ``note`` says why an equal object is written."""

    identity: Identity
    before: KubernetesObject | None
    after: KubernetesObject | None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """A desired object that belongs to somebody else."""

    identity: Identity
    owner: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run writes, sorted by identity.

    :ivar records: the output's own book-keeping, see `Observed`.
    :ivar spared: what nobody desires any more and still stays, because nothing is pruned.
    """

    create: tuple[Change, ...] = ()
    update: tuple[Change, ...] = ()
    delete: tuple[Change, ...] = ()
    keep: tuple[Change, ...] = ()
    foreign: tuple[Foreign, ...] = ()
    records: tuple[str, ...] = ()
    spared: tuple[Identity, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """Everything that is written, sorted by identity."""
        return tuple(sorted((*self.create, *self.update, *self.delete), key=lambda change: change.identity))

    @property
    def is_empty(self) -> bool:
        """Say whether there is nothing to write; a module's ``changed`` is the opposite."""
        return not (self.create or self.update or self.delete or self.records)

    def as_return(self) -> dict[str, list[dict[str, str]]]:
        """Return the plan as modules return it."""
        return {
            "create": _as_returns(self.create),
            "update": _as_returns(self.update),
            "delete": _as_returns(self.delete),
            "keep": _as_returns(self.keep),
            "foreign": _as_returns(self.foreign),
        }


def make_plan(
    desired: Sequence[KubernetesObject], observed: Observed, *, prune: bool = True, max_prune: int = 20
) -> Plan:
    """Plan the way from what is observed to what is desired.

    :param desired: complete objects, already with our labels.
    :param prune: delete what this scope and set holds and nobody desires any more.
    :param max_prune: how many percent of the live objects may be deleted; five may always be.
    :raises PlanError: nothing is desired, an object is desired twice, or the brake on deletions holds.
    :raises ObjectError: a desired object has no identity.
    """
    if not 0 <= max_prune <= 100:
        raise PlanError(f"max_prune: {max_prune} is not a percentage: write a number from 0 to 100")
    if not desired:
        raise PlanError(
            "no object is desired, which would delete everything of this scope and set: "
            "check the definitions, or say state: absent if that is what you want"
        )
    wanted = _by_identity(desired)
    create, update, keep, foreign = [], [], [], []
    for identity, after in sorted(wanted.items(), key=lambda item: item[0]):
        before = observed.ours.get(identity)
        if identity in observed.foreign:
            foreign.append(Foreign(identity, observed.foreign[identity]))
        elif before is None:
            create.append(Change(identity, None, after))
        elif not is_same(before, after):
            # A note explains a write that the two objects do not explain; {} is an object nobody could read.
            update.append(Change(identity, before, after, "" if before else observed.stale.get(identity, "")))
        elif identity in observed.stale:
            update.append(Change(identity, before, after, observed.stale[identity]))
        else:
            keep.append(Change(identity, before, after))
    unwanted = observed.ours.keys() - wanted.keys()
    delete = _deletions(observed, unwanted) if prune else ()
    _refuse_many_deletions(delete, len(observed.ours), max_prune)
    spared = () if prune else tuple(sorted(unwanted))
    return Plan(tuple(create), tuple(update), delete, tuple(keep), tuple(foreign), observed.records, spared)


def plan_absent(observed: Observed) -> Plan:
    """Plan to delete everything of this scope and set.

    There is no brake: who says ``state: absent`` has asked for a hundred percent.
    """
    return Plan(delete=_deletions(observed, observed.ours), records=observed.records)


def refuse_foreign(plan: Plan) -> None:
    """Stop a run that would touch somebody else's objects.

    :raises PlanError: names each foreign object and its owner.
    """
    if plan.foreign:
        named = _listed([f"{describe(one.identity)} belongs to {one.owner}" for one in plan.foreign], "; ")
        raise PlanError(
            f"nothing was written, because objects of others are in the way: {named}: rename yours, or remove theirs"
        )


def is_same(one: object, other: object) -> bool:
    """Say whether two values are the same as Kubernetes stores them.

    Unlike Python's ``==``, True is not 1; like JSON, the order of keys means nothing.
    """
    if one is other:
        return True
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _by_identity(desired: Sequence[KubernetesObject]) -> dict[Identity, KubernetesObject]:
    wanted: dict[Identity, KubernetesObject] = {}
    places: dict[Identity, int] = {}
    for place, obj in enumerate(desired, start=1):
        identity = identity_of(obj)
        if identity in wanted:
            first = _origin(places[identity], wanted[identity])
            raise PlanError(
                f"{describe(identity)} is desired twice, by {first} and by {_origin(place, obj)}: "
                "rename or remove one of them"
            )
        wanted[identity], places[identity] = obj, place
    return wanted


def _origin(place: int, obj: KubernetesObject) -> str:
    labels = obj["metadata"].get("labels")
    definition = labels.get(DEFINITION_LABEL) if isinstance(labels, Mapping) else None
    return f"object {place} ({obj['apiVersion']}{f', definition {definition}' if definition else ''})"


def _deletions(observed: Observed, identities: Iterable[Identity]) -> tuple[Change, ...]:
    return tuple(Change(identity, observed.ours[identity], None) for identity in sorted(identities))


def _refuse_many_deletions(delete: tuple[Change, ...], live: int, max_prune: int) -> None:
    allowed = max(_ALWAYS_PRUNABLE, live * max_prune // 100)
    if len(delete) > allowed:
        raise PlanError(
            f"{len(delete)} of {live} objects would be deleted and max_prune ({max_prune} percent) allows {allowed}: "
            f"{_listed([describe(change.identity) for change in delete], ', ')}: "
            "check the definitions, or raise max_prune if all of these shall go"
        )


def _listed(names: Sequence[str], between: str) -> str:
    """Some names, so that a message stays readable."""
    more = [f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
    return between.join([*names[:_MOST_NAMES], *more])


def _as_returns(entries: Iterable[Change | Foreign]) -> list[dict[str, str]]:
    returns = [as_return(entry.identity) for entry in entries]
    return sorted(returns, key=lambda entry: (entry["kind"], entry["namespace"], entry["name"]))
