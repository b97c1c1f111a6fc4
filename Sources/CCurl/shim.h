// libcurl for Swift: variadic functions get one inline form per value type.
#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H
#include <curl/curl.h>

typedef size_t (*shim_curl_write_fn)(char *_Nullable, size_t, size_t, void *_Nullable);
typedef int (*shim_curl_prereq_fn)(void *_Nullable, char *_Nullable, char *_Nullable, int, int);
typedef CURLcode (*shim_curl_ssl_ctx_fn)(CURL *_Nullable, void *_Nullable, void *_Nullable);
typedef curl_socket_t (*shim_curl_opensocket_fn)(void *_Nullable, curlsocktype, struct curl_sockaddr *_Nullable);

static inline CURLcode shim_curl_setopt_string(CURL *h, CURLoption o, const char *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_setopt_long(CURL *h, CURLoption o, long v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_setopt_off(CURL *h, CURLoption o, curl_off_t v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_setopt_ptr(CURL *h, CURLoption o, void *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_setopt_slist(CURL *h, CURLoption o, struct curl_slist *_Nullable v) { return curl_easy_setopt(h, o, v); }
static inline CURLcode shim_curl_setopt_write(CURL *h, CURLoption o, shim_curl_write_fn _Nullable f) { return curl_easy_setopt(h, o, f); }
static inline CURLcode shim_curl_setopt_opensocket(CURL *h, shim_curl_opensocket_fn _Nullable f) { return curl_easy_setopt(h, CURLOPT_OPENSOCKETFUNCTION, f); }
static inline CURLcode shim_curl_setopt_ssl_ctx(CURL *h, shim_curl_ssl_ctx_fn _Nullable f) { return curl_easy_setopt(h, CURLOPT_SSL_CTX_FUNCTION, f); }
static inline CURLcode shim_curl_setopt_prereq(CURL *h, shim_curl_prereq_fn _Nullable f) { return curl_easy_setopt(h, CURLOPT_PREREQFUNCTION, f); }
static inline const char *_Nullable shim_curl_tls_library(void) { return curl_version_info(CURLVERSION_NOW)->ssl_version; }
static inline CURLcode shim_curl_getinfo_long(CURL *h, CURLINFO i, long *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLcode shim_curl_getinfo_off(CURL *h, CURLINFO i, curl_off_t *v) { return curl_easy_getinfo(h, i, v); }
static inline CURLMcode shim_curl_multi_setopt_long(CURLM *h, CURLMoption o, long v) { return curl_multi_setopt(h, o, v); }
#endif
