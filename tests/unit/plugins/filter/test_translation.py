# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as a playbook runs them: through ansible-core's templating, with its tagged and lazy containers."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.mlops.ingress.plugins.filter import translation
from ansible_collections.mlops.ingress.plugins.filter.translation import endpoints, to_ambassador, to_istio
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route

PLAIN = (dict, list, str, int, float, bool, type(None))
FIXED = [
    deployment("m", predictor("a", traffic=75), predictor("b", traffic=25), notes={"ambassador-header": "a: {{ 1 }}"}),
    service_route(route(headers={"x": {"regex": "a.*"}}), service={"ports": [{"port": 80}]}),
]


# Ansible finds collections in its own way, which a process that has imported one by Python's way cannot take back.
TEMPLATES = """
import json, sys
from ansible.plugins.loader import init_plugin_loader
init_plugin_loader()
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
loader = DataLoader()
given = loader.load_from_file(sys.argv[1])
found = []
for text in given["templates"]:
    try:
        value = Templar(loader=loader, variables=given["variables"]).template(trust_as_template(text))
        found.append({"value": value, "type": type(value).__name__})
    except AnsibleError as error:
        found.append({"error": str(error)})
print(json.dumps(found, default=list))
"""


def template(folder, variables, *templates):
    """What each template gives, in a process of its own."""
    path = folder / "templates.json"
    path.write_text(json.dumps({"variables": variables, "templates": templates}), encoding="utf-8")
    env = dict(os.environ, ANSIBLE_COLLECTIONS_PATH=str(Path(translation.__file__).parents[5]), HOME=str(folder))
    env.pop("PYTHONPATH", None)
    command = [sys.executable, "-c", TEMPLATES, str(path)]
    run = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture
def loaded(tmp_path):
    """The definitions as Ansible's own YAML loader hands them out, every scalar tagged with its place."""
    path = tmp_path / "vars.yml"
    path.write_text(yaml.safe_dump({"found": FIXED}), encoding="utf-8")
    return DataLoader().load_from_file(str(path))


def all_plain(value):
    assert type(value) in PLAIN, type(value)
    if isinstance(value, dict):
        for key, item in value.items():
            assert type(key) in PLAIN
            all_plain(item)
    elif isinstance(value, list):
        for item in value:
            all_plain(item)


def test_through_templates(tmp_path):
    runs = (to_ambassador, to_istio, endpoints)
    *said, lazy, refused = template(
        tmp_path,
        {"found": FIXED, "base": deployment(), "name": "other", "bad": deployment("M"), "inner": "{{ base }}"},
        *("{{ found | mlops.ingress." + run.__name__ + " }}" for run in runs),
        *("{{ found | mlops.ingress." + run.__name__ + " | to_json }}" for run in runs),
        "{{ [base | combine({'metadata': {'name': name, 'namespace': 'n'}})] | mlops.ingress.to_istio }}",
        "{{ bad | mlops.ingress.to_istio }}",
    )
    expected = [run(FIXED) for run in runs]
    assert [item["value"] for item in said[:3]] == expected
    assert [json.loads(item["value"]) for item in said[3:]] == expected
    assert [item["metadata"]["name"] for item in lazy["value"]] == ["other-p", "other"]
    assert "definitions[0], SeldonDeployment n/M: metadata.name: is 'M'" in refused["error"]


@pytest.mark.parametrize("run", [to_ambassador, to_istio, endpoints])
def test_tagged_values_become_plain(loaded, run):
    assert any(type(item) not in PLAIN for item in (loaded["found"][0]["kind"], loaded["found"][0], loaded["found"]))
    found = run(loaded["found"])
    all_plain(found)
    assert found == run(FIXED)


@pytest.mark.parametrize("run", [to_ambassador, to_istio])
def test_the_result_shares_nothing_with_the_input(run):
    one = service_route(route(), service={"ports": [{"port": 80}]})
    found = run(one)
    service = next(item for item in found if item["kind"] == "Service")
    service["spec"]["ports"][0]["port"] = 99
    assert one["spec"]["service"]["ports"][0]["port"] == 80
    assert run(one) != found


def test_one_definition_or_a_list():
    for run in (to_ambassador, to_istio, endpoints):
        assert run(deployment()) == run([deployment()])
        assert run([]) == []


@pytest.mark.parametrize("run", [to_ambassador, to_istio, endpoints])
def test_refusals_are_filter_errors(run):
    with pytest.raises(AnsibleFilterError) as caught:
        run(deployment("M"))
    assert str(caught.value).startswith(
        f"mlops.ingress.{run.__name__}: definitions[0], SeldonDeployment n/M: metadata.name"
    )


