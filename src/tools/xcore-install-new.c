/* SPDX-License-Identifier: MIT */
/* "new": the files of a plugin to begin with. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "plugin/file.h"
#include "tools/xcore-install.h"
#include "types/name.h"

/* In names and texts, @NAME@ is the plugin's name, and @IDENT@ what its types
 * of C begin with. */
static const struct {
	const char *name;
	const char *text;
} files[] = {
	{ "plugin.json",
	    "{\n"
	    "\t\"name\": \"@NAME@\",\n"
	    "\t\"version\": \"0.1.0\",\n"
	    "\t\"author\": \"Who writes @NAME@\",\n"
	    "\t\"description\": \"What @NAME@ does\",\n"
	    "\t\"license\": \"MIT\",\n"
	    "\t\"requires\": { \"xcore\": \">=0.1.0\" },\n"
	    "\t\"permissions\": [\"database\"],\n"
	    "\t\"config\": {\n"
	    "\t\t\"type\": \"object\",\n"
	    "\t\t\"properties\": {\n"
	    "\t\t\t\"greeting\": { \"type\": \"string\", "
	    "\"default\": \"hello\" }\n"
	    "\t\t}\n"
	    "\t}\n"
	    "}\n" },
	{ "openapi.json",
	    "{\n"
	    "\t\"openapi\": \"3.1.0\",\n"
	    "\t\"info\": { \"title\": \"@NAME@\", \"version\": \"0.1.0\" },\n"
	    "\t\"paths\": {\n"
	    "\t\t\"/\": {\n"
	    "\t\t\t\"get\": {\n"
	    "\t\t\t\t\"operationId\": \"say_hello\",\n"
	    "\t\t\t\t\"summary\": \"A greeting\",\n"
	    "\t\t\t\t\"responses\": {\n"
	    "\t\t\t\t\t\"200\": {\n"
	    "\t\t\t\t\t\t\"description\": \"The greeting\",\n"
	    "\t\t\t\t\t\t\"content\": { \"text/plain\": { \"schema\": { "
	    "\"type\": \"string\" } } }\n"
	    "\t\t\t\t\t}\n"
	    "\t\t\t\t}\n"
	    "\t\t\t}\n"
	    "\t\t},\n"
	    "\t\t\"/notes\": {\n"
	    "\t\t\t\"get\": {\n"
	    "\t\t\t\t\"operationId\": \"list_notes\",\n"
	    "\t\t\t\t\"summary\": \"The first notes\",\n"
	    "\t\t\t\t\"parameters\": [\n"
	    "\t\t\t\t\t{\n"
	    "\t\t\t\t\t\t\"name\": \"limit\",\n"
	    "\t\t\t\t\t\t\"in\": \"query\",\n"
	    "\t\t\t\t\t\t\"schema\": { \"type\": \"integer\", \"minimum\": 1, "
	    "\"maximum\": 100, \"default\": 20 }\n"
	    "\t\t\t\t\t}\n"
	    "\t\t\t\t],\n"
	    "\t\t\t\t\"responses\": {\n"
	    "\t\t\t\t\t\"200\": {\n"
	    "\t\t\t\t\t\t\"description\": \"The notes\",\n"
	    "\t\t\t\t\t\t\"content\": { \"application/json\": { \"schema\": {\n"
	    "\t\t\t\t\t\t\t\"type\": \"array\",\n"
	    "\t\t\t\t\t\t\t\"items\": { \"$ref\": "
	    "\"#/components/schemas/Note\" }\n"
	    "\t\t\t\t\t\t} } }\n"
	    "\t\t\t\t\t}\n"
	    "\t\t\t\t}\n"
	    "\t\t\t},\n"
	    "\t\t\t\"post\": {\n"
	    "\t\t\t\t\"operationId\": \"create_note\",\n"
	    "\t\t\t\t\"summary\": \"Write a note\",\n"
	    "\t\t\t\t\"requestBody\": {\n"
	    "\t\t\t\t\t\"required\": true,\n"
	    "\t\t\t\t\t\"content\": { \"application/json\": { \"schema\": {\n"
	    "\t\t\t\t\t\t\"$ref\": \"#/components/schemas/NewNote\"\n"
	    "\t\t\t\t\t} } }\n"
	    "\t\t\t\t},\n"
	    "\t\t\t\t\"responses\": {\n"
	    "\t\t\t\t\t\"201\": {\n"
	    "\t\t\t\t\t\t\"description\": \"The note as it was written\",\n"
	    "\t\t\t\t\t\t\"content\": { \"application/json\": { \"schema\": {\n"
	    "\t\t\t\t\t\t\t\"$ref\": \"#/components/schemas/Note\"\n"
	    "\t\t\t\t\t\t} } }\n"
	    "\t\t\t\t\t}\n"
	    "\t\t\t\t}\n"
	    "\t\t\t}\n"
	    "\t\t}\n"
	    "\t},\n"
	    "\t\"components\": {\n"
	    "\t\t\"schemas\": {\n"
	    "\t\t\t\"NewNote\": {\n"
	    "\t\t\t\t\"type\": \"object\",\n"
	    "\t\t\t\t\"required\": [\"text\"],\n"
	    "\t\t\t\t\"properties\": {\n"
	    "\t\t\t\t\t\"text\": { \"type\": \"string\", \"minLength\": 1, "
	    "\"maxLength\": 255 }\n"
	    "\t\t\t\t},\n"
	    "\t\t\t\t\"additionalProperties\": false\n"
	    "\t\t\t},\n"
	    "\t\t\t\"Note\": {\n"
	    "\t\t\t\t\"type\": \"object\",\n"
	    "\t\t\t\t\"required\": [\"id\", \"text\"],\n"
	    "\t\t\t\t\"properties\": {\n"
	    "\t\t\t\t\t\"id\": { \"type\": \"integer\" },\n"
	    "\t\t\t\t\t\"text\": { \"type\": \"string\" }\n"
	    "\t\t\t\t}\n"
	    "\t\t\t}\n"
	    "\t\t}\n"
	    "\t}\n"
	    "}\n" },
	{ "@NAME@.c",
	    "#include <xcore/xcore.h>\n"
	    "\n"
	    "/* The structs of openapi.json; make writes them. */\n"
	    "#include \"@NAME@-types.h\"\n"
	    "\n"
	    "static enum xc_err\n"
	    "say_hello(struct xc_request *req)\n"
	    "{\n"
	    "\treturn xc_reply_text(req, 200, \"text/plain\", \"hello\\n\", "
	    "6);\n"
	    "}\n"
	    "\n"
	    "/* What a handler reads was checked by openapi.json before; an "
	    "error that it\n"
	    " * returns becomes problem+json. */\n"
	    "static enum xc_err\n"
	    "list_notes(struct xc_request *req)\n"
	    "{\n"
	    "\tstruct json_object *rows;\n"
	    "\tenum xc_err err;\n"
	    "\n"
	    "\terr = xc_db_rows(req, &rows,\n"
	    "\t    \"SELECT id, text FROM note ORDER BY id LIMIT ?\",\n"
	    "\t    XC_ARGS(xc_int(xc_param_int(req, \"limit\"))));\n"
	    "\tif (err != XC_OK)\n"
	    "\t\treturn err;\n"
	    "\treturn xc_reply_json(req, 200, json_object_get(rows));\n"
	    "}\n"
	    "\n"
	    "static enum xc_err\n"
	    "create_note(struct xc_request *req)\n"
	    "{\n"
	    "\tstruct @IDENT@_new_note new_note;\n"
	    "\tstruct @IDENT@_note note;\n"
	    "\tstruct xc_db_result result;\n"
	    "\tstruct json_object *reply;\n"
	    "\tenum xc_err err;\n"
	    "\n"
	    "\terr = @IDENT@_new_note_read(req, xc_body(req), &new_note);\n"
	    "\tif (err != XC_OK)\n"
	    "\t\treturn err;\n"
	    "\terr = xc_db_exec(req, &result, \"INSERT INTO note (text) VALUES "
	    "(?)\",\n"
	    "\t    XC_ARGS(xc_text(new_note.text)));\n"
	    "\tif (err != XC_OK)\n"
	    "\t\treturn err;\n"
	    "\tnote.id = (int64_t)result.last_id;\n"
	    "\tnote.text = new_note.text;\n"
	    "\treply = @IDENT@_note_json(&note);\n"
	    "\treturn reply != NULL ? xc_reply_json(req, 201, reply) : "
	    "XC_ERR_NOMEM;\n"
	    "}\n"
	    "\n"
	    "/* The names are the operationIds of openapi.json. */\n"
	    "XC_PLUGIN(.operations = XC_OPERATIONS(\n"
	    "    { \"say_hello\", say_hello },\n"
	    "    { \"list_notes\", list_notes },\n"
	    "    { \"create_note\", create_note }));\n" },
	{ "Makefile",
	    "XCORE_CONFIG ?= xcore-config\n"
	    "TYPES = yes\n"
	    "include $(shell $(XCORE_CONFIG) --plugin-mk)\n" },
	{ "sql/0001_create.up.sql",
	    "CREATE TABLE note (\n"
	    "\tid BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,\n"
	    "\ttext VARCHAR(255) NOT NULL\n"
	    ") ENGINE=InnoDB;\n" },
	{ "sql/0001_create.down.sql",
	    "DROP TABLE note;\n" },
	{ "tests/requests.json",
	    "[\n"
	    "\t{\n"
	    "\t\t\"name\": \"says hello\",\n"
	    "\t\t\"path\": \"/\",\n"
	    "\t\t\"expect\": { \"status\": 200, \"body\": \"hello\\n\" }\n"
	    "\t},\n"
	    "\t{\n"
	    "\t\t\"name\": \"lists the notes\",\n"
	    "\t\t\"path\": \"/notes\",\n"
	    "\t\t\"database\": [\n"
	    "\t\t\t{ \"args\": [20], \"rows\": [{ \"id\": 1, \"text\": \"one\" "
	    "}] }\n"
	    "\t\t],\n"
	    "\t\t\"expect\": { \"status\": 200, \"json\": [{ \"text\": \"one\" "
	    "}] }\n"
	    "\t},\n"
	    "\t{\n"
	    "\t\t\"name\": \"writes a note\",\n"
	    "\t\t\"method\": \"POST\",\n"
	    "\t\t\"path\": \"/notes\",\n"
	    "\t\t\"body\": { \"text\": \"two\" },\n"
	    "\t\t\"database\": [\n"
	    "\t\t\t{ \"args\": [\"two\"], \"affected\": 1, \"last_id\": 2 }\n"
	    "\t\t],\n"
	    "\t\t\"expect\": { \"status\": 201, \"json\": { \"id\": 2, "
	    "\"text\": \"two\" } }\n"
	    "\t},\n"
	    "\t{\n"
	    "\t\t\"name\": \"writes no note without a text\",\n"
	    "\t\t\"method\": \"POST\",\n"
	    "\t\t\"path\": \"/notes\",\n"
	    "\t\t\"body\": { \"text\": \"\" },\n"
	    "\t\t\"expect\": { \"status\": 422, \"contains\": \"/text\" }\n"
	    "\t}\n"
	    "]\n" },
	{ "README.md",
	    "# @NAME@\n"
	    "\n"
	    "A plugin for xcore, served under `/app/@NAME@/`.\n"
	    "\n"
	    "    make check\n"
	    "    xcore-install --wait .\n"
	    "    curl http://127.0.0.1:8080/app/@NAME@/\n"
	    "    curl -H 'Content-Type: application/json' -d "
	    "'{\"text\":\"one\"}' \\\n"
	    "        http://127.0.0.1:8080/app/@NAME@/notes\n"
	    "\n"
	    "`openapi.json` says what a request may be; the structs that it "
	    "has in C are in\n"
	    "`@NAME@-types.h`, which make writes.\n"
	    "\n"
	    "While you write, `xcore-install build --watch .` rebuilds and\n"
	    "installs at each save.  See xcore-plugin(7).\n" },
	{ ".gitignore", "*.o\n*.so\n*.d\n*.xcp\n*-types.h\n" }
};

