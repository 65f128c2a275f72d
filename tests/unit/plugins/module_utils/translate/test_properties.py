# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds for every definition: random ones, and garbage."""

from __future__ import annotations

import copy
import json
import re
from collections import defaultdict
from fractions import Fraction

from ansible.errors import AnsibleFilterError
from ansible_collections.mlops.ingress.plugins.filter.translation import endpoints, to_ambassador, to_istio
from ansible_collections.mlops.ingress.plugins.module_utils.kube.names import (
    dns_label_problem,
    dns_subdomain_problem,
    label_key_problem,
    label_value_problem,
)
from ansible_collections.mlops.ingress.tests.support import crds
from ansible_collections.mlops.ingress.tests.support.strategies import (
    damaged,
    definitions,
    garbage,
    shuffled,
)
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

FILTERS = (to_ambassador, to_istio)
# No deadline and no random seed: a slow machine is no bug, and a run says the same as the last one.
usual = settings(deadline=None, derandomize=True, max_examples=40, suppress_health_check=list(HealthCheck))
many = settings(usual, max_examples=100)


def translated(run, found, **options):
    """The objects, or a skipped example where two random definitions quarrel."""
    try:
        return run(found, **options)
    except AnsibleFilterError as error:
        said = str(error)
        quarrels = (
            "matches the same requests",
            "both need the Service",
            "needs the Service",
            "and have other timeouts",
            "rename one of the two",
            "one request can match both",
        )
        assert any(text in said for text in quarrels), said
        assume(False)
        raise


@usual
@given(definitions)
def test_the_input_is_never_changed(found):
    before = copy.deepcopy(found)
    for run in FILTERS:
        translated(run, found)
        assert found == before
    endpoints(found)
    assert found == before


@usual
@given(definitions)
def test_the_output_is_sorted_and_has_no_doubles(found):
    for run in FILTERS:
        objects = translated(run, found)
        keys = [(item["metadata"]["namespace"], item["kind"], item["metadata"]["name"]) for item in objects]
        assert keys == sorted(set(keys))


@usual
@given(definitions, st.data())
def test_the_output_is_stable(found, data):
    other = [shuffled(data.draw, item) for item in data.draw(st.permutations(found))]
    for run in FILTERS:
        once, again = translated(run, found), run(other)
        for item in (*once, *again):
            if item["kind"] == "Service":
                # The only part of an object that is the user's own text.
                item["spec"] = dict(sorted(item["spec"].items()))
        assert json.dumps(once) == json.dumps(again)


@usual
@given(definitions, st.booleans())
def test_names_and_labels(found, single):
    for item in (*translated(to_ambassador, found, single_namespace=single), *translated(to_istio, found)):
        metadata = item["metadata"]
        assert dns_label_problem(metadata["namespace"]) is None
        assert dns_subdomain_problem(metadata["name"]) is None
        for key, value in metadata.get("labels", {}).items():
            assert label_key_problem(key) is None
            assert label_value_problem(value) is None


def decorated(spec):
    """Headers and query parameters of a Mapping as Emissary lists them: name, value, whether it is an expression."""
    headers = [(name, value, False) for name, value in spec.get("headers", {}).items()]
    headers += [(name, value, True) for name, value in spec.get("regex_headers", {}).items()]
    if "method" in spec:
        headers.append((":method", spec["method"], spec.get("method_regex", False)))
    query = [(name, value, False) for name, value in spec.get("query_parameters", {}).items()]
    query += [(name, value, True) for name, value in spec.get("regex_query_parameters", {}).items()]
    return headers, query


def group_id(spec):
    """``_group_id`` of irhttpmapping.py; the host comes in as the last header."""
    headers, query = decorated(spec)
    texts = [name + value for name, value, _regex in (*headers, (":authority", spec["hostname"], False), *query)]
    return spec.get("method", "GET") + spec["prefix"] + "".join(texts)


def route_weight(spec):
    """``_route_weight`` of irhttpmapping.py, without the host."""
    headers, query = decorated(spec)
    lengths = [sum(len(name) + len(value) + regex for name, value, regex in pairs) for pairs in (headers, query)]
    keys = [f"{name}-{value}" for name, value, _regex in (*headers, *query)]
    return [len(spec["prefix"]), *lengths, spec["prefix"], spec.get("method", "GET"), *keys]


def groups(objects):
    """Mappings by what Emissary groups them by, for each of the Ambassadors that see them."""
    found = defaultdict(list)
    for item in objects:
        if item["kind"] == "Mapping":
            found[json.dumps([group_id(item["spec"]), item["spec"].get("ambassador_id")])].append(item)
    return found


# irhttpmappinggroup.py: a Mapping that differs from its group in one of these is dropped.
CORE_KEYS = ("circuit_breakers", "headers", "regex_headers", "prefix_exact", "prefix_regex", "method", "method_regex")


@many
@given(definitions)
def test_no_mapping_is_dropped_from_its_group(found):
    for mappings in groups(translated(to_ambassador, found)).values():
        cores = {json.dumps([item["spec"].get(key) for key in CORE_KEYS], sort_keys=True) for item in mappings}
        assert len(cores) == 1


