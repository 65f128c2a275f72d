# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks of rendered objects: each accepts a good object and catches every single fault.

Each row of a table breaks one thing of a good object: the path of the change, the new value, and what the problem
says.
"""

from __future__ import annotations

import copy
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support.crds import (
    crd_problems,
    emissary_rule_problems,
    go_modules,
    istio_rule_problems,
    istio_values,
    load_schemas,
    schemas,
)

GONE = object()


def _object(api_version: str, kind: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "model", "namespace": "models", "labels": {"app.kubernetes.io/name": "model"}}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def _changed(good: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of an object in which one value differs, is new, or is gone."""
    result = copy.deepcopy(good)
    *steps, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place: Any = result
    for step in steps:
        place = place.setdefault(step, {}) if isinstance(place, dict) else place[step]
    if value is GONE:
        del place[last]
    else:
        place[last] = value
    return result


VIRTUAL_SERVICE = _object(
    "networking.istio.io/v1",
    "VirtualService",
    hosts=["a.example.org", "10.0.0.1"],
    gateways=["istio-system/seldon-gateway"],
    exportTo=["."],
    http=[
        {
            "match": [
                {"uri": {"prefix": "/seldon/models/model/"}, "method": {"exact": "POST"}, "port": 80},
                {"uri": {"regex": ".*inference.*"}, "headers": {"seldon": {"exact": "model"}, "x": {"regex": "lon.*"}}},
            ],
            "rewrite": {"uri": "/", "authority": "model.example.org"},
            "timeout": "60s",
            "retries": {"attempts": 3, "perTryTimeout": "2s", "retryOn": "gateway-error,503"},
            "mirror": {"host": "mirror", "port": {"number": 8000}},
            "mirrorPercentage": {"value": 12.5},
            "corsPolicy": {
                "allowOrigins": [{"exact": "https://a.example.org"}],
                "allowMethods": ["GET"],
                "maxAge": "24h",
            },
            "headers": {"response": {"set": {"x-model": "model"}}},
            "route": [
                {"destination": {"host": "main.models.svc.cluster.local", "subset": "main"}, "weight": 75},
                {"destination": {"host": "canary", "subset": "canary", "port": {"number": 8000}}, "weight": 25},
            ],
        }
    ],
)
DESTINATION_RULE = _object(
    "networking.istio.io/v1",
    "DestinationRule",
    host="main.models.svc.cluster.local",
    subsets=[{"name": "main", "labels": {"version": "main"}}, {"name": "canary", "labels": {"version": "canary"}}],
    trafficPolicy={
        "connectionPool": {"http": {"idleTimeout": "60s", "maxRetries": 3}, "tcp": {"maxConnections": 10}},
        "outlierDetection": {"interval": "10s", "maxEjectionPercent": 50},
        "loadBalancer": {"simple": "LEAST_REQUEST"},
        "tls": {"mode": "MUTUAL", "clientCertificate": "/etc/cert.pem", "privateKey": "/etc/key.pem"},
    },
)
SERVICE_ENTRY = _object(
    "networking.istio.io/v1",
    "ServiceEntry",
    hosts=["httpbin.org"],
    location="MESH_EXTERNAL",
    resolution="DNS",
    ports=[{"name": "http", "number": 80, "protocol": "HTTP"}, {"name": "https", "number": 443, "protocol": "HTTPS"}],
)
MAPPING = _object(
    "getambassador.io/v3alpha1",
    "Mapping",
    ambassador_id=["inner"],
    hostname="*",
    prefix="/seldon/models/model/",
    rewrite="/",
    service="model.models:8000",
    headers={"seldon": "model"},
    regex_headers={"location": "lond.*"},
    weight=25,
    tls="model-tls",
    timeout_ms=3000,
    retry_policy={"retry_on": "gateway-error", "num_retries": 3},
    circuit_breakers=[{"max_requests": 10}],
)
MAPPING_V2 = _object(
    "getambassador.io/v2",
    "Mapping",
    ambassador_id=["inner"],
    prefix="/seldon.protos.*",
    prefix_regex=True,
    service="model.models:8000",
    headers={"seldon": "model", "x-test": True},
)
TLS_CONTEXT = _object("getambassador.io/v3alpha1", "TLSContext", secret="model-cert", hosts=["a.example.org"])
TLS_CONTEXT_V2 = TLS_CONTEXT | {"apiVersion": "getambassador.io/v2"}

ISTIO = [VIRTUAL_SERVICE, DESTINATION_RULE, SERVICE_ENTRY]
EMISSARY = [MAPPING, MAPPING_V2, TLS_CONTEXT, TLS_CONTEXT_V2]


def _id(value: object) -> str | None:
    if isinstance(value, dict):
        return (
            f"{value.get('kind')}-{str(value.get('apiVersion')).rpartition('/')[2]}" if "kind" in value else "mapping"
        )
    return value if isinstance(value, str) else None


def _only(problems: Iterable[str], text: str) -> None:
    found = list(problems)
    assert len(found) == 1, found
    assert text in found[0]


# --- the schemas


