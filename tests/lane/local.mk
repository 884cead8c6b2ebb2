# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/lane/run
LINT_SHELL += tests/lane/run
