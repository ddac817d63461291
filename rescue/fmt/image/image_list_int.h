/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to image_list*.c. */
#ifndef BM_FMT_IMAGE_LIST_INT_H
#define BM_FMT_IMAGE_LIST_INT_H

#include "base/buf.h"
#include "image_list.h"

enum { BM_IMAGE_LIST_NONE = 0xffffffff };

enum bm_image_list_capture {
	BM_CAPTURE_NONE,
	BM_CAPTURE_PROGRAM,
	BM_CAPTURE_MODULE,
	BM_CAPTURE_INDEX,
	BM_CAPTURE_LD_CONF,
	BM_CAPTURE_RELEASE,
	BM_CAPTURE_TEXT,
	BM_CAPTURE_BUILTIN, /* a text, and a longer one */
	BM_CAPTURE_SQUASH,
};

struct bm_image_list_module;

struct bm_image_list_hardlink {
	uint32_t ino, dev_major, dev_minor, type;
	uint32_t body;
	uint32_t next; /* of its chain */
};

enum { BM_IMAGE_LIST_LINK_BUCKETS = 4096 };

/* What only the filling needs; freed by bm_image_list_finish(). */
struct bm_image_list_reader {
	uint64_t work; /* bytes of paths walked */
	size_t facts;  /* bytes of what executables need */
	struct bm_image_list_hardlink *hardlinks;
	size_t n_hardlinks, cap_hardlinks;
	uint32_t buckets[BM_IMAGE_LIST_LINK_BUCKETS];
	/* the file whose data comes now */
	uint32_t body;
	enum bm_image_list_capture capture;
	uint64_t offset;
	uint8_t *head; /* BM_ELF_HEAD bytes, once there was need */
	size_t head_len;
	uint64_t dynamic_at, dynamic_size;
	uint8_t *dynamic; /* BM_ELF_DYNAMIC_MAX bytes, likewise */
	size_t dynamic_len;
	struct bm_image_list_module *module; /* likewise */
	struct bm_buf squash;		     /* the filesystem inside */
};

/* image_list_tree.c: the tree. Nodes are named by their index. */
int bm_image_list_tree_init(struct bm_image_list *list) BM_MUST_CHECK;
uint32_t bm_image_list_child(const struct bm_image_list *list, uint32_t parent, const char *name, size_t len);
/* The node of the path of len bytes; BM_IMAGE_LIST_NONE where there is none. work, if any, counts the bytes walked. */
uint32_t bm_image_list_walk(
	const struct bm_image_list *list, const char *path, size_t len, bool follow_last, uint64_t *work);
/* A new node below parent. -EFBIG when a limit is met, -ENOMEM. */
int bm_image_list_node_new(
	struct bm_image_list *list, uint32_t parent, const char *name, size_t len, uint32_t *ret_node) BM_MUST_CHECK;
int bm_image_list_body_new(struct bm_image_list *list, uint32_t *ret_body) BM_MUST_CHECK;
int bm_image_list_text(struct bm_image_list *list, const char *text, size_t len, uint32_t *ret_at) BM_MUST_CHECK;

/* image_list_finish.c: whether a file of that name is a module, compressed or not. */
bool bm_image_list_is_module(const char *name);

/* image_list_module.c: whether the module of that name is one to look into, and what it tells while its data passes.
 * ret_facts is for free(). 0 or -ENOMEM. */
bool bm_image_list_inspects(const struct bm_image_list *list, const char *name);
int bm_image_list_module_begin(struct bm_image_list_reader *reader) BM_MUST_CHECK;
int bm_image_list_module_data(struct bm_image_list_reader *reader, const uint8_t *bytes, size_t len) BM_MUST_CHECK;
int bm_image_list_module_end(
	struct bm_image_list_reader *reader, struct bm_image_module_facts **ret_facts) BM_MUST_CHECK;
void bm_image_list_module_free(struct bm_image_list_module *module);
/* Whether a binary index of modules of that size, which begins so, is no such index, or was cut. */
bool bm_image_list_bad_index(const uint8_t *head, size_t len, uint64_t size);

/* image_list_squash.c: the filesystem inside. Whether the node is the file that it stands in (*ret_name: which); its
 * data; and reading it, after all archives. 0 or -ENOMEM, or a negative errno of list->inner_sink. */
bool bm_image_list_is_squash(const struct bm_image_list *list, uint32_t at, const char **ret_name);
bool bm_image_list_squash_begin(struct bm_image_list *list, const char *name, uint64_t size);
void bm_image_list_squash_data(struct bm_image_list *list, const uint8_t *bytes, size_t len);
int bm_image_list_squash_read(struct bm_image_list *list) BM_MUST_CHECK;

/* image_list.c: what fills a list that bm_image_list_sink() has prepared, and what a file's data tells. */
struct bm_image_sink bm_image_list_callbacks(struct bm_image_list *list);
void bm_image_list_capture_free(struct bm_image_list_reader *reader);

#endif
