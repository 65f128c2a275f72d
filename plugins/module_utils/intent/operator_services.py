# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Services of a deployment as the operator makes them, for the annotations that it writes on them.

Source: ``operator/controllers/seldondeployment_controller.go`` (lines 539 to 566, 704 to 737, 807 to 810) and
``seldondeployment_explainers.go`` (lines 264 to 283) of SeldonIO/seldon-core; measured on v1.17.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..definition.model import GraphNode, SeldonDeployment
from ..definition.naming import (
    container_service,
    explainer_service,
    nodes,
    predictor_service,
    seldon_id,
)
from .model import OperatorService
from .ports import PortSettings, PredictorPorts, unit_ports

_TYPE_LABELS = {
    "MODEL": "seldon.io/model",
    "TRANSFORMER": "seldon.io/transformer",
    "OUTPUT_TRANSFORMER": "seldon.io/output-transformer",
    "COMBINER": "seldon.io/combiner",
    "ROUTER": "seldon.io/router",
}


def operator_services(
    deployment: SeldonDeployment, ports: Sequence[Sequence[PredictorPorts]], settings: PortSettings
) -> Iterator[OperatorService]:
    """The Services in the order in which the operator makes them; ``ports`` are those of each predictor's Services."""
    units = unit_ports(deployment, settings)
    for index, (predictor, found) in enumerate(zip(deployment.predictors, ports, strict=True)):
        shadow = {"seldon.io/shadow": "true"} if predictor.shadow else {}
        name = predictor_service(deployment, predictor)
        common = {
            "app.kubernetes.io/managed-by": "seldon-core",
            "seldon-app": name,
            "seldon-deployment-id": seldon_id(deployment.name),
        }
        whole = OperatorService(
            name,
            index,
            "predictor",
            common,
            selector={"seldon-app": name},
            ports={},
            headless=deployment.annotation("headless-svc") not in (None, "false"),
            annotations=predictor.annotations,
        )
        for _path, node in nodes(predictor.graph, ""):
            if unit := units.get((index, node.name)):
                own = container_service(deployment, predictor, node.name)
                selector = {f"seldon-app-svc-{node.name}": own}
                labels = common | _type(node) | shadow
                yield OperatorService(
                    own, index, "nothing", labels | selector, selector, _ports(unit), annotations=predictor.annotations
                )
                if predictor.has_no_engine:
                    yield replace(whole, labels=labels, ports=_ports(unit))
        if not predictor.has_no_engine:
            yield replace(whole, ports=_ports(found[-1]))
        if predictor.explainer:
            own = explainer_service(deployment.name, predictor.name)
            yield replace(
                whole,
                name=own,
                routed="explainer",
                labels=common | {"seldon.io/explainer": "true"} | shadow,
                selector={"seldon-app": own},
                ports={"http": predictor.explainer.service_port or settings.explainer_http},
            )


def _type(node: GraphNode) -> dict[str, str]:
    label = _TYPE_LABELS.get(node.type or "MODEL")
    return {label: "true"} if label else {}


def _ports(ports: PredictorPorts) -> dict[str, int]:
    return {"http": ports.http, "grpc": ports.grpc}
