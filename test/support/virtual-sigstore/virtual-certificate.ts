/** Writes X.509 certificates in the shape Fulcio gives them. @source RFC 5280, fulcio docs/certificate-specification.md */

import { randomBytes } from 'node:crypto';

import {
  bitString,
  boolean,
  integer,
  namedBits,
  octetString,
  oid,
  printableString,
  sequence,
  setOf,
  tagged,
  taggedString,
  utcTime,
  utf8String,
} from '../der-writer.ts';
import { digestOf, signBytes, signatureAlgorithmOf } from './virtual-key.ts';
import type { VirtualKey } from './virtual-key.ts';

export interface VirtualExtension {
  readonly oid: string;
  readonly isCritical: boolean;
  readonly value: Buffer;
}

/** What an attack changes about a certificate before it is signed. */
export interface CertificateChanges {
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** A Name, DER. */
  readonly subject?: Buffer;
  /** Gets the usual extensions in their order, without the SCT list. */
  readonly extensions?: (usual: readonly VirtualExtension[]) => readonly VirtualExtension[];
}

export interface CertificatePlan {
  /** Names, DER. */
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly spki: Buffer;
  readonly extensions: readonly VirtualExtension[];
  /** Positive, 160 bits. */
  readonly serialNumber: Buffer;
}

export const extensionOids = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  sctList: '1.3.6.1.4.1.11129.2.4.2',
} as const;

export const keyPurposes = {
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
} as const;

export function encodeTbs(plan: CertificatePlan, signer: VirtualKey): Buffer {
  return sequence(
    tagged(0, integer(2)),
    integer(plan.serialNumber),
    signatureAlgorithmOf(signer),
    plan.issuer,
    sequence(utcTime(plan.notBefore), utcTime(plan.notAfter)),
    plan.subject,
    plan.spki,
    tagged(3, sequence(...plan.extensions.map(encodeExtension))),
  );
}

/** The certificate, DER. */
export function encodeCertificate(plan: CertificatePlan, signer: VirtualKey): Buffer {
  const tbs = encodeTbs(plan, signer);
  return sequence(tbs, signatureAlgorithmOf(signer), bitString(signBytes(signer, tbs)));
}

export function createSerialNumber(): Buffer {
  const serialNumber = randomBytes(20);
  serialNumber[0] = ((serialNumber[0] ?? 0) & 0x7f) | 0x40;
  return serialNumber;
}

/** A Name with an organization and a common name. */
export function distinguishedName(organization: string, commonName: string): Buffer {
  const attribute = (type: string, value: string): Buffer => setOf(sequence(oid(type), printableString(value)));
  return sequence(attribute('2.5.4.10', organization), attribute('2.5.4.3', commonName));
}

/** Bits of KeyUsage: 0 digitalSignature, 5 keyCertSign, 6 cRLSign. */
export function keyUsage(...bits: readonly number[]): VirtualExtension {
  return { oid: extensionOids.keyUsage, isCritical: true, value: namedBits(...bits) };
}

export function extendedKeyUsage(purposes: readonly string[], isCritical = false): VirtualExtension {
  return { oid: extensionOids.extendedKeyUsage, isCritical, value: sequence(...purposes.map(oid)) };
}

export function basicConstraints(isCa: boolean, pathLength?: number): VirtualExtension {
  const value = sequence(...(isCa ? [boolean(true)] : []), ...(pathLength === undefined ? [] : [integer(pathLength)]));
  return { oid: extensionOids.basicConstraints, isCritical: true, value };
}

export function subjectKeyId(spki: Buffer): VirtualExtension {
  return { oid: extensionOids.subjectKeyId, isCritical: false, value: octetString(keyIdOf(spki)) };
}

export function authorityKeyId(spki: Buffer): VirtualExtension {
  return { oid: extensionOids.authorityKeyId, isCritical: false, value: sequence(taggedString(0, keyIdOf(spki))) };
}

export function subjectAlternativeName(names: readonly Buffer[]): VirtualExtension {
  return { oid: extensionOids.subjectAlternativeName, isCritical: true, value: sequence(...names) };
}

/** GeneralNames, DER. */
export const generalName = {
  email: (text: string): Buffer => taggedString(1, Buffer.from(text)),
  dns: (text: string): Buffer => taggedString(2, Buffer.from(text)),
  uri: (text: string): Buffer => taggedString(6, Buffer.from(text)),
  ip: (octets: Uint8Array): Buffer => taggedString(7, octets),
  directory: (name: Buffer): Buffer => tagged(4, name),
  /** How Fulcio writes the names of users and machines. */
  other: (text: string): Buffer => tagged(0, oid('1.3.6.1.4.1.57264.1.7'), tagged(0, utf8String(text))),
} as const;

/** 1.3.6.1.4.1.57264.1.N: raw text up to 6, a UTF8String from 8. */
export function fulcioExtension(number: number, text: string): VirtualExtension {
  const value = number <= 6 ? Buffer.from(text) : utf8String(text);
  return { oid: `1.3.6.1.4.1.57264.1.${number}`, isCritical: false, value };
}

function encodeExtension({ oid: identifier, isCritical, value }: VirtualExtension): Buffer {
  return sequence(oid(identifier), ...(isCritical ? [boolean(true)] : []), octetString(value));
}

function keyIdOf(spki: Buffer): Buffer {
  return digestOf('sha256', spki).subarray(0, 20);
}
