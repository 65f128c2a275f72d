# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which definitions share their requests, and in which order the proxies try their routes."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import endpoints, to_ambassador, to_istio
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route


def attached_canaries(second):
    """Two deployments of one address whose canaries get 60 % and ``second`` %."""
    return [
        deployment("m", predictor("a", traffic=40), predictor("b", traffic=60)),
        deployment(
            "m2",
            predictor("a", traffic=100 - second),
            predictor("b", traffic=second),
            notes={"ambassador-service-name": "m"},
        ),
    ]


def tried(found):
    """The first backend of every REST route, in the order in which Istio tries them."""
    (service,) = [item for item in found if item["kind"] == "VirtualService"]
    return [
        item["route"][0]["destination"]["host"].partition(".")[0]
        for item in service["spec"]["http"]
        if "regex" not in item["match"][0]["uri"]
    ]


def test_attached_canaries_may_get_all_requests():
    found = attached_canaries(40)
    (service,) = [item for item in to_istio(found) if item["kind"] == "VirtualService"]
    for entry in service["spec"]["http"]:
        shares = {item["destination"]["host"].partition(".")[0]: item["weight"] for item in entry["route"]}
        assert shares == {"m-a": 0, "m-b": 60, "m2-a": 0, "m2-b": 40}
    weights = {item["metadata"]["name"]: item["spec"].get("weight") for item in to_ambassador(found)}
    assert {weights["seldon-n-m-b-rest"], weights["seldon-n-m2-b-rest"]} == {60, 40}
    assert len(endpoints(found)) == len(endpoints(found, provider="istio")) == 4


@pytest.mark.parametrize("run", [to_ambassador, to_istio, endpoints])
def test_attached_canaries_get_no_more_than_all_requests(run):
    with pytest.raises(AnsibleFilterError, match="their canaries together get more than 100 %"):
        run(attached_canaries(41))


def service(name):
    return [{"service": name, "port": 80}]


ORDERS = {
    "long-query-first": [
        route(backends=service("none")),
        route(query={"q": "z"}, backends=service("short")),
        route(query={"q": "aaaa"}, backends=service("long")),
    ],
    "names-of-queries-count": [
        route(query={"z": "1"}, backends=service("short")),
        route(query={"aaaa": "1"}, backends=service("long")),
    ],
    "queries-add-up": [
        route(query={"z": "111"}, backends=service("short")),
        route(query={"a": "11", "b": "1"}, backends=service("long")),
    ],
    "path-before-query": [
        route(query={"query": "longest"}, backends=service("short")),
        route(prefix="/r/s", backends=service("long")),
    ],
    "header-before-query": [
        route(query={"query": "longest"}, backends=service("short")),
        route(headers={"h": "1"}, backends=service("long")),
    ],
    "query-where-headers-are-equal": [
        route(headers={"h": "1"}, query={"q": "z"}, backends=service("short")),
        route(headers={"h": "1"}, query={"q": "aaaa"}, backends=service("long")),
    ],
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("routes", ORDERS.values(), ids=ORDERS)
def test_routes_with_more_text_come_first(routes, turned):
    expected = [item["backends"][0]["service"] for item in reversed(routes)]
    assert tried(to_istio(service_route(*(reversed(routes) if turned else routes)))) == expected


def test_a_header_that_is_present_counts_as_an_expression_of_two_characters():
    """``location`` alone counts 8 + 2 + 1: more than a value of 2 characters, less than one of 4."""
    attached = {"ambassador-service-name": "m"}
    found = [
        deployment("m"),
        deployment("two", notes=attached | {"ambassador-header": "location: zz"}),
        deployment("any", notes=attached | {"ambassador-header": "location"}),
        deployment("four", notes=attached | {"ambassador-header": "location: !!!!"}),
    ]
    expected = ["four-p", "any-p", "two-p", "m-p"]
    assert tried(to_istio(found)) == expected
    assert tried(to_istio(list(reversed(found)))) == expected


def test_an_expression_counts_one_more_than_its_text():
    attached = {"ambassador-service-name": "m"}
    found = [
        deployment("m"),
        deployment("exact", notes=attached | {"ambassador-header": "location: zz"}),
        deployment("regex", notes=attached | {"ambassador-regex-header": "location: a+"}),
    ]
    assert tried(to_istio(found)) == ["regex-p", "exact-p", "m-p"]
