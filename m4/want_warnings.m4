dnl SPDX-License-Identifier: MIT
dnl XC_WANT_WARNINGS: the warnings that the compiler knows of ours, and
dnl --enable-werror.  Sets WARN_CFLAGS.
AC_DEFUN([XC_WANT_WARNINGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror],
    [let a warning fail the build])], [], [enable_werror=no])
  WARN_CFLAGS=
  m4_foreach_w([xc_flag], [-Wall -Wextra -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wpointer-arith -Wformat=2 -Wvla -Wcast-qual
    -Wno-format-truncation],
    [XC_TRY_CFLAG([WARN_CFLAGS], [xc_flag])])
  AS_IF([test "$enable_werror" = yes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
  AC_SUBST([WARN_CFLAGS])
])
