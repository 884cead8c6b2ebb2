dnl SPDX-License-Identifier: MIT
dnl XC_WANT_SECCOMP: libseccomp, the filters of sandboxes.  Sets SECCOMP_CFLAGS and SECCOMP_LIBS.
AC_DEFUN([XC_WANT_SECCOMP], [
  PKG_CHECK_MODULES([SECCOMP], [libseccomp >= 2.5], [],
    [XC_MISSING([libseccomp], [libseccomp-dev], [$SECCOMP_PKG_ERRORS])])
])
