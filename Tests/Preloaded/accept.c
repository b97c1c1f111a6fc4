// No descriptor for a new connection while the file $ACCEPT_SHIM_FILE is there; preloaded by a test (LD_PRELOAD).
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int accept4(int listener, struct sockaddr *restrict address, socklen_t *restrict length, int flags) {
    const char *path = getenv("ACCEPT_SHIM_FILE");
    if (path != NULL && access(path, F_OK) == 0) {
        errno = EMFILE;
        return -1;
    }
    return (int)syscall(SYS_accept4, listener, address, length, flags);
}

int accept(int listener, struct sockaddr *restrict address, socklen_t *restrict length) {
    return accept4(listener, address, length, 0);
}
