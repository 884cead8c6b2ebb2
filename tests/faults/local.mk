# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/faults/run
LINT_SHELL += tests/faults/run
