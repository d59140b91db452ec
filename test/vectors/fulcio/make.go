// Certificates with the names and extensions that Fulcio writes, and what Go's crypto/x509 reads in them.
// Made with Go 1.26: go run test/vectors/fulcio/make.go > test/vectors/fulcio/certificates.json
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/json"
	"fmt"
	"math/big"
	"net"
	"net/url"
	"os"
	"time"
)

type vector struct {
	DER    []byte   `json:"der"`
	Emails []string `json:"emails"`
	URIs   []string `json:"uris"`
	Names  []string `json:"dns"`
	IPs    []string `json:"ips"`
}

const workflow = "https://github.com/acme/app/.github/workflows/release.yml@refs/heads/main"

func main() {
	out := map[string]vector{
		"email":     issue(&x509.Certificate{EmailAddresses: []string{"dev@example.com"}}, issuer("https://accounts.example.com")...),
		"issuer-v1": issue(&x509.Certificate{EmailAddresses: []string{"dev@example.com"}}, raw(1, "https://accounts.example.com")),
		"workflow":  issue(&x509.Certificate{URIs: []*url.URL{parse(workflow)}}, workflowExtensions()...),
		"user-name": issue(&x509.Certificate{}, append(issuer("https://accounts.example.com"), names(userName("dev!example.com")))...),
		"nobody":    issue(&x509.Certificate{}, issuer("https://accounts.example.com")...),
		"many": issue(&x509.Certificate{
			EmailAddresses: []string{"dev@example.com", "ops@example.com"},
			DNSNames:       []string{"example.com"},
			URIs:           []*url.URL{parse(workflow)},
			IPAddresses:    addresses("192.0.2.1", "2001:db8::1", "::", "2001:db8:0:0:1:0:0:1", "fe80::1:0:0:2", "1:2:3:4:5:6:7:8", "1:0:3:4:5:6:7:8", "1::"),
		}, issuer("https://accounts.example.com")...),
		"unread": issue(&x509.Certificate{}, names(
			tagged(4, true, encode(pkix.Name{CommonName: "dev"}.ToRDNSequence())),
			tagged(8, false, []byte{0x2a, 0x03}),
			otherName(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 9}, "dév@example.com"),
			tagged(1, false, []byte("dev@example.com")),
		)),
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	check(encoder.Encode(out))
}

func issue(template *x509.Certificate, extensions ...pkix.Extension) vector {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(err)
	template.SerialNumber = big.NewInt(7)
	template.NotBefore = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	template.NotAfter = template.NotBefore.Add(10 * time.Minute)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
	template.ExtraExtensions = extensions
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	check(err)
	read, err := x509.ParseCertificate(der)
	check(err)
	result := vector{DER: der, Emails: read.EmailAddresses, Names: read.DNSNames}
	for _, uri := range read.URIs {
		result.URIs = append(result.URIs, uri.String())
	}
	for _, ip := range read.IPAddresses {
		result.IPs = append(result.IPs, ip.String())
	}
	return result
}

func workflowExtensions() []pkix.Extension {
	extensions := issuer("https://token.actions.githubusercontent.com")
	for arc, value := range map[int]string{2: "push", 3: "0123456789abcdef0123456789abcdef01234567", 4: "release", 5: "acme/app", 6: "refs/heads/main"} {
		extensions = append(extensions, raw(arc, value))
	}
	for arc := 9; arc <= 24; arc++ {
		extensions = append(extensions, text(arc, fmt.Sprintf("value %d", arc)))
	}
	return extensions
}

func issuer(name string) []pkix.Extension {
	return []pkix.Extension{raw(1, name), text(8, name)}
}

func oid(arc int) asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, arc}
}

func raw(arc int, value string) pkix.Extension {
	return pkix.Extension{Id: oid(arc), Value: []byte(value)}
}

func text(arc int, value string) pkix.Extension {
	der, err := asn1.MarshalWithParams(value, "utf8")
	check(err)
	return pkix.Extension{Id: oid(arc), Value: der}
}

func names(all ...asn1.RawValue) pkix.Extension {
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Critical: true, Value: encode(all)}
}

func userName(value string) asn1.RawValue {
	return otherName(oid(7), value)
}

func otherName(kind asn1.ObjectIdentifier, value string) asn1.RawValue {
	inner, err := asn1.MarshalWithParams(value, "utf8")
	check(err)
	return tagged(0, true, append(encode(kind), encode(tagged(0, true, inner))...))
}

func tagged(tag int, compound bool, content []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: compound, Bytes: content}
}

func encode(value any) []byte {
	der, err := asn1.Marshal(value)
	check(err)
	return der
}

func addresses(texts ...string) []net.IP {
	all := []net.IP{}
	for _, text := range texts {
		all = append(all, net.ParseIP(text))
	}
	return all
}

func parse(text string) *url.URL {
	uri, err := url.Parse(text)
	check(err)
	return uri
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
