# SPDX-License-Identifier: Apache-2.0
"""A drive whose people confirm in chat, for whoever has a Prosody."""

from drive import Server, wait_until


def start_chat_drive(folder, chat, extra=""):
    """In folder/data; extra: lines of its section [xmpp]. Whoever calls stops it."""
    secret = folder / "secret"
    secret.write_text(chat.secret)
    secret.chmod(0o600)
    config = folder / "imdrived.conf"
    config.write_text(
        f"[xmpp]\ncomponent = {chat.component}\nserver = 127.0.0.1:{chat.component_port}\n"
        f"secret = {secret}\ndomains = {chat.domain}\n{extra}")
    server = Server(folder / "data", "--config", config).start()
    log = folder / "data.log"
    wait_until(lambda: "chat server is connected" in log.read_text(), "the chat is connected")
    return server
