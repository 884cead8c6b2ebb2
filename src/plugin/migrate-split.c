/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/migrate-split.h"

struct splitter {
	const char *at;
	const char *end;
	unsigned line;
	struct xc_errbuf *errbuf;
	struct xc_sql_statement *rows;
	size_t n;
	size_t room;
};

/* Words of a statement, in a copy in upper case, for a look at its head. */
#define HEAD_WORDS 6
#define HEAD_WORD_MAX 24

struct head {
	char words[HEAD_WORDS][HEAD_WORD_MAX];
	size_t n;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
	    c == '\v';
}

static bool
is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

static char
peek(const struct splitter *s, size_t ahead)
{
	return (size_t)(s->end - s->at) > ahead ? s->at[ahead] : '\0';
}

static void
advance(struct splitter *s)
{
	if (*s->at == '\n')
		s->line++;
	s->at++;
}

/* The text of a comment that the server runs belongs to the statement. */
static bool
is_executable_comment(const struct splitter *s)
{
	return peek(s, 2) == '!' || (peek(s, 2) == 'M' && peek(s, 3) == '!');
}

static bool
at_line_comment(const struct splitter *s)
{
	char third = peek(s, 2);

	if (peek(s, 0) == '#')
		return true;
	return peek(s, 0) == '-' && peek(s, 1) == '-' &&
	    (third == '\0' || is_blank(third));
}

static bool
at_block_comment(const struct splitter *s)
{
	return peek(s, 0) == '/' && peek(s, 1) == '*';
}

static void
skip_line_comment(struct splitter *s)
{
	while (s->at < s->end && *s->at != '\n')
		advance(s);
}

static enum xc_err
skip_block_comment(struct splitter *s)
{
	unsigned line = s->line;

	s->at += 2;
	while (s->at < s->end) {
		if (peek(s, 0) == '*' && peek(s, 1) == '/') {
			s->at += 2;
			return XC_OK;
		}
		advance(s);
	}
	return xc_fail(s->errbuf, XC_ERR_INVALID,
	    "line %u: the comment that begins here has no end", line);
}

static enum xc_err
skip_quoted(struct splitter *s)
{
	char quote = *s->at;
	unsigned line = s->line;

	s->at++;
	while (s->at < s->end) {
		if (*s->at == '\\' && quote != '`' && s->at + 1 < s->end) {
			s->at++;
		} else if (*s->at == quote) {
			s->at++;
			if (s->at == s->end || *s->at != quote)
				return XC_OK;
		}
		advance(s);
	}
	return xc_fail(s->errbuf, XC_ERR_INVALID,
	    "line %u: the quote %c that begins here has no end", line, quote);
}

/* Skips blanks and comments between statements. */
static enum xc_err
skip_between(struct splitter *s)
{
	enum xc_err err;

	while (s->at < s->end) {
		if (is_blank(*s->at)) {
			advance(s);
		} else if (at_line_comment(s)) {
			skip_line_comment(s);
		} else if (at_block_comment(s) && !is_executable_comment(s)) {
			err = skip_block_comment(s);
			if (err != XC_OK)
				return err;
		} else {
			break;
		}
	}
	return XC_OK;
}

/* Moves to the semicolon or the end; *last_r is behind the last byte that is
 * not blank nor comment. */
static enum xc_err
skip_statement(struct splitter *s, const char **last_r)
{
	enum xc_err err = XC_OK;

	while (s->at < s->end && *s->at != ';' && err == XC_OK) {
		char c = *s->at;

		if (c == '\'' || c == '"' || c == '`') {
			err = skip_quoted(s);
		} else if (at_line_comment(s)) {
			skip_line_comment(s);
			continue;
		} else if (at_block_comment(s)) {
			bool counts = is_executable_comment(s);

			err = skip_block_comment(s);
			if (!counts)
				continue;
		} else {
			advance(s);
			if (is_blank(c))
				continue;
		}
		*last_r = s->at;
	}
	return err;
}

