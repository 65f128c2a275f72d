# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of the operator profile with several definitions, and at its edges; single definitions are golden vectors."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import endpoints, to_ambassador, to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.errors import OptionError
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.ingress import IngressRequest, run
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.operator_env import operator_env
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.options import profile_option
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import sources_of
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.plan import PlanError
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

OPERATOR = {"profile": "operator"}
CONFIG = "apiVersion: ambassador/v1\nkind: Mapping\nname: x\nprefix: /x/\nservice: s.n:80\n"
TIMES = {"rest-timeout": "1", "grpc-timeout": "1"}


def findings(tmp_path, documents, provider, **options):
    request = IngressRequest("s", "t", str(tmp_path), sources=sources_of(documents), providers=[provider], **options)
    found = run(request, check_mode=True)["findings"]
    return {(item["id"], item["level"], item["where"].partition(" ")[2]) for item in found}


def test_istio_routes_of_two_deployments_stay_apart():
    """The texts by which Emissary groups routes are equal here; Istio does not know of them."""
    one, two = deployment("bseldonc", namespace="a"), deployment("c", namespace="aseldonb")
    alone = [to_istio(item, **OPERATOR) for item in (one, two)]
    together = to_istio([one, two], **OPERATOR)
    assert sorted(together, key=str) == sorted((item for found in alone for item in found), key=str)


def test_service_routes_are_not_the_operators():
    assert to_istio([deployment(), service_route(route())], **OPERATOR) == to_istio(deployment(), **OPERATOR)
    assert to_ambassador(service_route(route()), **OPERATOR) == []


def test_custom_config_takes_the_place_of_everything(tmp_path):
    notes = {"ambassador-config": CONFIG, "rest-timeout": "-1", "ambassador-header": "seldon: x", "ambassador-id": " "}
    v1 = findings(tmp_path, [deployment(notes=notes)], "ambassador", ambassador={"api": "v1"}, **OPERATOR)
    assert {number for number, _level, _where in v1} == {"A10", "C01"}
    notes = {"ambassador-config": "a: [", "rest-timeout": "x", "ambassador-header": "a:b:c:d"}
    assert to_ambassador(deployment(notes=notes), api="v1", **OPERATOR)
    with pytest.raises(AnsibleFilterError, match="which the operator cannot read"):
        to_ambassador(deployment(notes=notes), api="v2", **OPERATOR)


def test_custom_config_that_is_not_read_is_not_judged(tmp_path):
    found = findings(tmp_path, [deployment(notes=TIMES | {"ambassador-config": "a: ["})], "ambassador", **OPERATOR)
    assert {item for item in found if item[0] in ("B12", "A09")} == {
        ("B12", "warning", "n/m spec.annotations[seldon.io/ambassador-config]")
    }


def test_custom_config_has_addresses():
    (row,) = endpoints(deployment(notes={"ambassador-config": CONFIG}), api="v1", **OPERATOR)
    assert row["url"] == "http://localhost/x/"
    assert endpoints(deployment(notes={"ambassador-config": "a: ["}), api="v1", **OPERATOR) == []


ATTACHED = {"ambassador-service-name": "m"}
QUARRELS = {
    "policies": (
        [deployment(notes=TIMES), deployment("o", notes=TIMES | ATTACHED | {"rest-timeout": "2"})],
        ("B26", "error", "n/o"),
    ),
    "canaries": (
        [
            deployment("m", predictor("a", traffic=40), predictor("b", traffic=60), notes=TIMES),
            deployment("o", predictor("a", traffic=40), predictor("b", traffic=60), notes=TIMES | ATTACHED),
        ],
        ("C06", "error", "n/o"),
    ),
    "shadows": (
        [
            deployment("m", predictor("a"), predictor("s", shadow=True), notes=TIMES),
            deployment("o", predictor("a"), predictor("s", shadow=True), notes=TIMES | ATTACHED),
        ],
        ("A04", "error", "n/o"),
    ),
    "strangers": (
        [deployment(notes=TIMES), deployment(namespace="o", notes=TIMES)],
        ("B3", "error", "o/m"),
    ),
}


@pytest.mark.parametrize(("documents", "expected"), QUARRELS.values(), ids=QUARRELS)
def test_what_the_corrected_profile_refuses_is_told(tmp_path, documents, expected):
    assert expected in findings(tmp_path, documents, "ambassador", **OPERATOR)


def test_attached_with_a_header_and_equal_is_no_quarrel(tmp_path):
    documents = [deployment(notes=TIMES), deployment("o", notes=TIMES | ATTACHED | {"ambassador-header": "a: b"})]
    found = findings(tmp_path, documents, "ambassador", **OPERATOR)
    assert {number for number, level, _where in found if level == "error"} == set()


@pytest.mark.parametrize(
    "note", [{"ambassador-header": "loc: ="}, {"ambassador-header": "loc: <<"}, {"ambassador-id": "="}]
)
def test_a_text_that_stops_ambassador_1_14(tmp_path, note):
    """Its YAML library cannot read what the operator's leaves unquoted; ours is quoted."""
    found = findings(tmp_path, [deployment(notes=note)], "ambassador", ambassador={"api": "v1"}, **OPERATOR)
    assert ("A06", "error", f"n/m spec.annotations[seldon.io/{next(iter(note))}]") in found
    near_miss = {key: value + "x" for key, value in note.items()}
    found = findings(tmp_path, [deployment(notes=near_miss)], "ambassador", ambassador={"api": "v1"}, **OPERATOR)
    assert "A06" not in {number for number, _level, _where in found}


