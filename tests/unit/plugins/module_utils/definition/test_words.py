# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names, hosts, gateways, regular expressions, Go's integers and overrides."""

from __future__ import annotations

import copy

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.annotations import go_integer, header_match
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.hosts import (
    gateway_problem,
    hosts_problem,
    qualified_gateway,
    split_hosts,
)
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import Origin, TextMatch
from ansible_collections.mlops.ingress.plugins.module_utils.definition.naming import (
    explainer_service,
    explainer_virtual_service,
    predictor_service,
    seldon_id,
)
from ansible_collections.mlops.ingress.plugins.module_utils.definition.overrides import apply_overrides, read_overrides
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
from ansible_collections.mlops.ingress.plugins.module_utils.definition.re2 import regex_problem
from ansible_collections.mlops.ingress.plugins.module_utils.definition.read import Source, read_definitions
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor


def parsed(document):
    return read_definitions([Source(document, Origin("d"))], CORRECTED).items[0]


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("m", "m"),
        ("a" * 63, "a" * 63),
        ("a" * 64, "seldon-014842d480b571495a4a0363793f7367"),
        ("é" * 31, "é" * 31),
    ],
)
def test_seldon_id(name, label):
    assert seldon_id(name) == label


def test_names_are_measured_in_bytes():
    assert seldon_id("é" * 32).startswith("seldon-")
    assert len(seldon_id("é" * 32)) == 39


@pytest.mark.parametrize(
    ("name", "own", "service"),
    [
        ("m", predictor(), "m-p"),
        ("a" * 64, predictor(), "seldon-fecbcca9645d1326dda7563aceee1bac"),
        ("a" * 32, predictor("b" * 31), "seldon-67f271a711fdc6aec3d9f0d98cae5ac4"),
        ("a" * 32, predictor("b" * 30), "a" * 32 + "-" + "b" * 30),
        ("m", predictor(notes={"svc-name": "x"}), "x"),
        ("a" * 64, predictor(notes={"svc-name": "x"}), "x"),
    ],
)
def test_predictor_service(name, own, service):
    found = parsed(deployment(name, own))
    assert predictor_service(found, found.predictors[0]) == service


@pytest.mark.parametrize(
    ("name", "own", "service", "virtual_service"),
    [
        ("m", "p", "m-p-explainer", "m-p-explainer-http"),
        ("a" * 40, "b" * 30, "seldon-a3844fff753e7e7c5cb35ec5336c3a8d", "seldon-a3844fff753e7e7c5cb35ec5336c3a8d-http"),
        ("a" * 26, "b" * 21, f"{'a' * 26}-{'b' * 21}-explainer", f"{'a' * 26}-{'b' * 21}-explainer-http"),
        ("a" * 26, "b" * 22, f"{'a' * 26}-{'b' * 22}-explainer", f"{'a' * 26}-{'b' * 22}-explainer-htt"[:63]),
        ("a" * 26, "b" * 25, f"{'a' * 26}-{'b' * 25}-explainer", f"{'a' * 26}-{'b' * 25}-explainer"),
    ],
)
def test_explainer_names(name, own, service, virtual_service):
    assert explainer_service(name, own) == service
    assert explainer_virtual_service(service) == virtual_service


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("+5", 5),
        ("-5", -5),
        ("007", 7),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_go_integer(text, number):
    assert go_integer(text) == number


@pytest.mark.parametrize(
    "text", ["", " 5", "5 ", "5_0", "0x1", "5.0", "1e3", "٣", "9223372036854775808", "5\n", "+", "9" * 5000]
)
def test_no_go_integer(text):
    assert go_integer(text) is None


@pytest.mark.parametrize(
    ("text", "name", "match"),
    [
        ("location: london", "location", TextMatch("exact", "london")),
        ("Location:London", "location", TextMatch("exact", "London")),
        ("x-beta", "x-beta", TextMatch("present")),
        ("a:b:c:d", "a", TextMatch("exact", "b:c:d")),
        ("a: http://x:80", "a", TextMatch("exact", "http://x:80")),
        (" a :  b ", "a", TextMatch("exact", "b")),
    ],
)
def test_header(text, name, match):
    assert header_match(text) == (name, match)


