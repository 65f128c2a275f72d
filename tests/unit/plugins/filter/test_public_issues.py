# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people reported to Seldon, Ambassador, Istio and others: what the filters say of their objects, and that our own
translation of the same wish does not have the problem.

A test is named by repository and number; SeldonIO/, emissary-ingress/ and istio/ are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.routing import lint, resolve, routes
from ansible_collections.mlops.ingress.plugins.filter.translation import to_ambassador, to_istio
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor, route, service_route
from ansible_collections.mlops.ingress.tests.unit.plugins.filter.test_lint import (
    GOOD,
    IN_ISTIO,
    NEW,
    NOW_TEXT,
    OLD,
    TIMES,
    ambassador,
    gateway,
    host,
    http,
    listener,
    mapping,
    model,
    obj,
    own_secret,
    owned,
    pod,
    rule,
    secure,
    server,
    service,
    to,
    virtual_service,
)

PROVIDERS = ("ambassador", "istio")


@dataclass
class Wish:
    """Definitions that say what the reporter wanted, and who then answers on both providers."""

    items: list[Any]
    answers: list[tuple[dict[str, Any], dict[str, float]]]
    options: dict[str, Any] = field(default_factory=dict)
    providers: tuple[str, ...] = PROVIDERS


@dataclass
class Report:
    """``story`` is what went wrong; ``found`` is what lint says of ``items``, and ``answers`` who answers there."""

    story: str
    items: list[Any]
    found: set[str]
    answers: list[tuple[dict[str, Any], dict[str, float]]] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    wish: Wish | None = None


def annotated(text, namespace="t"):
    return service("annotated", 80, namespace=namespace, annotation=text)


def shares(name, **percents):
    return model(name, *(predictor(key, traffic=share) for key, share in percents.items()))


def prefixed(prefix, name="r", headers=None, hosts=None, **backends):
    """A ServiceRoute that divides a prefix."""
    listed = [{"service": key.replace("_", "-"), "port": 80, "weight": weight} for key, weight in backends.items()]
    if len(listed) == 1:
        del listed[0]["weight"]
    return service_route(
        route(prefix=prefix, headers=headers, hosts=hosts, backends=listed, timeout_ms=3000), name=name
    )


def site(number, name):
    """A Host that takes Mappings by their label, and such a Mapping."""
    labels = {"site": f"site-{number}"}
    return [
        host(name, f"site-{number}", mappingSelector={"matchLabels": labels}),
        mapping(f"site-{number}-root", labels=labels, hostname=None, prefix="/", service=f"http://{name}"),
    ]


def gateway_pods(labels, namespace="istio-system"):
    return pod(labels, name="gateway", namespace=namespace)


CANARY = deployment(
    "seldon-model-canary", predictor("main", traffic=100), predictor("canary", traffic=0), namespace=None, notes=TIMES
)
MODEL_PATH = {"path": "/seldon/default/seldon-model-canary/api/v1.0/predictions", "method": "POST"}
RENAMED = {old: model("iris", predictor(old)) for old in ("old", "new")}
URL = "/seldon/n/iris/"
IRIS = {"path": f"{URL}api/v1.0/predictions", "method": "POST"}
ATTACHED = [
    model("main", predictor("p")),
    model("beta", predictor("p"), notes={"ambassador-service-name": "main", "ambassador-header": "x: beta"}),
]
QUOTE = mapping("quote-backend", hostname=None, host="quote.local:8080", prefix="/backend/", service="quote")
BETA = {"headers": {"x-target-canary": "true"}}


