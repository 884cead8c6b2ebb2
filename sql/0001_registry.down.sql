-- SPDX-License-Identifier: MIT
-- Forgets what is installed; the plugins' own schemas stay.
DROP TABLE xc_host;
DROP TABLE xc_plugin_history;
DROP TABLE xc_plugin;
DROP TABLE xc_package_chunk;
DROP TABLE xc_package;
DROP TABLE xc_generation;
