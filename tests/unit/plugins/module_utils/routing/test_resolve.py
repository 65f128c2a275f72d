# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a request goes by a table: hosts, conditions, order, shares, paths, and why nothing matches."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.routing.classes import requests
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import (
    Copy,
    Entrance,
    Owner,
    RegexRewrite,
    Request,
    RequestMatch,
    Row,
    Share,
    Target,
    Text,
    VirtualHost,
)
from ansible_collections.mlops.ingress.plugins.module_utils.routing.resolve import (
    fits,
    host_for,
    resolve,
    rewritten,
    text_fits,
)

OWNER = Owner("Mapping", "n", "m")


def to(name, percent=100, rewrite="/"):
    return Share(Target(f"{name}.n", 80), Fraction(percent), rewrite=rewrite)


def row(path, *shares, **fields):
    mirrors = fields.pop("mirrors", ())
    redirect = fields.pop("redirect", "")
    return Row(RequestMatch(Text("prefix", path), **fields), shares, OWNER, mirrors, redirect=redirect)


def entrance(*rows, domain="*"):
    return Entrance("ambassador", "default", 8080, (VirtualHost(domain, rows),))


def split(answer):
    return {part.share.target.host.partition(".")[0]: part.percent for part in answer.parts}


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("a.com", "a.com"),
        ("A.com", "a.com"),
        ("x.b.com", "*.b.com"),
        ("y.x.b.com", "*.x.b.com"),
        ("b.com", "*"),
        # The star stands for one character at least.
        (".b.com", "*"),
        (".x.b.com", "*.b.com"),
        ("", "*"),
    ],
)
def test_the_most_specific_host_takes_a_request(name, domain):
    hosts = [VirtualHost(item, ()) for item in ("*", "*.b.com", "*.x.b.com", "a.com")]
    assert host_for(hosts, name).domain == domain


@pytest.mark.parametrize("name", [".a.com", "a.com"])
def test_a_wide_host_is_not_its_domain(name):
    hosts = [VirtualHost("*.a.com", ())]
    assert host_for(hosts, name) is None
    assert host_for(hosts, f"b{name if name[0] == '.' else '.' + name}") is hosts[0]


@pytest.mark.parametrize(
    ("provider", "host", "taken"),
    [
        ("istio", "a.com:8080", "named"),
        ("istio", "x.b.com:8080", "wide"),
        ("istio", "[::1]:80", "all"),
        # Emissary gives Envoy the bare name alone.
        ("ambassador", "a.com:8080", "all"),
        ("ambassador", "x.b.com:8080", "all"),
        ("ambassador", "a.com", "named"),
        ("ambassador", "A.com", "named"),
        ("ambassador", "x.b.com", "wide"),
    ],
)
def test_a_host_with_a_port(provider, host, taken):
    domains = {"a.com": "named", "*.b.com": "wide", "*": "all"}
    hosts = tuple(VirtualHost(domain, (row("/", to(name)),)) for domain, name in domains.items())
    assert split(resolve(Entrance(provider, "e", 80, hosts), Request(host=host))) == {taken: 100}
    without_all = resolve(Entrance(provider, "e", 80, hosts[:2]), Request(host=host))
    assert split(without_all) == ({} if taken == "all" else {taken: 100})


def test_no_host():
    answer = resolve(entrance(row("/", to("a")), domain="a.com"), Request(host="b.com"))
    assert (answer.parts, answer.unanswered) == ((), 100)
    assert answer.why == "no host fits 'b.com'; served are a.com"


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        (Text("exact", "a"), "a", True),
        (Text("exact", "a"), "A", False),
        (Text("exact", "a", ignore_case=True), "A", True),
        (Text("prefix", "/a"), "/ab", True),
        (Text("suffix", "b"), "ab", True),
        (Text("present"), "", True),
        (Text("regex", "a+"), "aa", True),
        (Text("regex", "a+"), "aab", False),
        (Text("regex", "a+", ignore_case=True), "AA", True),
        (Text("regex", "("), "(", False),
        (Text("exact", "a", negated=True), "b", True),
    ],
)
def test_conditions(text, value, expected):
    assert text_fits(text, value) is expected


