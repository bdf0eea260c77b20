import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the files of a server with TLS are. */
export interface Certificates {
  /** Of who signed the server's. */
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

const DAYS = '2';

/** Makes a certificate for `127.0.0.1`, signed by somebody whom nobody knows. */
export function makeCertificates(directory: string): Certificates {
  const file = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  const [ca, caKey, certificate, key, request] = [
    'ca.crt',
    'ca.key',
    'redis.crt',
    'redis.key',
    'redis.csr',
  ].map(file) as [string, string, string, string, string];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    caKey,
    '-out',
    ca,
    '-days',
    DAYS,
    '-subj',
    '/CN=nobody knows',
  );
  openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', '/CN=redis');
  writeFileSync(file('names'), 'subjectAltName=IP:127.0.0.1,DNS:localhost');
  const signer = ['-CA', ca, '-CAkey', caKey, '-CAcreateserial', '-days', DAYS, '-extfile', file('names')];
  openssl('x509', '-req', '-in', request, '-out', certificate, ...signer);
  return { ca, certificate, key };
}
