# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Annotations read back: the same documents, the same intents, and nothing dropped without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import TextMatch
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED, OPERATOR
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import definitions_of, intents_of
from ansible_collections.mlops.ingress.plugins.module_utils.intent.model import Backend, Entry, Intent, Mirror, Pairs
from ansible_collections.mlops.ingress.plugins.module_utils.intent.seldon import IntentSettings
from ansible_collections.mlops.ingress.plugins.module_utils.kube.reader import read_documents
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador import to_ambassador
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_annotations import (
    ANNOTATION,
    annotation_text,
)
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_documents import AmbassadorSettings
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_read import (
    read_annotation,
    read_service,
)
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_words import WORDS, Document
from ansible_collections.mlops.ingress.tests.support.strategies import NAMESPACES, TEXTS, definitions, deployment
from ansible_collections.mlops.ingress.tests.support.vectors import vectors
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

usual = settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=list(HealthCheck))
KNOWN_NAMESPACES = {"default", "other", *NAMESPACES}
DEFAULT_TIMEOUT_MS = 3000


def said(intent: Intent, chosen: AmbassadorSettings) -> dict[Entry, set[str]]:
    """What an annotation can say of an intent: its entries, without their hosts, and the hosts of each.

    Left out are the names of predictors and routes, what is for Istio only, and shares, which follow from weights.
    """
    found: dict[Entry, set[str]] = {}
    for entry in intent.entries:
        hosts = chosen.door(intent, entry).hosts
        found.setdefault(plain(entry, chosen.api), set()).update(hosts)
    return found


def plain(entry: Entry, api: str) -> Entry:
    policies, match = entry.policies, entry.match
    timeout = DEFAULT_TIMEOUT_MS if policies.timeout_ms is None and entry.kind != "service" else policies.timeout_ms
    retries = policies.retries if policies.retries and policies.retries.attempts else None
    match = replace(match, headers=present(match.headers), query=present(match.query))
    if match.path_kind == "path" and api == "v1":  # Ambassador 1.14 knows no exact path in v1
        match = replace(match, path_kind="regex", path=re.escape(match.path))
    return replace(
        entry,
        kind="service",
        label="",
        short=False,
        hosts=(),
        rewrite=entry.rewrite or None,
        match=match,
        policies=replace(policies, timeout_ms=timeout, retries=retries, istio_retries=None),
        backends=tuple(nameless(backend) for backend in entry.backends),
        mirrors=tuple(Mirror(replace(nameless(item.backend), weight=None), item.percent) for item in entry.mirrors),
    )


def nameless(backend: Backend) -> Backend:
    return replace(backend, name="", subset=None, index=0, percent=100, service="" if backend.host else backend.service)


def present(pairs: Pairs) -> Pairs:
    """Sorted; ``.*`` and "is present" are one thing."""
    anything = TextMatch("regex", ".*")
    return tuple(sorted((name, TextMatch("present") if text == anything else text) for name, text in pairs))


def read_back(objects: Iterable[Any]) -> dict[tuple[str, tuple[str, ...]], dict[Entry, set[str]]]:
    """The entries of the annotations, by namespace and Ambassadors."""
    found: dict[tuple[str, tuple[str, ...]], dict[Entry, set[str]]] = {}
    for item in objects:
        result = read_service(item, namespaces=KNOWN_NAMESPACES)
        assert result.unread == ()
        for intent in result.intents:
            entries = found.setdefault((intent.namespace, intent.ambassador_ids), {})
            for entry in intent.entries:
                entries.setdefault(plain(entry, ""), set()).update(entry.hosts)
    return found


