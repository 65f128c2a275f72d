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


def groups(objects):
    """Mappings by what Emissary groups them by (irhttpmapping.py), without those that only mirror."""
    found = defaultdict(list)
    for item in objects:
        if item["kind"] != "Mapping":
            continue
        spec = item["spec"]
        match = (
            "prefix",
            "method",
            "hostname",
            "headers",
            "regex_headers",
            "query_parameters",
            "regex_query_parameters",
        )
        key = json.dumps([[spec.get(name) for name in match], spec.get("ambassador_id")], sort_keys=True)
        found[key].append(item)
    return found


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
