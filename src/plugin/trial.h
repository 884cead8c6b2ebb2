/* SPDX-License-Identifier: MIT */
/*
 * What xc_trial_run() and the program xcore-trial say to each other: JSON,
 * one object a line, on this descriptor.
 *
 *	{"stage":"start()"}		ahead of each step
 *	{"ok":true,"warning":S}		the end; warning may be absent
 *	{"ok":false,"reason":S}
 *
 * Without the last line the trial has failed, whatever the exit status: a
 * plugin that calls exit(0) has not passed.
 */
#ifndef XC_TRIAL_H
#define XC_TRIAL_H

#define XC_TRIAL_RESULT_FD 3

#endif
