# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions: what RE2 refuses, what fits, and that no pattern takes long.

Expected values are those of Go's ``regexp``, which has RE2's syntax.
"""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.re2 import (
    ExpressionError,
    UnjudgedError,
    expression,
    regex_problem,
)
from hypothesis import given, settings
from hypothesis import strategies as st

FITS = [
    ("a", "a", True),
    ("a", "ab", False),
    ("", "", True),
    (".*", "", True),
    (".", "\n", False),
    ("(?s).", "\n", True),
    ("lond.*", "london", True),
    ("(a|b)c", "bc", True),
    ("a|bc", "bc", True),
    ("[a-c]+", "abca", True),
    ("[^a-c]", "b", False),
    ("[]a]", "]", True),
    ("[a-]", "-", True),
    ("[[:alpha:]_]+", "aZ_", True),
    ("[[:^digit:]]", "1", False),
    ("[\\d.]+", "1.2", True),
    ("\\w+", "é", False),
    ("\\s", "\v", False),
    ("[[:space:]]", "\v", True),
    ("a{2}", "aa", True),
    ("a{2,}", "a", False),
    ("a{,2}", "a{,2}", True),
    ("(ab){1,2}", "abab", True),
    ("(ab){0}", "", True),
    ("(?i)Ab", "aB", True),
    ("(?i:a)b", "AB", False),
    ("(?i)a(?-i)b", "Ab", True),
    ("^a$", "a", True),
    ("(?m)a$\n^b", "a\nb", True),
    ("a\\bb", "ab", False),
    ("a\\Bb", "ab", True),
    ("\\Qa.b\\E", "a.b", True),
    ("\\Qab\\E*", "abbb", True),
    ("\\Qab", "ab", True),
    ("\\x41\\x{62}", "Ab", True),
    ("\\07", "\x07", True),
    ("\\pL\\PL", "é1", True),
    ("\\p{Lu}", "a", False),
    ("(?P<n>a)(?<m>b)", "ab", True),
    ("a*?b+?c??", "abc", True),
    ("{", "{", True),
    ("a{1", "a{1", True),
    ("\\.\\-", ".-", True),
]
REFUSED = [
    "(",
    ")",
    "(a",
    "[",
    "[]",
    "[a",
    "[z-a]",
    "[[:what:]]",
    "\\",
    "[\\",
    "*",
    "a**",
    "a*+",
    "a{2}{3}",
    "{2}",
    "+a",
    "a{1001}",
    "a{2,1}",
    "\\1",
    "\\q",
    "\\x4",
    "\\x{110000}",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?<!a)",
    "(?P<n>a)(?P<n>b)",
    "(?P<n",
    "(?P=n)",
    "(?x)a",
    "(?i-)a",
    "(?",
    "\\pX",
    "\\p{L",
    "[\\Qa\\E]",
    "((a{1000}){1000}){1000}",
    "(" * 200 + ")" * 200,
]


@pytest.mark.parametrize(("pattern", "text", "fits"), FITS)
def test_fits(pattern, text, fits):
    assert expression(pattern).fits(text) is fits


@pytest.mark.parametrize("pattern", REFUSED)
def test_refused(pattern):
    with pytest.raises(ExpressionError) as caught:
        expression(pattern)
    assert str(caught.value)


def test_what_only_re2_can_judge_is_passed_on():
    with pytest.raises(UnjudgedError):
        expression("\\p{Greek}")
    assert regex_problem("\\p{Greek}") is None


def test_no_pattern_takes_long():
    """A backtracking engine does not end here."""
    assert not expression("(a+)+b").fits("a" * 5000)
    assert not expression("(a|a)*(a|a)*b").fits("a" * 2000)


@settings(deadline=None, derandomize=True, max_examples=500)
@given(st.text("ab.*+?()[]{}|^$\\d-1,:PQEi<>", max_size=12), st.text("ab1", max_size=5))
def test_any_pattern_is_refused_or_runs(pattern, text):
    if pattern and regex_problem(pattern) is None:
        assert expression(pattern).fits(text) in (True, False)
