# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters ``routes`` and ``resolve``: what they return, how they are asked, and what they refuse."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.mlops.ingress.plugins.filter import routing
from ansible_collections.mlops.ingress.plugins.filter.routing import lint, resolve, routes
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route
from ansible_collections.mlops.ingress.tests.unit.plugins.filter.test_lint import (
    IN_ISTIO,
    ambassador,
    gateway,
    host,
    http,
    listener,
    mapping,
    model,
    obj,
    own_secret,
    owned,
    routed,
    secure,
    server,
    signed,
    split,
    to,
    virtual_service,
)
from ansible_collections.mlops.ingress.tests.unit.plugins.filter.test_translation import PLAIN, all_plain, template

FILTERS = {"routes": routes, "resolve": resolve, "lint": lint}
X = {"path": "/x/a"}


def sidecar(name):
    path = Path(routing.__file__).with_name(f"{name}.yml")
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def run(name, items, **options):
    """Any of the filters, with a request where it needs one."""
    return FILTERS[name](items, **({"request": X} if name == "resolve" else {}) | options)


def refused(name, items, **options):
    """The sentence with which a filter refuses."""
    with pytest.raises(AnsibleFilterError) as caught:
        run(name, items, **options)
    text = str(caught.value)
    assert text.startswith(f"mlops.ingress.{name}: ")
    assert text.endswith(".")
    assert text.isprintable()
    return text.partition(": ")[2]


def percents(found):
    return [part["percent"] for part in found["backends"]]


def targets(found):
    return {part["host"]: part["percent"] for part in found["backends"]}


# --- What is returned ---------------------------------------------------------------------------------------------

MIRRORED = virtual_service(http("/x/", to(weight=1), to("o", weight=2), mirror=to()["destination"], timeout="2s"))
TABLES = {
    "ambassador": ([split(75, 25), model("k", predictor("a"), predictor("b", shadow=True))], {}),
    "istio": ([split(75, 25), MIRRORED, gateway()], IN_ISTIO),
    "redirect": ([mapping(host_redirect=True, service="b.com")], {}),
    "both": ([split(75, 25)], {"provider": ["ambassador", "istio"]}),
}


def documented(name):
    return list(sidecar(name)["RETURN"]["_value"]["contains"])


@pytest.mark.parametrize("name", TABLES)
def test_rows_have_the_keys_that_are_documented(name):
    items, options = TABLES[name]
    found = routes(items, **options)
    assert found
    for row in found:
        assert sorted(row) == sorted(documented("routes"))
        assert list(row["match"]) == ["path", "method", "headers", "query"]
        assert list(row["owner"]) == ["kind", "namespace", "name", "labels"]
        for part in row["backends"]:
            names = ["host", "port", "subset", "tls", "percent", "rewrite", "host_rewrite", "timeout_ms"]
            assert list(part) == names
        for part in row["mirrors"]:
            assert list(part) == ["host", "port", "subset", "tls", "percent"]
        assert row["mirror"] == (row["mirrors"][0] if row["mirrors"] else None)


@pytest.mark.parametrize("path", ["/x/a", "/seldon/n/m/", "/nothing/", "/seldon/n/k/"])
@pytest.mark.parametrize("name", ["ambassador", "istio", "redirect"])
def test_an_answer_has_the_keys_that_are_documented(name, path):
    items, options = TABLES[name]
    found = resolve(items, {"path": path}, entrance="g/gw" if name == "istio" else None, **options)
    assert sorted(found) == sorted(documented("resolve"))
    for part in found["backends"]:
        names = {"host", "port", "subset", "tls", "percent", "rewrite", "host_rewrite", "timeout_ms", "path", "owner"}
        assert set(part) == names
    assert found["mirror"] == (found["mirrors"][0] if found["mirrors"] else None)
    assert found["matched"] == (found["why"] is None)


@pytest.mark.parametrize("name", FILTERS)
def test_nothing_else_comes_back_than_plain_values(name):
    items = [split(75, 25), mapping(), listener()]
    before = copy.deepcopy(items)
    found = run(name, items)
    all_plain(found)
    assert json.loads(json.dumps(found)) == found
    assert items == before


def test_a_row_of_ambassador():
    (row,) = routes(mapping(timeout_ms=0, retry_policy={"retry_on": "5xx", "num_retries": 2}, host_rewrite="h.com"))
    assert row == {
        "provider": "ambassador",
        "entrance": "default",
        "port": 0,
        "host": "*",
        "order": 0,
        "match": {"path": {"kind": "prefix", "value": "/x/"}, "method": None, "headers": [], "query": []},
        "backends": [
            {
                "host": "s.t",
                "port": 80,
                "subset": None,
                "tls": False,
                "percent": 100,
                "rewrite": "/",
                "host_rewrite": "h.com",
                "timeout_ms": 0,
            }
        ],
        "mirror": None,
        "mirrors": [],
        "retries": 2,
        "redirect": None,
        "owner": {"kind": "Mapping", "namespace": "t", "name": "a", "labels": {}},
    }


def test_a_row_of_istio():
    match = {
        "uri": {"prefix": "/x/"},
        "ignoreUriCase": True,
        "method": {"exact": "POST"},
        "headers": {"X-A": {"regex": "a+"}},
        "withoutHeaders": {"x-b": {}},
        "queryParams": {"q": {"exact": "1"}},
    }
    (row,) = routes(virtual_service({"match": [match], "route": [to(subset="v1")]}, hosts=["A.com"]), **IN_ISTIO)
    assert (row["provider"], row["entrance"], row["port"], row["host"]) == ("istio", "g/gw", 0, "a.com")
    assert row["match"] == {
        "path": {"kind": "prefix", "value": "/x/", "ignore_case": True},
        "method": {"kind": "exact", "value": "POST"},
        "headers": [
            {"name": "x-a", "kind": "regex", "value": "a+"},
            {"name": "x-b", "kind": "present", "value": "", "negated": True},
        ],
        "query": [{"name": "q", "kind": "exact", "value": "1"}],
    }
    assert (
        row["backends"][0] | {"host": "s.t", "subset": "v1", "percent": 100, "timeout_ms": None} == row["backends"][0]
    )
    assert row["retries"] == 2


