/* The N-th operation that changes a file below a folder fails, as on a bad disk.

   FAIL_BELOW  the folder
   FAIL_NTH    which operation, from 1; 0 for none
   FAIL_ERRNO  the number of the error
   FAIL_EVER   1: all later ones fail too
   FAIL_LOG    a file: "failed NAME PATH" when it happens, "operations N" when the process ends

   To be preloaded (LD_PRELOAD), so it reaches the SQLite library as well as Python. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long done;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? atol(text) : 0;
}

static void note(const char *format, ...) {
    const char *path = getenv("FAIL_LOG");
    FILE *log = path ? fopen(path, "a") : NULL;
    if (!log) return;
    va_list arguments;
    va_start(arguments, format);
    vfprintf(log, format, arguments);
    va_end(arguments);
    fclose(log);
}

__attribute__((destructor)) static void end(void) {
    if (done) note("operations %ld\n", (long)done);
}

static int below(const char *path) {
    const char *folder = getenv("FAIL_BELOW");
    return folder && path && strncmp(path, folder, strlen(folder)) == 0;
}

/* Whether this operation is the one; sets errno then. */
static int fails(const char *name, const char *path) {
    if (!below(path)) return 0;
    long nth = number("FAIL_NTH"), now = ++done;
    if (!nth || now < nth || (now > nth && !number("FAIL_EVER"))) return 0;
    if (now == nth) note("failed %s %s\n", name, path);
    errno = (int)number("FAIL_ERRNO");
    return 1;
}

static int fails_at(const char *name, int file) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(name, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CHANGES(flags) (((flags) & O_ACCMODE) != O_RDONLY || ((flags) & O_CREAT))

#define OPEN(name)                                                          \
    int name(const char *path, int flags, ...) {                            \
        va_list arguments;                                                  \
        va_start(arguments, flags);                                         \
        mode_t mode = (flags & O_CREAT) ? va_arg(arguments, mode_t) : 0;    \
        va_end(arguments);                                                  \
        if (CHANGES(flags) && fails(#name, path)) return -1;                \
        return REAL(name)(path, flags, mode);                               \
    }
OPEN(open)
OPEN(open64)

#define BY_PATH(name, parameters, path, arguments)                          \
    int name parameters {                                                   \
        if (fails(#name, path)) return -1;                                  \
        return REAL(name) arguments;                                        \
    }
BY_PATH(unlink, (const char *path), path, (path))
BY_PATH(rename, (const char *from, const char *to), to, (from, to))
BY_PATH(mkdir, (const char *path, mode_t mode), path, (path, mode))
BY_PATH(rmdir, (const char *path), path, (path))

#define BY_FILE(type, name, parameters, file, arguments)                    \
    type name parameters {                                                  \
        if (fails_at(#name, file)) return -1;                               \
        return REAL(name) arguments;                                        \
    }
BY_FILE(ssize_t, write, (int file, const void *from, size_t n), file, (file, from, n))
BY_FILE(ssize_t, pwrite, (int file, const void *from, size_t n, off_t at), file, (file, from, n, at))
BY_FILE(ssize_t, pwrite64, (int file, const void *from, size_t n, off64_t at), file, (file, from, n, at))
BY_FILE(int, fsync, (int file), file, (file))
BY_FILE(int, fdatasync, (int file), file, (file))
BY_FILE(int, ftruncate, (int file, off_t length), file, (file, length))
BY_FILE(int, ftruncate64, (int file, off64_t length), file, (file, length))
