# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of Ambassador's objects by their ids and by the version of what is installed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.checks import CHECKS
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import Finding
from ansible_collections.mlops.ingress.plugins.module_utils.lint.ambassador import unknown_ids, version_findings
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_tables
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_annotations import ANNOTATION

Object = dict[str, Any]
V2, V3 = "getambassador.io/v2", "getambassador.io/v3alpha1"


def resource(kind: str, name: str, *, version: str = V2, space: str = "a", **spec: Any) -> Object:
    metadata: Object = {"name": name, "namespace": space}
    if labels := spec.pop("with_labels", None):
        metadata["labels"] = labels
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def mapping(name: str = "m0", *, version: str = V2, **fields: Any) -> Object:
    defaults: Object = {"prefix": "/x/", "service": name} | ({"hostname": "*"} if version == V3 else {})
    return resource("Mapping", name, version=version, **{**defaults, **fields})


def annotated(version: str, **fields: Any) -> Object:
    document = {"apiVersion": version, "kind": "Mapping", "name": "old", "prefix": "/x/", "service": "s", **fields}
    metadata = {"name": "s", "namespace": "a", "annotations": {ANNOTATION: json.dumps(document)}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata}


def listener(**spec: Any) -> Object:
    every = {"namespace": {"from": "ALL"}}
    return resource(
        "Listener", "l", version=V3, port=8080, protocol="HTTP", securityModel="INSECURE", hostBinding=every, **spec
    )


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


# --- Ids ----------------------------------------------------------------------------------------------------------

HOST_X = resource("Host", "h", version=V3, hostname="*", ambassador_id=["x"])
ID_CASES: dict[str, tuple[list[Object], list[str]]] = {
    "no Listener": ([mapping(ambassador_id=["x"]), HOST_X], []),
    "the Listener's id": ([mapping(), listener()], []),
    "an id of nobody": ([mapping(ambassador_id=["x"]), listener()], ["'x'"]),
    "an id of a Host": ([mapping(ambassador_id=["x"]), listener(), HOST_X], []),
    "no id, and a Listener of another": ([mapping(), listener(ambassador_id=["x"])], ["'default'"]),
    "two ids": ([mapping(ambassador_id=["x", "default", "y"]), listener()], ["'x'", "'y'"]),
    "an id as text": ([mapping(ambassador_id="x"), listener(ambassador_id=["x"])], []),
    "an id of the newest version, read in version v2": (
        [mapping(ambassador_id=["--apiVersion-v3alpha1-only--default"]), listener()],
        [],
    ),
    "an id in an annotation": ([annotated("ambassador/v2", ambassador_id="x"), listener()], ["'x'"]),
    "every Ambassador": ([mapping(ambassador_id=["_automatic_"]), listener()], []),
    "a Listener of every Ambassador": ([mapping(ambassador_id=["x"]), listener(ambassador_id=["_automatic_"])], []),
    "no Mapping": ([listener(), resource("TLSContext", "t", ambassador_id=["x"])], []),
}


@pytest.mark.parametrize(("objects", "expected"), ID_CASES.values(), ids=ID_CASES)
def test_ids_that_no_listener_has(objects, expected):
    findings = unknown_ids(objects)
    assert [item.message.split()[1].strip(",") for item in findings] == expected
    assert {(item.id, item.level) for item in findings} <= {("C04", "error")}
    assert_house_style(findings)


# --- Versions -----------------------------------------------------------------------------------------------------

HEADERS = [mapping("m0", weight=25, headers={"a": "b"}), mapping("m1", headers={"a": "b"})]
PATTERNS = [mapping("m0", weight=25, regex_headers={"a": "b"}), mapping("m1", regex_headers={"a": "b"})]
SHIFTED = "route shift"


def site(name: str, **fields: Any) -> list[Object]:
    """A Host, and a Mapping that it takes by its label."""
    selector = {"matchLabels": {"site": name}}
    one = mapping(name, version=V3, **{"hostname": "", "prefix": "/", "with_labels": {"site": name}} | fields)
    return [resource("Host", name, version=V3, hostname=f"{name}.com", mappingSelector=selector), one]


def sites(second: Object) -> list[Object]:
    return [*site("m0"), *site("m1", **second)]


