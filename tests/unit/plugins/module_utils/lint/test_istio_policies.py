# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies that keep Prometheus away from the metrics of models, and near misses that do not."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.lint.istio_objects import istio_findings

SECURITY = "security.istio.io/v1beta1"
OLD, NEW = "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z"
MODEL = {"seldon-deployment-id": "m", "seldon-app": "m-p"}


def obj(version, kind, name, spec, namespace="n", **metadata):
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": spec,
    }


def pod(labels, name="pod", namespace="n", ports=()):
    containers = [{"name": "c", "ports": [{"name": key, "containerPort": port} for key, port in ports]}]
    return obj("v1", "Pod", name, {"containers": containers}, namespace, labels=labels)


def deployment(labels, name="web", namespace="n", kind="Deployment"):
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c"}]}}
    # The labels of the object itself say nothing about its pods.
    own = {"seldon-deployment-id": "no", "istio": "other"}
    return obj("apps/v1", kind, name, {"template": template}, namespace, labels=own)


def policy(rules=None, name="a", namespace="n", labels=None, annotations=None, **spec):
    body = ({} if rules is None else {"rules": rules}) | ({"selector": {"matchLabels": labels}} if labels else {})
    metadata = {"annotations": annotations} if annotations else {}
    return obj(SECURITY, "AuthorizationPolicy", name, body | spec, namespace, **metadata)


def peer(mode="STRICT", name="a", namespace="n", labels=None, created=OLD, ports=None):
    body = ({"mtls": {"mode": mode}} if mode else {}) | ({"selector": {"matchLabels": labels}} if labels else {})
    body |= {"portLevelMtls": {port: {"mode": own} for port, own in ports.items()}} if ports else {}
    return obj(SECURITY, "PeerAuthentication", name, body, namespace, creationTimestamp=created)


def operation(**fields):
    return {"to": [{"operation": fields}]}


def found(*objects):
    return [(item.id, item.level, item.where, item.message) for item in istio_findings(objects)]


def ids(*objects):
    return [item.id for item in istio_findings(objects)]


ASKS = [{"from": [{"source": {"namespaces": ["monitoring"]}}]}]
OPEN = [operation(methods=["GET"], paths=["/prometheus"])]
SHUT = [operation(methods=["POST"])]
SELDON = {"apiVersion": "machinelearning.seldon.io/v1", "kind": "SeldonDeployment"}
SELDON |= {"metadata": {"name": "m", "namespace": "n"}, "spec": {}}
MODEL_POD = pod(MODEL)
MODEL_WEB = deployment(MODEL)


@pytest.mark.parametrize(
    "rules",
    [
        None,
        [],
        ASKS,
        SHUT,
        [*ASKS, *SHUT],
        # Whom a rule asks for counts, unless it is about metrics.
        [ASKS[0] | operation(methods=["GET"])],
        [ASKS[0] | operation(paths=["*"])],
        [ASKS[0] | operation(paths=["/prom*"])],
        [ASKS[0] | operation(paths=["/prometheus/x"])],
        [ASKS[0] | operation(paths=["/prometheus/x", "*"])],
        [ASKS[0] | operation(methods=["POST"], paths=["/prometheus"])],
        [ASKS[0] | operation(paths=["/prometheus"], ports=["9000"])],
        [ASKS[0] | operation(paths=["/api"], ports=["6000"])],
        [ASKS[0] | operation(notPorts=["6000"])],
        # At this port predictions are asked for too.
        [ASKS[0] | operation(ports=["8000"])],
        [ASKS[0] | {"when": [{"key": "destination.port", "values": ["8000"]}]}],
        [ASKS[0] | {"when": [{"key": "destination.port", "notValues": ["6000"]}]}],
        [ASKS[0] | {"when": [{"key": "request.headers[x]", "values": ["6000"]}]}],
        [operation(methods=["GET"], paths=["/api*"])],
        [operation(notPaths=["/prom*"])],
        [operation(notMethods=["GET"])],
        [operation(ports=["9000", "60000"])],
        [operation(notPorts=["6000", "6001", "8000"])],
        [operation(hosts=["a.com"])],
        [operation(paths=["/{*}/x"])],
        [{"when": [{"key": "request.headers[x]", "values": ["y"]}]}],
        [{"when": [{"key": "destination.port", "values": ["9000"]}]}],
    ],
)
@pytest.mark.parametrize(
    ("labels", "others"),
    [
        (None, []),
        ({"seldon-app": "m-p"}, []),
        ({"seldon-deployment-id": "m"}, []),
        (None, [SELDON]),
        ({"seldon-deployment-id": "m"}, [SELDON]),
        (None, [MODEL_POD]),
        ({"seldon-app": "m-p"}, [MODEL_WEB]),
    ],
)
def test_a_policy_that_keeps_metrics_back(rules, labels, others):
    ((identity, level, where, message),) = found(policy(rules, labels=labels), *others)
    assert (identity, level, where) == ("D08", "warning", "AuthorizationPolicy n/a")
    begin = "lets nobody read /prometheus unasked" if rules else "allows nothing"
    assert message == f"{begin}, so Prometheus may get no metrics of the models that it is for"


