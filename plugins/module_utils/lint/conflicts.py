# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What different owners do to each other at one entrance: who gets whose requests, and who gets none.

Source of the order: ``resolve.py`` for the rows of a table; between VirtualServices Istio goes by age, then by name
(``sortConfigByCreationTime`` in ``pilot/pkg/model/config.go`` of istio.io/istio).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from ..definition.fields import shown
from ..definition.findings import Finding, Level
from ..definition.model import in_a_sentence
from ..definition.naming import DEPLOYMENT_LABEL
from ..objects.ownership import MANAGED_BY_LABEL, MANAGER
from ..routing.model import Copy, Entrance, Owner, Row, Share, Table, VirtualHost
from .covering import Claim, Expressions, Overlaps, Paths, Takers, claim_of
from .owners import Owners, Party, Who
from .wide_hosts import unserved

# A gateway of ten thousand foreign routes must not print megabytes.
MOST_FINDINGS = 200
_MOST_NAMES = 5
_OTHER_MATCH = "give one of them another host, path or header"
_BY_AGE = "(Istio goes by age, then by name)"


def conflicts(table: Table, scope: str = "") -> tuple[Finding, ...]:
    """The findings B01, B02, B03, B04 and B06 of a table, each once, in a fixed order.

    ``scope`` is ours: two objects of it are not held against each other, and what lies at its addresses is looked for.
    """
    owners, facts, expressions = Owners(scope), Facts(), Expressions()
    for entrance in table.entrances:
        hosts = [_Host(entrance, host, owners, facts) for host in entrance.hosts]
        for host in hosts:
            host.same_match()
            host.hidden(expressions)
            host.foreign_at_own_address()
        if hosts:
            _narrow_hosts(hosts, scope, facts)
    return facts.findings()


# --- Facts --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Facts:
    """Findings, with the places where each is true."""

    found: dict[tuple[str, Hashable], Finding] = field(default_factory=dict)
    places: dict[tuple[str, Hashable], dict[str, None]] = field(default_factory=dict)

    def add(self, place: str, finding: Finding, key: Hashable = None) -> None:
        """``key`` tells facts of one id apart; without it the finding does."""
        about = finding.id, finding if key is None else key
        self.found.setdefault(about, finding)
        self.places.setdefault(about, {}).setdefault(place)

    def findings(self) -> tuple[Finding, ...]:
        """All of an id or the gravest of them, and how many more there are."""
        by_id: dict[str, list[Finding]] = {}
        for about, finding in self.found.items():
            first, *others = self.places[about]
            more = f" and {_count(len(others), 'more place')}" if others else ""
            told = replace(finding, message=f"{finding.message}, at {first}{more}")
            by_id.setdefault(finding.id, []).append(told)
        return tuple(finding for check in sorted(by_id) for finding in _bounded(by_id[check]))


def _bounded(findings: Sequence[Finding]) -> list[Finding]:
    kept = sorted(set(findings), key=lambda finding: (finding.level, finding))
    rest = kept[MOST_FINDINGS:]
    kept = sorted(kept[:MOST_FINDINGS])
    if rest:
        errors = sum(finding.level == "error" for finding in rest)
        what = f"is found {_count(len(rest), 'more time')}, {errors} of them as an error, and not told in full"
        fix = "correct those that are told first, or look at fewer objects at once"
        kept.append(Finding(rest[0].id, rest[0].level, f"check {rest[0].id}", what, fix))
    return kept


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


# --- One virtual host ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row that some request to the host can meet, with one object of each of its owners."""

    row: Row
    claim: Claim
    parties: tuple[Party, ...]


def _objects(row: Row) -> Iterable[Owner]:
    """The objects that a row comes from; a weight group comes from several."""
    if len(row.shares) < 2:
        return (row.owner,)
    return dict.fromkeys(share.owner or row.owner for share in row.shares)


def _takes_all(row: Row) -> bool:
    if row.redirect or (len(row.shares) == 1 and row.shares[0].percent == 100):
        return True
    return sum((share.percent for share in row.shares), Fraction(0)) >= 100


