// Reads a certificate transparency log from beginning to end, by both of its interfaces and with the libraries that public
// monitors use, and ends with status 1 at the first thing that does not hold.
//
//	ct-audit LOG-URL ORIGIN LOG-KEY.pem
//
// LOG-URL is where both the interface of RFC 6962 and the static one (C2SP static-ct-api) are, ORIGIN what its checkpoints
// begin with. Prints one line of JSON.
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/client"
	"github.com/google/certificate-transparency-go/jsonclient"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api/layout"
	tiles "github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/mod/sumdb/note"
)

type report struct {
	Size         uint64 `json:"size"`
	Root         string `json:"root"`
	Precerts     int    `json:"precertificates"`
	Certificates int    `json:"certificates"`
	Issuers      int    `json:"issuers"`
}

func main() {
	if len(os.Args) != 4 {
		fail(errors.New("usage: ct-audit LOG-URL ORIGIN LOG-KEY.pem"))
	}
	ctx, logURL, origin := context.Background(), os.Args[1], os.Args[2]
	key := must(os.ReadFile(os.Args[3]))
	log := must(client.New(logURL, http.DefaultClient, jsonclient.Options{PublicKey: string(key)}))
	block, _ := pem.Decode(key)
	public := must(x509.ParsePKIXPublicKey(block.Bytes))

	sth := must(log.GetSTH(ctx))
	out := report{Size: sth.TreeSize, Root: hex.EncodeToString(sth.SHA256RootHash[:])}
	auditEntries(ctx, log, sth, &out)
	auditTiles(ctx, logURL, origin, public, sth, &out)
	fmt.Println(string(must(json.Marshal(out))))
}

// By the interface of RFC 6962: every entry can be read, is included by either proof, and each tree grew from the last.
func auditEntries(ctx context.Context, log *client.LogClient, sth *ct.SignedTreeHead, out *report) {
	for next := uint64(0); next < sth.TreeSize; {
		page := must(log.GetRawEntries(ctx, int64(next), int64(sth.TreeSize-1)))
		if len(page.Entries) == 0 {
			fail(fmt.Errorf("no entries from %d", next))
		}
		for i := range page.Entries {
			entry := must(ct.LogEntryFromLeaf(int64(next), &page.Entries[i]))
			if entry.Precert != nil {
				out.Precerts++
			} else {
				out.Certificates++
			}
			hash := rfc6962.DefaultHasher.HashLeaf(page.Entries[i].LeafInput)
			byHash := must(log.GetProofByHash(ctx, hash, sth.TreeSize))
			check(proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(byHash.LeafIndex), sth.TreeSize, hash, byHash.AuditPath, sth.SHA256RootHash[:]))
			byIndex := must(log.GetEntryAndProof(ctx, next, sth.TreeSize))
			check(proof.VerifyInclusion(rfc6962.DefaultHasher, next, sth.TreeSize, hash, byIndex.AuditPath, sth.SHA256RootHash[:]))
			next++
		}
	}
	for size := uint64(1); size < sth.TreeSize; size *= 2 {
		// The root of the smaller tree is the one that its last entry's proof leads to.
		last := must(log.GetEntryAndProof(ctx, size-1, size))
		older := must(proof.RootFromInclusionProof(rfc6962.DefaultHasher, size-1, size, rfc6962.DefaultHasher.HashLeaf(last.LeafInput), last.AuditPath))
		path := must(log.GetSTHConsistency(ctx, size, sth.TreeSize))
		check(proof.VerifyConsistency(rfc6962.DefaultHasher, size, sth.TreeSize, path, older, sth.SHA256RootHash[:]))
	}
}

// By the static interface: the checkpoint is signed, of a tree that is not older, every tile and bundle is as the entries
// say, and every issuer that they name is served.
func auditTiles(ctx context.Context, logURL, origin string, public crypto.PublicKey, sth *ct.SignedTreeHead, out *report) {
	verifier := must(fnote.NewRFC6962Verifier(must(fnote.RFC6962VerifierString("https://"+origin, public))))
	base := must(url.Parse(logURL + "/"))
	http := must(tiles.NewHTTPFetcher(base, nil))
	issuers := map[[32]byte]bool{}
	hasher := func(bundle []byte) ([][]byte, error) { return leafHashes(bundle, issuers) }
	// A worker ends at the first tile that is wrong, and when all have ended the check waits for ever: hence several.
	check(fsck.New(verifier.Name(), verifier, dataTiles{http, logURL}, hasher, fsck.Opts{N: 16}).Check(ctx))
	signed := must(note.Open(must(http.ReadCheckpoint(ctx)), note.VerifierList(verifier)))
	head := fmt.Sprintf("%s\n%d\n", verifier.Name(), sth.TreeSize)
	if strings.HasPrefix(signed.Text, head) && signed.Text != head+sth.SHA256RootHash.Base64String()+"\n" {
		fail(fmt.Errorf("another tree of size %d: %q", sth.TreeSize, signed.Text))
	}
	for fingerprint := range issuers {
		issuer := must(get(ctx, fmt.Sprintf("%s/issuer/%x", logURL, fingerprint)))
		if sha256.Sum256(issuer) != fingerprint {
			fail(fmt.Errorf("issuer %x is another one", fingerprint))
		}
	}
	out.Issuers = len(issuers)
}

// Data tiles have a place of their own and no lengths between entries; the rest is as in other logs.
type dataTiles struct {
	*tiles.HTTPFetcher
	logURL string
}

func (d dataTiles) ReadEntryBundle(ctx context.Context, index uint64, partial uint8) ([]byte, error) {
	return get(ctx, fmt.Sprintf("%s/tile/data/%s", d.logURL, layout.NWithSuffix(0, index, partial)))
}

// The leaf hashes of a data tile; the fingerprints of issuers are added to those known.
func leafHashes(bundle []byte, issuers map[[32]byte]bool) ([][]byte, error) {
	var hashes [][]byte
	for rest := cryptobyte.String(bundle); !rest.Empty(); {
		start := rest
		var timestamp uint64
		var kind uint16
		var key, body, extensions, precertificate, fingerprints cryptobyte.String
		ok := rest.ReadUint64(&timestamp) && rest.ReadUint16(&kind) && kind <= 1
		ok = ok && (kind == 0 || rest.ReadBytes((*[]byte)(&key), 32)) && rest.ReadUint24LengthPrefixed(&body) && rest.ReadUint16LengthPrefixed(&extensions)
		entry := start[:len(start)-len(rest)]
		ok = ok && (kind == 0 || rest.ReadUint24LengthPrefixed(&precertificate)) && rest.ReadUint16LengthPrefixed(&fingerprints)
		for ok && !fingerprints.Empty() {
			var fingerprint []byte
			if ok = fingerprints.ReadBytes(&fingerprint, 32); ok {
				issuers[[32]byte(fingerprint)] = true
			}
		}
		if !ok {
			return nil, fmt.Errorf("entry %d of a data tile is malformed", len(hashes))
		}
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(append([]byte{0, 0}, entry...)))
	}
	return hashes, nil
}

func get(ctx context.Context, address string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", address, response.Status, bytes.TrimSpace(body))
	}
	return body, err
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "ct-audit:", err)
	os.Exit(1)
}
