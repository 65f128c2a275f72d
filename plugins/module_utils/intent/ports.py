# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports that routes of a predictor lead to.

Source: sections "with engine" and "no-engine" of the operator's ``defaults.go`` (lines 87 to 229) and
``seldondeployment_controller.go`` (lines 413 to 566), SeldonIO/seldon-core v1.18.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..definition.model import Container, Predictor, SeldonDeployment
from ..definition.naming import PREPACKAGED_SERVERS, SERVICELESS_CONTAINERS, nodes


@dataclass(frozen=True, slots=True)
class PortSettings:
    """The operator's port settings with the defaults of its chart."""

    engine_http: int = 8000
    engine_grpc: int = 5001
    unit_http: int = 9000
    unit_grpc: int = 9500
    explainer_http: int = 9000


@dataclass(frozen=True, slots=True)
class PredictorPorts:
    http: int
    grpc: int


def predictor_ports(deployment: SeldonDeployment, settings: PortSettings) -> tuple[tuple[PredictorPorts, ...], ...]:
    """The ports that the operator gives to the Service of each predictor, one after the other; the last ones stay.

    Without an engine it gives the ports of each container of the graph, so there are none where the only container
    bears a name that it skips (``tfserving``), and several only where its webhook is off.
    """
    bare = any(predictor.has_no_engine for predictor in deployment.predictors)
    units = unit_ports(deployment, settings) if bare else {}
    engine = PredictorPorts(settings.engine_http, settings.engine_grpc)
    return tuple(
        _direct(predictor, index, units) if predictor.has_no_engine else (engine,)
        for index, predictor in enumerate(deployment.predictors)
    )


def _direct(
    predictor: Predictor, index: int, units: dict[tuple[int, str], PredictorPorts]
) -> tuple[PredictorPorts, ...]:
    keys = ((index, node.name) for _path, node in nodes(predictor.graph, ""))
    return tuple(units[key] for key in keys if key in units)


def unit_ports(deployment: SeldonDeployment, settings: PortSettings) -> dict[tuple[int, str], PredictorPorts]:
    """The ports of every container, by predictor and name.

    Each distinct container name, across all predictors, takes the next number of both counters; a port that is named
    ``http`` or ``grpc`` overrides the number for that container only. Names that get no Service are left out.
    """
    numbers: dict[str, int] = {}
    ports: dict[tuple[int, str], PredictorPorts] = {}
    for index, container in _units(deployment):
        number = numbers.setdefault(container.name, len(numbers))
        named = {port.name: port.port for port in container.ports}
        if container.name in SERVICELESS_CONTAINERS:
            continue
        ports[index, container.name] = PredictorPorts(
            named.get("http", settings.unit_http + number), named.get("grpc", settings.unit_grpc + number)
        )
    return ports


def _units(deployment: SeldonDeployment) -> Iterator[tuple[int, Container]]:
    """Every container in the operator's order; the containers that it adds for prepackaged servers come last."""
    for index, predictor in enumerate(deployment.predictors):
        yield from ((index, container) for container in predictor.containers)
        present = {container.name for container in predictor.containers}
        for _path, node in nodes(predictor.graph, ""):
            if node.implementation in PREPACKAGED_SERVERS and node.name not in present:
                yield index, Container(node.name)
