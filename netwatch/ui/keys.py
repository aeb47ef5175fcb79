"""The one table of keys. The bindings, the footer and the help screen are all read from it.

A context is a place the keys can go: an overlay, an editor, a pane, a tab, and "global" behind them all. The innermost
context that knows a key gets it.
"""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Key:
    """One line of the table: `hint` is the word in the footer ("" keeps it out), `help` the sentence in the help."""
    context: str
    names: tuple[str, ...]
    action: str
    hint: str
    help: str
    early: bool = False            # stands before the others in the footer


def list_keys(context: str, row: str, *more: Key) -> tuple[Key, ...]:
    """The keys of a list (widgets/listing.py) of things called `row`, after those of its tab alone."""
    return (
        *more,
        Key(context, ("s",), "sort_open", "sort", "pick the column to sort by"),
        Key(context, ("S",), "sort_reverse", "reverse", "turn the order round"),
        Key(context, ("<",), "sort_previous", "", "sort by the column to the left"),
        Key(context, (">",), "sort_next", "", "sort by the column to the right"),
        *_moves(context, row),
    )


def _moves(context: str, row: str) -> tuple[Key, ...]:
    return (
        Key(context, ("down", "j"), "row_down", "", f"next {row}"),
        Key(context, ("up", "k"), "row_up", "", f"previous {row}"),
        Key(context, ("pgdn", "ctrl-f"), "page_down", "", "one page down"),
        Key(context, ("pgup", "ctrl-b"), "page_up", "", "one page up"),
        Key(context, ("home", "g"), "row_first", "", f"first {row}"),
        Key(context, ("end", "G"), "row_last", "", f"last {row}"),
    )


def _line(context: str, action: str) -> tuple[Key, ...]:
    """Of a line that is typed."""
    return (
        Key(context, ("left", "ctrl-b"), f"{action}_left", "", "cursor to the left"),
        Key(context, ("right", "ctrl-f"), f"{action}_right", "", "cursor to the right"),
        Key(context, ("home", "ctrl-a"), f"{action}_home", "", "cursor to the start"),
        Key(context, ("end", "ctrl-e"), f"{action}_end", "", "cursor to the end"),
        Key(context, ("backspace",), f"{action}_backspace", "", "erase the character before the cursor"),
        Key(context, ("delete", "ctrl-d"), f"{action}_delete", "", "erase the character under the cursor"),
        Key(context, ("ctrl-u",), f"{action}_clear", "clear", "erase the line up to the cursor"),
    )


def _scrolls(context: str) -> tuple[Key, ...]:
    return (
        Key(context, ("down", "j"), f"{context}_down", "scroll", "scroll down"),
        Key(context, ("up", "k"), f"{context}_up", "", "scroll up"),
        Key(context, ("pgdn", "space"), f"{context}_page_down", "", "one page down"),
        Key(context, ("pgup",), f"{context}_page_up", "", "one page up"),
        Key(context, ("home", "g"), f"{context}_top", "", "to the top"),
        Key(context, ("end", "G"), f"{context}_bottom", "", "to the bottom"),
    )


