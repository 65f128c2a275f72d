# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Regular expressions as RE2 reads them, which is what Envoy runs: no look-around, no back-reference, and a time that
grows with the text only, whatever somebody wrote.

Source of the syntax: ``doc/syntax.txt`` and ``re2/parse.cc`` of google/re2.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

MOST_REPEATS = 1000
# Reading takes time for each character, and nobody writes as many by hand.
MOST_CHARACTERS = 5000
# RE2 allows 1000, Python's own stack fewer.
MOST_LEVELS = 150
# RE2 refuses programs beyond its memory limit; Envoy's own limit is lower.
MOST_STATES = 100_000
_MOST_TRIES = 4_000
_MOST_ALIKE = 3
_USUAL = "a0/.-_ A"

Test: TypeAlias = Callable[[str], bool]
Ranges: TypeAlias = "tuple[tuple[int, int], ...]"


class ExpressionError(ValueError):
    """Why RE2 would refuse an expression, as the end of a sentence."""


class UnjudgedError(ExpressionError):
    """An expression that RE2 may accept, and that cannot be run here."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression."""

    pattern: str
    _program: _Program

    def fits(self, text: str) -> bool:
        """Whether the whole text matches, as Envoy asks."""
        return self._program.runs(text)

    def examples(self, most: int = 8) -> list[str]:
        """Short texts that fit, made of the pattern's own and the usual characters; none where none is found."""
        return self._program.examples(dict.fromkeys((*_USUAL, *self.pattern)), most)


@lru_cache(maxsize=4096)
def expression(pattern: str) -> Expression:
    """Compile a pattern.

    Raises:
        ExpressionError: where RE2 would refuse it, or where it is too long to be read.
    """
    if len(pattern) > MOST_CHARACTERS:
        raise ExpressionError(f"has {len(pattern)} characters, and more than {MOST_CHARACTERS} are not judged")
    return Expression(pattern, _Parser(pattern).program())


def regex_problem(pattern: str) -> str | None:
    """Why a proxy would refuse a pattern, or None. What only RE2 itself can judge is passed on."""
    if not pattern:
        return "is empty"
    if not pattern.isprintable():
        return "holds a line break or a control character"
    try:
        expression(pattern)
    except UnjudgedError:
        return None
    except ExpressionError as error:
        return str(error)
    return None


@dataclass(frozen=True, slots=True)
class _Flags:
    ignore_case: bool = False
    dot_takes_all: bool = False
    many_lines: bool = False


@dataclass(slots=True)
class _State:
    """One step: a test of the next character, or of the place (``begin``, ``end`` ...), or a fork without either."""

    test: Test | None = None
    place: str = ""
    out: list[int] = field(default_factory=list)


# A part of a program: its first state, and the states whose way on is still open.
_Part = tuple[int, list[int]]


@dataclass(slots=True)
class _Program:
    states: list[_State]
    first: int = 0
    last: int = 0

    def runs(self, text: str) -> bool:
        now = self._reach([self.first], text, 0)
        for index, character in enumerate(text):
            if not now:
                return False
            taken = [
                target
                for number in now
                if (test := self.states[number].test) and test(character)
                for target in self.states[number].out
            ]
            now = self._reach(taken, text, index + 1)
        return self.last in now

    def examples(self, characters: Iterable[str], most: int) -> list[str]:
        """The first texts that fit, by length; no more than a few that lead to the same states."""
        letters = list(characters)
        found: list[str] = []
        seen: Counter[frozenset[int]] = Counter()
        waiting = deque([("", frozenset([self.first]))])
        for _number in range(_MOST_TRIES):
            if not waiting or len(found) >= most:
                break
            text, taken = waiting.popleft()
            if self.last in self._reach(taken, text, len(text)):
                found.append(text)
            # Not at the end of the text, whatever comes.
            inside = self._reach(taken, text + _USUAL, len(text))
            for letter in letters:
                now = frozenset(
                    target
                    for number in inside
                    if (test := self.states[number].test) and test(letter)
                    for target in self.states[number].out
                )
                if now and seen[now] < _MOST_ALIKE:
                    seen[now] += 1
                    waiting.append((text + letter, now))
        return found

    def _reach(self, start: Iterable[int], text: str, index: int) -> set[int]:
        """All states that are reached without another character."""
        found: set[int] = set()
        waiting = list(start)
        while waiting:
            number = waiting.pop()
            if number in found:
                continue
            found.add(number)
            state = self.states[number]
            if state.test is None and (not state.place or _at(state.place, text, index)):
                waiting += state.out
        return found


