# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused in a SeldonDeployment: the path, what is wrong, and what is allowed."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.definition.findings import DefinitionError
from ansible_collections.mlops.ingress.plugins.module_utils.definition.model import Origin
from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
from ansible_collections.mlops.ingress.plugins.module_utils.definition.read import Source, read_definitions
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor

HEAD = "models.yaml, document 1, SeldonDeployment n/m: "


def read(*documents):
    return read_definitions(
        [Source(item, Origin(f"models.yaml, document {index + 1}")) for index, item in enumerate(documents)], CORRECTED
    )


def lines(*documents):
    with pytest.raises(DefinitionError) as caught:
        read(*documents)
    assert str(caught.value) == "\n".join(caught.value.lines)
    return list(caught.value.lines)


def pod(*names):
    return {"spec": {"containers": [{"name": name, "image": "i"} for name in names]}}


def node(name, *children, **fields):
    return {"name": name, "children": list(children)} | fields


def noted(**values):
    """A deployment with spec.annotations; ``_`` stands for ``-``."""
    return deployment(notes={key.replace("_", "-"): value for key, value in values.items()})


def at(key, place="spec"):
    return f"{place}.annotations[seldon.io/{key}]"


KAFKA = [{"name": name, "value": "x"} for name in ("KAFKA_BROKER", "KAFKA_INPUT_TOPIC", "KAFKA_OUTPUT_TOPIC")]

# document, path, what is wrong and what is allowed (parts of the sentence, in order)
SHAPE = {
    "no-name": (deployment() | {"metadata": {"namespace": "n"}}, "metadata.name", "is missing"),
    "no-metadata": (deployment() | {"metadata": None}, "metadata", "is missing"),
    "metadata-text": (deployment() | {"metadata": "m"}, "metadata", "is the text 'm': it must be a mapping"),
    "name-number": (deployment(5), "metadata.name", "is the number 5: it must be text"),
    "namespace-boolean": (deployment(namespace=True), "metadata.namespace", "is the boolean true: it must be text"),
    "no-spec": ({**deployment(), "spec": None}, "spec", "is missing"),
    "no-predictors": ({**deployment(), "spec": {}}, "spec.predictors", "is missing"),
    "predictors-null": ({**deployment(), "spec": {"predictors": None}}, "spec.predictors", "is missing"),
    "predictors-mapping": (
        {**deployment(), "spec": {"predictors": {}}},
        "spec.predictors",
        "is a mapping: it must be a list",
    ),
    "predictors-empty": (
        {**deployment(), "spec": {"predictors": []}},
        "spec.predictors",
        "is empty: a deployment needs",
    ),
    "predictor-text": (
        {**deployment(), "spec": {"predictors": ["p"]}},
        "spec.predictors[0]",
        "is the text 'p': it must be a mapping",
    ),
    "predictor-no-name": (deployment("m", predictor(None)), "spec.predictors[0].name", "is missing"),
    "predictor-no-graph": (deployment("m", predictor(graph=None)), "spec.predictors[0].graph", "is missing"),
    "graph-list": (deployment("m", predictor(graph=[])), "spec.predictors[0].graph", "is a list: it must be a mapping"),
    "node-no-name": (
        deployment("m", predictor(graph={"type": "MODEL"})),
        "spec.predictors[0].graph.name",
        "is missing",
    ),
    "child-no-name": (
        deployment("m", predictor(graph=node("c", {"type": "MODEL"}))),
        "spec.predictors[0].graph.children[0].name",
        "is missing",
    ),
    "children-mapping": (
        deployment("m", predictor(graph={"name": "c", "children": {}})),
        "spec.predictors[0].graph.children",
        "is a mapping: it must be a list",
    ),
    "container-no-name": (
        deployment("m", predictor(componentSpecs=[{"spec": {"containers": [{"image": "i"}]}}])),
        "spec.predictors[0].componentSpecs[0].spec.containers[0].name",
        "is missing",
    ),
    "traffic-text": (
        deployment("m", predictor(traffic="75")),
        "spec.predictors[0].traffic",
        "is the text '75': it must be a whole number from 0 to 100",
    ),
    "traffic-fraction": (
        deployment("m", predictor(traffic=75.5)),
        "spec.predictors[0].traffic",
        "is the number 75.5: it must be a whole number",
    ),
    "traffic-boolean": (
        deployment("m", predictor(traffic=True)),
        "spec.predictors[0].traffic",
        "is the boolean true: it must be a whole number",
    ),
    "traffic-int32": (
        deployment("m", predictor(traffic=2147483648)),
        "spec.predictors[0].traffic",
        "is the number 2147483648: it must be a whole number from 0 to 100",
    ),
    "shadow-text": (
        deployment("m", predictor(shadow="yes")),
        "spec.predictors[0].shadow",
        "is the text 'yes': it must be true or false",
    ),
    "labels-number": (
        deployment("m", predictor(labels={"version": 1})),
        "spec.predictors[0].labels[version]",
        "is the number 1: it must be text; put it in quotes",
    ),
    "annotation-number": (
        noted(rest_timeout=5000),
        at("rest-timeout"),
        "is the number 5000: it must be text; put it in quotes",
    ),
    "annotation-null": (noted(rest_timeout=None), at("rest-timeout"), "is null: it must be text"),
    "predictor-annotation-boolean": (
        deployment("m", predictor(notes={"no-engine": True})),
        "spec.predictors[0].annotations[seldon.io/no-engine]",
        "is the boolean true: it must be text; put it in quotes",
    ),
    "ssl-text": (
        deployment("m", predictor(ssl="s")),
        "spec.predictors[0].ssl",
        "is the text 's': it must be a mapping",
    ),
    "secret-number": (
        deployment("m", predictor(ssl={"certSecretName": 1})),
        "spec.predictors[0].ssl.certSecretName",
        "is the number 1",
    ),
    "explainer-text": (deployment("m", predictor(explainer="x")), "spec.predictors[0].explainer", "is the text 'x'"),
    "explainer-container-no-name": (
        deployment("m", predictor(explainer={"type": "A", "containerSpec": {"image": "i"}})),
        "spec.predictors[0].explainer.containerSpec.name",
        "is missing",
    ),
    "explainer-port": (
        deployment("m", predictor(explainer={"type": "A", "endpoint": {"service_port": 70000}})),
        "spec.predictors[0].explainer.endpoint.service_port",
        "is the number 70000: it must be a whole number from 0 to 65535",
    ),
    "container-port": (
        deployment(
            "m",
            predictor(componentSpecs=[{"spec": {"containers": [{"name": "c", "ports": [{"containerPort": 0}]}]}}]),
        ),
        "spec.predictors[0].componentSpecs[0].spec.containers[0].ports[0].containerPort",
        "is the number 0: it must be a whole number from 1 to 65535",
    ),
}

