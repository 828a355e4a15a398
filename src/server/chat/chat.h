/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "server/chat/driver.h"
#include "sql/sql.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Confirm in chat: somebody types a chat address into a page, and its owner confirms in the chat
 * program that it is he who sits before that page. Drivers (driver.h) carry the messages; here it
 *is decided who may be asked, and what counts as an answer.
 *
 * An attempt goes one of two ways, which chat_begin() chooses:
 *
 *	CHAT_ASK   the drive writes to the address; the person answers with the two digits that the
 *	           page shows (and the message does not). An answer without the number signs nobody
 *	           in, a wrong number ends the attempt. Only for addresses that the drive knows
 *	           already or whose domain the operator named (prompt_domains), within the limits of
 *	           base/limits.h, and never after STOP.
 *	CHAT_SEND  the person writes the page's code to the drive first, from that address. For all
 *	           other addresses; also for one that said STOP or that was asked too often, so that
 *	           nobody can lock another out.
 *
 *	                  right answer            chat_redeem()
 *	CHAT_WAITING ------------------> CHAT_PROVED ---------> CHAT_REDEEMED
 *	     |                               |
 *	     |  wrong number, "no", bounce,  |  STOP, two minutes
 *	     |  STOP, chat_cancel(), 2 min.  |
 *	     v                               v
 *	CHAT_WRONG_NUMBER, _REFUSED, _BOUNCED, _STOPPED, _CANCELLED, _EXPIRED
 *
 * Attempts live in memory only, are bounded in number, and are bound to the browser that began
 *them: every call about an attempt names it by its id *and* that browser.
 *
 * All functions may be called from any thread; none waits for the network.
 */
typedef struct Chat Chat;
typedef struct Proof Proof; /* server/accounts/proof.h */

/* What somebody wants to do, for the text of the question. */
typedef enum ChatPurpose {
	CHAT_SIGN_IN,
	CHAT_LINK,    /* bring this address into an account that has another way in */
	CHAT_CONFIRM, /* prove once more that it is still he, before something that matters */
} ChatPurpose;

typedef enum ChatMode {
	CHAT_ASK,
	CHAT_SEND,
} ChatMode;

typedef enum ChatOutcome {
	CHAT_WAITING,
	CHAT_PROVED,       /* chat_redeem() gives the proof */
	CHAT_REDEEMED,     /* it did */
	CHAT_WRONG_NUMBER, /* answered with another number */
	CHAT_REFUSED,      /* answered "no" */
	CHAT_STOPPED,      /* answered STOP: this address is asked no more */
	CHAT_BOUNCED,      /* the chat server says that the question cannot be delivered */
	CHAT_EXPIRED,
	CHAT_CANCELLED,
} ChatOutcome;

/* Why an attempt is CHAT_SEND. */
typedef enum ChatReason {
	CHAT_REASON_NONE,    /* it is CHAT_ASK */
	CHAT_REASON_UNKNOWN, /* the drive does not know the address */
	CHAT_REASON_STOPPED, /* its owner wants no more questions; answering START to the drive
				undoes that */
	CHAT_REASON_LIMITED, /* it is being asked, or was asked too often of late; or the drive can
				note no more who want no questions */
} ChatReason;

/* STOP, and what it was about. */
typedef struct ChatStop {
	const char *provider;
	const char *address;
	const char *device; /* of the last attempt, as in ChatAsk; NULL if there is none any more */
	const char *place;
	const char *peer;
	bool asked;          /* somebody was signing in with the address of late */
	bool redeemed;       /* a proof was redeemed within CHAT_KEPT_S: somebody is signed in */
	const GError *error; /* not NULL: it could not be written down, and may be forgotten */
} ChatStop;

/* The person answered that it was not he, or with another number than the page has. */
typedef struct ChatFailure {
	const char *provider;
	const char *address;
	const char *peer; /* of the browser; may be NULL */
	ChatOutcome outcome;
} ChatFailure;

typedef struct ChatOptions {
	Sql *sql;               /* remembers who said STOP; borrowed */
	const char *drive_name; /* what people know the drive by: "drive.example.org" */
	const char *drive_url;  /* its public base, for XEP-0070 */
	/* May be NULL. True if an account has this identity; may use the database. */
	bool (*knows)(const char *provider, const char *address, void *data);
	/* May be NULL. A tag as "zh-CN", yours, or NULL if it is not known; may use the database.
	 */
	char *(*language)(const char *provider, const char *address, void *data);
	/* May be NULL. For the audit log and the alert; may use the database, not chat_*. */
	void (*stopped)(const ChatStop *stop, void *data);
	/* The same, without an alert. */
	void (*failed)(const ChatFailure *failure, void *data);
	void *data; /* of all four */
	/*
	 * How many may wait for a room at once, each of whom holds the thread that calls; 0:
	 * CHAT_ROOMS_WAITING_MAX, and never more.
	 */
	unsigned rooms_waiting_max;
	/* Microseconds that only grow; NULL: g_get_monotonic_time(). For tests. */
	int64_t (*now_us)(void *data);
	void *now_data;
} ChatOptions;

Chat *chat_new(const ChatOptions *options, GError **error);
/* Stops and frees the drivers too. Nobody may watch any more. */
void chat_free(Chat *chat);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Chat, chat_free)

/* Takes the driver and starts it; at most CHAT_DRIVERS_MAX, before the first chat_begin(). */
bool chat_add(Chat *chat, ChatDriver *driver, GError **error);

/* ---- what the login page shows ---------------------------------------------------------- */

/* Is there any driver, so that the page should have a field for a chat address? */
bool chat_is_there(Chat *chat);

