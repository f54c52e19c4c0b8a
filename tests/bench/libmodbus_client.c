/*
 * The yardstick of the Modbus TCP bench: libmodbus asks for holding registers, one question at a
 * time on one connection, and says what a request cost it.
 *
 *   libmodbus_client PORT REQUESTS REGISTERS   →   processor µs a request (user + system)
 *
 * Every answer is checked: register a holds a.
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double processor_us(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6
         + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static int ask(modbus_t *link, int count)
{
    uint16_t found[MODBUS_MAX_READ_REGISTERS];
    if (modbus_read_registers(link, 0, count, found) != count) {
        fprintf(stderr, "no answer: %s\n", modbus_strerror(errno));
        return -1;
    }
    for (int a = 0; a < count; a++) {
        if (found[a] != a) {
            fprintf(stderr, "register %d holds %d\n", a, found[a]);
            return -1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: %s PORT REQUESTS REGISTERS\n", argv[0]);
        return 2;
    }
    int requests = atoi(argv[2]), count = atoi(argv[3]);
    modbus_t *link = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    if (link == NULL || modbus_set_slave(link, 1) || modbus_connect(link) || ask(link, count)) {
        fprintf(stderr, "cannot ask: %s\n", modbus_strerror(errno));
        return 1;
    }
    double began = processor_us();
    for (int i = 0; i < requests; i++) {
        if (ask(link, count)) {
            return 1;
        }
    }
    printf("%.3f\n", (processor_us() - began) / requests);
    modbus_close(link);
    modbus_free(link);
    return 0;
}