@pytest.mark.parametrize(
    "gateway", ["mesh", "gw", "ns/gw", "istio-system/seldon-gateway", "gw.ns", "gw.ns.svc.cluster.local"]
)
def test_gateway(gateway):
    assert gateway_problem(gateway) is None


@pytest.mark.parametrize("gateway", ["", "a,b", "./gw", "a/b/c", "/gw", "ns/", "N/gw", "ns/G", "a b", "-a"])
def test_no_gateway(gateway):
    assert gateway_problem(gateway)


def test_no_gateway_with_a_dot_behind_the_slash():
    assert gateway_problem("ns/gw.b")


@pytest.mark.parametrize(
    ("gateway", "qualified"),
    [
        ("mesh", "mesh"),
        ("gw", "n/gw"),
        ("ns/gw", "ns/gw"),
        ("gw.ns", "ns/gw"),
        ("gw.ns.svc.cluster.local", "ns/gw"),
    ],
)
def test_qualified_gateway(gateway, qualified):
    assert qualified_gateway(gateway, "n") == qualified


def test_split_hosts():
    assert split_hosts("a.com, b.com ,") == ("a.com", "b.com", "")


@pytest.mark.parametrize("hosts", [["*"], ["a"], ["a.com", "b.com"], ["*.a.com", "a.com"], ["A.com"], ["*.b.a", "c.a"]])
def test_hosts(hosts):
    assert hosts_problem(hosts) is None


@pytest.mark.parametrize(
    "hosts",
    [[""], ["a", "a"], ["a", "A"], ["*", "a"], ["*.a", "b.a"], ["a.*"], ["**"], ["a-"], ["x" * 254], ["a:80"], ["a."]],
)
def test_no_hosts(hosts):
    assert hosts_problem(hosts)


@pytest.mark.parametrize(
    "pattern", ["lond.*", "^a$", "a|b", "(?i)a", "(?P<x>a)", "[[:alpha:]]+", r"\pL", r"\d{1,3}", "a*?", r"\.\+\+", "é+"]
)
def test_regex(pattern):
    assert regex_problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "(",
        "a)",
        "[a",
        "*a",
        "a{2,1}",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        r"(a)\1",
        r"a\Z",
        "a*+",
        "(?>a)",
        "a\n",
        "(?P=x)",
    ],
)
def test_no_regex(pattern):
    assert regex_problem(pattern)


# google-re2 1.1 thinks otherwise of each of these.
@pytest.mark.parametrize("pattern", ["[*+]", r"\\1", "[(?=]"])
def test_regex_refused_by_mistake(pattern):
    assert regex_problem(pattern) is None


@pytest.mark.parametrize("pattern", ["a{1001}", r"\u0041", "(?#c)a", "(?x) a", "(?a)b"])
def test_regex_accepted_by_mistake(pattern):
    assert regex_problem(pattern)


def changed(document, *overrides):
    before = copy.deepcopy(document)
    (source,) = apply_overrides([Source(document, Origin("d"))], read_overrides(list(overrides)))
    assert document == before, "the input is not changed"
    return source.value


def override(merge, **fields):
    return {"kind": "SeldonDeployment", "name": "m", "merge": merge} | fields


def canary():
    return deployment("m", predictor("a", traffic=75), predictor("b", traffic=25), notes={"rest-timeout": "1"})


def test_override_of_a_weight():
    merge = {"spec": {"predictors": [{"name": "b", "traffic": 10}, {"name": "a", "traffic": 90}]}}
    found = changed(canary(), override(merge, namespace="n"))["spec"]["predictors"]
    assert [(item["name"], item["traffic"]) for item in found] == [("a", 90), ("b", 10)]
    assert found[0]["graph"] == {"name": "c", "type": "MODEL"}


def test_override_of_an_image():
    pods = [{"spec": {"containers": [{"name": "c", "image": "new"}]}}]
    found = changed(canary(), override({"spec": {"predictors": [{"name": "b", "componentSpecs": pods}]}}))
    images = [item["componentSpecs"][0]["spec"]["containers"][0]["image"] for item in found["spec"]["predictors"]]
    assert images == ["example/model:1", "new"]


def test_override_null_removes_and_order_counts():
    found = changed(
        canary(),
        override({"spec": {"annotations": {"seldon.io/rest-timeout": None, "x": "1"}}}),
        override({"spec": {"annotations": {"x": "2"}}}),
    )
    assert found["spec"]["annotations"] == {"x": "2"}


