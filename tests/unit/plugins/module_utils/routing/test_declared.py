# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both providers do with every request what its definition declares, as ``tests/support/declared.py`` reads it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import to_ambassador, to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.definition.re2 import expression
from ansible_collections.mlops.ingress.plugins.module_utils.routing.classes import OTHER, requests
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Entrance, Request, Table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.resolve import resolve
from ansible_collections.mlops.ingress.tests.support.declared import Answer, Condition, Declared, Match, declared
from ansible_collections.mlops.ingress.tests.support.strategies import (
    definitions,
    deployment,
    is_grpc_to_a_rest_address,
    predictor,
    route,
    service_route,
)
from ansible_collections.mlops.ingress.tests.support.vectors import vectors
from hypothesis import HealthCheck, Phase, assume, given, settings

# Without shrinking, which takes minutes here: an example that fails is short enough to read.
usual = settings(
    deadline=None,
    derandomize=True,
    max_examples=60,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
ROOT = Path(__file__).parents[5]
GATEWAY = "gw/gw"
# What a request gets where nothing is annotated; 0 is no limit.
TIMEOUTS = {"ambassador": 3000, "istio": 0}
DOORS = ("istio-host", "istio-gateway", "ambassador-id")


def note(document, key):
    """An annotation, from the spec before the metadata; empty if there is none."""
    places = document["spec"], document["metadata"]
    found = [place["annotations"][key] for place in places if key in (place.get("annotations") or {})]
    return found[0] if found else ""


def replaced_on_ambassador(document):
    return bool(note(document, "seldon.io/ambassador-config"))


def without_doors(documents):
    """The definitions without hosts, gateways and ids of their own: the environment has one door for all."""
    documents = copy.deepcopy(documents)
    for document in documents:
        for place in (document["metadata"], document["spec"]):
            for key in DOORS:
                (place.get("annotations") or {}).pop(f"seldon.io/{key}", None)
    return documents


def only_entrance(table: Table) -> Entrance:
    """The one door of a table; where nothing is routed, one without hosts."""
    if not table.entrances:
        return Entrance("istio", GATEWAY, 0, ())
    (entrance,) = table.entrances
    return entrance


def routed(entrance: Entrance, request: Request) -> Answer:
    """What a table does with a request, in the words of a declaration."""
    found = resolve(entrance, request)
    assert not found.redirect
    assert found.unanswered == (0 if found.parts else 100), "a part of the requests goes nowhere"
    timeouts = {part.share.timeout_ms or 0 for part in found.parts}
    assert len(timeouts) < 2, "the backends of an entry have one timeout"
    parts = ((item.share.target.host, item.share.target.port, item.percent, item.path) for item in found.parts)
    mirrors = ((item.copy.target.host, item.copy.target.port, item.percent) for item in found.mirrors)
    return Answer(tuple(sorted(parts)), tuple(sorted(mirrors)), next(iter(timeouts), None))


def meant(run: Declared, request: Request, provider: str) -> Answer:
    """What is declared, with the provider's timeout where none is annotated."""
    answer = run.answer(request)
    timeout = TIMEOUTS[provider] if answer.timeout_ms is None else answer.timeout_ms
    return Answer(answer.parts, answer.mirrors, timeout if answer.parts else None)


def told_apart(run: Declared) -> Iterator[Request]:
    """A request for each entry, and one with each of its conditions missed: made from the declaration alone, so that
    a route that neither provider has is asked for too."""
    for entry in run.entries:
        match = entry.match
        for path in paths(match):
            method, host = min(match.methods, default="POST"), min(match.hosts, default="any.invalid")
            host = host.replace("*", "any")
            headers, query = values(match.headers), values(match.query)
            yield request(method, host, path, headers, query)
            for name in headers:
                yield request(method, host, path, {**headers, name: OTHER}, query)
                yield request(method, host, path, {key: headers[key] for key in headers if key != name}, query)
            for name in query:
                yield request(method, host, path, headers, {key: query[key] for key in query if key != name})


def paths(match: Match) -> list[str]:
    if match.kind == "regex":
        return expression(match.path).examples(3)
    return [match.path, f"{match.path}a", match.path[:-1] or "/"]


def values(conditions: Iterable[Condition]) -> dict[str, str]:
    examples = {"exact": lambda text: text, "present": lambda text: OTHER, "regex": one_example}
    return {item.name: examples[item.kind](item.value) for item in conditions}


def one_example(pattern: str) -> str:
    return next(iter(expression(pattern).examples()), OTHER)


def request(method: str, host: str, path: str, headers: dict[str, str], query: dict[str, str]) -> Request:
    return Request(method, host, path, tuple(sorted(headers.items())), tuple(sorted(query.items())))


def compare(documents: list[dict[str, Any]]) -> int:
    """Ask both tables and the declaration, and count the requests.

    Raises:
        AnsibleFilterError: where the definitions are refused.
    """
    documents = without_doors(documents)
    entrances = {"istio": only_entrance(istio_table(to_istio(documents, gateway=GATEWAY)))}
    # Documents that replace the routes of a deployment on Ambassador say nothing of what was declared.
    if not any(map(replaced_on_ambassador, documents)):
        entrances["ambassador"] = only_entrance(emissary_table(to_ambassador(documents)))
    run = declared(documents)
    asked = {*requests(entrances.values()), *told_apart(run)}
    if len(documents) > 1:
        asked = {one for one in asked if not is_grpc_to_a_rest_address(one)}
    for one in sorted(asked, key=repr):
        for provider, entrance in entrances.items():
            assert routed(entrance, one) == meant(run, one, provider), (provider, one)
    return len(asked)


def with_owners(documents):
    """The definitions with those that they are attached to."""
    found = list(documents)
    for document in documents:
        target = note(document, "seldon.io/ambassador-service-name")
        if target and target not in (item["metadata"]["name"] for item in found):
            found.append(deployment(target, namespace=document["metadata"].get("namespace")))
    return found


@pytest.mark.slow
def test_every_measured_definition(capsys):
    compared, refused = {}, set()
    for vector in vectors():
        if vector.refused:
            continue
        try:
            compared[vector.id] = compare(with_owners([vector.input]))
        except AnsibleFilterError:
            refused.add(vector.id)
    asked = sum(compared.values())
    with capsys.disabled():
        print(f"\n{len(compared)} measured definitions, {asked} requests: as declared")
    # Why each of the others is refused is written there.
    expected = yaml.safe_load((ROOT / "tests" / "data" / "corrected.yaml").read_text(encoding="utf-8"))
    assert refused <= {name for name, case in expected.items() if "refuse" in case}
    assert len(compared) > 180
    assert asked > 20_000


def written():
    """Every document of the examples, and every run of the seeds."""
    for path in sorted((ROOT / "examples" / "definitions").glob("*.yaml")):
        text = path.read_text(encoding="utf-8")
        yield path, [item for item in yaml.safe_load_all(text) if item]
    for path in sorted((ROOT / "tests" / "data" / "seeds").glob("*.yaml")):
        yield path, yaml.safe_load(path.read_text(encoding="utf-8"))["definitions"]


def to(service, port=80, **fields):
    return {"service": service, "port": port, **fields}


# A word of each kind that a ServiceRoute has, and deployments that come near to each other.
SHORT = {
    "prefix, path and expression": [
        service_route(
            route(name="one", prefix="/one/"),
            route(name="two", prefix="/two/", rewrite="/2/"),
            route(name="three", prefix="/three/", rewrite=""),
            route(name="four", prefix=None, path="/four"),
            route(name="five", prefix=None, path="/five", rewrite="/5"),
            route(name="six", prefix=None, regex="/six/[a-c]+"),
        )
    ],
    "the longer prefix first": [
        service_route(route(name="one"), route(name="two", prefix="/r/s/", backends=[to("t")]))
    ],
    "the longer prefix first, in two definitions": [
        service_route(route(prefix="/models/"), name="a"),
        service_route(route(prefix="/models/test/", backends=[to("t")]), name="b"),
    ],
    "weights": [
        service_route(
            route(name="one", prefix="/one/", backends=[to("a", weight=70), to("b"), to("c", weight=10)]),
            route(name="two", prefix="/two/", backends=[to("a", weight=100), to("b", weight=0)]),
            route(name="three", prefix="/three/", backends=[to("a"), to("b", weight=100)]),
        )
    ],
    "mirrors": [
        service_route(
            route(name="one", prefix="/one/", mirror=to("copy.other", 81)),
            route(name="two", prefix="/two/", mirror=to("copy", percent=30)),
            route(name="three", prefix="/three/", mirror=to("copy", percent=0)),
        )
    ],
    "conditions": [
        service_route(
            route(name="one", headers={"X-A": "1", "x-b": {"regex": "a|b"}, "x-c": {"present": True}}),
            route(name="two", query={"q": "1", "p": {"regex": "[0-9]"}, "o": {"present": True}}, backends=[to("t")]),
            route(name="three", methods=["GET", "PUT"], prefix="/three/"),
            route(name="four", methods=["POST"], prefix="/four/"),
            route(name="five", hosts=["a.com", "*.b.com"], prefix="/five/"),
            route(name="six", headers={"x-a": {"exact": "2"}}, backends=[to("u")]),
        )
    ],
    "targets": [
        service_route(
            route(name="one", prefix="/one/", backends=[to("s.other")]),
            route(name="two", prefix="/two/", backends=[to("s.other.svc.cluster.local")]),
            route(name="three", prefix="/three/", backends=[to("www.example.com", 443)]),
            route(name="four", prefix="/four/", backends=[to("example.com")], host_rewrite="example.com"),
            route(name="five", prefix="/five/", backends=[to("example.com", external=True)], timeout_ms=1500),
            namespace=None,
        )
    ],
    "one name in two namespaces": [deployment(namespace="n"), deployment(namespace="o")],
    "names that begin alike": [deployment("m"), deployment("m-explainer", namespace="n")],
    "a namespace that looks like gRPC": [deployment(namespace="protos")],
    "attached to a canary, with and without a header": [
        deployment("m", predictor("a", traffic=75), predictor("b", traffic=25)),
        deployment("m2", notes={"ambassador-service-name": "m"}),
        deployment("m3", notes={"ambassador-service-name": "m", "ambassador-header": "location: london"}),
        deployment("m4", notes={"ambassador-service-name": "m", "ambassador-regex-header": "location: lond.*"}),
        deployment("m5", notes={"ambassador-service-name": "m", "ambassador-header": "x-any"}),
    ],
}


@pytest.mark.parametrize("documents", SHORT.values(), ids=SHORT)
def test_short_definitions(documents):
    assert compare(documents) > 20


def test_every_written_definition(capsys):
    compared = asked = 0
    for _path, documents in written():
        asked += compare(with_owners(documents))
        compared += len(documents)
    together = [item for path, documents in written() for item in documents if path.parent.name == "definitions"]
    asked += compare(with_owners([item for item in together if not replaced_on_ambassador(item)]))
    with capsys.disabled():
        print(f"\n{compared} written definitions, {asked} requests: as declared")
    assert compared > 23
    assert asked > 1_000


counted = {"definitions": 0, "requests": 0}


@usual
@given(documents=definitions)
def random_definitions(documents):
    try:
        asked = compare(documents)
    except AnsibleFilterError:
        assume(False)
        raise
    counted["definitions"] += len(documents)
    counted["requests"] += asked


@pytest.mark.slow
def test_random_definitions(capsys):
    random_definitions()
    with capsys.disabled():
        print("\n{definitions} random definitions, {requests} requests: as declared".format(**counted))
    assert counted["definitions"] > 60
    assert counted["requests"] > 5_000
