# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corrected profile routes alike on Emissary and Istio, for every request that their tables tell apart."""

from __future__ import annotations

import copy

from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import to_ambassador, to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.routing.classes import requests
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Request
from ansible_collections.mlops.ingress.plugins.module_utils.routing.resolve import Answer, resolve
from ansible_collections.mlops.ingress.tests.support.strategies import definitions, deployment
from ansible_collections.mlops.ingress.tests.support.vectors import vectors
from hypothesis import HealthCheck, Phase, assume, given, settings

# Without shrinking, which takes minutes here: an example that fails is short enough to read.
usual = settings(
    deadline=None,
    derandomize=True,
    max_examples=40,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
# What the environment decides alike for both: one door for everything.
GATEWAY, IDENTITY = "gw/gw", "default"


def without_doors(documents):
    """The definitions without hosts, gateways and ids of their own, which only one provider reads."""
    documents = copy.deepcopy(documents)
    for document in documents:
        for place in (document["spec"], document["metadata"]):
            for key in ("istio-host", "istio-gateway", "ambassador-id"):
                place.get("annotations", {}).pop(f"seldon.io/{key}", None)
    return documents


def told(answer: Answer):
    """Shares, paths and mirrors by target; a mirror of 0 percent is none."""
    return (
        sorted((part.share.target.host, part.share.target.port, part.percent, part.path) for part in answer.parts),
        sorted((item.copy.target.host, item.copy.target.port, item.percent) for item in answer.mirrors),
        answer.unanswered,
    )


def assert_alike(ambassador_objects, istio_objects) -> int:
    emissary = emissary_table(ambassador_objects)
    istio = istio_table(istio_objects)
    assert not [item for item in (*emissary.findings, *istio.findings) if item.level == "error"]
    (one,), (other,) = emissary.entrances, istio.entrances
    asked = requests([one, other])
    for request in asked:
        assert told(resolve(one, request)) == told(resolve(other, request)), request
    return len(asked)


@usual
@given(documents=definitions)
def test_random_definitions(documents):
    documents = without_doors(documents)
    try:
        found = to_ambassador(documents), to_istio(documents, gateway=GATEWAY)
    except AnsibleFilterError:
        assume(False)
        raise
    assert_alike(*found)


def test_every_measured_definition(capsys):
    compared = asked = 0
    for vector in vectors():
        documents = [vector.input]
        spec = vector.input.get("spec", {})
        if "seldon.io/ambassador-config" in str(spec) or vector.refused:
            continue
        target = {**vector.input["metadata"].get("annotations", {}), **spec.get("annotations", {})}.get(
            "seldon.io/ambassador-service-name"
        )
        if target:
            documents.append(deployment(target, namespace=vector.input["metadata"].get("namespace")))
        documents = without_doors(documents)
        try:
            found = to_ambassador(documents), to_istio(documents, gateway=GATEWAY)
        except AnsibleFilterError:
            continue
        emissary, istio = emissary_table(found[0]), istio_table(found[1])
        if len(emissary.entrances) != 1 or len(istio.entrances) != 1 or not emissary.entrances[0].hosts:
            continue
        asked += assert_alike(*found)
        compared += 1
    with capsys.disabled():
        print(f"\n{compared} definitions, {asked} requests: Emissary and Istio agree")
    assert compared > 100


def test_the_declared_split():
    documents = [deployment("m")]
    (entrance,) = emissary_table(to_ambassador(documents)).entrances
    answer = resolve(entrance, Request("POST", "any", "/seldon/n/m/api/v1.0/predictions"))
    assert told(answer) == ([("m-p.n", 8000, 100, "/api/v1.0/predictions")], [], 0)
