// Exchange write COUNT SEED FILES VERDICTS: writes safetensors files, one after the other with
// their lengths before them (8 bytes, lowest first), and a line for each: the digest of its content.
// Exchange read FILES VERDICTS: writes such a line for each of those files, or why it is refused.
import Foundation
import FuzzTargets

func length(_ count: Int) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
}

func verdicts(of bytes: [UInt8]) -> String {
    var lines = ""
    var start = 0
    while start < bytes.count {
        let count = bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let end = start + 8 + count
        let verdict = SafetensorsExchange.read(Array(bytes[start + 8..<end]))
        // An error may quote a name with anything in it.
        let text = String(decoding: verdict.text.utf8.map { $0 == 10 ? 32 : $0 }, as: UTF8.self)
        lines += "\(verdict.isAccepted ? "accept" : "reject") \(text)\n"
        start = end
    }
    return lines
}

let arguments = CommandLine.arguments
switch (arguments.dropFirst().first, arguments.count) {
case ("write", 6):
    guard let count = UInt64(arguments[2]), let seed = UInt64(arguments[3]) else { exit(64) }
    var bytes: [UInt8] = []
    var lines = ""
    for index in 0..<count {
        let file = SafetensorsExchange.make(seed: seed &* 1_000_003 &+ index)
        bytes += length(file.bytes.count) + file.bytes
        lines += "accept \(file.digest)\n"
    }
    try Data(bytes).write(to: URL(fileURLWithPath: arguments[4]))
    try Data(lines.utf8).write(to: URL(fileURLWithPath: arguments[5]))
case ("read", 4):
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: arguments[2])))
    try Data(verdicts(of: bytes).utf8).write(to: URL(fileURLWithPath: arguments[3]))
default:
    print("usage: Exchange write COUNT SEED FILES VERDICTS | Exchange read FILES VERDICTS")
    exit(64)
}
