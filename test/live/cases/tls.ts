import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
  {
    rule: 'tls/backend-proxied-over-tls-to-plain',
    shows: 'nginx answers 502 while both servers call their configuration good',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org/index.html' },
    harm: ({ response, refused }) =>
      response.status === 502 && refused.nginx === null && refused.apache === null,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'tls/listen-without-ssl',
    shows: 'the TLS handshake fails',
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.failure !== null,
    sound: ({ response }) => response.failure === null,
  },
  {
    rule: 'tls/ssl-on-hits-plain-listen',
    shows: 'port 80 answers plain HTTP with 400',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.status === 400,
    sound: ({ response }) => response.status !== 400,
  },
]
