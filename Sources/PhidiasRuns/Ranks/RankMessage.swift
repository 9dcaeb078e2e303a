/// What ranks tell each other: bytes with a kind, a number and a text.
package struct RankMessage: Sendable, Equatable {
    package enum Kind: UInt8 {
        /// Every few seconds, so that silence means something.
        case alive = 1
        /// Nothing more will come.
        case ends
        /// To the first rank: what the sender would compute, and how many cells at a time.
        case record
        /// From the first rank: every record is as its own; or a value that it has found.
        case agreed, value
        /// To the first rank: a worker waits for a cell.
        case ask
        /// From the first rank: a cell; or there is none left.
        case cell, none
        /// To the first rank: a cell's result.
        case result
        /// To the first rank: all workers have ended.
        case left
        /// To the first rank: the exit code and the sentence of an error.
        case failed
    }

    package var kind: Kind
    package var number = 0
    package var text = ""

    package init(_ kind: Kind, number: Int = 0, text: String = "") {
        (self.kind, self.number, self.text) = (kind, number, text)
    }

    /// One byte for the kind, eight for the number, the smallest first, and the text as UTF-8.
    package var bytes: [UInt8] {
        [kind.rawValue] + (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) } + text.utf8
    }

    /// - Returns: nil if the bytes are no message.
    package init?(bytes: [UInt8]) {
        guard bytes.count >= 9, let kind = Kind(rawValue: bytes[0]),
            let text = String(validating: bytes[9...], as: UTF8.self)
        else { return nil }
        let number = (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[1 + $1]) << ($1 * 8) }
        self.init(kind, number: Int(Int64(bitPattern: number)), text: text)
    }
}
