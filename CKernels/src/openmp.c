// Whether OpenMP can start. Linux.
#define _GNU_SOURCE
#include "CKernels.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

// A file of the note's size in /dev/shm, with memory for it: 0, or an errno. libomp 14 does not
// look whether there is any, and is killed when it writes.
static int try_note(void) {
    enum { NOTE = 1024 }; // bytes
    struct rlimit limit;
    // Asked, not tried: who tries it is killed.
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < NOTE)
        return EFBIG;
    char name[] = "/dev/shm/phidias-XX" // and four more, for mkostemp
                  "XX"
                  "XX";
    const int file = mkostemp(name, O_CLOEXEC);
    if (file < 0)
        return errno;
    unlink(name);
    const int error = posix_fallocate(file, 0, NOTE);
    close(file);
    return error;
}

int ck_openmp_error(void) {
    static atomic_int can_start;
    if (atomic_load_explicit(&can_start, memory_order_relaxed))
        return 0;
    const int error = try_note();
    if (!error)
        atomic_store_explicit(&can_start, 1, memory_order_relaxed);
    return error;
}
