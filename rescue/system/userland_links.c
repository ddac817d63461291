/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Links from / into a merged /usr: /bin -> usr/bin and its kin (systemd, "The Case for the /usr Merge";
 * file-hierarchy(7)). Without one of them half of the programs cannot be found under the names that units and scripts
 * call them by.
 */
#include <errno.h>
#include <string.h>

#include "../base/err.h"
#include "../base/str.h"
#include "userland_int.h"

enum { NAMES_MAX = 65536 };

/* With what its folder in /usr must hold, as the beginning of a name, so that the link is missed: /usr/lib64 is there
 * on systems that need no /lib64, too. */
static const struct {
	const char *link, *below, *holds;
} links[] = {
	{"/bin", "/usr/bin", "sh"},
	{"/sbin", "/usr/sbin", ""},
	{"/lib", "/usr/lib", ""},
	{"/lib64", "/usr/lib64", "ld"},
};

enum state { LOST, LINK, OTHER };

static enum state state_of(const struct bm_root *root, const char *path)
{
	struct bm_stat st;

	if (bm_root_stat(root, path, false, &st) < 0)
		return LOST;
	if (st.type != BM_FILE_SYMLINK)
		return OTHER;
	return bm_root_is_dir(root, path) ? LINK : LOST;
}

static bool has_name(const struct bm_root *root, const char *dir, const char *beginning)
{
	_cleanup_strv_ struct bm_strv names = {0};

	if (bm_root_list(root, dir, NAMES_MAX, &names) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (bm_str_starts(names.items[i], beginning))
			return true;
	return false;
}

int bm_userland_read_links(struct bm_system *system)
{
	size_t n_links = 0, n_others = 0;

	for (size_t i = 0; i < BM_ARRAY_SIZE(links); i++) {
		enum state state = state_of(system->root, links[i].link);

		n_links += state == LINK;
		n_others += state == OTHER;
	}
	/* A system that is not merged has folders. One of the links, or a shell where none is left, shows that it is.
	 */
	if (n_others > 0 || (n_links == 0 && !has_name(system->root, "/usr/bin", "sh")))
		return 0;
	for (size_t i = 0; i < BM_ARRAY_SIZE(links); i++)
		if (state_of(system->root, links[i].link) == LOST &&
			has_name(system->root, links[i].below, links[i].holds) &&
			bm_strv_add(&system->userland.lost_links, links[i].link) < 0)
			return -ENOMEM;
	bm_err_clear();
	return 0;
}
