import CKernels
import Glibc
import Synchronization

/// The kernel table in use: which architecture's micro-kernels run.
package enum KernelTable {
    /// "reference", "avx2", "avx512" or "neon". Ends the process if `error` is not nil.
    package static var name: String { String(cString: ck_arch()) }

    /// Why `CK_ARCH` names no usable table, with the names that this CPU can run; nil if it does.
    package static var error: String? { ck_arch_error().map { String(cString: $0) } }

    /// A notice that the table in use was chosen only because `CK_ARCH` asks for it; nil for
    /// others.
    package static var notice: String? { ck_arch_notice().map { String(cString: $0) } }

    /// Every table this CPU can run, from slowest to fastest.
    package static var available: [String] {
        var names: [String] = []
        while let name = ck_arch_available(Int32(names.count)) {
            names.append(String(cString: name))
        }
        return names
    }

    /// Switches the kernels that this thread calls to the table `name`, or back to the choice made
    /// at start. For tests and benchmarks. Returns false if there is no such table.
    @discardableResult
    package static func select(_ name: String?) -> Bool {
        ck_arch_select(name) == 0
    }
}

/// The number of threads.
package enum Threads {
    /// The CPUs that the affinity mask and the cgroup quota allow, at least 1 and at most `limit`.
    package static var available: Int { Int(ck_threads_available()) }

    /// The limit that `OMP_THREAD_LIMIT` sets.
    private static var limit: Int { Int(ck_threads_limit()) }

    /// The default number of threads: `OMP_NUM_THREADS` (the first number, if there are several),
    /// at most `limit`, or else the available CPUs; nil if the variable does not begin with a
    /// number from 1.
    package static var preferred: Int? {
        switch Int(ck_threads_wanted()) {
        case 0: available
        case ..<0: nil
        case let wanted: min(wanted, limit)
        }
    }

    /// Why OpenMP cannot start; nil if it can. Whatever runs kernels asks first, or OpenMP may end
    /// the process.
    package static var startFailure: String? {
        let error = ck_openmp_error()
        return error == 0 ? nil : String(cString: strerror(error))
    }

    /// The most threads that have been started so far.
    private static let started = Mutex(0)

    /// Starts `threads` threads, if there are fewer. Returns why the system does not allow them;
    /// nil if it does.
    package static func refusal(_ threads: Int) -> String? {
        guard threads <= limit else { return "OMP_THREAD_LIMIT allows \(limit)" }
        return started.withLock { most in
            guard threads > most else { return nil }
            if let reason = start(threads) { return reason }
            most = threads
            return nil
        }
    }

    /// The same for a calling thread other than those that have started theirs: OpenMP's threads
    /// belong to the thread that asks for them, so it may have none yet.
    package static func refusalToCaller(_ threads: Int) -> String? {
        guard threads <= limit else { return "OMP_THREAD_LIMIT allows \(limit)" }
        return start(threads)
    }

    private static func start(_ threads: Int) -> String? {
        let error = ck_threads_start(Int32(threads))
        guard error != 0 else { return nil }
        return
            "\(String(cString: strerror(error))), and each needs \(Memory.mebibytes(ck_thread_bytes())) of addresses\(Memory.limit)"
    }

    /// The number of different operating-system threads seen in a parallel region of `threads`.
    package static func observed(_ threads: Int) -> Int {
        precondition(threads > 0, "thread count \(threads) is not positive")
        return Int(ck_threads_observed(Int32(threads)))
    }

    /// The CPUs that a cgroup's quota allows, rounded up; nil without a limit.
    /// - Parameters:
    ///   - membership: a file like `/proc/self/cgroup`.
    ///   - root: the folder where the hierarchies are mounted.
    package static func quota(membership: String, root: String) -> Int? {
        let cpus = Int(ck_cgroup_cpus(membership, root))
        return cpus > 0 ? cpus : nil
    }
}
