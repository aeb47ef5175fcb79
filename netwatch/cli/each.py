"""`read --each`: files of their own, none of which goes on in another; side by side here, or on a cluster (cluster.py).

Each is read by a netwatch of its own, jailed as ever, and answers with NDJSON whose records name their `file`. What is
printed is in the order of the files, so neither the number of workers nor where they are changes anything of it.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import sys
from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING

import zstandard

from netwatch.cli.errors import EXIT_DAMAGED, EXIT_INTERNAL, EXIT_PERMISSION, CommandError, say
from netwatch.cli.selection import kinds_of, parse_fields, where_of
from netwatch.cli.single_file import PART, Answer, Readers, answer_of
from netwatch.records.writers import write_all
from netwatch.store.settings import find

if TYPE_CHECKING:
    from concurrent.futures import Future

URL = re.compile(r"(?:tcp|tls)://(?:[\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}", re.ASCII)
GOOD = (0, EXIT_DAMAGED)
ALONE = ("interface", "source", "history", "exported", "follow", "write", "by", "sort", "limit", "count", "duration")


def read(options: argparse.Namespace) -> int:
    """Print the records of each file; the exit code."""
    words = words_of(options)
    if options.scheduler is not None:
        from netwatch.cli import cluster

        answers = cluster.asked(options.scheduler, options.files, words)
    else:
        answers = _side_by_side(options.files, words, options.workers)
    code = 0
    out = sys.stdout.buffer
    with contextlib.closing(answers):
        for path, answer in zip(options.files, answers, strict=True):
            for line in answer.said.splitlines():
                say("".join(c if c.isprintable() else "\ufffd" for c in line.removeprefix("netwatch: ")))
            if answer.code not in GOOD:
                raise CommandError(f"{path}: nothing more was read", answer.code if answer.code > 0 else EXIT_INTERNAL)
            for part in zstandard.ZstdDecompressor().read_to_iter(answer.records, write_size=PART):
                write_all(out, part)
            out.flush()
            code = max(code, answer.code)
    return code


def check(options: argparse.Namespace) -> None:
    """Raises CommandError for what does not go with it."""
    given = "--scheduler" if options.scheduler is not None else "--each"
    for name in ALONE:
        if getattr(options, name) not in (None, [], False):
            raise CommandError(f"{given} and --{name} do not go together")
    if options.format not in (None, "ndjson"):
        raise CommandError(f"{given} prints ndjson, not {options.format}")
    if not options.files or "-" in options.files:
        raise CommandError(f"{given} reads files; name one or more")
    if options.exit_status:
        raise CommandError(f"{given} and --exit-status do not go together")
    if options.scheduler is not None and not options.trust_scheduler and hasattr(os, "getuid") and \
            0 in (os.getuid(), os.geteuid()):
        # what comes from there is unpickled: whoever answers, or is in between, runs code of theirs here
        raise CommandError("--scheduler is not for root: who answers there could run anything as root; run it as "
                           "another user, or with --trust-scheduler", EXIT_PERMISSION)
    if options.scheduler is not None and not URL.fullmatch(options.scheduler):
        raise CommandError(f"--scheduler {options.scheduler}: tcp://HOST:PORT or tls://HOST:PORT")
    options.format = "ndjson"
    options.files = [os.path.abspath(path) for path in options.files]  # the same wherever they are read


def words_of(options: argparse.Namespace) -> list[str]:
    """What a netwatch is told, whatever the settings are where it runs; the file comes behind it. Raises
    CommandError."""
    kinds = kinds_of(options)
    where_of(options, kinds)
    parse_fields(options.fields, kinds)
    keys = options.keylog or [name for name in (os.environ.get("SSLKEYLOGFILE"),) if name]
    words = ["--each", "--what", options.what, "--time", options.time]
    words += ["--verbose"] if options.verbose else []
    if "streams" in kinds:
        words.append(f"--stream-limit={options.stream_limit}")
    for option, value in (("--where", options.where), ("--fields", options.fields)):
        words += [f"{option}={value}"] if value is not None else []
    for option, given in (("--no-dpi", options.no_dpi), ("--show-secrets", options.show_secrets),
                          ("--flat", options.flat), ("--redact", options.redact)):
        words += [option] if given else []
    words += [f"--keylog={os.path.abspath(path)}" for path in keys]
    words += [f"--redact-key={os.path.abspath(options.redact_key)}"] if options.redact_key is not None else []
    settings = options.settings
    words += [f"--set={key}={find(key).shown(value)}" for key, value in settings.changed.items()]
    return words + [f"--set=lists.{name}={','.join(items)}" for name, items in settings.lists.items()]


def _side_by_side(files: list[str], words: list[str], workers: int) -> Generator[Answer, None, None]:
    """At most so many at once, and no more answers than that wait. When this ends, all of them do."""
    from concurrent.futures import ThreadPoolExecutor

    waiting: deque[Future[Answer]] = deque()
    readers = Readers()
    before = signal.signal(signal.SIGTERM, _end)
    with ThreadPoolExecutor(workers) as pool:
        try:
            for number, path in enumerate(files):
                waiting.append(pool.submit(answer_of, [*words, "--", path], readers, number))
                if len(waiting) > workers:
                    yield from _next(waiting, readers)
            while waiting:
                yield from _next(waiting, readers)
        finally:
            for each in waiting:
                each.cancel()
            readers.end()
            signal.signal(signal.SIGTERM, before)


def _next(waiting: deque[Future[Answer]], readers: Readers) -> Generator[Answer, None, None]:
    answer = waiting.popleft().result()
    yield answer
    readers.printed(len(answer.records))


def _end(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)
