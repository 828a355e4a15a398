# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk, with the ways in which editors save."""

import fcntl
import os
import shutil

import pytest

from drive import run, wait_equal, wait_until

VIM = next(filter(None, map(shutil.which, ("vim", "vim.basic", "vim.tiny"))), None)


@pytest.fixture
def pair(mounts, folders):
    return mounts("disk"), folders("folder")


def seen_there(folder, name, text):
    """Waits until the other device has exactly this, and nothing beside it."""
    def same():
        try:
            return folder.path(name).read_text() == text
        except FileNotFoundError:
            return False

    wait_until(same, f"{name} is {text!r}")


def check_alone(*devices, name):
    wait_equal(*devices)
    for device in devices:
        assert [each for each in os.listdir(device.folder) if each != ".imdrive"] == [name]


@pytest.mark.skipif(not VIM, reason="there is no vim")
def test_vim(pair):
    disk, folder = pair
    path = disk.path("text")
    path.write_text("0\n")
    path.chmod(0o755)
    wait_equal(disk, folder)
    number = 0
    # The old one steps aside (no), or is copied and then overwritten (yes).
    for copies in "no", "yes", "auto":
        for _ in range(3):
            number += 1
            run(VIM, "-u", "NONE", "-i", "NONE", "--cmd",
                f"set nocompatible writebackup backupskip= backupcopy={copies} fsync", "-es",
                "-c", f"%s/.*/{number}/", "-c", "write", "-c", r"s/$/\rhalf/", "-c", "write",
                "-c", "2d", "-c", "wq", path)
            assert path.read_text() == f"{number}\n"
        seen_there(folder, "text", f"{number}\n")
        assert path.stat().st_mode & 0o777 == 0o755
    check_alone(disk, folder, name="text")
    assert os.access(folder.path("text"), os.X_OK)


def lock_whole(handle):
    fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def save_as_libreoffice(path, content, number):
    """From strace of LibreOffice 7.4.7 (Debian 12, headless, by UNO): XStorable.store() of a
    document that was opened from where it is saved. Left out: reading the document again."""
    folder = path.parent
    temporary = folder / f"lu14410mjj{number:x}.tmp"
    marker = folder / f".~lock.{path.name}#"
    os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    new = os.open(temporary, os.O_RDWR)
    lock_whole(new)
    old = os.open(path, os.O_RDWR)
    lock_whole(old)
    os.listdir(folder)
    assert not marker.exists()
    handle = os.open(marker, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    os.pwrite(handle, b",alice,host,30.11.2026 00:21,file:///profile;", 0)
    os.close(handle)
    os.close(old)
    for at in range(0, len(content), 4096):
        os.pwrite(new, content[at:at + 4096], at)
    os.fsync(new)
    os.close(new)
    with pytest.raises(FileExistsError):
        os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    os.rename(temporary, path)
    os.chmod(path, 0o644)
    handle = os.open(path, os.O_RDWR)
    lock_whole(handle)
    os.fsync(handle)
    os.close(handle)
    handle = os.open(path, os.O_RDWR)
    lock_whole(handle)
    assert os.pread(handle, len(content) + 1, 0) == content
    os.close(handle)
    with open(marker, "rb") as file:
        assert file.read().startswith(b",alice")
    marker.unlink()


def test_libreoffice(pair):
    disk, folder = pair
    path = disk.path("text.odt")
    path.write_text("first")
    wait_equal(disk, folder)
    for number in range(5):
        save_as_libreoffice(path, f"office {number} ".encode() * 1000, number)
    wait_equal(disk, folder)
    assert folder.path("text.odt").read_text() == "office 4 " * 1000
    check_alone(disk, folder, name="text.odt")


def save_as_gnome(path, text):
    """GIO's replacement: write beside, sync, rename."""
    beside = path.parent / ".goutputstream-QZ7F00"
    with open(beside, "x") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(beside, path)


def save_in_place(path, text):
    """As nano and many others: the same file, cut and written anew."""
    with open(path, "w") as file:
        file.write(text)


def test_any_of_them_after_another(pair):
    disk, folder = pair
    path = disk.path("text")
    path.write_text("first")
    wait_equal(disk, folder)
    for number in range(5):
        save_as_libreoffice(path, b"office", number)
        save_as_gnome(path, "gnome")
        save_in_place(path, f"in place {number}")
    seen_there(folder, "text", "in place 4")
    check_alone(disk, folder, name="text")
