# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk: content that comes when it is read."""

import errno
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest

from door import Door
from drive import run, wait_equal, wait_until

MIB = 1 << 20
PROGRAM_TIMEOUT_S = 300


def write(path, content):
    path.write_bytes(content)
    return content


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


def test_a_link_goes_whatever_time_it_was_given(mounts, folders):
    """tar and rsync set the time of a link, which does not travel."""
    disk, folder, other = mounts("disk"), folders("folder"), folders("other")
    os.symlink("target", other.path("link"))
    wait_equal(disk, folder, other)
    for device in disk, folder:
        os.utime(device.path("link"), ns=(1, 987654321987654321), follow_symlinks=False)
        device.path(f"after {device.name}").write_text("x")
    wait_equal(disk, folder, other)
    other.path("link").unlink()
    wait_equal(disk, folder, other)
    assert not os.path.lexists(disk.path("link"))


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


def test_sent_at_close_or_fsync_and_not_before(mounts, folders):
    disk, folder = mounts("disk"), folders("folder")
    with open(disk.path("file"), "wb", buffering=0) as file:
        file.write(b"first half, ")
        disk.path("beside").write_text("x")
        wait_until(lambda: folder.path("beside").exists(), "what was closed")
        assert not folder.path("file").exists()
        os.fsync(file.fileno())
        wait_until(lambda: folder.path("file").exists(), "what was synced")
        assert folder.path("file").read_text() == "first half, "
        file.write(b"second half")
    wait_equal(disk, folder)
    assert folder.path("file").read_text() == "first half, second half"


def test_half_a_file_in_a_new_folder_is_not_sent(mounts, folders):
    disk, folder = mounts("disk"), folders("folder")
    disk.path("new").mkdir()
    with open(disk.path("new/file"), "wb", buffering=0) as file:
        file.write(b"first half, ")
        # Whatever is told of an open file, it is not at its end.
        os.fchmod(file.fileno(), 0o700)
        disk.path("new/beside").write_text("x")
        wait_until(lambda: folder.path("new/beside").exists(), "what was closed")
        disk.wait_idle()
        assert not folder.path("new/file").exists()
        file.write(b"second half")
    wait_equal(disk, folder)
    assert folder.path("new/file").read_text() == "first half, second half"
    assert len(disk.command("versions", disk.path("new/file")).stdout.splitlines()) == 1
    # A file that takes its name while it is written is there at once.
    with open(disk.path("new/later"), "wb", buffering=0) as file:
        file.write(b"all of it")
        os.rename(disk.path("new/later"), disk.path("new/file"))
        wait_until(lambda: folder.path("new/file").read_text() == "all of it", "what was renamed")


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


def fetched(device):
    """Bytes that the backing files take."""
    return sum(os.lstat(os.path.join(parent, name)).st_blocks * 512
               for parent, _, names in os.walk(device.backing()) for name in names
               if ".imdrive" not in parent)


def test_nothing_is_fetched_before_it_is_read(mounts, folders):
    folder, disk = folders("folder"), mounts("disk")
    content = {}
    for i in range(8):
        content[f"file {i}"] = write(folder.path(f"file {i}"), os.urandom(4 * MIB))
    folder.wait_idle()
    wait_until(lambda: len(os.listdir(disk.folder)) == 8, "all names")
    disk.wait_idle()
    for name in content:
        info = os.stat(disk.path(name))
        assert info.st_size == 4 * MIB
        assert info.st_mtime_ns == os.stat(folder.path(name)).st_mtime_ns
        assert disk.state(name) == "online-only"
    # A block of each file tells what it stands for.
    told = fetched(disk)
    assert told <= 8 * 4096
    with open(disk.path("file 3"), "rb") as file:
        file.seek(2 * MIB)
        assert file.read(10) == content["file 3"][2 * MIB:2 * MIB + 10]
    assert 0 < fetched(disk) - told <= 4 * MIB
    assert disk.state("file 5") == "online-only"
    assert disk.path("file 5").read_bytes() == content["file 5"]
    assert fetched(disk) - told <= 8 * MIB


def test_pin_free_and_status(mounts, folders):
    folder, disk = folders("folder"), mounts("disk")
    folder.path("sub").mkdir()
    content = write(folder.path("sub/file"), os.urandom(3 * MIB))
    wait_until(lambda: disk.path("sub/file").exists(), "the file")
    disk.wait_idle()
    assert disk.command("status", disk.path("sub/file")).stdout.endswith(": online-only\n")
    disk.command("pin", disk.path("sub/file"))
    wait_until(lambda: disk.state("sub/file") == "pinned", "it is here")
    assert fetched(disk) >= 3 * MIB
    disk.command("unpin", disk.path("sub/file"))
    assert disk.state("sub/file") == "cached"
    disk.command("free", disk.path("sub"))
    wait_until(lambda: disk.state("sub/file") == "online-only", "it was let go")
    assert "1 online-only" in disk.command("status", disk.path("sub")).stdout
    assert disk.path("sub/file").read_bytes() == content
    with open(disk.path("sub/file"), "ab") as file:
        file.write(b"more")
        file.flush()
        assert disk.state("sub/file") == "dirty"
    refused = disk.command("pin", folder.path("sub"), check=False)
    assert refused.returncode == 1 and "not on a mounted drive" in refused.stderr
    wait_equal(disk, folder)


