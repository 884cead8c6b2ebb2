/* SPDX-License-Identifier: MIT */
/* What the server's errors mean, and what a statement is. */
#include <ctype.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "connection-private.h"

/* Not in every version's header. */
#define STATEMENT_TIMEOUT	1969
#define CONNECTION_KILLED	1927
#define UNKNOWN_STATEMENT	1243

enum xc_err
xc_mysql_error(unsigned number)
{
	switch (number) {
	case ER_DUP_KEY:
	case ER_DUP_ENTRY:
	case ER_DUP_UNIQUE:
	case ER_DUP_ENTRY_WITH_KEY_NAME:
	case ER_NO_REFERENCED_ROW:
	case ER_ROW_IS_REFERENCED:
	case ER_ROW_IS_REFERENCED_2:
	case ER_NO_REFERENCED_ROW_2:
		return XC_ERR_EXISTS;
	case ER_LOCK_WAIT_TIMEOUT:
	case ER_LOCK_DEADLOCK:
	case ER_CHECKREAD:	/* changed since the snapshot was taken */
		return XC_ERR_BUSY;
	case STATEMENT_TIMEOUT:
	case ER_QUERY_INTERRUPTED:
		return XC_ERR_TIMEOUT;
	case ER_NET_PACKET_TOO_LARGE:
	case CR_NET_PACKET_TOO_LARGE:
		return XC_ERR_TOO_LARGE;
	case CR_OUT_OF_MEMORY:
		return XC_ERR_NOMEM;
	case ER_UNKNOWN_COM_ERROR:	/* a Galera node that is not ready */
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
	case ER_USER_LIMIT_REACHED:
	case ER_DBACCESS_DENIED_ERROR:
	case ER_ACCESS_DENIED_ERROR:
	case ER_BAD_DB_ERROR:
	case ER_OPTION_PREVENTS_STATEMENT:	/* read_only */
	case ER_MAX_PREPARED_STMT_COUNT_REACHED:
	case ER_DISK_FULL:
	case ER_RECORD_FILE_FULL:
	case ER_OUTOFMEMORY:
	case ER_OUT_OF_SORTMEMORY:
	case ER_OUT_OF_RESOURCES:
		return XC_ERR_UNAVAILABLE;
	case ER_GET_ERRNO:	/* "got error N from the storage engine" */
	case ER_UNKNOWN_ERROR:
	case ER_CRASHED_ON_USAGE:
	case ER_CRASHED_ON_REPAIR:
	case 0:
		return XC_ERR_FAILED;
	default:
		break;
	}
	if (xc_mysql_lost(number))
		return XC_ERR_UNAVAILABLE;
	/* The library's own numbers; all others are refusals. */
	return number >= CR_MIN_ERROR && number <= CR_MAX_ERROR ?
	    XC_ERR_UNAVAILABLE : XC_ERR_INVALID;
}

bool
xc_mysql_lost(unsigned number)
{
	switch (number) {
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_SERVER_LOST_EXTENDED:
	case CR_COMMANDS_OUT_OF_SYNC:
	case CR_MALFORMED_PACKET:
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
	case CR_SSL_CONNECTION_ERROR:
	case CONNECTION_KILLED:
	case ER_SERVER_SHUTDOWN:
	case ER_NORMAL_SHUTDOWN:
	case ER_SHUTDOWN_COMPLETE:
	case ER_FORCING_CLOSE:
	case ER_ABORTING_CONNECTION:
	case ER_NEW_ABORTING_CONNECTION:
	case ER_NET_READ_ERROR_FROM_PIPE:
	case ER_NET_FCNTL_ERROR:
	case ER_NET_PACKETS_OUT_OF_ORDER:
	case ER_NET_UNCOMPRESS_ERROR:
	case ER_NET_READ_ERROR:
	case ER_NET_READ_INTERRUPTED:
	case ER_NET_ERROR_ON_WRITE:
	case ER_NET_WRITE_INTERRUPTED:
		return true;
	default:
		return false;
	}
}

/* Behind blanks, comments and opening parentheses. */
static const char *
first_word(const char *sql)
{
	const char *end;

	for (;;) {
		while (isspace((unsigned char)*sql) || *sql == '(')
			sql++;
		if (sql[0] == '#' || (sql[0] == '-' && sql[1] == '-')) {
			sql += strcspn(sql, "\n");
		} else if (sql[0] == '/' && sql[1] == '*' && sql[2] != '!' &&
		    sql[2] != 'M') {
			end = strstr(sql + 2, "*/");
			if (end == NULL)
				return "";
			sql = end + 2;
		} else {
			return sql;
		}
	}
}

static bool
is_word(const char *sql, const char *word)
{
	size_t len = strlen(word);

	return strncasecmp(sql, word, len) == 0 &&
	    !isalnum((unsigned char)sql[len]) && sql[len] != '_';
}

static bool
is_one_of(const char *sql, const char *const *words)
{
	for (; *words != NULL; words++)
		if (is_word(sql, *words))
			return true;
	return false;
}

struct xc_statement_kind
xc_statement_kind(const char *sql)
{
	static const char *const rows[] = { "SELECT", "WITH", "VALUES",
		"INSERT", "UPDATE", "DELETE", "REPLACE", NULL };
	static const char *const session[] = { "SET", "USE", "LOCK", "FLUSH",
		"HANDLER", "PREPARE", NULL };
	const char *word = first_word(sql);
	struct xc_statement_kind kind;

	/* What a SELECT may do besides: write a file or a variable, take a
	 * lock of the session, step a sequence. */
	kind.reads = is_word(word, "SELECT") &&
	    strcasestr(sql, "INTO") == NULL && strchr(sql, '@') == NULL &&
	    strcasestr(sql, "LOCK") == NULL &&
	    strcasestr(sql, "NEXT") == NULL;
	kind.implicit = !is_one_of(word, rows);
	kind.taints = is_one_of(word, session) ||
	    strcasestr(sql, "GET_LOCK") != NULL ||
	    strcasestr(sql, "TEMPORARY") != NULL || strstr(sql, ":=") != NULL;
	return kind;
}
