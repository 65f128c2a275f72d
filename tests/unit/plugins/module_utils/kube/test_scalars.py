# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scalars as Kubernetes reads them. The tables hold what go.yaml.in/yaml/v2 2.4.4 and v3 3.0.6 said when asked."""

from __future__ import annotations

import math

import pytest
import yaml
from ansible_collections.mlops.ingress.plugins.module_utils.kube.scalars import needs_quotes, resolve_plain
from hypothesis import given
from hypothesis import strategies as st

TRUE = "y Y yes Yes YES true True TRUE on On ON".split()
FALSE = "n N no No NO false False FALSE off Off OFF".split()
NULL = ["", "~", "null", "Null", "NULL"]

NUMBERS = {
    "0": 0,
    "-0": 0,
    "+1": 1,
    "_1": "_1",
    "1_": 1,
    "-_1": -1,
    "5_000": 5000,
    "017": 15,
    "0o17": 15,
    "0O17": 15,
    "-0o7": -7,
    "0o-7": "0o-7",
    "0o8": "0o8",
    "08": 8.0,
    "0x": "0x",
    "0x1F": 31,
    "0_x1": 1,
    "-0x1f": -31,
    "0b101": 5,
    "0b-1": -1,
    "0b+1": 1,
    "+0b1": 1,
    "0b2": "0b2",
    "-9223372036854775808": -(2**63),
    "-9223372036854775809": -(2.0**63),
    "9223372036854775808": 2**63,
    "+9223372036854775808": 2.0**63,
    "18446744073709551615": 2**64 - 1,
    "18446744073709551616": 2.0**64,
    "0xffffffffffffffff": 2**64 - 1,
    "0x10000000000000000": "0x10000000000000000",
    "01777777777777777777777": 2**64 - 1,
    "02000000000000000000000": 2e21,
    "1e3": 1000.0,
    "1.e3": 1000.0,
    ".1e3": 100.0,
    "-.5": -0.5,
    "1.0": 1.0,
    "-0.0": -0.0,
    "1_2.3_4": 12.34,
    ".5_0": 0.5,
    "._5": "._5",
    ".5_": ".5_",
    "1e": "1e",
    "e3": "e3",
    "1e400": "1e400",
    "1e-400": 0.0,
    "0x1p-2": "0x1p-2",
    ".inf": math.inf,
    "+.INF": math.inf,
    "-.Inf": -math.inf,
    "inf": "inf",
    "+.nan": "+.nan",
    "nan": "nan",
}

TEXT = (
    "yEs oN nO tRUE nUll true1 = << 1:30 190:20:30.15 2001-12-14 2001-12-14T21:59:43Z"
    " 1.15.0 10.0.0.1 5m 100Mi . .. + 1,0"
).split()


@pytest.mark.parametrize("text", TRUE)
def test_true(text):
    assert resolve_plain(text) is True


@pytest.mark.parametrize("text", FALSE)
def test_false(text):
    assert resolve_plain(text) is False


@pytest.mark.parametrize("text", NULL)
def test_null(text):
    assert resolve_plain(text) is None


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_numbers_and_what_only_looks_like_one(text, value):
    resolved = resolve_plain(text)
    assert (type(resolved), repr(resolved)) == (type(value), repr(value))


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_nan(text):
    value = resolve_plain(text)
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize("text", TEXT)
def test_text(text):
    assert resolve_plain(text) == text


@pytest.mark.parametrize(
    ("text", "value"), [("9" * 5000, "9" * 5000), ("0" * 5000 + "7", 7), ("0x" + "f" * 5000, None)]
)
def test_long_numbers(text, value):
    assert resolve_plain(text) == (text if value is None else value)


@pytest.mark.parametrize(
    "text",
    [
        *TRUE,
        *FALSE,
        *NULL,
        *(text for text, value in NUMBERS.items() if not isinstance(value, str)),
        # Text to go-yaml 2, but not to go-yaml 3 or PyYAML.
        *("=", "<<", "1:30", "-1:30:00", "190:20:30.15", "2001-12-14", "2001-1-1", "2001-12-14 21:59:43.10 -5"),
        *("0o-7", "0o_+7", "0x_", "1_000.", "._5", "1e-400"),
        # Not safe as YAML.
        *(
            "- a",
            "-",
            "---",
            "--- a",
            "...",
            "? a",
            "?a",
            ":a",
            ":",
            "a:",
            "a: b",
            "a #b",
            "#a",
            " a",
            "a ",
            "\ta",
            "a\tb",
        ),
        *("'a", '"a', "[a", "]a", "{{ a }}", "}a", ",a", "&a", "*a", "!a", "|a", ">a", "%a", "@a", "`a"),
        *("a\nb", "a\rb", "a\x85b", "a\u2028b", "a\u2029b", "\ufeffa", "a\x00", "a\x7f", "a\x9f", "\ud800", "\uffff"),
    ],
)
def test_quotes_are_needed(text):
    assert needs_quotes(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "a",
            "yEs",
            "gs://models/iris:v1",
            "1.15.0",
            "10.0.0.1",
            "5m",
            "100Mi",
            "-foo",
            "--foo=1",
            "a:b",
            "a#b",
            "a, b",
        ),
        *(
            "a'b",
            'a"b',
            "a\\b",
            "a{b}",
            "a b",
            "é",
            "日本",
            "😀",
            "a\xa0b",
            "v1",
            "1e",
            "x=y",
            "/a/?b=c",
            "1:60",
            "0b2",
            "nan",
        ),
    ],
)
def test_quotes_are_not_needed(text):
    assert not needs_quotes(text)


NUMBER_LIKE = st.text("0123456789abcdefxXoObB_+-.:eE", max_size=10)
NEARLY_YAML = st.text(
    st.sampled_from(list("ayYnN01:.-+_eExo=<~'\"#&*!|>%@`,[]{}? \t\n\r\\é\x85\u2028\ufeff\x00😀")), max_size=8
)


@given(st.one_of(st.text(), NUMBER_LIKE, NEARLY_YAML))
def test_resolve_never_fails_and_keeps_text(text):
    value = resolve_plain(text)
    assert value == text or not isinstance(value, str)


@given(st.one_of(st.text(), NUMBER_LIKE, NEARLY_YAML))
def test_what_needs_no_quotes_is_that_text_to_all(text):
    if needs_quotes(text):
        return
    assert resolve_plain(text) == text
    assert yaml.safe_load(f"- {text}\n") == [text]
    assert yaml.safe_load(f"{text}: {text}\n") == {text: text}
