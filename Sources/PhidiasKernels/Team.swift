import CKernels

extension Kernels {
    /// Runs `body` while the other threads of a team stand by for the passes, updates and
    /// augmentations in it that ask for `threads` threads: none of them then starts a parallel
    /// region. Everything else in `body` that asks for several threads runs on one. No result
    /// changes.
    package static func withTeam<Result>(
        threads: Int, _ body: () throws -> Result
    ) throws -> Result {
        let count = checkThreads(threads)
        return try withoutActuallyEscaping(body) { body in
            var result: Swift.Result<Result, any Error>?
            var run: () -> Void = { result = Swift.Result(catching: body) }
            withUnsafeMutablePointer(to: &run) { run in
                ck_with_team(
                    count, { $0?.assumingMemoryBound(to: (() -> Void).self).pointee() }, run)
            }
            guard let result else { preconditionFailure("the body of a team has not run") }
            return try result.get()
        }
    }
}