def test_null_options_take_the_default():
    d = deployment(notes={"istio-retries": "1"})
    names = ("api", "form", "single_namespace", "ambassador_id", "hosts", "profile")
    assert to_ambassador(d, **dict.fromkeys(names)) == to_ambassador(d)
    names = ("gateway", "gateways", "hosts", "tls_mode", "api_version", "profile", "cluster_domain")
    assert to_istio(d, **dict.fromkeys(names)) == to_istio(d)
    names = ("base_url", "verify", "profile", "single_namespace", "ambassador_id", "hosts", "api", "form")
    assert endpoints(d, **dict.fromkeys(names)) == endpoints(d)
    assert to_istio(d, hosts=[], gateways=[]) == to_istio(d)


def services(found):
    return next(item["spec"] for item in found if item["kind"] == "VirtualService")


@pytest.mark.parametrize(
    ("options", "gateways", "hosts"),
    [
        ({}, ["istio-system/seldon-gateway"], ["*"]),
        ({"gateway": "ns/gw"}, ["ns/gw"], ["*"]),
        ({"gateway": "seldon-gateway"}, ["n/seldon-gateway"], ["*"]),
        ({"gateways": ["a/b", "gw.ns"]}, ["a/b", "ns/gw"], ["*"]),
        ({"gateways": "a/b", "hosts": "a.com"}, ["a/b"], ["a.com"]),
        ({"gateway": "mesh", "hosts": ["svc"]}, ["mesh"], ["svc"]),
        ({"hosts": ["a.com", "*.b.com"]}, ["istio-system/seldon-gateway"], ["a.com", "*.b.com"]),
    ],
)
def test_gateways_and_hosts(options, gateways, hosts):
    found = services(to_istio(deployment(), **options))
    assert (found["gateways"], found["hosts"]) == (gateways, hosts)


def test_annotations_beat_the_environment():
    d = deployment(notes={"istio-gateway": "own/gw", "istio-host": "own.com"})
    found = services(to_istio(d, gateway="ns/gw", hosts="a.com"))
    assert (found["gateways"], found["hosts"]) == (["own/gw"], ["own.com"])


@pytest.mark.parametrize("mode", ["DISABLE", "SIMPLE", "ISTIO_MUTUAL"])
def test_tls_mode_keeps_the_connection_pool(mode):
    found = to_istio(deployment("m", predictor(explainer={"type": "A"})), tls_mode=mode)
    rules = [item["spec"]["trafficPolicy"] for item in found if item["kind"] == "DestinationRule"]
    assert rules == [{"connectionPool": {"http": {"idleTimeout": "60s"}}, "tls": {"mode": mode}}] * 2  # B13, B14


def test_other_istio_options():
    found = to_istio(deployment(), cluster_domain="corp.local", api_version="networking.istio.io/v1")
    assert {item["apiVersion"] for item in found} == {"networking.istio.io/v1"}
    assert found[0]["spec"]["host"] == "m-p.n.svc.corp.local"
    assert services(found)["http"][0]["route"][0]["destination"]["host"] == "m-p.n.svc.corp.local"


def test_ambassador_options():
    found = to_ambassador(deployment(), ambassador_id=["x", "y"], hosts=["a.com", "b.com"])
    assert len(found) == 4
    assert {item["spec"]["hostname"] for item in found} == {"a.com", "b.com"}
    assert all(item["spec"]["ambassador_id"] == ["x", "y"] for item in found)
    own = to_ambassador(deployment(notes={"ambassador-id": "z"}), ambassador_id="x")
    assert all(item["spec"]["ambassador_id"] == ["z"] for item in own)


