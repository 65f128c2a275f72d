# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write in a task or a filter, checked and turned into the settings of the core.

Messages name the option, what is wrong and what is allowed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..definition.fields import kind_of, nearest, shown, word
from ..definition.hosts import gateway_problem, hosts_problem
from ..definition.profile import CORRECTED, Profile
from ..intent.seldon import IntentSettings
from ..kube.names import dns_subdomain_problem
from ..translate.ambassador_v3alpha1 import AmbassadorSettings
from ..translate.istio_destinations import DEFAULT_API_VERSION, DEFAULT_GATEWAY, IstioSettings
from .errors import OptionError
from .operator_env import OperatorEnv

PROFILES = {CORRECTED.name: CORRECTED}
PROVIDERS = ("ambassador", "istio")
AMBASSADOR_APIS = ("v3alpha1",)
AMBASSADOR_FORMS = ("object",)
ISTIO_API_VERSIONS = tuple(f"networking.istio.io/{version}" for version in ("v1", "v1alpha3", "v1beta1"))
TLS_MODES = ("DISABLE", "SIMPLE", "ISTIO_MUTUAL")
DEFAULT_BASE_URL = "http://localhost"
DEFAULT_CLUSTER_DOMAIN = "cluster.local"
# Without the scheme as in "curl 0.0.0.0:8003/..."; never with a user or password, which would be shown.
_BASE_URL = re.compile(
    r"(?:https?://)?(?:\w[\w.-]*|\[(?P<ipv6>[0-9a-fA-F:.]+)\])(?::(?P<port>[0-9]{1,5}))?(?:/[\w./~-]*)?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class AmbassadorOptions:
    settings: AmbassadorSettings
    intent: IntentSettings
    base_url: str


@dataclass(frozen=True, slots=True)
class IstioOptions:
    settings: IstioSettings
    intent: IntentSettings
    base_url: str


def profile_option(value: object) -> Profile:
    """The profile of that name; None takes the default.

    Raises:
        OptionError: for an unknown name.
    """
    name = CORRECTED.name if value is None else value
    found = PROFILES.get(name) if isinstance(name, str) else None
    if found is None:
        raise OptionError(f"profile: {word(value)} is not known: allowed are {', '.join(sorted(PROFILES))}.")
    return found


def ambassador_options(given: Mapping[str, Any], env: OperatorEnv) -> AmbassadorOptions:
    """The options of Ambassador. Keys left out, or None, take their defaults.

    Raises:
        OptionError: for a wrong value or an unknown key.
    """
    _known(given, "ambassador", ("api", "form", "single_namespace", "ambassador_id", "hosts", "base_url"))
    _choice(given, "ambassador.api", "api", AMBASSADOR_APIS)
    _choice(given, "ambassador.form", "form", AMBASSADOR_FORMS)
    ids = _words(given.get("ambassador_id"), "ambassador.ambassador_id")
    if any(not identity or not identity.isprintable() for identity in ids):
        raise OptionError(
            "ambassador.ambassador_id: holds an empty text or a line break: write the ids of Ambassadors."
        )
    single = _flag(given.get("single_namespace"), "ambassador.single_namespace") or env.single_namespace
    return AmbassadorOptions(
        AmbassadorSettings(ids, _hosts(given.get("hosts"), "ambassador.hosts")),
        IntentSettings(single, env.ports),
        _base_url(given.get("base_url"), "ambassador.base_url"),
    )


def istio_options(given: Mapping[str, Any], env: OperatorEnv, cluster_domain: object = None) -> IstioOptions:
    """The options of Istio. Keys left out, or None, take their defaults.

    Raises:
        OptionError: for a wrong value or an unknown key.
    """
    _known(given, "istio", ("gateway", "gateways", "hosts", "tls_mode", "api_version", "base_url"))
    gateway, gateways = given.get("gateway"), _words(given.get("gateways"), "istio.gateways")
    if gateway is not None and gateways:
        raise OptionError("istio.gateways: stands beside istio.gateway: give one of the two.")
    fallback = DEFAULT_GATEWAY if env.gateway is None else env.gateway
    chosen = gateways or (fallback if gateway is None else gateway,)
    for name in chosen:
        if not isinstance(name, str) or (problem := gateway_problem(name)):
            why = problem if isinstance(name, str) else "is no text"
            raise OptionError(f"istio.gateway: {word(name)} {why}: write namespace/name, or mesh.")
    if len(set(chosen)) < len(chosen):
        raise OptionError("istio.gateways: holds a gateway twice: keep one.")
    return IstioOptions(
        IstioSettings(
            gateways=chosen,
            hosts=_hosts(given.get("hosts"), "istio.hosts") or ("*",),
            tls_mode=_tls_mode(given.get("tls_mode") or env.tls_mode),
            api_version=_choice(given, "istio.api_version", "api_version", ISTIO_API_VERSIONS) or DEFAULT_API_VERSION,
            cluster_domain=cluster_domain_option(cluster_domain),
        ),
        IntentSettings(ports=env.ports),
        _base_url(given.get("base_url"), "istio.base_url"),
    )


def cluster_domain_option(value: object) -> str:
    """The DNS domain of the cluster; None takes the default.

    Raises:
        OptionError: for what is no domain.
    """
    domain: object = DEFAULT_CLUSTER_DOMAIN if value is None else value
    problem = dns_subdomain_problem(domain) if isinstance(domain, str) else "is no text"
    if not isinstance(domain, str) or problem:
        raise OptionError(f"cluster_domain: {word(domain)} {problem}: write a domain such as {DEFAULT_CLUSTER_DOMAIN}.")
    return domain


def _tls_mode(mode: object) -> str:
    """B13: the operator takes any text, and a mode that it does not know switches TLS off."""
    if not mode:
        return ""
    if mode == "STRICT":
        raise OptionError(
            "istio.tls_mode: STRICT is a mode of PeerAuthentication, not of DestinationRules, and would switch TLS off"
            " here: write ISTIO_MUTUAL, and make the PeerAuthentication STRICT."
        )
    if mode == "MUTUAL":
        raise OptionError(
            "istio.tls_mode: MUTUAL needs the files of a client certificate, which a deployment does not name: write"
            " ISTIO_MUTUAL to use the mesh's certificates."
        )
    if not isinstance(mode, str) or mode not in TLS_MODES:
        raise OptionError(f"istio.tls_mode: {word(mode)} is not known: allowed are {', '.join(TLS_MODES)}, or nothing.")
    return mode


def _flag(value: object, path: str) -> bool:
    if value is not None and not isinstance(value, bool):
        raise OptionError(f"{path}: is {kind_of(value)}: write true or false.")
    return bool(value)


def _known(given: Mapping[str, Any], name: str, known: Sequence[str]) -> None:
    for key in given:
        if key not in known:
            raise OptionError(
                f"{name}.{key}: is not an option{nearest(str(key), known)}: allowed are {', '.join(known)}."
            )


def _choice(given: Mapping[str, Any], path: str, key: str, allowed: Sequence[str]) -> str | None:
    value = given.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or value not in allowed:
        raise OptionError(f"{path}: {word(value)} is not known: allowed are {', '.join(allowed)}.")
    return value


def _words(value: object, path: str) -> tuple[str, ...]:
    """A text or a list of texts."""
    if value is None:
        return ()
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise OptionError(f"{path}: is {kind_of(value)}: write a text or a list of texts.")
    return tuple(given)


def _hosts(value: object, path: str) -> tuple[str, ...]:
    hosts = _words(value, path)
    if hosts and (problem := hosts_problem(hosts)):
        raise OptionError(f"{path}: {shown(', '.join(hosts))} {problem}: write DNS names, '*' or '*.domain'.")
    return hosts


def _base_url(value: object, path: str) -> str:
    if value is None:
        return DEFAULT_BASE_URL
    if not isinstance(value, str) or not _is_base_url(value):
        raise OptionError(
            f"{path}: {word(value)} is no address: write scheme, host and port, such as {DEFAULT_BASE_URL}."
        )
    return value


def _is_base_url(text: str) -> bool:
    found = _BASE_URL.fullmatch(text)
    if not found or not 1 <= int(found["port"] or 1) <= 65535:
        return False
    if found["ipv6"]:
        try:
            ipaddress.IPv6Address(found["ipv6"])
        except ValueError:
            return False
    return True