@pytest.mark.parametrize("api", ["v1", "v2", "v3alpha1"])
@pytest.mark.parametrize("single", [False, True])
@usual
@given(documents=definitions)
def test_an_annotation_reads_back_as_the_same_intents(api, single, documents):
    chosen = AmbassadorSettings(api, annotations=True, hosts=("*.a.com", "b.com"))
    try:
        intents = intents_of(definitions_of(documents, CORRECTED), CORRECTED, IntentSettings(single, api=api))
        translation = to_ambassador(intents, chosen)
    except DefinitionError:
        assume(False)  # two random definitions that quarrel, or a query that v1 cannot say
        raise
    expected: dict[tuple[str, tuple[str, ...]], dict[Entry, set[str]]] = {}
    for intent in intents:
        assume(not intent.custom)
        entries = expected.setdefault((intent.namespace, chosen.ids(intent)), {})
        for entry, hosts in said(intent, chosen).items():
            entries.setdefault(entry, set()).update(hosts)
    expected = {key: entries for key, entries in expected.items() if entries}
    assert read_back(item.object for item in translation.objects) == expected


@usual
@given(documents=definitions, single=st.booleans())
def test_the_operators_annotations_read_back_as_their_documents(documents, single):
    chosen = AmbassadorSettings("v1", annotations=True, profile=OPERATOR)
    try:
        intents = intents_of(definitions_of(documents, OPERATOR), OPERATOR, IntentSettings(single, api="v1"))
        objects = to_ambassador(intents, chosen).objects
    except DefinitionError:
        assume(False)
        raise
    for item in objects:
        text = item.object["metadata"]["annotations"][ANNOTATION]
        again = [Document(document.kind, document.name, document.fields) for document in read_annotation(text)]
        assert [document.value for document in read_documents(text)] == [
            document.in_order(WORDS["v1"]) for document in again
        ]


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=12) | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.dictionaries(
    st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12).filter(
        lambda key: key not in ("kind", "name", "namespace", "generation")
    ),
    VALUES,
    max_size=5,
)


@usual
@given(
    documents=st.lists(st.builds(Document, st.just("Mapping"), st.text(min_size=1, max_size=20), FIELDS), max_size=3),
    api=st.sampled_from(sorted(WORDS)),
)
def test_any_document_reads_back_as_it_was(documents, api):
    text = annotation_text(documents, WORDS[api])
    found = [document.value for document in read_documents(text)]
    assert found == [document.in_order(WORDS[api]) for document in documents]


def test_every_annotation_that_was_measured_can_be_read():
    """Also those with the values that YAML readers quarrel about."""
    texts = {
        text
        for vector in vectors()
        for mode in ("v1", "v1_single")
        if mode in vector.modes and vector.expected(mode).failure is None
        for _service, text in vector.expected(mode).annotations
        if "ambassador/v1" in text
    }
    assert len(texts) > 300
    for text in texts:
        for document in read_annotation(text):
            assert document.api_version in ("ambassador/v1", "ambassador/v0")
            for value in document.fields.get("headers", {}).values():
                assert isinstance(value, str)
            if document.kind == "Mapping":
                assert isinstance(document.fields["prefix"], str)
                assert isinstance(document.fields["service"], str)


def service(text: str) -> dict[str, Any]:
    return {"metadata": {"name": "s", "namespace": "n", "annotations": {ANNOTATION: text}}}


MAPPING = "apiVersion: getambassador.io/v2\nkind: Mapping\nname: one\nprefix: /a/\nservice: s:80\n"
UNREAD = {
    "unknown-field": (MAPPING + "bypass_auth: true\n", "has bypass_auth, which routes of ours cannot say"),
    "kind": (
        "apiVersion: getambassador.io/v2\nkind: TCPMapping\nname: one\nport: 1\nservice: s:80\n",
        "is a TCPMapping, and only Mappings and TLSContexts are routes",
    ),
    "context": (MAPPING + "tls: elsewhere\n", "refers to the TLSContext 'elsewhere', which is not in this annotation"),
    "host": (MAPPING + "host: a|b\nhost_regex: true\n", "has the host 'a|b', an expression that is no '*.domain'"),
    "idle": (MAPPING + "idle_timeout_ms: 5\n", "has idle_timeout_ms 5, which does not follow from timeout_ms"),
    "breakers": (
        MAPPING + "circuit_breakers: [{max_requests: 1}, {priority: high}]\n",
        "has several circuit_breakers",
    ),
    "retries": (
        MAPPING + "retry_policy: {retry_on: 5xx, other: 1}\n",
        "has a retry_policy that routes of ours cannot say",
    ),
    "cors": (MAPPING + "cors: {origins: a, max_age: x}\n", "has a cors that routes of ours cannot say"),
    "service": (MAPPING.replace("s:80", "s:80:90"), "has the service 's:80:90', which is no host and port"),
}


