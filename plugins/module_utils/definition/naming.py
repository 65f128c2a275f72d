# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that the operator gives to what it creates for a deployment.

Source: ``operator/apis/machinelearning.seldon.io/v1/seldondeployment_types.go`` (lines 85 to 213) and
``operator/controllers/seldondeployment_explainers.go`` (lines 264 and 312) of SeldonIO/seldon-core v1.18.2.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from .fields import shown
from .model import PREFIX, GraphNode, Predictor, SeldonDeployment

NAME_LIMIT = 63
# On everything that belongs to a deployment.
DEPLOYMENT_LABEL = "seldon-deployment-id"
# Containers with these names get no Service of their own (seldondeployment_controller.go:539).
SERVICELESS_CONTAINERS = frozenset({"tfserving", "seldon-container-engine"})

# What ``hashed`` gives.
HASHED = re.compile(r"seldon-[0-9a-f]{32}")


def hashed(text: str) -> str:
    """The operator's stand-in for a name that is too long: ``seldon-`` and the MD5 of its UTF-8 bytes."""
    return "seldon-" + hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def shortened(text: str) -> str:
    """The name itself up to 63 bytes, its hash above."""
    return text if len(text.encode()) <= NAME_LIMIT else hashed(text)


def seldon_id(name: str) -> str:
    """The ``seldon-deployment-id`` label and the name of the VirtualService of the deployment called ``name``."""
    return shortened(name)


def predictor_service(deployment: SeldonDeployment, predictor: Predictor) -> str:
    """The Service of a predictor: the ``svc-name`` annotation as it stands, else ``<deployment>-<predictor>``."""
    own = predictor.annotations.get(PREFIX + "svc-name")
    return shortened(f"{deployment.name}-{predictor.name}") if own is None else own


def explainer_service(deployment_name: str, predictor_name: str) -> str:
    """The Service of an explainer, which ignores ``svc-name``."""
    return shortened(f"{deployment_name}-{predictor_name}-explainer")


def explainer_virtual_service(service: str) -> str:
    """The VirtualService of an explainer: cut to 63 bytes, then one trailing hyphen goes."""
    name = f"{service}-http".encode()[:NAME_LIMIT].decode(errors="ignore")
    return name.removesuffix("-")


def annotation_service(name: str) -> str:
    """The Service of ours that carries the annotation of a definition; the operator rewrites those of its own."""
    return shortened(f"{name}-routes")


def container_service(deployment: SeldonDeployment, predictor: Predictor, container: str) -> str:
    """The Service of one container of the graph."""
    return shortened(f"{deployment.name}-{predictor.name}-{container}")


def nodes(root: GraphNode, path: str) -> Iterator[tuple[str, GraphNode]]:
    """Every node of a graph with its path, the root first."""
    yield path, root
    for index, child in enumerate(root.children):
        yield from nodes(child, f"{path}.children[{index}]")


@dataclass(frozen=True, slots=True)
class NamedService:
    """A Service that the operator makes, and the field that leads to it."""

    name: str
    path: str
    what: str


def services(deployment: SeldonDeployment) -> Iterator[NamedService]:
    """Every Service that the operator makes for a deployment: containers, predictors, explainers."""
    for index, predictor in enumerate(deployment.predictors):
        path = f"spec.predictors[{index}]"
        named = {container.name for container in predictor.containers} - SERVICELESS_CONTAINERS
        for place, node in nodes(predictor.graph, f"{path}.graph"):
            if node.name in named or node.implementation in PREPACKAGED_SERVERS:
                named.discard(node.name)
                yield NamedService(
                    container_service(deployment, predictor, node.name), place, f"container {shown(node.name)}"
                )
        yield NamedService(predictor_service(deployment, predictor), path, f"predictor {shown(predictor.name)}")
        if predictor.explainer:
            yield NamedService(
                explainer_service(deployment.name, predictor.name),
                f"{path}.explainer",
                f"the explainer of {shown(predictor.name)}",
            )


# Servers of the chart's `predictor_servers` (helm-charts/seldon-core-operator/values.yaml).
PREPACKAGED_SERVERS = frozenset(
    {
        "HUGGINGFACE_SERVER",
        "MLFLOW_SERVER",
        "SKLEARN_SERVER",
        "TEMPO_SERVER",
        "TENSORFLOW_SERVER",
        "TRITON_SERVER",
        "XGBOOST_SERVER",
    }
)
# Units that run inside the engine and need no container (seldondeployment_types.go).
BUILT_IN_UNITS = frozenset({"AVERAGE_COMBINER", "RANDOM_ABTEST", "SIMPLE_MODEL", "SIMPLE_ROUTER"})
