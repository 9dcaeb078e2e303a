// The CPU quota of this process's cgroup, versions 1 and 2. Linux.
#define _DEFAULT_SOURCE
#include "CKernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// CPUs that quota / period allows, rounded up; 0 for no limit.
static int cpus(double quota, double period) {
    if (!(quota > 0) || !(period > 0))
        return 0;
    double whole = quota / period;
    if (whole > 1e6)
        return 0;
    int n = (int)whole;
    return n < whole ? n + 1 : n;
}

static int read_number(const char *folder, const char *file, double *value) {
    char path[4608];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    int found = fscanf(f, "%lf", value) == 1;
    fclose(f);
    return found;
}

static int quota_of(const char *folder) {
    char path[4608];
    double quota = 0, period = 0;
    snprintf(path, sizeof path, "%s/cpu.max", folder);
    FILE *f = fopen(path, "re");
    if (f) {
        int fields = fscanf(f, "%lf %lf", &quota, &period); // "max 100000" reads no field
        fclose(f);
        return fields == 2 ? cpus(quota, period) : 0;
    }
    if (read_number(folder, "cpu.cfs_quota_us", &quota) &&
        read_number(folder, "cpu.cfs_period_us", &period))
        return cpus(quota, period); // -1 is no limit
    return 0;
}

static int stricter(int a, int b) {
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

// The strictest quota from root/hierarchy/group up to root/hierarchy.
static int quota_along(const char *root, const char *hierarchy, const char *group) {
    char folder[4352];
    int least = 0;
    size_t base = (size_t)snprintf(folder, sizeof folder, "%s%s", root, hierarchy);
    if (base >= sizeof folder)
        return 0;
    snprintf(folder + base, sizeof folder - base, "%s", group);
    for (;;) {
        least = stricter(least, quota_of(folder));
        char *slash = strrchr(folder + base, '/');
        if (!slash)
            return least;
        *slash = 0;
    }
}

int ck_cgroup_cpus(const char *membership, const char *root) {
    FILE *f = fopen(membership, "re");
    if (!f)
        return 0;
    char line[4096];
    int least = 0;
    while (fgets(line, sizeof line, f)) {
        line[strcspn(line, "\n")] = 0;
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *controllers++ = 0;
        *group++ = 0;
        if (!*controllers) { // version 2, alone or beside version 1
            least = stricter(least, quota_along(root, "", group));
            least = stricter(least, quota_along(root, "/unified", group));
            continue;
        }
        int has_cpu = 0;
        for (char *rest = controllers, *name; (name = strsep(&rest, ","));)
            has_cpu |= strcmp(name, "cpu") == 0;
        if (has_cpu) {
            least = stricter(least, quota_along(root, "/cpu", group));
            least = stricter(least, quota_along(root, "/cpu,cpuacct", group));
        }
    }
    fclose(f);
    return least;
}
