/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	+----------------------------------------------+ offset 0
 *	| # GRUB Environment Block\n                   | the header: nothing may come before it
 *	| # WARNING: ...\n                             | comments, in newer blocks
 *	| saved_entry=0\n                              | NAME=VALUE, where \ stands before \ and newline
 *	| next_entry=\n                                |
 *	| #############################################| padding up to 1024 bytes, without a newline
 *	+----------------------------------------------+
 *
 * Reference: GRUB manual, "The GRUB environment block" and grub-editenv. GRUB checks the header and nothing else: a
 *block without it is "invalid environment block", and load_env then sets nothing.
 */
#include "grubenv.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

static const char header[] = "# GRUB Environment Block\n";
enum { HEADER_LEN = sizeof(header) - 1, COMMENTS_MAX = 16 };

void bm_grubenv_done(struct bm_grubenv *env)
{
	for (size_t i = 0; i < env->n; i++) {
		free(env->items[i].name);
		free(env->items[i].value);
	}
	free(env->items);
	bm_strv_done(&env->comments);
	*env = (struct bm_grubenv){0};
}

static void damage(struct bm_grubenv *env, const char *why, unsigned int line)
{
	if (env->damaged)
		return;
	env->damaged = true;
	env->damage = why;
	env->damage_line = line;
}

static struct bm_grubenv_variable *find(const struct bm_grubenv *env, const char *name)
{
	for (size_t i = 0; i < env->n; i++) {
		if (bm_streq(env->items[i].name, name))
			return &env->items[i];
	}
	return NULL;
}

const char *bm_grubenv_get(const struct bm_grubenv *env, const char *name)
{
	const struct bm_grubenv_variable *variable = env ? find(env, name) : NULL;

	return variable ? variable->value : NULL;
}

static void remove_variable(struct bm_grubenv *env, struct bm_grubenv_variable *variable)
{
	size_t index = (size_t)(variable - env->items);

	free(variable->name);
	free(variable->value);
	memmove(variable, variable + 1, (env->n - index - 1) * sizeof(*variable));
	env->n--;
}

static bool name_is_good(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++) {
		if ((unsigned char)*name <= ' ' || *name == '=' || *name == '\\' || *name == '#' || *name == 0x7f)
			return false;
	}
	return true;
}

static int put(struct bm_grubenv *env, const char *name, const char *value)
{
	struct bm_grubenv_variable *variable = find(env, name), new = {0};

	if (variable)
		return bm_str_set(&variable->value, value);
	if (bm_str_set(&new.name, name) < 0 || bm_str_set(&new.value, value) < 0)
		goto nomem;
	variable = BM_VEC_PUSH(env->items, env->n, env->capacity);
	if (!variable)
		goto nomem;
	*variable = new;
	return 0;
nomem:
	free(new.name);
	free(new.value);
	return -ENOMEM;
}

int bm_grubenv_set(struct bm_grubenv *env, const char *name, const char *value)
{
	struct bm_grubenv_variable *variable;

	if (!name_is_good(name))
		return -EINVAL;
	if (value)
		return put(env, name, value);
	variable = find(env, name);
	if (variable)
		remove_variable(env, variable);
	return 0;
}

/* Reads NAME=VALUE from *pos on, and leaves *pos behind its newline. */
static int parse_variable(struct bm_grubenv *env, const char *text, size_t len, size_t *pos, unsigned int *line)
{
	_cleanup_buf_ struct bm_buf name = {0}, value = {0};
	unsigned int start = *line;
	bool in_value = false;
	size_t i = *pos;

	for (; i < len && text[i] != '\n'; i++) {
		if (text[i] == '\0') {
			damage(env, "holds bytes that are no text", start);
			continue;
		}
		if (!in_value && text[i] == '=') {
			in_value = true;
			continue;
		}
		if (in_value && text[i] == '\\' && i + 1 < len) {
			i++;
			if (text[i] == '\n')
				(*line)++;
		}
		bm_buf_addc(in_value ? &value : &name, text[i]);
	}
	*pos = i < len ? i + 1 : i;
	(*line)++;
	if (name.failed || value.failed)
		return -ENOMEM;
	if (!in_value || !name_is_good(bm_buf_text(&name))) {
		/* Blank space is what editors leave behind, not damage. */
		if (in_value || strspn(bm_buf_text(&name), " \t\r") < name.len)
			damage(env, "a line is no NAME=VALUE", start);
		return 0;
	}
	if (env->n >= BM_GRUBENV_VARIABLES_MAX) {
		damage(env, "holds too many variables", start);
		return 0;
	}
	return put(env, bm_buf_text(&name), bm_buf_text(&value));
}

static int parse_comment(struct bm_grubenv *env, const char *text, size_t len, size_t *pos, unsigned int *line)
{
	const char *start = text + *pos, *end = memchr(start, '\n', len - *pos);
	size_t n = end ? (size_t)(end - start) : len - *pos;
	bool padding = true;

	for (size_t i = 0; i < n && padding; i++)
		padding = start[i] == '#';
	*pos += n + (end ? 1 : 0);
	(*line)++;
	if (padding || env->comments.n >= COMMENTS_MAX || memchr(start, '\0', n))
		return 0;
	return bm_strv_addn(&env->comments, start, n);
}

int bm_grubenv_parse(const char *text, size_t len, struct bm_grubenv *ret)
{
	_cleanup_grubenv_ struct bm_grubenv env = {.size_bytes = len};
	unsigned int line = 1;
	size_t pos = 0;

	if (len == 0)
		damage(&env, "is empty", 0);
	else if (len > BM_GRUBENV_SIZE_MAX) {
		damage(&env, "is too long", 0);
		len = BM_GRUBENV_SIZE_MAX;
	}
	if (len >= HEADER_LEN && memcmp(text, header, HEADER_LEN) == 0) {
		pos = HEADER_LEN;
		line++;
	} else {
		damage(&env, "does not begin with GRUB's header", 1);
		env.refused = true;
	}
	while (pos < len) {
		int r = text[pos] == '#' ? parse_comment(&env, text, len, &pos, &line)
					 : parse_variable(&env, text, len, &pos, &line);

		if (r < 0)
			return r;
	}
	*ret = env;
	env = (struct bm_grubenv){0};
	return 0;
}

int bm_grubenv_write(const struct bm_grubenv *env, struct bm_buf *out)
{
	_cleanup_buf_ struct bm_buf block = {0};
	size_t size = env->size_bytes ? env->size_bytes : BM_GRUBENV_SIZE;

	bm_buf_adds(&block, header);
	for (size_t i = 0; i < env->comments.n; i++)
		bm_buf_addf(&block, "%s\n", env->comments.items[i]);
	for (size_t i = 0; i < env->n; i++) {
		bm_buf_addf(&block, "%s=", env->items[i].name);
		for (const char *c = env->items[i].value; *c; c++) {
			if (*c == '\\' || *c == '\n')
				bm_buf_addc(&block, '\\');
			bm_buf_addc(&block, *c);
		}
		bm_buf_addc(&block, '\n');
	}
	if (block.failed)
		return -ENOMEM;
	if (block.len > size)
		return -ENOSPC;
	while (block.len < size && !block.failed)
		bm_buf_addc(&block, '#');
	if (block.failed)
		return -ENOMEM;
	return bm_buf_add(out, block.data, block.len);
}
