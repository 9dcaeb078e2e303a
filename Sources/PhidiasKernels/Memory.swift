import CKernels
import Glibc

/// Whether memory is available: without it Swift's arrays end the process, and so does a control
/// group's limit.
package enum Memory {
    /// Why `bytes` more are not available, as the end of a sentence; nil if they are.
    package static func refusal(_ bytes: Int) -> String? {
        guard bytes >= worthAsking else { return nil }
        if bytes > machine { return "this machine has \(mebibytes(machine))" }
        let resident = resident
        if group > 0, bytes > group - resident - beside {
            return
                "the control group's limit is \(mebibytes(group)), of which this process has \(mebibytes(resident))"
        }
        // Requested and returned untouched: this costs no time and no page.
        let (all, overflow) = bytes.addingReportingOverflow(reserve)
        guard !overflow, let memory = ck_alloc(all) else { return "the system refuses it\(limit)" }
        ck_free(memory)
        return nil
    }

    /// The machine's memory in bytes.
    private static let machine: Int = {
        let (bytes, overflow) = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(
            by: sysconf(Int32(_SC_PAGESIZE)))
        return overflow ? .max : bytes
    }()

    /// The control group's limit in bytes, 0 for none: read once, as files are read in many pieces.
    private static let group = Int(ck_cgroup_memory("/proc/self/cgroup", "/sys/fs/cgroup"))

    /// If less than this is missing, nothing works: not even the error message.
    private static let worthAsking = 1 << 14

    /// Other memory that a control group counts: files that are read, and the kernel's own.
    private static let beside = 8 << 20

    /// Address space for everything too small to check: stacks, texts, the allocator's own.
    private static let reserve = 16 << 20

    package static func mebibytes(_ bytes: Int) -> String {
        "\(bytes >> 20 + (bytes & (1 << 20 - 1) == 0 ? 0 : 1)) MiB"
    }

    /// The limit of the address space, in brackets; empty without one.
    package static var limit: String { addresses.map { " (\($0))" } ?? "" }

    /// The limit of the address space as text; nil without one.
    private static var addresses: String? {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
            limit.rlim_cur < UInt64(Int.max)
        else { return nil }
        return "ulimit -v: \(mebibytes(Int(limit.rlim_cur)))"
    }

    /// What this process may have at most, as text.
    package static var most: String {
        addresses
            ?? (group > 0
                ? "the control group's limit: \(mebibytes(group))"
                : "this machine: \(mebibytes(machine))")
    }

    /// The bytes of this process in memory that belong to no file: those a control group counts
    /// first.
    private static var resident: Int {
        guard let file = fopen("/proc/self/statm", "re") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
        let text = String(
            decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let fields = text.split(separator: " ")
        let pages = fields.count > 2 ? (Int(fields[1]) ?? 0) - (Int(fields[2]) ?? 0) : 0
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
