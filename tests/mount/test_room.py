# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk: how much room there is, and what happens when it is used up."""

import os

import pytest

from drive import BUILD, Server, run, tries_without_reading, wait_equal, wait_until

MIB = 1 << 20


def set_quota(server, size):
    run(BUILD / "imdrived", "user", "quota", "alice", size, "--data", server.data)


def room(folder):
    """Bytes of a file system: total, not used, and to be had by this user."""
    info = os.statvfs(folder)
    return tuple(blocks * info.f_frsize for blocks in (info.f_blocks, info.f_bfree, info.f_bavail))


def near(value, wanted):
    return abs(value - wanted) < MIB


def test_shows_the_quota_of_the_account(mounts, folders, server, tmp_path):
    disk = mounts("disk")
    # Without a quota it is the local file system's.
    assert near(room(disk.folder)[0], room(tmp_path)[0])
    set_quota(server, "100M")
    disk.stop()
    disk.start()
    wait_until(lambda: near(room(disk.folder)[0], 100 * MIB), "the quota")
    assert near(room(disk.folder)[1], 100 * MIB)
    # What is written counts, from here and from elsewhere.
    disk.path("file").write_bytes(os.urandom(20 * MIB))
    wait_until(lambda: near(room(disk.folder)[1], 80 * MIB), "what was written here")
    folder = folders("folder")
    folder.path("other").write_bytes(os.urandom(10 * MIB))
    wait_equal(disk, folder)
    wait_until(lambda: near(room(disk.folder)[1], 70 * MIB), "what was written elsewhere")
    total, left, mine = room(disk.folder)
    assert mine <= left <= total
    shown = run("df", "--output=size,used,avail", "-B1M", disk.folder).stdout.split("\n")[1].split()
    assert [abs(int(size) - about) <= 1 for size, about in zip(shown, (100, 30, 70))] == [True] * 3
    # Out of reach it stays as it was last known.
    server.kill()
    disk.wait_state("offline")
    assert near(room(disk.folder)[1], 70 * MIB)
    # Even for who starts without it.
    disk.stop()
    disk.start()
    assert near(room(disk.folder)[0], 100 * MIB)
    assert near(room(disk.folder)[1], 70 * MIB)
    server.start()
    wait_equal(disk, folder)


def test_what_has_no_room_there_is_kept_here(mounts, folders, server):
    disk, folder = mounts("disk"), folders("folder")
    set_quota(server, "4M")
    disk.path("before").write_bytes(os.urandom(MIB))
    wait_equal(disk, folder)
    # A program loses nothing that it saved: the write is taken, and waits here.
    large = os.urandom(8 * MIB)
    disk.path("large").write_bytes(large)

    def told():
        return any(error["path"] == str(disk.path("large")) and "used up" in error["message"]
                   for error in disk.status().get("errors", []))

    wait_until(told, "the status says what has no room")
    disk.wait_state("attention")
    assert disk.state("large") == "dirty"
    assert "dirty" in disk.command("status", disk.path("large")).stdout
    # It cannot be let go, and outlives a crash.
    disk.command("free", disk.path("large"), check=False)
    disk.kill()
    disk.start()
    assert disk.path("large").read_bytes() == large
    # What still fits goes on, in both directions.
    disk.path("small").write_text("small")
    folder.path("back").write_text("back")
    wait_until(lambda: folder.path("small").exists(), "what fits, there")
    wait_until(lambda: disk.path("back").exists(), "what fits, here")
    assert not folder.path("large").exists()
    # With room it is sent, by itself or with the next change.
    set_quota(server, "none")
    disk.path("large").touch()
    wait_until(lambda: folder.path("large").exists(), "it is there", 240)
    wait_equal(disk, folder, timeout_s=240)
    assert folder.path("large").read_bytes() == large


class TestWaiting:
    """What waits for room."""

    @pytest.fixture
    def server(self, tmp_path):
        server = Server(tmp_path / "data", "--log-level", "debug").start()
        server.add_user("alice")
        yield server
        server.stop()

    def test_is_not_read_again(self, mounts, folders, server):
        disk, folder = mounts("disk"), folders("folder")
        disk.path("before").write_text("before")
        wait_equal(disk, folder)
        set_quota(server, "10")
        for number in range(200):
            disk.path(f"new {number}").write_bytes(os.urandom(20_000 + number))
        wait_until(lambda: len(disk.status().get("errors", [])) == 200, "all wait for room")
        assert any(tries_without_reading(disk, 1_000_000) for _ in range(3))
        # The drive has all of this.
        disk.path("copy").write_text("before")
        wait_until(lambda: folder.path("copy").exists(), "what needs no room arrives")
        set_quota(server, "none")
        wait_equal(disk, folder, timeout_s=120)