def _ours_first(one: Party, other: Party) -> tuple[Party, Party]:
    """Two objects, the one that should change first."""
    return (other, one) if other.who.ours else (one, other)


class _Host:
    """Judges the rows of one virtual host."""

    def __init__(self, entrance: Entrance, host: VirtualHost, owners: Owners, facts: Facts) -> None:
        self.istio, self.domain, self.owners, self.facts = entrance.provider == "istio", host.domain, owners, facts
        self.door = f"{'gateway' if self.istio else 'Ambassador'} {in_a_sentence(entrance.name)}"
        self.entries = list(self._entries(host.rows))

    def _entries(self, rows: Iterable[Row]) -> Iterator[_Entry]:
        for row in rows:
            claim = claim_of(row.match, self.domain)
            # The redirect of a Gateway stands for nobody's routes.
            if claim is not None and row.owner.kind != "Gateway":
                yield _Entry(row, claim, self._one_of_each(row))

    def _one_of_each(self, row: Row) -> tuple[Party, ...]:
        if self.istio or len(row.shares) < 2:
            return (self.owners.party(row.owner),)
        found: dict[Who, Party] = {}
        for item in _objects(row):
            party = self.owners.party(item)
            found.setdefault(party.who, party)
        return tuple(found.values())

    def _add(self, check: str, level: Level, where: Party, message: str, fix: str, key: Hashable = None) -> None:
        place = f"host {shown(self.domain)} of {self.door}"
        self.facts.add(place, Finding(check, level, str(where), message, fix), key)

    # --- B01 and B06 ----------------------------------------------------------------------------------------------

    def same_match(self) -> None:
        if not self.istio:
            for entry in self.entries:
                if len(entry.parties) > 1:
                    self._one_group(entry)
                for mirror in entry.row.mirrors:
                    self._copied(entry, mirror)
            return
        first: dict[Claim, Party] = {}
        for entry in self.entries:
            (loser,) = entry.parties
            winner = first.setdefault(entry.claim, loser)
            # What nobody has labelled may be of two people.
            by_hand = winner is not loser and winner.who.by_hand and loser.who.by_hand
            if by_hand or winner.against(loser):
                self._same_claim(winner, loser, entry.claim)

    def _same_claim(self, winner: Party, loser: Party, claim: Claim) -> None:
        if winner.who.ours:
            where, other = winner, loser
            so = f"which gets none of them, because this one comes first {_BY_AGE}"
        else:
            where, other = loser, winner
            so = f"which gets all of them, because it comes first {_BY_AGE}"
        message = f"waits for the same requests ({claim}) as {other.named}, {so}"
        self._add("B01", "error", where, message, _OTHER_MATCH)

    def _one_group(self, entry: _Entry) -> None:
        """A weight group of several owners."""
        parties = sorted(entry.parties, key=lambda item: not item.who.ours)
        quarrelling = [(one, other) for one in parties[:_MOST_NAMES] for other in parties if one.against(other)]
        if not quarrelling:
            return
        where, other = next((pair for pair in quarrelling if pair[0].who.ours), quarrelling[0][::-1])
        more = len(entry.parties) - 2
        others = other.named + (f" and {_count(more, 'more owner')}" if more else "")
        message = f"waits for the same requests ({entry.claim}) as {others}"
        self._add("B01", "error", where, message, _OTHER_MATCH)
        if any(one.owner.namespace != other.owner.namespace for one, other in quarrelling):
            message = f"divides its requests ({entry.claim}) with other namespaces: {_parts(entry.row.shares)}"
            fix = f"{_OTHER_MATCH}: a canary belongs into the namespace of what it is a canary of"
            self._add("B06", "error", where, message, fix)

    def _copied(self, entry: _Entry, mirror: Copy) -> None:
        """A shadow of somebody else, which sees every request and takes the one place that a group has for it."""
        if mirror.owner is None or not mirror.percent:
            return
        shadow = self.owners.party(mirror.owner)
        copied = [party for party in entry.parties if party.against(shadow)]
        if not copied:
            return
        party = next((item for item in copied if item.who.ours), copied[0])
        part, requests = _percent(mirror.percent), f"requests ({entry.claim})"
        target = f"{in_a_sentence(mirror.target.host)}:{mirror.target.port}"
        if shadow.who.ours:
            where, message = shadow, f"copies {part} of the {requests} of {party.named} to {target}"
        else:
            where, message = party, f"copies {part} of its {requests} to {target} of {shadow.named}"
        fix = "remove the shadow, or let the owner of the requests write it"
        self._add("B06", "error", where, message, fix)

    # --- B02 ------------------------------------------------------------------------------------------------------

    def hidden(self, expressions: Expressions) -> None:
        claims = [entry.claim for entry in self.entries]
        paths = Paths(claims)
        takers, overlaps = Takers(paths, expressions), Overlaps(paths, claims)
        for number, entry in enumerate(self.entries):
            by = takers.hiding(entry.claim)
            if by is not None:
                self._fully_hidden(entry, self.entries[by])
            elif not self._perhaps_hidden(entry, takers.fitting(entry.claim)):
                self._in_disorder(number, overlaps.wider(entry.claim))
            if _takes_all(entry.row):
                takers.add(entry.claim, number)

    @staticmethod
    def _pair(late: _Entry, early: _Entry) -> tuple[Party, Party] | None:
        """Two objects of two owners, if the late row has an owner that the early one has not."""
        theirs = {item.who for item in early.parties}
        for one in late.parties:
            if one.who not in theirs:
                for other in early.parties:
                    if one.against(other):
                        return one, other
        return None

    def _fully_hidden(self, late: _Entry, early: _Entry) -> None:
        pair = self._pair(late, early)
        if pair is None or (self.istio and late.claim == early.claim):
            return  # the same match is B01
        why, fix = self._order()
        self._b02("error", pair, (late.claim, early.claim), ("gets no request", "takes all requests", why), fix)

    def _order(self) -> tuple[str, str]:
        if self.istio:
            return f"comes first {_BY_AGE}", "give one of them another path, or write both into one VirtualService"
        return "comes first, by precedence or by the length of its text", "give one of them another path or precedence"

    def _perhaps_hidden(self, late: _Entry, by: int | None) -> bool:
        if by is None:
            return False
        early = self.entries[by]
        pair = self._pair(late, early)
        if pair is not None:
            why, fix = self._order()
            words = "may get no request", "may take all requests", f"fits examples of that path and {why}"
            self._b02("warning", pair, (late.claim, early.claim), words, fix)
        return True

    def _in_disorder(self, number: int, wider: Iterable[int]) -> None:
        """A wider row that takes some requests today, or that will take them once the order between objects turns."""
        narrow = self.entries[number]
        for other in wider:
            wide = self.entries[other]
            if other < number and _takes_all(wide.row) and (pair := self._pair(narrow, wide)):
                why, fix = self._order()
                words = "gets not all of its requests", "takes some requests", why
                self._b02("warning", pair, (narrow.claim, wide.claim), words, fix)
                return
            # Istio puts what takes everything behind all the rest, whatever its age.
            if self.istio and other > number and not wide.claim.takes_everything:
                pair = self._pair(narrow, wide)
                if pair:
                    self._only_by_age(pair, narrow.claim, wide.claim)
                    return

    def _b02(
        self,
        level: Level,
        pair: tuple[Party, Party],
        claims: tuple[Claim, Claim],
        words: tuple[str, str, str],
        fix: str,
    ) -> None:
        """``pair`` and ``claims`` are the late and the early one; ``words`` what each does, and why."""
        (late, early), (late_claim, early_claim), (gets, takes, why) = pair, claims, words
        if early.who.ours:
            message = f"{takes} ({early_claim}) of {late.waiting_for(late_claim)}, because it {why}"
            self._add("B02", level, early, message, fix)
        else:
            message = f"{gets} ({late_claim}), because {early.waiting_for(early_claim)} {why}"
            self._add("B02", level, late, message, fix)

    def _only_by_age(self, pair: tuple[Party, Party], narrow: Claim, wide: Claim) -> None:
        where, other = _ours_first(*pair)
        own, theirs = (narrow, wide) if where == pair[0] else (wide, narrow)
        late = "it" if where == pair[0] else "that one"
        message = (
            f"shares requests ({own}) with {other.waiting_for(theirs)}, and only their age decides who gets"
            f" them: {late} has the narrower match and gets none of them once it is deleted and made again"
        )
        fix = "give them paths of which none begins with the other, or write both into one VirtualService"
        self._add("B02", "warning", where, message, fix)

    # --- B04 ------------------------------------------------------------------------------------------------------

    def foreign_at_own_address(self) -> None:
        own: dict[str, Party] = {}
        for entry in self.entries:
            ours = next((item for item in entry.parties if item.who.ours), None)
            address = entry.claim.path.value.rstrip("/")
            if ours and entry.claim.path.kind == "prefix" and address.count("/") > 1:
                own.setdefault(address, ours)
        if not own:
            return
        for entry in self.entries:
            address = "" if entry.claim.path.kind == "regex" else entry.claim.path.value.rstrip("/")
            while address and address not in own:
                address = address.rpartition("/")[0]
            if address:
                self._at_address(own[address], address, entry)

    def _at_address(self, ours: Party, address: str, entry: _Entry) -> None:
        for item in map(self.owners.party, _objects(entry.row)):
            if not item.who.ours:
                message = (
                    f"has the address {shown(address + '/')}, at which {item.named} has a route too ({entry.claim})"
                )
                self._add("B04", "error", ours, message, _who_leaves(item.owner, address), (item.owner, address))


