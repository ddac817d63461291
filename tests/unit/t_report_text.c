/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/buf.h"
#include "harness.h"
#include "report/text.h"

BM_TEST(report_text_cuts_at_the_end_of_the_line)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_text text;

	bm_text_init(&text, &out, false, 40);
	bm_text_to(&text, 30);
	bm_text_put(&text, BM_TONE_PLAIN, "0123456789");
	bm_text_end(&text);
	bm_text_to(&text, 30);
	bm_text_put(&text, BM_TONE_PLAIN, "0123456789a");
	bm_text_end(&text);
	BM_CHECK_STR(out.data, "                              0123456789\n"
			       "                              01234567..\n");
}

BM_TEST(report_text_columns_never_touch)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_text text;

	bm_text_init(&text, &out, false, 40);
	bm_text_put(&text, BM_TONE_PLAIN, "long-name");
	bm_text_to(&text, 4);
	bm_text_put(&text, BM_TONE_PLAIN, "next");
	bm_text_right(&text, 20, BM_TONE_PLAIN, "1.0 GiB");
	bm_text_end(&text);
	BM_CHECK_STR(out.data, "long-name next 1.0 GiB\n");
}

BM_TEST(report_text_wraps_between_words)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_text text;

	bm_text_init(&text, &out, false, 40);
	bm_text_put(&text, BM_TONE_PLAIN, "why");
	bm_text_to(&text, 5);
	bm_text_wrap(&text, 5, BM_TONE_PLAIN,
		"one two three four five six seven eight "
		"/a/path/that/is/longer/than/any/line/could/ever/be nine");
	BM_CHECK_STR(out.data, "why  one two three four five six seven\n"
			       "     eight\n"
			       "     /a/path/that/is/longer/than/any/line/could/ever/be\n"
			       "     nine\n");
}

BM_TEST(report_text_counts_columns_not_bytes)
{
	_cleanup_buf_ struct bm_buf out = {0};
	struct bm_text text;

	BM_CHECK_INT(bm_text_width("K\xc3\xb6ln"), 4);
	BM_CHECK_INT(bm_text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	bm_text_init(&text, &out, false, 40);
	bm_text_to(&text, 36);
	bm_text_put(&text, BM_TONE_PLAIN, "K\xc3\xb6ln");
	bm_text_end(&text);
	BM_CHECK_STR(out.data, "                                    K\xc3\xb6ln\n");
}
