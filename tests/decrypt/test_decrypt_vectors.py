"""Published values: RFC 8448 (TLS 1.3), RFC 9001 (QUIC's labels), and the PRF's by which TLS 1.2 was first checked."""

from __future__ import annotations

import pytest

from netwatch.decrypt.direction import Direction
from netwatch.decrypt.records import Aead13, Unverified
from netwatch.decrypt.secrets import expand_label, extract, prf
from netwatch.decrypt.suites import suite_of

# RFC 8448 section 3
SECRETS = {
    "c hs": "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21",
    "s hs": "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38",
    "c ap": "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5",
    "s ap": "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643",
}
KEYS = {
    "c hs": ("dbfaa693d1762c5b666af5d950258d01", "5bd3c71b836e0b76bb73265f"),
    "s hs": ("3fce516009c21727d0f2e4e86ee403bc", "5d313eb2671276ee13000b30"),
    "c ap": ("17422dda596ed5d9acd890e3c63f5051", "5b78923dee08579033e523d9"),
    "s ap": ("9f02283b6c9c07efc26bb9f2ac92e356", "cf782b88dd83549aadf1e984"),
}
TICKET = bytes.fromhex(
    "3a6b8f90414a97d6959c3487680de5134a2b240e6cffac116e95d41d6af8f6b580dcf3d11d63c758db289a015940252f55713e061dc13e07"
    "8891a38efbcf5753ad8ef170ad3c7353d16d9da773b9ca7f2b9fa1b6c0d4a3d03f75e09c30ba1e62972ac46f75f7b981be63439b2999ce13"
    "0646151398" "91d5e4c5b406f16e3fc181a77ca475840025db2f0a77f81b5ab05b94c01346755f69232c86519d86cbeeac87aac347d143f9"
    "605d64f650db4d023e70e952ca49fe5137121c74bc2697687e248746d6df353005f3bce18696129c8153556b3b6c6779b37bf15985684f")
FROM_CLIENT = [bytes.fromhex(text) for text in (
    "a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977014bd1e"
    "3deae63aeebb21694915e4", "c9872760655666b74d7ff1153efd6db6d0b0e3")]
FROM_SERVER = [TICKET] + [bytes.fromhex(text) for text in (
    "2e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a59a8fcc49c4bf2e5f0a21c0047c2ab"
    "f332540dd032e167c2955d", "b58fd67166ebf599d24720cfbe7efa7a8864a9")]
HEAD = b"\x17\x03\x03"
SAID = bytes(range(50)) + b"\x17"
CLOSED = b"\x01\x00\x15"


@pytest.mark.parametrize("name", SECRETS)
def test_traffic_keys(name: str) -> None:
    secret = bytes.fromhex(SECRETS[name])
    assert (expand_label(secret, "key", 16).hex(), expand_label(secret, "iv", 12).hex()) == KEYS[name]


def direction(name: str) -> Direction:
    suite = suite_of(0x1301)
    assert suite
    return Direction(Aead13(suite, bytes.fromhex(SECRETS[name])))


def test_records() -> None:
    client, server = direction("c ap"), direction("s ap")
    assert [client.open(HEAD, body) for body in FROM_CLIENT] == [SAID, CLOSED]
    ticket, *rest = [server.open(HEAD, body) for body in FROM_SERVER]
    assert (ticket[0], ticket[-1], len(ticket)) == (4, 22, len(TICKET) - 16)
    assert rest == [SAID, CLOSED]


def test_another_number_or_type_does_not_verify() -> None:
    with pytest.raises(Unverified):
        direction("c ap").open(HEAD, FROM_CLIENT[1])
    with pytest.raises(Unverified):
        direction("c ap").open(b"\x16\x03\x03", FROM_CLIENT[0])
    with pytest.raises(Unverified):
        direction("c ap").open(HEAD, b"")


def test_found_again_after_a_loss() -> None:
    server = direction("s ap")
    server.tear(5 + len(TICKET))
    assert server.open(HEAD, FROM_SERVER[1]) == SAID
    assert server.hole == len(TICKET) - 17
    assert server.open(HEAD, FROM_SERVER[2]) == CLOSED
    assert server.hole == -1


def test_quic_initial_keys() -> None:
    """RFC 9001 appendix A.1."""
    initial = extract(bytes.fromhex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a"), bytes.fromhex("8394c8f03e515708"))
    client = expand_label(initial, "client in", 32)
    assert client.hex() == "c00cf151ca5be075ed0ebfb5c80323c42d6b7db67881289af4008f1f6c357aea"
    assert expand_label(client, "quic key", 16).hex() == "1f369613dd76d5467730efcbe3b1a22d"
    assert expand_label(client, "quic hp", 16).hex() == "9f50449e04a0e810283a1e9933adedd2"


def test_prf() -> None:
    """P_SHA256 as published on the TLS working group's list with RFC 5246."""
    made = prf("sha256", bytes.fromhex("9bbe436ba940f017b17652849a71db35"), b"test label",
               bytes.fromhex("a0ba9f936cda311827a6f796ffd5198c"), 100)
    assert made.hex() == (
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17"
        "abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff70187347b66")
