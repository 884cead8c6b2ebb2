dnl SPDX-License-Identifier: MIT
dnl XC_WANT_MEMCACHED: libmemcached, the cache service.  Sets MEMCACHED_CFLAGS and MEMCACHED_LIBS.
AC_DEFUN([XC_WANT_MEMCACHED], [
  PKG_CHECK_MODULES([MEMCACHED], [libmemcached >= 1.0.18], [],
    [XC_MISSING([libmemcached], [libmemcached-dev], [$MEMCACHED_PKG_ERRORS])])
])
