# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates and keys as values. Every certificate is made here, so that none of them ends one day."""

from __future__ import annotations

import base64
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.objects import certificates
from ansible_collections.mlops.ingress.plugins.module_utils.objects.certificates import (
    CertificateError,
    MissingLibraryError,
    covers,
    days_left,
    fits,
    out_of_place,
    read_chain,
    read_key,
    self_signed,
    signed_by,
)
from ansible_collections.mlops.ingress.tests.support.certificates import NOW, Made, key_pem, make
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519
from hypothesis import given, settings
from hypothesis import strategies as st


@dataclass(frozen=True)
class Chain:
    root: Made
    middle: Made
    leaf: Made

    @property
    def pem(self):
        return self.leaf.pem + self.middle.pem


@pytest.fixture(scope="session")
def chain():
    root = make("root", ca=True, ends=4000)
    middle = make("middle", ca=True, issuer=root, ends=2000)
    return Chain(root, middle, make("a.com", names=["a.com", "*.b.com", "10.0.0.1"], issuer=middle))


def test_a_certificate_becomes_a_value(chain):
    leaf, middle = read_chain(chain.pem)
    assert (leaf.subject, leaf.issuer) == ("CN=a.com", "CN=middle")
    assert leaf.dns_names == ("a.com", "*.b.com")
    assert leaf.ip_addresses == ("10.0.0.1",)
    assert leaf.names == ("a.com", "*.b.com", "10.0.0.1")
    assert (leaf.not_before, leaf.not_after) == (NOW - timedelta(days=10), NOW + timedelta(days=300))
    assert leaf.not_after.utcoffset() == timedelta(0)
    assert leaf.fingerprint_sha256 == chain.leaf.certificate.fingerprint(hashes.SHA256()).hex()
    assert (leaf.key_kind, leaf.key_size, leaf.signature_hash) == ("EC", 256, "sha256")
    assert (leaf.is_ca, middle.is_ca) == (False, True)
    assert read_chain(chain.pem)[0] == leaf
    assert len({leaf, middle, leaf}) == 2


def test_an_older_library_without_times_with_a_zone_says_the_same():
    class Older:
        not_valid_after = datetime(2026, 6, 1, 12, 0)  # as cryptography 41 gives it

    assert certificates._moment(Older(), "not_valid_after") == NOW


def test_text_other_blocks_and_windows_line_ends_are_passed_over(chain):
    pem = b"subject=CN = a.com\n" + chain.leaf.key + b"\nissuer=CN = middle\n" + chain.leaf.pem
    assert read_chain(pem) == read_chain(chain.leaf.pem)
    assert read_chain(chain.pem.replace(b"\n", b"\r\n")) == read_chain(chain.pem)


def shows_no_other(error):
    """Whether a traceback ends with this error; that of the library may quote what it read."""
    return error.__cause__ is None and (error.__suppress_context__ or error.__context__ is None)


BROKEN = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (lambda chain: b"", "holds no certificate in PEM"),
        (lambda chain: b"MIIB", "holds no certificate in PEM"),
        (lambda chain: chain.leaf.key, "holds a private key and no certificate"),
        (lambda chain: base64.b64encode(chain.pem), "encoded twice"),
        (lambda chain: BROKEN, "cannot be read"),
        (lambda chain: chain.leaf.pem + BROKEN, "cannot be read"),
        (lambda chain: chain.leaf.pem[:-30], "cannot be read"),
        (lambda chain: chain.leaf.pem.replace(b"\nMII", b"\n!!!"), "cannot be read"),
    ],
)
def test_what_is_no_chain_is_refused(chain, pem, reason):
    with pytest.raises(CertificateError, match=reason) as raised:
        read_chain(pem(chain))
    assert shows_no_other(raised.value)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(garbage, framed):
    label = b"CERTIFICATE" if framed else b"PRIVATE KEY"
    body = base64.encodebytes(garbage)
    for pem in (garbage, b"-----BEGIN " + label + b"-----\n" + body + b"-----END " + label + b"-----\n"):
        for read in (read_chain, read_key):
            with pytest.raises(CertificateError):
                read(pem)


def test_every_form_of_a_key_is_read_and_fits(chain):
    leaf, middle = read_chain(chain.pem)
    old = serialization.PrivateFormat.TraditionalOpenSSL
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    for pem in (chain.leaf.key, key_pem(chain.leaf.private, form=old), parameters + chain.leaf.key):
        for thorough in (True, False):
            key = read_key(pem, thorough=thorough)
            assert (key.kind, key.size) == ("EC", 256)
            assert fits(leaf, key)
            assert not fits(middle, key)


@pytest.mark.parametrize(
    ("private", "kind", "size"),
    [
        (lambda: rsa.generate_private_key(65537, 1024), "RSA", 1024),
        (ed25519.Ed25519PrivateKey.generate, "Ed25519", 256),
        (ed448.Ed448PrivateKey.generate, "Ed448", 456),
        (lambda: ec.generate_private_key(ec.SECP384R1()), "EC", 384),
    ],
)
def test_kinds_of_keys(private, kind, size):
    made = make("a.com", private=private())
    (found,) = read_chain(made.pem)
    assert (found.key_kind, found.key_size) == (kind, size)
    assert found.signature_hash == ("" if kind.startswith("Ed") else "sha256")
    assert fits(found, read_key(made.key))
    assert self_signed(found)


