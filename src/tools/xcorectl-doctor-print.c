/* SPDX-License-Identifier: MIT */
/* What the doctor found, for people. */
#include <stdio.h>
#include <string.h>

#include <json-c/json_object.h>

#include <xcore/json.h>

#include "tools/xcorectl-doctor.h"

#define TEXT_COLUMN 74

static const char *
text_of(struct json_object *row, const char *key)
{
	const char *text = xc_json_string(row, key);

	return text != NULL ? text : "";
}

static int64_t
number_of(struct json_object *row, const char *key)
{
	int64_t number = 0;

	xc_json_int(row, key, &number);
	return number;
}

/* Words in lines, each after the first indented; nothing in them steers a
 * terminal. */
static void
print_words(const char *text, int column, int indent)
{
	int at = column;

	for (text += strspn(text, " "); *text != '\0';
	    text += strspn(text, " ")) {
		int len = (int)strcspn(text, " ");

		if (at + 1 + len > TEXT_COLUMN && at > indent)
			at = printf("\n%*s", indent, "") - 1;
		else if (at > column)
			at += printf(" ");
		for (int i = 0; i < len; i++)
			putchar((unsigned char)text[i] < ' ' ||
			    text[i] == 0x7f ? '?' : text[i]);
		at += len;
		text += len;
	}
	putchar('\n');
}

static const char *
colour_of(const char *state)
{
	if (strcmp(state, "bad") == 0)
		return "\033[31m";
	if (strcmp(state, "warning") == 0)
		return "\033[33m";
	return strcmp(state, "unknown") == 0 ? "\033[2m" : "\033[32m";
}

static void
print_check(struct json_object *row, bool colour)
{
	const char *state = text_of(row, "state");
	const char *remedy = text_of(row, "remedy");
	char text[1000];

	printf("  %s%-8s%s ", colour ? colour_of(state) : "", state,
	    colour ? "\033[0m" : "");
	snprintf(text, sizeof(text), "%s: %s", text_of(row, "name"),
	    text_of(row, "text"));
	print_words(text, 11, 11);
	if (remedy[0] != '\0') {
		printf("           -> ");
		print_words(remedy, 14, 14);
	}
}

/* The layer before the nth that is absent for the same reason, or NULL. */
static struct json_object *
same_reason(struct json_object *layers, size_t n)
{
	const char *reason = text_of(json_object_array_get_idx(layers, n),
	    "reason");

	for (size_t i = 0; i < n; i++) {
		struct json_object *row = json_object_array_get_idx(layers, i);

		if (strcmp(text_of(row, "reason"), reason) == 0)
			return row;
	}
	return NULL;
}

static void
print_layers(struct json_object *layers)
{
	for (size_t i = 0; i < json_object_array_length(layers); i++) {
		struct json_object *row = json_object_array_get_idx(layers, i);
		struct json_object *like;
		char text[600];
		bool active = false;

		xc_json_bool(row, "active", &active);
		if (active) {
			printf("  %-15s active\n", text_of(row, "name"));
			continue;
		}
		printf("  %-15s ABSENT  ", text_of(row, "name"));
		like = same_reason(layers, i);
		snprintf(text, sizeof(text), "%s%s; lost: %s",
		    like != NULL ? "as " : "", like != NULL ?
		    text_of(like, "name") : text_of(row, "reason"),
		    text_of(row, "lost"));
		print_words(text, 26, 26);
	}
}

/* Those that got through, or ended in another way than they should. */
static void
print_attacks(struct json_object *attacks, bool colour)
{
	for (size_t i = 0; i < json_object_array_length(attacks); i++) {
		struct json_object *row = json_object_array_get_idx(attacks,
		    i);
		const char *end = text_of(row, "end");
		bool through = strcmp(end, "through") == 0;
		char text[600];

		if (!through && strcmp(end, "otherwise") != 0)
			continue;
		printf("  %s%-9s%s ", colour && through ? "\033[31m" : "",
		    through ? "THROUGH" : "otherwise",
		    colour && through ? "\033[0m" : "");
		snprintf(text, sizeof(text), "%s (%s): %s, after %lld ms",
		    text_of(row, "name"), text_of(row, "what"),
		    text_of(row, "outcome"),
		    (long long)number_of(row, "ms"));
		print_words(text, 12, 12);
	}
}

void
ctl_doctor_print(struct json_object *section, bool colour)
{
	struct json_object *checks = xc_json_member(section, "checks");
	struct json_object *layers = xc_json_member(section, "layers");
	struct json_object *attacks = xc_json_member(section, "attacks");

	printf("%s%s%s\n", colour ? "\033[1m" : "",
	    text_of(section, "section"), colour ? "\033[0m" : "");
	if (layers != NULL)
		print_layers(layers);
	if (attacks != NULL)
		print_attacks(attacks, colour);
	for (size_t i = 0; i < json_object_array_length(checks); i++)
		print_check(json_object_array_get_idx(checks, i), colour);
	putchar('\n');
}