def test_the_served_versions_are_known():
    served = {
        "VirtualService": {"v1", "v1beta1", "v1alpha3"},
        "DestinationRule": {"v1", "v1beta1", "v1alpha3"},
        "ServiceEntry": {"v1", "v1beta1", "v1alpha3"},
        "Mapping": {"v1", "v2", "v3alpha1"},
        "TLSContext": {"v1", "v2", "v3alpha1"},
    }
    found: dict[str, set[str]] = {}
    for group, version, kind in load_schemas():
        assert group == ("getambassador.io" if kind in {"Mapping", "TLSContext"} else "networking.istio.io")
        found.setdefault(kind, set()).add(version)
    assert found == served


def test_a_second_process_reads_the_cache_only():
    load_schemas()
    code = (
        "from tests.support.crds import load_schemas, schemas\n"
        "schemas.module_directory = None\n"
        "assert len(load_schemas()) == 15\n"
    )
    root = Path(schemas.__file__).parents[3]
    run = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_a_missing_go_is_said_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(go_modules.GoModuleError, match="there is no 'go' on the PATH"):
        go_modules.go_executable()


def test_go_beside_this_python_is_found(monkeypatch, tmp_path):
    beside = tmp_path / "go"
    beside.write_text("#!/bin/sh\n")
    beside.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert go_modules.go_executable() == str(beside)


def test_a_module_out_of_reach_is_said_in_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("GOPROXY", "off")
    with pytest.raises(go_modules.GoModuleError, match=r"go mod download istio\.io/api@v1\.31\.1: .*GOPROXY=off"):
        go_modules.module_directory("istio.io/api", "v1.31.1")


@pytest.mark.parametrize("cache_home", ["", "relative"])
def test_the_cache_is_in_the_home_directory_by_default(monkeypatch, cache_home):
    monkeypatch.setenv("XDG_CACHE_HOME", cache_home)
    assert go_modules.cache_directory() == Path.home() / ".cache" / "mlops-ingress"


# --- admission


@pytest.mark.parametrize("good", ISTIO + EMISSARY, ids=_id)
def test_a_good_object_is_admitted(good):
    before = copy.deepcopy(good)
    assert crd_problems(good) == []
    assert good == before


@pytest.mark.parametrize("version", ["v1beta1", "v1alpha3"])
@pytest.mark.parametrize("good", ISTIO, ids=_id)
def test_older_versions_of_istio_are_admitted(good, version):
    assert crd_problems(good | {"apiVersion": f"networking.istio.io/{version}"}) == []


