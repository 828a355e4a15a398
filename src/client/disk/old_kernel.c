/* SPDX-License-Identifier: Apache-2.0 */
/* For tests; see the header. A filter of system calls (seccomp) gives the errors of old kernels. */
#include "client/disk/old_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS_EQUAL(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip)
#define FAIL(errnum) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (errnum))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static bool active;

void old_kernel_begin(void)
{
	struct sock_filter filter[] = {
		LOAD(nr),
		UNLESS_EQUAL(SYS_openat2, 1),
		FAIL(ENOSYS),
		UNLESS_EQUAL(SYS_copy_file_range, 1),
		FAIL(ENOSYS),
		UNLESS_EQUAL(SYS_renameat2, 4),
		LOAD(args[4]),
		UNLESS_EQUAL(0, 1),
		ALLOW,
		FAIL(EINVAL),
		UNLESS_EQUAL(SYS_fcntl, 4),
		LOAD(args[1]),
		UNLESS_EQUAL(F_SETLEASE, 1),
		FAIL(EINVAL),
		ALLOW,
		ALLOW,
	};
	struct sock_fprog program = { .len = G_N_ELEMENTS(filter), .filter = filter };
	g_assert_cmpint(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), ==, 0);
	g_assert_cmpint(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), ==, 0);
	active = true;
}

bool old_kernel_is_active(void)
{
	return active;
}