def _at(place: str, text: str, index: int) -> bool:
    before = index > 0 and _is_word(text[index - 1])
    after = index < len(text) and _is_word(text[index])
    match place:
        case "begin":
            return index == 0
        case "end":
            return index == len(text)
        case "line-begin":
            return index == 0 or text[index - 1] == "\n"
        case "line-end":
            return index == len(text) or text[index] == "\n"
        case "boundary":
            return before != after
        case _:
            return before == after


def _is_word(character: str) -> bool:
    return character == "_" or (character.isascii() and character.isalnum())


_CLASSES: dict[str, Ranges] = {
    "d": ((48, 57),),
    "s": ((9, 10), (12, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_POSIX: dict[str, Ranges] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "ascii": ((0, 127),),
    "blank": ((9, 9), (32, 32)),
    "cntrl": ((0, 31), (127, 127)),
    "digit": ((48, 57),),
    "graph": ((33, 126),),
    "lower": ((97, 122),),
    "print": ((32, 126),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _CLASSES["w"],
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLACES = {"A": "begin", "z": "end", "b": "boundary", "B": "no-boundary"}
_CATEGORIES = frozenset(
    "C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs".split()
)


def _in_ranges(ranges: Ranges, *, negated: bool = False, ignore_case: bool = False) -> Test:
    def test(character: str) -> bool:
        forms = {character, character.lower(), character.upper()} if ignore_case else {character}
        inside = any(low <= ord(form) <= high for form in forms if len(form) == 1 for low, high in ranges)
        return inside != negated

    return test


def _in_category(name: str, *, negated: bool, ignore_case: bool) -> Test:
    def test(character: str) -> bool:
        forms = {character, character.lower(), character.upper()} if ignore_case else {character}
        return any(unicodedata.category(form).startswith(name) for form in forms if len(form) == 1) != negated

    return test


# A class between brackets (in which a quote means nothing), an escape, a quote, or any other character.
_PIECE = re.compile(r"\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\]?|\\Q(?P<quoted>.*?)(?:\\E|\Z)|\\.|.", re.DOTALL)


def _without_quotes(pattern: str) -> str:
    """The pattern with each character between ``\\Q`` and ``\\E`` escaped by itself."""

    def written(piece: re.Match[str]) -> str:
        if piece["quoted"] is None:
            return piece.group()
        return "".join(f"\\{mark}" if mark.isascii() and not _is_word(mark) else mark for mark in piece["quoted"])

    return _PIECE.sub(written, pattern)


class _Parser:
    """Reads a pattern from left to right; one method for each level of the grammar."""

    def __init__(self, pattern: str) -> None:
        self.text = _without_quotes(pattern)
        self.index = 0
        self.states: list[_State] = []
        self.depth = 0
        self.names: set[str] = set()
        # How often the innermost part is repeated at most, in what was read of the sequence that is being read.
        self.repeats = 1

    def program(self) -> _Program:
        part, _flags = self.alternatives(_Flags())
        if self.index < len(self.text):
            raise ExpressionError("has a ')' without '('")
        last = self.state(_State())
        self.join(part[1], last)
        return _Program(self.states, part[0], last)

    def state(self, state: _State) -> int:
        if len(self.states) >= MOST_STATES:
            raise ExpressionError("is larger than RE2 allows")
        self.states.append(state)
        return len(self.states) - 1

    def join(self, open_ends: Iterable[int], target: int) -> None:
        for number in open_ends:
            self.states[number].out.append(target)

    def fork(self) -> int:
        return self.state(_State())

    def empty(self) -> _Part:
        number = self.fork()
        return number, [number]

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.index)

    def take(self, text: str) -> bool:
        if self.peek(text):
            self.index += len(text)
            return True
        return False

    def alternatives(self, flags: _Flags) -> tuple[_Part, _Flags]:
        part, flags = self.sequence(flags)
        if not self.peek("|"):
            return part, flags
        first = self.fork()
        self.states[first].out.append(part[0])
        ends = list(part[1])
        while self.take("|"):
            part, flags = self.sequence(flags)
            self.states[first].out.append(part[0])
            ends += part[1]
        return (first, ends), flags

    def sequence(self, flags: _Flags) -> tuple[_Part, _Flags]:
        whole = self.empty()
        while self.index < len(self.text) and not self.peek("|") and not self.peek(")"):
            begin = self.index
            before, self.repeats = self.repeats, 1
            part, flags = self.atom(flags)
            if part is not None:
                part = self.repeated(part, begin, flags)
                self.join(whole[1], part[0])
                whole = whole[0], part[1]
            self.repeats = max(before, self.repeats)
        return whole, flags

    def repeated(self, part: _Part, begin: int, flags: _Flags) -> _Part:
        end = self.index
        count = self.count()
        if count is None:
            return part
        self.take("?")
        again = self.index
        if self.count() is not None:
            raise ExpressionError("repeats a repetition, which RE2 refuses")
        self.index = again
        low, high = count
        repeats = self.nested(low, high)
        copies = [part]
        for _number in range(max(low, 1 if high is None else high) - 1):
            copies.append(self.copy(begin, end, flags))
        self.index, self.repeats = again, repeats
        return self.chain(copies, low, high)

    def nested(self, low: int, high: int | None) -> int:
        """How often a repetition of the last atom repeats its innermost part.

        It is told before the copies are made, which may be very many. Source: ``repeatIsValid`` in
        ``regexp/syntax/parse.go`` of Go: an open repetition counts as its minimum, and one of none hides what it holds.
        """
        if high == 0:
            return 1
        repeats = self.repeats * max(low if high is None else high, 1)
        if repeats > MOST_REPEATS:
            raise ExpressionError(f"nests repetitions to more than {MOST_REPEATS} times, which RE2 refuses")
        return repeats

    def copy(self, begin: int, end: int, flags: _Flags) -> _Part:
        """The same atom again, for a counted repetition."""
        text, self.text, self.index = self.text, self.text[:end], begin
        names, self.names = self.names, set()
        part, _flags = self.atom(flags)
        self.text, self.names = text, names
        if part is None:
            raise ExpressionError("repeats nothing")
        return part

    def chain(self, copies: list[_Part], low: int, high: int | None) -> _Part:
        if high == 0:
            return self.empty()
        first = self.fork()
        ends = [first]
        skipped: list[int] = []
        for number, part in enumerate(copies):
            if number >= low:
                way = self.fork()
                self.join(ends, way)
                skipped.append(way)
                ends = [way]
            self.join(ends, part[0])
            ends = part[1]
        if high is None:
            way = self.fork()
            self.join(ends, way)
            self.states[way].out.append(copies[-1][0])
            ends = [way]
        return first, [*ends, *skipped]

    def count(self) -> tuple[int, int | None] | None:
        for mark, bounds in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(mark):
                return bounds
        if not self.peek("{"):
            return None
        close = self.text.find("}", self.index)
        low, comma, high = self.text[self.index + 1 : close].partition(",")
        if close < 0 or not _is_number(low) or (high and not _is_number(high)):
            return None  # a brace that is none of these stands for itself
        self.index = close + 1
        least = int(low[:6])
        most = least if not comma else int(high[:6]) if high else None
        if max(least, most or 0) > MOST_REPEATS:
            raise ExpressionError(f"repeats more than {MOST_REPEATS} times, which RE2 refuses")
        if most is not None and most < least:
            raise ExpressionError("repeats from more to less")
        return least, most

    def atom(self, flags: _Flags) -> tuple[_Part | None, _Flags]:
        character = self.text[self.index]
        if character == "(":
            return self.group(flags)
        if character in "*+?" or (character == "{" and self.is_count()):
            raise ExpressionError("repeats nothing")
        self.index += 1
        if character == "[":
            return self.one(self.char_class(flags)), flags
        if character == "\\":
            return self.escape(flags), flags
        if character == "^":
            return self.placed("line-begin" if flags.many_lines else "begin"), flags
        if character == "$":
            return self.placed("line-end" if flags.many_lines else "end"), flags
        if character == ".":
            return self.one((lambda _any: True) if flags.dot_takes_all else (lambda other: other != "\n")), flags
        return self.literal(character, flags), flags

    def is_count(self) -> bool:
        index = self.index
        found = self.count() is not None
        self.index = index
        return found

    def one(self, test: Test) -> _Part:
        number = self.state(_State(test=test))
        return number, [number]

    def placed(self, place: str) -> _Part:
        number = self.state(_State(place=place))
        return number, [number]

    def literal(self, character: str, flags: _Flags) -> _Part:
        code = ord(character)
        return self.one(_in_ranges(((code, code),), ignore_case=flags.ignore_case))

    def group(self, flags: _Flags) -> tuple[_Part | None, _Flags]:
        self.index += 1
        inner = flags
        if self.take("?"):
            if self.take("P<") or (self.peek("<") and not self.peek("<=") and not self.peek("<!") and self.take("<")):
                self.name()
            else:
                inner, closed = self.flags(flags)
                if closed:
                    return None, inner
        self.depth += 1
        if self.depth > MOST_LEVELS:
            raise ExpressionError(f"is nested deeper than {MOST_LEVELS} levels")
        part, _inner = self.alternatives(inner)
        if not self.take(")"):
            raise ExpressionError("has a '(' without ')'")
        self.depth -= 1
        return part, flags

    def name(self) -> None:
        name, closed, _rest = self.text[self.index :].partition(">")
        if not closed or not name or not all(_is_word(character) for character in name) or name in self.names:
            raise ExpressionError("names a group in a way that RE2 does not know")
        self.names.add(name)
        self.index += len(name) + 1

    def flags(self, flags: _Flags) -> tuple[_Flags, bool]:
        """Flags for the rest of a group (``(?i)``) or for a group of their own (``(?i:...)``)."""
        values = {"i": flags.ignore_case, "s": flags.dot_takes_all, "m": flags.many_lines, "U": False}
        setting, begin = True, self.index
        while self.index < len(self.text):
            character = self.text[self.index]
            self.index += 1
            if character in values:
                values[character] = setting
            elif character == "-" and setting:
                setting = False
            elif character in ":)" and self.text[self.index - 2] != "-":
                return _Flags(values["i"], values["s"], values["m"]), character == ")"
            else:
                break
        raise ExpressionError(f"uses {self.text[begin - 2 : begin + 2]!r}, which RE2 does not know")

    def escape(self, flags: _Flags) -> _Part:
        if self.index >= len(self.text):
            raise ExpressionError("ends in a backslash")
        character = self.text[self.index]
        if character in _PLACES:
            self.index += 1
            return self.placed(_PLACES[character])
        if character == "C":
            self.index += 1
            return self.one(lambda _any: True)
        test = self.class_escape(flags)
        if test is not None:
            return self.one(test)
        return self.literal(self.char_escape(), flags)

    def class_escape(self, flags: _Flags) -> Test | None:
        """``\\d`` and its like, and classes of Unicode; None where it is no class."""
        character = self.text[self.index]
        if character.lower() in _CLASSES:
            self.index += 1
            return _in_ranges(_CLASSES[character.lower()], negated=character.isupper())
        if character not in "pP":
            return None
        self.index += 1
        name = self.text[self.index : self.index + 1]
        self.index += 1
        if name == "{":
            name, closed, _rest = self.text[self.index :].partition("}")
            if not closed:
                raise ExpressionError("has a class of Unicode without '}'")
            self.index += len(name) + 1
        negated = (character == "P") != name.startswith("^")
        name = name.removeprefix("^")
        if name not in _CATEGORIES and name != "Any":
            if len(name) < 3 or not name.isalpha():
                raise ExpressionError(f"uses the class {name[:20]!r} of Unicode, which RE2 does not know")
            raise UnjudgedError(f"uses the class {name[:20]!r} of Unicode, which cannot be judged here")
        return _in_category("" if name == "Any" else name, negated=negated, ignore_case=flags.ignore_case)

    def char_escape(self) -> str:
        """A character that is written with a backslash."""
        character = self.text[self.index]
        self.index += 1
        if character in _ESCAPES:
            return _ESCAPES[character]
        if character == "x":
            return self.hexadecimal()
        if character in "01234567":
            return self.octal(character)
        if character.isascii() and not _is_word(character):
            return character
        raise ExpressionError(f"uses {chr(92) + character!r}, which RE2 does not know")

    def hexadecimal(self) -> str:
        if self.take("{"):
            digits, closed, _rest = self.text[self.index :].partition("}")
            self.index += len(digits) + 1
        else:
            digits, closed = self.text[self.index : self.index + 2], "}"
            self.index += 2
            if len(digits) < 2:
                closed = ""
        if not closed or not digits or not all(digit in "0123456789abcdefABCDEF" for digit in digits):
            raise ExpressionError("has a \\x without a hexadecimal number")
        code = int(digits[:8], 16)
        if code > 0x10FFFF or len(digits) > 8:
            raise ExpressionError("has a \\x beyond Unicode")
        return chr(code)

    def octal(self, first: str) -> str:
        digits = first
        while len(digits) < 3 and self.index < len(self.text) and self.text[self.index] in "01234567":
            digits += self.text[self.index]
            self.index += 1
        if first != "0" and len(digits) == 1:
            raise ExpressionError(f"refers back to a group ({chr(92) + first!r}), which RE2 cannot")
        return chr(int(digits, 8))

    def char_class(self, flags: _Flags) -> Test:
        negated = self.take("^")
        tests: list[Test] = []
        ranges: list[tuple[int, int]] = []
        first = True
        while first or not self.peek("]"):
            if self.index >= len(self.text):
                raise ExpressionError("has a '[' without ']'")
            self.member(tests, ranges, flags)
            first = False
        self.index += 1
        tests.append(_in_ranges(tuple(ranges), ignore_case=flags.ignore_case))
        return lambda character: any(test(character) for test in tests) != negated

    def member(self, tests: list[Test], ranges: list[tuple[int, int]], flags: _Flags) -> None:
        if self.take("[:"):
            name, closed, _rest = self.text[self.index :].partition(":]")
            if not closed or name.removeprefix("^") not in _POSIX:
                raise ExpressionError("has a class between '[:' and ':]' that RE2 does not know")
            self.index += len(name) + 2
            posix = _POSIX[name.removeprefix("^")]
            tests.append(_in_ranges(posix, negated=name.startswith("^"), ignore_case=flags.ignore_case))
            return
        if self.take("\\"):
            if self.index >= len(self.text):
                raise ExpressionError("ends in a backslash")
            test = self.class_escape(flags)
            if test is not None:
                tests.append(test)
                return
            low = self.char_escape()
        else:
            low = self.text[self.index]
            self.index += 1
        high = low
        if self.peek("-") and not self.peek("-]") and self.index + 1 < len(self.text):
            self.index += 1
            high = self.end_of_range()
        if high < low:
            raise ExpressionError("has a range from more to less")
        ranges.append((ord(low), ord(high)))

    def end_of_range(self) -> str:
        if not self.take("\\"):
            self.index += 1
            return self.text[self.index - 1]
        if self.index >= len(self.text):
            raise ExpressionError("ends in a backslash")
        return self.char_escape()


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
