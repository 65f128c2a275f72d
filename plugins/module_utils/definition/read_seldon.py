# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A SeldonDeployment document as a frozen value: shape only, no rule."""

from __future__ import annotations

from collections.abc import Sequence

from .fields import FieldReader, Fields, nearest, shown
from .findings import Finding
from .model import (
    Container,
    ContainerPort,
    Explainer,
    GraphNode,
    Origin,
    Predictor,
    SeldonDeployment,
    in_a_sentence,
    place_of,
)

API_VERSIONS = tuple(f"machinelearning.seldon.io/{version}" for version in ("v1", "v1alpha2", "v1alpha3"))

# The fields of the custom resource where a typing error would change traffic without a word: the API server drops a
# field that it does not know. Source: seldondeployment_types.go.
SPEC_FIELDS = frozenset(
    "name predictors annotations protocol transport replicas serverType oauth_key oauth_secret".split()
)
PREDICTOR_FIELDS = frozenset(
    "name graph componentSpecs replicas annotations engineResources labels svcOrchSpec traffic explainer shadow ssl"
    " progressDeadlineSeconds".split()
)


def read_seldon(document: Fields, origin: Origin, reader: FieldReader) -> tuple[SeldonDeployment, list[Finding]]:
    """Read one document. Problems go to ``reader``; what is refused there has a harmless stand-in in the value."""
    metadata = reader.mapping(document, "metadata", "", required=True) or {}
    spec = reader.mapping(document, "spec", "", required=True) or {}
    deployment = SeldonDeployment(
        origin=origin,
        name=reader.text(metadata, "name", "metadata", required=True),
        namespace=reader.text(metadata, "namespace", "metadata") or "default",
        labels=reader.texts(metadata, "labels", "metadata"),
        metadata_annotations=reader.texts(metadata, "annotations", "metadata"),
        spec_annotations=reader.texts(spec, "annotations", "spec"),
        protocol=reader.text(spec, "protocol", "spec"),
        transport=reader.text(spec, "transport", "spec"),
        server_type=reader.text(spec, "serverType", "spec"),
        predictors=reader.items(
            spec, "predictors", "spec", lambda fields, path: _predictor(fields, path, reader), required=True
        ),
    )
    return deployment, _unknown_fields(spec, place_of(deployment))


def _predictor(fields: Fields, path: str, reader: FieldReader) -> Predictor:
    graph = reader.mapping(fields, "graph", path, required=True)
    ssl = reader.mapping(fields, "ssl", path) or {}
    orchestrator = reader.mapping(fields, "svcOrchSpec", path) or {}
    return Predictor(
        name=reader.text(fields, "name", path, required=True),
        graph=GraphNode("") if graph is None else _node(graph, f"{path}.graph", reader),
        pods=reader.items(fields, "componentSpecs", path, lambda pod, place: _pod(pod, place, reader)),
        traffic=reader.whole(fields, "traffic", path, advised=(0, 100)) or 0,
        shadow=bool(reader.flag(fields, "shadow", path)),
        labels=reader.texts(fields, "labels", path),
        annotations=reader.texts(fields, "annotations", path),
        tls_secret=reader.text(ssl, "certSecretName", f"{path}.ssl"),
        explainer=_explainer(fields, path, reader),
        orchestrator_env=frozenset(
            reader.items(
                orchestrator,
                "env",
                f"{path}.svcOrchSpec",
                lambda env, place: reader.text(env, "name", place, required=True),
            )
        ),
    )


def _node(fields: Fields, path: str, reader: FieldReader) -> GraphNode:
    endpoint = reader.mapping(fields, "endpoint", path) or {}
    logger = reader.mapping(fields, "logger", path)
    return GraphNode(
        name=reader.text(fields, "name", path, required=True),
        type=reader.text(fields, "type", path),
        implementation=reader.text(fields, "implementation", path),
        model_uri=reader.text(fields, "modelUri", path),
        endpoint_type=reader.text(endpoint, "type", f"{path}.endpoint"),
        logger_mode=None if logger is None else reader.text(logger, "mode", f"{path}.logger"),
        children=reader.items(fields, "children", path, lambda child, place: _node(child, place, reader)),
    )


def _pod(fields: Fields, path: str, reader: FieldReader) -> tuple[Container, ...]:
    spec = reader.mapping(fields, "spec", path) or {}
    return reader.items(spec, "containers", f"{path}.spec", lambda item, place: _container(item, place, reader))


def _container(fields: Fields, path: str, reader: FieldReader) -> Container:
    def port(item: Fields, place: str) -> ContainerPort:
        number = reader.whole(item, "containerPort", place, 1, 65535, required=True)
        return ContainerPort(reader.text(item, "name", place), number or 0)

    return Container(reader.text(fields, "name", path, required=True), reader.items(fields, "ports", path, port))


def _explainer(fields: Fields, path: str, reader: FieldReader) -> Explainer | None:
    """The explainer, or None. The operator has one only where ``type`` is not empty (``controller_utils.go``)."""
    path = f"{path}.explainer"
    explainer = reader.mapping(fields, "explainer", path.removesuffix(".explainer"))
    if explainer is None:
        return None
    container = reader.mapping(explainer, "containerSpec", path)
    name = "" if container is None else reader.text(container, "name", f"{path}.containerSpec", required=True)
    kind = reader.text(explainer, "type", path)
    endpoint = reader.mapping(explainer, "endpoint", path) or {}
    port = reader.whole(endpoint, "service_port", f"{path}.endpoint", 0, 65535)
    return Explainer(kind, port or 0, name) if kind else None


def _unknown_fields(spec: Fields, where: str) -> list[Finding]:
    places = [("spec", spec, SPEC_FIELDS)]
    predictors = spec.get("predictors")
    if isinstance(predictors, Sequence):
        places += [
            (f"spec.predictors[{index}]", predictor, PREDICTOR_FIELDS)
            for index, predictor in enumerate(predictors)
            if isinstance(predictor, dict)
        ]
    return [
        Finding(
            "A11",
            "warning",
            f"{where} {path}.{in_a_sentence(key)}",
            f"the field {shown(key)} is not known and the API server drops it{nearest(key, sorted(known))}",
            "correct the name or remove the field",
        )
        for path, fields, known in places
        for key in sorted(fields.keys() - known)
    ]
