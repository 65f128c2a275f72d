# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Examples are not only shown: those of modules fit the options, those of filters run."""

from __future__ import annotations

import ast
import copy
import json
import re

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.mlops.ingress.tests.unit.contract import house

FILTERS = sorted(house.filters())
FULL_NAME = re.compile(r"[a-z_]+\.[a-z_]+\.[a-z_]+")
TASK_WORDS = {
    "name",
    "register",
    "vars",
    "when",
    "loop",
    "loop_control",
    "delegate_to",
    "run_once",
    "check_mode",
    "diff",
}
RESULT = re.compile(r"# The fact is (.*)\.$", re.MULTILINE)


def example_problems(task, name, arguments):
    """What is wrong with a task of the examples of a module."""
    actions = [key for key in task if key not in TASK_WORDS]
    if len(actions) != 1 or not FULL_NAME.fullmatch(actions[0]):
        return [f"{task.get('name')}: calls {', '.join(actions) or 'nothing'}, not one module by its full name"]
    if actions[0] != f"mlops.ingress.{name}":
        return []
    checks = {key: arguments.get(key) for key in house.CHECKS}
    # A copy: the validator writes into the defaults of the spec.
    spec = copy.deepcopy(arguments["argument_spec"])
    return ArgumentSpecValidator(spec, **checks).validate(task[actions[0]]).error_messages


@pytest.mark.parametrize("name", house.plugin_names("modules"))
def test_examples_of_a_module(name, module_docs):
    tasks = yaml.safe_load(module_docs[name]["examples"])
    assert any(f"mlops.ingress.{name}" in task for task in tasks)
    arguments = house.module_arguments(name)
    assert [line for task in tasks for line in example_problems(task, name, arguments)] == []
    assert all(task.get("name") for task in tasks)


@pytest.mark.parametrize(
    "task",
    [
        "{name: Short, ingress: {scope: dev, directory: out}}",
        "{name: None}",
        "{name: Two, mlops.ingress.ingress: {scope: dev, directory: out}, ansible.builtin.debug: {}}",
        "{name: Missing, mlops.ingress.ingress: {directory: out}}",
        "{name: Unknown, mlops.ingress.ingress: {scope: dev, directory: out, colour: red}}",
        "{name: Choice, mlops.ingress.ingress: {scope: dev, directory: out, provider: [nginx]}}",
        "{name: Below, mlops.ingress.ingress: {scope: dev, directory: out, istio: {gatway: a/b}}}",
        "{name: List, mlops.ingress.ingress: {scope: dev, directory: out, overrides: [{kind: ServiceRoute}]}}",
        "{name: Type, mlops.ingress.ingress: {scope: dev, directory: out, max_prune: many}}",
    ],
)
def test_a_wrong_example_is_found(task):
    assert example_problems(yaml.safe_load(task), "ingress", house.module_arguments("ingress"))


def examples():
    """Every example of every filter as (filter, text)."""
    for name in FILTERS:
        for text in re.split(r"^(?=- name:)", house.sidecar(name)["EXAMPLES"], flags=re.MULTILINE):
            if text.strip():
                yield name, text


@pytest.fixture(scope="module")
def facts(ansible, tmp_path_factory):
    """The facts that each example sets, in the order of examples(); all of them run in one playbook."""
    folder = tmp_path_factory.mktemp("examples")
    tasks = []
    for index, (_name, text) in enumerate(examples()):
        [task] = yaml.safe_load(text)
        tasks.append(task | {"register": f"example_{index}"})
    names = ", ".join(f"example_{index}.ansible_facts" for index in range(len(tasks)))
    tasks.append(
        {
            "name": "Keep what they give",
            "ansible.builtin.copy": {
                "content": f"{{{{ [{names}] | to_json }}}}",
                "dest": str(folder / "facts.json"),
                "mode": "0600",
            },
        }
    )
    play = {"name": "Run the examples", "hosts": "localhost", "gather_facts": False, "tasks": tasks}
    playbook = folder / "examples.yml"
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    ansible.run("ansible-playbook", "--inventory", "localhost,", "--connection", "local", str(playbook))
    return json.loads((folder / "facts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("index", "name", "text"), [(index, *item) for index, item in enumerate(examples())])
def test_examples_of_a_filter(index, name, text, facts):
    [value] = facts[index].values()
    assert f"| mlops.ingress.{name}" in text
    said = RESULT.search(text)
    if said:
        assert value == ast.literal_eval(said[1])
    else:
        assert value
        assert list(house.type_problems(value, house.sidecar(name)["RETURN"]["_value"], name)) == []
