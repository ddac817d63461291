/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A JSON writer (RFC 8259) onto a buffer: indented by two spaces, members in the order in which they are written.
 * Bytes that are not UTF-8 become U+FFFD, so the output is always valid.
 *
 *	struct bm_json json; bm_json_init(&json, &buf);
 *	bm_json_object(&json, NULL); bm_json_str(&json, "name", "x"); bm_json_end(&json);
 */
#ifndef BM_BASE_JSON_H
#define BM_BASE_JSON_H

#include "buf.h"

enum { BM_JSON_DEPTH_MAX = 32 };

struct bm_json {
	struct bm_buf *out; /* borrowed */
	unsigned int depth;
	bool array[BM_JSON_DEPTH_MAX];
	bool filled[BM_JSON_DEPTH_MAX];
};

void bm_json_init(struct bm_json *json, struct bm_buf *out);
/* key is NULL inside an array and at the top. A NULL text is written as null. bm_json_end() closes the innermost. */
void bm_json_object(struct bm_json *json, const char *key);
void bm_json_array(struct bm_json *json, const char *key);
void bm_json_end(struct bm_json *json);
void bm_json_str(struct bm_json *json, const char *key, const char *text);
void bm_json_strf(struct bm_json *json, const char *key, const char *format, ...) BM_PRINTF(3, 4);
void bm_json_u64(struct bm_json *json, const char *key, uint64_t value);
void bm_json_int(struct bm_json *json, const char *key, int64_t value);
void bm_json_bool(struct bm_json *json, const char *key, bool value);

#endif
