dnl SPDX-License-Identifier: MIT
dnl XC_WANT_CMOCKA: cmocka, for make check only.  Sets CMOCKA_CFLAGS,
dnl CMOCKA_LIBS and the conditional HAVE_CMOCKA.
AC_DEFUN([XC_WANT_CMOCKA], [
  PKG_CHECK_MODULES([CMOCKA], [cmocka >= 1.1.3], [have_cmocka=yes], [
    have_cmocka=no
    AC_MSG_WARN([cmocka not found: make check needs it (libcmocka-dev)])
  ])
  AM_CONDITIONAL([HAVE_CMOCKA], [test "$have_cmocka" = yes])
])
