# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Expressions: what RE2 refuses, what fits, and that no pattern takes long.

Expected values are those of Go's ``regexp``, which has RE2's syntax.
"""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition import re2
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
    "/(a{100}){100}",
    "(((a{1,30}){1,30}){1,30})*",
    "(a{2}){501}",
    "(a{1000}b){2}",
    "(b|a{1000}){2}",
    "(a{501}(?i)b){2}",
    "(a{501,}){2}",
    "(a{501}){2,}",
    "((a{501})*){2}",
    "((a{501}){0,}){2}",
    "((a{2}){501}){0}",
    "(a{600}b{600}c){2}",
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


NESTED = [
    "(a{2}){500}",
    "(a{500}){2}",
    "a{1000}b{1000}",
    "(a{500}b{500}){2}",
    "(a{500}|b{500}){2}",
    "(a{1000})*",
    "(a{1000}){1}",
    "(a{1000}){0,}",
    "(a{0,}){1000}",
    "((a{1000}){0}){2}",
]


@pytest.mark.parametrize("pattern", NESTED)
def test_nested_repetitions_up_to_the_limit(pattern):
    assert regex_problem(pattern) is None


def test_nested_repetitions_are_refused_before_they_are_copied(monkeypatch):
    """With a limit on states that the inner repetition alone just keeps, another reason would be told."""
    monkeypatch.setattr(re2, "MOST_STATES", 5000)
    for pattern in ("((((a{0,900}){0,900}){0,900}){0,90})", "(a{1000}b){2}"):
        assert regex_problem(pattern) == "nests repetitions to more than 1000 times, which RE2 refuses"


def test_the_longest_expression():
    assert regex_problem("a" * 5000) is None
    assert regex_problem("a" * 5001) == "has 5001 characters, and more than 5000 are not judged"
    assert regex_problem("(" * 5001) == "has 5001 characters, and more than 5000 are not judged"


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
