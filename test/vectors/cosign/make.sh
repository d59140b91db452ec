#!/usr/bin/env bash
# Makes the vectors beside it with the real programs: cosign 2.5, cosign 3.1, skopeo 1.18, against a real registry.
# The keys protect nothing; their password stands below.
# Usage: make.sh PEERS-FOLDER REGISTRY, e.g. make.sh ~/.cache/countersign/peers/bin 127.0.0.1:5055
# where REGISTRY speaks the referrers API over plain HTTP (ggcr-registry 127.0.0.1:5055 FOLDER).
set -euo pipefail

peers=$1 registry=$2
here=$(cd "$(dirname "$0")" && pwd)
HOME=$(mktemp -d) && export HOME
trap 'rm -rf "$HOME"' EXIT
export COSIGN_PASSWORD=correct-horse TUF_ROOT=$HOME/tuf COSIGN_YES=true
unset NODE_EXTRA_CA_CERTS
cosign2=$peers/cosign-2 cosign3=$peers/cosign-3 skopeo=$peers/skopeo

main() {
  cd "$here"
  rm -rf keys images blobs attestations
  mkdir -p keys images blobs attestations
  make_keys
  make_image
  sign_images
  sign_blobs
  attest_images
  attest_blobs
}

# cosign 2.5 refuses to import anything but P-256 and Ed25519; it signs with what 3.1 imported.
make_keys() {
  (cd keys && $cosign2 generate-key-pair --output-key-prefix cosign-2)
  (cd keys && $cosign3 generate-key-pair --output-key-prefix cosign-3)
  printf %s "$COSIGN_PASSWORD" >"$HOME/password"
  (cd keys && $skopeo generate-sigstore-key --output-prefix skopeo --passphrase-file "$HOME/password" && mv skopeo.private skopeo.key)
  (cd keys && COSIGN_PASSWORD='' $cosign2 generate-key-pair --output-key-prefix no-password)
  openssl ecparam -name secp384r1 -genkey -noout -out keys/p384.sec1.pem
  openssl ecparam -name secp521r1 -genkey -noout -out keys/p521.sec1.pem
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$HOME/rsa.pem" && openssl rsa -in "$HOME/rsa.pem" -traditional -out keys/rsa2048.pkcs1.pem
  openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out keys/rsa4096.pkcs8.pem
  openssl genpkey -algorithm ed25519 -out keys/ed25519.pkcs8.pem
  openssl pkcs8 -topk8 -v2 aes-256-cbc -passout env:COSIGN_PASSWORD -in keys/p384.sec1.pem -out keys/p384.encrypted.pem
  for name in p384.sec1 p521.sec1 rsa2048.pkcs1 rsa4096.pkcs8 ed25519.pkcs8; do
    (cd keys && $cosign3 import-key-pair --key "$name.pem" --output-key-prefix "${name%.*}")
  done
}

# A one-layer image that is nothing but its three parts.
make_image() {
  local layer config
  printf 'vector' >"$HOME/layer"
  layer=$(put_blob "$HOME/layer")
  printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}' "$layer" >"$HOME/config"
  config=$(put_blob "$HOME/config")
  printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":6}]}' \
    "$config" "$(wc -c <"$HOME/config")" "$layer" >images/image.manifest.json
  digest=sha256:$(sha256sum images/image.manifest.json | cut -c1-64)
}

put_blob() {
  local digest location
  digest=sha256:$(sha256sum "$1" | cut -c1-64)
  for repository in vectors/image vectors/annotated vectors/two vectors/docker vectors/dated vectors/skopeo vectors/bundle vectors/bundle-annotated vectors/p384 vectors/p521 vectors/rsa2048 vectors/rsa4096 vectors/ed25519 vectors/attest-2 vectors/attest-3 vectors/attest-bundle; do
    location=$(curl -fsS -D - -o /dev/null -X POST "http://$registry/v2/$repository/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
    case $location in http*) ;; *) location=http://$registry$location ;; esac
    curl -fsS -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$1" "$location?digest=$digest" >/dev/null
  done
  echo "$digest"
}

