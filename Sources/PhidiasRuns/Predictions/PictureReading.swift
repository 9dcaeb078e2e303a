import Phidias

/// How pictures become what a network takes.
public struct PictureReading: Sendable {
    /// Which is the ink; nil if it is to be found, or with `isSought` false, light.
    public var ink: DigitFitting.Ink?
    /// Whether drawings are sought, as `DigitFitting.drawings` does; else pictures are fitted as
    /// `DigitFitting.fit` does.
    public var isSought = true
    /// Whether several drawings in a picture are answered one by one, from left to right; else such
    /// a picture is an error.
    public var splits = false
    /// What the network was trained on.
    public var ground = DigitFitting.Ground.dark

    /// Drawings are sought, one in a picture.
    public init() {}

    /// The images of a picture, each with the channels, rows and columns of a network.
    ///
    /// Pictures for a network of three channels are read as they are and must have its size.
    /// - Throws: `DataError`, `ImageError`; `PredictionError.several`.
    public func drawings(path: String, for network: Network) throws -> [DigitFitting.Drawing] {
        let (rows, columns) = (network.rows, network.columns)
        func whole(_ pixels: [UInt8], _ ink: DigitFitting.Ink) -> DigitFitting.Drawing {
            .init(pixels: pixels, ink: ink, isWhole: true)
        }
        guard network.input.channels == 1 else {
            let image = try ImageFile.readColor(path: path)
            guard (image.height, image.width) == (rows, columns) else {
                throw DataError.pixels(
                    path: path, expected: network.input.pixels,
                    found: "\(image.height) × \(image.width)")
            }
            return [whole(image.planes, ink ?? .light)]
        }
        guard isSought else {
            let invert = ink == .dark
            let pixels = try DigitFitting.fit(
                path: path, rows: rows, columns: columns, invert: invert)
            return [whole(pixels, ink ?? .light)]
        }
        let found = try DigitFitting.drawings(
            path: path, rows: rows, columns: columns, ink: ink, ground: ground)
        guard splits || found.count == 1 else {
            throw PredictionError.several(path: path, count: found.count)
        }
        return found
    }
}

extension Image {
    /// [channels][height][width], as networks take it.
    fileprivate var planes: [UInt8] {
        (0..<channels).flatMap { channel in
            stride(from: channel, to: pixels.count, by: channels).map { pixels[$0] }
        }
    }
}

/// What cannot be predicted.
public enum PredictionError: PhidiasError, Equatable {
    /// There are several drawings in a picture.
    case several(path: String, count: Int)
    /// A folder has no pictures.
    case noPictures(path: String)
    /// The network takes no images, or tells no classes.
    case noImages

    public var description: String {
        switch self {
        case .several(let path, let count):
            "\(path): there are \(count) drawings in it, not one. Cut it up, or have them answered from left to right."
        case .noPictures(let path): "\(path): there are no PNG or JPEG files in this folder."
        case .noImages:
            "The model does not tell classes of images; what it was trained on are numbers."
        }
    }

    public var exitCode: Int32 { if case .noImages = self { 64 } else { 65 } }
}
