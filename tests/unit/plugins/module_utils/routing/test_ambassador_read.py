# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Annotations read back: the same documents, the same intents, and nothing dropped without a word."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import Cors, TextMatch
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED, OPERATOR
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import definitions_of, intents_of
from ansible_collections.mlops.ingress.plugins.module_utils.intent.model import (
    Backend,
    Entry,
    Intent,
    Match,
    Mirror,
    Pairs,
    Policies,
    Retries,
)
from ansible_collections.mlops.ingress.plugins.module_utils.intent.seldon import IntentSettings
from ansible_collections.mlops.ingress.plugins.module_utils.kube.reader import read_documents
from ansible_collections.mlops.ingress.plugins.module_utils.routing.ambassador_read import (
    ReadBack,
    Unread,
    read_annotation,
    read_service,
)
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador import to_ambassador
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_annotations import (
    ANNOTATION,
    annotation_text,
)
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_documents import AmbassadorSettings
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_words import WORDS, Document
from ansible_collections.mlops.ingress.tests.support.ambassador import (
    Compiled,
    Group,
    compile_ambassador_1_14,
    compile_emissary_3_10,
)
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
    if api == "v0":
        policies = replace(policies, retries=None, circuit_breakers=None)
    timeout = DEFAULT_TIMEOUT_MS if policies.timeout_ms is None and entry.kind != "service" else policies.timeout_ms
    retries = policies.retries if policies.retries and policies.retries.attempts else None
    match = replace(match, headers=present(match.headers), query=present(match.query))
    if match.path_kind == "path" and api in ("v0", "v1"):  # Ambassador 1.14 knows no exact path in them
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


def renamed(documents: Any, secret: str) -> Any:
    """The definitions with another name of each model's secret."""
    if isinstance(documents, dict):
        new = {"certSecretName": secret} if documents.get("certSecretName") else {}
        return {key: renamed(value, secret) for key, value in documents.items()} | new
    return [renamed(item, secret) for item in documents] if isinstance(documents, list) else documents


@pytest.mark.parametrize("api", ["v0", "v1", "v2", "v3alpha1"])
@pytest.mark.parametrize("single", [False, True])
@usual
@given(documents=definitions, secret=st.sampled_from(("secret", "my.secret")))
def test_an_annotation_reads_back_as_the_same_intents(api, single, documents, secret):
    documents = renamed(documents, secret)
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
        again = [Document(document.kind, document.name, document.fields) for document in read_annotation(text)[0]]
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
        for document in read_annotation(text)[0]:
            assert document.api_version in ("ambassador/v1", "ambassador/v0")
            for value in document.fields.get("headers", {}).values():
                assert isinstance(value, str)
            if document.kind == "Mapping":
                assert isinstance(document.fields["prefix"], str)
                assert isinstance(document.fields["service"], str)


def service(text: Any) -> dict[str, Any]:
    return {"metadata": {"name": "s", "namespace": "n", "annotations": {ANNOTATION: text}}}


def document(**fields: Any) -> dict[str, Any]:
    """A Mapping ``one``; a field that is ``...`` is left out."""
    found = {"apiVersion": "getambassador.io/v2", "kind": "Mapping", "name": "one", "prefix": "/a/", "service": "s:80"}
    return {key: value for key, value in (found | fields).items() if value is not ...}


def context(**fields: Any) -> dict[str, Any]:
    """A TLSContext ``t`` with a secret."""
    return document(prefix=..., service=...) | {"kind": "TLSContext", "name": "t", "secret": "c"} | fields


def annotation(documents: Iterable[Any]) -> str:
    return "\n---\n".join(map(json.dumps, documents))


def read(*documents: Any, **options: Any) -> ReadBack:
    return read_service(service(annotation(documents)), **options)


def entry_of(*documents: Any) -> Entry:
    found = read(*documents)
    assert found.unread == ()
    ((entry,),) = [intent.entries for intent in found.intents]
    return entry


