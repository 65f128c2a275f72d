# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Kubernetes makes of one plain (unquoted) YAML scalar.

Kubernetes reads YAML with sigs.k8s.io/yaml, that is go-yaml 2 and then a conversion to JSON. Its idea of
numbers and words is neither that of YAML 1.1 (PyYAML) nor that of YAML 1.2, so the rules stand here once:
the reader asks `resolve_plain`, the writer asks `needs_quotes`.

Sources: go-yaml v2 `resolve.go` (resolve, resolveTable) and `decode.go` (scalar), go-yaml v3 `resolve.go`,
Go `strconv` (ParseInt with base 0, ParseFloat), PyYAML `resolver.py`.
"""

from __future__ import annotations

import math
import re
from types import MappingProxyType
from typing import Final, TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

INT64_MIN: Final = -(2**63)
INT64_MAX: Final = 2**63 - 1
UINT64_MAX: Final = 2**64 - 1

# go-yaml v2 resolve.go, resolveMapList. `<<` is left out: as a value it stays text (its first character has
# no hint in resolveTable), as a key the reader handles it.
_WORDS: Final = MappingProxyType(
    {
        **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
        **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
        **dict.fromkeys(("~", "null", "Null", "NULL"), None),
        **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
        **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
        **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
    }
)
_WORD_STARTS: Final = "yYnNtTfFoO~."
_NUMBER_STARTS: Final = "+-0123456789"

# strconv.ParseInt with base 0: the prefix decides the base, a leading zero alone means octal.
_INTEGER: Final = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[oO](?P<oct>[0-7]+)|0[bB](?P<bin>[01]+)"
    r"|0(?P<old>[0-7]*)|(?P<dec>[1-9][0-9]*))"
)
# go-yaml v2 resolve.go, yamlStyleFloat.
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
# Text that begins with a dot goes to strconv.ParseFloat as it is: `_` only between digits (strconv underscoreOK).
_DOT_FLOAT: Final = re.compile(r"\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?")
# go-yaml v2 hands what follows a leading `0b` to ParseInt once more, which takes a second sign there.
_SIGNED_BINARY: Final = re.compile(r"0b(?P<digits>[-+][01]+)")
# More digits than this exceed 64 bits; int() of CPython raises ValueError above 4300 digits.
_MAX_DECIMAL_DIGITS: Final = 20

# What only other readers take for something else than text. go-yaml v3 resolve.go: the merge key, timestamps as
# time.Time, a sign behind `0o`. PyYAML resolver.py: base 60, timestamps, `=`, underscores next to a dot or prefix.
_OTHER_READERS: Final = re.compile(
    r"<<|="
    r"|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?"
    r"|[-+]?_*0_*[oO][-+0-7_]*"
    r"|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)"
    r"|[-+]?(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+]?[0-9]+)?",
    re.DOTALL,
)
# YAML 1.1 chapter 5.1 (printable characters) without tab, line breaks (also NEL, LS and PS, which end a line in
# libyaml and go-yaml) and the byte order mark: what may stand in a plain or single-quoted scalar as it is.
UNPRINTABLE: Final = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
# What a plain scalar in block context cannot begin with, hold or end with (YAML 1.1 chapter 9.1.3).
_UNSAFE: Final = re.compile(r"[ ?:,\[\]{}#&*!|>'\"%@`]|-(?: |$)|---|\.\.\.|.*(?:: | #|[ :]$)", re.DOTALL)


def resolve_plain(text: str) -> Scalar:
    """Return what go-yaml 2 makes of `text` as a plain scalar.

    Words and `''` give bool or None, numbers give int (64 bits, signed or unsigned) or float (NaN and the
    infinities too), everything else is the text itself: also timestamps, `1:30`, `=` and `<<`, and numbers
    that are out of range. Raises nothing.
    Source: go-yaml v2 resolve.go, resolve with an empty tag; decode.go, scalar (timestamps stay text).
    """
    if not text:
        return None
    first = text[0]
    if first in _NUMBER_STARTS:
        return _WORDS[text] if text in _WORDS else _resolve_number(text)
    if first in _WORD_STARTS:
        if text in _WORDS:
            return _WORDS[text]
        if first == "." and _DOT_FLOAT.fullmatch(text):
            return _finite(text.replace("_", ""), text)
    return text


def _resolve_number(text: str) -> Scalar:
    """Return the number that `text` (it begins with a sign or a digit) spells, else the text.

    Source: go-yaml v2 resolve.go, hints 'D' and 'S': integers first, then floats, then `0b` with a sign.
    """
    plain = text.replace("_", "")
    match = _INTEGER.fullmatch(plain)
    if match:
        number = _integer(match)
        if number is not None:
            return number
    if _FLOAT.fullmatch(plain):
        return _finite(plain, text)
    match = _SIGNED_BINARY.fullmatch(plain)
    if match:
        number = int(match["digits"], 2)
        if INT64_MIN <= number <= INT64_MAX:
            return number
    return text


def _integer(match: re.Match[str]) -> int | None:
    """Return the integer of a match of `_INTEGER`, None where it does not fit (strconv.ParseInt, then ParseUint)."""
    if match["dec"] is not None:
        if len(match["dec"]) > _MAX_DECIMAL_DIGITS:
            return None
        number = int(match["dec"])
    elif match["hex"] is not None:
        number = int(match["hex"], 16)
    elif match["bin"] is not None:
        number = int(match["bin"], 2)
    else:
        number = int(match["oct"] or match["old"] or "0", 8)
    if match["sign"] == "-":
        number = -number
    # ParseUint takes no sign, so only a bare number may use the upper half of 64 bits.
    upper = INT64_MAX if match["sign"] else UINT64_MAX
    return number if INT64_MIN <= number <= upper else None


def _finite(number: str, text: str) -> float | str:
    """Return `number` as a float; `text` where it is out of range, since ParseFloat gives an error there."""
    value = float(number)
    return text if math.isinf(value) else value


def needs_quotes(text: str) -> bool:
    """Say whether `text` must be quoted to be read as that text, as a key or value in block context.

    True when go-yaml 2 (kubectl, the API server), go-yaml 3 (kustomize) or PyYAML (YAML 1.1) would read the
    plain form as something else, or when the plain form is not safe as YAML. Raises nothing.
    """
    return (
        not isinstance(resolve_plain(text), str)
        or _UNSAFE.match(text) is not None
        or _OTHER_READERS.fullmatch(text) is not None
        or UNPRINTABLE.search(text) is not None
    )
