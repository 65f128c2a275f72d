# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Python half of Ambassador 1.14.4 or of Emissary 3.10.0: compiles snapshots, and says what came out.

It runs in the environment of that compiler, with the directory of the compiler's sources as its argument, and imports
nothing of ours. It reads one JSON request a line, {"snapshot": text, "ambassador_id": ..., "errors": [...]}, and
answers with one JSON line. It ends with its standard input.

It does what the compiler's own server ("diagd") does with a snapshot, with that server's settings: a cache where fast
reconfiguration is the default, which is so since 2.0, and a SecretHandler, because a NullSecretHandler invents
certificates.
"""

from __future__ import annotations

import importlib
import json
import logging
import re
import sys
import tempfile
import traceback
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO


class Compiler:
    def __init__(self, sources: Path, folder: str) -> None:
        _stand_in_for_pkg_resources(sources)
        sys.path.insert(0, str(sources))
        package = importlib.import_module("ambassador")
        self._package = package
        self._config = package.Config
        self._fetcher = importlib.import_module("ambassador.fetch").ResourceFetcher
        self._secret_handler = importlib.import_module("ambassador.utils").SecretHandler
        self._known_object = importlib.import_module("ambassador.fetch.k8sobject").KubernetesObject
        self._folder = folder
        self._logger = logging.getLogger("ambassador")
        # Only Ambassador 1 has schemas in Python: there the Go half leaves annotations to it.
        self._validates = (sources / "schemas").is_dir()
        # The number that Envoy is given: version 1 overwrites the user's with it, version 3 keeps both.
        self._weight = "weight" if self._validates else "_weight"

    def compile(self, request: dict[str, Any]) -> dict[str, Any]:
        self._config.ambassador_id = request["ambassador_id"]
        errors = list(request["errors"])
        try:
            aconf, ir, unknown = self._compile(request["snapshot"])
        except Exception as error:
            # The server logs it, and keeps the configuration that it had.
            text = f"Python half: {type(error).__name__}: {error} ({_place(error)})"
            return {"errors": [*errors, text], "notices": [], "groups": []}
        return {
            "errors": [*errors, *unknown, *_texts(aconf, aconf.errors)],
            "notices": list(_texts(aconf, aconf.notices)),
            "groups": [
                _group(group, self._weight, self._hosts(ir, group))
                for group in ir.ordered_groups()
                if _is_of_user(group, ir)
            ],
        }

    def _compile(self, snapshot: str) -> tuple[Any, Any, list[str]]:
        aconf = self._config()
        fetcher = self._fetcher(self._logger, aconf)
        # There is no pod, and its missing labels are not a fault of the objects.
        fetcher.alerted_about_labels = True
        fetcher.parse_watt(snapshot)
        unknown = list(self._unknown_objects(snapshot, fetcher)) if self._validates else []
        # Only the check of the schemas is wanted of this mode, in place of the one that the Go half does.
        self._config.legacy_mode = self._validates
        try:
            aconf.load_all(fetcher.sorted())
        finally:
            self._config.legacy_mode = False
        # Ambassador 1 has fast reconfiguration, and with it the cache, switched off.
        cache = None if self._validates else self._package.Cache(self._logger)
        secrets = self._secret_handler(self._logger, "", self._folder, "0")
        ir = self._package.IR(aconf, secret_handler=secrets, cache=cache)
        # Version 3 of Envoy's configuration is the default of both.
        self._package.EnvoyConfig.generate(ir, cache=cache)
        return aconf, ir, unknown

    def _unknown_objects(self, snapshot: str, fetcher: Any) -> Iterator[str]:
        """What the fetcher passes over in silence: an API server would not even store it."""
        known = fetcher.k8s_processor.kinds()
        for objects in json.loads(snapshot)["Kubernetes"].values():
            for obj in objects:
                try:
                    gvk = self._known_object(obj).gvk
                except ValueError:
                    yield f"{obj.get('kind')}: has no apiVersion, kind or name"
                    continue
                if gvk not in known:
                    name, namespace = obj["metadata"]["name"], obj["metadata"].get("namespace")
                    yield f"{gvk.kind} {name}.{namespace}: {gvk.api_version} {gvk.kind} is not known"

    def _hosts(self, ir: Any, group: Any) -> list[str]:
        """In version 1 every Host takes every Mapping."""
        hosts = [] if self._validates else ir.get_hosts()
        return ["*"] if self._validates else sorted(host.hostname for host in hosts if host.matches_httpgroup(group))


def _stand_in_for_pkg_resources(sources: Path) -> None:
    """The compilers ask it for a directory of their installed distribution; they are not installed here."""

    class Requirement:
        @staticmethod
        def parse(text: str) -> str:
            return text

    module = types.ModuleType("pkg_resources")
    vars(module).update(
        Requirement=Requirement,
        resource_filename=lambda requirement, name: str(sources / name),
    )
    sys.modules["pkg_resources"] = module


def _place(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _texts(aconf: Any, found: dict[str, list[Any]]) -> Iterator[str]:
    for key, entries in found.items():
        source = aconf.sources.get(key)
        name = f"{source.kind} {source.get('name')}.{source.get('namespace')}" if source and "kind" in source else key
        for entry in entries:
            yield f"{name}: {_short(entry['error'] if isinstance(entry, dict) else entry)}"


def _short(text: str) -> str:
    """jsonschema prints the schema and the object; the place in the object is enough."""
    paragraphs = text.split("\n\n")
    place = re.match(r"On instance(.+):", paragraphs[-1])
    return f"{paragraphs[0]} at {place[1]}" if place else paragraphs[0].strip()


def _is_of_user(group: Any, ir: Any) -> bool:
    return bool(group.kind == "IRHTTPMappingGroup" and group.rkey != ir.ambassador_module.rkey)


def _group(group: Any, weight: str, hosts: list[str]) -> dict[str, Any]:
    host = method = None
    headers = []
    for header in group.headers:
        row = [header.name, header.value, bool(header.regex)]
        if header.name == ":authority":
            host = row
        elif header.name == ":method":
            method = row
        else:
            headers.append(row)
    mappings = [*group.mappings, *group.shadows, group.get("host_redirect")]
    return {
        "prefix": group.prefix,
        "prefix_kind": "regex" if group.get("prefix_regex") else "exact" if group.get("prefix_exact") else "prefix",
        "host": host[1] if host else "",
        "host_is_regex": bool(host and host[2]),
        "method": method[1] if method else "",
        "method_is_regex": bool(method and method[2]),
        "headers": headers,
        # The same for all, because they are part of what makes a group.
        "query_parameters": [[item.name, item.value, bool(item.regex)] for item in mappings[0].query_parameters],
        "members": [
            _member(member, share) for member, share in zip(group.mappings, _shares(group, weight), strict=True)
        ],
        "mirrors": [_member(shadow, shadow.get("weight", 100)) for shadow in group.shadows],
        "retry_policy": _settings(group.get("retry_policy")),
        "circuit_breakers": [_settings(breaker) for breaker in group.get("circuit_breakers") or []],
        "cors": _settings(group.get("cors")),
        "hosts": hosts,
    }


def _shares(group: Any, weight: str) -> Iterator[int]:
    """Envoy's part of the requests, in percent; a Mapping without a number takes whatever reaches it."""
    used = 0
    for member in group.mappings:
        upto = max(used, min(100, member.get(weight, 100)))
        yield upto - used
        used = upto


