# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bytes of yaml.v2. Every expected text here is what `yaml.Marshal` of gopkg.in/yaml.v2 v2.4.0 returned."""

from __future__ import annotations

import itertools
import math
from types import MappingProxyType

import pytest
import yaml
from ansible_collections.mlops.ingress.plugins.module_utils.kube.go_yaml import in_map_order, write_in_order
from ansible_collections.mlops.ingress.plugins.module_utils.kube.reader import read_documents
from hypothesis import assume, example, given
from hypothesis import strategies as st

# Texts that stand as they are, as a key and as a value.
PLAIN = """
a#b :a a:b -a ?a ..a -- .- a[b] a{b} a,b it's a"b a\\b = << 1h 0x _1 1_a 1e400 1:60 :30 2001-02-29 2001-01-01T1:2:3
2001-13-01 2001-00-01 20010-01-01 2001-01-01T00:00:00+25:00 2001-01-01T24:00:00Z m-p.n:8000 /seldon/n/m/ é中\xa0\ue000
(seldon.protos.*|tensorflow.serving.*|inference.*)/.*
""".split(" ")
PLAIN = [text for word in PLAIN for text in word.strip("\n").split("\n")]
# What would be something else than text to a reader, yaml.v2 or another.
DOUBLE = """
y N yes Off true null ~ 017 0o17 0x1F 0b1 1e3 1_0 .5 +.inf .NaN -0 1:30 -1:30:59.5 5_000 2001-01-01 2000-02-29
0000-02-29 2001-1-1T1:2:3Z 2001-01-01t1:2:3.5+24:60 2001-01-01T1:2:3,5-00:00
""".split()
DOUBLE += ["", "2001-01-01   1:2:3,5"]
# What would be an indicator.
SINGLE = "#a [a] {a} &a *a !a | > 'a' \"a\" %a @a `a` ,a ? : a: - --- ---a ... ...a".split()
SINGLE += ["a #b", ": a", "? a", "- a", "a: b", " a", "a ", "- 'é'"]

# Text and how it stands as the value of the key `a`.
TEXTS = [
    ("1\n2", "|-\n  1\n  2\n"),
    ("1\n2\n", "|\n  1\n  2\n"),
    ("1\n\n", "|+\n  1\n\n"),
    ("\n", "|2+\n\n"),
    ("\n1", "|2-\n\n  1\n"),
    (" 1\n2", "|2-\n   1\n  2\n"),
    ("1\n  2", "|-\n  1\n    2\n"),
    ("#\n- 1: \xa0\n", "|\n  #\n  - 1: \xa0\n"),
    ("1 \n2", '"1 \\n2"\n'),
    ("1\n2 ", '"1\\n2 "\n'),
    ("1\r\n2", '"1\\r\\n2"\n'),
    ("1\n\t2", '"1\\n\\t2"\n'),
    ("1\u20282", "'1\u2028  2'\n"),
    ("\u20281\u2029\u2029", "'\u2028  1\u2029\u2029'\n"),
    ("1\u2028 2", '"1\\L 2"\n'),
    ("1\n2\u2028", "|\n  1\n  2\u2028"),
    ("1\n2\u2028\n", "|+\n  1\n  2\u2028\n"),
    ("a\tb", '"a\\tb"\n'),
    ("😀", '"\\U0001F600"\n'),
    ('\0\a\b\t\n\v\f\r\x1b\x7f\x85\xa0"\\/é中\ufffe', '"\\0\\a\\b\\t\\n\\v\\f\\r\\e\\x7F\\N\xa0\\"\\\\/é中\\uFFFE"\n'),
    ("a\ufeff b", '"a\\uFEFF b"\n'),
    # A byte order mark at the beginning makes yaml.v2 escape everything.
    ('\ufeffb "é\xa0\u2029', '"\\uFEFF\\x62\\x20\\"\\xE9\\_\\P"\n'),
    # Characters count, not bytes; the space that follows the 81st column goes.
    ("é" * 77 + " 2 3", "é" * 77 + " 2\n  3\n"),
    ("é" * 78 + " 2 3", "é" * 78 + "\n  2 3\n"),
    ("é" * 78 + "  2 3", "é" * 78 + "  2\n  3\n"),
    ("#" + "y" * 75 + "'  2 3 ", "'#" + "y" * 75 + "''  2\n  3 '\n"),
    ("\t" + "y" * 75 + "  2 3 ", '"\\t' + "y" * 75 + '\n  \\ 2 3 "\n'),
    ("\t" + "y" * 75 + " ", '"\\t' + "y" * 75 + ' "\n'),
    ("y" * 90 + "\u20281 2", "'" + "y" * 90 + "\u2028  1 2'\n"),
    ("y" * 90 + " 2\n3", "|-\n  " + "y" * 90 + " 2\n  3\n"),
]

