# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Helpers for tests that run the real ansible-playbook on temporary directories.

A test writes a playbook as Python values (JSON is YAML), runs it and looks at what the tasks returned and at the
files. Runs cost more than a second, so tests put many tasks into one playbook.
"""

from __future__ import annotations

import base64
import copy
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

MODULE = "mlops.ingress.ingress"
# Paths of a run that hold no result: Ansible's own files.
CONTROLLER = "controller"


def deployment(
    name: str,
    namespace: str | None = "models",
    weights: Mapping[str, int | None] | None = None,
    annotations: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """A valid SeldonDeployment with one predictor for each weight."""
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    spec: dict[str, Any] = {"annotations": dict(annotations)} if annotations else {}
    spec["predictors"] = [
        {
            "name": predictor,
            "replicas": 1,
            "graph": {"name": "classifier", "type": "MODEL"},
            "componentSpecs": [{"spec": {"containers": [{"name": "classifier", "image": "example.org/model:1"}]}}],
        }
        | ({} if weight is None else {"traffic": weight})
        for predictor, weight in (weights or {"main": None}).items()
    ]
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": metadata,
        "spec": spec,
    }


def service_route(name: str, namespace: str = "models", **route: Any) -> dict[str, Any]:
    """A valid ServiceRoute with one route."""
    route = {"prefix": f"/{name}/", "backends": [{"service": name, "port": 80}]} | route
    return {
        "apiVersion": "mlops.ingress/v1",
        "kind": "ServiceRoute",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"routes": [route]},
    }


def write(path: Path, *documents: Any) -> Path:
    """Write text as it is, bytes as they are, anything else as a stream of JSON documents."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if len(documents) == 1 and isinstance(documents[0], bytes):
        path.write_bytes(documents[0])
    else:
        texts = [item if isinstance(item, str) else json.dumps(item, indent=1) for item in documents]
        path.write_bytes("---\n".join(text if text.endswith("\n") else text + "\n" for text in texts).encode())
    return path


def tree(root: Path) -> dict[str, tuple[Any, ...]]:
    """Everything below a directory, itself included: type, mode, inode, time of change, content."""
    found: dict[str, tuple[Any, ...]] = {}
    if not os.path.lexists(root):
        return found
    for path in [root, *sorted(root.rglob("*"))]:
        status = path.lstat()
        content: Any = None
        if path.is_symlink():
            content = os.readlink(path)
        elif path.is_file():
            content = path.read_bytes()
        name = "." if path == root else path.relative_to(root).as_posix()
        found[name] = (status.st_mode, status.st_ino, status.st_mtime_ns, content)
    return found


def contents(root: Path) -> dict[str, bytes]:
    """The content of every file below a directory."""
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def task(register: str, **options: Any) -> dict[str, Any]:
    """A task that runs the module; the play goes on where it fails. ``task_`` options belong to the task."""
    own = {key.removeprefix("task_"): value for key, value in options.items() if key.startswith("task_")}
    given = {key: value for key, value in options.items() if not key.startswith("task_")}
    # The prefix keeps words such as "none" from being names of variables.
    return {"name": register, MODULE: given, "register": f"r_{register}", "ignore_errors": True} | own


@dataclass
class Run:
    """What one ansible-playbook (or ansible) left behind."""

    code: int
    output: str
    errors: str
    results: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.results[name]


class Site:
    """A directory of a user: an inventory, playbooks, definitions and the output."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        # The implicit localhost would draw a warning about a missing inventory.
        write(
            root / "inventory.yml",
            {
                "all": {
                    "hosts": {
                        "localhost": {
                            "ansible_connection": "local",
                            "ansible_python_interpreter": sys.executable,
                        }
                    }
                }
            },
        )

    def environment(self, pipelining: bool) -> dict[str, str]:
        """The caller's environment with all of Ansible's own files inside of this site."""
        own = self.root / CONTROLLER
        return os.environ | {
            "ANSIBLE_PIPELINING": str(int(pipelining)),
            "ANSIBLE_HOME": str(own / "home"),
            "ANSIBLE_LOCAL_TEMP": str(own / "local"),
            "ANSIBLE_REMOTE_TMP": str(own / "remote"),
            "TMPDIR": str(own),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_NOCOWS": "1",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "ANSIBLE_DEPRECATION_WARNINGS": "1",
        }

    def command(self, program: str, *arguments: str, cwd: Path | None = None, pipelining: bool = True) -> Run:
        """Run one of Ansible's programs. With pipelining it is faster, without it is what Ansible does by default."""
        (self.root / CONTROLLER).mkdir(exist_ok=True)
        done = subprocess.run(
            [str(Path(sys.executable).with_name(program)), *arguments],
            cwd=cwd or self.root,
            env=self.environment(pipelining),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def play(
        self,
        tasks: list[dict[str, Any]],
        *arguments: str,
        play: Mapping[str, Any] | None = None,
        cwd: Path | None = None,
        pipelining: bool = True,
        also: tuple[str, ...] = (),
        part: str = "",
    ) -> Run:
        """Run tasks in one playbook and return what they returned, and the tasks of roles that ``also`` names."""
        names = [item["name"] for item in tasks if "register" in item] + list(also)
        values = "{" + ", ".join(f"'{item}': r_{item}" for item in names) + "}"
        # debug runs in Ansible's own process, so it costs nothing; in base64 nothing is wrapped or escaped.
        dump = {"name": "Results", "ansible.builtin.debug": {"msg": "{{ " + values + " | to_json | b64encode }}"}}
        book = [
            {"name": "Test", "hosts": "localhost", "gather_facts": False}
            | dict(play or {})
            | {"tasks": copy.deepcopy(tasks) + ([dump] if names else [])}
        ]
        # Without the dashes ansible-core 2.16 reads it as JSON, and then does not know where a task stands.
        path = write(self.root / f"play{part}.yml", "---\n" + json.dumps(book, indent=1))
        given = ("-i", str(self.root / "inventory.yml"), *arguments, str(path))
        run = self.command("ansible-playbook", *given, cwd=cwd, pipelining=pipelining)
        before, found, after = run.output.rpartition("TASK [Results] ")
        if names and found:
            encoded = after.partition('"msg": "')[2].partition('"')[0]
            run.results = json.loads(base64.b64decode(encoded))
            run.output = before
        return run

    def play_parts(self, parts: Sequence[list[dict[str, Any]]], *arguments: str, **options: Any) -> Run:
        """Run independent tasks in several playbooks at the same time, and return all of it as one run."""
        with ThreadPoolExecutor(len(parts)) as pool:
            runs = list(
                pool.map(
                    lambda item: self.play(item[1], *arguments, part=str(item[0]), **options), enumerate(parts, start=1)
                )
            )
        return Run(
            max(run.code for run in runs),
            "".join(run.output for run in runs),
            "".join(run.errors for run in runs),
            {name: result for run in runs for name, result in run.results.items()},
        )


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """An empty site for one test."""
    return Site(tmp_path / "site")


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """An empty site for all tests of one file."""
    return Site(tmp_path_factory.mktemp("shared") / "site")