/*
 * Can it work now? False while the chat server cannot be reached: the page says so and shows the
 * other ways to sign in. provider NULL: any.
 */
bool chat_is_online(Chat *chat, const char *provider);

/*
 * The address as it is compared and stored (the subject of Proof): "Alice@Example.ORG/phone"
 * becomes "alice@example.org". DRIVE_ERROR_INVALID with a text for people if it is no address of
 * any driver. *ret_provider: borrowed from the driver, may be NULL.
 */
char *chat_normalize(Chat *chat, const char *typed, const char **ret_provider, GError **error);

/*
 * Who may register with this address, by the operator's word for its domain; for accounts' policy.
 * provider and address as normalised.
 */
EntryPolicy chat_register(Chat *chat, const char *provider, const char *address);

/* ---- attempts --------------------------------------------------------------------------- */

/* Texts are bounded and cleaned here: they may come from outside as they are. */
typedef struct ChatAsk {
	const char *address; /* as typed */
	ChatPurpose purpose;
	const char *device; /* "Firefox on Linux", "imdrive on laptop"; NULL: not known */
	const char
		*place;   /* where the page is open, as it is shown: "192.0.2.7"; NULL: not known */
	const char *peer; /* numeric address, for limits */
	const char *
		language; /* of the page, "en", "zh-CN"; NULL: "en". The account's goes before it */
	const char
		*browser; /* whatever only this browser has, as the hash of its cookie; not empty */
} ChatAsk;

/* What the page shows. */
typedef struct ChatAttempt {
	char *id; /* 128 random bits; no secret by itself, but belongs in no link */
	char *provider;
	char *address; /* normalised */
	ChatMode mode;
	ChatReason reason;
	char *number;     /* CHAT_ASK: two digits; else NULL */
	char *code;       /* CHAT_SEND: what to send, CHAT_CODE_SIZE characters in groups,
			     "BCDF-GHJK-LMNP" */
	char *send_to;    /* CHAT_SEND: the drive's own address, "drive@chat.example.org" */
	char *link;       /* CHAT_SEND: "xmpp:drive@…?message;body=…", also for a QR code */
	unsigned seconds; /* until it expires */
} ChatAttempt;

void chat_attempt_clear(ChatAttempt *attempt);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ChatAttempt, chat_attempt_clear)

/*
 * Begins an attempt, and asks if its mode is CHAT_ASK. An earlier one of the same browser that is
 * still waiting ends (CHAT_CANCELLED), so that "back" and a second try need no waiting.
 *
 * DRIVE_ERROR_INVALID: no address, text for people. DRIVE_ERROR_FORBIDDEN: an address of a domain
 * that the operator does not let in. DRIVE_ERROR_BUSY: too many attempts from this peer, or at all.
 * DRIVE_ERROR_OFFLINE: the chat server cannot be reached.
 */
bool chat_begin(Chat *chat, const ChatAsk *page, ChatAttempt *ret_attempt, GError **error);

typedef struct ChatState {
	ChatOutcome outcome;
	unsigned seconds; /* until CHAT_WAITING or CHAT_PROVED expires; else 0 */
} ChatState;

/* DRIVE_ERROR_NOT_FOUND: no such attempt of this browser, or it is long over. */
bool chat_poll(Chat *chat, const char *id, const char *browser, ChatState *ret_state,
	       GError **error);

/* The page again, as after a reload. Errors as chat_poll(). */
bool chat_show(Chat *chat, const char *id, const char *browser, ChatAttempt *ret_attempt,
	       GError **error);

/*
 * Who proved himself, for "Continue as alice@…"; does not use up the proof. Only for showing: until
 * chat_redeem() the owner may take it back by STOP. DRIVE_ERROR_NOT_FOUND unless CHAT_PROVED.
 */
bool chat_peek(Chat *chat, const char *id, const char *browser, Proof *ret_proof, GError **error);

/*
 * The proof, once. To be called at the very moment when the login (or link) is finished, not
 * before: STOP takes back everything up to here. DRIVE_ERROR_FORBIDDEN with a text for people if it
 * was taken back, DRIVE_ERROR_CONFLICT if it was redeemed already, DRIVE_ERROR_NOT_FOUND otherwise.
 */
bool chat_redeem(Chat *chat, const char *id, const char *browser, Proof *ret_proof, GError **error);

/* The person gave up. Nothing happens if it is over already. */
void chat_cancel(Chat *chat, const char *id, const char *browser);

/*
 * Waiting as with server/feed: wake is called once, by another thread and under a lock (short, no
 * chat_*), when the outcome is another than CHAT_WAITING by an answer. It is not called for time
 * running out: whoever waits does so no longer than the seconds of chat_poll(). Watch first, then
 * poll. At most CHAT_WATCHES_MAX per attempt (DRIVE_ERROR_BUSY).
 */
typedef struct ChatWatch ChatWatch;
typedef void (*ChatWakeFunc)(void *data);
ChatWatch *chat_watch(Chat *chat, const char *id, const char *browser, ChatWakeFunc wake,
		      void *data, GError **error);
/* When it returns, wake is not running and will not be called. Accepts NULL. */
void chat_unwatch(Chat *chat, ChatWatch *watch);

/* ---- notices ----------------------------------------------------------------------------- */

/*
 * A message of the drive to somebody whose address it knows: a new device, an address linked or
 * unlinked. Sent when the chat server can be reached, kept until then (CHAT_OUTBOX_MAX messages for
 * CHAT_NOTICE_KEPT_S). DRIVE_ERROR_BUSY if the outbox is full or this address was told too much of
 * late: a notice that is lost is no reason to fail what it is about.
 */
bool chat_notify(Chat *chat, const char *provider, const char *address, const char *text,
		 GError **error);
