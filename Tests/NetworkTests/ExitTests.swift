import COpenSSL
import Glibc
import Network
import Testing

@Suite struct `The end of the process` {
    /// A thread that still closes connections while `exit` runs, as libcurl's does after the last request of a daemon.
    private static func keepUsingOpenSSL() {
        var thread = pthread_t()
        unsafe pthread_create(
            &thread,
            nil,
            { _ in
                while true { unsafe SSL_CTX_free(SSL_CTX_new(TLS_client_method())) }
            },
            nil
        )
    }

    @Test func `does not take OpenSSL from under a thread`() async {
        await #expect(processExitsWith: .success) {
            // Runs after whatever is registered later, OpenSSL's clean-up among it, and leaves the threads time to die.
            atexit { usleep(100_000) }
            OpenSSLLifetime.extendToTheEnd()
            for _ in 0..<4 { Self.keepUsingOpenSSL() }
            // Every thread is in the library when the process ends.
            for _ in 0..<1_000 { unsafe SSL_CTX_free(SSL_CTX_new(TLS_client_method())) }
            exit(EXIT_SUCCESS)
        }
    }
}