def test_labels_of_no_scope_are_not_shown():
    (grpc, rest) = routes(model())
    assert rest["owner"]["labels"] == grpc["owner"]["labels"]
    assert not any(value == "this-run" for value in rest["owner"]["labels"].values())
    found = routes(model(), scope="prod")
    assert {row["owner"]["labels"]["mlops.ingress/scope"] for row in found} == {"prod"}


# --- The examples of the documentation ----------------------------------------------------------------------------


def example(name, number):
    return yaml.safe_load(sidecar(name)["EXAMPLES"])[number]["vars"]


def test_the_example_of_routes():
    iris = example("routes", 0)["iris"]
    assert percents(routes(iris)[0]) == [25, 75]
    table = routes(example("routes", 1)["iris"], provider="istio", hosts=["models.example.com"])
    assert {row["host"] for row in table} == {"models.example.com"}


def test_the_examples_of_resolve():
    given = example("resolve", 0)
    answer = resolve(given["iris"], given["request"])
    assert answer["path"] == "/api/v1.0/predictions"
    assert targets(answer) == {"iris-canary.models": 25, "iris-main.models": 75}
    missed = resolve(example("resolve", 1)["iris"], {"path": "/seldon/models/irish/"}, provider="istio")
    assert missed["why"] == "no route matches; the nearest (/seldon/models/iris/) asks for another path"


def test_the_examples_of_lint():
    found = lint([example("lint", 0)["iris"]], provider=["ambassador", "istio"])
    assert not any(one["level"] == "error" for one in found)
    given = example("lint", 1)
    ids = list(dict.fromkeys(one["id"] for one in lint([given["iris"], given["foreign"]], checks=given["checks"])))
    assert f"The fact is {ids}." in sidecar("lint")["EXAMPLES"]
    assert ids[:3] == ["B01", "B04", "B06"]


# --- Requests -----------------------------------------------------------------------------------------------------

CONDITIONS = [
    # The Mapping, a request that it takes, one that just misses it, and what is said of that.
    ({"method": "POST"}, {"method": "post"}, {}, "method"),
    ({"method": "GET"}, {}, {"method": "HEAD"}, "method"),
    ({"headers": {"X-Beta": "Yes"}}, {"headers": {"x-BETA": "Yes"}}, {"headers": {"X-Beta": "yes"}}, "header x-beta"),
    ({"regex_headers": {"x": "a+"}}, {"headers": {"x": "aa"}}, {"headers": {"x": "aab"}}, "header x"),
    ({"query_parameters": {"q": "1"}}, {"path": "/x/a?q=1&q=2"}, {"path": "/x/a?q=2&q=1"}, "query parameter q"),
    ({"query_parameters": {"q": "1"}}, {"path": "/x/a?a=b&&q=1"}, {"path": "/x/a?Q=1"}, "query parameter q"),
    ({"query_parameters": {"q": ""}}, {"path": "/x/a?q"}, {"path": "/x/a?q=1"}, "query parameter q"),
    ({"prefix": "/x"}, {"path": "/xy"}, {"path": "/X"}, "path"),
    ({"prefix": "/x/a", "prefix_exact": True}, {"path": "/x/a?q=1"}, {"path": "/x/a/"}, "path"),
    ({"prefix": "/x/[a-c]", "prefix_regex": True}, {"path": "/x/c"}, {"path": "/x/cc"}, "path"),
    ({"case_sensitive": False}, {"path": "/X/A"}, {"path": "/Y/A"}, "path"),
]


@pytest.mark.parametrize(("fields", "hit", "miss", "what"), CONDITIONS)
def test_conditions(fields, hit, miss, what):
    item = mapping(**fields)
    taken, missed = resolve(item, X | hit), resolve(item, X | miss)
    assert (taken["matched"], percents(taken), taken["unanswered"], taken["why"]) == (True, [100], 0, None)
    assert (missed["matched"], missed["backends"], missed["unanswered"]) == (False, [], 100)
    path = fields.get("prefix", "/x/")
    assert missed["why"] == f"no route matches; the nearest ({path}) asks for another {what}"


def test_a_host_among_the_headers():
    items = [virtual_service(hosts=["a.com"])]
    found = resolve(items, X | {"host": "a.com"}, **IN_ISTIO)
    assert found["matched"]
    for name in ("Host", "host", ":authority"):
        assert resolve(items, X | {"headers": {name: "a.com"}}, **IN_ISTIO) == found
        assert resolve(items, X | {"host": "a.com", "headers": {name: "a.com"}}, **IN_ISTIO) == found
        assert not resolve(items, X | {"headers": {name: "b.com"}}, **IN_ISTIO)["matched"]
    # Envoy gives the host to a condition on either name.
    asked = mapping(headers={"Host": "a.com"})
    assert resolve(asked, X | {"host": "a.com"})["matched"]
    assert resolve(asked, X | {"host": "b.com"})["why"].endswith("asks for another host")


def test_the_defaults_of_a_request():
    item = mapping(prefix="/", method="GET", prefix_exact=True)
    assert resolve(item, {}) == resolve(item, {"method": "GET", "host": "", "path": "/", "headers": {}})
    assert resolve(item, {})["matched"]
    assert resolve(item, dict.fromkeys(("method", "host", "path", "headers"))) == resolve(item, {})


