# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What owners do to each other: for each check cases that trip it, and the nearest ones that do not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.lint.conflicts import MOST_FINDINGS, conflicts
from ansible_collections.mlops.ingress.plugins.module_utils.objects.ownership import Owner, stamp
from ansible_collections.mlops.ingress.plugins.module_utils.routing.classes import requests
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.resolve import resolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Object = dict[str, Any]
usual = settings(deadline=None, derandomize=True, max_examples=150, suppress_health_check=list(HealthCheck))
SCOPE = "prod"
DEPLOYMENT = {"seldon-deployment-id": "iris"}


def mapping(name, prefix="/x/", space="a", labels=None, **fields):
    metadata = {"name": name, "namespace": space, "labels": labels or {}}
    spec = {"prefix": prefix, "service": name, "hostname": "*", **fields}
    return {"apiVersion": "getambassador.io/v3alpha1", "kind": "Mapping", "metadata": metadata, "spec": spec}


def host(name, **metadata):
    spec = {"hostname": name, "requestPolicy": {"insecure": {"action": "Route"}}}
    metadata = {"name": name.replace("*", "all"), "namespace": "a", **metadata}
    return {"apiVersion": "getambassador.io/v3alpha1", "kind": "Host", "metadata": metadata, "spec": spec}


def service(name, *matches, space="a", labels=None, born=0, hosts=("*",), **spec):
    """A VirtualService with one route for each match; ``born`` is its age in seconds."""
    target = {"destination": {"host": f"{name}.{space}.svc.cluster.local", "port": {"number": 80}}}
    routes = [{"match": [match], "route": [target]} if match else {"route": [target]} for match in matches]
    metadata = {"name": name, "namespace": space, "labels": labels or {}}
    metadata["creationTimestamp"] = f"2026-01-01T00:00:{born:02d}Z"
    body = {"hosts": list(hosts), "gateways": ["g/gw"], "http": routes, **spec}
    return {"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": metadata, "spec": body}


def prefix(path, **more):
    return {"uri": {"prefix": path}, **more}


def header(**values):
    return {"headers": {name: {"exact": value} for name, value in values.items()}}


def ours(obj, definition="iris", scope=SCOPE):
    return stamp(obj, Owner(scope, "ingress"), definition)


def found(objects, scope=""):
    """The findings for plain objects, whichever provider they are of."""
    istio = any(obj["kind"] == "VirtualService" for obj in objects)
    return conflicts((istio_table if istio else emissary_table)(objects), scope)


def told(objects, check, scope=""):
    return [(item.level, item.where) for item in found(objects, scope) if item.id == check]


def assert_sentences(findings):
    for item in findings:
        text = f"{item.where}: {item.message}: {item.fix}."
        assert text.isprintable()
        assert len(text) < 1200
        for part in (item.message, item.fix):
            assert part[0].islower()
            assert not part.endswith(".")


# --- B01: one match, two owners -----------------------------------------------------------------------------------

LOSER = [("error", "VirtualService b/two")]
ONE, TWO = {"born": 1}, {"born": 2, "space": "b"}
GROUP = [("error", "Mapping b/two")]