WEBHOOK = {
    "protocol": (deployment(protocol="x"), "spec.protocol", "is 'x': allowed are seldon, tensorflow, kfserving, v2"),
    "transport": (deployment(transport="http"), "spec.transport", "is 'http': allowed are rest, grpc"),
    "server-type": (deployment(serverType="amqp"), "spec.serverType", "is 'amqp': allowed are rpc, kafka"),
    "kafka-no-env": (
        deployment(serverType="kafka"),
        "spec.predictors[0].svcOrchSpec.env",
        "lacks KAFKA_BROKER, KAFKA_INPUT_TOPIC, KAFKA_OUTPUT_TOPIC: serverType kafka needs them",
    ),
    "kafka-one-missing": (
        deployment("m", predictor(svcOrchSpec={"env": KAFKA[:2]}), serverType="kafka"),
        "spec.predictors[0].svcOrchSpec.env",
        "lacks KAFKA_OUTPUT_TOPIC",
    ),
    "only-a-shadow": (
        deployment("m", predictor(shadow=True)),
        "spec.predictors[0].shadow",
        "there is no predictor beside the shadow: a shadow copies requests of another predictor",
    ),
    "svc-name-twice": (
        deployment(
            "m",
            predictor("a", traffic=50, notes={"svc-name": "x"}),
            predictor("b", traffic=50, notes={"svc-name": "x"}),
        ),
        "spec.predictors[1].annotations[seldon.io/svc-name]",
        "'x' is taken by an earlier predictor",
    ),
    "no-engine-two-nodes": (
        deployment(
            "m", predictor(notes={"no-engine": "true"}, graph=node("c", node("k")), componentSpecs=[pod("c", "k")])
        ),
        "spec.predictors[0].annotations[seldon.io/no-engine]",
        "the graph has more than one node",
    ),
    "no-engine-false-two-nodes": (
        deployment(
            "m", predictor(notes={"no-engine": "false"}, graph=node("c", node("k")), componentSpecs=[pod("c", "k")])
        ),
        "spec.predictors[0].annotations[seldon.io/no-engine]",
        "its value does not matter",
    ),
    "same-predictor": (
        deployment("m", predictor("a", traffic=50), predictor("a", traffic=50)),
        "spec.predictors[1].name",
        "'a' is taken by an earlier predictor: rename one",
    ),
    "no-container": (
        deployment("m", predictor(graph=node("c", node("zz")))),
        "spec.predictors[0].graph.children[0].name",
        "there is no container 'zz' in spec.predictors[0].componentSpecs",
    ),
    "unknown-implementation-needs-container": (
        deployment("m", predictor(graph=node("c", node("zz", implementation="UNKNOWN_IMPLEMENTATION")))),
        "spec.predictors[0].graph.children[0].name",
        "there is no container 'zz'",
    ),
    "no-model-uri": (
        deployment("m", predictor(graph=node("c", implementation="SKLEARN_SERVER"))),
        "spec.predictors[0].graph.modelUri",
        "is missing: SKLEARN_SERVER needs the address of a model",
    ),
    "tensorflow-protocol": (
        deployment(
            "m", predictor(graph=node("c", implementation="XGBOOST_SERVER", modelUri="gs://b")), protocol="tensorflow"
        ),
        "spec.predictors[0].graph.implementation",
        "XGBOOST_SERVER does not speak the protocol tensorflow",
    ),
    "unknown-server": (
        deployment("m", predictor(graph=node("c", implementation="NOPE_SERVER"))),
        "spec.predictors[0].graph.implementation",
        "'NOPE_SERVER' is not known: allowed are AVERAGE_COMBINER, HUGGINGFACE_SERVER",
    ),
    "logger-without-mode": (
        deployment("m", predictor(graph=node("c", logger={"url": "http://x"}))),
        "spec.predictors[0].graph.logger.mode",
        "is missing: allowed are all, request and response",
    ),
    "two-endpoint-types": (
        deployment(
            "m",
            predictor("a", traffic=50, graph=node("c", endpoint={"type": "REST"})),
            predictor("b", traffic=50, graph=node("c", endpoint={"type": "GRPC"})),
        ),
        "spec.predictors[1].graph.endpoint.type",
        "differs from others of the deployment (GRPC, REST)",
    ),
    "endpoint-against-transport": (
        deployment("m", predictor(graph=node("c", endpoint={"type": "GRPC"})), transport="rest"),
        "spec.predictors[0].graph.endpoint.type",
        "is 'GRPC' and spec.transport is 'rest'",
    ),
    "two-shadows": (
        deployment("m", predictor("a"), predictor("s", shadow=True), predictor("t", shadow=True)),
        "spec.predictors[2].shadow",
        "is the second shadow: a deployment has one shadow at most",
    ),
    "shadow-101": (
        deployment("m", predictor("a"), predictor("s", shadow=True, traffic=101)),
        "spec.predictors[1].traffic",
        "is 101: write a whole number from 0 to 100",
    ),
    "sum-99": (
        deployment("m", predictor("a", traffic=74), predictor("b", traffic=25)),
        "spec.predictors",
        "the traffic adds up to 99 (a 74, b 25): without shadows it must add up to 100",
    ),
    "sum-without-shadow": (
        deployment(
            "m", predictor("a", traffic=50), predictor("b", traffic=25), predictor("s", traffic=25, shadow=True)
        ),
        "spec.predictors",
        "the traffic adds up to 75 (a 50, b 25)",
    ),
    "sum-0": (
        deployment("m", predictor("a"), predictor("b")),
        "spec.predictors",
        "the traffic adds up to 0 (a 0, b 0)",
    ),
    "lone-1": (
        deployment("m", predictor(traffic=1)),
        "spec.predictors[0].traffic",
        "is 1: a lone predictor gets all requests",
    ),
    "lone-99": (
        deployment("m", predictor(traffic=99)),
        "spec.predictors[0].traffic",
        "is 99: a lone predictor gets all requests",
    ),
}

