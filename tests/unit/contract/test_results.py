# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run returns is what is documented, in check mode too."""

from __future__ import annotations

import copy

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.mlops.ingress.plugins.module_utils.frontend import ingress_module
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.ingress import IngressRequest, run
from ansible_collections.mlops.ingress.plugins.module_utils.frontend.translation import sources_of
from ansible_collections.mlops.ingress.tests.unit.contract import house

MODEL = {"name": "classifier", "implementation": "SKLEARN_SERVER", "modelUri": "gs://example/iris"}
DEPLOYMENT = {
    "apiVersion": "machinelearning.seldon.io/v1",
    "kind": "SeldonDeployment",
    "metadata": {"name": "iris", "namespace": "models"},
    "spec": {
        # A key that nothing reads: a finding.
        "annotations": {"seldon.io/unheard-of": "1"},
        "predictors": [
            {"name": "main", "traffic": 100, "graph": MODEL},
            {"name": "next", "shadow": True, "graph": MODEL},
        ],
    },
}


def request(folder, **changes):
    given = {
        "scope": "dev",
        "set": "ingress",
        "directory": str(folder),
        "sources": sources_of(copy.deepcopy(DEPLOYMENT)),
        "providers": ["ambassador", "istio"],
        "return_objects": "all",
    }
    return IngressRequest(**given | changes)


@pytest.fixture
def returned(module_docs):
    """The documented keys of a run that does not fail."""
    return {key: value for key, value in module_docs["ingress"]["return"].items() if value["returned"] == "always"}


def problems(result, returned):
    assert isinstance(result.pop("changed"), bool)
    return list(house.key_problems(result, returned))


STEPS = {
    "create": [{}],
    "keep": [{}, {}],
    "update": [{}, {"providers": ["istio"]}, {"providers": ["istio"], "cluster_domain": "k8s.example.com"}],
    "delete": [{}, {"state": "absent"}],
    "none": [{"return_objects": "none"}],
    "changed": [{"return_objects": "changed"}],
}


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
def test_a_run_returns_what_is_documented_and_check_mode_predicts_it(steps, tmp_path, returned):
    for changes in steps:
        # Everything may go, so that the steps can leave a provider out.
        predicted = run(request(tmp_path, max_prune=100, **changes), check_mode=True)
        done = run(request(tmp_path, max_prune=100, **changes), check_mode=False)
        assert predicted == done
        assert problems(predicted, returned) == []
        assert problems(done, returned) == []


def test_the_run_above_fills_every_list(tmp_path):
    """An empty list says nothing about the keys of its items."""
    result = run(request(tmp_path), check_mode=True)
    assert result["changed"]
    assert result["plan"]["create"]
    assert result["resources"]
    assert result["findings"]
    assert any(row["mirror"] for row in result["endpoints"])


def test_items_have_the_documented_keys(tmp_path):
    result = run(request(tmp_path), check_mode=True)
    assert {tuple(item) for item in result["plan"]["create"]} == {("kind", "namespace", "name")}
    assert {tuple(item) for item in result["findings"]} == {("id", "level", "where", "message", "fix")}
    assert {tuple(item) for row in result["endpoints"] for item in row["split"]} == {("predictor", "percent")}


def test_missing_and_other_keys_are_found(tmp_path, returned):
    result = run(request(tmp_path), check_mode=True)
    del result["findings"], result["plan"]["keep"], result["endpoints"][0]["curl"]
    result |= {"extra": 1, "diff": []}
    found = problems(result, returned)
    for place in ("findings: ", "plan.keep: ", "endpoints[0].curl: ", "extra: ", "diff: "):
        assert any(line.startswith(place) for line in found), place


class Ended(Exception):  # noqa: N818
    """What exit_json and fail_json do here."""


class Module:
    """As much of AnsibleModule as the frontend uses."""

    def __init__(self, check_mode, **params):
        checked = ArgumentSpecValidator(ingress_module.argument_spec()).validate(params)
        assert not checked.error_messages
        self.params, self.check_mode = checked.validated_parameters, check_mode

    def exit_json(self, **result):
        raise Ended(result)

    def fail_json(self, **result):
        raise Ended(result | {"failed": True})


def ended(check_mode=False, **params):
    with pytest.raises(Ended) as caught:
        ingress_module.main(Module(check_mode, **params))
    return caught.value.args[0]


@pytest.mark.parametrize("check_mode", [True, False])
def test_the_module_hands_on_the_whole_result(check_mode, tmp_path, returned):
    result = ended(
        check_mode, scope="dev", directory=str(tmp_path), definitions=[DEPLOYMENT], provider=["ambassador", "istio"]
    )
    assert problems(result, returned) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"definitions": [{"kind": "Nothing"}]},
        {"definitions": []},
        {"provider": []},
        {"provider": ["istio"], "istio": {"tls_mode": "STRICT"}},
        {"scope": "not a label"},
        {"directory": "/dev/null/below"},
        {"src": ["definitions"]},
        {"src": ["no-such-file"], "remote_src": True},
        {"overrides": [{"kind": "ServiceRoute", "name": "none", "merge": {}}]},
    ],
    ids=str,
)
def test_a_failure_says_what_it_left(changes, tmp_path, module_docs):
    params = {"scope": "dev", "directory": str(tmp_path / "out"), "provider": ["istio"], "definitions": [DEPLOYMENT]}
    result = ended(**params | changes)
    assert result.pop("failed") is True
    assert result.pop("msg")
    documented = {
        key: value for key, value in module_docs["ingress"]["return"].items() if value["returned"] == "failure"
    }
    assert list(house.key_problems(result, documented)) == []
    assert result["failure"] == {"written": [], "restored": [], "untouched": []}
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("provider", ["ambassador", "istio"])
def test_the_filter_returns_the_rows_that_the_module_returns(provider, tmp_path):
    rows = house.filters()["endpoints"](yaml.safe_load(yaml.safe_dump(DEPLOYMENT)), provider=provider)
    result = run(request(tmp_path, providers=[provider]), check_mode=True)
    assert rows == result["endpoints"]
    assert list(house.type_problems(rows, house.sidecar("endpoints")["RETURN"]["_value"], "_value")) == []


def test_module_and_filter_document_the_same_rows(module_docs):
    assert (
        module_docs["ingress"]["return"]["endpoints"]["contains"]
        == (house.sidecar("endpoints")["RETURN"]["_value"]["contains"])
    )
