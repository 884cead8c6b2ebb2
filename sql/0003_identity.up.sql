-- SPDX-License-Identifier: MIT
-- Who may do what: users, roles, permissions, sessions, second factors, and
-- the log of what administrators did.  Workers reach these tables under an
-- account of their own that may touch nothing else of this schema.  All times
-- are UTC; a key of 32 bytes is a SHA-256 or an HMAC by it.

-- Ids are never used twice.  name_key and email_key are what two that look
-- the same share.  password is a PHC string, '' for one who cannot log in by
-- it.  grants_revision moves on when the user's own roles change.
CREATE TABLE xc_user (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	name VARCHAR(64) NOT NULL,
	name_key VARCHAR(64) NOT NULL,
	email VARCHAR(254) NULL,
	email_key VARCHAR(254) NULL,
	display VARCHAR(128) NOT NULL DEFAULT '',
	password VARCHAR(255) NOT NULL DEFAULT '',
	password_at DATETIME(3) NULL,
	state VARCHAR(16) NOT NULL DEFAULT 'active',	-- active, locked
	locked_reason VARCHAR(255) NOT NULL DEFAULT '',
	revision BIGINT UNSIGNED NOT NULL DEFAULT 1,
	grants_revision BIGINT UNSIGNED NOT NULL DEFAULT 1,
	created_at DATETIME(3) NOT NULL,
	created_by VARCHAR(128) NOT NULL,
	changed_at DATETIME(3) NOT NULL,
	last_login_at DATETIME(3) NULL,
	PRIMARY KEY (id),
	UNIQUE KEY (name_key),
	UNIQUE KEY (email_key),
	KEY (state),
	KEY (last_login_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE xc_role (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	name VARCHAR(64) NOT NULL,
	description VARCHAR(255) NOT NULL DEFAULT '',
	built_in TINYINT UNSIGNED NOT NULL DEFAULT 0,
	revision BIGINT UNSIGNED NOT NULL DEFAULT 1,
	created_at DATETIME(3) NOT NULL,
	changed_at DATETIME(3) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A role has the permissions of the roles that it includes.
CREATE TABLE xc_role_include (
	role_id BIGINT UNSIGNED NOT NULL,
	included_id BIGINT UNSIGNED NOT NULL,
	PRIMARY KEY (role_id, included_id),
	KEY (included_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- permission: "todo:item:write", or with "*" in place of words.
CREATE TABLE xc_role_permission (
	role_id BIGINT UNSIGNED NOT NULL,
	permission VARCHAR(128) NOT NULL,
	PRIMARY KEY (role_id, permission),
	KEY (permission)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE xc_user_role (
	user_id BIGINT UNSIGNED NOT NULL,
	role_id BIGINT UNSIGNED NOT NULL,
	PRIMARY KEY (user_id, role_id),
	KEY (role_id, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What manifests bring along.  everyone: each user has it.  Of a plugin that
-- was removed the rows stay, with gone set, until it is purged.
CREATE TABLE xc_permission (
	name VARCHAR(128) NOT NULL,
	plugin VARCHAR(32) NOT NULL,
	description VARCHAR(255) NOT NULL DEFAULT '',
	everyone TINYINT UNSIGNED NOT NULL DEFAULT 0,
	gone TINYINT UNSIGNED NOT NULL DEFAULT 0,
	PRIMARY KEY (name),
	KEY (plugin),
	KEY (everyone)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row, id 1: moves on when roles or permissions change, so that no worker
-- uses what it remembers of them.
CREATE TABLE xc_grants (
	id TINYINT UNSIGNED NOT NULL,
	revision BIGINT UNSIGNED NOT NULL,
	PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT INTO xc_grants (id, revision) VALUES (1, 1);

INSERT INTO xc_role (name, description, built_in, created_at, changed_at)
	VALUES ('admin', 'May do everything', 1,
		UTC_TIMESTAMP(3), UTC_TIMESTAMP(3)),
	('user', 'What each user has when made', 1,
		UTC_TIMESTAMP(3), UTC_TIMESTAMP(3));

INSERT INTO xc_role_permission (role_id, permission)
	SELECT id, '*:*:*' FROM xc_role WHERE name = 'admin';

-- One row for each login that stands; ended sessions are deleted.  csrf: of
-- browser sessions.  otp_at: when a second factor was last shown.
CREATE TABLE xc_session (
	id BINARY(16) NOT NULL,
	user_id BIGINT UNSIGNED NOT NULL,
	kind VARCHAR(8) NOT NULL,		-- token, cookie
	secret BINARY(32) NULL,			-- of a cookie, its HMAC
	csrf BINARY(32) NULL,
	created_at DATETIME(3) NOT NULL,
	seen_at DATETIME(3) NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	otp_at DATETIME(3) NULL,
	address VARCHAR(64) NOT NULL,
	agent VARCHAR(255) NOT NULL,
	PRIMARY KEY (id),
	KEY (user_id, created_at),
	KEY (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The refresh tokens of a session, those used with it: one that is shown
-- again ends the session.
CREATE TABLE xc_refresh (
	hash BINARY(32) NOT NULL,
	session_id BINARY(16) NOT NULL,
	issued_at DATETIME(3) NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	used_at DATETIME(3) NULL,
	PRIMARY KEY (hash),
	KEY (session_id),
	KEY (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- A login that waits for its second factor; hash is that of the ticket.
CREATE TABLE xc_login (
	hash BINARY(32) NOT NULL,
	user_id BIGINT UNSIGNED NOT NULL,
	tries INT UNSIGNED NOT NULL DEFAULT 0,
	expires_at DATETIME(3) NOT NULL,
	PRIMARY KEY (hash),
	KEY (user_id),
	KEY (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- Failures that are counted: scope says of what, hash of whom.
CREATE TABLE xc_throttle (
	scope VARCHAR(16) NOT NULL,
	hash BINARY(32) NOT NULL,
	failures INT UNSIGNED NOT NULL,
	first_at DATETIME(3) NOT NULL,
	until_at DATETIME(3) NULL,
	expires_at DATETIME(3) NOT NULL,
	PRIMARY KEY (scope, hash),
	KEY (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- secret: sealed with the key ring.  confirmed_at NULL: it does not count yet.
-- last_step: no code of that step or before is taken again.
CREATE TABLE xc_otp (
	user_id BIGINT UNSIGNED NOT NULL,
	secret VARBINARY(255) NOT NULL,
	confirmed_at DATETIME(3) NULL,
	last_step BIGINT UNSIGNED NOT NULL DEFAULT 0,
	created_at DATETIME(3) NOT NULL,
	PRIMARY KEY (user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE xc_otp_recovery (
	user_id BIGINT UNSIGNED NOT NULL,
	hash BINARY(32) NOT NULL,
	used_at DATETIME(3) NULL,
	PRIMARY KEY (user_id, hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- The code that was mailed last, one for each user and purpose.
CREATE TABLE xc_otp_mail (
	user_id BIGINT UNSIGNED NOT NULL,
	purpose VARCHAR(16) NOT NULL,
	hash BINARY(32) NOT NULL,
	tries INT UNSIGNED NOT NULL DEFAULT 0,
	sent_at DATETIME(3) NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	PRIMARY KEY (user_id, purpose)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What administrators did.  hash is over the row and the hash before it; the
-- account of the workers may add rows and read them, nothing else.
CREATE TABLE xc_audit (
	seq BIGINT UNSIGNED NOT NULL,
	at DATETIME(3) NOT NULL,
	actor VARCHAR(128) NOT NULL,
	address VARCHAR(64) NOT NULL,
	request_id VARCHAR(64) NOT NULL,
	action VARCHAR(64) NOT NULL,
	target VARCHAR(128) NOT NULL,
	state_before MEDIUMTEXT NULL,
	state_after MEDIUMTEXT NULL,
	hash BINARY(32) NOT NULL,
	PRIMARY KEY (seq),
	KEY (actor, seq),
	KEY (action, seq),
	KEY (target, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row, id 1: the last row's number and hash, so that rows cut off at the
-- end are missed, and a signature over both where there is a key.
CREATE TABLE xc_audit_head (
	id TINYINT UNSIGNED NOT NULL,
	seq BIGINT UNSIGNED NOT NULL,
	hash BINARY(32) NOT NULL,
	key_id VARCHAR(64) NOT NULL DEFAULT '',
	signature VARBINARY(255) NULL,
	PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT INTO xc_audit_head (id, seq, hash)
	VALUES (1, 0, REPEAT(CHAR(0), 32));

-- Answers to requests with an Idempotency-Key.  hash: of who asked, what and
-- the key; request: of the body.  status 0: it is being worked on.
CREATE TABLE xc_idempotency (
	hash BINARY(32) NOT NULL,
	request BINARY(32) NOT NULL,
	status SMALLINT UNSIGNED NOT NULL,
	content_type VARCHAR(128) NOT NULL DEFAULT '',
	headers TEXT NOT NULL,
	body MEDIUMBLOB NOT NULL,
	created_at DATETIME(3) NOT NULL,
	expires_at DATETIME(3) NOT NULL,
	PRIMARY KEY (hash),
	KEY (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
