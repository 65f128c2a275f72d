# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two compilers as functions. A compiler is started at its first use and kept for the rest of the process."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .compiled import Compiled
from .toolchain import AMBASSADOR_1_14, EMISSARY_3_10, Release, snapshot_program
from .worker import Worker

Object = Mapping[str, Any]


def compile_ambassador_1_14(objects: Sequence[Object], ambassador_id: str = "default") -> Compiled:
    """What Ambassador 1.14.4 makes of the objects.

    Its Go half watches, and is not there: the objects go to its Python half, which reads the annotations of Services,
    and which here checks objects of custom resources with the schemas that it also has for documents.
    """
    snapshot = {"Kubernetes": _by_kind(objects)}
    request = {"errors": [], "snapshot": json.dumps(snapshot), "ambassador_id": ambassador_id}
    return Compiled.of(_kept("ambassador", lambda: _python_half(AMBASSADOR_1_14)).ask(request))


def compile_emissary_3_10(objects: Sequence[Object], ambassador_id: str = "default") -> Compiled:
    """What Emissary 3.10.0 makes of the objects.

    Without a Listener and a Host nothing is routed: where the objects hold none, they get one for clear text on port
    8080 and one for all hosts. Where the Go half panics, the real Emissary ends, so there are no groups at all.
    """
    complete = [*(_complete(obj) for obj in objects), *_entrance(objects, ambassador_id)]
    snapshots = _kept("snapshot", lambda: Worker([str(snapshot_program())], {}))
    answer = snapshots.ask({"objects": complete, "ambassador_id": ambassador_id})
    if answer["snapshot"] is None:
        return Compiled(errors=tuple(answer["errors"]), notices=(), groups=())
    request = {
        "errors": answer["errors"],
        "snapshot": json.dumps(answer["snapshot"]),
        "ambassador_id": ambassador_id,
    }
    return Compiled.of(_kept("emissary", lambda: _python_half(EMISSARY_3_10)).ask(request))


_running: dict[str, Worker] = {}


def _kept(name: str, start: Callable[[], Worker]) -> Worker:
    """One that ended, because it crashed or took too long, is not asked again."""
    worker = _running.get(name)
    if worker is None or not worker.is_running:
        worker = _running[name] = start()
    return worker


def _python_half(release: Release) -> Worker:
    installed = release.installed()
    script = Path(__file__).with_name("python_half.py")
    # -I: neither the tests' packages nor their settings.
    command = [str(installed / "bin" / "python"), "-I", str(script), str(installed / "compiler")]
    # The compilers replace $NAME in what they read by the environment: it must not be that of the caller.
    return Worker(command, {"AMBASSADOR_NAMESPACE": "ambassador"})


def _complete(obj: Object) -> dict[str, Any]:
    """As an API server hands it out, which knows a namespace for every object."""
    result: dict[str, Any] = copy.deepcopy(dict(obj))
    result.setdefault("metadata", {}).setdefault("namespace", "default")
    return result


def _by_kind(objects: Sequence[Object]) -> dict[str, list[dict[str, Any]]]:
    """As in the snapshot of the Go half; the names of these two are its own."""
    found: dict[str, list[dict[str, Any]]] = {}
    for obj in objects:
        kind = str(obj.get("kind"))
        found.setdefault({"Service": "service", "Secret": "secret"}.get(kind, kind), []).append(_complete(obj))
    return found


def _entrance(objects: Sequence[Object], ambassador_id: str) -> list[dict[str, Any]]:
    kinds = {obj.get("kind") for obj in objects}
    listener = {
        "port": 8080,
        "protocol": "HTTP",
        "securityModel": "INSECURE",
        "hostBinding": {"namespace": {"from": "ALL"}},
    }
    host = {"hostname": "*", "requestPolicy": {"insecure": {"action": "Route"}}}
    return [
        {
            "apiVersion": "getambassador.io/v3alpha1",
            "kind": kind,
            "metadata": {"name": "entrance", "namespace": "ambassador"},
            "spec": {"ambassador_id": [ambassador_id], **spec},
        }
        for kind, spec in (("Listener", listener), ("Host", host))
        if kind not in kinds
    ]
