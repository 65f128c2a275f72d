# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option ``operator_env``: environment variables of the Seldon operator, where it is not set up by default.

Source: ``operator/controllers/seldondeployment_controller.go`` (lines 64 to 79, 413 to 437),
``operator/utils/utils.go`` (lines 132 to 137) and ``helm-charts/seldon-core-operator`` of SeldonIO/seldon-core v1.18.2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..definition.annotations import go_integer
from ..definition.defects import DEFECTS
from ..definition.fields import kind_of, nearest, shown
from ..definition.findings import Finding
from ..definition.profile import Profile
from ..intent.ports import PortSettings
from .errors import OptionError

# Both sides of B19: the container listens on the second, the Services and routes lead to the first.
_ENGINE = (
    ("ENGINE_SERVER_PORT", "EXECUTOR_SERVER_PORT", "engine_http"),
    ("ENGINE_SERVER_GRPC_PORT", "EXECUTOR_SERVER_GRPC_PORT", "engine_grpc"),
)
_UNITS = (("PREDICTIVE_UNIT_HTTP_SERVICE_PORT", "unit_http"), ("PREDICTIVE_UNIT_GRPC_SERVICE_PORT", "unit_grpc"))
# Known to the operator; they say which routes it writes and what it watches, and change nothing in ours.
_OTHERS = (
    "AMBASSADOR_ENABLED",
    "AMBASSADOR_VERSION",
    "CONTROLLER_ID",
    "DEPLOYMENT_NAME_AS_PREFIX",
    "ISTIO_ENABLED",
    "WATCH_NAMESPACE",
)
# The operator's own default, where its chart's is not set; it stands for the deployment's namespace.
_CODE_DEFAULT_GATEWAY = "seldon-gateway"
KNOWN = (
    *(name for pair in _ENGINE for name in pair[:2]),
    *(name for name, _field in _UNITS),
    "AMBASSADOR_SINGLE_NAMESPACE",
    "ISTIO_GATEWAY",
    "ISTIO_TLS_MODE",
    *_OTHERS,
)


# Compared with an exact text; anything else means something that nobody meant (B20).
_EXACT = {
    "AMBASSADOR_ENABLED": ("true", "false"),
    "AMBASSADOR_SINGLE_NAMESPACE": ("true", "false"),
    "AMBASSADOR_VERSION": ("v1", "v2"),
    "ISTIO_ENABLED": ("true", "false"),
}


@dataclass(frozen=True, slots=True)
class OperatorEnv:
    """What the variables decide; None where they are silent. An explicit option wins over each of them."""

    ports: PortSettings
    single_namespace: bool = False
    gateway: str | None = None
    tls_mode: str | None = None
    ambassador_version: str | None = None
    ambassador_enabled: bool | None = None
    istio_enabled: bool | None = None
    findings: tuple[Finding, ...] = ()


def operator_env(given: object, profile: Profile) -> OperatorEnv:
    """Read the option; None takes the defaults of the operator's chart.

    Raises:
        OptionError: for a variable that the operator does not know, or a port that cannot work.
    """
    if given is None:
        return OperatorEnv(PortSettings())
    if not isinstance(given, Mapping):
        raise OptionError(f"operator_env: is {kind_of(given)}: write a mapping of environment variables.")
    for name, value in given.items():
        if name not in KNOWN:
            hint = nearest(str(name), KNOWN)
            raise OptionError(
                f"operator_env: {shown(str(name))} is no variable of the operator{hint}: known are {', '.join(KNOWN)}."
            )
        if not isinstance(value, str):
            raise OptionError(
                f"operator_env.{name}: is {kind_of(value)}: environment variables are text, put it in quotes."
            )
    problems = list(_problems(given))
    for name, what, fix, defect in problems:
        if defect == "B19" and profile.check_settings:
            raise OptionError(f"operator_env.{name}: {what} ({defect}): {fix}.")
    return OperatorEnv(
        _ports(given, profile),
        given.get("AMBASSADOR_SINGLE_NAMESPACE") == "true",
        given.get("ISTIO_GATEWAY", None if profile.routes_are_ours else _CODE_DEFAULT_GATEWAY),
        given.get("ISTIO_TLS_MODE"),
        given.get("AMBASSADOR_VERSION"),
        _switch(given, "AMBASSADOR_ENABLED"),
        _switch(given, "ISTIO_ENABLED"),
        tuple(DEFECTS[defect].finding(f"operator_env.{name}", what, fix) for name, what, fix, defect in problems),
    )


def _switch(given: Mapping[str, str], name: str) -> bool | None:
    return given[name] == "true" if name in given else None


def _problems(given: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """What the operator takes and does not do what it says: variable, problem, advice, defect."""
    for name, container, field in _ENGINE:
        # The chart sets EXECUTOR_SERVER_PORT only; changing it leaves Services and routes behind (B19).
        port = given.get(name) or str(getattr(PortSettings(), field))
        if go_integer(given.get(container) or port) != go_integer(port):
            what = f"differs from {name} ({port}), so the container would listen elsewhere than its Service leads to"
            yield container, what, "set both to the same port", "B19"
    for name, allowed in _EXACT.items():
        if name in given and given[name] not in allowed:
            yield name, f"is {shown(given[name])}", f"allowed are {' and '.join(allowed)}", "B20"


def _ports(given: Mapping[str, str], profile: Profile) -> PortSettings:
    lowest = 1 if profile.check_settings else 0  # the operator takes 0, and leaves that port out of its Services
    ports: dict[str, int] = {}
    for name, container, field in _ENGINE:
        ports[field] = _port(given, name, getattr(PortSettings(), field), lowest)
        _port(given, container, ports[field], lowest)
    for name, field in _UNITS:
        number = go_integer(given.get(name, ""))  # the operator keeps its default where it cannot read the text
        ports[field] = getattr(PortSettings(), field) if number is None else _port(given, name, 0, lowest)
    return PortSettings(**ports)


def _port(given: Mapping[str, Any], name: str, default: int, lowest: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    number = go_integer(text)
    if number is None or not lowest <= number <= 65535:
        raise OptionError(f"operator_env.{name}: is {shown(text)}: write a port from {lowest} to 65535.")
    return number
