// Makes entries.json: entries that are proposed to a log of Rekor v1, with the canonical body and the search keys that
// Rekor's own packages make of each. In an empty folder outside the project:
//
//	cp make.go . && go mod init vectors && go get github.com/sigstore/rekor@v1.5.4 && go mod tidy
//	go run . >entries.json
package main

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/go-openapi/runtime"
	"github.com/sigstore/rekor/pkg/generated/models"
	"github.com/sigstore/rekor/pkg/types"
	_ "github.com/sigstore/rekor/pkg/types/dsse/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/hashedrekord/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/intoto/v0.0.1"
	_ "github.com/sigstore/rekor/pkg/types/intoto/v0.0.2"
	_ "github.com/sigstore/rekor/pkg/types/rekord/v0.0.1"
)

type object = map[string]any

type vector struct {
	Name     string          `json:"name"`
	Proposed json.RawMessage `json:"proposed"`
	// Empty where Rekor refuses.
	Body        string   `json:"body,omitempty"`
	Keys        []string `json:"keys,omitempty"`
	Attestation string   `json:"attestation,omitempty"`
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func b64(data []byte) string { return base64.StdEncoding.EncodeToString(data) }

func publicPem(key crypto.PublicKey) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: must(x509.MarshalPKIXPublicKey(key))})
}

