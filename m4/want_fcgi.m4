dnl SPDX-License-Identifier: MIT
dnl XC_WANT_FCGI: libfcgi, the FastCGI codec.  Sets FCGI_CFLAGS and FCGI_LIBS.
AC_DEFUN([XC_WANT_FCGI], [
  PKG_CHECK_MODULES([FCGI], [fcgi >= 2.4.2], [
    dnl The C++ library that fcgi.pc may name besides is not used.
    FCGI_LIBS=-lfcgi
  ], [XC_MISSING([libfcgi], [libfcgi-dev], [$FCGI_PKG_ERRORS])])
  AC_SUBST([FCGI_LIBS])
])
