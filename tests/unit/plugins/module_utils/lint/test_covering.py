# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often expressions are tried on paths, whoever writes them."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.lint import covering
from ansible_collections.mlops.ingress.plugins.module_utils.lint.covering import Expressions
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Text

MOST_RUNS = 1_000
# What one question may cost beyond the bound: an expression fits a prefix by five examples.
EXAMPLES = {"exact": 1, "prefix": 5}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_expressions_run_only_so_often(monkeypatch, kind):
    runs = []

    def counted(text, value, *, fits=covering.text_fits):
        runs.append(value)
        return fits(text, value)

    monkeypatch.setattr(covering, "text_fits", counted)
    expressions, wide = Expressions(), Text("regex", "/a.*")
    asked = MOST_RUNS // EXAMPLES[kind]
    assert all(expressions.fit(wide, Text(kind, f"/a{number}")) for number in range(asked))
    assert len(runs) == MOST_RUNS
    assert not any(expressions.fit(wide, Text(kind, f"/a{number}")) for number in range(asked, asked + 50))
    assert len(runs) == MOST_RUNS
    # What is known already is still told.
    assert expressions.fit(wide, Text(kind, "/a0"))
