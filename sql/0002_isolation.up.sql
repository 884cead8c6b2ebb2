-- SPDX-License-Identifier: MIT
-- What the operator has decided of each plugin, and which versions were
-- taken off because they failed again and again.

-- limits: {"cpu_ms":200}, over those of the manifest; NULL: none.
-- accepted_isolation: "inprocess" when running in the server was said yes to.
-- accepted_permissions: a JSON array of what was said yes to.
-- isolation (there already) is the operator's own choice of a level.
ALTER TABLE xc_plugin
	ADD COLUMN limits TEXT NULL AFTER isolation,
	ADD COLUMN accepted_isolation VARCHAR(16) NULL AFTER limits,
	ADD COLUMN accepted_permissions MEDIUMTEXT NULL
		AFTER accepted_isolation;

-- A version is quarantined, not a plugin: it is not gone back to.  The state
-- of a plugin is "quarantined" when there is nothing else to serve.
ALTER TABLE xc_package
	ADD COLUMN quarantined_at DATETIME(3) NULL,
	ADD COLUMN quarantined_by VARCHAR(128) NULL,
	ADD COLUMN quarantine_reason VARCHAR(500) NULL;

-- Whoever installed what is there has said yes to what it asks for.
UPDATE xc_plugin p JOIN xc_package k ON k.id = p.package_id
	SET p.accepted_isolation =
		IF(JSON_VALID(k.manifest),
			LEFT(JSON_VALUE(k.manifest, '$.isolation'), 16), NULL),
	p.accepted_permissions =
		IF(JSON_VALID(k.manifest),
			JSON_QUERY(k.manifest, '$.permissions'), NULL);
