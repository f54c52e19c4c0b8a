#!/bin/sh
# The real programs the tests run against. What is missing is installed where we may (root, or sudo
# without a password); otherwise the command is printed and the run fails.
#
#   tests/install-parts.sh [bench]      with what the benches need besides
set -eu

# package:a program, or another file, it brings
parts="mosquitto:mosquitto mosquitto-clients:mosquitto_sub influxdb:influxd
victoria-metrics:victoria-metrics chromium:chromium mbpoll:mbpoll socat:socat openssl:openssl
nodejs:node npm:npm systemd:systemd-analyze
snmpd:snmpd snmp:snmpget faketime:faketime
iproute2:ip iptables:iptables"
bench="gcc:gcc libc6-dev:/usr/include/stdio.h pkg-config:pkg-config
libmodbus-dev:/usr/include/modbus/modbus.h e2fsprogs:mkfs.ext4"
[ "${1-}" != bench ] || parts="$parts $bench"

PATH=$PATH:/usr/sbin:/sbin
missing=
for part in $parts; do
    what=${part#*:}
    command -v "$what" >/dev/null 2>&1 || [ -e "$what" ] || missing="$missing ${part%%:*}"
done

if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ]; then
        as_root=
    elif sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        echo "The tests run against real programs; these are missing. Install them, try again:" >&2
        echo "    sudo apt-get install$missing" >&2
        exit 1
    fi
    # RUNLEVEL=1 keeps the packages' own services from starting.
    echo "Installing$missing" >&2
    $as_root apt-get -o DPkg::Lock::Timeout=300 update -qq
    # shellcheck disable=SC2086  # a list of packages, one word each
    $as_root env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 \
        install -qq -y --no-install-recommends $missing >/dev/null
fi

# Modbus servers in JavaScript, from their lock; serialport brings its binary along, no script runs.
cd "$(dirname "$0")/parts/node"
if ! cmp -s package-lock.json node_modules/.installed; then
    echo "Installing the servers of tests/parts/node" >&2
    npm ci --ignore-scripts --loglevel=error >/dev/null
    cp package-lock.json node_modules/.installed
fi
