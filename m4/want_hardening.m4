dnl SPDX-License-Identifier: MIT
dnl XC_TRY_CFLAG(VARIABLE, FLAG): appends FLAG if the compiler takes it.
AC_DEFUN([XC_TRY_CFLAG], [
  AC_MSG_CHECKING([whether $CC takes $2])
  xc_save_CFLAGS=$CFLAGS
  CFLAGS="$CFLAGS -Werror $2"
  AC_COMPILE_IFELSE([AC_LANG_SOURCE([int xc_probe = 1;])],
    [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  CFLAGS=$xc_save_CFLAGS
])

dnl XC_TRY_LDFLAG(VARIABLE, FLAG): appends FLAG if the linker takes it.
AC_DEFUN([XC_TRY_LDFLAG], [
  AC_MSG_CHECKING([whether the linker takes $2])
  xc_save_LDFLAGS=$LDFLAGS
  LDFLAGS="$LDFLAGS -Werror $2"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
    [AC_MSG_RESULT([yes]); $1="$$1 $2"], [AC_MSG_RESULT([no])])
  LDFLAGS=$xc_save_LDFLAGS
])

dnl XC_WANT_HARDENING: what makes a bug harder to use.  Call it behind
dnl XC_WANT_SANITIZERS: a fortified libc hides from AddressSanitizer what it
dnl looks for.  Sets HARDEN_CFLAGS, and HARDEN_LDFLAGS for programs and
dnl HARDEN_LIB_LDFLAGS for libraries.
AC_DEFUN([XC_WANT_HARDENING], [
  AC_ARG_ENABLE([hardening], [AS_HELP_STRING([--disable-hardening],
    [leave out the protective compiler flags])], [], [enable_hardening=yes])
  HARDEN_CFLAGS= HARDEN_LDFLAGS= HARDEN_LIB_LDFLAGS=
  AS_IF([test "$enable_hardening" = yes], [
    XC_TRY_CFLAG([HARDEN_CFLAGS], [-fstack-protector-strong])
    XC_TRY_CFLAG([HARDEN_CFLAGS], [-fstack-clash-protection])
    XC_TRY_CFLAG([HARDEN_CFLAGS], [-fcf-protection])
    AS_IF([test "$xc_sanitize" = no], [
      AS_CASE([" $CFLAGS "],
        [*" -O0 "*], [],
        [HARDEN_CFLAGS="$HARDEN_CFLAGS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])])
    XC_TRY_LDFLAG([HARDEN_LIB_LDFLAGS], [-Wl,-z,relro])
    XC_TRY_LDFLAG([HARDEN_LIB_LDFLAGS], [-Wl,-z,now])
    XC_TRY_LDFLAG([HARDEN_LIB_LDFLAGS], [-Wl,--as-needed])
    HARDEN_LDFLAGS=$HARDEN_LIB_LDFLAGS
    AC_MSG_CHECKING([whether $CC makes position-independent programs])
    AC_COMPILE_IFELSE([AC_LANG_SOURCE([
#ifndef __PIE__
#error no
#endif
      ])], [AC_MSG_RESULT([yes])], [
        AC_MSG_RESULT([no, adding -fPIE])
        HARDEN_CFLAGS="$HARDEN_CFLAGS -fPIE"
        HARDEN_LDFLAGS="$HARDEN_LDFLAGS -pie"
      ])
  ])
  AC_SUBST([HARDEN_CFLAGS])
  AC_SUBST([HARDEN_LDFLAGS])
  AC_SUBST([HARDEN_LIB_LDFLAGS])
])
