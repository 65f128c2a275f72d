# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entries one request can match both."""

from __future__ import annotations

import re
from itertools import combinations, product

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import TextMatch
from ansible_collections.mlops.ingress.plugins.module_utils.intent.model import Entry, Match, Policies
from ansible_collections.mlops.ingress.plugins.module_utils.intent.overlaps import beginnings, overlapping, overlaps
from ansible_collections.mlops.ingress.plugins.module_utils.intent.seldon import GRPC_PATH
from hypothesis import given, settings
from hypothesis import strategies as st

ANY = "\0"
BEGINNINGS = {
    "/a/b": ["/a/b"],
    "^/a/b$": ["/a/b"],
    "/a/.*": ["/a/"],
    "/a/.+x": [f"/a/{ANY}"],
    "/a.b": [f"/a{ANY}b"],
    r"/a\.b": ["/a.b"],
    "/a[.]b": ["/a.b"],
    "/a[bc]d": ["/a"],
    "/a[^b]": ["/a"],
    "/ab*c": ["/a"],
    "/ab?c": ["/a"],
    "/ab{2}": ["/a"],
    "/ab+c": ["/ab"],
    r"/a\d": ["/a"],
    r"/a\Qb\E": ["/a"],
    "(?i)/a": [""],
    ".*": [""],
    "/a|/b": ["/a", "/b"],
    "^/a$|^/b": ["/a", "/b"],
    "/(a|b)/c": ["/a/c", "/b/c"],
    "/x(a|b)?c": ["/x"],
    "/x(a|b)*c": ["/x"],
    "/x(a|b)+c": ["/xa", "/xb"],
    "/x(?:a|b)c": [""],
    "/x(a|b)|/y": [""],
    "/x[a|b]": [""],
    "/(a|(b|c))": [""],
    GRPC_PATH: [f"/seldon{ANY}protos", f"/tensorflow{ANY}serving", "/inference"],
    GRPC_PATH.replace(".p", r"\.p"): ["/seldon.protos", f"/tensorflow{ANY}serving", "/inference"],
}


@pytest.mark.parametrize(("pattern", "expected"), BEGINNINGS.items(), ids=BEGINNINGS)
def test_beginnings(pattern, expected):
    assert list(beginnings(pattern)) == expected


def match(kind="prefix", path="/", methods=(), headers=(), query=()):
    texts = (tuple((name, TextMatch(*text)) for name, text in pairs) for pairs in (headers, query))
    return Match(kind, path, methods, *texts)


ONE, TWO, ANY_VALUE = ("exact", "1"), ("exact", "2"), ("present",)
PAIRS = {
    "equal-prefixes": (match(path="/a"), match(path="/a"), True),
    "prefix-in-prefix": (match(path="/a"), match(path="/ab"), True),
    "prefixes-beside-each-other": (match(path="/ab"), match(path="/ac"), False),
    "exact-in-prefix": (match("path", "/a/b"), match(path="/a/"), True),
    "exact-before-prefix": (match("path", "/a"), match(path="/a/"), False),
    "equal-exact": (match("path", "/a"), match("path", "/a"), True),
    "exact-in-exact": (match("path", "/a"), match("path", "/a/"), False),
    "exact-in-regex": (match("path", "/a1"), match("regex", "/a[0-9]"), True),
    "exact-beside-regex": (match("path", "/a1x"), match("regex", "/a[0-9]"), False),
    "regex-in-prefix": (match(path="/a/"), match("regex", "/.*x"), True),
    "regex-that-goes-on-in-prefix": (match(path="/a/b/c"), match("regex", "/a/.+"), True),
    "regex-beside-prefix": (match(path="/a/b"), match("regex", "/a/c.*"), False),
    "regex-beside-regex": (match("regex", "/a/.*"), match("regex", "/b/.*"), False),
    "regex-over-regex": (match("regex", "/a/.*x"), match("regex", "/.*y"), True),
    "grpc-beside-rest": (match("regex", GRPC_PATH), match(path="/seldon/p/m/"), False),
    "grpc-over-rest": (match("regex", GRPC_PATH), match(path="/seldon/protos-1/m/"), True),
    "one-method-each": (match(methods=("GET",)), match(methods=("POST",)), False),
    "a-method-in-common": (match(methods=("GET", "PUT")), match(methods=("POST", "PUT")), True),
    "any-method": (match(methods=("GET",)), match(), True),
    "two-values": (match(headers=[("h", ONE)]), match(headers=[("h", TWO)]), False),
    "one-value": (match(headers=[("h", ONE)]), match(headers=[("h", ONE)]), True),
    "two-headers": (match(headers=[("h", ONE)]), match(headers=[("i", TWO)]), True),
    "a-value-and-any": (match(headers=[("h", ONE)]), match(headers=[("h", ANY_VALUE)]), True),
    "a-value-that-fits": (match(headers=[("h", ONE)]), match(headers=[("h", ("regex", "[12]"))]), True),
    "a-value-that-does-not": (match(headers=[("h", ONE)]), match(headers=[("h", ("regex", "[2-9]"))]), False),
    "two-expressions": (match(headers=[("h", ("regex", "1"))]), match(headers=[("h", ("regex", "2"))]), True),
    "two-values-of-a-parameter": (match(query=[("q", ONE)]), match(query=[("q", TWO)]), False),
    "a-header-and-a-parameter": (match(headers=[("q", ONE)]), match(query=[("q", TWO)]), True),
}


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS.values(), ids=PAIRS)
def test_overlaps(one, other, expected):
    for pair in ((one, other), (other, one)):
        assert overlaps(*pair) == expected
    found = list(overlapping([(1, entry(other)), (0, entry(one))]))
    assert bool(found) == expected
    assert all(pair == ((0, entry(one)), (1, entry(other))) for pair in found)


