/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "lib/text.h"

#include "pattern.h"

#define MATCH_LIMIT 500000
#define QUICK_LIMIT 1000
#define LONG_LIMIT 16		/* to begin with in a long text */
#define QUICK_COST 10
#define SLOW_COST 100000
#define DEPTH_LIMIT 5000
#define HEAP_LIMIT 4096		/* KiB */
/*
 * What PCRE2 counts as a step may go over all of the text, and it counts anew
 * at each byte where a match might begin.  So the limit of steps shrinks with
 * the text, and a long one is gone through in strides of places to begin at,
 * with a look at the time between them.
 */
#define SHORT_TEXT 256		/* bytes: not worth a look at the clock */
#define WORK (UINT64_C(1) << 30)	/* bytes, of one stride at worst */
#define TIME_NS INT64_C(100000000)
#define BYTE_NS 10		/* more for each byte */
#define COST_NS 50		/* what one of cost stands for */
#define FIRST_STACK (32 * 1024)
#define MOST_STACK (512 * 1024)
#define GROWTH 80		/* the longest that one character becomes */

/* What ECMA's \s has and PCRE2's has not. */
#define SPACES "\\s\\x{b}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}" \
	"\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}"

struct xc_pattern {
	pcre2_code *code;
	bool anchored;		/* a match begins at the first byte */
};