def test_a_header_that_is_not_there():
    wanted = RequestMatch(headers=(("X-A", Text("exact", "1")),))
    unwanted = RequestMatch(headers=(("x-a", Text("exact", "1", negated=True)),))
    absent = RequestMatch(headers=(("x-a", Text("present", negated=True)),))
    for request, expected in (
        (Request(headers=(("x-a", "1"),)), (True, False, False)),
        (Request(headers=(("x-a", "2"),)), (False, True, False)),
        (Request(), (False, True, True)),
    ):
        assert tuple(fits(match, request) for match in (wanted, unwanted, absent)) == expected


def test_shares_of_one_row():
    answer = resolve(entrance(row("/", to("a", 75), to("b", 25))), Request(path="/x"))
    assert split(answer) == {"a": 75, "b": 25}
    assert answer.unanswered == 0


def test_what_a_row_leaves_goes_on_by_the_same_number():
    """Envoy draws one number: 40 of 100 are gone, and a later 60 means those from 40 to 60."""
    answer = resolve(entrance(row("/x", to("a", 40)), row("/", to("b", 60)), row("/", to("c"))), Request(path="/x"))
    assert split(answer) == {"a": 40, "b": 20, "c": 40}
    answer = resolve(entrance(row("/x", to("a", 40))), Request(path="/x"))
    assert (split(answer), answer.unanswered) == ({"a": 40}, 60)


def test_more_than_everything():
    answer = resolve(entrance(row("/", to("a", 60), to("b", 60))), Request())
    assert split(answer) == {"a": 60, "b": 40}


def test_a_mirror_copies_what_its_row_takes():
    copies = (Copy(Target("s.n", 80), Fraction(50)),)
    answer = resolve(entrance(row("/", to("a", 40), mirrors=copies), row("/", to("b"))), Request())
    assert [(item.copy.target.host, item.percent) for item in answer.mirrors] == [("s.n", 20)]


def test_a_redirect():
    answer = resolve(entrance(row("/", redirect="https")), Request())
    assert (answer.redirect, answer.parts, answer.unanswered) == ("https", (), 0)


@pytest.mark.parametrize(
    ("path", "rewrite", "asked", "seen"),
    [
        (Text("prefix", "/seldon/n/m/"), "/", "/seldon/n/m/api/x", "/api/x"),
        (Text("prefix", "/a"), "/b", "/ax", "/bx"),
        (Text("exact", "/a"), "/b", "/a", "/b"),
        (Text("regex", "/a.*"), "/b", "/axx", "/b"),
        (Text("prefix", "/a"), None, "/ax", "/ax"),
        (None, "/b", "/a", "/b/a"),
    ],
)
def test_the_path_that_the_backend_sees(path, rewrite, asked, seen):
    assert rewritten(RequestMatch(path), to("a", rewrite=rewrite), asked) == seen


def test_an_expression_makes_a_path_that_is_not_told():
    item = to("a", rewrite=RegexRewrite("/a(.*)", "\\1"))
    assert rewritten(RequestMatch(Text("prefix", "/a")), item, "/ax") is None
    (part,) = resolve(entrance(row("/a", item)), Request(path="/ax")).parts
    assert (part.path, part.percent) == (None, 100)


def test_why_nothing_matches():
    london = (("location", Text("exact", "london")),)
    table = entrance(row("/seldon/n/m/", to("a"), headers=london), row("/other/", to("b")))
    answer = resolve(table, Request(path="/seldon/n/m/x"))
    assert answer.why == "no route matches; the nearest (/seldon/n/m/) asks for another header location"
    answer = resolve(table, Request(path="/seldon/n/x"))
    assert answer.why.startswith("no route matches; the nearest (/other/) asks for another path")
    assert resolve(entrance(), Request()).why == "the host * has no routes"


def asking(*names, **fields):
    return row("/a/", to("a"), headers=tuple((name, Text("exact", "1")) for name in names), **fields)


