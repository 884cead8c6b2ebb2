dnl SPDX-License-Identifier: MIT
dnl XC_WANT_CURL: libcurl, requests to other servers.  Sets CURL_CFLAGS and CURL_LIBS.
AC_DEFUN([XC_WANT_CURL], [
  PKG_CHECK_MODULES([CURL], [libcurl >= 7.80], [],
    [XC_MISSING([libcurl], [libcurl4-openssl-dev], [$CURL_PKG_ERRORS])])
])