static char
upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* Copies the first words; what is no word ends the reading. */
static void
read_head(const struct xc_sql_statement *statement, struct head *head_r)
{
	struct splitter s = { .at = statement->text,
		.end = statement->text + statement->len };

	memset(head_r, 0, sizeof(*head_r));
	while (head_r->n < HEAD_WORDS && skip_between(&s) == XC_OK &&
	    s.at < s.end && is_word(*s.at)) {
		char *word = head_r->words[head_r->n++];
		size_t len = 0;

		for (; s.at < s.end && is_word(*s.at); s.at++) {
			if (len + 1 < HEAD_WORD_MAX)
				word[len++] = upper(*s.at);
		}
	}
}

static bool
word_in(const char *word, const char *const *list)
{
	for (; *list != NULL; list++) {
		if (strcmp(word, *list) == 0)
			return true;
	}
	return false;
}

static bool
any_word_in(const struct head *head, const char *const *list)
{
	for (size_t i = 1; i < head->n; i++) {
		if (word_in(head->words[i], list))
			return true;
	}
	return false;
}

/* Whether the word BEGIN stands in the statement outside of quotes. */
static bool
has_begin(const struct xc_sql_statement *statement)
{
	struct splitter s = { .at = statement->text,
		.end = statement->text + statement->len };

	while (s.at < s.end) {
		const char *from = s.at;

		if (*s.at == '\'' || *s.at == '"' || *s.at == '`') {
			if (skip_quoted(&s) != XC_OK)
				return false;
			continue;
		}
		while (s.at < s.end && is_word(*s.at))
			s.at++;
		if (s.at - from == 5 && strncasecmp(from, "BEGIN", 5) == 0)
			return true;
		if (s.at == from)
			s.at++;
	}
	return false;
}

static enum xc_err
check_statement(const struct splitter *s,
    const struct xc_sql_statement *statement)
{
	static const char *const client[] = { "DELIMITER", "SOURCE", NULL };
	static const char *const session[] = { "BEGIN", "START", "COMMIT",
		"ROLLBACK", "SAVEPOINT", "XA", "USE", "LOCK", "UNLOCK", NULL };
	static const char *const stored[] = { "PROCEDURE", "FUNCTION",
		"TRIGGER", "EVENT", "PACKAGE", NULL };
	struct head head;
	const char *first;

	read_head(statement, &head);
	first = head.words[0];
	if (word_in(first, client))
		return xc_fail(s->errbuf, XC_ERR_INVALID,
		    "line %u: %s is a command of the mariadb client, which "
		    "migrations do not have", statement->line, first);
	if (word_in(first, session))
		return xc_fail(s->errbuf, XC_ERR_INVALID,
		    "line %u: %s is not for a migration: each statement is "
		    "run and recorded by itself, in the schema it belongs to",
		    statement->line, first);
	if (strcmp(first, "CREATE") == 0 && any_word_in(&head, stored) &&
	    has_begin(statement))
		return xc_fail(s->errbuf, XC_ERR_INVALID,
		    "line %u: a body between BEGIN and END has semicolons of "
		    "its own, which migrations do not have: write it as one "
		    "statement", statement->line);
	return XC_OK;
}

static enum xc_err
add_statement(struct splitter *s, const struct xc_sql_statement *statement)
{
	enum xc_err err = check_statement(s, statement);

	if (err != XC_OK)
		return err;
	if (s->n == XC_SQL_STATEMENTS_MAX)
		return xc_fail(s->errbuf, XC_ERR_INVALID,
		    "line %u: more than %d statements: make two migrations "
		    "of it", statement->line, XC_SQL_STATEMENTS_MAX);
	if (s->n == s->room) {
		size_t room = s->room == 0 ? 16 : s->room * 2;
		struct xc_sql_statement *rows;

		rows = reallocarray(s->rows, room, sizeof(*rows));
		if (rows == NULL)
			return xc_fail(s->errbuf, XC_ERR_NOMEM,
			    "out of memory");
		s->rows = rows;
		s->room = room;
	}
	s->rows[s->n++] = *statement;
	return XC_OK;
}

