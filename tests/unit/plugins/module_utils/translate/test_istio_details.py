# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and fields of Istio's objects that no example shows."""

from __future__ import annotations

import re

import pytest
from ansible_collections.mlops.ingress.plugins.filter.translation import to_istio
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
POOL = {"http": {"idleTimeout": "60s"}}


def kind(found, name):
    return [item for item in found if item["kind"] == name]


def virtual_services(name, *hosts):
    """The names of the VirtualServices of a ServiceRoute with one route for each host, by host."""
    routes = [route(prefix=f"/{index}/", hosts=[host]) for index, host in enumerate(hosts)]
    found = kind(to_istio(service_route(*routes, name=name)), "VirtualService")
    assert {item["spec"]["hosts"][0] for item in found} == set(hosts)
    return {item["spec"]["hosts"][0]: item["metadata"]["name"] for item in found}


@pytest.mark.parametrize("name", ["r", *("r" * length for length in range(53, 64)), "a" * 53 + "-" + "b" * 9])
def test_name_for_other_hosts(name):
    hosts = [f"h{index}.com" for index in range(20)]
    names = virtual_services(name, *hosts)
    assert names.pop("h0.com") == name
    assert len({name, *names.values()}) == len(hosts)
    assert all(LABEL.fullmatch(found) and found.startswith(name[:54]) for found in names.values())


def test_name_for_other_hosts_stays():
    before, after = virtual_services("r" * 63, "a.com", "b.com"), virtual_services("r" * 63, "a.com", "c.com", "b.com")
    assert before["b.com"] == after["b.com"]


def rules(*predictors, **options):
    """The traffic policy of each DestinationRule by its name."""
    found = kind(to_istio(deployment("m", *predictors), **options), "DestinationRule")
    return {item["metadata"]["name"]: item["spec"]["trafficPolicy"] for item in found}


@pytest.mark.parametrize("mode", ["", "ISTIO_MUTUAL", "SIMPLE", "DISABLE"])
def test_tls_of_a_model_wins_over_the_mode(mode):
    found = rules(
        predictor("a", traffic=50, ssl={"certSecretName": "sec"}, explainer={"type": "A"}),
        predictor("b", traffic=50),
        tls_mode=mode,
    )
    own = {"connectionPool": POOL, "tls": {"mode": "SIMPLE", "insecureSkipVerify": True}}
    other = {"connectionPool": POOL} | ({"tls": {"mode": mode}} if mode else {})
    assert found == {"m-a": own, "m-a-explainer": own, "m-b": other}


def test_tls_of_a_shadow():
    found = rules(predictor("a"), predictor("s", shadow=True, ssl={"certSecretName": "sec"}))
    assert (found["m-a"].get("tls"), found["m-s"]["tls"]) == (None, {"mode": "SIMPLE", "insecureSkipVerify": True})


def ports(*routes):
    """The ports of the ServiceEntry of the host ``a.b.c``: number, name, protocol."""
    (entry,) = kind(to_istio(service_route(*routes)), "ServiceEntry")
    assert entry["spec"]["hosts"] == ["a.b.c"]
    return [(port["number"], port["name"], port["protocol"]) for port in entry["spec"]["ports"]]


def outside(port, **fields):
    return {"service": "a.b.c", "port": port} | fields


PORTS = {
    "http": ({"backends": [outside(80)]}, [(80, "http-80", "HTTP")]),
    "https": ({"backends": [outside(443)]}, [(443, "https-443", "HTTPS")]),
    "https-elsewhere": ({"backends": [outside(8443, tls=True)]}, [(8443, "https-8443", "HTTPS")]),
    "443-without-tls": ({"backends": [outside(443, tls=False)]}, [(443, "http-443", "HTTP")]),
    "grpc": ({"grpc": True, "backends": [outside(9000)]}, [(9000, "grpc-9000", "GRPC")]),
    "grpc-443-without-tls": ({"grpc": True, "backends": [outside(443, tls=False)]}, [(443, "grpc-443", "GRPC")]),
    "grpc-with-tls": ({"grpc": True, "backends": [outside(443)]}, [(443, "https-443", "HTTPS")]),
    "mirror": ({"mirror": outside(81)}, [(81, "http-81", "HTTP")]),
    "sorted": (
        {"backends": [outside(443, weight=50), outside(80, weight=50)]},
        [(80, "http-80", "HTTP"), (443, "https-443", "HTTPS")],
    ),
}


@pytest.mark.parametrize(("fields", "expected"), PORTS.values(), ids=PORTS)
def test_ports_of_an_outside_host(fields, expected):
    assert ports(route(**fields)) == expected


def test_ports_of_several_routes():
    found = ports(
        route(backends=[outside(80)]),
        route(prefix="/g/", grpc=True, backends=[outside(9000)]),
        route(prefix="/t/", backends=[outside(443)]),
    )
    assert found == [(80, "http-80", "HTTP"), (443, "https-443", "HTTPS"), (9000, "grpc-9000", "GRPC")]


@pytest.mark.parametrize("service", ["s", "s.o", "s.o.svc.cluster.local"])
def test_no_service_entry_inside_the_cluster(service):
    found = to_istio(service_route(route(grpc=True, backends=[{"service": service, "port": 80}])))
    assert [item["kind"] for item in found] == ["VirtualService"]
