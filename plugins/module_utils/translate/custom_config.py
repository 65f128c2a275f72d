# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``ambassador-config`` documents of a deployment as ``getambassador.io/v3alpha1`` objects.

Source of the conversion: ``pkg/api/getambassador.io/v2/handwritten.conversion.go`` of emissary-ingress/emissary
v3.9.1, and its "Convert Configuration to v3alpha1" page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..definition.custom_config import CustomDocument
from ..definition.findings import DefinitionError
from ..intent.model import Intent
from ..kube.names import dns_safe, dns_subdomain_problem
from .model import Rendered, digest, metadata, ordered, rendered

API_VERSION = "getambassador.io/v3alpha1"
_LIST_FIELDS_OF_CORS = ("origins", "methods", "headers", "exposed_headers")


def custom_objects(intent: Intent, ids: tuple[str, ...], hosts: tuple[str, ...]) -> list[Rendered]:
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
            what = problem or f"becomes {name!r}, as {other!r} does"
            place = f"{intent.origin}, {intent.title}: seldon.io/ambassador-config"
            raise DefinitionError([f"{place}: the name {document.name!r} {what}: rename it."])
        open_door = document.kind == "Mapping" and not {"host", "hostname"} & document.fields.keys()
        for index, host in enumerate(hosts if open_door else ("",)):
            obj = {
                "apiVersion": API_VERSION,
                "kind": document.kind,
                "metadata": metadata(f"{name}-{digest(host)}" if index else name, intent.namespace),
                "spec": _spec(document, ids, host),
            }
            found.append(rendered(intent, obj))
    return found


def _spec(document: CustomDocument, ids: tuple[str, ...], host: str) -> dict[str, Any]:
    spec = {key: ordered(value) for key, value in sorted(document.fields.items()) if value is not None}
    if ids:
        spec.setdefault("ambassador_id", list(ids))
    if host:
        spec["hostname"] = host
    if isinstance(spec.get("ambassador_id"), str):
        spec["ambassador_id"] = [spec["ambassador_id"]]
    return _mapping_spec(spec) if document.kind == "Mapping" else spec


def _mapping_spec(spec: dict[str, Any]) -> dict[str, Any]:
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
