# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an Ambassador accepts and does not mean: each check with a case that trips it and the nearest that does not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.checks import CHECKS
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import Finding
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary_groups import MOST_CONTEXTS, MOST_MAPPINGS
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Table

Object = dict[str, Any]
V2, V3 = "getambassador.io/v2", "getambassador.io/v3alpha1"
DEFINITION = "mlops.ingress/definition"
GRPC = "/seldon.protos.Seldon/Predict"
LONG = "/" + "a" * 200


def resource(kind: str, name: str, *, version: str = V2, space: str = "a", **spec: Any) -> Object:
    metadata: Object = {"name": name, "namespace": space}
    if labels := spec.pop("with_labels", None):
        metadata["labels"] = labels
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def mapping(name: str = "m0", *, version: str = V2, **fields: Any) -> Object:
    defaults: Object = {"prefix": "/x/", "service": name} | ({"hostname": "*"} if version == V3 else {})
    return resource("Mapping", name, version=version, **{**defaults, **fields})


def main(**fields: Any) -> Object:
    return mapping("main", **fields)


def shadow(**fields: Any) -> Object:
    return mapping("shadow", shadow=True, **fields)


def module(**config: Any) -> Object:
    return resource("Module", "ambassador", config=config)


def of(definition: str) -> dict[str, Any]:
    return {"with_labels": {DEFINITION: definition}}


def listener(**spec: Any) -> Object:
    every = {"namespace": {"from": "ALL"}}
    return resource(
        "Listener", "l", version=V3, port=8080, protocol="HTTP", securityModel="INSECURE", hostBinding=every, **spec
    )


def said(findings: Any) -> list[tuple[str, str, str]]:
    return [(item.id, item.level, item.where) for item in findings if item.id != "C02"]


def table_of(objects: list[Object], generation: str = "v3") -> Table:
    return emissary_table(objects, generation=generation)  # type: ignore[arg-type]


def count(table: Table) -> int:
    return sum(len(host.rows) for entrance in table.entrances for host in entrance.hosts)


def assert_house_style(findings: Any) -> None:
    for finding in findings:
        assert isinstance(finding, Finding)
        assert finding.id in CHECKS
        assert finding.level == "warning" or CHECKS[finding.id].level == "error"
        for text in (finding.message, finding.fix):
            assert text
            assert text[0].islower(), text
            assert text[-1] not in ".:, ", text
        assert "\n" not in "".join(finding.as_return().values())