CANNOT = "which routes of ours cannot say"
NO_SERVICE = "has a service that is no host and port"
V3 = {"apiVersion": "getambassador.io/v3alpha1", "hostname": "*"}
V1 = {"apiVersion": "ambassador/v1"}
# What a Mapping holds, and why it cannot be said.
UNREAD: list[tuple[dict[str, Any], str]] = [
    ({"bypass_auth": True}, f"has bypass_auth, {CANNOT}"),
    ({f"x{index}": 1 for index in range(9)}, f"has x0, x1, x2, x3, x4 and 4 more, {CANNOT}"),
    ({"a\nb" + "x" * 100: 1}, "has a\\nb" + "x" * 73 + f"..., {CANNOT}"),
    ({"kind": "TCPMapping", "port": 1}, "is a TCPMapping, and only Mappings and TLSContexts are routes"),
    ({"kind": "K\n" * 99}, "is a " + ("K\\n" * 26)[:77] + "..., and only Mappings and TLSContexts are routes"),
    ({"tls": "elsewhere"}, "refers to the TLSContext 'elsewhere', which is not in this annotation"),
    ({"idle_timeout_ms": 5}, "has idle_timeout_ms 5, which does not follow from timeout_ms"),
    ({"timeout_ms": 400000}, "has no idle_timeout_ms, which does not follow from timeout_ms"),
    ({"circuit_breakers": [{"max_requests": 1}, {}]}, "has several circuit_breakers"),
    ({"retry_policy": {"num_retries": 1}}, "has a retry_policy without retry_on"),
    # A value of another kind, which both compilers refuse.
    *(
        ({field: value}, f"has {what} as {field}")
        for field in "rewrite host_rewrite method tls cluster_tag host".split()
        for value, what in ((None, "null"), (5, "the number 5"), (True, "the boolean true"), ([], "a list"))
    ),
    *(
        ({field: value}, f"has {what} as {field}")
        for field in "prefix_regex prefix_exact method_regex host_regex shadow grpc".split()
        for value, what in ((None, "null"), ("false", "the text 'false'"), (0, "the number 0"))
    ),
    *(
        ({field: value}, f"has {what} as {field}")
        for field in "timeout_ms idle_timeout_ms weight".split()
        for value, what in (
            (None, "null"),
            ("", "the text ''"),
            ("50", "the text '50'"),
            (True, "the boolean true"),
            (1.5, "the number 1.5"),
            (-1, "the number -1"),
            (2**31, "the number 2147483648"),
        )
    ),
    ({"weight": 150}, "has the number 150 as weight"),
    *(
        ({field: value}, f"has {what} as {field}")
        for field in "headers regex_headers query_parameters regex_query_parameters retry_policy cors".split()
        for value, what in ((None, "null"), ("x", "the text 'x'"), (True, "the boolean true"), ([], "a list"))
    ),
    ({"headers": {"a": ["x"]}}, "has a list as headers.a"),
    ({"headers": {"a": 5}}, "has the number 5 as headers.a"),
    ({"headers": {"a": False}}, "has the boolean false as headers.a"),
    ({"regex_headers": {"a": True}}, "has the boolean true as regex_headers.a"),
    ({"regex_headers": {"a": ""}}, "has the text '' as regex_headers.a"),
    (V3 | {"headers": {"a": True}}, "has the boolean true as headers.a"),
    *(
        ({"circuit_breakers": value}, f"has {what}")
        for value, what in (
            (None, "null as circuit_breakers"),
            (True, "the boolean true as circuit_breakers"),
            ("x", "the text 'x' as circuit_breakers"),
            ({"a": 1}, "a mapping as circuit_breakers"),
            (["ab"], "the text 'ab' as circuit_breakers[0]"),
            ([{"max_connections": [1]}], "a list as circuit_breakers[0].max_connections"),
            ([{"max_foo": 1}], f"circuit_breakers[0].max_foo, {CANNOT}"),
            ([{"priority": "high"}], f"circuit_breakers[0].priority, {CANNOT}"),
        )
    ),
    *(
        ({"retry_policy": {"retry_on": "5xx"} | more}, f"has {what}")
        for more, what in (
            ({"other": 1}, f"retry_policy.other, {CANNOT}"),
            ({"retry_on": {}}, "a mapping as retry_policy.retry_on"),
            ({"retry_on": "5xx,x"}, "the text '5xx,x' as retry_policy.retry_on"),
            ({"num_retries": "x"}, "the text 'x' as retry_policy.num_retries"),
            ({"per_try_timeout": 5}, "the number 5 as retry_policy.per_try_timeout"),
            ({"per_try_timeout": "1m"}, "the text '1m' as retry_policy.per_try_timeout"),
            (
                {"per_try_timeout": "9" * 5000 + "s"},
                "the text '" + "9" * 77 + "...' as retry_policy.per_try_timeout",
            ),
        )
    ),
    *(
        ({"cors": value}, f"has {what}")
        for value, what in (
            ({"other": 1}, f"cors.other, {CANNOT}"),
            ({"origins": 5}, "the number 5 as cors.origins"),
            ({"origins": [1]}, "the number 1 as cors.origins[0]"),
            ({"credentials": "yes"}, "the text 'yes' as cors.credentials"),
            ({"max_age": 5}, "the number 5 as cors.max_age"),
            ({"max_age": "x"}, "the text 'x' as cors.max_age"),
            ({"max_age": "²"}, "the text '²' as cors.max_age"),
            ({"max_age": "٣"}, "the text '٣' as cors.max_age"),
            ({"max_age": "9" * 5000}, "the text '" + "9" * 77 + "...' as cors.max_age"),
        )
    ),
    (V3 | {"cors": {"origins": "a"}}, "has the text 'a' as cors.origins"),
    *(
        ({"ambassador_id": value}, f"has {what} as ambassador_id{place}")
        for value, what, place in (
            (None, "null", ""),
            (True, "the boolean true", ""),
            ("", "the text ''", ""),
            ([], "an empty list", ""),
            ([5], "the number 5", "[0]"),
        )
    ),
    (V3 | {"ambassador_id": "a"}, "has the text 'a' as ambassador_id"),
    # What one version does not know.
    (V1 | {"prefix_exact": True}, "has prefix_exact, which ambassador/v1 does not know"),
    (V1 | {"cluster_tag": "a"}, "has cluster_tag, which ambassador/v1 does not know"),
    ({"apiVersion": "ambassador/v0", "retry_policy": {}}, "has retry_policy, which ambassador/v0 does not know"),
    (
        {"apiVersion": "ambassador/v0", "timeout_ms": 400000, "idle_timeout_ms": 400000},
        "has idle_timeout_ms, which ambassador/v0 does not know",
    ),
    ({"hostname": "a.com"}, f"has hostname, {CANNOT}"),
    (V3 | {"host": "a.com"}, f"has host, {CANNOT}"),
    # Hosts and methods.
    (V3 | {"hostname": ...}, "has no hostname, and so no Host takes it"),
    (V3 | {"hostname": ""}, "has no hostname, and so no Host takes it"),
    (V3 | {"hostname": "a*"}, "has the host 'a*', which is no name of a host"),
    ({"host": "*"}, "has the host '*', which is no name of a host"),
    ({"host": "*.a.com"}, "has the host '*.a.com', which is no name of a host"),
    ({"host": "a.com:80"}, "has the host 'a.com:80', which is no name of a host"),
    ({"host": "a|b", "host_regex": True}, "has the host 'a|b', an expression that is no '*.domain'"),
    (
        {"host": r".*a\.com(:[0-9]+)?", "host_regex": True},
        r"has the host '.*a\\.com(:[0-9]+)?', an expression that is no '*.domain'",
    ),
    ({"host": 5, "host_regex": True}, "has the number 5 as host"),
    ({"method": "GET|POST"}, "has the method 'GET|POST', which is no list of methods"),
    ({"method": "get"}, "has the method 'get', which is no list of methods"),
    ({"method": "(GET|POST)", "method_regex": True}, "has the method '(GET|POST)', which is no list of methods"),
    ({"method": ".*", "method_regex": True}, "has the method '.*', which is no list of methods"),
    # Services, which are never shown.
    *(
        ({"service": text}, NO_SERVICE)
        for text in (
            "s:80:90",
            "a\nb",
            "a\n",
            "..",
            "a..b",
            "-a.b",
            "a:",
            "a:0",
            "a:70000",
            "a:" + "9" * 5000,
            "a:٣",
            "é:1",
            "a b:1",
            "a/b",
            "S.n",
            "x" * 64,
            "/" * 100_000,
            "ftp://s",
            "https://user:secret@host",
            "https://secret@host:1",
        )
    ),
    # What is wrong with any document of Ambassador.
    ({"prefix": ...}, "has no prefix"),
    ({"prefix": 5, "service": ...}, "has the number 5 as prefix, which must be text; has no service"),
    ({"namespace": 5}, "has the number 5 as namespace, which must be text"),
    ({"namespace": "a\nb"}, r"has the namespace 'a\nb', which is no name of a namespace"),
    ({"shadow": True}, "is the shadow of no Mapping that can be said"),
]


