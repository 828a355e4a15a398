# SPDX-License-Identifier: Apache-2.0
"""Somebody with a chat program: slixmpp on a thread of its own."""

import asyncio
import queue
import threading

import slixmpp
from slixmpp.xmlstream import ET

LIMIT_S = 120
CONFIRM = "http://jabber.org/protocol/http-auth"


class Program(slixmpp.ClientXMPP):
    def __init__(self, address, password, inbox, ready):
        super().__init__(address, password)
        self.use_ipv6 = False
        self.enable_direct_tls = False
        self["feature_mechanisms"].unencrypted_plain = True
        self["feature_mechanisms"].unencrypted_scram = True
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0045")
        self.add_event_handler("session_start", self.session_start)
        self.add_event_handler("message", inbox.put)
        self.add_event_handler("message_error", inbox.put)
        self.add_event_handler("groupchat_message", lambda message: None)
        self.ready = ready

    async def session_start(self, event):
        self.send_presence()
        await self.get_roster()
        self.ready.set()


class ServiceProgram(slixmpp.ComponentXMPP):
    def __init__(self, server, category, ready, asked):
        address = server.services[0]
        super().__init__(address, server.secret, "127.0.0.1", server.component_port)
        self.register_plugin("xep_0030")
        self.plugin["xep_0030"].add_identity(category=category, itype="text", name="service")
        self.add_event_handler("session_start", lambda event: ready.set())
        self.add_filter("in", lambda stanza: self.look(stanza, asked))

    @staticmethod
    def look(stanza, asked):
        if stanza.name == "iq" and stanza["type"] == "get":
            asked.set()
        return stanza


class Looped:
    """A thread with a loop for one of slixmpp's programs."""

    def __init__(self, make, ready):
        self.loop = asyncio.new_event_loop()

        def run():
            asyncio.set_event_loop(self.loop)
            self.program = make()
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        assert ready.wait(LIMIT_S), "the chat program could not sign in"

    def run(self, work):
        """Runs a coroutine in the program's thread, and gives what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(LIMIT_S)

    def do(self, call):
        """Runs call in the program's thread, and gives what it returns."""

        async def work():
            return call()

        return self.run(work())

    def settle(self, address, sender=None):
        """After this whoever has that address has seen all that was written to him before."""

        async def ask():
            await self.program["xep_0030"].get_info(jid=address, ifrom=sender, timeout=LIMIT_S)

        self.run(ask())

    def close(self):
        async def end():
            self.program.abort()
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()
            await asyncio.sleep(0)

        self.run(end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(LIMIT_S)


class Service(Looped):
    """A component of the chat server that says it is of that category."""

    def __init__(self, server, category):
        ready = threading.Event()
        self.asked = threading.Event()

        def make():
            program = ServiceProgram(server, category, ready, self.asked)
            program.connect()
            return program

        super().__init__(make, ready)

    def write(self, sender, to, body):
        self.do(lambda: self.program.send_message(mto=to, mbody=body, mtype="chat", mfrom=sender))


class Person(Looped):
    """A chat program that is signed in until close()."""

    def __init__(self, server, user, resource="phone"):
        self.address = f"{user}@{server.domain}"
        self.inbox = queue.Queue()
        ready = threading.Event()

        def make():
            program = Program(
                f"{self.address}/{resource}", server.passwords[user], self.inbox, ready
            )
            program.connect(("127.0.0.1", server.c2s), disable_starttls=True)
            return program

        super().__init__(make, ready)

    def receive(self):
        """The next message that has words or a confirmation in it."""
        while True:
            message = self.inbox.get(timeout=LIMIT_S)
            if message["body"] or message.xml.find(f"{{{CONFIRM}}}confirm") is not None:
                return message

    def write(self, to, body, kind="chat", thread=None, children=()):
        def send():
            message = self.program.make_message(mto=to, mbody=body, mtype=kind)
            if thread:
                message["thread"] = thread
            for child in children:
                message.xml.append(ET.fromstring(child))
            message.send()

        self.do(send)

    def answer(self, question, body):
        self.write(question["from"], body, thread=question["thread"] or None)

    def send_raw(self, text):
        self.do(lambda: self.program.send_raw(text))