struct xc_pattern_run {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

/* A pattern on its way from one dialect to the other. */
struct translation {
	const char *at;
	const char *end;
	char *to;
	const char *why;	/* NULL: so far good */
	bool in_class;
	bool after_quantifier;
	bool nothing;		/* nothing to repeat stands before */
};

static void
put(struct translation *t, const char *text)
{
	t->to = stpcpy(t->to, text);
}

static void
put_code(struct translation *t, unsigned long code)
{
	t->to += sprintf(t->to, "\\x{%lx}", code);
}

/* n hexadecimal digits at at; -1 if they are not. */
static long
read_hex(const struct translation *t, const char *at, int n)
{
	long value = 0;
	int digit;

	if (t->end - at < n)
		return -1;
	for (; n > 0; n--) {
		digit = xc_hex((unsigned char)*at++);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* "{1F600}" behind "\u". */
static void
put_braced(struct translation *t)
{
	long value = 0;
	int digit;

	for (t->at++; t->at < t->end && *t->at != '}'; t->at++) {
		digit = xc_hex((unsigned char)*t->at);
		value = value << 4 | digit;
		if (digit < 0 || value > 0x10ffff)
			break;
	}
	if (t->at == t->end || *t->at != '}' || t->at[-1] == '{' ||
	    (value >= 0xd800 && value <= 0xdfff)) {
		t->why = "a bad \\u sequence";
		return;
	}
	t->at++;
	put_code(t, (unsigned long)value);
}

/* Behind "\u". */
static void
put_unicode(struct translation *t)
{
	long high;
	long low = -1;

	if (t->at < t->end && *t->at == '{') {
		put_braced(t);
		return;
	}
	high = read_hex(t, t->at, 4);
	if (high >= 0xd800 && high <= 0xdbff && t->end - t->at >= 10 &&
	    t->at[4] == '\\' && t->at[5] == 'u')
		low = read_hex(t, t->at + 6, 4);
	if (low >= 0xdc00 && low <= 0xdfff) {
		put_code(t, (unsigned long)(0x10000 + ((high - 0xd800) << 10)
		    + (low - 0xdc00)));
		t->at += 10;
	} else if (high < 0 || (high >= 0xd800 && high <= 0xdfff)) {
		t->why = "a bad \\u sequence";
	} else {
		put_code(t, (unsigned long)high);
		t->at += 4;
	}
}

/* Long names of general categories, which PCRE2 does not know. */
static const char *
short_category(const char *name, size_t len)
{
	static const char *const names[][2] = {
		{ "Letter", "L" }, { "Cased_Letter", "L&" },
		{ "Uppercase_Letter", "Lu" }, { "Lowercase_Letter", "Ll" },
		{ "Titlecase_Letter", "Lt" }, { "Modifier_Letter", "Lm" },
		{ "Other_Letter", "Lo" }, { "Mark", "M" },
		{ "Nonspacing_Mark", "Mn" }, { "Spacing_Mark", "Mc" },
		{ "Enclosing_Mark", "Me" }, { "Number", "N" },
		{ "Decimal_Number", "Nd" }, { "digit", "Nd" },
		{ "Letter_Number", "Nl" }, { "Other_Number", "No" },
		{ "Punctuation", "P" }, { "punct", "P" },
		{ "Connector_Punctuation", "Pc" },
		{ "Dash_Punctuation", "Pd" }, { "Open_Punctuation", "Ps" },
		{ "Close_Punctuation", "Pe" },
		{ "Initial_Punctuation", "Pi" },
		{ "Final_Punctuation", "Pf" }, { "Other_Punctuation", "Po" },
		{ "Symbol", "S" }, { "Math_Symbol", "Sm" },
		{ "Currency_Symbol", "Sc" }, { "Modifier_Symbol", "Sk" },
		{ "Other_Symbol", "So" }, { "Separator", "Z" },
		{ "Space_Separator", "Zs" }, { "Line_Separator", "Zl" },
		{ "Paragraph_Separator", "Zp" }, { "Other", "C" },
		{ "Control", "Cc" }, { "Format", "Cf" },
		{ "Surrogate", "Cs" }, { "Private_Use", "Co" },
		{ "Unassigned", "Cn" },
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i][0]) == len &&
		    memcmp(names[i][0], name, len) == 0)
			return names[i][1];
	return NULL;
}

/* "{Letter}" behind "\p" or "\P". */
static void
put_property(struct translation *t, char letter)
{
	const char *close = t->at < t->end && *t->at == '{'
	    ? memchr(t->at, '}', (size_t)(t->end - t->at)) : NULL;
	const char *name = t->at + 1;
	const char *equals;
	const char *category;
	size_t len;

	if (close == NULL || close == name || close - name > 40) {
		t->why = "\\p without a {name}";
		return;
	}
	equals = memchr(name, '=', (size_t)(close - name));
	if (equals != NULL)
		name = equals + 1;
	len = (size_t)(close - name);
	category = short_category(name, len);
	t->to += category != NULL
	    ? sprintf(t->to, "\\%c{%s}", letter, category)
	    : sprintf(t->to, "\\%c{%.*s}", letter, (int)len, name);
	t->at = close + 1;
}

/* "\cA", with t->at behind the c. */
static void
put_control(struct translation *t)
{
	char c = t->at < t->end ? *t->at : '\0';

	if ((c | 0x20) < 'a' || (c | 0x20) > 'z') {
		t->why = "\\c without a letter";
		return;
	}
	put_code(t, (unsigned long)(c & 0x1f));
	t->at++;
}

static void
put_space_class(struct translation *t, char letter)
{
	if (letter == 's')
		put(t, t->in_class ? SPACES : "[" SPACES "]");
	else
		put(t, t->in_class ? "\\S" : "[^" SPACES "]");
}

/* "\k<name>", with t->at behind the k. */
static void
put_named_reference(struct translation *t)
{
	const char *close = t->at < t->end && *t->at == '<'
	    ? memchr(t->at, '>', (size_t)(t->end - t->at)) : NULL;

	if (close == NULL || close - t->at > 32) {
		t->why = "\\k without a <name>";
		return;
	}
	put(t, "\\k");
	while (t->at <= close)
		*t->to++ = *t->at++;
}

/* A digit behind '\': a reference to a group, or "\0". */
static void
put_number(struct translation *t, char digit)
{
	if (digit == '0') {
		if (t->at < t->end && *t->at >= '0' && *t->at <= '9')
			t->why = "an octal escape";
		put_code(t, 0);
		return;
	}
	if (t->in_class) {
		t->why = "a reference to a group in a class";
		return;
	}
	t->to += sprintf(t->to, "\\g{%c", digit);
	while (t->at < t->end && *t->at >= '0' && *t->at <= '9' &&
	    t->to[-1] != '{')
		*t->to++ = *t->at++;
	*t->to++ = '}';
}

/* Behind a backslash. */
static void
put_escape(struct translation *t)
{
	char c = t->at < t->end ? *t->at : '\0';
	long code;

	t->at++;
	if (c == '\0') {
		t->why = "a backslash at the end";
	} else if (c >= '0' && c <= '9') {
		put_number(t, c);
	} else if (c == 's' || c == 'S') {
		put_space_class(t, c);
	} else if (strchr("dDwWfnrt", c) != NULL) {
		t->to += sprintf(t->to, "\\%c", c);
	} else if (c == 'b' || (c == 'B' && !t->in_class)) {
		put(t, t->in_class ? "\\x{8}" : c == 'b' ? "\\b" : "\\B");
	} else if (c == 'v') {
		put_code(t, 0x0b);
	} else if (c == 'x') {
		code = read_hex(t, t->at, 2);
		if (code < 0)
			t->why = "a bad \\x sequence";
		else
			put_code(t, (unsigned long)code);
		t->at += 2;
	} else if (c == 'u') {
		put_unicode(t);
	} else if (c == 'p' || c == 'P') {
		put_property(t, c);
	} else if (c == 'c') {
		put_control(t);
	} else if (c == 'k' && !t->in_class) {
		put_named_reference(t);
	} else if (c > 0x20 && c < 0x7f && (c | 0x20) >= 'a' &&
	    (c | 0x20) <= 'z') {
		t->why = "an escape that ECMA-262 does not know";
	} else {
		/* Any other character stands for itself. */
		if ((unsigned char)c < 0x80)
			*t->to++ = '\\';
		*t->to++ = c;
	}
}

/* Behind '(': only the groups that ECMA knows. */
static void
put_group(struct translation *t)
{
	static const char *const kinds[] = { "?:", "?=", "?!", "?<=", "?<!" };
	const char *close;
	size_t i;

	put(t, "(");
	if (t->at < t->end && *t->at == '*')
		t->why = "a quantifier with nothing to repeat";
	if (t->at == t->end || *t->at != '?')
		return;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((size_t)(t->end - t->at) >= strlen(kinds[i]) &&
		    memcmp(t->at, kinds[i], strlen(kinds[i])) == 0) {
			put(t, kinds[i]);
			t->at += strlen(kinds[i]);
			return;
		}
	close = t->end - t->at > 3 && t->at[1] == '<'
	    ? memchr(t->at, '>', (size_t)(t->end - t->at)) : NULL;
	if (close == NULL || close - t->at > 32) {
		t->why = "a group that ECMA-262 does not know";
		return;
	}
	while (t->at <= close)
		*t->to++ = *t->at++;
}

/* The length of "{2,5}" at at, 0 if it is none. */
static size_t
braces_at(const struct translation *t)
{
	const char *at = t->at + 1;
	const char *digits = at;

	while (at < t->end && *at >= '0' && *at <= '9')
		at++;
	if (at == digits)
		return 0;
	if (at < t->end && *at == ',')
		for (at++; at < t->end && *at >= '0' && *at <= '9';)
			at++;
	return at < t->end && *at == '}' ? (size_t)(at + 1 - t->at) : 0;
}

/* At a quantifier of len bytes. */
static void
put_quantifier(struct translation *t, size_t len)
{
	if (t->nothing || t->after_quantifier)
		t->why = t->nothing ? "a quantifier with nothing to repeat"
		    : "a quantifier behind a quantifier";
	memcpy(t->to, t->at, len);
	t->to += len;
	t->at += len;
	if (t->at < t->end && *t->at == '?')
		*t->to++ = *t->at++;
	t->after_quantifier = true;
}

static void
put_in_class(struct translation *t)
{
	char c = *t->at++;

	if (c == '\\') {
		put_escape(t);
	} else if (c == '[') {
		put(t, "\\[");
	} else {
		if (c == ']')
			t->in_class = false;
		*t->to++ = c;
	}
}

static void
open_class(struct translation *t)
{
	t->at++;
	put(t, "[");
	if (t->at < t->end && *t->at == '^')
		*t->to++ = *t->at++;
	t->in_class = true;
}

static void
put_outside(struct translation *t)
{
	char c = *t->at;
	size_t len = strchr("*+?", c) != NULL && c != '\0' ? 1
	    : c == '{' ? braces_at(t) : 0;

	if (len > 0) {
		put_quantifier(t, len);
		t->nothing = false;
		return;
	}
	t->after_quantifier = false;
	t->nothing = c == '(' || c == '|' || c == '^';
	if (c == '[') {
		open_class(t);
		return;
	}
	t->at++;
	if (c == '\\')
		put_escape(t);
	else if (c == '(')
		put_group(t);
	else if (c == '.')
		put(t, "[^\\n\\r\\x{2028}\\x{2029}]");
	else if (c == '{' || c == '}' || c == ']' || c == '#')
		t->to += sprintf(t->to, "\\%c", c);
	else if (c == '\0')
		put_code(t, 0);
	else
		*t->to++ = c;
}

/* Into buf, of len * GROWTH + 1 bytes.  NULL, or what is wrong. */
static const char *
translate(const char *text, size_t len, char *buf)
{
	struct translation t = { .at = text, .end = text + len, .to = buf,
		.nothing = true };

	while (t.at < t.end && t.why == NULL) {
		if (t.in_class)
			put_in_class(&t);
		else
			put_outside(&t);
	}
	if (t.why == NULL && t.in_class)
		t.why = "a class without its ']'";
	*t.to = '\0';
	return t.why;
}

static pcre2_code *
compile(const char *text, char *why, size_t size)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code = NULL;
	unsigned char words[200];
	PCRE2_SIZE at;
	int number;

