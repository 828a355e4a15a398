# SPDX-License-Identifier: Apache-2.0
"""Folders that one device leaves out."""

import json

from drive import wait_equal, wait_until


def fill(device):
    device.path("photos/2026").mkdir(parents=True)
    for number in range(30):
        device.path(f"photos/2026/{number}.jpg").write_text(f"picture {number}")
    device.path("notes.txt").write_text("notes")


def left_out(device):
    return device.status()["bindings"][0]["left_out"]


def test_a_folder_is_left_out_and_taken_in_again(devices):
    a, b = devices("a", "b")
    fill(a)
    wait_equal(a, b)
    b.command("exclude", b.path("photos"))
    wait_until(lambda: not b.path("photos").exists(), "it is gone from b")
    b.wait_idle()
    assert left_out(b) == ["photos"]
    assert b.command("exclude").stdout == f"{b.path('photos')}\n"
    assert "left out here: photos" in b.command("status").stdout
    assert "left out" in b.command("status", b.path("photos/2026/1.jpg")).stdout
    assert json.loads(b.command("status", "--json", b.path("photos")).stdout)["state"] == "left-out"
    # Nothing of it is deleted, and it goes on living.
    assert len(list(a.path("photos/2026").iterdir())) == 30
    a.path("photos/2026/new.jpg").write_text("new")
    a.path("photos").rename(a.path("pictures"))
    a.path("notes.txt").write_text("more notes")
    wait_until(lambda: b.path("notes.txt").read_text() == "more notes", "b hears of the rest")
    # It is the same folder under another name.
    wait_until(lambda: left_out(b) == ["pictures"], "b knows its new name")
    assert not b.path("pictures").exists()
    b.stop()
    b.start()
    b.wait_idle()
    assert not b.path("pictures").exists()
    # What is moved out of it comes, what is moved into it goes.
    a.path("pictures/2026/1.jpg").rename(a.path("best.jpg"))
    a.path("notes.txt").rename(a.path("pictures/notes.txt"))
    wait_until(lambda: b.path("best.jpg").exists() and not b.path("notes.txt").exists(),
               "what crosses its border")
    assert a.path("pictures/notes.txt").read_text() == "more notes"
    b.command("include", b.path("pictures"))
    wait_equal(a, b)
    assert b.path("pictures/2026/new.jpg").read_text() == "new"
    assert b.command("exclude").stdout == ""


def test_what_is_new_in_it_is_uploaded_first(devices, server):
    a, b = devices("a", "b")
    fill(a)
    wait_equal(a, b)
    server.stop()
    b.path("photos/2026/1.jpg").write_text("edited on b")
    b.path("photos/mine.txt").write_text("made on b")
    b.wait_state("offline")
    b.command("exclude", b.path("photos"))
    assert b.path("photos/mine.txt").read_text() == "made on b"
    server.start()
    wait_until(lambda: not b.path("photos").exists(), "it is gone from b")
    wait_until(lambda: a.path("photos/mine.txt").exists() and
               a.path("photos/2026/1.jpg").read_text() == "edited on b", "a has what b made")


def test_a_kill_while_it_goes_deletes_nothing(devices):
    a, b = devices("a", "b")
    fill(a)
    for number in range(400):
        a.path(f"photos/{number}").write_text(f"{number}")
    wait_equal(a, b)
    for _ in range(3):
        b.command("exclude", b.path("photos"))
        wait_until(lambda: not b.path("photos/2026/0.jpg").exists() or
                   not b.path("photos/0").exists(), "it begins to go")
        b.kill()
        b.start()
        wait_until(lambda: not b.path("photos").exists(), "it is gone from b")
        b.command("include", b.path("photos"))
        b.kill()
        b.start()
        wait_equal(a, b)
    assert len(list(a.path("photos").iterdir())) == 401


def test_a_new_folder_of_its_name_is_its_own(devices):
    a, b = devices("a", "b")
    fill(a)
    wait_equal(a, b)
    b.command("exclude", b.path("photos"))
    wait_until(lambda: not b.path("photos").exists(), "it is gone from b")
    b.path("photos").mkdir()
    wait_until(lambda: [item.name for item in b.folder.iterdir()
                        if item.name.startswith("photos (conflict")], "it steps aside")
    assert not b.path("photos").exists()
    wait_until(lambda: [item.name for item in a.folder.iterdir()
                        if item.name.startswith("photos (conflict")], "a gets it")
    assert len(list(a.path("photos/2026").iterdir())) == 30


def test_what_cannot_be_left_out(devices):
    a = devices("a")
    fill(a)
    a.wait_idle()
    for path, why in [(a.folder, "only a folder inside the drive"),
                      (a.path("notes.txt"), "only a folder inside the drive"),
                      (a.path("nowhere"), "the drive has no such folder"),
                      ("/elsewhere", "in no folder that is synced")]:
        done = a.command("exclude", path, check=False)
        assert done.returncode == 1 and why in done.stderr
    assert "is not left out" in a.command("include", a.path("photos"), check=False).stderr
    a.command("exclude", a.path("photos"))
    inside = a.command("include", a.path("photos/2026"), check=False)
    assert "lies in a folder that is left out" in inside.stderr
