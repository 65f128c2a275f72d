# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The corrected profile routes alike on Emissary and Istio, for every request that their tables tell apart."""

from __future__ import annotations

import copy

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import to_ambassador, to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.routing.classes import requests
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Request
from ansible_collections.mlops.ingress.plugins.module_utils.routing.resolve import Answer, resolve
from ansible_collections.mlops.ingress.tests.support.strategies import (
    definitions,
    deployment,
    is_grpc_to_a_rest_address,
    overlapping_definitions,
)
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


def every_age(objects):
    """The objects of Istio with other times of their VirtualServices: each is the oldest once, and so wins all requests
    that it can win in any order, and then the whole order is turned."""
    places = [place for place, item in enumerate(objects) if item["kind"] == "VirtualService"]
    orders = {tuple(places[first:] + places[:first]) for first in range(len(places))} | {tuple(reversed(places))}
    for order in sorted(orders):
        aged = copy.deepcopy(objects)
        for day, place in enumerate(order, start=1):
            aged[place]["metadata"]["creationTimestamp"] = f"2026-01-{day:02d}T00:00:00Z"
        yield aged


def assert_alike(ambassador_objects, istio_objects) -> int:
    """How many requests both answered alike, whichever VirtualService is the oldest."""
    emissary = emissary_table(ambassador_objects)
    tables = [istio_table(objects) for objects in every_age(istio_objects)]
    graves = {item for table in (emissary, *tables) for item in table.findings if item.level == "error"}
    assert not graves
    (one,) = emissary.entrances
    asked = [request for request in requests([one, *tables[0].entrances]) if not is_grpc_to_a_rest_address(request)]
    expected = [told(resolve(one, request)) for request in asked]
    for table in tables:
        (other,) = table.entrances
        for request, answer in zip(asked, expected, strict=True):
            assert told(resolve(other, request)) == answer, request
    return len(asked)


@pytest.mark.slow
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


@pytest.mark.slow
@settings(usual, max_examples=100)
@given(documents=overlapping_definitions())
def test_definitions_that_overlap(documents):
    try:
        found = to_ambassador(documents), to_istio(documents, gateway=GATEWAY)
    except AnsibleFilterError as error:
        if "matches the same requests" not in str(error) and "one request can match" not in str(error):
            raise
        assume(False)
        raise
    assert_alike(*found)


@pytest.mark.slow
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
