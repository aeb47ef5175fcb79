"""What netwatch and netwatch-capd say to each other: questions with typed arguments, and answers, both bounded.

A question is one datagram of JSON, [number, name, arguments]; an answer is its number, what kind it is and a value, in
as many datagrams as it takes, the last of which begins with a point. Descriptors go with the last.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple

from netwatch.model.machine import (
    BoundSocket,
    Counters,
    KernelDrop,
    Link,
    Neighbour,
    Owner,
    Process,
    Route,
    Status,
    Unknown,
)
from netwatch.model.probe import Reply
from netwatch.model.whois import RegistryAnswer

Json = Any  # Any: what a message carries, which its question knows
QUESTION_MOST = 65_536  # bytes
ANSWER_MOST = 16 << 20
PART = 65_536
DEEP_MOST = 12
NAMED = {kind.__name__: kind for kind in (BoundSocket, Counters, KernelDrop, Link, Neighbour, Owner, Process,
                                             RegistryAnswer, Reply, Route, Status, Unknown)}

Type = type | tuple[type, ...]
NUMBER: Type = (int, str)  # of a protocol, or its name
QUESTIONS: dict[str, tuple[Type, ...]] = {
    "open": (list, str, int, int, bool), "shut": (int,), "ended": (int,), "devices": (), "default_interface": (),
    "find_owners": (bool,), "owners_ready": (), "of_flow": (NUMBER, (str, bytes), int, (str, bytes), int, int, int),
    "owners_status": (), "counters": (), "links": (), "routes": (), "neighbours": (), "addresses": (),
    "nameservers": (), "cpu_seconds": (int,), "tcp_info": (str, int, str, int), "new_file": (str,),
    "allow_probes": (list, bool), "probe": (str, str, int, int, int, int), "replies": (),
    "allow_traces": (bool,), "begin_trace": (str,), "end_trace": (), "allow_whois": (), "ask_registry": (str, str),
    "registry_answer": (), "allow_no_more": (),
    "kernel_drops": (), "bound_sockets": (), "of_flows": (tuple,),
}
MANY = {"of_flows": "of_flow"}  # questions that are many of another: a tuple of its arguments
MANY_MOST = 128


class MessageError(Exception):
    """What came is no message of ours."""


class Question(NamedTuple):
    number: int
    name: str
    arguments: list[Json]


class Answer(NamedTuple):
    number: int
    kind: str  # "is", "unavailable", "source" (with the exception's name), "refused"
    value: Json


def packed(value: object) -> Json:
    """As JSON can have it. Raises MessageError."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, bytes):
        return {"b": value.hex()}
    if isinstance(value, list):
        return [packed(each) for each in value]
    if isinstance(value, tuple):
        return {"t": [packed(each) for each in value]}
    if isinstance(value, frozenset):
        return {"s": [packed(each) for each in value]}
    if isinstance(value, dict):
        return {"d": {str(key): packed(each) for key, each in value.items()}}
    if is_dataclass(value) and type(value).__name__ in NAMED:
        return {"c": type(value).__name__, "v": [packed(getattr(value, each.name)) for each in fields(value)]}
    raise MessageError(f"{type(value).__name__} is not told")


def unpacked(value: Json, deep: int = DEEP_MOST) -> Json:
    """What packed() packed. Raises MessageError."""
    if isinstance(value, list):
        return _each(value, deep)
    if not isinstance(value, dict):
        return value
    try:
        match list(value):
            case ["b"]:
                return bytes.fromhex(value["b"])
            case ["t"]:
                return tuple(_each(value["t"], deep))
            case ["s"]:
                return frozenset(_each(value["s"], deep))
            case ["d"]:
                return {key: unpacked(each, _less(deep)) for key, each in value["d"].items()}
            case ["c", "v"]:
                return NAMED[value["c"]](*_each(value["v"], deep))
    except (TypeError, ValueError, KeyError, AttributeError) as e:
        raise MessageError(f"{type(e).__name__}: {e}") from None
    raise MessageError("an object of no known kind")


def _each(values: Json, deep: int) -> list[Json]:
    if not isinstance(values, list):
        raise MessageError("no list")
    return [unpacked(each, _less(deep)) for each in values]


def _less(deep: int) -> int:
    if deep == 0:
        raise MessageError("too deep")
    return deep - 1


def ask(question: Question) -> bytes:
    """The datagram. Raises MessageError when it is too long."""
    data = json.dumps([question.number, question.name, packed(question.arguments)]).encode()
    if len(data) > QUESTION_MOST:
        raise MessageError("the question is too long")
    return data


def question(data: bytes) -> Question:
    """What is asked, its arguments of their types. Raises MessageError."""
    found = _read(data)
    if not (isinstance(found, list) and len(found) == 3 and isinstance(found[0], int) and isinstance(found[1], str)):
        raise MessageError("not a question")
    types, arguments = QUESTIONS.get(found[1]), unpacked(found[2])
    if types is None or not isinstance(arguments, list) or len(arguments) != len(types):
        raise MessageError("no such question")
    _check(found[1], arguments, types)
    if found[1] in MANY:
        of = QUESTIONS[MANY[found[1]]]
        if len(arguments[0]) > MANY_MOST:
            raise MessageError(f"{found[1]}: too many at a time")
        for each in arguments[0]:
            if not isinstance(each, tuple) or len(each) != len(of):
                raise MessageError(f"{found[1]}: something else than {MANY[found[1]]}")
            _check(found[1], each, of)
    return Question(found[0], found[1], arguments)


def _check(name: str, arguments: Sequence[Json], types: tuple[Type, ...]) -> None:
    """Are they of these types? Raises MessageError."""
    for value, kind in zip(arguments, types, strict=True):
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise MessageError(f"{name}: an argument of another type")
        if isinstance(value, list) and not all(isinstance(each, str) for each in value):
            raise MessageError(f"{name}: a list of something else than names")


def answer_parts(answer: Answer) -> list[bytes]:
    """The datagrams."""
    data = json.dumps([answer.number, answer.kind, packed(answer.value)]).encode()
    if len(data) > ANSWER_MOST:
        data = json.dumps([answer.number, "unavailable", "the answer is too long"]).encode()
    parts = [data[at:at + PART] for at in range(0, len(data), PART)]
    return [*(b"+" + part for part in parts[:-1]), b"." + parts[-1]]


def answer(data: bytes) -> Answer:
    """Raises MessageError."""
    found = _read(data)
    if not (isinstance(found, list) and len(found) == 3 and isinstance(found[0], int) and isinstance(found[1], str)):
        raise MessageError("not an answer")
    return Answer(found[0], found[1], unpacked(found[2]))


def _read(data: bytes) -> Json:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise MessageError("not JSON") from None