DOCUMENTS = [
    ({}, "{}\n"),
    ({"b": 1, "a": "x"}, "b: 1\na: x\n"),
    ({"a": None, "b": True, "c": False}, "a: null\nb: true\nc: false\n"),
    ({"a": {}, "b": []}, "a: {}\nb: []\n"),
    ({"a": [{"b": 1, "c": [2]}, {}]}, "a:\n- b: 1\n  c:\n  - 2\n- {}\n"),
    ({"a": [[1, [2]], []]}, "a:\n- - 1\n  - - 2\n- []\n"),
    ({"b": {"d": {"c": 1}, "a": "x"}}, "b:\n  d:\n    c: 1\n  a: x\n"),
    ({"a": 2**64 - 1, "b": -(2**63)}, "a: 18446744073709551615\nb: -9223372036854775808\n"),
    (
        {"a": [0.0, -0.0, 1.0, 999999.5, 1e6, -1234567.5, 1e15, 1e16, 0.0001, 1e-05, 5e-324]},
        "a:\n- 0\n- -0\n- 1\n- 999999.5\n- 1e+06\n- -1.2345675e+06\n- 1e+15\n- 1e+16\n- 0.0001\n- 1e-05\n- 5e-324\n",
    ),
    ({"a": [["y" * 77 + " 2", "y" * 76 + " 2"]]}, "a:\n- - " + "y" * 77 + "\n    2\n  - " + "y" * 76 + " 2\n"),
    ({"y" * 81: "1 2"}, "y" * 81 + ": 1\n  2\n"),
    ({"y" * 81 + " 1": ""}, "y" * 81 + ' 1: ""\n'),
    ({"a": {"b": ["1\n2\n", " \u2028"]}}, 'a:\n  b:\n  - |\n    1\n    2\n  - " \\L"\n'),
    ({"a": "1\n2\u2028", "b": 1}, "a: |\n  1\n  2\u2028b: 1\n"),
    # A key counts in bytes; behind `? ` it is folded, and a list is indented.
    ({"y" * 128: 1, "y" * 129: 1}, "y" * 128 + ": 1\n? " + "y" * 129 + "\n: 1\n"),
    ({"é" * 65: [1, {"b": 2}], "b": [1]}, "? " + "é" * 65 + "\n: - 1\n  - b: 2\nb:\n- 1\n"),
    ({"y" * 127 + " 1": {"b": 2}, "c": {}}, "? " + "y" * 127 + "\n  1\n: b: 2\nc: {}\n"),
    ({"a": [{"1\n2": {"b": [1]}, "c": []}]}, "a:\n- ? |-\n    1\n    2\n  : b:\n    - 1\n  c: []\n"),
    ({"1\n": ["x"]}, "? |\n  1\n: - x\n"),
    ({"a\u2028b": {}}, "? 'a\u2028  b'\n: {}\n"),
    ({"a\r": 1, "\x85": []}, '? "a\\r"\n: 1\n? "\\N"\n: []\n'),
    ({"a\tb": 1, "": 2, "n": 3}, '"a\\tb": 1\n"": 2\n"n": 3\n'),
    (MappingProxyType({"a": MappingProxyType({})}), "a: {}\n"),
    # The operator's fields, with the maps among them sorted.
    (
        {
            "apiVersion": "ambassador/v1",
            "name": "seldon_n_m_p_grpc_mapping",
            "grpc": True,
            "prefix": "/(seldon.protos.*|tensorflow.serving.*|inference.*)/.*",
            "rewrite": "",
            "headers": in_map_order({"x-10": ":a", "x-9": "5s", "namespace": "n"}),
            "retry_policy": {"retry_on": "5xx", "num_retries": 3},
            "circuit_breakers": [{"max_connections": 1, "max_retries": 2}, {}],
        },
        "apiVersion: ambassador/v1\nname: seldon_n_m_p_grpc_mapping\ngrpc: true\n"
        'prefix: /(seldon.protos.*|tensorflow.serving.*|inference.*)/.*\nrewrite: ""\n'
        'headers:\n  namespace: "n"\n  x-9: 5s\n  x-10: :a\nretry_policy:\n  retry_on: 5xx\n  num_retries: 3\n'
        "circuit_breakers:\n- max_connections: 1\n  max_retries: 2\n- {}\n",
    ),
]

