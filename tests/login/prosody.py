# SPDX-License-Identifier: Apache-2.0
"""A real Prosody with a folder, ports and processes of its own, and the names to find it by."""

import os
import secrets
import shutil
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

from ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
LIMIT_S = 120


def wait_for_port(port, process, log):
    end = time.monotonic() + LIMIT_S
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AssertionError(f"prosody ended:\n{log.read_text()}")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"prosody does not listen:\n{log.read_text()}")


class Names:
    """A name server for a few domains: SRV of XMPP servers, A of everything it knows."""

    def __init__(self):
        self.servers = {}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def add(self, domain, port):
        self.servers[domain] = port

    @staticmethod
    def encode(name):
        parts = [bytes([len(part)]) + part.encode() for part in name.split(".")]
        return b"".join(parts) + b"\0"

    @staticmethod
    def question(packet):
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1 : at + 1 + packet[at]].decode().lower())
            at += 1 + packet[at]
        kind = struct.unpack("!H", packet[at + 1 : at + 3])[0]
        return ".".join(labels), kind, packet[12 : at + 5]

    def answer(self, name, kind):
        service, _, domain = name.partition("._tcp.")
        if kind == 33 and service == "_xmpp-server" and domain in self.servers:
            return struct.pack("!HHH", 0, 0, self.servers[domain]) + self.encode(domain)
        if kind == 1 and name in self.servers:
            return socket.inet_aton("127.0.0.1")
        return None

    def serve(self):
        while True:
            try:
                packet, peer = self.socket.recvfrom(4096)
            except OSError:
                return
            name, kind, question = self.question(packet)
            data = self.answer(name, kind)
            head = packet[:2] + struct.pack("!HHHHH", 0x8580, 1, 1 if data else 0, 0, 0)
            record = b""
            if data:
                record = b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
            self.socket.sendto(head + question + record, peer)

    def close(self):
        self.socket.close()


class Authority:
    """Makes certificates that the servers of a test believe, and such that they do not."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", "ca.key", "-out", "ca.crt", "-days", "2", "-subj", "/CN=tests",
                     "-addext", "basicConstraints=critical,CA:true")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def certify(self, name, *domains):
        names = ",".join(f"DNS:{domain}" for domain in domains)
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={domains[0]}")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={names}\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key",
                     "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext", "-out",
                     f"{name}.crt")
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"

    def self_signed(self, name, domain):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                     "-keyout", f"{name}.key", "-out", f"{name}.crt", "-days", "2", "-subj",
                     f"/CN={domain}", "-addext", f"subjectAltName=DNS:{domain}")
        return self.folder / f"{name}.crt", self.folder / f"{name}.key"


class Prosody:
    def __init__(self, folder, domain="localhost", component=None):
        self.folder = folder
        self.domain = domain
        self.component = component or f"drive.{domain}"
        self.secret = secrets.token_hex(16)
        self.c2s = free_port()
        self.component_port = free_port()
        self.s2s = None
        self.names = None
        self.extra = []        # lines of the global section
        self.of_component = []  # lines of the component
        self.services = []  # further components, with the same secret
        self.rooms = None  # the domain of chat rooms
        self.certificate = None
        self.process = None
        self.passwords = {}
        folder.mkdir(parents=True)

    def federate(self, names, certificate, authority, secure=True):
        """To be called before start()."""
        self.s2s = free_port()
        self.names = names
        self.certificate = certificate
        for domain in (self.domain, self.component):
            names.add(domain, self.s2s)
        verify = "true" if secure else "false"
        self.extra += [
            f"s2s_require_encryption = {verify}",
            f"s2s_secure_auth = {verify}",
            f'ssl = {{ certificate = "{certificate[0]}", key = "{certificate[1]}", '
            f'cafile = "{authority.folder / "ca.crt"}" }}',
            f'unbound = {{ resolvconf = false, hoststxt = false, '
            f'forward = "127.0.0.1@{names.port}", '
            'options = { ["do-not-query-localhost:"] = "no" } }',
        ]
        return self

    def configuration(self):
        s2s = f"{{ {self.s2s} }}" if self.s2s else "{}"
        disabled = "" if self.s2s else '"s2s", '
        lines = [
            "run_as_root = true",
            "daemonize = false",
            f'pidfile = "{self.folder}/prosody.pid"',
            f'data_path = "{self.folder}/data"',
            f'log = {{ {{ levels = {{ min = "debug" }}, to = "file", '
            f'filename = "{self.folder}/prosody.log" }} }}',
            f'plugin_paths = {{ "{ROOT}/contrib/prosody" }}',
            'modules_enabled = { "roster", "saslauth", "disco", "ping", "carbons", "dialback", '
            '"tls" }',
            f"modules_disabled = {{ {disabled}\"offline\" }}",
            'authentication = "internal_plain"',
            "allow_unencrypted_plain_auth = true",
            "c2s_require_encryption = false",
            'interfaces = { "127.0.0.1" }',
            'component_interfaces = { "127.0.0.1" }',
            f"c2s_ports = {{ {self.c2s} }}",
            f"s2s_ports = {s2s}",
            "c2s_direct_tls_ports = {}",
            "s2s_direct_tls_ports = {}",
            "http_ports = {}",
            "https_ports = {}",
            f"component_ports = {{ {self.component_port} }}",
            *self.extra,
            f'VirtualHost "{self.domain}"',
            f'Component "{self.component}"',
            f'\tcomponent_secret = "{self.secret}"',
            *self.of_component,
        ]
        for service in self.services:
            lines += [f'Component "{service}"', f'\tcomponent_secret = "{self.secret}"']
        if self.rooms:
            lines += [f'Component "{self.rooms}" "muc"', "\tmuc_room_locking = false"]
        return "\n".join(lines) + "\n"

    def account(self, user):
        """Written where internal_plain keeps it; before or while the server runs."""
        self.passwords[user] = secrets.token_hex(8)
        escaped = "".join(c if c.isalnum() else f"%{ord(c):02x}" for c in self.domain)
        folder = self.folder / "data" / escaped / "accounts"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{user}.dat").write_text(
            f'return {{\n\t["password"] = "{self.passwords[user]}";\n}};\n'
        )
        return self.passwords[user]

    def start(self):
        configuration = self.folder / "prosody.cfg.lua"
        configuration.write_text(self.configuration())
        log = self.folder / "prosody.out"
        with open(log, "ab") as output:
            self.process = subprocess.Popen(
                [shutil.which("prosody") or "/usr/bin/prosody", "-F", "--config", configuration],
                stdout=output,
                stderr=output,
                env={**os.environ, "LANG": "C.UTF-8"},
            )
        wait_for_port(self.component_port, self.process, log)
        wait_for_port(self.c2s, self.process, log)
        return self

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LIMIT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def log(self):
        path = self.folder / "prosody.log"
        return path.read_text(errors="replace") if path.exists() else ""
