"""What MongoDB's facts say, as the `mongodb` object of a flow."""
from netwatch._fast.proto.mongodb.facts cimport (MONGO_APP, MONGO_CODE, MONGO_COLLECTION, MONGO_COMMAND, MONGO_DATABASE,
                                                 MONGO_DRIVER, MONGO_DRIVER_VERSION, MONGO_ERROR, MONGO_OS, MONGO_SET,
                                                 MONGO_VERSION, MONGO_ZIP)
from netwatch._fast.proto.common.describing import by_key, listed, named
from netwatch._fast.proto.common.facts import LIST, NUMBER, TEXT, described, fact_fields, words
from netwatch._fast.proto.common.sasl cimport LOGIN_RESULT
from netwatch._fast.proto.common.sasl import add_login

_FIELDS = (("commands", MONGO_COMMAND, LIST), ("databases", MONGO_DATABASE, LIST),
           ("collections", MONGO_COLLECTION, LIST), ("application", MONGO_APP, TEXT), ("driver", MONGO_DRIVER, TEXT),
           ("driver_version", MONGO_DRIVER_VERSION, TEXT), ("os", MONGO_OS, TEXT), ("version", MONGO_VERSION, TEXT),
           ("replica_set", MONGO_SET, TEXT), ("error_code", MONGO_CODE, NUMBER), ("error", MONGO_ERROR, TEXT))
_COMPRESSORS = {0: "none", 1: "snappy", 2: "zlib", 3: "zstd"}
FACT_FIELDS = fact_fields("mongodb", _FIELDS)
LOGIN_FAILED = {LOGIN_RESULT: (b"\0",)}


def describe(facts, show_secrets: bool = False) -> dict:
    """The `mongodb` object; `password` is masked unless secrets are to be shown."""
    facts = list(facts)
    obj = described(facts, _FIELDS)
    listed(obj, "compression", by_key(facts), MONGO_ZIP, named(_COMPRESSORS, "compressor"))
    add_login(obj, facts, show_secrets)
    return obj


def label(obj: dict) -> str:
    """One line for the flow: "MongoDB find shop.orders"."""
    where = obj.get("collections") or obj.get("databases") or ("",)
    return words("MongoDB", obj.get("commands", ("",))[0], where[0])
