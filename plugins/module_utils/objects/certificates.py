# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PEM certificates and private keys as values. A value never holds the private part of a key.

Needs the Python library cryptography, 41 or newer, when something is read. Rules of names: RFC 6125 section 6.4.3, as
``VerifyHostname`` of Go's ``crypto/x509`` has them; of chains: RFC 5246 section 7.4.2 (``certificate_list``).
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Final

try:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
except ImportError:
    # Said in one sentence when something is read: a host may lack the library and never see a certificate.
    HAS_CRYPTOGRAPHY = False
else:
    # The newest of what is used here, so that an old library is found out before it fails half-way.
    HAS_CRYPTOGRAPHY = hasattr(x509.Certificate, "verify_directly_issued_by")

__all__ = [
    "HAS_CRYPTOGRAPHY",
    "Certificate",
    "CertificateError",
    "Key",
    "MissingLibraryError",
    "covers",
    "days_left",
    "fits",
    "out_of_place",
    "read_chain",
    "read_key",
    "self_signed",
    "signed_by",
]

_LABEL: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----")
_CERTIFICATES: Final = {b"CERTIFICATE", b"X509 CERTIFICATE"}
# What base64 of any PEM begins with.
_ENCODED_BEGIN: Final = b"LS0tLS1CRUdJTi"


class CertificateError(Exception):
    """What was given is no certificate or key that can be used.

    The text is a reason that follows a name (``is encrypted``), and holds nothing of what was read.
    """


