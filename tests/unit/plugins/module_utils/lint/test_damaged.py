# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objects that hold anything anywhere: there is a table, and there are findings, of all of them."""

from __future__ import annotations

import copy
import json

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.lint.ambassador import unknown_ids
from ansible_collections.mlops.ingress.plugins.module_utils.lint.ambassador import (
    version_findings as ambassador_version_findings,
)
from ansible_collections.mlops.ingress.plugins.module_utils.lint.conflicts import conflicts
from ansible_collections.mlops.ingress.plugins.module_utils.lint.istio_objects import istio_findings
from ansible_collections.mlops.ingress.plugins.module_utils.lint.istio_objects import (
    version_findings as istio_version_findings,
)
from ansible_collections.mlops.ingress.plugins.module_utils.lint.services import port_findings
from ansible_collections.mlops.ingress.plugins.module_utils.lint.tls import tls_findings
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table, emissary_tables
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.translate.ambassador_annotations import ANNOTATION
from ansible_collections.mlops.ingress.tests.support.certificates import NOW
from ansible_collections.mlops.ingress.tests.support.strategies import garbage
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

usual = settings(deadline=None, derandomize=True, max_examples=300, suppress_health_check=list(HealthCheck))
NETWORKING, SECURITY = "networking.istio.io/v1beta1", "security.istio.io/v1beta1"
V2, V3 = "getambassador.io/v2", "getambassador.io/v3alpha1"
LABELS = {"app": "a", "seldon-deployment-id": "m"}


def obj(version, kind, name, spec, **metadata):
    place = {"name": name, "namespace": "n", "labels": LABELS, "creationTimestamp": "2020-01-01T00:00:00Z"}
    return {"apiVersion": version, "kind": kind, "metadata": {**place, **metadata}, "spec": spec}


def mapping(name, **fields):
    """A Mapping with a field of each shape."""
    every = {
        "prefix": "/x/",
        "service": "https://s:80",
        "weight": 10,
        "precedence": 1,
        "timeout_ms": 5,
        "headers": {"x-a": "b"},
        "regex_headers": {"x-c": "d+"},
        "query_parameters": {"q": "r"},
        "regex_query_parameters": {"t": "u+"},
        "retry_policy": {"retry_on": "5xx", "num_retries": 2, "per_try_timeout": "1s"},
        "circuit_breakers": [{"max_connections": 1}],
        "regex_rewrite": {"pattern": "/a", "substitution": "/b"},
        "add_request_headers": {"x-e": {"value": "f"}},
        "remove_request_headers": ["x-g"],
        "labels": {"ambassador": [{"l": ["m"]}]},
        "tls": "c",
        "host": "a.com",
        "method": "GET",
        "case_sensitive": True,
        "ambassador_id": ["default"],
        "shadow": False,
    }
    return {"name": name, **every, **fields}


def split(document):
    fields = dict(document)
    return fields.pop("name"), fields


def ambassador(version):
    """Objects of each kind."""
    selector = {"matchLabels": {"app": "a"}}
    hostname = {"hostname": "a.com"} if version == V3 else {}
    policy = {"insecure": {"action": "Redirect", "additionalPort": 8080}}
    secret = {"name": "cert", "namespace": "n"}
    binding = {"namespace": {"from": "ALL"}, "selector": selector}
    door = {"port": 8080, "protocol": "HTTP", "securityModel": "XFP", "hostBinding": binding}
    config = {
        "retry_policy": {"num_retries": 3},
        "cluster_request_timeout_ms": 100,
        "circuit_breakers": [{"max_requests": 3}],
        "regex_max_size": 300,
        "x_forwarded_proto_redirect": True,
        "defaults": {"tls_secret_namespacing": False},
    }
    documents = {
        "Mapping": [
            mapping("m", **hostname),
            mapping("w", **hostname, weight=20),
            mapping("s", **hostname, shadow=True),
        ],
        "Host": [{"name": "h", "hostname": "a.com", "mappingSelector": selector, "requestPolicy": policy}],
        "Listener": [
            {"name": "l", **door},
            {"name": "k", **door, "port": 8443, "protocolStack": ["TLS", "HTTP", "TCP"]},
        ],
        "Module": [{"name": "ambassador", "config": config}],
        "TLSContext": [{"name": "c", "hosts": ["a.com"], "secret": "cert.n", "secret_namespacing": True}],
    }
    documents["Host"][0] |= {"tlsSecret": secret, "selector": selector, "tls": {"ca_secret": "cert"}}
    documents["Mapping"].append(mapping("r", prefix="/r/", host_redirect=True, path_redirect="/p", **hostname))
    # What the Module sets counts where a Mapping does not.
    documents["Mapping"].append({"name": "o", "prefix": "/o/", "service": "o", **hostname})
    return [{"apiVersion": version, "kind": kind, **one} for kind, found in documents.items() for one in found]


