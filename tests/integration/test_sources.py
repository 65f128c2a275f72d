# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every way to hand definitions to the module, and what overrides and options make of them."""

from __future__ import annotations

import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from .conftest import CONTROLLER, MODULE, Run, Site, deployment, service_route, task, tree, write

# A host that only the vaulted file names.
MARKER = "vaulted-marker.example.org"
LITERAL = "{{ lookup('ansible.builtin.file', '/etc/hostname') }}"


def objects(run: Run, name: str) -> dict[str, Any]:
    """The returned objects by kind and name."""
    assert run[name].get("failed") is not True, run[name]["msg"]
    return {f"{item['kind']} {item['metadata']['name']}": item for item in run[name]["resources"]}


def owners(run: Run, name: str) -> set[str]:
    """The definitions that the returned objects come from."""
    return {item["metadata"]["labels"]["mlops.ingress/definition"] for item in objects(run, name).values()}


def common(site: Site) -> dict[str, Any]:
    return {
        "provider": "istio",
        "scope": "dev",
        "directory": str(site.root / "out"),
        "return_objects": "all",
    }


def build(site: Site) -> list[dict[str, Any]]:
    """Files of a user, and a task for each way to use them; all in check mode."""
    root = site.root
    write(root / "defs" / "one.yml", deployment("one"), deployment("two"))
    write(root / "defs" / "more" / "three.yaml", deployment("three"))
    write(root / "defs" / "more" / "four.json", deployment("four"))
    write(root / "defs" / ".hidden.yml", deployment("hidden"))
    write(root / "defs" / ".git" / "x.yml", deployment("hidden"))
    write(root / "defs" / "notes.txt", "no: definition\n")
    write(
        root / "list.yml",
        {"apiVersion": "v1", "kind": "List", "items": [deployment("five"), service_route("six")]},
    )
    write(root / "files" / "beside" / "seven.yml", deployment("seven"))
    write(root / "roles" / "demo" / "files" / "models" / "eight.yml", deployment("eight"))
    write(root / "models" / "eight.yml", deployment("not-eight"))
    in_role = task("in_role", **common(site), src="models", task_check_mode=True)
    write(root / "roles" / "demo" / "tasks" / "main.yml", [in_role])
    template = json.dumps(deployment("NAME", annotations={"seldon.io/istio-host": "HOST", "seldon.io/x": "LITERAL"}))
    template = template.replace("NAME", "{{ model }}").replace("HOST", "{{ host }}")
    template = template.replace('"LITERAL"', "{{ literal | to_json }}").replace('"image"', '{# gone #}"image"')
    write(root / "template.yml", template + "\n{% for other in others %}\n---\n{{ other | to_json }}\n{% endfor %}\n")
    write(root / "literal.yml", deployment("nine", annotations={"seldon.io/ambassador-header": f"x: {LITERAL}"}))
    write(root / "vault-password", "secret\n")
    write(root / "vault.yml", deployment("vaulted", annotations={"seldon.io/istio-host": MARKER}))
    vault_id = ("--vault-password-file", str(root / "vault-password"))
    assert site.command("ansible-vault", "encrypt", *vault_id, str(root / "vault.yml")).code == 0
    two = deployment("two", weights={"main": 75, "canary": 25})
    two["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"].append({"name": "side", "image": "s:1"})
    write(root / "canary.yml", two, deployment("two", namespace="other"), deployment("main", namespace=None))
    weights = [{"name": "canary", "traffic": 40}, {"name": "main", "traffic": 60}]
    images = {
        "name": "main",
        "componentSpecs": [{"spec": {"containers": [{"name": "side", "ports": [{"containerPort": 7}]}]}}],
    }
    overrides = [
        {"kind": "SeldonDeployment", "namespace": "models", "name": "two", "merge": {"spec": {"predictors": weights}}},
        {"kind": "SeldonDeployment", "namespace": "models", "name": "two", "merge": {"spec": {"predictors": [images]}}},
        {
            "kind": "SeldonDeployment",
            "name": "two",
            "merge": {"spec": {"annotations": {"seldon.io/rest-timeout": "7"}}},
        },
        {
            "kind": "SeldonDeployment",
            "namespace": "default",
            "name": "main",
            "merge": {"spec": {"annotations": {"seldon.io/istio-host": "default.example.org"}}},
        },
    ]
    ways: dict[str, dict[str, Any]] = {
        "file": {"src": "defs/one.yml"},
        "folder": {"src": ["defs"]},
        "glob": {"src": "defs/**/*.json"},
        "twice": {"src": ["defs/one.yml", "defs/*.yml", "defs", str(root / "defs")]},
        "list": {"src": "list.yml"},
        "absolute": {"src": str(root / "defs" / "more")},
        "beside": {"src": "beside/seven.yml"},
        "files_beside": {"src": "files/beside"},
        "remote": {"src": [str(root / "defs")], "remote_src": True},
        "remote_vault": {"src": [str(root / "vault.yml")], "remote_src": True},
        "vaulted": {"src": "vault.yml"},
        "template": {"src": "template.yml", "template": True},
        "no_template": {"src": "literal.yml", "provider": "ambassador"},
        "inline": {"definitions": [deployment("ten"), "{{ from_variable }}"]},
        "both": {"definitions": [deployment("ten")], "src": "defs/one.yml"},
        "overridden": {"src": "canary.yml", "overrides": overrides},
        "both_providers": {"src": "defs/one.yml", "provider": ["istio", "ambassador"]},
        "namespaces": {"src": "canary.yml", "namespaces": ["models", "other", "default", "unused"]},
        "none": {"src": "defs/one.yml", "return_objects": "none"},
    }
    return [task(name, **(common(site) | options), task_check_mode=True) for name, options in ways.items()]


