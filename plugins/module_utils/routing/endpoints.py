# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of models: what a client has to send, and who answers.

Source of the paths: ``executor/api/rest/server.go`` (lines 141 to 191) of SeldonIO/seldon-core; of the curl lines: the
"Ingress with Ambassador" and "Ingress with Istio" pages of its documentation.
"""

from __future__ import annotations

import ipaddress
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..definition.hosts import MESH
from ..intent.model import Entry, Intent, ModelApi, Pairs
from ..intent.places import Place

NDARRAY = {"data": {"names": ["a", "b"], "tensor": {"shape": [2, 2], "values": [0, 0, 1, 1]}}}
TENSORFLOW = {"instances": [[0, 0], [1, 1]]}
V2 = {"inputs": [{"name": "predict", "shape": [2, 2], "datatype": "FP32", "data": [0, 0, 1, 1]}]}
PROTO_FILES = {"seldon": "prediction.proto", "tensorflow": "prediction_service.proto"}


@dataclass(frozen=True, slots=True)
class Front:
    """The door that clients knock at. ``base_url`` may lack the scheme; ``verify`` None decides by the host's name."""

    provider: str
    base_url: str
    verify: bool | None = None

    @property
    def secure(self) -> bool:
        return self.base_url.startswith("https://")

    @property
    def netloc(self) -> str:
        return urlsplit(self.base_url if "://" in self.base_url else f"//{self.base_url}").netloc

    @property
    def hostname(self) -> str:
        return urlsplit(f"//{self.netloc}").hostname or ""

    @property
    def verifies(self) -> bool:
        """Whether a client can verify the certificate: not without TLS, and not for a bare IP address."""
        if self.verify is not None or not self.secure:
            return self.verify is not False
        try:
            ipaddress.ip_address(self.hostname)
        except ValueError:
            return self.hostname != "localhost"
        return False


def endpoints(places: Iterable[Place], intents: Iterable[Intent], front: Front) -> list[dict[str, Any]]:
    """One row for each address of each definition, sorted."""
    rows = [row for place in places if _is_reachable(place.entry) for row in _rows(place, front)]
    if front.provider == "ambassador":
        rows += (row for intent in intents for row in _custom_rows(intent, front))
    return sorted(
        rows, key=lambda row: (row["namespace"], row["deployment"], row["kind"], row["url"], str(row["headers"]))
    )


def _is_reachable(entry: Entry) -> bool:
    """Whether anything answers, to a request that a client can send.

    A mirror alone does not answer, and nothing listens on port 0; a header without a name or with a line break is what
    the operator makes of some annotations.
    """
    sendable = all(_HEADER_NAME.fullmatch(name) and text.value.isprintable() for name, text in entry.match.headers)
    return sendable and any(backend.port for backend in entry.backends)


def _rows(place: Place, front: Front) -> Iterator[dict[str, Any]]:
    entry = place.entry
    for intent, own in place.members:
        match entry.kind:
            case "grpc":
                yield _grpc_row(intent, entry, place, front)
            case "service":
                yield _service_row(intent, entry, place, front)
            case _:
                yield _model_row(intent, own, entry, place, front)


def _model_row(intent: Intent, own: Entry, entry: Entry, place: Place, front: Front) -> dict[str, Any]:
    api = intent.api or ModelApi("seldon", "", "")
    path, payload = _explain(api, own) if entry.kind == "explain" else _predict(api)
    return _row(intent, entry, place, front, entry.match.path + path, "POST", payload)


def _predict(api: ModelApi) -> tuple[str, dict[str, Any]]:
    match api.protocol:
        case "tensorflow":
            return f"v1/models/{api.model}:predict", TENSORFLOW
        case "v2" | "kfserving":
            return f"v2/models/{api.model}/infer", V2
        case _:
            return "api/v1.0/predictions", NDARRAY


def _explain(api: ModelApi, own: Entry) -> tuple[str, dict[str, Any]]:
    match api.protocol:
        case "tensorflow":
            return f"v1/models/{api.model}:explain", TENSORFLOW
        case "v2" | "kfserving":
            return f"v2/models/{api.explainers[own.backends[0].name]}/infer", V2
        case _:
            return "api/v1.0/explain", NDARRAY


def _service_row(intent: Intent, entry: Entry, place: Place, front: Front) -> dict[str, Any]:
    method = (entry.match.methods or ("POST" if entry.grpc else "GET",))[0]
    return _row(intent, entry, place, front, entry.match.path, method, None) | {
        "kind": "grpc" if entry.grpc else "rest"
    }


def _row(
    intent: Intent,
    entry: Entry,
    place: Place,
    front: Front,
    path: str,
    method: str,
    payload: dict[str, Any] | None,
) -> dict[str, Any]:
    base = _base(entry, place, front).rstrip("/")
    headers = _headers(entry.match.headers)
    if host := _host_header(place, front):
        headers["Host"] = host
    if payload is not None:
        headers["Content-Type"] = "application/json"
    return {
        "deployment": intent.name,
        "namespace": intent.namespace,
        "provider": front.provider,
        "kind": entry.kind,
        "url": base + path,
        "method": method,
        "headers": headers,
        "verify": front.verifies,
        "curl": _curl(base + path, method, headers, payload, front),
        **_shares(entry),
    }


