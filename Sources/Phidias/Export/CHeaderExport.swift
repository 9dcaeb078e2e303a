/// A model as one header of C99, for microcontrollers: weights as constants, and functions that
/// predict. It needs no library, allocates nothing, and includes `stdint.h` alone.
///
/// With the name `digits` it has `digits_predict_bytes`, which takes the bytes of an image,
/// `digits_predict`, which takes numbers in the range of the network or a row of numbers, and
/// `digits_logits`. Predictions return the class and fill the probabilities, or fill the numbers that
/// are predicted. What lies between the layers is in `DIGITS_WORK` floats that the caller gives. Sums
/// have the order of the program's, without fused multiply-adds, unless the compiler makes them.
public struct CHeaderExport: ModelExport {
    /// The model.
    public let file: ModelFile
    /// What the names of functions begin with.
    public let name: String

    /// Bytes of a weight in the text, at most: nine digits, a sign, a point, an exponent.
    static let bytesPerParameter = 18

    /// - Parameters:
    ///   - file: the model.
    ///   - name: what the names of functions begin with. Other characters than letters and digits of
    ///     ASCII become `_`, and before a digit comes `model_`.
    /// - Throws: `ExportError.name` if that leaves nothing of it.
    public init(_ file: ModelFile, name: String = "model") throws(ExportError) {
        var words = name.unicodeScalars.map { scalar in
            scalar.isASCII && scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                ? String(scalar) : "_"
        }.joined()
        guard words.contains(where: { $0 != "_" }) else { throw .name(name) }
        // Names that begin with an underscore are the compiler's.
        if words.first?.isLetter != true { words = "model_\(words.drop { $0 == "_" })" }
        self.file = file
        self.name = words
    }

    /// All of the file: the same model gives the same bytes.
    /// - Throws: `ModelError.notFinite`; `DataError.memory` if there is none for them.
    public var bytes: [UInt8] {
        get throws {
            try file.checkExport(bytesPerParameter: Self.bytesPerParameter)
            return CHeaderText(file, name: name).bytes
        }
    }
}
