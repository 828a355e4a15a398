# SPDX-License-Identifier: Apache-2.0
"""Real processes for the scenarios: a drive server and devices, on free loopback ports.

Nothing here knows how imdrive works inside: it starts programs, types what a person would type, and
looks at folders.
"""

import hashlib
import json
import os
import pathlib
import signal
import stat
import subprocess
import time

from ports import free_port

BUILD = pathlib.Path(os.environ.get("IMDRIVE_BUILD", pathlib.Path(__file__).parents[2] / "build"))
# A library for the programs, for runs under ThreadSanitizer (tools/check).
PRELOAD = (["env", f"LD_PRELOAD={os.environ['IMDRIVE_PRELOAD']}"]
           if "IMDRIVE_PRELOAD" in os.environ else [])
RESERVED = ".imdrive"
TIMEOUT_S = float(os.environ.get("IMDRIVE_TIMEOUT", "60"))


# The keyring of whoever runs the tests is none of their business.
os.environ.pop("DBUS_SESSION_BUS_ADDRESS", None)


def wait_until(condition, what, timeout_s=None):
    """Waits for what other processes will do; fails, saying what was awaited."""
    timeout_s = timeout_s or TIMEOUT_S
    deadline = time.monotonic() + timeout_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(0.01)


def run(*command, text=None, check=True):
    """Runs a command to its end and returns it, with its output."""
    done = subprocess.run(
        [*PRELOAD, *(str(part) for part in command)], input=text, capture_output=True, text=True,
        timeout=4 * TIMEOUT_S)
    assert done.returncode >= 0, f"{command}: crashed, {done.returncode}\n{done.stderr}"
    if check:
        assert done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


class Server:
    """imdrived over a data folder; can be ended and started again on the same port."""

    def __init__(self, data, *options):
        self.data = pathlib.Path(data)
        self.options = options
        self.process = None
        self.url = None
        self.listen = f"127.0.0.1:{free_port()}"

    def start(self):
        log = open(self.data.parent / f"{self.data.name}.log", "ab")
        self.process = subprocess.Popen(
            [*PRELOAD, BUILD / "imdrived", "--data", self.data, "--listen", self.listen, *self.options],
            stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        line = self.process.stdout.readline()
        assert line.startswith("imdrived: ready on http://"), f"the server said: {line!r}"
        self.url = line.split()[-1]
        self.listen = self.url.removeprefix("http://")
        return self

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(TIMEOUT_S) == 0, "the server did not end cleanly"

    def add_user(self, name, password="correct horse"):
        run(BUILD / "imdrived", "user", "add", name, "--data", self.data, text=password + "\n")

    def requests(self, endpoint):
        """How many it has answered; with --log-level debug."""
        text = (self.data.parent / f"{self.data.name}.log").read_text()
        return text.count(f"path=/sync/v1/{endpoint} ")

    def check(self):
        """Everything at rest is whole; the server must be stopped."""
        return run(BUILD / "imdrived", "check", "--data", self.data)


class Device:
    """One profile bound to one folder."""

    def __init__(self, root, name, server, user="alice", password="correct horse"):
        self.name = name
        self.profile = pathlib.Path(root) / f"{name}.profile"
        self.folder = pathlib.Path(root) / name
        self.log = pathlib.Path(root) / f"{name}.log"
        self.folder.mkdir(exist_ok=True)
        self.server = server
        self.process = None
        self.user, self.password = user, password

    def command(self, *arguments, text=None, check=True):
        return run(BUILD / "imdrive", "--profile", self.profile, *arguments, text=text, check=check)

    def login(self):
        self.command("login", self.server.url, "--user", self.user, text=self.password + "\n")
        return self

    def start(self):
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            [*PRELOAD, BUILD / "imdrive", "--profile", self.profile, "sync", self.folder],
            stdout=log, stderr=log)
        log.close()
        wait_until(lambda: self.status().get("running"),
                   f"{self.name} answers")
        return self

    def once(self, check=True):
        return self.command("sync", self.folder, "--once", check=check)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            ended = self.process.wait(TIMEOUT_S)
            assert ended == 0, f"{self.name} did not end cleanly: {ended}, log {self.log}"
        self.process = None

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process = None

    def status(self):
        done = self.command("status", "--json", check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {}

    def path(self, name):
        return self.folder / name

    def bytes_read(self):
        """By its process so far, from files above all."""
        counts = pathlib.Path(f"/proc/{self.process.pid}/io").read_text()
        return int(dict(line.split(": ") for line in counts.splitlines())["rchar"])

    def wait_idle(self, timeout_s=None):
        wait_until(lambda: self.status().get("state") == "idle", f"{self.name} is idle", timeout_s)

    def wait_state(self, state, timeout_s=None):
        wait_until(lambda: self.status().get("state") == state, f"{self.name} is {state}",
                   timeout_s)


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def snapshot(folder, contents=True):
    """What a person sees of a folder: {name: (kind, executable, mtime, content)}."""
    seen = {}
    folder = os.fsencode(folder)
    for parent, folders, files in os.walk(folder):
        if parent == folder:
            folders[:] = [name for name in folders if name != RESERVED.encode()]
        for name in folders + files:
            path = os.path.join(parent, name)
            info = os.lstat(path)
            key = os.path.relpath(path, folder)
            if stat.S_ISLNK(info.st_mode):
                seen[key] = ("link", os.readlink(path))
            elif stat.S_ISDIR(info.st_mode):
                seen[key] = ("folder",)
            elif stat.S_ISREG(info.st_mode):
                content = digest(path) if contents else info.st_size
                seen[key] = ("file", bool(info.st_mode & 0o100), info.st_mtime_ns, content)
    return seen


def tries_without_reading(device, size):
    """Whether the device, whose server refuses it what waits, reads less than this for two tries."""
    tries, read = device.server.requests("commit"), device.bytes_read()
    wait_until(lambda: device.server.requests("commit") >= tries + 2, "it tries again", 180)
    return device.bytes_read() - read < size


def difference(left, right, most=10):
    lines = [f"{name!r}: {left.get(name)} | {right.get(name)}"
             for name in sorted(set(left) | set(right)) if left.get(name) != right.get(name)]
    return lines[:most]


def wait_equal(*devices, timeout_s=None):
    """Waits until all devices are idle and show the same tree."""
    def equal():
        try:
            first, *rest = [snapshot(device.folder) for device in devices]
        except FileNotFoundError:
            return False
        return all(other == first for other in rest)

    def idle_and_equal():
        return all(device.status().get("state") == "idle" for device in devices) and equal()

    try:
        wait_until(idle_and_equal, "all devices are idle and equal", timeout_s)
    except AssertionError as error:
        trees = [snapshot(device.folder) for device in devices]
        states = [device.status() for device in devices]
        raise AssertionError(f"{error}\n" + "\n".join(difference(trees[0], trees[-1])) +
                             f"\n{states}") from None
    return snapshot(devices[0].folder)
