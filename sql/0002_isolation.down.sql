-- SPDX-License-Identifier: MIT
-- Forgets what was decided and what was taken off; the latter stays off.
UPDATE xc_plugin SET state = 'disabled' WHERE state = 'quarantined';
ALTER TABLE xc_package
	DROP COLUMN quarantined_at,
	DROP COLUMN quarantined_by,
	DROP COLUMN quarantine_reason;
ALTER TABLE xc_plugin
	DROP COLUMN limits,
	DROP COLUMN accepted_isolation,
	DROP COLUMN accepted_permissions;