@pytest.mark.parametrize(("fields", "why"), UNREAD)
def test_what_no_intent_can_say_is_named(fields, why):
    found = read(document(**fields))
    assert [(item.name, item.why) for item in found.unread] == [("one", why)]
    assert found.intents == ()


def test_a_service_may_hold_a_password():
    for text in ("https://user:secret@host", "secret@host", "http://host:secret"):
        assert "secret" not in str(read(document(service=text)))


ALLOWED = "ambassador/v0, ambassador/v1, ambassador/v2, ambassador/v3alpha1, getambassador.io/v0"
NO_MAPPING = "is the number 5 and must be a mapping"
# Documents beside a good Mapping, and what becomes of them.
BESIDE: list[tuple[Any, str, str]] = [
    (5, "document 2", NO_MAPPING),
    ([], "document 2", "is a list and must be a mapping"),
    (document(name=...), "document 2", "has no name"),
    (document(name=["x"]), "document 2", "has no name"),
    (document(name="x\n" * 99, service=...), ("x\\n" * 26)[:77] + "...", "has no service"),
    (document(name="two", apiVersion="v1"), "two", f"has apiVersion 'v1'; allowed are {ALLOWED}"),
    (document(name="two", apiVersion=...), "two", f"has no apiVersion; allowed are {ALLOWED}"),
    (document(name="two", kind=...), "two", "has no kind; allowed are Mapping, TCPMapping, TLSContext"),
    (document(name="two", kind=["K"] * 999), "two", "has kind a list; allowed are Mapping, TCPMapping, TLSContext"),
    *(
        ({"apiVersion": "ambassador/v1", "kind": kind, "name": "x"}, "x", f"is a {kind}, and only")
        for kind in ("Module", "Host", "AuthService", "RateLimitService", "TracingService", "TCPMapping")
    ),
]


