# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The route table of an Ambassador, by itself and beside what the real compilers make of the same objects."""

from __future__ import annotations

import copy
import json
from fractions import Fraction
from typing import Any, Literal

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import Finding
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table, emissary_tables
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import RegexRewrite, Row, Table, Text
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_annotations import ANNOTATION
from ansible_collections.mlops.ingress.tests.support.ambassador import (
    Compiled,
    Group,
    compile_ambassador_1_14,
    compile_emissary_3_10,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Object = dict[str, Any]
Generation = Literal["v1", "v3"]

beside = settings(deadline=None, derandomize=True, max_examples=200, suppress_health_check=list(HealthCheck))
COMPILE = {"v1": compile_ambassador_1_14, "v3": compile_emissary_3_10}
V2, V3 = "getambassador.io/v2", "getambassador.io/v3alpha1"
# What the compilers do in silence.
NOT_THEIRS = {"A02", "A05", "A06", "C03", "C07", "B01"}
# Of weights and shadows, they say a part.
OFTEN_THEIRS = {
    "C06": ("is negative", "makes only", "although nothing shares the requests"),
    "A04": ("copies nothing",),
}


def resource(kind: str, name: str, spec: Object, *, version: str = V3, space: str = "a", **labels: str) -> Object:
    metadata: Object = {"name": name, "namespace": space} | ({"labels": labels} if labels else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def mapping(name: str, *, version: str = V2, space: str = "a", labels: Object | None = None, **fields: Any) -> Object:
    fields = {"prefix": "/x/", "service": name, **({"hostname": "*"} if version == V3 else {}), **fields}
    return resource("Mapping", name, fields, version=version, space=space, **(labels or {}))


def annotated(name: str, *documents: Object, space: str = "a", text: str = "", **labels: str) -> Object:
    text = text or "\n---\n".join(json.dumps(document) for document in documents)
    metadata: Object = {"name": name, "namespace": space, "annotations": {ANNOTATION: text}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata | ({"labels": labels} if labels else {})}


def document(name: str, version: str = V2, **fields: Any) -> Object:
    return {"apiVersion": version, "kind": "Mapping", "name": name, "prefix": "/x/", "service": name, **fields}


def host(name: str, hostname: str, *, space: str = "a", labels: Object | None = None, **spec: Any) -> Object:
    spec = {"hostname": hostname, "requestPolicy": {"insecure": {"action": "Route"}}, **spec}
    return resource("Host", name, spec, space=space, **(labels or {}))


def listener(name: str = "l", **spec: Any) -> Object:
    every = {"namespace": {"from": "ALL"}}
    spec = {"port": 8080, "protocol": "HTTP", "securityModel": "INSECURE", "hostBinding": every, **spec}
    return resource("Listener", name, spec)


def rows(table: Table, domain: str = "*") -> tuple[Row, ...]:
    (entrance,) = table.entrances
    return next((item.rows for item in entrance.hosts if item.domain == domain), ())


def shares(row: Row) -> list[tuple[str, int]]:
    return [(share.owner.name if share.owner else "", int(share.percent)) for share in row.shares]


def ids(table: Table) -> list[str]:
    return [finding.id for finding in table.findings if finding.id != "C02"]


# --- Beside the real compilers ------------------------------------------------------------------------------------


def ours(row: Row) -> Any:
    path = row.match.path
    assert path
    headers = [(name, text.value, text.kind) for name, text in row.match.headers]
    return {
        "path": (path.kind, path.value),
        "method": row.match.method and (row.match.method.kind, row.match.method.value),
        "headers": sorted(headers),
        "query": sorted((name, text.value, text.kind) for name, text in row.match.query) if row.shares else [],
        "members": [
            (
                share.owner and (share.owner.namespace, share.owner.name),
                share.percent,
                (share.target.host, share.target.port, share.target.tls),
                share.rewrite or "",
            )
            for share in row.shares
        ],
        "mirrors": [
            (item.owner and (item.owner.namespace, item.owner.name), item.percent, item.target.host)
            for item in row.mirrors
            if row.shares
        ],
        "retries": row.retries if row.shares else 0,
    }


def theirs(group: Group, generation: Generation) -> Any:
    kind = {"prefix": "prefix", "exact": "exact", "regex": "regex"}[group.prefix_kind]
    conditions = [(item.name.lower(), item.value or "", word(item.value, item.is_regex)) for item in group.headers]
    if group.host_is_regex or (group.host and generation == "v1"):
        conditions.append((":authority", group.host, word(group.host, group.host_is_regex)))
    elif group.host not in ("", "*"):
        glob = "suffix" if group.host[0] == "*" else "prefix" if group.host[-1] == "*" else "exact"
        conditions.append((":authority", group.host.strip("*"), glob))
    return {
        "path": (kind, group.prefix),
        "method": (word(group.method, group.method_is_regex), group.method) if group.method else None,
        "headers": sorted(conditions),
        "query": sorted(
            (item.name, item.value or "", word(item.value, item.is_regex)) for item in group.query_parameters
        )
        if group.members
        else [],
        "members": [
            (
                (item.namespace, item.name),
                Fraction(item.weight),
                target(item.service, item.tls is not None),
                item.rewrite,
            )
            for item in group.members
        ],
        "mirrors": [
            ((item.namespace, item.name), Fraction(min(item.weight, 100)), target(item.service, False)[0])
            for item in group.mirrors
            if group.members
        ],
        "retries": (group.retry_policy or {}).get("num_retries", 1) if group.retry_policy and group.members else 0,
    }


def word(value: str | None, is_regex: bool) -> str:
    return "present" if value is None else "regex" if is_regex else "exact"


def target(service: str, tls: bool) -> tuple[str, int, bool]:
    name, colon, port = service.rpartition("://")[2].partition(":")
    return ".".join(name.split(".")[:2]), int(port) if colon else 443 if tls else 80, tls


def has_route(group: Group) -> bool:
    return bool(group.members) or not group.mirrors


def is_silent(finding: Finding) -> bool:
    return finding.id in NOT_THEIRS or any(part in finding.message for part in OFTEN_THEIRS.get(finding.id, ()))


def compare(objects: list[Object], generation: Generation, ambassador_id: str = "default") -> tuple[Table, Compiled]:
    """Our table, after all of it is found to be theirs too."""
    compiled = COMPILE[generation](copy.deepcopy(objects), ambassador_id)
    table = emissary_table(objects, generation=generation, ambassador_id=ambassador_id)
    for entrance in table.entrances:
        domains = {item.domain: item.rows for item in entrance.hosts}
        reached = {name for group in compiled.groups if has_route(group) for name in group.hosts}
        assert reached <= set(domains), compiled
        for domain, found in domains.items():
            expected = [
                theirs(item, generation) for item in compiled.groups if has_route(item) and domain in item.hosts
            ]
            said = [ours(row) for row in found]
            for one, other in zip(said, expected, strict=True):
                # An expression is the group's, and the compiler's answer has only what each member says.
                if any(isinstance(member[-1], RegexRewrite) for member in one["members"]):
                    for side in (one, other):
                        side["members"] = [member[:-1] for member in side["members"]]
            assert said == expected, compiled.errors
    if not table.entrances:
        assert compiled.groups == ()
    errors = [item for item in table.findings if item.level == "error"]
    assert errors or not compiled.errors, compiled.errors
    assert compiled.errors or not [item for item in errors if not is_silent(item)], errors
    unreached = [item for item in compiled.groups if has_route(item) and not item.hosts]
    assert bool(unreached) == any(item.id == "C03" for item in errors)
    return table, compiled


def optional(**choices: Any) -> st.SearchStrategy[Object]:
    """Fields, each of them often left out."""
    drawn = {name: st.sampled_from([None, None, None, *values]) for name, values in choices.items()}
    return st.fixed_dictionaries(drawn).map(
        lambda found: {key: item for key, item in found.items() if item is not None}
    )


HEADERS = [{"location": "london"}, {"seldon": "m"}, {"seldon": "m", "x": "y"}, {"namespace": "a", "seldon": "m"}]
FIELDS: dict[str, list[Any]] = {
    "weight": [0, 25, 60, 60, 150, 10],
    "shadow": [True, False],
    "precedence": [1, 0, -1],
    "headers": HEADERS,
    "regex_headers": [{"location": "lond.*"}, {"seldon": "m"}],
    "method": ["GET", "POST"],
    "method_regex": [False],
    "prefix_regex": [True, False],
    "timeout_ms": [5000],
    "rewrite": ["", "/", "/v2"],
    "retry_policy": [{"retry_on": "5xx", "num_retries": 4}, {"retry_on": "gateway-error"}],
    "host_redirect": [True],
    "tls": ["missing"],
    "case_sensitive": [False],
    "idle_timeout_ms": [9],
}
OLD_FIELDS = {"host": ["a.com", "b.a.com"]}
V2_FIELDS = {
    "query_parameters": [{"q": "1"}],
    "prefix_exact": [True],
    "regex_rewrite": [{"pattern": "a", "substitution": "b"}],
    "circuit_breakers": [[], [{"max_requests": 7}]],
    "regex_query_parameters": [{"q": "1"}],
}
V3_FIELDS = {"hostname": ["*", "a.com", "*.a.com", "", "b.*", "*", "*"]}
REFUSED = {"weight": ["40", None, 1.5], "shadow": ["true"], "grpc": [1], "prefix": [7], "cors": ["*"]}


@st.composite
def members(draw: st.DrawFn, generation: Generation) -> Object:
    versions = {"v1": ["v0", "v1", "v1", "v2", "v2"], "v3": ["v2", "v3alpha1", "v3alpha1"]}[generation]
    version = draw(st.sampled_from(versions))
    choices = FIELDS | {"v3alpha1": V3_FIELDS}.get(version, OLD_FIELDS)
    if version in ("v2", "v3alpha1"):
        choices = choices | V2_FIELDS
    if version == "v1":
        choices = choices | {"circuit_breakers": V2_FIELDS["circuit_breakers"]}
    if version == "v0":
        choices = {key: item for key, item in choices.items() if key not in ("retry_policy", "idle_timeout_ms")}
    if version != "v3alpha1":
        choices = choices | {"headers": [*HEADERS, {"seldon": True}], "ambassador_id": ["other", "default"]}
    fields = draw(
        optional(**choices, **({"ambassador_id": [["default", "x"], ["x"]]} if version == "v3alpha1" else {}))
    )
    prefix = draw(st.sampled_from(["/x/", "/x/", "/x/", "/xy/", "/"]))
    service = draw(st.sampled_from(["one", "two", "two:9000", "https://one", "one.c", "one.c.svc:81"]))
    fields = {"prefix": prefix, "service": service, **fields}
    if version == "v3alpha1":
        fields.setdefault("hostname", "*")
    if draw(st.integers(0, 19)) == 0:
        name = draw(st.sampled_from(sorted(REFUSED)))
        fields[name] = draw(st.sampled_from(REFUSED[name]))
    return {"apiVersion": f"getambassador.io/{version}", **fields}


@st.composite
def clusters(draw: st.DrawFn, generation: Generation) -> list[Object]:
    objects: dict[tuple[str, str, str], Object] = {}
    documents: dict[tuple[str, str], list[Object]] = {}
    # With both, what the compilers answer does not tell whether a group redirects.
    unwanted = draw(st.sampled_from(["shadow", "host_redirect"]))
    for fields in draw(st.lists(members(generation), min_size=1, max_size=6)):
        fields.pop(unwanted, None)
        version = fields.pop("apiVersion")
        name, space = draw(st.sampled_from(["m1", "m2", "m3", "m4", "z"])), draw(st.sampled_from(["a", "b"]))
        if version.endswith("v0") or draw(st.booleans()):
            where = draw(st.sampled_from(["s1", "z"])), space
            documents.setdefault(where, []).append(document(name, version, **fields))
        else:
            labels = draw(st.sampled_from([None, None, {"team": "one"}, {"team": "two", "x": "y"}]))
            item = mapping(name, version=version, space=space, labels=labels, **fields)
            objects["Mapping", space, name] = item
    for (name, space), found in documents.items():
        labels = draw(st.sampled_from([{}, {"team": "one"}]))
        objects["Service", space, name] = annotated(name, *found, space=space, **labels)
    if generation == "v3":
        for name in draw(st.lists(st.sampled_from(["h1", "h2", "h3"]), max_size=3, unique=True)):
            hostname = {"h1": "*", "h2": "a.com", "h3": "*.a.com"}[name]
            team = draw(st.sampled_from([None, None, {"team": "one"}, {"x": "y", "team": "two"}]))
            objects["Host", "a", name] = host(
                name, hostname, **({"mappingSelector": {"matchLabels": team}} if team else {})
            )
    return draw(st.permutations(list(objects.values())))


@pytest.mark.slow
@beside
@given(objects=clusters("v3"))
def test_the_table_is_that_of_emissary_3(objects):
    compare(objects, "v3")


@pytest.mark.slow
@beside
@given(objects=clusters("v1"))
def test_the_table_is_that_of_ambassador_1(objects):
    compare(objects, "v1")


# --- Facts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("generation", ["v1", "v3"])
@pytest.mark.parametrize(
    ("weights", "expected", "found"),
    [
        ([None, 25], [("m1", 25), ("m0", 75)], []),
        ([None, None], [("m0", 50), ("m1", 50)], ["A02"]),
        ([None, 0], [("m1", 0), ("m0", 100)], []),
        ([None, 50, None], [("m1", 50), ("m0", 25), ("m2", 25)], ["A02"]),
        ([None, 25, None], [("m1", 25), ("m0", 38), ("m2", 37)], ["A02"]),
        ([None, None, None], [("m0", 33), ("m1", 33), ("m2", 34)], ["A02"]),
        ([20, 30], [("m0", 20), ("m1", 30)], ["C06"]),
        ([20, 80], [("m0", 20), ("m1", 80)], []),
        ([60, 60], [("m0", 60), ("m1", 40)], ["C06"]),
    ],
)
def test_the_shares_of_a_group(generation, weights, expected, found):
    fields: list[Object] = [{} if weight is None else {"weight": weight} for weight in weights]
    objects = [mapping(f"m{index}", **one) for index, one in enumerate(fields)]
    table, _compiled = compare(objects, generation)
    assert [shares(row) for row in rows(table)] == [expected]
    assert ids(table) == found


def test_a_weight_of_150():
    first = compare([mapping("m0", weight=150), mapping("m1")], "v3")[0]
    assert [shares(row) for row in rows(first)] == [[("m0", 0), ("m1", 0)]]
    assert ids(first) == ["C06"]
    # The members before it keep theirs.
    later = compare([mapping("m0", weight=40), mapping("m1", weight=150)], "v3")[0]
    assert [shares(row) for row in rows(later)] == [[("m0", 40), ("m1", 0)]]
    old = compare([mapping("m0", weight=40), mapping("m1", weight=150), mapping("m2")], "v1")[0]
    assert [shares(row) for row in rows(old)] == [[("m0", 40), ("m1", 60), ("m2", 0)]]


@pytest.mark.parametrize(("generation", "percent", "found"), [("v1", 40, "C06"), ("v3", 100, "A03")])
def test_a_lone_weight(generation, percent, found):
    table, _compiled = compare([mapping("m0", weight=40)], generation)
    assert [shares(row) for row in rows(table)] == [[("m0", percent)]]
    assert ids(table) == [found]


@pytest.mark.parametrize("generation", ["v1", "v3"])
def test_a_negative_weight_stops_the_configuration(generation):
    table = emissary_table(
        [mapping("m0", weight=-1), mapping("m1"), mapping("m2", prefix="/y/")], generation=generation
    )
    assert [shares(row) for row in rows(table)] == [[("m2", 100)]]
    assert [(item.id, item.level, item.where) for item in table.findings if item.id != "C02"] == [
        ("C06", "error", "Mapping a/m0: weight")
    ]


@pytest.mark.parametrize("generation", ["v1", "v3"])
@pytest.mark.parametrize(("fields", "percent"), [({}, 100), ({"weight": 0}, 0), ({"weight": 20}, 20)])
def test_a_shadow(generation, fields, percent):
    table, _compiled = compare([mapping("m0"), mapping("m1", shadow=True, **fields)], generation)
    (row,) = rows(table)
    assert shares(row) == [("m0", 100)]
    assert [(item.target.host, item.percent) for item in row.mirrors] == [("m1.a", percent)]
    assert ids(table) == []


@pytest.mark.parametrize("generation", ["v1", "v3"])
def test_a_second_shadow_and_a_shadow_alone(generation):
    objects = [mapping("m0"), mapping("m1", shadow=True), mapping("m2", shadow=True)]
    objects.append(mapping("m3", shadow=True, prefix="/y/"))
    table, _compiled = compare(objects, generation)
    assert [(shares(row), len(row.mirrors)) for row in rows(table)] == [([("m0", 100)], 1)]
    assert [item.where for item in table.findings if item.id == "A04"] == [
        "Mapping a/m2: shadow",
        "Mapping a/m3: shadow",
    ]


@pytest.mark.parametrize("generation", ["v1", "v3"])
def test_the_order_of_rows(generation):
    objects = [
        mapping("plain"),
        mapping("exact", headers={"location": "london"}),
        mapping("regex", regex_headers={"location": "lond.*"}),
        mapping("long", prefix="/x/y/"),
        mapping("first", prefix="/", precedence=1),
    ]
    table, _compiled = compare(objects, generation)
    assert [row.owner.name for row in rows(table)] == ["first", "long", "regex", "exact", "plain"]
    assert rows(table)[2].match.headers == (("location", Text("regex", "lond.*")),)


def test_grpc_of_two_tenants_is_one_group():
    # The path of a gRPC service says nothing of whose model it is: the header does, if it has the namespace.
    path = "/seldon.protos.Seldon/Predict"
    objects = [mapping("m", space=space, prefix=path, grpc=True, headers={"seldon": "m"}) for space in ("a", "b")]
    table, _compiled = compare(objects, "v3")
    assert [[share.target.host for share in row.shares] for row in rows(table)] == [["m.a", "m.b"]]
    assert [share.percent for share in rows(table)[0].shares] == [50, 50]


@pytest.mark.parametrize("generation", ["v1", "v3"])
def test_a_mapping_that_differs_is_left_out(generation):
    objects = [mapping("m0", prefix_regex=True), mapping("m1", prefix_regex=False), mapping("m2")]
    table, _compiled = compare(objects, generation)
    assert [shares(row) for row in rows(table)] == [[("m0", 50), ("m2", 50)]]
    (finding,) = [item for item in table.findings if item.id == "C05"]
    assert finding.where == "Mapping a/m1: prefix_regex"
    assert "Mapping a/m0" in finding.message


@pytest.mark.parametrize("generation", ["v1", "v3"])
def test_of_two_of_one_name_the_last_counts(generation):
    table, _compiled = compare(
        [mapping("m0", weight=20), annotated("s", document("m0", weight=30), document("m1"))], generation
    )
    assert [shares(row) for row in rows(table)] == [[("m0", 30), ("m1", 70)]]
    assert ids(table) == ["B01"]


def test_an_annotation_that_is_no_yaml():
    objects = [annotated("s", text="{["), annotated("t", document("m1", weight=50)), mapping("m2")]
    table, _compiled = compare(objects, "v3")
    assert [shares(row) for row in rows(table)] == [[("m1", 50), ("m2", 50)]]
    assert ids(table) == ["C12"]
    old, _compiled = compare(objects, "v1")
    assert (old.entrances, ids(old)) == ((), ["C12"])


@pytest.mark.parametrize("version", ["ambassador/v1", "getambassador.io/v1"])
def test_a_document_of_version_1_stops_emissary_3(version):
    table, _compiled = compare([annotated("s", document("m0", version, ambassador_id="other")), mapping("m1")], "v3")
    assert (table.entrances, ids(table)) == ((), ["C01"])


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (listener(hostBinding={"namespace": "ALL"}), "hostBinding.namespace is the text 'ALL' and must be a mapping"),
        (listener(hostBinding={"namespace": [None]}), "hostBinding.namespace is a list and must be a mapping"),
        (listener(hostBinding={"namespace": {"from": 1}}), "hostBinding.namespace.from is the number 1"),
        (listener(hostBinding={"selector": {"matchLabels": ["a"]}}), "hostBinding.selector.matchLabels is a list"),
        (listener(hostBinding={"selector": {"matchLabels": {"a": 1}}}), "matchLabels.a is the number 1"),
        (listener(protocolStack=["HTTP", 1]), "protocolStack[1] is the number 1"),
        (listener(port=2**63), "port is the number 9223372036854775808 and must be a whole number"),
        (host("h", "*", requestPolicy={"insecure": "Route"}), "requestPolicy.insecure is the text 'Route'"),
        (host("h", "*", requestPolicy={"insecure": {"action": 1}}), "requestPolicy.insecure.action is the number 1"),
        (host("h", "*", mappingSelector={"matchLabels": "a"}), "mappingSelector.matchLabels is the text 'a'"),
        (host("h", "*", selector={"matchLabels": {"a": None}}), "selector.matchLabels.a is null"),
        (mapping("m9", headers={"a\nb": 5}), "headers.a\\nb is the number 5"),
    ],
)
def test_what_has_a_wrong_shape_inside(item, words):
    table = emissary_table([item, mapping("m0")])
    (finding,) = (item for item in table.findings if item.id == "C12")
    title = f"{item['kind']} a/{item['metadata']['name']}"
    assert finding.where.startswith(f"{title}: ")
    assert finding.message.startswith(f"makes Emissary refuse the whole {item['kind']}, because ")
    assert words in finding.message
    assert [shares(row) for row in rows(table)] == [[("m0", 100)]]