STRICTER = {
    "B17-name-upper": (deployment("M"), "metadata.name", "is 'M': Services are named after it"),
    "B17-name-dot": (deployment("a.b"), "metadata.name", "is 'a.b'"),
    "B17-name-digit-first": (deployment("1m"), "metadata.name", "is '1m'"),
    "B17-name-hyphen-last": (deployment("m-"), "metadata.name", "is 'm-'"),
    "B17-name-newline": (deployment("m\n"), "metadata.name", r"is 'm\n'"),
    "B17-name-accent": (deployment("é"), "metadata.name", "is 'é'"),
    "B17-name-254": (deployment("m" * 240), "metadata.name", "has 240 characters: the names made of it pass 253"),
    "B17-namespace": (deployment(namespace="N_s"), "metadata.namespace", "'N_s' may hold only lower-case letters"),
    "B17-namespace-64": (deployment(namespace="n" * 64), "metadata.namespace", "has 64 characters, at most 63"),
    "B17-predictor-upper": (
        deployment("m", predictor("P1")),
        "spec.predictors[0].name",
        "'P1' may hold only lower-case letters",
    ),
    "B17-predictor-underscore": (deployment("m", predictor("a_b")), "spec.predictors[0].name", "'a_b' may hold only"),
    "B17-predictor-dot": (deployment("m", predictor("a.b")), "spec.predictors[0].name", "'a.b' may hold only"),
    "B17-predictor-emoji": (deployment("m", predictor("😀")), "spec.predictors[0].name", "'😀' may hold only"),
    "B35-predictor-64": (
        deployment("m", predictor("p" * 64)),
        "spec.predictors[0].name",
        "has 64 characters, at most 63",
    ),
    "B17-predictor-empty": (deployment("m", predictor("")), "spec.predictors[0].name", "is empty"),
    "B17-svc-name-empty": (
        deployment("m", predictor(notes={"svc-name": ""})),
        "spec.predictors[0].annotations[seldon.io/svc-name]",
        "is empty",
    ),
    "B17-svc-name-digit": (
        deployment("m", predictor(notes={"svc-name": "1a"})),
        "spec.predictors[0].annotations[seldon.io/svc-name]",
        "begins with a letter",
    ),
    "B17-svc-name-64": (
        deployment("m", predictor(notes={"svc-name": "a" * 64})),
        "spec.predictors[0].annotations[seldon.io/svc-name]",
        "has 64 characters, at most 63",
    ),
    "B35-version": (
        deployment("m", predictor(labels={"version": "a b"})),
        "spec.predictors[0].labels.version",
        "'a b' may hold only letters",
    ),
    "B16-250": (
        deployment("m", predictor(traffic=250)),
        "spec.predictors[0].traffic",
        "is 250: write a whole number from 0 to 100",
    ),
    "B16-minus-5": (
        deployment("m", predictor(traffic=-5)),
        "spec.predictors[0].traffic",
        "is -5: write a whole number from 0 to 100",
    ),
    "B29-explainer-beside-predictor": (
        deployment("m", predictor("a", traffic=50, explainer={"type": "A"}), predictor("a-explainer", traffic=50)),
        "spec.predictors[1]",
        "predictor 'a-explainer' and the explainer of 'a' both need the Service 'm-a-explainer'",
    ),
    "B29-container-explainer": (
        deployment(
            "m", predictor("a", explainer={"type": "A"}, graph=node("explainer"), componentSpecs=[pod("explainer")])
        ),
        "spec.predictors[0].explainer",
        "the explainer of 'a' and container 'explainer' both need the Service 'm-a-explainer'",
    ),
    "B29-predictor-container": (
        deployment("m", predictor("p", traffic=50), predictor("p-c", traffic=50)),
        "spec.predictors[1]",
        "predictor 'p-c' and container 'c' both need the Service 'm-p-c'",
    ),
    "B29-svc-name-of-another": (
        deployment("m", predictor("a", traffic=50), predictor("b", traffic=50, notes={"svc-name": "m-a"})),
        "spec.predictors[1]",
        "predictor 'b' and predictor 'a' both need the Service 'm-a'",
    ),
    "B31-simple-model": (
        deployment("m", predictor(graph=node("x", implementation="SIMPLE_MODEL"), componentSpecs=None)),
        "spec.predictors[0].graph",
        "no node of the graph has its container in the first of componentSpecs, so the engine has no place: move one "
        "there, or set seldon.io/engine-separate-pod: 'true' in spec.annotations",
    ),
    "B31-second-pod": (
        deployment("m", predictor(graph=node("c"), componentSpecs=[pod("x"), pod("c")])),
        "spec.predictors[0].graph",
        "the engine has no place",
    ),
    "B32-share-without-service": (
        deployment(
            "m",
            predictor("a", traffic=50),
            predictor(
                "b",
                traffic=50,
                notes={"no-engine": "true"},
                graph=node("tfserving"),
                componentSpecs=[pod("tfserving")],
            ),
        ),
        "spec.predictors[1].graph.name",
        "the operator makes no Service for a container 'tfserving' without engine",
    ),
}

