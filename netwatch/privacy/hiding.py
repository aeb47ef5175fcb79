"""Answers with tokens in place of what is private, and questions with the true values again.

Records are redacted by the schema; fields of other answers by answers.py; words of ours have the addresses, MACs, names
of the DNS, every name that has got a token, and every word that is not of our vocabulary replaced. Bytes are all
hidden, as secrets are: a * for each.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TypeVar, cast

from netwatch.model.record import Record
from netwatch.privacy.answers import PUBLIC, WORDS
from netwatch.privacy.redactor import EVERYBODYS, Redactor, classes
from netwatch.privacy.tokens import Short
from netwatch.privacy.vocabulary import Vocabulary
from netwatch.schema import BY_NAME, NAMES, Privacy

Any_ = TypeVar("Any_")
HIDDEN = "privacy mode is on, and bytes may hold names"
DOTTED = re.compile(r"(?<![\w.@-])(?:[\w.+-]+@)?(?:[\w-]+\.)+[^\W\d_][\w-]+\.?(?![\w@-])")  # a name of the DNS
PATH = re.compile(r"(?<!\S)/[^\s,;\"']+")
WORD = re.compile(r"[\w@$][\w.@$:/\\+-]*[\w$]|\w")
STOPS = frozenset(" \t\r\n(){},\"'=<>")  # what ends a word of a filter (filter/lexer.py), and words that are none there
OPERATORS = frozenset({"and", "or", "not", "in", "contains", "matches"})
FIELD_NAMES = frozenset((*BY_NAME, *NAMES))
LEAST, LONGEST, PHRASES = 3, 64, 2000  # characters of names that are looked for in words; names of several words


class Hiding:
    """Of one run: tokens are the same in all of its answers."""

    def __init__(self, label: str = "") -> None:
        """`label`: of what is looked at, which is known to who looks."""
        self._label = label
        self._vocabulary = Vocabulary()
        self._known: dict[str, str] = {}
        self._phrases: dict[str, str] = {}
        self._tokens = Short(self._learn)
        self._redactor = Redactor(self._tokens, kept=EVERYBODYS)

    def _learn(self, profile: str, value: str, token: str) -> None:
        """Called for each text that gets a token."""
        if profile == "names" and LEAST <= len(value) <= LONGEST and not value.isdecimal():
            if WORD.fullmatch(value):
                self._known.setdefault(value.casefold(), token)
            elif len(self._phrases) < PHRASES:
                self._phrases.setdefault(value, token)

    # ------------------------------------------------------------------------------------------------------- hiding

    def words(self, text: str) -> str:
        """Words of ours: what is private within is replaced, and so is a word that netwatch has not got."""
        for phrase, token in sorted(self._phrases.copy().items(), key=lambda each: -len(each[0])):
            if phrase in text:
                text = text.replace(phrase, token)
        text = str(self._redactor.value(text, "proto", "flow"))
        text = PATH.sub(lambda found: self.name(found[0]), text)
        text = DOTTED.sub(lambda found: found[0] if found[0].casefold() in FIELD_NAMES or found[0] in self._label
                          else self.name(found[0]), text)
        return WORD.sub(lambda found: self._word(found[0]), text)

    def _word(self, word: str) -> str:
        known = self._known.get(word.casefold())
        if known is not None:
            return known
        token = self._tokens.pattern.search(word)
        if token is not None:
            rest = word[:token.start()], word[token.end():]
            before, behind = (WORD.sub(lambda found: self._word(found[0]), each) for each in rest)
            return before + token[0] + behind
        if word in self._label or self._vocabulary.has(word):
            return word
        return self.name(word)

    def name(self, text: str) -> str:
        """All of it is an address, a MAC or a name; one that was inferred stays marked."""
        mark, text = ("~", text[1:]) if text.startswith("~") else ("", text)
        return mark + str(self._redactor.value(text, "host", "")) if text else mark

    def record(self, record: Record, kind: str = "flow") -> Record:
        """A record of a screen: that of a flow has further keys, a group's has `key`."""
        if str(record.get("schema", "")).startswith("netwatch.") and kind == "flow":
            kind = ""
        more = {key: self._further(key, value) for key, value in record.items() if key in FURTHER}
        if (said := self._label_of(record)) is not None:
            more["label"] = said
        return self._redactor.record({key: value for key, value in record.items() if key not in more}, kind) | more

    def _label_of(self, record: Record) -> str | None:
        """What a flow says, behind the protocol that it begins with; None where it begins with something else."""
        label, app = record.get("label"), record.get("app")
        if not isinstance(label, str) or not isinstance(app, str):
            return None
        first, _, rest = label.partition(" ")
        return f"{first} {self.name(rest)}".rstrip() if first.casefold() == app else None

    def _further(self, key: str, value: object) -> object:
        if key in ("local", "remote"):
            return self._redactor.value(value, "src", "flow")
        return self.key(value) if key in ("key", "group") else value

    def key(self, value: object) -> object:
        """Of a group: (field, what it says), or what stands for both of two groups."""
        if not isinstance(value, tuple) or len(value) != 2 or not isinstance(value[0], str):
            return value
        kind, said = value
        if isinstance(said, tuple):
            return kind, (self.key(said[0]), self.key(said[1])) if isinstance(said[0], tuple) else \
                (self.name(str(said[0])), *said[1:])
        field = {"address": "src", "pid": "process.name"}.get(kind, kind)
        return kind, said if said is None else self._redactor.value(said, str(field), "flow")

    def answer(self, value: Any_) -> Any_:
        """The same with tokens; whatever it is made of."""
        return cast(Any_, self._hidden(value, "", ""))

    def _hidden(self, value: object, owner: str, field: str) -> object:
        special = SPECIAL.get(f"{owner}.{field}")
        if special is not None:
            return getattr(self, special)(value)
        if isinstance(value, str):
            public, words = field in PUBLIC.get(owner, ()), field in WORDS.get(owner, ())
            return value if public else self.words(value) if words else self.name(value)
        if isinstance(value, bytes):
            return b"*" * len(value)
        if isinstance(value, Mapping):
            return self._mapping(value, owner, field)
        if isinstance(value, tuple) and hasattr(value, "_fields"):
            return self._whole(value, {name: getattr(value, name) for name in value._fields},
                               getattr(value, "_replace"))  # noqa: B009
        if isinstance(value, tuple):
            return tuple(self._hidden(each, owner, field) for each in value)
        if isinstance(value, list):
            return [self._hidden(each, owner, field) for each in value]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._whole(value, {each.name: getattr(value, each.name) for each in dataclasses.fields(value)},
                               lambda **new: dataclasses.replace(value, **new))
        return value

    def _whole(self, value: object, fields: Mapping[str, object], replaced: object) -> object:
        owner = name_of(type(value))
        new = {name: hidden for name, old in fields.items()
               if (hidden := self._hidden(old, owner_of(type(value), name, owner), name)) is not old}
        return cast("object", replaced(**new)) if new else value  # type: ignore[operator]

    def _mapping(self, value: Mapping[object, object], owner: str, field: str) -> object:
        if field in PUBLIC.get(owner, ()):
            return value
        if "schema" in value or ("id" in value and "proto" in value) or "key" in value:
            return self.record(cast(Record, value))
        return {self.name(key) if isinstance(key, str) and field != "top" else key: self._hidden(each, owner, field)
                for key, each in value.items()}

    def label(self, piece: object) -> object:
        """A row of a breakdown: its label is what its group is by."""
        within = getattr(piece, "within")  # noqa: B009
        kind, said = within.key[0]
        private = kind == "address" or classes("flow").get(kind, Privacy.NAME) is not Privacy.PUBLIC
        label = getattr(piece, "label")  # noqa: B009
        return dataclasses.replace(piece, within=self._hidden(within, "", ""),  # type: ignore[type-var]
                                   label=self.name(label) if private and said is not None else label)

    def labels(self, pieces: tuple[object, ...]) -> object:
        return tuple(map(self.label, pieces))

    def same(self, value: object) -> object:
        return value

    def keys(self, value: tuple[object, ...]) -> object:
        return tuple(map(self.key, value))

    def nodes(self, tree: list[object]) -> object:
        """A decoded frame: what its fields say, without their bytes."""
        return [self._node(each) for each in tree]

    def _node(self, node: object) -> object:
        fields = {each.name: getattr(node, each.name) for each in dataclasses.fields(node)}  # type: ignore[arg-type]
        told = {"text": self.words(str(fields["text"])), "value": None, "children": self.nodes(fields["children"])}
        return dataclasses.replace(node, **told)  # type: ignore[type-var]

    def tree(self, tree: list[object]) -> object:
        hidden = cast("list[object]", self.nodes(tree))
        if hidden:
            first = hidden[0]
            about = {"name": "", "text": f"Bytes are hidden: {HIDDEN}", "at": 0, "size": 0, "value": None,
                     "children": []}
            note = dataclasses.replace(first, **about)  # type: ignore[type-var]
            hidden.append(note)
        return hidden

    def turns(self, turns: list[object]) -> object:
        """What a flow says is content, all of it."""
        return []

    def all_words(self, value: object) -> object:
        """Of a record whose texts are netwatch's own words, addresses and names of hosts."""
        if isinstance(value, str):
            return self.words(value)
        if isinstance(value, dict):
            return {key: self.all_words(each) for key, each in value.items()}
        return list(map(self.all_words, value)) if isinstance(value, list) else value

    def why(self, text: str) -> str:
        return HIDDEN

    # ----------------------------------------------------------------------------------------------- and back again

    def restored(self, value: Any_) -> Any_:
        """With the true values in place of the tokens of this run; the very same where there are none."""
        return cast(Any_, self._restored(value))

    def _restored(self, value: object) -> object:
        if isinstance(value, str):
            return self._redactor.restored(value)
        if isinstance(value, tuple):
            parts = [self._restored(each) for each in value]
            if all(a is b for a, b in zip(parts, value, strict=True)):
                return value
            return value._make(parts) if hasattr(value, "_make") else tuple(parts)
        if isinstance(value, frozenset):
            return frozenset(map(self._restored, value))
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            changed = {each.name: new for each in dataclasses.fields(value)
                       if (new := self._restored(old := getattr(value, each.name))) is not old and new != old}
            return dataclasses.replace(value, **changed) if changed else value
        return value

    def filter(self, text: str) -> str:
        """A filter with the true values, as somebody would have typed it."""
        def typed(found: re.Match[str]) -> str:
            was = self._tokens.opened(found)
            if was is None:
                return found[0]
            before = text[:found.start()]
            said, quoted = str(was), before.count('"') % 2 or before.count("'") % 2
            if quoted or (STOPS.isdisjoint(said) and said.casefold() not in OPERATORS):
                return said
            return '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return self._tokens.pattern.sub(typed, text)