NOT_ADMITTED = [
    # head and metadata
    (MAPPING, "apiVersion", "getambassador.io/v4", "served are getambassador.io/v1, getambassador.io/v2"),
    (MAPPING, "apiVersion", "networking.istio.io/v1", "does not serve Mapping"),
    (MAPPING, "apiVersion", GONE, "apiVersion and kind: must be strings"),
    (MAPPING, "kind", "Maping", "no definition is known"),
    (MAPPING, "status", 1, "status: 1 is not of type 'object'"),
    (MAPPING, "data", {}, "data: unknown field"),
    (MAPPING, "metadata", GONE, "metadata: must be a mapping"),
    (MAPPING, "metadata/name", GONE, "metadata.name: is required"),
    (MAPPING, "metadata/name", "seldon_rest_mapping", "metadata.name: must be a lower-case DNS subdomain"),
    (MAPPING, "metadata/name", "Model", "metadata.name: must be a lower-case DNS subdomain"),
    (MAPPING, "metadata/name", "a" * 254, "metadata.name: must have at most 253"),
    (MAPPING, "metadata/name", 1, "metadata.name: must be a string"),
    (MAPPING, "metadata/namespace", "a.b", "metadata.namespace: must be a lower-case DNS label"),
    (MAPPING, "metadata/label", {}, "metadata.label: unknown field"),
    (MAPPING, "metadata/label", None, "metadata.label: unknown field"),
    (MAPPING, "metadata/labels", {"a": True}, "the value of 'a' must be a string"),
    (MAPPING, "metadata/labels", {"a b": "c"}, "key 'a b'"),
    (MAPPING, "metadata/labels", {"Example.com/a": "c"}, "must be a DNS subdomain"),
    (MAPPING, "metadata/labels", {"a": "-c"}, "value '-c'"),
    (MAPPING, "metadata/labels", {"a": "c" * 64}, "must be at most 63"),
    (MAPPING, "metadata/labels", [], "metadata.labels: must be a mapping"),
    (MAPPING, "metadata/annotations", {"a": 1}, "the value of 'a' must be a string"),
    (MAPPING, "metadata/annotations", {"/a": "b"}, "must be a DNS subdomain"),
    (MAPPING, "metadata/annotations", {"a": "b" * 262144}, "at most 262144 bytes"),
    (MAPPING, "metadata/finalizers", ["a b"], "metadata.finalizers"),
    (MAPPING, "metadata/finalizers", "a", "metadata.finalizers: must be a list"),
    (MAPPING, "metadata/generation", "1", "metadata.generation: must be an integer"),
    (MAPPING, "metadata/ownerReferences", [{"apiVersion": "v1", "kind": "A", "name": "a"}], "ownerReferences[0].uid"),
    (
        MAPPING,
        "metadata/ownerReferences",
        [{"apiVersion": "v1", "kind": "A", "name": "a", "uid": "1", "owner": True}],
        "ownerReferences[0].owner: unknown field",
    ),
    # OpenAPI
    (MAPPING, "spec/prefix", GONE, "'prefix' is a required property"),
    (MAPPING, "spec/prefix", None, "'prefix' is a required property"),
    (MAPPING, "spec/ambassador_id", "inner", "is not of type 'array'"),
    (MAPPING, "spec/headers", {"a": True}, "spec.headers.a: True is not of type 'string'"),
    (MAPPING, "spec/weight", "25", "spec.weight: '25' is not of type 'integer'"),
    (MAPPING, "spec/weight", True, "spec.weight: True is not of type 'integer'"),
    (MAPPING, "spec/weight", 25.0, "spec.weight: 25.0 is not of type 'integer'"),
    (MAPPING, "spec/weight", 2**63, "is not of type 'integer'"),
    (MAPPING, "spec/wheight", 25, "spec.wheight: unknown field"),
    (MAPPING, "spec/circuit_breakers", [{"max_request": 1}], "spec.circuit_breakers[0].max_request: unknown field"),
    (MAPPING, "spec/circuit_breakers", [None], "spec.circuit_breakers[0]: None is not of type 'object'"),
    (MAPPING, "spec/retry_policy/retry_on", "always", "spec.retry_policy.retry_on: 'always' is not one of"),
    (MAPPING, "spec/redirect_response_code", 300, "spec.redirect_response_code: 300 is not one of"),
    (MAPPING, "spec/error_response_overrides", [], "spec.error_response_overrides: [] should be non-empty"),
    (
        MAPPING,
        "spec/error_response_overrides",
        [{"on_status_code": 99, "body": {}}],
        "99 is less than the minimum of 400",
    ),
    (
        MAPPING,
        "spec/error_response_overrides",
        [{"on_status_code": 600, "body": {}}],
        "greater than the maximum of 599",
    ),
    (MAPPING, "spec/labels", {"a": [{}]}, "spec.labels.a[0]: {} should be non-empty"),
    (MAPPING, "spec/v2ExplicitTLS", {"serviceScheme": "ftp://"}, "does not match"),
    (MAPPING_V2, "spec/prefix_regex", "yes", "spec.prefix_regex: 'yes' is not of type 'boolean'"),
    (TLS_CONTEXT, "spec/min_tls_version", "v1.9", "spec.min_tls_version: 'v1.9' is not one of"),
    (TLS_CONTEXT, "spec/cert_secret", "a", "spec.cert_secret: unknown field"),
    (VIRTUAL_SERVICE, "spec/hosts", "a", "spec.hosts: 'a' is not of type 'array'"),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/uri/exact", "/", "spec.http[0].match[0].uri: breaks oneOf"),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/uri/sufix", "/", "spec.http[0].match[0].uri.sufix: unknown field"),
    (VIRTUAL_SERVICE, "spec/http/0/retries/retries", 1, "spec.http[0].retries.retries: unknown field"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/weight", 2**31, "spec.http[0].route[0].weight: is no int32"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/destination", GONE, "route[0]: 'destination' is a required property"),
    (VIRTUAL_SERVICE, "spec/http/0/mirrors", [{}], "mirrors[0]: 'destination' is a required property"),
    (VIRTUAL_SERVICE, "spec/http/0/mirrorPercentage/value", "12", "is not of type 'number'"),
    (VIRTUAL_SERVICE, "spec/http/0/directResponse", {"status": 200, "body": {"bytes": "§"}}, "bytes: is no byte"),
    (DESTINATION_RULE, "spec/trafficPolicy/tls/mode", "STRICT", "'STRICT' is not one of"),
    (DESTINATION_RULE, "spec/host", GONE, "'host' is a required property"),
    # lists with keys and CEL
    (SERVICE_ENTRY, "spec/ports/1/name", "http", 'spec.ports[1]: duplicate of {"name": "http"}'),
    (SERVICE_ENTRY, "spec/ports/1/number", 80, "spec.ports: port number cannot be duplicated"),
    (SERVICE_ENTRY, "spec/ports/1/targetPort", 0, "spec.ports[1].targetPort: port must be between 1-65535"),
    (SERVICE_ENTRY, "spec/hosts", ["*"], "spec.hosts[0]: hostname cannot be wildcard"),
    (SERVICE_ENTRY, "spec/endpoints", [{"address": "unix://run"}], "UDS must be an absolute path"),
    (SERVICE_ENTRY, "spec/endpoints", [{"address": "a", "ports": {"a_b": 80}}], "port name must be valid"),
    (SERVICE_ENTRY, "spec/addresses", ["10.0.0.0/8"], "CIDR addresses are allowed only for NONE/STATIC"),
    (
        VIRTUAL_SERVICE,
        "spec/http/0/timeout",
        "0.5ms",
        "spec.http[0].timeout: must be a valid duration greater than 1ms",
    ),
    (VIRTUAL_SERVICE, "spec/http/0/retries/perTryTimeout", "0", "perTryTimeout: must be a valid duration"),
    (VIRTUAL_SERVICE, "spec/http/0/retries/perTryTimeout", "2", "perTryTimeout: must be a valid duration"),
    (VIRTUAL_SERVICE, "spec/http/0/retries/perTryTimeout", "1d", "perTryTimeout: must be a valid duration"),
    (DESTINATION_RULE, "spec/workloadSelector", {"matchLabels": {"a": "*"}}, "wildcard not allowed in label value"),
]


@pytest.mark.parametrize(("good", "path", "value", "text"), NOT_ADMITTED, ids=_id)
def test_one_fault_is_not_admitted(good, path, value, text):
    _only(crd_problems(_changed(good, path, value)), text)


