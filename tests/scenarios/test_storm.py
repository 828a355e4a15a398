# SPDX-License-Identifier: Apache-2.0
"""Real processes under a storm: three devices, people who do what they like, kill -9 of anything.

Every file begins its name with the hash of its content, so any machine can prove by itself that a
file is whole. IMDRIVE_STORM_SEED and IMDRIVE_STORM_SECONDS make a longer or another one.
"""

import hashlib
import os
import random
import time

from drive import digest, snapshot, wait_equal

SEED = int(os.environ.get("IMDRIVE_STORM_SEED", "1"))
SECONDS = float(os.environ.get("IMDRIVE_STORM_SECONDS", "20"))


class Person:
    """Somebody at a device. Remembers what was made and what was given up, by hash."""

    def __init__(self, device, dice, made, given_up):
        self.device, self.dice, self.made, self.given_up = device, dice, made, given_up

    def folders(self):
        found = [self.device.folder]
        for path in self.device.folder.rglob("*"):
            if ".imdrive" not in path.parts and path.is_dir():
                found.append(path)
        return found

    def files(self):
        return [path for path in self.device.folder.rglob("*")
                if ".imdrive" not in path.parts and path.is_file()]

    def make(self):
        content = os.urandom(self.dice.choice([10, 1000, 50_000, 700_000]))
        name = hashlib.sha256(content).hexdigest()[:16]
        path = self.dice.choice(self.folders()) / name
        path.write_bytes(content)
        self.made.add(name)

    def make_folder(self):
        folders = self.folders()
        if len(folders) < 12:
            (self.dice.choice(folders) / self.dice.choice("abcd")).mkdir(exist_ok=True)

    def rename(self):
        files = self.files()
        if files:
            path = self.dice.choice(files)
            suffix = f"{path.name[:16]}-{self.dice.randrange(1000)}"
            path.rename(self.dice.choice(self.folders()) / suffix)

    def rename_folder(self):
        folders = self.folders()[1:]
        if folders:
            path = self.dice.choice(folders)
            path.rename(self.dice.choice(self.folders()) / self.dice.choice("efgh"))

    def delete(self):
        files = self.files()
        if files:
            path = self.dice.choice(files)
            self.given_up.add(path.name[:16])
            path.unlink()

    def act(self):
        action = self.dice.choices(
            [self.make, self.make_folder, self.rename, self.rename_folder, self.delete],
            [6, 1, 3, 1, 1])[0]
        try:
            action()
        except OSError:
            pass  # another device was faster, or a folder would lie in itself


def test_storm(devices, server):
    dice = random.Random(SEED)
    made, given_up = set(), set()
    three = devices("a", "b", "c")
    people = [Person(device, dice, made, given_up) for device in three]
    end = time.monotonic() + SECONDS
    next_kill = time.monotonic() + 2
    while time.monotonic() < end:
        dice.choice(people).act()
        time.sleep(dice.random() * 0.03)
        if time.monotonic() > next_kill:
            next_kill = time.monotonic() + 1 + 2 * dice.random()
            victim = dice.choice([*three, server])
            victim.kill()
            victim.start()
    seen = wait_equal(*three, timeout_s=120)
    for device in three:
        for path in device.folder.rglob("*"):
            if ".imdrive" not in path.parts and path.is_file():
                assert digest(path).startswith(path.name[:16]), f"{path} is not what it was"
    there = {os.path.basename(name).decode()[:16] for name, value in seen.items()
             if value[0] == "file"}
    lost = made - given_up - there
    assert not lost, f"seed {SEED}: lost {sorted(lost)} of {len(made)}"
    assert snapshot(three[0].folder) == snapshot(three[2].folder)
    for device in three:
        device.stop()
    server.stop()
    server.check()
