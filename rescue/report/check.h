/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bootmend check`: each boot entry of a system, and whether it will boot.
 */
#ifndef BM_REPORT_CHECK_H
#define BM_REPORT_CHECK_H

#include "report.h"

enum bm_judgement {
	BM_JUDGED_BOOTS,
	BM_JUDGED_FAILS,
	BM_JUDGED_NOT, /* no Linux of this system, a rescue image, or something could not be read: why says so */
};

/* An entry, or a kernel that no entry loads. */
struct bm_judged {
	int entry;	     /* index into the loader's, or -1 */
	const char *version; /* of the kernel; borrowed, may be NULL */
	char *title;
	bool is_default;
	enum bm_judgement judgement;
	bool unread;		     /* not judged because its initramfs could not be read */
	char *why;		     /* a sentence without full stop; NULL where it boots */
	struct bm_findings findings; /* that are this entry's own */
};

struct bm_check_report {
	const struct bm_survey *survey;
	const struct bm_system *system;
	struct bm_judged *items; /* in the order of the menu */
	size_t n, cap;
	struct bm_findings findings; /* of the system, whichever entry is booted */
	struct bm_strv notes;
};

void bm_check_report_done(struct bm_check_report *report);
#define _cleanup_check_report_ BM_CLEANUP(bm_check_report_done)

/* How many will not boot; how many could not be read. */
size_t bm_check_report_fails(const struct bm_check_report *report);
size_t bm_check_report_unread(const struct bm_check_report *report);

/* A line for each entry, then the findings. */
void bm_report_check_text(
	const struct bm_check_report *report, const struct bm_report_style *style, struct bm_buf *out);
/* Only what will not boot or could not be read, a few lines, for a package manager's output; nothing where all is
 * well. */
void bm_report_check_warning(const struct bm_check_report *report, struct bm_buf *out);
/* Members "system", "entries", "findings" and "notes". */
void bm_report_check_json(struct bm_json *json, const struct bm_check_report *report);

const char *bm_judgement_text(enum bm_judgement judgement); /* boots, fails, not-judged */

#endif
