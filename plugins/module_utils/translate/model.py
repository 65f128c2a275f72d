# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What translators return, and the checks that every provider's objects pass through."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..definition.defects import DEFECTS
from ..definition.fields import quoted
from ..definition.findings import DefinitionError, Finding
from ..definition.model import LONGEST_NAME, in_a_sentence, place_of
from ..intent.model import Intent
from ..intent.places import Place, Places, Quarrel

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """One Kubernetes object and the definition that asked for it."""

    definition: str
    origin: str
    where: str
    object: Object


@dataclass(frozen=True, slots=True)
class Translation:
    """The objects of a run in a fixed order, the places they serve, and what the provider's words could not say."""

    objects: tuple[Rendered, ...]
    places: tuple[Place, ...]
    findings: tuple[Finding, ...] = ()


def rendered(intent: Intent, obj: Object) -> Rendered:
    return Rendered(intent.name, f"{intent.origin}, {intent.title}", place_of(intent), obj)


def metadata(name: str, namespace: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The metadata of an object; ``labels`` is left out where it is empty, and so is a name that the operator made
    of nothing."""
    found: dict[str, Any] = {"name": name, "namespace": namespace} if name else {"namespace": namespace}
    if labels:
        found["labels"] = dict(labels)
    return found


def attached_to_nothing(intent: Intent) -> str:
    """What A07 says for every provider. A definition that is refused is not among the intents either."""
    target = quoted(intent.attached_to)
    return f"is attached to the SeldonDeployment {target}, which is not in this run, or is refused in it"


def duration(milliseconds: int) -> str:
    """A duration as protobuf writes it in JSON: ``60s``, ``1.500s``."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds}.{rest:03d}s" if rest else f"{seconds}s"


def digest(text: str) -> str:
    """Eight characters that stand for a host (or a list of them) in the name of an object."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def ordered(value: Any) -> Any:
    """A copy of a value that a user wrote, with its keys in order, so that the output does not depend on theirs."""
    if isinstance(value, Mapping):
        return {key: ordered(value[key]) for key in sorted(value)}
    return [ordered(item) for item in value] if isinstance(value, list) else value


def service_objects(intents: Iterable[Intent]) -> list[Rendered]:
    """The Services that ServiceRoutes ask for."""
    return [
        rendered(
            intent,
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": metadata(intent.name, intent.namespace),
                "spec": ordered(intent.service),
            },
        )
        for intent in intents
        if intent.service is not None
    ]


def assembled(
    objects: Sequence[Rendered], places: Places, findings: Iterable[Finding], *, check: bool = True
) -> Translation:
    """Sort what was rendered; refuse two objects with one identity (B18, B27) and quarrels about requests.

    Without ``check`` both become findings.

    Raises:
        DefinitionError: naming both definitions.
    """
    doubles = list(_doubles(objects))
    notes = {*findings, *_shared_places(places.served)}
    if check:
        places.refuse_quarrels()
        if doubles:
            raise DefinitionError(
                Finding(_clash_id(item, other), "error", item.origin, _clash(item, other), "rename one of the two")
                for item, other in doubles
            )
    else:
        notes |= {_let_in(*double) for double in doubles}
        notes |= {_quarrel_let_in(quarrel) for quarrel in places.quarrels}
    in_order = sorted(objects, key=lambda item: sort_key(item.object))
    return Translation(tuple(in_order), places.served, tuple(sorted(notes)))


def _doubles(objects: Iterable[Rendered]) -> Iterator[tuple[Rendered, Rendered]]:
    first: dict[tuple[str, str, str, str], Rendered] = {}
    for item in objects:
        other = first.setdefault(sort_key(item.object), item)
        if other is not item:
            yield item, other


def _clash(item: Rendered, other: Rendered) -> str:
    namespace, kind, name, _group = sort_key(item.object)
    return f"needs the {kind} {namespace}/{in_a_sentence(name, LONGEST_NAME)}, as {other.origin} does"


def _clash_id(item: Rendered, other: Rendered) -> str:
    inside = item.origin == other.origin
    return "B27" if item.object["kind"] == "VirtualService" else "B29" if inside else "B18"


def _let_in(item: Rendered, other: Rendered) -> Finding:
    return DEFECTS[_clash_id(item, other)].finding(item.where, _clash(item, other))


def _shared_places(places: Iterable[Place]) -> Iterator[Finding]:
    """Deployments that are attached with the very header that another one has: they divide its requests."""
    for place in places:
        (owner, entry), *others = place.members
        for intent, _entry in others if entry.kind == "rest" and entry.match.headers else ():
            yield Finding(
                "B26",
                "warning",
                place_of(intent),
                f"has the same headers as {quoted(owner.name)}, so the two divide their requests equally",
                "give one of them another header",
            )


def _quarrel_let_in(quarrel: Quarrel) -> Finding:
    intent = quarrel.intent
    where = place_of(intent)
    known = DEFECTS.get(quarrel.check)
    if known:
        return replace(known.finding(where, quarrel.what, quarrel.advice), level="error")
    return Finding(quarrel.check, "error", where, quarrel.what, quarrel.advice)


def sort_key(obj: Object) -> tuple[str, str, str, str]:
    """Namespace, kind, name, API group: the order of everything that is emitted."""
    group = obj["apiVersion"].rpartition("/")[0]
    return obj["metadata"]["namespace"], obj["kind"], obj["metadata"].get("name", ""), group