KEYS = (
    Key("filter", ("enter",), "filter_keep", "keep", "keep the filter and go back to the table"),
    Key("filter", ("esc",), "filter_cancel", "cancel", "go back to the filter that was there before"),
    Key("filter", ("tab",), "filter_complete", "complete", "complete the name of a field, or a value that was seen"),
    Key("filter", ("shift-tab",), "filter_complete_back", "", "the completion before"),
    Key("filter", ("up", "ctrl-p"), "filter_older", "earlier", "an earlier filter"),
    Key("filter", ("down", "ctrl-n"), "filter_newer", "later", "a later filter"),
    *_line("filter", "edit"),
    Key("filter", ("ctrl-w",), "edit_word", "", "erase the word before the cursor"),
    Key("sort", ("enter", "space"), "sort_choose", "sort by it", "sort by the marked column"),
    Key("sort", ("S",), "sort_reverse", "reverse", "turn the order round"),
    Key("sort", ("esc", "s", "q"), "close", "close", "close the list"),
    Key("sort", ("up", "k"), "sort_up", "", "column above"),
    Key("sort", ("down", "j"), "sort_down", "", "column below"),
    Key("sort", ("home", "g"), "sort_first", "", "first column"),
    Key("sort", ("end", "G"), "sort_last", "", "last column"),
    Key("columns", ("space",), "columns_turn", "show/hide", "show the marked field as a column, or hide it"),
    Key("columns", ("left",), "columns_earlier", "move", "one place to the left"),
    Key("columns", ("right",), "columns_later", "", "one place to the right"),
    Key("columns", ("tab",), "columns_profile", "profile", "the next profile of columns"),
    Key("columns", ("ctrl-w",), "columns_save", "save", "save these columns under a name"),
    Key("columns", ("enter", "esc"), "close", "close", "close the list"),
    Key("columns", ("down", "ctrl-n"), "columns_down", "", "the next field"),
    Key("columns", ("up", "ctrl-p"), "columns_up", "", "the field before"),
    Key("columns", ("pgdn", "ctrl-f"), "columns_page_down", "", "one page down"),
    Key("columns", ("pgup", "ctrl-b"), "columns_page_up", "", "one page up"),
    Key("columns", ("home",), "columns_top", "", "the first field"),
    Key("columns", ("end",), "columns_bottom", "", "the last field"),
    Key("columns", ("backspace",), "columns_backspace", "", "erase the last letter of what is looked for"),
    Key("columns", ("ctrl-u",), "columns_clear", "", "erase all of it"),
    Key("help", ("esc", "?", "h", "q", "enter"), "close", "close", "close the help"),
    Key("help", ("/",), "help_find", "find", "only the lines that have a word"),
    *_scrolls("help"),
    Key("palette", ("enter",), "palette_run", "do it", "do the marked thing"),
    Key("palette", ("esc",), "close", "close", "close the palette"),
    Key("palette", ("down", "ctrl-n"), "palette_down", "next", "the next one"),
    Key("palette", ("up", "ctrl-p"), "palette_up", "", "the one before"),
    Key("palette", ("pgdn", "ctrl-f"), "palette_page_down", "", "one page down"),
    Key("palette", ("pgup", "ctrl-b"), "palette_page_up", "", "one page up"),
    Key("palette", ("home",), "palette_top", "", "the first"),
    Key("palette", ("end",), "palette_bottom", "", "the last"),
    Key("palette", ("backspace",), "palette_backspace", "", "erase the last letter"),
    Key("palette", ("ctrl-u",), "palette_clear", "clear", "erase all letters"),
    Key("settings", ("enter",), "settings_edit", "change", "a form for its value, or the next where there are few"),
    Key("settings", ("right", "space"), "settings_next", "next", "the next value"),
    Key("settings", ("left",), "settings_previous", "", "the value before"),
    Key("settings", ("d",), "settings_default", "default", "back to the default"),
    Key("settings", ("w",), "settings_save", "save", "write what was changed to the file"),
    Key("settings", ("esc", "q", ","), "close", "close", "close the settings"),
    Key("settings", ("down", "j"), "settings_down", "", "the next setting"),
    Key("settings", ("up", "k"), "settings_up", "", "the setting before"),
    Key("settings", ("pgdn", "ctrl-f"), "settings_page_down", "", "one page down"),
    Key("settings", ("pgup", "ctrl-b"), "settings_page_up", "", "one page up"),
    Key("settings", ("home", "g"), "settings_top", "", "the first setting"),
    Key("settings", ("end", "G"), "settings_bottom", "", "the last setting"),
    Key("memory", ("esc", "q", "enter", "M"), "close", "close", "close the memory view"),
    *_scrolls("memory"),
    Key("alert", ("esc", "q", "enter", "d"), "close", "close", "close the alert"),
    Key("alert", ("right",), "alert_flows", "its flows", "the flows of the alert, in Connections"),
    Key("alert", ("a",), "alert_ack", "acknowledge", "acknowledge the alert, or no longer"),
    Key("alert", ("m",), "alert_mute", "mute", "hide the alert, and all of its kind between the same ends"),
    *_scrolls("alert"),
    Key("explain", ("esc", "q", "enter", "e"), "close", "close", "close the explanation"),
    *_scrolls("explain"),
    Key("trace", ("esc", "q", "enter", "t"), "trace_close", "close", "send no more, and close the way to the host"),
    *_scrolls("trace"),
    Key("whois", ("esc", "q", "enter", "W"), "close", "close", "close what the registry says"),
    *_scrolls("whois"),
    Key("welcome", ("esc", "enter"), "welcome_close", "go on", "close the card of the first start"),
    Key("failed", ("r",), "retry", "try again", "draw the tab again, details closed"),
    Key("flow", ("space",), "details_turn", "", "show the fields of which nothing is known, or fold them away"),
    Key("details", ("esc", "enter", "d"), "details_close", "close", "close the details pane"),
    Key("details", ("J", "ctrl-d"), "details_down", "scroll", "scroll the details down"),
    Key("details", ("K", "ctrl-u"), "details_up", "", "scroll the details up"),
    Key("groups", ("enter", "space"), "group_enter", "unfold", "unfold the group or fold it; of a flow, every field"),
    Key("groups", ("right", "+"), "group_unfold", "", "unfold the group"),
    Key("groups", ("left", "-"), "group_fold", "", "fold the group"),
    Key("frames", ("o", "right"), "show_packets", "packets", "the frames of the selected flow, in the Packets tab"),
    Key("fields", ("y", "enter"), "field_copy", "copy", "copy the marked value (by OSC 52)"),
    Key("fields", ("esc",), "field_close", "leave", "copy nothing"),
    Key("fields", ("down", "j"), "field_down", "", "next value"),
    Key("fields", ("up", "k"), "field_up", "", "previous value"),
    Key("fields", ("home", "g"), "field_first", "", "first value"),
    Key("fields", ("end", "G"), "field_last", "", "last value"),
    Key("details", ("y",), "field_open", "copy", "pick a value and copy it"),
    Key("connections", ("enter", "d"), "details_open", "open", "every field of the selected flow"),
    Key("connections", ("s",), "sort_open", "sort", "pick the column to sort by"),
    Key("connections", ("S",), "sort_reverse", "reverse", "turn the order round"),
    Key("connections", ("<",), "sort_previous", "", "sort by the column to the left"),
    Key("connections", (">",), "sort_next", "", "sort by the column to the right"),
    Key("connections", ("e",), "explain", "explain", "why the flow is called what it is, and what speaks against it"),
    Key("connections", ("w",), "worst_first", "worst", "the worst first: refused, reset, lost; again: as before"),
    Key("connections", ("C",), "columns_open", "columns", "any field as a column, in any order, saved by a name"),
    Key("connections", ("a",), "group_next", "group", "group by process, remote, host, country, app, ..."),
    Key("connections", ("A",), "group_previous", "", "the grouping before"),
    Key("connections", ("z",), "fold_all", "", "fold all groups; when all are, unfold them"),
    Key("connections", ("x",), "history", "ended", "show or hide flows that have ended"),
    Key("connections", ("E",), "export", "", "write the flows of the list to a new file; a form asks how"),
    Key("connections", ("c",), "copy", "copy", "copy the remote address (by OSC 52)"),
    *_moves("connections", "flow"),
    Key("seek", ("enter",), "seek_go", "go there", "go to that moment"),
    Key("seek", ("esc",), "close", "cancel", "stay here"),
    Key("seek", ("backspace",), "seek_backspace", "", "erase the last character"),
    Key("seek", ("ctrl-u",), "seek_clear", "clear", "erase the line"),
    Key("past", ("[", "left"), "past_back", "back", "the moment before", early=True),
    Key("past", ("]", "right"), "past_on", "on", "the moment behind; behind the newest it is now", early=True),
    Key("past", ("{",), "past_minute_back", "", "a minute back"),
    Key("past", ("}",), "past_minute_on", "", "a minute on"),
    Key("past", ("@",), "past_seek", "", "go to a moment that is over"),
    Key("past", ("end",), "past_live", "now", "back to now", early=True),
    Key("replay", ("P",), "replay_play", "play", "play or stop; at the end: again from the start"),
    Key("replay", ("}",), "replay_faster", "", "faster: 0.1x to 1000x, then as fast as it goes"),
    Key("replay", ("{",), "replay_slower", "", "slower"),
    Key("replay", (".",), "replay_packet", "", "one packet further"),
    Key("replay", (";",), "replay_second", "", "one second further"),
    Key("replay", ("@",), "seek", "", "go to a moment; going back reads the file again"),
    Key("replay", ("^",), "replay_start", "", "to the start"),
    Key("replay", ("$",), "replay_end", "", "to the end"),
    *(Key(context, (name,), action, "", text)
      for context in ("connections", "packets", "topology", "processes", "egress") for name, action, text in (
        ("t", "trace", "the way to the host of the row, hop by hop; only this sends packets"),
        ("W", "whois", "whose the row's address is; asks registries (probes.third_party)"))),
    Key("process", ("esc", "enter", "d"), "process_close", "close", "close what is told of the process"),
    *list_keys(
        "processes", "row",
        Key("processes", ("enter", "d"), "process_open", "open", "top remotes, states and rates of the process"),
        Key("processes", ("right",), "process_flows", "flows", "its flows, in Connections"),
        Key("processes", ("space",), "fold", "unfold", "the processes of a program, the remotes of a process"),
        Key("processes", ("l",), "bound", "listening", "what listens or is bound on this machine, and whose it is"),
        Key("processes", ("x",), "history", "ended", "count flows that have ended too, or not")),
    *list_keys(
        "sockets", "socket",
        Key("sockets", ("l",), "bound", "programs", "back to who talks", early=True),
        Key("sockets", ("enter", "d"), "details_open", "details", "what is known of the socket and its program"),
        Key("sockets", ("right",), "follow", "its flows", "the flows that came to it, in Connections"),
        Key("sockets", ("f",), "chip_next", "which", "all, those that listen, those that are bound")),
    Key("dashboard", ("enter", "space", "d"), "peer_toggle", "open", "what is below the program; more of the host"),
    Key("dashboard", ("right",), "peer_open", "flows", "the flows of the selected row, in Connections"),
    Key("dashboard", ("w",), "dashboard_panel", "where to", "the keys go to Where to, or back to the programs"),
    *(Key(context, names, action, hint, text)
      for context in ("dashboard", "lite", "dense") for names, action, hint, text in (
        (("t",), "range_next", "range", "the next range of time: 1m 5m 15m 1h 6h 24h session"),
        (("ctrl-t",), "range_previous", "", "the range of time before"),
        (("s",), "peer_order", "order", "the list by bytes per second now, or by bytes since the beginning"),
        (("down", "j"), "peer_down", "", "next connection"),
        (("up", "k"), "peer_up", "", "previous connection"),
        (("pgdn", "ctrl-f"), "peer_page_down", "", "ten further down"),
        (("pgup", "ctrl-b"), "peer_page_up", "", "ten further up"),
        (("home", "g"), "peer_first", "", "first connection"),
        (("end", "G"), "peer_last", "", "last connection"))),
    *(Key(context, ("enter", "d"), "peer_toggle", "details", "more of the selected connection")
      for context in ("lite", "dense")),
    Key("stats", ("t",), "range_next", "range", "the next range of time: 1m 5m 15m 1h 6h 24h session"),
    Key("stats", ("ctrl-t",), "range_previous", "", "the range of time before"),
    Key("stats", ("enter", "right"), "stats_flows", "flows", "the flows that the selected row has counted"),
    Key("stats", ("a",), "stats_by", "by", "by protocol, process, port, country, host, DNS name, answer, server"),
    Key("stats", ("A",), "stats_by_previous", "", "by what was before"),
    Key("stats", ("tab",), "stats_panel", "panel", "the keys go to the next panel"),
    Key("stats", ("down", "j"), "stats_down", "", "next row"),
    Key("stats", ("up", "k"), "stats_up", "", "previous row"),
    Key("stats", ("pgdn", "ctrl-f"), "stats_page_down", "", "ten rows down"),
    Key("stats", ("pgup", "ctrl-b"), "stats_page_up", "", "ten rows up"),
    Key("stats", ("home", "g"), "stats_first", "", "first row"),
    Key("stats", ("end", "G"), "stats_last", "", "last row"),
    Key("packets_stream", ("esc", "backspace", "q"), "stream_close", "back", "back to the frames"),
    Key("packets_stream", ("x",), "stream_hex", "hex or text", "hexadecimal, or text again"),
    Key("packets_stream", ("*",), "packets_secrets", "secrets", "show passwords and the like, or mask them again"),
    Key("packets_stream", ("a",), "stream_both", "both", "what both sides say"),
    Key("packets_stream", ("right", ">"), "stream_out", "out", "only what the initiator says"),
    Key("packets_stream", ("left", "<"), "stream_in", "in", "only what the responder says"),
    Key("packets_stream", ("n",), "stream_next", "stream", "the next stream of HTTP/2, HTTP/3 or QUIC, then all again"),
    Key("packets_stream", ("N",), "stream_before", "", "the stream before"),
    Key("packets_stream", ("down", "j"), "stream_down", "", "scroll down"),
    Key("packets_stream", ("up", "k"), "stream_up", "", "scroll up"),
    Key("packets_stream", ("pgdn", "ctrl-f"), "stream_page_down", "", "one page down"),
    Key("packets_stream", ("pgup", "ctrl-b"), "stream_page_up", "", "one page up"),
    Key("packets_stream", ("home", "g"), "stream_top", "", "to the beginning"),
    Key("packets_stream", ("end", "G"), "stream_bottom", "", "to the end"),
    Key("packets_tree", ("esc",), "packets_list", "list", "back to the list"),
    Key("packets_tree", ("enter",), "packets_fold", "fold", "open or close what is below the field"),
    Key("packets_tree", ("right", "l"), "packets_open", "", "open what is below the field"),
    Key("packets_tree", ("left",), "packets_close", "", "close it, or go to what is above"),
    Key("packets_tree", ("z",), "packets_fold_all", "all", "open all, or close all"),
    Key("packets_tree", ("b",), "packets_bytes", "bytes", "to the bytes"),
    Key("packets_tree", ("down", "j"), "packets_leaf_down", "", "next field; its bytes stand out"),
    Key("packets_tree", ("up", "k"), "packets_leaf_up", "", "previous field"),
    Key("packets_tree", ("pgdn", "ctrl-f"), "packets_leaf_page_down", "", "one page down"),
    Key("packets_tree", ("pgup", "ctrl-b"), "packets_leaf_page_up", "", "one page up"),
    Key("packets_tree", ("home", "g"), "packets_leaf_first", "", "first field"),
    Key("packets_tree", ("end", "G"), "packets_leaf_last", "", "last field"),
    Key("packets_bytes", ("esc",), "packets_list", "list", "back to the list"),
    Key("packets_bytes", ("enter", "b"), "packets_tree", "tree", "to the decoded fields"),
    Key("packets_bytes", ("down", "j"), "packets_bytes_down", "", "scroll down"),
    Key("packets_bytes", ("up", "k"), "packets_bytes_up", "", "scroll up"),
    Key("packets_bytes", ("pgdn", "ctrl-f"), "packets_bytes_page_down", "", "one page down"),
    Key("packets_bytes", ("pgup", "ctrl-b"), "packets_bytes_page_up", "", "one page up"),
    Key("packets_notes", ("enter",), "packets_note_go", "show", "select that frame in the list"),
    Key("packets_notes", ("esc",), "packets_notes", "close", "close the notes"),
    Key("packets_notes", ("down", "j"), "packets_note_down", "", "next odd frame"),
    Key("packets_notes", ("up", "k"), "packets_note_up", "", "previous odd frame"),
    Key("packets_notes", ("pgdn", "ctrl-f"), "packets_note_page_down", "", "ten further"),
    Key("packets_notes", ("pgup", "ctrl-b"), "packets_note_page_up", "", "ten back"),
    Key("packets", ("enter",), "packets_tree", "decode", "into the decoded fields"),
    Key("packets", ("F",), "stream_open", "stream", "what the frame's flow says, both sides"),
    Key("packets", ("f",), "packets_follow", "follow", "follow the newest frame, or stand still"),
    Key("packets", ("e",), "packets_notes", "notes", "expert notes: what is odd, and where"),
    Key("packets", ("right", "o"), "packets_flow", "flow", "only the frames of this flow, or all again"),
    Key("packets", ("w",), "packets_save", "save", "write what the list shows to a new pcapng file"),
    Key("packets", ("space", "m"), "packets_mark", "mark", "mark the frame, or no longer"),
    Key("packets", ("l",), "packets_marks", "", "list the marked frames; Enter in it goes to one"),
    Key("packets", ("n",), "packets_mark_next", "", "next marked frame"),
    Key("packets", ("N",), "packets_mark_previous", "", "previous marked frame"),
    Key("packets", ("#",), "packets_jump", "go to", "go to a frame by its number"),
    Key("packets", ("T",), "packets_clock", "time", "times: of the clock, since the frame before, since the start"),
    Key("packets", ("b",), "packets_bytes", "", "into the bytes"),
    Key("packets", ("d",), "packets_enlarge", "", "larger panes: most of the screen, all of it, as before"),
    Key("packets", ("*",), "packets_secrets", "", "show passwords and the like, here and in streams, or mask them"),
    Key("packets", ("y", "c"), "packets_copy", "", "copy the frame's line, the field, or its bytes (by OSC 52)"),
    Key("packets", ("ctrl-x",), "packets_capture", "", "stop the live capture, or start it again"),
    Key("packets", ("i",), "packets_interface", "", "capture on the next interface"),
    Key("packets", ("B",), "packets_capture_filter", "", "another capture filter (libpcap)"),
    Key("packets", ("esc",), "packets_back", "", "panes as before; all flows; no filter: one after the other"),
    Key("packets", ("down", "j"), "packets_down", "", "next frame"),
    Key("packets", ("up", "k"), "packets_up", "", "previous frame"),
    Key("packets", ("pgdn", "ctrl-f"), "packets_page_down", "", "one page down"),
    Key("packets", ("pgup", "ctrl-b"), "packets_page_up", "", "one page up"),
    Key("packets", ("home", "g"), "packets_first", "", "the oldest frame kept"),
    Key("packets", ("end", "G"), "packets_last", "", "the newest frame, which is then followed"),
    *list_keys(
        "interfaces", "interface",
        Key("interfaces", ("enter", "d"), "details_open", "open", "addresses, routes, counters of the selected one"),
        Key("interfaces", ("f",), "chip_next", "which", "all, active, idle or down ones")),
    *list_keys(
        "topology", "host",
        Key("topology", ("enter", "d"), "details_open", "open", "what is known of the selected host"),
        Key("topology", ("right",), "follow", "flows", "the flows of the selected host, in Connections", early=True),
        Key("topology", ("f",), "chip_next", "which", "all, this machine, gateways, local network, internet")),
    Key("timeline", ("enter", "d"), "entry_open", "open", "all of the selected alert; of another event, its flow"),
    Key("timeline", ("right",), "follow", "its flow", "the flow of the selected event, in Connections"),
    Key("timeline", ("f",), "chip_next", "which", "all, warnings, or one category: flow, dns, loss, damage ..."),
    Key("timeline", ("t",), "window_next", "time", "how far back: 1m, 5m, 15m, 1h, 24h, the whole session"),
    Key("timeline", ("a",), "alert_ack", "ack", "acknowledge the selected alert, or no longer"),
    Key("timeline", ("m",), "alert_mute", "mute", "hide the selected alert, and all of its kind between the same ends"),
    *_moves("timeline", "event"),
    Key("insights", ("enter", "d"), "details_open", "open", "the whole of the selected card"),
    Key("insights", ("right",), "follow", "flows", "the flows of the selected card, in Connections", early=True),
    Key("insights", ("t",), "window_next", "time", "over how long: 5m, 1h, the whole session"),
    Key("insights", ("a",), "card_ack", "ack", "acknowledge the alert that the card tells of"),
    Key("insights", ("m",), "card_mute", "mute", "hide the alert, or the finding of its port: that kind of those ends"),
    *_moves("insights", "card"),
    *list_keys(
        "egress", "line",
        Key("egress", ("enter", "space"), "fold", "fold", "fold or unfold the destinations of one"),
        Key("egress", ("right",), "follow", "its flows", "the flows of the selected line, in Connections"),
        Key("egress", ("i",), "egress_way", "who came in", "who came in, or where flows went"),
        Key("egress", ("+",), "egress_allow", "allow", "make it part of the policy, egress-policy.toml"),
        Key("egress", ("z",), "fold_all", "fold all", "fold or unfold all")),
    Key("differences", ("enter", "d"), "details_open", "details", "what is known of the selected difference"),
    Key("differences", ("f",), "chip_next", "which", "all of them, new, vanished, shifted"),
    Key("differences", ("S",), "sort_reverse", "reverse", "turn the order round"),
    Key("differences", ("<",), "sort_previous", "", "order by the column to the left"),
    Key("differences", (">",), "sort_next", "order", "order by the column to the right"),
    *_moves("differences", "difference"),
    Key("differences", ("q", "esc"), "quit", "quit", "leave the differences"),
    Key("global", ("/",), "filter_open", "filter", "filter as you type", early=True),
    Key("global", ("esc",), "filter_clear", "clear", "drop the filter, then what was gone into"),
    Key("global", ("backspace",), "go_back", "back", "back to where one was, filter and all"),
    Key("global", (":",), "palette", "do", "find anything that can be done by a few letters of it"),
    Key("global", (",",), "settings", "", "the settings: every key, its value, where it comes from"),
    Key("global", ("M",), "memory", "", "what netwatch keeps in memory, and the bounds of it"),
    Key("global", ("V",), "view_next", "view", "the next view: full, lite, dense"),
    Key("global", ("T",), "theme_next", "", "the next theme"),
    Key("global", ("p",), "pause", "pause", "freeze all of the display at this moment; the capture goes on"),
    Key("global", ("[",), "past_back", "", "the moment before"),
    Key("global", ("]",), "past_on", "", "the moment behind; behind the newest it is now"),
    Key("live", ("@",), "past_seek", "", "go to a moment that is over"),
    Key("global", ("tab",), "tab_next", "", "next tab"),
    Key("global", ("shift-tab",), "tab_previous", "", "previous tab"),
    Key("global", ("ctrl-l",), "repaint", "", "paint the whole screen again"),
    Key("global", ("?", "h", "f1"), "help", "help", "this help"),
    Key("global", ("q",), "quit", "quit", "leave netwatch (Ctrl-C does so from anywhere)"),
)