SAME_MATCH = {
    "Istio: the younger one loses": (
        [service("one", prefix("/x/"), **ONE), service("two", prefix("/x/"), **TWO)],
        LOSER,
    ),
    "Istio: whatever the order of the objects": (
        [service("two", prefix("/x/"), **TWO), service("one", prefix("/x/"), **ONE)],
        LOSER,
    ),
    "Istio: everything, said in three ways": (
        [service("one", prefix("/"), **ONE), service("two", None, **TWO)],
        LOSER,
    ),
    "Istio: unlabelled in one namespace": (
        [service("one", prefix("/x/")), service("two", prefix("/x/"))],
        [("error", "VirtualService a/two")],
    ),
    "Istio: one owner by label": (
        [service(name, prefix("/x/"), labels=DEPLOYMENT) for name in ("one", "two")],
        [],
    ),
    "Istio: one VirtualService": ([service("one", prefix("/x/"), prefix("/x/"))], []),
    "Istio: another path": ([service("one", prefix("/x/"), **ONE), service("two", prefix("/y/"), **TWO)], []),
    "Istio: exact, not a prefix": (
        [service("one", prefix("/x"), **ONE), service("two", {"uri": {"exact": "/x"}}, **TWO)],
        [],
    ),
    "Istio: another header": (
        [service("one", prefix("/x/", **header(h="1")), **ONE), service("two", prefix("/x/", **header(h="2")), **TWO)],
        [],
    ),
    "Istio: another method": (
        [
            service("one", prefix("/x/", method={"exact": "GET"}), **ONE),
            service("two", prefix("/x/", method={"exact": "PUT"}), **TWO),
        ],
        [],
    ),
    "Istio: another host": (
        [service("one", prefix("/x/"), hosts=["a.com"], **ONE), service("two", prefix("/x/"), hosts=["b.com"], **TWO)],
        [],
    ),
    "Ambassador: a group of two namespaces": ([mapping("one"), mapping("two", space="b")], GROUP),
    "Ambassador: a group of two owners in one namespace": (
        [mapping("one"), mapping("two", labels=DEPLOYMENT)],
        [("error", "Mapping a/two")],
    ),
    "Ambassador: a canary of one owner": ([mapping("one"), mapping("two", weight=10)], []),
    "Ambassador: another header": (
        [mapping("one", headers={"h": "1"}), mapping("two", space="b", headers={"h": "2"})],
        [],
    ),
    "Ambassador: another method": (
        [mapping("one", method="GET"), mapping("two", space="b", method="PUT")],
        [],
    ),
    "Ambassador: another host": (
        [mapping("one", hostname="a.com"), mapping("two", space="b", hostname="b.com"), host("*")],
        [],
    ),
}


@pytest.mark.parametrize(("objects", "expected"), SAME_MATCH.values(), ids=SAME_MATCH)
def test_same_match(objects, expected):
    assert told(objects, "B01") == expected
    assert_sentences(found(objects))


@pytest.mark.parametrize(
    ("first", "where", "outcome"),
    [(1, "VirtualService a/own", "which gets none of them"), (3, "VirtualService a/own", "which gets all of them")],
)
def test_ours_speaks_and_says_who_wins(first, where, outcome):
    own = ours(service("own", prefix("/x/"), born=first))
    (item,) = [item for item in found([own, service("two", prefix("/x/"), **TWO)], SCOPE) if item.id == "B01"]
    assert item.where == where
    assert f"(path prefix '/x/') as VirtualService b/two (by hand in namespace b), {outcome}" in item.message


@pytest.mark.parametrize(("scope", "count"), [(SCOPE, 0), ("", 1), ("test", 1)])
def test_two_of_ours_are_not_judged_again(scope, count):
    objects = [ours(mapping("one"), "m"), ours(mapping("two"), "n")]
    assert len(told(objects, "B01", scope)) == count
    objects = [ours(service("one", prefix("/x/")), "m"), ours(service("two", prefix("/x/")), "n")]
    assert len(told(objects, "B01", scope)) == count


# --- B06: a split between namespaces ------------------------------------------------------------------------------

SPLIT = {
    "two namespaces": ([mapping("one"), mapping("two", space="b")], ["a/one gets 50 %, b/two gets 50 %"]),
    "with a weight": ([mapping("one"), mapping("two", space="b", weight=30)], ["b/two gets 30 %, a/one gets 70 %"]),
    "two owners of one namespace": ([mapping("one"), mapping("two", labels=DEPLOYMENT)], []),
    "two paths": ([mapping("one", "/a/b"), mapping("two", "/a/bc", space="b")], []),
    "two headers": ([mapping("one"), mapping("two", space="b", headers={"h": "1"})], []),
    "Istio has no groups": ([service("one", prefix("/x/"), **ONE), service("two", prefix("/x/"), **TWO)], []),
}


@pytest.mark.parametrize(("objects", "parts"), SPLIT.values(), ids=SPLIT)
def test_split(objects, parts):
    messages = [item.message for item in found(objects) if item.id == "B06"]
    assert len(messages) == len(parts)
    assert all(part in message for part, message in zip(parts, messages, strict=True))


# --- B06: copies for somebody else --------------------------------------------------------------------------------

SHADOW = mapping("two", space="b", shadow=True)
OWN = ours(mapping("own"))
COPIES = "copies 100 % of its requests (path prefix '/x/') to two.b:80 of Mapping b/two (by hand in namespace b)"

