import type { LiveCase } from '../live-case.ts'

const FORGED = { 'X-Forwarded-Proto': 'https' }

export const cases: readonly LiveCase[] = [
  {
    rule: 'forwarded-headers/proto-spoofable',
    shows: 'a client on plain HTTP makes its request secure',
    request: { url: 'http://example.org/', headers: FORGED },
    harm: ({ response }) => response.report?.scheme === 'https',
    sound: ({ response }) => response.report?.scheme === 'http',
  },
  {
    rule: 'forwarded-headers/proto-name-mismatch',
    shows: 'the application takes TLS for plain HTTP',
    request: { url: 'https://example.org/' },
    harm: ({ response }) => response.report?.scheme === 'http',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'forwarded-headers/duplicated',
    shows: 'the backend gets two values under one name',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.HTTP_X_FORWARDED_PROTO === 'http, https',
    sound: ({ response }) => response.report?.HTTP_HOST === 'example.org',
  },
  {
    rule: 'forwarded-headers/inheritance-lost',
    shows: 'the backend is asked for the name of its own address',
    mirrors: [9000],
    request: { url: 'http://example.org/' },
    harm: ({ response }) =>
      response.report?.HTTP_HOST === '127.0.0.1:9000' && response.report.HTTP_X_FORWARDED_PROTO === undefined,
    sound: ({ response }) => response.report?.HTTP_HOST === 'example.org',
  },
  {
    rule: 'forwarded-headers/local-only-acl-behind-proxy',
    shows: 'a client of nginx reads the status page that is for local clients',
    request: { url: 'http://example.org/server-status' },
    harm: ({ response }) => response.status === 200 && response.body.includes('Apache Status'),
    sound: ({ response }) => response.status === 403,
  },
  {
    rule: 'forwarded-headers/proxy-host-not-forwarded',
    shows: 'another site answers, for Apache is asked for the upstream',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.script === '/opt/shop.example.org/wsgi.py',
    sound: ({ response }) => response.report?.script === '/opt/example.org/wsgi.py',
  },
  {
    rule: 'forwarded-headers/real-ip-trust-all',
    shows: 'the client chooses its own address',
    request: { url: 'http://example.org/', headers: { 'X-Forwarded-For': '6.6.6.6' } },
    harm: ({ response }) => response.body === '6.6.6.6',
    sound: ({ response }) => response.body === '127.0.0.1',
  },
  {
    rule: 'forwarded-headers/setenv-https-unconditional',
    shows: 'plain HTTP is secure',
    request: { url: 'http://example.org/' },
    harm: ({ response }) => response.report?.scheme === 'https',
    sound: ({ response }) => response.failure === 'ECONNREFUSED',
  },
  {
    rule: 'forwarded-headers/setenvif-https-bad-value',
    shows: 'mod_wsgi does not read the value',
    request: { url: 'http://example.org:9000/', headers: FORGED },
    harm: ({ response }) => response.report?.scheme === 'http',
    sound: ({ response }) => response.report?.scheme === 'https',
  },
  {
    rule: 'forwarded-headers/setenvif-https-unanchored',
    shows: 'a value that only contains the word makes the request secure',
    request: { url: 'http://example.org:9000/', headers: { 'X-Forwarded-Proto': 'xhttpsx' } },
    harm: ({ response }) => response.report?.scheme === 'https',
    sound: ({ response }) => response.report?.scheme === 'http',
  },
]
