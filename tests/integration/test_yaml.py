# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a run writes mean the same to every reader: ours (which reads as Go does), PyYAML and kubectl."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.mlops.ingress.plugins.module_utils.kube.reader import read_documents

from .conftest import Run, Site, deployment, service_route, task, write

# Every one is text in the definition, and something else to one reader or the other where it is not quoted.
TRAPS = (
    "0o17 017 0x1F 0b11 1:30 1:30:30 = 1e3 1E3 1. .5 1_000 null Null ~ y Y n on off yes no true .nan .inf -.inf << -"
    " 2024-01-01 +1 -0 0 1 '1' \"1\" #x & * ! | > % @ ` {a} [a] ?"
).split()


def traps() -> list[dict[str, Any]]:
    headers = {f"x-{number}": text for number, text in enumerate(TRAPS)}
    # Names of headers and hosts are keys and items in the files.
    headers |= {"y": "y", "n": "n", "1e3": "1e3", "0o17": "0o17", "null": "null", "~": "~", "on": "on"}
    queries = {
        "y": "a: b",
        "1": " leading",
        "no": "trailing ",
        "a.b": "a #b",
        "=": "ü\u2028é",
        "x": "'\"\\",
        "~": "{{ x }}",
    }
    annotations = {
        "seldon.io/ambassador-id": "on",
        "seldon.io/ambassador-header": "location: 0o17",
        "seldon.io/istio-host": "1e3,n,0x1f",
    }
    return [
        deployment("y", namespace="n", weights={"on": 75, "1e3": 25}, annotations=annotations),
        deployment("no", namespace="1e3"),
        service_route("off", namespace="n", headers=headers, query={k: v for k, v in queries.items() if k != "="}),
        service_route("null", namespace="123", headers={"x": "1:30"}, methods=["ON", "NULL"]),
    ]


@pytest.fixture(scope="module")
def run(shared_site: Site) -> Run:
    site = shared_site
    write(site.root / "traps.yml", *traps())
    given = {"directory": str(site.root / "out"), "scope": "on", "set": "1e3", "return_objects": "all"}
    ambassador = {"ambassador_id": ["y", "1e3"], "hosts": ["1e3", "n.n"]}
    tasks = [task("real", **given, src="traps.yml", provider=["ambassador", "istio"], ambassador=ambassador)]
    done = site.play(tasks)
    assert done["real"].get("failed") is not True, done["real"]["msg"]
    return done


def path_of(root: Path, item: dict[str, Any]) -> Path:
    return root / item["metadata"]["namespace"] / f"{item['kind']}-{item['metadata']['name']}.yaml"


def test_every_reader_sees_the_same_objects(run: Run, shared_site: Site):
    found = run["real"]["resources"]
    assert {item["metadata"]["namespace"] for item in found} == {"n", "1e3", "123"}
    assert len(found) > 15
    for item in found:
        text = path_of(shared_site.root / "out", item).read_text(encoding="utf-8")
        assert yaml.safe_load(text) == item
        assert [document.value for document in read_documents(text)] == [item]


def test_every_text_stays_that_text(run: Run, shared_site: Site):
    text = (shared_site.root / "out" / "n" / "Mapping-off.yaml").read_text(encoding="utf-8")
    headers = yaml.safe_load(text)["spec"]["headers"]
    assert {key: headers[key] for key in headers if key.startswith("x-")} == {
        f"x-{number}": value for number, value in enumerate(TRAPS)
    }
    for line in (
        '    "y": "y"',
        '    "n": "n"',
        '    "1e3": "1e3"',
        '    "0o17": "0o17"',
        '    "~": "~"',
        '  namespace: "n"',
    ):
        assert f"\n{line}\n" in text
    assert "{{ x }}" in text
    mapping = (shared_site.root / "out" / "n" / "Mapping-seldon-n-y-on-rest.yaml").read_text(encoding="utf-8")
    assert '  ambassador_id:\n  - "on"\n' in mapping
    assert '    location: "0o17"\n' in mapping


def test_the_records_are_read_alike_too(run: Run, shared_site: Site):
    out = shared_site.root / "out"
    for path in (out / "kustomization.yaml", out / ".mlops-ingress" / "on" / "1e3.yaml"):
        text = path.read_text(encoding="utf-8")
        assert [document.value for document in read_documents(text)] == [yaml.safe_load(text)]
    assert yaml.safe_load((out / ".mlops-ingress" / "on" / "1e3.yaml").read_text())["namespaces"] == ["123", "1e3", "n"]


if shutil.which("kubectl"):

    def test_kubectl_lists_exactly_these_objects(run: Run, shared_site: Site, tmp_path: Path):
        """Kustomize reads the files with Go's own YAML and writes them again. No cluster is asked."""
        done = subprocess.run(
            ["kubectl", "kustomize", str(shared_site.root / "out")],
            capture_output=True,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        found = [document.value for document in read_documents(done.stdout.decode())]

        def key(item: dict[str, Any]) -> tuple[str, str, str]:
            return item["kind"], item["metadata"]["namespace"], item["metadata"]["name"]

        assert sorted(found, key=key) == sorted(run["real"]["resources"], key=key)
