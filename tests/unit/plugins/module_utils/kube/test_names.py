# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names, labels and ports. What is valid was asked of k8s.io/apimachinery 0.37.2."""

from __future__ import annotations

import re

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.kube.names import (
    dns1035_problem,
    dns_label_problem,
    dns_safe,
    dns_subdomain_problem,
    label_key_problem,
    label_value_problem,
)
from hypothesis import given
from hypothesis import strategies as st

CHECKS = [dns_label_problem, dns1035_problem, dns_subdomain_problem, label_value_problem, label_key_problem]

# text: valid as a DNS label, as an RFC 1035 label, as a subdomain, as the value of a label, as its key
VALID = {
    "a": (True, True, True, True, True),
    "1a": (True, False, True, True, True),
    "a-1": (True, True, True, True, True),
    "a.b": (False, False, True, True, True),
    "a..b": (False, False, False, True, True),
    "A": (False, False, False, True, True),
    "a_b": (False, False, False, True, True),
    "-a": (False, False, False, False, False),
    "a-": (False, False, False, False, False),
    "a.": (False, False, False, False, False),
    "": (False, False, False, True, False),
    "a/b": (False, False, False, False, True),
    "a/b/c": (False, False, False, False, False),
    "/a": (False, False, False, False, False),
    "a/": (False, False, False, False, False),
    "A/b": (False, False, False, False, False),
    "a.b/C_d": (False, False, False, False, True),
    "é": (False, False, False, False, False),
    "a\n": (False, False, False, False, False),
    "a b": (False, False, False, False, False),
    "a" * 63: (True, True, True, True, True),
    "a" * 64: (False, False, True, False, False),
    "a" * 253: (False, False, True, False, False),
    "a" * 254: (False, False, False, False, False),
    "a" * 253 + "/b": (False, False, False, False, True),
    "a" * 254 + "/b": (False, False, False, False, False),
    "a/" + "b" * 63: (False, False, False, False, True),
    "a/" + "b" * 64: (False, False, False, False, False),
}


@pytest.mark.parametrize(("text", "valid"), VALID.items())
def test_valid(text, valid):
    assert tuple(check(text) is None for check in CHECKS) == valid


@pytest.mark.parametrize(
    ("check", "value", "problem"),
    [
        (dns_label_problem, "a" * 64, "has 64 characters, at most 63 are allowed"),
        (
            dns_label_problem,
            "A",
            "may hold only lower-case letters, digits and '-', and begins and ends with a letter or digit",
        ),
        (
            dns1035_problem,
            "1a",
            "may hold only lower-case letters, digits and '-', "
            "and begins with a letter and ends with a letter or digit",
        ),
        (
            dns1035_problem,
            "",
            "is empty, it may hold only lower-case letters, digits and '-', "
            "and begins with a letter and ends with a letter or digit",
        ),
        (dns_subdomain_problem, "a" * 254, "has 254 characters, at most 253 are allowed"),
        (
            dns_subdomain_problem,
            "a..b",
            "may hold only lower-case letters, digits, '-' and '.', "
            "and each part between dots begins and ends with a letter or digit",
        ),
        (
            label_value_problem,
            "é" * 64,
            "may hold only letters, digits, '-', '_' and '.', and begins and ends with a letter or digit",
        ),
        (label_key_problem, "a/b/c", "has more than one '/', at most one is allowed, between a prefix and a name"),
        (label_key_problem, "a/" + "b" * 64, "has a name after '/' that has 64 characters, at most 63 are allowed"),
        (
            label_key_problem,
            "b" * 254 + "/a",
            "has a prefix before '/' that has 254 characters, at most 253 are allowed",
        ),
    ],
)
def test_phrases(check, value, problem):
    assert check(value) == problem


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Iris Model_v1.0", "iris-model-v1-0"),
        ("--a--", "a"),
        ("___", ""),
        ("", ""),
        ("é", ""),
        ("aéb", "a-b"),
        ("1a", "1a"),
    ],
)
def test_dns_safe(text, safe):
    assert dns_safe(text) == safe


@given(st.text())
def test_dns_safe_is_a_label_unless_too_long_or_empty(text):
    safe = dns_safe(text)
    assert not safe or len(safe) > 63 or dns_label_problem(safe) is None
    assert dns_safe(safe) == safe


@given(st.text(st.sampled_from(list("ab1-._/A é\n")), max_size=8))
def test_problems_are_phrases(text):
    for check in CHECKS:
        problem = check(text)
        assert problem is None or re.fullmatch(r"(is|has|may) [^\n]*[^.\n]", problem)
    # What RFC 1035 allows, RFC 1123 allows too, and each label is a subdomain and the value of a label.
    if dns1035_problem(text) is None:
        assert dns_label_problem(text) is None
    if dns_label_problem(text) is None:
        assert dns_subdomain_problem(text) is None
        assert label_value_problem(text) is None
