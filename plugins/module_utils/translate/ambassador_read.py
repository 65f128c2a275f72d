# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The annotation of a live Service, whoever wrote it, as intents: the way back of ``ambassador_annotations``.

What an intent cannot say is named and never dropped. Source of the fields: the ``Mapping`` references of Ambassador
1.14 and of Emissary 3.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..definition.custom_config import CustomDocument, custom_documents, custom_problems
from ..definition.findings import DefinitionError
from ..definition.model import Cors, TextMatch
from ..intent.model import Backend, Entry, Intent, Match, Mirror, Pairs, PathKind, Policies, Retries
from .ambassador_annotations import ANNOTATION
from .ambassador_documents import IDLE_LIMIT_MS

_SERVICE = re.compile(r"(?:(?P<scheme>https?)://)?(?P<host>[^:/]+)(?::(?P<port>[0-9]+))?")
_DURATION = re.compile(r"([0-9]+)(?:\.([0-9]{3}))?s")
_WILDCARD = re.compile(r"\.\*((?:\\[.-]|[a-z0-9])+)\(:\[0-9\]\+\)\?")


@dataclass(frozen=True, slots=True)
class Unread:
    """A document that no intent can say, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What an annotation holds: one intent for each set of Ambassadors that it addresses."""

    intents: tuple[Intent, ...]
    unread: tuple[Unread, ...]


class _UnsaidError(Exception):
    """Why a document cannot be said."""


def read_annotation(text: str) -> tuple[CustomDocument, ...]:
    """The documents of an annotation; empty ones are left out.

    Raises:
        DefinitionError: with every reason why it is none.
    """
    problems = custom_problems(text)
    if problems:
        raise DefinitionError([f"{ANNOTATION}: {problem}." for problem in problems])
    return custom_documents(text)


def read_service(service: Mapping[str, Any], *, namespaces: Collection[str] | None = None) -> ReadBack:
    """The intents of a Service's annotation.

    ``namespaces`` are those of the cluster, where they are known: ``name.place`` is then a host outside of it if the
    place is none of them.

    Raises:
        DefinitionError: where the annotation holds no documents of Ambassador.
    """
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    documents = read_annotation(service["metadata"]["annotations"][ANNOTATION])
    reader = _Reader(namespace, namespaces, _secrets(documents))
    groups: dict[tuple[tuple[str, ...], str, Match], list[tuple[Entry, int | None, bool]]] = {}
    unread = []
    for document in documents:
        try:
            if document.kind == "TLSContext":
                _refuse_more(document, ("hosts", "secret", "ambassador_id"))
                continue
            ids, host, entry, weight, shadow = reader.mapping(document)
        except _UnsaidError as error:
            unread.append(Unread(document.name, str(error)))
            continue
        members = groups.setdefault((ids, host, entry.match), [])
        if members and _shared(members[0][0]) != _shared(entry):
            unread.append(Unread(document.name, f"differs from {members[0][0].label!r}, which has the same match"))
            continue
        members.append((entry, weight, shadow))
    by_ids: dict[tuple[str, ...], list[Entry]] = {}
    for (ids, host, _match), members in groups.items():
        by_ids.setdefault(ids, []).append(_joined(members, host))
    intents = tuple(
        Intent(
            "Service", namespace, name, f"the Service {namespace}/{name}", _merged(entries), name, ambassador_ids=ids
        )
        for ids, entries in by_ids.items()
    )
    return ReadBack(intents, tuple(unread))


def _secrets(documents: Iterable[CustomDocument]) -> dict[str, str]:
    found = {document.name: document.fields.get("secret") for document in documents if document.kind == "TLSContext"}
    return {name: secret for name, secret in found.items() if isinstance(secret, str)}


def _shared(entry: Entry) -> Entry:
    return replace(entry, backends=(), label="")


def _joined(members: Sequence[tuple[Entry, int | None, bool]], host: str) -> Entry:
    first = members[0][0]
    return replace(
        first,
        backends=tuple(replace(entry.backends[0], weight=weight) for entry, weight, shadow in members if not shadow),
        mirrors=tuple(Mirror(entry.backends[0], weight) for entry, weight, shadow in members if shadow),
        hosts=(host,),
    )