static enum xc_err
split(struct splitter *s)
{
	for (;;) {
		struct xc_sql_statement statement;
		const char *last;
		enum xc_err err = skip_between(s);

		if (err != XC_OK || s->at == s->end)
			return err;
		statement.text = last = s->at;
		statement.line = s->line;
		err = skip_statement(s, &last);
		if (err != XC_OK)
			return err;
		statement.len = (size_t)(last - statement.text);
		if (statement.len > 0)
			err = add_statement(s, &statement);
		if (err != XC_OK)
			return err;
		if (s->at < s->end)
			s->at++;	/* the semicolon */
	}
}

enum xc_err
xc_sql_split(const char *text, size_t len,
    struct xc_sql_statement **statements_r, size_t *n_r,
    struct xc_errbuf *errbuf)
{
	struct splitter s = { .at = text, .end = text + len, .line = 1,
		.errbuf = errbuf };
	enum xc_err err;

	*statements_r = NULL;
	*n_r = 0;
	if (len > 0 && memchr(text, '\0', len) != NULL)
		return xc_fail(errbuf, XC_ERR_INVALID,
		    "it holds a NUL character, so it is no SQL text");
	err = split(&s);
	if (err != XC_OK) {
		free(s.rows);
		return err;
	}
	*statements_r = s.rows;
	*n_r = s.n;
	return XC_OK;
}

/* A name may have a dollar sign, unlike the words of a statement's head. */
static bool
is_name(char c)
{
	return is_word(c) || c == '$';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t
name_len(const struct splitter *s)
{
	size_t len = 0;

	while (is_name(peek(s, len)))
		len++;
	return len;
}

static bool
is_this_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(text, word, len) == 0;
}

/* Whether len bytes are digits alone: no name without quotes is that. */
static bool
is_digits(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(text[i]))
			return false;
	}
	return len > 0;
}

/* Moves behind "15" or "15e3" or "15e"; false if it is not such. */
static bool
skip_fraction(struct splitter *s)
{
	const char *from = s->at;

	while (is_digit(peek(s, 0)))
		s->at++;
	if (s->at == from)
		return false;
	if (upper(peek(s, 0)) == 'E') {
		s->at++;
		while (is_digit(peek(s, 0)))
			s->at++;
	}
	return !is_name(peek(s, 0)) && peek(s, 0) != '.';
}

static enum xc_err
refuse_dot(const struct splitter *s)
{
	return xc_fail(s->errbuf, XC_ERR_DENIED,
	    "line %u: a plugin's migration writes names without a schema or "
	    "table before them: a dot may stand only between the digits of "
	    "a number (0.5)", s->line);
}

/* InnoDB, perhaps after an equals sign: others reach files and servers. */
static enum xc_err
check_engine(struct splitter *s)
{
	enum xc_err err = skip_between(s);
	size_t len;

	if (err == XC_OK && peek(s, 0) == '=') {
		s->at++;
		err = skip_between(s);
	}
	if (err != XC_OK)
		return err;
	len = name_len(s);
	if (!is_this_word(s->at, len, "INNODB"))
		return xc_fail(s->errbuf, XC_ERR_DENIED,
		    "line %u: a plugin's tables are of the engine InnoDB; a "
		    "column of the name engine stands in backquotes",
		    s->line);
	s->at += len;
	return XC_OK;
}

static enum xc_err
refuse_word(const struct splitter *s, const char *text, size_t len,
    const char *const *list)
{
	for (; *list != NULL; list++) {
		if (is_this_word(text, len, *list))
			return xc_fail(s->errbuf, XC_ERR_DENIED,
			    "line %u: a plugin's migration may not use %s",
			    s->line, *list);
	}
	return XC_OK;
}

static enum xc_err
check_word(struct splitter *s)
{
	static const char *const words[] = { "DEFINER", "DIRECTORY",
		"DUMPFILE", "LOAD_FILE", "OUTFILE", "TABLESPACE", NULL };
	const char *word = s->at;
	size_t len = name_len(s);
	enum xc_err err = refuse_word(s, word, len, words);

	if (err != XC_OK)
		return err;
	s->at += len;
	if (is_this_word(word, len, "ENGINE"))
		return check_engine(s);
	if (peek(s, 0) != '.')
		return XC_OK;
	if (!is_digits(word, len))
		return refuse_dot(s);
	s->at++;
	return skip_fraction(s) ? XC_OK : refuse_dot(s);
}

