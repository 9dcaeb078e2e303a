import Dispatch
import Glibc
import Phidias

/// Threads for work that does not care how many there are.
package enum Workers {
    /// To be called before OpenMP is: asked to bind threads to CPUs, it would put several that are not
    /// its own on one.
    package static func keepFromBinding() {
        for name in ["OMP_PROC_BIND", "OMP_PLACES", "KMP_AFFINITY", "GOMP_CPU_AFFINITY"] {
            unsetenv(name)
        }
    }

    /// Runs `work` on `count` threads at once, the caller's among them, and waits for all. There
    /// are fewer where the system refuses one (ulimit -u, ulimit -v).
    package static func run(_ count: Int, _ work: @escaping @Sendable () -> Void) {
        let others = DispatchGroup()
        for _ in 1..<max(count, 1) {
            others.enter()
            do {
                try DedicatedThread.start {
                    work()
                    others.leave()
                }
            } catch {
                others.leave()
                break
            }
        }
        work()
        others.wait()
    }
}
