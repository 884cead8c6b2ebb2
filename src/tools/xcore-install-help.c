/* SPDX-License-Identifier: MIT */
/* The texts of --help. */
#include <stdio.h>
#include <string.h>

#include "tools/xcore-install.h"

static const struct {
	const char *verb;
	const char *text;
} texts[] = {
	{ "install",
	    "usage: xcore-install [install] [options] PLUGIN...\n"
	    "\n"
	    "Checks each PLUGIN (a folder, an .xcp file, or a name that the\n"
	    "registry or the distribution has), installs and enables it.\n"
	    "\n"
	    "  --wait           until every host serves it; a version that a\n"
	    "                   host rejects is rolled back (exit code 8)\n"
	    "  --replace        the same version with other files\n"
	    "  --allow-breaking take an update that breaks what the version\n"
	    "                   before promised to those who use it\n"
	    "  --version V      take that version, even if it is older\n"
	    "  --isolation L    run it at that level: inprocess, pool,\n"
	    "                   request, or as its manifest says: manifest\n"
	    "  --limit NAME=N   set a limit over its own; NAME=manifest takes\n"
	    "                   that back\n"
	    "  -y, --yes        yes to what it asks for\n"
	    "  -n, --dry-run    check all, change nothing\n"
	    "\n"
	    "examples:\n"
	    "  xcore-install --wait todo-1.2.0.xcp\n"
	    "  xcore-install ./todo ./notes\n"
	    "  xcore-install --dry-run --json todo-1.2.0.xcp\n" },
	{ "list",
	    "usage: xcore-install list [--json]\n"
	    "\n"
	    "Shows what is installed.\n"
	    "\n"
	    "examples:\n"
	    "  xcore-install list\n"
	    "  xcore-install list --json | jq -r '.data.plugins[].name'\n" },
	{ "status",
	    "usage: xcore-install status [NAME] [--json]\n"
	    "\n"
	    "Shows what is installed and, for each host, which generation it\n"
	    "has seen and serves, and what it rejects.\n"
	    "\n"
	    "example:\n"
	    "  xcore-install status todo\n" },
	{ "info",
	    "usage: xcore-install info NAME|FOLDER|FILE.xcp [--json]\n"
	    "\n"
	    "Shows manifest, versions and history of a plugin, or what is in\n"
	    "a package.\n"
	    "\n"
	    "examples:\n"
	    "  xcore-install info todo\n"
	    "  xcore-install info ./todo-1.2.0.xcp\n" },
	{ "enable",
	    "usage: xcore-install enable [options] NAME...\n"
	    "\n"
	    "Serves a disabled or a quarantined plugin again, or changes the\n"
	    "terms of one.\n"
	    "\n"
	    "  --isolation L    run it at that level: inprocess, pool,\n"
	    "                   request, or as its manifest says: manifest\n"
	    "  --limit NAME=N   set a limit over its own; NAME=manifest takes\n"
	    "                   that back\n"
	    "  -y, --yes        yes to what it asks for\n"
	    "\n"
	    "examples:\n"
	    "  xcore-install enable --wait todo\n"
	    "  xcore-install enable --isolation request todo\n" },
	{ "disable",
	    "usage: xcore-install disable [--wait] NAME...\n"
	    "\n"
	    "Answers 503 under the plugin's prefix until it is enabled.\n"
	    "\n"
	    "example:\n"
	    "  xcore-install disable todo\n" },
	{ "reload",
	    "usage: xcore-install reload [--wait] NAME...\n"
	    "\n"
	    "Loads what serves anew in each worker: its configuration is\n"
	    "read and its start() runs again, in new sandboxes.\n"
	    "\n"
	    "example:\n"
	    "  xcore-install reload --wait todo\n" },
	{ "update",
	    "usage: xcore-install update [options] PLUGIN...\n"
	    "\n"
	    "As install, for what is installed; a disabled plugin stays\n"
	    "disabled.  What breaks for those who use it is refused, unless\n"
	    "its major version is another.\n"
	    "\n"
	    "  --allow-breaking take it nevertheless\n"
	    "\n"
	    "example:\n"
	    "  xcore-install update --wait todo-1.3.0.xcp\n" },
	{ "rollback",
	    "usage: xcore-install rollback [--wait] [--keep-schema] NAME\n"
	    "\n"
	    "Goes back to the version before; once more returns.  When no host\n"
	    "serves the newer version any more, the migrations that it brought\n"
	    "are undone, if each has a down script; then only install with\n"
	    "--version brings it again.\n"
	    "\n"
	    "  --keep-schema    undo no migration\n"
	    "\n"
	    "example:\n"
	    "  xcore-install rollback --wait todo\n" },
	{ "remove",
	    "usage: xcore-install remove [--purge] [--yes] NAME...\n"
	    "\n"
	    "Removes the plugin and keeps its tables.\n"
	    "\n"
	    "  --purge          drop its tables and all its versions too\n"
	    "  -y, --yes        do not ask\n"
	    "\n"
	    "examples:\n"
	    "  xcore-install remove todo\n"
	    "  xcore-install remove --purge --yes todo\n" },
	{ "verify",
	    "usage: xcore-install verify [NAME] [--json]\n"
	    "\n"
	    "Proves by their hashes the packages in the registry and the\n"
	    "files in this host's store.\n"
	    "\n"
	    "example:\n"
	    "  xcore-install verify\n" },
	{ "gc",
	    "usage: xcore-install gc [--dry-run]\n"
	    "\n"
	    "Removes versions beyond reload.keep_versions, what nobody needs\n"
	    "of this host's store, and hosts not heard of for a day.\n"
	    "\n"
	    "example:\n"
	    "  xcore-install gc --dry-run\n" },
	{ "pack",
	    "usage: xcore-install pack [-o FILE] FOLDER\n"
	    "\n"
	    "Makes NAME-VERSION.xcp of a built plugin.\n"
	    "\n"
	    "example:\n"
	    "  xcore-install pack ./todo\n" },
	{ "build",
	    "usage: xcore-install build [--watch [--no-make]] FOLDER...\n"
	    "       xcore-install build --types [-o FILE] FOLDER\n"
	    "\n"
	    "Runs make in each folder; or writes NAME-types.h, the types of C "
	    "that\n"
	    "the folder's openapi.json has.\n"
	    "\n"
	    "  --watch          then install it, and do so at each save\n"
	    "  --no-make        watch the built files only\n"
	    "\n"
	    "example:\n"
	    "  xcore-install build --watch ./todo\n" },
	{ "check",
	    "usage: xcore-install check [--json] FOLDER|openapi.json\n"
	    "\n"
	    "Tells all that is wrong with openapi.json, each fault with its\n"
	    "place and what to do; of a folder, with plugin.json too.\n"
	    "\n"
	    "examples:\n"
	    "  xcore-install check ./todo\n"
	    "  xcore-install check --json ./todo | jq -r '.data.faults[]'\n" },
	{ "new",
	    "usage: xcore-install new NAME\n"
	    "\n"
	    "Writes the files of a plugin to begin with.\n"
	    "\n"
	    "example:\n"
	    "  xcore-install new todo && make -C todo\n" },
	{ "test",
	    "usage: xcore-install test [--json] FOLDER [SOURCES]\n"
	    "\n"
	    "Runs the requests in tests/*.json of a built plugin, in a\n"
	    "sandbox, with its services faked; no server is needed.  SOURCES\n"
	    "is the folder with tests/ if it is another one.\n"
	    "\n"
	    "example:\n"
	    "  xcore-install test ./todo\n" },
	{ "profile",
	    "usage: xcore-install profile [--no-make] FOLDER [SOURCES]\n"
	    "\n"
	    "Builds the plugin, runs its tests and shows the system calls,\n"
	    "paths and permissions that it used, beside what it asks for.\n"
	    "\n"
	    "  --no-make        as it is built\n"
	    "\n"
	    "examples:\n"
	    "  xcore-install profile ./todo\n"
	    "  xcore-install profile --json ./todo | jq .data.permissions\n" }
};

