# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Timeouts, retries and circuit breakers that the annotations of a deployment ask for, and what to mind about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..definition.annotations import CIRCUIT_BREAKERS, go_integer, int32
from ..definition.findings import Finding
from ..definition.model import SeldonDeployment
from ..definition.profile import Profile
from .model import Entry, Policies, Retries

AMBASSADOR_RETRY_ON = "gateway-error"
ISTIO_RETRY_ON = "gateway-error,connect-failure,refused-stream"
# On these a request has not reached the backend (Envoy's ``x-envoy-retry-on``).
_BEFORE_IT_ARRIVES = {"connect-failure", "refused-stream", "reset-before-request"}
_CHANGING = {"POST", "PATCH"}


def policies(deployment: SeldonDeployment, key: str, profile: Profile, api: str) -> Policies:
    """What ``rest-timeout`` or ``grpc-timeout`` (``key``), and the other annotations, ask of a route."""
    attempts = number_of(deployment, "ambassador-retries")
    istio = _istio_retries(deployment, profile)
    if api == "istio" and not profile.providers_route_alike:
        return Policies(istio_retries=istio)
    if api == "v2" and not profile.grpc_timeout:
        key = "rest-timeout"  # B6
    retries = None if attempts is None else Retries(attempts, AMBASSADOR_RETRY_ON)
    return Policies(number_of(deployment, key), retries, istio, _breakers(deployment, profile, api))


def _breakers(deployment: SeldonDeployment, profile: Profile, api: str) -> tuple[tuple[str, int], ...] | None:
    limits = [
        (key.replace("-", "_"), number)
        for key in CIRCUIT_BREAKERS
        if (number := number_of(deployment, f"ambassador-circuit-breakers-{key}")) is not None
    ]
    if not limits:
        return None
    keeps_zero = profile.keeps_zero_limits or api != "v1"
    return tuple((key, limit) for key, limit in limits if limit or keeps_zero)


def number_of(deployment: SeldonDeployment, key: str) -> int | None:
    """The whole number of an annotation, or None where there is none."""
    return go_integer(deployment.annotation(key) or "")


def _istio_retries(deployment: SeldonDeployment, profile: Profile) -> Retries | None:
    attempts = number_of(deployment, "istio-retries")
    if attempts is None or (attempts <= 0 and not profile.providers_route_alike):
        return None
    seconds = number_of(deployment, "istio-retries-timeout")
    return Retries(
        attempts if profile.numbers_in_range else int32(attempts),
        ISTIO_RETRY_ON,
        1000 if seconds is None else seconds * 1000,
    )


def policy_findings(where: str, entries: Iterable[Entry]) -> Iterator[Finding]:
    """A10 and A14: retries that the timeout cuts off, and those that may send a prediction a second time."""
    found = [(entry, retries) for entry in entries for retries in _all_retries(entry.policies) if retries.attempts > 0]
    for retries, timeout in dict.fromkeys((retries, entry.policies.timeout_ms) for entry, retries in found):
        tries = (retries.attempts + 1) * (retries.per_try_timeout_ms or 0)
        if timeout and tries > timeout:
            what = f"{retries.attempts} retries take up to {tries} ms, and the timeout ends them after {timeout} ms"
            yield Finding("A10", "warning", where, what, "raise the timeout, or lower the retries or their timeout")
    reasons = {
        reason
        for entry, retries in found
        if not entry.match.methods or _CHANGING & set(entry.match.methods)
        for reason in retries.on.split(",")
    }
    if late := sorted(reasons - _BEFORE_IT_ARRIVES):
        what = f"retries on {', '.join(late)} send a POST again that the model may have worked on already"
        yield Finding("A14", "warning", where, what, "keep them where a repeated prediction does no harm")


def _all_retries(policies: Policies) -> Iterator[Retries]:
    yield from (retries for retries in (policies.retries, policies.istio_retries) if retries)