@pytest.fixture(scope="module")
def run(shared_site: Site) -> Run:
    site = shared_site
    tasks = build(site)
    variables = {
        "model": "templated",
        "host": "{{ model }}.example.org",
        "others": [deployment("looped")],
        "from_variable": deployment("eleven", annotations={"seldon.io/istio-host": "{{ host }}"}),
    }
    # Written to a file that Ansible must not evaluate: how a text with braces gets into a variable.
    write(site.root / "vars.yml", f"literal: !unsafe {json.dumps(LITERAL)}\n")
    before = tree(site.root / "defs")
    outside = site.root.parent / "outside"
    outside.mkdir()
    password = ("--vault-password-file", str(site.root / "vault-password"))
    with ThreadPoolExecutor(2) as pool:  # the role's play beside the others
        variables_given = ("-e", f"@{site.root / 'vars.yml'}")
        role = pool.submit(
            site.play,
            tasks[::2],
            *password,
            *variables_given,
            play={"vars": variables, "roles": ["demo"]},
            also=("in_role",),
            cwd=outside,
            part="role",
        )
        done = site.play(tasks[1::2], *password, *variables_given, play={"vars": variables}, cwd=outside)
    done.results |= role.result().results
    done.errors += role.result().errors
    assert role.result().code == 0, role.result().output
    assert done.code == 0, done.output + done.errors
    assert tree(site.root / "defs") == before
    assert not (site.root / "out").exists()
    return done


def test_file(run: Run):
    assert owners(run, "file") == {"one", "two"}
    assert run["file"]["plan"]["create"] == [
        {"kind": "DestinationRule", "namespace": "models", "name": "one-main"},
        {"kind": "DestinationRule", "namespace": "models", "name": "two-main"},
        {"kind": "VirtualService", "namespace": "models", "name": "one"},
        {"kind": "VirtualService", "namespace": "models", "name": "two"},
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("folder", {"one", "two", "three", "four"}),
        ("glob", {"four"}),
        ("list", {"five", "six"}),
        ("absolute", {"three", "four"}),
        ("beside", {"seven"}),
        ("files_beside", {"seven"}),
        ("in_role", {"eight"}),
        ("remote", {"one", "two", "three", "four"}),
        ("inline", {"ten", "eleven"}),
        ("both", {"one", "two", "ten"}),
    ],
)
def test_ways_to_name_definitions(run: Run, name: str, expected: set[str]):
    assert owners(run, name) == expected


