# SPDX-License-Identifier: Apache-2.0
"""The chat of a drive without the drive: tests/login/chat_driver.c."""

import json
import subprocess
import time

from drive import BUILD, PRELOAD

LIMIT_S = 120


class Confirm:
    def __init__(self, prosody, remote="off", known="nobody@nowhere.test", own=None):
        self.address = f"drive@{prosody.component}"
        self.arguments = [
            *PRELOAD,
            BUILD / "tests/login/chat-driver",
            prosody.component,
            str(prosody.component_port),
            prosody.secret,
            own or prosody.domain,
            remote,
            known,
        ]
        self.process = subprocess.Popen(
            self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def do(self, verb, **values):
        request = {"do": verb, "browser": "browser", **values}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def is_online(self):
        return self.do("online")["online"]

    def wait_online(self, online=True):
        end = time.monotonic() + LIMIT_S
        while self.is_online() != online:
            assert time.monotonic() < end, f"is not {'online' if online else 'offline'}"
            time.sleep(0.05)
        return self

    def begin(self, address, **values):
        attempt = self.do("begin", address=address, **values)
        assert "error" not in attempt, attempt
        return attempt

    def outcome(self, attempt):
        return self.do("poll", id=attempt["id"])["outcome"]

    def wait_for(self, attempt):
        return self.do("await", id=attempt["id"])["outcome"]

    def redeem(self, attempt, browser="browser"):
        return self.do("redeem", id=attempt["id"], browser=browser)

    def close(self):
        self.process.stdin.close()
        assert self.process.wait(LIMIT_S) == 0
