# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From intents to what Ambassador and Emissary read: objects, or annotations of Services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from ..definition.findings import DefinitionError, Finding
from ..definition.model import place_of
from ..definition.naming import seldon_id
from ..intent.model import Intent
from ..intent.places import places
from .ambassador_annotations import annotated_services
from .ambassador_documents import IDLE_LIMIT_MS, AmbassadorSettings, documents
from .ambassador_words import WORDS, Document, Words
from .model import Rendered, Translation, assembled, attached_to_nothing, metadata, rendered, service_objects


def to_ambassador(intents: Iterable[Intent], settings: AmbassadorSettings) -> Translation:
    """All objects of a run.

    Raises:
        DefinitionError: where definitions collide, or a condition of a route cannot be said in this version.
    """
    intents = list(intents)
    words, profile = settings.words, settings.profile
    if refused := [item for intent in intents for item in _impossible(intent, words)]:
        raise DefinitionError(sorted(refused))
    found = places(
        [_served(intent, settings) for intent in intents if not intent.custom and not intent.custom_text],
        settings.door,
        # A lone Mapping gets no more than its weight from Ambassador 1.14, and everything from 2.1.2 on.
        lone_gets_all=not words.annotation_only,
    )
    if settings.annotations:
        objects = annotated_services(intents, settings)
    else:
        objects = service_objects(intents)
        for intent in intents:
            objects += (_object(intent, document, words) for document in documents(intent, settings))
    notes = [finding for intent in intents for finding in intent.findings]
    names = {(intent.kind, intent.namespace, intent.name) for intent in intents}
    notes += (
        _attached_to_nothing(intent)
        for intent in intents
        if (intent.kind, intent.namespace, intent.attached_to) not in names
    )
    if words.annotation_only:
        notes.append(_only_for_1x(settings))
        notes += (note for intent in intents for note in _unsaid(intent, words))
    return assembled(objects, found, notes, check=profile.check_collisions)


def _object(intent: Intent, document: Document, words: Words) -> Rendered:
    labels = {"seldon-deployment-id": seldon_id(intent.name)}
    labelled = intent.kind == "SeldonDeployment" and not intent.custom
    return rendered(
        intent,
        {
            "apiVersion": words.api_version,
            "kind": document.kind,
            "metadata": metadata(document.name, intent.namespace, labels if labelled else None),
            "spec": dict(document.spec),
        },
    )


def _served(intent: Intent, settings: AmbassadorSettings) -> Intent:
    """The intent with the entries that come to be: the API server refuses the first short Mapping of the operator's
    v2, which then makes no other (B4)."""
    if settings.profile.valid_object_names or settings.words.annotation_only:
        return intent
    return replace(intent, entries=tuple(entry for entry in intent.entries if not entry.short))


def _attached_to_nothing(intent: Intent) -> Finding:
    return Finding(
        "A07",
        "warning",
        place_of(intent),
        f"{attached_to_nothing(intent)}, so Ambassador has no route for requests that are not for this one",
        "add its definition, or see that its routes are in the cluster",
    )


def _impossible(intent: Intent, words: Words) -> Iterator[Finding]:
    """Conditions without which a route would take other requests than it asks for."""
    if "query_parameters" in words.lacks and any(entry.match.query for entry in intent.entries):
        what = f"asks for a query parameter, which {words.api_version} cannot"
        yield Finding("C01", "error", f"{intent.origin}, {intent.title}", what, "take api v2 or v3alpha1")


def _unsaid(intent: Intent, words: Words) -> Iterator[Finding]:
    """Policies that get lost in this version."""
    policies = [entry.policies for entry in intent.entries]
    lost = {
        "retry_policy": any(policy.retries and policy.retries.attempts for policy in policies),
        "circuit_breakers": any(policy.circuit_breakers for policy in policies),
        "idle_timeout_ms": any((policy.timeout_ms or 0) > IDLE_LIMIT_MS for policy in policies),
    }
    missing = sorted(field for field, needed in lost.items() if needed and field in words.lacks)
    if missing:
        yield Finding(
            "C01",
            "warning",
            place_of(intent),
            f"{words.api_version} has no {', '.join(missing)}, so it is left out",
            "take api v1 or newer",
        )


def _only_for_1x(settings: AmbassadorSettings) -> Finding:
    newer = " or ".join(api for api in settings.profile.ambassador_apis if not WORDS[api].annotation_only)
    return Finding(
        "C01",
        "warning",
        f"ambassador.api {settings.api}",
        "is for Ambassador 1.x: one annotation of this version stops Emissary and Edge Stack from 2.0 on, with all"
        " their routes",
        f"take {newer} where a newer one is installed",
    )
