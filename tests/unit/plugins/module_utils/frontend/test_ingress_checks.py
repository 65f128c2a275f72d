# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module refuses what would misroute before it writes, and returns warnings and route tables."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.filter.routing import routes
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.ingress import IngressRequest, run
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import sources_of
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

HEAVY = """---
apiVersion: getambassador.io/v2
kind: Mapping
name: own
prefix: /own/
service: m-p.n:8000
weight: {weight}
---
apiVersion: getambassador.io/v2
kind: Mapping
name: other
prefix: /own/
service: m-q.n:8000
"""
CANARY = deployment("m", predictor("p", traffic=100), predictor("q", traffic=0))


def custom(weight):
    return deployment(notes={"ambassador-config": HEAVY.format(weight=weight)})


def ran(tmp_path, documents, *providers, check_mode=False, **options):
    request = IngressRequest(
        scope="s",
        set="ingress",
        directory=str(tmp_path),
        sources=sources_of(documents),
        providers=providers or ("ambassador",),
        **options,
    )
    return run(request, check_mode=check_mode)


@pytest.mark.parametrize("check_mode", [False, True])
def test_an_error_is_refused_before_anything_is_written(tmp_path, check_mode):
    with pytest.raises(DefinitionError) as caught:
        ran(tmp_path, [custom(150), service_route(route())], check_mode=check_mode)
    (line,) = caught.value.lines
    assert line.startswith("C06 Mapping n/own: weight: is 150")
    assert list(tmp_path.iterdir()) == []


def test_a_near_miss_is_written(tmp_path):
    result = ran(tmp_path, [custom(100)])
    assert [item["id"] for item in result["findings"] if item["level"] == "error"] == []
    assert result["changed"]
    assert list(tmp_path.iterdir())


def test_a_lowered_error_is_returned_and_says_why(tmp_path):
    checks = [{"id": "C06", "level": "warning", "reason": "this group is switched off", "where": "Mapping n/own*"}]
    result = ran(tmp_path, [custom(150)], checks=checks)
    (found,) = [item for item in result["findings"] if item["id"] == "C06"]
    assert found["level"] == "warning"
    assert found["fix"].endswith("(warning by `checks`: this group is switched off)")
    with pytest.raises(DefinitionError):
        ran(tmp_path, [custom(150)], checks=[checks[0] | {"where": "Mapping n/other*"}])


def test_a_raised_warning_is_refused(tmp_path):
    documents = [deployment()]
    assert [item["id"] for item in ran(tmp_path, documents, check_mode=True)["findings"]] == ["A10"]
    with pytest.raises(DefinitionError, match=r"^A10 definitions\[0\] n/m: no seldon.io/rest-timeout"):
        ran(tmp_path, documents, checks=[{"id": "A10", "level": "error", "reason": "every model says it"}])


def test_a_silenced_check_is_gone(tmp_path):
    checks = [{"id": "A10", "level": "silent", "reason": "our models are fast"}]
    assert ran(tmp_path, [deployment()], checks=checks)["findings"] == []


def test_a_wrong_check_is_refused(tmp_path):
    with pytest.raises(OptionError, match=r"checks\[0\].id: 'A99' is no check"):
        ran(tmp_path, [deployment()], checks=[{"id": "A99", "level": "silent", "reason": "x"}])


def test_the_operator_is_only_predicted(tmp_path):
    options = {"profile": "operator", "operator_env": {"AMBASSADOR_VERSION": "v1"}}
    found = ran(tmp_path, [CANARY], **options)["findings"]
    assert {"A02", "B8"} <= {item["id"] for item in found if item["level"] == "error"}
    assert list(tmp_path.iterdir())
    assert not {"A02", "B8"} & {item["id"] for item in ran(tmp_path / "ours", [CANARY])["findings"]}


def test_nothing_is_said_of_what_a_run_cannot_know(tmp_path):
    """Listeners, Gateways and the Services that the operator makes are not among the objects of a run."""
    documents = [deployment(notes={"rest-timeout": "1", "grpc-timeout": "1"})]
    documents.append(service_route(route(timeout_ms=1), service={"ports": [{"port": 80}]}))
    for providers in (("ambassador",), ("istio",), ("ambassador", "istio")):
        assert ran(tmp_path, documents, *providers, check_mode=True)["findings"] == []


@pytest.mark.parametrize("check_mode", [False, True])
def test_route_tables_are_returned_where_they_are_asked_for(tmp_path, check_mode):
    assert "routes" not in ran(tmp_path, [CANARY], check_mode=check_mode)
    found = ran(tmp_path, [CANARY], "ambassador", "istio", check_mode=check_mode, return_routes=True)["routes"]
    expected = routes([CANARY], provider=["ambassador", "istio"], scope="s")
    assert [row | {"owner": None} for row in found] == [row | {"owner": None} for row in expected]
    assert {row["owner"]["labels"]["mlops.ingress/set"] for row in found} == {"ingress"}
