/* SPDX-License-Identifier: MIT */
/* All that a plugin may use, in one include.  See xcore-plugin(7). */
#ifndef XCORE_XCORE_H
#define XCORE_XCORE_H

#include <xcore/account.h>
#include <xcore/admin.h>
#include <xcore/arena.h>
#include <xcore/auth.h>
#include <xcore/cache.h>
#include <xcore/config.h>
#include <xcore/data.h>
#include <xcore/db.h>
#include <xcore/error.h>
#include <xcore/etag.h>
#include <xcore/event.h>
#include <xcore/http.h>
#include <xcore/json.h>
#include <xcore/log.h>
#include <xcore/otp.h>
#include <xcore/part.h>
#include <xcore/plugin.h>
#include <xcore/plugins.h>
#include <xcore/reply.h>
#include <xcore/request.h>
#include <xcore/security.h>
#include <xcore/site.h>

#endif