	if (context == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	pcre2_set_parens_nest_limit(context, 100);
	code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS |
	    PCRE2_MATCH_UNSET_BACKREF | PCRE2_NEVER_BACKSLASH_C |
	    PCRE2_NEVER_UCP | PCRE2_USE_OFFSET_LIMIT, &number, &at, context);
	pcre2_compile_context_free(context);
	if (code == NULL) {
		pcre2_get_error_message(number, words, sizeof(words));
		snprintf(why, size, "%s", (const char *)words);
	}
	return code;
}

/* From one dialect to the other, and compiled; NULL with the reason. */
static pcre2_code *
translate_and_compile(const char *text, size_t len, char *why, size_t size)
{
	pcre2_code *code = NULL;
	const char *wrong;
	char *buf;

	if (len > XC_PATTERN_MAX) {
		snprintf(why, size, "longer than %d bytes", XC_PATTERN_MAX);
		return NULL;
	}
	buf = malloc(len * GROWTH + GROWTH);
	if (buf == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	wrong = translate(text, len, buf);
	if (wrong != NULL)
		snprintf(why, size, "%s", wrong);
	else
		code = compile(buf, why, size);
	free(buf);
	return code;
}

struct xc_pattern *
xc_pattern_compile(const char *text, size_t len, char *why, size_t size)
{
	struct xc_pattern *pattern = calloc(1, sizeof(*pattern));
	uint32_t options = 0;

	if (pattern == NULL) {
		snprintf(why, size, "out of memory");
		return NULL;
	}
	pattern->code = translate_and_compile(text, len, why, size);
	if (pattern->code == NULL) {
		free(pattern);
		return NULL;
	}
	pcre2_pattern_info(pattern->code, PCRE2_INFO_ALLOPTIONS, &options);
	pattern->anchored = (options & PCRE2_ANCHORED) != 0;
	/* Where memory cannot be made executable it is interpreted. */
	pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);
	return pattern;
}

