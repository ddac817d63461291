/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "check/console.h"
#include "fmt/log/bootlog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_bootlog_ struct bm_bootlog log = {0};
	_cleanup_consoles_ struct bm_consoles consoles = {0};
	const struct bm_console_facts facts = {0};
	struct bm_findings findings = {0};
	size_t next;

	if (bm_bootlog_parse((const char *)data, size, &log) < 0)
		return 0;
	/* Of very many boots the first ones are left out. */
	next = log.cut && log.n_boots > 0 ? log.boots[0].first : 0;
	for (size_t i = 0; i < log.n_boots; i++) {
		assert(log.boots[i].first == next && log.boots[i].end >= next);
		next = log.boots[i].end;
	}
	assert(next == log.n_lines);
	for (size_t i = 0; i < log.n_lines; i++) {
		const char *text = bm_bootlog_text(&log, i);

		assert(*text && !strpbrk(text, "\033\r\n\b\t"));
		assert(log.lines[i].number > 0);
	}
	if (bm_console_read(&consoles, "x", BM_CONSOLE_GIVEN, (const char *)data, size) == 0 &&
		bm_console_join(&consoles, &facts, &findings) == 0)
		for (size_t i = 0; i < findings.n; i++)
			assert(findings.items[i].source == BM_SOURCE_CONSOLE && findings.items[i].console);
	bm_findings_done(&findings);
	return 0;
}