def test_override_reaches_into_a_list_document():
    listed = {"kind": "List", "apiVersion": "v1", "items": [deployment("other"), canary()]}
    found = apply_overrides([Source(listed, Origin("d"))], read_overrides([override({"spec": {"protocol": "v2"}})]))
    assert [(item.value["metadata"]["name"], item.value["spec"].get("protocol")) for item in found] == [
        ("other", None),
        ("m", "v2"),
    ]
    assert str(found[1].origin) == "d, items[1]"


def test_override_of_the_default_namespace():
    found = changed(deployment(namespace=None), override({"spec": {"protocol": "v2"}}, namespace="default"))
    assert found["spec"]["protocol"] == "v2"


PODS = {"spec": {"containers": [{"name": "zz"}]}}
BAD_OVERRIDES = {
    "text": ("x", "overrides[0]: is the text 'x': write a mapping with kind, name and merge."),
    "unknown-field": (override({}, nam="x"), "overrides[0]: nam: is not a known field (did you mean 'name'?)"),
    "no-name": (override({}, name=None), "overrides[0]: name: is null: name the definition"),
    "namespace-number": (override({}, namespace=5), "overrides[0]: namespace: is the number 5: it must be text."),
    "merge-list": (override([]), "overrides[0]: merge: is a list: write the fields to change as a mapping."),
    "identity-kind": (override({"kind": "x"}), "overrides[0]: merge: changes what identifies the definition"),
    "identity-name": (
        override({"metadata": {"name": "x"}}),
        "overrides[0]: merge: changes what identifies the definition",
    ),
    "no-match": (
        override({}, name="mm"),
        "overrides[0]: no definition is the SeldonDeployment mm: correct the name or remove",
    ),
    "other-namespace": (override({}, namespace="o"), "overrides[0]: no definition is the SeldonDeployment o/m: "),
    "no-predictor": (
        override({"spec": {"predictors": [{"name": "aa"}]}}),
        "overrides[0]: merge.spec.predictors: there is no 'aa' to change: there are a, b.",
    ),
    "nameless-predictor": (
        override({"spec": {"predictors": [{"traffic": 5}]}}),
        "overrides[0]: merge.spec.predictors: holds an item without a name",
    ),
    "no-container": (
        override({"spec": {"predictors": [{"name": "a", "componentSpecs": [PODS]}]}}),
        "overrides[0]: merge.spec.predictors[a].componentSpecs: there is no container 'zz' to change: there are c.",
    ),
}


@pytest.mark.parametrize(("given", "message"), BAD_OVERRIDES.values(), ids=BAD_OVERRIDES)
def test_bad_override(given, message):
    with pytest.raises(DefinitionError) as caught:
        changed(canary(), given)
    (line,) = caught.value.lines
    assert line.startswith(message)
    assert line.endswith(".")


EVIL = "x\n\u2028" + "y" * 5000
EVIL_OVERRIDES = {
    "field": override({}, **{EVIL: 1}),
    "name": override({}, name=EVIL),
    "namespace": override({}, namespace=EVIL),
    "kind": override({}, kind=EVIL),
    "predictor": override({"spec": {"predictors": [{"name": EVIL}]}}),
    "path": override({"spec": {"predictors": [{"name": EVIL, "componentSpecs": [PODS]}]}}),
}


@pytest.mark.parametrize("name", EVIL_OVERRIDES)
def test_an_override_neither_breaks_a_line_nor_floods(name):
    document = deployment("m", predictor(EVIL), *(predictor(f"{EVIL}{index}") for index in range(30)))
    with pytest.raises(DefinitionError) as caught:
        changed(canary() if name == "predictor" else document, EVIL_OVERRIDES[name])
    (line,) = caught.value.lines
    assert line.isprintable()
    assert len(line) < 1000


def test_names_that_are_there_are_counted_where_they_are_many():
    document = deployment("m", *(predictor(f"p{index:02}") for index in range(22)))
    with pytest.raises(DefinitionError, match=r"there are p00, p01, .*, p19, 2 more\.$"):
        changed(document, override({"spec": {"predictors": [{"name": "q"}]}}))


def test_all_bad_overrides_are_told():
    with pytest.raises(DefinitionError) as caught:
        changed(canary(), "x", 5)
    assert len(caught.value.lines) == 2
