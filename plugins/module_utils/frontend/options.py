# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What users write in a task or a filter, checked and turned into the settings of the core.

Messages name the option, what is wrong and what is allowed.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..definition.defects import DEFECTS
from ..definition.fields import kind_of, nearest, shown, word
from ..definition.findings import Finding
from ..definition.hosts import gateway_problem, hosts_problem
from ..definition.profile import CORRECTED, OPERATOR, Profile
from ..intent.seldon import IntentSettings
from ..kube.names import dns_subdomain_problem
from ..routing.model import Provider
from ..translate.ambassador_documents import AmbassadorSettings
from ..translate.ambassador_words import WORDS
from ..translate.istio_destinations import DEFAULT_GATEWAY, IDLE_TIMEOUT, OPERATOR_TLS_MODES, IstioSettings
from .errors import OptionError
from .operator_env import OperatorEnv

PROFILES = {profile.name: profile for profile in (CORRECTED, OPERATOR)}
PROVIDERS: tuple[Provider, ...] = ("ambassador", "istio")
AMBASSADOR_OPTIONS = ("api", "form", "single_namespace", "ambassador_id", "hosts", "base_url")
ISTIO_OPTIONS = ("gateway", "gateways", "hosts", "tls_mode", "api_version", "base_url")
AMBASSADOR_APIS = tuple(WORDS)
AMBASSADOR_FORMS = ("annotation", "object")
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
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class IstioOptions:
    settings: IstioSettings
    intent: IntentSettings
    base_url: str
    findings: tuple[Finding, ...] = ()


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


def ambassador_options(given: Mapping[str, Any], env: OperatorEnv, profile: Profile) -> AmbassadorOptions:
    """The options of Ambassador. Keys left out, or None, take their defaults.

    Raises:
        OptionError: for a wrong value or an unknown key.
    """
    _known(given, "ambassador", AMBASSADOR_OPTIONS)
    api = _choice(given, "ambassador.api", "api", AMBASSADOR_APIS) or _default_api(env, profile)
    ids = _words(given.get("ambassador_id"), "ambassador.ambassador_id")
    if any(not identity or not identity.isprintable() for identity in ids):
        raise OptionError(
            "ambassador.ambassador_id: holds an empty text or a line break: write the ids of Ambassadors."
        )
    single = _flag(given.get("single_namespace"), "ambassador.single_namespace")
    hosts = _hosts(given.get("hosts"), "ambassador.hosts")
    for name, value in (("ambassador_id", ids), ("hosts", hosts)):
        if value and not profile.routes_are_ours:
            raise OptionError(
                f"ambassador.{name}: has no effect on the operator: leave it out, or take profile: {CORRECTED.name}."
            )
    return AmbassadorOptions(
        AmbassadorSettings(api, _annotations(given, api, profile), ids, hosts, profile),
        IntentSettings(env.single_namespace if single is None else single, env.ports, api),
        _base_url(given.get("base_url"), "ambassador.base_url"),
        (*env.findings, *_writers(env, profile, api)),
    )


def _default_api(env: OperatorEnv, profile: Profile) -> str:
    if profile.routes_are_ours or env.ambassador_version is None:
        return profile.ambassador_apis[-1]
    return "v1" if env.ambassador_version == "v1" else "v2"  # as the operator compares it (B20)


def _annotations(given: Mapping[str, Any], api: str, profile: Profile) -> bool:
    """Whether annotations are asked for; refuses what does not go together."""
    if api not in profile.ambassador_apis:
        raise OptionError(
            f"ambassador.api: {api} is never written by the operator: take {' or '.join(profile.ambassador_apis)}, or"
            f" profile: {CORRECTED.name}."
        )
    only = WORDS[api].annotation_only
    form = _choice(given, "ambassador.form", "form", AMBASSADOR_FORMS) or ("annotation" if only else "object")
    if only and form == "object":
        others = " or ".join(name for name in profile.ambassador_apis if not WORDS[name].annotation_only)
        raise OptionError(
            f"ambassador.form: object does not go with api {api}, which exists in annotations only: take form:"
            f" annotation, or api {others}."
        )
    if form == "annotation" and not only and not profile.own_services:
        raise OptionError(
            f"ambassador.form: annotation does not go with api {api}, of which the operator writes objects only: take"
            f" form: object, or profile: {CORRECTED.name}."
        )
    return form == "annotation"


def istio_options(
    given: Mapping[str, Any], env: OperatorEnv, profile: Profile, cluster_domain: object = None
) -> IstioOptions:
    """The options of Istio. Keys left out, or None, take their defaults.

    Raises:
        OptionError: for a wrong value or an unknown key.
    """
    _known(given, "istio", ISTIO_OPTIONS)
    hosts = _hosts(given.get("hosts"), "istio.hosts")
    domain = cluster_domain_option(cluster_domain)
    mode, mode_from = _chosen(given, "tls_mode", env.tls_mode, "ISTIO_TLS_MODE")
    tls_mode = _tls_mode(mode, mode_from, profile)
    if not profile.routes_are_ours and (hosts or domain != DEFAULT_CLUSTER_DOMAIN):
        name = "istio.hosts" if hosts else "cluster_domain"
        raise OptionError(f"{name}: has no effect on the operator: leave it out, or take profile: {CORRECTED.name}.")
    gateways = _gateways(given, env, profile)
    return IstioOptions(
        IstioSettings(
            gateways=gateways,
            hosts=hosts or ("*",),
            tls_mode=tls_mode,
            api_version=_choice(given, "istio.api_version", "api_version", ISTIO_API_VERSIONS)
            or profile.istio_api_version,
            cluster_domain=domain,
            profile=profile,
        ),
        IntentSettings(ports=env.ports, api="istio"),
        _base_url(given.get("base_url"), "istio.base_url"),
        (
            *env.findings,
            *_gateway_findings(gateways, _chosen(given, "gateway", env.gateway, "ISTIO_GATEWAY")[1]),
            *_tls_findings(tls_mode, mode_from, profile),
            *_writers(env, profile, "istio"),
        ),
    )


