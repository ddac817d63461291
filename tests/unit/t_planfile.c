/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Edits of texts, and the plan as a file: what is written is read as it was, and nothing else is taken for a plan.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "harness.h"
#include "plan/planfile.h"

/* --- edits --- */

static void step_done(struct bm_step *step)
{
	struct bm_plan plan = {.steps = malloc(sizeof(*step)), .n_steps = 1};

	BM_CHECK(plan.steps);
	*plan.steps = *step;
	bm_plan_done(&plan);
}

/* The edits from one text to the other give the other, and how many there are. */
static size_t check_edit_n(const char *before, size_t before_len, const char *after, size_t after_len)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_step step = {.kind = BM_STEP_EDIT};
	size_t n;

	BM_CHECK_INT(bm_step_set_edit(&step, before, before_len, after, after_len), 0);
	BM_CHECK_INT(bm_step_edit(&step, before, before_len, &out), 0);
	BM_CHECK_INT(out.len, after_len);
	BM_CHECK(after_len == 0 || memcmp(out.data, after, after_len) == 0);
	n = step.n_edits;
	step_done(&step);
	return n;
}

static size_t check_edit(const char *before, const char *after)
{
	return check_edit_n(before, before ? strlen(before) : 0, after, strlen(after));
}

BM_TEST(edit_nothing_and_everything)
{
	BM_CHECK_INT(check_edit("a\nb\n", "a\nb\n"), 0);
	BM_CHECK_INT(check_edit(NULL, "a\nb\n"), 1);
	BM_CHECK_INT(check_edit(NULL, ""), 0);
	BM_CHECK_INT(check_edit("", "a"), 1);
	BM_CHECK_INT(check_edit("a\nb\n", ""), 2);
	BM_CHECK_INT(check_edit("\n", ""), 1);
	BM_CHECK_INT(check_edit("", "\n\n"), 1);
}

BM_TEST(edit_lines)
{
	BM_CHECK_INT(check_edit("a\nb\nc\n", "a\nX\nc\n"), 1);
	BM_CHECK_INT(check_edit("a\nb\nc\n", "a\nb\nX\nc\n"), 1);
	BM_CHECK_INT(check_edit("a\nb\nc\n", "a\nc\n"), 1);
	BM_CHECK_INT(check_edit("a\nb\nc\n", "b\nc\n"), 1);
	BM_CHECK_INT(check_edit("a\nb\nc\n", "X\na\nb\nc\nY\n"), 2);
	BM_CHECK_INT(check_edit("a\nb\nc\nd\n", "a\nX\nY\nZ\nd\n"), 2);
	BM_CHECK_INT(check_edit("a\na\na\n", "a\na\n"), 1);
	BM_CHECK_INT(check_edit("1\n2\n3\n4\n5\n6\n7\n", "1\nx\n3\n4\ny\nz\n6\n7\nw\n"), 3);
}

BM_TEST(edit_line_ends)
{
	BM_CHECK_INT(check_edit("a\r\nb\r\n", "a\r\nX\r\n"), 1);
	BM_CHECK_INT(check_edit("a\r\nb\r\n", "a\nb\r\n"), 1);
	BM_CHECK_INT(check_edit("a\nb", "a\nb\n"), 0);
	BM_CHECK_INT(check_edit("a\nb\n", "a\nb"), 0);
	BM_CHECK_INT(check_edit("a\nb", "X\nb"), 1);
	BM_CHECK_INT(check_edit("a\nb", "a\nb\nc"), 1);
	BM_CHECK_INT(check_edit("a", ""), 1);
}

BM_TEST(edit_keeps_what_is_no_text)
{
	static const char before[] = "a\0b\nc\n\xff\xfe\n", after[] = "a\0b\nX\n\xff\xfe\n";
	static const char removed[] = "c\n\xff\xfe\n";
	struct bm_step step = {.kind = BM_STEP_EDIT};

	BM_CHECK_INT(check_edit_n(before, sizeof(before) - 1, after, sizeof(after) - 1), 1);
	/* A line with a NUL can stay, but not change: no text can tell of it. */
	BM_CHECK_INT(bm_step_set_edit(&step, before, sizeof(before) - 1, removed, sizeof(removed) - 1), -EINVAL);
	BM_CHECK_INT(step.n_edits, 0);
}

BM_TEST(edit_long_lines_and_many)
{
	_cleanup_buf_ struct bm_buf before = {0}, after = {0};

	for (int i = 0; i < 5000; i++) {
		bm_buf_addf(&before, "line %d %*s\n", i, i == 77 ? 200000 : 3, "x");
		if (i % 1000 == 7)
			bm_buf_addf(&after, "line %d changed\n", i);
		else
			bm_buf_addf(&after, "line %d %*s\n", i, i == 77 ? 200000 : 3, "x");
	}
	BM_CHECK_INT(check_edit_n(before.data, before.len, after.data, after.len), 5);
	BM_CHECK_INT(check_edit_n(before.data, before.len, "only\n", 5), 5000);
}

