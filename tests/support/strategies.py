# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions for tests: short builders, and hypothesis strategies for random ones."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Plain = dict[str, Any]
PREFIX = "seldon.io/"


def annotations(values: dict[str, Any]) -> Plain:
    """Annotations whose keys may leave out ``seldon.io/``."""
    return {key if "/" in key else PREFIX + key: value for key, value in values.items()}


def predictor(name: str = "p", **fields: Any) -> Plain:
    """A predictor with one model container ``c``. ``notes`` are its annotations, in short form."""
    notes = fields.pop("notes", None)
    found: Plain = {
        "name": name,
        "graph": {"name": "c", "type": "MODEL"},
        "componentSpecs": [{"spec": {"containers": [{"name": "c", "image": "example/model:1"}]}}],
    }
    if notes is not None:
        found["annotations"] = annotations(notes)
    return found | fields


def deployment(name: str = "m", *predictors: Plain, namespace: str | None = "n", **fields: Any) -> Plain:
    """A SeldonDeployment. ``notes`` are spec.annotations and ``outer`` metadata.annotations, in short form."""
    notes, outer = fields.pop("notes", None), fields.pop("outer", None)
    metadata: Plain = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    if outer is not None:
        metadata["annotations"] = annotations(outer)
    spec: Plain = {"predictors": list(predictors) or [predictor()]}
    if notes is not None:
        spec["annotations"] = annotations(notes)
    return {
        "apiVersion": "machinelearning.seldon.io/v1",
        "kind": "SeldonDeployment",
        "metadata": metadata,
        "spec": spec | fields,
    }


def service_route(*routes: Plain, name: str = "r", namespace: str | None = "n", **fields: Any) -> Plain:
    """A ServiceRoute with the given routes."""
    metadata: Plain = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    return {
        "apiVersion": "mlops.ingress/v1",
        "kind": "ServiceRoute",
        "metadata": metadata,
        "spec": {"routes": list(routes)} | fields,
    }


def route(**fields: Any) -> Plain:
    """A route to the service ``s``, port 80, under ``/r/``. A field that is None is left out."""
    found = {"prefix": "/r/", "backends": [{"service": "s", "port": 80}]} | fields
    return {key: value for key, value in found.items() if value is not None}


# Words that YAML, regular expressions, shells and DNS each like to misread, besides plain ones.
NAMES = ("a", "b", "m", "y", "n", "on", "null", "e1", "a-b", "a-b-c", "explainer", "p" * 40, "model-" + "x" * 50)
NAMESPACES = ("n", "on", "default", "protos", "1", "a-b", "n" * 63)
TEXTS = (
    "x",
    "y",
    "1e3",
    "0o17",
    "1:30",
    "=",
    "~",
    "null",
    "a:b",
    "http://x:80",
    "it's",
    '"q"',
    "# c",
    "- a",
    "{a}",
    "é",
)
HEADERS = ("location", "X-Beta", "a_b", "x.y")
NUMBERS = ("0", "1", "+5", "007", "300000", "300001", "2147483647")
REGEXES = ("lond.*", "^a$", "[a-z]{3}", "(a|b)c", ".*", "a\\.b")

names = st.sampled_from(NAMES)
namespaces = st.sampled_from(NAMESPACES)


def _some(**values: st.SearchStrategy[Any]) -> st.SearchStrategy[Plain]:
    """A mapping with any of the keys; ``_`` stands for ``-``."""
    return st.fixed_dictionaries({}, optional={key.replace("_", "-"): value for key, value in values.items()})


def shares(count: int) -> st.SearchStrategy[list[int]]:
    """``count`` whole numbers that add up to 100."""
    cuts = st.lists(st.integers(0, 100), min_size=count - 1, max_size=count - 1).map(sorted)
    return cuts.map(lambda found: [high - low for low, high in zip([0, *found], [*found, 100], strict=True)])


@st.composite
def policies(draw: st.DrawFn) -> Plain:
    """Annotations of a deployment that are all allowed."""
    number = st.sampled_from(NUMBERS)
    found = draw(
        _some(
            rest_timeout=number,
            grpc_timeout=number,
            ambassador_retries=number,
            istio_retries=number,
            istio_retries_timeout=st.sampled_from(("1", "30")),
            ambassador_circuit_breakers_max_connections=number,
            ambassador_circuit_breakers_max_pending_requests=number,
            ambassador_circuit_breakers_max_requests=number,
            ambassador_circuit_breakers_max_retries=number,
            ambassador_id=st.sampled_from(("on", "1e3", "default")),
            istio_gateway=st.sampled_from(("gw", "ns/gw", "gw.ns", "istio-system/seldon-gateway")),
            istio_host=st.sampled_from(("*", "a.com", "a.com, b.com", "*.a.com")),
        )
    )
    header, regex = draw(st.sampled_from((None, *HEADERS))), draw(st.sampled_from((None, "r-one", "R-Two")))
    if header:
        found["ambassador-header"] = draw(st.sampled_from((header, *(f"{header}: {text}" for text in TEXTS))))
    if regex:
        found["ambassador-regex-header"] = f"{regex}: {draw(st.sampled_from(REGEXES))}"
    return found


