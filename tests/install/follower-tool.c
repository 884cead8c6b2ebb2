/* SPDX-License-Identifier: MIT */
/*
 * A manager for the follower's tests: follower-tool CONFIG [BROKEN [safe]]
 *
 * Prints what the follower says, one message a line; sends it what comes on
 * stdin, one message a line; ends it when stdin ends.  It reports each
 * snapshot as applied by two workers, but for plugins whose "NAME VERSION"
 * is a line of the file BROKEN: those it reports as failed.  While there is
 * a file BROKEN.hold it reports nothing.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "plugin/follower.h"
#include "plugin/snapshot.h"

struct tool {
	struct xc_settings *settings;
	const char *broken;
	int fd;
};

static const char *
text_of(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;
	const char *text = NULL;

	if (json_object_object_get_ex(object, key, &value))
		text = json_object_get_string(value);
	return text != NULL ? text : "";
}

static bool
is_broken(const struct tool *tool, const char *name, const char *version)
{
	char wanted[200], line[200];
	bool found = false;
	FILE *file;

	file = tool->broken != NULL ? fopen(tool->broken, "r") : NULL;
	if (file == NULL)
		return false;
	snprintf(wanted, sizeof(wanted), "%s %s\n", name, version);
	while (!found && fgets(line, sizeof(line), file) != NULL)
		found = strcmp(line, wanted) == 0;
	fclose(file);
	return found;
}

static struct json_object *
report_row(const struct tool *tool, struct json_object *plugin)
{
	struct json_object *row = json_object_new_object();
	const char *name = text_of(plugin, "name");
	const char *version = text_of(plugin, "version");
	const char *state = text_of(plugin, "state");
	bool broken = is_broken(tool, name, version);

	if (strcmp(state, "enabled") == 0)
		state = "serving";
	json_object_object_add(row, "name", json_object_new_string(name));
	json_object_object_add(row, "version",
	    json_object_new_string(version));
	json_object_object_add(row, "state", json_object_new_string(
	    broken ? "failed" : state));
	json_object_object_add(row, "reason", json_object_new_string(
	    broken ? "start() failed in a worker" : ""));
	return row;
}

static bool
is_held(const struct tool *tool)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s.hold",
	    tool->broken != NULL ? tool->broken : "");
	return access(path, F_OK) == 0;
}

static void
send_applied(const struct tool *tool, const char *path)
{
	struct json_object *snapshot, *event, *list, *plugins = NULL;
	struct json_object *sequence = NULL;
	struct xc_errbuf errbuf;
	const char *text;

	if (is_held(tool))
		return;
	if (xc_snapshot_read(path, &snapshot, &errbuf) != XC_OK) {
		printf("{\"event\":\"unreadable\",\"reason\":\"%s\"}\n",
		    errbuf.text);
		return;
	}
	json_object_object_get_ex(snapshot, "plugins", &plugins);
	json_object_object_get_ex(snapshot, "sequence", &sequence);
	list = json_object_new_array();
	for (size_t i = 0; i < json_object_array_length(plugins); i++)
		json_object_array_add(list, report_row(tool,
		    json_object_array_get_idx(plugins, i)));
	event = json_object_new_object();
	json_object_object_add(event, "event",
	    json_object_new_string("applied"));
	json_object_object_add(event, "sequence", json_object_get(sequence));
	json_object_object_add(event, "workers", json_object_new_int(2));
	json_object_object_add(event, "pending", json_object_new_int(0));
	json_object_object_add(event, "plugins", list);
	text = json_object_to_json_string(event);
	if (send(tool->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
		perror("send");
	json_object_put(event);
	json_object_put(snapshot);
}

/* false: the follower has ended. */
static bool
hear(const struct tool *tool)
{
	static char text[1 << 20];
	ssize_t n = recv(tool->fd, text, sizeof(text) - 1, 0);
	struct json_object *message;

	if (n <= 0)
		return false;
	text[n] = '\0';
	printf("%s\n", text);
	fflush(stdout);
	message = json_tokener_parse(text);
	if (strcmp(text_of(message, "event"), "snapshot") == 0)
		send_applied(tool, text_of(message, "path"));
	json_object_put(message);
	return true;
}

static bool
pass_on(const struct tool *tool)
{
	static char line[4096];
	static size_t len;
	ssize_t n = read(STDIN_FILENO, line + len, sizeof(line) - len);
	char *end;

	if (n <= 0)
		return false;
	len += (size_t)n;
	while ((end = memchr(line, '\n', len)) != NULL) {
		size_t one = (size_t)(end - line);

		if (send(tool->fd, line, one, MSG_NOSIGNAL) < 0)
			return false;
		memmove(line, end + 1, len - one - 1);
		len -= one + 1;
	}
	return true;
}

static void
manage(const struct tool *tool)
{
	struct pollfd pfd[] = { { .fd = tool->fd, .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN } };
	char current[4096];

	xc_snapshot_current(tool->settings->server.state_dir, current,
	    sizeof(current));
	if (access(current, R_OK) == 0)
		send_applied(tool, current);
	while (poll(pfd, 2, -1) > 0) {
		if (pfd[0].revents != 0 && !hear(tool))
			return;
		if (pfd[1].revents != 0 && !pass_on(tool))
			return;
	}
}

int
main(int argc, char **argv)
{
	struct tool tool = { .broken = argc > 2 ? argv[2] : NULL };
	struct xc_errbuf errbuf;
	int pair[2], status = 0;
	pid_t child;

	if (argc < 2 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return 2;
	if (xc_settings_load(argv[1], &tool.settings, &errbuf) != XC_OK) {
		fprintf(stderr, "%s\n", errbuf.text);
		return 1;
	}
	child = fork();
	if (child < 0)
		return 1;
	if (child == 0) {
		close(pair[0]);
		exit(xc_follower_run(tool.settings, pair[1], argc > 3));
	}
	close(pair[1]);
	tool.fd = pair[0];
	printf("{\"event\":\"pid\",\"pid\":%ld}\n", (long)child);
	fflush(stdout);
	manage(&tool);
	close(pair[0]);
	waitpid(child, &status, 0);
	xc_settings_free(&tool.settings);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
