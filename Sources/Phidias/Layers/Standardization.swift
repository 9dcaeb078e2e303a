import PhidiasKernels

/// Numbers brought to a common scale, column by column: x′ = (x − center) / scale.
public struct Standardization: Sendable, Equatable {
    /// What becomes 0: [columns], finite.
    public let center: [Float]
    /// What becomes 1 above the center: [columns], finite and above 0.
    public let scale: [Float]

    /// The number of columns.
    public var columns: Int { center.count }

    /// - Throws: `ModelError.standardization` for counts that differ, and numbers that are not
    ///   finite or, of the scale, not above 0.
    public init(center: [Float], scale: [Float]) throws(ModelError) {
        guard center.count == scale.count else {
            throw .standardization("there are \(center.count) centers and \(scale.count) scales")
        }
        if let place = center.firstIndex(where: { !$0.isFinite }) {
            throw .standardization("the center of column \(place) is \(center[place])")
        }
        if let place = scale.firstIndex(where: { !($0 > 0 && $0.isFinite) }) {
            throw .standardization("the scale of column \(place) is \(scale[place])")
        }
        self.center = center
        self.scale = scale
    }

    /// How columns are brought to a common scale.
    public enum Method: String, Sendable, Hashable, CaseIterable {
        /// The mean becomes 0, and the standard deviation (of the rows as a population) 1.
        case deviation
        /// The least value becomes 0, the largest 1.
        case range
        /// Numbers stay as they are.
        case none
    }

    /// The standardization of rows. A column that is constant gets the scale 1.
    /// - Parameters:
    ///   - rows: [count][columns], at least one row.
    ///   - columns: at least 1.
    ///   - method: what a column's center and scale are.
    /// - Returns: nil for `.none`.
    /// - Throws: `ModelError.standardization` if a mean or deviation is not finite as a `Float`.
    public init?(of rows: [Float], columns: Int, by method: Method) throws(ModelError) {
        guard method != .none else { return nil }
        guard columns > 0, rows.count >= columns else {
            throw .standardization("there are no rows")
        }
        var center: [Float] = [], scale: [Float] = []
        for column in 0..<columns {
            let values = stride(from: column, to: rows.count, by: columns).lazy.map {
                Double(rows[$0])
            }
            let (middle, width) =
                method == .range ? Self.range(of: values) : Self.deviation(of: values)
            center.append(Float(middle))
            // What a Float cannot tell from 0 is constant.
            scale.append(Float(width) > 0 ? Float(width) : 1)
        }
        try self.init(center: center, scale: scale)
    }

    private static func range(of values: some Sequence<Double>) -> (Double, Double) {
        var (least, most) = (Double.infinity, -Double.infinity)
        for value in values { (least, most) = (min(least, value), max(most, value)) }
        return (least, most - least)
    }

    /// Mean and standard deviation, in two passes and in the order of the rows.
    private static func deviation(of values: some Sequence<Double>) -> (Double, Double) {
        var (sum, count) = (0.0, 0.0)
        for value in values { (sum, count) = (sum + value, count + 1) }
        let mean = sum / count
        var squares = 0.0
        for value in values { squares += (value - mean) * (value - mean) }
        return (mean, (squares / count).squareRoot())
    }

    /// Rows [count][columns] on the common scale.
    func standardize(_ rows: [Float]) -> [Float] {
        var result = rows
        for first in stride(from: 0, to: rows.count, by: columns) {
            for column in 0..<columns {
                result[first + column] = (rows[first + column] - center[column]) / scale[column]
            }
        }
        return result
    }

    /// Rows [count][columns] on their own scale again.
    func restore(_ rows: [Float]) -> [Float] {
        var result = rows
        for first in stride(from: 0, to: rows.count, by: columns) {
            for column in 0..<columns {
                result[first + column] = rows[first + column] * scale[column] + center[column]
            }
        }
        return result
    }
}

/// What a network is fed with.
enum NetworkInputs {
    /// Images: [count][channels][rows][columns].
    case bytes([UInt8])
    /// Rows of numbers, standardized: [count][columns].
    case numbers([Float])
}

/// What a network is to answer.
enum NetworkTargets {
    /// The class of each image or row.
    case classes([UInt8])
    /// Numbers, standardized: [count][outputs].
    case numbers([Float])
}

extension Model {
    /// How inputs and outputs that are numbers are standardized; nil: not at all.
    package struct Scalings: Sendable, Equatable {
        package var input, output: Standardization?
    }

    /// The data's images or rows as the network takes them.
    func inputs(of data: Dataset) throws(ModelError) -> NetworkInputs {
        guard data.isNumeric else { return .bytes(data.images) }
        return .numbers(try standardized(features: data.features))
    }

    /// What the network is to answer for the data.
    func targets(of data: Dataset) -> NetworkTargets {
        guard data.isRegression else { return .classes(data.labels) }
        return .numbers(scalings.output?.standardize(data.targets) ?? data.targets)
    }

    func standardized(features: [Float]) throws(ModelError) -> [Float] {
        guard let scaling = scalings.input else { return features }
        let bytes = MemoryLayout<Float>.stride * features.count
        if let reason = Memory.refusal(bytes) { throw .memory(bytes: bytes, reason: reason) }
        return scaling.standardize(features)
    }

    /// The model with the standardization of some data's features and targets: it is then applied
    /// wherever the model is trained, evaluated or predicts. Images are not standardized.
    /// - Throws: `ModelError.standardization` for numbers whose mean or deviation is not finite.
    public func standardized(
        on data: Dataset, by method: Standardization.Method = .deviation
    ) throws(ModelError) -> Model {
        var model = self
        if data.isNumeric {
            model.scalings.input = try Standardization(
                of: data.features, columns: data.shape.count, by: method)
        }
        if data.isRegression {
            model.scalings.output = try Standardization(
                of: data.targets, columns: data.targetCount, by: method)
        }
        return model
    }

    /// How the columns of rows of numbers are standardized; nil: not at all.
    public var inputStandardization: Standardization? { scalings.input }
    /// How numbers to predict are standardized in training; predictions are on their own scale
    /// again.
    public var outputStandardization: Standardization? { scalings.output }
}
