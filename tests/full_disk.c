/* A disk without space, a clock of one's own: loaded before a program's libraries (LD_PRELOAD).

   FAULT_STATE names a file of `struct state`, shared with the test and with every process the program starts.
   Only paths below FAULT_ROOT are touched. Every operation that needs space is counted and, with FAULT_LOG set,
   noted as "number operation path"; from the operation `fail_at` on they fail with ENOSPC, until the test "frees" it.
   Writing over what a file holds already needs no space and goes through, as on a real disk. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct state {
    int64_t count;    /* operations that needed space so far */
    int64_t fail_at;  /* the first that fails; 0: none */
    int64_t once;     /* 1: that one alone */
    int64_t now;      /* seconds since 1970 that every clock of the day shows; 0: the real time */
    int64_t shift;    /* seconds by which it is wrong otherwise */
    int64_t failed;   /* how many failed */
    int64_t locked;   /* 1: nothing below the root may be written at all, as on a disk that was mounted to be read */
    int64_t stops;    /* signal that is sent to the process at fail_at instead of failing; 0: none */
};

static struct state *state;
static const char *root;
static int note = -1;

__attribute__((constructor)) static void begin(void) {
    const char *place = getenv("FAULT_STATE"), *log = getenv("FAULT_LOG");
    root = getenv("FAULT_ROOT");
    if (!place || !root) return;
    int handle = syscall(SYS_openat, AT_FDCWD, place, O_RDWR | O_CLOEXEC, 0);
    if (handle < 0) return;
    void *map = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_SHARED, handle, 0);
    syscall(SYS_close, handle);
    if (map == MAP_FAILED) return;
    state = map;
    if (log) note = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int inside(const char *path) {
    char whole[PATH_MAX];
    size_t length;
    if (!state || !path) return 0;
    if (path[0] != '/') {
        if (!getcwd(whole, sizeof whole)) return 0;
        length = strlen(whole);
        snprintf(whole + length, sizeof whole - length, "/%s", path);
        path = whole;
    }
    length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static int path_of(int handle, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", handle);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return inside(path);
}

/* Whether this operation has to fail. */
static int full(const char *operation, const char *path) {
    if (state->locked) {
        errno = EROFS;
        return 1;
    }
    int64_t number = __atomic_add_fetch(&state->count, 1, __ATOMIC_SEQ_CST);
    if (note >= 0) {
        char text[PATH_MAX + 64];
        int length = snprintf(text, sizeof text, "%ld %s %s\n", (long)number, operation, path);
        syscall(SYS_write, note, text, length);
    }
    int64_t at = state->fail_at;
    if (!at || number < at || (number > at && (state->once || state->stops))) return 0;
    __atomic_add_fetch(&state->failed, 1, __ATOMIC_SEQ_CST);
    if (state->stops) {
        syscall(SYS_kill, getpid(), (int)state->stops);
        return 0;
    }
    errno = ENOSPC;
    return 1;
}

static int grows(int handle, off_t from, size_t size, const char *operation) {
    char path[PATH_MAX];
    struct stat now;
    if (!state || !size || !path_of(handle, path) || fstat(handle, &now) || !S_ISREG(now.st_mode)) return 0;
    if (from < 0) {
        from = (fcntl(handle, F_GETFL) & O_APPEND) ? now.st_size : lseek(handle, 0, SEEK_CUR);
    }
    return from + (off_t)size > now.st_size && full(operation, path);
}

static int makes(const char *path, const char *operation) {
    struct stat now;
    return inside(path) && lstat(path, &now) && full(operation, path);
}

#define REAL(result, name, ...) static result (*real)(__VA_ARGS__); if (!real) real = dlsym(RTLD_NEXT, #name)

ssize_t write(int handle, const void *data, size_t size) {
    REAL(ssize_t, write, int, const void *, size_t);
    return grows(handle, -1, size, "write") ? -1 : real(handle, data, size);
}
ssize_t pwrite(int handle, const void *data, size_t size, off_t at) {
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
    return grows(handle, at, size, "pwrite") ? -1 : real(handle, data, size, at);
}
ssize_t pwrite64(int handle, const void *data, size_t size, off64_t at) {
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t);
    return grows(handle, at, size, "pwrite") ? -1 : real(handle, data, size, at);
}
ssize_t writev(int handle, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    return grows(handle, -1, 1, "writev") ? -1 : real(handle, parts, count);
}
ssize_t sendfile(int to, int from, off_t *at, size_t size) {
    REAL(ssize_t, sendfile, int, int, off_t *, size_t);
    return grows(to, -1, size, "sendfile") ? -1 : real(to, from, at, size);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t size) {
    REAL(ssize_t, sendfile64, int, int, off64_t *, size_t);
    return grows(to, -1, size, "sendfile") ? -1 : real(to, from, at, size);
}
ssize_t copy_file_range(int from, off64_t *here, int to, off64_t *there, size_t size, unsigned flags) {
    REAL(ssize_t, copy_file_range, int, off64_t *, int, off64_t *, size_t, unsigned);
    return grows(to, there ? *there : -1, size, "copy") ? -1 : real(from, here, to, there, size, flags);
}
size_t fwrite(const void *data, size_t size, size_t count, FILE *file) {
    REAL(size_t, fwrite, const void *, size_t, size_t, FILE *);
    return grows(fileno(file), -1, size * count, "fwrite") ? 0 : real(data, size, count, file);
}
int posix_fallocate(int handle, off_t at, off_t size) {
    REAL(int, posix_fallocate, int, off_t, off_t);
    return grows(handle, at, size, "fallocate") ? ENOSPC : real(handle, at, size);
}

