import Phidias
import Statistics

/// A number of our own that cannot be analysed: what a user gave is checked before.
extension StatisticsError: PhidiasError {
    package var exitCode: Int32 { 70 }
}
