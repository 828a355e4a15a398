-- SPDX-License-Identifier: Apache-2.0
--
-- For the component of an imdrive. Confirming in chat is worth what the chat server knows about who
-- sent a message, and a component cannot see that. So this passes only
--
--   * what people of this server send, and
--   * what came from a server whose certificate is valid for the very domain in the sender's address;
--     such a stanza gets a mark that only this server can make (an HMAC of the sender under the
--     component's secret), without which imdrive believes no stranger.
--
-- Everything else (dialback alone, certificates of nobody known, a domain that rides on another's
-- connection) is dropped.

local hmac = require "util.hashes".hmac_sha256;
local jid_host = require "util.jid".host;
local verify_identity = require "util.x509".verify_identity;

local NS = "urn:imdrive:checked:0";
local secret = module:get_option_string("component_secret");
assert(secret, "mod_imdrive_checked belongs to a Component with a component_secret");

-- Whether the peer's certificate is this domain's; remembered for each connection.
local function is_certified(session, domain)
	if not session.secure or session.cert_chain_status ~= "valid" then
		return false;
	end
	local known = session.imdrive_certified;
	if not known then
		known = {};
		session.imdrive_certified = known;
	end
	if known[domain] == nil then
		local socket = session.conn and session.conn:socket();
		local cert = socket and socket.getpeercertificate and socket:getpeercertificate();
		known[domain] = cert and verify_identity(domain, "xmpp-server", cert) or false;
	end
	return known[domain];
end

local function unmark(stanza)
	stanza:maptags(function (tag)
		if tag.attr.xmlns == NS then
			return nil;
		end
		return tag;
	end);
end

local function check(event)
	local origin, stanza = event.origin, event.stanza;
	unmark(stanza);
	local from = stanza.attr.from;
	if origin.type ~= "s2sin" and origin.type ~= "s2sout" then
		return; -- of this server: it knows its people
	end
	local domain = from and jid_host(from);
	-- A server's own word that something cannot be delivered comes with its domain or its people's.
	if not domain or not is_certified(origin, domain) then
		module:log("info", "dropped a %s from %s: its server has no valid certificate for it",
			stanza.name, from or "nobody");
		return true;
	end
	if stanza.name == "message" then
		stanza:tag("checked", { xmlns = NS, key = hmac(secret, from, true) }):up();
	end
end

for _, kind in ipairs { "message", "iq", "presence" } do
	for _, target in ipairs { "bare", "full", "host" } do
		module:hook(kind .. "/" .. target, check, 1000);
	end
end
