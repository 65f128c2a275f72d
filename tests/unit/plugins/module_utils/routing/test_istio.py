# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route table of Istio: each rule and its near misses, our own objects, and garbage."""

from __future__ import annotations

import copy
import cProfile
from fractions import Fraction

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import operator_env
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.options import istio_options
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import (
    definitions_of,
    istio_run,
    plain,
)
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio_read import covers
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import (
    RegexRewrite,
    Request,
    RequestMatch,
    Table,
    Text,
)
from ansible_collections.mlops.ingress.plugins.module_utils.routing.resolve import resolve
from ansible_collections.mlops.ingress.tests.support import crds
from ansible_collections.mlops.ingress.tests.support.strategies import definitions, deployment, garbage, predictor
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

# No deadline and no random seed: a slow machine is no bug, and a run says the same as the last one.
usual = settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=list(HealthCheck))
many = settings(usual, max_examples=150)

TARGET = {"host": "s.n.svc.cluster.local", "port": {"number": 80}}


def obj(kind, name, spec, namespace="n", **metadata):
    version = "v1" if kind == "Service" else "networking.istio.io/v1beta1"
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": spec,
    }


def http(uri=None, **fields):
    """A route to one destination; ``uri`` is its match."""
    found = {"route": [{"destination": TARGET}]}
    if uri is not None:
        found["match"] = [{"uri": uri}]
    return {key: value for key, value in (found | fields).items() if value is not None}


def service(*routes, name="v", hosts=("a.com",), gateways=("g/gw",), namespace="n", spec=None, **metadata):
    body = {"hosts": list(hosts), "gateways": list(gateways), "http": list(routes)} | (spec or {})
    return obj("VirtualService", name, body, namespace, **metadata)


def server(*hosts, port=80, protocol="HTTP", **tls):
    found = {"port": {"number": port, "name": f"p{port}", "protocol": protocol}, "hosts": list(hosts)}
    return found | ({"tls": tls} if tls else {})


def gateway(*servers, name="gw", namespace="g"):
    return obj("Gateway", name, {"selector": {"istio": "gw"}, "servers": list(servers)}, namespace)


GATEWAY = gateway(server("*"))


def rule(host="s.n.svc.cluster.local", subsets=(), name="d", **spec):
    return obj("DestinationRule", name, {"host": host, "subsets": list(subsets)} | spec)


def rows(*objects, entrance=0, host=0):
    """The rows of one host, of a table without findings."""
    table = istio_table(objects)
    assert table.findings == ()
    return table.entrances[entrance].hosts[host].rows


def one_row(route, *more):
    (row,) = rows(GATEWAY, service(route), *more)
    return row


def ids(table):
    return [finding.id for finding in table.findings]


def refused(route_or_service, check):
    """An object that admission refuses: one finding, and no row of it."""
    found = route_or_service if "kind" in route_or_service else service(route_or_service)
    table = istio_table([GATEWAY, found])
    assert [(item.id, item.level) for item in table.findings] == [(check, "error")], table.findings
    assert not any(entrance.hosts for entrance in table.entrances)
    return table.findings[0]


# --- Entrances ----------------------------------------------------------------------------------------------------


def test_an_entrance_for_every_port_of_every_gateway():
    table = istio_table([gateway(server("*"), server("*", port=443, protocol="HTTPS", mode="SIMPLE")), service(http())])
    assert [(one.provider, one.name, one.port) for one in table.entrances] == [
        ("istio", "g/gw", 80),
        ("istio", "g/gw", 443),
    ]
    assert [[host.domain for host in one.hosts] for one in table.entrances] == [["a.com"], ["a.com"]]
    assert table.findings == ()


def test_a_gateway_that_is_not_given_is_one_finding():
    table = istio_table([service(http()), service(http(), name="w", hosts=["b.com"])])
    assert [(one.name, one.port, len(one.hosts)) for one in table.entrances] == [("g/gw", 0, 2)]
    (finding,) = table.findings
    assert (finding.id, finding.level, finding.where) == ("D01", "warning", "Gateway g/gw")
    assert "is not among the objects given" in finding.message


@pytest.mark.parametrize(
    ("gateways", "level", "says", "fix"),
    [
        (
            [gateway(server("*"), name="other")],
            "error",
            "although VirtualService n/v names it; given are g/other",
            "name one of them",
        ),
        (
            [gateway(server("*"), name=f"o{number}") for number in range(5)],
            "error",
            "given are g/o0, g/o1, g/o2 and others",
            "name one of them",
        ),
        (
            [gateway(server("*"), namespace="x"), gateway(server("*"), name="a")],
            "error",
            "a gateway without a namespace is taken from that of the VirtualService",
            "write x/gw, or give",
        ),
        ([obj("Gateway", "broken", [])], "error", "given are n/broken", "name one of them"),
        ([], "warning", "so its ports and hosts are not known", "see that it exists"),
        # Kubernetes has Gateways of its own.
        (
            [obj("Gateway", "k", {}) | {"apiVersion": "gateway.networking.k8s.io/v1"}],
            "warning",
            "so its ports and hosts are not known",
            "see that it exists",
        ),
    ],
)
@pytest.mark.parametrize("name", ["gw", "n/gw"])
def test_a_gateway_that_is_not_there(gateways, level, says, fix, name):
    table = istio_table([*gateways, service(http(), gateways=[name])])
    (finding,) = [item for item in table.findings if item.id == "D01"]
    assert (finding.level, finding.where) == (level, "Gateway n/gw")
    assert finding.message.startswith("is not among the objects given")
    assert finding.message.endswith(says)
    assert finding.fix.startswith(fix)


@pytest.mark.parametrize("name", ["gw", "n/gw", "gw.n"])
def test_a_gateway_that_is_there(name):
    assert ids(istio_table([gateway(server("*"), namespace="n"), service(http(), gateways=[name])])) == []


@pytest.mark.parametrize(
    ("said", "meant"), [("gw", "n/gw"), ("gw.g", "g/gw"), ("gw.g.svc.cluster.local", "g/gw"), ("g/gw", "g/gw")]
)
def test_names_of_gateways(said, meant):
    assert [one.name for one in istio_table([service(http(), gateways=[said])]).entrances] == [meant]


def test_no_gateway_is_the_mesh():
    table = istio_table([service(http(), gateways=[], hosts=["Reviews"])])
    assert [(one.name, one.port) for one in table.entrances] == [("mesh", 0)]
    assert table.entrances[0].hosts[0].domain == "reviews.n.svc.cluster.local"
    assert table.findings == ()


def test_the_mesh_merges_nothing():
    older = service(http({"exact": "/a"}), gateways=["mesh"], creationTimestamp="2020-01-01T00:00:00Z")
    newer = service(http({"exact": "/b"}), name="a", gateways=["mesh"], creationTimestamp="2021-01-01T00:00:00Z")
    table = istio_table([newer, older])
    assert [row.owner.name for row in table.entrances[0].hosts[0].rows] == ["v"]
    (finding,) = table.findings
    assert (finding.id, finding.where) == ("A13", "VirtualService n/a spec.hosts")
    assert "because VirtualService n/v has it too and comes first" in finding.message


