# SPDX-License-Identifier: Apache-2.0
"""The drive as a disk, beside the local file system that its files lie on and, where they are
installed, beside other mounts of a server on loopback: rclone (WebDAV) and davfs2."""

import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

from measure import ROOT, PROGRAM_TIMEOUT_S, Measured, peak_memory, wait_until

sys.path.insert(0, str(ROOT / "tests" / "mount"))

from disk import MountedDevice  # noqa: E402

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


def read_here_and_there(path):
    draw = random.Random(1)
    pages = path.stat().st_size // 4096
    handle = os.open(path, os.O_RDONLY)
    for _ in range(READS):
        os.pread(handle, 4096, draw.randrange(pages) * 4096)
    os.close(handle)


def list_all(folder):
    subprocess.run(["ls", "-lR", folder], stdout=subprocess.DEVNULL, check=True,
                   timeout=PROGRAM_TIMEOUT_S)


def unpack(archive, folder):
    folder.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", folder], check=True, timeout=PROGRAM_TIMEOUT_S)


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

    def mount(self, config, url):
        done = subprocess.run(["mount.davfs", "-o", f"conf={config}", url, self.folder],
                              capture_output=True, check=False, timeout=PROGRAM_TIMEOUT_S)
        return done.returncode == 0

    def stop(self):
        # Without the server first: it would upload for minutes what is no longer wanted.
        self.server.kill()
        self.server.wait()
        subprocess.run(["umount", "-l", self.folder], check=True, timeout=PROGRAM_TIMEOUT_S)


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
    block = os.urandom(MIB)
    with open(plain / "file", "wb") as file:
        for number in range(size // MIB):
            file.write(number.to_bytes(8, "big") + block[8:])
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
    again, local = (seconds(read_through, where / "file") for where in (disk.folder, plain))
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
        row("4 KiB of it, here and there, again", f"{ours:.2f} s", f"ext4 {theirs:.2f} s",
            f"{theirs / ours:.2f}", "≥ 0.5", theirs >= 0.5 * ours),
        row("save through a mount until seen elsewhere", f"{save[0]:.1f} ms", "–", "–",
            "≤ 20 ms", save[0] <= 20),
        row("save elsewhere until seen through a mount", f"{save[1]:.1f} ms", "–", "–",
            "≤ 20 ms", save[1] <= 20),
    ]


def peer_unpacks(bench, archive):
    """Seconds of each peer that is installed here, by its name."""
    took = {}
    peers = [("rclone", "rclone", RcloneMount)]
    if os.geteuid() == 0 and shutil.which("mount.davfs"):
        peers.append(("davfs2", "rclone", DavfsMount))
    for name, program, make in peers:
        if shutil.which(program):
            peer = make(bench.fresh(name))
            took[name] = seconds(unpack, archive, peer.folder / "tree")
            peer.stop()
    return took


def tree(bench, row, source):
    """Rows about a tree of many files."""
    stand = Stand(bench, "mount-tree")
    disk, plain = stand.disk, stand.plain
    archive = bench.scratch / "tree.tar"
    subprocess.run(["tar", "-cf", archive, "-C", source, "."], check=True)
    local = seconds(unpack, archive, plain / "tree")
    ours = seconds(unpack, archive, disk.folder / "tree")
    peers = peer_unpacks(bench, archive)
    disk.wait_idle(PROGRAM_TIMEOUT_S)
    disk.command("free", disk.folder)
    stand.again()
    listed, local_listed = (seconds(list_all, where / "tree") for where in (disk.folder, plain))
    memory = peak_memory(disk.process) / MIB
    files = sum(len(names) for _, _, names in os.walk(plain))
    stand.end()
    rows = [
        row(f"tar x of {files:,} files into a mount", f"{ours:.2f} s", f"ext4 {local:.2f} s",
            f"{ours / local:.2f}", "≤ 4", ours <= 4 * local),
        row("ls -lR of them, online-only", f"{listed:.2f} s", f"ext4 {local_listed:.2f} s",
            f"{listed / local_listed:.2f}", "≤ 3", listed <= 3 * local_listed),
        row("peak memory of a mount that listed them", f"{memory:.0f} MiB", "–", "–",
            "≤ 95.4 MiB", memory <= 95.4),
    ]
    for name, peer in peers.items():
        rows.append(row("tar x beside another mount", f"{ours:.2f} s", f"{name} {peer:.2f} s",
                        f"{peer / ours:.1f}", "≥ 5", peer >= 5 * ours))
    return rows


def measure(bench, row, source, size):
    return large(bench, row, size) + tree(bench, row, pathlib.Path(source))
