# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that Kubernetes has for names and labels.

Each `*_problem` function returns None where the value is allowed, else a short phrase (no subject, no period)
that says what is wrong and what is allowed. Lengths are counted in bytes of UTF-8, as Go's len does.

Source: k8s.io/apimachinery, api/validate/content dns.go and kube.go, util/validation validation.go.
"""

from __future__ import annotations

import re
from typing import Final

LABEL_MAX: Final = 63
SUBDOMAIN_MAX: Final = 253

_LABEL_1123: Final = "[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_DNS_LABEL: Final = re.compile(_LABEL_1123)
_DNS_1035: Final = re.compile("[a-z](?:[-a-z0-9]*[a-z0-9])?")
_DNS_SUBDOMAIN: Final = re.compile(rf"{_LABEL_1123}(?:\.{_LABEL_1123})*")
_LABEL_NAME: Final = re.compile("(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_NOT_DNS: Final = re.compile("[^a-z0-9-]")

_LABEL_1123_RULE: Final = "may hold only lower-case letters, digits and '-', and begins and ends with a letter or digit"
_LABEL_1035_RULE: Final = (
    "may hold only lower-case letters, digits and '-', and begins with a letter and ends with a letter or digit"
)
_SUBDOMAIN_RULE: Final = (
    "may hold only lower-case letters, digits, '-' and '.', and each part between dots begins and ends with a "
    "letter or digit"
)
_LABEL_NAME_RULE: Final = "may hold only letters, digits, '-', '_' and '.', and begins and ends with a letter or digit"
_EMPTY: Final = "is empty"


def dns_label_problem(text: str) -> str | None:
    """Return what is wrong with `text` as a DNS label of RFC 1123 (names of namespaces, predictors, containers)."""
    return _problem(text, _DNS_LABEL, _LABEL_1123_RULE, LABEL_MAX)


def dns1035_problem(text: str) -> str | None:
    """Return what is wrong with `text` as a DNS label of RFC 1035 (names of Services)."""
    return _problem(text, _DNS_1035, _LABEL_1035_RULE, LABEL_MAX)


def dns_subdomain_problem(text: str) -> str | None:
    """Return what is wrong with `text` as a DNS subdomain of RFC 1123 (names of most objects)."""
    return _problem(text, _DNS_SUBDOMAIN, _SUBDOMAIN_RULE, SUBDOMAIN_MAX)


def label_value_problem(text: str) -> str | None:
    """Return what is wrong with `text` as the value of a label; the empty text is allowed."""
    return _problem(text, _LABEL_NAME, _LABEL_NAME_RULE, LABEL_MAX) if text else None


def label_key_problem(text: str) -> str | None:
    """Return what is wrong with `text` as the key of a label or annotation: `name` or `prefix/name`."""
    prefix, slash, name = text.rpartition("/")
    if slash:
        if "/" in prefix:
            return "has more than one '/', at most one is allowed, between a prefix and a name"
        problem = dns_subdomain_problem(prefix)
        if problem:
            return f"has a prefix before '/' that {problem}"
        problem = _problem(name, _LABEL_NAME, _LABEL_NAME_RULE, LABEL_MAX)
        return f"has a name after '/' that {problem}" if problem else None
    return _problem(name, _LABEL_NAME, _LABEL_NAME_RULE, LABEL_MAX)


def dns_safe(text: str) -> str:
    """Return `text` in lower case, every character that a DNS label cannot hold as '-', without '-' at its ends.

    The result is '' where nothing is left. It may be longer than a label and may begin with a digit.
    """
    return _NOT_DNS.sub("-", text.lower()).strip("-")


def _problem(text: str, pattern: re.Pattern[str], rule: str, longest: int) -> str | None:
    """Return the first problem of `text`: nothing in it, its length in bytes, its characters."""
    if not text:
        return f"{_EMPTY}, it {rule}"
    if not text.isascii():
        # No rule here allows such a character, and its bytes would make the length confusing to read.
        return rule
    if len(text) > longest:
        return f"has {len(text)} characters, at most {longest} are allowed"
    return None if pattern.fullmatch(text) else rule