# The keys of a Go map as yaml.v2 writes them.
ORDERS = [
    ["", "+", "-", "_", "0", "00", "1", "01", "2", "10", "A", "Z", "a", "b", "é", "中"],
    ["x", "x ", "x-9", "x-10", "x-10-a", "x_1", "x1", "x01", "x2", "x2a", "x02", "x10", "xA", "xa"],
    ["a00", "a0b", "a100", "a1b0", "a1b00", "a1b2", "a1b10", "ab"],
    ["1-", "1.5", "1.10", "10", "100", "101", "1٣", "1a"],
    # Go's 64 bits overflow.
    ["9" * 19, "1" + "0" * 19, "9" * 20],
]


@pytest.mark.parametrize(("value", "text"), DOCUMENTS)
def test_documents(value, text):
    assert write_in_order(value) == text
    assert read_documents(text)[0].value == value


@pytest.mark.parametrize(("text", "written"), TEXTS)
def test_texts(text, written):
    assert write_in_order({"a": text}) == f"a: {written}"
    assert read_documents(f"a: {written}")[0].value == {"a": text}


@pytest.mark.parametrize(("quote", "texts"), [("", PLAIN), ('"', DOUBLE), ("'", SINGLE)])
def test_quotes(quote, texts):
    for text in texts:
        written = quote + (text.replace("'", "''") if quote == "'" else text) + quote
        assert write_in_order({"a": text, text: [text]}) == f"a: {written}\n{written}:\n- {written}\n"


@pytest.mark.parametrize("keys", ORDERS)
def test_map_order(keys):
    assert list(in_map_order(dict.fromkeys(reversed(keys)))) == keys
    assert list(in_map_order(dict.fromkeys(sorted(keys)))) == keys


@pytest.mark.parametrize("first", ["1", "0", "9", "x1"])
def test_keys_of_many_digits(first):
    """With a number that grows by each digit, these would take minutes."""
    long = first + "1" * 1_000_000
    keys = [long, long + "2", first + "2"]
    assert sorted(in_map_order(dict.fromkeys(keys))) == sorted(keys)


def test_an_order_that_yaml_v2_leaves_to_chance():
    orders = {tuple(in_map_order(dict.fromkeys(keys))) for keys in itertools.permutations(["1", "01", "0a"])}
    assert len(orders) == 1


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ({"a": (1,)}, "a value is of type tuple and not plain JSON, or a number out of range"),
        ({"a": [math.nan]}, "a value is of type float and not plain JSON, or a number out of range"),
        ({"a": {"b": 2**64}}, "a value is of type int and not plain JSON, or a number out of range"),
        ({"a": -(2**63) - 1}, "a value is of type int and not plain JSON, or a number out of range"),
        ({"a": {1: 2}}, "a key is of type int, only text is allowed"),
        ({"a": "x\ud800"}, "a text holds half a character (a lone surrogate)"),
        ({"\ud800\n": 1}, "a text holds half a character (a lone surrogate)"),
    ],
)
def test_refused(value, sentence):
    with pytest.raises(TypeError) as caught:
        write_in_order(value)
    assert str(caught.value) == sentence


NASTY = st.text(
    st.sampled_from(list("ayn01:.-+_e=<~'\"#&*!|>%@`,[]{}? \t\n\n\r\\é\x85\u2028\u2029\ufeff\x00\x1b😀\uffff")),
    max_size=12,
)
LONG = st.lists(st.sampled_from(["a", "'", '"', " ", "  ", "é" * 30, "b" * 50, "\u2028", "\t"]), max_size=20).map(
    "".join
)
TEXT = st.one_of(NASTY, LONG, st.text(max_size=8))
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
)


def objects(scalars):
    values = st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
        max_leaves=12,
    )
    return st.dictionaries(TEXT, values, max_size=4)


@given(objects(SCALARS))
@example({"a" * 70 + "\t" + "b  " * 30: [["x\n\n\n", {"\n y": "\n"}]]})
def test_reads_back(value):
    written = write_in_order(value)
    # yaml.v2 writes the key `<<` bare, which is a merge key to every reader.
    assume("<<: " not in written and "<<:\n" not in written)
    [document] = read_documents(written)
    assert document.value == value
    assert list(document.value) == list(value)


# PyYAML's own idea of numbers and dates is left out: it reads everything as text here.
@given(objects(TEXT))
def test_pyyaml_reads_the_same_text(value):
    written = write_in_order(value)
    for loader in (yaml.BaseLoader, getattr(yaml, "CBaseLoader", yaml.BaseLoader)):
        assert loader(written).get_single_data() == value


@given(st.dictionaries(NASTY, st.integers()))
def test_map_order_keeps_every_pair(value):
    ordered = in_map_order(value)
    assert ordered == value
    assert list(ordered) == list(in_map_order(dict(reversed(value.items()))))
