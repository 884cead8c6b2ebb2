# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/middleware/run
LINT_SHELL += tests/middleware/run
