# SPDX-License-Identifier: MIT
# Against a whole site: ./runtests doctor
EXTRA_DIST += tests/doctor/run
LINT_SHELL += tests/doctor/run