class MissingLibraryError(Exception):
    """The library cryptography is missing or too old. The text is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate.

    ``subject`` and ``issuer`` are as RFC 4514 writes them; names that begin with ``*.`` stand among ``dns_names``.
    ``key_kind`` is RSA, EC, DSA, Ed25519 or Ed448, and ``key_size`` its bits. ``signature_hash`` is such as ``sha256``,
    and empty where the signature has no hash of its own.
    """

    subject: str
    issuer: str
    dns_names: tuple[str, ...]
    ip_addresses: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    fingerprint_sha256: str
    is_ca: bool
    key_kind: str
    key_size: int
    signature_hash: str
    public_key: bytes = field(repr=False)
    der: bytes = field(repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """All subject alternative names that a host can have."""
        return (*self.dns_names, *self.ip_addresses)


@dataclass(frozen=True, slots=True)
class Key:
    """A private key, of which only the public half is kept."""

    kind: str
    size: int
    public_key: bytes = field(repr=False)


# --- Reading ------------------------------------------------------------------------------------------------------


def read_chain(pem: bytes) -> tuple[Certificate, ...]:
    """Return all certificates of a PEM text in their order, at least one; other blocks and text are passed over.

    :raises CertificateError: there is none, or one of them cannot be read.
    :raises MissingLibraryError: the library is missing.
    """
    _need_library()
    if not _CERTIFICATES.intersection(_labels(pem)):
        raise CertificateError(_why_none(pem, "certificate"))
    try:
        # What a library thinks of odd serial numbers is no matter of ours.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return tuple(map(_certificate, x509.load_pem_x509_certificates(pem)))
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        # Without the cause, whose text may quote what was read.
        raise CertificateError("holds a certificate that cannot be read") from None


def read_key(pem: bytes, *, thorough: bool = True) -> Key:
    """Return the first private key of a PEM text.

    :param thorough: also verify that the numbers of an RSA key belong together, which takes 50 ms and more.
    :raises CertificateError: there is none, it cannot be read, or it asks for a password.
    :raises MissingLibraryError: the library is missing.
    """
    _need_library()
    block = _key_block(pem)
    if b"ENCRYPTED" in block[:200]:
        raise CertificateError("is encrypted, and no proxy can ask for the password")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            private = serialization.load_pem_private_key(block, None, unsafe_skip_rsa_key_validation=not thorough)
            public = private.public_key()
            kind, size = _kind_and_size(public)
            return Key(kind, size, _public_bytes(public))
    except (ValueError, TypeError, AttributeError, UnsupportedAlgorithm):
        raise CertificateError("holds a private key that cannot be read") from None


def _need_library() -> None:
    if not HAS_CRYPTOGRAPHY:
        raise MissingLibraryError(
            "To read certificates the Python library cryptography is needed, version 41 or newer, and it is not there."
        )


def _labels(pem: bytes) -> list[bytes]:
    return _LABEL.findall(pem)


def _key_block(pem: bytes) -> bytes:
    """The first private key of a text; ``openssl ecparam`` writes a block of parameters before it."""
    for found in _LABEL.finditer(pem):
        label = found[1]
        if label == b"OPENSSH PRIVATE KEY":
            raise CertificateError("is a key of OpenSSH, which no proxy reads")
        if label.endswith(b"PRIVATE KEY"):
            ending = b"-----END " + label + b"-----"
            end = pem.find(ending, found.end())
            if end < 0:
                raise CertificateError("is cut off: the end of the private key is missing")
            return pem[found.start() : end + len(ending)] + b"\n"
    raise CertificateError(_why_none(pem, "private key"))


def _why_none(pem: bytes, wanted: str) -> str:
    if pem.lstrip().startswith(_ENCODED_BEGIN):
        return "is base64 of a base64 text: it was encoded twice"
    labels = _labels(pem)
    if _CERTIFICATES.intersection(labels):
        return f"holds a certificate and no {wanted}"
    if any(label.endswith(b"PRIVATE KEY") for label in labels):
        return f"holds a private key and no {wanted}"
    return f"holds no {wanted} in PEM"


def _certificate(found: x509.Certificate) -> Certificate:
    der = found.public_bytes(serialization.Encoding.DER)
    public = found.public_key()
    kind, size = _kind_and_size(public)
    dns_names, addresses = _alternative_names(found)
    signature = found.signature_hash_algorithm
    return Certificate(
        found.subject.rfc4514_string(),
        found.issuer.rfc4514_string(),
        dns_names,
        addresses,
        _moment(found, "not_valid_before"),
        _moment(found, "not_valid_after"),
        hashlib.sha256(der).hexdigest(),
        _is_ca(found),
        kind,
        size,
        signature.name if signature else "",
        _public_bytes(public),
        der,
    )


def _moment(found: x509.Certificate, name: str) -> datetime:
    """Since cryptography 42 there is a field with a time zone, and the one without warns."""
    aware: datetime | None = getattr(found, f"{name}_utc", None)
    if aware is not None:
        return aware
    naive: datetime = getattr(found, name)
    return naive.replace(tzinfo=timezone.utc)


def _alternative_names(found: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    try:
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return (), ()
    addresses = names.get_values_for_type(x509.IPAddress)
    return tuple(names.get_values_for_type(x509.DNSName)), tuple(str(address) for address in addresses)


def _is_ca(found: x509.Certificate) -> bool:
    try:
        return found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _kind_and_size(public: object) -> tuple[str, int]:
    if isinstance(public, rsa.RSAPublicKey):
        return "RSA", public.key_size
    if isinstance(public, ec.EllipticCurvePublicKey):
        return "EC", public.curve.key_size
    if isinstance(public, dsa.DSAPublicKey):
        return "DSA", public.key_size
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "Ed25519", 256
    if isinstance(public, ed448.Ed448PublicKey):
        return "Ed448", 456
    raise CertificateError("has a key of a kind that no TLS server has")


def _public_bytes(public: object) -> bytes:
    """The public key in one form, whatever it was read from."""
    written: bytes = public.public_bytes(  # type: ignore[attr-defined]  # each of the kinds above has it
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return written


# --- Asking -------------------------------------------------------------------------------------------------------


def covers(certificate: Certificate, host: str) -> bool:
    """Say whether a certificate names a host: a DNS name, ``*.domain`` or an IP address.

    A wildcard name stands for exactly one label, and only ``*.domain`` itself covers the host ``*.domain``. The common
    name does not count: browsers and Go look at alternative names only.
    """
    address = _address(host)
    if address is not None:
        return any(_address(given) == address for given in certificate.ip_addresses)
    wanted = host.lower().rstrip(".")
    names = {name.lower().rstrip(".") for name in certificate.dns_names}
    first, _dot, domain = wanted.partition(".")
    return wanted in names or bool(domain and first and f"*.{domain}" in names)


def days_left(certificate: Certificate, now: datetime) -> int:
    """Return the whole days until a certificate ends; negative where it has ended.

    :param now: a time with its time zone.
    """
    return (certificate.not_after - now).days


def fits(certificate: Certificate, key: Key) -> bool:
    """Say whether a key is that of a certificate."""
    return certificate.public_key == key.public_key


def signed_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Say whether one certificate signed the other: by name, and by signature where the library knows its kind."""
    _need_library()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            child, parent = (x509.load_der_x509_certificate(one.der) for one in (certificate, issuer))
            child.verify_directly_issued_by(parent)
    except (ValueError, InvalidSignature):
        return False
    except (TypeError, UnsupportedAlgorithm):
        # A signature that this library, or a policy of the machine, does not do: the names must be enough.
        return certificate.issuer == issuer.subject
    return True


def self_signed(certificate: Certificate) -> bool:
    """Say whether a certificate is signed by its own key."""
    return certificate.issuer == certificate.subject and signed_by(certificate, certificate)


def out_of_place(chain: Sequence[Certificate]) -> int | None:
    """Return the place (from 0) of the first certificate that did not sign the one before it, None where all did."""
    for place in range(1, len(chain)):
        if not signed_by(chain[place - 1], chain[place]):
            return place
    return None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
