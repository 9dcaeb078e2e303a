/// Why a file is not a safetensors file whose tensors can serve as weights. `file` is its path;
/// bytes are counted from the start of the file, or of the tensors' data where stated.
public enum SafetensorsError: PhidiasError, Equatable {
    /// The file doesn't even hold the 8 bytes of the header's length.
    case tooShort(file: String, bytes: Int)
    /// The header claims more bytes than the file has or a header may have.
    case headerLength(file: String, length: UInt64, available: Int, limit: Int)
    /// The header is not valid JSON of the expected form.
    case header(file: String, byte: Int, reason: String)
    /// An entry of the header does not follow the format; `tensor` is its key.
    case entry(file: String, tensor: String, reason: String)
    /// A tensor's numbers have a type that can't be loaded as weights.
    case dataType(file: String, tensor: String, found: String)
    /// A tensor's shape and its number of bytes do not match.
    case shape(file: String, tensor: String, shape: [Int], dataType: String, bytes: Int)
    /// A tensor extends outside the data.
    case range(file: String, tensor: String, begin: Int, end: Int, dataBytes: Int)
    /// A tensor begins before its predecessor's end, at byte `end` of the data.
    case overlap(file: String, tensor: String, previous: String, begin: Int, end: Int)
    /// Bytes `begin..<end` of the data belong to no tensor.
    case hole(file: String, begin: Int, end: Int)

    public var exitCode: Int32 { 65 }

    public var description: String {
        switch self {
        case .tooShort(let file, let bytes):
            "\(file): is not a safetensors file: it has \(bytes) bytes, too few for the 8 that "
                + "hold the header's length."
        case .headerLength(let file, let length, let available, let limit):
            "\(file): is not a safetensors file, or is cut off: its first 8 bytes claim a header "
                + "of \(length) bytes, but "
                + (length > UInt64(limit)
                    ? "a header has at most \(limit)" : "only \(available) bytes follow") + "."
        case .header(let file, let byte, let reason):
            "\(file): is not a safetensors file: byte \(byte), in its header: \(reason)."
        case .entry(let file, let tensor, let reason):
            "\(file): the header's entry '\(tensor)' \(reason)."
        case .dataType(let file, let tensor, let found):
            "\(file): tensor '\(tensor)' holds \(found) numbers, weights must be F32; convert "
                + "the file to F32."
        case .shape(let file, let tensor, let shape, let dataType, let bytes):
            "\(file): tensor '\(tensor)' of shape \(shape) and type \(dataType) does not fill "
                + "its \(bytes) bytes exactly."
        case .range(let file, let tensor, let begin, let end, let dataBytes):
            "\(file): tensor '\(tensor)' claims bytes \(begin) to \(end) of the data, which has "
                + "\(dataBytes) bytes; the file is damaged or cut off."
        case .overlap(let file, let tensor, let previous, let begin, let end):
            "\(file): tensor '\(tensor)' begins at byte \(begin) of the data, before tensor "
                + "'\(previous)' ends at byte \(end)."
        case .hole(let file, let begin, let end):
            "\(file): bytes \(begin) to \(end) of the data belong to no tensor."
        }
    }
}
