# SPDX-License-Identifier: Apache-2.0
"""Syncthing (Debian's) as a peer: two of them with one folder between them, over loopback."""

import json
import pathlib
import re
import shutil
import subprocess
import urllib.error
import urllib.request

from measure import wait_until
from ports import free_port

FOLDER = "bench"
# The least that Syncthing's watcher can be told to wait; its default is 10 s.
WATCH_DELAY_S = 1


def is_installed():
    return shutil.which("syncthing") is not None


class Syncthing:
    """One device: a home, a folder, and its REST interface."""

    def __init__(self, root, name):
        self.home = pathlib.Path(root) / f"{name}.home"
        self.folder = pathlib.Path(root) / name
        self.folder.mkdir()
        self.port, self.gui = free_port(), free_port()
        self.process = None
        subprocess.run(["syncthing", "generate", "--home", self.home, "--no-default-folder"],
                       check=True, capture_output=True, timeout=60)
        self.id = subprocess.run(["syncthing", "--home", self.home, "--device-id"], check=True,
                                 capture_output=True, text=True, timeout=60).stdout.strip()
        text = (self.home / "config.xml").read_text()
        self.key = re.search("<apikey>(.*?)</apikey>", text).group(1)

    def write_config(self, devices):
        """Only loopback, only these devices, nothing that calls home."""
        known = "".join(
            f'<device id="{one.id}" name="{one.folder.name}" compression="metadata">'
            f"<address>tcp://127.0.0.1:{one.port}</address></device>" for one in devices)
        shares = "".join(f'<device id="{one.id}"/>' for one in devices)
        (self.home / "config.xml").write_text(
            f'<configuration version="35"><folder id="{FOLDER}" path="{self.folder}" '
            f'type="sendreceive" rescanIntervalS="3600" fsWatcherEnabled="true" '
            f'fsWatcherDelayS="{WATCH_DELAY_S}">{shares}</folder>{known}'
            f'<gui enabled="true" tls="false"><address>127.0.0.1:{self.gui}</address>'
            f"<apikey>{self.key}</apikey></gui><options>"
            f"<listenAddress>tcp://127.0.0.1:{self.port}</listenAddress>"
            f"<globalAnnounceEnabled>false</globalAnnounceEnabled>"
            f"<localAnnounceEnabled>false</localAnnounceEnabled>"
            f"<relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>"
            f"<urAccepted>-1</urAccepted><startBrowser>false</startBrowser>"
            f"<autoUpgradeIntervalH>0</autoUpgradeIntervalH>"
            f"<crashReportingEnabled>false</crashReportingEnabled>"
            f"<reconnectionIntervalS>1</reconnectionIntervalS></options></configuration>")

    def start(self):
        log = open(self.home / "log", "ab")
        self.process = subprocess.Popen(
            ["syncthing", "serve", "--home", self.home, "--no-browser", "--no-restart"],
            stdout=log, stderr=log)
        log.close()

    def ask(self, path):
        request = urllib.request.Request(f"http://127.0.0.1:{self.gui}/rest/{path}",
                                         headers={"X-API-Key": self.key})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError):
            return {}

    def is_connected(self):
        return any(one.get("connected")
                   for one in self.ask("system/connections").get("connections", {}).values())

    def files(self):
        """Files that are here whole, once the folder is at rest; -1 before."""
        status = self.ask(f"db/status?folder={FOLDER}")
        at_rest = status.get("state") == "idle" and status.get("needTotalItems") == 0
        return status.get("localFiles", -1) if at_rest else -1

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(60)


def pair(root):
    """Two connected devices at rest."""
    devices = [Syncthing(root, name) for name in "ab"]
    for one in devices:
        one.write_config(devices)
        one.start()
    for one in devices:
        wait_until(one.is_connected, "Syncthing is connected", 60)
        wait_until(lambda one=one: one.files() == 0, "Syncthing is at rest", 60)
    return devices
