# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route table and all findings of 500 definitions, and conflicts between them and 10,000 routes of others.

CPU of the fastest of some rounds counts: whatever else the machine does only adds to it. The growth is held against
n * log(n); both sizes take turns, and the collector of garbage, whose work depends on what else there is, waits.
"""

from __future__ import annotations

import gc
import math
import sys
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import yaml
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
from ansible_collections.mlops.ingress.plugins.module_utils.frontend import (
    lint,
    operator_env,
    options,
    route_rows,
    routing,
    translation,
)
from ansible_collections.mlops.ingress.plugins.module_utils.lint.conflicts import conflicts
from ansible_collections.mlops.ingress.plugins.module_utils.objects.ownership import Owner, stamp
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Table
from bench_translation import definitions
from figures import Figure, report

OWN, FOREIGN, FEW = 500, 10_000, 1_000
ROUTES_OF_A_SERVICE = 4
ROUNDS = 5
SCOPE = "s"
MOST_SECONDS = 5.0
# Of the table and all findings of our definitions alone.
MOST_LINT_SECONDS = 2.0
# Of the search alone, beside a table that is there.
MOST_SEARCH_SECONDS = 1.0
# What n * log(n) grows by, and a little for the clock.
MOST_GROWTH = round(FOREIGN / FEW * math.log(FOREIGN) / math.log(FEW), 1) + 0.1
GATEWAY = "istio-system/seldon-gateway"

Object = dict[str, Any]
MAKERS: dict[str, Callable[[list[Any]], Table]] = {"ambassador": emissary_table, "istio": istio_table}


def linted(count: int, provider: str) -> Callable[[], object]:
    """The work of the filters ``routes`` and ``lint`` for some definitions, which are read already."""
    documents = list(yaml.load_all(definitions(count), yaml.CSafeLoader))
    now = datetime.now(timezone.utc)

    def run() -> object:
        given, asked = routing.divided(documents), routing.routing_options(provider, {})
        table = route_rows.rows(routing.scenes(given, asked))
        return table, lint.lint(given, asked, now=now, warn_days=30)

    return run


def own(provider: str) -> list[Any]:
    """The objects of our definitions, as they are in a cluster."""
    found = translation.definitions_of(list(yaml.load_all(definitions(OWN), yaml.CSafeLoader)), CORRECTED)
    environment = operator_env.operator_env(None, CORRECTED)
    if provider == "ambassador":
        run = translation.ambassador_run(found, options.ambassador_options({}, environment, CORRECTED))
    else:
        run = translation.istio_run(found, options.istio_options({}, environment, CORRECTED))
    owner = Owner(SCOPE, "ingress")
    return [stamp(item.object, owner, item.definition) for item in run.translation.objects]


def mappings(count: int) -> list[Object]:
    """Mappings of other teams; every twentieth stands at an address of ours."""
    return [_object("Mapping", "getambassador.io/v3alpha1", number, _mapping(number)) for number in range(count)]


def virtual_services(count: int) -> list[Object]:
    """VirtualServices of other teams with ``count`` routes together."""
    version = "networking.istio.io/v1beta1"
    numbers = range(count // ROUTES_OF_A_SERVICE)
    return [_object("VirtualService", version, number, _virtual_service(number)) for number in numbers]


def _object(kind: str, version: str, number: int, spec: Object) -> Object:
    created = f"2026-01-01T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
    labels = {"app.kubernetes.io/instance": f"app-{number % 100}"}
    place = {"name": f"other-{number:05d}", "namespace": f"other-{number % 40:02d}"}
    metadata = {**place, "labels": labels, "creationTimestamp": created}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _path(number: int) -> str:
    if number % 20 == 0:
        model = number // 20 % OWN
        return f"/seldon/team-{model % 20:02d}/model-{model:04d}/"
    return f"/apps/area-{number % 30}/service-{number // 2}/" + ("v1/" if number % 2 else "")


def _mapping(number: int) -> Object:
    fields: Object = {"hostname": "*", "prefix": _path(number), "service": f"other-{number}:8080"}
    return fields | ({"headers": {"x-tenant": f"t{number % 7}"}} if number % 3 == 0 else {})


def _virtual_service(number: int) -> Object:
    routes = []
    for index in range(ROUTES_OF_A_SERVICE):
        at = number * ROUTES_OF_A_SERVICE + index
        match: Object = {"uri": {"prefix": _path(at)}}
        if at % 3 == 0:
            match["headers"] = {"x-tenant": {"exact": f"t{at % 7}"}}
        destination = {"host": f"other.other-{number % 40:02d}.svc.cluster.local", "port": {"number": 80}}
        routes.append({"match": [match], "route": [{"destination": destination}]})
    return {"hosts": ["*"], "gateways": [GATEWAY], "http": routes}


# What there is to find; the other half of the foreign routes lies below that of somebody else.
FOUND = {"ambassador": {"B01", "B04", "B06"}, "istio": {"B01", "B02", "B04"}}
FOREIGNERS = {"ambassador": mappings, "istio": virtual_services}


def seconds(*runs: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The fastest of some rounds of each; they take turns."""
    found: list[list[float]] = [[] for _run in runs]
    for _round in range(rounds):
        for run, times in zip(runs, found, strict=True):
            gc.collect()
            start = time.process_time()
            run()
            times.append(time.process_time() - start)
    return [min(times) for times in found]


def expect(table: Table, wanted: set[str]) -> None:
    """Fast and blind is no figure."""
    missing = wanted - {finding.id for finding in conflicts(table, SCOPE)}
    if missing:
        sys.exit(f"bench_routing: no {sorted(missing)} is found")


def measure(provider: str) -> list[Figure]:
    """All figures of one provider."""
    make, foreign, ours = MAKERS[provider], FOREIGNERS[provider], own(provider)
    objects = [*ours, *foreign(FOREIGN)]
    table, alone, few = make(objects), make(foreign(FOREIGN)), make(foreign(FEW))
    expect(table, FOUND[provider])
    both, search = seconds(lambda: conflicts(make(objects), SCOPE), lambda: conflicts(table, SCOPE))
    gc.disable()
    many, little = seconds(lambda: conflicts(alone, SCOPE), lambda: conflicts(few, SCOPE), rounds=3 * ROUNDS)
    gc.enable()
    [lint_own] = seconds(linted(OWN, provider))
    many_definitions, some = seconds(linted(2_500, provider), linted(250, provider), rounds=2)
    return [
        Figure(f"routes_and_lint_{provider}", lint_own, "s", "<", MOST_LINT_SECONDS),
        Figure(f"routes_and_lint_growth_{provider}", many_definitions / some, "x", "<=", MOST_GROWTH),
        Figure(f"conflicts_and_table_{provider}", both, "s", "<", MOST_SECONDS),
        Figure(f"conflicts_{provider}", search, "s", "<", MOST_SEARCH_SECONDS),
        Figure(f"conflicts_growth_{provider}", many / little, "x", "<=", MOST_GROWTH),
    ]


def main() -> int:
    """Measure both providers and print the figures."""
    return report([figure for provider in MAKERS for figure in measure(provider)])


if __name__ == "__main__":
    sys.exit(main())
