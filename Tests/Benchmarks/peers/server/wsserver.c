// A server that writes frames from a file, as fast as its client reads or at a pace; one connection after the other.
//
//   wsserver PORT FOLDER [--tls CERTIFICATE KEY] [--rate MESSAGES_A_SECOND]
//
// GET /STREAM?n=MESSAGES&repeat=TIMES gives the first frames of FOLDER/STREAM.ws, so often; all of them, once, without a
// query. Paced, each message is written by itself. A close frame ends the stream, and the client's is waited for.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_STREAMS = 16, CHUNK = 256 << 10 };

typedef struct {
    char name[64];
    unsigned char *bytes;
    // Where each frame begins, and behind the last one where it ends.
    size_t *starts;
    size_t count;
} Stream;

static Stream streams[MAXIMUM_STREAMS];
static int stream_count;
static int connection;
static SSL *tls;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static size_t frame_length(const unsigned char *frame) {
    size_t length = frame[1] & 127, head = length == 126 ? 4 : length == 127 ? 10 : 2;
    if (head > 2) length = 0;
    for (size_t index = 2; index < head; index++) length = length << 8 | frame[index];
    return head + length;
}

// The frames of a file, which is read once; NULL when there is none.
static const Stream *load(const char *folder, const char *name) {
    for (int index = 0; index < stream_count; index++)
        if (!strcmp(streams[index].name, name)) return &streams[index];
    char path[512];
    snprintf(path, sizeof path, "%s/%s.ws", folder, name);
    int file = open(path, O_RDONLY);
    if (file < 0 || stream_count == MAXIMUM_STREAMS) return NULL;
    struct stat status;
    fstat(file, &status);
    Stream *stream = &streams[stream_count++];
    snprintf(stream->name, sizeof stream->name, "%s", name);
    size_t size = status.st_size, capacity = 1 << 20;
    stream->bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    close(file);
    stream->starts = malloc(capacity * sizeof(size_t));
    size_t start = 0;
    while (start < size) {
        if (stream->count + 2 > capacity) {
            capacity *= 2;
            stream->starts = realloc(stream->starts, capacity * sizeof(size_t));
        }
        stream->starts[stream->count++] = start;
        start += frame_length(stream->bytes + start);
    }
    stream->starts[stream->count] = size;
    return stream;
}

static bool write_all(const void *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        const char *rest = (const char *)bytes + done;
        ssize_t count = tls ? SSL_write(tls, rest, size - done) : write(connection, rest, size - done);
        if (count <= 0 && !tls && errno == EINTR) continue;
        if (count <= 0) return false;
        done += count;
    }
    return true;
}

static bool write_text(const char *text) { return write_all(text, strlen(text)); }

static ssize_t read_some(void *buffer, size_t size) {
    return tls ? SSL_read(tls, buffer, size) : read(connection, buffer, size);
}

