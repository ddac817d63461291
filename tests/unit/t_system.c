/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The survey over whole systems, laid out as their distributions lay them out: what is found must be what the
 * manifest's author knows to be there, and a healthy system has no fatal finding.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "harness.h"
#include "t_system_fixture.h"

/* Shows the first line that differs. */
static bool same_text(const char *name, const char *got, const char *want)
{
	while (*got || *want) {
		size_t got_len = strcspn(got, "\n"), want_len = strcspn(want, "\n");

		if (got_len != want_len || strncmp(got, want, got_len) != 0) {
			printf("    %s\n    got  %.*s\n    want %.*s\n", name, (int)got_len, got, (int)want_len, want);
			return false;
		}
		got += got_len + (got[got_len] != '\0');
		want += want_len + (want[want_len] != '\0');
	}
	return true;
}

static void check_layout(const char *name)
{
	_cleanup_free_ char *text = NULL;
	struct bm_fixture fixture;
	bool same;

	bm_fixture_make(name, &fixture);
	bm_fixture_survey(&fixture);
	text = bm_fixture_text(&fixture);
	BM_CHECK(fixture.expect.len > 0);
	same = same_text(name, text, bm_buf_text(&fixture.expect));
	BM_CHECK(same);
	BM_CHECK_INT(bm_findings_count(&fixture.findings, BM_SEVERITY_FATAL), 0);
	bm_fixture_done(&fixture);
}

#define LAYOUT(id, name)                                                                                               \
	BM_TEST(system_##id)                                                                                           \
	{                                                                                                              \
		check_layout(name);                                                                                    \
	}

LAYOUT(el6, "el6")
LAYOUT(el7_bios, "el7-bios")
LAYOUT(el7_uefi, "el7-uefi")
LAYOUT(el8_bls_uefi, "el8-uefi")
LAYOUT(el9_bls_uefi, "el9-uefi")
LAYOUT(fedora_btrfs, "fedora-btrfs")
LAYOUT(debian12, "debian12")
LAYOUT(ubuntu, "ubuntu")
LAYOUT(opensuse, "opensuse")
LAYOUT(arch, "arch")
LAYOUT(systemd_boot, "systemd-boot")
LAYOUT(debian_xen, "debian-xen")
