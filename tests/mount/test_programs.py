# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk, with programs as people use them."""

import fcntl
import mmap
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from drive import run, snapshot, wait_equal

MIB = 1 << 20
HOLD = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
if sys.argv[2] == "flock":
    fcntl.flock(file, fcntl.LOCK_EX)
else:
    fcntl.lockf(file, fcntl.LOCK_EX, 10, 5)
print("held", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def disk(mounts):
    return mounts("disk")


def test_locks_between_processes(disk):
    disk.path("file").write_bytes(bytes(100))
    for kind in "flock", "fcntl":
        with subprocess.Popen([sys.executable, "-c", HOLD, disk.path("file"), kind], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
            assert other.stdout.readline() == "held\n"
            with open(disk.path("file"), "r+b") as file:
                with pytest.raises(BlockingIOError):
                    if kind == "flock":
                        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    else:
                        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 12)
                if kind == "fcntl":
                    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 5, 0)
                other.stdin.write("\n")
                other.stdin.flush()
                assert other.wait() == 0
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_open_files_outlive_their_names(disk):
    path = disk.path("file")
    path.write_text("before")
    with open(path, "r+b") as file:
        path.unlink()
        assert os.fstat(file.fileno()).st_size == 6
        file.seek(0, os.SEEK_END)
        file.write(b" and after")
        file.flush()
        os.ftruncate(file.fileno(), 10)
        os.fchmod(file.fileno(), 0o600)
        file.seek(0)
        assert file.read() == b"before and"
        path.write_text("another one")
        file.seek(0)
        assert file.read() == b"before and"
    assert path.read_text() == "another one"
    with open(path, "rb") as file:
        disk.path("new").write_text("over it")
        os.rename(disk.path("new"), path)
        assert file.read() == b"another one"
        assert path.read_text() == "over it"
    assert os.listdir(disk.folder) == ["file"]


def test_mapped_appended_and_sparse(disk, folders):
    folder = folders("folder")
    path = disk.path("mapped")
    path.write_bytes(bytes(2 * MIB))
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
        mapped[MIB:MIB + 6] = b"mapped"
        assert path.read_bytes()[MIB:MIB + 6] == b"mapped"
    with open(disk.path("sparse"), "wb") as file:
        os.ftruncate(file.fileno(), 5 * MIB)
        os.pwrite(file.fileno(), b"end", 5 * MIB - 3)
    writers = [subprocess.Popen(["sh", "-c", f"for i in $(seq 100); do echo {name} >> appended; done"],
                                cwd=disk.folder) for name in "abc"]
    for writer in writers:
        assert writer.wait() == 0
    assert len(disk.path("appended").read_text().split()) == 300
    wait_equal(disk, folder)
    assert folder.path("mapped").read_bytes()[MIB:MIB + 6] == b"mapped"
    assert folder.path("sparse").read_bytes()[-4:] == b"\0end"


def test_what_is_written_is_seen_at_once(disk):
    """By whoever has it open, read or mapped, however it is written."""
    kinds = {"new": os.O_CREAT | os.O_EXCL | os.O_WRONLY, "over": os.O_WRONLY | os.O_TRUNC,
             "both": os.O_RDWR | os.O_TRUNC, "kept": os.O_WRONLY}
    for kind, flags in kinds.items():
        path, expected = disk.path(kind), bytearray()
        if kind != "new":
            path.write_bytes(b"of before" * 5000)
            path.read_bytes()
        writer = os.open(path, flags)
        os.ftruncate(writer, 0)
        reader = os.open(path, os.O_RDONLY)
        maps = {}
        for step in range(60):
            # Over the end, over a border of pages, and over what is there.
            at = [len(expected), max(0, len(expected) - 3000), step * 100][step % 3]
            what = os.urandom(step * 97 + 1)
            at = min(at, len(expected))
            assert os.pwrite(writer, what, at) == len(what)
            expected[at:at + len(what)] = what
            assert os.pread(reader, len(expected) + 1, 0) == expected
            assert path.read_bytes() == expected
            for which, (mapped, size) in maps.items():
                assert mapped[:size] == expected[:size], (kind, step, which)
            if step == 10:
                for which in mmap.MAP_SHARED, mmap.MAP_PRIVATE:
                    maps[which] = mmap.mmap(reader, len(expected), which, mmap.PROT_READ), \
                        len(expected)
        os.close(writer)
        assert os.pread(reader, len(expected) + 1, 0) == expected
        for mapped, _ in maps.values():
            mapped.close()
        os.close(reader)
        assert path.read_bytes() == expected
        # Mapped to be written to, by who opened it while another wrote it.
        writer = os.open(path, os.O_WRONLY | os.O_TRUNC)
        os.write(writer, bytes(10000))
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[4000:4010] = b"from there"
            os.pwrite(writer, b"from here", 8000)
            assert mapped[8000:8009] == b"from here"
        os.close(writer)
        read = path.read_bytes()
        assert read[4000:4010] == b"from there" and read[8000:8009] == b"from here"


