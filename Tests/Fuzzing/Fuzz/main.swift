// Fuzz TARGET [OPTION OF LIBFUZZER…] [CORPUS…]: feeds a reader with inputs until it fails.
import CFuzzer
import FuzzTargets
import Glibc

guard CommandLine.arguments.count > 1,
    let target = FuzzTarget(rawValue: CommandLine.arguments[1])
else {
    print("usage: Fuzz \(FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")) [ARGUMENT…]")
    exit(64)
}
/// A C function cannot capture the target.
nonisolated(unsafe) var fuzzed = target
let arguments =
    [CommandLine.arguments[0], "-max_len=\(target.longestInput)"]
    + CommandLine.arguments.dropFirst(2)
var count = Int32(arguments.count)
var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(
    capacity: arguments.count + 1)
for (place, argument) in arguments.enumerated() { pointers?[place] = strdup(argument) }
pointers?[arguments.count] = nil
exit(
    LLVMFuzzerRunDriver(&count, &pointers) { start, count in
        _ = fuzzed.accepts(Array(UnsafeBufferPointer(start: start, count: count)))
        return 0
    })