ADMITTED = [
    (MAPPING, "metadata/namespace", GONE),
    (MAPPING, "metadata/name", "a.b-1"),
    (MAPPING, "metadata/annotations", {"Example.com/A": "b", "empty": None}),
    (MAPPING, "metadata/labels", None),
    # A null is dropped, wherever the schema does not ask for the field.
    (MAPPING, "spec/weight", None),
    (MAPPING, "spec", None),
    (MAPPING, "spec/headers", {"a": None}),
    (VIRTUAL_SERVICE, "spec/http/0/match", None),
    # Unknown fields are kept in v2.
    (MAPPING_V2, "spec/unknown", {"a": [1]}),
    (MAPPING_V2, "spec/add_request_headers", {"a": {"append": False}}),
    (VIRTUAL_SERVICE, "spec/http/0/timeout", "1h1m1.5s"),
    (SERVICE_ENTRY, "spec/endpoints", [{"address": "unix:///run/a"}]),
]


@pytest.mark.parametrize(("good", "path", "value"), ADMITTED, ids=_id)
def test_what_the_api_server_takes_is_admitted(good, path, value):
    assert crd_problems(_changed(good, path, value)) == []


@pytest.mark.parametrize("other", [None, [], "text", 1, {}])
def test_what_is_no_object_is_a_problem(other):
    assert len(crd_problems(other)) == 1


def test_cel_runs_only_on_what_the_schema_admits():
    broken = _changed(_changed(VIRTUAL_SERVICE, "spec/http/0/timeout", "0s"), "spec/unknown", 1)
    assert crd_problems(broken) == ["spec.unknown: unknown field"]


# --- Istio


@pytest.mark.parametrize("good", ISTIO, ids=_id)
def test_istio_takes_a_good_object(good):
    assert istio_rule_problems(good) == []