def _merged(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Entries that differ by their host only, as one."""
    found: dict[Entry, Entry] = {}
    for entry in entries:
        key = replace(entry, hosts=(), label="")
        earlier = found.get(key)
        found[key] = replace(earlier, hosts=(*earlier.hosts, *entry.hosts)) if earlier else entry
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Reader:
    namespace: str
    namespaces: Collection[str] | None
    secrets: Mapping[str, str]

    def mapping(self, document: CustomDocument) -> tuple[tuple[str, ...], str, Entry, int | None, bool]:
        """A Mapping: its Ambassadors, its host, the entry with one backend, its weight, whether it is a shadow."""
        if document.kind != "Mapping":
            raise _UnsaidError(f"is a {document.kind}, and only Mappings and TLSContexts are routes")
        left = dict(document.fields)
        left.pop("cluster_tag", None)
        ids, host = _ids(left), _host(left)
        match = _match(left)
        policies = _policies(left)
        host_rewrite = left.pop("host_rewrite", None)
        backend = self._backend(left, host_rewrite)
        weight, shadow, grpc = left.pop("weight", None), left.pop("shadow", False), left.pop("grpc", False)
        rewrite = left.pop("rewrite", "/")
        if left:
            raise _UnsaidError(f"has {', '.join(sorted(left))}, which routes of ours cannot say")
        entry = Entry(
            "service",
            match,
            (backend,),
            policies,
            label=document.name,
            rewrite=rewrite or None,
            host_rewrite=host_rewrite,
            grpc=grpc,
        )
        return ids, host, entry, weight, shadow

    def _backend(self, left: dict[str, Any], host_rewrite: str | None) -> Backend:
        text = left.pop("service")
        found = _SERVICE.fullmatch(text)
        context = left.pop("tls", None)
        if not found:
            raise _UnsaidError(f"has the service {text!r}, which is no host and port")
        if context is not None and context not in self.secrets:
            raise _UnsaidError(f"refers to the TLSContext {context!r}, which is not in this annotation")
        host, tls = found["host"], found["scheme"] == "https"
        labels = host.split(".")
        outside = len(labels) > 2 and labels[2] != "svc"
        if len(labels) == 2:
            outside = host == host_rewrite if self.namespaces is None else labels[1] not in self.namespaces
        return Backend(
            name=host,
            service=labels[0],
            namespace=self.namespace if len(labels) == 1 else labels[1],
            port=int(found["port"] or (443 if tls or context else 80)),
            host=host if outside else "",
            tls=tls,
            tls_secret=self.secrets.get(context, "") if context else "",
        )


def _refuse_more(document: CustomDocument, known: Collection[str]) -> None:
    more = sorted(document.fields.keys() - set(known))
    if more:
        raise _UnsaidError(f"has {', '.join(more)}, which routes of ours cannot say")


def _ids(left: dict[str, Any]) -> tuple[str, ...]:
    ids = left.pop("ambassador_id", None) or ()
    return (ids,) if isinstance(ids, str) else tuple(ids)


def _host(left: dict[str, Any]) -> str:
    host = left.pop("hostname", None) or left.pop("host", None) or "*"
    if not left.pop("host_regex", False):
        return str(host)
    wildcard = _WILDCARD.fullmatch(host)
    if not wildcard:
        raise _UnsaidError(f"has the host {host!r}, an expression that is no '*.domain'")
    return "*" + re.sub(r"\\(.)", r"\1", wildcard[1])


def _match(left: dict[str, Any]) -> Match:
    regex, exact = left.pop("prefix_regex", False), left.pop("prefix_exact", False)
    kind: PathKind = "regex" if regex else "path" if exact else "prefix"
    method = left.pop("method", "")
    left.pop("method_regex", None)
    return Match(
        kind,
        left.pop("prefix"),
        tuple(method.split("|")) if method else (),
        _pairs(left, "headers", "regex_headers"),
        _pairs(left, "query_parameters", "regex_query_parameters"),
    )


def _pairs(left: dict[str, Any], exact: str, regex: str) -> Pairs:
    found = [
        (name, TextMatch("present") if value is True else TextMatch("exact", value))
        for name, value in (left.pop(exact, None) or {}).items()
    ]
    found += [
        (name, TextMatch("present") if value == ".*" else TextMatch("regex", value))
        for name, value in (left.pop(regex, None) or {}).items()
    ]
    return tuple(sorted(found))


def _policies(left: dict[str, Any]) -> Policies:
    timeout, idle = left.pop("timeout_ms", None), left.pop("idle_timeout_ms", None)
    if idle != (timeout if timeout is not None and timeout > IDLE_LIMIT_MS else None):
        raise _UnsaidError(f"has idle_timeout_ms {idle}, which does not follow from timeout_ms")
    breakers = left.pop("circuit_breakers", None)
    if breakers is not None and len(breakers) != 1:
        raise _UnsaidError("has several circuit_breakers")
    return Policies(
        timeout,
        _retries(left),
        circuit_breakers=None if breakers is None else tuple(sorted(breakers[0].items())),
        cors=_cors(left),
    )


def _retries(left: dict[str, Any]) -> Retries | None:
    policy = dict(left.pop("retry_policy", None) or {})
    if not policy:
        return None
    per_try = _DURATION.fullmatch(policy.pop("per_try_timeout", "0s"))
    retries = Retries(
        policy.pop("num_retries", 1),
        policy.pop("retry_on", ""),
        int(per_try[1]) * 1000 + int(per_try[2] or 0) or None if per_try else None,
    )
    if policy or not per_try:
        raise _UnsaidError("has a retry_policy that routes of ours cannot say")
    return retries


def _cors(left: dict[str, Any]) -> Cors | None:
    given = dict(left.pop("cors", None) or {})
    if not given:
        return None
    lists = {
        ours: tuple(word.strip() for word in value.split(",")) if isinstance(value, str) else tuple(value)
        for ours, value in ((key, given.pop(key, ())) for key in ("origins", "methods", "headers", "exposed_headers"))
    }
    credentials, age = given.pop("credentials", None), given.pop("max_age", None)
    if given or not (age is None or str(age).isdigit()):
        raise _UnsaidError("has a cors that routes of ours cannot say")
    return Cors(**lists, credentials=credentials, max_age_s=None if age is None else int(age))
