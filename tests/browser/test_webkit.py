# SPDX-License-Identifier: Apache-2.0
"""The flows whose cookies matter, in the engine of the desktop app: WebKitGTK keeps no Secure
cookie that comes over http, not even from loopback."""

import os
import re
import subprocess

from drive import BUILD, TIMEOUT_S


def begin_login(server, profile):
    """imdrive login without a browser of its own; gives the process and the link that it shows."""
    process = subprocess.Popen(
        [BUILD / "imdrive", "--profile", profile, "login", server.url], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env={**os.environ, "BROWSER": "/bin/true"})
    for line in process.stdout:
        link = re.search(r"http://\S+/oauth/authorize\S+", line)
        if link:
            return process, link.group()
    raise AssertionError("imdrive login showed no link")


def test_a_person_signs_in_and_stays_signed_in(server, webkit, tmp_path):
    process, link = begin_login(server, tmp_path / "laptop")
    webkit.goto(link)
    webkit.fill("#local-name", "alice")
    webkit.fill("#local-password", "correct horse")
    webkit.click("form[action^='/login/password'] button")
    output = process.communicate(timeout=TIMEOUT_S)[0]
    assert process.returncode == 0, output
    assert "alice" in output

    # The session of the browser is there, and a second device costs one "Continue".
    webkit.goto(server.url + "/account")
    assert "alice" in webkit.text("main")
    process, link = begin_login(server, tmp_path / "desktop")
    webkit.goto(link)
    webkit.click("button.primary")
    output = process.communicate(timeout=TIMEOUT_S)[0]
    assert process.returncode == 0, output