@pytest.mark.parametrize("tls", [{"mode": "PASSTHROUGH"}, {"mode": "AUTO_PASSTHROUGH"}])
def test_what_is_no_http_server_is_ignored(tls):
    passed = server("*", port=443, protocol="HTTPS", **tls)
    table = istio_table([gateway(passed, server("*", port=9, protocol="TCP")), service(http())])
    assert table.entrances == ()
    assert ids(table) == ["D03"]


@pytest.mark.parametrize(("length", "checks"), [(255, []), (256, ["D14"])])
@pytest.mark.parametrize("namespace", ["", "./", "*/"])
def test_hosts_of_servers_that_are_too_long(length, checks, namespace):
    host = ("a." * length)[: length - 3] + "com"
    assert len(host) == length
    table = istio_table([gateway(server(namespace + host))])
    assert ids(table) == checks
    for finding in table.findings:
        assert finding.where == "Gateway g/gw spec.servers[0].hosts[0]"
        assert "is longer than 255 characters, so Istio refuses the whole Gateway" in finding.message


@pytest.mark.parametrize("protocol", ["HTTP", "http", "HTTP2", "GRPC", "GRPC-WEB"])
def test_http_servers(protocol):
    assert len(rows(gateway(server("*", protocol=protocol)), service(http()))) == 1


def test_https_redirect():
    secure = gateway(
        server("*.a.com", httpsRedirect=True), server("*.a.com", port=443, protocol="HTTPS", mode="SIMPLE")
    )
    table = istio_table([secure, service(http(), hosts=["x.a.com"])])
    first, second = table.entrances
    assert [(host.domain, [row.redirect for row in host.rows]) for host in first.hosts] == [
        ("x.a.com", ["https"]),
        ("*.a.com", ["https"]),
    ]
    assert first.hosts[0].rows[0].owner.kind == "Gateway"
    assert first.hosts[0].rows[0].shares == ()
    assert [(host.domain, len(host.rows[0].shares)) for host in second.hosts] == [("x.a.com", 1)]


def test_other_objects_are_ignored():
    other = [
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": [], "spec": 1},
        {"apiVersion": "serving.knative.dev/v1", "kind": "Service"},
        {"apiVersion": "networking.istio.io/v2", "kind": "VirtualService"},
        {"apiVersion": ["v1"], "kind": {"a": 1}},
        {},
        7,
    ]
    assert istio_table(other) == Table((), ())


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_versions(version):
    found = service(http()) | {"apiVersion": f"networking.istio.io/{version}"}
    assert len(istio_table([found]).entrances) == 1


# --- Hosts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("servers", "hosts", "served"),
    [
        (["*"], ["a.com", "B.com"], ["a.com", "b.com"]),
        (["*.a.com"], ["x.a.com"], ["x.a.com"]),
        (["x.a.com", "y.a.com", "z.b.com"], ["*.a.com"], ["x.a.com", "y.a.com"]),
        (["a.com"], ["*"], ["a.com"]),
        (["n/a.com"], ["a.com"], ["a.com"]),
        (["*/a.com"], ["a.com"], ["a.com"]),
        (["n/*"], ["a.com"], ["a.com"]),
        (["*/*"], ["a.com"], ["a.com"]),
        (["*a.com"], ["a.com"], ["a.com"]),
    ],
)
def test_hosts_that_a_server_serves(servers, hosts, served):
    table = istio_table([gateway(server(*servers)), service(http(), hosts=hosts)])
    assert sorted(host.domain for host in table.entrances[0].hosts) == served
    assert table.findings == ()


@pytest.mark.parametrize(
    ("servers", "host"),
    [
        (["b.com"], "a.com"),
        (["*.a.com"], "a.com"),
        (["m/a.com"], "a.com"),
        (["./a.com"], "a.com"),
        (["A.com"], "a.com"),
        (["*.b.com"], "*.a.com"),
    ],
)
def test_hosts_outside_those_of_the_gateway(servers, host):
    table = istio_table([gateway(server(*servers)), service(http(), hosts=[host])])
    assert table.entrances[0].hosts == ()
    (finding,) = table.findings
    assert (finding.id, finding.level, finding.where) == ("D03", "error", "VirtualService n/v spec.hosts")
    assert host in finding.message


def test_the_gateways_own_namespace():
    assert rows(gateway(server("./a.com"), namespace="n"), service(http(), gateways=["gw"]))


def test_hosts_that_overlap_stay_apart():
    table = istio_table([GATEWAY, service(http(), hosts=["*"]), service(http(), name="w")])
    assert [(host.domain, len(host.rows)) for host in table.entrances[0].hosts] == [("a.com", 1), ("*", 1)]
    assert table.findings == ()


def test_two_servers_of_one_port_and_host_are_one():
    assert len(rows(gateway(server("*"), server("a.com")), service(http()))) == 1


# --- Order --------------------------------------------------------------------------------------------------------


def paths(found):
    return [row.match.path.value if row.match.path else None for row in found]


def test_the_order_is_that_of_creation_then_name_then_namespace():
    found = [
        service(http({"exact": "/4"}), name="b", namespace="n"),
        service(http({"exact": "/3"}), name="b", namespace="m"),
        service(http({"exact": "/2"}), name="a", creationTimestamp="2024-02-01T00:00:00Z"),
        service(http({"exact": "/1"}), name="z", creationTimestamp="2024-01-01T00:00:00Z"),
        service(http({"exact": "/5"}), name="c", creationTimestamp=None),
    ]
    assert paths(rows(GATEWAY, *found)) == ["/1", "/2", "/3", "/4", "/5"]
    assert paths(rows(*reversed(found), GATEWAY)) == ["/1", "/2", "/3", "/4", "/5"]


@pytest.mark.parametrize("match", [None, {"uri": {"prefix": "/"}}, {"uri": {"regex": ".*"}}, {}, {"uri": {}}])
def test_a_catch_all_comes_last(match):
    everything = http() if match is None else http() | {"match": [match]}
    found = rows(GATEWAY, service(everything, name="a"), service(http({"prefix": "/b"}), name="b"))
    assert [row.owner.name for row in found] == ["b", "a"]


@pytest.mark.parametrize(
    "match",
    [
        {"uri": {"prefix": "/"}, "headers": {"x": {}}},
        {"uri": {"prefix": "/"}, "method": {"exact": "GET"}},
        {"uri": {"prefix": "/"}, "queryParams": {"q": {"exact": "1"}}},
        {"uri": {"prefix": "/"}, "authority": {"exact": "a.com"}},
        {"uri": {"exact": "/"}},
        {"uri": {"prefix": ""}},
        {"uri": {"regex": "/.*"}},
    ],
)
def test_what_is_no_catch_all_stays(match):
    found = rows(GATEWAY, service(http(match=[match]), name="a"), service(http({"prefix": "/b"}), name="b"))
    assert [row.owner.name for row in found] == ["a", "b"]


def test_behind_a_catch_all_of_one_object_nothing_is_left():
    many_rows = http(match=[{"uri": {"exact": "/a"}}, {"uri": {"prefix": "/"}}, {"uri": {"exact": "/b"}}])
    assert paths(rows(GATEWAY, service(many_rows, http({"exact": "/c"})))) == ["/a", "/"]


def test_an_object_that_is_there_twice():
    live = service(http({"exact": "/old"}), creationTimestamp="2020-01-01T00:00:00Z")
    other = service(http({"exact": "/b"}), name="b", creationTimestamp="2021-01-01T00:00:00Z")
    assert paths(rows(GATEWAY, live, other, service(http({"exact": "/new"})))) == ["/new", "/b"]


