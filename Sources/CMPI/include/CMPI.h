// Messages between the processes that an MPI launcher started. cmpi.c is the only file that knows
// MPI. Without the package's trait MPI nothing can be started: cmpi_is_built() is 0, and nothing
// else is called.
#ifndef CMPI_H
#define CMPI_H

#include <stddef.h>

/// Where a rank runs.
typedef struct {
    /// The name of the machine.
    char host[64];
    /// The CPUs that the rank may run on, those that any rank on its machine may run on, and all
    /// CPUs of the machine.
    int own_cpus, node_cpus, all_cpus;
    /// How many ranks of the machine, itself among them, may run on a CPU that it may run on.
    int sharing;
} cmpi_place;

/// Whether the build has MPI.
int cmpi_is_built(void);
/// Starts MPI with a collective call of all ranks. Further calls may come from any thread, but only
/// one at a time. Returns 0, or an error.
int cmpi_start(void);
/// Name and version of the library, on one line.
const char *cmpi_library(void);
int cmpi_rank(void);
int cmpi_size(void);
cmpi_place cmpi_place_of(int rank);
/// Begins to send a copy of the bytes, and does not wait. Returns 0, or an error.
int cmpi_post(const void *bytes, size_t count, int to);
/// How many messages are still on their way out.
int cmpi_unsent(void);
/// Whether a message is there, from whom and how long.
int cmpi_probe(int *from, size_t *count);
/// Takes the message that cmpi_probe found. Returns 0, or an error.
int cmpi_receive(void *bytes, size_t count, int from);
/// Makes an array of items of `bytes` bytes whole, together with all ranks: rank r has the items
/// from starts[r] up to starts[r + 1]. Waits for the others, and takes a CPU meanwhile. Returns 0,
/// or an error.
int cmpi_gather(void *items, const size_t *starts, size_t bytes);
/// Copies the bytes of rank 0 to all ranks. Likewise.
int cmpi_broadcast(void *bytes, size_t count);
/// Waits for the other ranks to do the same.
void cmpi_finish(void);
/// Ends all ranks. It may return.
void cmpi_abort(int code);

#endif
