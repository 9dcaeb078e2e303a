/// What the environment says of a launcher, mpirun, mpiexec or srun, before MPI is started.
public struct RankLaunch: Sendable, Equatable {
    /// This process among those that were started together, counted from 0.
    public let rank: Int
    /// How many there are.
    public let size: Int

    /// Where the launchers that MPI is used with say so: Open MPI, MPICH and its relatives, and Slurm
    /// by PMIx.
    private static let names = [
        (rank: "OMPI_COMM_WORLD_RANK", size: "OMPI_COMM_WORLD_SIZE"),
        (rank: "PMI_RANK", size: "PMI_SIZE"),
        (rank: "PMI_RANK", size: "SLURM_NTASKS"),
        // Slurm names the number of tasks in a batch script too, whose process is none of them: only
        // those of a step have a rank.
        (rank: "PMIX_RANK", size: "SLURM_NTASKS"),
    ]

    /// - Returns: nil for a process that was started alone, or as the only one.
    public init?(environment: [String: String]) {
        for (rank, size) in Self.names {
            guard let rank = environment[rank].flatMap({ Int($0) }),
                let size = environment[size].flatMap({ Int($0) }), size > 1, (0..<size) ~= rank
            else { continue }
            (self.rank, self.size) = (rank, size)
            return
        }
        return nil
    }
}