@pytest.mark.parametrize(("other", "name", "why"), BESIDE)
def test_one_document_does_not_hide_the_others(other, name, why):
    found = read(document(), other)
    assert [item.name for item in found.unread] == [name]
    assert found.unread[0].why.startswith(why)
    assert len(found.unread[0].why) < 400
    assert found.intents == read(document()).intents


CONTEXTS: dict[str, tuple[list[dict[str, Any]], list[tuple[str, str]]]] = {
    "used": ([document(tls="t"), context()], []),
    "hosts-of-the-operator": ([document(tls="t"), context(hosts=[])], []),
    "own-namespace": ([document(tls="t"), context(namespace="n")], []),
    "dotted": ([document(tls="t"), context(secret="a.b", secret_namespacing=False)], []),
    "same-ids": ([document(tls="t", ambassador_id="a"), context(ambassador_id=["a"])], []),
    "default-id": ([document(tls="t", ambassador_id="default"), context()], []),
    "unused": ([document(), context()], [("t", "is used by no Mapping that can be said")]),
    "used-by-an-unread-one": (
        [document(), document(name="two", tls="t", x=1), context()],
        [("two", f"has x, {CANNOT}"), ("t", "is used by no Mapping that can be said")],
    ),
    "hosts": ([document(), context(hosts=["x.com"])], [("t", f"is the certificate of hosts, {CANNOT}")]),
    "null-secret": ([document(), context(secret=None)], [("t", "has null as secret")]),
    "no-secret": (
        [document(), document(kind="TLSContext", name="t", prefix=..., service=...)],
        [("t", "has no secret")],
    ),
    "empty-secret": ([document(), context(secret="")], [("t", "has no secret")]),
    "list": ([document(), context(secret=["a"])], [("t", "has a list as secret")]),
    "null-hosts": ([document(), context(hosts=None)], [("t", "has null as hosts")]),
    "more": ([document(), context(alpn_protocols="h2")], [("t", f"has alpn_protocols, {CANNOT}")]),
    "other-secret": (
        [document(), context(secret="a.b")],
        [("t", f"has its secret in another namespace, {CANNOT}")],
    ),
    "other-namespace": (
        [document(), context(namespace="other")],
        [("t", f"has its secret in another namespace, {CANNOT}")],
    ),
    "two-of-a-name": (
        [document(), context(), context(namespace="other")],
        [("t", "has the name of another TLSContext, and Mappings take either")] * 2,
    ),
}


