#define _GNU_SOURCE
#include "CMPI.h"

#ifdef CMPI_AVAILABLE
#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A message on its way out.
typedef struct message {
    struct message *next;
    MPI_Request request;
    char bytes[];
} message;

enum { TAG = 1 };

static int rank, size = 1;
static message *outgoing;
static cmpi_place *places;
static int *counts, *offsets; // of each rank's share of an array

int cmpi_is_built(void) {
    return 1;
}

const char *cmpi_library(void) {
    static char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;
    MPI_Get_library_version(text, &length);
    text[strcspn(text, ",\n")] = 0;
    // MPICH puts tabs before its number.
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != '\t')
            *to++ = *from;
        else if (from[1] != '\t')
            *to++ = ' ';
    *to = 0;
    return text;
}

// Which ranks of this machine may run on which of its CPUs.
static cmpi_place own_place(void) {
    cmpi_place own = {.sharing = 1};
    gethostname(own.host, sizeof own.host - 1);
    own.all_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    MPI_Comm node;
    MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node);
    int near = 1;
    MPI_Comm_size(node, &near);
    cpu_set_t mask, either, *masks = calloc((size_t)near, sizeof mask);
    CPU_ZERO(&mask);
    // With more than 1,024 CPUs the call fails, and the rank counts as bound to none.
    if (sched_getaffinity(0, sizeof mask, &mask))
        for (int cpu = 0; cpu < own.all_cpus && cpu < CPU_SETSIZE; cpu++)
            CPU_SET(cpu, &mask);
    own.own_cpus = own.node_cpus = CPU_COUNT(&mask);
    if (masks) {
        MPI_Allgather(&mask, sizeof mask, MPI_BYTE, masks, sizeof mask, MPI_BYTE, node);
        CPU_ZERO(&either);
        own.sharing = 0;
        for (int i = 0; i < near; i++) {
            cpu_set_t both;
            CPU_AND(&both, &mask, &masks[i]);
            CPU_OR(&either, &either, &masks[i]);
            own.sharing += CPU_COUNT(&both) > 0;
        }
        own.node_cpus = CPU_COUNT(&either);
    }
    free(masks);
    MPI_Comm_free(&node);
    return own;
}

int cmpi_start(void) {
    int given = 0;
    // An abort has a handler of ours, which Open MPI would take note of.
    setenv("OMPI_MCA_opal_signal", "7,8,11", 0);
    const int error = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &given);
    if (error)
        return error;
    if (given < MPI_THREAD_SERIALIZED)
        return MPI_ERR_UNSUPPORTED_OPERATION;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    places = calloc((size_t)size, sizeof *places);
    counts = calloc((size_t)size, sizeof *counts);
    offsets = calloc((size_t)size, sizeof *offsets);
    if (!places || !counts || !offsets)
        return MPI_ERR_NO_MEM;
    const cmpi_place own = own_place();
    return MPI_Allgather(&own, sizeof own, MPI_BYTE, places, sizeof own, MPI_BYTE, MPI_COMM_WORLD);
}

int cmpi_rank(void) {
    return rank;
}
int cmpi_size(void) {
    return size;
}
cmpi_place cmpi_place_of(int of) {
    return places[of];
}

int cmpi_post(const void *bytes, size_t count, int to) {
    if (count > INT_MAX)
        return MPI_ERR_COUNT;
    message *m = malloc(sizeof *m + count);
    if (!m)
        return MPI_ERR_NO_MEM;
    if (count)
        memcpy(m->bytes, bytes, count);
    m->next = outgoing;
    outgoing = m;
    return MPI_Isend(m->bytes, (int)count, MPI_BYTE, to, TAG, MPI_COMM_WORLD, &m->request);
}

int cmpi_unsent(void) {
    int count = 0;
    for (message **at = &outgoing; *at;) {
        message *m = *at;
        int done = 0;
        MPI_Test(&m->request, &done, MPI_STATUS_IGNORE);
        if (done) {
            *at = m->next;
            free(m);
        } else {
            at = &m->next;
            count++;
        }
    }
    return count;
}

int cmpi_probe(int *from, size_t *count) {
    MPI_Status status;
    int there = 0, bytes = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, TAG, MPI_COMM_WORLD, &there, &status);
    if (!there)
        return 0;
    MPI_Get_count(&status, MPI_BYTE, &bytes);
    *from = status.MPI_SOURCE;
    *count = (size_t)bytes;
    return 1;
}

int cmpi_receive(void *bytes, size_t count, int from) {
    return MPI_Recv(bytes, (int)count, MPI_BYTE, from, TAG, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

int cmpi_gather(void *items, const size_t *starts, size_t bytes) {
    if (bytes > INT_MAX || starts[size] > INT_MAX)
        return MPI_ERR_COUNT;
    // MPI counts as far as INT_MAX: bytes or, of a larger array, items.
    const int is_large = bytes > 0 && starts[size] > INT_MAX / bytes;
    const int each = is_large ? 1 : (int)bytes;
    MPI_Datatype type = MPI_BYTE;
    if (is_large) {
        MPI_Type_contiguous((int)bytes, MPI_BYTE, &type);
        MPI_Type_commit(&type);
    }
    for (int r = 0; r < size; r++) {
        counts[r] = (int)(starts[r + 1] - starts[r]) * each;
        offsets[r] = (int)starts[r] * each;
    }
    const int error = MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, items, counts, offsets,
                                     type, MPI_COMM_WORLD);
    if (is_large)
        MPI_Type_free(&type);
    return error;
}

int cmpi_broadcast(void *bytes, size_t count) {
    int error = 0;
    for (size_t at = 0; at < count && !error; at += INT_MAX) {
        const size_t left = count - at;
        error = MPI_Bcast((char *)bytes + at, left < INT_MAX ? (int)left : INT_MAX, MPI_BYTE, 0,
                          MPI_COMM_WORLD);
    }
    return error;
}

void cmpi_finish(void) {
    MPI_Finalize();
}
void cmpi_abort(int code) {
    MPI_Abort(MPI_COMM_WORLD, code);
}
#else
int cmpi_is_built(void) {
    return 0;
}
int cmpi_start(void) {
    return -1;
}
const char *cmpi_library(void) {
    return "none";
}
int cmpi_rank(void) {
    return 0;
}
int cmpi_size(void) {
    return 1;
}
cmpi_place cmpi_place_of(int rank) {
    (void)rank;
    return (cmpi_place){.sharing = 1};
}
int cmpi_post(const void *bytes, size_t count, int to) {
    (void)bytes, (void)count, (void)to;
    return -1;
}
int cmpi_unsent(void) {
    return 0;
}
int cmpi_probe(int *from, size_t *count) {
    (void)from, (void)count;
    return 0;
}
int cmpi_receive(void *bytes, size_t count, int from) {
    (void)bytes, (void)count, (void)from;
    return -1;
}
int cmpi_gather(void *items, const size_t *starts, size_t bytes) {
    (void)items, (void)starts, (void)bytes;
    return -1;
}
int cmpi_broadcast(void *bytes, size_t count) {
    (void)bytes, (void)count;
    return -1;
}
void cmpi_finish(void) {}
void cmpi_abort(int code) {
    (void)code;
}
#endif