PATHS = [
    ({}, "/x/a/b", "/a/b"),
    ({"rewrite": "/y"}, "/x/a", "/ya"),
    ({"rewrite": ""}, "/x/a", "/x/a"),
    ({"prefix_exact": True, "rewrite": "/y"}, "/x/", "/y"),
    ({"prefix": "/x/.*", "prefix_regex": True}, "/x/a", "/"),
    ({"prefix": "/x/.*", "prefix_regex": True, "rewrite": ""}, "/x/a", "/x/a"),
    ({"rewrite": "/y/"}, "/x/a?q=1", "/y/a"),
]


@pytest.mark.parametrize(("fields", "path", "seen"), PATHS)
def test_the_path_that_a_backend_sees(fields, path, seen):
    found = resolve(mapping(**fields), {"path": path})
    assert found["path"] == found["backends"][0]["path"] == seen


def test_the_path_of_an_expression_that_rewrites():
    told = {"pattern": "/x/(.*)", "substitution": "/y/\\1"}
    found = resolve(mapping(regex_rewrite=told), X)
    assert (found["path"], found["matched"]) == (None, True)
    assert [(part["path"], part["rewrite"]) for part in found["backends"]] == [(None, told)]
    assert [row["backends"][0]["rewrite"] for row in routes(mapping(regex_rewrite=told))] == [told]
    # Text that only looks like such an expression is a prefix.
    assert resolve(mapping(rewrite="s/a/b/"), X)["path"] == "s/a/b/a"


def test_paths_that_differ_are_none():
    found = resolve([mapping(weight=50), mapping("b", service="o", rewrite="/y/")], X)
    assert found["path"] is None
    assert [part["path"] for part in found["backends"]] == ["/a", "/y/a"]


HOSTS = [
    # Hosts, the hostname of the Mapping, the request's host, and whether anything answers.
    ([], "a.com", "a.com", True),
    ([], "a.com", "A.COM", False),
    ([], "a.com", "a.com:8080", False),
    ([], "a.com:8080", "a.com:8080", True),
    ([], "*", "a.com:8080", True),
    ([], "*.a.com", "b.a.com", True),
    ([], "*.a.com", "a.com", False),
    ([host("*.a.com")], "*", "b.a.com", True),
    ([host("*.a.com")], "*", "b.com", False),
    ([host("a.com")], "a.com", "a.com", True),
    ([host("a.com")], "*", "a.com:8080", False),
    ([host("a.com"), host("*", name="all")], "*", "a.com:8080", True),
    ([host("a.com")], "b.com", "b.com", False),
]


@pytest.mark.parametrize(("hosts", "hostname", "asked", "taken"), HOSTS)
def test_hosts(hosts, hostname, asked, taken):
    found = resolve([*hosts, mapping(hostname=hostname)], X | {"host": asked})
    assert found["matched"] is taken


def test_the_most_specific_host_alone_is_asked():
    items = [
        virtual_service(http("/x/", to("wide"))),
        virtual_service(http("/x/", to("near")), name="w", hosts=["*.a.com"]),
        virtual_service(http("/y/", to("own")), name="x", hosts=["b.a.com"]),
    ]

    def who(name, path="/x/a"):
        return list(targets(resolve(items, {"path": path, "host": name}, **IN_ISTIO)))

    assert who("c.com") == who("a.com") == ["wide.t"]
    assert who("c.a.com") == who("d.c.a.com:443") == ["near.t"]
    assert who("b.a.com") == []
    assert who("b.a.com", "/y/") == ["own.t"]
    unknown = resolve(items[2:], X | {"host": "c.com"}, **IN_ISTIO)
    assert unknown["why"] == "no host fits 'c.com'; served are b.a.com"


# --- Shares, copies, redirects ------------------------------------------------------------------------------------


def test_what_gets_no_answer():
    found = resolve([mapping(weight=60), mapping("b", service="o", weight=30)], X)
    assert (targets(found), found["unanswered"], found["matched"], found["why"]) == (
        {"s.t": 60, "o.t": 30},
        10,
        True,
        None,
    )
    wide = [mapping(weight=60), mapping("b", service="o", weight=30), mapping("c", service="w", prefix="/")]
    assert targets(resolve(wide, X)) == {"s.t": 60, "o.t": 30, "w.t": 10}
    assert resolve(wide, X)["unanswered"] == 0


def test_shares_are_exact_to_six_places():
    found = resolve(MIRRORED, X, **IN_ISTIO)
    assert percents(found) == [33.333333, 66.666667]
    assert [type(part["percent"]) for part in resolve(split(75, 25), {"path": "/seldon/n/m/"})["backends"]] == [int] * 2


def test_copies():
    copied = resolve([mapping(), mapping("b", service="copy", shadow=True, weight=20)], X)
    assert copied["mirror"] == {"host": "copy.t", "port": 80, "subset": None, "tls": False, "percent": 20}
    assert targets(copied) == {"s.t": 100}
    both = virtual_service(http(None, mirrors=[to("c"), to("d") | {"percentage": {"value": 0.5}}]))
    found = resolve(both, X, **IN_ISTIO)
    assert [(part["host"], part["percent"]) for part in found["mirrors"]] == [("c.t", 100), ("d.t", 0.5)]


def test_redirects():
    found = resolve(mapping(host_redirect=True, service="b.com", path_redirect="/q"), X)
    assert (found["matched"], found["redirect"], found["backends"], found["path"]) == (True, "b.com/q", [], None)
    found = resolve(
        virtual_service({"redirect": {"uri": "/q", "scheme": "https", "authority": "b.com"}}), X, **IN_ISTIO
    )
    assert (found["matched"], found["redirect"], found["unanswered"]) == (True, "https://b.com/q", 0)
    found = resolve([host("*", action="Redirect"), listener(securityModel="INSECURE"), mapping()], X)
    assert (found["redirect"], found["port"]) == ("https", 8080)


