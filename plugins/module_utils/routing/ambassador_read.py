# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The annotation of a live Service, whoever wrote it, as intents: the way back of ``ambassador_annotations``.

What an intent cannot say, and what Ambassador itself refuses, is named and never dropped. Source of the fields: the
``Mapping`` references of Ambassador 1.14 and of Emissary 3, and what their compilers do (``tests/support/ambassador``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ..definition.custom_config import CustomDocument, custom_document, document_problems
from ..definition.fields import kind_of, shown
from ..definition.findings import DefinitionError
from ..definition.hosts import hosts_problem
from ..definition.model import Cors, TextMatch, in_a_sentence
from ..intent.model import Backend, Entry, Intent, Match, Mirror, Pairs, PathKind, Policies, Retries
from ..kube.names import dns_label_problem, dns_subdomain_problem
from ..kube.reader import Document, YamlError, read_documents
from ..translate.ambassador_annotations import ANNOTATION
from ..translate.ambassador_documents import IDLE_LIMIT_MS
from ..translate.ambassador_words import Words
from .ambassador_fields import DURATION, UnsaidError, checked

_SERVICE = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>[^:/]+)(?::(?P<port>[0-9]{1,5}))?")
_METHOD = re.compile(r"[A-Z]+")
_WILDCARD = re.compile(r"\.\*((?:\\[.-]|[a-z0-9])+)\(:\[0-9\]\+\)\?")
# `<<` as a key: at the beginning of a line, or inside of braces. In a text of several lines it is taken for one too.
_MERGE_KEY = re.compile(
    r"^[ \t?-]*(?:&\S+[ \t]+)?<<[ \t]*(?:[:#]|$)|[{,\[]\s*(?:\?\s+)?(?:&[^\s,{}\[\]]+\s+)?<<\s*[:,}\]#]", re.MULTILINE
)
# ``CoreMappingKeys`` of ``irhttpmappinggroup.py``, without those by which we group.
_CORE = ("prefix_regex", "prefix_exact", "circuit_breakers")
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Unread:
    """A document that no intent can say, and why. ``name`` is fit for a message; ``document 2`` is one without."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What an annotation holds: one intent for each set of Ambassadors that it addresses."""

    intents: tuple[Intent, ...]
    unread: tuple[Unread, ...]


def read_annotation(text: str) -> tuple[tuple[CustomDocument, ...], tuple[Unread, ...]]:
    """The Mappings and TLSContexts of an annotation, and what else it holds; empty documents are left out.

    Raises:
        DefinitionError: where the text is no YAML or holds no document.
    """
    try:
        documents = read_documents(text)
    except YamlError as error:
        raise DefinitionError([f"{ANNOTATION}: {error.problem}."]) from None
    if not documents:
        raise DefinitionError([f"{ANNOTATION}: holds no document."])
    found, unread = [], []
    for document, source in zip(documents, _sources(text, documents), strict=True):
        why = _why_unread(document.value, source)
        if why:
            unread.append(Unread(_title(document), why))
        else:
            found.append(custom_document(document.value))
    return tuple(found), tuple(unread)


def read_service(
    service: Mapping[str, Any], *, namespaces: Collection[str] | None = None, cluster_domain: str = "cluster.local"
) -> ReadBack:
    """The intents of a Service's annotation.

    ``namespaces`` are those of the cluster, where they are known: ``name.place`` is then a host outside of it if the
    place is none of them. ``cluster_domain`` is what may follow ``svc`` in the name of a Service.

    Raises:
        DefinitionError: where the Service has no such annotation, or it holds no documents.
    """
    name, namespace, text = _metadata(service)
    documents, others = read_annotation(text)
    documents, overruled = _last_of_each(documents, namespace)
    reader = _Reader(namespace, namespaces, f"svc.{cluster_domain}")
    contexts, unread = reader.contexts(document for document in documents if document.kind == "TLSContext")
    members: list[_Member] = []
    for document in documents:
        if document.kind == "Mapping":
            try:
                members.append(reader.mapping(document, contexts))
            except UnsaidError as error:
                unread.append(_unread(document.name, str(error)))
    groups, apart = _groups(members)
    used = {member.context for group in groups for member in group}
    unread += apart
    unread += [
        _unread(context, "is used by no Mapping that can be said")
        for context, found in contexts.items()
        if found and context not in used
    ]
    by_ids: dict[tuple[str, ...], list[Entry]] = {}
    for group in groups:
        by_ids.setdefault(group[0].ids, []).append(_joined(group))
    origin = f"the Service {in_a_sentence(namespace)}/{in_a_sentence(name)}"
    intents = tuple(
        Intent("Service", namespace, name, origin, _merged(entries), name, ambassador_ids=ids)
        for ids, entries in by_ids.items()
    )
    return ReadBack(intents, (*others, *overruled, *unread))


