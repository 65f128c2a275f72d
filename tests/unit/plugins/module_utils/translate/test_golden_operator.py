# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``operator`` profile against what the real operator (Seldon Core v1.17.1) computed for the same definitions.

Annotations are compared byte for byte, objects value for value, duplicates counted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import endpoints, to_ambassador, to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.definition.fields import FieldReader
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import Origin
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import OPERATOR
from ansible_collections.mlops.ingress.plugins.module_utils.definition.read_seldon import read_seldon
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import operator_env
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.options import ambassador_options, istio_options
from ansible_collections.mlops.ingress.plugins.module_utils.intent.seldon import seldon_intent
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador import to_ambassador as ambassador
from ansible_collections.mlops.ingress.plugins.module_utils.translate.istio import to_istio as istio
from ansible_collections.mlops.ingress.tests.support.vectors import MODES, Outcome, Vector, vectors

ANNOTATION = "getambassador.io/config"
FORMS = {
    "v1": {"api": "v1", "single_namespace": False},
    "v1_single": {"api": "v1", "single_namespace": True},
    "v2": {"api": "v2", "single_namespace": False},
    "v2_single": {"api": "v2", "single_namespace": True},
}
VECTORS = {vector.id: vector for vector in vectors()}
# Every vector and form whose outcome the operator computed, refused definitions too.
COMPUTED = [
    pytest.param(vector, mode, id=f"{vector.id}-{mode}")
    for vector in VECTORS.values()
    for mode in vector.modes
    if vector.expected(mode).failure is None
]
# Each crash has a defect; of the failures these have one.
NAMED = {
    "engine not separate": "B31",
    "Only a single custom header match": "B21",
}


def by_filter(vector: Vector, mode: str) -> list[dict[str, Any]]:
    common = {"profile": "operator", "operator_env": dict(vector.settings)}
    if mode == "istio":
        return to_istio(vector.input, **common)
    return to_ambassador(vector.input, **FORMS[mode], **common)


def by_translator(vector: Vector, mode: str) -> list[Mapping[str, Any]]:
    """Without validation, as if the operator's webhook were off."""
    reader = FieldReader()
    deployment, _findings = read_seldon(vector.input, Origin(vector.id), reader)
    env = operator_env(dict(vector.settings), OPERATOR)
    if mode == "istio":
        options = istio_options({}, env, OPERATOR)
        found = istio([seldon_intent(deployment, OPERATOR, options.intent)], options.settings)
    else:
        chosen = ambassador_options(FORMS[mode], env, OPERATOR)
        found = ambassador([seldon_intent(deployment, OPERATOR, chosen.intent)], chosen.settings)
    return [item.object for item in found.objects]


def counted(objects: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(json.dumps(item, sort_keys=True) for item in objects)


def annotations(objects: Iterable[Mapping[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((item["metadata"].get("name", ""), item["metadata"]["annotations"][ANNOTATION]) for item in objects)


def assert_equal(found: list[Mapping[str, Any]], expected: Outcome, mode: str) -> None:
    if mode.startswith("v1"):
        assert annotations(found) == Counter(expected.annotations)
    else:
        assert counted(found) == counted(expected.objects)


@pytest.mark.parametrize(("vector", "mode"), COMPUTED)
def test_translators_compute_what_the_operator_computes(vector, mode):
    assert_equal(by_translator(vector, mode), vector.expected(mode), mode)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_filters_give_it_or_refuse(vector, mode):
    expected = vector.expected(mode) if vector.modes else None
    if expected is not None and expected.failure is None and vector.refused is None:
        assert_equal(by_filter(vector, mode), expected, mode)
        return
    with pytest.raises(AnsibleFilterError) as caught:
        by_filter(vector, mode)
    if vector.refused is None and expected is not None:
        named = [defect for text, defect in NAMED.items() if text in str(expected.failure)]
        named += ["B32" if "tfserving" in json.dumps(vector.input) else "B2"] if expected.panics else []
        assert all(f"({defect})" in str(caught.value) for defect in named), str(caught.value)
        assert named or "which the operator cannot read: the whole deployment fails" in str(caught.value)


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS)
def test_annotated_services_are_the_operators(vector):
    """Labels, selector and ports of each Service that carries an annotation."""
    if "v1" not in vector.modes or vector.expected("v1").failure or vector.services.failure:
        assert vector.refused or vector.modes == () or vector.expected("v1").failure
        return
    known = [
        {key: service[key] for key in ("name", "namespace", "labels", "selector", "ports", "type", "clusterIP")}
        if service.get("clusterIP")
        else {key: service[key] for key in ("name", "namespace", "labels", "selector", "ports", "type")}
        for service in vector.services.objects
    ]
    for item in by_translator(vector, "v1"):
        metadata = {key: value for key, value in item["metadata"].items() if key != "annotations"}
        assert {"name": "", **metadata, **item["spec"]} in known


def test_addresses_of_every_accepted_vector():
    """``endpoints`` has an answer wherever the operator does not fail."""
    for vector in VECTORS.values():
        if vector.refused or not vector.modes:
            continue
        for mode in MODES:
            if vector.expected(mode).failure is None:
                options = {"provider": "istio"} if mode == "istio" else FORMS[mode]
                endpoints(vector.input, profile="operator", operator_env=dict(vector.settings), **options)


def test_how_much_was_compared(record_property, capsys):
    compared = Counter(parameter.values[1] for parameter in COMPUTED)
    failing = sum(vector.expected(mode).failure is not None for vector in VECTORS.values() for mode in vector.modes)
    said = (
        f"operator profile: {len(VECTORS)} vectors, {sum(compared.values())} outcomes compared with the translators"
        f" ({', '.join(f'{mode} {count}' for mode, count in sorted(compared.items()))}), {failing} failures of the"
        f" operator, {len(VECTORS) * len(MODES)} calls of filters"
    )
    record_property("compared", said)
    with capsys.disabled():
        print(f"\n{said}")
    assert len(VECTORS) >= 274
    assert compared == {"v1": 247, "v1_single": 247, "v2": 246, "v2_single": 246, "istio": 263}
