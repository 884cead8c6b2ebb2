# SPDX-License-Identifier: MIT
EXTRA_DIST += tests/identity/run tests/identity/users.sh
LINT_SHELL += tests/identity/run tests/identity/users.sh
EXTRA_DIST += tests/identity/otp.sh tests/identity/stepper/Makefile \
	tests/identity/stepper/openapi.json \
	tests/identity/stepper/plugin.json tests/identity/stepper/stepper.c
LINT_SHELL += tests/identity/otp.sh
EXTRA_DIST += tests/identity/admin.sh tests/identity/auth.sh
LINT_SHELL += tests/identity/admin.sh tests/identity/auth.sh
EXTRA_DIST += tests/identity/misuse.sh tests/identity/rows.sh \
	tests/identity/tokens.sh
LINT_SHELL += tests/identity/misuse.sh tests/identity/rows.sh \
	tests/identity/tokens.sh
EXTRA_DIST += tests/identity/device.sh tests/identity/ring.sh
LINT_SHELL += tests/identity/device.sh tests/identity/ring.sh
