# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``ambassador-config`` documents of a deployment as resources of any version.

Source of the conversion: ``pkg/api/getambassador.io/v2/handwritten.conversion.go`` of emissary-ingress/emissary
v3.10.0, and its "Convert Configuration to v3alpha1" page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..definition.custom_config import CustomDocument
from ..definition.fields import quoted
from ..definition.findings import DefinitionError, Problem, refusal
from ..intent.model import Intent
from ..kube.names import dns_safe, dns_subdomain_problem
from .ambassador_words import Document, Words
from .model import digest, ordered

_LIST_FIELDS_OF_CORS = ("origins", "methods", "headers", "exposed_headers")


def custom_as(intent: Intent, words: Words, ids: tuple[str, ...], hosts: tuple[str, ...]) -> list[Document]:
    """Each document once, with a name that Kubernetes accepts.

    ``ids`` and ``hosts`` are the environment's, for documents that name none; a Mapping is repeated for each host.

    Raises:
        DefinitionError: where no name is left, or two documents end up with one name.
    """
    names: dict[tuple[str, str], str] = {}
    found = []
    for document in intent.custom:
        name = dns_safe(document.name)
        problem = dns_subdomain_problem(name)
        other = names.setdefault((document.kind, name), document.name)
        if problem or other != document.name:
            what = problem or f"becomes {quoted(name)}, as {quoted(other)} does"
            said = f"the name {quoted(document.name)} {what}"
            found_out = Problem("seldon.io/ambassador-config", said, "rename it", "A09")
            raise DefinitionError([refusal(f"{intent.origin}, {intent.title}", found_out)])
        spec = _spec(document, words, ids)
        open_door = document.kind == "Mapping" and not {"host", "hostname"} & document.fields.keys()
        for index, host in enumerate(hosts if open_door else ("",)):
            there = words.host(host) if host else {}
            found.append(Document(document.kind, f"{name}-{digest(host)}" if index else name, spec | there))
    return found


def _spec(document: CustomDocument, words: Words, ids: tuple[str, ...]) -> dict[str, Any]:
    spec = {key: ordered(value) for key, value in sorted(document.fields.items()) if value is not None}
    spec = words.ids(ids) | spec
    if isinstance(spec.get("ambassador_id"), str) and not words.annotation_only:
        spec["ambassador_id"] = [spec["ambassador_id"]]
    if document.kind != "Mapping":
        return spec
    return _older(spec, words) if words.old else _newest(spec)


def _older(spec: dict[str, Any], words: Words) -> dict[str, Any]:
    """A Mapping in words of v0, v1 and v2, which differ from v3alpha1 by the name of the host."""
    host = spec.pop("hostname", None)
    return spec | words.host(str(host)) if host else spec


def _newest(spec: dict[str, Any]) -> dict[str, Any]:
    """A Mapping of v0, v1 or v2 in words of v3alpha1."""
    if "host" in spec and not spec.get("host_regex"):
        spec["hostname"] = spec.pop("host")
    for exact, regex in (("headers", "regex_headers"), ("query_parameters", "regex_query_parameters")):
        _split_present(spec, exact, regex)
    if isinstance(spec.get("tls"), bool):
        secure = spec.pop("tls")
        if secure and "://" not in str(spec["service"]):
            spec["service"] = f"https://{spec['service']}"
    for key in ("add_request_headers", "add_response_headers"):
        if isinstance(spec.get(key), Mapping):
            spec[key] = {
                name: value if isinstance(value, Mapping) else {"value": str(value)}
                for name, value in spec[key].items()
            }
    cors = spec.get("cors")
    if isinstance(cors, Mapping):
        spec["cors"] = {key: _words(value) if key in _LIST_FIELDS_OF_CORS else value for key, value in cors.items()}
    if spec.pop("use_websocket", False):
        spec.setdefault("allow_upgrade", ["websocket"])
    return spec


def _split_present(spec: dict[str, Any], exact: str, regex: str) -> None:
    """``true`` means "is present" in the older versions; v3alpha1 says that with the expression ``.*``."""
    given = spec.get(exact)
    if not isinstance(given, Mapping) or not any(value is True for value in given.values()):
        return
    spec[regex] = {name: ".*" for name, value in given.items() if value is True} | dict(spec.get(regex) or {})
    spec[exact] = {name: value for name, value in given.items() if value is not True}
    if not spec[exact]:
        del spec[exact]


def _words(value: Any) -> Any:
    return [word.strip() for word in value.split(",")] if isinstance(value, str) else value
