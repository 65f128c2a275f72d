# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.objects.identity import Identity, identity_of
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.plan import (
    Observed,
    Plan,
    PlanError,
    is_same,
    make_plan,
    plan_absent,
    refuse_foreign,
)
from hypothesis import given
from hypothesis import strategies as st


def mapping(name, namespace="models", api_version="getambassador.io/v3alpha1", definition=None, **spec):
    metadata = {"name": name, "namespace": namespace}
    if definition:
        metadata["labels"] = {"mlops.ingress/definition": definition}
    return {"apiVersion": api_version, "kind": "Mapping", "metadata": metadata, "spec": spec}


def live(*objects, **others):
    return Observed({identity_of(obj): obj for obj in objects}, **others)


def names(changes):
    return [change.identity.name for change in changes]


A, B, C = mapping("a", weight=1), mapping("b"), mapping("c")
A_CHANGED = mapping("a", weight=2)


@pytest.mark.parametrize(
    ("desired", "observed", "create", "update", "delete", "keep"),
    [
        ([A, B], live(), ["a", "b"], [], [], []),
        ([A, B], live(A, B), [], [], [], ["a", "b"]),
        ([A_CHANGED], live(A), [], ["a"], [], []),
        ([B], live(A, B), [], [], ["a"], ["b"]),
        ([A_CHANGED, C], live(A, B), ["c"], ["a"], ["b"], []),
        ([mapping("a", api_version="getambassador.io/v2", weight=1)], live(A), [], ["a"], [], []),
        ([mapping("a", api_version="example.com/v1", weight=1)], live(A), ["a"], [], ["a"], []),
        ([mapping("a", weight=True)], live(A), [], ["a"], [], []),
    ],
)
def test_plan(desired, observed, create, update, delete, keep):
    plan = make_plan(desired, observed)
    assert (names(plan.create), names(plan.update), names(plan.delete), names(plan.keep)) == (
        create,
        update,
        delete,
        keep,
    )
    assert plan.is_empty == (not create and not update and not delete)


def test_changes_hold_both_sides():
    (change,) = make_plan([A_CHANGED], live(A)).update
    assert (change.before, change.after) == (A, A_CHANGED)


def test_without_prune_nothing_is_deleted():
    assert make_plan([B], live(A, B), prune=False).is_empty


def test_a_stale_object_is_written_again_and_says_why():
    plan = make_plan([A], live(A, stale={identity_of(A): "why"}))
    assert [(change.identity.name, change.note) for change in plan.update] == [("a", "why")]


def test_records_alone_make_a_plan():
    plan = make_plan([A], live(A, records=("the index is lost",)))
    assert not plan.is_empty
    assert names(plan.keep) == ["a"]
    assert plan.records == ("the index is lost",)


@pytest.mark.parametrize(
    ("live_count", "gone", "max_prune", "allowed"),
    [
        (5, 4, 0, True),  # five may always go
        (6, 5, 0, True),
        (7, 6, 0, False),
        (30, 6, 20, True),
        (30, 7, 20, False),
        (30, 7, 24, True),
        (29, 29 - 1, 100, True),
        (34, 7, 20, False),  # 20 percent are 6.8: never more than asked for
    ],
)
def test_the_brake(live_count, gone, max_prune, allowed):
    objects = [mapping(f"m{number:02}") for number in range(live_count)]
    if allowed:
        assert len(make_plan(objects[gone:], live(*objects), max_prune=max_prune).delete) == gone
    else:
        with pytest.raises(PlanError, match=r"raise max_prune") as caught:
            make_plan(objects[gone:], live(*objects), max_prune=max_prune)
        assert all(f"Mapping models/m{number:02}" in str(caught.value) for number in range(gone))
        assert f"m{gone:02}" not in str(caught.value)


@pytest.mark.parametrize("max_prune", [-1, 101])
def test_max_prune_is_a_percentage(max_prune):
    with pytest.raises(PlanError, match=r"max_prune: -?\d+ is not a percentage"):
        make_plan([A], live(), max_prune=max_prune)


def test_nothing_desired_is_an_error_and_absent_is_not():
    with pytest.raises(PlanError, match="state: absent"):
        make_plan([], live(A))
    many = [mapping(f"m{number}") for number in range(50)]
    assert len(plan_absent(live(*many)).delete) == 50
    assert plan_absent(live()).is_empty
    assert not plan_absent(live(records=("left over",))).is_empty