def _metadata(service: Mapping[str, Any]) -> tuple[str, str, str]:
    """Name, namespace and annotation of a Service."""
    metadata = service.get("metadata")
    found = metadata if isinstance(metadata, Mapping) else {}
    annotations = found.get("annotations")
    text = annotations.get(ANNOTATION) if isinstance(annotations, Mapping) else None
    given = {"metadata.name": found.get("name"), "metadata.namespace": found.get("namespace"), ANNOTATION: text}
    lines = [
        f"A Service has {'no' if value in (None, '') else kind_of(value) + ' as'} {field}, which must be text."
        for field, value in given.items()
        if not isinstance(value, str) or (not value and field != ANNOTATION)
    ]
    if lines:
        raise DefinitionError(lines)
    return str(found["name"]), str(found["namespace"]), str(text)


def _sources(text: str, documents: Sequence[Document]) -> Iterator[str]:
    """The lines of each document."""
    lines = _LINE_BREAK.split(text)
    for start, end in pairwise([*(document.line - 1 for document in documents), len(lines)]):
        yield "\n".join(lines[start:end])


def _why_unread(value: Any, source: str) -> str:
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if isinstance(kind, str) and kind not in ("Mapping", "TLSContext"):
        return f"is a {in_a_sentence(kind)}, and only Mappings and TLSContexts are routes"
    if "<<" in source and _MERGE_KEY.search(source):
        return "has a merge key (<<), of which Ambassador 1 and Emissary make different things"
    return "; ".join(document_problems(value))


def _title(document: Document) -> str:
    name = document.value.get("name") if isinstance(document.value, Mapping) else None
    return in_a_sentence(name) if name and isinstance(name, str) else f"document {document.number}"


def _unread(name: str, why: str) -> Unread:
    return Unread(in_a_sentence(name), why)


def _last_of_each(
    documents: Iterable[CustomDocument], namespace: str
) -> tuple[tuple[CustomDocument, ...], list[Unread]]:
    """The documents without those that an Ambassador drops for a later one of the same kind, name and namespace."""
    last: dict[tuple[str, str, str], CustomDocument] = {}
    overruled = []
    for document in documents:
        key = (document.kind, document.name, document.namespace or namespace)
        if key in last:
            overruled.append(
                _unread(document.name, f"has the name of a later {document.kind}, and only the last one counts")
            )
        last[key] = document
    return tuple(last.values()), overruled


