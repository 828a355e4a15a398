-- SPDX-License-Identifier: Apache-2.0
--
-- What a Prosody (0.12) needs so that an imdrive can confirm in chat; see docs/xmpp.md. To be put at
-- the end of /etc/prosody/prosody.cfg.lua, or into a file of its own in /etc/prosody/conf.d/.

-- The drive connects here. Not encrypted: keep it on this machine.
component_interfaces = { "127.0.0.1" }
component_ports = { 5347 }

Component "drive.example.org"
	-- At least 32 random characters, as of: openssl rand -hex 32
	component_secret = "CHANGE ME"
	-- Only if people of other servers shall sign in: where mod_imdrive_checked.lua lies must be
	-- among plugin_paths of the global section.
	-- modules_enabled = { "imdrive_checked" }