def _writers(env: OperatorEnv, profile: Profile, api: str) -> Iterator[Finding]:
    """Where the settings of the operator say that it writes what is ours, or does not write what is predicted."""
    enabled = env.istio_enabled if api == "istio" else env.ambassador_enabled
    name = "ISTIO_ENABLED" if api == "istio" else "AMBASSADOR_ENABLED"
    if profile.routes_are_ours:
        if enabled:
            what = "says that the operator writes routes, beside those of this run"
            yield Finding(
                "B05", "warning", f"operator_env.{name}", what, "let one side write: switch the operator's off"
            )
        return
    version = env.ambassador_version
    if enabled is not False:
        name = "ISTIO_ENABLED" if api == "istio" else "AMBASSADOR_VERSION"
    if enabled is False or (api != "istio" and version is not None and (api == "v1") != (version == "v1")):
        yield Finding(
            "A15",
            "warning",
            f"operator_env.{name}",
            f"says that the operator does not write these routes ({api})",
            "ask for the form that it writes, or correct the variable",
        )


def _chosen(given: Mapping[str, Any], key: str, from_env: str | None, variable: str) -> tuple[object, str]:
    """The value of an option of Istio, or of the variable that stands in for it, and the name of what was taken."""
    if given.get(key) or from_env is None:
        return given.get(key), f"istio.{key}"
    return from_env, f"operator_env.{variable}"


def _tls_findings(mode: str, where: str, profile: Profile) -> Iterator[Finding]:
    """B13; with a mode that the operator knows only the idle timeout is lost."""
    if not mode or profile.whole_traffic_policy:
        return
    found = DEFECTS["B13"].finding(where, f"is {shown(mode)}")
    if mode in OPERATOR_TLS_MODES:
        what = f"is {shown(mode)}; the operator then leaves out the idle timeout of {IDLE_TIMEOUT}"
        found = replace(found, level="warning", message=what, fix="set connectionPool in a DestinationRule of your own")
    yield found


def _gateway_findings(gateways: Sequence[str], where: str) -> Iterator[Finding]:
    """B15: what a profile that checks settings would have refused."""
    for name in gateways:
        if problem := gateway_problem(name):
            yield DEFECTS["B15"].finding(where, f"{shown(name)} {problem}", "write namespace/name, or mesh")


def _gateways(given: Mapping[str, Any], env: OperatorEnv, profile: Profile) -> tuple[str, ...]:
    gateway, gateways = given.get("gateway"), _words(given.get("gateways"), "istio.gateways")
    where = "istio.gateway" if gateways else _chosen(given, "gateway", env.gateway, "ISTIO_GATEWAY")[1]
    if gateway is not None and gateways:
        raise OptionError("istio.gateways: stands beside istio.gateway: give one of the two.")
    fallback = DEFAULT_GATEWAY if env.gateway is None else env.gateway
    chosen = gateways or (fallback if gateway is None else gateway,)
    for name in chosen:
        problem = gateway_problem(name) if isinstance(name, str) else "is no text"
        if problem and (profile.check_settings or not isinstance(name, str)):
            raise OptionError(f"{where}: {word(name)} {problem}: write namespace/name, or mesh.")
    if len(set(chosen)) < len(chosen):
        raise OptionError("istio.gateways: holds a gateway twice: keep one.")
    if len(chosen) > 1 and not profile.routes_are_ours:
        raise OptionError(
            f"istio.gateways: the operator writes one gateway: give one, or take profile: {CORRECTED.name}."
        )
    return chosen


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


def _tls_mode(mode: object, where: str, profile: Profile) -> str:
    """B13: the operator takes any text, and a mode that it does not know switches TLS off."""
    if not mode:
        return ""
    if isinstance(mode, str) and not profile.check_settings:
        return mode
    if mode == "STRICT":
        raise OptionError(
            f"{where}: STRICT is a mode of PeerAuthentication, not of DestinationRules, and would switch TLS off"
            " here: write ISTIO_MUTUAL, and make the PeerAuthentication STRICT."
        )
    if mode == "MUTUAL":
        raise OptionError(
            f"{where}: MUTUAL needs the files of a client certificate, which a deployment does not name: write"
            " ISTIO_MUTUAL to use the mesh's certificates."
        )
    if not isinstance(mode, str) or mode not in TLS_MODES:
        raise OptionError(f"{where}: {word(mode)} is not known: allowed are {', '.join(TLS_MODES)}, or nothing.")
    return mode


def _flag(value: object, path: str) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise OptionError(f"{path}: is {kind_of(value)}: write true or false.")


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
    if not isinstance(given, list):
        raise OptionError(f"{path}: is {kind_of(value)}: write a text or a list of texts.")
    for index, item in enumerate(given):
        if not isinstance(item, str):
            raise OptionError(f"{path}[{index}]: is {kind_of(item)}: write a text.")
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
