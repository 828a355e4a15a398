# SPDX-License-Identifier: Apache-2.0
"""Nothing that somebody wrote is overwritten unseen."""

from drive import snapshot, wait_equal
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
