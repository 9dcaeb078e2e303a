import Glibc
import Phidias

/// The end of a program that gets no memory for something too small, or too deep in a library, to be
/// asked for beforehand. Swift's runtime then aborts; a sentence and exit code 71 are of more use.
enum LastResort {
    /// Written by the handler, which may not allocate.
    nonisolated(unsafe) private static var sentence = UnsafeRawBufferPointer(start: nil, count: 0)
    /// What an abort does otherwise, such as show where it happened.
    nonisolated(unsafe) private static var usual = sigaction()

    /// From now on an abort for want of memory ends the process with exit code 71. Any other abort
    /// stays one.
    static func prepare() {
        let text =
            "phidias: There is not enough memory: the system refused a part of it in the middle of the work (\(MemoryLimit.text)).\n"
        sentence = UnsafeRawBufferPointer(Array(text.utf8).copied())
        sigaction(SIGABRT, nil, &usual)
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            // abort() runs on the thread whose allocation failed, and what is said before that
            // leaves the number of the error as it is.
            if errno == ENOMEM {
                _ = write(
                    STDERR_FILENO, LastResort.sentence.baseAddress, LastResort.sentence.count)
                _exit(71)
            }
            // Blocked while this runs; then it comes again.
            sigaction(SIGABRT, &LastResort.usual, nil)
            raise(SIGABRT)
        }
        sigaction(SIGABRT, &action, nil)
    }
}

extension [UInt8] {
    /// In memory that is never released.
    fileprivate func copied() -> UnsafeMutableRawBufferPointer {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
        copy.copyBytes(from: self)
        return copy
    }
}
