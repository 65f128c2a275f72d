# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing one Kubernetes object as a YAML document that every reader reads alike.

PyYAML writes `y`, `1e3` or `0o17` bare, which go-yaml (kubectl, kustomize) reads as something else than text, so
the few forms that a document of JSON values needs are written here: block mappings and lists, one line for a
scalar, literal blocks for text of several lines. The form of lists (not indented below their key) is PyYAML's.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from .scalars import INT64_MIN, UINT64_MAX, UNPRINTABLE, needs_quotes

# What `reader.Limits` reads back by default; also the end of a value that holds itself.
_MAX_DEPTH: Final = 100
# libyaml scanner.c and go-yaml v2 scannerc.go: a key on one line is at most 1024 characters (go: bytes) long.
_MAX_SIMPLE_KEY: Final = 1000
_INDENT: Final = "  "
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
# A literal block cannot hold these: what is not printable, and line breaks other than \n. Tabs it can.
_NOT_LITERAL: Final = re.compile(UNPRINTABLE.pattern.replace("[^", "[^\t\n", 1))
_SHOWN: Final = 60


def write_document(value: Mapping[str, Any], *, order: _Order = sorted) -> str:
    """Return `value` as one YAML document: block style, no anchors, no `---`, a newline at the end.

    Keys are sorted; `order=list` leaves them as they stand.

    It reads back as `value` with `reader.read_documents`, go-yaml 2 and 3 and PyYAML. Raises TypeError, in one
    sentence with the path, for what is not plain JSON: other types, keys that are not text, NaN and infinity,
    integers beyond 64 bits, text with lone surrogates, more than 100 levels.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"a document is a mapping, this is {_kind(value)}")
    if not value:
        return "{}\n"
    lines: list[str] = []
    _mapping(lines, value, "", "", ("",), order)
    lines.append("")
    return "\n".join(lines)


_Order: TypeAlias = Callable[[Iterable[str]], Iterable[str]]
# `path` is a linked list (parent, step): joined only when something is refused.
_Path = tuple[Any, ...]


def _mapping(lines: list[str], value: Mapping[Any, Any], lead: str, pad: str, path: _Path, order: _Order) -> None:
    """Append the pairs of a mapping that is not empty: the first line after `lead`, the others after `pad`."""
    _check_depth(path)
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"{_where(path)}: the key {_shown(repr(key))} is {_kind(key)}, only text is allowed")
    for key in order(value):
        inner = (*path, f".{key}")
        written = _text(key, inner)
        if len(written) > _MAX_SIMPLE_KEY:
            lines.append(f"{lead}? {written}")
            _pair(lines, f"{pad}:", value[key], pad, inner, order)
        else:
            _pair(lines, f"{lead}{written}:", value[key], pad, inner, order)
        lead = pad


def _pair(lines: list[str], start: str, value: Any, pad: str, path: _Path, order: _Order) -> None:
    """Append a value after its key, `start`: on the same line where it has one line, else below."""
    if isinstance(value, Mapping) and value:
        lines.append(start)
        _mapping(lines, value, pad + _INDENT, pad + _INDENT, path, order)
    elif isinstance(value, list) and value:
        lines.append(start)
        _list(lines, value, pad, pad, path, order)
    else:
        _scalar(lines, f"{start} ", value, pad + _INDENT, path)


def _list(lines: list[str], value: list[Any], lead: str, pad: str, path: _Path, order: _Order) -> None:
    """Append the items of a list that is not empty: the first line after `lead`, the others after `pad`."""
    _check_depth(path)
    deeper = pad + _INDENT
    for position, item in enumerate(value):
        inner = (*path, f"[{position}]")
        if isinstance(item, Mapping) and item:
            _mapping(lines, item, f"{lead}- ", deeper, inner, order)
        elif isinstance(item, list) and item:
            _list(lines, item, f"{lead}- ", deeper, inner, order)
        else:
            _scalar(lines, f"{lead}- ", item, deeper, inner)
        lead = pad


def _scalar(lines: list[str], start: str, value: Any, pad: str, path: _Path) -> None:
    """Append a value of one line after `start`, or text as a literal block whose lines stand after `pad`."""
    if isinstance(value, str):
        if "\n" in value and _is_literal(value):
            _literal(lines, start, value, pad)
        else:
            lines.append(start + _text(value, path))
    elif value is None:
        lines.append(f"{start}null")
    elif isinstance(value, bool):
        lines.append(f"{start}true" if value else f"{start}false")
    elif isinstance(value, int):
        if not INT64_MIN <= value <= UINT64_MAX:
            raise TypeError(f"{_where(path)}: the number has more than 64 bits, Kubernetes cannot hold it")
        lines.append(start + int.__repr__(value))
    elif isinstance(value, float):
        lines.append(start + _float(value, path))
    elif isinstance(value, (Mapping, list)):
        _check_depth(path)
        lines.append(f"{start}[]" if isinstance(value, list) else f"{start}{{}}")
    else:
        raise TypeError(f"{_where(path)}: the value is {_kind(value)}, only plain JSON values are allowed")


def _float(value: float, path: _Path) -> str:
    """Return the shortest text that reads back as `value`; with a point, without which PyYAML sees text."""
    if not math.isfinite(value):
        raise TypeError(f"{_where(path)}: the value is {float.__repr__(value)}, which JSON cannot hold")
    text = float.__repr__(value)
    if "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    return text


def _text(text: str, path: _Path) -> str:
    """Return text on one line: bare where every reader sees that text, else in quotes."""
    if not needs_quotes(text):
        return text
    if UNPRINTABLE.search(text):
        if _SURROGATE.search(text):
            raise TypeError(f"{_where(path)}: the text holds half a character (a lone surrogate)")
        return f'"{"".join(map(_escaped, text))}"'
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def _escaped(character: str) -> str:
    """Return a character as it stands in double quotes (YAML 1.1 chapter 5.6, escapes that go-yaml knows too)."""
    match character:
        case '"' | "\\":
            return "\\" + character
        case "\n":
            return "\\n"
        case "\t":
            return "\\t"
        case "\r":
            return "\\r"
    if not UNPRINTABLE.match(character):
        return character
    code = ord(character)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}"


def _is_literal(text: str) -> bool:
    """Say whether a literal block keeps `text` exactly.

    Not where it begins with a space, a tab or a line break: the block would need an indentation indicator,
    which go-yaml and libyaml read differently from what the other side writes.
    """
    return text[0] not in " \t\n" and _NOT_LITERAL.search(text) is None


def _literal(lines: list[str], start: str, text: str, pad: str) -> None:
    """Append `text` as a literal block; the indicator says how many of its last line breaks belong to it."""
    body = text.rstrip("\n")
    breaks = len(text) - len(body)
    lines.append(start + ("|-", "|")[breaks] if breaks < 2 else f"{start}|+")
    lines.extend(pad + line if line else "" for line in body.split("\n"))
    lines.extend([""] * (breaks - 1))


def _check_depth(path: _Path) -> None:
    if len(path) > _MAX_DEPTH:
        raise TypeError(f"{_shown(_where(path))}: the value has more than {_MAX_DEPTH} levels")


def _where(path: _Path) -> str:
    return "".join(path).lstrip(".") or "the document"


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}"


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