BAD = {
    "api": (to_ambassador, {"api": "v9"}, "ambassador.api: 'v9' is not known: allowed are v0, v1, v2, v3alpha1."),
    "form": (to_ambassador, {"form": "x"}, "ambassador.form: 'x' is not known: allowed are annotation, object."),
    "form-of-v1": (
        to_ambassador,
        {"api": "v1", "form": "object"},
        "ambassador.form: object does not go with api v1, which exists in annotations only: take form: annotation,",
    ),
    "operator-form": (
        to_ambassador,
        {"profile": "operator", "form": "annotation"},
        "ambassador.form: annotation does not go with api v2, of which the operator writes objects only",
    ),
    "operator-v3alpha1": (
        to_ambassador,
        {"profile": "operator", "api": "v3alpha1"},
        "ambassador.api: v3alpha1 is never written by the operator: take v1 or v2, or profile: corrected.",
    ),
    "operator-v0": (to_ambassador, {"profile": "operator", "api": "v0"}, "v0 is never written by the operator"),
    "operator-hosts": (
        to_ambassador,
        {"profile": "operator", "hosts": "a.com"},
        "ambassador.hosts: has no effect on the operator: leave it out, or take profile: corrected.",
    ),
    "operator-id": (to_ambassador, {"profile": "operator", "ambassador_id": "x"}, "ambassador.ambassador_id: has no"),
    "operator-istio-hosts": (to_istio, {"profile": "operator", "hosts": "a.com"}, "istio.hosts: has no effect on the"),
    "operator-domain": (to_istio, {"profile": "operator", "cluster_domain": "a.b"}, "cluster_domain: has no effect"),
    "operator-gateways": (
        to_istio,
        {"profile": "operator", "gateways": ["a/b", "c/d"]},
        "istio.gateways: the operator writes one gateway: give one, or take profile: corrected.",
    ),
    "operator-env": (
        to_ambassador,
        {"profile": "operator", "operator_env": {"AMBASADOR_VERSION": "v1"}},
        "operator_env: 'AMBASADOR_VERSION' is no variable of the operator (did you mean 'AMBASSADOR_VERSION'?): known",
    ),
    "id-empty": (to_ambassador, {"ambassador_id": ""}, "ambassador.ambassador_id: holds an empty text"),
    "id-number": (to_ambassador, {"ambassador_id": 5}, "ambassador.ambassador_id: is the number 5"),
    "hosts": (to_ambassador, {"hosts": ["a", "a"]}, "ambassador.hosts: 'a, a' holds a host twice"),
    "profile": (to_ambassador, {"profile": "x"}, "profile: 'x' is not known: allowed are corrected, operator."),
    "strict": (to_istio, {"tls_mode": "STRICT"}, "istio.tls_mode: STRICT is a mode of PeerAuthentication"),
    "mutual": (to_istio, {"tls_mode": "MUTUAL"}, "istio.tls_mode: MUTUAL needs the files of a client certificate"),
    "lower": (
        to_istio,
        {"tls_mode": "istio_mutual"},
        "istio.tls_mode: 'istio_mutual' is not known: allowed are DISABLE",
    ),
    "gateway-empty": (to_istio, {"gateway": ""}, "istio.gateway: '' must be mesh, name or namespace/name"),
    "gateway-comma": (to_istio, {"gateway": "a,b"}, "istio.gateway: 'a,b' names several gateways"),
    "gateway-twice": (to_istio, {"gateways": ["a/b", "a/b"]}, "istio.gateways: holds a gateway twice"),
    "both": (to_istio, {"gateway": "a", "gateways": ["b"]}, "istio.gateways: stands beside istio.gateway"),
    "mesh-without-host": (to_istio, {"gateway": "mesh"}, "the gateway 'mesh' needs hosts of its own and '*' is none"),
    "istio-hosts": (to_istio, {"hosts": ""}, "istio.hosts: '' holds an empty host"),
    "version": (to_istio, {"api_version": "v1"}, "istio.api_version: 'v1' is not known"),
    "domain": (to_istio, {"cluster_domain": "A b"}, "cluster_domain: 'A b' may hold only"),
    "provider": (endpoints, {"provider": "nginx"}, "provider: 'nginx' is not known: allowed are ambassador, istio."),
    "verify": (endpoints, {"verify": "no"}, "verify: 'no' is not known: allowed are true and false."),
    "base-url": (endpoints, {"base_url": "http://a b"}, "ambassador.base_url: 'http://a b' is no address"),
    "unknown": (endpoints, {"hostz": "a"}, "ambassador.hostz: is not an option (did you mean 'hosts'?): allowed are"),
    "foreign": (endpoints, {"gateway": "a"}, "ambassador.gateway: is not an option"),
    "foreign-istio": (endpoints, {"provider": "istio", "api": "v2"}, "istio.api: is not an option"),
}


@pytest.mark.parametrize(("run", "options", "message"), BAD.values(), ids=BAD)
def test_bad_options(run, options, message):
    with pytest.raises(AnsibleFilterError) as caught:
        run(deployment(), **options)
    assert message in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("text", ["false", "no", "x"])
def test_single_namespace_as_text(text):
    try:
        found = to_ambassador(deployment(), single_namespace=text)
    except AnsibleFilterError:
        return
    assert found == to_ambassador(deployment())


@pytest.mark.parametrize(
    ("run", "options"),
    [
        (to_istio, {"cluster_domain": 5}),
        (to_istio, {"profile": ["corrected"]}),
        (endpoints, {"base_url": "http://[::1"}),
    ],
)
def test_options_of_a_wrong_type(run, options):
    with pytest.raises(AnsibleFilterError):
        run(deployment(), **options)


@pytest.mark.parametrize(
    "document",
    [
        deployment() | {"spec": deployment()["spec"] | {1: 2}},
        deployment() | {"spec": deployment()["spec"] | {1: 2, "x": 3}},
        deployment() | {"metadata": {"name": "m", "annotations": {1: "x"}}},
        service_route({1: 2, "prefix": "/"}),
        service_route(route(headers={1: "a"})),
    ],
)
def test_keys_that_are_no_text(document):
    with contextlib.suppress(AnsibleFilterError):
        to_istio(document)