COPIED = {
    "a shadow of another namespace": ([mapping("one"), SHADOW], "", "Mapping a/one", COPIES),
    "whatever the order": ([SHADOW, mapping("one")], "", "Mapping a/one", COPIES),
    "of another owner in one namespace": (
        [mapping("one"), mapping("two", shadow=True, labels=DEPLOYMENT)],
        "",
        "Mapping a/one",
        "to two.a:80 of Mapping a/two (Seldon deployment iris in namespace a)",
    ),
    "a part": (
        [mapping("one"), mapping("two", space="b", shadow=True, weight=20)],
        "",
        "Mapping a/one",
        "copies 20 % of its requests",
    ),
    "to another place": (
        [mapping("one"), mapping("two", space="b", shadow=True, service="https://out.example.com:8443")],
        "",
        "Mapping a/one",
        "to out.example.com:8443 of Mapping b/two",
    ),
    "of ours": ([OWN, SHADOW], SCOPE, "Mapping a/own", COPIES),
    "by ours": (
        [mapping("one"), ours(SHADOW)],
        SCOPE,
        "Mapping b/two",
        "copies 100 % of the requests (path prefix '/x/') of Mapping a/one (by hand in namespace a) to two.b:80",
    ),
    "of ours, of another scope": (
        [OWN, ours(SHADOW, scope="test")],
        SCOPE,
        "Mapping a/own",
        "of Mapping b/two (definition iris of scope test in namespace b)",
    ),
    "of ours in a canary": ([OWN, ours(mapping("more", weight=10)), SHADOW], SCOPE, "Mapping a/more", COPIES),
    "of one of two owners": (
        [mapping("one", space="b"), mapping("more", weight=10), SHADOW],
        "",
        "Mapping a/more",
        COPIES,
    ),
    "of ours in a group of others": (
        [mapping("m"), ours(mapping("own", space="c")), SHADOW],
        SCOPE,
        "Mapping c/own",
        COPIES,
    ),
}


@pytest.mark.parametrize(("objects", "scope", "where", "text"), COPIED.values(), ids=COPIED)
def test_copied(objects, scope, where, text):
    findings = found(objects, scope)
    (item,) = [item for item in findings if item.id == "B06" and item.message.startswith("copies")]
    assert (item.level, item.where) == ("error", where)
    assert text in item.message
    assert_sentences(findings)


def copies(name):
    """A VirtualService that copies its requests to a Service of another namespace."""
    route = {"route": [{"destination": {"host": f"{name}.a.svc.cluster.local", "port": {"number": 80}}}]}
    mirror = {"destination": {"host": "two.b.svc.cluster.local", "port": {"number": 80}}}
    return service(name, http=[route | {"mirrors": [mirror]}])


NOT_COPIED = {
    "our own shadow": ([OWN, ours(mapping("two", shadow=True))], SCOPE),
    "our own shadow of another definition and namespace": ([OWN, ours(SHADOW, "other")], SCOPE),
    "the shadow of one owner": ([mapping("one"), mapping("two", shadow=True)], ""),
    "the shadow of one deployment": (
        [mapping("one", labels=DEPLOYMENT), mapping("two", shadow=True, labels=DEPLOYMENT)],
        "",
    ),
    "a shadow with another header": ([OWN, mapping("two", space="b", shadow=True, headers={"h": "1"})], SCOPE),
    "a shadow with another path": ([OWN, mapping("two", "/x/y/", space="b", shadow=True)], SCOPE),
    "a shadow for another host": (
        [
            ours(mapping("own", hostname="a.com")),
            mapping("two", space="b", shadow=True, hostname="b.com"),
            host("a.com"),
            host("b.com"),
        ],
        SCOPE,
    ),
    "a shadow that copies nothing": ([OWN, mapping("two", space="b", shadow=True, weight=0)], SCOPE),
    "a shadow alone": ([SHADOW], ""),
    "a redirect copies nothing": ([mapping("one", host_redirect=True), SHADOW], ""),
    "Istio: who has the route has the mirror": ([copies("one")], ""),
}


@pytest.mark.parametrize(("objects", "scope"), NOT_COPIED.values(), ids=NOT_COPIED)
def test_not_copied(objects, scope):
    assert found(objects, scope) == ()


def test_a_foreign_shadow_takes_the_place_of_ours():
    """Of two shadows the table keeps one; which one, it says itself."""
    objects = [OWN, ours(mapping("z", shadow=True)), mapping("a", space="b", shadow=True)]
    table = emissary_table(objects)
    kept = {copy.owner.name for entrance in table.entrances for row in entrance.hosts[0].rows for copy in row.mirrors}
    assert len(kept) == 1
    assert [item.id for item in table.findings if item.id == "A04"] == ["A04"]
    assert told(objects, "B06", SCOPE) == ([("error", "Mapping a/own")] if kept == {"a"} else [])


