-- SPDX-License-Identifier: Apache-2.0
--
-- The chat server of the demonstration (./run): on this machine only, with nothing of /etc/prosody.
-- Data and secrets lie in the folder of the environment variable IMDRIVE_CHAT_DATA.

local data = ENV_IMDRIVE_CHAT_DATA

run_as_root = true
daemonize = false
pidfile = data .. "/prosody.pid"
data_path = data .. "/people"
log = { { levels = { min = "info" }, to = "file", filename = data .. "/prosody.log" } }

modules_enabled = {
	"roster", "saslauth", "disco", "ping", "carbons", "blocklist", "pep", "vcard_legacy",
	"websocket", "http_files",
}
modules_disabled = { "s2s" }
-- The passwords are random, of this demonstration, and in its folder.
authentication = "internal_plain"
-- Nothing leaves this machine.
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
interfaces = { "127.0.0.1" }
c2s_ports = {}
c2s_direct_tls_ports = {}
s2s_ports = {}
s2s_direct_tls_ports = {}

http_interfaces = { "127.0.0.1" }
http_ports = { ENV_IMDRIVE_CHAT_PORT + 0 }
https_ports = {}
http_default_host = "localhost"
http_paths = { files = "/" }
http_files_dir = data .. "/www"
http_dir_listing = false
consider_websocket_secure = true

-- The pages hold passwords: other sites must not read them.
http_cors_override = { files = { enabled = false }, websocket = { enabled = false } }

Include(data .. "/component.cfg.lua") -- component_secret
component_interfaces = { "127.0.0.1" }
component_ports = { ENV_IMDRIVE_COMPONENT_PORT + 0 }

VirtualHost "localhost"

Component "drive.localhost"