@pytest.mark.parametrize(("text", "why"), UNREAD.values(), ids=UNREAD)
def test_what_no_intent_can_say_is_named(text, why):
    found = read_service(service(text))
    assert [(item.name, item.why) for item in found.unread] == [("one", why)]
    assert found.intents == ()


def test_members_of_a_group_that_differ_are_named():
    other = MAPPING.replace("name: one", "name: two") + "timeout_ms: 5\n"
    found = read_service(service(f"{MAPPING}---\n{other}"))
    assert [(item.name, item.why) for item in found.unread] == [("two", "differs from 'one', which has the same match")]


HOSTS = {
    "short": ("s:80", None, ("s", "n", 80, "")),
    "namespace": ("s.other:80", None, ("s", "other", 80, "")),
    "domain": ("s.other.svc.cluster.local:80", None, ("s", "other", 80, "")),
    "outside": ("api.example.com", None, ("api", "example", 80, "api.example.com")),
    "two-labels": ("httpbin.org:80", {"n"}, ("httpbin", "org", 80, "httpbin.org")),
    "https": ("https://api.example.com", None, ("api", "example", 443, "api.example.com")),
}


@pytest.mark.parametrize(("text", "namespaces", "expected"), HOSTS.values(), ids=HOSTS)
def test_the_service_of_a_mapping(text, namespaces, expected):
    (intent,) = read_service(service(MAPPING.replace("s:80", text)), namespaces=namespaces).intents
    (backend,) = intent.entries[0].backends
    assert (backend.service, backend.namespace, backend.port, backend.host) == expected


def test_a_rewritten_host_is_outside():
    (intent,) = read_service(service(MAPPING.replace("s:80", "httpbin.org:80") + "host_rewrite: httpbin.org\n")).intents
    assert intent.entries[0].backends[0].host == "httpbin.org"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "getambassador.io/config: is not YAML"),
        ("", "getambassador.io/config: holds no document."),
        ("kind: Mapping\n", "getambassador.io/config: document 1 has apiVersion None"),
    ],
)
def test_what_is_no_annotation_of_ambassador(text, message):
    with pytest.raises(DefinitionError, match=re.escape(message)):
        read_service(service(text))


def test_a_definition_and_its_annotation_have_one_meaning():
    """A whole way, to read: definition, annotation, intent."""
    run = intents_of(definitions_of(deployment(), CORRECTED), CORRECTED, IntentSettings(api="v1"))
    (item,) = to_ambassador(run, AmbassadorSettings("v1", annotations=True)).objects
    assert item.object["metadata"]["annotations"][ANNOTATION] == (
        "---\napiVersion: ambassador/v1\nkind: Mapping\nname: seldon_n_m_p_rest_mapping\nprefix: /seldon/n/m/\n"
        "rewrite: /\nservice: m-p.n:8000\ntimeout_ms: 3000\n"
        "---\napiVersion: ambassador/v1\nkind: Mapping\nname: seldon_n_m_p_grpc_mapping\ngrpc: true\n"
        'prefix: /(seldon.protos.*|tensorflow.serving.*|inference.*)/.*\nprefix_regex: true\nrewrite: ""\n'
        'service: m-p.n:5001\ntimeout_ms: 3000\nheaders:\n  namespace: "n"\n  seldon: m\n'
    )
    (intent,) = read_service(item.object).intents
    rest, grpc = intent.entries
    assert (rest.match.path, rest.backends[0].service, rest.backends[0].port) == ("/seldon/n/m/", "m-p", 8000)
    assert grpc.match.headers == (("namespace", TextMatch("exact", "n")), ("seldon", TextMatch("exact", "m")))
