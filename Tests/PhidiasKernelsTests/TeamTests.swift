import Foundation
import PhidiasKernels
import Testing

extension KernelTests {
    /// Passes on a team that stands by, beside the same in parallel regions.
    @Suite struct Teams {
        static let rules = [UpdateRule(learningRate: 0.1, momentum: 0.9)] + UpdateRules.rules

        /// Weights of every layer after three steps.
        private static func trained(
            threads: Int, rule: UpdateRule, between: () throws -> Void = {}
        ) throws -> [DenseValues] {
            // Large enough that an update is worth a team.
            let probe = DenseStackProbe([784, 100, 37, 10], hidden: .sigmoid, batch: 19)
            let stack = try probe.stack(layers: 3)
            for _ in 1...3 {
                let logits = probe.forward(stack, probe.indices, threads: threads)
                try between()
                let delta = probe.logitDelta(.synaptic, logits)
                #expect(try stack.backward(delta: delta.span, rule: rule) == nil)
            }
            return (0..<3).map { stack.values(of: $0) }
        }

        @Test(arguments: rules) func stepsHaveTheBitsOfOneThread(rule: UpdateRule) throws {
            let expected = try Self.trained(threads: 1, rule: rule)
            for threads in 1...7 {
                let result = try Kernels.withTeam(threads: threads) {
                    try Self.trained(threads: threads, rule: rule)
                }
                #expect(result == expected, "\(threads) threads")
            }
        }

        @Test func passesRunOnTheTeamOrOnOneThread() throws {
            let probe = DenseStackProbe([37, 40, 10], hidden: .sigmoid, batch: 13)
            let stack = try probe.stack(layers: 2)
            let expected = probe.forward(stack, probe.indices)
            try Kernels.withTeam(threads: 3) {
                // No region has other threads now: those of the team are in one.
                #expect(Threads.observed(3) == 1)
                for (threads, used) in [(3, 3), (2, 1), (7, 1), (1, 1), (3, 3)] {
                    let isSame = probe.forward(stack, probe.indices, threads: threads) == expected
                    #expect(isSame && stack.lastThreads == used, "\(threads) threads")
                }
                try Kernels.withTeam(threads: 2) {
                    let isSame = probe.forward(stack, probe.indices, threads: 3) == expected
                    #expect(isSame && stack.lastThreads == 3, "a team within a team is that team")
                }
            }
            #expect(Threads.observed(3) == 3)
        }

        @Test func threadsThatSleptGoOn() throws {
            let rule = Self.rules[0]
            let expected = try Self.trained(threads: 1, rule: rule)
            let result = try Kernels.withTeam(threads: 2) {
                try Self.trained(threads: 2, rule: rule) { Thread.sleep(forTimeInterval: 0.05) }
            }
            #expect(result == expected)
        }

        @Test func teamsOfSeveralThreadsDoNotMeet() async throws {
            let rule = Self.rules[0]
            let expected = try Self.trained(threads: 1, rule: rule)
            try await withThrowingTaskGroup(of: [DenseValues].self) { group in
                for threads in [2, 2, 3] {
                    group.addTask {
                        try Kernels.withTeam(threads: threads) {
                            try Self.trained(threads: threads, rule: rule)
                        }
                    }
                }
                for try await result in group { #expect(result == expected) }
            }
        }

        @Test func errorsComeOut() throws {
            struct Failure: Error {}
            #expect(throws: Failure.self) {
                try Kernels.withTeam(threads: 3) { throw Failure() }
            }
            #expect(try Kernels.withTeam(threads: 3) { Threads.observed(3) } == 1)
        }
    }
}
