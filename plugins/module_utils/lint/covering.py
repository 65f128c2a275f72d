# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which row of a virtual host takes the requests of another one, found without comparing each with each.

A table can hold ten thousand rows of other people. Rows are looked up by the beginnings of a path and by their
conditions; where one path has very many rows with conditions of other kinds, only the first of them are compared. What
cannot be told for sure (two expressions, most of all) is told as "no".

Source of what a condition means: ``resolve.py``, which this must never contradict.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from ..definition.fields import shown
from ..definition.model import in_a_sentence
from ..definition.re2 import ExpressionError, expression
from ..routing.model import RequestMatch, Text
from ..routing.resolve import text_fits

ROOT = Text("prefix", "/")
_AUTHORITY, _XFP = ":authority", "x-forwarded-proto"
# Rows of one path that are compared one by one, and expressions that are tried on one path.
_FEW, _MOST_COMPARED = 4, 32
# Expressions are slow to run, and whoever writes one decides how slow.
_MOST_RUNS = 1_000
_LONGEST_EXPRESSION = 200
# What may stand behind a prefix; an expression that fits all of them most likely fits everything below it.
_BELOW = ("", "a", "a/b", "api/v1.0/predictions", "v2/models/m/infer")

Asked: TypeAlias = "tuple[tuple[str, Text], ...]"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a row waits for at one virtual host, in one form for all that mean the same.

    ``asked`` are the conditions beside the path, by name: ``method``, ``header x``, ``query parameter x``.
    """

    path: Text
    asked: Asked = ()

    @property
    def takes_everything(self) -> bool:
        return self.path == ROOT and not self.asked

    @property
    def host(self) -> Text | None:
        """The condition on the host, where the virtual host stands for several."""
        return next((text for name, text in self.asked if name == f"header {_AUTHORITY}"), None)

    def __str__(self) -> str:
        """For a sentence. The host and the scheme, which Ambassador writes as headers, are left out."""
        words = {"prefix": "path prefix", "exact": "path"}
        said = [f"{words.get(self.path.kind, 'path expression')} {shown(self.path.value)}"]
        hidden = (f"header {_AUTHORITY}", f"header {_XFP}")
        said += [_condition(name, text) for name, text in self.asked if name not in hidden]
        return ", ".join(said[:4]) + (f" and {len(said) - 4} more" if len(said) > 4 else "")


def _condition(name: str, text: Text) -> str:
    kind = {"exact": "", "present": "", "regex": " expression"}.get(text.kind, f" {text.kind}")
    value = "" if text.kind == "present" else f" {shown(text.value)}"
    return f"{'not ' if text.negated else ''}{in_a_sentence(name)}{kind}{value}"


def claim_of(match: RequestMatch, domain: str) -> Claim | None:
    """What a match asks for at a virtual host, or None where no request to that host can meet it."""
    asked = {("method", match.method)} if match.method else set()
    for name, text in match.headers:
        if name != _AUTHORITY or "*" in domain:
            asked.add((f"header {name}", text))
        elif not text_fits(text, domain):
            return None
    asked.update((f"query parameter {name}", text) for name, text in match.query)
    return Claim(_path(match.path), tuple(sorted(asked)) if len(asked) > 1 else tuple(asked))


def _path(path: Text | None) -> Text:
    every = path is None or (path.kind, path.value) in (("prefix", ""), ("prefix", "/"), ("regex", ".*"))
    return ROOT if path is None or every else path


# --- Two conditions -----------------------------------------------------------------------------------------------


def covers(wide: Text, narrow: Text) -> bool:
    """Whether all that meets the narrow condition surely meets the wide one too."""
    if wide == narrow:
        return True
    if wide.negated or narrow.negated:
        return False
    if wide.kind == "present" or (wide.kind, wide.value) == ("regex", ".*"):
        return True
    if narrow.ignore_case and not wide.ignore_case:
        return False
    one, other = (wide.value.lower(), narrow.value.lower()) if wide.ignore_case else (wide.value, narrow.value)
    match wide.kind, narrow.kind:
        case "exact", "exact":
            return one == other
        case "prefix", "exact" | "prefix":
            return other.startswith(one)
        case "suffix", "exact" | "suffix":
            return other.endswith(one)
    return False


def path_covers(wide: Text, narrow: Text) -> bool:
    """The same for paths, each of which begins with a slash."""
    return wide == ROOT or covers(wide, narrow)


def meet(one: Text, other: Text) -> bool:
    """Whether some text surely meets both conditions."""
    if covers(one, other) or covers(other, one):
        return True
    if one.negated or other.negated:
        without, plain = (one, other) if one.negated else (other, one)
        if plain.negated or without.kind in ("present", "regex") or plain.kind == "regex":
            return False
        return not covers(replace(without, negated=False), plain)
    return {one.kind, other.kind} == {"prefix", "suffix"}


# --- Many rows ----------------------------------------------------------------------------------------------------


class _ByConditions:
    """The first row for each set of conditions, of rows with one path.

    A few are compared one by one, for which those with other conditions than plain texts come first.
    """

    __slots__ = ("alike", "few")

    def __init__(self) -> None:
        self.few: list[tuple[Asked, int]] = []
        self.alike: dict[str, dict[tuple[str, ...], dict[Asked, int]]] = {}

    def add(self, asked: Asked, number: int) -> None:
        most = _FEW if all(text.kind == "exact" for _name, text in asked) else _MOST_COMPARED
        if len(self.few) < most:
            self.few.append((asked, number))
            return
        names = tuple(name for name, _text in asked)
        head = names[0] if names else ""
        self.alike.setdefault(head, {}).setdefault(names, {}).setdefault(asked, number)

    def first(self, asked: Asked) -> int | None:
        """The first row that asks for no more than this; of many rows one that asks for the same texts."""
        one = next((number for wide, number in self.few if _asks_less(wide, asked)), None)
        if not self.alike:
            return one
        return min((number for number in (one, *self._alike(asked)) if number is not None), default=None)

    def _alike(self, asked: Asked) -> Iterator[int]:
        own = dict(asked)
        for head in ("", *own):
            for names, rows in islice(self.alike.get(head, {}).items(), _MOST_COMPARED):
                if all(name in own for name in names):
                    whole = len(names) == len(asked)
                    number = rows.get(asked if whole else tuple((name, own[name]) for name in names))
                    if number is not None:
                        yield number


def _asks_less(wide: Asked, narrow: Asked) -> bool:
    if not wide or len(wide) > len(narrow):
        return not wide
    return all(any(name == other and covers(text, given) for other, given in narrow) for name, text in wide)


def _asks_alike(one: Asked, other: Asked) -> bool:
    """Whether one request surely can meet both."""
    own = dict(other)
    return all(name not in own or meet(text, own[name]) for name, text in one)


class Paths:
    """The paths of a virtual host as a tree: above each the longest other one that it begins with."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self.above: dict[str, str | None] = {}
        way: list[str] = []
        for value in sorted({claim.path.value.lower() for claim in claims if claim.path.kind != "regex"}):
            while way and not value.startswith(way[-1]):
                way.pop()
            self.above[value] = way[-1] if way else None
            way.append(value)

    def upwards(self, path: Text) -> Iterator[str]:
        """A path and all that it begins with, the longest first; an expression begins with nothing but a slash."""
        value = ROOT.value if path.kind == "regex" else path.value.lower()
        here: str | None = value if value in self.above else None
        while here is not None:
            yield here
            here = self.above[here]