@pytest.mark.parametrize(
    "one",
    [
        policy([{}]),
        policy(OPEN),
        policy([*ASKS, *OPEN]),
        policy([*SHUT, operation(ports=["6000"])]),
        policy([operation(ports=["9000"], paths=["/x"]), operation(ports=["8000", "9000"])]),
        policy([operation(paths=["*"], methods=["GET", "POST"])]),
        policy([operation(paths=["/prom*"])]),
        policy([operation(paths=["*/prometheus"])]),
        policy([operation(paths=["/{*}"])]),
        policy([operation(notPaths=["/api/*"], notPorts=["6000"])]),
        policy([operation(hosts=["*"])]),
        policy([{"when": [{"key": "destination.port", "values": ["6001"]}]}]),
        policy([{"from": []}]),
        # Somebody chose who may read them.
        policy([ASKS[0] | OPEN[0]]),
        policy([ASKS[0] | operation(paths=["/prometheus*"])]),
        policy([ASKS[0] | operation(paths=["/api/*", "/prometheus"], ports=["8000"])]),
        policy([ASKS[0] | operation(ports=["8000", "6000"])]),
        policy([ASKS[0] | {"when": [{"key": "destination.port", "values": ["6000", "6001", "8000"]}]}]),
        policy([*SHUT, ASKS[0] | {"to": [*SHUT[0]["to"], *OPEN[0]["to"]]}]),
        policy(ASKS, action="DENY"),
        policy(ASKS, action="CUSTOM"),
        policy(ASKS, targetRefs=[{"kind": "Gateway", "name": "w"}]),
        policy(ASKS, annotations={"istio.io/dry-run": "true"}),
        # Nothing says that these are for models.
        policy(ASKS, labels={"app": "web"}),
    ],
)
def test_a_policy_that_lets_metrics_through(one):
    assert found(one) == []


@pytest.mark.parametrize(
    ("one", "others"),
    [
        (policy(ASKS, namespace="x"), [MODEL_POD]),
        (policy(ASKS, namespace="x"), [SELDON]),
        (policy(ASKS), [pod({"app": "m"})]),
        (policy(ASKS, labels={"seldon-app": "other"}), [MODEL_POD]),
        # What another policy allows is allowed.
        (policy(ASKS), [policy(OPEN, name="b")]),
        (policy(ASKS), [MODEL_POD, policy(OPEN, name="b", labels={"seldon-app": "m-p"})]),
        (policy(ASKS), [policy(OPEN, name="b", labels={"seldon-app": "m-p"})]),
        (policy(None), [policy(OPEN, name="b", namespace="istio-system"), MODEL_POD]),
        (policy(None), [SELDON, pod(MODEL | {"app": "x"}), policy(OPEN, name="b", labels={"app": "x"})]),
    ],
)
def test_a_policy_that_is_for_no_model_or_not_alone(one, others):
    assert found(one, *others) == []


def test_a_policy_of_the_mesh_counts_in_every_namespace():
    assert [item[2] for item in found(policy(None, namespace="istio-system"), MODEL_POD)] == [
        "AuthorizationPolicy istio-system/a"
    ]
    assert ids(policy(ASKS), MODEL_POD, policy(OPEN, name="b", labels={"seldon-app": "x"})) == ["D08"]