# put_image REPOSITORY: pushes the image, prints its reference.
put_image() {
  curl -fsS -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @images/image.manifest.json "http://$registry/v2/$1/manifests/v1" >/dev/null
  echo "$registry/$1@$digest"
}

legacy_sign() { $cosign2 sign --tlog-upload=false "$@"; }
# Version 3 without a transparency log wants an empty signing configuration and an empty trusted root.
bundle_sign() {
  printf '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}' >"$HOME/signing.json"
  printf '{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}' >"$HOME/root.json"
  $cosign3 "$1" --signing-config "$HOME/signing.json" --trusted-root "$HOME/root.json" "${@:2}"
}

# Characters that Go escapes in JSON, for byte-equality of the payload.
annotations=(-a 'build=<b>&c' -a 'author=Zoë')

sign_images() {
  legacy_sign --key keys/cosign-2.key "$(put_image vectors/image)"
  save_legacy vectors/image legacy
  legacy_sign --key keys/cosign-2.key "${annotations[@]}" "$(put_image vectors/annotated)"
  save_legacy vectors/annotated legacy-annotated
  image=$(put_image vectors/two)
  legacy_sign --key keys/cosign-2.key "$image"
  legacy_sign --key keys/cosign-3.key -a who=second "$image"
  save_legacy vectors/two legacy-two
  image=$(put_image vectors/docker)
  COSIGN_DOCKER_MEDIA_TYPES=1 legacy_sign --key keys/cosign-2.key "$image"
  save_legacy vectors/docker legacy-docker
  SOURCE_DATE_EPOCH=1767323045 legacy_sign --record-creation-timestamp --key keys/cosign-2.key "$(put_image vectors/dated)"
  save_legacy vectors/dated legacy-dated
  sign_with_skopeo
  bundle_sign sign --key keys/cosign-3.key "$(put_image vectors/bundle)"
  save_bundle vectors/bundle bundle
  bundle_sign sign --key keys/cosign-3.key "${annotations[@]}" "$(put_image vectors/bundle-annotated)"
  save_bundle vectors/bundle-annotated bundle-annotated
  for name in p384 p521 rsa2048 rsa4096 ed25519; do
    image=$(put_image "vectors/$name")
    legacy_sign --key "keys/$name.key" "$image"
    save_legacy "vectors/$name" "legacy-$name"
    # cosign 3.1 signs images with Ed25519ph, then refuses its own signature.
    [ $name != ed25519 ] || continue
    bundle_sign sign --key "keys/$name.key" "$image"
    save_bundle "vectors/$name" "bundle-$name"
  done
}

sign_with_skopeo() {
  image=$(put_image vectors/skopeo)
  mkdir -p "$HOME/registries.d"
  printf 'docker:\n  %s:\n    use-sigstore-attachments: true\n' "$registry" >"$HOME/registries.d/local.yaml"
  $skopeo --insecure-policy --registries.d "$HOME/registries.d" copy --src-tls-verify=false --dest-tls-verify=false \
    --sign-by-sigstore-private-key keys/skopeo.key --sign-passphrase-file "$HOME/password" "docker://$registry/vectors/skopeo:v1" "docker://$registry/vectors/skopeo:v1"
  save_legacy vectors/skopeo legacy-skopeo
}

get() { curl -fsS -H 'Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.index.v1+json' "http://$registry/v2/$1"; }

# save_legacy REPOSITORY NAME: the .sig manifest, its config and its payloads.
save_legacy() {
  local n=0
  get "$1/manifests/${digest/:/-}.sig" >"images/$2.manifest.json"
  get "$1/blobs/$(jq -r .config.digest "images/$2.manifest.json")" >"images/$2.config.json"
  for layer in $(jq -r '.layers[].digest' "images/$2.manifest.json"); do
    get "$1/blobs/$layer" >"images/$2.payload-$n.json"
    n=$((n + 1))
  done
}

