dnl SPDX-License-Identifier: MIT
dnl XC_WANT_MARIADB: MariaDB Connector/C, the registry and the database service.  Sets MARIADB_CFLAGS and MARIADB_LIBS.
AC_DEFUN([XC_WANT_MARIADB], [
  PKG_CHECK_MODULES([MARIADB], [libmariadb >= 3.1], [],
    [XC_MISSING([libmariadb], [libmariadb-dev], [$MARIADB_PKG_ERRORS])])
])