@pytest.mark.parametrize(
    "item",
    [
        listener(hostBinding={"namespace": {"from": "ALL"}, "selector": None}),
        listener(hostBinding={"namespace": {"from": "SELF"}, "selector": {}}),
        listener(protocolStack=["HTTP", "TCP"]),
        listener(port=8080.0),
        host("h", "*", requestPolicy={"insecure": None}),
        host("h", "*", mappingSelector={"matchLabels": {}}),
    ],
)
def test_what_has_a_right_shape_inside(item):
    assert "C12" not in ids(emissary_table([item, mapping("m0")]))


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"cluster_request_timeout_ms": "soon"}, "config.cluster_request_timeout_ms"),
        ({"retry_policy": "5xx"}, "config.retry_policy"),
        ({"retry_policy": {"num_retries": "two"}}, "config.retry_policy.num_retries"),
    ],
)
@pytest.mark.parametrize("generation", ["v1", "v3"])
def test_settings_that_cannot_be_used(config, where, generation):
    module = resource("Module", "ambassador", {"config": config | {"regex_max_size": "9" * 5000}}, version=V2)
    table = emissary_table([module, mapping("m0")], generation=generation)
    assert [item.where for item in table.findings if item.id == "C12"] == [f"Module a/ambassador: {where}"]
    assert rows(table) == rows(emissary_table([mapping("m0")], generation=generation))


