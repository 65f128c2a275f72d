# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs do to a directory over time: create, keep, change, prune, refuse, remove; and check mode before each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import yaml

from .conftest import Run, Site, contents, deployment, service_route, task, tree, write

BOTH = ["ambassador", "istio"]


def options(site: Site, **more: Any) -> dict[str, Any]:
    return {"provider": BOTH, "scope": "dev", "directory": str(site.root / "out"), "src": "defs"} | more


def check_and_run(site: Site, **more: Any) -> tuple[Any, Any]:
    """One task in check mode and the same for real; both must return the same, whatever happens."""
    given = options(site, **more)
    run = site.play([task("check", **given, task_check_mode=True), task("real", **given)])
    check, real = run["check"], run["real"]
    ignored = {"invocation", "exception"}
    assert {k: v for k, v in check.items() if k not in ignored} == {k: v for k, v in real.items() if k not in ignored}
    return real, run


def names(rows: list[dict[str, str]]) -> list[str]:
    return [f"{row['kind']} {row['namespace']}/{row['name']}" for row in rows]


def listed(site: Site, directory: str = "out") -> list[str]:
    return yaml.safe_load((site.root / directory / "kustomization.yaml").read_text())["resources"]


def touched(before: Mapping[str, tuple[Any, ...]], after: Mapping[str, tuple[Any, ...]]) -> set[str]:
    """Files that are new, gone, or written again, even with the same content. Directories do not count."""
    every = before.keys() | after.keys()
    return {
        name
        for name in every
        if before.get(name) != after.get(name) and not (name == "." or is_folder(name, before, after))
    }


def is_folder(name: str, *trees: Mapping[str, tuple[Any, ...]]) -> bool:
    return any(name in found and found[name][3] is None for found in trees)


MAPPINGS = [f"Mapping models/seldon-models-a-{name}-{kind}" for name in ("canary", "main") for kind in ("grpc", "rest")]
OBJECTS = [
    "DestinationRule models/a-canary",
    "DestinationRule models/a-main",
    *MAPPINGS,
    "Mapping models/web",
    "VirtualService models/a",
    "VirtualService models/web",
]
KUSTOMIZATION = "kustomization.yaml"
INDEX = ".mlops-ingress/dev/ingress.yaml"


def file_of(name: str) -> str:
    kind, _space, rest = name.partition(" ")
    namespace, _slash, short = rest.partition("/")
    return f"{namespace}/{kind}-{short}.yaml"


def start(site: Site) -> None:
    write(site.root / "defs" / "a.yml", deployment("a", weights={"main": 75, "canary": 25}))
    write(site.root / "defs" / "web.yml", service_route("web"))


def a_directory_over_time(site: Site):
    out = site.root / "out"
    start(site)
    # Check mode on nothing: no directory appears. Without pipelining, as Ansible runs by default.
    check = site.play([task("check", **options(site))], "--check", "--diff", pipelining=False)
    assert check.code == 0
    assert not out.exists()
    assert check["check"]["changed"] is True
    assert names(check["check"]["plan"]["create"]) == OBJECTS

    # The first run does what check mode said, the second nothing.
    first = site.play([task("first", **options(site))])
    assert first["first"] == check["check"]
    assert set(contents(out)) == {KUSTOMIZATION, INDEX, *map(file_of, OBJECTS)}
    assert listed(site) == sorted(map(file_of, OBJECTS))
    before = tree(out)
    again = site.play(
        [
            task("again", **options(site)),
            task("changed", **options(site, return_objects="changed")),
            task("all", **options(site, return_objects="all")),
        ]
    )
    assert tree(out) == before
    assert [again[name]["changed"] for name in ("again", "changed", "all")] == [False, False, False]
    plan = again["again"]["plan"]
    assert (names(plan["keep"]), plan["create"], plan["update"], plan["delete"]) == (OBJECTS, [], [], [])
    assert (again["again"]["resources"], again["changed"]["resources"]) == ([], [])
    assert sorted(f"{item['kind']} models/{item['metadata']['name']}" for item in again["all"]["resources"]) == OBJECTS
    for item in again["all"]["resources"]:
        path = out / file_of(f"{item['kind']} models/{item['metadata']['name']}")
        assert yaml.safe_load(path.read_text()) == item

    one_weight(site)
    one_definition_less(site)
    edited_by_hand(site)


