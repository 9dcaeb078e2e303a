import CLibCrypto

/// SHA-256 checksums, as 64 lower-case hexadecimal digits.
package enum Checksum {
    /// The checksum of `bytes`.
    package static func sha256(_ bytes: [UInt8]) -> String {
        var stream = Stream()
        stream.update(bytes)
        return stream.value
    }

    /// The checksum of `bytes` as 32 bytes.
    package static func sha256Bytes(_ bytes: [UInt8]) -> [UInt8] {
        var stream = Stream()
        stream.update(bytes)
        return stream.bytes
    }

    /// A checksum over several buffers, as if they were one.
    package struct Stream: ~Copyable {
        private let hash: OpaquePointer

        package init() {
            // Some hundred bytes, without which Swift could not continue either.
            guard let hash = phidias_sha256_new() else { fatalError("no memory for a checksum") }
            self.hash = hash
        }

        deinit { EVP_MD_CTX_free(hash) }

        /// Adds bytes.
        package mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { add($0) } }

        /// Adds the bytes of `values`, each as 4 bytes with the lowest first.
        package mutating func update(_ values: [Float]) {
            #if _endian(little)
                values.withUnsafeBytes { add($0) }
            #else
                values.map(\.bitPattern.littleEndian).withUnsafeBytes { add($0) }
            #endif
        }

        private func add(_ bytes: UnsafeRawBufferPointer) {
            EVP_DigestUpdate(hash, bytes.baseAddress, bytes.count)
        }

        /// The checksum of everything added so far; more may follow.
        package var value: String {
            let digits = Array("0123456789abcdef")
            return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
        }

        /// The checksum as 32 bytes.
        fileprivate var bytes: [UInt8] {
            // Finishing a hash consumes it, so a copy is finished.
            let copy = EVP_MD_CTX_new()
            defer { EVP_MD_CTX_free(copy) }
            var result = [UInt8](repeating: 0, count: 32)
            guard EVP_MD_CTX_copy_ex(copy, hash) == 1,
                EVP_DigestFinal_ex(copy, &result, nil) == 1
            else { fatalError("no memory for a checksum") }
            return result
        }
    }
}
