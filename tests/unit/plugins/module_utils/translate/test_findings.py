# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every finding: a definition that has it, with its place and what to do, and one that only just has not."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.checks import CHECKS
from ansible_collections.mlops.ingress.plugins.module_utils.definition.defects import DEFECTS
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.ingress import IngressRequest, run
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import sources_of
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

BOTH = ("ambassador", "istio")
ISTIO = ("istio",)
TIMES = {"rest-timeout": "1000", "grpc-timeout": "1000"}
ATTACHED = {"ambassador-service-name": "m"}
ATTACHED_BY_HEADER = {"ambassador-service-name": "m", "ambassador-header": "location: london"}
CUSTOM = "apiVersion: ambassador/v1\nkind: Mapping\nname: x\nprefix: /x/\nservice: s.n:80\n"


def shadow_of_container(container, no_engine):
    """A deployment whose shadow has a model container of that name."""
    shadow = predictor(
        "s",
        shadow=True,
        notes={"no-engine": no_engine},
        graph={"name": container, "type": "MODEL"},
        componentSpecs=[{"spec": {"containers": [{"name": container, "image": "i"}]}}],
    )
    return deployment("m", predictor("a"), shadow)


def shadowed(traffic):
    return deployment("m", predictor("a", traffic=traffic), predictor("s", traffic=100 - traffic, shadow=True))


