# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is served at a wide host (``*`` or ``*.domain``) and not at a narrower one that somebody else has.

Source: a proxy asks the most specific virtual host only, and no other when nothing there matches (``VirtualHost`` in
Envoy's ``api/envoy/config/route/v3/route_components.proto``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from ..routing.model import Text
from ..routing.resolve import text_fits
from .owners import Party, Who

_MOST_NAMED = 3
# Conditions on a host other than a plain name, which are compared one by one.
_MOST_COMPARED = 32

# A row: the condition that it has on the host, and one object of each of its owners.
ServedRow: TypeAlias = "tuple[Text | None, Sequence[Party]]"
People: TypeAlias = "dict[Who, Party]"


@dataclass(frozen=True, slots=True)
class Unserved:
    """``holder`` has the narrow host; ``some`` of ``count`` owners have the wide one only.

    ``holder_speaks`` says that the finding belongs to the holder, and else to the first of the others.
    """

    narrow: str
    wide: str
    holder: Party
    holder_speaks: bool
    some: tuple[Party, ...]
    count: int


def unserved(served: Mapping[str, Sequence[ServedRow]], scope: str) -> Iterator[Unserved]:
    """One for each narrow and wide host, by the rows of each; in a scope only those between it and others."""
    wide = {domain: _wide(rows) for domain, rows in served.items() if domain.startswith("*")}
    lengths = sorted({len(domain) for domain in wide}, reverse=True)
    for narrow, rows in served.items():
        people: People = {}
        for _condition, parties in rows:
            for item in parties:
                people.setdefault(item.who, item)
        for length in lengths if people else ():
            domain = f"*{narrow[len(narrow) - length + 1 :]}"
            if length <= len(narrow) and domain in wide:
                yield from _between(narrow, people, domain, wide[domain], scope)


@dataclass(slots=True)
class _Wide:
    """Who is at a wide host: with rows for all names, for single names, and for names of another form."""

    free: People = field(default_factory=dict)
    named: dict[str, People] = field(default_factory=dict)
    formed: dict[Text, People] = field(default_factory=dict)
    in_order: dict[str, list[Party]] = field(default_factory=dict)

    def at(self, narrow: str) -> People:
        """Those of them with conditions that names of a narrow host meet."""
        found = dict(self.named.get(narrow, {}))
        for text, people in self.formed.items():
            any_name = text.kind == "suffix" and narrow.startswith("*") and narrow[1:].endswith(text.value)
            if any_name or ("*" not in narrow and text_fits(text, narrow)):
                found |= people
        return found


def _wide(rows: Iterable[ServedRow]) -> _Wide:
    found = _Wide()
    for text, parties in rows:
        if text is None:
            people = found.free
        elif text.kind == "exact" and not text.negated:
            people = found.named.setdefault(text.value, {})
        elif text in found.formed or len(found.formed) < _MOST_COMPARED:
            people = found.formed.setdefault(text, {})
        else:
            continue
        for item in parties:
            people.setdefault(item.who, item)
    named = sorted(found.free.values(), key=str)
    found.in_order = {kind: [item for item in named if _is(item.who, kind)] for kind in ("ours", "others", "all")}
    return found


def _is(who: Who, kind: str) -> bool:
    return kind == "all" or who.ours == (kind == "ours")


def _between(narrow: str, people: People, domain: str, wide: _Wide, scope: str) -> Iterator[Unserved]:
    ours = next((item for who, item in people.items() if who.ours), None)
    kind = "all"
    if scope and (ours is None or all(who.ours for who in people)):
        kind = "ours" if ours is None else "others"
    more = {
        who: item
        for who, item in wide.at(narrow).items()
        if _is(who, kind) and who not in people and who not in wide.free
    }
    count = len(wide.in_order[kind]) - sum(_is(who, kind) and who in wide.free for who in people) + len(more)
    if not count:
        return
    some: list[Party] = []
    for item in (*more.values(), *wide.in_order[kind]) if more else wide.in_order[kind]:
        if len(some) == _MOST_NAMED:
            break
        if item.who not in people:
            some.append(item)
    holder = min(people.values(), key=str) if ours is None else ours
    yield Unserved(narrow, domain, holder, kind != "ours", tuple(some), count)
