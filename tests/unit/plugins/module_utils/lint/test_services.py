# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ports of Services that routes lead to: each case with its near misses, for both providers."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.lint.services import port_findings
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Table
from ansible_collections.mlops.ingress.tests.support.strategies import garbage
from hypothesis import given, settings
from hypothesis import strategies as st


def service(name, *ports, namespace="n", **spec):
    body = {"ports": [{"port": port} for port in ports]} | spec
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": body,
    }


def route(*destinations, mirror=None, gateways=("g/gw",), count=1):
    fields = {"route": [{"destination": one, "weight": 1} for one in destinations]}
    fields |= {"mirror": mirror} if mirror else {}
    return {
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "VirtualService",
        "metadata": {"name": "v", "namespace": "n"},
        "spec": {
            "hosts": ["a.com"],
            "gateways": list(gateways),
            "http": [fields | {"match": [{"uri": {"prefix": f"/{number}/"}}]} for number in range(count)],
        },
    }


def to(host, port=80):
    return {"host": host} | ({"port": {"number": port}} if port else {})


def mapping(target, **spec):
    return {
        "apiVersion": "getambassador.io/v3alpha1",
        "kind": "Mapping",
        "metadata": {"name": "m", "namespace": "n"},
        "spec": {"hostname": "*", "prefix": "/", "service": target} | spec,
    }


def found(*objects):
    mappings = [one for one in objects if one["kind"] == "Mapping"]
    table = emissary_table(objects) if mappings else istio_table(objects)
    return [(one.level, one.where, one.message, one.fix) for one in port_findings(table, objects) if one.id == "A12"]


LACKS = "leads to port 80 of the Service n/s, which has the ports 81, 82"
MISSING = "leads to the Service n/s, which is not among the Services given for this namespace"
FULL = "s.n.svc.cluster.local"


@pytest.mark.parametrize(
    ("objects", "level", "message"),
    [
        ([route(to(FULL)), service("s", 81, 82)], "error", LACKS),
        ([route(to("s")), service("s", 81, 82)], "error", LACKS),
        ([route(to(FULL)), service("s", 81, 82, clusterIP="None")], "error", LACKS),
        (
            [route(to(FULL)), service("s", 81)],
            "error",
            "leads to port 80 of the Service n/s, which has the port 81",
        ),
        ([route(to(FULL)), service("s")], "error", "leads to port 80 of the Service n/s, which has no port"),
        ([route(to(FULL)), service("s", 81, 82), service("s", 80, namespace="other")], "error", LACKS),
        (
            [route(to(FULL)), service("s", *range(81, 89))],
            "error",
            "leads to port 80 of the Service n/s, which has the ports 81, 82, 83, 84, 85 and others",
        ),
        ([route(to("x.com"), mirror=to(FULL)), service("s", 81, 82)], "error", LACKS),
        ([route(to(FULL), count=7), service("s", 81, 82)], "error", LACKS),
        ([route(to(FULL)), service("t", 80)], "warning", MISSING),
        # An object that is there twice counts as it is last.
        ([route(to(FULL)), service("s", 80), service("s", 81, 82)], "error", LACKS),
        ([mapping("s"), service("s", 81, 82)], "error", LACKS),
        ([mapping("s.n:80"), service("s", 81, 82)], "error", LACKS),
        ([mapping("s.n"), service("t", 80)], "warning", MISSING),
    ],
)
def test_a_port_that_is_not_there(objects, level, message):
    ((said_level, where, said_message, fix),) = found(*objects)
    owner = "Mapping n/m" if objects[0]["kind"] == "Mapping" else "VirtualService n/v"
    assert (said_level, where, said_message) == (level, owner, message)
    assert fix == ("take a port of it, or add 80 to it" if level == "error" else "see that it exists, or give it too")


@pytest.mark.parametrize(
    "objects",
    [
        [route(to(FULL)), service("s", 80)],
        [route(to(FULL)), service("s", 81, 80)],
        [route(to(FULL)), service("s", 81), service("s", 80)],
        # Nothing is known of the namespace.
        [route(to(FULL))],
        [route(to(FULL)), service("s", 81, namespace="other")],
        [route(to(FULL)), service("s", type="ExternalName", externalName="x.com")],
        [route(to("s.com")), service("s", 81)],
        # The Gateway is not given, so it is not known at which port requests come in.
        [route(to(FULL, port=None)), service("s", 81, 82)],
        [mapping("s"), service("s", 80)],
        [mapping("https://s"), service("s", 443)],
        [mapping("s:8080"), service("s", 8080)],
        [mapping("example.com:81"), service("s", 80)],
    ],
)
def test_a_port_that_is_there(objects):
    assert found(*objects) == []


@pytest.mark.parametrize(
    ("given_services", "own", "levels"),
    [
        # What is ours is not all that there is in a namespace.
        ([], [service("t", 80)], []),
        ([service("t", 80)], [], ["warning"]),
        ([service("t", 80)], [service("u", 80)], ["warning"]),
        ([service("t", 80, namespace="other")], [service("t", 80)], []),
        # It is there, though.
        ([service("t", 80)], [service("s", 80)], []),
        ([], [service("s", 81)], ["error"]),
        ([], [service("s", 80)], []),
        ([service("s", 81)], [service("s", 80)], []),
        ([service("s", 80)], [service("s", 81)], ["error"]),
    ],
)
@pytest.mark.parametrize("from_ambassador", [False, True])
def test_services_of_ours(given_services, own, levels, from_ambassador):
    table = emissary_table([mapping("s.n")]) if from_ambassador else istio_table([route(to(FULL))])
    assert [one.level for one in port_findings(table, given_services, own)] == levels


def test_one_finding_for_each_target_and_owner():
    other = route(to(FULL))
    other["metadata"]["name"] = "w"
    objects = [route(to(FULL), to(FULL, 79), count=5, gateways=["g/gw", "g/two"]), other, service("s", 81)]
    assert sorted((where, message[14:16]) for _level, where, message, _fix in found(*objects)) == [
        ("VirtualService n/v", "79"),
        ("VirtualService n/v", "80"),
        ("VirtualService n/w", "80"),
    ]


@settings(deadline=None, derandomize=True, max_examples=150)
@given(st.lists(garbage, max_size=4), garbage, garbage, garbage)
def test_garbage_is_no_service(items, metadata, spec, ports):
    kind = {"apiVersion": "v1", "kind": "Service"}
    broken = [
        kind | {"metadata": metadata, "spec": spec},
        kind | {"metadata": {"name": "s", "namespace": "n"}, "spec": spec},
        kind | {"metadata": {"name": "s", "namespace": "n"}, "spec": {"ports": ports}},
        kind | {"metadata": {"name": "s", "namespace": "n"}, "spec": {"ports": [{"port": ports, "name": spec}]}},
    ]
    table = istio_table([route(to(FULL))])
    for finding in port_findings(table, [*items, *broken]):
        assert finding.where == "VirtualService n/v"


def test_nothing_gives_nothing():
    assert port_findings(Table((), ()), [service("s", 80)]) == ()
