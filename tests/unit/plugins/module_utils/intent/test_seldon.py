# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What clients of a deployment call."""

from __future__ import annotations

import pytest
from ansible_collections.mlops.ingress.plugins.filter.translation import endpoints
from ansible_collections.mlops.ingress.tests.support.strategies import deployment, predictor


def predictors(*engines):
    """Predictors of which those with True have the annotation ``no-engine``; the last one gets the traffic."""
    last = len(engines) - 1
    return [
        predictor(f"p{index}", traffic=100 if index == last else 0, notes={"no-engine": str(direct).lower()})
        for index, direct in enumerate(engines)
    ]


MODEL = "seldon.protos.Model/Predict"
SELDON = "seldon.protos.Seldon/Predict"
METHODS = {
    "no-engine": ([True], {}, MODEL),
    "no-engine-at-all": ([True, True], {}, MODEL),
    "first-without": ([True, False], {}, SELDON),
    "last-without": ([False, True], {}, SELDON),
    "engine": ([False], {}, SELDON),
    "engines": ([False, False], {}, SELDON),
    "seldon-no-engine": ([True], {"protocol": "seldon"}, MODEL),
    "tensorflow-no-engine": ([True], {"protocol": "tensorflow"}, "tensorflow.serving.PredictionService/Predict"),
    "v2-no-engine": ([True], {"protocol": "v2"}, "inference.GRPCInferenceService/ModelInfer"),
    "kfserving": ([False], {"protocol": "kfserving"}, "inference.GRPCInferenceService/ModelInfer"),
}


@pytest.mark.parametrize("provider", ["ambassador", "istio"])
@pytest.mark.parametrize(("engines", "fields", "method"), METHODS.values(), ids=METHODS)
def test_grpc_method(engines, fields, method, provider):
    found = endpoints(deployment("m", *predictors(*engines), **fields), provider=provider)
    (row,) = [item for item in found if item["kind"] == "grpc"]
    assert row["method"] == f"/{method}"
    assert row["curl"].split()[-1] == method


def test_no_annotation_means_an_engine():
    (row,) = [item for item in endpoints(deployment()) if item["kind"] == "grpc"]
    assert row["method"] == f"/{SELDON}"
