"""python lossy_peers.py serve ADDRESS | ask ADDRESS COUNT: short talks of four protocols, each of which tells its
number in what is asked and again in what is answered."""

from __future__ import annotations

import asyncio
import contextlib
import re
import struct
import sys
from collections.abc import Awaitable, Callable

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter
HTTP, SMTP, POSTGRESQL, REDIS = 80, 25, 5432, 6379
ON_ONE_CONNECTION = 10  # requests of HTTP
AT_ONCE = 40


def status_of(number: int) -> int:
    return 210 + number % 80


def number_in(data: bytes) -> int:
    found = re.search(rb"\d+", data)
    assert found, data
    return int(found[0])


def counted(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack(">I", len(body) + 4) + body


async def serve_http(reader: Reader, writer: Writer) -> None:
    while head := await reader.readuntil(b"\r\n\r\n"):
        number = number_in(head)
        body = b"page %d\n" % number * 40
        writer.write(b"HTTP/1.1 %d Done\r\nX-Number: %d\r\nContent-Length: %d\r\n\r\n%s"
                     % (status_of(number), number, len(body), body))


async def serve_smtp(reader: Reader, writer: Writer) -> None:
    writer.write(b"220 mail.lab.example ESMTP\r\n")
    text = False
    while line := await reader.readline():
        if text and line != b".\r\n":
            continue
        verb = line[:4].upper()
        text = verb == b"DATA"
        writer.write(b"354 go\r\n" if text else b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")


async def serve_postgresql(reader: Reader, writer: Writer) -> None:
    await reader.readexactly(struct.unpack(">I", await reader.readexactly(4))[0] - 4)
    writer.write(counted(b"R", bytes(4)) + counted(b"Z", b"I"))
    while await reader.readexactly(1) == b"Q":
        query = await reader.readexactly(struct.unpack(">I", await reader.readexactly(4))[0] - 4)
        fields = b"SERROR\0VERROR\0C%05d\0Mno such thing\0\0" % number_in(query)
        writer.write(counted(b"E", fields) + counted(b"Z", b"I"))


async def serve_redis(reader: Reader, writer: Writer) -> None:
    while line := await reader.readline():
        if line.startswith(b"key"):
            writer.write(b"-ERR no %d\r\n" % number_in(line))


async def ask_http(reader: Reader, writer: Writer, first: int) -> None:
    for number in range(first, first + ON_ONE_CONNECTION):
        writer.write(b"GET /%d HTTP/1.1\r\nHost: lab.example\r\n\r\n" % number)
        await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(len(b"page %d\n" % number) * 40)


async def ask_smtp(reader: Reader, writer: Writer, number: int) -> None:
    await reader.readline()
    for line in (b"EHLO client.lab.example", b"MAIL FROM:<from%d@x>" % number, b"RCPT TO:<to%d@y>" % number, b"DATA",
                 b"Subject: a mail\r\n\r\n" + b"words of it\r\n" * 300 + b".", b"QUIT"):
        writer.write(line + b"\r\n")
        await reader.readline()


async def ask_postgresql(reader: Reader, writer: Writer, number: int) -> None:
    writer.write(counted(b"", b"\0\3\0\0user\0user%d\0database\0shop\0\0" % number))
    await reader.readexactly(9 + 6)
    writer.write(counted(b"Q", b"SELECT %d\0" % number))
    await reader.readuntil(b"Z\0\0\0\5I")
    writer.write(counted(b"X", b""))


async def ask_redis(reader: Reader, writer: Writer, number: int) -> None:
    key = b"key%d" % number
    writer.write(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(key), key))
    await reader.readline()


SERVERS = {HTTP: serve_http, SMTP: serve_smtp, POSTGRESQL: serve_postgresql, REDIS: serve_redis}
CLIENTS = {HTTP: ask_http, SMTP: ask_smtp, POSTGRESQL: ask_postgresql, REDIS: ask_redis}


async def serve(address: str) -> None:
    def quiet(one: Callable[[Reader, Writer], Awaitable[None]]) -> Callable[[Reader, Writer], Awaitable[None]]:
        async def talk(reader: Reader, writer: Writer) -> None:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await one(reader, writer)
            writer.close()
        return talk

    for port, one in SERVERS.items():
        await asyncio.start_server(quiet(one), address, port)
    print("ready", flush=True)
    await asyncio.Event().wait()


async def ask(address: str, count: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def talk(port: int, number: int) -> None:
        async with gate:
            reader, writer = await asyncio.open_connection(address, port)
            await CLIENTS[port](reader, writer, number)
            writer.close()
            await writer.wait_closed()

    await asyncio.gather(*(talk(port, number) for port in CLIENTS
                           for number in range(0, count, ON_ONE_CONNECTION if port == HTTP else 1)))


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[2]) if sys.argv[1] == "serve" else ask(sys.argv[2], int(sys.argv[3])))
