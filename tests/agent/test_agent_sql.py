"""`netwatch sql --history` asks an agent while it runs: flows that are over, and those that are open."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from agentspace import Space, needs, until
from netwatch_command import COMMAND, ENVIRONMENT

HELD = """import socket, time
server = socket.create_server(("127.0.0.1", 8090))
with socket.create_connection(server.getsockname()) as one:
    one.sendall(b"GET /held HTTP/1.1\\r\\nHost: held.example\\r\\n\\r\\n")
    print("open", flush=True)
    time.sleep(120)
"""


def asked(query: str, state: Path) -> list[dict[str, object]]:
    done = subprocess.run([*COMMAND, "sql", query, "--history", "--format", "json"], text=True, capture_output=True,
                          env={**ENVIRONMENT, "XDG_STATE_HOME": str(state)})
    return json.loads(done.stdout) if done.returncode == 0 else []  # type: ignore[no-any-return]


@needs("ip")
def test_a_running_agent_is_asked(space: Space, tmp_path: Path) -> None:
    state = tmp_path / "state"
    agent = space.agent("--log", tmp_path / "log", "--set", "history.on=true", XDG_STATE_HOME=str(state))
    held = space.start(sys.executable, "-c", HELD)
    assert held.stdout is not None and held.stdout.readline() == "open\n"
    space.talk(2)
    over = "SELECT count(*) AS n FROM flows WHERE ended IS NOT NULL AND app = 'http'"
    until(lambda: asked(over, state) == [{"n": 2}])
    until(lambda: asked("SELECT dport, http_path AS path, ended IS NULL AS open FROM flows WHERE host = 'held.example'",
                        state) == [{"dport": 8090, "path": "/held", "open": 1}])
    assert agent.poll() is None
    owned = "SELECT count(*) AS n FROM flows WHERE dport = 8090 AND process LIKE 'python%'"
    until(lambda: asked(owned, state) == [{"n": 1}])
    space.over(agent)