def test_timeouts():
    def timeout(item, **options):
        return resolve(item, X, **options)["backends"][0]["timeout_ms"]

    assert timeout(mapping()) == 3000
    assert timeout(mapping(timeout_ms=0)) == 0
    assert timeout(virtual_service(), **IN_ISTIO) is None
    assert timeout(virtual_service(http(timeout="1m1s")), **IN_ISTIO) == 61_000
    module = ambassador("Module", "ambassador", config={"cluster_request_timeout_ms": 7000})
    assert timeout([mapping(), module]) == 7000


# --- Entrances ----------------------------------------------------------------------------------------------------

TWO_PORTS = [
    listener(8080, securityModel="INSECURE"),
    listener(8443, "m", securityModel="SECURE", protocol="HTTPS"),
    host("*", action="Redirect"),
    mapping(),
]


def test_two_ports_that_answer_differently():
    message = (
        "entrance: several answer differently (default port 8080, default port 8443): name the entrance or the port."
    )
    assert refused("resolve", TWO_PORTS) == message
    assert refused("resolve", TWO_PORTS, entrance="default") == message
    assert resolve(TWO_PORTS, X, port=8080)["redirect"] == "https"
    assert resolve(TWO_PORTS, X, "ambassador", "default", 8443)["backends"]
    assert refused("resolve", TWO_PORTS, request={"path": "/x/", "host": "a.com"}) == message
    # Where they agree nobody has to choose.
    assert resolve(TWO_PORTS, {"path": "/y/"})["why"] == resolve(TWO_PORTS, {"path": "/y/"}, port=8443)["why"]
    assert resolve([*TWO_PORTS[:2], host("*"), mapping()], X)["matched"]


def test_entrances_that_differ_in_words_only():
    items = [virtual_service(gateways=["g/gw", "g/other"], hosts=["a.com"]), gateway(server("a.com"))]
    items.append(gateway(server("b.com"), server("a.com"), name="other"))
    items.append(virtual_service(http("/z/"), name="w", gateways=["g/other"], hosts=["b.com"]))
    missed = X | {"host": "c.com"}
    words = [resolve(items, missed, entrance=name, **IN_ISTIO)["why"] for name in ("g/gw", "g/other")]
    assert words == ["no host fits 'c.com'; served are a.com", "no host fits 'c.com'; served are a.com, b.com"]
    found = resolve(items, missed, **IN_ISTIO)
    assert (found["entrance"], found["why"]) == ("g/gw", words[0])
    with pytest.raises(AnsibleFilterError, match="several answer differently"):
        resolve(items, {"path": "/z/", "host": "b.com"}, **IN_ISTIO)


def test_entrances_by_name():
    items = [mapping(ambassador_id=["blue"]), mapping("b", service="o")]
    assert refused("resolve", items) == (
        "entrance: several answer differently (blue port 0, default port 0): name the entrance or the port."
    )
    assert targets(resolve(items, X, entrance="blue")) == {"s.t": 100}
    assert targets(resolve(items, X, entrance="default", port=0)) == {"o.t": 100}
    assert refused("resolve", items, entrance="red") == (
        "entrance: there is none of this name and port: there are blue port 0, default port 0."
    )
    assert refused("resolve", TWO_PORTS, port=80).endswith("there are default port 8080, default port 8443.")
    many = [mapping(f"m{number}", ambassador_id=[f"id-{number:02}\n"]) for number in range(15)]
    message = refused("resolve", many, entrance="red")
    assert message.count("\\n port 0") == 10
    assert message.endswith(", 5 more.")
    gateways = [virtual_service(gateways=["g/gw", "mesh"], hosts=["s"]), gateway(server("*", port=8081))]
    assert {row["entrance"]: row["port"] for row in routes(gateways, **IN_ISTIO)} == {"g/gw": 8081, "mesh": 0}


def test_nothing_is_served_at_all():
    for provider in ("ambassador", "istio"):
        assert routes([], provider=provider) == []
    found = resolve([], X)
    assert (found["matched"], found["backends"], found["unanswered"]) == (False, [], 100)
    assert found["why"]
    assert resolve([], X, provider="istio")["why"] == "nothing is served at all"


@pytest.mark.parametrize(("provider", "entrance"), [("ambassador", "default"), ("istio", "")])
def test_an_empty_table_is_that_of_the_provider(provider, entrance):
    found = resolve([], X, provider=provider)
    assert (found["provider"], found["entrance"]) == (provider, entrance)


def test_both_providers_in_one_table():
    found = routes([split(75, 25)], provider=["ambassador", "istio"])
    assert found == routes(split(75, 25)) + routes(split(75, 25), provider="istio")
    assert routes(split(75, 25), provider=["ambassador"]) == routes(split(75, 25))
    assert routes(split(75, 25), None) == routes(split(75, 25))


def test_versions_of_ambassador():
    item = mapping(version="getambassador.io/v2", weight=30)
    old, new = (resolve(item, X, ambassador_version=version) for version in ("v1.14.4", "3.10.0"))
    assert (percents(old), old["unanswered"], old["port"]) == ([30], 70, 8080)
    assert (percents(new), new["unanswered"], new["port"]) == ([100], 0, 0)
    assert resolve(item, X) == new
    # Without a version, the one for which the definitions are translated.
    assert {row["port"] for row in routes(model(), api="v1")} == {8080}
    assert {row["port"] for row in routes(model(), api="v2")} == {0}
    assert routes(model(), ambassador_version="1.14.4") == []
    assert "C01" in {one["id"] for one in lint(model(), ambassador_version="1.14.4")}


def test_objects_of_an_earlier_run_are_replaced():
    before = owned(mapping("gone", "n", prefix="/seldon/n/m/"), definition="m")
    request = {"path": "/seldon/n/m/"}
    assert targets(resolve([model(), before], request, scope="prod")) == {"m-p.n": 100}
    assert targets(resolve([model(), before], request)) == {"s.n": 50, "m-p.n": 50}


