/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Every size that comes from a wire, a disk or a person is checked against one of these before
 * memory is taken for it.
 */

#define KIB 1024ull
#define MIB (1024ull * KIB)
#define GIB (1024ull * MIB)
#define TIB (1024ull * GIB)

/* Names and trees */
#define NAME_SIZE_MAX 255         /* bytes of one name, as on ext4 */
#define LINK_TARGET_SIZE_MAX 4095 /* bytes of a symbolic link's target */
#define DEPTH_MAX 512             /* folders above a node */
#define FILE_SIZE_MAX (1 * TIB)
#define IGNORE_FILE_SIZE_MAX (256 * KIB)
#define IGNORE_RULES_MAX 4096
#define MARKER_SIZE_MAX 256 /* bytes of a binding's marker */

/* Chunks */
#define CHUNK_SIZE_MIN                                                            \
	(128 * KIB) /* cutter: no boundary before (the last chunk may be shorter) \
		     */
#define CHUNK_SIZE_AVERAGE (512 * KIB)
#define CHUNK_SIZE_MAX (2 * MIB)
#define CONTENT_DIRECT_MAX 32             /* chunks that a content names itself; more: via lists */
#define CONTENT_SIZE_MAX (128 * KIB)      /* bytes of an encoded content (chunk/content.h) */
#define INLINE_SIZE_MAX (128 * KIB)       /* files up to this travel inside commits and changes */
#define COMMIT_LISTS_SIZE_MAX (128 * MIB) /* list chunks of one commit: a file of about 1 TiB */

#define LEASED_SIZE_MAX (2 * FILE_SIZE_MAX) /* uploaded by one account and in no file yet */

/* Packs */
#define PACK_SIZE_MAX (256 * MIB) /* a pack is closed before it would grow over this */

/* Messages */
#define MESSAGE_SIZE_MAX (4 * MIB)        /* one protobuf message */
#define COMMIT_MESSAGE_SIZE_MAX (2 * MIB) /* a page splits no commit, and names take their room */
#define BODY_SIZE_MAX (16 * MIB)          /* one request or response of /sync */
#define BATCH_SIZE_TARGET (4 * MIB)       /* bulk bytes that a batch aims at */
#define COMMIT_OPERATIONS_MAX 4096
#define CHUNK_IDS_MAX 65536      /* ids in one missing or fetch request */
#define CHANGES_ENTRIES_MAX 8192 /* entries after which a page of changes ends */
#define CURSORS_MAX 64
#define CURSOR_SIZE_MAX 256
#define JSON_BODY_SIZE_MAX (64 * KIB)
#define JSON_DEPTH_MAX 16
#define TRASH_LIST_MAX 1000 /* deleted nodes in one answer */

/* Requests of browsers */
#define REQUEST_PARAMETERS_MAX 64 /* in one query or form */

/* Chat services */
#define PROVIDERS_MAX 64                     /* enabled services */
#define PROVIDER_FILE_SIZE_MAX (64 * KIB)    /* a record or a secret */
#define PROVIDER_ANSWER_SIZE_MAX (256 * KIB) /* whatever a service answers */
#define PROVIDER_TIMEOUT_MS 10000            /* of each question to a service */
#define PROVIDER_DEPTH_MAX 32                /* nesting of its JSON */
#define PROVIDER_PARAMETERS_MAX 64           /* of a form or a callback */
#define PROVIDER_TOKEN_SIZE_MAX (16 * KIB)   /* a code, a token, an id_token */
#define PROVIDER_KEYS_MAX 64                 /* keys that a service signs with */
#define PROVIDER_SUBJECT_SIZE_MAX 255        /* half of an identity */
#define PROVIDER_TEXT_SIZE_MAX 512           /* a name, an address */
#define PROVIDER_SERVERS_MAX 1024            /* typed servers that are remembered */

/* Pictures of people */
#define PICTURE_SIZE_MAX (64 * KIB)
#define PICTURE_TIMEOUT_MS 3000
#define PICTURES_WAITING_MAX 256 /* that are to be fetched */

/* Programs that sign in */
#define OAUTH_FORM_SIZE_MAX (16 * KIB) /* a form of the endpoints for programs */
#define OAUTH_PARAMETER_SIZE_MAX 2048  /* bytes of a parameter's value */
#define OAUTH_PROVIDER_SIZE_MAX 64
#define OAUTH_LOGIN_HINT_SIZE_MAX 512       /* a chat address, not yet normalised */
#define OAUTH_REDIRECTS_MAX 16              /* of one client */
#define OAUTH_PENDING_MAX 8192              /* requests of browsers that are under way */
#define OAUTH_DEVICE_CODES_MAX 4096         /* and of devices */
#define OAUTH_DEVICE_CODES_PER_PEER_MAX 100 /* that one address asked for */

/* Waiting */
#define CHANGES_WAIT_MS_MAX 55000

