# SPDX-License-Identifier: Apache-2.0
"""What must never be mistaken for a deletion, and what must heal by itself."""

import os
import shutil

from drive import snapshot, wait_equal, wait_until
from test_sync import fill, write


def test_missing_folder_is_no_deletion(devices):
    """An unmounted disk is an empty folder without a marker."""
    a, b = devices("a", "b")
    fill(a.folder)
    before = wait_equal(a, b)
    a.stop()
    away = a.folder.with_name("away")
    a.folder.rename(away)
    a.folder.mkdir()
    failed = a.command("sync", a.folder, "--once", check=False)
    assert failed.returncode == 1 and "marker" in failed.stderr, failed.stderr
    a.folder.rmdir()
    away.rename(a.folder)
    a.start()
    assert wait_equal(a, b) == before


def test_folder_goes_and_comes_back_while_running(devices):
    a, b = devices("a", "b")
    fill(a.folder)
    before = wait_equal(a, b)
    away = a.path(".imdrive/marker").with_suffix(".away")
    a.path(".imdrive/marker").rename(away)
    for name in list(os.listdir(a.folder)):
        if name == "plain.txt":
            a.path(name).rename(a.path(".imdrive") / name)
    a.wait_state("attention")
    a.path(".imdrive/plain.txt").rename(a.path("plain.txt"))
    away.rename(a.path(".imdrive/marker"))
    a.wait_idle()
    after = wait_equal(a, b)
    assert set(after) == set(before)


def test_mass_deletion_is_held_back(devices):
    a, b = devices("a", "b")
    for number in range(1500):
        write(a.path(f"many/{number % 10}/{number}"), f"{number}")
    before = wait_equal(a, b)
    a.stop()
    shutil.rmtree(a.path("many"))
    a.start()
    a.wait_state("attention")
    assert snapshot(b.folder) == before
    # Once it is undone; it survives a crash, and the next time it is meant.
    assert a.status()["bindings"][0]["held_deletions"] == 1511
    a.command("resume", "--undo-deletions")
    assert wait_equal(a, b) == before
    a.kill()
    a.start()
    assert wait_equal(a, b) == before
    a.stop()
    shutil.rmtree(a.path("many"))
    a.start()
    a.wait_state("attention")
    assert snapshot(b.folder) == before
    a.command("resume", "--accept-deletions")
    assert wait_equal(a, b) == {}


def test_server_gone_and_back(devices, server):
    a, b = devices("a", "b")
    fill(a.folder)
    wait_equal(a, b)
    server.kill()
    write(a.path("written/offline"), "offline")
    a.wait_state("offline")
    server.start()
    wait_equal(a, b)
    assert b.path("written/offline").read_text() == "offline"


def test_kill_and_go_on(devices, server):
    """kill -9 of everything in the middle of a transfer."""
    a, b = devices("a", "b")
    for number in range(300):
        write(a.path(f"f/{number}"), os.urandom(20_000))
    wait_until(lambda: b.path("f").is_dir(), "something arrives")
    a.kill()
    b.kill()
    server.kill()
    server.start()
    a.start()
    b.start()
    wait_equal(a, b)
    a.stop()
    b.stop()
    server.stop()
    server.check()


def test_nothing_conflicts_with_itself_after_a_kill(devices):
    """What was sent in the last moment, and is not recorded, is no other device's."""
    a, b = devices("a", "b")

    def arrives(name, text):
        write(a.path(name), text)
        wait_until(lambda: b.path(name).is_file() and b.path(name).read_text() == text,
                   f"{name} is there")

    for turn in range(4):
        arrives("often", f"{turn} first")
        arrives("often", f"{turn} second")
        arrives(f"folder {turn}/new", "new")
        arrives(f"gone {turn}", "gone")
        a.kill()
        write(a.path("often"), f"{turn} last")
        os.rename(a.path(f"folder {turn}"), a.path(f"moved {turn}"))
        write(a.path(f"moved {turn}/new"), "newer")
        os.unlink(a.path(f"gone {turn}"))
        a.start()
        wait_equal(a, b)
        assert set(snapshot(b.folder)) == {b"often"} | {
            f"moved {number}{end}".encode() for number in range(turn + 1) for end in ("", "/new")}
        assert b.path("often").read_text() == f"{turn} last"
        assert b.path(f"moved {turn}/new").read_text() == "newer"