def objects_of(documents):
    found = []
    for document in documents:
        fields = dict(document)
        version, kind, name = (fields.pop(key) for key in ("apiVersion", "kind", "name"))
        found.append(obj(version, kind, name, fields))
    return found


DESTINATION = {"host": "s.n.svc.cluster.local", "port": {"number": 80}, "subset": "v"}
RULE = {
    "from": [{"source": {"principals": ["p"]}}],
    "to": [{"operation": {"methods": ["GET"], "paths": ["/prometheus"], "ports": ["6000"]}}],
    "when": [{"key": "destination.port", "values": ["6000"], "notValues": ["1"]}],
}
HTTP = {
    "match": [
        {
            "uri": {"prefix": "/a/"},
            "method": {"exact": "GET"},
            "headers": {"x": {"regex": "a+"}},
            "withoutHeaders": {"y": {"exact": "b"}},
            "queryParams": {"q": {"exact": "c"}},
            "gateways": ["n/g"],
            "port": 80,
            "sourceLabels": {"app": "a"},
            "ignoreUriCase": True,
        }
    ],
    "route": [
        {"destination": DESTINATION, "weight": 40, "headers": {"request": {"set": {"host": "b.com"}}}},
        {"destination": DESTINATION | {"subset": "w"}, "weight": 60},
    ],
    "mirrors": [{"destination": DESTINATION, "percentage": {"value": 5.5}}],
    "rewrite": {"uri": "/b/", "authority": "c.com"},
    "timeout": "1s",
    "retries": {"attempts": 2, "perTryTimeout": "1s", "retryOn": "5xx"},
    "fault": {"delay": {"fixedDelay": "1s"}},
}
TLS = {"mode": "SIMPLE", "credentialName": "cert"}
SERVICE = {
    "selector": {"app": "a"},
    "type": "ClusterIP",
    "ports": [{"name": "p", "port": 80, "targetPort": "web", "protocol": "TCP"}],
}
CONTAINERS = [{"name": "c", "ports": [{"name": "web", "containerPort": 80}]}]
ISTIO = [
    obj(NETWORKING, "VirtualService", "v", {"hosts": ["a.com"], "gateways": ["n/g"], "http": [HTTP]}),
    obj(NETWORKING, "VirtualService", "u", {"hosts": ["*.com"], "gateways": ["n/g", "mesh"], "http": [HTTP, HTTP]}),
    obj(
        NETWORKING,
        "Gateway",
        "g",
        {
            "selector": {"app": "a"},
            "servers": [
                {
                    "port": {"number": 80, "name": "h", "protocol": "HTTP"},
                    "hosts": ["*"],
                    "tls": {"httpsRedirect": True},
                },
                {
                    "port": {"number": 443, "name": "s", "protocol": "HTTPS"},
                    "hosts": ["./a.com"],
                    "tls": TLS,
                    "bind": "",
                },
            ],
        },
    ),
    obj(
        NETWORKING,
        "DestinationRule",
        "d",
        {
            "host": "s.n.svc.cluster.local",
            "trafficPolicy": {"tls": {"mode": "SIMPLE"}, "portLevelSettings": [{"port": {"number": 80}, "tls": TLS}]},
            "subsets": [{"name": "v", "labels": {"app": "a"}, "trafficPolicy": {"tls": {"mode": "DISABLE"}}}],
            "exportTo": ["*"],
        },
    ),
    obj(
        NETWORKING, "ServiceEntry", "e", {"hosts": ["x.com"], "ports": [{"number": 80, "name": "p", "protocol": "TCP"}]}
    ),
    obj(
        SECURITY,
        "AuthorizationPolicy",
        "a",
        {"action": "ALLOW", "selector": {"matchLabels": LABELS}, "rules": [RULE]},
        annotations={"istio.io/dry-run": "false"},
    ),
    obj(
        SECURITY,
        "PeerAuthentication",
        "p",
        {
            "selector": {"matchLabels": LABELS},
            "mtls": {"mode": "STRICT"},
            "portLevelMtls": {"8000": {"mode": "STRICT"}},
        },
    ),
    obj("v1", "Service", "s", SERVICE),
    obj("v1", "Pod", "pod", {"containers": CONTAINERS}),
    obj(
        "apps/v1", "Deployment", "w", {"template": {"metadata": {"labels": LABELS}, "spec": {"containers": CONTAINERS}}}
    ),
    obj("v1", "Namespace", "n", {}),
    obj("networking.k8s.io/v1", "Ingress", "i", {"tls": [{"hosts": ["a.com"], "secretName": "cert"}]}),
    {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "cert", "namespace": "n"}, "type": "kubernetes.io/tls"}
    | {"data": {"tls.crt": "YQ==", "tls.key": "YQ=="}, "stringData": {"ca.crt": "x"}},
]


