# SPDX-License-Identifier: Apache-2.0
"""How single files stand, for whoever shows them (control socket, "files")."""

import pytest

from door import Door
from drive import wait_until


def states(device, *paths):
    answer = Door(device.profile).ask("files", paths=[str(path) for path in paths])
    return answer["result"]["states"]


@pytest.fixture
def device(devices):
    return devices("a")


def test_each_file_says_how_it_stands(device, server):
    (device.folder / "work").mkdir()
    done, late = device.folder / "work" / "done.txt", device.folder / "work" / "late.txt"
    done.write_text("x")
    wait_until(lambda: states(device, done) == ["synced"], "it is on the drive")
    device.wait_idle()
    wait_until(lambda: states(device, device.folder, done.parent, done, late)
               == ["synced"] * 3 + [""], "all of it is")
    server.kill()
    late.write_text("y")
    wait_until(lambda: states(device, late) == ["syncing"], "it is seen")
    # So is what it lies in; what lies beside it is as it was.
    assert states(device, device.folder, done.parent, done) == ["syncing", "syncing", "synced"]
    server.start()
    wait_until(lambda: states(device, device.folder, late) == ["synced"] * 2, "it came there")


def test_what_is_not_synced_has_no_state(device, tmp_path):
    rules = device.folder / ".imdriveignore"
    rules.write_text("*.o\n")
    wait_until(lambda: states(device, rules) == ["synced"], "the rules are known")
    (device.folder / "a.c").write_text("x")
    (device.folder / "a.o").write_text("x")
    beside = device.folder.with_name(device.folder.name + "-not") / "x"
    wait_until(lambda: states(device, device.folder / "a.c", device.folder / "a.o", beside, tmp_path)
               == ["synced", "", "", ""], "only what is synced has one")


def test_a_conflict_copy_says_so(device):
    copy = device.folder / "a (conflict, bob, 2026-11-30 12.00).txt"
    copy.write_text("x")
    wait_until(lambda: states(device, copy) == ["conflict"], "it says so")


def test_too_many_are_refused(device):
    door = Door(device.profile)
    assert door.ask("files", paths=["/x"] * 257)["error"]["code"] == "invalid"
    assert door.ask("files", paths=[1])["error"]["code"] == "invalid"
    assert door.ask("keep", paths=["/x"], keep="burnt")["error"]["code"] == "invalid"
