"""What LDAP's facts say, as the `ldap` object of a flow."""
import struct

from netwatch._fast.proto.ldap.wire cimport (LDAP_ATTRIBUTE, LDAP_BASE, LDAP_BIND, LDAP_DN, LDAP_ENTRIES, LDAP_EXTENDED,
                                             LDAP_LATENCY, LDAP_MECHANISM, LDAP_MESSAGE, LDAP_OP, LDAP_PASSWORD,
                                             LDAP_RESULT, LDAP_STARTTLS)
from netwatch._fast.proto.common.sasl cimport LOGIN_RESULT
from netwatch._fast.proto.common.describing import (by_key, first, listed, masked, micros, named, number, one_or_all,
                                                    text)
from netwatch._fast.proto.common.gss import add_gss

FACT_FIELDS = {}
LOGIN_FAILED = {LOGIN_RESULT: (b"\0",)}
OPS = {0: "bind", 1: "bind response", 2: "unbind", 3: "search", 4: "entry", 5: "search done", 6: "modify",
       7: "modify response", 8: "add", 9: "add response", 10: "delete", 11: "delete response", 12: "rename",
       13: "rename response", 14: "compare", 15: "compare response", 16: "abandon", 19: "reference", 23: "extended",
       24: "extended response", 25: "intermediate"}
RESULTS = {0: "success", 1: "operationsError", 2: "protocolError", 3: "timeLimitExceeded", 4: "sizeLimitExceeded",
           5: "compareFalse", 6: "compareTrue", 7: "authMethodNotSupported", 8: "strongerAuthRequired",
           10: "referral", 14: "saslBindInProgress", 16: "noSuchAttribute", 32: "noSuchObject",
           34: "invalidDNSyntax", 48: "inappropriateAuthentication", 49: "invalidCredentials",
           50: "insufficientAccessRights", 51: "busy", 52: "unavailable", 53: "unwillingToPerform",
           65: "objectClassViolation", 68: "entryAlreadyExists", 80: "other"}
EXTENSIONS = {"1.3.6.1.4.1.1466.20037": "StartTLS", "1.3.6.1.4.1.4203.1.11.1": "PasswordModify",
              "1.3.6.1.4.1.4203.1.11.3": "WhoAmI"}


def extension_name(raw: bytes) -> str:
    return EXTENSIONS.get(text(raw)) or text(raw)


def describe(facts, show_secrets: bool = False) -> dict:
    """The `ldap` object; the password of a simple bind is masked unless asked for."""
    known = by_key(facts)
    obj = {}
    listed(obj, "operations", known, LDAP_OP, named(OPS, "op"))
    one_or_all(obj, "bind", known, LDAP_BIND)
    one_or_all(obj, "password", known, LDAP_PASSWORD, masked(show_secrets))
    one_or_all(obj, "mechanism", known, LDAP_MECHANISM)
    add_gss(obj, known)
    one_or_all(obj, "base", known, LDAP_BASE)
    one_or_all(obj, "dn", known, LDAP_DN)
    listed(obj, "attributes", known, LDAP_ATTRIBUTE)
    one_or_all(obj, "extended", known, LDAP_EXTENDED, extension_name)
    if LDAP_RESULT in known:
        code = number(known[LDAP_RESULT][-1])
        obj["result"] = RESULTS.get(code) or f"result {code}"
    one_or_all(obj, "message", known, LDAP_MESSAGE, lambda raw: text(raw.rstrip(b"\0")))
    if len(known.get(LDAP_ENTRIES, [b""])[-1]) == 8:
        obj["entries"] = struct.unpack("=Q", known[LDAP_ENTRIES][-1])[0]
    if LDAP_STARTTLS in known:
        obj["starttls"] = True
    micros(obj, "latency_us", known, LDAP_LATENCY)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "LDAP search dc=example,dc=com"."""
    what = obj.get("base") or obj.get("dn") or obj.get("bind") or ""
    return " ".join(word for word in ("LDAP", *obj.get("operations", ())[:1], first(what)) if word)
