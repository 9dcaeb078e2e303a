/// The tensors of a safetensors file as arrays.
struct SafetensorsArrays: ArraySource {
    let path: String
    let headers: [ArrayHeader]
    private let file: InputFile
    /// Where the bytes of each begin.
    private let starts: [Int]

    /// - Throws: `SafetensorsError`, `DataError`.
    init(path: String) throws {
        self.path = path
        file = try InputFile(path)
        let (entries, start) = try Safetensors.headers(of: file)
        starts = entries.map { start + $0.begin }
        headers = try entries.map { entry in
            let types: [String: NumberType] = [
                "BOOL": .bool, "U8": .u8, "I8": .i8, "U16": .u16, "I16": .i16, "U32": .u32,
                "I32": .i32, "U64": .u64, "I64": .i64, "F32": .f32, "F64": .f64,
            ]
            guard let type = types[entry.dataType],
                let header = ArrayHeader(
                    name: entry.name, shape: entry.shape, type: type, isBigEndian: false)
            else {
                throw TableError.array(
                    path: path,
                    reason:
                        "tensor '\(entry.name)' holds \(entry.dataType) numbers, which are not read here"
                )
            }
            return header
        }
    }

    func read(_ index: Int) throws -> NumberArray {
        let (header, start) = (headers[index], starts[index])
        return NumberArray(header: header, bytes: try file.read(start..<start + header.bytes))
    }
}
