"""The configuration: where values come from and which wins, mistakes by file and line, changes that lose nothing."""
import argparse
import json
import os
import stat
import subprocess
import tomllib

import pytest
from netwatch_command import COMMAND, ENVIRONMENT, ROOT

from netwatch.api.asked import settings_of
from netwatch.cli import agent, live
from netwatch.run import addons
from netwatch.store import config
from netwatch.store.settings import (
    COLORS,
    SETTINGS,
    THEMES,
    SettingError,
    Settings,
    from_environment,
    parse_settings,
    strangers,
)
from netwatch.ui import themes

TOUR = ROOT / "docs" / "tour.pcap"
KEPT = """# my file
[ui]   # of the screen
theme = "nord"   # calm
 refresh_ms=500

# about flows
[flows]
max = 5000 # enough
"""


def run(*words):
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, env=ENVIRONMENT, timeout=60, check=False)


def load(tmp_path, text):
    path = tmp_path / "netwatch.toml"
    path.write_text(text)
    return config.load(path)


def test_values_with_their_origins(tmp_path):
    settings, wrong = load(tmp_path, KEPT)
    assert not wrong
    assert (settings.of("ui.theme"), settings.of("ui.refresh_ms"), settings.of("flows.max")) == ("nord", 500, 5000)
    assert settings.origin("flows.max") == f"{tmp_path}/netwatch.toml:8"
    assert settings.origin("ui.color") == "default"


def test_who_wins(tmp_path):
    settings, _ = load(tmp_path, KEPT)
    settings = from_environment(settings, {"NETWATCH_UI_THEME": "ocean", "NETWATCH_BENCH_DATA": "/x"})
    assert (settings.of("ui.theme"), settings.origin("ui.theme")) == ("ocean", "NETWATCH_UI_THEME")
    settings = parse_settings(["ui.theme=paper"], settings)
    assert (settings.of("ui.theme"), settings.origin("ui.theme")) == ("paper", "--set")


@pytest.mark.parametrize(("text", "line", "said"), [
    ("[ui]\ntheem = 'nord'\n", 2, "did you mean ui.theme?"),
    ("[ui]\n\nrefresh_ms = 5\n", 3, "from 100 to 5000, not 5"),
    ("[ui]\ncolor = 1\n", 2, "true or false, not 1"),
    ("[ui]\nrefresh_ms = true\n", 2, "a whole number"),
    ("ui.theme = 'x'\n", 1, "one of dark, terminal"),
    ("[theme]\ntext = 'red'\n", 2, "#rrggbb"),
    ("[theme]\ntext = 256\n", 2, "0 to 255"),
    ("[flows]\nmax = [1]\n", 2, "not [1]"),
    ("[ui]\ntheme = \n", 2, "not TOML"),
    ("[ui]\ntab = \"a\\u0007b\"\n", 2, "ui.tab is one of"),
    ("[detect.dns_tunnel]\ndomains = \"a\\u0007b\"\n", 2, "domains is a text"),
    ("[detect.beacon]\nallow = 'nonsense'\n", 2, "nonsense"),
])
def test_mistakes_are_named_by_line(tmp_path, text, line, said):
    _, wrong = load(tmp_path, text)
    assert len(wrong) == 1 and wrong[0].startswith(f"{tmp_path}/netwatch.toml:{line}: ") and said in wrong[0]


@pytest.mark.parametrize("number", [1025, 4096])
def test_a_ring_that_earlier_versions_took_stops_nothing(tmp_path, number):
    """It is as large as it can be, and that is said, wherever it was set; a number that never could be is refused."""
    path = tmp_path / "netwatch.toml"
    path.write_text(f"[capture]\nring_mb = {number}\n")
    most = SETTINGS["capture.ring_mb"].high
    note = f"capture.ring_mb is {most:,}, the most that it can be, not {number:,}"
    done = run("read", str(TOUR), "--what", "summary", "--config", str(path))
    assert (done.returncode, done.stderr) == (0, f"netwatch: {path}:2: {note}\n")
    checked = run("config", "check", "--config", str(path))
    assert (checked.returncode, checked.stdout) == (0, f"{path}:2: {note}\n")
    for settings in (parse_settings([f"capture.ring_mb={number}"]),
                     from_environment(Settings({}), {"NETWATCH_CAPTURE_RING_MB": str(number)})):
        assert settings.of("capture.ring_mb") == most
        assert settings.notes == (f"{settings.origin('capture.ring_mb')}: {note}",)
    with pytest.warns(UserWarning, match="the most that it can be"):
        assert settings_of({"capture.ring_mb": number}, None).of("capture.ring_mb") == most
    with pytest.raises(SettingError):
        parse_settings(["capture.ring_mb=4097"])
    with pytest.raises(SettingError):
        parse_settings([f"agent.ring_mb={number}"])


