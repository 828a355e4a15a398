# SPDX-License-Identifier: Apache-2.0
"""A device that has the drive mounted as a disk, for the tests."""

import os
import subprocess

from drive import BUILD, PRELOAD, Device, wait_until

STATE = "user.imdrive.state"


class MountedDevice(Device):
    """One profile with the drive mounted at its folder."""

    # Put before the command, to start it otherwise.
    prefix = ()

    def start(self):
        log = open(self.log, "ab")
        self.process = subprocess.Popen(
            [*self.prefix, *PRELOAD, BUILD / "imdrive", "--profile", self.profile, "mount",
             self.folder],
            stdout=log, stderr=log)
        log.close()
        wait_until(self.is_up, f"{self.name} is mounted")
        return self

    def is_up(self):
        assert self.process.poll() is None, self.log.read_text()
        return self.status().get("running") and os.path.ismount(self.folder)

    def kill(self):
        super().kill()
        # Its folder is a dead mount now, which is what the next start has to cope with.

    def state(self, name):
        return os.getxattr(self.path(name), STATE).decode()

    def backing(self):
        """Where its files lie."""
        folder, = (self.profile / "disks").iterdir()
        return folder


def detach(folder):
    """At the very end: a mount that a killed process left behind."""
    subprocess.run(["fusermount3", "-u", "-z", "-q", folder], check=False)