@pytest.mark.parametrize(
    ("pem", "reason"),
    [
        (lambda made: b"", "holds no private key in PEM"),
        (lambda made: made.pem, "holds a certificate and no private key"),
        (lambda made: base64.b64encode(made.key), "encoded twice"),
        (lambda made: key_pem(made.private, b"password"), "is encrypted"),
        (
            lambda made: key_pem(made.private, b"password", serialization.PrivateFormat.TraditionalOpenSSL),
            "is encrypted",
        ),
        (lambda made: key_pem(made.private, form=serialization.PrivateFormat.OpenSSH), "OpenSSH"),
        (lambda made: key_pem(x25519.X25519PrivateKey.generate()), "of a kind that no TLS server has"),
        (lambda made: made.key[:-30], "cut off"),
        (lambda made: made.key.replace(b"\nMI", b"\nAA"), "cannot be read"),
    ],
)
def test_what_is_no_key_is_refused(chain, pem, reason):
    with pytest.raises(CertificateError, match=reason) as raised:
        read_key(pem(chain.leaf))
    assert shows_no_other(raised.value)


def test_a_value_shows_nothing_of_a_key(chain):
    key = read_key(chain.leaf.key)
    private = chain.leaf.private.private_numbers().private_value
    assert repr(key) == "Key(kind='EC', size=256)"
    assert private.to_bytes(32, "big") not in key.public_key
    assert str(key.public_key) not in repr(read_chain(chain.leaf.pem))


@pytest.mark.parametrize(
    ("host", "covered"),
    [
        ("a.com", True),
        ("A.COM.", True),
        ("x.a.com", False),
        ("x.b.com", True),
        ("x.y.b.com", False),
        (".b.com", False),
        ("b.com", False),
        ("*.b.com", True),
        ("*.a.com", False),
        ("*.x.b.com", False),
        ("*", False),
        ("", False),
        ("10.0.0.1", True),
        ("10.0.0.2", False),
        ("xb.com", False),
    ],
)
def test_which_hosts_a_certificate_covers(chain, host, covered):
    assert covers(read_chain(chain.leaf.pem)[0], host) is covered


def test_an_address_as_a_dns_name_does_not_count():
    made = make("10.0.0.1", names=["a.com"])
    assert not covers(read_chain(made.pem)[0], "10.0.0.1")
    six = read_chain(make("x", names=["2001:db8::1"]).pem)[0]
    assert covers(six, "2001:DB8:0::1")


@pytest.mark.parametrize(("ends", "left"), [(1, 1), (0.5, 0), (0, 0), (-0.5, -1), (30, 30)])
def test_days_are_whole_days(ends, left):
    assert days_left(read_chain(make("a", begins=-40, ends=ends).pem)[0], NOW) == left


def test_who_signed_whom(chain):
    leaf, middle, root = read_chain(chain.pem + chain.root.pem)
    stranger = read_chain(make("middle", ca=True).pem)[0]
    assert signed_by(leaf, middle)
    assert signed_by(root, root)
    assert not signed_by(leaf, root)
    assert not signed_by(leaf, stranger)  # of the right name only
    assert self_signed(root)
    assert not self_signed(middle)
    # A certificate for the name of its issuer, with another key, signs nothing of its own.
    assert not self_signed(read_chain(make("root", issuer=chain.root).pem)[0])


def test_the_first_that_is_out_of_place_is_told(chain):
    leaf, middle, root = read_chain(chain.pem + chain.root.pem)
    assert out_of_place([leaf, middle, root]) is None
    assert out_of_place([leaf]) is None
    assert out_of_place([]) is None
    assert out_of_place([leaf, root, middle]) == 1
    assert out_of_place([leaf, middle, leaf]) == 2


def test_without_the_library_one_sentence_says_so(monkeypatch, chain):
    found = read_chain(chain.leaf.pem)[0]
    monkeypatch.setattr(certificates, "HAS_CRYPTOGRAPHY", False)
    for read in (read_chain, read_key):
        with pytest.raises(MissingLibraryError, match="cryptography is needed, version 41 or newer"):
            read(chain.leaf.pem)
    with pytest.raises(MissingLibraryError):
        signed_by(found, found)


def test_a_python_without_the_library_can_import_it():
    code = (
        "import sys; sys.modules['cryptography'] = None\n"
        f"from {certificates.__name__} import HAS_CRYPTOGRAPHY, covers\n"
        "sys.exit(7 if HAS_CRYPTOGRAPHY is False else 1)"
    )
    path = [f"import sys; sys.path[:] = {sys.path!r}"]
    assert subprocess.run([sys.executable, "-c", "\n".join([*path, code])], check=False).returncode == 7
