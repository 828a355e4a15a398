# SPDX-License-Identifier: Apache-2.0
"""Devices whose disk refuses names, has no executable bit, and takes "a" for "A"."""

import os
import subprocess

import pytest

from drive import BUILD, Device, run, wait_equal, wait_until

SCRIPT = """
set -e
truncate -s 64M "$1"
if mkfs.vfat "$1" && mount -t vfat -o loop,utf8 "$1" "$2"; then exit 0; fi
device=$(losetup -f --show "$1")
trap 'losetup -d "$device"' EXIT
mkfs.exfat "$1"
mount.exfat-fuse "$device" "$2"
"""


@pytest.fixture
def narrow(tmp_path, server):
    """A signed-in device on such a disk; skips where none can be mounted."""
    device = Device(tmp_path, "narrow", server).login()
    image = tmp_path / "image"
    done = subprocess.run(["sh", "-c", SCRIPT, "sh", image, device.folder], capture_output=True,
                          text=True, timeout=60)
    if done.returncode != 0:
        pytest.skip(f"neither vfat nor exFAT can be mounted here: {done.stderr[-300:]}")
    yield device
    device.stop()
    subprocess.run(["umount", device.folder], check=True)
    image.unlink()


REFUSED = [b"a:b", b"what?", b"end ", b"back\\slash", b"\xff\xfe.txt"]


def test_names_that_a_disk_refuses(devices, narrow):
    a, b = devices("a", "b")
    for name in REFUSED:
        with open(os.path.join(os.fsencode(a.folder), name), "wb") as file:
            file.write(name)
    (a.path("folder: 1")).mkdir()
    a.path("folder: 1/tool?").write_text("tool")
    a.path("folder: 1/tool?").chmod(0o755)
    narrow.start()
    narrow.wait_idle()
    here = {os.fsdecode(name): chr(0xf03a) for name in REFUSED}
    assert narrow.path(f"a{chr(0xf03a)}b").read_bytes() == b"a:b", here
    shown = {item["path"]: item["here"] for item in narrow.status()["bindings"][0]["spelled"]}
    assert shown["a:b"] == f"a{chr(0xf03a)}b"
    assert shown["folder: 1/tool?"].endswith(f"tool{chr(0xf03f)}")
    assert "refuses the name 'a:b'" in narrow.command("status").stdout
    # Edits there arrive under the true name, and the executable bit is none of its business.
    tool = narrow.path(f"folder{chr(0xf03a)} 1/tool{chr(0xf03f)}")
    tool.write_text("better tool")
    wait_until(lambda: a.path("folder: 1/tool?").read_text() == "better tool", "the edit arrives")
    assert a.path("folder: 1/tool?").stat().st_mode & 0o100
    # New there, and renamed elsewhere.
    narrow.path(f"new{chr(0xf02a)}").write_text("new")
    wait_until(lambda: b.path("new*").exists(), "the new file arrives")
    b.path("new*").rename(b.path("old<>"))
    wait_until(narrow.path(f"old{chr(0xf03c)}{chr(0xf03e)}").exists, "the rename arrives")
    # Nothing of the others' was renamed.
    assert sorted(os.listdir(os.fsencode(a.folder))) == sorted(
        REFUSED + [b"folder: 1", b"old<>", b".imdrive"])
    narrow.stop()
    narrow.start()
    narrow.wait_idle()
    assert narrow.path(f"a{chr(0xf03a)}b").read_bytes() == b"a:b"


def test_names_that_differ_only_in_case(devices, narrow):
    a = devices("a")
    a.path("Name").write_text("one")
    narrow.start()
    narrow.wait_idle()
    a.path("NAME").write_text("two")
    wait_until(lambda: any("capital letters" in item["message"]
                           for item in narrow.status()["errors"]), "the refusal is shown")
    assert narrow.path("Name").read_text() == "one"
    a.wait_idle()
    assert a.path("Name").read_text() == "one" and a.path("NAME").read_text() == "two"
    # A way out, and it heals by itself.
    a.path("NAME").rename(a.path("other"))
    wait_until(narrow.path("other").exists, "the other one arrives")
    wait_until(lambda: not narrow.status()["errors"], "the error is gone")
    # Its own name in other case is no other name.
    a.path("Name").rename(a.path("nAME"))
    wait_until(lambda: "nAME" in os.listdir(narrow.folder), "the rename arrives")


def errors(device):
    return {os.path.basename(error["path"]): error["message"]
            for error in device.status().get("errors", [])}


def test_drive_that_refuses_names_in_another_case(devices, server):
    run(BUILD / "imdrived", "user", "names", "alice", "caseless", "--data", server.data)
    a, b = devices("a", "b")
    a.path("Report").write_text("one")
    wait_equal(a, b)
    # Nobody's file is touched; what the drive does not take is said, and stays.
    b.path("report").write_text("two")
    wait_until(lambda: "only in upper and lower case" in errors(b).get("report", ""),
               "the refusal is shown")
    wait_until(lambda: b.status()["state"] == "attention", "it is at rest, but for that")
    b.path("other").write_text("goes on")
    wait_until(a.path("other").exists, "other files go on")
    assert not a.path("report").exists() and a.path("Report").read_text() == "one"
    assert b.path("report").read_text() == "two" and b.path("Report").read_text() == "one"
    b.path("report").rename(b.path("another report"))
    wait_equal(a, b)
    assert errors(b) == {}
    # A name in another case for the same file is none beside it.
    a.path("Report").rename(a.path("REPORT"))
    wait_until(lambda: b.path("REPORT").exists() and not b.path("Report").exists(), "it is renamed")
    a.path("docs").mkdir()
    a.path("docs/x").write_text("x")
    wait_equal(a, b)
    b.path("DOCS").mkdir()
    b.path("DOCS/y").write_text("y")
    wait_until(lambda: "DOCS" in errors(b), "a folder is refused, too")
    # The other side can make room as well.
    a.path("docs").rename(a.path("papers"))
    tree = wait_equal(a, b)
    assert tree[b"DOCS/y"] and tree[b"papers/x"] and errors(b) == {}
