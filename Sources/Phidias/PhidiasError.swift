/// An error of this library: a sentence for people and an exit code for programs.
public protocol PhidiasError: Error, CustomStringConvertible, Sendable {
    /// The exit status a program should end with, after BSD's `sysexits.h`: 64 usage, 65 data,
    /// 66 no input, 70 software, 71 operating system, 73 cannot create, 74 input/output,
    /// 78 configuration.
    var exitCode: Int32 { get }
}