def _grpc_row(intent: Intent, entry: Entry, place: Place, front: Front) -> dict[str, Any]:
    api = intent.api or ModelApi("seldon", "", "")
    base = _base(entry, place, front)
    netloc = urlsplit(base if "://" in base else f"//{base}").netloc
    target = netloc if re.search(r":[0-9]+$", netloc) else f"{netloc}:{443 if front.secure else 80}"
    headers = _headers(entry.match.headers)
    authority = _host_header(place, front)
    words = ["grpcurl"]
    if not base.startswith("https://"):
        words.append("-plaintext")
    elif not front.verifies:
        words.append("-insecure")
    words += ["-proto", PROTO_FILES.get(api.protocol, "grpc_service.proto")]
    if authority:
        words += ["-authority", authority]
    for name, value in headers.items():
        words += ["-rpc-header", f"{name}: {value}"]
    payload = NDARRAY if api.protocol == "seldon" else {}
    words += ["-d", json.dumps(payload, separators=(",", ":")), target, api.grpc_method]
    return {
        "deployment": intent.name,
        "namespace": intent.namespace,
        "provider": front.provider,
        "kind": "grpc",
        "url": target,
        "method": f"/{api.grpc_method}",
        "headers": headers | ({"Host": authority} if authority else {}),
        "verify": front.verifies,
        "curl": shlex.join(words),
        **_shares(entry),
    }


def _base(entry: Entry, place: Place, front: Front) -> str:
    """Inside the mesh clients call the Service that the host names, on the port of the model."""
    if MESH in place.door.by:
        return f"http://{place.door.hosts[0]}:{entry.backends[0].port}"
    return front.base_url


def _host_header(place: Place, front: Front) -> str:
    """The Host header that a client must add because the base URL names something else."""
    if MESH in place.door.by:
        return ""
    for host in place.door.hosts:
        if host in ("*", front.hostname) or (host.startswith("*.") and front.hostname.endswith(host[1:])):
            return ""
    first = place.door.hosts[0]
    return f"any{first[1:]}" if first.startswith("*") else first


def _headers(pairs: Pairs) -> dict[str, str]:
    """Header values that satisfy a match: the value itself; for an expression its own text if that matches."""
    found = {}
    for name, text in pairs:
        if text.kind == "present":
            found[name] = "1"
        elif text.kind == "regex":
            found[name] = (
                text.value if _MATCHES_ITSELF.fullmatch(text.value) else f"<a value that matches {text.value}>"
            )
        else:
            found[name] = text.value
    return found


_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# Letters, digits and what stands for itself or, as the dot and ".*" do, matches itself; nothing that takes long to try.
_MATCHES_ITSELF = re.compile(r"[\w /:=,-]*(?:\.\*?[\w /:=,-]*)*", re.ASCII)


def _curl(url: str, method: str, headers: dict[str, str], payload: dict[str, Any] | None, front: Front) -> str:
    words = ["curl", "-v" if front.verifies else "-vk"]
    if method not in ("GET", "POST") or (method == "POST" and payload is None):
        words += ["-X", method]
    words.append(shlex.quote(url))
    if payload is not None:
        words += ["-d", shlex.quote(json.dumps(payload, separators=(",", ":")))]
    for name, value in sorted(headers.items(), key=lambda item: (item[0] != "Content-Type", item[0])):
        text = f"{name}: {value}"
        words += ["-H", f'"{text}"' if re.fullmatch(r"[\w :;/.,=+*-]*", text) else shlex.quote(text)]
    return " ".join(words)


def _shares(entry: Entry) -> dict[str, Any]:
    mirror = entry.mirrors[0] if entry.mirrors else None
    return {
        "split": [{"predictor": backend.name, "percent": backend.percent} for backend in entry.backends],
        "mirror": mirror
        and {"predictor": mirror.backend.name, "percent": 100 if mirror.percent is None else mirror.percent},
    }


def _custom_rows(intent: Intent, front: Front) -> Iterator[dict[str, Any]]:
    for document in intent.custom:
        if document.kind != "Mapping":
            continue
        url = front.base_url.rstrip("/") + str(document.fields["prefix"])
        headers = {"Content-Type": "application/json"}
        yield {
            "deployment": intent.name,
            "namespace": intent.namespace,
            "provider": front.provider,
            "kind": "rest",
            "url": url,
            "method": "POST",
            "headers": headers,
            "verify": front.verifies,
            "curl": _curl(url, "POST", headers, NDARRAY, front),
            "split": [{"predictor": str(document.fields["service"]), "percent": 100}],
            "mirror": None,
        }