@pytest.mark.parametrize(
    "config", [{"cluster_request_timeout_ms": None}, {"retry_policy": None}, {"circuit_breakers": None}]
)
def test_settings_that_are_null_are_absent(config):
    table = emissary_table([resource("Module", "ambassador", {"config": config}), mapping("m0")])
    assert table == emissary_table([mapping("m0")])


def test_a_number_of_retries_that_is_null():
    table = emissary_table(
        [resource("Module", "ambassador", {"config": {"retry_policy": {"num_retries": None}}}), mapping("m0")]
    )
    assert (ids(table), rows(table)[0].retries) == ([], 1)


def test_settings_that_can_be_used():
    config = {"cluster_request_timeout_ms": 7, "retry_policy": {"num_retries": 5, "retry_on": None}}
    table = emissary_table([resource("Module", "ambassador", {"config": config}), mapping("m0")])
    assert ids(table) == []
    assert (rows(table)[0].retries, rows(table)[0].shares[0].timeout_ms) == (5, 7)


def test_a_document_without_a_schema_has_to_be_of_use():
    """Ambassador 1 does not check a version that it does not know, and takes what it can."""
    good, bad = document("m0", "getambassador.io/v3alpha1"), document("m1", "getambassador.io/v3alpha1", headers=["a"])
    table = emissary_table([annotated("s", good, bad)], generation="v1")
    assert [shares(row) for row in rows(table)] == [[("m0", 100)]]
    assert ids(table) == ["C12"]


