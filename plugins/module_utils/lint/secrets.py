# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a TLS Secret holds (E01, E04, E05). No message holds anything of a Secret but the names, dates and fingerprint
of its certificates.

Source: ``pilot/pkg/credentials/kube/secrets.go`` (keys of a Secret, ``GetCaCert``) of istio.io/istio
v0.0.0-20260827124520-eed52ebb66ad; ``stringData`` in ``staging/src/k8s.io/api/core/v1/types.go`` of Kubernetes.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias, TypeVar

from ..definition.fields import shown
from ..definition.findings import Finding, Level
from ..definition.model import in_a_sentence
from ..objects.certificates import (
    Certificate,
    CertificateError,
    Key,
    days_left,
    fits,
    out_of_place,
    read_chain,
    read_key,
    self_signed,
)
from ..routing.istio_read import where_of

Fields: TypeAlias = Mapping[Any, Any]
Place: TypeAlias = tuple[str, str]
Use: TypeAlias = Literal["istio", "emissary", "ingress"]
Value = TypeVar("Value")

TLS_TYPE = "kubernetes.io/tls"
CERT, _KEY = "tls.crt", "tls.key"
_CA_KEYS, _CA_SUFFIX = ("cacert", "ca.crt"), "-cacert"
_MOST_BYTES = 2**20
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
# All that names a Secret, also as Istio writes it (``kubernetes://namespace/name``).
_NAME = re.compile(r"[-._:/a-z0-9]{1,300}")
_NO_NAME = "(a text that is no name)"


# --- Secrets and those that name them -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Item:
    """An object, or a document of an annotation; ``fields`` is its spec, and for a Secret all of it."""

    kind: str
    namespace: str
    name: str
    labels: Fields
    fields: Fields = field(repr=False)

    @property
    def title(self) -> str:
        """``Secret models/tls``, on one line whatever the names hold."""
        return where_of(self.kind, self.namespace, self.name)


@dataclass(slots=True)
class Cluster:
    """The objects by kind, and the namespaces in which a Secret of a name is."""

    by_kind: dict[str, dict[Place, Item]] = field(default_factory=dict)
    namespaces: dict[str, list[str]] = field(default_factory=dict)

    def add(self, item: Item) -> None:
        """Take an object in, in place of one of the same name."""
        kept = self.by_kind.setdefault(item.kind, {})
        if item.kind == "Secret" and (item.namespace, item.name) not in kept:
            self.namespaces.setdefault(item.name, []).append(item.namespace)
        kept[item.namespace, item.name] = item

    def of(self, kind: str) -> Iterable[Item]:
        """All objects of a kind."""
        return self.by_kind.get(kind, {}).values()

    def secret(self, namespace: str, name: str) -> Item | None:
        """One Secret, None where it is not among the objects."""
        return self.by_kind.get("Secret", {}).get((namespace, name))


def map_of(value: Any) -> Fields:
    """A mapping, or an empty one where there is something else."""
    return value if isinstance(value, Mapping) else {}


@dataclass(frozen=True, slots=True)
class Reference:
    """An object that names a Secret.

    ``namespaces`` are those in which the proxy looks for it, empty where that cannot be told; ``home`` is that of the
    object. ``hosts`` are served with the certificate, and empty where it is shown to others than clients. ``ca`` says
    that the Secret holds the CAs of clients, and ``mutual`` that such a Secret, or such a part of this one, is needed.
    """

    use: Use
    where: str
    secret: str
    home: str
    namespaces: tuple[str, ...]
    why: str = ""
    hosts_where: str = ""
    hosts: tuple[str, ...] = ()
    ca: bool = False
    mutual: bool = False

    def found(self, cluster: Cluster) -> tuple[Item, ...]:
        """The Secrets that it can mean."""
        places: Sequence[str] = self.namespaces
        if not places:
            everywhere = cluster.namespaces.get(self.secret, [])
            places = [self.home] if self.home in everywhere else everywhere
        return tuple(found for place in places if (found := cluster.secret(place, self.secret)))


def shown_name(text: str, how: Callable[[str], str] = shown) -> str:
    """The name of a Secret or of its namespace, as ``how`` shows it. What is no name is not repeated: it may be the key
    itself, put where its name belongs."""
    return how(text) if _NAME.fullmatch(text) else _NO_NAME


# --- What a Secret holds ------------------------------------------------------------------------------------------


