// Linux and GNU names that the Glibc module does not show, and C functions that are variadic.
// _GNU_SOURCE in a header clashes with Glibc's own module map, so GNU names are declared here instead.
#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

extern int pthread_setname_np(pthread_t thread, const char *name);
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);
extern int close_range(unsigned int first, unsigned int last, int flags);
extern int posix_openpt(int flags);
extern int grantpt(int fd);
extern int unlockpt(int fd);
extern int ptsname_r(int fd, char *name, size_t length);

static inline int shim_open(const char *path, int flags, mode_t mode) { return open(path, flags, mode); }
static inline int shim_openat(int dir, const char *path, int flags, mode_t mode) { return openat(dir, path, flags, mode); }
static inline int shim_fcntl(int fd, int command, int argument) { return fcntl(fd, command, argument); }
// Which module shows <sys/socket.h> depends on the order in which modules are loaded, so its names stay behind these.
static const int shim_SOCK_STREAM = SOCK_STREAM;
static const int shim_MSG_NOSIGNAL = MSG_NOSIGNAL;
static inline int shim_stream_socket(int family) { return socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }
// A socket with an abstract address (unix(7)), of the name's first hundred octets; -1 with EADDRINUSE when another has it.
static inline int shim_socket_of_name(const char *_Nonnull name, size_t length) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (length > 100) length = 100;
    for (size_t i = 0; i < length; i++) address.sun_path[i + 1] = name[i];
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -1;
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
    if (bind(descriptor, (const struct sockaddr *)&address, size) == 0) return descriptor;
    int cause = errno;
    close(descriptor);
    errno = cause;
    return -1;
}
static inline int shim_shutdown(int fd) { return shutdown(fd, SHUT_RDWR); }
static inline int shim_address_family(const struct sockaddr *address) { return address->sa_family; }
// GNU's, of <spawn.h> and <unistd.h>.
static const int shim_POSIX_SPAWN_SETSID = 0x80;
static const int shim_CLOSE_RANGE_CLOEXEC = 4;
static inline int shim_prctl(int option, unsigned long argument) { return prctl(option, argument, 0, 0, 0); }
#endif
