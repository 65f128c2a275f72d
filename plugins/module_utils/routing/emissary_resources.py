# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Ambassador reads of a cluster's objects: its resources in its order, and those that it refuses.

Source: ``python/ambassador/fetch/{resource,fetcher,service}.py``, ``config/config.py`` (``safe_store``) and the schemas
of datawire/ambassador v1.14.4 and emissary-ingress/emissary v3.10.0, and ``pkg/snapshot/v1/annotations.go`` of the
latter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

from ..definition.fields import kind_of, shown
from ..definition.findings import Finding, Level
from ..definition.model import in_a_sentence
from ..kube.reader import YamlError, read_documents
from ..translate.ambassador_annotations import ANNOTATION

Generation: TypeAlias = Literal["v1", "v3"]

KINDS = ("Mapping", "TLSContext", "Host", "Listener", "Module")
GROUP = "getambassador.io/"
# The versions of objects that can be in a cluster; those of documents in annotations are others.
SERVED: Mapping[Generation, tuple[str, ...]] = {"v1": ("v1", "v2"), "v3": ("v2", "v3alpha1")}
_OLD_GROUP = "ambassador/"
# What the conversion of v3alpha1 to v2 writes before an id, so that no Ambassador 1 takes it.
_MANGLED_ID = "--apiVersion-v3alpha1-only--"
EVERY_ID = "_automatic_"

# What is not less fits into no number of Go.
_NO_NUMBER = 2**63
_RETRY_ON = "5xx gateway-error connect-failure retriable-4xx refused-stream retriable-status-codes".split()
_WORDS = {
    "text": "text",
    "flag": "true or false",
    "whole": "a whole number",
    "map": "a mapping",
    "list": "a list",
}
# The shape of each field. ``a|b`` allows either, ``list:a`` is a list of those, ``map:a`` a mapping to those.
_MAPPING: dict[str, str] = {
    **dict.fromkeys(
        "prefix service rewrite host_rewrite method cluster_tag dns_type host outlier_detection path_redirect"
        " prefix_redirect priority resolver".split(),
        "text",
    ),
    **dict.fromkeys(
        "add_linkerd_headers auto_host_rewrite bypass_auth bypass_error_response_overrides case_sensitive enable_ipv4"
        " enable_ipv6 grpc host_redirect host_regex method_regex prefix_exact prefix_regex respect_dns_ttl shadow"
        " use_websocket".split(),
        "flag",
    ),
    **dict.fromkeys(
        "cluster_idle_timeout_ms cluster_max_connection_lifetime_ms connect_timeout_ms idle_timeout_ms precedence"
        " redirect_response_code timeout_ms weight".split(),
        "whole",
    ),
    **dict.fromkeys("add_request_headers add_response_headers cors docs labels load_balancer".split(), "map"),
    **dict.fromkeys("retry_policy envoy_override keepalive".split(), "map"),
    **dict.fromkeys("regex_redirect regex_rewrite".split(), "map:text"),
    **dict.fromkeys("regex_headers regex_query_parameters auth_context_extensions".split(), "map:text"),
    "allow_upgrade": "list:text",
    "circuit_breakers": "list:map",
    "error_response_overrides": "list:map",
    "modules": "list:map",
}
_OLDER = _MAPPING | {
    **dict.fromkeys(("headers", "query_parameters"), "map:text|flag"),
    **dict.fromkeys(("ambassador_id", "remove_request_headers", "remove_response_headers"), "text|list:text"),
    "tls": "text|flag",
}
_NEWEST = _MAPPING | {
    **dict.fromkeys(("headers", "query_parameters"), "map:text"),
    **dict.fromkeys(("ambassador_id", "remove_request_headers", "remove_response_headers"), "list:text"),
    **dict.fromkeys(("tls", "hostname", "stats_name"), "text"),
}
_FLAGS_TOO = ("regex_headers", "regex_query_parameters", "auth_context_extensions", "regex_rewrite")
_ONE = {
    **{name: shape for name, shape in _OLDER.items() if name not in ("enable_ipv4", "enable_ipv6")},
    **dict.fromkeys(_FLAGS_TOO, "map:text|flag"),
    **dict.fromkeys(("enable_ipv4", "enable_ipv6"), "flag"),
    "metadata_labels": "map",
    "generation": "whole",
}
_NOT_IN_2 = {"keepalive"}
_NOT_IN_1 = set(
    "allow_upgrade auth_context_extensions bypass_error_response_overrides cluster_max_connection_lifetime_ms"
    " cluster_tag dns_type docs error_response_overrides prefix_exact prefix_redirect query_parameters"
    " redirect_response_code regex_query_parameters regex_redirect regex_rewrite respect_dns_ttl".split()
)
_NOT_IN_0 = _NOT_IN_1 | set(
    "add_linkerd_headers bypass_auth circuit_breakers cluster_idle_timeout_ms enable_ipv4 enable_ipv6 idle_timeout_ms"
    " keepalive labels load_balancer remove_request_headers remove_response_headers resolver retry_policy".split()
)
_OLD_SHAPES: dict[str, dict[str, str]] = {
    version: {name: shape for name, shape in _ONE.items() if name not in lacks}
    for version, lacks in (("v0", _NOT_IN_0), ("v1", _NOT_IN_1), ("v2", _NOT_IN_2))
}
_OLD_SHAPES["v0"] |= {"rate_limits": "list", "circuit_breaker": "map"}
_OTHERS: dict[str, dict[str, str]] = {
    "TLSContext": {"hosts": "list:text", "secret": "text", "secret_namespacing": "flag"},
    "Host": {"hostname": "text", "requestPolicy": "map", "mappingSelector": "map", "selector": "map"},
    "Listener": {"port": "whole", "protocol": "text", "securityModel": "text", "hostBinding": "map"},
    "Module": {"config": "map"},
}
# The shapes of what is deeper inside; null there is the same as absent.
_INSIDE: dict[str, dict[str, str]] = {
    "Host": {
        "requestPolicy.insecure": "map",
        "requestPolicy.insecure.action": "text",
        "mappingSelector.matchLabels": "map:text",
        "selector.matchLabels": "map:text",
    },
    "Listener": {
        "protocolStack": "list:text",
        "hostBinding.namespace": "map",
        "hostBinding.namespace.from": "text",
        "hostBinding.selector": "map",
        "hostBinding.selector.matchLabels": "map:text",
    },
}
# What route tables take from the Module; nothing but their use checks these.
_SETTINGS = {
    "cluster_request_timeout_ms": "whole",
    "retry_policy": "map",
    "retry_policy.num_retries": "whole",
}
# The shapes that a type alone fulfils.
_PLAIN: dict[str, type | tuple[type, ...]] = {"text": str, "flag": bool, "map": (dict, Mapping), "list": list}
_RETRIES = {"num_retries": "whole", "per_try_timeout": "text"}
_LIMITS = dict.fromkeys(("max_connections", "max_pending_requests", "max_requests", "max_retries"), "whole")
_REQUIRED = {
    "Mapping": ("prefix", "service"),
    "Listener": ("port", "securityModel", "hostBinding"),
}


