/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "klog.h"

#include <errno.h>
#include <sys/klog.h>

#include "base/err.h"

/* syslog(2) */
enum { READ_ALL = 3, BUFFER_SIZE = 10, SIZE_MAX_BYTES = 16 * 1024 * 1024 };

int bm_klog_read(struct bm_buf *buf)
{
	int size = klogctl(BUFFER_SIZE, NULL, 0), n;

	if (size < 0)
		return bm_err(-errno, "the kernel's messages");
	size = BM_MIN(size, SIZE_MAX_BYTES);
	if (bm_buf_reserve(buf, (size_t)size) < 0)
		return bm_err(-ENOMEM, "the kernel's messages");
	n = klogctl(READ_ALL, buf->data + buf->len, size);
	if (n < 0)
		return bm_err(-errno, "the kernel's messages");
	buf->len += (size_t)n;
	buf->data[buf->len] = '\0';
	return 0;
}
