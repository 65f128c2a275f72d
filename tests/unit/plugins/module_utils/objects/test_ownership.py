# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import hashlib

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.objects.identity import ObjectError
from ansible_collections.mlops.ingress.plugins.module_utils.objects.ownership import Owner, owner_of, stamp

OWNER = Owner("dev", "ingress")
OURS = {
    "app.kubernetes.io/managed-by": "mlops.ingress",
    "mlops.ingress/scope": "dev",
    "mlops.ingress/set": "ingress",
}


def obj(**metadata):
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", **metadata}, "spec": {"ports": []}}


@pytest.mark.parametrize("labels", [{}, {"labels": None}, {"labels": {}}, {"labels": {"app": "x"}}])
def test_stamp_adds_our_labels_to_a_new_object(labels):
    given = obj(**labels)
    before = copy.deepcopy(given)
    stamped = stamp(given, OWNER, "iris")
    assert stamped["metadata"]["labels"] == {**(labels.get("labels") or {}), **OURS, "mlops.ingress/definition": "iris"}
    assert given == before
    assert stamped["spec"] == given["spec"]


def test_stamp_replaces_the_labels_of_another_owner():
    other = stamp(obj(), Owner("prod", "other"), "old")
    assert stamp(other, OWNER, "new") == stamp(obj(), OWNER, "new")


def test_an_object_of_no_definition_gets_no_definition_label():
    assert stamp(obj(), OWNER)["metadata"]["labels"] == OURS


@pytest.mark.parametrize("name", ["", "a" * 64, "-a", "a b", "ä"])
def test_a_definition_name_that_is_no_label_value_is_hashed(name):
    label = stamp(obj(), OWNER, name)["metadata"]["labels"]["mlops.ingress/definition"]
    assert label == "seldon-" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("given", [{"metadata": "x"}, {"metadata": {"labels": ["a"]}}])
def test_stamp_refuses_metadata_that_is_no_mapping(given):
    with pytest.raises(ObjectError, match=r"^metadata"):
        stamp(given, OWNER, "iris")


@pytest.mark.parametrize("bad", ["", "..", ".", "a/b", "/etc", "../x", ".run", "_x", "a" * 64, "a\n"])
def test_scope_and_set_are_label_values(bad):
    with pytest.raises(ObjectError, match=r"^scope: "):
        Owner(bad, "ingress")
    with pytest.raises(ObjectError, match=r"^set: "):
        Owner("dev", bad)


def test_owner_of_what_we_stamped():
    assert owner_of(stamp(obj(), OWNER, "iris")) == OWNER


@pytest.mark.parametrize(
    "labels",
    [
        None,
        {},
        {**OURS, "app.kubernetes.io/managed-by": "Helm"},
        {**OURS, "mlops.ingress/scope": "../x"},
        {**OURS, "mlops.ingress/set": None},
        "text",
    ],
)
def test_others_have_no_owner(labels):
    assert owner_of(obj(labels=labels)) is None
