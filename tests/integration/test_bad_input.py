# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a user gets for bad input: one sentence a mistake, a failed task, and nothing written or removed."""

from __future__ import annotations

import copy
import json
import os
from typing import Any

import pytest

from .conftest import Run, Site, deployment, service_route, task, tree, write

ALIAS_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def cases(site: Site) -> dict[str, dict[str, Any]]:
    """The tasks by name; what they read lies in a directory of that name below ``bad``."""
    bad = site.root / "bad"
    good = deployment("a")
    found: dict[str, dict[str, Any]] = {}

    def case(name: str, *documents: Any, file: str = "x.yml", **options: Any) -> None:
        if documents:
            write(bad / name / file, *documents)
        found[name] = {"src": f"bad/{name}"} | options

    # What cannot be read
    case("not_yaml", good, "kind: [a\n")
    case("alias_bomb", ALIAS_BOMB)
    case("deep", good, "[" * 200 + "]" * 200 + "\n")
    case("huge", good)
    with (bad / "huge" / "big.yml").open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    case("not_utf8", json.dumps(good).encode() + b"\n# caf\xe9\n")
    case("link_out", good)
    write(site.root / "elsewhere" / "secret.yml", good)
    (bad / "link_out" / "link.yml").symlink_to(site.root / "elsewhere" / "secret.yml")
    case("folder_link_out", good)
    (bad / "folder_link_out" / "more").symlink_to(site.root / "elsewhere")
    case("glob_link_out", good, src="bad/glob_link_out/*.yml")
    (bad / "glob_link_out" / "link.yml").symlink_to("../../elsewhere/secret.yml")
    case("dangling_link", good)
    (bad / "dangling_link" / "link.yml").symlink_to("nowhere.yml")
    case("two_broken_files", "kind: [\n", file="a.yml")
    write(bad / "two_broken_files" / "b.yml", "kind: {\n")
    items = ["bad/two_broken_items/a.yml", "bad/two_broken_items/b.yml", "bad/nothing.yml"]
    case("two_broken_items", "kind: [\n", file="a.yml", src=items)
    write(bad / "two_broken_items" / "b.yml", "kind: {\n")
    case("pipe", good, task_timeout=5)
    os.mkfifo(bad / "pipe" / "pipe.yml")
    # An empty src
    case("empty_file", b"", src="bad/empty_file/x.yml")
    case("only_comments", "# nothing\n---\n# here\n")
    case("empty_folder")
    (bad / "empty_folder").mkdir()
    case("missing", src=["bad/missing/x.yml"])
    case("glob_without_match", src="bad/nothing-*.yml")
    case("empty_src", src=[])
    case("empty_text", src="")
    case("empty_item", src=[""])
    # Definitions
    case("same_identity", good, file="a.yml")
    write(bad / "same_identity" / "b.yml", deployment("b"), good)
    case("unknown_kind", good, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    case("not_mapping", "- a\n- b\n", "just text\n", "5\n")
    nameless = copy.deepcopy(good)
    del nameless["spec"]["predictors"][0]["name"]
    case("nameless_predictor", nameless)
    case(
        "integers",
        deployment("quoted", annotations={"seldon.io/rest-timeout": "5_000"}),
        json.dumps(deployment("bare", annotations={"seldon.io/rest-timeout": "BARE"})).replace('"BARE"', "5_000"),
        json.dumps(deployment("weight")).replace('"replicas": 1', '"replicas": 1, "traffic": "1_0"'),
    )
    case(
        "headers",
        deployment("colon", annotations={"seldon.io/ambassador-header": "location:"}),
        deployment("nothing", annotations={"seldon.io/ambassador-header": ": x"}),
        deployment("regex", annotations={"seldon.io/ambassador-regex-header": "location"}),
    )
    case(
        "names",
        deployment("new\nline"),
        deployment("x" * 300),
        deployment("a", namespace="../../etc"),
        deployment("b", namespace="a\nb"),
        service_route("r", namespace=".."),
        deployment("c", weights={"p\nq": None}),
    )
    case("huge_annotation", deployment("a", annotations={"seldon.io/rest-timeout": "9" * 10_000_000}))
    case(
        "two_files",
        deployment("a", weights={"main": 75, "canary": 20}),
        file="a.yml",
    )
    write(
        bad / "two_files" / "b.json",
        deployment("b", annotations={"seldon.io/grpc-timeout": "1s", "seldon.io/istio-gateway": "a/b/c"}),
    )
    case("list_item", {"apiVersion": "v1", "kind": "List", "items": [good, deployment("b", weights={"p": 5})]})
    case("expression", json.dumps(deployment("{{ inventory_hostname }}")))
    # Options
    nothing = {"kind": "SeldonDeployment", "namespace": "models", "name": "b", "merge": {"spec": {"replicas": 2}}}
    case("override_without_match", good, overrides=[nothing])
    predictor = {"kind": "SeldonDeployment", "name": "a", "merge": {"spec": {"predictors": [{"name": "mian"}]}}}
    case("override_of_no_predictor", good, overrides=[predictor])
    case("override_without_name", good, overrides=[{"kind": "SeldonDeployment", "merge": {}}])
    case("namespaces", good, namespaces=["other", "another"])
    case("strict", good, istio={"tls_mode": "STRICT"})
    case("unknown_ambassador_option", good, ambassador={"singel_namespace": True})
    case("unknown_istio_option", good, istio={"gatway": "a/b"})
    case("unknown_option", good, scop="x")
    case("unknown_provider", good, provider=["nginx"])
    case("no_provider", good, provider=[])
    case("scope", good, scope="a/b")
    case("template_remote", good, template=True, remote_src=True)
    case("template_no_boolean", good, template="maybe")
    case("template_error", json.dumps(good) + "# {{ nowhere }}", template=True)
    case("directory_below_file", good, directory=str(site.root / "elsewhere" / "secret.yml" / "out"))
    case("directory_is_file", good, directory=str(site.root / "elsewhere" / "secret.yml"))
    return found


@pytest.fixture(scope="module")
def refused(shared_site: Site) -> Run:
    """All bad tasks in one run, on a directory that a good run filled."""
    site = shared_site
    common = {"provider": ["ambassador", "istio"], "scope": "dev", "directory": str(site.root / "out")}
    write(site.root / "good.yml", deployment("a"), deployment("other", weights={"x": 60, "y": 40}))
    tasks = [task(name, **(common | options)) for name, options in cases(site).items()]
    assert site.play([task("good", **common, src="good.yml")]).code == 0
    before = tree(site.root / "out"), tree(site.root / "elsewhere")
    run = site.play_parts([tasks[::2], tasks[1::2]])
    assert (tree(site.root / "out"), tree(site.root / "elsewhere")) == before
    return run


# ROOT stands for the directory of the playbook.
DEFINITION = "a definition must be a mapping with apiVersion, kind, metadata and spec."
DNS_LABEL = "may hold only lower-case letters, digits and '-', and begins and ends with a letter or digit"
NUMBER = "write a whole number from 0 to 2147483647, with digits only (no unit, space or '_')."
LINK = "src: bad/{0}: ROOT/bad/{1} is a link that leads out of ROOT/bad/{2}: replace it by the file itself."
HEADER = "spec.annotations[seldon.io/ambassador-{}header]: is {}"

# The lines of each message.
MESSAGES = {
    "not_yaml": [
        "bad/not_yaml/x.yml, document 2: is not YAML: did not find expected ',' or ']' (line 35, column 1).",
    ],
    "alias_bomb": [
        "bad/alias_bomb/x.yml, document 1: holds aliases that add more than 100000 values (line 6, column 8).",
    ],
    "deep": ["bad/deep/x.yml, document 2: is nested more than 100 levels deep (line 34, column 101)."],
    "huge": [
        "bad/huge/big.yml: is 209715200 bytes long, at most 33554432 are read: split it into several files.",
    ],
    "not_utf8": ["bad/not_utf8/x.yml: is not UTF-8 text (byte 343): save it as UTF-8."],
    "link_out": [LINK.format("link_out", "link_out/link.yml", "link_out")],
    "folder_link_out": [LINK.format("folder_link_out", "folder_link_out/more", "folder_link_out")],
    "glob_link_out": [LINK.format("glob_link_out/*.yml", "glob_link_out/link.yml", "glob_link_out")],
    "dangling_link": [
        "bad/dangling_link/link.yml: cannot be read (No such file or directory): correct the path or its permissions.",
    ],
    "two_broken_files": [
        "bad/two_broken_files/a.yml, document 1: is not YAML: did not find expected node content (line 2, column 1).",
        "bad/two_broken_files/b.yml, document 1: is not YAML: did not find expected node content (line 2, column 1).",
    ],
    "two_broken_items": [
        "bad/two_broken_items/a.yml, document 1: is not YAML: did not find expected node content (line 2, column 1).",
        "bad/two_broken_items/b.yml, document 1: is not YAML: did not find expected node content (line 2, column 1).",
        "src: bad/nothing.yml: matches no file (looked for ROOT/bad/nothing.yml): correct the path.",
    ],
    "empty_file": ["src: bad/empty_file/x.yml: holds no definition: write one, or remove it from src."],
    "only_comments": ["src: bad/only_comments: holds no definition: write one, or remove it from src."],
    "empty_folder": [
        "src: bad/empty_folder: the directory holds no file that ends in .yaml, .yml, .json: name another one,"
        " or remove everything with state: absent.",
    ],
    "missing": ["src: bad/missing/x.yml: matches no file (looked for ROOT/bad/missing/x.yml): correct the path."],
    "glob_without_match": [
        "src: bad/nothing-*.yml: matches no file (looked for ROOT/bad/nothing-*.yml): correct the path.",
    ],
    "empty_src": [
        "definitions: is empty and there is no src: give at least one definition, or state: absent.",
    ],
    "same_identity": [
        "bad/same_identity/b.yml, document 2, SeldonDeployment models/a: metadata.name: is already defined in"
        " bad/same_identity/a.yml, document 1: keep one of the two.",
    ],
    "unknown_kind": [
        "bad/unknown_kind/x.yml, document 2: kind 'ConfigMap' with apiVersion 'v1' is not a definition: allowed are"
        " SeldonDeployment (machinelearning.seldon.io/v1, machinelearning.seldon.io/v1alpha2,"
        " machinelearning.seldon.io/v1alpha3) and ServiceRoute (mlops.ingress/v1).",
    ],
    "not_mapping": [
        f"bad/not_mapping/x.yml, document 1: is a list: {DEFINITION}",
        f"bad/not_mapping/x.yml, document 2: is the text 'just text': {DEFINITION}",
        f"bad/not_mapping/x.yml, document 3: is the number 5: {DEFINITION}",
    ],
    "nameless_predictor": [
        "bad/nameless_predictor/x.yml, document 1, SeldonDeployment models/a: spec.predictors[0].name: is missing:"
        " give it a text.",
    ],
    "integers": [
        "bad/integers/x.yml, document 1, SeldonDeployment models/quoted: spec.annotations[seldon.io/rest-timeout]:"
        f" is '5_000': {NUMBER}",
        "bad/integers/x.yml, document 2, SeldonDeployment models/bare: spec.annotations[seldon.io/rest-timeout]:"
        " is the number 5000: it must be text; put it in quotes.",
        "bad/integers/x.yml, document 3, SeldonDeployment models/weight: spec.predictors[0].traffic:"
        " is the text '1_0': it must be a whole number from 0 to 100.",
    ],
    "headers": [
        "bad/headers/x.yml, document 1, SeldonDeployment models/colon: "
        + HEADER.format("", "'location:' and has no value: write it as 'name: value'."),
        "bad/headers/x.yml, document 2, SeldonDeployment models/nothing: "
        + HEADER.format("", "': x': write it as 'name: value' with the name of an HTTP header."),
        "bad/headers/x.yml, document 3, SeldonDeployment models/regex: "
        + HEADER.format("regex-", "'location' and has no regular expression: write it as 'name: regular expression'."),
    ],
    "huge_annotation": [
        "bad/huge_annotation/x.yml, document 1, SeldonDeployment models/a: spec.annotations[seldon.io/rest-timeout]:"
        f" is '{'9' * 77}...': {NUMBER}",
    ],
    "two_files": [
        "bad/two_files/a.yml, document 1, SeldonDeployment models/a: spec.predictors: the traffic adds up to 95"
        " (main 75, canary 20): without shadows it must add up to 100.",
        f"bad/two_files/b.json, document 1, SeldonDeployment models/b: spec.annotations[seldon.io/grpc-timeout]:"
        f" is '1s': {NUMBER}",
        "bad/two_files/b.json, document 1, SeldonDeployment models/b: spec.annotations[seldon.io/istio-gateway]:"
        " 'a/b/c' must be mesh, name or namespace/name: write namespace/name.",
    ],
    "list_item": [
        "bad/list_item/x.yml, document 1, items[1], SeldonDeployment models/b: spec.predictors[0].traffic: is 5:"
        " a lone predictor gets all requests: write 100 or nothing.",
    ],
    "expression": [
        "bad/expression/x.yml, document 1, SeldonDeployment models/{{ inventory_hostname }}: metadata.name:"
        " is '{{ inventory_hostname }}': Services are named after it: use lower-case letters, digits and '-',"
        " begin with a letter and end with a letter or digit.",
    ],
    "override_without_match": [
        "overrides[0]: no definition is the SeldonDeployment models/b: correct the name or remove the override.",
    ],
    "override_of_no_predictor": [
        "overrides[0]: merge.spec.predictors: there is no 'mian' to change (did you mean 'main'?): there are main.",
    ],
    "override_without_name": ["overrides[0]: name: is null: name the definition that the override changes."],
    "namespaces": [
        "bad/namespaces/x.yml, document 1, SeldonDeployment models/a: is outside of the namespaces of this run"
        " (another, other): add its namespace to `namespaces`, or remove it.",
    ],
    "strict": [
        "istio.tls_mode: STRICT is a mode of PeerAuthentication, not of DestinationRules, and would switch TLS off"
        " here: write ISTIO_MUTUAL, and make the PeerAuthentication STRICT.",
    ],
    "unknown_ambassador_option": [
        "Unsupported parameters for (mlops.ingress.ingress) module: ambassador.singel_namespace."
        " Supported parameters include: ambassador_id, api, base_url, form, hosts, single_namespace.",
    ],
    "unknown_istio_option": [
        "Unsupported parameters for (mlops.ingress.ingress) module: istio.gatway."
        " Supported parameters include: api_version, base_url, gateway, gateways, hosts, tls_mode.",
    ],
    "unknown_provider": ["value of provider must be one or more of: ambassador, istio. Got no match for: nginx"],
    "no_provider": ["provider: is empty: name ambassador, istio or both."],
    "scope": [
        "scope: 'a/b': may hold only letters, digits, '-', '_' and '.', and begins and ends with a letter or digit:"
        " it is written as a Kubernetes label value.",
    ],
    "template_remote": ["template: needs the controller's variables: remove it, or remove remote_src."],
    "directory_below_file": [
        "ROOT/elsewhere/secret.yml/out: a part of the path is not a directory: choose another directory,"
        " or remove that file.",
    ],
    "directory_is_file": [
        "ROOT/elsewhere/secret.yml: is a file, and a directory is needed here: name another directory, or remove it.",
    ],
}
# These are Ansible's own refusals, before the module begins.
BY_ANSIBLE = {
    "unknown_ambassador_option",
    "unknown_istio_option",
    "unknown_option",
    "unknown_provider",
}
# These have tests of their own.
OTHERS = {"names", "template_error", "pipe", "unknown_option", "empty_text", "empty_item", "template_no_boolean"}


def lines(run: Run, site: Site, name: str) -> list[str]:
    return run[name]["msg"].replace(str(site.root), "ROOT").split("\n")


@pytest.mark.parametrize("name", MESSAGES)
def test_each_mistake_is_one_sentence(refused: Run, shared_site: Site, name: str):
    assert lines(refused, shared_site, name) == MESSAGES[name]


def test_every_case_is_judged_and_fails(refused: Run):
    assert set(refused.results) == set(MESSAGES) | OTHERS
    assert [name for name, result in refused.results.items() if result["failed"] is not True] == []
    assert [name for name, result in refused.results.items() if result["changed"] is not False] == []
    assert refused.output.count("...ignoring") == len(refused.results)
    assert "Traceback" not in refused.output + refused.errors
    nothing = {"written": [], "restored": [], "untouched": []}
    untold = {name for name, result in refused.results.items() if result.get("failure") != nothing}
    assert untold - {"pipe", "template_no_boolean"} == BY_ANSIBLE


def test_names_that_no_object_can_have(refused: Run, shared_site: Site):
    found = lines(refused, shared_site, "names")
    assert len(found) == 6  # a line break in a name does not break the sentence
    starts = [f"bad/names/x.yml, document {number}, " for number in range(1, 7)]
    assert [line[: len(start)] for line, start in zip(found, starts, strict=True)] == starts
    ends = [
        "metadata.name: is 'new\\nline': Services are named after it: use lower-case letters, digits and '-',"
        + " begin with a letter and end with a letter or digit.",
        "metadata.name: has 300 characters: the names made of it pass 253: shorten it.",
        f"metadata.namespace: '../../etc' {DNS_LABEL}: use the name of a namespace.",
        f"metadata.namespace: 'a\\nb' {DNS_LABEL}: use the name of a namespace.",
        f"metadata.namespace: '..' {DNS_LABEL}: use the name of a namespace.",
        f"spec.predictors[0].name: 'p\\nq' {DNS_LABEL}: Services and subsets are named after it.",
    ]
    assert [line[-len(end) :] for line, end in zip(found, ends, strict=True)] == ends


def test_a_pipe_is_refused_and_not_waited_for(refused: Run):
    assert "bad/pipe/pipe.yml" in refused["pipe"]["msg"]


@pytest.mark.parametrize("name", ["empty_text", "empty_item"])
def test_an_empty_text_is_no_path(refused: Run, name: str):
    """Such as a variable that is empty; it does not mean the directory of the playbook."""
    assert refused[name]["msg"].startswith("src: holds an empty path")


def test_a_template_that_cannot_be_rendered(refused: Run):
    message = refused["template_error"]["msg"]  # its end is Ansible's, and differs by version
    start = "bad/template_error/x.yml: cannot be rendered as a template: 'nowhere' is undefined."
    assert message.startswith(start)


def test_template_is_a_boolean(refused: Run):
    message = refused["template_no_boolean"].get("msg", "")
    assert "template" in message
    assert "maybe" in message


def test_an_unknown_option_names_the_known_ones(refused: Run):
    start = "Unsupported parameters for (mlops.ingress.ingress) module: scop. Supported parameters include: "
    assert refused["unknown_option"]["msg"].startswith(
        f"{start}_documents, ambassador, checks, cluster_domain, definitions, directory, "
    )


def test_exit_codes(shared_site: Site, refused: Run):
    """Without ignore_errors: a mistake that the controller finds, and one that the module finds."""
    root = shared_site.root
    before = tree(root / "out")
    for src, message in (("bad/not_yaml", "is not YAML"), ("bad/nameless_predictor", "is missing: give it a text.")):
        options = f"src={src} provider=istio scope=dev directory={root / 'out'}"
        given = ("localhost", "-i", str(root / "inventory.yml"), "-m", "mlops.ingress.ingress", "-a", options)
        run = shared_site.command("ansible", *given)
        assert run.code == 2
        assert message in run.output
    assert tree(root / "out") == before
