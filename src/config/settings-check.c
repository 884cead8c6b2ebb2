/* SPDX-License-Identifier: MIT */
/* What one value's type and range cannot tell. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <json-c/json.h>

#include "settings-private.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CAPITALS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static enum xc_err
refuse(const struct xc_settings *settings, const char *section,
    const char *key, struct xc_errbuf *errbuf, const char *why)
{
	const struct xc_setting *setting = xc_setting_find(section, key);
	struct xc_settings_origin *from =
	    &settings->origins[setting - xc_settings_table];
	struct xc_place place = { from->from, from->line, from->column };

	if (place.file == NULL)
		place.file = settings->file;
	return xc_fail_at(errbuf, &place, section, key, "%s", why);
}

static bool
made_of(const char *text, const char *letters, size_t min, size_t max)
{
	size_t len = strlen(text);

	return len >= min && len <= max && strspn(text, letters) == len;
}

static enum xc_err
check_server(struct xc_settings *s, struct xc_errbuf *errbuf)
{
	struct sockaddr_un sun;
	char *control;

	if (*s->server.state_dir == '\0')
		return refuse(s, "server", "state_dir", errbuf,
		    "a folder is needed");
	if (*s->server.run_dir == '\0')
		return refuse(s, "server", "run_dir", errbuf,
		    "a folder is needed");
	if (*s->server.control == '\0') {
		const struct xc_setting *setting =
		    xc_setting_find("server", "control");

		if (asprintf(&control, "%s/control.sock",
		    s->server.run_dir) < 0)
			return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
		free(s->origins[setting - xc_settings_table].string);
		s->origins[setting - xc_settings_table].string = control;
		s->server.control = control;
	}
	if (strlen(s->server.control) >= sizeof(sun.sun_path))
		return refuse(s, "server", "control", errbuf,
		    "longer than the 107 bytes of a socket's path");
	return XC_OK;
}

static enum xc_err
check_fastcgi(struct xc_settings *s, struct xc_errbuf *errbuf)
{
	const struct xc_setting *setting =
	    xc_setting_find("fastcgi", "body_dir");
	char *dir;

	if (*s->fastcgi.body_dir != '\0')
		return XC_OK;
	if (asprintf(&dir, "%s/tmp", s->server.state_dir) < 0)
		return xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	free(s->origins[setting - xc_settings_table].string);
	s->origins[setting - xc_settings_table].string = dir;
	s->fastcgi.body_dir = dir;
	return XC_OK;
}

static enum xc_err
check_database(struct xc_settings *s, struct xc_errbuf *errbuf)
{
	if (*s->database.socket == '\0' && *s->database.host == '\0')
		return refuse(s, "database", "host", errbuf,
		    "needed when database.socket is empty");
	if (!made_of(s->database.name, LETTERS CAPITALS DIGITS "_", 1, 64))
		return refuse(s, "database", "name", errbuf,
		    "a schema's name has 1 to 64 of A-Z, a-z, 0-9, '_'");
	if (!made_of(s->database.plugin_schema_prefix, LETTERS DIGITS "_", 1,
	    31))
		return refuse(s, "database", "plugin_schema_prefix", errbuf,
		    "1 to 31 of a-z, 0-9, '_' expected");
	if (*s->database.user == '\0')
		return refuse(s, "database", "user", errbuf, "needed");
	if (*s->database.plugin_user == '\0')
		return refuse(s, "database", "plugin_user", errbuf, "needed");
	return XC_OK;
}

static bool
server_valid(const char *server)
{
	const char *colon = strrchr(server, ':');
	struct sockaddr_un sun;
	long port;
	char *end;

	if (*server == '/')
		return strlen(server) < sizeof(sun.sun_path);
	if (colon == NULL || colon == server || colon - server > 255)
		return false;
	if (strcspn(server, " \t\r\n/,") != strlen(server))
		return false;
	port = strtol(colon + 1, &end, 10);
	return made_of(colon + 1, DIGITS, 1, 5) && *end == '\0' && port > 0 &&
	    port < 65536;
}

static enum xc_err
check_cache(struct xc_settings *s, struct xc_errbuf *errbuf)
{
	size_t i;

	if (!made_of(s->cache.prefix, LETTERS CAPITALS DIGITS "._-", 1, 32))
		return refuse(s, "cache", "prefix", errbuf,
		    "1 to 32 of A-Z, a-z, 0-9, '.', '_', '-' expected");
	for (i = 0; i < json_object_array_length(s->cache.servers); i++)
		if (!server_valid(json_object_get_string(
		    json_object_array_get_idx(s->cache.servers, i))))
			return refuse(s, "cache", "servers", errbuf,
			    "each is a socket's absolute path or host:port");
	return XC_OK;
}

static enum xc_err
check_log(struct xc_settings *s, struct xc_errbuf *errbuf)
{
	if (strcmp(s->log.sink, "file") == 0 && *s->log.file == '\0')
		return refuse(s, "log", "file", errbuf,
		    "needed when log.sink is \"file\"");
	return XC_OK;
}

static enum xc_err
check_middleware(struct xc_settings *s, struct xc_errbuf *errbuf)
{
	struct xc_middleware *middleware;
	enum xc_err err = xc_middleware_read(&s->middleware, &middleware,
	    errbuf);

	xc_middleware_free(&middleware);
	return err;
}

enum xc_err
xc_settings_check(struct xc_settings *settings, struct xc_errbuf *errbuf)
{
	enum xc_err err;

	err = check_server(settings, errbuf);
	if (err == XC_OK)
		err = check_fastcgi(settings, errbuf);
	if (err == XC_OK)
		err = check_database(settings, errbuf);
	if (err == XC_OK)
		err = check_cache(settings, errbuf);
	if (err == XC_OK)
		err = check_log(settings, errbuf);
	if (err == XC_OK)
		err = check_middleware(settings, errbuf);
	return err;
}