@pytest.mark.parametrize(
    ("asked", "request_", "told"),
    [
        (asking(":authority"), Request(path="/a/"), "another host"),
        (asking("Host"), Request(path="/a/", host="2"), "another host"),
        (asking("x"), Request(path="/a/"), "another header x"),
        (asking("x", "x"), Request(path="/a/"), "another header x"),
        (asking("x"), Request(path="/b/"), "another path and another header x"),
        (asking("x", "y"), Request(path="/b/"), "another path, another header x and another header y"),
        (asking("x", "y", "z"), Request(path="/b/"), "another path, another header x, another header y and 1 more"),
        (asking("x\n"), Request(path="/a/"), "another header x\\n"),
        (asking(method=Text("exact", "POST")), Request(path="/"), "another path and another method"),
    ],
)
def test_the_words_of_a_near_miss(asked, request_, told):
    answer = resolve(entrance(asked), request_)
    assert answer.why == f"no route matches; the nearest (/a/) asks for {told}"


def test_the_host_is_a_header_too():
    wanted = RequestMatch(headers=(("host", Text("exact", "a.com")),))
    assert fits(wanted, Request(host="a.com"))
    assert not fits(wanted, Request(host="b.com"))
    assert not fits(wanted, Request(host="b.com", headers=(("host", "a.com"),)))


def test_words_neither_break_a_line_nor_flood():
    name = "a\n" + "b" * 5000
    bad = Owner("Mapping", name, name)
    tables = [
        entrance(row("/", to("a")), domain=name),
        entrance(row("/" + name, to("a"))),
        entrance(Row(RequestMatch(), (to("a", 0),), bad)),
        entrance(row("/", to("a"), headers=((name, Text("present")),))),
    ]
    for table in tables:
        why = resolve(table, Request(host="h" * 5000, path="/x")).why
        assert why.isprintable()
        assert 0 < len(why) < 400


def test_nobody_gets_anything():
    nobody = row("/", to("a", 0), to("b", 0))
    answer = resolve(entrance(nobody), Request())
    assert (answer.parts, answer.unanswered) == ((), 100)
    assert answer.why == "the route that matches (Mapping n/m) gives nobody any request"
    answer = resolve(entrance(nobody, row("/", to("c"))), Request())
    assert (split(answer), answer.why) == ({"c": 100}, "")


def test_a_row_without_a_backend_ends_the_search():
    answer = resolve(entrance(row("/", to("a", 40)), row("/"), row("/", to("b"))), Request())
    assert (split(answer), answer.unanswered, answer.why) == ({"a": 40}, 60, "")
    answer = resolve(entrance(row("/"), row("/", to("b"))), Request())
    assert (answer.unanswered, "the proxy answers itself" in answer.why) == (100, True)


def test_requests_that_tell_tables_apart():
    """Every change of a row is seen by one of the requests that are made of either table."""
    london = (("location", Text("exact", "london")),)
    rows = [
        row("/a/", to("a"), headers=london),
        row("/a/", to("b", 75), to("c", 25)),
        row("/b/a/", to("d"), method=Text("regex", "(GET|POST)")),
        Row(RequestMatch(Text("regex", "/(x|y).*")), (to("e"),), OWNER),
        Row(RequestMatch(Text("exact", "/z"), query=(("q", Text("present")),)), (to("f"),), OWNER),
    ]
    table = entrance(*rows)
    changes = [
        [*rows[1:]],
        [rows[1], rows[0], *rows[2:]],
        [replace(rows[0], shares=(to("x"),)), *rows[1:]],
        [*rows[:2], replace(rows[2], match=replace(rows[2].match, method=None)), *rows[3:]],
        [*rows[:3], replace(rows[3], match=RequestMatch(Text("regex", "/(x|yy).*"))), rows[4]],
        [*rows[:4], replace(rows[4], match=RequestMatch(Text("exact", "/z")))],
        [*rows[:4], replace(rows[4], match=replace(rows[4].match, path=Text("prefix", "/z")))],
    ]
    for change in changes:
        other = entrance(*change)
        both = requests([table, other])
        assert any(split(resolve(table, request)) != split(resolve(other, request)) for request in both), change
    assert requests([table]) == requests([table])