def test_without_the_server(mounts, folders, server):
    folder, disk = folders("folder"), mounts("disk")
    write(folder.path("missing"), os.urandom(2 * MIB))
    here = write(folder.path("here"), os.urandom(2 * MIB))
    wait_until(lambda: len(os.listdir(disk.folder)) == 2, "both names")
    disk.wait_idle()
    assert disk.path("here").read_bytes() == here
    server.kill()
    disk.wait_state("offline")
    assert sorted(os.listdir(disk.folder)) == ["here", "missing"]
    assert disk.path("here").read_bytes() == here
    started = time.monotonic()
    with pytest.raises(OSError) as caught:
        disk.path("missing").read_bytes()
    assert caught.value.errno in (errno.ENETUNREACH, errno.EIO)
    assert time.monotonic() - started < 30
    disk.path("made offline").write_text("queued")
    assert disk.state("made offline") == "dirty"
    server.start()
    wait_equal(disk, folder)
    assert folder.path("made offline").read_text() == "queued"
    assert disk.path("missing").stat().st_size == 2 * MIB


def test_who_waits_for_the_server_holds_up_nobody(mounts, folders, server):
    folder, disk = folders("folder"), mounts("disk")
    names = [f"missing {number}" for number in range(8)]
    for name in names:
        write(folder.path(name), os.urandom(MIB))
    wait_until(lambda: len(os.listdir(disk.folder)) == len(names), "all names")
    disk.wait_idle()
    server.process.send_signal(signal.SIGSTOP)
    try:
        readers = [subprocess.Popen(["cat", disk.path(name)], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL) for name in names]
        for number in range(20):
            disk.path(f"made {number}").write_text("meanwhile")
            assert disk.path(f"made {number}").read_text() == "meanwhile"
            assert len(os.listdir(disk.folder)) == len(names) + number + 1
            # It was not their end that let it through.
            assert number > 0 or any(reader.poll() is None for reader in readers)
    finally:
        server.process.send_signal(signal.SIGCONT)
    for reader in readers:
        # Whether it came or was given up, as the machine was fast or slow.
        assert reader.wait(timeout=PROGRAM_TIMEOUT_S) in (0, 1)
    wait_equal(disk, folder)


def test_indexers_fetch_nothing(mounts, folders, tmp_path):
    folder, disk = folders("folder"), mounts("disk")
    write(folder.path("picture"), os.urandom(MIB))
    wait_until(lambda: disk.path("picture").exists(), "the name")
    disk.wait_idle()
    indexer = tmp_path / "tumblerd"
    shutil.copy(shutil.which("cat"), indexer)
    refused = run(indexer, disk.path("picture"), check=False)
    assert refused.returncode == 1 and "Permission denied" in refused.stderr
    assert disk.state("picture") == "online-only"
    disk.path("picture").read_bytes()
    done = subprocess.run([indexer, disk.path("picture")], capture_output=True)
    assert done.returncode == 0 and len(done.stdout) == MIB


def test_the_control_socket_keeps_and_frees(mounts):
    a, b = mounts("a", "b")
    a.path("film").write_bytes(b"x" * 100_000)
    wait_equal(a, b)
    door = Door(b.profile)

    def keep(**params):
        return door.ask("keep", paths=[str(b.path("film"))], **params)["result"]["states"]

    assert keep() == ["cached"]
    assert keep(keep="pinned") == ["pinned"]
    assert keep(keep="unpinned") == ["cached"]
    assert keep(keep="online-only") == ["online-only"]
    answer = door.ask("keep", paths=[str(b.profile)], keep="pinned")
    assert "error" in answer


@pytest.mark.parametrize("place", ["new", "above/below/new"])
def test_what_is_written_to_a_file_that_was_moved_elsewhere(mounts, folders, place):
    """To where nobody has looked, too."""
    disk, folder = mounts("disk"), folders("folder")
    write(disk.path("old"), b"first")
    wait_equal(disk, folder)
    handle = os.open(disk.path("old"), os.O_WRONLY)
    try:
        folder.path(place).parent.mkdir(parents=True, exist_ok=True)
        os.rename(folder.path("old"), folder.path(place))
        # Not through the mount: who looks at the new name there tells it.
        wait_until((disk.backing() / place).exists, "it is there here, too")
        os.write(handle, b"second")
    finally:
        os.close(handle)
    wait_until(lambda: folder.path(place).read_bytes() == b"second", "what was written arrives")
    assert disk.path(place).read_bytes() == b"second"
    wait_equal(disk, folder)