def places(value, path=()):
    """The path of everything in a value."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def damaged(whole, damages):
    found = copy.deepcopy(whole)
    for path, value in damages:
        at = found
        try:
            for key in path[:-1]:
                at = at[key]
            at[path[-1]] = value
        except (KeyError, IndexError, TypeError):
            continue
    return found


# What is empty, of each type, goes through other branches than what is full.
anything = garbage | st.sampled_from(
    (None, "", [], {}, 0, 1, -1, 1e300, 2**70, True, False, "*", "a", ["a"], [None], {"a": None}, {"a": {"b": []}})
)
anything |= st.sampled_from((V2, V3, "getambassador.io/v1", "getambassador.io/v0", "getambassador.io/v9", "9" * 5000))


def damages(whole):
    paths = [path for path in places(whole) if len(path) > 1]
    return st.lists(st.tuples(st.sampled_from(paths), anything), min_size=1, max_size=3)


def check(findings):
    """Each finding is one line that somebody can read."""
    for finding in findings:
        texts = finding.where, finding.message, finding.fix
        assert all(text.isprintable() and text for text in texts), texts
        assert sum(map(len, texts)) < 1500


def check_ambassador(objects):
    for generation in ("v1", "v3"):
        alone = emissary_table(objects, generation=generation)
        for table in (alone, emissary_tables(objects, generation=generation)):
            check((*table.findings, *conflicts(table, "s"), *port_findings(table, objects)))
    for version in ("1.14.4", "2.0.4", "3.7.0", "4.0.0"):
        check(ambassador_version_findings(objects, version))
    check((*unknown_ids(objects), *tls_findings(objects, NOW)))


def annotated(documents):
    """A Service whose annotation holds documents."""
    text = "\n---\n".join(json.dumps(document) for document in documents)
    return [obj("v1", "Service", "s", SERVICE, annotations={ANNOTATION: text})]


WHOLE = {version: ambassador(version) for version in (V2, V3)}
NOT_DAMAGED = [(("no such place",), None)]


@pytest.mark.parametrize("version", WHOLE)
def test_the_whole_objects_have_routes(version):
    """What is refused as a whole already would hide what damage does."""
    objects = objects_of(WHOLE[version])
    table = emissary_table(objects, generation="v3")
    assert any(host.rows for entrance in table.entrances for host in entrance.hosts)
    assert not [finding for finding in table.findings if finding.id == "C12"]
    rows = [row for entrance in istio_table(ISTIO).entrances for host in entrance.hosts for row in host.rows]
    assert len(rows) == 3


@usual
@given(st.sampled_from(sorted(WHOLE)).flatmap(lambda one: st.tuples(st.just(one), damages(objects_of(WHOLE[one])))))
def test_damaged_objects_of_ambassador(found):
    version, damage = found
    check_ambassador(damaged(objects_of(WHOLE[version]), damage))


@usual
@given(st.sampled_from(sorted(WHOLE)).flatmap(lambda one: st.tuples(st.just(one), damages(WHOLE[one]))))
def test_damaged_documents_of_annotations(found):
    version, damage = found
    check_ambassador(annotated(damaged(WHOLE[version], damage)))


@usual
@given(damages(ISTIO))
@example(NOT_DAMAGED)
def test_damaged_objects_of_istio(damage):
    objects = damaged(ISTIO, damage)
    table = istio_table(objects)
    check((*table.findings, *conflicts(table, "s"), *port_findings(table, objects), *istio_findings(objects)))
    check((*istio_version_findings(objects, "1.19.3"), *tls_findings(objects, NOW)))
