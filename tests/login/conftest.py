# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "scenarios"))

from drive import Server, wait_until  # noqa: E402
from person import Person  # noqa: E402
from prosody import Prosody  # noqa: E402
from visitor import Visitor  # noqa: E402


@pytest.fixture
def server(tmp_path):
    """A running drive with the account alice."""
    server = Server(tmp_path / "data").start()
    server.add_user("alice")
    yield server
    server.stop()


@pytest.fixture
def visitor(server):
    return Visitor(server.url)


@pytest.fixture
def chat(tmp_path):
    prosody = Prosody(tmp_path / "prosody")
    prosody.account("alice")
    prosody.account("bob")
    prosody.start()
    yield prosody
    prosody.stop()


@pytest.fixture
def people(chat):
    people = [Person(chat, "alice"), Person(chat, "bob")]
    yield people
    for person in people:
        person.close()


@pytest.fixture
def drive(tmp_path, chat):
    """A drive whose people confirm in chat."""
    secret = tmp_path / "secret"
    secret.write_text(chat.secret)
    config = tmp_path / "imdrived.conf"
    config.write_text(
        f"[xmpp]\ncomponent = {chat.component}\nserver = 127.0.0.1:{chat.component_port}\n"
        f"secret = {secret}\ndomains = {chat.domain}\n"
    )
    server = Server(tmp_path / "data", "--config", config).start()
    log = tmp_path / "data.log"
    wait_until(lambda: "chat server is connected" in log.read_text(), "the chat is connected")
    yield server
    server.stop()
