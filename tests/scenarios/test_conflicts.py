# SPDX-License-Identifier: Apache-2.0
"""Nothing that somebody wrote is overwritten unseen."""

import os
import pathlib

import pytest

from door import Door
from drive import snapshot, wait_equal, wait_until
from test_sync import write


def names(device):
    return sorted(snapshot(device.folder))


def apart(*devices):
    for device in devices:
        device.stop()


def together(*devices):
    for device in devices:
        device.start()
    return wait_equal(*devices)


def test_both_edit(devices):
    a, b = devices("a", "b")
    write(a.path("report.odt"), "base")
    wait_equal(a, b)
    apart(a, b)
    write(a.path("report.odt"), "from a")
    write(b.path("report.odt"), "from b")
    together(a, b)
    found = names(a)
    assert len(found) == 2 and b"report.odt" in found
    copy = next(name for name in found if name != b"report.odt").decode()
    assert copy.startswith("report (conflict, ") and copy.endswith(").odt")
    assert {a.path("report.odt").read_text(), a.path(copy).read_text()} == {"from a", "from b"}


def test_both_edit_the_same_way(devices):
    a, b = devices("a", "b")
    write(a.path("x"), "base")
    wait_equal(a, b)
    apart(a, b)
    write(a.path("x"), "same", mtime_ns=10**18)
    write(b.path("x"), "same", mtime_ns=10**18)
    together(a, b)
    assert names(a) == [b"x"]


def test_both_create(devices):
    a, b = devices("a", "b", start=False)
    write(a.path("x"), "from a")
    write(b.path("x"), "from b")
    write(a.path("equal"), "equal")
    write(b.path("equal"), "equal")
    write(a.path("folder/a"), "a")
    write(b.path("folder/b"), "b")
    together(a, b)
    found = names(a)
    assert {b"equal", b"folder", b"folder/a", b"folder/b", b"x"} <= set(found)
    assert len(found) == 6


def test_edit_beats_deletion(devices):
    a, b = devices("a", "b")
    write(a.path("folder/kept"), "1")
    write(a.path("folder/gone"), "1")
    write(a.path("file"), "1")
    wait_equal(a, b)
    apart(a, b)
    for path in ("folder/kept", "folder/gone", "file"):
        a.path(path).unlink()
    a.path("folder").rmdir()
    write(b.path("folder/kept"), "edited")
    write(b.path("file"), "edited")
    together(a, b)
    assert names(a) == [b"file", b"folder", b"folder/kept"]
    assert a.path("folder/kept").read_text() == "edited"


def test_new_file_in_a_deleted_folder(devices):
    a, b = devices("a", "b")
    write(a.path("folder/old"), "old")
    wait_equal(a, b)
    apart(a, b)
    a.path("folder/old").unlink()
    a.path("folder").rmdir()
    write(b.path("folder/new"), "new")
    together(a, b)
    assert names(a) == [b"folder", b"folder/new"]


def test_both_move(devices):
    a, b = devices("a", "b")
    write(a.path("x"), "content")
    wait_equal(a, b)
    apart(a, b)
    a.path("x").rename(a.path("to-a"))
    b.path("x").rename(b.path("to-b"))
    together(a, b)
    found = names(a)
    assert len(found) == 1 and found[0] in (b"to-a", b"to-b")


def test_moves_that_would_make_a_cycle(devices):
    a, b = devices("a", "b")
    write(a.path("one/1"), "1")
    write(a.path("two/2"), "2")
    wait_equal(a, b)
    apart(a, b)
    a.path("one").rename(a.path("two/one"))
    b.path("two").rename(b.path("one/two"))
    seen = together(a, b)
    files = [name.rsplit(b"/", 1)[-1] for name, value in seen.items() if value[0] == "file"]
    assert sorted(files) == [b"1", b"2"]


def test_state_lost_is_union(devices):
    """A device that lost its memory deletes nothing and overwrites nothing."""
    a, b = devices("a", "b")
    write(a.path("same"), "same")
    write(a.path("theirs"), "1")
    wait_equal(a, b)
    apart(b)
    write(a.path("theirs"), "2")
    write(a.path("new"), "new")
    a.wait_idle()
    for state in b.profile.rglob("state.db*"):
        state.unlink()
    write(b.path("mine"), "mine")
    seen = together(a, b) if a.process is None else (b.start(), wait_equal(a, b))[1]
    assert {b"same", b"theirs", b"new", b"mine"} <= set(seen)
    values = {a.path(name.decode()).read_text() for name in seen}
    assert {"same", "1", "2", "new", "mine"} <= values


