# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk: nobody may there what he may not in a plain folder."""

import errno
import json
import os
import shutil
import sys

import pytest

from drive import run
from operations import outcome


def may(folder, step):
    """What a step gives in this folder: its value, or the name of its error."""
    return outcome(lambda files: step(files), folder)


def test_modes_count_as_in_a_plain_folder(mounts):
    """The kernel leaves it to the mount, which has no more rights than its user: as root it has
    all of them, so those that matter are taken from it first."""
    if os.geteuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("no setpriv to take rights from root")
    disk = mounts("disk", without_override=os.geteuid() == 0)
    folder, before = disk.folder, os.getcwd()
    (folder / "read").write_text("r")
    (folder / "none").write_text("n")
    (folder / "shut").mkdir()
    (folder / "shut/file").write_text("s")
    os.chmod(folder / "read", 0o400)
    os.chmod(folder / "none", 0)
    os.chmod(folder / "shut", 0o500)
    writer = os.open(folder / "open", os.O_RDWR | os.O_CREAT)
    os.chmod(folder / "open", 0o400)
    try:
        refused = errno.errorcode[errno.EACCES]
        assert may(folder, lambda at: (at / "read").read_text()) == "r"
        assert may(folder, lambda at: (at / "read").write_text("x")) == refused
        assert may(folder, lambda at: (at / "none").read_text()) == refused
        assert may(folder, lambda at: (at / "shut/new").write_text("x")) == refused
        assert may(folder, lambda at: (at / "shut/file").unlink()) == refused
        assert may(folder, lambda at: (at / "shut/file").rename(at / "moved")) == refused
        # That somebody has it open for writing allows nothing to others.
        assert may(folder, lambda at: os.truncate(at / "open", 0)) == refused
        os.ftruncate(writer, 10)
        assert [os.access(folder / "read", bits) for bits in (os.R_OK, os.W_OK, os.X_OK)] == \
            [True, False, False]
        assert not os.access(folder / "none", os.R_OK)
        assert os.access(folder / "shut", os.R_OK | os.X_OK)
        assert not os.access(folder / "shut", os.W_OK)
        # Also of what the kernel knows.
        assert may(folder, lambda at: os.listdir(at / "shut")) == ["file"]
        os.chmod(folder / "shut", 0)
        assert may(folder, os.chdir) is None
        assert may(folder, lambda at: os.chdir(at / "shut")) == refused
        assert may(folder, lambda at: os.listdir(at / "shut")) == refused
    finally:
        os.chdir(before)
        os.close(writer)
        os.chmod(folder / "shut", 0o700)


# Makes a file for each way to change it, with these bits, changes it so, and tells the bits.
CHANGE = """
import json, os, sys
folder, mode = sys.argv[1], int(sys.argv[2], 8)

def opened(flags, action):
    def change(path):
        file = os.open(path, flags)
        action(file)
        os.close(file)
    return change

ways = {
    "write": opened(os.O_WRONLY, lambda file: os.pwrite(file, b"x", 0)),
    "append": opened(os.O_RDWR | os.O_APPEND, lambda file: os.write(file, b"x")),
    "truncate": lambda path: os.truncate(path, 1),
    "ftruncate": opened(os.O_RDWR, lambda file: os.ftruncate(file, 10)),
    "empty": opened(os.O_WRONLY | os.O_TRUNC, lambda file: None),
    "empty, write": opened(os.O_WRONLY | os.O_TRUNC, lambda file: os.write(file, b"x")),
    "reserve": opened(os.O_RDWR, lambda file: os.posix_fallocate(file, 0, 8192)),
    "give": lambda path: os.chown(path, -1, os.getegid()),
    "read": lambda path: open(path, "rb").read(),
}
found = {}
for name, change in ways.items():
    path = os.path.join(folder, f"{name} {sys.argv[2]} {sys.argv[3]}")
    with open(path, "wb") as file:
        file.write(b"program")
    os.chmod(path, mode)
    change(path)
    seen = [oct(os.stat(path).st_mode & 0o7777)]
    # From here on only what the kernel is told anew.
    os.utime(path)
    found[name] = seen + [oct(os.stat(path).st_mode & 0o7777)]
print(json.dumps(found))
"""


@pytest.mark.parametrize("disk_may_keep", [True, False])
def test_who_writes_takes_the_rights_of_a_program(mounts, tmp_path, disk_may_keep):
    """Set-user-id and set-group-id go as in a plain folder, whatever the mount itself may."""
    root = os.geteuid() == 0
    if root and not shutil.which("setpriv"):
        pytest.skip("no setpriv to take rights from root")
    disk = mounts("disk", without_override=root and not disk_may_keep)
    plain = tmp_path / "plain"
    plain.mkdir()
    without = ["setpriv", "--bounding-set", "-fsetid"] if root else []
    for mode in "4755", "2755", "6775", "2745":
        ours, theirs = (json.loads(run(*without, sys.executable, "-c", CHANGE, at, mode,
                                       "by user").stdout) for at in (disk.folder, plain))
        assert ours == theirs, mode
        assert int(ours["write"][0], 8) & 0o4000 == 0, mode
    if root and disk_may_keep:
        # Who may keep them does; but that reserving room takes them always.
        ours, theirs = (json.loads(run(sys.executable, "-c", CHANGE, at, "6755", "by root").stdout)
                        for at in (disk.folder, plain))
        del ours["reserve"], theirs["reserve"]
        assert ours == theirs


def test_capabilities_of_a_program_go_when_it_is_written(mounts):
    """They are not shown in the mount; but the file that lies behind it may have got them."""
    if os.geteuid() != 0:
        pytest.skip("only root can give capabilities to a program")
    disk = mounts("disk")
    # cap_net_raw, permitted and effective (linux/capability.h, revision 2).
    capability = bytes([1, 0, 0, 2, 0, 32, 0, 0]) + bytes(12)
    changes = {
        "write": lambda path: path.open("r+b").write(b"x"),
        "truncate": lambda path: os.truncate(path, 1),
        "empty": lambda path: path.open("wb").close(),
    }
    for name, change in changes.items():
        path, behind = disk.path(name), disk.backing() / name
        path.write_bytes(b"program")
        os.setxattr(behind, "security.capability", capability)
        assert "security.capability" in os.listxattr(behind)
        change(path)
        assert "security.capability" not in os.listxattr(behind), name