/* A copy of text with the marks replaced. */
static char *
fill_in(const char *text, const char *name)
{
	char prefix[XC_NAME_MAX];
	const struct {
		const char *mark;
		const char *word;
	} marks[] = { { "@NAME@", name },
		{ "@IDENT@", xc_name_prefix(name, prefix) } };
	char *out = NULL;
	size_t len = 0;
	FILE *file = open_memstream(&out, &len);
	size_t i;

	if (file == NULL)
		return NULL;
	while (*text != '\0') {
		for (i = 0; i < 2; i++)
			if (strncmp(text, marks[i].mark,
			    strlen(marks[i].mark)) == 0)
				break;
		if (i < 2) {
			fputs(marks[i].word, file);
			text += strlen(marks[i].mark);
		} else {
			fputc(*text++, file);
		}
	}
	if (fclose(file) != 0) {
		free(out);
		return NULL;
	}
	return out;
}

static enum xc_err
write_file(int dir, size_t i, const char *name, struct xc_errbuf *errbuf)
{
	char *file = fill_in(files[i].name, name);
	char *text = fill_in(files[i].text, name);
	enum xc_err err;

	if (file == NULL || text == NULL)
		err = xc_fail(errbuf, XC_ERR_NOMEM, "out of memory");
	else
		err = xc_file_write_at(dir, file, 0644, text, strlen(text),
		    errbuf);
	free(file);
	free(text);
	return err;
}