def test_a_document_of_version_0_is_lost():
    table, _compiled = compare([annotated("s", document("m0", "ambassador/v0")), mapping("m1")], "v3")
    assert [shares(row) for row in rows(table)] == [[("m1", 100)]]
    assert ids(table) == ["C01"]


def test_ambassador_1_fails_at_a_header_that_is_false():
    table, _compiled = compare([mapping("m0", headers={"a": False}), mapping("m1")], "v1")
    assert (table.entrances, ids(table)) == ((), ["C12"])


def test_what_no_host_takes():
    objects = [
        mapping("m0", version=V3, hostname="b.com"),
        mapping("m1", version=V3, hostname="", labels={"team": "one"}),
        mapping("m2", version=V3, hostname=""),
        host("h1", "a.com", mappingSelector={"matchLabels": {"team": "one"}}),
    ]
    table, _compiled = compare(objects, "v3")
    assert [shares(row) for row in rows(table, "a.com")] == [[("m1", 100)]]
    assert sorted(item.where for item in table.findings if item.id == "C03") == ["Mapping a/m0", "Mapping a/m2"]


@pytest.mark.parametrize(
    ("served", "hostname", "taken"),
    [
        ("a.com", "a.com", True),
        ("a.com", "b.com", False),
        ("a.com", "*.com", True),
        ("a.com", "*.b.com", False),
        ("*.com", "a.com", True),
        ("*.com", "*.b.com", True),
        ("*.com", "a.org", False),
    ],
)
def test_the_host_of_a_mapping(served, hostname, taken):
    table, _compiled = compare([mapping("m0", version=V3, hostname=hostname), host("h1", served)], "v3")
    assert ids(table) == ([] if taken else ["C03"])