def _who_leaves(foreign: Owner, address: str) -> str:
    labels = dict(foreign.labels)
    if labels.get(MANAGED_BY_LABEL) == MANAGER:
        return "keep the definition in one scope, and prune it in the other"
    # The operator's VirtualServices have no labels, but the name of their deployment; its Mappings begin so.
    by_name = foreign.name.startswith("seldon_") or f"{address}/".startswith(
        (f"/seldon/{foreign.namespace}/{foreign.name}/", f"/seldon/{foreign.namespace}/{foreign.name}-explainer/")
    )
    if labels.get(DEPLOYMENT_LABEL) or by_name:
        return "switch the operator's own routes off, or adopt the object"
    return "remove that route, or give it an address of its own"


def _parts(shares: Sequence[Share]) -> str:
    """What each of a group gets."""
    told = [
        f"{in_a_sentence(share.owner.namespace)}/{in_a_sentence(share.owner.name)} gets {_percent(share.percent)}"
        for share in shares[:_MOST_NAMES]
        if share.owner
    ]
    rest = shares[_MOST_NAMES:]
    if rest:
        told.append(f"{len(rest)} more get {_percent(sum((share.percent for share in rest), Fraction(0)))} together")
    return ", ".join(told)


def _percent(percent: Fraction) -> str:
    return f"{percent} %" if percent.denominator == 1 else f"{float(percent):.2f} %"


# --- B03 ----------------------------------------------------------------------------------------------------------


def _narrow_hosts(hosts: Sequence[_Host], scope: str, facts: Facts) -> None:
    """Owners at a wide host who are not served at a narrower one of somebody else."""
    served = {host.domain: [(entry.claim.host, entry.parties) for entry in host.entries] for host in hosts}
    for item in unserved(served, scope):
        names = ", ".join(str(party) for party in item.some)
        many = _count(item.count, "other owner")
        lost = f"requests for it never reach the routes for {shown(item.wide)} of {many}"
        lost += f" ({names}{' and others' if item.count > len(item.some) else ''})"
        if item.holder_speaks:
            where, what = item.holder, f"has the host {shown(item.narrow)} for itself, so {lost}"
        else:
            holder = item.holder.named
            where = item.some[0]
            what = f"is not served at the host {shown(item.narrow)}, which {holder} has for itself, so {lost}"
        fix = "add the host to the routes that belong there too"
        facts.add(hosts[0].door, Finding("B03", "warning", str(where), what, fix))
