// What Go's packages for transparency logs say of trees, tiles, notes and cosignatures.
// Made with Go 1.26 in a module of its own that requires golang.org/x/mod v0.42.0, filippo.io/torchwood v0.8.0 and
// github.com/transparency-dev/formats v0.1.1: go run make.go > vectors.json
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"filippo.io/torchwood"
	fnote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const leaves = 66000

type proof struct {
	First  int64    `json:"first"`
	Second int64    `json:"second"`
	Hashes []string `json:"hashes"`
}

type tile struct {
	Path   string `json:"path"`
	Sha256 string `json:"sha256"`
}

func main() {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, 0, len(indexes))
		for _, index := range indexes {
			hashes = append(hashes, stored[index])
		}
		return hashes, nil
	})
	for i := int64(0); i < leaves; i++ {
		hashes, err := tlog.StoredHashes(i, fmt.Appendf(nil, "leaf %d", i), reader)
		check(err)
		stored = append(stored, hashes...)
	}
	sizes := []int64{1, 2, 3, 4, 5, 7, 8, 255, 256, 257, 300, 511, 512, 513, 1000, 65535, 65536, 65537, leaves}
	roots := map[string]string{}
	var inclusion, consistency []proof
	for at, size := range sizes {
		root, err := tlog.TreeHash(size, reader)
		check(err)
		roots[fmt.Sprint(size)] = hex.EncodeToString(root[:])
		for _, index := range []int64{0, size / 3, size - 1} {
			hashes, err := tlog.ProveRecord(size, index, reader)
			check(err)
			inclusion = append(inclusion, proof{index, size, texts(hashes)})
		}
		for _, first := range sizes[:at] {
			if at%3 != 0 && at < len(sizes)-2 {
				continue
			}
			hashes, err := tlog.ProveTree(size, first, reader)
			check(err)
			consistency = append(consistency, proof{first, size, texts(hashes)})
		}
	}
	var tiles []tile
	for _, size := range []int64{257, 65536, leaves} {
		for at, each := range tlog.NewTiles(8, 0, size) {
			if each.W == 256 && each.L == 0 && at%37 != 0 {
				continue
			}
			data, err := tlog.ReadTileData(each, reader)
			check(err)
			sum := sha256.Sum256(data)
			tiles = append(tiles, tile{each.Path(), hex.EncodeToString(sum[:])})
		}
	}
	write(map[string]any{
		"roots": roots, "inclusion": inclusion, "consistency": consistency, "tiles": tiles,
		"cosigned": cosigned(), "treeHead": treeHead(),
	})
}

func cosigned() any {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	check(err)
	signer, err := torchwood.NewCosignatureSigner("witness.example/w1", key)
	check(err)
	logKey, _, err := note.GenerateKey(rand.Reader, "log.example")
	check(err)
	logSigner, err := note.NewSigner(logKey)
	check(err)
	root := sha256.Sum256([]byte("root"))
	text := fmt.Sprintf("log.example\n20852163\n%s\n", base64.StdEncoding.EncodeToString(root[:]))
	signed, err := note.Sign(&note.Note{Text: text}, logSigner, signer)
	check(err)
	return map[string]string{"witnessKey": signer.Verifier().String(), "checkpoint": string(signed)}
}

func treeHead() any {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	spki, err := x509.MarshalPKIXPublicKey(key.Public())
	check(err)
	root := sha256.Sum256([]byte("root"))
	const size, timestamp = 1234, 1679315147123
	signed := binary.BigEndian.AppendUint64([]byte{0, 1}, timestamp)
	signed = append(binary.BigEndian.AppendUint64(signed, size), root[:]...)
	digest := sha256.Sum256(signed)
	der, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	check(err)
	signature := append([]byte{4, 3, byte(len(der) >> 8), byte(len(der))}, der...)
	vkey, err := fnote.RFC6962VerifierString("log.example/ct", key.Public())
	check(err)
	verifier, err := fnote.NewRFC6962Verifier(vkey)
	check(err)
	sth, err := json.Marshal(map[string]any{
		"tree_size": size, "timestamp": timestamp, "sha256_root_hash": root[:], "tree_head_signature": signature,
	})
	check(err)
	checkpoint, err := fnote.RFC6962STHToCheckpoint(sth, verifier)
	check(err)
	return map[string]any{
		"spki": spki, "origin": "log.example/ct", "size": size, "timestamp": timestamp,
		"root": root[:], "signature": signature, "checkpoint": string(checkpoint),
	}
}

func texts(hashes []tlog.Hash) []string {
	list := []string{}
	for _, hash := range hashes {
		list = append(list, hex.EncodeToString(hash[:]))
	}
	return list
}

func write(value any) {
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	check(encoder.Encode(value))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
