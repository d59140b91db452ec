#!/usr/bin/env bash
# Makes the timestamps beside it with OpenSSL's authority (openssl ts, 3.0): over the bytes of `signature.bin`, by leaves
# of one root. Private keys are thrown away. Usage: make.sh
set -euo pipefail

cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
  rm -f ./*.der ./*.tsr signature.bin
  printf 'not a signature, but that is all the same to an authority' >signature.bin
  write_config
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -sha384 -days 36500 -subj '/O=openssl.test/CN=root' \
    -config "$work/config" -extensions root -keyout "$work/root.key" -out "$work/root.pem" 2>"$work/log"
  openssl x509 -in "$work/root.pem" -outform DER -out root.der
  make_leaf p256 -newkey ec -pkeyopt ec_paramgen_curve:P-256
  make_leaf p384 -newkey ec -pkeyopt ec_paramgen_curve:P-384
  make_leaf rsa -newkey rsa:3072

  #     name            leaf  its hash  imprint   section       request
  stamp p256            p256  sha256    -sha256   plain
  stamp p256-embedded   p256  sha256    -sha256   plain         -cert
  stamp p384-talkative  p384  sha512    -sha384   talkative     -cert
  stamp rsa             rsa   sha256    -sha256   plain
  stamp rsa-embedded    rsa   sha512    -sha512   older_id      -cert -no_nonce
  stamp rejected        p256  sha256    -sha1     plain
}

make_leaf() {
  local name=$1
  shift
  openssl req -new "$@" -nodes -subj "/O=openssl.test/CN=$name" -keyout "$work/$name.key" -out "$work/$name.csr" 2>>"$work/log"
  openssl x509 -req -in "$work/$name.csr" -CA "$work/root.pem" -CAkey "$work/root.key" -CAcreateserial -days 36500 -sha384 \
    -extfile "$work/config" -extensions leaf -out "$work/$name.pem" 2>>"$work/log"
  openssl x509 -in "$work/$name.pem" -outform DER -out "$name.der"
}

stamp() {
  local name=$1 leaf=$2 hash=$3 imprint=$4 section=$5
  shift 5
  openssl ts -query -data signature.bin "$imprint" "$@" -out "$work/query" 2>>"$work/log"
  openssl ts -reply -config "$work/config" -section "$section" -queryfile "$work/query" -signer "$work/$leaf.pem" \
    -inkey "$work/$leaf.key" "-$hash" -out "$name.tsr" 2>>"$work/log" || test "$name" = rejected
}

write_config() {
  echo 01 >"$work/serial"
  cat >"$work/config" <<CONFIG
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[plain]
serial = $work/serial
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha256
[talkative]
serial = $work/serial
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha512
ess_cert_id_chain = yes
certs = $work/root.pem
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 3
ordering = yes
tsa_name = yes
[older_id]
serial = $work/serial
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
ess_cert_id_alg = sha1
CONFIG
}

main
