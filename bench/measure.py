# SPDX-License-Identifier: Apache-2.0
"""What the benches share: the drive under test, the peer, and how to take a figure.

A figure is worth what its peer in the same run is worth: absolute seconds change with the machine and
the hour, ratios much less. Trees that were used are moved aside and deleted once at the end, because
ext4 avoids inodes that were deleted a moment ago and grows slow for it.
"""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "scenarios"))

from api import Api  # noqa: E402
from drive import BUILD, TIMEOUT_S, Device, Server, difference, snapshot  # noqa: E402


# No program that a bench starts may take longer.
PROGRAM_TIMEOUT_S = 900


def wait_until(condition, what, timeout_s=TIMEOUT_S):
    """As in the tests, but the longer it takes the seldomer it asks, to one percent of the time:
    whoever answers is being measured."""
    start = time.monotonic()
    while not (value := condition()):
        seconds = time.monotonic() - start
        if seconds > timeout_s:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(min(max(seconds / 100, 0.002), 0.2))
    return value


class Measured(Device):
    """A device that is asked through its control socket: a process for each question would take
    a good part of the machine that is measured."""

    line = None

    def ask(self, method):
        if not self.line:
            control = socket.socket(socket.AF_UNIX)
            control.settimeout(60)
            control.connect(str(self.profile / "control.sock"))
            self.line = control.makefile("rwb")
            control.close()
        self.line.write(json.dumps({"method": method}).encode() + b"\n")
        self.line.flush()
        return json.loads(self.line.readline())["result"]

    def status(self):
        try:
            return self.ask("status")
        except (OSError, ValueError, KeyError):
            self.hang_up()
            return {}

    def hang_up(self):
        if self.line:
            self.line.close()
            self.line = None

    def stop(self):
        self.hang_up()
        super().stop()


class Bench:
    """A scratch folder with an rsync daemon and a drive with two devices."""

    def __init__(self, scratch):
        self.scratch = pathlib.Path(scratch)
        self.scratch.mkdir(parents=True, exist_ok=True)
        self.number = 0
        self.servers = []
        self.rsyncd = None

    def fresh(self, name):
        self.number += 1
        folder = self.scratch / f"{self.number:03}-{name}"
        folder.mkdir()
        return folder

    def pair(self, name, start=True):
        """A new server with two signed-in devices a and b."""
        root = self.fresh(name)
        server = Server(root / "data").start()
        server.add_user("alice")
        self.servers.append(server)
        a, b = (Measured(root, device, server).login() for device in "ab")
        if start:
            for device in (a, b):
                device.start()
                device.wait_idle()
        return server, a, b

    def end_pair(self, server, *devices):
        for device in devices:
            device.stop()
        server.stop()
        self.servers.remove(server)

    def rsync_daemon(self):
        """Starts rsync's daemon once; returns the URL of a module that is the scratch folder."""
        if not self.rsyncd:
            port = 20000 + os.getpid() % 20000
            config = self.scratch / "rsyncd.conf"
            config.write_text(
                f"port = {port}\naddress = 127.0.0.1\nuse chroot = no\n"
                f"pid file = {self.scratch}/rsyncd.pid\nlog file = {self.scratch}/rsyncd.log\n"
                f"[scratch]\npath = {self.scratch}\nread only = no\nuid = {os.getuid()}\n"
                f"gid = {os.getgid()}\n")
            self.rsyncd = subprocess.Popen(
                ["rsync", "--daemon", "--no-detach", f"--config={config}"])
            self.rsync_url = f"rsync://127.0.0.1:{port}/scratch"
            wait_until(lambda: subprocess.run(["rsync", self.rsync_url], capture_output=True)
                       .returncode == 0, "rsync's daemon answers")
        return self.rsync_url

    def rsync(self, source, target, *options):
        """Seconds for one rsync through the daemon; target is relative to the scratch folder."""
        url = self.rsync_daemon()
        os.sync()
        start = time.monotonic()
        subprocess.run(["rsync", "-a", *options, f"{source}/", f"{url}/{target}/"], check=True,
                       timeout=PROGRAM_TIMEOUT_S)
        return time.monotonic() - start

    def close(self):
        for server in list(self.servers):
            server.kill()
        if self.rsyncd:
            self.rsyncd.terminate()
            self.rsyncd.wait()
        # What a bench that failed left behind.
        mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
        for place in (line.split()[1].replace("\\040", " ") for line in mounts):
            if place.startswith(f"{self.scratch}/"):
                subprocess.run(["umount", "-l", place], check=False)
        shutil.rmtree(self.scratch, ignore_errors=True)


def compiled(bench, name, *libraries):
    """A program of this folder."""
    program = bench.scratch / name
    if not program.exists():
        subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-o", program, ROOT / "bench" / f"{name}.c",
                        *libraries], check=True)
    return program


def warm(folder):
    """Reads a tree, so that the clock does not measure what the host had paged out."""
    subprocess.run(["tar", "-cf", "/dev/null", "-C", str(folder), "."], check=True,
                   timeout=PROGRAM_TIMEOUT_S)


def cpu_seconds(*processes):
    """CPU time so far of running processes."""
    ticks = 0
    for process in processes:
        fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory_line(process, name):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no {name}")


def peak_memory(process):
    """Peak resident bytes of a running process."""
    return memory_line(process, "VmHWM")


def resident_memory(process):
    """Resident bytes of a running process."""
    return memory_line(process, "VmRSS")


def loopback_bytes():
    """Bytes over loopback so far, each counted once; meaningful in a network namespace."""
    for line in pathlib.Path("/proc/net/dev").read_text().splitlines():
        name, _, rest = line.strip().partition(":")
        if name == "lo":
            return int(rest.split()[0])
    raise ValueError("no lo")