def test_pause_and_resume(devices):
    a, b = devices("a", "b")
    write(a.path("x"), "1")
    wait_equal(a, b)
    b.command("pause")
    b.wait_state("paused")
    write(a.path("x"), "2")
    a.wait_idle()
    assert b.path("x").read_text() == "1"
    b.command("resume")
    wait_equal(a, b)
    assert b.path("x").read_text() == "2"


def test_ignored_files_stay(devices):
    a, b = devices("a", "b")
    write(a.path(".imdriveignore"), "*.log\n/build/\n!keep.log\n")
    wait_equal_names(a, b, {b".imdriveignore"})
    write(a.path("x.log"), "ignored")
    write(a.path("keep.log"), "kept")
    write(a.path("build/out"), "ignored")
    write(a.path("sub/build/out"), "kept")
    wait_until(lambda: b.path("sub/build/out").exists() and b.path("keep.log").exists(),
               "what is not ignored arrives")
    a.wait_idle()
    assert not b.path("x.log").exists() and not b.path("build").exists()


def test_rules_from_elsewhere_hold_here_until_they_are_gone(devices):
    a, b = devices("a", "b")
    write(a.path(".imdriveignore"), "*.log\n")
    wait_equal_names(a, b, {b".imdriveignore"})
    write(b.path("x.log"), "ignored")
    write(b.path("first"), "kept")
    wait_until(lambda: a.path("first").exists(), "what is not ignored arrives")
    b.wait_idle()
    assert not a.path("x.log").exists()
    a.path(".imdriveignore").unlink()
    wait_until(lambda: a.path("x.log").exists(), "what is not ignored any more arrives")
    wait_equal(a, b)


def test_a_folder_of_ignored_files_stays_here_alone(devices):
    a, b = devices("a", "b")
    write(a.path(".imdriveignore"), "*.tmp\n")
    write(a.path("photos/2026/a.jpg"), "a")
    wait_equal(a, b)
    write(b.path("photos/2026/work.tmp"), "ignored")
    b.wait_idle()
    shutil.rmtree(a.path("photos"))
    wait_until(lambda: not b.path("photos/2026/a.jpg").exists(), "what is not ignored goes")
    b.wait_idle()
    assert b.path("photos/2026/work.tmp").read_text() == "ignored"
    assert not a.path("photos").exists()
    # A folder of its name is that one again.
    write(a.path("photos/2026/b.jpg"), "b")
    wait_until(lambda: b.path("photos/2026/b.jpg").exists(), "it arrives")
    b.wait_idle()
    assert b.path("photos/2026/work.tmp").read_text() == "ignored"
    assert sorted(snapshot(b.folder)) == [b".imdriveignore", b"photos", b"photos/2026",
                                          b"photos/2026/b.jpg", b"photos/2026/work.tmp"]


def wait_equal_names(a, b, names):
    wait_until(lambda: set(snapshot(b.folder)) == names, f"{names} arrive")
    a.wait_idle()
    b.wait_idle()


def test_versions_and_restore(devices):
    a, b = devices("a", "b")
    for number in range(1, 4):
        write(a.path("doc"), f"version {number}")
        wait_equal(a, b)
    listed = a.command("versions", a.path("doc")).stdout
    assert len(listed.strip().splitlines()) >= 3, listed
    a.command("restore", a.path("doc"), "--version", "1")
    wait_until(lambda: b.path("doc").read_text() == "version 1", "the old version is back")
    wait_equal(a, b)


def test_revoked_device_says_so(devices, server):
    a = devices("a")
    write(a.path("x"), "1")
    a.wait_idle()
    a.command("logout", check=False)
    wait_until(lambda: a.status().get("signed_in") is False, "the device knows it is signed out")
    assert a.path("x").read_text() == "1"


def test_other_accounts_see_nothing(devices, server):
    server.add_user("bob")
    a = devices("a")
    other = devices("other", user="bob")
    fill(a.folder)
    a.wait_idle()
    other.wait_idle()
    assert snapshot(other.folder) == {}