NUMBER = "write a whole number from 0 to 2147483647, with digits only (no unit, space or '_')"
ANNOTATIONS = {
    **{
        f"number-{number!r}": (noted(rest_timeout=number), at("rest-timeout"), f"is {number!r}: {NUMBER}")
        for number in ("5s", " 5", "5 ", "5_000", "0x10", "1e3", "3.0", "--5", "+", "-", "", "-1", "2147483648")
    },
    "number-2**63": (noted(rest_timeout=str(2**63)), at("rest-timeout"), NUMBER),
    "number-arabic": (noted(rest_timeout="٣"), at("rest-timeout"), NUMBER),
    "number-newline": (noted(rest_timeout="5\n"), at("rest-timeout"), NUMBER),
    "number-long": (noted(rest_timeout="9" * 100), at("rest-timeout"), "...': write a whole number"),
    "B7-grpc-timeout": (noted(grpc_timeout="5s"), at("grpc-timeout"), f"is '5s': {NUMBER}"),
    "B7-grpc-timeout-empty": (noted(grpc_timeout=""), at("grpc-timeout"), "is ''"),
    "retries": (noted(ambassador_retries="x"), at("ambassador-retries"), NUMBER),
    "retries-empty": (noted(ambassador_retries=""), at("ambassador-retries"), NUMBER),
    "retries-negative": (noted(ambassador_retries="-1"), at("ambassador-retries"), NUMBER),
    "B30-istio-retries": (noted(istio_retries="4294967297"), at("istio-retries"), NUMBER),
    "istio-retries-negative": (noted(istio_retries="-2"), at("istio-retries"), NUMBER),
    "B15-retries-timeout-0": (
        noted(istio_retries="3", istio_retries_timeout="0"),
        at("istio-retries-timeout"),
        "is '0': write a whole number from 1 to",
    ),
    "B15-retries-timeout-empty": (
        noted(istio_retries="3", istio_retries_timeout=""),
        at("istio-retries-timeout"),
        "is ''",
    ),
    **{
        f"breaker-{key}": (
            noted(**{f"ambassador_circuit_breakers_{key.replace('-', '_')}": "many"}),
            at(f"ambassador-circuit-breakers-{key}"),
            f"is 'many': {NUMBER}",
        )
        for key in ("max-connections", "max-pending-requests", "max-requests", "max-retries")
    },
    **{
        f"header-{text!r}": (noted(ambassador_header=text), at("ambassador-header"), "with the name of an HTTP header")
        for text in (":x", ":", " : x", "a b: c", "é: c", " ")
    },
    "header-no-value": (noted(ambassador_header="x:"), at("ambassador-header"), "is 'x:' and has no value"),
    "header-blank-value": (noted(ambassador_header="x:  "), at("ambassador-header"), "has no value"),
    "header-newline": (noted(ambassador_header="x: a\nb"), at("ambassador-header"), "has no line break"),
    "B22-seldon": (noted(ambassador_header="seldon: other"), at("ambassador-header"), "names the header 'seldon'"),
    "B22-namespace": (noted(ambassador_header="Namespace: x"), at("ambassador-header"), "names the header 'namespace'"),
    "B22-regex": (
        noted(ambassador_regex_header="seldon: .*"),
        at("ambassador-regex-header"),
        "names the header 'seldon'",
    ),
    "regex-no-value": (noted(ambassador_regex_header="x"), at("ambassador-regex-header"), "has no regular expression"),
    "regex-broken": (
        noted(ambassador_regex_header="x: (a"),
        at("ambassador-regex-header"),
        "'(a' has a '(' without ')'",
    ),
    "regex-lookahead": (
        noted(ambassador_regex_header="x: (?=a)"),
        at("ambassador-regex-header"),
        "which RE2 does not know",
    ),
    "regex-and-header": (
        noted(ambassador_header="X: y", ambassador_regex_header="x: y.*"),
        at("ambassador-regex-header"),
        "names the header 'x' as seldon.io/ambassador-header does",
    ),
    "service-name-empty": (noted(ambassador_service_name=""), at("ambassador-service-name"), "is ''"),
    "service-name-slash": (noted(ambassador_service_name="a/b"), at("ambassador-service-name"), "is 'a/b'"),
    **{
        f"gateway-{text!r}": (noted(istio_gateway=text), at("istio-gateway"), what)
        for text, what in {
            "": "must be mesh, name or namespace/name",
            "a,b": "names several gateways",
            "./gw": "'.' may hold only",
            "a/b/c": "must be mesh, name or namespace/name",
            "/gw": "must be mesh, name or namespace/name",
            "ns/": "must be mesh, name or namespace/name",
            "Ns/gw": "'Ns' may hold only",
            "g w": "'g w' may hold only",
        }.items()
    },
    **{
        f"host-{text!r}": (noted(istio_host=text), at("istio-host"), what)
        for text, what in {
            "": "holds an empty host",
            "a.com,": "holds an empty host",
            "a.com, ,b.com": "holds an empty host",
            "a.com,a.com": "holds a host twice",
            "a.com,A.com": "holds a host twice",
            "a_b.com": "holds 'a_b.com', which is no DNS name",
            "*foo.com": "holds '*foo.com', which is no DNS name",
            "a..b": "holds 'a..b'",
            "http://a.com": "is no DNS name",
            "*.a.com,b.a.com": "holds '*.a.com', which already covers 'b.a.com'",
            "*,a.com": "holds '*', which already covers 'a.com'",
        }.items()
    },
    "config-not-yaml": (noted(ambassador_config="a: [1, 2\nb: }"), at("ambassador-config"), "is not YAML"),
    "config-text": (
        noted(ambassador_config="hello"),
        at("ambassador-config"),
        "document 1 is the text 'hello' and must be a mapping",
    ),
    "config-kind": (
        noted(ambassador_config="apiVersion: ambassador/v2\nkind: Module\nname: x"),
        at("ambassador-config"),
        "document 1 has kind 'Module'; allowed are Mapping, TCPMapping, TLSContext",
    ),
    "config-version": (
        noted(ambassador_config="apiVersion: v1\nkind: TLSContext\nname: x"),
        at("ambassador-config"),
        "document 1 has apiVersion 'v1'; allowed are ambassador/v0",
    ),
    "config-second-document": (
        noted(
            ambassador_config="---\napiVersion: ambassador/v1\nkind: TLSContext\nname: x\n"
            "---\napiVersion: ambassador/v1\nkind: Mapping\nname: second\nprefix: /y/"
        ),
        at("ambassador-config"),
        "document 2 has no service",
    ),
    "config-no-name": (
        noted(ambassador_config="apiVersion: ambassador/v1\nkind: TLSContext"),
        at("ambassador-config"),
        "document 1 has no name",
    ),
    "config-comment-only": (noted(ambassador_config="# nothing"), at("ambassador-config"), "holds no document"),
    "id-newline": (noted(ambassador_id="a\nb"), at("ambassador-id"), "write the id of one Ambassador"),
    "id-blank": (noted(ambassador_id=" a"), at("ambassador-id"), "is ' a'"),
    "metadata-path": (
        deployment(outer={"rest-timeout": "x"}),
        at("rest-timeout", "metadata"),
        "is 'x'",
    ),
    "spec-hides-metadata": (
        deployment(notes={"rest-timeout": ""}, outer={"rest-timeout": "5000"}),
        at("rest-timeout"),
        "is ''",
    ),
}