NO_MIRROR = _changed(VIRTUAL_SERVICE, "spec/http/0/mirror", GONE)
STATIC = _changed(
    _changed(SERVICE_ENTRY, "spec/resolution", "STATIC"),
    "spec/endpoints",
    [{"address": "10.0.0.1", "ports": {"http": 80}}],
)
REFUSED_BY_ISTIO = [
    (
        VIRTUAL_SERVICE,
        "metadata/annotations",
        {"internal.istio.io/parents": "a"},
        "Istio refuses internal.istio.io/parents",
    ),
    (VIRTUAL_SERVICE, "spec/gateways/0", "./gw", "spec.gateways[0]: './gw' must be <namespace>/<name>"),
    (VIRTUAL_SERVICE, "spec/gateways/0", "a/b/c", "must be <namespace>/<name>"),
    (VIRTUAL_SERVICE, "spec/gateways/0", "a/", "must be <namespace>/<name>"),
    (VIRTUAL_SERVICE, "spec/gateways/0", "/b", "must be <namespace>/<name>"),
    (VIRTUAL_SERVICE, "spec/gateways/0", "", "must have 1 to 255 characters"),
    (VIRTUAL_SERVICE, "spec/gateways", ["gw", "a_b"], "spec.gateways[1]: domain 'a_b'"),
    (VIRTUAL_SERVICE, "spec/hosts", [], "spec.gateways: a VirtualService without hosts is a delegate"),
    (VIRTUAL_SERVICE, "spec/hosts", ["a.com", ""], "spec.hosts[1]: domain '' must have 1 to 255"),
    (VIRTUAL_SERVICE, "spec/hosts", ["a.com", "a.com"], "'a.com' and 'a.com' overlap"),
    (VIRTUAL_SERVICE, "spec/hosts", ["a.b.com", "*.com"], "'a.b.com' and '*.com' overlap"),
    (VIRTUAL_SERVICE, "spec/hosts", ["*", "*.com"], "'*' and '*.com' overlap"),
    (VIRTUAL_SERVICE, "spec/hosts", ["a.*.com"], "'*' must be a DNS label"),
    (VIRTUAL_SERVICE, "spec/hosts", ["a_b.com"], "'a_b' must be a DNS label"),
    (VIRTUAL_SERVICE, "spec/hosts", ["a.1"], "must not end in a number"),
    (VIRTUAL_SERVICE, "spec/hosts", [f"{'a.' * 128}b"], "must have 1 to 255 characters"),
    (_changed(VIRTUAL_SERVICE, "spec/gateways", ["mesh", "a/b"]), "spec/hosts", ["*"], "bound to the mesh gateway"),
    (_changed(VIRTUAL_SERVICE, "spec/gateways", GONE), "spec/hosts", ["*"], "bound to the mesh gateway"),
    (VIRTUAL_SERVICE, "spec/http", [], "spec: needs http, tls or tcp"),
    (VIRTUAL_SERVICE, "spec/tcp", [{"route": []}], "spec.tcp: is not known to these checks"),
    (VIRTUAL_SERVICE, "spec/exportTo", [".", "models"], "'models' is there twice"),
    (VIRTUAL_SERVICE, "spec/exportTo", ["*", "a"], "'*' must stand alone"),
    (VIRTUAL_SERVICE, "spec/exportTo", ["~"], "'~' must be '.', '*' or a namespace"),
    (VIRTUAL_SERVICE, "spec/http/0/route", GONE, "needs a route, redirect or directResponse"),
    (VIRTUAL_SERVICE, "spec/http/0/redirect", {"uri": "/"}, "redirect: is not known to these checks"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/destination/host", "*", "must not be '*'"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/destination/host", "", "must have 1 to 255 characters"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/destination/subset", "a_b", "subset 'a_b' must be a DNS label"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/destination/subset", "a.b", "subset 'a.b' must be a DNS label"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/destination/port", {"number": 0}, "port 0 must be between 1 and 65535"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/destination/port", {"number": 65536}, "port 65536 must be between"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/weight", -1, "weight: must not be negative"),
    (VIRTUAL_SERVICE, "spec/http/0/route", [{"destination": {"host": h}} for h in "ab"], "must not add up to 0"),
    (
        VIRTUAL_SERVICE,
        "spec/http/0/route/0/headers",
        {"request": {"set": {":path": "a"}}},
        "':path' must not be changed",
    ),
    (VIRTUAL_SERVICE, "spec/http/0/headers/response/set", {"Host": "a"}, "'Host' must not be changed"),
    (VIRTUAL_SERVICE, "spec/http/0/headers/response/set", {"a": "b\n"}, "must hold no control character"),
    (VIRTUAL_SERVICE, "spec/http/0/headers/response/set", {"a": "%X%"}, "'%' in a value is not known"),
    (VIRTUAL_SERVICE, "spec/http/0/headers/request", {"remove": [""]}, "must not be empty"),
    (
        VIRTUAL_SERVICE,
        "spec/http/0/headers/request",
        {"set": {"host": "b"}},
        "must set the authority once, not 2 times",
    ),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/headers", {"Seldon": {"exact": "a"}}, "header must be lower case"),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/headers", {"a b": {"exact": "a"}}, "must be the name of a header"),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/headers", {"": {"exact": "a"}}, "must be the name of a header"),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/headers", {"a": {"prefix": ""}}, "the prefix must not be empty"),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/headers", {"a": {"regex": ""}}, "regular expression must not be empty"),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/headers", {"a": {"regex": "a(?=b)"}}, "a regular expression of RE2"),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/headers", {"a": {"regex": "*"}}, "a regular expression of RE2"),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/uri/regex", "(", "a regular expression of RE2"),
    (VIRTUAL_SERVICE, "spec/http/0/match/1/uri/regex", "a" * 1025, "at most 1024 bytes"),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/method", {"prefix": ""}, "method: the prefix must not be empty"),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/queryParams", {"a": {"regex": "["}}, "queryParams.a"),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/port", 65536, "port 65536 must be between"),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/sourceLabels", {"a": "b c"}, "'b c' must be the value of a label"),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/gateways", ["a_b"], "match[0].gateways[0]"),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/sourceNamespace", "a_b", "namespace 'a_b' must be a DNS label"),
    (VIRTUAL_SERVICE, "spec/http/0/mirror/host", "*", "mirror.host: must not be '*'"),
    (VIRTUAL_SERVICE, "spec/http/0/mirrors", [{"destination": {"host": "a"}}], "must not have both mirror and mirrors"),
    (VIRTUAL_SERVICE, "spec/http/0/mirrorPercentage/value", 100.5, "100.5 must be between 0 and 100"),
    (VIRTUAL_SERVICE, "spec/http/0/mirrorPercentage/value", -1, "-1 must be between 0 and 100"),
    (VIRTUAL_SERVICE, "spec/http/0/mirrorPercent", 101, "mirrorPercent: must be at most 100"),
    (VIRTUAL_SERVICE, "spec/http/0/rewrite", {"uri": ""}, "needs uri, uriRegexRewrite or authority"),
    (
        VIRTUAL_SERVICE,
        "spec/http/0/rewrite/uriRegexRewrite",
        {"match": "a", "rewrite": "b"},
        "one of uri and uriRegexRewrite",
    ),
    (VIRTUAL_SERVICE, "spec/http/0/rewrite", {"uriRegexRewrite": {"match": "a"}}, "needs match and rewrite"),
    (VIRTUAL_SERVICE, "spec/http/0/retries/attempts", 0, "0 attempts switch retries off"),
    (VIRTUAL_SERVICE, "spec/http/0/retries", {"retryOn": "5xx"}, "0 attempts switch retries off"),
    (VIRTUAL_SERVICE, "spec/http/0/retries/attempts", -1, "attempts: must not be negative"),
    (VIRTUAL_SERVICE, "spec/http/0/retries/perTryTimeout", "1.5ms", "must be whole milliseconds"),
    (VIRTUAL_SERVICE, "spec/http/0/retries/retryOn", "gateway-errors", "must be a retry policy of Envoy"),
    (VIRTUAL_SERVICE, "spec/http/0/retries/retryOn", "5xx,700", "'700' must be a retry policy of Envoy"),
    (VIRTUAL_SERVICE, "spec/http/0/timeout", "1.0005s", "must be whole milliseconds"),
    (
        VIRTUAL_SERVICE,
        "spec/http/0/match/0/headers",
        {"@request.auth.claims.a": {"exact": "b"}},
        "JWT claims is not known",
    ),
    (
        NO_MIRROR,
        "spec/http/0/mirrors",
        [{"destination": {"host": "*"}}],
        "mirrors[0].destination.host: must not be '*'",
    ),
    (
        NO_MIRROR,
        "spec/http/0/mirrors",
        [{"destination": {"host": "a"}, "percentage": {"value": 101}}],
        "101 must be between",
    ),
    (VIRTUAL_SERVICE, "spec/http/0/rewrite", {"uriRegexRewrite": {"match": "(", "rewrite": "b"}}, "expression of RE2"),
    (VIRTUAL_SERVICE, "spec/http/0/corsPolicy/allowOrigins", [{"regex": "("}], "allowOrigins[0]: '(' must be"),
    (VIRTUAL_SERVICE, "spec/http/0/timeout", "2562048h", "must be a duration"),
    (VIRTUAL_SERVICE, "spec/http/0/corsPolicy/allowMethods", ["get"], "allowMethods: 'get' must be one of"),
    (VIRTUAL_SERVICE, "spec/http/0/corsPolicy/allowOrigins", [{"exact": ""}], "allowOrigins[0]: must not be empty"),
    (VIRTUAL_SERVICE, "spec/http/0/corsPolicy/allowHeaders", ["a b"], "must be the name of a header"),
    (VIRTUAL_SERVICE, "spec/http/0/corsPolicy/maxAge", "1500ms", "must be whole seconds"),
    (DESTINATION_RULE, "spec/host", "a_b", "spec.host: domain 'a_b'"),
    (DESTINATION_RULE, "spec/trafficPolicy", {}, "spec.trafficPolicy: needs one of"),
    (DESTINATION_RULE, "spec/trafficPolicy/connectionPool", {}, "connectionPool: needs http or tcp"),
    (DESTINATION_RULE, "spec/trafficPolicy/connectionPool/http/maxRetries", -1, "maxRetries: must not be negative"),
    (
        DESTINATION_RULE,
        "spec/trafficPolicy/connectionPool/tcp/maxConnections",
        -1,
        "maxConnections: must not be negative",
    ),
    (DESTINATION_RULE, "spec/trafficPolicy/connectionPool/http/idleTimeout", "1.5ms", "idleTimeout: duration '1.5ms'"),
    (DESTINATION_RULE, "spec/trafficPolicy/connectionPool/http/http2KeepAlive", {"interval": "1s"}, "needs timeout"),
    (DESTINATION_RULE, "spec/trafficPolicy/outlierDetection/interval", "1.5ms", "whole milliseconds"),
    (DESTINATION_RULE, "spec/trafficPolicy/outlierDetection/maxEjectionPercent", 101, "must be between 0 and 100"),
    (DESTINATION_RULE, "spec/trafficPolicy/outlierDetection/consecutiveLocalOriginFailures", 1, "needs splitExternal"),
    (
        DESTINATION_RULE,
        "spec/trafficPolicy/loadBalancer",
        {"consistentHash": {"useSourceIp": True}},
        "only 'simple' is known",
    ),
    (DESTINATION_RULE, "spec/trafficPolicy/tls/clientCertificate", "", "clientCertificate: MUTUAL needs it"),
    (DESTINATION_RULE, "spec/trafficPolicy/tls/privateKey", GONE, "privateKey: MUTUAL needs it"),
    (
        DESTINATION_RULE,
        "spec/trafficPolicy/tls",
        {"mode": "SIMPLE", "credentialName": "a", "caCrl": "b"},
        "beside credentialName",
    ),
    (
        DESTINATION_RULE,
        "spec/trafficPolicy/tls",
        {"mode": "SIMPLE", "insecureSkipVerify": True, "caCertificates": "a"},
        "when insecureSkipVerify is true",
    ),
    (DESTINATION_RULE, "spec/trafficPolicy/portLevelSettings", [{"tls": {"mode": "DISABLE"}}], "needs a port"),
    (
        DESTINATION_RULE,
        "spec/trafficPolicy/portLevelSettings",
        [{"port": {"number": 80}}],
        "portLevelSettings[0]: needs one of",
    ),
    (DESTINATION_RULE, "spec/trafficPolicy/tunnel", {"targetHost": "a", "targetPort": 1}, "tunnel: is not known"),
    (DESTINATION_RULE, "spec/subsets/1/name", "main", "the subset 'main' is there twice"),
    (DESTINATION_RULE, "spec/subsets/0/name", "a_b", "subset 'a_b' must be a DNS label"),
    (DESTINATION_RULE, "spec/subsets/0/name", "", "subset '' must be a DNS label"),
    (DESTINATION_RULE, "spec/subsets/0/labels", {"version": "a b"}, "'a b' must be the value of a label"),
    (DESTINATION_RULE, "spec/subsets/0/labels", {"a b": "a"}, "'a b' must be the key of a label"),
    (DESTINATION_RULE, "spec/subsets/0/trafficPolicy", {}, "subsets[0].trafficPolicy: needs one of"),
    (STATIC, "spec/hosts", ["a b"], "'a b' must be a DNS label"),
    (SERVICE_ENTRY, "spec/hosts", ["*.org"], "resolution DNS without endpoints"),
    (SERVICE_ENTRY, "spec/addresses", ["10.0.0"], "must be an IP address or a CIDR block"),
    (SERVICE_ENTRY, "spec/ports/0/protocol", "AMQP", "'AMQP' must be one of"),
    (SERVICE_ENTRY, "spec/ports/0/name", "a_b", "port 'a_b' must be a DNS label"),
    (
        _changed(SERVICE_ENTRY, "spec/hosts", ["a.b", "c.d"]),
        "spec/ports/0/protocol",
        "TCP",
        "need ports of HTTP or TLS",
    ),
    (SERVICE_ENTRY, "spec/endpoints", [{"address": "a_b"}], "'a_b' must be a DNS label"),
    (SERVICE_ENTRY, "spec/resolution", "DYNAMIC_DNS", "DYNAMIC_DNS is not known to these checks"),
    (SERVICE_ENTRY, "spec/workloadSelector", {"labels": {"a": "b"}}, "workloadSelector: is not known to these checks"),
    (STATIC, "spec/endpoints/0", {"address": "unix:///run/a"}, "'unix:///run/a' is not known to these checks"),
    (DESTINATION_RULE, "spec/exportTo", ["a", "a"], "spec.exportTo: 'a' is there twice"),
    (DESTINATION_RULE, "spec/workloadSelector", {"matchLabels": {"a": "b"}}, "workloadSelector: is not known"),
    (
        DESTINATION_RULE,
        "spec/trafficPolicy/connectionPool/http",
        {"h2UpgradePolicy": "UPGRADE", "useClientProtocol": True},
        "useClientProtocol must not be true",
    ),
    (
        DESTINATION_RULE,
        "spec/trafficPolicy/tls",
        {"mode": "SIMPLE", "credentialName": "configmap://a"},
        "a config map is not known",
    ),
    (SERVICE_ENTRY, "spec/exportTo", ["~", "a"], "'~' must stand alone"),
    (STATIC, "spec/endpoints/0/address", "a.b", "'a.b' must be an IP address"),
    (STATIC, "spec/endpoints/0/ports", {"grpc": 80}, "'grpc' must be a port of the ServiceEntry"),
    (STATIC, "spec/endpoints/0/labels", {"a": "b c"}, "must be the value of a label"),
]