# --- Conditions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        ({}, RequestMatch()),
        ({"uri": {"exact": "/a"}}, RequestMatch(Text("exact", "/a"))),
        ({"uri": {"prefix": "/a"}, "ignoreUriCase": True}, RequestMatch(Text("prefix", "/a", ignore_case=True))),
        ({"uri": {"regex": "/a.*"}}, RequestMatch(Text("regex", "/a.*"))),
        ({"method": {"exact": "GET"}}, RequestMatch(method=Text("exact", "GET"))),
        ({"method": {"regex": "GET|PUT"}}, RequestMatch(method=Text("regex", "GET|PUT"))),
        ({"headers": {"X-B": {"exact": "1"}}}, RequestMatch(headers=(("x-b", Text("exact", "1")),))),
        ({"headers": {"x": {"prefix": "1"}}}, RequestMatch(headers=(("x", Text("prefix", "1")),))),
        ({"headers": {"x": {}}}, RequestMatch(headers=(("x", Text("present")),))),
        ({"headers": {"host": {"exact": "h"}}}, RequestMatch(headers=((":authority", Text("exact", "h")),))),
        (
            {"headers": {"b": {"exact": "1"}, "a": {"exact": "2"}}},
            RequestMatch(headers=(("a", Text("exact", "2")), ("b", Text("exact", "1")))),
        ),
        ({"withoutHeaders": {"x": {"exact": "1"}}}, RequestMatch(headers=(("x", Text("exact", "1", negated=True)),))),
        ({"withoutHeaders": {"x": {}}}, RequestMatch(headers=(("x", Text("present", negated=True)),))),
        ({"withoutHeaders": {"x": {"regex": "*"}}}, RequestMatch(headers=(("x", Text("present", negated=True)),))),
        ({"queryParams": {"Q": {"exact": "1"}}}, RequestMatch(query=(("Q", Text("exact", "1")),))),
        ({"queryParams": {"q": {}}}, RequestMatch(query=(("q", Text("present")),))),
        ({"authority": {"prefix": "a"}}, RequestMatch(headers=((":authority", Text("prefix", "a")),))),
        ({"port": 80}, RequestMatch()),
        ({"gateways": ["g/gw"], "sourceLabels": {"a": "b"}}, RequestMatch()),
    ],
)
def test_conditions(match, expected):
    assert one_row(http(match=[match])).match == expected


def test_a_row_for_every_match():
    found = rows(GATEWAY, service(http(match=[{"uri": {"exact": "/a"}}, {"uri": {"exact": "/b"}}])))
    assert paths(found) == ["/a", "/b"]


def test_a_port_restricts_the_entrance():
    table = istio_table([gateway(server("*"), server("*", port=81)), service(http(match=[{"port": 81}]))])
    assert [len(one.hosts) for one in table.entrances] == [0, 1]
    (row,) = istio_table([service(http(match=[{"port": 81}]))]).entrances[0].hosts[0].rows
    assert row.match.headers == ((":port", Text("exact", "81")),)


def test_gateways_of_a_match():
    found = service(
        http({"exact": "/a"}, match=[{"uri": {"exact": "/a"}, "gateways": ["gw.g"]}]),
        http({"exact": "/b"}, match=[{"uri": {"exact": "/b"}, "gateways": ["mesh"]}]),
        http({"exact": "/c"}),
        gateways=["g/gw", "mesh"],
    )
    table = istio_table([GATEWAY, found])
    assert [paths(one.hosts[0].rows) for one in table.entrances] == [["/a", "/c"], ["/b", "/c"]]


def test_the_source_is_for_the_mesh():
    found = http(match=[{"uri": {"exact": "/a"}, "sourceLabels": {"app": "x"}, "sourceNamespace": "m"}])
    table = istio_table([service(found, gateways=["mesh"])])
    assert table.findings == ()
    assert table.entrances[0].hosts[0].rows[0].match.headers == (
        (":source-label:app", Text("exact", "x")),
        (":source-namespace", Text("exact", "m")),
    )
    table = istio_table([GATEWAY, service(found, http())])
    assert [(item.id, item.where) for item in table.findings] == [("D13", "VirtualService n/v spec.http[0].match[0]")]
    assert paths(table.entrances[0].hosts[0].rows) == [None]


@pytest.mark.parametrize(
    ("match", "found"),
    [
        ({"scheme": {"exact": "https"}}, ["D13"]),
        ({"headers": {":scheme": {"exact": "https"}}}, ["D13"]),
        ({"withoutHeaders": {":Scheme": {"exact": "http"}}}, ["D13"]),
        ({"headers": {"scheme": {"exact": "https"}}}, []),
        ({"authority": {"exact": "a.com"}}, []),
        ({"scheme": None}, []),
    ],
)
def test_schemes_cannot_be_told(match, found):
    table = istio_table([GATEWAY, service(http(match=[match]))])
    assert ids(table) == found
    for item in table.findings:
        assert (item.level, item.where) == ("warning", "VirtualService n/v spec.http[0].match[0]")
        assert item.message.startswith("asks for the scheme of the request, which the table does not know; ")


def test_the_condition_on_a_scheme_stays():
    table = istio_table([GATEWAY, service(http(match=[{"scheme": {"exact": "https"}}]))])
    match = table.entrances[0].hosts[0].rows[0].match
    assert match == RequestMatch(headers=((":scheme", Text("exact", "https")),))


def test_claims_cannot_be_told():
    table = istio_table([GATEWAY, service(http(match=[{"headers": {"@request.auth.claims.a": {"exact": "b"}}}]))])
    assert ids(table) == ["D13"]
    assert table.entrances[0].hosts[0].rows[0].match.headers


# --- Destinations -------------------------------------------------------------------------------------------------


def weighted(*weights):
    destinations = ({"host": f"s{index}", "port": {"number": 80}} for index in range(len(weights)))
    return [
        {"destination": destination} | ({} if weight is None else {"weight": weight})
        for destination, weight in zip(destinations, weights, strict=True)
    ]


def percents_of(table):
    (row,) = table.entrances[0].hosts[0].rows
    return {share.target.host: share.percent for share in row.shares}


@pytest.mark.parametrize(
    ("weights", "percents"),
    [
        ((None,), {"s0.n": 100}),
        ((0,), {"s0.n": 100}),
        ((7,), {"s0.n": 100}),
        ((75, 25), {"s0.n": 75, "s1.n": 25}),
        ((1, 2), {"s0.n": Fraction(100, 3), "s1.n": Fraction(200, 3)}),
        ((0, 5), {"s1.n": 100}),
        ((None, 5, 15.0), {"s1.n": 25, "s2.n": 75}),
    ],
)
def test_weights(weights, percents):
    assert percents_of(istio_table([GATEWAY, service(http(route=weighted(*weights)))])) == percents


@pytest.mark.parametrize("weight", [0, 99])
def test_a_weight_of_a_lone_destination(weight):
    (finding,) = istio_table([service(http(route=weighted(weight)), gateways=["mesh"])]).findings
    assert (finding.id, finding.level, finding.where) == (
        "A03",
        "warning",
        "VirtualService n/v spec.http[0].route[0].weight",
    )
    assert finding.message.startswith(f"is {weight} and has no effect, because Istio gives all requests")