static enum xc_err
write_files(const char *folder, const char *name, struct xc_errbuf *errbuf)
{
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum xc_err err = XC_OK;

	if (dir < 0 || mkdirat(dir, "sql", 0777) != 0 ||
	    mkdirat(dir, "tests", 0777) != 0)
		err = xc_fail(errbuf, XC_ERR_IO, "cannot make the folders of "
		    "%s: %s", folder, strerror(errno));
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) &&
	    err == XC_OK; i++)
		err = write_file(dir, i, name, errbuf);
	if (dir >= 0)
		close(dir);
	return err;
}

/* The last part of the path is the name. */
static enum xc_err
make_plugin(struct xc_tool *tool, const char *path)
{
	char folder[PATH_MAX];
	const char *name;
	size_t len = strlen(path);
	enum xc_err err;

	if (len >= sizeof(folder))
		return xc_fail(&tool->errbuf, XC_ERR_INVALID,
		    "the path is too long");
	memcpy(folder, path, len + 1);
	while (len > 1 && folder[len - 1] == '/')
		folder[--len] = '\0';
	name = strrchr(folder, '/');
	name = name != NULL ? name + 1 : folder;
	if (!xc_plugin_name_ok(name))
		return xc_fail(&tool->errbuf, XC_ERR_INVALID,
		    "\"%s\" cannot be a plugin's name: small letters, "
		    "digits, - and _, a letter first, at most 32", name);
	if (mkdir(folder, 0777) != 0)
		return xc_fail(&tool->errbuf, errno == EEXIST ?
		    XC_ERR_EXISTS : XC_ERR_IO, "cannot make %s: %s", folder,
		    strerror(errno));
	err = write_files(folder, name, &tool->errbuf);
	if (err != XC_OK)
		return err;
	tool->data = json_object_new_object();
	json_object_object_add(tool->data, "folder",
	    json_object_new_string(folder));
	if (!tool->json && !tool->quiet)
		printf("%s is made; \"xcore-install build --watch %s\" builds "
		    "and installs it\n", folder, folder);
	return XC_OK;
}

enum xc_exit
xc_tool_new(struct xc_tool *tool)
{
	return xc_exit_of(make_plugin(tool, tool->argv[0]));
}
