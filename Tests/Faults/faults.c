// Makes the n-th call of one kind fail, or kills the process at it, to see what becomes of files:
// loaded in front of the program by LD_PRELOAD.
//
// FAULT_CALL=open|write|fsync|rename|unlink|mkdir|link|truncate|allocate   which call
// FAULT_CALL=change                             all that change files: those but allocate
// FAULT_CALL=omit                               a write that never reaches the disk, and is not
// told FAULT_NUMBER=n                                the n-th of it fails, counted from 1; 0: none
// FAULT_ERROR=errno                             with this error; 0: the process is killed instead
// FAULT_FOLDER=path                             only files below this folder count (not allocate)
// FAULT_COUNT=file                              how many calls there were, written at the end
//
// A write that is to fail first writes half of its bytes: a disk that fills up does so.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;

static const char *setting(const char *name) {
    const char *value = getenv(name);
    return value ? value : "";
}

// Counts a call; true for the one that is to fail.
static int fails(const char *call) {
    const char *which = setting("FAULT_CALL");
    const int changes = strcmp(call, "allocate") != 0 && strcmp(call, "omit") != 0;
    if (strcmp(which, call) != 0 && (strcmp(which, "change") != 0 || !changes))
        return 0;
    return atomic_fetch_add(&calls, 1) + 1 == atol(setting("FAULT_NUMBER"));
}

static int error(void) {
    errno = atoi(setting("FAULT_ERROR"));
    if (errno == 0)
        raise(SIGKILL);
    return -1;
}

static int is_below(const char *path) {
    const char *folder = setting("FAULT_FOLDER");
    return *folder && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_file_below(int file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_below(path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// The program reads its data too; of the calls that change files, only opening to write is one.
static int open_with(const char *name, const char *path, int flags, mode_t mode) {
    const int changes = (flags & O_ACCMODE) != O_RDONLY;
    const int counts = changes || strcmp(setting("FAULT_CALL"), "change") != 0;
    if (counts && is_below(path) && fails("open"))
        return error();
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name);
    return real(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_with("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open_with("open64", path, flags, mode);
}

ssize_t write(int file, const void *bytes, size_t count) {
    // Zeros stay in its place, or the file ends earlier.
    if (is_file_below(file) && fails("omit"))
        return lseek(file, (off_t)count, SEEK_CUR) < 0 ? -1 : (ssize_t)count;
    if (is_file_below(file) && fails("write")) {
        if (count > 1)
            REAL(write)(file, bytes, count / 2);
        return error();
    }
    return REAL(write)(file, bytes, count);
}

int fsync(int file) {
    return is_file_below(file) && fails("fsync") ? error() : REAL(fsync)(file);
}

int rename(const char *from, const char *to) {
    return is_below(to) && fails("rename") ? error() : REAL(rename)(from, to);
}

int unlink(const char *path) {
    return is_below(path) && fails("unlink") ? error() : REAL(unlink)(path);
}

int rmdir(const char *path) {
    return is_below(path) && fails("unlink") ? error() : REAL(rmdir)(path);
}

int mkdir(const char *path, mode_t mode) {
    return is_below(path) && fails("mkdir") ? error() : REAL(mkdir)(path, mode);
}

int link(const char *from, const char *to) {
    return is_below(to) && fails("link") ? error() : REAL(link)(from, to);
}

int symlink(const char *target, const char *path) {
    return is_below(path) && fails("link") ? error() : REAL(symlink)(target, path);
}

int ftruncate(int file, off_t length) {
    return is_file_below(file) && fails("truncate") ? error() : REAL(ftruncate)(file, length);
}

// Whether the code at this address is the program's own, not a library's.
static int is_ours(const void *address) {
    Dl_info info;
    return dladdr(address, &info) && info.dli_fname && strstr(info.dli_fname, "phidias");
}

// Of the program's own calls all are those of ck_alloc.
void *aligned_alloc(size_t alignment, size_t bytes) {
    if (is_ours(__builtin_return_address(0)) && fails("allocate")) {
        errno = ENOMEM;
        return NULL;
    }
    return REAL(aligned_alloc)(alignment, bytes);
}

__attribute__((destructor)) static void report(void) {
    const char *path = setting("FAULT_COUNT");
    FILE *out = *path ? fopen(path, "we") : NULL;
    if (!out)
        return;
    fprintf(out, "%ld\n", atomic_load(&calls));
    fclose(out);
}
