# SPDX-License-Identifier: Apache-2.0
"""Two folders, one drive: what is done in one is soon in the other."""

import os

from drive import snapshot, wait_equal, wait_until


def write(path, content, executable=False, mtime_ns=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if executable:
        path.chmod(0o755)
    if mtime_ns is not None:
        os.utime(path, ns=(mtime_ns, mtime_ns))


def fill(folder):
    """One of everything that is synced."""
    write(folder / "plain.txt", "plain")
    write(folder / "empty", "")
    write(folder / "tool", "#!/bin/sh\n", executable=True)
    write(folder / "old", "before 1970", mtime_ns=-1_500_000_000)
    write(folder / "deep/er/and/deeper/file", "deep")
    write(folder / "large", os.urandom(5_000_000))
    write(folder / "zeros", bytes(3_000_000))
    write(folder / "Case", "upper")
    write(folder / "case", "lower")
    write(folder / "日本語 ünï.txt", "unicode")
    write(folder / ("n" * 255), "long name")
    (folder / "no" / "files").mkdir(parents=True)
    (folder / "link").symlink_to("plain.txt")
    (folder / "dangling").symlink_to("no/such/file")
    with open(os.fsencode(folder) + b"/not-utf8-\xff\xfe", "wb") as file:
        file.write(b"bytes")


def test_everything_arrives(devices):
    a, b = devices("a", "b")
    fill(a.folder)
    seen = wait_equal(a, b)
    assert len(seen) == len(snapshot(a.folder)) >= 18
    assert seen[b"old"][2] == -1_500_000_000
    assert seen[b"tool"][1] and not seen[b"plain.txt"][1]


def test_edits_go_both_ways(devices):
    a, b = devices("a", "b")
    write(a.path("x"), "1")
    wait_equal(a, b)
    write(b.path("x"), "2, longer")
    wait_equal(a, b)
    assert a.path("x").read_text() == "2, longer"
    with open(a.path("x"), "a") as file:
        file.write("!")
    wait_equal(a, b)
    assert b.path("x").read_text() == "2, longer!"


def test_attributes_alone_travel(devices):
    a, b = devices("a", "b")
    write(a.path("x"), "same")
    wait_equal(a, b)
    a.path("x").chmod(0o755)
    wait_equal(a, b)
    assert os.access(b.path("x"), os.X_OK)
    os.utime(b.path("x"), ns=(10**18, 10**18))
    wait_equal(a, b)
    assert a.path("x").stat().st_mtime_ns == 10**18


def test_same_time_same_size_is_still_seen(devices):
    """A change that keeps size and mtime shows in ctime alone."""
    a, b = devices("a", "b")
    write(a.path("x"), "aaaa", mtime_ns=10**18)
    wait_equal(a, b)
    write(a.path("x"), "bbbb", mtime_ns=10**18)
    wait_until(lambda: b.path("x").read_text() == "bbbb", "the change arrives")
    wait_equal(a, b)


def test_deletion(devices):
    a, b = devices("a", "b")
    fill(a.folder)
    wait_equal(a, b)
    a.path("plain.txt").unlink()
    a.path("link").unlink()
    for path in ("deep/er/and/deeper/file", "deep/er/and/deeper", "deep/er/and"):
        target = b.path(path)
        target.rmdir() if target.is_dir() else target.unlink()
    wait_equal(a, b)
    assert not b.path("plain.txt").exists()
    assert a.path("deep/er").is_dir() and not a.path("deep/er/and").exists()


def test_moves_stay_moves(devices):
    """A renamed folder is the same folder on the other device: its files keep their inodes."""
    a, b = devices("a", "b")
    for number in range(200):
        write(a.path(f"folder/sub/{number}"), f"content {number}")
    wait_equal(a, b)
    before = b.path("folder/sub/7").stat().st_ino
    a.path("folder").rename(a.path("renamed"))
    wait_equal(a, b)
    assert b.path("renamed/sub/7").stat().st_ino == before
    a.path("renamed/sub/7").rename(a.path("seven"))
    wait_equal(a, b)
    assert b.path("seven").stat().st_ino == before


def test_swaps_chains_and_rings(devices):
    a, b = devices("a", "b")
    for name in "abcdef":
        write(a.path(name), name)
    (a.path("one")).mkdir()
    (a.path("two")).mkdir()
    write(a.path("one/1"), "in one")
    write(a.path("two/2"), "in two")
    wait_equal(a, b)
    inodes = {name: b.path(name).stat().st_ino for name in ("one", "two")}
    for left, right in (("a", "b"), ("one", "two")):
        a.path(left).rename(a.path("tmp"))
        a.path(right).rename(a.path(left))
        a.path("tmp").rename(a.path(right))
    a.path("f").unlink()
    a.path("e").rename(a.path("f"))
    a.path("d").rename(a.path("e"))
    a.path("c").rename(a.path("d"))
    wait_equal(a, b)
    assert [b.path(name).read_text() for name in "abdef"] == ["b", "a", "c", "d", "e"]
    assert b.path("two/1").read_text() == "in one"
    assert b.path("two").stat().st_ino == inodes["one"]


def test_case_only_rename(devices):
    a, b = devices("a", "b")
    write(a.path("readme"), "text")
    wait_equal(a, b)
    a.path("readme").rename(a.path("README"))
    seen = wait_equal(a, b)
    assert list(seen) == [b"README"]


def test_file_becomes_folder_and_back(devices):
    a, b = devices("a", "b")
    write(a.path("x"), "file")
    write(a.path("y/inside"), "folder")
    wait_equal(a, b)
    a.path("x").unlink()
    write(a.path("x/inside"), "now a folder")
    a.path("y/inside").unlink()
    a.path("y").rmdir()
    write(a.path("y"), "now a file")
    wait_equal(a, b)
    assert b.path("x/inside").read_text() == "now a folder" and b.path("y").is_file()


def test_editor_saves(devices):
    """Write beside, rename over: to the other device it is one file with new content."""
    a, b = devices("a", "b")
    write(a.path("doc"), "1")
    wait_equal(a, b)
    for number in range(2, 20):
        write(a.path("doc.new"), f"{number}")
        a.path("doc.new").rename(a.path("doc"))
    seen = wait_equal(a, b)
    assert list(seen) == [b"doc"] and b.path("doc").read_text() == "19"


def test_offline_device_catches_up(devices):
    a, b = devices("a", "b")
    fill(a.folder)
    wait_equal(a, b)
    b.stop()
    a.path("plain.txt").write_text("changed while b was away")
    a.path("tool").unlink()
    a.path("deep").rename(a.path("deeper"))
    write(a.path("new/file"), "new")
    a.wait_idle()
    b.start()
    wait_equal(a, b)


def test_changes_made_while_stopped_are_found(devices):
    a, b = devices("a", "b")
    fill(a.folder)
    wait_equal(a, b)
    a.stop()
    a.path("plain.txt").write_text("changed while stopped")
    a.path("deep").rename(a.path("moved while stopped"))
    a.path("empty").unlink()
    inode = b.path("deep/er/and").stat().st_ino
    a.start()
    wait_equal(a, b)
    assert b.path("moved while stopped/er/and").stat().st_ino == inode


def test_once_settles_and_ends(devices):
    a, b = devices("a", "b", start=False)
    fill(a.folder)
    a.once()
    b.once()
    assert snapshot(a.folder) == snapshot(b.folder)
