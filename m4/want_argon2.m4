dnl SPDX-License-Identifier: MIT
dnl XC_WANT_ARGON2: libargon2, password hashes.  Sets ARGON2_CFLAGS and ARGON2_LIBS.
AC_DEFUN([XC_WANT_ARGON2], [
  PKG_CHECK_MODULES([ARGON2], [libargon2], [],
    [XC_MISSING([libargon2], [libargon2-dev], [$ARGON2_PKG_ERRORS])])
])
