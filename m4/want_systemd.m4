dnl SPDX-License-Identifier: MIT
dnl XC_WANT_SYSTEMD: where units, sysusers.d, tmpfiles.d and logrotate's
dnl files go.  Their places lie under the prefix unless said, so that an
dnl installation into one's home writes nothing elsewhere; a package gives
dnl them.  "no" leaves that kind out.
AC_DEFUN([XC_WANT_DIR], [
  AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=DIR],
    [$3, or "no" @<:@$2@:>@])], [AS_CASE([$withval],
      [yes], [$1='$2'], [$1=$withval])], [$1='$2'])
  AC_SUBST([$1])
  AM_CONDITIONAL([WANT_]m4_toupper([$1]), [test "$$1" != no])
])
AC_DEFUN([XC_WANT_SYSTEMD], [
  XC_WANT_DIR([systemdsystemunitdir], [${prefix}/lib/systemd/system],
    [systemd's units])
  XC_WANT_DIR([sysusersdir], [${prefix}/lib/sysusers.d], [sysusers.d])
  XC_WANT_DIR([tmpfilesdir], [${prefix}/lib/tmpfiles.d], [tmpfiles.d])
  XC_WANT_DIR([logrotatedir], [${sysconfdir}/logrotate.d],
    [logrotate's files])
])
