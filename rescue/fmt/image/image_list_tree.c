/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The tree of an image's files: nodes in one array, names in one arena, children found by a hash of parent and name.
 * Paths are walked as path_resolution(7) says, with the image's root for "/" and "/.." .
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "image_list_int.h"

enum { WALK_PATH_MAX = 2 * 4096 };

int bm_image_list_text(struct bm_image_list *list, const char *text, size_t len, uint32_t *ret_at)
{
	if (len + 1 > BM_IMAGE_LIST_NAMES - list->n_names)
		return -EFBIG;
	if (list->n_names + len + 1 > list->cap_names) {
		size_t capacity = BM_MAX(list->cap_names * 2, list->n_names + len + 1);
		char *names;

		capacity = BM_MIN(BM_MAX(capacity, (size_t)65536), (size_t)BM_IMAGE_LIST_NAMES);
		names = realloc(list->names, capacity);
		if (!names)
			return -ENOMEM;
		list->names = names;
		list->cap_names = capacity;
	}
	*ret_at = (uint32_t)list->n_names;
	memcpy(list->names + list->n_names, text, len);
	list->names[list->n_names + len] = '\0';
	list->n_names += len + 1;
	return 0;
}

static uint32_t hash_of(uint32_t parent, const char *name, size_t len)
{
	uint32_t hash = 2166136261U ^ (parent * 2654435761U);

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)name[i]) * 16777619U;
	return hash ^ hash >> 15;
}

/* The chains are kept by rebuilding them each time the table doubles; it has room for as many heads as nodes. */
static int rehash(struct bm_image_list *list)
{
	size_t buckets = list->n_buckets ? list->n_buckets * 2 : 1024;
	uint32_t *heads = malloc(buckets * sizeof(*heads));

	if (!heads)
		return -ENOMEM;
	memset(heads, 0xff, buckets * sizeof(*heads));
	for (size_t i = 1; i < list->n_nodes; i++) {
		struct bm_image_node *node = &list->nodes[i];
		size_t bucket = node->hash & (buckets - 1);

		node->next = heads[bucket];
		heads[bucket] = (uint32_t)i;
	}
	free(list->buckets);
	list->buckets = heads;
	list->n_buckets = buckets;
	return 0;
}

int bm_image_list_tree_init(struct bm_image_list *list)
{
	struct bm_image_node *root = BM_VEC_PUSH(list->nodes, list->n_nodes, list->cap_nodes);

	if (!root)
		return -ENOMEM;
	root->mode = S_IFDIR | 0755;
	root->next = BM_IMAGE_LIST_NONE;
	if (bm_image_list_text(list, "", 0, &root->name) < 0 || bm_image_list_body_new(list, &root->body) < 0)
		return -ENOMEM;
	return rehash(list);
}

uint32_t bm_image_list_child(const struct bm_image_list *list, uint32_t parent, const char *name, size_t len)
{
	uint32_t hash = hash_of(parent, name, len);
	uint32_t i = list->n_buckets ? list->buckets[hash & (list->n_buckets - 1)] : BM_IMAGE_LIST_NONE;

	for (; i != BM_IMAGE_LIST_NONE; i = list->nodes[i].next) {
		const struct bm_image_node *node = &list->nodes[i];
		const char *own = list->names + node->name;

		if (node->hash == hash && node->parent == parent && strncmp(own, name, len) == 0 && own[len] == '\0')
			return i;
	}
	return BM_IMAGE_LIST_NONE;
}

int bm_image_list_node_new(
	struct bm_image_list *list, uint32_t parent, const char *name, size_t len, uint32_t *ret_node)
{
	struct bm_image_node *node;
	uint32_t name_at, bucket;
	int r;

	if (list->n_nodes >= BM_IMAGE_LIST_NODES)
		return -EFBIG;
	r = bm_image_list_text(list, name, len, &name_at);
	if (r < 0)
		return r;
	if (list->n_nodes >= list->n_buckets) {
		r = rehash(list);
		if (r < 0)
			return r;
	}
	node = BM_VEC_PUSH(list->nodes, list->n_nodes, list->cap_nodes);
	if (!node)
		return -ENOMEM;
	node->parent = parent;
	node->name = name_at;
	node->hash = hash_of(parent, name, len);
	*ret_node = (uint32_t)(list->n_nodes - 1);
	bucket = node->hash & (uint32_t)(list->n_buckets - 1);
	node->next = list->buckets[bucket];
	list->buckets[bucket] = *ret_node;
	return 0;
}

int bm_image_list_body_new(struct bm_image_list *list, uint32_t *ret_body)
{
	if (list->n_bodies >= BM_IMAGE_LIST_NODES)
		return -EFBIG;
	if (!BM_VEC_PUSH(list->bodies, list->n_bodies, list->cap_bodies))
		return -ENOMEM;
	*ret_body = (uint32_t)(list->n_bodies - 1);
	return 0;
}

