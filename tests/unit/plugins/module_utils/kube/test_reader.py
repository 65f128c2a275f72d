# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Streams of YAML and JSON, read as Kubernetes does. What is accepted was asked of sigs.k8s.io/yaml 1.6.0."""

from __future__ import annotations

import json
import time

import pytest
import yaml
from ansible_collections.mlops.ingress.plugins.module_utils.kube import reader
from ansible_collections.mlops.ingress.plugins.module_utils.kube.reader import (
    Document,
    Limits,
    YamlError,
    read_documents,
)
from hypothesis import example, given
from hypothesis import strategies as st

HAS_LIBYAML = hasattr(yaml, "CSafeLoader")


@pytest.fixture(params=["libyaml", "python"], autouse=True)
def _parser(request):
    """Every test here holds for both parsers: libyaml's and the one that PyYAML has without it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "python" and HAS_LIBYAML:
            patch.delattr(yaml, "CSafeLoader")
        yield


def value_of(text):
    [document] = read_documents(text)
    return document.value


def error_of(text, limits=Limits()):  # noqa: B008 - frozen
    with pytest.raises(YamlError) as caught:
        read_documents(text, limits)
    return caught.value


# --- documents ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ("", []),
        ("# only a comment\n", []),
        ("---\n# only a comment\n", []),
        ("a: 1\n", [(1, {"a": 1}, 1)]),
        ("# first\n---\na: 1\n", [(1, {"a": 1}, 3)]),
        ("---\n---\na: 1\n---\n# nothing\n---\nb: 2\n", [(2, {"a": 1}, 3), (4, {"b": 2}, 7)]),
        ("a: 1\n...\n---\nb: 2\n...\n", [(1, {"a": 1}, 1), (2, {"b": 2}, 4)]),
        ("--- text\n--- ''\n--- null\n", [(1, "text", 1), (2, "", 2), (3, None, 3)]),
        ("\ufeffa: 1\r\nb: 2\r\n", [(1, {"a": 1, "b": 2}, 1)]),
        ("%YAML 1.2\n---\na: 1\n", [(1, {"a": 1}, 3)]),
        ("- 1\n- [x, {y: z}]\n", [(1, [1, ["x", {"true": "z"}]], 1)]),
    ],
)
def test_documents(text, documents):
    assert read_documents(text) == [Document(*document) for document in documents]


@pytest.mark.parametrize(
    ("text", "documents"),
    [
        ('{"a": [1, 1.5, true, null, "x"]}', [(1, {"a": [1, 1.5, True, None, "x"]}, 1)]),
        ('\n {"a": 1}\n{"b": 2} {"c": 3}\n', [(1, {"a": 1}, 2), (2, {"b": 2}, 3), (3, {"c": 3}, 3)]),
        ('{\n\t"a": "\\/"\n}', [(1, {"a": "/"}, 1)]),
        # One character as a pair of escapes is JSON, not YAML.
        ('{"a": "\\ud83d\\ude00"}', [(1, {"a": "😀"}, 1)]),
        ('\ufeff{"a": "\\ud83d\\ude00"}', [(1, {"a": "😀"}, 1)]),
        # From here on JSON says no and YAML yes, as with kubectl.
        ('{"a": 1,}', [(1, {"a": 1}, 1)]),
        ('{"a": 1} # one\n---\nb: 2\n', [(1, {"a": 1}, 1), (2, {"b": 2}, 3)]),
        ('{"a": NaN, "b": 1e400}', [(1, {"a": "NaN", "b": "1e400"}, 1)]),
        ('{"a": 18446744073709551616}', [(1, {"a": 2.0**64}, 1)]),
        ("{a: b}\n", [(1, {"a": "b"}, 1)]),
        ('["a", 1]\n', [(1, ["a", 1], 1)]),
    ],
)
def test_json(text, documents):
    assert read_documents(text) == [Document(*document) for document in documents]


# --- scalars and tags ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("y", True),
        ("'y'", "y"),
        ("|-\n  y", "y"),
        ("=", "="),
        ("<<", "<<"),
        ("1:30", "1:30"),
        ("2001-12-14", "2001-12-14"),
        ("0o17", 15),
        ("1e3", 1000.0),
        ("", None),
        ("''", ""),
        ("!!str 12", "12"),
        ("!!str", ""),
        ("! 12", "12"),
        ("!!int '12'", 12),
        ("!!int 1_0", 10),
        ("!!float 1", 1.0),
        ("!!float 1e3", 1000.0),
        ("!!bool on", True),
        ("!!null ''", None),
        ("!!binary aGVsbG8=", "hello"),
        ("!!binary |\n  aGVs\n  bG8=", "hello"),
        ("!<tag:yaml.org,2002:str> 1", "1"),
        ("!!map {}", {}),
        ("!!seq []", []),
        ("! {}", {}),
    ],
)
def test_scalars(scalar, value):
    read = value_of(f"a: {scalar}\n")["a"]
    assert (type(read), read) == (type(value), value)
    read = value_of(f"- {scalar}\n")[0]
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: .nan", "holds .nan, a number that JSON cannot hold (line 1, column 4)"),
        ("- -.inf", "holds -.inf, a number that JSON cannot hold (line 1, column 3)"),
        (".inf", "holds .inf, a number that JSON cannot hold (line 1, column 1)"),
        ("a: !!float .inf", "holds .inf, a number that JSON cannot hold (line 1, column 4)"),
        ("a: !!int x", "holds 'x' with the tag !!int, which it is not (line 1, column 4)"),
        ("a: !!int 1.0", "holds '1.0' with the tag !!int, which it is not (line 1, column 4)"),
        ("a: !!bool 1", "holds '1' with the tag !!bool, which it is not (line 1, column 4)"),
        ("a: !!null x", "holds 'x' with the tag !!null, which it is not (line 1, column 4)"),
        (
            "a: !!float 18446744073709551615",
            "holds '18446744073709551615' with the tag !!float, which it is not (line 1, column 4)",
        ),
        ("a: !!binary aGk", "holds a value with the tag !!binary that is not base64 (line 1, column 4)"),
        ("a: !!binary /w==", "holds a value with the tag !!binary that is not text in UTF-8 (line 1, column 4)"),
    ],
)
def test_values_refused(text, problem):
    assert error_of(text).problem == problem


@pytest.mark.parametrize(
    ("value", "tag", "kind"),
    [
        ("!vault x", "!vault", "a scalar"),
        ("!!timestamp 2001-01-01", "!!timestamp", "a scalar"),
        ("!!python/object:os.system {}", "!!python/object:os.system", "a mapping"),
        ("!!python/object/apply:os.system [x]", "!!python/object/apply:os.system", "a list"),
        ("!!set {}", "!!set", "a mapping"),
        ("!!map []", "!!map", "a list"),
        ("!!str {}", "!!str", "a mapping"),
        ("!!seq x", "!!seq", "a scalar"),
    ],
)
def test_tags_refused(value, tag, kind):
    problem = (
        f"has the tag '{tag}' on {kind}, only !!str, !!int, !!float, !!bool, !!null, !!binary, !!map and !!seq "
        "are read, each on its kind (line 2, column 4)"
    )
    assert error_of(f"x: 1\na: {value}").problem == problem


# --- mappings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("a", "a"),
        ("'1'", "1"),
        ("1", "1"),
        ("0x10", "16"),
        ("on", "true"),
        ("False", "false"),
        ("=", "="),
        ("'<<'", "<<"),
        ("1.0", "1"),
        ("1.5", "1.5"),
        ("0.1234567891", "0.12345679"),
        ("1e5", "100000"),
        ("1e6", "1e+06"),
        ("123456789.0", "1.2345679e+08"),
        ("-0.0001", "-0.0001"),
        ("0.00001", "1e-05"),
        ("-0.0", "-0"),
        ("1e39", ".inf"),
        (".nan", ".nan"),
        ("!!str 1", "1"),
        ("!!binary aGk=", "hi"),
        ("&x yes", "true"),
        ("? |\n  a\n", "a\n"),
    ],
)
def test_keys_become_text(key, text):
    assert value_of(f"{key}: 1\n") == {text: 1}


def test_a_key_by_alias():
    assert value_of("a: &x yes\n*x : 1\nb: &m <<\n*m : 2\n") == {"a": True, "true": 1, "b": "<<", "<<": 2}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("? [a]\n: b", "has a mapping or a list as a key, only text is allowed (line 1, column 3)"),
        ("{a: b}: c", "has a mapping or a list as a key, only text is allowed (line 1, column 1)"),
        ("a: &x {}\n*x : 1", "has a mapping or a list as a key, only text is allowed (line 2, column 1)"),
        ("~: 1", "has null as a key, only text is allowed (line 1, column 1)"),
        ("? \n: 1", "has null as a key, only text is allowed"),
        ("18446744073709551615: 1", "has 18446744073709551615 as a key, only text is allowed (line 1, column 1)"),
        ("a: 1\nb: 2\na: 3", "holds the key 'a' twice in one mapping (line 3, column 1)"),
        ("1: a\n'1': b", "holds the key '1' twice in one mapping (line 2, column 1)"),
        ("y: a\ntrue: b", "holds the key 'true' twice in one mapping (line 2, column 1)"),
        ('{"a": {"b": 1, "b": 1}}', "holds the key 'b' twice in one mapping (line 1, column 16)"),
    ],
)
def test_keys_refused(text, problem):
    assert error_of(text).problem.startswith(problem)


MERGE = "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\nit:\n"


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("  <<: *base", {"a": 1, "b": 2}),
        ("  <<: *base\n  a: 9", {"a": 9, "b": 2}),
        # go-yaml 2 sets pairs in their order (go-yaml 3 and YAML 1.1 would keep 9).
        ("  a: 9\n  <<: *base", {"a": 1, "b": 2}),
        ("  <<: [*base, *more]", {"a": 1, "b": 2, "c": 4}),
        ("  <<: [*more, *base]\n  x: 1", {"a": 1, "b": 3, "c": 4, "x": 1}),
        ("  <<: *base\n  <<: *more", {"a": 1, "b": 3, "c": 4}),
        ("  <<: {x: 1}", {"x": 1}),
        ("  <<: [{x: 1}, *base]", {"x": 1, "a": 1, "b": 2}),
        ("  <<: []", {}),
        ("  '<<': *base", {"<<": {"a": 1, "b": 2}}),
    ],
)
def test_merge(lines, value):
    assert value_of(MERGE + lines)["it"] == value


def test_merge_leaves_the_source_alone():
    assert value_of(MERGE + "  <<: *base\n  a: 9")["base"] == {"a": 1, "b": 2}


@pytest.mark.parametrize("lines", ["  <<: 1", "  <<:", "  <<: [1]", "  <<: [[*base]]", "  <<: &x [*base]\n  <<: *x"])
def test_merge_refused(lines):
    problem = "holds a merge key (<<) whose value is neither a mapping nor a list of mappings"
    assert error_of(MERGE + lines).problem.startswith(problem)


def test_a_key_set_twice_around_a_merge():
    assert "'a' twice" in error_of(MERGE + "  a: 1\n  <<: *base\n  a: 2").problem
    assert "'a' twice" in error_of(MERGE + "  <<: *base\n  a: 1\n  a: 2").problem


# --- aliases ------------------------------------------------------------------------------------------------------


def test_aliases_share_the_value():
    value = value_of("a: &x {b: [1]}\nc: *x\nd: [*x]\n")
    assert value == {"a": {"b": [1]}, "c": {"b": [1]}, "d": [{"b": [1]}]}
    assert value["c"] is value["a"]
    assert value["d"][0] is value["a"]


def test_the_anchor_that_began_last_counts():
    assert value_of("a: &x 1\nb: &x 2\nc: *x\n")["c"] == 2
    assert value_of("a: &x {b: &x {}}\nc: *x\n")["c"] == {}


def test_anchors_end_with_their_document():
    error = error_of("a: &x 1\n---\nb: *x\n")
    assert error.problem == "is not YAML: the alias *x names no anchor that stands before it (line 3, column 4)"
    assert (error.document, error.line) == (2, 3)


@pytest.mark.parametrize("text", ["&x [*x]", "a: &x {b: [*x]}", "a: &x {<<: *x}", "a: &x 1\nb: &x [*x]"])
def test_recursive_alias(text):
    assert "holds the alias *x inside of the value that it names" in error_of(text).problem


def bomb(levels):
    lines = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels)]
    return "\n".join(["a0: &a0 [" + "x, " * 10 + "]", *lines])


def test_alias_bomb():
    started = time.process_time()
    error = error_of(bomb(50))
    assert error.problem.startswith("holds aliases that add more than 100000 values (line 5,")
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(("limit", "fits"), [(22, True), (21, False)])
def test_alias_values_are_counted_as_copies(limit, fits):
    # Each *a adds a list of two values, each *b a list of two such lists and one text.
    text = "a: &a [1, 2]\nb: &b [*a, *a, x]\nc: [*b, *b]\n"
    if fits:
        read_documents(text, Limits(max_alias_values=limit))
    else:
        assert f"add more than {limit} values (line 3" in error_of(text, Limits(max_alias_values=limit)).problem


def test_alias_values_are_counted_for_each_document():
    text = "a: &a [1, 2]\nb: *a\n"
    assert len(read_documents("---\n".join([text] * 3), Limits(max_alias_values=6))) == 3
    many = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(300)) + "}\nb: {<<: [" + "*a, " * 300 + "]}\n"
    problem = error_of("---\n".join([many] * 5)).problem
    assert "values over all documents" in problem


def test_depth_by_alias():
    text = "a: &a [[1]]\nb: [[*a]]\n"
    assert value_of(text)["b"] == [[[[1]]]]
    assert read_documents(text, Limits(max_depth=5))
    assert "nested more than 4 levels deep (line 2" in error_of(text, Limits(max_depth=4)).problem


# --- limits and errors --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("- ", "")])
def test_depth(opening, closing):
    value = value_of(opening * 100 + "1" + closing * 100)
    for _level in range(100):
        [value] = value
    assert value == 1
    for levels in (101, 10_000):
        error = error_of(opening * levels)
        assert error.problem == f"is nested more than 100 levels deep (line 1, column {100 * len(opening) + 1})"


def test_depth_of_mappings():
    text = "".join(" " * level + "a:\n" for level in range(101))
    assert error_of(text).problem == "is nested more than 100 levels deep (line 101, column 101)"
    assert read_documents(text, Limits(max_depth=101))


@pytest.mark.parametrize("text", ["{" * 10_000, "? " * 10_000, "a: {" * 10_000, "&" * 10_000, "!" * 10_000])
def test_a_flood_of_openings_is_refused_at_once(text):
    started = time.process_time()
    error_of(text)
    assert time.process_time() - started < 1


def test_depth_of_json():
    text = '{"a":' * 100 + "1" + "}" * 100
    assert value_of(text) == json.loads(text)
    error = error_of('{"a":' * 101 + "1" + "}" * 101)
    assert error.problem == "is nested more than 100 levels deep (line 1, column 501)"


def test_a_higher_limit_of_depth_does_not_overflow():
    error = error_of("[" * 10_000, Limits(max_depth=1_000_000))
    assert error.problem == "is nested too deep"


def test_size():
    assert error_of("x" * 33, Limits(max_bytes=32)).problem == (
        "is 33 bytes long, at most 32 are read: split it into several files"
    )
    assert value_of_limit("x" * 32, 32) == "x" * 32
    assert value_of_limit("é" * 16, 32) == "é" * 16
    assert "is 34 bytes long" in error_of("é" * 17, Limits(max_bytes=32)).problem
    assert "is 40 bytes long" in error_of("😀" * 10, Limits(max_bytes=32)).problem
    error = error_of("x" * (32 * 1024 * 1024 + 1))
    assert (error.document, error.line) == (None, None)


def value_of_limit(text, max_bytes):
    return read_documents(text, Limits(max_bytes=max_bytes))[0].value


@pytest.mark.parametrize(
    ("text", "problem", "document", "line"),
    [
        ("a: b: c", "is not YAML: mapping values are not allowed ", 1, 1),
        ("a: 1\n---\nb: [1\n", "is not YAML: ", 2, 4),
        ("a:\n\t- b", "is not YAML: found character", 1, 2),
        ("%YAML 2.0\n---\na: 1", "is not YAML: found incompatible YAML document", 1, 1),
        ("!e!x a", "is not YAML: found undefined tag handle", 1, 1),
        ("*x", "is not YAML: the alias *x names no anchor that stands before it (line 1, column 1)", 1, 1),
        ("a: 1\nb: x\0", "is not YAML: the character U+0000 is not allowed (line 2, column 5)", None, 2),
        ("a: \ud800", "is not YAML: the character U+D800 is not allowed (line 1, column 4)", None, 1),
        ('{"a": "\ud800"}', "is not YAML: the character U+D800 is not allowed (line 1, column 8)", None, 1),
        ("a: \x1b[0m", "is not YAML: the character U+001B is not allowed (line 1, column 4)", None, 1),
        ("---\n---\na: {b: 1, b: 2}", "holds the key 'b' twice in one mapping (line 3, column 11)", 2, 3),
    ],
)
def test_errors(text, problem, document, line):
    error = error_of(text)
    assert error.problem.startswith(problem)
    assert str(error) == error.problem
    assert (error.document, error.line) == (document, line)


@pytest.mark.parametrize("escape", ["\\ud800", "\\ud83d\\ude00", "\\U0000d800", "\\U00110000", "\\UFFFFFFFF"])
def test_escapes_of_no_character(escape):
    assert error_of(f'a: "{escape}"').problem.startswith("is not YAML: ")
    assert value_of(f"a: '{escape}'") == {"a": escape}


def test_half_a_character_in_json():
    assert error_of('{"a": "\\ud800"}').problem.startswith("is not YAML: ")


def test_without_pyyaml(monkeypatch):
    monkeypatch.setattr(reader, "HAS_YAML", False)
    assert error_of("a: 1").problem == "cannot be read: the Python library PyYAML is not installed"


# --- properties ---------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *"a b y 1 1.5 ~ .nan : ? - [ ] { } , &x *x !!str !!int !v ! | > ' \" # % @ ` << --- ... = 0x1 😀 é".split(),
        *("%YAML", "!!binary", "\\", "\\ud800", "\\x", "\ufeff", "\x00", "\x85", "\u2028", "\ud800", "\ufffe"),
        *(" ", "\n", "\n  ", "\t", "\r\n", ": ", "- ", "? ", ", ", "<<: ", "a: "),
    ]
)
STREAMS = st.one_of(st.text(), st.lists(PIECES, max_size=25).map("".join))


@given(STREAMS)
@example("? " * 50)
@example("\x85: 1")
@example("a: &x\n- *x")
def test_any_text_is_read_or_refused_in_one_sentence(text):
    problem = None
    documents = []
    try:
        documents = read_documents(text)
    except YamlError as error:
        problem = error.problem
    assert problem is None or (problem and problem.isprintable() and not problem.endswith("."))
    for document in documents:
        json.dumps(document.value, allow_nan=False, ensure_ascii=False).encode()
        assert document.number >= 1
        assert document.line >= 1


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.text(), JSON), max_size=3), st.booleans())
def test_json_reads_back(values, ascii_only):
    text = "\n".join(json.dumps(value, ensure_ascii=ascii_only) for value in values)
    assert [document.value for document in read_documents(text)] == values


WORDS = st.text("abcxyz", min_size=2, max_size=4).filter(lambda word: word not in ("yes", "no", "on", "off"))
PLAIN = st.recursive(
    st.one_of(WORDS, st.integers(0, 1000), st.booleans(), st.none()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=15,
)


@given(st.lists(PLAIN, min_size=1, max_size=3), st.booleans())
def test_agrees_with_pyyaml_where_the_rules_do(values, flow):
    """Aliases too: PyYAML writes the first value a second time, as one."""
    text = yaml.safe_dump_all([*values, [values[0], values[0]]], default_flow_style=flow)
    assert [document.value for document in read_documents(text)] == list(yaml.safe_load_all(text))