def checks_of(items, **options):
    return {one["id"] for one in lint(items, **options)}


def test_without_us_foreign_owners_are_held_against_each_other():
    wide = virtual_service(http("/w/"))
    narrow = virtual_service(http("/y/"), name="w", namespace="u", hosts=["a.com"])
    assert "B03" in checks_of([wide, narrow], **IN_ISTIO)
    assert "B03" not in checks_of([wide, narrow | {"metadata": {"name": "w", "namespace": "t"}}], **IN_ISTIO)
    # With a scope, or objects of a run, that is a matter between others.
    assert "B03" not in checks_of([wide, narrow], scope="prod", **IN_ISTIO)
    assert "B03" not in checks_of([wide, narrow, model(notes={"istio-host": "b.com"})], **IN_ISTIO)


def test_another_scope_is_another_owner():
    one, other, third = (
        owned(mapping(name, service=name), scope) for name, scope in (("a", "prod"), ("b", "prod"), ("c", "test"))
    )
    assert "A02" in checks_of([one, other])
    assert "A02" not in checks_of([one, third])


# --- What is refused ----------------------------------------------------------------------------------------------

ITEMS = {
    "text": (["x"], "definitions[0]: is the text 'x': give definitions and Kubernetes objects."),
    "null": ([model(), None], "definitions[1]: is null: give definitions and Kubernetes objects."),
    "no list": (None, "definitions[0]: is null: give definitions and Kubernetes objects."),
    "nested": ([[model()]], "definitions[0]: is a list: give definitions and Kubernetes objects."),
    "number": (5, "definitions[0]: is the number 5: give definitions and Kubernetes objects."),
    "empty": ([{}], "definitions[0]: has no kind and apiVersion: give definitions and Kubernetes objects."),
    "no version": ([{"kind": "Mapping"}], "definitions[0]: has no kind and apiVersion"),
    "kind is a list": ([{"kind": ["Mapping"], "apiVersion": "v1"}], "definitions[0]: has no kind and apiVersion"),
}


def nested(item, levels):
    for _level in range(levels):
        item = {"apiVersion": "v1", "kind": "List", "items": [item]}
    return item


@pytest.mark.parametrize("item", [mapping(), model()])
def test_lists_in_lists(item):
    for levels in (1, 2, 20):
        assert routes(nested(item, levels)) == routes(item)
    assert routes([nested(item, 2), listener()]) == routes([item, listener()])
    message = "definitions[0]: holds Lists in Lists, more than 20 deep: take them apart."
    assert refused("routes", nested(item, 21)) == message
    message = "definitions[0], items[0], items[0]: is null: give definitions and Kubernetes objects."
    assert refused("routes", nested(None, 2)) == message


@pytest.mark.parametrize("case", ITEMS)
@pytest.mark.parametrize("name", FILTERS)
def test_items_that_are_nothing(name, case):
    items, message = ITEMS[case]
    assert refused(name, items).startswith(message)


OPTIONS = {
    "profile": [("x", "profile: 'x' is not known: allowed are corrected, operator."), (5, "profile: the number 5 is")],
    "hosts": [
        (5, "hosts: is the number 5: write a text or a list of texts."),
        (["a.com", 5], "hosts[1]: is the number 5: write a text."),
        ("a_b", "'a_b', which is no DNS name"),
        ([{1: "a"}], "hosts[0]: the number 1 is a key and no text: put it in quotes."),
    ],
    "api": [("v9", "api: 'v9' is not known: allowed are v0, v1, v2, v3alpha1."), (2, "api: the number 2 is not known")],
    "form": [("x", "form: 'x' is not known: allowed are annotation, object.")],
    "single_namespace": [("yes", "single_namespace: is the text 'yes': write true or false.")],
    "ambassador_id": [(5, "ambassador_id: is the number 5"), ("", "ambassador_id: holds an empty text")],
    "operator_env": [
        (5, "operator_env: is the number 5: write a mapping of environment variables."),
        ({"X": "1"}, "operator_env: 'X' is no variable of the operator"),
        ({"ISTIO_GATEWAY": 5}, "operator_env.ISTIO_GATEWAY: is the number 5: environment variables are text"),
        ({1: "x"}, "operator_env: the number 1 is a key and no text: put it in quotes."),
    ],
    "ambassador_version": [
        (3.10, "ambassador_version: the number 3.1 is no version: write it as text, such as '3.10.0'."),
        ("three", "ambassador_version: 'three' is no version"),
        ("", "ambassador_version: '' is no version"),
        ("3.10.0.1", "ambassador_version: '3.10.0.1' is no version"),
        (["3"], "ambassador_version: a list is no version"),
    ],
    "istio_version": [
        (1, "istio_version: the number 1 is no version: write it as text, such as '1.24.1'."),
        ("1.x", "istio_version: '1.x' is no version"),
    ],
    "scope": [
        (5, "scope: is the number 5: write the scope"),
        ("a/b", "scope: 'a/b': may hold only letters"),
        ("a" * 5000, f"scope: '{'a' * 77}...': "),
    ],
    "scop": [("x", "'scop': is not an option (did you mean 'scope'?): allowed are ")],
    "istio_versions": [("1", "(did you mean 'istio_version'?)")],
    "hostz": [("x", "'hostz': is not an option (did you mean 'hosts'?): allowed are ")],
    "gateway": [("a/b", "'gateway': is not an option of ambassador: name istio in provider.")],
    "base_url": [(7, "base_url: the number 7 is no address"), ("a b", "base_url: 'a b' is no address")],
    "provider": [
        ("nginx", "provider: 'nginx' is not known: allowed are ambassador, istio"),
        (5, "provider: the number 5 is not known"),
        ({"istio": True}, "provider: a mapping is not known"),
    ],
}
ISTIO_OPTIONS = {
    "cluster_domain": [(5, "cluster_domain: the number 5 is no text"), ("A b", "cluster_domain: 'A b' may hold only")],
    "gateway": [("", "gateway: '' must be mesh, name or namespace/name"), (5, "gateway: the number 5 is no text")],
    "gateways": [(["a/b", "a/b"], "gateways: holds a gateway twice"), ({}, "gateways: is a mapping")],
    "tls_mode": [("STRICT", "tls_mode: STRICT is a mode of PeerAuthentication"), (5, "tls_mode: the number 5 is")],
    "api_version": [("v1", "api_version: 'v1' is not known")],
    "api": [("v2", "'api': is not an option")],
}
BAD = [(key, value, message, {}) for key, cases in OPTIONS.items() for value, message in cases]
BAD += [(key, value, message, IN_ISTIO) for key, cases in ISTIO_OPTIONS.items() for value, message in cases]


