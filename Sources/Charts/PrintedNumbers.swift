import Glibc

extension String {
    /// Numbers in a format of printf, such as `%.3g`; as Foundation's `String(format:)`, which would take
    /// its tables of all languages into memory.
    package init(printing format: String, _ numbers: any CVarArg...) {
        self = withVaList(numbers) { list in
            // The largest number has 309 digits before its point.
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1024) { buffer in
                guard let start = buffer.baseAddress else { return "" }
                vsnprintf(start, buffer.count, format, list)
                return String(cString: start)
            }
        }
    }
}