@pytest.mark.parametrize(("documents", "unread"), CONTEXTS.values(), ids=CONTEXTS)
def test_tls_contexts(documents, unread):
    found = read(*documents)
    assert [(item.name, item.why) for item in found.unread] == unread
    (intent,) = found.intents
    secret = intent.entries[0].backends[0].tls_secret
    assert secret == (documents[-1]["secret"] if "tls" in documents[0] else "")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (context(hosts=["x.com"]), "which cannot be said"),
        (context(ambassador_id=["x"]), "which is for other Ambassadors"),
    ],
)
def test_a_mapping_without_its_context(other, why):
    found = read(document(tls="t"), other)
    assert [item.name for item in found.unread if why in item.why] == ["one"]
    assert [item.name for item in found.unread if why not in item.why] == ["t"]
    assert found.intents == ()


def test_of_documents_with_one_name_the_last_one_counts():
    found = read(document(), document(service="two:80", prefix="/b/"), document(namespace="other"))
    assert found.unread == (Unread("one", "has the name of a later Mapping, and only the last one counts"),)
    (intent,) = found.intents
    assert [(entry.match.path, entry.backends[0].namespace) for entry in intent.entries] == [
        ("/b/", "n"),
        ("/a/", "other"),
    ]


MERGE_KEYS = [
    "<<: {prefix: /b/}",
    "<<:  # why\n  prefix: /b/",
    "<< : {prefix: /b/}",
    "? <<\n: {prefix: /b/}",
    "&m <<: {prefix: /b/}",
    "headers: {<<: {a: b}}",
    "headers: {c: d, <<: {a: b}}",
    "headers: {c: d, ? << : {a: b}}",
    "headers: {c: d,\n   <<: {a: b}}",
    "headers:\n  <<: {a: b}",
    "cors:\n  origins:\n  - <<: {a: b}",
]


@pytest.mark.parametrize("text", MERGE_KEYS)
@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_a_merge_key_is_read_in_two_ways(text, break_):
    other = MAPPING.replace("name: one", "name: two")
    found = read_service(service(f"{MAPPING}{text}\n---\n{other}".replace("\n", break_)))
    assert found.unread == (
        Unread("one", "has a merge key (<<), of which Ambassador 1 and Emissary make different things"),
    )
    assert [entry.label for intent in found.intents for entry in intent.entries] == ["two"]


@pytest.mark.parametrize(
    "text", ['headers: {"<<": a}', "rewrite: <<", "rewrite: a<<", 'headers:\n  "<<": b', "method: ''"]
)
def test_what_is_no_merge_key(text):
    assert read_service(service(f"{MAPPING}{text}\n")).unread == ()


READ: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no-rewrite": ({"rewrite": ""}, {"rewrite": None}),
    "rewrite": ({}, {"rewrite": "/"}),
    "no-breakers": ({"circuit_breakers": []}, {"policies": Policies()}),
    "breakers": (
        {"circuit_breakers": [{"max_retries": 1, "max_connections": 2}]},
        {"policies": Policies(circuit_breakers=(("max_connections", 2), ("max_retries", 1)))},
    ),
    "empty-cors": ({"cors": {}}, {"policies": Policies(cors=Cors())}),
    "words-of-cors": (
        {"cors": {"origins": "a, b", "methods": "GET, PUT", "max_age": "5"}},
        {"policies": Policies(cors=Cors(("a", " b"), ("GET", "PUT"), max_age_s=5))},
    ),
    "retries": (
        {"retry_policy": {"retry_on": "5xx", "per_try_timeout": "1.500s"}},
        {"policies": Policies(retries=Retries(1, "5xx", 1500))},
    ),
    "v0": ({"apiVersion": "ambassador/v0", "timeout_ms": 400000}, {"policies": Policies(400000)}),
    "methods": (
        {"method": "GET|POST", "method_regex": True},
        {"match": Match("prefix", "/a/", ("GET", "POST"))},
    ),
    "method": ({"method": "GET"}, {"match": Match("prefix", "/a/", ("GET",))}),
    "wildcard": ({"host": r".*\.a\.com(:[0-9]+)?", "host_regex": True}, {"hosts": ("*.a.com",)}),
    "newest-wildcard": (V3 | {"hostname": "*.a.com"}, {"hosts": ("*.a.com",)}),
    "no-host": ({"host": ""}, {"hosts": ("*",)}),
}


