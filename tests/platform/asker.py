"""Answers questions about owners from inside a namespace of the lab: asker.py METHODS, then a JSON end a line.

An end is [protocol, local, port, remote, port, anything, time]; the answer is its record, after 2 seconds at most.
"""

from __future__ import annotations

import json
import sys
import time

from netwatch.model.machine import Owner
from netwatch.platform import current


def main() -> None:
    owners = current().owners(tuple(sys.argv[1].split(",")))
    owners.start()
    print(json.dumps([[s.method, s.active, s.reason] for s in owners.status()]), flush=True)
    for line in sys.stdin:
        proto, local, lport, remote, rport, _, first = json.loads(line)
        patience = time.monotonic() + 2
        while True:
            answer = owners.lookup(proto, local, lport, remote, rport, first)
            if isinstance(answer, Owner) or not answer.retry or time.monotonic() > patience:
                break
            time.sleep(0.1)
        print(json.dumps(answer.record()), flush=True)
    owners.close()


if __name__ == "__main__":
    main()