REPORTS = {
    "seldon-core#4067": Report(
        "With traffic 100:0 both predictors got half of the requests, because a weight of 0 was not written.",
        [CANARY],
        {"A02", "B8"},
        [(MODEL_PATH, {"seldon-model-canary-main.default": 50, "seldon-model-canary-canary.default": 50})],
        {"profile": "operator", "operator_env": {"AMBASSADOR_VERSION": "v1"}},
        Wish([CANARY], [(MODEL_PATH, {"seldon-model-canary-main.default": 100})]),
    ),
    "seldon-core#4316": Report(
        "After a predictor had been renamed its old route stayed, and half of the requests failed.",
        [RENAMED["new"], *to_ambassador(RENAMED["old"], profile="operator")],
        {"A02", "B01", "B04"},
        [(IRIS, {"iris-old.n": 50, "iris-new.n": 50})],
        wish=Wish(
            [RENAMED["new"], *(owned(item, definition="iris") for item in to_ambassador(RENAMED["old"]))],
            [(IRIS, {"iris-new.n": 100})],
            {"scope": "prod"},
        ),
    ),
    "seldon-core#1594": Report(
        "Two VirtualServices for one URL were there after an update, and requests to it got 503.",
        [
            virtual_service(
                http(URL, to("seldon-0123.n.svc.cluster.local")),
                name="iris-iris-http",
                creationTimestamp=OLD,
            ),
            virtual_service(http(URL, to("iris.n.svc.cluster.local")), name="iris-http", creationTimestamp=NEW),
        ],
        {"B01"},
        [(IRIS, {"seldon-0123.n": 100})],
        IN_ISTIO,
        Wish([RENAMED["new"]], [(IRIS, {"iris-new.n": 100})]),
    ),
    "emissary#1288": Report(
        "A header added for the canary alone was added to all requests, and they all went to the canary.",
        [
            annotated(
                "---\napiVersion: ambassador/v1\nkind: Mapping\nname: flag_off_mapping\nprefix: /web-app/\n"
                "service: web-service-flag\nweight: 99\n"
                "---\napiVersion: ambassador/v1\nkind: Mapping\nname: flag_on_mapping\nprefix: /web-app/\n"
                "add_request_headers:\n  x-halfbakedfeature: enabled\nservice: web-service-flag\nweight: 1\n"
            )
        ],
        {"C07"},
        options={"ambassador_version": "1.14.4"},
        wish=Wish([prefixed("/web-app/", off=99, on=1)], [({"path": "/web-app/"}, {"off.n": 99, "on.n": 1})]),
    ),
    "emissary#4062": Report(
        "Two Mappings that add different values of one header had the weights of neither.",
        [
            mapping("http1", prefix="/", service="mysvc", add_request_headers={"foo": {"value": "v1"}}),
            mapping("http2", prefix="/", service="mysvc", weight=50, add_request_headers={"foo": {"value": "v2"}}),
        ],
        {"C07"},
        wish=Wish([prefixed("/", v1=50, v2=50)], [({"path": "/"}, {"v1.n": 50, "v2.n": 50})]),
    ),
    "emissary#2213": Report(
        "A header of the response that names the version was the same, whichever of two Services had answered.",
        [
            mapping(
                f"fastapi-v{number}",
                version="getambassador.io/v2",
                prefix="/fastapi/",
                service=f"fastapi{number}:9090",
                weight=50,
                add_response_headers={"x-version": f"v{number}"},
            )
            for number in (1, 2)
        ],
        {"C07"},
        [({"path": "/fastapi/"}, {"fastapi1.t": 50, "fastapi2.t": 50})],
    ),
    "emissary#1665": Report(
        "A header that one Service should add to its responses stood in those of the other too.",
        [
            mapping(
                "servicea", prefix="/", service="serviceA.production", add_response_headers={"some-header": "true"}
            ),
            mapping("serviceb", prefix="/", service="serviceB.production", weight=50),
        ],
        {"C07"},
    ),
    "emissary#1227": Report(
        "A weight beside a header was ignored: with the header all requests went to the canary, without it none.",
        [
            mapping("helloworld", version="getambassador.io/v2", prefix="/", service="stable"),
            mapping(
                "helloworld-dev",
                version="getambassador.io/v2",
                prefix="/",
                service="canary",
                weight=50,
                headers={"x-target-canary": True},
            ),
        ],
        {"A03"},
        [({"path": "/"} | BETA, {"canary.t": 100}), ({"path": "/"}, {"stable.t": 100})],
        wish=Wish(
            [
                shares("hello", stable=98, canary=2),
                model(
                    "direct",
                    predictor("canary"),
                    notes={"ambassador-service-name": "hello", "ambassador-header": "x-target-canary: true"},
                ),
            ],
            [
                ({"path": "/seldon/n/hello/"}, {"hello-stable.n": 98, "hello-canary.n": 2}),
                ({"path": "/seldon/n/hello/"} | BETA, {"direct-canary.n": 100}),
            ],
        ),
    ),
    "emissary#4791": Report(
        "A Mapping whose host has a port belongs to no Host but '*', so it got 404 once there was a Host.",
        [listener(), host("quote.local"), QUOTE],
        {"C03"},
        [
            ({"path": "/backend/", "host": "quote.local:8080"}, {}),
            ({"path": "/backend/", "host": "quote.local"}, {}),
        ],
        wish=Wish(
            [service_route(route(prefix="/backend/", timeout_ms=3000)), listener(), host("quote.local")],
            [({"path": "/backend/", "host": "quote.local"}, {"s.n": 100})],
            {"hosts": ["quote.local"]},
        ),
    ),
    "emissary#4152": Report(
        "Of several Mappings with one prefix that Hosts choose by labels only the last had a route; 3.10 has them all.",
        [listener(), *site(1, "first.com"), *site(2, "second.com")],
        set(),
        [
            ({"path": "/", "host": "first.com"}, {"first.com": 100}),
            ({"path": "/", "host": "second.com"}, {"second.com": 100}),
        ],
        wish=Wish(
            [prefixed("/", name, hosts=[f"{name}.com"], **{name: 100}) for name in ("first", "second")],
            [({"path": "/", "host": f"{name}.com"}, {f"{name}.n": 100}) for name in ("first", "second")],
        ),
    ),
    "emissary#104": Report(
        "Two teams that took one prefix were silently made into a canary of each other.",
        [mapping("red", "red", prefix="/api/", service="red"), mapping("blue", "blue", prefix="/api/", service="blue")],
        {"B01", "B06"},
        [({"path": "/api/"}, {"red.red": 50, "blue.blue": 50})],
    ),
    "emissary#2303": Report(
        "With 137 Mappings and 41 TLSContexts each change took all memory.",
        [
            *(mapping(f"a{number}", prefix=f"/{number}/") for number in range(137)),
            *(ambassador("TLSContext", f"a{number}", hosts=[f"{number}.com"]) for number in range(41)),
        ],
        {"B07"},
    ),
    "istio#37500": Report(
        "Of two VirtualServices for one host at one gateway the one that was applied first won, and nobody said so.",
        [
            virtual_service(
                http(None, to(f"{name}.t.svc.cluster.local")),
                name=name,
                hosts=["lab16.classroom.superorbital.io"],
                gateways=["prism-gateway"],
                creationTimestamp=created,
            )
            for name, created in (("red", OLD), ("blue", NEW))
        ],
        {"B01"},
        [({"path": "/", "host": "lab16.classroom.superorbital.io"}, {"red.t": 100})],
        IN_ISTIO,
    ),
    "istio#10485": Report(
        "A rule for '/' with a header is not moved behind other rules, so an older one hid that for a longer path.",
        [
            virtual_service(
                http("/", to("web"), headers={"x-env": {"exact": "dev"}}), name="web", creationTimestamp=OLD
            ),
            virtual_service(
                http("/api/", to("api"), headers={"x-env": {"exact": "dev"}}),
                name="api",
                namespace="u",
                creationTimestamp=NEW,
            ),
        ],
        {"B02"},
        [({"path": "/api/v1", "headers": {"x-env": "dev"}}, {"web.t": 100})],
        IN_ISTIO,
        Wish(
            [
                prefixed("/", "web", headers={"x-env": "dev"}, web=100),
                prefixed("/api/", "api", headers={"x-env": "dev"}, api=100),
            ],
            [({"path": "/api/v1", "headers": {"x-env": "dev"}}, {"api.n": 100})],
        ),
    ),
    "istio/api#586": Report(
        "A destination without weight beside one of 100 made the sum wrong, and no host worked; today it gets nothing.",
        [
            virtual_service(http("/monthlyplan", to(subset="v1"), to(subset="v2", weight=100))),
            rule(subsets={"v1": {"version": "v1"}, "v2": {"version": "v2"}}),
        ],
        set(),
        [({"path": "/monthlyplan"}, {"s.t/v2": 100})],
        IN_ISTIO,
        Wish([prefixed("/monthlyplan/", v1=0, v2=100)], [({"path": "/monthlyplan/"}, {"v2.n": 100})]),
    ),
    "istio#32592": Report(
        "With one wildcard certificate on two Gateways browsers got 404 from the second host.",
        [
            gateway(secure(f"test{number}.domain.zone", credential="wildcard"), name=f"testgw{number}", namespace="int")
            for number in (1, 2)
        ],
        {"D06"},
        options=IN_ISTIO,
    ),
    "istio#13589": Report(
        "A connection to the Gateway for '*.example.com' was used again for b.example.com, which another Gateway has.",
        [
            gateway(secure("*.example.com", credential="wildcard"), name="wide"),
            gateway(secure("b.example.com", credential="b"), name="narrow"),
        ],
        {"D04"},
        options=IN_ISTIO,
    ),
    "istio#23235": Report(
        "A Gateway for '*.local' did nothing, because another one had all hosts at the same port.",
        [
            gateway(secure("*"), name="all", namespace="istio-system"),
            gateway(secure("*.local", credential="l"), name="multi", namespace="n"),
        ],
        {"D04"},
        options=IN_ISTIO,
    ),
    "istio#14598": Report(
        "A team had its certificate in its own namespace, and the gateway looks only beside its own pods.",
        [
            gateway(secure("a.com", credential="team-cert"), namespace="team"),
            gateway_pods({"istio": "ingress"}),
            own_secret(GOOD, namespace="team", name="team-cert"),
        ],
        {"E02"},
        options=IN_ISTIO | {"now": NOW_TEXT},
    ),
    "istio#27740": Report(
        "Gateway and Secret are both in httpbin, and the gateway's pods in istio-system do not find the Secret.",
        [
            gateway(secure("a.com", credential="httpbin-tls-certificate"), namespace="httpbin"),
            gateway_pods({"istio": "ingress"}),
            own_secret(GOOD, namespace="httpbin", name="httpbin-tls-certificate"),
        ],
        {"E02"},
        options={"now": NOW_TEXT},
    ),
    "argoproj/rollouts-demo#55": Report(
        "The Gateway selects istio=ingressgateway, and the chart gives the pods istio=ingress, so nothing answered.",
        [
            obj(
                "networking.istio.io/v1",
                "Gateway",
                "gw",
                {"selector": {"istio": "ingressgateway"}, "servers": [server()]},
            ),
            gateway_pods({"istio": "ingress", "app": "istio-ingress"}, "istio-ingress"),
        ],
        {"D02"},
        options=IN_ISTIO,
    ),
    "istio#42911": Report(
        "The pods had the label that the Gateway selects, in another namespace, and an analyzer said they had not.",
        [
            obj(
                "networking.istio.io/v1",
                "Gateway",
                "gw",
                {"selector": {"istio": "gateway"}, "servers": [server()]},
                "sandbox",
            ),
            gateway_pods({"istio": "gateway"}, "istio-ingress"),
        ],
        set(),
        options=IN_ISTIO,
    ),
    "istio#28172": Report(
        "A VirtualService for a host that its Gateway does not have was accepted and served nothing.",
        [
            gateway(server("foo.com"), namespace="istio-system"),
            virtual_service(http("/", to("helloworld")), hosts=["bar.com"], gateways=["istio-system/gw"]),
        ],
        {"D03"},
        [({"path": "/", "host": "bar.com"}, {})],
        IN_ISTIO,
    ),
    "kubeflow/community-distribution#1371": Report(
        "VirtualServices of other namespaces named the gateway without its namespace, and it was not found.",
        [
            gateway(name="kubeflow-gateway", namespace="kubeflow"),
            virtual_service(http("/app/"), namespace="default", gateways=["kubeflow-gateway"]),
        ],
        {"D01"},
        [({"path": "/app/", "host": "a.com", "entrance": "kubeflow/kubeflow-gateway"}, {})],
        IN_ISTIO,
        Wish(
            [RENAMED["new"], gateway(name="kubeflow-gateway", namespace="kubeflow")],
            [(IRIS, {"iris-new.n": 100})],
            {"gateway": "kubeflow/kubeflow-gateway"},
            ("istio",),
        ),
    ),
    "seldon-core#3938": Report(
        "Headers that choose a deployment were read for Ambassador only, so nobody could use them with Istio.",
        ATTACHED,
        {"A11"},
        [({"path": "/seldon/n/main/", "headers": {"x": "beta"}}, {"main-p.n": 100})],
        IN_ISTIO | {"profile": "operator"},
        Wish(
            ATTACHED,
            [
                ({"path": "/seldon/n/main/", "headers": {"x": "beta"}}, {"beta-p.n": 100}),
                ({"path": "/seldon/n/main/"}, {"main-p.n": 100}),
            ],
        ),
    ),
}
# What lint says of an environment of which only a part is given.
ENVIRONMENT = {"C02", "D01", "A10"}


