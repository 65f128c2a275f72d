# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Annotations of ``seldon.io/``: which exist, where they are read, and how their values are written."""

from __future__ import annotations

import re

from .fields import INT32_MAX, nearest, shown
from .findings import Problem
from .model import TextMatch

# Read from spec.annotations before metadata.annotations.
DEPLOYMENT_KEYS = frozenset(
    "rest-timeout grpc-timeout ambassador-retries ambassador-config ambassador-service-name ambassador-header"
    " ambassador-regex-header ambassador-id ambassador-circuit-breakers-max-connections"
    " ambassador-circuit-breakers-max-pending-requests ambassador-circuit-breakers-max-requests"
    " ambassador-circuit-breakers-max-retries istio-gateway istio-host istio-retries istio-retries-timeout headless-svc"
    " engine-separate-pod".split()
)
PREDICTOR_KEYS = frozenset({"no-engine", "svc-name"})
# Known to the operator's other parts (engine, executor, loggers); they change no route. Source:
# doc/source/graph/annotations.md.
OTHER_KEYS = frozenset(
    "grpc-max-message-size grpc-read-timeout rest-read-timeout rest-connection-timeout rest-connect-retries"
    " engine-java-opts executor ambassador-shadow fluentd-logging engine-env-vars"
    " executor-logger-queue-size executor-logger-work-queue-size executor-logger-write-timeout-ms"
    " executor-log-level controller-id".split()
)
KNOWN_KEYS = DEPLOYMENT_KEYS | PREDICTOR_KEYS | OTHER_KEYS

CIRCUIT_BREAKERS = ("max-connections", "max-pending-requests", "max-requests", "max-retries")
# Annotations that hold a whole number, and whether the empty text stands for none.
AMBASSADOR_NUMBERS = {"rest-timeout": False, "grpc-timeout": False, "ambassador-retries": False} | {
    f"ambassador-circuit-breakers-{key}": True for key in CIRCUIT_BREAKERS
}
ISTIO_NUMBERS = {"istio-retries": True}
DEFAULT_TIMEOUT_MS = 3000
RESERVED_HEADERS = ("seldon", "namespace")
_GO_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def go_integer(text: str) -> int | None:
    """What Go's ``strconv.Atoi`` makes of a text, or None: an optional sign and digits within 64 bits, nothing else."""
    if not _GO_INTEGER.fullmatch(text) or len(text) > 40:
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None


def int32(number: int) -> int:
    """What is left of a number in a signed integer of 32 bits."""
    return (number + 2**31) % 2**32 - 2**31


def integer_problem(path: str, text: str, low: int = 0, high: int = INT32_MAX) -> Problem | None:
    """Why ``text`` is no whole number from ``low`` to ``high``, or None."""
    number = go_integer(text)
    if number is not None and low <= number <= high:
        return None
    return Problem(
        path,
        f"is {shown(text)}",
        f"write a whole number from {low} to {high}, with digits only (no unit, space or '_')",
    )


def header_match(text: str) -> tuple[str, TextMatch]:
    """The header that an ``ambassador-header`` annotation names: ``name: value``, or ``name`` alone for "is present".

    The annotation is split at its first colon, so a value may hold colons. Header names are compared without case by
    every proxy, hence lower-case here.
    """
    name, colon, value = text.partition(":")
    return name.strip().lower(), TextMatch("exact", value.strip()) if colon else TextMatch("present")


def header_problem(path: str, text: str) -> Problem | None:
    """Why a header annotation cannot be used, or None."""
    name, match = header_match(text)
    if not _HEADER_NAME.fullmatch(name):
        return Problem(path, f"is {shown(text)}", "write it as 'name: value' with the name of an HTTP header")
    if match.kind != "present" and not match.value:
        return Problem(path, f"is {shown(text)} and has no value", "write it as 'name: value'")
    if not match.value.isprintable():
        return Problem(path, f"is {shown(text)}", "a header value has no line break and no control character")
    if name in RESERVED_HEADERS:
        return Problem(
            path, f"names the header {name!r}", "seldon and namespace keep the deployments apart: take another name"
        )
    return None


def unknown_key(key: str) -> str:
    """The hint for a ``seldon.io/`` key (without prefix) that nothing reads."""
    return nearest(key, sorted(KNOWN_KEYS))