@pytest.mark.parametrize(
    ("security", "action", "expected"),
    [
        ("INSECURE", "Route", [((), "")]),
        ("INSECURE", "Redirect", [((), "https")]),
        ("INSECURE", "Reject", []),
        ("SECURE", "Redirect", [((), "")]),
        ("XFP", "Route", [((), "")]),
        ("XFP", "Redirect", [((("x-forwarded-proto", Text("exact", "https")),), ""), ((), "https")]),
        ("XFP", "Reject", [((("x-forwarded-proto", Text("exact", "https")),), "")]),
    ],
)
def test_clear_text_and_tls(security, action, expected):
    objects = [
        mapping("m0"),
        host("h1", "*", requestPolicy={"insecure": {"action": action}}),
        listener(securityModel=security),
        listener("other", protocol="TCP", port=9000),
    ]
    table = emissary_table(objects)
    assert [entrance.port for entrance in table.entrances] == [8080]
    assert [(row.match.headers, row.redirect) for row in rows(table)] == expected
    assert ids(table) == []


def test_hosts_that_do_different_things_in_clear_text():
    redirecting = {"requestPolicy": {"insecure": {"action": "Redirect"}}}
    table = emissary_table([mapping("m0"), host("h1", "a.com"), host("h2", "b.com", **redirecting), listener()])
    assert [row.redirect for row in rows(table, "a.com")] == [""]
    assert [row.redirect for row in rows(table, "b.com")] == ["https"]


