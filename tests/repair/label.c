/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * label CONTEXT FILE...: gives files an SELinux label, as on a system that was installed with it. Links are not
 * followed.
 */
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

int main(int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		/* With its NUL, as setfiles writes it. */
		if (lsetxattr(argv[i], "security.selinux", argv[1], strlen(argv[1]) + 1, 0) < 0) {
			perror(argv[i]);
			return 1;
		}
	return argc < 3;
}
