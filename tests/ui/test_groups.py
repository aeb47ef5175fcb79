"""Flows in groups, as the session answers and as the Connections tab shows them: sums, order, trees, pages, keys.

The sums are compared with those of the flow records, one by one. Golden screens: NETWATCH_GOLDEN=1 writes them anew.
"""
import pathlib

import pytest
from golden_file import same_as_golden
from running import finished

from netwatch._fast.view.aggregate import LIMIT
from netwatch._fast.view.groupby import GroupBy
from netwatch._fast.view.grouplist import SORTS, GroupList
from netwatch._fast.view.querytest import SampleFlows
from netwatch._fast.view.selection import Selection
from netwatch.addons.groups import BY, NONE, GroupsOf
from netwatch.filter import Filter
from netwatch.owners.addon import FlowOwners
from netwatch.ui.tabs.connections.group_cells import KINDS
from tests.ui.driver import Driver
from tests.ui.owned import Owned
from tests.ui.replayed import Replayed

GOLDEN = pathlib.Path(__file__).parent / "golden"
NOW = 1_700_003_600 * 10**9


@pytest.fixture(scope="module")
def session():
    found = Owned()
    yield found
    found.stop()


def records(session, where=None, sort="id"):
    return session.query(where, sort, False, 0, 1000, True).rows


def key_of(row, by):
    """The key of a flow's group, from its record."""
    owner = row.get("process", {})
    if by == "pid" and "name" in owner:
        return "pid", (owner["name"], owner["pid"])
    for column in BY[by].fields:
        if not isinstance(column, str):
            continue
        head, _, tail = column.partition(".")
        value = row.get(head, {}).get(tail) if tail else row.get(head)
        if value is not None:
            return column, str(value)
    return ("address", row["src" if BY[by].end == "src" else "dst"]) if BY[by].end else NONE