def conflict(a, b, name="report.odt"):
    """Both have edited a file; gives what a's daemon says of the conflict."""
    write(a.path(name), "base")
    wait_equal(a, b)
    apart(a, b)
    write(a.path(name), "from a")
    write(b.path(name), "from b, longer")
    together(a, b)
    door = Door(a.profile)
    found = door.ask("conflicts")["result"]["conflicts"]
    assert len(found) == 1 and a.status()["conflicts"] == 1
    return door, found[0]


def keep(door, found, what):
    return door.ask("resolve", path=found["path"], seen=found["seen"], keep=what)


def test_a_conflict_waits_for_a_choice_once_both_values_are_here(devices):
    a, b = devices("a", "b")
    write(a.path("film"), "base")
    wait_equal(a, b)
    a.command("limit", "--down", "400k")
    apart(a)
    b.path("film").write_bytes(os.urandom(2_000_000))
    b.wait_idle()
    write(a.path("film"), "from a")
    a.start()
    door = Door(a.profile)
    wait_until(lambda: any(b"(conflict" in name for name in names(a)), "the copy is here")
    waiting = door.ask("conflicts")["result"]["conflicts"], a.status()["conflicts"]
    assert not a.path("film").exists()  # still now
    assert waiting == ([], 0)
    status = door.watch(lambda status: status["conflicts"] > 0)
    assert status["conflicts"] == 1 and a.path("film").exists()
    found = Door(a.profile).ask("conflicts")["result"]["conflicts"]
    assert [each["theirs"]["size"] for each in found] == [2_000_000]


@pytest.mark.parametrize("what", ["copy", "original"])
def test_one_of_two_is_kept(devices, what):
    a, b = devices("a", "b")
    door, found = conflict(a, b)
    copy = pathlib.Path(found["path"]).read_text()
    kept = copy if what == "copy" else a.path("report.odt").read_text()
    assert found[found["copy"]]["size"] == len(copy)
    assert keep(door, found, what) == {"result": {}}
    wait_equal(a, b)
    assert names(a) == [b"report.odt"] and b.path("report.odt").read_text() == kept
    wait_until(lambda: a.status()["conflicts"] == 0, "none waits")


def test_both_are_kept_under_names_of_their_own(devices):
    a, b = devices("a", "b")
    write(a.path("report (a, 1).odt"), "taken")
    door, found = conflict(a, b)
    assert keep(door, found, "both") == {"result": {}}
    wait_equal(a, b)
    assert b"report.odt" in names(a) and len(names(a)) == 3
    assert not any(b"(conflict" in name for name in names(a))
    assert door.ask("conflicts")["result"]["conflicts"] == []


@pytest.mark.parametrize("touched", ["path", "original"])
def test_what_nobody_saw_is_not_overwritten(devices, touched):
    a, b = devices("a", "b")
    door, found = conflict(a, b)
    pathlib.Path(found[touched]).write_text("written after the list was shown")
    assert keep(door, found, "copy")["error"]["code"] == "changed"
    assert keep(door, found, "original")["error"]["code"] == "changed"
    assert pathlib.Path(found[touched]).read_text() == "written after the list was shown"
    wait_equal(a, b)
    assert len(names(a)) == 2
    again = door.ask("conflicts")["result"]["conflicts"][0]
    assert keep(door, again, "copy") == {"result": {}}
    wait_equal(a, b)
    assert names(a) == [b"report.odt"]


def test_a_conflict_is_settled_from_the_command_line(devices):
    a, b = devices("a", "b")
    found = conflict(a, b)[1]
    assert found["path"] in a.command("conflicts").stdout
    mine = "from a" if found["mine"]["size"] == len("from a") else "from b, longer"
    wrong = a.command("conflicts", a.path("report.odt"), "--keep", "mine", check=False)
    assert wrong.returncode == 1 and "no conflict copy" in wrong.stderr
    a.command("conflicts", found["path"], "--keep", "mine")
    wait_equal(a, b)
    assert names(b) == [b"report.odt"] and b.path("report.odt").read_text() == mine