M0, M1 = "Mapping a/m0", "Mapping a/m1"
TWO = [mapping("m0"), mapping("m1")]
CASES: dict[str, tuple[list[Object], list[tuple[str, str, str]]]] = {
    # --- A02
    "two of one namespace without a weight": (TWO, [("A02", "error", f"{M0}: weight")]),
    "a weight of 0 for one": ([mapping("m0"), mapping("m1", weight=0)], []),
    "two of one definition": (
        [mapping("m0", **of("m")), mapping("m1", **of("m"))],
        [("A02", "error", f"{M0}: weight")],
    ),
    "two definitions": ([mapping("m0", **of("m")), mapping("m1", **of("n"))], []),
    "a definition and one without": ([mapping("m0", **of("m")), mapping("m1")], []),
    "an empty label is none": (
        [mapping("m0", **of("")), mapping("m1")],
        [("A02", "error", f"{M0}: weight")],
    ),
    "one definition in two namespaces": ([mapping("m0", **of("m")), mapping("m1", space="b", **of("m"))], []),
    "two namespaces": ([mapping("m0"), mapping("m1", space="b")], []),
    "two deployments of the operator": (
        [mapping(f"m{index}", with_labels={"seldon-deployment-id": f"m{index}"}) for index in range(2)],
        [],
    ),
    "one without a weight beside a shadow": ([mapping("m0"), mapping("m1", shadow=True)], []),
    "a canary and two without a weight": (
        [mapping("m0"), mapping("m1", weight=25), mapping("m2")],
        [("A02", "error", f"{M0}: weight")],
    ),
    # --- A03
    "a lone weight": ([mapping("m0", weight=99)], [("A03", "warning", f"{M0}: weight")]),
    "a lone weight of 100": ([mapping("m0", weight=100)], []),
    "a lone weight beside a shadow": (
        [mapping("m0", weight=0), mapping("m1", shadow=True)],
        [("A03", "warning", f"{M0}: weight")],
    ),
    "the weight of another match": ([mapping("m0", weight=25), mapping("m1", weight=75)], []),
    # --- A04 and A05
    "a shadow alone": ([shadow()], [("A04", "error", "Mapping a/shadow: shadow")]),
    "a shadow with its route": ([main(), shadow()], []),
    "a shadow with another prefix": ([main(prefix="/y/"), shadow()], [("A04", "error", "Mapping a/shadow: shadow")]),
    "a shadow that takes over the kind of prefix": ([main(prefix_regex=True), shadow()], []),
    "a shadow with another kind of prefix": (
        [main(prefix_regex=True), shadow(prefix_regex=False)],
        [("C05", "error", "Mapping a/shadow: prefix_regex")],
    ),
    "a shadow with another kind of prefix and a header": (
        [main(prefix_regex=True), shadow(headers={"x": "y"})],
        [("A04", "error", "Mapping a/shadow: shadow")],
    ),
    "a shadow of other headers": (
        [main(), shadow(headers={"location": "london"})],
        [("A05", "error", "Mapping a/shadow: shadow")],
    ),
    "a shadow without the headers": (
        [main(headers={"location": "london"}), shadow()],
        [("A05", "error", "Mapping a/shadow: shadow")],
    ),
    "a shadow of the same headers": ([main(headers={"x": "y"}), shadow(headers={"x": "y"})], []),
    "a shadow of another method": ([main(), shadow(method="POST")], [("A05", "error", "Mapping a/shadow: shadow")]),
    "a shadow of another query": (
        [main(), shadow(query_parameters={"q": "1"})],
        [("A05", "error", "Mapping a/shadow: shadow")],
    ),
    "a shadow of another precedence": ([main(), shadow(precedence=1)], [("A05", "error", "Mapping a/shadow: shadow")]),
    "the shadow of another tenant's path": (
        [main(prefix=GRPC, headers={"seldon": "m"}), shadow(prefix=GRPC, headers={"seldon": "n"})],
        [("A04", "error", "Mapping a/shadow: shadow")],
    ),
    "the shadow of another host": (
        [main(host="a.com"), shadow(host="b.com")],
        [("A04", "error", "Mapping a/shadow: shadow")],
    ),
    "the shadow of a tenant with one header in common": (
        [main(headers={"a": "1", "b": "2"}), shadow(headers={"a": "1", "b": "3"})],
        [("A04", "error", "Mapping a/shadow: shadow")],
    ),
    "the shadow of one host of all": (
        [main(), shadow(host="b.com")],
        [("A05", "error", "Mapping a/shadow: shadow")],
    ),
    "two shadows alone": (
        [shadow(), mapping("other", shadow=True, headers={"x": "y"})],
        [("A04", "error", "Mapping a/other: shadow"), ("A04", "error", "Mapping a/shadow: shadow")],
    ),
    "a shadow beside a redirect": ([mapping("m0", host_redirect=True), mapping("m1", shadow=True)], []),
    # --- A06
    "an expression of RE2": ([mapping(prefix="/x/(a|b)", prefix_regex=True)], []),
    "look-ahead": ([mapping(prefix="/x/(?=a)", prefix_regex=True)], [("A06", "error", f"{M0}: prefix")]),
    "look-ahead that is no expression": ([mapping(prefix="/x/(?=a)")], []),
    "a header": ([mapping(regex_headers={"a": "(b"})], [("A06", "error", f"{M0}: regex_headers.a")]),
    "a header word by word": ([mapping(headers={"a": "(b"})], []),
    "a query": ([mapping(regex_query_parameters={"q": "["})], [("A06", "error", f"{M0}: regex_query_parameters.q")]),
    "a host": ([mapping(host="*.com", host_regex=True)], [("A06", "error", f"{M0}: host")]),
    "a host that fits": ([mapping(host=".*[.]com", host_regex=True)], []),
    "a method": ([mapping(method="+", method_regex=True)], [("A06", "error", f"{M0}: method")]),
    "a rewrite": (
        [mapping(regex_rewrite={"pattern": "(a", "substitution": "b"})],
        [("A06", "error", f"{M0}: regex_rewrite")],
    ),
    "a redirect": (
        [mapping(host_redirect=True, regex_redirect={"pattern": "(a", "substitution": "b"})],
        [("A06", "error", f"{M0}: regex_redirect")],
    ),
    "a redirect of the whole path": (
        [mapping(host_redirect=True, path_redirect="/", regex_redirect={"pattern": "(a", "substitution": "b"})],
        [],
    ),
    "200 characters": ([mapping(prefix=LONG[:200], prefix_regex=True)], []),
    "201 characters": ([mapping(prefix=LONG, prefix_regex=True)], [("A06", "warning", f"{M0}: prefix")]),
    "201 characters without an expression": ([mapping(prefix=LONG)], []),
    "201 characters of 201": ([mapping(prefix=LONG, prefix_regex=True), module(regex_max_size=201)], []),
    "201 characters of 200 as text": (
        [mapping(prefix=LONG, prefix_regex=True), module(regex_max_size="200")],
        [("A06", "warning", f"{M0}: prefix")],
    ),
    # --- C03
    "a host with a port": ([mapping(host="a.com:8080")], [("C03", "warning", f"{M0}: host")]),
    "a hostname with a port": (
        [mapping(version=V3, hostname="a.com:8080")],
        [("C03", "warning", f"{M0}: hostname")],
    ),
    "a host without a port": ([mapping(host="a.com")], []),
    "a host that is an address": ([mapping(version=V3, hostname="::1")], []),
    "a port in an expression": ([mapping(host="a[.]com:8080", host_regex=True)], []),
    # --- C06
    "all have weights": (
        [mapping("m0", weight=20), mapping("m1", weight=79)],
        [("C06", "error", f"{M1}: weight")],
    ),
    "all have weights and nothing is left": ([mapping("m0", weight=20), mapping("m1", weight=80)], []),
    "all weights are 0": ([mapping("m0", weight=0), mapping("m1", weight=0)], [("C06", "error", f"{M1}: weight")]),
    "more than 100": ([mapping("m0", weight=20), mapping("m1", weight=81)], [("C06", "error", f"{M1}: weight")]),
    "one over 100": ([mapping("m0", weight=101), mapping("m1")], [("C06", "error", f"{M0}: weight")]),
    "a negative one": ([mapping("m0", weight=-1), mapping("m1", weight=1)], [("C06", "error", f"{M0}: weight")]),
    # --- C07
    "added headers": (
        [mapping("m0", weight=1, add_request_headers={"a": "b"}), mapping("m1")],
        [("C07", "error", f"{M1}: add_request_headers")],
    ),
    "the same added headers": (
        [mapping("m0", weight=1, add_request_headers={"a": "b"}), mapping("m1", add_request_headers={"a": "b"})],
        [],
    ),
    "an added header of a shadow": ([mapping("m0"), mapping("m1", shadow=True, add_request_headers={"a": "b"})], []),
    "an added header and none": ([mapping("m0", weight=1), mapping("m1", add_response_headers={})], []),
    "a removed header": (
        [mapping("m0", weight=1, remove_response_headers=["a"]), mapping("m1", remove_response_headers=["b"])],
        [("C07", "error", f"{M1}: remove_response_headers")],
    ),
    "a removed header as text": (
        [mapping("m0", weight=1, remove_request_headers="a"), mapping("m1", remove_request_headers=["a"])],
        [],
    ),
}