@pytest.mark.parametrize(("fields", "expected"), READ.values(), ids=READ)
def test_what_an_intent_can_say(fields, expected):
    entry = entry_of(document(**fields))
    assert {key: getattr(entry, key) for key in expected} == expected


def test_the_shadow_of_a_mapping_that_cannot_be_said():
    found = read(document(x=1), document(name="two", shadow=True))
    assert [item.name for item in found.unread] == ["one", "two"]
    assert found.intents == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"timeout_ms": 5},
        {"rewrite": ""},
        {"grpc": True},
        {"prefix_regex": True},
        {"prefix_exact": False},
        {"circuit_breakers": []},
        {"cors": {}, "ambassador_id": "default"},
    ],
)
def test_members_of_a_group_that_differ_are_named(fields):
    found = read(document(), document(name="two", **fields))
    assert found.unread == (Unread("two", "differs from 'one', which has the same match"),)


MAPPING = "apiVersion: getambassador.io/v2\nkind: Mapping\nname: one\nprefix: /a/\nservice: s:80\n"
HOSTS = {
    "short": ("s:80", None, ("s", "n", 80, "")),
    "namespace": ("s.other:80", None, ("s", "other", 80, "")),
    "domain": ("s.other.svc.cluster.local:80", None, ("s", "other", 80, "")),
    "no-cluster-domain": ("s.other.svc:80", None, ("s", "other", 80, "")),
    "evil": ("a.b.svc.evil.com:80", None, ("a", "b", 80, "a.b.svc.evil.com")),
    "address": ("10.0.0.1:80", None, ("10", "0", 80, "10.0.0.1")),
    "localhost": ("localhost:80", None, ("localhost", "n", 80, "localhost")),
    "outside": ("api.example.com", None, ("api", "example", 80, "api.example.com")),
    "two-labels": ("httpbin.org:80", {"n"}, ("httpbin", "org", 80, "httpbin.org")),
    "https": ("https://api.example.com", None, ("api", "example", 443, "api.example.com")),
}


@pytest.mark.parametrize(("text", "namespaces", "expected"), HOSTS.values(), ids=HOSTS)
def test_the_service_of_a_mapping(text, namespaces, expected):
    (intent,) = read_service(service(MAPPING.replace("s:80", text)), namespaces=namespaces).intents
    (backend,) = intent.entries[0].backends
    assert (backend.service, backend.namespace, backend.port, backend.host) == expected


def test_the_domain_of_the_cluster():
    for domain, host in (("cluster.local", "s.other.svc.my.org"), ("my.org", "")):
        (intent,) = read(document(service="s.other.svc.my.org"), cluster_domain=domain).intents
        assert intent.entries[0].backends[0].host == host


def test_the_namespace_of_a_document():
    assert [entry_of(document(namespace=name)).backends[0].namespace for name in (..., "", "other")] == [
        "n",
        "n",
        "other",
    ]


def test_a_rewritten_host_is_outside():
    (intent,) = read_service(service(MAPPING.replace("s:80", "httpbin.org:80") + "host_rewrite: httpbin.org\n")).intents
    assert intent.entries[0].backends[0].host == "httpbin.org"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1", "getambassador.io/config: is not YAML"),
        ("", "getambassador.io/config: holds no document."),
    ],
)
def test_what_is_no_annotation_of_ambassador(text, message):
    with pytest.raises(DefinitionError, match=re.escape(message)):
        read_service(service(text))