@pytest.mark.parametrize(("good", "path", "value", "text"), REFUSED_BY_ISTIO, ids=_id)
def test_istio_refuses_one_fault_that_the_schema_admits(good, path, value, text):
    assert istio_rule_problems(good) == [], "the base of a row must be good"
    changed = _changed(good, path, value)
    assert crd_problems(changed) == []
    _only(istio_rule_problems(changed), text)


# As a schema without CEL would let it through, and as Go's time.ParseDuration reads it.
DURATIONS = {
    "0": "at least 1ms",
    "0.5ms": "at least 1ms",
    "-1s": "at least 1ms",
    "1500us": "whole milliseconds",
    "": "must be a duration",
    "1": "must be a duration",
    "1d": "must be a duration",
    "inf": "must be a duration",
    "1ms": None,
    "+.5s": None,
    "1.s": None,
    "1h1m1.5s": None,
    "1000µs": None,
}


@pytest.mark.parametrize(("duration", "text"), DURATIONS.items())
def test_a_duration_is_whole_milliseconds_and_not_zero(duration, text):
    problems = list(istio_values.duration_problems(duration))
    assert len(problems) == (text is not None)
    assert text is None or text in problems[0]


TAKEN_BY_ISTIO = [
    (VIRTUAL_SERVICE, "spec/gateways", ["gw", "legacy.models.svc.cluster.local", "mesh"]),
    (VIRTUAL_SERVICE, "spec/hosts", ["*"]),
    (VIRTUAL_SERVICE, "spec/hosts", ["*.foo.com", "foo.com", "*-a.org", "b.org."]),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/destination/subset", "MAIN"),
    (VIRTUAL_SERVICE, "spec/http/0/route/0/weight", 175),
    (VIRTUAL_SERVICE, "spec/http/0/route", [{"destination": {"host": "a"}}]),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/uri", {"prefix": ""}),
    (VIRTUAL_SERVICE, "spec/http/0/match/0/withoutHeaders", {"a": {"regex": "*"}}),
    (VIRTUAL_SERVICE, "spec/http/0/retries", {"attempts": 0}),
    (VIRTUAL_SERVICE, "spec/http/0/retries", None),
    (DESTINATION_RULE, "spec/trafficPolicy/tls", {}),
    (DESTINATION_RULE, "spec/trafficPolicy/tls", {"mode": "MUTUAL", "credentialName": "a"}),
    (DESTINATION_RULE, "spec/trafficPolicy/connectionPool/tcp/idleTimeout", "0s"),
    (DESTINATION_RULE, "spec/subsets", []),
    (SERVICE_ENTRY, "spec/exportTo", ["~"]),
    (STATIC, "spec/addresses", ["10.0.0.0/8"]),
]