SITES = sites({})
VERSION_CASES: list[tuple[list[Object], str, list[tuple[str, str]]]] = [
    ([mapping(version=V3)], "4.0.1", []),
    ([mapping(version=V2)], "4.0.1", [("C01", M0)]),
    ([resource("AuthService", "s", version="getambassador.io/v1")], "4.1.0", [("C01", "AuthService a/s")]),
    ([mapping(version="getambassador.io/v1")], "4.1.0", []),
    ([mapping(version=V2)], "3.10.0", []),
    ([mapping(version=V3)], "3.10.0", []),
    ([resource("Host", "h", version=V2)], "4.0.1", [("C01", "Host a/h")]),
    ([{**mapping(), "apiVersion": "example.com/v2"}], "4.0.1", []),
    ([resource("AuthService", "s", version=V3)], "1.14.4", [("C01", "AuthService a/s")]),
    ([mapping(version=V3)], "1.14.4", []),
    ([mapping(version=V2)], "1.14.4", [("C09", SHIFTED)]),
    ([annotated("getambassador.io/v3alpha1")], "1.14.4", [("C01", "Mapping a/old"), ("C09", SHIFTED)]),
    ([annotated("ambassador/v1")], "1.14.4", [("C09", SHIFTED)]),
    ([annotated("ambassador/v1")], "3.10.0", []),
    ([annotated("ambassador/v2")], "4.0.1", []),
    ([], "1.14.4", []),
    ([mapping()], "3.9.0", [("C09", SHIFTED)]),
    ([mapping()], "3.9.1", []),
    ([mapping(weight=40)], "2.1.1", [("C09", SHIFTED), ("C09", f"{M0}: weight")]),
    ([mapping(weight=100)], "2.1.1", [("C09", SHIFTED)]),
    ([mapping(weight=40)], "2.1.2", [("C09", SHIFTED)]),
    ([mapping(weight=40), mapping("m1")], "2.1.1", [("C09", SHIFTED)]),
    (HEADERS, "1.14.4", [("C09", SHIFTED)]),
    (HEADERS, "2.0.0", [("C09", SHIFTED), ("C09", f"{M1}: headers")]),
    (HEADERS, "3.7.2", [("C09", SHIFTED), ("C09", f"{M1}: headers")]),
    (HEADERS, "3.8.0", [("C09", SHIFTED)]),
    (HEADERS, "3.9.1", []),
    ([HEADERS[0], mapping("m1")], "3.7.2", [("C09", SHIFTED)]),
    ([HEADERS[0], {**HEADERS[1], "spec": {**HEADERS[1]["spec"], "shadow": True}}], "3.7.2", [("C09", SHIFTED)]),
    (PATTERNS, "3.7.2", [("C09", SHIFTED), ("C09", f"{M1}: regex_headers")]),
    (PATTERNS, "3.9.1", [("C09", f"{M1}: regex_headers")]),
    (PATTERNS, "3.10.0", []),
    (SITES, "2.2.1", [("C09", SHIFTED)]),
    (SITES, "2.2.2", [("C09", SHIFTED), ("C09", f"{M1}: hostname")]),
    (SITES, "3.7.2", [("C09", SHIFTED), ("C09", f"{M1}: hostname")]),
    (SITES, "3.8.0", [("C09", SHIFTED)]),
    (sites({"prefix": "/y/"}), "3.7.2", [("C09", SHIFTED)]),
    (sites({"headers": {"a": "b"}}), "3.7.2", [("C09", SHIFTED)]),
    (sites({"precedence": 1}), "3.7.2", [("C09", SHIFTED)]),
    (sites({"hostname": "b.com"}), "3.7.2", [("C09", SHIFTED)]),
    (sites({"with_labels": {"site": "m0"}}), "3.7.2", [("C09", SHIFTED)]),
    (
        [mapping(f"m{index}", weight=50, headers={"a": "b"}, ambassador_id=["x"]) for index in range(2)],
        "3.7.2",
        [("C09", SHIFTED), ("C09", f"{M1}: headers")],
    ),
]


@pytest.mark.parametrize(("objects", "version", "expected"), VERSION_CASES)
def test_versions(objects, version, expected):
    findings = version_findings(objects, version)
    where = {f"Ambassador {version}": SHIFTED}
    assert sorted((item.id, where.get(item.where, item.where)) for item in findings) == sorted(expected)
    assert {item.level for item in findings if item.id == "C01"} <= {"error"}
    assert {item.level for item in findings if item.id == "C09"} <= {"warning"}
    assert_house_style(findings)


def test_a_cluster_that_cannot_be_read_has_no_groups():
    broken = annotated("ambassador/v1")
    broken["metadata"]["annotations"][ANNOTATION] = "{["
    objects = [broken, mapping(weight=40, version=V3)]
    assert version_findings(objects, "1.14.4") == []
    assert [item.id for item in version_findings(objects[1:], "2.1.1")] == ["C09", "C09"]


@pytest.mark.parametrize("version", ["1.14.4", "3.10.0", "4.0.1"])
@pytest.mark.parametrize("written", ["v0", "v1", "v2", "v3alpha1", "v9"])
@pytest.mark.parametrize("in_annotation", [False, True])
def test_a_version_that_cannot_be_read_is_said_once(version, written, in_annotation):
    """By the route table or by the installed version."""
    generation = "v1" if version.startswith("1.") else "v3"
    written = f"getambassador.io/{written}"
    objects = [annotated(written) if in_annotation else mapping(version=written)]
    table = emissary_tables(objects, generation=generation)
    told = [item for item in (*table.findings, *version_findings(objects, version)) if item.id == "C01"]
    readable = {"1.14.4": "v0 v1 v2" if in_annotation else "v1 v2", "3.10.0": "v2 v3alpha1", "4.0.1": "v3alpha1"}
    readable["4.0.1"] += " v2" if in_annotation else ""
    unknown_to_annotations = in_annotation and generation == "v1" and written.endswith("v9")
    fine = written.partition("/")[2] in readable[version].split() or unknown_to_annotations
    assert len(told) == (0 if fine else 1), told
    assert_house_style(told)


@pytest.mark.parametrize(
    "text", ["", "3", "3.10", "v3.10.0", "3.10.0-dev", "3.10.0.1", "3.010.0", " 3.10.0", "3.10.0\n", "٣.1.0", "latest"]
)
def test_what_is_no_version(text):
    with pytest.raises(ValueError, match="is no version of Ambassador: write three numbers, such as ") as error:
        version_findings([], text)
    assert "\n" not in str(error.value)


# --- Hostile names ------------------------------------------------------------------------------------------------


def test_texts_of_objects_stay_on_one_line():
    name = "a\nb" + "c" * 300
    objects = [mapping(name, version=V3), mapping("m1", ambassador_id=[name]), listener()]
    objects.append(resource(name, name, version="getambassador.io/v2"))
    findings = [*unknown_ids(objects), *version_findings(objects, "4.0.0"), *version_findings(objects, "1.14.4")]
    assert {"C01", "C04", "C09"} <= {item.id for item in findings}
    assert_house_style(findings)
    assert max(len(item.message) for item in findings) < 500