def test_a_file_that_is_named_several_times_is_read_once(run: Run):
    assert owners(run, "twice") == {"one", "two", "three", "four"}


def test_findings_name_file_and_document(run: Run, shared_site: Site):
    """With the whole path, because the current directory is another one."""
    where = {item["where"].partition(" models")[0] for item in run["folder"]["findings"] + run["list"]["findings"]}
    assert {place.removeprefix(f"{shared_site.root}/") for place in where} == {
        "defs/one.yml, document 1",
        "defs/one.yml, document 2",
        "defs/more/three.yaml, document 1",
        "defs/more/four.json, document 1",
        "list.yml, document 1, items[0]",
        "list.yml, document 1, items[1]",
    }


def test_vaulted_file(run: Run):
    assert objects(run, "vaulted")["VirtualService vaulted"]["spec"]["hosts"] == [MARKER]


def test_vaulted_file_on_the_host_is_refused(run: Run):
    assert run["remote_vault"]["failed"] is True
    assert "vault" in run["remote_vault"]["msg"].lower()


def test_template(run: Run, shared_site: Site):
    found = objects(run, "template")
    assert found["VirtualService templated"]["spec"]["hosts"] == ["templated.example.org"]
    assert "VirtualService looped" in found


def test_a_value_with_braces_stays_literal(run: Run):
    """Through `template: true` a variable's own braces, and without it those of a file."""
    unknown = [item for item in run["template"]["findings"] if "seldon.io/x" in item["where"]]
    assert [item["id"] for item in unknown] == ["A11"]
    mapping = objects(run, "no_template")["Mapping seldon-models-nine-main-rest"]
    assert mapping["spec"]["headers"] == {"x": LITERAL}


def test_inline_definitions_are_templated_by_the_task(run: Run):
    assert objects(run, "inline")["VirtualService eleven"]["spec"]["hosts"] == ["templated.example.org"]


def test_overrides(run: Run):
    services = [
        item
        for item in run["overridden"]["resources"]
        if item["kind"] == "VirtualService" and item["metadata"]["name"] == "two"
    ]
    by_namespace = {item["metadata"]["namespace"]: item["spec"] for item in services}
    rest = by_namespace["models"]["http"][0]
    assert [(route["destination"]["subset"], route["weight"]) for route in rest["route"]] == [
        ("main", 60),
        ("canary", 40),
    ]
    # Without a namespace an override is for every namespace.
    assert {spec["http"][0]["timeout"] for spec in by_namespace.values()} == {"0.007s"}
    assert objects(run, "overridden")["VirtualService main"]["spec"]["hosts"] == ["default.example.org"]


def test_both_providers_in_one_task(run: Run):
    kinds = [item["kind"] for item in run["both_providers"]["plan"]["create"]]
    assert {kind: kinds.count(kind) for kind in kinds} == {"DestinationRule": 2, "Mapping": 4, "VirtualService": 2}
    endpoints = run["both_providers"]["endpoints"]
    assert [(item["provider"], item["deployment"], item["kind"]) for item in endpoints] == [
        (provider, name, kind)
        for provider in ("ambassador", "istio")
        for name in ("one", "two")
        for kind in ("grpc", "rest")
    ]


def test_namespaces(run: Run):
    found = {item["metadata"]["namespace"] for item in run["namespaces"]["resources"]}
    assert found == {"models", "other", "default"}


