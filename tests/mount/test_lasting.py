# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk: what was written stays, and what is let go is nobody's only copy."""

import os
import sqlite3
import subprocess
import sys
import time

from drive import wait_equal, wait_until

MIB = 1 << 20
PROGRAM_TIMEOUT_S = 300

# Writes on, each time telling what is safe, until its folder is taken away.
KEEP_WRITING = """
import os, sqlite3, sys
kind, path = sys.argv[1:]
number = 0
try:
    if kind == "append":
        log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        while True:
            os.write(log, b"%07d\\n" % number)
            os.fsync(log)
            number += 1
            print(number, flush=True)
    if kind == "replace":
        while True:
            with open(path + ".new", "wb") as file:
                file.write(b"%07d\\n" % number * 5000)
                file.flush()
                os.fsync(file.fileno())
            os.rename(path + ".new", path)
            number += 1
            print(number, flush=True)
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE t(a INTEGER PRIMARY KEY)")
    while True:
        with database:
            database.execute("INSERT INTO t VALUES (?)", [number])
        number += 1
        print(number, flush=True)
except (OSError, sqlite3.Error):
    pass
"""


def test_what_was_synced_survives_a_kill_in_the_middle(mounts, folders, server):
    disk = mounts("disk")
    writers = {kind: subprocess.Popen([sys.executable, "-c", KEEP_WRITING, kind, disk.path(kind)],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
               for kind in ("append", "replace", "sqlite")}
    for writer in writers.values():
        for _ in range(20):
            assert writer.stdout.readline()
    disk.kill()
    safe = {}
    for kind, writer in writers.items():
        safe[kind] = max([20, *map(int, writer.communicate(timeout=PROGRAM_TIMEOUT_S)[0].split())])
    # Nobody has a say but what lies here.
    server.kill()
    disk.start()
    appended = [b"%07d" % number for number in range(safe["append"])]
    assert disk.path("append").read_bytes().split(b"\n")[:len(appended)] == appended
    # The one before, or the one that was on its way; and all of it.
    replaced = [b"%07d\n" % number * 5000 for number in (safe["replace"] - 1, safe["replace"])]
    assert disk.path("replace").read_bytes() in replaced
    database = sqlite3.connect(disk.path("sqlite"))
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert database.execute("SELECT count(*) FROM t").fetchone()[0] >= safe["sqlite"]
    database.close()
    # It goes on as ever. What was sent, and not yet written down, is nobody else's.
    server.start()
    folder = folders("folder")
    wait_equal(disk, folder)
    assert folder.path("append").read_bytes().split(b"\n")[:len(appended)] == appended
    assert folder.path("replace").read_bytes() in replaced
    assert not [path for path in folder.folder.iterdir() if "(conflict, " in path.name]


def test_the_longest_unused_goes_when_there_is_too_much(mounts, folders):
    folder, disk = folders("folder"), mounts("disk")
    content = {name: os.urandom(2 * MIB) for name in ("old", "new", "last")}
    disk.stop()
    with open(disk.profile / "profile.conf", "a") as settings:
        settings.write(f"\n[disk]\ncache = {5 * MIB}\n")
    disk.start()
    for name, bytes_ in content.items():
        folder.path(name).write_bytes(bytes_)
    wait_until(lambda: len(os.listdir(disk.folder)) == 3, "all names")
    disk.wait_idle()
    disk.path("only here").write_bytes(b"x")
    for name in "old", "new":
        assert disk.path(name).read_bytes() == content[name]
        # When it was read last, which no other device sees.
        used_ns = 10**18 if name == "old" else time.time_ns()
        os.utime(disk.path(name), ns=(used_ns, os.stat(disk.path(name)).st_mtime_ns))
    assert disk.path("last").read_bytes() == content["last"]
    wait_until(lambda: disk.state("old") == "online-only", "room is made")
    assert disk.state("new") == "cached" and disk.state("last") == "cached"
    for name, bytes_ in content.items():
        assert disk.path(name).read_bytes() == bytes_
    wait_equal(disk, folder)


def test_both_sides_of_a_conflict_are_kept(mounts, folders, server):
    folder, disk = folders("folder"), mounts("disk")
    disk.path("report.odt").write_text("first")
    wait_equal(disk, folder)
    disk.command("free", disk.path("report.odt"))
    server.kill()
    for device in disk, folder:
        device.wait_state("offline")
    # What is not here can be replaced, if not read.
    disk.path("report.odt").write_text("from the disk")
    folder.path("report.odt").write_text("from the folder")
    server.start()
    wait_until(lambda: len(os.listdir(disk.folder)) == 2, "the conflict copy")
    wait_equal(disk, folder)
    assert {path.read_text() for path in disk.folder.iterdir()} == \
        {"from the disk", "from the folder"}
    assert any(name.startswith("report (conflict, ") for name in os.listdir(disk.folder))
