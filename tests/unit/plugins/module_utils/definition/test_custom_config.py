# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documents of Ambassador configuration: what is kept of them, and how short the reasons to refuse them are."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.custom_config import (
    custom_documents,
    document_problems,
)

MAPPING = {"apiVersion": "ambassador/v1", "kind": "Mapping", "name": "m", "prefix": "/a/", "service": "s"}
KINDS = "allowed are Mapping, TCPMapping, TLSContext"


@pytest.mark.parametrize(("line", "namespace"), [("", ""), ("namespace:\n", ""), ("namespace: other\n", "other")])
def test_the_namespace_is_kept(line, namespace):
    text = "apiVersion: ambassador/v1\nkind: Mapping\nname: m\nprefix: /a/\nservice: s\ngeneration: 1\n"
    (document,) = custom_documents(text + line)
    assert (document.namespace, document.fields) == (namespace, {"prefix": "/a/", "service": "s"})


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"kind": "Module"}, f"has kind 'Module'; {KINDS}"),
        ({"kind": "K" * 10_000_000}, f"has kind '{'K' * 77}...'; {KINDS}"),
        ({"kind": ["K"] * 1000}, f"has kind a list; {KINDS}"),
        ({"kind": 10**5000}, f"has kind a number of more than 40 digits; {KINDS}"),
        ({"kind": None}, f"has no kind; {KINDS}"),
        ({"namespace": 5}, "has the number 5 as namespace, which must be text"),
        ({"service": {}}, "has a mapping as service, which must be text"),
    ],
    ids=range(7),
)
def test_problems_are_short(change, problem):
    assert document_problems(MAPPING | change) == [problem]