@pytest.mark.parametrize("weights", [(None,), (100,), (99, 1)])
def test_a_weight_that_counts(weights):
    assert istio_table([service(http(route=weighted(*weights)), gateways=["mesh"])]).findings == ()


@pytest.mark.parametrize("weights", [(0, 0), (None, None), (-1, 2), (-1,)])
def test_weights_that_are_refused(weights):
    finding = refused(http(route=weighted(*weights)), "A01")
    assert finding.where.startswith("VirtualService n/v spec.http[0].route")


@pytest.mark.parametrize(
    ("host", "meant"),
    [
        ("s", "s.n"),
        ("s.m.svc.cluster.local", "s.m"),
        ("s.m.svc.other.local", "s.m.svc.other.local"),
        ("a.b.m.svc.cluster.local", "a.b.m.svc.cluster.local"),
        ("api.example.com", "api.example.com"),
        ("s.m.svc", "s.m.svc"),
        ("10.0.0.a", "10.0.0.a"),
    ],
)
def test_hosts_of_targets(host, meant):
    row = one_row(http(route=[{"destination": {"host": host, "port": {"number": 80}}}]))
    assert row.shares[0].target.host == meant


def test_another_domain_of_the_cluster():
    found = service(http(route=[{"destination": {"host": "s.m.svc.x.y", "port": {"number": 80}}}]))
    table = istio_table([GATEWAY, found], cluster_domain="x.y")
    assert table.entrances[0].hosts[0].rows[0].shares[0].target.host == "s.m"


@pytest.mark.parametrize("host", ["s.n", "s.n.svc"])
def test_a_name_that_istio_does_not_know(host):
    found = service(http(route=[{"destination": {"host": host, "port": {"number": 80}}}]))
    assert ids(istio_table([GATEWAY, found, obj("Service", "s", {"ports": [{"port": 80}]})])) == ["D09"]
    entry = obj("ServiceEntry", "e", {"hosts": [host], "ports": [{"number": 80}]})
    assert ids(istio_table([GATEWAY, found, entry])) == []
    assert ids(istio_table([GATEWAY, found, entry, obj("Service", "s", {"ports": [{"port": 80}]})])) == []


def a_service(name, namespace="n"):
    return obj("Service", name, {"ports": [{"port": 80}]}, namespace)


@pytest.mark.parametrize(
    ("others", "fix"),
    [
        ([a_service("t")], "name a Service in full"),
        ([a_service("t"), a_service("s", "m"), a_service("s", "o")], "write s.m.svc.cluster.local"),
    ],
)
def test_a_short_name_of_no_service(others, fix):
    found = service(http(route=[{"destination": {"host": "s", "port": {"number": 80}}}]))
    (finding,) = istio_table([GATEWAY, found, *others]).findings
    assert (finding.id, finding.level, finding.fix) == ("D09", "error", fix)
    assert finding.where == "VirtualService n/v spec.http[0].route[0].destination"
    assert finding.message == "the short host s stands for a Service of n that is not there"


@pytest.mark.parametrize("target", [{"host": "s"}, {"host": "s.n"}, TARGET | {"subset": "v"}])
def test_every_destination_with_a_flaw_is_named(target):
    """Whatever is remembered of a target: each has its finding, at several gateways too."""
    doors = [gateway(server("*")), gateway(server("*"), name="two")]
    route = http(route=[{"destination": target}])
    both = [service(route, gateways=["g/gw", "g/two"]), service(route, name="w", gateways=["g/two"])]
    other = a_service("s" if target["host"] != "s" else "t")
    table = istio_table([*doors, *both, other, rule(subsets=[{"name": "w"}])])
    places = {finding.where.split()[1] for finding in table.findings if finding.level == "error"}
    assert places == {"n/v", "n/w"}


def test_a_short_name_is_looked_at_though_the_full_one_is_well():
    routes = [http(route=[{"destination": TARGET | {"host": host}}]) for host in ("s.n.svc.cluster.local", "s")]
    places = [item.where for item in istio_table([GATEWAY, service(*routes[:1]), service(*routes, name="w")]).findings]
    assert places == []
    table = istio_table([GATEWAY, service(*routes[:1]), service(*routes[1:], name="w"), a_service("t")])
    assert [item.where for item in table.findings] == ["VirtualService n/w spec.http[0].route[0].destination"]


@pytest.mark.parametrize(
    ("host", "others"),
    [
        ("s", []),
        ("s", [a_service("s")]),
        ("s", [a_service("s", "m")]),
        ("s.n.svc.cluster.local", [a_service("t")]),
        ("s", [a_service("t"), obj("ServiceEntry", "e", {"hosts": ["s.n.svc.cluster.local"], "ports": []})]),
        # A ServiceEntry is no Service of the namespace.
        ("s", [obj("ServiceEntry", "e", {"hosts": ["t"], "ports": []})]),
    ],
)
def test_a_short_name_that_may_be_right(host, others):
    found = service(http(route=[{"destination": {"host": host, "port": {"number": 80}}}]))
    assert ids(istio_table([GATEWAY, found, *others])) == []


def test_the_only_port_of_a_service():
    found = http(route=[{"destination": {"host": "s"}}])
    given_service = obj("Service", "s", {"ports": [{"port": 9000}]})
    assert one_row(found, given_service).shares[0].target.port == 9000
    entry = obj("ServiceEntry", "e", {"hosts": ["x.com"], "ports": [{"number": 443}]})
    assert one_row(http(route=[{"destination": {"host": "x.com"}}]), entry).shares[0].target.port == 443
    two = obj("Service", "s", {"ports": [{"port": 1}, {"port": 2}]})
    table = istio_table([GATEWAY, service(found), two])
    assert ids(table) == ["D09"]
    assert table.entrances[0].hosts[0].rows[0].shares[0].target.port == 80


def to_subset(name):
    return http(route=[{"destination": TARGET | {"subset": name}}])


def test_subsets():
    assert one_row(to_subset("v1")).shares[0].target.subset == "v1"
    assert one_row(to_subset("v1"), rule("s", [{"name": "v1"}])).shares[0].target.subset == "v1"
    assert one_row(to_subset("v1"), rule("other", [])).shares[0].target.subset == "v1"
    both = [rule("s", [{"name": "v1"}]), rule("s", [{"name": "v2"}], name="e")]
    assert one_row(to_subset("v2"), *both).shares[0].target.subset == "v2"
    wide = rule("*.n.svc.cluster.local", [{"name": "v1"}])
    assert one_row(to_subset("v1"), wide).shares[0].target.subset == "v1"


def test_a_subset_that_no_rule_has():
    table = istio_table([GATEWAY, service(to_subset("v9")), rule("s", [{"name": "v1"}])])
    (finding,) = table.findings
    assert (finding.id, finding.level) == ("D05", "error")
    assert finding.where == "VirtualService n/v spec.http[0].route[0].destination"
    assert table.entrances[0].hosts[0].rows[0].shares[0].target.subset == "v9"


def test_the_most_specific_wildcard_counts():
    wide = [rule("*", [{"name": "v1"}], name="a"), rule("*.n.svc.cluster.local", [{"name": "v2"}], name="b")]
    assert ids(istio_table([GATEWAY, service(to_subset("v1")), *wide])) == ["D05"]
    assert ids(istio_table([GATEWAY, service(to_subset("v2")), *wide])) == []


def tls(mode, port=None):
    return {"port": {"number": port}, "tls": {"mode": mode}} if port else {"tls": {"mode": mode}}