def one_weight(site: Site) -> None:
    """Only what holds the weight is written."""
    out = site.root / "out"
    write(site.root / "defs" / "a.yml", deployment("a", weights={"main": 60, "canary": 40}))
    before = tree(out)
    given = options(site, return_objects="changed")
    check = site.play([task("check", **given)], "--check", "--diff")
    assert tree(out) == before
    real = site.play([task("real", **given)], "--diff")
    assert real["real"] == check["check"]
    expected = [*MAPPINGS[:2], "VirtualService models/a"]
    assert names(real["real"]["plan"]["update"]) == expected
    assert [f"{item['kind']} models/{item['metadata']['name']}" for item in real["real"]["resources"]] == expected
    assert touched(before, tree(out)) == set(map(file_of, expected))
    for run in (check, real):
        shown = [line.strip() for line in run.output.splitlines() if line.lstrip().startswith(("-spec", "+spec"))]
        removed = [line[1:].strip() for line in shown if line.startswith("-")]
        added = [line[1:].strip() for line in shown if line.startswith("+")]
        weights = [f"spec.http[{entry}].route[{backend}].weight" for entry in (0, 1) for backend in (0, 1)]
        assert removed == ["spec.weight: 25"] * 2 + [f"{path}: {75 - 50 * (i % 2)}" for i, path in enumerate(weights)]
        assert added == ["spec.weight: 40"] * 2 + [f"{path}: {60 - 20 * (i % 2)}" for i, path in enumerate(weights)]
        assert "--- before: 0 to create, 3 to update, 0 to delete, as it is" in run.output
        assert "+++ after: 0 to create, 3 to update, 0 to delete, as it will be" in run.output


def one_definition_less(site: Site) -> None:
    """Its objects go, unless prune is off; the others stay untouched."""
    out = site.root / "out"
    (site.root / "defs" / "web.yml").unlink()
    before = tree(out)
    kept, _run = check_and_run(site, prune=False)
    assert (kept["changed"], kept["plan"]["delete"]) == (False, [])
    assert tree(out) == before
    real, _run = check_and_run(site)
    gone = ["Mapping models/web", "VirtualService models/web"]
    assert names(real["plan"]["delete"]) == gone
    assert touched(before, tree(out)) == {*map(file_of, gone), KUSTOMIZATION, INDEX}
    assert listed(site) == sorted(file_of(name) for name in OBJECTS if name not in gone)


def edited_by_hand(site: Site) -> None:
    """Own files are put back byte for byte: another value, another format, nonsense, removed, an edited list."""
    out = site.root / "out"
    good = contents(out)
    paths = [file_of(name) for name in MAPPINGS]
    write(out / paths[0], good[paths[0]].replace(b"weight: 40", b"weight: 41"))
    write(out / paths[1], b"# a remark\n" + good[paths[1]])
    write(out / paths[2], b"{ this is : [ not YAML\n")
    (out / paths[3]).unlink()
    write(out / KUSTOMIZATION, good[KUSTOMIZATION] + b"namePrefix: x-\n")
    write(out / "models" / "of-a-user.yaml", b"kind: x\n")
    before = tree(out)
    real, _run = check_and_run(site)
    assert names(real["plan"]["update"]) == MAPPINGS[:3]
    assert names(real["plan"]["create"]) == MAPPINGS[3:]
    assert "the file is formatted in another way" in real["diff"]["before"]
    assert contents(out) == good | {"models/of-a-user.yaml": b"kind: x\n"}
    assert touched(before, tree(out)) == {*paths, KUSTOMIZATION}