@pytest.mark.parametrize(("key", "value", "message", "others"), BAD)
@pytest.mark.parametrize("name", FILTERS)
def test_bad_options(name, key, value, message, others):
    assert message in refused(name, model(), **others | {key: value})


@pytest.mark.parametrize("value", [["istio", "nginx"], [], [["istio"]]])
@pytest.mark.parametrize("name", ["routes", "lint"])
def test_bad_lists_of_providers(name, value):
    message = "provider: a list is not known: allowed are ambassador, istio, or a list of them."
    assert refused(name, model(), provider=value) == message


@pytest.mark.parametrize("value", [["istio"], ["ambassador", "istio"], []])
def test_one_table_is_asked(value):
    message = "provider: is a list, and one table is asked: write one of ambassador, istio."
    assert refused("resolve", model(), provider=value) == message
    assert refused("resolve", model(), provider="nginx").endswith("allowed are ambassador, istio.")


@pytest.mark.parametrize(
    ("name", "wrong", "meant"), [("resolve", "entrace", "entrance"), ("lint", "check", "checks"), ("routes", "por", "")]
)
def test_an_unknown_option(name, wrong, meant):
    message = refused(name, model(), **{wrong: "x"})
    hint = f" (did you mean '{meant}'?)" if meant else ""
    assert message.startswith(f"'{wrong}': is not an option{hint}: allowed are ")
    common = {"profile", "operator_env", "cluster_domain", "scope", "ambassador_version", "istio_version", "hosts"}
    allowed = message.removesuffix(".").rpartition("allowed are ")[2].split(", ")
    assert common <= {*allowed}
    assert allowed == sorted(allowed)
    # Every one of them is an option that is documented.
    assert {*allowed} <= {*sidecar(name)["DOCUMENTATION"]["options"]}


DEEP = {"a" * 500: {"b\n": {2: "c"}}}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"items": [{1: 2}]}, "definitions[0]: the number 1 is a key and no text: put it in quotes."),
        ({"items": {1: 2}}, "definitions: the number 1 is a key and no text: put it in quotes."),
        ({"items": [{"a": [{"b": {None: 2}}]}]}, "definitions[0].a[0].b: null is a key and no text: put it in quotes."),
        ({"items": [{"a": "\ud800"}]}, "definitions[0].a: holds half of a surrogate pair"),
        ({"items": [{"\ud800": 1}]}, "definitions[0]: holds half of a surrogate pair"),
        ({"items": [{"a\nb": {1: 2}}]}, "definitions[0].a\\nb: the number 1 is a key"),
        ({"items": [DEEP]}, f"definitions[0].{'a' * 62}...: the number 2 is a key"),
        ({"request": {"headers": {1: "x"}}}, "request.headers: the number 1 is a key and no text"),
        ({"request": {1: "x"}}, "request: the number 1 is a key and no text"),
        ({"entrance": {1: "x"}}, "entrance: the number 1 is a key"),
    ],
)
def test_what_no_object_can_hold(options, message):
    assert refused("resolve", **({"items": mapping()} | options)).startswith(message)


@pytest.mark.parametrize("value", [5, "A b"])
def test_the_domain_is_checked_for_ambassador_too(value):
    assert "cluster_domain" in refused("routes", model(), cluster_domain=value)


@pytest.mark.parametrize("version", ["03.1.0", "3.010.0"])
def test_versions_with_zeros_before(version):
    plain = ".".join(str(int(part)) for part in version.split("."))
    assert lint(mapping(), ambassador_version=version) == lint(mapping(), ambassador_version=plain)


REQUESTS = {
    "no slash": ({"path": "x"}, "request: the path 'x' must begin with '/'."),
    "empty path": ({"path": ""}, "request: the path '' must begin with '/'."),
    "address": ({"path": "http://a.com/x"}, "request: the path 'http://a.com/x' must begin with '/'."),
    "query alone": ({"path": "?q=1"}, "must begin with '/'."),
    "header twice": (
        {"headers": {"X-A": "1", "x-a": "1"}},
        "request: the header 'x-a' is there twice, with other capitals: keep one.",
    ),
    "another host": (
        {"host": "a.com", "headers": {"HOST": "b.com"}},
        "request: has the host 'a.com' and the header host 'b.com': keep one.",
    ),
    "header number": ({"headers": {"x": 5}}, "request: the header 'x' is the number 5: it must be text."),
    "header null": ({"headers": {"x": None}}, "request: the header 'x' is null: it must be text."),
    "headers list": ({"headers": ["x: 1"]}, "request: headers is a list: write a mapping of names and values."),
    "path number": ({"path": 5}, "request: path is the number 5: it must be text."),
    "host list": ({"host": ["a.com"]}, "request: host is a list: it must be text."),
    "method": ({"method": True}, "request: method is the boolean true: it must be text."),
    "unknown": (
        {"paths": "/"},
        "request: has 'paths' (did you mean 'path'?): allowed are method, host, path, headers.",
    ),
    "query": ({"query": {}}, "request: has 'query': allowed are method, host, path, headers."),
    "null": (None, "request: is null: write a mapping with method, host, path, headers."),
    "text": ("/x/", "request: is the text '/x/': write a mapping"),
    "number as key": ({1: 2}, "is a key and no text: put it in quotes."),
}