/* Accounts */
#define ACCOUNT_NAME_SIZE_MAX 64
#define INVITATION_TOKEN_SIZE_MAX 128
#define PASSWORD_SIZE_MAX 1024
#define DEVICE_NAME_SIZE_MAX 128
#define ROSTER_ROWS_MAX 10000     /* identities that are bound at once */
#define ROSTER_SIZE_MAX (1 * MIB) /* and their table */
#define DEVICES_PER_ACCOUNT_MAX 1000
#define LOGIN_LIMIT_ENTRIES_MAX 65536 /* peers and names of failed sign-ins that are remembered */

/* The control socket */
#define CONTROL_PATHS_MAX 256 /* that one call is about */

/* Confirm in chat */
#define CHAT_DRIVERS_MAX 8
#define CHAT_ADDRESS_SIZE_MAX 255     /* bytes; the subject of an identity */
#define CHAT_TYPED_SIZE_MAX 1024      /* the same as somebody types it */
#define CHAT_TEXT_SIZE_MAX (4 * KIB)  /* of one message */
#define CHAT_ATTEMPT_S 120            /* an attempt lives so long, and its proof once more */
#define CHAT_KEPT_S 900               /* after which STOP no longer concerns a login */
#define CHAT_ATTEMPTS_MAX 8192        /* open or kept, of all */
#define CHAT_ATTEMPTS_PER_PEER_MAX 10 /* open ones that one address (IPv6: /64) began */
#define CHAT_ATTEMPTS_PER_PEER_HOUR_MAX 60
#define CHAT_ASKED_PER_HOUR_MAX 3 /* questions that one person gets */
#define CHAT_ASKED_PER_DAY_MAX 10
#define CHAT_ASKED_ENTRIES_MAX 65536       /* people and peers that are counted */
#define CHAT_NOTICES_PER_HOUR_MAX 20       /* notices that one person gets */
#define CHAT_SHARES_PER_SENDER_HOUR_MAX 30 /* links that one account has the drive send */
#define CHAT_SHARES_PER_SENDER_DAY_MAX 100
#define CHAT_SHARES_PER_HOUR_MAX 10 /* links that one person gets */
#define CHAT_SHARES_PER_DAY_MAX 30
#define CHAT_SHARES_PER_ROOM_HOUR_MAX 6 /* links that one room gets */
#define CHAT_SHARES_PER_ROOM_DAY_MAX 20
#define CHAT_ROOM_S 10                   /* in which a room takes a message, or it is given up */
#define CHAT_ROOMS_WAITING_MAX 8         /* who waits for that, and holds a worker */
#define CHAT_ROOMS_WAITING_ACCOUNT_MAX 2 /* of these, of one account */
#define CHAT_STOPPED_MAX 100000          /* people who said STOP, unless the drive knows them */
#define CHAT_WATCHES_MAX 8               /* who waits for one attempt */
#define CHAT_OUTBOX_MAX 1024             /* messages that wait for the chat server */
#define CHAT_NOTICE_KEPT_S 3600          /* how long a notice does */

/* Links that share */
#define SHARE_TEMPLATE_SIZE_MAX 512       /* bytes of the address of a service's page for links */
#define SHARE_LINKS_MAX 1000              /* of one account */
#define SHARE_DAYS_MAX 3650               /* that a link may be good, unless it has no end */
#define SHARE_ENTRIES_MAX 500             /* of a folder on one page */
#define SHARE_ARCHIVE_ENTRIES_MAX 100000  /* in one ZIP file */
#define SHARE_ARCHIVES_ENTRIES_MAX 500000 /* in all that are under way */
#define SHARE_ARCHIVES_EACH_MAX 200000    /* in those of one peer, and of one owner */
#define SHARE_ARCHIVE_PATH_SIZE 256       /* bytes of a path that an entry has for itself */

/* Access */
#define IDENTITIES_PER_ACCOUNT_MAX 32
#define CLIENT_ID_SIZE_MAX 128
#define CREDENTIALS_ACCESS_S 3600 /* an access token's life */
#define CREDENTIALS_GRACE_S 30    /* in which a used refresh token gets the same answer again */
#define CREDENTIALS_DAYS_MAX 400  /* a device signs in again after so long, however busy */
#define SESSIONS_PER_ACCOUNT_MAX 100
#define SESSION_IDLE_DAYS 14
#define SESSION_DAYS_MAX 90
#define SESSION_FRESH_S (5 * 60) /* how long a proof is enough to change ways of signing in */
#define INVITATIONS_MAX 10000    /* open at a time */
#define INVITATION_USES_MAX 1000
#define INVITATION_DAYS 7
#define INVITATION_DAYS_MAX 365
#define ENTRY_HOURLY_MAX 600     /* registrations at one provider */
#define ENTRY_HOURLY_PEER_MAX 60 /* registrations from one address */
#define ENTRY_WAITING_MAX 1000   /* accounts that wait for approval */
#define AUDIT_DAYS 400
#define AUDIT_ROWS_MAX 1000000
#define AUDIT_LIST_MAX 10000 /* rows in one answer */
#define AUDIT_TEXT_SIZE_MAX 512
