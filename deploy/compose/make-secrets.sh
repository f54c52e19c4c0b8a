#!/bin/sh
# Make the passwords of the compose set-up, once; what exists is kept.
#
#   ./make-secrets.sh                         everything the services need
#   ./make-secrets.sh makati-ayala/gw-017 …   and a broker password for these gateways
#
# They go to ./secrets (only you may enter it). A gateway's password is in
# secrets/gateways/<site>/<gateway>: carry it to the gateway and name it as password_file, with
# username = "<site>/<gateway>". Afterwards: docker compose restart mosquitto
set -eu

cd "${WAYSIDE_COMPOSE_DIR:-$(dirname "$0")}"
umask 077
mkdir -p secrets/gateways

random() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 40; }

# Containers run under other user ids: the folder keeps others out, the files may be read.
make() {
    mkdir -p "secrets/$(dirname "$1")"
    [ -s "secrets/$1" ] || { random >"secrets/$1" && echo "made secrets/$1"; }
    chmod 644 "secrets/$1"
}

# mosquitto's own tool hashes the passwords; without it on this machine, the image's is used.
hash() {
    if command -v mosquitto_passwd >/dev/null 2>&1; then
        mosquitto_passwd -U "$1"
    else
        docker run --rm -v "$(dirname "$(realpath "$1")"):/work" eclipse-mosquitto:2.0 \
            mosquitto_passwd -U "/work/$(basename "$1")"
    fi
}

for gateway in "$@"; do
    case $gateway in
        */*/* | [!a-z0-9]* | */[!a-z0-9]* | */ | *[!a-z0-9._/-]*) bad=$gateway ;;
        */*) continue ;;
        *) bad=$gateway ;;
    esac
    echo "$bad is no gateway: write its site and its id, as makati-ayala/gw-017" >&2
    exit 2
done

for name in mqtt-centre influx-password influx-token grafana-password; do make "$name"; done
[ -s secrets/influx-username ] || printf admin >secrets/influx-username
chmod 644 secrets/influx-username
for gateway in "$@"; do make "gateways/$gateway"; done

new=secrets/.mqtt-passwords
echo "centre:$(cat secrets/mqtt-centre)" >$new
(cd secrets/gateways && find . -type f | sort) | while read -r file; do
    echo "${file#./}:$(cat "secrets/gateways/$file")" >>$new
done
hash $new
chmod 644 $new
mv $new secrets/mqtt-passwords
