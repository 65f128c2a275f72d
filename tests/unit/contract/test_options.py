# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documented options are the options."""

from __future__ import annotations

import inspect

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.mlops.ingress.tests.support.strategies import deployment
from ansible_collections.mlops.ingress.tests.unit.contract import house

ROUTE = {
    "apiVersion": "mlops.ingress/v1",
    "kind": "ServiceRoute",
    "metadata": {"name": "dashboard", "namespace": "tools"},
    "spec": {"routes": [{"prefix": "/dashboard/", "backends": [{"service": "grafana", "port": 3000}]}]},
}
FILTERS = house.filters()
# What a filter cannot do without, beside its input.
REQUIRED = {"resolve": {"request": {"path": "/dashboard/"}}}
PROVIDERS = ("ambassador", "istio")


def filtered(name, value, **given):
    """What a filter gives."""
    return FILTERS[name](value, **REQUIRED.get(name, {}) | given)


def options(name):
    """The documented options of a filter beside its input."""
    found = dict(house.sidecar(name)["DOCUMENTATION"]["options"])
    found.pop("_input")
    return found


@pytest.mark.parametrize("name", house.plugin_names("modules"))
def test_options_of_a_module(name, module_docs):
    documented = module_docs[name]["doc"]["options"]
    assert list(house.differences(house.module_arguments(name)["argument_spec"], documented)) == []


@pytest.mark.parametrize("name", house.plugin_names("modules"))
def test_check_mode_of_a_module(name, module_docs):
    assert module_docs[name]["doc"]["attributes"]["check_mode"]["support"] == "full"
    assert house.module_arguments(name)["supports_check_mode"] is True


SPEC = {
    "scope": {"type": "str", "required": True},
    "prune": {"type": "bool", "default": True},
    "_own": {"type": "list"},
    "istio": {"type": "dict", "options": {"hosts": {"type": "list", "elements": "str", "choices": ["b", "a"]}}},
}
DOCUMENTED = """
scope: {type: str, required: true}
prune: {type: bool, default: true}
istio: {type: dict, suboptions: {hosts: {type: list, elements: str, choices: [a, b]}}}
"""


def test_equal_options_do_not_differ():
    assert list(house.differences(SPEC, yaml.safe_load(DOCUMENTED))) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("scope: {type: str, required: true}", "", "scope: is not documented"),
        ("scope: {type: str, required: true}", "scope: {type: str}", "scope.required"),
        ("scope: {type: str", "other: {type: str}\nscope: {type: str", "other: is documented"),
        ("default: true", "default: 1", "prune.default"),
        ("type: bool", "type: str", "prune.type"),
        ("elements: str", "elements: int", "istio.hosts.elements"),
        ("choices: [a, b]", "choices: [a]", "istio.hosts.choices"),
        ("{hosts:", "{host:", "istio.hosts: is not documented"),
    ],
)
def test_other_options_differ(old, new, place):
    assert old in DOCUMENTED
    found = list(house.differences(SPEC, yaml.safe_load(DOCUMENTED.replace(old, new))))
    assert any(line.startswith(place) for line in found), found


def test_every_filter_has_a_sidecar_and_every_sidecar_a_filter():
    assert sorted(path.stem for path in (house.ROOT / "plugins/filter").glob("*.yml")) == sorted(FILTERS)


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_options_of_a_filter(name, filter_docs):
    doc = filter_docs[name]["doc"]
    assert doc["name"].rpartition(".")[2] == name
    documented = {key: option.get("default") for key, option in options(name).items()}
    signature = house.signature_options(FILTERS[name])
    assert {key: documented.get(key) for key in signature} == signature
    assert signature.keys() <= documented.keys()
    if documented.keys() - signature.keys():
        kinds = [item.kind for item in inspect.signature(FILTERS[name]).parameters.values()]
        assert inspect.Parameter.VAR_KEYWORD in kinds


@pytest.mark.parametrize("name", sorted(FILTERS))
def test_null_is_the_default_of_every_option_of_a_filter(name):
    plain = filtered(name, ROUTE)
    for key in options(name):
        if key not in ("provider", *REQUIRED.get(name, ())) and accepted_by(name, key) != {"istio"}:
            assert filtered(name, ROUTE, **{key: None}) == plain, key


def accepted_by(name, key):
    """The providers that know an option; all of them where the filter asks for no provider."""
    if "provider" not in options(name):
        return set(PROVIDERS)
    if key in REQUIRED.get(name, ()):
        return set(PROVIDERS)
    found = set()
    for provider in PROVIDERS:
        try:
            filtered(name, ROUTE, **({"provider": provider} | ({key: None} if key != "provider" else {})))
        except AnsibleError as error:
            if "is not an option" not in str(error):
                raise
        else:
            found.add(provider)
    return found


@pytest.mark.parametrize("name", sorted(name for name in FILTERS if "provider" in options(name)))
def test_options_of_one_provider_say_so(name):
    for key, option in options(name).items():
        text = " ".join(option["description"])
        words = "Only with O(provider={0})", "Only where O(provider) names V({0})"
        said = {provider for provider in PROVIDERS if any(phrase.format(provider) in text for phrase in words)}
        assert (said or set(PROVIDERS)) == accepted_by(name, key), key


def choice_cases():
    for name in sorted(FILTERS):
        for key, option in options(name).items():
            for choice in option.get("choices", ()):
                yield name, key, choice, True
            if option.get("choices"):
                yield name, key, "something-else", False


@pytest.mark.parametrize(("name", "key", "value", "known"), list(choice_cases()))
def test_choices_of_a_filter(name, key, value, known):
    given = {key: value}
    if accepted_by(name, key) == {"istio"}:
        given["provider"] = "istio"
    if known:
        assert filtered(name, deployment(), **given)
    else:
        with pytest.raises(AnsibleError, match=rf"(?s){key}.*allowed are") as caught:
            filtered(name, ROUTE, **given)
        missing = [choice for choice in options(name)[key]["choices"] if choice not in str(caught.value)]
        assert missing == []


@pytest.mark.parametrize(("name", "key"), [(name, key) for name in sorted(FILTERS) for key in options(name)])
def test_an_option_of_a_filter_has_its_documented_type_and_no_other(name, key):
    given = {"provider": "istio"} if accepted_by(name, key) == {"istio"} else {}
    # A text is no boolean: "false" would count as true.
    wrong = {"bool": "false", "int": "7"}.get(options(name)[key]["type"], 7)
    for value in (True, False) if wrong == "false" else ():
        assert isinstance(filtered(name, ROUTE, **given, **{key: value}), (list, dict))
    with pytest.raises(AnsibleError, match=key):
        filtered(name, ROUTE, **given | {key: wrong})
