dnl SPDX-License-Identifier: MIT
dnl XC_WANT_OATH: liboath, one-time passwords.  Sets OATH_CFLAGS and OATH_LIBS.
AC_DEFUN([XC_WANT_OATH], [
  PKG_CHECK_MODULES([OATH], [liboath >= 2.6], [],
    [XC_MISSING([liboath], [liboath-dev], [$OATH_PKG_ERRORS])])
])