@pytest.mark.parametrize(
    ("document", "path", "what"),
    [
        pytest.param(*row, id=f"{group}-{name}")
        for group, table in (
            ("shape", SHAPE),
            ("webhook", WEBHOOK),
            ("stricter", STRICTER),
            ("annotation", ANNOTATIONS),
        )
        for name, row in table.items()
        if name != "B17-name-newline"
    ],
)
def test_refused(document, path, what):
    found = lines(document)
    # A wrong name is a part of the head, and the head of a lost namespace says default: only the path counts there.
    hits = [line for line in found if line.partition(": ")[2].startswith(f"{path}: ")]
    assert len(hits) == 1, found
    assert what in hits[0]
    assert hits[0].startswith("models.yaml, document 1, SeldonDeployment ")
    assert hits[0].endswith(".")
    assert "\n" not in hits[0]


def test_a_name_with_a_line_break_does_not_break_the_sentence():
    document, _path, what = STRICTER["B17-name-newline"]
    (line,) = lines(document)
    assert what in line
    assert "\n" not in line


ALONE = ("lone-99", "sum-99", "two-shadows", "no-model-uri", "protocol", "same-predictor")


@pytest.mark.parametrize("name", ALONE)
def test_one_mistake_gives_one_sentence(name):
    document, path, _what = WEBHOOK[name]
    (line,) = lines(document)
    assert line.startswith(f"{HEAD}{path}: ")


