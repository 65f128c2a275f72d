# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private key that somebody pasted where it does not belong is shown by no message."""

from __future__ import annotations

import base64
import random

import pytest
from ansible_collections.mlops.ingress.plugins.filter.routing import lint
from ansible_collections.mlops.ingress.plugins.module_utils.definition.fields import on_one_line, quoted, shown
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import in_a_sentence
from ansible_collections.mlops.ingress.plugins.module_utils.definition.safe_text import without_keys
from ansible_collections.mlops.ingress.tests.support.strategies import deployment

LINE = base64.b64encode(random.Random(7).randbytes(48)).decode()
KEY = f"-----BEGIN PRIVATE KEY-----\n{LINE}\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("show", [shown, quoted, in_a_sentence, on_one_line, without_keys])
@pytest.mark.parametrize("text", [KEY, LINE, f"x: {LINE}", base64.b64encode(KEY.encode()).decode()])
def test_a_key_is_not_shown(show, text):
    said = show(text)
    assert not any(LINE[place : place + 12] in said for place in range(len(LINE) - 12))
    assert base64.b64encode(KEY.encode()).decode()[:20] not in said


@pytest.mark.parametrize(
    "text",
    [
        "n" * 63,
        "seldon-0123456789abcdef0123456789abcdef-explainer-with-a-name",
        "/seldon/models/a-model-of-the-team-2/api/v1.0/predictions",
        "https://models.example.com/a/rather/long/path/to/something/else",
        "sha256:" + "0123456789abcdef" * 4,
        "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*",
    ],
)
def test_what_is_no_key_is_shown(text):
    assert without_keys(text) == text


@pytest.mark.parametrize(
    "definition",
    [
        deployment(KEY),
        deployment(notes={"rest-timeout": KEY}),
        deployment(notes={"rest-timeout": LINE}),
        deployment(notes={"ambassador-header": LINE}),
        deployment(notes={"ambassador-config": KEY}),
        {
            "apiVersion": "getambassador.io/v3alpha1",
            "kind": "Mapping",
            "metadata": {"name": "m", "namespace": "n"},
            "spec": {"hostname": "*", "prefix": "/x/", "service": "s", "tls": LINE, "weight": 150},
        },
    ],
)
def test_no_finding_shows_a_key(definition):
    said = str(lint([definition], provider=["ambassador", "istio"]))
    assert not any(LINE[place : place + 12] in said for place in range(len(LINE) - 12))