/* A function may be called by its name in backquotes. */
static enum xc_err
check_quoted(struct splitter *s)
{
	static const char *const functions[] = { "LOAD_FILE", NULL };
	const char *from = s->at;
	enum xc_err err = skip_quoted(s);

	if (err != XC_OK || *from != '`')
		return err;
	return refuse_word(s, from + 1, (size_t)(s->at - from) - 2,
	    functions);
}

/*
 * The tokens of a whole statement.  The dot of "schema.table" and that of
 * "table.column" cannot be told apart without the server's grammar, so none
 * may join two names: the statement runs in the core's account, which
 * reaches every schema.
 */
static enum xc_err
check_tokens(struct splitter *s)
{
	for (;;) {
		enum xc_err err = skip_between(s);
		char c;

		if (err != XC_OK || s->at == s->end)
			return err;
		c = *s->at;
		if (c == '\'' || c == '"' || c == '`')
			err = check_quoted(s);
		else if (is_name(c))
			err = check_word(s);
		else if (c == '.')
			err = refuse_dot(s);
		else
			s->at++;
		if (err != XC_OK)
			return err;
	}
}

/* Control characters, since the server takes "--" before one for a comment;
 * and comments that it runs, which no migration needs in a string either. */
static enum xc_err
check_bytes(const struct xc_sql_statement *statement,
    struct xc_errbuf *errbuf)
{
	for (size_t i = 0; i < statement->len; i++) {
		unsigned char c = (unsigned char)statement->text[i];

		if ((c < 0x20 && !is_blank((char)c)) || c == 0x7f)
			return xc_fail(errbuf, XC_ERR_DENIED,
			    "line %u: a plugin's migration may not hold the "
			    "control character 0x%02x", statement->line, c);
	}
	if (memmem(statement->text, statement->len, "/*!", 3) != NULL ||
	    memmem(statement->text, statement->len, "/*M!", 4) != NULL)
		return xc_fail(errbuf, XC_ERR_DENIED,
		    "line %u: a plugin's migration may not use comments that "
		    "the server runs", statement->line);
	return XC_OK;
}

static enum xc_err
check_head(const struct xc_sql_statement *statement,
    struct xc_errbuf *errbuf)
{
	static const char *const verbs[] = { "ALTER", "CREATE", "DELETE",
		"DROP", "INSERT", "RENAME", "REPLACE", "SELECT", "TRUNCATE",
		"UPDATE", "WITH", NULL };
	static const char *const makers[] = { "ALTER", "CREATE", "DROP",
		"RENAME", NULL };
	static const char *const own[] = { "TABLE", "INDEX", "SEQUENCE",
		NULL };
	static const char *const before[] = { "OR", "REPLACE", "TEMPORARY",
		"UNIQUE", "FULLTEXT", "SPATIAL", "IGNORE", "ONLINE", NULL };
	struct head head;

	read_head(statement, &head);
	if (!word_in(head.words[0], verbs))
		return xc_fail(errbuf, XC_ERR_DENIED,
		    "line %u: a plugin's migration may not use \"%.24s\": it "
		    "works on the tables of its own schema",
		    statement->line, head.words[0]);
	if (!word_in(head.words[0], makers))
		return XC_OK;
	for (size_t i = 1; i < head.n; i++) {
		if (word_in(head.words[i], own))
			return XC_OK;
		if (!word_in(head.words[i], before))
			break;
	}
	return xc_fail(errbuf, XC_ERR_DENIED,
	    "line %u: a plugin's migration may %s tables, indexes and "
	    "sequences of its own schema, nothing else",
	    statement->line, head.words[0]);
}

enum xc_err
xc_sql_check_plugin(const struct xc_sql_statement *statement,
    struct xc_errbuf *errbuf)
{
	struct splitter s = { .at = statement->text,
		.end = statement->text + statement->len,
		.line = statement->line, .errbuf = errbuf };
	enum xc_err err = check_bytes(statement, errbuf);

	if (err == XC_OK)
		err = check_head(statement, errbuf);
	if (err == XC_OK)
		err = check_tokens(&s);
	return err;
}
