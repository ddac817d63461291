/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The short grub.cfg on the ESP: led to the configuration that there is, or made.
 */
#include "fix.h"

#include <errno.h>
#include <string.h>

#include "../base/buf.h"
#include "../base/str.h"

/* A stub that is there keeps its words, but for the UUID and the folder. Returns 1 where it could be done, 0, -ENOMEM.
 */
static int lead(struct bm_draft *draft, const struct bm_loader_stub *stub)
{
	_cleanup_buf_ struct bm_buf text = {0};
	_cleanup_grubstub_ struct bm_grubstub now = {0};
	_cleanup_free_ char *search = NULL, *prefix = NULL;

	if (bm_draft_text(draft, &text) < 0 || bm_grubstub_parse(bm_buf_text(&text), text.len, &now) < 0)
		return -ENOMEM;
	if (!now.understood)
		return 0;
	if (stub->wrong) {
		if (bm_words_replace_word(bm_draft_line(draft, now.search_line), stub->wrong, stub->uuid, &search) < 0)
			return -ENOMEM;
		if (!search)
			return 0;
		if (bm_draft_set(draft, now.search_line, search) < 0)
			return -ENOMEM;
	}
	if (!bm_streq(now.dir, stub->dir)) {
		prefix = bm_grubstub_prefix(now.variable, stub->dir);
		if (!prefix || bm_draft_set(draft, now.prefix_line, prefix) < 0)
			return -ENOMEM;
	}
	return 1;
}

static int make(struct bm_draft *draft, const struct bm_loader_stub *stub)
{
	_cleanup_free_ char *text = bm_grubstub_text(stub->style, stub->uuid, stub->dir);

	return text && bm_draft_append(draft, text) == 0 ? 1 : -ENOMEM;
}

int bm_fix_stub(struct bm_fix *fix, const struct bm_finding *finding)
{
	const struct bm_loader_stub *stub = &fix->system->loader.stub;
	struct bm_draft *draft;
	int r = bm_draft_open(&fix->drafts, &fix->system->sources, stub->path, true, &draft);

	if (r == -ENOMEM)
		return r;
	if (r == 0)
		r = stub->search_line > 0 ? lead(draft, stub) : make(draft, stub);
	if (r == -ENOMEM)
		return r;
	return r > 0 ? bm_draft_reason(draft, finding, "it leads GRUB to %s", fix->system->loader.config)
		     : bm_fix_instruct(fix, finding, "%s. %s", finding->evidence, bm_finding_kinds[finding->id].advice);
}

int bm_fix_verify_stub(struct bm_fix *fix, char **ret_problem)
{
	const struct bm_loader_stub *stub = &fix->system->loader.stub;
	_cleanup_grubstub_ struct bm_grubstub now = {0};
	_cleanup_buf_ struct bm_buf text = {0};
	const struct bm_draft *draft = NULL;

	for (size_t i = 0; stub->path && i < fix->drafts.n; i++)
		if (bm_streq(fix->drafts.items[i]->source->path, stub->path) && fix->drafts.items[i]->changed)
			draft = fix->drafts.items[i];
	if (!draft)
		return 0;
	if (bm_draft_text(draft, &text) < 0 || bm_grubstub_parse(bm_buf_text(&text), text.len, &now) < 0)
		return -ENOMEM;
	if (now.understood && bm_strcaseeq(now.uuid, stub->uuid) && bm_streq(now.dir, stub->dir))
		return 0;
	*ret_problem = bm_strf("%s would not lead to %s", stub->path, fix->system->loader.config);
	return *ret_problem ? 0 : -ENOMEM;
}
