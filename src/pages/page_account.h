/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "pages/frame.h"

/*
 * The account of frame->who: who can enter it, and from where. Names must have been through
 * html_name(). All borrowed.
 */
typedef struct PageAccountPlace {
	int64_t id;
	const char *name;   /* of the device; of the browser: what it says it is */
	const char *method; /* label of how it signed in; NULL: by password */
	const char *peer;   /* numeric address it was seen from, or NULL */
	int64_t seen_us;
	bool here; /* the browser that looks */
} PageAccountPlace;

typedef struct PageAccountIdentity {
	int64_t id;
	const char *icon;
	const char *label; /* of the service */
	const char *name;  /* there */
	bool removable;
} PageAccountIdentity;

typedef struct PageAccountService {
	const char *id;
	const char *icon;
	const char *label;
} PageAccountService;

#define PAGE_ACCOUNT_PICTURE "/account/picture"

typedef struct PageAccount {
	const char *url; /* of the drive, to type into a program */
	bool admin;
	bool has_password;
	bool has_picture; /* of the person: at PAGE_ACCOUNT_PICTURE */
	bool noted;       /* notice, about frame->who, says what has just happened */
	Phrase notice;
	const PageAccountPlace *devices;
	size_t device_count;
	const PageAccountPlace *sessions;
	size_t session_count;
	const PageAccountIdentity *identities;
	size_t identity_count;
	const PageAccountService *services; /* that can be linked */
	size_t service_count;
	bool can_link_chat;
} PageAccount;

/*
 * POSTs: /account/device/end, /account/session/end, /account/identity/unlink (id=),
 * /account/identity/link (provider=, "chat" for an address), /account/end-all, /account/password
 * (password=).
 */
GBytes *page_account(const Frame *frame, const PageAccount *account, int64_t now_us);
