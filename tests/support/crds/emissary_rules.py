# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Emissary drops, ignores or misreads although the schema of its definitions allows it.

Emissary admits such an object and then posts an error, serves it differently, or hands Envoy a configuration that
Envoy refuses as a whole. Source: github.com/emissary-ingress/emissary/v3 v3.10.0, ``python/ambassador/ir``:
``irhttpmapping.py``, ``irbasemapping.py``, ``irbasemappinggroup.py``, ``irhost.py``, ``ircluster.py``,
``irretrypolicy.py``, ``irtlscontext.py``; for v2 also ``pkg/api/getambassador.io/v2/common.go``, the types that its
schema leaves open.

One object at a time: what a group of Mappings must agree on, the sum of their weights and whether a TLSContext
exists is not checked. Nor are the fields ``cors``, ``labels``, ``modules``, ``error_response_overrides`` and
``health_checks``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from .admission import as_stored
from .cel_rules import re2_problem

_NOT_NEGATIVE = (
    *("timeout_ms", "idle_timeout_ms", "connect_timeout_ms", "cluster_idle_timeout_ms"),
    "cluster_max_connection_lifetime_ms",
)
_BREAKERS = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
_REDIRECTS = ("path_redirect", "prefix_redirect", "regex_redirect")


def emissary_rule_problems(obj: dict[str, Any]) -> list[str]:
    """Everything that Emissary would not serve as written, of an object that has no ``crd_problems``."""
    version, kind = obj.get("apiVersion"), obj.get("kind")
    if version not in {"getambassador.io/v2", "getambassador.io/v3alpha1"} or kind not in {"Mapping", "TLSContext"}:
        return [f"kind: {version} {kind} is not known to these checks"]
    spec = as_stored(obj).get("spec") or {}
    problems = list(_ambassador_id_problems(spec))
    if kind == "TLSContext":
        return problems + list(_tls_context_problems(spec))
    return problems + list(_mapping_problems(spec, is_v2=version == "getambassador.io/v2"))


def _ambassador_id_problems(spec: dict[str, Any]) -> Iterator[str]:
    """config.py: an empty list is nobody's, and v3alpha1 knows no plain text."""
    if "ambassador_id" in spec:
        found = spec["ambassador_id"]
        if not isinstance(found, list) or not found or not all(isinstance(item, str) and item for item in found):
            yield "spec.ambassador_id: must be a list of names, none empty"


def _tls_context_problems(spec: dict[str, Any]) -> Iterator[str]:
    """irtlscontext.py: a certificate comes from a secret or from files."""
    if spec.get("cert_chain_file"):
        if spec.get("secret"):
            yield "spec: must have one of secret and cert_chain_file"
        elif not spec.get("private_key_file"):
            yield "spec.cert_chain_file: needs private_key_file"
    elif not any(spec.get(name) for name in ("secret", "ca_secret", "cacert_chain_file")):
        yield "spec: needs a secret, or nothing is presented or trusted"
    if not all(spec.get("hosts") or []):
        yield "spec.hosts: must not hold an empty host"


def _mapping_problems(spec: dict[str, Any], *, is_v2: bool) -> Iterator[str]:
    yield from _host_problems(spec, is_v2=is_v2)
    yield from _match_problems(spec, is_v2=is_v2)
    yield from _service_problems(spec.get("service") or "")
    yield from _tls_problems(spec, is_v2=is_v2)
    weight = spec.get("weight")
    if weight is not None and not 0 <= weight <= 100:
        yield f"spec.weight: {weight} must be between 0 and 100"
    for name in _NOT_NEGATIVE:
        if (spec.get(name) or 0) < 0:
            yield f"spec.{name}: must not be negative"
    for index, breaker in enumerate(spec.get("circuit_breakers") or []):
        for name in _BREAKERS:
            if (breaker.get(name) or 0) < 0:
                yield f"spec.circuit_breakers[{index}].{name}: must not be negative"
    yield from _rewrite_problems(spec)
    yield from _retry_problems(spec.get("retry_policy"))
    yield from _balancer_problems(spec.get("load_balancer") or {})
    if spec.get("outlier_detection"):
        yield "spec.outlier_detection: is not supported"


def _host_problems(spec: dict[str, Any], *, is_v2: bool) -> Iterator[str]:
    """irhost.py: in v3alpha1 a Mapping without hostname belongs to no Host, unless one selects it by label."""
    host = spec.get("host") or ""
    if is_v2:
        if "*" in host and not spec.get("host_regex"):
            yield "spec.host: is compared exactly, so '*' matches nothing"
        return
    if not spec.get("hostname"):
        yield "spec.hostname: is required ('*' for every host)"
    if host:
        yield "spec.host: is ignored beside hostname"


