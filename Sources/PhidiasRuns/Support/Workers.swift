import Glibc

/// Threads for work that does not care how many there are.
package enum Workers {
    private static let stackSize = 8 << 20

    private final class Work: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// To be called before OpenMP is: asked to bind threads to CPUs, it would put several that are not
    /// its own on one.
    package static func keepFromBinding() {
        for name in ["OMP_PROC_BIND", "OMP_PLACES", "KMP_AFFINITY", "GOMP_CPU_AFFINITY"] {
            unsetenv(name)
        }
    }

    /// Runs `work` on `count` threads at once, the caller's among them, and waits for all. There
    /// are fewer where the system refuses one (ulimit -u, ulimit -v); Foundation's `Thread` would
    /// then never begin, and say nothing.
    package static func run(_ count: Int, _ work: @escaping @Sendable () -> Void) {
        let shared = Work(work)
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, stackSize)
        var threads: [pthread_t] = []
        for _ in 1..<max(count, 1) {
            var thread = pthread_t()
            let argument = Unmanaged.passRetained(shared)
            let status = pthread_create(
                &thread, &attributes,
                { argument in
                    if let argument {
                        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
                    }
                    return nil
                }, argument.toOpaque())
            guard status == 0 else {
                argument.release()
                break
            }
            threads.append(thread)
        }
        work()
        for thread in threads { pthread_join(thread, nil) }
        pthread_attr_destroy(&attributes)
    }
}
