# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed access to the fields of a plain mapping; what has the wrong shape becomes a problem and reading goes on.

Rules of shape are those of the API server's structural schema and of Go's JSON decoder: null is the same as absent, a
number must be a whole number (75.0 is one), true is no number, and a number or boolean is never taken for text.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from .findings import Problem
from .model import LONGEST_NAME, in_a_sentence
from .safe_text import without_keys

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
Value = TypeVar("Value")
Fields = Mapping[str, Any]
Path = str
_LONGEST_PATH = 800


def kind_of(value: object) -> str:
    """What a YAML value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, (int, float)):
        huge = isinstance(value, int) and abs(value) >= 10**40
        return "a number of more than 40 digits" if huge else f"the number {value}"
    if isinstance(value, str):
        return f"the text {shown(value)}"
    return "a list" if isinstance(value, list) else "a mapping"


def shown(text: str, longest: int = 80) -> str:
    """A value as a message shows it: quoted, on one line, and never longer than the reader needs."""
    text = without_keys(text)
    short = text if len(text) <= longest else text[: longest - 3] + "..."
    return repr(short)


def quoted(name: str) -> str:
    """A name as a message shows it in quotes: whole, unless it is no name."""
    return shown(name, LONGEST_NAME)


def word(value: object) -> str:
    """Any value as a message shows it; only text is quoted, and none is longer than the reader needs."""
    return shown(value) if isinstance(value, str) else kind_of(value)


def on_one_line(path: Path) -> str:
    """A path as a message shows it: escaped where it is not printable, cut where a name makes it too long."""
    path = without_keys(path)
    line = path if path.isprintable() else repr(path)[1:-1]
    return line if len(line) <= _LONGEST_PATH else f"{line[:100]}...{line[103 - _LONGEST_PATH :]}"


def nearest(word: str, known: Sequence[str]) -> str:
    """`` (did you mean ...?)`` for a word that looks like a known one, else the empty text."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.75)
    return f" (did you mean {shown(close[0])}?)" if close else ""


class FieldReader:
    """Reads fields and collects problems. One reader serves one definition."""

    __slots__ = ("problems",)

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, path: Path, what: str, allowed: str) -> None:
        self.problems.append(Problem(on_one_line(path.removeprefix(".")), what, allowed))

    def text(self, fields: Fields, key: str, path: Path, *, required: bool = False) -> str:
        value = fields.get(key)
        if isinstance(value, str):
            return value
        if value is None:
            if required:
                self.refuse(f"{path}.{key}", "is missing", "give it a text")
            return ""
        self.refuse(
            f"{path}.{key}", f"is {kind_of(value)}", "it must be text; put it in quotes if YAML reads it otherwise"
        )
        return ""

    def flag(self, fields: Fields, key: str, path: Path) -> bool | None:
        value = fields.get(key)
        if value is None or isinstance(value, bool):
            return value
        self.refuse(f"{path}.{key}", f"is {kind_of(value)}", "it must be true or false")
        return None

    def whole(
        self,
        fields: Fields,
        key: str,
        path: Path,
        low: int = INT32_MIN,
        high: int = INT32_MAX,
        *,
        required: bool = False,
        advised: tuple[int, int] | None = None,
    ) -> int | None:
        """A whole number from ``low`` to ``high``; None where it is absent or refused.

        ``advised`` is what a message asks for, where a later rule is stricter than the type of the field.
        """
        least, most = advised or (low, high)
        value = fields.get(key)
        if value is None:
            if required:
                self.refuse(f"{path}.{key}", "is missing", f"give it a whole number from {least} to {most}")
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.refuse(f"{path}.{key}", f"is {kind_of(value)}", f"it must be a whole number from {least} to {most}")
        return None

    def mapping(self, fields: Fields, key: str, path: Path, *, required: bool = False) -> Fields | None:
        value = fields.get(key)
        if isinstance(value, Mapping):
            return value
        if value is None:
            if required:
                self.refuse(f"{path}.{key}", "is missing", "give it a mapping")
            return None
        self.refuse(f"{path}.{key}", f"is {kind_of(value)}", "it must be a mapping")
        return None

    def texts(self, fields: Fields, key: str, path: Path) -> Mapping[str, str]:
        """A mapping of text to text, such as labels or annotations."""
        value = self.mapping(fields, key, path)
        if not value:
            return {}
        for name, item in value.items():
            if not isinstance(item, str):
                self.refuse(
                    f"{path}.{key}[{in_a_sentence(name)}]", f"is {kind_of(item)}", "it must be text; put it in quotes"
                )
        return {name: item for name, item in value.items() if isinstance(item, str)}

    def items(
        self, fields: Fields, key: str, path: Path, read: Callable[[Fields, Path], Value], *, required: bool = False
    ) -> tuple[Value, ...]:
        """A list of mappings, each read by ``read(fields, path)``."""
        value = fields.get(key)
        if value is None:
            if required:
                self.refuse(f"{path}.{key}", "is missing", "give it a list")
            return ()
        if not isinstance(value, list):
            self.refuse(f"{path}.{key}", f"is {kind_of(value)}", "it must be a list")
            return ()
        found = []
        for index, item in enumerate(value):
            place = f"{path}.{key}[{index}]"
            if isinstance(item, Mapping):
                found.append(read(item, place))
            else:
                self.refuse(place, f"is {kind_of(item)}", "it must be a mapping")
        return tuple(found)

    def words(self, fields: Fields, key: str, path: Path) -> tuple[str, ...]:
        """A list of texts."""
        value = fields.get(key)
        if value is None:
            return ()
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        self.refuse(f"{path}.{key}", f"is {kind_of(value)}", "it must be a list of texts")
        return ()
