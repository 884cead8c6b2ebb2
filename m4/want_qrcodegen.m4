dnl SPDX-License-Identifier: MIT
dnl XC_WANT_QRCODEGEN: qrcodegen, QR codes.  Sets QRCODEGEN_CFLAGS and QRCODEGEN_LIBS.
AC_DEFUN([XC_WANT_QRCODEGEN], [
  PKG_CHECK_MODULES([QRCODEGEN], [qrcodegen >= 1.6], [],
    [XC_MISSING([qrcodegen], [libqrcodegen-dev], [$QRCODEGEN_PKG_ERRORS])])
])