class Takers:
    """The rows so far that keep all requests that they match, to be asked which of them hides another row."""

    def __init__(self, paths: Paths, expressions: Expressions) -> None:
        self.paths, self.expressions = paths, expressions
        self.plain: dict[str, dict[Text, _ByConditions]] = {}
        self.regexes: dict[Text, _ByConditions] = {}

    def add(self, claim: Claim, number: int) -> None:
        path = claim.path
        group = self.regexes if path.kind == "regex" else self.plain.setdefault(path.value.lower(), {})
        found = group.get(path)
        if found is None:
            found = group[path] = _ByConditions()
        found.add(claim.asked, number)

    def hiding(self, claim: Claim) -> int | None:
        """The first row that surely takes all requests of a claim."""
        same = self.regexes.get(claim.path)
        found = [same.first(claim.asked)] if same else []
        for value in self.paths.upwards(claim.path):
            for path, rows in islice(self.plain.get(value, {}).items(), _MOST_COMPARED):
                if path_covers(path, claim.path):
                    found.append(rows.first(claim.asked))
        if claim.path.kind == "exact" and not claim.path.ignore_case:
            found.append(self.fitting(claim))
        return min((number for number in found if number is not None), default=None)

    def fitting(self, claim: Claim) -> int | None:
        """The first row whose expression fits examples of the path, and that asks for no more."""
        for path, rows in islice(self.regexes.items(), _MOST_COMPARED):
            number = rows.first(claim.asked)
            if number is not None and self.expressions.fit(path, claim.path):
                return number
        return None


