/* SPDX-License-Identifier: MIT */
/* What the tests with real plugins share. */
#ifndef XC_TEST_PLUGINS_SUPPORT_H
#define XC_TEST_PLUGINS_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* Folder of a plugin that was built for the tests, for example "misbehave";
 * static storage, overwritten by the next call. */
const char *made_plugin(const char *variant);

/* The program xcore-trial of this build. */
const char *trial_program(void);

/* A new empty folder, and the removal of one. */
char *new_folder(char *buf, size_t size);
void remove_tree(const char *path);

/* A file's bytes, malloc'ed, with a NUL behind. */
unsigned char *slurp(const char *path, size_t *len_r);
void spill(const char *path, const void *data, size_t len);

/* Copies a plugin's folder. */
void copy_plugin(const char *from, const char *to);

/* A snapshot under construction; rows are copied from a plugin's folder. */
struct json_object *snapshot_new(int64_t generation);
struct json_object *snapshot_add(struct json_object *snapshot,
    const char *dir, const char *name, const char *version);
void row_set(struct json_object *row, const char *key, const char *text);
void row_config(struct json_object *row, const char *config);

/* Writes it into the state folder and puts it; path_r gets its path. */
void snapshot_write(const char *state, struct json_object *snapshot,
    char *path_r, size_t size);

#endif