@st.composite
def predictors(draw: st.DrawFn) -> list[Plain]:
    """Predictors whose shares add up, with explainers, TLS, missing engines and at most one shadow."""
    taken = draw(
        st.lists(st.sampled_from(("main", "canary", "y", "1", "null", "q" * 30)), min_size=1, max_size=3, unique=True)
    )
    split = draw(shares(len(taken)))
    found = []
    for name, traffic in zip(taken, split, strict=True):
        own = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "notes": _some(no_engine=st.sampled_from(("true", "TRUE", "false"))),
                    "ssl": st.sampled_from(({}, {"certSecretName": "secret"}, {"certSecretName": ""})),
                    "labels": st.sampled_from(({"version": "v1"}, {"version": ""}, {"app": "x"})),
                    "explainer": st.sampled_from(
                        ({"type": "A"}, {"type": ""}, {"type": "A", "endpoint": {"service_port": 9123}})
                    ),
                },
            )
        )
        found.append(predictor(name, traffic=traffic, **own))
    if draw(st.booleans()):
        shadow = predictor("shadow", shadow=True, traffic=draw(st.sampled_from((0, 1, 20, 100))))
        found.insert(draw(st.integers(0, len(found))), shadow)
    return found


@st.composite
def seldon_deployments(draw: st.DrawFn) -> Plain:
    """A valid SeldonDeployment that is attached to none."""
    return deployment(
        draw(names),
        *draw(predictors()),
        namespace=draw(st.none() | namespaces),
        notes=draw(policies()),
        protocol=draw(st.sampled_from(("", "seldon", "tensorflow", "v2"))),
    )


@st.composite
def attached_deployments(draw: st.DrawFn) -> list[Plain]:
    """A deployment and another one that is attached to it, by a header or by a share of its requests."""
    owner = draw(seldon_deployments())
    other = draw(seldon_deployments())
    other["metadata"] = dict(owner["metadata"]) | {"name": "attached"}
    notes = dict(owner["spec"]["annotations"])
    notes[PREFIX + "ambassador-service-name"] = owner["metadata"]["name"]
    if draw(st.booleans()):
        notes[PREFIX + "ambassador-header"] = "x-attached: 1"
    other["spec"]["annotations"] = notes
    return [owner, other]


@st.composite
def service_routes(draw: st.DrawFn) -> Plain:
    """A valid ServiceRoute."""
    found = []
    for index in range(draw(st.integers(1, 2))):
        count = draw(st.integers(1, 3))
        split = draw(shares(count))
        backends: list[Plain] = [{"service": f"s{place}", "port": 80 + place} for place in range(count)]
        for backend, weight in zip(backends, split, strict=True):
            backend["weight"] = weight
        if count == 1 or draw(st.booleans()):
            del backends[-1]["weight"]
        kind = draw(st.sampled_from(("prefix", "path", "regex")))
        text = st.sampled_from(TEXTS)
        matches = st.dictionaries(
            st.sampled_from(("x-a", "x-b")),
            text | st.just({"present": True}) | st.sampled_from(REGEXES).map(lambda pattern: {"regex": pattern}),
            max_size=2,
        )
        one: Plain = {kind: f"/r{index}/" + (".*" if kind == "regex" else ""), "backends": backends}
        one |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "methods": st.lists(st.sampled_from(("GET", "POST", "PUT")), max_size=2, unique=True),
                    "headers": matches,
                    "query": matches,
                    "hosts": st.sampled_from((["a.com"], ["A.com", "b.com"], ["*.c.com"])),
                    "timeout_ms": st.sampled_from((0, 1, 1500, 300001)),
                    "retries": st.sampled_from((0, 3, {"attempts": 2, "on": "5xx", "per_try_timeout_ms": 250})),
                    "mirror": st.sampled_from(
                        ({"service": "copy", "port": 80}, {"service": "copy.other", "port": 80, "percent": 0})
                    ),
                    "cors": st.sampled_from(({"origins": ["*"]}, {"origins": ["http://a"], "max_age_s": 5})),
                    "grpc": st.booleans(),
                    "host_rewrite": st.just("h.com"),
                },
            )
        )
        if kind != "regex":
            one |= draw(st.fixed_dictionaries({}, optional={"rewrite": st.sampled_from(("", "/", "/x/"))}))
        found.append(one)
    fields = draw(
        st.fixed_dictionaries({}, optional={"service": st.just({"ports": [{"port": 80}], "type": "ClusterIP"})})
    )
    return service_route(
        *found, name=draw(st.sampled_from(("r", "on", "route-2"))), namespace=draw(namespaces), **fields
    )