# save_bundle REPOSITORY NAME: the referrer's manifest and the bundle.
save_bundle() {
  get "$1/manifests/$(get "$1/referrers/$digest" | jq -r '.manifests[0].digest')" >"images/$2.manifest.json"
  get "$1/blobs/$(jq -r '.layers[0].digest' "images/$2.manifest.json")" >"images/$2.json"
}

sign_blobs() {
  printf 'hello, vector\n' >blobs/hello.txt
  for name in cosign-2 p384 p521 rsa2048 rsa4096 ed25519; do
    $cosign2 sign-blob --key "keys/$name.key" --tlog-upload=false --output-signature "blobs/$name.2.sig" --bundle "blobs/$name.2.legacy.json" blobs/hello.txt
    $cosign2 sign-blob --key "keys/$name.key" --tlog-upload=false --new-bundle-format --bundle "blobs/$name.2.json" blobs/hello.txt
    [ $name != ed25519 ] || continue # cosign 3.1 fails on its own here too
    bundle_sign sign-blob --key "keys/$name.key" --bundle "blobs/$name.3.json" blobs/hello.txt
  done
  # Another spelling of the media type, and a hint that is not the hash of the key.
  $cosign3 bundle create --artifact blobs/hello.txt --signature blobs/cosign-2.2.sig --key keys/cosign-2.pub --ignore-tlog --out blobs/created.3.json
}

# An attestation of cosign's own type, whose predicate is the file as text, and one of a type of ours.
attest_images() {
  printf '{"passed":true,"note":"<b>&c"}' >attestations/predicate.json
  for type in custom https://example.com/tested; do
    predicate=(--predicate attestations/predicate.json --type "$type")
    $cosign2 attest --tlog-upload=false --key keys/cosign-2.key "${predicate[@]}" "$(put_image vectors/attest-2)"
    $cosign3 attest --tlog-upload=false --use-signing-config=false --new-bundle-format=false --key keys/cosign-3.key "${predicate[@]}" "$(put_image vectors/attest-3)"
  done
  bundle_sign attest --key keys/cosign-3.key "${predicate[@]}" "$(put_image vectors/attest-bundle)"
  save_attestations vectors/attest-2 legacy-2
  save_attestations vectors/attest-3 legacy-3
  get "vectors/attest-bundle/manifests/$(get "vectors/attest-bundle/referrers/$digest" | jq -r '.manifests[0].digest')" >attestations/bundle.manifest.json
  get "vectors/attest-bundle/blobs/$(jq -r '.layers[0].digest' attestations/bundle.manifest.json)" >attestations/bundle.json
}

# save_attestations REPOSITORY NAME: the .att manifest and its envelopes.
save_attestations() {
  local n=0
  get "$1/manifests/${digest/:/-}.att" >"attestations/$2.manifest.json"
  for layer in $(jq -r '.layers[].digest' "attestations/$2.manifest.json"); do
    get "$1/blobs/$layer" >"attestations/$2.envelope-$n.json"
    n=$((n + 1))
  done
}

attest_blobs() {
  predicate=(--predicate attestations/predicate.json --type https://example.com/tested)
  $cosign2 attest-blob --tlog-upload=false --key keys/cosign-2.key "${predicate[@]}" --output-signature attestations/blob.2.envelope.json --bundle attestations/blob.2.legacy.json blobs/hello.txt
  $cosign2 attest-blob --tlog-upload=false --key keys/cosign-2.key "${predicate[@]}" --new-bundle-format --bundle attestations/blob.2.json blobs/hello.txt
  bundle_sign attest-blob --key keys/cosign-3.key "${predicate[@]}" --bundle attestations/blob.3.json blobs/hello.txt
}

main "$@"
