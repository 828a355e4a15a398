# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk, beside the local file system that its files lie on and, where they are
installed, beside other mounts of a server on loopback: rclone (WebDAV) and davfs2."""

import hashlib
import os
import pathlib
import random
import resource
import shutil
import statistics
import subprocess
import sys
import time

import programs
from measure import (PROGRAM_TIMEOUT_S, ROOT, Api, Measured, Server, compiled, cpu_seconds,
                     peak_memory, resident_memory, wait_until)

sys.path.insert(0, str(ROOT / "tests" / "mount"))

from api import field, framed, varint  # noqa: E402
from disk import MountedDevice, detach  # noqa: E402

MIB = 1 << 20
READS = 50_000


class MeasuredDisk(MountedDevice, Measured):
    """A mounted device that is asked through its control socket."""


def seconds(action, *arguments):
    start = time.monotonic()
    action(*arguments)
    return time.monotonic() - start


def read_through(path):
    with open(path, "rb", buffering=0) as file:
        while file.read(MIB):
            pass


def read_again_through_fuse(bench, file):
    """Seconds that the kernel takes to read again what a FUSE file system shows, whichever."""
    folder = bench.fresh("one-file")
    process = subprocess.Popen([compiled(bench, "one_file", "-lfuse3"), file, folder])
    try:
        wait_until((folder / "file").exists, "the one file is shown")
        read_through(folder / "file")
        return statistics.median(seconds(read_through, folder / "file") for _ in range(3))
    finally:
        detach(folder)
        process.wait()


def read_here_and_there(path):
    draw = random.Random(1)
    pages = path.stat().st_size // 4096
    handle = os.open(path, os.O_RDONLY)
    for _ in range(READS):
        os.pread(handle, 4096, draw.randrange(pages) * 4096)
    os.close(handle)


def list_all(folder):
    # A time-out of Python's would look for the end every 50 ms.
    subprocess.run(["timeout", str(PROGRAM_TIMEOUT_S), "ls", "-lR", folder],
                   stdout=subprocess.DEVNULL, check=True)


# Root's tar gives each file to the owner that the archive names. Who mounts a drive is not root.
AS_A_USER = ["--no-same-owner", "--no-same-permissions"]


def unpack(archive, folder):
    folder.mkdir()
    # Not beside what others wrote.
    os.sync()
    start = time.monotonic()
    subprocess.run(["tar", *AS_A_USER, "-xf", archive, "-C", folder], check=True,
                   timeout=PROGRAM_TIMEOUT_S)
    return time.monotonic() - start


class RcloneMount:
    """rclone mount --vfs-cache-mode full of an rclone serve webdav, both on loopback."""

    def __init__(self, root):
        self.folder = root / "rclone"
        self.processes = []
        for name in "served", "rclone", "cache":
            (root / name).mkdir()
        port = 20000 + (os.getpid() + 7) % 20000
        url = f"http://127.0.0.1:{port}"
        self.start("serve", "webdav", root / "served", "--addr", f"127.0.0.1:{port}")
        self.start("mount", ":webdav:", self.folder, "--webdav-url", url, "--vfs-cache-mode",
                   "full", "--cache-dir", root / "cache")
        wait_until(lambda: os.path.ismount(self.folder), "rclone has it mounted")

    def start(self, *arguments):
        self.processes.append(subprocess.Popen(["rclone", *map(str, arguments)],
                                               stderr=subprocess.DEVNULL))

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()


class DavfsMount:
    """davfs2 of an rclone serve webdav on loopback. It mounts as root only."""

    def __init__(self, root):
        self.folder = root / "davfs"
        for name in "served", "davfs":
            (root / name).mkdir()
        port = 20000 + (os.getpid() + 11) % 20000
        config = root / "davfs2.conf"
        config.write_text("ask_auth 0\nuse_locks 0\n")
        config.chmod(0o600)
        self.server = subprocess.Popen(
            ["rclone", "serve", "webdav", root / "served", "--addr", f"127.0.0.1:{port}"],
            stderr=subprocess.DEVNULL)
        wait_until(lambda: self.mount(config, f"http://127.0.0.1:{port}"), "davfs2 has it mounted")
        wait_until(self.takes_a_folder, "davfs2 takes a folder")

    def mount(self, config, url):
        done = subprocess.run(["mount.davfs", "-o", f"conf={config}", url, self.folder],
                              capture_output=True, check=False, timeout=PROGRAM_TIMEOUT_S)
        return done.returncode == 0

    def takes_a_folder(self):
        """At first it only says to try again."""
        try:
            os.mkdir(self.folder / "first")
        except BlockingIOError:
            return False
        return True

    def stop(self):
        # Without the server first: it would upload for minutes what is no longer wanted.
        self.server.kill()
        self.server.wait()
        subprocess.run(["umount", "-l", self.folder], check=True, timeout=PROGRAM_TIMEOUT_S)


class PassingMount:
    """libfuse's own example of a file system that passes every call through to a folder, and does
    nothing else: what the kernel and its round trips take."""

    source = pathlib.Path("/usr/share/doc/libfuse3-dev/examples/passthrough_ll.c")

    def __init__(self, root):
        self.folder = root / "passing"
        for name in "below", "passing":
            (root / name).mkdir()
        program = root / "passthrough_ll"
        subprocess.run(["cc", "-O2", "-I/usr/include/fuse3", "-o", program, self.source, "-lfuse3"],
                       check=True)
        self.process = subprocess.Popen(
            [program, "-f", "-o", f"source={root / 'below'},cache=always,no_writeback", self.folder],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.ismount(self.folder), "it is mounted")

    def stop(self):
        detach(self.folder)
        self.process.wait()


def save_ms(writer, reader, count=50):
    """Median until what one device saves is seen in another."""
    took = []
    for number in range(count):
        name = f"save {writer.name} {number}"
        start = time.monotonic()
        writer.path(name).write_text("saved")
        while not reader.path(name).exists():
            time.sleep(0.0005)
        took.append(time.monotonic() - start)
        time.sleep(0.02)
    return statistics.median(took) * 1000


class Stand:
    """A drive with one device that has it mounted, and a plain folder beside."""

    def __init__(self, bench, name):
        self.bench = bench
        self.server, self.other, _ = bench.pair(name, start=False)
        root = bench.fresh(f"{name}-disk")
        self.plain = root / "plain"
        self.plain.mkdir()
        self.disk = MeasuredDisk(root, "disk", self.server).login()
        self.disk.start()

    def again(self):
        self.disk.wait_idle(PROGRAM_TIMEOUT_S)
        self.disk.stop()
        self.disk.start()

    def end(self):
        self.bench.end_pair(self.server, self.disk, self.other)


def large(bench, row, size):
    """Rows about reading one large file."""
    stand = Stand(bench, "mount-large")
    disk, plain, name = stand.disk, stand.plain, f"{size // MIB} MiB file"
    # No part of it like another: what is there twice, the engine fetches once.
    with open(plain / "file", "wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    shutil.copy(plain / "file", disk.folder / "file")
    disk.wait_idle(PROGRAM_TIMEOUT_S)
    disk.command("free", disk.folder / "file")
    stand.again()
    first = seconds(read_through, disk.folder / "file")
    other = stand.other
    start = time.monotonic()
    other.start()
    wait_until(lambda: other.path("file").exists() and other.path("file").stat().st_size == size
               and other.status().get("state") == "idle", "the other has it", PROGRAM_TIMEOUT_S)
    synced = time.monotonic() - start
    read_through(plain / "file")
    before = cpu_seconds(disk.process)
    again, local = (statistics.median(seconds(read_through, where / "file") for _ in range(3))
                    for where in (disk.folder, plain))
    asked = cpu_seconds(disk.process) - before
    limit = read_again_through_fuse(bench, plain / "file")
    for where in disk.folder, plain:
        read_here_and_there(where / "file")
    ours, theirs = (seconds(read_here_and_there, where / "file") for where in (disk.folder, plain))
    save = save_ms(disk, other), save_ms(other, disk)
    stand.end()
    return [
        row(f"{name} that is online-only, read", f"{first:.2f} s", f"sync of it {synced:.2f} s",
            f"{synced / first:.2f}", "≥ 0.8", synced >= 0.8 * first),
        row("the same, read again", f"{again:.3f} s", f"ext4 {local:.3f} s",
            f"{local / again:.2f}", "≥ 0.8", local >= 0.8 * again),
        row(f"the same ({asked:.2f} s of the mount's processor)", f"{again:.3f} s",
            f"a FUSE of one file {limit:.3f} s", f"{limit / again:.2f}", "≥ 0.8",
            limit >= 0.8 * again),
        row("4 KiB of it, here and there, again", f"{ours:.2f} s", f"ext4 {theirs:.2f} s",
            f"{theirs / ours:.2f}", "≥ 0.5", theirs >= 0.5 * ours),
        row("save through a mount until seen elsewhere", f"{save[0]:.1f} ms", "–", "–",
            "≤ 20 ms", save[0] <= 20),
        row("save elsewhere until seen through a mount", f"{save[1]:.1f} ms", "–", "–",
            "≤ 20 ms", save[1] <= 20),
    ]


PASSING = "passing through"


def peer_unpacks(bench, archive, files, wanted):
    """Seconds of each peer that is wanted, installed here, and can hold so many files, by its
    name."""
    took = {}
    peers = []
    if files > resource.getrlimit(resource.RLIMIT_NOFILE)[1] // 2:
        print(f"  {PASSING}: left out, it holds a descriptor for each file", file=sys.stderr)
    elif PassingMount.source.exists():
        peers.append((PASSING, PassingMount))
    if shutil.which("rclone"):
        if os.geteuid() == 0 and shutil.which("mount.davfs"):
            peers.append(("davfs2", DavfsMount))
        peers.append(("rclone", RcloneMount))
    for name, make in peers:
        if wanted and name not in wanted:
            continue
        peer = make(bench.fresh(name))
        try:
            took[name] = unpack(archive, peer.folder / "tree")
        except subprocess.TimeoutExpired:
            # At least so long.
            took[name] = PROGRAM_TIMEOUT_S
        finally:
            peer.stop()
        print(f"  {name}: {took[name]:.2f} s", file=sys.stderr, flush=True)
    return took


def tree(bench, row, source, peers_wanted):
    """Rows about a tree of many files."""
    stand = Stand(bench, "mount-tree")
    disk, plain = stand.disk, stand.plain
    archive = bench.scratch / "tree.tar"
    # Not every peer can hold links.
    links = [f"--exclude=./{path.relative_to(source)}" for path in source.rglob("*")
             if path.is_symlink()]
    subprocess.run(["tar", "-cf", archive, "-C", source, *links, "."], check=True)
    local = unpack(archive, plain / "tree")
    ours = unpack(archive, disk.folder / "tree")
    files = sum(len(names) for _, _, names in os.walk(plain))
    print(f"  ext4: {local:.2f} s; mount: {ours:.2f} s", file=sys.stderr, flush=True)
    disk.wait_idle(PROGRAM_TIMEOUT_S)
    disk.command("free", disk.folder)
    stand.again()
    at_once = seconds(list_all, disk.folder / "tree")
    # Not beside what a start looks through.
    disk.wait_idle(PROGRAM_TIMEOUT_S)
    listed, local_listed = (min(seconds(list_all, where / "tree") for _ in range(3))
                            for where in (disk.folder, plain))
    memory = peak_memory(disk.process) / MIB
    print(f"  listed: {listed:.2f} s, ext4 {local_listed:.2f} s, {memory:.0f} MiB", file=sys.stderr,
          flush=True)
    stand.end()
    # With nothing of ours beside them.
    peers = peer_unpacks(bench, archive, files, peers_wanted)
    rows = [
        row(f"tar x of {files:,} files into a mount", f"{ours:.2f} s", f"ext4 {local:.2f} s",
            f"{ours / local:.2f}", "≤ 4", ours <= 4 * local),
        row("ls -lR of them, online-only, right after the start", f"{at_once:.2f} s",
            f"ext4 {local_listed:.2f} s", f"{at_once / local_listed:.2f}", "≤ 3",
            at_once <= 3 * local_listed),
        row("ls -lR of them, online-only, again", f"{listed:.2f} s", f"ext4 {local_listed:.2f} s",
            f"{listed / local_listed:.2f}", "≤ 3", listed <= 3 * local_listed),
        row("peak memory of a mount that listed them", f"{memory:.0f} MiB", "–", "–",
            "≤ 95.4 MiB", memory <= 95.4),
    ]
    if PASSING in peers:
        least = peers.pop(PASSING)
        rows.append(row("tar x beside a FUSE that does nothing", f"{ours:.2f} s",
                        f"passthrough_ll {least:.2f} s", f"{ours / least:.2f}", "≤ 1",
                        ours <= least))
    for name, peer in peers.items():
        rows.append(row("tar x beside another mount", f"{ours:.2f} s", f"{name} {peer:.2f} s",
                        f"{peer / ours:.1f}", "≥ 5", peer >= 5 * ours))
    return rows


PER_FOLDER = 1000
PER_COMMIT = 2000


def seed(server, files):
    """Puts that many small files, all alike, into the drive at once."""
    api, content = Api(server), b"seeded\n"
    size = len(content).to_bytes(4, "little")
    digest = hashlib.sha256(content).digest()
    chunk = digest + b"\0" + size + content
    chunk = b"C" + len(chunk).to_bytes(4, "little") + chunk
    file = b"\x40\x01\x48" + varint(len(content)) + field(12, b"\0" + digest + size)
    operations, number = [], 0

    def commit():
        body = framed(field(1, api.drive) + b"".join(operations)) + chunk
        status, answer = api.raw("POST", "/sync/v1/commit", body)
        assert status == 200, answer
        operations.clear()

    def create(parent, name, what):
        nonlocal number
        number += 1
        node = os.urandom(16)
        operations.append(field(2, b"".join([
            b"\x08", varint(number), b"\x18\x01", field(4, node), field(6, parent),
            field(7, name.encode()), what])))
        if len(operations) == PER_COMMIT:
            commit()
        return node

    for at in range(0, files, PER_FOLDER):
        if at % (32 * PER_FOLDER) == 0:
            above = create(api.drive, f"part {at // PER_FOLDER}", b"\x40\x02")
        folder = create(above, f"folder {at // PER_FOLDER}", b"\x40\x02")
        for each in range(min(PER_FOLDER, files - at)):
            create(folder, f"file {at + each}", file)
    if operations:
        commit()


def many(bench, row, files):
    """Rows about a drive of very many files."""
    root = bench.fresh("mount-many")
    server = Server(root / "data").start()
    bench.servers.append(server)
    server.add_user("alice")
    disk = MeasuredDisk(root, "disk", server).login()
    seed(server, files)
    start = time.monotonic()
    disk.start()
    wait_until(lambda: disk.status().get("files", 0) >= files, "all names are there", 3000)
    disk.wait_idle(PROGRAM_TIMEOUT_S)
    appeared = time.monotonic() - start
    first = peak_memory(disk.process) / MIB
    disk.stop()
    disk.start()
    disk.wait_idle(PROGRAM_TIMEOUT_S)
    rest = resident_memory(disk.process) / MIB
    listed = seconds(list_all, disk.folder)
    local = seconds(list_all, disk.backing())
    again = seconds(list_all, disk.folder)
    memory = peak_memory(disk.process) / MIB
    bench.end_pair(server, disk)
    return [
        row(f"{files:,} files appear in a mount", f"{appeared:.0f} s", "–", "–", "–", True),
        row("peak memory of that mount", f"{first:.0f} MiB", "–", "–", "≤ 190.7 MiB",
            first <= 190.7),
        row("ls -lR of them, online-only", f"{listed:.1f} s", f"ext4 {local:.1f} s",
            f"{listed / local:.2f}", "≤ 3", listed <= 3 * local),
        row("ls -lR of them, again", f"{again:.1f} s", f"ext4 {local:.1f} s",
            f"{again / local:.2f}", "≤ 3", again <= 3 * local),
        row("peak memory of a mount that was started and listed them", f"{memory:.0f} MiB",
            f"before {rest:.0f} MiB", "–", "≤ 95.4 MiB", memory <= 95.4),
    ]


def small_project(bench, row):
    """Rows about git and make."""
    stand = Stand(bench, "mount-programs")
    rows = programs.measure(bench, row, stand)
    stand.end()
    return rows


def measure(bench, row, options):
    """options: mount_parts of large, tree, many, programs; how large each is."""
    rows = []
    if "large" in options.mount_parts:
        rows += large(bench, row, options.mount_size * MIB)
    if "tree" in options.mount_parts:
        rows += tree(bench, row, pathlib.Path(options.mount_tree or options.linux),
                     options.mount_peers)
    if "programs" in options.mount_parts:
        rows += small_project(bench, row)
    if "many" in options.mount_parts:
        rows += many(bench, row, options.mount_files)
    return rows
