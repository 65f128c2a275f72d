# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects of Istio as values: each is read, found to have a wrong shape, or refused as Istio's admission would.

Source: ``pkg/config/validation/{validation,virtualservice}.go``, ``pkg/config/validation/agent/validation.go``,
``pilot/pkg/model/{config,virtualservice}.go`` and ``pilot/pkg/networking/core/route/route.go`` of istio.io/istio
v0.0.0-20260827124520-eed52ebb66ad. Of admission's rules only those are here without which a table would be wrong;
headers to be set, CORS and the words of ``retryOn`` are not looked at.

A condition that is about the connection and not about the request stands among the headers, under a name that no
header can have: ``:port`` (where the entrance has none), ``:source-namespace``, ``:source-label:<key>``.
"""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations
from typing import Any, NoReturn

from ..definition.fields import kind_of, shown
from ..definition.findings import Finding
from ..definition.hosts import MESH, qualified_gateway
from ..definition.model import in_a_sentence
from ..definition.re2 import regex_problem
from .model import Owner, RegexRewrite, RequestMatch, Text

DEFAULT_RETRIES = 2
_ALL = Fraction(100)
LONGEST_HOST = 255
HTTP_PROTOCOLS = {"HTTP", "HTTP2", "HTTP_PROXY", "GRPC", "GRPC-WEB", "HTTPS"}
_PASSED_THROUGH = {"PASSTHROUGH", "AUTO_PASSTHROUGH"}
_TLS_MODES = {"DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"}
# Istio's DNS label takes upper case, unlike that of Kubernetes.
_LABEL = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?")
_FIRST_LABEL = re.compile(rf"\*|(?:\*-?)?{_LABEL.pattern}")
_CREATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DURATION = re.compile(r"([0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9}
_NANOSECONDS |= {"m": 60 * 10**9, "h": 3600 * 10**9}
_LAST = "9999"  # sorts behind every time: what is not created yet will be the newest


class ShapeError(Exception):
    """A field is no such thing."""


class RefusedError(Exception):
    """Istio's admission refuses an object; holds id, path, message and fix."""

    def __init__(self, check: str, path: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.check, self.path, self.message, self.fix = check, path, message, fix


# --- Fields -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Node:
    """A mapping of an object and its path. Null is the same as absent.

    Nobody changes one; it is not frozen because there are dozens for each route, and freezing takes time.
    """

    fields: Mapping[str, Any]
    path: str = ""

    def at(self, key: str) -> str:
        """The path of a field; ``key`` is a word of ours, or went through ``in_a_sentence``."""
        return f"{self.path}.{key}" if self.path else key

    def wrong(self, path: str, value: Any) -> NoReturn:
        raise ShapeError(f"{path} is {kind_of(value)}")

    def has(self, key: str) -> bool:
        return self.fields.get(key) is not None

    def text(self, key: str) -> str:
        value = self.fields.get(key)
        if value is None:
            return ""
        return value if isinstance(value, str) else self.wrong(self.at(in_a_sentence(key)), value)

    def flag(self, key: str) -> bool:
        value = self.fields.get(key)
        if value is None:
            return False
        return value if isinstance(value, bool) else self.wrong(self.at(key), value)

    def number(self, key: str) -> int | float | None:
        value = self.fields.get(key)
        if value is None:
            return None
        # What is not less than the bound is no number of JSON either.
        if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2**63:
            return value
        return self.wrong(self.at(key), value)

    def whole(self, key: str) -> int | None:
        value = self.number(key)
        if value is None or value == math.floor(value):
            return None if value is None else int(value)
        return self.wrong(self.at(key), value)

    def part(self, key: str) -> Node | None:
        value = self.fields.get(key)
        if value is None:
            return None
        return self._mapping(value, self.at(key))

    def some(self, key: str) -> Node:
        """A part that may as well be absent."""
        return self.part(key) or Node({}, self.at(key))

    def parts(self, key: str) -> list[Node]:
        items = self._list(key)
        path = self.at(key) if items else ""
        return [self._mapping(item, f"{path}[{index}]") for index, item in enumerate(items)]

    def named(self, key: str) -> dict[str, Node]:
        part = self.part(key)
        if part is None:
            return {}
        return {name: part._mapping(value, part.at(in_a_sentence(name))) for name, value in part.fields.items()}

    def texts(self, key: str) -> tuple[str, ...]:
        found = self._list(key)
        for index, item in enumerate(found):
            if not isinstance(item, str):
                self.wrong(f"{self.at(key)}[{index}]", item)
        return tuple(found)

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        part = self.part(key)
        return () if part is None else tuple(sorted((name, part.text(name)) for name in part.fields))

    def _list(self, key: str) -> list[Any]:
        value = self.fields.get(key)
        if value is None:
            return []
        return value if isinstance(value, list) else self.wrong(self.at(key), value)

    def _mapping(self, value: Any, path: str) -> Node:
        if not isinstance(value, Mapping):
            self.wrong(path, value)
        for key in value:
            if not isinstance(key, str):
                raise ShapeError(f"{path} has a key that is {kind_of(key)}")
        return Node(value, path)


# --- What is read -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Meta:
    """Whose an object is and when it was made."""

    owner: Owner
    created: str

    @property
    def order(self) -> tuple[str, str, str]:
        return self.created, self.owner.name, self.owner.namespace

    @property
    def where(self) -> str:
        return where_of(self.owner.kind, self.owner.namespace, self.owner.name)


@dataclass(frozen=True, slots=True)
class Destination:
    """``is_short`` says that the host was written without namespace, which stands for the object's own."""

    host: str
    port: int | None
    subset: str
    path: str
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Weighted:
    destination: Destination
    weight: int
    host_rewrite: str | None


@dataclass(frozen=True, slots=True)
class Block:
    """One match. ``gateways`` None serves all of the VirtualService's."""

    match: RequestMatch
    gateways: tuple[str, ...] | None = None
    port: int = 0
    source: tuple[tuple[str, Text], ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One http route. ``answers`` says that the proxy answers itself, with something that a row cannot say."""

    blocks: tuple[Block, ...]
    destinations: tuple[Weighted, ...]
    mirrors: tuple[tuple[Destination, Fraction], ...]
    rewrite: str | RegexRewrite | None
    host_rewrite: str | None
    timeout_ms: int | None
    retries: int
    redirect: str
    answers: bool


@dataclass(frozen=True, slots=True)
class VirtualService:
    meta: Meta
    hosts: tuple[str, ...]
    gateways: tuple[str, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    hosts: tuple[str, ...]
    https_redirect: bool


@dataclass(frozen=True, slots=True)
class Gateway:
    """``servers`` are those that speak HTTP."""

    meta: Meta
    servers: tuple[Server, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """The mode of TLS that a traffic policy asks for, None where it says nothing, and those of single ports."""

    mode: str | None = None
    ports: tuple[tuple[int, str | None], ...] = ()

    def at(self, port: int) -> tuple[str | None, bool]:
        """The mode at a port, and whether the port has a policy of its own, which then replaces all of this one."""
        own = dict(reversed(self.ports))
        return (own[port], True) if port in own else (self.mode, False)


@dataclass(frozen=True, slots=True)
class Rule:
    """A DestinationRule."""

    meta: Meta
    host: str
    policy: Policy | None
    subsets: tuple[tuple[str, Policy | None], ...]
    notes: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Names of the service registry that an object adds, and the ports behind them."""

    meta: Meta
    hosts: tuple[str, ...]
    ports: tuple[int, ...]


def said(value: Any) -> str:
    """A text, or nothing where there is something else."""
    return value if isinstance(value, str) else ""


def where_of(kind: str, namespace: str, name: str) -> str:
    return f"{kind} {in_a_sentence(namespace)}/{in_a_sentence(name)}"


def read_meta(kind: str, obj: Node) -> Meta:
    metadata = obj.some("metadata")
    if not metadata.text("name"):
        raise ShapeError("metadata.name is missing")
    created = metadata.text("creationTimestamp")
    if created and not _CREATED.fullmatch(created):
        metadata.wrong("metadata.creationTimestamp", created)
    owner = Owner(kind, metadata.text("namespace") or "default", metadata.text("name"), metadata.pairs("labels"))
    return Meta(owner, created or _LAST)


# --- Values -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def is_label(text: str) -> bool:
    return len(text) <= 63 and bool(_LABEL.fullmatch(text))


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def is_domain(text: str) -> bool:
    """A domain without wildcard; a final dot is allowed."""
    *labels, last = text.split(".")
    if not 1 <= len(text) <= LONGEST_HOST or _INTEGER.fullmatch(last):
        return False
    return all(map(is_label, [*labels, *([last] if last else [])]))


@lru_cache(maxsize=4096)
def is_host(text: str) -> bool:
    """A domain whose first label may be "*" or begin with "*"."""
    first, dot, rest = text.partition(".")
    good = 1 <= len(text) <= LONGEST_HOST and len(first) <= 63 and bool(_FIRST_LABEL.fullmatch(first))
    return good and (not dot or not rest or is_domain(rest))


def covers(wide: str, host: str) -> bool:
    """Whether every name of a host belongs to a wide one too."""
    if not wide.startswith("*"):
        return wide == host
    return host.endswith(wide[1:]) and (not host.startswith("*") or len(wide) <= len(host))


def wider(host: str) -> Iterator[str]:
    """The wildcards that cover a host that is none, the longest first; Istio takes none that is too long for DNS."""
    return (f"*{host[begin:]}" for begin in range(max(0, len(host) + 1 - LONGEST_HOST), len(host) + 1))


def overlap(one: str, other: str) -> bool:
    """As Istio compares: with ``*.a.com`` it takes the shorter text for the wider one."""
    if one.startswith("*") and other.startswith("*"):
        short, long = sorted((one[1:], other[1:]), key=len)
        return long.endswith(short)
    if one.startswith("*"):
        return other.endswith(one[1:])
    return one.endswith(other[1:]) if other.startswith("*") else one == other


def full_name(host: str, namespace: str, domain: str) -> str:
    """A short name becomes that of a Service of the object's namespace (``ResolveShortnameToFQDN``)."""
    if not host or host == "*" or "." in host or is_address(host):
        return host
    return f"{host}.{namespace}.svc.{domain}"


def milliseconds(node: Node, key: str) -> int | None:
    """A duration in Go's notation; None where it is absent."""
    if not node.has(key):
        return None
    text = node.text(key)
    parts = list(_DURATION.finditer(text))
    whole = "".join(part.group() for part in parts) == text and text
    total = sum((Fraction(part[1].rstrip(".")) * _NANOSECONDS[part[2]] for part in parts), Fraction(0))
    if not whole or not 10**6 <= total < 2**63 or total % 10**6:
        raise RefusedError(
            "D14",
            node.at(key),
            f"{shown(text)} is no duration of whole milliseconds, at least 1ms",
            "write 1s or 250ms",
        )
    return int(total // 10**6)


# --- VirtualServices ----------------------------------------------------------------------------------------------


class VirtualServiceReader:
    """Reads one VirtualService and collects what cannot be told of it."""

    def __init__(self, meta: Meta, domain: str) -> None:
        self.meta, self.domain = meta, domain
        self.notes: list[Finding] = []
        self.left_out = False

    def read(self, spec: Node) -> VirtualService | None:
        """None where the object is well but its routes cannot be told; ``notes`` say why."""
        gateways = spec.texts("gateways")
        self._check_gateways(spec.at("gateways"), gateways)
        self._check_hosts(spec, gateways)
        if not any(spec.has(part) and spec.fields[part] != [] for part in ("http", "tls", "tcp")):
            raise RefusedError("D14", "spec", "has no http, tls or tcp", "give it a route")
        hosts = tuple(full_name(host, self.meta.owner.namespace, self.domain) for host in spec.texts("hosts"))
        self._check_visibility(spec, hosts)
        namespace = self.meta.owner.namespace
        resolved = tuple(dict.fromkeys(qualified_gateway(gateway, namespace) for gateway in gateways)) or (MESH,)
        routes = tuple(self._route(node, resolved) for node in spec.parts("http"))
        return None if self.left_out else VirtualService(self.meta, hosts, resolved, routes)

    def _unsaid(self, path: str, what: str, fix: str) -> None:
        self.notes.append(Finding("D13", "warning", f"{self.meta.where} {path}", what, fix))

    def _check_visibility(self, spec: Node, hosts: tuple[str, ...]) -> None:
        visible = spec.texts("exportTo")
        if visible and "*" not in visible:
            self.left_out = True
            what = "is for some namespaces only, and it cannot be told which gateways see it; the object is left out"
            self._unsaid("spec.exportTo", what, "check its routes by hand")
        if not hosts:
            self.left_out = True
            what = "has no host, so its routes belong to another VirtualService; they cannot be told and are left out"
            self._unsaid("spec.hosts", what, "check its routes by hand")

    def _check_gateways(self, path: str, gateways: tuple[str, ...]) -> None:
        for index, gateway in enumerate(gateways):
            namespace, slash, name = gateway.partition("/")
            if not (is_label(namespace) and is_label(name) if slash else is_domain(gateway)):
                what = f"{shown(gateway)} is no gateway"
                raise RefusedError("D01", f"{path}[{index}]", what, "write <namespace>/<name>")

    def _check_hosts(self, spec: Node, gateways: tuple[str, ...]) -> None:
        hosts = spec.texts("hosts")
        if not hosts and gateways:
            raise RefusedError("D03", "spec.hosts", "is empty although gateways are named", "name the hosts")
        for index, host in enumerate(hosts):
            if not is_address(host) and not is_host(host):
                what = f"{shown(host)} is no DNS name, '*' or '*.domain'"
                raise RefusedError("D03", f"spec.hosts[{index}]", what, "correct or remove it")
            if host == "*" and (not gateways or MESH in gateways):
                what = "'*' must not be a host of the gateway 'mesh'"
                raise RefusedError("A13", f"spec.hosts[{index}]", what, "name the hosts that clients in the mesh call")
        for one, other in combinations(hosts, 2):
            if overlap(one, other):
                what = f"{shown(one)} and {shown(other)} overlap"
                raise RefusedError("D03", "spec.hosts", what, "keep one of them, or write two VirtualServices")

    def _route(self, node: Node, gateways: tuple[str, ...]) -> Route:
        destinations, redirect = self._destinations(node), node.part("redirect")
        self._check_purpose(node, destinations)
        rewrite, host_rewrite = self._rewrite(node)
        if node.has("delegate"):
            self.left_out = True
            what = "hands its requests to another VirtualService; that cannot be told and the object is left out"
            self._unsaid(node.at("delegate"), what, "check its routes by hand")
        blocks = tuple(self._block(part, gateways) for part in node.parts("match"))
        return Route(
            blocks or (Block(RequestMatch()),),
            destinations,
            self._mirrors(node),
            rewrite,
            host_rewrite or _authority(node),
            milliseconds(node, "timeout"),
            self._retries(node),
            "" if redirect is None else self._redirect(redirect),
            self._answers(node),
        )

    def _check_purpose(self, node: Node, destinations: tuple[Weighted, ...]) -> None:
        ways = [bool(destinations), *(node.has(part) for part in ("redirect", "directResponse", "delegate"))]
        if sum(ways) != 1:
            raise RefusedError(
                "D14",
                node.path,
                "has none or several of route, redirect, directResponse and delegate",
                "keep exactly one of them",
            )
        if not destinations and node.has("rewrite") and not node.has("delegate"):
            raise RefusedError("D14", node.at("rewrite"), "has nothing to rewrite for", "remove it")

    def _answers(self, node: Node) -> bool:
        abort = node.some("fault").part("abort")
        if node.part("directResponse") is not None:
            self._unsaid(node.at("directResponse"), "is an answer of the proxy itself", "check it by hand")
            return True
        # "If not specified, no request will be aborted" (virtual_service.proto).
        percent = Fraction(0) if abort is None else _percent(abort, "percentage", absent=Fraction(0), check="D14")
        if percent:
            which = "" if percent == 100 else f" {float(percent):g} % of the requests"
            what = f"lets the proxy answer{which} with an error"
            self._unsaid(node.at("fault"), what, "remove it when the test is over")
        return percent == 100

    def _destinations(self, node: Node) -> tuple[Weighted, ...]:
        found = []
        for part in node.parts("route"):
            weight = part.whole("weight") or 0
            if weight < 0:
                raise RefusedError("A01", part.at("weight"), f"is {weight}", "write a number from 0 to 100")
            found.append(Weighted(self._destination(part, "destination"), weight, _authority(part)))
        if len(found) == 1:
            self._check_lone_weight(node.parts("route")[0])
        elif found and not sum(entry.weight for entry in found):
            what = "the weights of several destinations add up to 0"
            raise RefusedError("A01", node.at("route"), what, "give at least one of them a weight")
        return tuple(found)

    def _check_lone_weight(self, part: Node) -> None:
        """istio/istio issue 15157: a weight that is written says something else than what happens."""
        weight = part.whole("weight")
        if weight is not None and weight < 100:
            what = f"is {weight} and has no effect, because Istio gives all requests to a destination that is alone"
            fix = "remove the weight, or add the destination that takes the rest"
            self.notes.append(Finding("A03", "warning", f"{self.meta.where} {part.at('weight')}", what, fix))

    def _destination(self, holder: Node, key: str) -> Destination:
        node = holder.part(key)
        if node is None:
            raise RefusedError("D14", holder.at(key), "is missing", "say where the requests go")
        host, subset, port = node.text("host"), node.text("subset"), node.part("port")
        if host == "*" or not is_host(host):
            raise RefusedError("D09", node.at("host"), f"{shown(host)} is no host", "name a Service in full")
        if subset and not is_label(subset):
            what = f"{shown(subset)} is no name of a subset"
            raise RefusedError("D05", node.at("subset"), what, "use letters, digits and '-', at most 63")
        number = None if port is None else port.whole("number") or 0
        if number is not None and not 0 < number < 2**16:
            raise RefusedError("D14", node.at("port"), f"{number} is no port", "write a number from 1 to 65535")
        full = full_name(host, self.meta.owner.namespace, self.domain)
        return Destination(full, number, subset, node.path, full != host)

    def _mirrors(self, node: Node) -> tuple[tuple[Destination, Fraction], ...]:
        parts = node.parts("mirrors")
        if node.has("mirror") and parts:
            raise RefusedError("D10", node.path, "has both mirror and mirrors", "keep mirrors")
        found = [(self._destination(node, "mirror"), self._mirror_percent(node))] if node.has("mirror") else []
        if not found:
            self._mirror_percent(node)
        found += [(self._destination(part, "destination"), _percent(part, "percentage")) for part in parts]
        return tuple((destination, percent) for destination, percent in found if percent)

    def _mirror_percent(self, node: Node) -> Fraction:
        old = node.whole("mirrorPercent")
        if old is not None and not 0 <= old <= 100:
            raise RefusedError("D10", node.at("mirrorPercent"), f"{old} is not from 0 to 100", "lower it")
        percent = _percent(node, "mirrorPercentage")
        return percent if node.has("mirrorPercentage") or old is None else Fraction(old)

    def _rewrite(self, node: Node) -> tuple[str | RegexRewrite | None, str | None]:
        part = node.part("rewrite")
        if part is None:
            return None, None
        uri, authority, regex = part.text("uri"), part.text("authority"), part.part("uriRegexRewrite")
        if regex is None and not uri and not authority:
            raise RefusedError("D14", part.path, "has no uri, uriRegexRewrite or authority", "remove or fill it")
        if regex is not None:
            if uri or not regex.text("match") or not regex.text("rewrite"):
                what = "needs match and rewrite, and no uri beside it"
                raise RefusedError("D14", regex.path, what, "keep one of uri and uriRegexRewrite")
            _check_regex(regex.at("match"), regex.text("match"))
            return RegexRewrite(regex.text("match"), regex.text("rewrite")), authority or None
        return uri or None, authority or None

    def _retries(self, node: Node) -> int:
        part = node.part("retries")
        if part is None:
            return DEFAULT_RETRIES
        attempts = part.whole("attempts") or 0
        milliseconds(part, "perTryTimeout")
        milliseconds(part, "backoff")
        if attempts < 0:
            raise RefusedError("D14", part.at("attempts"), f"is {attempts}", "write 0 or more")
        if not attempts and (part.has("perTryTimeout") or part.text("retryOn") or part.has("retryRemoteLocalities")):
            what = "0 attempts switch retries off, and the other fields have no meaning"
            raise RefusedError("D14", part.at("attempts"), what, "remove the other fields or write 1 or more")
        return attempts

    def _redirect(self, node: Node) -> str:
        scheme, authority, port = node.text("scheme"), node.text("authority"), node.whole("port") or 0
        path = node.text("uri") or node.text("prefixRewrite")
        if not (scheme or authority or port or path or node.text("derivePort")):
            raise RefusedError("D14", node.path, "does not say where to", "give it a uri, authority, scheme or port")
        place = authority + (f":{port}" if port else "")
        return (f"{scheme}://" if scheme else "") + place + path or "the same place"

    def _block(self, node: Node, gateways: tuple[str, ...]) -> Block:
        own, port = node.texts("gateways"), node.whole("port") or 0
        self._check_gateways(node.at("gateways"), own)
        if port and not 0 < port < 2**16:
            raise RefusedError("D14", node.at("port"), f"{port} is no port", "write a number from 1 to 65535")
        namespace = self.meta.owner.namespace
        source = tuple((f":source-label:{name}", Text("exact", value)) for name, value in node.pairs("sourceLabels"))
        if node.text("sourceNamespace"):
            source = (*source, (":source-namespace", Text("exact", node.text("sourceNamespace"))))
        # Istio asks for the source only where a match names no gateway.
        if own:
            source = ()
        if source and any(gateway != MESH for gateway in gateways):
            what = "asks who the caller is, which a gateway does not know; the match is left out there"
            self._unsaid(node.path, what, "remove sourceLabels and sourceNamespace, or name the gateway mesh")
        qualified = tuple(qualified_gateway(gateway, namespace) for gateway in own)
        return Block(self._match(node), qualified or None, port, source)

    def _match(self, node: Node) -> RequestMatch:
        headers = [(_header(name), self._text(part)) for name, part in node.named("headers").items()]
        headers += [
            (_header(name), _negated(self._text(part, star=True)))
            for name, part in node.named("withoutHeaders").items()
        ]
        headers += [(f":{key}", self._text(node.some(key))) for key in ("authority", "scheme") if node.has(key)]
        for name, _text in headers:
            if name.startswith("@request.auth.claims"):
                self._unsaid(
                    node.path, "asks for a claim of a token; no request is taken to have it", "check it by hand"
                )
            elif name == ":scheme":
                what = (
                    "asks for the scheme of the request, which the table does not know; no request is taken to have it"
                )
                self._unsaid(node.path, what, "check it by hand")
        query = [(name, self._text(part)) for name, part in node.named("queryParams").items()]
        method = node.part("method")
        return RequestMatch(
            self._path(node),
            None if method is None else self._text(method),
            tuple(sorted(headers)),
            tuple(sorted(query)),
        )

    def _path(self, node: Node) -> Text | None:
        uri, ignore_case = node.part("uri"), node.flag("ignoreUriCase")
        if uri is None:
            return None
        text = self._text(uri, path=True)
        return None if text.kind == "present" else Text(text.kind, text.value, ignore_case)

    def _text(self, node: Node, *, star: bool = False, path: bool = False) -> Text:
        kinds = [kind for kind in ("exact", "prefix", "regex") if node.has(kind)]
        if len(kinds) > 1:
            raise ShapeError(f"{node.path} has both {kinds[0]} and {kinds[1]}")
        for kind in kinds:
            value = node.text(kind)
            if kind == "exact":
                return Text("exact", value)
            if kind == "prefix":
                if not value and not path:
                    raise RefusedError("D14", node.at("prefix"), "is empty", "remove the condition")
                return Text("prefix", value)
            if star and value == "*":
                return Text("present")
            _check_regex(node.at("regex"), value)
            return Text("regex", value)
        return Text("present")


def _negated(text: Text) -> Text:
    return Text(text.kind, text.value, text.ignore_case, negated=True)


def _header(name: str) -> str:
    """Envoy knows headers by their lower-case names, and ``host`` as ``:authority``."""
    lower = name.lower()
    return ":authority" if lower == "host" else lower


def _check_regex(path: str, pattern: str) -> None:
    problem = "is longer than 1024 bytes" if len(pattern.encode(errors="replace")) > 1024 else regex_problem(pattern)
    if problem:
        what = f"{shown(pattern)} is no regular expression, because it {problem}"
        raise RefusedError("D14", path, what, "correct it")


def _percent(node: Node, key: str, *, absent: Fraction = _ALL, check: str = "D10") -> Fraction:
    """A share that Istio rounds down to millionths; ``check`` is what refuses one that is out of range."""
    part = node.part(key)
    if part is None:
        return absent
    value = part.number("value") or 0
    if not 0 <= value <= 100:
        raise RefusedError(check, node.at(key), f"{value} is not from 0 to 100", "write a number from 0 to 100")
    return Fraction(int(value * 10000), 10000)


def _authority(node: Node) -> str | None:
    """The host that a change of headers sets."""
    if not node.has("headers"):
        return None
    request = node.some("headers").some("request")
    for verb in ("set", "add"):
        for name, value in request.pairs(verb):
            if name.lower() in (":authority", "host") and value:
                return value
    return None


# --- Other kinds --------------------------------------------------------------------------------------------------


def read_virtual_service(meta: Meta, spec: Node, domain: str) -> tuple[VirtualService | None, tuple[Finding, ...]]:
    reader = VirtualServiceReader(meta, domain)
    found = reader.read(spec)
    return found, tuple(reader.notes)


def read_gateway(meta: Meta, spec: Node) -> Gateway:
    return Gateway(meta, tuple(_servers(meta, spec)))


def _servers(meta: Meta, spec: Node) -> Iterator[Server]:
    for node in spec.parts("servers"):
        port, tls, hosts = node.some("port"), node.some("tls"), node.texts("hosts")
        number, protocol = port.whole("number") or 0, port.text("protocol").upper()
        if not 0 < number < 2**16:
            raise ShapeError(f"{port.at('number')} is {kind_of(port.fields.get('number'))}")
        for index, host in enumerate(hosts):
            if len(host.rpartition("/")[2]) > LONGEST_HOST:
                what = f"{shown(host)} is longer than {LONGEST_HOST} characters"
                raise RefusedError("D14", f"{node.at('hosts')}[{index}]", what, "correct or remove it")
        passed = tls.text("mode") in _PASSED_THROUGH
        redirect = tls.flag("httpsRedirect")
        if protocol in HTTP_PROTOCOLS and not (protocol == "HTTPS" and passed):
            yield Server(number, tuple(_server_host(host, meta.owner.namespace) for host in hosts), redirect)


def _server_host(host: str, namespace: str) -> str:
    """``./host`` is for the gateway's own namespace, ``*/host`` for all."""
    before, slash, name = host.partition("/")
    if not slash or before == "*":
        return name if slash else host
    return f"{namespace if before == '.' else before}/{name}"


def read_rule(meta: Meta, spec: Node, domain: str) -> Rule:
    notes = []
    host = spec.text("host")
    if not is_host(host):
        raise RefusedError("D05", "spec.host", f"{shown(host)} is no host", "name a Service in full")
    subsets: dict[str, Policy | None] = {}
    for node in spec.parts("subsets"):
        name = node.text("name")
        if not is_label(name) or name in subsets:
            what = f"{shown(name)} is {'there twice' if name in subsets else 'no name of a subset'}"
            raise RefusedError("D05", node.at("name"), what, "give every subset a name of letters, digits and '-'")
        subsets[name] = _policy(node)
    for field in ("exportTo", "workloadSelector"):
        narrow = spec.has(field) and not (field == "exportTo" and {"*"} >= set(spec.texts(field)))
        if narrow:
            what = "is for some callers only, and it cannot be told for which; the object is left out"
            notes.append(Finding("D13", "warning", f"{meta.where} spec.{field}", what, "check its subsets by hand"))
    full = full_name(host, meta.owner.namespace, domain)
    return Rule(meta, full, _policy(spec), tuple(subsets.items()), tuple(notes))


def _policy(holder: Node) -> Policy | None:
    node = holder.part("trafficPolicy")
    if node is None:
        return None
    ports = []
    for part in node.parts("portLevelSettings"):
        number = part.some("port").whole("number")
        if number is not None:
            ports.append((number, _tls_mode(part)))
    return Policy(_tls_mode(node), tuple(ports))


def _tls_mode(holder: Node) -> str | None:
    node = holder.part("tls")
    if node is None:
        return None
    mode = node.text("mode") or "DISABLE"
    return mode if mode in _TLS_MODES else node.wrong(node.at("mode"), mode)


def read_service(meta: Meta, spec: Node, domain: str) -> Names:
    return Names(meta, (f"{meta.owner.name}.{meta.owner.namespace}.svc.{domain}",), _ports(spec, "port"))


def read_service_entry(meta: Meta, spec: Node) -> Names:
    return Names(meta, spec.texts("hosts"), _ports(spec, "number"))


def _ports(spec: Node, key: str) -> tuple[int, ...]:
    return tuple(node.whole(key) or 0 for node in spec.parts("ports"))
