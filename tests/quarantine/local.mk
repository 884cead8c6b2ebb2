# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/quarantine/run
LINT_SHELL += tests/quarantine/run
