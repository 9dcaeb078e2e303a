// MPI, by the pkg-config file mpi-c: Debian's libopenmpi-dev or libmpich-dev. It only gives CMPI
// its flags; the one file that includes mpi.h is Sources/CMPI/cmpi.c.
