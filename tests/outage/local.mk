# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/outage/run
LINT_SHELL += tests/outage/run