bool
xc_pattern_is_valid(const char *text, size_t len)
{
	char why[8];
	pcre2_code *code = translate_and_compile(text, len, why, sizeof(why));
	bool valid = code != NULL;

	pcre2_code_free(code);
	return valid;
}

void
xc_pattern_free(struct xc_pattern **pattern)
{
	if (*pattern == NULL)
		return;
	pcre2_code_free((*pattern)->code);
	free(*pattern);
	*pattern = NULL;
}

size_t
xc_pattern_size(const struct xc_pattern *pattern)
{
	size_t size = 0;
	size_t jit = 0;

	pcre2_pattern_info(pattern->code, PCRE2_INFO_SIZE, &size);
	pcre2_pattern_info(pattern->code, PCRE2_INFO_JITSIZE, &jit);
	return sizeof(*pattern) + size + jit;
}

static pcre2_match_context *
create_context(void)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);

	if (context == NULL)
		return NULL;
	pcre2_set_depth_limit(context, DEPTH_LIMIT);
	pcre2_set_heap_limit(context, HEAP_LIMIT);
	return context;
}

struct xc_pattern_run *
xc_pattern_run_create(void)
{
	struct xc_pattern_run *run = calloc(1, sizeof(*run));

	if (run == NULL)
		return NULL;
	run->data = pcre2_match_data_create(1, NULL);
	run->context = create_context();
	/* Without one the machine's stack is used. */
	run->stack = pcre2_jit_stack_create(FIRST_STACK, MOST_STACK, NULL);
	if (run->data == NULL || run->context == NULL) {
		xc_pattern_run_free(&run);
		return NULL;
	}
	if (run->stack != NULL)
		pcre2_jit_stack_assign(run->context, NULL, run->stack);
	return run;
}