# --- Documents ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Context:
    secret: str
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Member:
    """A Mapping: its Ambassadors, its host, the entry with one backend, and how much of its requests that gets.

    ``context`` is the name of the TLSContext that it uses. ``core`` are fields that Ambassador compares as they are
    written: to it, false and absent differ.
    """

    ids: tuple[str, ...]
    host: str
    entry: Entry
    weight: int | None
    shadow: bool
    context: str
    core: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Reader:
    namespace: str
    namespaces: Collection[str] | None
    services_domain: str

    def contexts(self, documents: Iterable[CustomDocument]) -> tuple[dict[str, _Context | None], list[Unread]]:
        """The TLSContexts by name, and why the others (None) cannot be said. Mappings find them by name alone."""
        documents = list(documents)
        names = Counter(document.name for document in documents)
        found: dict[str, _Context | None] = {}
        unread = []
        for document in documents:
            found[document.name] = None
            try:
                found[document.name] = self._context(document, alone=names[document.name] == 1)
            except UnsaidError as error:
                unread.append(_unread(document.name, str(error)))
        return found, unread

    def _context(self, document: CustomDocument, *, alone: bool) -> _Context:
        fields, _words = checked(document)
        secret = fields.get("secret")
        if not alone:
            raise UnsaidError("has the name of another TLSContext, and Mappings take either")
        if fields.get("hosts"):
            raise UnsaidError("is the certificate of hosts, which routes of ours cannot say")
        if not secret:
            raise UnsaidError("has no secret")
        # What follows the last dot is a namespace, where that is not forbidden.
        elsewhere = "." in secret and fields.get("secret_namespacing", True)
        if elsewhere or document.namespace not in ("", self.namespace):
            raise UnsaidError("has its secret in another namespace, which routes of ours cannot say")
        return _Context(secret, frozenset(_ids(fields) or ("default",)))

    def mapping(self, document: CustomDocument, contexts: Mapping[str, _Context | None]) -> _Member:
        fields, words = checked(document)
        if document.namespace and dns_label_problem(document.namespace):
            raise UnsaidError(f"has the namespace {shown(document.namespace)}, which is no name of a namespace")
        ids = _ids(fields)
        context = self._used(fields["tls"], ids, contexts) if "tls" in fields else None
        host_rewrite = fields.get("host_rewrite") or None
        entry = Entry(
            "service",
            _match(fields),
            (self._backend(fields["service"], document.namespace or self.namespace, context, host_rewrite),),
            _policies(fields, words),
            label=document.name,
            rewrite=fields.get("rewrite", "/") or None,
            host_rewrite=host_rewrite,
            grpc=fields.get("grpc", False),
        )
        host = _host(fields, words)
        return _Member(
            ids,
            host,
            entry,
            fields.get("weight"),
            fields.get("shadow", False),
            fields.get("tls", ""),
            tuple(fields.get(key) for key in _CORE),
        )

    def _used(self, name: str, ids: tuple[str, ...], contexts: Mapping[str, _Context | None]) -> _Context:
        """The TLSContext that a Mapping names."""
        context = contexts.get(name)
        if context is None:
            why = "cannot be said" if name in contexts else "is not in this annotation"
        elif context.ids != set(ids or ("default",)):
            why = "is for other Ambassadors"
        else:
            return context
        raise UnsaidError(f"refers to the TLSContext {shown(name)}, which {why}")

    def _backend(self, text: str, namespace: str, context: _Context | None, host_rewrite: str | None) -> Backend:
        """``namespace`` is the Mapping's: that of a service without one. The text itself may hold a password."""
        found = _SERVICE.fullmatch(text)
        scheme, host, number = found.group("scheme", "host", "port") if found else (None, "", None)
        tls, labels = scheme == "https", host.split(".")
        port = int(number or (443 if tls or context else 80))
        if not 0 < port < 2**16 or dns_subdomain_problem(host) or any(map(dns_label_problem, labels)):
            raise UnsaidError("has a service that is no host and port")
        return Backend(
            name=host,
            service=labels[0],
            namespace=namespace if len(labels) == 1 else labels[1],
            port=port,
            host=host if self._outside(labels, host_rewrite) else "",
            tls=tls,
            tls_secret=context.secret if context else "",
        )

    def _outside(self, labels: Sequence[str], host_rewrite: str | None) -> bool:
        """Whether a host is no Service of the cluster."""
        if len(labels) == 1:
            return labels[0] == "localhost"
        if len(labels) == 2:
            return ".".join(labels) == host_rewrite if self.namespaces is None else labels[1] not in self.namespaces
        return ".".join(labels[2:]) not in ("svc", self.services_domain)


def _ids(fields: Mapping[str, Any]) -> tuple[str, ...]:
    ids = fields.get("ambassador_id", ())
    return (ids,) if isinstance(ids, str) else tuple(ids)


def _host(fields: Mapping[str, Any], words: Words) -> str:
    if not words.old and not fields.get("hostname"):
        raise UnsaidError("has no hostname, and so no Host takes it")
    host: str = fields.get("host" if words.old else "hostname") or ""
    if not host:
        return "*"
    if fields.get("host_regex"):
        wildcard = _WILDCARD.fullmatch(host)
        name = "*" + re.sub(r"\\(.)", r"\1", wildcard[1]) if wildcard else ""
        if not wildcard or hosts_problem([name]):
            raise UnsaidError(f"has the host {shown(host)}, an expression that is no '*.domain'")
        return name
    # With `*` Ambassador 1 asks for a host of that very name, and Emissary for any.
    if hosts_problem([host]) or (words.old and host.startswith("*")):
        raise UnsaidError(f"has the host {shown(host)}, which is no name of a host")
    return host


def _match(fields: Mapping[str, Any]) -> Match:
    kind: PathKind = "regex" if fields.get("prefix_regex") else "path" if fields.get("prefix_exact") else "prefix"
    return Match(
        kind,
        fields["prefix"],
        _methods(fields),
        _pairs(fields, "headers", "regex_headers"),
        _pairs(fields, "query_parameters", "regex_query_parameters"),
    )


