#!/bin/sh
# SPDX-License-Identifier: MIT
# Requests with an Idempotency-Key, with a MariaDB of their own.
sh "${top_srcdir:-.}/tests/services/run-identity" \
    "${top_builddir:-.}/src/worker/test-idempotency"