@pytest.mark.parametrize("case", REQUESTS)
def test_bad_requests(case):
    request, message = REQUESTS[case]
    assert message in refused("resolve", mapping(), request=request)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"port": "8080"}, "port: '8080' is no port: write a whole number."),
        ({"port": True}, "port: the boolean true is no port: write a whole number."),
        ({"port": 1.5}, "port: the number 1.5 is no port: write a whole number."),
        ({"entrance": 5}, "entrance: the number 5 is no name: write that of a gateway, or the id of an Ambassador."),
        ({"entrance": ["default"]}, "entrance: a list is no name"),
    ],
)
def test_bad_entrances(options, message):
    assert refused("resolve", mapping(), **options).startswith(message)


@pytest.mark.parametrize("name", FILTERS)
def test_what_a_filter_must_be_given(name):
    with pytest.raises(TypeError):
        FILTERS[name]()


# --- Objects that make no route -----------------------------------------------------------------------------------

UNKNOWN = obj("gateway.networking.k8s.io/v1", "HTTPRoute", "h", {})


@pytest.mark.parametrize("name", ["routes", "resolve"])
def test_an_unknown_kind_is_refused(name):
    message = refused(name, [mapping(), UNKNOWN])
    assert message.startswith("definitions[1]: is a")
    assert "HTTPRoute of gateway.networking.k8s.io/v1, which route tables do not know" in message
    assert [one["id"] for one in lint([UNKNOWN])] == ["A17"]


@pytest.mark.parametrize("name", FILTERS)
def test_a_secret_is_passed_over(name):
    hidden = own_secret(signed(), name="x")
    assert run(name, [mapping(), listener(), hidden]) == run(name, [mapping(), listener()])


@pytest.mark.parametrize("name", ["routes", "resolve"])
def test_a_refused_definition_is_refused(name):
    message = refused(name, [model("k"), split(60, 60)])
    assert message.startswith("definitions[1], SeldonDeployment n/m: spec.predictors: the traffic adds up to 120")