def answer(items, request, **options):
    """Who answers, with the subset where there is one."""
    request = dict(request)
    found = resolve(items, request, entrance=request.pop("entrance", None), **options)
    return {
        part["host"] + (f"/{part['subset']}" if part["subset"] else ""): part["percent"] for part in found["backends"]
    }


def without_subsets(found):
    """Ours has a subset for each predictor, which says nothing of its own."""
    return {name.partition("/")[0]: percent for name, percent in found.items() if percent}


def routing_options(options):
    return {key: value for key, value in options.items() if key != "now"}


@pytest.mark.parametrize("name", REPORTS)
def test_lint_says_what_was_reported(name):
    report = REPORTS[name]
    found = lint(report.items, **report.options)
    ids = {one["id"] for one in found}
    assert report.found <= ids
    if not report.found:
        assert ids <= ENVIRONMENT


@pytest.mark.parametrize("name", [name for name, report in REPORTS.items() if report.answers])
def test_the_table_routes_as_reported(name):
    report = REPORTS[name]
    for request, expected in report.answers:
        found = answer(report.items, request, **routing_options(report.options))
        # The operator gives each predictor a subset too.
        assert expected in (found, without_subsets(found)), request


WISHES = [
    pytest.param(report, provider, id=f"{name}-{provider}")
    for name, report in REPORTS.items()
    if report.wish
    for provider in report.wish.providers
]


