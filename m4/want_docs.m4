dnl SPDX-License-Identifier: MIT
dnl XC_WANT_DOCS: --without-docs, and npm, which the plugin docs is made with
dnl unless a release's tarball holds what it would get.  Sets with_docs and the
dnl conditional WANT_DOCS.
AC_DEFUN([XC_WANT_DOCS], [
  AC_ARG_WITH([docs], [AS_HELP_STRING([--without-docs],
    [leave out the plugin docs: /docs, /redoc and /openapi.json])],
    [], [with_docs=yes])
  AS_CASE([$with_docs], [yes|no], [],
    [AC_MSG_ERROR([--with-docs=$with_docs: it takes no value])])
  AS_IF([test "$with_docs" = yes && test ! -f "$srcdir/plugins/docs/fetched/docs/swagger-ui.css"], [
    AC_CHECK_PROGS([NPM], [npm])
    AS_IF([test -z "$NPM"], [AC_MSG_ERROR([npm not found: the plugin docs is made with it.
On Debian: apt-get install npm.  Or build from a release's tarball, which does
without, or leave the plugin out: ./configure --without-docs])])
  ])
  AM_CONDITIONAL([WANT_DOCS], [test "$with_docs" = yes])
])
