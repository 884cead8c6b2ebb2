-- SPDX-License-Identifier: MIT
-- The cookies of known browsers are of one revision of their user, which moves
-- on when all sessions end.
ALTER TABLE xc_user
	ADD COLUMN devices_revision BIGINT UNSIGNED NOT NULL DEFAULT 1
	AFTER grants_revision;