class _ValueError(Exception):
    """A value of a Secret that cannot be used; ``path`` is its place in the Secret."""

    def __init__(self, path: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.path, self.message, self.fix = path, message, fix


@dataclass(slots=True)
class Secrets:
    """Reads the Secrets, each once, and each certificate once."""

    cluster: Cluster
    now: datetime
    warn_days: int
    findings: list[Finding] = field(default_factory=list)
    leaves: dict[Place, Certificate] = field(default_factory=dict)
    chains: dict[bytes, tuple[Certificate, ...] | CertificateError] = field(default_factory=dict, repr=False)

    def read(self, references: Iterable[Reference]) -> None:
        """All Secrets that something names, and all that are for TLS by their type."""
        uses: dict[Place, set[Use]] = {}
        authorities: dict[Place, set[tuple[str, ...]]] = {}
        for reference in references:
            for secret in reference.found(self.cluster):
                place = secret.namespace, secret.name
                if reference.ca:
                    authorities.setdefault(place, set()).add((CERT,))
                else:
                    uses.setdefault(place, set()).add(reference.use)
                if reference.mutual and (holder := _ca_holder(self.cluster, secret)):
                    authorities.setdefault((holder.namespace, holder.name), set()).add(_CA_KEYS)
        for secret in self.cluster.of("Secret"):
            place = secret.namespace, secret.name
            if place in uses or (secret.fields.get("type") == TLS_TYPE and place not in authorities):
                self._pair(secret, uses.get(place, set()))
            for keys in sorted(authorities.get(place, ())):
                self._authorities(secret, keys)

    def _pair(self, secret: Item, uses: set[Use]) -> None:
        certificate, key = CERT, _KEY
        # Istio looks for these first; the API server refuses the type without the usual ones.
        opaque = secret.fields.get("type") != TLS_TYPE
        if "istio" in uses and opaque and has_value(secret, "cert") and has_value(secret, "key"):
            certificate, key = "cert", "key"
        chain = self._try(secret, self._chain, certificate, "the certificate chain in PEM, that of the host first")
        found = self._try(secret, _private_key, key, "the private key in PEM, without a password")
        if chain:
            if self._is_well(secret, chain, found):
                self.leaves[secret.namespace, secret.name] = chain[0]
            self._check_dates(secret, chain)
            self._check_strength(secret, chain)

    def _authorities(self, secret: Item, keys: tuple[str, ...]) -> None:
        """The CAs of clients; an old one beside others does no harm."""
        key = next((key for key in keys if has_value(secret, key)), keys[-1])
        chain = self._try(secret, self._chain, key, "the certificate of the CA in PEM")
        if chain:
            self._check_dates(secret, [max(chain, key=lambda certificate: certificate.not_after)])

    def _try(self, secret: Item, read: Callable[[bytes], Value], key: str, what: str) -> Value | None:
        try:
            path, value = _value(secret, key, what)
            try:
                return read(value)
            except CertificateError as error:
                raise _ValueError(path, str(error), f"give it {what}") from None
        except _ValueError as error:
            where = f"{secret.title} {error.path}"
            self.findings.append(Finding("E01", "error", where, error.message, error.fix))
            return None

    def _chain(self, pem: bytes) -> tuple[Certificate, ...]:
        if pem not in self.chains:
            try:
                self.chains[pem] = read_chain(pem)
            except CertificateError as error:
                self.chains[pem] = error
        found = self.chains[pem]
        if isinstance(found, CertificateError):
            raise found
        return found

    def _is_well(self, secret: Item, chain: Sequence[Certificate], key: Key | None) -> bool:
        """Whether the first certificate is what clients will be shown."""
        order = "write the certificate of the host first, and after each one that which signed it"
        if key and not fits(chain[0], key):
            other = next((place for place, one in enumerate(chain) if fits(one, key)), None)
            if other is None:
                what = f"the private key is not that of {_called(chain, 0)}"
                self._find("E01", "error", secret, what, "put in the key with which the certificate was asked for")
            else:
                what = f"the private key is that of {_called(chain, other)}, which therefore has to be the first"
                self._find("E01", "error", secret, what, order)
            return False
        wrong = out_of_place(chain)
        if wrong is not None:
            what = f"{_called(chain, wrong)} is out of place: it did not sign {_called(chain, wrong - 1)}"
            self._find("E01", "error", secret, what, order)
        elif chain[0].is_ca:
            what = f"{_called(chain, 0)}, which clients are shown, is that of a CA (CA:TRUE)"
            self._find("E01", "warning", secret, what, "use one for the host, without CA:TRUE")
        return True

    def _check_dates(self, secret: Item, chain: Sequence[Certificate]) -> None:
        renew = "renew it and update the Secret in place"
        for place, certificate in enumerate(chain):
            called = _called(chain, place)
            begin, end = (moment.date().isoformat() for moment in (certificate.not_before, certificate.not_after))
            left = days_left(certificate, self.now)
            if certificate.not_after < self.now:
                self._find("E04", "error", secret, f"{called} has expired on {end}", renew)
            elif certificate.not_before > self.now:
                what = f"{called} is not valid before {begin}"
                self._find("E04", "error", secret, what, "use one that is valid now, or correct the clock")
            elif left < self.warn_days:
                days = "less than a day" if not left else f"{left} day{'s' if left > 1 else ''}"
                self._find("E04", "warning", secret, f"{called} ends on {end}, which is {days} away", renew)

    def _check_strength(self, secret: Item, chain: Sequence[Certificate]) -> None:
        for place, certificate in enumerate(chain):
            called, kind, size = _called(chain, place), certificate.key_kind, certificate.key_size
            least = {"RSA": 2048, "EC": 256}.get(kind, 0)
            if size < least:
                what = f"{called} has an {kind} key of {size} bits"
                self._find("E05", "warning", secret, what, f"use one of at least {least} bits")
            signs_itself = self_signed(certificate)
            if place == 0 and signs_itself:
                what = f"{called} is signed by its own key, so no client trusts it that was not given it"
                self._find("E05", "warning", secret, what, "let a CA sign it that the clients know")
            elif not signs_itself and certificate.signature_hash in ("md5", "sha1"):
                # Nobody looks at the signature of a root.
                what = f"{called} is signed with {certificate.signature_hash.upper()}, which clients refuse"
                self._find("E05", "warning", secret, what, "have it signed with SHA-256")

    def _find(self, check: str, level: Level, secret: Item, what: str, fix: str) -> None:
        self.findings.append(Finding(check, level, secret.title, what, fix))


def _called(chain: Sequence[Certificate], place: int) -> str:
    """How a message calls a certificate; one without a subject is known by its fingerprint."""
    certificate = chain[place]
    name = in_a_sentence(certificate.subject) or f"SHA-256 {certificate.fingerprint_sha256}"
    return f"certificate {place + 1} of {len(chain)} ({name})"


def _private_key(pem: bytes) -> Key:
    # Whether the numbers of an RSA key belong together takes too long to find out for each of many Secrets.
    return read_key(pem, thorough=False)


def has_value(secret: Item, key: str) -> bool:
    """Whether a Secret holds a value for a key that is not empty."""
    return any(map_of(secret.fields.get(part)).get(key) not in (None, "") for part in ("data", "stringData"))


def _value(secret: Item, key: str, what: str) -> tuple[str, bytes]:
    """The place and the bytes of a value; ``stringData`` goes before ``data``, as on the API server.

    Raises:
        _ValueError: where there is none, or it is no text, no base64 or too much.
    """
    give = f"give it {what}"
    parts = {part: secret.fields.get(part) for part in ("data", "stringData")}
    for part, given in parts.items():
        if given is not None and not isinstance(given, Mapping):
            raise _ValueError(part, "is no mapping", "write a mapping of keys to texts")
    plain = key in map_of(parts["stringData"])
    path = f"{'stringData' if plain else 'data'}[{key}]"
    given = map_of(parts["stringData" if plain else "data"]).get(key)
    if given in (None, ""):
        there = plain or key in map_of(parts["data"])
        raise _ValueError(path, "is empty" if there else "is missing", give)
    if not isinstance(given, str):
        raise _ValueError(path, "is no text", give)
    value = _plain(given) if plain else _decoded(given)
    if value is None:
        raise _ValueError(path, "is not base64", "encode it once, or write it as it is under stringData")
    if len(value) > _MOST_BYTES:
        raise _ValueError(path, "is larger than 1 MiB, and no Secret can be", give)
    if not value.strip():
        raise _ValueError(path, "is empty", give)
    return path, value


def _plain(text: str) -> bytes:
    # A lone surrogate cannot be in PEM either.
    return text[: _MOST_BYTES + 1].encode(errors="replace")


def _decoded(text: str) -> bytes | None:
    """What a base64 text holds, None where it is none. Go passes over line breaks, and asks for the padding."""
    if len(text) > 2 * _MOST_BYTES:
        return b" " * (_MOST_BYTES + 1)
    joined = text.replace("\n", "").replace("\r", "")
    if len(joined) % 4 or not _BASE64.fullmatch(joined):
        return None
    return base64.b64decode(joined)


def _ca_holder(cluster: Cluster, secret: Item) -> Item | None:
    """The Secret in which Istio looks for the CAs of clients, None where it holds none (``GetCaCert``)."""
    holder = cluster.secret(secret.namespace, secret.name + _CA_SUFFIX) or secret
    return holder if any(has_value(holder, key) for key in _CA_KEYS) else None


def without_ca(cluster: Cluster, references: Iterable[Reference]) -> Iterator[Finding]:
    """E01 for those that ask clients for certificates and name no CA."""
    for reference in references:
        for secret in reference.found(cluster) if reference.mutual else ():
            if _ca_holder(cluster, secret) is None:
                own = cluster.secret(secret.namespace, secret.name + _CA_SUFFIX) or secret
                what = f"asks clients for certificates, and {own.title} holds no CA to verify them with"
                yield Finding("E01", "error", reference.where, what, "give it the CA in PEM as ca.crt or cacert")