@pytest.mark.parametrize(("objects", "expected"), CASES.values(), ids=CASES)
def test_checks_of_a_table(objects, expected):
    findings = table_of(objects).findings
    assert sorted(said(findings)) == expected
    assert_house_style(findings)


OLD_CASES: dict[str, tuple[list[Object], list[tuple[str, str, str]]]] = {
    "a lone weight": ([mapping(weight=40)], [("C06", "error", f"{M0}: weight")]),
    "a lone weight of 100": ([mapping(weight=100)], []),
    "a lone weight over 100": ([mapping(weight=101)], [("C06", "error", f"{M0}: weight")]),
    "two of one owner": (TWO, [("A02", "error", f"{M0}: weight")]),
    "a host with a port": ([mapping(host="a.com:8080")], [("C03", "warning", f"{M0}: host")]),
    "look-ahead": ([mapping(prefix="(?=a)", prefix_regex=True)], [("A06", "error", f"{M0}: prefix")]),
    "look-ahead in the other engine": (
        [mapping(prefix="(?=a)", prefix_regex=True), module(regex_type="unsafe")],
        [],
    ),
    "a rewrite beside the other engine": (
        [mapping(regex_rewrite={"pattern": "(?=a)", "substitution": ""}), module(regex_type="unsafe")],
        [("A06", "error", f"{M0}: regex_rewrite")],
    ),
}


@pytest.mark.parametrize(("objects", "expected"), OLD_CASES.values(), ids=OLD_CASES)
def test_checks_of_a_table_of_ambassador_1(objects, expected):
    findings = table_of(objects, "v1").findings
    assert sorted(said(findings)) == expected
    assert_house_style(findings)