@pytest.mark.parametrize(
    ("policy", "subset", "encrypted"),
    [
        (tls("SIMPLE"), None, True),
        (tls("MUTUAL"), None, True),
        (tls("ISTIO_MUTUAL"), None, False),
        (tls("DISABLE"), None, False),
        ({"tls": {}}, None, False),
        (None, None, False),
        ({"connectionPool": {}}, None, False),
        ({"portLevelSettings": [tls("SIMPLE", 80)]}, None, True),
        ({"portLevelSettings": [tls("SIMPLE", 81)]}, None, False),
        (tls("SIMPLE") | {"portLevelSettings": [tls("DISABLE", 80)]}, None, False),
        (tls("SIMPLE") | {"portLevelSettings": [{"port": {"number": 80}}]}, None, False),
        (tls("SIMPLE"), tls("DISABLE"), False),
        (tls("DISABLE"), tls("SIMPLE"), True),
        (tls("SIMPLE"), {"connectionPool": {}}, True),
        ({"portLevelSettings": [tls("DISABLE", 80)]}, tls("SIMPLE"), True),
        (tls("SIMPLE"), tls("SIMPLE") | {"portLevelSettings": [tls("ISTIO_MUTUAL", 80)]}, False),
        (None, tls("SIMPLE"), True),
        (tls("SIMPLE"), {"portLevelSettings": [{"port": {"number": 80}}]}, False),
        ({"portLevelSettings": [tls("SIMPLE", 80), tls("DISABLE", 80)]}, None, True),
    ],
)
def test_tls(policy, subset, encrypted):
    top = {} if policy is None else {"trafficPolicy": policy}
    inner = {"name": "v1"} | ({} if subset is None else {"trafficPolicy": subset})
    row = one_row(to_subset("v1"), rule("s", [inner], **top))
    assert row.shares[0].target.tls is encrypted


def test_the_first_policy_for_a_host_counts():
    first, second = rule("s", name="a", trafficPolicy=tls("SIMPLE")), rule("s", name="b", trafficPolicy=tls("DISABLE"))
    assert one_row(http(), second, first).shares[0].target.tls


@pytest.mark.parametrize("subsets", [[{}], [{"name": "a_b"}], [{"name": "a"}, {"name": "a"}]])
def test_rules_that_are_refused(subsets):
    table = istio_table([GATEWAY, service(to_subset("v1")), rule("s", subsets)])
    assert [(item.id, item.where.split()[0]) for item in table.findings] == [("D05", "DestinationRule")]


@pytest.mark.parametrize("more", [{"exportTo": ["."]}, {"workloadSelector": {}}])
def test_rules_for_some_callers(more):
    table = istio_table([GATEWAY, service(to_subset("v1")), rule("s", [], **more)])
    assert [(item.id, item.where.split()[0]) for item in table.findings] == [("D13", "DestinationRule")]
    assert one_row(to_subset("v1"), rule("s", [{"name": "v1"}], exportTo=["*"]))


# --- What else a route does ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "percents"),
    [
        ({"mirror": TARGET}, [100]),
        ({"mirror": TARGET, "mirrorPercentage": {"value": 20}}, [20]),
        ({"mirror": TARGET, "mirrorPercentage": {"value": 0.5}}, [Fraction(1, 2)]),
        ({"mirror": TARGET, "mirrorPercentage": {"value": 0.00001}}, []),
        ({"mirror": TARGET, "mirrorPercentage": {"value": 0}}, []),
        ({"mirror": TARGET, "mirrorPercentage": {}}, []),
        ({"mirror": TARGET, "mirrorPercent": 30}, [30]),
        ({"mirror": TARGET, "mirrorPercent": 0}, []),
        ({"mirror": TARGET, "mirrorPercent": 30, "mirrorPercentage": {"value": 40}}, [40]),
        ({"mirrors": [{"destination": TARGET}, {"destination": TARGET, "percentage": {"value": 1}}]}, [100, 1]),
    ],
)
def test_mirrors(fields, percents):
    row = one_row(http(**fields))
    assert [copied.percent for copied in row.mirrors] == percents
    assert all((copied.target.host, copied.target.port) == ("s.n", 80) for copied in row.mirrors)


@pytest.mark.parametrize(
    "fields",
    [
        {"mirror": TARGET, "mirrors": [{"destination": TARGET}]},
        {"mirror": TARGET, "mirrorPercentage": {"value": 100.5}},
        {"mirror": TARGET, "mirrorPercentage": {"value": -1}},
        {"mirrorPercentage": {"value": 101}},
        {"mirrorPercent": 101},
        {"mirrors": [{"destination": TARGET, "percentage": {"value": 101}}]},
    ],
)
def test_mirrors_that_are_refused(fields):
    refused(http(**fields), "D10")


def test_policies():
    found = http({"prefix": "/a"}, rewrite={"uri": "/", "authority": "h"}, timeout="1.5s", retries={"attempts": 4})
    row = one_row(found)
    (share,) = row.shares
    assert (share.rewrite, share.host_rewrite, share.timeout_ms, row.retries) == ("/", "h", 1500, 4)
    plain_row = one_row(http())
    (share,) = plain_row.shares
    assert (share.rewrite, share.host_rewrite, share.timeout_ms, plain_row.retries) == (None, None, None, 2)
    assert share.owner == plain_row.owner
    assert one_row(http(retries={})).retries == 0
    assert one_row(http(retries={"attempts": 0})).retries == 0


def test_authorities_that_headers_set():
    change = {"headers": {"request": {"set": {"Host": "h"}}}}
    assert one_row(http(**change)).shares[0].host_rewrite == "h"
    changed = {"destination": TARGET, "weight": 100} | change
    rewrite = {"authority": "r"}
    assert one_row(http(route=[changed])).shares[0].host_rewrite == "h"
    assert one_row(http(route=[changed], rewrite=rewrite)).shares[0].host_rewrite == "r"
    two = [changed, {"destination": TARGET, "weight": 100}]
    assert [share.host_rewrite for share in one_row(http(route=two, rewrite=rewrite)).shares] == ["h", "r"]


@pytest.mark.parametrize(
    ("text", "expected"), [("1ms", 1), ("2s", 2000), ("1m", 60000), ("1h1m", 3660000), ("0.25s", 250), ("1.s", 1000)]
)
def test_durations(text, expected):
    assert one_row(http(timeout=text)).shares[0].timeout_ms == expected


@pytest.mark.parametrize("text", ["0s", "0", "1us", "1.0005s", "", "x", "1 s", "-1s", "1", "1d", "9999999999h"])
def test_durations_that_are_refused(text):
    refused(http(timeout=text), "D14")
    refused(http(retries={"attempts": 1, "perTryTimeout": text}), "D14")


@pytest.mark.parametrize(
    "retries", [{"attempts": -1}, {"perTryTimeout": "1s"}, {"attempts": 0, "retryOn": "5xx"}, {"retryOn": "5xx"}]
)
def test_retries_that_are_refused(retries):
    refused(http(retries=retries), "D14")


