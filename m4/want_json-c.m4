dnl SPDX-License-Identifier: MIT
dnl XC_WANT_JSON_C: json-c, JSON values.  Sets JSONC_CFLAGS and JSONC_LIBS.
AC_DEFUN([XC_WANT_JSON_C], [
  PKG_CHECK_MODULES([JSONC], [json-c >= 0.15], [],
    [XC_MISSING([json-c], [libjson-c-dev], [$JSONC_PKG_ERRORS])])
])
