import Phidias

extension SweepDocument {
    /// Why the results of an older document cannot be continued with this one; nil if they can.
    func conflict(with old: SweepDocument) -> String? {
        guard old.program == program else {
            return "the results are of phidias \(old.program), and this is \(program)."
        }
        let differences = differences(from: old)
        return differences.isEmpty
            ? nil : "the results are of other settings:\n" + differences.joined(separator: "\n")
    }

    /// What differs from an older document, or another rank's: a line each, from its value to this one's.
    func differences(from old: SweepDocument) -> [String] {
        var names = axes.map(\.name)
        names += old.axes.map(\.name).filter { !names.contains($0) }
        func text(_ values: [String]?) -> String { values?.joined(separator: ", ") ?? "nothing" }
        let settings = names.filter { old[$0] != self[$0] }.map {
            "  \($0): \(text(old[$0])) → \(text(self[$0]))"
        }
        var sums = checksums.map(\.name)
        sums += old.checksums.map(\.name).filter { !sums.contains($0) }
        let data = sums.compactMap { name -> String? in
            let (a, b) = (
                old.checksums.first { $0.name == name }?.value,
                checksums.first { $0.name == name }?.value
            )
            return a == b ? nil : "  SHA-256 of \(name): \(a ?? "none") → \(b ?? "none")"
        }
        return settings + data
    }
}