static void set_patience(int seconds) {
    struct timeval patience = {seconds, 0};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

// The first value of a field, whose name is given with its colon; empty when there is none.
static void read_field(const char *head, const char *name, char *value, size_t size) {
    const char *start = strcasestr(head, name);
    value[0] = 0;
    if (!start) return;
    start += strlen(name);
    start += strspn(start, " ");
    snprintf(value, size, "%.*s", (int)strcspn(start, ",\r"), start);
}

// A number of the query; 0 when there is none.
static size_t read_number(const char *target, const char *name) {
    for (const char *item = strchr(target, '?'); item; item = strchr(item + 1, '&')) {
        size_t length = strlen(name);
        if (!strncmp(item + 1, name, length) && item[length + 1] == '=') return strtoull(item + length + 2, NULL, 10);
    }
    return 0;
}

// Agrees to whatever a client offers; false when the stream is compressed and the client did not offer that.
static bool upgrade(const char *head, const char *name) {
    const char *extension = "";
    if (!strncmp(name, "deflate", 7)) {
        if (!strcasestr(head, "permessage-deflate")) {
            write_text("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            return false;
        }
        extension = strstr(name, "noct") ? "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; "
                                           "client_no_context_takeover\r\n"
                                         : "Sec-WebSocket-Extensions: permessage-deflate\r\n";
    }
    char key[64], proof[128], accept[64], offered[64], protocol[128] = "", answer[1024];
    unsigned char digest[SHA_DIGEST_LENGTH];
    read_field(head, "sec-websocket-key:", key, sizeof key);
    snprintf(proof, sizeof proof, "%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
    SHA1((unsigned char *)proof, strlen(proof), digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    read_field(head, "sec-websocket-protocol:", offered, sizeof offered);
    if (offered[0]) snprintf(protocol, sizeof protocol, "Sec-WebSocket-Protocol: %s\r\n", offered);
    snprintf(answer, sizeof answer,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n%s%s\r\n",
             accept, extension, protocol);
    return write_text(answer);
}

static bool write_paced(const Stream *stream, size_t count, double rate) {
    // BBR would pace by the client's acknowledgements, which come when it reads: only the schedule shall pace.
    setsockopt(connection, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    double begin = now();
    for (size_t index = 0; index < count; index++) {
        double wait = begin + index / rate - now();
        if (wait > 0) {
            struct timespec pause = {(time_t)wait, (long)((wait - (time_t)wait) * 1e9)};
            nanosleep(&pause, NULL);
        }
        size_t start = stream->starts[index];
        if (!write_all(stream->bytes + start, stream->starts[index + 1] - start)) return false;
    }
    return true;
}

static bool write_in_chunks(const Stream *stream, size_t count, size_t repeat) {
    size_t size = stream->starts[count];
    for (size_t lap = 0; lap < repeat; lap++)
        for (size_t start = 0; start < size; start += CHUNK)
            if (!write_all(stream->bytes + start, size - start < CHUNK ? size - start : CHUNK)) return false;
    return true;
}

static void serve(const char *folder, double rate) {
    char head[16384];
    size_t size = 0;
    do {
        ssize_t count = read_some(head + size, sizeof head - 1 - size);
        if (count <= 0) return;
        size += count;
        head[size] = 0;
    } while (!strstr(head, "\r\n\r\n") && size < sizeof head - 1);

    char target[4096] = "", name[64];
    sscanf(head, "GET /%4095s", target);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(target, "?"), target);
    const Stream *stream = load(folder, name);
    if (!stream) {
        write_text("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        return;
    }
    if (!upgrade(head, name)) return;
    size_t wanted = read_number(target, "n"), repeat = read_number(target, "repeat");
    size_t count = wanted && wanted < stream->count ? wanted : stream->count;
    if (!(rate > 0 ? write_paced(stream, count, rate) : write_in_chunks(stream, count, repeat ? repeat : 1))) return;

    static const unsigned char close_frame[] = {0x88, 2, 0x03, 0xE8};
    write_all(close_frame, sizeof close_frame);
    set_patience(2);
    // The client's close frame, masked, stands at the end of what it writes.
    ssize_t read;
    while ((read = read_some(head, sizeof head)) > 0)
        if ((unsigned char)head[0] == 0x88 || (read >= 8 && (unsigned char)head[read - 8] == 0x88)) break;
}

static SSL_CTX *context_of(const char *certificate, const char *key) {
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
    if (SSL_CTX_use_certificate_chain_file(context, certificate) > 0 &&
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) > 0)
        return context;
    ERR_print_errors_fp(stderr);
    exit(1);
}

int main(int count, char **words) {
    if (count < 3) {
        fprintf(stderr, "usage: wsserver PORT FOLDER [--tls CERTIFICATE KEY] [--rate MESSAGES_A_SECOND]\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *context = NULL;
    double rate = 0;
    for (int index = 3; index < count; index++) {
        if (!strcmp(words[index], "--rate")) rate = atof(words[index + 1]);
        if (!strcmp(words[index], "--tls")) context = context_of(words[index + 1], words[index + 2]);
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[1]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 16)) {
        perror("bind");
        return 1;
    }
    for (;;) {
        connection = accept(listener, NULL, NULL);
        if (connection < 0) continue;
        setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        set_patience(20);
        tls = context ? SSL_new(context) : NULL;
        if (tls) SSL_set_fd(tls, connection);
        if (!tls || SSL_accept(tls) > 0) serve(words[2], rate);
        SSL_free(tls);
        close(connection);
    }
}
