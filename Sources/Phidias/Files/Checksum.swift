import Crypto

/// SHA-256 checksums, as 64 lower-case hexadecimal digits.
package enum Checksum {
    /// The checksum of `bytes`.
    package static func sha256(_ bytes: [UInt8]) -> String {
        var stream = Stream()
        stream.update(bytes)
        return stream.value
    }

    /// The same as 32 bytes.
    package static func sha256Bytes(_ bytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: bytes)) }

    /// A checksum over many buffers, as if they were one.
    package struct Stream {
        private var hash = SHA256()

        package init() {}

        /// Adds bytes.
        package mutating func update(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { hash.update(bufferPointer: $0) }
        }

        /// Adds the bytes of `values`, each as 4 bytes with the lowest first.
        package mutating func update(_ values: [Float]) {
            #if _endian(little)
                values.withUnsafeBytes { hash.update(bufferPointer: $0) }
            #else
                values.map(\.bitPattern.littleEndian).withUnsafeBytes {
                    hash.update(bufferPointer: $0)
                }
            #endif
        }

        /// The checksum of what has been added so far; more may follow.
        package var value: String {
            let digits = Array("0123456789abcdef")
            return String(hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        }
    }
}