@pytest.mark.parametrize(
    ("binding", "taken"),
    [
        ({"namespace": {"from": "ALL"}}, {"a.com", "b.com"}),
        ({"namespace": {"from": "SELF"}}, {"a.com"}),
        ({"namespace": {"from": "ALL"}, "selector": {"matchLabels": {"team": "one"}}}, {"b.com"}),
    ],
)
def test_the_hosts_of_a_listener(binding, taken):
    objects = [
        mapping("m0"),
        host("h1", "a.com"),
        host("h2", "b.com", space="b", labels={"team": "one"}),
        listener(hostBinding=binding),
    ]
    (entrance,) = emissary_table(objects).entrances
    assert {item.domain for item in entrance.hosts} == taken


def acting(name, action, hostname="*", **fields):
    return host(name, hostname, requestPolicy={"insecure": {"action": action}}, **fields)


SELF = {"hostBinding": {"namespace": {"from": "SELF"}}}
TEAM = {"hostBinding": {"namespace": {"from": "ALL"}, "selector": {"matchLabels": {"team": "one"}}}}
HTTPS = {"protocol": "HTTPS", "port": 8443, "securityModel": "SECURE"}
SECRET = {"tlsSecret": {"name": "s"}}
ONE, TWO = ({"mappingSelector": {"matchLabels": {"team": team}}} for team in ("one", "two"))
ADMITS_NONE = "admits no Host, so it serves nothing, because "
NO_CERTIFICATE = "has TLS, and none of its Hosts has a certificate, so no client can connect over TLS"
REPLACED = "is that of Host a/h2 too, which does something else, and only the last of the two counts"