def test_an_object_desired_twice_is_refused_and_both_are_named():
    first = mapping("a", api_version="getambassador.io/v2", definition="iris")
    with pytest.raises(PlanError, match="Mapping models/a is desired twice") as caught:
        make_plan([B, first, mapping("a", definition="wine")], live())
    assert "object 2 (getambassador.io/v2, definition iris)" in str(caught.value)
    assert "object 3 (getambassador.io/v3alpha1, definition wine)" in str(caught.value)


def test_foreign_objects_are_carried_and_refused_by_name():
    foreign = {identity_of(A): "Argo CD", identity_of(C): "scope prod, set ingress"}
    plan = make_plan([A, B], live(foreign=foreign))
    assert names(plan.foreign) == ["a"]
    assert names(plan.create) == ["b"]
    with pytest.raises(PlanError, match="Mapping models/a belongs to Argo CD"):
        refuse_foreign(plan)
    refuse_foreign(make_plan([B], live(foreign=foreign)))


def test_the_returned_form_is_sorted_by_what_it_shows():
    objects = [mapping("a", api_version="z.example/v1"), mapping("b", api_version="a.example/v1")]
    returned = make_plan(objects, live()).as_return()
    assert returned == {
        "create": [
            {"kind": "Mapping", "namespace": "models", "name": "a"},
            {"kind": "Mapping", "namespace": "models", "name": "b"},
        ],
        "update": [],
        "delete": [],
        "keep": [],
        "foreign": [],
    }
    assert Plan().as_return() == {key: [] for key in returned}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": [0]}, {"a": [False]}, False),
        ({"a": (1, 2)}, {"a": [1, 2]}, True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ({"a": None}, {}, False),
        ({"a": {}}, {"a": None}, False),
        ("1", 1, False),
    ],
)
def test_is_same(one, other, same):
    for first, second in ((one, other), (other, one)):
        assert is_same(first, second) is same


SPECS = st.dictionaries(
    st.sampled_from(["weight", "prefix", "labels"]),
    st.one_of(st.booleans(), st.integers(0, 2), st.sampled_from(["a", "b"]), st.lists(st.integers(0, 1), max_size=2)),
    max_size=3,
)
OBJECTS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c", "d", "e", "f"]), st.sampled_from(["m", "n"])), SPECS, max_size=8
).map(lambda found: [mapping(name, namespace, **spec) for (name, namespace), spec in found.items()])


def carried_out(plan: Plan, observed: Observed) -> Observed:
    ours = dict(observed.ours)
    for change in plan.changes:
        if change.after is None:
            del ours[change.identity]
        else:
            ours[change.identity] = change.after
    return Observed(ours, observed.foreign)


@given(desired=OBJECTS.filter(bool), there=OBJECTS, theirs=OBJECTS, prune=st.booleans())
def test_a_plan_accounts_for_every_object_and_leads_to_an_empty_plan(desired, there, theirs, prune):
    foreign = {identity_of(obj): "them" for obj in theirs}
    observed = Observed({identity_of(obj): obj for obj in there if identity_of(obj) not in foreign}, foreign)
    untouched = copy.deepcopy((desired, observed))
    plan = make_plan(desired, observed, prune=prune, max_prune=100)

    assert (desired, observed) == untouched
    parts = [plan.create, plan.update, plan.keep, plan.foreign]
    accounted = [entry.identity for part in parts for entry in part]
    assert sorted(accounted) == sorted(identity_of(obj) for obj in desired)
    assert {change.identity for change in plan.delete} <= observed.ours.keys()
    assert all(list(part) == sorted(part, key=lambda entry: entry.identity) for part in [*parts, plan.delete])
    assert make_plan(desired[::-1], observed, prune=prune, max_prune=100) == plan

    after = carried_out(plan, observed)
    assert make_plan(desired, after, prune=prune, max_prune=100).is_empty
    if prune:
        assert after.ours.keys() == {identity_of(obj) for obj in desired} - foreign.keys()


def test_identities_are_hashable_values():
    assert {Identity("g", "K", "n", "a")} == {Identity("g", "K", "n", "a")}