func certificatePem(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// Another spelling of the same PEM: CRLF, short lines.
func respelled(text []byte) []byte {
	block, _ := pem.Decode(text)
	body := b64(block.Bytes)
	lines := []string{}
	for len(body) > 40 {
		lines, body = append(lines, body[:40]), body[40:]
	}
	lines = append(lines, body)
	return []byte("\r\n-----BEGIN " + block.Type + "-----\r\n" + strings.Join(lines, "\r\n") + "\r\n-----END " + block.Type + "-----")
}

func sign(key crypto.Signer, message []byte, hash crypto.Hash) []byte {
	if private, ok := key.(ed25519.PrivateKey); ok && hash == 0 {
		return ed25519.Sign(private, message)
	}
	state := hash.New()
	state.Write(message)
	return must(key.Sign(rand.Reader, state.Sum(nil), hash))
}

func pae(payloadType, payload string) []byte {
	return []byte(fmt.Sprintf("DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload))
}

func propose(kind, version string, spec any) json.RawMessage {
	return must(json.Marshal(object{"kind": kind, "apiVersion": version, "spec": spec}))
}

func judge(name string, proposed json.RawMessage) vector {
	made := vector{Name: name, Proposed: proposed}
	entry := must(models.UnmarshalProposedEntry(bytes.NewReader(proposed), runtime.JSONConsumer()))
	impl, err := types.CreateVersionedEntry(entry)
	if err != nil {
		fmt.Fprintln(os.Stderr, name, "refused:", err)
		return made
	}
	made.Body = string(must(types.CanonicalizeEntry(context.Background(), impl)))
	made.Keys = must(impl.IndexKeys())
	sort.Strings(made.Keys)
	if kept, ok := impl.(types.EntryWithAttestationImpl); ok {
		_, attestation := kept.AttestationKeyValue()
		made.Attestation = b64(attestation)
	}
	return made
}

func issue(subject crypto.PublicKey, issuer crypto.Signer, parent *x509.Certificate, template *x509.Certificate) []byte {
	template.SerialNumber = must(rand.Int(rand.Reader, big.NewInt(1<<62)))
	template.NotBefore = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	template.NotAfter = template.NotBefore.Add(10 * time.Minute)
	if parent == nil {
		parent = template
	}
	return must(x509.CreateCertificate(rand.Reader, template, parent, subject, issuer))
}

func hashedrekord(message []byte, key crypto.Signer, hash crypto.Hash, signer []byte) json.RawMessage {
	state := hash.New()
	state.Write(message)
	name := strings.ToLower(strings.ReplaceAll(hash.String(), "-", ""))
	return propose("hashedrekord", "0.0.1", object{
		"data":      object{"hash": object{"algorithm": name, "value": hex.EncodeToString(state.Sum(nil))}},
		"signature": object{"content": b64(sign(key, message, hash)), "publicKey": object{"content": b64(signer)}},
	})
}

func main() {
	p256 := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	p521 := must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	caKey := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))

	root := issue(&caKey.PublicKey, caKey, nil, &x509.Certificate{
		Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	})
	rootCertificate := must(x509.ParseCertificate(root))
	email := certificatePem(issue(&p256.PublicKey, caKey, rootCertificate, &x509.Certificate{EmailAddresses: []string{"Dev@Example.com"}}))
	workflow := certificatePem(issue(&p256.PublicKey, caKey, rootCertificate, &x509.Certificate{
		URIs: []*url.URL{must(url.Parse("https://github.com/Org/repo/.github/workflows/build.yml@refs/heads/main"))},
	}))
	names := certificatePem(issue(&p256.PublicKey, caKey, rootCertificate, &x509.Certificate{
		DNSNames: []string{"build.example.com"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 7), net.ParseIP("2001:db8::1")},
	}))
	chain := append(append([]byte{}, email...), certificatePem(root)...)

	artifact := []byte("what was signed\n")
	made := []vector{
		judge("hashedrekord: key", hashedrekord(artifact, p256, crypto.SHA256, publicPem(&p256.PublicKey))),
		judge("hashedrekord: key in another spelling", hashedrekord(artifact, p256, crypto.SHA256, respelled(publicPem(&p256.PublicKey)))),
		judge("hashedrekord: certificate with an e-mail address", hashedrekord(artifact, p256, crypto.SHA256, email)),
		judge("hashedrekord: certificate in another spelling", hashedrekord(artifact, p256, crypto.SHA256, respelled(email))),
		judge("hashedrekord: certificate of a workflow", hashedrekord(artifact, p256, crypto.SHA256, workflow)),
		judge("hashedrekord: certificate with other names", hashedrekord(artifact, p256, crypto.SHA256, names)),
		judge("hashedrekord: chain", hashedrekord(artifact, p256, crypto.SHA256, chain)),
		judge("hashedrekord: P-384", hashedrekord(artifact, p384, crypto.SHA384, publicPem(&p384.PublicKey))),
		judge("hashedrekord: P-384 with SHA-256", hashedrekord(artifact, p384, crypto.SHA256, publicPem(&p384.PublicKey))),
		judge("hashedrekord: P-521", hashedrekord(artifact, p521, crypto.SHA512, publicPem(&p521.PublicKey))),
		judge("hashedrekord: RSA", hashedrekord(artifact, rsaKey, crypto.SHA256, publicPem(&rsaKey.PublicKey))),
		judge("hashedrekord: Ed25519ph", hashedrekord(artifact, edKey, crypto.SHA512, publicPem(edKey.Public()))),
		judge("hashedrekord: signature over something else", hashedrekordOver(artifact, []byte("something else"), p256)),
		judge("hashedrekord: pure Ed25519", pureEd25519(artifact, edKey)),
	}
	for _, format := range []struct {
		name   string
		key    crypto.Signer
		hash   crypto.Hash
		signer []byte
	}{
		{"key", p256, crypto.SHA256, publicPem(&p256.PublicKey)},
		{"certificate", p256, crypto.SHA256, respelled(email)},
		{"Ed25519", edKey, 0, publicPem(edKey.Public())},
	} {
		made = append(made, judge("rekord: "+format.name, propose("rekord", "0.0.1", object{
			"data": object{"content": b64(artifact)},
			"signature": object{
				"format": "x509", "content": b64(sign(format.key, artifact, format.hash)),
				"publicKey": object{"content": b64(format.signer)},
			},
		})))
	}

	statement := `{"_type":"https://in-toto.io/Statement/v0.1","predicateType":"https://slsa.dev/provenance/v0.2",` +
		`"subject":[{"name":"a","digest":{"sha256":"` + strings.Repeat("AB", 32) + `","gitCommit":"` + strings.Repeat("cd", 20) + `"}},` +
		`{"name":"b","digest":{"sha256":"` + strings.Repeat("12", 32) + `"}}],` +
		`"predicate":{"builder":{"id":"b"},"buildType":"t","materials":[{"uri":"git+https://example.com","digest":{"sha1":"` + strings.Repeat("ef", 20) + `"}}]}}`
	const inToto = "application/vnd.in-toto+json"
	envelope := func(payloadType, payload string, signatures ...any) string {
		return string(must(json.Marshal(object{"payloadType": payloadType, "payload": b64([]byte(payload)), "signatures": signatures})))
	}
	by := func(key crypto.Signer, hash crypto.Hash, payloadType, payload string) object {
		return object{"sig": b64(sign(key, pae(payloadType, payload), hash)), "keyid": ""}
	}
	dsse := func(envelope string, verifiers ...string) json.RawMessage {
		return propose("dsse", "0.0.1", object{"proposedContent": object{"envelope": envelope, "verifiers": verifiers}})
	}
	first, second := by(p256, crypto.SHA256, inToto, statement), by(rsaKey, crypto.SHA256, inToto, statement)
	p256Pem, rsaPem, edPem := b64(publicPem(&p256.PublicKey)), b64(publicPem(&rsaKey.PublicKey)), b64(publicPem(edKey.Public()))
	odd := "text/<odd> & \"quoted\" \u2028 \u00e9"
	made = append(made,
		judge("dsse: key", dsse(envelope(inToto, statement, first), p256Pem)),
		judge("dsse: certificate", dsse(envelope(inToto, statement, first), b64(respelled(workflow)))),
		judge("dsse: Ed25519", dsse(envelope(inToto, statement, by(edKey, 0, inToto, statement)), edPem)),
		judge("dsse: two signers", dsse(envelope(inToto, statement, first, second), p256Pem, rsaPem)),
		judge("dsse: two signers, the other way round", dsse(envelope(inToto, statement, second, first), p256Pem, rsaPem)),
		judge("dsse: another payload type", dsse(envelope(odd, "\x00\xff no JSON", by(p256, crypto.SHA256, odd, "\x00\xff no JSON")), p256Pem)),
		judge("dsse: a payload that is no statement", dsse(envelope(inToto, "[]", by(p256, crypto.SHA256, inToto, "[]")), p256Pem)),
		judge("dsse: a signature without its verifier", dsse(envelope(inToto, statement, first, second), p256Pem)),
		judge("dsse: a verifier without its signature", dsse(envelope(inToto, statement, first), rsaPem, p256Pem)),
	)

	intotoV1 := func(envelope, signer string) json.RawMessage {
		return propose("intoto", "0.0.1", object{"content": object{"envelope": envelope}, "publicKey": signer})
	}
	made = append(made,
		judge("intoto 0.0.1: key", intotoV1(envelope(inToto, statement, first), p256Pem)),
		judge("intoto 0.0.1: certificate", intotoV1(envelope(inToto, statement, first), b64(respelled(email)))),
		judge("intoto 0.0.1: wrong key", intotoV1(envelope(inToto, statement, first), rsaPem)),
	)

	intotoV2 := func(payloadType, payload string, signatures ...object) json.RawMessage {
		hash := sha256.Sum256([]byte(payload))
		return propose("intoto", "0.0.2", object{"content": object{
			"envelope": object{"payloadType": payloadType, "payload": b64([]byte(b64([]byte(payload)))), "signatures": signatures},
			"hash":     object{"algorithm": "sha256", "value": hex.EncodeToString(hash[:])},
		}})
	}
	twice := func(signed object, signer, keyid string) object {
		made := object{"sig": b64([]byte(signed["sig"].(string))), "publicKey": signer}
		if keyid != "" {
			made["keyid"] = keyid
		}
		return made
	}
	made = append(made,
		judge("intoto 0.0.2: key", intotoV2(inToto, statement, twice(first, p256Pem, ""))),
		judge("intoto 0.0.2: certificate in another spelling", intotoV2(inToto, statement, twice(first, b64(respelled(email)), ""))),
		judge("intoto 0.0.2: two signers with key ids", intotoV2(inToto, statement, twice(second, rsaPem, "<b>"), twice(first, p256Pem, "a"))),
		judge("intoto 0.0.2: another payload type", intotoV2(odd, "text", twice(by(p256, crypto.SHA256, odd, "text"), p256Pem, ""))),
		judge("intoto 0.0.2: wrong key", intotoV2(inToto, statement, twice(first, rsaPem, ""))),
	)

	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(made); err != nil {
		panic(err)
	}
}

func hashedrekordOver(hashed, signed []byte, key *ecdsa.PrivateKey) json.RawMessage {
	hash := sha256.Sum256(hashed)
	return propose("hashedrekord", "0.0.1", object{
		"data":      object{"hash": object{"algorithm": "sha256", "value": hex.EncodeToString(hash[:])}},
		"signature": object{"content": b64(sign(key, signed, crypto.SHA256)), "publicKey": object{"content": b64(publicPem(&key.PublicKey))}},
	})
}

func pureEd25519(message []byte, key ed25519.PrivateKey) json.RawMessage {
	hash := sha512.Sum512(message)
	return propose("hashedrekord", "0.0.1", object{
		"data":      object{"hash": object{"algorithm": "sha512", "value": hex.EncodeToString(hash[:])}},
		"signature": object{"content": b64(ed25519.Sign(key, message)), "publicKey": object{"content": b64(publicPem(key.Public()))}},
	})
}