/* Puts a symlink's target before what is left of the path; false when that is too long. */
static bool splice(const char *target, const char *rest, size_t rest_len, char ret_path[WALK_PATH_MAX], size_t *ret_len)
{
	size_t len = strlen(target);

	if (len + 1 + rest_len > WALK_PATH_MAX)
		return false;
	memcpy(ret_path, target, len);
	ret_path[len] = '/';
	memcpy(ret_path + len + 1, rest, rest_len);
	*ret_len = len + 1 + rest_len;
	return true;
}

/* One component below node; BM_IMAGE_LIST_NONE where it is not there. */
static uint32_t walk_step(const struct bm_image_list *list, uint32_t at, const char *name, size_t len)
{
	uint32_t child;

	if (!S_ISDIR(list->nodes[at].mode))
		return BM_IMAGE_LIST_NONE;
	if (len == 1 && name[0] == '.')
		return at;
	if (len == 2 && name[0] == '.' && name[1] == '.')
		return list->nodes[at].parent;
	child = bm_image_list_child(list, at, name, len);
	return child != BM_IMAGE_LIST_NONE && list->nodes[child].mode == 0 ? BM_IMAGE_LIST_NONE : child;
}

/* The length of the run of slashes (or of anything but slashes) at the begin. */
static size_t run(const char *text, size_t len, bool of_slashes)
{
	size_t n = 0;

	while (n < len && (text[n] == '/') == of_slashes)
		n++;
	return n;
}

uint32_t bm_image_list_walk(
	const struct bm_image_list *list, const char *path, size_t len, bool follow_last, uint64_t *work)
{
	char buffers[2][WALK_PATH_MAX];
	unsigned int current = 0, links = 0;
	uint32_t at = 0;

	if (list->n_nodes == 0 || len >= WALK_PATH_MAX)
		return BM_IMAGE_LIST_NONE;
	for (;;) {
		size_t skip = run(path, len, true), n;
		const char *name;
		uint32_t child;

		path += skip;
		len -= skip;
		if (len == 0)
			return at;
		name = path;
		n = run(path, len, false);
		path += n;
		len -= n;
		if (work)
			*work += n + 1;
		child = walk_step(list, at, name, n);
		if (child == BM_IMAGE_LIST_NONE)
			return child;
		if (S_ISLNK(list->nodes[child].mode) && (follow_last || run(path, len, true) < len)) {
			const char *target = list->names + list->nodes[child].link;
			char *into = buffers[current ^= 1];

			if (++links > BM_IMAGE_LIST_SYMLINKS || *target == '\0' ||
				!splice(target, path, len, into, &len))
				return BM_IMAGE_LIST_NONE;
			at = *target == '/' ? 0 : at;
			path = into;
			if (work)
				*work += len;
			continue;
		}
		at = child;
	}
}

const struct bm_image_node *bm_image_list_find(const struct bm_image_list *list, const char *path)
{
	uint32_t at = bm_image_list_walk(list, path, strlen(path), true, NULL);

	return at == BM_IMAGE_LIST_NONE ? NULL : &list->nodes[at];
}

const struct bm_image_node *bm_image_list_lfind(const struct bm_image_list *list, const char *path)
{
	uint32_t at = bm_image_list_walk(list, path, strlen(path), false, NULL);

	return at == BM_IMAGE_LIST_NONE ? NULL : &list->nodes[at];
}

const char *bm_image_list_name(const struct bm_image_list *list, const struct bm_image_node *node)
{
	return list->names + node->name;
}

const char *bm_image_list_link(const struct bm_image_list *list, const struct bm_image_node *node)
{
	return S_ISLNK(node->mode) ? list->names + node->link : NULL;
}

const struct bm_image_body *bm_image_list_body(const struct bm_image_list *list, const struct bm_image_node *node)
{
	return &list->bodies[node->body];
}

char *bm_image_list_path(const struct bm_image_list *list, const struct bm_image_node *node)
{
	const struct bm_image_node *up;
	size_t len = 0;
	char *path;

	for (up = node; up != list->nodes; up = &list->nodes[up->parent])
		len += 1 + strlen(list->names + up->name);
	if (len == 0)
		return strdup("/");
	path = malloc(len + 1);
	if (!path)
		return NULL;
	path[len] = '\0';
	for (up = node; up != list->nodes; up = &list->nodes[up->parent]) {
		size_t n = strlen(list->names + up->name);

		len -= n;
		memcpy(path + len, list->names + up->name, n);
		path[--len] = '/';
	}
	return path;
}

const struct bm_image_node *bm_image_list_any(const struct bm_image_list *list, const char *name,
	bool (*takes)(void *ctx, const struct bm_image_node *node), void *ctx)
{
	for (size_t i = 1; i < list->n_nodes; i++) {
		const struct bm_image_node *node = &list->nodes[i];

		if (node->mode != 0 && strcmp(list->names + node->name, name) == 0 && takes(ctx, node))
			return node;
	}
	return NULL;
}