def test_settings_of_istio_say_nothing_of_ambassador(tmp_path):
    env = {"operator_env": {"ISTIO_ENABLED": "false"}}
    assert ("A15", "warning", "") in findings(tmp_path, [deployment()], "istio", **OPERATOR, **env)
    found = findings(tmp_path, [deployment()], "ambassador", **OPERATOR, **env)
    assert "A15" not in {number for number, _level, _where in found}


@pytest.mark.parametrize("name", ["A_b", "-a", "a" * 254, ""])
@pytest.mark.parametrize("profile", ["operator", "corrected"])
def test_names_that_the_api_server_refuses(name, profile):
    with pytest.raises(AnsibleFilterError, match=r"metadata\.name: "):
        to_ambassador(deployment(name), profile=profile)


def test_two_services_of_one_name_are_not_silently_one(tmp_path):
    shared = {"svc-name": "s"}
    documents = [deployment("m", predictor(notes=shared)), deployment("o", predictor(notes=shared))]
    with pytest.raises(PlanError, match="Service n/s is desired twice"):
        findings(tmp_path, documents, "ambassador", ambassador={"api": "v1"}, **OPERATOR)


def test_a_service_without_a_name_is_refused(tmp_path):
    with pytest.raises(DefinitionError, match="becomes a Service without a name"):
        findings(
            tmp_path,
            [deployment("m", predictor(notes={"svc-name": ""}))],
            "ambassador",
            ambassador={"api": "v1"},
            **OPERATOR,
        )


@pytest.mark.parametrize("header", ["a\nb: c", ":c", "a: b\nc"])
def test_no_address_with_a_header_that_nobody_can_send(header):
    assert endpoints(deployment(notes={"ambassador-header": header}), api="v1", **OPERATOR) == []


def test_the_first_of_several_mirrors_counts_on_ambassador():
    """The second one is an error of Emissary's; the operator's webhook refuses it, so this is the webhook off."""
    rows = endpoints(deployment("m", predictor("a"), predictor("s", shadow=True, traffic=5)), api="v1", **OPERATOR)
    assert [row["mirror"] for row in rows] == [{"predictor": "s", "percent": 5}] * 2


ANNOTATIONS = {
    "own-service": (
        [deployment("m", predictor()), deployment("x", predictor("p", notes={"svc-name": "m-routes"}))],
        "needs the Service 'm-routes' for its annotation, as SeldonDeployment n/x does: rename one of them.",
    ),
    "own-service-of-a-shadow": (
        [
            deployment("m", predictor()),
            deployment("x", predictor("p"), predictor("s", shadow=True, notes={"svc-name": "m-routes"})),
        ],
        "needs the Service 'm-routes' for its annotation, as SeldonDeployment n/x does: rename one of them.",
    ),
    "two-documents": (
        [service_route(route(), name="x"), deployment(notes={"ambassador-config": CONFIG})],
        "needs the Mapping 'x', as definitions[1], SeldonDeployment n/m does: rename one of the two.",
    ),
    "too-long": (
        [
            service_route(
                *(
                    {"prefix": f"/{index}/{'a' * 900}/", "backends": [{"service": "s", "port": 80}]}
                    for index in range(280)
                )
            )
        ],
        "bytes, and Kubernetes allows 262144: take api v2 or v3alpha1 with form: object, or divide the definition.",
    ),
}


@pytest.mark.parametrize(("documents", "message"), ANNOTATIONS.values(), ids=ANNOTATIONS)
def test_annotations_that_cannot_be(documents, message):
    with pytest.raises(AnsibleFilterError) as caught:
        to_ambassador(documents, api="v1")
    assert message in str(caught.value)


def test_the_predictors_own_annotations_count_too():
    notes = {"getambassador.io/config": CONFIG, "example.com/a": "a" * 262_100}
    with pytest.raises(AnsibleFilterError, match="bytes, and Kubernetes allows 262144: shorten them"):
        to_ambassador(deployment("m", predictor(notes=notes)), api="v1", **OPERATOR)


def test_a_secret_whose_name_has_a_dot():
    found = to_ambassador(deployment("m", predictor(ssl={"certSecretName": "my.secret"})))
    (context,) = [item for item in found if item["kind"] == "TLSContext"]
    assert context["spec"] == {"secret": "my.secret", "secret_namespacing": False}


def test_a_query_parameter_cannot_be_asked_for_in_v1():
    found = service_route(route(query={"a": "b"}))
    with pytest.raises(AnsibleFilterError, match="asks for a query parameter, which ambassador/v1 cannot"):
        to_ambassador(found, api="v1")
    assert to_ambassador(found, api="v2")


@pytest.mark.parametrize("container", ["8000", "08000", "+8000", ""])
def test_ports_are_compared_as_numbers(container):
    corrected = profile_option(None)
    assert operator_env({"EXECUTOR_SERVER_PORT": container}, corrected).findings == ()
    with pytest.raises(OptionError, match="EXECUTOR_SERVER_PORT: differs"):
        operator_env({"EXECUTOR_SERVER_PORT": "8001"}, corrected)
