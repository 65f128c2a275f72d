# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory output on a bad day: every operation fails once, the process dies anywhere, two runs at once.

The operations are counted at `files.FileWriter`, the only place that calls the file system; the file system is real.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import random
import re
import shutil
import signal
import stat
import time

import pytest
from ansible_collections.mlops.ingress.plugins.module_utils.objects.ownership import Owner, stamp
from ansible_collections.mlops.ingress.plugins.module_utils.output.directory import DirectoryReader, DirectoryWriter
from ansible_collections.mlops.ingress.plugins.module_utils.output.files import FileReader, FileWriter
from ansible_collections.mlops.ingress.plugins.module_utils.output.ports import OutputError
from ansible_collections.mlops.ingress.plugins.module_utils.reconcile.plan import PlanError, make_plan, plan_absent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

OWNER = Owner("dev", "ingress")
OTHER = Owner("prod", "ingress")
RUN = ".mlops-ingress/.run"


def obj(name, namespace="models", owner=OWNER, api_version="getambassador.io/v3alpha1", kind="Mapping", **spec):
    metadata = {"name": name, "namespace": namespace}
    return stamp({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}, owner, "iris")


def tree(root):
    """Everything below root: path -> type and mode, and the content of a file."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            mode = os.lstat(path).st_mode
            content = None
            if stat.S_ISREG(mode):
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, root)] = (oct(mode), content)
    return found


def planned(root, desired, owner=OWNER):
    observed = DirectoryReader(root).observe(owner, desired)
    return make_plan(desired, observed, max_prune=100) if desired else plan_absent(observed)


def run(root, desired, owner=OWNER, files=None, wait=0.0):
    plan = planned(root, desired, owner)
    DirectoryWriter(root, owner, wait_seconds=wait, files=files).apply(plan)
    return plan


OPERATIONS = [
    name for base in (FileReader, FileWriter) for name in vars(base) if not name.startswith("_") and name != "is_locked"
]
WRITES = [name for name in vars(FileWriter) if not name.startswith("_")]


class Counting(FileWriter):
    """Counts operations; at the chosen one (or from there on) `strike` is called around it."""

    def __init__(self, at=0, when="before", lasting=False, only=OPERATIONS):
        self.count, self.at, self.when, self.lasting, self.only = 0, at, when, lasting, only

    def strike(self, name, path):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    def around(self, name, args):
        operation = getattr(super(), name)
        if name not in self.only:
            return operation(*args)
        self.count += 1
        hit = self.at and (self.count == self.at or (self.lasting and self.count > self.at))
        if hit and self.when == "half" and name == "create":
            args = (args[0], args[1][: len(args[1]) // 2])
        if hit and self.when == "before" and name != "unlock":  # the system closes a handle even when it complains
            self.strike(name, args[0])
        result = operation(*args)
        if hit and (self.when != "before" or name == "unlock"):
            if name == "lock" and result is not None:  # what it does itself when it fails
                super().remove(args[0])
                super().unlock(result)
            self.strike(name, args[0])
        return result


def _counted(name):
    return lambda self, *args: self.around(name, args)


for _name in OPERATIONS:
    setattr(Counting, _name, _counted(_name))


class Killing(Counting):
    def strike(self, name, path):
        os.kill(os.getpid(), signal.SIGKILL)


def before_first(root):
    """No directory at all."""


def before_mixed(root):
    run(root, [obj("c", "theirs", OTHER)], OTHER)
    gateway = obj("g", kind="Gateway", api_version="networking.istio.io/v1")
    run(root, [obj("a", x=1), obj("gone", "emptied"), obj("lost"), gateway])
    (root / "models/Mapping-lost.yaml").unlink()
    (root / "models/notes.txt").write_text("mine")
    (root / "emptied").chmod(0o700)


FIRST = [obj("a"), obj("b", "second")]
MIXED = [
    obj("a", x=2),
    obj("new", "added"),
    obj("new"),
    obj("g", kind="Gateway", api_version="gateway.networking.k8s.io/v1"),
]
SCENARIOS = {
    "first run": (before_first, FIRST),
    "create, update, delete, replace": (before_mixed, MIXED),
    "absent": (before_mixed, []),
}


class Case:
    """A scenario, prepared once: copies of its start, the tree it leads to, how many operations that takes."""

    def __init__(self, tmp_path, scenario, only):
        prepare, self.desired = SCENARIOS[scenario]
        self.tmp_path, self.start = tmp_path, tmp_path / "start"
        self.start.mkdir()
        prepare(self.start / "manifests")
        self.before = tree(self.start)
        files = Counting(only=only)
        root = self.fresh("model")
        run(root, self.desired, files=files)
        self.total, self.wanted = files.count, tree(root.parent)

    def fresh(self, name):
        shutil.copytree(self.start, self.tmp_path / str(name))
        return self.tmp_path / str(name) / "manifests"


@pytest.mark.parametrize(("when", "only"), [("before", OPERATIONS), ("after", WRITES), ("half", ["create"])])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_fault_at_any_operation_leaves_everything_as_it_was(tmp_path, scenario, when, only):
    case = Case(tmp_path, scenario, only)
    failures = restored = 0
    for at in range(1, case.total + 1):
        root = case.fresh(at)
        plan = planned(root, case.desired)
        failed = failure_of(DirectoryWriter(root, OWNER, wait_seconds=0, files=Counting(at, when, only=only)), plan)
        if failed:
            failures += 1
            assert tree(root.parent) == case.before, at
            assert "no space left on the device" in str(failed)
            assert "\n" not in str(failed)
            assert not failed.failure.written
            restored += bool(failed.failure.restored)
            touched = {*failed.failure.untouched, *failed.failure.restored}
            assert touched == {change.identity for change in plan.changes}
        else:  # it struck after everything was done, while tidying up
            assert planned(root, case.desired).changes == ()
        run(root, case.desired)
        assert tree(root.parent) == case.wanted, at
    assert failures > case.total // 2
    assert restored or when == "half"


def failure_of(writer, plan):
    try:
        writer.apply(plan)
    except OutputError as error:
        return error
    return None


@pytest.mark.parametrize("only", [WRITES, ["move"]], ids=["every write fails", "every move fails"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_when_undoing_fails_too_the_next_run_undoes_it(tmp_path, scenario, only):
    case = Case(tmp_path, scenario, only)
    left = 0
    for at in range(1, case.total + 1):
        root = case.fresh(at)
        plan = planned(root, case.desired)
        files = Counting(at, lasting=True, only=only)
        failed = failure_of(DirectoryWriter(root, OWNER, wait_seconds=0, files=files), plan)
        if failed:
            left += bool(failed.failure.written)
            assert "the next run undoes it" in str(failed) or not failed.failure.written
            # Check mode looks through the journal: it plans as if that run had never been.
            assert planned(root, case.desired).changes == plan.changes
        run(root, case.desired)
        assert tree(root.parent) == case.wanted, at
    assert left > 2


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError])
def test_an_interruption_is_undone_and_passed_on(tmp_path, fault):
    class Interrupting(Counting):
        def strike(self, name, path):
            raise fault

    case = Case(tmp_path, "create, update, delete, replace", WRITES)
    raised = 0
    for at in range(1, case.total + 1):
        root = case.fresh(at)
        try:
            run(root, MIXED, files=Interrupting(at, only=WRITES))
        except fault:
            raised += 1
        if tree(root.parent) != case.before:  # it struck while tidying up, after the run was complete
            assert planned(root, MIXED).changes == ()
            break
    assert raised > case.total // 2


def killed_run(root, desired, files=None, seconds=None):
    """Run in a child that is killed, by itself at an operation, or by us after some time; say whether it was."""
    child = os.fork()
    if child == 0:
        try:
            run(root, desired, files=files)
        finally:
            os._exit(0)
    if seconds is not None:
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("when", ["before", "half"])
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_process_killed_at_any_write_is_made_good_by_the_next_run(tmp_path, scenario, when):
    case = Case(tmp_path, scenario, WRITES if when == "before" else ["create"])
    for at in range(1, case.total + 1):
        root = case.fresh(at)
        plan = planned(root, case.desired)
        assert killed_run(root, case.desired, Killing(at, when, only=WRITES if when == "before" else ["create"]))
        here = tree(root.parent)
        again = planned(root, case.desired)
        assert tree(root.parent) == here  # check mode has not written
        assert again.changes in (plan.changes, ())
        run(root, case.desired)
        assert tree(root.parent) == case.wanted, at
        assert planned(root, case.desired).is_empty


def test_a_process_killed_while_undoing_is_made_good_by_the_next_run(tmp_path):
    case = Case(tmp_path, "create, update, delete, replace", WRITES)
    undoing = 0
    for first in range(case.total // 2, case.total, 4):
        for second in range(1, 12):
            root = case.fresh(f"{first}-{second}")
            killed_run(root, MIXED, Killing(first, only=WRITES))
            undoing += (root / RUN / "journal.json").exists()
            killed_run(root, MIXED, Killing(second, only=WRITES))
            run(root, MIXED)
            assert tree(root.parent) == case.wanted, (first, second)
    assert undoing > 20


def test_processes_killed_at_random_moments_converge(tmp_path):
    many = [obj(f"m{number}", f"n{number % 7}", x=number) for number in range(60)]
    fewer = [obj(f"m{number}", f"n{number % 5}", x=-number) for number in range(3, 63)]
    run(tmp_path / "one", many)
    begun = time.monotonic()
    run(tmp_path / "one", fewer + many[:3])
    duration = time.monotonic() - begun
    root = tmp_path / "two"
    run(root, many)
    chance = random.Random(7)
    killed = halfway = rounds = 0
    while killed < 25 and rounds < 200:
        rounds += 1
        desired = many if rounds % 2 else [*fewer, *many[:3]]
        killed += killed_run(root, desired, seconds=chance.random() * duration)
        halfway += os.path.exists(root / RUN)
    assert killed >= 25
    assert halfway >= 5
    run(root, [*fewer, *many[:3]])
    assert tree(root) == tree(tmp_path / "one")


def test_an_interrupted_run_is_undone_even_when_the_old_state_is_wanted_again(tmp_path):
    root = tmp_path / "manifests"
    before_mixed(root)
    old = [obj("a", x=1), obj("gone", "emptied"), obj("lost")]
    run(root, old)
    wanted = tree(root)
    assert killed_run(
        root, MIXED, Killing(Case(tmp_path, "create, update, delete, replace", ["move"]).total - 2, only=["move"])
    )
    assert tree(root) != wanted
    plan = planned(root, old)
    assert plan.changes == ()
    assert plan.records == ("an interrupted run is undone first",)
    run(root, old)
    assert tree(root) == wanted


@pytest.mark.parametrize(
    "journal",
    [
        b"",
        b"[]",
        b"{",
        b'{"steps": [{"path": "../x", "had": false, "gets": true}], "made": []}',
        b'{"steps": [{"path": "/etc/x", "had": false, "gets": true}], "made": []}',
        b'{"steps": [{"path": "a/../../x", "had": false, "gets": true}], "made": []}',
        b'{"steps": [{"path": "", "had": false, "gets": true}], "made": []}',
        b'{"steps": [{"path": 7, "had": false, "gets": true}], "made": []}',
        b'{"steps": [{"path": ".mlops-ingress/.run/lock", "had": false, "gets": true}], "made": []}',
        b'{"steps": [], "made": [".."]}',
        b"[" * 100_000,
    ],
)
def test_a_journal_that_is_none_of_ours_is_refused(tmp_path, journal):
    root = tmp_path / "manifests"
    (root / RUN).mkdir(parents=True)
    (root / RUN / "journal.json").write_bytes(journal)
    (tmp_path / "x").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match=r"journal\.json: is not a journal of an interrupted run: restore"):
        run(root, FIRST)
    assert tree(tmp_path) == before


def test_a_link_in_the_rests_of_a_run_is_not_put_into_place(tmp_path):
    root = tmp_path / "manifests"
    (root / RUN).mkdir(parents=True)
    (root / RUN / "journal.json").write_text(
        '{"steps": [{"path": "models/Mapping-a.yaml", "had": true, "gets": false}], "made": []}'
    )
    (tmp_path / "secret").write_text("mine")
    (root / RUN / "old-0").symlink_to(tmp_path / "secret")
    with pytest.raises(OutputError, match="old-0: "):
        run(root, FIRST)
    assert not (root / "models").exists()


def test_a_journal_cannot_move_files_through_a_link(tmp_path):
    root = tmp_path / "manifests"
    (root / RUN).mkdir(parents=True)
    (root / RUN / "journal.json").write_text(
        '{"steps": [{"path": "theirs/Mapping-a.yaml", "had": false, "gets": true}], "made": []}'
    )
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/Mapping-a.yaml").write_text("mine")
    (root / "theirs").symlink_to(tmp_path / "outside")
    before = tree(tmp_path)
    with pytest.raises(OutputError, match="theirs: is a symbolic link"):
        run(root, FIRST)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("path", ["README.md", ".git/config.yaml", "models/notes.yaml", "a/b/Mapping-a.yaml", "models"])
def test_a_journal_cannot_name_files_that_no_run_writes(tmp_path, path):
    """It may come with a repository, and undoing it removes files."""
    root = tmp_path / "manifests"
    (root / RUN).mkdir(parents=True)
    step = {"path": path, "had": False, "gets": True}
    (root / RUN / "journal.json").write_text(json.dumps({"steps": [step], "made": []}))
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(OutputError):
        run(root, FIRST)
    assert tree(tmp_path) == before


def test_two_runs_that_planned_before_either_wrote(tmp_path):
    """The second one would add its objects to those of the first."""
    root = tmp_path / "manifests"
    first, second = planned(root, [obj("a")]), planned(root, [obj("b")])
    DirectoryWriter(root, OWNER).apply(first)
    before = tree(tmp_path)
    with pytest.raises(OutputError, match="was written by another run"):
        DirectoryWriter(root, OWNER).apply(second)
    assert tree(tmp_path) == before


def test_a_file_of_somebody_else_in_the_place_of_ours(tmp_path):
    root = tmp_path / "manifests"
    run(root, FIRST)
    path = next((root / "models").glob("Mapping-*.yaml"))
    path.write_text(re.sub("mlops.ingress/scope: .*", "mlops.ingress/scope: another", path.read_text()))
    before = tree(tmp_path)
    with pytest.raises(PlanError, match="file that was not written by"):
        run(root, FIRST)
    assert tree(tmp_path) == before


def test_undoing_keeps_what_others_put_into_a_new_directory(tmp_path):
    root = tmp_path / "manifests"
    run(root, FIRST)
    assert killed_run(root, [*FIRST, obj("c", "added")], Killing(2, only=["move"]))
    (root / "added/notes.txt").write_text("mine")
    run(root, FIRST)
    assert (root / "added/notes.txt").read_text() == "mine"
    assert planned(root, FIRST).is_empty


def test_the_lock_is_tried_again_when_its_last_holder_tidies_up(tmp_path):
    class Racing(FileWriter):
        tries = 0

        def lock(self, path, holder):
            self.tries += 1
            if self.tries == 1:
                path.parent.rmdir()
            return super().lock(path, holder)

    files = Racing()
    run(tmp_path / "manifests", FIRST, files=files, wait=5)
    assert files.tries == 2
    assert planned(tmp_path / "manifests", FIRST).is_empty


def test_a_lock_on_a_file_that_was_removed_meanwhile_is_no_lock(tmp_path, monkeypatch):
    path, real = tmp_path / "lock", fcntl.flock

    def late(handle, operation):
        path.unlink()
        path.write_text("somebody else")
        real(handle, operation)

    monkeypatch.setattr(fcntl, "flock", late)
    assert FileWriter().lock(path, "we") is None
    assert path.read_text() == "somebody else"


def test_rests_of_a_run_without_a_journal_are_removed(tmp_path):
    root = tmp_path / "manifests"
    run(root, FIRST)
    wanted = tree(root)
    (root / RUN).mkdir()
    (root / RUN / "new-0.yaml").write_text("half wri")
    assert planned(root, FIRST).records == ("an interrupted run is undone first",)
    run(root, FIRST)
    assert tree(root) == wanted


def hold(root, ready, release):
    """Hold the lock of a directory in a child process, as a run does that writes for long."""
    child = os.fork()
    if child == 0:
        os.makedirs(root / RUN, exist_ok=True)
        handle = FileWriter().lock(root / RUN / "lock", f"process {os.getpid()} on here")
        os.write(ready, b"x")
        os.read(release, 1)
        FileWriter().remove(root / RUN / "lock")
        FileWriter().unlock(handle)
        os._exit(0)
    return child


@pytest.mark.parametrize("patient", [True, False])
def test_a_second_run_waits_a_while_or_says_who_is_writing(tmp_path, patient):
    root = tmp_path / "manifests"
    run(root, [obj("z")])
    desired = [obj("z"), *FIRST]
    before = tree(root)
    (is_ready, ready), (release, released) = os.pipe(), os.pipe()
    child = hold(root, ready, release)
    os.read(is_ready, 1)
    try:
        assert planned(root, desired).records == ()  # a living run is not an interrupted one
        if patient:
            later = os.fork()
            if later == 0:
                time.sleep(0.3)
                os.write(released, b"x")
                os._exit(0)
            run(root, desired, wait=10)
            os.waitpid(later, 0)
            assert planned(root, desired).is_empty
            assert RUN not in tree(root)
        else:
            with pytest.raises(OutputError, match=rf"process {child} on here is writing there: wait"):
                run(root, desired, wait=0.2)
            os.write(released, b"x")
    finally:
        os.waitpid(child, 0)
        for handle in (is_ready, ready, release, released):
            os.close(handle)
    if not patient:
        run(root, [obj("z")])
        run(root, [])
        assert before.keys() - tree(root).keys() == before.keys()


def test_many_runs_at_once_end_in_one_state(tmp_path):
    root = tmp_path / "manifests"
    owners = [Owner("dev", f"set{number}") for number in range(6)]
    children = []
    for owner in owners:
        child = os.fork()
        if child == 0:
            done = False
            try:
                run(root, [obj(f"{owner.set}-{number}", "common", owner) for number in range(5)], owner, wait=30)
                done = True
            finally:
                os._exit(0 if done else 1)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * len(owners)
    for owner in owners:
        desired = [obj(f"{owner.set}-{number}", "common", owner) for number in range(5)]
        assert planned(root, desired, owner).is_empty
    assert (root / "kustomization.yaml").read_text().count("- common/") == 30
    assert RUN not in tree(root)


def test_a_plan_that_the_world_has_overtaken_is_refused(tmp_path):
    root = tmp_path / "manifests"
    run(root, [obj("a", x=1), obj("b")])
    plan = planned(root, [obj("a", x=2), obj("b")])
    run(root, [obj("a", x=3), obj("b")])
    before = tree(root)
    with pytest.raises(OutputError, match=r"Mapping-a\.yaml: was changed by somebody else .* run again"):
        DirectoryWriter(root, OWNER).apply(plan)
    assert tree(root) == before


def test_a_target_that_appears_after_planning_is_not_overwritten(tmp_path):
    root = tmp_path / "manifests"
    plan = planned(root, FIRST)
    (root / "models").mkdir(parents=True)
    (root / "models/Mapping-a.yaml").write_text("mine")
    before = tree(root)
    with pytest.raises(OutputError, match="was changed by somebody else"):
        DirectoryWriter(root, OWNER).apply(plan)
    assert tree(root) == before


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.EACCES, "permission denied: run as a user who may write there"),
        (errno.EROFS, "the file system is read-only: choose another directory"),
        (errno.EIO, "Input/output error: put this right and run again"),
        (errno.EXDEV, "keep the whole directory on one file system"),
    ],
)
def test_errors_of_the_system_are_sentences(tmp_path, number, advice):
    class Failing(Counting):
        def strike(self, name, path):
            raise OSError(number, os.strerror(number), str(path))

    with pytest.raises(OutputError, match=rf"^{tmp_path}/manifests.*: .*{advice}") as caught:
        run(tmp_path / "manifests", FIRST, files=Failing(3, only=WRITES))
    assert len(caught.value.failure.untouched) == 2


STATES = st.lists(
    st.dictionaries(st.tuples(st.sampled_from("abcd"), st.sampled_from("mn")), st.integers(0, 2), max_size=5),
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=STATES)
def test_the_directory_depends_on_the_last_state_only(tmp_path_factory, states):
    root, fresh = tmp_path_factory.mktemp("walked") / "m", tmp_path_factory.mktemp("fresh") / "m"
    desired = []
    for state in states:
        desired = [obj(name, namespace, x=x) for (name, namespace), x in state.items()]
        run(root, desired)
        assert planned(root, desired).is_empty
    run(fresh, desired)
    index = ".mlops-ingress/dev/ingress.yaml"  # this one remembers the namespaces of all states
    walked, direct = tree(root), tree(fresh)
    assert (index in walked) == (index in direct)
    assert {**walked, index: 0} == {**direct, index: 0}
