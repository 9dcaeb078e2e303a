/// Thrown by a measurement that was asked to stop before its end.
package struct MeasurementStopped: Error {
    /// - Throws: if the answer is yes.
    package static func check(_ shouldStop: () -> Bool) throws(MeasurementStopped) {
        if shouldStop() { throw MeasurementStopped() }
    }

    /// For a training that is part of a measurement: it does not end, but throws.
    package static func asking(_ shouldStop: @escaping () -> Bool) -> () throws -> Bool {
        {
            try check(shouldStop)
            return false
        }
    }
}
