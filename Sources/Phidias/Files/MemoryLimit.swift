import PhidiasKernels

/// The memory that this process may have at most.
package enum MemoryLimit {
    /// In words and MiB: the limit that applies, or else what the machine has.
    package static var text: String { Memory.most }
}
