/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Private to cmd/image*.c: the parts of `bootmend image`. */
#ifndef BM_CMD_IMAGE_H
#define BM_CMD_IMAGE_H

#include "../fmt/image/image_list.h"
#include "../os/root/extract.h"
#include "../report/report.h"
#include "../system/unified.h"
#include "cmd.h"

enum {
	BM_CMD_IMAGE_FLUSH = 64 * 1024, /* bytes of output that are gathered */
	BM_CMD_IMAGE_LINKS = 16 * 1024, /* hard links that an extraction can join in one archive */
	BM_CMD_IMAGE_COMPLAINTS = 20,	/* entries that are named one by one when they can't be extracted */
};

/* --- cmd/image_extract.c: entries become files --- */

struct bm_cmd_image_link {
	uint32_t ino, dev_major, dev_minor;
	char *path;
};

struct bm_cmd_image_extract {
	struct bm_extract *out; /* NULL: nothing is extracted */
	struct bm_cmd_image_link *links;
	size_t n_links, cap_links;
	bool open;
	int64_t mtime;
	uint64_t made, nodes, failed; /* entries made, device nodes and sockets left out, and those that failed */
};

/* The callbacks' parts; each returns what the callback would. */
int bm_cmd_image_extract_entry(struct bm_cmd_image_extract *extract, const struct bm_cpio_entry *entry);
int bm_cmd_image_extract_data(struct bm_cmd_image_extract *extract, const uint8_t *bytes, size_t len);
int bm_cmd_image_extract_end(struct bm_cmd_image_extract *extract);
void bm_cmd_image_extract_archive_end(struct bm_cmd_image_extract *extract);
void bm_cmd_image_extract_done(struct bm_cmd_image_extract *extract);

/* --- cmd/image_print.c: what is shown --- */

/* One line as `ls -l` has it, or one JSON object. */
void bm_cmd_image_entry_text(struct bm_buf *out, const struct bm_cpio_entry *entry);
void bm_cmd_image_entry_json(struct bm_json *json, const struct bm_cpio_entry *entry);

struct bm_cmd_image_facts {
	const char *file;
	uint64_t size; /* UINT64_MAX: not known */
	const struct bm_image_summary *summary;
	const struct bm_image_list *list;
	const struct bm_unified *unified; /* NULL: the file is the initramfs itself */
};

void bm_cmd_image_summary_text(struct bm_buf *out, const struct bm_cmd_image_facts *facts);
/* Members of the open object. */
void bm_cmd_image_summary_json(struct bm_json *json, const struct bm_cmd_image_facts *facts);

/* --- cmd/image_verify.c: the proof --- */

/* Proves the image for the kernel, with what the machine's system needs where there is one that has that kernel.
 * Returns BM_EXIT_OK with ret_proof for bm_proof_done(), whatever its verdict; another status after saying why. */
int bm_cmd_image_verify(const struct bm_global *global, const char *version, const struct bm_image_list *list,
	const struct bm_image_summary *summary, struct bm_proof *ret_proof);
/* The same without looking at any system: which drivers are needed is not known then. */
int bm_cmd_image_prove_alone(const char *version, const struct bm_image_list *list,
	const struct bm_image_summary *summary, struct bm_proof *ret_proof);

#endif
