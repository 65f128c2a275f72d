# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading and translating a large environment from one file: CPU, deployments per second, memory.

CPU is a multiple of what PyYAML's C loader takes for the same file, so that the figure says the same on every machine.
Every measurement runs in a process of its own; ours and the loader's take turns, and the median of the rounds counts.

``bench_translation.py``          prints the figures
``bench_translation.py --show``   prints the file that is read
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figures import Figure, report

DEPLOYMENTS = 1000
ROUNDS = 5
MOST_CPU = 2.0
# The endpoints of both providers on top of that.
MOST_CPU_WITH_ENDPOINTS = 2.5
MOST_MEMORY_MB = 300
# A thousand deployments within a few seconds, also on a slow machine.
LEAST_PER_SECOND = 200

DEPLOYMENT = """\
apiVersion: machinelearning.seldon.io/v1
kind: SeldonDeployment
metadata:
  name: model-{number:04d}
  namespace: team-{team:02d}
  labels:
    app: model-{number:04d}
    team: team-{team:02d}
spec:
  name: model-{number:04d}
  annotations:
    project_name: Project {number}
    deployment_version: v{version}
    seldon.io/rest-timeout: "{timeout}"
    seldon.io/grpc-timeout: "{timeout}"
    seldon.io/ambassador-retries: "3"
  predictors:
    - name: main
      replicas: 3
      traffic: {traffic}
      componentSpecs:
{pod}\
      graph:
        name: classifier
        type: MODEL
        endpoint:
          type: REST
    - name: canary
      replicas: 1
      traffic: {rest}
      componentSpecs:
{canary_pod}\
      graph:
        name: classifier
        type: MODEL
        endpoint:
          type: REST
"""
POD = """\
        - spec:
            containers:
              - name: classifier
                image: registry.example.com/team-{team:02d}/model-{number:04d}:1.{version}.0
                resources:
                  requests:
                    cpu: 500m
                    memory: 1Gi
                  limits:
                    memory: 2Gi
                env:
                  - name: MODEL_URI
                    value: s3://models/team-{team:02d}/model-{number:04d}/{version}
                  - name: LOG_LEVEL
                    value: INFO
"""


def definitions(count: int) -> str:
    """A stream of deployments of about 60 lines, as teams write them."""
    documents = []
    for number in range(count):
        words = {"number": number, "team": number % 20, "timeout": 1000 * (1 + number % 30)}
        version, traffic = number % 7, 50 + number % 50
        pod, canary_pod = POD.format(version=version, **words), POD.format(version=version + 1, **words)
        documents.append(
            DEPLOYMENT.format(
                version=version, traffic=traffic, rest=100 - traffic, pod=pod, canary_pod=canary_pod, **words
            )
        )
    return "---\n" + "---\n".join(documents)


def peer(path: str) -> Callable[[], int]:
    """Read the file with PyYAML's C loader, and no more."""
    import yaml

    def run() -> int:
        with open(path, encoding="utf-8") as file:
            return len(list(yaml.load_all(file.read(), yaml.CSafeLoader)))

    return run


def ours(path: str, providers: tuple[str, ...], addresses: bool = False) -> Callable[[], int]:
    """Read the file and translate it, as the module does; with addresses, list the endpoints too."""
    # Imported here: what the peer's process holds is the peer's only, and loading code is not what is measured.
    from ansible_collections.mlops.ingress.plugins.module_utils.definition.profile import CORRECTED
    from ansible_collections.mlops.ingress.plugins.module_utils.definition.read import read_definitions
    from ansible_collections.mlops.ingress.plugins.module_utils.frontend import (
        operator_env,
        options,
        sources,
        translation,
    )

    # For each deployment with two predictors: a Mapping for REST and gRPC each, or a VirtualService and two rules.
    runs = {
        "ambassador": (translation.ambassador_run, options.ambassador_options, 4),
        "istio": (translation.istio_run, options.istio_options, 3),
    }

    def run() -> int:
        definitions = read_definitions(sources.load([path], lambda _item: ".", sources.read_text), CORRECTED)
        kept = []
        for provider in providers:
            make, settings, objects = runs[provider]
            made = make(definitions, settings({}, operator_env.operator_env(None, CORRECTED), CORRECTED))
            kept.append(made.translation)
            expect(len(made.translation.objects), objects * DEPLOYMENTS)
            if addresses:
                kept.append(made.endpoints())
                expect(len(kept[-1]), 2 * DEPLOYMENTS)
        return len(definitions.items)

    return run


def expect(count: int, wanted: int) -> None:
    """Fast and wrong is no figure."""
    if count != wanted:
        sys.exit(f"bench_translation: {count} objects instead of {wanted}")


WAYS: dict[str, Callable[[str], Callable[[], int]]] = {
    "peer": peer,
    "ambassador": lambda path: ours(path, ("ambassador",)),
    "istio": lambda path: ours(path, ("istio",)),
    "both": lambda path: ours(path, ("ambassador", "istio")),
    "endpoints_both": lambda path: ours(path, ("ambassador", "istio"), addresses=True),
}


def measure(way: str, path: str) -> None:
    """Print CPU seconds and peak memory of one way, in this process."""
    run = WAYS[way](path)
    start = time.process_time()
    count = run()
    seconds = time.process_time() - start
    expect(count, DEPLOYMENTS)
    # In kilobytes, on macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"seconds": seconds, "megabytes": peak / 1e6}))


def measured(way: str, path: str) -> dict[str, float]:
    """The figures of one way, from a fresh process."""
    command = [sys.executable, __file__, "--measure", way, path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return json.loads(done.stdout)


def main() -> int:
    """Measure all ways in turns and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "definitions.yaml"
        path.write_text(definitions(DEPLOYMENTS), encoding="utf-8")
        rounds = [{way: measured(way, str(path)) for way in WAYS} for _round in range(ROUNDS)]
    seconds = {way: statistics.median(one[way]["seconds"] for one in rounds) for way in WAYS}
    goals = dict.fromkeys(("ambassador", "istio", "both"), MOST_CPU) | {"endpoints_both": MOST_CPU_WITH_ENDPOINTS}
    ratios = [
        Figure(f"parse_translate_{way}", seconds[way] / seconds["peer"], "x_CSafeLoader", "<=", goal)
        for way, goal in goals.items()
    ]
    rates = [
        Figure(f"deployments_per_second_{way}", DEPLOYMENTS / seconds[way], "1/s", ">=", LEAST_PER_SECOND, digits=0)
        for way in goals
    ]
    memory = Figure(
        "peak_memory", max(one["endpoints_both"]["megabytes"] for one in rounds), "MB", "<", MOST_MEMORY_MB, digits=0
    )
    return report([*ratios, *rates, memory])


if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            sys.exit(main())
        case ["--show"]:
            print(definitions(DEPLOYMENTS), end="")
        case ["--measure", way, path]:
            measure(way, path)
        case _:
            sys.exit("usage: bench_translation.py [--show]")
