import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
  {
    rule: 'nginx/syntax',
    shows: 'nginx refuses the configuration',
    request: { url: 'http://example.org/' },
    harm: ({ refused }) => refused.nginx !== null,
    sound: ({ refused, response }) => refused.nginx === null && response.status !== 0,
  },
  {
    rule: 'nginx/location-literal-wildcard',
    shows: 'the location does not answer what it was written for',
    request: { url: 'http://example.org/api/' },
    harm: ({ response }) => response.status === 404,
    sound: ({ response }) => response.status === 204,
  },
  {
    rule: 'nginx/websocket-http-version',
    shows: 'the backend is asked by HTTP/1.0',
    mirrors: [9000],
    request: { url: 'http://example.org/ws/', headers: { Upgrade: 'websocket', Connection: 'Upgrade' } },
    harm: ({ response }) => response.report?.SERVER_PROTOCOL === 'HTTP/1.0',
    sound: ({ response }) => response.report?.SERVER_PROTOCOL === 'HTTP/1.1',
  },
  {
    rule: 'nginx/internal-redirect-cycle',
    shows: 'nginx goes round and answers 500',
    files: { 'srv/www/index.html': 'start page' },
    request: { url: 'http://example.org/missing' },
    harm: ({ response, log }) => response.status === 500 && log.includes('internal redirection cycle'),
    sound: ({ response }) => response.body === 'start page',
  },
  {
    rule: 'nginx/try-files-loses-query',
    shows: 'the script is asked without its query',
    examples: { bad: 1, good: 3 },
    mirrors: [9001],
    request: { url: 'http://example.org/search?q=1' },
    harm: ({ response }) => response.report?.path === '/index.php',
    sound: ({ response }) => response.report?.path === '/index.php?q=1',
  },
  {
    rule: 'nginx/proxy-pass-drops-uri',
    shows: 'every page asks the backend for the same one',
    mirrors: [9000],
    request: { url: 'http://example.org/api/users/7?a=b' },
    harm: ({ response }) => response.report?.path === '/?a=b',
    sound: ({ response }) => response.report?.path === '/api/users/7?a=b',
  },
  {
    rule: 'nginx/location-never-reached',
    shows: 'the location that denies is not asked',
    files: { 'srv/www/upload/x.php': '<?php echo 1;' },
    request: { url: 'http://example.org/upload/x.php' },
    harm: ({ response }) => response.status === 200,
    sound: ({ response }) => response.status === 403,
  },
]
