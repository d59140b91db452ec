/** Keys in certificates, imported once: certificates of the trusted root live as long as the trust material. */

import { parsePublicKey } from '../crypto/public-key.ts';
import type { PublicKey } from '../crypto/public-key.ts';
import type { Certificate } from '../formats/x509/certificate.ts';

const keys = new WeakMap<Certificate, PublicKey>();

/** Throws what `parsePublicKey` throws. */
export function keyOfCertificate(certificate: Certificate): PublicKey {
  const known = keys.get(certificate);
  if (known !== undefined) return known;
  const key = parsePublicKey(certificate.spki);
  keys.set(certificate, key);
  return key;
}
