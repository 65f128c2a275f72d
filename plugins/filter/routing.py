# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that say which request reaches which model, and what is wrong with definitions and routes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ansible.utils.display import Display
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.checks import checks_option, judged
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.lint import days_option, now_option
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.lint import lint as find
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.route_rows import answered, request_option, rows
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.routing import (
    RoutingOptions,
    Scene,
    divided,
    routing_options,
    scenes,
)
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import plain
from ansible_collections.mlops.ingress.plugins.plugin_utils.refusals import guarded

DISPLAY = Display()
CANNOT_TELL = "D13"
MOST_WARNINGS = 20


def _scenes(name: str, definitions: Any, options: RoutingOptions) -> tuple[Scene, ...]:
    """The table of each provider. What a proxy would refuse is not in them, nor what a table cannot tell (D13), and a
    warning says so."""
    found = scenes(divided(definitions), options)
    grave = [
        finding
        for seen in found
        for finding in seen.table.findings
        if finding.level == "error" or finding.id == CANNOT_TELL
    ]
    for finding in grave[:MOST_WARNINGS]:
        DISPLAY.warning(f"mlops.ingress.{name}: {finding.id} {finding}")
    if len(grave) > MOST_WARNINGS:
        DISPLAY.warning(f"mlops.ingress.{name}: {len(grave) - MOST_WARNINGS} more, which mlops.ingress.lint lists.")
    return found


def routes(definitions: Any, provider: str | list[str] | None = None, **options: Any) -> list[dict[str, Any]]:
    """The route table of definitions and Kubernetes objects. See routes.yml."""
    return guarded("routes", lambda: rows(_scenes("routes", definitions, routing_options(provider, options))))


def resolve(
    definitions: Any,
    request: dict[str, Any],
    provider: str | None = "ambassador",
    entrance: str | None = None,
    port: int | None = None,
    **options: Any,
) -> dict[str, Any]:
    """What happens to one request. See resolve.yml."""

    def run() -> dict[str, Any]:
        asked = request_option(request)
        chosen = routing_options(provider, options, named=("request", "entrance", "port"), one_table=True)
        (seen,) = _scenes("resolve", definitions, chosen)
        return answered(seen, asked, plain(entrance, "entrance"), plain(port, "port"))

    return guarded("resolve", run)


def lint(
    definitions: Any,
    provider: str | list[str] | None = None,
    checks: list[dict[str, Any]] | None = None,
    now: str | None = None,
    warn_days: int | None = 30,
    **options: Any,
) -> list[dict[str, str]]:
    """What is wrong with definitions and Kubernetes objects. See lint.yml."""

    def run() -> list[dict[str, str]]:
        judgements = checks_option(plain(checks, "checks"))
        time = now_option(plain(now, "now"), datetime.now(timezone.utc))
        days = days_option(plain(warn_days, "warn_days"))
        chosen = routing_options(provider, options, named=("checks", "now", "warn_days"))
        found = find(divided(definitions), chosen, now=time, warn_days=days)
        return [finding.as_return() for finding in judged(found, judgements)]

    return guarded("lint", run)


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"routes": routes, "resolve": resolve, "lint": lint}
