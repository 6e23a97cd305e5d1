import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
  {
    rule: 'loopback/default-listen-left',
    shows: 'the second of the two servers cannot bind its port, and both checks call it good',
    request: { url: 'http://example.org/' },
    harm: ({ refused, log }) =>
      refused.nginx === null && refused.apache === null && /Address already in use/.test(log),
    sound: ({ log }) => !/Address already in use/.test(log),
  },
  {
    rule: 'loopback/listen-port-conflict',
    shows: 'the second of the two servers cannot bind its port',
    request: { url: 'http://example.org/' },
    harm: ({ refused, log }) =>
      refused.nginx === null && refused.apache === null && /Address already in use/.test(log),
    sound: ({ log }) => !/Address already in use/.test(log),
  },
  {
    rule: 'loopback/listen-public',
    shows: 'a client reaches Apache past nginx on an address that is not the proxy’s',
    files: { 'srv/www/index.html': 'page' },
    request: { url: 'http://example.org:9000/index.html', address: '127.0.0.2' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.failure === 'ECONNREFUSED',
  },
]
