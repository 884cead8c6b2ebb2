-- SPDX-License-Identifier: MIT
-- The registry: what is installed, and what each host serves of it.
--
-- It holds on one server and on a Galera cluster: a primary key everywhere,
-- claims by compare-and-set, no named locks.  All times are UTC.  The journal of migrations
-- (xc_migration) and the leases (xc_lease) are made by the migrator itself,
-- which needs them before the first migration.

-- One row, id 1.  Every change of what is to be served adds one, in the
-- transaction that makes the change; whoever validated against an older
-- number finds its compare-and-set refused and validates again.
CREATE TABLE xc_generation (
	id TINYINT UNSIGNED NOT NULL,
	generation BIGINT UNSIGNED NOT NULL,
	changed_at DATETIME(3) NOT NULL,
	PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

INSERT INTO xc_generation (id, generation, changed_at)
	VALUES (1, 1, UTC_TIMESTAMP(3));

-- A version's files, as an .xcp in chunks.  The hash is that of the files
-- (see src/plugin/package.h), so the same files are one row.
CREATE TABLE xc_package (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	name VARCHAR(32) NOT NULL,
	version VARCHAR(128) NOT NULL,
	hash CHAR(64) NOT NULL,
	manifest MEDIUMTEXT NOT NULL,
	size BIGINT UNSIGNED NOT NULL,
	chunks INT UNSIGNED NOT NULL,
	created_at DATETIME(3) NOT NULL,
	created_by VARCHAR(128) NOT NULL,
	PRIMARY KEY (id),
	UNIQUE KEY (hash),
	KEY (name, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

CREATE TABLE xc_package_chunk (
	package_id BIGINT UNSIGNED NOT NULL,
	seq INT UNSIGNED NOT NULL,
	data MEDIUMBLOB NOT NULL,
	PRIMARY KEY (package_id, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- What is to be served.  No foreign keys: an operator who repairs rows by
-- hand is not to be stopped, and a row that points nowhere is reported.
CREATE TABLE xc_plugin (
	name VARCHAR(32) NOT NULL,
	package_id BIGINT UNSIGNED NOT NULL,
	previous_package_id BIGINT UNSIGNED NULL,
	state VARCHAR(16) NOT NULL,		-- enabled, disabled
	isolation VARCHAR(16) NULL,		-- NULL: as the manifest says
	revision BIGINT UNSIGNED NOT NULL DEFAULT 1,
	changed_at DATETIME(3) NOT NULL,
	changed_by VARCHAR(128) NOT NULL,
	PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- token tells, after a connection was lost during a commit, whether the
-- change was made.
CREATE TABLE xc_plugin_history (
	id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
	name VARCHAR(32) NOT NULL,
	action VARCHAR(16) NOT NULL,
	version VARCHAR(128) NOT NULL,
	hash CHAR(64) NOT NULL,
	detail VARCHAR(255) NOT NULL DEFAULT '',
	generation BIGINT UNSIGNED NOT NULL,
	token CHAR(32) NOT NULL,
	changed_at DATETIME(3) NOT NULL,
	changed_by VARCHAR(128) NOT NULL,
	PRIMARY KEY (id),
	KEY (name, generation),
	KEY (token)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- One row a host, written by its follower: desired is the generation it has
-- seen, applied the one that all its workers serve.
CREATE TABLE xc_host (
	id CHAR(32) NOT NULL,
	name VARCHAR(64) NOT NULL,
	pid INT UNSIGNED NOT NULL,
	started_at DATETIME(3) NOT NULL,
	heartbeat DATETIME(3) NOT NULL,
	desired BIGINT UNSIGNED NOT NULL,
	applied BIGINT UNSIGNED NOT NULL,
	sequence BIGINT UNSIGNED NOT NULL,
	workers INT UNSIGNED NOT NULL,
	pending INT UNSIGNED NOT NULL,
	rejected MEDIUMTEXT NOT NULL,	-- [{"name","version","hash","reason"}]
	PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