@pytest.mark.parametrize(
    ("objects", "where", "message"),
    [
        ([listener(**SELF), host("h1", "*", space="b")], "Listener a/l", f"{ADMITS_NONE}no Host is in its namespace a"),
        ([listener(**SELF), host("h1", "*")], "", ""),
        ([listener(), host("h1", "*", space="b")], "", ""),
        (
            [listener(**TEAM), host("h1", "*", labels={"team": "two"})],
            "Listener a/l",
            f"{ADMITS_NONE}no Host has the labels of its hostBinding.selector",
        ),
        ([listener(**TEAM), host("h1", "*", labels={"team": "one"})], "", ""),
        (
            [listener(), acting("h1", "Reject")],
            "Listener a/l",
            f"{ADMITS_NONE}it takes clear text only, which every Host of it rejects",
        ),
        ([listener(), acting("h1", "Route")], "", ""),
        ([listener(securityModel="XFP"), acting("h1", "Reject")], "", ""),
        ([listener(), acting("h1", "Reject"), acting("h2", "Route", "a.com")], "", ""),
        # A certificate
        ([listener(**HTTPS), host("h1", "*")], "Listener a/l", NO_CERTIFICATE),
        ([listener(**HTTPS), host("h1", "*", **SECRET)], "", ""),
        ([listener(**HTTPS), host("h1", "*"), host("h2", "a.com", **SECRET)], "", ""),
        ([listener(**HTTPS | {"protocol": "HTTP"}), host("h1", "*")], "", ""),
        ([listener(**HTTPS), host("h1", "*"), resource("TLSContext", "t", {"hosts": ["*"]})], "", ""),
        (
            [listener(**HTTPS), host("h1", "*"), resource("TLSContext", "t", {"secret": "s"})],
            "Listener a/l",
            NO_CERTIFICATE,
        ),
        ([listener(**HTTPS)], "", ""),
        # One hostname of two Hosts
        ([listener(), acting("h1", "Redirect"), acting("h2", "Route")], "Host a/h1: hostname", REPLACED),
        ([listener(), acting("h1", "Route"), acting("h2", "Route")], "", ""),
        ([listener(), acting("h1", "Redirect"), acting("h2", "Route", "a.com")], "", ""),
        ([listener(), host("h1", "*", **ONE), host("h2", "*", **TWO)], "Host a/h1: hostname", REPLACED),
        ([listener(**SELF), host("h1", "*", space="b", **ONE), host("h2", "*", **TWO)], "", ""),
        ([listener(securityModel="SECURE"), acting("h1", "Redirect"), acting("h2", "Route")], "", ""),
        # The beginning of a name
        (
            [listener(), host("h1", "a.*"), host("h2", "*")],
            "Host a/h1: hostname",
            "is the beginning of a name, and its requests that no route of it takes are shown as going on to the"
            " routes for all hosts, but Emissary answers 404",
        ),
        ([listener(), host("h1", "a.*")], "", ""),
        ([listener(), host("h1", "a.*"), host("h2", "b.com")], "", ""),
        ([listener(), host("h1", "*.a"), host("h2", "*")], "", ""),
    ],
)
def test_what_a_listener_makes_of_its_hosts(objects, where, message):
    mappings = [mapping(f"m-{team}", prefix=f"/{team}/", labels={"team": team}) for team in ("one", "two")]
    table = emissary_table([*mappings, *objects])
    expected = {ADMITS_NONE: "C02", NO_CERTIFICATE: "C02", REPLACED: "B01", "is the beginning": "D13"}
    found = [(item.id, item.level, item.where, item.message) for item in table.findings]
    name = next((name for begin, name in expected.items() if message.startswith(begin)), "")
    assert found == ([(name, "warning" if name == "D13" else "error", where, message)] if message else [])