class StopsAllError(Exception):
    """The Ambassador ends, or keeps what it had: nothing of what it reads now counts."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource. ``stored`` is the name under which other resources find it, ``key`` decides on its place."""

    kind: str
    version: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    fields: Mapping[str, Any]
    key: str
    stored: str
    in_annotation: bool = False

    @property
    def title(self) -> str:
        return f"{self.kind} {in_a_sentence(self.namespace)}/{in_a_sentence(self.name)}"


@dataclass(slots=True)
class Resources:
    """All that one Ambassador reads, by kind, in the order in which it goes through them."""

    ambassador_id: str
    generation: Generation
    ambassador_namespace: str
    findings: list[Finding] = field(default_factory=list)
    by_kind: dict[str, dict[str, Resource]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Resource]:
        return list(self.by_kind.get(kind, {}).values())

    def find(self, finding: str, level: Level, where: str, message: str, fix: str) -> None:
        self.findings.append(Finding(finding, level, where, message, fix))

    def read(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Goes through the objects.

        Raises:
            StopsAllError: with a finding, where one of them brings down everything.
        """
        self.take(self.everything(objects))

    def take(self, found: Iterable[Resource]) -> None:
        """Keeps those of the resources that are for this Ambassador.

        Raises:
            StopsAllError: with a finding, where one of them brings down everything.
        """
        for resource in sorted(found, key=lambda resource: resource.key):
            if self._is_for_us(resource) and self._accepts(resource):
                self._store(resource)
        self._drop_unusable_settings()

    def everything(self, objects: Sequence[Mapping[str, Any]]) -> list[Resource]:
        """All resources of a version that is served, for whichever Ambassador they are.

        Raises:
            StopsAllError: with a finding, where one of them brings down everything.
        """
        found = [resource for item in objects if item.get("kind") == "Service" for resource in self._documents(item)]
        return found + self._objects(objects)

    @property
    def module(self) -> Mapping[str, Any]:
        """What the Module of the proxy itself sets."""
        found = self.by_kind.get("Module", {}).get("ambassador")
        config = found.fields.get("config") if found else None
        return config if isinstance(config, Mapping) else {}

    def _drop_unusable_settings(self) -> None:
        found = self.by_kind.get("Module", {}).get("ambassador")
        config = {name: value for name, value in self.module.items() if value is not None}
        for path, what in _inside(config, _SETTINGS):
            message = f"cannot be used, because {what}, so the routes are shown without it"
            where = f"{found.title if found else 'Module'}: config.{path}"
            self.find("C12", "error", where, message, "correct or remove it")
            config.pop(path.partition(".")[0], None)
        if found and config != self.module:
            self.by_kind["Module"]["ambassador"] = replace(found, fields={**found.fields, "config": config})

    # --- Objects --------------------------------------------------------------------------------------------------

    def _objects(self, objects: Sequence[Mapping[str, Any]]) -> list[Resource]:
        """An object that is there twice is the later one: a cluster has only one of a name."""
        found: dict[tuple[str, str, str], Resource] = {}
        for item in objects:
            kind, version = item.get("kind"), str(item.get("apiVersion", ""))
            if kind not in KINDS or not version.startswith(GROUP):
                continue
            resource = self._object(str(kind), version.removeprefix(GROUP), item)
            place = (resource.kind, resource.namespace, resource.name)
            if place in found:
                self._twice(resource)
            found[place] = resource
        return [resource for resource in found.values() if self._serves(resource)]

    def _object(self, kind: str, version: str, item: Mapping[str, Any]) -> Resource:
        metadata, spec = _mapping(item.get("metadata")), _mapping(item.get("spec"))
        name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "default")
        # The first of its place: an object is alone there.
        key = f"{name}.{namespace}.1"
        return Resource(kind, version, namespace, name, _mapping(metadata.get("labels")), _in_order(spec), key, name)

    def _serves(self, resource: Resource) -> bool:
        if resource.version in SERVED[self.generation]:
            return True
        old = self.generation == "v1"
        product, fix = (
            ("Ambassador 1.14", f"{GROUP}v2, or install Emissary 3") if old else ("Emissary 3", f"{GROUP}v3alpha1")
        )
        message = f"has the apiVersion {GROUP}{in_a_sentence(resource.version)}, which {product} cannot read"
        self.find("C01", "error", resource.title, message, f"write it as {fix}")
        return False

    # --- Annotations ----------------------------------------------------------------------------------------------

    def _documents(self, service: Mapping[str, Any]) -> list[Resource]:
        metadata = _mapping(service.get("metadata"))
        text = _mapping(metadata.get("annotations")).get(ANNOTATION)
        if not isinstance(text, str) or not text:
            return []
        name, namespace = str(metadata.get("name") or ""), str(metadata.get("namespace") or "default")
        where = f"Service {in_a_sentence(namespace)}/{in_a_sentence(name)}: {ANNOTATION}"
        try:
            documents = [document.value for document in read_documents(text)]
        except YamlError as error:
            self._unreadable(where, error.problem)
            return []
        if self.generation == "v3" and not all(_has_kind(document) for document in documents):
            self._unreadable(where, "has a document that is no mapping with a kind")
            return []
        found = []
        for number, document in enumerate((document for document in documents if document), start=1):
            if not _has_kind(document):
                message = (
                    f"has a document (number {number}) that is no mapping with a kind, and Ambassador leaves it out"
                )
                self.find("C12", "error", where, message, "correct the document or remove it")
                continue
            resource = self._document(document, f"{name}.{namespace}.{number}", namespace, metadata.get("labels"))
            found += [resource] if resource.kind in KINDS else []
        return found

    def _unreadable(self, where: str, what: str) -> None:
        if self.generation == "v3":
            message = f"{what}, so Emissary reads nothing of this Service"
            self.find("C12", "error", where, message, "correct the annotation")
            return
        message = f"{what}, so Ambassador 1.14 stops reading and takes over nothing of the whole cluster"
        self.find("C12", "error", where, message, "correct the annotation first of all")
        raise StopsAllError

    def _document(self, document: Mapping[str, Any], key: str, namespace: str, labels: Any) -> Resource:
        fields = dict(document)
        if self.generation == "v3":
            fields = {**_mapping(fields.pop("metadata", None)), **_mapping(fields.pop("spec", None)), **fields}
            fields.pop("status", None)
        version, kind, name, own = (fields.pop(word, None) for word in ("apiVersion", "kind", "name", "namespace"))
        own_labels = fields.pop("metadata_labels", None)
        if own_labels is None:
            own_labels = labels
        if self.generation == "v3":
            namespace = own if isinstance(own, str) and own else namespace
        elif own is not None:
            namespace = str(own) or self.ambassador_namespace
        text = version if isinstance(version, str) else ""
        group = _OLD_GROUP if text.startswith(_OLD_GROUP) else GROUP
        text = text.removeprefix(group) if text.startswith(group) else f"?{text}"
        shown_name = name if isinstance(name, str) else ""
        own_labels = _mapping(own_labels)
        return Resource(str(kind), text, namespace, shown_name, own_labels, fields, key, shown_name, in_annotation=True)

    # --- What is taken --------------------------------------------------------------------------------------------

    def _is_for_us(self, resource: Resource) -> bool:
        if self.generation == "v3" and resource.version == "v1" and not any(_problems(resource, self.generation)):
            message = "is written in version v1 of Ambassador, and one such document stops Emissary 3 as a whole"
            self.find("C01", "error", resource.title, message, "write it in version v2 or v3alpha1")
            raise StopsAllError
        listed = ids_of(resource, self.generation)
        return listed == [EVERY_ID] or self.ambassador_id in listed

    def _accepts(self, resource: Resource) -> bool:
        problem = next(iter(_problems(resource, self.generation)), None)
        if problem is None:
            return True
        name, what = problem
        where = f"{resource.title}: {in_a_sentence(name)}" if name else resource.title
        product = "Ambassador" if self.generation == "v1" else "Emissary"
        message = f"makes {product} refuse the whole {resource.kind}, because {what}"
        finding = "C01" if name == "apiVersion" else "C12"
        self.find(finding, "error", where, message, "correct it, because until then it has no effect")
        return False

    def _store(self, resource: Resource) -> None:
        """Under its name alone; of a later namespace under both."""
        kept = self.by_kind.setdefault(resource.kind, {})
        stored = resource.name
        if stored in kept and kept[stored].namespace != resource.namespace:
            stored = f"{resource.name}.{resource.namespace}"
        if stored in kept:
            self._twice(kept[stored])
        kept[stored] = resource if stored == resource.name else replace(resource, stored=stored)

    def _twice(self, resource: Resource) -> None:
        message = "is there twice in one namespace, and only the last one counts"
        self.find("B01", "error", resource.title, message, "rename or remove one of them")


def ids_of(resource: Resource, generation: Generation) -> list[Any]:
    """The Ambassadors that a resource is for; none where it is for no one."""
    fields = resource.fields
    ids = fields.get("ambassadorId")
    if ids is None:
        ids = fields.get("ambassador_id")
        if ids is None and ("ambassador_id" not in fields or generation == "v3"):
            ids = "default"
    if generation == "v3" and ids == []:
        ids = "default"
    listed = ids if isinstance(ids, list) else [ids] if ids else []
    if generation == "v3":
        return [item.removeprefix(_MANGLED_ID) if isinstance(item, str) else item for item in listed]
    return listed


def selector_of(host: Resource) -> Mapping[str, Any]:
    """What a Host asks of the labels of Mappings."""
    return host.fields.get("mappingSelector") or host.fields.get("selector") or {}


# --- Shapes -------------------------------------------------------------------------------------------------------


def _problems(resource: Resource, generation: Generation) -> Iterator[tuple[str, str]]:
    """Why a proxy refuses a resource: the field, and what is wrong with it."""
    if not resource.name:
        yield "name", "it has no name that is text"
        return
    if generation == "v3" and resource.version not in ("v1", "v2", "v3alpha1"):
        yield "apiVersion", f"it does not know the apiVersion {shown(resource.version.removeprefix('?'))}"
        return
    if resource.version.startswith("?"):
        yield "apiVersion", f"it does not know the apiVersion {shown(resource.version[1:])}"
        return
    shapes = _shapes(resource, generation)
    fields = resource.fields
    for name in _REQUIRED.get(resource.kind, ()):
        if name not in fields or (generation == "v3" and fields[name] == ""):
            yield name, f"it has no {name}"
    for name, value in fields.items():
        shape = shapes.get(name)
        if shape:
            if not _is(value, shape):
                yield from _mismatches(value, shape, name)
        elif generation == "v1" and resource.kind == "Mapping" and resource.version in _OLD_SHAPES:
            yield name, f"version {in_a_sentence(resource.version)} has no field {shown(name)}"
    if resource.kind == "Mapping" and ("retry_policy" in fields or "circuit_breakers" in fields):
        yield from _nested(fields)
    yield from _inside(fields, _INSIDE.get(resource.kind, {}))


def _shapes(resource: Resource, generation: Generation) -> Mapping[str, str]:
    if resource.kind != "Mapping":
        return _OTHERS[resource.kind]
    if generation == "v3":
        return _NEWEST if resource.version == "v3alpha1" else _OLDER
    return _OLD_SHAPES.get(resource.version, _OLD_SHAPES["v2"])


def _mismatches(value: Any, shape: str, path: str) -> Iterator[tuple[str, str]]:
    """What of a value has another shape; what is inside of a list or mapping is looked at too."""
    outer, colon, inner = shape.partition(":")
    if "|" in outer or ("|" in shape and not shape.startswith("map:")):
        if not any(_fits(value, one) for one in shape.split("|")):
            names = " or ".join(_WORDS[one.partition(":")[0]] for one in shape.split("|"))
            yield path, f"{path} is {kind_of(value)} and must be {names}"
    elif not _is(value, outer):
        yield path, f"{path} is {kind_of(value)} and must be {_WORDS[outer]}"
    elif colon:
        for name, item in enumerate(value) if outer == "list" else value.items():
            place = f"[{name}]" if outer == "list" else f".{in_a_sentence(str(name))}"
            yield from _mismatches(item, inner, f"{path}{place}")


def _fits(value: Any, shape: str) -> bool:
    return not any(_mismatches(value, shape, ""))


def _is(value: Any, word: str) -> bool:
    """Whether a value has a shape without parts; that of one with parts is never had."""
    if word == "whole":
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        return whole and not isinstance(value, bool) and abs(value) < _NO_NUMBER
    return isinstance(value, _PLAIN.get(word, ()))


def _nested(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    policy = fields.get("retry_policy")
    if isinstance(policy, Mapping):
        if policy.get("retry_on") not in _RETRY_ON:
            yield "retry_policy.retry_on", f"retry_policy.retry_on is none of {', '.join(_RETRY_ON)}"
        yield from _known(policy, _RETRIES, "retry_policy")
    breakers = fields.get("circuit_breakers")
    for number, breaker in enumerate(breakers) if isinstance(breakers, list) else ():
        if isinstance(breaker, Mapping):
            yield from _known(breaker, _LIMITS, f"circuit_breakers[{number}]")


def _known(value: Mapping[str, Any], shapes: Mapping[str, str], path: str) -> Iterator[tuple[str, str]]:
    for name, shape in shapes.items():
        if name in value:
            yield from _mismatches(value[name], shape, f"{path}.{name}")


def _inside(fields: Mapping[str, Any], shapes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What of the deeper fields has another shape; ``shapes`` are by the path of each."""
    for path, shape in shapes.items():
        value: Any = fields
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None:
            yield from _mismatches(value, shape, path)


def _has_kind(document: Any) -> bool:
    return isinstance(document, Mapping) and isinstance(document.get("kind"), str)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, (dict, Mapping)) else {}


def _in_order(value: Any) -> Any:
    """As a cluster holds it: the keys of a mapping are sorted."""
    if isinstance(value, (dict, Mapping)):
        return {
            key: inner if isinstance(inner := value[key], (str, int)) else _in_order(inner)
            for key in sorted(value, key=str)
        }
    return [_in_order(item) for item in value] if isinstance(value, list) else value
