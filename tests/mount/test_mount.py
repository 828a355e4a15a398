# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk: real FUSE, real programs."""

import concurrent.futures
import errno
import os
import signal
import subprocess
import sys

import pytest

from disk import MountedDevice
from drive import run, wait_equal, wait_until

MIB = 1 << 20


def failure_of(action, *arguments):
    with pytest.raises(OSError) as caught:
        action(*arguments)
    return errno.errorcode[caught.value.errno]


def test_what_cannot_be_says_so(mounts):
    disk = mounts("disk")
    disk.path("file").write_text("x")
    assert failure_of(os.link, disk.path("file"), disk.path("hard")) == "EPERM"
    assert failure_of(os.mkfifo, disk.path("pipe")) == "EPERM"
    if os.geteuid() == 0:
        assert failure_of(os.mknod, disk.path("null"), 0o20666, os.makedev(1, 3)) == "EPERM"
    assert failure_of(os.mkdir, disk.path("file")) == "EEXIST"
    assert failure_of(os.mkdir, disk.path("n" * 256)) == "ENAMETOOLONG"
    assert failure_of(os.rmdir, disk.path("nothing")) == "ENOENT"
    assert failure_of(os.mkdir, disk.path(".imdrive")) == "EPERM"
    assert failure_of(os.stat, disk.path(".imdrive")) == "ENOENT"
    assert ".imdrive" not in os.listdir(disk.folder)
    disk.path("full").mkdir()
    disk.path("full/x").write_text("x")
    assert failure_of(os.rmdir, disk.path("full")) == "ENOTEMPTY"
    with open(disk.path("new"), "x"):
        pass
    done = disk.command("share", disk.folder, check=False)
    assert done.returncode == 1 and "share a folder in it" in done.stderr, done
    assert failure_of(os.open, disk.path("new"), os.O_CREAT | os.O_EXCL | os.O_WRONLY) == "EEXIST"


def test_attributes_pass_and_ours_are_hidden(mounts):
    disk = mounts("disk")
    disk.path("file").write_text("x")
    disk.path("folder").mkdir()
    disk.wait_idle()
    for name in "file", "folder":
        path = disk.path(name)
        os.setxattr(path, "user.colour", b"green")
        assert os.getxattr(path, "user.colour") == b"green"
        assert os.listxattr(path) == ["user.colour"]
        os.removexattr(path, "user.colour")
        assert os.listxattr(path) == []
        assert failure_of(os.getxattr, path, "user.colour") == "ENODATA"
        assert failure_of(os.getxattr, path, "user.imdrive") == "ENODATA"
        assert failure_of(os.setxattr, path, "user.imdrive", b"x") == "EPERM"
        assert failure_of(os.setxattr, path, "trusted.x", b"x") == "ENOTSUP"


def test_names_of_255_bytes(mounts, folders):
    disk, folder = mounts("disk"), folders("folder")
    name = "ä" * 127 + "x"
    disk.path(name).write_text("long")
    disk.path("d" * 255).mkdir()
    wait_equal(disk, folder)
    assert folder.path(name).read_text() == "long"


def test_ends_clean_and_comes_back(mounts):
    disk = mounts("disk")
    disk.path("file").write_text("kept")
    handle = open(disk.path("file"))
    disk.stop()
    assert not os.path.ismount(disk.folder)
    assert os.listdir(disk.folder) == []
    with pytest.raises(OSError):
        os.fstat(handle.fileno())
        handle.read()
    handle.close()
    disk.start()
    assert disk.path("file").read_text() == "kept"


def test_a_killed_disk_is_taken_over(mounts, folders):
    disk = mounts("disk")
    with open(disk.path("file"), "wb") as file:
        file.write(b"x" * MIB)
        os.fsync(file.fileno())
        disk.kill()
        try:
            file.write(b"y")
            file.flush()
        except OSError:
            pass
        try:
            file.close()
        except OSError:
            pass
    assert failure_of(os.listdir, disk.folder) == "ENOTCONN"
    disk.start()
    assert disk.path("file").read_bytes() == b"x" * MIB
    folder = folders("folder")
    wait_equal(disk, folder)