BM_TEST(edit_grubenv)
{
	_cleanup_buf_ struct bm_buf before = {0}, after = {0};

	bm_buf_adds(&before, "# GRUB Environment Block\nsaved_entry=a\nboot_success=0\n");
	bm_buf_adds(&after, "# GRUB Environment Block\nsaved_entry=longer\nboot_success=0\n");
	while (before.len < 1024)
		bm_buf_addc(&before, '#');
	while (after.len < 1024)
		bm_buf_addc(&after, '#');
	BM_CHECK_INT(check_edit_n(before.data, before.len, after.data, after.len), 2);
}

BM_TEST(edit_refuses_another_text)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_step step = {.kind = BM_STEP_EDIT};

	BM_CHECK_INT(bm_step_set_edit(&step, "a\nb\n", 4, "a\nc\n", 4), 0);
	BM_CHECK_INT(bm_step_edit(&step, "a\nb\n#\n", 6, &out), -ESTALE);
	BM_CHECK_INT(bm_step_edit(&step, "a\nb", 3, &out), -ESTALE);
	BM_CHECK_INT(bm_step_edit(&step, NULL, 0, &out), -ESTALE);
	/* Also where somebody has changed the step itself. */
	step.edits[0].line = 1;
	BM_CHECK_INT(bm_step_edit(&step, "a\nb\n", 4, &out), -ESTALE);
	step.edits[0].line = 9;
	BM_CHECK_INT(bm_step_edit(&step, "a\nb\n", 4, &out), -ESTALE);
	step.edits[0].line = 2;
	step.edits[0].new[0] = 'x';
	BM_CHECK_INT(bm_step_edit(&step, "a\nb\n", 4, &out), -ESTALE);
	BM_CHECK_INT(out.len, 0);
	BM_CHECK_INT(bm_step_set_edit(&step, NULL, 0, "new\n", 4), 0);
	BM_CHECK_INT(bm_step_edit(&step, "", 0, &out), -ESTALE);
	step_done(&step);
}

/* --- the file --- */

static const char odd[] = "  odd \\ \t\r\n\x01\x7f\xc2\x85\xff\xe2\x82\xac ends with a blank ";

static struct bm_step *push(struct bm_plan *plan, enum bm_step_kind kind)
{
	struct bm_step *step = BM_VEC_PUSH(plan->steps, plan->n_steps, plan->cap_steps);

	BM_CHECK(step);
	step->kind = kind;
	return step;
}

static void push_edit(struct bm_step *step, unsigned int line, const char *old, const char *new)
{
	struct bm_edit *edit = BM_VEC_PUSH(step->edits, step->n_edits, step->cap_edits);

	BM_CHECK(edit);
	edit->line = line;
	BM_CHECK_INT(bm_str_set(&edit->old, old), 0);
	BM_CHECK_INT(bm_str_set(&edit->new, new), 0);
}

static void fill_step(struct bm_step *step)
{
	BM_CHECK_INT(bm_str_set(&step->version, "6.1.0-9-amd64"), 0);
	BM_CHECK_INT(bm_str_set(&step->target, "/etc/a file\nwith odd\\name"), 0);
	BM_CHECK_INT(bm_str_set(&step->filesystem, "3f2a"), 0);
	BM_CHECK_INT(bm_str_set(&step->why, odd), 0);
	BM_CHECK_INT(bm_str_set(&step->text, ""), 0);
	BM_CHECK_INT(bm_str_set(&step->link, "../lib/systemd/systemd"), 0);
	BM_CHECK_INT(bm_strv_add(&step->argv, "/usr/bin/dracut"), 0);
	BM_CHECK_INT(bm_strv_add(&step->argv, ""), 0);
	BM_CHECK_INT(bm_strv_add(&step->argv, " "), 0);
	BM_CHECK_INT(bm_strv_add(&step->environment, "A=b c"), 0);
	BM_CHECK_INT(bm_strv_add(&step->drivers, "virtio_blk"), 0);
	BM_CHECK_INT(bm_strv_add(&step->drivers, "ext4"), 0);
	BM_CHECK_INT(bm_strv_add(&step->serves, "FSTAB-DEVICE-UNKNOWN"), 0);
	step->least_bytes = 1;
	step->need_bytes = UINT64_MAX;
	step->offset_bytes = 28672;
	step->page_bytes = 4096;
	step->generic = step->no_newline = true;
	bm_sha256_text("x", 1, step->before);
	bm_sha256_text("y", 1, step->after);
	push_edit(step, 1, NULL, NULL);
	push_edit(step, 2, "", "");
	push_edit(step, 3, odd, "one\n\ntwo\n");
	push_edit(step, UINT32_MAX, "-x", "+y");
	push_edit(step, UINT32_MAX, NULL, "\n");
}