FURTHER = frozenset({
    "key", "group", "age_s", "idle_s", "staleness", "down", "up", "down_bytes", "up_bytes", "rate_in", "rate_out",
    "rate", "minute", "level", "pids", "unfolded", "cpu", "pid", "flows", "live", "remotes", "apps", "packets_out",
    "packets_in", "bytes_out", "bytes_in", "resent", "states", "turned", "ours", "local", "remote", "local_port",
    "remote_port"})  # of screens: numbers, keys, and ends
# what is hidden in a way of its own, and by what
SPECIAL = {
    "addons.packets.questions.Line.info": "words",
    "addons.packets.questions.Chosen.tree": "tree", "addons.packets.questions.Chosen.plain": "tree",
    "addons.packets.conversation.Said.turns": "turns", "addons.packets.conversation.Said.why": "why",
    "addons.statistics.Statistics.pieces": "labels",
    "model.group.Within.key": "keys", "model.group.Within.by": "same",
    "addons.dashboard.Branch.path": "keys",
    "addons.tracing.Traced.record": "all_words",
}


def name_of(kind: type) -> str:
    """As answers.py has it."""
    return f"{kind.__module__.removeprefix('netwatch.')}.{kind.__name__}"


def owner_of(kind: type, field: str, own: str) -> str:
    """The class that the field is of: one that it is inherited from is named there."""
    return next((name_of(each) for each in kind.__mro__ if field in vars(each).get("__annotations__", ())), own)
