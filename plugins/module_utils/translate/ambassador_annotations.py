# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources of Ambassador as text in the annotation of a Service.

Source: the "Service annotations" of Ambassador 1.14, ``pkg/snapshot/v1/annotations.go`` of emissary-ingress/emissary
v3.10.0, and what the operator writes: ``operator/controllers/ambassador/v1.go`` (lines 395 to 440) of
SeldonIO/seldon-core.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..definition.fields import quoted
from ..definition.findings import DefinitionError, Finding
from ..definition.naming import annotation_service
from ..intent.model import Intent, OperatorService
from ..kube.go_yaml import write_in_order
from ..kube.writer import write_document
from .ambassador_documents import AmbassadorSettings, Written, documents, mappings
from .ambassador_names import operator_context_name
from .ambassador_words import Document, Words
from .model import Rendered, metadata, ordered, rendered

ANNOTATION = "getambassador.io/config"
# What the API server accepts for all annotations of an object, keys and values together
# (``apimachinery/pkg/api/validation/objectmeta.go``).
_LONGEST = 256 * 1024
_SEPARATOR = "---\n"


def annotated_services(intents: Sequence[Intent], settings: AmbassadorSettings) -> list[Rendered]:
    """The Services that carry the resources of each definition.

    Raises:
        DefinitionError: where an annotation is too long, a Service of ours has the name of one that it leads to, or
            two documents of a namespace have one name, of which Ambassador would read one only.
    """
    if not settings.profile.own_services:
        found = [service for intent in intents for service in _operator_services(intent, settings)]
        refused = [*_too_long(found, settings)]
    else:
        written = [(intent, documents(intent, settings)) for intent in intents]
        found = [rendered(intent, _own_service(intent, texts, settings.words)) for intent, texts in written]
        refused = [*_doubles(written), *_too_long(found, settings), *_taken(intents, found)]
    if refused:
        raise DefinitionError(sorted(set(refused)))
    return found


def annotation_text(given: Iterable[Document], words: Words) -> str:
    """The documents as the text of an annotation, which every reader of YAML reads alike."""
    return "".join(_SEPARATOR + write_document(document.in_order(words), order=list) for document in given)


def _operator_documents(given: Iterable[Document], words: Words) -> str:
    """The documents as the operator's library writes them, byte for byte."""
    return "".join(_SEPARATOR + write_in_order(document.in_order(words)) for document in given) or _SEPARATOR


def _own_service(intent: Intent, written: Sequence[Document], words: Words) -> dict[str, Any]:
    """A Service of our own, without pods; a ServiceRoute that asks for a Service has its annotation there."""
    annotations = {ANNOTATION: annotation_text(written, words)}
    spec = {"clusterIP": "None"} if intent.service is None else ordered(intent.service)
    name = intent.name if intent.service is not None else annotation_service(intent.name)
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(name, intent.namespace) | {"annotations": annotations},
        "spec": spec,
    }


def _doubles(written: Iterable[tuple[Intent, Sequence[Document]]]) -> Iterator[Finding]:
    first: dict[tuple[str, str, str], Intent] = {}
    for intent, texts in written:
        for document in texts:
            other = first.setdefault((intent.namespace, document.kind, document.name), intent)
            if other is not intent:
                needs = f"needs the {document.kind} {quoted(document.name)}, as {other.origin}, {other.title} does"
                yield Finding("B18", "error", f"{intent.origin}, {intent.title}", needs, "rename one of the two")


def _too_long(services: Iterable[Rendered], settings: AmbassadorSettings) -> Iterator[Finding]:
    for item in services:
        size = sum(len((key + text).encode()) for key, text in item.object["metadata"]["annotations"].items())
        if size > _LONGEST:
            advice = "take api v2 or v3alpha1 with form: object" if settings.profile.own_services else "shorten them"
            name = item.object["metadata"].get("name", "")
            what = f"the annotations of the Service {quoted(name)} have {size} bytes, and Kubernetes allows {_LONGEST}"
            yield Finding("C12", "error", item.origin, what, f"{advice}, or divide the definition")


def _taken(intents: Iterable[Intent], services: Iterable[Rendered]) -> Iterator[Finding]:
    backends = {
        (backend.namespace, backend.service): intent.title
        for intent in intents
        for entry in intent.entries
        for backend in (*entry.backends, *(mirror.backend for mirror in entry.mirrors))
        if intent.kind == "SeldonDeployment"
    }
    for item in services:
        name = item.object["metadata"]["name"]
        user = backends.get((item.object["metadata"]["namespace"], name))
        if user:
            what = f"needs the Service {quoted(name)} for its annotation, as {user} does"
            yield Finding("B18", "error", item.origin, what, "rename one of them")


def _operator_services(intent: Intent, settings: AmbassadorSettings) -> Iterator[Rendered]:
    """The operator's own Services, as far as they have an annotation for Ambassador."""
    written = list(mappings(intent, settings))
    for service in intent.operator_services:
        annotations = dict(service.annotations)
        if service.routed != "nothing":
            text = intent.custom_text or _operator_text(intent, service, written, settings.words)
            annotations.setdefault(ANNOTATION, text)
        if ANNOTATION in annotations:
            yield rendered(intent, _operator_service(intent, service, annotations))


def _operator_text(intent: Intent, service: OperatorService, written: Iterable[Written], words: Words) -> str:
    """REST, gRPC and TLS with the namespace, then without it; what there is not, leaves an empty document (B7)."""
    own = [
        item
        for item in written
        if item.backend.index == service.index
        and (item.entry.kind == "explain") == (service.routed == "explainer")
        and (service.routed == "explainer" or item.backend.port in service.ports.values())
    ]
    text = ""
    for short in (False, True) if any(item.entry.short for item in own) else (False,):
        for grpc in (False, True):
            piece = [item.document for item in own if item.entry.short == short and item.entry.grpc == grpc]
            text += _operator_documents(piece, words)
        secret = own[0].backend.tls_secret if own else ""
        # B5: the operator swaps the two, so the context with the short name stands beside the long Mappings.
        name = operator_context_name(intent, own[0].backend, short=not short) if own else ""
        context = [Document("TLSContext", name, {"hosts": [], "secret": secret})] if secret else []
        text += _operator_documents(context, words)
    return text


def _operator_service(intent: Intent, service: OperatorService, annotations: dict[str, str]) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "ports": [
            {"name": name, "port": port, "protocol": "TCP", "targetPort": port}
            for name, port in service.ports.items()
            if port
        ],
        "selector": dict(service.selector),
        "type": "ClusterIP",
    }
    if service.headless:
        spec["clusterIP"] = "None"
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(service.name, intent.namespace, service.labels) | {"annotations": annotations},
        "spec": spec,
    }
