import Phidias
import Statistics

/// A number of our own that cannot be analyzed: user input is checked earlier.
extension StatisticsError: PhidiasError {
    package var exitCode: Int32 { 70 }
}