@pytest.mark.parametrize(
    ("redirect", "place"),
    [
        ({"uri": "/b"}, "/b"),
        ({"authority": "b.com"}, "b.com"),
        ({"authority": "b.com", "uri": "/b", "scheme": "https", "port": 8443}, "https://b.com:8443/b"),
        ({"prefixRewrite": "/b"}, "/b"),
        ({"derivePort": "FROM_REQUEST_PORT"}, "the same place"),
    ],
)
def test_redirects(redirect, place):
    row = one_row(http(route=None, redirect=redirect, mirror=TARGET))
    assert (row.redirect, row.shares, row.mirrors, row.retries) == (place, (), (), 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"route": None, "directResponse": {"status": 404}},
        {"fault": {"abort": {"httpStatus": 500, "percentage": {"value": 100}}}},
    ],
)
def test_answers_of_the_proxy_itself(fields):
    table = istio_table([GATEWAY, service(http(**fields))])
    assert ids(table) == ["D13"]
    (row,) = table.entrances[0].hosts[0].rows
    assert (row.shares, row.redirect) == ((), "")


def test_a_delay_changes_no_route():
    assert one_row(http(fault={"delay": {"fixedDelay": "1s"}})).shares


@pytest.mark.parametrize(
    ("percentage", "shown"),
    [
        (None, None),
        ({}, None),
        ({"value": 0}, None),
        ({"value": 10}, "10"),
        ({"value": 0.5}, "0.5"),
        ({"value": 99.9999}, "99.9999"),
    ],
)
def test_errors_for_some_requests_leave_the_destinations(percentage, shown):
    abort = {"httpStatus": 500} | ({} if percentage is None else {"percentage": percentage})
    table = istio_table([GATEWAY, service(http(fault={"abort": abort}, mirror=TARGET))])
    (row,) = table.entrances[0].hosts[0].rows
    assert [share.percent for share in row.shares] == [100]
    assert (len(row.mirrors), row.retries) == (1, 2)
    said = [(one.id, one.level, one.message) for one in table.findings]
    told = ("D13", "warning", f"lets the proxy answer {shown} % of the requests with an error")
    assert said == ([] if shown is None else [told])


@pytest.mark.parametrize("value", [-1, 100.5])
def test_errors_for_no_share_of_the_requests_are_refused(value):
    refused(http(fault={"abort": {"httpStatus": 500, "percentage": {"value": value}}}), "D14")


@pytest.mark.parametrize("authority", [None, "h"])
def test_a_rewrite_by_expression(authority):
    expression = {"uriRegexRewrite": {"match": "/a(.*)", "rewrite": "/b\\1"}}
    table = istio_table([GATEWAY, service(http(rewrite=expression | ({"authority": authority} if authority else {})))])
    assert table.findings == ()
    (share,) = table.entrances[0].hosts[0].rows[0].shares
    assert (share.rewrite, share.host_rewrite) == (RegexRewrite("/a(.*)", "/b\\1"), authority)
    (part,) = resolve(table.entrances[0], Request(host="a.com", path="/ax")).parts
    assert part.path is None


@pytest.mark.parametrize(
    "found",
    [
        service(http(), spec={"exportTo": ["."]}),
        service(http(), spec={"exportTo": ["m", "o"]}),
        service(http(route=None, delegate={"name": "d"})),
        service(http(), hosts=[], gateways=[]),
    ],
)
def test_what_cannot_be_told_is_left_out(found):
    table = istio_table([GATEWAY, found])
    assert [(item.id, item.level) for item in table.findings] == [("D13", "warning")]
    assert [one.hosts for one in table.entrances] == [()]


def test_for_everybody_is_the_default():
    assert rows(GATEWAY, service(http(), spec={"exportTo": ["*"]}))


# --- Refused and broken objects -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["./gw", "a/b/c", "", "/gw", "g/", "a_b", "a,b", "x.1"])
def test_names_of_gateways_that_are_refused(name):
    refused(service(http(), gateways=[name]), "D01")
    refused(http(match=[{"gateways": [name]}]), "D01")


@pytest.mark.parametrize("gateways", [[], ["mesh"], ["g/gw", "mesh"]])
def test_the_mesh_has_no_host_for_all(gateways):
    refused(service(http(), hosts=["*"], gateways=gateways), "A13")


@pytest.mark.parametrize(
    "hosts", [[""], ["a.com", "a.com"], ["*.com", "a.com"], ["a.*.com"], ["a_b"], ["*", "*.com"], []]
)
def test_hosts_that_are_refused(hosts):
    refused(service(http(), hosts=hosts), "D03")


@pytest.mark.parametrize(
    ("destination", "check"),
    [
        ({"host": "*"}, "D09"),
        ({"host": ""}, "D09"),
        ({"host": "a b"}, "D09"),
        ({"host": "s", "subset": "a_b"}, "D05"),
        ({"host": "s", "subset": "a.b"}, "D05"),
        ({"host": "s", "port": {}}, "D14"),
        ({"host": "s", "port": {"number": 65536}}, "D14"),
    ],
)
def test_destinations_that_are_refused(destination, check):
    refused(http(route=[{"destination": destination}]), check)


@pytest.mark.parametrize(
    "fields",
    [
        {"route": None},
        {"route": []},
        {"redirect": {"uri": "/"}},
        {"route": None, "redirect": {}},
        {"route": [{}]},
        {"rewrite": {}},
        {"rewrite": {"uri": "/", "uriRegexRewrite": {"match": "a", "rewrite": "b"}}},
        {"match": [{"uri": {"regex": "("}}]},
        {"match": [{"uri": {"regex": ""}}]},
        {"match": [{"headers": {"a": {"prefix": ""}}}]},
        {"match": [{"headers": {"a": {"regex": "*"}}}]},
        {"match": [{"port": 70000}]},
    ],
)
def test_routes_that_are_refused(fields):
    refused(http(**fields), "D14")


def test_no_route_at_all():
    refused(service(), "D14")
    assert istio_table([GATEWAY, service(spec={"http": None, "tcp": [{}]})]).findings == ()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"spec": []}, "spec is a list"),
        ({"spec": {"hosts": "a.com"}}, "spec.hosts is the text 'a.com'"),
        ({"spec": {"hosts": ["a.com", 7]}}, "spec.hosts[1] is the number 7"),
        ({"spec": {"hosts": ["a.com"], "http": {}}}, "spec.http is a mapping"),
        ({"spec": {"hosts": ["a.com"], "http": [None]}}, "spec.http[0] is null"),
        ({"spec": {"hosts": ["a.com"], "http": [{"route": [{"weight": True}]}]}}, "weight is the boolean true"),
        ({"spec": {"hosts": ["a.com"], "http": [{"route": [{"weight": 1.5}]}]}}, "weight is the number 1.5"),
        ({"spec": {"hosts": ["a.com"], "http": [http({"exact": "a", "prefix": "b"})]}}, "has both exact and prefix"),
        ({"spec": {"hosts": ["a.com"], "http": [http({1: 2})]}}, "has a key that is the number 1"),
        ({"metadata": {}}, "metadata.name is missing"),
        ({"metadata": {"name": "v", "creationTimestamp": "now"}}, "metadata.creationTimestamp is the text 'now'"),
        ({"metadata": "x"}, "metadata is the text 'x'"),
    ],
)
def test_wrong_shapes_are_one_finding(changed, said):
    table = istio_table([service(http()) | changed])
    (finding,) = table.findings
    assert (finding.id, finding.level) == ("D14", "error")
    assert finding.message.startswith("is no VirtualService, because ")
    assert said in finding.message
    assert table.entrances == ()