@pytest.mark.parametrize(("good", "path", "value"), TAKEN_BY_ISTIO, ids=_id)
def test_istio_takes_what_it_takes(good, path, value):
    changed = _changed(good, path, value)
    assert crd_problems(changed) == []
    assert istio_rule_problems(changed) == []


# --- Emissary


@pytest.mark.parametrize("good", EMISSARY, ids=_id)
def test_emissary_takes_a_good_object(good):
    assert emissary_rule_problems(good) == []


MISREAD_BY_EMISSARY = [
    (MAPPING, "spec/hostname", GONE, "spec.hostname: is required"),
    (MAPPING, "spec/hostname", "", "spec.hostname: is required"),
    (MAPPING, "spec/host", "a.com", "spec.host: is ignored beside hostname"),
    (MAPPING, "spec/ambassador_id", [], "must be a list of names, none empty"),
    (MAPPING, "spec/ambassador_id", [""], "must be a list of names, none empty"),
    (MAPPING_V2, "spec/ambassador_id", "inner", "must be a list of names, none empty"),
    (MAPPING, "spec/weight", -1, "spec.weight: -1 must be between 0 and 100"),
    (MAPPING, "spec/weight", 101, "spec.weight: 101 must be between 0 and 100"),
    (MAPPING_V2, "spec/headers", {"a": 1}, "spec.headers.a: must be a string"),
    (MAPPING_V2, "spec/headers", {"a": False}, "spec.headers.a: must be a string"),
    (MAPPING, "spec/headers", {"": "a"}, "the name must not be empty"),
    (MAPPING, "spec/headers", {":authority": "*.com"}, "'*' matches nothing"),
    (MAPPING_V2, "spec/host", "*.com", "spec.host: is compared exactly"),
    (MAPPING, "spec/regex_headers", {"seldon": ".*"}, "must not be in headers as well"),
    (MAPPING, "spec/regex_headers", {"a": "(?!b)"}, "must be a regular expression of RE2"),
    (MAPPING, "spec/regex_headers", {"a": ""}, "it is empty"),
    (MAPPING_V2, "spec/prefix", "(", "spec.prefix: '(' must be a regular expression"),
    (MAPPING, "spec/prefix", "seldon/", "spec.prefix: must begin with '/'"),
    (MAPPING, "spec/tls", "", "spec.tls: must be the name of a TLSContext"),
    (MAPPING, "spec/service", "http://model:80", "has no effect on a service that begins with http://"),
    (MAPPING, "spec/service", "", "must name a host"),
    (MAPPING, "spec/service", "model:0", "port 0 counts as no port"),
    (MAPPING, "spec/service", "model:65536", "must be a host and a port"),
    (MAPPING, "spec/service", "model:grpc", "must be a host and a port"),
    (MAPPING, "spec/service", "tcp://model", "the scheme must be http or https"),
    (MAPPING, "spec/service", "model:80/path", "only host and port are looked at"),
    (MAPPING, "spec/timeout_ms", -1, "spec.timeout_ms: must not be negative"),
    (MAPPING, "spec/circuit_breakers/0/max_requests", -1, "max_requests: must not be negative"),
    (MAPPING, "spec/retry_policy", {"num_retries": 1}, "retry_on: is required"),
    (MAPPING, "spec/retry_policy/num_retries", -1, "num_retries: must not be negative"),
    (_changed(MAPPING, "spec/rewrite", "/x"), "spec/regex_rewrite", {"pattern": "a"}, "spec.rewrite: is ignored"),
    (MAPPING, "spec/regex_rewrite", {"pattern": "("}, "spec.regex_rewrite.pattern"),
    (_changed(MAPPING, "spec/path_redirect", "/a"), "spec/prefix_redirect", "/b", "must have one of path_redirect"),
    (MAPPING, "spec/load_balancer", {"policy": "ring_hash"}, "ring_hash needs one of cookie, header and source_ip"),
    (MAPPING, "spec/load_balancer", {"policy": "round_robin", "header": "a"}, "round_robin takes nothing else"),
    (MAPPING, "spec/outlier_detection", "a", "is not supported"),
    (TLS_CONTEXT, "spec/secret", GONE, "spec: needs a secret"),
    (TLS_CONTEXT, "spec/cert_chain_file", "/a", "must have one of secret and cert_chain_file"),
    (TLS_CONTEXT, "spec", {"cert_chain_file": "/a"}, "spec.cert_chain_file: needs private_key_file"),
    (_changed(MAPPING, "spec/method_regex", True), "spec/method", "(", "spec.method: '(' must be"),
    (TLS_CONTEXT, "spec/hosts", [""], "must not hold an empty host"),
    (TLS_CONTEXT_V2, "spec/ambassador_id", "inner", "must be a list of names, none empty"),
]