# The id, the providers whose runs report it, definitions that have it, where, words of it, definitions without it.
ROWS = {
    "A03": (
        "A03",
        BOTH,
        [shadowed(99)],
        "definitions[0] n/m spec.predictors[0].traffic",
        "is 99, but the only predictor beside a shadow gets all requests",
        [shadowed(100)],
    ),
    "A03-share-with-another": (
        "A03",
        BOTH,
        [deployment("m", predictor("s", traffic=50, shadow=True), predictor("a", traffic=50))],
        "definitions[0] n/m spec.predictors[1].traffic",
        "is 50",
        [deployment("m", predictor("a", traffic=50), predictor("b", traffic=50))],
    ),
    "A10": (
        "A10",
        BOTH,
        [deployment()],
        "definitions[0] n/m",
        "no seldon.io/rest-timeout and no seldon.io/grpc-timeout",
        [deployment(notes=TIMES)],
    ),
    "A10-rest": (
        "A10",
        BOTH,
        [deployment(notes={"grpc-timeout": "1000"})],
        "definitions[0] n/m",
        "no seldon.io/rest-timeout: requests",
        [deployment(notes={"grpc-timeout": "1000", "rest-timeout": "0"})],
    ),
    "A10-grpc": (
        "A10",
        BOTH,
        [deployment(notes={"rest-timeout": "1000"})],
        "definitions[0] n/m",
        "no seldon.io/grpc-timeout: requests",
        [deployment(notes={"rest-timeout": "1000"}, outer={"grpc-timeout": "1000"})] and [deployment(outer=TIMES)],
    ),
    "A10-service-route": (
        "A10",
        BOTH,
        [service_route(route(timeout_ms=1), route(prefix="/q/"))],
        "definitions[0] n/r spec.routes[1]",
        "no timeout_ms",
        [service_route(route(timeout_ms=1), route(prefix="/q/", timeout_ms=0))],
    ),
    "A11-key": (
        "A11",
        BOTH,
        [deployment(notes={"ambassador-heade": "a: b"})],
        "definitions[0] n/m spec.annotations[seldon.io/ambassador-heade]",
        "nothing reads this annotation",
        [deployment(notes={"ambassador-header": "a: b"})],
    ),
    "A11-place": (
        "A11",
        BOTH,
        [deployment(notes={"no-engine": "true"})],
        "definitions[0] n/m spec.annotations[seldon.io/no-engine]",
        "is not read in this place",
        [deployment("m", predictor(notes={"no-engine": "true"}))],
    ),
    "A11-place-of-predictor": (
        "A11",
        BOTH,
        [deployment("m", predictor(notes={"engine-separate-pod": "true"}))],
        "definitions[0] n/m spec.predictors[0].annotations[seldon.io/engine-separate-pod]",
        "is not read in this place",
        [deployment(notes={"engine-separate-pod": "true"})],
    ),
    "A11-field": (
        "A11",
        BOTH,
        [deployment("m", predictor("a", trafic=100))],
        "definitions[0] n/m spec.predictors[0].trafic",
        "the field 'trafic' is not known",
        [deployment("m", predictor("a", traffic=100))],
    ),
    "A13-host": (
        "A13",
        ISTIO,
        [deployment(), deployment("m2", notes=ATTACHED_BY_HEADER | {"istio-host": "b.com"})],
        "definitions[1] n/m2",
        "the address is that of 'm'",
        [deployment(notes={"istio-host": "b.com"}), deployment("m2", notes=ATTACHED_BY_HEADER)],
    ),
    "A13-gateway": (
        "A13",
        ISTIO,
        [deployment(), deployment("m2", notes=ATTACHED_BY_HEADER | {"istio-gateway": "o/gw"})],
        "definitions[1] n/m2",
        "istio-host and istio-gateway are not used here",
        [deployment(), deployment("m2", notes={"istio-gateway": "o/gw", "istio-host": "b.com"})],
    ),
    "B12": (
        "B12",
        ISTIO,
        [deployment(notes={"ambassador-config": CUSTOM})],
        "definitions[0] n/m seldon.io/ambassador-config",
        "is written for Ambassador",
        [deployment(notes={"ambassador-config": ""})],
    ),
    "B24": (
        "B24",
        BOTH,
        [deployment(outer={"engine-separate-pod": "true"})],
        "definitions[0] n/m metadata.annotations[seldon.io/engine-separate-pod]",
        "spec.annotations only",
        [deployment(notes={"engine-separate-pod": "true"})],
    ),
    "B25": (
        "B25",
        BOTH,
        [deployment(notes={"ambassador-header": "location: lond.*"})],
        "definitions[0] n/m spec.annotations[seldon.io/ambassador-header]",
        "'lond.*' looks like a regular expression and is compared exactly",
        [deployment(notes={"ambassador-header": "location: london.uk"})],
    ),
    "B26": (
        "B26",
        BOTH,
        [deployment(), deployment("m2", notes=ATTACHED)],
        "definitions[1] n/m2 spec.annotations[seldon.io/ambassador-service-name]",
        "an equal part of all requests of 'm'",
        [deployment(), deployment("m2", notes=ATTACHED_BY_HEADER)],
    ),
    "B26-regex-header": (
        "B26",
        BOTH,
        [deployment(), deployment("m2", outer=ATTACHED)],
        "definitions[1] n/m2 metadata.annotations[seldon.io/ambassador-service-name]",
        "an equal part",
        [deployment(), deployment("m2", notes=ATTACHED | {"ambassador-regex-header": "location: l.*"})],
    ),
    "B26-same-header": (
        "B26",
        BOTH,
        [deployment(), deployment("m1", notes=ATTACHED_BY_HEADER), deployment("m2", notes=ATTACHED_BY_HEADER)],
        "definitions[2] n/m2",
        "the same headers as 'm1'",
        [
            deployment(),
            deployment("m1", notes=ATTACHED_BY_HEADER),
            deployment("m2", notes=ATTACHED_BY_HEADER | {"ambassador-header": "location: paris"}),
        ],
    ),
    "B28": (
        "B28",
        BOTH,
        [deployment("m", predictor(notes={"getambassador.io/config": "---"}))],
        "definitions[0] n/m spec.predictors[0].annotations[getambassador.io/config]",
        "copies this annotation to every Service",
        [deployment(notes={"getambassador.io/config": "---"}, outer={"getambassador.io/config": "---"})],
    ),
    "B32": (
        "B32",
        BOTH,
        [shadow_of_container("tfserving", "true")],
        "definitions[0] n/m spec.predictors[1]",
        "no Service for this container without engine",
        [shadow_of_container("tfserving2", "true")],
    ),
    "B32-engine": (
        "B32",
        BOTH,
        [shadow_of_container("tfserving", "TRUE")],
        "definitions[0] n/m spec.predictors[1]",
        "the predictor has no route",
        [shadow_of_container("tfserving", "false")],
    ),
    "D15": (
        "D15",
        ISTIO,
        [
            deployment(
                notes={"ambassador-circuit-breakers-max-retries": "0", "ambassador-circuit-breakers-max-requests": "1"}
            )
        ],
        "definitions[0] n/m",
        "a circuit breaker of 0 (max_retries) cannot be said in Istio",
        [deployment(notes={"ambassador-circuit-breakers-max-retries": "1"})],
    ),
    "E08": (
        "E08",
        ISTIO,
        [deployment("m", predictor(ssl={"certSecretName": "sec"}))],
        "definitions[0] n/m ssl.certSecretName",
        "does not verify the model's",
        [deployment("m", predictor(ssl={"certSecretName": ""}))],
    ),
    "E08-shadow": (
        "E08",
        ISTIO,
        [deployment("m", predictor("a"), predictor("s", shadow=True, ssl={"certSecretName": "sec"}))],
        "definitions[0] n/m ssl.certSecretName",
        "without a client certificate",
        [deployment("m", predictor("a"), predictor("s", shadow=True))],
    ),
}