def _methods(fields: Mapping[str, Any]) -> tuple[str, ...]:
    method: str = fields.get("method", "")
    if not method:
        return ()
    found = method.split("|") if fields.get("method_regex") else [method]
    if not all(map(_METHOD.fullmatch, found)):
        raise UnsaidError(f"has the method {shown(method)}, which is no list of methods")
    return tuple(found)


def _pairs(fields: Mapping[str, Any], exact: str, regex: str) -> Pairs:
    found = [
        (name, TextMatch("present") if value is True else TextMatch("exact", value))
        for name, value in fields.get(exact, {}).items()
    ]
    found += [
        (name, TextMatch("present") if value == ".*" else TextMatch("regex", value))
        for name, value in fields.get(regex, {}).items()
    ]
    return tuple(sorted(found))


def _policies(fields: Mapping[str, Any], words: Words) -> Policies:
    timeout, idle = fields.get("timeout_ms"), fields.get("idle_timeout_ms")
    follows = timeout is not None and timeout > IDLE_LIMIT_MS and "idle_timeout_ms" not in words.lacks
    if idle != (timeout if follows else None):
        given = "no idle_timeout_ms" if idle is None else f"idle_timeout_ms {idle}"
        raise UnsaidError(f"has {given}, which does not follow from timeout_ms")
    breakers = fields.get("circuit_breakers", [])
    if len(breakers) > 1:
        raise UnsaidError("has several circuit_breakers")
    return Policies(
        timeout,
        _retries(fields),
        circuit_breakers=tuple(sorted(breakers[0].items())) if breakers else None,
        cors=_cors(fields),
    )


def _retries(fields: Mapping[str, Any]) -> Retries | None:
    policy = fields.get("retry_policy")
    if policy is None:
        return None
    if "retry_on" not in policy:
        raise UnsaidError("has a retry_policy without retry_on")
    per_try = DURATION.fullmatch(policy.get("per_try_timeout", "0s"))
    timeout = int(per_try[1]) * 1000 + int(per_try[2] or 0) if per_try else 0
    return Retries(policy.get("num_retries", 1), policy["retry_on"], timeout or None)


def _cors(fields: Mapping[str, Any]) -> Cors | None:
    given = fields.get("cors")
    if given is None:
        return None
    age = given.get("max_age")
    return Cors(
        # Ambassador keeps the spaces between origins, which then are those of no browser.
        origins=_words(given.get("origins", ())),
        methods=_trimmed(given.get("methods", ())),
        headers=_trimmed(given.get("headers", ())),
        exposed_headers=_trimmed(given.get("exposed_headers", ())),
        credentials=given.get("credentials"),
        max_age_s=None if age is None else int(age),
    )


def _words(value: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(value.split(",") if isinstance(value, str) else value)


def _trimmed(value: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(word.strip() for word in _words(value))


# --- Groups -------------------------------------------------------------------------------------------------------


def _groups(members: Iterable[_Member]) -> tuple[list[list[_Member]], list[Unread]]:
    """Mappings that share one match, and those that fit into no group."""
    groups: dict[tuple[tuple[str, ...], str, Match], list[_Member]] = {}
    unread = []
    for member in members:
        # A prefix and an expression of one text are one to Ambassador.
        match = replace(member.entry.match, path_kind="prefix")
        group = groups.setdefault((member.ids or ("default",), member.host, match), [])
        if group and _shared(group[0]) != _shared(member):
            first = shown(group[0].entry.label)
            unread.append(_unread(member.entry.label, f"differs from {first}, which has the same match"))
        else:
            group.append(member)
    complete = []
    for group in groups.values():
        if all(member.shadow for member in group):
            unread += [_unread(member.entry.label, "is the shadow of no Mapping that can be said") for member in group]
        else:
            complete.append(group)
    return complete, unread


def _shared(member: _Member) -> tuple[Any, ...]:
    return replace(member.entry, backends=(), label=""), member.core


def _joined(group: Sequence[_Member]) -> Entry:
    return replace(
        group[0].entry,
        backends=tuple(
            replace(member.entry.backends[0], weight=member.weight) for member in group if not member.shadow
        ),
        mirrors=tuple(Mirror(member.entry.backends[0], member.weight) for member in group if member.shadow),
        hosts=(group[0].host,),
    )


def _merged(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries that differ by their host only, as one."""
    found: dict[Entry, Entry] = {}
    for entry in entries:
        key = replace(entry, hosts=(), label="")
        earlier = found.get(key)
        found[key] = replace(earlier, hosts=(*earlier.hosts, *entry.hosts)) if earlier else entry
    return tuple(found.values())
