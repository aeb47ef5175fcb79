"""What the facts of wire.pyx and login.pyx say: the describing half of TDS."""

from __future__ import annotations

from collections.abc import Iterable

from netwatch._fast.proto.common.describing import (
    by_key,
    first,
    listed,
    masked,
    micros,
    named,
    number,
    one_or_all,
    text,
)
from netwatch._fast.proto.common.facts import Plain
from netwatch._fast.proto.common.gss import add_gss
from netwatch._fast.proto.common.sqltext import statements
from netwatch._fast.proto.tls.text import describe_hello
from netwatch.model.record import Record

# fact keys, as in login.pxd and wire.pyx
(VERSION, CLIENT, SERVER, ENCRYPTION, INSTANCE, HOST, USER, PASSWORD, APPLICATION, TARGET, LIBRARY, DATABASE, PRODUCT,
 QUERY, PROCEDURE, PROCEDURE_ID, ERROR, LOGIN, LATENCY) = range(21, 40)

FACT_FIELDS = {"tds.host": Plain(HOST, 255, many=True), "tds.application": Plain(APPLICATION, 255, many=True)}
LOGIN_FAILED = {LOGIN: (b"\0",)}
ENCRYPTIONS = {0: "login", 1: "session", 2: "none", 3: "session"}
PROCEDURES = {1: "sp_cursor", 2: "sp_cursoropen", 3: "sp_cursorprepare", 4: "sp_cursorexecute", 5: "sp_cursorprepexec",
              6: "sp_cursorunprepare", 7: "sp_cursorfetch", 8: "sp_cursoroption", 9: "sp_cursorclose",
              10: "sp_executesql", 11: "sp_prepare", 12: "sp_execute", 13: "sp_prepexec", 14: "sp_prepexecrpc",
              15: "sp_unprepare"}


def _version(raw: bytes) -> str:
    """Such as "7.4": the first of four bytes says 7 and the minor version, or 7 alone, or TDS 4 or 5."""
    return f"{raw[0] >> 4}.{raw[0] & 15}" if raw[0] > 15 else f"{raw[0]}.{raw[1]}"


def _build(raw: bytes) -> str:
    """A product's version as SQL Server writes it: "15.0.2000"."""
    return f"{raw[0]}.{raw[1]}.{number(raw[2:4])}" if raw[0] else ""


def _error(raw: bytes) -> str:
    return f"{number(raw[:4])} {text(raw[4:])}".strip()


def describe(facts: Iterable[tuple[int, bytes]], show_secrets: bool = False) -> Record:
    """The `tds` object; passwords, also those in statements, are masked unless secrets are to be shown."""
    known = by_key(facts)
    obj: Record = {}
    one_or_all(obj, "version", known, VERSION, _version)
    one_or_all(obj, "client_version", known, CLIENT, _build)
    one_or_all(obj, "server_version", known, SERVER, _build)
    one_or_all(obj, "product", known, PRODUCT)
    one_or_all(obj, "encryption", known, ENCRYPTION, named(ENCRYPTIONS, "encryption"))
    for name, key in (("instance", INSTANCE), ("host", HOST), ("application", APPLICATION), ("target", TARGET),
                      ("library", LIBRARY)):
        one_or_all(obj, name, known, key)
    add_gss(obj, known)
    one_or_all(obj, "user", known, USER)
    one_or_all(obj, "password", known, PASSWORD, masked(show_secrets))
    listed(obj, "databases", known, DATABASE)
    if LOGIN in known:
        obj["login"] = "accepted" if known[LOGIN][-1] == b"\1" else "refused"
    queries = statements(known.get(QUERY, ()), show_secrets)
    if queries:
        obj["queries"] = queries
    called = [*map(named(PROCEDURES, "procedure"), known.get(PROCEDURE_ID, ())), *map(text, known.get(PROCEDURE, ()))]
    if called:
        obj["procedures"] = list(dict.fromkeys(called))
    listed(obj, "errors", known, ERROR, _error)
    tls = describe_hello({key: values[0] for key, values in known.items()}, "t")
    if "ja4" in tls or "version" in tls:
        obj["tls"] = tls
        obj["stack"] = ["tls"]
    micros(obj, "latency_us", known, LATENCY)
    return obj


def label(obj: Record) -> str:
    """One line for the flow: "TDS sa@master SELECT 1"."""
    who = "@".join(first(obj[key]) for key in ("user", "databases") if key in obj)
    words = ("TDS", who or obj.get("product", ""), obj.get("queries", ("",))[0])
    return " ".join(first(word) for word in words if word)