@pytest.mark.parametrize(("good", "path", "value", "text"), MISREAD_BY_EMISSARY, ids=_id)
def test_emissary_misreads_one_fault_that_the_schema_admits(good, path, value, text):
    changed = _changed(good, path, value)
    assert crd_problems(changed) == []
    _only(emissary_rule_problems(changed), text)


SERVED_BY_EMISSARY = [
    (MAPPING, "spec/ambassador_id", GONE),
    (MAPPING, "spec/weight", 0),
    (MAPPING, "spec/rewrite", ""),
    (MAPPING, "spec/service", "https://model.models:443"),
    (MAPPING, "spec/service", "[::1]:80"),
    (MAPPING, "spec/retry_policy", None),
    (MAPPING_V2, "spec/tls", True),
    (MAPPING_V2, "spec/host", "a.com"),
    (TLS_CONTEXT, "spec/hosts", []),
]


@pytest.mark.parametrize(("good", "path", "value"), SERVED_BY_EMISSARY, ids=_id)
def test_emissary_serves_what_it_serves(good, path, value):
    changed = _changed(good, path, value)
    assert crd_problems(changed) == []
    assert emissary_rule_problems(changed) == []


def test_rules_do_not_speak_about_kinds_that_they_do_not_know():
    _only(istio_rule_problems(MAPPING), "is not known to these checks")
    _only(emissary_rule_problems(VIRTUAL_SERVICE), "is not known to these checks")
    _only(emissary_rule_problems(MAPPING | {"apiVersion": "getambassador.io/v1"}), "is not known to these checks")
