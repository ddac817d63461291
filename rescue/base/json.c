/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "str.h"

void bm_json_init(struct bm_json *json, struct bm_buf *out)
{
	*json = (struct bm_json){.out = out};
}

static void quote(struct bm_buf *out, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	bm_buf_addc(out, '"');
	while (*p) {
		size_t len = bm_utf8_len((const char *)p);

		if (len == 0) {
			bm_buf_adds(out, "\xef\xbf\xbd");
			p++;
			continue;
		}
		if (*p == '"' || *p == '\\')
			bm_buf_addf(out, "\\%c", *p);
		else if (*p == '\n')
			bm_buf_adds(out, "\\n");
		else if (*p == '\t')
			bm_buf_adds(out, "\\t");
		else if (*p < 0x20 || *p == 0x7f)
			bm_buf_addf(out, "\\u%04x", *p);
		else
			bm_buf_add(out, p, len);
		p += len;
	}
	bm_buf_addc(out, '"');
}

static void indent(struct bm_json *json)
{
	bm_buf_addc(json->out, '\n');
	for (unsigned int i = 0; i < json->depth; i++)
		bm_buf_adds(json->out, "  ");
}

static void begin(struct bm_json *json, const char *key)
{
	if (json->depth > 0) {
		bool *filled = &json->filled[json->depth - 1];

		assert(json->array[json->depth - 1] == !key);
		if (*filled)
			bm_buf_addc(json->out, ',');
		*filled = true;
		indent(json);
	}
	if (key) {
		quote(json->out, key);
		bm_buf_adds(json->out, ": ");
	}
}

static void open_level(struct bm_json *json, const char *key, bool array)
{
	begin(json, key);
	assert(json->depth < BM_JSON_DEPTH_MAX);
	json->array[json->depth] = array;
	json->filled[json->depth] = false;
	json->depth++;
	bm_buf_addc(json->out, array ? '[' : '{');
}

void bm_json_object(struct bm_json *json, const char *key)
{
	open_level(json, key, false);
}

void bm_json_array(struct bm_json *json, const char *key)
{
	open_level(json, key, true);
}

void bm_json_end(struct bm_json *json)
{
	bool array, filled;

	assert(json->depth > 0);
	json->depth--;
	array = json->array[json->depth];
	filled = json->filled[json->depth];
	if (filled)
		indent(json);
	bm_buf_addc(json->out, array ? ']' : '}');
	if (json->depth == 0)
		bm_buf_addc(json->out, '\n');
}

void bm_json_str(struct bm_json *json, const char *key, const char *text)
{
	begin(json, key);
	if (text)
		quote(json->out, text);
	else
		bm_buf_adds(json->out, "null");
}

void bm_json_strf(struct bm_json *json, const char *key, const char *format, ...)
{
	_cleanup_buf_ struct bm_buf buf = {0};
	va_list args;

	va_start(args, format);
	bm_buf_addv(&buf, format, args);
	va_end(args);
	bm_json_str(json, key, bm_buf_text(&buf));
}

void bm_json_u64(struct bm_json *json, const char *key, uint64_t value)
{
	begin(json, key);
	bm_buf_addf(json->out, "%" PRIu64, value);
}

void bm_json_int(struct bm_json *json, const char *key, int64_t value)
{
	begin(json, key);
	bm_buf_addf(json->out, "%" PRId64, value);
}

void bm_json_bool(struct bm_json *json, const char *key, bool value)
{
	begin(json, key);
	bm_buf_adds(json->out, value ? "true" : "false");
}
