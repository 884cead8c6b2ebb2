dnl SPDX-License-Identifier: MIT
dnl XC_WANT_CRYPTO: OpenSSL's libcrypto, hashes of packages.  Sets CRYPTO_CFLAGS and CRYPTO_LIBS.
AC_DEFUN([XC_WANT_CRYPTO], [
  PKG_CHECK_MODULES([CRYPTO], [libcrypto >= 1.1.1], [],
    [XC_MISSING([libcrypto], [libssl-dev], [$CRYPTO_PKG_ERRORS])])
])
