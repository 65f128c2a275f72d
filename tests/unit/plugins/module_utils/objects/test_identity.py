# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.objects.identity import (
    Identity,
    ObjectError,
    as_return,
    describe,
    identity_of,
)

MAPPING = Identity("getambassador.io", "Mapping", "models", "iris")
NAMESPACE = Identity("", "Namespace", "", "models")


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (
            {
                "apiVersion": "getambassador.io/v2",
                "kind": "Mapping",
                "metadata": {"name": "iris", "namespace": "models"},
            },
            MAPPING,
        ),
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models"}}, NAMESPACE),
        ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "models", "namespace": None}}, NAMESPACE),
    ],
)
def test_identity_leaves_the_version_out(obj, expected):
    assert identity_of(obj) == expected


@pytest.mark.parametrize(
    ("obj", "path"),
    [
        ({}, "apiVersion"),
        ({"apiVersion": "v1", "metadata": {"name": "a"}}, "kind"),
        ({"apiVersion": "v1", "kind": "Service"}, "metadata.name"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": []}, "metadata.name"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": ""}}, "metadata.name"),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": 7}}, "metadata.namespace"),
        ({"apiVersion": 1, "kind": "Service", "metadata": {"name": "a"}}, "apiVersion"),
    ],
)
def test_an_object_without_identity_is_refused_with_the_path(obj, path):
    with pytest.raises(ObjectError, match=f"^{path}: "):
        identity_of(obj)


def test_describe_and_return_forms():
    assert describe(MAPPING) == "Mapping models/iris"
    assert describe(NAMESPACE) == "Namespace models"
    assert as_return(MAPPING) == {"kind": "Mapping", "namespace": "models", "name": "iris"}


def test_identities_sort_by_group_kind_namespace_name():
    order = [NAMESPACE, Identity("a", "B", "a", "b"), Identity("a", "B", "b", "a"), MAPPING]
    assert sorted([order[2], order[0], order[3], order[1]]) == order