def test_written_by_the_kernel_itself(disk, tmp_path):
    """sendfile, copy_file_range, many pieces at once, more than one request holds."""
    content = os.urandom(3 * MIB + 123)
    (tmp_path / "source").write_bytes(content)
    source = os.open(tmp_path / "source", os.O_RDONLY)
    disk.path("source").write_bytes(content)
    ours = os.open(disk.path("source"), os.O_RDONLY)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    for name, move in {
            "sent": lambda to, at: os.sendfile(to, source, at, 77777),
            "copied": lambda to, at: os.copy_file_range(ours, to, 77777, at),
            "pieces": lambda to, at: os.writev(to, [content[at:at + 5], content[at + 5:at + 9999]]),
            "whole": lambda to, at: os.write(to, content[at:]),
    }.items():
        to, at = os.open(disk.path(name), flags), 0
        while at < len(content):
            at += move(to, at)
        os.close(to)
        assert disk.path(name).read_bytes() == content, name
    os.close(ours)
    os.close(source)


def test_sqlite(disk, folders):
    folder = folders("folder")
    for journal in "delete", "wal":
        path = disk.path(f"{journal}.db")
        with sqlite3.connect(path) as database:
            database.execute(f"PRAGMA journal_mode={journal}")
            database.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB)")
            for _ in range(20):
                with database:
                    database.executemany("INSERT INTO t(b) VALUES (?)", [(os.urandom(500),)] * 50)
            database.execute("DELETE FROM t WHERE a % 3 = 0")
        database.close()
        database = sqlite3.connect(path)
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("SELECT count(*) FROM t").fetchone() == (667,)
        database.close()
    wait_equal(disk, folder)
    database = sqlite3.connect(folder.path("wal.db"))
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def git(*arguments, folder):
    return run("git", "-C", folder, "-c", "user.name=alice", "-c", "user.email=alice@localhost",
               *arguments).stdout


def make_origin(folder):
    """A repository of 30 files, beside the mount."""
    folder.mkdir()
    git("init", "-q", folder=folder)
    for i in range(30):
        (folder / f"file{i}").write_text(f"content {i}\n" * 100)
    git("add", ".", folder=folder)
    git("commit", "-qm", "first", folder=folder)
    return folder


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_git(disk, tmp_path):
    origin = make_origin(tmp_path / "origin")
    run("git", "clone", "-q", "--no-hardlinks", origin, disk.path("clone"))
    assert git("status", "--porcelain", folder=disk.path("clone")) == ""
    disk.path("clone/file3").write_text("changed")
    assert git("status", "--porcelain", folder=disk.path("clone")) == " M file3\n"
    git("commit", "-qam", "second", folder=disk.path("clone"))
    git("gc", "-q", folder=disk.path("clone"))
    git("fsck", "--full", folder=disk.path("clone"))
    assert len(git("log", "--oneline", folder=disk.path("clone")).split("\n")) == 3


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git")
def test_git_knows_what_it_had_read(disk, folders, tmp_path):
    """What is sent, recorded and given free is no change: git reads it by its time of change."""
    folder = folders("folder")
    origin = make_origin(tmp_path / "origin")
    clone = disk.path("clone")
    run("git", "clone", "-q", "--no-hardlinks", origin, clone)
    # Not of the same moment as the index: git reads such files again, whatever the times.
    for i in range(30):
        os.utime(clone / f"file{i}", ns=(0, 987654321987654321))
    assert git("status", "--porcelain", folder=clone) == ""
    wait_equal(disk, folder)
    for _ in range(2):
        disk.command("free", clone)
        assert git("status", "--porcelain", folder=clone) == ""
        for i in range(30):
            assert disk.state(f"clone/file{i}") == "online-only"
        disk.stop()
        disk.start()


def grow(folder):
    """A small tree with all that a tree has."""
    (folder / "sub" / "deeper").mkdir(parents=True)
    for i in range(40):
        (folder / "sub" / f"{i}").write_bytes(os.urandom(i * 1000))
    (folder / "sub" / "deeper" / "program").write_text("#!/bin/sh\n")
    (folder / "sub" / "deeper" / "program").chmod(0o755)
    os.symlink("../0", folder / "sub" / "deeper" / "link")
    os.utime(folder / "sub" / "7", ns=(1, 987654321987654321))