def test_unmounted_from_outside_it_ends(mounts):
    disk = mounts("disk")
    disk.path("file").write_text("x")
    run("fusermount3", "-u", disk.folder) if os.geteuid() else run("umount", disk.folder)
    assert disk.process.wait(60) == 0
    disk.process = None
    assert not os.path.ismount(disk.folder)


def test_unmounted_lazily_while_in_use(mounts):
    disk = mounts("disk")
    disk.path("file").write_text("content")
    with open(disk.path("file")) as file:
        command = ["umount", "-l"] if os.geteuid() == 0 else ["fusermount3", "-u", "-z"]
        run(*command, disk.folder)
        assert not os.path.ismount(disk.folder)
        assert file.read() == "content"
    assert disk.process.wait(60) == 0
    disk.process = None


def test_a_second_mount_goes_to_the_one_that_runs(mounts, tmp_path):
    disk = mounts("disk")
    disk.path("file").write_text("x")
    other = tmp_path / "other"
    done = disk.command("mount", other)
    assert "already running" in done.stdout
    wait_until(lambda: (other / "file").exists(), "the file at the other place")
    again = disk.command("mount", other)
    assert "already running" in again.stdout
    assert [b["kind"] for b in disk.status()["bindings"]] == ["mount", "mount"]
    refused = disk.command("sync", other, check=False)
    assert refused.returncode == 1 and "mounted there" in refused.stderr


def test_many_programs_at_once(mounts):
    disk = mounts("disk")

    def work(number):
        for i in range(20):
            path = disk.path(f"{number} {i}")
            path.write_bytes(b"x" * 10_000)
            assert path.read_bytes() == b"x" * 10_000
            os.stat(path)
        return number

    # Threads come and go as they are needed, and never all of them.
    for _ in range(3):
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            assert list(pool.map(work, range(40))) == list(range(40))
    assert len(os.listdir(disk.folder)) == 800


def test_refuses_a_folder_with_files(mounts, tmp_path, server):
    device = MountedDevice(tmp_path, "full", server).login()
    device.path("mine").write_text("x")
    done = device.command("mount", device.folder, check=False)
    assert done.returncode == 1 and "empty folder" in done.stderr
    assert device.path("mine").read_text() == "x"


def test_what_was_listed_is_listed_without_asking(mounts):
    disk = mounts("disk")
    for name in "a", "b":
        disk.path(name).mkdir()
        disk.path(f"{name}/file").write_text("x")
    disk.wait_idle()
    walk = "import os, sys; print(sorted(os.walk(sys.argv[1])))"
    command = [sys.executable, "-c", walk, disk.folder]
    for _ in range(2):
        listed = subprocess.run(command, capture_output=True, check=True).stdout
    assert listed.count(b"file") == 2
    # Who serves the mount cannot say a word.
    disk.process.send_signal(signal.SIGSTOP)
    try:
        again = subprocess.run(command, capture_output=True, check=True, timeout=20).stdout
    finally:
        disk.process.send_signal(signal.SIGCONT)
    assert again == listed
    # What is new is seen all the same.
    disk.path("a/new").write_text("x")
    assert sorted(os.listdir(disk.path("a"))) == ["file", "new"]


def test_a_folder_is_synced_and_read_after_it_was_moved(mounts):
    disk = mounts("disk")
    disk.path("old").mkdir()
    for number in range(500):
        disk.path(f"old/{number}").write_text("x")
    with os.scandir(disk.path("old")) as entries:
        found = [next(entries).name]
        os.rename(disk.path("old"), disk.path("new"))
        found += [entry.name for entry in entries]
    assert sorted(found) == sorted(str(number) for number in range(500))
    folder = os.open(disk.path("new"), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
        os.rename(disk.path("new"), disk.path("newer"))
        os.fsync(folder)
        assert len(os.listdir(folder)) == 500
    finally:
        os.close(folder)


def test_fifty_thousand_in_one_folder(mounts):
    disk = mounts("disk")
    many = disk.path("many")
    many.mkdir()
    names = [f"file number {i}" for i in range(50_000)]
    for name in names:
        os.close(os.open(many / name, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o644))
    assert sorted(os.listdir(many)) == sorted(names)
    with os.scandir(many) as entries:
        assert sum(entry.stat().st_size for entry in entries) == 0
    for name in names[::2]:
        (many / name).unlink()
    assert sorted(os.listdir(many)) == sorted(names[1::2])