# --- B06 and B01 together -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("space", "expected"), [("a", ["B01"]), ("b", ["B01", "B06"])])
def test_a_split_with_ours(space, expected):
    findings = found([ours(mapping("one")), mapping("two", space=space)], SCOPE)
    assert [(item.id, item.where) for item in findings] == [(check, "Mapping a/one") for check in expected]


def test_ours_speaks_in_a_large_group():
    objects = [*(mapping("m", space=f"n{number}") for number in range(40)), ours(mapping("own", space="z"))]
    assert {item.where for item in found(objects, SCOPE)} == {"Mapping z/own"}


def test_a_large_group_is_told_in_short():
    (item,) = [item for item in found([mapping("m", space=f"n{number}") for number in range(40)]) if item.id == "B06"]
    assert "n11/m gets 2 %, n12/m gets 2 %, 35 more get 90 % together, at" in item.message


def test_one_finding_for_all_hosts():
    objects = [mapping("one"), mapping("two", space="b"), host("a.com"), host("b.com"), host("*")]
    assert [item.id for item in found(objects)] == ["B01", "B06"]
    assert all(item.message.endswith("of Ambassador default and 2 more places") for item in found(objects))


# --- B02: hidden ---------------------------------------------------------------------------------------------------


def pair(first, second, hosts=("*",)):
    """Two VirtualServices of two owners, the first one older."""
    return [service("one", first, born=1, hosts=hosts), service("two", second, born=2, space="b", hosts=hosts)]


YOUNGER = [("error", "VirtualService b/two")]
MAYBE = [("warning", "VirtualService b/two")]
BY_AGE = [("warning", "VirtualService a/one")]