static void fill(struct bm_plan *plan)
{
	struct bm_basis *basis;

	BM_CHECK_INT(bm_str_set(&plan->system_id, "3f2a"), 0);
	BM_CHECK_INT(bm_str_set(&plan->system_uuid, "3f2a-4b"), 0);
	BM_CHECK_INT(bm_str_set(&plan->kernel, ""), 0);
	BM_CHECK_INT(bm_str_set(&plan->verdict, odd), 0);
	BM_CHECK_INT(bm_strv_add(&plan->notes, odd), 0);
	BM_CHECK_INT(bm_strv_add(&plan->notes, ""), 0);
	BM_CHECK_INT(bm_strv_add(&plan->instructions, "X: do it"), 0);
	for (int i = 0; i < 2; i++) {
		basis = BM_VEC_PUSH(plan->basis, plan->n_basis, plan->cap_basis);
		BM_CHECK(basis);
		BM_CHECK_INT(bm_str_set(&basis->path, i ? "/etc/a b" : "/boot/x\n"), 0);
		if (i)
			bm_sha256_text("x", 1, basis->hash);
	}
	for (int kind = 0; kind <= BM_STEP_UNMOUNT; kind++)
		push(plan, (enum bm_step_kind)kind);
	fill_step(push(plan, BM_STEP_EDIT));
	push(plan, BM_STEP_MOVE);
}

static void check_strv(const struct bm_strv *a, const struct bm_strv *b)
{
	BM_CHECK_INT(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		BM_CHECK_STR(a->items[i], b->items[i]);
}

static void check_step(const struct bm_step *a, const struct bm_step *b)
{
	BM_CHECK_INT(a->kind, b->kind);
	BM_CHECK_STR(a->version, b->version);
	BM_CHECK_STR(a->target, b->target);
	BM_CHECK_STR(a->filesystem, b->filesystem);
	BM_CHECK_STR(a->why, b->why);
	BM_CHECK_STR(a->text, b->text);
	BM_CHECK_STR(a->link, b->link);
	BM_CHECK_STR(a->before, b->before);
	BM_CHECK_STR(a->after, b->after);
	check_strv(&a->argv, &b->argv);
	check_strv(&a->environment, &b->environment);
	check_strv(&a->drivers, &b->drivers);
	check_strv(&a->serves, &b->serves);
	BM_CHECK(a->least_bytes == b->least_bytes && a->need_bytes == b->need_bytes);
	BM_CHECK(a->offset_bytes == b->offset_bytes && a->page_bytes == b->page_bytes);
	BM_CHECK(a->generic == b->generic && a->no_newline == b->no_newline);
	BM_CHECK_INT(a->n_edits, b->n_edits);
	for (size_t i = 0; i < a->n_edits; i++) {
		BM_CHECK_INT(a->edits[i].line, b->edits[i].line);
		BM_CHECK_STR(a->edits[i].old, b->edits[i].old);
		BM_CHECK_STR(a->edits[i].new, b->edits[i].new);
	}
}

BM_TEST(planfile_round_trip)
{
	_cleanup_buf_ struct bm_buf text = {0}, again = {0};
	struct bm_plan plan = {0}, read = {0};
	char hash[BM_SHA256_TEXT], read_hash[BM_SHA256_TEXT];

	fill(&plan);
	BM_CHECK_INT(bm_plan_write(&plan, &text), 0);
	BM_CHECK_INT(bm_plan_parse(text.data, text.len, &read), 0);
	BM_CHECK_STR(read.system_id, plan.system_id);
	BM_CHECK_STR(read.system_uuid, plan.system_uuid);
	BM_CHECK_STR(read.kernel, plan.kernel);
	BM_CHECK_STR(read.verdict, plan.verdict);
	check_strv(&read.notes, &plan.notes);
	check_strv(&read.instructions, &plan.instructions);
	BM_CHECK_INT(read.n_basis, plan.n_basis);
	for (size_t i = 0; i < plan.n_basis; i++) {
		BM_CHECK_STR(read.basis[i].path, plan.basis[i].path);
		BM_CHECK_STR(read.basis[i].hash, plan.basis[i].hash);
	}
	BM_CHECK_INT(read.n_steps, plan.n_steps);
	for (size_t i = 0; i < plan.n_steps; i++)
		check_step(&read.steps[i], &plan.steps[i]);
	BM_CHECK_INT(bm_plan_write(&read, &again), 0);
	BM_CHECK_STR(again.data, text.data);
	BM_CHECK_INT(bm_plan_hash(&plan, hash), 0);
	BM_CHECK_INT(bm_plan_hash(&read, read_hash), 0);
	BM_CHECK_STR(hash, read_hash);
	/* One line a value, and nothing that a terminal would act on. */
	for (size_t i = 0; i < text.len; i++)
		BM_CHECK((unsigned char)text.data[i] >= 0x20 || text.data[i] == '\n' || text.data[i] == '\t');
	bm_plan_done(&plan);
	bm_plan_done(&read);
}

BM_TEST(planfile_empty_plan)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_plan plan = {0}, read = {0};

	BM_CHECK_INT(bm_plan_write(&plan, &text), 0);
	BM_CHECK_INT(bm_plan_parse(text.data, text.len, &read), 0);
	BM_CHECK(!read.system_id && !read.kernel && read.n_steps == 0);
	bm_plan_done(&read);
}