@pytest.mark.parametrize(("report", "provider"), WISHES)
def test_our_own_translation_has_no_such_problem(report, provider):
    wish = report.wish
    for request, expected in wish.answers:
        assert without_subsets(answer(wish.items, request, provider=provider, **wish.options)) == expected
    found = {(one["id"], one["level"]) for one in lint(wish.items, provider=provider, **wish.options)}
    assert "error" not in {level for _check, level in found}
    reported = {(one["id"], one["level"]) for one in lint(report.items, **report.options)}
    assert not {pair for pair in reported & found if pair[0] in report.found}


# --- Reports that are no question of one table --------------------------------------------------------------------


def targets(items, request, **options):
    return without_subsets(answer(items, request, **options))


def twice_the_same_service_name():
    """Two predictors with one svc-name were accepted, and the VirtualService did not work."""
    notes = {"svc-name": "some-name"}
    both = [predictor("baseline", traffic=70, notes=notes), predictor("variant", traffic=30, notes=notes)]
    item = model("testing-svc-name", *both)
    for profile in ("corrected", "operator"):
        found = lint(item, profile=profile, provider=["ambassador", "istio"])
        assert [one["level"] for one in found if one["id"] == "A08"] == ["error"]
        with pytest.raises(AnsibleFilterError, match="'some-name' is taken by an earlier predictor"):
            to_istio(item, profile=profile)


