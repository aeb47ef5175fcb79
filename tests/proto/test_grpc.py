"""gRPC: a name HTTP/2 earns by its content-type; service, methods and status."""

from conversation import Talk
from h2frames import END_HEADERS, END_STREAM, HEADERS, PREFACE, frame, request, settings
from hpack import Encoder
from running import run

from netwatch._fast.proto import grpc
from netwatch.decrypt.messages import Messages

KIND = ("content-type", "application/grpc+proto")


def call(client: Encoder, server: Encoder, stream: int, path: str, status: str) -> tuple[bytes, bytes]:
    """A unary call and its answer."""
    asked = request(client, path, stream, KIND, end=False) + frame(0, END_STREAM, stream, b"\0\0\0\0\x01x")
    head = frame(HEADERS, END_HEADERS, stream, server.encode([(":status", "200"), KIND]))
    answer = frame(0, 0, stream, b"\0\0\0\0\x02yz")
    end = [("grpc-status", status), ("grpc-message", "said")]
    return asked, head + answer + frame(HEADERS, END_HEADERS | END_STREAM, stream, server.encode(end))


def test_service_methods_and_status():
    client, server = Encoder(), Encoder()
    talk = Talk().open()
    talk.say(0, PREFACE + settings((4, 1))).say(1, settings((3, 9)))
    for stream, path, status in ((1, "/pkg.Greeter/Hello", "0"), (3, "/pkg.Greeter/Bye", "5"),
                                 (5, "/pkg.Greeter/Hello", "0")):
        asked, answered = call(client, server, stream, path, status)
        talk.say(0, asked).say(1, answered)
    result = run(talk.frames, kinds=("flows", "http"), addons=[Messages()])
    assert result.flow["app"] == "grpc" and result.flow["app_stack"] == ["http2", "grpc"]
    assert result.flow["grpc"] == {"service": "pkg.Greeter", "methods": ["Hello", "Bye"],
                                   "status": ["OK", "NOT_FOUND"], "message": "said"}
    assert result.flow["label"] == "gRPC pkg.Greeter/Hello"
    assert [r["grpc"]["status"] for r in result.by_kind["http"]] == ["OK", "NOT_FOUND", "OK"]
    assert result.summary["apps"]["grpc"]["flows"] == 1


def test_http2_with_another_content_type_is_not_grpc():
    client = Encoder()
    talk = Talk().open()
    talk.say(0, PREFACE + settings((4, 1)) + request(client, "/pkg.Greeter/Hello", 1, ("content-type", "text/grpc")))
    assert run(talk.frames, addons=[Messages()]).flow["app"] == "http2"


def test_status_names():
    assert [grpc.status_name(code) for code in ("0", "16", "17", "x")] == ["OK", "UNAUTHENTICATED", "17", "x"]