def test_every_problem_of_every_document_is_told_at_once():
    bad = deployment(
        "m",
        predictor("a", traffic=74, notes={"svc-name": "X"}),
        predictor("b", traffic=25, graph=node("zz")),
        notes={"rest-timeout": "5s", "ambassador-header": ":x"},
        protocol="x",
    )
    found = lines(bad, deployment("ok"), deployment("Other"), 5, {"kind": "Deployment", "apiVersion": "apps/v1"})
    paths = [line.split(": ")[1] for line in found if line.startswith(HEAD)]
    assert sorted(set(paths)) == sorted(
        [
            "spec.protocol",
            "spec.predictors",
            "spec.predictors[0].annotations[seldon.io/svc-name]",
            "spec.predictors[1].graph.name",
            "spec.predictors[1].graph",
            at("rest-timeout"),
            at("ambassador-header"),
        ]
    )
    assert any(line.startswith("models.yaml, document 3, SeldonDeployment n/Other: metadata.name: ") for line in found)
    assert (
        "models.yaml, document 4: is the number 5: a definition must be a mapping with apiVersion, kind, metadata"
        " and spec." in found
    )
    assert found[-1] == (
        "models.yaml, document 5: kind 'Deployment' with apiVersion 'apps/v1' is not a definition: allowed are "
        "SeldonDeployment (machinelearning.seldon.io/v1, machinelearning.seldon.io/v1alpha2, "
        "machinelearning.seldon.io/v1alpha3) and ServiceRoute (mlops.ingress/v1)."
    )


def test_a_stand_in_of_a_broken_field_is_not_judged():
    document = deployment("m", predictor("a", traffic="75"), predictor("b", traffic=25))
    (line,) = lines(document)
    assert "spec.predictors[0].traffic: is the text '75'" in line


def test_two_documents_with_one_identity():
    (line,) = lines(deployment(), deployment("other"), deployment())
    assert line == (
        "models.yaml, document 3, SeldonDeployment n/m: metadata.name: is already defined in models.yaml, document 1:"
        " keep one of the two."
    )


def test_no_namespace_and_default_are_the_same():
    (line,) = lines(deployment(namespace=None), deployment(namespace="default"))
    assert "SeldonDeployment default/m: metadata.name: is already defined in models.yaml, document 1" in line


