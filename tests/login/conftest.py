# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "scenarios"))

from chat_drive import start_chat_drive  # noqa: E402
from drive import Server  # noqa: E402
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
    server = start_chat_drive(tmp_path, chat)
    yield server
    server.stop()
