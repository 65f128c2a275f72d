# Copyright: (c) 2026, the mlops.ingress authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that answers one line of JSON with one line of JSON, kept running because its start is slow."""

from __future__ import annotations

import atexit
import contextlib
import json
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from typing import Any


class WorkerError(RuntimeError):
    """A worker ended, or did not answer in time."""


class Worker:
    """It ends when its standard input is closed: at the latest with this process, however that ends."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], seconds: float = 120) -> None:
        self._command = " ".join(command)
        self._seconds = seconds
        self._lock = threading.Lock()
        # A file, because a pipe that nobody reads would stop the worker. It has no name, so nothing is left behind.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the worker
        self._process = subprocess.Popen(
            command, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
        )
        atexit.register(self.close)

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        line = json.dumps(request, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            watch = threading.Timer(self._seconds, self._process.kill)
            watch.start()
            try:
                self._process.stdin.write(line)
                self._process.stdin.flush()
                answer = self._process.stdout.readline()
            except BrokenPipeError:
                answer = b""
            finally:
                watch.cancel()
                watch.join()
        if not answer.endswith(b"\n"):
            self._process.kill()
            raise WorkerError(f"{self._command} ended with {self._process.wait()}:\n{self._last_words()}")
        result: dict[str, Any] = json.loads(answer)
        return result

    def _last_words(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-4000:]

    @property
    def is_running(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        atexit.unregister(self.close)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