@pytest.mark.parametrize("by", BY)
def test_sums_are_those_of_the_flow_records(session, by):
    expected = {}
    for row in records(session):
        expected.setdefault(key_of(row, by), []).append(row)
    found = GroupsOf(by, limit=1000, remotes=True).answer(session)
    assert {group["key"] for group in found.rows} == set(expected)
    assert (found.groups, found.flows) == (len(expected), sum(map(len, expected.values())))
    for group in found.rows:
        flows = expected[group["key"]]
        assert group["flows"] == len(flows)
        for name in ("bytes_out", "bytes_in", "packets_out", "packets_in"):
            assert group[name] == sum(flow[name] for flow in flows), name
        assert group["remotes"] == len({flow["dst"] for flow in flows})
        timed = [flow["rtt_us"] for flow in flows if "rtt_us" in flow]
        assert group.get("rtt_us") == (sum(timed) // len(timed) if timed else None)
        spoken = {}
        for flow in flows:
            app = flow.get("app", flow["proto"])
            spoken[app] = spoken.get(app, 0) + flow["bytes_out"] + flow["bytes_in"]
        assert group["apps"] == len(spoken) and spoken[group["app"]] == max(spoken.values())
        counted = [flow for flow in flows if flow["proto"] == "tcp"]
        assert group.get("retransmits") == (sum(flow["retransmits_out"] + flow["retransmits_in"] for flow in counted)
                                            if counted else None)
        assert group["age_s"] == pytest.approx(max(flow["age_s"] for flow in flows), abs=1e-6)


def test_what_nothing_can_be_known_of_is_no_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file without owners, without a database of places: `a` goes past these, here and in Stats."""
    session = Replayed("http.pcap")
    driver = Driver(session, 120, 40, tab="connections")
    assert {"process", "container", "country"} <= set(driver.state.health.ungrouped)
    met = []
    for _ in range(8):
        met.append(driver.keys("a").state.parts["connections"].by)
        assert all(row["key"][0] != "none" for row in driver.state.snapshot.answer.rows) if met[-1] else True
    assert set(met) == {"remote", "host", "app", "source", ""}
    assert driver.keys("A").state.parts["connections"].by in set(met)
    driver.keys("5")
    assert {driver.keys("a").state.parts["stats"].by for _ in range(8)}.isdisjoint({"process", "country"})
    monkeypatch.setattr(FlowOwners, "looking", True)
    driver.step()
    driver.keys("2")
    assert "process" in {driver.keys("a").state.parts["connections"].by for _ in range(8)}
    session.stop()


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("sort", [name for name in SORTS if name not in ("first", "rate")])
def test_groups_are_sorted_by_every_sum(session, sort, descending):
    def value(group):
        if sort in ("bytes", "packets"):
            return group[f"{sort}_out"] + group[f"{sort}_in"]
        return group.get(sort)

    rows = GroupsOf("app", sort=sort, descending=descending, limit=1000, remotes=True).answer(session).rows
    values = [value(group) for group in rows]
    known = [each for each in values if each is not None]
    assert len(rows) > 4
    assert known == sorted(known, reverse=descending)
    assert values[:len(known)] == known                     # what has no such sum comes last in either direction


def test_groups_without_the_sum_go_by_name(session):
    rows = GroupsOf("process", sort="state", descending=False, limit=100).answer(session).rows
    names = [group["key"] for group in rows if group["key"] != NONE]
    assert names == sorted(names, key=lambda key: (key[0] != "process.name", key[1]))


@pytest.mark.parametrize("by", KINDS)
@pytest.mark.parametrize("sort", ["bytes", "src", "process.name", "rtt_us", "app"])
def test_an_unfolded_group_has_its_flows_under_the_filter_in_the_order_of_the_table(session, by, sort):
    where = Filter("packets > 1")
    whole = GroupsOf(by, where, sort, True, limit=1000, unfolded=True).answer(session).rows
    groups = [row for row in whole if "key" in row]
    for group in groups:
        start = whole.index(group) + 1
        flows = whole[start:start + group["flows"]]
        assert {flow["group"] for flow in flows} == {group["key"]}
        wanted = [row["id"] for row in session.query(where, sort, True, 0, 1000, True).rows
                  if key_of(row, by) == group["key"]]
        assert [flow["id"] for flow in flows] == wanted
    assert len(whole) == len(groups) + sum(group["flows"] for group in groups)


def test_pages_join_to_the_whole_list_and_one_group_can_be_unfolded(session):
    whole = GroupsOf("host", limit=1000, unfolded=True).answer(session).rows
    pages = [row for start in range(0, len(whole) + 7, 7)
             for row in GroupsOf("host", offset=start, limit=7, unfolded=True).answer(session).rows]
    assert [row.get("key", row.get("id")) for row in pages] == [row.get("key", row.get("id")) for row in whole]
    for group in (row for row in whole if "key" in row):
        one = GroupsOf("host", limit=1000, turned=frozenset([group["key"]])).answer(session)
        assert [row["key"] for row in one.rows if row.get("unfolded")] == [group["key"]]
        assert one.total == one.groups + group["flows"]
    gone = GroupsOf("host", turned=frozenset([("name.host", "not.there"), ("address", "bad")])).answer(session)
    assert gone.total == gone.groups


def test_of_one_group_remotes_and_states_are_told(session):
    answer = GroupsOf("process", limit=100, within=("process.name", "firefox")).answer(session)
    flows = [row for row in records(session) if row.get("process", {}).get("name") == "firefox"]
    assert sum(row["flows"] for row in answer.top["state"]) == len(flows)
    assert {row["key"][1] for row in answer.top["remote"]} <= {row["dst"] for row in flows}
    assert answer.total == answer.groups > 3


def test_more_groups_than_there_is_room_for_are_told_as_others():
    sample = SampleFlows(700_000)
    sample.fill(7)
    found = Selection(sample.view, True, NOW)
    found.query()
    groups = GroupList(found, [GroupBy(sample.view, end="dst")])
    finished(groups.steps())
    assert found.matched == 700_000
    number = groups.sort("bytes", True)
    assert number == LIMIT + 1
    finished(groups.unfold(False, (), "bytes", True))
    (last, row), = groups.page(number - 1, 1)
    assert (groups.key(last), row) == ((("others", None),), 0)
    first = [groups.sum(group)["flows"] for group, _ in groups.page(0, number)]
    assert sum(first) == 700_000


# -------------------------------------------------------------------------------------------------------------- screens

def grouped(session, cols=120, rows=40, by="process", **more):
    driver = Driver(session, cols, rows, **more)
    there = [kind for kind in KINDS if kind not in driver.state.health.ungrouped]
    driver.keys(*"a" * (1 + there.index(by) if by in there else 1))
    driver.state.parts["connections"].by = by                # also what the keys go past
    driver.step()
    return driver


def scene_groups(session, *size, **more):
    return grouped(session, *size, **more).keys("enter", "down", "down")


def scene_hosts(session, *size, **more):
    return grouped(session, *size, by="remote", **more).keys("z", ">")


def scene_picker(session, *size, **more):
    return grouped(session, *size, by="app", **more).keys("s", "down", "v")


SCENES = [(scene, size, look) for scene in (scene_groups, scene_hosts, scene_picker)
          for size in ((80, 24), (120, 40), (200, 50)) for look in ("unicode", "ascii")
          if look == "unicode" or size == (80, 24)]


@pytest.mark.parametrize(("scene", "size", "look"), SCENES)
def test_golden(session, scene, size, look):
    screen = scene(session, *size, ascii_only=look == "ascii").screen()
    path = GOLDEN / f"groups-{scene.__name__[6:]}-{size[0]}x{size[1]}-{look}.txt"
    same_as_golden(path, screen)
    if look == "ascii":
        assert "\x1b" not in screen


@pytest.mark.parametrize("size", [(40, 12), (60, 16), (400, 100)])
@pytest.mark.parametrize("by", KINDS)
def test_any_size_and_hostile_names_keep_the_screen_whole(session, size, by):
    lines = grouped(session, *size, by=by).keys("z", "G").screen().splitlines()
    assert len(lines) == size[1]
    assert all(line.isprintable() for line in lines)


def test_keys_group_fold_and_go_back_to_flows(session):
    driver = grouped(session)
    assert "firefox" in driver.screen()
    driver.keys("g", "right")
    assert driver.state.snapshot.answer.rows[0]["unfolded"]
    driver.keys("down", "left")                              # from a flow: its group is folded, and selected
    assert not driver.state.snapshot.answer.rows[0]["unfolded"]
    assert driver.state.parts["connections"].window.selected == driver.state.snapshot.answer.rows[0]["key"]
    driver.keys("z")
    assert all(row["unfolded"] for row in driver.state.snapshot.answer.rows if "key" in row)
    driver.keys("z", "A")
    assert driver.state.parts["connections"].by == ""
    assert driver.state.snapshot.rows                        # flows again


def test_the_selection_stays_on_its_row_when_the_order_changes(session):
    driver = grouped(session, by="app").keys("down", "down")
    chosen = driver.state.parts["connections"].window.selected
    driver.keys("S").keys(">")
    assert driver.state.parts["connections"].window.selected == chosen
    assert chosen[1] in driver.selected_line()


def test_details_of_a_flow_in_a_group(session):
    driver = grouped(session).keys("enter", "down", "enter")
    assert driver.state.details
    assert driver.state.table.selected == driver.state.snapshot.record["id"]
    assert "Flow number" in driver.screen() or "Connection" in driver.screen()
    driver.keys("esc")
    assert not driver.state.details


def test_the_picker_sorts_shows_and_hides(session):
    driver = Driver(session, 120, 40).keys("C").type("bytes_out").keys("space", *["left"] * 20, "esc")
    assert "Bytes↑" in driver.line(3)
    driver.keys("s", "home", "enter")
    assert (driver.state.table.sort, driver.state.table.descending) == ("bytes_out", True)
    sums = [row["bytes_out"] for row in driver.state.snapshot.rows]
    assert sums == sorted(sums, reverse=True)


def test_any_value_of_the_details_can_be_copied(session):
    driver = Driver(session, 120, 40).keys("enter", "y")
    start = driver.state.details_field
    driver.keys("j", "j", "k", "y")
    assert start == 0
    assert driver.copied == [driver.state.snapshot.record["app"]]
    driver.keys("y", "G", "esc")
    assert driver.copied == [driver.state.snapshot.record["app"]]
    assert driver.state.details_field is None
    driver.keys("y", "G", "enter")
    assert len(driver.copied) == 2
