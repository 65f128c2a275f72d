# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that turn deployment definitions into ingress objects, and into the addresses that clients call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import operator_env as read_env
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.options import (
    PROVIDERS,
    ambassador_options,
    cluster_domain_option,
    istio_options,
    profile_option,
)
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import (
    Run,
    ambassador_run,
    definitions_of,
    istio_run,
    plain,
)
from ansible_collections.mlops.ingress.plugins.plugin_utils.refusals import guarded


def _ambassador(definitions: Any, profile: str | None, env: Any, cluster_domain: str | None, **options: Any) -> Run:
    chosen = profile_option(profile)
    cluster_domain_option(plain(cluster_domain))  # Ambassador's short names need none; a wrong one is wrong here too
    settings = ambassador_options(plain(options), read_env(plain(env, "operator_env"), chosen), chosen)
    return ambassador_run(definitions_of(definitions, chosen), settings)


def _istio(definitions: Any, profile: str | None, env: Any, cluster_domain: str | None, **options: Any) -> Run:
    chosen = profile_option(profile)
    variables = read_env(plain(env, "operator_env"), chosen)
    settings = istio_options(plain(options), variables, chosen, plain(cluster_domain))
    return istio_run(definitions_of(definitions, chosen), settings)


def _objects(run: Run) -> list[dict[str, Any]]:
    return [plain(item.object) for item in run.translation.objects]


def to_ambassador(
    definitions: Any,
    api: str | None = None,
    form: str | None = None,
    single_namespace: bool | None = None,
    ambassador_id: str | list[str] | None = None,
    hosts: str | list[str] | None = None,
    profile: str | None = "corrected",
    operator_env: dict[str, str] | None = None,
    cluster_domain: str | None = None,
) -> list[dict[str, Any]]:
    """The Ambassador objects of one definition or of a list of them. See to_ambassador.yml."""
    return guarded(
        "to_ambassador",
        lambda: _objects(
            _ambassador(
                definitions,
                profile,
                operator_env,
                cluster_domain,
                api=api,
                form=form,
                single_namespace=single_namespace,
                ambassador_id=ambassador_id,
                hosts=hosts,
            )
        ),
    )


def to_istio(
    definitions: Any,
    gateway: str | None = None,
    gateways: list[str] | None = None,
    hosts: str | list[str] | None = None,
    tls_mode: str | None = "",
    api_version: str | None = None,
    profile: str | None = "corrected",
    operator_env: dict[str, str] | None = None,
    cluster_domain: str | None = None,
) -> list[dict[str, Any]]:
    """The Istio objects of one definition or of a list of them. See to_istio.yml."""
    return guarded(
        "to_istio",
        lambda: _objects(
            _istio(
                definitions,
                profile,
                operator_env,
                cluster_domain,
                gateway=gateway,
                gateways=gateways,
                hosts=hosts,
                tls_mode=tls_mode,
                api_version=api_version,
            )
        ),
    )


def endpoints(
    definitions: Any,
    base_url: str | None = None,
    provider: str | None = "ambassador",
    verify: bool | None = None,
    profile: str | None = "corrected",
    operator_env: dict[str, str] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """The addresses of one definition or of a list of them. See endpoints.yml."""

    def run() -> list[dict[str, Any]]:
        chosen = "ambassador" if provider is None else provider
        if chosen not in PROVIDERS:
            raise OptionError(f"provider: {str(provider)[:80]!r} is not known: allowed are {', '.join(PROVIDERS)}.")
        if verify is not None and not isinstance(verify, bool):
            raise OptionError(f"verify: {str(verify)[:80]!r} is not known: allowed are true and false.")
        cluster_domain = options.pop("cluster_domain", None)
        found: Run
        if chosen == "ambassador":
            found = _ambassador(definitions, profile, operator_env, cluster_domain, base_url=base_url, **options)
        else:
            found = _istio(definitions, profile, operator_env, cluster_domain, base_url=base_url, **options)
        return found.endpoints(verify)

    return guarded("endpoints", run)


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"to_ambassador": to_ambassador, "to_istio": to_istio, "endpoints": endpoints}
