# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documents that every reader reads alike. What they look like was read back with go-yaml 2 and 3."""

from __future__ import annotations

import math
from types import MappingProxyType

import pytest
import yaml
from ansible_collections.mlops.ingress.plugins.module_utils.kube.reader import read_documents
from ansible_collections.mlops.ingress.plugins.module_utils.kube.scalars import needs_quotes
from ansible_collections.mlops.ingress.plugins.module_utils.kube.writer import write_document
from hypothesis import example, given
from hypothesis import strategies as st

SHARED = {"x": 1}

DOCUMENTS = [
    ({}, "{}\n"),
    ({"b": 1, "a": "x"}, "a: x\nb: 1\n"),
    ({"a": None, "b": True, "c": False}, "a: null\nb: true\nc: false\n"),
    ({"a": {}, "b": []}, "a: {}\nb: []\n"),
    ({"a": [1, "x"]}, "a:\n- 1\n- x\n"),
    ({"a": [{"b": 1, "c": [2]}, {}]}, "a:\n- b: 1\n  c:\n  - 2\n- {}\n"),
    ({"a": [[1, [2]], []]}, "a:\n- - 1\n  - - 2\n- []\n"),
    ({"a": {"b": {"c": 1}}}, "a:\n  b:\n    c: 1\n"),
    ({"a": SHARED, "b": SHARED, "c": [SHARED]}, "a:\n  x: 1\nb:\n  x: 1\nc:\n- x: 1\n"),
    ({"a": "é 日本 😀"}, "a: é 日本 😀\n"),
    ({"y": "n"}, '"y": "n"\n'),
    ({"a": "it's \\d"}, "a: it's \\d\n"),
    ({"a": "'\\d'"}, "a: '''\\d'''\n"),
    ({"a": '"x"'}, "a: '\"x\"'\n"),
    ({"a": "x " * 100 + "y"}, "a: " + "x " * 100 + "y\n"),
    ({"a": "1\n2\n"}, "a: |\n  1\n  2\n"),
    ({"a": "1\n2"}, "a: |-\n  1\n  2\n"),
    ({"a": "1\n\n", "b": 2}, "a: |+\n  1\n\nb: 2\n"),
    ({"a": "1\n\n   2 \n"}, "a: |\n  1\n\n     2 \n"),
    ({"a": ["1\n2\n"]}, "a:\n- |\n  1\n  2\n"),
    ({"a": {"b": "1\n2\n"}}, "a:\n  b: |\n    1\n    2\n"),
    ({"a": "\n1"}, 'a: "\\n1"\n'),
    ({"a": " 1\n2"}, 'a: " 1\\n2"\n'),
    ({"a": "1\r\n2"}, 'a: "1\\r\\n2"\n'),
    ({"a": "1\u2028\n"}, 'a: "1\\u2028\\n"\n'),
    ({"a": "\x00\x07\x85\ufeff\t"}, 'a: "\\x00\\x07\\x85\\uFEFF\\t"\n'),
    ({"a\nb": 1}, '"a\\nb": 1\n'),
    ({"x" * 1001: {"b": [1]}}, "? " + "x" * 1001 + "\n:\n  b:\n  - 1\n"),
    ({"a": [{"x" * 1001: 1, "y": [1]}]}, "a:\n- ? " + "x" * 1001 + '\n  : 1\n  "y":\n  - 1\n'),
    ({"a": 1.0, "b": 1e16, "c": 5e-324, "d": -0.0}, "a: 1.0\nb: 1.0e+16\nc: 5.0e-324\nd: -0.0\n"),
    ({"a": 2**64 - 1, "b": -(2**63)}, "a: 18446744073709551615\nb: -9223372036854775808\n"),
    (MappingProxyType({"a": MappingProxyType({})}), "a: {}\n"),
]


@pytest.mark.parametrize(("value", "text"), DOCUMENTS)
def test_documents(value, text):
    assert write_document(value) == text
    assert read_documents(text)[0].value == value
    assert yaml.safe_load(text) == value


@pytest.mark.parametrize(
    "text",
    "y n on off yes no true null ~ 1e3 0o17 017 0x1F = << 1:30 2001-01-01 1_000 .5 .inf - ? -- --- ... 5_000".split(),
)
def test_every_reader_sees_text(text):
    value = {"value": text, text: "key", "list": [text]}
    written = write_document(value)
    assert needs_quotes(text) == (f'value: "{text}"' in written) == (f'"{text}": key' in written)
    assert read_documents(written)[0].value == value
    assert yaml.safe_load(written) == value


def nested(levels):
    value = {}
    for _level in range(levels - 1):
        value = {"a": value}
    return value


def test_depth():
    assert read_documents(write_document(nested(100)))[0].value == nested(100)
    for levels in (101, 102, 10_000):
        with pytest.raises(TypeError, match="the value has more than 100 levels"):
            write_document(nested(levels))


def test_a_value_that_holds_itself():
    loop = {}
    loop["loop"] = loop
    with pytest.raises(TypeError, match="more than 100 levels"):
        write_document(loop)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ([], "a document is a mapping, this is of type list"),
        ({"a": (1,)}, "a: the value is of type tuple, only plain JSON values are allowed"),
        ({"a": {"b": [0, {1}]}}, "a.b[1]: the value is of type set, only plain JSON values are allowed"),
        ({"a": b"x"}, "a: the value is of type bytes, only plain JSON values are allowed"),
        ({1: 2}, "the document: the key 1 is of type int, only text is allowed"),
        ({"a": [{None: 2}]}, "a[0]: the key None is of type NoneType, only text is allowed"),
        ({"a": math.nan}, "a: the value is nan, which JSON cannot hold"),
        ({"a": -math.inf}, "a: the value is -inf, which JSON cannot hold"),
        ({"a": 2**64}, "a: the number has more than 64 bits, Kubernetes cannot hold it"),
        ({"a": -(2**63) - 1}, "a: the number has more than 64 bits, Kubernetes cannot hold it"),
        ({"a": "x\ud800"}, "a: the text holds half a character (a lone surrogate)"),
    ],
)
def test_refused(value, sentence):
    with pytest.raises(TypeError) as caught:
        write_document(value)
    assert str(caught.value) == sentence


NASTY = st.text(
    st.sampled_from(list("ayn01:.-+_e=<~'\"#&*!|>%@`,[]{}? \t\n\n\r\\é\x85\u2028\ufeff\x00\x1b😀\uffff")), max_size=12
)
TEXT = st.one_of(NASTY, st.text(max_size=8))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
OBJECTS = st.dictionaries(TEXT, VALUES, max_size=4)


@given(OBJECTS)
@example({"a": "x\n  \n\n", "b": ["x\n \ny\t\n"]})
@example({"\"é'" * 400: ["x\n\n\n"], "b": 1})
def test_reads_back(value):
    written = write_document(value)
    [document] = read_documents(written)
    assert document.value == value
    # Equality alone takes True for 1 and 1.0 for 1.
    assert _types(document.value) == _types(value)
    assert yaml.safe_load(written) == value
    if hasattr(yaml, "CSafeLoader"):
        assert yaml.load(written, yaml.CSafeLoader) == value


def _types(value):
    if isinstance(value, dict):
        return {key: _types(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_types(inner) for inner in value]
    return type(value)


@given(OBJECTS)
def test_form(value):
    written = write_document(value)
    assert written == write_document(dict(reversed(value.items())))
    assert written.endswith("\n")
    assert not written.startswith("---")
    assert "\n---" not in written
    assert not any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(written))