@pytest.mark.parametrize("generation", ["v1", "v3"])
@pytest.mark.parametrize(("pattern", "rows"), [("/x/[", 0), ("/x/.", 1), (LONG, 1)])
def test_a_refused_expression_has_no_row(generation, pattern, rows):
    table = table_of([mapping(prefix=pattern, prefix_regex=True)], generation)
    assert count(table) == rows


def test_a_refused_expression_leaves_the_rest():
    bad = mapping("m0", prefix="/x/[", prefix_regex=True)
    table = table_of([bad, mapping("m1", prefix="/y/")])
    assert count(table) == 1
    (finding,) = (item for item in table.findings if item.id == "A06")
    assert "refuses the whole configuration" in finding.message


def test_every_member_of_a_refused_group_is_told():
    objects = [mapping(f"m{index}", prefix="[", prefix_regex=True, **of(f"{index}")) for index in range(2)]
    assert said(table_of(objects).findings) == [("A06", "error", f"{M0}: prefix"), ("A06", "error", f"{M1}: prefix")]


@pytest.mark.parametrize(
    ("objects", "generation", "words"),
    [
        (TWO, "v3", "(in percent: 50, 50)"),
        ([mapping("m0"), mapping("m1", weight=25), mapping("m2")], "v3", "(in percent: 38, 37)"),
        ([mapping("m0", weight=101), mapping("m1")], "v3", "is 101, which is over 100"),
        ([mapping("m0", weight=1), mapping("m1", weight=100)], "v3", "makes 101 together with Mapping a/m0, so"),
        ([mapping("m0", weight=20), mapping("m1", weight=30)], "v3", "makes only 50 together with Mapping a/m0, so 50"),
        ([mapping("m0", weight=20), mapping("m1", weight=30)], "v3", "50 percent of the requests fall through"),
        ([mapping("m0", weight=30)], "v1", "70 percent of the requests fall through"),
        ([mapping("m0", weight=30)], "v3", "is 30 and has no effect"),
        (
            [main(), shadow(headers={"a": "b"}, method="GET")],
            "v3",
            "differs from that of Mapping a/main: method, headers",
        ),
        ([main(), shadow(precedence=2)], "v3", "differs from that of Mapping a/main: precedence"),
        ([mapping(host="a.com:8080")], "v3", "only requests whose Host header holds it too"),
        (
            [mapping(host="a.com:8080"), module(strip_matching_host_port=True)],
            "v3",
            "strip_matching_host_port takes it away",
        ),
        ([mapping(f"m{index}") for index in range(9)], "v3", f"{M1}, Mapping a/m2, Mapping a/m3, Mapping a/m4"),
    ],
)
def test_what_a_finding_says(objects, generation, words):
    messages = [item.message for item in table_of(objects, generation).findings]
    assert any(words in message for message in messages), messages


def test_a_host_of_the_bare_name_does_not_take_a_port():
    host = resource("Host", "h", version=V3, hostname="a.com")
    taken = said(table_of([mapping(version=V3, hostname="a.com:8080"), host]).findings)
    assert taken == [("C03", "warning", f"{M0}: hostname"), ("C03", "error", M0)]


@pytest.mark.parametrize(
    ("kind", "most", "fields"),
    [("Mapping", MOST_MAPPINGS, {"service": "s"}), ("TLSContext", MOST_CONTEXTS, {})],
)
def test_more_than_a_proxy_bears(kind, most, fields):
    def named(number: int) -> Object:
        own = {**fields, "prefix": f"/{number}/"} if fields else {}
        return resource(kind, f"n{number}", **own)

    objects = [named(number) for number in range(most)]
    assert said(table_of(objects).findings) == []
    elsewhere = resource(kind, "elsewhere", ambassador_id="x", **({"prefix": "/", "service": "s"} if fields else {}))
    assert said(table_of([*objects, elsewhere]).findings) == []
    (finding,) = (item for item in table_of([*objects, named(most)]).findings if item.id != "C02")
    assert said([finding]) == [("B07", "warning", "Ambassador default")]
    assert f"reads {most + 1} {kind}s" in finding.message
    assert_house_style([finding])


# --- Hostile names ------------------------------------------------------------------------------------------------


def test_texts_of_objects_stay_on_one_line():
    name = "a\nb" + "c" * 300
    objects = [
        mapping(name, regex_headers={name: "("}, host=f"{name}:80"),
        listener(),
    ]
    findings = table_of(objects).findings
    assert {"A06", "C03"} <= {item.id for item in findings}
    assert_house_style(findings)
    assert max(len(item.message) for item in findings) < 500