void
xc_pattern_run_free(struct xc_pattern_run **run)
{
	if (*run == NULL)
		return;
	pcre2_match_data_free((*run)->data);
	pcre2_match_context_free((*run)->context);
	pcre2_jit_stack_free((*run)->stack);
	free(*run);
	*run = NULL;
}

/* A text that is looked through. */
struct look {
	const struct xc_pattern *pattern;
	struct xc_pattern_run *run;
	const char *text;
	size_t len;
	size_t from;		/* where a match may begin now */
	uint32_t limit;		/* of steps from there */
	int64_t begin;		/* 0: not known */
	int64_t took;
};

/* Processor time of this thread: that of others is not what a text takes. */
static int64_t
clock_ns(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static bool
is_late(struct look *look)
{
	int64_t now = clock_ns();

	if (look->begin == 0)
		look->begin = now;
	look->took = now - look->begin;
	return look->took > TIME_NS + (int64_t)look->len * BYTE_NS;
}

/* The last byte of a stride; behind it begins a character. */
static size_t
stride_end(const struct look *look)
{
	uint64_t stride = WORK / look->limit / (look->len + 1);
	size_t to;

	if (look->pattern->anchored || stride > look->len - look->from)
		return look->len;
	to = look->from + (stride > 0 ? (size_t)stride - 1 : 0);
	while (to < look->len &&
	    ((unsigned char)look->text[to + 1] & 0xc0) == 0x80)
		to++;
	return to;
}

/* Looks for a match that begins in the next stride, which is behind it then
 * if there is none. */
static int
match_stride(struct look *look)
{
	pcre2_match_context *context = look->run->context;
	size_t to = stride_end(look);
	int found;

	pcre2_set_match_limit(context, look->limit);
	pcre2_set_offset_limit(context, to);
	found = pcre2_match(look->pattern->code, (PCRE2_SPTR)look->text,
	    look->len, look->from, PCRE2_NO_UTF_CHECK, look->run->data,
	    context);
	if (found == PCRE2_ERROR_NOMATCH)
		look->from = to + 1;
	return found;
}

/* More steps from the same place on; false if it has had all. */
static bool
raise_limit(struct look *look)
{
	uint64_t most = WORK / (look->len + 1);

	if (most > MATCH_LIMIT)
		most = MATCH_LIMIT;
	if (look->limit >= most)
		return false;
	look->limit = look->limit * 8 < most ? look->limit * 8
	    : (uint32_t)most;
	return true;
}

static int
match(struct look *look)
{
	int found;

	for (;;) {
		found = match_stride(look);
		if (found == PCRE2_ERROR_MATCHLIMIT ? !raise_limit(look)
		    : found != PCRE2_ERROR_NOMATCH || look->from > look->len)
			return found;
		if (is_late(look))
			return PCRE2_ERROR_MATCHLIMIT;
	}
}

/* PCRE2 does not tell what a match took, so it is tried with few steps
 * first: what needs more is taken for dear. */
enum xc_pattern_found
xc_pattern_find(const struct xc_pattern *pattern, struct xc_pattern_run *run,
    const char *text, size_t len, uint64_t *cost)
{
	struct look look = { .pattern = pattern, .run = run, .text = text,
		.len = len, .limit = QUICK_LIMIT };
	int found;

	if (len > WORK / QUICK_LIMIT / (len + 1))
		look.limit = LONG_LIMIT;
	if (len > SHORT_TEXT)
		look.begin = clock_ns();
	found = match(&look);
	if (look.begin != 0)
		(void)is_late(&look);
	*cost += QUICK_COST + len / 64 + (uint64_t)look.took / COST_NS;
	if (look.limit > QUICK_LIMIT)
		*cost += SLOW_COST;
	if (found >= 0)
		return XC_PATTERN_MATCH;
	return found == PCRE2_ERROR_NOMATCH ? XC_PATTERN_NONE
	    : XC_PATTERN_LIMIT;
}