def test_without_hosts_one_that_admits_none_is_not_sure():
    table = emissary_table([mapping("m0"), listener(**SELF)], ambassador_namespace="b")
    assert [(item.id, item.level) for item in table.findings] == [("C02", "warning")]
    assert ids(emissary_table([mapping("m0"), listener(**SELF)], ambassador_namespace="a")) == []


@pytest.mark.parametrize(("second", "found"), [("Redirect", ["B01"]), ("Route", [])])
def test_of_two_hosts_ambassador_1_takes_the_first(second, found):
    hosts = [acting("h1", "Route"), acting("h2", second)]
    table = emissary_table([mapping("m0"), *[item | {"apiVersion": V2} for item in hosts]], generation="v1")
    assert [item.id for item in table.findings] == found
    assert all(
        item.where == "Host a/h2: hostname" and "the first of the two" in item.message for item in table.findings
    )
    assert [row.redirect for row in rows(table)] == [""]


def test_without_a_listener():
    table = emissary_table([mapping("m0")])
    (finding,) = table.findings
    assert (finding.id, finding.level, finding.where) == ("C02", "warning", "Ambassador default")
    said = "no Listener is among the objects given, and the routes are shown as if there were one"
    assert (finding.message, finding.fix) == (said, "give the Listeners too, or add one for each port")
    assert table.entrances[0].port == 0


def test_a_host_that_is_the_beginning_of_a_name():
    table = emissary_table([mapping("m0"), host("h1", "a.*"), listener()])
    assert [row.match.headers for row in rows(table)] == [((":authority", Text("prefix", "a.")),)]


def test_a_redirect_to_another_host():
    table, _compiled = compare([mapping("m0", host_redirect=True, service="b.com"), mapping("m1")], "v3")
    assert [(row.redirect, row.shares) for row in rows(table)] == [("b.com", ())]
    assert ids(table) == ["C12"]


def test_upstreams():
    services = ["one", "one.b", "one.b.svc.cluster.local:81", "https://one", "outside.example.com", "10.0.0.1:9"]
    objects = [mapping(f"m{index}", service=service) for index, service in enumerate(services)]
    objects.append(mapping("m7", tls="missing"))
    table = emissary_table([*objects, mapping("m8", tls="there"), resource("TLSContext", "there", {})])
    found = [(share.target.host, share.target.port, share.target.tls) for share in rows(table)[0].shares]
    assert found == [
        ("one.a", 80, False),
        ("one.b", 80, False),
        ("one.b", 81, False),
        ("one.a", 443, True),
        ("outside.example.com", 80, False),
        ("10.0.0.1", 9, False),
        ("m7.a", 80, False),
        ("m8.a", 443, True),
    ]
    assert ids(table) == ["C13", "A02"]


@pytest.mark.parametrize(
    ("value", "version", "taken"),
    [
        ("default", V2, True),
        (["x", "default"], V3, True),
        (["x"], V3, False),
        ([], V3, True),
        (["--apiVersion-v3alpha1-only--default"], V2, True),
    ],
)
def test_ambassador_ids(value, version, taken):
    table, _compiled = compare([mapping("m0", version=version, ambassador_id=value)], "v3")
    assert bool(rows(table)) == taken
    assert ids(table) == []


def test_the_table_of_another_ambassador():
    objects = [mapping("m0", ambassador_id=["x"]), mapping("m1")]
    table, _compiled = compare(objects, "v3", "x")
    assert [shares(row) for row in rows(table)] == [[("m0", 100)]]


def test_all_ambassadors_at_once():
    objects = [
        mapping("m0"),
        mapping("m1", ambassador_id=["x", "y"], prefix="/x/"),
        mapping("m2", ambassador_id=["y"], prefix="/y/"),
        mapping("m3", ambassador_id=["_automatic_"], prefix="/all/"),
        mapping("m4", ambassador_id=["--apiVersion-v3alpha1-only--x"], prefix="/mangled/"),
    ]
    table = emissary_tables(objects)
    assert [entrance.name for entrance in table.entrances] == ["default", "x", "y"]
    for entrance in table.entrances:
        assert entrance == emissary_table(objects, ambassador_id=entrance.name).entrances[0]
        assert entrance.hosts[0].rows
    assert emissary_tables([]) == emissary_table([])
