dnl SPDX-License-Identifier: MIT
dnl XC_WANT_PCRE2: libpcre2, patterns of schemas.  Sets PCRE2_CFLAGS and PCRE2_LIBS.
AC_DEFUN([XC_WANT_PCRE2], [
  PKG_CHECK_MODULES([PCRE2], [libpcre2-8 >= 10.34], [],
    [XC_MISSING([libpcre2-8], [libpcre2-dev], [$PCRE2_PKG_ERRORS])])
])