def _match_problems(spec: dict[str, Any], *, is_v2: bool) -> Iterator[str]:
    prefix = spec.get("prefix") or ""
    if spec.get("prefix_regex"):
        yield from _regex_problems("spec.prefix", prefix)
    elif not prefix.startswith("/"):
        yield "spec.prefix: must begin with '/', as every path does"
    for part in ("headers", "query_parameters"):
        for name, value in (spec.get(part) or {}).items():
            where = f"spec.{part}.{name}"
            if not name:
                yield f"{where}: the name must not be empty"
            # In v2 true stands for "is there"; v3alpha1 has a regular expression for that.
            if not isinstance(value, str) and not (is_v2 and value is True):
                yield f"{where}: must be a string"
            elif name.lower() == ":authority" and isinstance(value, str) and "*" in value:
                yield f"{where}: is compared exactly, so '*' matches nothing"
    for part in ("regex_headers", "regex_query_parameters"):
        for name, value in (spec.get(part) or {}).items():
            if name in (spec.get(part.removeprefix("regex_")) or {}):
                yield f"spec.{part}.{name}: must not be in {part.removeprefix('regex_')} as well"
            yield from _regex_problems(f"spec.{part}.{name}", value)
    if spec.get("method_regex"):
        yield from _regex_problems("spec.method", spec.get("method") or "")


def _regex_problems(path: str, pattern: str) -> Iterator[str]:
    found = re2_problem(pattern) if pattern else "it is empty"
    if found:
        yield f"{path}: {pattern!r} must be a regular expression of RE2 ({found})"


def _service_problems(service: str) -> Iterator[str]:
    """ircluster.py: [http:// or https://] host [:port]; anything behind is ignored, and port 0 counts as no port."""
    try:
        parts = urlsplit(service if "://" in service else f"//{service}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        yield f"spec.service: {service!r} must be a host and a port: {error}"
        return
    if not host:
        yield f"spec.service: {service!r} must name a host"
    if port == 0:
        yield f"spec.service: {service!r}: port 0 counts as no port"
    if parts.scheme not in {"", "http", "https"}:
        yield f"spec.service: {service!r}: the scheme must be http or https"
    if parts.path or parts.query or parts.fragment:
        yield f"spec.service: {service!r}: only host and port are looked at"


def _tls_problems(spec: dict[str, Any], *, is_v2: bool) -> Iterator[str]:
    """ircluster.py: the name of a TLSContext; the prefix http:// switches TLS off whatever it says."""
    tls = spec.get("tls")
    if tls is None or (is_v2 and isinstance(tls, bool)):
        return
    if not isinstance(tls, str) or not tls:
        yield "spec.tls: must be the name of a TLSContext"
    elif (spec.get("service") or "").startswith("http://"):
        yield "spec.tls: has no effect on a service that begins with http://"


def _rewrite_problems(spec: dict[str, Any]) -> Iterator[str]:
    regex = spec.get("regex_rewrite")
    if regex is not None:
        if spec.get("rewrite", "/") not in {"", "/"}:
            yield "spec.rewrite: is ignored beside regex_rewrite"
        yield from _regex_problems("spec.regex_rewrite.pattern", regex.get("pattern") or "")
    if sum(1 for name in _REDIRECTS if spec.get(name)) > 1:
        yield f"spec: must have one of {', '.join(_REDIRECTS)}"


def _retry_problems(policy: dict[str, Any] | None) -> Iterator[str]:
    """irretrypolicy.py: without retry_on the whole Mapping is dropped."""
    if policy is not None:
        if not policy.get("retry_on"):
            yield "spec.retry_policy.retry_on: is required"
        if (policy.get("num_retries") or 0) < 0:
            yield "spec.retry_policy.num_retries: must not be negative"


def _balancer_problems(balancer: dict[str, Any]) -> Iterator[str]:
    """irhttpmapping.py, validate_load_balancer: the wrong parts drop the whole Mapping."""
    if not balancer:
        return
    hashes = balancer["policy"] in {"ring_hash", "maglev"}
    parts = {name for name, value in balancer.items() if value is not None} - {"policy"}
    if hashes and not (len(parts) == 1 and parts <= {"cookie", "header", "source_ip"}):
        yield f"spec.load_balancer: {balancer['policy']} needs one of cookie, header and source_ip"
    elif not hashes and parts:
        yield f"spec.load_balancer: {balancer['policy']} takes nothing else"
