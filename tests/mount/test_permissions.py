# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk: nobody may there what he may not in a plain folder."""

import errno
import os
import shutil

import pytest

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
        os.chmod(folder / "shut", 0)
        assert may(folder, os.chdir) is None
        assert may(folder, lambda at: os.chdir(at / "shut")) == refused
        assert may(folder, lambda at: os.listdir(at / "shut")) == refused
    finally:
        os.chdir(before)
        os.close(writer)
        os.chmod(folder / "shut", 0o700)
