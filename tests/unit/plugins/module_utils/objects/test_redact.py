# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.objects.redact import redact

CANARY = "c2VjcmV0LWNhbmFyeQ=="
SECRET = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "tls",
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": CANARY, "team": "a"},
    },
    "data": {"tls.key": CANARY, "tls.crt": "short"},
    "stringData": {"password": CANARY},
    "type": "kubernetes.io/tls",
}


def test_no_value_of_a_secret_is_shown_and_the_rest_is():
    before = copy.deepcopy(SECRET)
    shown = redact(SECRET)
    assert CANARY not in json.dumps(shown)
    assert shown["data"] == {"tls.key": "(hidden)", "tls.crt": "(hidden)"}
    assert shown["metadata"]["annotations"]["team"] == "a"
    assert shown["type"] == "kubernetes.io/tls"
    assert before == SECRET


@pytest.mark.parametrize("data", [CANARY, [CANARY], None, 7])
def test_a_malformed_secret_is_hidden_too(data):
    assert redact({"apiVersion": "v1", "kind": "Secret", "data": data})["data"] == "(hidden)"


def test_in_a_diff_a_changed_value_is_marked_and_still_hidden():
    other = {**SECRET, "data": {"tls.key": "other", "tls.crt": "short"}}
    shown = redact(SECRET, other)
    assert shown["data"] == {"tls.key": "(hidden, changed)", "tls.crt": "(hidden)"}
    assert CANARY not in json.dumps(shown)


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [("v1", "ConfigMap"), ("bitnami.com/v1alpha1", "SealedSecret"), ("example.com/v1", "Secret")],
)
def test_other_objects_are_shown_as_they_are(api_version, kind):
    obj = {"apiVersion": api_version, "kind": kind, "data": {"a": "b"}}
    assert redact(obj) is obj
