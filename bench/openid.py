# SPDX-License-Identifier: Apache-2.0
"""The certified OpenID provider of the tests, as the service that the drive asks and as its peer."""

import base64
import hashlib
import subprocess
import urllib.parse

from measure import BUILD, ROOT, cpu_seconds

NODE = BUILD / "node" / "tests" / "node"
SCRIPT = ROOT / "tests" / "login" / "certified_op.mjs"

REDIRECT = "http://127.0.0.1:4711/callback"
VERIFIER = "v" * 43  # as in signin.c


def authorize(url, scope):
    """What a program opens in the browser."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
    return url + "?" + urllib.parse.urlencode({
        "response_type": "code", "client_id": "imdrive", "redirect_uri": REDIRECT, "scope": scope,
        "state": "s" * 22, "code_challenge": challenge.decode(), "code_challenge_method": "S256"})


def is_installed():
    return (NODE / "node").exists()


class Provider:
    """Lives until stop(); callback is the drive's."""

    def __init__(self, folder, callback, own):
        # Modules are looked for beside the script.
        (folder / "node_modules").symlink_to(NODE / "node_modules")
        (folder / SCRIPT.name).write_text(SCRIPT.read_text())
        with open(folder / "provider.log", "wb") as log:
            self.process = subprocess.Popen(
                [NODE / "node", folder / SCRIPT.name, callback, own],
                env={"NODE_ENV": "production"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=log, text=True)
        lines = (line.strip() for line in self.process.stdout)
        self.url = next(line for line in lines if line.startswith("http://"))

    def stop(self):
        self.process.stdin.close()
        self.process.wait(60)


def record(provider):
    """What an operator writes to let people in by it."""
    return ("[provider]\nextends=oidc\nid=office\nlabel=Office\nclient_id=client-1\n"
            "client_secret=0123456789abcdef0123456789abcdef\n"
            f"issuer={provider.url}\nregister=auto\nallow_http_loopback=yes\n")


def sign_ins(program, servers, *arguments, threads=8, seconds=8):
    """People sign in; how many a second, and each server's milliseconds of the processor for one."""
    process = subprocess.Popen([program, str(threads), str(seconds), *arguments],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "begin\n", "see what the program said above"
    before = [cpu_seconds(server.process) for server in servers]
    done, took = process.stdout.readline().split()
    used = [cpu_seconds(server.process) - then for server, then in zip(servers, before)]
    process.communicate("\n", timeout=60)
    return int(done) / float(took), [1000 * each / int(done) for each in used]
