dnl SPDX-License-Identifier: MIT
dnl XC_WANT_ARCHIVE: libarchive, packages (.xcp).  Sets ARCHIVE_CFLAGS and ARCHIVE_LIBS.
AC_DEFUN([XC_WANT_ARCHIVE], [
  PKG_CHECK_MODULES([ARCHIVE], [libarchive >= 3.4], [],
    [XC_MISSING([libarchive], [libarchive-dev], [$ARCHIVE_PKG_ERRORS])])
])
