"""`netwatch devices`: the interfaces that can be captured, and why the others cannot."""

from __future__ import annotations

import json

from netwatch.capture.live import SourceError, default_interface, list_devices
from netwatch.cli.errors import CommandError
from netwatch.cli.parser import Parser


def main(arguments: list[str]) -> int:
    parser = Parser(prog="netwatch devices", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document")
    options = parser.parse_args(arguments)
    try:
        devices = list_devices()
    except SourceError as e:
        raise CommandError(str(e), e.exit_code) from None
    best = default_interface()
    if options.json:
        print(json.dumps([{**d, "default": d["name"] == best} for d in devices], indent=1))
        return 0
    width = max((len(d["name"]) for d in devices), default=4)
    for d in devices:
        marks = [word for word in ("up", "loopback") if d[word]] + (["default"] if d["name"] == best else [])
        verdict = "can be captured" if d["capturable"] else d["reason"]
        print(f"{d['name']:<{width}}  {verdict}" + (f"  ({', '.join(marks)})" if marks else ""))
        for address in d["addresses"]:
            print(f"{'':<{width}}    {address}")
    return 0