static int opens(const char *path, int flags) {
    if ((flags & O_CREAT) && makes(path, "open")) return 1;
    return state && state->locked && (flags & O_ACCMODE) != O_RDONLY && inside(path) && full("open", path);
}

#define MODE va_list rest; va_start(rest, flags); mode_t mode = va_arg(rest, mode_t); va_end(rest)
int open(const char *path, int flags, ...) {
    REAL(int, open, const char *, int, ...);
    MODE;
    return opens(path, flags) ? -1 : real(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    REAL(int, open64, const char *, int, ...);
    MODE;
    return opens(path, flags) ? -1 : real(path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    REAL(int, openat, int, const char *, int, ...);
    MODE;
    return folder == AT_FDCWD && opens(path, flags) ? -1 : real(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    REAL(int, openat64, int, const char *, int, ...);
    MODE;
    return folder == AT_FDCWD && opens(path, flags) ? -1 : real(folder, path, flags, mode);
}
int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    return makes(path, "mkdir") ? -1 : real(path, mode);
}
int link(const char *from, const char *to) {
    REAL(int, link, const char *, const char *);
    return makes(to, "link") ? -1 : real(from, to);
}
int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    return makes(to, "rename") ? -1 : real(from, to);
}

int statvfs(const char *path, struct statvfs *found) {
    REAL(int, statvfs, const char *, struct statvfs *);
    int done = real(path, found);
    if (!done && state && state->failed && state->fail_at && inside(path)) found->f_bavail = found->f_bfree = 0;
    return done;
}
int statvfs64(const char *path, struct statvfs64 *found) {
    REAL(int, statvfs64, const char *, struct statvfs64 *);
    int done = real(path, found);
    if (!done && state && state->failed && state->fail_at && inside(path)) found->f_bavail = found->f_bfree = 0;
    return done;
}

/* --- the clock of the day; how long something takes is measured by another one, which stays as it is */

int clock_gettime(clockid_t which, struct timespec *time) {
    REAL(int, clock_gettime, clockid_t, struct timespec *);
    int done = real(which, time);
    if (!state || done || (which != CLOCK_REALTIME && which != CLOCK_REALTIME_COARSE)) return done;
    if (state->now) time->tv_sec = state->now, time->tv_nsec = 0;
    time->tv_sec += state->shift;
    return 0;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec found;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &found);
    now->tv_sec = found.tv_sec;
    now->tv_usec = found.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *to) {
    struct timespec found;
    clock_gettime(CLOCK_REALTIME, &found);
    if (to) *to = found.tv_sec;
    return found.tv_sec;
}