def test_every_result_has_the_same_keys(run: Run):
    keys = {"changed", "failed", "plan", "resources", "endpoints", "findings", "diff"}
    good = [result for name, result in run.results.items() if name != "remote_vault"]
    assert [set(result) - {"invocation"} for result in good] == [keys] * len(good)
    assert run["none"]["resources"] == []
    assert run["none"]["plan"] == run["file"]["plan"]
    assert set(run["file"]["diff"]) == {"before", "after", "before_header", "after_header"}


def test_no_warning(run: Run):
    assert "[WARNING]" not in run.errors
    assert "[DEPRECATION" not in run.errors


class Watcher(threading.Thread):
    """Looks for a text in all files below a directory, again and again."""

    def __init__(self, root: Path, text: bytes) -> None:
        super().__init__(daemon=True)
        self._root, self._text = root, text
        self._over = threading.Event()
        self.found: set[str] = set()
        self.rounds = 0

    def run(self) -> None:
        while not self._over.is_set():
            self.look()
            self.rounds += 1
            time.sleep(0.01)

    def look(self) -> None:
        for folder, _folders, names in os.walk(self._root):
            for name in names:
                path = Path(folder, name)
                try:
                    if path.stat().st_size < 10_000_000 and self._text in path.read_bytes():
                        self.found.add(str(path))
                except OSError:
                    continue  # gone in between

    def stop(self) -> None:
        self._over.set()
        self.join()


def test_vaulted_text_is_on_no_disk_and_in_no_log(shared_site: Site, run: Run):
    """Its routes are the result and may be written; the rest of the file stays secret, also at -vvv."""
    site = shared_site
    hidden = "hidden-token-4711"
    value = deployment("vaulted", annotations={"seldon.io/istio-host": MARKER})
    container = value["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"][0]
    container["env"] = [{"name": "TOKEN", "value": hidden}]
    write(site.root / "token.yml", value)
    password = ("--vault-password-file", str(site.root / "vault-password"))
    assert site.command("ansible-vault", "encrypt", *password, str(site.root / "token.yml")).code == 0
    watcher = Watcher(site.root.parent, hidden.encode())
    watcher.start()
    tasks = [{"name": "Vaulted", MODULE: common(site) | {"src": "token.yml"}}]
    done = site.play(tasks, "-vvv", "--diff", *password)
    watcher.stop()
    watcher.look()
    assert done.code == 0, done.output
    assert MARKER in (site.root / "out" / "models" / "VirtualService-vaulted.yaml").read_text()
    assert watcher.rounds > 10
    assert watcher.found == set()
    assert not list((site.root / CONTROLLER).rglob("AnsiballZ*"))
    assert hidden not in done.output + done.errors


def test_values_of_definitions_and_overrides_are_in_no_log(shared_site: Site, run: Run):
    """They may come from a vaulted file of variables; -vvv shows the invocation of a module."""
    hidden = "hidden-token-4712"
    value = deployment("inline")
    container = value["spec"]["predictors"][0]["componentSpecs"][0]["spec"]["containers"][0]
    container["env"] = [{"name": "TOKEN", "value": hidden}]
    change = {"kind": "SeldonDeployment", "name": "inline", "merge": {"spec": {"oauth_secret": hidden}}}
    tasks = [{"name": "Inline", MODULE: common(shared_site) | {"definitions": [value], "overrides": [change]}}]
    done = shared_site.play(tasks, "-vvv", "--diff")
    assert done.code == 0, done.output
    assert (shared_site.root / "out" / "models" / "VirtualService-inline.yaml").exists()
    assert hidden not in done.output + done.errors


def test_vaulted_file_without_password(shared_site: Site, run: Run):
    before = tree(shared_site.root / "out")
    done = shared_site.play([task("vaulted", **common(shared_site), src="vault.yml")])
    message = done["vaulted"]["msg"]
    assert message.startswith("vault.yml: cannot be decrypted (")
    assert message.endswith("): give the vault password.")
    assert tree(shared_site.root / "out") == before
