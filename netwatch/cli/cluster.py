"""`read --scheduler tcp://HOST:PORT`: files read by the workers of a Dask cluster, each by one that sees it.

A file is named by its path, which is the same on all machines. A worker that is lost is made up for by another that
sees the file. Dask is of the extra `cluster`; what is between it and here is Dask's own, with its certificates or none.
"""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from netwatch import __version__
from netwatch.cli.errors import EXIT_MISSING, EXIT_UNAVAILABLE, CommandError
from netwatch.cli.single_file import Answer, answer_of

SECONDS = 10.0  # for the scheduler to answer
LOOK_S = 1.0  # between two looks at who is left
LOST = 3  # workers that may be lost with a file
PATIENCE = 30  # looks, while no worker that sees a file is there


class Sight(NamedTuple):
    """What a worker says of itself: its netwatch, and which of the files it may read."""

    version: str
    files: list[bool]


class Task(Protocol):
    """distributed.Future, which has no types."""

    def result(self, timeout: float) -> Answer: ...
    def cancel(self) -> object: ...


class Client(Protocol):
    """distributed.Client, likewise."""

    def nthreads(self) -> Mapping[str, int]: ...
    def run(self, function: Callable[[Sequence[str]], Sight], files: Sequence[str], *,
            on_error: str) -> Mapping[str, object]: ...
    def submit(self, function: Callable[[list[str]], Answer], words: list[str], *, pure: bool, workers: Sequence[str],
               allow_other_workers: bool) -> Task: ...


def sight_of(paths: Sequence[str]) -> Sight:
    """Asked of each worker."""
    return Sight(__version__, [os.access(path, os.R_OK) for path in paths])


def asked(scheduler: str, files: Sequence[str], words: list[str]) -> Generator[Answer, None, None]:
    """The answers of the files in their order. Raises CommandError."""
    try:
        import distributed
    except ImportError:
        raise CommandError("--scheduler: distributed is not installed: pip install 'netwatch[cluster]'",
                           EXIT_UNAVAILABLE) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what matters is said here
    try:
        client = distributed.Client(scheduler, timeout=SECONDS, set_as_default=False)
    except (OSError, TimeoutError) as e:
        raise CommandError(f"--scheduler {scheduler}: {str(e).splitlines()[0] if str(e) else 'it does not answer'}",
                           EXIT_UNAVAILABLE) from None
    try:
        yield from Cluster(client, files, words).answers()
    except (OSError, distributed.client.FutureCancelledError) as e:
        raise CommandError(f"--scheduler {scheduler}: the connection was lost: {e}", EXIT_UNAVAILABLE) from None
    finally:
        client.close(timeout=LOOK_S)


class Cluster:
    """The workers that there are, and which of the files each of them sees."""

    def __init__(self, client: Client, files: Sequence[str], words: list[str]) -> None:
        """Raises CommandError."""
        self._client, self._files, self._words = client, files, words
        self._seen: list[set[str]] = []
        self._look()
        missing = [path for path, seen in zip(files, self._seen, strict=True) if not seen]
        if missing:
            more = f" (and {len(missing) - 1} more)" if missing[1:] else ""
            raise CommandError(f"{missing[0]}: no worker may read it{more}", EXIT_MISSING)

    def answers(self) -> Iterator[Answer]:
        """In the order of the files; twice as many are asked for at once as there are threads."""
        most = 2 * sum(self._client.nthreads().values())
        waiting: deque[tuple[int, Task]] = deque()
        for number in range(len(self._files)):
            waiting.append((number, self._submit(number)))
            if len(waiting) >= most:
                yield self._answer(*waiting.popleft())
        while waiting:
            yield self._answer(*waiting.popleft())

    def _look(self) -> None:
        """Ask who is there. Raises CommandError."""
        found = self._client.run(sight_of, self._files, on_error="return")
        if not found:
            raise CommandError("--scheduler: there are no workers", EXIT_UNAVAILABLE)
        seen: dict[str, list[bool]] = {}
        for worker, sight in found.items():
            if not isinstance(sight, Sight):
                raise CommandError(f"--scheduler: {worker} has no netwatch {__version__}: {sight}", EXIT_UNAVAILABLE)
            if sight.version != __version__:
                raise CommandError(f"--scheduler: {worker} has netwatch {sight.version}, here it is {__version__}",
                                   EXIT_UNAVAILABLE)
            seen[worker] = sight.files
        self._seen = [{worker for worker, files in seen.items() if files[number]} for number in range(len(self._files))]

    def _submit(self, number: int) -> Task:
        return self._client.submit(answer_of, [*self._words, "--", self._files[number]], pure=False,
                                   workers=sorted(self._seen[number]), allow_other_workers=False)

    def _answer(self, number: int, future: Task) -> Answer:
        """Raises CommandError."""
        import distributed

        lost = alone = 0
        while True:
            try:
                return future.result(timeout=LOOK_S)
            except distributed.scheduler.KilledWorker:
                lost = LOST
            except TimeoutError:  # it goes on, or nobody is left who could
                if self._seen[number] & self._client.nthreads().keys():
                    continue
                alone += 1
            if lost >= LOST or alone > PATIENCE:
                raise CommandError(f"{self._files[number]}: the workers that could read it are gone", EXIT_UNAVAILABLE)
            future.cancel()
            self._look()
            if not self._seen[number]:
                continue
            lost += 1
            future = self._submit(number)
