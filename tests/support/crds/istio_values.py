# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts, names, durations and other values as Istio's validation reads them.

The rules are those of istio.io/istio v0.0.0-20260827124520-eed52ebb66ad:
``pkg/config/validation/agent/validation.go`` (domains, durations, ports, addresses),
``pkg/config/labels/instance.go`` (labels), ``pkg/config/host/name.go`` (overlap) and ``pkg/config/visibility``
(exportTo). Every function yields sentences without a path, or nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any

from .cel_rules import re2_problem

# Istio's DNS label takes upper case, unlike that of Kubernetes.
_LABEL = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?")
_FIRST_LABEL = re.compile(rf"\*|(?:\*-?)?{_LABEL.pattern}")
_TAG_NAME = re.compile(r"(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_TAG_PREFIX = re.compile(rf"{_LABEL.pattern}(?:\.{_LABEL.pattern})*")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_DURATION = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}


def is_label(text: str) -> bool:
    return len(text) <= 63 and bool(_LABEL.fullmatch(text))


def name_problems(what: str, text: str) -> Iterator[str]:
    """A subset, a port, a namespace: each is a DNS label, so "_" and "." fail."""
    if not is_label(text):
        yield f"{what} {text!r} must be a DNS label: letters, digits and '-', at most 63"


def fqdn_problems(domain: str) -> Iterator[str]:
    if not 1 <= len(domain) <= 255:
        yield f"domain {domain!r} must have 1 to 255 characters"
        return
    *labels, last = domain.split(".")
    if _INTEGER.fullmatch(last):
        yield f"domain {domain!r} must not end in a number"
    # A final dot is allowed.
    for label in [*labels, *([last] if last else [])]:
        if not is_label(label):
            yield f"domain {domain!r}: {label!r} must be a DNS label"


def wildcard_domain_problems(domain: str) -> Iterator[str]:
    """A domain whose first label may be "*" or begin with "*" or "*-"."""
    if not 1 <= len(domain) <= 255:
        yield f"domain {domain!r} must have 1 to 255 characters"
        return
    first, dot, rest = domain.partition(".")
    if len(first) > 63 or not _FIRST_LABEL.fullmatch(first):
        yield f"domain {domain!r}: {first!r} must be a DNS label, '*', or a DNS label after '*'"
    elif dot and rest:
        yield from fqdn_problems(rest)


def hosts_overlap(one: str, other: str) -> bool:
    """Whether a name can belong to both hosts."""
    if one.startswith("*") and other.startswith("*"):
        short, long = sorted((one[1:], other[1:]), key=len)
        return long.endswith(short)
    if one.startswith("*"):
        return other.endswith(one[1:])
    return one.endswith(other[1:]) if other.startswith("*") else one == other


def is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def subnet_problems(text: str) -> Iterator[str]:
    try:
        ipaddress.ip_interface(text)
    except ValueError:
        yield f"{text!r} must be an IP address or a CIDR block"


def port_problems(port: Any) -> Iterator[str]:
    if not 1 <= port <= 65535:
        yield f"port {port} must be between 1 and 65535"


def nanoseconds(text: str) -> Fraction | None:
    """The length of a duration in Go's notation, or None."""
    sign, rest = (text[0], text[1:]) if text[:1] in {"+", "-"} else ("", text)
    if rest == "0":
        return Fraction(0)
    parts = list(_DURATION.finditer(rest))
    if not parts or "".join(part.group() for part in parts) != rest:
        return None
    total = sum((Fraction(part[1].rstrip(".")) * _NANOSECONDS[part[2]] for part in parts), Fraction(0))
    # Go counts nanoseconds in 64 bits: 292 years.
    return None if total >= 2**63 else -total if sign == "-" else total


def duration_problems(text: str) -> Iterator[str]:
    length = nanoseconds(text)
    if length is None:
        yield f"{text!r} must be a duration"
    elif length < 10**6:
        yield f"duration {text!r} must be at least 1ms"
    elif length % 10**6:
        yield f"duration {text!r} must be whole milliseconds"


def regex_problems(pattern: str) -> Iterator[str]:
    if not pattern:
        yield "the regular expression must not be empty"
    elif len(pattern.encode()) > 1024:
        yield "the regular expression must have at most 1024 bytes"
    else:
        found = re2_problem(pattern)
        if found:
            yield f"{pattern!r} must be a regular expression of RE2 ({found})"


def label_problems(labels: dict[str, str]) -> Iterator[str]:
    """Labels that select workloads."""
    for key, value in labels.items():
        prefix, slash, name = key.rpartition("/")
        good_prefix = not slash or (len(prefix) <= 253 and _TAG_PREFIX.fullmatch(prefix))
        if not good_prefix or len(name) > 63 or not _TAG_NAME.fullmatch(name):
            yield f"{key!r} must be the key of a label"
        if value and not _TAG_NAME.fullmatch(value):
            yield f"{value!r} must be the value of a label"


def export_to_problems(namespace: str, entries: Iterable[str], *, nobody: bool) -> Iterator[str]:
    """``exportTo``: "." is this namespace, "*" everybody, and for a ServiceEntry "~" nobody."""
    seen: list[str] = []
    for entry in entries:
        meant = namespace if entry == "." else entry
        if meant in seen:
            yield f"{entry!r} is there twice"
        elif not (meant == "*" or is_label(meant) or (nobody and meant == "~")):
            yield f"{entry!r} must be '.', '*' or a namespace"
        seen.append(meant)
    for alone in ("*", "~"):
        if alone in seen and len(seen) > 1:
            yield f"{alone!r} must stand alone"