def findings(directory, documents, *providers, **options):
    request = IngressRequest(
        "scope", "set", str(directory), sources=sources_of(documents), providers=providers, **options
    )
    return run(request, check_mode=True)["findings"]


@pytest.mark.parametrize("provider", BOTH)
@pytest.mark.parametrize(
    ("number", "providers", "documents", "where", "what"), [row[:5] for row in ROWS.values()], ids=ROWS
)
def test_found(tmp_path, provider, number, providers, documents, where, what):
    found = [item for item in findings(tmp_path, documents, provider) if (item["id"], item["where"]) == (number, where)]
    if provider not in providers:
        assert found == []
        return
    (one,) = found
    assert one["level"] == "warning"
    assert what in one["message"]
    assert one["fix"]


@pytest.mark.parametrize(("number", "documents"), [(row[0], row[5]) for row in ROWS.values()], ids=ROWS)
def test_near_miss(tmp_path, number, documents):
    found = findings(tmp_path, documents, *BOTH)
    assert [item for item in found if item["id"] == number] == []


def test_nothing_to_find(tmp_path):
    assert findings(tmp_path, [deployment(notes=TIMES), service_route(route(timeout_ms=1))], *BOTH) == []


def test_two_providers_report_a_finding_once(tmp_path):
    assert [item["id"] for item in findings(tmp_path, [deployment()], *BOTH)] == ["A10"]


@pytest.mark.parametrize(
    ("mode", "end"),
    [
        ("ISTIO_MUTUAL", "does not verify the model's and the mode ISTIO_MUTUAL is not used for it"),
        ("", "does not verify the model's"),
    ],
)
def test_the_mode_that_is_not_used(tmp_path, mode, end):
    documents = [deployment("m", predictor(ssl={"certSecretName": "sec"}), notes=TIMES)]
    (one,) = findings(tmp_path, documents, "istio", istio={"tls_mode": mode})
    assert one["message"].endswith(end)


SETTINGS = {
    "C01-for-1.x": (
        {"ambassador": {"api": "v1"}},
        {"ambassador": {"api": "v2"}},
        ("C01", "warning", "ambassador.api v1"),
    ),
    "C01-lost-in-v0": (
        {"ambassador": {"api": "v0"}},
        {"ambassador": {"api": "v2"}},
        ("C01", "warning", "definitions[0] n/m"),
    ),
    "B20": (
        {"operator_env": {"AMBASSADOR_SINGLE_NAMESPACE": "True"}},
        {"operator_env": {"AMBASSADOR_SINGLE_NAMESPACE": "true"}},
        ("B20", "error", "operator_env.AMBASSADOR_SINGLE_NAMESPACE"),
    ),
    "B05": (
        {"operator_env": {"AMBASSADOR_ENABLED": "true"}},
        {"operator_env": {"AMBASSADOR_ENABLED": "false"}},
        ("B05", "warning", "operator_env.AMBASSADOR_ENABLED"),
    ),
    "A15-switched-off": (
        {"profile": "operator", "operator_env": {"AMBASSADOR_ENABLED": "false"}},
        {"profile": "operator", "operator_env": {"AMBASSADOR_ENABLED": "true"}},
        ("A15", "warning", "operator_env.AMBASSADOR_ENABLED"),
    ),
    "A15-another-version": (
        {"profile": "operator", "operator_env": {"AMBASSADOR_VERSION": "v1"}, "ambassador": {"api": "v2"}},
        {"profile": "operator", "operator_env": {"AMBASSADOR_VERSION": "v1"}},
        ("A15", "warning", "operator_env.AMBASSADOR_VERSION"),
    ),
}


@pytest.mark.parametrize(("options", "near_miss", "expected"), SETTINGS.values(), ids=SETTINGS)
def test_found_in_the_settings(tmp_path, options, near_miss, expected):
    def found(given):
        rows = findings(tmp_path, [deployment(notes=TIMES | {"ambassador-retries": "3"})], "ambassador", **given)
        return [(row["id"], row["level"], row["where"]) for row in rows]

    assert expected in found(options)
    assert expected[0] not in {number for number, _level, _where in found(near_miss)}


def test_what_the_operator_does_not_know_is_left_out(tmp_path):
    documents = [deployment(), service_route(route())]
    rows = findings(tmp_path, documents, *BOTH, profile="operator")
    assert [row["where"] for row in rows if row["id"] == "A15"] == ["definitions[1] n/r"]
    assert [row for row in findings(tmp_path, documents, *BOTH) if row["id"] == "A15"] == []


def test_every_finding_is_a_check_or_a_defect():
    assert {row[0] for row in ROWS.values()} <= {*CHECKS, *DEFECTS}
