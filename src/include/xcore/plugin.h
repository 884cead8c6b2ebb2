/* SPDX-License-Identifier: MIT */
/*
 * The plugin: the one object that a plugin's shared object exports.
 *
 *	static enum xc_err
 *	say_hello(struct xc_request *req)
 *	{
 *		return xc_reply_text(req, 200, "text/plain", "hello", 5);
 *	}
 *
 *	XC_PLUGIN(.operations = XC_OPERATIONS({ "say_hello", say_hello }));
 *
 * An operation is found by its name, which is the operationId in
 * openapi.json.  The host calls a plugin from one thread only, and never
 * while another call of the same process runs.
 */
#ifndef XCORE_PLUGIN_H
#define XCORE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include <xcore/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The binary interface.  A host takes a plugin of the same major number
 * whose minor number is not above its own.  Raise the minor number when
 * something is added, the major number when something changes or goes, and
 * say here when and why:
 *
 * 1.0	2026-11-23	the first one
 * 1.1	2026-11-23	<xcore/http.h>, <xcore/event.h>
 * 1.2	2026-11-23	<xcore/data.h>, <xcore/part.h>, <xcore/auth.h>, <xcore/site.h>
 * 1.3	2026-11-23	<xcore/account.h>, <xcore/admin.h>, <xcore/otp.h>,
 *			<xcore/plugins.h>, <xcore/security.h>; more in
 *			<xcore/auth.h>, <xcore/cache.h>, <xcore/db.h>,
 *			<xcore/reply.h>, <xcore/site.h>
 */
#define XC_ABI_MAJOR 1
#define XC_ABI_MINOR 3

/* "xcore" and a number, so that a foreign object is told from an old one. */
#define XC_PLUGIN_MAGIC UINT64_C(0x65726f6378000001)

/* The name and the type of the ELF note that holds plugin.json. */
#define XC_NOTE_NAME "xcore"
#define XC_NOTE_MANIFEST 1

struct xc_plugin;
struct xc_request;

/*
 * A handler replies with the functions of <xcore/reply.h> and returns XC_OK,
 * or returns an error without having replied (see <xcore/error.h>).  An
 * error after the reply was begun is logged; a streamed reply is cut short.
 */
typedef enum xc_err xc_handler(struct xc_request *req);

struct xc_operation {
	const char *name;	/* operationId */
	xc_handler *handler;
};

/*
 * The first four members say whether the rest can be trusted, and are read
 * from the file before any of its code runs.
 */
struct xc_plugin_object {
	uint64_t magic;		/* XC_PLUGIN_MAGIC */
	uint16_t abi_major;
	uint16_t abi_minor;
	uint32_t size;		/* of this struct */

	/* Ends with a row whose name is NULL. */
	const struct xc_operation *operations;

	/*
	 * Called once after loading, before any request.  May be NULL.  Any
	 * result but XC_OK, and the version before goes on serving; what
	 * start() made it must have undone itself then, stop() is not called.
	 * There is no request yet, so the database and the cache are not at
	 * hand; configuration and log are.
	 */
	enum xc_err (*start)(struct xc_plugin *plugin);

	/*
	 * Called after start() and before the switch: fill what makes the
	 * first request slow.  May be NULL.  Fails like start(), but stop()
	 * is called then.
	 */
	enum xc_err (*warm)(struct xc_plugin *plugin);

	/*
	 * Called when no request runs and none will.  May be NULL.  It must
	 * join its threads, delete its pthread keys and free what start()
	 * made; code that leaves a thread behind is never unmapped.
	 */
	void (*stop)(struct xc_plugin *plugin);
};

extern const struct xc_plugin_object xc_plugin_object;

/* A table of operations in place, with its end. */
#define XC_OPERATIONS(...)						\
	((const struct xc_operation[]){ __VA_ARGS__, { NULL, NULL } })

/* Defines the plugin's object; takes designated members. */
#define XC_PLUGIN(...)							\
	__attribute__((visibility("default"), used))			\
	const struct xc_plugin_object xc_plugin_object = {		\
		.magic = XC_PLUGIN_MAGIC,				\
		.abi_major = XC_ABI_MAJOR,				\
		.abi_minor = XC_ABI_MINOR,				\
		.size = sizeof(struct xc_plugin_object),		\
		__VA_ARGS__						\
	}

/* Name and version from the manifest; NUL-terminated, never NULL, valid
 * until stop() has returned. */
const char *xc_plugin_name(const struct xc_plugin *plugin);
const char *xc_plugin_version(const struct xc_plugin *plugin);

/* Path prefix, for example "/app/todo", without a slash at the end; "" for a
 * plugin with several, whose paths are whole. */
const char *xc_plugin_prefix(const struct xc_plugin *plugin);

/*
 * A pointer of the plugin's own, NULL at first, kept for it between start()
 * and stop().  Use it instead of globals.  The host never touches what it
 * points to.
 */
void xc_plugin_set_data(struct xc_plugin *plugin, void *data);
void *xc_plugin_data(const struct xc_plugin *plugin);

#ifdef __cplusplus
}
#endif
#endif
