# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/reload/run
LINT_SHELL += tests/reload/run