def entry(given_match):
    return Entry("service", given_match, (), Policies())


PATHS = ("/", "/a", "/a/", "/a/b", "/a.b", "/ab", "/a/b/c", "/b", "/b/c", "/seldon/protos/x/y", "/inference.S/P")
PATTERNS = (".*", "/.*", "/a", "/a.?b.*", "/(a|b)/.*", "/a|/b.*", r"/a\.b", "/[ab]", "/ab?", "(?i)/A.*", GRPC_PATH)
VALUES = (ONE, TWO, ANY_VALUE, ("regex", "[13]"))
conditions = st.lists(
    st.tuples(st.sampled_from(("h", "i")), st.sampled_from(VALUES)), max_size=2, unique_by=lambda pair: pair[0]
)
matches = st.builds(
    lambda path, methods, headers, query: match(*path, methods, headers, query),
    st.tuples(st.sampled_from(("prefix", "path")), st.sampled_from(PATHS))
    | st.tuples(st.just("regex"), st.sampled_from(PATTERNS)),
    st.sampled_from(((), ("GET",), ("GET", "PUT"), ("POST",))),
    conditions,
    conditions,
)


def takes(found, path, method, headers, query):
    """Whether a match takes a request, said without the code under test."""
    fits = {
        "prefix": path.startswith(found.path),
        "path": path == found.path,
        "regex": found.path_kind == "regex" and re.fullmatch(found.path, path),
    }
    pairs = [(text, headers.get(name)) for name, text in found.headers]
    pairs += [(text, query.get(name)) for name, text in found.query]
    return fits[found.path_kind] and method in (found.methods or (method,)) and all(has(*pair) for pair in pairs)


def has(text, value):
    pattern = {"exact": re.escape(text.value), "regex": text.value, "present": ".*"}[text.kind]
    return value is not None and re.fullmatch(pattern, value)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(matches, matches)
def test_what_one_request_matches_overlaps(one, other):
    values = [dict(zip("hi", found, strict=True)) for found in product("123", repeat=2)]
    for path, method, headers, query in product(PATHS, ("GET", "PUT", "POST"), values, values):
        if takes(one, path, method, headers, query) and takes(other, path, method, headers, query):
            assert overlaps(one, other), (path, method, headers, query)
            return


@settings(deadline=None, derandomize=True, max_examples=300)
@given(st.lists(st.tuples(st.integers(0, 3), matches), max_size=8))
def test_no_pair_is_passed_over(given_matches):
    entries = [(owner, entry(found)) for owner, found in given_matches]
    expected = {
        frozenset((one, other))
        for one, other in combinations(entries, 2)
        if one[0] != other[0] and overlaps(one[1].match, other[1].match)
    }
    found = list(overlapping(entries))
    assert {frozenset(pair) for pair in found} == expected
    assert all(first[0] < second[0] for first, second in found)
