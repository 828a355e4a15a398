# SPDX-License-Identifier: Apache-2.0
"""The control socket of a running imdrive (docs/formats/control.md)."""

import json
import os
import socket


class Door:
    """A conversation with the daemon: one JSON object per line."""

    def __init__(self, profile):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        # The address of a socket is short: through the folder.
        here = os.open(".", os.O_PATH)
        os.chdir(profile)
        self.socket.connect("control.sock")
        os.fchdir(here)
        os.close(here)
        self.file = self.socket.makefile("rw")

    def ask(self, method, **params):
        self.file.write(json.dumps({"method": method, "params": params}) + "\n")
        self.file.flush()
        return self.next()

    def next(self):
        line = self.file.readline()
        while line == "\n":  # it takes long
            line = self.file.readline()
        return json.loads(line)

    def watch(self, condition):
        """Watches until the status fulfils it; gives that."""
        status = self.ask("watch")["result"]
        while not condition(status):
            status = self.next()["result"]
        return status
