/* SPDX-License-Identifier: MIT */
/* What was probably meant by a name that nothing has. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "config/near.h"
#include "tools/xcore-install.h"

struct guess {
	struct xc_near near;
	char word[64];		/* "" if nothing is near */
};

static void
try_word(struct guess *guess, const char *word)
{
	if (strlen(word) < sizeof(guess->word) &&
	    xc_near_try(&guess->near, word, 0))
		strcpy(guess->word, word);
}

static void
try_installed(struct guess *guess, struct xc_tool *tool)
{
	struct xc_registry_view *view;
	struct xc_errbuf ignored;

	if (xc_registry_read(xc_installer_registry(tool->installer), &view,
	    &ignored) != XC_OK)
		return;
	for (size_t i = 0; i < view->n; i++)
		try_word(guess, view->plugins[i].name);
	xc_registry_view_free(&view);
}

static void
try_shipped(struct guess *guess)
{
	DIR *dir = opendir(PLUGINDIR);
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			try_word(guess, entry->d_name);
	}
	closedir(dir);
}

void
xc_tool_suggest(struct xc_tool *tool, const char *name,
    struct xc_errbuf *errbuf)
{
	struct guess guess = { .word = "" };
	size_t len = strlen(errbuf->text);

	/* A path names no plugin. */
	if (strpbrk(name, "/.") != NULL)
		return;
	xc_near_init(&guess.near, name);
	if (tool->implied && name == tool->argv[0]) {
		for (const struct xc_verb *verb = xc_tool_verbs;
		    verb->name != NULL; verb++)
			try_word(&guess, verb->name);
	}
	if (tool->installer != NULL)
		try_installed(&guess, tool);
	if (strcmp(tool->verb, "install") == 0)
		try_shipped(&guess);
	if (guess.word[0] != '\0' && strcmp(guess.word, name) != 0)
		snprintf(errbuf->text + len, sizeof(errbuf->text) - len,
		    "; did you mean \"%s\"?", guess.word);
}
