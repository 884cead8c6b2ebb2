/* SPDX-License-Identifier: MIT */
/* The inside of xcore-install(1): one file for each group of verbs. */
#ifndef XC_TOOL_INSTALL_H
#define XC_TOOL_INSTALL_H

#include <stdbool.h>

#include "plugin/installer.h"

struct json_object;

struct xc_tool {
	/* The command line. */
	const char *verb;
	bool implied;		/* "install", since no verb was given */
	int argc;		/* operands behind the verb */
	char **argv;
	const char *config;
	const char *version;
	const char *output;
	bool json;
	bool yes;
	bool quiet;
	bool verbose;
	bool dry_run;
	bool replace;
	bool allow_breaking;
	bool keep_schema;
	bool wait;
	bool purge;
	bool watch;
	bool no_make;
	bool types;
	int64_t timeout_ms;
	const char *isolation;	/* "": as plugin.json says; NULL: not given */
	struct json_object *limits;	/* {"cpu_ms":200,"rate":null} or NULL */

	bool progress;		/* stderr is for a person */
	bool colour;
	struct xc_settings *settings;
	struct xc_installer *installer;
	struct json_object *data;	/* of the answer */
	struct xc_errbuf errbuf;	/* of the answer, if it failed */
};

struct xc_verb {
	const char *name;
	int min;		/* operands */
	int max;		/* -1: any number */
	bool registry;		/* needs settings and MariaDB */
	enum xc_exit (*run)(struct xc_tool *tool);
};

/* Ends with a row without a name. */
extern const struct xc_verb xc_tool_verbs[];

enum xc_exit xc_tool_install(struct xc_tool *tool);
enum xc_exit xc_tool_update(struct xc_tool *tool);
enum xc_exit xc_tool_enable(struct xc_tool *tool);
enum xc_exit xc_tool_disable(struct xc_tool *tool);
enum xc_exit xc_tool_reload(struct xc_tool *tool);
enum xc_exit xc_tool_rollback(struct xc_tool *tool);
enum xc_exit xc_tool_remove(struct xc_tool *tool);
enum xc_exit xc_tool_verify(struct xc_tool *tool);
enum xc_exit xc_tool_gc(struct xc_tool *tool);
enum xc_exit xc_tool_list(struct xc_tool *tool);
enum xc_exit xc_tool_status(struct xc_tool *tool);
enum xc_exit xc_tool_info(struct xc_tool *tool);
enum xc_exit xc_tool_pack(struct xc_tool *tool);
enum xc_exit xc_tool_build(struct xc_tool *tool);
enum xc_exit xc_tool_check(struct xc_tool *tool);
enum xc_exit xc_tool_new(struct xc_tool *tool);
enum xc_exit xc_tool_test(struct xc_tool *tool);
enum xc_exit xc_tool_profile(struct xc_tool *tool);

/* build --types. */
enum xc_exit xc_tool_types(struct xc_tool *tool);

/* Makes a file, in place of one that is there, at once. */
enum xc_err xc_tool_write_file(const char *path, const void *data, size_t len,
    struct xc_errbuf *errbuf);

/* Makes settings and installer; a fault is in tool->errbuf. */
enum xc_exit xc_tool_open(struct xc_tool *tool);

/* A line for a person on stderr, unless -q. */
void xc_tool_warn(const struct xc_tool *tool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* After a refusal: shows what the data lists of it, "faults" and "breaking",
 * and makes the sentence short where these tell more. */
void xc_tool_refused(const struct xc_tool *tool,
    const struct json_object *data, struct xc_errbuf *errbuf);

/* Adds to "not found" the name, or verb, that is nearest to this one. */
void xc_tool_suggest(struct xc_tool *tool, const char *name,
    struct xc_errbuf *errbuf);

/* Members of rows, for printing: "" and 0 if they are not there. */
const char *xc_tool_text(const struct json_object *row, const char *key);
long long xc_tool_number(const struct json_object *row, const char *key);

/* xcore-install-terms.c */

/* --isolation and --limit; false: errbuf says what they take. */
bool xc_tool_take_isolation(struct xc_tool *tool, const char *text);
bool xc_tool_take_limit(struct xc_tool *tool, const char *text);

/* Asks the person at the terminal; see accept() of the installer. */
bool xc_tool_accept(void *ctx, const struct json_object *asks);

/* Adds to a plugin's row on which terms it runs, and prints them. */
void xc_tool_add_terms(const struct xc_tool *tool, struct json_object *row,
    const struct xc_registry_plugin *plugin);
void xc_tool_print_terms(const struct json_object *row);

/* In buf, which is returned: " (HASH)" where a plugin's row has two versions
 * of one name, so that their number does not say which one is meant; else
 * "".  one is of the row's "quarantined". */
const char *xc_tool_which(const struct json_object *row,
    const struct json_object *one, char *buf, size_t size);

/* The help for a verb; NULL: of all. */
void xc_tool_help(const char *verb);

#endif
