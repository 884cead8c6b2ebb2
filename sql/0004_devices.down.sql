-- SPDX-License-Identifier: MIT
ALTER TABLE xc_user
	DROP COLUMN devices_revision;
