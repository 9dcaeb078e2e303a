import CKernels
import Glibc

/// Whether memory can be had: Swift's arrays end the process if it cannot.
package enum Memory {
    /// False if the machine does not have `bytes` at all, or the system refuses them now.
    package static func offers(_ bytes: Int) -> Bool {
        let machine = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(
            by: sysconf(Int32(_SC_PAGESIZE)))
        guard bytes >= 0, machine.overflow || bytes <= machine.partialValue else { return false }
        // Asked for and given back untouched: this costs no time and no page.
        guard let memory = ck_alloc(bytes) else { return false }
        ck_free(memory)
        return true
    }
}