def _member(mapping: Any, share: int) -> dict[str, Any]:
    # A context is named where the Mapping asks for one; the cluster has it only if it exists.
    context = mapping.cluster.get("tls_context") if "cluster" in mapping else None
    return {
        "name": _written_name(mapping),
        "namespace": mapping.namespace,
        "service": mapping.service,
        "weight": share,
        "timeout_ms": mapping.get("timeout_ms"),
        "idle_timeout_ms": mapping.get("idle_timeout_ms"),
        "tls": context.name if context else None,
        "rewrite": mapping.rewrite,
        "grpc": bool(mapping.get("grpc")),
    }


def _written_name(mapping: Any) -> str:
    """Ambassador 1 names a Mapping that has headers after the last of them, and both rename second ones."""
    written = importlib.import_module("yaml").safe_load(mapping.serialization)
    return str(written["name"])


def _settings(found: Any) -> dict[str, Any] | None:
    """What a user wrote, without what the compiler keeps beside it."""
    if not found:
        return None
    own = {
        "kind",
        "location",
        "name",
        "namespace",
        "rkey",
        "metadata_labels",
        "ir",
        "logger",
        "apiVersion",
        "serialization",
    }
    own |= {"filter_enabled"}
    return {key: value for key, value in found.items() if not key.startswith("_") and key not in own}


def main(sources: Path, requests: TextIO, answers: TextIO) -> None:
    with tempfile.TemporaryDirectory() as folder:
        compiler = Compiler(sources, folder)
        for line in requests:
            answers.write(json.dumps(compiler.compile(json.loads(line))) + "\n")
            answers.flush()


if __name__ == "__main__":
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever the compiler prints is no answer
    main(Path(sys.argv[1]), sys.stdin, answers)
