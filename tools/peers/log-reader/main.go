// Reads the two logs of a stack with clients that others wrote (golang.org/x/mod/sumdb/tlog for the tiles of Rekor's log,
// Google's client for the certificate log) and proves what the question on standard input says of them: every checkpoint
// is signed and of one and the same growing tree, every entry is at its index, every certificate is logged as its embedded
// timestamp promises. Prints the sizes of the logs; anything else ends it with status 1 and the reason.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/client"
	"github.com/google/certificate-transparency-go/ctutil"
	"github.com/google/certificate-transparency-go/jsonclient"
	"github.com/google/certificate-transparency-go/x509"
	"github.com/google/certificate-transparency-go/x509util"
	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type question struct {
	Rekor struct {
		// In front of "checkpoint" and "tile/".
		URL string
		// As notes write it: name, hash and key.
		VerifierKey string
		Checkpoints []string
		Entries     []struct {
			Index int64
			Body  []byte
		}
	}
	CTLog struct {
		URL string
		// DER.
		Key   []byte
		Heads []ct.GetSTHResponse
		// PEM, the leaf first.
		Chains []string
	}
}

func main() {
	log.SetFlags(0)
	var asked question
	must(json.NewDecoder(os.Stdin).Decode(&asked))
	fmt.Printf("{\"rekor\":%d,\"ctlog\":%d}\n", proveRekor(asked), proveCTLog(asked))
}

func proveRekor(asked question) int64 {
	verifier, err := f_note.NewVerifier(asked.Rekor.VerifierKey)
	must(err)
	newest := openCheckpoint(string(get(asked.Rekor.URL+"/checkpoint")), verifier)
	reader := tlog.TileHashReader(newest, tiles(asked.Rekor.URL))
	for _, text := range asked.Rekor.Checkpoints {
		requireTree(openCheckpoint(text, verifier), newest.N, reader)
	}
	// What every tile says is checked against the newest checkpoint by the reader itself.
	indexes := make([]int64, len(asked.Rekor.Entries))
	for i, entry := range asked.Rekor.Entries {
		if entry.Index >= newest.N {
			log.Fatalf("entry %d was acknowledged and the log has %d", entry.Index, newest.N)
		}
		indexes[i] = tlog.StoredHashIndex(0, entry.Index)
	}
	hashes, err := reader.ReadHashes(indexes)
	must(err)
	for i, entry := range asked.Rekor.Entries {
		if hashes[i] != tlog.RecordHash(entry.Body) {
			log.Fatalf("entry %d is not the one that was acknowledged", entry.Index)
		}
	}
	return newest.N
}

// The name of the log is one word more than that of its key.
func openCheckpoint(text string, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open([]byte(text), note.VerifierList(verifier))
	must(err)
	var tree tlog.Tree
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || !strings.HasPrefix(lines[0], verifier.Name()+" - ") {
		log.Fatalf("not a checkpoint of this log: %q", text)
	}
	_, err = fmt.Sscan(lines[1], &tree.N)
	must(err)
	tree.Hash, err = tlog.ParseHash(lines[2])
	must(err)
	return tree
}

func requireTree(tree tlog.Tree, size int64, reader tlog.HashReader) {
	if tree.N > size {
		log.Fatalf("a checkpoint of %d entries was shown, and the log has %d", tree.N, size)
	}
	// The package gives the empty tree the hash of zeros.
	if tree.N == 0 {
		return
	}
	hash, err := tlog.TreeHash(tree.N, reader)
	must(err)
	if hash != tree.Hash {
		log.Fatalf("a checkpoint of %d entries has the root %v, and the log has %v there: a fork", tree.N, tree.Hash, hash)
	}
}

type tiles string

func (tiles) Height() int { return 8 }

func (url tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(wanted))
	for i, tile := range wanted {
		data[i] = get(string(url) + "/tile/" + strings.TrimPrefix(tile.Path(), "tile/8/"))
	}
	return data, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func proveCTLog(asked question) int64 {
	options := jsonclient.Options{PublicKeyDER: asked.CTLog.Key}
	logged, err := client.New(asked.CTLog.URL, http.DefaultClient, options)
	must(err)
	newest, err := logged.GetSTH(context.Background())
	must(err)
	hashes, places := readAll(logged, int64(newest.TreeSize))
	heads := []*ct.SignedTreeHead{newest}
	for _, answer := range asked.CTLog.Heads {
		head, err := answer.ToSignedTreeHead()
		must(err)
		heads = append(heads, head)
	}
	for _, head := range heads {
		must(logged.VerifySTHSignature(*head))
		tree := tlog.Tree{N: int64(head.TreeSize), Hash: tlog.Hash(head.SHA256RootHash)}
		requireTree(tree, int64(newest.TreeSize), hashes)
	}
	key, err := x509.ParsePKIXPublicKey(asked.CTLog.Key)
	must(err)
	verifier, err := ct.NewSignatureVerifier(key)
	must(err)
	for _, text := range asked.CTLog.Chains {
		requireLogged(parseChain(text), verifier, places)
	}
	return int64(newest.TreeSize)
}

// All hashes of the tree, made anew from its entries, and where each leaf is.
func readAll(logged *client.LogClient, size int64) (tlog.HashReader, map[tlog.Hash]int64) {
	var stored []tlog.Hash
	places := map[tlog.Hash]int64{}
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	for at := int64(0); at < size; {
		answer, err := logged.GetRawEntries(context.Background(), at, size-1)
		must(err)
		for _, entry := range answer.Entries {
			hash := tlog.RecordHash(entry.LeafInput)
			more, err := tlog.StoredHashesForRecordHash(at, hash, reader)
			must(err)
			stored = append(stored, more...)
			places[hash] = at
			at++
		}
	}
	return reader, places
}

func requireLogged(chain []*x509.Certificate, verifier *ct.SignatureVerifier, places map[tlog.Hash]int64) {
	scts, err := x509util.ParseSCTsFromCertificate(chain[0].Raw)
	must(err)
	if len(scts) != 1 {
		log.Fatalf("a certificate with %d timestamps of logs", len(scts))
	}
	must(ctutil.VerifySCTWithVerifier(verifier, chain, scts[0], true))
	// ctutil.LeafHash leaves out the extensions, where the log says the leaf's index.
	leaf, err := ct.MerkleTreeLeafForEmbeddedSCT(chain, scts[0].Timestamp)
	must(err)
	leaf.TimestampedEntry.Extensions = scts[0].Extensions
	hash, err := ct.LeafHashForLeaf(leaf)
	must(err)
	if _, isThere := places[tlog.Hash(hash)]; !isThere {
		log.Fatalf("certificate %v was promised to be logged and is not", chain[0].SerialNumber)
	}
}

func parseChain(text string) []*x509.Certificate {
	var chain []*x509.Certificate
	for rest := bytes.TrimSpace([]byte(text)); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		block, after := pem.Decode(rest)
		if block == nil {
			log.Fatal("not PEM")
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if certificate == nil {
			must(err)
		}
		chain = append(chain, certificate)
		rest = after
	}
	return chain
}

func get(url string) []byte {
	answer, err := http.Get(url)
	must(err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	must(err)
	if answer.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s", url, answer.Status)
	}
	return body
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
