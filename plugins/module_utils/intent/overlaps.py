# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries that one request can match both, found without comparing each entry with each other one.

Two entries overlap unless something excludes it: their paths, their methods, or a header or query parameter that both
ask for with other values. What cannot be told of two regular expressions counts as an overlap.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

from ..definition.model import TextMatch
from ..definition.re2 import ExpressionError, expression
from .model import Entry, Match, Pairs, PathKind

# A number that tells owners apart, and an entry of that owner.
Owned: TypeAlias = tuple[int, Entry]
# Entries of one path by the names of the headers that they compare exactly; each with the values of those.
_Group: TypeAlias = dict[frozenset[str], list[tuple[Mapping[str, str], Owned]]]

# Stands for any character in the beginning of an expression; no path holds it.
_ANY = "\0"
# One character that has to be there: escaped, alone in a class, or as it stands; and not optional.
_STEP = re.compile(r"(?:\\([^A-Za-z0-9])|\[([^\\^\]])\]|([^\\()\[\]{}*+?|^$]))(?![*?{])")
_CHOICE = r"(?:\\[^A-Za-z0-9|]|[^\\()\[\]])*"
_CHOICES = re.compile(_CHOICE)
_CHOICES_WITHIN = re.compile(rf"((?:\\[^A-Za-z0-9|]|[^\\()\[\]|])*)\((?!\?)({_CHOICE})\)([^|]*)")


def overlaps(one: Match, other: Match) -> bool:
    """Whether one request can match both."""
    return paths_meet(one, other) and _conditions_meet(one, other)


def overlapping(entries: Iterable[Owned]) -> Iterator[tuple[Owned, Owned]]:
    """All pairs of entries of different owners that overlap, the lower owner first; a pair may come twice."""
    by_path: dict[tuple[PathKind, str], list[Owned]] = {}
    for owned in entries:
        match = owned[1].match
        by_path.setdefault((match.path_kind, match.path), []).append(owned)
    groups = {path: _by_header_names(members) for path, members in by_path.items()}
    for one, other in _meeting(by_path):
        if one == other and len(by_path[one]) == 1:
            continue
        for first, second in _not_told_apart(groups[one], groups[other]):
            if first[0] != second[0] and _conditions_meet(first[1].match, second[1].match):
                yield (first, second) if first[0] < second[0] else (second, first)


# --- Paths --------------------------------------------------------------------------------------------------------


def paths_meet(one: Match, other: Match) -> bool:
    """Whether one path can match both, whatever else they ask for."""
    return _paths_meet((one.path_kind, one.path), (other.path_kind, other.path))


def _paths_meet(one: tuple[PathKind, str], other: tuple[PathKind, str]) -> bool:
    (kind, text), (other_kind, other_text) = sorted((one, other))
    match kind, other_kind:
        case "path", "path":
            return text == other_text
        case "path", "prefix":
            return text.startswith(other_text)
        case "path", "regex":
            return _fits(other_text, text)
        case "prefix", "prefix":
            return text.startswith(other_text) or other_text.startswith(text)
        case "prefix", "regex":
            return any(_agree(begin, text) for begin in beginnings(other_text))
    return any(_agree(begin, again) for begin in beginnings(text) for again in beginnings(other_text))


def _agree(one: str, other: str) -> bool:
    """Whether a text can begin with both."""
    return all(left == right or _ANY in (left, right) for left, right in zip(one, other, strict=False))


def _fits(pattern: str, text: str) -> bool:
    try:
        return expression(pattern).fits(text)
    except ExpressionError:
        return True


@lru_cache(maxsize=4096)
def beginnings(pattern: str) -> tuple[str, ...]:
    """Texts with one of which everything begins that a regular expression matches.

    Choices are followed where they are the whole expression or its first group; of all others only what stands before
    them is told.
    """
    if "|" not in pattern:
        return (_beginning(pattern),)
    if _CHOICES.fullmatch(pattern):
        return tuple(_beginning(choice) for choice in pattern.split("|"))
    found = _CHOICES_WITHIN.fullmatch(pattern)
    if not found:
        return ("",)
    before, choices, after = found.groups()
    if after[:1] in ("*", "?", "{"):
        return (_beginning(before),)
    return tuple(_beginning(f"{before}{choice}{after}") for choice in choices.split("|"))


def _beginning(pattern: str) -> str:
    found = []
    place = 1 if pattern.startswith("^") else 0
    while step := _STEP.match(pattern, place):
        escaped, alone, plain = step.groups()
        found.append(escaped or alone or (_ANY if plain == "." else plain))
        place = step.end()
    return "".join(found)


def _meeting(
    paths: Iterable[tuple[PathKind, str]],
) -> Iterator[tuple[tuple[PathKind, str], tuple[PathKind, str]]]:
    """All pairs of paths that one path can match both, each with itself too.

    In the order of their beginnings, all that begins with a text directly follows it.
    """
    heads = sorted((head, path) for path in paths for head in _heads(*path))
    done: set[tuple[tuple[PathKind, str], tuple[PathKind, str]]] = set()
    for place, (head, path) in enumerate(heads):
        for index in range(place, len(heads)):
            longer, other = heads[index]
            if not longer.startswith(head):
                break
            pair = (path, other) if path < other else (other, path)
            if pair not in done and _paths_meet(path, other):
                done.add(pair)
                yield pair


def _heads(kind: PathKind, text: str) -> Iterable[str]:
    if kind != "regex":
        return (text,)
    return {begin.partition(_ANY)[0] for begin in beginnings(text)}


# --- Conditions ---------------------------------------------------------------------------------------------------


def _conditions_meet(one: Match, other: Match) -> bool:
    if one.methods and other.methods and set(one.methods).isdisjoint(other.methods):
        return False
    return _pairs_meet(one.headers, other.headers) and _pairs_meet(one.query, other.query)


def _pairs_meet(one: Pairs, other: Pairs) -> bool:
    return all(_texts_meet(text, again) for name, text in one for other_name, again in other if name == other_name)


def _texts_meet(one: TextMatch, other: TextMatch) -> bool:
    if one.kind == other.kind == "exact":
        return one.value == other.value
    if {one.kind, other.kind} == {"exact", "regex"}:
        exact, regex = (one, other) if one.kind == "exact" else (other, one)
        return _fits(regex.value, exact.value)
    return True


def _by_header_names(members: Iterable[Owned]) -> _Group:
    found: _Group = {}
    for owned in members:
        values = {name: text.value for name, text in owned[1].match.headers if text.kind == "exact"}
        found.setdefault(frozenset(values), []).append((values, owned))
    return found


def _not_told_apart(one: _Group, other: _Group) -> Iterator[tuple[Owned, Owned]]:
    """Pairs of which no header that both compare exactly has two values.

    They are looked up by those values: the gRPC routes of all deployments have one path, and each its own values.
    """
    for names, members in one.items():
        for other_names, others in other.items():
            common = sorted(names & other_names)
            index: dict[tuple[str, ...], list[Owned]] = {}
            for values, owned in others:
                index.setdefault(tuple(values[name] for name in common), []).append(owned)
            for values, owned in members:
                for again in index.get(tuple(values[name] for name in common), ()):
                    yield owned, again