ANNOTATED = {"name": "s", "namespace": "n", "annotations": {ANNOTATION: ""}}
SERVICES: list[tuple[dict[str, Any], str]] = [
    ({}, "A Service has no metadata.name, which must be text.\nA Service has no metadata.namespace"),
    ({"metadata": []}, "A Service has no metadata.name"),
    ({"metadata": ANNOTATED | {"name": 5}}, "A Service has the number 5 as metadata.name, which must be text."),
    ({"metadata": ANNOTATED | {"namespace": ""}}, "A Service has no metadata.namespace, which must be text."),
    *(
        (
            {"metadata": ANNOTATED | {"annotations": annotations}},
            f"A Service has {what}{ANNOTATION}, which must be text.",
        )
        for annotations, what in (
            (None, "no "),
            ({}, "no "),
            ({ANNOTATION: None}, "no "),
            ({ANNOTATION: 5}, "the number 5 as "),
            ({ANNOTATION: []}, "a list as "),
        )
    ),
]


@pytest.mark.parametrize(("given_service", "message"), SERVICES)
def test_what_is_no_annotated_service(given_service, message):
    with pytest.raises(DefinitionError, match=re.escape(message)):
        read_service(given_service)


KNOWN_FIELDS = st.sampled_from(
    "kind name namespace generation prefix service prefix_regex prefix_exact method method_regex headers regex_headers"
    " query_parameters regex_query_parameters timeout_ms idle_timeout_ms circuit_breakers retry_policy cors weight"
    " shadow grpc rewrite host host_regex hostname ambassador_id tls host_rewrite cluster_tag secret hosts"
    " secret_namespacing unknown".split()
)
INNER_FIELDS = "num_retries retry_on per_try_timeout origins methods credentials max_age max_requests a".split()
LIKELY = st.sampled_from(
    ["Mapping", "TLSContext", "one", "t", "GET|POST", "5xx", "1s", "*.a.com", "s.n:80", "5", "²", "", 300001, 1.5, None]
)
ANYTHING = st.recursive(
    LIKELY | VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(INNER_FIELDS), inner, max_size=3),
    max_leaves=6,
)


@settings(usual, max_examples=600)
@given(
    documents=st.lists(
        st.builds(
            lambda base, fields: base | fields,
            st.builds(
                document,
                apiVersion=st.sampled_from(["ambassador/v0", "ambassador/v1", "getambassador.io/v2", V3["apiVersion"]]),
                name=st.sampled_from(["one", "two"]),
                hostname=st.sampled_from(["*", ...]),
            )
            | st.builds(context),
            st.dictionaries(KNOWN_FIELDS, ANYTHING, max_size=3),
        )
        | ANYTHING,
        max_size=3,
    ),
    namespaces=st.sampled_from([None, {"n"}]),
)
def test_anything_is_read_or_named(documents, namespaces):
    """Every document is in an intent or named, and what is in an intent has the types that it promises."""
    try:
        found = read(*documents, namespaces=namespaces)
    except DefinitionError:
        return
    entries = [entry for intent in found.intents for entry in intent.entries]
    mappings = sum(len(entry.hosts) * (len(entry.backends) + len(entry.mirrors)) for entry in entries)
    contexts = sum(isinstance(item, dict) and item.get("kind") == "TLSContext" for item in documents)
    used = contexts if any(backend.tls_secret for entry in entries for backend in entry.backends) else 0
    assert mappings + len(found.unread) <= len(documents) <= mappings + len(found.unread) + used
    assert len(str(found.unread)) < 3000
    for entry in entries:
        assert entry.backends
        assert all(isinstance(method, str) for method in entry.match.methods)
        assert all(isinstance(text.value, str) for _name, text in (*entry.match.headers, *entry.match.query))
        assert isinstance(entry.rewrite, (str, type(None)))
        assert isinstance(entry.grpc, bool)
        assert isinstance(entry.policies.timeout_ms, (int, type(None)))
        for backend in (*entry.backends, *(mirror.backend for mirror in entry.mirrors)):
            assert 0 < backend.port < 2**16
            assert backend.weight in (None, *range(101))


COMPILERS = {"1.14": (compile_ambassador_1_14, {}), "3.10": (compile_emissary_3_10, V3)}
REFUSED = [
    {"shadow": "false"},
    {"weight": "50"},
    {"rewrite": None},
    {"timeout_ms": None},
    {"headers": {"x": 5}},
    {"retry_policy": {}},
    {"retry_policy": {"retry_on": "5xx,x"}},
    {"cors": {"max_age": 5}},
    {"ambassador_id": ""},
]