def redirect_to_https():
    """Clients that speak http got nothing but a redirect, the default of a Host."""
    door = [listener(securityModel="XFP"), host("*", action=None, tlsSecret={"name": "s"})]
    found = resolve([*door, RENAMED["new"]], IRIS)
    assert (found["redirect"], found["backends"]) == ("https", [])
    over_tls = IRIS | {"headers": {"x-forwarded-proto": "https"}}
    assert targets([*door, RENAMED["new"]], over_tls) == {"iris-new.n": 100}
    assert "E06" in {one["id"] for one in lint([listener(), host("*", action=None), RENAMED["new"]])}
    assert targets([listener(), host("*"), RENAMED["new"]], IRIS) == {"iris-new.n": 100}


def port_in_the_host_header():
    """A client that sends the port with the host got 404 from a Mapping for the host alone."""
    items = [listener(), mapping(hostname="example-server.com", prefix="/metrics")]
    assert targets(items, {"path": "/metrics", "host": "example-server.com"}) == {"s.t": 100}
    assert targets(items, {"path": "/metrics", "host": "example-server.com:443"}) == {}
    # What we write has no host of its own unless an environment says so.
    assert targets([RENAMED["new"]], IRIS | {"host": "example-server.com:443"}) == {"iris-new.n": 100}


def lone_destination():
    """A lone destination of weight 0 gets all requests."""
    item = virtual_service(http(None, to(weight=0)))
    assert targets([item], {"path": "/"}, provider="istio") == {"s.t": 100}
    with pytest.raises(AnsibleFilterError, match="a lone backend gets all requests: leave it out"):
        routes(service_route(route(backends=[{"service": "s", "port": 80, "weight": 0}])), provider="istio")


def two_teams_with_one_address():
    """The two are definitions of one run, which refuses what a proxy would merge."""
    items = [prefixed("/api/", "red", red=100), prefixed("/api/", "blue", blue=100)]
    for provider in PROVIDERS:
        assert "B01" in {one["id"] for one in lint(items, provider=provider)}
        with pytest.raises(AnsibleFilterError, match=r"matches the same requests \(/api/\)"):
            routes(items, provider=provider)


OTHERS = {
    "seldon-core#4730": twice_the_same_service_name,
    "seldon-core#4220": redirect_to_https,
    "emissary#3625": port_in_the_host_header,
    "istio#15157": lone_destination,
    "istio#37500 or emissary#104": two_teams_with_one_address,
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_reports(name):
    OTHERS[name]()


@pytest.mark.parametrize("weight", [0, 99], ids=lambda weight: f"istio#15157-{weight}")
def test_a_lone_destination_is_told(weight):
    assert "A03" in {one["id"] for one in lint(virtual_service(http(None, to(weight=weight))), provider="istio")}