WRONG = {
    # Objects, whom a request reaches, and what lint says of them.
    "weight over 100": ([mapping(weight=150), mapping("b", service="o")], {}, {}, "C06"),
    "weights over 100": ([mapping(weight=60), mapping("b", service="o", weight=60)], {"s.t": 60, "o.t": 40}, {}, "C06"),
    "weight of text": ([mapping(weight="50"), mapping("b", service="o")], {"o.t": 100}, {}, "C12"),
    "bad expression": (
        [mapping(prefix="/x/(", prefix_regex=True), mapping("b", service="o", prefix="/")],
        {"o.t": 100},
        {},
        "A06",
    ),
    "two shadows": ([mapping(), *(mapping(name, service=name, shadow=True) for name in "bc")], {"s.t": 100}, {}, "A04"),
    "other core": ([mapping(), mapping("b", service="o", connect_timeout_ms=5)], {"s.t": 100}, {}, "C05"),
    "weights of 0": (
        [virtual_service(http(None, to(weight=0), to("o", weight=0))), virtual_service(http("/x/"), name="w")],
        {"s.t": 100},
        IN_ISTIO,
        "A01",
    ),
    "expression of Istio": (
        [virtual_service({"match": [{"uri": {"regex": "/x/("}}], "route": [to("o")]}), virtual_service(name="w")],
        {"s.t": 100},
        IN_ISTIO,
        "D14",
    ),
    "unknown gateway": (
        [virtual_service(gateways=["gw"]), gateway(), virtual_service(http(None, to("o")), name="w")],
        {"o.t": 100},
        {**IN_ISTIO, "entrance": "g/gw"},
        "D01",
    ),
    "unserved host": ([virtual_service(hosts=["b.com"]), gateway(server("a.com"))], {}, IN_ISTIO, "D03"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_not_in_the_table(case):
    items, reached, options, check = WRONG[case]
    found = resolve(items, X | {"host": "a.com"}, **options)
    assert {name: percent for name, percent in targets(found).items() if percent} == reached
    own = {key: value for key, value in options.items() if key != "entrance"}
    assert check in {one["id"] for one in lint(items, **own)}


def test_nothing_answers_and_why():
    found = resolve([mapping(weight=150), mapping("b", service="o")], X)
    assert (found["unanswered"], found["matched"]) == (100, False)
    assert found["why"] == "the route that matches (Mapping t/a) gives nobody any request"
    # What gives nobody anything leaves the requests to the routes below.
    below = [mapping(weight=150), mapping("b", service="o"), mapping("c", service="w", prefix="/")]
    found = resolve(below, X)
    assert (targets(found), found["why"]) == ({"w.t": 100}, None)


def test_an_answer_of_the_proxy_itself():
    items = [
        virtual_service({"match": [{"uri": {"prefix": "/x/"}}], "directResponse": {"status": 503}}),
        virtual_service(http("/", to("o")), name="w"),
    ]
    found = resolve(items, X, **IN_ISTIO)
    assert (found["matched"], found["backends"], found["unanswered"]) == (False, [], 100)
    assert found["why"] == ("the route that matches (VirtualService t/v) has no backend; the proxy answers itself")
    assert targets(resolve(items, {"path": "/y"}, **IN_ISTIO)) == {"o.t": 100}


def test_what_the_proxy_refuses_is_a_warning(monkeypatch):
    said = []
    monkeypatch.setattr(routing.DISPLAY, "warning", said.append)
    routes([mapping(weight="50"), mapping("b")])
    resolve([mapping(weight="50"), mapping("b")], X)
    assert [text.partition(" ")[0] for text in said] == ["mlops.ingress.routes:", "mlops.ingress.resolve:"]
    assert said[0].startswith("mlops.ingress.routes: C12 Mapping t/a: weight: makes Emissary refuse the whole Mapping")
    said.clear()
    routes(mapping())  # that there is no Listener is no reason to warn
    lint([mapping(weight="50")])
    assert said == []


# --- What definitions become --------------------------------------------------------------------------------------


def test_both_providers_answer_alike():
    items = [
        split(75, 25),
        routed(prefix="/r/", rewrite="/z/"),
        model("k", predictor("a"), predictor("b", shadow=True)),
    ]
    for path in ("/seldon/n/m/api", "/r/a", "/seldon/n/k/", "/seldon/n/other/"):
        one, other = (
            resolve(items, {"path": path, "method": "POST"}, provider=name) for name in ("ambassador", "istio")
        )
        assert targets(one) == targets(other)
        assert (one["path"], one["unanswered"], one["matched"]) == (
            other["path"],
            other["unanswered"],
            other["matched"],
        )
        assert [part["host"] for part in one["mirrors"]] == [part["host"] for part in other["mirrors"]]


def test_an_annotation_routes_as_its_objects_do():
    for request in ({"path": "/seldon/n/m/a"}, {"path": "/seldon/n/m"}):
        as_objects, as_text = (resolve(split(75, 25), request, form=form) for form in ("object", "annotation"))
        told = [{key: value for key, value in part.items() if key != "owner"} for part in as_objects["backends"]]
        assert told == [{key: value for key, value in part.items() if key != "owner"} for part in as_text["backends"]]


def test_hosts_of_an_environment():
    found = resolve(model(), {"path": "/seldon/n/m/", "host": "a.com"}, hosts="a.com")
    assert found["matched"]
    assert not resolve(model(), {"path": "/seldon/n/m/", "host": "b.com"}, hosts=["a.com"])["matched"]
    gateways = [gateway(secure("a.com"), name="gw"), model()]
    answer = resolve(
        gateways, {"path": "/seldon/n/m/", "host": "a.com"}, provider="istio", gateway="g/gw", hosts="a.com"
    )
    assert (answer["entrance"], answer["port"], answer["matched"]) == ("g/gw", 443, True)


# --- Ansible ------------------------------------------------------------------------------------------------------

GIVEN = [split(75, 25), mapping(), service_route(route())]
SAID = "/seldon/n/m/"


def test_through_templates(tmp_path):
    texts = [
        "{{ found | mlops.ingress.routes }}",
        "{{ found | mlops.ingress.routes(provider=both) | to_json }}",
        "{{ found | mlops.ingress.resolve({'path': path}) }}",
        "{{ found | mlops.ingress.resolve(request | combine({'path': path}), provider='istio', entrance=door) }}",
        "{{ found | mlops.ingress.lint(checks=checks, provider=both) }}",
        "{{ [base | combine({'metadata': {'name': name, 'namespace': 'n'}})] | mlops.ingress.routes }}",
        "{{ [base] | map('combine', {}) | mlops.ingress.resolve({'path': path, 'headers': {'x': name}}) }}",
        "{{ found | mlops.ingress.resolve({'path': 'x'}) }}",
        "{{ found | mlops.ingress.lint(warn_days=name) }}",
    ]
    checks = [{"id": "A10", "level": "error", "reason": "other waits"}]
    both = ["ambassador", "istio"]
    variables = {
        "found": GIVEN,
        "both": both,
        "path": SAID,
        "request": {"path": "/", "method": "POST"},
        "door": "istio-system/seldon-gateway",
        "checks": checks,
        "base": deployment(),
        "name": "other",
    }
    said = template(tmp_path, variables, *texts)
    assert ["error" in item for item in said] == [False] * 7 + [True] * 2, said
    values = [item.get("value") for item in said]
    assert values[0] == routes(GIVEN)
    assert json.loads(values[1]) == routes(GIVEN, provider=both)
    assert values[2] == resolve(GIVEN, {"path": SAID})
    assert values[3] == resolve(GIVEN, {"path": SAID, "method": "POST"}, provider="istio")
    assert values[4] == lint(GIVEN, provider=both, checks=checks)
    assert [row["owner"]["name"] for row in values[5]] == ["seldon-n-other-p-grpc", "seldon-n-other-p-rest"]
    assert values[6] == resolve(deployment(), {"path": SAID})
    assert "mlops.ingress.resolve: request: the path 'x' must begin with '/'." in said[7]["error"]
    assert "mlops.ingress.lint: warn_days: 'other' is no number of days" in said[8]["error"]


@pytest.fixture
def loaded(tmp_path):
    """Values as Ansible's own YAML loader hands them out, every scalar tagged with its place."""
    path = tmp_path / "vars.yml"
    options = {
        "request": {"path": SAID, "headers": {"x": "1"}},
        "checks": [{"id": "A10", "level": "silent", "reason": "r"}],
    }
    more = {
        "hosts": ["a.com"],
        "ambassador_version": "3.10.0",
        "scope": "prod",
        "operator_env": {"ISTIO_ENABLED": "false"},
    }
    path.write_text(yaml.safe_dump({"found": GIVEN, "options": options, "more": more}), encoding="utf-8")
    return DataLoader().load_from_file(str(path))


@pytest.mark.parametrize("name", FILTERS)
def test_tagged_values_become_plain(loaded, name):
    options = {key: value for key, value in loaded["options"].items() if (key == "request") == (name == "resolve")}
    options = {} if name == "routes" else options
    assert type(loaded["found"][0]["kind"]) not in PLAIN
    found = FILTERS[name](loaded["found"], **options, **loaded["more"])
    all_plain(found)
    assert found == FILTERS[name](GIVEN, **json.loads(json.dumps(options)), **json.loads(json.dumps(loaded["more"])))