@many
@given(definitions)
def test_istio_tries_routes_in_the_order_of_emissary(found):
    """Among routes with one path text; others are told apart by their paths."""
    weights = {}
    for item in translated(to_ambassador, found):
        if item["kind"] == "Mapping":
            headers, query = decorated(item["spec"])
            weights[item["spec"]["prefix"], frozenset(headers), frozenset(query)] = route_weight(item["spec"])
    for item in translated(to_istio, found):
        tried = defaultdict(list)
        for entry in item["spec"]["http"] if item["kind"] == "VirtualService" else ():
            match = entry["match"][0]
            (path,) = match["uri"].values()
            headers = {(name, *shown(text)) for name, text in match.get("headers", {}).items()}
            headers |= {(":method", *shown(match["method"]))} if "method" in match else set()
            query = {(name, *shown(text)) for name, text in match.get("queryParams", {}).items()}
            key = path, frozenset(headers), frozenset(query)
            if key in weights:  # a deployment with ambassador-config has no generated Mapping
                tried[path].append(weights[key])
        for order in tried.values():
            assert order == sorted(order, reverse=True)


def shown(text):
    """The value of a match of Istio, and whether it is an expression."""
    ((kind, value),) = text.items()
    return value, kind == "regex"


def emissary_shares(mappings):
    """Percent by service, as irbasemappinggroup.py computes it."""
    live = sorted(
        (item for item in mappings if not item["spec"].get("shadow")), key=lambda item: item["spec"]["service"]
    )
    if len(live) == 1:
        return {live[0]["spec"]["service"]: 100}
    fixed = {item["spec"]["service"]: item["spec"]["weight"] for item in live if "weight" in item["spec"]}
    free = [item["spec"]["service"] for item in live if "weight" not in item["spec"]]
    left = 100 - sum(fixed.values())
    part = round(Fraction(left, len(free))) if free else 0
    shares = fixed | dict.fromkeys(free, part)
    if free:
        shares[free[-1]] = left - part * (len(free) - 1)
    return shares


@many
@given(definitions)
def test_the_weights_of_a_group_add_up(found):
    for mappings in groups(translated(to_ambassador, found)).values():
        live = [item["spec"] for item in mappings if not item["spec"].get("shadow")]
        assert live, "a group that only mirrors answers nobody"
        assert all(0 <= spec["weight"] <= 100 for spec in live if "weight" in spec)
        assert any("weight" not in spec for spec in live), "one backend takes the rest"
        shares = emissary_shares(mappings)
        assert sum(shares.values()) == 100
        assert min(shares.values()) >= 0
        assert len(mappings) - len(live) <= 1, "Envoy mirrors to one"


def istio_shares(objects):
    """For each match: percent by service, and the mirror."""
    found = {}
    for item in objects:
        if item["kind"] != "VirtualService":
            continue
        for entry in item["spec"]["http"]:
            routes = entry["route"]
            total = {address(route["destination"]): 100 if len(routes) == 1 else route["weight"] for route in routes}
            assert sum(total.values()) == 100
            mirror = None
            if "mirror" in entry:
                mirror = address(entry["mirror"]), entry.get("mirrorPercentage", {"value": 100})["value"]
            match = entry["match"][0]
            (path,) = match["uri"].values()
            texts = sorted(
                (name, *text.items()) for key in ("headers", "queryParams") for name, text in match.get(key, {}).items()
            )
            method = next(iter(match.get("method", {"": None}).values()))
            found[json.dumps([path, method, texts, item["spec"]["hosts"]])] = total, mirror
    return found


def address(destination):
    return f"{destination['host'].removesuffix('.svc.cluster.local')}:{destination['port']['number']}"


def ambassador_shares(objects, hosts_of):
    found = {}
    for mappings in groups(objects).values():
        spec = mappings[0]["spec"]
        texts = sorted(
            (name, (kind, value))
            for key, kind in (
                ("headers", "exact"),
                ("regex_headers", "regex"),
                ("query_parameters", "exact"),
                ("regex_query_parameters", "regex"),
            )
            for name, value in spec.get(key, {}).items()
        )
        mirrors = [
            (item["spec"]["service"], item["spec"].get("weight", 100))
            for item in mappings
            if item["spec"].get("shadow")
        ]
        key = [spec["prefix"], spec.get("method"), texts]
        found[json.dumps([*key, hosts_of])] = emissary_shares(mappings), mirrors[0] if mirrors else None
    return found


@many
@given(definitions)
def test_both_providers_route_alike(found):
    plain = copy.deepcopy(found)
    for item in plain:
        for key in ("istio-host", "ambassador-id", "istio-gateway"):
            item["spec"].get("annotations", {}).pop(f"seldon.io/{key}", None)
        for route in item["spec"].get("routes", []):
            route.pop("hosts", None)
    ambassador = ambassador_shares(translated(to_ambassador, plain), ["*"])
    assert ambassador == istio_shares(translated(to_istio, plain))
    for provider in ("ambassador", "istio"):
        for row in endpoints(plain, provider=provider):
            assert sum(item["percent"] for item in row["split"]) == 100


@usual
@given(definitions)
def test_real_schemas(found):
    for item in translated(to_ambassador, found):
        if item["kind"] == "Service":
            continue
        assert crds.crd_problems(item) == []
        assert crds.emissary_rule_problems(item) == []
    for item in translated(to_istio, found):
        if item["kind"] == "Service":
            continue
        assert crds.crd_problems(item) == []
        assert crds.istio_rule_problems(item) == []


def full_sentences(error):
    lines = str(error).split("\n")
    assert lines[0].startswith("mlops.ingress.")
    for line in lines:
        assert re.search(r"\w+.*: .+\.$", line), line


@many
@given(garbage | damaged() | st.lists(damaged(), max_size=2))
def test_garbage_is_translated_or_refused_in_full_sentences(found):
    before = copy.deepcopy(found)
    for run in (*FILTERS, endpoints):
        try:
            run(found)
        except AnsibleFilterError as error:
            full_sentences(error)
        assert repr(found) == repr(before)