def test_other_kinds_with_wrong_shapes():
    broken = [
        obj("Gateway", "gw", {"servers": [{"port": {"number": "80"}}]}, "g"),
        obj("DestinationRule", "d", {"host": "s", "trafficPolicy": {"tls": {"mode": "STRICT"}}}),
        obj("Service", "s", {"ports": 80}),
        obj("ServiceEntry", "e", {"hosts": {}}),
    ]
    table = istio_table([*broken, service(http())])
    assert sorted((item.id, item.where) for item in table.findings) == [
        ("D14", "DestinationRule n/d"),
        ("D14", "Gateway g/gw"),
        ("D14", "Service n/s"),
        ("D14", "ServiceEntry n/e"),
    ]
    assert [(one.name, one.port) for one in table.entrances] == [("g/gw", 0)]


def test_one_broken_object_leaves_the_others():
    table = istio_table([GATEWAY, service(http(), name="w") | {"spec": 1}, service(http())])
    assert len(table.entrances[0].hosts[0].rows) == 1


# --- Everything at random -----------------------------------------------------------------------------------------

FULL = [
    gateway(server("*"), server("n/*.com", port=443, protocol="HTTPS", mode="SIMPLE", httpsRedirect=True)),
    service(
        http(
            match=[
                {
                    "uri": {"prefix": "/a"},
                    "headers": {"x": {"exact": "1"}},
                    "withoutHeaders": {"y": {}},
                    "queryParams": {"q": {"regex": "a"}},
                    "gateways": ["g/gw"],
                    "port": 80,
                    "sourceLabels": {"a": "b"},
                    "authority": {"exact": "a"},
                }
            ],
            route=[{"destination": TARGET | {"subset": "v1"}, "weight": 3}, {"destination": TARGET, "weight": 1}],
            rewrite={"uri": "/", "authority": "b"},
            mirrors=[{"destination": TARGET, "percentage": {"value": 5}}],
            timeout="2s",
            retries={"attempts": 3, "perTryTimeout": "1s"},
            headers={"request": {"set": {"a": "b"}}},
        ),
        http(route=None, redirect={"uri": "/x"}),
        gateways=["g/gw", "mesh"],
        labels={"a": "b"},
        creationTimestamp="2024-01-01T00:00:00Z",
    ),
    rule(
        "s", [{"name": "v1", "trafficPolicy": tls("SIMPLE")}], trafficPolicy={"portLevelSettings": [tls("MUTUAL", 80)]}
    ),
    obj("Service", "s", {"ports": [{"port": 80, "name": "http"}]}),
    obj("ServiceEntry", "e", {"hosts": ["x.com"], "ports": [{"number": 443, "name": "https"}]}),
]


@st.composite
def damaged_objects(draw):
    """Good objects in which one value, anywhere, became garbage."""
    found = copy.deepcopy(FULL)
    for _time in range(draw(st.integers(1, 3))):
        holder = found
        while True:
            places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
            if not places:
                break
            place = draw(st.sampled_from(places))
            if isinstance(holder[place], (dict, list)) and holder[place] and draw(st.integers(0, 12)):
                holder = holder[place]
                continue
            holder[place] = draw(garbage | st.binary(max_size=2))
            break
    return found


def test_the_full_objects_are_good():
    table = istio_table(FULL)
    assert table.findings == ()
    assert [(one.name, one.port) for one in table.entrances] == [("g/gw", 80), ("g/gw", 443), ("mesh", 0)]


@settings(usual, max_examples=400)
@given(damaged_objects())
def test_garbage_makes_a_table_too(found):
    before = repr(found)
    table = istio_table(found)
    assert isinstance(table, Table)
    assert repr(found) == before
    for finding in table.findings:
        assert all(isinstance(text, str) and text.isprintable() for text in finding.as_return().values()), finding
        assert len(finding.where) < 900


@many
@given(st.lists(garbage, max_size=3), st.sampled_from(["VirtualService", "Gateway", "DestinationRule", "Service"]))
def test_garbage_alone_makes_a_table_too(found, kind):
    version = "v1" if kind == "Service" else "networking.istio.io/v1"
    assert isinstance(istio_table(found), Table)
    specs = [{"apiVersion": version, "kind": kind, "metadata": {"name": "a"}, "spec": spec} for spec in found]
    assert isinstance(istio_table(specs), Table)


@st.composite
def random_services(draw):
    """A VirtualService with words that admission likes and words that it refuses."""

    def some(**values):
        return st.fixed_dictionaries({}, optional=values)

    def good_or(good, bad):
        return st.sampled_from(good) if draw(st.integers(0, 5)) else st.sampled_from((*good, *bad))

    duration = good_or(("1s", "1.5s", "250ms", "1m"), ("0s", "1us", "1.0005s"))
    destination = st.fixed_dictionaries(
        {"host": good_or(("s", "s.n.svc.cluster.local", "x.com"), ("*", "a_b", "1.2.3"))},
        optional={
            "subset": good_or(("v1", "A-b", ""), ("a_b", "a.b")),
            "port": st.fixed_dictionaries({"number": good_or((80, 65535), (0, 65536))}),
        },
    )
    percentage = some(value=good_or((0, 1, 99.5, 100), (100.5, -1)))
    texts = st.fixed_dictionaries({"exact": st.just("a")}) | st.fixed_dictionaries(
        {"regex": good_or((".*", "a+"), ("(", "*", ""))}
    )
    match = some(
        uri=texts | st.fixed_dictionaries({"prefix": st.sampled_from(("/", "/a", ""))}),
        headers=st.dictionaries(st.sampled_from(("a", "b-c")), texts, max_size=2),
        withoutHeaders=st.dictionaries(st.sampled_from(("a", "b-c")), texts, max_size=1),
        queryParams=st.dictionaries(st.sampled_from(("a", "B")), texts, max_size=1),
        method=texts,
        gateways=st.lists(good_or(("gw", "g/gw", "mesh"), ("./gw", "a/b/c", "")), max_size=2),
        port=good_or((0, 80), (65536,)),
    )
    route = st.fixed_dictionaries(
        {
            "route": st.lists(
                st.fixed_dictionaries(
                    {"destination": destination}, optional={"weight": good_or((1, 50, 100), (0, -1))}
                ),
                min_size=0 if draw(st.integers(0, 9)) == 0 else 1,
                max_size=3,
            )
        },
        optional={
            "match": st.lists(match, max_size=2),
            "mirror": destination,
            "mirrorPercentage": percentage,
            "timeout": duration,
            "retries": some(attempts=good_or((0, 1, 3), (-1,)), perTryTimeout=duration, retryOn=st.just("5xx")),
            "rewrite": some(uri=st.sampled_from(("/", "")), authority=st.just("h")),
        },
    )
    if not draw(st.integers(0, 3)):
        route |= st.fixed_dictionaries(
            {
                "route": st.just([{"destination": {"host": "s"}}]),
                "mirrors": st.lists(
                    st.fixed_dictionaries({"destination": destination}, optional={"percentage": percentage}), max_size=2
                ),
            },
            optional={"mirror": destination},
        )
    return service(
        *draw(st.lists(route, min_size=0 if not draw(st.integers(0, 9)) else 1, max_size=2)),
        hosts=draw(
            st.lists(
                good_or(("a.com", "b.com", "x.b.com"), ("*", "*.com", "", "a_b", "reviews", "1.2.3.4", "1.2.3")),
                min_size=1,
                max_size=2,
            )
        ),
        gateways=draw(
            st.lists(good_or(("gw", "g/gw", "gw.n"), ("mesh", "./gw", "a/b/c", "", "g/G_w", "a.1")), max_size=2)
        ),
    )


