# SPDX-License-Identifier: Apache-2.0
"""A drive whose pages say yes at once, as alice (yes_server.c), and a browser without a window."""

import os
import pathlib
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "scenarios"))

from drive import BUILD, PRELOAD, TIMEOUT_S  # noqa: E402


class YesServer:
    """Lives while it is needed: it ends when its standard input does."""

    def __init__(self, folder):
        self.data = pathlib.Path(folder) / "data"
        log = open(pathlib.Path(folder) / "yes-server.log", "ab")
        self.process = subprocess.Popen(
            [*PRELOAD, BUILD / "tests" / "login" / "yes-server", self.data],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()
        line = self.process.stdout.readline()
        assert line.startswith("yes-server: ready on http://"), f"the server said: {line!r}"
        self.url = line.split()[-1]

    def stop(self):
        self.process.stdin.close()
        assert self.process.wait(TIMEOUT_S) == 0, "the server did not end cleanly"
        self.process.stdout.close()


def make_browser(folder, script):
    """A program for $BROWSER that runs this Python with `url`."""
    path = pathlib.Path(folder) / "browser"
    path.write_text("#!/usr/bin/python3\nimport sys\nimport urllib.error\nimport urllib.request\n"
                    f"url = sys.argv[1]\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def environment(browser):
    clean = {name: value for name, value in os.environ.items()
             if name not in ("DISPLAY", "WAYLAND_DISPLAY") and not name.lower().endswith("_proxy")}
    return {**clean, "BROWSER": str(browser)}
