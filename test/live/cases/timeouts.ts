import type { LiveCase } from '../live-case.ts'

const SITE = 'http://example.org'

export const cases: readonly LiveCase[] = [
  {
    rule: 'timeouts/nginx-below-apache',
    shows: 'the client gets a 504 while the application finishes',
    request: { url: `${SITE}/?sleep=2` },
    harm: ({ response }) => response.status === 504,
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/apache-below-nginx',
    shows: 'Apache answers 504 long before nginx would',
    examples: { bad: 1 },
    request: { url: `${SITE}/?sleep=2` },
    harm: ({ response, log }) =>
      response.status === 504 && log.includes('Timeout when reading response headers from daemon process'),
    sound: ({ response }) => response.status === 200,
  },
  {
    rule: 'timeouts/wsgi-request-timeout-kills-process',
    shows: 'the process is killed under its request, which is a 500',
    request: { url: `${SITE}/?sleep=4` },
    harm: ({ response, log }) =>
      response.status === 500 && log.includes('Truncated or oversized response headers'),
    sound: ({ response }) => response.status === 200,
  },
]