def brakes(site: Site):
    """Files of others, another kustomization, too many deletions, nothing desired."""
    out = site.root / "out"
    many = [deployment(f"m{number}") for number in range(8)]
    write(site.root / "defs" / "many.yml", *many)
    assert site.play([task("first", **options(site, provider="istio"))]).code == 0

    # A file of somebody else where an object has to go
    write(site.root / "defs" / "new.yml", service_route("web"))
    write(out / "models" / "VirtualService-web.yaml", b"mine: true\n")
    before = tree(out)
    real, run = check_and_run(site, provider="istio")
    assert tree(out) == before
    assert real["msg"] == (
        "nothing was written, because objects of others are in the way: VirtualService models/web belongs to nobody"
        " we know (models/VirtualService-web.yaml is a file that was not written by mlops.ingress): rename yours, or"
        " remove theirs."
    )
    assert real["failure"] == {"written": [], "restored": [], "untouched": []}
    (out / "models" / "VirtualService-web.yaml").unlink()
    (site.root / "defs" / "new.yml").unlink()

    # Twelve of sixteen would go
    write(site.root / "defs" / "many.yml", *many[:2])
    before = tree(out)
    real, run = check_and_run(site, provider="istio")
    assert tree(out) == before
    going = [f"DestinationRule models/m{number}-main" for number in range(2, 8)]
    going += [f"VirtualService models/m{number}" for number in range(2, 8)]
    assert real["msg"] == (
        "12 of 16 objects would be deleted and max_prune (20 percent) allows 5: "
        f"{', '.join(going)}: check the definitions, or raise max_prune if all of these shall go."
    )

    # With leave, in the same run as a kustomization of somebody else in another directory is refused
    write(site.root / "other" / KUSTOMIZATION, b"resources: []\n")
    other = tree(site.root / "other")
    elsewhere = str(site.root / "other")
    run = site.play(
        [
            task("pruned", **options(site, provider="istio", max_prune=75)),
            task("kustomization", **options(site, directory=elsewhere)),
            task("percent", **options(site, max_prune=101)),
        ]
    )
    assert names(run["pruned"]["plan"]["delete"]) == going
    assert len(listed(site)) == 4
    assert tree(site.root / "other") == other
    assert run["kustomization"]["msg"].startswith(f"{elsewhere}/kustomization.yaml: was not written by mlops.ingress: ")
    assert run["percent"]["msg"] == "max_prune: 101 is not a percentage: write a number from 0 to 100."


def scopes_and_sets_share_a_directory(site: Site):
    """kustomization.yaml lists all of them, and each run sees and removes only its own."""
    out = site.root / "out"
    for name in ("dev", "staging", "extra"):
        write(site.root / "defs" / f"{name}.yml", deployment(name))
    staging = options(site, provider="istio", src="defs/staging.yml", scope="staging")
    extra = options(site, provider="istio", src="defs/extra.yml", set="extra")
    thief = options(site, provider="istio", src="defs/dev.yml", scope="thief")
    run = site.play(
        [
            task("dev", **options(site, provider="istio", src="defs/dev.yml")),
            task("staging", **staging),
            task("extra", **extra),
            task("thief", **thief),
        ]
    )
    assert [run[name]["changed"] for name in ("dev", "staging", "extra", "thief")] == [True, True, True, False]
    assert run["thief"]["msg"] == (
        "nothing was written, because objects of others are in the way: DestinationRule models/dev-main belongs to"
        " scope dev, set ingress of mlops.ingress; VirtualService models/dev belongs to scope dev, set ingress of"
        " mlops.ingress: rename yours, or remove theirs."
    )
    every = {
        name: [
            f"models/{kind}-{name}{end}.yaml" for kind, end in (("DestinationRule", "-main"), ("VirtualService", ""))
        ]
        for name in ("dev", "extra", "staging")
    }
    assert listed(site) == sorted(path for paths in every.values() for path in paths)
    write(out / "README.md", "of a user\n")
    before = tree(out)

    absent = {"scope": "dev", "directory": str(out), "state": "absent"}
    gone: Run = site.play(
        [task("check", **absent, task_check_mode=True), task("real", **absent), task("again", **absent)]
    )
    assert {k: v for k, v in gone["check"].items() if k != "invocation"} == gone["real"]
    assert names(gone["real"]["plan"]["delete"]) == ["DestinationRule models/dev-main", "VirtualService models/dev"]
    assert gone["again"]["changed"] is False
    assert touched(before, tree(out)) == {*every["dev"], KUSTOMIZATION, INDEX}
    assert listed(site) == sorted(every["extra"] + every["staging"])

    site.play(
        [
            task("staging", **(absent | {"scope": "staging"})),
            task("extra", **(absent | {"set": "extra"})),
        ]
    )
    assert contents(out) == {"README.md": b"of a user\n"}


# Each is a chain of runs on one directory; they run beside each other.
STORIES = (a_directory_over_time, brakes, scopes_and_sets_share_a_directory)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    with ThreadPoolExecutor(2) as pool:
        yield {
            story.__name__: pool.submit(story, Site(tmp_path_factory.mktemp(story.__name__) / "site"))
            for story in STORIES
        }


@pytest.mark.parametrize("story", [story.__name__ for story in STORIES])
def test_story(told: dict[str, Future[None]], story: str):
    told[story].result()