BM_TEST(planfile_cut_or_changed)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_plan plan = {0}, read = {0};

	fill(&plan);
	BM_CHECK_INT(bm_plan_write(&plan, &text), 0);
	bm_plan_done(&plan);
	for (size_t len = 0; len < text.len; len++)
		BM_CHECK_INT(bm_plan_parse(text.data, len, &read), -EBADMSG);
	for (size_t i = 0; i < text.len; i++) {
		text.data[i] ^= 1;
		BM_CHECK_INT(bm_plan_parse(text.data, text.len, &read), -EBADMSG);
		text.data[i] ^= 1;
	}
	BM_CHECK_INT(bm_buf_addc(&text, '\n'), 0);
	BM_CHECK_INT(bm_plan_parse(text.data, text.len, &read), -EBADMSG);
	bm_err_clear();
}

/* A text with a true last line, whatever it says. */
static int parse_body(const char *body, size_t len)
{
	_cleanup_buf_ struct bm_buf text = {0};
	struct bm_plan plan = {0};
	char hash[BM_SHA256_TEXT];
	int r;

	bm_buf_adds(&text, "bootmend plan 1\n");
	bm_buf_add(&text, body, len);
	bm_sha256_text(text.data, text.len, hash);
	bm_buf_addf(&text, "sha256 %s\n", hash);
	r = bm_plan_parse(text.data, text.len, &plan);
	bm_plan_done(&plan);
	bm_err_clear();
	return r;
}

BM_TEST(planfile_hostile)
{
	static const char *const wrong[] = {"unknown x\n", "system a\nsystem b\n", "step nonsense\n", "\ttext x\n",
		"step edit\nsystem x\n", "step edit\n\ttext a\n\ttext b\n", "step edit\n\tbefore xyz\n",
		"step edit\n\tafter -\n", "step edit\n\ttarget relative\n", "step edit\n\ttarget /a/../b\n",
		"step edit\n\ttarget /a/..\n", "step edit\n\t-a\n", "\t@ 1\n", "\t-a\n", "step edit\n\t+a\n",
		"step edit\n\t@ 0\n", "step edit\n\t@ 4294967296\n", "step edit\n\t@ x\n",
		"step edit\n\t@ 1\n\t-a\n\t-b\n", "step edit\n\t@ 1\n\t+a\n\t-b\n", "step edit\n\tneed-bytes -1\n",
		"step edit\n\tneed-bytes 0\n", "step edit\n\tneed-bytes 18446744073709551616\n",
		"step edit\n\tgeneric yes\n", "step edit\n\twhat x\n", "note a\\q\n", "note \\x0\n", "note \\x00\n",
		"note \\xfg\n", "note \\\n", "basis - relative\n", "basis /etc/fstab\n", "basis 00 /etc/fstab\n",
		"basis -\n", "step edit\n\t\n"};

	for (size_t i = 0; i < BM_ARRAY_SIZE(wrong); i++)
		BM_CHECK_INT(parse_body(wrong[i], strlen(wrong[i])), -EBADMSG);
	BM_CHECK_INT(parse_body("note a\0b\n", 9), -EBADMSG);
	BM_CHECK_INT(parse_body("note a\n\nstep mount\n", 19), 0);
}

BM_TEST(planfile_limits)
{
	_cleanup_buf_ struct bm_buf body = {0};
	struct bm_plan plan;
	char *large;

	for (int i = 0; i < BM_PLAN_STEPS_MAX; i++)
		bm_buf_adds(&body, "step mount\n");
	BM_CHECK_INT(parse_body(body.data, body.len), 0);
	bm_buf_adds(&body, "step mount\n");
	BM_CHECK_INT(parse_body(body.data, body.len), -EFBIG);
	large = calloc(1, BM_PLAN_SIZE_MAX + 1);
	BM_CHECK(large);
	BM_CHECK_INT(bm_plan_parse(large, BM_PLAN_SIZE_MAX + 1, &plan), -EFBIG);
	free(large);
	bm_err_clear();
}
