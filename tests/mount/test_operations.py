# SPDX-License-Identifier: Apache-2.0
"""Random operations: the mount against a plain folder, and devices against each other."""

import os
import random

import pytest

import operations
from drive import wait_equal

SEEDS = [int(seed) for seed in os.environ.get("MOUNT_SEEDS", "1 2").split()]
STEPS = int(os.environ.get("MOUNT_STEPS", "800"))


@pytest.mark.parametrize("seed", SEEDS)
def test_like_a_plain_folder(mounts, folders, tmp_path, seed):
    disk = mounts("disk")
    plain = tmp_path / "plain"
    plain.mkdir()

    def between(step):
        # What was uploaded is let go, so that it has to come back.
        if step % 200 == 199:
            disk.wait_idle()
            disk.command("free", disk.folder, check=False)

    second = folders("folder")
    operations.run(seed, STEPS, disk.folder, plain, between)
    wait_equal(disk, second)
    assert operations.tree(operations.Files(disk.folder)) == \
        operations.tree(operations.Files(plain))


@pytest.mark.parametrize("seed", SEEDS)
def test_devices_become_the_same(mounts, folders, seed):
    one, two = mounts("one", "two")
    three = folders("three")
    draw = random.Random(seed)
    opened = [operations.Files(device.folder) for device in (one, two, three)]
    for _ in range(300):
        action, arguments, _ = operations.draw_step(draw)
        operations.outcome(action, draw.choice(opened), *arguments)
    for files in opened:
        files.close()
    wait_equal(one, two, three)