HIDDEN = {
    "a longer prefix": (pair(prefix("/a/"), prefix("/a/b/")), YOUNGER),
    "a prefix in the text, not in the segments": (pair(prefix("/a/b"), prefix("/a/bc")), YOUNGER),
    "an exact path": (pair(prefix("/a/"), {"uri": {"exact": "/a/b"}}), YOUNGER),
    "with a condition more": (pair(prefix("/a/"), prefix("/a/", **header(h="1"))), YOUNGER),
    "a header of any value": (
        pair(prefix("/a/", headers={"h": {}}), prefix("/a/b/", **header(h="1"))),
        YOUNGER,
    ),
    "a header by its beginning": (
        pair(prefix("/a/", headers={"h": {"prefix": "v"}}), prefix("/a/", **header(h="v1"))),
        YOUNGER,
    ),
    "the name of the host itself": (
        pair(prefix("/a/", authority={"exact": "a.com"}), prefix("/a/b/"), hosts=["a.com"]),
        YOUNGER,
    ),
    "upper and lower case": (
        pair(prefix("/A/", ignoreUriCase=True), prefix("/a/b/")),
        YOUNGER,
    ),
    "an exact path by an expression": (
        pair({"uri": {"regex": "/a/.*"}}, {"uri": {"exact": "/a/b"}}),
        YOUNGER,
    ),
    "a prefix by an expression": (pair({"uri": {"regex": "/a/.*"}}, prefix("/a/b/")), MAYBE),
    "an expression by an expression": (pair({"uri": {"regex": "/a/.*"}}, {"uri": {"regex": "/a/b+"}}), MAYBE),
    "an expression by everything under a condition": (
        pair(prefix("/", **header(h="1")), {"uri": {"regex": "/a/.*"}, **header(h="1")}),
        YOUNGER,
    ),
    "some of its requests": (pair(prefix("/a/", **header(h="1")), prefix("/a/b/")), MAYBE),
    "right by age only": (pair(prefix("/a/b/"), prefix("/a/")), BY_AGE),
    "right by age only, with another header each": (
        pair(prefix("/a/b/", **header(h="1")), prefix("/a/", **header(g="1"))),
        BY_AGE,
    ),
    "right by age only, with a condition more": (pair(prefix("/a/", **header(h="1")), prefix("/a/")), BY_AGE),
    # Near misses.
    "not a prefix": (pair(prefix("/a/bc/"), prefix("/a/b/")), []),
    "letters of another case": (pair(prefix("/A/"), prefix("/a/b/")), []),
    "letters of any case under letters of one": (pair(prefix("/a/"), prefix("/a/b/", ignoreUriCase=True)), []),
    "the name of another host": (
        pair(prefix("/a/", authority={"exact": "b.com"}), prefix("/a/b/"), hosts=["a.com"]),
        [],
    ),
    "another value of a header": (pair(prefix("/a/", **header(h="1")), prefix("/a/b/", **header(h="2"))), []),
    "a header that must be there and one that must not": (
        pair(prefix("/a/", withoutHeaders={"h": {}}), prefix("/a/b/", **header(h="2"))),
        [],
    ),
    "a header by another beginning": (
        pair(prefix("/a/", headers={"h": {"prefix": "v"}}), prefix("/a/", **header(h="w1"))),
        [],
    ),
    "another method": (
        pair(prefix("/a/", method={"exact": "GET"}), prefix("/a/b/", method={"exact": "PUT"})),
        [],
    ),
    "another parameter": (
        pair(
            prefix("/a/", queryParams={"q": {"exact": "1"}}),
            prefix("/a/b/", queryParams={"q": {"exact": "2"}}),
        ),
        [],
    ),
    "another host": (
        [
            service("one", prefix("/a/"), born=1, hosts=["a.com"]),
            service("two", prefix("/a/b/"), born=2, space="b", hosts=["b.com"]),
        ],
        [],
    ),
    "an expression that fits something else": (pair({"uri": {"regex": "/b/.*"}}, prefix("/a/b/")), []),
    "an expression with an end": (pair({"uri": {"regex": "/a/b/"}}, prefix("/a/b/")), []),
    "everything comes last by itself": (pair(prefix("/a/"), prefix("/")), []),
    "everything comes last although it is older": (pair(None, prefix("/a/")), []),
    "the same owner": ([service("one", prefix("/a/"), born=1), service("two", prefix("/a/b/"), born=2)], []),
    "one VirtualService": ([service("one", prefix("/a/"), prefix("/a/b/"))], []),
    # Ambassador goes by length.
    "Ambassador: the longer one comes first": ([mapping("one", "/a/"), mapping("two", "/a/b/", space="b")], []),
    "Ambassador: precedence": (
        [mapping("one", "/a/", precedence=1), mapping("two", "/a/b/", space="b")],
        [("error", "Mapping b/two")],
    ),
    "Ambassador: precedence of another path": (
        [mapping("one", "/a/bc", precedence=1), mapping("two", "/a/b", space="b")],
        [],
    ),
    "Ambassador: precedence of another header": (
        [mapping("one", "/a/", precedence=1, headers={"h": "1"}), mapping("two", "/a/", space="b", headers={"h": "2"})],
        [],
    ),
    "Ambassador: precedence for some requests": (
        [mapping("one", "/a/", precedence=1, method="GET"), mapping("two", "/a/b/", space="b")],
        [("warning", "Mapping b/two")],
    ),
    "Ambassador: a long expression": (
        [mapping("one", "/a/[a-z0-9/]*.*.*.*", prefix_regex=True), mapping("two", "/a/b/", space="b")],
        [("warning", "Mapping b/two")],
    ),
    "Ambassador: an expression that may be judged by nobody": (
        [mapping("one", "/a/(.{0,9}){9}.*", prefix_regex=True), mapping("two", "/a/b/", space="b")],
        [],
    ),
    "Ambassador: a part of the requests goes on": (
        [
            mapping("one", "/a/", precedence=1, weight=10),
            mapping("three", "/a/", precedence=1, weight=20),
            mapping("two", "/a/b/", space="b"),
        ],
        [],
    ),
    "Ambassador: a redirect takes all": (
        [mapping("one", "/a/", precedence=1, host_redirect=True), mapping("two", "/a/b/", space="b")],
        [("error", "Mapping b/two")],
    ),
}


@pytest.mark.parametrize(("objects", "expected"), HIDDEN.values(), ids=HIDDEN)
def test_hidden(objects, expected):
    assert told(objects, "B02") == expected
    assert_sentences(found(objects))
    # Whose the other one is and what it waits for stand in one pair of brackets.
    assert not any(") (" in item.message for item in found(objects))


@pytest.mark.parametrize("born", [1, 3])
def test_ours_speaks_of_what_is_hidden(born):
    own = ours(service("own", prefix("/a/"), born=born))
    (item,) = [item for item in found([own, service("two", prefix("/a/b/"), **TWO)], SCOPE) if item.id == "B02"]
    assert item.where == "VirtualService a/own"
    assert item.message.startswith("takes all requests" if born == 1 else "shares requests (path prefix '/a/')")
    assert "that one" in item.message or born == 1


