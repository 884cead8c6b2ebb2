dnl SPDX-License-Identifier: MIT
dnl XC_WANT_SANITIZERS: --enable-asan, --enable-ubsan, --enable-tsan and
dnl --enable-fuzz.  Sets SANITIZE_CFLAGS, SANITIZE_LDFLAGS, FUZZ_LIBS,
dnl xc_sanitize (yes or no) and the conditionals WANT_FUZZER and
dnl WANT_SANITIZERS.
AC_DEFUN([XC_WANT_SANITIZERS], [
  AC_ARG_ENABLE([asan], [AS_HELP_STRING([--enable-asan],
    [build with AddressSanitizer])], [], [enable_asan=no])
  AC_ARG_ENABLE([ubsan], [AS_HELP_STRING([--enable-ubsan],
    [build with UndefinedBehaviorSanitizer])], [], [enable_ubsan=no])
  AC_ARG_ENABLE([tsan], [AS_HELP_STRING([--enable-tsan],
    [build with ThreadSanitizer])], [], [enable_tsan=no])
  AC_ARG_ENABLE([fuzz], [AS_HELP_STRING([--enable-fuzz],
    [build the fuzz targets with libFuzzer (needs clang)])], [],
    [enable_fuzz=no])
  AS_IF([test "$enable_tsan" = yes && test "$enable_asan" = yes],
    [AC_MSG_ERROR([--enable-tsan and --enable-asan exclude each other: build twice])])
  SANITIZE_CFLAGS=
  AS_IF([test "$enable_asan" = yes],
    [SANITIZE_CFLAGS="$SANITIZE_CFLAGS -fsanitize=address"])
  AS_IF([test "$enable_ubsan" = yes],
    [SANITIZE_CFLAGS="$SANITIZE_CFLAGS -fsanitize=undefined -fno-sanitize-recover=undefined"])
  AS_IF([test "$enable_tsan" = yes],
    [SANITIZE_CFLAGS="$SANITIZE_CFLAGS -fsanitize=thread"])
  xc_sanitize=no
  AS_IF([test -n "$SANITIZE_CFLAGS"], [
    xc_sanitize=yes
    SANITIZE_LDFLAGS=$SANITIZE_CFLAGS
    SANITIZE_CFLAGS="$SANITIZE_CFLAGS -fno-omit-frame-pointer"
    AC_MSG_CHECKING([whether$SANITIZE_LDFLAGS works])
    xc_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS $SANITIZE_CFLAGS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
      [AC_MSG_RESULT([no])
       AC_MSG_ERROR([$CC cannot link with$SANITIZE_LDFLAGS])])
    CFLAGS=$xc_save_CFLAGS
  ])
  FUZZ_LIBS='$(top_builddir)/libfuzzdriver.la'
  AS_IF([test "$enable_fuzz" = yes], [
    FUZZ_LIBS=-fsanitize=fuzzer
    SANITIZE_CFLAGS="$SANITIZE_CFLAGS -fsanitize=fuzzer-no-link"
    AC_MSG_CHECKING([whether $CC has libFuzzer])
    xc_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -fsanitize=fuzzer"
    AC_LINK_IFELSE([AC_LANG_SOURCE([
#include <stddef.h>
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n);
int LLVMFuzzerTestOneInput(const unsigned char *p, size_t n)
{ (void)p; (void)n; return 0; }])], [AC_MSG_RESULT([yes])],
      [AC_MSG_RESULT([no])
       AC_MSG_ERROR([--enable-fuzz needs clang: ./configure CC=clang --enable-fuzz])])
    CFLAGS=$xc_save_CFLAGS
  ])
  AM_CONDITIONAL([WANT_FUZZER], [test "$enable_fuzz" = yes])
  AM_CONDITIONAL([WANT_SANITIZERS], [test "$xc_sanitize" = yes])
  AC_SUBST([SANITIZE_CFLAGS])
  AC_SUBST([SANITIZE_LDFLAGS])
  AC_SUBST([FUZZ_LIBS])
])