GOOD = {
    "minimal": deployment(),
    "v1alpha2": deployment() | {"apiVersion": "machinelearning.seldon.io/v1alpha2"},
    "v1alpha3": deployment() | {"apiVersion": "machinelearning.seldon.io/v1alpha3"},
    "namespace-null": deployment(namespace=None),
    "traffic-whole-float": deployment("m", predictor("a", traffic=75.0), predictor("b", traffic=25)),
    "lone-100": deployment("m", predictor(traffic=100)),
    "lone-0": deployment("m", predictor(traffic=0)),
    "lone-null": deployment("m", predictor(traffic=None)),
    "main-50-shadow-50": deployment("m", predictor("a", traffic=50), predictor("s", traffic=50, shadow=True)),
    "shadow-first": deployment("m", predictor("s", shadow=True), predictor("a")),
    "kafka": deployment("m", predictor(svcOrchSpec={"env": KAFKA}), serverType="kafka"),
    "huggingface-without-uri": deployment(
        "m", predictor(graph=node("x", implementation="HUGGINGFACE_SERVER"), componentSpecs=None)
    ),
    "tensorflow-server": deployment(
        "m", predictor(graph=node("c", implementation="TENSORFLOW_SERVER", modelUri="gs://b")), protocol="tensorflow"
    ),
    "endpoint-is-transport": deployment("m", predictor(graph=node("c", endpoint={"type": "GRPC"})), transport="grpc"),
    "simple-model-separate": deployment(
        "m",
        predictor(graph=node("x", implementation="SIMPLE_MODEL"), componentSpecs=None),
        notes={"engine-separate-pod": "true"},
    ),
    "predictor-63": deployment("m", predictor("p" * 63)),
    "predictor-digit-first": deployment("m", predictor("1a")),
    "svc-name-63": deployment("m", predictor(notes={"svc-name": "a" * 63})),
    "name-64": deployment("m" * 64),
    "version-empty": deployment("m", predictor(labels={"version": ""})),
    "explainer-without-type": deployment("m", predictor(explainer={"type": ""})),
    "ssl-empty": deployment("m", predictor(ssl={"certSecretName": ""})),
    "istio-timeout-unread": deployment(notes={"istio-retries-timeout": "x"}),
    "istio-retries-empty": deployment(notes={"istio-retries": "", "istio-retries-timeout": "x"}),
    "breaker-empty": deployment(notes={"ambassador-circuit-breakers-max-requests": ""}),
    "header-empty": deployment(notes={"ambassador-header": "", "ambassador-regex-header": ""}),
    "id-empty": deployment(notes={"ambassador-id": ""}),
    "config-empty": deployment(notes={"ambassador-config": ""}),
    "header-colons": deployment(notes={"ambassador-header": "a:http://x:80"}),
    "number-plus": deployment(notes={"rest-timeout": "+5"}),
    "number-zeros": deployment(notes={"rest-timeout": "007"}),
    "number-zero": deployment(notes={"rest-timeout": "0"}),
    "number-limit": deployment(notes={"rest-timeout": "2147483647"}),
    "gateway-mesh": deployment(notes={"istio-gateway": "mesh", "istio-host": "m"}),
    "gateway-old-form": deployment(notes={"istio-gateway": "gw.ns"}),
    "hosts": deployment(notes={"istio-host": " a.com , *.b.com,c"}),
    "traffic-unused-fields": deployment("m", predictor(replicas=3, engineResources={}), oauth_key="k"),
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_accepted(document):
    (found,) = read(document).items
    assert found.name == document["metadata"]["name"]
    assert found.namespace == (document["metadata"].get("namespace") or "default")


LOOKUP = {
    "spec": ({"istio-host": "a"}, None, "a"),
    "metadata": (None, {"istio-host": "b"}, "b"),
    "spec-beats-metadata": ({"istio-host": "a"}, {"istio-host": "b"}, "a"),
    "other-key-hides-nothing": ({"istio-retries": "1"}, {"istio-host": "b"}, "b"),
    "none": (None, None, None),
}


@pytest.mark.parametrize(("inner", "outer", "value"), LOOKUP.values(), ids=LOOKUP)
def test_annotation_lookup(inner, outer, value):
    (found,) = read(deployment(notes=inner, outer=outer)).items
    assert found.annotation("istio-host") == value


def test_empty_text_in_spec_hides_metadata():
    (found,) = read(deployment(notes={"ambassador-header": ""}, outer={"ambassador-header": "a: b"})).items
    assert found.annotation("ambassador-header") == ""
    assert found.annotation_path("ambassador-header") == "spec.annotations[seldon.io/ambassador-header]"


NOTES = {
    "B24-separate-pod-in-metadata": (
        deployment(outer={"engine-separate-pod": "true"}),
        "B24",
        "metadata.annotations[seldon.io/engine-separate-pod]",
        "spec.annotations only",
    ),
    "B28-predictor-annotation": (
        deployment("m", predictor(notes={"getambassador.io/config": "---"})),
        "B28",
        "spec.predictors[0].annotations[getambassador.io/config]",
        "copies this annotation to every Service",
    ),
    "unknown-key": (
        deployment(notes={"ambasador-header": "a: b"}),
        "A11",
        "spec.annotations[seldon.io/ambasador-header]",
        "nothing reads this annotation (did you mean 'ambassador-header'?)",
    ),
    "unknown-key-far": (
        deployment(notes={"zzzzzz": "a"}),
        "A11",
        "spec.annotations[seldon.io/zzzzzz]",
        "nothing reads this annotation",
    ),
    "unknown-key-metadata": (
        deployment(outer={"istio-retry": "1"}),
        "A11",
        "metadata.annotations[seldon.io/istio-retry]",
        "(did you mean 'istio-retries'?)",
    ),
    "deployment-key-on-predictor": (
        deployment("m", predictor(notes={"rest-timeout": "5"})),
        "A11",
        "spec.predictors[0].annotations[seldon.io/rest-timeout]",
        "is not read in this place",
    ),
    "predictor-key-on-deployment": (
        deployment(notes={"svc-name": "x"}),
        "A11",
        "spec.annotations[seldon.io/svc-name]",
        "is not read in this place",
    ),
    "lone-main-beside-shadow": (
        deployment("m", predictor("a", traffic=50), predictor("s", traffic=50, shadow=True)),
        "A03",
        "spec.predictors[0].traffic",
        "is 50, but the only predictor beside a shadow gets all requests",
    ),
    "unknown-field": (
        deployment(protocl="v2"),
        "A11",
        "spec.protocl",
        "the field 'protocl' is not known and the API server drops it (did you mean 'protocol'?)",
    ),
    "unknown-field-of-predictor": (
        deployment("m", predictor("a", trafic=100)),
        "A11",
        "spec.predictors[0].trafic",
        "(did you mean 'traffic'?)",
    ),
}


@pytest.mark.parametrize(("document", "number", "path", "what"), NOTES.values(), ids=NOTES)
def test_noted(document, number, path, what):
    (found,) = read(document).findings
    assert (found.id, found.level) == (number, "warning")
    assert found.where == f"models.yaml, document 1 n/m {path}"
    assert what in found.message
    assert found.fix


@pytest.mark.parametrize("name", ["fluentd-logging", "rest-read-timeout", "executor"])
def test_keys_of_other_parts_are_no_finding(name):
    assert read(deployment(notes={name: "x"})).findings == ()


def test_a_list_is_unpacked_with_its_place():
    bad = deployment("m", predictor(traffic=50))
    listed = {"apiVersion": "v1", "kind": "List", "items": [deployment("a"), bad, "text"]}
    found = lines(listed)
    assert found[0].startswith("models.yaml, document 1, items[1], SeldonDeployment n/m: spec.predictors[0].traffic: ")
    assert found[1].startswith("models.yaml, document 1, items[2]: is the text 'text'")


@pytest.mark.parametrize("kind", ["List", "SeldonDeploymentList"])
def test_lists_of_kubectl(kind):
    found = read({"apiVersion": "v1", "kind": kind, "items": [deployment("b"), deployment("a")]})
    assert [item.name for item in found.items] == ["a", "b"]


def test_empty_list():
    assert read({"apiVersion": "v1", "kind": "List", "items": []}).items == ()


@pytest.mark.parametrize("value", [None, True, 5, 5.5, "text", [], [deployment()]], ids=repr)
def test_no_mapping(value):
    (line,) = lines(value)
    assert line.startswith("models.yaml, document 1: is ")
    assert line.endswith("a definition must be a mapping with apiVersion, kind, metadata and spec.")


@pytest.mark.parametrize(
    ("version", "kind", "said"),
    [
        ("machinelearning.seldon.io/v2", "SeldonDeployment", "the apiVersion 'machinelearning.seldon.io/v2'"),
        ("mlops.ingress/v1", "SeldonDeployment", "'SeldonDeployment' with apiVersion 'mlops.ingress/v1'"),
        (
            "machinelearning.seldon.io/v1",
            "ServiceRoute",
            "'ServiceRoute' with apiVersion 'machinelearning.seldon.io/v1'",
        ),
        ("machinelearning.seldon.io/v1", "Seldondeployment", "kind 'Seldondeployment' with"),
        (None, None, "kind null with apiVersion null"),
        (["machinelearning.seldon.io/v1"], {"a": 1}, "kind a mapping with apiVersion a list"),
        ("v1", "K" * 1_000_000, f"kind '{'K' * 77}...' with"),
    ],
)
def test_unknown_kind(version, kind, said):
    (line,) = lines(deployment() | {"apiVersion": version, "kind": kind})
    assert line.startswith("models.yaml, document 1: kind ")
    assert said.removeprefix("the ") in line
    assert "is not a definition: allowed are SeldonDeployment" in line


def test_order_of_definitions():
    found = read(deployment("b"), deployment("a", namespace="z"), deployment("a"))
    assert [(item.namespace, item.name) for item in found.items] == [("n", "a"), ("n", "b"), ("z", "a")]