@pytest.mark.parametrize(("texts", "key"), [
    ([], "agent.ring_mb"), (["capture.ring_mb=256"], "capture.ring_mb"), (["agent.ring_mb=8"], "agent.ring_mb"),
    (["capture.ring_mb=256", "agent.ring_mb=8"], "agent.ring_mb")])
def test_the_ring_of_the_agent(monkeypatch, texts, key):
    """Its own, unless only that of all captures was set; the capture is begun with it."""
    rings = []
    monkeypatch.setattr("netwatch.cli.headless.running", lambda *_, ring_mb, **__: rings.append(ring_mb) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        agent.main(["--metrics", "127.0.0.1:0", "--sandbox", "off", *(f"--set={text}" for text in texts)])
    assert rings == [parse_settings(texts).of(key)]


@pytest.mark.parametrize(("texts", "most"), [
    ([], 8), (["capture.ring_mb=256"], 256), (["ui.ring_mb=16"], 16), (["capture.ring_mb=256", "ui.ring_mb=16"], 16)])
def test_the_ring_of_the_terminal(monkeypatch, texts, most):
    """Its own, small while a link is quiet, unless only that of all captures was set."""
    rings = []
    monkeypatch.setattr("netwatch.capture.live.open_switch", lambda *given: rings.append(given[3]))
    live._source(argparse.Namespace(read=[], interface=["lo"], capture_filter="", settings=parse_settings(texts)),
                 None)[1]()
    assert rings == [most]


def test_a_variable_that_sets_nothing_is_said():
    given = {"NETWATCH_FLOWS_MAXX": "3", "NETWATCH_BENCH_DATA": "/x", "NETWATCH_KEY": "k"}
    done = subprocess.run([*COMMAND, "config", "show"], env={**ENVIRONMENT, **given}, text=True, capture_output=True,
                          timeout=60, check=False)
    assert done.returncode == 0
    assert done.stderr == (
        "netwatch: NETWATCH_FLOWS_MAXX in the environment sets nothing; did you mean NETWATCH_FLOWS_MAX?\n")


@pytest.mark.parametrize("name", ["NETWATCH_GOLDEN", "NETWATCH_SHARED", "NETWATCH_MATRIX", "NETWATCH_WHEEL",
                                  "NETWATCH_SANITIZE", "NETWATCH_DEBUG", "NETWATCH_ONLY", "NETWATCH_PAGER"])
def test_variables_of_others_are_not_judged(name):
    assert strangers({name: "1"}) == []


def test_lists_of_filters(netwatch, tmp_path):
    """Networks, names and files of them, by name; each field takes what it can have."""
    (tmp_path / "names.txt").write_text("# seen\nwww.example.com  # here\n\n192.0.2.10\n")
    path = tmp_path / "netwatch.toml"
    path.write_text("[lists]\nhere = ['./names.txt', '2001:db8::/32']\nweb = ['10.9.9.9']\n")
    here = "(dst == 192.0.2.10 or dst in 2001:db8::/32)"
    for where, plain in (("dst in @here", here), ("dns.names in @here", "dns.names == www.example.com"),
                         ("not dst in @HERE", f"not {here}"), ("addr in @web", "addr == 10.9.9.9")):
        found = [netwatch("read", TOUR, "--config", path, "--where", text).stdout for text in (where, plain)]
        assert found[0] == found[1]
        assert found[0] or "web" in where
    done = netwatch("read", TOUR, "--config", path, "--where", "dst in @hare")
    assert done.returncode == 2 and "did you mean @here?" in done.stderr
    assert netwatch("config", "check", "--config", path).returncode == 0


def test_a_list_for_once(netwatch, tmp_path):
    """--set has it, above the configuration's, and in the library `settings`."""
    import netwatch as library

    path = tmp_path / "netwatch.toml"
    path.write_text("[lists]\nhere = ['203.0.113.9']\n")
    words = ["read", TOUR, "--config", path, "--fields", "id"]
    plain = netwatch(*words, "--where", "src in {192.0.2.0/24, 198.51.100.0/24}").stdout
    asked = netwatch(*words, "--where", "src in @here", "--set", "lists.here=192.0.2.0/24, 198.51.100.0/24").stdout
    assert plain and asked == plain
    assert netwatch(*words, "--where", "src in @here").stdout == ""
    for text, said in (("lists.here", "ITEM"), ("lists.a b=c", "a name of"), ("lists.x=./none.txt", "No such file")):
        done = netwatch(*words, "--set", text)
        assert done.returncode == 2 and said in done.stderr
    given = library.read(TOUR, where="src in @here", settings={"lists.here": ["192.0.2.0/24", "198.51.100.0/24"]})
    assert len(list(given)) == len(plain.splitlines())
    assert not list(library.read(TOUR, where="src in @here", config=path))
    with pytest.raises(library.UsageError, match="no list is called @here"):
        library.read(TOUR, where="src in @here")


@pytest.mark.parametrize(("given", "said"), [
    ("3", "is a list of texts"), ("['a', 3]", "is a list of texts"), ("['./none.txt']", "No such file"),
    ("['./']", "Is a directory"), ("['./many.txt']", "more than 10,000"),
    ("['./pipe']", "not a regular file"), ("['./long.txt']", "larger than 1 MiB"),
])
def test_lists_that_cannot_be(tmp_path, given, said):
    (tmp_path / "many.txt").write_text("\n".join(map(str, range(10_001))))
    (tmp_path / "long.txt").write_text("#" * (1 << 21))
    os.mkfifo(tmp_path / "pipe")
    _, wrong = load(tmp_path, f"[lists]\nbad = {given}\n")
    assert len(wrong) == 1 and ":2: lists.bad" in wrong[0] and said in wrong[0]


@pytest.mark.parametrize("texts", [["ui.theme"], ["ui.theme=x"], ["nothing=1"], ["flows.max=1"], ["ui.color=maybe"]])
def test_set_takes_only_what_fits(texts):
    with pytest.raises(SettingError, match="--set"):
        parse_settings(texts)


def test_a_color_may_be_a_number(tmp_path):
    settings, wrong = load(tmp_path, "[theme]\ntext = 12\nbad = '#Ff0000'\n")
    assert not wrong and settings.colors == {"text": "12", "bad": "#Ff0000"}
    for text in settings.colors.values():
        assert themes.parse_color(text) is not None


def test_the_table_agrees_with_the_themes():
    assert tuple(themes.THEMES) == THEMES
    assert (*themes.INKS, *themes.PAPERS) == COLORS


def test_a_change_keeps_the_rest():
    assert config.edited(KEPT, {"ui.theme": "ocean", "flows.max": 7000}) == \
        KEPT.replace('"nord"', '"ocean"').replace("5000", "7000")


def test_a_new_key_goes_to_its_table():
    new = config.edited(KEPT, {"ui.ascii": True, "flows.history": 5, "capture.ring_mb": 8})
    assert new == KEPT.replace("=500\n", "=500\nascii = true\n") + "history = 5\n\n[capture]\nring_mb = 8\n"


@pytest.mark.parametrize("text", [
    "", "ui = { theme = 'nord' }\n", "ui.theme = 'nord'", "[ui]\r\ntheme = 'nord'\r\n", "['ui']\n\"theme\"='nord' # x",
    "[other]\nnote = '''\n[ui]\ntheme = 'x'\n'''\n", "[ui]\nnote = [\n 1,\n]\n", "[[other]]\na = 1\n[ui]\n",
])
def test_every_change_means_what_was_asked(text):
    before = dict(config.flat(tomllib.loads(text)))
    new = config.edited(text, {"ui.theme": "ocean"})
    assert dict(config.flat(tomllib.loads(new))) == before | {"ui.theme": "ocean"}
    assert ("\r\n" in text) == ("\r\n" in new) and "\r\r" not in new


@pytest.mark.parametrize("text", ["ui = 5\n", "[[ui]]\na = 1\n"])
def test_what_cannot_be_changed_is_refused(text):
    with pytest.raises(SettingError, match="only an editor"):
        config.edited(text, {"ui.theme": "ocean"})


def test_lines_are_those_of_keys(tmp_path):
    """Not those of a text of many lines that looks like one."""
    text = "[other]\nnote = '''\n[ui]\nrefresh_ms = 5\n'''\n[ui]\nrefresh_ms = 7\n"
    wrong = next(each for each in load(tmp_path, text)[1] if "refresh_ms" in each)
    assert wrong.startswith(f"{tmp_path}/netwatch.toml:7: ")
    _, wrong = load(tmp_path, "x = " + "[" * 100_000)
    assert len(wrong) == 1


def test_saving_is_private_and_at_one_stroke(tmp_path):
    path = tmp_path / "deep" / "netwatch.toml"
    config.save(path, {"ui.theme": "nord"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert config.load(path)[0].of("ui.theme") == "nord"
    link = tmp_path / "link.toml"
    link.symlink_to(path)
    config.save(link, {"ui.theme": "ocean"})
    assert link.is_symlink() and config.load(path)[0].of("ui.theme") == "ocean"
    assert os.listdir(path.parent) == ["netwatch.toml"]


def test_a_broken_file_is_left_alone(tmp_path):
    path = tmp_path / "netwatch.toml"
    path.write_text("[ui\n")
    with pytest.raises(SettingError, match="left as it is"):
        config.save(path, {"ui.theme": "nord"})
    assert path.read_text() == "[ui\n"


def test_init_show_check(tmp_path):
    assert addons.ALL       # whose options are settings as well
    path = tmp_path / "netwatch.toml"
    assert run("config", "init", "--config", str(path)).returncode == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert dict(config.flat(tomllib.loads(path.read_text()))) == {key: each.default for key, each in SETTINGS.items()}
    assert run("config", "init", "--config", str(path)).returncode == 2
    assert run("config", "init", "--force", "--config", str(path)).returncode == 0
    assert run("config", "check", "--config", str(path)).returncode == 0
    shown = run("config", "show", "--config", str(path), "--set", "flows.max=1234", "--format", "json")
    found = json.loads(shown.stdout)
    assert found["flows.max"] == {"value": 1234, "origin": "--set", "default": 2_000_000}
    assert found["ui.theme"]["origin"].startswith(f"{path}:")
    assert set(found) == set(SETTINGS)
    path.write_text("[ui]\ntheem = 1\n")
    checked = run("config", "check", "--config", str(path))
    assert checked.returncode == 1 and f"{path}:2" in checked.stdout
    failed = run("read", "--config", str(path), "-")
    assert failed.returncode == 2 and "did you mean ui.theme?" in failed.stderr
    assert run("config", "check", "--config", str(tmp_path / "none")).returncode == 4


def test_defaults_written_out_change_nothing(tmp_path):
    settings, wrong = load(tmp_path, config.complete())
    assert not wrong and settings.timeouts == {} and settings.colors == {}
    assert Settings({}).timeouts == {}


def test_doctor_names_the_file_in_use(netwatch, tmp_path):
    folder = tmp_path / "config"
    (folder / "netwatch").mkdir(parents=True)
    file = folder / "netwatch" / "netwatch.toml"
    for there in (False, True):
        if there:
            file.write_text("[timeouts]\nudp = 30\n")
        environment = {**ENVIRONMENT, "XDG_CONFIG_HOME": str(folder)}
        assert json.loads(netwatch("doctor", "--json", env=environment).stdout)["configuration"] == {
            "path": str(file), "in_use": there}
        assert f"configuration: {file}" in netwatch("doctor", env=environment).stdout
