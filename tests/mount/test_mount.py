# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk: real FUSE, real programs."""

import errno
import os
import pathlib
import signal
import subprocess
import time

import pytest

from disk import STATE, MountedDevice, detach
from drive import BUILD, run, snapshot, wait_equal, wait_until

MIB = 1 << 20


def write(path, content):
    path.write_bytes(content)
    return content


def failure_of(action, *arguments):
    with pytest.raises(OSError) as caught:
        action(*arguments)
    return errno.errorcode[caught.value.errno]


def test_what_is_put_in_is_elsewhere_and_back(mounts, folders):
    disk, folder = mounts("disk"), folders("folder")
    (disk.path("a")).write_text("from the disk")
    disk.path("sub").mkdir()
    disk.path("sub/b").write_text("deeper")
    os.symlink("a", disk.path("link"))
    folder.path("c").write_text("from the folder")
    wait_equal(disk, folder)
    assert disk.path("c").read_text() == "from the folder"
    assert folder.path("sub/b").read_text() == "deeper"
    os.rename(folder.path("sub"), folder.path("moved"))
    folder.path("a").unlink()
    wait_equal(disk, folder)
    assert sorted(os.listdir(disk.folder)) == ["c", "link", "moved"]
    bindings = disk.status()["bindings"]
    assert [(b["kind"], b["path"]) for b in bindings] == [("mount", str(disk.folder))]


def test_changes_from_elsewhere_appear_in_an_open_folder(mounts, folders):
    disk, folder = mounts("disk"), folders("folder")
    disk.path("here").mkdir()
    wait_equal(disk, folder)
    handle = os.open(disk.path("here"), os.O_RDONLY)
    here = os.path.join("/proc/self/fd", str(handle))
    try:
        assert os.listdir(here) == []
        assert not os.path.exists(f"{here}/new")
        folder.path("here/new").write_text("one")
        wait_until(lambda: os.path.exists(f"{here}/new"), "a new name, once looked for in vain")
        assert os.listdir(here) == ["new"]
        assert pathlib.Path(f"{here}/new").read_text() == "one"
        folder.path("here/new").write_text("another one")
        wait_until(lambda: os.stat(f"{here}/new").st_size == 11, "its new size")
        assert pathlib.Path(f"{here}/new").read_text() == "another one"
        os.chmod(folder.path("here/new"), 0o755)
        wait_until(lambda: os.stat(f"{here}/new").st_mode & 0o100, "its new mode")
        os.utime(folder.path("here/new"), ns=(1, 1234567890123456789))
        wait_until(lambda: os.stat(f"{here}/new").st_mtime_ns == 1234567890123456789, "its mtime")
        folder.path("here/new").unlink()
        wait_until(lambda: not os.path.exists(f"{here}/new"), "that it is gone")
        assert os.listdir(here) == []
    finally:
        os.close(handle)


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
        assert failure_of(os.setxattr, path, "trusted.x", b"x") == "EOPNOTSUPP"


def test_names_of_255_bytes(mounts, folders):
    disk, folder = mounts("disk"), folders("folder")
    name = "ä" * 127 + "x"
    disk.path(name).write_text("long")
    disk.path("d" * 255).mkdir()
    wait_equal(disk, folder)
    assert folder.path(name).read_text() == "long"


def test_two_disks(mounts):
    one, two = mounts("one", "two")
    content = write(one.path("big"), os.urandom(3 * MIB))
    one.path("small").write_text("s")
    wait_equal(one, two)
    assert two.path("big").read_bytes() == content
    # Elsewhere a file is replaced, while it is open here: who has it open keeps what it was.
    with open(two.path("small")) as file:
        one.path("small.new").write_text("t")
        os.rename(one.path("small.new"), one.path("small"))
        wait_until(lambda: two.path("small").read_text() == "t", "the new content")
        assert file.read() == "s"


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


def test_disk_and_folder_of_one_device(mounts, tmp_path):
    disk = mounts("disk")
    folder = tmp_path / "as-folder"
    folder.mkdir()
    disk.command("sync", folder)
    disk.path("file").write_text("x")
    wait_until(lambda: (folder / "file").exists(), "the file in the folder")
    (folder / "back").write_text("y")
    wait_until(lambda: disk.path("back").exists(), "the file on the disk")
    assert disk.path("back").read_text() == "y"
    kinds = [(b["kind"], b["path"]) for b in disk.status()["bindings"]]
    assert kinds == [("mount", str(disk.folder)), ("folder", str(folder))]


def test_refuses_a_folder_with_files(mounts, tmp_path, server):
    device = MountedDevice(tmp_path, "full", server).login()
    device.path("mine").write_text("x")
    done = device.command("mount", device.folder, check=False)
    assert done.returncode == 1 and "empty folder" in done.stderr
    assert device.path("mine").read_text() == "x"


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