def test_two_of_ours_do_not_hide_each_other():
    objects = [ours(item, name) for item, name in zip(pair(prefix("/a/"), prefix("/a/b/")), "mn", strict=True)]
    assert not found(objects, SCOPE)
    assert [item.id for item in found(objects, "test")] == ["B02"]


def test_many_conditions_of_one_path():
    """More than are compared one by one: equal texts are still found."""
    objects = [service(f"s{number}", prefix("/a/", **header(h=str(number))), born=1) for number in range(100)]
    late = service("two", prefix("/a/b/", **header(h="99", g="1")), **TWO)
    assert told([*objects, late], "B02") == YOUNGER
    late = service("two", prefix("/a/b/", **header(h="100", g="1")), **TWO)
    assert told([*objects, late], "B02") == []


# --- B03: a narrow host -------------------------------------------------------------------------------------------


def at(name, *hosts, space="a", path="/x/", **more):
    return service(name, prefix(path), hosts=hosts, space=space, **more)


NARROW = {
    "everywhere but there": ([at("n", "a.com"), at("w", "*", space="b")], ["VirtualService a/n"]),
    "at all names of a domain": ([at("n", "m.a.com"), at("w", "*.a.com", space="b")], ["VirtualService a/n"]),
    "two wide hosts": (
        [at("n", "m.a.com"), at("w", "*.a.com", space="b"), at("v", "*", space="c")],
        ["VirtualService a/n", "VirtualService a/n", "VirtualService b/w"],
    ),
    "served at both": ([at("n", "a.com"), at("w", "*", space="b"), at("v", "a.com", space="b", path="/y/")], []),
    "another domain": ([at("n", "m.b.com"), at("w", "*.a.com", space="b")], []),
    "the domain itself": ([at("n", "a.com"), at("w", "*.a.com", space="b")], []),
    "the same owner": ([at("n", "a.com"), at("w", "*")], []),
    "the redirect of a Gateway is nobody's host": (
        [
            at("w", "*", space="b"),
            {
                "apiVersion": "networking.istio.io/v1",
                "kind": "Gateway",
                "metadata": {"name": "gw", "namespace": "g"},
                "spec": {
                    "servers": [
                        {"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["*"]},
                        {
                            "port": {"number": 80, "protocol": "HTTP"},
                            "hosts": ["a.com"],
                            "tls": {"httpsRedirect": True},
                        },
                    ]
                },
            },
        ],
        [],
    ),
    "Ambassador: a Host that selects its Mappings": (
        [
            {**host("a.com"), "spec": {**host("a.com")["spec"], "mappingSelector": {"matchLabels": {"in": "a"}}}},
            host("*"),
            mapping("n", labels={"in": "a"}),
            mapping("w", "/y/", space="b"),
        ],
        ["Mapping a/n"],
    ),
    "Ambassador: a Host that takes all": (
        [host("a.com"), host("*"), mapping("n"), mapping("w", "/y/", space="b")],
        [],
    ),
    "Ambassador: a Mapping of another host": (
        [host("a.com"), host("*"), mapping("n", hostname="a.com"), mapping("w", "/y/", space="b", hostname="b.com")],
        [],
    ),
}


@pytest.mark.parametrize(("objects", "expected"), NARROW.values(), ids=NARROW)
def test_narrow_host(objects, expected):
    assert told(objects, "B03") == [("warning", where) for where in expected]
    assert_sentences(found(objects))


def test_some_of_many_are_named():
    objects = [at("n", "a.com"), *(at("w", "*", space=f"b{number}", path=f"/{number}/") for number in range(5))]
    (item,) = found(objects)
    names = "VirtualService b0/w, VirtualService b1/w, VirtualService b2/w and others"
    assert f"for '*' of 5 other owners ({names})" in item.message


def test_who_is_served_at_both_is_not_named():
    (item,) = found([at("n", "a.com"), at("m", "*", path="/y/"), at("w", "*", space="b")])
    assert "of 1 other owner (VirtualService b/w)" in item.message


NARROW_AND_OURS = {
    "the narrow one": ([ours(at("n", "a.com")), at("w", "*", space="b")], ["VirtualService a/n"]),
    "the wide one": ([at("n", "a.com"), ours(at("w", "*", space="b"))], ["VirtualService b/w"]),
    "none of them": ([at("n", "a.com"), at("w", "*", space="b")], []),
    "both": ([ours(at("n", "a.com")), ours(at("w", "*", space="b"), "other")], []),
}


@pytest.mark.parametrize(("objects", "expected"), NARROW_AND_OURS.values(), ids=NARROW_AND_OURS)
def test_narrow_host_in_a_scope(objects, expected):
    assert told(objects, "B03", SCOPE) == [("warning", where) for where in expected]
    assert_sentences(found(objects, SCOPE))


# --- B04: at an address of ours -----------------------------------------------------------------------------------

OWN_MAPPING = ours(mapping("own", "/seldon/a/iris/"))
OWN_SERVICE = ours(service("own", prefix("/seldon/a/iris/"), born=1))

AT_ADDRESS = {
    "the address itself": ([OWN_MAPPING, mapping("two", "/seldon/a/iris/")], True),
    "without the last slash": ([OWN_MAPPING, mapping("two", "/seldon/a/iris")], True),
    "below it": ([OWN_MAPPING, mapping("two", "/seldon/a/iris/api/v1.0/")], True),
    "under a condition": ([OWN_MAPPING, mapping("two", "/seldon/a/iris/", headers={"h": "1"})], True),
    "a VirtualService": ([OWN_SERVICE, service("two", prefix("/seldon/a/iris/"), **TWO)], True),
    "a VirtualService, one path of it": ([OWN_SERVICE, service("two", {"uri": {"exact": "/seldon/a/iris/m"}})], True),
    "a longer name": ([OWN_MAPPING, mapping("two", "/seldon/a/iris2/")], False),
    "above it": ([OWN_MAPPING, mapping("two", "/seldon/a/")], False),
    "another host": (
        [
            ours(service("own", prefix("/seldon/a/iris/"), hosts=["a.com"])),
            service("two", prefix("/seldon/a/iris/"), hosts=["b.com"]),
        ],
        False,
    ),
    "one segment is no address": ([ours(mapping("own", "/iris/")), mapping("two", "/iris/")], False),
    "ours too": ([OWN_MAPPING, ours(mapping("two", "/seldon/a/iris/"), "other")], False),
    "an expression": ([OWN_MAPPING, mapping("two", "/seldon/a/iris/.*", prefix_regex=True)], False),
}


@pytest.mark.parametrize(("objects", "expected"), AT_ADDRESS.values(), ids=AT_ADDRESS)
def test_at_an_address_of_ours(objects, expected):
    where = f"{objects[0]['kind']} a/own"
    assert told(objects, "B04", SCOPE) == ([("error", where)] if expected else [])
    assert told(objects, "B04", "") == []
    assert_sentences(found(objects, SCOPE))


OPERATOR = "switch the operator's own routes off, or adopt the object"


@pytest.mark.parametrize(
    ("objects", "fix"),
    [
        ([OWN_MAPPING, mapping("two", "/seldon/a/iris/", labels=DEPLOYMENT)], OPERATOR),
        ([OWN_MAPPING, mapping("seldon_a_iris_p_rest_mapping", "/seldon/a/iris/")], OPERATOR),
        ([OWN_SERVICE, service("iris", prefix("/seldon/a/iris/"))], OPERATOR),
        ([OWN_SERVICE, service("iris", prefix("/seldon/a/iris/"), space="b")], "remove that route"),
        (
            [OWN_MAPPING, ours(mapping("two", "/seldon/a/iris/", labels=DEPLOYMENT), scope="test")],
            "keep the definition in one scope",
        ),
        ([OWN_MAPPING, mapping("two", "/seldon/a/iris/")], "remove that route"),
    ],
)
def test_who_leaves(objects, fix):
    (item,) = [item for item in found(objects, SCOPE) if item.id == "B04"]
    assert item.fix.startswith(fix)


def test_one_finding_for_each_object_and_address():
    foreign = service("two", prefix("/seldon/a/iris/"), prefix("/seldon/a/iris/m"), prefix("/seldon/b/m/"), **TWO)
    objects = [OWN_SERVICE, ours(service("too", prefix("/seldon/b/m/"), born=1), "m"), foreign]
    assert told(objects, "B04", SCOPE) == [("error", "VirtualService a/own"), ("error", "VirtualService a/too")]


# --- All of them --------------------------------------------------------------------------------------------------

WHOSE = {
    "definition iris of scope test in namespace a": ours(mapping("m", labels=DEPLOYMENT), scope="test"),
    "Seldon deployment iris in namespace a": mapping("m", labels={**DEPLOYMENT, "app.kubernetes.io/instance": "shop"}),
    "application shop in namespace a": mapping("m", labels={"app.kubernetes.io/instance": "shop"}),
    "by hand in namespace a": mapping("m", labels={"mlops.ingress/definition": "iris"}),
}


@pytest.mark.parametrize(("text", "obj"), WHOSE.items(), ids=WHOSE)
def test_whose_it_is(text, obj):
    findings = found([obj, mapping("z", space="z")])
    assert [f"Mapping a/m ({text})" in item.message for item in findings] == [True, False]


def test_no_more_than_a_reader_needs():
    many = [mapping(f"m{number}", f"/{number}/", space=space) for number in range(MOST_FINDINGS + 7) for space in "ab"]
    findings = found(many)
    assert [item.id for item in findings] == ["B01"] * (MOST_FINDINGS + 1) + ["B06"] * (MOST_FINDINGS + 1)
    assert "7 more times" in findings[MOST_FINDINGS].message
    assert_sentences(findings)
    exactly = found(many[: 2 * MOST_FINDINGS])
    assert len(exactly) == 2 * MOST_FINDINGS


def test_names_cannot_break_a_line():
    hostile = "x\n" * 500
    objects = [
        mapping("one", f"/{hostile}"),
        mapping("two", f"/{hostile}", space="b", labels=dict.fromkeys(DEPLOYMENT, hostile)),
    ]
    assert found(objects)
    assert_sentences(found(objects))


# --- By chance ----------------------------------------------------------------------------------------------------

paths = st.sampled_from(["/", "/a", "/a/", "/a/b", "/a/b/", "/A/", "/ab"])
expressions = st.sampled_from(["/a/.*", ".*", "/a.*b", ".*/b/?"])
values = st.sampled_from([("exact", "1"), ("exact", "12"), ("prefix", "1"), ("regex", "1.*"), ("regex", ".*")])
headers = st.dictionaries(st.sampled_from("gh"), values, max_size=2)
methods = st.sampled_from(["", "", "GET", "PUT"])


@st.composite
def virtual_services(draw):
    found = []
    for number in range(draw(st.integers(2, 7))):
        kind = draw(st.sampled_from(["prefix", "prefix", "exact", "regex"]))
        match = {"uri": {kind: draw(expressions if kind == "regex" else paths)}}
        if kind != "regex" and draw(st.booleans()):
            match["ignoreUriCase"] = True
        given = draw(headers)
        without = draw(st.sampled_from([False, False, True]))
        match |= {"withoutHeaders" if without else "headers": {name: dict([value]) for name, value in given.items()}}
        if method := draw(methods):
            match["method"] = {"exact": method}
        found.append(service(f"s{number}", match, space=f"n{number}", born=draw(st.integers(0, 9))))
    return found


@st.composite
def mappings(draw):
    found = []
    for number in range(draw(st.integers(2, 7))):
        regex = draw(st.sampled_from([False, False, True]))
        fields = {"prefix_regex": True} if regex else {"case_sensitive": draw(st.booleans())}
        given = draw(headers).items()
        fields["headers"] = {name: value for name, (kind, value) in given if kind == "exact"}
        fields["regex_headers"] = {name: value for name, (kind, value) in given if kind == "regex"}
        if method := draw(methods):
            fields["method"] = method
        fields["precedence"] = draw(st.integers(0, 2))
        if draw(st.booleans()):
            fields["weight"] = draw(st.sampled_from([0, 50, 100]))
        found.append(mapping(f"m{number}", draw(expressions if regex else paths), space=f"n{number}", **fields))
    return found


@usual
@given(objects=st.one_of(virtual_services(), mappings()))
def test_what_is_hidden_gets_nothing(objects):
    table = (istio_table if objects[0]["kind"] == "VirtualService" else emissary_table)(objects)
    entrances = table.entrances
    hidden = {
        item.where
        for item in conflicts(table)
        if item.level == "error" and (item.id == "B02" or (item.id == "B01" and entrances[0].provider == "istio"))
    }
    for entrance in entrances:
        for request in requests(entrances):
            owners = [part.share.owner or part.row.owner for part in resolve(entrance, request).parts]
            assert not hidden & {f"{owner.kind} {owner.namespace}/{owner.name}" for owner in owners}, request