static const char general[] =
    "usage: xcore-install [VERB] [options] PLUGIN...\n"
    "\n"
    "verbs: install (if none is given), list, status, info, enable,\n"
    "       disable, reload, update, rollback, remove, verify, gc, pack,\n"
    "       build, check, new, test, profile\n"
    "\n"
    "  --wait           until every host serves the change\n"
    "  --timeout S      of --wait, 60 if not given\n"
    "  -n, --dry-run    check all, change nothing\n"
    "  --json           one object on stdout, on failure too\n"
    "  -y, --yes        do not ask\n"
    "  -q, --quiet      only errors\n"
    "  -v, --verbose    each step\n"
    "  --no-color       also: NO_COLOR in the environment\n"
    "  --config FILE    xcore.json\n"
    "  -h, --help       of the verb, if one is given\n"
    "  -V, --version    of this program\n"
    "\n"
    "exit codes: 0 done or already so, 1 failed, 2 usage, 3 not found,\n"
    "  4 dependency or conflict, 5 refused by policy, 6 not valid,\n"
    "  7 not applied everywhere in time, 8 rolled back\n"
    "\n"
    "examples:\n"
    "  xcore-install --wait todo-1.2.0.xcp\n"
    "  xcore-install list\n"
    "  xcore-install new todo\n"
    "\n"
    "See xcore-install(1).\n";

void
xc_tool_help(const char *verb)
{
	for (size_t i = 0; verb != NULL &&
	    i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (strcmp(texts[i].verb, verb) == 0) {
			fputs(texts[i].text, stdout);
			return;
		}
	}
	fputs(general, stdout);
}
