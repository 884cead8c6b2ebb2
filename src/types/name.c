/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "types/name.h"

#define LINE_MAX_CHARS 76
#define COMMENT_MAX 400

/* Sorted.  Words of C and C++, and what headers of the system have macros of
 * that would stand where a member does. */
static const char *const taken[] = {
	"alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand",
	"bitor", "bool", "break", "case", "catch", "char", "char16_t",
	"char32_t", "char8_t", "class", "co_await", "co_return", "co_yield",
	"compl", "complex", "concept", "const", "const_cast", "consteval",
	"constexpr", "constinit", "continue", "d_fileno", "decltype",
	"default", "delete", "do", "double", "dynamic_cast", "else", "enum",
	"errno", "explicit", "export", "extern", "false", "float", "for",
	"friend", "goto", "h_addr", "h_errno", "i386", "if", "imaginary",
	"inline", "int", "linux", "long", "math_errhandling", "mutable",
	"namespace", "new", "noexcept", "noreturn", "not", "not_eq",
	"nullptr", "operator", "or", "or_eq", "private", "protected",
	"public", "register", "reinterpret_cast", "requires", "restrict",
	"return", "s6_addr", "s6_addr16", "s6_addr32", "sa_handler",
	"sa_sigaction", "sched_priority", "short", "si_addr", "si_addr_lsb",
	"si_arch", "si_band", "si_call_addr", "si_fd", "si_int", "si_lower",
	"si_overrun", "si_pid", "si_pkey", "si_ptr", "si_status", "si_stime",
	"si_syscall", "si_timerid", "si_uid", "si_upper", "si_utime",
	"si_value", "sigev_notify_attributes", "sigev_notify_function",
	"signed", "sizeof", "st_atime", "st_ctime", "st_mtime", "static",
	"static_assert", "static_cast", "stderr", "stdin", "stdout", "struct",
	"switch", "template", "this", "thread_local", "throw", "true", "try",
	"typedef", "typeid", "typename", "typeof", "union", "unix",
	"unsigned", "using", "virtual", "void", "volatile", "wchar_t",
	"while", "xor", "xor_eq",
};

/* Sorted.  Tags with a "_" in them that headers of the system have. */
static const char *const tags[] = {
	"f_owner_ex", "file_clone_range", "file_dedupe_range", "file_handle",
	"group_filter", "group_req", "group_source_req", "if_nameindex",
	"in6_addr", "in6_pktinfo", "in_addr", "in_pktinfo", "ip6_mtuinfo",
	"ip_mreq", "ip_mreq_source", "ip_mreqn", "ip_msfilter", "ip_opts",
	"ipv6_mreq", "random_data",
	"sched_param", "sock_filter", "sock_fprog",
};

/* Names of these are made by others, all of them. */
static const char *const prefixes[] = { "xc_", "json_", "lh_", "array_list",
	"printbuf_", "sockaddr_", "pthread_", "drand48_", "aio_", "epoll_",
	"io_" };

#define N(list) (sizeof(list) / sizeof((list)[0]))

static int
compare(const void *key, const void *row)
{
	return strcmp(key, *(const char *const *)row);
}

static bool
is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool
is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Whether a word begins at text[i], a capital. */
static bool
begins_word(const char *text, size_t i)
{
	if (i == 0)
		return false;
	return is_lower(text[i - 1]) || is_digit(text[i - 1]) ||
	    (is_upper(text[i - 1]) && is_lower(text[i + 1]));
}

char *
xc_name_words(const char *text, char buf[XC_NAME_MAX])
{
	size_t len = 0;
	size_t i;
	char c;

	/* Room for two characters and the NUL. */
	for (i = 0; text[i] != '\0' && len + 3 < XC_NAME_MAX; i++) {
		c = text[i];
		if (is_upper(c)) {
			if (begins_word(text, i) && buf[len - 1] != '_')
				buf[len++] = '_';
			buf[len++] = (char)(c - 'A' + 'a');
		} else if (is_lower(c) || is_digit(c)) {
			buf[len++] = c;
		} else if (len > 0 && buf[len - 1] != '_') {
			buf[len++] = '_';
		}
	}
	while (len > 0 && buf[len - 1] == '_')
		len--;
	if (len == 0)
		buf[len++] = 'x';
	buf[len] = '\0';
	return buf;
}

char *
xc_name_capitals(const char *text, char buf[XC_NAME_MAX])
{
	char *at;

	xc_name_words(text, buf);
	for (at = buf; *at != '\0'; at++)
		if (is_lower(*at))
			*at = (char)(*at - 'a' + 'A');
	return buf;
}

char *
xc_name_member(char buf[XC_NAME_MAX])
{
	size_t len = strlen(buf);

	if (is_digit(buf[0])) {
		if (len + 2 > XC_NAME_MAX)
			len = XC_NAME_MAX - 2;
		memmove(buf + 1, buf, len);
		buf[0] = 'n';
		buf[++len] = '\0';
	}
	if (bsearch(buf, taken, N(taken), sizeof(taken[0]), compare) != NULL) {
		buf[len] = '_';
		buf[len + 1] = '\0';
	}
	return buf;
}

char *
xc_name_prefix(const char *plugin, char buf[XC_NAME_MAX])
{
	static const char own[] = "my_";
	char tag[XC_NAME_MAX + 2];
	size_t len;

	xc_name_member(xc_name_words(plugin, buf));
	snprintf(tag, sizeof(tag), "%s_", buf);
	if (!xc_name_is_foreign(tag))
		return buf;
	len = strlen(buf);
	if (len > XC_NAME_MAX - sizeof(own))
		len = XC_NAME_MAX - sizeof(own);
	memmove(buf + sizeof(own) - 1, buf, len);
	memcpy(buf, own, sizeof(own) - 1);
	buf[len + sizeof(own) - 1] = '\0';
	return buf;
}

bool
xc_name_is_foreign(const char *tag)
{
	size_t i;

	for (i = 0; i < N(prefixes); i++)
		if (strncmp(tag, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return bsearch(tag, tags, N(tags), sizeof(tags[0]), compare) != NULL;
}

/* Three digits each, so that no digit behind it counts as its own; and no
 * trigraph. */
void
xc_name_literal(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text != '\0'; text++) {
		if (*text < 0x20 || *text > 0x7e || *text == '"' ||
		    *text == '\\' || *text == '?')
			fprintf(out, "\\%03o", (unsigned)(unsigned char)*text);
		else
			fputc(*text, out);
	}
	fputc('"', out);
}

void
xc_name_plain(FILE *out, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '?' ||
		    text[i] == '\\' || (i > 0 && text[i] == '/' &&
		    text[i - 1] == '*') || (i > 0 && text[i] == '*' &&
		    text[i - 1] == '/'))
			fputc('.', out);
		else
			fputc(text[i], out);
	}
}

void
xc_name_comment(FILE *out, const char *begin, const char *text)
{
	size_t width = LINE_MAX_CHARS - 8;
	size_t left = strnlen(text, COMMENT_MAX);
	size_t n;

	while (left > 0) {
		n = left;
		if (n > width)
			for (n = width; n > 0 && text[n] != ' '; n--)
				continue;
		if (n == 0)
			n = left < width ? left : width;
		fputs(begin, out);
		xc_name_plain(out, text, n);
		fputc('\n', out);
		for (text += n, left -= n; left > 0 && *text == ' '; left--)
			text++;
	}
}