CONTEXT_TITLES = {
    "dashboard": "Dashboard", "connections": "Connections", "groups": "Connections in groups",
    "details": "Details pane", "flow": "Details of a flow", "fields": "Copying a field", "frames": "A flow's frames",
    "interfaces": "Interfaces", "packets": "Packets", "trace": "The way to a host", "whois": "Whose an address is",
    "packets_tree": "Decoded fields", "packets_bytes": "Bytes", "packets_notes": "Expert notes",
    "packets_stream": "Stream view",
    "stats": "Stats", "topology": "Topology", "timeline": "Timeline",
    "processes": "Processes", "process": "One process", "sockets": "Sockets that wait for others",
    "insights": "Insights", "egress": "Egress",
    "differences": "Differences (netwatch diff --format screen)",
    "lite": "Lite view", "dense": "Dense view",
    "filter": "Filter line",
    "columns": "List of columns", "sort": "Sort list",
    "settings": "Settings",
    "palette": "Command palette", "memory": "Memory view",
    "alert": "One alert", "explain": "Why a flow is called so",
    "help": "This help", "welcome": "The card of the first start",
    "failed": "A tab that failed",
    "seek": "Going to a moment",
    "live": "A live capture",
    "past": "Time mode: the tables as they were",
    "replay": "Replay of a file",
    "global": "Everywhere",
}

def find(contexts: Iterable[str], name: str) -> Key | None:
    """The line of the table that answers to `name` in the innermost of the contexts."""
    for context in contexts:
        key = _INDEX.get((context, name))
        if key:
            return key
    return None


def hints(contexts: Iterable[str]) -> list[Key]:
    """The lines the footer shows: those with a hint that are not hidden by a context further in, innermost first."""
    taken: set[str] = set()
    shown = []
    for context in contexts:
        lines = [key for key in KEYS if key.context == context]
        shown += [key for key in lines if key.hint and key.names[0] not in taken]
        taken.update(name for key in lines for name in key.names)
    return sorted(shown, key=lambda key: not key.early)


_INDEX = {(key.context, name): key for key in KEYS for name in key.names}
