#!/usr/bin/env python3
"""Makes certificates.json: certificates by an independent writer (pyca/cryptography 48), most of them wrong in one way.

    python3 test/vectors/x509/make.py > test/vectors/x509/certificates.json

Base64 of DER by name. `issuer/leaf` reads: this leaf by that authority. Keys are new at every run.
"""

import base64
import datetime
import hashlib
import ipaddress
import json
import struct

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as EKU
from cryptography.x509.oid import NameOID, ObjectIdentifier

UTC = datetime.timezone.utc
BORN = datetime.datetime(2025, 1, 1, tzinfo=UTC)
SIGNED = datetime.datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
FAR = datetime.datetime(2035, 1, 1, tzinfo=UTC)
MINUTES_10 = datetime.timedelta(minutes=10)
OTHER_OID = ObjectIdentifier("1.3.6.1.4.1.99999.1")
made = {}


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)] if text else [])


def usage(**on):
    members = ("digital_signature content_commitment key_encipherment data_encipherment key_agreement "
               "key_cert_sign crl_sign encipher_only decipher_only").split()
    return x509.KeyUsage(**{member: on.get(member, False) for member in members})


def spki_of(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


class Authority:
    def __init__(self, label, subject, key, issuer=None, hash=hashes.SHA256(), extensions=None, end=FAR, pss=None,
                 skip=(), ca=True, path_length=None):
        self.subject, self.key, self.hash, self.pss = name(subject), key, hash, pss
        self.ski = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        signer = issuer or self
        parts = {
            "ku": (usage(key_cert_sign=True, crl_sign=True), True),
            "bc": (x509.BasicConstraints(ca, path_length), True),
            "ski": (self.ski, False),
            "aki": (x509.AuthorityKeyIdentifier(signer.ski.digest, None, None), False),
        }
        parts = {k: v for k, v in (parts | (extensions or {})).items() if k not in skip}
        self.certificate = signer.issue(label, self.subject, key.public_key(), BORN, end, parts.values())

    def issue(self, label, subject, public_key, start, end, extensions, serial=None):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject).public_key(public_key)
                   .serial_number(serial or x509.random_serial_number()).not_valid_before(start).not_valid_after(end))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        hash = None if isinstance(self.key, ed25519.Ed25519PrivateKey) else self.hash
        certificate = builder.sign(self.key, hash, rsa_padding=self.pss)
        made[label] = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
        return certificate

    def leaf(self, label, change=None, skip=(), subject="", start=SIGNED, logs=(), serial=None):
        """As Fulcio makes them; `change` replaces or adds extensions. `logs`: (key, extensions of the SCT)."""
        key = ec.generate_private_key(ec.SECP256R1())
        parts = {
            "ku": (usage(digital_signature=True), True),
            "eku": (x509.ExtendedKeyUsage([EKU.CODE_SIGNING]), False),
            "ski": (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            "aki": (x509.AuthorityKeyIdentifier(self.ski.digest, None, None), False),
            "san": (x509.SubjectAlternativeName([x509.RFC822Name("dev@example.com")]), True),
            "issuer": (x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.57264.1.1"), b"https://issuer.example"),
                       False),
        }
        parts = [v for k, v in (parts | (change or {})).items() if k not in skip]
        arguments = (name(subject), key.public_key(), start, start + MINUTES_10)
        certificate = self.issue(label, *arguments, parts, serial)
        if logs:
            tbs = certificate.tbs_certificate_bytes
            scts = b"".join(vector(self.sct(log, mark, tbs)) for log, mark in logs)
            value = octets(vector(scts))
            parts.append((x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"), value), False))
            self.issue(label, *arguments, parts, certificate.serial_number)

    def sct(self, log, mark, tbs):
        ms = int(SIGNED.timestamp() * 1000)
        issuer_hash = hashlib.sha256(spki_of(self.key)).digest()
        signed = b"\0\0" + struct.pack(">Q", ms) + b"\0\1" + issuer_hash + struct.pack(">I", len(tbs))[1:] + tbs
        signed += vector(mark)
        if isinstance(log, rsa.RSAPrivateKey):
            signature, algorithm = log.sign(signed, padding.PKCS1v15(), hashes.SHA256()), b"\4\1"
        elif isinstance(log, ed25519.Ed25519PrivateKey):
            signature, algorithm = log.sign(signed), b"\x08\x07"
        else:
            signature, algorithm = log.sign(signed, ec.ECDSA(hashes.SHA256())), b"\4\3"
        log_id = hashlib.sha256(spki_of(log)).digest()
        return b"\0" + log_id + struct.pack(">Q", ms) + vector(mark) + algorithm + vector(signature)


def vector(data):
    return struct.pack(">H", len(data)) + data


def octets(data):
    length = [len(data)] if len(data) < 128 else [0x81, len(data)] if len(data) < 256 else [0x82, *divmod(len(data), 256)]
    return bytes([4, *length]) + data


def curve(kind):
    return ec.generate_private_key(kind())


def extra(oid, critical):
    return {"extra": (x509.UnrecognizedExtension(oid, b"\5\0"), critical)}


def eku(*purposes, critical=False):
    return {"eku": (x509.ExtendedKeyUsage(purposes), critical)}


def san(*names):
    return {"san": (x509.SubjectAlternativeName(names), True)}


def address(text):
    return x509.IPAddress(ipaddress.ip_address(text))


def pss(hash, salt):
    return padding.PSS(padding.MGF1(hash), salt)


def constraints(permitted=None, excluded=None):
    return {"nc": (x509.NameConstraints(permitted, excluded), True)}


# 1. A good path, and everything that a leaf can get wrong below it.
root = Authority("root", "root", curve(ec.SECP384R1), hash=hashes.SHA384())
issuing = Authority("issuing", "issuing", curve(ec.SECP256R1), root, path_length=0, extensions=eku(EKU.CODE_SIGNING))
issuing.leaf("issuing/good")
issuing.leaf("issuing/critical-eku", eku(EKU.CODE_SIGNING, EKU.EMAIL_PROTECTION, critical=True))
issuing.leaf("issuing/is-ca", {"bc": (x509.BasicConstraints(True, None), True)})
issuing.leaf("issuing/is-no-ca", {"bc": (x509.BasicConstraints(False, None), True)})
issuing.leaf("issuing/key-encipherment", {"ku": (usage(key_encipherment=True), True)})
issuing.leaf("issuing/no-key-usage", skip=["ku"])
issuing.leaf("issuing/no-eku", skip=["eku"])
issuing.leaf("issuing/client-auth", eku(EKU.CLIENT_AUTH))
issuing.leaf("issuing/any-eku", eku(EKU.ANY_EXTENDED_KEY_USAGE))
issuing.leaf("issuing/unknown-critical", extra(OTHER_OID, True))
issuing.leaf("issuing/unknown", extra(OTHER_OID, False))
issuing.leaf("issuing/poison", {"extra": (x509.PrecertPoison(), True)})
issuing.leaf("issuing/poison-not-critical", {"extra": (x509.PrecertPoison(), False)})
issuing.leaf("issuing/wrong-aki", {"aki": (x509.AuthorityKeyIdentifier(b"\1" * 20, None, None), False)})
issuing.leaf("issuing/no-aki", skip=["aki"])
issuing.leaf("issuing/serial-long", serial=2**159 - 1)
issuing.leaf("issuing/with-subject", subject="somebody")

# 2. Authorities that may not issue what they issue.
Authority("no-ca", "no-ca", curve(ec.SECP256R1), root, ca=False).leaf("no-ca/good")
Authority("no-bc", "no-bc", curve(ec.SECP256R1), root, skip=["bc"]).leaf("no-bc/good")
Authority("no-cert-sign", "no-cert-sign", curve(ec.SECP256R1), root,
          extensions={"ku": (usage(digital_signature=True), True)}).leaf("no-cert-sign/good")
Authority("no-ku", "no-ku", curve(ec.SECP256R1), root, skip=["ku"]).leaf("no-ku/good")
Authority("expired", "expired", curve(ec.SECP256R1), root, end=SIGNED - MINUTES_10).leaf("expired/good")
Authority("server", "server", curve(ec.SECP256R1), root, extensions=eku(EKU.SERVER_AUTH)).leaf("server/good")
Authority("any-purpose", "any-purpose", curve(ec.SECP256R1), root,
          extensions=eku(EKU.ANY_EXTENDED_KEY_USAGE)).leaf("any-purpose/good")
Authority("critical", "critical", curve(ec.SECP256R1), root, extensions=extra(OTHER_OID, True)).leaf("critical/good")
Authority("namesake", "issuing", curve(ec.SECP256R1), root, skip=["ski"]).leaf("namesake/no-aki", skip=["aki"])
below = Authority("below", "below", curve(ec.SECP256R1), issuing)
below.leaf("below/good")

# 3. Two intermediates, of which the bundle may bring one or both.
upper = Authority("upper", "upper", curve(ec.SECP256R1), root, path_length=1)
lower = Authority("lower", "lower", curve(ec.SECP256R1), upper, path_length=0)
lower.leaf("lower/good")
rollover = Authority("rollover", "upper", curve(ec.SECP256R1), upper)
Authority("below-rollover", "below-rollover", curve(ec.SECP256R1), rollover, path_length=0)
Authority("other-root", "root", curve(ec.SECP256R1))

# 4. Names.
named = Authority("named", "named", curve(ec.SECP256R1), root, extensions=constraints(
    [x509.UniformResourceIdentifier("github.com"), x509.RFC822Name(".example.com"), x509.RFC822Name("a@b.example"),
     x509.DNSName("example.org"), x509.IPAddress(ipaddress.ip_network("10.0.0.0/8")),
     x509.DirectoryName(name("somebody"))],
    [x509.RFC822Name("bad.example.com"), x509.DNSName("bad.example.org"),
     x509.UniformResourceIdentifier(".evil.example")]))
uri, mail, dns = x509.UniformResourceIdentifier, x509.RFC822Name, x509.DNSName
inside = {
    "uri": [uri("https://GitHub.com/acme/x")], "uri-port": [uri("https://me@github.com:443?x")],
    "mail": [mail("dev@a.example.com")], "mailbox": [mail("a@B.example")],
    "dns": [dns("example.org")], "dns-below": [dns("a.b.Example.org")], "address": [address("10.1.2.3")],
    "other-kind": [x509.RegisteredID(OTHER_OID)], "two": [mail("dev@a.example.com"), dns("example.org")],
}
outside = {
    "uri": [uri("https://github.com.evil.example/")], "uri-userinfo": [uri("https://github.com@evil.example/")],
    "uri-path": [uri("https://evil.com/@github.com/")], "uri-below": [uri("https://x.github.com/")],
    "uri-address": [uri("https://10.0.0.1/")], "uri-no-host": [uri("urn:github.com")],
    "mail": [mail("dev@example.com")], "mail-suffix": [mail("dev@notexample.com")],
    "mail-excluded": [mail("dev@bad.example.com")], "mailbox": [mail("c@b.example")],
    "dns": [dns("notexample.org")], "dns-excluded": [dns("a.bad.example.org")], "address": [address("11.1.2.3")],
    "address-6": [address("a00:0:ff00::")], "two": [dns("example.org"), mail("dev@example.net")],
}
for key, names in inside.items():
    named.leaf(f"named/inside-{key}", san(*names))
for key, names in outside.items():
    named.leaf(f"named/outside-{key}", san(*names))
named.leaf("named/inside-subject", san(dns("example.org")), subject="somebody")
named.leaf("named/outside-subject", san(dns("example.org")), subject="somebody else")
strange = Authority("strange", "strange", curve(ec.SECP256R1), root, extensions=constraints(
    None, [x509.DirectoryName(name("somebody")), x509.RegisteredID(OTHER_OID)]))
strange.leaf("strange/good")
strange.leaf("strange/subject", subject="SOMEBODY")
strange.leaf("strange/registered-id", san(x509.RegisteredID(ObjectIdentifier("1.2.3"))))

# 5. Every way to sign a certificate.
rsa_key = rsa.generate_private_key(65537, 2048)
for label, key, hash, pad in [
    ("p256-sha256", curve(ec.SECP256R1), hashes.SHA256(), None), ("p256-sha512", curve(ec.SECP256R1), hashes.SHA512(), None),
    ("p384-sha256", curve(ec.SECP384R1), hashes.SHA256(), None), ("p384-sha384", curve(ec.SECP384R1), hashes.SHA384(), None),
    ("p521-sha384", curve(ec.SECP521R1), hashes.SHA384(), None), ("p521-sha512", curve(ec.SECP521R1), hashes.SHA512(), None),
    ("ed25519", ed25519.Ed25519PrivateKey.generate(), hashes.SHA256(), None),
    ("rsa-sha256", rsa_key, hashes.SHA256(), None), ("rsa-sha384", rsa_key, hashes.SHA384(), None),
    ("rsa-sha512", rsa_key, hashes.SHA512(), None),
    ("pss-sha256", rsa_key, hashes.SHA256(), pss(hashes.SHA256(), 32)),
    ("pss-sha384", rsa_key, hashes.SHA384(), pss(hashes.SHA384(), 48)),
    ("pss-sha512", rsa_key, hashes.SHA512(), pss(hashes.SHA512(), 64)),
    ("bad-pss-salt", rsa_key, hashes.SHA256(), pss(hashes.SHA256(), 20)),
    ("bad-pss-mask", rsa_key, hashes.SHA256(), pss(hashes.SHA512(), 32)),
    ("bad-sha224", curve(ec.SECP256R1), hashes.SHA224(), None),
    ("bad-p224", curve(ec.SECP224R1), hashes.SHA256(), None),
    ("bad-rsa-1024", rsa.generate_private_key(65537, 1024), hashes.SHA256(), None),
]:
    Authority(f"by-{label}", label, key, hash=hash, pss=pad).leaf(f"by-{label}/good")

# 6. Certificates that were logged. The last one has an issuer of RSA 4096, as the largest entries have.
log, static_log, rsa_log, ed_log = curve(ec.SECP256R1), curve(ec.SECP256R1), rsa_key, ed25519.Ed25519PrivateKey.generate()
for label, key in [("log", log), ("static", static_log), ("rsa", rsa_log), ("ed25519", ed_log)]:
    made[f"ct-{label}"] = base64.b64encode(spki_of(key)).decode()
mark = b"\0\0\5\0\0\0\0\1"
issuing.leaf("issuing/logged", logs=[(log, b"")])
issuing.leaf("issuing/logged-static", logs=[(static_log, mark)])
issuing.leaf("issuing/logged-rsa", logs=[(rsa_log, b"")])
issuing.leaf("issuing/logged-ed25519", logs=[(ed_log, b"")])
issuing.leaf("issuing/logged-twice", logs=[(static_log, mark), (log, b"")])
issuing.leaf("issuing/logged-large", {f"e{n}": (x509.UnrecognizedExtension(ObjectIdentifier(f"1.3.6.1.4.1.99999.2.{n}"),
             b"\x0c\x81\xc8" + b"x" * 200), False) for n in range(12)}, logs=[(log, b"")])
large = Authority("large", "large", rsa.generate_private_key(65537, 4096))
large.leaf("large/logged-static", logs=[(static_log, mark)])

print(json.dumps(made, indent=0))