@settings(usual, max_examples=500)
@given(random_services())
def test_what_admission_refuses(found):
    """The rules of the tests judge what the real schemas let pass."""
    if crds.crd_problems(found):
        return
    problems = crds.istio_rule_problems(found)
    errors = [item for item in istio_table([found]).findings if item.level == "error"]
    assert bool(errors) == bool(problems), (problems, errors)
    assert len(errors) <= 1


# --- Our own objects ----------------------------------------------------------------------------------------------


def translated(found, **options):
    run = istio_run(
        definitions_of(found, CORRECTED), istio_options(options, operator_env({}, CORRECTED), CORRECTED, None)
    )
    return run.translation


def expected_rows(translation, host, door_name):
    """What the places of a translation say for one host and gateway, in a comparable form, in any order."""
    found = []
    for place in translation.places:
        if host in [item.lower() for item in place.door.hosts] and door_name in place.door.by:
            entry = place.entry
            timeout = entry.policies.timeout_ms or None
            retries = entry.policies.istio_retries or entry.policies.retries
            shares = {}
            for backend in entry.backends:
                percent = 100 if len(entry.backends) == 1 else backend.percent
                if percent:
                    key = backend.host or f"{backend.service}.{backend.namespace}", backend.port
                    shares[key] = shares.get(key, 0) + percent
            mirrors = [
                (item.backend.host or f"{item.backend.service}.{item.backend.namespace}", item.backend.port, percent)
                for item in entry.mirrors[-1:]
                if (percent := 100 if item.percent is None else item.percent)
            ]
            kind = {"prefix": "prefix", "path": "exact", "regex": "regex"}[entry.match.path_kind]
            found.append(
                (
                    (kind, entry.match.path),
                    sorted(shares.items()),
                    mirrors,
                    timeout,
                    entry.rewrite or None,
                    entry.host_rewrite or None,
                    2 if retries is None else retries.attempts,
                    sorted(name.lower() for name, _text in entry.match.headers),
                    sorted(name for name, _text in entry.match.query),
                )
            )
    return sorted(found, key=repr)


def found_rows(table_rows):
    found = []
    for row in table_rows:
        shares = {}
        for share in row.shares:
            key = share.target.host, share.target.port
            shares[key] = shares.get(key, 0) + share.percent
        (policies,) = {(share.timeout_ms, share.rewrite, share.host_rewrite) for share in row.shares}
        found.append(
            (
                (row.match.path.kind, row.match.path.value),
                sorted((key, int(percent)) for key, percent in shares.items()),
                [(item.target.host, item.target.port, int(item.percent)) for item in row.mirrors],
                *policies,
                row.retries,
                sorted(name for name, _text in row.match.headers),
                sorted(name for name, _text in row.match.query),
            )
        )
    return sorted(found, key=repr)


@settings(usual, max_examples=120)
@given(definitions, st.sampled_from(["", "ISTIO_MUTUAL"]))
def test_rows_of_our_objects_are_the_places_of_the_translation(found, mode):
    try:
        translation = translated(found, tls_mode=mode)
    except DefinitionError:
        assume(False)
        raise
    table = istio_table([plain(item.object) for item in translation.objects])
    assert {item.id for item in table.findings} == {"D01"}
    doors = {
        (host.lower(), name) for place in translation.places for host in place.door.hosts for name in place.door.by
    }
    served = {(host.domain, one.name): host.rows for one in table.entrances for host in one.hosts}
    assert served.keys() == doors
    for (host, name), table_rows in served.items():
        assert found_rows(table_rows) == expected_rows(translation, host, name)
        for row in table_rows:
            assert sum(share.percent for share in row.shares) == 100


def test_a_canary_and_a_shadow_of_ours():
    found = deployment(
        "m", predictor("main", traffic=75), predictor("canary", traffic=25), predictor("x", shadow=True, traffic=20)
    )
    table = istio_table([plain(item.object) for item in translated([found]).objects])
    rest, grpc = table.entrances[0].hosts[0].rows
    assert [share.percent for share in rest.shares] == [75, 25]
    assert [share.target.subset for share in rest.shares] == ["main", "canary"]
    assert [item.percent for item in rest.mirrors] == [20]
    assert {share.rewrite for share in rest.shares} == {"/"}
    assert {share.rewrite for share in grpc.shares} == {None}
    assert rest.match.path == Text("prefix", "/seldon/n/m/")


def test_rows_come_in_the_order_of_the_servers():
    """The older VirtualService meets the host at the second server only."""
    older = service(http({"exact": "/a"}), name="older", namespace="y", creationTimestamp="2020-01-01T00:00:00Z")
    newer = service(http({"exact": "/b"}), name="newer", creationTimestamp="2021-01-01T00:00:00Z")
    two = gateway(server("n/a.com"), server("a.com"))
    assert [row.owner.name for row in rows(two, older, newer)] == ["newer", "older"]


# --- Many objects -------------------------------------------------------------------------------------------------

NAMES = ["*", "*.com", "*.a.com", "*a.com", "*-x.a.com", "a.com", "b.a.com", "b-x.a.com", "c.org", "A.com"]


@settings(usual, max_examples=150)
@given(
    st.lists(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3), min_size=1, max_size=3),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=4),
)
def test_hosts_are_shared_as_each_pair_shares_them(served, wanted):
    """The index of hosts against the plain comparison of every host with every other."""
    both = [(one, other) for hosts in served for one in hosts for other in wanted]
    shared = {one.lower() for one, other in both if covers(other, one)}
    shared |= {other.lower() for one, other in both if covers(one, other)}
    services = [service(http(), name=f"v{number}", hosts=[host]) for number, host in enumerate(wanted)]
    table = istio_table([gateway(*(server(*hosts) for hosts in served)), *services])
    assert {host.domain for one in table.entrances for host in one.hosts} == shared
    met = {other for one, other in both if covers(other, one) or covers(one, other)}
    assert ("D03" in ids(table)) == (not met.issuperset(wanted))


def calls(objects):
    """How many calls a table takes: unlike time, that is the same on every machine."""
    profile = cProfile.Profile()
    profile.runcall(istio_table, objects)
    return sum(entry.callcount for entry in profile.getstats())


def many_services(count, hosts, servers):
    wide = [server("*")] if not servers else [server(f"m{number}.com") for number in range(count)]
    routes = [http({"prefix": f"/{number}/"}, route=weighted(90, 10)) for number in range(4)]
    rules = [rule(f"*.m{number}.com", name=f"d{number}") for number in range(count)]
    names = [(f"m{number}.com",) if hosts else ("*",) for number in range(count)]
    return [gateway(*wide), *rules, *(service(*routes, name=f"v{n}", hosts=own) for n, own in enumerate(names))]


@pytest.mark.parametrize(("hosts", "servers"), [(False, False), (True, False), (True, True)])
def test_four_times_the_objects_take_four_times_the_work(hosts, servers):
    calls(many_services(5, hosts, servers))
    few, many = calls(many_services(60, hosts, servers)), calls(many_services(240, hosts, servers))
    assert many < 4.6 * few
