# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was measured on running proxies (Ambassador 1.14.4, Emissary 3.9.1 to 4.1.0, Istio 1.30), by the route tables.

Each case is named after what was measured. What a request meets is written as a mapping from targets to percents:
``m-a.n`` for a backend, ``404`` for what nobody answers, ``copy m-s.n`` for a mirror. Percents are exact.
"""

from __future__ import annotations

from fractions import Fraction

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import to_ambassador, to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.routing.emissary import emissary_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.istio import istio_table
from ansible_collections.mlops.ingress.plugins.module_utils.routing.model import Request
from ansible_collections.mlops.ingress.plugins.module_utils.routing.resolve import resolve
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor

V2, V3 = "getambassador.io/v2", "getambassador.io/v3alpha1"
REST = Request("POST", "any", "/seldon/n/m/api/v1.0/predictions")
NOBODY = {"404": 100}


def met(table, request, entrance=None):
    """The targets of a request with their percents."""
    (found,) = [item for item in table.entrances if entrance in (None, item.name)]
    answer = resolve(found, request)
    assert sum(part.percent for part in answer.parts) + answer.unanswered == 100
    percents = {}
    for part in answer.parts:
        host = part.share.target.host
        percents[host] = percents.get(host, Fraction(0)) + part.percent
    percents |= {"404": answer.unanswered} if answer.unanswered else {}
    return percents | {f"copy {item.copy.target.host}": item.percent for item in answer.mirrors}


def errors(table):
    return [item.id for item in table.findings if item.level == "error"]


def grpc(seldon="m", namespace="n", **more):
    headers = {"seldon": seldon, "namespace": namespace, **more}
    given = tuple(sorted((name, value) for name, value in headers.items() if value is not None))
    return Request("POST", "any", "/seldon.protos.Seldon/Predict", given)


def rest(path=REST.path, host="any", **headers):
    return Request("POST", host, path, tuple(sorted(headers.items())))


# --- Mappings -----------------------------------------------------------------------------------------------------


def resource(kind, name, version=V3, labels=None, **spec):
    metadata = {"name": name, "namespace": "n"} | ({"labels": labels} if labels else {})
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def mapping(name, version=V2, labels=None, **spec):
    """A Mapping for the address of the deployment m, to the Service of its own name."""
    spec = {"prefix": "/seldon/n/m/", "service": f"{name}:8000"} | spec
    return resource("Mapping", name, version, labels, **spec)


def weighted(**weights):
    """Mappings of one group; None is no weight."""
    return [mapping(name, **({} if weight is None else {"weight": weight})) for name, weight in weights.items()]


GROUPS = {
    "a weightless and b 25: b 25, a 75": (weighted(a=None, b=25), {"a.n": 75, "b.n": 25}),
    "both weightless: half each": (weighted(a=None, b=None), {"a.n": 50, "b.n": 50}),
    "weight 0 is honoured": (weighted(a=None, b=0), {"a.n": 100}),
    "a weightless, b 50, c weightless: the rest is shared": (
        weighted(a=None, b=50, c=None),
        {"a.n": 25, "b.n": 50, "c.n": 25},
    ),
    "three equal shares: the last one ends at 100": (
        weighted(a=None, b=None, c=None),
        {"a.n": 33, "b.n": 33, "c.n": 34},
    ),
    "a canary of 25 beside two weightless ones": (
        weighted(a=None, b=25, c=None),
        {"a.n": 38, "b.n": 25, "c.n": 37},
    ),
    "60/20/20 with a weightless first": (weighted(a=None, b=20, c=20), {"a.n": 60, "b.n": 20, "c.n": 20}),
    "a sum below 100 leaves the rest to 404": (weighted(a=20, b=30), {"a.n": 20, "b.n": 30, "404": 50}),
    "a sum below 100 leaves the rest to a shorter prefix": (
        [*weighted(a=20, b=30), mapping("z", prefix="/seldon/")],
        {"a.n": 20, "b.n": 30, "z.n": 50},
    ),
    "a shadow without weight copies everything": (
        [mapping("a"), mapping("s", shadow=True)],
        {"a.n": 100, "copy s.n": 100},
    ),
    "a shadow of weight 20 copies 20": (
        [mapping("a"), mapping("s", shadow=True, weight=20)],
        {"a.n": 100, "copy s.n": 20},
    ),
    "a shadow of weight 0 copies nothing": ([mapping("a"), mapping("s", shadow=True, weight=0)], {"a.n": 100}),
    "a shadow is mirrored on every route of its group": (
        [*weighted(a=None, b=25), mapping("s", shadow=True)],
        {"a.n": 75, "b.n": 25, "copy s.n": 100},
    ),
    "a group that holds only a shadow has no route": ([mapping("s", shadow=True)], NOBODY),
}


@pytest.mark.parametrize("generation", ["v1", "v3"])
@pytest.mark.parametrize(("objects", "expected"), GROUPS.values(), ids=GROUPS)
def test_groups(objects, expected, generation):
    table = emissary_table(objects, generation=generation)
    assert met(table, REST) == expected


LONE = {
    "a lone weight of 40": (weighted(a=40), {"a.n": 40, "404": 60}, {"a.n": 100}),
    "a main of weight 0 beside a shadow": (
        [mapping("a", weight=0), mapping("s", shadow=True)],
        NOBODY,
        {"a.n": 100, "copy s.n": 100},
    ),
}


@pytest.mark.parametrize(("objects", "old", "new"), LONE.values(), ids=LONE)
def test_a_lone_weight_counts_in_ambassador_1_only(objects, old, new):
    assert met(emissary_table(objects, generation="v1"), REST) == old
    assert met(emissary_table(objects), REST) == new


OTHER = mapping("z", prefix="/other/")
BROKEN = {
    # Members route in order until 100 is used up.
    "60 and 60 give 60 and 40": ([*weighted(a=60, b=60), OTHER], {"a.n": 60, "b.n": 40}, "C06"),
    "one weight of 150: the whole group answers 404": ([*weighted(a=150, b=None), OTHER], NOBODY, "C06"),
    "a second shadow is an error and copies nothing": (
        [mapping("a"), mapping("s", shadow=True), mapping("t", shadow=True), OTHER],
        {"a.n": 100, "copy s.n": 100},
        "A04",
    ),
    "other circuit breakers: the Mapping is dropped": (
        [mapping("a", circuit_breakers=[{"max_requests": 1}]), mapping("b", weight=25), OTHER],
        {"a.n": 100},
        "C05",
    ),
    "another prefix_regex: the Mapping is dropped": (
        [mapping("a"), mapping("b", prefix_regex=True), OTHER],
        {"a.n": 100},
        "C05",
    ),
}


@pytest.mark.parametrize(("objects", "expected", "found"), BROKEN.values(), ids=BROKEN)
def test_groups_with_an_error(objects, expected, found):
    table = emissary_table(objects)
    assert met(table, REST) == expected
    assert found in errors(table)
    assert met(table, rest("/other/x")) == {"z.n": 100}, "other groups live on"


def test_envoy_refuses_the_whole_configuration_for_a_negative_weight():
    table = emissary_table([*weighted(a=None, b=-50), OTHER])
    (finding,) = [item for item in table.findings if item.id == "C06"]
    assert (finding.level, finding.where) == ("error", "Mapping n/b: weight")
    assert "Envoy refuses the whole configuration" in finding.message
    assert met(table, REST) == NOBODY


LONDON = {"location": "london"}
ORDER = {
    "a regex header (15) comes before an exact one (14)": (
        [mapping("plain"), mapping("exact", headers=LONDON), mapping("regex", regex_headers={"location": "lond.*"})],
        [(rest(**LONDON), "regex.n"), (rest(location="londinium"), "regex.n"), (rest(location="x"), "plain.n")],
    ),
    "an exact header that is longer than the regex one comes first": (
        [mapping("exact", headers=LONDON), mapping("regex", regex_headers={"location": "lon.*"})],
        [(rest(**LONDON), "exact.n"), (rest(location="long"), "regex.n")],
    ),
    "a header route comes before the plain one": (
        [mapping("plain"), mapping("exact", headers=LONDON)],
        [(rest(**LONDON), "exact.n"), (rest(location="paris"), "plain.n"), (REST, "plain.n")],
    ),
    "the longer prefix comes first, even before a header": (
        [mapping("header", prefix="/seldon/n/", headers=LONDON), mapping("long"), mapping("short", prefix="/")],
        [(rest(**LONDON), "long.n"), (rest("/seldon/n/x", **LONDON), "header.n"), (rest("/seldon/n/x"), "short.n")],
    ),
    "only precedence overrides the length": (
        [mapping("first", prefix="/", precedence=1), mapping("long"), mapping("last", prefix="/x/", precedence=-1)],
        [(REST, "first.n"), (rest("/x/"), "first.n")],
    ),
    "a regex prefix counts by its text": (
        [mapping("regex", prefix="/seldon/n/m/.*", prefix_regex=True), mapping("plain")],
        [(REST, "regex.n"), (rest("/seldon/n/m/"), "regex.n")],
    ),
}


@pytest.mark.parametrize("generation", ["v1", "v3"])
@pytest.mark.parametrize(("objects", "asked"), ORDER.values(), ids=ORDER)
def test_the_order_of_routes(objects, asked, generation):
    table = emissary_table(objects, generation=generation)
    for request, taker in asked:
        assert met(table, request) == {taker: 100}, request


def host(hostname, **spec):
    spec = {"hostname": hostname, "requestPolicy": {"insecure": {"action": "Route"}}} | spec
    return resource("Host", "h", **spec)


RED, BLUE = {"team": "red"}, {"team": "blue"}
SELECTING = host("a.com", mappingSelector={"matchLabels": RED})
HOSTS = {
    "without a hostname a Mapping is routed nowhere": ([mapping("a", V3)], "a.com", NOBODY),
    "nor with a Host that has no mappingSelector": ([mapping("a", V3), host("a.com")], "a.com", NOBODY),
    "the hostname * is routed": ([mapping("a", V3, hostname="*")], "a.com", {"a.n": 100}),
    "a v2 Mapping has the hostname *": ([mapping("a", V2)], "a.com", {"a.n": 100}),
    "without a hostname the mappingSelector decides": (
        [mapping("a", V3, RED), SELECTING],
        "a.com",
        {"a.n": 100},
    ),
    "a mappingSelector that selects others": ([mapping("a", V3, BLUE), SELECTING], "a.com", NOBODY),
    "with both, both must match": ([mapping("a", V3, RED, hostname="a.com"), SELECTING], "a.com", {"a.n": 100}),
    "with both, another label": ([mapping("a", V3, BLUE, hostname="a.com"), SELECTING], "a.com", NOBODY),
    "with both, another hostname": ([mapping("a", V3, RED, hostname="b.com"), SELECTING], "a.com", NOBODY),
    "a Host for another name": ([mapping("a", V3, hostname="b.com"), host("a.com")], "a.com", NOBODY),
}


@pytest.mark.parametrize(("objects", "name", "expected"), HOSTS.values(), ids=HOSTS)
def test_hosts(objects, name, expected):
    table = emissary_table(objects)
    assert met(table, rest(host=name)) == expected
    assert ("C03" in errors(table)) == (expected == NOBODY)


CONTEXT = resource("TLSContext", "there", V2, secret="s")
UPSTREAMS = {
    "a missing TLSContext leaves the call in clear text": ([mapping("a", tls="missing")], (8000, False), True),
    "a TLSContext is found by its bare name": ([mapping("a", tls="there"), CONTEXT], (8000, True), False),
    "port 0 counts as no port": ([mapping("a", service="a:0")], (80, False), False),
    "port 0 with TLS": ([mapping("a", service="a:0", tls="there"), CONTEXT], (443, True), False),
    "port 0 with a missing TLSContext": ([mapping("a", service="a:0", tls="missing")], (80, False), True),
}


@pytest.mark.parametrize(("objects", "expected", "missing"), UPSTREAMS.values(), ids=UPSTREAMS)
def test_upstreams(objects, expected, missing):
    table = emissary_table(objects)
    (part,) = resolve(table.entrances[0], REST).parts
    assert (part.share.target.port, part.share.target.tls) == expected
    assert ("C13" in errors(table)) == missing


# --- Definitions --------------------------------------------------------------------------------------------------


# What the operator writes in each of its modes, on the proxy that reads it, and what the corrected profile writes.
MODES = {
    "V1": lambda run: emissary_table(to_ambassador(run, profile="operator", api="v1"), generation="v1"),
    "V2": lambda run: emissary_table(to_ambassador(run, profile="operator", api="v2")),
    "V2 on 1.14": lambda run: emissary_table(to_ambassador(run, profile="operator", api="v2"), generation="v1"),
    "Istio": lambda run: istio_table(to_istio(run, profile="operator")),
    "corrected": lambda run: emissary_table(to_ambassador(run)),
    "corrected Istio": lambda run: istio_table(to_istio(run)),
}
BOTH = ("corrected", "corrected Istio")


def modes(corrected, **operator):
    """What each mode gives; both providers of the corrected profile give the same."""
    return operator | dict.fromkeys(BOTH, corrected)


def traffics(**percents):
    return [predictor(name, **({} if percent is None else {"traffic": percent})) for name, percent in percents.items()]


def shadowed(**fields):
    return deployment("m", predictor("a", traffic=100), predictor("s", shadow=True, **fields))


def attached(**notes):
    return deployment("m2", notes={"ambassador-service-name": "m"} | notes)


def attached_by_expression(pattern="lond.*"):
    notes = {"ambassador-service-name": "m", "ambassador-regex-header": f"location: {pattern}"}
    return deployment("m3", notes=notes)


EXPLAINED = {"type": "A"}
EXPLAINER = rest("/seldon/n/m-explainer/b/api/v1.0/explain")
CANARY = deployment("m", *traffics(a=75, b=25))
TENANTS = [deployment("m", namespace="n"), deployment("m", namespace="o")]
SPLIT, HALVES = {"m-a.n": 75, "m-b.n": 25}, {"m-a.n": 50, "m-b.n": 50}
ALL_A, ALL_P = {"m-a.n": 100}, {"m-p.n": 100}
ATTACHED_HALF = {"m-p.n": 50, "m2-p.n": 50}
THREE, THIRDS = {"m-a.n": 60, "m-b.n": 20, "m-c.n": 20}, {"m-a.n": 38, "m-b.n": 25, "m2-p.n": 37}
COPIED, COPIED_20 = {"m-a.n": 100, "copy m-s.n": 100}, {"m-a.n": 100, "copy m-s.n": 20}
TIED = {"ambassador-header": "location: london"}
CASES = {
    "one predictor without traffic": (deployment(), REST, modes(ALL_P, V1=ALL_P, V2=ALL_P, Istio=ALL_P)),
    "a canary of 25": (CANARY, REST, modes(SPLIT, V1=SPLIT, V2=SPLIT, Istio=SPLIT)),
    "a canary of 25, by gRPC": (CANARY, grpc(), modes(SPLIT, V1=SPLIT, V2=SPLIT, Istio=SPLIT)),
    "three ways": (
        deployment("m", *traffics(a=60, b=20, c=20)),
        REST,
        modes(THREE, V1=THREE, V2=THREE, Istio=THREE),
    ),
    # V1 drops the weight 0, so the canary gets an equal share (B8).
    "100 to 0": (deployment("m", *traffics(a=100, b=0)), REST, modes(ALL_A, V1=HALVES, V2=ALL_A, Istio=ALL_A)),
    "0 to 100": (
        deployment("m", *traffics(a=0, b=100)),
        REST,
        modes({"m-b.n": 100}, V1={"m-b.n": 100}, V2={"m-b.n": 100}, Istio={"m-b.n": 100}),
    ),
    "50 to 50 to 0": (
        deployment("m", *traffics(a=50, b=50, c=0)),
        REST,
        modes(HALVES, V1={"m-a.n": 25, "m-b.n": 50, "m-c.n": 25}, V2=HALVES, Istio=HALVES),
    ),
    # V2 writes the weight 0, so nothing is copied (B9).
    "a shadow without traffic": (shadowed(), REST, modes(COPIED, V1=COPIED, V2=ALL_A, Istio=COPIED)),
    "a shadow of 0": (shadowed(traffic=0), REST, modes(COPIED, V1=COPIED, V2=ALL_A, Istio=COPIED)),
    "a shadow of 20": (shadowed(traffic=20), REST, modes(COPIED_20, V1=COPIED_20, V2=COPIED_20, Istio=COPIED_20)),
    "a shadow of 20, by gRPC": (
        shadowed(traffic=20),
        grpc(),
        modes(COPIED_20, V1=COPIED_20, V2=COPIED_20, Istio=COPIED_20),
    ),
    # Emissary knows no group that holds only a shadow; Istio knows no shadow of an explainer (B10).
    "the explainer of a shadow": (
        deployment("m", predictor("a", traffic=100), predictor("b", shadow=True, explainer=EXPLAINED)),
        EXPLAINER,
        modes(
            {"m-b-explainer.n": 100},
            V1=NOBODY,
            V2=NOBODY,
            Istio={"m-b-explainer.n": 100},
        ),
    ),
    # It inherits the weight of its predictor, and a lone weight counts in Ambassador 1 only (B10).
    "the explainer of a canary": (
        deployment("m", *traffics(a=75), predictor("b", traffic=25, explainer=EXPLAINED)),
        EXPLAINER,
        modes(
            {"m-b-explainer.n": 100},
            V1={"m-b-explainer.n": 25, "404": 75},
            V2={"m-b-explainer.n": 100},
            Istio={"m-b-explainer.n": 100},
            **{"V2 on 1.14": {"m-b-explainer.n": 25, "404": 75}},
        ),
    ),
    # All explainers of a deployment share one gRPC group, which leads to port 0 (B11).
    "explainers by gRPC": (
        deployment("m", *(predictor(name, traffic=50, explainer=EXPLAINED) for name in "ab")),
        grpc("m-explainer"),
        modes(
            NOBODY,
            V1={"m-a-explainer.n": 50, "m-b-explainer.n": 50},
            V2={"m-a-explainer.n": 50, "m-b-explainer.n": 50},
            Istio=NOBODY,
        ),
    ),
    # V2 asks for no namespace, so both are one group (B3).
    "one name in two namespaces, by gRPC": (
        TENANTS,
        grpc(),
        modes(ALL_P, V1=ALL_P, V2={"m-p.n": 50, "m-p.o": 50}, Istio=ALL_P),
    ),
    "one name in two namespaces, by gRPC without namespace": (
        TENANTS,
        grpc(namespace=None),
        modes(NOBODY, V1=NOBODY, V2={"m-p.n": 50, "m-p.o": 50}, Istio=NOBODY),
    ),
    "one name in two namespaces, by REST": (TENANTS, REST, modes(ALL_P, V1=ALL_P, V2=ALL_P, Istio=ALL_P)),
    # Its main joins the group. The operator's Istio mode knows no attached deployments.
    "attached without a header": (
        [deployment(), attached()],
        REST,
        modes(ATTACHED_HALF, V1=ATTACHED_HALF, V2=ATTACHED_HALF, Istio=ALL_P),
    ),
    "attached without a header to a canary of 25": (
        [CANARY, attached()],
        REST,
        modes(THIRDS, V1=THIRDS, V2=THIRDS, Istio=SPLIT),
    ),
    "attached by a header, with it": (
        [deployment(), attached(**TIED)],
        rest(**LONDON),
        modes({"m2-p.n": 100}, V1={"m2-p.n": 100}, V2={"m2-p.n": 100}, Istio=ALL_P),
    ),
    "attached by a header, without it": (
        [deployment(), attached(**TIED)],
        REST,
        modes(ALL_P, V1=ALL_P, V2=ALL_P, Istio=ALL_P),
    ),
    "attached by a header, by gRPC": (
        [deployment(), attached(**TIED)],
        grpc(**LONDON),
        modes({"m2-p.n": 100}, V1={"m2-p.n": 100}, V2={"m2-p.n": 100}, Istio=ALL_P),
    ),
    "two are attached, by a regex header (15) and an exact one (14)": (
        [deployment(), attached(**TIED), attached_by_expression()],
        rest(**LONDON),
        modes({"m3-p.n": 100}),
    ),
    "two are attached, the expression does not fit": (
        [deployment(), attached(**{"ambassador-header": "location: londres"}), attached_by_expression("londo.*")],
        rest(location="londres"),
        modes({"m2-p.n": 100}),
    ),
    # The operator reads the pairs of the exact header once more in place of the expression (B1).
    "a regex header beside an exact one": (
        deployment(notes=TIED | {"ambassador-regex-header": "team: r.*"}),
        rest(**LONDON),
        modes(NOBODY, V1=ALL_P, V2=ALL_P, Istio=ALL_P),
    ),
    "a regex header beside an exact one, with both": (
        deployment(notes=TIED | {"ambassador-regex-header": "team: r.*"}),
        rest(**LONDON, team="red"),
        modes(ALL_P, V1=ALL_P, V2=ALL_P, Istio=ALL_P),
    ),
    # The header of the annotation takes the place of the deployment's own (B22); the corrected profile refuses it.
    "a header that is called seldon": (
        deployment(notes={"ambassador-header": "seldon: other"}),
        grpc("other"),
        {"V1": ALL_P, "V2": ALL_P, "Istio": NOBODY},
    ),
    # V1 falls silent about gRPC if its timeout is no number (B7); V2 never reads it (B6).
    "a grpc-timeout that is no number": (
        deployment(notes={"grpc-timeout": "5s"}),
        grpc(),
        {"V1": NOBODY, "V2": ALL_P},
    ),
}


@pytest.mark.parametrize(
    ("run", "request_", "mode", "expected"),
    [
        pytest.param(run, request, mode, expected, id=f"{name}: {mode}")
        for name, (run, request, found) in CASES.items()
        for mode, expected in found.items()
    ],
)
def test_definitions(run, request_, mode, expected):
    assert met(MODES[mode](run), request_) == expected


def test_the_annotations_of_v1_stop_emissary():
    """Ambassador 1 reads them; from 2.0 on one such document stops everything."""
    objects = to_ambassador(deployment(), profile="operator", api="v1")
    table = emissary_table([*objects, OTHER])
    assert table.entrances == ()
    assert "C01" in errors(table)
    assert met(emissary_table([*objects, OTHER], generation="v1"), REST) == ALL_P


REFUSED = {
    "B16: a negative traffic": deployment("m", *traffics(a=150, b=-50)),
    "B18: two pairs of names that join alike": [
        deployment("a-b", predictor("c")),
        deployment("a", predictor("b-c")),
    ],
    "B22: a header that is called seldon": deployment(notes={"ambassador-header": "seldon: other"}),
    "B26: attached with other circuit breakers": [
        deployment(),
        attached(**{"ambassador-circuit-breakers-max-requests": "1"}),
    ],
    "B7: a grpc-timeout that is no number": deployment(notes={"grpc-timeout": "5s"}),
    "B29: a predictor named like another one's explainer": deployment(
        "m", predictor("a", traffic=50, explainer=EXPLAINED), predictor("a-explainer", traffic=50)
    ),
}


@pytest.mark.parametrize("translate", [to_ambassador, to_istio])
@pytest.mark.parametrize("run", REFUSED.values(), ids=REFUSED)
def test_what_the_corrected_profile_refuses(run, translate):
    with pytest.raises(AnsibleFilterError):
        translate(run)


def test_a_negative_traffic_of_the_operator_stops_envoy():
    """B16: V2 writes the weight -50."""
    table = MODES["V2"](deployment("m", *traffics(a=150, b=-50)))
    assert met(table, REST) == NOBODY
    assert "C06" in errors(table)


def test_other_circuit_breakers_of_an_attached_deployment_of_the_operator():
    """B26: Emissary drops the Mappings of the one that comes later."""
    table = MODES["V2"]([deployment(), attached(**{"ambassador-circuit-breakers-max-requests": "1"})])
    assert met(table, REST) == met(table, grpc()) == ALL_P
    assert errors(table).count("C05") == 2


TIMEOUTS = {"rest-timeout": "1000", "grpc-timeout": "2000"}


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("V1", (1000, 2000)),
        ("V2", (1000, 1000)),
        ("Istio", (None, None)),
        ("corrected", (1000, 2000)),
        ("corrected Istio", (1000, 2000)),
    ],
)
def test_the_timeout_of_grpc(mode, expected):
    """B6: V2 takes it from rest-timeout. The operator sets none on Istio."""
    (entrance,) = MODES[mode](deployment(notes=TIMEOUTS)).entrances
    found = [resolve(entrance, request).parts[0].share.timeout_ms for request in (REST, grpc())]
    assert tuple(found) == expected


@pytest.mark.parametrize(("mode", "tls"), [("V1", False), ("V2", False), ("corrected", True)])
def test_tls_of_the_model(mode, tls):
    """B5: the operator writes another name into the Mapping than into the TLSContext, so the call is clear text."""
    table = MODES[mode](deployment("m", predictor(ssl={"certSecretName": "s"})))
    for request in (REST, grpc()):
        (part,) = resolve(table.entrances[0], request).parts
        assert part.share.target.tls is tls
    assert ("C13" in errors(table)) != tls


def test_port_0_of_an_explainer():
    """B11: Emissary takes port 0 for none, so gRPC goes to port 80."""
    table = MODES["V2"](deployment("m", predictor(explainer=EXPLAINED)))
    (part,) = resolve(table.entrances[0], grpc("m-explainer")).parts
    assert (part.share.target.host, part.share.target.port) == ("m-p-explainer.n", 80)


def test_the_short_address_of_the_operator_takes_grpc_of_every_namespace():
    """B23: with one namespace only, V1 adds a gRPC route that asks for the name alone."""
    objects = to_ambassador(deployment(), profile="operator", api="v1", single_namespace=True)
    table = emissary_table(objects, generation="v1")
    assert met(table, grpc(namespace="other")) == ALL_P
    assert met(emissary_table(to_ambassador(deployment())), grpc(namespace="other")) == NOBODY


# --- VirtualServices ----------------------------------------------------------------------------------------------


def istio(kind, name, **spec):
    metadata = {"name": name, "namespace": "n"}
    return {"apiVersion": "networking.istio.io/v1beta1", "kind": kind, "metadata": metadata, "spec": spec}


def destination(name, **fields):
    return {"host": f"{name}.n.svc.cluster.local", "port": {"number": 8000}} | fields


def weights(*given):
    """Destinations a, b and so on; None is no weight."""
    return [
        {"destination": destination(name)} | ({} if weight is None else {"weight": weight})
        for name, weight in zip("abc", given, strict=False)
    ]


def routes(*given, gateway="istio-system/seldon-gateway", hosts=("*",), **fields):
    """A VirtualService whose routes are for the address of the deployment m."""
    entry = {"match": [{"uri": {"prefix": "/seldon/n/m/"}}], "route": list(given)} | fields
    return istio("VirtualService", "m", hosts=list(hosts), gateways=[gateway], http=[entry])


ISTIO_SHARES = {
    "weights that add up to 100": (weights(75, 25), {"a.n": 75, "b.n": 25}),
    "a lone destination without weight gets all": (weights(None), {"a.n": 100}),
    "a lone destination gets all, whatever its weight": (weights(40), {"a.n": 100}),
    "a lone destination of weight 0 too": (weights(0), {"a.n": 100}),
    "weight 0 of several is ignored": (weights(100, 0), {"a.n": 100}),
    "no weight of several is ignored too": (weights(60, None, 40), {"a.n": 60, "c.n": 40}),
    "a sum below 100 is shared out": (weights(1, 2), {"a.n": Fraction(100, 3), "b.n": Fraction(200, 3)}),
    "a sum above 100 too": (weights(150, 50), {"a.n": 75, "b.n": 25}),
}


@pytest.mark.parametrize(("given", "expected"), ISTIO_SHARES.values(), ids=ISTIO_SHARES)
def test_shares_in_istio(given, expected):
    table = istio_table([routes(*given)])
    assert met(table, REST) == expected


COPY = {"mirror": destination("s")}
ISTIO_COPIES = {
    "without a percentage everything is copied": (COPY, {"copy s.n": 100}),
    "a percentage of 20": (COPY | {"mirrorPercentage": {"value": 20}}, {"copy s.n": 20}),
    "a percentage of 12.5": (COPY | {"mirrorPercentage": {"value": 12.5}}, {"copy s.n": Fraction(25, 2)}),
    "a percentage of 0": (COPY | {"mirrorPercentage": {"value": 0}}, {}),
    "a percentage of 100": (COPY | {"mirrorPercentage": {"value": 100}}, {"copy s.n": 100}),
}


@pytest.mark.parametrize(("fields", "expected"), ISTIO_COPIES.values(), ids=ISTIO_COPIES)
def test_mirrors_in_istio(fields, expected):
    assert met(istio_table([routes(*weights(75, 25), **fields)]), REST) == {"a.n": 75, "b.n": 25} | expected


@pytest.mark.parametrize(
    ("fields", "retries"),
    [({}, 2), ({"retries": {"attempts": 3, "retryOn": "gateway-error"}}, 3), ({"retries": {"attempts": 0}}, 0)],
)
def test_retries_in_istio(fields, retries):
    """Without a word about retries, Istio tries twice more."""
    (part,) = resolve(istio_table([routes(*weights(None), **fields)]).entrances[0], REST).parts
    assert part.row.retries == retries


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("x", "n/x"),
        ("seldon-gateway", "n/seldon-gateway"),
        ("istio-system/seldon-gateway", "istio-system/seldon-gateway"),
        ("a.b", "b/a"),
        ("a.b.svc.cluster.local", "b/a"),
    ],
)
def test_names_of_gateways(written, meant):
    """Without a namespace it is one in that of the VirtualService; ``a.b`` is the old form of ``b/a``."""
    table = istio_table([routes(*weights(None), gateway=written)])
    assert met(table, REST, meant) == {"a.n": 100}


MESH = {"gateway": "mesh", "hosts": ["m.n.svc.cluster.local"]}
ISTIO_REFUSES = {
    "./gw is no gateway": (routes(*weights(None), gateway="./gw"), routes(*weights(None), gateway="n/gw"), "D01"),
    "a/b/c is no gateway": (routes(*weights(None), gateway="a/b/c"), routes(*weights(None), gateway="b/c"), "D01"),
    "a gateway without a name": (routes(*weights(None), gateway=""), routes(*weights(None), gateway="g"), "D01"),
    "the host * in the mesh": (
        routes(*weights(None), **MESH | {"hosts": ["*"]}),
        routes(*weights(None), **MESH),
        "A13",
    ),
    "an empty host": (routes(*weights(None), hosts=["a.com", ""]), routes(*weights(None), hosts=["a.com"]), "D03"),
    "a host that is there twice": (
        routes(*weights(None), hosts=["a.com", "a.com"]),
        routes(*weights(None), hosts=["a.com", "b.com"]),
        "D03",
    ),
    "hosts that overlap": (
        routes(*weights(None), hosts=["*.a.com", "x.a.com"]),
        routes(*weights(None), hosts=["*.a.com", "x.b.com"]),
        "D03",
    ),
    "a negative weight": (routes(*weights(101, -1)), routes(*weights(101, 1)), "A01"),
    "a sum of 0": (routes(*weights(0, None)), routes(*weights(0, 1)), "A01"),
    "a subset with _": (
        routes({"destination": destination("a", subset="v_1")}),
        routes({"destination": destination("a", subset="V-1")}),
        "D05",
    ),
    "a subset with a dot": (
        routes({"destination": destination("a", subset="v.1")}),
        routes({"destination": destination("a", subset="v1")}),
        "D05",
    ),
    "a time of 0 for each try": (
        routes(*weights(None), retries={"attempts": 3, "perTryTimeout": "0s"}),
        routes(*weights(None), retries={"attempts": 3, "perTryTimeout": "0.001s"}),
        "D14",
    ),
    "a mirror of 101 percent": (
        routes(*weights(None), **COPY, mirrorPercentage={"value": 101}),
        routes(*weights(None), **COPY, mirrorPercentage={"value": 100}),
        "D10",
    ),
    "a mirror of -1 percent": (
        routes(*weights(None), **COPY, mirrorPercentage={"value": -1}),
        routes(*weights(None), **COPY, mirrorPercentage={"value": 0}),
        "D10",
    ),
}


@pytest.mark.parametrize(("wrong", "right", "check"), ISTIO_REFUSES.values(), ids=ISTIO_REFUSES)
def test_what_istio_refuses(wrong, right, check):
    """An object that is refused routes nothing. The nearest one that is not refused is beside it."""
    table = istio_table([wrong])
    assert check in errors(table)
    assert not any(entrance.hosts for entrance in table.entrances)
    subsets = [{"name": name, "labels": {"version": name}} for name in ("V-1", "v1")]
    rule = istio("DestinationRule", "a", host="a.n.svc.cluster.local", subsets=subsets)
    table = istio_table([right, rule])
    assert check not in errors(table)
    assert all(entrance.hosts for entrance in table.entrances)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ({"tls": {"mode": "STRICT"}}, "refused"),
        ({"tls": {"mode": "SIMPLE"}}, True),
        ({"tls": {"mode": "ISTIO_MUTUAL"}}, False),
        # What the operator writes for STRICT: no mode is DISABLE (B13).
        ({"tls": {}}, False),
    ],
)
def test_modes_of_tls(policy, expected):
    """The literal text STRICT is refused; the TLS of the mesh is none of the model's own."""
    rule = istio("DestinationRule", "a", host="a.n.svc.cluster.local", trafficPolicy=policy)
    table = istio_table([routes(*weights(None)), rule])
    (part,) = resolve(table.entrances[0], REST).parts
    assert ("D14" in errors(table)) == (expected == "refused")
    assert part.share.target.tls is (expected is True)


def test_the_tls_mode_of_the_documentation():
    """B13: STRICT in the operator's settings silently switches TLS off; the corrected profile refuses it."""
    found = to_istio(deployment(), profile="operator", operator_env={"ISTIO_TLS_MODE": "STRICT"})
    (rule,) = [item for item in found if item["kind"] == "DestinationRule"]
    assert rule["spec"]["trafficPolicy"] == {"tls": {}}
    with pytest.raises(AnsibleFilterError, match="STRICT"):
        to_istio(deployment(), tls_mode="STRICT")
