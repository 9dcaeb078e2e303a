import Glibc

// Calls the library at its edges, one case a process: a trap ends it by a signal, which
// `EdgeCaseTests` sees. Without an argument: lists the cases, with what is expected of each.
let arguments = CommandLine.arguments.dropFirst()
guard let name = arguments.first else {
    for edge in EdgeCase.all {
        if case .precondition = edge.expectation {
            print("precondition\t\(edge.name)")
        } else {
            print("end\t\(edge.name)")
        }
    }
    exit(0)
}
guard let edge = EdgeCase.all.first(where: { $0.name == name }) else {
    print("there is no case '\(name)'")
    exit(64)
}
if let failure = edge.failure() {
    print(failure)
    exit(1)
}
