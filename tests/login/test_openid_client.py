# SPDX-License-Identifier: Apache-2.0
"""The certified openid-client against our authorization server: a client nobody here wrote."""

import json
import pathlib
import subprocess

import pytest

from yes import TIMEOUT_S, YesServer

NODE = pathlib.Path(__file__).parents[2] / "build/node/tests/node"
SCRIPT = pathlib.Path(__file__).parent / "openid_client.mjs"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """What the client did, by name."""
    folder = tmp_path_factory.mktemp("openid-client")
    server = YesServer(folder)
    # Modules are looked for beside the script.
    (folder / "node_modules").symlink_to(NODE / "node_modules")
    (folder / SCRIPT.name).write_text(SCRIPT.read_text())
    run = subprocess.run([NODE / "node", folder / SCRIPT.name, server.url], capture_output=True,
                         text=True, timeout=4 * TIMEOUT_S)
    server.stop()
    assert run.returncode == 0, run.stdout + run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    return {line["what"]: line for line in lines}


def test_a1_it_finds_everything(done):
    assert done["discovered"]["pkce"] is True
    assert "done" in done


def test_a2_code_and_pkce_let_it_in(done):
    assert done["code"]["account"] == "alice"
    assert done["code"]["status"] == 303
    assert done["stolen"]["error"] == "invalid_grant"


def test_a3_a_code_that_comes_twice_ends_what_it_gave(done):
    assert done["twice"]["error"] == "invalid_grant"
    assert done["twice"]["after"] == "invalid_grant"


def test_a4_errors_are_answers_of_the_drive(done):
    assert done["denied"]["error"] == "access_denied"
    assert done["wrong-scope"]["error"] == "invalid_scope"
    assert done["mixed-up"]["error"] == "OAUTH_INVALID_RESPONSE"


def test_a6_refresh_tokens_rotate(done):
    assert done["refresh"]["account"] == "alice"
    assert done["refresh"]["rotated"] == 3


def test_a7_what_was_granted_is_told(done):
    assert done["code"]["scope"] == "files:read files:write"
    assert 0 < done["code"]["expires_in"] <= 3600


def test_a9_a_device_is_let_in_from_another(done):
    assert done["device"]["account"] == "alice"
    assert done["device"]["scope"] == "files:read"


def test_revoked_is_revoked(done):
    assert done["revoked"]["refresh"] == "invalid_grant"
    assert done["revoked"]["access"] == 401
