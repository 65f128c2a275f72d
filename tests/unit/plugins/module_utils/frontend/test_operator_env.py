# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment variables of the operator: what each decides, which are refused, and that an option wins."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import endpoints, to_ambassador, to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.definition.defects import DEFECTS
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED, OPERATOR
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import OperatorEnv, operator_env
from ansible_collections.mlops.ingress.plugins.module_utils.intent.ports import PortSettings
from ansible_collections.mlops.ingress.tests.support.strategies import deployment

READ = {
    "nothing": (None, OperatorEnv(PortSettings())),
    "empty": ({}, OperatorEnv(PortSettings())),
    "engine": (
        {"ENGINE_SERVER_PORT": "8080", "ENGINE_SERVER_GRPC_PORT": "5005"},
        OperatorEnv(PortSettings(engine_http=8080, engine_grpc=5005)),
    ),
    "engine-empty": ({"ENGINE_SERVER_PORT": ""}, OperatorEnv(PortSettings())),
    "container-as-engine": (
        {"ENGINE_SERVER_PORT": "8080", "EXECUTOR_SERVER_PORT": "8080"},
        OperatorEnv(PortSettings(engine_http=8080)),
    ),
    "units": (
        {"PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "7000", "PREDICTIVE_UNIT_GRPC_SERVICE_PORT": "7500"},
        OperatorEnv(PortSettings(unit_http=7000, unit_grpc=7500)),
    ),
    "unit-garbage-keeps-the-default": ({"PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "x"}, OperatorEnv(PortSettings())),
    "single": ({"AMBASSADOR_SINGLE_NAMESPACE": "true"}, OperatorEnv(PortSettings(), single_namespace=True)),
    "single-by-letter": (
        {"AMBASSADOR_SINGLE_NAMESPACE": "True"},
        OperatorEnv(
            PortSettings(),
            findings=(
                DEFECTS["B20"].finding(
                    "operator_env.AMBASSADOR_SINGLE_NAMESPACE", "is 'True'", "allowed are true and false"
                ),
            ),
        ),
    ),
    "istio": (
        {"ISTIO_GATEWAY": "a/b", "ISTIO_TLS_MODE": "SIMPLE"},
        OperatorEnv(PortSettings(), gateway="a/b", tls_mode="SIMPLE"),
    ),
    "version": (
        {"CONTROLLER_ID": "x", "AMBASSADOR_VERSION": "v1"},
        OperatorEnv(PortSettings(), ambassador_version="v1"),
    ),
    "switched-off": (
        {"AMBASSADOR_ENABLED": "false", "ISTIO_ENABLED": "false"},
        OperatorEnv(PortSettings(), ambassador_enabled=False, istio_enabled=False),
    ),
}

REFUSED = {
    "list": (["A"], "operator_env: is a list: write a mapping"),
    "unknown": ({"ENGINE_SERVER_PROT": "1"}, "did you mean 'ENGINE_SERVER_PORT'?"),
    "number": (
        {"ENGINE_SERVER_PORT": 8080},
        "operator_env.ENGINE_SERVER_PORT: is the number 8080: environment variables",
    ),
    "zero": ({"ENGINE_SERVER_PORT": "0"}, "operator_env.ENGINE_SERVER_PORT: is '0': write a port from 1 to 65535."),
    "garbage": ({"ENGINE_SERVER_GRPC_PORT": "x"}, "operator_env.ENGINE_SERVER_GRPC_PORT: is 'x': write a port"),
    "unit-high": ({"PREDICTIVE_UNIT_HTTP_SERVICE_PORT": "65536"}, "is '65536': write a port from 1 to 65535."),
    "B19": ({"EXECUTOR_SERVER_PORT": "8001"}, "EXECUTOR_SERVER_PORT: differs from ENGINE_SERVER_PORT (8000)"),
}


@pytest.mark.parametrize(("given", "found"), READ.values(), ids=READ)
def test_read(given, found):
    assert operator_env(given, CORRECTED) == found


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_refused(given, message):
    with pytest.raises(OptionError) as caught:
        operator_env(given, CORRECTED)
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")


def test_the_operator_takes_what_cannot_work():
    found = operator_env({"EXECUTOR_SERVER_PORT": "8001", "ENGINE_SERVER_GRPC_PORT": "0"}, OPERATOR)
    assert found.ports == PortSettings(engine_grpc=0)
    assert [finding.id for finding in found.findings] == ["B19"]
    assert found.gateway == "seldon-gateway"  # the operator's own default, where the variable is not set


def test_ports_reach_both_providers():
    env = {"ENGINE_SERVER_PORT": "8080", "ENGINE_SERVER_GRPC_PORT": "5005"}
    mappings = to_ambassador(deployment(), operator_env=env)
    assert {item["spec"]["service"].rpartition(":")[2] for item in mappings} == {"8080", "5005"}
    (service,) = [item for item in to_istio(deployment(), operator_env=env) if item["kind"] == "VirtualService"]
    ports = [entry["route"][0]["destination"]["port"]["number"] for entry in service["spec"]["http"]]
    assert ports == [8080, 5005]


def test_an_option_wins():
    env = {"ISTIO_GATEWAY": "a/b", "ISTIO_TLS_MODE": "SIMPLE"}
    (service, rule) = sorted(
        to_istio(deployment(), operator_env=env, gateway="c/d", tls_mode="ISTIO_MUTUAL"),
        key=lambda item: item["kind"],
        reverse=True,
    )
    assert service["spec"]["gateways"] == ["c/d"]
    assert rule["spec"]["trafficPolicy"]["tls"] == {"mode": "ISTIO_MUTUAL"}


def test_the_documented_mode_is_refused_here_too():
    with pytest.raises(AnsibleFilterError, match="STRICT is a mode of PeerAuthentication"):
        to_istio(deployment(), operator_env={"ISTIO_TLS_MODE": "STRICT"})


def test_single_namespace_reaches_the_endpoints():
    urls = {row["url"] for row in endpoints(deployment(), operator_env={"AMBASSADOR_SINGLE_NAMESPACE": "true"})}
    assert "http://localhost/seldon/m/api/v1.0/predictions" in urls