@pytest.mark.skipif(not shutil.which("rsync"), reason="there is no rsync")
def test_tar_and_rsync(disk, folders, tmp_path):
    tree = tmp_path / "tree"
    grow(tree)
    run("tar", "--format=pax", "-cf", tmp_path / "tree.tar", "-C", tree, ".")
    disk.path("tar").mkdir()
    run("tar", "-xf", tmp_path / "tree.tar", "-C", disk.path("tar"))
    assert snapshot(disk.path("tar")) == snapshot(tree)
    run("rsync", "-a", f"{tree}/", disk.path("rsync"))
    assert snapshot(disk.path("rsync")) == snapshot(tree)
    run("rsync", "-a", f"{disk.path('rsync')}/", tmp_path / "out")
    assert snapshot(tmp_path / "out") == snapshot(tree)
    listed = run("rsync", "-ain", "--checksum", f"{tree}/", disk.path("rsync")).stdout
    assert [line for line in listed.split("\n") if line.startswith(">")] == []
    # Also of what is not here: tar must not take it for holes.
    folder = folders("folder")
    wait_equal(disk, folder)
    disk.command("free", disk.path("tar"), check=False)
    run("tar", "--format=pax", "--sparse", "-cf", tmp_path / "back.tar", "-C", disk.path("tar"),
        ".")
    (tmp_path / "back").mkdir()
    run("tar", "-xf", tmp_path / "back.tar", "-C", tmp_path / "back")
    assert snapshot(tmp_path / "back") == snapshot(tree)


PROJECT = {
    "Makefile": """
OBJECTS = main.o sum.o product.o
program: $(OBJECTS)
	$(CC) -o $@ $(OBJECTS)
%.o: %.c
	$(CC) -MMD -c -o $@ $<
-include $(OBJECTS:.o=.d)
""",
    "main.c": """#include <stdio.h>
#include "sum.h"
#include "include/product.h"
int main(void) { printf("%d %d\\n", sum(3, 4), product(3, 4)); return 0; }
""",
    "sum.h": "int sum(int a, int b);\n",
    "sum.c": '#include "sum.h"\nint sum(int a, int b) { return a + b; }\n',
    "include/product.h": "#define FACTOR 1\nint product(int a, int b);\n",
    "product.c": """#include "include/product.h"
int product(int a, int b) { return FACTOR * a * b; }
""",
}


def compiled(folder):
    """What make compiles now."""
    said = run("make", "-C", folder, "CC=cc").stdout
    return sorted(word for line in said.split("\n") if " -c " in line
                  for word in line.split() if word.endswith(".c"))


@pytest.mark.skipif(not (shutil.which("make") and shutil.which("cc")), reason="no make, or no cc")
def test_make(disk, folders):
    folder = folders("folder")
    project = disk.path("project")
    for name, text in PROJECT.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    assert compiled(project) == ["main.c", "product.c", "sum.c"]
    assert run(project / "program").stdout == "7 12\n"
    assert compiled(project) == []
    # Of times and names nothing changes when it is uploaded, nor when it is not here any more.
    wait_equal(disk, folder)
    disk.command("free", project)
    assert compiled(project) == []
    assert run(project / "program").stdout == "7 12\n"
    # A header that is newer, here or by another device, is built anew with all that need it.
    (project / "sum.h").touch()
    assert compiled(project) == ["main.c", "sum.c"]
    wait_equal(disk, folder)
    folder.path("project/include/product.h").write_text(
        PROJECT["include/product.h"].replace("1", "2"))
    wait_equal(disk, folder)
    assert compiled(project) == ["main.c", "product.c"]
    assert run(project / "program").stdout == "7 24\n"
    run("make", "-C", project, "-B", "-j4", "CC=cc")
    assert run(project / "program").stdout == "7 24\n"
    wait_equal(disk, folder)
    assert os.access(folder.path("project/program"), os.X_OK)


FIO = ["--size=8m", "--verify=crc32c", "--verify_state_save=0", "--verify_fatal=1"]


def fio(folder, *arguments):
    run("fio", "--name=x", f"--directory={folder}", *FIO, *arguments)


@pytest.mark.skipif(not shutil.which("fio"), reason="there is no fio")
def test_fio_finds_what_it_wrote(disk):
    for how in "write", "randwrite":
        fio(disk.folder, f"--rw={how}", "--bs=4k", "--do_verify=1", "--fsync=100",
            "--ioengine=psync", "--numjobs=2")
    # In pieces of any size, and through the memory of a program.
    fio(disk.folder, "--rw=randwrite", "--bsrange=512-128k", "--bs_unaligned=1", "--do_verify=1",
        "--ioengine=psync", "--end_fsync=1")
    fio(disk.folder, "--rw=randwrite", "--bs=4k", "--do_verify=1", "--ioengine=mmap")


@pytest.mark.skipif(not shutil.which("fio"), reason="there is no fio")
def test_fio_finds_it_when_it_has_to_come_back(disk, folders):
    folder = folders("folder")
    fio(disk.folder, "--rw=randwrite", "--bs=4k", "--do_verify=0", "--ioengine=psync")
    wait_equal(disk, folder)
    fio(folder.folder, "--rw=randwrite", "--bs=4k", "--verify_only")
    for how in "read", "randread":
        disk.command("free", disk.path("x.0.0"))
        assert disk.state("x.0.0") == "online-only"
        fio(disk.folder, f"--rw={how}", "--bs=4k")
    assert disk.state("x.0.0") == "cached"
