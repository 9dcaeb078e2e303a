import Phidias

extension EdgeCase {
    private static func fit(_ image: Image, _ rows: Int, _ columns: Int) throws {
        _ = try DigitFitting.fit(image, rows: rows, columns: columns, name: "p")
    }

    private static func draw(_ weights: [Float], _ change: (inout FilterImage) -> Void) throws {
        var picture = FilterImage()
        change(&picture)
        _ = try picture.draw(weights: weights, rows: 1, width: 2)
    }

    static var images: [EdgeCase] {
        let gray = { try Example.gray() }
        return [
            EdgeCase("Image: a byte too few", .error("3 bytes")) {
                _ = try Image(width: 2, height: 2, channels: 1, pixels: [1, 2, 3])
            },
            EdgeCase("Image: 2 channels", .error("2 channels")) {
                _ = try Image(width: 1, height: 1, channels: 2, pixels: [1, 2])
            },
            EdgeCase("Image: an overflow", .error("bytes")) {
                _ = try Image(width: .max, height: .max, channels: 3, pixels: [])
            },
            EdgeCase("Image: negative sizes", .error("bytes")) {
                _ = try Image(width: -1, height: -1, channels: 1, pixels: [1])
            },
            EdgeCase("DigitFitting: colour", .error("3 channels")) {
                let image = try Image(
                    width: 28, height: 28, channels: 3,
                    pixels: [UInt8](repeating: 9, count: 2352))
                try fit(image, 28, 28)
            },
            EdgeCase("DigitFitting: 0 rows", .error("0 × 28")) { try fit(try gray(), 0, 28) },
            EdgeCase("DigitFitting: -1 columns", .error("28 × -1")) {
                try fit(try gray(), 28, -1)
            },
            EdgeCase("DigitFitting: Int.max x Int.max", .error("cannot be fitted")) {
                try fit(try gray(), .max, .max)
            },
            EdgeCase("DigitFitting: an empty image", .error("too small")) {
                try fit(try Image(width: 0, height: 0, channels: 1, pixels: []), 28, 28)
            },
            EdgeCase("DigitFitting: an image without columns", .error("blank")) {
                try fit(try Image(width: 0, height: 9, channels: 1, pixels: []), 28, 28)
            },
            EdgeCase("DigitFitting: one pixel", .value) { try fit(try gray(), 1, 1) },
            EdgeCase("DigitFitting: a row of 2^20", .value) { try fit(try gray(), 1, 1 << 20) },
            EdgeCase("DigitFitting: no such file", .error("/nowhere")) {
                _ = try DigitFitting.fit(path: "/nowhere", rows: 28, columns: 28)
            },
            EdgeCase("ColorMap.color: NaN", .error("NaN")) {
                _ = try FilterImage.ColorMap.diverging.color(.nan)
            },
            EdgeCase("ColorMap.color: infinity", .value) {
                for map in FilterImage.ColorMap.allCases {
                    try check(try map.color(.infinity) == map.color(1))
                    try check(try map.color(-.infinity) == map.color(-1))
                }
            },
            EdgeCase("FilterImage.draw: no weights", .error("no filters")) {
                try draw([]) { _ in }
            },
            EdgeCase("FilterImage.draw: NaN", .error("finite weights")) {
                try draw([1, .nan]) { _ in }
            },
            EdgeCase("FilterImage.draw: scale of Int.max", .error("pixels")) {
                try draw([1, 2]) { $0.scale = .max }
            },
            EdgeCase("FilterImage.draw: scale 0", .error("scale is 0")) {
                try draw([1, 2]) { $0.scale = 0 }
            },
            EdgeCase("FilterImage.draw: -1 columns", .error("columns is -1")) {
                try draw([1, 2]) { $0.columns = -1 }
            },
            EdgeCase("FilterImage.draw: a peak of NaN", .error("nan")) {
                try draw([1, 2]) { $0.peak = .nan }
            },
            EdgeCase("FilterImage.draw: the least peak", .value) {
                try draw([1, 2]) { $0.peak = .leastNonzeroMagnitude }
            },
            EdgeCase("FilterImage.draw: rows of Int.max", .error("whole number")) {
                _ = try FilterImage().draw(weights: [1], rows: .max, width: .max)
            },
            EdgeCase("FilterImage.draw: layer 99", .error("layer 99")) {
                _ = try FilterImage().draw(try Example.model(), layer: 99)
            },
            EdgeCase("FilterImage.draw: one weight", .value) {
                _ = try FilterImage().draw(weights: [1], rows: 1, width: 1)
            },
            EdgeCase("FilterImage.draw: a layer over units", .value) {
                let model = try Example.model()
                _ = try FilterImage().draw(model, layer: model.network.layers.count - 1)
            },
            EdgeCase("FilterImage.write: layer -1", .error("layer -1")) {
                try FilterImage().write(
                    try Example.model(), layer: -1, name: "m", to: "/nowhere/f")
            },
            EdgeCase("PNG.decodeGray: no bytes", .error("The picture: ")) {
                _ = try PNG.decodeGray([])
            },
            EdgeCase("PNG.decodeColor: a signature alone", .error("a name: ")) {
                _ = try PNG.decodeColor(
                    [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a], name: "a name")
            },
            EdgeCase("PNG.encode: no pixels", .error("cannot be written")) {
                _ = try PNG.encode(try Image(width: 0, height: 0, channels: 1, pixels: []))
            },
            EdgeCase("PNG.encode: an empty key", .error("key")) {
                _ = try PNG.encode(try gray(), text: ["": "text"])
            },
            EdgeCase("PNG.encode: a NUL", .error("NUL")) {
                _ = try PNG.encode(try gray(), text: ["key": "\0"])
            },
            EdgeCase("PNG: in memory and back", .value) {
                let image = try gray()
                let bytes = try PNG.encode(image, text: ["Title": "φ"])
                try check(try PNG.decodeGray(bytes) == image)
                try check(try PNG.decodeColor(bytes).pixels.count == 3 * image.pixels.count)
            },
            EdgeCase("PNG.readGray: no such file", .error("/nowhere")) {
                _ = try PNG.readGray(path: "/nowhere")
            },
            EdgeCase("PNG.readColor: a folder", .error("regular file")) {
                _ = try PNG.readColor(path: "/")
            },
            EdgeCase("ImageFile.decodeGray: no bytes", .error("The picture: is empty")) {
                _ = try ImageFile.decodeGray([])
            },
            EdgeCase("ImageFile.decodeColor: a beginning alone", .error("a name: ")) {
                _ = try ImageFile.decodeColor([0xff, 0xd8, 0xff], name: "a name")
            },
            EdgeCase("ImageFile.read: no such file", .error("/nowhere")) {
                _ = try ImageFile.read(path: "/nowhere")
            },
            EdgeCase("ImageFile.readColor: a folder", .error("regular file")) {
                _ = try ImageFile.readColor(path: "/")
            },
            EdgeCase("Image.resized: to Int.max", .error("cannot be fitted")) {
                _ = try gray().resized(width: .max, height: .max)
            },
            EdgeCase("Image.resized: of no pixels", .error("cannot be fitted")) {
                _ = try Image(width: 0, height: .max, channels: 3, pixels: []).resized(
                    width: 1, height: 1)
            },
            EdgeCase("PNG.write: no folder", .error("/nowhere")) {
                try PNG.write(try gray(), to: "/nowhere/p")
            },
        ]
    }
}
