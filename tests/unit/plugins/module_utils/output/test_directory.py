# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the directory output writes, what it leaves alone, and what it refuses."""

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.kube.writer import write_document
from ansible_collections.mlops.ingress.plugins.module_utils.objects.ownership import Owner, stamp
from ansible_collections.mlops.ingress.plugins.module_utils.output.directory import DirectoryReader, DirectoryWriter
from ansible_collections.mlops.ingress.plugins.module_utils.output.ports import OutputError
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.diff import plan_diff
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.plan import PlanError, make_plan, plan_absent

OWNER = Owner("dev", "ingress")
OTHER = Owner("dev", "other")
INDEX = ".mlops-ingress/dev/ingress.yaml"
OTHER_INDEX = ".mlops-ingress/dev/other.yaml"


def obj(name, namespace="models", owner=OWNER, api_version="getambassador.io/v3alpha1", kind="Mapping", **spec):
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return stamp({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}, owner, "iris")


def tree(root):
    """Everything below root: path -> mode, and content or None for a directory, or where a link points."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            if stat.S_ISLNK(mode):
                content = os.readlink(path)
            elif stat.S_ISDIR(mode):
                content = None
            else:
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, root)] = (oct(mode), content)
    return found


def times(root):
    return {path: os.lstat(root / path).st_mtime_ns for path in (*tree(root), ".")}


def run(root, desired, owner=OWNER, check=False, secrets=False, **options):
    """One run as a module makes it: observe, plan, refuse, write; returns the plan."""
    observed = DirectoryReader(root, secrets).observe(owner, desired)
    plan = make_plan(desired, observed, **options) if desired else plan_absent(observed)
    if not check:
        DirectoryWriter(root, owner, secrets, wait_seconds=0).apply(plan)
    return plan


def refused(root, desired, match, owner=OWNER, **options):
    """The run fails with one sentence, in check mode too, and leaves everything as it was."""
    before = tree(root.parent)
    for check in (True, False):
        with pytest.raises(OutputError, match=match) as caught:
            run(root, desired, owner, check, **options)
        assert "\n" not in str(caught.value)
    assert tree(root.parent) == before


@pytest.fixture
def root(tmp_path):
    return tmp_path / "outer" / "manifests"


def test_the_first_run_writes_the_files_the_index_and_the_kustomization(root):
    desired = [obj("b"), obj("a"), obj("models", None, api_version="v1", kind="Namespace")]
    run(root, desired)
    files = {path: content for path, (_mode, content) in tree(root).items() if content is not None}
    assert sorted(files) == [
        INDEX,
        "_cluster/Namespace-models.yaml",
        "kustomization.yaml",
        "models/Mapping-a.yaml",
        "models/Mapping-b.yaml",
    ]
    assert files["models/Mapping-b.yaml"].decode() == write_document(desired[0])
    assert files["kustomization.yaml"].decode() == (
        "# Written by mlops.ingress. Do not edit: the next run writes it again.\n"
        "apiVersion: kustomize.config.k8s.io/v1beta1\n"
        "kind: Kustomization\n"
        "resources:\n"
        "- _cluster/Namespace-models.yaml\n"
        "- models/Mapping-a.yaml\n"
        "- models/Mapping-b.yaml\n"
    )
    index = files[INDEX].decode()
    assert index.startswith("# Written by mlops.ingress. Do not edit")
    assert "path: models/Mapping-a.yaml" in index
    assert "- Mapping.getambassador.io\n- Namespace\n" in index


def test_modes_follow_the_umask(root):
    before = os.umask(0o027)
    try:
        run(root, [obj("a")])
    finally:
        os.umask(before)
    modes = {mode for mode, _content in tree(root).values()}
    assert modes == {oct(stat.S_IFREG | 0o640), oct(stat.S_IFDIR | 0o750)}


@pytest.mark.parametrize("check", [True, False])
def test_a_run_without_change_touches_nothing(root, check):
    desired = [obj("a"), obj("b", "other")]
    run(root, desired)
    before, before_times = tree(root), times(root)
    assert run(root, desired[::-1], check=check).is_empty
    assert (tree(root), times(root)) == (before, before_times)


@pytest.mark.parametrize(
    "desired", [[obj("a")], [obj("a", x=2), obj("c", "new")], []], ids=["prune", "all of it", "absent"]
)
def test_check_mode_writes_nothing_and_predicts_plan_and_diff(root, desired):
    run(root, [obj("a"), obj("b")])
    before, before_times = tree(root.parent), times(root)
    predicted = run(root, desired, check=True)
    assert (tree(root.parent), times(root)) == (before, before_times)
    done = run(root, desired)
    assert done == predicted
    assert plan_diff(done) == plan_diff(predicted)
    assert not done.is_empty
    assert run(root, desired).is_empty


def test_check_mode_of_the_first_run_makes_no_directory(root, tmp_path):
    assert not run(root, [obj("a")], check=True).is_empty
    assert tree(tmp_path) == {}


def test_prune_removes_files_and_empty_namespaces_only(root):
    run(root, [obj("a"), obj("b", "second"), obj("c", "third")])
    (root / "third/notes.txt").write_text("mine")
    run(root, [obj("a")])
    assert not (root / "second").exists()
    assert tree(root / "third").keys() == {"notes.txt"}
    assert "- third" in (root / INDEX).read_text()  # namespaces ever used


def test_the_index_remembers_kinds_that_are_no_longer_used(root):
    run(root, [obj("a"), obj("b", kind="Service", api_version="v1")])
    run(root, [obj("a")])
    assert "kinds:\n- Mapping.getambassador.io\n- Service\n" in (root / INDEX).read_text()


def test_without_prune_the_files_stay_ours(root):
    run(root, [obj("a"), obj("b")])
    run(root, [obj("a", x=1)], prune=False)
    assert (root / "models/Mapping-b.yaml").exists()
    assert [change.identity.name for change in run(root, [obj("a", x=1)]).delete] == ["b"]


@pytest.mark.parametrize(
    ("damage", "note"),
    [
        (lambda path: path.write_bytes(b"# by hand\n" + path.read_bytes()), "formatted in another way"),
        (lambda path: path.write_text("a: [", encoding="utf-8"), "does not hold this object"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "does not hold this object"),
        (lambda path: path.write_text("", encoding="utf-8"), "does not hold this object"),
        (lambda path: path.write_text("[]", encoding="utf-8"), "does not hold this object"),
        (lambda path: path.write_bytes(path.read_bytes() + b"---\na: b\n"), "does not hold this object"),
        (lambda path: path.write_text("kind: Mapping", encoding="utf-8"), "does not hold this object"),
        (lambda path: path.write_bytes(path.read_bytes().replace(b"x: 1", b"x: 2")), ""),
    ],
)
def test_a_file_changed_by_hand_is_written_again(root, damage, note):
    run(root, [obj("a", x=1), obj("b")])
    good = tree(root)
    damage(root / "models/Mapping-a.yaml")
    plan = run(root, [obj("a", x=1), obj("b")])
    assert [change.identity.name for change in plan.update] == ["a"]
    assert note in plan.update[0].note
    assert bool(note) == bool(plan.update[0].note)
    assert plan_diff(plan)["before"] != plan_diff(plan)["after"]
    assert tree(root) == good


def test_a_file_damaged_by_hand_can_be_pruned(root):
    run(root, [obj("a"), obj("b")])
    (root / "models/Mapping-b.yaml").write_text("a: [")
    assert [change.identity.name for change in run(root, [obj("a")]).delete] == ["b"]
    assert not (root / "models/Mapping-b.yaml").exists()


def test_a_file_removed_by_hand_is_created_again(root):
    run(root, [obj("a"), obj("b")])
    good = tree(root)
    (root / "models/Mapping-a.yaml").unlink()
    assert [change.identity.name for change in run(root, [obj("a"), obj("b")]).create] == ["a"]
    assert tree(root) == good


def test_a_file_removed_by_hand_that_nobody_wants_leaves_the_records(root):
    run(root, [obj("a"), obj("b", "second")])
    (root / "second/Mapping-b.yaml").unlink()
    plan = run(root, [obj("a")])
    assert (plan.changes, bool(plan.records)) == ((), True)
    assert "Mapping-b" not in (root / INDEX).read_text() + (root / "kustomization.yaml").read_text()
    assert not (root / "second").exists()


@pytest.mark.parametrize("damage", ["remove", "edit"])
def test_a_lost_or_edited_kustomization_is_set_right(root, damage):
    run(root, [obj("a")])
    good = tree(root)
    path = root / "kustomization.yaml"
    path.unlink() if damage == "remove" else path.write_text(path.read_text() + "- other.yaml\n")
    plan = run(root, [obj("a")], check=True)
    assert plan.records == ("kustomization.yaml is not up to date",)
    assert "kustomization.yaml" in plan_diff(plan)["before"]
    run(root, [obj("a")])
    assert tree(root) == good


def test_an_object_of_another_group_takes_over_the_file(root):
    run(root, [obj("a", kind="Gateway", api_version="networking.istio.io/v1")])
    new = obj("a", kind="Gateway", api_version="gateway.networking.k8s.io/v1")
    plan = run(root, [new])
    assert (len(plan.create), len(plan.delete)) == (1, 1)
    assert (root / "models/Gateway-a.yaml").read_text() == write_document(new)
    assert run(root, [new]).is_empty


def test_absent_removes_all_of_ours_and_nothing_else(root):
    run(root, [obj("a"), obj("b", "second")])
    (root / "models/notes.txt").write_text("mine")
    (root / "docs").mkdir()
    run(root, [])
    assert tree(root).keys() == {"models", "models/notes.txt", "docs"}
    assert run(root, []).is_empty


def test_absent_where_nothing_is_does_nothing(root, tmp_path):
    assert run(root, []).is_empty
    assert tree(tmp_path) == {}


def test_absent_leaves_a_foreign_kustomization_alone_where_we_have_nothing(root):
    root.mkdir(parents=True)
    (root / "kustomization.yaml").write_text("resources: []\n")
    assert run(root, []).is_empty


def test_two_sets_share_a_directory_and_stay_apart(root):
    run(root, [obj("a"), obj("b")])
    run(root, [obj("c", owner=OTHER)], OTHER)
    assert (
        "Mapping-a.yaml\n- models/Mapping-b.yaml\n- models/Mapping-c.yaml" in (root / "kustomization.yaml").read_text()
    )
    assert run(root, [obj("a"), obj("b")]).is_empty
    run(root, [])
    assert tree(root).keys() == {
        ".mlops-ingress",
        ".mlops-ingress/dev",
        OTHER_INDEX,
        "kustomization.yaml",
        "models",
        "models/Mapping-c.yaml",
    }
    assert run(root, [obj("c", owner=OTHER)], OTHER).is_empty


def test_a_file_that_nobody_indexed_is_foreign(root):
    (root / "models").mkdir(parents=True)
    (root / "models/Mapping-a.yaml").write_text(write_document(obj("a")))
    before = tree(root)
    assert len(run(root, [obj("a")], check=True).foreign) == 1
    with pytest.raises(PlanError, match=r"models/Mapping-a\.yaml is a file that was not written by mlops\.ingress"):
        run(root, [obj("a"), obj("b")])
    assert tree(root) == before


@pytest.mark.parametrize("there", [True, False])
def test_a_file_of_another_set_is_foreign_even_when_it_was_removed(root, there):
    run(root, [obj("a", owner=OTHER)], OTHER)
    if not there:
        (root / "models/Mapping-a.yaml").unlink()
    before = tree(root)
    with pytest.raises(PlanError, match=r"Mapping models/a belongs to scope dev, set other of mlops\.ingress"):
        run(root, [obj("a")])
    assert tree(root) == before


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_kustomization_of_somebody_else_is_refused(root, name):
    root.mkdir(parents=True)
    (root / name).write_text("resources: []\n")
    refused(root, [obj("a")], f"{name}: was not written by mlops.ingress")


def test_a_plain_secret_is_refused_unless_allowed(root):
    secret = stamp(
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "m"}, "data": {"k": "Y2FuYXJ5"}},
        OWNER,
    )
    refused(root, [obj("a"), secret], "Secret m/s: .* allow_plain_secrets: true")
    run(root, [obj("a"), secret], secrets=True)
    assert "Y2FuYXJ5" in (root / "m/Secret-s.yaml").read_text()
    plan = make_plan([obj("b"), secret], DirectoryReader(root, True).observe(OWNER, [obj("b"), secret]))
    DirectoryWriter(root, OWNER, allow_plain_secrets=True).apply(plan)
    assert "Y2FuYXJ5" not in str(plan_diff(run(root, [], check=True)))


def test_the_writer_refuses_a_plain_secret_by_itself(root):
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "m"}}
    plan = make_plan([secret], DirectoryReader(root, allow_plain_secrets=True).observe(OWNER, [secret]))
    with pytest.raises(OutputError, match="allow_plain_secrets"):
        DirectoryWriter(root, OWNER).apply(plan)
    assert not root.exists()


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"name": "../../x"}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": ".."}, "name"),
        ({"name": "a..b"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a" * 253}, "255"),
        ({"namespace": ".."}, "namespace"),
        ({"namespace": "../x"}, "namespace"),
        ({"namespace": "/etc"}, "namespace"),
        ({"namespace": ".mlops-ingress"}, "namespace"),
        ({"namespace": "_cluster"}, "namespace"),
        ({"kind": "../Mapping"}, "kind"),
        ({"kind": "A/B"}, "kind"),
        ({"kind": "."}, "kind"),
    ],
)
def test_an_object_that_would_escape_is_refused(root, changed, what):
    refused(root, [obj(**{"name": "a", **changed})], f"cannot be written to a file: .*{what}")


def test_names_with_colons_and_dots_are_files(root):
    run(root, [obj("system:node.a", None, api_version="rbac.authorization.k8s.io/v1", kind="ClusterRole")])
    assert (root / "_cluster/ClusterRole-system:node.a.yaml").exists()


def test_two_objects_of_one_file_are_refused_with_both_names(root):
    first = obj("a", kind="Gateway", api_version="networking.istio.io/v1")
    second = obj("a", kind="Gateway", api_version="gateway.networking.k8s.io/v1")
    refused(
        root, [first, second], r"Gateway-a.yaml: .* networking\.istio\.io/v1 and as gateway\.networking\.k8s\.io/v1"
    )


@pytest.mark.parametrize(
    "place",
    [
        "models",
        "models/Mapping-a.yaml",
        "kustomization.yaml",
        ".mlops-ingress",
        ".mlops-ingress/dev",
        ".mlops-ingress/dev/ingress.yaml",
        ".mlops-ingress/.run",
        ".mlops-ingress/.run/lock",
        ".mlops-ingress/.run/journal.json",
    ],
)
@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("inside", [True, False])
def test_a_link_is_refused_wherever_it_leads(root, tmp_path, place, indexed, inside):
    root.mkdir(parents=True)
    outside = root.parent / "outside"
    if indexed:
        run(root, [obj("a")])
    target = (root if inside else outside) / "target"
    target.parent.mkdir(exist_ok=True)
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.rename(target)  # the link leads to just what was here
    elif place.endswith((".yaml", ".json", "lock")):
        target.write_text("{}")
    else:
        target.mkdir()
    path.symlink_to(target)
    refused(root, [obj("a", x=2)], "is a symbolic link, which may lead out of the directory: remove the link")


def test_the_directory_itself_may_be_a_link(root, tmp_path):
    (tmp_path / "real").mkdir()
    root.parent.mkdir()
    root.symlink_to(tmp_path / "real")
    run(root, [obj("a")])
    assert (tmp_path / "real/models/Mapping-a.yaml").exists()


def test_a_directory_that_is_a_link_to_nothing_is_refused(root):
    root.parent.mkdir()
    root.symlink_to("nowhere")
    refused(root, [obj("a")], "is a symbolic link to nothing")


@pytest.mark.parametrize("directory", ["", "a\0b"])
def test_a_directory_that_is_no_path_is_refused(directory):
    with pytest.raises(OutputError, match="is not a path: name the directory"):
        DirectoryReader(directory)


@pytest.mark.parametrize("place", [".", "models", ".mlops-ingress", ".mlops-ingress/dev", ".mlops-ingress/.run"])
def test_a_file_in_place_of_a_directory_is_refused(root, place):
    (root / place).parent.mkdir(parents=True)
    (root / place).write_text("mine")
    refused(root, [obj("a")], "is a file, and a directory is needed here|is not a directory")


@pytest.mark.parametrize("place", ["models/Mapping-a.yaml", "kustomization.yaml", INDEX])
def test_a_directory_in_place_of_a_file_is_refused(root, place):
    (root / place).mkdir(parents=True)
    refused(root, [obj("a")], "is a directory, and a file is needed here")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("path: models/Mapping-a.yaml", "path: ../Mapping-a.yaml"),
        ("path: models/Mapping-a.yaml", "path: /etc/passwd"),
        ("path: models/Mapping-a.yaml", "path: [models]"),
        ("name: a", "name: ../../../a"),
        ("namespace: models", "namespace: .."),
        ("kind: Mapping", "kind: ../Mapping"),
        ("name: a", "name: 7"),
        ("name: a", "label: a"),
        ("scope: dev", "scope: prod"),
        ("scope: dev", "scope: ../prod"),
        ("set: ingress", "set: {}"),
        ("files:", "files: 7\nother:"),
        ("kinds:", "kinds: [1]\nother:"),
        ("kinds:", "kinds: 1\nother:"),
        ("namespaces:", "other:"),
        ("scope: dev", "scope: dev: dev"),
    ],
)
def test_a_damaged_index_is_refused_whoever_runs(root, old, new):
    run(root, [obj("a")])
    text = (root / INDEX).read_text()
    assert old in text
    (root / INDEX).write_text(text.replace(old, new, 1))
    match = r"\.mlops-ingress/dev/ingress\.yaml: .*: restore it from version control"
    refused(root, [obj("a")], match)
    refused(root, [], match)
    refused(root, [obj("c", owner=OTHER)], match, owner=OTHER)


@pytest.mark.parametrize("content", [b"", b"a: [", b"\xff", b"[]", b"a: b\n---\nc: d\n"])
def test_an_unreadable_index_is_refused(root, content):
    run(root, [obj("a")])
    (root / INDEX).write_bytes(content)
    refused(root, [obj("a")], "restore it from version control")


def test_two_indexes_that_list_one_file_are_refused(root):
    run(root, [obj("a")])
    (root / OTHER_INDEX).write_text((root / INDEX).read_text().replace("set: ingress", "set: other"))
    refused(root, [obj("b")], "Mapping-a.yaml is listed here, and already in .mlops-ingress/dev/ingress.yaml")


def test_what_others_put_beside_the_indexes_is_left_alone(root):
    run(root, [obj("a")])
    (root / ".mlops-ingress/dev/README.md").write_text("mine")
    (root / ".mlops-ingress/dev/old").mkdir()
    run(root, [])
    assert {".mlops-ingress/dev/README.md", ".mlops-ingress/dev/old"} <= tree(root).keys()