class Overlaps:
    """All rows, to be asked which of them have a wider path and can get the same request."""

    def __init__(self, paths: Paths, claims: Sequence[Claim]) -> None:
        self.paths = paths
        self.found: dict[str, list[tuple[Claim, int]]] = {}
        for number, claim in enumerate(claims):
            if claim.path.kind == "prefix":
                self.found.setdefault(claim.path.value.lower(), []).append((claim, number))
        for value, rows in self.found.items():
            if len(rows) > _MOST_COMPARED:
                rows.sort(key=lambda item: len(item[0].asked))
                self.found[value] = rows[:_MOST_COMPARED]

    def wider(self, claim: Claim) -> Iterator[int]:
        """Those with the longest path first; one with the same path has to ask for less."""
        own = claim.path.value.lower()
        for value in self.paths.upwards(claim.path):
            alike = _asks_less if value == own else _asks_alike
            for other, number in self.found.get(value, ()):
                if other != claim and path_covers(other.path, claim.path) and alike(other.asked, claim.asked):
                    yield number


# --- Expressions --------------------------------------------------------------------------------------------------


class Expressions:
    """Tries expressions on paths; says no once it has been asked too often."""

    def __init__(self) -> None:
        self.left = _MOST_RUNS
        self.examples: dict[Text, tuple[str, ...]] = {}
        self.known: dict[tuple[Text, Text], bool] = {}

    def fit(self, wide: Text, path: Text) -> bool:
        """Whether an expression fits a path, or all examples of one that is a prefix or an expression."""
        if (wide, path) not in self.known:
            examples = self._examples(path) if _is_simple(wide) and self.left > 0 else ()
            self.known[wide, path] = bool(examples) and all(self._fits(wide, example) for example in examples)
        return self.known[wide, path]

    def _fits(self, wide: Text, path: str) -> bool:
        self.left -= 1
        return text_fits(wide, path)

    def _examples(self, path: Text) -> tuple[str, ...]:
        if path.kind == "exact":
            return (path.value,)
        if path.kind == "prefix":
            return tuple(path.value + end for end in _BELOW)
        if path not in self.examples:
            self.left -= 100
            self.examples[path] = _made_up(path) if _is_simple(path) else ()
        return self.examples[path]


def _is_simple(text: Text) -> bool:
    """Counted repetitions make a short expression large."""
    return len(text.value) <= _LONGEST_EXPRESSION and "{" not in text.value


def _made_up(path: Text) -> tuple[str, ...]:
    try:
        return tuple(example for example in expression(path.value).examples() if example.startswith("/"))
    except ExpressionError:
        return ()