def compiled(compile_objects: Callable[..., Compiled], *documents: Any) -> Compiled:
    """Beside a secret for the TLSContexts; the compilers look at the first and last line of its parts only."""
    parts = {"tls.crt": "CERTIFICATE", "tls.key": "PRIVATE KEY"}
    data = {
        key: base64.b64encode(f"-----BEGIN {word}-----\nbWFk\n-----END {word}-----\n".encode()).decode()
        for key, word in parts.items()
    }
    secret = {"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "data": data}
    secret["metadata"] = {"name": "c", "namespace": "n"}
    return compile_objects([{"apiVersion": "v1", "kind": "Service"} | service(annotation(documents)), secret])


@pytest.mark.slow
@pytest.mark.parametrize(("compile_objects", "version"), COMPILERS.values(), ids=COMPILERS)
@pytest.mark.parametrize("fields", REFUSED, ids=str)
def test_what_the_compilers_refuse_cannot_be_said(compile_objects, version, fields):
    given_document = document(**version | fields)
    assert compiled(compile_objects, given_document).groups == ()
    found = read(given_document)
    assert (len(found.unread), found.intents) == (1, ())


SERVED: dict[str, list[dict[str, Any]]] = {
    "plain": [{}],
    "namespace": [{"namespace": "other"}],
    "one-name": [{}, {"service": "two:80", "prefix": "/b/"}],
    "one-name-two-namespaces": [{"namespace": "x", "weight": 50}, {"service": "two:80"}],
    "localhost": [{"service": "localhost:80"}],
    "outside": [{"service": "a.b.svc.evil.com:80"}],
    "methods": [{"method": "GET|POST", "method_regex": True}],
    "spaces": [{"cors": {"origins": ["a", " b"]}}],
    "no-breakers": [{"circuit_breakers": []}],
    "no-method": [{"method": ""}],
}


@pytest.mark.slow
@pytest.mark.parametrize(("compile_objects", "version"), COMPILERS.values(), ids=COMPILERS)
@pytest.mark.parametrize("members", SERVED.values(), ids=SERVED)
def test_services_and_matches_are_those_of_the_compilers(compile_objects, version, members):
    documents = [document(**version | fields) for fields in members]
    expected = {
        (group.prefix, group.method, len(group.circuit_breakers), member.service)
        for group in compiled(compile_objects, *documents).groups
        for member in group.members
    }
    assert expected == {
        (
            entry.match.path,
            "|".join(entry.match.methods),
            int(entry.policies.circuit_breakers is not None),
            f"{backend.host or f'{backend.service}.{backend.namespace}'}:{backend.port}",
        )
        for intent in read(*documents).intents
        for entry in intent.entries
        for backend in entry.backends
    }


@pytest.mark.slow
@pytest.mark.parametrize(("compile_objects", "version"), COMPILERS.values(), ids=COMPILERS)
def test_what_the_compilers_make_of_what_cannot_be_said(compile_objects, version):
    def group_of(*documents: Any) -> Group:
        assert read(*documents).unread
        (group,) = compiled(compile_objects, *documents).groups
        return group

    for different in ({"prefix_regex": True}, {"prefix_exact": False}, {"circuit_breakers": [{}]}):
        (member,) = group_of(document(**version), document(name="two", **different, **version)).members
        assert member.name == "one"
    several = group_of(document(method="GET|POST", **version))
    assert (several.method, several.method_is_regex) == ("GET|POST", False)
    assert group_of(document(shadow=True, **version)).members == ()
    (member,) = group_of(document(tls="t", **version), context(ambassador_id=["x"])).members
    assert member.tls is None
    (group,) = compiled(compile_objects, document(tls="t", **version), context()).groups
    assert group.members[0].tls == "t"
    if version:
        assert group_of(document(**version | {"hostname": ...})).hosts == ()


@pytest.mark.slow
def test_the_compilers_read_merge_keys_in_two_ways():
    """Ambassador 1 keeps what stands beside the merge key, and Emissary what is merged after it."""
    prefixes = [
        compile_objects([{"apiVersion": "v1", "kind": "Service"} | service(f"{MAPPING}<<: {{prefix: /b/}}\n")])
        .groups[0]
        .prefix
        for compile_objects, _version in COMPILERS.values()
    ]
    assert prefixes == ["/a/", "/b/"]


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
