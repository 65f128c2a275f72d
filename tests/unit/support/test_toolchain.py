# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache that the compilers of Ambassador and Emissary are built into: whole, once, and by one at a time."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.ambassador import toolchain


def test_a_build_is_there_as_a_whole_or_not_at_all(tmp_path, capsys):
    target = tmp_path / "component" / "python-0"

    def fail(directory: Path, lock: int) -> None:
        (directory / "half").touch()
        raise toolchain.BuildError("no space")

    with pytest.raises(toolchain.BuildError, match="no space"):
        toolchain._built(target, "it", fail)
    assert [path.name for path in target.parent.iterdir()] == [".lock"]
    assert capsys.readouterr().err == f"Building it into {target}\n"

    killed = target.parent / ".building-killed"
    killed.mkdir()
    for _attempt in range(2):
        assert toolchain._built(target, "it", lambda directory, lock: (directory / "whole").touch()) == target
    assert (target / "whole").exists()
    assert not killed.exists()
    assert capsys.readouterr().err == f"Building it into {target}\n"


def test_a_program_that_fails_is_said_with_its_words(tmp_path):
    with toolchain._alone_in(tmp_path) as lock:
        with pytest.raises(toolchain.BuildError, match="exit code 3\nwhat is wrong"):
            toolchain._run([sys.executable, "-c", "import sys; print('what is wrong'); sys.exit(3)"], lock)
        with pytest.raises(toolchain.BuildError, match="no-such-program"):
            toolchain._run(["no-such-program"], lock)


def test_what_was_built_from_other_files_is_not_used(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text("a")
    second.write_text("")
    key = toolchain._key([first, second])
    first.write_text("")
    second.write_text("a")
    assert toolchain._key([first, second]) != key
    assert toolchain._key([first, second], "3.11") != toolchain._key([first, second])


def test_a_leftover_that_cannot_be_removed_is_in_nobodys_way(tmp_path, monkeypatch):
    leftover = tmp_path / ".building-killed"
    (leftover / "lib").mkdir(parents=True)

    def refuse(*_given, **_named):
        raise OSError(errno.ENOTEMPTY, "Directory not empty")

    monkeypatch.setattr(os, "rmdir", refuse)
    built = toolchain._built(tmp_path / "target", "it", lambda directory, lock: (directory / "whole").touch())
    assert (built / "whole").exists()
    assert leftover.exists()


@pytest.mark.parametrize("make", [toolchain.AMBASSADOR_1_14.installed, toolchain.snapshot_program])
def test_a_cache_that_cannot_be_made_is_said_in_a_sentence(make, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc")
    with pytest.raises(toolchain.BuildError) as caught:
        make()
    said = str(caught.value)
    assert said.startswith("the cache directory /proc/mlops-ingress/")
    assert said.endswith(" (No such file or directory): set XDG_CACHE_HOME to a directory that can be written to")
    assert "\n" not in said


# The program that a build starts: it writes until it is told to stop, and is not ended by the end of its parent.
WRITER = """
import pathlib, sys, time
directory, place = map(pathlib.Path, sys.argv[1:])
end = time.monotonic() + 30
number = 0
while not (place / "stop").exists() and time.monotonic() < end:
    number += 1
    file = directory / "lib" / str(number % 50) / str(number)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    (place / "started").touch()
(place / "ended").touch()
"""
KILLED = """
import pathlib, sys
from tests.support.ambassador import toolchain
place = pathlib.Path(sys.argv[1])
def build(directory, lock):
    toolchain._run([sys.executable, "-c", sys.argv[2], str(directory), str(place)], lock)
toolchain._built(place / "cache" / "target", "it", build)
"""
NEXT = """
import pathlib, sys
from tests.support.ambassador import toolchain
place = pathlib.Path(sys.argv[1])
def build(directory, lock):
    (directory / "found").write_text(str((place / "ended").exists()))
toolchain._built(place / "cache" / "target", "it", build)
"""


def _started(code: str, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, cwd=toolchain.ROOT, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_build_waits_for_the_programs_of_one_that_was_killed(tmp_path):
    cache = tmp_path / "cache"
    try:
        with _started(KILLED, str(tmp_path), WRITER) as killed:
            deadline = time.monotonic() + 20
            while not (tmp_path / "started").exists():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            killed.send_signal(signal.SIGKILL)
        assert list(cache.glob(".building-*"))
        with _started(NEXT, str(tmp_path)) as following:
            assert following.stderr is not None
            assert following.stderr.readline() == f"Waiting until another process has built into {cache}\n"
            assert not (tmp_path / "ended").exists()
            (tmp_path / "stop").touch()
            assert following.stderr.read() == f"Building it into {cache / 'target'}\n"
        assert following.returncode == 0
    finally:
        (tmp_path / "stop").touch()
    assert (cache / "target" / "found").read_text() == "True"
    assert sorted(path.name for path in cache.iterdir()) == [".lock", "target"]
