dnl SPDX-License-Identifier: MIT
dnl XC_WANT_JWT: libjwt, access tokens.  Sets JWT_CFLAGS and JWT_LIBS.
AC_DEFUN([XC_WANT_JWT], [
  PKG_CHECK_MODULES([JWT], [libjwt >= 1.10], [],
    [XC_MISSING([libjwt], [libjwt-dev], [$JWT_PKG_ERRORS])])
])
