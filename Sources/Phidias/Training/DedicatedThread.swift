import Glibc

/// Work on its own thread. Long training, waiting or reading would take a thread from the
/// cooperative pool of Swift's tasks, which has only one per CPU.
package enum DedicatedThread {
    /// The size of the stack in bytes, as Linux gives the main thread.
    package static let stackSize = 8 << 20

    /// Runs `body` on a new thread, which ends with it.
    /// - Throws: `ThreadError.refused` if the system gives no thread.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        var attributes = pthread_attr_t()
        var error = pthread_attr_init(&attributes)
        guard error == 0 else { throw .refused(String(cString: strerror(error))) }
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        let work = Unmanaged.passRetained(Work(body: body))
        var thread = pthread_t()
        error = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, work.toOpaque())
        guard error == 0 else {
            work.release()
            throw .refused(String(cString: strerror(error)))
        }
    }

    /// Runs `body` on a new thread and suspends the calling task until it is done. Cancelling the
    /// task does not reach it.
    /// - Throws: what `body` throws; `ThreadError.refused` if the system gives no thread.
    package static func run<Result: Sendable>(
        isolation: isolated (any Actor)? = #isolation,
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try start { continuation.resume(with: Swift.Result(catching: body)) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private final class Work: Sendable {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// A thread that cannot be started.
public enum ThreadError: PhidiasError, Equatable {
    /// The system refuses the thread, for a reason.
    case refused(String)

    public var description: String {
        switch self {
        case .refused(let reason):
            "No thread can be started: \(reason). Run fewer at a time, or raise the limits (ulimit -u, ulimit -v)."
        }
    }

    public var exitCode: Int32 { 71 }
}