# Paths within each other, and within those of the deployments below.
PREFIXES = ("/", "/a/", "/a/b", "/a/b/", "/a/b/c/", "/seldon/", "/seldon/n/m", "/seldon/n/m/x/", "/inference/")
EXACT = ("/", "/a/", "/a/b", "/a/b/c/d", "/seldon/n/m/x", "/tensorflow.serving.S/P")
PATTERNS = (
    ".",
    ".*",
    "/.*",
    "/a/.*",
    "/a/(b|c)/.*",
    "/a/b|/a/d",
    "/[ab]/.*",
    "/seldon/n/.*",
    "/inference.S/.+",
    "/a?.*",
)

# Names and namespaces of deployments; some explainers' addresses lie within those of others.
NEIGHBOURS = (
    (),
    (("m", "n"),),
    (("m", "n"), ("m-explainer", "n")),
    (("m", "n"), ("attached", "n")),
    (("m", "n"), ("k", "n"), ("m", "o")),
    (("m", "protos"), ("k", "protos")),
)


@st.composite
def overlapping_routes(draw: st.DrawFn, name: str, hosted: bool) -> Plain:
    """A ServiceRoute with one or two routes that others of its kind may overlap; ``hosted`` gives each its hosts."""
    found = []
    for index in range(draw(st.integers(1, 2))):
        kind, paths = draw(st.sampled_from((("prefix", PREFIXES), ("path", EXACT), ("regex", PATTERNS))))
        text = st.sampled_from(("1", "2", {"present": True}, {"regex": "1|3"}))
        one: Plain = {kind: draw(st.sampled_from(paths)), "backends": [{"service": f"{name}x{index}", "port": 80}]}
        one |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "methods": st.sampled_from((["GET"], ["POST"], ["GET", "POST"])),
                    "headers": st.dictionaries(st.sampled_from(("x-a", "x-b")), text, min_size=1, max_size=2),
                    "query": st.dictionaries(st.just("q"), text, min_size=1),
                },
            )
        )
        if kind != "regex" and draw(st.booleans()):
            one["rewrite"] = "/z/"
        if hosted:
            one["hosts"] = draw(st.sampled_from((["a.com"], ["b.com"], ["a.com", "b.com"])))
        found.append(one)
    return service_route(*found, name=name, namespace=draw(st.sampled_from("nnnnno")))


@st.composite
def overlapping_definitions(draw: st.DrawFn) -> list[Plain]:
    """Definitions whose requests overlap, so that a run merges them or refuses them.

    Deployments are served at every host, so they stand beside routes without hosts of their own only.
    """
    hosted = draw(st.booleans())
    found = [draw(overlapping_routes(f"r{index}", hosted)) for index in range(draw(st.integers(1 + hosted, 3)))]
    if hosted:
        return found
    for name, space in draw(st.sampled_from(NEIGHBOURS)):
        explained = {"explainer": {"type": "A"}} if draw(st.booleans()) else {}
        attached = {"ambassador-service-name": "m", "ambassador-header": "x-a: 1"} if name == "attached" else {}
        found.append(deployment(name, predictor(**explained), namespace=space, notes=attached))
    return draw(st.permutations(found))


def _different(found: list[Plain]) -> bool:
    """Whether no two definitions can meet: deployments differ in name and namespace, prefixes of routes too."""
    kinds = [(item["kind"], item["metadata"].get("namespace") or "default") for item in found]
    return len(set(kinds)) == len(kinds) and sum(kind == "ServiceRoute" for kind, _namespace in kinds) < 2


# Lists of definitions that a run accepts.
definitions = (
    st.lists(seldon_deployments() | service_routes(), min_size=1, max_size=3).filter(_different)
    | attached_deployments()
)

# What JSON can hold, with the words of the definitions among the keys so that it gets past the first check.
_keys = st.sampled_from(
    "apiVersion kind metadata spec name namespace annotations labels predictors graph traffic shadow explainer type ssl"
    " componentSpecs containers children routes prefix backends service port weight mirror headers"
    " retries cors items".split()
) | st.text(max_size=3)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(TEXTS)
garbage = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4), max_leaves=12
)


@st.composite
def damaged(draw: st.DrawFn) -> Plain:
    """A valid definition in which one value, anywhere, became garbage."""
    document = draw(seldon_deployments() | service_routes())
    holder: Any = document
    while True:
        places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
        if not places:
            return document
        place = draw(st.sampled_from(places))
        if isinstance(holder[place], (dict, list)) and holder[place] and draw(st.integers(0, 4)):
            holder = holder[place]
            continue
        holder[place] = draw(garbage)
        return document


def shuffled(draw: st.DrawFn, value: Any) -> Any:
    """The same value with the keys of every mapping in another order."""
    if isinstance(value, dict):
        return {key: shuffled(draw, value[key]) for key in draw(st.permutations(list(value)))}
    return [shuffled(draw, item) for item in value] if isinstance(value, list) else value


def is_grpc_to_a_rest_address(request: Any) -> bool:
    """A request that no client sends, at an address that the expression of gRPC routes matches because of its
    namespace; a finding says of it that the age of VirtualServices decides."""
    return request.path.startswith("/seldon/protos") and {"seldon", "namespace"} <= {*dict(request.headers)}
