# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing YAML byte for byte as a Go program does with gopkg.in/yaml.v2.

The Seldon operator writes its Ambassador annotations this way, so that ours can be the same text. A document that
needs not be is better written by `writer.write_document`: what stands here PyYAML may read otherwise than go-yaml.

Source: gopkg.in/yaml.v2 v2.4.0 encode.go (stringv, floatv), emitterc.go (analyze_scalar, select_scalar_style,
check_simple_key, write_*_scalar), yamlprivateh.go (is_printable, is_break, is_bom), resolve.go (parseTimestamp),
sorter.go (keyList.Less); Go time (Parse) and strconv (FormatFloat).
"""

from __future__ import annotations

import calendar
import math
import re
from collections.abc import Mapping
from functools import cmp_to_key
from types import MappingProxyType
from typing import Any, Final, TypeVar

from .scalars import INT64_MIN, UINT64_MAX, resolve_plain

_Value = TypeVar("_Value")

_INDENT: Final = "  "
# Beyond this column a space becomes a line break (best_width).
_WIDTH: Final = 80
# A key of more bytes than this, or of several lines, stands after `? `.
_MAX_SIMPLE_KEY: Final = 128

# What yaml.v2 takes for a line break; two of them, CR and NEL, it always escapes.
_BREAKS: Final = "\n\r\x85\u2028\u2029"
_BREAK: Final = re.compile(f"[{_BREAKS}]")
_BREAK_AND_SPACE: Final = re.compile(f"[{_BREAKS}] ")
_LINE: Final = re.compile(f"[^{_BREAKS}]+")
_LATER_LINE: Final = re.compile(f"(?<=[{_BREAKS}])(?=[^{_BREAKS}])")
# What makes a text double-quoted: tabs, controls, what is beyond U+FFFF, and a space before a line break.
_SPECIAL: Final = re.compile(f"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]| [{_BREAKS}]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_NOT_PLAIN: Final = re.compile(
    r"[ #,\[\]{}&*!|>'\"%@`]|[-?:](?: |\Z)|---|\.\.\.|.*(?:: | #|[\u2028\u2029]|[: ]\Z)", re.DOTALL
)
_BASE_60: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
# Formats of resolve.go as time.Parse takes them: also a comma before the fraction, also several spaces.
_CLOCK: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5]?[0-9]:[0-5]?[0-9](?:[.,][0-9]+)?"
_ZONE: Final = r"(?:Z|[-+](?:[01][0-9]|2[0-4]):(?:[0-5][0-9]|60))"
_TIMESTAMP: Final = re.compile(rf"([0-9]{{4}})-([0-9]{{1,2}})-([0-9]{{1,2}})(?:[Tt]{_CLOCK}{_ZONE}| +{_CLOCK})?")

# Spaces that may become a line break: with no space on either side; in double quotes the first one of several.
_LONE_SPACE: Final = re.compile("(?<=[^ ]) (?=[^ ])")
_FIRST_SPACE: Final = re.compile("(?<=[^ ]) (?=.)")

_ANY: Final = re.compile(".", re.DOTALL)
_NOT_BARE: Final = re.compile(r"[^ !#-\[\]-~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_ESCAPES: Final = MappingProxyType(
    dict(zip('\0\a\b\t\n\v\f\r\x1b"\\\x85\xa0\u2028\u2029', '0abtnvfre"\\N_LP', strict=True))
)


def write_in_order(value: Mapping[str, Any]) -> str:
    """Return what `yaml.Marshal` writes for a struct with these fields: no `---`, a line break at the end.

    Mappings inside keep their order too, as structs do; pass what is a map in Go through `in_map_order`. Raises
    TypeError for what is not plain JSON: other types, keys that are not text, lone surrogates, more than 64 bits.
    """
    out: list[str] = []
    _value(out, "", value, "")
    return "".join(out)


def in_map_order(value: Mapping[str, _Value]) -> dict[str, _Value]:
    """Return the pairs in the order in which yaml.v2 writes a Go map: numbers by value, letters last.

    Its comparison goes in a circle for a few keys (`1` before `01` before `0a` before `1`); there Go's order is
    left to chance, this one is always the same. Raises nothing.
    """
    return {key: value[key] for key in sorted(sorted(value), key=cmp_to_key(_compare))}


def _compare(left: str, right: str) -> int:
    """Return below, at or above 0 as `left` stands before, with or behind `right`."""
    at = next((at for at, pair in enumerate(zip(left, right, strict=False)) if pair[0] != pair[1]), None)
    if at is None:
        return len(left) - len(right)
    # A zero inside of a number counts, a leading one does not.
    inside = "0" in (left[at], right[at]) and left[:at].rstrip("0")[-1:].isdecimal()
    number = 1 if inside else 0
    return -1 if _rank(left, at, number) < _rank(right, at, number) else 1


def _rank(text: str, at: int, number: int) -> tuple[bool, int, int, str]:
    """Return what decides where `text` stands, beginning with the first character that differs."""
    end = at
    while end < len(text) and text[end].isdecimal():
        # Go's int64 wraps around. Taken at each digit, so that a long key does not become a long number.
        number = (number * 10 + ord(text[end]) - ord("0")) % 2**64
        end += 1
    return text[at].isalpha(), number if number < 2**63 else number - 2**64, end, text[at]


def _value(out: list[str], lead: str, value: Any, pad: str) -> None:
    """Append a value that begins on the line of `lead`; its other lines stand after `pad`."""
    if isinstance(value, Mapping) and value:
        _mapping(out, lead, value, pad)
    elif isinstance(value, list) and value:
        for item in value:
            _value(out, f"{lead}- ", item, pad + _INDENT)
            lead = pad
    else:
        out.append(_scalar(lead, value, pad))


def _mapping(out: list[str], lead: str, value: Mapping[Any, Any], pad: str) -> None:
    """Append the pairs of a mapping that is not empty: the first one after `lead`, the others after `pad`."""
    deeper = pad + _INDENT
    for key, inner in value.items():
        if not isinstance(key, str):
            raise TypeError(f"a key is of type {type(key).__name__}, only text is allowed")
        quote, body = _quoted(key)
        start = f"{lead}{quote}{body}{quote}:"
        if len(key.encode()) > _MAX_SIMPLE_KEY or _BREAK.search(key):
            out.append(_text(f"{lead}? ", key, deeper))
            _value(out, f"{pad}: ", inner, deeper)
        elif isinstance(inner, (Mapping, list)) and inner:
            out.append(f"{start}\n")
            # A list is not indented below its key.
            below = pad if isinstance(inner, list) else deeper
            _value(out, below, inner, below)
        else:
            out.append(_scalar(f"{start} ", inner, deeper))
        lead = pad


def _scalar(lead: str, value: Any, pad: str) -> str:
    """Return `lead` and a value without parts, with the line break at its end."""
    if isinstance(value, str):
        return _text(lead, value, pad)
    if value is None:
        word = "null"
    elif isinstance(value, bool):
        word = "true" if value else "false"
    elif isinstance(value, int) and INT64_MIN <= value <= UINT64_MAX:
        word = int.__repr__(value)
    elif isinstance(value, float) and math.isfinite(value):
        word = _float(value)
    elif isinstance(value, (Mapping, list)):
        word = "[]" if isinstance(value, list) else "{}"
    else:
        raise TypeError(f"a value is of type {type(value).__name__} and not plain JSON, or a number out of range")
    return f"{lead}{word}\n"


def _float(value: float) -> str:
    """Return a float as FormatFloat 'g' writes it: no `.0`, an exponent from a million on and below 0.0001."""
    text = float.__repr__(value).removesuffix(".0")
    if abs(value) >= 1e6 and "e" not in text:
        digits = text.lstrip("-").replace(".", "").rstrip("0")
        return f"{value:.{len(digits) - 1}e}"
    return text


def _text(lead: str, text: str, pad: str) -> str:
    """Return `lead` and a text, folded where it is long, with the line break at its end."""
    if "\n" in text and text[-1] != " " and not _SPECIAL.search(text):
        return lead + _literal(text, pad)
    quote, body = _quoted(text)
    pieces = iter((_FIRST_SPACE if quote == '"' else _LONE_SPACE).split(_LATER_LINE.sub(pad, body)))
    written = [lead + quote + next(pieces)]
    column = len(_BREAK.split(written[0])[-1])
    for piece in pieces:
        part = f" {piece}"
        if column > _WIDTH:
            # Spaces at the beginning of a line count only behind a backslash.
            part = f"\n{pad}\\{piece}" if piece[0] == " " else f"\n{pad}{piece}"
        *breaks, line = _BREAK.split(part)
        column = len(line) if breaks else column + len(line)
        written.append(part)
    return "".join(written) + quote + "\n"


def _literal(text: str, pad: str) -> str:
    """Return a text of several lines as a literal block; where the text ends with a line break, that one ends it."""
    indent = "2" if text[0] in f" {_BREAKS}" else ""
    ends = text[-1] in _BREAKS
    keep = "-" if not ends else "+" if len(text) == 1 or text[-2] in _BREAKS else ""
    return f"|{indent}{keep}\n{_LINE.sub(lambda line: pad + line[0], text)}" + ("" if ends else "\n")


def _quoted(text: str) -> tuple[str, str]:
    """Return the quotes (none for a plain text) and what stands between them when nothing is folded."""
    if _SURROGATE.search(text):
        raise TypeError("a text holds half a character (a lone surrogate)")
    if "\n" not in text and not _SPECIAL.search(text) and _reads_as_text(text):
        if not _NOT_PLAIN.match(text):
            return "", text
        if not _BREAK_AND_SPACE.search(text):
            return "'", text.replace("'", "''")
    # is_bom looks at the beginning of the text, whichever character is at hand.
    escaped = _ANY if text.startswith("\ufeff") else _NOT_BARE
    return '"', escaped.sub(_escaped, text)


def _reads_as_text(text: str) -> bool:
    """Say whether resolve.go takes a plain `text` for text; `scalars` leaves timestamps out, as decode.go does."""
    if not isinstance(resolve_plain(text), str) or _BASE_60.fullmatch(text):
        return False
    found = _TIMESTAMP.fullmatch(text)
    if found:
        year, month, day = map(int, found.groups())
        # Go has a year 0; the calendar repeats after 400 years.
        return not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(2000 + year % 400, month)[1])
    return True


def _escaped(found: re.Match[str]) -> str:
    if found[0] in _ESCAPES:
        return "\\" + _ESCAPES[found[0]]
    code = ord(found[0])
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