ALL_PORTS = dict.fromkeys(("6000", "6001", "8000"), "PERMISSIVE")


@pytest.mark.parametrize(
    ("objects", "ports"),
    [
        ([peer()], "6000, 6001, 8000"),
        ([peer(), SELDON], "6000, 6001, 8000"),
        ([peer(), MODEL_POD], "6000, 6001, 8000"),
        ([peer(labels={"seldon-app": "m-p"})], "6000, 6001, 8000"),
        ([peer(labels={"seldon-app": "m-p"}, ports={"8000": "DISABLE"}), MODEL_POD], "6000, 6001"),
        ([peer(labels=MODEL, ports=ALL_PORTS | {"6001": "STRICT"})], "6001"),
        ([peer(labels=MODEL, ports={6000: "PERMISSIVE", 6001: "UNSET"})], "6001, 8000"),
        # What the narrower one leaves open is inherited.
        ([peer(), peer(None, name="b", labels={"seldon-app": "m-p"}, ports={"8000": "DISABLE"})], "6000, 6001"),
        ([peer(), peer("UNSET", name="b", labels={"seldon-app": "m-p"}), MODEL_POD], "6000, 6001, 8000"),
        ([peer(), peer("PERMISSIVE", name="b", created=NEW), MODEL_POD], "6000, 6001, 8000"),
        ([peer(created=NEW), peer("PERMISSIVE", name="b", namespace="istio-system"), MODEL_POD], "6000, 6001, 8000"),
        # One by labels counts outside the namespace of the mesh only.
        ([peer(), peer("PERMISSIVE", name="b", namespace="istio-system", labels=MODEL), MODEL_POD], "6000, 6001, 8000"),
        ([peer(), peer("PERMISSIVE", name="b", namespace="istio-system"), MODEL_POD], "6000, 6001, 8000"),
        ([peer(), peer("PERMISSIVE", name="b", labels={"seldon-app": "x"}), MODEL_POD], "6000, 6001, 8000"),
    ],
)
def test_mutual_tls_that_keeps_metrics_back(objects, ports):
    ((identity, level, where, message),) = found(*objects)
    assert (identity, level, where) == ("D08", "warning", "PeerAuthentication n/a")
    assert message.startswith(f"asks for mutual TLS at the ports {ports} of models, so")


@pytest.mark.parametrize(
    "objects",
    [
        [peer("PERMISSIVE")],
        [peer("DISABLE"), MODEL_POD],
        [peer(None)],
        [peer(labels={"app": "web"})],
        [peer(labels=MODEL, ports=ALL_PORTS)],
        [peer(labels=MODEL, ports={6000: "DISABLE", 6001: "DISABLE", 8000: "PERMISSIVE"})],
        [peer(), peer(None, name="b", labels={"seldon-app": "m-p"}, ports=ALL_PORTS)],
        [peer(), peer("PERMISSIVE", name="b", labels={"seldon-app": "m-p"}), MODEL_POD],
        [peer(created=NEW), peer("PERMISSIVE", name="b"), MODEL_POD],
        [peer(namespace="istio-system"), peer("PERMISSIVE"), MODEL_POD],
        [peer(namespace="x"), MODEL_POD],
        # Of two for one namespace the younger does not count, even where the older one leaves all open.
        [peer(created=NEW), peer(None, name="b"), MODEL_POD],
        [peer(), pod({"app": "m"})],
        [peer(namespace="x"), SELDON],
    ],
)
def test_mutual_tls_that_leaves_metrics_open(objects):
    assert found(*objects) == []


def test_what_a_namespace_leaves_open_the_mesh_decides():
    places = [item[2] for item in found(peer("UNSET"), peer(namespace="istio-system"), MODEL_POD)]
    assert places == ["PeerAuthentication istio-system/a"]


def test_a_port_alone_may_ask_for_mutual_tls():
    ((_identity, _level, where, message),) = found(peer("PERMISSIVE", labels=MODEL, ports={"8000": "STRICT"}))
    assert where == "PeerAuthentication n/a"
    assert message.startswith("asks for mutual TLS at the ports 8000 of models")
